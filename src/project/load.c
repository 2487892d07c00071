/* guild.yml -> models and operations (guildfile.md 1-4). */
#include "project_private.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PROJECT_MAX_BYTES = 16 << 20 };

static const char *const model_attributes[] = {
	"config",
	"default",
	"description",
	"extends",
	"extra",
	"flags",
	"model",
	"operation-defaults",
	"operations",
	"params",
	"plugins",
	"python-requires",
	"references",
	"resources",
	"sourcecode",
	NULL,
};
static const char *const item_types[] = {"model", "config", "package", "include"};

/* `defaults` fill the attributes an operation lacks, whole (guildfile.md 4.2). */
static struct guild_value *with_defaults(const struct project_reader *r, struct guild_value *op,
	const struct guild_value *defaults)
{
	if (!defaults) {
		return op;
	}
	struct guild_value *all = guild_value_dict(r->arena);
	all->line = op->line;
	all->column = op->column;
	for (size_t i = 0; i < op->n; i++) {
		if (guild_value_text(op->pairs[i].key)) {
			guild_value_set(r->arena, all, op->pairs[i].key->s.p, op->pairs[i].value);
		}
	}
	for (size_t i = 0; i < defaults->n; i++) {
		const char *key = guild_value_text(defaults->pairs[i].key);
		if (key && !guild_value_get(op, key)) {
			guild_value_set(r->arena, all, key, defaults->pairs[i].value);
		}
	}
	return all;
}

static int compare_ops(const void *a, const void *b)
{
	return strcmp((*(struct guild_op_def *const *)a)->name,
		(*(struct guild_op_def *const *)b)->name);
}

static int read_operations(const struct project_reader *r, struct guild_model_def *model,
	const struct guild_value *ops, const struct guild_value *defaults)
{
	int rc = project_refuse_later(r, ops, "$include");
	model->ops = guild_arena_alloc(r->arena, (ops->n + 1) * sizeof *model->ops);
	for (size_t i = 0; rc == 0 && i < ops->n; i++) {
		const struct guild_value *key = ops->pairs[i].key;
		struct guild_value *data = ops->pairs[i].value;
		if (key->type != GUILD_STRING) {
			return project_fail(r, key,
				"an operation's name must be text, not %s (quote it)",
				guild_type_name(key->type));
		}
		if (data->type == GUILD_STRING) {
			struct guild_value *map = guild_value_dict(r->arena);
			guild_value_set(r->arena, map, "main", data);
			data = map;
		}
		if (data->type != GUILD_DICT) {
			return project_fail(r, data,
				"operation '%s' must be text or a mapping, not %s", key->s.p,
				guild_type_name(data->type));
		}
		rc = project_read_op(r, model, key->s.p, with_defaults(r, data, defaults),
			&model->ops[model->n_ops]);
		model->n_ops += rc == 0;
	}
	if (model->n_ops > 1) {
		qsort(model->ops, model->n_ops, sizeof *model->ops, compare_ops);
	}
	return rc;
}

static int read_model(const struct project_reader *r, const char *name, struct guild_value *item)
{
	struct guild_project *p = r->project;
	for (size_t i = 0; i < p->n_models; i++) {
		if (strcmp(p->models[i]->name, name) == 0) {
			return project_fail(r, item,
				name[0] ? "model '%s' is defined twice"
					: "a second model without a name%s",
				name);
		}
	}
	struct guild_model_def *model = guild_arena_alloc(r->arena, sizeof *model);
	const struct guild_value *ops = NULL, *defaults = NULL;
	model->name = name;
	model->data = item;
	static const char *const later[] = {"extends", "params"};
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < GUILD_ARRAY_LEN(later); i++) {
		rc = project_refuse_later(r, item, later[i]);
	}
	rc = rc ? rc : project_read_text(r, item, "description", &model->description);
	rc = rc ? rc : project_read_bool(r, item, "default", &model->is_default, NULL);
	rc = rc ? rc : project_read_dict(r, item, "resources", &model->resources);
	rc = rc ? rc : project_read_dict(r, item, "extra", &model->extra);
	rc = rc ? rc : project_read_dict(r, item, "operation-defaults", &defaults);
	rc = rc ? rc : project_read_dict(r, item, "operations", &ops);
	rc = rc ? rc : project_read_list(r, item, "references", &model->references);
	if (rc) {
		return rc;
	}
	model->sourcecode = guild_value_get(item, "sourcecode");
	model->plugins = guild_value_get(item, "plugins");
	if (ops) {
		rc = read_operations(r, model, ops, defaults);
	}
	if (rc == 0) {
		project_check_names(r, item, "a model", model_attributes);
		p->models[p->n_models++] = model;
	}
	return rc;
}

static int read_item(const struct project_reader *r, struct guild_value *item)
{
	if (item->type != GUILD_DICT) {
		return project_fail(r, item, "an item of the file must be a mapping, not %s",
			guild_type_name(item->type));
	}
	const char *type = NULL;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(item_types); i++) {
		if (!guild_value_get(item, item_types[i])) {
			continue;
		}
		if (type) {
			return project_fail(r, item, "an item is either '%s' or '%s', not both",
				type, item_types[i]);
		}
		type = item_types[i];
	}
	if (!type && guild_value_get(item, "operations")) {
		return read_model(r, "", item);
	}
	if (!type) {
		return project_fail(r, item,
			"an item must have one of: config, include, model, package");
	}
	if (strcmp(type, "include") == 0) {
		return project_refuse_later(r, item, "include");
	}
	struct guild_value *name = guild_value_get(item, type);
	if (name->type != GUILD_STRING || name->s.p[0] == '$') {
		return project_fail(r, name, "the name of a %s must be text, not %s", type,
			guild_type_name(name->type));
	}
	if (strcmp(type, "package") == 0) {
		if (r->project->package) {
			return project_fail(r, item, "a second package; a file holds at most one");
		}
		r->project->package = item;
		return 0;
	}
	return strcmp(type, "model") == 0 ? read_model(r, name->s.p, item) : 0;
}

static int read_top(const struct project_reader *r, struct guild_value *top)
{
	struct guild_project *p = r->project;
	size_t n = top->type == GUILD_LIST ? top->n : 1;
	p->models = guild_arena_alloc(r->arena, (n + 1) * sizeof *p->models);
	if (top->type == GUILD_NULL) {
		return 0;
	}
	if (top->type == GUILD_DICT) {
		struct guild_value *model = guild_value_dict(r->arena);
		model->line = top->line;
		model->column = top->column;
		guild_value_set(r->arena, model, "operations", top);
		return read_model(r, "", model);
	}
	if (top->type != GUILD_LIST) {
		return project_fail(r, top,
			"the file must hold a mapping of operations or a list, not %s",
			guild_type_name(top->type));
	}
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < top->n; i++) {
		rc = read_item(r, top->items[i]);
	}
	return rc;
}

static int parse_named(struct guild_str text, const char *path, const char *shown,
	struct guild_project **out, const struct guild_log *log, struct guild_error *err)
{
	struct guild_project *p = guild_alloc(sizeof *p);
	struct guild_value *top = NULL;
	p->arena = guild_arena_new();
	p->path = guild_path_abs(path, NULL);
	p->dir = guild_path_dirname(p->path);
	guild_digest_bytes(GUILD_MD5, text.p, text.n, p->hash);
	struct project_reader r = {.project = p, .arena = p->arena, .log = log, .err = err};
	r.file = guild_arena_strdup(p->arena, shown);
	int rc = guild_yaml_parse(p->arena, text, r.file, GUILD_YAML_NUMBERS, &top, err);
	if (rc == 0) {
		p->data = top;
		rc = read_top(&r, top);
	}
	if (rc) {
		guild_project_free(p);
		return rc;
	}
	*out = p;
	return 0;
}

int guild_project_parse(struct guild_str text, const char *path, struct guild_project **out,
	const struct guild_log *log, struct guild_error *err)
{
	return parse_named(text, path, path, out, log, err);
}

int guild_project_load(const char *dir, struct guild_project **out, const struct guild_log *log,
	struct guild_error *err)
{
	char *path = guild_path_join(dir, "guild.yml");
	char *here = getcwd(NULL, 0);
	struct guild_buf text = {0};
	int rc = guild_file_read(path, PROJECT_MAX_BYTES, &text, err);
	if (rc == 0) {
		rc = parse_named(guild_buf_str(&text), path,
			guild_streq(here, dir) ? "guild.yml" : path, out, log, err);
	}
	guild_buf_fini(&text);
	free(here);
	free(path);
	return rc;
}

void guild_project_free(struct guild_project *p)
{
	if (!p) {
		return;
	}
	guild_arena_free(p->arena);
	free(p->dir);
	free(p->path);
	free(p->script_dir);
	free(p);
}
