/* The objective over two flags: filled contours of what lies between the runs, and the runs. */

#include "plot_private.h"

#include <math.h>

enum { COLS = 96, ROWS = 72, LEVELS = 11, LEGEND_WIDTH = 110 };

struct contour {
	struct plot_chart *ch;
	struct plot_box box;
	const double *field;
};

/* ---- regions --------------------------------------------------------------------------------------------------- */

static struct plot_point grid_point(const struct contour *w, size_t i, size_t j)
{
	return (struct plot_point){w->box.x + w->box.w * (double)i / (COLS - 1),
		w->box.y + w->box.h - w->box.h * (double)j / (ROWS - 1)};
}

/* The part of one cell where the field is at least `level`: its border is walked, and cut where the level is crossed. */
static void add_cell(const struct contour *w, size_t i, size_t j, double level,
	struct plot_path *path)
{
	const size_t corners[4][2] = {{i, j}, {i + 1, j}, {i + 1, j + 1}, {i, j + 1}};
	bool is_started = false;

	for (size_t k = 0; k < 4; k++) {
		const size_t *a = corners[k];
		const size_t *b = corners[(k + 1) % 4];
		double va = w->field[a[1] * COLS + a[0]];
		double vb = w->field[b[1] * COLS + b[0]];
		struct plot_point from = grid_point(w, a[0], a[1]);
		struct plot_point to = grid_point(w, b[0], b[1]);

		if (va >= level) {
			(is_started ? plot_path_line : plot_path_move)(path, from.x, from.y);
			is_started = true;
		}
		if ((va >= level) != (vb >= level)) {
			double t = (level - va) / (vb - va);

			(is_started ? plot_path_line : plot_path_move)(path,
				from.x + (to.x - from.x) * t, from.y + (to.y - from.y) * t);
			is_started = true;
		}
	}
}

static bool is_inside(const struct contour *w, size_t i, size_t j, double level)
{
	const double *v = &w->field[j * COLS + i];

	return v[0] >= level && v[1] >= level && v[COLS] >= level && v[COLS + 1] >= level;
}

/* Cells that are wholly inside are drawn a row at a time. */
static void add_region(const struct contour *w, double level, struct plot_path *path)
{
	for (size_t j = 0; j + 1 < ROWS; j++) {
		for (size_t i = 0; i + 1 < COLS; i++) {
			size_t end = i;

			while (end + 1 < COLS && is_inside(w, end, j, level)) {
				end++;
			}
			if (end == i) {
				add_cell(w, i, j, level, path);
				continue;
			}
			struct plot_point low = grid_point(w, i, j);
			struct plot_point high = grid_point(w, end, j + 1);

			/* The same way round as cells are. */
			plot_path_move(path, low.x, low.y);
			plot_path_line(path, high.x, low.y);
			plot_path_line(path, high.x, high.y);
			plot_path_line(path, low.x, high.y);
			i = end - 1;
		}
	}
}

static void draw_regions(const struct contour *w, double low, double high)
{
	struct plot_chart *ch = w->ch;
	struct plot_path path = {.is_closed = true};

	for (int k = 0; k < LEVELS; k++) {
		double v = (k + 0.5) / LEVELS;
		uint32_t rgb = plot_sequential(ch->theme, ch->p->req.maximize ? 1 - v : v);
		struct plot_paint paint = {.fill = {rgb, 1}, .class = "level"};

		plot_path_reset(&path);
		if (k == 0) {
			plot_path_rect(&path, w->box.x, w->box.y, w->box.w, w->box.h);
		} else {
			add_region(w, low + (high - low) * k / LEVELS, &path);
		}
		plot_draw_path(&ch->c, &path, &paint);
	}
	plot_path_fini(&path);
}

/* ---- the chart ------------------------------------------------------------------------------------------------- */

static void draw_runs(const struct contour *w, const struct plot_axis *x, const struct plot_axis *y)
{
	const struct guild_plot *p = w->ch->p;
	size_t n = 0;
	size_t *order = plot_worst_first(p, w->ch->arena, &n);
	double r = n > 1000 ? 1.6 : n > 200 ? 2.3 : 3.2;

	for (size_t k = 0; k < n; k++) {
		size_t i = order[k];
		bool is_best = i == p->best;
		struct plot_paint paint = {
			.fill = {is_best ? 0xd55e00 : 0xffffff, is_best ? 1 : 0.85},
			.stroke = {0x14171c, n > 1000 ? 0.35 : 0.8},
			.width = 0.9,
			.class = is_best ? "run best" : "run",
			.title = plot_trial_title(p, i, w->ch->arena),
		};

		if (!isnan(x->v[i]) && !isnan(y->v[i])) {
			plot_draw_dot(&w->ch->c, plot_at_x(w->box, x, x->v[i]),
				plot_at_y(w->box, y, y->v[i]), is_best ? r + 2.5 : r, &paint);
		}
	}
}

static void draw(struct plot_chart *ch)
{
	const struct guild_plot *p = ch->p;
	struct plot_axis x = p->flags[0];
	struct plot_axis y = p->flags[1];
	struct plot_box outer = ch->box;
	double low = INFINITY;
	double high = -INFINITY;
	char text[2][PLOT_TICK_TEXT];

	outer.w -= LEGEND_WIDTH;
	plot_axis_widen(&x, 0.03);
	plot_axis_widen(&y, 0.03);
	struct contour w = {.ch = ch,
		.box = plot_frame(ch, outer, &x, &y, x.name, y.name),
		.field = plot_field(p, &x, &y, COLS, ROWS, ch->arena)};
	for (size_t i = 0; i < (size_t)COLS * ROWS; i++) {
		low = fmin(low, w.field[i]);
		high = fmax(high, w.field[i]);
	}
	draw_regions(&w, low, high);
	draw_runs(&w, &x, &y);
	plot_short_text(plot_axis_number(&p->objective, low), text[p->req.maximize]);
	plot_short_text(plot_axis_number(&p->objective, high), text[!p->req.maximize]);
	plot_color_bar(ch,
		(struct plot_box){ch->box.x + ch->box.w - LEGEND_WIDTH / 2.0 - 7, w.box.y + 50, 14,
			fmin(300, w.box.h - 90)},
		plot_text_fit(ch->arena, p->objective_col.header, PLOT_SMALL_TEXT, LEGEND_WIDTH),
		text[0], text[1], true);
}

static int prepare(struct guild_plot *p, struct guild_error *err)
{
	int rc = plot_choose_flags(p, err);

	if (rc != 0) {
		return rc;
	}
	bool is_chosen = p->req.flags && p->req.flags->n > 0;
	if (p->n_flags < 2 || (is_chosen && p->n_flags > 2)) {
		guild_error_set(err, GUILD_EINVALID, "a contour plot needs two flags, not %zu",
			p->n_flags);
		guild_error_hint(err, "name two with --flags A,B");
		return GUILD_EINVALID;
	}
	if (p->n_flags_there > 2) {
		guild_strs_fini(&p->notes);
		guild_strs_addf(&p->notes, "2 of %zu flags shown; --flags A,B chooses others",
			p->n_flags_there);
	}
	p->n_flags = 2;
	return 0;
}

const struct plot_kind plot_contour = {
	.name = "contour",
	.title = "Contours",
	.width = 900,
	.height = 640,
	.prepare = prepare,
	.draw = draw,
};
