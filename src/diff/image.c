/* The size of an image, from its first bytes, and the pixels of two that differ. */

#include "image.h"

#include <stdlib.h>
#include <string.h>

#include "png.h"

static uint32_t be32(const char *p)
{
	const unsigned char *b = (const unsigned char *)p;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static uint32_t be16(const char *p)
{
	const unsigned char *b = (const unsigned char *)p;

	return (uint32_t)b[0] << 8 | b[1];
}

static bool read_png(struct guild_str s, struct guild_image_size *out)
{
	if (s.n < 24 || memcmp(s.p, "\x89PNG\r\n\x1a\n", 8) != 0 ||
		memcmp(s.p + 12, "IHDR", 4) != 0) {
		return false;
	}
	*out = (struct guild_image_size){"PNG", be32(s.p + 16), be32(s.p + 20)};
	return true;
}

static bool read_gif(struct guild_str s, struct guild_image_size *out)
{
	if (s.n < 10 || (memcmp(s.p, "GIF87a", 6) != 0 && memcmp(s.p, "GIF89a", 6) != 0)) {
		return false;
	}
	const unsigned char *b = (const unsigned char *)s.p;

	*out = (struct guild_image_size){
		"GIF", b[6] | (uint32_t)b[7] << 8, b[8] | (uint32_t)b[9] << 8};
	return true;
}

/* The markers that begin a frame; C4, C8 and CC are tables. */
static bool is_frame(unsigned char marker)
{
	return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 &&
	       marker != 0xcc;
}

static bool read_jpeg(struct guild_str s, struct guild_image_size *out)
{
	if (s.n < 4 || memcmp(s.p, "\xff\xd8", 2) != 0) {
		return false;
	}
	for (size_t at = 2; at + 9 <= s.n;) {
		unsigned char marker = (unsigned char)s.p[at + 1];

		if ((unsigned char)s.p[at] != 0xff) {
			return false;
		}
		if (marker == 0xff) {
			at++; /* filling */
		} else if (is_frame(marker)) {
			*out = (struct guild_image_size){
				"JPEG", be16(s.p + at + 7), be16(s.p + at + 5)};
			return true;
		} else {
			at += 2 + be16(s.p + at + 2);
		}
	}
	return false;
}

bool guild_image_size_read(struct guild_str bytes, struct guild_image_size *out)
{
	return read_png(bytes, out) || read_gif(bytes, out) || read_jpeg(bytes, out);
}

/* ---- pixels -------------------------------------------------------------------------------------------------- */

static void compare(const unsigned char *a, const unsigned char *b, size_t n_pixels,
	struct guild_image_diff *out)
{
	uint64_t sum = 0;

	*out = (struct guild_image_diff){.n_pixels = n_pixels};
	for (size_t i = 0; i < n_pixels; i++) {
		bool differs = false;

		for (size_t c = 4 * i; c < 4 * i + 4; c++) {
			unsigned by = (unsigned)(a[c] > b[c] ? a[c] - b[c] : b[c] - a[c]);

			differs |= by > 0;
			sum += by;
			out->largest = by > out->largest ? by : out->largest;
		}
		out->n_differ += differs;
	}
	out->mean = n_pixels > 0 ? (double)sum / (4.0 * (double)n_pixels) : 0;
}

int guild_image_diff(struct guild_str old, struct guild_str new_, struct guild_image_diff *out,
	struct guild_error *err)
{
	struct guild_image_size a, b;

	if (!read_png(old, &a) || !read_png(new_, &b)) {
		return guild_error_set(err, GUILD_EUNSUPPORTED, "only pixels of PNGs are compared");
	}
	if (a.width != b.width || a.height != b.height) {
		return guild_error_set(err, GUILD_EINVALID, "they are of different sizes");
	}
	if ((uint64_t)a.width * a.height > GUILD_IMAGE_PIXELS_MAX) {
		return guild_error_set(err, GUILD_ELIMIT,
			"pixels are compared up to %d million of them",
			GUILD_IMAGE_PIXELS_MAX >> 20);
	}
	size_t n = (size_t)a.width * a.height;
	unsigned char *pixels[2] = {NULL, NULL};
	int rc = guild_png_read(old, n, &pixels[0], err);

	rc = rc ? rc : guild_png_read(new_, n, &pixels[1], err);
	if (rc == 0) {
		compare(pixels[0], pixels[1], n, out);
	}
	free(pixels[0]);
	free(pixels[1]);
	return rc;
}
