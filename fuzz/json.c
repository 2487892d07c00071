/* JSON: what is read can be written, and what is written reads back as the same. */
#include "fuzz.h"

#include <guild/formats.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *v = NULL;
	struct guild_value *again = NULL;
	struct guild_error err = {0};
	struct guild_buf first = {0};
	struct guild_buf second = {0};
	struct guild_buf indented = {0};
	if (guild_json_parse(a, (struct guild_str){(const char *)data, size}, "f", &v, &err) < 0) {
		guild_assert(guild_starts(err.text, "f:"));
	} else {
		guild_json_dump(&first, v, GUILD_JSON_SORT);
		guild_json_dump(&indented, v, GUILD_JSON_INDENT);
		guild_assert(guild_json_parse(a, guild_buf_str(&indented), "f", &again, &err) == 0);
		guild_json_dump(&second, again, GUILD_JSON_SORT);
		guild_assert(guild_str_eq(guild_buf_str(&first), guild_buf_str(&second)));
	}
	guild_buf_fini(&first);
	guild_buf_fini(&second);
	guild_buf_fini(&indented);
	guild_arena_free(a);
	return 0;
}
