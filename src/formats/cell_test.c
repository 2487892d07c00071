/* Values in tables. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <guild/formats.h>

static void assert_cell(const struct guild_value *v, const char *expected)
{
	struct guild_buf text = {0};

	guild_cell_text(&text, v);
	assert_string_equal(guild_buf_cstr(&text), expected);
	guild_buf_fini(&text);
}

static void test_floats(void **state)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {
		{0.5, "0.5"},
		{1, "1.0"},
		{0.0003999, "0.000399"},
		{0.6999999881, "0.699999"},
		{-0.6999999881, "-0.699999"},
		{9.99999999e-05, "9.999999e-05"},
		{1e-05, "1e-05"},
		{1e22, "1e+22"},
		{1.23456789e22, "1.234567e+22"},
		{123456.123456, "123456.123456"},
		{INFINITY, "inf"},
		{NAN, "nan"},
	};
	struct guild_arena *a = guild_arena_new();

	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		assert_cell(guild_value_float(a, cases[i].value), cases[i].text);
	}
	guild_arena_free(a);
}

static void test_others(void **state)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *list = guild_value_list(a);

	guild_value_append(a, list, guild_value_string(a, "a"));
	guild_value_append(a, list, guild_value_int(a, 1));
	assert_cell(NULL, "");
	assert_cell(guild_value_null(a), "");
	assert_cell(guild_value_bool(a, true), "yes");
	assert_cell(guild_value_bool(a, false), "no");
	assert_cell(guild_value_int(a, -3), "-3");
	assert_cell(guild_value_string(a, "two\nlines"), "two lines");
	assert_cell(list, "['a', 1]");
	guild_arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_floats),
		cmocka_unit_test(test_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
