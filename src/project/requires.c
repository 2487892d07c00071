/* What operations require: named resources filled in, flags of sources added (resources.md 2, 5). */

#include <string.h>

#include "project_private.h"

/* ---- named resources ------------------------------------------------------------------------------------------ */

static const struct guild_model_def *find_model(const struct guild_project *p, const char *name)
{
	for (size_t i = 0; i < p->n_models; i++) {
		if (strcmp(p->models[i]->name, name) == 0) {
			return p->models[i];
		}
	}
	return NULL;
}

static int undefined(const struct project_reader *r, const struct guild_value *at,
	const struct guild_model_def *model, const char *name, const char *op)
{
	int rc = project_fail(r, at, "operation '%s' requires resource '%s', which is not defined",
		op, name);
	size_t n = model && model->resources ? model->resources->n : 0;
	const char **names = guild_arena_alloc(r->arena, (n + 1) * sizeof(*names));
	size_t n_names = 0;
	for (size_t i = 0; i < n; i++) {
		const char *known = guild_value_text(model->resources->pairs[i].key);
		if (known) {
			names[n_names++] = known;
		}
	}
	const char *nearest = guild_nearest(name, names);
	if (nearest) {
		guild_error_hint(r->err, "did you mean '%s'?", nearest);
	}
	return rc;
}

static bool is_reference(const char *name)
{
	for (const char *p = name; *p; p++) {
		bool is_letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z');
		if (!is_letter && !(*p >= '0' && *p <= '9') && !strchr("_-.:/", *p)) {
			return false;
		}
	}
	return *name != '\0';
}

/* NAME or MODEL:NAME. */
static int find_resource(const struct project_reader *r, const struct guild_op_def *op,
	const struct guild_value *at, const char *reference, const char **name,
	const struct guild_model_def **model, const struct guild_value **data)
{
	const char *colon = strchr(reference, ':');
	if (!is_reference(reference)) {
		return project_fail(r, at,
			"'%s' is no dependency of operation '%s': expected the name of a resource, "
			"MODEL:NAME or PACKAGE/NAME",
			reference, op->name);
	}
	*name = colon ? colon + 1 : reference;
	*model = op->model;
	if (colon) {
		const char *owner =
			guild_arena_strndup(r->arena, reference, (size_t)(colon - reference));
		*model = find_model(r->project, owner);
		if (!*model) {
			return project_fail(r, at,
				"operation '%s' requires resource '%s', but model "
				"'%s' is not defined",
				op->name, reference, owner);
		}
	}
	*data = guild_value_get((*model)->resources, *name);
	return guild_value_is_null(*data) ? undefined(r, at, *model, *name, op->name) : 0;
}

/* ---- the record --------------------------------------------------------------------------------------------------- */

/* The mapping that runs keep: what was written, with where it was and what it is called. */
static struct guild_value *record_of(const struct project_reader *r,
	const struct guild_model_def *model, const struct guild_value *data, const char *name)
{
	struct guild_arena *a = r->arena;
	struct guild_value *record = guild_value_dict(a);
	record->file = data->file;
	record->line = data->line;
	record->column = data->column;
	/* 0.9.0 reads one location; packages are ours. */
	guild_value_set(a, record, "location", guild_value_string(a, model->locations[0]));
	struct guild_value *more = guild_value_list(a);
	for (size_t i = 1; i < model->n_locations; i++) {
		guild_value_append(a, more, guild_value_string(a, model->locations[i]));
	}
	if (more->n > 0) {
		guild_value_set(a, record, "parent-locations", more);
	}
	if (data->type == GUILD_LIST) {
		guild_value_set(a, record, "sources", (struct guild_value *)data);
	}
	for (size_t i = 0; data->type == GUILD_DICT && i < data->n; i++) {
		const char *key = guild_value_text(data->pairs[i].key);
		if (key) {
			guild_value_set(a, record, key, data->pairs[i].value);
		}
	}
	guild_value_set(a, record, "name", guild_value_string(a, name));
	return record;
}

/* PACKAGE/NAME: the first resource of that name in the package's file. 0.9.0 never finds one. */
static int add_packaged(struct project_reader *r, const struct guild_op_def *op,
	const struct guild_value *at, const char *reference, struct guild_value *list)
{
	const char *slash = strchr(reference, '/');
	const char *package = guild_arena_strndup(r->arena, reference, (size_t)(slash - reference));
	struct project_file *file = NULL;
	int rc = project_find_package(r, package, &file);
	if (rc == 0 && !file) {
		rc = project_fail(r, at,
			"operation '%s' requires resource '%s', but package '%s' is not installed",
			op->name, reference, package);
	}
	for (size_t i = 0; rc == 0 && i < file->n_items; i++) {
		struct project_item *item = file->items[i];
		rc = project_extend_item(r, item);
		const struct guild_value *data =
			rc ? NULL
			   : guild_value_get(guild_value_get(item->merged, "resources"), slash + 1);
		if (!guild_value_is_null(data)) {
			struct guild_resource resource;
			const char *dir = file->dir;
			const struct guild_model_def place = {.locations = &dir, .n_locations = 1};
			rc = guild_resource_parse(r->arena, data, slash + 1, reference, r->file,
				&resource, r->log, r->err);
			if (rc == 0) {
				guild_value_append(r->arena, list,
					record_of(r, &place, data, slash + 1));
			}
			return rc;
		}
	}
	return rc ? rc
		  : project_fail(r, at,
			    "operation '%s' requires resource '%s', which package '%s' does not define",
			    op->name, reference, package);
}

static int add_named(struct project_reader *r, const struct guild_op_def *op,
	const struct guild_value *at, const char *reference, struct guild_value *list)
{
	const char *name = NULL;
	const struct guild_model_def *model = NULL;
	const struct guild_value *data = NULL;
	if (is_reference(reference) && strchr(reference, '/') && !strchr(reference, ':')) {
		return add_packaged(r, op, at, reference, list);
	}
	int rc = find_resource(r, op, at, reference, &name, &model, &data);
	if (rc == 0) {
		guild_value_append(r->arena, list, record_of(r, model, data, name));
	}
	return rc;
}

static int add_inline(const struct project_reader *r, const struct guild_op_def *op,
	const struct guild_value *item, struct guild_value *list)
{
	const struct guild_value *data = item;
	struct guild_resource resource = {0};
	if (!guild_value_get(item, "sources")) {
		struct guild_value *one = guild_value_list(r->arena);
		guild_value_append(r->arena, one, (struct guild_value *)item);
		one->file = item->file;
		one->line = item->line;
		one->column = item->column;
		data = one;
	}
	int rc = guild_resource_parse(r->arena, data, NULL, NULL, r->file, &resource, r->log,
		r->err);
	if (rc == 0) {
		guild_value_append(r->arena, list, record_of(r, op->model, data, resource.name));
	}
	return rc;
}

static int add_item(struct project_reader *r, const struct guild_op_def *op,
	struct guild_value *item, struct guild_value *list)
{
	const char *text = guild_value_text(item);
	if (text && guild_starts(text, "file:") && !find_model(r->project, "file")) {
		struct guild_value *map = guild_value_dict(r->arena);
		guild_value_set(r->arena, map, "file",
			guild_value_string(r->arena, text + strlen("file:")));
		map->file = item->file;
		map->line = item->line;
		map->column = item->column;
		return add_inline(r, op, map, list);
	}
	if (text) {
		return add_named(r, op, item, text, list);
	}
	if (item->type != GUILD_DICT) {
		return project_fail(r, item,
			"a dependency of operation '%s' must be text or a mapping, not %s",
			op->name, guild_type_name(item->type));
	}
	const struct guild_value *reference = guild_value_get(item, "resource");
	if (!guild_value_is_null(reference)) {
		const char *name = guild_value_text(reference);
		return name ? add_named(r, op, reference, name, list)
			    : project_fail(r, reference,
				      "'resource' of a dependency of operation '%s' must be text",
				      op->name);
	}
	return add_inline(r, op, item, list);
}

/* flags-dest: config:FILE makes the file a dependency that gets the flags. */
static int add_flags_dest(const struct project_reader *r, const struct guild_op_def *op,
	struct guild_value *list)
{
	if (!op->flags_dest || !guild_starts(op->flags_dest, "config:")) {
		return 0;
	}
	struct guild_arena *a = r->arena;
	const char *file = op->flags_dest + strlen("config:");
	struct guild_value *source = guild_value_dict(a);
	enum guild_config_format format;
	if (!guild_config_format_of(file, &format)) {
		guild_log(r->log, "warning",
			"'%s' of operation '%s' is no config file that guild can write: it gets no flags",
			file, op->name);
		return 0;
	}
	guild_value_set(a, source, "always-resolve", guild_value_bool(a, true));
	guild_value_set(a, source, "config", guild_value_string(a, file));
	guild_value_set(a, source, "replace-existing", guild_value_bool(a, true));
	return add_inline(r, op, source, list);
}

static int read_op(struct project_reader *r, struct guild_op_def *op)
{
	struct guild_value *list = guild_value_list(r->arena);
	int rc = 0;
	for (size_t i = 0; op->requires && i < op->requires->n && rc == 0; i++) {
		rc = add_item(r, op, op->requires->items[i], list);
	}
	rc = rc ? rc : add_flags_dest(r, op, list);
	op->deps = list;
	return rc;
}

/* Every resource is read, required or not: a mistake is told when the file is loaded. */
static int read_resources(const struct project_reader *r, const struct guild_model_def *model)
{
	int rc = 0;
	for (size_t i = 0; model->resources && i < model->resources->n && rc == 0; i++) {
		const struct guild_value *key = model->resources->pairs[i].key;
		const struct guild_value *data = model->resources->pairs[i].value;
		const char *name = guild_value_text(key);
		struct guild_resource resource;
		if (!name) {
			return project_fail(r, key, "a resource's name must be text, not %s",
				guild_type_name(key->type));
		}
		const char *shown = guild_arena_format(r->arena, "%s:%s", model->name, name);
		rc = guild_resource_parse(r->arena, data, name, shown, r->file, &resource, r->log,
			r->err);
	}
	return rc;
}

int project_read_requires(struct project_reader *r)
{
	int rc = 0;
	for (size_t i = 0; i < r->project->n_models && rc == 0; i++) {
		struct guild_model_def *model = r->project->models[i];
		rc = read_resources(r, model);
		for (size_t k = 0; k < model->n_ops && rc == 0; k++) {
			rc = read_op(r, model->ops[k]);
		}
	}
	return rc;
}

/* ---- flags ------------------------------------------------------------------------------------------------------------ */

static bool takes_text(const struct guild_flag_def *def)
{
	static const char *const fitting[] = {"string", "path", "existing-path", "auto"};
	for (size_t i = 0; def->type && i < GUILD_ARRAY_LEN(fitting); i++) {
		if (strcmp(def->type, fitting[i]) == 0) {
			return true;
		}
	}
	return !def->type;
}

static void add_flag(struct guild_arena *a, struct guild_op_def *op, const struct guild_source *s,
	const char *resource, const struct guild_log *log)
{
	const char *name = guild_source_flag(s);
	if (!name) {
		return;
	}
	struct guild_flag_def *def = guild_flag_defs_get(&op->flags, name);
	bool is_new = !def;
	if (is_new) {
		def = guild_flag_defs_add(a, &op->flags, name);
		/* 0.9.0 keeps the name among the attributes that it does not know. */
		struct guild_value *extra = guild_value_dict(a);
		guild_value_set(a, extra, "name", guild_value_string(a, name));
		def->extra = extra;
	}
	if (!takes_text(def)) {
		guild_log(log, "warning",
			"flag '%s' of operation '%s' has type '%s', but it chooses what dependency '%s' is: "
			"the type is not used",
			name, op->name, def->type, resource);
		def->type = NULL;
	}
	if (!def->type) {
		def->type = "string";
	}
	if (!def->def && s->kind == GUILD_SOURCE_FILE) {
		def->def = guild_value_string(a, s->spec);
	}
	if (!def->has_arg_skip) {
		def->arg_skip = true;
		def->has_arg_skip = true;
	}
	if (is_new && s->kind != GUILD_SOURCE_FILE && strcmp(name, s->uri) == 0 &&
		!guild_flag_defs_get(&op->flags, s->spec)) {
		def->alias = s->spec;
	}
	if (is_new) {
		guild_flag_defs_sort(&op->flags);
	}
}

void project_add_dependency_flags(struct guild_project *project, struct guild_op_def *op,
	const struct guild_log *log)
{
	for (size_t i = 0; op->deps && i < op->deps->n; i++) {
		struct guild_resource resource;
		const struct guild_value *dep = op->deps->items[i];
		if (guild_resource_parse(project->arena, dep, NULL, NULL, NULL, &resource, NULL,
			    NULL) != 0) {
			continue; /* reported when the file was loaded */
		}
		for (size_t k = 0; k < resource.n_sources; k++) {
			add_flag(project->arena, op, &resource.sources[k], resource.name, log);
		}
	}
}
