/* Steps of pipelines as commands see them. Private to cmd/. */
#ifndef GUILD_CMD_RUN_STEPS_H
#define GUILD_CMD_RUN_STEPS_H

#include "cmd.h"

#include <guild/exec.h>

/* guild_step_words_fn: the words of a step's `run`, by the tables of guild run. */
int guild_run_read_words(struct guild_arena *a, char *const *words, size_t n,
	struct guild_step_words *out, struct guild_error *err);

struct guild_pipeline_words {
	struct guild_project *project;
	struct guild_op_def *op; /* a pipeline */
	const struct guild_value *flags;
	const char *label;
	const struct guild_strs *tags; /* or NULL */
	/* How flags of scripts are found, for names of flags to be checked; NULL: they are not. */
	const struct guild_import_options *import;
};
/* Reads the steps of a pipeline and checks that each can be run: operations are there, options are known, nothing goes round in a
 * circle. Lives in ctx->arena. */
int guild_run_read_steps(struct guild_ctx *ctx, const struct guild_pipeline_words *p,
	struct guild_steps *out, struct guild_error *err);

/* The steps of a pipeline's run, as its records say. */
int guild_run_read_own_steps(struct guild_ctx *ctx, const struct guild_run *run,
	struct guild_steps *out, struct guild_error *err);

#endif
