/* Where a search is at home: around the best point, the closer the longer nothing better is found. Private to search. */
#ifndef GUILD_SEARCH_GP_REGION_H
#define GUILD_SEARCH_GP_REGION_H

#include "sampler.h"

/* After D. Eriksson, M. Pearce, J. R. Gardner, R. Turner, M. Poloczek, "Scalable Global Optimization via Local Bayesian Optimization" (TuRBO),
 * NeurIPS 2019: successes in a row double the width of the region, failures halve it, and below a least width it starts anew. */
struct gp_region {
	double width;   /* of the box, in units */
	size_t n_stale; /* points that were told since the best */
	size_t best;    /* position in h->told */
};
/* From the points after the first n_start; y: their targets. */
void gp_region_find(const struct search_history *h, const double *y, size_t n_start,
	struct gp_region *out);
/* Positions in h->told of the points in the region, at least `min` of the nearest if there are so many, at most `max`. */
size_t gp_region_points(const struct search_history *h, const struct gp_region *r, size_t min,
	size_t max, size_t *out);

#endif
