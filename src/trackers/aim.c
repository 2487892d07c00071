/* Aim: its store is read by the user's own Aim, in a small program of ours that writes lines of JSON (python/aim_export.py). */

#include "trackers_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OUTPUT_MAX = 1 << 20 };

extern const char guild_aim_export[];

struct aim {
	struct import *imp;
	struct import_run *r;     /* the one being read, or NULL */
	struct guild_value *tags; /* tag -> {name, context}, where they differ */
};

static void take_run(struct aim *aim, const struct guild_value *v)
{
	struct import *imp = aim->imp;
	const char *hash = guild_value_text(guild_value_get(v, "hash"));
	const char *op = guild_value_text(guild_value_get(v, "experiment"));
	const char *name = guild_value_text(guild_value_get(v, "name"));
	const char *description = guild_value_text(guild_value_get(v, "description"));
	const struct guild_value *begin = guild_value_get(v, "creation_time");
	const struct guild_value *end = guild_value_get(v, "end_time");
	const struct guild_value *tags = guild_value_get(v, "tags");
	struct import_run *r = guild_import_run_new(imp, hash != NULL ? hash : "");
	aim->r = r;
	aim->tags = guild_value_dict(r->a);
	r->op = guild_arena_strdup(r->a, imp->req->operation != NULL ? imp->req->operation
					 : op != NULL && *op != '\0' ? op
								     : "aim");
	r->label = guild_arena_strdup(r->a, name);
	if (guild_value_is_number(begin)) {
		r->started_us = (int64_t)(guild_value_as_f64(begin) * 1e6);
	}
	if (guild_value_is_number(end)) {
		r->stopped_us = (int64_t)(guild_value_as_f64(end) * 1e6);
		r->has_exit_status = true; /* Aim does not say how it ended */
	}
	if (description != NULL) {
		guild_import_comment(r, description);
	}
	for (size_t i = 0; tags != NULL && tags->type == GUILD_LIST && i < tags->n; i++) {
		const char *tag = guild_value_text(tags->items[i]);
		if (tag != NULL) {
			guild_import_tag(r, tag);
		}
	}
	if (guild_value_truthy(guild_value_get(v, "archived"))) {
		guild_import_about(r, "archived", guild_value_bool(r->a, true));
	}
	const struct guild_value *attributes = guild_value_get(v, "attributes");
	if (attributes == NULL || attributes->type != GUILD_DICT) {
		return;
	}
	/* run["hparams"] is where parameters are by custom: its leaves need no such prefix. */
	for (size_t i = 0; i < attributes->n; i++) {
		const char *key = guild_value_text(attributes->pairs[i].key);
		const struct guild_value *value = attributes->pairs[i].value;
		if (key != NULL && strcmp(key, "hparams") == 0 && value->type == GUILD_DICT) {
			for (size_t j = 0; j < value->n; j++) {
				const char *leaf = guild_value_text(value->pairs[j].key);
				if (leaf != NULL) {
					guild_import_flag_value(r, leaf, value->pairs[j].value);
				}
			}
		} else if (key != NULL && !guild_starts(key, "__system")) {
			guild_import_flag_value(r, key, value);
		}
	}
	guild_import_about(r, "attributes", guild_value_copy(r->a, attributes));
}

/* NAME, or CONTEXT/NAME for {"subset": CONTEXT}; of other contexts each part is KEY=VALUE. */
static const char *tag_of(struct aim *aim, const char *name, const struct guild_value *context)
{
	struct guild_buf tag = {0};
	bool is_system = guild_starts(name, "__system__");
	if (is_system) {
		guild_buf_puts(&tag, "sys/");
		name += strlen("__system__");
	}
	for (size_t i = 0; context != NULL && context->type == GUILD_DICT && i < context->n; i++) {
		const char *key = guild_value_text(context->pairs[i].key);
		if (key == NULL || context->n > 1 || strcmp(key, "subset") != 0) {
			guild_buf_printf(&tag, "%s=", key != NULL ? key : "");
		}
		guild_value_py_str(&tag, context->pairs[i].value);
		guild_buf_putc(&tag, '/');
	}
	guild_buf_puts(&tag, name);
	char *found = guild_arena_strdup(aim->r->a, guild_buf_cstr(&tag));
	guild_buf_fini(&tag);
	if (strcmp(found, name) != 0 && !is_system && guild_value_get(aim->tags, found) == NULL) {
		struct guild_value *facts = guild_value_dict(aim->r->a);
		guild_value_set(aim->r->a, facts, "name", guild_value_string(aim->r->a, name));
		guild_value_set(aim->r->a, facts, "context", guild_value_copy(aim->r->a, context));
		guild_value_set(aim->r->a, aim->tags, found, facts);
	}
	return found;
}

static void take_metric(struct aim *aim, const char *name, const struct guild_value *v)
{
	const struct guild_value *steps = guild_value_get(v, "steps");
	const struct guild_value *values = guild_value_get(v, "values");
	const struct guild_value *times = guild_value_get(v, "times");
	const char *tag = tag_of(aim, name, guild_value_get(v, "context"));
	if (steps == NULL || values == NULL || times == NULL || steps->type != GUILD_LIST ||
		values->type != GUILD_LIST || times->type != GUILD_LIST || values->n != steps->n ||
		times->n != steps->n) {
		return;
	}
	for (size_t i = 0; i < steps->n; i++) {
		guild_import_metric(aim->r, NULL, guild_str(tag), steps->items[i]->i,
			guild_value_as_f64(times->items[i]), guild_value_as_f64(values->items[i]));
	}
}

static int take_line(struct aim *aim, const struct guild_value *v, struct guild_error *err)
{
	const char *damaged = guild_value_text(guild_value_get(v, "damaged"));
	const char *metric = guild_value_text(guild_value_get(v, "metric"));
	const char *file = guild_value_text(guild_value_get(v, "file"));
	const struct guild_value *run = guild_value_get(v, "run");
	struct import_run *r = aim->r;
	if (damaged != NULL) {
		struct guild_error why = {0};
		const char *text = guild_value_text(guild_value_get(v, "why"));
		guild_error_set(&why, GUILD_EINVALID, "%s", text != NULL ? text : "unknown");
		aim->r = NULL;
		return guild_import_run_damaged(aim->imp, r, damaged, &why, err);
	}
	if (run != NULL && r == NULL) {
		take_run(aim, run);
	} else if (r != NULL && metric != NULL) {
		take_metric(aim, metric, v);
	} else if (r != NULL && file != NULL) {
		const char *name = guild_value_text(guild_value_get(v, "name"));
		guild_import_file(r, file, name != NULL ? name : guild_path_basename(file));
	} else if (r != NULL && guild_value_get(v, "end") != NULL) {
		if (aim->tags->n > 0) {
			guild_import_about(r, "metrics", aim->tags);
		}
		aim->r = NULL;
		return guild_import_run_end(r, err);
	}
	return 0;
}

static int read_lines(struct import *imp, const char *path, struct guild_error *err)
{
	struct aim aim = {.imp = imp};
	FILE *f = fopen(path, "rbe");
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	int rc = 0;
	if (f == NULL) {
		return guild_error_errno(err, errno, "cannot read '%s'", path);
	}
	while (rc == 0 && (n = getline(&line, &cap, f)) > 0) {
		struct guild_arena *a = guild_arena_new();
		struct guild_value *v = NULL;
		rc = guild_json_parse(a, guild_str_n(line, (size_t)n), "aim", &v, err);
		if (rc == 0) {
			rc = take_line(&aim, v, err);
		}
		guild_arena_free(a);
	}
	if (aim.r != NULL) {
		struct guild_error why = {0};
		guild_error_set(&why, GUILD_EINVALID, "what Aim says of it breaks off");
		int more = guild_import_run_damaged(imp, aim.r, "", &why, err);
		rc = rc != 0 ? rc : more;
	}
	free(line);
	fclose(f);
	return rc;
}

/* The last line of what a program said: that of a Python traceback tells what it is about. */
static void last_line(const struct guild_buf *said, char *out, size_t size)
{
	struct guild_str s = guild_str_trim(guild_buf_str(said));
	size_t start = s.n;
	while (start > 0 && s.p[start - 1] != '\n') {
		start--;
	}
	snprintf(out, size, "%.*s", (int)(s.n - start > 300 ? 300 : s.n - start), s.p + start);
}

static int run_aim(struct import *imp, const char *output, struct guild_error *err)
{
	const char *python = imp->req->python != NULL ? imp->req->python : "python3";
	const char *const argv[] = {python, "-c", guild_aim_export, imp->root, output, NULL};
	struct guild_proc_result done = {0};
	int rc = guild_proc_run(argv, NULL, imp->req->environ_, OUTPUT_MAX, 0, &done, err);
	if (rc == 0 && done.exit_status != 0) {
		char why[320];
		last_line(&done.err, why, sizeof(why));
		rc = guild_error_set(err, GUILD_EIO, "Aim cannot read its store: %s (%s)", why,
			python);
		if (strstr(why, "No module named 'aim'") != NULL) {
			guild_error_set(err, GUILD_ENOTFOUND,
				"a store of Aim is read by Aim itself, which is not installed (%s)",
				python);
			guild_error_hint(err,
				"activate an environment that has it, or name its interpreter in "
				"GUILD_PYTHON_EXE");
		}
	}
	guild_proc_result_fini(&done);
	return rc;
}

static int count(struct import *imp, size_t *n, struct guild_error *err)
{
	char *below = guild_path_join(imp->root, ".aim");
	bool is_store = guild_is_dir(below) || strcmp(guild_path_basename(imp->root), ".aim") == 0;
	(void)n; /* only Aim knows */
	free(below);
	return is_store ? 0
			: guild_error_set(err, GUILD_EINVALID,
				  "'%s' is no repository of Aim: no folder .aim in it", imp->root);
}

static int import(struct import *imp, struct guild_error *err)
{
	char *dir = guild_tmp_dir("guild-aim-", err);
	if (dir == NULL) {
		return GUILD_EIO;
	}
	char *output = guild_path_join(dir, "runs.jsonl");
	int rc = run_aim(imp, output, err);
	if (rc == 0) {
		rc = read_lines(imp, output, err);
	}
	guild_rmtree(dir, NULL);
	free(output);
	free(dir);
	return rc;
}

const struct import_source guild_import_aim = {
	.kind = "aim",
	.what = "repository of Aim",
	.count = count,
	.import = import,
};
