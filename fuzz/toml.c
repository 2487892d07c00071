/* TOML: what is read can be written, and what is written reads back as the same. */
#include "fuzz.h"

#include <guild/formats.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *v = NULL;
	struct guild_value *none = guild_value_dict(a);
	struct guild_error err = {0};
	struct guild_buf first = {0};
	struct guild_buf second = {0};
	struct guild_str text = {(const char *)data, size};
	if (guild_toml_parse(a, text, "f", &v, &err) < 0) {
		guild_assert(guild_starts(err.text, "f:"));
	} else {
		/* With nothing set, nothing changes. */
		guild_assert(guild_config_edit(GUILD_CONFIG_TOML, text, "f", none, &first, &err) ==
			     0);
		guild_assert(guild_str_eq(guild_buf_str(&first), text));
		guild_json_dump(&second, v, GUILD_JSON_SORT);
	}
	guild_buf_fini(&first);
	guild_buf_fini(&second);
	guild_arena_free(a);
	return 0;
}
