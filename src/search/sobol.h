/* Sobol points, scrambled at random. Private to search. */
#ifndef GUILD_SEARCH_SOBOL_H
#define GUILD_SEARCH_SOBOL_H

#include <guild/search.h>

/* Points that fill the unit cube more evenly than chance, in any number of dimensions: any 2^m of them from a multiple of 2^m on have exactly one
 * coordinate in each of 2^m equal parts of every axis. The generator decides the scrambling; each point by itself is uniform. */
struct search_sobol;
struct search_sobol *search_sobol_new(size_t n_dims, struct guild_mt19937 *mt);
void search_sobol_free(struct search_sobol *s);
/* The k-th point, k modulo 2^32, in any order; each coordinate is inside (0, 1). */
void search_sobol_point(const struct search_sobol *s, uint64_t k, double *u);

/* Polynomial i (from 0) and the numbers of its dimension, i + 1 of the sequence; dimension 0 needs none. */
struct search_sobol_row {
	uint16_t polynomial; /* its bits are the coefficients, the highest first */
	uint16_t m[9];       /* as many as its degree */
};
enum { SEARCH_SOBOL_ROWS = 100 };
extern const struct search_sobol_row search_sobol_rows[SEARCH_SOBOL_ROWS];

#endif
