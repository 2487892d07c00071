/* What a Gaussian process predicts. */

#include "gp_model.h"

#include <stdlib.h>
#include <string.h>

#include "gp_kernel.h"

enum { JITTERS = 6 };

/* ---- covariances ----------------------------------------------------------------------------------------------------- */

static inline double square_gap(double a, double b, bool is_category)
{
	double gap = a - b;
	return is_category ? (gap != 0 ? 1 : 0) : gap * gap;
}

/* Of x[f * stride] with the points before `n`; slope, of the kernel of all features, may be NULL. */
static void covariances(const struct gp *g, size_t n, const double *x, size_t stride, double *k,
	double *slope)
{
	double unused;
	double part = g->is_additive ? g->part_variance / (double)g->n_features : 0;
	memset(k, 0, n * sizeof(*k));
	for (size_t f = 0; f < g->n_features; f++) {
		const double *column = g->x + f * g->cap;
		double weight = g->weight[f];
		double at = x[f * stride];
		if (g->is_category[f]) {
			for (size_t i = 0; i < n; i++) {
				k[i] += column[i] != at ? weight : 0;
			}
		} else {
			for (size_t i = 0; i < n; i++) {
				k[i] += weight * (column[i] - at) * (column[i] - at);
			}
		}
	}
	for (size_t i = 0; i < n; i++) {
		k[i] = g->variance * gp_matern(k[i], slope ? &slope[i] : &unused);
	}
	for (size_t f = 0; f < g->n_features && part > 0; f++) {
		const double *column = g->x + f * g->cap;
		double at = x[f * stride];
		for (size_t i = 0; i < n; i++) {
			double r2 =
				g->part_weight[f] * square_gap(column[i], at, g->is_category[f]);
			k[i] += part * gp_matern(r2, &unused);
		}
	}
}

static double total_variance(const struct gp *g)
{
	return g->variance + (g->is_additive ? g->part_variance : 0);
}

/* ---- making ---------------------------------------------------------------------------------------------------------- */

static void take_hyper(struct gp *g, const struct gp_data *d, const double *hyper)
{
	size_t m = d->n_features;
	for (size_t f = 0; f < m; f++) {
		g->weight[f] = exp(-2 * hyper[f]);
		g->part_weight[f] = d->is_additive ? exp(-2 * hyper[m + 3 + f]) : 0;
	}
	g->variance = exp(hyper[m]);
	g->noise = exp(hyper[m + 1]);
	g->mean = hyper[m + 2];
	g->part_variance = d->is_additive ? exp(hyper[2 * m + 3]) : 0;
}

static bool factorise(struct gp *g)
{
	double jitter = 1e-10;
	for (size_t k = 0; k < JITTERS; k++) {
		for (size_t j = 0; j < g->n; j++) {
			double *column = g->factor + j * g->cap;
			/* Symmetric: the row up to j is the column of the upper triangle, which is not looked at. */
			covariances(g, g->n, g->x + j, g->cap, column, NULL);
			column[j] = total_variance(g) * (1 + jitter) + g->noise;
		}
		if (search_cholesky(g->la, g->n, g->factor, g->cap)) {
			g->noise += total_variance(g) * jitter;
			return true;
		}
		jitter *= 100;
	}
	return false;
}

static void find_alpha(struct gp *g)
{
	for (size_t i = 0; i < g->n; i++) {
		g->alpha[i] = g->y[i] - g->mean;
	}
	search_cholesky_solve(g->la, g->n, g->factor, g->cap, g->alpha, g->cap, 1);
}

struct gp *gp_new(const struct search_linalg *la, const struct gp_data *d, const double *hyper,
	size_t more)
{
	struct gp *g = guild_alloc(sizeof(*g));
	size_t m = d->n_features;
	g->la = la;
	g->n = d->n;
	g->cap = d->n + more;
	g->n_features = m;
	g->is_category = d->is_category;
	g->is_additive = d->is_additive;
	g->x = guild_alloc(g->cap * m * sizeof(double));
	g->y = guild_alloc(g->cap * sizeof(double));
	g->factor = guild_alloc(g->cap * g->cap * sizeof(double));
	g->alpha = guild_alloc(g->cap * sizeof(double));
	g->weight = guild_alloc(m * sizeof(double));
	g->part_weight = guild_alloc(m * sizeof(double));
	g->work = guild_alloc((4 * g->cap + m) * sizeof(double));
	for (size_t f = 0; f < m; f++) {
		memcpy(g->x + f * g->cap, d->x + f * d->n, d->n * sizeof(double));
	}
	memcpy(g->y, d->y, d->n * sizeof(double));
	take_hyper(g, d, hyper);
	if (!factorise(g)) {
		gp_free(g);
		return NULL;
	}
	find_alpha(g);
	return g;
}

void gp_free(struct gp *g)
{
	if (g) {
		free(g->x);
		free(g->y);
		free(g->factor);
		free(g->alpha);
		free(g->weight);
		free(g->part_weight);
		free(g->work);
		free(g);
	}
}

bool gp_append(struct gp *g, const double *x, double y)
{
	double *row = g->work;
	size_t n = g->n;
	double rest = total_variance(g) + g->noise;
	if (n == g->cap) {
		return false;
	}
	covariances(g, n, x, 1, row, NULL);
	search_solve_lower(g->la, false, n, g->factor, g->cap, row);
	for (size_t i = 0; i < n; i++) {
		rest -= row[i] * row[i];
	}
	if (!(rest > 1e-10 * total_variance(g))) {
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		g->factor[n + i * g->cap] = row[i];
	}
	g->factor[n + n * g->cap] = sqrt(rest);
	for (size_t f = 0; f < g->n_features; f++) {
		g->x[f * g->cap + n] = x[f];
	}
	g->y[n] = y;
	g->n++;
	find_alpha(g);
	return true;
}

/* ---- predicting -------------------------------------------------------------------------------------------------------- */

static void add_part_slopes(const struct gp *g, const double *x, const double *solved,
	double *d_mean, double *d_variance)
{
	double part = g->part_variance / (double)g->n_features;
	for (size_t f = 0; f < g->n_features; f++) {
		const double *column = g->x + f * g->cap;
		double mean = 0;
		double variance = 0;
		for (size_t i = 0; i < g->n && !g->is_category[f]; i++) {
			double slope;
			double gap = x[f] - column[i];
			(void)gp_matern(g->part_weight[f] * gap * gap, &slope);
			mean += g->alpha[i] * slope * gap;
			variance += solved[i] * slope * gap;
		}
		d_mean[f] -= part * g->part_weight[f] * mean;
		d_variance[f] += 2 * part * g->part_weight[f] * variance;
	}
}

/* dk_i/dx_f = -variance slope_i (x_f - x_if) / l_f^2. */
static void find_slopes(const struct gp *g, const double *x, const double *slope,
	const double *solved, double *d_mean, double *d_variance)
{
	for (size_t f = 0; f < g->n_features; f++) {
		const double *column = g->x + f * g->cap;
		double mean = 0;
		double variance = 0;
		for (size_t i = 0; i < g->n && !g->is_category[f]; i++) {
			double t = slope[i] * (x[f] - column[i]);
			mean += g->alpha[i] * t;
			variance += solved[i] * t;
		}
		d_mean[f] = -g->variance * g->weight[f] * mean;
		d_variance[f] = 2 * g->variance * g->weight[f] * variance;
	}
	if (g->is_additive) {
		add_part_slopes(g, x, solved, d_mean, d_variance);
	}
}

static double deviation_of(const struct gp *g, double variance)
{
	return sqrt(fmax(variance, 1e-12 * total_variance(g)));
}

void gp_predict(struct gp *g, const double *x, double *mean, double *deviation, double *d_mean,
	double *d_deviation)
{
	double *k = g->work;
	double *slope = g->work + g->cap;
	double variance = total_variance(g);
	double sum = g->mean;
	covariances(g, g->n, x, 1, k, slope);
	for (size_t i = 0; i < g->n; i++) {
		sum += k[i] * g->alpha[i];
	}
	search_solve_lower(g->la, false, g->n, g->factor, g->cap, k);
	for (size_t i = 0; i < g->n; i++) {
		variance -= k[i] * k[i];
	}
	*mean = sum;
	*deviation = deviation_of(g, variance);
	if (!d_mean || !d_deviation) {
		return;
	}
	search_solve_lower(g->la, true, g->n, g->factor, g->cap, k);
	find_slopes(g, x, slope, k, d_mean, d_deviation);
	for (size_t f = 0; f < g->n_features; f++) {
		d_deviation[f] /= 2 * *deviation;
	}
}

void gp_predict_many(struct gp *g, size_t m, const double *x, double *mean, double *deviation)
{
	double *k = guild_alloc(g->n * m * sizeof(*k));
	for (size_t j = 0; j < m; j++) {
		double *column = k + j * g->n;
		covariances(g, g->n, x + j, m, column, NULL);
		mean[j] = g->mean;
		for (size_t i = 0; i < g->n; i++) {
			mean[j] += column[i] * g->alpha[i];
		}
	}
	search_solve_lower_many(g->la, false, g->n, g->factor, g->cap, k, g->n, m);
	for (size_t j = 0; j < m; j++) {
		const double *column = k + j * g->n;
		double variance = total_variance(g);
		for (size_t i = 0; i < g->n; i++) {
			variance -= column[i] * column[i];
		}
		deviation[j] = deviation_of(g, variance);
	}
	free(k);
}

/* Rasmussen and Williams, section 5.4.2. */
void gp_leave_one_out(struct gp *g, double *mean, double *deviation)
{
	size_t n = g->n;
	double *inverse = guild_alloc(n * n * sizeof(*inverse));
	for (size_t j = 0; j < n; j++) {
		memcpy(inverse + j * n + j, g->factor + j * g->cap + j, (n - j) * sizeof(*inverse));
	}
	search_cholesky_inverse(g->la, n, inverse, n);
	for (size_t i = 0; i < n; i++) {
		double precision = inverse[i + i * n];
		mean[i] = g->y[i] - g->alpha[i] / precision;
		deviation[i] = sqrt(1 / precision);
	}
	free(inverse);
}
