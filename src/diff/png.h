/* Pixels of a PNG through libpng, loaded on first use. Private to diff/. */
#ifndef GUILD_DIFF_PNG_H
#define GUILD_DIFF_PNG_H

#include "guild/diff.h"

/* Four bytes a pixel: red, green, blue, alpha. The caller frees *out. GUILD_EINVALID: damaged, or not of n_pixels. */
int guild_png_read(struct guild_str bytes, size_t n_pixels, unsigned char **out,
	struct guild_error *err);

#endif
