/* guild.yml files and the items in them, with includes spliced in (guildfile.md 2). */
#include "project_private.h"

#include <stdlib.h>
#include <string.h>

static const char *const item_types[] = {"model", "config", "package", "include"};

/* Files being read, each including the next. */
struct chain {
	const char *path;
	const struct chain *up;
};

/* ---- short forms ---- */

struct guild_value *project_with(struct guild_arena *a, const struct guild_value *map,
	const char *key, struct guild_value *v)
{
	struct guild_value *copy = guild_value_dict_like(a, map);
	for (size_t i = 0; i < map->n; i++) {
		bool is_it = guild_streq(guild_value_text(map->pairs[i].key), key);
		guild_value_add_pair(a, copy, map->pairs[i].key, is_it ? v : map->pairs[i].value);
	}
	return copy;
}

/* `flags: {lr: 0.1}` is `flags: {lr: {default: 0.1}}`: parents and includes are merged in the long form. */
static struct guild_value *long_flags(struct guild_arena *a, struct guild_value *flags)
{
	if (!flags || flags->type != GUILD_DICT) {
		return flags;
	}
	struct guild_value *all = guild_value_dict_like(a, flags);
	for (size_t i = 0; i < flags->n; i++) {
		struct guild_value *key = flags->pairs[i].key;
		struct guild_value *v = flags->pairs[i].value;
		bool is_short = guild_value_text(key) && strcmp(key->s.p, "$include") != 0 &&
				v->type != GUILD_DICT && v->type != GUILD_DATE;
		if (is_short) {
			struct guild_value *attrs = guild_value_dict_like(a, v);
			guild_value_set(a, attrs, "default", v);
			v = attrs;
		}
		guild_value_add_pair(a, all, key, v);
	}
	return all;
}

/* A mapping with the value of one key replaced by what `change` makes of it. */
static struct guild_value *with_changed(struct guild_arena *a, struct guild_value *map,
	const char *name, struct guild_value *(*change)(struct guild_arena *, struct guild_value *))
{
	struct guild_value *old = guild_value_get(map, name);
	struct guild_value *v = old ? change(a, old) : NULL;
	return v == old ? map : project_with(a, map, name, v);
}

static struct guild_value *long_operation(struct guild_arena *a, struct guild_value *op)
{
	if (op->type == GUILD_STRING) {
		struct guild_value *map = guild_value_dict_like(a, op);
		guild_value_set(a, map, "main", op);
		return map;
	}
	return with_changed(a, op, "flags", long_flags);
}

static struct guild_value *long_operations(struct guild_arena *a, struct guild_value *ops)
{
	if (ops->type != GUILD_DICT) {
		return ops;
	}
	struct guild_value *all = guild_value_dict_like(a, ops);
	for (size_t i = 0; i < ops->n; i++) {
		const char *name = guild_value_text(ops->pairs[i].key);
		struct guild_value *v = ops->pairs[i].value;
		bool is_include = name && strcmp(name, "$include") == 0;
		guild_value_add_pair(a, all, ops->pairs[i].key,
			is_include ? v : long_operation(a, v));
	}
	return all;
}

static struct guild_value *long_forms(struct guild_arena *a, struct guild_value *item)
{
	item = with_changed(a, item, "flags", long_flags);
	item = with_changed(a, item, "operation-defaults", long_operation);
	return with_changed(a, item, "operations", long_operations);
}

/* ---- items ---- */

static int add_item(struct project_reader *r, struct project_file *f, const char *name,
	bool is_model, struct guild_value *data)
{
	struct project_item *item = guild_arena_alloc(r->arena, sizeof *item);
	*item = (struct project_item){.name = name, .is_model = is_model, .file = f};
	item->data = long_forms(r->arena, data);
	const struct project_item *first = guild_map_get(&f->names, name);
	if (is_model && first) {
		for (size_t i = 0; i < f->n_items; i++) {
			if (f->items[i]->is_model && strcmp(f->items[i]->name, name) == 0) {
				return project_fail(r, data,
					name[0] ? "model '%s' is defined twice"
						: "a second model without a name%s",
					name);
			}
		}
	}
	if (!first) {
		guild_map_put(&f->names, name, item);
	}
	if (++r->n_items > PROJECT_MAX_ITEMS) {
		return project_fail_limit(r, data, "more than %d items", PROJECT_MAX_ITEMS);
	}
	f->items =
		guild_grow_array(f->items, &f->cap, f->n_items + 1, sizeof(struct project_item *));
	f->items[f->n_items++] = item;
	return 0;
}

static int read_includes(struct project_reader *r, struct project_file *f,
	struct guild_value *include, const struct chain *chain);

static int read_item(struct project_reader *r, struct project_file *f, struct guild_value *item,
	const struct chain *chain)
{
	if (item->type != GUILD_DICT) {
		return project_fail(r, item, "an item of the file must be a mapping, not %s",
			guild_type_name(item->type));
	}
	struct guild_value *include = guild_value_get(item, "include");
	if (include) {
		return read_includes(r, f, include, chain);
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
		return add_item(r, f, "", true, item);
	}
	if (!type) {
		return project_fail(r, item,
			"an item must have one of: config, include, model, package");
	}
	const struct guild_value *name = guild_value_get(item, type);
	if (name->type != GUILD_STRING || name->s.p[0] == '$') {
		return project_fail(r, name, "the name of a %s must be text, not %s", type,
			name->type == GUILD_STRING ? name->s.p : guild_type_name(name->type));
	}
	if (strcmp(type, "package") != 0) {
		return add_item(r, f, name->s.p, strcmp(type, "model") == 0, item);
	}
	if (f->package) {
		return project_fail(r, item, "a second package; a file holds at most one");
	}
	f->package = item;
	return 0;
}

static int read_top(struct project_reader *r, struct project_file *f, struct guild_value *top,
	const struct chain *chain)
{
	if (top->type == GUILD_NULL) {
		return 0;
	}
	if (top->type == GUILD_DICT) {
		struct guild_value *model = guild_value_dict_like(r->arena, top);
		guild_value_set(r->arena, model, "operations", top);
		return add_item(r, f, "", true, model);
	}
	if (top->type != GUILD_LIST) {
		return project_fail(r, top,
			"the file must hold a mapping of operations or a list, not %s",
			guild_type_name(top->type));
	}
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < top->n; i++) {
		rc = read_item(r, f, top->items[i], chain);
	}
	return rc;
}

/* ---- reading files ---- */

static const char *shown_name(struct project_reader *r, const char *path)
{
	if (r->shown_dir) {
		char *rel = guild_path_rel(path, r->shown_dir);
		const char *shown =
			guild_path_is_beneath(rel) ? guild_arena_strdup(r->arena, rel) : NULL;
		free(rel);
		if (shown) {
			return shown;
		}
	}
	return guild_arena_strdup(r->arena, path);
}

/* Notes that the project depends on the file. */
static int record_file(struct project_reader *r, const char *path, struct guild_str text,
	const struct guild_value *at)
{
	struct guild_project *p = r->project;
	char hash[65];
	for (size_t i = 0; i < p->n_files; i++) {
		if (strcmp(p->files[i].path, path) == 0) {
			return 0;
		}
	}
	if (p->n_files == PROJECT_MAX_FILES) {
		return project_fail_limit(r, at, "more than %d files in one project",
			PROJECT_MAX_FILES);
	}
	guild_digest_bytes(GUILD_MD5, text.p, text.n, hash);
	p->files = guild_grow_array(p->files, &r->cap_files, p->n_files + 1, sizeof *p->files);
	p->files[p->n_files++] =
		(struct guild_project_file){.path = guild_arena_strdup(r->arena, path),
			.hash = guild_arena_strdup(r->arena, hash)};
	return 0;
}

static int parse_into(struct project_reader *r, struct project_file *f, const char *path,
	struct guild_str text, const struct guild_value *at, const struct chain *chain)
{
	struct guild_value *top = NULL;
	int rc = record_file(r, path, text, at);
	if (rc == 0) {
		rc = guild_yaml_parse(r->arena, text, shown_name(r, path),
			r->world && r->world->plain_numbers ? GUILD_YAML_PLAIN : GUILD_YAML_NUMBERS,
			&top, r->err);
	}
	if (rc == 0 && !r->project->data) {
		r->project->data = top;
	}
	return rc ? rc : read_top(r, f, top, chain);
}

static int include_file(struct project_reader *r, struct project_file *f, const char *path,
	const struct guild_value *at, const struct chain *chain)
{
	struct chain link = {.path = path, .up = chain};
	struct guild_buf text = {0};
	for (const struct chain *c = chain; c; c = c->up) {
		if (strcmp(c->path, path) != 0) {
			continue;
		}
		guild_buf_puts(&text, shown_name(r, path));
		for (c = chain; c; c = c->up) {
			guild_buf_printf(&text, ", included by %s", shown_name(r, c->path));
			if (strcmp(c->path, path) == 0) {
				break;
			}
		}
		int rc = project_fail(r, at, "a cycle of includes: %s", guild_buf_cstr(&text));
		guild_buf_fini(&text);
		return rc;
	}
	if (++r->n_includes > PROJECT_MAX_INCLUDES) {
		return project_fail_limit(r, at, "more than %d includes", PROJECT_MAX_INCLUDES);
	}
	int rc = guild_file_read(path, PROJECT_MAX_BYTES, &text, r->err);
	rc = rc ? rc : parse_into(r, f, path, guild_buf_str(&text), at, &link);
	guild_buf_fini(&text);
	return rc;
}

/* DIR/a/b/guild.yml for the name a.b. */
static char *module_file(const char *dir, const char *prefix, const char *name)
{
	char *below = guild_format("%s%s", prefix, name);
	for (char *p = below; *p; p++) {
		*p = *p == '.' ? '/' : *p;
	}
	char *path = guild_path_join3(dir, below, "guild.yml");
	free(below);
	if (!guild_is_file(path)) {
		free(path);
		return NULL;
	}
	return path;
}

static char *find_on_python_path(struct project_reader *r, const char *prefix, const char *name)
{
	const char *const *dirs =
		r->world && r->world->python_path ? r->world->python_path(r->world->arg) : NULL;
	char *path = NULL;
	for (size_t i = 0; !path && name[0] && name[0] != '.' && name[0] != '/' && dirs && dirs[i];
		i++) {
		path = module_file(dirs[i], prefix, name);
	}
	return path;
}

static char *find_include(struct project_reader *r, const char *name, const char *from)
{
	char *dir = guild_path_dirname(from);
	char *joined = guild_path_join(dir, name);
	char *path = guild_path_normalize(joined);
	free(joined);
	free(dir);
	if (guild_is_file(path)) {
		return path;
	}
	free(path);
	path = find_on_python_path(r, "", name);
	return path ? path : find_on_python_path(r, "gpkg.", name);
}

static int read_includes(struct project_reader *r, struct project_file *f,
	struct guild_value *include, const struct chain *chain)
{
	const struct guild_value *names = NULL;
	int rc = project_as_list(r, include, "include", &names);
	for (size_t i = 0; rc == 0 && i < names->n; i++) {
		const struct guild_value *at = names->items[i];
		const char *name = guild_value_text(at);
		if (!name) {
			return project_fail(r, at, "'include' takes names of files, not %s",
				guild_type_name(at->type));
		}
		char *path = find_include(r, name, chain->path);
		if (!path) {
			rc = project_fail(r, at, "cannot find '%s' to include", name);
			guild_error_hint(r->err,
				"it is looked for beside this file, and as a package on the Python path");
			return rc;
		}
		rc = include_file(r, f, path, at, chain);
		free(path);
	}
	return rc;
}

int project_read_file(struct project_reader *r, const char *path, struct guild_str text,
	struct project_file **out)
{
	struct project_file *f = guild_arena_alloc(r->arena, sizeof *f);
	struct chain link = {.path = path};
	char *dir = guild_path_dirname(path);
	f->path = guild_arena_strdup(r->arena, path);
	f->dir = guild_arena_strdup(r->arena, dir);
	f->shown = shown_name(r, path);
	f->next = r->packages;
	r->packages = f;
	free(dir);
	*out = f;
	return parse_into(r, f, path, text, NULL, &link);
}

int project_find_package(struct project_reader *r, const char *name, struct project_file **out)
{
	char *module = guild_strdup(name);
	for (char *p = module; *p; p++) {
		*p = *p == '-' ? '_' : *p;
	}
	char *path = find_on_python_path(r, "", module);
	struct guild_buf text = {0};
	int rc = 0;
	free(module);
	*out = NULL;
	for (struct project_file *f = r->packages; path && f && !*out; f = f->next) {
		*out = strcmp(f->path, path) == 0 ? f : NULL;
	}
	if (path && !*out) {
		rc = guild_file_read(path, PROJECT_MAX_BYTES, &text, r->err);
		rc = rc ? rc : project_read_file(r, path, guild_buf_str(&text), out);
	}
	guild_buf_fini(&text);
	free(path);
	return rc;
}

struct project_item *project_find_item(const struct project_file *file, const char *name)
{
	return guild_map_get(&file->names, name);
}

void project_files_free(struct project_reader *r)
{
	for (struct project_file *f = r->packages; f; f = f->next) {
		free(f->items);
		guild_map_fini(&f->names);
	}
}
