/* Paths and text of charts, whatever they are drawn on. */

#include "canvas.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

/* ---- paths ------------------------------------------------------------------------------------------------ */

static void add(struct plot_path *p, double x, double y, bool is_start)
{
	p->v = guild_grow_array(p->v, &p->cap, p->n + 1, sizeof(*p->v));
	p->starts = guild_grow_array(p->starts, &p->cap_starts, p->n + 1, sizeof(*p->starts));
	p->v[p->n] = (struct plot_point){x, y};
	p->starts[p->n++] = is_start;
}

void plot_path_move(struct plot_path *p, double x, double y)
{
	add(p, x, y, true);
}

void plot_path_line(struct plot_path *p, double x, double y)
{
	add(p, x, y, p->n == 0);
}

void plot_path_rect(struct plot_path *p, double x, double y, double w, double h)
{
	plot_path_move(p, x, y);
	plot_path_line(p, x + w, y);
	plot_path_line(p, x + w, y + h);
	plot_path_line(p, x, y + h);
}

void plot_path_reset(struct plot_path *p)
{
	p->n = 0;
}

void plot_path_fini(struct plot_path *p)
{
	free(p->v);
	free(p->starts);
	*p = (struct plot_path){0};
}

/* ---- drawing ------------------------------------------------------------------------------------------------ */

void plot_draw_path(const struct plot_canvas *c, const struct plot_path *path,
	const struct plot_paint *paint)
{
	if (path->n > 0) {
		c->ops->path(c->self, path, paint);
	}
}

void plot_draw_line(const struct plot_canvas *c, struct plot_point from, struct plot_point to,
	const struct plot_paint *paint)
{
	struct plot_point points[] = {from, to};
	bool starts[] = {true, false};
	struct plot_path path = {.v = points, .starts = starts, .n = 2};

	c->ops->path(c->self, &path, paint);
}

void plot_draw_rect(const struct plot_canvas *c, double x, double y, double w, double h,
	const struct plot_paint *paint)
{
	struct plot_path path = {.is_closed = true};

	plot_path_rect(&path, x, y, w, h);
	c->ops->path(c->self, &path, paint);
	plot_path_fini(&path);
}

void plot_draw_dot(const struct plot_canvas *c, double x, double y, double r,
	const struct plot_paint *paint)
{
	c->ops->dot(c->self, x, y, r, paint);
}

void plot_draw_text(const struct plot_canvas *c, double x, double y, const char *text,
	const struct plot_text_style *style)
{
	if (*text) {
		c->ops->text(c->self, x, y, text, style);
	}
}

void plot_canvas_free(struct plot_canvas *c)
{
	if (c->ops) {
		c->ops->free(c->self);
	}
	*c = (struct plot_canvas){0};
}

/* ---- text ----------------------------------------------------------------------------------------------------- */

/* Advance widths in thousandths of the font size for ' ' to '~': those of a wide sans-serif, so that text of other fonts fits,
 * too. */
static const unsigned short widths[] = {318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838,
	318, 361, 318, 337, 636, 636, 636, 636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838,
	838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863, 748, 787,
	603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500, 500, 613,
	635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521,
	392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838};
enum { OTHER_WIDTH = 640, BOLD_PERCENT = 112 };

static double advance(uint32_t cp)
{
	if (cp >= ' ' && cp - ' ' < GUILD_ARRAY_LEN(widths)) {
		return widths[cp - ' '];
	}
	return OTHER_WIDTH * utf8proc_charwidth((utf8proc_int32_t)cp);
}

/* The width of the first character at p, and its bytes. */
static double next_width(const char *p, size_t *n)
{
	uint32_t cp = 0;

	*n = guild_utf8_decode(p, strnlen(p, 4), &cp);
	if (*n == 0) {
		*n = 1;
		cp = '?';
	}
	return advance(cp);
}

char *plot_clean_text(const char *text)
{
	struct guild_buf out = {0};
	size_t n = 0;

	for (const char *p = text; *p; p += n) {
		uint32_t cp = 0;

		n = guild_utf8_decode(p, strnlen(p, 4), &cp);
		if (n == 0 || (cp < ' ' && cp != '\n') || cp == 0xFFFE || cp == 0xFFFF) {
			n = n == 0 ? 1 : n;
			guild_buf_puts(&out, "\xef\xbf\xbd");
		} else {
			guild_buf_append(&out, p, n);
		}
	}
	return guild_buf_take(&out);
}

double plot_text_width(const char *text, double size, bool is_bold)
{
	double sum = 0;
	size_t n = 0;

	for (const char *p = text; *p; p += n) {
		sum += next_width(p, &n);
	}
	return sum * size / 1000 * (is_bold ? BOLD_PERCENT / 100.0 : 1);
}

const char *plot_text_fit(struct guild_arena *a, const char *text, double size, double width)
{
	double room = width / size * 1000 - 1000; /* of the ellipsis */
	double sum = 0;
	size_t fits = 0;
	size_t n = 0;

	if (plot_text_width(text, size, false) <= width) {
		return guild_arena_strdup(a, text);
	}
	for (const char *p = text; *p; p += n) {
		sum += next_width(p, &n);
		if (sum > room) {
			break;
		}
		fits = (size_t)(p - text) + n;
	}
	return guild_arena_format(a, "%.*s\xe2\x80\xa6", (int)fits, text);
}
