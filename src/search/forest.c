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

static void grow(struct forest *f, const struct tree_data *data, const double *y, size_t n,
	struct guild_mt19937 *mt)
{
	/* Leaves of three say nothing of where few points differ. */
	struct tree_options options = {.min_leaf = n < 20 ? 1 : MIN_LEAF};
	f->data = data;
	for (size_t k = 0; k < N_TREES; k++) {
		tree_grow_random(&f->trees[k], data, y, &options, mt);
	}
}

static int suggest(void *state, const struct search_history *h, const double *targets,
	struct guild_mt19937 *mt, double *x, struct guild_error *err)
{
	const struct guild_value *flags = state;
	struct tree_data data;
	double *y = NULL;
	(void)err;
	if (acquire_is_random(h, flags, mt)) {
		acquire_spread(h, mt, x);
		return 0;
	}
	struct forest *f = guild_alloc(sizeof(*f));
	size_t n = acquire_rows(h, targets, &data, &y);
	grow(f, &data, y, n, mt);
	struct acquire_request r = {
		.history = h,
		.data = &data,
		.y = y,
		.n_told = h->n_told,
		.predict = predict,
		.model = f,
		.mt = mt,
	};
	acquire_read_flags(&r, flags);
	acquire_point(&r, x);
	for (size_t k = 0; k < N_TREES; k++) {
		tree_fini(&f->trees[k]);
	}
	free(f);
	free(y);
	tree_data_fini(&data);
	return 0;
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
