/* Rows of the table in the terminal, as they were read. */

#include "tui_rows.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct guild_tui_rows *guild_tui_rows_new(struct guild_runs *take_runs,
	struct guild_compare_table *take_table, bool are_groups)
{
	struct guild_tui_rows *rows = guild_alloc(sizeof(*rows));

	atomic_init(&rows->refs, 1);
	rows->runs = *take_runs;
	rows->table = *take_table;
	rows->are_groups = are_groups;
	rows->marked = guild_alloc(rows->table.n_rows + 1);
	memset(rows->marked, -1, rows->table.n_rows + 1);
	for (size_t i = 0; !are_groups && i < rows->table.n_rows; i++) {
		guild_map_put(&rows->ids, guild_tui_rows_run(rows, i)->id,
			(void *)(uintptr_t)(i + 1));
	}
	/* The table holds what is shown; what is asked for later is read from the run itself. */
	for (size_t i = 0; i < rows->runs.n; i++) {
		free(rows->runs.v[i].facts);
		rows->runs.v[i].facts = NULL;
	}
	*take_runs = (struct guild_runs){0};
	*take_table = (struct guild_compare_table){0};
	return rows;
}

struct guild_tui_rows *guild_tui_rows_ref(struct guild_tui_rows *rows)
{
	atomic_fetch_add(&rows->refs, 1);
	return rows;
}

void guild_tui_rows_unref(struct guild_tui_rows *rows)
{
	if (!rows || atomic_fetch_sub(&rows->refs, 1) > 1) {
		return;
	}
	guild_map_fini(&rows->ids);
	guild_compare_table_fini(&rows->table);
	guild_runs_fini(&rows->runs);
	free(rows->marked);
	free(rows);
}

const struct guild_run *guild_tui_rows_run(const struct guild_tui_rows *rows, size_t row)
{
	return &rows->runs.v[rows->table.run_index[row]];
}

size_t guild_tui_rows_find(const struct guild_tui_rows *rows, const char *id)
{
	uintptr_t found = (uintptr_t)guild_map_get(&rows->ids, id);

	return found > 0 ? found - 1 : SIZE_MAX;
}

const struct guild_value *guild_tui_rows_value(const struct guild_tui_rows *rows, size_t row,
	size_t col)
{
	return rows->table.rows[row][col];
}

size_t guild_tui_rows_col(const struct guild_tui_rows *rows, const char *header)
{
	for (size_t i = 0; i < rows->table.n_cols; i++) {
		if (strcmp(rows->table.headers[i], header) == 0) {
			return i;
		}
	}
	return SIZE_MAX;
}

bool guild_tui_rows_is_marked(struct guild_tui_rows *rows, size_t row)
{
	if (rows->marked[row] < 0 && !rows->are_groups) {
		struct guild_arena *a = guild_arena_new();
		const struct guild_run *run = guild_tui_rows_run(rows, row);

		rows->marked[row] = guild_value_truthy(guild_run_attr(run, a, "marked"));
		guild_arena_free(a);
	}
	return rows->marked[row] > 0;
}

/* ---- numbers -------------------------------------------------------------------------------------- */

/* "1:02:03" in seconds. */
static bool parse_duration(struct guild_str s, double *out)
{
	double seconds = 0;
	size_t parts = 0;

	while (s.n > 0) {
		const char *colon = memchr(s.p, ':', s.n);
		size_t n = colon ? (size_t)(colon - s.p) : s.n;
		int64_t part;

		if (!guild_parse_i64(s.p, n, &part) || part < 0) {
			return false;
		}
		seconds = seconds * 60 + (double)part;
		parts++;
		s.p += n + (colon ? 1 : 0);
		s.n -= n + (colon ? 1 : 0);
	}
	*out = seconds;
	return parts == 3;
}

bool guild_tui_number(const struct guild_value *v, double *out)
{
	if (guild_value_is_null(v)) {
		return false;
	}
	if (v->type == GUILD_STRING) {
		return guild_parse_f64(v->s.p, v->s.n, out) ? !isnan(*out)
							    : parse_duration(v->s, out);
	}
	*out = guild_value_as_f64(v);
	return !isnan(*out);
}

/* ---- sorting ---------------------------------------------------------------------------------------- */

/* Long texts differ early, or it does not matter to a reader. */
enum { SORT_BYTES = 256 };

struct guild_tui_sort guild_tui_sort_copy(const struct guild_tui_sort *sort)
{
	struct guild_tui_sort copy = *sort;

	copy.header = guild_strdup(sort->header);
	return copy;
}

bool guild_tui_sort_same(const struct guild_tui_sort *a, const struct guild_tui_sort *b)
{
	return a->order == b->order && a->descending == b->descending &&
	       guild_streq(a->header, b->header);
}

void guild_tui_sort_fini(struct guild_tui_sort *sort)
{
	free(sort->header);
	*sort = (struct guild_tui_sort){0};
}

struct key {
	uint32_t row;
	uint32_t n_text; /* 0: no value */
	union {
		double number;
		const char *text;
	};
};

static int by_row(const struct key *x, const struct key *y)
{
	return (x->row > y->row) - (x->row < y->row);
}

static int number_up(const void *a, const void *b)
{
	const struct key *x = a;
	const struct key *y = b;
	int order = (x->number > y->number) - (x->number < y->number);

	return order != 0 ? order : by_row(x, y);
}

static int number_down(const void *a, const void *b)
{
	const struct key *x = a;
	const struct key *y = b;
	int order = (x->number < y->number) - (x->number > y->number);

	return order != 0 ? order : by_row(x, y);
}

static int cmp_text(const struct key *x, const struct key *y)
{
	size_t n = x->n_text < y->n_text ? x->n_text : y->n_text;
	int order = memcmp(x->text, y->text, n);

	return order != 0 ? order : (x->n_text > y->n_text) - (x->n_text < y->n_text);
}

static int text_up(const void *a, const void *b)
{
	int order = cmp_text(a, b);

	return order != 0 ? order : by_row(a, b);
}

static int text_down(const void *a, const void *b)
{
	int order = cmp_text(b, a);

	return order != 0 ? order : by_row(a, b);
}

/* The key of a cell; false where it has no value to sort by. */
static bool make_key(const struct guild_value *v, enum guild_tui_order order,
	struct guild_arena *texts, struct guild_buf *buf, struct key *key)
{
	if (order == GUILD_TUI_NUMBER) {
		return guild_tui_number(v, &key->number);
	}
	guild_buf_reset(buf);
	guild_cell_text(buf, v);
	key->n_text = (uint32_t)(buf->n < SORT_BYTES ? buf->n : SORT_BYTES);
	key->text = guild_arena_strndup(texts, buf->p, key->n_text);
	return key->n_text > 0;
}

static void sort_order(const struct guild_tui_rows *rows, const struct guild_tui_sort *sort,
	uint32_t *order, size_t n)
{
	size_t col = guild_tui_rows_col(rows, sort->header);
	struct guild_arena *texts = guild_arena_new();
	struct guild_buf buf = {0};
	struct key *keys = guild_alloc((n + 1) * sizeof(*keys));
	uint32_t *last = guild_alloc((n + 1) * sizeof(*last));
	size_t n_keys = 0;
	size_t n_last = 0;
	bool is_number = sort->order == GUILD_TUI_NUMBER;

	for (size_t i = 0; i < n; i++) {
		const struct guild_value *v =
			col != SIZE_MAX ? guild_tui_rows_value(rows, order[i], col) : NULL;

		keys[n_keys] = (struct key){.row = order[i]};
		if (make_key(v, sort->order, texts, &buf, &keys[n_keys])) {
			n_keys++;
		} else {
			last[n_last++] = order[i];
		}
	}
	if (sort->descending) {
		qsort(keys, n_keys, sizeof(*keys), is_number ? number_down : text_down);
	} else {
		qsort(keys, n_keys, sizeof(*keys), is_number ? number_up : text_up);
	}
	for (size_t i = 0; i < n_keys; i++) {
		order[i] = keys[i].row;
	}
	memcpy(order + n_keys, last, n_last * sizeof(*last));
	guild_buf_fini(&buf);
	guild_arena_free(texts);
	free(keys);
	free(last);
}

static void reverse(uint32_t *order, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		uint32_t row = order[i];

		order[i] = order[n - 1 - i];
		order[n - 1 - i] = row;
	}
}

/* ---- views -------------------------------------------------------------------------------------------- */

struct guild_tui_view *guild_tui_view_new(struct guild_tui_rows *rows,
	const struct guild_tui_sort *sort, const char *filter, const bool *passes)
{
	struct guild_tui_view *view = guild_alloc(sizeof(*view));

	atomic_init(&view->refs, 1);
	view->rows = guild_tui_rows_ref(rows);
	view->order = guild_alloc((rows->table.n_rows + 1) * sizeof(*view->order));
	view->sort = guild_tui_sort_copy(sort);
	view->filter = guild_strdup(filter);
	for (size_t i = 0; i < rows->table.n_rows; i++) {
		if (!passes || passes[i]) {
			view->order[view->n++] = (uint32_t)i;
		}
	}
	if (sort->order != GUILD_TUI_GIVEN) {
		sort_order(rows, sort, view->order, view->n);
	} else if (sort->descending) {
		reverse(view->order, view->n);
	}
	return view;
}

struct guild_tui_view *guild_tui_view_ref(struct guild_tui_view *view)
{
	atomic_fetch_add(&view->refs, 1);
	return view;
}

void guild_tui_view_unref(struct guild_tui_view *view)
{
	if (!view || atomic_fetch_sub(&view->refs, 1) > 1) {
		return;
	}
	guild_tui_rows_unref(view->rows);
	guild_tui_sort_fini(&view->sort);
	free(view->order);
	free(view->filter);
	free(view);
}

size_t guild_tui_view_find(const struct guild_tui_view *view, size_t row)
{
	size_t at = 0;

	while (at < view->n && view->order[at] != row) {
		at++;
	}
	return at < view->n ? at : SIZE_MAX;
}

/* ---- searching ------------------------------------------------------------------------------------------ */

static size_t start_col(const struct guild_tui_search *search, size_t col)
{
	for (size_t i = 0; i < search->n_cols; i++) {
		if (search->cols[i] == col) {
			return i;
		}
	}
	return 0;
}

bool guild_tui_view_search(const struct guild_tui_view *view, const struct guild_tui_search *search,
	size_t *at, size_t *col)
{
	size_t n_cells = view->n * search->n_cols;
	struct guild_str needle = guild_str(search->needle);
	struct guild_buf text = {0};
	bool found = false;

	if (n_cells == 0 || needle.n == 0) {
		return false;
	}
	size_t cell = *at * search->n_cols + start_col(search, *col);

	for (size_t i = 0; i < n_cells && !found; i++) {
		cell = search->step > 0 ? (cell + 1) % n_cells : (cell + n_cells - 1) % n_cells;
		size_t row = view->order[cell / search->n_cols];
		const struct guild_value *v =
			guild_tui_rows_value(view->rows, row, search->cols[cell % search->n_cols]);

		if (i % 1024 == 0 && search->cancelled && atomic_load(search->cancelled)) {
			break;
		}
		guild_buf_reset(&text);
		guild_cell_text(&text, v);
		found = guild_contains_nocase(guild_buf_str(&text), needle);
	}
	guild_buf_fini(&text);
	if (found) {
		*at = cell / search->n_cols;
		*col = search->cols[cell % search->n_cols];
	}
	return found;
}
