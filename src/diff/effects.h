/* Runs as rows of flags and metrics. Private to diff/. */
#ifndef GUILD_DIFF_EFFECTS_H
#define GUILD_DIFF_EFFECTS_H

#include "statistics.h"

struct guild_flag_column {
	const char *name;
	const struct guild_value **values; /* by run; NULL: not set */
	const struct guild_value *
		*labels; /* distinct values: numbers by size, then texts; not set last */
	size_t n_labels;
	size_t *label_of; /* by run */
	bool is_numeric;  /* all that are set are numbers */
	bool has_unset;   /* the last label */
};
struct guild_metric_column {
	const char *name;
	double *values; /* by run; NAN: it has none that counts */
};
struct guild_effects_data {
	struct guild_arena *a;
	size_t n;                        /* runs */
	struct guild_flag_column *flags; /* those that vary */
	size_t n_flags;
	struct guild_metric_column *metrics; /* those that vary */
	size_t n_metrics;
	size_t n_not_finite, n_operations, n_sourcecodes;
};
void guild_effects_data_read(struct guild_arena *a, const struct guild_runs *runs,
	const struct guild_effects_request *req, struct guild_effects_data *out,
	const struct guild_log *log);

/* Fills what is known of e from runs that differ in one flag only. */
void guild_effects_match(const struct guild_effects_data *d, size_t flag, size_t metric,
	const struct guild_stat_permutations *by, struct guild_effect *e);

#endif
