/* guild api: runs, operations and comparisons as the JSON documents of Guild AI 0.9.0 (cli.md 1.5, 3.10; docs/formats/api.md). */

#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "op_help.h"
#include "project_ops.h"
#include "project_world.h"

const struct guild_opt guild_api_opts[] = {
	{.names = "-f --format", .help = "Print it over several lines, keys sorted."},
	{0},
};

static const struct guild_arg run_args[] = {
	{.name = "RUN",
		.many = true,
		.complete = GUILD_COMPLETE_RUN,
		.help = "Runs by index, range of indexes (2:5) or id; all when omitted."},
	{0},
};

/* ---- printing ------------------------------------------------------------------------------------------------- */

static void print_text(const char *p, size_t n)
{
	fwrite(p, 1, n, stdout);
}

/* A document within a list: its lines are indented as if it were printed with the list. No text of JSON holds a line end. */
static void print_item(const struct guild_value *v, bool formatted, bool first)
{
	struct guild_buf text = {0};

	guild_json_dump(&text, v,
		formatted ? GUILD_JSON_INDENT | GUILD_JSON_SORT : GUILD_JSON_COMPACT);
	if (!formatted) {
		print_text(first ? "" : ", ", first ? 0 : 2);
		print_text(text.p, text.n);
		guild_buf_fini(&text);
		return;
	}
	print_text(first ? "\n  " : ",\n  ", first ? 3 : 4);
	for (size_t at = 0; at < text.n;) {
		const char *line_end = memchr(text.p + at, '\n', text.n - at);
		size_t n = line_end ? (size_t)(line_end - text.p) - at + 1 : text.n - at;

		print_text(text.p + at, n);
		at += n;
		print_text("  ", line_end ? 2 : 0);
	}
	guild_buf_fini(&text);
}

void guild_api_print(const struct guild_args *args, const struct guild_value *v)
{
	struct guild_buf text = {0};
	bool formatted = guild_args_flag(args, "format");

	guild_json_dump(&text, v,
		formatted ? GUILD_JSON_INDENT | GUILD_JSON_SORT : GUILD_JSON_COMPACT);
	guild_buf_putc(&text, '\n');
	print_text(text.p, text.n);
	guild_buf_fini(&text);
}

/* ---- runs ------------------------------------------------------------------------------------------------------- */

static const struct guild_opt runs_opts[] = {
	{.names = "-v --api-version",
		.value = "N",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_CHOICES,
		.choices = "1|2",
		.help = "Version of the document (2)."},
	{.names = "-d --deleted", .help = "Runs in the trash."},
	{.names = "--include-batch", .help = "Batch runs, too."},
	{0},
};
static const struct guild_opt *const runs_tables[] = {
	guild_api_opts, runs_opts, guild_filter_opts, guild_status_opts, NULL};

/* Each run is printed before the next is read: a store of any size needs the memory of one run. */
static void print_runs(const struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_runs *runs)
{
	const char *version = guild_args_text(args, "api-version");
	bool formatted = guild_args_flag(args, "format");
	/* 0.9.0 leaves batches out of what is not deleted only. */
	bool batches = guild_args_flag(args, "include-batch") || guild_args_flag(args, "deleted");
	bool first = true;

	print_text("[", 1);
	for (size_t i = 0; i < runs->n; i++) {
		struct guild_arena *a;

		if (!batches && guild_run_is_batch(&runs->v[i])) {
			continue;
		}
		a = guild_arena_new();
		print_item(guild_run_document(&runs->v[i], a, guild_streq(version, "1") ? 1 : 2,
				   &ctx->log),
			formatted, first);
		first = false;
		guild_arena_free(a);
	}
	puts(formatted && !first ? "\n]" : "]");
}

static int run_runs(struct guild_ctx *ctx, const struct guild_args *args)
{
	unsigned flags = guild_args_flag(args, "deleted") ? GUILD_SELECT_DELETED : 0;
	struct guild_error err = {0};
	struct guild_runs runs = {0};
	int rc = guild_cmd_select_runs(ctx, args, guild_args_words(args), NULL,
		flags | GUILD_SELECT_REPEATS, &runs, &err);

	if (rc == 0) {
		print_runs(ctx, args, &runs);
	}
	guild_runs_fini(&runs);
	return rc == 0 ? GUILD_EXIT_OK : guild_cmd_fail(ctx, &err);
}

const struct guild_cmd guild_cmd_api_runs = {
	.name = "api runs",
	.group = GUILD_GROUP_LOOK,
	.summary = "Print runs with everything known of them as JSON",
	.help = "One object a run: attributes, flags, environment, files, source code, scalars.\n\n"
		"Examples:\n\n"
		"  guild api runs -f 1\n"
		"  guild api runs -Fo train -Sc | jq '.[].scalars'",
	.opts = runs_tables,
	.args = run_args,
	.needs = GUILD_NEEDS_HOME,
	.run = run_runs,
};

/* ---- compare ---------------------------------------------------------------------------------------------------- */

static const struct guild_opt compare_opts[] = {
	{.names = "--include-batch", .help = "Batch runs, too."},
	{0},
};
static const struct guild_opt *const compare_tables[] = {
	guild_api_opts, compare_opts, guild_filter_opts, guild_status_opts, NULL};

static const struct guild_value *op_compare(void *arg, const struct guild_run *r)
{
	const struct guild_op_def *op = guild_project_ops_find(arg, r);

	return op ? op->compare : NULL;
}

/* Rows, the headings first; the first column is the full id. */
static struct guild_value *table_json(struct guild_arena *a, const struct guild_runs *runs,
	const struct guild_compare_table *t)
{
	struct guild_value *rows = guild_value_list(a);
	struct guild_value *row = guild_value_list(a);

	for (size_t j = 0; t->n_rows > 0 && j < t->n_cols; j++) {
		guild_value_append(a, row, guild_value_string(a, j == 0 ? "id" : t->headers[j]));
	}
	if (t->n_rows > 0) {
		guild_value_append(a, rows, row);
	}
	for (size_t i = 0; i < t->n_rows; i++) {
		row = guild_value_list(a);
		guild_value_append(a, row, guild_value_string(a, runs->v[t->run_index[i]].id));
		for (size_t j = 1; j < t->n_cols; j++) {
			const struct guild_value *v = t->rows[i][j];

			guild_value_append(a, row,
				v ? guild_value_copy(a, v) : guild_value_null(a));
		}
		guild_value_append(a, rows, row);
	}
	return rows;
}

static int run_compare(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_project_ops ops = {.world = guild_op_world(ctx)};
	struct guild_compare_table table = {0};
	struct guild_error err = {0};
	struct guild_runs runs = {0};
	const struct guild_compare_request req = {
		.include_batch = guild_args_flag(args, "include-batch"),
		.user_home = ctx->user_home,
		.op_compare = op_compare,
		.arg = &ops,
	};
	int rc = guild_cmd_select_runs(ctx, args, guild_args_words(args), NULL,
		GUILD_SELECT_REPEATS | GUILD_SELECT_FACTS, &runs, &err);

	rc = rc ? rc : guild_store_compare(&runs, &req, &table, &ctx->log, &err);
	if (rc == 0) {
		guild_api_print(args, table_json(ctx->arena, &runs, &table));
	}
	guild_compare_table_fini(&table);
	guild_project_ops_fini(&ops);
	guild_runs_fini(&runs);
	return rc == 0 ? GUILD_EXIT_OK : guild_cmd_fail(ctx, &err);
}

const struct guild_cmd guild_cmd_api_compare = {
	.name = "api compare",
	.group = GUILD_GROUP_LOOK,
	.summary = "Print a comparison of runs as JSON",
	.help = "A list of rows, the headings first: what 'guild compare' shows, with full ids and full "
		"precision.\n\n"
		"Examples:\n\n"
		"  guild api compare -Fo train",
	.opts = compare_tables,
	.args = run_args,
	.needs = GUILD_NEEDS_HOME,
	.run = run_compare,
};

/* ---- operations --------------------------------------------------------------------------------------------------- */

static const struct guild_opt *const ops_tables[] = {guild_api_opts, NULL};

static int run_ops(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_value *list = guild_value_list(ctx->arena);
	struct guild_op_projects projects = {0};
	struct guild_error err = {0};

	if (guild_op_load_projects(ctx, false, &projects, &err) != 0) {
		return guild_cmd_fail(ctx, &err);
	}
	for (size_t i = 0; i < projects.n; i++) {
		guild_api_add_ops(ctx, projects.v[i], list);
	}
	guild_api_print(args, list);
	guild_op_projects_fini(&projects);
	return GUILD_EXIT_OK;
}

const struct guild_cmd guild_cmd_api_ops = {
	.name = "api ops",
	.group = GUILD_GROUP_PROJECT,
	.summary = "Print the operations of the project as JSON",
	.help = "Private operations (_NAME) are there, too; flags of scripts are looked for.\n\n"
		"Examples:\n\n"
		"  guild api ops -f",
	.opts = ops_tables,
	.needs = GUILD_NEEDS_HOME,
	.run = run_ops,
};

static const struct guild_arg opspec_args[] = {
	{.name = "OPSPEC",
		.required = true,
		.complete = GUILD_COMPLETE_OPERATION,
		.help = "An operation of the project, or a script."},
	{0},
};

static int run_help_op(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_project *project = NULL, *script = NULL;
	struct guild_op_def *op = NULL;
	struct guild_error err = {0};
	int rc = guild_op_load_project(ctx, &project, &err);

	rc = rc ? rc
		: guild_op_find(project, guild_args_words(args)->v[0], ctx->cwd,
			  guild_op_world(ctx), &op, &script, &err);
	if (rc == 0) {
		guild_api_print(args, guild_api_op(ctx, script ? script : project, op));
	}
	guild_project_free(script);
	guild_project_free(project);
	return rc == 0 ? GUILD_EXIT_OK : guild_cmd_fail(ctx, &err);
}

const struct guild_cmd guild_cmd_api_help_op = {
	.name = "api help-op",
	.group = GUILD_GROUP_PROJECT,
	.summary = "Print an operation and its flags as JSON",
	.help = "Examples:\n\n"
		"  guild api help-op train\n"
		"  guild api help-op train.py -f",
	.opts = ops_tables,
	.args = opspec_args,
	.needs = GUILD_NEEDS_HOME,
	.run = run_help_op,
};

/* ---- the group ------------------------------------------------------------------------------------------------------ */

const struct guild_cmd guild_cmd_api = {
	.name = "api",
	.group = GUILD_GROUP_LOOK,
	.summary = "Print runs and operations as JSON, as Guild AI 0.9 does",
	.help = "For programs written for Guild AI 0.9. The documents are those of 0.9.0, key by key; "
		"docs/formats/api.md describes them. Others may prefer --json, which every listing has.",
	.run = guild_cmd_run_group,
};
