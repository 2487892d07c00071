/* guild merge: files of a run back into its project (cli.md 1.3, runs.md 7). */

#include <stdlib.h>
#include <string.h>

#include "merge.h"

const struct guild_opt guild_merge_opts[] = {
	{.names = "-t --target-dir",
		.value = "DIR",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_DIR,
		.help = "Copy to DIR; without it the run must be from the project in the current "
			"directory."},
	{.names = "-s --sourcecode",
		.excludes = "skip-sourcecode",
		.help = "Copy source code only."},
	{.names = "-a --all", .help = "Copy also files that the run made."},
	{.names = "-S --skip-sourcecode", .help = "Copy no source code."},
	{.names = "-D --skip-deps", .help = "Copy no dependencies."},
	{.names = "-x --exclude",
		.value = "PATTERN",
		.kind = GUILD_OPT_LIST,
		.help = "Leave out files whose path in the project matches PATTERN ('*' crosses '/'). May "
			"be repeated."},
	{.names = "--no-summary",
		.excludes = "summary-name",
		.help = "Write no summary of the run. None is written unless --summary-name says so."},
	{.names = "--summary-name",
		.value = "NAME",
		.kind = GUILD_OPT_TEXT,
		.help = "Write a summary of the run to file NAME, too; ${run_id} in it is the id."},
	{.names = "-p --preview", .help = "Show what would be done, and do nothing."},
	{.names = "--replace",
		.excludes = "no-replace",
		.help = "Replace files though git does not have what is in them now."},
	{.names = "--no-replace", .help = "Replace no file, not even one that git has."},
	{0},
};
static const struct guild_opt *const tables[] = {guild_merge_opts, guild_json_opts, guild_yes_opts,
	guild_filter_opts, guild_status_opts, NULL};
static const struct guild_arg run_args[] = {
	{.name = "RUN",
		.complete = GUILD_COMPLETE_RUN,
		.help = "The run by index or id; the latest when omitted."},
	{0},
};

/* ---- for people ---------------------------------------------------------------------------------------- */

static int compare_targets(const void *a, const void *b)
{
	const struct guild_merge_file *const *x = a;
	const struct guild_merge_file *const *y = b;
	const char *left = (*x)->target_path ? (*x)->target_path : (*x)->run_path;
	const char *right = (*y)->target_path ? (*y)->target_path : (*y)->run_path;

	return strcmp(left, right);
}

/* The files that are copied, or those that are not, by where they go. */
static const struct guild_merge_file **sorted(const struct guild_merge_plan *plan, bool copied,
	size_t *n)
{
	const struct guild_merge_file **v = guild_alloc((plan->n + 1) * sizeof(*v));

	*n = 0;
	for (size_t i = 0; i < plan->n; i++) {
		if ((plan->v[i].reason == GUILD_MERGE_COPY) == copied) {
			v[(*n)++] = &plan->v[i];
		}
	}
	qsort(v, *n, sizeof(*v), compare_targets);
	return v;
}

static void print_row(const struct guild_ctx *ctx, const struct guild_run *r)
{
	struct guild_table table;
	struct guild_run_row row;

	guild_table_init(&table, 5, 2);
	guild_run_row_init(&row, ctx, r, 0);
	guild_table_add(&table,
		(const char *[]){row.id_text, row.operation, row.started, row.status, row.label});
	guild_table_print(&table, stderr, ctx->stderr_tty ? ctx->columns : 0);
	guild_run_row_fini(&row);
	guild_table_fini(&table);
}

static char *place_text(const struct guild_ctx *ctx, const struct guild_merge_plan *plan)
{
	return strcmp(plan->target_dir, ctx->cwd) == 0 ? guild_strdup("the current directory")
						       : guild_format("'%s'", plan->target_dir);
}

static void print_skipped(const struct guild_merge_plan *plan)
{
	struct guild_table table;
	size_t n = 0;
	const struct guild_merge_file **files = sorted(plan, false, &n);

	guild_table_init(&table, 2, 2);
	for (size_t i = 0; i < n; i++) {
		const char *path =
			files[i]->target_path ? files[i]->target_path : files[i]->run_path;

		guild_table_add(&table,
			(const char *[]){path, guild_merge_reason_text(files[i]->reason)});
	}
	if (n > 0) {
		fputs("Skipped:\n", stderr);
		guild_table_print(&table, stderr, 0);
	}
	guild_table_fini(&table);
	free(files);
}

static void print_plan(const struct guild_ctx *ctx, const struct guild_merge_plan *plan,
	bool with_skipped)
{
	size_t n = 0;
	const struct guild_merge_file **files = sorted(plan, true, &n);
	char *place = place_text(ctx, plan);

	fflush(stdout);
	fprintf(stderr, "Files of this run %s copied to %s:\n",
		with_skipped ? "would be" : "will be", place);
	print_row(ctx, &plan->run);
	fputs("Files:\n", stderr);
	for (size_t i = 0; i < n; i++) {
		fprintf(stderr, "  %s\n", files[i]->target_path);
	}
	if (n == 0) {
		fputs("  nothing to copy\n", stderr);
	}
	if (with_skipped) {
		print_skipped(plan);
	} else if (plan->n > n) {
		fprintf(stderr, "%zu file%s left out (--preview lists them)\n", plan->n - n,
			plan->n - n == 1 ? " is" : "s are");
	}
	free(place);
	free(files);
}

/* ---- for programs ------------------------------------------------------------------------------------------ */

struct guild_value *guild_merge_files_json(struct guild_arena *a,
	const struct guild_merge_plan *plan, bool copied, const struct guild_merge_keys *keys)
{
	struct guild_value *list = guild_value_list(a);

	for (size_t i = 0; i < plan->n; i++) {
		const struct guild_merge_file *f = &plan->v[i];

		if ((f->reason == GUILD_MERGE_COPY) != copied) {
			continue;
		}
		struct guild_value *item = guild_value_dict(a);

		guild_value_set(a, item, keys->type, guild_value_string_n(a, &f->type, 1));
		guild_value_set(a, item, keys->run_path, guild_value_string(a, f->run_path));
		guild_value_set(a, item, keys->target_path, guild_value_string(a, f->target_path));
		if (!copied) {
			guild_value_set(a, item, "reason",
				guild_value_string(a, keys->reason_text(f->reason)));
		}
		guild_value_append(a, list, item);
	}
	return list;
}

static void print_json(const struct guild_merge_plan *plan, bool is_done)
{
	static const struct guild_merge_keys keys = {
		.type = "type",
		.run_path = "run_path",
		.target_path = "target_path",
		.reason_text = guild_merge_reason_text,
	};
	struct guild_arena *a = guild_arena_new();
	struct guild_value *v = guild_value_dict(a);

	guild_value_set(a, v, "run", guild_value_string(a, plan->run.id));
	guild_value_set(a, v, "target_dir", guild_value_string(a, plan->target_dir));
	guild_value_set(a, v, "done", guild_value_bool(a, is_done));
	guild_value_set(a, v, "copy", guild_merge_files_json(a, plan, true, &keys));
	guild_value_set(a, v, "skip", guild_merge_files_json(a, plan, false, &keys));
	guild_value_set(a, v, "would_replace", guild_value_strs(a, &plan->replaced));
	guild_value_set(a, v, "unstaged", guild_value_strs(a, &plan->unstaged));
	guild_cmd_print_json(v);
	guild_arena_free(a);
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

static int refuse(const struct guild_ctx *ctx, const struct guild_merge_plan *plan)
{
	bool unstaged = plan->unstaged.n > 0;
	const struct guild_strs *paths = unstaged ? &plan->unstaged : &plan->replaced;
	struct guild_error err = {0};
	char *place = place_text(ctx, plan);
	struct guild_buf list = {0};

	for (size_t i = 0; i < paths->n; i++) {
		guild_buf_printf(&list, "\n  %s", paths->v[i]);
	}
	guild_error_set(&err, GUILD_EEXISTS, "files in %s %s:%s", place,
		unstaged ? "have changes that git does not have" : "would be replaced",
		guild_buf_cstr(&list));
	if (unstaged) {
		guild_error_hint(&err,
			"add them to git ('git add', 'git stash'), or say --replace to "
			"lose what is in them now");
	} else {
		guild_error_hint(&err, "say --replace to lose what is in them now, or --exclude to "
				       "leave them out");
	}
	guild_buf_fini(&list);
	free(place);
	return guild_cmd_fail(ctx, &err);
}

static void say_copy(void *arg, const struct guild_merge_file *f)
{
	const struct guild_ctx *ctx = arg;

	guild_log(&ctx->log, "note", "Copying %s", f->target_path);
}

/* Where the summary goes: below the target directory; NULL: none is wanted. */
static char *summary_path(const struct guild_args *args, const struct guild_merge_plan *plan)
{
	static const char mark[] = "${run_id}";
	const char *name = guild_args_text(args, "summary-name");
	struct guild_buf text = {0};

	if (!name) {
		return NULL;
	}
	for (const char *at; (at = strstr(name, mark)) != NULL; name = at + sizeof(mark) - 1) {
		guild_buf_append(&text, name, (size_t)(at - name));
		guild_buf_puts(&text, plan->run.id);
	}
	guild_buf_puts(&text, name);
	char *path = guild_path_join(plan->target_dir, guild_buf_cstr(&text));

	guild_buf_fini(&text);
	return path;
}

static int write_summary(const struct guild_ctx *ctx, const struct guild_merge_plan *plan,
	const char *path, struct guild_error *err)
{
	char *dir = guild_path_dirname(path);
	int rc = guild_mkdirs(dir, err);

	rc = rc ? rc : guild_store_publish_summary(&plan->run, path, &ctx->log, err);
	if (rc == 0) {
		guild_log(&ctx->log, "note", "Wrote %s", path);
	}
	free(dir);
	return rc;
}

static int apply(const struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_merge_plan *plan)
{
	struct guild_error err = {0};
	bool json = guild_args_flag(args, "json");

	if (!guild_args_flag(args, "yes")) {
		print_plan(ctx, plan, false);
		int answer = guild_cmd_confirm(ctx, "Continue?", false);

		if (answer <= 0) {
			return answer < 0 ? GUILD_EXIT_ERROR : GUILD_EXIT_DECLINED;
		}
	}
	char *summary = summary_path(args, plan);
	int rc = 0;

	if (summary && guild_file_exists(summary) && !guild_args_flag(args, "replace")) {
		rc = guild_error_set(&err, GUILD_EEXISTS,
			"'%s' is there already (--replace replaces it)", summary);
	}
	rc = rc ? rc
		: guild_store_merge_apply(plan, json ? NULL : say_copy, (void *)(uintptr_t)ctx,
			  &err);
	rc = rc == 0 && summary ? write_summary(ctx, plan, summary, &err) : rc;
	free(summary);
	if (rc != 0) {
		return guild_cmd_fail(ctx, &err);
	}
	if (json) {
		print_json(plan, true);
	}
	return GUILD_EXIT_OK;
}

static int nothing_to_copy(const struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_merge_plan *plan)
{
	guild_store_sweep(plan->target_dir); /* what an interrupted one left */
	if (guild_args_flag(args, "json")) {
		print_json(plan, true);
		return GUILD_EXIT_OK;
	}
	fflush(stdout);
	fputs("Nothing to copy for this run:\n", stderr);
	print_row(ctx, &plan->run);
	fputs("Try 'guild merge --preview' for why files are left out.\n", stderr);
	return GUILD_EXIT_OK;
}

static int act(const struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_merge_plan *plan)
{
	bool preview = guild_args_flag(args, "preview");

	if (preview && guild_args_flag(args, "json")) {
		print_json(plan, false);
		return GUILD_EXIT_OK;
	}
	if (plan->replaced.n + plan->unstaged.n > 0) {
		return refuse(ctx, plan);
	}
	if (preview) {
		print_plan(ctx, plan, true);
		return GUILD_EXIT_OK;
	}
	return plan->n_copy == 0 ? nothing_to_copy(ctx, args, plan) : apply(ctx, args, plan);
}

struct guild_merge_request guild_merge_request_of(const struct guild_ctx *ctx,
	const struct guild_args *args, const struct guild_run *r)
{
	return (struct guild_merge_request){
		.run = r,
		.cwd = ctx->cwd,
		.target_dir = guild_args_text(args, "target-dir"),
		.sourcecode_only = guild_args_flag(args, "sourcecode"),
		.all = guild_args_flag(args, "all"),
		.skip_sourcecode = guild_args_flag(args, "skip-sourcecode"),
		.skip_deps = guild_args_flag(args, "skip-deps"),
		.exclude = guild_args_list(args, "exclude"),
		.replace = guild_args_flag(args, "replace"),
		.no_replace = guild_args_flag(args, "no-replace"),
		.git = guild_value_text(guild_value_get(guild_value_get(ctx->config, "git"),
			"executable")),
	};
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_error err = {0};
	struct guild_run r = {0};
	struct guild_merge_plan plan = {0};

	if (guild_cmd_select_run(ctx, args, &r, &err) != 0) {
		guild_run_fini(&r);
		return guild_cmd_fail(ctx, &err);
	}
	struct guild_merge_request req = guild_merge_request_of(ctx, args, &r);
	int code = guild_store_merge_plan(&req, &plan, &err) != 0 ? guild_cmd_fail(ctx, &err)
								  : act(ctx, args, &plan);

	guild_merge_plan_fini(&plan);
	guild_run_fini(&r);
	return code;
}

const struct guild_cmd guild_cmd_merge = {
	.name = "merge",
	.aliases = "runs merge",
	.group = GUILD_GROUP_CHANGE,
	.summary = "Copy files of a run back to its project",
	.help = "Source code and the dependencies that came from the project go back to where they "
		"came from; with --all, files that the run made go to the same path in the project. "
		"Files that are the same already are left alone.\n\n"
		"A file that would be replaced must be one that git has: tracked, and without changes "
		"that are not staged. --replace does without that check.\n\n"
		"Examples:\n\n"
		"  guild merge --preview\n"
		"  guild merge 3 --sourcecode\n"
		"  guild merge 3 --all -x '*.log'\n"
		"  guild merge a1b2c3d4 -t ../other --yes",
	.opts = tables,
	.args = run_args,
	.needs = GUILD_NEEDS_CONFIG,
	.run = run,
};
