/* Texts of foreign runs in columns of a terminal. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "tui_text.h"

static void test_fit(void **state)
{
	static const struct {
		const char *text;
		size_t width;
		const char *utf8, *ascii;
	} cases[] = {
		{"abc", 5, "abc  ", "abc  "},
		{"abcde", 5, "abcde", "abcde"},
		{"abcdef", 5, "abcd…", "abcd~"},
		{"abc", 0, "", ""},
		{"abc", 1, "…", "~"},
		{"日本語", 6, "日本語", "??????"},
		{"日本語", 5, "日本…", "????~"},
		{"日本語", 4, "日… ", "??~ "},
		{"e\xcc\x81x", 3, "e\xcc\x81x ", "ex "},
		{"\xcc\x81x", 2, "x ", "x "},
		{"a\033[31mb", 8, "a\xef\xbf\xbd[31mb ", "a?[31mb "},
		{"a\nb\tc", 5, "a b c", "a b c"},
		{"\xff\xfe", 2, "\xef\xbf\xbd\xef\xbf\xbd", "??"},
		{"a\xe2\x80\xae"
		 "b",
			3, "ab ", "ab "},
		{"\xc2\x9b"
		 "1m",
			4,
			"\xef\xbf\xbd"
			"1m ",
			"?1m "},
		{"é", 2, "é ", "? "},
	};

	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_buf out = {0};

		guild_tui_fit(&out, guild_str(cases[i].text), cases[i].width, true);
		assert_string_equal(guild_buf_cstr(&out), cases[i].utf8);
		guild_buf_reset(&out);
		guild_tui_fit(&out, guild_str(cases[i].text), cases[i].width, false);
		assert_string_equal(guild_buf_cstr(&out), cases[i].ascii);
		guild_buf_fini(&out);
	}
}

static void test_heaps_of_marks(void **state)
{
	struct guild_buf text = {0};
	struct guild_buf out = {0};

	guild_buf_putc(&text, 'a');
	for (int i = 0; i < 100; i++) {
		guild_buf_puts(&text, "\xcc\x81");
	}
	guild_tui_fit(&out, guild_buf_str(&text), 2, true);
	assert_int_equal(out.n, 1 + 4 * 2 + 1);
	assert_int_equal(guild_tui_width(guild_buf_str(&text), 10, true), 1);
	guild_buf_fini(&text);
	guild_buf_fini(&out);
}

static void test_width_stops(void **state)
{
	assert_int_equal(guild_tui_width(guild_str("abcdef"), 100, true), 6);
	assert_int_equal(guild_tui_width(guild_str("abcdef"), 3, true), 4);
	assert_int_equal(guild_tui_width(guild_str("日本語"), 3, true), 4);
}

static void test_slice(void **state)
{
	static const struct {
		const char *text;
		size_t skip, width;
		const char *shown;
	} cases[] = {
		{"abcdef", 0, 3, "abc"},
		{"abcdef", 4, 3, "ef"},
		{"abcdef", 9, 3, ""},
		{"日本語", 1, 4, " 本"},
		{"日本語", 2, 3, "本"},
	};

	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_buf out = {0};

		guild_tui_slice(&out, guild_str(cases[i].text), cases[i].skip, cases[i].width,
			true);
		assert_string_equal(guild_buf_cstr(&out), cases[i].shown);
		guild_buf_fini(&out);
	}
}

static void test_break(void **state)
{
	assert_int_equal(guild_tui_break(guild_str("abcdef"), 4, true), 4);
	assert_int_equal(guild_tui_break(guild_str("abc"), 4, true), 3);
	assert_int_equal(guild_tui_break(guild_str("日本語"), 5, true), 6);
	assert_int_equal(guild_tui_break(guild_str("日本語"), 1, true), 3);
	assert_int_equal(guild_tui_break(guild_str("e\xcc\x81x"), 1, true), 3);
}

static void check_spark(const double *values, size_t n, size_t width, const char *utf8,
	const char *ascii)
{
	struct guild_buf out = {0};

	guild_tui_spark(&out, values, n, width, true);
	assert_string_equal(guild_buf_cstr(&out), utf8);
	guild_buf_reset(&out);
	guild_tui_spark(&out, values, n, width, false);
	assert_string_equal(guild_buf_cstr(&out), ascii);
	guild_buf_fini(&out);
}

static void test_spark(void **state)
{
	const double rising[] = {0, 1, 2, 3, 4, 5, 6, 7};
	const double odd[] = {0, NAN, INFINITY, -INFINITY, 7};
	const double huge[] = {-1.7e308, 0, 1.7e308};
	const double same[] = {5, 5};
	const double many[] = {0, 0, 0, 7, 7, 7};

	check_spark(rising, 8, 10, "▁▂▃▄▅▆▇█  ", "_.,-~=*#  ");
	check_spark(odd, 5, 5, "▁ █▁█", "_ #_#");
	check_spark(huge, 3, 3, "▁▅█", "_~#");
	check_spark(same, 2, 3, "▅▅ ", "~~ ");
	check_spark(many, 6, 2, "▁█", "_#");
	check_spark(NULL, 0, 2, "  ", "  ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fit),
		cmocka_unit_test(test_heaps_of_marks),
		cmocka_unit_test(test_width_stops),
		cmocka_unit_test(test_slice),
		cmocka_unit_test(test_break),
		cmocka_unit_test(test_spark),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
