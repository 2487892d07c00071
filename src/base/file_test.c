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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_write_and_read, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_copy_tree, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_real_path, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_processes, make_dir, remove_dir),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
