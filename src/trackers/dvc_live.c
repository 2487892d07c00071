/* DVCLive's folder: params.yaml, metrics.json, plots/metrics/NAME.tsv, other plots and artifacts. */

#include "dvc.h"

#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MAX = 16, NAME_DEPTH_MAX = 32 };

void guild_dvc_run_init(struct dvc_run *d, struct import_run *r)
{
	*d = (struct dvc_run){.r = r};
	d->params = guild_value_dict(r->a);
}

void guild_dvc_run_fini(struct dvc_run *d)
{
	if (d->params->n > 0) {
		guild_import_about(d->r, "params", d->params);
	}
	guild_map_fini(&d->logged);
}

/* ---- tables ---------------------------------------------------------------------------------------------------- */

static struct guild_str take_line(struct guild_str *text)
{
	const char *end = memchr(text->p, '\n', text->n);
	struct guild_str line = {text->p, end != NULL ? (size_t)(end - text->p) : text->n};
	text->p += line.n + (end != NULL);
	text->n -= line.n + (end != NULL);
	if (line.n > 0 && line.p[line.n - 1] == '\r') {
		line.n--;
	}
	return line;
}

static size_t split_tabs(struct guild_str line, struct guild_str cells[COLUMNS_MAX])
{
	size_t n = 0;
	while (n < COLUMNS_MAX) {
		const char *tab = memchr(line.p, '\t', line.n);
		cells[n] =
			(struct guild_str){line.p, tab != NULL ? (size_t)(tab - line.p) : line.n};
		if (tab == NULL) {
			return n + 1;
		}
		line.p += cells[n].n + 1;
		line.n -= cells[n].n + 1;
		n++;
	}
	return n;
}

size_t guild_dvc_parse_table(struct guild_str text, guild_dvc_point_fn *on_point, void *arg)
{
	struct guild_str cells[COLUMNS_MAX];
	size_t step_at = SIZE_MAX;
	size_t time_at = SIZE_MAX;
	size_t n_bad = 0;
	size_t n_columns = split_tabs(take_line(&text), cells);
	for (size_t i = 0; i + 1 < n_columns;
		i++) { /* the last one is the metric, whatever its name */
		if (guild_str_eqz(cells[i], "step")) {
			step_at = i;
		} else if (guild_str_eqz(cells[i], "timestamp")) {
			time_at = i;
		}
	}
	while (text.n > 0) {
		struct guild_str line = take_line(&text);
		size_t n = split_tabs(line, cells);
		int64_t step = 0;
		int64_t ms = 0;
		double value;
		if (line.n == 0) {
			continue;
		}
		bool is_good = n == n_columns && cells[n - 1].n > 0 &&
			       guild_parse_f64(cells[n - 1].p, cells[n - 1].n, &value);
		if (is_good && step_at != SIZE_MAX) {
			is_good = guild_parse_i64(cells[step_at].p, cells[step_at].n, &step);
		}
		if (is_good && time_at != SIZE_MAX) {
			is_good = guild_parse_i64(cells[time_at].p, cells[time_at].n, &ms);
		}
		if (is_good) {
			on_point(arg, ms, value, step);
		} else {
			n_bad++;
		}
	}
	return n_bad;
}

struct table {
	struct dvc_run *d;
	const char *name;
};

static void on_point(void *arg, int64_t time_ms, double value, int64_t step)
{
	struct table *t = arg;
	guild_import_metric(t->d->r, NULL, guild_str(t->name), step, (double)time_ms / 1000, value);
	t->d->last_step = step > t->d->last_step ? step : t->d->last_step;
}

void guild_dvc_take_table(struct dvc_run *d, const char *name, struct guild_str text)
{
	struct table t = {d, name};
	size_t n_bad = guild_dvc_parse_table(text, on_point, &t);
	guild_map_put(&d->logged, name, d);
	if (n_bad > 0) {
		guild_log(d->r->imp->log, "warning",
			"%zu line(s) of metric '%s' cannot be read and were left out (run %.8s)",
			n_bad, name, d->r->id);
	}
}

/* ---- mappings ------------------------------------------------------------------------------------------------- */

static void take_leaf(struct dvc_run *d, const char *name, const struct guild_value *v,
	const char *sep, size_t depth)
{
	double figure = 0;
	if (v->type == GUILD_DICT && depth < IMPORT_DEPTH_MAX) {
		for (size_t i = 0; i < v->n; i++) {
			struct guild_buf key = {0};
			guild_value_py_str(&key, v->pairs[i].key);
			take_leaf(d,
				guild_arena_format(d->r->a, "%s%s%s", name,
					*name != '\0' ? sep : "", guild_buf_cstr(&key)),
				v->pairs[i].value, sep, depth + 1);
			guild_buf_fini(&key);
		}
		return;
	}
	bool is_figure = guild_value_is_number(v) || v->type == GUILD_BOOL;
	if (is_figure) {
		figure = guild_value_as_f64(v);
	} else if (v->type == GUILD_STRING) { /* "nan", as JSON cannot say it */
		is_figure = v->s.n > 0 && guild_parse_f64(v->s.p, v->s.n, &figure);
	}
	if (is_figure && *name != '\0' && !guild_map_has(&d->logged, name)) {
		guild_import_metric(d->r, NULL, guild_str(name), d->last_step, 0, figure);
		guild_map_put(&d->logged, name, d);
	}
}

void guild_dvc_take_metrics(struct dvc_run *d, const struct guild_value *v, const char *sep)
{
	const struct guild_value *step = guild_value_get(v, "step");
	if (step != NULL && step->type == GUILD_INT) {
		d->last_step = step->i > d->last_step ? step->i : d->last_step;
		guild_map_put(&d->logged, "step", d); /* DVCLive's own counter */
	}
	take_leaf(d, "", v, sep, 0);
}

static void take_param(struct dvc_run *d, const char *file, const char *name,
	const struct guild_value *v, size_t depth)
{
	struct guild_arena *a = d->r->a;
	if (v->type == GUILD_DICT && v->n > 0 && depth < IMPORT_DEPTH_MAX) {
		for (size_t i = 0; i < v->n; i++) {
			struct guild_buf key = {0};
			guild_value_py_str(&key, v->pairs[i].key);
			take_param(d, file,
				guild_arena_format(a, "%s%s%s", name, *name != '\0' ? "." : "",
					guild_buf_cstr(&key)),
				v->pairs[i].value, depth + 1);
			guild_buf_fini(&key);
		}
		return;
	}
	const struct guild_value *known = guild_value_get(d->r->flags, name);
	if (known == NULL) {
		guild_value_set(a, d->r->flags, name, guild_value_copy(a, v));
	} else if (!guild_value_eq(known, v)) {
		guild_value_set(a, d->r->flags, guild_arena_format(a, "%s:%s", file, name),
			guild_value_copy(a, v));
	}
}

void guild_dvc_take_params(struct dvc_run *d, const char *file, const struct guild_value *v)
{
	if (v != NULL && v->type == GUILD_DICT) {
		take_param(d, file, "", v, 0);
		guild_value_set(d->r->a, d->params, file, guild_value_copy(d->r->a, v));
	}
}

/* ---- the folder ----------------------------------------------------------------------------------------------- */

static bool has(const char *dir, const char *name)
{
	char *path = guild_path_join(dir, name);
	bool is = guild_file_exists(path);
	free(path);
	return is;
}

bool guild_dvc_is_live_folder(const char *dir)
{
	return guild_is_dir(dir) && !has(dir, "dvc.yaml") &&
	       (has(dir, "plots/metrics") || (has(dir, "metrics.json") && has(dir, "params.yaml")));
}

static void read_tables(struct dvc_run *d, const char *dir, const char *prefix, size_t depth)
{
	struct guild_strs names = {0};
	if (depth > NAME_DEPTH_MAX || guild_dir_list(dir, &names, NULL) != 0) {
		names.n = 0;
	}
	for (size_t i = 0; i < names.n; i++) {
		char *path = guild_path_join(dir, names.v[i]);
		char *name = guild_arena_format(d->r->a, "%s%s", prefix, names.v[i]);
		struct guild_buf text = {0};
		if (guild_is_dir(path)) {
			read_tables(d, path, guild_arena_format(d->r->a, "%s/", name), depth + 1);
		} else if (guild_ends(name, ".tsv") && guild_file_read(path, 0, &text, NULL) == 0) {
			name[strlen(name) - strlen(".tsv")] = '\0';
			guild_dvc_take_table(d, name, guild_buf_str(&text));
		}
		guild_buf_fini(&text);
		free(path);
	}
	guild_strs_fini(&names);
}

/* What else there is: images and curves, artifacts. */
static void read_others(struct dvc_run *d, const char *dir)
{
	static const char *const folders[] = {
		"plots/images", "plots/custom", "plots/sklearn", "artifacts", "eval"};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(folders); i++) {
		char *path = guild_path_join(dir, folders[i]);
		guild_import_tree(d->r, path, folders[i], false);
		free(path);
	}
}

int guild_dvc_read_live_folder(struct dvc_run *d, const char *dir, struct guild_error *err)
{
	char *tables = guild_path_join(dir, "plots/metrics");
	char *params = guild_path_join(dir, "params.yaml");
	char *metrics = guild_path_join(dir, "metrics.json");
	struct guild_value *v = NULL;
	struct guild_buf text = {0};
	int rc = 0;
	read_tables(d, tables, "", 0);
	if (guild_is_file(params)) {
		rc = guild_yaml_parse_file(d->r->a, params, GUILD_YAML_NUMBERS, &v, err);
		if (rc == 0) {
			guild_dvc_take_params(d, "params.yaml", v);
		}
	}
	if (rc == 0 && guild_is_file(metrics)) {
		rc = guild_file_read(metrics, IMPORT_TEXT_MAX, &text, err);
		if (rc == 0) {
			rc = guild_json_parse(d->r->a, guild_buf_str(&text), metrics, &v, err);
		}
		if (rc == 0) {
			guild_dvc_take_metrics(d, v, "/");
		}
	}
	read_others(d, dir);
	guild_buf_fini(&text);
	free(metrics);
	free(params);
	free(tables);
	return rc;
}
