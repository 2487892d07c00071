/* What the table in the terminal shows: rows as they were read, and an order over them. Private to cmd/; no drawing here.
 *
 * Rows and views do not change once made, but for the marks: threads may share them, each holding a reference. Nothing here is done
 * for all rows but making them; cells become text when they are looked at. */
#ifndef GUILD_CMD_TUI_ROWS_H
#define GUILD_CMD_TUI_ROWS_H

#include <stdatomic.h>

#include "cmd.h"

struct guild_tui_rows {
	atomic_uint refs;
	struct guild_runs runs;
	struct guild_compare_table table;
	bool are_groups;      /* rows are groups of runs: they have no id */
	struct guild_map ids; /* positions of rows + 1, as pointers */
	signed char *marked;  /* 1, 0, -1: not looked at yet; for one thread only */
};
/* Takes over the runs and the table. One reference. */
struct guild_tui_rows *guild_tui_rows_new(struct guild_runs *take_runs,
	struct guild_compare_table *take_table, bool are_groups);
struct guild_tui_rows *guild_tui_rows_ref(struct guild_tui_rows *rows);
void guild_tui_rows_unref(struct guild_tui_rows *rows);
/* The run of a row; the first of a group. */
const struct guild_run *guild_tui_rows_run(const struct guild_tui_rows *rows, size_t row);
/* The row of a run, SIZE_MAX when there is none. */
size_t guild_tui_rows_find(const struct guild_tui_rows *rows, const char *id);
const struct guild_value *guild_tui_rows_value(const struct guild_tui_rows *rows, size_t row,
	size_t col); /* NULL: undefined */
/* The column with a heading, SIZE_MAX when there is none. */
size_t guild_tui_rows_col(const struct guild_tui_rows *rows, const char *header);
bool guild_tui_rows_is_marked(struct guild_tui_rows *rows, size_t row); /* reads it once */

/* A cell as a number: numbers, booleans, texts that are a number or a duration (1:02:03). */
bool guild_tui_number(const struct guild_value *v, double *out);

enum guild_tui_order { GUILD_TUI_GIVEN, GUILD_TUI_TEXT, GUILD_TUI_NUMBER };
struct guild_tui_sort {
	enum guild_tui_order order;
	bool descending;
	char *header; /* NULL with GUILD_TUI_GIVEN */
};
struct guild_tui_sort guild_tui_sort_copy(const struct guild_tui_sort *sort);
bool guild_tui_sort_same(const struct guild_tui_sort *a, const struct guild_tui_sort *b);
void guild_tui_sort_fini(struct guild_tui_sort *sort);

struct guild_tui_view {
	atomic_uint refs;
	struct guild_tui_rows *rows; /* a reference */
	uint32_t *order;             /* rows as shown */
	size_t n;
	struct guild_tui_sort sort;
	char *filter; /* expression, or NULL */
};
/* The rows for which `passes` holds (NULL: all), sorted; equal ones keep the order in which they were read, cells without a value come last. */
struct guild_tui_view *guild_tui_view_new(struct guild_tui_rows *rows,
	const struct guild_tui_sort *sort, const char *filter, const bool *passes);
struct guild_tui_view *guild_tui_view_ref(struct guild_tui_view *view);
void guild_tui_view_unref(struct guild_tui_view *view);
/* Where a row stands, SIZE_MAX when it is not shown. */
size_t guild_tui_view_find(const struct guild_tui_view *view, size_t row);

/* The next (`step` 1) or previous (-1) cell whose text holds `needle`, letters of any case, from the one after (*at, *col) on, around
 * the end. `cols` are the table's columns as they stand on the screen. False: none, or cancelled. */
struct guild_tui_search {
	const char *needle;
	const size_t *cols;
	size_t n_cols;
	int step;
	const atomic_bool *cancelled; /* or NULL */
};
bool guild_tui_view_search(const struct guild_tui_view *view, const struct guild_tui_search *search,
	size_t *at, size_t *col);

#endif
