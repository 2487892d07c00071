/* What charts are drawn on: an SVG document or an image. Lengths are in units of the chart's width. Private to plot/. */
#ifndef GUILD_PLOT_CANVAS_H
#define GUILD_PLOT_CANVAS_H

#include <guild/base.h>

/* 0xRRGGBB and how opaque it is; all zero: nothing is painted. */
struct plot_color {
	uint32_t rgb;
	double alpha;
};
struct plot_paint {
	struct plot_color fill, stroke;
	double width; /* of the stroke */
	bool is_dashed;
	const char *class; /* SVG: "run", "best"; or NULL */
	const char *title; /* SVG shows it where the pointer is; or NULL */
};

struct plot_point {
	double x, y;
};
/* Lines, possibly several: each starts where `starts` says so. */
struct plot_path {
	struct plot_point *v;
	bool *starts;
	size_t n, cap, cap_starts;
	bool is_closed;
};
void plot_path_move(struct plot_path *p, double x, double y);
void plot_path_line(struct plot_path *p, double x, double y);
void plot_path_rect(struct plot_path *p, double x, double y, double w, double h);
void plot_path_reset(struct plot_path *p);
void plot_path_fini(struct plot_path *p);

enum plot_align { PLOT_LEFT, PLOT_CENTER, PLOT_RIGHT };
struct plot_text_style {
	double size;
	enum plot_align align;
	bool is_bold;
	bool is_upright; /* turned by 90 degrees, read from below */
	uint32_t rgb;
	const char *class;
};

struct plot_canvas {
	const struct plot_canvas_ops *ops;
	void *self;
};
struct plot_canvas_ops {
	void (*path)(void *self, const struct plot_path *path, const struct plot_paint *paint);
	void (*dot)(void *self, double x, double y, double r, const struct plot_paint *paint);
	/* y is the base line. */
	void (*text)(void *self, double x, double y, const char *text,
		const struct plot_text_style *style);
	int (*finish)(void *self, const struct guild_sink *to, struct guild_error *err);
	void (*free)(void *self);
};
void plot_draw_path(const struct plot_canvas *c, const struct plot_path *path,
	const struct plot_paint *paint);
void plot_draw_line(const struct plot_canvas *c, struct plot_point from, struct plot_point to,
	const struct plot_paint *paint);
void plot_draw_rect(const struct plot_canvas *c, double x, double y, double w, double h,
	const struct plot_paint *paint);
void plot_draw_dot(const struct plot_canvas *c, double x, double y, double r,
	const struct plot_paint *paint);
void plot_draw_text(const struct plot_canvas *c, double x, double y, const char *text,
	const struct plot_text_style *style);

/* What is no UTF-8, and control characters but the line end, as U+FFFD: neither XML nor Cairo takes them. The caller frees. */
char *plot_clean_text(const char *text);
/* The same font metrics for both, so that both look the same, and none needs a font to be laid out. */
double plot_text_width(const char *text, double size, bool is_bold);
/* The text, or as much of it as fits with an ellipsis. Lives in `a`. */
const char *plot_text_fit(struct guild_arena *a, const char *text, double size, double width);

struct plot_canvas plot_svg_new(int width, int height, const char *title);
/* GUILD_EUNSUPPORTED: Cairo is not installed. */
int plot_png_new(int width, int height, double scale, struct plot_canvas *out,
	struct guild_error *err);
void plot_canvas_free(struct plot_canvas *c);

#endif
