/* What the files of this room tell each other. */
#ifndef GUILD_EXEC_PRIVATE_H
#define GUILD_EXEC_PRIVATE_H

#include "guild/exec.h"

/* ---- secrets ---- */

#define GUILD_SECRET_MASK "********"
/* True for variables that the saved environment leaves out altogether (runs.md 6). */
bool guild_secret_is_dropped(const char *name);
/* Appends the value with what looks like a secret in it masked. */
void guild_secret_mask_value(struct guild_buf *out, const char *value);
void guild_secret_mask_env(struct guild_buf *out, const char *name, const char *value);
/* The command as it may be saved. */
void guild_secret_mask_command(const struct guild_strs *argv, struct guild_strs *out);

/* ---- environments and repositories ---- */

const char *guild_env_get(char *const *env, const char *name); /* NULL when unset */
/* Appends the version in normal form; false (nothing appended) when it is none. */
bool guild_pep440_normalize(const char *version, struct guild_buf *out);
/* The directory above (or at) `dir` that holds .git; caller frees; NULL outside a repository. */
char *guild_git_root(const char *dir);
/* Appends the lines `pip freeze` prints for an editable install at `location`; `display` is NAME==VERSION. */
void guild_editable_lines(const char *location, const char *name, const char *display,
	struct guild_strs *out);

/* Parts of the platform record; NULL when nothing is known. `root` is "/" but in tests. */
struct guild_value *guild_cloud_record(struct guild_arena *a, char *const *env, const char *root);
struct guild_value *guild_container_record(struct guild_arena *a, char *const *env,
	const char *root);

/* ---- references ---- */

/* Appends the value of NAME; false when there is none. */
typedef bool guild_ref_fn(void *arg, const char *name, struct guild_buf *out);
/* Text with ${NAME} replaced; \${NAME} stays. GUILD_EINVALID for a name that is not known. */
int guild_refs_resolve(const char *text, guild_ref_fn *look_up, void *arg, struct guild_buf *out,
	struct guild_error *err);

/* ---- commands ---- */

struct guild_command_request {
	const struct guild_value *op;    /* attribute op */
	const struct guild_value *flags; /* dict */
	const char *python;              /* NULL: there is none */
	const char *project_dir;         /* or NULL */
	const char *source_root;         /* where source code was taken from, absolute; or NULL */
	const char *source_dest;         /* where it is in the run: "." */
	/* Where the copy is: a run, or what will be copied into one. Both NULL: nowhere. */
	const char *run_dir;
	const struct guild_source_selection *selection;
	const char *debug_sourcecode; /* paths that replace the copy, or NULL */
	const char *home;             /* Guild home: its cache holds the import shim */
	const char *program;          /* guild itself, which runs pipelines */
	const struct guild_log *log;
};
struct guild_command {
	struct guild_strs argv;
	struct guild_strs env; /* NAME=VALUE the command needs besides */
	char *python_path;     /* goes before PYTHONPATH, or NULL */
	char *hydra_file; /* text of GUILD_HYDRA_FILE in the run: values that have no spelling on a command line; or NULL */
	bool is_python;
	bool is_wrapped; /* what Python executes is not the user's file: no debugger */
};
#define GUILD_HYDRA_DIR ".guild/generated/hydra"
#define GUILD_HYDRA_FILE GUILD_HYDRA_DIR "/guild/flags.yaml"
int guild_command_make(const struct guild_command_request *req, struct guild_command *out,
	struct guild_error *err);
void guild_command_fini(struct guild_command *c);
/* Adds what stands between the interpreter and the arguments of a script whose flags are module globals: the shim with the flags,
 * and the script. Without flags to set there is no shim. */
int guild_shim_command(const struct guild_command_request *req, const char *flags_dest,
	bool as_module, const char *target, const struct guild_value *cmd_flags,
	struct guild_command *out, struct guild_error *err);

struct guild_exec_world;
struct guild_run_options;
/* Puts Python's debugger between interpreter and script where --break, --break-on-error or --debug-listen ask for it; a warning
 * where the command is no Python script. */
int guild_debug_command(const struct guild_exec_world *world,
	const struct guild_run_options *options, struct guild_command *command,
	struct guild_error *err);
/* The program that does it, beside the shim; caller frees the path. */
int guild_debugger_path(const char *cache_dir, char **path, struct guild_error *err);

/* Puts the notebook runner under CACHE_DIR/notebook/ where it is not there yet; caller frees the path. */
int guild_notebook_runner_path(const char *cache_dir, char **path, struct guild_error *err);

/* ---- flags in source text (source_flags.c) ---- */

/* Notebooks, R scripts and Quarto documents get their flags in a file of the run: the notebook or script itself, or the file of
 * parameters. Nothing is done for other operations. */
struct guild_source_flags_request {
	const struct guild_value *op, *flags;
	const char *source_root; /* absolute, or NULL */
	const char *source_dest;
	const struct guild_run *run;
	const char *debug_sourcecode; /* or NULL */
	bool is_fresh;                /* source code was copied again: earlier values are gone */
	const struct guild_log *log;
};
int guild_source_flags_apply(const struct guild_source_flags_request *req, struct guild_error *err);
/* GUILD_ENOTFOUND: a command's notebook or script is neither in the run nor in the project. */
int guild_source_flags_check(const struct guild_command_request *req, struct guild_error *err);
/* The command's word that names a notebook, NULL for other commands. */
const char *guild_notebook_word(const struct guild_value *op);

/* ---- environment ---- */

void guild_env_set(struct guild_strs *env, const char *name, const char *value);
void guild_env_unset(struct guild_strs *env, const char *name);
/* Path lists joined by ':' without repeats; NULL and empty ones are passed over. Caller frees. */
char *guild_path_list_join(const char *const *lists, size_t n);
/* The operation's own variables and those of its flags. */
int guild_env_of_op(const struct guild_value *op, const struct guild_value *flags,
	struct guild_strs *out, struct guild_error *err);
struct guild_env_request {
	char *const *base;
	const struct guild_value *op, *flags;
	const char *python_path; /* goes before what there is, or NULL */
	const char *gpus;
	bool no_gpus;
	const char *op_name, *home, *source_dest, *cmd_dir;
	const char *log_level; /* or NULL: as in `base`, or 20 */
	const struct guild_run *run;
	struct guild_strs more; /* borrowed */
	const struct guild_log *log;
};
int guild_env_make(const struct guild_env_request *req, struct guild_strs *out,
	struct guild_error *err);
/* Attribute env: without what is secret. `secrets`: names listed in env-secrets, or NULL. */
struct guild_value *guild_env_record(struct guild_arena *a, const struct guild_strs *env,
	const struct guild_value *secrets);
/* File ENV of staged runs: sorted exports. */
void guild_env_shell(const struct guild_strs *env, struct guild_buf *out);

/* ---- dependencies ---- */

/* `op.deps`: what the operation requires (op->deps, or NULL) and --dep paths, with what the flags say the sources are. */
int guild_deps_record(struct guild_arena *a, const struct guild_value *deps,
	const struct guild_value *flags, const struct guild_strs *more, struct guild_value **out,
	struct guild_error *err);
/* Sets `config` of the dependencies of a record to what the flags say now; true when that changed something. */
bool guild_deps_follow_flags(struct guild_arena *a, const struct guild_value *deps,
	const struct guild_value *flags);
struct guild_deps_request {
	const struct guild_exec_world *world;
	const struct guild_run *run;
	const struct guild_value *flags;
	const char *file; /* the Guild file that places in `deps` are of, or NULL */
	const struct guild_exec_repeat *repeat; /* sources that come from copies; or NULL */
	bool force;                             /* a dependency that is not met is a warning */
	bool is_staging;                        /* operation sources wait for the start */
	bool durable;
};
/* Places what attribute `deps` of the run does not list yet; writes it, the manifest and attribute _resolved as it goes. */
int guild_deps_resolve(const struct guild_deps_request *req, const struct guild_value *deps,
	struct guild_error *err);

/* ---- DVC ---- */

/* The stage that a recorded operation (attribute op) is, or NULL; `project_dir` (may be NULL) gets the directory of its dvc.yaml, or NULL. Borrowed. */
const char *guild_dvc_stage(const struct guild_value *op, const char **project_dir);
/* What `dvc repro` needs in the run's directory: a small repository with the project's configuration and cache, without Git. Nothing for
 * other operations. */
int guild_dvc_prepare_run(const struct guild_value *op, const struct guild_run *run,
	struct guild_error *err);

/* ---- source code ---- */

struct guild_snapshot {
	struct guild_buf manifest;  /* lines of the copied files */
	struct guild_strs left_out; /* what a limit or an unreadable file kept out */
	char digest[33];            /* "" when nothing was copied */
};
int guild_snapshot_make(const struct guild_source_selection *sel, const struct guild_run *run,
	const struct guild_log *log, struct guild_snapshot *out, struct guild_error *err);
void guild_snapshot_fini(struct guild_snapshot *s);

/* ---- records ---- */

/* Adds the rules `more` (as guild_alerts_read takes them) to the record's, those it has already left out. */
int guild_record_alerts(struct guild_arena *a, struct guild_value *record,
	const struct guild_value *more, struct guild_error *err);
/* Puts the pruning rules that were typed in the place of those recorded; none typed: as it is. */
void guild_record_prune(struct guild_arena *a, struct guild_value *record,
	const struct guild_run_options *options);
/* Attribute `op` of an operation of a project. */
int guild_op_record(struct guild_arena *a, const struct guild_exec_op *x, struct guild_value **out,
	struct guild_error *err);
/* Attribute `plugins`: what the reference would have active; as a list, and as variable GUILD_PLUGINS names them. */
struct guild_value *guild_op_plugins(struct guild_arena *a, const struct guild_op_def *op,
	char *const *env);
const char *guild_op_plugin_names(struct guild_arena *a, const struct guild_op_def *op,
	char *const *env);
/* Writes an attribute of a run that nobody can see yet: plainly, without a temporary file. */
int guild_new_attr(const struct guild_run *run, const char *name, const struct guild_value *v,
	struct guild_error *err);
int guild_new_file(const struct guild_run *run, const char *name, const void *p, size_t n,
	mode_t mode, struct guild_error *err);

#endif
