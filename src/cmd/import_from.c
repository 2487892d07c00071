/* guild import --from: what other trackers recorded, as runs. */

#include "import_from.h"

#include <guild/exec.h>
#include <guild/trackers.h>

#include <stdlib.h>
#include <string.h>

enum { TOLD_MAX = 10 }; /* runs that are named one by one when they cannot be imported */

const struct guild_opt guild_import_from_opts[] = {
	{.names = "--from",
		.value = "KIND",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_CHOICES,
		.choices = "aim|csv|dvc|mlflow|sacred|tensorboard|wandb-offline",
		.help = "Read the store of another tracker: aim, csv, dvc, mlflow, sacred, tensorboard or "
			"wandb-offline."},
	{.names = "--as-operation",
		.value = "NAME",
		.kind = GUILD_OPT_TEXT,
		.help = "With --from: name the operation of all runs NAME."},
	{.names = "--include-deleted",
		.help = "With --from: import what the other tool has deleted, too, into the trash."},
	{.names = "-n --preview --dry-run",
		.help = "Show what would be imported, and import nothing."},
	{.names = "--id-col",
		.value = "COLUMN",
		.kind = GUILD_OPT_TEXT,
		.help = "With --from csv: the column that names the run; rows with the same one are one "
			"run. Without it each row is a run."},
	{.names = "--step-col",
		.value = "COLUMN",
		.kind = GUILD_OPT_TEXT,
		.help = "With --from csv: the column with the step of a row's metrics."},
	{.names = "--time-col",
		.value = "COLUMN",
		.kind = GUILD_OPT_TEXT,
		.help = "With --from csv: the column with the time of a row's metrics."},
	{.names = "--flag-col",
		.value = "COLUMN",
		.kind = GUILD_OPT_LIST,
		.help = "With --from csv: a column that is a flag. May be repeated."},
	{.names = "--metric-col",
		.value = "COLUMN",
		.kind = GUILD_OPT_LIST,
		.help = "With --from csv: a column that is a metric. May be repeated."},
	{.names = "--skip-col",
		.value = "COLUMN",
		.kind = GUILD_OPT_LIST,
		.help = "With --from csv: a column to leave out. May be repeated."},
	{0},
};

/* What the import says while it goes on. */
struct telling {
	struct guild_ctx *ctx;
	struct guild_progress progress;
	struct guild_table table; /* preview */
	struct guild_value *list; /* --json, else NULL */
	bool preview, keep_differing;
	size_t n_told;
};

static void add_json(struct telling *t, const struct guild_imported *run)
{
	struct guild_arena *a = t->ctx->arena;
	struct guild_value *v = guild_value_dict(a);
	guild_value_set(a, v, "state", guild_value_string(a, guild_import_state_name(run->state)));
	guild_value_set(a, v, "id", guild_value_string(a, run->run_id));
	guild_value_set(a, v, "source_id", guild_value_string(a, run->source_id));
	guild_value_set(a, v, "operation", guild_value_string(a, run->operation));
	guild_value_set(a, v, "label", guild_value_string(a, run->label));
	guild_value_set(a, v, "started",
		run->started_us == INT64_MIN ? guild_value_null(a)
					     : guild_value_int(a, run->started_us));
	guild_value_set(a, v, "values", guild_value_int(a, (int64_t)run->n_values));
	guild_value_set(a, v, "files", guild_value_int(a, (int64_t)run->n_files));
	guild_value_set(a, v, "left_out", guild_value_int(a, (int64_t)run->n_left_out));
	guild_value_set(a, v, "why", guild_value_string(a, run->why));
	guild_value_append(a, t->list, v);
}

static void add_row(struct telling *t, const struct guild_imported *run)
{
	char started[GUILD_TIME_MAX] = "";
	char short_id[GUILD_RUN_SHORT_LEN + 3] = "";
	if (run->started_us != INT64_MIN) {
		guild_time_format(run->started_us, false, started);
	}
	if (run->run_id != NULL) {
		snprintf(short_id, sizeof(short_id), "[%.8s]", run->run_id);
	}
	guild_table_add(&t->table, (const char *[]){short_id, guild_import_state_name(run->state),
					   run->operation, started, run->label});
}

static int on_run(void *arg, const struct guild_imported *run)
{
	struct telling *t = arg;
	bool is_trouble = run->state == GUILD_IMPORT_DIFFERS || run->state == GUILD_IMPORT_DAMAGED;
	if (t->list != NULL) {
		add_json(t, run);
	} else if (t->preview) {
		add_row(t, run);
	}
	if (is_trouble) {
		t->n_told++;
		if (t->n_told <= TOLD_MAX) {
			guild_progress_end(&t->progress);
			guild_log(&t->ctx->log, "warning", "%s %.*s: %s",
				run->state == GUILD_IMPORT_DIFFERS ? "run" : "cannot import",
				run->run_id != NULL ? GUILD_RUN_SHORT_LEN : 200,
				run->run_id != NULL ? run->run_id : run->source_id, run->why);
		}
	}
	guild_progress_add(&t->progress, 1);
	return 0;
}

static void tell_count(const struct guild_ctx *ctx, size_t n, const char *what)
{
	if (n > 0) {
		guild_log(&ctx->log, "note", "%zu run(s) %s", n, what);
	}
}

static void tell_summary(const struct telling *t, const struct guild_import_request *req,
	const struct guild_import_summary *sum, const char *path)
{
	const struct guild_ctx *ctx = t->ctx;
	size_t n = sum->n[GUILD_IMPORT_NEW] + sum->n[GUILD_IMPORT_CHANGED];
	guild_log(&ctx->log, "note", "%s %zu run(s) from %s: %llu metric value(s), %llu file(s)",
		req->preview ? "Would import" : "Imported", n, path,
		(unsigned long long)sum->n_values, (unsigned long long)sum->n_files);
	tell_count(ctx, sum->n[GUILD_IMPORT_CHANGED],
		req->preview ? "would be replaced; the earlier ones would go to the trash"
			     : "were replaced; the earlier ones are in the trash");
	tell_count(ctx, sum->n[GUILD_IMPORT_SAME], "were imported before and have not changed");
	tell_count(ctx, sum->n[GUILD_IMPORT_TRASHED],
		"were imported before and are in the trash ('guild runs restore' brings them back)");
	tell_count(ctx, sum->n[GUILD_IMPORT_DELETED],
		"are deleted there and were left out (--include-deleted imports them into the "
		"trash)");
	if (sum->n_left_out > 0) {
		guild_log(&ctx->log, "note", "%llu file(s) were left out",
			(unsigned long long)sum->n_left_out);
	}
}

static struct guild_value *summary_json(struct guild_ctx *ctx, const struct telling *t,
	const struct guild_import_request *req, const struct guild_import_summary *sum,
	const char *path)
{
	struct guild_arena *a = ctx->arena;
	struct guild_value *v = guild_value_dict(a);
	struct guild_value *counts = guild_value_dict(a);
	for (int i = 0; i < GUILD_IMPORT_STATES; i++) {
		guild_value_set(a, counts, guild_import_state_name((enum guild_import_state)i),
			guild_value_int(a, (int64_t)sum->n[i]));
	}
	guild_value_set(a, v, "from", guild_value_string(a, req->kind));
	guild_value_set(a, v, "path", guild_value_string(a, path));
	guild_value_set(a, v, "preview", guild_value_bool(a, req->preview));
	guild_value_set(a, v, "counts", counts);
	guild_value_set(a, v, "values", guild_value_int(a, (int64_t)sum->n_values));
	guild_value_set(a, v, "files", guild_value_int(a, (int64_t)sum->n_files));
	guild_value_set(a, v, "left_out", guild_value_int(a, (int64_t)sum->n_left_out));
	guild_value_set(a, v, "runs", t->list);
	return v;
}

/* Runs that could not be imported make the command fail, though all others were. */
static int tell_trouble(const struct telling *t, const struct guild_import_summary *sum)
{
	struct guild_error err = {0};
	size_t differ = sum->n[GUILD_IMPORT_DIFFERS];
	size_t damaged = sum->n[GUILD_IMPORT_DAMAGED];
	if (t->n_told > TOLD_MAX) {
		guild_log(&t->ctx->log, "warning", "and %zu more (--json names all)",
			t->n_told - TOLD_MAX);
	}
	if (damaged > 0) {
		guild_error_set(&err, GUILD_EINVALID, "%zu run(s) could not be imported", damaged);
		(void)guild_cmd_fail(t->ctx, &err);
	}
	if (differ > 0 && t->keep_differing) {
		tell_count(t->ctx, differ, "differ from what is here and were left as they are");
		differ = 0;
	} else if (differ > 0) {
		guild_error_set(&err, GUILD_EEXISTS,
			"%zu run(s) differ from what is here and were left as they are", differ);
		guild_error_hint(&err,
			"--replace imports them anew, and moves the earlier ones to the trash");
		(void)guild_cmd_fail(t->ctx, &err);
	}
	return differ + damaged > 0 ? GUILD_EXIT_ERROR : GUILD_EXIT_OK;
}

static int confirm(const struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_import_request *req, const char *path, size_t n)
{
	if (req->preview || guild_args_flag(args, "yes")) {
		return GUILD_EXIT_OK;
	}
	char *question = n > 0 ? guild_format("%zu run(s) of '%s' (%s) will be imported. Continue?",
					 n, path, req->kind)
			       : guild_format("The runs of '%s' (%s) will be imported. Continue?",
					 path, req->kind);
	int answer = guild_cmd_confirm(ctx, question, true);
	free(question);
	return answer > 0 ? GUILD_EXIT_OK : answer == 0 ? GUILD_EXIT_DECLINED : GUILD_EXIT_ERROR;
}

static void copy_list(struct guild_strs *to, const struct guild_args *args, const char *key)
{
	const struct guild_strs *list = guild_args_list(args, key);
	for (size_t i = 0; i < list->n; i++) {
		guild_strs_add(to, list->v[i]);
	}
}

static int run_import(struct guild_ctx *ctx, const struct guild_args *args,
	struct guild_import_request asked, const char *path)
{
	struct guild_import_request *req = &asked;
	struct guild_error err = {0};
	struct guild_import_summary sum = {0};
	struct telling t = {.ctx = ctx,
		.preview = req->preview,
		.keep_differing = guild_args_has(args, "skip-differing") &&
				  guild_args_flag(args, "skip-differing")};
	size_t n = 0;
	if (guild_import_count(req, &n, &err) != 0) {
		return guild_cmd_fail(ctx, &err);
	}
	int code = confirm(ctx, args, req, path, n);
	if (code != GUILD_EXIT_OK) {
		return code;
	}
	t.list = guild_args_flag(args, "json") ? guild_value_list(ctx->arena) : NULL;
	guild_table_init(&t.table, 5, 0);
	req->on_run = on_run;
	req->arg = &t;
	guild_progress_start(&t.progress, ctx, "Importing", (int64_t)n);
	int rc = guild_import(req, &sum, &ctx->log, &err);
	guild_progress_end(&t.progress);
	if (t.list != NULL) {
		guild_cmd_print_json(summary_json(ctx, &t, req, &sum, path));
	} else if (rc == 0 || t.progress.done > 0) {
		guild_table_print(&t.table, stdout, ctx->columns);
		tell_summary(&t, req, &sum, path);
	}
	guild_table_fini(&t.table);
	code = tell_trouble(&t, &sum);
	if (rc != 0) {
		code = guild_cmd_fail(ctx, &err);
	}
	return code;
}

/* Aim is read by the Python that has it. */
static int find_python(struct guild_ctx *ctx, struct guild_python *py, struct guild_error *err)
{
	char *cache = guild_path_join3(ctx->home.path, "cache", "python");
	int rc = guild_python_find(ctx->environ_, ctx->cwd, cache, py, err);
	free(cache);
	return rc;
}

/* What the command takes for archives alone; NULL: nothing of it was given. */
static const char *foreign_option(const struct guild_args *args)
{
	static const char *const keys[] = {"move", "copy-resources"};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(keys); i++) {
		if (guild_args_has(args, keys[i]) && guild_args_given(args, keys[i])) {
			return keys[i];
		}
	}
	return NULL;
}

int guild_cmd_import_from(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_error err = {0};
	const char *foreign = foreign_option(args);
	if (foreign != NULL) {
		return guild_cmd_usage(ctx, "import", "'--%s' cannot be used with '--from'",
			foreign);
	}
	if (guild_args_words(args)->n > 1 || guild_cmd_has_filters(args)) {
		return guild_cmd_usage(ctx, "import",
			"'--from' imports all runs: none can be named or filtered");
	}
	struct guild_python py = {0};
	const char *path = guild_args_words(args)->v[0];
	char *runs = guild_home_runs_dir(&ctx->home, false);
	char *trash = guild_home_runs_dir(&ctx->home, true);
	struct guild_import_request req = {
		.kind = guild_args_text(args, "from"),
		.path = path,
		.runs_dir = runs,
		.trash_dir = trash,
		.operation = guild_args_text(args, "as-operation"),
		.preview = guild_args_flag(args, "dry-run"),
		.include_deleted = guild_args_flag(args, "include-deleted"),
		.replace = guild_args_flag(args, "replace"),
		.environ_ = ctx->environ_,
		.cwd = ctx->cwd,
		.csv = {.id = guild_args_text(args, "id-col"),
			.step = guild_args_text(args, "step-col"),
			.time = guild_args_text(args, "time-col")},
	};
	int code;
	copy_list(&req.csv.flags, args, "flag-col");
	copy_list(&req.csv.metrics, args, "metric-col");
	copy_list(&req.csv.ignored, args, "skip-col");
	if (strcmp(req.kind, "aim") == 0 && find_python(ctx, &py, &err) != 0) {
		code = guild_cmd_fail(ctx, &err);
	} else {
		req.python = py.exe;
		code = run_import(ctx, args, req, path);
	}
	guild_python_fini(&py);
	guild_strs_fini(&req.csv.flags);
	guild_strs_fini(&req.csv.metrics);
	guild_strs_fini(&req.csv.ignored);
	free(trash);
	free(runs);
	return code;
}
