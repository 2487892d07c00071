/*
 * Stages of a DVC pipeline (dvc.yaml) as operations: `dvc.yaml:STAGE`, and `extra: dvc-stages-import`. What 0.9.0 makes of a stage was
 * seen in the records of its runs.
 */
#include "project_private.h"

#include <stdlib.h>
#include <string.h>

enum { DVC_MAX_BYTES = 16 << 20 };

static const char params_file[] = "params.yaml";

struct dvc_reader {
	struct guild_arena *arena;
	const char *dir;
	const struct guild_log *log;
	struct guild_error *err;
	const struct guild_value *stages;
	const struct guild_value *params; /* of params.yaml, or NULL */
};

/* ---- the file ------------------------------------------------------------------------------------------------ */

static int read_file(const struct dvc_reader *d, const char *name, const struct guild_value **out)
{
	struct guild_buf text = {0};
	struct guild_value *v = NULL;
	char *path = guild_path_join(d->dir, name);
	int rc = guild_file_read(path, DVC_MAX_BYTES, &text, d->err);
	if (rc == 0) {
		rc = guild_yaml_parse(d->arena, guild_buf_str(&text),
			guild_arena_strdup(d->arena, name), GUILD_YAML_PLAIN, &v, d->err);
	}
	if (rc == 0) {
		*out = v;
	}
	guild_buf_fini(&text);
	free(path);
	return rc;
}

static int read_stages(struct dvc_reader *d)
{
	const struct guild_value *file = NULL;
	int rc = read_file(d, "dvc.yaml", &file);
	if (rc != 0) {
		return rc;
	}
	d->stages = guild_value_get(file, "stages");
	if (!d->stages || d->stages->type != GUILD_DICT) {
		return guild_error_set(d->err, GUILD_EINVALID, "dvc.yaml defines no stages");
	}
	rc = read_file(d, params_file, &d->params);
	return rc == GUILD_ENOTFOUND ? 0 : rc;
}

/* ---- parts of a stage ------------------------------------------------------------------------------------------- */

/* An entry of deps or outs: a path, or a mapping with the path as its only key. */
static const char *entry_path(const struct guild_value *v)
{
	if (v->type == GUILD_DICT && v->n == 1) {
		return guild_value_text(v->pairs[0].key);
	}
	return guild_value_text(v);
}

static bool makes(const struct guild_value *stage, const char *path)
{
	static const char *const keys[] = {"outs", "metrics", "plots"};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(keys); i++) {
		const struct guild_value *list = guild_value_get(stage, keys[i]);
		for (size_t k = 0; list && list->type == GUILD_LIST && k < list->n; k++) {
			if (guild_streq(entry_path(list->items[k]), path)) {
				return true;
			}
		}
	}
	return false;
}

static const char *maker_of(const struct dvc_reader *d, const char *path)
{
	for (size_t i = 0; i < d->stages->n; i++) {
		if (makes(d->stages->pairs[i].value, path)) {
			return guild_value_text(d->stages->pairs[i].key);
		}
	}
	return NULL;
}

/* The paths as regular expressions, since `select` holds such. */
static struct guild_value *quoted(struct guild_arena *a, const char *path)
{
	struct guild_buf b = {0};
	for (const char *p = path; *p; p++) {
		if (strchr("^$*+?{}[]()|\\", *p)) {
			guild_buf_putc(&b, '\\');
		}
		guild_buf_putc(&b, *p);
	}
	struct guild_value *v = guild_value_string(a, guild_buf_cstr(&b));
	guild_buf_fini(&b);
	return v;
}

/* Files first, then stages, as 0.9.0 lists them: what another stage makes is taken from a run of it. */
static struct guild_value *requires_of(const struct dvc_reader *d, const struct guild_value *stage)
{
	struct guild_arena *a = d->arena;
	struct guild_value *list = guild_value_list(a);
	struct guild_value *of_stages = guild_value_list(a);
	const struct guild_value *deps = guild_value_get(stage, "deps");
	for (size_t i = 0; deps && deps->type == GUILD_LIST && i < deps->n; i++) {
		const char *path = entry_path(deps->items[i]);
		const char *maker = path ? maker_of(d, path) : NULL;
		struct guild_value *source = NULL;
		for (size_t k = 0; maker && k < of_stages->n; k++) {
			const char *name =
				guild_value_text(guild_value_get(of_stages->items[k], "dvcstage"));
			source = guild_streq(name, maker) ? of_stages->items[k] : source;
		}
		if (path && !maker) {
			source = guild_value_dict(a);
			guild_value_set(a, source, "dvcfile", guild_value_string(a, path));
			guild_value_append(a, list, source);
		} else if (path && source) {
			guild_value_append(a, guild_value_get(source, "select"), quoted(a, path));
		} else if (path) {
			source = guild_value_dict(a);
			struct guild_value *select = guild_value_list(a);
			guild_value_append(a, select, quoted(a, path));
			guild_value_set(a, source, "dvcstage", guild_value_string(a, maker));
			guild_value_set(a, source, "select", select);
			guild_value_append(a, of_stages, source);
		}
	}
	for (size_t i = 0; i < of_stages->n; i++) {
		guild_value_append(a, list, of_stages->items[i]);
	}
	return list;
}

/* The value of a dotted name. */
static struct guild_value *param_value(const struct guild_value *params, const char *name)
{
	struct guild_value *v = guild_value_get(params, name);
	const char *dot = v ? NULL : strchr(name, '.');
	if (!dot) {
		return v;
	}
	char *first = guild_strndup(name, (size_t)(dot - name));
	const struct guild_value *below = guild_value_get(params, first);
	free(first);
	return below ? param_value(below, dot + 1) : NULL;
}

static void add_param(struct guild_arena *a, struct guild_value *flags, const char *name,
	struct guild_value *v)
{
	if (v->type != GUILD_DICT) {
		struct guild_value *def = guild_value_dict(a);
		guild_value_set(a, def, "default", v);
		guild_value_set(a, flags, name, def);
		return;
	}
	for (size_t i = 0; i < v->n; i++) {
		const char *key = guild_value_text(v->pairs[i].key);
		if (key) {
			add_param(a, flags, guild_arena_format(a, "%s.%s", name, key),
				v->pairs[i].value);
		}
	}
}

/* Parameters that the stage reads from params.yaml are its flags. */
static struct guild_value *flags_of(const struct dvc_reader *d, const char *name,
	const struct guild_value *stage)
{
	struct guild_value *flags = guild_value_dict(d->arena);
	const struct guild_value *params = guild_value_get(stage, "params");
	for (size_t i = 0; params && params->type == GUILD_LIST && i < params->n; i++) {
		const struct guild_value *item = params->items[i];
		const char *param = guild_value_text(item);
		struct guild_value *v = param ? param_value(d->params, param) : NULL;
		if (v) {
			add_param(d->arena, flags, param, v);
		} else if (item->type == GUILD_DICT) {
			guild_log(d->log, "warning",
				"parameters of DVC stage '%s' in files other than %s are no flags",
				name, params_file);
		}
	}
	return flags;
}

/* ---- stages -------------------------------------------------------------------------------------------------------- */

static int add_stage(const struct dvc_reader *d, const char *name, const struct guild_value *stage,
	struct guild_value *ops)
{
	struct guild_arena *a = d->arena;
	struct guild_value *op = guild_value_dict(a);
	struct guild_buf words = {0};
	if (!stage || stage->type != GUILD_DICT) {
		return guild_error_set(d->err, GUILD_ENOTFOUND, "dvc.yaml has no stage '%s'", name);
	}
	guild_buf_printf(&words, "%s --project-dir ", GUILD_DVC_STAGE_MODULE);
	guild_shlex_quote(&words, d->dir);
	guild_buf_putc(&words, ' ');
	guild_shlex_quote(&words, name);
	struct guild_value *flags = flags_of(d, name, stage);
	op->file = stage->file;
	op->line = stage->line;
	op->column = stage->column;
	guild_value_set(a, op, "description",
		guild_value_string(a,
			guild_arena_format(a, "Stage '%s' imported from dvc.yaml", name)));
	guild_value_set(a, op, "main", guild_value_string(a, guild_buf_cstr(&words)));
	guild_value_set(a, op, "requires", requires_of(d, stage));
	guild_value_set(a, op, "flags-import", guild_value_bool(a, false));
	if (flags->n > 0) {
		guild_value_set(a, op, "flags", flags);
		guild_value_set(a, op, "flags-dest",
			guild_value_string(a, guild_arena_format(a, "config:%s", params_file)));
	}
	guild_value_set(a, ops, name, op);
	guild_buf_fini(&words);
	return 0;
}

int project_dvc_stages(struct guild_arena *a, const char *dir, const struct guild_value *which,
	struct guild_value *ops, const struct guild_log *log, struct guild_error *err)
{
	struct dvc_reader d = {.arena = a, .dir = dir, .log = log, .err = err};
	bool all = guild_value_text(which) && strcmp(which->s.p, "all") == 0;
	int rc = read_stages(&d);
	size_t n = rc ? 0 : all ? d.stages->n : which->type == GUILD_LIST ? which->n : 1;
	for (size_t i = 0; i < n && rc == 0; i++) {
		const char *name = guild_value_text(all ? d.stages->pairs[i].key
						    : which->type == GUILD_LIST ? which->items[i]
										: which);
		if (!name) {
			rc = guild_error_set(err, GUILD_EINVALID, "a stage's name must be text");
		} else if (!guild_value_get(ops, name)) {
			rc = add_stage(&d, name, guild_value_get(d.stages, name), ops);
		}
	}
	return rc;
}

int project_from_dvc(const char *spec, const char *cwd, struct guild_project **out,
	struct guild_op_def **op, struct guild_error *err)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *ops = guild_value_dict(a);
	struct guild_value *item = guild_value_dict(a);
	struct guild_value *top = guild_value_list(a);
	struct guild_buf text = {0};
	struct guild_buf own = {0};
	char *path = guild_path_join(cwd, "dvc.yaml");
	struct guild_value *which = guild_value_list(a);
	guild_value_append(a, which, guild_value_string(a, spec + strlen("dvc.yaml:")));
	int rc = project_dvc_stages(a, cwd, which, ops, NULL, err);
	if (rc == 0) {
		guild_value_set(a, item, "model", guild_value_string(a, "dvc.yaml"));
		guild_value_set(a, item, "operations", ops);
		guild_value_append(a, top, item);
		guild_yaml_dump(&text, top, false);
		rc = guild_project_parse(guild_buf_str(&text), path, NULL, out, NULL, err);
	}
	rc = rc ? rc : guild_file_read(path, DVC_MAX_BYTES, &own, err);
	if (rc == 0) {
		guild_digest_bytes(GUILD_MD5, own.p, own.n, (*out)->hash);
		(*out)->is_dvc = true;
		*op = (*out)->models[0]->ops[0];
	}
	guild_buf_fini(&text);
	guild_buf_fini(&own);
	free(path);
	guild_arena_free(a);
	return rc;
}
