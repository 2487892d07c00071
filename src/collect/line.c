/* Lines before anything is read from them: what they hold, and where their text ends. */
#include "collect_private.h"

#include <string.h>

/* Thirty-two bytes at a time: one register of a processor that has such, two of the others. */
typedef unsigned char bytes32 __attribute__((vector_size(32)));

static unsigned scan_char(unsigned char c)
{
	unsigned seen = c >= '0' && c <= '9' ? LINE_DIGIT : 0;
	seen |= c == ':' ? LINE_COLON : 0;
	seen |= c == '=' ? LINE_EQUALS : 0;
	seen |= c == '|' || c == '\t' ? LINE_COLUMNS : 0;
	seen |= (c < ' ' && c != '\t') || c > '~' ? LINE_ODD : 0;
	return seen;
}

/* No vector is an argument or a result: how those are passed depends on the processor. */
GUILD_INLINE unsigned scan(const char *p, size_t n)
{
	char padded[33];
	if (n < sizeof(padded)) { /* filled up with something that stands for nothing */
		memset(padded, 'a', sizeof(padded));
		memcpy(padded, p, n);
		p = padded;
		n = sizeof(padded);
	}
	bytes32 seen = {0};
	for (size_t i = 0;;) {
		bytes32 v;
		bytes32 next;
		memcpy(&v, p + i, sizeof(v));
		memcpy(&next, p + i + 1, sizeof(next));
		bytes32 low = v | 0x20;
		bytes32 low_next = next | 0x20;
		seen |= (bytes32)(v - '0' < 10) & LINE_DIGIT;
		seen |= (bytes32)(v == ':') & LINE_COLON;
		seen |= (bytes32)(v == '=') & LINE_EQUALS;
		seen |= ((bytes32)(v == '|') | (bytes32)(v == '\t') |
				((bytes32)(v == ' ') & (bytes32)(next == ' '))) &
			LINE_COLUMNS;
		/* "po" and "te", of epoch, step, iteration, in either case */
		seen |= (((bytes32)(low == 'p') & (bytes32)(low_next == 'o')) |
				((bytes32)(low == 't') & (bytes32)(low_next == 'e'))) &
			LINE_STEP;
		seen |= (bytes32)(v == 'i') & (bytes32)(next == 's') & LINE_IS;
		seen |= (bytes32)(v - ' ' > '~' - ' ') & (bytes32)(v != '\t') & LINE_ODD;
		if (i + sizeof(v) + 1 >= n) {
			break;
		}
		i = i + 2 * sizeof(v) + 1 <= n ? i + sizeof(v) : n - sizeof(v) - 1;
	}
	uint64_t part[4];
	memcpy(part, &seen, sizeof(part));
	uint64_t all = part[0] | part[1] | part[2] | part[3];
	all |= all >> 32;
	all |= all >> 16;
	all |= all >> 8;
	return (unsigned)(all & 0xff) | scan_char((unsigned char)p[n - 1]);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static unsigned scan_avx2(const char *p, size_t n)
{
	return scan(p, n);
}
#endif

unsigned guild_line_scan(const char *p, size_t n)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2")) {
		return scan_avx2(p, n);
	}
#endif
	return scan(p, n);
}

static bool is_ascii_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f);
}

size_t guild_line_space(const char *p, size_t n)
{
	if (n == 0) {
		return 0;
	}
	unsigned char c = (unsigned char)*p;
	if (c < 0x80) {
		return is_ascii_space(*p);
	}
	uint32_t cp = 0;
	size_t size = guild_utf8_decode(p, n, &cp);
	bool is_space = cp == 0x85 || cp == 0xa0 || cp == 0x1680 ||
			(cp >= 0x2000 && cp <= 0x200a) || cp == 0x2028 || cp == 0x2029 ||
			cp == 0x202f || cp == 0x205f || cp == 0x3000;
	return size > 0 && is_space ? size : 0;
}

size_t guild_line_trimmed(const char *p, size_t n)
{
	while (n > 0) {
		size_t size = 1;
		if ((p[n - 1] & 0x80) == 0) {
			if (!is_ascii_space(p[n - 1])) {
				break;
			}
		} else {
			while (size < n && size < 4 && (p[n - size] & 0xc0) == 0x80) {
				size++;
			}
			if (guild_line_space(p + n - size, size) != size) {
				break;
			}
		}
		n -= size;
	}
	return n;
}
