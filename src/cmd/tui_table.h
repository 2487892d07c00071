/* The table in the terminal as a state: cursor, window, columns, selection. Private to cmd/; no drawing here. */
#ifndef GUILD_CMD_TUI_TABLE_H
#define GUILD_CMD_TUI_TABLE_H

#include "tui_columns.h"

struct guild_tui_table {
	struct guild_tui_view *view; /* NULL: nothing was read yet */
	struct guild_tui_columns columns;
	bool utf8;
	size_t row, col;            /* cursor: position in the view, column */
	size_t top, left;           /* first row, first column beside the frozen ones */
	size_t height;              /* rows on the screen */
	size_t page_cols;           /* columns on the screen beside the frozen ones */
	struct guild_strs selected; /* ids */
	/* Kept by Ins. */
	bool has_memory;
	char *memory_id, *memory_header; /* the id is NULL with groups */
	size_t memory_row;
};
void guild_tui_table_init(struct guild_tui_table *t, bool utf8);
void guild_tui_table_fini(struct guild_tui_table *t);
/* Shows other rows, or the same in another order; takes over the reference. The cursor stays with its run, at the same height of the
 * screen; what is new above the first line comes into sight. In another order a cursor on the first row stays there. */
void guild_tui_table_take_view(struct guild_tui_table *t, struct guild_tui_view *view);

size_t guild_tui_table_n_rows(const struct guild_tui_table *t);
bool guild_tui_table_has_cursor(const struct guild_tui_table *t); /* there is a cell */
/* Row of the rows read (not of the view) at a position of the view. */
size_t guild_tui_table_source_row(const struct guild_tui_table *t, size_t at);
const struct guild_run *guild_tui_table_run(const struct guild_tui_table *t, size_t at);
/* Text of a cell: as in plain tables. Nothing for sparklines. */
void guild_tui_table_cell(const struct guild_tui_table *t, size_t at, size_t col,
	struct guild_buf *out);

void guild_tui_table_move(struct guild_tui_table *t, int64_t rows, int64_t cols);
void guild_tui_table_go(struct guild_tui_table *t, size_t row); /* the nearest there is */
/* The window and the cursor by so many heights. */
void guild_tui_table_page(struct guild_tui_table *t, int64_t pages);
/* Moves the window without the cursor, as far as that allows; the cursor follows at the edge. */
void guild_tui_table_scroll(struct guild_tui_table *t, int64_t rows);
void guild_tui_table_set_height(struct guild_tui_table *t, size_t height);
/* To the next (1) or previous (-1) row whose value in this column differs, or column whose value in this row does. */
void guild_tui_table_next_row_change(struct guild_tui_table *t, int step);
void guild_tui_table_next_col_change(struct guild_tui_table *t, int step);
void guild_tui_table_remember(struct guild_tui_table *t);
bool guild_tui_table_go_back(struct guild_tui_table *t); /* false: nowhere to go */

/* Selection; nothing happens with groups. */
bool guild_tui_table_is_selected(const struct guild_tui_table *t, size_t at);
void guild_tui_table_toggle_selected(struct guild_tui_table *t, size_t at);

/* Numbers where most of the cells in the window are such, else texts. */
enum guild_tui_order guild_tui_table_natural_order(const struct guild_tui_table *t, size_t col);

#endif
