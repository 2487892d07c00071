/* What a plot shows, as JSON. */

#include "plot_private.h"

#include <math.h>

static struct guild_value *number(struct guild_arena *a, double v)
{
	return isnan(v) ? guild_value_null(a) : guild_value_float(a, v);
}

static struct guild_value *axis_json(struct guild_arena *a, const struct plot_axis *axis)
{
	static const char *const scales[] = {
		[PLOT_LINEAR] = "linear", [PLOT_LOG] = "log", [PLOT_CATEGORIES] = "categories"};
	struct guild_value *out = guild_value_dict(a);

	guild_value_set(a, out, "name", guild_value_string(a, axis->name));
	guild_value_set(a, out, "scale", guild_value_string(a, scales[axis->kind]));
	if (axis->kind == PLOT_CATEGORIES) {
		struct guild_value *list = guild_value_list(a);

		for (size_t i = 0; i < axis->n_categories; i++) {
			guild_value_append(a, list, guild_value_string(a, axis->categories[i]));
		}
		guild_value_set(a, out, "categories", list);
	} else {
		guild_value_set(a, out, "low", number(a, plot_axis_number(axis, axis->low)));
		guild_value_set(a, out, "high", number(a, plot_axis_number(axis, axis->high)));
	}
	return out;
}

static void put_column(struct guild_arena *a, struct guild_value *out, const char *key,
	const struct guild_value *v)
{
	guild_value_set(a, out, key, v ? guild_value_copy(a, v) : guild_value_null(a));
}

static struct guild_value *trial_json(const struct guild_plot *p, struct guild_arena *a, size_t i)
{
	const struct plot_trial *t = &p->trials[i];
	struct guild_value *out = guild_value_dict(a);
	struct guild_value *flags = guild_value_dict(a);

	guild_value_set(a, out, "id", guild_value_string(a, t->id));
	guild_value_set(a, out, "trial", guild_value_int(a, (int64_t)(i + 1)));
	guild_value_set(a, out, "label", guild_value_string(a, t->label));
	guild_value_set(a, out, "status", guild_value_string(a, guild_run_status_name(t->status)));
	guild_value_set(a, out, "pruned", guild_value_bool(a, t->fate == PLOT_PRUNED));
	for (size_t k = 0; k < p->n_flags; k++) {
		put_column(a, flags, p->flags[k].name, guild_value_get(t->flags, p->flags[k].name));
	}
	guild_value_set(a, out, "flags", p->n_flags ? flags : guild_value_copy(a, t->flags));
	put_column(a, out, "objective", t->objective);
	if (p->req.kind == GUILD_PLOT_SCATTER) {
		put_column(a, out, "x", t->x);
		put_column(a, out, "y", t->y);
	}
	return out;
}

struct guild_value *guild_plot_json(const struct guild_plot *p, struct guild_arena *a)
{
	const struct plot_kind *kind = plot_kind_of(p->req.kind);
	struct guild_value *out = guild_value_dict(a);
	struct guild_value *objective = axis_json(a, &p->objective);
	struct guild_value *axes = guild_value_list(a);
	struct guild_value *runs = guild_value_list(a);

	guild_value_set(a, out, "kind", guild_value_string(a, kind->name));
	guild_value_set(a, objective, "direction",
		guild_value_string(a, p->req.maximize ? "maximize" : "minimize"));
	guild_value_set(a, out, "objective", objective);
	for (size_t i = 0; i < p->n_flags; i++) {
		guild_value_append(a, axes, axis_json(a, &p->flags[i]));
	}
	if (p->req.kind == GUILD_PLOT_SCATTER) {
		guild_value_append(a, axes, axis_json(a, &p->x));
		guild_value_append(a, axes, axis_json(a, &p->y));
	}
	guild_value_set(a, out, "axes", axes);
	for (size_t i = 0; i < p->n; i++) {
		guild_value_append(a, runs, trial_json(p, a, i));
	}
	guild_value_set(a, out, "runs", runs);
	if (p->best == SIZE_MAX) {
		guild_value_set(a, out, "best", guild_value_null(a));
	} else {
		guild_value_set(a, out, "best", guild_value_string(a, p->trials[p->best].id));
	}
	guild_value_set(a, out, "notes", guild_value_strs(a, &p->notes));
	if (kind->put_json) {
		kind->put_json(p, a, out);
	}
	return out;
}
