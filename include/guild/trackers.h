/*
 * The stores of other experiment trackers: reading them as runs, writing runs as theirs. Knows store, flags.
 * What becomes what is in docs/guide/importing.md.
 */
#ifndef GUILD_TRACKERS_H
#define GUILD_TRACKERS_H

#include <guild/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- import ------------------------------------------------------------------------------------------------ */

/* The kinds that can be read and written, NULL-terminated, sorted. */
extern const char *const guild_import_kinds[];
extern const char *const guild_export_kinds[];

/* What became of one run of the other store. */
enum guild_import_state {
	GUILD_IMPORT_NEW,     /* is a run now (or would be, with `preview`) */
	GUILD_IMPORT_SAME,    /* was imported before and has not changed since */
	GUILD_IMPORT_CHANGED, /* replaced what was imported before (`replace`) */
	GUILD_IMPORT_DIFFERS, /* another run has its id, or it has changed since it was imported: left as it is */
	GUILD_IMPORT_TRASHED, /* was imported before and is in the trash: left there */
	GUILD_IMPORT_DELETED, /* deleted in the other store, and left out */
	GUILD_IMPORT_DAMAGED, /* cannot be read: left out */
};
enum { GUILD_IMPORT_STATES = GUILD_IMPORT_DAMAGED + 1 };
const char *guild_import_state_name(enum guild_import_state s); /* "new", "same", "changed", … */

struct guild_imported {
	enum guild_import_state state;
	const char *run_id;    /* NULL where it could not be read */
	const char *source_id; /* the other store's name of it */
	const char *operation, *label;
	const char *why;     /* DIFFERS, DAMAGED: one line; else NULL */
	int64_t started_us;  /* INT64_MIN: not known */
	uint64_t n_values;   /* metric values */
	uint64_t n_files;    /* artifacts */
	uint64_t n_left_out; /* files that were not taken (a link that leads away, a socket) */
};
/* Called for each run in turn; the strings live during the call. Non-zero stops the import: GUILD_ECANCELLED. */
typedef int guild_imported_fn(void *arg, const struct guild_imported *run);

/* Columns of CSV files; lists of names. A name that is listed nowhere is taken by its prefix ("flag:", "metric:"), by well-known
 * names (id, operation, label, tags, started, stopped, status, exit_status, user, host, step, wall_time), else for a flag. */
struct guild_csv_columns {
	const char *id, *step, *time; /* or NULL */
	struct guild_strs flags, metrics, ignored;
};

struct guild_import_request {
	const char *kind;     /* one of guild_import_kinds */
	const char *path;     /* file, folder, or "sqlite:///PATH" (mlflow) */
	const char *runs_dir; /* of the Guild home */
	const char *trash_dir;
	const char *operation; /* name for all runs, or NULL: as the store says */
	bool preview;          /* reads everything, writes nothing */
	bool include_deleted;  /* runs the other tool counts as deleted come, into the trash */
	bool replace;          /* an imported run that differs now goes to the trash first */
	const char *python;    /* interpreter that knows aim; NULL: python3 on PATH */
	const char *dvc;       /* the user's dvc; NULL: dvc on PATH */
	char *const *environ_; /* for these */
	const char *cwd;       /* what relative paths start from, or NULL */
	struct guild_csv_columns csv;
	guild_imported_fn *on_run; /* or NULL */
	void *arg;
};
struct guild_import_summary {
	size_t n[GUILD_IMPORT_STATES]; /* runs by state */
	uint64_t n_values, n_files, n_left_out;
};
/* How many runs the store has, as far as a look at its folders tells; 0 when that is not cheap. GUILD_ENOTFOUND: no such path;
 * GUILD_EINVALID: it is no store of that kind (the message says what was looked for). */
int guild_import_count(const struct guild_import_request *req, size_t *n, struct guild_error *err);
/* Makes a run of each run of the store. Each appears by one rename when it is complete; what was imported before is told by its
 * id, which follows from the source, so that an import can be repeated and goes on where it was interrupted. A run that cannot be read
 * is reported and left out; an error is only what ends the whole import (no store, a full disk, cancelled). */
int guild_import(const struct guild_import_request *req, struct guild_import_summary *out,
	const struct guild_log *log, struct guild_error *err);

/* ---- export ------------------------------------------------------------------------------------------------ */

struct guild_exported {
	const struct guild_run *run;
	bool is_new; /* false: it was there, and is the same (or was left, with `keep_differing`) */
	const char *place; /* folder or file it is in now, relative to the path asked for */
	uint64_t n_values, n_files, n_left_out;
};
typedef int guild_exported_fn(void *arg, const struct guild_exported *run);

struct guild_export_request {
	const char *kind; /* one of guild_export_kinds */
	const char
		*path; /* a folder, which is made; csv and parquet: also a file, of one row a run */
	const struct guild_runs *runs;
	bool replace; /* what is there and differs is replaced; else nothing is written and GUILD_EEXISTS returned */
	bool keep_differing;       /* it is left as it is */
	guild_exported_fn *on_run; /* or NULL */
	void *arg;
};
struct guild_export_summary {
	size_t n_new, n_same, n_kept;
	uint64_t n_values, n_files, n_left_out;
};
/* Writes runs as another tool's store: mlflow (folders of its file store), tensorboard (a log folder), csv and parquet (tables). Each
 * run, or table, appears by one rename when it is complete. GUILD_EINVALID: the kind is unknown, or there is something else at the
 * path. */
int guild_export(const struct guild_export_request *req, struct guild_export_summary *out,
	const struct guild_log *log, struct guild_error *err);

#ifdef __cplusplus
}
#endif

#endif
