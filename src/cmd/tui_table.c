/* The table in the terminal as a state. */

#include "tui_table.h"

#include <stdlib.h>
#include <string.h>

void guild_tui_table_init(struct guild_tui_table *t, bool utf8)
{
	*t = (struct guild_tui_table){
		.utf8 = utf8, .height = 1, .page_cols = 1, .columns = {.gap = 2, .frozen = 1}};
}

void guild_tui_table_fini(struct guild_tui_table *t)
{
	guild_tui_view_unref(t->view);
	guild_tui_columns_fini(&t->columns);
	guild_strs_fini(&t->selected);
	free(t->memory_id);
	free(t->memory_header);
	*t = (struct guild_tui_table){0};
}

size_t guild_tui_table_n_rows(const struct guild_tui_table *t)
{
	return t->view ? t->view->n : 0;
}

bool guild_tui_table_has_cursor(const struct guild_tui_table *t)
{
	return t->row < guild_tui_table_n_rows(t) && t->col < t->columns.n;
}

size_t guild_tui_table_source_row(const struct guild_tui_table *t, size_t at)
{
	return t->view->order[at];
}

const struct guild_run *guild_tui_table_run(const struct guild_tui_table *t, size_t at)
{
	return guild_tui_rows_run(t->view->rows, guild_tui_table_source_row(t, at));
}

static const struct guild_value *value_at(const struct guild_tui_table *t, size_t at, size_t col)
{
	size_t source = t->columns.v[col].source;

	return source == SIZE_MAX ? NULL
				  : guild_tui_rows_value(t->view->rows,
					    guild_tui_table_source_row(t, at), source);
}

void guild_tui_table_cell(const struct guild_tui_table *t, size_t at, size_t col,
	struct guild_buf *out)
{
	guild_cell_text(out, value_at(t, at, col));
	if (!t->columns.v[col].spark && strcmp(t->columns.v[col].header, "operation") == 0 &&
		guild_tui_rows_is_marked(t->view->rows, guild_tui_table_source_row(t, at))) {
		guild_buf_puts(out, " [marked]");
	}
}

/* ---- moving ------------------------------------------------------------------------------------------- */

static size_t clamp(int64_t wanted, size_t n)
{
	if (wanted < 0 || n == 0) {
		return 0;
	}
	return (size_t)wanted < n ? (size_t)wanted : n - 1;
}

/* The window follows the cursor, and leaves no empty lines below the last row. */
static void follow(struct guild_tui_table *t)
{
	size_t n = guild_tui_table_n_rows(t);
	size_t last_top = n > t->height ? n - t->height : 0;

	t->row = clamp((int64_t)t->row, n);
	if (t->row < t->top) {
		t->top = t->row;
	} else if (t->row >= t->top + t->height) {
		t->top = t->row - t->height + 1;
	}
	t->top = t->top < last_top ? t->top : last_top;
}

void guild_tui_table_move(struct guild_tui_table *t, int64_t rows, int64_t cols)
{
	t->row = clamp((int64_t)t->row + rows, guild_tui_table_n_rows(t));
	t->col = guild_tui_columns_step(&t->columns, t->col, cols);
	follow(t);
}

void guild_tui_table_go(struct guild_tui_table *t, size_t row)
{
	size_t n = guild_tui_table_n_rows(t);

	t->row = row < n ? row : n > 0 ? n - 1 : 0;
	follow(t);
}

void guild_tui_table_page(struct guild_tui_table *t, int64_t pages)
{
	size_t n = guild_tui_table_n_rows(t);
	int64_t rows = pages * (int64_t)t->height;

	t->top = clamp((int64_t)t->top + rows, n > t->height ? n - t->height + 1 : 1);
	guild_tui_table_move(t, rows, 0);
}

void guild_tui_table_scroll(struct guild_tui_table *t, int64_t rows)
{
	size_t n = guild_tui_table_n_rows(t);

	t->top = clamp((int64_t)t->top + rows, n > t->height ? n - t->height + 1 : 1);
	if (t->row < t->top) {
		t->row = t->top;
	} else if (t->row >= t->top + t->height) {
		t->row = t->top + t->height - 1;
	}
	follow(t);
}

void guild_tui_table_set_height(struct guild_tui_table *t, size_t height)
{
	t->height = height > 0 ? height : 1;
	follow(t);
}

static bool is_same(const struct guild_tui_table *t, size_t row, size_t col)
{
	const struct guild_value *here = value_at(t, t->row, t->col);
	const struct guild_value *there = value_at(t, row, col);

	if (guild_value_is_null(here) || guild_value_is_null(there)) {
		return guild_value_is_null(here) && guild_value_is_null(there);
	}
	return guild_value_eq(here, there);
}

void guild_tui_table_next_row_change(struct guild_tui_table *t, int step)
{
	size_t n = guild_tui_table_n_rows(t);
	size_t row = t->row;

	if (!guild_tui_table_has_cursor(t)) {
		return;
	}
	while ((step > 0 ? row + 1 < n : row > 0) && is_same(t, row, t->col)) {
		row = step > 0 ? row + 1 : row - 1;
	}
	guild_tui_table_go(t, row);
}

void guild_tui_table_next_col_change(struct guild_tui_table *t, int step)
{
	size_t col = t->col;
	size_t next = guild_tui_table_has_cursor(t) ? guild_tui_columns_step(&t->columns, col, step)
						    : col;

	while (next != col) {
		col = next;
		next = is_same(t, t->row, col) ? guild_tui_columns_step(&t->columns, col, step)
					       : col;
	}
	t->col = col;
}

/* ---- other rows ----------------------------------------------------------------------------------------- */

/* Where the row at `at` of the old view is now; SIZE_MAX: it is not there any more. */
static size_t find_again(const struct guild_tui_view *old, size_t at,
	const struct guild_tui_view *view)
{
	size_t row = old->order[at];

	if (old->rows != view->rows) {
		if (view->rows->are_groups) {
			return at < view->n ? at : SIZE_MAX;
		}
		row = guild_tui_rows_find(view->rows, guild_tui_rows_run(old->rows, row)->id);
	}
	return row == SIZE_MAX ? SIZE_MAX : guild_tui_view_find(view, row);
}

/* The cursor's column by its heading, as positions change. */
static void update_columns(struct guild_tui_table *t, struct guild_tui_rows *rows)
{
	char *header = t->col < t->columns.n ? guild_strdup(t->columns.v[t->col].header) : NULL;
	bool is_first = t->columns.n == 0;

	guild_tui_columns_update(&t->columns, rows);
	guild_tui_columns_sample(&t->columns, rows, t->utf8);
	size_t found = header ? guild_tui_columns_find(&t->columns, header) : SIZE_MAX;

	t->col = found != SIZE_MAX ? found : clamp((int64_t)t->col, t->columns.n);
	if (!is_first && t->col < t->columns.n && t->columns.v[t->col].is_hidden) {
		t->col = guild_tui_columns_step(&t->columns, 0, 1);
	}
	free(header);
}

void guild_tui_table_take_view(struct guild_tui_table *t, struct guild_tui_view *view)
{
	struct guild_tui_view *old = t->view;
	bool is_at_top = t->row == 0 || t->top == 0;
	size_t height = t->row - t->top;

	t->view = view;
	if (!old || old->rows != view->rows) {
		update_columns(t, view->rows);
	}
	if (old && t->row < old->n) {
		bool same_order = guild_tui_sort_same(&old->sort, &view->sort);
		/* Who sorts at the first row wants to see what comes first. */
		bool stays = same_order || t->row > 0;
		size_t found = stays ? find_again(old, t->row, view) : 0;

		t->row = found != SIZE_MAX ? found : t->row;
		/* Rows that come first come into sight. */
		if (is_at_top && same_order && t->row < t->height) {
			t->top = 0;
		} else {
			t->top = t->row > height ? t->row - height : 0;
		}
	}
	guild_tui_view_unref(old);
	follow(t);
}

/* ---- memory and selection --------------------------------------------------------------------------------- */

void guild_tui_table_remember(struct guild_tui_table *t)
{
	if (!guild_tui_table_has_cursor(t)) {
		return;
	}
	free(t->memory_id);
	free(t->memory_header);
	t->has_memory = true;
	t->memory_id =
		t->view->rows->are_groups ? NULL : guild_strdup(guild_tui_table_run(t, t->row)->id);
	t->memory_header = guild_strdup(t->columns.v[t->col].header);
	t->memory_row = t->row;
}

bool guild_tui_table_go_back(struct guild_tui_table *t)
{
	size_t row = t->memory_row;

	if (!t->has_memory || !t->view) {
		return false;
	}
	if (t->memory_id) {
		row = guild_tui_rows_find(t->view->rows, t->memory_id);
		row = row != SIZE_MAX ? guild_tui_view_find(t->view, row) : SIZE_MAX;
	}
	if (row == SIZE_MAX) {
		return false;
	}
	size_t col = guild_tui_columns_find(&t->columns, t->memory_header);

	if (col != SIZE_MAX && !t->columns.v[col].is_hidden) {
		t->col = col;
	}
	guild_tui_table_go(t, row);
	return true;
}

bool guild_tui_table_is_selected(const struct guild_tui_table *t, size_t at)
{
	return t->selected.n > 0 && !t->view->rows->are_groups &&
	       guild_strs_has(&t->selected, guild_tui_table_run(t, at)->id);
}

void guild_tui_table_toggle_selected(struct guild_tui_table *t, size_t at)
{
	struct guild_strs *s = &t->selected;
	const char *id = guild_tui_table_run(t, at)->id;
	size_t i = 0;

	if (t->view->rows->are_groups) {
		return;
	}
	while (i < s->n && strcmp(s->v[i], id) != 0) {
		i++;
	}
	if (i == s->n) {
		guild_strs_add(s, id);
		return;
	}
	free(s->v[i]);
	memmove(s->v + i, s->v + i + 1, (s->n - i) * sizeof(*s->v));
	s->n--;
}

enum guild_tui_order guild_tui_table_natural_order(const struct guild_tui_table *t, size_t col)
{
	size_t numbers = 0;
	size_t texts = 0;

	for (size_t at = t->top; at < guild_tui_table_n_rows(t) && at < t->top + t->height; at++) {
		const struct guild_value *v = value_at(t, at, col);
		double number;

		if (guild_tui_number(v, &number)) {
			numbers++;
		} else if (!guild_value_is_null(v)) {
			texts++;
		}
	}
	return numbers > texts ? GUILD_TUI_NUMBER : GUILD_TUI_TEXT;
}
