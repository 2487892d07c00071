/* Configuration files: formats by name, values set in place. tests/test_config_files.py asks Python about many more. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "guild/formats.h"

static void test_format_of(void **state)
{
	static const struct {
		const char *path;
		int format; /* -1: none */
	} cases[] = {
		{"a.yml", GUILD_CONFIG_YAML},
		{"x/a.yaml", GUILD_CONFIG_YAML},
		{"a.json", GUILD_CONFIG_JSON},
		{"a.json.in", GUILD_CONFIG_JSON},
		{"a.ini", GUILD_CONFIG_INI},
		{"a.cfg.in", GUILD_CONFIG_INI},
		{"a.toml", GUILD_CONFIG_TOML},
		{"a.in", -1},
		{"a.txt", -1},
		{"a.yml.in.in", -1},
	};

	(void)state;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		enum guild_config_format format;
		bool is_known = guild_config_format_of(cases[i].path, &format);

		assert_int_equal(is_known ? (int)format : -1, cases[i].format);
	}
}

/* Settings are JSON. */
static const struct {
	enum guild_config_format format;
	const char *before, *settings, *after;
} edits[] = {
	{GUILD_CONFIG_YAML, "a: 1 # one\nb: [x]\n", "{\"a\": 2, \"c.d\": true}",
		"a: 2 # one\nb: [x]\nc:\n  d: true\n"},
	{GUILD_CONFIG_JSON, "{\n  \"a\": 1\n}\n", "{\"b\": [1]}",
		"{\n  \"a\": 1,\n  \"b\": [1]\n}\n"},
	{GUILD_CONFIG_INI, "[s]\n# c\na = 1\n", "{\"s.a\": 2, \"s.b\": \"x\"}",
		"[s]\n# c\na = 2\nb = x\n"},
	{GUILD_CONFIG_TOML, "a = 1 # one\n[s]\n", "{\"a\": 2.5, \"s.b\": \"x\"}",
		"a = 2.5 # one\n[s]\nb = \"x\"\n"},
	/* No place but a new file: the table has a header of its own. */
	{GUILD_CONFIG_TOML, "# c\n[s]\na = 1\n", "{\"s\": 2}", "s = 2\n"},
	/* In an INI file the section of the longest name. */
	{GUILD_CONFIG_INI, "[a.b]\nc = 1\n[a]\n", "{\"a.b.c\": 2}", "[a.b]\nc = 2\n[a]\n"},
};

static void test_edit(void **state)
{
	(void)state;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(edits); i++) {
		struct guild_arena *a = guild_arena_new();
		struct guild_value *settings = NULL;
		struct guild_buf out = {0};
		struct guild_error err = {0};

		assert_int_equal(guild_json_parse(a, guild_str(edits[i].settings), NULL, &settings,
					 &err),
			0);
		assert_int_equal(guild_config_edit(edits[i].format, guild_str(edits[i].before), "f",
					 settings, &out, &err),
			0);
		assert_string_equal(guild_buf_cstr(&out), edits[i].after);
		guild_buf_fini(&out);
		guild_arena_free(a);
	}
}

static void test_toml_places(void **state)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *v = NULL;
	struct guild_error err = {0};
	struct guild_buf deep = {0};

	(void)state;
	assert_int_equal(guild_toml_parse(a, guild_str("a = 1\n\nb = x\n"), "f.toml", &v, &err),
		GUILD_EINVALID);
	assert_string_equal(err.text, "f.toml:3:5: expected a value");
	guild_buf_puts(&deep, "a = ");
	for (int i = 0; i <= GUILD_TOML_MAX_DEPTH; i++) {
		guild_buf_putc(&deep, '[');
	}
	assert_int_equal(guild_toml_parse(a, guild_buf_str(&deep), NULL, &v, &err), GUILD_ELIMIT);
	guild_buf_fini(&deep);
	guild_arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format_of),
		cmocka_unit_test(test_edit),
		cmocka_unit_test(test_toml_places),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
