/*
 * One run on disk: layout, attributes, manifest, status. Knows formats. Layout and bytes: docs/formats/run-directory.md.
 *
 * One process writes a run; anybody may read it at any time. Attributes are replaced by rename, so that a reader sees
 * the old or the new value, never half of one; files of other writers may be torn and are then reported as such.
 */
#ifndef GUILD_RUN_H
#define GUILD_RUN_H

#include <guild/formats.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { GUILD_RUN_ID_LEN = 32, GUILD_RUN_SHORT_LEN = 8 };

/* Where a run's operation comes from: the five words of .guild/opref. Strings are never NULL, maybe empty. */
struct guild_opref {
	char *pkg_type; /* guildfile script package builtin func import pending test */
	char *pkg_name;
	char *version;
	char *model;
	char *op;
};
void guild_opref_fini(struct guild_opref *r);
int guild_opref_parse(const char *text, struct guild_opref *out, struct guild_error *err);
void guild_opref_format(const struct guild_opref *r,
	struct guild_buf *out); /* one line, no newline */

struct guild_run_facts;
/* A run directory that was opened. Only dir, id and opref are read at once. */
struct guild_run {
	char *dir;       /* absolute */
	char *guild_dir; /* DIR/.guild */
	char *id;        /* last part of dir */
	struct guild_opref opref;
	/* What an index knew of the run when it was listed, or NULL. One block; only the store looks inside. */
	struct guild_run_facts *facts;
};

/* 32 hex digits of a random UUID 4. */
void guild_run_new_id(char out[GUILD_RUN_ID_LEN + 1]);
/* Opens an existing run. GUILD_ENOTFOUND: no .guild/opref; GUILD_EINVALID: an opref that cannot be read (dir and id are then
 * still set and the caller may list the run as damaged). Caller releases with guild_run_fini in every case. */
int guild_run_open(const char *dir, struct guild_run *out, struct guild_error *err);
void guild_run_fini(struct guild_run *r);
bool guild_run_is_run(const char *dir);
/* Makes DIR/.guild/attrs. The opref is what makes it a run: guild_run_write_opref comes last. */
int guild_run_create(const char *dir, struct guild_run *out, struct guild_error *err);
int guild_run_write_opref(struct guild_run *r, const struct guild_opref *opref, bool durable,
	struct guild_error *err);

/* ---- attributes --------------------------------------------------------------------------------- */

/* Reads one attribute: 1 and *out set; 0 when there is none; negative for a damaged file (message names it). */
int guild_run_attr_read(const struct guild_run *r, struct guild_arena *a, const char *name,
	struct guild_value **out, struct guild_error *err);
/* As above where damage counts as absent: NULL. */
struct guild_value *guild_run_attr(const struct guild_run *r, struct guild_arena *a,
	const char *name);
int64_t guild_run_attr_i64(const struct guild_run *r, const char *name, int64_t missing);
int guild_run_attr_write(const struct guild_run *r, const char *name, const struct guild_value *v,
	bool durable, struct guild_error *err);
int guild_run_attr_remove(const struct guild_run *r, const char *name, struct guild_error *err);
int guild_run_attr_names(const struct guild_run *r, struct guild_strs *out,
	struct guild_error *err); /* sorted */
/* Whether an attribute is the user's own: neither recorded by guild nor private ("_NAME"). */
bool guild_run_attr_is_custom(const char *name);
/* Strictly increasing microseconds within the process (runs.md 9). */
int64_t guild_run_timestamp(void);

/* ---- status --------------------------------------------------------------------------------------- */

enum guild_run_status {
	GUILD_RUN_RUNNING,
	GUILD_RUN_COMPLETED,
	GUILD_RUN_ERROR,
	GUILD_RUN_TERMINATED,
	GUILD_RUN_PENDING,
	GUILD_RUN_STAGED,
};
/* What the files of the run say now: LOCK.remote, PENDING and STAGED, a process known to be the run's own, exit_status, LOCK.
 * `remote`, when not NULL, gets the remote's name (caller frees) or NULL. */
enum guild_run_status guild_run_status(const struct guild_run *r, char **remote);
const char *guild_run_status_name(enum guild_run_status s);
/* The status of a name, or -1. */
int guild_run_status_parse(const char *name);
/* The process id in LOCK, or -1. Does not say that it is alive. */
pid_t guild_run_lock_pid(const struct guild_run *r);
/* `guild stop` was asked for it: the supervisor looks when the program ends, and removes it. */
#define GUILD_RUN_STOPPED "STOPPED"
int guild_run_set_marker(const struct guild_run *r, const char *name, bool on,
	struct guild_error *err); /* PENDING, STAGED, GUILD_RUN_STOPPED */
/* Whoever was killed between the start of a program and taking the markers away leaves a run that looks as if it had yet to start: takes PENDING and
 * STAGED away where the run's process lives here. For those who want to start it. */
void guild_run_settle_start(const struct guild_run *r);

/* LOCK holds the id of the run's process; beside it LOCK.info holds "PID STARTTIME HOST BOOTID PIDNS", which tells the process
 * from a later one with the same number, and from one of another machine that shares the directory. Where this machine cannot
 * see the process, the run counts as running while LOCK.info, its output or its system figures were written to within
 * GUILD_LOCK_HEARTBEAT_S seconds, so the writer touches LOCK.info every GUILD_LOCK_TOUCH_S seconds. */
enum { GUILD_LOCK_HEARTBEAT_S = 120, GUILD_LOCK_TOUCH_S = 10 };
/* Writes LOCK.info, then LOCK, for a living child of ours (or ourselves). */
int guild_run_lock(const struct guild_run *r, pid_t pid, struct guild_error *err);
/* The same by the process itself, between vfork and exec: whoever is killed meanwhile, a program that runs has its LOCK. */
struct guild_run_lock_plan {
	int dir_fd;     /* of .guild; private to the caller until fini */
	char *place;    /* what LOCK.info says after the start time */
	bool is_locked; /* the process that shares this memory has written both files */
};
/* What is to be found out before: allocates and opens. */
int guild_run_lock_plan(const struct guild_run *r, struct guild_run_lock_plan *out,
	struct guild_error *err);
/* Only calls that are safe after vfork; one that fails leaves is_locked false and no LOCK. */
void guild_run_lock_self(struct guild_run_lock_plan *p);
/* Takes it back, where the process does not become the program. */
void guild_run_unlock_self(struct guild_run_lock_plan *p);
void guild_run_lock_plan_fini(struct guild_run_lock_plan *p);
void guild_run_lock_touch(const struct guild_run *r);
/* Removes LOCK, then LOCK.info. */
int guild_run_unlock(const struct guild_run *r, struct guild_error *err);
/* Where a run's process is, for those who want to signal it. */
enum guild_run_process {
	GUILD_PROCESS_NONE, /* no LOCK, or the process is gone */
	GUILD_PROCESS_OURS, /* alive, and certainly the run's */
	GUILD_PROCESS_MAYBE, /* a process with that number is alive; nothing tells whether it is the run's */
	GUILD_PROCESS_AWAY, /* on another machine, or in another container */
};
/* `host` (may be NULL) gets the name of the machine in LOCK.info (caller frees) or NULL. */
enum guild_run_process guild_run_find_process(const struct guild_run *r, pid_t *pid, char **host);

/* A process as LOCK.info names it: "PID STARTTIME HOST BOOTID PIDNS"; the caller frees. */
char *guild_process_name(pid_t pid);
/* Where the process of such a name is: none, ours or away. `pid` and `host` (the caller frees) may be NULL. Text that is no name: none. */
enum guild_run_process guild_process_find(const char *name, pid_t *pid, char **host);

/* ---- names ------------------------------------------------------------------------------------------ */

/* "[model:]op" with batch suffixes (runs.md 3.1): what listings show as the operation. Caller frees. */
char *guild_run_display_name(const struct guild_run *r);
/* What `guild run` would take to run it again. Caller frees. */
char *guild_run_opspec(const struct guild_run *r, const char *cwd);
/* The "from" column. Caller frees. */
char *guild_run_from(const struct guild_run *r, const char *home);
/* Directory of the project the run came from, or NULL. Caller frees. */
char *guild_run_project_dir(const struct guild_run *r);
/* The command as one line: words with blanks stand in double quotes; "" when none is recorded. Caller frees. */
char *guild_run_command(const struct guild_run *r);
/* Where its source code is, relative to the run: as recorded since 0.9, ".guild/sourcecode" before, else ".". Caller frees. */
char *guild_run_sourcecode_root(const struct guild_run *r);
bool guild_run_is_batch(const struct guild_run *r); /* .guild/proto exists */

/* ---- manifest ------------------------------------------------------------------------------------------ */

struct guild_manifest_entry {
	char kind;           /* 's' source code, 'd' dependency, 'i' internal */
	const char *path;    /* relative to the run */
	const char *sha1;    /* 40 hex digits, or "-" */
	const char *source;  /* project path ('s') or URI */
	const char *subpath; /* or NULL */
};
struct guild_manifest {
	struct guild_manifest_entry *v;
	size_t n;
};
/* Lines that cannot be read are left out and counted in *n_bad (may be NULL). No manifest: empty. */
int guild_manifest_read(const struct guild_run *r, struct guild_arena *a,
	struct guild_manifest *out, size_t *n_bad, struct guild_error *err);
/* The same from text; returns the count of lines left out. */
size_t guild_manifest_parse(struct guild_arena *a, struct guild_str text,
	struct guild_manifest *out);
/* Appends one entry to a text being built. */
void guild_manifest_format(struct guild_buf *out, const struct guild_manifest_entry *e);
/* MD5 over the source files of the manifest (runs.md 8): 32 hex digits, or "" when there are none. */
int guild_run_sourcecode_digest(const struct guild_run *r, char out[33], struct guild_error *err);
/* Where a source file (`path` is relative to the run) is kept as it was when flag values are put into it; there or not. Caller frees. */
char *guild_run_original_path(const struct guild_run *r, const char *path);
/* A source file as it was before: that one, or, where nothing was put in, the file itself. Caller frees. */
char *guild_run_source_path(const struct guild_run *r, const char *path);

/* ---- output index ---------------------------------------------------------------------------------------- */

struct guild_output_line {
	int64_t time_ms;
	bool is_stderr;
};
enum { GUILD_OUTPUT_RECORD_BYTES = 9 };
/* Encodes one record (runs.md 3.7). */
void guild_output_index_encode(struct guild_output_line line,
	unsigned char out[GUILD_OUTPUT_RECORD_BYTES]);
/* The same record n times; `out` has room for all. */
void guild_output_index_fill(struct guild_output_line line, size_t n, unsigned char *out);
bool guild_output_index_decode(const unsigned char *p, size_t n, struct guild_output_line *out);

/* Checkpoint files of the common frameworks found in a run (by name and, where cheap, content). */
struct guild_checkpoint {
	char *path; /* relative to the run */
	const char *
		framework; /* "pytorch", "keras", "tensorflow", "safetensors", "onnx", "xgboost", "lightgbm", "sklearn", … */
	int64_t step;       /* -1 when the name tells none */
	int64_t size_bytes; /* of all its files */
	int64_t mtime_us;
};
int guild_run_checkpoints(const struct guild_run *r, struct guild_checkpoint **out, size_t *n,
	struct guild_error *err);
/* True for a path (relative to the run) of a file that is part of it: the file itself, what is in its directory, its shards. */
bool guild_checkpoint_holds(const struct guild_checkpoint *c, const char *path);
/* Removes all files of a checkpoint. */
int guild_run_checkpoint_remove(const struct guild_run *r, const struct guild_checkpoint *c,
	struct guild_error *err);
void guild_checkpoints_free(struct guild_checkpoint *v, size_t n);

#ifdef __cplusplus
}
#endif

#endif
