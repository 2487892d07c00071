/* Lines: what they hold, and their text without escape sequences, overwritten parts and damage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <cmocka.h>

#include "collect_private.h"

static unsigned scan_slowly(const char *p, size_t n)
{
	unsigned seen = 0;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];
		seen |= c >= '0' && c <= '9' ? LINE_DIGIT : 0;
		seen |= c == ':' ? LINE_COLON : 0;
		seen |= c == '=' ? LINE_EQUALS : 0;
		seen |= c == '|' || c == '\t' || (c == ' ' && i + 1 < n && p[i + 1] == ' ')
				? LINE_COLUMNS
				: 0;
		bool has_step = i + 1 < n && (strncasecmp(p + i, "po", 2) == 0 ||
						     strncasecmp(p + i, "te", 2) == 0);
		seen |= has_step ? LINE_STEP : 0;
		seen |= i + 1 < n && strncmp(p + i, "is", 2) == 0 ? LINE_IS : 0;
		seen |= (c < ' ' && c != '\t') || c > '~' ? LINE_ODD : 0;
	}
	return seen;
}

static void test_scan(void **state)
{
	static const char *const marks[] = {"5", ":", "=", "|", "\t", "  ", "\r", "\xff", "\x7f",
		"/", ";", "~", "po", "is", "Te", "tE", "te"};
	for (size_t n = 0; n < 70; n++) {
		char *line = malloc(n + 1);
		for (size_t m = 0; m < GUILD_ARRAY_LEN(marks); m++) {
			size_t length = strlen(marks[m]);
			for (size_t at = 0; at + length <= n; at++) {
				memset(line, 'x', n);
				memcpy(line + at, marks[m], length);
				assert_int_equal(guild_line_scan(line, n), scan_slowly(line, n));
			}
		}
		free(line);
	}
	assert_int_equal(guild_line_scan("", 0), 0);
}

static void test_trim(void **state)
{
	static const struct {
		const char *line;
		size_t n;
	} cases[] = {{"a b \t\r", 3}, {"a\u00a0\u2003", 1}, {"a\u200b", 4}, {"\x1c \x85", 3},
		{"", 0}, {"  ", 0}, {"\u3000", 0}, {"a\xe3\x80", 3}};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		assert_int_equal(guild_line_trimmed(cases[i].line, strlen(cases[i].line)),
			cases[i].n);
	}
}

static void test_clean(void **state)
{
	static const struct {
		const char *raw, *text;
	} cases[] = {
		{"plain", "plain"},
		{"\x1b[1mloss\x1b[0m: \x1b[38;5;10m0.5\x1b[K", "loss: 0.5"},
		{"\x1b]0;title\x07loss: 1", "loss: 1"},
		{"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"},
		{"\x1b(Bx\x1b=y", "xy"},
		{"cut\x1b[1", "cut"},
		{"lone\x1b", "lone"},
		{"10%\r20%\r30%", "30%"},
		{"0.31\r0.5", "0.5"},
		{"shown\r\x1b[K   \r", "shown"},
		{"line\r", "line"},
		{"|\b/\b-\bdone", "done"},
		{"\u00e9\bx\b\b\b", ""},
		{"a\xff\xfe"
		 "b\x01\x02",
			"ab"},
		{"\xe2\x94\x81 1s  ", "\xe2\x94\x81 1s"},
		{"\r\r\r", ""},
		{"tab\there", "tab\there"},
	};
	struct guild_buf out = {0};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		guild_line_clean(guild_str(cases[i].raw), &out);
		assert_string_equal(guild_buf_cstr(&out), cases[i].text);
	}
	guild_line_clean((struct guild_str){NULL, 0}, &out);
	assert_int_equal(out.n, 0);
	guild_line_clean(guild_str_n("a\0b", 3), &out);
	assert_string_equal(out.p, "ab");
	guild_buf_fini(&out);
}

/* As a terminal shows it: checked with a terminal emulator (pyte 0.8). */
static void test_fold(void **state)
{
	static const struct {
		const char *raw, *text;
	} cases[] = {
		{"abcdef\rXY", "XYcdef"},
		{"abcdef\rXY\x1b[K", "XY"},
		{"abc\x1b[2K\rx", "x"},
		{"abc\x1b[2D!", "a!c"},
		{"a\x1b[3Cb", "a   b"},
		{"abc\x1b[1Gx", "xbc"},
		{"ab\b\bcd", "cd"},
		{"\u00e9\u00e8\rx", "x\u00e8"},
		{"a\xff"
		 "b\x1b[31mc",
			"abc"},
		{"abc\x1b[1K", "   "},
		{"", ""},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_buf out = {0};
		guild_output_fold_line(guild_str(cases[i].raw), &out);
		assert_string_equal(guild_buf_cstr(&out), cases[i].text);
		guild_buf_fini(&out);
	}
	/* Moving far to the right costs no memory. */
	struct guild_buf out = {0};
	guild_output_fold_line(guild_str("\x1b[999999999Cx\x1b[60000Cy"), &out);
	assert_true(out.n <= 2 * GUILD_LINE_MAX);
	guild_buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scan),
		cmocka_unit_test(test_trim),
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_fold),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
