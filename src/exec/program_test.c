/* Starting programs: where they are found, what failures are called, and that nothing of a tree survives a kill. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "supervise.h"

#include <cmocka.h>

static char *const environment[] = {"PATH=/nonesuch:/usr/bin:/bin", NULL};

static int start(char *const *argv, const char *cwd, bool own_group, int stdout_fd,
	struct guild_program *program, struct guild_error *err)
{
	struct guild_signals signals;
	assert_int_equal(guild_signals_install(&signals, own_group, NULL), 0);
	struct guild_program_plan plan = {
		.argv = argv,
		.env = environment,
		.cwd = cwd,
		.stdout_fd = stdout_fd,
		.stderr_fd = -1,
		.own_group = own_group,
		.signals = &signals,
	};
	int rc = guild_program_start(&plan, program, err);
	guild_signals_fini(&signals);
	return rc;
}

static int wait_for_end(struct guild_program *program)
{
	int status;
	while (!guild_program_has_ended(program, &status)) {
		usleep(1000);
	}
	return status;
}

static void ends_are_told_apart(void **state)
{
	(void)state;
	static const struct {
		const char *script;
		int status;
	} cases[] = {
		{"exit 0", 0}, {"exit 255", 255}, {"kill -TERM $$", -15}, {"kill -KILL $$", -9}};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		char *argv[] = {"sh", "-c", guild_strdup(cases[i].script), NULL};
		struct guild_program program;
		assert_int_equal(start(argv, NULL, true, -1, &program, NULL), 0);
		assert_true(program.pid > 0);
		assert_int_equal(wait_for_end(&program), cases[i].status);
		assert_int_equal(program.pid, 0);
		free(argv[2]);
	}
}

static void failures_have_names(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		const char *cwd;
		int code;
		const char *text;
	} cases[] = {
		{"nonesuch", NULL, GUILD_ENOTFOUND,
			"cannot start 'nonesuch': there is no such program"},
		{"/", NULL, GUILD_EDENIED, "cannot start '/': Permission denied"},
		{"true", "/nonesuch", GUILD_ENOTFOUND,
			"cannot start 'true' in '/nonesuch': No such file or directory"},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		char *argv[] = {guild_strdup(cases[i].name), NULL};
		struct guild_program program = {0};
		struct guild_error err = {0};
		assert_int_equal(start(argv, cases[i].cwd, true, -1, &program, &err),
			cases[i].code);
		assert_string_equal(err.text, cases[i].text);
		assert_int_equal(program.pid, 0);
		free(argv[0]);
	}
}

/* A tree of three that ignores what can be ignored, in guild's own group or in one of its own. */
static void check_kill(bool own_group)
{
	static char *argv[] = {"sh", "-c",
		"trap '' TERM; sh -c 'trap \"\" TERM; sleep 600 & echo $$ $!; wait' & wait", NULL};
	int fds[2];
	assert_int_equal(guild_fd_pipe(fds), 0);
	struct guild_program program;
	assert_int_equal(start(argv, NULL, own_group, fds[1], &program, NULL), 0);
	close(fds[1]);
	char text[64] = "";
	assert_true(read(fds[0], text, sizeof(text) - 1) > 0);
	assert_int_equal(getpgid(program.pid), own_group ? program.pid : getpgrp());
	guild_program_kill(&program);
	assert_int_equal(wait_for_end(&program), -SIGKILL);
	/* The pipe ends when the last of the three is gone. */
	assert_int_equal(read(fds[0], text, sizeof(text)), 0);
	close(fds[0]);
}

static void kill_leaves_nothing(void **state)
{
	(void)state;
	check_kill(true);
	check_kill(false);
}

/* The program finds its LOCK, and what could not be started leaves none. */
static void lock_comes_first(void **state)
{
	(void)state;
	char dir[] = "/tmp/guild-program-XXXXXX";
	assert_non_null(mkdtemp(dir));
	struct guild_run run = {.dir = dir, .guild_dir = dir};
	struct guild_run_lock_plan lock;
	assert_int_equal(guild_run_lock_plan(&run, &lock, NULL), 0);
	char *argv[] = {"sh", "-c", "test \"$(cat LOCK)\" = $$ && test -s LOCK.info", NULL};
	struct guild_signals signals;
	assert_int_equal(guild_signals_install(&signals, true, NULL), 0);
	struct guild_program_plan plan = {.argv = argv,
		.env = environment,
		.cwd = dir,
		.stdout_fd = -1,
		.stderr_fd = -1,
		.signals = &signals,
		.lock = &lock};
	struct guild_program program;
	assert_int_equal(guild_program_start(&plan, &program, NULL), 0);
	assert_int_equal(wait_for_end(&program), 0);
	assert_int_equal(guild_run_lock_pid(&run) > 0, 1);
	argv[0] = "nonesuch";
	assert_int_equal(guild_program_start(&plan, &program, NULL), GUILD_ENOTFOUND);
	assert_int_equal(guild_run_lock_pid(&run), -1);
	assert_false(lock.is_locked);
	guild_signals_fini(&signals);
	guild_run_lock_plan_fini(&lock);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_are_told_apart),
		cmocka_unit_test(failures_have_names),
		cmocka_unit_test(kill_leaves_nothing),
		cmocka_unit_test(lock_comes_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
