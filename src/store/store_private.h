/* What the files of this room share. */
#ifndef GUILD_STORE_PRIVATE_H
#define GUILD_STORE_PRIVATE_H

#include "guild/store.h"

void guild_runs_add(struct guild_runs *runs, struct guild_run run); /* takes over */
/* started, else initialized; INT64_MIN when neither is known. A damaged attribute is a warning to `log` (may be NULL). */
int64_t guild_run_started(const struct guild_run *r, const struct guild_log *log);

/* A filter ready for use: time range and regular expressions are read once. */
struct guild_filter_plan;
int guild_filter_plan_new(const struct guild_run_filter *filter, const struct guild_log *log,
	struct guild_filter_plan **out, struct guild_error *err);
/* What the listing taught: names that no run has, an expression that 0.9.0 reads otherwise. */
void guild_filter_plan_report(const struct guild_filter_plan *p);
void guild_filter_plan_free(struct guild_filter_plan *p);
/* What has to be known of a run before it can be said whether it passes. */
enum guild_filter_needs {
	GUILD_FILTER_NEEDS_TIME, /* its timestamp alone */
	GUILD_FILTER_NEEDS_ATTRS,
	GUILD_FILTER_MAY_NEED_SCALARS,
};
enum guild_filter_needs guild_filter_plan_needs(const struct guild_filter_plan *p);
/* Whether a run's timestamp passes (as guild_run_started), and whether the rest does; what costs most is read last. */
bool guild_filter_plan_time_passes(const struct guild_filter_plan *p, int64_t timestamp);
bool guild_filter_plan_passes(const struct guild_filter_plan *p, struct guild_run_data *d,
	int64_t timestamp);
/* The expression of a filter. */
struct guild_query_filter;
int guild_query_filter_new(const struct guild_run_filter *filter, struct guild_query_filter **out,
	struct guild_error *err);
void guild_query_filter_free(struct guild_query_filter *f);
bool guild_query_filter_passes(struct guild_query_filter *f, struct guild_run_data *d);
void guild_query_filter_report(const struct guild_query_filter *f, const struct guild_log *log);
/* "[PKG/][MODEL:]OP" against a displayed operation: parts must be equal, '*' globs, a missing part matches anything. */
bool guild_operation_matches(const char *wanted, const char *displayed);

const struct guild_run *guild_run_data_run(const struct guild_run_data *d);
enum guild_run_status guild_run_data_status(const struct guild_run_data *d);
/* Whether scalars were asked for so far. */
bool guild_run_data_has_scalars(const struct guild_run_data *d);
/* As guild_run_is_batch. */
bool guild_run_facts_is_batch(const struct guild_run *r);

/* Order of two defined values: numbers by value and before everything else, the rest as text. */
int guild_col_values_cmp(const struct guild_value *a, const struct guild_value *b);
/* Whether a value takes part in sorting: defined, and not NaN. */
bool guild_col_value_sorts(const struct guild_value *v);

/* The files of a run but those of guild, in the natural order of paths, as guild_run_document describes them. */
struct guild_value *guild_run_files(const struct guild_run *r, struct guild_arena *a,
	unsigned version);
/* The name (id) of the run beside `r` that an absolute path leads into, *rest what follows it; NULL: into none. The caller frees. */
char *guild_run_of_path(const struct guild_run *r, const char *path, const char **rest);
/* Operation of the run with that id beside `r`, or "ID (deleted)". The caller frees. */
char *guild_run_neighbour_operation(const struct guild_run *r, const char *id, bool *is_there);

/* Appends, as lines of their own, the line of an expression that holds `at`, and a caret under it. */
enum { QUERY_EXCERPT_WIDTH = 64 };
void guild_query_put_excerpt(struct guild_buf *out, struct guild_str text, size_t at);

#endif
