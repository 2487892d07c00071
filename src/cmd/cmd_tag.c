/* guild tag: add and remove tags (cli.md 1.3, runs.md 7). */

#include <stdlib.h>
#include <string.h>

#include "cmd.h"

static const struct guild_opt opts[] = {
	{.names = "-a --add",
		.value = "TAG",
		.kind = GUILD_OPT_LIST,
		.complete = GUILD_COMPLETE_TAG,
		.help = "Add TAG. May be repeated."},
	{.names = "-d --delete",
		.value = "TAG",
		.kind = GUILD_OPT_LIST,
		.complete = GUILD_COMPLETE_TAG,
		.help = "Remove TAG. May be repeated."},
	{.names = "-c --clear", .help = "Remove all tags."},
	{.names = "-s --sync-labels",
		.help = "Change labels too: added tags go in front, removed ones go out."},
	{.names = "--list-all",
		.excludes = "add delete clear",
		.help = "List the tags of all runs that pass the filters, and change nothing."},
	{0},
};
static const struct guild_opt *const tables[] = {opts, guild_json_opts, guild_yes_opts,
	guild_filter_opts, guild_status_opts, guild_remote_opts, NULL};
static const struct guild_arg run_args[] = {
	{.name = "RUN",
		.many = true,
		.complete = GUILD_COMPLETE_RUN,
		.help = "Runs by index, range of indexes or id; the latest when omitted (all with "
			"--list-all)."},
	{0},
};

static void add_tags(struct guild_strs *all, const struct guild_run *r)
{
	struct guild_arena *a = guild_arena_new();
	const struct guild_value *tags = guild_run_attr(r, a, "tags");

	for (size_t i = 0; tags && tags->type == GUILD_LIST && i < tags->n; i++) {
		struct guild_buf text = {0};

		guild_value_py_str(&text, tags->items[i]);
		if (!guild_strs_has(all, guild_buf_cstr(&text))) {
			guild_strs_add(all, guild_buf_cstr(&text));
		}
		guild_buf_fini(&text);
	}
	guild_arena_free(a);
}

static int list_all(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_error err = {0};
	struct guild_runs runs = {0};
	struct guild_strs tags = {0};
	int code = GUILD_EXIT_OK;

	if (guild_cmd_select_runs(ctx, args, guild_args_words(args), NULL, 0, &runs, &err) != 0) {
		code = guild_cmd_fail(ctx, &err);
	}
	for (size_t i = 0; i < runs.n; i++) {
		add_tags(&tags, &runs.v[i]);
	}
	guild_strs_sort(&tags);
	if (code == GUILD_EXIT_OK && guild_args_flag(args, "json")) {
		guild_cmd_print_json(guild_value_strs(ctx->arena, &tags));
	} else {
		for (size_t i = 0; i < tags.n; i++) {
			printf("%s\n", tags.v[i]);
		}
	}
	guild_strs_fini(&tags);
	guild_runs_fini(&runs);
	return code;
}

static int tag_one(const void *arg, const struct guild_run *r, struct guild_error *err)
{
	const struct guild_args *args = arg;

	return guild_store_edit_tags(r, guild_args_list(args, "add"),
		guild_args_list(args, "delete"), guild_args_flag(args, "clear"),
		guild_args_flag(args, "sync-labels"), err);
}

static int change(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_error err = {0};
	struct guild_runs runs = {0};
	bool sync = guild_args_flag(args, "sync-labels");
	int code;

	if (guild_cmd_select_runs(ctx, args, guild_args_words(args), "1", 0, &runs, &err) != 0) {
		code = guild_cmd_fail(ctx, &err);
		goto out;
	}
	code = guild_cmd_confirm_runs(ctx, args, &runs,
		sync ? "Tags and labels of these runs will be changed:"
		     : "Tags of these runs will be changed, labels stay (--sync-labels changes them):",
		"Continue?", true);
	if (code != GUILD_EXIT_OK) {
		goto out;
	}
	if (guild_cmd_change_runs(ctx, &runs, tag_one, args, &err) != 0) {
		code = guild_cmd_fail(ctx, &err);
		goto out;
	}
	guild_log(&ctx->log, "note", "Modified tags for %zu run(s)", runs.n);
out:
	guild_runs_fini(&runs);
	return code;
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	if (guild_args_flag(args, "list-all")) {
		return list_all(ctx, args);
	}
	if (!guild_args_given(args, "add") && !guild_args_given(args, "delete") &&
		!guild_args_given(args, "clear")) {
		(void)guild_cmd_usage(ctx, "tag",
			"missing one of: --add, --delete, --clear, --list-all");
		return GUILD_EXIT_ERROR;
	}
	return change(ctx, args);
}

const struct guild_cmd guild_cmd_tag = {
	.name = "tag",
	.aliases = "runs tag",
	.group = GUILD_GROUP_CHANGE,
	.summary = "Add or remove tags of runs",
	.help = "Tags group runs: 'guild runs -Ft TAG' lists those that have TAG.\n\n"
		"Examples:\n\n"
		"  guild tag --add best 1\n"
		"  guild tag --add v2 --delete v1 -Fo train\n"
		"  guild tag --list-all",
	.opts = tables,
	.args = run_args,
	.needs = GUILD_NEEDS_HOME,
	.run = run,
};
