/* One change to each of many runs, by several threads. */

#include <stdlib.h>

#include "cmd.h"

enum { BLOCK = 512, WORTH_A_THREAD = 32 };

struct changing {
	const struct guild_run *runs;
	guild_change_run_fn *change;
	const void *arg;
	int *codes;
	struct guild_error *errors; /* one for each thread: the first that it met */
	size_t *failed;             /* of each thread: the run it belongs to */
};

static void change_part(void *arg, unsigned thread, size_t from, size_t to)
{
	struct changing *c = arg;

	for (size_t i = from; i < to; i++) {
		struct guild_error err = {0};

		c->codes[i] = c->change(c->arg, &c->runs[i], &err);
		if (i < c->failed[thread] && c->codes[i] != 0) {
			c->errors[thread] = err;
			c->failed[thread] = i;
		}
	}
}

int guild_cmd_change_runs(const struct guild_ctx *ctx, const struct guild_runs *runs,
	guild_change_run_fn *change, const void *arg, struct guild_error *err)
{
	unsigned n_threads = guild_parallel_threads();
	struct guild_progress progress;
	struct changing c = {
		.change = change,
		.arg = arg,
		.codes = guild_alloc(BLOCK * sizeof(*c.codes)),
		.errors = guild_alloc(n_threads * sizeof(*c.errors)),
		.failed = guild_alloc(n_threads * sizeof(*c.failed)),
	};
	int rc = 0;

	guild_progress_start(&progress, ctx, "changing runs", (int64_t)runs->n);
	for (size_t at = 0; rc == 0 && at < runs->n; at += BLOCK) {
		size_t n = runs->n - at < BLOCK ? runs->n - at : BLOCK;
		size_t first = SIZE_MAX;

		for (unsigned i = 0; i < n_threads; i++) {
			c.failed[i] = SIZE_MAX;
		}
		c.runs = runs->v + at;
		guild_parallel(n, WORTH_A_THREAD, change_part, &c);
		for (unsigned i = 0; i < n_threads; i++) {
			if (c.failed[i] < first) {
				first = c.failed[i];
				rc = c.codes[first];
				if (err) {
					*err = c.errors[i];
				}
			}
		}
		guild_progress_add(&progress, (int64_t)n);
	}
	guild_progress_end(&progress);
	free(c.codes);
	free(c.errors);
	free(c.failed);
	return rc;
}
