/*
 * The set of runs in a Guild home: finding, filtering, selecting, columns, trash. Knows run, formats (and collect for scalars).
 */
#ifndef GUILD_STORE_H
#define GUILD_STORE_H

#include <guild/collect.h>
#include <guild/run.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Guild home and user configuration (runs.md 1) ----------------------------------------------------- */

struct guild_home {
	char *path; /* absolute; need not exist yet */
	char *why; /* for `guild check`: "option -H", "GUILD_HOME", "activated environment", "project directory", "user directory", … */
	char *config_path; /* user configuration file that applies; may not exist */
};
struct guild_home_request {
	const char *option;    /* -H, or NULL */
	const char *cwd;       /* Guild cwd: -C or the process's */
	char *const *environ_; /* environment */
};
int guild_home_find(const struct guild_home_request *req, struct guild_home *out,
	const struct guild_log *log, struct guild_error *err);
void guild_home_fini(struct guild_home *h);
char *guild_home_runs_dir(const struct guild_home *h,
	bool deleted); /* HOME/runs or HOME/trash/runs; caller frees */
/* The configuration after `extends`; an empty dict when missing or broken (a warning then). */
struct guild_value *guild_config_load(struct guild_arena *a, const char *path,
	const struct guild_log *log);

/* ---- runs ------------------------------------------------------------------------------------------------ */

struct guild_runs {
	struct guild_run *v;
	size_t n, cap;
	size_t n_more;   /* pass, too, but are behind the limit of the listing */
	size_t *serials; /* of each run, where the listing had `on_run`; else NULL */
};
void guild_runs_fini(struct guild_runs *r);

enum { GUILD_HASTY_RUNS = 16 }; /* are looked at however late it is */

/* What a listing asks for; zeroed means all runs. Lists are ORed inside, ANDed among each other (cli.md 2.2, 2.3). */
struct guild_run_filter {
	struct guild_strs operations, labels, tags, comments;
	bool unlabeled, marked, unmarked;
	const char *started; /* time range text (query.md 3), or NULL */
	const char *digest;  /* prefix */
	unsigned statuses;   /* bits 1 << guild_run_status wanted; 0: any */
	unsigned not_statuses;
	const char *expression; /* filter expression (docs/guide/queries.md), or NULL */
	unsigned syntax;        /* of the expression: as struct guild_query_options */
	int64_t now_us;         /* for time ranges; 0: now */
	const char *id_prefix;  /* other runs are not even opened; NULL: any */
	/* Asked of a run whose opref was read and nothing else yet; NULL: any. */
	bool (*accepts)(void *arg, const struct guild_run *r);
	void *accepts_arg;
	/* On the monotonic clock; 0: without haste. Then runs that were touched last are looked at first, and past it no more than
	 * GUILD_HASTY_RUNS. */
	int64_t look_until_us;
	size_t limit; /* 0: all. The first so many are opened, the others counted. */
	/* The runs will be asked for their attributes and scalars: what an index knows of them comes along. */
	bool with_facts;
	const char *index_path; /* guild_store_index_path; NULL: every run is opened */
	/* Gets every run that passes as it is found, with its facts, which are let go of afterwards; in no order: `serial` counts from 0. May be
	 * NULL. */
	void (*on_run)(void *arg, const struct guild_run *run, size_t serial);
	void *on_run_arg;
	/* Told how many runs were looked at, now and then; may be NULL. */
	void (*on_progress)(void *arg, size_t done, size_t total);
	void *progress_arg;
};
/* Where the index of a home's runs (of the trash: `deleted`) belongs: below the home's cache or, where that is on a file system that other
 * machines write to as well, below the user's. GUILD_INDEX in the environment says otherwise: "home", "user", "off" (NULL: none). The
 * caller frees. */
char *guild_store_index_path(const struct guild_home *h, bool deleted, char *const *environ_);
/* Names of runs in an order that costs one look each: those whose directories were touched last come first. */
void guild_store_sort_touched(const char *runs_dir, struct guild_strs *names);
void guild_run_filter_fini(struct guild_run_filter *f);

/* All runs below `runs_dir` that pass, newest first by started, else initialized. Damaged runs are listed last and named in `log`.
 * `parent` (GUILD_RUNS_PARENT, may be NULL) limits to runs linked from that run. */
int guild_store_list(const char *runs_dir, const struct guild_run_filter *filter,
	const char *parent, struct guild_runs *out, const struct guild_log *log,
	struct guild_error *err);
/* RUN arguments (cli.md 2.1) over candidates: indexes, slices, id prefixes; out holds positions in `candidates`, in argument order. `dedup` drops
 * repeated arguments. */
int guild_store_select(const struct guild_runs *candidates, char *const *args, size_t n_args,
	bool dedup, size_t **out, size_t *n_out, struct guild_error *err);
/* One run by (1) run directory path, (2) operation (marked, else latest), (3) id prefix: for --restart, --proto (cli.md 1.1).
 * `index_path` as in struct guild_run_filter. */
int guild_store_find_spec(const char *runs_dir, const char *index_path, const char *spec,
	const char *cwd, struct guild_run *out, struct guild_error *err);
/* Exactly one run by id prefix: found without reading other runs. GUILD_EINVALID lists the matches. */
int guild_store_find_prefix(const char *runs_dir, const char *prefix, struct guild_run *out,
	struct guild_error *err);

/* Time ranges (query.md 3), complete: also last week, month, year; local time. Half open; INT64_MIN/MAX for open ends. */
int guild_time_range_parse(const char *text, int64_t now_us, int64_t *start_us, int64_t *end_us,
	struct guild_error *err);

/* ---- batches and their trials ------------------------------------------------------------------------------ */

/* The batch that a run is a trial of, among runs and then in the trash, where a batch goes that has done all it should. False: none. */
bool guild_store_find_batch(const struct guild_home *h, const char *run_id, struct guild_run *out);
bool guild_store_is_trial(const struct guild_run *batch, const char *run_id);
/* Ids of all its trials, whether these still exist or not. */
void guild_store_trial_ids(const struct guild_run *batch, struct guild_strs *out);
/* Flag values as the batch was given them: dict with lists and search functions, or NULL. Lives in `a`. */
const struct guild_value *guild_store_batch_flags(const struct guild_run *batch,
	struct guild_arena *a);

/* ---- moving runs -------------------------------------------------------------------------------------------- */

/* Moves a run between runs and trash; an existing target is renamed ID_xxxxxxxx first (a warning). */
int guild_store_delete(const struct guild_home *h, const struct guild_run *r, bool permanent,
	const struct guild_log *log, struct guild_error *err);
int guild_store_restore(const struct guild_home *h, const struct guild_run *r,
	const struct guild_log *log, struct guild_error *err);
/* Stops a running run: SIGTERM to its process, to what that started 5 s later, SIGKILL after grace_ms (0: SIGTERM only, without
 * waiting). 0 when it was not running; GUILD_EUNSUPPORTED when it runs elsewhere; GUILD_EBUSY when it outlives SIGKILL. */
int guild_store_stop(const struct guild_run *r, int grace_ms, const struct guild_log *log,
	struct guild_error *err);

/* ---- disk space ------------------------------------------------------------------------------------------------- */

enum guild_disk_kind {
	GUILD_DISK_SOURCE,
	GUILD_DISK_DEPENDENCIES,
	GUILD_DISK_CHECKPOINTS,
	GUILD_DISK_EVENTS,
	GUILD_DISK_OUTPUT,
	GUILD_DISK_OTHER,
	GUILD_DISK_KINDS,
};
const char *guild_disk_kind_name(enum guild_disk_kind kind); /* "source", "dependencies", … */
/* Bytes on the disk (or, is_apparent, of content). Links are not followed; a file with several names counts once. */
struct guild_disk_use {
	int64_t bytes[GUILD_DISK_KINDS];
	int64_t total;
	int64_t shared; /* of files that have names elsewhere, too: removing this alone does not free them */
	int64_t files; /* directories left out */
	size_t runs;
};
/* A file or a directory with all that is in it; its kind is other. Nothing for a path that is not there. */
void guild_disk_tree(const char *path, bool is_apparent, struct guild_disk_use *out);
/* A directory as a whole, and those of its entries that are named: what several share counts with each, and once in the total. */
void guild_disk_parts(const char *dir, const char *const *names, size_t n, bool is_apparent,
	struct guild_disk_use *uses, struct guild_disk_use *total);
struct guild_disk_request {
	const struct guild_runs *runs;
	const size_t *group; /* of each run, below n_groups */
	size_t n_groups;
	bool is_apparent;
	/* Told how many runs were measured, now and then; may be NULL. */
	void (*on_progress)(void *arg, size_t done, size_t total);
	void *progress_arg;
};
/* Fills a figure for each run, for each group and for all; by several threads. Because of what is shared, all may be less than the sum. */
void guild_disk_measure(const struct guild_disk_request *req, struct guild_disk_use *uses,
	struct guild_disk_use *groups, struct guild_disk_use *total);

/* ---- housekeeping (docs/guide/housekeeping.md) -------------------------------------------------------------------- */

enum guild_gc_kind {
	GUILD_GC_CACHE,      /* below HOME/cache, not used for long */
	GUILD_GC_TRASH,      /* a run in the trash */
	GUILD_GC_LEFTOVER,   /* of something that was killed */
	GUILD_GC_LINK,       /* of a batch, to a trial that is gone for good */
	GUILD_GC_BATCH,      /* all of whose trials are; it goes to the trash */
	GUILD_GC_CHECKPOINT, /* that no rule keeps */
	GUILD_GC_DUPLICATE, /* a file in the trash that is equal to another one there: it becomes a hard link */
	GUILD_GC_KINDS,
};
const char *guild_gc_kind_name(enum guild_gc_kind kind); /* "cache", "trash", … */

/* Which checkpoints of a run are kept: "last 2", "first 1", "every 10", "best 3 by acc", "best 3 by min loss". */
enum guild_keep_kind { GUILD_KEEP_LAST, GUILD_KEEP_FIRST, GUILD_KEEP_EVERY, GUILD_KEEP_BEST };
struct guild_keep {
	enum guild_keep_kind kind;
	int64_t n;
	bool is_lowest;     /* GUILD_KEEP_BEST */
	const char *scalar; /* in the arena */
};
/* GUILD_EINVALID says which rules there are. */
int guild_keep_parse(struct guild_arena *a, const char *text, struct guild_keep *out,
	struct guild_error *err);

struct guild_gc_item {
	enum guild_gc_kind kind;
	char *path;            /* absolute; of a checkpoint what guild_checkpoint names */
	char *why;             /* for people */
	char *run_dir;         /* of links, batches and checkpoints; else NULL */
	const char *framework; /* of checkpoints */
	char *same_as;         /* of duplicates: the other file */
	int64_t bytes;
};
struct guild_gc_plan {
	struct guild_gc_item *v;
	size_t n, cap;
};
struct guild_gc_request {
	const struct guild_home *home;
	unsigned kinds; /* 1 << enum guild_gc_kind */
	int64_t now_us;
	int64_t cache_older_us, trash_older_us, leftover_older_us; /* ages */
	const struct guild_keep *keep;                             /* GUILD_GC_CHECKPOINT */
	size_t n_keep;
	const struct guild_runs *
		runs; /* whose checkpoints are meant; those that run, wait or are marked are passed over */
	/* Told how many runs were looked at, now and then; may be NULL. */
	void (*on_progress)(void *arg, size_t done, size_t total);
	void *progress_arg;
	const struct guild_log *log;
};
/* What could go; nothing is changed. Nothing of a run that is running is in it, nor anything that a link in a run leads to. */
int guild_gc_plan_make(const struct guild_gc_request *req, struct guild_gc_plan *out,
	struct guild_error *err);
void guild_gc_plan_fini(struct guild_gc_plan *p);
/* Removes one of them (a batch goes to the trash), unless it is in use by now: GUILD_EBUSY. Checkpoints that go are listed in the run's
 * attribute `_removed`. */
int guild_gc_do(const struct guild_home *home, const struct guild_gc_item *item,
	const struct guild_log *log, struct guild_error *err);
/* Gives a run copies of its own for files that became hard links in the trash. Called before a run is restored or started again; nothing
 * to do for others. */
int guild_store_unshare(const char *run_dir, struct guild_error *err);

/* ---- verifying what is stored (docs/guide/housekeeping.md) ---------------------------------------------------------- */

enum guild_repair {
	GUILD_REPAIR_NONE,
	GUILD_REPAIR_CUT, /* the file keeps its first `good_bytes`; the rest goes to .guild/damaged */
	GUILD_REPAIR_ASIDE,  /* the file goes to .guild/damaged */
	GUILD_REPAIR_REMOVE, /* the file is removed: it says nothing any more */
};
struct guild_finding {
	const char *
		kind; /* "attribute", "source", "dependency", "input", "digest", "events", "output", "link", "lock", … */
	char *path;   /* absolute */
	char *run_dir; /* or NULL */
	char *text;
	enum guild_repair repair;
	int64_t good_bytes;
	bool is_note; /* worth knowing, and no damage */
};
struct guild_findings {
	struct guild_finding *v;
	size_t n, cap;
};
void guild_findings_fini(struct guild_findings *f);
/* Adds one; `path` is copied, `take_text` taken over. */
struct guild_finding *guild_findings_add(struct guild_findings *f, const char *kind,
	const struct guild_run *r, const char *path, char *take_text);
struct guild_verify_request {
	const struct guild_home *home;
	const char *index_path; /* or NULL */
	/* Looks at more of a run than this room knows of; on any thread. May be NULL. */
	void (*more)(void *arg, const struct guild_run *r, struct guild_findings *out);
	void *more_arg;
	/* Told how many runs were looked at, now and then; may be NULL. */
	void (*on_progress)(void *arg, size_t done, size_t total);
	void *progress_arg;
};
/* Reads everything in runs and trash that says what something should be: hashes, checksums, counts, links. Nothing is changed. What a
 * running run writes right now is no damage. */
void guild_store_verify(const struct guild_verify_request *req, struct guild_findings *out,
	size_t *n_runs);
/* Mends one finding that can be mended, unless its run is running (GUILD_EBUSY) or the file changed since (GUILD_EEXISTS). What is taken
 * from a run is kept in its .guild/damaged. */
int guild_store_mend(const struct guild_finding *f, struct guild_error *err);

/* ---- editing ------------------------------------------------------------------------------------------------- */

/* Each edits one run's attribute by the rules of runs.md 7. */
int guild_store_set_label(const struct guild_run *r, const char *label,
	struct guild_error *err); /* NULL or "": clears */
int guild_store_edit_tags(const struct guild_run *r, const struct guild_strs *add,
	const struct guild_strs *remove, bool clear, bool sync_label, struct guild_error *err);
int guild_store_set_marked(const struct guild_run *r, bool marked, struct guild_error *err);
int guild_store_add_comment(const struct guild_run *r, const char *body, const char *user,
	const char *host, struct guild_error *err);
int guild_store_delete_comment(const struct guild_run *r, int64_t index,
	struct guild_error *err); /* 1-based; out of range is GUILD_ENOTFOUND */
int guild_store_clear_comments(const struct guild_run *r, struct guild_error *err);

/* ---- runs in other places (docs/guide/moving-runs.md) ----------------------------------------------------------- */

/* A directory of runs, or an archive of them: .zip, .tar, .tar.gz, .tar.zst, … */
struct guild_run_place {
	char *path; /* absolute */
	bool is_archive;
	char *runs_dir; /* what guild_store_list takes: of an archive a directory that holds what listings read, and no more */
	char *own_dir;  /* removed on closing, or NULL */
};
/* Told about long work: what is done, of how many bytes (0: unknown); then how many more are done. */
struct guild_move_watch {
	void (*on_phase)(void *arg, const char *what, int64_t total_bytes);
	void (*on_bytes)(void *arg, int64_t more_bytes);
	/* A run: "copy", "move", "same" (it is there already), "differs" (and is left out), "trash". */
	void (*on_run)(void *arg, const char *what, const struct guild_run *r);
	void *arg;
};
/* Opens a place for reading. What listings read of an archive is unpacked once, into the cache folder of the home, and found there again
 * while the archive is the same file. GUILD_ENOTFOUND; GUILD_EINVALID: neither a directory nor an archive, or a damaged one. */
int guild_run_place_open(const struct guild_home *home, const char *path, int64_t max_bytes,
	const struct guild_move_watch *watch, const struct guild_log *log,
	struct guild_run_place *out, struct guild_error *err);
void guild_run_place_close(struct guild_run_place *p);

enum guild_move_conflict {
	GUILD_MOVE_REFUSE, /* a run that differs from one of its id there: nothing is done at all */
	GUILD_MOVE_LEAVE,  /* it is left out */
	GUILD_MOVE_REPLACE, /* it replaces the other one, which goes to the trash where it is one of the home */
};
struct guild_move_request {
	const struct guild_home *home;
	const struct guild_runs *runs;
	const char *path; /* absolute: the directory or archive */
	bool move; /* runs are removed where they were, when their copy is whole and was read back */
	bool to_trash;       /* with `move`: they go to the trash instead */
	bool copy_resources; /* what links lead to is copied in their place */
	enum guild_move_conflict conflict;
	int64_t max_bytes; /* that may come out of an archive; 0: the limits of guild/archive.h */
	struct guild_move_watch watch;
	const struct guild_log *log;
};
struct guild_move_result {
	struct guild_strs moved;     /* ids that were copied or moved */
	struct guild_strs same;      /* there already */
	struct guild_strs differing; /* there already, and not the same */
};
/* Copies (moves) runs to a directory or archive. An archive is written anew beside the old one, with what was in it, and takes its
 * place when it is whole. A run appears as a whole, or not at all. Interrupted at any moment, nothing is lost and the same call goes
 * on where it was. Runs that are there already and are the same are not written again; with `move` they are then removed here.
 * GUILD_EEXISTS: runs differ (result->differing); GUILD_EBUSY: a run that is running would be moved. */
int guild_store_export(const struct guild_move_request *req, struct guild_move_result *result,
	struct guild_error *err);
/* The other way round, by the same rules: runs (listed at `path`) are copied (moved) from there to the home. Nothing comes out of a
 * damaged archive. GUILD_EUNSUPPORTED: `move` from an archive. */
int guild_store_import(const struct guild_move_request *req, struct guild_move_result *result,
	struct guild_error *err);
void guild_move_result_fini(struct guild_move_result *r);
/* Removes what killed processes left in a directory of runs: halves of copies and of deleted runs, which no listing shows. */
void guild_store_sweep(const char *runs_dir);

/* ---- merging a run into its project (runs.md 7) ------------------------------------------------------------- */

enum guild_merge_reason {
	GUILD_MERGE_COPY, /* the file is copied */
	GUILD_MERGE_UNCHANGED,
	GUILD_MERGE_NON_PROJECT_FILE,
	GUILD_MERGE_NON_PROJECT_DEPENDENCY,
	GUILD_MERGE_SKIPPED_DEPENDENCY,
	GUILD_MERGE_SKIPPED_SOURCECODE,
	GUILD_MERGE_EXCLUDED,
};
/* "unchanged", "non-project file", … and what `guild api merge` says: "u", "?", "npd", "d", "s", "x". */
const char *guild_merge_reason_text(enum guild_merge_reason reason);
const char *guild_merge_reason_code(enum guild_merge_reason reason);

struct guild_merge_file {
	char type;         /* 's' source code, 'd' dependency, 'i' internal, 'o' other */
	char *run_path;    /* relative to the run */
	char *target_path; /* relative to the target directory; NULL where there is none */
	enum guild_merge_reason reason;
};
struct guild_merge_request {
	const struct guild_run *run;
	const char *cwd;
	const char
		*target_dir; /* relative to cwd; NULL: cwd, which must then be the run's project */
	bool sourcecode_only, all, skip_sourcecode, skip_deps;
	const struct guild_strs *exclude; /* patterns of target paths; NULL: none */
	bool replace, no_replace;
	const char *git; /* the program; NULL: git */
};
/* `replaced` and `unstaged` hold target paths that stand in the way: files that would be lost because git does not have them, and
 * files with changes that git does not have. Where either is not empty the merge is refused. */
struct guild_merge_plan {
	struct guild_run run;
	char *target_dir;           /* absolute */
	struct guild_merge_file *v; /* sorted by run_path */
	size_t n;
	size_t n_copy;
	struct guild_strs replaced, unstaged;
};
/* What a merge would do; nothing is changed. GUILD_EINVALID: the run is not from the project in cwd; GUILD_ENOTFOUND: it has no
 * manifest. */
int guild_store_merge_plan(const struct guild_merge_request *req, struct guild_merge_plan *out,
	struct guild_error *err);
/* Does it: all files are copied beside the target first, then put in place one by one. `on_copy` (may be NULL) is told each before.
 * GUILD_EEXISTS where `replaced` or `unstaged` is not empty. Repeatable. */
typedef void guild_merge_fn(void *arg, const struct guild_merge_file *f);
int guild_store_merge_apply(const struct guild_merge_plan *plan, guild_merge_fn *on_copy, void *arg,
	struct guild_error *err);
void guild_merge_plan_fini(struct guild_merge_plan *p);

/* ---- publishing (docs/guide/moving-runs.md) ----------------------------------------------------------------------- */

struct guild_publish_request {
	const struct guild_run *run;
	const char *dest;          /* directory; DEST/ID is made, or replaced */
	const char *template_path; /* directory or file of templates; NULL: our own */
	bool all_files;            /* copy all files of the run */
	bool include_links;        /* also what links lead to */
	bool no_md5;
	/* Files that are copied besides; NULL: none. `is_link`: only ones that are asked for by name. */
	bool (*wants)(void *arg, const char *path, bool is_link);
	void *arg;
	const struct guild_log *log;
};
/* Writes the report of one run: it appears, or replaces the one before, as a whole. *bytes (may be NULL) gets its size. */
int guild_store_publish(const struct guild_publish_request *req, int64_t *bytes,
	struct guild_error *err);
/* Writes DEST/README.md over all reports in DEST. */
int guild_store_publish_index(const char *dest, const char *template_path,
	const struct guild_log *log, struct guild_error *err);

/* A page about a run, written to `path`. */
int guild_store_publish_summary(const struct guild_run *run, const char *path,
	const struct guild_log *log, struct guild_error *err);

/* ---- columns (query.md 1) --------------------------------------------------------------------------------------- */

enum guild_col_kind { GUILD_COL_SCALAR, GUILD_COL_ATTR, GUILD_COL_FLAG };
enum guild_col_qualifier {
	GUILD_COL_LAST,
	GUILD_COL_MIN,
	GUILD_COL_MAX,
	GUILD_COL_FIRST,
	GUILD_COL_AVG,
	GUILD_COL_TOTAL,
	GUILD_COL_COUNT,
};
struct guild_col {
	enum guild_col_kind kind;
	enum guild_col_qualifier qualifier;
	bool qualified; /* a qualifier was written */
	bool step;
	const char *key;
	const char *header; /* what a table shows: `as` name or the default (query.md 1.2) */
};
struct guild_cols {
	struct guild_col *v;
	size_t n;
};
int guild_cols_parse(struct guild_arena *a, const char *text, struct guild_cols *out,
	struct guild_error *err);

/* Everything of a run that columns read, each part loaded on first use. */
struct guild_run_data;
struct guild_run_data *guild_run_data_new(const struct guild_run *r, const struct guild_log *log);
void guild_run_data_free(struct guild_run_data *d);
/* Paths below `home` are shown with "~" (attribute "from"). Borrowed; NULL: as they are. */
void guild_run_data_set_user_home(struct guild_run_data *d, const char *home);
const struct guild_value *guild_run_data_flags(struct guild_run_data
		*d); /* dict, maybe empty; never NULL */
const struct guild_scalars *guild_run_data_scalars(struct guild_run_data *d);
/* Computed attribute (query.md 1.3) or raw one; NULL: undefined. */
const struct guild_value *guild_run_data_attr(struct guild_run_data *d, const char *name);
/* "started", "stopped" in microseconds since the epoch, "time" in microseconds; false: undefined. */
bool guild_run_data_time(struct guild_run_data *d, const char *name, int64_t *us);
/* Value of a column; NULL: undefined. Lives as long as d. */
const struct guild_value *guild_run_data_col(struct guild_run_data *d, const struct guild_col *c);

/* Everything of a run as one document: what `guild api runs` prints, field by field as Guild AI 0.9.0 does (docs/formats/api.md). Version
 * 1: times as texts, tags as one text, kinds of files for a viewer; 2: times as microseconds. What is damaged is said to `log` and
 * left empty. Lives in `a`. */
struct guild_value *guild_run_document(const struct guild_run *r, struct guild_arena *a,
	unsigned version, const struct guild_log *log);

/* ---- queries: expressions over runs (query.md 2, docs/guide/queries.md) ------------------------------------------ */

typedef void guild_query_name_fn(void *to, enum guild_col_kind kind, const char *name);
/* Where the values of one run come from: its directory, or an index. Values live until the next call about another run. What costs
 * more is asked later: attributes and flags first, scalars only where those did not decide. */
struct guild_query_source {
	void *arg;
	/* Attribute, computed or raw (query.md 1.3); NULL: undefined. */
	const struct guild_value *(*attr)(void *arg, const char *name);
	/* "started" or "stopped": microseconds since the epoch; "time": microseconds it took. False: undefined. */
	bool (*attr_us)(void *arg, const char *name, int64_t *us);
	const struct guild_value *(*flag)(void *arg, const char *name); /* NULL: undefined */
	/* By "tag" (first by prefix) or "prefix#tag" (that prefix exactly); NULL: none. */
	const struct guild_scalar_summary *(*scalar)(void *arg, const char *key);
	/* The value of a scalar at one step, the last one written; false: there is none. */
	bool (*scalar_at)(void *arg, const char *key, int64_t step, double *value);
	/* Calls `each` for flags and scalars, worth proposing where a name is unknown; may be NULL. */
	void (*names)(void *arg, guild_query_name_fn *each, void *to);
	const struct guild_query_source *base; /* of `base` in the expression; NULL: undefined */
};
/* Values from the run directory itself; `out` lives as long as `d`. */
void guild_query_run_source(struct guild_run_data *d, struct guild_query_source *out);

/* A parsed expression. One thread: it remembers which names it met. */
struct guild_query;
struct guild_query_options {
	unsigned
		syntax; /* 1: as Guild AI 0.9.0 ('and' and 'or' group to the right, times are texts, a name alone is a text); 0 or 2: not */
	int64_t now_us; /* for now() and time ranges; 0: the time it is */
	/* base.NAME, base(EXPR), and base alone in a comparison of one figure, are of another run, source->base. */
	bool has_base;
};
/* GUILD_EINVALID: what was expected, the line of the text and a caret under the place. An empty text holds for every run. */
int guild_query_parse(const char *text, const struct guild_query_options *options,
	struct guild_query **out, struct guild_error *err);
void guild_query_free(struct guild_query *q);
/* The expression in its plainest form; guild_query_parse reads it back with the same syntax. What the two syntaxes would group
 * differently stands in brackets. */
void guild_query_print(const struct guild_query *q, struct guild_buf *out);
/* The names in it that may be those of scalars, each once. */
void guild_query_scalar_names(const struct guild_query *q, struct guild_strs *out);
bool guild_query_holds(const struct guild_query *q, const struct guild_query_source *s);
/* Its value: times as texts, durations as H:MM:SS, what is true or false as booleans; NULL: undefined. Lives in `a`. */
const struct guild_value *guild_query_value(const struct guild_query *q,
	const struct guild_query_source *s, struct guild_arena *a);

/* Whether it holds where that must not hang on a value that is missing: GUILD_QUERY_MISSING where a comparison, a list or a pattern was
 * asked of what is undefined, or an order of NaN or of a number and a text, and what else is known did not decide. To be undefined may
 * be asked of anything. */
enum guild_query_verdict { GUILD_QUERY_NO, GUILD_QUERY_YES, GUILD_QUERY_MISSING };
enum guild_query_verdict guild_query_verdict(const struct guild_query *q,
	const struct guild_query_source *s);
/* The figures an expression is about: attributes, flags, and figures of scalars; each once, in their order. */
struct guild_query_figure {
	const char *text;                /* "acc", "last(loss)" */
	const struct guild_value *value; /* of the run; NULL: undefined */
	const struct guild_value *base;  /* of source->base; NULL: undefined, or there is none */
	bool of_run, of_base;            /* where it is read */
};
/* Lives in `a`. Returns how many. */
size_t guild_query_figures(const struct guild_query *q, const struct guild_query_source *s,
	struct guild_arena *a, struct guild_query_figure **out);

/* What runs are sorted by: "EXPR" or "-EXPR" (highest first), comma-separated. */
struct guild_sort;
int guild_sort_parse(const char *text, const struct guild_query_options *options,
	struct guild_sort **out, struct guild_error *err);
void guild_sort_free(struct guild_sort *sort);
/* The keys of a run: a list, null where undefined. Lives in `a`. */
const struct guild_value *guild_sort_keys(const struct guild_sort *sort,
	const struct guild_query_source *s, struct guild_arena *a);
/* Order of two runs by their keys: numbers before texts, undefined (and NaN) last both ways; 0: equal. */
int guild_sort_cmp(const struct guild_sort *sort, const struct guild_value *a,
	const struct guild_value *b);
/* Positions of `runs` in order, stable; the caller frees. */
size_t *guild_sort_runs(const struct guild_sort *sort, const struct guild_runs *runs,
	const struct guild_log *log);

/* ---- conditions over runs, beside a baseline (docs/guide/comparing.md) --------------------------------------------- */

/* A rule that finds the run others are measured by: "tag:TAG" and "label:TEXT" (the newest run with it), "marked" (the newest that is),
 * "max:EXPR" and "min:EXPR" (the completed run with the highest or lowest value; the newest of equals). */
bool guild_store_is_baseline_rule(const char *text);
/* The position of that run among candidates, newest first, leaving out those that are in `but` (may be NULL); batches are no
 * candidates. GUILD_ENOTFOUND: no run has it; GUILD_EINVALID: the expression cannot be read. */
int guild_store_find_baseline(const struct guild_runs *candidates, const struct guild_runs *but,
	const char *rule, size_t *found, const struct guild_log *log, struct guild_error *err);

/* What each run says to each condition. A condition is an expression that may speak of `base`; what it holds for, or cannot be told
 * of, fails. Without conditions the figures of each run are its scalars' last values, and it passes. */
struct guild_gate_check {
	enum guild_query_verdict verdict;
	struct guild_query_figure *figures;
	size_t n_figures;
};
struct guild_gate_run {
	const struct guild_run *run;
	struct guild_gate_check *checks; /* by condition; one without conditions */
	bool passes;
};
struct guild_gate {
	struct guild_arena *arena;
	const struct guild_run *baseline; /* or NULL */
	char **conditions;                /* as they were written */
	size_t n_conditions;
	struct guild_gate_run *runs;
	size_t n_runs, n_failed;
};
struct guild_gate_request {
	const struct guild_run *baseline; /* or NULL: then no condition may speak of it */
	const struct guild_strs *conditions;
	bool all_scalars; /* without conditions: those of the system, too */
	int64_t now_us;   /* of now(); 0: the time it is */
};
/* The runs must live as long as the result. GUILD_EINVALID: a condition cannot be read; its text and a caret. */
int guild_store_gate(const struct guild_runs *runs, const struct guild_gate_request *req,
	struct guild_gate *out, const struct guild_log *log, struct guild_error *err);
void guild_gate_fini(struct guild_gate *g);

/* Position of the run with the lowest (else highest) value of a column; the first of equals. Runs without a value (or with NaN) do
 * not count; GUILD_ENOTFOUND when none has one. Numbers sort before text. */
int guild_store_find_best(const struct guild_runs *runs, const struct guild_col *col, bool lowest,
	size_t *best, const struct guild_log *log, struct guild_error *err);

/* ---- text in runs ------------------------------------------------------------------------------------------------ */

enum guild_search_in {
	GUILD_SEARCH_OPERATION = 1,
	GUILD_SEARCH_LABEL = 2,
	GUILD_SEARCH_TAGS = 4,
	GUILD_SEARCH_COMMENTS = 8,
	GUILD_SEARCH_FLAGS = 16, /* as name=value */
	GUILD_SEARCH_OUTPUT = 32,
	GUILD_SEARCH_EVERYWHERE = 63,
};
struct guild_search {
	const struct guild_strs *words; /* all of them are in the run, wherever; 1 to 64 */
	bool is_exact;                  /* else a and A are the same */
	bool is_regex;     /* the one word is a regular expression; a line of output is a text */
	unsigned in;       /* enum guild_search_in */
	size_t max_places; /* places to remember for each run */
};
struct guild_found_place {
	const char *where; /* "operation", "label", "tag", "comment", "flag" or "output" */
	int64_t line;      /* of the output, from 1; else 0 */
	char *text;        /* as a terminal would show it */
};
struct guild_found_run {
	struct guild_found_place *v;
	size_t n, cap;
	size_t n_places; /* also those that are not remembered */
};
void guild_found_run_fini(struct guild_found_run *f);
/* False: enough. `index` is the run's position. */
typedef bool guild_found_fn(void *arg, size_t index, const struct guild_found_run *found);
/* Looks through runs in their order, several at a time; their outputs are read whole. GUILD_EINVALID: nothing to look for, or a regular
 * expression that is none. */
int guild_store_search(const struct guild_runs *runs, const struct guild_search *what,
	guild_found_fn *fn, void *arg, struct guild_error *err);

/* guild compare (query.md 4): headers and rows. Cells are NULL where undefined. */
struct guild_compare_request {
	const struct guild_cols *user_cols; /* -c or NULL */
	bool strict, skip_op_cols, skip_core, skip_unchanged, extra_cols, all_scalars,
		include_batch;
	const char *min_header, *max_header; /* sort, or NULL */
	const struct guild_sort *sort;       /* or NULL; runs with equal keys keep their order */
	const struct guild_col *objective;   /* sort by it instead of a header, or NULL */
	bool maximize;                       /* highest first */
	size_t limit;                        /* 0: none */
	const char *user_home;               /* shown as "~", or NULL */
	/* the operation's current compare list (list value) or NULL: asked per run */
	const struct guild_value *(*op_compare)(void *arg, const struct guild_run *r);
	void *arg;
};
struct guild_compare_table {
	struct guild_arena *arena;
	const char **headers;
	size_t n_cols;
	const struct guild_value ***rows; /* rows[i][j] */
	size_t *run_index;                /* position in the runs given */
	size_t n_rows;
};
/* Runs by --sort, then --min or --max. */
int guild_store_compare(const struct guild_runs *runs, const struct guild_compare_request *req,
	struct guild_compare_table *out, const struct guild_log *log, struct guild_error *err);
void guild_compare_table_fini(struct guild_compare_table *t);
/* The same bit by bit, so that no more than a few runs' facts are in memory: runs come in any order, `order[i]` is the serial of the
 * i-th run of the table's order (NULL: as they came). end frees it, also on failure. `req` lives until then. */
struct guild_compare;
int guild_compare_new(const struct guild_compare_request *req, const struct guild_log *log,
	struct guild_compare **out, struct guild_error *err);
void guild_compare_add(struct guild_compare *c, const struct guild_run *run);
void guild_compare_end(struct guild_compare *c, const size_t *order, size_t n,
	struct guild_compare_table *out);

/* guild compare --group-by: one row for all runs that agree in the keys: keys, n (runs), then for each number mean, sd (of a sample),
 * min, max, and its own n where not every run has one. Groups come in the order of their first run. */
struct guild_group_request {
	const struct guild_cols *keys;
	const struct guild_cols
		*cols; /* whose figures; NULL or none: the last values of all scalars */
	bool all_scalars, include_batch;
	const char *min_header, *max_header; /* sort by a column of the result, or NULL */
	size_t limit;                        /* 0: none */
	const char *user_home;
};
/* Column specs where a word alone is a flag. */
int guild_group_keys_parse(struct guild_arena *a, const char *text, struct guild_cols *out,
	struct guild_error *err);
/* run_index is each group's first run. GUILD_ENOTFOUND: no column to sort by. */
int guild_store_group(const struct guild_runs *runs, const struct guild_group_request *req,
	struct guild_compare_table *out, const struct guild_log *log, struct guild_error *err);

#ifdef __cplusplus
}
#endif

#endif
