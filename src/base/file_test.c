/* Files, trees and processes on a temporary directory. */
#include <guild/base.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static int make_dir(void **state)
{
	*state = guild_tmp_dir("guild-base-", NULL);
	return *state ? 0 : -1;
}

static int remove_dir(void **state)
{
	int rc = guild_rmtree(*state, NULL);
	rc |= guild_file_exists(*state);
	free(*state);
	return rc;
}

static char *in_dir(void **state, const char *name)
{
	return guild_path_join(*state, name);
}

static void test_write_and_read(void **state)
{
	char *path = in_dir(state, "f");
	struct guild_error err;
	struct guild_buf b = {0};
	assert_int_equal(guild_file_write(path, "one", 3, false, &err), 0);
	assert_int_equal(guild_file_write(path, "two!", 4, true, &err), 0);
	assert_int_equal(guild_file_read(path, 4, &b, &err), 0);
	assert_string_equal(b.p, "two!");
	assert_int_equal(guild_file_read(path, 3, &b, &err), GUILD_ELIMIT);
	struct guild_strs names = {0};
	assert_int_equal(guild_dir_list(*state, &names, &err), 0);
	assert_int_equal(names.n, 1); /* no temporary file is left */
	guild_strs_fini(&names);
	guild_buf_fini(&b);
	free(path);
}

static void test_copy_tree(void **state)
{
	char *deep = in_dir(state, "a/b/c"), *file = in_dir(state, "a/b/c/x.sh"),
	     *from = in_dir(state, "a"), *to = in_dir(state, "z"),
	     *copy = in_dir(state, "z/b/c/x.sh"), *link = in_dir(state, "a/l"),
	     *copied_link = in_dir(state, "z/l");
	struct guild_error err;
	assert_int_equal(guild_mkdirs(deep, &err), 0);
	assert_int_equal(guild_mkdirs(deep, &err), 0);
	assert_int_equal(guild_file_write(file, "data", 4, false, &err), 0);
	chmod(file, 0751);
	assert_int_equal(symlink("b/c", link), 0);
	assert_int_equal(guild_tree_copy(from, to, &err), 0);
	struct stat st;
	assert_int_equal(stat(copy, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0751);
	assert_int_equal(st.st_nlink, 1);
	assert_int_equal(lstat(copied_link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	/* A removed link leaves what it points to. */
	assert_int_equal(guild_rmtree(copied_link, &err), 0);
	assert_true(guild_is_file(copy));
	assert_int_equal(guild_mkdirs(file, &err), GUILD_EEXISTS);
	char *all[] = {deep, file, from, to, copy, link, copied_link};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(all); i++) {
		free(all[i]);
	}
}

static void test_real_path(void **state)
{
	char *link = in_dir(state, "l"), *under = in_dir(state, "l/none/x");
	assert_int_equal(symlink("/usr", link), 0);
	char *real = guild_path_real(under);
	assert_string_equal(real, "/usr/none/x");
	free(real);
	real = guild_path_real("/");
	assert_string_equal(real, "/");
	free(real);
	free(link);
	free(under);
}

static void test_processes(void **state)
{
	struct guild_error err;
	struct guild_proc_result r = {0};
	const char *both[] = {"sh", "-c", "echo out; echo err >&2; exit 3", NULL};
	assert_int_equal(guild_proc_run(both, *state, NULL, 100, 10000, &r, &err), 0);
	assert_int_equal(r.exit_status, 3);
	assert_string_equal(r.out.p, "out\n");
	assert_string_equal(r.err.p, "err\n");
	guild_proc_result_fini(&r);
	const char *killed[] = {"sh", "-c", "kill -9 $$", NULL};
	assert_int_equal(guild_proc_run(killed, NULL, NULL, 100, 10000, &r, &err), 0);
	assert_int_equal(r.exit_status, -9);
	guild_proc_result_fini(&r);
	const char *slow[] = {"sleep", "60", NULL};
	assert_int_equal(guild_proc_run(slow, NULL, NULL, 100, 20, &r, &err), GUILD_ELIMIT);
	const char *none[] = {"guild-no-such-program", NULL};
	assert_int_equal(guild_proc_run(none, NULL, NULL, 100, 0, &r, &err), GUILD_ENOTFOUND);
	assert_true(guild_pid_alive(getpid()));
	assert_false(guild_pid_alive(-1));
}

static size_t count_names(void **state)
{
	struct guild_strs names = {0};
	assert_int_equal(guild_dir_list(*state, &names, NULL), 0);
	size_t n = names.n;
	guild_strs_fini(&names);
	return n;
}

static void write_words(const char *path, bool commit)
{
	struct guild_error err;
	struct guild_new_file *f = NULL;
	assert_int_equal(guild_new_file_open(path, &f, &err), 0);
	struct guild_sink to = guild_new_file_sink(f);
	assert_int_equal(guild_sink_write(&to, "one ", 4, &err), 0);
	assert_int_equal(guild_sink_write(&to, "two", 3, &err), 0);
	if (commit) {
		assert_int_equal(guild_new_file_commit(f, true, &err), 0);
	} else {
		guild_new_file_discard(f);
	}
}

static void test_new_file(void **state)
{
	char *path = in_dir(state, "f"), *link = in_dir(state, "link"),
	     *missing = in_dir(state, "no/f");
	struct guild_error err;
	struct guild_new_file *f = NULL;
	write_words(path, false);
	assert_int_equal(count_names(state), 0);
	write_words(path, true);
	assert_int_equal(guild_file_size(path), 7);
	/* What a link points to is replaced, with its permissions, and not before it is whole. */
	assert_int_equal(guild_file_write(path, "old", 3, false, NULL), 0);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(symlink("f", link), 0);
	write_words(link, false);
	assert_int_equal(guild_file_size(path), 3);
	write_words(link, true);
	assert_int_equal(guild_file_size(path), 7);
	struct stat st;
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(count_names(state), 2);
	assert_int_equal(guild_new_file_open(missing, &f, &err), GUILD_ENOTFOUND);
	assert_int_equal(guild_new_file_open(*state, &f, &err), GUILD_EIO);
	assert_null(f);
	/* A device is written in place; a failed write is not forgotten. */
	assert_int_equal(guild_new_file_open("/dev/full", &f, &err), 0);
	struct guild_sink to = guild_new_file_sink(f);
	assert_int_not_equal(guild_sink_write(&to, "x", 1, &err), 0);
	assert_int_not_equal(guild_new_file_commit(f, false, &err), 0);
	assert_non_null(strstr(err.text, "'/dev/full'"));
	assert_true(guild_file_exists("/dev/full"));
	free(path);
	free(link);
	free(missing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_write_and_read, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_new_file, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_copy_tree, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_real_path, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_processes, make_dir, remove_dir),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
