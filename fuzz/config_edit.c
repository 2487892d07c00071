/* Values set in files of the four formats (the first byte says which): they are there after, and setting them again changes nothing. */
#include "fuzz.h"

#include <guild/formats.h>

enum { MAX_INPUT = 16 << 10 };

static const char *const texts[] = {"x", "it's", "two\nlines", "1", "50%", "# no comment", ""};

static struct guild_value *settings_of(struct guild_arena *a, uint8_t choice)
{
	struct guild_value *s = guild_value_dict(a);
	struct guild_value *list = guild_value_list(a);
	const char *text = texts[choice % GUILD_ARRAY_LEN(texts)];
	guild_value_append(a, list, guild_value_int(a, choice));
	guild_value_append(a, list, guild_value_string(a, text));
	guild_value_set(a, s, choice & 1 ? "a" : "a.b", guild_value_string(a, text));
	guild_value_set(a, s, choice & 2 ? "a.c.d" : "s.k", guild_value_float(a, 0.5));
	guild_value_set(a, s, "zz", choice & 4 ? list : guild_value_bool(a, true));
	return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2 || size > MAX_INPUT) {
		return 0;
	}
	struct guild_arena *a = guild_arena_new();
	enum guild_config_format format = (enum guild_config_format)(data[0] % 4);
	struct guild_value *settings = settings_of(a, data[1]);
	struct guild_value *v = NULL;
	struct guild_error err = {0};
	struct guild_buf once = {0};
	struct guild_buf twice = {0};
	struct guild_str text = {(const char *)data + 2, size - 2};
	if (guild_config_edit(format, text, "f", settings, &once, &err) == 0) {
		guild_assert(guild_config_parse(a, format, guild_buf_str(&once), "f", &v, &err) ==
			     0);
		guild_assert(guild_value_get(v, "zz") != NULL);
		guild_assert(guild_config_edit(format, guild_buf_str(&once), "f", settings, &twice,
				     &err) == 0);
		guild_assert(guild_str_eq(guild_buf_str(&once), guild_buf_str(&twice)));
	} else {
		guild_assert(*err.text);
	}
	guild_buf_fini(&once);
	guild_buf_fini(&twice);
	guild_arena_free(a);
	return 0;
}
