/* Lines of pip freeze: what each names, and from where it came. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "reproduce.h"

static const struct {
	const char *line, *name, *version, *path, *sha256;
	bool is_editable, is_comment, is_other;
} cases[] = {
	{"numpy==1.26.4", "numpy", "1.26.4", NULL, NULL, false, false, false},
	{"Foo_Bar.baz===1 odd", "foo-bar-baz", "1 odd", NULL, NULL, false, false, false},
	{"x @ file:///w/x%20y-1.whl#sha256=ab12&subdirectory=s", "x",
		"file:///w/x%20y-1.whl#sha256=ab12&subdirectory=s", "/w/x y-1.whl", "ab12", false,
		false, false},
	{"x @ https://h/x-1.whl", "x", "https://h/x-1.whl", NULL, NULL, false, false, false},
	{"x @ git+https://h/r@abc", "x", "git+https://h/r@abc", NULL, NULL, false, false, false},
	{"-e /home/me/project", "/home/me/project", "/home/me/project", "/home/me/project", NULL,
		true, false, false},
	{"-e git+https://h/r@abc#egg=my_pkg&subdirectory=p", "my-pkg",
		"git+https://h/r@abc#egg=my_pkg&subdirectory=p", NULL, NULL, true, false, false},
	{"# Editable install with no version control (x==1)", "", NULL, NULL, NULL, false, true,
		false},
	{"", "", NULL, NULL, NULL, false, true, false},
	{"--index-url=http://h", "-index-url=http://h", NULL, NULL, NULL, false, false, true},
	{"-r other.txt", "-r other-txt", NULL, NULL, NULL, false, false, true},
	{"six==1 \\", "six==1 \\", NULL, NULL, NULL, false, false, true},
};

static void check_text(const char *found, const char *expected)
{
	assert_int_equal(found != NULL, expected != NULL);
	if (found) {
		assert_string_equal(found, expected);
	}
}

static void test_lines(void **state)
{
	(void)state;
	struct guild_arena *a = guild_arena_new();
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_package_line line;
		guild_package_line_parse(a, cases[i].line, &line);
		check_text(line.name, cases[i].name);
		check_text(line.version, cases[i].version);
		check_text(line.path, cases[i].path);
		check_text(line.sha256, cases[i].sha256);
		assert_int_equal(line.is_editable, cases[i].is_editable);
		assert_int_equal(line.is_comment, cases[i].is_comment);
		assert_int_equal(line.is_other, cases[i].is_other);
	}
	guild_arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
