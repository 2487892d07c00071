/* What the files of this room share. */
#ifndef GUILD_STORE_PRIVATE_H
#define GUILD_STORE_PRIVATE_H

#include "guild/store.h"

void guild_runs_add(struct guild_runs *runs, struct guild_run run); /* takes over */
/* started, else initialized; INT64_MIN when neither is known. A damaged attribute is a warning to `log` (may be NULL). */
int64_t guild_run_started(const struct guild_run *r, const struct guild_log *log);

/* A filter ready for use: time range and regular expressions are read once. */
struct guild_filter_plan;
int guild_filter_plan_new(const struct guild_run_filter *filter, struct guild_filter_plan **out,
	struct guild_error *err);
void guild_filter_plan_free(struct guild_filter_plan *p);
/* Whether the run passes; what costs most is read last. `timestamp` as guild_run_started. */
bool guild_filter_plan_passes(const struct guild_filter_plan *p, const struct guild_run *r,
	int64_t timestamp);
/* "[PKG/][MODEL:]OP" against a displayed operation: parts must be equal, '*' globs, a missing part matches anything. */
bool guild_operation_matches(const char *wanted, const char *displayed);

/* Order of two defined values: numbers by value and before everything else, the rest as text. */
int guild_col_values_cmp(const struct guild_value *a, const struct guild_value *b);
/* Whether a value takes part in sorting: defined, and not NaN. */
bool guild_col_value_sorts(const struct guild_value *v);

#endif
