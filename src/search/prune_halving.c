/*
 * Asynchronous successive halving (L. Li et al., "A System for Massively Parallel Hyperparameter Tuning", MLSys 2020) in the form
 * that stops trials instead of pausing them: at each rung, a trial goes on when it is among the best 1/factor of those that came so far.
 * Hyperband has several brackets, whose first rungs lie at ever later steps (L. Li et al., JMLR 18 (2018)).
 */

#include <math.h>
#include <stdlib.h>

#include "prune.h"

enum { RUNGS_MAX = 63, BRACKETS_MAX = 16, BRACKETS_UNKNOWN = 2, RESOURCE_PARTS = 6 };

struct halving {
	int64_t factor, min_resource, max_resource; /* 0: not known */
	size_t n_brackets;                          /* 0: not known */
	uint64_t min_trials;
	struct prune_rank rungs[BRACKETS_MAX][RUNGS_MAX];
};

/* As many as fit between the least and the greatest resource. */
static size_t count_brackets(int64_t min, int64_t max, int64_t factor)
{
	size_t n = 1;
	for (int64_t at = min; at <= max / factor && n < BRACKETS_MAX; at *= factor) {
		n++;
	}
	return n;
}

static void *halving_open(const struct prune_rule *rule)
{
	struct halving *h = guild_alloc(sizeof(*h));
	h->factor = rule->factor;
	h->min_resource = rule->min_resource;
	h->max_resource = rule->max_resource;
	h->n_brackets = (size_t)rule->brackets;
	h->min_trials = (uint64_t)rule->min_trials;
	if (h->n_brackets == 0) {
		h->n_brackets =
			h->min_resource > 0 && h->max_resource > 0
				? count_brackets(h->min_resource, h->max_resource, h->factor)
				: BRACKETS_UNKNOWN;
	}
	return h;
}

static void halving_close(void *state)
{
	struct halving *h = state;
	for (size_t i = 0; i < BRACKETS_MAX; i++) {
		for (size_t k = 0; k < RUNGS_MAX; k++) {
			search_rank_fini(&h->rungs[i][k]);
		}
	}
	free(h);
}

/* Where a bracket has a rung; INT64_MAX: nowhere. */
static int64_t rung_step(const struct halving *h, size_t rung)
{
	int64_t step = h->min_resource;
	for (size_t i = 0; i < rung; i++) {
		if (__builtin_mul_overflow(step, h->factor, &step)) {
			return INT64_MAX;
		}
	}
	return h->max_resource > 0 && step >= h->max_resource ? INT64_MAX : step;
}

/* The k-th bracket has as many trials as Hyperband gives it for the same budget, mixed by multiples of the golden ratio. */
static size_t bracket_of(const struct halving *h, uint64_t trial)
{
	double weights[BRACKETS_MAX];
	double sum = 0;
	for (size_t i = 0; i < h->n_brackets; i++) {
		double s = (double)(h->n_brackets - 1 - i);
		weights[i] = ceil((double)h->n_brackets * pow((double)h->factor, s) / (s + 1));
		sum += weights[i];
	}
	const uint64_t golden = UINT64_C(11400714819323198485);
	double at = (double)(trial * golden >> 11) / 9007199254740992.0 * sum;
	size_t i = 0;
	while (i + 1 < h->n_brackets && at >= weights[i]) {
		at -= weights[i++];
	}
	return i;
}

static bool halving_take(void *state, struct prune_curve *c, const struct prune_report *r,
	struct prune_verdict *out)
{
	struct halving *h = state;
	size_t bracket = h->n_brackets > 1 ? bracket_of(h, c->trial) : 0;
	while (h->min_resource > 0 && c->next < RUNGS_MAX &&
		r->step >= rung_step(h, bracket + (size_t)c->next)) {
		out->what = "the best of its rung";
		if (isnan(r->value)) {
			out->limit = NAN;
			return r->may_stop;
		}
		struct prune_rank *rung = &h->rungs[bracket][c->next++];
		search_rank_add(rung, r->value);
		uint64_t n = rung->n_low + rung->n_high;
		uint64_t n_best = n / (uint64_t)h->factor;
		search_rank_split(rung, n_best > 0 ? (size_t)n_best : 1);
		out->limit = rung->low[0];
		out->n_compared = n - 1;
		if (r->may_stop && n - 1 >= h->min_trials && r->value > out->limit) {
			return true;
		}
	}
	return false;
}

/* The first complete trial says how much there is to spend. */
static void halving_ended(void *state, const struct prune_curve *c, bool completed)
{
	struct halving *h = state;
	if (completed && h->min_resource == 0 && c->step >= 0) {
		h->min_resource = c->step >= RESOURCE_PARTS ? c->step / RESOURCE_PARTS : 1;
	}
}

const struct prune_class search_prune_halving = {
	.name = "asha",
	.open = halving_open,
	.take = halving_take,
	.ended = halving_ended,
	.close = halving_close,
};
