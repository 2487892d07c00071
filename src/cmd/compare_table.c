/* The table of guild compare: what is asked for, and the table as a grid. */

#include <stdlib.h>
#include <string.h>

#include "compare_table.h"
#include "objective.h"
#include "project_ops.h"
#include "project_world.h"
#include <guild/diff.h>

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

/* What the rows are made by; lives until they are. */
struct row_request {
	struct guild_compare_request req;
	struct guild_project_ops ops;
	struct guild_cols cols;
	struct guild_sort *sort;
	struct guild_cols objective;
};

/* Columns of the user, and the objective's behind them; it is in a table once, whoever asks for it. */
static void add_column(struct guild_arena *a, struct guild_cols *cols, const struct guild_col *col)
{
	struct guild_col *v = guild_arena_alloc(a, (cols->n + 1) * sizeof(*v));

	for (size_t i = 0; i < cols->n; i++) {
		v[i] = cols->v[i];
	}
	v[cols->n] = *col;
	*cols = (struct guild_cols){.v = v, .n = cols->n + 1};
}

/* --by-objective: `batch` is that of all runs. */
static int sort_by_objective(struct row_request *r, struct guild_ctx *ctx,
	const struct guild_args *args, const struct guild_run *batch, struct guild_error *err)
{
	struct guild_objective objective;

	guild_cmd_objective(ctx, args, batch, &objective);
	int rc = guild_cols_parse(ctx->arena, objective.spec, &r->objective, err);

	if (rc == 0 && r->objective.n != 1) {
		rc = guild_error_set(err, GUILD_EINVALID, "it has more than one column");
	}
	if (rc != 0) {
		return guild_error_wrap(err, "objective '%s'", objective.spec);
	}
	add_column(ctx->arena, &r->cols, &r->objective.v[0]);
	r->req.objective = &r->objective.v[0];
	r->req.maximize = objective.maximize;
	return 0;
}

static int row_request_init(struct row_request *r, struct guild_ctx *ctx,
	const struct guild_args *args, struct guild_error *err)
{
	const char *strict = guild_args_text(args, "strict-cols");

	*r = (struct row_request){.ops = {.world = guild_op_world(ctx)}};
	int rc = guild_cmd_sort(ctx, args, &r->sort, err);

	if (rc != 0) {
		return rc;
	}
	parse_cols(ctx, strict ? strict : guild_args_text(args, "cols"), &r->cols);
	r->req = (struct guild_compare_request){
		.user_cols = &r->cols,
		.strict = strict != NULL,
		.skip_op_cols = guild_args_flag(args, "skip-op-cols"),
		.skip_core = guild_args_flag(args, "skip-core"),
		.skip_unchanged = guild_args_flag(args, "skip-unchanged"),
		.extra_cols = guild_args_flag(args, "extra-cols"),
		.all_scalars = guild_args_flag(args, "all-scalars"),
		.include_batch = guild_args_flag(args, "include-batch"),
		.min_header = guild_args_text(args, "min"),
		.max_header = guild_args_text(args, "max"),
		.sort = r->sort,
		.limit = (size_t)guild_args_int(args, "limit", 0),
		.user_home = ctx->user_home,
		.op_compare = op_compare,
		.arg = &r->ops,
	};
	return 0;
}

static void row_request_fini(struct row_request *r)
{
	guild_project_ops_fini(&r->ops);
	guild_sort_free(r->sort);
}

/* `batch`: whose objective they are sorted by, or NULL. */
static int make_rows(struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_runs *runs, const struct guild_run *batch,
	struct guild_compare_table *out, struct guild_error *err)
{
	struct row_request r;
	int rc = row_request_init(&r, ctx, args, err);

	if (rc == 0 && batch) {
		rc = sort_by_objective(&r, ctx, args, batch, err);
		if (rc != 0) {
			row_request_fini(&r);
		}
	}
	if (rc == 0) {
		rc = guild_store_compare(runs, &r.req, out, &ctx->log, err);
		row_request_fini(&r);
	}
	return rc;
}

static void add_row(void *arg, const struct guild_run *run, size_t serial)
{
	(void)serial; /* rows are in the order of the calls */
	guild_compare_add(arg, run);
}

/* Rows are made while runs are found: what an index knows of a hundred thousand runs is never in memory at once. */
static int stream_rows(struct guild_ctx *ctx, const struct guild_args *args,
	struct guild_runs *runs, struct guild_compare_table *out, struct guild_error *err)
{
	static const struct guild_strs no_words;
	struct guild_compare *compare = NULL;
	struct row_request r;
	int rc = row_request_init(&r, ctx, args, err);

	if (rc != 0) {
		return rc;
	}
	rc = guild_compare_new(&r.req, &ctx->log, &compare, err);
	if (rc == 0) {
		rc = guild_cmd_stream_runs(ctx, args, &no_words, NULL, GUILD_SELECT_FACTS, add_row,
			compare, runs, err);
		guild_compare_end(compare, runs->serials, runs->n, out);
	}
	if (rc != 0) {
		guild_compare_table_fini(out);
	}
	row_request_fini(&r);
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

static int load_by_objective(struct guild_ctx *ctx, const struct guild_args *args,
	struct guild_runs *runs, struct guild_compare_table *out, struct guild_error *err)
{
	struct guild_cmd_trials trials = {0};
	int rc = guild_cmd_select_trials(ctx, args, &trials, err);

	if (rc == 0 && !trials.has_batch) {
		rc = guild_error_set(err, GUILD_ENOTFOUND,
			"--by-objective: the runs are not all of one batch");
		guild_error_hint(err, "sort by a column with --min COL or --max COL");
	}
	if (rc == 0) {
		*runs = trials.runs;
		trials.runs = (struct guild_runs){0};
		rc = make_rows(ctx, args, runs, &trials.batch, out, err);
	}
	guild_cmd_trials_fini(&trials);
	return rc;
}

/* Batches have nothing to compare: they stand for their trials, unless they were asked for or there are others. */
static int expand_batches(struct guild_ctx *ctx, const struct guild_args *args,
	struct guild_runs *runs, struct guild_error *err)
{
	struct guild_cmd_trials trials = {0};
	bool are_batches = runs->n > 0 && !guild_args_flag(args, "include-batch");

	for (size_t i = 0; i < runs->n && are_batches; i++) {
		are_batches = guild_run_is_batch(&runs->v[i]);
	}
	if (!are_batches) {
		return 0;
	}
	int rc = guild_cmd_select_trials(ctx, args, &trials, err);

	if (rc == 0) {
		guild_runs_fini(runs);
		*runs = trials.runs;
		trials.runs = (struct guild_runs){0};
	} else if (rc == GUILD_ENOTFOUND) { /* a batch without trials, or a queue */
		rc = 0;
	}
	guild_cmd_trials_fini(&trials);
	return rc;
}

int guild_compare_load(struct guild_ctx *ctx, const struct guild_args *args,
	struct guild_runs *runs, struct guild_compare_table *out, struct guild_error *err)
{
	const struct guild_strs *words = guild_args_words(args);

	if (guild_args_flag(args, "by-objective")) {
		return load_by_objective(ctx, args, runs, out, err);
	}
	if (words->n == 0 && !guild_args_given(args, "group-by") &&
		!guild_args_flag(args, "changed")) {
		return stream_rows(ctx, args, runs, out, err);
	}
	int rc = guild_cmd_select_runs(ctx, args, words, NULL,
		GUILD_SELECT_REPEATS | GUILD_SELECT_FACTS, runs, err);

	rc = rc == 0 && words->n > 0 ? expand_batches(ctx, args, runs, err) : rc;
	if (rc != 0) {
		return rc;
	}
	rc = guild_args_given(args, "group-by") ? make_groups(ctx, args, runs, out, err)
						: make_rows(ctx, args, runs, NULL, out, err);
	if (rc == 0 && guild_args_flag(args, "changed")) {
		guild_compare_keep_changed(runs, out, &ctx->log);
	}
	return rc;
}

/* ---- the grid ------------------------------------------------------------------------------------------- */

struct guild_grid guild_compare_grid(const struct guild_compare_table *t)
{
	return (struct guild_grid){
		.headers = t->headers,
		.rows = t->rows,
		.n_cols = t->n_cols,
		.n_rows = t->n_rows,
	};
}

struct guild_grid guild_compare_grid_with_ids(const struct guild_compare_table *t,
	const struct guild_runs *runs)
{
	struct guild_grid g = guild_compare_grid(t);

	g.ids = guild_arena_alloc(t->arena, (t->n_rows + 1) * sizeof(*g.ids));
	for (size_t i = 0; i < t->n_rows; i++) {
		g.ids[i] = runs->v[t->run_index[i]].id;
	}
	return g;
}

static bool is_marked(const struct guild_run *r)
{
	struct guild_arena *a = guild_arena_new();
	bool marked = guild_value_truthy(guild_run_attr(r, a, "marked"));

	guild_arena_free(a);
	return marked;
}

static const struct guild_value *marked_text(struct guild_arena *a, const struct guild_value *v)
{
	struct guild_buf text = {0};

	guild_cell_text(&text, v);
	guild_buf_puts(&text, " [marked]");
	v = guild_value_string_n(a, guild_buf_cstr(&text), text.n);
	guild_buf_fini(&text);
	return v;
}

/* A copy of the table's rows, whose cells can be replaced. */
static void own_rows(const struct guild_compare_table *t, struct guild_grid *g)
{
	size_t row_size = (t->n_cols + 1) * sizeof(**g->rows);

	g->rows = guild_arena_alloc(t->arena, (t->n_rows + 1) * sizeof(*g->rows));
	for (size_t i = 0; i < t->n_rows; i++) {
		g->rows[i] = guild_arena_alloc(t->arena, row_size);
		memcpy(g->rows[i], t->rows[i], t->n_cols * sizeof(**g->rows));
	}
}

static size_t find_column(const struct guild_compare_table *t, const char *header)
{
	size_t col = 0;

	while (col < t->n_cols && strcmp(t->headers[col], header) != 0) {
		col++;
	}
	return col;
}

struct guild_grid guild_compare_grid_for_people(const struct guild_compare_table *t,
	const struct guild_runs *runs)
{
	struct guild_grid g = guild_compare_grid(t);
	size_t col = find_column(t, "operation");

	g.title = guild_arena_format(t->arena, "Comparison of %zu run%s", t->n_rows,
		t->n_rows == 1 ? "" : "s");
	if (col == t->n_cols) {
		return g;
	}
	own_rows(t, &g);
	for (size_t i = 0; i < t->n_rows; i++) {
		if (is_marked(&runs->v[t->run_index[i]])) {
			g.rows[i][col] = marked_text(t->arena, t->rows[i][col]);
		}
	}
	return g;
}

/* Whether the cell is the text form of that attribute of the run: a heading alone says little, "loss as started" is possible. */
static bool is_time_cell(const struct guild_run *r, const char *name,
	const struct guild_value *cell)
{
	int64_t us = guild_run_attr_i64(r, name, INT64_MIN);
	char text[GUILD_TIME_MAX];

	if (us == INT64_MIN || !cell) {
		return us == INT64_MIN && !cell;
	}
	guild_time_format(us, false, text);
	return guild_streq(guild_value_text(cell), text);
}

static bool is_attr_of_all(const struct guild_compare_table *t, const struct guild_runs *runs,
	size_t col)
{
	for (size_t i = 0; i < t->n_rows; i++) {
		if (!is_time_cell(&runs->v[t->run_index[i]], t->headers[col], t->rows[i][col])) {
			return false;
		}
	}
	return true;
}

struct guild_grid guild_compare_grid_with_times(const struct guild_compare_table *t,
	const struct guild_runs *runs)
{
	static const char *const names[] = {"started", "stopped"};
	struct guild_grid g = guild_compare_grid(t);
	bool *is_time = guild_arena_alloc(t->arena, t->n_cols + 1);

	own_rows(t, &g);
	g.is_time = is_time;
	for (size_t n = 0; n < GUILD_ARRAY_LEN(names); n++) {
		size_t col = find_column(t, names[n]);

		is_time[col] = col < t->n_cols && is_attr_of_all(t, runs, col);
		for (size_t i = 0; is_time[col] && i < t->n_rows; i++) {
			int64_t us =
				guild_run_attr_i64(&runs->v[t->run_index[i]], names[n], INT64_MIN);

			g.rows[i][col] = us == INT64_MIN ? NULL : guild_value_int(t->arena, us);
		}
	}
	return g;
}
