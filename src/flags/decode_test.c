/* What typed text becomes (flags.md 2 and 3.1), and which text is a search function (3.2). */
#include "test_help.h"

struct row {
	const char *type; /* NULL: none declared */
	const char *text;
	const char *wanted; /* as Python would print it; "!…" is a part of the error */
};

static void check(const struct row *row)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_flag_def def = {.name = "x", .type = row->type};
	struct guild_value *v = NULL;
	struct guild_error err = {0};
	int rc = guild_flag_decode(a, row->text, row->type ? &def : NULL, &v, NULL, &err);
	if (row->wanted[0] == '!') {
		assert_true(rc < 0);
		if (!strstr(err.text, row->wanted + 1)) {
			fail_msg("%s: error '%s', not '%s'", row->text, err.text, row->wanted + 1);
		}
	} else {
		if (rc < 0) {
			fail_msg("%s: %s", row->text, err.text);
		}
		if (strcmp(repr(a, v), row->wanted) != 0) {
			fail_msg("%s (%s): %s, not %s", row->text, row->type ? row->type : "auto",
				repr(a, v), row->wanted);
		}
	}
	guild_arena_free(a);
}

static void check_all(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		check(&rows[i]);
	}
}

static void test_guessed(void **state)
{
	static const struct row rows[] = {
		{NULL, "", "''"},
		{NULL, "1", "1"},
		{NULL, " 1 ", "1"},
		{NULL, "0777", "777"},
		{NULL, "08", "8"},
		{NULL, "+1", "1"},
		{NULL, "-0", "0"},
		{NULL, "123456789012345678901234567890", "123456789012345678901234567890"},
		{NULL, ".5", "0.5"},
		{NULL, "-.5", "-0.5"},
		{NULL, "1.", "1.0"},
		{NULL, "1E3", "1000.0"},
		{NULL, "1e-3", "0.001"},
		{NULL, "nan", "nan"},
		{NULL, "inf", "inf"},
		{NULL, "Infinity", "inf"},
		{NULL, "-inf", "-inf"},
		{NULL, "1e400", "inf"},
		{NULL, "1_000", "'1_000'"},
		{NULL, "1_0.5", "'1_0.5'"},
		{NULL, "1:30", "'1:30'"},
		{NULL, "10:20:30", "'10:20:30'"},
		{NULL, "!!float 1_0", "10.0"},
		{NULL, "yes", "True"},
		{NULL, "off", "False"},
		{NULL, "y", "'y'"},
		{NULL, "None", "'None'"},
		{NULL, "null", "None"},
		{NULL, "~", "None"},
		{NULL, "0x1F", "31"},
		{NULL, "0b11", "3"},
		{NULL, "0o17", "'0o17'"},
		{NULL, "0b_", "'0b_'"},
		{NULL, "'1'", "'1'"},
		{NULL, "\"a b\"", "'a b'"},
		{NULL, "'a' b", "\"'a' b\""},
		{NULL, "'", "\"'\""},
		{NULL, "[1,2,3]", "[1, 2, 3]"},
		{NULL, "[[1,2],[3]]", "[[1, 2], [3]]"},
		{NULL, "[a, b", "'[a, b'"},
		{NULL, "{a: 1}", "{'a': 1}"},
		{NULL, "a: b", "{'a': 'b'}"},
		{NULL, "- a", "['a']"},
		{NULL, "a # c", "'a'"},
		{NULL, "a#b", "'a#b'"},
		{NULL, "a,b", "'a,b'"},
		{NULL, "1 2", "'1 2'"},
		{NULL, "2020-13-01", "'2020-13-01'"},
		{NULL, "!!str 5", "'5'"},
		{NULL, "*a", "'*a'"},
		{NULL, "@x", "'@x'"},
		{NULL, "=", "'='"},
		{NULL, "caf\xc3\xa9", "'caf\xc3\xa9'"},
		{NULL, "caf\xe9", "'caf\\udce9'"},
		{NULL, "[a]*2", "['a', 'a']"},
		{NULL, "[1,2] * 2", "[1, 2, 1, 2]"},
		{NULL, "[a]*0", "[]"},
		{NULL, "[a]*-1", "'[a]*-1'"},
		{NULL, "[a]*1.5", "'[a]*1.5'"},
		{NULL, "a*2", "'a*2'"},
		{NULL, "[]*1000000000", "[]"},
		{NULL, "[a]*1000001", "!more than"},
	};
	check_all(rows, GUILD_ARRAY_LEN(rows));
}

static void test_declared(void **state)
{
	static const struct row rows[] = {
		{"string", "013", "'013'"},
		{"string", "1e3", "'1e3'"},
		{"string", "yes", "'yes'"},
		{"string", "null", "'null'"},
		{"string", "a # b", "'a # b'"},
		{"string", "'a b'", "'a b'"},
		{"string", "'a' b", "\"'a' b\""},
		{"string", "[013, 1e3, yes, null]", "['013', '1e3', 'yes', 'null']"},
		{"string", "[a]*2", "['a', 'a']"},
		{"string", "[a", "'[a'"},
		{"string", "[x]y", "'[x]y'"},
		{"string", "{\"lr\": 0.1}", "'{\"lr\": 0.1}'"},
		{"string", "range[1:3]", "'range[1:3]'"},
		{"string", "[1:3]", "'[1:3]'"},
		{"path", "013", "'013'"},
		{"existing-path", "1.0", "'1.0'"},
		{"int", "013", "13"},
		{"int", "1_000", "1000"},
		{"int", "1.0", "1.0"}, /* refused later, when it is coerced */
		{"int", "abc", "'abc'"},
		{"int", "range[1:3]", "[1, 2, 3]"},
		{"float", "1", "1.0"},
		{"float", "1_0.5", "10.5"},
		{"float", "nan", "nan"},
		{"number", "1", "1"},
		{"number", "1.5", "1.5"},
		{"number", "1_000", "1000"},
		{"boolean", "0", "False"},
		{"boolean", "1.5", "True"},
		{"boolean", "0.0", "False"},
		{"boolean", "yes", "True"},
		{"boolean", "null", "None"},
		{"boolean", "foo", "'foo'"},
		{"boolean", "[yes, no]", "[True, False]"},
		{"auto", "013", "13"},
		{"no-such-type", "013", "13"},
	};
	check_all(rows, GUILD_ARRAY_LEN(rows));
}

static void test_sequences(void **state)
{
	static const struct row rows[] = {
		{NULL, "range[3]", "[0, 1, 2]"},
		{NULL, "range[1.5]", "[0.0, 1.0]"},
		{NULL, "range[0]", "[]"},
		{NULL, "range[-3]", "[]"},
		{NULL, "range[1:3]", "[1, 2, 3]"},
		{NULL, "range[ 1 : 3 ]", "[1, 2, 3]"},
		{NULL, "range[1:3] ", "[1, 2, 3]"},
		{NULL, "range[3:1]", "[]"},
		{NULL, "range[3:1:-1]", "[3, 2, 1]"},
		{NULL, "range[10:1:-3]", "[10, 7, 4, 1]"},
		{NULL, "range[1:10:4]", "[1, 5, 9]"},
		{NULL, "range[0:5:2]", "[0, 2, 4]"},
		{NULL, "range[0:6:2]", "[0, 2, 4, 6]"},
		{NULL, "range[1.0:3]", "[1.0, 2.0, 3.0]"},
		/* The end only where the steps meet it. */
		{NULL, "range[0:1:0.3]", "[0.0, 0.3, 0.6, 0.9]"},
		{NULL, "range[5:1:-1.5]", "[5.0, 3.5, 2.0]"},
		{NULL, "range[0:1:0.2]", "[0.0, 0.2, 0.4, 0.6, 0.8, 1.0]"},
		{NULL, "range[1:2:0.25]", "[1.0, 1.25, 1.5, 1.75, 2.0]"},
		{NULL, "range[1e-9:3e-9:1e-9]", "[1e-09, 2e-09, 3.0000000000000004e-09]"},
		{NULL, "linspace[0:1]", "[0.0, 0.25, 0.5, 0.75, 1.0]"},
		{NULL, "linspace[0:1:3]", "[0.0, 0.5, 1.0]"},
		{NULL, "linspace[0:1:1]", "[0.0]"},
		{NULL, "linspace[0:1:0]", "[]"},
		{NULL, "logspace[0:2]", "[1.0, 3.16227766, 10.0, 31.6227766, 100.0]"},
		{NULL, "logspace[0:2:3:2]", "[1.0, 2.0, 4.0]"},
		{NULL, "logspace[-5:-1:5]", "[1e-05, 0.0001, 0.001, 0.01, 0.1]"},
		{NULL, "geomspace[1:100:3]", "[1.0, 10.0, 100.0]"},
		{NULL, "geomspace[0:100:3]", "!same side of 0"},
		{NULL, "range[]", "!at least 1 argument"},
		{NULL, "range[a]", "!'a' in range is not a number"},
		{NULL, "range[1:3:0]", "!step is 0"},
		{NULL, "range[0:1e12]", "!more than 1000000 values"},
		{NULL, "range[0:inf]", "!is not a number"},
		{NULL, "linspace[0]", "!at least 2 arguments"},
		{NULL, "linspace[0:1:2.5]", "!count"},
		{NULL, "linspace[0:1:1e12]", "!count"},
		{NULL, "linspace[0:1:-1]", "!count"},
		/* Not the whole text, or another name: text. */
		{NULL, "range[1:3]x", "'range[1:3]x'"},
		{NULL, "range [1:3]", "'range [1:3]'"},
		{NULL, "Range[1:3]", "'Range[1:3]'"},
		{NULL, "[range[1:3]]", "'[range[1:3]]'"},
	};
	check_all(rows, GUILD_ARRAY_LEN(rows));
}

static void test_extra_arguments_are_said(void **state)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_buf said = {0};
	struct guild_log log = {keep_log, &said};
	struct guild_value *v = NULL;
	assert_int_equal(guild_flag_decode(a, "range[1:3:1:5]", NULL, &v, &log, NULL), 0);
	assert_string_equal(repr(a, v), "[1, 2, 3]");
	assert_non_null(strstr(guild_buf_cstr(&said), "at most 3"));
	guild_buf_fini(&said);
	guild_arena_free(a);
}

static void test_search_functions(void **state)
{
	static const struct {
		const char *text;
		const char *wanted; /* name and arguments, NULL: none */
	} rows[] = {
		{"[1:3]", " [1, 3]"},
		{"[1:3] ", " [1, 3]"},
		{"[0.1:0.9]", " [0.1, 0.9]"},
		{"[1:2.5]", " [1, 2.5]"}, /* YAML: 62.5 */
		{"[1:2:1.5]", " [1, 2, 1.5]"},
		{"[1e-4:1e-1]", " [0.0001, 0.1]"},
		{"[a:b]", " ['a', 'b']"},
		{"[-1:1]", " [-1, 1]"},
		{"[:1]", NULL},
		{"uniform[1:10]", "uniform [1, 10]"},
		{"uniform[1:10:5]", "uniform [1, 10, 5]"},
		{"uniform[1]", "uniform [1]"},
		{"loguniform[1e-4:1]", "loguniform [0.0001, 1]"},
		{"log-uniform[1:2]", "log-uniform [1, 2]"},
		{"foo[1:2]", "foo [1, 2]"},
		{"a.b-c_d[1:x]", "a.b-c_d [1, 'x']"},
		{"data[1].csv", NULL},
		{"data[1]", NULL},
		{"data[1][2]", NULL},
		{"x y[1:2]", NULL},
		{"[1]", NULL},
		{"[a]", NULL},
		{"[1:]", NULL},
		{"[1: 3]", NULL},
		{"[1,2:3]", NULL},
		{"['a:b']", NULL},
		{"[http://host]", NULL},
		{"[[1:2]]", NULL},
		{"[1:3]x", NULL},
		{"[1:3]*2", NULL},
		{"range[1:3]", NULL},
		{"[0.1:0.9", NULL},
		{"", NULL},
	};
	struct guild_arena *a = guild_arena_new();
	for (size_t i = 0; i < GUILD_ARRAY_LEN(rows); i++) {
		struct guild_flag_function f;
		bool is = guild_flag_is_function(a, guild_value_string(a, rows[i].text), &f);
		const char *got =
			is ? guild_arena_format(a, "%s %s", f.name, repr(a, f.args)) : NULL;
		if (!guild_streq(got, rows[i].wanted)) {
			fail_msg("%s: %s, not %s", rows[i].text, got ? got : "none",
				rows[i].wanted ? rows[i].wanted : "none");
		}
	}
	assert_false(guild_flag_is_function(a, guild_value_int(a, 1), NULL));
	guild_arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_guessed),
		cmocka_unit_test(test_declared),
		cmocka_unit_test(test_sequences),
		cmocka_unit_test(test_extra_arguments_are_said),
		cmocka_unit_test(test_search_functions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
