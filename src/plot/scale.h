/* Axes: where a value is, and where ticks are. Private to plot/. */
#ifndef GUILD_PLOT_SCALE_H
#define GUILD_PLOT_SCALE_H

#include <guild/formats.h>

enum plot_scale_kind { PLOT_LINEAR, PLOT_LOG, PLOT_CATEGORIES };
enum { PLOT_TICKS_MAX = 24, PLOT_TICK_TEXT = 24 };

struct plot_tick {
	double v; /* on the axis: the number, its decimal logarithm, or the category's index */
	char text[PLOT_TICK_TEXT]; /* of numbers */
};
/* At most `max` (2 to PLOT_TICKS_MAX) round numbers within [low, high], at least one; texts have the same decimals. Returns how many. */
size_t plot_linear_ticks(double low, double high, size_t max, struct plot_tick *out);
/* The same for decimal logarithms: powers of ten, between them 2 and 5, or fewer than all powers. */
size_t plot_log_ticks(double low, double high, size_t max, struct plot_tick *out);
/* A number as short as it reads: six digits, 1e-5 rather than 0.00001. */
void plot_number_text(double v, char out[PLOT_TICK_TEXT]);

/* Three digits, for legends. */
void plot_short_text(double v, char out[PLOT_TICK_TEXT]);

/* One column of a plot. Values are on the axis: see struct plot_tick. */
struct plot_axis {
	const char *name;
	enum plot_scale_kind kind;
	double low, high; /* what the axis spans; values beyond are drawn at its ends */
	double *v;        /* of each trial; NaN: not set, or cannot be shown */
	size_t n;
	size_t n_set, n_beyond; /* values there are; beyond low or high */
	const char **categories;
	size_t n_categories;
	bool is_integer;
	double unmarked; /* share of the span, from low, that has no ticks */
};
/* An axis for one value of each trial (NULL: not set). Numbers make a linear or a logarithmic axis, everything else categories in
 * natural order. `wanted` is what was asked for; PLOT_CATEGORIES: what fits. Lives in `a`. */
void plot_axis_init(struct plot_axis *axis, struct guild_arena *a, const char *name,
	const struct guild_value *const *values, size_t n, enum plot_scale_kind wanted);
/* Lets a few values that are far off the others lie beyond the axis: on the side of high values, or of low ones. */
void plot_axis_leave_outliers(struct plot_axis *axis, bool high);
/* 0 to 1, from low to high; NaN for NaN. */
double plot_axis_place(const struct plot_axis *axis, double v);
/* `v` of the axis as the number it is. */
double plot_axis_number(const struct plot_axis *axis, double v);
/* As a person reads it. */
const char *plot_axis_text(const struct plot_axis *axis, double v, struct guild_arena *a);
/* Room at both ends, so that marks do not lie on the border. */
void plot_axis_widen(struct plot_axis *axis, double share);
size_t plot_axis_ticks(const struct plot_axis *axis, size_t max, struct plot_tick *out);
const char *plot_tick_text(const struct plot_axis *axis, const struct plot_tick *tick);

#endif
