/* Rows of the table in the terminal: read, sorted and filtered beside the keys. */

#include "tui_app.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reading takes a tenth of the time at most, and comes every few seconds at best. */
enum {
	REFRESH_US = 3000000,
	REFRESH_FACTOR = 10,
	FULL_REFRESH_US = 60000000, /* what changed inside runs shows no sooner than that */
};

struct guild_ctx guild_tui_ctx(struct guild_tui *app)
{
	struct guild_ctx ctx = *app->ctx;

	ctx.arena = guild_arena_new();
	ctx.log = guild_tui_log_sink(&app->log);
	ctx.stdout_tty = ctx.stderr_tty = ctx.color_out = ctx.color_err = false;
	ctx.now_us = guild_now_us();
	return ctx;
}

void guild_tui_ctx_fini(struct guild_ctx *ctx)
{
	guild_arena_free(ctx->arena);
}

/* ---- filters ---------------------------------------------------------------------------------------- */

static int filter_runs(struct guild_ctx *ctx, struct guild_tui_rows *rows, const char *filter,
	unsigned syntax, bool *passes, struct guild_error *err)
{
	char *index_path = guild_store_index_path(&ctx->home, false, ctx->environ_);
	struct guild_run_filter request = {
		.expression = filter,
		.syntax = syntax,
		.now_us = ctx->now_us,
		.index_path = index_path,
	};
	struct guild_runs found = {0};
	char *runs_dir = guild_home_runs_dir(&ctx->home, false);
	int rc = guild_store_list(runs_dir, &request, NULL, &found, &ctx->log, err);

	for (size_t i = 0; rc == 0 && i < found.n; i++) {
		size_t row = guild_tui_rows_find(rows, found.v[i].id);

		if (row != SIZE_MAX) {
			passes[row] = true;
		}
	}
	guild_runs_fini(&found);
	free(index_path);
	free(runs_dir);
	return rc;
}

/* A group has no values but its cells. */
struct cells {
	const struct guild_tui_rows *rows;
	size_t row;
	struct guild_scalar_summary summary;
};

static const struct guild_value *cell_value(void *arg, const char *name)
{
	const struct cells *c = arg;
	size_t col = guild_tui_rows_col(c->rows, name);
	const struct guild_value *v =
		col != SIZE_MAX ? guild_tui_rows_value(c->rows, c->row, col) : NULL;

	return guild_value_is_null(v) ? NULL : v;
}

static bool cell_us(void *arg, const char *name, int64_t *us)
{
	(void)arg;
	(void)name;
	(void)us;
	return false;
}

static const struct guild_scalar_summary *cell_scalar(void *arg, const char *key)
{
	struct cells *c = arg;
	const struct guild_value *v = cell_value(c, key);

	if (!guild_value_is_number(v)) {
		return NULL;
	}
	double x = guild_value_as_f64(v);

	c->summary = (struct guild_scalar_summary){.prefix = "",
		.tag = key,
		.first = x,
		.last = x,
		.min = x,
		.max = x,
		.total = x,
		.count = 1};
	return &c->summary;
}

static bool cell_at(void *arg, const char *key, int64_t step, double *value)
{
	(void)arg;
	(void)key;
	(void)step;
	(void)value;
	return false;
}

static void cell_names(void *arg, guild_query_name_fn *each, void *to)
{
	const struct cells *c = arg;

	for (size_t i = 0; i < c->rows->table.n_cols; i++) {
		each(to, GUILD_COL_FLAG, c->rows->table.headers[i]);
	}
}

static int filter_groups(struct guild_ctx *ctx, struct guild_tui_rows *rows, const char *filter,
	unsigned syntax, bool *passes, struct guild_error *err)
{
	struct guild_query_options options = {.syntax = syntax, .now_us = ctx->now_us};
	struct guild_query *query = NULL;
	struct cells cells = {.rows = rows};
	struct guild_query_source source = {.arg = &cells,
		.attr = cell_value,
		.attr_us = cell_us,
		.flag = cell_value,
		.scalar = cell_scalar,
		.scalar_at = cell_at,
		.names = cell_names};
	int rc = guild_query_parse(filter, &options, &query, err);

	for (size_t i = 0; rc == 0 && i < rows->table.n_rows; i++) {
		cells.row = i;
		passes[i] = guild_query_holds(query, &source);
	}
	guild_query_free(query);
	return rc;
}

int guild_tui_filter_rows(struct guild_ctx *ctx, struct guild_tui_rows *rows, const char *filter,
	unsigned syntax, bool *passes, struct guild_error *err)
{
	return (rows->are_groups ? filter_groups : filter_runs)(ctx, rows, filter, syntax, passes,
		err);
}

/* ---- the job ------------------------------------------------------------------------------------------- */

struct load_job {
	struct guild_tui_job job;
	struct guild_ctx ctx;
	const struct guild_tui_source *source;
	bool reads; /* the rows, too */
	bool if_changed;
	struct guild_tui_rows *rows; /* those there are; NULL: none yet */
	struct guild_tui_sort sort;
	char *filter;
	int64_t old_mtime_ns;
	bool had_live_runs;
	/* results */
	struct guild_tui_view *view; /* NULL: nothing new, or failed */
	int rc;
	struct guild_error err;
	int64_t took_us;
	int64_t mtime_ns;
	bool has_live_runs;
};

static int64_t runs_mtime(const struct guild_ctx *ctx)
{
	char *dir = guild_home_runs_dir(&ctx->home, false);
	struct stat st;
	int64_t ns = 0;

	if (stat(dir, &st) == 0) {
		ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	}
	free(dir);
	return ns;
}

static bool is_live(const struct guild_value *status)
{
	static const char *const live[] = {"running", "pending", "staged"};
	const char *text = status ? guild_value_text(status) : NULL;

	for (size_t i = 0; text && i < GUILD_ARRAY_LEN(live); i++) {
		if (guild_starts(text, live[i])) {
			return true;
		}
	}
	return false;
}

/* Runs that go on change without a trace in the directory above; where no column tells, they may be there. */
static bool has_live_runs(const struct guild_tui_rows *rows)
{
	size_t col = guild_tui_rows_col(rows, "status");

	for (size_t i = 0; col != SIZE_MAX && i < rows->table.n_rows; i++) {
		if (is_live(guild_tui_rows_value(rows, i, col))) {
			return true;
		}
	}
	return col == SIZE_MAX;
}

static int read_rows(struct load_job *j)
{
	struct guild_runs runs = {0};
	struct guild_compare_table table = {0};

	j->mtime_ns = runs_mtime(&j->ctx);
	if (j->if_changed && j->rows && j->mtime_ns == j->old_mtime_ns && !j->had_live_runs) {
		j->has_live_runs = false;
		return 0;
	}
	int rc = j->source->load(j->source->arg, &j->ctx, &runs, &table, &j->err);

	if (rc != 0) {
		guild_compare_table_fini(&table);
		guild_runs_fini(&runs);
		return rc;
	}
	guild_tui_rows_unref(j->rows);
	j->rows = guild_tui_rows_new(&runs, &table, j->source->are_groups);
	j->has_live_runs = has_live_runs(j->rows);
	return 1;
}

static void work(struct guild_tui_job *job)
{
	struct load_job *j = (struct load_job *)job;
	int64_t start = guild_monotonic_us();
	bool *passes = NULL;

	j->rc = j->reads ? read_rows(j) : 1;
	if (j->rc == 1) {
		j->rc = 0;
		if (j->filter) {
			passes = guild_alloc(j->rows->table.n_rows + 1);
			j->rc = guild_tui_filter_rows(&j->ctx, j->rows, j->filter,
				j->source->query_syntax, passes, &j->err);
		}
		if (j->rc == 0) {
			j->view = guild_tui_view_new(j->rows, &j->sort, j->filter, passes);
		}
	}
	free(passes);
	j->took_us = guild_monotonic_us() - start;
}

static bool is_wanted(const struct guild_tui *app, const struct guild_tui_view *view)
{
	return guild_tui_sort_same(&view->sort, &app->sort) &&
	       guild_streq(view->filter, app->filter);
}

/* A filter that failed is given up. */
static void want_what_is(struct guild_tui *app)
{
	guild_tui_sort_fini(&app->sort);
	free(app->filter);
	app->sort = guild_tui_sort_copy(&app->table.view->sort);
	app->filter = guild_strdup(app->table.view->filter);
}

static void take_result(struct guild_tui *app, struct load_job *j)
{
	bool is_stale =
		app->table.view && !j->reads && j->view && j->view->rows != app->table.view->rows;

	if (j->view && !is_stale) {
		app->sparks.generation += j->reads;
		guild_tui_table_take_view(&app->table, j->view);
		j->view = NULL;
	}
	if (app->table.view && !is_wanted(app, app->table.view) && j->rc == 0) {
		guild_tui_refresh_view(app);
	}
	if (j->rc != 0 && !app->table.view) {
		app->load_error = j->err;
		app->quits = true;
	} else if (j->rc != 0) {
		guild_tui_complain(app, "%s", j->err.text);
		want_what_is(app);
	}
}

static void finish(struct guild_tui_job *job)
{
	struct load_job *j = (struct load_job *)job;
	struct guild_tui *app = j->job.app;
	int64_t now = guild_monotonic_us();
	int64_t pause = REFRESH_FACTOR * j->took_us;

	if (j->reads) {
		app->is_loading = false;
		app->runs_mtime_ns = j->mtime_ns;
		app->has_live_runs = j->has_live_runs;
		app->next_load_us = now + (pause > REFRESH_US ? pause : REFRESH_US);
		if (j->view) {
			app->full_load_us = now + FULL_REFRESH_US;
		}
	} else {
		app->n_viewing--;
	}
	if (!atomic_load(&j->job.cancelled)) {
		take_result(app, j);
	}
	guild_tui_view_unref(j->view);
	guild_tui_rows_unref(j->rows);
	guild_tui_sort_fini(&j->sort);
	guild_tui_ctx_fini(&j->ctx);
	free(j->filter);
	free(j);
}

/* On the thread that reads: the screen is drawn anew. */
static void show_percent(void *arg, int percent)
{
	struct guild_tui *app = arg;

	if (atomic_exchange(&app->percent, percent) != percent) {
		(void)!write(app->wake[1], "", 1);
	}
}

static struct load_job *new_job(struct guild_tui *app)
{
	struct load_job *j = guild_alloc(sizeof(*j));

	j->job = (struct guild_tui_job){.work = work, .finish = finish, .app = app};
	j->ctx = guild_tui_ctx(app);
	j->source = app->source;
	j->sort = guild_tui_sort_copy(&app->sort);
	j->filter = guild_strdup(app->filter);
	j->rows = app->table.view ? guild_tui_rows_ref(app->table.view->rows) : NULL;
	return j;
}

void guild_tui_load(struct guild_tui *app, bool if_changed)
{
	if (app->is_loading) {
		return;
	}
	struct load_job *j = new_job(app);

	j->reads = true;
	j->if_changed = if_changed && guild_monotonic_us() < app->full_load_us;
	j->old_mtime_ns = app->runs_mtime_ns;
	j->had_live_runs = app->has_live_runs;
	j->ctx.show_progress = show_percent;
	j->ctx.show_progress_arg = app;
	atomic_store(&app->percent, 0);
	app->is_loading = true;
	guild_tui_worker_post(app->loader, &j->job);
}

void guild_tui_refresh_view(struct guild_tui *app)
{
	if (!app->table.view) {
		return;
	}
	/* What was asked for before is not wanted any more. */
	guild_tui_worker_cancel(app->reader);
	app->n_viewing++;
	guild_tui_worker_post(app->reader, &new_job(app)->job);
}

void guild_tui_cancel(struct guild_tui *app)
{
	guild_tui_worker_cancel(app->reader);
	if (app->table.view) {
		want_what_is(app);
	}
}
