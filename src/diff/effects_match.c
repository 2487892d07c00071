/*
 * Runs that differ in one flag only. Runs with the same flags are one case, with the mean of the metric. Where the flag has numbers,
 * each value is held against the next one that its case has; else every value against every other. How sure that is tells a test that
 * permutes the metric within cases that agree in everything else.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "effects.h"

enum { LABELS_ALL_PAIRS = 50 };

struct row {
	const size_t *key; /* labels of the other flags */
	size_t n_key;
	size_t label;
	double value;
};

static int compare_keys(const struct row *a, const struct row *b)
{
	for (size_t i = 0; i < a->n_key; i++) {
		if (a->key[i] != b->key[i]) {
			return a->key[i] < b->key[i] ? -1 : 1;
		}
	}
	return 0;
}

static int compare_rows(const void *x, const void *y)
{
	const struct row *a = x, *b = y;
	int order = compare_keys(a, b);

	return order != 0 ? order : (a->label > b->label) - (a->label < b->label);
}

struct pair {
	size_t from, to; /* labels */
	double by;
};
struct pairs {
	struct pair *v;
	size_t n, cap;
};

static int compare_pairs(const void *x, const void *y)
{
	const struct pair *a = x, *b = y;

	return a->from != b->from ? (a->from > b->from) - (a->from < b->from)
				  : (a->to > b->to) - (a->to < b->to);
}

static void add_pair(struct pairs *p, const struct row *from, const struct row *to)
{
	p->v = guild_grow_array(p->v, &p->cap, p->n + 1, sizeof(*p->v));
	p->v[p->n++] = (struct pair){from->label, to->label, to->value - from->value};
}

/* Cases [from, to) agree in everything else. */
static void pair_cases(const struct row *rows, size_t from, size_t to, bool next_only,
	struct pairs *out)
{
	for (size_t i = from; i < to; i++) {
		for (size_t j = i + 1; j < to && (!next_only || j == i + 1); j++) {
			add_pair(out, &rows[i], &rows[j]);
		}
	}
}

/* Rows with the same flags become one; returns how many are left. */
static size_t join_equal(struct row *rows, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n;) {
		double sum = 0;
		size_t j = i;

		for (; j < n && compare_rows(&rows[i], &rows[j]) == 0; j++) {
			sum += rows[j].value;
		}
		rows[kept] = rows[i];
		rows[kept++].value = sum / (double)(j - i);
		i = j;
	}
	return kept;
}

static struct row *make_rows(const struct guild_effects_data *d, size_t flag, size_t metric,
	size_t **keys, size_t *n)
{
	struct row *rows = guild_alloc((d->n + 1) * sizeof(*rows));
	const double *values = d->metrics[metric].values;

	*keys = guild_alloc((d->n * d->n_flags + 1) * sizeof(**keys));
	*n = 0;
	for (size_t i = 0; i < d->n; i++) {
		size_t *key = *keys + *n * d->n_flags;
		size_t n_key = 0;

		if (isnan(values[i])) {
			continue;
		}
		for (size_t f = 0; f < d->n_flags; f++) {
			if (f != flag) {
				key[n_key++] = d->flags[f].label_of[i];
			}
		}
		rows[(*n)++] = (struct row){key, n_key, d->flags[flag].label_of[i], values[i]};
	}
	return rows;
}

static void summarize(const struct guild_effects_data *d, const struct guild_flag_column *c,
	const struct pairs *p, struct guild_effect *e)
{
	e->matched = guild_arena_alloc(d->a, (p->n + 1) * sizeof(*e->matched));
	for (size_t i = 0; i < p->n; i++) {
		const struct pair *x = &p->v[i];
		bool is_new = i == 0 || compare_pairs(&p->v[i - 1], x) != 0;
		struct guild_matched_change *m =
			is_new ? &e->matched[e->n_matched++] : &e->matched[e->n_matched - 1];

		if (is_new) {
			*m = (struct guild_matched_change){.from = c->labels[x->from],
				.to = c->labels[x->to],
				.least = x->by,
				.most = x->by};
		}
		m->n++;
		m->n_up += x->by > 0;
		m->n_down += x->by < 0;
		m->mean += (x->by - m->mean) / (double)m->n;
		m->least = fmin(m->least, x->by);
		m->most = fmax(m->most, x->by);
		e->n_pairs_up += x->by > 0;
		e->n_pairs_down += x->by < 0;
	}
	e->n_pairs = p->n;
}

/* Rows [from, to) agree in everything else. */
struct blocks {
	size_t *sizes;
	size_t n;
	double *x, *y;
	size_t *labels;
	size_t n_rows;
};

static void add_block(struct blocks *b, const struct row *rows, size_t from, size_t to)
{
	if (to - from < 2) {
		return; /* nothing to hold it against */
	}
	b->sizes[b->n++] = to - from;
	for (size_t i = from; i < to; i++) {
		b->x[b->n_rows] = (double)rows[i].label;
		b->y[b->n_rows] = rows[i].value;
		b->labels[b->n_rows++] = rows[i].label;
	}
}

static double p_of_blocks(const struct guild_flag_column *c, const struct blocks *b,
	const struct guild_stat_permutations *by)
{
	struct guild_stat_permutations within = *by;

	if (b->n == 0) {
		return NAN;
	}
	within.blocks = b->sizes;
	within.n_blocks = b->n;
	return c->is_numeric && !c->has_unset
		       ? guild_stat_p_correlation(b->x, b->y, b->n_rows, &within)
		       : guild_stat_p_groups(b->labels, c->n_labels, b->y, b->n_rows, &within);
}

void guild_effects_match(const struct guild_effects_data *d, size_t flag, size_t metric,
	const struct guild_stat_permutations *by, struct guild_effect *e)
{
	const struct guild_flag_column *c = &d->flags[flag];
	bool next_only = c->is_numeric || c->n_labels > LABELS_ALL_PAIRS;
	struct pairs pairs = {0};
	size_t *keys = NULL;
	size_t n = 0;
	struct row *rows = make_rows(d, flag, metric, &keys, &n);

	if (n > 1) {
		qsort(rows, n, sizeof(*rows), compare_rows);
	}
	n = join_equal(rows, n);
	struct blocks blocks = {
		.sizes = guild_alloc((n + 1) * sizeof(size_t)),
		.x = guild_alloc((n + 1) * sizeof(double)),
		.y = guild_alloc((n + 1) * sizeof(double)),
		.labels = guild_alloc((n + 1) * sizeof(size_t)),
	};

	for (size_t i = 0; i < n;) {
		size_t j = i;

		while (j < n && compare_keys(&rows[i], &rows[j]) == 0) {
			j++;
		}
		pair_cases(rows, i, j, next_only, &pairs);
		add_block(&blocks, rows, i, j);
		i = j;
	}
	if (pairs.n > 1) {
		qsort(pairs.v, pairs.n, sizeof(*pairs.v), compare_pairs);
	}
	summarize(d, c, &pairs, e);
	e->p_matched = p_of_blocks(c, &blocks, by);
	free(blocks.sizes);
	free(blocks.x);
	free(blocks.y);
	free(blocks.labels);
	free(pairs.v);
	free(keys);
	free(rows);
}
