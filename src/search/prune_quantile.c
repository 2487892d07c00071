/*
 * Median and percentile rules: what a trial has at a step against what the others had there (D. Golovin et al., "Google Vizier", KDD
 * 2017, section 3.5.2). It is the middle one of its last three values: averages since the beginning, as there, follow too slowly, and the
 * best so far hides that a curve rises again.
 *
 * Steps are put into buckets, each of 0 to 63 into its own and 32 of equal width between powers of two above. A trial is judged at its first report
 * in a bucket, and is remembered in each with what it had then. Trials whose steps differ meet in this way: one that skips a bucket that
 * others have used is remembered there with what it had before. One that completed early counts in all later buckets with what it had reached,
 * and so does every third one that was stopped. With none of these, each bucket is a contest among those that survived all earlier
 * ones, and in the noise at the end of training the best one is lost as easily as another; with all of them, the median saves less than
 * half of the work. Measured in tests/test_pruning.py.
 */

#include <math.h>
#include <stdlib.h>

#include "prune.h"

enum { EXACT = 64, EXACT_BITS = 6, PER_OCTAVE = 32, OCTAVE_BITS = 5 };
enum { STOPPED_SHARE = 3 };
enum { BUCKETS = EXACT + (63 - EXACT_BITS) * PER_OCTAVE };

struct quantile {
	double keep; /* percent */
	uint64_t min_trials;
	const char *what;
	struct prune_rank *buckets[BUCKETS]; /* NULL: nobody reported there */
	struct ended {
		size_t from; /* the first bucket it did not reach */
		double level;
	} * ended;
	size_t n_ended, cap_ended;
	uint64_t n_stopped;
};

static size_t bucket_of(int64_t step)
{
	if (step < EXACT) {
		return step > 0 ? (size_t)step : 0;
	}
	unsigned octave = 63U - (unsigned)__builtin_clzll((unsigned long long)step);
	uint64_t part = ((uint64_t)step >> (octave - OCTAVE_BITS)) & (PER_OCTAVE - 1);
	return EXACT + (octave - EXACT_BITS) * PER_OCTAVE + (size_t)part;
}

static void *quantile_open(const struct prune_rule *rule)
{
	struct quantile *q = guild_alloc(sizeof(*q));
	q->keep = rule->keep;
	q->min_trials = (uint64_t)rule->min_trials;
	q->what = rule->keep == 50 ? "the median" : "the percentile";
	return q;
}

static void quantile_close(void *state)
{
	struct quantile *q = state;
	for (size_t i = 0; i < BUCKETS; i++) {
		if (q->buckets[i]) {
			search_rank_fini(q->buckets[i]);
			free(q->buckets[i]);
		}
	}
	free(q->ended);
	free(q);
}

/* Between the two nearest ranks, as most statistics programs have it by default. */
static double border(struct prune_rank *r, double keep)
{
	size_t n = r->n_low + r->n_high;
	double place = keep / 100 * (double)(n - 1);
	size_t below = (size_t)place;
	search_rank_split(r, below + 1);
	double a = r->low[0];
	double b = r->n_high > 0 ? r->high[0] : a;
	double part = place - (double)below;
	return part > 0 && isfinite(b) ? a + part * (b - a) : a;
}

static struct prune_rank *bucket(struct quantile *q, size_t at)
{
	if (!q->buckets[at]) {
		q->buckets[at] = guild_alloc(sizeof(*q->buckets[at]));
		for (size_t i = 0; i < q->n_ended; i++) {
			if (q->ended[i].from <= at) {
				search_rank_add(q->buckets[at], q->ended[i].level);
			}
		}
	}
	return q->buckets[at];
}

static bool quantile_take(void *state, struct prune_curve *c, const struct prune_report *r,
	struct prune_verdict *out)
{
	struct quantile *q = state;
	size_t at = bucket_of(r->step);
	size_t from = c->n == 1 ? at : (size_t)c->next;
	if (at < from) {
		return false;
	}
	for (size_t i = from; i < at; i++) {
		if (q->buckets[i]) {
			search_rank_add(q->buckets[i], r->before);
		}
	}
	struct prune_rank *rank = bucket(q, at);
	out->n_compared = rank->n_low + rank->n_high;
	bool is_worse = false;
	if (r->may_stop && out->n_compared > 0 && out->n_compared >= q->min_trials) {
		out->limit = border(rank, q->keep);
		out->what = q->what;
		out->compared = c->level;
		is_worse = c->level > out->limit;
	}
	search_rank_add(rank, c->level);
	c->next = (int64_t)at + 1;
	return is_worse;
}

static void quantile_ended(void *state, const struct prune_curve *c, bool completed)
{
	struct quantile *q = state;
	if (!completed && ++q->n_stopped % STOPPED_SHARE != 0) {
		return;
	}
	q->ended = guild_grow_array(q->ended, &q->cap_ended, q->n_ended + 1, sizeof(*q->ended));
	q->ended[q->n_ended++] = (struct ended){.from = (size_t)c->next, .level = c->level};
	for (size_t i = (size_t)c->next; i < BUCKETS; i++) {
		if (q->buckets[i]) {
			search_rank_add(q->buckets[i], c->level);
		}
	}
}

const struct prune_class search_prune_quantile = {
	.name = "percentile",
	.open = quantile_open,
	.take = quantile_take,
	.ended = quantile_ended,
	.close = quantile_close,
};
