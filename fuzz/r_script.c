/* R scripts: whatever the bytes, flags or one clear error; values go in, the number of lines stays, and they are found again. */
#include <string.h>

#include <guild/flags.h>

#include "fuzz.h"

static size_t count_lines(struct guild_str text)
{
	size_t n = 0;
	for (size_t i = 0; i < text.n; i++) {
		n += text.p[i] == '\n';
	}
	return n;
}

static struct guild_value *values_for(struct guild_arena *a, const struct guild_flag_defs *defs)
{
	struct guild_value *flags = guild_value_dict(a);
	for (size_t i = 0; i < defs->n; i++) {
		const char *type = defs->v[i].type;
		guild_value_set(a, flags, defs->v[i].name,
			guild_streq(type, "boolean") ? guild_value_bool(a, false)
			: guild_streq(type, "string")
				? guild_value_string(a, "q\"\\\n\x01 caf\xC3\xA9")
				: guild_value_float(a, 0.125));
	}
	return flags;
}

static void set_and_find(struct guild_arena *a, struct guild_str text,
	const struct guild_flag_defs *defs)
{
	struct guild_buf out = {0};
	struct guild_flag_defs found = {0};
	const struct guild_value *flags = values_for(a, defs);
	guild_assert(guild_r_script_set_flags(text, "a.R", flags, NULL, &out, NULL) == 0);
	guild_assert(count_lines(text) == count_lines(guild_buf_str(&out)));
	guild_assert(guild_r_script_flags(a, guild_buf_str(&out), "a.R", NULL, &found, NULL,
			     NULL) == 0);
	guild_assert(found.n <= defs->n);
	guild_buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct guild_str text = guild_str_n((const char *)data, size);
	struct guild_arena *a = guild_arena_new();
	struct guild_flag_defs defs = {0};
	struct guild_value *front = NULL;
	struct guild_error err = {0};
	struct guild_buf same = {0};
	int rc = guild_r_script_flags(a, text, "a.R", &front, &defs, NULL, &err);
	guild_assert(rc == 0 || (rc == err.code && err.text[0]));
	/* A script with an open text has flags to see and none to set. */
	if (rc == 0 && guild_r_script_set_flags(text, "a.R", guild_value_dict(a), NULL, &same,
			       NULL) == 0) {
		guild_assert(guild_str_eq(text, guild_buf_str(&same)));
		set_and_find(a, text, &defs);
	}
	guild_buf_fini(&same);
	guild_arena_free(a);
	return 0;
}
