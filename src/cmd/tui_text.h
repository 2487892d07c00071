/* Texts of foreign runs, fitted into columns of a terminal. Private to cmd/. */
#ifndef GUILD_CMD_TUI_TEXT_H
#define GUILD_CMD_TUI_TEXT_H

#include <guild/base.h>

/* What a terminal would obey, or could not show, is replaced: control characters and broken bytes by U+FFFD, marks that change the
 * direction of writing by nothing; without `utf8` everything beyond ASCII by '?'. Tabs and line ends are blanks. */

/* Columns the text takes; looking ends past `limit`. */
size_t guild_tui_width(struct guild_str text, size_t limit, bool utf8);
/* Appends exactly `width` columns: cut with an ellipsis at the end, or filled with blanks. */
void guild_tui_fit(struct guild_buf *out, struct guild_str text, size_t width, bool utf8);
/* Appends the columns from `skip` on, at most `width`, without an ellipsis and unfilled. */
void guild_tui_slice(struct guild_buf *out, struct guild_str text, size_t skip, size_t width,
	bool utf8);
/* The end (exclusive) of the text's first piece of at most `width` columns, at least one character long. */
size_t guild_tui_break(struct guild_str text, size_t width, bool utf8);

/* Appends `width` columns that draw the values, oldest first: a bar for each, or for the mean of as many as one column stands for.
 * NaN is blank. */
void guild_tui_spark(struct guild_buf *out, const double *values, size_t n, size_t width,
	bool utf8);

#endif
