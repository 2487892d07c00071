/* guild runs [list]: the runs of a Guild home, newest first (cli.md 1.2, 3.2). */

#include <stdlib.h>
#include <string.h>

#include "move_cmd.h"

enum { ROWS_STEP = 20 };

static const struct guild_opt opts[] = {
	{.names = "-a --all", .excludes = "limit", .help = "Show all runs."},
	{.names = "-n --limit",
		.value = "N",
		.kind = GUILD_OPT_INT,
		.min = 1,
		.help = "Show at most N runs."},
	{.names = "-m --more", .kind = GUILD_OPT_COUNT, .help = "Show 20 more. May be repeated."},
	{.names = "-d --deleted", .help = "Show runs in the trash."},
	{.names = "-A --archive",
		.value = "PATH",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_FILE,
		.excludes = "deleted",
		.help = "Show the runs in directory or archive (.zip, .tar, .tar.gz, .tar.zst, ...) PATH."},
	{.names = "-c --comments", .excludes = "verbose json", .help = "Show comments."},
	{.names = "-v --verbose", .excludes = "json", .help = "Show details under each run."},
	{.names = "--sort",
		.value = "EXPR",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_FILTER,
		.help = "Sort by EXPR, lowest first, or by -EXPR, highest first; several are separated by "
			"commas. Runs keep their index."},
	{.names = "-s --simplified", .help = "Show index, operation, status and label only."},
	{0},
};
static const struct guild_opt *const tables[] = {
	opts, guild_json_opts, guild_filter_opts, guild_status_opts, guild_remote_opts, NULL};

static const char help[] =
	"Runs are listed newest first, 20 at a time. The number in front of a run's id is its "
	"index: other commands take it in place of the id, with the same filters applied. An "
	"index changes when runs are added or deleted; an id, or the first digits of one, never "
	"does.\n\n"
	"--filter takes an expression, --sort an order: 'loss', '-max(acc)', 'op, -started'. "
	"docs/guide/queries.md describes both.\n\n"
	"With --json all runs are printed, whatever the limit.\n\n"
	"Examples:\n\n"
	"  guild runs\n"
	"  guild runs -Fo train -Sc --started 'last 2 days'\n"
	"  guild runs --filter 'lr < 0.1 and loss < 0.5' --sort loss\n"
	"  guild runs --all --json";

/* ---- JSON ------------------------------------------------------------------------------------------ */

static struct guild_value *attr_or_null(const struct guild_run *r, struct guild_arena *a,
	const char *name)
{
	struct guild_value *v = guild_run_attr(r, a, name);

	return v ? v : guild_value_null(a);
}

static struct guild_value *run_json(struct guild_arena *a, const struct guild_run *r)
{
	static const char *const before[] = {
		"exit_status", "cmd", "comments", "marked", "label", "started"};
	struct guild_value *item = guild_value_dict(a);
	struct guild_buf opref = {0};

	guild_opref_format(&r->opref, &opref);
	guild_value_set(a, item, "id", guild_value_string(a, r->id));
	guild_value_set(a, item, "run_dir", guild_value_string(a, r->dir));
	guild_value_set(a, item, "opref", guild_value_string_n(a, opref.p, opref.n));
	for (size_t i = 0; i < GUILD_ARRAY_LEN(before); i++) {
		guild_value_set(a, item, before[i], attr_or_null(r, a, before[i]));
	}
	guild_value_set(a, item, "status",
		guild_value_string(a, guild_run_status_name(guild_run_status(r, NULL))));
	guild_value_set(a, item, "stopped", attr_or_null(r, a, "stopped"));
	guild_value_set(a, item, "tags", attr_or_null(r, a, "tags"));
	guild_buf_fini(&opref);
	return item;
}

static void print_json(const struct guild_runs *runs, const size_t *order)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *list = guild_value_list(a);

	for (size_t i = 0; i < runs->n; i++) {
		const struct guild_run *r = &runs->v[order ? order[i] : i];
		struct guild_value *item = run_json(a, r);

		if (guild_run_is_batch(r)) {
			char *dir = guild_path_join(r->guild_dir, "proto");
			struct guild_run proto = {0};

			if (guild_run_open(dir, &proto, NULL) == 0) {
				guild_value_set(a, item, "batch_proto", run_json(a, &proto));
			}
			guild_run_fini(&proto);
			free(dir);
		}
		guild_value_append(a, list, item);
	}
	guild_cmd_print_json(list);
	guild_arena_free(a);
}

/* ---- table ------------------------------------------------------------------------------------------- */

static void add_row(struct guild_table *t, const struct guild_ctx *ctx, const struct guild_run *r,
	size_t index, bool simplified)
{
	struct guild_run_row row;

	guild_run_row_init(&row, ctx, r, index);
	if (simplified) {
		char *short_index = guild_format("[%zu]", index);

		guild_table_add(t,
			(const char *[]){short_index, row.operation, row.status, row.label});
		free(short_index);
	} else {
		guild_table_add(t, (const char *[]){row.id_text, row.operation, row.started,
					   row.status, row.label});
	}
	guild_run_row_fini(&row);
}

static void print_details(const struct guild_ctx *ctx, const struct guild_run *r)
{
	for (size_t i = 0; guild_run_info_attrs[i]; i++) {
		char *text = guild_run_formatted_attr(ctx, r, guild_run_info_attrs[i]);

		printf("  %s: %s\n", guild_run_info_attrs[i], text);
		free(text);
	}
}

static void print_table(const struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_runs *runs, const size_t *order, size_t n)
{
	bool simplified = guild_args_flag(args, "simplified");
	struct guild_table table;
	struct guild_strs lines = {0};

	guild_table_init(&table, simplified ? 4 : 5, 0);
	for (size_t i = 0; i < n; i++) {
		size_t at = order ? order[i] : i;

		add_row(&table, ctx, &runs->v[at], at + 1, simplified);
	}
	guild_table_lines(&table, ctx->columns, &lines);
	for (size_t i = 0; i < n; i++) {
		const struct guild_run *r = &runs->v[order ? order[i] : i];

		printf("%s\n", lines.v[i]);
		if (guild_args_flag(args, "verbose")) {
			print_details(ctx, r);
		}
		if (guild_args_flag(args, "comments")) {
			guild_run_comments_print(r, 2, false, stdout);
		}
	}
	guild_strs_fini(&lines);
	guild_table_fini(&table);
}

/* 0: all. */
static size_t row_limit(const struct guild_args *args)
{
	if (guild_args_flag(args, "all")) {
		return 0;
	}
	int64_t wanted = guild_args_int(args, "limit", 0);

	return wanted > 0 ? (size_t)wanted : ROWS_STEP * (1 + guild_args_count(args, "more"));
}

static void note_cut(const struct guild_ctx *ctx, const struct guild_args *args, size_t shown,
	size_t total)
{
	if (shown < total && !guild_args_given(args, "limit")) {
		guild_log(&ctx->log, "note",
			"Showing the first %zu runs (%zu total) - use --all to show all or -m to show more",
			shown, total);
	}
}

/* ---- command ------------------------------------------------------------------------------------------- */

static int list_runs(struct guild_ctx *ctx, const struct guild_args *args,
	struct guild_run_place *place, struct guild_runs *runs, struct guild_error *err)
{
	const char *archive = guild_args_text(args, "archive");
	const char *parent = archive ? NULL : guild_ctx_env(ctx, "GUILD_RUNS_PARENT");
	bool deleted = guild_args_flag(args, "deleted");
	bool json = guild_args_flag(args, "json");
	struct guild_run_filter filter = {0};
	char *index_path = NULL;
	char *dir = NULL;
	int rc = guild_cmd_filter(ctx, args, &filter, err);

	if (rc == 0 && archive) {
		rc = guild_cmd_open_place(ctx, archive, place, err);
		dir = guild_strdup(place->runs_dir);
	} else if (rc == 0) {
		dir = guild_home_runs_dir(&ctx->home, deleted);
		index_path = guild_store_index_path(&ctx->home, deleted, ctx->environ_);
	}
	filter.index_path = index_path;
	filter.with_facts = guild_args_given(args, "sort");
	filter.limit = filter.with_facts || json ? 0 : row_limit(args);
	if (rc == 0) {
		rc = guild_cmd_list(ctx, dir, &filter, parent, runs, err);
	}
	guild_run_filter_fini(&filter);
	free(index_path);
	free(dir);
	return rc;
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_error err = {0};
	struct guild_runs runs = {0};
	struct guild_sort *sort = NULL;
	size_t *order = NULL;
	struct guild_run_place place = {0};

	if (guild_cmd_sort(ctx, args, &sort, &err) != 0 ||
		list_runs(ctx, args, &place, &runs, &err) != 0) {
		guild_run_place_close(&place);
		guild_sort_free(sort);
		return guild_cmd_fail(ctx, &err);
	}
	if (sort) {
		order = guild_sort_runs(sort, &runs, &ctx->log);
	}
	if (guild_args_flag(args, "json")) {
		if (guild_args_given(args, "limit") || guild_args_given(args, "more")) {
			guild_log(&ctx->log, "note", "--json always shows all runs");
		}
		print_json(&runs, order);
	} else {
		size_t limit = row_limit(args);
		size_t shown = limit > 0 && limit < runs.n ? limit : runs.n;

		print_table(ctx, args, &runs, order, shown);
		note_cut(ctx, args, shown, runs.n + runs.n_more);
	}
	guild_runs_fini(&runs);
	guild_run_place_close(&place);
	guild_sort_free(sort);
	free(order);
	return GUILD_EXIT_OK;
}

const struct guild_cmd guild_cmd_runs = {
	.name = "runs",
	.group = GUILD_GROUP_LOOK,
	.summary = "List runs, or work with them by a subcommand",
	.help = help,
	.opts = tables,
	.needs = GUILD_NEEDS_HOME,
	.run = run,
};

const struct guild_cmd guild_cmd_runs_list = {
	.name = "runs list",
	.group = GUILD_GROUP_LOOK,
	.summary = "List runs",
	.help = help,
	.opts = tables,
	.needs = GUILD_NEEDS_HOME,
	.run = run,
};
