/* Long output through a pager, as git does. Private to cmd/. */
#ifndef GUILD_CMD_PAGER_H
#define GUILD_CMD_PAGER_H

#include "cmd.h"

#include <signal.h>
#include <sys/types.h>

struct guild_pager {
	FILE *out; /* to write to */
	pid_t pid; /* 0: there is none, out is standard output */
	struct sigaction old_pipe, old_int;
};
/* Starts PAGER (less, if there is one) on a terminal; elsewhere, or where it cannot be started, out is standard output. */
void guild_pager_start(const struct guild_ctx *ctx, bool wanted, struct guild_pager *p);
/* Waits until the user leaves it. */
void guild_pager_end(struct guild_pager *p);

#endif
