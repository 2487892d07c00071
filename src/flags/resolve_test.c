/* Definitions, words, types, checks and choices (flags.md 1, 1.1, 1.2), batch files and trials. */
#include "test_help.h"

struct row {
	const char *flags;
	const char *words;  /* shell words */
	const char *wanted; /* the flags, or "!part of the error" */
};

static int resolve(struct guild_arena *a, const char *flags, const char *words_text, bool force,
	struct guild_value **out, struct guild_error *err)
{
	struct guild_flag_defs defs = from_flags(a, flags);
	struct guild_strs words = {0};
	struct guild_flag_args args = {0};
	assert_int_equal(guild_shlex_split(words_text, &words, NULL), 0);
	int rc = guild_flag_args_parse(a, words.v, words.n, &defs, force, &args, NULL, err);
	if (rc == 0) {
		rc = guild_flags_resolve(a, &defs, args.values, "train", "/here", force, out, NULL,
			err);
	}
	guild_flag_args_fini(&args);
	guild_strs_fini(&words);
	return rc;
}

static void check(const struct row *rows, size_t n, bool force)
{
	for (size_t i = 0; i < n; i++) {
		struct guild_arena *a = guild_arena_new();
		struct guild_error err = {0};
		struct guild_value *v = NULL;
		int rc = resolve(a, rows[i].flags, rows[i].words, force, &v, &err);
		if (rows[i].wanted[0] == '!') {
			if (rc == 0 || !strstr(err.text, rows[i].wanted + 1)) {
				fail_msg("%s: '%s', not '%s'", rows[i].words,
					rc == 0 ? repr(a, v) : err.text, rows[i].wanted + 1);
			}
		} else if (rc < 0) {
			fail_msg("%s: %s", rows[i].words, err.text);
		} else if (strcmp(repr(a, v), rows[i].wanted) != 0) {
			fail_msg("%s: %s, not %s", rows[i].words, repr(a, v), rows[i].wanted);
		}
		guild_arena_free(a);
	}
}

static void test_defaults_and_names(void **state)
{
	static const struct row rows[] = {
		{"{b: 1, a: x, n: null}", "", "{'a': 'x', 'b': 1, 'n': None}"},
		{"{b: 1, a: x}", "b=2", "{'a': 'x', 'b': 2}"},
		{"{a: 1}", "a=1 a=2", "{'a': 2}"},
		{"{a: 1}", "a=", "{'a': ''}"},
		{"{a: 1}", "a=b=c", "{'a': 'b=c'}"},
		{"{a: [1, 2]}", "", "{'a': [1, 2]}"},
		{"{learning-rate: 1}", "learning-rte=2", "!unknown flag 'learning-rte' for train"},
		{"{a: 1}", "=5", "!unknown flag ''"},
		{"{a: 1}", "foo a=1 bar", "!expected NAME=VALUE, got 'foo', 'bar'"},
		{"{a: {alias: b}}", "b=5", "{'a': 5}"},
		{"{a: {alias: b, type: string}}", "b=05", "{'a': '05'}"},
		{"{a: {alias: b}}", "b=5 a=6", "!flag 'a' is set twice, once by its alias 'b'"},
	};
	check(rows, GUILD_ARRAY_LEN(rows), false);
}

static void test_types(void **state)
{
	static const struct row rows[] = {
		{"{x: {type: string, default: yes}}", "", "{'x': 'True'}"},
		{"{x: {type: string, default: 1e-3}}", "", "{'x': '0.001'}"},
		{"{x: {type: string}}", "x=013", "{'x': '013'}"},
		{"{x: {type: string}}", "x=1e-3", "{'x': '1e-3'}"},
		{"{x: {type: string}}", "'x=[013, yes]'", "{'x': ['013', 'yes']}"},
		{"{x: {type: int}}", "x=1.0",
			"!invalid value 1.0 for 'x': expected a whole number"},
		{"{x: {type: int}}", "x=1e3", "!expected a whole number"},
		{"{x: {type: int}}", "x=abc", "!expected a whole number"},
		{"{x: {type: int}}", "x=", "!expected a whole number"},
		{"{x: {type: int}}", "x=1_000", "{'x': 1000}"},
		{"{x: {type: int}}", "x=yes", "{'x': 1}"},
		{"{x: {type: int}}", "x=null", "{'x': None}"},
		{"{x: {type: int}}", "x=[1,2.5]", "!invalid value 2.5"},
		{"{x: {type: int}}", "x=uniform[1:2]", "{'x': 'uniform[1:2]'}"},
		{"{x: {type: int}}", "x=2020-01-01", "!expected a whole number"},
		{"{x: {type: float}}", "x=1", "{'x': 1.0}"},
		{"{x: {type: float}}", "x=1_0.5", "{'x': 10.5}"},
		{"{x: {type: float}}", "x=1:30", "!expected a number (type float)"},
		{"{x: {type: float}}", "x=[1,2]", "{'x': [1.0, 2.0]}"},
		{"{x: {type: number}}", "x=1", "{'x': 1}"},
		{"{x: {type: number}}", "x=1.5", "{'x': 1.5}"},
		{"{x: {type: number}}", "x=abc", "!expected a number (type number)"},
		{"{x: {type: boolean}}", "x=foo", "{'x': True}"},
		{"{x: {type: boolean}}", "x=0", "{'x': False}"},
		{"{x: {type: boolean}}", "x=", "{'x': False}"},
		{"{x: {type: boolean, default: 'no'}}", "", "{'x': True}"},
		{"{x: {type: path}}", "x=a/../b", "{'x': '/here/b'}"},
		{"{x: {type: path}}", "x=/a", "{'x': '/a'}"},
		{"{x: {type: path}}", "x=", "{'x': ''}"},
		{"{x: {type: path, default: 5}}", "", "{'x': '/here/5'}"},
		{"{x: {type: existing-path}}", "x=/", "{'x': '/'}"},
		{"{x: {type: existing-path}}", "x=nope", "!/here/nope does not exist"},
		{"{x: {type: existing-path}}", "x=[/,nope]", "!/here/nope does not exist"},
		{"{x: {type: auto}}", "x=013", "{'x': 13}"},
		{"{x: {type: odd}}", "x=013", "{'x': 13}"},
		{"{x: {type: float, arg-split: yes, default: '1 2'}}", "", "{'x': '1.0 2.0'}"},
		{"{x: {type: int, arg-split: ',', default: '1,2,,3'}}", "", "{'x': '1,2,3'}"},
		{"{x: {type: boolean, arg-split: yes, default: 'yes no'}}", "", "{'x': 'yes no'}"},
		{"{x: {type: string, arg-split: yes, default: \"a 'b c'\"}}", "",
			"{'x': \"a 'b c'\"}"},
		{"{x: {type: int, arg-split: yes, default: 5}}", "", "{'x': '5'}"},
		{"{x: {type: int, arg-split: yes}}", "'x=1 b'", "!expected a whole number"},
	};
	check(rows, GUILD_ARRAY_LEN(rows), false);
}

static void test_checks(void **state)
{
	static const char choices[] =
		"{c: {choices: [1, 2, yes, a, {value: 1.5, description: middle}], default: a}, z: 1}";
	static const char range[] = "{x: {min: 0, max: 10, default: 5}}";
	const struct row rows[] = {
		{choices, "c=2", "{'c': 2, 'z': 1}"},
		{choices, "c=1.0", "{'c': 1.0, 'z': 1}"},
		{choices, "c=7",
			"!invalid value 7 for 'c': expected one of\n  1\n  2\n  yes\n  a\n  1.5  middle"},
		{choices, "c=[1,b]", "!invalid value b for 'c'"},
		{choices, "c=no", "{'c': False, 'z': 1}"},
		{choices, "c=[1:2]", "{'c': '[1:2]', 'z': 1}"},
		{"{c: {choices: [1], allow-other: yes}}", "c=7", "{'c': 7}"},
		{range, "x=10", "{'x': 10}"},
		{range, "x=11", "!invalid value 11 for 'x': greater than the maximum 10"},
		{range, "x=-1", "!invalid value -1 for 'x': less than the minimum 0"},
		{range, "x=[1,11]", "!invalid value 11"},
		{range, "x=abc",
			"!invalid value abc for 'x': it cannot be compared with the minimum 0"},
		{range, "x=uniform[1:20]", "{'x': 'uniform[1:20]'}"},
		{range, "x=null", "{'x': None}"},
		{"{x: {min: b, max: d}}", "x=c", "{'x': 'c'}"},
		{"{x: {min: b, max: d}}", "x=e", "!greater than the maximum d"},
		{"{x: {required: yes, description: the x}, yy: {required: yes}, z: {required: yes, default: 1}}",
			"", "!train needs a value for\n  x   the x\n  yy"},
		{"{x: {required: yes}}", "x=''", "!needs a value"},
		{"{x: {required: yes}}", "x=0", "{'x': 0}"},
	};
	check(rows, GUILD_ARRAY_LEN(rows), false);
}

static void test_choice_flags(void **state)
{
	static const char flags[] =
		"{c: {choices: [{value: 1, alias: one, flags: {x: 10, y: 20}},"
		" {value: 2, alias: two, flags: {x: 11, z: 5}}, three], default: one},"
		" x: {type: float, default: 0}, y: 0}";
	const struct row rows[] = {
		{flags, "", "{'c': 1, 'x': 10.0, 'y': 20}"},
		{flags, "c=two", "{'c': 2, 'x': 11.0, 'y': 0, 'z': 5}"},
		{flags, "c=2", "{'c': 2, 'x': 11.0, 'y': 0, 'z': 5}"},
		{flags, "c=two x=99", "{'c': 2, 'x': 99.0, 'y': 0, 'z': 5}"},
		{flags, "c=three", "{'c': 'three', 'x': 0.0, 'y': 0}"},
		{flags, "c=[one,two]", "{'c': [1, 2], 'x': 0.0, 'y': 0}"},
		{flags, "c=four", "!expected one of"},
	};
	check(rows, GUILD_ARRAY_LEN(rows), false);
}

static void test_forced(void **state)
{
	static const struct row rows[] = {
		{"{a: 1}", "zz=5", "{'a': 1, 'zz': 5}"},
		{"{a: {type: int}}", "a=abc", "{'a': 'abc'}"},
		{"{a: {max: 1}}", "a=5", "{'a': 5}"},
		{"{a: {required: yes}}", "", "{'a': None}"},
		{"{a: {choices: [1]}}", "a=5", "{'a': 5}"},
		{"{a: {alias: b}}", "b=5 a=6", "{'a': 6}"},
		{"{a: 1}", "foo", "!expected NAME=VALUE"},
	};
	check(rows, GUILD_ARRAY_LEN(rows), true);
}

static void test_hints(void **state)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_error err = {0};
	struct guild_value *v = NULL;
	assert_true(resolve(a, "{learning-rate: 1, epochs: 2}", "learning-rte=2", false, &v, &err) <
		    0);
	assert_non_null(strstr(err.hint, "'learning-rate'"));
	assert_true(resolve(a, "{epochs: 2}", "zzz=2", false, &v, &err) < 0);
	assert_non_null(strstr(err.hint, "--help-op"));
	guild_arena_free(a);
}

static void test_words(void **state)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_flag_args args = {0};
	char *words[] = {"@a.csv", "x=1", "@~/b.json", "y=~/c"};
	assert_int_equal(guild_flag_args_parse(a, words, 4, NULL, false, &args, NULL, NULL), 0);
	assert_string_equal(repr(a, args.values), "{'x': 1, 'y': '~/c'}");
	assert_int_equal(args.batch_files.n, 2);
	assert_string_equal(args.batch_files.v[0], "a.csv");
	guild_flag_args_fini(&args);
	guild_arena_free(a);
}

static void test_bad_definitions(void **state)
{
	static const struct {
		const char *yaml;
		const char *wanted;
	} rows[] = {
		{"- a", "guild.yml:1:1: expected a mapping of flags, got list"},
		{"a: 1\nb: 2020-01-01", "guild.yml:2:4: a date cannot be the default of flag 'b'"},
		{"no: 1", "guild.yml:1:1: expected text as the name of a flag, got 'False'"},
		{"a:\n  choices: 5", "guild.yml:2:12: expected a list as choices of flag 'a'"},
		{"a:\n  choices: [{alias: x}]",
			"guild.yml:2:13: a choice without 'value' of flag 'a'"},
		{"a:\n  choices: [[1]]", "guild.yml:2:13: expected a value or a mapping"},
		{"a:\n  choices: [{value: 1, flags: 5}]",
			"guild.yml:2:31: expected a mapping of flags"},
		{"a:\n  arg-encoding: 5", "guild.yml:2:17: expected a mapping of values to text"},
	};
	struct guild_arena *a = guild_arena_new();
	for (size_t i = 0; i < GUILD_ARRAY_LEN(rows); i++) {
		struct guild_flag_defs defs = {0};
		struct guild_error err = {0};
		int rc = guild_flag_defs_parse(a, from_yaml(a, rows[i].yaml), "guild.yml", &defs,
			&err);
		assert_true(rc < 0);
		if (!strstr(err.text, rows[i].wanted)) {
			fail_msg("%s: %s", rows[i].yaml, err.text);
		}
	}
	guild_arena_free(a);
}

static void test_definitions(void **state)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_flag_defs defs = from_flags(a,
		"{z: 1, a: {default: 2, type: int, description: first, min: 0, max: 5, distribution: uniform,"
		" arg-name: aa, null-label: none, env-name: AA, alias: al, required: yes, arg-skip: no,"
		" allow-other: yes, nb-replace: x, arg-split: ',', arg-switch: 1, tag: odd, n: null}}");
	assert_int_equal(defs.n, 2);
	const struct guild_flag_def *d = guild_flag_defs_get(&defs, "a");
	assert_ptr_equal(d, &defs.v[0]);
	assert_string_equal(d->type, "int");
	assert_string_equal(d->description, "first");
	assert_string_equal(d->alias, "al");
	assert_true(d->required && d->allow_other && !d->arg_skip && d->has_arg_skip);
	assert_string_equal(repr(a, d->extra), "{'tag': 'odd', 'n': None}");
	assert_string_equal(repr(a, d->max), "5");
	assert_null(guild_flag_defs_get(&defs, "x"));
	guild_arena_free(a);
}

static void test_merge(void **state)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_flag_defs own =
		from_flags(a, "{a: 5, mine: {arg-name: b, default: 1}, c: {type: string}}");
	struct guild_flag_defs found = from_flags(a,
		"{a: {default: 1, type: int, description: from script}, b: {type: float}, c: {type: int, default: 3},"
		" d: 4}");
	guild_flag_defs_merge(a, &own, &found, false);
	assert_int_equal(own.n, 3);
	assert_string_equal(guild_flag_defs_get(&own, "a")->type, "int");
	assert_string_equal(repr(a, guild_flag_defs_get(&own, "a")->def), "5");
	assert_string_equal(guild_flag_defs_get(&own, "mine")->type, "float");
	assert_string_equal(guild_flag_defs_get(&own, "c")->type, "string");
	assert_string_equal(repr(a, guild_flag_defs_get(&own, "c")->def), "3");
	guild_flag_defs_merge(a, &own, &found, true);
	assert_int_equal(own.n, 4);
	assert_string_equal(repr(a, guild_flag_defs_get(&own, "d")->def), "4");
	guild_arena_free(a);
}

static void test_expand(void **state)
{
	static const struct {
		const char *flags;
		const char *wanted;
	} rows[] = {
		{"{b: [1, 2], a: [x, y], c: 3}",
			"[{'a': 'x', 'b': 1, 'c': 3}, {'a': 'x', 'b': 2, 'c': 3}, "
			"{'a': 'y', 'b': 1, 'c': 3}, {'a': 'y', 'b': 2, 'c': 3}]"},
		{"{a: 1}", "[{'a': 1}]"},
		{"{a: []}", "[]"},
		{"{a: [[1, 2], [3]]}", "[{'a': [1, 2]}, {'a': [3]}]"},
	};
	struct guild_arena *a = guild_arena_new();
	struct guild_value *trials = NULL;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(rows); i++) {
		assert_int_equal(guild_flag_expand(a, from_yaml(a, rows[i].flags), 100, &trials,
					 NULL),
			0);
		assert_string_equal(repr(a, trials), rows[i].wanted);
	}
	struct guild_error err = {0};
	assert_int_equal(guild_flag_expand(a, from_yaml(a, "{a: [1,2,3], b: [1,2,3]}"), 8, &trials,
				 &err),
		GUILD_ELIMIT);
	guild_arena_free(a);
}

static void test_batch_files(void **state)
{
	static const struct {
		const char *name;
		const char *text;
		const char *wanted;
	} rows[] = {
		{"a.csv", "x,y\n1,a b\n0.1,\n", "[{'x': 1, 'y': 'a b'}, {'x': 0.1, 'y': ''}]"},
		{"b", "x\n[1,2]\nyes\n", "!line 2, cell 2: more cells than names"},
		{"b2", "x\n\"[1,2]\"\nyes\n", "[{'x': [1, 2]}, {'x': True}]"},
		{"c.csv", "", "[]"},
		{"c2.csv", "x,y\n1\n", "[{'x': 1}]"},
		{"d.json", "[{\"x\": 1}, {\"x\": \"013\"}]", "[{'x': 1}, {'x': '013'}]"},
		{"e.yml", "x: 1e-3", "[{'x': 0.001}]"},
		{"f.yaml", "- x: 1\n- y: 2", "[{'x': 1}, {'y': 2}]"},
		{"g.yaml", "5", "!expected a list of mappings, got int"},
		{"h.yaml", "- {x: 1}\n- 5", "!trial 2: expected a mapping, got int"},
		{"i.toml", "x = 1", "!unknown kind of batch file '.toml'"},
		{"j.json", "{", "!batch file '"},
		{"k.csv", "x\nrange[a]\n", "!line 2: x: 'a' in range is not a number"},
		{"l.csv", "x\n\"a\n", "!the quote that begins here is not closed"},
	};
	char *dir = guild_tmp_dir("guild-flags-", NULL);
	struct guild_arena *a = guild_arena_new();
	struct guild_value *trials = NULL;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(rows); i++) {
		struct guild_error err = {0};
		char *path = guild_path_join(dir, rows[i].name);
		assert_int_equal(guild_file_write(path, rows[i].text, strlen(rows[i].text), false,
					 NULL),
			0);
		int rc = guild_flag_batch_read(a, path, &trials, &err);
		const char *got = rc < 0 ? err.text : repr(a, trials);
		bool is_wanted = rows[i].wanted[0] == '!'
					 ? rc < 0 && strstr(got, rows[i].wanted + 1)
					 : strcmp(got, rows[i].wanted) == 0;
		if (!is_wanted) {
			fail_msg("%s: %s, not %s", rows[i].name, got, rows[i].wanted);
		}
		free(path);
	}
	assert_int_equal(guild_flag_batch_read(a, "/nonexistent.csv", &trials, NULL),
		GUILD_ENOTFOUND);
	guild_arena_free(a);
	assert_int_equal(guild_rmtree(dir, NULL), 0);
	free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults_and_names),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_checks),
		cmocka_unit_test(test_choice_flags),
		cmocka_unit_test(test_forced),
		cmocka_unit_test(test_hints),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_bad_definitions),
		cmocka_unit_test(test_definitions),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_expand),
		cmocka_unit_test(test_batch_files),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
