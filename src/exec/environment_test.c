/* Variables of a run, and what of them is saved. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exec_private.h"

static const struct guild_value *yaml(struct guild_arena *a, const char *text)
{
	struct guild_value *v = NULL;
	assert_int_equal(guild_yaml_parse(a, guild_str(text), NULL, GUILD_YAML_NUMBERS, &v, NULL),
		0);
	return v;
}

static char *const base[] = {
	"_=/bin/guild", "PATH=/bin", "LOG_LEVEL=10", "FLAG_X=old", "PYTHONPATH=/a:/b", NULL};

static void makes_the_environment(void **state)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_strs env = {0};
	struct guild_run run = {.dir = "/h/runs/1", .id = "1"};
	struct guild_env_request req = {
		.base = base,
		.op = yaml(a,
			"op-cmd: {cmd-env: {FOO: 'v-${x}', B: yes, PYTHONPATH: '.:/b'}, cmd-flags: {y: {env-name: WHY}}}"),
		.flags = yaml(a, "{x: 1.5, y: [1, 2], 'a-b.c': null}"),
		.python_path = "/first",
		.gpus = "0,1",
		.op_name = "m:train",
		.home = "/h",
		.source_dest = "src",
		.cmd_dir = "/here",
		.run = &run,
	};
	assert_int_equal(guild_env_make(&req, &env, NULL), 0);
	static const char *const expected[] = {"PATH=/bin", "LOG_LEVEL=10", "FLAG_X=1.5", "WHY=1 2",
		"FLAG_A_B_C=", "FOO=v-1.5", "B=1", "PYTHONPATH=/first:.:/b",
		"CUDA_VISIBLE_DEVICES=0,1", "GUILD_OP=m:train", "GUILD_HOME=/h",
		"GUILD_SOURCECODE=src", "CMD_DIR=/here", "RUN_DIR=/h/runs/1", "RUN_ID=1"};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(expected); i++) {
		assert_true(guild_strs_has(&env, expected[i]));
	}
	assert_int_equal(env.n, GUILD_ARRAY_LEN(expected));
	guild_strs_fini(&env);
	guild_arena_free(a);
}

static void hides_gpus_and_refuses_unknown_flags(void **state)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_strs env = {0};
	struct guild_error err = {0};
	struct guild_run run = {.dir = "/r", .id = "1"};
	struct guild_env_request req = {.base = base,
		.op = yaml(a, "{}"),
		.flags = yaml(a, "{}"),
		.no_gpus = true,
		.op_name = "x",
		.home = "/h",
		.source_dest = ".",
		.cmd_dir = "/",
		.run = &run};
	assert_int_equal(guild_env_make(&req, &env, NULL), 0);
	assert_true(guild_strs_has(&env, "CUDA_VISIBLE_DEVICES="));
	guild_strs_fini(&env);
	req.op = yaml(a, "op-cmd: {cmd-env: {FOO: '${zz}'}}");
	assert_int_equal(guild_env_make(&req, &env, &err), GUILD_EINVALID);
	assert_non_null(strstr(err.text, "FOO"));
	guild_strs_fini(&env);
	static const char *const no_names[] = {
		"op-cmd: {cmd-env: {'': x}}", "op-cmd: {cmd-env: {'A=B': x}}"};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(no_names); i++) {
		req.op = yaml(a, no_names[i]);
		assert_int_equal(guild_env_make(&req, &env, &err), GUILD_EINVALID);
		guild_strs_fini(&env);
	}
	guild_arena_free(a);
}

static void saves_without_secrets(void **state)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_strs env = {0};
	static const char *const vars[] = {"A=1", "MY_TOKEN=x", "dbPassword=y", "MINE=z",
		"API_KEY=abc", "BAD=\xff.", "EMPTY="};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(vars); i++) {
		guild_strs_add(&env, vars[i]);
	}
	const struct guild_value *record = guild_env_record(a, &env, yaml(a, "[MINE]"));
	assert_true(guild_value_eq(record,
		yaml(a, "{A: '1', API_KEY: '********', BAD: \"\\uFFFD.\", EMPTY: ''}")));
	guild_strs_fini(&env);
	guild_arena_free(a);
}

static void writes_shell_exports(void **state)
{
	struct guild_strs env = {0};
	struct guild_buf out = {0};
	static const char *const vars[] = {"B=a b", "A=", "PWD=/x", "_=y", "C=it's",
		"x; reboot #=1", "BASH_FUNC_f%%=() { :; }", "1A=x"};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(vars); i++) {
		guild_strs_add(&env, vars[i]);
	}
	guild_env_shell(&env, &out);
	assert_string_equal(guild_buf_cstr(&out),
		"export A=\nexport B='a b'\nexport C='it'\"'\"'s'\n");
	guild_strs_fini(&env);
	guild_buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_the_environment),
		cmocka_unit_test(hides_gpus_and_refuses_unknown_flags),
		cmocka_unit_test(saves_without_secrets),
		cmocka_unit_test(writes_shell_exports),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
