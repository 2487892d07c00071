/* Strings, words, numbers, paths, maps. Expected values were printed by Python's namesakes. */
#include <guild/base.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void test_f64_repr(void **state)
{
	static const struct {
		double v;
		const char *text;
	} cases[] = {
		{0x1p-1017,
			"7.120236347223045e-307"}, /* a power of two, whose 16 nearest digits are too low */
		{0.0, "0.0"},
		{-0.0, "-0.0"},
		{1.0, "1.0"},
		{0.1, "0.1"},
		{1e-5, "1e-05"},
		{0.0001, "0.0001"},
		{1e16, "1e+16"},
		{123456789012345680.0, "1.2345678901234568e+17"},
		{1e15, "1000000000000000.0"},
		{1.5e300, "1.5e+300"},
		{-2.5, "-2.5"},
		{100.0, "100.0"},
		{0.1 + 0.2, "0.30000000000000004"},
		{5e-324, "5e-324"},
		{0.00012345, "0.00012345"},
		{(double)(float)0.1, "0.10000000149011612"},
		{9007199254740993.0, "9007199254740992.0"},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		char text[GUILD_F64_MAX];
		assert_int_equal(guild_f64_repr(cases[i].v, text), strlen(cases[i].text));
		assert_string_equal(text, cases[i].text);
	}
	char text[GUILD_F64_MAX];
	guild_f64_repr(1.0 / 0.0, text);
	assert_string_equal(text, "inf");
}

static void test_numbers(void **state)
{
	int64_t i;
	double f;
	assert_true(guild_parse_i64("-9223372036854775808", 20, &i) && i == INT64_MIN);
	assert_false(guild_parse_i64("9223372036854775808", 19, &i));
	assert_true(guild_parse_i64("+7", 2, &i) && i == 7);
	assert_false(guild_parse_i64("", 0, &i) || guild_parse_i64("-", 1, &i));
	assert_false(guild_parse_i64("1 ", 2, &i));
	assert_true(guild_parse_f64("1e3", 3, &f) && f == 1000);
	assert_true(guild_parse_f64("Infinity", 8, &f) && f > 1e308);
	assert_false(guild_parse_f64(" 1", 2, &f) || guild_parse_f64("0x10", 4, &f));
	assert_false(guild_parse_f64("1.2.3", 5, &f) || guild_parse_f64("", 0, &f));
}

static void test_shlex(void **state)
{
	static const struct {
		const char *text, *joined;
	} cases[] = {
		{"a b  c", "a|b|c"},
		{"a 'b c'", "a|b c"},
		{"\"a \\\"b\" c\\ d", "a \"b|c d"},
		{"''", ""},
		{"a''b", "ab"},
		{"\"a\\b\"", "a\\b"},
		{"", ""},
		{"a#b", "a#b"},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_strs words = {0};
		assert_int_equal(guild_shlex_split(cases[i].text, &words, NULL), 0);
		char *joined = guild_strs_join(&words, "|");
		assert_string_equal(joined, cases[i].joined);
		free(joined);
		guild_strs_fini(&words);
	}
	struct guild_strs words = {0};
	struct guild_error err;
	assert_int_equal(guild_shlex_split("a 'b", &words, &err), GUILD_EINVALID);
	assert_int_equal(guild_shlex_split("a \"b\\", &words, &err), GUILD_EINVALID);
	assert_int_equal(words.n, 0);
	struct guild_buf b = {0};
	guild_shlex_quote(&b, "it's");
	guild_buf_putc(&b, ' ');
	guild_shlex_quote(&b, "a/b=c");
	guild_buf_putc(&b, ' ');
	guild_shlex_quote(&b, "");
	assert_string_equal(b.p, "'it'\"'\"'s' a/b=c ''");
	guild_buf_fini(&b);
}

static void test_fnmatch(void **state)
{
	static const struct {
		const char *pattern, *name;
		bool matches;
	} cases[] = {
		{"*.py", "a/b.py", true},
		{"a?c", "abc", true},
		{"[a-c]x", "bx", true},
		{"[!a]x", "ax", false},
		{"[]]", "]", true},
		{"[a", "[a", true},
		{"a*b*c", "aXbYbc", true},
		{"*", "", true},
		{"a", "", false},
		{"", "a", false},
		{"a**", "a", true},
		{"*a", "b", false},
		{"?.txt", "\xc3\xa9.txt", true},
		{"??.txt", "\xc3\xa9.txt", false},
		{"[\xc3\xa0-\xc3\xbf]", "\xc3\xa9", true},
		{"[a-z]", "\xc3\xa9", false},
		{"?", "\xff", true},
		{"[!a]*", "\xff\xfe", true},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		assert_int_equal(guild_fnmatch(cases[i].pattern, cases[i].name), cases[i].matches);
	}
}

static void check_path(char *got, const char *want)
{
	assert_string_equal(got, want);
	free(got);
}

static void test_paths(void **state)
{
	check_path(guild_path_normalize("a/./b//../c/"), "a/c");
	check_path(guild_path_normalize("/../a"), "/a");
	check_path(guild_path_normalize("../../a/.."), "../..");
	check_path(guild_path_normalize(""), ".");
	check_path(guild_path_join("a", "/b"), "/b");
	check_path(guild_path_join("a/", "b"), "a/b");
	check_path(guild_path_dirname("/a"), "/");
	check_path(guild_path_dirname("a"), "");
	check_path(guild_path_dirname("a//b"), "a");
	check_path(guild_path_rel("/a/b/c", "/a/d"), "../b/c");
	check_path(guild_path_rel("/a", "/a"), ".");
	check_path(guild_path_compress_user("/home/u/x", "/home/u"), "~/x");
	check_path(guild_path_compress_user("/home/user", "/home/u"), "/home/user");
	check_path(guild_path_expand_user("~/x", "/h"), "/h/x");
	check_path(guild_path_expand_user("~u/x", "/h"), "~u/x");
	assert_string_equal(guild_path_ext("a.b/.hidden"), "");
	assert_string_equal(guild_path_ext("x.tar.gz"), ".gz");
	assert_true(guild_path_is_beneath("a/b"));
	assert_false(guild_path_is_beneath("a/../b") || guild_path_is_beneath("/a"));
	assert_false(guild_path_is_beneath(""));
}

static void test_nearest(void **state)
{
	static const char *const names[] = {"flags", "label", "learning-rate", "lr", NULL};
	assert_string_equal(guild_nearest("flgas", names), "flags");
	assert_string_equal(guild_nearest("learning_rate", names), "learning-rate");
	assert_null(guild_nearest("zzzzzz", names));
	assert_int_equal(guild_edit_distance("ab", "ba"), 1);
	assert_int_equal(guild_edit_distance("kitten", "sitting"), 3);
}

static void test_natural_order(void **state)
{
	assert_true(guild_natural_cmp("a2", "a10") < 0);
	assert_true(guild_natural_cmp("a02", "a2") != 0);
	assert_true(guild_natural_cmp("b", "a10") > 0);
	assert_int_equal(guild_natural_cmp("x1y", "x1y"), 0);
	assert_true(guild_natural_cmp("d2/x", "d/a") < 0);
	assert_true(guild_natural_cmp("d", "d2") < 0);
}

static void test_utf8(void **state)
{
	assert_true(guild_utf8_valid("a\xc3\xa9\xf0\x9f\x98\x80", 7));
	assert_false(guild_utf8_valid("\xc0\x80", 2) || guild_utf8_valid("\xed\xa0\x80", 3));
	assert_false(guild_utf8_valid("\xf4\x90\x80\x80", 4) || guild_utf8_valid("\xe2\x82", 2));
	char out[4];
	uint32_t cp;
	assert_int_equal(guild_utf8_encode(0x1f600, out), 4);
	assert_int_equal(guild_utf8_decode(out, 4, &cp), 4);
	assert_int_equal(cp, 0x1f600);
}

static void test_map(void **state)
{
	struct guild_map m = {0};
	char key[16];
	assert_null(guild_map_get(&m, "none"));
	for (uintptr_t i = 1; i <= 1000; i++) {
		snprintf(key, sizeof key, "k%d", (int)i);
		guild_map_put(&m, key, (void *)i);
	}
	guild_map_put(&m, "k500", (void *)7);
	assert_int_equal(m.n, 1000);
	assert_int_equal((uintptr_t)guild_map_get(&m, "k500"), 7);
	assert_int_equal((uintptr_t)guild_map_get(&m, "k1000"), 1000);
	assert_false(guild_map_has(&m, "k1001"));
	assert_string_equal(m.entries[0].key, "k1");
	guild_map_fini(&m);
}

static void test_arena(void **state)
{
	struct guild_arena *a = guild_arena_new();
	for (size_t i = 1; i < 2000; i++) {
		unsigned char *p = guild_arena_alloc(a, i);
		assert_int_equal((uintptr_t)p % 16, 0);
		assert_int_equal(p[0] | p[i - 1], 0);
		memset(p, 0xff, i);
	}
	assert_string_equal(guild_arena_format(a, "%d-%s", 4, "x"), "4-x");
	guild_arena_free(a);
}

static void test_errors(void **state)
{
	struct guild_error err = {0};
	assert_int_equal(guild_error_set(&err, GUILD_EINVALID, "bad '%s'", "x"), GUILD_EINVALID);
	guild_error_hint(&err, "do %d", 1);
	guild_error_wrap(&err, "a.yml:%d", 3);
	guild_error_where(&err, "in %s", "run 1");
	assert_string_equal(err.text, "a.yml:3: bad 'x' (in run 1)");
	assert_string_equal(err.hint, "do 1");
	assert_int_equal(guild_error_set(NULL, GUILD_EIO, "x"), GUILD_EIO);
	assert_int_equal(guild_file_read("/nonexistent", 0, &(struct guild_buf){0}, &err),
		GUILD_ENOTFOUND);
}

static void test_count_byte(void **state)
{
	enum { LONG = 10000 };
	char *text = guild_alloc(LONG);
	for (size_t n = 0; n < 50; n++) {
		memset(text, 'x', LONG);
		memset(text, 'y', n);
		assert_int_equal(guild_count_byte(text, n, 'y'), n);
		assert_int_equal(guild_count_byte(text + n, 40, 'y'), 0);
		assert_int_equal(guild_count_byte(text, n + 3, 'y'), n);
	}
	memset(text, '\xff', LONG);
	assert_int_equal(guild_count_byte(text, LONG, '\xff'), LONG);
	assert_int_equal(guild_count_byte(text + 1, LONG - 1, '\xff'), LONG - 1);
	assert_int_equal(guild_count_byte(NULL, 0, 'x'), 0);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_count_byte),
		cmocka_unit_test(test_f64_repr),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_shlex),
		cmocka_unit_test(test_fnmatch),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_natural_order),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_map),
		cmocka_unit_test(test_arena),
		cmocka_unit_test(test_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
