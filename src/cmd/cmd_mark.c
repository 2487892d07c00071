/* guild mark: mark runs, which makes them the preferred ones of their operation (cli.md 1.3). */

#include <stdlib.h>

#include "cmd.h"

static const struct guild_opt opts[] = {
	{.names = "-c --clear", .help = "Remove the mark; without RUN, of all marked runs."},
	{0},
};
static const struct guild_opt *const tables[] = {
	opts, guild_yes_opts, guild_filter_opts, guild_status_opts, NULL};
static const struct guild_arg run_args[] = {
	{.name = "RUN",
		.many = true,
		.complete = GUILD_COMPLETE_RUN,
		.help = "Runs by index, range of indexes or id; the latest when omitted."},
	{0},
};

/* Leaves out the runs that are marked (or not) already, where none was named. */
static void keep_marked(struct guild_runs *runs)
{
	struct guild_arena *a = guild_arena_new();
	size_t n = 0;

	for (size_t i = 0; i < runs->n; i++) {
		if (guild_value_truthy(guild_run_attr(&runs->v[i], a, "marked"))) {
			struct guild_run keep = runs->v[i];

			runs->v[i] = runs->v[n];
			runs->v[n++] = keep;
		}
	}
	while (runs->n > n) {
		guild_run_fini(&runs->v[--runs->n]);
	}
	guild_arena_free(a);
}

static int mark_one(const void *clear, const struct guild_run *r, struct guild_error *err)
{
	return guild_store_set_marked(r, !*(const bool *)clear, err);
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_error err = {0};
	struct guild_runs runs = {0};
	const struct guild_strs *words = guild_args_words(args);
	bool clear = guild_args_flag(args, "clear");
	int code;

	if (guild_cmd_select_runs(ctx, args, words, clear ? NULL : "1", 0, &runs, &err) != 0) {
		code = guild_cmd_fail(ctx, &err);
		goto out;
	}
	if (clear && words->n == 0) {
		keep_marked(&runs);
	}
	if (runs.n == 0) {
		guild_log(&ctx->log, "note", "Nothing to unmark.");
		code = GUILD_EXIT_OK;
		goto out;
	}
	code = guild_cmd_confirm_runs(ctx, args, &runs,
		clear ? "These runs will be unmarked:" : "These runs will be marked:", "Continue?",
		true);
	if (code != GUILD_EXIT_OK) {
		goto out;
	}
	if (guild_cmd_change_runs(ctx, &runs, mark_one, &clear, &err) != 0) {
		code = guild_cmd_fail(ctx, &err);
		goto out;
	}
	guild_log(&ctx->log, "note", clear ? "Unmarked %zu run(s)" : "Marked %zu run(s)", runs.n);
out:
	guild_runs_fini(&runs);
	return code;
}

const struct guild_cmd guild_cmd_mark = {
	.name = "mark",
	.aliases = "runs mark",
	.group = GUILD_GROUP_CHANGE,
	.summary = "Mark runs, or remove their marks",
	.help = "Where an operation needs a run of another one, a marked run is preferred to the "
		"latest.\n\n"
		"Examples:\n\n"
		"  guild mark 3\n"
		"  guild runs --marked\n"
		"  guild mark --clear",
	.opts = tables,
	.args = run_args,
	.needs = GUILD_NEEDS_HOME,
	.run = run,
};
