/* Optimizer qmc: a scrambled Sobol sequence, point for point. */

#include "sampler.h"
#include "sobol.h"

static int open_qmc(const struct sampler_setup *setup, void **state, struct guild_error *err)
{
	(void)err;
	struct guild_mt19937 mt;
	guild_mt19937_seed_2(&mt, setup->seed, UINT64_MAX);
	*state = search_sobol_new(setup->space->n, &mt);
	return 0;
}

static void close_qmc(void *state)
{
	search_sobol_free(state);
}

static int suggest(void *state, const struct search_history *h, const double *y,
	struct guild_mt19937 *mt, double *x, struct guild_error *err)
{
	(void)y;
	(void)mt;
	(void)err;
	search_sobol_point(state, h->n, x);
	search_from_unit(h->space, x, x);
	return 0;
}

const struct sampler_class search_qmc = {
	.info = {.name = "qmc",
		.aliases = "sobol",
		.help = "Fills the space evenly: a scrambled Sobol sequence."},
	.takes_several = true,
	.is_blind = true,
	.open = open_qmc,
	.suggest = suggest,
	.close = close_qmc,
};
