/* Normal forms as packaging.version.Version prints them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exec_private.h"

static const struct {
	const char *version;
	const char *normal; /* NULL: none */
} cases[] = {
	{"1.0", "1.0"},
	{"2023.07.22", "2023.7.22"},
	{"v1.0", "1.0"},
	{"1.0-beta", "1.0b0"},
	{"1.0.0-beta.2", "1.0.0b2"},
	{"1.0alpha1", "1.0a1"},
	{"1.0.C3", "1.0rc3"},
	{"1.0-preview_4", "1.0rc4"},
	{"1.0-1", "1.0.post1"},
	{"1.0.rev2", "1.0.post2"},
	{"1.0-r", "1.0.post0"},
	{"1.0.DEV", "1.0.dev0"},
	{"1!2.0", "1!2.0"},
	{"0!2.0", "2.0"},
	{"1.0+Ubuntu-1_007", "1.0+ubuntu.1.7"},
	{"2.0.1+cu118", "2.0.1+cu118"},
	{"0.0.0.dev20231231", "0.0.0.dev20231231"},
	{"1.0rc1.post2.dev3", "1.0rc1.post2.dev3"},
	{"", NULL},
	{"abc", NULL},
	{"1.0-banana", NULL},
	{"1.0+", NULL},
	{"1.0 final", NULL},
};

static void normalizes(void **state)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_buf b = {0};
		guild_buf_puts(&b, "x");
		bool is_version = guild_pep440_normalize(cases[i].version, &b);
		assert_int_equal(is_version, cases[i].normal != NULL);
		assert_string_equal(guild_buf_cstr(&b) + 1, is_version ? cases[i].normal : "");
		guild_buf_fini(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(normalizes)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
