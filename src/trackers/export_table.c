/* Runs as tables, CSV or Parquet: one row a run, and one row a value of a scalar. */

#include "export.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* ---- a table, whichever its format ---------------------------------------------------------------------------- */

struct table {
	struct guild_new_file *file;
	struct guild_sink sink;
	struct guild_parquet *parquet; /* NULL: CSV */
	const struct guild_parquet_column *columns;
	const struct guild_value **cells; /* of the row being made; NULL: nothing */
	size_t n;
	struct guild_buf text; /* CSV not yet written */
};

static int open_table(struct table *t, const char *path, bool is_parquet,
	const struct guild_parquet_column *columns, size_t n, struct guild_error *err)
{
	*t = (struct table){.columns = columns, .n = n};
	int rc = guild_new_file_open(path, &t->file, err);
	if (rc != 0) {
		return rc;
	}
	t->sink = guild_new_file_sink(t->file);
	t->cells = guild_alloc(n * sizeof(const struct guild_value *));
	if (is_parquet) {
		t->parquet = guild_parquet_new(columns, n, &t->sink);
		return 0;
	}
	for (size_t i = 0; i < n; i++) {
		guild_buf_puts(&t->text, i > 0 ? "," : "");
		guild_csv_field(&t->text, guild_str(columns[i].name));
	}
	guild_buf_putc(&t->text, '\n');
	return 0;
}

/* Times as ISO 8601 in UTC, which every reader takes. */
static void put_time(struct guild_buf *out, int64_t us)
{
	time_t seconds = (time_t)(us / 1000000 - (us % 1000000 < 0));
	struct tm tm;
	int64_t rest = us - (int64_t)seconds * 1000000;
	if (gmtime_r(&seconds, &tm) != NULL) {
		guild_buf_printf(out, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", tm.tm_year + 1900,
			tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)rest);
	}
}

static void put_cell(struct guild_buf *out, enum guild_parquet_type type,
	const struct guild_value *v)
{
	struct guild_buf text = {0};
	if (v == NULL || v->type == GUILD_NULL) {
		return;
	}
	if (type == GUILD_PARQUET_TIME && v->type == GUILD_INT) {
		put_time(&text, v->i);
	} else if (v->type == GUILD_LIST || v->type == GUILD_DICT) {
		guild_json_dump(&text, v, GUILD_JSON_COMPACT);
	} else {
		guild_value_py_str(&text, v);
	}
	guild_csv_field(out, guild_buf_str(&text));
	guild_buf_fini(&text);
}

static int end_row(struct table *t, struct guild_error *err)
{
	int rc = 0;
	for (size_t i = 0; i < t->n; i++) {
		if (t->parquet != NULL) {
			guild_parquet_value(t->parquet, i, t->cells[i]);
		} else {
			guild_buf_puts(&t->text, i > 0 ? "," : "");
			put_cell(&t->text, t->columns[i].type, t->cells[i]);
		}
		t->cells[i] = NULL;
	}
	if (t->parquet != NULL) {
		rc = guild_parquet_end_row(t->parquet, err);
	} else {
		guild_buf_putc(&t->text, '\n');
		rc = guild_sink_flush(&t->sink, &t->text, false, err);
	}
	return rc;
}

/* With rc != 0 nothing stays. */
static int close_table(struct table *t, int rc, struct guild_error *err)
{
	if (rc == 0) {
		rc = t->parquet != NULL ? guild_parquet_finish(t->parquet, err)
					: guild_sink_flush(&t->sink, &t->text, true, err);
	}
	if (t->file != NULL && rc == 0) {
		rc = guild_new_file_commit(t->file, false, err);
	} else if (t->file != NULL) {
		guild_new_file_discard(t->file);
	}
	guild_parquet_free(t->parquet);
	guild_buf_fini(&t->text);
	free(t->cells);
	return rc;
}

/* ---- runs -------------------------------------------------------------------------------------------------------- */

enum fact {
	FACT_ID,
	FACT_OPERATION,
	FACT_LABEL,
	FACT_TAGS,
	FACT_STARTED,
	FACT_STOPPED,
	FACT_STATUS,
	FACT_EXIT_STATUS,
	FACT_USER,
	FACT_HOST,
	FACTS,
};
static const struct guild_parquet_column facts[FACTS] = {
	[FACT_ID] = {"id", GUILD_PARQUET_TEXT},
	[FACT_OPERATION] = {"operation", GUILD_PARQUET_TEXT},
	[FACT_LABEL] = {"label", GUILD_PARQUET_TEXT},
	[FACT_TAGS] = {"tags", GUILD_PARQUET_TEXT},
	[FACT_STARTED] = {"started", GUILD_PARQUET_TIME},
	[FACT_STOPPED] = {"stopped", GUILD_PARQUET_TIME},
	[FACT_STATUS] = {"status", GUILD_PARQUET_TEXT},
	[FACT_EXIT_STATUS] = {"exit_status", GUILD_PARQUET_INT},
	[FACT_USER] = {"user", GUILD_PARQUET_TEXT},
	[FACT_HOST] = {"host", GUILD_PARQUET_TEXT},
};

/* The columns of flags and scalars, over all runs. */
struct columns {
	struct guild_arena *a;
	struct guild_map flags;   /* name -> type + 2; 1: only null so far */
	struct guild_map metrics; /* keys */
	struct guild_map places;  /* name of a column -> position + 1 */
	struct guild_parquet_column *v;
	size_t n;
};

static void add_run(struct columns *c, const struct guild_run *run, const struct guild_log *log)
{
	struct guild_arena *a = guild_arena_new();
	const struct guild_value *flags = guild_run_attr(run, a, "flags");
	struct guild_scalars scalars = {0};
	struct guild_buf key = {0};
	for (size_t i = 0; flags != NULL && flags->type == GUILD_DICT && i < flags->n; i++) {
		const char *name = guild_value_text(flags->pairs[i].key);
		if (name != NULL) {
			const struct guild_value *v = flags->pairs[i].value;
			uintptr_t so_far = (uintptr_t)guild_map_get(&c->flags, name);
			enum guild_parquet_type type =
				guild_parquet_type_with(so_far > 1
								? (enum guild_parquet_type)(so_far -
											    2)
								: GUILD_PARQUET_BOOL,
					so_far > 1, v);
			uintptr_t now = guild_value_is_null(v) ? (so_far > 0 ? so_far : 1)
							       : (uintptr_t)type + 2;
			guild_map_put(&c->flags, name, (void *)now);
		}
	}
	if (guild_scalars_read(run, a, &scalars, log, NULL) == 0) {
		for (size_t i = 0; i < scalars.n; i++) {
			guild_buf_reset(&key);
			guild_scalar_key(&scalars.v[i], &key);
			guild_map_put(&c->metrics, guild_buf_cstr(&key), c);
		}
	}
	guild_buf_fini(&key);
	guild_arena_free(a);
}

static void add_names(struct columns *c, const struct guild_map *map, const char *prefix,
	bool are_flags)
{
	struct guild_strs names = {0};
	for (size_t i = 0; i < map->n; i++) {
		guild_strs_add(&names, map->entries[i].key);
	}
	guild_strs_sort_natural(&names);
	for (size_t i = 0; i < names.n; i++) {
		uintptr_t type = (uintptr_t)guild_map_get(map, names.v[i]);
		const char *name = guild_arena_format(c->a, "%s%s", prefix, names.v[i]);
		guild_map_put(&c->places, name, (void *)(c->n + 1));
		c->v[c->n++] = (struct guild_parquet_column){
			.name = name,
			.type = !are_flags ? GUILD_PARQUET_FLOAT
				: type > 1 ? (enum guild_parquet_type)(type - 2)
					   : GUILD_PARQUET_TEXT,
		};
	}
	guild_strs_fini(&names);
}

static void find_columns(struct columns *c, const struct export *exp)
{
	for (size_t i = 0; i < exp->req->runs->n; i++) {
		add_run(c, &exp->req->runs->v[i], exp->log);
	}
	c->v = guild_arena_alloc(c->a, (FACTS + c->flags.n + c->metrics.n) * sizeof(*c->v));
	memcpy(c->v, facts, sizeof(facts));
	c->n = FACTS;
	add_names(c, &c->flags, "flag:", true);
	add_names(c, &c->metrics, "metric:", false);
}

/* Position of a column, SIZE_MAX: none (the run has changed since). */
static size_t place_of(const struct columns *c, const char *prefix, const char *name)
{
	char *whole = guild_format("%s%s", prefix, name);
	uintptr_t at = (uintptr_t)guild_map_get(&c->places, whole);
	free(whole);
	return at > 0 ? (size_t)at - 1 : SIZE_MAX;
}

static const struct guild_value *int_or_null(struct guild_arena *a, int64_t v)
{
	return v == INT64_MIN ? NULL : guild_value_int(a, v);
}

static void fill_facts(struct table *t, struct export_run *x)
{
	struct guild_buf tags = {0};
	for (size_t i = 0; i < x->tags->n; i++) {
		guild_buf_puts(&tags, i > 0 ? "," : "");
		guild_value_py_str(&tags, x->tags->items[i]);
	}
	t->cells[FACT_ID] = guild_value_string(x->a, x->run->id);
	t->cells[FACT_OPERATION] = guild_value_string(x->a, x->op);
	t->cells[FACT_LABEL] = guild_value_string(x->a, x->label);
	t->cells[FACT_TAGS] = guild_value_string(x->a, guild_buf_cstr(&tags));
	t->cells[FACT_STARTED] = int_or_null(x->a, x->started_us);
	t->cells[FACT_STOPPED] = int_or_null(x->a, x->stopped_us);
	t->cells[FACT_STATUS] = guild_value_string(x->a, guild_run_status_name(x->status));
	t->cells[FACT_EXIT_STATUS] = int_or_null(x->a, x->exit_status);
	t->cells[FACT_USER] = guild_value_string(x->a, x->user);
	t->cells[FACT_HOST] = guild_value_string(x->a, x->host);
	guild_buf_fini(&tags);
}

/* A flag that was imported as text says the text again. */
static const struct guild_value *flag_cell(const struct export_run *x, const char *name,
	const struct guild_value *v, enum guild_parquet_type type)
{
	const struct guild_value *text =
		guild_value_get(guild_value_get(x->imported, "texts"), name);
	return text != NULL && type == GUILD_PARQUET_TEXT ? text : v;
}

static int write_run(struct table *t, const struct columns *c, const struct guild_run *run,
	const struct guild_log *log, struct guild_error *err)
{
	struct export_run x;
	struct guild_scalars scalars = {0};
	struct guild_buf key = {0};
	guild_export_run_read(&x, run, log);
	fill_facts(t, &x);
	for (size_t i = 0; i < x.flags->n; i++) {
		const char *name = guild_value_text(x.flags->pairs[i].key);
		size_t at = name == NULL ? SIZE_MAX : place_of(c, "flag:", name);
		if (at != SIZE_MAX) {
			t->cells[at] = flag_cell(&x, name, x.flags->pairs[i].value, c->v[at].type);
		}
	}
	if (guild_scalars_read(run, x.a, &scalars, NULL, NULL) == 0) {
		for (size_t i = 0; i < scalars.n; i++) {
			guild_buf_reset(&key);
			guild_scalar_key(&scalars.v[i], &key);
			size_t at = place_of(c, "metric:", guild_buf_cstr(&key));
			if (at != SIZE_MAX) {
				t->cells[at] = guild_value_float(x.a, scalars.v[i].last);
			}
		}
	}
	int rc = end_row(t, err);
	guild_buf_fini(&key);
	guild_export_run_fini(&x);
	return rc;
}

static int write_runs(struct export *exp, const char *path, bool is_parquet,
	struct guild_error *err)
{
	struct columns c = {.a = guild_arena_new()};
	struct table t = {0};
	find_columns(&c, exp);
	int rc = open_table(&t, path, is_parquet, c.v, c.n, err);
	for (size_t i = 0; rc == 0 && i < exp->req->runs->n; i++) {
		rc = write_run(&t, &c, &exp->req->runs->v[i], exp->log, err);
	}
	rc = close_table(&t, rc, err);
	guild_map_fini(&c.flags);
	guild_map_fini(&c.metrics);
	guild_map_fini(&c.places);
	guild_arena_free(c.a);
	return rc;
}

/* ---- scalars ------------------------------------------------------------------------------------------------------ */

enum { SCALAR_ID, SCALAR_TAG, SCALAR_STEP, SCALAR_TIME, SCALAR_VALUE, SCALARS };
static const struct guild_parquet_column scalar_columns[SCALARS] = {
	[SCALAR_ID] = {"id", GUILD_PARQUET_TEXT},
	[SCALAR_TAG] = {"tag", GUILD_PARQUET_TEXT},
	[SCALAR_STEP] = {"step", GUILD_PARQUET_INT},
	[SCALAR_TIME] = {"wall_time", GUILD_PARQUET_TIME},
	[SCALAR_VALUE] = {"value", GUILD_PARQUET_FLOAT},
};

struct writing {
	struct table t;
	const struct guild_run *run;
	struct guild_error *err;
	int rc;
};

static int on_value(void *arg, const char *key, const struct guild_event_scalar *s)
{
	struct writing *w = arg;
	struct guild_arena *a = guild_arena_new();
	const struct guild_value **cells = w->t.cells;
	bool is_timed = s->wall_time > 0 && s->wall_time < 1e11;
	cells[SCALAR_ID] = guild_value_string(a, w->run->id);
	cells[SCALAR_TAG] = guild_value_string(a, key);
	cells[SCALAR_STEP] = guild_value_int(a, s->step);
	cells[SCALAR_TIME] =
		is_timed ? guild_value_int(a, (int64_t)(s->wall_time * 1e6 + 0.5)) : NULL;
	cells[SCALAR_VALUE] = guild_value_float(a, s->value);
	w->rc = end_row(&w->t, w->err);
	guild_arena_free(a);
	return w->rc;
}

static int write_scalars(struct export *exp, const char *path, bool is_parquet,
	struct guild_error *err)
{
	struct writing w = {.err = err};
	w.rc = open_table(&w.t, path, is_parquet, scalar_columns, SCALARS, err);
	for (size_t i = 0; w.rc == 0 && i < exp->req->runs->n; i++) {
		struct export_run x;
		w.run = &exp->req->runs->v[i];
		guild_export_run_read(&x, w.run, exp->log);
		struct guild_exported what = {.run = w.run, .is_new = true, .place = ""};
		what.n_values = guild_export_each_value(&x, on_value, &w, exp->log);
		guild_export_run_fini(&x);
		if (w.rc == 0) {
			w.rc = guild_export_report(exp, &what, err);
		}
	}
	return close_table(&w.t, w.rc, err);
}

/* ---- where to ------------------------------------------------------------------------------------------------------ */

static int check_place(const struct export *exp, const char *path, struct guild_error *err)
{
	if (!exp->req->replace && guild_file_exists(path)) {
		guild_error_set(err, GUILD_EEXISTS, "'%s' exists already", path);
		guild_error_hint(err, "--replace replaces it");
		return GUILD_EEXISTS;
	}
	return 0;
}

/* PATH.csv: the runs alone; else a folder of both tables. */
static int export_tables(struct export *exp, const char *ext, bool is_parquet,
	struct guild_error *err)
{
	if (strcasecmp(guild_path_ext(exp->root), ext) == 0) {
		int rc = check_place(exp, exp->root, err);
		if (rc == 0) {
			rc = write_runs(exp, exp->root, is_parquet, err);
		}
		for (size_t i = 0; rc == 0 && i < exp->req->runs->n; i++) {
			struct guild_exported what = {
				.run = &exp->req->runs->v[i], .is_new = true, .place = ""};
			rc = guild_export_report(exp, &what, err);
		}
		return rc;
	}
	char *runs = guild_format("%s/runs%s", exp->root, ext);
	char *scalars = guild_format("%s/scalars%s", exp->root, ext);
	int rc = guild_mkdirs(exp->root, err);
	if (rc == 0 && (rc = check_place(exp, runs, err)) == 0 &&
		(rc = check_place(exp, scalars, err)) == 0 &&
		(rc = write_scalars(exp, scalars, is_parquet, err)) == 0) {
		rc = write_runs(exp, runs, is_parquet, err);
	}
	free(scalars);
	free(runs);
	return rc;
}

static int export_csv(struct export *exp, struct guild_error *err)
{
	return export_tables(exp, ".csv", false, err);
}

static int export_parquet(struct export *exp, struct guild_error *err)
{
	return export_tables(exp, ".parquet", true, err);
}

const struct export_target guild_export_csv = {.kind = "csv", .export = export_csv};
const struct export_target guild_export_parquet = {.kind = "parquet", .export = export_parquet};
