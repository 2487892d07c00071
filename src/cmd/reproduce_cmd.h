/* guild reproduce in parts. Private to cmd/. */
#ifndef GUILD_CMD_REPRODUCE_CMD_H
#define GUILD_CMD_REPRODUCE_CMD_H

#include "run_cmd.h"

/* The runs that are meant, and where what was unpacked lies. */
struct guild_reproduce_runs {
	struct guild_runs runs; /* batches and pipelines gave way to their own runs */
	char *unpacked;         /* temporary directory, or NULL */
};
int guild_reproduce_find_runs(struct guild_ctx *ctx, const struct guild_args *args,
	struct guild_reproduce_runs *out, struct guild_error *err);
void guild_reproduce_runs_fini(struct guild_reproduce_runs *r);

/* One reproduction as it is shown. */
struct guild_reproduce_report {
	const struct guild_run *run;
	const struct guild_reproduction *result;
	unsigned deciding; /* bits 1 << level */
	bool is_strict, is_preview;
	bool is_discarded; /* the new run was removed */
};
/* "reproduced", "not reproduced", "stopped", "not run". */
const char *guild_reproduce_report_verdict(const struct guild_reproduce_report *r);
void guild_reproduce_print(const struct guild_ctx *ctx, const struct guild_reproduce_report *r);
struct guild_value *guild_reproduce_json(struct guild_arena *a,
	const struct guild_reproduce_report *r);

#endif
