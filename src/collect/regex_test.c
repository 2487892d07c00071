/* Regular expressions as Python's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "collect_private.h"

static void full_match(void **state)
{
	static const struct {
		const char *pattern, *text, *group; /* group NULL: no match */
	} cases[] = {
		{"a.*", "abc", ""},
		{"a", "abc", NULL},
		{"bc", "abc", NULL},
		{"s|x.txt|s/y", "s/y.txt", NULL},
		{"s|x.txt|s/y", "s/y", ""},
		{"model-([0-9]+)\\.pt", "model-12.pt", "12"},
		{"(?P<n>\\d+)", "7", "7"},
		{"a$", "a\n", NULL},
		{"", "", ""},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_regex *re = NULL;
		struct guild_str group = {0};
		assert_int_equal(guild_regex_new(cases[i].pattern, &re, NULL), 0);
		bool matches = guild_regex_full_match(re, guild_str(cases[i].text), &group);
		assert_int_equal(matches, cases[i].group != NULL);
		if (matches) {
			assert_true(guild_str_eqz(group, cases[i].group));
		}
		guild_regex_free(re);
	}
}

static void replace_first(void **state)
{
	/* Checked against re.sub(pattern, replacement, text, count=1) of Python 3.11. */
	static const struct {
		const char *pattern, *replacement, *text, *result; /* NULL: an error */
	} cases[] = {
		{"a", "b", "xaya", "xbya"},
		{".*", "new", "old.txt", "new"},
		{"(\\d)(x)?", "<\\1\\2>", "f12", "f<1>2"},
		{"(?P<n>\\d+)", "\\g<n>-\\g<1>-\\g<0>", "f12", "f12-12-12"},
		{"q", "z", "abc", "abc"},
		{"a", "\\2", "a", NULL},
		{"a", "\\g<x>", "a", NULL},
		{"a", "\\q", "a", NULL},
		{"a", "\\\\\\.", "a", "\\\\."},
		{"^", "p-", "abc", "p-abc"},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_regex *re = NULL;
		struct guild_buf out = {0};
		assert_int_equal(guild_regex_new(cases[i].pattern, &re, NULL), 0);
		int rc = guild_regex_replace_first(re, cases[i].replacement,
			guild_str(cases[i].text), &out, NULL);
		assert_int_equal(rc != 0, cases[i].result == NULL);
		if (rc == 0) {
			assert_string_equal(guild_buf_cstr(&out), cases[i].result);
		}
		guild_buf_fini(&out);
		guild_regex_free(re);
	}
}

static void bad_patterns(void **state)
{
	static const char *const patterns[] = {"(", "*", "[a", "a(?"};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(patterns); i++) {
		struct guild_regex *re = NULL;
		struct guild_error err = {0};
		assert_int_equal(guild_regex_new(patterns[i], &re, &err), GUILD_EINVALID);
		assert_true(err.text[0] != '\0');
		assert_null(re);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_match),
		cmocka_unit_test(replace_first),
		cmocka_unit_test(bad_patterns),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
