/* Which program shows differences. Private to cmd/. */
#ifndef GUILD_CMD_DIFF_TOOL_H
#define GUILD_CMD_DIFF_TOOL_H

#include "cmd.h"

/* The command for a path: `option` (--cmd), else the user's configuration `diff: command:` (a command, or a mapping of file extension
 * or regular expression over it to commands, "default" for the rest). NULL: none. The caller frees. */
char *guild_diff_tool(const struct guild_ctx *ctx, const char *option, const char *path);

#endif
