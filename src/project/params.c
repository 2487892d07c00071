/* Replacing {{NAME}} in a model's texts by its parameters (guildfile.md 5.2). */
#include "project_private.h"

#include <string.h>

/* How large a value is, each shared part counted wherever it is used. */
struct extent {
	size_t size, depth;
};

/* A parameter with the references in its own value replaced. */
struct param {
	struct guild_value *value;
	struct extent extent;
	bool is_open; /* its value is being made: a reference to it now is a cycle and stays as written */
};

struct params {
	struct project_reader *r;
	struct guild_map written; /* name -> value as written */
	struct guild_map made;    /* name -> struct param */
	unsigned depth;
};

static int apply(struct params *p, struct guild_value *v, struct guild_value **out,
	struct extent *extent);

/* The next "{{ NAME }}" at or after `from`: start and end of it, and the name. */
static bool next_reference(struct guild_str text, size_t from, struct guild_str *whole,
	struct guild_str *name)
{
	for (size_t i = from; i + 4 <= text.n; i++) {
		if (text.p[i] != '{' || text.p[i + 1] != '{') {
			continue;
		}
		size_t end = i + 2;
		while (end < text.n && text.p[end] != '}' && text.p[end] != '{' &&
			text.p[end] != '\n') {
			end++;
		}
		if (end + 1 < text.n && text.p[end] == '}' && text.p[end + 1] == '}') {
			*whole = guild_str_n(text.p + i, end + 2 - i);
			*name = guild_str_trim(guild_str_n(text.p + i + 2, end - i - 2));
			return true;
		}
	}
	return false;
}

/* *out NULL: no such parameter, or it is just being made. */
static int find_param(struct params *p, struct guild_str name, struct param **out)
{
	const char *key = guild_arena_strndup(p->r->arena, name.p, name.n);
	struct param *param = guild_map_get(&p->made, key);
	struct guild_value *written = param ? NULL : guild_map_get(&p->written, key);
	*out = param && !param->is_open ? param : NULL;
	if (!written) {
		return 0;
	}
	param = guild_arena_alloc(p->r->arena, sizeof *param);
	param->is_open = true;
	guild_map_put(&p->made, key, param);
	int rc = apply(p, written, &param->value, &param->extent);
	param->is_open = false;
	*out = param;
	return rc;
}

static int apply_inside(struct params *p, struct guild_value *v, struct guild_value **out)
{
	struct guild_buf text = {.max = PROJECT_MAX_TEXT};
	struct guild_str whole, name;
	size_t at = 0;
	bool changed = false;
	int rc = 0;
	while (rc == 0 && next_reference(v->s, at, &whole, &name)) {
		size_t start = (size_t)(whole.p - v->s.p);
		struct param *param = NULL;
		struct guild_buf one = {0};
		rc = find_param(p, name, &param);
		rc = rc ? rc : project_charge(p->r, param ? param->extent.size : 1, v);
		if (rc == 0 && param) {
			guild_value_py_str(&one, param->value);
			changed = true;
		} else {
			guild_buf_append(&one, whole.p, whole.n);
		}
		if (rc == 0 && (guild_buf_try_append(&text, v->s.p + at, start - at) ||
				       guild_buf_try_append(&text, one.p, one.n))) {
			rc = project_fail_limit(p->r, v,
				"a text grows larger than %d bytes by its parameters",
				PROJECT_MAX_TEXT);
		}
		guild_buf_fini(&one);
		at = start + whole.n;
	}
	if (rc == 0 && changed && guild_buf_try_append(&text, v->s.p + at, v->s.n - at)) {
		rc = project_fail_limit(p->r, v,
			"a text grows larger than %d bytes by its parameters", PROJECT_MAX_TEXT);
	}
	if (rc == 0) {
		*out = v;
	}
	if (rc == 0 && changed) {
		*out = guild_value_string_n(p->r->arena, text.p, text.n);
		(*out)->file = v->file;
		(*out)->line = v->line;
		(*out)->column = v->column;
	}
	guild_buf_fini(&text);
	return rc;
}

static int apply_text(struct params *p, struct guild_value *v, struct guild_value **out,
	struct extent *extent)
{
	struct guild_str whole, name;
	*out = v;
	if (!next_reference(v->s, 0, &whole, &name)) {
		return 0;
	}
	if (whole.n != v->s.n) {
		return apply_inside(p, v, out);
	}
	struct param *param = NULL;
	int rc = find_param(p, name, &param);
	if (rc || !param) {
		return rc;
	}
	*out = param->value;
	*extent = param->extent;
	return project_charge(p->r, param->extent.size, v);
}

static int apply_collection(struct params *p, struct guild_value *v, struct guild_value **out,
	struct extent *extent)
{
	bool is_list = v->type == GUILD_LIST;
	struct guild_value *copy = NULL; /* made at the first change */
	for (size_t i = 0; i < v->n; i++) {
		struct guild_value *old = is_list ? v->items[i] : v->pairs[i].value;
		struct guild_value *item = NULL;
		struct extent inner;
		int rc = apply(p, old, &item, &inner);
		if (rc) {
			return rc;
		}
		extent->size += inner.size;
		extent->depth = inner.depth >= extent->depth ? inner.depth + 1 : extent->depth;
		if (item != old && !copy) {
			copy = guild_arena_alloc(p->r->arena, sizeof *copy);
			*copy = *v;
			copy->n = 0;
			copy->cap = 0;
			copy->items = NULL;
			for (size_t k = 0; k < i && is_list; k++) {
				guild_value_append(p->r->arena, copy, v->items[k]);
			}
			for (size_t k = 0; k < i && !is_list; k++) {
				guild_value_add_pair(p->r->arena, copy, v->pairs[k].key,
					v->pairs[k].value);
			}
		}
		if (copy && is_list) {
			guild_value_append(p->r->arena, copy, item);
		} else if (copy) {
			guild_value_add_pair(p->r->arena, copy, v->pairs[i].key, item);
		}
	}
	*out = copy ? copy : v;
	return 0;
}

static int apply(struct params *p, struct guild_value *v, struct guild_value **out,
	struct extent *extent)
{
	int rc = project_charge(p->r, 1, v);
	*extent = (struct extent){1, 1};
	*out = v;
	p->depth++;
	if (rc == 0 && p->depth > 2 * GUILD_YAML_MAX_DEPTH) {
		rc = project_fail_limit(p->r, v, "parameters refer to one another too deeply");
	} else if (rc == 0 && v->type == GUILD_STRING) {
		rc = apply_text(p, v, out, extent);
	} else if (rc == 0 && (v->type == GUILD_LIST || v->type == GUILD_DICT)) {
		rc = apply_collection(p, v, out, extent);
	}
	p->depth--;
	if (rc == 0 && extent->depth > GUILD_YAML_MAX_DEPTH) {
		rc = project_fail_limit(p->r, v, "nested too deeply by its parameters");
	}
	return rc;
}

int project_apply_params(struct project_reader *r, const struct guild_value *params,
	struct guild_value *data, struct guild_value **out)
{
	struct params p = {.r = r};
	struct extent extent;
	if (!params || params->n == 0) {
		*out = data;
		return 0;
	}
	for (size_t i = 0; i < params->n; i++) {
		if (guild_value_text(params->pairs[i].key)) {
			guild_map_put(&p.written, params->pairs[i].key->s.p,
				params->pairs[i].value);
		}
	}
	int rc = apply(&p, data, out, &extent);
	guild_map_fini(&p.made);
	guild_map_fini(&p.written);
	return rc;
}
