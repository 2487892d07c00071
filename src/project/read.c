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

const char *project_text(const struct project_reader *r, const struct guild_value *map,
	const char *key)
{
	const struct guild_value *v = guild_value_get(map, key);
	struct guild_buf text = {0};
	if (guild_value_is_null(v)) {
		return NULL;
	}
	if (v->type == GUILD_STRING) {
		return v->s.p;
	}
	guild_value_py_str(&text, v);
	const char *copy = guild_arena_strdup(r->arena, guild_buf_cstr(&text));
	guild_buf_fini(&text);
	return copy;
}

const struct guild_value *project_said(const struct guild_value *map, const char *key)
{
	const struct guild_value *v = guild_value_get(map, key);
	return guild_value_is_null(v) ? NULL : v;
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
