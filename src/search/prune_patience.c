/* Rules that look at one trial alone: it no longer improves, or a value is beyond a limit. */

#include <math.h>
#include <stdlib.h>

#include "prune.h"

/* ---- patience ----------------------------------------------------------------------------------------------------- */

struct patience {
	int64_t reports;
	double min_delta;
};

static void *patience_open(const struct prune_rule *rule)
{
	struct patience *p = guild_alloc(sizeof(*p));
	p->reports = rule->reports;
	p->min_delta = rule->min_delta;
	return p;
}

static bool patience_take(void *state, struct prune_curve *c, const struct prune_report *r,
	struct prune_verdict *out)
{
	const struct patience *p = state;
	if (isfinite(r->value) && (c->n_good == 0 || r->value < c->anchor - p->min_delta)) {
		c->anchor = r->value;
		c->n_good = c->n;
	}
	out->limit = c->n_good > 0 ? c->anchor : NAN;
	out->what = "what it reached before";
	return r->may_stop && c->n - c->n_good >= p->reports;
}

const struct prune_class search_prune_patience = {
	.name = "patience",
	.open = patience_open,
	.take = patience_take,
	.close = free,
};

/* ---- thresholds ------------------------------------------------------------------------------------------------------ */

struct threshold {
	struct prune_condition when;
	int64_t after;
};

static void *threshold_open(const struct prune_rule *rule)
{
	struct threshold *t = guild_alloc(sizeof(*t));
	t->when = rule->when;
	t->after = rule->after;
	return t;
}

static bool holds(const struct prune_condition *c, double v)
{
	switch (c->compare) {
	case PRUNE_ABOVE:
		return v > c->limit;
	case PRUNE_AT_LEAST:
		return v >= c->limit;
	case PRUNE_BELOW:
		return v < c->limit;
	case PRUNE_AT_MOST:
		return v <= c->limit;
	case PRUNE_NOT_FINITE:
		return !isfinite(v);
	case PRUNE_NAN:
		break;
	}
	return false;
}

static bool threshold_take(void *state, struct prune_curve *c, const struct prune_report *r,
	struct prune_verdict *out)
{
	const struct threshold *t = state;
	(void)c;
	(void)out;
	return r->may_stop && r->step > t->after && (isnan(r->raw) || holds(&t->when, r->raw));
}

const struct prune_class search_prune_threshold = {
	.name = "threshold",
	.open = threshold_open,
	.take = threshold_take,
	.close = free,
};
