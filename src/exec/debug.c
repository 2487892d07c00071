/* Python's debugger between the interpreter and the user's script: --break, --break-on-error, --debug-listen. And its profiler:
 * PROFILE=1. */

#include <stdlib.h>
#include <string.h>

#include "exec_private.h"
#include "guild/exec.h"

static bool is_python_name(const char *program)
{
	const char *name = guild_path_basename(program);
	return guild_starts(name, "python") && strspn(name + 6, "0123456789.") == strlen(name + 6);
}

/* Where the script or module stands in PYTHON [-u] SCRIPT …, PYTHON -um MODULE …; 0: it is no such command. */
static size_t find_target(const struct guild_command *c, bool *is_module)
{
	const struct guild_strs *argv = &c->argv;
	size_t at = 1;
	*is_module = false;
	if (c->is_wrapped || argv->n < 2 || !(c->is_python || is_python_name(argv->v[0]))) {
		return 0;
	}
	while (at < argv->n && strcmp(argv->v[at], "-u") == 0) {
		at++;
	}
	if (at < argv->n && (strcmp(argv->v[at], "-um") == 0 || strcmp(argv->v[at], "-m") == 0)) {
		*is_module = true;
		at++;
	}
	return at < argv->n && argv->v[at][0] != '-' ? at : 0;
}

static void add_variables(const struct guild_run_options *o, struct guild_strs *env)
{
	struct guild_buf breaks = {0};
	for (size_t i = 0; i < o->breaks.n; i++) {
		if (i > 0) {
			guild_buf_putc(&breaks, ' ');
		}
		guild_shlex_quote(&breaks, o->breaks.v[i]);
	}
	if (breaks.n > 0) {
		guild_strs_addf(env, "PDB_BREAKS=%s", breaks.p);
	}
	if (o->break_on_error) {
		guild_strs_add(env, "BREAK_ON_ERROR=1");
	}
	if (o->debug_listen) {
		guild_strs_addf(env, "GUILD_DEBUG_LISTEN=%s", o->debug_listen);
	}
	guild_buf_fini(&breaks);
}

int guild_debug_command(const struct guild_exec_world *world, const struct guild_run_options *o,
	struct guild_command *command, struct guild_error *err)
{
	struct guild_strs argv = {0};
	char *debugger = NULL;
	bool is_module;
	size_t at;
	bool debugs = o->breaks.n > 0 || o->break_on_error || o->debug_listen;
	if (!debugs && !guild_streq(guild_env_get(world->env, "PROFILE"), "1")) {
		return 0;
	}
	at = find_target(command, &is_module);
	if (at == 0) {
		if (debugs) {
			guild_log(world->log, "warning",
				"this is no Python script - ignoring --break and --break-on-error");
		}
		return 0;
	}
	char *cache = guild_path_join(world->home->path, "cache");
	int rc = guild_debugger_path(cache, &debugger, err);
	if (rc == 0) {
		guild_strs_add(&argv, command->argv.v[0]);
		guild_strs_add(&argv, "-u");
		guild_strs_add(&argv, debugger);
		if (is_module) {
			guild_strs_add(&argv, "-m");
		}
		for (size_t i = at; i < command->argv.n; i++) {
			guild_strs_add(&argv, command->argv.v[i]);
		}
		guild_strs_fini(&command->argv);
		command->argv = argv;
		add_variables(o, &command->env);
	}
	free(debugger);
	free(cache);
	return rc;
}
