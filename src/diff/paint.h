/* How differences look on a terminal. Private to diff/. */
#ifndef GUILD_DIFF_PAINT_H
#define GUILD_DIFF_PAINT_H

#include "guild/diff.h"

#define GUILD_PAINT_OLD "\033[31m"
#define GUILD_PAINT_NEW "\033[32m"
#define GUILD_PAINT_HUNK "\033[36m"
#define GUILD_PAINT_HEAD "\033[1m"
#define GUILD_PAINT_MARK "\033[7m"
#define GUILD_PAINT_END "\033[0m"

/* With what a terminal would obey made visible. */
void guild_paint_text(struct guild_buf *out, struct guild_str text);
/* One line, painted where the style is for a terminal. */
void guild_paint_line(struct guild_buf *out, const struct guild_patch_style *style,
	const char *paint, const char *fmt, ...) GUILD_PRINTF(4, 5);

#endif
