/* MLflow's store in an SQLite database. It is only read, as it was at one moment. */

#include "mlflow.h"

#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

enum { BUSY_MS = 10000 };

struct store {
	struct import *imp;
	sqlite3 *db;
	sqlite3_stmt *params, *tags, *metrics, *experiment_tags; /* experiment_tags may be NULL */
	char *base;                                              /* folder of the database */
};

static int db_error(const struct store *s, struct guild_error *err)
{
	return guild_error_set(err, GUILD_EINVALID, "cannot read the MLflow database: %s (%s)",
		s->db != NULL ? sqlite3_errmsg(s->db) : "out of memory", s->imp->root);
}

static int prepare(struct store *s, const char *sql, sqlite3_stmt **out, struct guild_error *err)
{
	return sqlite3_prepare_v2(s->db, sql, -1, out, NULL) == SQLITE_OK ? 0 : db_error(s, err);
}

static void close_db(struct store *s)
{
	sqlite3_finalize(s->params);
	sqlite3_finalize(s->tags);
	sqlite3_finalize(s->metrics);
	sqlite3_finalize(s->experiment_tags);
	sqlite3_close(s->db);
	free(s->base);
}

static int open_db(struct import *imp, struct store *s, struct guild_error *err)
{
	*s = (struct store){.imp = imp, .base = guild_path_dirname(imp->root)};
	if (sqlite3_open_v2(imp->root, &s->db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) {
		return db_error(s, err);
	}
	sqlite3_busy_timeout(s->db, BUSY_MS);
	if (sqlite3_exec(s->db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK) {
		return db_error(s, err);
	}
	int rc = prepare(s, "SELECT key, value FROM params WHERE run_uuid = ? ORDER BY key",
		&s->params, err);
	if (rc == 0) {
		rc = prepare(s, "SELECT key, value FROM tags WHERE run_uuid = ? ORDER BY key",
			&s->tags, err);
	}
	if (rc == 0) {
		rc = prepare(s,
			"SELECT key, timestamp, value, step, is_nan FROM metrics"
			" WHERE run_uuid = ? ORDER BY key, timestamp, step, value",
			&s->metrics, err);
	}
	if (rc == 0) { /* stores of early versions have none */
		(void)prepare(s, "SELECT key, value FROM experiment_tags WHERE experiment_id = ?",
			&s->experiment_tags, NULL);
	}
	return rc;
}

static struct guild_str column(sqlite3_stmt *st, int i)
{
	const char *p = (const char *)sqlite3_column_text(st, i);
	return guild_str_n(p != NULL ? p : "", (size_t)sqlite3_column_bytes(st, i));
}

/* A copy in the run's arena; NULL where the database has none. */
static const char *text(struct import_run *r, sqlite3_stmt *st, int i)
{
	struct guild_str s = column(st, i);
	return sqlite3_column_type(st, i) == SQLITE_NULL ? NULL
							 : guild_arena_strndup(r->a, s.p, s.n);
}

/* Starts a statement about one run or experiment. */
static void begin(sqlite3_stmt *st, const char *key)
{
	sqlite3_reset(st);
	sqlite3_bind_text(st, 1, key, -1, SQLITE_TRANSIENT);
}

static int end_of(struct store *s, int rc, struct guild_error *err)
{
	return rc == SQLITE_DONE ? 0 : db_error(s, err);
}

static int read_params(struct store *s, struct import_run *r, struct guild_error *err)
{
	int rc;
	begin(s->params, r->key);
	while ((rc = sqlite3_step(s->params)) == SQLITE_ROW) {
		guild_import_flag_text(r, text(r, s->params, 0), column(s->params, 1));
	}
	return end_of(s, rc, err);
}

static int read_tags(struct store *s, struct import_run *r, struct guild_error *err)
{
	struct guild_value *tags = guild_value_dict(r->a);
	int rc;
	begin(s->tags, r->key);
	while ((rc = sqlite3_step(s->tags)) == SQLITE_ROW) {
		guild_mlflow_tag(r, tags, text(r, s->tags, 0), column(s->tags, 1));
	}
	guild_mlflow_tags_end(r, tags);
	return end_of(s, rc, err);
}

static int read_metrics(struct store *s, struct import_run *r, struct guild_error *err)
{
	int rc;
	begin(s->metrics, r->key);
	while ((rc = sqlite3_step(s->metrics)) == SQLITE_ROW) {
		double value = sqlite3_column_int(s->metrics, 4) != 0
				       ? (double)NAN
				       : sqlite3_column_double(s->metrics, 2);
		guild_import_metric(r, NULL, column(s->metrics, 0),
			sqlite3_column_int64(s->metrics, 3),
			(double)sqlite3_column_int64(s->metrics, 1) / 1000, value);
	}
	return end_of(s, rc, err);
}

/* Columns of the statement over runs. */
enum {
	RUN_ID,
	RUN_NAME,
	SOURCE_TYPE,
	SOURCE_NAME,
	ENTRY_POINT,
	USER,
	STATUS,
	START,
	END,
	SOURCE_VERSION,
	LIFECYCLE,
	ARTIFACTS,
	EXPERIMENT_ID,
	EXPERIMENT_NAME,
	EXPERIMENT_LIFECYCLE,
};
static const char runs_sql[] =
	"SELECT r.run_uuid, r.name, r.source_type, r.source_name, r.entry_point_name, r.user_id,"
	" r.status, r.start_time, r.end_time, r.source_version, r.lifecycle_stage, r.artifact_uri,"
	" r.experiment_id, e.name, e.lifecycle_stage"
	" FROM runs r LEFT JOIN experiments e ON e.experiment_id = r.experiment_id"
	" ORDER BY r.experiment_id, r.start_time, r.run_uuid";

static void read_experiment(struct store *s, struct import_run *r, sqlite3_stmt *run)
{
	static const struct {
		const char *name;
		int column;
	} facts[] = {{"id", EXPERIMENT_ID}, {"name", EXPERIMENT_NAME}};
	struct guild_value *about = guild_value_dict(r->a);
	struct guild_value *tags = guild_value_dict(r->a);
	for (size_t i = 0; i < GUILD_ARRAY_LEN(facts); i++) {
		guild_value_set(r->a, about, facts[i].name,
			guild_value_string(r->a, text(r, run, facts[i].column)));
	}
	if (guild_streq(text(r, run, EXPERIMENT_LIFECYCLE), "deleted")) {
		guild_value_set(r->a, about, "lifecycle_stage",
			guild_value_string(r->a, "deleted"));
		r->is_deleted = true;
	}
	if (s->experiment_tags != NULL) {
		begin(s->experiment_tags, text(r, run, EXPERIMENT_ID));
		while (sqlite3_step(s->experiment_tags) == SQLITE_ROW) {
			struct guild_str value = column(s->experiment_tags, 1);
			guild_value_set(r->a, tags, text(r, s->experiment_tags, 0),
				guild_value_string_n(r->a, value.p, value.n));
		}
	}
	if (tags->n > 0) {
		guild_value_set(r->a, about, "tags", tags);
	}
	guild_import_about(r, "experiment", about);
}

static int import_one(struct store *s, sqlite3_stmt *run, struct guild_error *err)
{
	static const struct {
		const char *name;
		int column;
	} kept[] = {{"source_type", SOURCE_TYPE}, {"source_name", SOURCE_NAME},
		{"source_version", SOURCE_VERSION}, {"entry_point_name", ENTRY_POINT}};
	struct guild_error why = {0};
	char *key = guild_strdup((const char *)sqlite3_column_text(run, RUN_ID));
	struct import_run *r = guild_import_run_new(s->imp, key != NULL ? key : "");
	const char *op = text(r, run, EXPERIMENT_NAME);
	const char *user = text(r, run, USER);
	const char *status = text(r, run, STATUS);

	r->op = s->imp->req->operation != NULL ? s->imp->req->operation
		: op != NULL && *op != '\0'    ? op
					       : "mlflow";
	r->label = text(r, run, RUN_NAME);
	r->user = user != NULL ? user : "";
	r->started_us = guild_mlflow_time_us(sqlite3_column_int64(run, START));
	r->stopped_us = guild_mlflow_time_us(sqlite3_column_int64(run, END));
	r->is_deleted = guild_streq(text(r, run, LIFECYCLE), "deleted");
	if (status != NULL) {
		guild_import_status(r, status);
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(kept); i++) {
		guild_import_about_text(r, kept[i].name, text(r, run, kept[i].column));
	}
	if (r->is_deleted) {
		guild_import_about_text(r, "lifecycle_stage", "deleted");
	}
	read_experiment(s, r, run);
	int rc = read_params(s, r, &why);
	if (rc == 0) {
		rc = read_tags(s, r, &why);
	}
	if (rc == 0) {
		rc = read_metrics(s, r, &why);
	}
	if (rc == 0) {
		guild_mlflow_artifacts(r, text(r, run, ARTIFACTS), NULL, s->base);
		rc = guild_import_run_end(r, err);
	} else {
		rc = guild_import_run_damaged(s->imp, r, key, &why, err);
	}
	free(key);
	return rc;
}

int guild_mlflow_db_count(struct import *imp, size_t *n, struct guild_error *err)
{
	struct store s;
	sqlite3_stmt *st = NULL;
	int rc = open_db(imp, &s, err);
	if (rc == 0) {
		rc = prepare(&s, "SELECT count(*) FROM runs", &st, err);
	}
	if (rc == 0 && sqlite3_step(st) == SQLITE_ROW) {
		*n = (size_t)sqlite3_column_int64(st, 0);
	} else if (rc == 0) {
		rc = db_error(&s, err);
	}
	sqlite3_finalize(st);
	close_db(&s);
	return rc;
}

int guild_mlflow_db_import(struct import *imp, struct guild_error *err)
{
	struct store s;
	sqlite3_stmt *runs = NULL;
	int rc = open_db(imp, &s, err);
	if (rc == 0) {
		rc = prepare(&s, runs_sql, &runs, err);
	}
	int step = SQLITE_DONE;
	while (rc == 0 && (step = sqlite3_step(runs)) == SQLITE_ROW) {
		rc = import_one(&s, runs, err);
	}
	if (rc == 0) {
		rc = end_of(&s, step, err);
	}
	sqlite3_finalize(runs);
	close_db(&s);
	return rc;
}
