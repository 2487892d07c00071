/* Attributes op and flags of a run that anybody may have written: they give a command and an environment that can be executed and saved,
 * or one message. */
#include "fuzz.h"

#include "../src/exec/exec_private.h"

#include <stdlib.h>
#include <string.h>

static char *home;

static void remove_home(void)
{
	guild_rmtree(home, NULL);
	free(home);
}

static void check_error(int rc, const struct guild_error *err)
{
	guild_assert(rc == err->code && err->text[0]);
}

static void check_command(const struct guild_command_request *req)
{
	struct guild_error err = {0};
	struct guild_command command;
	int rc = guild_command_make(req, &command, &err);
	if (rc != 0) {
		check_error(rc, &err);
		return;
	}
	guild_assert(command.argv.n > 0 && command.argv.v[0][0]);
	guild_command_fini(&command);
}

/* Every line of ENV sets one variable, and nothing else. */
static void check_shell(const struct guild_strs *env)
{
	struct guild_buf text = {0};
	struct guild_strs words = {0};
	guild_env_shell(env, &text);
	guild_assert(guild_shlex_split(guild_buf_cstr(&text), &words, NULL) == 0);
	guild_assert(words.n % 2 == 0 && words.n / 2 <= env->n);
	for (size_t i = 0; i < words.n; i += 2) {
		size_t n = strcspn(words.v[i + 1], "=");
		guild_assert(strcmp(words.v[i], "export") == 0 && n > 0 && words.v[i + 1][n]);
		for (size_t k = 0; k < n; k++) {
			guild_assert(strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					    "_0123456789",
				words.v[i + 1][k]));
		}
	}
	guild_strs_fini(&words);
	guild_buf_fini(&text);
}

static void check_environment(const struct guild_value *op, const struct guild_value *flags)
{
	struct guild_error err = {0};
	struct guild_strs env = {0};
	struct guild_arena *a = guild_arena_new();
	int rc = guild_env_of_op(op, flags, &env, &err);
	if (rc != 0) {
		check_error(rc, &err);
	}
	for (size_t i = 0; i < env.n; i++) {
		guild_assert(strcspn(env.v[i], "=") > 0 && strchr(env.v[i], '='));
	}
	check_shell(&env);
	const struct guild_value *record =
		guild_env_record(a, &env, guild_value_get(op, "env-secrets"));
	guild_assert(record->n <= env.n);
	guild_strs_fini(&env);
	guild_arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { SIZE_MAX_HERE = 4000 };
	if (size > SIZE_MAX_HERE) {
		return 0;
	}
	if (home == NULL) {
		home = guild_tmp_dir("fuzz-op-command", NULL);
		guild_assert(home != NULL);
		atexit(remove_home);
	}
	struct guild_arena *a = guild_arena_new();
	struct guild_value *op = NULL;
	if (guild_yaml_parse(a, guild_str_n((const char *)data, size), "op", GUILD_YAML_NUMBERS,
		    &op, NULL) == 0) {
		struct guild_value *flags = guild_value_get(op, "flags");
		flags = flags && flags->type == GUILD_DICT ? flags : guild_value_dict(a);
		const struct guild_command_request req = {
			.op = op,
			.flags = flags,
			.python = "/usr/bin/python3",
			.project_dir = "/nowhere/project",
			.source_root = home,
			.source_dest = ".",
			.home = home,
		};
		check_command(&req);
		check_environment(op, flags);
	}
	guild_arena_free(a);
	return 0;
}
