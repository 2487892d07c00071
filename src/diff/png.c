/* libpng's simplified interface, which has been the same since 1.6; its headers are no build dependency. */

#include "png.h"

#include <dlfcn.h>
#include <stdlib.h>

enum { IMAGE_VERSION = 1, FORMAT_RGBA = 3 };

struct image {
	void *opaque;
	uint32_t version, width, height, format, flags, colormap_entries, warning_or_error;
	char message[64];
};

struct library {
	int (*begin)(struct image *image, const void *p, size_t n);
	int (*finish)(struct image *image, const void *background, void *pixels, int32_t row_stride,
		void *colormap);
	void (*free)(struct image *image);
};

/* It stays loaded, as libgit2 does. */
static bool load(struct library *lib)
{
	void *handle = dlopen("libpng16.so.16", RTLD_NOW | RTLD_LOCAL);

	if (!handle) {
		return false;
	}
	*(void **)&lib->begin = dlsym(handle, "png_image_begin_read_from_memory");
	*(void **)&lib->finish = dlsym(handle, "png_image_finish_read");
	*(void **)&lib->free = dlsym(handle, "png_image_free");
	return lib->begin && lib->finish && lib->free;
}

int guild_png_read(struct guild_str bytes, size_t n_pixels, unsigned char **out,
	struct guild_error *err)
{
	struct library lib = {0};
	struct image image = {.version = IMAGE_VERSION};

	if (!load(&lib)) {
		guild_error_set(err, GUILD_EUNSUPPORTED, "libpng is needed to compare pixels");
		guild_error_hint(err, "install package libpng16-16");
		return GUILD_EUNSUPPORTED;
	}
	unsigned char *pixels = guild_alloc(n_pixels * 4 + 1);
	bool is_read = lib.begin(&image, bytes.p, bytes.n) &&
		       (uint64_t)image.width * image.height == n_pixels;

	if (is_read) {
		image.format = FORMAT_RGBA;
		is_read = lib.finish(&image, NULL, pixels, 0, NULL) != 0;
	}
	lib.free(&image);
	if (!is_read) {
		free(pixels);
		return guild_error_set(err, GUILD_EINVALID, "a damaged PNG%s%s",
			image.message[0] ? ": " : "", image.message);
	}
	*out = pixels;
	return 0;
}
