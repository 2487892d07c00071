/* `guild export --to KIND PATH`: runs as another tool's store. Private to cmd/. */
#ifndef GUILD_CMD_EXPORT_TO_H
#define GUILD_CMD_EXPORT_TO_H

#include "cmd.h"

extern const struct guild_opt guild_export_to_opts[]; /* --to */
/* Exports the runs to words[0]; --replace, --skip-differing, --json and --yes are those of the command. Returns the exit code. */
int guild_cmd_export_to(struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_runs *runs);

#endif
