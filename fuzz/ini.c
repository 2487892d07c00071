/* INI: a file with nothing set stays as it is, byte for byte; a mistake has a place. */
#include "fuzz.h"

#include <guild/formats.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *v = NULL;
	struct guild_value *none = guild_value_dict(a);
	struct guild_error err = {0};
	struct guild_buf out = {0};
	struct guild_str text = {(const char *)data, size};
	if (guild_ini_parse(a, text, "f", &v, &err) < 0) {
		guild_assert(guild_starts(err.text, "f:"));
	} else {
		guild_assert(guild_config_edit(GUILD_CONFIG_INI, text, "f", none, &out, &err) == 0);
		guild_assert(guild_str_eq(guild_buf_str(&out), text));
	}
	guild_buf_fini(&out);
	guild_arena_free(a);
	return 0;
}
