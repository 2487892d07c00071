/* What the files of batches that search tell each other. Private to search. */
#ifndef GUILD_SEARCH_BATCH_SEARCH_H
#define GUILD_SEARCH_BATCH_SEARCH_H

#include "sampler.h"

/* The flags of a batch that are its optimizer's own. */
struct guild_value *search_own_flags(struct guild_arena *a, const struct guild_optimizer_info *info,
	const struct guild_value *flags);

/* ---- objectives and constraints (search_objective.c) ---- */

struct search_goal {
	struct guild_col col;
	const char *text; /* of the column */
	bool maximize;    /* objective */
	bool is_at_least; /* constraint: >= */
	double limit;     /* constraint */
};
struct search_goals {
	struct search_goal objectives[GUILD_OBJECTIVES_MAX];
	size_t n_objectives;
	struct search_goal *constraints;
	size_t n_constraints;
};
int search_goals_read(struct guild_arena *a, const struct guild_value *objectives,
	const struct guild_value *constraints, struct search_goals *out, struct guild_error *err);
/* Values of a run: NaN where it has none. False: an objective has none. */
bool search_goals_values(const struct search_goals *g, const struct guild_run *run,
	const struct guild_log *log, double *objectives, double *constraints);
/* "acc, loss": the scalars there are. */
void search_scalars_text(const struct guild_run *run, const struct guild_log *log,
	struct guild_buf *out);

#endif
