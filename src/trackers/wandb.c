/* Weights & Biases, as it writes on this machine: wandb/offline-run-*, wandb/run-*. */

#include "wandb.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { LOG_MAX = 0 /* as much as one file may have */ };

/* ---- finding runs ---------------------------------------------------------------------------------------------- */

typedef int run_fn(void *arg, const char *dir, struct guild_error *err);

/* The file run-ID.wandb in a folder, or NULL; the caller frees. */
static char *log_path(const char *dir)
{
	struct guild_strs names = {0};
	char *path = NULL;
	if (guild_dir_list(dir, &names, NULL) == 0) {
		for (size_t i = 0; path == NULL && i < names.n; i++) {
			if (guild_ends(names.v[i], ".wandb")) {
				path = guild_path_join(dir, names.v[i]);
			}
		}
	}
	guild_strs_fini(&names);
	return path;
}

static bool is_run(const char *dir)
{
	char *log = log_path(dir);
	char *config = guild_path_join(dir, "files/config.yaml");
	char *summary = guild_path_join(dir, "files/wandb-summary.json");
	bool is = log != NULL || guild_is_file(config) || guild_is_file(summary);
	free(summary);
	free(config);
	free(log);
	return is;
}

static int each_in(const char *dir, run_fn *fn, void *arg, size_t *n_found, struct guild_error *err)
{
	struct guild_strs names = {0};
	int rc = guild_dir_list(dir, &names, err);
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		char *path = guild_path_join(dir, names.v[i]);
		struct stat st;
		bool is_named = guild_starts(names.v[i], "offline-run-") ||
				guild_starts(names.v[i], "run-");
		/* "latest-run" is a link to one of the others. */
		if (is_named && lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && is_run(path)) {
			(*n_found)++;
			rc = fn(arg, path, err);
		}
		free(path);
	}
	guild_strs_fini(&names);
	return rc;
}

/* PATH is one run, its log, the folder "wandb", or what holds that. */
static int each(struct import *imp, run_fn *fn, void *arg, struct guild_error *err)
{
	size_t n_found = 0;
	int rc = 0;
	if (guild_ends(imp->root, ".wandb") && guild_is_file(imp->root)) {
		char *dir = guild_path_dirname(imp->root);
		rc = fn(arg, dir, err);
		free(dir);
		return rc;
	}
	if (guild_is_dir(imp->root)) {
		if (is_run(imp->root)) {
			return fn(arg, imp->root, err);
		}
		rc = each_in(imp->root, fn, arg, &n_found, err);
		char *below = guild_path_join(imp->root, "wandb");
		if (rc == 0 && n_found == 0 && guild_is_dir(below)) {
			rc = each_in(below, fn, arg, &n_found, err);
		}
		free(below);
	}
	if (rc == 0 && n_found == 0) {
		rc = guild_error_set(err, GUILD_EINVALID,
			"'%s' holds no runs of Weights & Biases (offline-run-*, run-*)", imp->root);
	}
	return rc;
}

/* ---- one run ------------------------------------------------------------------------------------------------------ */

static void on_record(void *arg, struct guild_str record)
{
	guild_wandb_take_record(arg, record);
}

static int read_log(struct wandb_run *w, const char *path, struct guild_error *err)
{
	struct guild_buf bytes = {0};
	int rc = guild_file_read(path, LOG_MAX, &bytes, err);
	if (rc == 0 && !guild_wandb_is_log(guild_buf_str(&bytes))) {
		rc = guild_error_set(err, GUILD_EINVALID, "no log of wandb (%s)", path);
	}
	if (rc == 0) {
		enum guild_wandb_end end = guild_wandb_read(guild_buf_str(&bytes), on_record, w);
		if (end != GUILD_WANDB_CLEAN) {
			guild_log(w->r->imp->log, "warning",
				end == GUILD_WANDB_TRUNCATED
					? "the log ends within a record; what came before was taken (%s)"
					: "what follows a damaged record was left out (%s)",
				path);
		}
	}
	guild_buf_fini(&bytes);
	return rc;
}

/* Without a log: what wandb keeps beside it. The history is not among it. */
static void read_files(struct wandb_run *w, const char *dir)
{
	struct import_run *r = w->r;
	char *config_path = guild_path_join(dir, "files/config.yaml");
	char *summary_path = guild_path_join(dir, "files/wandb-summary.json");
	struct guild_value *config = NULL;
	struct guild_buf text = {0};
	guild_log(r->imp->log, "warning",
		"there is no log (*.wandb): of the metrics only the last values are known (%s)",
		dir);
	if (guild_is_file(config_path) &&
		guild_yaml_parse_file(r->a, config_path, GUILD_YAML_PLAIN, &config, NULL) == 0 &&
		config != NULL && config->type == GUILD_DICT) {
		for (size_t i = 0; i < config->n; i++) {
			const char *key = guild_value_text(config->pairs[i].key);
			struct guild_value *v = guild_value_get(config->pairs[i].value, "value");
			if (key != NULL && v != NULL) {
				guild_value_set(r->a, w->config, key, v);
			}
		}
	}
	if (guild_file_read(summary_path, IMPORT_TEXT_MAX, &text, NULL) == 0) {
		struct guild_value *v = NULL;
		if (guild_json_parse(r->a, guild_buf_str(&text), NULL, &v, NULL) == 0 &&
			v->type == GUILD_DICT) {
			w->summary = v; /* lives as long as the run */
		}
	}
	const struct guild_value *step = guild_value_get(w->summary, "_step");
	if (step != NULL && step->type == GUILD_INT) {
		w->last_step = step->i;
	}
	guild_buf_fini(&text);
	free(summary_path);
	free(config_path);
}

/* Figures that only the summary has become scalars of the last step. */
static void add_summary(struct wandb_run *w, const char *prefix, const struct guild_value *dict,
	size_t depth)
{
	for (size_t i = 0; depth < IMPORT_DEPTH_MAX && i < dict->n; i++) {
		const char *key = guild_value_text(dict->pairs[i].key);
		const struct guild_value *v = dict->pairs[i].value;
		if (key == NULL || (*prefix == '\0' && key[0] == '_')) {
			continue;
		}
		char *name = *prefix == '\0' ? guild_arena_strdup(w->r->a, key)
					     : guild_arena_format(w->r->a, "%s.%s", prefix, key);
		if (v->type == GUILD_DICT && guild_value_get(v, "_type") == NULL) {
			add_summary(w, name, v, depth + 1);
		} else if ((guild_value_is_number(v) || v->type == GUILD_BOOL) &&
			   !guild_map_has(&w->logged, name)) {
			guild_import_metric(w->r, NULL, guild_str(name), w->last_step, 0,
				guild_value_as_f64(v));
		}
	}
}

/* Where the log has no output (it is old, or gone), the file beside it has. */
static void add_output(struct import_run *r, const char *dir)
{
	char *path = guild_path_join(dir, "files/output.log");
	struct guild_buf text = {0};
	if (r->output.n == 0 && guild_file_read(path, 0, &text, NULL) == 0) {
		guild_import_output(r, guild_buf_str(&text), IMPORT_NO_TIME, false);
	}
	guild_buf_fini(&text);
	free(path);
}

static void add_packages(struct import_run *r, const char *dir)
{
	char *path = guild_path_join(dir, "files/requirements.txt");
	struct guild_buf text = {0};
	if (guild_file_read(path, IMPORT_TEXT_MAX, &text, NULL) == 0) {
		struct guild_strs lines = {0};
		struct guild_strs packages = {0};
		guild_strs_split(&lines, guild_buf_cstr(&text), '\n');
		for (size_t i = 0; i < lines.n; i++) {
			if (*lines.v[i] != '\0') {
				guild_strs_add(&packages, lines.v[i]);
			}
		}
		guild_value_set(r->a, r->attrs, "pip_freeze", guild_value_strs(r->a, &packages));
		guild_strs_fini(&packages);
		guild_strs_fini(&lines);
	}
	guild_buf_fini(&text);
	free(path);
}

static int import_one(void *arg, const char *dir, struct guild_error *err)
{
	struct import *imp = arg;
	const char *name = guild_path_basename(dir);
	struct import_run *r = guild_import_run_new(imp, name);
	struct wandb_run w;
	struct guild_error why = {0};
	char *log = log_path(dir);
	int rc = 0;
	r->op = "wandb";
	guild_wandb_run_init(&w, r);
	if (log != NULL) {
		rc = read_log(&w, log, &why);
	} else {
		read_files(&w, dir);
		r->has_exit_status = true; /* wandb keeps these only of runs that ended */
	}
	if (rc == 0) {
		if (w.has_exit && r->stopped_us == IMPORT_NO_TIME && w.last_us > 0) {
			r->stopped_us = w.last_us; /* it ran less than a second longer */
		}
		add_output(r, dir);
		guild_value_unset(w.config, "_wandb");
		guild_import_config(r, w.config);
		add_summary(&w, "", w.summary, 0);
		if (w.summary->n > 0) {
			guild_import_about(r, "summary", guild_value_copy(r->a, w.summary));
		}
		if (w.other.n > 0) {
			guild_import_text(r, "wandb-history.jsonl", guild_buf_str(&w.other));
		}
		if (imp->req->operation != NULL) {
			r->op = imp->req->operation;
		}
		add_packages(r, dir);
		/* What was saved with wandb.save is there by links. */
		char *files = guild_path_join(dir, "files");
		guild_import_tree(r, files, "", true);
		free(files);
		rc = guild_import_run_end(r, err);
	} else {
		rc = guild_import_run_damaged(imp, r, name, &why, err);
	}
	guild_wandb_run_fini(&w);
	free(log);
	return rc;
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

const struct import_source guild_import_wandb = {
	.kind = "wandb-offline",
	.what = "folder of Weights & Biases",
	.count = count,
	.import = import,
};
