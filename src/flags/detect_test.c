/* Finding the flags of a script: what single expressions and shapes of scripts give, without asking. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "guild/flags.h"

static int make_dir(void **state)
{
	*state = guild_tmp_dir("guild-detect-test", NULL);
	return *state ? 0 : -1;
}

static int remove_dir(void **state)
{
	int rc = guild_rmtree(*state, NULL);
	free(*state);
	return rc;
}

/* Detects a script of this text; the result lives in the arena. */
static int detect(struct guild_arena *a, const char *dir, const char *text, const char *dest,
	struct guild_detected *out, struct guild_error *err)
{
	char *path = guild_path_join(dir, "script.py");
	assert_int_equal(guild_file_write(path, text, strlen(text), false, NULL), 0);
	struct guild_detect_request req = {.script = path, .flags_dest = dest};
	int rc = guild_flags_detect(a, &req, out, NULL, err);
	free(path);
	return rc;
}

/* A default as an expression, and what it is as JSON; NULL: not known. */
static const struct {
	const char *expression, *json;
} expressions[] = {
	{"1", "1"},
	{"-1", "-1"},
	{"0x_ff", "255"},
	{"1_000.5e-1", "100.05"},
	{"99999999999999999999", "99999999999999999999"},
	{"'a' \"b\"", "\"ab\""},
	{"'\\x41\\u00e9\\n\\101'", "\"A\\u00e9\\nA\""},
	{"r'\\x41'", "\"\\\\x41\""},
	{"'''a\nb'''", "\"a\\nb\""},
	{"f'{1 + 1}-{\"x\"!r}-{0.5:.2f}-{{}}'", "\"2-'x'-0.50-{}\""},
	{"f'{unknown}'", NULL},
	{"'%s-%03d' % ('a', 7)", "\"a-007\""},
	{"'{0}{b:>3}{0}'.format(1, b=2)", "\"1  21\""},
	{"2 ** 10", "1024"},
	{"-7 // 2", "-4"},
	{"-7 % 3", "2"},
	{"7 / 2", "3.5"},
	{"2 ** -1", "0.5"},
	{"1 << 4 | 1", "17"},
	{"2 ** 70", NULL},
	{"1 / 0", NULL},
	{"'ab' * 2 + 'c'", "\"ababc\""},
	{"[1] * 2 + [2]", "[1, 1, 2]"},
	{"(1, 'a')", "[1, \"a\"]"},
	{"{'a': [1, None], 'b': True}", "{\"a\": [1, null], \"b\": true}"},
	{"[x * 2 for x in range(4) if x % 2]", "[2, 6]"},
	{"{k: v for k, v in zip('ab', (1, 2))}", "{\"a\": 1, \"b\": 2}"},
	{"sorted({'b': 1, 'a': 2})", "[\"a\", \"b\"]"},
	{"','.join(str(i) for i in [1, 2])", "\"1,2\""},
	{"[1, 2, 3][-1]", "3"},
	{"[1, 2, 3, 4][::-2]", "[4, 2]"},
	{"'hello'[1:3]", "\"el\""},
	{"{'a': 1}['a']", "1"},
	{"{'a': 1}.get('b', 5)", "5"},
	{"1 if 2 > 1 else 0", "1"},
	{"1 < 2 < 3 and 'y' in 'xyz'", "true"},
	{"None or 'x'", "\"x\""},
	{"not []", "true"},
	{"max(1, 2.5) + min([3, 1]) + len('abc')", "6.5"},
	{"int('7') + float('0.5')", "7.5"},
	{"(lambda a, b=2: a + b)(1)", "3"},
	{"'A-b'.lower().replace('-', '_').upper()", "\"A_B\""},
	{"os.path.join('a', 'b', '..', 'c.txt')", "\"a/b/../c.txt\""},
	{"os.path.splitext('a/b.c')[0]", "\"a/b\""},
	{"str(pathlib.Path('./a//b') / 'c')", "\"a/b/c\""},
	{"pathlib.Path('a/b.txt').stem", "\"b\""},
	{"math.pi", "3.141592653589793"},
	{"unknown_function()", NULL},
	{"time.time()", NULL},
	{"int", NULL},
};

static void test_expressions(void **state)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(expressions); i++) {
		struct guild_arena *a = guild_arena_new();
		struct guild_detected found = {0};
		struct guild_error err = {0};
		char *text = guild_format("import argparse, math, os, pathlib, time\n"
					  "p = argparse.ArgumentParser()\n"
					  "p.add_argument('--x', default=(%s))\np.parse_args()\n",
			expressions[i].expression);
		assert_int_equal(detect(a, *state, text, NULL, &found, &err), 0);
		assert_int_equal(found.flags.n, 1);
		const struct guild_value *def = found.flags.v[0].def;
		struct guild_buf json = {0};
		if (def) {
			guild_json_dump(&json, def, GUILD_JSON_COMPACT);
		}
		const char *wanted = expressions[i].json ? expressions[i].json : "";
		if (strcmp(guild_buf_cstr(&json), wanted) != 0) {
			print_error("%s: %s, not %s\n", expressions[i].expression,
				guild_buf_cstr(&json), wanted);
			fail();
		}
		guild_buf_fini(&json);
		free(text);
		guild_arena_free(a);
	}
}

#define ARGPARSE "import argparse\np = argparse.ArgumentParser()\n"

/* A script, and "DEST: names" of what is found. */
static const struct {
	const char *text, *dest, *found;
} scripts[] = {
	{"", NULL, "globals:"},
	{"a = 1\n_b = 2\nc = (1,)\n  \nif 1:\n  d = 1\n", NULL, "globals: a"},
	{ARGPARSE "p.add_argument('--b', '--c')\np.add_argument('-a')\np.parse_args()\n", NULL,
		"args: b"},
	/* what follows the parse comes too late, what may not run is still listed */
	{ARGPARSE "p.add_argument('--a')\np.parse_args()\np.add_argument('--b')\n", NULL,
		"args: a"},
	{ARGPARSE "p.add_argument('--a')\nif x: p.add_argument('--b')\np.parse_args()\n", NULL,
		"args: a b"},
	{ARGPARSE "if False: p.add_argument('--b')\nelse: p.add_argument('--a')\np.parse_args()\n",
		NULL, "args: a"},
	/* a parser nobody is seen to use */
	{ARGPARSE "def f():\n  p.add_argument('--a')\n  return p.parse_args()\n", NULL, "args: a"},
	{"from argparse import *\nq = ArgumentParser()\nq.add_argument('--a')\nq.parse_args()\n",
		NULL, "args: a"},
	{"import argparse as ap\nap.ArgumentParser().parse_args()\n", NULL, "args:"},
	{"import argparse\nlr = 1\n", NULL, "globals: lr"},
	{ARGPARSE "lr = 1\np.add_argument('--a')\np.parse_args()\n", "globals", "globals: lr"},
	{"import click\n@click.command()\n@click.option('--a')\ndef f(a): pass\nf()\n", NULL,
		"args:click: a"},
	{"p = {'a': 1, 'b': {'c': 2}}\n", "global:p", "global:p: a b.c"},
	{"p = {'a': 1}\n", "none", "none:"},
	{"import fire\nfire.Fire(lambda a, b=1: 0)\n", NULL, "args: a b"},
};

static void test_scripts(void **state)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(scripts); i++) {
		struct guild_arena *a = guild_arena_new();
		struct guild_detected found = {0};
		struct guild_error err = {0};
		struct guild_buf text = {0};
		assert_int_equal(detect(a, *state, scripts[i].text, scripts[i].dest, &found, &err),
			0);
		guild_buf_printf(&text, "%s:", found.flags_dest);
		for (size_t k = 0; k < found.flags.n; k++) {
			guild_buf_printf(&text, " %s", found.flags.v[k].name);
		}
		assert_string_equal(guild_buf_cstr(&text), scripts[i].found);
		guild_buf_fini(&text);
		guild_arena_free(a);
	}
}

static void test_errors(void **state)
{
	static const struct {
		const char *text, *tail;
	} bad[] = {
		{"a = 1\nb = = 2\n", "script.py:2:5: invalid syntax\n    b = = 2\n        ^"},
		{"def f():\nx = 1\n", "script.py:1:9: expected an indented block"},
		{"a = '\xff'\n", "script.py:1: invalid UTF-8 and no other encoding declared"},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(bad); i++) {
		struct guild_arena *a = guild_arena_new();
		struct guild_detected found = {0};
		struct guild_error err = {0};
		assert_int_equal(detect(a, *state, bad[i].text, NULL, &found, &err),
			GUILD_EINVALID);
		if (!strstr(err.text, bad[i].tail)) {
			print_error("%s\n", err.text);
			fail();
		}
		guild_arena_free(a);
	}
	struct guild_arena *a = guild_arena_new();
	struct guild_detected found = {0};
	struct guild_detect_request req = {.script = "/nonexistent/x.py"};
	struct guild_error err = {0};
	assert_int_equal(guild_flags_detect(a, &req, &found, NULL, &err), GUILD_ENOTFOUND);
	guild_arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_expressions, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_scripts, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_errors, make_dir, remove_dir),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
