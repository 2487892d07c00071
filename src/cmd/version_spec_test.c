/* Version requirements. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "version_spec.h"

static const struct {
	const char *version, *spec;
	int expected;
} cases[] = {
	{"1.0.0", ">=1.0", 1},
	{"1.0.0", "1.0", 1},
	{"1.0.0", "==1.0.0", 1},
	{"1.0.0", ">1", 0},
	{"1.0.1", ">1", 1},
	{"1.10.0", ">1.9", 1},
	{"0.9.0", ">=1", 0},
	{"1.4.2", "~=1.4", 1},
	{"2.0.0", "~=1.4", 0},
	{"1.4.2", "==1.*", 1},
	{"1.4.2", "!=1.4.*", 0},
	{"1.4.2", ">=1, <1.4", 0},
	{"1.4.2", "<=1.4.2,!=1.3", 1},
	{"1.0.0", "", GUILD_EINVALID},
	{"1.0.0", "abc", GUILD_EINVALID},
	{"1.0.0", ">=", GUILD_EINVALID},
	{"1.0.0", ">=1.*", GUILD_EINVALID},
	{"1.0.0", "~=1", GUILD_EINVALID},
	{"1.0.0", ">=1,", GUILD_EINVALID},
	{"1.0.0", "1..0", GUILD_EINVALID},
	{"1.0.0", "==-1", GUILD_EINVALID},
};

static void test_matches(void **state)
{
	(void)state;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		int got = guild_version_matches(cases[i].version, cases[i].spec, NULL);

		if (got != cases[i].expected) {
			fail_msg("%s %s: %d", cases[i].version, cases[i].spec, got);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_matches)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
