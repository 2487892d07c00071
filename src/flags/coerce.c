/* Values to the declared type of their flag (flags.md 1.1). */

#include "flags_private.h"

#include <stdlib.h>
#include <string.h>

static int refuse(const struct guild_value *v, const struct guild_flag_def *def,
	struct guild_error *err)
{
	struct guild_buf text = {0};
	guild_flag_encode(&text, v);
	int rc = guild_error_set(err, GUILD_EINVALID, "invalid value %s for '%s': expected %s",
		guild_buf_cstr(&text), def->name,
		guild_flag_type(def) == GUILD_FLAG_INT     ? "a whole number (type int)"
		: guild_flag_type(def) == GUILD_FLAG_FLOAT ? "a number (type float)"
							   : "a number (type number)");
	guild_buf_fini(&text);
	return rc;
}

static struct guild_value *to_string(struct guild_arena *a, const struct guild_value *v)
{
	struct guild_buf text = {0};
	guild_value_py_str(&text, v);
	struct guild_value *s = guild_value_string_n(a, guild_buf_cstr(&text), text.n);
	guild_buf_fini(&text);
	return s;
}

static struct guild_value *to_int(struct guild_arena *a, struct guild_value *v)
{
	switch (v->type) {
	case GUILD_INT:
		return v;
	case GUILD_BOOL:
		return guild_value_int(a, v->b);
	case GUILD_STRING:
		return guild_flag_parse_int(a, v->s);
	default:
		return NULL; /* floats too: 1.0 is somebody's mistake */
	}
}

static struct guild_value *to_float(struct guild_arena *a, struct guild_value *v)
{
	switch (v->type) {
	case GUILD_FLOAT:
		return v;
	case GUILD_INT:
	case GUILD_BOOL:
		return guild_value_float(a, guild_value_as_f64(v));
	case GUILD_STRING:
		return guild_flag_parse_float(a, v->s);
	default:
		return NULL;
	}
}

static struct guild_value *to_number(struct guild_arena *a, struct guild_value *v)
{
	if (guild_value_is_number(v) || v->type == GUILD_BOOL) {
		return v;
	}
	struct guild_value *whole = to_int(a, v);
	return whole ? whole : to_float(a, v);
}

static struct guild_value *to_path(struct guild_arena *a, const struct guild_value *v,
	const char *cwd)
{
	struct guild_value *text = to_string(a, v);
	if (text->s.n == 0) {
		return text;
	}
	char *expanded = guild_path_expand_user(text->s.p, getenv("HOME"));
	char *absolute = guild_path_abs(expanded, cwd);
	struct guild_value *path = guild_value_string(a, absolute);
	free(expanded);
	free(absolute);
	return path;
}

static struct guild_value *convert(struct guild_arena *a, struct guild_value *v,
	enum guild_flag_type type, const char *cwd)
{
	switch (type) {
	case GUILD_FLAG_STRING:
		return v->type == GUILD_STRING ? v : to_string(a, v);
	case GUILD_FLAG_INT:
		return to_int(a, v);
	case GUILD_FLAG_FLOAT:
		return to_float(a, v);
	case GUILD_FLAG_NUMBER:
		return to_number(a, v);
	case GUILD_FLAG_BOOLEAN:
		return guild_value_bool(a, guild_value_truthy(v));
	case GUILD_FLAG_PATH:
	case GUILD_FLAG_EXISTING_PATH:
		return to_path(a, v, cwd);
	case GUILD_FLAG_AUTO:
		break;
	}
	return v;
}

/* Each part is typed and converted by itself; the value stays one text. */
static int coerce_parts(struct guild_arena *a, struct guild_value *v,
	const struct guild_flag_def *def, const char *cwd, struct guild_value **out,
	struct guild_error *err)
{
	struct guild_flag_def one = *def;
	struct guild_strs parts = {0};
	struct guild_strs converted = {0};
	struct guild_value *text = to_string(a, v);
	one.arg_split = NULL;
	int rc = guild_flag_split_parts(&parts, text->s.p, def->arg_split, err);
	for (size_t i = 0; rc == 0 && i < parts.n; i++) {
		struct guild_value *part = NULL;
		rc = guild_flag_decode(a, parts.v[i], &one, &part, NULL, err);
		if (rc == 0 && part->type == GUILD_LIST) {
			part = guild_value_string(a, parts.v[i]);
		}
		if (rc == 0) {
			rc = guild_flag_coerce(a, part, &one, cwd, &part, err);
		}
		if (rc == 0) {
			struct guild_buf b = {0};
			if (part->type == GUILD_BOOL) {
				guild_flag_encode(&b, part);
			} else {
				guild_value_py_str(&b, part);
			}
			guild_strs_take(&converted, guild_buf_take(&b));
		}
	}
	if (rc == 0) {
		struct guild_buf joined = {0};
		guild_flag_join_parts(&joined, &converted, def->arg_split);
		*out = guild_value_string_n(a, guild_buf_cstr(&joined), joined.n);
		guild_buf_fini(&joined);
	}
	guild_strs_fini(&parts);
	guild_strs_fini(&converted);
	return rc;
}

static int coerce_list(struct guild_arena *a, const struct guild_value *v,
	const struct guild_flag_def *def, const char *cwd, struct guild_value **out,
	struct guild_error *err)
{
	struct guild_value *list = guild_value_list(a);
	list->line = v->line;
	list->column = v->column;
	for (size_t i = 0; i < v->n; i++) {
		struct guild_value *item = NULL;
		int rc = guild_flag_coerce(a, v->items[i], def, cwd, &item, err);
		if (rc < 0) {
			return rc;
		}
		guild_value_append(a, list, item);
	}
	*out = list;
	return 0;
}

int guild_flag_coerce(struct guild_arena *a, const struct guild_value *v,
	const struct guild_flag_def *def, const char *cwd, struct guild_value **out,
	struct guild_error *err)
{
	enum guild_flag_type type = guild_flag_type(def);
	if (!v) {
		*out = guild_value_null(a);
		return 0;
	}
	/* Values are not changed in place, so the caller's may be handed on. */
	struct guild_value *same = (struct guild_value *)(uintptr_t)v;
	if (v->type == GUILD_NULL || type == GUILD_FLAG_AUTO ||
		guild_flag_is_function(a, v, NULL)) {
		*out = same;
		return 0;
	}
	if (v->type == GUILD_LIST) {
		return coerce_list(a, v, def, cwd, out, err);
	}
	if (guild_value_truthy(def->arg_split)) {
		return coerce_parts(a, same, def, cwd, out, err);
	}
	struct guild_value *converted = convert(a, same, type, cwd);
	if (!converted) {
		return refuse(v, def, err);
	}
	*out = converted;
	return 0;
}
