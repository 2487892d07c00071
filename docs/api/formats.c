/* guild/formats.h: a YAML text becomes a value, the value becomes JSON; a table of values becomes Markdown and Parquet. */

#include <stdio.h>

#include <guild/formats.h>

/* Rows of values under headings, to any sink: here memory. */
static int write_table(struct guild_arena *arena, struct guild_error *err)
{
	const char *headers[] = {"run", "val_loss"};
	const struct guild_value *first[] = {
		guild_value_string(arena, "4a3f21bc"), guild_value_float(arena, 0.0123456789)};
	const struct guild_value *second[] = {guild_value_string(arena, "9c31d0aa"), NULL};
	const struct guild_value **rows[] = {first, second};
	struct guild_grid grid = {.headers = headers, .rows = rows, .n_cols = 2, .n_rows = 2};
	struct guild_buf out = {0};
	struct guild_sink sink = guild_buf_sink(&out);
	int code = guild_grid_write(&grid, GUILD_GRID_MARKDOWN, &sink, err);
	if (!code) {
		fputs(guild_buf_cstr(&out), stdout);
		guild_buf_reset(&out);
		code = guild_grid_write(&grid, GUILD_GRID_PARQUET, &sink, err);
	}
	if (!code) {
		printf("Parquet: %.4s\n", guild_buf_cstr(&out));
	}
	guild_buf_fini(&out);
	return code;
}

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

	if (!code) {
		code = write_table(arena, &err);
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
