/* What others may ask optimizer gp. Private to search. */
#ifndef GUILD_SEARCH_GP_H
#define GUILD_SEARCH_GP_H

#include "sampler.h"

/* Below it a model is not believed alone. */
#define GP_SKILL_MIN 0.4

/* How well the likeliest model foretells points it was not told: their correlation; 1 before anything was fitted. */
double gp_skill(void *state, const struct search_history *h);

#endif
