/* Columns of the table in the terminal: which are shown, how wide, where. Private to cmd/; no drawing here. */
#ifndef GUILD_CMD_TUI_COLUMNS_H
#define GUILD_CMD_TUI_COLUMNS_H

#include "tui_rows.h"

/* As in Guild AI 0.9.0 at first. */
enum {
	GUILD_TUI_HEADER_MAX = 12,
	GUILD_TUI_CELL_MAX = 20,
	GUILD_TUI_SPARK_WIDTH = 16,
	GUILD_TUI_WIDTH_MAX = 1000, /* of one column, cells that are drawn whole included */
	GUILD_TUI_GAP_MAX = 20,
};

struct guild_tui_column {
	char *header;
	char *spark;   /* the scalar whose course is drawn, or NULL */
	size_t source; /* of the rows' columns; SIZE_MAX: a sparkline, or none of these rows has it */
	size_t widest; /* cell seen so far */
	size_t fixed;  /* width the user gave it; 0: none */
	bool is_hidden, is_full;
};
struct guild_tui_columns {
	struct guild_tui_column *v;
	size_t n, cap;
	size_t gap;
	size_t frozen; /* so many shown columns stay at the left */
	bool is_full;  /* widths are those of the widest cells */
};
void guild_tui_columns_fini(struct guild_tui_columns *c);
/* Takes over the columns of new rows; what the user set stays with the headings. A column that is gone goes. */
void guild_tui_columns_update(struct guild_tui_columns *c, const struct guild_tui_rows *rows);
/* Looks at some rows, spread over all of them, for the widths. */
void guild_tui_columns_sample(struct guild_tui_columns *c, const struct guild_tui_rows *rows,
	bool utf8);
void guild_tui_columns_see(struct guild_tui_column *c, size_t cell_width);
size_t guild_tui_column_width(const struct guild_tui_columns *c, size_t col, bool utf8);
size_t guild_tui_columns_find(const struct guild_tui_columns *c,
	const char *header); /* SIZE_MAX: none */
/* The shown column `step` further, or the last one on the way. */
size_t guild_tui_columns_step(const struct guild_tui_columns *c, size_t col, int64_t step);
size_t guild_tui_columns_n_shown(const struct guild_tui_columns *c);
/* Shows the course of a scalar after column `col`, or no more; returns where the column is now, SIZE_MAX when it was removed. */
size_t guild_tui_columns_toggle_spark(struct guild_tui_columns *c, size_t col, const char *scalar);

struct guild_tui_slot {
	size_t col, x, width;
};
/* Which columns fit into `width` columns of the screen, with `col` among them. *left is the first one beside the frozen ones; it
 * changes no more than needed. Frozen columns that leave no room for another stay not. The caller frees. */
struct guild_tui_slot *guild_tui_columns_layout(const struct guild_tui_columns *c, size_t width,
	size_t col, size_t *left, bool utf8, size_t *n);

#endif
