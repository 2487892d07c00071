/* Optimizer gbrt: boosted trees for three quantiles of the objective (Friedman 2001). */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "acquire.h"

enum { N_TREES = 30, N_QUANTILES = 3, DEPTH = 3 };
static const double RATE = 0.1;
static const double quantiles[N_QUANTILES] = {0.16, 0.5, 0.84};

/* The tree's means are what it adds. */
struct boosted {
	double start;
	struct tree trees[N_TREES];
};
struct gbrt {
	const struct tree_data *data;
	struct boosted parts[N_QUANTILES];
};

static void add_boosted(const struct boosted *b, const double *rows, size_t n, size_t n_dims,
	double *out)
{
	for (size_t i = 0; i < n; i++) {
		out[i] = b->start;
	}
	for (size_t k = 0; k < N_TREES; k++) {
		for (size_t i = 0; i < n; i++) {
			out[i] += tree_leaf(&b->trees[k], rows + i * n_dims)->mean;
		}
	}
}

/* The median, and half of the distance of the quantiles that are one standard deviation from it in a normal distribution. */
static void predict(const void *model, const double *rows, size_t n, double *mean, double *std)
{
	const struct gbrt *g = model;
	size_t n_dims = g->data->n_dims;
	double *low = guild_alloc((n + 1) * sizeof(*low));
	add_boosted(&g->parts[0], rows, n, n_dims, low);
	add_boosted(&g->parts[1], rows, n, n_dims, mean);
	add_boosted(&g->parts[2], rows, n, n_dims, std);
	for (size_t i = 0; i < n; i++) {
		std[i] = fmax(std[i] - low[i], 0) / 2;
	}
	free(low);
}

static int compare_f64(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;
	return x < y ? -1 : x > y;
}

/* Sorts v. */
static double quantile_of(double *v, size_t n, double q)
{
	qsort(v, n, sizeof(*v), compare_f64);
	double at = q * (double)(n - 1);
	size_t low = (size_t)at;
	size_t high = low + 1 < n ? low + 1 : low;
	return v[low] + (at - (double)low) * (v[high] - v[low]);
}

/* What boosting works on: one entry for each row. */
struct booster {
	const struct tree_data *data;
	const uint32_t *order;
	const double *y;
	double *fit, *slope, *rest;
	size_t *leaf;
};

/* Leaves get the quantile of what is still missing from the targets of their rows. */
static void fill_leaves(struct booster *b, struct tree *t, double quantile)
{
	size_t n = b->data->n;
	for (size_t i = 0; i < n; i++) {
		const struct tree_node *leaf = tree_leaf(t, b->data->x + i * b->data->n_dims);
		b->leaf[i] = (size_t)(leaf - t->nodes);
	}
	for (size_t node = 0; node < t->n; node++) {
		size_t n_rest = 0;
		if (t->nodes[node].left > 0) {
			continue;
		}
		for (size_t i = 0; i < n; i++) {
			if (b->leaf[i] == node) {
				b->rest[n_rest++] = b->y[i] - b->fit[i];
			}
		}
		t->nodes[node].mean =
			n_rest > 0 ? RATE * quantile_of(b->rest, n_rest, quantile) : 0;
	}
}

static void boost(struct booster *b, double quantile, struct boosted *out)
{
	static const struct tree_options options = {.min_leaf = 1, .max_depth = DEPTH};
	size_t n = b->data->n;
	memcpy(b->rest, b->y, n * sizeof(*b->rest));
	out->start = quantile_of(b->rest, n, quantile);
	for (size_t i = 0; i < n; i++) {
		b->fit[i] = out->start;
	}
	for (size_t k = 0; k < N_TREES; k++) {
		for (size_t i = 0; i < n; i++) {
			b->slope[i] = b->y[i] > b->fit[i] ? quantile : quantile - 1;
		}
		tree_grow_best(&out->trees[k], b->data, b->order, NULL, b->slope, &options);
		fill_leaves(b, &out->trees[k], quantile);
		for (size_t i = 0; i < n; i++) {
			b->fit[i] += out->trees[k].nodes[b->leaf[i]].mean;
		}
	}
}

static void fit(void *model, const struct tree_data *data, const double *y,
	struct guild_mt19937 *mt)
{
	struct gbrt *g = model;
	(void)mt; /* nothing is drawn */
	size_t n = data->n + 1;
	uint32_t *order = tree_order(data);
	double *work = guild_alloc(3 * n * sizeof(*work));
	struct booster b = {
		.data = data,
		.order = order,
		.y = y,
		.fit = work,
		.slope = work + n,
		.rest = work + 2 * n,
		.leaf = guild_alloc(n * sizeof(*b.leaf)),
	};
	g->data = data;
	for (size_t k = 0; k < N_QUANTILES; k++) {
		boost(&b, quantiles[k], &g->parts[k]);
	}
	free(b.leaf);
	free(work);
	free(order);
}

static void fini(void *model)
{
	struct gbrt *g = model;
	for (size_t k = 0; k < N_QUANTILES; k++) {
		for (size_t i = 0; i < N_TREES; i++) {
			tree_fini(&g->parts[k].trees[i]);
		}
	}
}

static int suggest(void *state, const struct search_history *h, const double *targets,
	struct guild_mt19937 *mt, double *x, struct guild_error *err)
{
	static const struct acquire_model model = {
		.size = sizeof(struct gbrt), .fit = fit, .predict = predict, .fini = fini};
	(void)err;
	return acquire_suggest(&model, state, h, targets, mt, x);
}

const struct sampler_class search_gbrt = {
	.info = {.name = "gbrt",
		.aliases = "skopt:gbrt gradient-boosting",
		.help = "Models quantiles of the objective by boosted trees.",
		.flags = acquire_flags,
		.n_flags = ACQUIRE_N_FLAGS},
	.open = acquire_open,
	.suggest = suggest,
};
