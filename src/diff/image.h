/* Images: how large, and which pixels differ. Private to diff/. */
#ifndef GUILD_DIFF_IMAGE_H
#define GUILD_DIFF_IMAGE_H

#include "guild/diff.h"

struct guild_image_size {
	const char *format; /* "PNG", "JPEG", "GIF" */
	uint32_t width, height;
};
/* False for what is no such image, or cut before its size. */
bool guild_image_size_read(struct guild_str bytes, struct guild_image_size *out);

enum { GUILD_IMAGE_PIXELS_MAX = 64 << 20 };
struct guild_image_diff {
	size_t n_pixels, n_differ;
	unsigned largest; /* difference of a channel (red, green, blue, alpha), of 255 */
	double mean;      /* of the differences of all channels */
};
/* Two PNGs of one size. GUILD_EUNSUPPORTED: no libpng here, or other formats; GUILD_EINVALID: damaged, or of different sizes; GUILD_ELIMIT: more than
 * GUILD_IMAGE_PIXELS_MAX pixels. */
int guild_image_diff(struct guild_str old, struct guild_str new_, struct guild_image_diff *out,
	struct guild_error *err);

#endif
