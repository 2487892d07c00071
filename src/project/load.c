/* guild.yml -> models and operations (guildfile.md 1-5, in the order of 11). */
#include "attributes.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- operations ---- */

static void add_missing(struct guild_arena *a, struct guild_value *all,
	const struct guild_value *defaults)
{
	size_t n_own = all->n;
	for (size_t i = 0; i < defaults->n; i++) {
		const char *key = guild_value_text(defaults->pairs[i].key);
		bool is_own = false;
		for (size_t k = 0; key && !is_own && k < n_own; k++) {
			is_own = guild_streq(key, guild_value_text(all->pairs[k].key));
		}
		if (key && !is_own) {
			guild_value_add_pair(a, all, defaults->pairs[i].key,
				defaults->pairs[i].value);
		}
	}
}

static int expand_steps(struct project_reader *r, const struct project_item *item,
	struct guild_value *steps, struct guild_value **out)
{
	*out = steps;
	if (!steps || steps->type != GUILD_LIST) {
		return 0;
	}
	struct guild_value *all = guild_value_list(r->arena);
	all->file = steps->file;
	all->line = steps->line;
	all->column = steps->column;
	for (size_t i = 0; i < steps->n; i++) {
		struct guild_value *step = steps->items[i], *flags = NULL;
		struct guild_value *written = guild_value_get(step, "flags");
		int rc = project_expand_section(r, item, "flags", written, &flags);
		if (rc) {
			return rc;
		}
		guild_value_append(r->arena, all,
			flags == written ? step : project_with(r->arena, step, "flags", flags));
	}
	*out = all;
	return 0;
}

/* The operation with what it lacks taken whole from `defaults` (guildfile.md 4.2) and its $includes carried out. */
static int complete_op(struct project_reader *r, const struct project_item *item,
	struct guild_value *op, const struct guild_value *defaults, struct guild_value **out)
{
	struct guild_value *all = guild_value_dict_like(r->arena, op);
	struct guild_value *flags = NULL, *steps = NULL;
	int rc = project_charge(r, op->n, op);
	for (size_t i = 0; i < op->n; i++) {
		guild_value_add_pair(r->arena, all, op->pairs[i].key, op->pairs[i].value);
	}
	if (rc == 0 && defaults) {
		add_missing(r->arena, all, defaults);
	}
	struct guild_value *own_flags = guild_value_get(all, "flags");
	struct guild_value *own_steps = guild_value_get(all, "steps");
	rc = rc ? rc : project_expand_section(r, item, "flags", own_flags, &flags);
	rc = rc ? rc : expand_steps(r, item, own_steps, &steps);
	if (rc == 0 && flags != own_flags) {
		all = project_with(r->arena, all, "flags", flags);
	}
	if (rc == 0 && steps != own_steps) {
		all = project_with(r->arena, all, "steps", steps);
	}
	*out = all;
	return rc;
}

static int compare_ops(const void *a, const void *b)
{
	return strcmp((*(struct guild_op_def *const *)a)->name,
		(*(struct guild_op_def *const *)b)->name);
}

static int read_operations(struct project_reader *r, const struct project_item *item,
	struct guild_model_def *model, const struct guild_value *ops,
	const struct guild_value *defaults)
{
	int rc = 0;
	model->ops = guild_arena_alloc(r->arena, (ops->n + 1) * sizeof *model->ops);
	for (size_t i = 0; rc == 0 && i < ops->n; i++) {
		const struct guild_value *key = ops->pairs[i].key;
		struct guild_value *data = ops->pairs[i].value;
		if (key->type != GUILD_STRING) {
			return project_fail(r, key,
				"an operation's name must be text, not %s (quote it)",
				guild_type_name(key->type));
		}
		if (data->type != GUILD_DICT) {
			return project_fail(r, data,
				"operation '%s' must be text or a mapping, not %s", key->s.p,
				guild_type_name(data->type));
		}
		rc = complete_op(r, item, data, defaults, &data);
		rc = rc ? rc : project_read_op(r, model, key->s.p, data, &model->ops[model->n_ops]);
		model->n_ops += rc == 0;
	}
	if (model->n_ops > 1) {
		qsort(model->ops, model->n_ops, sizeof *model->ops, compare_ops);
	}
	return rc;
}

/* ---- models ---- */

static void set_locations(struct project_reader *r, const struct project_item *item,
	struct guild_model_def *model)
{
	const char **dirs =
		guild_arena_alloc(r->arena, (item->n_packages + 2) * sizeof(const char *));
	dirs[model->n_locations++] = guild_arena_strdup(r->arena, r->project->dir);
	for (size_t i = 0; i < item->n_packages; i++) {
		dirs[model->n_locations++] = item->packages[i]->dir;
	}
	model->locations = dirs;
}

/* extra: dvc-stages-import */
static int import_stages(struct project_reader *r, const struct guild_model_def *model,
	struct guild_value **ops)
{
	const struct guild_value *which = guild_value_get(model->extra, "dvc-stages-import");
	if (!guild_value_truthy(which)) {
		return 0;
	}
	struct guild_value *all = guild_value_dict(r->arena);
	for (size_t i = 0; *ops && (*ops)->type == GUILD_DICT && i < (*ops)->n; i++) {
		const char *name = guild_value_text((*ops)->pairs[i].key);
		if (name) {
			guild_value_set(r->arena, all, name, (*ops)->pairs[i].value);
		}
	}
	struct guild_error why = {0};
	if (project_dvc_stages(r->arena, r->project->dir, which, all, r->log, &why) != 0) {
		return project_fail(r, which, "dvc-stages-import: %s", why.text);
	}
	*ops = all;
	return 0;
}

static int read_model(struct project_reader *r, const struct project_item *item,
	struct guild_value *data, struct guild_model_def *model)
{
	const struct project_kind *kind =
		item->name[0] ? &project_kind_model : &project_kind_anonymous;
	struct guild_value *ops = NULL, *resources = NULL;
	model->data = data;
	int rc = project_check_attributes(r, kind, data, "a model");
	rc = rc ? rc : project_read_list(r, data, "references", &model->references);
	rc = rc ? rc
		: project_expand_section(r, item, "resources", guild_value_get(data, "resources"),
			  &resources);
	rc = rc ? rc
		: project_expand_section(r, item, "operations", guild_value_get(data, "operations"),
			  &ops);
	if (rc) {
		return rc;
	}
	model->description = project_text(r, data, "description");
	model->is_default = guild_value_truthy(guild_value_get(data, "default"));
	model->extra = project_said(data, "extra");
	model->profiles = project_said(data, "profiles");
	rc = import_stages(r, model, &ops);
	if (rc) {
		return rc;
	}
	model->resources = guild_value_is_null(resources) ? NULL : resources;
	model->sourcecode = guild_value_get(data, "sourcecode");
	model->plugins = guild_value_get(data, "plugins");
	model->python_requires = project_text(r, data, "python-requires");
	return guild_value_is_null(ops) ? 0
					: read_operations(r, item, model, ops,
						  project_said(data, "operation-defaults"));
}

static int make_model(struct project_reader *r, struct project_item *item)
{
	struct guild_model_def *model = guild_arena_alloc(r->arena, sizeof *model);
	const struct guild_value *params = NULL;
	struct guild_value *data = NULL;
	model->name = item->name;
	int rc = project_extend_item(r, item);
	params = rc ? NULL : project_said(item->merged, "params");
	if (params && params->type != GUILD_DICT) {
		return project_fail(r, params, "'params' must be a mapping, not %s",
			guild_type_name(params->type));
	}
	rc = rc ? rc : project_apply_params(r, params, item->merged, &data);
	if (rc) {
		return rc;
	}
	set_locations(r, item, model);
	rc = read_model(r, item, data, model);
	if (rc == 0) {
		r->project->models[r->project->n_models++] = model;
	}
	return rc;
}

/* ---- the project ---- */

int project_make_models(struct project_reader *r)
{
	struct guild_project *p = r->project;
	int rc = 0;
	p->package = r->own->package;
	p->models = guild_arena_alloc(r->arena, (r->own->n_items + 1) * sizeof *p->models);
	for (size_t i = 0; rc == 0 && i < r->own->n_items; i++) {
		if (r->own->items[i]->is_model) {
			rc = make_model(r, r->own->items[i]);
		}
	}
	return rc;
}

/* Reads the files of a project; `in_place`: messages name them relative to its directory. */
static int open_items(struct guild_str text, const char *path, bool in_place,
	const struct guild_project_world *world, struct guild_project *p, struct project_reader *r)
{
	p->arena = guild_arena_new();
	p->path = guild_path_abs(path, NULL);
	p->dir = guild_path_dirname(p->path);
	guild_digest_bytes(GUILD_MD5, text.p, text.n, p->hash);
	r->project = p;
	r->arena = p->arena;
	r->world = world;
	r->shown_dir = in_place ? p->dir : NULL;
	r->file = in_place ? guild_path_basename(p->path) : p->path;
	return project_read_file(r, p->path, text, &r->own);
}

static int read_text(const char *dir, struct guild_buf *text, char **path, bool *in_place,
	struct guild_error *err)
{
	char *here = getcwd(NULL, 0);
	*in_place = guild_streq(here, dir);
	*path = guild_path_join(dir, "guild.yml");
	free(here);
	return guild_file_read(*path, PROJECT_MAX_BYTES, text, err);
}

int project_open(const char *dir, const struct guild_project_world *world,
	struct guild_project **out, struct project_reader *r, struct guild_error *err)
{
	struct guild_buf text = {0};
	char *path = NULL;
	bool in_place = false;
	static const struct project_reader none;
	*r = none;
	r->err = err;
	*out = NULL;
	int rc = read_text(dir, &text, &path, &in_place, NULL);
	if (rc == 0) {
		*out = guild_alloc(sizeof **out);
		rc = open_items(guild_buf_str(&text), path, in_place, world, *out, r);
	}
	guild_buf_fini(&text);
	free(path);
	return rc;
}

void project_close(struct guild_project *p, struct project_reader *r)
{
	project_files_free(r);
	guild_project_free(p);
}

static int parse_named(struct guild_str text, const char *path, bool in_place,
	const struct guild_project_world *world, struct guild_project **out,
	const struct guild_log *log, struct guild_error *err)
{
	struct guild_project *p = guild_alloc(sizeof *p);
	struct guild_error unread = {0};
	struct project_reader r = {.log = log, .err = err ? err : &unread};
	int rc = open_items(text, path, in_place, world, p, &r);
	rc = rc ? rc : project_make_models(&r);
	rc = rc ? rc : project_read_requires(&r);
	project_files_free(&r);
	if (rc) {
		guild_project_free(p);
		return rc;
	}
	*out = p;
	return 0;
}

int guild_project_parse(struct guild_str text, const char *path,
	const struct guild_project_world *world, struct guild_project **out,
	const struct guild_log *log, struct guild_error *err)
{
	return parse_named(text, path, !strchr(path, '/'), world, out, log, err);
}

int guild_project_load(const char *dir, const struct guild_project_world *world,
	struct guild_project **out, const struct guild_log *log, struct guild_error *err)
{
	struct guild_buf text = {0};
	char *path = NULL;
	bool in_place = false;
	int rc = read_text(dir, &text, &path, &in_place, err);
	if (rc == 0) {
		rc = parse_named(guild_buf_str(&text), path, in_place, world, out, log, err);
	}
	guild_buf_fini(&text);
	free(path);
	return rc;
}

void guild_project_free(struct guild_project *p)
{
	if (!p) {
		return;
	}
	guild_arena_free(p->arena);
	free(p->files);
	free(p->dir);
	free(p->path);
	free(p->script_dir);
	free(p);
}
