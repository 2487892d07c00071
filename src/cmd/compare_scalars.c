/* guild compare --print-scalars: all scalars of each run. */

#include <stdlib.h>

#include "compare_table.h"

void guild_compare_print_scalars(const struct guild_ctx *ctx, const struct guild_runs *runs)
{
	for (size_t i = 0; i < runs->n; i++) {
		struct guild_run_data *data = guild_run_data_new(&runs->v[i], &ctx->log);
		const struct guild_scalars *scalars = guild_run_data_scalars(data);
		char *operation = guild_run_display_name(&runs->v[i]);

		printf("[%.*s] %s\n", GUILD_RUN_SHORT_LEN, runs->v[i].id, operation);
		for (size_t j = 0; j < scalars->n; j++) {
			struct guild_buf key = {0};

			guild_scalar_key(&scalars->v[j], &key);
			printf("  %s: %.6f (step %lld)\n", guild_buf_cstr(&key), scalars->v[j].last,
				(long long)scalars->v[j].last_step);
			guild_buf_fini(&key);
		}
		free(operation);
		guild_run_data_free(data);
	}
}
