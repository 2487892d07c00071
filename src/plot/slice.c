/* Slices: for each flag the objective over its values, later trials darker. */

#include "plot_private.h"

#include <math.h>

enum { LEGEND_WIDTH = 86, GAP = 18 };

/* Marks of one category lie beside each other: by the trial's number, so that they stay where they are. */
static double spread(const struct plot_axis *axis, size_t trial)
{
	double golden = 0.6180339887498949 * (double)(trial + 1);

	return axis->kind == PLOT_CATEGORIES ? (golden - floor(golden) - 0.5) * 0.5 : 0;
}

static void draw_panel(struct plot_chart *ch, struct plot_box outer, const struct plot_axis *flag,
	const struct plot_axis *objective, const char *y_name)
{
	const struct guild_plot *p = ch->p;
	struct plot_axis x = *flag;

	plot_axis_widen(&x, 0.03);
	struct plot_box b = plot_frame(ch, outer, &x, objective, x.name, y_name);
	double r = p->n_valued > 1000 ? 2.5 : p->n_valued > 200 ? 3.2 : 4.2;
	double alpha = fmax(plot_alpha(p->n_valued), 0.25);

	for (size_t i = 0; i < p->n; i++) {
		if (isnan(x.v[i]) || isnan(objective->v[i])) {
			continue;
		}
		double place = p->n > 1 ? (double)i / (double)(p->n - 1) : 1;
		struct plot_color color = {plot_sequential(ch->theme, 1 - place), alpha};

		plot_mark(ch, i, plot_at_x(b, &x, x.v[i] + spread(&x, i)),
			plot_at_y(b, objective, objective->v[i]), r, color);
	}
	if (p->best != SIZE_MAX && !isnan(x.v[p->best])) {
		struct plot_paint ring = {
			.stroke = {ch->theme->series[1], 1}, .width = 2, .class = "best"};

		plot_draw_dot(&ch->c, plot_at_x(b, &x, x.v[p->best] + spread(&x, p->best)),
			plot_at_y(b, objective, objective->v[p->best]), r + 2.5, &ring);
	}
}

static void draw(struct plot_chart *ch)
{
	const struct guild_plot *p = ch->p;
	struct plot_axis objective = p->objective;
	size_t n_cols = p->n_flags <= 3   ? p->n_flags
			: p->n_flags == 4 ? 2
			: p->n_flags <= 9 ? 3
					  : 4;
	size_t n_rows = (p->n_flags + n_cols - 1) / n_cols;
	double w = (ch->box.w - LEGEND_WIDTH) / (double)n_cols;
	double h = (ch->box.h - 14) / (double)n_rows;

	plot_axis_widen(&objective, 0.04);
	for (size_t i = 0; i < p->n_flags; i++) {
		size_t col = i % n_cols;
		size_t row = i / n_cols;
		struct plot_box outer = {ch->box.x + (double)col * w,
			ch->box.y + 14 + (double)row * h, w - GAP, h - GAP / 2.0};

		draw_panel(ch, outer, &p->flags[i], &objective,
			col == 0 ? plot_objective_name(ch) : NULL);
	}
	plot_mark_legend(ch, ch->box.x + ch->box.w - LEGEND_WIDTH - GAP, ch->box.y);
	plot_color_bar(ch,
		(struct plot_box){ch->box.x + ch->box.w - LEGEND_WIDTH / 2.0 - 7, ch->box.y + 60,
			14, fmin(240, ch->box.h - 120)},
		"trial", guild_arena_format(ch->arena, "%zu", p->n), "1", true);
}

const struct plot_kind plot_slice = {
	.name = "slice",
	.title = "Slices",
	.width = 1200,
	.height = 640,
	.prepare = plot_choose_flags,
	.draw = draw,
};
