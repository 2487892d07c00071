/* Taking parts out of labels. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "label_edit.h"

static const struct {
	const char *label, *pattern, *expected;
} cases[] = {
	{"a b c", "b", "a c"},
	{"a b c", "a", "b c"},
	{"a b c", "c", "a b"},
	{"a", "a", ""},
	{"", "a", ""},
	{"abc ab", "ab", "abc"},
	{"lr=0.1 lr=0.2 x", "lr=\\S+", "x"},
	{"one two three", "one two", "three"},
	{"x x x", "x", ""},
	{"a b", "", "a b"},
	{"a (b) c", "\\(b\\)", "a c"},
	{"\xc3\xa9t\xc3\xa9 x", "\xc3\xa9t\xc3\xa9", "x"},
};

static void test_remove(void **state)
{
	(void)state;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_buf label = {0};

		guild_buf_puts(&label, cases[i].label);
		assert_int_equal(guild_label_remove(&label, cases[i].pattern, NULL), 0);
		assert_string_equal(guild_buf_cstr(&label), cases[i].expected);
		guild_buf_fini(&label);
	}
}

static void test_bad_pattern(void **state)
{
	struct guild_buf label = {0};
	struct guild_error err = {0};

	(void)state;
	guild_buf_puts(&label, "a b");
	assert_int_equal(guild_label_remove(&label, "(", &err), GUILD_EINVALID);
	assert_string_equal(guild_buf_cstr(&label), "a b");
	guild_buf_fini(&label);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_remove),
		cmocka_unit_test(test_bad_pattern),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
