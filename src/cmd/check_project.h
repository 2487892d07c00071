/* guild check --strict. Private to cmd/. */
#ifndef GUILD_CMD_CHECK_PROJECT_H
#define GUILD_CMD_CHECK_PROJECT_H

#include "cmd.h"

/* Prints what is wrong in the project files of ctx->cwd; the exit code. */
int guild_cmd_check_project(struct guild_ctx *ctx, bool json);

#endif
