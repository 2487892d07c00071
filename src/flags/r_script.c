/* R scripts: the operation their first lines describe, their flags, and a copy with the flags of a run. */

#include <stdlib.h>
#include <string.h>

#include "r_code.h"

static int read_front(struct guild_arena *a, struct guild_str text, const char *name,
	struct guild_value **out, struct guild_error *err)
{
	struct guild_span at = guild_r_front_lines(text);
	struct guild_value *v = NULL;
	struct guild_buf yaml = {0};
	if (at.from == at.to) {
		*out = NULL;
		return 0;
	}
	/* Lines before it, so that errors name the right one. */
	for (size_t i = 0; i < at.from; i++) {
		if (text.p[i] == '\n') {
			guild_buf_putc(&yaml, '\n');
		}
	}
	guild_r_pipe_yaml(guild_str_n(text.p + at.from, at.to - at.from), &yaml);
	int rc = guild_yaml_parse(a, guild_buf_str(&yaml), name, GUILD_YAML_NUMBERS, &v, err);
	guild_buf_fini(&yaml);
	if (rc == 0 && v->type != GUILD_DICT && v->type != GUILD_NULL) {
		rc = guild_error_set(err, GUILD_EINVALID,
			"%s: the first '#|' lines are no mapping of operation attributes", name);
	}
	if (rc == 0) {
		*out = v->type == GUILD_DICT ? v : NULL;
	}
	return rc;
}

/* What is written above the assignment comes first; the literal supplies the rest. */
static int define(struct guild_arena *a, const struct code_flag *f, const char *name,
	struct guild_flag_defs *out, struct guild_error *err)
{
	struct guild_flag_defs own = {0};
	struct guild_flag_defs written = {0};
	int rc = 0;
	guild_code_flag_define(a, f, &own);
	if (f->annotated) {
		struct guild_value *map = guild_value_dict(a);
		guild_value_set(a, map, f->name, guild_value_copy(a, f->annotated));
		rc = guild_flag_defs_parse(a, map, name, &written, err);
	}
	if (rc == 0) {
		guild_flag_defs_merge(a, &written, &own, true);
		*guild_flag_defs_add(a, out, f->name) = *guild_flag_defs_get(&written, f->name);
	}
	return rc;
}

int guild_r_script_flags(struct guild_arena *a, struct guild_str text, const char *name,
	struct guild_value **front, struct guild_flag_defs *out, const struct guild_log *log,
	struct guild_error *err)
{
	struct code_flags found = {0};
	struct guild_error why = {0};
	int rc = front ? read_front(a, text, name, front, err) : 0;
	if (rc == 0 && guild_r_code_flags(a, text, name, &found, &why) != 0) {
		guild_log(log, "warning", "flags may be missing: %s", why.text);
	}
	for (size_t i = 0; i < found.n && rc == 0; i++) {
		rc = define(a, &found.v[i], name, out, err);
	}
	if (rc == 0) {
		guild_flag_defs_sort(out);
	}
	guild_code_flags_fini(&found);
	return rc;
}

int guild_r_script_set_flags(struct guild_str text, const char *name,
	const struct guild_value *flags, const struct guild_value *cmd_flags, struct guild_buf *out,
	struct guild_error *err)
{
	struct guild_arena *a = guild_arena_new();
	struct code_flags found = {0};
	size_t at = 0;
	int rc = guild_r_code_flags(a, text, name, &found, err);
	for (size_t i = 0; i < found.n && rc == 0; i++) {
		const struct code_flag *f = &found.v[i];
		const struct guild_value *v = guild_value_get(flags, f->name);
		if (guild_value_is_null(v)) {
			continue;
		}
		v = guild_code_flag_value(a, v, guild_value_get(cmd_flags, f->name));
		if (guild_code_flag_says(f, v)) {
			continue;
		}
		guild_buf_append(out, text.p + at, f->from - at);
		guild_r_put_literal(out, v, f, guild_str_n(text.p + f->from, f->to - f->from));
		at = f->to;
	}
	if (rc == 0) {
		guild_buf_append(out, text.p + at, text.n - at);
	}
	guild_code_flags_fini(&found);
	guild_arena_free(a);
	return rc;
}
