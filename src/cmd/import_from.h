/* `guild import --from KIND PATH`: runs of other trackers. Private to cmd/. */
#ifndef GUILD_CMD_IMPORT_FROM_H
#define GUILD_CMD_IMPORT_FROM_H

#include "cmd.h"

extern const struct guild_opt
	guild_import_from_opts[]; /* --from and what only makes sense with it */
/* words[0] is the store. */
int guild_cmd_import_from(struct guild_ctx *ctx, const struct guild_args *args);

#endif
