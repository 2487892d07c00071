/* Attribute files: what was read and written again reads back the same. */
#include "fuzz.h"

#include <guild/formats.h>

#include <string.h>

static struct guild_value *parse(struct guild_arena *a, struct guild_str text)
{
	struct guild_value *value = NULL;
	struct guild_error err = {0};
	int code = guild_yaml_parse(a, text, "attribute", GUILD_YAML_NUMBERS, &value, &err);
	guild_assert(code == 0 ? value != NULL : err.code == code && err.text[0] != '\0');
	return code == 0 ? value : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *first = parse(a, (struct guild_str){(const char *)data, size});
	if (first) {
		struct guild_buf once = {0};
		struct guild_buf twice = {0};
		guild_yaml_dump(&once, first, true);
		struct guild_value *second = parse(a, guild_buf_str(&once));
		guild_assert(second != NULL);
		guild_yaml_dump(&twice, second, true);
		guild_assert(guild_str_eq(guild_buf_str(&once), guild_buf_str(&twice)));
		guild_buf_fini(&once);
		guild_buf_fini(&twice);
	}
	guild_arena_free(a);
	return 0;
}
