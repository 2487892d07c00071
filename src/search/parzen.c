/* Mixtures of kernels, as wide as neighbours are apart (J. Bergstra, R. Bardenet, Y. Bengio, B. Kegl, "Algorithms for hyper-parameter optimization", NIPS
 * 2011), in all dimensions at once (S. Falkner, A. Klein, F. Hutter, "BOHB", ICML 2018), not narrower the fewer there are (S. Watanabe, "Tree-structured Parzen
 * estimator: understanding its algorithm components", arXiv:2304.11127 (2023)). */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "parzen.h"

/* Whole numbers with at most so many values have their kernels integrated over each value's part of the axis. */
enum { TABLE_MAX = 16 };

static const double ROOT_2PI = 2.50662827463100050242;

struct parzen_dim {
	bool is_category;
	size_t n_cells;    /* choices, or the values of a table; 0: none of both */
	double own, other; /* logarithms: a category's own choice, each other one */
	double own_share;  /* of the kernel for the own choice, when drawn; the rest is uniform */
	double *edges;     /* of a table's cells */
	double *tables;    /* logarithms of kernels, n_cells each */
	size_t n_tables;
};
/* One component in one dimension. */
struct parzen_kernel {
	double at;    /* place on the axis, or number of cell; NaN: uniform */
	double sigma; /* share of the axis */
	double log_scale;
	size_t table;
};
struct search_parzen {
	const struct guild_space *space;
	size_t n, max;
	struct parzen_dim *dims;
	struct parzen_kernel *kernels; /* of each component in each dimension */
	double *weight, *log_weight;
	double total;          /* with the uniform component's 1 */
	double *place, *terms; /* working space: one point; one number for each component */
};

static double normal_cdf(double z)
{
	return 0.5 * erfc(-z * 0.70710678118654752440);
}

static void init_dim(struct parzen_dim *p, const struct guild_dim *d, size_t max_points)
{
	p->is_category = d->kind == GUILD_DIM_CATEGORICAL;
	if (p->is_category) {
		p->n_cells = d->n_choices;
	} else if (d->kind == GUILD_DIM_INT && d->high - d->low < TABLE_MAX) {
		p->n_cells = (size_t)(d->high - d->low) + 1;
		p->edges = guild_alloc((p->n_cells + 1) * sizeof(*p->edges));
		p->tables = guild_alloc((max_points + 1) * p->n_cells * sizeof(*p->tables));
		p->edges[p->n_cells] = 1;
		for (size_t i = 1; i < p->n_cells; i++) {
			p->edges[i] = search_dim_to_unit(d, d->low + (double)i - 0.5);
		}
	}
}

struct search_parzen *search_parzen_new(const struct guild_space *s, size_t max_points)
{
	struct search_parzen *p = guild_alloc(sizeof(*p));
	size_t n = s->n;
	*p = (struct search_parzen){.space = s, .max = max_points, .total = 1};
	p->dims = guild_alloc(n * sizeof(*p->dims));
	p->kernels = guild_alloc((max_points + 1) * n * sizeof(*p->kernels));
	p->weight = guild_alloc((max_points + 1) * sizeof(*p->weight));
	p->log_weight = guild_alloc((max_points + 1) * sizeof(*p->log_weight));
	p->place = guild_alloc(n * sizeof(*p->place));
	p->terms = guild_alloc((max_points + 1) * sizeof(*p->terms));
	for (size_t i = 0; i < n; i++) {
		init_dim(&p->dims[i], &s->v[i], max_points);
	}
	return p;
}

void search_parzen_free(struct search_parzen *p)
{
	if (!p) {
		return;
	}
	for (size_t i = 0; i < p->space->n; i++) {
		free(p->dims[i].edges);
		free(p->dims[i].tables);
	}
	free(p->dims);
	free(p->kernels);
	free(p->weight);
	free(p->log_weight);
	free(p->place);
	free(p->terms);
	free(p);
}

/* ---- components ----------------------------------------------------------------------------------------------- */

static void place_point(const struct search_parzen *p, const double *x, double *at)
{
	for (size_t i = 0; i < p->space->n; i++) {
		const struct guild_dim *d = &p->space->v[i];
		const struct parzen_dim *q = &p->dims[i];
		if (isnan(x[i])) {
			at[i] = NAN;
		} else if (q->is_category) {
			at[i] = x[i];
		} else {
			at[i] = q->n_cells > 0 ? x[i] - d->low : search_dim_to_unit(d, x[i]);
		}
	}
}

void search_parzen_add(struct search_parzen *p, const double *x, double weight)
{
	guild_assert(p->n < p->max);
	place_point(p, x, p->place);
	for (size_t i = 0; i < p->space->n; i++) {
		p->kernels[p->n * p->space->n + i].at = p->place[i];
	}
	p->weight[p->n] = weight;
	p->total += weight;
	p->n++;
}

/* ---- widths --------------------------------------------------------------------------------------------------- */

/* The share of a kernel around `mean` that is between a and b. */
static double mass(double mean, double sigma, double a, double b)
{
	return normal_cdf((b - mean) / sigma) - normal_cdf((a - mean) / sigma);
}

static double middle(const struct parzen_dim *q, double at)
{
	size_t cell = (size_t)at;
	return q->n_cells > 0 ? 0.5 * (q->edges[cell] + q->edges[cell + 1]) : at;
}

static size_t add_table(struct parzen_dim *q, double mean, double sigma)
{
	double *table = &q->tables[q->n_tables * q->n_cells];
	double low = normal_cdf(-mean / sigma);
	double whole = normal_cdf((1 - mean) / sigma) - low;
	for (size_t i = 0; i < q->n_cells; i++) {
		double high = normal_cdf((q->edges[i + 1] - mean) / sigma);
		double width = q->edges[i + 1] - q->edges[i];
		table[i] = log(fmax((high - low) / (whole * width), 1e-300));
		low = high;
	}
	return q->n_tables++;
}

static void fit_category(struct parzen_dim *q, size_t n_have)
{
	double extra = 2 / ((double)n_have + 1);
	double choices = (double)q->n_cells;
	q->own_share = 1 / (1 + choices * extra);
	/* As a density beside the uniform one, which is 1. */
	q->own = log((1 + extra) * q->own_share * choices);
	q->other = log(extra * q->own_share * choices);
}

static int compare_place(const void *a, const void *b)
{
	double x = (*(struct parzen_kernel *const *)a)->at;
	double y = (*(struct parzen_kernel *const *)b)->at;
	return x < y ? -1 : x > y;
}

/* v: the dimension's kernels in the order of their places. */
static void fit_axis(struct parzen_dim *q, struct parzen_kernel **v, size_t n)
{
	double least = 1 / fmin(100, (double)n + 2);
	for (size_t i = 0; i < n; i++) {
		double at = middle(q, v[i]->at);
		double left = i > 0 ? at - middle(q, v[i - 1]->at) : n > 1 ? 0 : at;
		double right = i + 1 < n ? middle(q, v[i + 1]->at) - at : n > 1 ? 0 : 1 - at;
		double sigma = fmin(fmax(fmax(left, right), least), 1);
		v[i]->sigma = sigma;
		if (q->n_cells == 0) {
			v[i]->log_scale = -log(sigma * ROOT_2PI * mass(at, sigma, 0, 1));
			continue;
		}
		bool is_same = i > 0 && v[i - 1]->at == v[i]->at && v[i - 1]->sigma == sigma;
		v[i]->table = is_same ? v[i - 1]->table : add_table(q, at, sigma);
	}
}

void search_parzen_fit(struct search_parzen *p)
{
	struct parzen_kernel **v = guild_alloc((p->n + 1) * sizeof(struct parzen_kernel *));
	for (size_t i = 0; i < p->space->n; i++) {
		size_t n_have = 0;
		for (size_t k = 0; k < p->n; k++) {
			struct parzen_kernel *kernel = &p->kernels[k * p->space->n + i];
			if (!isnan(kernel->at)) {
				v[n_have++] = kernel;
			}
		}
		if (p->dims[i].is_category) {
			fit_category(&p->dims[i], n_have);
		} else {
			qsort(v, n_have, sizeof(*v), compare_place);
			fit_axis(&p->dims[i], v, n_have);
		}
	}
	for (size_t k = 0; k < p->n; k++) {
		p->log_weight[k] = log(p->weight[k] / p->total);
	}
	free(v);
}

/* ---- drawing ----------------------------------------------------------------------------------------------------- */

static double draw_normal(struct guild_mt19937 *mt, double mean, double sigma)
{
	/* At least a third of all are inside where the mean is and sigma is below 1. */
	for (size_t tries = 0; tries < 1000; tries++) {
		double u = mean + sigma * guild_mt19937_normal(mt);
		if (u >= 0 && u <= 1) {
			return u;
		}
	}
	return mean;
}

static double draw_dim(const struct search_parzen *p, struct guild_mt19937 *mt, size_t i,
	const struct parzen_kernel *kernel)
{
	const struct guild_dim *d = &p->space->v[i];
	const struct parzen_dim *q = &p->dims[i];
	if (!kernel || isnan(kernel->at)) {
		return search_dim_from_unit(d, guild_mt19937_unit(mt));
	}
	if (q->is_category) {
		bool is_own = guild_mt19937_unit(mt) < q->own_share;
		return is_own ? kernel->at : search_dim_from_unit(d, guild_mt19937_unit(mt));
	}
	return search_dim_from_unit(d, draw_normal(mt, middle(q, kernel->at), kernel->sigma));
}

void search_parzen_draw(const struct search_parzen *p, struct guild_mt19937 *mt, double *x)
{
	size_t n = p->space->n;
	double rest = guild_mt19937_unit(mt) * p->total - 1;
	size_t k = 0;
	/* Below 0 from the start: the uniform component. */
	bool is_uniform = rest < 0 || p->n == 0;
	while (!is_uniform && k + 1 < p->n && rest >= p->weight[k]) {
		rest -= p->weight[k++];
	}
	for (size_t i = 0; i < n; i++) {
		x[i] = NAN;
		if (search_is_active(p->space, i, x)) {
			x[i] = draw_dim(p, mt, i, is_uniform ? NULL : &p->kernels[k * n + i]);
		}
	}
}

/* ---- density ---------------------------------------------------------------------------------------------------------- */

static double kernel_log(const struct parzen_dim *q, const struct parzen_kernel *kernel, double to)
{
	if (q->is_category) {
		return kernel->at == to ? q->own : q->other;
	}
	if (q->n_cells > 0) {
		return q->tables[kernel->table * q->n_cells + (size_t)to];
	}
	double z = (to - kernel->at) / kernel->sigma;
	return kernel->log_scale - 0.5 * z * z;
}

double search_parzen_log(const struct search_parzen *p, const double *x)
{
	size_t n = p->space->n;
	double uniform = -log(p->total);
	double most = uniform;
	place_point(p, x, p->place);
	for (size_t k = 0; k < p->n; k++) {
		double sum = p->log_weight[k];
		for (size_t i = 0; i < n; i++) {
			const struct parzen_kernel *kernel = &p->kernels[k * n + i];
			if (!isnan(kernel->at) && !isnan(p->place[i])) {
				sum += kernel_log(&p->dims[i], kernel, p->place[i]);
			}
		}
		p->terms[k] = sum;
		most = fmax(most, sum);
	}
	double total = exp(uniform - most);
	for (size_t k = 0; k < p->n; k++) {
		total += exp(p->terms[k] - most);
	}
	return most + log(total);
}
