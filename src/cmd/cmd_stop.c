/* guild stop: ends running runs (cli.md 1.3). */

#include <stdlib.h>

#include "cmd.h"

enum { GRACE_MS = 30000 };

static const struct guild_opt opts[] = {
	{.names = "-n --no-wait", .help = "Ask the programs to end, but do not wait for it."},
	{0},
};
static const struct guild_opt *const tables[] = {
	opts, guild_yes_opts, guild_filter_opts, guild_remote_opts, NULL};
static const struct guild_arg run_args[] = {
	{.name = "RUN",
		.many = true,
		.complete = GUILD_COMPLETE_RUN,
		.help = "Runs by index, range of indexes (2:5) or id; the running ones of the current "
			"project when omitted."},
	{0},
};

/* Running here: a run that a remote or another machine executes is left to it. */
static bool runs_here(const struct guild_run *r)
{
	char *remote = NULL;
	pid_t pid;
	bool running = guild_run_status(r, &remote) == GUILD_RUN_RUNNING && !remote;

	free(remote);
	return running && guild_run_find_process(r, &pid, NULL) != GUILD_PROCESS_AWAY;
}

/* Keeps what can be stopped; what was named but does not run is said. */
static void keep_running(const struct guild_ctx *ctx, struct guild_runs *runs, bool named)
{
	size_t n = 0;

	for (size_t i = 0; i < runs->n; i++) {
		enum guild_run_status status = guild_run_status(&runs->v[i], NULL);
		bool wanted = named ? status == GUILD_RUN_RUNNING : runs_here(&runs->v[i]);

		if (wanted) {
			runs->v[n++] = runs->v[i];
			continue;
		}
		if (named) {
			guild_log(&ctx->log, "note", "Run %s is not running (%s)", runs->v[i].id,
				guild_run_status_name(status));
		}
		guild_run_fini(&runs->v[i]);
	}
	runs->n = n;
}

static int stop_all(struct guild_ctx *ctx, const struct guild_runs *runs, bool wait)
{
	int code = GUILD_EXIT_OK;

	for (size_t i = 0; i < runs->n; i++) {
		struct guild_error err = {0};

		if (guild_store_stop(&runs->v[i], wait ? GRACE_MS : 0, &ctx->log, &err) != 0) {
			code = guild_cmd_fail(ctx, &err);
		}
	}
	return code;
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	const struct guild_strs *words = guild_args_words(args);
	struct guild_error err = {0};
	struct guild_runs runs = {0};
	int code;

	if (guild_cmd_select_runs(ctx, args, words, NULL, GUILD_SELECT_PROJECT, &runs, &err) != 0) {
		return guild_cmd_fail(ctx, &err);
	}
	keep_running(ctx, &runs, words->n > 0);
	if (runs.n == 0) {
		guild_log(&ctx->log, "note", "Nothing to stop.");
		code = GUILD_EXIT_OK;
	} else {
		char *question = guild_format("Stop %zu run(s)?", runs.n);

		code = guild_cmd_confirm_runs(ctx, args, &runs,
			"These runs will be stopped:", question, false);
		free(question);
		if (code == GUILD_EXIT_OK) {
			code = stop_all(ctx, &runs, !guild_args_flag(args, "no-wait"));
		}
	}
	guild_runs_fini(&runs);
	return code;
}

const struct guild_cmd guild_cmd_stop = {
	.name = "stop",
	.aliases = "runs stop",
	.group = GUILD_GROUP_CHANGE,
	.summary = "Stop running runs",
	.help = "The program of a run gets SIGTERM, what it has started the same 5 seconds later, and "
		"SIGKILL whatever is left after 30 seconds.\n\n"
		"Without RUN the running runs of the project in the current directory that pass the "
		"filters are meant; ':' means all running runs. The runs are shown and you are asked, "
		"unless --yes is given.\n\n"
		"Examples:\n\n"
		"  guild stop 1\n"
		"  guild stop : -Fo train --yes",
	.opts = tables,
	.args = run_args,
	.needs = GUILD_NEEDS_HOME,
	.run = run,
};
