/* Looking for the most promising point: many candidates, the best of them improved by gradients where the space is smooth and by neighbours
 * where it is not. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gp_space.h"
#include "lbfgsb.h"

enum { SMOOTH_STEPS_MIN = 12, NEIGHBOURS_MAX = 12, ROUNDS = 3 };

struct seeker {
	const struct gp_quest *q;
	const struct guild_space *space;
	struct guild_mt19937 *mt;
	size_t n, n_features;
	double *low, *high; /* the box, by unit */
	double *x;          /* a point */
	double *features;
	double *d_mean, *d_deviation;
	size_t *smooth; /* features that gradients move */
	size_t n_smooth;
	double *z, *z_low, *z_high;
};

/* ---- the box ------------------------------------------------------------------------------------------------------------ */

/* As wide in each dimension as the function is long there (D. Eriksson et al., "Scalable Global Optimization via Local Bayesian
 * Optimization", NeurIPS 2019). */
static void find_box(struct seeker *s)
{
	const struct gp_quest *q = s->q;
	double mean = 0;
	for (size_t i = 0; i < s->n; i++) {
		double margin = s->space->v[i].kind == GUILD_DIM_REAL ? q->margin : 0;
		s->low[i] = margin;
		s->high[i] = 1 - margin;
	}
	if (q->width >= 1 || q->n_best == 0) {
		return;
	}
	for (size_t f = 0; f < s->n_features; f++) {
		mean += -0.5 * log(q->model->weight[f]) / (double)s->n_features;
	}
	search_to_unit(s->space, q->history->v[q->best[0]].x, s->x);
	for (size_t f = 0; f < s->n_features; f++) {
		size_t i = q->features->dim[f];
		if (s->space->v[i].kind == GUILD_DIM_CATEGORICAL) {
			continue;
		}
		double relative = exp(-0.5 * log(q->model->weight[f]) - mean);
		double half = 0.5 * q->width * fmin(fmax(relative, 0.2), 5);
		s->low[i] = fmax(0, s->x[i] - half);
		s->high[i] = fmin(1, s->x[i] + half);
	}
}

/* ---- candidates ----------------------------------------------------------------------------------------------------------- */

static void draw_anywhere(struct seeker *s, double *u)
{
	for (size_t i = 0; i < s->n; i++) {
		u[i] = s->low[i] + (s->high[i] - s->low[i]) * guild_mt19937_unit(s->mt);
	}
}

/* Near one of the best: some dimensions moved, by much or little. */
static void draw_near(struct seeker *s, double *u)
{
	const struct gp_quest *q = s->q;
	static const double sizes[] = {0.3, 0.1, 0.03, 0.01, 0.003};
	size_t best = guild_mt19937_below(s->mt, (uint32_t)q->n_best);
	double size = sizes[guild_mt19937_below(s->mt, GUILD_ARRAY_LEN(sizes))];
	double share = guild_mt19937_unit(s->mt);
	size_t always = guild_mt19937_below(s->mt, (uint32_t)s->n);
	search_to_unit(s->space, q->history->v[q->best[best]].x, u);
	for (size_t i = 0; i < s->n; i++) {
		const struct guild_dim *d = &s->space->v[i];
		bool is_moved = i == always || guild_mt19937_unit(s->mt) < share;
		if (!is_moved && !isnan(q->history->v[q->best[best]].x[i])) {
			continue;
		}
		if (d->kind == GUILD_DIM_CATEGORICAL) {
			if (i == always || guild_mt19937_unit(s->mt) < size) {
				u[i] = guild_mt19937_unit(s->mt);
			}
			continue;
		}
		double move = size * guild_mt19937_normal(s->mt);
		if (d->kind == GUILD_DIM_INT && fabs(move) * (d->high - d->low + 1) < 1) {
			move = (move < 0 ? -1 : 1) / (d->high - d->low + 1);
		}
		u[i] = fmin(fmax(u[i] + move, s->low[i]), s->high[i]);
	}
}

/* What of the unit point there is: rounded, without what is not searched. */
static void settle(struct seeker *s, double *u)
{
	search_from_unit(s->space, u, s->x);
	for (size_t i = 0; i < s->n; i++) {
		if (!isnan(s->x[i])) {
			u[i] = search_dim_to_unit(&s->space->v[i], s->x[i]);
		}
	}
}

static bool was_tried(const struct seeker *s, const double *u)
{
	const struct search_history *h = s->q->history;
	search_from_unit(s->space, u, s->x);
	for (size_t k = 0; k < h->n; k++) {
		bool is_same = true;
		for (size_t i = 0; i < s->n && is_same; i++) {
			is_same =
				s->x[i] == h->v[k].x[i] || (isnan(s->x[i]) && isnan(h->v[k].x[i]));
		}
		if (is_same) {
			return true;
		}
	}
	return false;
}

/* What many settled unit points promise. */
static void judge(struct seeker *s, size_t m, const double *u, double *promise)
{
	const struct gp_quest *q = s->q;
	double *x = guild_alloc((s->n_features + 2) * m * sizeof(*x));
	double *mean = x + s->n_features * m;
	double *deviation = mean + m;
	for (size_t k = 0; k < m; k++) {
		search_from_unit(s->space, u + k * s->n, s->x);
		gp_encode(q->features, s->space, s->x, x + k, m);
	}
	gp_predict_many(q->model, m, x, mean, deviation);
	for (size_t k = 0; k < m; k++) {
		promise[k] = gp_promise(&q->promise, mean[k], deviation[k], NULL, NULL);
	}
	free(x);
}

/* ---- gradients ------------------------------------------------------------------------------------------------------------ */

static double minus_promise(void *arg, const double *z, double *gradient)
{
	struct seeker *s = arg;
	double mean;
	double deviation;
	double by_mean;
	double by_deviation;
	for (size_t k = 0; k < s->n_smooth; k++) {
		s->features[s->smooth[k]] = z[k];
	}
	gp_predict(s->q->model, s->features, &mean, &deviation, s->d_mean, s->d_deviation);
	double value = gp_promise(&s->q->promise, mean, deviation, &by_mean, &by_deviation);
	for (size_t k = 0; k < s->n_smooth; k++) {
		size_t f = s->smooth[k];
		gradient[k] = -(by_mean * s->d_mean[f] + by_deviation * s->d_deviation[f]);
	}
	return -value;
}

static bool is_smooth(const struct guild_dim *d)
{
	return d->kind == GUILD_DIM_REAL ||
	       (d->kind == GUILD_DIM_INT && d->high - d->low >= SMOOTH_STEPS_MIN);
}

/* Moves what is smooth uphill. Returns what the settled place promises. */
static double climb(struct seeker *s, double *u)
{
	const struct gp_quest *q = s->q;
	double promise;
	settle(s, u);
	gp_encode(q->features, s->space, s->x, s->features, 1);
	s->n_smooth = 0;
	for (size_t f = 0; f < s->n_features; f++) {
		size_t i = q->features->dim[f];
		if (is_smooth(&s->space->v[i]) && !isnan(s->x[i])) {
			s->z[s->n_smooth] = u[i];
			s->z_low[s->n_smooth] = s->low[i];
			s->z_high[s->n_smooth] = s->high[i];
			s->smooth[s->n_smooth++] = f;
		}
	}
	struct search_descent descent = {.function = minus_promise,
		.arg = s,
		.n = s->n_smooth,
		.low = s->z_low,
		.high = s->z_high,
		.max_calls = q->max_calls,
		.gradient_below = 1e-6,
		.improvement_below = 1e-7};
	if (s->n_smooth > 0) {
		(void)search_descend(&descent, s->z);
		for (size_t k = 0; k < s->n_smooth; k++) {
			u[q->features->dim[s->smooth[k]]] = s->z[k];
		}
		settle(s, u);
	}
	judge(s, 1, u, &promise);
	return promise;
}

/* ---- neighbours ------------------------------------------------------------------------------------------------------------- */

/* Other values of one dimension, as units. */
static size_t list_values(struct seeker *s, size_t i, double at, double *out)
{
	const struct guild_dim *d = &s->space->v[i];
	size_t n = 0;
	if (d->kind == GUILD_DIM_INT) {
		for (int step = -2; step <= 2; step++) {
			double to = search_dim_from_unit(d, at) + step;
			if (step != 0 && to >= d->low && to <= d->high) {
				out[n++] = search_dim_to_unit(d, to);
			}
		}
	} else if (d->n_choices <= NEIGHBOURS_MAX) {
		for (size_t k = 0; k < d->n_choices; k++) {
			out[n++] = search_dim_to_unit(d, (double)k);
		}
	} else {
		while (n < NEIGHBOURS_MAX) {
			out[n++] = guild_mt19937_unit(s->mt);
		}
	}
	return n;
}

/* The best change of one dimension that is not smooth. False: none is better. */
static bool step_aside(struct seeker *s, double *u, double *promise)
{
	double values[NEIGHBOURS_MAX];
	size_t m = 0;
	size_t best = SIZE_MAX;
	double *all = guild_alloc((s->n * NEIGHBOURS_MAX + 1) * (s->n + 1) * sizeof(*all));
	double *promises = all + s->n * NEIGHBOURS_MAX * s->n;
	search_from_unit(s->space, u, s->x);
	for (size_t i = 0; i < s->n; i++) {
		if (s->space->v[i].kind == GUILD_DIM_REAL || isnan(s->x[i])) {
			continue;
		}
		size_t n_values = list_values(s, i, u[i], values);
		for (size_t k = 0; k < n_values; k++) {
			memcpy(all + m * s->n, u, s->n * sizeof(*u));
			all[m * s->n + i] = values[k];
			m++;
		}
	}
	if (m > 0) {
		judge(s, m, all, promises);
	}
	for (size_t k = 0; k < m; k++) {
		if (promises[k] > *promise + 1e-12 && !was_tried(s, all + k * s->n)) {
			best = k;
			*promise = promises[k];
		}
	}
	if (best != SIZE_MAX) {
		memcpy(u, all + best * s->n, s->n * sizeof(*u));
	}
	free(all);
	return best != SIZE_MAX;
}

/* Climbs and steps aside in turn. */
static double improve(struct seeker *s, double *u)
{
	double promise = climb(s, u);
	if (was_tried(s, u)) {
		promise = -INFINITY;
	}
	for (size_t k = 0; k < ROUNDS; k++) {
		bool has_moved = false;
		for (size_t steps = 0; steps < 4 && step_aside(s, u, &promise); steps++) {
			has_moved = true;
		}
		if (!has_moved || s->n_smooth == 0) {
			break;
		}
		promise = fmax(promise, climb(s, u));
	}
	return promise;
}

/* ---- all of it ---------------------------------------------------------------------------------------------------------------- */

static void begin(struct seeker *s, const struct gp_quest *q, struct guild_mt19937 *mt)
{
	size_t n = q->history->space->n;
	size_t f = q->features->n;
	*s = (struct seeker){.q = q, .space = q->history->space, .mt = mt, .n = n, .n_features = f};
	s->low = guild_alloc((3 * n + 6 * f) * sizeof(double));
	s->high = s->low + n;
	s->x = s->high + n;
	s->features = s->x + n;
	s->d_mean = s->features + f;
	s->d_deviation = s->d_mean + f;
	s->z = s->d_deviation + f;
	s->z_low = s->z + f;
	s->z_high = s->z_low + f;
	s->smooth = guild_alloc(f * sizeof(*s->smooth));
	find_box(s);
}

/* The most promising candidate left that was not tried. */
static size_t take_best(struct seeker *s, size_t m, const double *u, double *promise)
{
	for (;;) {
		size_t best = 0;
		for (size_t k = 1; k < m; k++) {
			best = promise[k] > promise[best] ? k : best;
		}
		bool is_new = promise[best] > -INFINITY && !was_tried(s, u + best * s->n);
		if (is_new || promise[best] == -INFINITY) {
			return best;
		}
		promise[best] = -INFINITY;
	}
}

void gp_seek(const struct gp_quest *q, struct guild_mt19937 *mt, double *x)
{
	struct seeker s;
	begin(&s, q, mt);
	size_t m = q->n_candidates;
	double *u = guild_alloc((m + 2) * s.n * sizeof(*u));
	double *promise = guild_alloc(m * sizeof(*promise));
	double *trial = u + m * s.n;
	double *best = trial + s.n;
	double most = -INFINITY;
	for (size_t k = 0; k < m; k++) {
		if (k % 2 == 0 || q->n_best == 0) {
			draw_anywhere(&s, u + k * s.n);
		} else {
			draw_near(&s, u + k * s.n);
		}
		settle(&s, u + k * s.n);
	}
	judge(&s, m, u, promise);
	for (size_t k = 0; k < q->n_starts; k++) {
		size_t start = take_best(&s, m, u, promise);
		double found = promise[start];
		memcpy(trial, u + start * s.n, s.n * sizeof(*trial));
		promise[start] = -INFINITY;
		if (k == 0) {
			memcpy(best, trial, s.n * sizeof(*best));
			most = found;
		}
		found = improve(&s, trial);
		if (found > most && !was_tried(&s, trial)) {
			memcpy(best, trial, s.n * sizeof(*best));
			most = found;
		}
	}
	search_from_unit(s.space, best, x);
	free(u);
	free(promise);
	free(s.low);
	free(s.smooth);
}
