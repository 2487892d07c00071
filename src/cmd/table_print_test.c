/* Plain tables: padding, widths of characters, clipping. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cmd.h"

static void check(const struct guild_table *t, int columns, const char *const *expected)
{
	struct guild_strs lines = {0};

	guild_table_lines(t, columns, &lines);
	for (size_t i = 0; i < lines.n; i++) {
		assert_string_equal(lines.v[i], expected[i]);
	}
	assert_null(expected[lines.n]);
	guild_strs_fini(&lines);
}

static void test_rows(void **state)
{
	struct guild_table t = {0};

	(void)state;
	guild_table_init(&t, 3, 0);
	guild_table_add(&t, (const char *[]){"[1]", "train", ""});
	guild_table_add(&t, (const char *[]){"[10]", "x", "a label"});
	check(&t, 0, (const char *[]){"[1]   train  ", "[10]  x      a label", NULL});
	check(&t, 10, (const char *[]){"[1]   trai", "[10]  x   ", NULL});
	guild_table_fini(&t);
}

static void test_indent_and_empty(void **state)
{
	struct guild_table t = {0};

	(void)state;
	guild_table_init(&t, 2, 2);
	check(&t, 0, (const char *[]){NULL});
	guild_table_add(&t, (const char *[]){"a", NULL});
	check(&t, 0, (const char *[]){"  a  ", NULL});
	guild_table_fini(&t);
}

/* Wide characters take two columns, marks none; what is cut never leaves half a character. */
static void test_widths(void **state)
{
	struct guild_table t = {0};

	(void)state;
	assert_int_equal(guild_text_width("\xe6\x97\xa5\xe6\x9c\xac"), 4);
	assert_int_equal(guild_text_width("e\xcc\x81"), 1);
	assert_int_equal(guild_text_width("\xff\xfe"), 2);
	guild_table_init(&t, 2, 0);
	guild_table_add(&t, (const char *[]){"\xe6\x97\xa5\xe6\x9c\xac", "x"});
	guild_table_add(&t, (const char *[]){"abcde", "y"});
	check(&t, 0, (const char *[]){"\xe6\x97\xa5\xe6\x9c\xac   x", "abcde  y", NULL});
	check(&t, 3, (const char *[]){"\xe6\x97\xa5", "abc", NULL});
	guild_table_fini(&t);
}

static void test_control_characters(void **state)
{
	struct guild_table t = {0};

	(void)state;
	guild_table_init(&t, 2, 0);
	guild_table_add(&t, (const char *[]){"a\nb\x1b[31m", "c\td"});
	check(&t, 0, (const char *[]){"a b [31m  c d", NULL});
	guild_table_fini(&t);
}

static void test_sizes(void **state)
{
	static const struct {
		int64_t bytes;
		const char *text;
	} cases[] = {{0, "0"}, {1023, "1023"}, {1024, "1.0K"}, {952934, "930.6K"},
		{1 << 20, "1.0M"}, {(int64_t)5 << 40, "5.0T"}, {(int64_t)5000 << 50, "5000.0P"}};

	(void)state;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		char *text = guild_size_text(cases[i].bytes);

		assert_string_equal(text, cases[i].text);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_indent_and_empty),
		cmocka_unit_test(test_widths),
		cmocka_unit_test(test_control_characters),
		cmocka_unit_test(test_sizes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
