/* Which flag changes go with which metric changes. */

#include "effects.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The runs that have both a flag and a metric. */
struct sample {
	size_t n;
	double *x, *y;  /* numbers of the flag (numeric ones only), values of the metric */
	size_t *labels; /* from 0, without gaps */
	const struct guild_value **values; /* by label */
	size_t n_labels;
};

static void fill_sample(const struct guild_flag_column *c, const struct guild_metric_column *m,
	size_t n, struct sample *s)
{
	size_t *renamed = guild_alloc((c->n_labels + 1) * sizeof(*renamed));

	*s = (struct sample){
		.x = guild_alloc((n + 1) * sizeof(*s->x)),
		.y = guild_alloc((n + 1) * sizeof(*s->y)),
		.labels = guild_alloc((n + 1) * sizeof(*s->labels)),
		.values = guild_alloc((n + 1) * sizeof(*s->values)),
	};
	for (size_t i = 0; i < n; i++) {
		if (!isnan(m->values[i]) && (c->values[i] || !c->is_numeric)) {
			renamed[c->label_of[i]] = 1;
		}
	}
	for (size_t i = 0; i < c->n_labels; i++) {
		if (renamed[i]) {
			s->values[s->n_labels] = c->labels[i];
			renamed[i] = s->n_labels++;
		}
	}
	for (size_t i = 0; i < n; i++) {
		if (!isnan(m->values[i]) && (c->values[i] || !c->is_numeric)) {
			s->x[s->n] = c->is_numeric ? guild_value_as_f64(c->values[i]) : NAN;
			s->y[s->n] = m->values[i];
			s->labels[s->n++] = renamed[c->label_of[i]];
		}
	}
	free(renamed);
}

static void free_sample(struct sample *s)
{
	free(s->x);
	free(s->y);
	free(s->labels);
	free((void *)s->values);
}

static size_t take_label(const struct sample *s, size_t label, double *out)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (s->labels[i] == label) {
			out[n++] = s->y[i];
		}
	}
	return n;
}

/* Lowest and highest value of a number; else the values with the lowest and the highest mean. */
static void find_ends(const struct sample *s, bool is_numeric, size_t *low, size_t *high)
{
	double *sums = guild_alloc((s->n_labels + 1) * sizeof(*sums));
	double *counts = guild_alloc((s->n_labels + 1) * sizeof(*counts));
	double least = INFINITY, most = -INFINITY;

	*low = 0;
	*high = s->n_labels - 1;
	for (size_t i = 0; i < s->n; i++) {
		sums[s->labels[i]] += s->y[i];
		counts[s->labels[i]]++;
	}
	for (size_t g = 0; g < s->n_labels && !is_numeric; g++) {
		double mean = sums[g] / counts[g];

		if (mean < least) {
			least = mean;
			*low = g;
		}
		if (mean > most) {
			most = mean;
			*high = g;
		}
	}
	free(sums);
	free(counts);
}

static void compare_ends(const struct sample *s, struct guild_effect *e)
{
	double *a = guild_alloc((s->n + 1) * sizeof(*a));
	double *b = guild_alloc((s->n + 1) * sizeof(*b));
	size_t low, high;

	find_ends(s, e->is_numeric, &low, &high);
	e->n_low = take_label(s, low, a);
	e->n_high = take_label(s, high, b);
	e->low = s->values[low];
	e->high = s->values[high];
	e->low_mean = guild_stat_mean(a, e->n_low);
	e->high_mean = guild_stat_mean(b, e->n_high);
	e->has_interval = s->n_labels == 2 && guild_stat_welch(a, e->n_low, b, e->n_high,
						      &e->interval_low, &e->interval_high);
	free(a);
	free(b);
}

static void correlate(const struct sample *s, const struct guild_stat_permutations *by,
	struct guild_effect *e)
{
	double *x = guild_alloc((s->n + 1) * sizeof(*x));
	double *y = guild_alloc((s->n + 1) * sizeof(*y));

	guild_stat_ranks(s->x, s->n, x);
	guild_stat_ranks(s->y, s->n, y);
	e->rank_correlation = guild_stat_correlation(x, y, s->n);
	e->slope = guild_stat_correlation(s->x, s->y, s->n);
	if (!isnan(e->rank_correlation)) {
		e->p = guild_stat_p_correlation(x, y, s->n, by);
	}
	free(x);
	free(y);
}

static void find_effect(const struct guild_effects_data *d, size_t flag, size_t metric,
	const struct guild_stat_permutations *by, struct guild_effect *e)
{
	const struct guild_flag_column *c = &d->flags[flag];
	struct sample s;

	fill_sample(c, &d->metrics[metric], d->n, &s);
	*e = (struct guild_effect){
		.flag = c->name,
		.metric = d->metrics[metric].name,
		.is_numeric = c->is_numeric,
		.n = s.n,
		.n_values = s.n_labels,
		.rank_correlation = NAN,
		.slope = NAN,
		.low_mean = NAN,
		.high_mean = NAN,
		.p = NAN,
		.q = NAN,
		.p_matched = NAN,
		.q_matched = NAN,
	};
	if (s.n_labels > 1) {
		bool has_groups = s.n > s.n_labels && guild_stat_variance(s.y, s.n) > 0;

		compare_ends(&s, e);
		if (c->is_numeric) {
			correlate(&s, by, e);
		} else if (has_groups) {
			e->p = guild_stat_p_groups(s.labels, s.n_labels, s.y, s.n, by);
		}
		guild_effects_match(d, flag, metric, by, e);
	}
	free_sample(&s);
}

/* ---- flags that vary together -------------------------------------------------------------------------------- */

static double alike(const struct guild_effects_data *d, const struct guild_flag_column *a,
	const struct guild_flag_column *b)
{
	double *x = guild_alloc((d->n + 1) * sizeof(*x));
	double *y = guild_alloc((d->n + 1) * sizeof(*y));
	double found;

	/* Labels of numbers are in their order. */
	for (size_t i = 0; i < d->n; i++) {
		x[i] = (double)a->label_of[i];
		y[i] = (double)b->label_of[i];
	}
	bool a_ordered = a->is_numeric && !a->has_unset, b_ordered = b->is_numeric && !b->has_unset;

	if (a_ordered && b_ordered) {
		guild_stat_ranks(x, d->n, x);
		guild_stat_ranks(y, d->n, y);
		found = fabs(guild_stat_correlation(x, y, d->n));
	} else if (a_ordered || b_ordered) {
		double *ranks = a_ordered ? x : y;
		const struct guild_flag_column *labels = a_ordered ? b : a;

		guild_stat_ranks(ranks, d->n, ranks);
		found = guild_stat_labels_tell(labels->label_of, labels->n_labels, ranks, d->n);
	} else {
		found = guild_stat_labels_alike(a->label_of, a->n_labels, b->label_of, b->n_labels,
			d->n);
	}
	free(x);
	free(y);
	return found;
}

static void find_confounded(const struct guild_effects_data *d, struct guild_effects *out)
{
	size_t n = d->n_flags;

	out->confounded = guild_arena_alloc(d->a, (n * n / 2 + 1) * sizeof(*out->confounded));
	for (size_t i = 0; i < n; i++) {
		for (size_t j = i + 1; j < n; j++) {
			double by = alike(d, &d->flags[i], &d->flags[j]);

			if (by * 100 >= GUILD_EFFECTS_CONFOUNDED_PERCENT) {
				out->confounded[out->n_confounded++] = (struct guild_confounded){
					d->flags[i].name, d->flags[j].name, by};
			}
		}
	}
}

/* ---- public --------------------------------------------------------------------------------------------------- */

/* Both kinds of p-values are looked at, so both count. */
static void adjust(struct guild_effects *e)
{
	double *p = guild_alloc((2 * e->n + 1) * sizeof(*p));
	double *q = guild_alloc((2 * e->n + 1) * sizeof(*q));

	for (size_t i = 0; i < e->n; i++) {
		p[2 * i] = e->v[i].p;
		p[2 * i + 1] = e->v[i].p_matched;
	}
	guild_stat_adjust(p, 2 * e->n, q);
	for (size_t i = 0; i < e->n; i++) {
		e->v[i].q = q[2 * i];
		e->v[i].q_matched = q[2 * i + 1];
	}
	free(p);
	free(q);
}

static double order_of(const struct guild_effect *e)
{
	double p = isnan(e->p) ? 2 : e->p;

	return isnan(e->p_matched) ? p : fmin(p, e->p_matched);
}

/* Within a metric; what is as likely by how large it is. */
static int by_p(const void *x, const void *y)
{
	const struct guild_effect *a = x, *b = y;
	double p = order_of(a), q = order_of(b);

	if (p != q) {
		return p < q ? -1 : 1;
	}
	double m = fabs(a->high_mean - a->low_mean), n = fabs(b->high_mean - b->low_mean);

	return m != n ? (m > n ? -1 : 1) : strcmp(a->flag, b->flag);
}

int guild_effects_find(struct guild_arena *a, const struct guild_runs *runs,
	const struct guild_effects_request *req, struct guild_effects *out,
	const struct guild_log *log, struct guild_error *err)
{
	struct guild_stat_permutations by = {
		.n = req->n_permutations ? req->n_permutations : GUILD_EFFECTS_PERMUTATIONS,
		.seed = req->seed,
	};
	struct guild_effects_data d;

	guild_effects_data_read(a, runs, req, &d, log);
	if (d.n_flags == 0) {
		return guild_error_set(err, GUILD_ENOTFOUND, "no flag varies among %zu run%s", d.n,
			d.n == 1 ? "" : "s");
	}
	if (d.n_metrics == 0) {
		return guild_error_set(err, GUILD_ENOTFOUND, "no metric varies among %zu runs",
			d.n);
	}
	if (d.n_metrics > GUILD_EFFECTS_MAX / d.n_flags) {
		guild_error_set(err, GUILD_ELIMIT,
			"%zu flags and %zu metrics vary: more than %d pairs to look at", d.n_flags,
			d.n_metrics, GUILD_EFFECTS_MAX);
		guild_error_hint(err, "choose metrics with --metric");
		return GUILD_ELIMIT;
	}
	*out = (struct guild_effects){
		.n_runs = d.n,
		.n_flags = d.n_flags,
		.n_metrics = d.n_metrics,
		.n = d.n_flags * d.n_metrics,
		.n_not_finite = d.n_not_finite,
		.n_operations = d.n_operations,
		.n_sourcecodes = d.n_sourcecodes,
	};
	out->v = guild_arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++) {
		find_effect(&d, i % d.n_flags, i / d.n_flags, &by, &out->v[i]);
		if (req->on_step) {
			req->on_step(req->arg, i + 1, out->n);
		}
	}
	adjust(out);
	for (size_t m = 0; m < d.n_metrics; m++) {
		qsort(out->v + m * d.n_flags, d.n_flags, sizeof(*out->v), by_p);
	}
	find_confounded(&d, out);
	return 0;
}
