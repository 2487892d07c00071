/* Runs that belong together, trials of a batch mostly, and what they were to make small or large. Private to cmd/. */
#ifndef GUILD_CMD_OBJECTIVE_H
#define GUILD_CMD_OBJECTIVE_H

#include "cmd.h"

struct guild_cmd_trials {
	struct guild_runs runs; /* newest first, or as they were named; no batches */
	bool has_batch;         /* they all are its trials */
	struct guild_run batch;
};
/* RUN words (a batch stands for its trials), else all runs that pass the filters, else the trials of the newest run's batch, else the
 * runs of its operation. GUILD_ENOTFOUND: none. */
int guild_cmd_select_trials(struct guild_ctx *ctx, const struct guild_args *args,
	struct guild_cmd_trials *out, struct guild_error *err);
void guild_cmd_trials_fini(struct guild_cmd_trials *t);

/* Options --objective, --minimize and --maximize. */
extern const struct guild_opt guild_objective_opts[];
struct guild_objective {
	const char *spec; /* column spec */
	bool maximize;
};
/* By those options, else as the batch (NULL: none) has it, else the lowest loss. */
void guild_cmd_objective(const struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_run *batch, struct guild_objective *out);
/* The batch all those runs are trials of. False: there is none. */
bool guild_cmd_common_batch(const struct guild_ctx *ctx, const struct guild_runs *runs,
	struct guild_run *out);

#endif
