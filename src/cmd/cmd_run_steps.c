/* guild run-steps: the program of a pipeline's run. Nobody types it: guild starts it in the run (docs/design/pipelines.md). */

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run_steps.h"

static const struct guild_opt opts[] = {
	{.names = "--jobs",
		.value = "N",
		.kind = GUILD_OPT_INT,
		.min = 1,
		.help = "Run at most N steps at once."},
	{0},
};
static const struct guild_opt *const tables[] = {opts, NULL};

static const char *project_dir(const struct guild_ctx *ctx)
{
	static const char *const names[] = {"PROJECT_DIR", "CMD_DIR"};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(names); i++) {
		const char *dir = guild_ctx_env(ctx, names[i]);
		if (dir && *dir) {
			return dir;
		}
	}
	return ctx->cwd;
}

static int run_pipeline(struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_run *run, struct guild_pipeline_result *result, struct guild_error *err)
{
	const struct guild_value *params = guild_run_attr(run, ctx->arena, "run_params");
	struct guild_steps steps = {0};
	struct guild_exec_world world = {.home = &ctx->home,
		.env = ctx->environ_,
		.cwd = ctx->cwd,
		.cmd_dir = ctx->cwd,
		.program = ctx->program,
		.log = &ctx->log};
	struct guild_pipeline_request req = {.run = run,
		.steps = &steps,
		.world = &world,
		.project_dir = project_dir(ctx),
		.jobs = (size_t)guild_args_int(args, "jobs", 0),
		.needed = guild_value_truthy(guild_value_get(params, "needed")),
		.stage_trials = guild_value_truthy(guild_value_get(params, "stage_trials"))};
	int rc = guild_run_read_own_steps(ctx, run, &steps, err);
	return rc ? rc : guild_pipeline_run(&req, result, err);
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_run r = {0};
	struct guild_error err = {0};
	struct guild_pipeline_result result = {0};
	const char *dir = guild_ctx_env(ctx, "RUN_DIR");
	if (!dir) {
		return guild_cmd_failf(ctx,
			"run-steps is started by guild in the run of a pipeline");
	}
	int rc = guild_run_open(dir, &r, &err);
	rc = rc ? rc : run_pipeline(ctx, args, &r, &result, &err);
	guild_run_fini(&r);
	if (rc != 0) {
		return guild_cmd_fail(ctx, &err);
	}
	if (result.signal != 0) {
		/* Ended as any program that the signal ends. */
		signal(result.signal, SIG_DFL);
		raise(result.signal);
	}
	return result.exit_code;
}

const struct guild_cmd guild_cmd_run_steps = {
	.name = "run-steps",
	.group = GUILD_GROUP_RUN,
	.summary = "Run the steps of a pipeline",
	.help = "The program of a pipeline's run; guild starts it.",
	.opts = tables,
	.needs = GUILD_NEEDS_HOME | GUILD_NEEDS_CONFIG,
	.hidden = true,
	.run = run,
};
