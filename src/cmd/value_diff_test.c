/* Differences of two mappings as lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "value_diff.h"

static const struct {
	const char *old, *new;
	const char *lines;
} cases[] = {
	{"{}", "{}", ""},
	{"{a: 1}", "{a: 1.0}", ""},
	{"{b: 1, a: 2}", "{a: 2, b: 1}", ""},
	{"{lr: 0.1}", "{lr: 0.2}", "~ lr: 0.1 -> 0.2\n"},
	{"{x: 1, y: yes}", "{x: 1, name: null}", "+ name: null\n- y: true\n"},
	{"{a: '1'}", "{a: 1}", "~ a: '1' -> 1\n"},
	{"{op: {dest: ., n: 1}}", "{op: {dest: src, n: 1}}", "~ op:\n  ~ dest: . -> src\n"},
	{"{l: [a, b, c]}", "{l: [b, c, d]}", "~ l:\n  - a\n  + d\n"},
	{"{l: [a, b]}", "{l: [b, a]}", "~ l: [a, b] -> [b, a]\n"},
	{"{l: [a]}", "{l: {a: 1}}", "~ l: [a] -> {a: 1}\n"},
	{"null", "{a: 1}", "+ a: 1\n"},
};

static void test_diff(void **state)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_arena *a = guild_arena_new();
		struct guild_value *old = NULL;
		struct guild_value *new = NULL;
		struct guild_buf text = {0};

		assert_int_equal(guild_yaml_parse(a, guild_str(cases[i].old), NULL, 0, &old, NULL),
			0);
		assert_int_equal(guild_yaml_parse(a, guild_str(cases[i].new), NULL, 0, &new, NULL),
			0);
		size_t n = guild_value_diff(&text, old, new, false);

		if (strcmp(guild_buf_cstr(&text), cases[i].lines) != 0) {
			fail_msg("%s %s:\n%s", cases[i].old, cases[i].new, guild_buf_cstr(&text));
		}
		for (size_t j = 0; j < text.n; j++) {
			n -= text.p[j] == '\n';
		}
		assert_int_equal(n, 0);
		guild_buf_fini(&text);
		guild_arena_free(a);
	}
}

static void test_color(void **state)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *old = NULL;
	struct guild_buf text = {0};

	assert_int_equal(guild_yaml_parse(a, guild_str("{a: 1}"), NULL, 0, &old, NULL), 0);
	assert_int_equal(guild_value_diff(&text, old, NULL, true), 1);
	assert_string_equal(text.p, "\033[31m- a: 1\033[0m\n");
	guild_buf_fini(&text);
	guild_arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_diff),
		cmocka_unit_test(test_color),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
