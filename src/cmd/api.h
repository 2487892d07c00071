/* What the commands of `guild api` share. Private to cmd/. */
#ifndef GUILD_CMD_API_H
#define GUILD_CMD_API_H

#include "cmd.h"

#include "guild/project.h"

extern const struct guild_opt guild_api_opts[]; /* -f --format */

/* Prints a document and a line end: one line, or several with --format. */
void guild_api_print(const struct guild_args *args, const struct guild_value *v);
/* One operation, its flags completed from its script; lives in ctx->arena. */
struct guild_value *guild_api_op(struct guild_ctx *ctx, struct guild_project *project,
	struct guild_op_def *op);
/* All operations of a project: models in the order of the file, operations by name. */
void guild_api_add_ops(struct guild_ctx *ctx, struct guild_project *project,
	struct guild_value *list);

#endif
