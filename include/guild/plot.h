/*
 * Plots: charts of runs as SVG and PNG. Knows search, store, collect, run, flags, formats. For users: docs/guide/plots.md.
 *
 * A plot takes runs one after another, copies what it shows of them, and is then drawn or given as JSON, any number of times.
 */
#ifndef GUILD_PLOT_H
#define GUILD_PLOT_H

#include <guild/search.h>
#include <guild/store.h>

#ifdef __cplusplus
extern "C" {
#endif

enum guild_plot_kind {
	GUILD_PLOT_PARALLEL, /* an axis for each flag and one for the objective, a line for each run */
	GUILD_PLOT_SLICE,    /* a panel for each flag: the objective over its values */
	GUILD_PLOT_CONTOUR,    /* the objective over two flags, interpolated */
	GUILD_PLOT_HISTORY,    /* the objective over trials, and the best so far */
	GUILD_PLOT_SCATTER,    /* two columns */
	GUILD_PLOT_SCALARS,    /* scalars over steps, a line for each run */
	GUILD_PLOT_IMPORTANCE, /* how much of the objective each flag explains */
	GUILD_PLOT_KINDS,
};
const char *guild_plot_kind_name(enum guild_plot_kind kind);
/* False: there is no such kind. */
bool guild_plot_kind_parse(const char *name, enum guild_plot_kind *out);

enum {
	GUILD_PLOT_FLAGS_MAX = 40,  /* that can be asked for */
	GUILD_PLOT_SIZE_MIN = 200,  /* of width and height */
	GUILD_PLOT_SIZE_MAX = 8000, /* also after --scale */
};

/* Everything is borrowed and must live as long as the plot. Zeroed means: parallel coordinates of the last loss, to be minimized. */
struct guild_plot_request {
	enum guild_plot_kind kind;
	const char *objective; /* column spec; NULL: "loss" */
	bool maximize;
	/* Flag values of the batch with lists and search functions as they were given: what was searched on a logarithmic scale is
	 * shown on one. Dict, or NULL. */
	const struct guild_value *search;
	const struct guild_strs *flags; /* NULL or none: those that differ between the runs */
	const struct guild_strs *log_axes,
		*linear_axes;             /* by name; otherwise values decide. May be NULL */
	const char *x, *y;                /* SCATTER: column specs; y NULL: the objective */
	size_t n_pairs;                   /* IMPORTANCE: pairs of flags that are told, too */
	const struct guild_strs *scalars; /* SCALARS: keys; NULL or none: that of the objective */
	const struct guild_log *log;      /* may be NULL */
};

/* One thread. */
struct guild_plot;
/* GUILD_EINVALID: a column that cannot be read, or is missing. */
int guild_plot_new(const struct guild_plot_request *req, struct guild_plot **out,
	struct guild_error *err);
void guild_plot_free(struct guild_plot *p);
/* Copies what is shown of a run; runs come in any order. */
void guild_plot_add(struct guild_plot *p, const struct guild_run *run);
/* All runs are there. `order[i]` is the number, from 0, of the call that added the i-th run, newest first (NULL: they came so).
 * GUILD_ENOTFOUND: nothing to draw; the message says what there is. */
int guild_plot_end(struct guild_plot *p, const size_t *order, size_t n, struct guild_error *err);
/* What was left out or shortened, for people: a sentence each. Borrowed. */
const struct guild_strs *guild_plot_notes(const struct guild_plot *p);
/* What is drawn, as a dict (docs/guide/plots.md). Lives in `a`. */
struct guild_value *guild_plot_json(const struct guild_plot *p, struct guild_arena *a);

struct guild_plot_style {
	int width, height; /* 0: fitting */
	double scale;      /* of PNG: pixels for each unit of width; 0: 1 */
	const char *title; /* NULL: said by what is drawn */
	bool is_dark;
};
enum guild_plot_format { GUILD_PLOT_SVG, GUILD_PLOT_PNG };
/* GUILD_EUNSUPPORTED: PNG, and Cairo is not installed; GUILD_ELIMIT: a size out of range. */
int guild_plot_draw(const struct guild_plot *p, const struct guild_plot_style *style,
	enum guild_plot_format format, const struct guild_sink *to, struct guild_error *err);

#ifdef __cplusplus
}
#endif

#endif
