/* What `guild merge` and `guild api merge` share. Private to cmd/. */
#ifndef GUILD_CMD_MERGE_H
#define GUILD_CMD_MERGE_H

#include "cmd.h"

/* Before the filters: '-S' is --skip-sourcecode here, not a list of statuses. */
extern const struct guild_opt guild_merge_opts[];

/* The request that the options make; borrows from all of them. */
struct guild_merge_request guild_merge_request_of(const struct guild_ctx *ctx,
	const struct guild_args *args, const struct guild_run *r);

#endif
