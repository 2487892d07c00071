/* Where the Guild home is, and what the user's configuration says after 'extends'. */
#include <sys/stat.h>
#include <unistd.h>

#include "testing.h"

/* Writes a path below the test's root where a case says "ROOT". */
static char *fill_in(const char *text, const char *root)
{
	struct guild_buf out = {0};
	for (const char *p = text; *p != '\0';) {
		if (guild_starts(p, "ROOT")) {
			guild_buf_puts(&out, root);
			p += 4;
		} else {
			guild_buf_putc(&out, *p++);
		}
	}
	return guild_buf_take(&out);
}

static void test_find(void **state)
{
	static const struct {
		const char *option, *cwd, *env; /* env: NAME=VALUE, separated by blanks */
		const char *path, *why;
	} cases[] = {
		{NULL, "ROOT/u/p", "HOME=ROOT/u", "ROOT/u/.guild", "user directory"},
		{NULL, "ROOT/u/with/sub", "HOME=ROOT/u", "ROOT/u/with/.guild",
			"found from the working directory up"},
		{NULL, "ROOT/u/arun/sub", "HOME=ROOT/u", "ROOT/u/.guild", "user directory"},
		{NULL, "ROOT/u/p", "HOME=ROOT/u/p", "ROOT/u/p/.guild", "user directory"},
		{NULL, "ROOT/else", "HOME=ROOT/u", "ROOT/u/.guild", "user directory"},
		{NULL, "ROOT/u/with", "HOME=ROOT/u GUILD_HOME=ROOT/new", "ROOT/new", "GUILD_HOME"},
		{NULL, "ROOT/u/with", "HOME=ROOT/u GUILD_HOME=~/x", "ROOT/u/x", "GUILD_HOME"},
		{NULL, "ROOT/u/with", "HOME=ROOT/u GUILD_HOME=", "ROOT/u/with/.guild",
			"found from the working directory up"},
		{"ROOT/env", "ROOT/u/with", "HOME=ROOT/u GUILD_HOME=ROOT/new", "ROOT/env",
			"option -H"},
		{NULL, "ROOT/u/with", "HOME=ROOT/u VIRTUAL_ENV=ROOT/env", "ROOT/env/.guild",
			"activated environment"},
		{NULL, "ROOT/u/with", "HOME=ROOT/u VIRTUAL_ENV=ROOT/env CONDA_PREFIX=ROOT/else",
			"ROOT/u/with/.guild", "found from the working directory up"},
		{NULL, "ROOT/u/with", "HOME=ROOT/u GUILD_HOME_SCHEME=pre-0.9 VIRTUAL_ENV=ROOT/else",
			"ROOT/else/.guild", "scheme pre-0.9"},
		{NULL, "ROOT/u/with", "HOME=ROOT/u GUILD_HOME_SCHEME=pre-0.9", "ROOT/u/.guild",
			"scheme pre-0.9"},
		{NULL, "ROOT/u/with", "HOME=ROOT/u GUILD_CONFIG=ROOT/old.yml", "ROOT/u/.guild",
			"scheme pre-0.9"},
		{NULL, "ROOT/u/with", "HOME=ROOT/u GUILD_HOME_SCHEME=x", "ROOT/u/with/.guild",
			"found from the working directory up"},
	};
	struct testing_home *t = *state;
	char *root = guild_path_real(t->root);
	testing_put(root, "u/.guild/x", "");
	testing_put(root, "u/p/x", "");
	testing_put(root, "u/with/.guild/x", "");
	testing_put(root, "u/with/sub/x", "");
	testing_put(root, "u/arun/.guild/opref", "script:/p '' '' t.py");
	testing_put(root, "u/arun/sub/x", "");
	testing_put(root, "env/.guild/x", "");
	testing_put(root, "else/x", "");
	testing_put(root, "old.yml", "legacy: {guild-home: pre-0.9}\n");
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		char *cwd = fill_in(cases[i].cwd, root);
		char *env_text = fill_in(cases[i].env, root);
		char *option = cases[i].option != NULL ? fill_in(cases[i].option, root) : NULL;
		char *path = fill_in(cases[i].path, root);
		struct guild_strs env = {0};
		guild_strs_split(&env, env_text, ' ');
		struct guild_home_request req = {.option = option, .cwd = cwd, .environ_ = env.v};
		struct guild_home home = {0};
		struct guild_error err = {0};
		if (guild_home_find(&req, &home, NULL, &err) != 0) {
			fail_msg("%s: %s", cases[i].env, err.text);
		}
		if (strcmp(home.path, path) != 0 || strcmp(home.why, cases[i].why) != 0) {
			fail_msg("%s in %s: %s (%s)", cases[i].env, cwd, home.path, home.why);
		}
		guild_home_fini(&home);
		guild_strs_fini(&env);
		free(path);
		free(option);
		free(env_text);
		free(cwd);
	}
	free(root);
}

static void test_refused(void **state)
{
	static const struct {
		const char *option, *env;
		int code;
		const char *message;
	} cases[] = {
		{"ROOT/none", "HOME=ROOT", GUILD_ENOTFOUND,
			"directory 'ROOT/none' does not exist (option -H)"},
		{"ROOT/file", "HOME=ROOT", GUILD_EINVALID,
			"'ROOT/file' is not a directory (option -H)"},
		{NULL, "GUILD_HOME=ROOT/file", GUILD_EINVALID,
			"'ROOT/file' is not a directory (GUILD_HOME)"},
	};
	struct testing_home *t = *state;
	testing_put(t->root, "file", "x");
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		char *env_text = fill_in(cases[i].env, t->root);
		char *option = cases[i].option != NULL ? fill_in(cases[i].option, t->root) : NULL;
		char *message = fill_in(cases[i].message, t->root);
		char *env[] = {env_text, NULL};
		struct guild_home_request req = {.option = option, .cwd = t->root, .environ_ = env};
		struct guild_home home = {0};
		struct guild_error err = {0};
		assert_int_equal(guild_home_find(&req, &home, NULL, &err), cases[i].code);
		assert_string_equal(err.text, message);
		assert_null(home.path);
		free(message);
		free(option);
		free(env_text);
	}
}

static void test_config_path(void **state)
{
	struct testing_home *t = *state;
	char *home_var = guild_format("HOME=%s/u", t->root);
	char *config_var = guild_format("GUILD_CONFIG=%s/mine.yml", t->root);
	char *env[] = {home_var, NULL, NULL};
	struct guild_home_request req = {.cwd = t->root, .environ_ = env};
	struct guild_home home = {0};
	char *expected = guild_path_join(t->root, "u/.guild/config.yml");
	assert_int_equal(guild_home_find(&req, &home, NULL, NULL), 0);
	assert_string_equal(home.config_path, expected);
	guild_home_fini(&home);
	free(expected);
	testing_put(t->root, "guild-config.yml", "a: 1\n");
	expected = guild_path_join(t->root, "guild-config.yml");
	assert_int_equal(guild_home_find(&req, &home, NULL, NULL), 0);
	assert_string_equal(home.config_path, expected);
	guild_home_fini(&home);
	free(expected);
	env[1] = config_var;
	expected = guild_path_join(t->root, "mine.yml");
	assert_int_equal(guild_home_find(&req, &home, NULL, NULL), 0);
	assert_string_equal(home.config_path, expected);
	guild_home_fini(&home);
	free(expected);
	free(config_var);
	free(home_var);
}

static void test_config(void **state)
{
	static const struct {
		const char *text, *result;
		size_t warnings;
	} cases[] = {
		{"", "{}", 0},
		{"diff: {command: meld}\nx: 1\n", "{'diff': {'command': 'meld'}, 'x': 1}", 0},
		{"config: {base: {host: h, user: u}}\nremotes: {a: {extends: base, host: i}}\n",
			"{'remotes': {'a': {'host': 'i', 'user': 'u'}}}", 0},
		/* the same section comes before 'config' */
		{"config: {b: {v: 1}}\nremotes: {b: {v: 2}, a: {extends: b}}\n",
			"{'remotes': {'b': {'v': 2}, 'a': {'v': 2}}}", 0},
		/* the first parent wins */
		{"config: {b: {v: 1, w: 1}, c: {v: 2, z: 2}}\ns: {a: {extends: [b, c]}}\n",
			"{'s': {'a': {'v': 1, 'z': 2, 'w': 1}}}", 0},
		{"config: {b: {m: {x: 1, y: 1}}}\ns: {a: {extends: b, m: {y: 2}}}\n",
			"{'s': {'a': {'m': {'x': 1, 'y': 2}}}}", 0},
		{"config: {c: {v: 1}, b: {extends: c}}\ns: {a: {extends: b}}\n",
			"{'s': {'a': {'v': 1}}}", 0},
		{"s: {a: {extends: nope, v: 1}}\n", "{'s': {'a': {'v': 1}}}", 1},
		{"s: {a: {extends: 3, v: 1}}\n", "{'s': {'a': {'v': 1}}}", 1},
		{"s: {a: [1", "{}", 1},
		{"- 1\n", "{}", 1},
	};
	struct testing_home *t = *state;
	char *path = guild_path_join(t->root, "config.yml");
	struct guild_arena *a = guild_arena_new();
	assert_int_equal(guild_config_load(a, path, NULL)->n, 0);
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct testing_log said = {0};
		struct guild_log log = {testing_emit, &said};
		struct guild_buf text = {0};
		testing_put(t->root, "config.yml", cases[i].text);
		guild_value_py_repr(&text, guild_config_load(a, path, &log));
		if (strcmp(text.p, cases[i].result) != 0 || said.n != cases[i].warnings) {
			fail_msg("%s: %s %s", cases[i].text, text.p, said.text);
		}
		guild_buf_fini(&text);
	}
	guild_arena_free(a);
	free(path);
}

static void test_circles(void **state)
{
	struct testing_home *t = *state;
	struct testing_log said = {0};
	struct guild_log log = {testing_emit, &said};
	struct guild_arena *a = guild_arena_new();
	char *path = guild_path_join(t->root, "config.yml");
	testing_put(t->root, "config.yml",
		"s:\n  a: {extends: [b, b, b], v: 1}\n  b: {extends: [a, a, a], w: 2}\n");
	const struct guild_value *config = guild_config_load(a, path, &log);
	assert_int_equal(guild_value_get(guild_value_get(guild_value_get(config, "s"), "a"), "v")
				 ->i,
		1);
	assert_int_equal(guild_value_get(guild_value_get(guild_value_get(config, "s"), "a"), "w")
				 ->i,
		2);
	assert_true(said.n > 0);
	assert_non_null(strstr(said.text, "in a circle"));
	free(path);
	guild_arena_free(a);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, testing_setup, testing_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_find),
		CASE(test_refused),
		CASE(test_config_path),
		CASE(test_config),
		CASE(test_circles),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
