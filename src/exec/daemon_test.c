/* The background process, its pid file and its lock. */
#include <guild/exec.h>

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int make_dir(void **state)
{
	*state = guild_tmp_dir("guild-daemon-", NULL);
	return *state != NULL ? 0 : -1;
}

static int remove_dir(void **state)
{
	int rc = guild_rmtree(*state, NULL);
	free(*state);
	return rc;
}

/* The daemon of the test: says where it is, and ends when the folder holds a file named "end". */
static GUILD_NORETURN void live(struct guild_daemon *d, const char *dir)
{
	char *where = guild_path_join(dir, "where");
	char *end = guild_path_join(dir, "end");
	char *cwd = guild_path_abs(".", NULL);
	char *text = guild_format("%s %d %d", cwd, getsid(0) == getpid(), isatty(0) || isatty(1));
	guild_file_write(where, text, strlen(text), false, NULL);
	while (guild_is_dir(dir) && !guild_file_exists(end)) {
		usleep(1000);
	}
	guild_exec_daemon_end(d);
	_exit(0);
}

static void wait_for(const char *path, bool exists)
{
	for (int i = 0; i < 20000 && guild_file_exists(path) != exists; i++) {
		usleep(1000);
	}
	assert_int_equal(guild_file_exists(path), exists);
}

static void goes_to_the_background(void **state)
{
	const char *dir = *state;
	char *pidfile = guild_path_join(dir, "pid");
	char *where = guild_path_join(dir, "where");
	char *end = guild_path_join(dir, "end");
	struct guild_error err = {0};
	struct guild_daemon d;
	int rc = guild_exec_daemonize(pidfile, dir, &d, &err);
	if (rc == 0) {
		live(&d, dir);
	}
	assert_int_equal(rc, 1);
	struct guild_buf text = {0};
	assert_int_equal(guild_file_read(pidfile, 100, &text, &err), 0);
	char *wanted = guild_format("%d", (int)d.pid);
	assert_string_equal(guild_buf_cstr(&text), wanted);
	assert_true(guild_pid_alive(d.pid));

	struct guild_daemon second;
	assert_int_equal(guild_exec_daemonize(pidfile, dir, &second, &err), GUILD_EBUSY);

	wait_for(where, true);
	guild_buf_reset(&text);
	assert_int_equal(guild_file_read(where, 1000, &text, &err), 0);
	char *place = guild_format("%s 0 0", dir);
	assert_string_equal(guild_buf_cstr(&text), place);
	assert_int_equal(guild_file_touch(end, &err), 0);
	wait_for(pidfile, false);
	guild_exec_daemon_end(&d);
	guild_buf_fini(&text);
	free(place);
	free(wanted);
	free(end);
	free(where);
	free(pidfile);
}

static void takes_over_a_stale_pid_file(void **state)
{
	const char *dir = *state;
	char *pidfile = guild_path_join(dir, "pid");
	char *end = guild_path_join(dir, "end");
	struct guild_error err = {0};
	assert_int_equal(guild_file_write(pidfile, "12345678901234567890", 20, false, &err), 0);
	assert_int_equal(guild_file_touch(end, &err), 0);
	struct guild_daemon d;
	int rc = guild_exec_daemonize(pidfile, dir, &d, &err);
	if (rc == 0) {
		live(&d, dir);
	}
	assert_int_equal(rc, 1);
	wait_for(pidfile, false);
	guild_exec_daemon_end(&d);
	free(end);
	free(pidfile);
}

static void failures_leave_nothing(void **state)
{
	const char *dir = *state;
	char *pidfile = guild_path_join(dir, "pid");
	char *nowhere = guild_path_join(dir, "missing/pid");
	struct guild_error err = {0};
	struct guild_daemon d;
	assert_int_equal(guild_exec_daemonize(nowhere, dir, &d, &err), GUILD_ENOTFOUND);
	assert_int_equal(guild_exec_daemonize(pidfile, nowhere, &d, &err), GUILD_ENOTFOUND);
	assert_false(guild_file_exists(pidfile));
	free(nowhere);
	free(pidfile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(goes_to_the_background, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(takes_over_a_stale_pid_file, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(failures_leave_nothing, make_dir, remove_dir),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
