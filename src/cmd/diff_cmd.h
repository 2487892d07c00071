/* The parts of guild diff. Private to cmd/. */
#ifndef GUILD_CMD_DIFF_CMD_H
#define GUILD_CMD_DIFF_CMD_H

#include <guild/diff.h>

#include "cmd.h"

struct guild_diff_cmd {
	struct guild_ctx *ctx;
	const struct guild_args *args;
	const struct guild_run *runs[2]; /* [1] is NULL where a directory takes its place */
};

/* PATH of option --path: relative, and inside the run. */
int guild_diff_check_path(const char *path, struct guild_error *err);
/* Where the run's source code came from. */
int guild_diff_working_dir(const struct guild_ctx *ctx, const struct guild_run *r, char **out,
	struct guild_error *err);

/* Gives each pair to the user's tool. */
int guild_diff_with_tool(const struct guild_diff_cmd *d, struct guild_error *err);

/* Everything is found, then shown as text or JSON; *differs says whether there is anything. */
int guild_diff_builtin(const struct guild_diff_cmd *d, bool *differs, struct guild_error *err);
/* One pair for which the user configuration names no tool: an attribute ("flags", "env", "deps", "attrs") or paths (NULL). */
int guild_diff_builtin_pair(const struct guild_diff_cmd *d, const char *what, const char *first,
	const char *second, struct guild_error *err);

#endif
