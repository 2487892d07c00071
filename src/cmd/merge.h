/* What `guild merge` and `guild api merge` share. Private to cmd/. */
#ifndef GUILD_CMD_MERGE_H
#define GUILD_CMD_MERGE_H

#include "cmd.h"

/* Before the filters: '-S' is --skip-sourcecode here, not a list of statuses. */
extern const struct guild_opt guild_merge_opts[];

/* What the parts of a file are called, and why it is not copied. */
struct guild_merge_keys {
	const char *type, *run_path, *target_path;
	const char *(*reason_text)(enum guild_merge_reason reason);
};
/* The files that are copied, or those that are not. */
struct guild_value *guild_merge_files_json(struct guild_arena *a,
	const struct guild_merge_plan *plan, bool copied, const struct guild_merge_keys *keys);

/* The request that the options make; borrows from all of them. */
struct guild_merge_request guild_merge_request_of(const struct guild_ctx *ctx,
	const struct guild_args *args, const struct guild_run *r);

#endif
