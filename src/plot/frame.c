/* Axes, names and legends. */

#include "plot_private.h"

#include <math.h>

enum {
	TICK_GAP = 6,      /* between an axis and its texts */
	TICK_SPACE_Y = 28, /* between ticks, at least */
	TICK_SPACE_X = 48,
	LINE_HEIGHT = 15,
	NAME_WIDTH_MAX = 130, /* of a category's name */
};

void plot_text(const struct plot_chart *ch, double x, double y, enum plot_align align,
	const char *class, const char *text)
{
	struct plot_text_style style = {
		.size = PLOT_TEXT_SIZE, .align = align, .rgb = ch->theme->text, .class = class};

	plot_draw_text(&ch->c, x, y, text, &style);
}

void plot_muted_text(const struct plot_chart *ch, double x, double y, enum plot_align align,
	const char *text)
{
	struct plot_text_style style = {
		.size = PLOT_SMALL_TEXT, .align = align, .rgb = ch->theme->muted};

	plot_draw_text(&ch->c, x, y, text, &style);
}

double plot_at_x(struct plot_box b, const struct plot_axis *axis, double v)
{
	return b.x + plot_axis_place(axis, v) * b.w;
}

double plot_at_y(struct plot_box b, const struct plot_axis *axis, double v)
{
	return b.y + b.h - plot_axis_place(axis, v) * b.h;
}

const char *plot_objective_name(const struct plot_chart *ch)
{
	return guild_arena_format(ch->arena, "%s (%s is better)", ch->p->objective_col.header,
		ch->p->req.maximize ? "higher" : "lower");
}

/* ---- two axes -------------------------------------------------------------------------------------------------- */

static double widest_tick(const struct plot_axis *axis, const struct plot_tick *ticks, size_t n)
{
	double widest = 0;

	for (size_t i = 0; i < n; i++) {
		widest = fmax(widest,
			plot_text_width(plot_tick_text(axis, &ticks[i]), PLOT_SMALL_TEXT, false));
	}
	return fmin(widest, NAME_WIDTH_MAX);
}

static void draw_y_ticks(const struct plot_chart *ch, struct plot_box b,
	const struct plot_axis *axis, const struct plot_tick *ticks, size_t n)
{
	struct plot_paint grid = {.stroke = {ch->theme->grid, 1}, .width = 1};

	for (size_t i = 0; i < n; i++) {
		double y = plot_at_y(b, axis, ticks[i].v);
		const char *text = plot_text_fit(ch->arena, plot_tick_text(axis, &ticks[i]),
			PLOT_SMALL_TEXT, NAME_WIDTH_MAX);

		plot_draw_line(&ch->c, (struct plot_point){b.x, y},
			(struct plot_point){b.x + b.w, y}, &grid);
		plot_muted_text(ch, b.x - TICK_GAP, y + 4, PLOT_RIGHT, text);
	}
}

static void draw_x_ticks(const struct plot_chart *ch, struct plot_box b,
	const struct plot_axis *axis, const struct plot_tick *ticks, size_t n, bool is_upright)
{
	struct plot_paint grid = {.stroke = {ch->theme->grid, 1}, .width = 1};
	double space =
		n > 1 ? fabs(plot_at_x(b, axis, ticks[1].v) - plot_at_x(b, axis, ticks[0].v)) : b.w;

	for (size_t i = 0; i < n; i++) {
		double x = plot_at_x(b, axis, ticks[i].v);
		double room = is_upright ? NAME_WIDTH_MAX : fmax(space - 4, 10);
		struct plot_text_style style = {
			.size = PLOT_SMALL_TEXT,
			.align = is_upright ? PLOT_RIGHT : PLOT_CENTER,
			.rgb = ch->theme->muted,
			.is_upright = is_upright,
		};

		if (axis->kind != PLOT_CATEGORIES) {
			plot_draw_line(&ch->c, (struct plot_point){x, b.y},
				(struct plot_point){x, b.y + b.h}, &grid);
			room = INFINITY;
		}
		const char *text = plot_text_fit(ch->arena, plot_tick_text(axis, &ticks[i]),
			PLOT_SMALL_TEXT, room);
		plot_draw_text(&ch->c, is_upright ? x + 4 : x,
			b.y + b.h + (is_upright ? TICK_GAP : LINE_HEIGHT), text, &style);
	}
}

/* Fewer until their texts have room. */
static size_t fitting_x_ticks(const struct plot_axis *axis, double width, struct plot_tick *ticks)
{
	size_t max = (size_t)(width / TICK_SPACE_X) + 1;
	size_t n = plot_axis_ticks(axis, max, ticks);

	while (axis->kind != PLOT_CATEGORIES && max > 2 &&
		(widest_tick(axis, ticks, n) + 8) * (double)n > width) {
		n = plot_axis_ticks(axis, --max, ticks);
	}
	return n;
}

struct plot_box plot_frame(const struct plot_chart *ch, struct plot_box outer,
	const struct plot_axis *x, const struct plot_axis *y, const char *x_name,
	const char *y_name)
{
	struct plot_tick x_ticks[PLOT_TICKS_MAX];
	struct plot_tick y_ticks[PLOT_TICKS_MAX];
	struct plot_box b = outer;
	struct plot_paint line = {.stroke = {ch->theme->axis, 1}, .width = 1};
	double space_y = y->kind == PLOT_CATEGORIES ? LINE_HEIGHT : TICK_SPACE_Y;
	size_t n_y = plot_axis_ticks(y, (size_t)(outer.h / space_y), y_ticks);
	double left = widest_tick(y, y_ticks, n_y) + TICK_GAP + (y_name ? LINE_HEIGHT + 6 : 2);

	b.x += left;
	b.w -= left;
	size_t n_x = fitting_x_ticks(x, b.w, x_ticks);
	bool is_upright = false;

	if (x->kind == PLOT_CATEGORIES) {
		n_x = plot_axis_ticks(x, (size_t)(b.w / LINE_HEIGHT), x_ticks);
		is_upright = widest_tick(x, x_ticks, n_x) > b.w / (double)n_x - 6 &&
			     b.w / (double)n_x < 70;
	}
	double below = (is_upright ? widest_tick(x, x_ticks, n_x) + TICK_GAP : LINE_HEIGHT) +
		       (x_name ? LINE_HEIGHT + 6 : 4);
	b.h -= below;
	draw_x_ticks(ch, b, x, x_ticks, n_x, is_upright);
	draw_y_ticks(ch, b, y, y_ticks, n_y);
	plot_draw_line(&ch->c, (struct plot_point){b.x, b.y + b.h},
		(struct plot_point){b.x + b.w, b.y + b.h}, &line);
	plot_draw_line(&ch->c, (struct plot_point){b.x, b.y}, (struct plot_point){b.x, b.y + b.h},
		&line);
	if (x_name) {
		plot_text(ch, b.x + b.w / 2, outer.y + outer.h - 4, PLOT_CENTER, "axis",
			plot_text_fit(ch->arena, x_name, PLOT_TEXT_SIZE, b.w));
	}
	if (y_name) {
		struct plot_text_style style = {
			.size = PLOT_TEXT_SIZE,
			.align = PLOT_CENTER,
			.rgb = ch->theme->text,
			.is_upright = true,
			.class = "axis",
		};

		plot_draw_text(&ch->c, outer.x + PLOT_TEXT_SIZE, b.y + b.h / 2,
			plot_text_fit(ch->arena, y_name, PLOT_TEXT_SIZE, b.h), &style);
	}
	return b;
}

/* ---- legends ------------------------------------------------------------------------------------------------------ */

void plot_color_bar(const struct plot_chart *ch, struct plot_box b, const char *name,
	const char *top, const char *bottom, bool top_stands_out)
{
	enum { STEPS = 48 };
	double step = b.h / STEPS;
	double middle = b.x + b.w / 2;

	for (int i = 0; i < STEPS; i++) {
		double v = (i + 0.5) / STEPS;
		uint32_t rgb = plot_sequential(ch->theme, top_stands_out ? v : 1 - v);
		struct plot_paint paint = {.fill = {rgb, 1}};

		/* They overlap a little, so that nothing shines through between them. */
		plot_draw_rect(&ch->c, b.x, b.y + i * step, b.w, step + (i + 1 < STEPS ? 0.5 : 0),
			&paint);
	}
	plot_muted_text(ch, middle, b.y - 20, PLOT_CENTER, name);
	plot_muted_text(ch, middle, b.y - 6, PLOT_CENTER, top);
	plot_muted_text(ch, middle, b.y + b.h + 14, PLOT_CENTER, bottom);
}

/* How a mark says what became of its trial; worst last. */
static const struct {
	const char *name;
	const char *
		shape; /* corners around a point, as digits of a 3 by 3 grid; blanks part lines; NULL: round */
	bool is_filled;
} looks[] = {
	[PLOT_COMPLETED] = {"completed", NULL, true},
	[PLOT_UNFINISHED] = {"not finished", "02860", false},
	[PLOT_STOPPED] = {"stopped", NULL, false},
	[PLOT_PRUNED] = {"pruned", "0270", false},
	[PLOT_FAILED] = {"error", "08 26", false},
};

static void draw_shape(const struct plot_chart *ch, const char *shape, double x, double y, double r,
	const struct plot_paint *paint)
{
	struct plot_path path = {0};
	bool is_start = true;

	for (const char *c = shape; *c; c++) {
		int at = *c - '0';
		int row = at / 3;

		if (*c == ' ') {
			is_start = true;
			continue;
		}
		(is_start ? plot_path_move : plot_path_line)(&path, x + r * (at % 3 - 1),
			y + r * (row - 1));
		is_start = false;
	}
	plot_draw_path(&ch->c, &path, paint);
	plot_path_fini(&path);
}

static void draw_mark(const struct plot_chart *ch, enum plot_fate fate, double x, double y,
	double r, struct plot_color color, struct plot_paint *paint)
{
	if (looks[fate].is_filled) {
		paint->fill = color;
	} else {
		paint->stroke = color;
		paint->width = 1.5;
	}
	if (looks[fate].shape) {
		draw_shape(ch, looks[fate].shape, x, y, r * 0.87, paint);
	} else {
		plot_draw_dot(&ch->c, x, y, r, paint);
	}
}

void plot_mark(const struct plot_chart *ch, size_t trial, double x, double y, double r,
	struct plot_color color)
{
	struct plot_paint paint = {
		.class = "run", .title = plot_trial_title(ch->p, trial, ch->arena)};

	draw_mark(ch, ch->p->trials[trial].fate, x, y, r, color, &paint);
}

void plot_mark_legend(const struct plot_chart *ch, double x, double y)
{
	const struct guild_plot *p = ch->p;
	bool is_there[GUILD_ARRAY_LEN(looks)] = {false};

	for (size_t i = 0; i < p->n; i++) {
		if (p->req.kind == GUILD_PLOT_HISTORY || !isnan(p->objective.v[i])) {
			is_there[p->trials[i].fate] = true;
		}
	}
	for (size_t fate = GUILD_ARRAY_LEN(looks); fate-- > 0;) {
		struct plot_paint paint = {0};

		if (!is_there[fate]) {
			continue;
		}
		plot_muted_text(ch, x, y + 4, PLOT_RIGHT, looks[fate].name);
		x -= plot_text_width(looks[fate].name, PLOT_SMALL_TEXT, false) + 9;
		draw_mark(ch, (enum plot_fate)fate, x, y, 4,
			(struct plot_color){ch->theme->muted, 1}, &paint);
		x -= 20;
	}
}
