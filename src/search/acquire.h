/* The point that a model of the objective finds most promising. Private to search. */
#ifndef GUILD_SEARCH_ACQUIRE_H
#define GUILD_SEARCH_ACQUIRE_H

#include "tree.h"

/* The flags of those who use this, random-starts, kappa, xi and prev-trials as in 0.9.0. */
extern const struct guild_optimizer_flag acquire_flags[];
enum { ACQUIRE_N_FLAGS = 5 };
int acquire_open(const struct sampler_setup *setup, void **state, struct guild_error *err);

/* A model that is made of the rows at every ask. */
struct acquire_model {
	size_t size; /* of its zeroed memory */
	void (*fit)(void *model, const struct tree_data *data, const double *y,
		struct guild_mt19937 *mt);
	void (*predict)(const void *model, const double *rows, size_t n, double *mean, double *std);
	void (*fini)(void *model);
};
/* sampler_class.suggest, by such a model. */
int acquire_suggest(const struct acquire_model *class, const struct guild_value *flags,
	const struct search_history *h, const double *targets, struct guild_mt19937 *mt, double *x);

#endif
