/* Optimizer random: points drawn evenly, each apart. */

#include "sampler.h"

static int suggest(void *state, const struct search_history *h, const double *y,
	struct guild_mt19937 *mt, double *x, struct guild_error *err)
{
	(void)state;
	(void)y;
	(void)err;
	for (size_t i = 0; i < h->space->n; i++) {
		x[i] = search_dim_from_unit(&h->space->v[i], guild_mt19937_unit(mt));
	}
	return 0;
}

const struct sampler_class search_random = {
	.info = {.name = "random",
		.aliases = "skopt:random",
		.help = "Draws every point by chance."},
	.takes_several = true,
	.is_blind = true,
	.suggest = suggest,
};
