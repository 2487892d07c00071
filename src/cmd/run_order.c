/* Runs in the order of --sort, no more than --limit of them. */

#include <stdlib.h>

#include "cmd.h"

int guild_cmd_order_runs(const struct guild_ctx *ctx, const struct guild_args *args,
	struct guild_runs *runs, struct guild_error *err)
{
	size_t limit = (size_t)guild_args_int(args, "limit", 0);
	struct guild_sort *sort = NULL;
	int rc = guild_cmd_sort(ctx, args, &sort, err);

	if (rc != 0) {
		return rc;
	}
	if (sort) {
		size_t *order = guild_sort_runs(sort, runs, &ctx->log);
		struct guild_run *sorted = guild_alloc((runs->n + 1) * sizeof(*sorted));

		for (size_t i = 0; i < runs->n; i++) {
			sorted[i] = runs->v[order[i]];
		}
		free(runs->v);
		free(order);
		runs->v = sorted;
		runs->cap = runs->n + 1;
		guild_sort_free(sort);
	}
	while (limit > 0 && runs->n > limit) {
		guild_run_fini(&runs->v[--runs->n]);
	}
	return 0;
}
