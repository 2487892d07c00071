/* guild run-queue: the program of a run of the operation queue. Nobody types it. */

#include <string.h>
#include <unistd.h>

#include "queue_cmd.h"

static const struct guild_opt opts[] = {
	{.names = "--poll-interval",
		.value = "SECONDS",
		.kind = GUILD_OPT_NUMBER,
		.help = "Seconds between two looks through all runs."},
	{.names = "--run-once", .help = "Start what is staged, and end."},
	{.names = "--wait-for-running", .help = "Start nothing while another run is running."},
	{.names = "--gpus",
		.value = "LIST",
		.kind = GUILD_OPT_TEXT,
		.help = "GPUs that the runs may see."},
	{0},
};
static const struct guild_opt *const tables[] = {opts, NULL};

/* The lines that 0.9.0's queue prints. */
static void say(void *arg, const char *level, const char *text)
{
	char when[GUILD_TIME_MAX];
	const char *word = strcmp(level, "warning") == 0 ? "WARNING" : "INFO";
	(void)arg;
	guild_time_format(guild_now_us(), false, when);
	fprintf(stderr, "%s: [guild] %s %s\n", word, when, text);
}

/* By an empty prototype Guild AI knows runs that are none of an experiment: comparisons leave them out. */
static void leave_out_of_comparisons(const struct guild_ctx *ctx)
{
	const char *dir = guild_ctx_env(ctx, "RUN_DIR");
	char *proto = dir ? guild_path_join(dir, ".guild/proto") : NULL;
	if (proto) {
		(void)guild_mkdirs(proto, NULL);
	}
	free(proto);
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	const char *id = guild_ctx_env(ctx, "RUN_ID");
	char *name = guild_format("run-%.8s", id ? id : "queue");
	struct guild_log log = {.emit = say};
	struct guild_error err = {0};
	struct guild_queue_request req = {.home = &ctx->home,
		.env = ctx->environ_,
		.program = ctx->program,
		.name = name,
		.slots = 1,
		.run_gpus = guild_args_text(args, "gpus"),
		.poll_interval_s = guild_args_number(args, "poll-interval", 10),
		.run_once = guild_args_flag(args, "run-once"),
		.wait_for_running = guild_args_flag(args, "wait-for-running"),
		.show_output = true,
		.is_plain = true,
		.log = &log};
	int code = GUILD_EXIT_OK;
	leave_out_of_comparisons(ctx);
	if (!id) {
		code = guild_cmd_failf(ctx, "run-queue is started by guild in the run of a queue");
	} else if (guild_queue_run(&req, &err) != 0) {
		code = guild_cmd_fail(ctx, &err);
	}
	free(name);
	return code;
}

const struct guild_cmd guild_cmd_run_queue = {
	.name = "run-queue",
	.group = GUILD_GROUP_RUN,
	.summary = "Start staged runs",
	.help = "The program of a run of the operation queue; guild starts it.",
	.opts = tables,
	.needs = GUILD_NEEDS_HOME,
	.hidden = true,
	.run = run,
};
