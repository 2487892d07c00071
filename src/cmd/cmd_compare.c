/* guild compare: flags, scalars and attributes of runs side by side (cli.md 3.5, query.md 4). */

#include <stdlib.h>
#include <string.h>

#include "cell.h"
#include "cmd.h"
#include "project_ops.h"
#include "project_world.h"

static const struct guild_opt opts[] = {
	{.names = "--min",
		.value = "COL",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_COLUMN,
		.excludes = "max",
		.help = "Sort by column COL, lowest first. COL is the heading of a column."},
	{.names = "--max",
		.value = "COL",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_COLUMN,
		.help = "Sort by column COL, highest first."},
	{.names = "--sort",
		.value = "EXPR",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_FILTER,
		.help = "Sort by EXPR, lowest first, or by -EXPR, highest first; several are separated by "
			"commas: 'lr, -max(acc)'."},
	{.names = "--group-by",
		.value = "FLAGS",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_FILTER,
		.excludes = "sort extra-cols skip-op-cols skip-core skip-unchanged print-scalars",
		.help = "Show one row for all runs that agree in FLAGS, a comma-separated list: how many "
			"they are, and mean, standard deviation, lowest and highest value of each scalar, "
			"or of the columns asked for. --min and --max take such a column: 'loss mean'."},
	{.names = "-n --top --limit",
		.value = "N",
		.kind = GUILD_OPT_INT,
		.min = 1,
		.help = "Show only the first N runs."},
	{.names = "-e --extra-cols", .help = "Show the source code digest, too."},
	{.names = "-s --all-scalars", .help = "Show scalars of the system (sys/), too."},
	{.names = "-c --cols",
		.value = "COLS",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_COLUMN,
		.excludes = "strict-cols",
		.help = "Add columns: a comma-separated list of column specs."},
	{.names = "-cc --strict-cols",
		.value = "COLS",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_COLUMN,
		.help = "Show these columns and the run only."},
	{.names = "-p --skip-op-cols", .help = "Leave out the columns of the operation."},
	{.names = "-r --skip-core", .help = "Leave out the core columns except the run."},
	{.names = "-u --skip-unchanged",
		.help = "Leave out columns that have the same value in all runs."},
	{.names = "-t --table", .excludes = "csv tool json", .help = "Print a table."},
	{.names = "--csv",
		.value = "PATH",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_FILE,
		.excludes = "tool json",
		.help = "Write CSV with full precision to PATH, or to standard output for '-'."},
	{.names = "--tool",
		.value = "TOOL",
		.kind = GUILD_OPT_LATER,
		.choices = "hiplot",
		.hidden = true,
		.help = "Show the runs in TOOL."},
	{.names = "--include-batch", .help = "Show batch runs, too."},
	{.names = "--print-scalars", .help = "Print all scalars of each run."},
	{0},
};
static const struct guild_opt *const tables[] = {
	opts, guild_json_opts, guild_filter_opts, guild_status_opts, NULL};
static const struct guild_arg run_args[] = {
	{.name = "RUN",
		.many = true,
		.complete = GUILD_COMPLETE_RUN,
		.help = "Runs by index, range of indexes (2:5) or id; all when omitted."},
	{0},
};

/* ---- scalars ------------------------------------------------------------------------------------------ */

static void print_scalars(const struct guild_ctx *ctx, const struct guild_runs *runs)
{
	for (size_t i = 0; i < runs->n; i++) {
		struct guild_run_data *data = guild_run_data_new(&runs->v[i], &ctx->log);
		const struct guild_scalars *scalars = guild_run_data_scalars(data);
		char *operation = guild_run_display_name(&runs->v[i]);

		printf("[%.*s] %s\n", GUILD_RUN_SHORT_LEN, runs->v[i].id, operation);
		for (size_t j = 0; j < scalars->n; j++) {
			struct guild_buf key = {0};

			guild_scalar_key(&scalars->v[j], &key);
			printf("  %s: %.6f (step %lld)\n", guild_buf_cstr(&key), scalars->v[j].last,
				(long long)scalars->v[j].last_step);
			guild_buf_fini(&key);
		}
		free(operation);
		guild_run_data_free(data);
	}
}

/* ---- the table in its shapes ------------------------------------------------------------------------------ */

static bool is_marked(const struct guild_run *r)
{
	struct guild_arena *a = guild_arena_new();
	bool marked = guild_value_truthy(guild_run_attr(r, a, "marked"));

	guild_arena_free(a);
	return marked;
}

static void print_table(const struct guild_ctx *ctx, const struct guild_runs *runs,
	const struct guild_compare_table *t)
{
	struct guild_table table;
	const char **cells = guild_arena_alloc(ctx->arena, (t->n_cols + 1) * sizeof(*cells));

	guild_table_init(&table, t->n_cols, 0);
	guild_table_add(&table, t->headers);
	for (size_t i = 0; i < t->n_rows; i++) {
		const struct guild_run *r = &runs->v[t->run_index[i]];

		for (size_t j = 0; j < t->n_cols; j++) {
			struct guild_buf cell = {0};

			guild_cell_text(&cell, t->rows[i][j]);
			if (strcmp(t->headers[j], "operation") == 0 && is_marked(r)) {
				guild_buf_puts(&cell, " [marked]");
			}
			cells[j] = guild_arena_strndup(ctx->arena, cell.p, cell.n);
			guild_buf_fini(&cell);
		}
		guild_table_add(&table, cells);
	}
	if (t->n_cols > 0) {
		guild_table_print(&table, stdout, ctx->columns);
	}
	guild_table_fini(&table);
}

static void put_csv(struct guild_buf *out, const struct guild_compare_table *t)
{
	for (size_t j = 0; j < t->n_cols; j++) {
		guild_buf_puts(out, j > 0 ? "," : "");
		guild_csv_field(out, guild_str(t->headers[j]));
	}
	guild_buf_putc(out, '\n');
	for (size_t i = 0; i < t->n_rows; i++) {
		for (size_t j = 0; j < t->n_cols; j++) {
			struct guild_buf cell = {0};

			if (!guild_value_is_null(t->rows[i][j])) {
				guild_value_py_str(&cell, t->rows[i][j]);
			}
			guild_buf_puts(out, j > 0 ? "," : "");
			guild_csv_field(out, guild_buf_str(&cell));
			guild_buf_fini(&cell);
		}
		guild_buf_putc(out, '\n');
	}
}

static int write_csv(const struct guild_ctx *ctx, const char *path,
	const struct guild_compare_table *t, struct guild_error *err)
{
	struct guild_buf text = {0};
	int rc = 0;

	if (t->n_rows > 0) {
		put_csv(&text, t);
	}
	if (strcmp(path, "-") == 0) {
		fwrite(guild_buf_cstr(&text), 1, text.n, stdout);
	} else {
		rc = guild_file_write(path, guild_buf_cstr(&text), text.n, false, err);
	}
	if (rc == 0 && strcmp(path, "-") != 0) {
		guild_log(&ctx->log, "note", "Wrote %zu row(s) to %s", t->n_rows, path);
	}
	guild_buf_fini(&text);
	return rc;
}

/* One object a run: its full id, then the columns in their order. */
static void print_json(const struct guild_ctx *ctx, const struct guild_runs *runs,
	const struct guild_compare_table *t, bool are_groups)
{
	struct guild_arena *a = ctx->arena;
	struct guild_value *list = guild_value_list(a);

	for (size_t i = 0; i < t->n_rows; i++) {
		struct guild_value *item = guild_value_dict(a);

		if (!are_groups) {
			const char *id = runs->v[t->run_index[i]].id;

			guild_value_set(a, item, "id", guild_value_string(a, id));
		}
		for (size_t j = 0; j < t->n_cols; j++) {
			const struct guild_value *v = t->rows[i][j];

			guild_value_set(a, item, t->headers[j],
				v ? guild_value_copy(a, v) : guild_value_null(a));
		}
		guild_value_append(a, list, item);
	}
	guild_cmd_print_json(list);
}

/* ---- the request ---------------------------------------------------------------------------------------- */

/* Columns of -c or -cc; text that cannot be read is said and left out. */
static void parse_cols(const struct guild_ctx *ctx, const char *spec, struct guild_cols *cols)
{
	struct guild_error err = {0};

	if (spec && guild_cols_parse(ctx->arena, spec, cols, &err) != 0) {
		guild_log(&ctx->log, "warning", "error parsing '%s': %s", spec, err.text);
	}
}

static const struct guild_value *op_compare(void *arg, const struct guild_run *r)
{
	const struct guild_op_def *op = guild_project_ops_find(arg, r);

	return op ? op->compare : NULL;
}

static int make_table(struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_runs *runs, struct guild_compare_table *out, struct guild_error *err)
{
	const char *strict = guild_args_text(args, "strict-cols");
	struct guild_project_ops ops = {.world = guild_op_world(ctx)};
	struct guild_cols cols = {0};
	struct guild_sort *sort = NULL;
	int rc = guild_cmd_sort(ctx, args, &sort, err);

	if (rc != 0) {
		return rc;
	}
	parse_cols(ctx, strict ? strict : guild_args_text(args, "cols"), &cols);
	struct guild_compare_request req = {
		.user_cols = &cols,
		.strict = strict != NULL,
		.skip_op_cols = guild_args_flag(args, "skip-op-cols"),
		.skip_core = guild_args_flag(args, "skip-core"),
		.skip_unchanged = guild_args_flag(args, "skip-unchanged"),
		.extra_cols = guild_args_flag(args, "extra-cols"),
		.all_scalars = guild_args_flag(args, "all-scalars"),
		.include_batch = guild_args_flag(args, "include-batch"),
		.min_header = guild_args_text(args, "min"),
		.max_header = guild_args_text(args, "max"),
		.sort = sort,
		.limit = (size_t)guild_args_int(args, "limit", 0),
		.user_home = ctx->user_home,
		.op_compare = op_compare,
		.arg = &ops,
	};
	rc = guild_store_compare(runs, &req, out, &ctx->log, err);
	guild_project_ops_fini(&ops);
	guild_sort_free(sort);
	return rc;
}

static int make_groups(struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_runs *runs, struct guild_compare_table *out, struct guild_error *err)
{
	const char *strict = guild_args_text(args, "strict-cols");
	struct guild_cols keys = {0};
	struct guild_cols cols = {0};
	int rc = guild_group_keys_parse(ctx->arena, guild_args_text(args, "group-by"), &keys, err);

	if (rc != 0) {
		return guild_error_wrap(err, "--group-by");
	}
	parse_cols(ctx, strict ? strict : guild_args_text(args, "cols"), &cols);
	struct guild_group_request req = {
		.keys = &keys,
		.cols = &cols,
		.all_scalars = guild_args_flag(args, "all-scalars"),
		.include_batch = guild_args_flag(args, "include-batch"),
		.min_header = guild_args_text(args, "min"),
		.max_header = guild_args_text(args, "max"),
		.limit = (size_t)guild_args_int(args, "limit", 0),
		.user_home = ctx->user_home,
	};
	return guild_store_group(runs, &req, out, &ctx->log, err);
}

static int compare(struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_runs *runs, struct guild_error *err)
{
	const char *csv = guild_args_text(args, "csv");
	bool groups = guild_args_given(args, "group-by");
	struct guild_compare_table table = {0};
	int rc = groups ? make_groups(ctx, args, runs, &table, err)
			: make_table(ctx, args, runs, &table, err);

	if (rc == 0 && csv) {
		rc = write_csv(ctx, csv, &table, err);
	} else if (rc == 0 && guild_args_flag(args, "json")) {
		print_json(ctx, runs, &table, groups);
	} else if (rc == 0 && table.n_rows > 0) {
		print_table(ctx, runs, &table);
	}
	guild_compare_table_fini(&table);
	return rc;
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_error err = {0};
	struct guild_runs runs = {0};
	int rc = guild_cmd_select_runs(ctx, args, guild_args_words(args), NULL,
		GUILD_SELECT_REPEATS, &runs, &err);

	if (rc == 0 && guild_args_flag(args, "print-scalars")) {
		print_scalars(ctx, &runs);
	} else if (rc == 0) {
		rc = compare(ctx, args, &runs, &err);
	}
	guild_runs_fini(&runs);
	return rc == 0 ? GUILD_EXIT_OK : guild_cmd_fail(ctx, &err);
}

const struct guild_cmd guild_cmd_compare = {
	.name = "compare",
	.group = GUILD_GROUP_LOOK,
	.summary = "Compare flags, scalars and attributes of runs",
	.help = "One row a run. The columns are the run's core attributes, then those the operation "
		"names under 'compare' in the project file (else its flags and scalars), then those "
		"asked for with --cols.\n\n"
		"A column spec is the name of a scalar ('loss', its last value; 'min loss', 'max acc', "
		"'first', 'avg', 'total', 'count'; 'loss step' is the step of the last value), "
		"'=NAME' for a flag, '.NAME' for an attribute; 'SPEC as NAME' sets the heading.\n\n"
		"A table shows numbers with at most 6 decimals, CSV and JSON in full.\n\n"
		"With --group-by runs that differ in nothing but a seed, say, become one row.\n\n"
		"Examples:\n\n"
		"  guild compare --group-by lr,act --min 'loss mean'\n"
		"  guild compare --table --max acc --top 5\n"
		"  guild compare -Fo train -cc '=lr, min loss as best, .label'\n"
		"  guild compare --csv results.csv",
	.opts = tables,
	.args = run_args,
	.needs = GUILD_NEEDS_HOME,
	.run = run,
};
