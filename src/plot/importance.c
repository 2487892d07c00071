/* Importance: how much of the differences in the objective each flag explains. */

#include "plot_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_WIDTH = 170, VALUE_WIDTH = 60, ROW_MAX = 44, SEED = 1 };

/* Numbers on their axes, which are logarithmic where the flag was searched so. */
static void make_dim(struct guild_plot *p, const struct plot_axis *axis, struct guild_dim *d)
{
	*d = (struct guild_dim){.name = axis->name, .parent = GUILD_DIM_ALWAYS};
	if (axis->kind == PLOT_CATEGORIES) {
		const struct guild_value **choices =
			guild_arena_alloc(p->arena, (axis->n_categories + 1) * sizeof(*choices));
		for (size_t i = 0; i < axis->n_categories; i++) {
			choices[i] = guild_value_string(p->arena, axis->categories[i]);
		}
		d->kind = GUILD_DIM_CATEGORICAL;
		d->choices = choices;
		d->n_choices = axis->n_categories;
		return;
	}
	d->low = INFINITY;
	d->high = -INFINITY;
	for (size_t i = 0; i < axis->n; i++) {
		d->low = fmin(d->low, axis->v[i]);
		d->high = fmax(d->high, axis->v[i]);
	}
}

static int order_important(const void *a, const void *b)
{
	const struct plot_important *x = a;
	const struct plot_important *y = b;

	if (x->share != y->share) {
		return x->share > y->share ? -1 : 1;
	}
	return guild_natural_cmp(x->name, y->name);
}

static void keep(struct guild_plot *p, const struct guild_importance *found)
{
	double sum = 0;

	p->important = guild_arena_alloc(p->arena, (p->n_flags + 1) * sizeof(*p->important));
	p->pairs = guild_arena_alloc(p->arena, (found->n_pairs + 1) * sizeof(*p->pairs));
	for (size_t i = 0; i < p->n_flags; i++) {
		sum += found->share[i];
	}
	for (size_t i = 0; i < p->n_flags; i++) {
		p->important[i] = (struct plot_important){.name = p->flags[i].name,
			.importance = sum > 0 ? found->share[i] / sum : 0,
			.share = found->share[i],
			.deviation = found->deviation[i]};
	}
	for (size_t i = 0; i < found->n_pairs && i < p->req.n_pairs; i++) {
		p->pairs[p->n_pairs++] =
			(struct plot_important){.name = p->flags[found->pairs[i].a].name,
				.other = p->flags[found->pairs[i].b].name,
				.share = found->pairs[i].share};
	}
	qsort(p->important, p->n_flags, sizeof(*p->important), order_important);
}

static int prepare(struct guild_plot *p, struct guild_error *err)
{
	struct guild_importance found;
	int rc = plot_choose_flags(p, err);

	if (rc != 0) {
		return rc;
	}
	struct guild_space s = {
		.v = guild_arena_alloc(p->arena, p->n_flags * sizeof(*s.v)), .n = p->n_flags};
	double *points = guild_alloc((p->n * s.n + 1) * sizeof(*points));
	double *values = guild_alloc((p->n + 1) * sizeof(*values));
	size_t n = 0;
	size_t n_pruned = 0;

	for (size_t i = 0; i < s.n; i++) {
		make_dim(p, &p->flags[i], &s.v[i]);
	}
	for (size_t i = 0; i < p->n; i++) {
		values[n] = plot_axis_number(&p->objective, plot_contender(p, i));
		for (size_t k = 0; k < s.n; k++) {
			points[n * s.n + k] = p->flags[k].v[i];
		}
		n += isnan(values[n]) ? 0 : 1;
		n_pruned += p->trials[i].fate == PLOT_PRUNED && !isnan(p->objective.v[i]);
	}
	if (n_pruned > 0) {
		guild_strs_addf(&p->notes, "%zu of %zu runs left out: pruned", n_pruned, p->n);
	}
	rc = guild_importance(&s, points, values, n, p->req.n_pairs > 0, SEED, &found, err);
	if (rc == 0) {
		keep(p, &found);
		if (n > GUILD_IMPORTANCE_POINTS_MAX) {
			guild_strs_addf(&p->notes, "reckoned from %d of %zu runs, drawn by chance",
				GUILD_IMPORTANCE_POINTS_MAX, n);
		}
		guild_importance_fini(&found);
	}
	free(points);
	free(values);
	return rc;
}

static void draw(struct plot_chart *ch)
{
	const struct guild_plot *p = ch->p;
	double row = fmin(ROW_MAX, ch->box.h / (double)(p->n_flags + 1));
	double x = ch->box.x + NAME_WIDTH;
	double w = ch->box.w - NAME_WIDTH - VALUE_WIDTH;
	double most =
		p->n_flags > 0 && p->important[0].importance > 0 ? p->important[0].importance : 1;
	struct plot_paint bar = {.fill = {ch->theme->series[0], 0.9}, .class = "bar"};

	for (size_t i = 0; i < p->n_flags; i++) {
		const struct plot_important *f = &p->important[i];
		double y = ch->box.y + (double)i * row;
		double length = w * f->importance / most;

		plot_text(ch, x - 8, y + row / 2 + 4, PLOT_RIGHT, "flag",
			plot_text_fit(ch->arena, f->name, PLOT_TEXT_SIZE, NAME_WIDTH - 12));
		bar.title = guild_arena_format(ch->arena, "%s\n%.1f %% of all differences", f->name,
			100 * f->share);
		plot_draw_rect(&ch->c, x, y + row * 0.15, fmax(length, 0.5), row * 0.7, &bar);
		plot_muted_text(ch, x + length + 6, y + row / 2 + 4, PLOT_LEFT,
			guild_arena_format(ch->arena, "%.1f %%", 100 * f->importance));
	}
	plot_muted_text(ch, x, ch->box.y + (double)p->n_flags * row + 18, PLOT_LEFT,
		guild_arena_format(ch->arena, "share of what single flags explain of %s",
			p->objective_col.header));
}

static void put_json(const struct guild_plot *p, struct guild_arena *a, struct guild_value *out)
{
	struct guild_value *flags = guild_value_list(a);
	struct guild_value *pairs = guild_value_list(a);

	for (size_t i = 0; i < p->n_flags; i++) {
		const struct plot_important *f = &p->important[i];
		struct guild_value *v = guild_value_dict(a);

		guild_value_set(a, v, "flag", guild_value_string(a, f->name));
		guild_value_set(a, v, "importance", guild_value_float(a, f->importance));
		guild_value_set(a, v, "share", guild_value_float(a, f->share));
		guild_value_set(a, v, "deviation", guild_value_float(a, f->deviation));
		guild_value_append(a, flags, v);
	}
	for (size_t i = 0; i < p->n_pairs; i++) {
		struct guild_value *v = guild_value_dict(a);
		struct guild_value *names = guild_value_list(a);

		guild_value_append(a, names, guild_value_string(a, p->pairs[i].name));
		guild_value_append(a, names, guild_value_string(a, p->pairs[i].other));
		guild_value_set(a, v, "flags", names);
		guild_value_set(a, v, "share", guild_value_float(a, p->pairs[i].share));
		guild_value_append(a, pairs, v);
	}
	guild_value_set(a, out, "importance", flags);
	guild_value_set(a, out, "pairs", pairs);
}

const struct plot_kind plot_importance = {
	.name = "importance",
	.title = "Importance of flags",
	.width = 800,
	.height = 360,
	.prepare = prepare,
	.draw = draw,
	.put_json = put_json,
};
