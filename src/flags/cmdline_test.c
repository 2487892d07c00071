/* Flags as arguments and environment (flags.md 7). */
#include "test_help.h"

struct row {
	const char *flags;  /* definitions, as in a project file */
	const char *values; /* what the run has; NULL: the defaults */
	const char *dest;
	const char *args; /* joined by blanks, shell-quoted */
	const char *env;  /* the same, NULL: not looked at */
};

static const struct row rows[] = {
	{"{x: a b}", NULL, "args", "--x 'a b'", "'FLAG_X=a b'"},
	{"{x: 1}", NULL, "args", "--x 1", "FLAG_X=1"},
	{"{x: 0.001}", NULL, "args", "--x 0.001", NULL},
	{"{x: 1e-5}", NULL, "args", "--x 1e-05", "FLAG_X=1e-05"},
	{"{x: 1e22}", NULL, "args", "--x 1e+22", NULL},
	{"{x: yes}", NULL, "args", "--x 1", "FLAG_X=1"},
	{"{x: no}", NULL, "args", "--x ''", "FLAG_X="},
	{"{x: null}", NULL, "args", "", "FLAG_X="},
	{"{x: ''}", NULL, "args", "--x ''", "FLAG_X="},
	{"{x: 1}", "{x: {a: 1, b: x}}", "args",
		"--x '{'\"'\"'a'\"'\"': 1, '\"'\"'b'\"'\"': '\"'\"'x'\"'\"'}'", NULL},
	{"{x: 1}", "{x: [1, 2.5, a b, yes, null]}", "args",
		"--x '1 2.5 '\"'\"'a b'\"'\"' 1 '\"'\"''\"'\"''", NULL},
	{"{x: 1}", "{x: 2020-01-01}", "args", "--x 2020-01-01", NULL},
	{"{b: 1, a: 2}", NULL, "args:click", "--a 2 --b 1", "FLAG_A=2 FLAG_B=1"},
	{"{x: 1}", NULL, "config:c.yml", "--x 1", NULL},
	{"{x: yes}", NULL, NULL, "--x 1", NULL},
	/* YAML where the program side reads it */
	{"{x: no}", NULL, "globals", "--x false", "FLAG_X="},
	{"{x: 1e-5}", NULL, "globals", "--x 1.0e-05", "FLAG_X=1e-05"},
	{"{x: ''}", NULL, "globals", "--x ''\"'\"''\"'\"''", NULL},
	{"{x: 'yes'}", NULL, "global:P", "--x ''\"'\"'yes'\"'\"''", NULL},
	{"{x: 1}", "{x: [1, a b]}", "dict:P", "--x '[1, a b]'", NULL},
	{"{x: 1}", "{x: {a: 1}}", "namespace:P", "--x '{a: 1}'", NULL},
	{"{x: null}", NULL, "globals", "", NULL},
	/* --NAME=LITERAL for configurators */
	{"{a: yes, b: x y, c: 0.001, d: '013', e: 3, f: null}", NULL, "args:equals",
		"--a=True '--b=x y' --c=0.001 '--d='\"'\"'013'\"'\"'' --e=3",
		"FLAG_A=1 'FLAG_B=x y' FLAG_C=0.001 FLAG_D=013 FLAG_E=3 FLAG_F="},
	{"{a: {default: no, arg-encoding: {no: 'False'}}, b: '[x', c: 'True'}", NULL, "args:equals",
		"--a=False '--b='\"'\"'[x'\"'\"'' '--c='\"'\"'True'\"'\"''", NULL},
	/* names */
	{"{x: {default: 1, arg-name: y}}", NULL, "args", "--y 1", "FLAG_X=1"},
	{"{x: {default: 1, arg-skip: yes}}", NULL, "args", "", "FLAG_X=1"},
	{"{x: {default: 1, env-name: FOO}}", NULL, "args", "--x 1", "FOO=1"},
	{"{\"weird-n\\xe4me.x\": 1}", NULL, "args", "'--weird-n\xc3\xa4me.x' 1",
		"FLAG_WEIRD_N_ME_X=1"},
	/* switches */
	{"{x: {default: yes, arg-switch: yes}}", NULL, "args", "--x", "FLAG_X=1"},
	{"{x: {default: no, arg-switch: yes}}", NULL, "args", "", "FLAG_X="},
	{"{x: {default: no, arg-switch: no}}", NULL, "args", "--x", NULL},
	{"{x: {default: yes, arg-switch: no}}", NULL, "args", "", NULL},
	{"{x: {default: 1, arg-switch: yes}}", NULL, "args", "--x", NULL},
	{"{x: {default: a, arg-switch: a}}", NULL, "args", "--x", NULL},
	{"{x: {default: yes, arg-switch: yes}}", NULL, "globals", "--x", NULL},
	{"{x: {default: null, arg-switch: no}}", NULL, "args", "", NULL},
	/* split */
	{"{x: {default: \"1 2 'x y'\", arg-split: yes}}", NULL, "args", "--x 1 2 'x y'",
		"'FLAG_X=1 2 '\"'\"'x y'\"'\"''"},
	{"{x: {default: 'a,b,,c', arg-split: ','}}", NULL, "args", "--x a b c", NULL},
	{"{x: {default: 'a::b', arg-split: '::'}}", NULL, "args", "--x a b", NULL},
	{"{x: {default: 'a b', arg-split: shlex}}", NULL, "args", "--x a b", NULL},
	{"{x: {default: 'a b', arg-split: no}}", NULL, "args", "--x 'a b'", NULL},
	{"{x: {default: '', arg-split: yes}}", NULL, "args", "", NULL},
	{"{x: {default: '  ', arg-split: yes}}", NULL, "args", "", NULL},
	{"{x: {default: 5, arg-split: yes}}", NULL, "args", "--x 5", NULL},
	{"{x: {default: yes, arg-split: ','}}", NULL, "args", "--x 1", NULL},
	{"{x: {default: \"it's\", arg-split: yes}}", NULL, "args", "--x 'it'\"'\"'s'", NULL},
	{"{x: {default: '1 2', arg-split: yes}}", NULL, "globals", "--x '[1, 2]'", NULL},
	{"{x: {default: \"1 yes 'a b'\", arg-split: yes}}", NULL, "globals", "--x '[1, true, a b]'",
		NULL},
	{"{x: {default: '1 2', arg-split: yes}}", NULL, "global:P", "--x 1 2", NULL},
	{"{x: {default: '1 2', arg-split: yes}}", "{x: [1, a b]}", "args", "--x 1 'a b'", NULL},
	/* encodings */
	{"{x: {default: yes, arg-encoding: {yes: 'ON', no: 'OFF'}}}", NULL, "args", "--x ON",
		"FLAG_X=ON"},
	{"{x: {default: yes, arg-encoding: {'yes': 'ON'}}}", NULL, "args", "--x 1", NULL},
	{"{x: {default: 1.0, arg-encoding: {1: one}}}", NULL, "args", "--x one", NULL},
	{"{x: {default: a, arg-encoding: {a: 5}}}", NULL, "args", "--x 5", NULL},
	{"{x: {default: a, arg-encoding: {b: 5}}}", NULL, "args", "--x a", NULL},
	{"{x: {default: null, arg-encoding: {null: none}}}", NULL, "args", "", "FLAG_X=none"},
	{"{x: {default: 1, env-encoding: {1: e}}}", NULL, "args", "--x 1", "FLAG_X=e"},
	{"{x: {default: 1, arg-encoding: {1: a}, env-encoding: {1: e}}}", NULL, "args", "--x a",
		"FLAG_X=e"},
	{"{x: {default: 1, arg-encoding: {1: a}, env-encoding: {2: e}}}", NULL, "args", "--x a",
		"FLAG_X=1"},
	{"{x: {default: 1, arg-encoding: {1: a}}}", NULL, "globals", "--x 1", "FLAG_X=a"},
	/* flags nobody defined */
	{"{}", "{y: 1, x: 2}", "args", "--x 2 --y 1", "FLAG_X=2 FLAG_Y=1"},
};

static const char *joined(struct guild_arena *a, struct guild_strs *words)
{
	struct guild_buf b = {0};
	for (size_t i = 0; i < words->n; i++) {
		guild_buf_puts(&b, i ? " " : "");
		guild_shlex_quote(&b, words->v[i]);
	}
	const char *text = guild_arena_strdup(a, guild_buf_cstr(&b));
	guild_buf_fini(&b);
	guild_strs_fini(words);
	return text;
}

static void test_rows(void **state)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(rows); i++) {
		const struct row *row = &rows[i];
		struct guild_arena *a = guild_arena_new();
		struct guild_flag_defs defs = from_flags(a, row->flags);
		const struct guild_value *values = row->values ? from_yaml(a, row->values) : NULL;
		struct guild_value *defaults = guild_value_dict(a);
		for (size_t j = 0; j < defs.n; j++) {
			guild_value_set(a, defaults, defs.v[j].name,
				defs.v[j].def ? guild_value_copy(a, defs.v[j].def)
					      : guild_value_null(a));
		}
		struct guild_strs args = {0};
		struct guild_strs env = {0};
		const struct guild_value *cmd_flags = guild_flag_cmd_flags(a, &defs);
		guild_flag_cmd_args(&args, values ? values : defaults, cmd_flags, row->dest, NULL,
			NULL);
		guild_flag_env(&env, values ? values : defaults, cmd_flags);
		const char *got = joined(a, &args);
		if (strcmp(got, row->args) != 0) {
			fail_msg("%s, %s: %s, not %s", row->flags, row->dest, got, row->args);
		}
		got = joined(a, &env);
		if (row->env && strcmp(got, row->env) != 0) {
			fail_msg("%s: %s, not %s", row->flags, got, row->env);
		}
		guild_arena_free(a);
	}
}

static void test_shadowed(void **state)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_buf said = {0};
	struct guild_log log = {keep_log, &said};
	struct guild_strs before = {0};
	struct guild_strs args = {0};
	guild_strs_split(&before, "echo --a 5 --b=3", ' ');
	guild_flag_cmd_args(&args, from_yaml(a, "{a: 1, b: 2}"), NULL, "args", &before, &log);
	assert_string_equal(joined(a, &args), "--b 2");
	assert_non_null(strstr(guild_buf_cstr(&said), "'a'"));
	/* Words may be added to the command itself; two flags of one name do not shadow each other. */
	struct guild_flag_defs defs = from_flags(a, "{c: {arg-name: x}, d: {arg-name: x}}");
	guild_flag_cmd_args(&before, from_yaml(a, "{a: 1, c: 2, d: 3}"),
		guild_flag_cmd_flags(a, &defs), "args", &before, NULL);
	assert_string_equal(joined(a, &before), "echo --a 5 --b=3 --x 2 --x 3");
	guild_buf_fini(&said);
	guild_arena_free(a);
}

static void test_saved_data(void **state)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_flag_defs defs = from_flags(a,
		"{a: 1, b: {arg-switch: no}, c: {arg-name: d, arg-skip: yes, arg-split: ',', env-name: E,"
		" arg-encoding: {1: x}, env-encoding: {1: y}}, e: {arg-skip: no, arg-split: no}}");
	assert_string_equal(repr(a, guild_flag_cmd_flags(a, &defs)),
		"{'a': {}, 'b': {'arg-switch': False}, 'c': {'arg-name': 'd', 'arg-skip': True, "
		"'arg-split': ',', 'env-name': 'E', 'arg-encoding': {1: 'x'}, 'env-encoding': {1: 'y'}}, "
		"'e': {}}");
	guild_arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_shadowed),
		cmocka_unit_test(test_saved_data),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
