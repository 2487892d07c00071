/* guild diff: two runs, or a run and a directory, file by file (cli.md 1.2, query.md 5). */

#include <stdlib.h>
#include <string.h>

#include "diff_cmd.h"

/* Exit codes with --exit-code, as those of diff(1). */
enum { DIFF_DIFFERS = 1, DIFF_TROUBLE = 2 };

static const struct guild_opt opts[] = {
	{.names = "-O --output", .help = "Compare the output."},
	{.names = "-s --sourcecode", .help = "Compare the source code."},
	{.names = "-e --env", .help = "Compare the environment."},
	{.names = "-f --flags", .help = "Compare the flags."},
	{.names = "-a --attrs", .help = "Compare all attributes: flags, environment and the rest."},
	{.names = "-D --deps", .help = "Compare the dependencies."},
	{.names = "--packages", .help = "Compare the installed packages."},
	{.names = "--scalars", .help = "Compare the scalars, step by step."},
	{.names = "--all-scalars", .help = "With scalars of the system (sys/)."},
	{.names = "--files", .help = "Compare the files that the runs made."},
	{.names = "-p --path",
		.value = "PATH",
		.kind = GUILD_OPT_LIST,
		.complete = GUILD_COMPLETE_RUN_FILE,
		.help = "Compare PATH, relative to the runs (with --sourcecode: to their source code). "
			"May be repeated."},
	{.names = "-w --working",
		.excludes = "dir sourcecode",
		.help = "Compare the run with the directory of its project."},
	{.names = "-d --dir",
		.value = "DIR",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_DIR,
		.help = "Compare the run with DIR."},
	{.names = "-c --cmd",
		.value = "CMD",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_COMMAND,
		.excludes = "json summary patch packages scalars files exit-code unified",
		.help = "Show differences with CMD: it gets two paths, once for each pair."},
	{.names = "--no-tool",
		.help = "Show differences here, whatever command the user configuration names."},
	{.names = "--stat --summary",
		.excludes = "patch",
		.help = "Show how much differs: no lines of files, no single steps of scalars."},
	{.names = "-U --unified",
		.value = "N",
		.kind = GUILD_OPT_INT,
		.help = "Show N lines around each change; 3 unless told otherwise."},
	{.names = "--patch",
		.excludes = "json flags attrs env deps packages scalars",
		.help = "Write a patch that 'git apply' reads, binary files included; of the source code, "
			"unless other files are asked for."},
	{.names = "--exit-code",
		.help = "Exit with 1 where there are differences, and with 2 for errors."},
	{.names = "--no-pager", .help = "Do not start a pager on a terminal."},
	{0},
};
static const struct guild_opt *const tables[] = {
	opts, guild_json_opts, guild_filter_opts, guild_status_opts, guild_remote_opts, NULL};
static const struct guild_arg run_args[] = {
	{.name = "RUN",
		.complete = GUILD_COMPLETE_RUN,
		.help = "First run by index or id; the one before the latest when both are omitted."},
	{.name = "OTHER",
		.complete = GUILD_COMPLETE_RUN,
		.help = "Second run; the latest when both are omitted."},
	{0},
};

/* The words to look runs up by: defaults are 2 and 1, or 1 against a directory. */
static int find_words(const struct guild_args *args, bool with_dir, struct guild_strs *out,
	struct guild_error *err)
{
	const struct guild_strs *words = guild_args_words(args);

	if (with_dir && words->n > 1) {
		return guild_error_set(err, GUILD_EINVALID, "cannot specify second RUN and --%s",
			guild_args_flag(args, "working") ? "working" : "dir");
	}
	if (!with_dir && words->n == 1) {
		guild_error_set(err, GUILD_EINVALID, "diff requires two runs");
		guild_error_hint(err, "name a second RUN, or use --working or --dir");
		return GUILD_EINVALID;
	}
	for (size_t i = 0; i < words->n; i++) {
		guild_strs_add(out, words->v[i]);
	}
	if (words->n == 0) {
		if (!with_dir) {
			guild_strs_add(out, "2");
		}
		guild_strs_add(out, "1");
	}
	return 0;
}

/* Whether the user named a tool: on the command line, or in the configuration where nothing here is asked for that a tool cannot do. */
static bool uses_tool(const struct guild_ctx *ctx, const struct guild_args *args)
{
	static const char *const own[] = {"json", "summary", "patch", "packages", "scalars",
		"files", "exit-code", "unified", "no-tool"};
	const struct guild_value *command =
		guild_value_get(guild_value_get(ctx->config, "diff"), "command");

	if (guild_args_given(args, "cmd")) {
		return true;
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(own); i++) {
		if (guild_args_given(args, own[i])) {
			return false;
		}
	}
	return !guild_value_is_null(command);
}

static int diff(struct guild_ctx *ctx, const struct guild_args *args, const struct guild_runs *runs,
	bool *differs, struct guild_error *err)
{
	bool with_dir = guild_args_flag(args, "working") || guild_args_given(args, "dir");
	size_t n_wanted = with_dir ? 1 : 2;

	if (runs->n != n_wanted) {
		return guild_error_set(err, GUILD_EINVALID,
			"diff requires %s, not %zu: give each by index or id",
			with_dir ? "one run" : "two runs", runs->n);
	}
	struct guild_diff_cmd d = {
		.ctx = ctx,
		.args = args,
		.runs = {&runs->v[0], with_dir ? NULL : &runs->v[1]},
	};

	return uses_tool(ctx, args) ? guild_diff_with_tool(&d, err)
				    : guild_diff_builtin(&d, differs, err);
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_error err = {0};
	struct guild_strs words = {0};
	struct guild_runs runs = {0};
	bool with_dir = guild_args_flag(args, "working") || guild_args_given(args, "dir");
	bool tells = guild_args_flag(args, "exit-code");
	bool differs = false;
	int rc = find_words(args, with_dir, &words, &err);

	if (rc == 0) {
		rc = guild_cmd_select_runs(ctx, args, &words, NULL, GUILD_SELECT_REPEATS, &runs,
			&err);
	}
	if (rc == 0) {
		rc = diff(ctx, args, &runs, &differs, &err);
	}
	guild_runs_fini(&runs);
	guild_strs_fini(&words);
	if (rc != 0) {
		int code = guild_cmd_fail(ctx, &err);

		return tells ? DIFF_TROUBLE : code;
	}
	return tells && differs ? DIFF_DIFFERS : GUILD_EXIT_OK;
}

const struct guild_cmd guild_cmd_diff = {
	.name = "diff",
	.aliases = "runs diff",
	.group = GUILD_GROUP_LOOK,
	.summary = "Show what differs between two runs",
	.help = "Without RUN the latest run is compared with the one before it. Without options an overview is "
		"shown: flags, attributes, dependencies, packages and scalars that differ, how much of the "
		"output and of the files that the runs made, and the source code line by line.\n\n"
		"Notebooks are compared cell by cell, images by size and pixels; other binary files are only "
		"said to differ. On a terminal, words that differ within a line are marked and a pager is "
		"started; elsewhere files are shown as 'git diff' shows them.\n\n"
		"With --working the source code of the run is compared with what is in its project now, "
		"new files included where guild.yml says that they are source code.\n\n"
		"A command given by --cmd, or in the user configuration under 'diff: command:', takes the "
		"place of all this: it is started for each pair of files or directories. The exit code is 0 "
		"whether there are differences or not, unless --exit-code is given.\n\n"
		"Examples:\n\n"
		"  guild diff\n"
		"  guild diff 3 1 --sourcecode\n"
		"  guild diff --scalars --stat\n"
		"  guild diff --working --exit-code --stat\n"
		"  guild diff 2 1 --patch | git apply\n"
		"  guild diff -p report.html -c 'code --diff --wait'",
	.opts = tables,
	.args = run_args,
	.needs = GUILD_NEEDS_HOME | GUILD_NEEDS_CONFIG,
	.run = run,
};
