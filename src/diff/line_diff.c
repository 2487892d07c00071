/*
 * Unified diffs of texts, by E. W. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986): the shortest way from one
 * list of lines to the other. Texts that differ in more than DISTANCE_MAX lines are shown as one change.
 */

#include <stdlib.h>
#include <string.h>

#include <guild/diff.h>

enum { DISTANCE_MAX = 2000, CONTEXT = 3 };

struct lines {
	struct guild_str *v;
	size_t n, cap;
};

static void split(struct guild_str text, struct lines *out)
{
	size_t at = 0;
	while (at < text.n) {
		const char *p = text.p + at;
		const char *end = memchr(p, '\n', text.n - at);
		size_t n = end ? (size_t)(end - p) + 1 : text.n - at;
		out->v = guild_grow_array(out->v, &out->cap, out->n + 1, sizeof(*out->v));
		out->v[out->n++] = guild_str_n(p, n);
		at += n;
	}
}

/* ---- the shortest way ------------------------------------------------------------------------------------------ */

struct edit {
	const struct lines *a, *b;
	bool *removed, *added; /* lines of a and of b */
};

/* furthest[d] holds, for d edits, how far each diagonal k in -d..d got along a. */
static int *new_row(int d)
{
	return guild_alloc(((size_t)d * 2 + 3) * sizeof(int));
}

static int at(int *const *rows, int d, int k)
{
	return rows[d][k + d + 1];
}

static int step_from(int *const *rows, int d, int k, bool *is_down)
{
	*is_down = k == -d || (k != d && at(rows, d - 1, k - 1) < at(rows, d - 1, k + 1));
	return *is_down ? at(rows, d - 1, k + 1) : at(rows, d - 1, k - 1) + 1;
}

static void walk_back(const struct edit *e, int *const *rows, int d)
{
	int x = (int)e->a->n, y = (int)e->b->n;
	for (; d > 0; d--) {
		bool is_down;
		int k = x - y;
		step_from(rows, d, k, &is_down);
		int from_k = is_down ? k + 1 : k - 1;
		int from_x = at(rows, d - 1, from_k);
		int from_y = from_x - from_k;
		if (is_down) {
			e->added[from_y] = true;
		} else {
			e->removed[from_x] = true;
		}
		x = from_x;
		y = from_y;
	}
}

static bool find_way(const struct edit *e)
{
	int n = (int)e->a->n, m = (int)e->b->n;
	int *rows[DISTANCE_MAX + 1];
	int d = 0;
	bool is_found = false;
	for (; d <= DISTANCE_MAX && !is_found; d++) {
		rows[d] = new_row(d);
		for (int k = -d; k <= d && !is_found; k += 2) {
			bool is_down;
			int x = d == 0 ? 0 : step_from(rows, d, k, &is_down);
			int y = x - k;
			/* Off the field: such a diagonal gets no further. */
			while (x >= 0 && y >= 0 && x < n && y < m &&
				guild_str_eq(e->a->v[x], e->b->v[y])) {
				x++;
				y++;
			}
			rows[d][k + d + 1] = x;
			is_found = x >= n && y >= m && x - y == n - m && x == n;
		}
	}
	d--;
	if (is_found) {
		walk_back(e, rows, d);
	}
	for (int i = 0; i <= d; i++) {
		free(rows[i]);
	}
	return is_found;
}

/* ---- printing ----------------------------------------------------------------------------------------------------- */

static void put_line(struct guild_buf *out, char mark, struct guild_str line)
{
	guild_buf_putc(out, mark);
	guild_buf_append(out, line.p, line.n);
	if (line.n == 0 || line.p[line.n - 1] != '\n') {
		guild_buf_puts(out, "\n\\ No newline at end of file\n");
	}
}

struct place {
	size_t a, b;
};

static void put_range(struct guild_buf *out, char mark, size_t from, size_t n)
{
	guild_buf_printf(out, "%c%zu", mark, n ? from + 1 : from);
	if (n != 1) {
		guild_buf_printf(out, ",%zu", n);
	}
}

static void put_hunk(const struct edit *e, struct place from, struct place to,
	struct guild_buf *out)
{
	guild_buf_puts(out, "@@ ");
	put_range(out, '-', from.a, to.a - from.a);
	guild_buf_putc(out, ' ');
	put_range(out, '+', from.b, to.b - from.b);
	guild_buf_puts(out, " @@\n");
	while (from.a < to.a || from.b < to.b) {
		if (from.a < to.a && e->removed[from.a]) {
			put_line(out, '-', e->a->v[from.a++]);
		} else if (from.b < to.b && e->added[from.b]) {
			put_line(out, '+', e->b->v[from.b++]);
		} else {
			put_line(out, ' ', e->a->v[from.a++]);
			from.b++;
		}
	}
}

static bool is_change(const struct edit *e, struct place p)
{
	return (p.a < e->a->n && e->removed[p.a]) || (p.b < e->b->n && e->added[p.b]);
}

static void skip_change(const struct edit *e, struct place *p)
{
	while (p->a < e->a->n && e->removed[p->a]) {
		p->a++;
	}
	while (p->b < e->b->n && e->added[p->b]) {
		p->b++;
	}
}

/* Changes with few equal lines between them make one hunk. */
static void put_hunks(const struct edit *e, struct guild_buf *out)
{
	struct place p = {0};
	while (p.a < e->a->n || p.b < e->b->n) {
		if (!is_change(e, p)) {
			p.a++;
			p.b++;
			continue;
		}
		size_t before = p.a < CONTEXT ? p.a : CONTEXT;
		struct place from = {p.a - before, p.b - before};
		struct place end = p;
		skip_change(e, &end);
		for (struct place q = end; q.a < e->a->n && q.a - end.a <= 2 * (size_t)CONTEXT;) {
			q.a++;
			q.b++;
			if (is_change(e, q)) {
				skip_change(e, &q);
				end = q;
			}
		}
		size_t after = e->a->n - end.a < CONTEXT ? e->a->n - end.a : CONTEXT;
		put_hunk(e, from, (struct place){end.a + after, end.b + after}, out);
		p = (struct place){end.a + after, end.b + after};
	}
}

void guild_line_diff(struct guild_str a, struct guild_str b, const char *a_name, const char *b_name,
	struct guild_buf *out)
{
	struct lines from = {0}, to = {0};
	if (guild_str_eq(a, b)) {
		return;
	}
	split(a, &from);
	split(b, &to);
	struct edit e = {.a = &from,
		.b = &to,
		.removed = guild_alloc(from.n + 1),
		.added = guild_alloc(to.n + 1)};
	if (!find_way(&e)) {
		memset(e.removed, 1, from.n);
		memset(e.added, 1, to.n);
	}
	guild_buf_printf(out, "--- %s\n+++ %s\n", a_name, b_name);
	put_hunks(&e, out);
	free(e.removed);
	free(e.added);
	free(from.v);
	free(to.v);
}
