/* Lines of pip freeze, and the order of versions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "guild/diff.h"

static void reads_lines(void **state)
{
	static const char *const lines[] = {"zlib_ng==1.0", "# Editable install",
		"-e git+https://h/r@1#egg=My.Pkg", "local @ file:///p/local", "bare", "odd===1.0.x",
		"a == 2"};
	static const struct {
		const char *key, *name, *version;
	} wanted[] = {
		{"a", "a", "2"},
		{"bare", "bare", ""},
		{"local", "local", "file:///p/local"},
		{"my-pkg", "My.Pkg", "-e git+https://h/r@1"},
		{"odd", "odd", "1.0.x"},
		{"zlib-ng", "zlib_ng", "1.0"},
	};
	struct guild_arena *a = guild_arena_new();
	struct guild_value *list = guild_value_list(a);
	struct guild_installed p;

	for (size_t i = 0; i < GUILD_ARRAY_LEN(lines); i++) {
		guild_value_append(a, list, guild_value_string(a, lines[i]));
	}
	guild_value_append(a, list, guild_value_int(a, 1));
	guild_installed_read(a, list, &p);
	assert_int_equal(p.n, GUILD_ARRAY_LEN(wanted));
	for (size_t i = 0; i < p.n; i++) {
		assert_string_equal(p.v[i].key, wanted[i].key);
		assert_string_equal(p.v[i].name, wanted[i].name);
		assert_string_equal(p.v[i].version, wanted[i].version);
	}
	guild_installed_read(a, NULL, &p);
	assert_int_equal(p.n, 0);
	guild_arena_free(a);
}

/* Each is earlier than the next. */
static void orders_versions(void **state)
{
	static const char *const order[] = {"0.9", "1.0.dev1", "1.0a1", "1.0a2", "1.0b1", "1.0rc1",
		"1.0", "1.0.post1", "1.0.1", "1.2", "1.10", "2.0.0rc1", "2", "2.0.1", "10.0"};

	for (size_t i = 0; i < GUILD_ARRAY_LEN(order); i++) {
		for (size_t j = 0; j < GUILD_ARRAY_LEN(order); j++) {
			int wanted = (i > j) - (i < j);

			if (guild_package_version_cmp(order[i], order[j]) != wanted) {
				fail_msg("%s %s", order[i], order[j]);
			}
		}
	}
	assert_int_equal(guild_package_version_cmp("1.0.0", "1"), 0);
	assert_int_equal(guild_package_version_cmp("01.02", "1.2"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_lines),
		cmocka_unit_test(orders_versions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
