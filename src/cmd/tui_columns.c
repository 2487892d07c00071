/* Columns of the table in the terminal. */

#include "tui_columns.h"

#include <stdlib.h>
#include <string.h>

#include "tui_text.h"

enum { SAMPLE_ROWS = 200 };

static void column_fini(struct guild_tui_column *c)
{
	free(c->header);
	free(c->spark);
}

void guild_tui_columns_fini(struct guild_tui_columns *c)
{
	for (size_t i = 0; i < c->n; i++) {
		column_fini(&c->v[i]);
	}
	free(c->v);
	*c = (struct guild_tui_columns){0};
}

static void insert(struct guild_tui_columns *c, size_t at, struct guild_tui_column column)
{
	c->v = guild_grow_array(c->v, &c->cap, c->n + 1, sizeof(*c->v));
	memmove(c->v + at + 1, c->v + at, (c->n - at) * sizeof(*c->v));
	c->v[at] = column;
	c->n++;
}

static void remove_at(struct guild_tui_columns *c, size_t at)
{
	column_fini(&c->v[at]);
	c->n--;
	memmove(c->v + at, c->v + at + 1, (c->n - at) * sizeof(*c->v));
}

size_t guild_tui_columns_find(const struct guild_tui_columns *c, const char *header)
{
	for (size_t i = 0; i < c->n; i++) {
		if (!c->v[i].spark && strcmp(c->v[i].header, header) == 0) {
			return i;
		}
	}
	return SIZE_MAX;
}

void guild_tui_columns_update(struct guild_tui_columns *c, const struct guild_tui_rows *rows)
{
	size_t at = 0;

	for (size_t i = c->n; i > 0; i--) {
		struct guild_tui_column *column = &c->v[i - 1];

		column->source =
			column->spark ? SIZE_MAX : guild_tui_rows_col(rows, column->header);
		if (!column->spark && column->source == SIZE_MAX) {
			remove_at(c, i - 1);
		}
	}
	for (size_t i = 0; i < rows->table.n_cols; i++) {
		const char *header = rows->table.headers[i];
		size_t found = guild_tui_columns_find(c, header);

		if (found != SIZE_MAX) {
			at = found + 1;
		} else {
			insert(c, at++,
				(struct guild_tui_column){
					.header = guild_strdup(header), .source = i});
		}
	}
}

void guild_tui_columns_see(struct guild_tui_column *c, size_t cell_width)
{
	c->widest = cell_width > c->widest ? cell_width : c->widest;
}

void guild_tui_columns_sample(struct guild_tui_columns *c, const struct guild_tui_rows *rows,
	bool utf8)
{
	size_t n = rows->table.n_rows;
	size_t step = n / SAMPLE_ROWS + 1;
	struct guild_buf text = {0};

	for (size_t row = 0; row < n; row += step) {
		for (size_t i = 0; i < c->n; i++) {
			if (c->v[i].source == SIZE_MAX) {
				continue;
			}
			guild_buf_reset(&text);
			guild_cell_text(&text, guild_tui_rows_value(rows, row, c->v[i].source));
			guild_tui_columns_see(&c->v[i],
				guild_tui_width(guild_buf_str(&text), GUILD_TUI_WIDTH_MAX, utf8));
		}
	}
	guild_buf_fini(&text);
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t guild_tui_column_width(const struct guild_tui_columns *c, size_t col, bool utf8)
{
	const struct guild_tui_column *column = &c->v[col];
	bool full = c->is_full || column->is_full;
	size_t header = guild_tui_width(guild_str(column->header), GUILD_TUI_WIDTH_MAX, utf8);
	size_t cells = column->spark ? GUILD_TUI_SPARK_WIDTH : column->widest;

	if (column->fixed > 0) {
		return column->fixed;
	}
	header = smaller(header, full ? GUILD_TUI_WIDTH_MAX : GUILD_TUI_HEADER_MAX);
	cells = smaller(cells, full ? GUILD_TUI_WIDTH_MAX : GUILD_TUI_CELL_MAX);
	return header > cells ? header : cells > 0 ? cells : 1;
}

size_t guild_tui_columns_step(const struct guild_tui_columns *c, size_t col, int64_t step)
{
	int64_t left = step < 0 ? -step : step;
	size_t found = col;

	for (size_t i = col; left > 0;) {
		if (step < 0 ? i == 0 : i + 1 >= c->n) {
			break;
		}
		i = step < 0 ? i - 1 : i + 1;
		if (!c->v[i].is_hidden) {
			found = i;
			left--;
		}
	}
	return found;
}

size_t guild_tui_columns_n_shown(const struct guild_tui_columns *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++) {
		n += !c->v[i].is_hidden;
	}
	return n;
}

size_t guild_tui_columns_toggle_spark(struct guild_tui_columns *c, size_t col, const char *scalar)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->v[i].spark && strcmp(c->v[i].spark, scalar) == 0) {
			remove_at(c, i);
			return SIZE_MAX;
		}
	}
	insert(c, col + 1,
		(struct guild_tui_column){.header = guild_strdup(scalar),
			.spark = guild_strdup(scalar),
			.source = SIZE_MAX});
	return col + 1;
}

/* ---- layout ------------------------------------------------------------------------------------------ */

struct layout {
	const struct guild_tui_columns *c;
	size_t width; /* of the screen */
	bool utf8;
	struct guild_tui_slot *slots;
	size_t n;
	size_t x;
};

static void place(struct layout *l, size_t col)
{
	size_t width = guild_tui_column_width(l->c, col, l->utf8);

	l->slots[l->n++] = (struct guild_tui_slot){
		.col = col, .x = l->x, .width = smaller(width, l->width - l->x)};
	l->x += width + l->c->gap;
}

/* Columns of the screen that shown columns from `from` to `to` (included) take. */
static size_t span(const struct layout *l, size_t from, size_t to)
{
	size_t sum = 0;

	for (size_t i = from; i <= to; i++) {
		if (!l->c->v[i].is_hidden) {
			sum += guild_tui_column_width(l->c, i, l->utf8) + l->c->gap;
		}
	}
	return sum > 0 ? sum - l->c->gap : 0;
}

/* Places frozen columns; returns the first column after them. */
static size_t place_frozen(struct layout *l)
{
	size_t left = l->c->frozen;
	size_t x = 0;
	size_t end = 0;

	for (size_t i = 0; i < l->c->n && left > 0; i++) {
		if (!l->c->v[i].is_hidden) {
			x += guild_tui_column_width(l->c, i, l->utf8) + l->c->gap;
			left--;
			end = i + 1;
		}
	}
	if (x > l->width / 2) {
		return 0;
	}
	for (size_t i = 0; i < end; i++) {
		if (!l->c->v[i].is_hidden) {
			place(l, i);
		}
	}
	return end;
}

struct guild_tui_slot *guild_tui_columns_layout(const struct guild_tui_columns *c, size_t width,
	size_t col, size_t *left, bool utf8, size_t *n)
{
	struct layout l = {.c = c, .width = width, .utf8 = utf8};

	l.slots = guild_alloc((c->n + 1) * sizeof(*l.slots));
	size_t first = place_frozen(&l);

	if (*left < first) {
		*left = first;
	}
	if (col >= first && col < *left) {
		*left = col;
	}
	while (col > *left && l.x + span(&l, *left, col) > width) {
		(*left)++;
	}
	for (size_t i = *left; i < c->n && l.x < width; i++) {
		if (!c->v[i].is_hidden) {
			place(&l, i);
		}
	}
	*n = l.n;
	return l.slots;
}
