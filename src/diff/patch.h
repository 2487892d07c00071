/* Private to diff/. */
#ifndef GUILD_DIFF_PATCH_H
#define GUILD_DIFF_PATCH_H

#include "guild/diff.h"

/* The lines of a patch before "---". */
void guild_patch_head(const struct guild_file_diff *d, const struct guild_patch_style *style,
	struct guild_buf *out);

#endif
