/* JSON and CSV, both ways. */
#include <guild/formats.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void test_written(void **state)
{
	static const struct {
		const char *json;
		unsigned options;
		const char *wanted;
	} rows[] = {
		{"{\"b\":1,\"a\":[1,2.0,null,true]}", GUILD_JSON_COMPACT,
			"{\"b\": 1, \"a\": [1, 2.0, null, true]}"},
		{"{\"b\":1,\"a\":2}", GUILD_JSON_SORT, "{\"a\": 2, \"b\": 1}"},
		{"{\"a\":[1,{}],\"b\":[]}", GUILD_JSON_INDENT,
			"{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}"},
		{"[NaN,Infinity,-Infinity,1e400]", GUILD_JSON_COMPACT,
			"[NaN, Infinity, -Infinity, Infinity]"},
		{"[NaN,-Infinity]", GUILD_JSON_STRICT, "[null, null]"},
		{"\"\\u00e9\\ud83d\\ude00\\u2028\\u0001\\b\\f\\\"\\\\\\/\"", GUILD_JSON_COMPACT,
			"\"\\u00e9\\ud83d\\ude00\\u2028\\u0001\\b\\f\\\"\\\\/\""},
		{"\"caf\\udce9\"", GUILD_JSON_COMPACT, "\"caf\\udce9\""},
		{"\"caf\xe9\"", GUILD_JSON_COMPACT, "\"caf\\udce9\""},
		{"[1e5,1E-7,0.1,-0.0]", GUILD_JSON_COMPACT, "[100000.0, 1e-07, 0.1, -0.0]"},
		{"[18446744073709551615,-9223372036854775809,123456789012345678901234567890]",
			GUILD_JSON_COMPACT,
			"[18446744073709551615, -9223372036854775809, 123456789012345678901234567890]"},
		{"{\"a\":1,\"b\":2,\"a\":3}", GUILD_JSON_COMPACT, "{\"a\": 3, \"b\": 2}"},
	};
	struct guild_arena *a = guild_arena_new();
	struct guild_buf b = {0};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(rows); i++) {
		struct guild_value *v = NULL;
		struct guild_error err = {0};
		if (guild_json_parse(a, guild_str(rows[i].json), NULL, &v, &err) < 0) {
			fail_msg("%s: %s", rows[i].json, err.text);
		}
		guild_buf_reset(&b);
		guild_json_dump(&b, v, rows[i].options);
		assert_string_equal(b.p, rows[i].wanted);
	}
	guild_buf_reset(&b);
	guild_json_dump(&b, NULL, 0);
	assert_string_equal(b.p, "null");
	guild_buf_fini(&b);
	guild_arena_free(a);
}

static void test_keys_of_other_types(void **state)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *v = NULL;
	struct guild_buf b = {0};
	assert_int_equal(guild_yaml_parse(a,
				 guild_str("{1: a, yes: b, ~: c, 1.5: d, 2020-01-01: e}"), NULL, 0,
				 &v, NULL),
		0);
	guild_json_dump(&b, v, 0);
	assert_string_equal(b.p,
		"{\"1\": \"b\", \"null\": \"c\", \"1.5\": \"d\", \"2020-01-01\": \"e\"}");
	guild_buf_fini(&b);
	guild_arena_free(a);
}

static void test_errors(void **state)
{
	static const struct {
		const char *text;
		const char *wanted;
	} rows[] = {
		{"", "f.json:1:1: "},
		{"{\n  \"a\": }", "f.json:2:8: "},
		{"[1] x", "f.json:1:5: "},
		{"{\"a\": \"\\ud800\"}", "f.json:1:"},
		{"[01]", "f.json:1:"},
	};
	struct guild_arena *a = guild_arena_new();
	struct guild_value *v = NULL;
	struct guild_error err = {0};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(rows); i++) {
		assert_int_equal(guild_json_parse(a, guild_str(rows[i].text), "f.json", &v, &err),
			GUILD_EINVALID);
		if (!guild_starts(err.text, rows[i].wanted)) {
			fail_msg("%s: %s", rows[i].text, err.text);
		}
	}
	struct guild_buf deep = {0};
	for (int i = 0; i < 5000; i++) {
		guild_buf_putc(&deep, '[');
	}
	for (int i = 0; i < 5000; i++) {
		guild_buf_putc(&deep, ']');
	}
	assert_int_equal(guild_json_parse(a, guild_buf_str(&deep), "f.json", &v, &err),
		GUILD_ELIMIT);
	assert_true(guild_starts(err.text, "f.json: nested deeper"));
	guild_buf_fini(&deep);
	guild_arena_free(a);
}

static void test_csv(void **state)
{
	static const struct {
		const char *text;
		const char *wanted;
	} rows[] = {
		{"", "[]"},
		{"a,b\n1,\n", "[['a', 'b'], ['1', '']]"},
		{"a\r\n\r\nb", "[['a'], ['b']]"},
		{"\"a,\"\"b\"\"\nc\",d", "[['a,\"b\"\\nc', 'd']]"},
		{"ab\"c,\"d\"e", "[['ab\"c', 'de']]"},
		{",", "[['', '']]"},
		{" a , b", "[[' a ', ' b']]"},
	};
	struct guild_arena *a = guild_arena_new();
	struct guild_value *v = NULL;
	struct guild_error err = {0};
	struct guild_buf b = {0};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(rows); i++) {
		assert_int_equal(guild_csv_parse(a, guild_str(rows[i].text), &v, &err), 0);
		guild_buf_reset(&b);
		guild_value_py_repr(&b, v);
		assert_string_equal(b.p, rows[i].wanted);
	}
	assert_int_equal(guild_csv_parse(a, guild_str("a\n\"b\nc"), &v, &err), GUILD_EINVALID);
	assert_string_equal(err.text, "line 2, column 1: the quote that begins here is not closed");
	guild_buf_reset(&b);
	guild_csv_field(&b, guild_str("plain text"));
	guild_buf_putc(&b, '|');
	guild_csv_field(&b, guild_str("a,\"b\"\n"));
	guild_buf_putc(&b, '|');
	guild_csv_field(&b, guild_str(""));
	assert_string_equal(b.p, "plain text|\"a,\"\"b\"\"\n\"|");
	guild_buf_fini(&b);
	guild_arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_written),
		cmocka_unit_test(test_keys_of_other_types),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_csv),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
