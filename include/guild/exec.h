/*
 * Making and executing runs: staging, source snapshot, environment record, supervisor, batches. Knows store, collect, run, project, flags.
 */
#ifndef GUILD_EXEC_H
#define GUILD_EXEC_H

#include <guild/collect.h>
#include <guild/project.h>
#include <guild/run.h>
#include <guild/store.h>
#include <signal.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- supervisor: executes one command inside one run directory -------------------------------------------- */

/* Nothing that goes wrong on guild's side (a full disk, a vanished run directory, a closed terminal) changes the program's fate: it
 * is reported once to `log` and capture goes on without that part. */
struct guild_supervise_request {
	struct guild_run *run;
	char *const *argv;        /* executed as is; argv[0] found on PATH of env */
	char *const *env;         /* complete environment */
	const char *cwd;          /* the run directory unless told otherwise */
	bool quiet;               /* do not copy to guild's own stdout and stderr */
	bool capture;             /* false: NO_RUN_OUTPUT; output goes straight through */
	bool merge_streams;       /* SYNC_RUN_OUTPUT: stderr into stdout */
	bool no_pty;              /* pipes even where guild's own streams are terminals */
	bool durable;             /* fsync what power loss could take */
	int stdout_fd, stderr_fd; /* where guild copies to; 1 and 2 normally */
	double stop_after_min;    /* 0: never */
	int stop_after_kill_ms;   /* 0: 30 s from SIGTERM to SIGKILL */
	int interrupt_grace_ms;   /* 0: 30 s from Ctrl-C to SIGKILL */
	int drain_ms; /* 0: 10 s of capture after the program ended while others hold its streams */
	struct guild_output_scalars *scalars; /* or NULL; borrowed */
	unsigned
		event_serial; /* number of the event file: how many runs this process has supervised before */
	bool sample_system; /* write .guild/sys */
	/* Ended by Ctrl-C, `guild stop`, --stop-after or a signal sent to guild: exit_status 0, and attribute _stopped_status what it was. */
	bool stop_is_success;
	/* Called for every scalar, for every tick (about once a second) and at the end; a non-zero return stops the program (SIGTERM, then
	 * SIGKILL) and is kept as `stop_reason`. May be NULL. */
	int (*on_scalar)(void *arg, const struct guild_output_scalar *s);
	int (*on_tick)(void *arg, int64_t elapsed_us);
	/* Called for what sample_system reads, every GUILD_SAMPLE_INTERVAL_MS. May be NULL. */
	void (*on_readings)(void *arg, const struct guild_scalar *v, size_t n);
	void *arg;
	/* Everything the program writes, as it is read: a batch keeps what its trials print. Returns as on_scalar. May be NULL. */
	int (*on_output)(void *arg, bool is_stderr, const char *p, size_t n);
	void *on_output_arg;
	/* When the program was started and has its LOCK, or could not be started. May be NULL. */
	void (*on_started)(void *arg);
	void *on_started_arg;
	/* The program's process id, once started (-1: not yet, 0: ended); for a caller's own signal needs. May be NULL. */
	volatile sig_atomic_t *pid_out;
	const struct guild_log *log;
};
/* The reason for a stop by an alert or a pruning rule: the run is terminated then, whatever the program makes of SIGTERM. */
enum { GUILD_STOP_ALERT = 1, GUILD_STOP_PRUNED = 2 };
struct guild_supervise_result {
	int exit_status;      /* as the attribute: 0, code, -signal, -16 after Ctrl-C */
	bool interrupted;     /* the user pressed Ctrl-C */
	bool stopped_early;   /* --stop-after or a callback */
	bool stopped_by_user; /* stop_is_success, and it was stopped: exit_status is 0 */
	int stop_reason;
	int forwarded_signal; /* SIGTERM, SIGHUP or SIGQUIT that guild itself was sent; 0: none. It ends a batch */
	int64_t started_us, stopped_us;
	int64_t output_bytes;
};
/* Starts the program, writes LOCK, captures until the end, removes LOCK. Writes output, output.index and scalar events; the attributes started,
 * stopped and exit_status are written here, too, each at its moment; those of an earlier end are removed first. The end is
 * recorded when the program has ended and what it wrote has been read; others who still hold its streams are heard for
 * drain_ms more. GUILD_ENOTFOUND / GUILD_EDENIED: the program could not be started (exit_status 127 / 126 is recorded),
 * GUILD_EIO: no process could be made (126).
 *
 * Where guild is in the foreground of a terminal, the program stays in its process group and gets the keys of the terminal from
 * the kernel; else it gets a group of its own. Signals sent to guild alone (INT, TERM, HUP, QUIT, USR1, USR2) are passed on once.
 * One call at a time in a process, on the thread that gets its signals: handlers are installed during the call. */
int guild_supervise(const struct guild_supervise_request *req, struct guild_supervise_result *out,
	struct guild_error *err);

/* ---- the import shim -------------------------------------------------------------------------------------------- */

/* Puts the shim for flags in module globals under CACHE_DIR/shim/ where it is not there yet, and gives the path of the file to
 * execute (caller frees). GUILD_EIO and file errors. Its command line is
 *
 *	PYTHON -u PATH DEST [--NAME[=VALUE]]... -- [-m] SCRIPT-OR-MODULE [ARG]...
 *
 * with DEST `globals`, `global:X`, `dict:X` or `namespace:X`, each VALUE as guild_yaml_dump_flow prints it; --NAME alone is true.
 * A null flag is left out. */
int guild_shim_path(const char *cache_dir, char **path, struct guild_error *err);

/* The folder that the program of an optimizer needs on PYTHONPATH for `guild.batch_util` (docs/guide/custom-optimizers.md); GUILD_PROGRAM is to name
 * this program. Written to the cache where it is missing; the caller frees. */
int guild_batch_python_path(const char *cache_dir, char **path, struct guild_error *err);

/* Programs for the user's Python that commands start; put under CACHE_DIR/tools/ where they are not there yet. Caller frees the path. */
enum guild_python_tool { GUILD_TOOL_DASK, GUILD_TOOL_SHELL, GUILD_TOOL_TENSORFLOW };
int guild_python_tool_path(const char *cache_dir, enum guild_python_tool tool, char **path,
	struct guild_error *err);

/* ---- the background ------------------------------------------------------------------------------------------- */

struct guild_daemon {
	pid_t pid;
	char *pidfile;
	int lock_fd;
};
/* Goes on in the background: a process in a session of its own, in `cwd`, with /dev/null as its streams and its id in `pidfile`,
 * which it keeps locked (flock). Returns 1 in the process that called, when that file is written; 0 in the new process; a negative
 * code when nothing was started: GUILD_EBUSY when a living process holds the pid file, GUILD_EIO and file errors else. Both
 * processes call guild_exec_daemon_end. Flush stdio first: the new process has a copy of what is buffered. */
int guild_exec_daemonize(const char *pidfile, const char *cwd, struct guild_daemon *out,
	struct guild_error *err);
/* The new process removes its pid file; both release what they hold. */
void guild_exec_daemon_end(struct guild_daemon *d);

/* Takes the pid file for this process, as guild_exec_daemonize does for the new one. */
int guild_exec_hold_pidfile(const char *pidfile, struct guild_daemon *out, struct guild_error *err);

/* Services: one process each in a Guild home, its id in HOME/proc/NAME, what it says in HOME/log/NAME. */
#define GUILD_SHUTDOWN_TIMER "shutdown-timer"
#define GUILD_S3_SYNC "s3-sync"
/* The process of a running service, 0 when it is not running. */
pid_t guild_service_pid(const struct guild_home *home, const char *name);
/* SIGTERM, and waits. 1: it was running, as *pid; 0: it was not; GUILD_EBUSY: it does not end. */
int guild_service_stop(const struct guild_home *home, const char *name, pid_t *pid,
	struct guild_error *err);
/* Turns the machine off when no run of the home was running for a while. */
struct guild_shutdown_timer {
	const struct guild_home *home;
	char *const *env; /* says where the index is */
	double timeout_min;
	int64_t grace_min; /* that the program shutdown waits */
	bool as_root;      /* by sudo */
	bool foreground, dont_shutdown;
	const struct guild_log *log; /* what it says in the foreground */
};
/* 1 when it runs in the background; 0 when it has ended: in the foreground, or in the process that was the service. Flush stdio
 * first. GUILD_EBUSY: it is running already. */
int guild_shutdown_timer_start(const struct guild_shutdown_timer *t, struct guild_error *err);
/* Calls `aws s3 sync` again and again. */
struct guild_s3_sync {
	const struct guild_home *home;
	const char *uri;  /* s3://BUCKET[/PATH] */
	char *const *env; /* of aws */
	int64_t interval_s;
	int64_t log_max_bytes, log_backups;
	bool foreground;
	const struct guild_log *log;
};
int guild_s3_uri_check(const char *uri, struct guild_error *err);
/* As guild_shutdown_timer_start; GUILD_ENOTFOUND: there is no program aws. */
int guild_s3_sync_start(const struct guild_s3_sync *sync, struct guild_error *err);

/* ---- Python environments --------------------------------------------------------------------------------------- */

struct guild_python {
	char *exe; /* as it is executed: absolute, links not followed (a virtual environment is known by its link) */
	char *version;               /* "3.11.2" or "" */
	char *full_version;          /* as sys.version, or "" */
	struct guild_strs site_dirs; /* where packages are, in the order of sys.path */
};
/* GUILD_PYTHON_EXE, GUILD_PYTHON, the active environment's python, python3 or python on PATH (in that order); programs of version
 * managers (pyenv and the like) are resolved to the interpreter they would start in `cwd`. The version is asked once and cached in
 * `cache_dir` (may be NULL) by the identity of the file. GUILD_ENOTFOUND: there is none. */
int guild_python_find(char *const *env, const char *cwd, const char *cache_dir,
	struct guild_python *out, struct guild_error *err);
/* As guild_python_find, of the program that is named: a path, or a name on PATH. */
int guild_python_find_named(char *const *env, const char *cwd, const char *name,
	const char *cache_dir, struct guild_python *out, struct guild_error *err);
/* Names worth asking for an interpreter of another version: python3.N, then paths of those that pyenv, uv, mise and asdf installed; each
 * the newest first. Names may mean nothing here. */
void guild_python_installed(char *const *env, struct guild_strs *out);
void guild_python_fini(struct guild_python *p);
/* Installed packages as `pip freeze` prints them, line by line, read from dist-info, egg-info and direct_url.json. Cached in
 * `cache_dir` (may be NULL) by the times of the directories and files it came from. */
int guild_python_packages(const struct guild_python *p, const char *cache_dir,
	struct guild_strs *out, struct guild_error *err);

/* ---- records about machine and source -------------------------------------------------------------------------------- */

/* Attribute `platform`: architecture, processor, python_version, uname, cpus as Guild AI 0.9.0; `cloud` (provider, instance_type,
 * region) and `container` (kind, cpus, memory) where known, from the environment and files only. `py` may be NULL. */
struct guild_value *guild_platform_record(struct guild_arena *a, const struct guild_python *py,
	char *const *env);
/* The git state of a project directory. `commit` is NULL outside a repository and before the first commit. */
enum { GUILD_VCS_DIFF_MAX = 16 << 20 };
struct guild_vcs_state {
	char *commit; /* the last one that touched the directory */
	char *head;   /* what is checked out */
	bool dirty;
	struct guild_buf
		diff;        /* uncommitted changes of tracked files, as `git diff HEAD --binary` */
	bool diff_too_large; /* past GUILD_VCS_DIFF_MAX: not kept */
};
int guild_vcs_read(const char *dir, bool with_diff, struct guild_vcs_state *out,
	struct guild_error *err);
void guild_vcs_fini(struct guild_vcs_state *v);
/* True for names and values that look like secrets (saved environment and commands mask them). */
bool guild_secret_name(const char *name);
bool guild_secret_value(const char *value);
/* ---- runs of operations --------------------------------------------------------------------------------------------- */

/* Options of `guild run` that shape a run. Strings NULL, lists empty, numbers 0: not given. Borrowed. */
struct guild_run_options {
	const char *label; /* template */
	struct guild_strs tags;
	const char *comment;
	const char *run_dir; /* absolute */
	const char *run_id;
	const char *gpus;
	bool no_gpus;
	bool has_random_seed;
	int64_t random_seed;
	const char *debug_sourcecode; /* absolute paths joined by ':' */
	struct guild_strs deps;       /* --dep */
	/* --break: Python operations stop in pdb at LINE, FILE:LINE, FUNCTION or MODULE.FUNCTION */
	struct guild_strs breaks;
	bool break_on_error;
	const char *
		debug_listen; /* [HOST:]PORT where a Python operation waits for debugpy's client; or NULL */
	bool force_deps, force_sourcecode, keep_run, quiet, no_pty, durable;
	double stop_after_min;
	const struct guild_value *alerts;      /* --alert: list of texts, or NULL */
	const struct guild_value *prune;       /* rules of a batch, in their plain form; or NULL */
	const struct guild_value *run_params;  /* attribute as it will be saved (runs.md 3.3) */
	const struct guild_value *extra_attrs; /* dict, --attr NAME=VALUE; or NULL */
	int64_t max_trials;                    /* 0: all */
	const char *batch_label;
	struct guild_strs batch_tags;
	const char *batch_comment;
	bool keep_batch, fail_on_trial_error, stage_trials;
	bool retry_failed; /* of a batch that is started again: trials that failed */
	/* Steps of a pipeline at once, 0: as many as there are processors; trials of a batch at once, 0: one. */
	int64_t jobs;
};

/* Told while something long goes on: `what` is its name, `total` 0 while unknown; done == total is the last call. */
typedef void guild_progress_fn(void *arg, const char *what, int64_t done_bytes,
	int64_t total_bytes);

/* The world around a run. Borrowed. */
struct guild_exec_world {
	const struct guild_home *home;
	const struct guild_python *python; /* NULL: there is none */
	char *const *env;                  /* guild's own environment */
	const char *cwd;                   /* Guild cwd: relative dependencies */
	const char *cmd_dir;               /* variable CMD_DIR */
	const char *program;               /* absolute path of guild itself */
	const char *log_level; /* LOG_LEVEL of programs ("10"); NULL: what env says, or 20 */
	const struct guild_log *log;
	guild_progress_fn *on_progress; /* of what takes long (copies, downloads); or NULL */
	void *progress_arg;
};

/* ---- inputs: what was resolved for a run (docs/formats/run-directory.md, _resolved) -------------------------------------- */

struct guild_input {
	const char *resource, *source; /* display names */
	const char *uri;
	const char *sha1;     /* of the content: 40 hex digits; "" when it is not known */
	int64_t size_bytes;   /* -1: not known */
	const char *run_id;   /* the run the files came from, or NULL */
	const char **targets; /* paths in the run, sorted as placed; ends in NULL */
};
struct guild_inputs {
	struct guild_input *v;
	size_t n;
};
/* A new run that repeats an earlier one: it is made of the same things, on this machine. */
struct guild_exec_repeat {
	const struct guild_run *run;
	/* Sources that are no more what they were: these come from that run's own copies. Borrowed. */
	struct guild_inputs copies;
	bool *is_unmet; /* set when a dependency was not met; or NULL */
};

/* What chooses the trials of a batch: the operation of its run. Borrowed. */
struct guild_exec_op;
struct guild_batch_op {
	const char *model, *name;             /* of its reference: "" and "+", "skopt" and "gp" */
	const char *module;                   /* of Guild AI 0.9.0, which its record names */
	const struct guild_value *flags;      /* dict: all */
	const struct guild_value *user_flags; /* dict: as typed */
	int64_t max_trials;                   /* 0: no limit */
	bool is_kept;                         /* on success, too */
	const struct guild_value
		*objectives; /* list of texts, "-acc": to be made large; NULL: loss */
	const struct guild_value *constraints; /* list of texts, or NULL */
	const struct guild_exec_op *
		program; /* an operation that is executed; the above names are not used then. Else NULL */
};

/* Everything a new run is made from. Borrowed. */
struct guild_exec_op {
	struct guild_project *project; /* of the operation; both NULL where `record` says it all */
	struct guild_op_def *op;
	struct guild_opref opref;
	const struct guild_value *flags;      /* resolved: dict; lists make a batch */
	const struct guild_value *user_flags; /* as typed: dict */
	const struct guild_value *trials;     /* batch files: list of dicts, or NULL */
	const struct guild_batch_op *batch;   /* of guild_batch_stage; NULL: a grid */
	/* --proto: its attribute `op`, and the run that source code and its records are copied from (unless force_sourcecode). */
	const struct guild_value *record;
	const struct guild_run *proto;
	const struct guild_exec_repeat *repeat; /* guild reproduce; else NULL */
	const struct guild_run_options *options;
	const struct guild_exec_world *world;
};

/* Makes and fills a run directory (runs.md 5, steps 2-4): status staged or pending. On failure nothing half-made stays; a run is
 * seen by others only when all but its dependencies is there, and is pending until these are. GUILD_EUNSUPPORTED: the operation needs what this version cannot do. */
int guild_exec_stage(const struct guild_exec_op *x, bool staged, struct guild_run *out,
	struct guild_error *err);
/* Names of the core that neither a Guild file nor --attr sets. */
bool guild_exec_attr_is_reserved(const char *name);
/* The command and the operation's variables a run would be executed with: --print-cmd, --print-env. Either may be NULL. */
int guild_exec_command(const struct guild_exec_op *x, struct guild_strs *argv,
	struct guild_strs *op_env, struct guild_error *err);

struct guild_scalar_watch {
	void *arg;
	bool (*watches)(void *arg, const char *key); /* "loss", "DIR#loss" */
	/* True: it is to be stopped. `step` is -1 where there is none. */
	bool (*seen)(void *arg, const char *key, int64_t step, double value);
};
/* Executes a staged, pending or finished run from its own records (start and restart too). Returns 0 when the program was started; its
 * fate is in `result`. */
struct guild_exec_start {
	const struct guild_run_options *options;
	const struct guild_exec_world *world;
	bool is_new;       /* staged a moment ago by this process: its records are up to date */
	unsigned serial;   /* how many runs this process has executed before */
	bool has_packages; /* attribute pip_freeze is there already */
	/* As in guild_supervise_request. */
	int (*on_output)(void *arg, bool is_stderr, const char *p, size_t n);
	void *on_output_arg;
	/* Who is shown the scalars of the program as it prints or writes them, and may stop it (GUILD_STOP_PRUNED); or NULL. */
	const struct guild_scalar_watch *watch;
	/* When all is prepared, before the program starts; an error ends it. May be NULL. */
	int (*on_ready)(void *arg, struct guild_error *err);
	/* As in guild_supervise_request; not called where something fails in between. */
	void (*on_started)(void *arg);
	void *on_ready_arg; /* of both */
	/* Restart: new values, or NULL to keep what is recorded. */
	const struct guild_value *flags;
	const struct guild_value *user_flags;
	/* --force-sourcecode: copied again from here, else NULL. */
	struct guild_project *project;
	struct guild_op_def *op;
};
int guild_exec_run(struct guild_run *run, const struct guild_exec_start *start,
	struct guild_supervise_result *result, struct guild_error *err);

/* ---- alerts (docs/guide/alerts.md) -------------------------------------------------------------------------------------- */

enum { GUILD_ALERTS_MAX = 64, GUILD_ALERTS_KEPT = 1000 };
/* Rules as guild.yml and --alert have them - a text, a mapping, a list of those, or NULL - in the plain form that attribute `op` keeps:
 * a list of mappings with `when` and the actions. GUILD_EINVALID names what is wrong, and its place in the file: "guild.yml:12:9: …";
 * GUILD_ELIMIT: more than GUILD_ALERTS_MAX. */
int guild_alerts_read(struct guild_arena *a, const struct guild_value *written,
	struct guild_value **out, struct guild_error *err);

/* ---- what differs between an operation as it is now and a run of it (--needed, guild explain) ------------------------------- */

enum guild_difference_kind {
	GUILD_DIFFERENCE_OPERATION, /* the command and what else its record says */
	GUILD_DIFFERENCE_FLAG,
	GUILD_DIFFERENCE_SOURCE, /* a file */
	GUILD_DIFFERENCE_INPUT,
	GUILD_DIFFERENCE_PYTHON, /* interpreter: path or version */
	GUILD_DIFFERENCE_PACKAGE,
	GUILD_DIFFERENCE_STEPS, /* of a pipeline; or a step's own run would differ */
};
const char *guild_difference_kind_name(enum guild_difference_kind
		kind); /* "operation", "flag", … */
struct guild_difference {
	enum guild_difference_kind kind;
	const char *name;           /* of the flag, file, input, package, part of the operation */
	const char *before, *after; /* NULL: was not there, is not there */
};
struct guild_differences {
	struct guild_difference *v;
	size_t n, cap;
};
void guild_differences_fini(struct guild_differences *d);
/* An operation as it would be run now. What is compared is found once, when it is first asked for: many runs can be held against it. */
struct guild_exec_now;
struct guild_exec_now *guild_exec_now_new(const struct guild_exec_op *x); /* `x` is borrowed */
void guild_exec_now_free(struct guild_exec_now *now);
/* The first `max` differences (0: all), in the order of the kinds; none: the run would be the same. A run of a batch is held against by its
 * prototype. The texts live as long as `now`. */
int guild_exec_differences(struct guild_exec_now *now, const struct guild_run *run, size_t max,
	struct guild_differences *out, struct guild_error *err);
/* Appends a unified diff for a difference in a source file; nothing where there is no text to compare. */
void guild_exec_source_diff(const struct guild_exec_now *now, const struct guild_run *run,
	const struct guild_difference *d, struct guild_buf *out);
/* Runs of the same operation (whatever the version of its Guild file) that are neither pending nor error, newest first. `is_batch`: batches
 * whose prototype is such a run. `parent` as for guild_store_list. */
int guild_exec_find_earlier(const struct guild_exec_world *world, const struct guild_opref *opref,
	bool is_batch, const char *parent, struct guild_runs *out, struct guild_error *err);
/* Those of them that the operation as it is now would only repeat (--needed). */
int guild_exec_find_equal(const struct guild_exec_op *x, bool is_batch, const char *parent,
	struct guild_runs *out, struct guild_error *err);

/* ---- inputs of runs, and of what would be run ------------------------------------------------------------------------------- */

/* Inputs of a run in the order they were resolved, in arena `a`; those of 0.9.0 as far as its manifest tells. */
int guild_run_inputs(const struct guild_run *run, struct guild_arena *a, struct guild_inputs *out,
	struct guild_error *err);
/* The one of the same resource and source, or NULL. */
const struct guild_input *guild_inputs_find(const struct guild_inputs *all,
	const struct guild_input *like);
/* What the dependencies of an operation are now, without a run and without downloading or unpacking anything: `sha1` compares with that of
 * guild_run_inputs, `targets` is empty. A source that cannot be resolved has an empty sha1. Content of large files is hashed once and
 * remembered in the cache of the Guild home. */
int guild_exec_inputs(const struct guild_exec_op *x, struct guild_arena *a,
	struct guild_inputs *out, struct guild_error *err);
/* Flags that choose runs for operation dependencies get full run ids: a missing value that of the run that would be taken, a prefix its completion, lists
 * item by item. `flags` changes; `user_flags` (may be NULL) where it holds prefixes. No suitable run is a warning. */
void guild_exec_choose_runs(const struct guild_exec_world *world, const struct guild_op_def *op,
	struct guild_arena *a, struct guild_value *flags, struct guild_value *user_flags);

/* ---- reproducing a run (docs/reproducibility.md) ------------------------------------------------------------------------ */

/* What is compared, in this order. */
enum guild_reproduce_level {
	GUILD_REPRODUCE_SOURCE,
	GUILD_REPRODUCE_FLAGS, /* and the random seed */
	GUILD_REPRODUCE_ENVIRONMENT,
	GUILD_REPRODUCE_INPUTS,
	GUILD_REPRODUCE_EXIT, /* how the program ended */
	GUILD_REPRODUCE_OUTPUTS,
	GUILD_REPRODUCE_METRICS,
	GUILD_REPRODUCE_RUNTIME,
	GUILD_REPRODUCE_LEVELS, /* how many there are */
};
enum guild_reproduce_verdict {
	GUILD_REPRODUCE_SKIPPED, /* not looked at: an earlier level left nothing to compare */
	GUILD_REPRODUCE_SAME,
	GUILD_REPRODUCE_DIFFERS,
	GUILD_REPRODUCE_UNKNOWN, /* the earlier run has no record of it */
	GUILD_REPRODUCE_NOTED,   /* told, and not judged */
};
const char *guild_reproduce_level_name(enum guild_reproduce_level l); /* "source", … */
/* The level of a name, or -1. */
int guild_reproduce_level_parse(const char *name);
const char *guild_reproduce_verdict_name(enum guild_reproduce_verdict v); /* "same", … */

struct guild_reproduce_finding {
	const char *name;           /* a file, flag, package, input, metric */
	const char *what;           /* "changed", "is gone", "is new", or a sentence's rest */
	const char *before, *after; /* or NULL */
	bool is_note;               /* worth telling, no difference */
};
struct guild_reproduce_check {
	enum guild_reproduce_verdict verdict;
	const char *summary; /* a line, or NULL */
	const char *hint;    /* what to do about it, or NULL */
	struct guild_reproduce_finding *v;
	size_t n, cap;
};
struct guild_reproduction {
	struct guild_reproduce_check levels[GUILD_REPRODUCE_LEVELS];
	const char *run_id; /* the new run, or NULL: there is none */
	const char *run_dir;
	bool is_stopped; /* Ctrl-C, or a signal sent to guild */
	int exit_status; /* of the new run */
};
/* True when no level of `deciding` (bits 1 << level) differs and none was left out; with `strict` none is unknown either. */
bool guild_reproduction_holds(const struct guild_reproduction *r, unsigned deciding, bool strict);

enum guild_reproduce_env {
	GUILD_REPRODUCE_ENV_AUTO, /* uv where it is installed, else venv */
	GUILD_REPRODUCE_ENV_UV,
	GUILD_REPRODUCE_ENV_VENV,
	GUILD_REPRODUCE_ENV_CURRENT, /* the active interpreter and its packages, compared with the record */
	GUILD_REPRODUCE_ENV_NONE, /* the same, and nothing is compared */
};
/* Borrowed; zeroed means the usual. */
struct guild_reproduce_request {
	const struct guild_run *run; /* the earlier one; it may lie outside the Guild home */
	const struct guild_exec_world *world;
	/* Today's operation, with the flags of the earlier run: its source code takes the place of the recorded one (--working). Else NULL. */
	const struct guild_exec_op *working;
	enum guild_reproduce_env env;
	double tolerance;             /* of metrics; below 0: 1e-6 */
	struct guild_strs tolerances; /* "METRIC=NUMBER", METRIC may hold '*'; a later one wins */
	struct guild_strs ignored;    /* patterns of output files */
	bool final_only;              /* of every metric its last value */
	double max_slowdown;          /* 0: runtime is only noted */
	bool force;                   /* go on although source code or inputs differ */
	bool quiet, no_pty;
	const char *label;      /* of the new run; NULL: "reproduces ID" and the usual label */
	struct guild_strs tags; /* of the new run */
	unsigned serial;        /* how many runs this process has executed before */
};
/* One reproduction. One thread. */
struct guild_reproducing;
/* Looks at everything that can be told without running: source code, flags and inputs against their records, and which environment would be
 * used. Nothing is made. GUILD_EINVALID: a batch, a pipeline, a run that has not ended, or one without a record of its operation;
 * a tolerance that is none. GUILD_ENOTFOUND: the tool that `env` names is not installed. */
int guild_reproduce_new(const struct guild_reproduce_request *req, struct guild_reproducing **out,
	struct guild_error *err);
/* False: source code or inputs are not what they were, and running would tell nothing. */
bool guild_reproduce_can_run(const struct guild_reproducing *p);
/* Makes the environment, then a new run with attribute `reproduces`, executes it and compares. What goes wrong with the environment or an
 * input is the verdict of that level; an error is what stops guild itself. */
int guild_reproduce_run(struct guild_reproducing *p, struct guild_error *err);
/* What is known so far; lives as long as `p`. */
const struct guild_reproduction *guild_reproduce_result(const struct guild_reproducing *p);
void guild_reproduce_free(struct guild_reproducing *p);
/* Holds inputs that are directories against what `_resolved` recorded of them: struct guild_verify_request.more. */
void guild_exec_verify_inputs(void *arg, const struct guild_run *r, struct guild_findings *out);

/* ---- grid batches (batches.md 3.1, 4) ----------------------------------------------------------------------------------- */

/* The trials of these flags: batch file rows (or NULL) over which `user_flags` win, lists expanded, at most `max_trials` (0: all) drawn by
 * `seed`. List of dicts, in order. */
enum { GUILD_BATCH_MAX_TRIALS = 1000000 };
int guild_batch_trials(struct guild_arena *a, const struct guild_value *flags,
	const struct guild_value *user_flags, const struct guild_value *rows, int64_t max_trials,
	uint64_t seed, struct guild_value **out, struct guild_error *err);
/* At most `max_trials` (0: all) of the trials, drawn by `seed`, in their own order. */
struct guild_value *guild_batch_sample(struct guild_arena *a, struct guild_value *all,
	int64_t max_trials, uint64_t seed);
/* Makes the batch run with its prototype; trials are made when it is executed. */
int guild_batch_stage(const struct guild_exec_op *x, bool staged, struct guild_run *out,
	struct guild_error *err);
/* Makes one trial of a batch for a program that runs as its operation: pending, or staged with options->stage_trials, linked from the batch. `start`: options and world;
 * world->python may be NULL. GUILD_ENOTFOUND: the run has no prototype. */
int guild_batch_add_trial(const struct guild_run *batch, const struct guild_exec_start *start,
	const struct guild_value *flags, struct guild_run *out, struct guild_error *err);
/* Where the trials of a batch come from, and who is told what becomes of them. All are called in the batch's process, one at a
 * time. Any but `next` may be NULL. */
struct guild_batch_trial {
	const struct guild_run *run;
	const struct guild_value *flags; /* dict */
	size_t number;                   /* from 0, in the order they were made */
};
struct guild_batch_end {
	enum guild_run_status status; /* completed, error or terminated */
	int exit_status;              /* as the attribute */
	bool is_pruned;               /* `seen` stopped it */
	bool is_old; /* it was there before: a batch that is started again tells all its ended trials first */
	bool is_earlier; /* of an earlier round: the batch had come to its end and is run anew */
};
struct guild_batch_hooks {
	void *arg;
	/* Before anything else. `log` goes to standard error and to the batch's own output. */
	int (*begin)(void *arg, const struct guild_log *log, struct guild_error *err);
	/* A trial that is there from before and waits or runs: it will end like any other. */
	void (*is_there)(void *arg, const struct guild_batch_trial *trial);
	/* Flags of one more trial: 1, and *flags in `a`; 0: there are no more. Asked when a slot is free; before the first trial starts, until 0, where
	 * `all_at_once`. */
	int (*next)(void *arg, struct guild_arena *a, const struct guild_value **flags,
		struct guild_error *err);
	bool all_at_once;
	size_t n_planned; /* how many there will be in all, for a display; 0: not known */
	/* After `next`: the run that it became. */
	void (*made)(void *arg, const struct guild_batch_trial *trial);
	/* A scalar of a running trial, as it prints or writes it: text that says why to stop it (borrowed until the next call), or NULL. Called for
	 * the keys for which `watches` is true. */
	bool (*watches)(void *arg, const char *key);
	const char *(*seen)(void *arg, const struct guild_batch_trial *trial, const char *key,
		int64_t step, double value);
	void (*ended)(void *arg, const struct guild_batch_trial *trial,
		const struct guild_batch_end *end);
	/* When all is over, before the batch is recorded as ended. */
	void (*finish)(void *arg);
	/* How the search stands, in a few words ("best loss 0.21 (5f3a9c1e)"), or NULL. Borrowed until the next call. */
	const char *(*summary)(void *arg);
};
/* For a display: what goes on, after every change and about once a second. */
struct guild_batch_progress {
	size_t n_trials;  /* made so far */
	size_t n_planned; /* as the hooks have it; 0: not known */
	size_t n_jobs;
	size_t n_done, n_failed, n_pruned, n_running;
	const struct guild_batch_trial *running; /* n_running */
	const int64_t *started_us;               /* n_running */
	const struct guild_batch_trial *changed; /* started or ended just now, or NULL */
	const struct guild_batch_end *end;       /* of `changed`; NULL: it started */
	const char *summary;                     /* of the hooks, or NULL */
	bool is_stopping;
};
enum { GUILD_BATCH_JOBS_MAX = 1024 };
struct guild_batch_request {
	const struct guild_exec_start
		*start; /* options->jobs: trials at once, as recorded, else 1 */
	const struct guild_batch_hooks *hooks;
	void (*on_progress)(void *arg, const struct guild_batch_progress *p); /* or NULL */
	void *progress_arg;
};
/* Executes a batch: makes trials and runs them, several at once with jobs > 1, each with its output in its own run only then. `result` is the batch's own fate. A
 * batch that was executed before goes on: what ended stays, what waits is run, then more is asked for. */
int guild_batch_run(struct guild_run *batch, const struct guild_batch_request *req,
	struct guild_supervise_result *result, struct guild_error *err);

/* ---- pipelines (docs/design/pipelines.md) --------------------------------------------------------------------------------- */

struct guild_pipeline_request {
	const struct guild_run *run; /* the pipeline's own; this process is its program */
	const struct guild_steps *steps;
	const struct guild_exec_world *world; /* `env` is what steps get */
	const char *project_dir;              /* where steps are run */
	size_t jobs; /* at most so many at once; 0: as many as there are processors */
	bool needed; /* --needed for every step */
	bool stage_trials;
};
struct guild_pipeline_result {
	int exit_code; /* of the step that failed first; 3: a check failed */
	int signal;    /* that ended the pipeline, or 0 */
};
/* Runs the steps that are not done, those that may at the same time. State: RUN/.guild/pipeline. One call at a time in a
 * process: handlers of signals are installed during the call. */
int guild_pipeline_run(const struct guild_pipeline_request *req, struct guild_pipeline_result *out,
	struct guild_error *err);
enum guild_step_state {
	GUILD_STEP_WAITING, /* never started */
	GUILD_STEP_RUNNING,
	GUILD_STEP_DONE,
	GUILD_STEP_REUSED, /* done by a run from before (--needed) */
	GUILD_STEP_FAILED,
	GUILD_STEP_STOPPED, /* terminated, or left half */
};
struct guild_step_status {
	enum guild_step_state state;
	char *run_id; /* or NULL */
};
/* What a pipeline's run says of each of its steps; `out` has room for steps->n. */
int guild_pipeline_status(const struct guild_run *run, const struct guild_steps *steps,
	struct guild_step_status *out, struct guild_error *err);
void guild_pipeline_status_fini(struct guild_step_status *v, size_t n);
/* "m:train --label x lr=0.1": a step as `guild run` would be told. */
void guild_step_text(const struct guild_step *step, bool stage_trials, struct guild_buf *out);

#ifdef __cplusplus
}
#endif

#endif
