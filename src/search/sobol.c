/* Scrambled Sobol points: I. M. Sobol', USSR Comput. Math. Math. Phys. 7 (1967), by the direction numbers of S. Joe and F. Y. Kuo, SIAM J. Sci.
 * Comput. 30 (2008); random linear scrambling and digital shift after J. Matousek, J. Complexity 14 (1998). */

#include <stdlib.h>

#include "sobol.h"

enum { BITS = 32, GROUP = SEARCH_SOBOL_ROWS + 1 };

struct sobol_dim {
	uint32_t v[BITS]; /* for each bit of the position, the lowest first */
	uint32_t shift;
};
struct search_sobol {
	size_t n;
	struct sobol_dim dims[];
};

static size_t degree_of(uint32_t polynomial)
{
	size_t degree = 0;
	while (polynomial >> (degree + 1)) {
		degree++;
	}
	return degree;
}

/* Direction numbers of a dimension, unscrambled (Bratley and Fox, ACM TOMS 14 (1988)). */
static void find_directions(size_t dim, uint32_t v[BITS])
{
	if (dim == 0) {
		for (size_t i = 0; i < BITS; i++) {
			v[i] = UINT32_C(1) << (BITS - 1 - i);
		}
		return;
	}
	const struct search_sobol_row *row = &search_sobol_rows[dim - 1];
	size_t degree = degree_of(row->polynomial);
	for (size_t i = 0; i < BITS; i++) {
		if (i < degree) {
			v[i] = (uint32_t)row->m[i] << (BITS - 1 - i);
			continue;
		}
		v[i] = v[i - degree] ^ (v[i - degree] >> degree);
		for (size_t k = 1; k < degree; k++) {
			if (row->polynomial >> (degree - k) & 1) {
				v[i] ^= v[i - k];
			}
		}
	}
}

/* Columns of a random matrix with ones in its diagonal: each bit, and chance in all bits below it. */
static void draw_columns(struct guild_mt19937 *mt, uint32_t column[BITS])
{
	for (size_t b = 0; b < BITS; b++) {
		uint32_t bit = UINT32_C(1) << b;
		column[b] = bit | (guild_mt19937_next(mt) & (bit - 1));
	}
}

static uint32_t multiply(const uint32_t column[BITS], uint32_t x)
{
	uint32_t y = 0;
	for (size_t b = 0; x; b++, x >>= 1) {
		y ^= x & 1 ? column[b] : 0;
	}
	return y;
}

static void draw_dim(struct guild_mt19937 *mt, size_t dim, const uint32_t order[BITS],
	struct sobol_dim *out)
{
	uint32_t plain[BITS] = {0};
	uint32_t column[BITS];
	find_directions(dim, plain);
	draw_columns(mt, column);
	for (size_t i = 0; i < BITS; i++) {
		/* A bit of the position stands for itself and chosen lower ones: blocks of points stay together, their order changes. */
		uint32_t v = 0;
		for (size_t k = 0; k <= i; k++) {
			v ^= order[i] >> k & 1 ? plain[k] : 0;
		}
		out->v[i] = multiply(column, v);
	}
	out->shift = guild_mt19937_next(mt);
}

struct search_sobol *search_sobol_new(size_t n_dims, struct guild_mt19937 *mt)
{
	struct search_sobol *s = guild_alloc(sizeof(*s) + n_dims * sizeof(s->dims[0]));
	uint32_t order[BITS];
	s->n = n_dims;
	for (size_t b = 0; b < BITS; b++) {
		order[b] = UINT32_C(1) << b;
	}
	for (size_t i = 0; i < n_dims; i++) {
		/* Past the table its dimensions come again with their points in another order (padding: A. B. Owen, "Monte Carlo theory, methods
		 * and examples", chapter 17). */
		if (i > 0 && i % GROUP == 0) {
			draw_columns(mt, order);
		}
		draw_dim(mt, i % GROUP, order, &s->dims[i]);
	}
	return s;
}

void search_sobol_free(struct search_sobol *s)
{
	free(s);
}

void search_sobol_point(const struct search_sobol *s, uint64_t k, double *u)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct sobol_dim *d = &s->dims[i];
		uint32_t x = multiply(d->v, (uint32_t)k) ^ d->shift;
		u[i] = ((double)x + 0.5) * 0x1p-32;
	}
}
