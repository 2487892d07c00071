/* MLflow's store of folders: ROOT/EXPERIMENT/RUN/{meta.yaml,params,metrics,tags,artifacts}. */

#include "mlflow.h"

#include <stdlib.h>
#include <string.h>

enum { KEY_DEPTH_MAX = 32 };

/* One experiment being read. */
struct experiment {
	struct import *imp;
	const char *dir;
	struct guild_arena *a;
	const struct guild_value *meta; /* or NULL: only the run's own folder is there */
	struct guild_value *tags;
	bool is_deleted;
};

static bool has_meta(const char *dir)
{
	char *path = guild_path_join(dir, "meta.yaml");
	bool has = guild_is_file(path);
	free(path);
	return has;
}

static int read_meta(struct guild_arena *a, const char *dir, struct guild_value **out,
	struct guild_error *err)
{
	char *path = guild_path_join(dir, "meta.yaml");
	struct guild_value *meta = NULL;
	int rc = guild_yaml_parse_file(a, path, GUILD_YAML_PLAIN, &meta, err);
	if (rc == 0 && (meta == NULL || meta->type != GUILD_DICT)) {
		rc = guild_error_set(err, GUILD_EINVALID, "no mapping (%s)", path);
	}
	if (rc == 0) {
		*out = meta;
	}
	free(path);
	return rc;
}

static bool is_run_meta(const struct guild_value *meta)
{
	return guild_value_get(meta, "run_id") != NULL || guild_value_get(meta, "run_uuid") != NULL;
}

/* ---- keys that are files, perhaps in folders: a/b is the key "a/b" ------------------------------------------ */

typedef int key_fn(void *arg, const char *key, const char *path, struct guild_error *err);

static int each_key(const char *dir, const char *prefix, size_t depth, key_fn *fn, void *arg,
	struct guild_error *err)
{
	struct guild_strs names = {0};
	int rc = 0;
	if (depth > KEY_DEPTH_MAX) {
		return guild_error_set(err, GUILD_ELIMIT, "'%s' is nested too deep", dir);
	}
	if (guild_dir_list(dir, &names, NULL) != 0) { /* no such folder: no keys */
		names.n = 0;
	}
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		char *path = guild_path_join(dir, names.v[i]);
		char *key = *prefix == '\0' ? guild_strdup(names.v[i])
					    : guild_format("%s/%s", prefix, names.v[i]);
		rc = guild_is_dir(path) ? each_key(path, key, depth + 1, fn, arg, err)
					: fn(arg, key, path, err);
		free(key);
		free(path);
	}
	guild_strs_fini(&names);
	return rc;
}

static int each_key_of(const char *dir, const char *name, key_fn *fn, void *arg,
	struct guild_error *err)
{
	char *path = guild_path_join(dir, name);
	int rc = each_key(path, "", 0, fn, arg, err);
	free(path);
	return rc;
}

/* ---- one run --------------------------------------------------------------------------------------------------- */

struct reading {
	struct import_run *r;
	struct guild_value *tags;
	const char *metric;
};

static int on_param(void *arg, const char *key, const char *path, struct guild_error *err)
{
	struct reading *reading = arg;
	struct guild_buf text = {0};
	int rc = guild_file_read(path, IMPORT_TEXT_MAX, &text, err);
	if (rc == 0) {
		guild_import_flag_text(reading->r, key, guild_buf_str(&text));
	}
	guild_buf_fini(&text);
	return rc;
}

static int on_tag(void *arg, const char *key, const char *path, struct guild_error *err)
{
	struct reading *reading = arg;
	struct guild_buf text = {0};
	int rc = guild_file_read(path, IMPORT_TEXT_MAX, &text, err);
	if (rc == 0) {
		guild_mlflow_tag(reading->r, reading->tags, key, guild_buf_str(&text));
	}
	guild_buf_fini(&text);
	return rc;
}

static void on_point(void *arg, int64_t time_ms, double value, int64_t step)
{
	struct reading *reading = arg;
	guild_import_metric(reading->r, NULL, guild_str(reading->metric), step,
		(double)time_ms / 1000, value);
}

static int on_metric(void *arg, const char *key, const char *path, struct guild_error *err)
{
	struct reading *reading = arg;
	struct guild_buf text = {0};
	int rc = guild_file_read(path, 0, &text, err);
	if (rc == 0) {
		reading->metric = key;
		size_t n_bad = guild_mlflow_parse_metric(guild_buf_str(&text), on_point, reading);
		if (n_bad > 0) {
			guild_log(reading->r->imp->log, "warning",
				"%zu line(s) cannot be read and were left out (%s)", n_bad, path);
		}
	}
	guild_buf_fini(&text);
	return rc;
}

static int64_t meta_int(const struct guild_value *meta, const char *name)
{
	const struct guild_value *v = guild_value_get(meta, name);
	return v != NULL && v->type == GUILD_INT && v->s.n == 0 ? v->i : 0;
}

/* The words for what the file says by number; a word is taken as it is. */
static const char *word_of(const struct guild_value *v, const char *const *words, size_t n)
{
	if (v != NULL && v->type == GUILD_INT && v->i >= 0 && v->i < (int64_t)n) {
		return words[v->i];
	}
	return guild_value_text(v);
}

static void read_facts(struct import_run *r, const struct guild_value *meta)
{
	static const char *const statuses[] = {
		NULL, "RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"};
	static const char *const sources[] = {NULL, "NOTEBOOK", "JOB", "PROJECT", "LOCAL"};
	const char *status =
		word_of(guild_value_get(meta, "status"), statuses, GUILD_ARRAY_LEN(statuses));
	const char *user = guild_value_text(guild_value_get(meta, "user_id"));
	const char *name = guild_value_text(guild_value_get(meta, "run_name"));
	const char *lifecycle = guild_value_text(guild_value_get(meta, "lifecycle_stage"));

	r->label = name != NULL ? guild_arena_strdup(r->a, name) : NULL;
	r->user = user != NULL ? guild_arena_strdup(r->a, user) : "";
	r->started_us = guild_mlflow_time_us(meta_int(meta, "start_time"));
	r->stopped_us = guild_mlflow_time_us(meta_int(meta, "end_time"));
	r->is_deleted = guild_streq(lifecycle, "deleted");
	if (status != NULL) {
		guild_import_status(r, status);
	}
	guild_import_about_text(r, "source_type",
		word_of(guild_value_get(meta, "source_type"), sources, GUILD_ARRAY_LEN(sources)));
	static const char *const kept[] = {"source_name", "source_version", "entry_point_name"};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(kept); i++) {
		guild_import_about_text(r, kept[i],
			guild_value_text(guild_value_get(meta, kept[i])));
	}
	if (r->is_deleted) {
		guild_import_about_text(r, "lifecycle_stage", "deleted");
	}
}

static void read_experiment_facts(struct import_run *r, const struct experiment *e,
	const struct guild_value *run_meta)
{
	struct guild_value *about = guild_value_dict(r->a);
	const struct guild_value *id = guild_value_get(run_meta, "experiment_id");
	const char *name = guild_value_text(guild_value_get(e->meta, "name"));
	struct guild_buf text = {0};
	if (id != NULL) {
		guild_value_py_str(&text, id);
		guild_value_set(r->a, about, "id", guild_value_string(r->a, guild_buf_cstr(&text)));
	}
	if (name != NULL) {
		guild_value_set(r->a, about, "name", guild_value_string(r->a, name));
	}
	if (e->is_deleted) {
		guild_value_set(r->a, about, "lifecycle_stage",
			guild_value_string(r->a, "deleted"));
	}
	if (e->tags->n > 0) {
		guild_value_set(r->a, about, "tags", guild_value_copy(r->a, e->tags));
	}
	guild_import_about(r, "experiment", about);
	if (name != NULL && *name != '\0') {
		r->op = guild_arena_strdup(r->a, name);
	} else if (text.n > 0) {
		r->op = guild_arena_strdup(r->a, guild_buf_cstr(&text));
	}
	if (r->imp->req->operation != NULL) {
		r->op = r->imp->req->operation;
	}
	guild_buf_fini(&text);
}

static int import_one(struct experiment *e, const char *dir, struct guild_error *err)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *meta = NULL;
	struct guild_error why = {0};
	struct import_run *r = NULL;
	int rc = read_meta(a, dir, &meta, &why);
	if (rc == 0 && is_run_meta(meta)) {
		const char *id = guild_value_text(guild_value_get(meta, "run_id"));
		if (id == NULL) {
			id = guild_value_text(guild_value_get(meta, "run_uuid"));
		}
		/* An id of digits alone reads as a number where it is not quoted. */
		r = guild_import_run_new(e->imp, id != NULL ? id : guild_path_basename(dir));
		struct reading reading = {.r = r, .tags = guild_value_dict(r->a)};
		read_facts(r, meta);
		read_experiment_facts(r, e, meta);
		r->is_deleted = r->is_deleted || e->is_deleted;
		if ((rc = each_key_of(dir, "params", on_param, &reading, &why)) == 0 &&
			(rc = each_key_of(dir, "tags", on_tag, &reading, &why)) == 0 &&
			(rc = each_key_of(dir, "metrics", on_metric, &reading, &why)) == 0) {
			char *own = guild_path_join(dir, "artifacts");
			guild_mlflow_tags_end(r, reading.tags);
			guild_mlflow_artifacts(r,
				guild_value_text(guild_value_get(meta, "artifact_uri")), own, NULL);
			free(own);
		}
	}
	if (rc != 0) {
		rc = guild_import_run_damaged(e->imp, r, guild_path_basename(dir), &why, err);
	} else if (r != NULL) {
		rc = guild_import_run_end(r, err);
	}
	guild_arena_free(a);
	return rc;
}

/* ---- experiments ----------------------------------------------------------------------------------------------- */

static int on_experiment_tag(void *arg, const char *key, const char *path, struct guild_error *err)
{
	struct experiment *e = arg;
	struct guild_buf text = {0};
	int rc = guild_file_read(path, IMPORT_TEXT_MAX, &text, err);
	if (rc == 0) {
		guild_value_set(e->a, e->tags, key, guild_value_string_n(e->a, text.p, text.n));
	}
	guild_buf_fini(&text);
	return rc;
}

/* Folders of runs in an experiment; what has no meta.yaml is no run (tags, datasets, a run being deleted). */
static bool is_run_folder(const char *dir, const char *name)
{
	static const char *const others[] = {"tags", "datasets", "models", "traces"};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(others); i++) {
		if (strcmp(name, others[i]) == 0) {
			return false;
		}
	}
	return has_meta(dir);
}

static int import_experiment(struct import *imp, const char *dir, bool is_deleted,
	struct guild_error *err)
{
	struct experiment e = {.imp = imp, .dir = dir, .a = guild_arena_new()};
	struct guild_strs names = {0};
	struct guild_value *meta = NULL;
	struct guild_error why = {0};
	int rc = 0;
	e.tags = guild_value_dict(e.a);
	if (read_meta(e.a, dir, &meta, &why) == 0) {
		e.meta = meta;
		(void)each_key_of(dir, "tags", on_experiment_tag, &e, NULL);
	} else {
		guild_log(imp->log, "warning", "the experiment's name is not known: %s", why.text);
	}
	e.is_deleted = is_deleted ||
		       guild_streq(guild_value_text(guild_value_get(e.meta, "lifecycle_stage")),
			       "deleted");
	if (guild_dir_list(dir, &names, err) != 0) {
		rc = GUILD_EIO;
	}
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		char *run = guild_path_join(dir, names.v[i]);
		if (is_run_folder(run, names.v[i])) {
			rc = import_one(&e, run, err);
		}
		free(run);
	}
	guild_strs_fini(&names);
	guild_arena_free(e.a);
	return rc;
}

typedef int experiment_fn(void *arg, const char *dir, bool is_deleted, struct guild_error *err);

/* Experiments below the root, those in its .trash too; or the root is one. */
static int each_experiment(const char *root, bool in_trash, experiment_fn *fn, void *arg,
	size_t *n_found, struct guild_error *err)
{
	struct guild_strs names = {0};
	int rc = guild_dir_list(root, &names, err);
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		char *dir = guild_path_join(root, names.v[i]);
		if (strcmp(names.v[i], ".trash") == 0 && !in_trash) {
			rc = each_experiment(dir, true, fn, arg, n_found, err);
		} else if (strcmp(names.v[i], "models") != 0 && has_meta(dir)) {
			(*n_found)++;
			rc = fn(arg, dir, in_trash, err);
		}
		free(dir);
	}
	guild_strs_fini(&names);
	return rc;
}

/* True when the folder itself is an experiment: its meta.yaml names no run, and no experiment's either below. */
static bool is_experiment(const char *dir)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *meta = NULL;
	bool is = read_meta(a, dir, &meta, NULL) == 0 && !is_run_meta(meta) &&
		  guild_value_get(meta, "experiment_id") != NULL;
	guild_arena_free(a);
	return is;
}

static int each(struct import *imp, experiment_fn *fn, void *arg, struct guild_error *err)
{
	size_t n_found = 0;
	if (is_experiment(imp->root)) {
		return fn(arg, imp->root, false, err);
	}
	int rc = each_experiment(imp->root, false, fn, arg, &n_found, err);
	if (rc == 0 && n_found == 0) {
		rc = guild_error_set(err, GUILD_EINVALID,
			"'%s' is no MLflow store: no experiment in it (a folder with meta.yaml)",
			imp->root);
	}
	return rc;
}

static int count_runs(void *arg, const char *dir, bool is_deleted, struct guild_error *err)
{
	size_t *n = arg;
	struct guild_strs names = {0};
	(void)is_deleted;
	int rc = guild_dir_list(dir, &names, err);
	for (size_t i = 0; i < names.n; i++) {
		char *run = guild_path_join(dir, names.v[i]);
		*n += is_run_folder(run, names.v[i]);
		free(run);
	}
	guild_strs_fini(&names);
	return rc;
}

static int import_runs(void *arg, const char *dir, bool is_deleted, struct guild_error *err)
{
	return import_experiment(arg, dir, is_deleted, err);
}

int guild_mlflow_files_count(struct import *imp, size_t *n, struct guild_error *err)
{
	return each(imp, count_runs, n, err);
}

int guild_mlflow_files_import(struct import *imp, struct guild_error *err)
{
	return each(imp, import_runs, imp, err);
}
