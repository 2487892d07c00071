/* The user's configuration: sections of named items that may extend each other. */

#include <stdlib.h>
#include <string.h>

#include "guild/store.h"

enum { EXTENDS_DEPTH_MAX = 32, EXTENDS_MAX = 10000 };

struct config {
	size_t n_extends; /* applied so far: parents can name parents many times over */
	struct guild_arena *arena;
	struct guild_value *data;
	const char *path;
	const struct guild_log *log;
};

/* Parent first, child over it, mappings key by key. */
static struct guild_value *merge(struct guild_arena *a, const struct guild_value *parent,
	const struct guild_value *child)
{
	struct guild_value *merged = guild_value_copy(a, parent);
	for (size_t i = 0; i < child->n; i++) {
		const char *key = guild_value_text(child->pairs[i].key);
		if (key == NULL) {
			continue;
		}
		struct guild_value *value = child->pairs[i].value;
		const struct guild_value *old = guild_value_get(merged, key);
		bool both_dicts =
			old != NULL && old->type == GUILD_DICT && value->type == GUILD_DICT;
		guild_value_set(a, merged, key, both_dicts ? merge(a, old, value) : value);
	}
	return merged;
}

static struct guild_value *inherit(struct config *c, const struct guild_value *section,
	const struct guild_value *item, size_t depth);

static struct guild_value *apply_parent(struct config *c, const struct guild_value *section,
	struct guild_value *so_far, const struct guild_value *name, size_t depth)
{
	const char *text = guild_value_text(name);
	const struct guild_value *parent = text != NULL ? guild_value_get(section, text) : NULL;
	const struct guild_value *home = section;
	if (parent == NULL && text != NULL) {
		home = guild_value_get(c->data, "config");
		parent = guild_value_get(home, text);
	}
	if (parent == NULL || parent->type != GUILD_DICT) {
		guild_log(c->log, "warning", "%s:%u: 'extends' names '%s', which is not defined",
			c->path, name->line, text != NULL ? text : guild_type_name(name->type));
		return so_far;
	}
	if (depth >= EXTENDS_DEPTH_MAX || ++c->n_extends > EXTENDS_MAX) {
		guild_log(c->log, "warning", "%s:%u: 'extends: %s' goes too deep or in a circle",
			c->path, name->line, text);
		return so_far;
	}
	return merge(c->arena, so_far, inherit(c, home, parent, depth + 1));
}

static struct guild_value *inherit(struct config *c, const struct guild_value *section,
	const struct guild_value *item, size_t depth)
{
	const struct guild_value *extends = guild_value_get(item, "extends");
	struct guild_value *merged = guild_value_dict(c->arena);
	if (extends != NULL && extends->type == GUILD_LIST) {
		/* The first one named wins, as in Guild AI 0.9.0. */
		for (size_t i = extends->n; i > 0; i--) {
			merged = apply_parent(c, section, merged, extends->items[i - 1], depth);
		}
	} else if (extends != NULL) {
		merged = apply_parent(c, section, merged, extends, depth);
	}
	merged = merge(c->arena, merged, item);
	guild_value_unset(merged, "extends");
	return merged;
}

static struct guild_value *resolve(struct config *c)
{
	struct guild_value *result = guild_value_dict(c->arena);
	for (size_t i = 0; i < c->data->n; i++) {
		const char *name = guild_value_text(c->data->pairs[i].key);
		struct guild_value *section = c->data->pairs[i].value;
		if (name == NULL || strcmp(name, "config") == 0) {
			continue;
		}
		if (section->type != GUILD_DICT) {
			guild_value_set(c->arena, result, name, section);
			continue;
		}
		struct guild_value *resolved = guild_value_dict(c->arena);
		for (size_t j = 0; j < section->n; j++) {
			const char *key = guild_value_text(section->pairs[j].key);
			struct guild_value *item = section->pairs[j].value;
			if (key != NULL) {
				guild_value_set(c->arena, resolved, key,
					item->type == GUILD_DICT ? inherit(c, section, item, 0)
								 : item);
			}
		}
		guild_value_set(c->arena, result, name, resolved);
	}
	return result;
}

struct guild_value *guild_config_load(struct guild_arena *a, const char *path,
	const struct guild_log *log)
{
	struct config c = {.arena = a, .path = path, .log = log};
	struct guild_error err = {0};
	int rc = guild_yaml_parse_file(a, path, GUILD_YAML_PLAIN, &c.data, &err);
	if (rc == 0 && c.data->type != GUILD_DICT && c.data->type != GUILD_NULL) {
		rc = guild_error_set(&err, GUILD_EINVALID, "%s: expected a mapping, found %s", path,
			guild_type_name(c.data->type));
	}
	if (rc != 0 && rc != GUILD_ENOTFOUND) {
		guild_log(log, "warning", "user configuration is ignored: %s", err.text);
	}
	if (rc != 0 || c.data->type == GUILD_NULL) {
		return guild_value_dict(a);
	}
	return resolve(&c);
}
