/* Commands that are programs for the user's Python. Private to cmd/. */
#ifndef GUILD_CMD_PYTHON_TOOL_H
#define GUILD_CMD_PYTHON_TOOL_H

#include "cmd.h"

#include "guild/exec.h"

/* Runs the tool with `words` on this terminal; returns its exit code (128 + N after signal N). */
int guild_cmd_run_python_tool(struct guild_ctx *ctx, enum guild_python_tool tool,
	const struct guild_strs *words);

#endif
