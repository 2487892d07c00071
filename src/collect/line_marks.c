/* Finds the next line in a stretch of output that is worth a closer look: most lines of most programs hold nothing, and to take
 * them one by one would cost the most of capture. */
#include "collect_private.h"

#include <string.h>

/* As in line.c: one register of a processor that has such, two of the others; never an argument or a result. */
typedef unsigned char bytes32 __attribute__((vector_size(32)));

enum {
	BLOCK = sizeof(bytes32),
	AHEAD = 3, /* how far a mark reaches behind its first byte */
};

GUILD_INLINE void load(const char *p, bytes32 *v)
{
	memcpy(v, p, sizeof(*v));
}

/* A colon, and whatever line_clean would have to change. */
GUILD_INLINE void find_always(const char *p, bytes32 *marks)
{
	bytes32 v;
	load(p, &v);
	*marks = (bytes32)(v == ':') |
		 ((bytes32)(v - ' ' > '~' - ' ') & (bytes32)(v != '\t') & (bytes32)(v != '\n'));
}

/* Separators, columns, rulers of tables, " is ", and epoch, step and iteration in any case. */
GUILD_INLINE void find_automatic(const char *p, bytes32 *marks)
{
	bytes32 v;
	bytes32 v1;
	bytes32 v2;
	bytes32 v3;
	load(p, &v);
	load(p + 1, &v1);
	load(p + 2, &v2);
	load(p + 3, &v3);
	*marks |= (bytes32)(v == '=') | (bytes32)(v == '|') | (bytes32)(v == '\t');
	*marks |= (bytes32)(v == ' ') & (bytes32)(v1 == ' ');
	*marks |= ((bytes32)(v == '-') | (bytes32)(v == '+')) & (bytes32)(v1 == '-');
	*marks |= (bytes32)(v == ' ') & (bytes32)(v1 == 'i') & (bytes32)(v2 == 's') &
		  (bytes32)(v3 == ' ');
	v |= 0x20;
	v1 |= 0x20;
	v2 |= 0x20;
	*marks |= (bytes32)(v == 'e') & (bytes32)(v1 == 'p') & (bytes32)(v2 == 'o');
	*marks |= ((bytes32)(v == 's') | (bytes32)(v == 'i')) & (bytes32)(v1 == 't') &
		  (bytes32)(v2 == 'e');
}

GUILD_INLINE bool has_any(const bytes32 *marks)
{
	uint64_t part[4];
	memcpy(part, marks, sizeof(part));
	return (part[0] | part[1] | part[2] | part[3]) != 0;
}

static size_t first_of(const bytes32 *marks)
{
	unsigned char at[BLOCK];
	size_t i = 0;
	memcpy(at, marks, sizeof(at));
	while (at[i] == 0) {
		i++;
	}
	return i;
}

GUILD_INLINE void find_in_block(const struct line_marks *m, const char *p, bool automatic,
	bytes32 *marks)
{
	find_always(p, marks);
	if (automatic) {
		find_automatic(p, marks);
	}
	for (size_t i = 0; i < m->n_required; i++) {
		bytes32 v;
		load(p, &v);
		*marks |= (bytes32)(v == (unsigned char)m->required[i]);
	}
}

GUILD_INLINE size_t find(const struct line_marks *m, const char *p, size_t n, bool automatic)
{
	bytes32 marks;
	size_t at = 0;
	for (; at + BLOCK + AHEAD <= n; at += BLOCK) {
		find_in_block(m, p + at, automatic, &marks);
		if (has_any(&marks)) {
			return at + first_of(&marks);
		}
	}
	for (; at < n; at += BLOCK) {
		char padded[BLOCK + AHEAD];
		size_t left = n - at;
		memset(padded, 'a', sizeof(padded)); /* no mark, unless 'a' is required */
		memcpy(padded, p + at, left < sizeof(padded) ? left : sizeof(padded));
		find_in_block(m, padded, automatic, &marks);
		if (has_any(&marks) && at + first_of(&marks) < n) {
			return at + first_of(&marks);
		}
	}
	return n;
}

GUILD_INLINE size_t find_any(const struct line_marks *m, const char *p, size_t n)
{
	return m->has_automatic ? find(m, p, n, true) : find(m, p, n, false);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static size_t find_avx2(const struct line_marks *m, const char *p,
	size_t n)
{
	return find_any(m, p, n);
}
#endif

size_t guild_line_find_mark(const struct line_marks *m, const char *p, size_t n)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2")) {
		return find_avx2(m, p, n);
	}
#endif
	return find_any(m, p, n);
}

void guild_line_marks_require(struct line_marks *m, char c)
{
	if (c == 0 || (m->n_required == sizeof(m->required) &&
			      memchr(m->required, c, m->n_required) == NULL)) {
		m->is_every_line = true;
	} else if (m->n_required == 0 || memchr(m->required, c, m->n_required) == NULL) {
		m->required[m->n_required++] = c;
	}
}
