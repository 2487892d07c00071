/* Regression trees over a space. Private to search. */
#ifndef GUILD_SEARCH_TREE_H
#define GUILD_SEARCH_TREE_H

#include "sampler.h"

/* More choices than these are split by their order, as numbers are. */
enum { TREE_CHOICES_MAX = 1024 };

/* Rows that trees are grown on. A number is in [0, 1] on its scale, or TREE_MISSING; a choice is its position, one past the last choice
 * where the dimension is not searched. */
#define TREE_MISSING (-1.0)
struct tree_data {
	size_t n_dims;
	size_t *n_values; /* of each dimension, with the one for missing; 0: numbers */
	size_t n;
	double *x; /* row by row */
};
void tree_data_init(struct tree_data *d, const struct guild_space *s, size_t n);
void tree_data_fini(struct tree_data *d);
/* The row of a point. */
void tree_data_row(const struct tree_data *d, const struct guild_space *s, const double *x,
	double *row);

#define TREE_NO_SET UINT32_MAX
struct tree_node {
	double threshold; /* numbers: up to it on the left side */
	double mean, variance;
	uint32_t left; /* the right side is the next one; 0: a leaf */
	uint32_t dim;
	uint32_t
		set; /* choices: where the bits of those on the left side are; TREE_NO_SET: numbers */
	uint32_t n; /* rows */
};
struct tree {
	struct tree_node *nodes;
	size_t n, cap;
	uint64_t *bits;
	size_t n_bits, bits_cap;
};
struct tree_options {
	size_t min_leaf;  /* rows */
	size_t max_depth; /* 0: any */
};
void tree_fini(struct tree *t);
/* Extremely randomised: one split by chance for each dimension, the best of these is taken (Geurts, Ernst, Wehenkel 2006). */
void tree_grow_random(struct tree *t, const struct tree_data *d, const double *y,
	const struct tree_options *options, struct guild_mt19937 *mt);
/* The best of all splits (CART). `order`: tree_order of the data; `counts`: how often each row is there, NULL: once. */
void tree_grow_best(struct tree *t, const struct tree_data *d, const uint32_t *order,
	const uint32_t *counts, const double *y, const struct tree_options *options);
/* The rows sorted by each dimension; the caller frees. */
uint32_t *tree_order(const struct tree_data *d);

static inline bool tree_is_left(const struct tree *t, const struct tree_node *node,
	const double *row)
{
	double x = row[node->dim];
	if (node->set == TREE_NO_SET) {
		return x <= node->threshold;
	}
	size_t at = (size_t)x;
	return t->bits[node->set + at / 64] >> (at % 64) & 1;
}

static inline const struct tree_node *tree_leaf(const struct tree *t, const double *row)
{
	const struct tree_node *node = t->nodes;
	while (node->left > 0) {
		node = &t->nodes[node->left + !tree_is_left(t, node, row)];
	}
	return node;
}

#endif
