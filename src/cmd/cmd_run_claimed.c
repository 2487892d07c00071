/*
 * guild run-claimed: how another scheduler (python/guild_dask.py) starts one staged run. It claims the run as a queue does and then becomes
 * `guild run --restart`. The claim is this process's: when it is killed before the run's program runs, any queue puts the run back.
 */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "queue_cmd.h"

enum { EXIT_NOT_CLAIMED = 75 }; /* EX_TEMPFAIL: somebody else has it, or it waits for another run */

static const struct guild_arg run_args[] = {
	{.name = "RUN", .required = true, .help = "Id of a staged run, all of it."},
	{0},
};

static bool is_other(void *arg, const struct guild_run *run)
{
	return strcmp(run->id, arg) != 0;
}

/* Returns only when the program cannot be started. */
static int become_run(struct guild_ctx *ctx, const char *id, const char *token)
{
	const char *const words[] = {ctx->program, "run", "--restart", id, "-y"};
	struct guild_strs argv = {0};
	struct guild_strs env = {0};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(words); i++) {
		guild_strs_add(&argv, words[i]);
	}
	for (char *const *v = ctx->environ_; *v != NULL; v++) {
		if (!guild_starts(*v, GUILD_CLAIM_ENV "=") &&
			!guild_starts(*v, GUILD_LEASES_ENV "=")) {
			guild_strs_add(&env, *v);
		}
	}
	guild_strs_addf(&env, GUILD_CLAIM_ENV "=%s %s", id, token);
	(void)execve(ctx->program, argv.v, env.v);
	struct guild_error err = {0};
	guild_error_errno(&err, errno, "cannot start '%s'", ctx->program);
	guild_strs_fini(&argv);
	guild_strs_fini(&env);
	return guild_cmd_fail(ctx, &err);
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	char *id = guild_args_words(args)->v[0];
	const char *of = guild_ctx_env(ctx, "GUILD_SCHEDULER");
	char *name = guild_format("run-%.8s", of ? of : "scheduler");
	struct guild_claim_request req = {.home = &ctx->home,
		.env = ctx->environ_,
		.queue = name,
		.owner = getpid(),
		.leaves = is_other,
		.arg = id};
	struct guild_error err = {0};
	struct guild_value *claim = NULL;
	int rc = guild_queue_claim_next(&req, ctx->arena, &claim, &err);
	free(name);
	if (rc < 0) {
		return guild_cmd_fail(ctx, &err);
	}
	if (rc == 0) {
		return EXIT_NOT_CLAIMED;
	}
	return become_run(ctx, id, guild_value_text(guild_value_get(claim, "token")));
}

const struct guild_cmd guild_cmd_run_claimed = {
	.name = "run-claimed",
	.group = GUILD_GROUP_RUN,
	.summary = "Start one staged run",
	.help = "Part of dask:scheduler; guild starts it. Exits with 75 when the run is not to be had.",
	.args = run_args,
	.needs = GUILD_NEEDS_HOME,
	.hidden = true,
	.run = run,
};
