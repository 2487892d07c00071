/* Optimizer forest: a model of many extremely randomised trees (as SMAC: Hutter, Hoos, Leyton-Brown 2011). */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "acquire.h"

enum { N_TREES = 100, MIN_LEAF = 3 };

struct forest {
	const struct tree_data *data;
	struct tree trees[N_TREES];
};

/* Mean and variance of the mixture of the leaves (law of total variance). */
static void predict(const void *model, const double *rows, size_t n, double *mean, double *std)
{
	const struct forest *f = model;
	size_t n_dims = f->data->n_dims;
	memset(mean, 0, n * sizeof(*mean));
	memset(std, 0, n * sizeof(*std));
	for (size_t k = 0; k < N_TREES; k++) {
		for (size_t i = 0; i < n; i++) {
			const struct tree_node *leaf = tree_leaf(&f->trees[k], rows + i * n_dims);
			mean[i] += leaf->mean;
			std[i] += leaf->variance + leaf->mean * leaf->mean;
		}
	}
	for (size_t i = 0; i < n; i++) {
		mean[i] /= N_TREES;
		std[i] = sqrt(fmax(std[i] / N_TREES - mean[i] * mean[i], 0));
	}
}

static void fit(void *model, const struct tree_data *data, const double *y,
	struct guild_mt19937 *mt)
{
	struct forest *f = model;
	/* Leaves of three say nothing of where few points differ. */
	struct tree_options options = {.min_leaf = data->n < 20 ? 1 : MIN_LEAF};
	f->data = data;
	for (size_t k = 0; k < N_TREES; k++) {
		tree_grow_random(&f->trees[k], data, y, &options, mt);
	}
}

static void fini(void *model)
{
	struct forest *f = model;
	for (size_t k = 0; k < N_TREES; k++) {
		tree_fini(&f->trees[k]);
	}
}

static int suggest(void *state, const struct search_history *h, const double *targets,
	struct guild_mt19937 *mt, double *x, struct guild_error *err)
{
	static const struct acquire_model model = {
		.size = sizeof(struct forest), .fit = fit, .predict = predict, .fini = fini};
	(void)err;
	return acquire_suggest(&model, state, h, targets, mt, x);
}

const struct sampler_class search_forest = {
	.info = {.name = "forest",
		.aliases = "skopt:forest random-forest",
		.help = "Models the objective by randomised trees; good with choices and conditions.",
		.flags = acquire_flags,
		.n_flags = ACQUIRE_N_FLAGS},
	.open = acquire_open,
	.suggest = suggest,
};
