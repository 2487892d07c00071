/* Parallel coordinates: an axis for each flag and one for the objective, a line for each run. */

#include "plot_private.h"

#include <math.h>

enum {
	NAME_HEIGHT = 40,
	NARROW = 90,
	UNSET_HEIGHT = 26,
	SIDE_MIN = 30,
	SIDE_MAX = 130,
	STRIP = 7,
	TICK_SPACE = 42
};

struct parallel {
	struct plot_chart *ch;
	struct plot_axis *axes; /* flags, then the objective */
	size_t n;
	struct plot_box box; /* of the axes */
	bool has_unset;
};

static double axis_x(const struct parallel *w, size_t i)
{
	return w->n == 1 ? w->box.x + w->box.w / 2
			 : w->box.x + w->box.w * (double)i / (double)(w->n - 1);
}

/* What is not set lies below the axis. */
static double value_y(const struct parallel *w, size_t i, size_t trial)
{
	double v = w->axes[i].v[trial];

	return isnan(v) ? w->box.y + w->box.h + UNSET_HEIGHT - 8
			: plot_at_y(w->box, &w->axes[i], v);
}

static void draw_lines(const struct parallel *w)
{
	const struct guild_plot *p = w->ch->p;
	struct plot_path path = {0};
	size_t n = 0;
	size_t *order = plot_worst_first(p, w->ch->arena, &n);
	double alpha = plot_alpha(n);

	for (size_t k = 0; k < n; k++) {
		size_t trial = order[k];
		bool is_best = trial == p->best;
		uint32_t rgb = plot_sequential(w->ch->theme, plot_rank(p, trial));
		struct plot_paint paint = {
			/* The best stand out among many others. */
			.stroke = {rgb, is_best      ? 1
					: k + 10 > n ? fmax(alpha, 0.7)
						     : alpha},
			.width = is_best ? 3 : 1.5,
			.class = is_best ? "run best" : "run",
			.title = plot_trial_title(p, trial, w->ch->arena),
		};

		plot_path_reset(&path);
		for (size_t i = 0; i < w->n; i++) {
			plot_path_line(&path, axis_x(w, i), value_y(w, i, trial));
		}
		plot_draw_path(&w->ch->c, &path, &paint);
	}
	plot_path_fini(&path);
}

/* Texts lie over lines: what is behind them fades. */
static void draw_tick(const struct parallel *w, double x, double y, const char *text, double room)
{
	const char *fit = plot_text_fit(w->ch->arena, text, PLOT_SMALL_TEXT, room);
	double width = plot_text_width(fit, PLOT_SMALL_TEXT, false);
	struct plot_paint paint = {.fill = {w->ch->theme->background, 0.75}};
	struct plot_paint tick = {.stroke = {w->ch->theme->axis, 1}, .width = 1};

	plot_draw_line(&w->ch->c, (struct plot_point){x - 4, y}, (struct plot_point){x, y}, &tick);
	plot_draw_rect(&w->ch->c, x - width - 8, y - 7, width + 4, 14, &paint);
	plot_muted_text(w->ch, x - 6, y + 4, PLOT_RIGHT, fit);
}

static void draw_strip(const struct parallel *w, double x)
{
	enum { STEPS = 48 };
	double step = w->box.h / STEPS;

	for (int i = 0; i < STEPS; i++) {
		double v = (i + 0.5) / STEPS;
		struct plot_paint paint = {
			.fill = {plot_sequential(w->ch->theme, w->ch->p->req.maximize ? v : 1 - v),
				1}};

		plot_draw_rect(&w->ch->c, x + 4, w->box.y + i * step, STRIP,
			step + (i + 1 < STEPS ? 0.5 : 0), &paint);
	}
}

/* Would the objective's name touch that of the axis before? */
static bool objective_is_wide(const struct parallel *w, double room)
{
	double own = plot_text_width(plot_objective_name(w->ch), PLOT_TEXT_SIZE, true);
	double other = plot_text_width(w->axes[w->n - 2].name, PLOT_TEXT_SIZE, false);

	return own + fmin(other, room) / 2 > room;
}

static void draw_axis(const struct parallel *w, size_t i, double room)
{
	struct plot_tick ticks[PLOT_TICKS_MAX];
	const struct plot_axis *axis = &w->axes[i];
	struct plot_paint line = {.stroke = {w->ch->theme->axis, 1}, .width = 1.4};
	double x = axis_x(w, i);
	bool is_last = i + 1 == w->n;
	double space = axis->kind == PLOT_CATEGORIES ? 15 : TICK_SPACE;
	size_t n = plot_axis_ticks(axis, (size_t)(w->box.h / space), ticks);
	/* Names of neighbours have a line each where both would not fit in one. */
	double name_y = w->box.y - 10 - (room < NARROW && i % 2 ? 15 : 0);
	struct plot_text_style name = {
		.size = PLOT_TEXT_SIZE,
		.align = is_last && w->n > 1 ? PLOT_RIGHT : PLOT_CENTER,
		.is_bold = is_last,
		.rgb = w->ch->theme->text,
		.class = "axis",
	};

	plot_draw_line(&w->ch->c, (struct plot_point){x, w->box.y},
		(struct plot_point){x, w->box.y + w->box.h}, &line);
	for (size_t k = 0; k < n; k++) {
		draw_tick(w, x, plot_at_y(w->box, axis, ticks[k].v),
			plot_tick_text(axis, &ticks[k]), i == 0 ? SIDE_MAX : room - 12);
	}
	if (is_last && w->n > 1 && objective_is_wide(w, room)) {
		name_y = w->box.y - (room < NARROW ? 41 : 26);
	}
	plot_draw_text(&w->ch->c, is_last && w->n > 1 ? x + STRIP + 6 : x, name_y,
		plot_text_fit(w->ch->arena, is_last ? plot_objective_name(w->ch) : axis->name,
			PLOT_TEXT_SIZE,
			(is_last                ? 2
				: room < NARROW ? 1.8
						: 1) *
					room -
				6),
		&name);
	if (is_last) {
		draw_strip(w, x);
	}
}

/* Room for the texts of the first axis. */
static double first_side(const struct parallel *w)
{
	struct plot_tick ticks[PLOT_TICKS_MAX];
	size_t n = plot_axis_ticks(&w->axes[0], PLOT_TICKS_MAX, ticks);
	double side = SIDE_MIN;

	for (size_t i = 0; i < n; i++) {
		side = fmax(side, plot_text_width(plot_tick_text(&w->axes[0], &ticks[i]),
					  PLOT_SMALL_TEXT, false));
	}
	return fmin(side, SIDE_MAX);
}

static void draw(struct plot_chart *ch)
{
	const struct guild_plot *p = ch->p;
	struct parallel w = {.ch = ch, .n = p->n_flags + 1, .box = ch->box};

	w.axes = guild_arena_alloc(ch->arena, w.n * sizeof(*w.axes));
	for (size_t i = 0; i < p->n_flags; i++) {
		w.axes[i] = p->flags[i];
		w.has_unset = w.has_unset || p->flags[i].n_set < p->n_valued;
	}
	w.axes[p->n_flags] = p->objective;
	double side = first_side(&w);
	w.box.x += side;
	w.box.w -= side + STRIP + 12;
	double room = w.n > 1 ? w.box.w / (double)(w.n - 1) : w.box.w;
	double names = NAME_HEIGHT + (room < NARROW ? 15 : 0);
	w.box.y += names;
	w.box.h -= names + (w.has_unset ? UNSET_HEIGHT : 8);
	draw_lines(&w);
	for (size_t i = 0; i < w.n; i++) {
		draw_axis(&w, i, room);
	}
	if (w.has_unset) {
		plot_muted_text(ch, ch->box.x, w.box.y + w.box.h + UNSET_HEIGHT - 4, PLOT_LEFT,
			"not set");
	}
}

const struct plot_kind plot_parallel = {
	.name = "parallel",
	.title = "Parallel coordinates",
	.width = 1200,
	.height = 640,
	.prepare = plot_choose_flags,
	.draw = draw,
};
