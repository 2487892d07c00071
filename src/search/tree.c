/* Regression trees: rows, growing. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tree.h"

/* ---- rows ------------------------------------------------------------------------------------------------------- */

void tree_data_init(struct tree_data *d, const struct guild_space *s, size_t n)
{
	*d = (struct tree_data){.n_dims = s->n, .n = n};
	d->n_values = guild_alloc((s->n + 1) * sizeof(*d->n_values));
	d->x = guild_alloc((n * s->n + 1) * sizeof(*d->x));
	for (size_t i = 0; i < s->n; i++) {
		bool is_set = s->v[i].kind == GUILD_DIM_CATEGORICAL &&
			      s->v[i].n_choices <= TREE_CHOICES_MAX;
		d->n_values[i] = is_set ? s->v[i].n_choices + 1 : 0;
	}
}

void tree_data_fini(struct tree_data *d)
{
	free(d->n_values);
	free(d->x);
	*d = (struct tree_data){0};
}

void tree_data_row(const struct tree_data *d, const struct guild_space *s, const double *x,
	double *row)
{
	for (size_t i = 0; i < d->n_dims; i++) {
		if (d->n_values[i] > 0) {
			row[i] = isnan(x[i]) ? (double)(d->n_values[i] - 1) : x[i];
		} else {
			row[i] = isnan(x[i]) ? TREE_MISSING : search_dim_to_unit(&s->v[i], x[i]);
		}
	}
}

void tree_fini(struct tree *t)
{
	free(t->nodes);
	free(t->bits);
	*t = (struct tree){0};
}

/* ---- what both ways of growing share ---------------------------------------------------------------------------------- */

/* A part of the rows that is to become a node. */
struct part {
	size_t node, from, to, depth;
};

struct split {
	bool is_found;
	double gain; /* sum of squares of the sums of both sides, each by its rows */
	uint32_t dim;
	double threshold;
	size_t n_words; /* choices: of the bits; 0: numbers */
	uint64_t bits[(TREE_CHOICES_MAX + 64) / 64];
};

struct grower {
	struct tree *tree;
	const struct tree_data *data;
	const double *y;
	const struct tree_options *options;
	struct guild_mt19937 *mt;
	struct part *parts;
	size_t n_parts, parts_cap;
	struct split best;
	double total; /* of the node */
};

static void push_part(struct grower *g, struct part part)
{
	g->parts = guild_grow_array(g->parts, &g->parts_cap, g->n_parts + 1, sizeof(*g->parts));
	g->parts[g->n_parts++] = part;
}

static size_t add_node(struct tree *t)
{
	t->nodes = guild_grow_array(t->nodes, &t->cap, t->n + 1, sizeof(*t->nodes));
	t->nodes[t->n] = (struct tree_node){.set = TREE_NO_SET};
	return t->n++;
}

/* Fills the node; false: it stays a leaf. */
static bool open_node(struct grower *g, const struct part *part, const uint32_t *rows)
{
	struct tree_node *node = &g->tree->nodes[part->node];
	size_t n = part->to - part->from;
	double sum = 0;
	double squares = 0;
	for (size_t i = part->from; i < part->to; i++) {
		sum += g->y[rows[i]];
	}
	double mean = sum / (double)n;
	for (size_t i = part->from; i < part->to; i++) {
		double diff = g->y[rows[i]] - mean;
		squares += diff * diff;
	}
	node->mean = mean;
	node->variance = squares / (double)n;
	node->n = (uint32_t)n;
	g->total = sum;
	g->best.is_found = false;
	bool is_deep = g->options->max_depth > 0 && part->depth >= g->options->max_depth;
	double noise = 1e-14 * (mean * mean + 1e-300);
	return !is_deep && n >= 2 * g->options->min_leaf && node->variance > noise;
}

/* The split of `n` rows with `left` of them, of sum `sum`, on the left side. */
static bool is_better(struct grower *g, size_t n, size_t left, double sum)
{
	size_t right = n - left;
	if (left < g->options->min_leaf || right < g->options->min_leaf) {
		return false;
	}
	double other = g->total - sum;
	double gain = sum * sum / (double)left + other * other / (double)right;
	if (g->best.is_found && gain <= g->best.gain) {
		return false;
	}
	g->best.is_found = true;
	g->best.gain = gain;
	return true;
}

static void split_node(struct grower *g, const struct part *part, size_t middle)
{
	struct tree *t = g->tree;
	size_t left = add_node(t);
	add_node(t);
	struct tree_node *node = &t->nodes[part->node];
	node->left = (uint32_t)left;
	node->dim = g->best.dim;
	node->threshold = g->best.threshold;
	if (g->best.n_words > 0) {
		size_t n = g->best.n_words;
		node->set = (uint32_t)t->n_bits;
		t->bits = guild_grow_array(t->bits, &t->bits_cap, t->n_bits + n, sizeof(*t->bits));
		memcpy(t->bits + t->n_bits, g->best.bits, n * sizeof(*t->bits));
		t->n_bits += n;
	}
	push_part(g, (struct part){left + 1, middle, part->to, part->depth + 1});
	push_part(g, (struct part){left, part->from, middle, part->depth + 1});
}

static bool has_bit(const uint64_t *bits, size_t at)
{
	return bits[at / 64] >> (at % 64) & 1;
}

static void set_bit(uint64_t *bits, size_t at)
{
	bits[at / 64] |= (uint64_t)1 << (at % 64);
}

/* ---- splits by chance ------------------------------------------------------------------------------------------------- */

static void try_threshold(struct grower *g, const uint32_t *rows, const struct part *part,
	uint32_t dim)
{
	size_t stride = g->data->n_dims;
	const double *x = g->data->x + dim;
	double low = INFINITY;
	double high = -INFINITY;
	for (size_t i = part->from; i < part->to; i++) {
		double value = x[rows[i] * stride];
		low = value < low ? value : low;
		high = value > high ? value : high;
	}
	if (low >= high) {
		return;
	}
	double threshold = low + guild_mt19937_unit(g->mt) * (high - low);
	threshold = threshold < high ? threshold : low;
	size_t left = 0;
	double sum = 0;
	for (size_t i = part->from; i < part->to; i++) {
		bool is_left = x[rows[i] * stride] <= threshold;
		left += is_left;
		sum += is_left ? g->y[rows[i]] : 0;
	}
	if (is_better(g, part->to - part->from, left, sum)) {
		g->best.dim = dim;
		g->best.threshold = threshold;
		g->best.n_words = 0;
	}
}

static void try_subset(struct grower *g, const uint32_t *rows, const struct part *part,
	uint32_t dim)
{
	size_t stride = g->data->n_dims;
	const double *x = g->data->x + dim;
	size_t n_words = (g->data->n_values[dim] + 63) / 64;
	uint64_t bits[(TREE_CHOICES_MAX + 64) / 64];
	for (size_t i = 0; i < n_words; i++) {
		uint64_t high = guild_mt19937_next(g->mt);
		bits[i] = high << 32 | guild_mt19937_next(g->mt);
	}
	size_t left = 0;
	double sum = 0;
	for (size_t i = part->from; i < part->to; i++) {
		bool is_left = has_bit(bits, (size_t)x[rows[i] * stride]);
		left += is_left;
		sum += is_left ? g->y[rows[i]] : 0;
	}
	if (is_better(g, part->to - part->from, left, sum)) {
		g->best.dim = dim;
		g->best.n_words = n_words;
		memcpy(g->best.bits, bits, n_words * sizeof(*bits));
	}
}

static bool goes_left(const struct grower *g, uint32_t row)
{
	double x = g->data->x[row * g->data->n_dims + g->best.dim];
	return g->best.n_words > 0 ? has_bit(g->best.bits, (size_t)x) : x <= g->best.threshold;
}

static size_t part_rows(const struct grower *g, uint32_t *rows, const struct part *part)
{
	size_t middle = part->from;
	for (size_t i = part->from; i < part->to; i++) {
		if (goes_left(g, rows[i])) {
			uint32_t row = rows[i];
			rows[i] = rows[middle];
			rows[middle++] = row;
		}
	}
	return middle;
}

void tree_grow_random(struct tree *t, const struct tree_data *d, const double *y,
	const struct tree_options *options, struct guild_mt19937 *mt)
{
	struct grower g = {.tree = t, .data = d, .y = y, .options = options, .mt = mt};
	uint32_t *rows = guild_alloc((d->n + 1) * sizeof(*rows));
	for (size_t i = 0; i < d->n; i++) {
		rows[i] = (uint32_t)i;
	}
	t->n = t->n_bits = 0;
	push_part(&g, (struct part){add_node(t), 0, d->n, 0});
	while (g.n_parts > 0) {
		struct part part = g.parts[--g.n_parts];
		if (!open_node(&g, &part, rows)) {
			continue;
		}
		for (uint32_t dim = 0; dim < d->n_dims; dim++) {
			(d->n_values[dim] > 0 ? try_subset : try_threshold)(&g, rows, &part, dim);
		}
		if (g.best.is_found) {
			split_node(&g, &part, part_rows(&g, rows, &part));
		}
	}
	free(rows);
	free(g.parts);
}

/* ---- the best splits ---------------------------------------------------------------------------------------------------- */

struct keyed_row {
	double key;
	uint32_t row;
};

static int compare_keyed(const void *a, const void *b)
{
	const struct keyed_row *x = a;
	const struct keyed_row *y = b;
	return x->key < y->key ? -1 : x->key > y->key ? 1 : x->row < y->row ? -1 : x->row > y->row;
}

uint32_t *tree_order(const struct tree_data *d)
{
	uint32_t *order = guild_alloc((d->n_dims * d->n + 1) * sizeof(*order));
	struct keyed_row *keyed = guild_alloc((d->n + 1) * sizeof(*keyed));
	for (size_t dim = 0; dim < d->n_dims; dim++) {
		for (size_t i = 0; i < d->n; i++) {
			keyed[i] = (struct keyed_row){d->x[i * d->n_dims + dim], (uint32_t)i};
		}
		qsort(keyed, d->n, sizeof(*keyed), compare_keyed);
		for (size_t i = 0; i < d->n; i++) {
			order[dim * d->n + i] = keyed[i].row;
		}
	}
	free(keyed);
	return order;
}

/* The order of each dimension within the rows of this tree, kept so by every split. */
struct best_grower {
	struct grower g;
	uint32_t *order; /* n_dims times n */
	size_t n;
	uint32_t *spare;
	uint8_t *is_left; /* of each row of the data */
	struct choice_sum {
		double sum, mean;
		size_t n, choice;
	} * choices;
};

static void scan_thresholds(struct best_grower *b, const struct part *part, uint32_t dim)
{
	struct grower *g = &b->g;
	size_t stride = g->data->n_dims;
	const double *x = g->data->x + dim;
	const uint32_t *rows = b->order + dim * b->n;
	double sum = 0;
	for (size_t i = part->from; i + 1 < part->to; i++) {
		sum += g->y[rows[i]];
		double here = x[rows[i] * stride];
		double next = x[rows[i + 1] * stride];
		if (next > here && is_better(g, part->to - part->from, i + 1 - part->from, sum)) {
			double middle = here + (next - here) / 2;
			g->best.dim = dim;
			g->best.threshold = middle < next ? middle : here;
			g->best.n_words = 0;
		}
	}
}

static int compare_choices(const void *a, const void *b)
{
	const struct choice_sum *x = a;
	const struct choice_sum *y = b;
	return x->mean < y->mean   ? -1
	       : x->mean > y->mean ? 1
				   : (x->choice > y->choice) - (x->choice < y->choice);
}

static size_t sum_choices(struct best_grower *b, const struct part *part, uint32_t dim)
{
	const struct tree_data *d = b->g.data;
	const uint32_t *rows = b->order + dim * b->n;
	size_t n = 0;
	for (size_t i = part->from; i < part->to; i++) {
		size_t choice = (size_t)d->x[rows[i] * d->n_dims + dim];
		if (n == 0 || b->choices[n - 1].choice != choice) {
			b->choices[n++] = (struct choice_sum){.choice = choice};
		}
		b->choices[n - 1].sum += b->g.y[rows[i]];
		b->choices[n - 1].n++;
	}
	for (size_t i = 0; i < n; i++) {
		b->choices[i].mean = b->choices[i].sum / (double)b->choices[i].n;
	}
	qsort(b->choices, n, sizeof(*b->choices), compare_choices);
	return n;
}

/* The best subset is a prefix of the choices sorted by their means (Fisher 1958). */
static void scan_subsets(struct best_grower *b, const struct part *part, uint32_t dim)
{
	struct grower *g = &b->g;
	size_t n_choices = sum_choices(b, part, dim);
	size_t n = part->to - part->from;
	size_t left = 0;
	size_t best = 0;
	size_t best_left = 0;
	double sum = 0;
	for (size_t k = 0; k + 1 < n_choices; k++) {
		left += b->choices[k].n;
		sum += b->choices[k].sum;
		if (is_better(g, n, left, sum)) {
			best = k + 1;
			best_left = left;
		}
	}
	if (best == 0) {
		return;
	}
	/* Choices that are not there go with the larger side. */
	bool others_left = best_left > n - best_left;
	g->best.dim = dim;
	g->best.n_words = (g->data->n_values[dim] + 63) / 64;
	memset(g->best.bits, others_left ? 0xff : 0, g->best.n_words * sizeof(*g->best.bits));
	for (size_t k = others_left ? best : 0; k < (others_left ? n_choices : best); k++) {
		size_t at = b->choices[k].choice;
		if (others_left) {
			g->best.bits[at / 64] &= ~((uint64_t)1 << (at % 64));
		} else {
			set_bit(g->best.bits, at);
		}
	}
}

static size_t part_orders(struct best_grower *b, const struct part *part)
{
	size_t n = part->to - part->from;
	size_t middle = 0;
	for (size_t i = part->from; i < part->to; i++) {
		uint32_t row = b->order[i];
		b->is_left[row] = goes_left(&b->g, row);
	}
	for (size_t dim = 0; dim < b->g.data->n_dims; dim++) {
		uint32_t *rows = b->order + dim * b->n + part->from;
		size_t left = 0;
		size_t right = 0;
		for (size_t i = 0; i < n; i++) {
			uint32_t row = rows[i];
			if (b->is_left[row]) {
				rows[left++] = row;
			} else {
				b->spare[right++] = row;
			}
		}
		memcpy(rows + left, b->spare, right * sizeof(*rows));
		middle = part->from + left;
	}
	return middle;
}

static void take_order(struct best_grower *b, const uint32_t *order, const uint32_t *counts)
{
	const struct tree_data *d = b->g.data;
	b->n = counts ? 0 : d->n;
	for (size_t i = 0; counts && i < d->n; i++) {
		b->n += counts[i];
	}
	b->order = guild_alloc((d->n_dims * b->n + 1) * sizeof(*b->order));
	uint32_t *out = b->order;
	for (size_t i = 0; i < d->n_dims * d->n; i++) {
		for (uint32_t k = counts ? counts[order[i]] : 1; k > 0; k--) {
			*out++ = order[i];
		}
	}
}

void tree_grow_best(struct tree *t, const struct tree_data *d, const uint32_t *order,
	const uint32_t *counts, const double *y, const struct tree_options *options)
{
	struct best_grower b = {.g = {.tree = t, .data = d, .y = y, .options = options}};
	take_order(&b, order, counts);
	b.spare = guild_alloc((b.n + 1) * sizeof(*b.spare));
	b.is_left = guild_alloc(d->n + 1);
	b.choices = guild_alloc((TREE_CHOICES_MAX + 2) * sizeof(*b.choices));
	t->n = t->n_bits = 0;
	push_part(&b.g, (struct part){add_node(t), 0, b.n, 0});
	while (b.g.n_parts > 0) {
		struct part part = b.g.parts[--b.g.n_parts];
		if (!open_node(&b.g, &part, b.order)) {
			continue;
		}
		for (uint32_t dim = 0; dim < d->n_dims; dim++) {
			(d->n_values[dim] > 0 ? scan_subsets : scan_thresholds)(&b, &part, dim);
		}
		if (b.g.best.is_found) {
			split_node(&b.g, &part, part_orders(&b, &part));
		}
	}
	free(b.order);
	free(b.spare);
	free(b.is_left);
	free(b.choices);
	free(b.g.parts);
}
