/* A whole chart: background, title, notes, and what the kind draws. */

#include "plot_private.h"

#include <math.h>

enum { MARGIN = 18, TITLE_SIZE = 17, TITLE_HEIGHT = 26, NOTE_HEIGHT = 16 };

static const char *default_title(const struct guild_plot *p, struct guild_arena *a)
{
	const char *title = plot_kind_of(p->req.kind)->title;
	const char *s = p->n == 1 ? "" : "s";

	if (p->req.kind == GUILD_PLOT_SCATTER) {
		return guild_arena_format(a, "%s over %s, %zu run%s", p->y.name, p->x.name, p->n,
			s);
	}
	if (p->req.kind == GUILD_PLOT_SCALARS) {
		return guild_arena_format(a, "%s of %zu run%s", title, p->n, s);
	}
	return guild_arena_format(a, "%s: %s of %zu run%s", title, p->objective_col.header, p->n,
		s);
}

/* Title above, notes below, the kind between them. */
static void draw_all(struct plot_chart *ch, int width, int height, const char *title)
{
	const struct guild_strs *notes = &ch->p->notes;
	struct plot_paint background = {.fill = {ch->theme->background, 1}, .class = "background"};
	struct plot_text_style style = {
		.size = TITLE_SIZE, .is_bold = true, .rgb = ch->theme->text, .class = "title"};
	double below = (double)notes->n * NOTE_HEIGHT;

	plot_draw_rect(&ch->c, 0, 0, width, height, &background);
	plot_draw_text(&ch->c, MARGIN, MARGIN + TITLE_SIZE - 3,
		plot_text_fit(ch->arena, title, TITLE_SIZE * 1.12, width - 2 * MARGIN), &style);
	for (size_t i = 0; i < notes->n; i++) {
		plot_muted_text(ch, MARGIN,
			height - MARGIN / 2.0 - below + (double)(i + 1) * NOTE_HEIGHT - 5,
			PLOT_LEFT,
			plot_text_fit(ch->arena, notes->v[i], PLOT_SMALL_TEXT, width - 2 * MARGIN));
	}
	ch->box = (struct plot_box){MARGIN, MARGIN + TITLE_HEIGHT, width - 2 * MARGIN,
		height - 2 * MARGIN - TITLE_HEIGHT - below};
	plot_kind_of(ch->p->req.kind)->draw(ch);
}

static int check_size(int width, int height, double scale, struct guild_error *err)
{
	int smaller = width < height ? width : height;
	int larger = width < height ? height : width;

	if (smaller < GUILD_PLOT_SIZE_MIN || !(larger * scale <= GUILD_PLOT_SIZE_MAX) ||
		!(smaller * scale >= 1)) {
		return guild_error_set(err, GUILD_ELIMIT,
			"a size of %dx%d at scale %g is out of range: %d to %d", width, height,
			scale, GUILD_PLOT_SIZE_MIN, GUILD_PLOT_SIZE_MAX);
	}
	return 0;
}

int guild_plot_draw(const struct guild_plot *p, const struct guild_plot_style *style,
	enum guild_plot_format format, const struct guild_sink *to, struct guild_error *err)
{
	const struct plot_kind *kind = plot_kind_of(p->req.kind);
	int width = style->width ? style->width : kind->width;
	int height = style->height ? style->height : kind->height;
	double scale = format == GUILD_PLOT_PNG && style->scale > 0 ? style->scale : 1;
	struct plot_chart ch = {
		.p = p, .theme = plot_theme(style->is_dark), .arena = guild_arena_new()};
	const char *title = style->title ? style->title : default_title(p, ch.arena);
	int rc = check_size(width, height, scale, err);

	if (rc == 0 && format == GUILD_PLOT_PNG) {
		rc = plot_png_new(width, height, scale, &ch.c, err);
	} else if (rc == 0) {
		ch.c = plot_svg_new(width, height, title);
	}
	if (rc == 0) {
		draw_all(&ch, width, height, title);
		rc = ch.c.ops->finish(ch.c.self, to, err);
	}
	plot_canvas_free(&ch.c);
	guild_arena_free(ch.arena);
	return rc;
}
