/* Flags of configuration files: their leaves, named by dotted keys (flags.md 8); and split values as such files hold them. */

#include "flags_private.h"

#include <stdlib.h>

enum { CONFIG_FLAGS_DEPTH = 60 };

/* A list is one text of its items, split again where it is used. */
static struct guild_value *joined(struct guild_arena *a, const struct guild_value *list)
{
	struct guild_strs parts = {0};
	struct guild_buf text = {0};
	for (size_t i = 0; i < list->n; i++) {
		struct guild_buf item = {0};
		guild_flag_encode(&item, list->items[i]);
		guild_strs_take(&parts, guild_buf_take(&item));
	}
	guild_flag_join_parts(&text, &parts, NULL);
	struct guild_value *v = guild_value_string_n(a, guild_buf_cstr(&text), text.n);
	guild_buf_fini(&text);
	guild_strs_fini(&parts);
	return v;
}

static void add_leaf(struct guild_arena *a, const char *name, const struct guild_value *v,
	struct guild_flag_defs *out)
{
	if (v->type == GUILD_DATE || guild_flag_defs_get(out, name)) {
		return;
	}
	struct guild_flag_def *def = guild_flag_defs_add(a, out, name);
	switch (v->type) {
	case GUILD_STRING:
		def->type = "string";
		break;
	case GUILD_BOOL:
		def->type = "boolean";
		break;
	case GUILD_INT:
	case GUILD_FLOAT:
		def->type = "number";
		break;
	case GUILD_LIST:
		def->arg_split = guild_value_bool(a, true);
		break;
	default:
		return; /* null: no type, no default */
	}
	def->def = v->type == GUILD_LIST ? joined(a, v) : guild_value_copy(a, v);
}

static void add_leaves(struct guild_arena *a, const char *prefix, const struct guild_value *dict,
	int depth, struct guild_flag_defs *out)
{
	for (size_t i = 0; i < dict->n && depth < CONFIG_FLAGS_DEPTH; i++) {
		const struct guild_value *v = dict->pairs[i].value;
		struct guild_buf key = {0};
		guild_value_py_str(&key, dict->pairs[i].key);
		char *name = guild_arena_format(a, "%s%s%s", prefix, *prefix ? "." : "",
			guild_buf_cstr(&key));
		guild_buf_fini(&key);
		if (v->type == GUILD_DICT) {
			add_leaves(a, name, v, depth + 1, out);
		} else {
			add_leaf(a, name, v, out);
		}
	}
}

void guild_flag_defs_of_config(struct guild_arena *a, const struct guild_value *data,
	struct guild_flag_defs *out)
{
	if (data->type == GUILD_DICT) {
		add_leaves(a, "", data, 0, out);
	}
	guild_flag_defs_sort(out);
}

const struct guild_value *guild_flag_split(struct guild_arena *a, const struct guild_value *v,
	const struct guild_value *arg_split)
{
	const char *text = guild_value_text(v);
	struct guild_strs parts = {0};
	if (!text || !guild_value_truthy(arg_split) ||
		guild_flag_split_parts(&parts, text, arg_split, NULL) != 0) {
		guild_strs_fini(&parts);
		return v;
	}
	struct guild_value *list = guild_value_list(a);
	for (size_t i = 0; i < parts.n; i++) {
		struct guild_value *item = NULL;
		if (guild_flag_decode(a, parts.v[i], NULL, &item, NULL, NULL) != 0) {
			item = guild_value_string(a, parts.v[i]);
		}
		guild_value_append(a, list, item);
	}
	guild_strs_fini(&parts);
	return list;
}
