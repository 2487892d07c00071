/*
 * How much of an objective each flag explains: functional ANOVA over a forest. F. Hutter, H. Hoos, K. Leyton-Brown, "An efficient
 * approach for assessing hyperparameter importance", ICML 2014.
 *
 * A tree is constant on each of its leaves' boxes. Its mean over all dimensions but some is therefore a sum over leaves, exactly: each counts by the
 * measure of its box in the other dimensions.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tree.h"

enum { N_TREES = 64, DEPTH_MAX = 64 };

/* A dimension cut into cells where the tree has a border; a choice is a cell. */
struct cells {
	size_t n;
	double *borders; /* numbers: where each cell ends; NULL: choices */
	double *measure;
};
struct leaf {
	double mean, measure;
	const double *in;     /* measure of each dimension */
	const uint32_t *from; /* numbers: the cells from on, below to */
	const uint32_t *to;
	const uint64_t *const *set; /* choices: bits; NULL: numbers */
};
struct anova {
	const struct tree_data *data;
	const double *p_missing;
	struct guild_arena *a; /* of one tree */
	const struct tree *tree;
	struct cells *cells;
	struct leaf *leaves;
	size_t n_leaves, cap;
	double mean, variance;
};

/* ---- the boxes of a tree ---------------------------------------------------------------------------------------------- */

static int compare_f64(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;
	return x < y ? -1 : x > y;
}

/* What is not searched is one place, where as much is as there are such points. */
static double number_measure(const struct anova *f, size_t dim, double low, double high)
{
	double missing = f->p_missing[dim];
	double from = fmin(fmax(low, 0), 1);
	double to = fmin(fmax(high, 0), 1);
	bool has_missing = low < TREE_MISSING && high >= TREE_MISSING;
	return (1 - missing) * (to - from) + (has_missing ? missing : 0);
}

static double choice_measure(const struct anova *f, size_t dim, size_t value)
{
	size_t n = f->data->n_values[dim];
	double missing = f->p_missing[dim];
	return value + 1 == n ? missing : (1 - missing) / (double)(n - 1);
}

static void make_cells(struct anova *f)
{
	size_t n_dims = f->data->n_dims;
	f->cells = guild_arena_alloc(f->a, n_dims * sizeof(*f->cells));
	for (size_t d = 0; d < n_dims; d++) {
		struct cells *c = &f->cells[d];
		size_t n = f->data->n_values[d];
		if (n > 0) {
			c->n = n;
			c->measure = guild_arena_alloc(f->a, n * sizeof(double));
			for (size_t k = 0; k < n; k++) {
				c->measure[k] = choice_measure(f, d, k);
			}
			continue;
		}
		c->borders = guild_arena_alloc(f->a, (f->tree->n + 1) * sizeof(double));
		for (size_t i = 0; i < f->tree->n; i++) {
			const struct tree_node *node = &f->tree->nodes[i];
			if (node->left > 0 && node->dim == d) {
				c->borders[n++] = node->threshold;
			}
		}
		qsort(c->borders, n, sizeof(double), compare_f64);
		for (size_t i = 0; i < n; i++) {
			if (c->n == 0 || c->borders[i] > c->borders[c->n - 1]) {
				c->borders[c->n++] = c->borders[i];
			}
		}
		c->borders[c->n++] = INFINITY;
		c->measure = guild_arena_alloc(f->a, c->n * sizeof(double));
		for (size_t k = 0; k < c->n; k++) {
			c->measure[k] = number_measure(f, d, k > 0 ? c->borders[k - 1] : -INFINITY,
				c->borders[k]);
		}
	}
}

/* Position of a border. */
static uint32_t border_at(const struct cells *c, double border)
{
	size_t low = 0;
	size_t high = c->n - 1;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (c->borders[middle] < border) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return (uint32_t)low;
}

struct box {
	uint32_t *from, *to;
	uint64_t **set;
};

static double box_measure(const struct anova *f, const struct box *b, size_t d)
{
	const struct cells *c = &f->cells[d];
	double sum = 0;
	for (size_t k = 0; k < c->n; k++) {
		bool is_in = b->set[d] ? b->set[d][k / 64] >> (k % 64) & 1
				       : k >= b->from[d] && k < b->to[d];
		sum += is_in ? c->measure[k] : 0;
	}
	return sum;
}

static void add_leaf(struct anova *f, const struct box *b, const struct tree_node *node)
{
	size_t n = f->data->n_dims;
	struct leaf leaf = {.mean = node->mean, .measure = 1};
	double *in = guild_arena_alloc(f->a, n * sizeof(*in));
	uint32_t *from = guild_arena_alloc(f->a, n * sizeof(*from));
	uint32_t *to = guild_arena_alloc(f->a, n * sizeof(*to));
	const uint64_t **set = guild_arena_alloc(f->a, n * sizeof(*set));
	for (size_t d = 0; d < n; d++) {
		from[d] = b->from[d];
		to[d] = b->to[d];
		set[d] = b->set[d];
		in[d] = box_measure(f, b, d);
		leaf.measure *= in[d];
	}
	leaf.in = in;
	leaf.from = from;
	leaf.to = to;
	leaf.set = set;
	if (leaf.measure > 0) {
		f->leaves =
			guild_grow_array(f->leaves, &f->cap, f->n_leaves + 1, sizeof(*f->leaves));
		f->leaves[f->n_leaves++] = leaf;
	}
}

static void walk(struct anova *f, struct box *b, uint32_t at)
{
	const struct tree_node *node = &f->tree->nodes[at];
	size_t d = node->dim;
	if (node->left == 0) {
		add_leaf(f, b, node);
		return;
	}
	if (node->set == TREE_NO_SET) {
		uint32_t border = border_at(&f->cells[d], node->threshold) + 1;
		uint32_t from = b->from[d];
		uint32_t to = b->to[d];
		b->to[d] = border < to ? border : to;
		walk(f, b, node->left);
		b->to[d] = to;
		b->from[d] = border > from ? border : from;
		walk(f, b, node->left + 1);
		b->from[d] = from;
		return;
	}
	/* Leaves keep the sets they are in. */
	size_t n = (f->cells[d].n + 63) / 64;
	uint64_t *before = b->set[d];
	uint64_t *left = guild_arena_alloc(f->a, n * sizeof(*left));
	uint64_t *right = guild_arena_alloc(f->a, n * sizeof(*right));
	for (size_t i = 0; i < n; i++) {
		left[i] = before[i] & f->tree->bits[node->set + i];
		right[i] = before[i] & ~f->tree->bits[node->set + i];
	}
	b->set[d] = left;
	walk(f, b, node->left);
	b->set[d] = right;
	walk(f, b, node->left + 1);
	b->set[d] = before;
}

static void read_tree(struct anova *f, const struct tree *t)
{
	size_t n = f->data->n_dims;
	f->tree = t;
	f->n_leaves = 0;
	make_cells(f);
	struct box b = {.from = guild_arena_alloc(f->a, n * sizeof(*b.from)),
		.to = guild_arena_alloc(f->a, n * sizeof(*b.to)),
		.set = guild_arena_alloc(f->a, n * sizeof(*b.set))};
	for (size_t d = 0; d < n; d++) {
		b.to[d] = (uint32_t)f->cells[d].n;
		if (f->data->n_values[d] > 0) {
			size_t words = (f->cells[d].n + 63) / 64;
			b.set[d] = guild_arena_alloc(f->a, words * sizeof(**b.set));
			memset(b.set[d], 0xff, words * sizeof(**b.set));
		}
	}
	walk(f, &b, 0);
	f->mean = f->variance = 0;
	for (size_t i = 0; i < f->n_leaves; i++) {
		f->mean += f->leaves[i].measure * f->leaves[i].mean;
	}
	for (size_t i = 0; i < f->n_leaves; i++) {
		double diff = f->leaves[i].mean - f->mean;
		f->variance += f->leaves[i].measure * diff * diff;
	}
}

/* ---- effects ----------------------------------------------------------------------------------------------------------------- */

/* Adds w to the cells of a leaf in one dimension. */
static void add_cells(const struct anova *f, const struct leaf *leaf, size_t d, double w,
	double *cells)
{
	if (!leaf->set[d]) {
		for (uint32_t k = leaf->from[d]; k < leaf->to[d]; k++) {
			cells[k] += w;
		}
		return;
	}
	for (size_t k = 0; k < f->cells[d].n; k++) {
		cells[k] += leaf->set[d][k / 64] >> (k % 64) & 1 ? w : 0;
	}
}

static double main_variance(const struct anova *f, size_t d)
{
	const struct cells *c = &f->cells[d];
	double *means = guild_alloc((c->n + 1) * sizeof(*means));
	double variance = 0;
	for (size_t i = 0; i < f->n_leaves; i++) {
		const struct leaf *leaf = &f->leaves[i];
		add_cells(f, leaf, d, leaf->mean * leaf->measure / leaf->in[d], means);
	}
	for (size_t k = 0; k < c->n; k++) {
		variance += c->measure[k] * (means[k] - f->mean) * (means[k] - f->mean);
	}
	free(means);
	return variance;
}

/* Both together, their own effects included. */
static double pair_variance(const struct anova *f, size_t a, size_t b)
{
	const struct cells *ca = &f->cells[a];
	const struct cells *cb = &f->cells[b];
	double *means = guild_alloc((ca->n * cb->n + 1) * sizeof(*means));
	double variance = 0;
	for (size_t i = 0; i < f->n_leaves; i++) {
		const struct leaf *leaf = &f->leaves[i];
		double w = leaf->mean * leaf->measure / leaf->in[a] / leaf->in[b];
		for (size_t k = 0; k < ca->n; k++) {
			bool is_in = leaf->set[a] ? leaf->set[a][k / 64] >> (k % 64) & 1
						  : k >= leaf->from[a] && k < leaf->to[a];
			if (is_in) {
				add_cells(f, leaf, b, w, means + k * cb->n);
			}
		}
	}
	for (size_t k = 0; k < ca->n; k++) {
		for (size_t m = 0; m < cb->n; m++) {
			double diff = means[k * cb->n + m] - f->mean;
			variance += ca->measure[k] * cb->measure[m] * diff * diff;
		}
	}
	free(means);
	return variance;
}

/* ---- the forest -------------------------------------------------------------------------------------------------------------------- */

struct forest {
	struct tree_data data;
	double *y, *p_missing;
	uint32_t *order, *counts;
};

/* All points, or as many by chance as can be looked at. */
static void fill(struct forest *f, const struct guild_space *s, const double *points,
	const double *values, size_t n, struct guild_mt19937 *mt)
{
	size_t n_used = n < GUILD_IMPORTANCE_POINTS_MAX ? n : GUILD_IMPORTANCE_POINTS_MAX;
	uint32_t *chosen = guild_alloc((n_used + 1) * sizeof(*chosen));
	if (n_used < n) {
		guild_mt19937_sample(mt, (uint32_t)n, (uint32_t)n_used, chosen);
	}
	tree_data_init(&f->data, s, n_used);
	f->y = guild_alloc((n_used + 1) * sizeof(*f->y));
	f->p_missing = guild_alloc((s->n + 1) * sizeof(*f->p_missing));
	f->counts = guild_alloc((n_used + 1) * sizeof(*f->counts));
	for (size_t i = 0; i < n_used; i++) {
		size_t at = n_used < n ? chosen[i] : i;
		tree_data_row(&f->data, s, points + at * s->n, f->data.x + i * s->n);
		f->y[i] = values[at];
		for (size_t d = 0; d < s->n; d++) {
			f->p_missing[d] += isnan(points[at * s->n + d]) ? 1 / (double)n_used : 0;
		}
	}
	f->data.n = n_used;
	f->order = tree_order(&f->data);
	free(chosen);
}

static void forest_fini(struct forest *f)
{
	free(f->y);
	free(f->p_missing);
	free(f->counts);
	free(f->order);
	tree_data_fini(&f->data);
}

static void grow(struct forest *f, struct guild_mt19937 *mt, struct tree *t)
{
	static const struct tree_options options = {.min_leaf = 1, .max_depth = DEPTH_MAX};
	memset(f->counts, 0, f->data.n * sizeof(*f->counts));
	for (size_t i = 0; i < f->data.n; i++) {
		f->counts[guild_mt19937_below(mt, (uint32_t)f->data.n)]++;
	}
	tree_grow_best(t, &f->data, f->order, f->counts, f->y, &options);
}

/* ---- public ---------------------------------------------------------------------------------------------------------------------------- */

static void add_tree(const struct anova *f, size_t n_pairs, struct guild_importance *out,
	double *squares)
{
	size_t n = f->data->n_dims;
	double own[GUILD_IMPORTANCE_DIMS_MAX] = {0};
	for (size_t d = 0; d < n; d++) {
		own[d] = main_variance(f, d);
		out->share[d] += own[d] / f->variance;
		squares[d] += own[d] / f->variance * own[d] / f->variance;
	}
	for (size_t k = 0; k < n_pairs; k++) {
		struct guild_importance_pair *p = &out->pairs[k];
		double both = pair_variance(f, p->a, p->b) - own[p->a] - own[p->b];
		p->share += fmax(both, 0) / f->variance;
	}
}

static int compare_pairs(const void *a, const void *b)
{
	const struct guild_importance_pair *x = a;
	const struct guild_importance_pair *y = b;
	return x->share > y->share ? -1 : x->share < y->share;
}

static void init(struct guild_importance *out, size_t n, bool with_pairs)
{
	*out = (struct guild_importance){.share = guild_alloc((n + 1) * sizeof(*out->share)),
		.deviation = guild_alloc((n + 1) * sizeof(*out->deviation)),
		.pairs = guild_alloc((n * n + 1) * sizeof(*out->pairs))};
	for (size_t a = 0; with_pairs && a < n; a++) {
		for (size_t b = a + 1; b < n; b++) {
			out->pairs[out->n_pairs++] = (struct guild_importance_pair){.a = a, .b = b};
		}
	}
}

int guild_importance(const struct guild_space *space, const double *points, const double *values,
	size_t n, bool with_pairs, uint64_t seed, struct guild_importance *out,
	struct guild_error *err)
{
	struct guild_mt19937 mt;
	struct forest forest = {0};
	if (space->n > GUILD_IMPORTANCE_DIMS_MAX) {
		return guild_error_set(err, GUILD_ELIMIT, "more than %d flags",
			GUILD_IMPORTANCE_DIMS_MAX);
	}
	int rc = guild_space_check(space, err);
	if (rc == 0 && n < GUILD_IMPORTANCE_POINTS_MIN) {
		rc = guild_error_set(err, GUILD_EINVALID,
			"importance needs %d values of the objective, and there are %zu",
			GUILD_IMPORTANCE_POINTS_MIN, n);
	}
	if (rc != 0) {
		return rc;
	}
	guild_mt19937_seed(&mt, seed);
	fill(&forest, space, points, values, n, &mt);
	init(out, space->n, with_pairs);
	double *squares = guild_alloc((space->n + 1) * sizeof(*squares));
	size_t n_trees = 0;
	struct anova f = {.data = &forest.data, .p_missing = forest.p_missing};
	for (size_t k = 0; k < N_TREES; k++) {
		struct tree t = {0};
		grow(&forest, &mt, &t);
		f.a = guild_arena_new();
		read_tree(&f, &t);
		if (f.variance > 0) {
			add_tree(&f, out->n_pairs, out, squares);
			n_trees++;
		}
		guild_arena_free(f.a);
		tree_fini(&t);
	}
	double count = n_trees > 0 ? (double)n_trees : 1;
	for (size_t d = 0; d < space->n; d++) {
		out->share[d] /= count;
		out->deviation[d] =
			sqrt(fmax(squares[d] / count - out->share[d] * out->share[d], 0));
	}
	for (size_t k = 0; k < out->n_pairs; k++) {
		out->pairs[k].share /= count;
	}
	qsort(out->pairs, out->n_pairs, sizeof(*out->pairs), compare_pairs);
	free(squares);
	free(f.leaves);
	forest_fini(&forest);
	return 0;
}

void guild_importance_fini(struct guild_importance *i)
{
	free(i->share);
	free(i->deviation);
	free(i->pairs);
	*i = (struct guild_importance){0};
}
