/* Commands that are programs for the user's Python: found, written to the cache, run on this terminal. */

#include "python_tool.h"

#include <stdlib.h>

enum { SIGNAL_BASE = 128 };

static int find_python(const struct guild_ctx *ctx, const char *cache, struct guild_python *python,
	struct guild_error *err)
{
	int rc = guild_python_find(ctx->environ_, ctx->cwd, cache, python, err);

	if (rc == GUILD_ENOTFOUND) {
		guild_error_hint(err,
			"activate an environment, or name the interpreter in GUILD_PYTHON_EXE");
	}
	return rc;
}

int guild_cmd_run_python_tool(struct guild_ctx *ctx, enum guild_python_tool tool,
	const struct guild_strs *words)
{
	char *cache = guild_path_join(ctx->home.path, "cache");
	struct guild_python python = {0};
	struct guild_buf command = {0};
	struct guild_error err = {0};
	char *path = NULL;
	int status = 0;
	int rc = find_python(ctx, cache, &python, &err);

	rc = rc ? rc : guild_python_tool_path(cache, tool, &path, &err);
	if (rc == 0) {
		guild_shlex_quote(&command, python.exe);
		guild_buf_putc(&command, ' ');
		guild_shlex_quote(&command, path);
		for (size_t i = 0; i < words->n; i++) {
			guild_buf_putc(&command, ' ');
			guild_shlex_quote(&command, words->v[i]);
		}
		rc = guild_cmd_run_foreground(ctx, guild_buf_cstr(&command), NULL, ctx->cwd,
			&status, &err);
	}
	guild_buf_fini(&command);
	guild_python_fini(&python);
	free(path);
	free(cache);
	if (rc != 0) {
		return guild_cmd_fail(ctx, &err);
	}
	return status >= 0 ? status : SIGNAL_BASE - status;
}
