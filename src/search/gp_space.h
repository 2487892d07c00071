/* Points of a space as features of a Gaussian process, and looking for the most promising one. Private to search. */
#ifndef GUILD_SEARCH_GP_SPACE_H
#define GUILD_SEARCH_GP_SPACE_H

#include "gp_acquire.h"
#include "gp_model.h"
#include "sampler.h"

/* A REAL or INT is one feature, its unit. A CATEGORICAL is a category; if its choices are numbers, three at least, its rank among them is a
 * feature, too: what the numbers say is used as far as it is true. What is not searched is a category, or a unit, of its own. */
struct gp_features {
	size_t n;
	bool *is_category;
	size_t *dim;
	double **rank; /* by dimension: of each choice in [0, 1], or NULL */
};
void gp_features_init(struct gp_features *f, const struct guild_space *s);
void gp_features_fini(struct gp_features *f, const struct guild_space *s);
/* Feature k of the point goes to out[k * stride]. */
void gp_encode(const struct gp_features *f, const struct guild_space *s, const double *x,
	double *out, size_t stride);

/* Where and for what to look. */
struct gp_quest {
	struct gp *model;
	const struct gp_features *features;
	const struct search_history *history;
	struct gp_promise promise;
	const size_t *best; /* positions in the history to look around, most promising first */
	size_t n_best;
	double width;  /* of a box around best[0] that is not left; 1 and more: everywhere */
	double margin; /* at the ends of every REAL that is left out then */
	size_t n_candidates, n_starts, max_calls;
};
void gp_seek(const struct gp_quest *q, struct guild_mt19937 *mt, double *x);

#endif
