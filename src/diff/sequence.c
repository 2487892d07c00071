/*
 * By E. W. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986). Pieces are numbered first, equal ones alike, so that
 * comparing two is comparing numbers.
 */

#include "sequence.h"

#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

void guild_pieces_add(struct guild_pieces *p, const char *at, size_t n)
{
	p->v = guild_grow_array(p->v, &p->cap, p->n + 1, sizeof(*p->v));
	p->v[p->n++] = guild_str_n(at, n);
}

void guild_pieces_split_lines(struct guild_pieces *p, struct guild_str text)
{
	for (size_t at = 0; at < text.n;) {
		const char *from = text.p + at;
		const char *end = memchr(from, '\n', text.n - at);
		size_t n = end ? (size_t)(end - from) + 1 : text.n - at;

		guild_pieces_add(p, from, n);
		at += n;
	}
}

/* ---- numbers for pieces -------------------------------------------------------------------------------- */

struct numbers {
	const struct guild_str **known; /* by number */
	size_t n;
	uint32_t *slots; /* number + 1 */
	size_t n_slots;  /* a power of two, at least twice as many as pieces */
};

static uint32_t number_of(struct numbers *t, const struct guild_str *piece)
{
	size_t at = XXH3_64bits(piece->p, piece->n) & (t->n_slots - 1);

	for (; t->slots[at] != 0; at = (at + 1) & (t->n_slots - 1)) {
		if (guild_str_eq(*t->known[t->slots[at] - 1], *piece)) {
			return t->slots[at] - 1;
		}
	}
	t->known[t->n] = piece;
	t->slots[at] = (uint32_t)++t->n;
	return t->slots[at] - 1;
}

/* ---- the shortest way ------------------------------------------------------------------------------------ */

struct field {
	uint32_t *a, *b; /* what is left between common beginning and end */
	int n, m;
	bool *removed, *added; /* pieces of a and of b */
};

/* furthest[d] holds, for d edits, how far each diagonal k in -d..d got along a. */
static int at(int *const *rows, int d, int k)
{
	return rows[d][k + d + 1];
}

static int step_from(int *const *rows, int d, int k, bool *is_down)
{
	*is_down = k == -d || (k != d && at(rows, d - 1, k - 1) < at(rows, d - 1, k + 1));
	return *is_down ? at(rows, d - 1, k + 1) : at(rows, d - 1, k - 1) + 1;
}

static void walk_back(const struct field *f, int *const *rows, int d)
{
	int x = f->n, y = f->m;

	for (; d > 0; d--) {
		bool is_down;
		int k = x - y;

		(void)step_from(rows, d, k, &is_down);
		int from_k = is_down ? k + 1 : k - 1;
		int from_x = at(rows, d - 1, from_k);
		int from_y = from_x - from_k;

		if (is_down) {
			f->added[from_y] = true;
		} else {
			f->removed[from_x] = true;
		}
		x = from_x;
		y = from_y;
	}
}

static int slide(const struct field *f, int x, int k)
{
	int y = x - k;

	/* Off the field: such a diagonal gets no further. */
	while (x >= 0 && y >= 0 && x < f->n && y < f->m && f->a[x] == f->b[y]) {
		x++;
		y++;
	}
	return x;
}

static bool find_way(const struct field *f, int distance_max)
{
	int **rows = guild_alloc(((size_t)distance_max + 1) * sizeof(*rows));
	bool is_found = false;
	int d = 0;

	for (; d <= distance_max && !is_found; d++) {
		rows[d] = guild_alloc(((size_t)d * 2 + 3) * sizeof(int));
		for (int k = -d; k <= d && !is_found; k += 2) {
			bool is_down;
			int x = slide(f, d == 0 ? 0 : step_from(rows, d, k, &is_down), k);

			rows[d][k + d + 1] = x;
			is_found = x == f->n && x - k == f->m;
		}
	}
	d--;
	if (is_found) {
		walk_back(f, rows, d);
	}
	for (int i = 0; i <= d; i++) {
		free(rows[i]);
	}
	free(rows);
	return is_found;
}

/* ---- public ------------------------------------------------------------------------------------------------ */

static void add_change(struct guild_text_changes *out, struct guild_text_change c)
{
	out->v = guild_grow_array(out->v, &out->cap, out->n + 1, sizeof(*out->v));
	out->v[out->n++] = c;
}

static void collect(const struct field *f, size_t before, struct guild_text_changes *out)
{
	int x = 0, y = 0;

	while (x < f->n || y < f->m) {
		struct guild_text_change c = {
			.old_from = before + (size_t)x, .new_from = before + (size_t)y};
		while (x < f->n && f->removed[x]) {
			x++;
			c.old_n++;
		}
		while (y < f->m && f->added[y]) {
			y++;
			c.new_n++;
		}
		if (c.old_n > 0 || c.new_n > 0) {
			add_change(out, c);
		} else {
			x++;
			y++;
		}
	}
}

static void number_all(const struct guild_pieces *a, const struct guild_pieces *b, size_t before,
	struct field *f)
{
	size_t n = (size_t)f->n + (size_t)f->m;
	struct numbers t = {.n_slots = 64};

	while (t.n_slots < 2 * n) {
		t.n_slots *= 2;
	}
	t.slots = guild_alloc(t.n_slots * sizeof(*t.slots));
	t.known = guild_alloc((n + 1) * sizeof(*t.known));
	f->a = guild_alloc(((size_t)f->n + 1) * sizeof(*f->a));
	f->b = guild_alloc(((size_t)f->m + 1) * sizeof(*f->b));
	for (int i = 0; i < f->n; i++) {
		f->a[i] = number_of(&t, &a->v[before + (size_t)i]);
	}
	for (int i = 0; i < f->m; i++) {
		f->b[i] = number_of(&t, &b->v[before + (size_t)i]);
	}
	free(t.slots);
	free(t.known);
}

bool guild_sequence_diff(const struct guild_pieces *a, const struct guild_pieces *b,
	int distance_max, struct guild_text_changes *out)
{
	size_t least = a->n < b->n ? a->n : b->n;
	size_t before = 0, after = 0;

	while (before < least && guild_str_eq(a->v[before], b->v[before])) {
		before++;
	}
	while (after < least - before &&
		guild_str_eq(a->v[a->n - 1 - after], b->v[b->n - 1 - after])) {
		after++;
	}
	struct field f = {.n = (int)(a->n - before - after), .m = (int)(b->n - before - after)};

	if (f.n == 0 && f.m == 0) {
		return true;
	}
	f.removed = guild_alloc((size_t)f.n + 1);
	f.added = guild_alloc((size_t)f.m + 1);
	number_all(a, b, before, &f);
	bool is_found = find_way(&f, distance_max);

	if (!is_found) {
		memset(f.removed, 1, (size_t)f.n);
		memset(f.added, 1, (size_t)f.m);
	}
	collect(&f, before, out);
	free(f.a);
	free(f.b);
	free(f.removed);
	free(f.added);
	return is_found;
}

bool guild_sequence_fits(const struct guild_pieces *a, const struct guild_pieces *b,
	const struct guild_text_changes *changes)
{
	size_t x = 0, y = 0;

	for (size_t i = 0; i <= changes->n; i++) {
		bool is_end = i == changes->n;
		struct guild_text_change c =
			is_end ? (struct guild_text_change){a->n, 0, b->n, 0} : changes->v[i];

		if (c.old_from < x || c.new_from < y || c.old_from - x != c.new_from - y ||
			c.old_from > a->n || c.old_n > a->n - c.old_from || c.new_from > b->n ||
			c.new_n > b->n - c.new_from) {
			return false;
		}
		for (; x < c.old_from; x++, y++) {
			if (!guild_str_eq(a->v[x], b->v[y])) {
				return false;
			}
		}
		x += c.old_n;
		y += c.new_n;
	}
	return true;
}
