/* Setting up and taking down the world a command sees. Private to main.c and completion. */
#ifndef GUILD_CMD_CTX_H
#define GUILD_CMD_CTX_H

#include "cmd.h"

/* What the global options say. Borrowed. */
struct guild_globals {
	const char *cwd;  /* -C */
	const char *home; /* -H */
	bool debug;
	const char *debug_listen; /* -D, checked */
};

/* Fills the parts every command may use; no file is read. GUILD_ENOTFOUND/GUILD_EINVALID: -C or -H name no directory. */
int guild_ctx_init(struct guild_ctx *ctx, char **environ_, const struct guild_globals *globals,
	struct guild_error *err);
/* Provides what `needs` (guild_needs) names. */
int guild_ctx_provide(struct guild_ctx *ctx, unsigned needs, struct guild_error *err);
void guild_ctx_fini(struct guild_ctx *ctx);

#endif
