/* URLs apart, and cache places as Guild AI 0.9.0 chose them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "url.h"

static const struct {
	const char *url, *parts;
} splits[] = {
	{"http://h/p", "http|h|/p|||"},
	{"HTTPS://u@h:80/a/b;x=1?q=2#f", "https|u@h:80|/a/b|x=1|q=2|f"},
	{"file:///etc/hostname", "file||/etc/hostname|||"},
	{"http://h?q/x", "http|h|||q/x|"},
	{"http://h/a;b/c", "http|h|/a;b/c|||"},
	{"/etc/hostname", "||/etc/hostname|||"},
	{"", "|||||"},
};

static void test_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(splits); i++) {
		struct guild_url u;

		guild_url_split(splits[i].url, &u);
		char *text = guild_format("%s|%s|%s|%s|%s|%s", u.scheme, u.host, u.path, u.params,
			u.query, u.fragment);

		assert_string_equal(text, splits[i].parts);
		free(text);
		guild_url_fini(&u);
	}
}

static void test_decode(void **state)
{
	(void)state;
	char *text = guild_url_decode("a%20b%2Fc%zz%4");

	assert_string_equal(text, "a b/c%zz%4");
	free(text);
}

static void test_cache_path(void **state)
{
	char *path = NULL;

	(void)state;
	assert_int_equal(guild_net_cache_path("/c", "file:///etc/hostname", &path, NULL), 0);
	/* Seen from 'guild download' of 0.9.0. */
	assert_string_equal(path,
		"/c/5bbce281b6d540348fc14839a29d9437b7f6c3dab0e4850e570c3d69/hostname");
	free(path);
	assert_int_equal(guild_net_cache_path("/c", "http://h/", &path, NULL), GUILD_EINVALID);
	assert_int_equal(guild_net_cache_path("/c", "http://h/a/%2e%2e", &path, NULL),
		GUILD_EINVALID);
	assert_int_equal(guild_net_cache_path("/c", "/etc/hostname", &path, NULL), GUILD_EINVALID);
}

static void test_fetch_errors(void **state)
{
	struct guild_error err = {0};
	char *dir = guild_tmp_dir("guild-net-", &err);
	char *path = guild_path_join(dir, "x");

	(void)state;
	assert_int_equal(guild_net_fetch("gopher://x/y", path, NULL, NULL, &err),
		GUILD_EUNSUPPORTED);
	assert_int_equal(guild_net_fetch("x/y", path, NULL, NULL, &err), GUILD_EINVALID);
	assert_int_equal(guild_net_fetch("file:///does/not/exist", path, NULL, NULL, &err),
		GUILD_ENOTFOUND);
	assert_int_equal(guild_net_fetch("file:///etc", path, NULL, NULL, &err), GUILD_EINVALID);
	struct guild_strs names = {0};

	assert_int_equal(guild_dir_list(dir, &names, &err), 0);
	assert_int_equal(names.n, 0);
	guild_strs_fini(&names);
	assert_int_equal(guild_rmtree(dir, &err), 0);
	free(path);
	free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_cache_path),
		cmocka_unit_test(test_fetch_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
