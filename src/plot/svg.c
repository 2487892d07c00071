/* Charts as SVG: shapes and text stay what they are, so that text can be found and copied, and marks tell what they stand for. */

#include "canvas.h"

#include <math.h>
#include <stdlib.h>

#include <guild/formats.h>

#define FONTS "'DejaVu Sans', Verdana, Helvetica, Arial, sans-serif"

struct svg {
	struct guild_buf out;
};

/* ---- parts of the text ------------------------------------------------------------------------------------ */

/* At most two decimals, none that say nothing. */
static void put_number(struct guild_buf *out, double v)
{
	char text[GUILD_F64_MAX];
	int n = snprintf(text, sizeof(text), "%.2f", isfinite(v) ? v : 0);

	while (n > 0 && text[n - 1] == '0') {
		n--;
	}
	n -= n > 0 && text[n - 1] == '.';
	if (n == 2 && text[0] == '-' && text[1] == '0') {
		text[0] = '0';
		n = 1;
	}
	guild_buf_append(out, text, (size_t)n);
}

static void put_attribute(struct guild_buf *out, const char *name, double v)
{
	guild_buf_printf(out, " %s=\"", name);
	put_number(out, v);
	guild_buf_putc(out, '"');
}

static void put_text(struct guild_buf *out, const char *text)
{
	char *clean = plot_clean_text(text);

	guild_html_text(out, guild_str(clean));
	free(clean);
}

static void put_color(struct guild_buf *out, const char *name, struct plot_color color)
{
	if (color.alpha <= 0) {
		guild_buf_printf(out, " %s=\"none\"", name);
		return;
	}
	guild_buf_printf(out, " %s=\"#%06x\"", name, color.rgb);
	if (color.alpha < 1) {
		guild_buf_printf(out, " %s-opacity=\"%.2g\"", name, color.alpha);
	}
}

static void put_paint(struct guild_buf *out, const struct plot_paint *paint)
{
	put_color(out, "fill", paint->fill);
	if (paint->stroke.alpha > 0) {
		put_color(out, "stroke", paint->stroke);
		put_attribute(out, "stroke-width", paint->width);
	}
	if (paint->is_dashed) {
		guild_buf_puts(out, " stroke-dasharray=\"4 3\"");
	}
	if (paint->class) {
		guild_buf_printf(out, " class=\"%s\"", paint->class);
	}
}

static void end_element(struct guild_buf *out, const char *name, const char *title)
{
	if (!title) {
		guild_buf_puts(out, "/>\n");
		return;
	}
	guild_buf_puts(out, "><title>");
	put_text(out, title);
	guild_buf_printf(out, "</title></%s>\n", name);
}

/* ---- elements ----------------------------------------------------------------------------------------------- */

static void draw_path(void *self, const struct plot_path *path, const struct plot_paint *paint)
{
	struct svg *svg = self;

	guild_buf_puts(&svg->out, "<path d=\"");
	for (size_t i = 0; i < path->n; i++) {
		if (path->is_closed && path->starts[i] && i > 0) {
			guild_buf_putc(&svg->out, 'Z');
		}
		guild_buf_putc(&svg->out, path->starts[i] ? 'M' : 'L');
		put_number(&svg->out, path->v[i].x);
		guild_buf_putc(&svg->out, ' ');
		put_number(&svg->out, path->v[i].y);
	}
	guild_buf_puts(&svg->out, path->is_closed ? "Z\"" : "\"");
	put_paint(&svg->out, paint);
	end_element(&svg->out, "path", paint->title);
}

static void draw_dot(void *self, double x, double y, double r, const struct plot_paint *paint)
{
	struct svg *svg = self;

	guild_buf_puts(&svg->out, "<circle");
	put_attribute(&svg->out, "cx", x);
	put_attribute(&svg->out, "cy", y);
	put_attribute(&svg->out, "r", r);
	put_paint(&svg->out, paint);
	end_element(&svg->out, "circle", paint->title);
}

static void draw_text(void *self, double x, double y, const char *text,
	const struct plot_text_style *style)
{
	static const char *const anchors[] = {
		[PLOT_LEFT] = NULL, [PLOT_CENTER] = "middle", [PLOT_RIGHT] = "end"};
	struct guild_buf *out = &((struct svg *)self)->out;

	guild_buf_puts(out, "<text");
	put_attribute(out, "x", x);
	put_attribute(out, "y", y);
	put_attribute(out, "font-size", style->size);
	guild_buf_printf(out, " fill=\"#%06x\"", style->rgb);
	if (anchors[style->align]) {
		guild_buf_printf(out, " text-anchor=\"%s\"", anchors[style->align]);
	}
	if (style->is_bold) {
		guild_buf_puts(out, " font-weight=\"bold\"");
	}
	if (style->is_upright) {
		guild_buf_puts(out, " transform=\"rotate(-90 ");
		put_number(out, x);
		guild_buf_putc(out, ' ');
		put_number(out, y);
		guild_buf_puts(out, ")\"");
	}
	if (style->class) {
		guild_buf_printf(out, " class=\"%s\"", style->class);
	}
	guild_buf_putc(out, '>');
	put_text(out, text);
	guild_buf_puts(out, "</text>\n");
}

/* ---- the document --------------------------------------------------------------------------------------------- */

static int finish(void *self, const struct guild_sink *to, struct guild_error *err)
{
	struct svg *svg = self;

	guild_buf_puts(&svg->out, "</svg>\n");
	return guild_sink_write(to, svg->out.p, svg->out.n, err);
}

static void free_svg(void *self)
{
	struct svg *svg = self;

	guild_buf_fini(&svg->out);
	free(svg);
}

struct plot_canvas plot_svg_new(int width, int height, const char *title)
{
	static const struct plot_canvas_ops ops = {
		.path = draw_path,
		.dot = draw_dot,
		.text = draw_text,
		.finish = finish,
		.free = free_svg,
	};
	struct svg *svg = guild_alloc(sizeof(*svg));

	guild_buf_printf(&svg->out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
		"viewBox=\"0 0 %d %d\" font-family=\"" FONTS "\" stroke-linejoin=\"round\" "
		"role=\"img\">\n<title>",
		width, height, width, height);
	put_text(&svg->out, title);
	guild_buf_puts(&svg->out, "</title>\n");
	return (struct plot_canvas){.ops = &ops, .self = svg};
}
