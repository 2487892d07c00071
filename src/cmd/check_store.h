/* guild check --store. Private to cmd/. */
#ifndef GUILD_CMD_CHECK_STORE_H
#define GUILD_CMD_CHECK_STORE_H

#include "cmd.h"

int guild_cmd_check_store(struct guild_ctx *ctx, const struct guild_args *args);

#endif
