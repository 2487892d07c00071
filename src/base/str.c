/* String views: comparing, matching, nearest names, UTF-8. */
#include <guild/base.h>

#include <stdlib.h>
#include <string.h>

struct guild_str guild_str(const char *s)
{
	return (struct guild_str){.p = s, .n = s ? strlen(s) : 0};
}

struct guild_str guild_str_n(const char *p, size_t n)
{
	return (struct guild_str){.p = p, .n = n};
}

bool guild_str_eq(struct guild_str a, struct guild_str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool guild_str_eqz(struct guild_str a, const char *z)
{
	return guild_str_eq(a, guild_str(z));
}

bool guild_str_starts(struct guild_str s, const char *prefix)
{
	size_t n = strlen(prefix);
	return s.n >= n && memcmp(s.p ? s.p : "", prefix, n) == 0;
}

bool guild_str_ends(struct guild_str s, const char *suffix)
{
	size_t n = strlen(suffix);
	return s.n >= n && (n == 0 || memcmp(s.p + s.n - n, suffix, n) == 0);
}

/* Sixteen bytes at a time, the register of every processor of 64 bits, each place counted in a byte of its own. */
size_t guild_count_byte(const char *p, size_t n, char c)
{
	typedef unsigned char bytes16 __attribute__((vector_size(16)));
	enum { ROUND = UINT8_MAX };
	size_t count = 0;
	while (n >= sizeof(bytes16)) {
		bytes16 sums = {0};
		for (int i = 0; i < ROUND && n >= sizeof(bytes16); i++) {
			bytes16 v;
			memcpy(&v, p, sizeof(v));
			sums -= (bytes16)(v == (unsigned char)c);
			p += sizeof(v);
			n -= sizeof(v);
		}
		for (size_t i = 0; i < sizeof(sums); i++) {
			count += sums[i];
		}
	}
	for (; n > 0; p++, n--) {
		count += *p == c;
	}
	return count;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct guild_str guild_str_trim(struct guild_str s)
{
	while (s.n && is_space(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n && is_space(s.p[s.n - 1])) {
		s.n--;
	}
	return s;
}

bool guild_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool guild_ends(const char *s, const char *suffix)
{
	return guild_str_ends(guild_str(s), suffix);
}

bool guild_streq(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static unsigned char fold(char c)
{
	unsigned char u = (unsigned char)c;
	return u >= 'A' && u <= 'Z' ? (unsigned char)(u + 32) : u;
}

bool guild_contains_nocase(struct guild_str hay, struct guild_str needle)
{
	for (size_t i = 0; i + needle.n <= hay.n; i++) {
		size_t k = 0;
		while (k < needle.n && fold(hay.p[i + k]) == fold(needle.p[k])) {
			k++;
		}
		if (k == needle.n) {
			return true;
		}
	}
	return false;
}

/* Optimal string alignment: neighbours swapped count as one edit, the usual typing mistake. */
size_t guild_edit_distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	size_t *rows = guild_alloc(3 * (m + 1) * sizeof *rows);
	size_t *before = rows, *above = rows + m + 1, *row = rows + 2 * (m + 1);
	for (size_t j = 0; j <= m; j++) {
		above[j] = j;
	}
	for (size_t i = 1; i <= n; i++) {
		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t best = above[j - 1] + (a[i - 1] != b[j - 1]);
			best = above[j] + 1 < best ? above[j] + 1 : best;
			best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
				before[j - 2] + 1 < best) {
				best = before[j - 2] + 1;
			}
			row[j] = best;
		}
		size_t *old = before;
		before = above;
		above = row;
		row = old;
	}
	size_t distance = above[m];
	free(rows);
	return distance;
}

const char *guild_nearest(const char *word, const char *const *names)
{
	enum { NAME_MAX_COMPARED = 200 };
	const char *best = NULL;
	size_t n = strlen(word);
	if (n > NAME_MAX_COMPARED) {
		return NULL;
	}
	size_t limit = n < 3 ? 1 : (n + 1) / 3;
	for (; *names; names++) {
		size_t d = guild_edit_distance(word, *names);
		if (d <= limit && d < strlen(*names)) {
			best = *names;
			if (d == 0) {
				break;
			}
			limit = d - 1;
		}
	}
	return best;
}

/* One character: a code point, or a byte that is none, which equals no code point (as Python's surrogate escapes). */
static size_t next_char(const char *p, uint32_t *c)
{
	size_t n = guild_utf8_decode(p, strnlen(p, 4), c);
	if (n == 0) {
		*c = 0xDC00u + (unsigned char)*p;
	}
	return n ? n : 1;
}

/* Matches one [...] set at p (just behind the '['); sets *end behind the ']'. Without a ']' it is no set. */
static bool match_set(const char *p, uint32_t c, const char **end, bool *is_set)
{
	bool negate = *p == '!';
	const char *q = p + negate;
	const char *close = strchr(*q == ']' ? q + 1 : q, ']');
	*is_set = close && *q;
	if (!*is_set) {
		return false;
	}
	bool hit = false;
	while (q < close) {
		uint32_t low, high;
		q += next_char(q, &low);
		high = low;
		if (q + 1 < close && *q == '-') {
			q++;
			q += next_char(q, &high);
		}
		hit = hit || (c >= low && c <= high);
	}
	*end = close + 1;
	return hit != negate;
}

bool guild_fnmatch(const char *pattern, const char *name)
{
	const char *p = pattern, *s = name;
	const char *star = NULL, *star_s = NULL;
	while (*s) {
		const char *next = p;
		uint32_t c;
		size_t n = 1;
		bool ok = false;
		if (*p == '*') {
			star = ++p;
			star_s = s;
			continue;
		}
		if (*p == '?') {
			n = next_char(s, &c);
			ok = true;
			next = p + 1;
		} else if (*p == '[') {
			bool is_set;
			n = next_char(s, &c);
			ok = match_set(p + 1, c, &next, &is_set);
			if (!is_set) {
				ok = *s == '[';
				next = p + 1;
			}
		} else if (*p) {
			ok = *p == *s;
			next = p + 1;
		}
		if (ok) {
			p = next;
			s += n;
		} else if (star) {
			p = star;
			s = ++star_s;
		} else {
			return false;
		}
	}
	while (*p == '*') {
		p++;
	}
	return *p == 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t digit_run(const char *p)
{
	size_t n = 0;
	while (is_digit(p[n])) {
		n++;
	}
	return n;
}

int guild_natural_cmp(const char *a, const char *b)
{
	while (*a && *b) {
		if (is_digit(*a) != is_digit(*b)) {
			/* One text ended before a number: "d2" is before "d/x". */
			return is_digit(*a) ? -1 : 1;
		}
		if (!is_digit(*a)) {
			if (*a != *b) {
				return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
			}
			a++;
			b++;
			continue;
		}
		size_t na = digit_run(a), nb = digit_run(b), za = 0, zb = 0;
		while (za + 1 < na && a[za] == '0') {
			za++;
		}
		while (zb + 1 < nb && b[zb] == '0') {
			zb++;
		}
		if (na - za != nb - zb) {
			return na - za < nb - zb ? -1 : 1;
		}
		int c = memcmp(a + za, b + zb, na - za);
		if (c) {
			return c < 0 ? -1 : 1;
		}
		if (na != nb) {
			return na < nb ? -1 : 1;
		}
		a += na;
		b += nb;
	}
	return *a ? 1 : *b ? -1 : 0;
}

size_t guild_utf8_decode(const char *p, size_t n, uint32_t *cp)
{
	if (n == 0) {
		return 0;
	}
	unsigned char c = (unsigned char)p[0];
	if (c < 0x80) {
		*cp = c;
		return 1;
	}
	size_t len = c >= 0xf0 && c <= 0xf4 ? 4 : c >= 0xe0 ? 3 : c >= 0xc2 ? 2 : 0;
	if (len == 0 || len > n || c > 0xf4) {
		return 0;
	}
	uint32_t v = c & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		unsigned char t = (unsigned char)p[i];
		if ((t & 0xc0) != 0x80) {
			return 0;
		}
		v = v << 6 | (t & 0x3f);
	}
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	if (v < least[len] || v > 0x10ffff || (v >= 0xd800 && v < 0xe000)) {
		return 0;
	}
	*cp = v;
	return len;
}

bool guild_utf8_valid(const char *p, size_t n)
{
	for (size_t i = 0; i < n;) {
		uint32_t cp;
		size_t k = guild_utf8_decode(p + i, n - i, &cp);
		if (!k) {
			return false;
		}
		i += k;
	}
	return true;
}

size_t guild_utf8_encode(uint32_t cp, char out[4])
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xe0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		out[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	out[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

char *guild_size_text(int64_t bytes)
{
	static const char units[] = "KMGTP";
	double size = (double)bytes / 1024;
	size_t unit = 0;

	if (bytes < 1024) {
		return guild_format("%lld", (long long)bytes);
	}
	while (size >= 1024 && units[unit + 1]) {
		size /= 1024;
		unit++;
	}
	return guild_format("%.1f%c", size, units[unit]);
}
