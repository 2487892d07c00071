/* Reading attributes of a project file. */
#include "project_private.h"

#include <stdarg.h>
#include <string.h>

GUILD_PRINTF(4, 0)
static int fail(const struct project_reader *r, const struct guild_value *at, int code,
	const char *fmt, va_list args)
{
	char text[GUILD_ERROR_TEXT_MAX / 2];
	vsnprintf(text, sizeof text, fmt, args);
	if (at && at->line) {
		return guild_error_set(r->err, code, "%s:%u:%u: %s", at->file ? at->file : r->file,
			at->line, at->column, text);
	}
	return guild_error_set(r->err, code, "%s: %s", r->file, text);
}

int project_fail(const struct project_reader *r, const struct guild_value *at, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	int rc = fail(r, at, GUILD_EINVALID, fmt, args);
	va_end(args);
	return rc;
}

int project_fail_limit(const struct project_reader *r, const struct guild_value *at,
	const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	int rc = fail(r, at, GUILD_ELIMIT, fmt, args);
	va_end(args);
	return rc;
}

int project_read_text(const struct project_reader *r, const struct guild_value *map,
	const char *key, const char **out)
{
	const struct guild_value *v = guild_value_get(map, key);
	if (guild_value_is_null(v)) {
		return 0;
	}
	if (v->type != GUILD_STRING) {
		return project_fail(r, v, "'%s' must be text, not %s", key,
			guild_type_name(v->type));
	}
	*out = v->s.p;
	return 0;
}

int project_read_bool(const struct project_reader *r, const struct guild_value *map,
	const char *key, bool *out, bool *given)
{
	const struct guild_value *v = guild_value_get(map, key);
	if (guild_value_is_null(v)) {
		return 0;
	}
	if (v->type != GUILD_BOOL && v->type != GUILD_INT) {
		return project_fail(r, v, "'%s' must be yes or no, not %s", key,
			guild_type_name(v->type));
	}
	*out = guild_value_truthy(v);
	if (given) {
		*given = true;
	}
	return 0;
}

int project_read_dict(const struct project_reader *r, const struct guild_value *map,
	const char *key, const struct guild_value **out)
{
	const struct guild_value *v = guild_value_get(map, key);
	if (guild_value_is_null(v)) {
		return 0;
	}
	if (v->type != GUILD_DICT) {
		return project_fail(r, v, "'%s' must be a mapping, not %s", key,
			guild_type_name(v->type));
	}
	*out = v;
	return 0;
}

int project_as_list(const struct project_reader *r, struct guild_value *v, const char *key,
	const struct guild_value **out)
{
	struct guild_value *list = NULL;
	if (v->type == GUILD_STRING && v->s.n > 1 && v->s.p[0] == '[' &&
		v->s.p[v->s.n - 1] == ']') {
		if (guild_yaml_parse(r->arena, v->s, NULL, GUILD_YAML_NUMBERS, &list, NULL) < 0 ||
			list->type != GUILD_LIST) {
			return project_fail(r, v, "'%s' is not a list that can be read", key);
		}
		for (size_t i = 0; i < list->n; i++) {
			list->items[i]->file = v->file;
			list->items[i]->line = v->line;
			list->items[i]->column = v->column;
		}
	} else if (v->type == GUILD_STRING) {
		list = guild_value_list(r->arena);
		guild_value_append(r->arena, list, v);
	} else if (v->type == GUILD_NULL) {
		list = guild_value_list(r->arena);
	} else if (v->type == GUILD_LIST) {
		list = v;
	} else {
		return project_fail(r, v, "'%s' must be text or a list, not %s", key,
			guild_type_name(v->type));
	}
	*out = list;
	return 0;
}

int project_read_list(const struct project_reader *r, const struct guild_value *map,
	const char *key, const struct guild_value **out)
{
	struct guild_value *v = guild_value_get(map, key);
	return v ? project_as_list(r, v, key, out) : 0;
}

void project_check_names(const struct project_reader *r, const struct guild_value *map,
	const char *what, const char *const *names)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct guild_value *key = map->pairs[i].key;
		const char *name = guild_value_text(key);
		const char *nearest = name ? guild_nearest(name, names) : NULL;
		if (nearest && strcmp(nearest, name) != 0) {
			guild_log(r->log, "warning",
				"%s:%u:%u: unknown attribute '%s' of %s (did you mean '%s'?)",
				key->file ? key->file : r->file, key->line, key->column, name, what,
				nearest);
		}
	}
}
