/* Marks of lines: everything that can be found in a line lies behind one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "auto.h"

enum { LENGTH_MAX = 110 };

/* A line of 'x' and newlines with one mark at one place: allocated exactly, so that a sanitizer sees a look past its end. */
static void check_places(const struct line_marks *m, const char *mark)
{
	size_t length = strlen(mark);
	for (size_t n = length; n < LENGTH_MAX; n++) {
		char *text = guild_alloc(n);
		for (size_t at = 0; at + length <= n; at++) {
			memset(text, 'x', n);
			text[n / 2] = '\n';
			memcpy(text + at, mark, length);
			assert_int_equal(guild_line_find_mark(m, text, n), at);
		}
		free(text);
	}
}

static void test_marks(void **state)
{
	static const char *const always[] = {":", "\r", "\x1b", "\xc3", "\x7f"};
	static const char *const automatic[] = {
		"=", "|", "\t", "  ", "--", "+-", " is ", "epo", "EPO", "Ste", "ite", "iTE"};
	const struct line_marks plain = {0};
	const struct line_marks rules = {.has_automatic = true};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(always); i++) {
		check_places(&plain, always[i]);
		check_places(&rules, always[i]);
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(automatic); i++) {
		check_places(&rules, automatic[i]);
		assert_int_equal(guild_line_find_mark(&plain, automatic[i], strlen(automatic[i])),
			strlen(automatic[i]));
	}
	assert_int_equal(guild_line_find_mark(&rules, "", 0), 0);
	assert_int_equal(guild_line_find_mark(&rules, "this - isx spe~", 15), 15);
}

static void test_required(void **state)
{
	struct line_marks m = {0};
	guild_line_marks_require(&m, 'a');
	guild_line_marks_require(&m, 'a');
	check_places(&m, "a");
	guild_line_marks_require(&m, '%');
	guild_line_marks_require(&m, 'b');
	guild_line_marks_require(&m, 'c');
	check_places(&m, "%");
	assert_false(m.is_every_line);
	guild_line_marks_require(&m, 'c');
	assert_false(m.is_every_line);
	guild_line_marks_require(&m, 'd');
	assert_true(m.is_every_line);
	struct line_marks unknown = {0};
	guild_line_marks_require(&unknown, 0);
	assert_true(unknown.is_every_line);
}

/* Lines of fragments that rules look for: what may match has a mark. */
static void test_every_match_has_a_mark(void **state)
{
	static const char *const parts[] = {"loss", ":", "=", " ", "0.5", "is", "epoch", "Step",
		"iter", "3", "-", "--", "+", "|", "\t", "nan", "inf", "(", ")", "%", "a", "#",
		"===", "\xe2\x94\x81", "\r", "NaN", "/", "["};
	const struct line_marks rules = {.has_automatic = true};
	const struct line_marks plain = {0};
	struct guild_auto *a = guild_auto_new();
	struct guild_buf line = {0};
	uint32_t random = 1;
	for (int i = 0; i < 20000; i++) {
		guild_buf_reset(&line);
		for (int k = 0; k < 1 + i % 9; k++) {
			random = random * 1664525 + 1013904223;
			guild_buf_puts(&line, parts[(random >> 16) % GUILD_ARRAY_LEN(parts)]);
		}
		unsigned flags = guild_line_scan(line.p, line.n);
		if (guild_auto_may_match(a, line.p, line.n, flags)) {
			assert_true(guild_line_find_mark(&rules, line.p, line.n) < line.n);
		}
		if (guild_default_may_match(line.p, line.n, flags)) {
			assert_true(guild_line_find_mark(&plain, line.p, line.n) < line.n);
		}
	}
	guild_buf_fini(&line);
	guild_auto_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_required),
		cmocka_unit_test(test_every_match_has_a_mark),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
