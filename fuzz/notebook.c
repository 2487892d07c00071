/*
 * Notebooks: whatever the bytes, flags or one clear error; values go in and are found again; a file whose flags say what they
 * say already stays as it is, byte for byte.
 */
#include <string.h>

#include <guild/collect.h>
#include <guild/flags.h>

#include "fuzz.h"

static struct guild_value *defaults_of(struct guild_arena *a, const struct guild_flag_defs *defs)
{
	struct guild_value *flags = guild_value_dict(a);
	for (size_t i = 0; i < defs->n; i++) {
		const struct guild_value *def = defs->v[i].def;
		guild_value_set(a, flags, defs->v[i].name,
			def ? guild_value_copy(a, def) : guild_value_null(a));
	}
	return flags;
}

/* Values of every type, for whatever flags there are. */
static struct guild_value *others(struct guild_arena *a, const struct guild_flag_defs *defs)
{
	struct guild_value *flags = guild_value_dict(a);
	for (size_t i = 0; i < defs->n; i++) {
		struct guild_value *v =
			i % 3 == 0   ? guild_value_string(a, "it's \"\\\n\x01 caf\xC3\xA9")
			: i % 3 == 1 ? guild_value_float(a, -1e-7)
				     : guild_value_bool(a, true);
		guild_value_set(a, flags, defs->v[i].name, v);
	}
	return flags;
}

static void set_and_find(struct guild_arena *a, struct guild_str file,
	const struct guild_flag_defs *defs)
{
	struct guild_buf out = {0};
	struct guild_buf again = {0};
	struct guild_flag_defs found = {0};
	struct guild_notebook_values values = {
		.flags = others(a, defs), .search = guild_regex_find};
	guild_assert(guild_notebook_set_flags(file, "n", &values, &out, NULL, NULL) == 0);
	struct guild_str changed = guild_buf_str(&out);
	guild_assert(guild_notebook_flags(a, changed, "n", NULL, NULL, &found, NULL, NULL) == 0);
	/* Once there, the values stay. */
	guild_assert(guild_notebook_set_flags(changed, "n", &values, &again, NULL, NULL) == 0);
	guild_assert(guild_str_eq(changed, guild_buf_str(&again)));
	guild_buf_fini(&out);
	guild_buf_fini(&again);
}

/* A flag assigned once stays as written when its value is its default. */
static void keep(struct guild_arena *a, struct guild_str file, const struct guild_flag_defs *defs)
{
	struct guild_buf out = {0};
	struct guild_notebook_values values = {
		.flags = defaults_of(a, defs), .cmd_flags = guild_flag_cmd_flags(a, defs)};
	guild_assert(guild_notebook_set_flags(file, "n", &values, &out, NULL, NULL) == 0);
	if (defs->n == 0) {
		guild_assert(guild_str_eq(file, guild_buf_str(&out)));
	}
	guild_buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct guild_str file = guild_str_n((const char *)data, size);
	struct guild_arena *a = guild_arena_new();
	struct guild_flag_defs defs = {0};
	struct guild_error err = {0};
	int rc = guild_notebook_flags(a, file, "n", NULL, NULL, &defs, NULL, &err);
	if (rc == 0) {
		set_and_find(a, file, &defs);
		keep(a, file, &defs);
	} else {
		guild_assert(rc == err.code && err.text[0]);
	}
	guild_arena_free(a);
	return 0;
}
