/* The table in the terminal. Private to cmd/. */
#ifndef GUILD_CMD_TUI_H
#define GUILD_CMD_TUI_H

#include "cmd.h"

/* Where the rows come from. */
struct guild_tui_source {
	/* Reads them as they are now; called on another thread, with a context of its own (an arena for the call, a log into the
	 * table's messages, no terminal). */
	int (*load)(void *arg, struct guild_ctx *ctx, struct guild_runs *runs,
		struct guild_compare_table *table, struct guild_error *err);
	void *arg;
	bool are_groups;       /* a row stands for several runs */
	unsigned query_syntax; /* of filters typed (struct guild_query_options) */
};

/* Standard input and output are a terminal on which a table can be walked through. */
bool guild_tui_fits(const struct guild_ctx *ctx);
/* Shows the table until the user ends it; returns the exit code. A signal that ends it ends the process as it would without the
 * table, once the terminal is as it was. */
int guild_tui(struct guild_ctx *ctx, const struct guild_tui_source *source);

#endif
