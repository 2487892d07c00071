/* Which flags a plot shows, and on what scales. */

#include "plot_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <guild/flags.h>

enum { MOST_AXES = 12, MOST_PANELS = 12 };

/* As the batch was told to search it, where it was; else as was asked for, or as the values are. */
static enum plot_scale_kind flag_scale(const struct guild_plot *p, const char *name)
{
	enum plot_scale_kind wanted = plot_wanted_scale(p, name);
	const struct guild_value *v = guild_value_get(p->req.search, name);
	struct guild_flag_function f = {0};

	if (wanted != PLOT_CATEGORIES || !v || !guild_flag_is_function(p->arena, v, &f)) {
		return wanted;
	}
	return strcmp(f.name, "loguniform") == 0 ? PLOT_LOG : PLOT_LINEAR;
}

static void init_flag(struct guild_plot *p, const char *name, struct plot_axis *out)
{
	const struct guild_value **v = guild_alloc((p->n + 1) * sizeof(*v));

	for (size_t i = 0; i < p->n; i++) {
		/* What is not drawn says nothing about the scale. */
		v[i] = isnan(p->objective.v[i]) ? NULL : guild_value_get(p->trials[i].flags, name);
	}
	plot_axis_init(out, p->arena, guild_arena_strdup(p->arena, name), v, p->n,
		flag_scale(p, name));
	free(v);
}

static bool differs(const struct guild_plot *p, const struct plot_axis *axis)
{
	double first = NAN;

	if (axis->n_set == 0) {
		return false;
	}
	for (size_t i = 0; i < axis->n; i++) {
		if (!isnan(axis->v[i])) {
			first = isnan(first) ? axis->v[i] : first;
			if (axis->v[i] != first) {
				return true;
			}
		}
	}
	return axis->n_set < p->n_valued; /* some have it, some have not */
}

static int add_wanted(struct guild_plot *p, struct guild_error *err)
{
	const struct guild_strs *names = p->req.flags;

	if (names->n > GUILD_PLOT_FLAGS_MAX) {
		return guild_error_set(err, GUILD_ELIMIT, "more than %d flags",
			GUILD_PLOT_FLAGS_MAX);
	}
	for (size_t i = 0; i < names->n; i++) {
		const char *name = names->v[i];

		/* As in column specs. */
		name += *name == '=' && !guild_map_has(&p->flag_names, name);
		struct plot_axis *axis = &p->flags[p->n_flags++];
		init_flag(p, name, axis);
		if (axis->n_set > 0) {
			continue;
		}
		guild_error_set(err, GUILD_ENOTFOUND, "no run has flag '%s'", name);
		const char **known = guild_alloc((p->flag_names.n + 1) * sizeof(*known));
		for (size_t k = 0; k < p->flag_names.n; k++) {
			known[k] = p->flag_names.entries[k].key;
		}
		const char *near = guild_nearest(name, known);
		if (near) {
			guild_error_hint(err, "did you mean '%s'?", near);
		}
		free(known);
		return GUILD_ENOTFOUND;
	}
	return 0;
}

static void add_varying(struct guild_plot *p)
{
	struct guild_strs names = {0};

	for (size_t i = 0; i < p->flag_names.n; i++) {
		guild_strs_add(&names, p->flag_names.entries[i].key);
	}
	guild_strs_sort_natural(&names);
	for (size_t i = 0; i < names.n; i++) {
		struct plot_axis axis = {0};

		init_flag(p, names.v[i], &axis);
		if (differs(p, &axis)) {
			p->flags[p->n_flags++] = axis;
		}
	}
	guild_strs_fini(&names);
}

/* ---- which matter -------------------------------------------------------------------------------------------------- */

enum { BINS = 8 };

static size_t bin_of(const struct plot_axis *axis, double v)
{
	if (isnan(v)) {
		return 0;
	}
	if (axis->kind == PLOT_CATEGORIES) {
		return 1 + (size_t)v % BINS;
	}
	return 1 + (size_t)fmin(plot_axis_place(axis, v) * BINS, BINS - 1);
}

/* How much of the differences in the objective a flag alone explains: the adjusted correlation ratio over the objective's ranks, so that
 * neither a curve nor a category nor a few huge values mislead it. At most 1; below 0 for chance. */
static double strength(const struct plot_axis *axis, const size_t *worst_first, size_t n)
{
	double sum[BINS + 1] = {0};
	double count[BINS + 1] = {0};
	double mean = ((double)n - 1) / 2;
	double between = 0;
	double total = ((double)n * (double)n - 1) * (double)n / 12;
	double groups = 0;

	for (size_t rank = 0; rank < n; rank++) {
		size_t bin = bin_of(axis, axis->v[worst_first[rank]]);

		sum[bin] += (double)rank - mean;
		count[bin]++;
	}
	for (size_t i = 0; i <= BINS; i++) {
		if (count[i] > 0) {
			between += sum[i] * sum[i] / count[i];
			groups++;
		}
	}
	return (double)n > groups && total > 0
		       ? 1 - (1 - between / total) * ((double)n - 1) / ((double)n - groups)
		       : 0;
}

struct ranked {
	struct plot_axis axis;
	double strength;
};

static int order_ranked(const void *a, const void *b)
{
	const struct ranked *x = a;
	const struct ranked *y = b;

	if (x->strength != y->strength) {
		return x->strength > y->strength ? -1 : 1;
	}
	return guild_natural_cmp(x->axis.name, y->axis.name);
}

/* Strongest first. */
static void sort_flags(struct guild_plot *p)
{
	struct ranked *ranked = guild_alloc((p->n_flags + 1) * sizeof(*ranked));
	size_t n = 0;
	const size_t *worst_first = plot_worst_first(p, p->arena, &n);

	for (size_t i = 0; i < p->n_flags; i++) {
		ranked[i] = (struct ranked){p->flags[i], strength(&p->flags[i], worst_first, n)};
	}
	qsort(ranked, p->n_flags, sizeof(*ranked), order_ranked);
	for (size_t i = 0; i < p->n_flags; i++) {
		p->flags[i] = ranked[i].axis;
	}
	free(ranked);
}

/* The strongest is next to the objective. */
static void reverse_flags(struct guild_plot *p)
{
	for (size_t i = 0; i < p->n_flags / 2; i++) {
		struct plot_axis last = p->flags[p->n_flags - 1 - i];

		p->flags[p->n_flags - 1 - i] = p->flags[i];
		p->flags[i] = last;
	}
}

int plot_choose_flags(struct guild_plot *p, struct guild_error *err)
{
	bool is_chosen = p->req.flags && p->req.flags->n > 0;
	size_t most = p->req.kind == GUILD_PLOT_PARALLEL     ? MOST_AXES
		      : p->req.kind == GUILD_PLOT_IMPORTANCE ? GUILD_IMPORTANCE_DIMS_MAX
							     : MOST_PANELS;
	size_t room = p->flag_names.n + (is_chosen ? p->req.flags->n : 0) + 1;

	p->flags = guild_arena_alloc(p->arena, room * sizeof(*p->flags));
	if (is_chosen) {
		int rc = add_wanted(p, err);

		p->n_flags_there = p->n_flags;
		return rc;
	}
	add_varying(p);
	sort_flags(p);
	p->n_flags_there = p->n_flags;
	if (p->n_flags == 0) {
		guild_error_set(err, GUILD_ENOTFOUND, "no flag differs between the runs");
		guild_error_hint(err, "name flags with --flags, or use --kind history");
		return GUILD_ENOTFOUND;
	}
	if (p->n_flags > most) {
		guild_strs_addf(&p->notes, "%zu of %zu flags shown; --flags chooses others", most,
			p->n_flags);
		p->n_flags = most;
	}
	if (p->req.kind == GUILD_PLOT_PARALLEL) {
		reverse_flags(p);
	}
	return 0;
}
