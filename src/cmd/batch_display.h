/* What a batch of parallel trials shows on a terminal while it runs. Private to cmd. */
#ifndef GUILD_CMD_BATCH_DISPLAY_H
#define GUILD_CMD_BATCH_DISPLAY_H

#include "cmd.h"

#include <guild/exec.h>

/* A bar, the best so far, the time left, and a line for each trial that runs, at the bottom of the terminal; messages scroll above. */
struct guild_batch_display {
	const struct guild_ctx *ctx;
	struct guild_log log;  /* for the batch, instead of ctx->log */
	struct guild_buf text; /* what is shown */
	size_t n_lines;        /* of it on the screen; 0: nothing is shown */
	int64_t started_us, drawn_us;
	size_t n_before; /* ended when it began */
	bool is_on;
};
/* `wanted` false, or no terminal: messages pass through and nothing is shown. */
void guild_batch_display_init(struct guild_batch_display *d, const struct guild_ctx *ctx,
	bool wanted);
/* struct guild_batch_request.on_progress */
void guild_batch_display_update(void *display, const struct guild_batch_progress *p);
void guild_batch_display_fini(struct guild_batch_display *d);

#endif
