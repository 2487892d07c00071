/* Optimization history: the objective of each trial, and the best so far. */

#include "plot_private.h"

#include <math.h>

enum { FAILED_HEIGHT = 16, LEGEND_HEIGHT = 18 };

static void draw_best(struct plot_chart *ch, struct plot_box b, const struct plot_axis *x,
	const struct plot_axis *y)
{
	const struct guild_plot *p = ch->p;
	struct plot_path path = {0};
	struct plot_paint paint = {
		.stroke = {ch->theme->series[1], 1}, .width = 2.2, .class = "best"};
	double best = NAN;

	for (size_t i = 0; i < p->n; i++) {
		double at = plot_at_x(b, x, (double)(i + 1));

		double v = plot_contender(p, i);

		if (plot_is_better(p, v, best)) {
			if (!isnan(best)) {
				plot_path_line(&path, at, plot_at_y(b, y, best));
			}
			best = v;
			plot_path_line(&path, at, plot_at_y(b, y, best));
		}
	}
	plot_path_line(&path, plot_at_x(b, x, (double)p->n), plot_at_y(b, y, best));
	plot_draw_path(&ch->c, &path, &paint);
	plot_path_fini(&path);
}

static void draw_trials(struct plot_chart *ch, struct plot_box b, const struct plot_axis *x,
	const struct plot_axis *y)
{
	const struct guild_plot *p = ch->p;
	double r = p->n > 1000 ? 2.2 : p->n > 200 ? 3 : 4.2;
	struct plot_color valued = {ch->theme->line, fmax(plot_alpha(p->n), 0.3)};
	struct plot_color missing = {ch->theme->muted, 0.9};

	for (size_t i = 0; i < p->n; i++) {
		bool is_missing = isnan(y->v[i]);
		double at_y =
			is_missing ? b.y + b.h - FAILED_HEIGHT / 2.0 : plot_at_y(b, y, y->v[i]);

		/* A trial without a value lies on the lower edge. */
		plot_mark(ch, i, plot_at_x(b, x, (double)(i + 1)), at_y, r,
			is_missing ? missing : valued);
	}
}

static void draw(struct plot_chart *ch)
{
	const struct guild_plot *p = ch->p;
	struct plot_axis x = {.name = "trial",
		.low = 1,
		.high = (double)(p->n > 1 ? p->n : 2),
		.n = 0,
		.is_integer = true};
	struct plot_axis y = p->objective;
	struct plot_box outer = ch->box;
	struct plot_paint line = {.stroke = {ch->theme->series[1], 1}, .width = 2.2};

	plot_axis_widen(&x, 0.01);
	plot_axis_widen(&y, 0.05);
	if (p->n_valued < p->n) {
		y.unmarked = FAILED_HEIGHT / (outer.h - LEGEND_HEIGHT - 60);
		y.low -= (y.high - y.low) * y.unmarked / (1 - y.unmarked);
	}
	outer.y += LEGEND_HEIGHT;
	outer.h -= LEGEND_HEIGHT;
	struct plot_box b = plot_frame(ch, outer, &x, &y, "trial", plot_objective_name(ch));
	if (p->n_valued < p->n) {
		struct plot_paint band = {.fill = {ch->theme->grid, 0.6}};

		plot_draw_rect(&ch->c, b.x, b.y + b.h - FAILED_HEIGHT, b.w, FAILED_HEIGHT, &band);
		plot_muted_text(ch, b.x - 6, b.y + b.h - 4, PLOT_RIGHT, "none");
	}
	draw_trials(ch, b, &x, &y);
	draw_best(ch, b, &x, &y);
	double at = ch->box.y + 4;
	plot_muted_text(ch, b.x + 26, at + 4, PLOT_LEFT, "best so far");
	plot_draw_line(&ch->c, (struct plot_point){b.x, at}, (struct plot_point){b.x + 20, at},
		&line);
	plot_mark_legend(ch, b.x + b.w, at);
}

static int prepare(struct guild_plot *p, struct guild_error *err)
{
	(void)err;
	if (p->n_valued < p->n) {
		guild_strs_addf(&p->notes, "%zu of %zu runs have no value of %s",
			p->n - p->n_valued, p->n, p->objective_col.header);
	}
	return 0;
}

static void put_json(const struct guild_plot *p, struct guild_arena *a, struct guild_value *out)
{
	struct guild_value *list = guild_value_list(a);
	double best = NAN;

	for (size_t i = 0; i < p->n; i++) {
		double v = plot_contender(p, i);

		if (plot_is_better(p, v, best)) {
			best = v;
		}
		guild_value_append(a, list,
			isnan(best) ? guild_value_null(a)
				    : guild_value_float(a, plot_axis_number(&p->objective, best)));
	}
	guild_value_set(a, out, "best_so_far", list);
}

const struct plot_kind plot_history = {
	.name = "history",
	.title = "Optimization history",
	.width = 1000,
	.height = 560,
	.prepare = prepare,
	.draw = draw,
	.put_json = put_json,
};
