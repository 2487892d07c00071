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

static void test_shown(void **state)
{
	static const char *const cases[][2] = {
		{"http://u:secret@h/p@q:r", "http://u:****@h/p@q:r"},
		{"http://u@h/p", "http://u@h/p"},
		{"http://h:80/p", "http://h:80/p"},
		{"nothing", "nothing"},
	};

	(void)state;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		char *shown = guild_net_url_shown(cases[i][0]);

		assert_string_equal(shown, cases[i][1]);
		free(shown);
	}
}

static int fetch(const char *url, const char *path, const char *sha256, struct guild_error *err)
{
	struct guild_net_request req = {.url = url, .path = path, .sha256 = sha256};
	bool fetched = false;

	return guild_net_download(&req, &fetched, err);
}

static void test_fetch_errors(void **state)
{
	struct guild_error err = {0};
	char *dir = guild_tmp_dir("guild-net-", &err);
	char *sub = guild_path_join(dir, "sub");
	char *path = guild_path_join(sub, "x");

	(void)state;
	assert_int_equal(fetch("gopher://x/y", path, NULL, &err), GUILD_EUNSUPPORTED);
	assert_int_equal(fetch("x/y", path, NULL, &err), GUILD_EINVALID);
	assert_int_equal(fetch("file:///does/not/exist", path, NULL, &err), GUILD_ENOTFOUND);
	assert_int_equal(fetch("file:///etc", path, NULL, &err), GUILD_EINVALID);
	assert_int_equal(fetch("file:///etc/hostname", path, "abc", &err), GUILD_EINVALID);
	assert_false(guild_file_exists(sub)); /* nothing came, nothing stays */
	assert_int_equal(guild_rmtree(dir, &err), 0);
	free(sub);
	free(path);
	free(dir);
}

static void test_digest(void **state)
{
	static const char good[] =
		"7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed";
	static const char bad[] =
		"0000c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed";
	struct guild_error err = {0};
	char *dir = guild_tmp_dir("guild-net-", &err);
	char *from = guild_path_join(dir, "from");
	char *path = guild_path_join(dir, "x");
	char *url = guild_format("file://%s", from);

	(void)state;
	assert_int_equal(guild_file_write(from, "one", 3, false, &err), 0);
	assert_int_equal(fetch(url, path, bad, &err), GUILD_EINVALID);
	assert_non_null(strstr(err.text, good));
	assert_non_null(strstr(err.text, bad));
	struct guild_strs names = {0};

	assert_int_equal(guild_dir_list(dir, &names, &err), 0);
	assert_int_equal(names.n, 1);
	guild_strs_fini(&names);
	/* A file that is there and wrong is fetched again. */
	assert_int_equal(guild_file_write(path, "old", 3, false, &err), 0);
	assert_int_equal(fetch(url, path, good, &err), 0);
	assert_int_equal(guild_file_size(path), 3);
	assert_int_equal(guild_rmtree(dir, &err), 0);
	free(url);
	free(path);
	free(from);
	free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_cache_path),
		cmocka_unit_test(test_shown),
		cmocka_unit_test(test_fetch_errors),
		cmocka_unit_test(test_digest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
