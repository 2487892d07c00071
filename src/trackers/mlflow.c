/* MLflow: how its runs become ours, whichever store they come from. */

#include "mlflow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAG_SHOWN_MAX = 200 };

int64_t guild_mlflow_time_us(int64_t ms)
{
	bool fits = ms > 0 && ms < INT64_MAX / 1000;
	return fits ? ms * 1000 : IMPORT_NO_TIME;
}

/* "KEY=VALUE", or KEY alone; long or many-line values are no tags people could read. */
static void show_tag(struct import_run *r, const char *key, struct guild_str value)
{
	if (value.n == 0 || guild_str_eqz(value, "true")) {
		guild_import_tag(r, key);
	} else if (value.n <= TAG_SHOWN_MAX && memchr(value.p, '\n', value.n) == NULL) {
		guild_import_tag(r, guild_arena_format(r->a, "%s=%.*s", key, GUILD_STR_FMT(value)));
	}
}

void guild_mlflow_tag(struct import_run *r, struct guild_value *tags, const char *key,
	struct guild_str value)
{
	const char *text = guild_arena_strndup(r->a, value.p, value.n);
	guild_value_set(r->a, tags, key, guild_value_string_n(r->a, value.p, value.n));
	if (!guild_starts(key, "mlflow.")) {
		show_tag(r, key, value);
	} else if (strcmp(key, "mlflow.runName") == 0) {
		r->label = text;
	} else if (strcmp(key, "mlflow.note.content") == 0) {
		guild_import_comment(r, text);
	} else if (strcmp(key, "mlflow.user") == 0) {
		r->user = text;
	} else if (strcmp(key, "mlflow.source.git.commit") == 0) {
		guild_value_set(r->a, r->attrs, "vcs_commit",
			guild_value_string(r->a, guild_arena_format(r->a, "git:%s", text)));
	} else if (strcmp(key, "mlflow.source.name") == 0 && *text != '\0') {
		r->cmd = guild_value_list(r->a);
		guild_value_append(r->a, r->cmd, guild_value_string(r->a, text));
	} else if (strcmp(key, "mlflow.parentRunId") == 0) {
		guild_import_about_text(r, "parent", text);
	}
}

void guild_mlflow_tags_end(struct import_run *r, const struct guild_value *tags)
{
	if (tags->n > 0) {
		guild_import_about(r, "tags", guild_value_copy(r->a, tags));
	}
}

void guild_mlflow_artifacts(struct import_run *r, const char *uri, const char *own,
	const char *base)
{
	char *named = uri != NULL && *uri != '\0' ? guild_import_uri_path(uri, base) : NULL;
	guild_import_about_text(r, "artifact_uri", uri);
	if (own != NULL && guild_is_dir(own)) {
		guild_import_tree(r, own, "", false);
	} else if (named != NULL && guild_is_dir(named)) {
		/* The database says where: that folder need not lie below it. */
		guild_import_tree(r, named, "", false);
	} else if (uri != NULL && strstr(uri, "://") != NULL && named == NULL) {
		guild_log(r->imp->log, "warning",
			"artifacts of run %.8s are not on this machine and were left out: %s",
			r->id, uri);
		r->n_left_out++;
	}
	free(named);
}

static struct guild_str next_word(struct guild_str *line)
{
	while (line->n > 0 && (*line->p == ' ' || *line->p == '\r')) {
		line->p++;
		line->n--;
	}
	struct guild_str word = {line->p, 0};
	while (line->n > 0 && *line->p != ' ' && *line->p != '\r') {
		line->p++;
		line->n--;
		word.n++;
	}
	return word;
}

size_t guild_mlflow_parse_metric(struct guild_str text, guild_mlflow_point_fn *on_point, void *arg)
{
	size_t n_bad = 0;
	while (text.n > 0) {
		const char *end = memchr(text.p, '\n', text.n);
		size_t n = end != NULL ? (size_t)(end - text.p) : text.n;
		struct guild_str line = {text.p, n};
		text.p += n + (end != NULL);
		text.n -= n + (end != NULL);
		struct guild_str time = next_word(&line);
		struct guild_str value = next_word(&line);
		struct guild_str step = next_word(&line);
		int64_t ms;
		int64_t number = 0;
		double figure;
		if (time.n == 0 && value.n == 0) {
			continue;
		}
		if (guild_parse_i64(time.p, time.n, &ms) && value.n > 0 &&
			guild_parse_f64(value.p, value.n, &figure) &&
			(step.n == 0 || guild_parse_i64(step.p, step.n, &number))) {
			on_point(arg, ms, figure, number);
		} else {
			n_bad++;
		}
	}
	return n_bad;
}

/* A file that begins as SQLite's do. */
static bool is_database(const char *path)
{
	static const char magic[] = "SQLite format 3";
	bool is = false;
	FILE *f = guild_is_file(path) ? fopen(path, "rbe") : NULL;
	if (f != NULL) {
		char bytes[sizeof(magic)];
		is = fread(bytes, 1, sizeof(bytes), f) == sizeof(bytes) &&
		     memcmp(bytes, magic, sizeof(magic)) == 0;
		fclose(f);
	}
	return is;
}

static int count(struct import *imp, size_t *n, struct guild_error *err)
{
	if (guild_is_dir(imp->root)) {
		return guild_mlflow_files_count(imp, n, err);
	}
	if (is_database(imp->root)) {
		return guild_mlflow_db_count(imp, n, err);
	}
	return guild_error_set(err, GUILD_EINVALID,
		"'%s' is no MLflow store: neither a folder of "
		"experiments nor an SQLite database",
		imp->root);
}

static int import(struct import *imp, struct guild_error *err)
{
	return guild_is_dir(imp->root) ? guild_mlflow_files_import(imp, err)
				       : guild_mlflow_db_import(imp, err);
}

const struct import_source guild_import_mlflow = {
	.kind = "mlflow",
	.what = "MLflow store",
	.count = count,
	.import = import,
};
