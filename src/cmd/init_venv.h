/* The Python side of `guild init`. Private to cmd/. */
#ifndef GUILD_CMD_INIT_VENV_H
#define GUILD_CMD_INIT_VENV_H

#include "cmd.h"

/* Makes (or completes) a Python environment in `dir` as the options of `guild init` say: with the user's own Python, its venv
 * module and pip. */
int guild_init_venv(struct guild_ctx *ctx, const struct guild_args *args, const char *dir,
	struct guild_error *err);

#endif
