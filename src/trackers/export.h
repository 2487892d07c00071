/* What the exporters share. Private to the room. */
#ifndef GUILD_TRACKERS_EXPORT_H
#define GUILD_TRACKERS_EXPORT_H

#include "guild/trackers.h"

/* One export going on. */
struct export
{
	const struct guild_export_request *req;
	const struct guild_log *log;
	struct guild_export_summary sum;
	char *root;    /* absolute */
	char *staging; /* folder of what is being made, below root */
};

struct export_target {
	const char *kind;
	int (*export)(struct export *exp, struct guild_error *err);
};
extern const struct export_target guild_export_csv, guild_export_mlflow, guild_export_parquet,
	guild_export_tensorboard;

/* What a run says, for all targets. Lives in its arena. */
struct export_run {
	const struct guild_run *run;
	struct guild_arena *a;
	const char *op, *label, *user, *host;
	enum guild_run_status status;
	const struct guild_value *flags, *tags, *comments, *cmd, *imported; /* never NULL */
	int64_t started_us, stopped_us, initialized_us;                     /* INT64_MIN: none */
	int64_t exit_status;                                                /* INT64_MIN: none */
	const char *commit;                                                 /* of git, or NULL */
	struct guild_strs event_files; /* relative to the run, in reading order */
};
void guild_export_run_read(struct export_run *x, const struct guild_run *run,
	const struct guild_log *log);
void guild_export_run_fini(struct export_run *x);
/* Every scalar as it was written; `key` is what users call it (prefix/tag where it has a prefix). */
typedef int guild_export_value_fn(void *arg, const char *key, const struct guild_event_scalar *s);
uint64_t guild_export_each_value(const struct export_run *x, guild_export_value_fn *fn, void *arg,
	const struct guild_log *log);

/* The folder of one run in the making, `name` its place below root; the caller frees. */
char *guild_export_stage(struct export *exp, const char *name, struct guild_error *err);
/* Puts it into its place, or finds the same there; reports it. */
int guild_export_place(struct export *exp, const struct export_run *x, const char *staged,
	const char *name, struct guild_exported *what, struct guild_error *err);
/* Counts a run and tells of it. */
int guild_export_report(struct export *exp, const struct guild_exported *what,
	struct guild_error *err);
int guild_export_write(const char *path, struct guild_str text, struct guild_error *err);
/* Copies the files of a run but those in .guild; links that lead out of it are left out. */
int guild_export_files(const struct export_run *x, const char *to, bool with_events,
	struct guild_exported *what, struct guild_error *err);

#endif
