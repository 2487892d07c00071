/* Literals of program text as flags: definitions from them, values for them. */

#include "code_flags.h"

#include <stdlib.h>
#include <string.h>

#include "flags_private.h"

void guild_code_flags_fini(struct code_flags *f)
{
	free(f->v);
	*f = (struct code_flags){0};
}

struct code_flag *guild_code_flags_add(struct code_flags *f)
{
	f->v = guild_grow_array(f->v, &f->cap, f->n + 1, sizeof *f->v);
	f->v[f->n] = (struct code_flag){0};
	return &f->v[f->n++];
}

/* A list is split text, as for module globals: a list itself would ask for one run an item. */
static const struct guild_value *joined(struct guild_arena *a, const struct guild_value *list)
{
	struct guild_buf out = {0};
	for (size_t i = 0; i < list->n; i++) {
		struct guild_buf item = {0};
		guild_yaml_dump_flow(&item, list->items[i]);
		if (i > 0) {
			guild_buf_putc(&out, ' ');
		}
		guild_shlex_quote(&out, guild_buf_cstr(&item));
		guild_buf_fini(&item);
	}
	const struct guild_value *v = guild_value_string_n(a, guild_buf_cstr(&out), out.n);
	guild_buf_fini(&out);
	return v;
}

void guild_code_flag_define(struct guild_arena *a, const struct code_flag *f,
	struct guild_flag_defs *defs)
{
	struct guild_flag_def *def = guild_flag_defs_get(defs, f->name);
	if (!def) {
		def = guild_flag_defs_add(a, defs, f->name);
	}
	bool is_list = f->value->type == GUILD_LIST;
	def->type = f->type;
	def->arg_split = is_list ? guild_value_bool(a, true) : NULL;
	def->def = is_list ? joined(a, f->value) : guild_value_is_null(f->value) ? NULL : f->value;
}

const struct guild_value *guild_code_flag_value(struct guild_arena *a, const struct guild_value *v,
	const struct guild_value *cmd_flag)
{
	const struct guild_value *split = guild_value_get(cmd_flag, "arg-split");
	struct guild_strs parts = {0};
	const char *text = guild_value_text(v);
	if (!text || !guild_value_truthy(split) ||
		guild_flag_split_parts(&parts, text, split, NULL) < 0) {
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

bool guild_code_flag_says(const struct code_flag *f, const struct guild_value *v)
{
	struct guild_buf a = {0};
	struct guild_buf b = {0};
	guild_json_dump(&a, f->value, GUILD_JSON_COMPACT);
	guild_json_dump(&b, v, GUILD_JSON_COMPACT);
	bool is_same =
		f->value->type == v->type && guild_str_eq(guild_buf_str(&a), guild_buf_str(&b));
	guild_buf_fini(&a);
	guild_buf_fini(&b);
	return is_same;
}
