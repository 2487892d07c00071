/* The parts of guild compare. Private to cmd/. */
#ifndef GUILD_CMD_COMPARE_TABLE_H
#define GUILD_CMD_COMPARE_TABLE_H

#include "cmd.h"

/* The runs that words and filters mean, and the table the options ask for: one row a run, or a group with --group-by. */
int guild_compare_load(struct guild_ctx *ctx, const struct guild_args *args,
	struct guild_runs *runs, struct guild_compare_table *out, struct guild_error *err);

/* The table as a grid, which lives as long as the table (and the runs, for ids). */
struct guild_grid guild_compare_grid(const struct guild_compare_table *t);
struct guild_grid guild_compare_grid_with_ids(const struct guild_compare_table *t,
	const struct guild_runs *runs);
/* With " [marked]" after the operation of marked runs. */
struct guild_grid guild_compare_grid_for_people(const struct guild_compare_table *t,
	const struct guild_runs *runs);

/* With "started" and "stopped" as times. */
struct guild_grid guild_compare_grid_with_times(const struct guild_compare_table *t,
	const struct guild_runs *runs);

/* --tool hiplot: the table as a page that the user's own module makes; saved to HIPLOT_HTML, else opened. */
int guild_compare_hiplot(const struct guild_ctx *ctx, const struct guild_grid *g,
	struct guild_error *err);
/* --baseline and --fail-if; a run that fails is an error. */
bool guild_compare_is_gate(const struct guild_args *args);
int guild_compare_gate(struct guild_ctx *ctx, const struct guild_args *args,
	struct guild_error *err);
/* --print-scalars */
void guild_compare_print_scalars(const struct guild_ctx *ctx, const struct guild_runs *runs);

#endif
