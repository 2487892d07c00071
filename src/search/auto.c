/* Optimizer auto: asks others, by what they can do with the space and by what came of it so far.
 *
 * A Gaussian process needs the fewest trials where it can foretell anything; how well it does is known from the points it leaves out. The less
 * it does, the longer nothing better was found, the more often a Parzen estimator is asked instead, which believes in nothing but ranks. */

#include <math.h>
#include <stdlib.h>

#include "gp.h"
#include "gp_region.h"

enum {
	TOLD_MAX = 1000, /* a Gaussian process is slow and says little more beyond */
	DIMS_MAX = 100,
	START = 10,
};

struct auto_state {
	struct guild_arena *arena;
	uint64_t seed;
	bool is_large;
	void *gp, *tpe;
};

static void close_auto(void *state)
{
	struct auto_state *s = state;
	if (s->gp) {
		search_gp.close(s->gp);
	}
	if (s->tpe) {
		search_tpe.close(s->tpe);
	}
	guild_arena_free(s->arena);
	free(s);
}

static int open_one(struct auto_state *s, const struct sampler_class *class,
	const struct sampler_setup *setup, void **state, struct guild_error *err)
{
	struct sampler_setup own = *setup;
	struct guild_value *flags = search_default_flags(s->arena, &class->info);
	const struct guild_value *starts = guild_value_get(setup->flags, "random-starts");
	if (starts && starts->type != GUILD_NULL) {
		guild_value_set(s->arena, flags, "random-starts",
			guild_value_copy(s->arena, starts));
	}
	own.flags = flags;
	return class->open(&own, state, err);
}

static int open_auto(const struct sampler_setup *setup, void **state, struct guild_error *err)
{
	struct auto_state *s = guild_alloc(sizeof(*s));
	s->arena = guild_arena_new();
	s->seed = setup->seed;
	s->is_large = setup->space->n > DIMS_MAX;
	int rc = open_one(s, &search_tpe, setup, &s->tpe, err);
	if (rc == 0 && !s->is_large) {
		rc = open_one(s, &search_gp, setup, &s->gp, err);
	}
	if (rc != 0) {
		close_auto(s);
		return rc;
	}
	*state = s;
	return 0;
}

/* The share of asks that is not the Gaussian process's. */
static double find_doubt(const struct auto_state *s, const struct search_history *h,
	const double *y)
{
	struct gp_region region;
	if (s->is_large || h->n_told > TOLD_MAX) {
		return 1;
	}
	if (h->n < START || h->n_told < START) {
		return 0;
	}
	gp_region_find(h, y, START, &region);
	double skill = h->n_objectives == 1 ? gp_skill(s->gp, h) : 1;
	if (skill < 0.5) {
		return 0.5;
	}
	return region.n_stale >= START + h->space->n ? 0.3 : 0;
}

static int suggest(void *state, const struct search_history *h, const double *y,
	struct guild_mt19937 *mt, double *x, struct guild_error *err)
{
	struct auto_state *s = state;
	struct guild_mt19937 own;
	(void)mt;
	guild_mt19937_seed_2(&own, s->seed, h->n);
	if (guild_mt19937_unit(&own) < find_doubt(s, h, y)) {
		return search_tpe.suggest(s->tpe, h, y, &own, x, err);
	}
	return search_gp.suggest(s->gp, h, y, &own, x, err);
}

static const struct guild_optimizer_flag flags[] = {
	{"prev-trials", "batch", "batch operation sourcecode", "runs to learn from at the start"},
	{"random-starts", NULL, NULL, "trials before a model is asked, at least"},
};

const struct sampler_class search_auto = {
	.info = {.name = "auto",
		.help = "Chooses among the others by the flags and by what came of the trials so far.",
		.flags = flags,
		.n_flags = GUILD_ARRAY_LEN(flags)},
	.open = open_auto,
	.suggest = suggest,
	.close = close_auto,
};
