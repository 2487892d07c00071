/* YAML: places, errors, limits, and the layout of what is written. What scalars mean is compared with PyYAML in
 * tests/test_formats_judge.py; here are the rows of the specification. */
#include <guild/formats.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static int parse(struct guild_arena *a, const char *text, unsigned options, struct guild_value **v,
	struct guild_error *err)
{
	return guild_yaml_parse(a, guild_str(text), "f.yml", options, v, err);
}

static void test_scalars(void **state)
{
	static const struct {
		const char *words; /* separated by blanks */
		unsigned options;
		const char *wanted; /* what each of them is */
	} rows[] = {
		{"yes Yes YES true True TRUE on On ON", GUILD_YAML_PLAIN, "True"},
		{"no No NO false False FALSE off Off OFF", GUILD_YAML_PLAIN, "False"},
		{"~ null Null NULL", GUILD_YAML_PLAIN, "None"},
		{"0777 +511 0x1ff 0b111111111 5_1_1 8:31", GUILD_YAML_PLAIN, "511"},
		{"1:30.5 90.5 9_0.5 9.05e+1", GUILD_YAML_PLAIN, "90.5"},
		{".inf +.Inf .INF", GUILD_YAML_PLAIN, "inf"},
		{".nan .NaN .NAN", GUILD_YAML_PLAIN, "nan"},
		{"1e-3 1.0E-3 0.001 .1e-2", GUILD_YAML_NUMBERS, "0.001"},
		{"12e03 1_2e3 12.e3 12000.0", GUILD_YAML_NUMBERS, "12000.0"},
		{"9223372036854775808 0x8000000000000000", GUILD_YAML_PLAIN, "9223372036854775808"},
		{"-9223372036854775808 -0x8000000000000000", GUILD_YAML_PLAIN,
			"-9223372036854775808"},
	};
	static const char texts[] =
		"y n Y N yEs None nULL 08 089 0o17 1,000 0.1.2 1e _1 1e5 1e-3 -.5 .5e1 0x 0b2 1:60 0b_ "
		"2020-13-01 2020-02-30 v1 << = .iNf";
	struct guild_arena *a = guild_arena_new();
	struct guild_buf b = {0};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(rows); i++) {
		struct guild_strs words = {0};
		guild_strs_split(&words, rows[i].words, ' ');
		for (size_t j = 0; j < words.n; j++) {
			guild_buf_reset(&b);
			guild_value_py_repr(&b,
				guild_yaml_resolve(a, guild_str(words.v[j]), rows[i].options));
			if (strcmp(b.p, rows[i].wanted) != 0) {
				fail_msg("%s: %s, not %s", words.v[j], b.p, rows[i].wanted);
			}
		}
		guild_strs_fini(&words);
	}
	struct guild_strs words = {0};
	guild_strs_split(&words, texts, ' ');
	for (size_t j = 0; j < words.n; j++) {
		struct guild_value *v =
			guild_yaml_resolve(a, guild_str(words.v[j]), GUILD_YAML_PLAIN);
		if (v->type != GUILD_STRING || !guild_str_eqz(v->s, words.v[j])) {
			fail_msg("%s is %s", words.v[j], guild_type_name(v->type));
		}
	}
	guild_strs_fini(&words);
	guild_buf_fini(&b);
	guild_arena_free(a);
}

static void test_dates(void **state)
{
	static const struct {
		const char *text;
		const char *wanted;
	} rows[] = {
		{"2020-01-02", "2020-01-02"},
		{"2020-1-2 3:04:05", "2020-01-02 03:04:05"},
		{"2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43.100000-05:00"},
		{"2001-12-14 21:59:43.1234567 Z", "2001-12-14 21:59:43.123456+00:00"},
		{"2001-12-14T21:59:43 +5", "2001-12-14 21:59:43+05:00"},
	};
	struct guild_arena *a = guild_arena_new();
	for (size_t i = 0; i < GUILD_ARRAY_LEN(rows); i++) {
		struct guild_value *v =
			guild_yaml_resolve(a, guild_str(rows[i].text), GUILD_YAML_PLAIN);
		assert_int_equal(v->type, GUILD_DATE);
		assert_string_equal(v->s.p, rows[i].wanted);
	}
	guild_arena_free(a);
}

static void test_places(void **state)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *v = NULL;
	assert_int_equal(parse(a, "a: 1\nb:\n  - x\n  - {k: v}\n", 0, &v, NULL), 0);
	const struct guild_value *list = guild_value_get(v, "b");
	assert_int_equal(v->line, 1);
	assert_int_equal(v->pairs[1].key->line, 2);
	assert_int_equal(v->pairs[1].key->column, 1);
	assert_int_equal(list->line, 3);
	assert_int_equal(list->items[1]->line, 4);
	assert_int_equal(list->items[1]->column, 5);
	assert_int_equal(guild_value_get(list->items[1], "k")->column, 9);
	assert_int_equal(parse(a, "", 0, &v, NULL), 0);
	assert_int_equal(v->type, GUILD_NULL);
	guild_arena_free(a);
}

static void test_bytes_that_are_not_utf8(void **state)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *v = NULL;
	struct guild_buf b = {0};
	assert_int_equal(parse(a, "[\"caf\\uDCE9\", 'a\\uDCE9', a\\uDCE9, \"\\\\uDCE9\"]", 0, &v,
				 NULL),
		0);
	assert_string_equal(v->items[0]->s.p, "caf\xe9");
	assert_string_equal(v->items[1]->s.p, "a\\uDCE9");
	assert_string_equal(v->items[2]->s.p, "a\\uDCE9");
	assert_string_equal(v->items[3]->s.p, "\\uDCE9");
	guild_yaml_dump(&b, v->items[0], true);
	assert_string_equal(b.p, "\"caf\\uDCE9\"");
	guild_buf_fini(&b);
	guild_arena_free(a);
}

static void test_errors(void **state)
{
	static const struct {
		const char *text;
		int code;
		const char *wanted;
	} rows[] = {
		{"a: [1", GUILD_EINVALID, "f.yml:2:1: "},
		{"a: b: c", GUILD_EINVALID, "f.yml:1:5: "},
		{"a: 1\nb: *x", GUILD_EINVALID, "f.yml:2:4: alias of an anchor that is not set"},
		{"&a [*a]", GUILD_EINVALID, "f.yml:1:5: alias inside its own anchor"},
		{"[&a 1, &a 2]", GUILD_EINVALID,
			"f.yml:1:8: an anchor of this name was set before"},
		{"a: <<", GUILD_EINVALID, "f.yml:1:4: '<<' as a value must be quoted"},
		{"a: =", GUILD_EINVALID, "f.yml:1:4: '=' as a value must be quoted"},
		{"<<: 5", GUILD_EINVALID, "f.yml:1:5: '<<' takes a mapping or a list of mappings"},
		{"? [a]\n: b", GUILD_EINVALID, "f.yml:1:3: a list or mapping cannot be a key"},
		{"!x 5", GUILD_EINVALID, "f.yml:1:1: a tag that is not supported"},
		{"!!int x", GUILD_EINVALID, "f.yml:1:1: a value that does not fit its tag"},
		{"a\n--- b", GUILD_EINVALID, "f.yml:2:1: only one document is expected"},
		{"a: \x01", GUILD_EINVALID, "f.yml:1:"},
		{"a: \"x", GUILD_EINVALID, "f.yml:1:"},
	};
	struct guild_arena *a = guild_arena_new();
	for (size_t i = 0; i < GUILD_ARRAY_LEN(rows); i++) {
		struct guild_error err = {0};
		struct guild_value *v = NULL;
		assert_int_equal(parse(a, rows[i].text, 0, &v, &err), rows[i].code);
		assert_null(v);
		if (!guild_starts(err.text, rows[i].wanted)) {
			fail_msg("%s: %s", rows[i].text, err.text);
		}
		assert_null(strchr(err.text, '\n'));
	}
	guild_arena_free(a);
}

static void test_limits(void **state)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_error err = {0};
	struct guild_value *v = NULL;
	struct guild_buf deep = {0};
	struct guild_buf bomb = {0};
	for (int i = 0; i <= GUILD_YAML_MAX_DEPTH; i++) {
		guild_buf_putc(&deep, '[');
	}
	assert_int_equal(parse(a, deep.p, 0, &v, &err), GUILD_ELIMIT);
	assert_non_null(strstr(err.text, "nested too deeply"));
	guild_buf_puts(&bomb, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
	for (int i = 1; i < 10; i++) {
		guild_buf_printf(&bomb, "a%d: &a%d [", i, i);
		for (int j = 0; j < 10; j++) {
			guild_buf_printf(&bomb, "%s*a%d", j ? "," : "", i - 1);
		}
		guild_buf_puts(&bomb, "]\n");
	}
	assert_int_equal(parse(a, bomb.p, 0, &v, &err), GUILD_ELIMIT);
	assert_non_null(strstr(err.text, "too many values"));
	guild_buf_fini(&deep);
	guild_buf_fini(&bomb);
	guild_arena_free(a);
}

static void test_merge_and_duplicates(void **state)
{
	static const struct {
		const char *text;
		const char *wanted;
	} rows[] = {
		{"<<: {a: 1}\na: 2\nb: 3", "{'a': 2, 'b': 3}"},
		{"a: 0\n<<: [{a: 1, b: 1}, {b: 2, c: 2}]", "{'b': 1, 'c': 2, 'a': 0}"},
		{"a: 1\nb: 2\na: 3", "{'a': 3, 'b': 2}"},
		{"1: a\n1.0: b\ntrue: c", "{1: 'c'}"},
		{"=: 1", "{'=': 1}"},
		{"- &a {x: 1}\n- <<: *a\n  y: 2", "[{'x': 1}, {'x': 1, 'y': 2}]"},
	};
	struct guild_arena *a = guild_arena_new();
	struct guild_buf b = {0};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(rows); i++) {
		struct guild_value *v = NULL;
		assert_int_equal(parse(a, rows[i].text, 0, &v, NULL), 0);
		guild_buf_reset(&b);
		guild_value_py_repr(&b, v);
		assert_string_equal(b.p, rows[i].wanted);
	}
	/* Many keys take another way than few. */
	guild_buf_reset(&b);
	for (int i = 0; i < 1000; i++) {
		guild_buf_printf(&b, "k%d: 1\n", i % 500);
	}
	struct guild_value *v = NULL;
	assert_int_equal(parse(a, b.p, 0, &v, NULL), 0);
	assert_int_equal(v->n, 500);
	guild_buf_fini(&b);
	guild_arena_free(a);
}

static void test_written(void **state)
{
	static const struct {
		const char *json;
		const char *block;
		const char *flow; /* NULL: not looked at */
	} rows[] = {
		{"null", "null", "null"},
		{"[true, false]", "- true\n- false", "[true, false]"},
		{"[]", "[]", "[]"},
		{"{}", "{}", "{}"},
		{"\"a\"", "a", "a"},
		{"\"y\"", "'y'", "y"},
		{"[\"Y\", \"n\", \"N\"]", "- 'Y'\n- 'n'\n- 'N'", "[Y, n, N]"},
		{"\"1e5\"", "'1e5'", "'1e5'"},
		{"\"1e-5\"", "'1e-5'", "'1e-5'"},
		{"\"08\"", "08", "08"},
		{"\"\"", "''", "''"},
		{"\"yes\"", "'yes'", "'yes'"},
		{"\"1_0\"", "'1_0'", "'1_0'"},
		{"[1e-05, 1e22, 0.001, 1e16, 1e15]",
			"- 1.0e-05\n- 1.0e+22\n- 0.001\n- 1.0e+16\n- 1000000000000000.0", NULL},
		{"[NaN, Infinity, -Infinity]", "- .nan\n- .inf\n- -.inf", NULL},
		{"{\"b\": [1, [2, 3]], \"a\": {\"c\": {}}}", "a:\n  c: {}\nb:\n- 1\n- - 2\n  - 3",
			"{a: {c: {}}, b: [1, [2, 3]]}"},
		{"\"\\u00e9\\ud83d\\ude00\\t\"", "\"\\xE9\\U0001F600\\t\"",
			"\"\\xE9\\U0001F600\\t\""},
		{"\"a\\nb\"", "'a\n\n  b'", "\"a\\nb\""},
		{"{\"k\": \"a\\n\"}", "k: 'a\n\n  '", "{k: \"a\\n\"}"},
		{"{\"\": 1}", "? ''\n: 1", "{? '' : 1}"},
		{"{\"k\": \"it's: x\"}", "k: 'it''s: x'", "{k: 'it''s: x'}"},
		{"\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb cc\"",
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\n  cc",
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb cc"},
	};
	struct guild_arena *a = guild_arena_new();
	struct guild_buf b = {0};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(rows); i++) {
		struct guild_value *v = NULL;
		assert_int_equal(guild_json_parse(a, guild_str(rows[i].json), NULL, &v, NULL), 0);
		guild_buf_reset(&b);
		guild_yaml_dump(&b, v, true);
		assert_string_equal(b.p, rows[i].block);
		if (rows[i].flow) {
			guild_buf_reset(&b);
			guild_yaml_dump_flow(&b, v);
			assert_string_equal(b.p, rows[i].flow);
		}
	}
	guild_buf_fini(&b);
	guild_arena_free(a);
}

static void test_texts_as_typed(void **state)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *v = NULL;
	struct guild_buf b = {0};
	assert_int_equal(parse(a, "[013, yes, ~, 1e3, {a: 1}, !!int 5]", GUILD_YAML_STRINGS, &v,
				 NULL),
		0);
	guild_value_py_repr(&b, v);
	assert_string_equal(b.p, "['013', 'yes', '~', '1e3', {'a': '1'}, 5]");
	guild_buf_fini(&b);
	guild_arena_free(a);
}

static void test_files(void **state)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_error err = {0};
	struct guild_value *v = NULL;
	char *dir = guild_tmp_dir("guild-formats-", NULL);
	char *path = guild_path_join(dir, "a.yml");
	assert_int_equal(guild_yaml_parse_file(a, path, 0, &v, &err), GUILD_ENOTFOUND);
	assert_int_equal(guild_file_write(path, "a: [", 4, false, NULL), 0);
	assert_int_equal(guild_yaml_parse_file(a, path, 0, &v, &err), GUILD_EINVALID);
	assert_true(guild_starts(err.text, path));
	assert_int_equal(guild_file_write(path, "a: 1", 4, false, NULL), 0);
	assert_int_equal(guild_yaml_parse_file(a, path, 0, &v, &err), 0);
	assert_int_equal(guild_value_get(v, "a")->i, 1);
	assert_int_equal(guild_rmtree(dir, NULL), 0);
	free(path);
	free(dir);
	guild_arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scalars),
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_bytes_that_are_not_utf8),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_merge_and_duplicates),
		cmocka_unit_test(test_written),
		cmocka_unit_test(test_texts_as_typed),
		cmocka_unit_test(test_files),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
