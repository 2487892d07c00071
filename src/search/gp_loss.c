/* How well hyperparameters of a Gaussian process explain what was seen, and finding better ones.
 *
 * Likelihood and gradient: C. E. Rasmussen, C. K. I. Williams, "Gaussian Processes for Machine Learning", MIT Press 2006, chapter 5. Length
 * scales have a log-normal prior about 0.6 of the range. The wide one that grows with the square root of the number of features (C. Hvarfner, E. O.
 * Hellsten, L. Nardi, "Vanilla Bayesian Optimization Performs Great in High Dimensions", ICML 2024) was tried: models of few points were so sure of slopes
 * that trials went to the corners, and regret at 25 trials rose. That was seen on functions of bench/optimizers alone, on none that were kept back. */

#include <stdlib.h>
#include <string.h>

#include "gp_kernel.h"
#include "gp_model.h"
#include "lbfgsb.h"

enum { JITTERS = 5 };
#define LOG_2PI 1.8378770664093453

struct gp_work {
	const struct search_linalg *la;
	const struct gp_data *data;
	double *k;      /* n x n: kernel, its factor, its inverse */
	double *slope;  /* of the kernel of all features, lower triangle */
	double *alpha;  /* n */
	double *row;    /* n: r^2, then weights */
	double *weight; /* both sets */
};

/* Where each hyperparameter is. */
static size_t at_variance(const struct gp_data *d)
{
	return d->n_features;
}
static size_t at_noise(const struct gp_data *d)
{
	return d->n_features + 1;
}
static size_t at_mean(const struct gp_data *d)
{
	return d->n_features + 2;
}
static size_t at_parts(const struct gp_data *d)
{
	return d->n_features + 3;
}
static size_t at_part_variance(const struct gp_data *d)
{
	return 2 * d->n_features + 3;
}

size_t gp_n_hyper(const struct gp_data *d)
{
	return d->is_additive ? 2 * d->n_features + 4 : d->n_features + 3;
}

/* ---- priors ------------------------------------------------------------------------------------------------------ */

static const double length_center = -0.5;
static const double length_sigma = 0.8;
static const double part_sigma = 1.0;
static const double variance_sigma = 1.0;
static const double mean_sigma = 1.0;
static const double noise_shape = 1.1;
static const double noise_rate = 30;

void gp_default_hyper(const struct gp_data *d, double *hyper)
{
	for (size_t f = 0; f < d->n_features; f++) {
		hyper[f] = 0.5 * log((double)d->n_features) - 0.7;
	}
	hyper[at_variance(d)] = 0;
	hyper[at_noise(d)] = d->noise >= 0 ? log(fmax(d->noise, 1e-8)) : log(1e-3);
	hyper[at_mean(d)] = 0;
	for (size_t f = 0; f < d->n_features && d->is_additive; f++) {
		hyper[at_parts(d) + f] = -0.7;
	}
	if (d->is_additive) {
		hyper[at_variance(d)] = log(0.5);
		hyper[at_part_variance(d)] = log(0.5);
	}
}

void gp_hyper_bounds(const struct gp_data *d, double *low, double *high)
{
	for (size_t f = 0; f < d->n_features; f++) {
		low[f] = log(0.01);
		high[f] = log(1e3);
	}
	low[at_variance(d)] = log(1e-3);
	high[at_variance(d)] = log(1e3);
	low[at_noise(d)] = log(1e-7);
	high[at_noise(d)] = log(1.0);
	if (d->noise >= 0) {
		low[at_noise(d)] = high[at_noise(d)] = log(fmax(d->noise, 1e-8));
	}
	low[at_mean(d)] = -5;
	high[at_mean(d)] = 5;
	for (size_t f = 0; f < d->n_features && d->is_additive; f++) {
		low[at_parts(d) + f] = log(0.01);
		high[at_parts(d) + f] = log(1e3);
	}
	if (d->is_additive) {
		low[at_part_variance(d)] = log(1e-4);
		high[at_part_variance(d)] = log(1e3);
	}
}

/* Minus the logarithm of a normal density, without its constant. */
static double normal_loss(double x, double center, double sigma, double *slope)
{
	double z = (x - center) / sigma;
	*slope += z / sigma;
	return 0.5 * z * z;
}

static double prior_loss(const struct gp_data *d, const double *hyper, double *gradient)
{
	double loss = 0;
	for (size_t f = 0; f < d->n_features; f++) {
		loss += normal_loss(hyper[f], length_center, length_sigma, &gradient[f]);
	}
	loss += normal_loss(hyper[at_variance(d)], 0, variance_sigma, &gradient[at_variance(d)]);
	loss += normal_loss(hyper[at_mean(d)], 0, mean_sigma, &gradient[at_mean(d)]);
	/* Gamma: nearly flat in the logarithm until the noise is seen. */
	double noise = exp(hyper[at_noise(d)]);
	loss += noise_rate * noise - (noise_shape - 1) * hyper[at_noise(d)];
	gradient[at_noise(d)] += noise_rate * noise - (noise_shape - 1);
	for (size_t f = 0; f < d->n_features && d->is_additive; f++) {
		size_t i = at_parts(d) + f;
		loss += normal_loss(hyper[i], 0, part_sigma, &gradient[i]);
	}
	if (d->is_additive) {
		size_t i = at_part_variance(d);
		loss += normal_loss(hyper[i], -1, variance_sigma, &gradient[i]);
	}
	return loss;
}

/* ---- kernel ------------------------------------------------------------------------------------------------------- */

struct gp_work *gp_work_new(const struct search_linalg *la, const struct gp_data *d)
{
	struct gp_work *w = guild_alloc(sizeof(*w));
	w->la = la;
	w->data = d;
	w->k = guild_alloc(d->n * d->n * sizeof(double));
	w->slope = guild_alloc(d->n * d->n * sizeof(double));
	w->alpha = guild_alloc(d->n * sizeof(double));
	w->row = guild_alloc(d->n * sizeof(double));
	w->weight = guild_alloc(2 * d->n_features * sizeof(double));
	return w;
}

void gp_work_free(struct gp_work *w)
{
	if (w) {
		free(w->k);
		free(w->slope);
		free(w->alpha);
		free(w->row);
		free(w->weight);
		free(w);
	}
}

/* Squared differences of one feature between point j and those from j+1 on. */
static inline double square(const double *x, bool is_category, size_t i, size_t j)
{
	double gap = x[i] - x[j];
	return is_category ? (gap != 0 ? 1 : 0) : gap * gap;
}

static void fill_kernel(struct gp_work *w, const double *hyper)
{
	const struct gp_data *d = w->data;
	size_t n = d->n;
	double variance = exp(hyper[at_variance(d)]);
	double part = d->is_additive ? exp(hyper[at_part_variance(d)]) / (double)d->n_features : 0;
	for (size_t j = 0; j < n; j++) {
		double *column = w->k + j * n;
		double *slope = w->slope + j * n;
		double *r2 = w->row;
		memset(r2 + j, 0, (n - j) * sizeof(*r2));
		for (size_t f = 0; f < d->n_features; f++) {
			const double *x = d->x + f * n;
			for (size_t i = j + 1; i < n; i++) {
				r2[i] += w->weight[f] * square(x, d->is_category[f], i, j);
			}
		}
		column[j] = variance + part * (double)d->n_features;
		for (size_t i = j + 1; i < n; i++) {
			column[i] = variance * gp_matern(r2[i], &slope[i]);
		}
		for (size_t f = 0; f < d->n_features && part > 0; f++) {
			const double *x = d->x + f * n;
			double weight = w->weight[d->n_features + f];
			for (size_t i = j + 1; i < n; i++) {
				double unused;
				column[i] += part *
					     gp_matern(weight * square(x, d->is_category[f], i, j),
						     &unused);
			}
		}
	}
}

/* Adds noise and what else is needed to make a factor. */
static bool factorise(struct gp_work *w, const double *hyper)
{
	const struct gp_data *d = w->data;
	size_t n = d->n;
	double jitter = 1e-10;
	double noise = exp(hyper[at_noise(d)]);
	for (size_t k = 0; k < JITTERS; k++) {
		fill_kernel(w, hyper);
		for (size_t i = 0; i < n; i++) {
			w->k[i + i * n] += noise + jitter * w->k[i + i * n];
		}
		if (search_cholesky(w->la, n, w->k, n)) {
			return true;
		}
		jitter *= 100;
	}
	return false;
}

/* ---- loss ---------------------------------------------------------------------------------------------------------- */

/* Of the parts; row holds (K^-1 - alpha alpha') of column j from j+1 on. */
static void add_part_gradient(const struct gp_work *w, size_t j, double part, double *gradient)
{
	const struct gp_data *d = w->data;
	double sum_all = 0;
	for (size_t f = 0; f < d->n_features; f++) {
		const double *x = d->x + f * d->n;
		double weight = w->weight[d->n_features + f];
		double sum = 0;
		for (size_t i = j + 1; i < d->n; i++) {
			double slope;
			double r2 = weight * square(x, d->is_category[f], i, j);
			sum_all += w->row[i] * gp_matern(r2, &slope);
			sum += w->row[i] * slope * r2;
		}
		gradient[at_parts(d) + f] += part * sum;
	}
	gradient[at_part_variance(d)] += part * sum_all;
}

static void add_gradient(struct gp_work *w, const double *hyper, double *gradient)
{
	const struct gp_data *d = w->data;
	size_t n = d->n;
	double variance = exp(hyper[at_variance(d)]);
	double noise = exp(hyper[at_noise(d)]);
	double part = d->is_additive ? exp(hyper[at_part_variance(d)]) / (double)d->n_features : 0;
	double trace = 0;
	double trace_k = 0; /* of the inverse times the kernel without parts */
	for (size_t j = 0; j < n; j++) {
		const double *inverse = w->k + j * n;
		const double *slope = w->slope + j * n;
		trace += inverse[j] - w->alpha[j] * w->alpha[j];
		for (size_t i = j + 1; i < n; i++) {
			w->row[i] = inverse[i] - w->alpha[i] * w->alpha[j];
		}
		if (d->is_additive) {
			add_part_gradient(w, j, part, gradient);
		}
		/* The kernel is no longer there. With q from the slope it need not be: tr(W K) follows below. */
		for (size_t i = j + 1; i < n; i++) {
			w->row[i] *= variance * slope[i];
		}
		for (size_t f = 0; f < d->n_features; f++) {
			const double *x = d->x + f * n;
			double sum = 0;
			for (size_t i = j + 1; i < n; i++) {
				sum += w->row[i] * square(x, d->is_category[f], i, j);
			}
			gradient[f] += w->weight[f] * sum;
		}
	}
	/* tr(K^-1 K) = n, so what the variance adds is what noise and parts do not. */
	double quadratic = 0;
	double sum_alpha = 0;
	for (size_t i = 0; i < n; i++) {
		quadratic += w->alpha[i] * (d->y[i] - hyper[at_mean(d)]);
		sum_alpha += w->alpha[i];
	}
	double all = 0.5 * ((double)n - quadratic);
	double from_noise = 0.5 * noise * trace;
	if (d->is_additive) {
		gradient[at_part_variance(d)] += 0.5 * part * (double)d->n_features * trace;
		trace_k = gradient[at_part_variance(d)];
	}
	gradient[at_variance(d)] += all - from_noise - trace_k;
	gradient[at_noise(d)] += from_noise;
	gradient[at_mean(d)] -= sum_alpha;
}

double gp_loss(struct gp_work *w, const double *hyper, double *gradient)
{
	const struct gp_data *d = w->data;
	size_t n = d->n;
	size_t n_hyper = gp_n_hyper(d);
	double *priors = guild_alloc(2 * n_hyper * sizeof(*priors));
	double *fit = priors + n_hyper;
	double loss = 0;
	for (size_t f = 0; f < d->n_features; f++) {
		w->weight[f] = exp(-2 * hyper[f]);
		w->weight[d->n_features + f] =
			d->is_additive ? exp(-2 * hyper[at_parts(d) + f]) : 0;
	}
	if (!factorise(w, hyper)) {
		free(priors);
		return INFINITY;
	}
	for (size_t i = 0; i < n; i++) {
		loss += log(w->k[i + i * n]);
		w->alpha[i] = d->y[i] - hyper[at_mean(d)];
	}
	search_cholesky_solve(w->la, n, w->k, n, w->alpha, n, 1);
	for (size_t i = 0; i < n; i++) {
		loss += 0.5 * w->alpha[i] * (d->y[i] - hyper[at_mean(d)]);
	}
	loss += 0.5 * LOG_2PI * (double)n + prior_loss(d, hyper, priors);
	if (gradient) {
		search_cholesky_inverse(w->la, n, w->k, n);
		add_gradient(w, hyper, fit);
		for (size_t i = 0; i < n_hyper; i++) {
			gradient[i] = priors[i] + fit[i];
		}
	}
	free(priors);
	return loss;
}

static double loss_fn(void *arg, const double *x, double *gradient)
{
	return gp_loss(arg, x, gradient);
}

double gp_fit(struct gp_work *w, double *hyper, size_t max_calls)
{
	size_t n = gp_n_hyper(w->data);
	double *low = guild_alloc(2 * n * sizeof(*low));
	gp_hyper_bounds(w->data, low, low + n);
	struct search_descent descent = {.function = loss_fn,
		.arg = w,
		.n = n,
		.low = low,
		.high = low + n,
		.max_calls = max_calls,
		.gradient_below = 1e-3,
		.improvement_below = 1e-6};
	double loss = search_descend(&descent, hyper);
	free(low);
	return loss;
}
