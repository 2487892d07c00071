/* Sacred's FileStorageObserver: ROOT/ID/{run,config,metrics,info}.json, cout.txt and artifacts. */

#include "trackers_private.h"

#include <stdlib.h>
#include <string.h>

/* ---- finding runs --------------------------------------------------------------------------------------------- */

typedef int run_fn(void *arg, const char *dir, struct guild_error *err);

static bool is_run(const char *dir)
{
	char *path = guild_path_join(dir, "run.json");
	bool is = guild_is_file(path);
	free(path);
	return is;
}

static int each(struct import *imp, run_fn *fn, void *arg, struct guild_error *err)
{
	struct guild_strs names = {0};
	size_t n_found = 0;
	int rc = 0;
	if (guild_is_dir(imp->root) && is_run(imp->root)) {
		return fn(arg, imp->root, err);
	}
	if (guild_is_dir(imp->root)) {
		rc = guild_dir_list(imp->root, &names, err);
	}
	guild_strs_sort_natural(&names);
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		char *dir = guild_path_join(imp->root, names.v[i]);
		if (guild_is_dir(dir) && is_run(dir)) {
			n_found++;
			rc = fn(arg, dir, err);
		}
		free(dir);
	}
	guild_strs_fini(&names);
	if (rc == 0 && n_found == 0) {
		rc = guild_error_set(err, GUILD_EINVALID,
			"'%s' holds no runs of Sacred (folders with run.json)", imp->root);
	}
	return rc;
}

/* ---- one run ---------------------------------------------------------------------------------------------------- */

/* 1 and *out; 0 when there is none; negative when it is damaged. */
static int read_json(struct guild_arena *a, const char *dir, const char *name,
	struct guild_value **out, struct guild_error *err)
{
	char *path = guild_path_join(dir, name);
	struct guild_buf text = {0};
	int rc = guild_file_read(path, IMPORT_TEXT_MAX * 4, &text, err);
	if (rc == GUILD_ENOTFOUND) {
		rc = 0;
	} else if (rc == 0) {
		rc = guild_json_parse(a, guild_buf_str(&text), path, out, err);
		rc = rc == 0 ? 1 : rc;
	}
	guild_buf_fini(&text);
	free(path);
	return rc;
}

static const char *text_at(const struct guild_value *v, const char *a, const char *b)
{
	const struct guild_value *found = guild_value_get(v, a);
	return guild_value_text(b != NULL ? guild_value_get(found, b) : found);
}

static int64_t time_at(const struct guild_value *v, const char *name)
{
	const char *text = guild_value_text(guild_value_get(v, name));
	int64_t us;
	return text != NULL && guild_import_parse_time(guild_str(text), &us) ? us : IMPORT_NO_TIME;
}

/* A figure; numbers of numpy come as {"dtype": …, "value": 0.5}. */
static bool figure_of(const struct guild_value *v, double *out)
{
	if (v != NULL && v->type == GUILD_DICT) {
		v = guild_value_get(v, "value");
	}
	if (v == NULL || (!guild_value_is_number(v) && v->type != GUILD_BOOL)) {
		return false;
	}
	*out = guild_value_as_f64(v);
	return true;
}

/* {"loss": {"steps": [..], "timestamps": [..], "values": [..]}} */
static void take_metrics(struct import_run *r, const struct guild_value *metrics)
{
	for (size_t i = 0; metrics->type == GUILD_DICT && i < metrics->n; i++) {
		const struct guild_value *m = metrics->pairs[i].value;
		const struct guild_value *steps = guild_value_get(m, "steps");
		const struct guild_value *times = guild_value_get(m, "timestamps");
		const struct guild_value *values = guild_value_get(m, "values");
		const char *name = guild_value_text(metrics->pairs[i].key);
		size_t n_bad = 0;
		if (name == NULL || values == NULL || values->type != GUILD_LIST) {
			continue;
		}
		for (size_t j = 0; j < values->n; j++) {
			double value;
			double step = (double)j;
			int64_t us = 0;
			if (!figure_of(values->items[j], &value)) {
				n_bad++;
				continue;
			}
			if (steps != NULL && steps->type == GUILD_LIST && j < steps->n) {
				(void)figure_of(steps->items[j], &step);
			}
			if (times != NULL && times->type == GUILD_LIST && j < times->n) {
				const char *text = guild_value_text(times->items[j]);
				if (text == NULL ||
					!guild_import_parse_time(guild_str(text), &us)) {
					us = 0;
				}
			}
			bool fits = step > -9e15 && step < 9e15;
			guild_import_metric(r, NULL, guild_str(name), fits ? (int64_t)step : 0,
				(double)us / 1e6, value);
		}
		if (n_bad > 0) {
			guild_log(r->imp->log, "warning",
				"%zu value(s) of metric '%s' of run %.8s are no numbers and were left "
				"out",
				n_bad, name, r->id);
		}
	}
}

static void take_run(struct import_run *r, const struct guild_value *run)
{
	const char *host = text_at(run, "host", "hostname");
	const char *op = text_at(run, "experiment", "name");
	const char *status = text_at(run, "status", NULL);
	const char *comment = text_at(run, "meta", "comment");
	const char *command = text_at(run, "command", NULL);
	const char *mainfile = text_at(run, "experiment", "mainfile");
	static const char *const kept[] = {"result", "experiment", "host", "meta", "resources",
		"fail_trace", "heartbeat", "queue_time"};

	r->host = host != NULL ? host : "";
	r->op = op != NULL && *op != '\0' ? op : "sacred";
	r->started_us = time_at(run, "start_time");
	r->stopped_us = time_at(run, "stop_time");
	if (status != NULL) {
		guild_import_status(r, status);
	}
	if (comment != NULL) {
		guild_import_comment(r, comment);
	}
	if (mainfile != NULL) {
		r->cmd = guild_value_list(r->a);
		guild_value_append(r->a, r->cmd, guild_value_string(r->a, mainfile));
		if (command != NULL) {
			guild_value_append(r->a, r->cmd, guild_value_string(r->a, command));
		}
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(kept); i++) {
		struct guild_value *v = guild_value_get(run, kept[i]);
		if (!guild_value_is_null(v)) {
			guild_import_about(r, kept[i], v);
		}
	}
}

/* Sources lie in ROOT/_sources under names with their digests: ["train.py", "_sources/train_0123.py"]. */
static void take_sources(struct import_run *r, const char *dir, const struct guild_value *run)
{
	const struct guild_value *list =
		guild_value_get(guild_value_get(run, "experiment"), "sources");
	char *root = guild_path_dirname(dir);
	for (size_t i = 0; list != NULL && list->type == GUILD_LIST && i < list->n; i++) {
		const struct guild_value *pair = list->items[i];
		const char *name = pair->type == GUILD_LIST && pair->n == 2
					   ? guild_value_text(pair->items[0])
					   : NULL;
		const char *stored = name != NULL ? guild_value_text(pair->items[1]) : NULL;
		if (stored != NULL && guild_path_is_beneath(stored)) {
			char *path = guild_path_join(root, stored);
			if (guild_is_file(path)) {
				guild_import_file(r, path, name);
			}
			free(path);
		}
	}
	free(root);
}

/* All files of the folder that are not Sacred's own; the artifacts are among them. */
static void take_artifacts(struct import_run *r, const char *dir)
{
	static const char *const own[] = {
		"run.json", "config.json", "metrics.json", "info.json", "cout.txt"};
	struct guild_strs names = {0};
	if (guild_dir_list(dir, &names, NULL) != 0) {
		names.n = 0;
	}
	for (size_t i = 0; i < names.n; i++) {
		bool is_own = false;
		for (size_t j = 0; j < GUILD_ARRAY_LEN(own); j++) {
			is_own = is_own || strcmp(names.v[i], own[j]) == 0;
		}
		char *path = guild_path_join(dir, names.v[i]);
		if (!is_own && guild_is_dir(path)) {
			guild_import_tree(r, path, names.v[i], false);
		} else if (!is_own) {
			guild_import_file(r, path, names.v[i]);
		}
		free(path);
	}
	guild_strs_fini(&names);
}

static void take_output(struct import_run *r, const char *dir)
{
	char *path = guild_path_join(dir, "cout.txt");
	struct guild_buf text = {0};
	if (guild_file_read(path, 0, &text, NULL) == 0) {
		guild_import_output(r, guild_buf_str(&text), IMPORT_NO_TIME, false);
	}
	guild_buf_fini(&text);
	free(path);
}

static int fill(struct import_run *r, const char *dir, struct guild_error *err)
{
	struct guild_value *run = NULL;
	struct guild_value *config = NULL;
	struct guild_value *metrics = NULL;
	struct guild_value *info = NULL;
	int rc = read_json(r->a, dir, "run.json", &run, err);
	if (rc >= 0) {
		rc = read_json(r->a, dir, "config.json", &config, err);
	}
	if (rc >= 0) {
		rc = read_json(r->a, dir, "metrics.json", &metrics, err);
	}
	if (rc >= 0) {
		rc = read_json(r->a, dir, "info.json", &info, err);
	}
	if (rc < 0) {
		return rc;
	}
	if (run == NULL || run->type != GUILD_DICT) {
		return guild_error_set(err, GUILD_EINVALID, "no mapping (%s/run.json)", dir);
	}
	take_run(r, run);
	guild_import_config(r, config);
	if (metrics != NULL) {
		take_metrics(r, metrics);
	}
	if (info != NULL && guild_value_truthy(info)) {
		guild_import_about(r, "info", info);
	}
	take_output(r, dir);
	take_sources(r, dir, run);
	take_artifacts(r, dir);
	return 0;
}

static int import_one(void *arg, const char *dir, struct guild_error *err)
{
	struct import *imp = arg;
	struct import_run *r = guild_import_run_new(imp, dir);
	struct guild_error why = {0};
	if (fill(r, dir, &why) != 0) {
		return guild_import_run_damaged(imp, r, dir, &why, err);
	}
	if (imp->req->operation != NULL) {
		r->op = imp->req->operation;
	}
	guild_import_about_text(r, "run", guild_path_basename(dir));
	return guild_import_run_end(r, err);
}

static int count_one(void *arg, const char *dir, struct guild_error *err)
{
	(void)dir;
	(void)err;
	(*(size_t *)arg)++;
	return 0;
}

static int count(struct import *imp, size_t *n, struct guild_error *err)
{
	return each(imp, count_one, n, err);
}

static int import(struct import *imp, struct guild_error *err)
{
	return each(imp, import_one, imp, err);
}

const struct import_source guild_import_sacred = {
	.kind = "sacred",
	.what = "folder of Sacred's FileStorageObserver",
	.count = count,
	.import = import,
};
