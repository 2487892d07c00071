/* Densities over a space as mixtures of products of kernels. Private to search. */
#ifndef GUILD_SEARCH_PARZEN_H
#define GUILD_SEARCH_PARZEN_H

#include "sampler.h"

/* A mixture: a uniform component and one around each point that was added. In a dimension that a point does not have its component is uniform. Real dimensions
 * and whole numbers have truncated normal kernels on the unit interval, choices that of Aitchison and Aitken. */
struct search_parzen;
struct search_parzen *search_parzen_new(const struct guild_space *s, size_t max_points);
void search_parzen_free(struct search_parzen *p);
/* A point in the form of points (NaN: not searched), with its weight beside the uniform component's 1. */
void search_parzen_add(struct search_parzen *p, const double *x, double weight);
/* Chooses the widths of the kernels; nothing is added after. */
void search_parzen_fit(struct search_parzen *p);
/* Draws a point; dimensions that are not searched become NaN. */
void search_parzen_draw(const struct search_parzen *p, struct guild_mt19937 *mt, double *x);
/* The logarithm of the density, up to a constant that is the same for all mixtures over a space. */
double search_parzen_log(const struct search_parzen *p, const double *x);

#endif
