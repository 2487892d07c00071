/* guild/formats.h: a YAML text becomes a value, the value becomes JSON. */

#include <stdio.h>

#include <guild/formats.h>

int main(void)
{
	struct guild_error err = {0};
	struct guild_arena *arena = guild_arena_new();
	struct guild_value *value = NULL;
	struct guild_buf json = {0};
	int code = guild_yaml_parse(arena, guild_str("lr: 0.1\nlayers: [32, 64]\ndry-run: no\n"),
		"flags.yml", GUILD_YAML_PLAIN, &value, &err);
	if (!code) {
		guild_value_set(arena, value, "epochs", guild_value_int(arena, 10));
		guild_json_dump(&json, value, GUILD_JSON_SORT);
		puts(guild_buf_cstr(&json));
	}

	/* An error names file, line and column. */
	if (guild_yaml_parse(arena, guild_str("lr: 0.1\n  epochs: 2\n"), "flags.yml",
		    GUILD_YAML_PLAIN, &value, &err) != 0) {
		printf("%.16s\n", err.text);
	}
	guild_buf_fini(&json);
	guild_arena_free(arena);
	return code ? 1 : 0;
}
