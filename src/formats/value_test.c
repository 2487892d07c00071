/* Values: equality, truth, dicts, and how Python prints them. */
#include <guild/formats.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct guild_value *read(struct guild_arena *a, const char *yaml)
{
	struct guild_value *v = NULL;
	struct guild_error err = {0};
	if (guild_yaml_parse(a, guild_str(yaml), "test", GUILD_YAML_PLAIN, &v, &err) < 0) {
		fail_msg("%s", err.text);
	}
	return v;
}

static void test_equality(void **state)
{
	static const struct {
		const char *a;
		const char *b;
		bool is_equal;
	} rows[] = {
		{"1", "1.0", true},
		{"1", "true", true},
		{"0", "false", true},
		{"1.0", "yes", true},
		{"1", "'1'", false},
		{"0", "''", false},
		{"null", "false", false},
		{"~", "null", true},
		{".nan", ".nan", false},
		{"9007199254740993", "9007199254740992.0", false},
		{"123456789012345678901234567890", "123456789012345678901234567890", true},
		{"123456789012345678901234567890", "123456789012345678901234567891", false},
		{"9223372036854775808", "9.223372036854775808e+18", true},
		{"[1, a]", "[1.0, a]", true},
		{"[1, 2]", "[2, 1]", false},
		{"[]", "{}", false},
		{"{a: 1, b: [2]}", "{b: [2], a: 1}", true},
		{"{a: 1}", "{a: 1, b: 2}", false},
		{"{a: 1, b: 1}", "{a: 1, c: 1}", false},
		{"2020-01-01", "2020-01-01", true},
		{"2020-01-01", "'2020-01-01'", false},
	};
	struct guild_arena *a = guild_arena_new();
	for (size_t i = 0; i < GUILD_ARRAY_LEN(rows); i++) {
		struct guild_value *x = read(a, rows[i].a);
		struct guild_value *y = read(a, rows[i].b);
		if (guild_value_eq(x, y) != rows[i].is_equal ||
			guild_value_eq(y, x) != rows[i].is_equal) {
			fail_msg("%s and %s", rows[i].a, rows[i].b);
		}
	}
	assert_true(guild_value_eq(NULL, guild_value_null(a)));
	assert_false(guild_value_eq(NULL, guild_value_bool(a, false)));
	guild_arena_free(a);
}

static void test_truth(void **state)
{
	static const struct {
		const char *yaml;
		bool is_true;
	} rows[] = {{"null", false}, {"no", false}, {"yes", true}, {"0", false}, {"-1", true},
		{"0.0", false}, {".nan", true}, {"''", false}, {"'0'", true}, {"[]", false},
		{"[0]", true}, {"{}", false}, {"{a: 0}", true}, {"2020-01-01", true},
		{"123456789012345678901234567890", true}};
	struct guild_arena *a = guild_arena_new();
	for (size_t i = 0; i < GUILD_ARRAY_LEN(rows); i++) {
		assert_int_equal(guild_value_truthy(read(a, rows[i].yaml)), rows[i].is_true);
	}
	assert_false(guild_value_truthy(NULL));
	guild_arena_free(a);
}

static void test_numbers(void **state)
{
	struct guild_arena *a = guild_arena_new();
	assert_true(guild_value_as_f64(read(a, "yes")) == 1.0);
	assert_true(guild_value_as_f64(read(a, "-5")) == -5.0);
	assert_true(guild_value_as_f64(read(a, "100000000000000000000")) == 1e20);
	assert_true(isnan(guild_value_as_f64(read(a, "'5'"))));
	assert_true(isnan(guild_value_as_f64(NULL)));
	assert_true(guild_value_is_number(read(a, "1.5")));
	assert_false(guild_value_is_number(read(a, "yes")));
	guild_arena_free(a);
}

static void test_dicts(void **state)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *d = guild_value_dict(a);
	char key[16];
	for (int i = 0; i < 100; i++) {
		(void)snprintf(key, sizeof key, "k%d", i);
		guild_value_set(a, d, key, guild_value_int(a, i));
	}
	guild_value_set(a, d, "k7", guild_value_int(a, -7));
	assert_int_equal(d->n, 100);
	assert_int_equal(guild_value_get(d, "k7")->i, -7);
	assert_int_equal(guild_value_get(d, "k99")->i, 99);
	guild_value_unset(d, "k0");
	guild_value_unset(d, "k0");
	assert_int_equal(d->n, 99);
	assert_null(guild_value_get(d, "k0"));
	assert_null(guild_value_get(NULL, "k0"));
	assert_null(guild_value_get(guild_value_int(a, 1), "k0"));
	guild_value_sort_keys(d);
	assert_string_equal(d->pairs[0].key->s.p, "k1");
	assert_string_equal(d->pairs[1].key->s.p, "k10");
	struct guild_value *copy = guild_value_copy(a, d);
	assert_true(guild_value_eq(copy, d));
	guild_value_set(a, copy, "k1", guild_value_null(a));
	assert_int_equal(guild_value_get(d, "k1")->i, 1);
	guild_arena_free(a);
}

static void test_python_text(void **state)
{
	static const struct {
		const char *yaml;
		const char *repr;
		const char *str; /* NULL: the same */
	} rows[] = {
		{"null", "None", NULL},
		{"yes", "True", NULL},
		{"1e+3", "'1e+3'", "1e+3"},
		{"1.0e-5", "1e-05", NULL},
		{"-.inf", "-inf", NULL},
		{"123456789012345678901234567890", "123456789012345678901234567890", NULL},
		{"\"it's\"", "\"it's\"", "it's"},
		{"'a\"b'", "'a\"b'", "a\"b"},
		{"\"it's \\\"q\\\"\"", "'it\\'s \"q\"'", "it's \"q\""},
		{"\"\\t\\n\\r\\\\\\0\\x7f\\u00e9\\u200b\\U0001f600\"",
			"'\\t\\n\\r\\\\\\x00\\x7f\xc3\xa9\\u200b\xf0\x9f\x98\x80'", ""},
		{"[1, a, {k: [~]}]", "[1, 'a', {'k': [None]}]", NULL},
		{"{1: 2, ~: x}", "{1: 2, None: 'x'}", NULL},
		{"2020-01-01", "'2020-01-01'", "2020-01-01"},
	};
	struct guild_arena *a = guild_arena_new();
	for (size_t i = 0; i < GUILD_ARRAY_LEN(rows); i++) {
		struct guild_buf b = {0};
		const struct guild_value *v = read(a, rows[i].yaml);
		guild_value_py_repr(&b, v);
		assert_string_equal(guild_buf_cstr(&b), rows[i].repr);
		if (!rows[i].str || rows[i].str[0]) {
			guild_buf_reset(&b);
			guild_value_py_str(&b, v);
			assert_string_equal(guild_buf_cstr(&b),
				rows[i].str ? rows[i].str : rows[i].repr);
		}
		guild_buf_fini(&b);
	}
	guild_arena_free(a);
}

static void test_digests(void **state)
{
	char out[65];
	char hash[33];
	struct guild_error err = {0};
	guild_digest_bytes(GUILD_MD5, "abc", 3, out);
	assert_string_equal(out, "900150983cd24fb0d6963f7d28e17f72");
	guild_digest_bytes(GUILD_SHA1, "abc", 3, out);
	assert_string_equal(out, "a9993e364706816aba3e25717850c26c9cd0d89d");
	struct guild_digest *d = guild_digest_new(GUILD_SHA256);
	guild_digest_update(d, "a", 1);
	guild_digest_update(d, "", 0);
	guild_digest_update(d, "bc", 2);
	guild_digest_finish(d, out);
	assert_string_equal(out,
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_int_equal(guild_digest_file(GUILD_MD5, "/nonexistent", out, &err), GUILD_ENOTFOUND);
	assert_int_equal(guild_digest_file(GUILD_MD5, "/", out, &err), GUILD_EIO);
	assert_int_equal(guild_digest_file(GUILD_SHA1, "/dev/null", out, &err), 0);
	assert_string_equal(out, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
	guild_fast_hash("", 0, hash);
	assert_string_equal(hash, "99aa06d3014798d86001c324468d497f");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equality),
		cmocka_unit_test(test_truth),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_dicts),
		cmocka_unit_test(test_python_text),
		cmocka_unit_test(test_digests),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
