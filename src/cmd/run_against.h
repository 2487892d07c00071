/* What differs between two runs, as `guild runs info --against` shows it. Private to cmd/. */
#ifndef GUILD_CMD_RUN_AGAINST_H
#define GUILD_CMD_RUN_AGAINST_H

#include "cmd.h"

/* Prints what `r` has otherwise than the run that `other` means (an index or id), of the parts of guild_run_info that are wanted and of what
 * shaped the runs. */
int guild_run_print_against(struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_run *r, const char *other, unsigned parts, struct guild_error *err);

#endif
