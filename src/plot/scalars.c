/* Scalars over steps, a line for each run. */

#include "plot_private.h"

#include <math.h>
#include <stdlib.h>

enum { LEGEND_LINE = 17, LEGEND_WIDTH = 240, GAP = 18, FEW = PLOT_SERIES };

/* Values of all runs as one axis, to learn its scale and range. */
static void make_axis(const struct plot_chart *ch, size_t scalar, struct plot_axis *out)
{
	const struct guild_plot *p = ch->p;
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++) {
		n += p->trials[i].lines[scalar].n;
	}
	const struct guild_value **v = guild_alloc((n + 1) * sizeof(*v));
	struct guild_value *numbers = guild_alloc((n + 1) * sizeof(*numbers));
	size_t at = 0;
	for (size_t i = 0; i < p->n; i++) {
		const struct plot_line *line = &p->trials[i].lines[scalar];

		for (size_t k = 0; k < line->n; k++, at++) {
			numbers[at] =
				(struct guild_value){.type = GUILD_FLOAT, .f = line->v[k].value};
			v[at] = &numbers[at];
		}
	}
	const char *name = p->scalars.v[scalar];
	plot_axis_init(out, ch->arena, name, v, n, plot_wanted_scale(p, name));
	free(numbers);
	free(v);
}

static void step_range(const struct guild_plot *p, size_t scalar, struct plot_axis *out)
{
	int64_t low = INT64_MAX;
	int64_t high = INT64_MIN;

	for (size_t i = 0; i < p->n; i++) {
		const struct plot_line *line = &p->trials[i].lines[scalar];

		if (line->n > 0) {
			low = line->v[0].step < low ? line->v[0].step : low;
			high = line->v[line->n - 1].step > high ? line->v[line->n - 1].step : high;
		}
	}
	*out = (struct plot_axis){.low = (double)low,
		.high = (double)high + (low == high),
		.is_integer = true,
		.name = "step"};
}

static struct plot_color line_color(const struct plot_chart *ch, size_t trial)
{
	const struct guild_plot *p = ch->p;

	if (p->n <= FEW) {
		return (struct plot_color){ch->theme->series[trial % PLOT_SERIES], 0.95};
	}
	double v = isnan(p->objective.v[trial]) ? 1 : plot_rank(p, trial);

	return (struct plot_color){plot_sequential(ch->theme, v), fmax(plot_alpha(p->n), 0.12)};
}

static void draw_line(struct plot_chart *ch, struct plot_box b, const struct plot_axis *x,
	const struct plot_axis *y, size_t scalar, size_t trial)
{
	const struct plot_line *line = &ch->p->trials[trial].lines[scalar];
	struct plot_paint paint = {.stroke = line_color(ch, trial),
		.width = 1.6,
		.class = "run",
		.title = plot_trial_title(ch->p, trial, ch->arena)};
	struct plot_path path = {0};
	bool is_broken = true;

	for (size_t k = 0; k < line->n; k++) {
		double v = line->v[k].value;

		v = y->kind == PLOT_LOG ? (v > 0 ? log10(v) : NAN) : v;
		if (!isfinite(v)) {
			is_broken = true; /* NaN is a gap */
			continue;
		}
		double at_x = plot_at_x(b, x, (double)line->v[k].step);
		double at_y = plot_at_y(b, y, v);

		if (is_broken) {
			plot_path_move(&path, at_x, at_y);
		} else {
			plot_path_line(&path, at_x, at_y);
		}
		is_broken = false;
	}
	if (path.n == 1) {
		paint.fill = paint.stroke;
		paint.stroke.alpha = 0;
		plot_draw_dot(&ch->c, path.v[0].x, path.v[0].y, 3, &paint);
	} else {
		plot_draw_path(&ch->c, &path, &paint);
	}
	plot_path_fini(&path);
}

static void draw_panel(struct plot_chart *ch, struct plot_box outer, size_t scalar)
{
	struct plot_axis x;
	struct plot_axis y;

	step_range(ch->p, scalar, &x);
	make_axis(ch, scalar, &y);
	plot_axis_widen(&y, 0.04);
	struct plot_box b = plot_frame(ch, outer, &x, &y, "step", ch->p->scalars.v[scalar]);
	for (size_t i = 0; i < ch->p->n; i++) {
		draw_line(ch, b, &x, &y, scalar, i);
	}
}

/* What tells the runs apart, or else their labels. */
static const char *line_name(const struct plot_chart *ch, size_t trial)
{
	const struct plot_trial *t = &ch->p->trials[trial];
	struct guild_buf out = {0};

	guild_buf_printf(&out, "%.*s", GUILD_RUN_SHORT_LEN, t->id);
	for (size_t i = 0; i < ch->p->n_flags; i++) {
		const struct plot_axis *flag = &ch->p->flags[i];

		if (!isnan(flag->v[trial])) {
			guild_buf_printf(&out, " %s=%s", flag->name,
				plot_axis_text(flag, flag->v[trial], ch->arena));
		}
	}
	if (ch->p->n_flags == 0 && t->label) {
		guild_buf_printf(&out, " %s", t->label);
	}
	const char *name = guild_arena_strdup(ch->arena, guild_buf_cstr(&out));

	guild_buf_fini(&out);
	return name;
}

static void draw_legend(struct plot_chart *ch, struct plot_box b)
{
	const struct guild_plot *p = ch->p;

	for (size_t i = 0; i < p->n; i++) {
		double y = b.y + 14 + (double)i * LEGEND_LINE;
		struct plot_paint line = {.stroke = line_color(ch, i), .width = 2.4};
		const char *name = line_name(ch, i);

		plot_draw_line(&ch->c, (struct plot_point){b.x, y},
			(struct plot_point){b.x + 16, y}, &line);
		plot_muted_text(ch, b.x + 22, y + 4, PLOT_LEFT,
			plot_text_fit(ch->arena, name, PLOT_SMALL_TEXT, b.w - 22));
	}
}

static void draw(struct plot_chart *ch)
{
	const struct guild_plot *p = ch->p;
	size_t n = p->scalars.n;
	size_t n_cols = n <= 1 ? 1 : n <= 4 ? 2 : 3;
	size_t n_rows = (n + n_cols - 1) / n_cols;
	bool has_names = p->n <= FEW;
	bool has_colors = !has_names && p->n_valued > 1;
	double legend = has_names ? LEGEND_WIDTH : has_colors ? 100 : 0;
	double w = (ch->box.w - legend) / (double)n_cols;
	double h = ch->box.h / (double)n_rows;
	char text[2][PLOT_TICK_TEXT];

	for (size_t k = 0; k < n; k++) {
		size_t row = k / n_cols;

		draw_panel(ch,
			(struct plot_box){ch->box.x + (double)(k % n_cols) * w,
				ch->box.y + (double)row * h, w - GAP, h - 8},
			k);
	}
	struct plot_box right = {ch->box.x + ch->box.w - legend, ch->box.y, legend, ch->box.h};
	if (has_names) {
		draw_legend(ch, right);
	} else if (has_colors) {
		plot_short_text(plot_axis_number(&p->objective, p->objective.low),
			text[p->req.maximize]);
		plot_short_text(plot_axis_number(&p->objective, p->objective.high),
			text[!p->req.maximize]);
		plot_color_bar(ch,
			(struct plot_box){right.x + legend / 2 - 7, right.y + 60, 14,
				fmin(240, right.h - 120)},
			plot_text_fit(ch->arena, p->objective_col.header, PLOT_SMALL_TEXT, legend),
			text[0], text[1], true);
	}
}

static void put_json(const struct guild_plot *p, struct guild_arena *a, struct guild_value *out)
{
	struct guild_value *all = guild_value_dict(a);

	for (size_t k = 0; k < p->scalars.n; k++) {
		struct guild_value *runs = guild_value_list(a);

		for (size_t i = 0; i < p->n; i++) {
			const struct plot_line *line = &p->trials[i].lines[k];
			struct guild_value *run = guild_value_dict(a);
			struct guild_value *points = guild_value_list(a);

			for (size_t j = 0; j < line->n; j++) {
				struct guild_value *point = guild_value_list(a);

				guild_value_append(a, point, guild_value_int(a, line->v[j].step));
				guild_value_append(a, point,
					guild_value_float(a, line->v[j].value));
				guild_value_append(a, points, point);
			}
			guild_value_set(a, run, "id", guild_value_string(a, p->trials[i].id));
			guild_value_set(a, run, "points", points);
			guild_value_append(a, runs, run);
		}
		guild_value_set(a, all, p->scalars.v[k], runs);
	}
	guild_value_set(a, out, "scalars", all);
}

const struct plot_kind plot_scalars = {
	.name = "scalars",
	.title = "Scalars",
	.width = 1100,
	.height = 580,
	.draw = draw,
	.put_json = put_json,
};
