/* The point that a model of the objective finds most promising. Private to search. */
#ifndef GUILD_SEARCH_ACQUIRE_H
#define GUILD_SEARCH_ACQUIRE_H

#include "tree.h"

enum acquire_kind { ACQUIRE_EI, ACQUIRE_LCB, ACQUIRE_PI };
struct acquire_request {
	const struct search_history *history;
	const struct tree_data
		*data;   /* the rows of the told points in the order of history->told come first */
	const double *y; /* of the rows, small is good */
	size_t n_told;
	enum acquire_kind kind;
	double kappa, xi;
	/* Mean and standard deviation at n rows. */
	void (*predict)(const void *model, const double *rows, size_t n, double *mean, double *std);
	const void *model;
	struct guild_mt19937 *mt;
};
/* By points drawn evenly and steps from those that look best. Points that were tried are not taken in a finite space. */
void acquire_point(const struct acquire_request *r, double *x);

/* The flags of those who use this, random-starts, kappa, xi and prev-trials as in 0.9.0. */
extern const struct guild_optimizer_flag acquire_flags[];
enum { ACQUIRE_N_FLAGS = 5 };
int acquire_open(const struct sampler_setup *setup, void **state, struct guild_error *err);
/* Fills kind, kappa and xi. */
void acquire_read_flags(struct acquire_request *r, const struct guild_value *flags);
/* Random starts, and now and then later: what the model has wrong is found out so (SMAC interleaves them). */
bool acquire_is_random(const struct search_history *h, const struct guild_value *flags,
	struct guild_mt19937 *mt);

/* A point far from all others: the farthest of some drawn evenly. */
void acquire_spread(const struct search_history *h, struct guild_mt19937 *mt, double *x);
/* Told and pending points as rows, with targets: pending ones get the mean (the liar of Ginsbourger et al. 2010), and all of them are made normal by
 * their ranks, so that neither outliers nor the objective's scale matter. y has room for n_told and the pending ones; returns how many there are. */
size_t acquire_rows(const struct search_history *h, const double *targets, struct tree_data *data,
	double **y);

#endif
