/* The distribution of CMA-ES. Private to search. */
#ifndef GUILD_SEARCH_CMA_H
#define GUILD_SEARCH_CMA_H

#include "linalg.h"

/* A normal distribution that is moved towards what was good. Beyond CMA_FULL_MAX dimensions its covariance is diagonal. */
struct search_cma;
enum { CMA_FULL_MAX = 100 };
struct search_cma *search_cma_new(size_t n, const double *mean, double sigma);
struct search_cma *search_cma_copy(const struct search_cma *c);
void search_cma_free(struct search_cma *c);
void search_cma_draw(const struct search_cma *c, struct guild_mt19937 *mt, double *x);
const double *search_cma_mean(const struct search_cma *c);
double search_cma_deviation(const struct search_cma *c, size_t i); /* of one dimension */
/* The largest standard deviation of any dimension, and the largest ratio of the principal axes. */
double search_cma_width(const struct search_cma *c);
double search_cma_condition(const struct search_cma *c);
/* One generation: `count` points of n numbers each, the best first; they need not be drawn from the distribution. */
void search_cma_update(struct search_cma *c, const struct search_linalg *la, const double *x,
	size_t count);

#endif
