/* The parts of a plot. Private to plot/. */
#ifndef GUILD_PLOT_PRIVATE_H
#define GUILD_PLOT_PRIVATE_H

#include "canvas.h"
#include "scale.h"

#include <guild/plot.h>

/* ---- what is known of the runs (plot.c) ----------------------------------------------------------------- */

struct plot_line {
	struct guild_scalar_point *v;
	size_t n;
};
enum plot_fate { PLOT_COMPLETED, PLOT_UNFINISHED, PLOT_STOPPED, PLOT_PRUNED, PLOT_FAILED };
/* One run. Trials are numbered from 1 in the order in which they were started. */
struct plot_trial {
	const char *id, *label; /* label: or NULL */
	enum guild_run_status status;
	enum plot_fate fate;
	const struct guild_value *flags;     /* dict */
	const struct guild_value *objective; /* NULL: undefined */
	const struct guild_value *x, *y;     /* SCATTER */
	struct plot_line *lines;             /* SCALARS: by scalar */
};
struct plot_important {
	const char *name, *other; /* other: of a pair */
	double importance;        /* part of what single flags explain */
	double share, deviation;  /* part of the objective's variance; between the trees */
};
struct guild_plot {
	struct guild_plot_request req;
	struct guild_arena *arena;
	struct plot_trial *trials; /* oldest first once all are there */
	size_t n, cap;
	struct guild_col objective_col, x_col, y_col;
	struct guild_strs scalars;     /* SCALARS: keys */
	struct guild_map scalar_names; /* that any run has */
	struct guild_map flag_names;   /* that any run has */
	struct plot_axis objective;    /* finite values only */
	struct plot_axis x, y;         /* SCATTER */
	struct plot_axis *flags;       /* that are shown */
	size_t n_flags, n_flags_there;
	size_t n_valued;                          /* trials with an objective */
	size_t best;                              /* trial, or SIZE_MAX */
	struct plot_important *important, *pairs; /* IMPORTANCE: n_flags, largest first */
	size_t n_pairs;
	struct guild_strs notes;
};
/* Whether a is better than b; NaN is the worst. */
bool plot_is_better(const struct guild_plot *p, double a, double b);
/* The trial's objective where it can be the best: not of a pruned one, which did not come to its end. Else NaN. */
double plot_contender(const struct guild_plot *p, size_t trial);
/* Trials that have an objective, worst first, so that the best are drawn over the others. Lives in `a`. */
size_t *plot_worst_first(const struct guild_plot *p, struct guild_arena *a, size_t *n);
/* A line for each thing that is known of a trial, for tooltips. Lives in `a`. */
const char *plot_trial_title(const struct guild_plot *p, size_t trial, struct guild_arena *a);
/* 0: the best, 1: the worst objective. */
double plot_rank(const struct guild_plot *p, size_t trial);
enum plot_scale_kind plot_wanted_scale(const struct guild_plot *p, const char *name);

/* Which flags are shown, and their axes (flags.c). */
int plot_choose_flags(struct guild_plot *p, struct guild_error *err);

/* ---- looks (theme.c) ------------------------------------------------------------------------------------------- */

struct plot_theme {
	uint32_t background, text, muted, grid, axis, line;
	const uint32_t *series; /* PLOT_SERIES colours that differ for everybody */
	bool is_dark;
};
enum { PLOT_SERIES = 7 };
const struct plot_theme *plot_theme(bool is_dark);
/* 0: what stands out, 1: what does not. Light to dark evenly, for the colour-blind and in print, too. */
uint32_t plot_sequential(const struct plot_theme *t, double v);
/* How opaque one of n marks is. */
double plot_alpha(size_t n);

/* ---- a chart under way ------------------------------------------------------------------------------------------- */

struct plot_box {
	double x, y, w, h;
};
struct plot_chart {
	const struct guild_plot *p;
	const struct plot_theme *theme;
	struct plot_canvas c;
	struct guild_arena *arena;
	struct plot_box box; /* what title and margins leave */
};
enum { PLOT_TEXT_SIZE = 12, PLOT_SMALL_TEXT = 11 };

/* Text in the colours of the theme (frame.c). */
void plot_text(const struct plot_chart *ch, double x, double y, enum plot_align align,
	const char *class, const char *text);
void plot_muted_text(const struct plot_chart *ch, double x, double y, enum plot_align align,
	const char *text);
/* Two axes with ticks, grid and names in `outer`; returns what is between them. Names may be NULL. */
struct plot_box plot_frame(const struct plot_chart *ch, struct plot_box outer,
	const struct plot_axis *x, const struct plot_axis *y, const char *x_name,
	const char *y_name);
/* Where a value is in a box. */
double plot_at_x(struct plot_box b, const struct plot_axis *axis, double v);
double plot_at_y(struct plot_box b, const struct plot_axis *axis, double v);
/* A strip of colours in the box, top and bottom named, `name` above. */
void plot_color_bar(const struct plot_chart *ch, struct plot_box b, const char *name,
	const char *top, const char *bottom, bool top_stands_out);
/* "loss (lower is better)" */
const char *plot_objective_name(const struct plot_chart *ch);
/* A trial, in a way that says what became of it. */
void plot_mark(const struct plot_chart *ch, size_t trial, double x, double y, double r,
	struct plot_color color);
/* What those mean, right-aligned at x; only of what there is. */
void plot_mark_legend(const struct plot_chart *ch, double x, double y);

/* ---- kinds ------------------------------------------------------------------------------------------------------- */

struct plot_kind {
	const char *name, *title;
	int width, height;                                             /* fitting ones */
	int (*prepare)(struct guild_plot *p, struct guild_error *err); /* or NULL */
	void (*draw)(struct plot_chart *ch);
	void (*put_json)(const struct guild_plot *p, struct guild_arena *a,
		struct guild_value *out); /* what it alone has, or NULL */
};
extern const struct plot_kind plot_parallel, plot_slice, plot_contour, plot_history, plot_scatter,
	plot_scalars, plot_importance;
const struct plot_kind *plot_kind_of(enum guild_plot_kind kind);

/* The objective over two axes by the runs' values (field.c): n_x times n_y values over the axes' spans, rows from low y. Lives in
 * `a`. */
double *plot_field(const struct guild_plot *p, const struct plot_axis *x, const struct plot_axis *y,
	size_t n_x, size_t n_y, struct guild_arena *a);

#endif
