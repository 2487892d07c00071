/* Labels, tags, marks, comments; deleting, restoring and stopping runs. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "testing.h"

static const char script[] = "script:/p '' '' t.py";

static struct guild_run open_run(const struct testing_home *t, const char *id)
{
	struct guild_run run;
	char *dir = guild_path_join(t->runs, id);
	assert_int_equal(guild_run_open(dir, &run, NULL), 0);
	free(dir);
	return run;
}

static struct guild_run new_run(const struct testing_home *t)
{
	testing_run(t, "r1", script, NULL);
	return open_run(t, "r1");
}

/* Text of an attribute's value, "-" where there is none; the caller frees. */
static char *attr_text(const struct guild_run *run, const char *name)
{
	struct guild_arena *a = guild_arena_new();
	const struct guild_value *value = guild_run_attr(run, a, name);
	struct guild_buf text = {0};
	if (value != NULL) {
		guild_value_py_str(&text, value);
	} else {
		guild_buf_putc(&text, '-');
	}
	guild_arena_free(a);
	return guild_buf_take(&text);
}

static void assert_attr(const struct guild_run *run, const char *name, const char *expected)
{
	char *text = attr_text(run, name);
	assert_string_equal(text, expected);
	free(text);
}

static void test_label(void **state)
{
	struct guild_run run = new_run(*state);
	assert_int_equal(guild_store_set_label(&run, "  two words \n", NULL), 0);
	assert_attr(&run, "label", "two words");
	assert_int_equal(guild_store_set_label(&run, "  ", NULL), 0);
	assert_attr(&run, "label", "-");
	assert_int_equal(guild_store_set_label(&run, NULL, NULL), 0);
	guild_run_fini(&run);
}

static struct guild_strs words(const char *text)
{
	struct guild_strs list = {0};
	if (text != NULL) {
		guild_strs_split(&list, text, ' ');
	}
	return list;
}

static void test_tags(void **state)
{
	static const struct {
		const char *tags, *label; /* before */
		const char *add, *remove;
		bool clear, sync;
		const char *tags_after, *label_after;
	} cases[] = {
		{NULL, NULL, "b a", NULL, false, false, "['a', 'b']", "-"},
		{"- a\n", "x", "a b", NULL, false, false, "['a', 'b']", "x"},
		{"- one\n- two\n", "first run", "new one", "two", false, true, "['new', 'one']",
			"new one first run"},
		{"- new\n- one\n", "new one first", "new", NULL, false, true, "['new', 'one']",
			"new one first"},
		{"- a\n- one\n", "one first run", NULL, "one x run", false, true, "['a']", "first"},
		{"- a\n- b\n", "a first", NULL, NULL, true, false, "[]", "a first"},
		{"- a\n- b\n", "a first", NULL, NULL, true, true, "[]", "first"},
		{"- 1\n- 2\n", "l", "3", "1", false, false, "['2', '3']", "l"},
		{"- a\n", "a", NULL, "a", false, true, "[]", "-"},
	};
	struct testing_home *t = *state;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_run run = new_run(t);
		guild_run_attr_remove(&run, "tags", NULL);
		guild_store_set_label(&run, cases[i].label, NULL);
		if (cases[i].tags != NULL) {
			testing_put(run.guild_dir, "attrs/tags", cases[i].tags);
		}
		struct guild_strs add = words(cases[i].add);
		struct guild_strs remove = words(cases[i].remove);
		assert_int_equal(guild_store_edit_tags(&run, &add, &remove, cases[i].clear,
					 cases[i].sync, NULL),
			0);
		assert_attr(&run, "tags", cases[i].tags_after);
		assert_attr(&run, "label", cases[i].label_after);
		guild_strs_fini(&remove);
		guild_strs_fini(&add);
		guild_run_fini(&run);
	}
}

static void test_torn_attributes_are_kept(void **state)
{
	struct guild_run run = new_run(*state);
	struct guild_strs add = words("x");
	struct guild_strs none = {0};
	testing_put(run.guild_dir, "attrs/tags", "- a\n- [b");
	testing_put(run.guild_dir, "attrs/comments", "just text\n");
	assert_int_equal(guild_store_edit_tags(&run, &add, &none, false, false, NULL),
		GUILD_EINVALID);
	assert_int_equal(guild_store_add_comment(&run, "b", "u", "h", NULL), GUILD_EINVALID);
	assert_attr(&run, "comments", "just text");
	guild_strs_fini(&add);
	guild_run_fini(&run);
}

static void test_mark(void **state)
{
	struct guild_run run = new_run(*state);
	assert_int_equal(guild_store_set_marked(&run, true, NULL), 0);
	assert_attr(&run, "marked", "True");
	assert_int_equal(guild_store_set_marked(&run, false, NULL), 0);
	assert_int_equal(guild_store_set_marked(&run, false, NULL), 0);
	assert_attr(&run, "marked", "-");
	guild_run_fini(&run);
}

static const char *body(const struct guild_run *run, struct guild_arena *a, size_t i, size_t n)
{
	const struct guild_value *comments = guild_run_attr(run, a, "comments");
	assert_int_equal(comments->n, n);
	return guild_value_text(guild_value_get(comments->items[i], "body"));
}

static void test_comments(void **state)
{
	struct guild_run run = new_run(*state);
	struct guild_arena *a = guild_arena_new();
	struct guild_error err = {0};
	assert_int_equal(guild_store_delete_comment(&run, 1, &err), GUILD_ENOTFOUND);
	assert_int_equal(guild_store_add_comment(&run, "one\ntwo", "me", "here", NULL), 0);
	assert_int_equal(guild_store_add_comment(&run, "three", "me", "here", NULL), 0);
	assert_string_equal(body(&run, a, 0, 2), "one\ntwo");
	const struct guild_value *comments = guild_run_attr(&run, a, "comments");
	assert_true(guild_value_get(comments->items[0], "time")->i <
		    guild_value_get(comments->items[1], "time")->i);
	assert_string_equal(guild_value_text(guild_value_get(comments->items[0], "user")), "me");
	assert_string_equal(guild_value_text(guild_value_get(comments->items[0], "host")), "here");
	assert_int_equal(guild_store_delete_comment(&run, 0, &err), GUILD_ENOTFOUND);
	assert_int_equal(guild_store_delete_comment(&run, 3, &err), GUILD_ENOTFOUND);
	assert_string_equal(err.text, "run r1 has no comment 3");
	assert_int_equal(guild_store_delete_comment(&run, -1, &err), GUILD_ENOTFOUND);
	assert_int_equal(guild_store_delete_comment(&run, 1, &err), 0);
	assert_string_equal(body(&run, a, 0, 1), "three");
	assert_int_equal(guild_store_clear_comments(&run, &err), 0);
	assert_attr(&run, "comments", "-");
	guild_arena_free(a);
	guild_run_fini(&run);
}

static char *trash_dir(const struct testing_home *t)
{
	return guild_home_runs_dir(&t->home, true);
}

static struct guild_run open_trashed(const struct testing_home *t, const char *id)
{
	char *trash = trash_dir(t);
	char *dir = guild_path_join(trash, id);
	struct guild_run run;
	assert_int_equal(guild_run_open(dir, &run, NULL), 0);
	free(dir);
	free(trash);
	return run;
}

static void test_delete_and_restore(void **state)
{
	struct testing_home *t = *state;
	struct guild_run run = new_run(t);
	assert_int_equal(guild_store_delete(&t->home, &run, false, NULL, NULL), 0);
	assert_false(guild_file_exists(run.dir));
	assert_int_equal(guild_store_delete(&t->home, &run, false, NULL, NULL), GUILD_ENOTFOUND);
	assert_int_equal(guild_store_delete(&t->home, &run, true, NULL, NULL), GUILD_ENOTFOUND);
	struct guild_run trashed = open_trashed(t, "r1");
	assert_int_equal(guild_store_restore(&t->home, &trashed, NULL, NULL), 0);
	assert_true(guild_run_is_run(run.dir));
	assert_false(guild_file_exists(trashed.dir));
	guild_run_fini(&trashed);
	guild_run_fini(&run);
}

static void test_existing_target_is_kept(void **state)
{
	struct testing_home *t = *state;
	struct testing_log said = {0};
	struct guild_log log = {testing_emit, &said};
	struct guild_run run = new_run(t);
	assert_int_equal(guild_store_delete(&t->home, &run, false, &log, NULL), 0);
	guild_run_fini(&run);
	run = new_run(t);
	testing_put(run.dir, "second", "");
	assert_int_equal(said.n, 0);
	assert_int_equal(guild_store_delete(&t->home, &run, false, &log, NULL), 0);
	assert_int_equal(said.n, 1);
	char *trash = trash_dir(t);
	struct guild_strs names = {0};
	assert_int_equal(guild_dir_list(trash, &names, NULL), 0);
	assert_int_equal(names.n, 2);
	assert_string_equal(names.v[0], "r1");
	assert_int_equal(strlen(names.v[1]), strlen("r1_xxxxxxxx"));
	char *second = guild_path_join(trash, "r1/second");
	assert_true(guild_file_exists(second));
	free(second);
	guild_strs_fini(&names);
	free(trash);
	guild_run_fini(&run);
}

static void test_purge(void **state)
{
	struct testing_home *t = *state;
	struct guild_run run = new_run(t);
	assert_int_equal(guild_store_delete(&t->home, &run, false, NULL, NULL), 0);
	struct guild_run trashed = open_trashed(t, "r1");
	assert_int_equal(guild_store_delete(&t->home, &trashed, true, NULL, NULL), 0);
	char *trash = trash_dir(t);
	struct guild_strs names = {0};
	assert_int_equal(guild_dir_list(trash, &names, NULL), 0);
	assert_int_equal(names.n, 0);
	guild_strs_fini(&names);
	free(trash);
	guild_run_fini(&trashed);
	guild_run_fini(&run);
}

/* ---- stopping ------------------------------------------------------------------------------------ */

/* Starts a shell script that says a line when it is ready. */
static pid_t start(const char *text, int *out)
{
	char *const argv[] = {"sh", "-c", (char *)(uintptr_t)text, NULL};
	int pipe_fds[2];
	pid_t child;
	char byte;
	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], 1);
	assert_int_equal(posix_spawnp(&child, "sh", &actions, NULL, argv, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	close(pipe_fds[1]);
	assert_int_equal(read(pipe_fds[0], &byte, 1), 1);
	*out = pipe_fds[0];
	return child;
}

static void test_stop(void **state)
{
	struct testing_home *t = *state;
	struct testing_log said = {0};
	struct guild_log log = {testing_emit, &said};
	struct guild_run run = new_run(t);
	assert_int_equal(guild_store_stop(&run, 1000, &log, NULL), 0);
	assert_int_equal(said.n, 0);
	int out;
	int status;
	char byte;
	pid_t child = start("sleep 60 & echo; wait", &out);
	assert_int_equal(guild_run_lock(&run, child, NULL), 0);
	/* The shell ends at once; its child is told when the time is over. */
	assert_int_equal(guild_store_stop(&run, 1000, &log, NULL), 0);
	assert_int_equal(said.n, 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGTERM);
	/* End of file: the sleep that held the pipe is gone, too. */
	assert_int_equal(read(out, &byte, 1), 0);
	close(out);
	guild_run_fini(&run);
}

static void test_stop_stubborn(void **state)
{
	struct testing_home *t = *state;
	struct guild_run run = new_run(t);
	int out;
	int status;
	pid_t child = start("trap '' TERM; echo; while :; do read x < /dev/zero; done", &out);
	assert_int_equal(guild_run_lock(&run, child, NULL), 0);
	assert_int_equal(guild_store_stop(&run, 0, NULL, NULL), 0);
	assert_int_equal(waitpid(child, &status, WNOHANG), 0);
	assert_int_equal(guild_store_stop(&run, 10, NULL, NULL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WTERMSIG(status), SIGKILL);
	close(out);
	guild_run_fini(&run);
}

static void test_stop_elsewhere(void **state)
{
	struct testing_home *t = *state;
	struct guild_error err = {0};
	struct guild_run run = new_run(t);
	testing_put(run.guild_dir, "LOCK", "1");
	testing_put(run.guild_dir, "LOCK.info", "1 1 far-host other-boot other-space\n");
	assert_int_equal(guild_store_stop(&run, 10, NULL, &err), GUILD_EUNSUPPORTED);
	assert_non_null(strstr(err.text, "far-host"));
	testing_put(run.guild_dir, "LOCK.remote", "cluster\n");
	assert_int_equal(guild_store_stop(&run, 10, NULL, &err), GUILD_EUNSUPPORTED);
	assert_non_null(strstr(err.text, "'cluster'"));
	guild_run_fini(&run);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, testing_setup, testing_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_label),
		CASE(test_tags),
		CASE(test_torn_attributes_are_kept),
		CASE(test_mark),
		CASE(test_comments),
		CASE(test_delete_and_restore),
		CASE(test_existing_target_is_kept),
		CASE(test_purge),
		CASE(test_stop),
		CASE(test_stop_stubborn),
		CASE(test_stop_elsewhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
