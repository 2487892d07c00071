/* Attributes and the manifest: written, read back, torn, absent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "guild/run.h"

static int make_run(void **state)
{
	char *dir = guild_tmp_dir("guild-run-", NULL);
	struct guild_run *run = guild_alloc(sizeof(*run));
	int rc = guild_run_create(dir, run, NULL);
	free(dir);
	*state = run;
	return rc;
}

static int remove_run(void **state)
{
	struct guild_run *run = *state;
	int rc = guild_rmtree(run->dir, NULL);
	guild_run_fini(run);
	free(run);
	return rc;
}

static void put(const struct guild_run *run, const char *name, const char *text)
{
	char *path = guild_path_join(run->dir, name);
	char *parent = guild_path_dirname(path);
	assert_int_equal(guild_mkdirs(parent, NULL), 0);
	assert_int_equal(guild_file_write(path, text, strlen(text), false, NULL), 0);
	free(parent);
	free(path);
}

static void test_write_and_read(void **state)
{
	struct guild_run *run = *state;
	struct guild_arena *a = guild_arena_new();
	struct guild_value *flags = guild_value_dict(a);
	guild_value_set(a, flags, "lr", guild_value_float(a, 1e-5));
	guild_value_set(a, flags, "act", guild_value_string(a, "1e5"));
	assert_int_equal(guild_run_attr_write(run, "flags", flags, false, NULL), 0);
	char *path = guild_path_join(run->guild_dir, "attrs/flags");
	struct guild_buf text = {0};
	assert_int_equal(guild_file_read(path, 0, &text, NULL), 0);
	assert_string_equal(text.p, "act: '1e5'\nlr: 1.0e-05\n");
	struct guild_value *back = NULL;
	assert_int_equal(guild_run_attr_read(run, a, "flags", &back, NULL), 1);
	assert_true(guild_value_eq(back, flags));
	/* Nothing but the attribute is left behind, also beside attrs/. */
	struct guild_strs names = {0};
	assert_int_equal(guild_dir_list(run->guild_dir, &names, NULL), 0);
	assert_int_equal(names.n, 1);
	assert_int_equal(guild_run_attr_remove(run, "flags", NULL), 0);
	assert_int_equal(guild_run_attr_read(run, a, "flags", &back, NULL), 0);
	assert_int_equal(guild_run_attr_remove(run, "flags", NULL), 0);
	guild_strs_fini(&names);
	guild_buf_fini(&text);
	free(path);
	guild_arena_free(a);
}

static void test_torn(void **state)
{
	struct guild_run *run = *state;
	struct guild_arena *a = guild_arena_new();
	struct guild_value *value = NULL;
	struct guild_error err = {0};
	put(run, ".guild/attrs/flags", "a: 1\nb: [1, 2");
	assert_int_equal(guild_run_attr_read(run, a, "flags", &value, &err), GUILD_EINVALID);
	assert_non_null(strstr(err.text, "attribute 'flags' of run"));
	assert_non_null(strstr(err.text, "/.guild/attrs/flags:"));
	assert_null(value);
	assert_null(guild_run_attr(run, a, "flags"));
	put(run, ".guild/attrs/label", "");
	assert_int_equal(guild_run_attr_read(run, a, "label", &value, &err), 1);
	assert_int_equal(value->type, GUILD_NULL);
	guild_arena_free(a);
}

static void test_names(void **state)
{
	static const char *const refused[] = {"", ".", "..", ".hidden", "a/b", "../opref"};
	struct guild_run *run = *state;
	struct guild_arena *a = guild_arena_new();
	struct guild_value *one = guild_value_int(a, 1);
	struct guild_value *value = NULL;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(refused); i++) {
		assert_int_equal(guild_run_attr_write(run, refused[i], one, false, NULL),
			GUILD_EINVALID);
		assert_int_equal(guild_run_attr_read(run, a, refused[i], &value, NULL), 0);
		assert_int_equal(guild_run_attr_remove(run, refused[i], NULL), 0);
	}
	assert_int_equal(guild_run_attr_write(run, "b", one, false, NULL), 0);
	assert_int_equal(guild_run_attr_write(run, "a b", one, false, NULL), 0);
	put(run, ".guild/attrs/.swp", "x");
	struct guild_strs names = {0};
	assert_int_equal(guild_run_attr_names(run, &names, NULL), 0);
	char *joined = guild_strs_join(&names, ",");
	assert_string_equal(joined, "a b,b");
	free(joined);
	guild_strs_fini(&names);
	guild_arena_free(a);
}

static void test_integers(void **state)
{
	static const struct {
		const char *text;
		int64_t value;
	} cases[] = {
		{"1795268120500000\n", 1795268120500000},
		{"-15\n", -15},
		{"0\n", 0},
		{"010\n", 8},
		{"1_000\n", 1000},
		{"0x10\n", 16},
		{"# why\n7\n", 7},
		{"1.0\n", 99},
		{"text\n", 99},
		{"null\n", 99},
		{"", 99},
		{"99999999999999999999999\n", 99},
		{"[1", 99},
	};
	struct guild_run *run = *state;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		put(run, ".guild/attrs/n", cases[i].text);
		if (guild_run_attr_i64(run, "n", 99) != cases[i].value) {
			fail_msg("'%s': %lld", cases[i].text,
				(long long)guild_run_attr_i64(run, "n", 99));
		}
	}
	assert_int_equal(guild_run_attr_i64(run, "none", -1), -1);
}

static void test_vanished(void **state)
{
	struct guild_run *run = *state;
	struct guild_arena *a = guild_arena_new();
	struct guild_error err = {0};
	guild_rmtree(run->guild_dir, NULL);
	int rc = guild_run_attr_write(run, "label", guild_value_string(a, "x"), false, &err);
	assert_int_equal(rc, GUILD_ENOTFOUND);
	assert_false(guild_file_exists(run->guild_dir));
	struct guild_strs names = {0};
	assert_int_equal(guild_run_attr_names(run, &names, NULL), 0);
	assert_int_equal(names.n, 0);
	guild_arena_free(a);
}

static void test_manifest(void **state)
{
	static const char sha1[] = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
	struct guild_run *run = *state;
	struct guild_arena *a = guild_arena_new();
	struct guild_manifest manifest = {0};
	size_t n_bad = 9;
	assert_int_equal(guild_manifest_read(run, a, &manifest, &n_bad, NULL), 0);
	assert_int_equal(manifest.n, 0);
	assert_int_equal(n_bad, 0);
	struct guild_manifest_entry entries[] = {
		{'s', "train.py", sha1, "src/train.py", NULL},
		{'s', "a b/it's.py", sha1, "a b/it's.py", NULL},
		{'d', "data", "-", "file:data.zip", "sub/data"},
		{'i', "x", sha1, "operation:prep", NULL},
	};
	struct guild_buf text = {0};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(entries); i++) {
		guild_manifest_format(&text, &entries[i]);
	}
	put(run, ".guild/manifest", text.p);
	assert_int_equal(guild_manifest_read(run, a, &manifest, &n_bad, NULL), 0);
	assert_int_equal(manifest.n, GUILD_ARRAY_LEN(entries));
	assert_int_equal(n_bad, 0);
	struct guild_buf again = {0};
	for (size_t i = 0; i < manifest.n; i++) {
		guild_manifest_format(&again, &manifest.v[i]);
	}
	assert_string_equal(again.p, text.p);
	guild_buf_fini(&again);
	guild_buf_fini(&text);
	guild_arena_free(a);
}

static void test_bad_manifest_lines(void **state)
{
	static const char *const bad[] = {"", "s a", "s a b c", "x a - b", "s a - b c", "ss a - b",
		"d a - b c d", "d '' - b", "d 'a - b", "d a - b\001" /* not ended */};
	struct guild_run *run = *state;
	struct guild_arena *a = guild_arena_new();
	for (size_t i = 0; i < GUILD_ARRAY_LEN(bad); i++) {
		struct guild_manifest manifest = {0};
		size_t n_bad = 0;
		bool is_last = i + 1 == GUILD_ARRAY_LEN(bad);
		char *text = guild_format("d one - u\n%s%s%s", bad[i], is_last ? "" : "\n",
			is_last ? "" : "d two - u\n");
		put(run, ".guild/manifest", text);
		assert_int_equal(guild_manifest_read(run, a, &manifest, &n_bad, NULL), 0);
		assert_int_equal(manifest.n, is_last ? 1 : 2);
		assert_int_equal(n_bad, 1);
		free(text);
	}
	guild_arena_free(a);
}

static void test_sourcecode_digest(void **state)
{
	static const char sha1[] = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
	struct guild_run *run = *state;
	char digest[33] = "x";
	assert_int_equal(guild_run_sourcecode_digest(run, digest, NULL), 0);
	assert_string_equal(digest, "");
	char *text = guild_format("s b.py %s b.py\ns a.py %s a.py\nd c - file:c\n", sha1, sha1);
	put(run, ".guild/manifest", text);
	put(run, "b.py", "two\n");
	put(run, "a.py", "one\n");
	struct guild_error err = {0};
	assert_int_equal(guild_run_sourcecode_digest(run, digest, &err), 0);
	char expected[65];
	static const char bytes[] = "a.py\0one\n\0b.py\0two\n";
	guild_digest_bytes(GUILD_MD5, bytes, sizeof(bytes), expected);
	assert_string_equal(digest, expected);
	char *path = guild_path_join(run->dir, "a.py");
	guild_file_remove(path, NULL);
	assert_int_equal(guild_run_sourcecode_digest(run, digest, &err), GUILD_ENOTFOUND);
	free(path);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_write_and_read, make_run, remove_run),
		cmocka_unit_test_setup_teardown(test_torn, make_run, remove_run),
		cmocka_unit_test_setup_teardown(test_names, make_run, remove_run),
		cmocka_unit_test_setup_teardown(test_integers, make_run, remove_run),
		cmocka_unit_test_setup_teardown(test_vanished, make_run, remove_run),
		cmocka_unit_test_setup_teardown(test_manifest, make_run, remove_run),
		cmocka_unit_test_setup_teardown(test_bad_manifest_lines, make_run, remove_run),
		cmocka_unit_test_setup_teardown(test_sourcecode_digest, make_run, remove_run),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
