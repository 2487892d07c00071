/* Status of runs in every state, and of locks whose process is gone, another's, or elsewhere. */
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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
	char *path = guild_path_join(run->guild_dir, name);
	assert_int_equal(guild_file_write(path, text, strlen(text), false, NULL), 0);
	free(path);
}

/* Sets the time a file was changed to `seconds` ago. */
static void age(const struct guild_run *run, const char *name, int64_t seconds)
{
	char *path = guild_path_join(run->guild_dir, name);
	struct timespec then = {.tv_sec = (time_t)(guild_now_us() / 1000000 - seconds)};
	struct timespec times[2] = {then, then};
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	free(path);
}

static void assert_status(const struct guild_run *run, enum guild_run_status expected)
{
	assert_string_equal(guild_run_status_name(guild_run_status(run, NULL)),
		guild_run_status_name(expected));
}

static void test_files(void **state)
{
	static const struct {
		const char *files; /* NAME=TEXT, blank-separated */
		enum guild_run_status status;
	} cases[] = {
		{"", GUILD_RUN_ERROR},
		{"attrs/exit_status=0", GUILD_RUN_COMPLETED},
		{"attrs/exit_status=1", GUILD_RUN_ERROR},
		{"attrs/exit_status=-15", GUILD_RUN_TERMINATED},
		{"attrs/exit_status='torn", GUILD_RUN_ERROR},
		{"PENDING= attrs/exit_status=0", GUILD_RUN_PENDING},
		{"STAGED= attrs/exit_status=0", GUILD_RUN_STAGED},
		{"PENDING= STAGED=", GUILD_RUN_PENDING},
		{"LOCK.remote=there PENDING=", GUILD_RUN_RUNNING},
		{"LOCK=4194305", GUILD_RUN_ERROR}, /* above pid_max */
		{"LOCK=nonsense", GUILD_RUN_ERROR},
		{"LOCK=4194305 attrs/exit_status=0", GUILD_RUN_COMPLETED},
	};
	struct guild_run *run = *state;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_strs files = {0};
		guild_strs_split(&files, cases[i].files, ' ');
		for (size_t j = 0; j < files.n; j++) {
			char *equals = strchr(files.v[j], '=');
			if (equals != NULL) {
				*equals = '\0';
				put(run, files.v[j], equals + 1);
			}
		}
		assert_status(run, cases[i].status);
		for (size_t j = 0; j < files.n; j++) {
			char *path = guild_path_join(run->guild_dir, files.v[j]);
			guild_file_remove(path, NULL);
			free(path);
		}
		guild_strs_fini(&files);
	}
}

static void test_remote_name(void **state)
{
	struct guild_run *run = *state;
	char *remote = NULL;
	put(run, "LOCK.remote", " far \n");
	assert_int_equal(guild_run_status(run, &remote), GUILD_RUN_RUNNING);
	assert_string_equal(remote, "far");
	free(remote);
}

static void test_names(void **state)
{
	for (int s = GUILD_RUN_RUNNING; s <= GUILD_RUN_STAGED; s++) {
		assert_int_equal(
			guild_run_status_parse(guild_run_status_name((enum guild_run_status)s)), s);
	}
	assert_int_equal(guild_run_status_parse("done"), -1);
}

static void test_own_lock(void **state)
{
	struct guild_run *run = *state;
	pid_t pid = 0;
	char *host = NULL;
	assert_int_equal(guild_run_lock(run, getpid(), NULL), 0);
	assert_int_equal(guild_run_lock_pid(run), getpid());
	assert_int_equal(guild_run_find_process(run, &pid, &host), GUILD_PROCESS_OURS);
	assert_int_equal(pid, getpid());
	assert_non_null(host);
	free(host);
	assert_status(run, GUILD_RUN_RUNNING);
	/* A run that is running again is running, whatever its former end was. */
	put(run, "attrs/exit_status", "1\n");
	assert_status(run, GUILD_RUN_RUNNING);
	assert_int_equal(guild_run_unlock(run, NULL), 0);
	assert_int_equal(guild_run_find_process(run, &pid, NULL), GUILD_PROCESS_NONE);
	assert_status(run, GUILD_RUN_ERROR);
	assert_int_equal(guild_run_unlock(run, NULL), 0);
}

/* LOCK.info as written, with one of its words replaced. */
static void replace_info_word(const struct guild_run *run, size_t word, const char *text)
{
	char *path = guild_path_join(run->guild_dir, "LOCK.info");
	struct guild_buf info = {0};
	struct guild_strs words = {0};
	assert_int_equal(guild_file_read(path, 4096, &info, NULL), 0);
	guild_strs_split(&words, info.p, ' ');
	assert_int_equal(words.n, 5);
	free(words.v[word]);
	words.v[word] = guild_strdup(text);
	char *joined = guild_strs_join(&words, " ");
	put(run, "LOCK.info", joined);
	free(joined);
	guild_strs_fini(&words);
	guild_buf_fini(&info);
	free(path);
}

static void test_reused_pid(void **state)
{
	struct guild_run *run = *state;
	pid_t pid;
	assert_int_equal(guild_run_lock(run, getpid(), NULL), 0);
	replace_info_word(run, 1, "1");
	assert_int_equal(guild_run_find_process(run, &pid, NULL), GUILD_PROCESS_NONE);
	assert_status(run, GUILD_RUN_ERROR);
}

static void test_elsewhere(void **state)
{
	static const size_t words[] = {3, 4}; /* another boot, another container */
	struct guild_run *run = *state;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(words); i++) {
		pid_t pid;
		assert_int_equal(guild_run_lock(run, getpid(), NULL), 0);
		replace_info_word(run, words[i], "other");
		assert_int_equal(guild_run_find_process(run, &pid, NULL), GUILD_PROCESS_AWAY);
		assert_status(run, GUILD_RUN_RUNNING);
		age(run, "LOCK.info", GUILD_LOCK_HEARTBEAT_S + 60);
		assert_status(run, GUILD_RUN_ERROR);
		guild_run_lock_touch(run);
		assert_status(run, GUILD_RUN_RUNNING);
		age(run, "LOCK.info", GUILD_LOCK_HEARTBEAT_S + 60);
		put(run, "output", "still here\n");
		assert_status(run, GUILD_RUN_RUNNING);
		put(run, "attrs/exit_status", "0\n");
		assert_status(run, GUILD_RUN_COMPLETED);
		guild_run_attr_remove(run, "exit_status", NULL);
		age(run, "output", GUILD_LOCK_HEARTBEAT_S + 60);
	}
}

static void test_lock_of_another_writer(void **state)
{
	struct guild_run *run = *state;
	pid_t pid;
	char *own = guild_format("%d", (int)getpid());
	put(run, "LOCK", own);
	assert_int_equal(guild_run_find_process(run, &pid, NULL), GUILD_PROCESS_MAYBE);
	assert_status(run, GUILD_RUN_RUNNING);
	put(run, "attrs/exit_status", "0\n");
	assert_status(run, GUILD_RUN_COMPLETED);
	guild_run_attr_remove(run, "exit_status", NULL);
	/* The lock is older than the process: the number was used again. */
	age(run, "LOCK", 10 * 86400);
	assert_int_equal(guild_run_find_process(run, &pid, NULL), GUILD_PROCESS_NONE);
	assert_status(run, GUILD_RUN_ERROR);
	free(own);
}

/* A shell that has started, and ends when the descriptor that is returned is closed. */
static pid_t start_shell(char *const *env, int *hold)
{
	char *const argv[] = {"sh", "-c", "echo ready; read x", NULL};
	int in[2];
	int out[2];
	pid_t child;
	char byte;
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in[0], 0);
	posix_spawn_file_actions_adddup2(&actions, out[1], 1);
	assert_int_equal(posix_spawnp(&child, "sh", &actions, NULL, argv, env), 0);
	posix_spawn_file_actions_destroy(&actions);
	close(in[0]);
	close(out[1]);
	assert_int_equal(read(out[0], &byte, 1), 1);
	close(out[0]);
	*hold = in[1];
	return child;
}

static void test_process_with_run_id(void **state)
{
	struct guild_run *run = *state;
	char *run_id = guild_format("RUN_ID=%s", run->id);
	char *const env[] = {"A=1", run_id, NULL};
	int hold;
	pid_t pid;
	pid_t child = start_shell(env, &hold);
	char *lock = guild_format("%d", (int)child);
	put(run, "LOCK", lock);
	put(run, "attrs/exit_status", "0\n");
	age(run, "LOCK", 10 * 86400);
	assert_int_equal(guild_run_find_process(run, &pid, NULL), GUILD_PROCESS_OURS);
	assert_status(run, GUILD_RUN_RUNNING);
	close(hold);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_status(run, GUILD_RUN_COMPLETED);
	free(lock);
	free(run_id);
}

/* A process writes of itself what another would write of it. */
static void test_lock_by_itself(void **state)
{
	struct guild_run *run = *state;
	struct guild_run_lock_plan plan;
	pid_t pid = 0;
	char *path = guild_path_join(run->guild_dir, "LOCK.info");
	struct guild_buf by_other = {0};
	struct guild_buf by_itself = {0};
	assert_int_equal(guild_run_lock(run, getpid(), NULL), 0);
	assert_int_equal(guild_file_read(path, 4096, &by_other, NULL), 0);
	assert_int_equal(guild_run_unlock(run, NULL), 0);
	assert_int_equal(guild_run_lock_plan(run, &plan, NULL), 0);
	guild_run_lock_self(&plan);
	assert_true(plan.is_locked);
	assert_int_equal(guild_file_read(path, 4096, &by_itself, NULL), 0);
	assert_string_equal(guild_buf_cstr(&by_itself), guild_buf_cstr(&by_other));
	assert_int_equal(guild_run_find_process(run, &pid, NULL), GUILD_PROCESS_OURS);
	assert_int_equal(pid, getpid());
	/* What a killed starter left of the start is over. */
	assert_int_equal(guild_run_set_marker(run, "PENDING", true, NULL), 0);
	assert_int_equal(guild_run_set_marker(run, "STAGED", true, NULL), 0);
	assert_status(run, GUILD_RUN_PENDING);
	guild_run_settle_start(run);
	assert_status(run, GUILD_RUN_RUNNING);
	guild_run_unlock_self(&plan);
	assert_false(plan.is_locked);
	assert_int_equal(guild_run_find_process(run, &pid, NULL), GUILD_PROCESS_NONE);
	assert_false(guild_file_exists(path));
	assert_int_equal(guild_run_set_marker(run, "STAGED", true, NULL), 0);
	guild_run_settle_start(run);
	assert_status(run, GUILD_RUN_STAGED);
	guild_run_lock_plan_fini(&plan);
	guild_buf_fini(&by_itself);
	guild_buf_fini(&by_other);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_files, make_run, remove_run),
		cmocka_unit_test_setup_teardown(test_remote_name, make_run, remove_run),
		cmocka_unit_test(test_names),
		cmocka_unit_test_setup_teardown(test_own_lock, make_run, remove_run),
		cmocka_unit_test_setup_teardown(test_lock_by_itself, make_run, remove_run),
		cmocka_unit_test_setup_teardown(test_reused_pid, make_run, remove_run),
		cmocka_unit_test_setup_teardown(test_elsewhere, make_run, remove_run),
		cmocka_unit_test_setup_teardown(test_lock_of_another_writer, make_run, remove_run),
		cmocka_unit_test_setup_teardown(test_process_with_run_id, make_run, remove_run),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
