/* Scalars of two runs, step by step. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "guild/diff.h"

struct pair {
	const struct guild_scalar_series *old, *new;
};

static bool same_value(double a, double b)
{
	return a == b || (isnan(a) && isnan(b));
}

static const char *key_of(struct guild_arena *a, const struct guild_scalar_series *s)
{
	struct guild_scalar_summary like = {.prefix = s->prefix, .tag = s->tag};
	struct guild_buf key = {0};

	guild_scalar_key(&like, &key);
	const char *text = guild_arena_strndup(a, guild_buf_cstr(&key), key.n);

	guild_buf_fini(&key);
	return text;
}

static struct guild_scalar_summary summarize(const struct guild_scalar_series *s)
{
	struct guild_scalar_summary out = {0};

	if (!s || s->n == 0) {
		return out;
	}
	out = (struct guild_scalar_summary){
		.prefix = s->prefix,
		.tag = s->tag,
		.first = s->v[0].value,
		.first_step = s->v[0].step,
		.last = s->v[s->n - 1].value,
		.last_step = s->v[s->n - 1].step,
		.min = s->v[0].value,
		.max = s->v[0].value,
		.min_step = s->v[0].step,
		.max_step = s->v[0].step,
		.count = (int64_t)s->n,
	};
	for (size_t i = 0; i < s->n; i++) {
		double v = s->v[i].value;

		out.total += v;
		if (v < out.min || isnan(out.min)) {
			out.min = v;
			out.min_step = s->v[i].step;
		}
		if (v > out.max || isnan(out.max)) {
			out.max = v;
			out.max_step = s->v[i].step;
		}
	}
	return out;
}

/* ---- points ------------------------------------------------------------------------------------------------- */

static void note_point(struct guild_series_diff *d, const struct guild_series_point *p)
{
	bool has_both = p->has_old && p->has_new;

	if (has_both && same_value(p->old, p->new_)) {
		return;
	}
	if (d->n_differ++ == 0) {
		d->first_step = p->step;
	}
	double by = has_both ? p->new_ - p->old : NAN;

	if (!isnan(by) && fabs(by) > fabs(d->largest)) {
		d->largest = by;
		d->largest_step = p->step;
	}
}

static void join_points(struct guild_arena *a, struct pair pair, struct guild_series_diff *d)
{
	size_t n = pair.old ? pair.old->n : 0;
	size_t m = pair.new ? pair.new->n : 0;
	size_t i = 0, j = 0;

	d->points = guild_arena_alloc(a, (n + m + 1) * sizeof(*d->points));
	while (i < n || j < m) {
		bool takes_old = i < n && (j == m || pair.old->v[i].step <= pair.new->v[j].step);
		bool takes_new = j < m && (i == n || pair.new->v[j].step <= pair.old->v[i].step);
		struct guild_series_point *p = &d->points[d->n_points++];

		*p = (struct guild_series_point){
			.step = takes_old ? pair.old->v[i].step : pair.new->v[j].step,
			.old = takes_old ? pair.old->v[i].value : NAN,
			.new_ = takes_new ? pair.new->v[j].value : NAN,
			.has_old = takes_old,
			.has_new = takes_new,
		};
		i += takes_old;
		j += takes_new;
		note_point(d, p);
	}
}

/* ---- public --------------------------------------------------------------------------------------------------- */

static bool is_shown(const struct guild_scalar_series *s, bool with_system)
{
	struct guild_scalar_summary like = {.prefix = s->prefix, .tag = s->tag};

	return with_system || !guild_scalar_is_system(&like);
}

/* The first of several scalars that are shown by one key counts, as everywhere. */
static void index_series(struct guild_arena *a, const struct guild_series *s, bool with_system,
	struct guild_map *out, struct guild_strs *keys)
{
	for (size_t i = 0; i < s->n; i++) {
		const char *key = key_of(a, &s->v[i]);

		if (is_shown(&s->v[i], with_system) && !guild_map_has(out, key)) {
			guild_map_put(out, key, &s->v[i]);
			guild_strs_add(keys, key);
		}
	}
}

int guild_series_diffs(struct guild_arena *a, const struct guild_run *old,
	const struct guild_run *new_, bool with_system, struct guild_series_diffs *out,
	const struct guild_log *log, struct guild_error *err)
{
	struct guild_series x = {0}, y = {0};
	struct guild_map old_map = {0}, new_map = {0};
	struct guild_strs keys = {0};
	int rc = guild_series_read(old, a, &x, log, err);

	rc = rc ? rc : guild_series_read(new_, a, &y, log, err);
	*out = (struct guild_series_diffs){0};
	if (rc != 0) {
		return rc;
	}
	index_series(a, &x, with_system, &old_map, &keys);
	index_series(a, &y, with_system, &new_map, &keys);
	guild_strs_sort(&keys);
	out->v = guild_arena_alloc(a, (keys.n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < keys.n; i++) {
		struct pair pair = {
			guild_map_get(&old_map, keys.v[i]), guild_map_get(&new_map, keys.v[i])};
		struct guild_series_diff d = {
			.old = summarize(pair.old), .new_ = summarize(pair.new)};

		if (i > 0 && strcmp(keys.v[i - 1], keys.v[i]) == 0) {
			continue;
		}
		join_points(a, pair, &d);
		if (d.n_differ > 0) {
			d.key = guild_arena_strdup(a, keys.v[i]);
			out->v[out->n++] = d;
		}
	}
	guild_map_fini(&old_map);
	guild_map_fini(&new_map);
	guild_strs_fini(&keys);
	return 0;
}
