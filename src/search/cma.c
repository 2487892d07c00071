/* CMA-ES: N. Hansen, "The CMA evolution strategy: a tutorial", arXiv:1604.00772 (2016), with negative weights; points from elsewhere: N. Hansen, "Injecting
 * external solutions into CMA-ES", arXiv:1110.4181 (2011); diagonal covariance: R. Ros, N. Hansen, "A simple modification in CMA-ES", PPSN X (2008). */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cma.h"

struct search_cma {
	size_t n;
	bool is_full;
	double sigma;
	size_t generation;
	double *mean, *path_c, *path_s;
	double *cov;  /* n x n, or n */
	double *axes; /* its principal axes as columns; none where it is diagonal */
	double *root; /* roots of its eigenvalues */
};

static double *copy_of(const double *v, size_t n)
{
	double *copy = guild_alloc((n + 1) * sizeof(*copy));
	memcpy(copy, v, n * sizeof(*copy));
	return copy;
}

struct search_cma *search_cma_new(size_t n, const double *mean, double sigma)
{
	struct search_cma *c = guild_alloc(sizeof(*c));
	c->n = n;
	c->is_full = n <= CMA_FULL_MAX;
	c->sigma = sigma;
	c->mean = copy_of(mean, n);
	c->path_c = guild_alloc((n + 1) * sizeof(double));
	c->path_s = guild_alloc((n + 1) * sizeof(double));
	c->root = guild_alloc((n + 1) * sizeof(double));
	size_t size = c->is_full ? n * n : n;
	c->cov = guild_alloc((size + 1) * sizeof(double));
	c->axes = guild_alloc((size + 1) * sizeof(double));
	for (size_t i = 0; i < n; i++) {
		c->cov[c->is_full ? i * n + i : i] = 1;
		c->axes[c->is_full ? i * n + i : i] = 1;
		c->root[i] = 1;
	}
	return c;
}

struct search_cma *search_cma_copy(const struct search_cma *c)
{
	struct search_cma *copy = guild_alloc(sizeof(*copy));
	size_t size = c->is_full ? c->n * c->n : c->n;
	*copy = *c;
	copy->mean = copy_of(c->mean, c->n);
	copy->path_c = copy_of(c->path_c, c->n);
	copy->path_s = copy_of(c->path_s, c->n);
	copy->root = copy_of(c->root, c->n);
	copy->cov = copy_of(c->cov, size);
	copy->axes = copy_of(c->axes, size);
	return copy;
}

void search_cma_free(struct search_cma *c)
{
	if (c) {
		free(c->mean);
		free(c->path_c);
		free(c->path_s);
		free(c->root);
		free(c->cov);
		free(c->axes);
		free(c);
	}
}

const double *search_cma_mean(const struct search_cma *c)
{
	return c->mean;
}

double search_cma_deviation(const struct search_cma *c, size_t i)
{
	return c->sigma * sqrt(c->cov[c->is_full ? i * c->n + i : i]);
}

double search_cma_width(const struct search_cma *c)
{
	double most = 0;
	for (size_t i = 0; i < c->n; i++) {
		most = fmax(most, search_cma_deviation(c, i));
	}
	return most;
}

double search_cma_condition(const struct search_cma *c)
{
	double low = INFINITY;
	double high = 0;
	for (size_t i = 0; i < c->n; i++) {
		low = fmin(low, c->root[i]);
		high = fmax(high, c->root[i]);
	}
	return low > 0 ? high / low : 1;
}

void search_cma_draw(const struct search_cma *c, struct guild_mt19937 *mt, double *x)
{
	memcpy(x, c->mean, c->n * sizeof(*x));
	for (size_t k = 0; k < c->n; k++) {
		double z = c->sigma * c->root[k] * guild_mt19937_normal(mt);
		if (!c->is_full) {
			x[k] += z;
			continue;
		}
		for (size_t i = 0; i < c->n; i++) {
			x[i] += c->axes[k * c->n + i] * z;
		}
	}
}

/* ---- one generation ----------------------------------------------------------------------------------------------- */

struct cma_rates {
	size_t mu;
	double *w;
	double mu_eff, c_s, d_s, c_c, c_1, c_mu, chi;
};

/* Weights and rates of the tutorial's table 1, for so many points. */
static void find_rates(const struct search_cma *c, size_t count, struct cma_rates *r)
{
	double n = (double)c->n;
	double sum[2] = {0};
	double squares[2] = {0};
	r->w = guild_alloc((count + 1) * sizeof(*r->w));
	r->mu = 0;
	for (size_t i = 0; i < count; i++) {
		r->w[i] = log(((double)count + 1) / 2) - log((double)i + 1);
		bool is_bad = r->w[i] <= 0;
		r->mu += !is_bad;
		sum[is_bad] += fabs(r->w[i]);
		squares[is_bad] += r->w[i] * r->w[i];
	}
	r->mu_eff = sum[0] * sum[0] / squares[0];
	double bad_eff = squares[1] > 0 ? sum[1] * sum[1] / squares[1] : 0;
	r->c_s = (r->mu_eff + 2) / (n + r->mu_eff + 5);
	r->d_s = 1 + 2 * fmax(0, sqrt((r->mu_eff - 1) / (n + 1)) - 1) + r->c_s;
	r->c_c = (4 + r->mu_eff / n) / (n + 4 + 2 * r->mu_eff / n);
	r->c_1 = 2 / ((n + 1.3) * (n + 1.3) + r->mu_eff);
	r->c_mu = 2 * (0.25 + r->mu_eff + 1 / r->mu_eff - 2) / ((n + 2) * (n + 2) + r->mu_eff);
	if (!c->is_full) {
		r->c_1 *= (n + 2) / 3;
		r->c_mu *= (n + 2) / 3;
	}
	r->c_1 = fmin(r->c_1, 0.5);
	r->c_mu = fmin(r->c_mu, 1 - r->c_1);
	r->chi = sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n));
	double bad = fmin(1 + r->c_1 / r->c_mu, 1 + 2 * bad_eff / (r->mu_eff + 2));
	bad = fmin(bad, (1 - r->c_1 - r->c_mu) / (n * r->c_mu));
	for (size_t i = 0; i < count; i++) {
		r->w[i] *= r->w[i] > 0 ? 1 / sum[0] : sum[1] > 0 ? bad / sum[1] : 0;
	}
}

/* cov^(-1/2) y */
static void whiten(const struct search_cma *c, const double *y, double *z)
{
	size_t n = c->n;
	memset(z, 0, n * sizeof(*z));
	for (size_t k = 0; k < n; k++) {
		if (!c->is_full) {
			z[k] = y[k] / c->root[k];
			continue;
		}
		double dot = 0;
		for (size_t i = 0; i < n; i++) {
			dot += c->axes[k * n + i] * y[i];
		}
		for (size_t i = 0; i < n; i++) {
			z[i] += c->axes[k * n + i] * dot / c->root[k];
		}
	}
}

static double norm(const double *v, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++) {
		sum += v[i] * v[i];
	}
	return sqrt(sum);
}

static void add_outer(struct search_cma *c, double weight, const double *y)
{
	for (size_t i = 0; i < c->n; i++) {
		if (!c->is_full) {
			c->cov[i] += weight * y[i] * y[i];
			continue;
		}
		for (size_t k = 0; k < c->n; k++) {
			c->cov[i * c->n + k] += weight * y[i] * y[k];
		}
	}
}

static void find_axes(struct search_cma *c, const struct search_linalg *la)
{
	size_t n = c->n;
	if (!c->is_full) {
		for (size_t i = 0; i < n; i++) {
			c->cov[i] = fmax(c->cov[i], 1e-20);
			c->root[i] = sqrt(c->cov[i]);
		}
		return;
	}
	double *axes = copy_of(c->cov, n * n);
	double *values = guild_alloc((n + 1) * sizeof(*values));
	/* Without convergence the axes stay as they are for a generation. */
	if (search_symmetric_eigen(la, n, axes, n, values)) {
		memcpy(c->axes, axes, n * n * sizeof(*axes));
		for (size_t i = 0; i < n; i++) {
			c->root[i] = sqrt(fmax(values[i], 1e-20));
		}
	}
	free(axes);
	free(values);
}

/* Steps y of all points, in units of sigma, none longer than one that is drawn is likely to be. */
static void find_steps(const struct search_cma *c, const double *x, size_t count, double *y,
	double *length)
{
	double n = (double)c->n;
	double longest = sqrt(n) + 2 * n / (n + 2);
	double *z = guild_alloc((c->n + 1) * sizeof(*z));
	for (size_t k = 0; k < count; k++) {
		double *step = &y[k * c->n];
		for (size_t i = 0; i < c->n; i++) {
			step[i] = (x[k * c->n + i] - c->mean[i]) / c->sigma;
		}
		whiten(c, step, z);
		length[k] = norm(z, c->n);
		double scale = length[k] > longest ? longest / length[k] : 1;
		for (size_t i = 0; i < c->n; i++) {
			step[i] *= scale;
		}
		length[k] *= scale;
	}
	free(z);
}

static void update_paths(struct search_cma *c, const struct cma_rates *r, const double *step,
	bool *is_stalled)
{
	size_t n = c->n;
	double *z = guild_alloc((n + 1) * sizeof(*z));
	whiten(c, step, z);
	for (size_t i = 0; i < n; i++) {
		c->path_s[i] = (1 - r->c_s) * c->path_s[i] +
			       sqrt(r->c_s * (2 - r->c_s) * r->mu_eff) * z[i];
	}
	double length = norm(c->path_s, n);
	double seen = 1 - pow(1 - r->c_s, 2 * ((double)c->generation + 1));
	*is_stalled = length / sqrt(seen) >= (1.4 + 2 / ((double)n + 1)) * r->chi;
	for (size_t i = 0; i < n; i++) {
		c->path_c[i] *= 1 - r->c_c;
		if (!*is_stalled) {
			c->path_c[i] += sqrt(r->c_c * (2 - r->c_c) * r->mu_eff) * step[i];
		}
	}
	c->sigma *= exp(fmin(1, r->c_s / r->d_s * (length / r->chi - 1)));
	free(z);
}

void search_cma_update(struct search_cma *c, const struct search_linalg *la, const double *x,
	size_t count)
{
	size_t n = c->n;
	struct cma_rates r;
	bool is_stalled = false;
	double *y = guild_alloc((count * n + 1) * sizeof(*y));
	double *length = guild_alloc((count + 1) * sizeof(*length));
	double *step = guild_alloc((n + 1) * sizeof(*step));
	double sum = 0;
	find_rates(c, count, &r);
	find_steps(c, x, count, y, length);
	for (size_t k = 0; k < count; k++) {
		sum += r.w[k];
		for (size_t i = 0; i < n && k < r.mu; i++) {
			step[i] += r.w[k] * y[k * n + i];
		}
	}
	for (size_t i = 0; i < n; i++) {
		c->mean[i] += c->sigma * step[i];
	}
	update_paths(c, &r, step, &is_stalled);
	double kept = 1 - r.c_1 - r.c_mu * sum + (is_stalled ? r.c_1 * r.c_c * (2 - r.c_c) : 0);
	for (size_t i = 0; i < (c->is_full ? n * n : n); i++) {
		c->cov[i] *= kept;
	}
	add_outer(c, r.c_1, c->path_c);
	for (size_t k = 0; k < count; k++) {
		double w = r.w[k];
		/* So that what is bad never takes away more than there is. */
		w *= w < 0 ? (double)n / fmax(length[k] * length[k], 1e-12) : 1;
		add_outer(c, r.c_mu * w, &y[k * n]);
	}
	find_axes(c, la);
	c->generation++;
	free(r.w);
	free(y);
	free(length);
	free(step);
}
