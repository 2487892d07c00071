/* What `guild runs info` shows. Private to cmd/. */
#ifndef GUILD_CMD_RUN_INFO_H
#define GUILD_CMD_RUN_INFO_H

#include "cmd.h"

enum guild_info_parts {
	GUILD_INFO_COMMENTS = 1,
	GUILD_INFO_ENV = 2,
	GUILD_INFO_DEPS = 4,
	GUILD_INFO_MANIFEST = 8,
	GUILD_INFO_PLUGINS = 16,
	GUILD_INFO_ALL_SCALARS = 32,
	GUILD_INFO_CHECKPOINTS = 64,
	GUILD_INFO_PRIVATE = 128,
};

/* Everything asked for, in the order it is shown, as a dict in ctx->arena. What is damaged is said to ctx->log and left out. */
struct guild_value *guild_run_info(const struct guild_ctx *ctx, const struct guild_run *r,
	unsigned parts);
/* The dict of guild_run_info as text. */
void guild_run_info_text(struct guild_buf *out, const struct guild_value *info);

/* A checkpoint as programs get it: path, framework, step or null, size, mtime (microseconds). */
struct guild_value *guild_checkpoint_json(struct guild_arena *a, const struct guild_checkpoint *c);

#endif
