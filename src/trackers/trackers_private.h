/* What the importers share: one run of another tool, filled by its source and written by import_write.c. */
#ifndef GUILD_TRACKERS_PRIVATE_H
#define GUILD_TRACKERS_PRIVATE_H

#include "guild/flags.h"
#include "guild/trackers.h"

/* No time known. */
#define IMPORT_NO_TIME INT64_MIN

enum {
	IMPORT_TEXT_MAX = 64 << 20,   /* bytes of one configuration, parameter or description */
	IMPORT_DEPTH_MAX = 64,        /* folders below an artifact folder */
	IMPORT_SPOOL_BYTES = 4 << 20, /* of metrics in memory */
};

/* One import going on. */
struct import {
	const struct guild_import_request *req;
	const struct guild_log *log;
	struct guild_import_summary sum;
	char *root; /* the store: an absolute path, links resolved */
	char *staging; /* folder of runs in the making, on the file system of runs_dir; NULL: not made yet */
	struct guild_map taken; /* ids of this import, to tell repeated ones */
};

struct import_file {
	const char *from; /* NULL: `text` */
	const char *to;   /* relative to the run */
	struct guild_str text;
	int64_t size;
};

/* Metrics of one folder of the run: an event file. */
struct import_events {
	const char *dir; /* relative to the run */
	struct guild_buf bytes;
	double first_wall;
	bool is_spooled;
};

struct import_run {
	struct import *imp;
	struct guild_arena *a;
	const char *key; /* the store's name of it */
	char id[GUILD_RUN_ID_LEN + 1];
	const char *model, *op, *label, *host, *user;
	struct guild_value *flags, *tags, *comments, *cmd; /* dict, list, list, list or NULL */
	struct guild_value *attrs;                         /* further attributes: dict */
	struct guild_value *about;                         /* attribute `imported`: dict */
	struct guild_value *texts;                         /* of flags, as they were: dict */
	int64_t started_us, stopped_us;
	bool has_exit_status;
	int exit_status;
	bool is_deleted;
	struct import_events *events;
	size_t n_events, cap_events;
	struct guild_digest *values;           /* over all metrics */
	struct guild_buf output, output_index; /* what the program printed */
	uint64_t n_values;
	struct import_file *files;
	size_t n_files, cap_files;
	uint64_t n_left_out;
	int failure; /* of spooling: the disk */
	struct guild_error error;
};

/* A source of runs. */
struct import_source {
	const char *kind;
	const char *what; /* "an MLflow store" */
	/* Says whether imp->root is such a store, and how many runs it has where a look at folders tells. */
	int (*count)(struct import *imp, size_t *n, struct guild_error *err);
	int (*import)(struct import *imp, struct guild_error *err);
};
extern const struct import_source guild_import_aim, guild_import_csv, guild_import_dvc,
	guild_import_mlflow, guild_import_sacred, guild_import_tensorboard, guild_import_wandb;

/* ---- building one run ---------------------------------------------------------------------------------- */

/* `key` tells the run in its store, for good: the id follows from it. */
struct import_run *guild_import_run_new(struct import *imp, const char *key);
void guild_import_run_free(struct import_run *r);
/* Checks, writes and reports it, and frees it. Non-zero ends the import. */
int guild_import_run_end(struct import_run *r, struct guild_error *err);
/* Reports it as damaged, and frees it. `r` may be NULL: then `key` names what was damaged. */
int guild_import_run_damaged(struct import *imp, struct import_run *r, const char *key,
	const struct guild_error *why, struct guild_error *err);

/* A parameter that the tool keeps as text: the flag is what the text says, the text itself is kept where that loses something. */
void guild_import_flag_text(struct import_run *r, const char *name, struct guild_str text);
/* A parameter with a type; of nested mappings each leaf is a flag "a.b". */
void guild_import_flag_value(struct import_run *r, const char *name, const struct guild_value *v);
/* All of a configuration; it is kept whole, too, where it is nested. */
void guild_import_config(struct import_run *r, const struct guild_value *config);
/* `dir` NULL: beside the run's own scalars. wall_time in seconds, 0: not known. */
void guild_import_metric(struct import_run *r, const char *dir, struct guild_str tag, int64_t step,
	double wall_time, double value);
void guild_import_tag(struct import_run *r, const char *tag);
void guild_import_comment(struct import_run *r, const char *body);
/* Something of the store that has no place in a run of ours: part of attribute `imported`. */
void guild_import_about(struct import_run *r, const char *name, struct guild_value *v);
void guild_import_about_text(struct import_run *r, const char *name, const char *text);
/* Exit status by one of the words the tools use; unknown ones leave it open. */
void guild_import_status(struct import_run *r, const char *word);

/* What the program printed; time_us may be IMPORT_NO_TIME. */
void guild_import_output(struct import_run *r, struct guild_str text, int64_t time_us,
	bool is_stderr);
/* A file that comes into the run as `to`; what would leave the run or lie in .guild is left out with a warning. */
void guild_import_file(struct import_run *r, const char *from, const char *to);
void guild_import_text(struct import_run *r, const char *to, struct guild_str text);
/* All files below `from`; links out of the store are followed only with `any_links`. Missing: nothing. */
void guild_import_tree(struct import_run *r, const char *from, const char *to, bool any_links);

/* ---- import_write.c -------------------------------------------------------------------------------------- */

/* Writes metrics to the staging folder, when they become many. */
int guild_import_spool(struct import_run *r, struct import_events *e, struct guild_error *err);
/* Makes the run below runs_dir (or the trash); `replace`: the one that is there goes to the trash. */
int guild_import_write(struct import_run *r, const struct guild_value *attrs, bool replace,
	struct guild_error *err);
void guild_import_unstage(struct import_run *r); /* removes what there is of a run in the making */
void guild_import_clean(struct import *imp);     /* removes the staging folder */
void guild_import_clean_stale(struct import *imp); /* removes those that killed imports left */

/* ---- helpers ---------------------------------------------------------------------------------------------- */

/* ISO 8601 ("2026-11-30T19:14:22.201074", "… 19:14", "Z" or an offset; without one UTC) or a count of seconds, milliseconds or
 * microseconds since the epoch. */
bool guild_import_parse_time(struct guild_str text, int64_t *us);
/* The path of a file:// URI or of a path, percent-escapes resolved; NULL: another scheme. Caller frees. */
char *guild_import_uri_path(const char *uri, const char *base);
bool guild_import_is_json_number(const struct guild_value *v, double *out);

#endif
