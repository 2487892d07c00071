/* guild diff: two runs, or a run and a directory, file by file (cli.md 1.2, query.md 5). */

#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "diff_tool.h"
#include "run_path.h"
#include "value_diff.h"

static const struct guild_opt opts[] = {
	{.names = "-O --output", .help = "Compare the output."},
	{.names = "-s --sourcecode", .help = "Compare the source code."},
	{.names = "-e --env", .help = "Compare the environment."},
	{.names = "-f --flags", .help = "Compare the flags."},
	{.names = "-a --attrs", .help = "Compare all attributes: flags, environment and the rest."},
	{.names = "-D --deps", .help = "Compare the dependencies."},
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
		.help = "Show differences with CMD: it gets two paths, once for each pair."},
	{0},
};
static const struct guild_opt *const tables[] = {
	opts, guild_filter_opts, guild_status_opts, guild_remote_opts, NULL};
static const struct guild_arg run_args[] = {
	{.name = "RUN",
		.complete = GUILD_COMPLETE_RUN,
		.help = "First run by index or id; the one before the latest when both are omitted."},
	{.name = "OTHER",
		.complete = GUILD_COMPLETE_RUN,
		.help = "Second run; the latest when both are omitted."},
	{0},
};

struct diff {
	struct guild_ctx *ctx;
	const struct guild_args *args;
	const struct guild_run *runs[2]; /* [1] is NULL where a directory takes its place */
};

/* ---- showing a pair ------------------------------------------------------------------------------------ */

static int run_tool(const struct diff *d, const char *command, const char *first,
	const char *second, struct guild_error *err)
{
	struct guild_buf text = {0};
	int status;

	/* What the tool says by its exit code is only that there are differences. */
	guild_buf_printf(&text, "%s ", command);
	guild_shlex_quote(&text, first);
	int rc =
		guild_cmd_run_foreground(d->ctx, guild_buf_cstr(&text), second, NULL, &status, err);

	guild_buf_fini(&text);
	return rc;
}

static int show_paths(const struct diff *d, const char *first, const char *second,
	struct guild_error *err)
{
	bool has_first = guild_file_exists(first);
	bool has_second = guild_file_exists(second);

	if (!has_first && !has_second) {
		return guild_error_set(err, GUILD_ENOTFOUND, "neither %s nor %s exists", first,
			second);
	}
	char *tool = guild_diff_tool(d->ctx, guild_args_text(d->args, "cmd"), first);
	/* A file that is missing on one side is shown as added or removed. */
	const char *plain = has_first && has_second ? "diff -ru" : "diff -ruN";
	int rc = run_tool(d, tool ? tool : plain, first, second, err);

	free(tool);
	return rc;
}

/* All attributes of a run as one mapping, or the one that is asked for. */
static int read_attrs(const struct diff *d, size_t side, const char *name, struct guild_value **out,
	struct guild_error *err)
{
	struct guild_arena *a = d->ctx->arena;
	struct guild_strs names = {0};
	int rc = 0;

	*out = NULL;
	if (name) {
		rc = guild_run_attr_read(d->runs[side], a, name, out, err);
		return rc < 0 ? rc : 0;
	}
	*out = guild_value_dict(a);
	rc = guild_run_attr_names(d->runs[side], &names, err);
	for (size_t i = 0; rc >= 0 && i < names.n; i++) {
		struct guild_value *value = NULL;

		rc = guild_run_attr_read(d->runs[side], a, names.v[i], &value, err);
		if (rc == 1) {
			guild_value_set(a, *out, names.v[i], value);
		}
	}
	guild_strs_fini(&names);
	return rc < 0 ? rc : 0;
}

static void print_attr_diff(const struct diff *d, const char *what, const struct guild_value *first,
	const struct guild_value *second)
{
	struct guild_buf lines = {0};
	size_t n = guild_value_diff(&lines, first, second, d->ctx->color_out);

	for (size_t i = 0; n > 0 && i < 2; i++) {
		char *operation = guild_run_display_name(d->runs[i]);

		printf("%s %.*s %s %s\n", i == 0 ? "---" : "+++", GUILD_RUN_SHORT_LEN,
			d->runs[i]->id, operation, what);
		free(operation);
	}
	fwrite(guild_buf_cstr(&lines), 1, lines.n, stdout);
	guild_buf_fini(&lines);
}

/* An attribute (NULL: all) of both runs: a tool gets the files, without one the values are compared here. */
static int show_attr(const struct diff *d, const char *name, const char *what,
	struct guild_error *err)
{
	char *paths[2];
	struct guild_value *values[2] = {NULL, NULL};
	int rc = 0;

	for (size_t i = 0; i < 2; i++) {
		char *attrs = guild_path_join(d->runs[i]->guild_dir, "attrs");

		paths[i] = name ? guild_path_join(attrs, name) : guild_strdup(attrs);
		free(attrs);
	}
	char *tool = guild_diff_tool(d->ctx, guild_args_text(d->args, "cmd"), paths[0]);

	if (tool) {
		rc = run_tool(d, tool, paths[0], paths[1], err);
	} else {
		for (size_t i = 0; rc == 0 && i < 2; i++) {
			rc = read_attrs(d, i, name, &values[i], err);
		}
		if (rc == 0) {
			print_attr_diff(d, what, values[0], values[1]);
		}
	}
	free(tool);
	free(paths[0]);
	free(paths[1]);
	return rc;
}

/* ---- which pairs ------------------------------------------------------------------------------------------ */

static int check_path(const char *path, struct guild_error *err)
{
	char *plain = guild_path_normalize(path);
	bool fine = strcmp(plain, ".") == 0 || guild_path_is_beneath(plain);

	free(plain);
	return fine ? 0
		    : guild_error_set(err, GUILD_EINVALID,
			      "PATH must be relative and stay inside the run (%s)", path);
}

/* The roots themselves, or each PATH below them. */
static int show_below(const struct diff *d, const char *first, const char *second,
	struct guild_error *err)
{
	const struct guild_strs *paths = guild_args_list(d->args, "path");
	int rc = paths->n == 0 ? show_paths(d, first, second, err) : 0;

	for (size_t i = 0; rc == 0 && i < paths->n; i++) {
		char *a = guild_path_join(first, paths->v[i]);
		char *b = guild_path_join(second, paths->v[i]);

		rc = check_path(paths->v[i], err);
		if (rc == 0) {
			rc = show_paths(d, a, b, err);
		}
		free(a);
		free(b);
	}
	return rc;
}

static int show_output(const struct diff *d, struct guild_error *err)
{
	char *first = guild_path_join(d->runs[0]->guild_dir, "output");
	char *second = guild_path_join(d->runs[1]->guild_dir, "output");
	int rc = show_paths(d, first, second, err);

	free(first);
	free(second);
	return rc;
}

static int show_sourcecode(const struct diff *d, struct guild_error *err)
{
	char *first = NULL;
	char *second = NULL;
	int rc = guild_run_path(d->runs[0], NULL, true, &first, err);

	if (rc == 0) {
		rc = guild_run_path(d->runs[1], NULL, true, &second, err);
	}
	if (rc == 0) {
		rc = show_below(d, first, second, err);
	}
	free(first);
	free(second);
	return rc;
}

static int show_attrs(const struct diff *d, bool *any, struct guild_error *err)
{
	static const struct {
		const char *option, *attr, *what;
	} parts[] = {
		{"env", "env", "environment"},
		{"flags", "flags", "flags"},
		{"deps", "deps", "dependencies"},
	};
	bool all = guild_args_flag(d->args, "attrs");
	int rc = all ? show_attr(d, NULL, "attributes", err) : 0;

	*any = all;
	for (size_t i = 0; rc == 0 && i < GUILD_ARRAY_LEN(parts); i++) {
		if (!guild_args_flag(d->args, parts[i].option)) {
			continue;
		}
		*any = true;
		if (all) {
			guild_log(&d->ctx->log, "warning",
				"ignoring --%s (already included in --attrs)", parts[i].option);
		} else {
			rc = show_attr(d, parts[i].attr, parts[i].what, err);
		}
	}
	return rc;
}

static int diff_runs(const struct diff *d, struct guild_error *err)
{
	bool any = false;
	int rc = show_attrs(d, &any, err);

	if (rc == 0 && guild_args_flag(d->args, "output")) {
		any = true;
		rc = show_output(d, err);
	}
	if (rc == 0 && guild_args_flag(d->args, "sourcecode")) {
		return show_sourcecode(d, err);
	}
	if (rc == 0 && (!any || guild_args_list(d->args, "path")->n > 0)) {
		rc = show_below(d, d->runs[0]->dir, d->runs[1]->dir, err);
	}
	return rc;
}

/* ---- a run and a directory ---------------------------------------------------------------------------------- */

/* Where the run's source code came from. */
static int working_dir(const struct guild_ctx *ctx, const struct guild_run *r, char **out,
	struct guild_error *err)
{
	const struct guild_value *op = guild_run_attr(r, ctx->arena, "op");
	const char *root =
		guild_value_text(guild_value_get(guild_value_get(op, "sourcecode"), "root"));
	char *project = guild_run_project_dir(r);

	if (!project) {
		return guild_error_set(err, GUILD_ENOTFOUND,
			"run %.*s has no project directory to compare it with", GUILD_RUN_SHORT_LEN,
			r->id);
	}
	char *joined = guild_path_join(project, root ? root : ".");

	*out = guild_path_normalize(joined);
	free(joined);
	free(project);
	return 0;
}

static int diff_dir(const struct diff *d, struct guild_error *err)
{
	static const char *const ignored[] = {"output", "env", "flags", "attrs", "deps"};
	const char *dir = guild_args_text(d->args, "dir");
	char *first = NULL;
	char *second = dir ? guild_path_expand_user(dir, d->ctx->user_home) : NULL;
	int rc = 0;

	for (size_t i = 0; i < GUILD_ARRAY_LEN(ignored); i++) {
		if (guild_args_flag(d->args, ignored[i])) {
			guild_log(&d->ctx->log, "warning",
				"ignoring --%s (a directory has nothing to compare it with)",
				ignored[i]);
		}
	}
	if (dir) {
		first = guild_strdup(d->runs[0]->dir);
		if (guild_args_flag(d->args, "sourcecode")) {
			free(first);
			first = NULL;
			rc = guild_run_path(d->runs[0], NULL, true, &first, err);
		}
	} else {
		rc = guild_run_path(d->runs[0], NULL, true, &first, err);
		if (rc == 0) {
			rc = working_dir(d->ctx, d->runs[0], &second, err);
		}
	}
	if (rc == 0) {
		rc = show_below(d, first, second, err);
	}
	free(first);
	free(second);
	return rc;
}

/* ---- the command ---------------------------------------------------------------------------------------------- */

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

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_error err = {0};
	struct guild_strs words = {0};
	struct guild_runs runs = {0};
	bool with_dir = guild_args_flag(args, "working") || guild_args_given(args, "dir");
	size_t n_wanted = with_dir ? 1 : 2;
	int rc = find_words(args, with_dir, &words, &err);

	if (rc == 0) {
		rc = guild_cmd_select_runs(ctx, args, &words, NULL, GUILD_SELECT_REPEATS, &runs,
			&err);
	}
	if (rc == 0 && runs.n != n_wanted) {
		rc = guild_error_set(&err, GUILD_EINVALID,
			"diff requires %s, not %zu: give each by index or id",
			with_dir ? "one run" : "two runs", runs.n);
	}
	if (rc == 0) {
		struct diff d = {
			.ctx = ctx,
			.args = args,
			.runs = {&runs.v[0], with_dir ? NULL : &runs.v[1]},
		};

		rc = with_dir ? diff_dir(&d, &err) : diff_runs(&d, &err);
	}
	guild_runs_fini(&runs);
	guild_strs_fini(&words);
	return rc == 0 ? GUILD_EXIT_OK : guild_cmd_fail(ctx, &err);
}

const struct guild_cmd guild_cmd_diff = {
	.name = "diff",
	.aliases = "runs diff",
	.group = GUILD_GROUP_LOOK,
	.summary = "Show what differs between two runs",
	.help = "Without RUN the latest run is compared with the one before it. Without options the "
		"whole run directories are compared.\n\n"
		"Differences are shown by CMD, by the command that the user configuration names under "
		"'diff: command:', or by the first of meld, xxdiff, dirdiff and colordiff that is "
		"installed (the first three where there is a display). Where none is, flags, "
		"environment, dependencies and attributes are listed key by key, and everything else "
		"is shown by 'diff -ru'. The exit code is 0 whether there are differences or not.\n\n"
		"Examples:\n\n"
		"  guild diff --flags\n"
		"  guild diff 3 1 --sourcecode\n"
		"  guild diff --working\n"
		"  guild diff -p report.html -c 'code --diff --wait'",
	.opts = tables,
	.args = run_args,
	.needs = GUILD_NEEDS_HOME | GUILD_NEEDS_CONFIG,
	.run = run,
};
