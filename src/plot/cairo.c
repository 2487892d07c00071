/* Charts as PNG, by Cairo, which is loaded on first use. Its interface has been the same since 1.2; its headers are no build
 * dependency. */

#include "canvas.h"

#include <dlfcn.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>

/* The stable numbers of its interface. */
enum {
	STATUS_SUCCESS = 0,
	STATUS_WRITE_ERROR = 11,
	FORMAT_RGB24 = 1,
	SLANT_NORMAL = 0,
	WEIGHT_NORMAL = 0,
	WEIGHT_BOLD = 1,
	LINE_JOIN_ROUND = 1,
	ANTIALIAS_FAST = 4,
};

struct text_extents {
	double x_bearing, y_bearing, width, height, x_advance, y_advance;
};
typedef int write_fn(void *arg, const unsigned char *data, unsigned length);
struct library {
	void *(*surface_new)(int format, int width, int height);
	int (*surface_status)(void *surface);
	void (*surface_free)(void *surface);
	int (*write_png)(void *surface, write_fn *fn, void *arg);
	const char *(*status_text)(int status);
	void *(*new)(void *surface);
	void (*free)(void *cr);
	void (*scale)(void *cr, double x, double y);
	void (*save)(void *cr);
	void (*restore)(void *cr);
	void (*translate)(void *cr, double x, double y);
	void (*rotate)(void *cr, double angle);
	void (*set_color)(void *cr, double r, double g, double b, double a);
	void (*set_width)(void *cr, double width);
	void (*set_join)(void *cr, int join);
	void (*set_antialias)(void *cr, int antialias);
	void (*set_dash)(void *cr, const double *dashes, int n, double offset);
	void (*new_path)(void *cr);
	void (*move_to)(void *cr, double x, double y);
	void (*line_to)(void *cr, double x, double y);
	void (*arc)(void *cr, double x, double y, double r, double from, double to);
	void (*close_path)(void *cr);
	void (*fill)(void *cr);
	void (*fill_keep)(void *cr);
	void (*stroke)(void *cr);
	void (*select_font)(void *cr, const char *family, int slant, int weight);
	void (*set_size)(void *cr, double size);
	void (*extents)(void *cr, const char *text, struct text_extents *out);
	void (*show_text)(void *cr, const char *text);
};

static const struct {
	const char *name;
	size_t offset;
} functions[] = {
	{"cairo_image_surface_create", offsetof(struct library, surface_new)},
	{"cairo_surface_status", offsetof(struct library, surface_status)},
	{"cairo_surface_destroy", offsetof(struct library, surface_free)},
	{"cairo_surface_write_to_png_stream", offsetof(struct library, write_png)},
	{"cairo_status_to_string", offsetof(struct library, status_text)},
	{"cairo_create", offsetof(struct library, new)},
	{"cairo_destroy", offsetof(struct library, free)},
	{"cairo_scale", offsetof(struct library, scale)},
	{"cairo_save", offsetof(struct library, save)},
	{"cairo_restore", offsetof(struct library, restore)},
	{"cairo_translate", offsetof(struct library, translate)},
	{"cairo_rotate", offsetof(struct library, rotate)},
	{"cairo_set_source_rgba", offsetof(struct library, set_color)},
	{"cairo_set_line_width", offsetof(struct library, set_width)},
	{"cairo_set_line_join", offsetof(struct library, set_join)},
	{"cairo_set_antialias", offsetof(struct library, set_antialias)},
	{"cairo_set_dash", offsetof(struct library, set_dash)},
	{"cairo_new_path", offsetof(struct library, new_path)},
	{"cairo_move_to", offsetof(struct library, move_to)},
	{"cairo_line_to", offsetof(struct library, line_to)},
	{"cairo_arc", offsetof(struct library, arc)},
	{"cairo_close_path", offsetof(struct library, close_path)},
	{"cairo_fill", offsetof(struct library, fill)},
	{"cairo_fill_preserve", offsetof(struct library, fill_keep)},
	{"cairo_stroke", offsetof(struct library, stroke)},
	{"cairo_select_font_face", offsetof(struct library, select_font)},
	{"cairo_set_font_size", offsetof(struct library, set_size)},
	{"cairo_text_extents", offsetof(struct library, extents)},
	{"cairo_show_text", offsetof(struct library, show_text)},
};

struct image {
	struct library lib;
	void *surface, *cr;
};

/* It stays loaded, as libgit2 does. */
static int load(struct library *lib, struct guild_error *err)
{
	void *handle = dlopen("libcairo.so.2", RTLD_NOW | RTLD_LOCAL);

	if (!handle) {
		guild_error_set(err, GUILD_EUNSUPPORTED, "Cairo is needed for PNG images");
		guild_error_hint(err,
			"install package libcairo2, or write an SVG file, which needs "
			"nothing");
		return GUILD_EUNSUPPORTED;
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(functions); i++) {
		void *function = dlsym(handle, functions[i].name);

		if (!function) {
			return guild_error_set(err, GUILD_EUNSUPPORTED, "this Cairo lacks %s",
				functions[i].name);
		}
		*(void **)(void *)((char *)lib + functions[i].offset) = function;
	}
	return 0;
}

/* ---- drawing ---------------------------------------------------------------------------------------------- */

static void use_color(const struct image *im, struct plot_color c)
{
	im->lib.set_color(im->cr, (c.rgb >> 16 & 255) / 255.0, (c.rgb >> 8 & 255) / 255.0,
		(c.rgb & 255) / 255.0, c.alpha);
}

static void paint_path(const struct image *im, const struct plot_paint *paint)
{
	static const double dashes[] = {4, 3};

	if (paint->fill.alpha > 0) {
		use_color(im, paint->fill);
		im->lib.fill_keep(im->cr);
	}
	if (paint->stroke.alpha > 0) {
		use_color(im, paint->stroke);
		im->lib.set_width(im->cr, paint->width);
		im->lib.set_dash(im->cr, dashes, paint->is_dashed ? 2 : 0, 0);
		im->lib.stroke(im->cr);
	}
	im->lib.new_path(im->cr);
}

static void draw_path(void *self, const struct plot_path *path, const struct plot_paint *paint)
{
	const struct image *im = self;

	for (size_t i = 0; i < path->n; i++) {
		if (!path->starts[i]) {
			im->lib.line_to(im->cr, path->v[i].x, path->v[i].y);
			continue;
		}
		if (path->is_closed && i > 0) {
			im->lib.close_path(im->cr);
		}
		im->lib.move_to(im->cr, path->v[i].x, path->v[i].y);
	}
	if (path->is_closed) {
		im->lib.close_path(im->cr);
	}
	paint_path(im, paint);
}

static void draw_dot(void *self, double x, double y, double r, const struct plot_paint *paint)
{
	const struct image *im = self;

	im->lib.arc(im->cr, x, y, r, 0, 2 * 3.14159265358979323846);
	paint_path(im, paint);
}

static void draw_text(void *self, double x, double y, const char *text,
	const struct plot_text_style *style)
{
	const struct image *im = self;
	struct text_extents size = {0};
	char *clean = plot_clean_text(text); /* Cairo refuses others, and all that comes after */

	im->lib.save(im->cr);
	im->lib.translate(im->cr, x, y);
	if (style->is_upright) {
		im->lib.rotate(im->cr, -3.14159265358979323846 / 2);
	}
	im->lib.select_font(im->cr, "sans", SLANT_NORMAL,
		style->is_bold ? WEIGHT_BOLD : WEIGHT_NORMAL);
	im->lib.set_size(im->cr, style->size);
	use_color(im, (struct plot_color){style->rgb, 1});
	im->lib.extents(im->cr, clean, &size);
	im->lib.move_to(im->cr, -size.x_advance * (int)style->align / 2, 0);
	im->lib.show_text(im->cr, clean);
	im->lib.new_path(im->cr);
	im->lib.restore(im->cr);
	free(clean);
}

/* ---- the file --------------------------------------------------------------------------------------------- */

struct writer {
	const struct guild_sink *to;
	struct guild_error *err;
	int rc;
};

static int write_bytes(void *arg, const unsigned char *data, unsigned length)
{
	struct writer *w = arg;

	w->rc = guild_sink_write(w->to, data, length, w->err);
	return w->rc == 0 ? STATUS_SUCCESS : STATUS_WRITE_ERROR;
}

static int finish(void *self, const struct guild_sink *to, struct guild_error *err)
{
	const struct image *im = self;
	struct writer w = {.to = to, .err = err};
	int status = im->lib.write_png(im->surface, write_bytes, &w);

	if (w.rc == 0 && status != STATUS_SUCCESS) {
		return guild_error_set(err, GUILD_EIO, "Cairo cannot write the PNG: %s",
			im->lib.status_text(status));
	}
	return w.rc;
}

static void free_image(void *self)
{
	struct image *im = self;

	if (im->cr) {
		im->lib.free(im->cr);
	}
	if (im->surface) {
		im->lib.surface_free(im->surface);
	}
	free(im);
}

int plot_png_new(int width, int height, double scale, struct plot_canvas *out,
	struct guild_error *err)
{
	static const struct plot_canvas_ops ops = {
		.path = draw_path,
		.dot = draw_dot,
		.text = draw_text,
		.finish = finish,
		.free = free_image,
	};
	struct image *im = guild_alloc(sizeof(*im));
	int rc = load(&im->lib, err);

	if (rc == 0) {
		im->surface = im->lib.surface_new(FORMAT_RGB24, (int)lround(width * scale),
			(int)lround(height * scale));
		int status = im->lib.surface_status(im->surface);

		rc = status == STATUS_SUCCESS
			     ? 0
			     : guild_error_set(err, GUILD_EIO, "Cairo cannot make an image: %s",
				       im->lib.status_text(status));
	}
	if (rc != 0) {
		free_image(im);
		return rc;
	}
	im->cr = im->lib.new(im->surface);
	im->lib.scale(im->cr, scale, scale);
	im->lib.set_join(im->cr, LINE_JOIN_ROUND);
	im->lib.set_antialias(im->cr, ANTIALIAS_FAST);
	*out = (struct plot_canvas){.ops = &ops, .self = im};
	return 0;
}
