/*
 * Project files: guild.yml read into models and operations; a bare script as an operation. Knows flags, formats.
 *
 * Everything of a project lives in its arena and dies with guild_project_free.
 */
#ifndef GUILD_PROJECT_H
#define GUILD_PROJECT_H

#include <guild/flags.h>

#ifdef __cplusplus
extern "C" {
#endif

struct guild_model_def;

/* The first word of `main` of a DVC stage; its last word is the stage. 0.9.0 has a module of that name. */
#define GUILD_DVC_STAGE_MODULE "guild.plugins.dvc_stage_main"

/* What a project may be composed from besides its own directory. Passing NULL means: nothing. */
struct guild_project_world {
	/* Directories of the user's Python path in order, ending with NULL: where packages are looked for. Asked only when a
	 * file names a package; borrowed, and good as long as the world. */
	const char *const *(*python_path)(void *arg);
	/* Judges one rule of an operation's `alerts` for guild_project_check: an error names its place. NULL: they are not looked at. */
	int (*check_alert)(void *arg, const struct guild_value *rule, struct guild_error *err);
	/* The same for an operation's `prune`, given whole. */
	int (*check_prune)(void *arg, const struct guild_value *rules, struct guild_error *err);
	void *arg;
	bool plain_numbers; /* numbers as PyYAML reads them: 1e-3 is text (NO_PATCH_YAML=1) */
};

/* One operation as written (guildfile.md 4). NULL or zero: not set. Values that later parts of the product use are kept as parsed
 * values (`data` holds the whole mapping). */
struct guild_op_def {
	const char *name;
	struct guild_model_def *model;
	const char *description;
	bool is_default;
	const char *main; /* module and arguments, shell words */
	const char *exec; /* command, shell words */
	const char *notebook;
	const char *r_script; /* of a bare R script: relative to the source root */
	const struct guild_value *steps;
	struct guild_flag_defs flags;
	const char *flags_dest;
	const struct guild_value *flags_import;      /* NULL: unset; true, false or list of names */
	const struct guild_value *flags_import_skip; /* list */
	bool default_flag_arg_skip;
	const char *flag_encoder;
	const struct guild_value *requires; /* list of dependency values */
	/* The same with named resources filled in, as attribute op.deps of its runs holds it (without `config`): list of dicts. */
	const struct guild_value *deps;
	const struct guild_value
		*sourcecode; /* as written; model's rules are in model->sourcecode */
	bool sourcecode_disabled;
	const struct guild_value *output_scalars; /* normalised: NULL = default, [] = off, list */
	const struct guild_value *env;
	const struct guild_value *env_secrets;
	const char *label;
	const struct guild_value *tags;    /* list */
	const struct guild_value *alerts;  /* as written, or NULL */
	const struct guild_value *prune;   /* as written, or NULL */
	const struct guild_value *compare; /* list */
	const struct guild_value *plugins;
	const char *python_requires;
	const struct guild_value *python_path;
	bool pip_freeze, has_pip_freeze;
	bool stoppable, handle_keyboard_interrupt, delete_on_success, can_stage_trials;
	int64_t default_max_trials;           /* 0: unset */
	const struct guild_value *objective;  /* as written */
	const struct guild_value *optimizers; /* dict name -> dict */
	const struct guild_value *publish;
	const struct guild_value *run_attrs;
	const struct guild_value
		*profiles; /* dict name -> dict of flag values: the model's and its own; or NULL */
	const struct guild_value *data; /* the whole mapping after inheritance */
};

/* A model after inheritance: what its parents say is merged in, parameters are replaced, $include is gone. Every value keeps the file,
 * line and column it was written at. */
struct guild_model_def {
	const char *name;    /* "" for the anonymous model */
	const char *package; /* that it is installed with; NULL: the project's own */
	/* Absolute directories in which its relative files are looked for, in order: the project's, then those of the packages
	 * it extends. Never empty. */
	const char *const *locations;
	size_t n_locations;
	const char *description;
	bool is_default;
	struct guild_op_def **ops; /* sorted by name */
	size_t n_ops;
	const struct guild_value *sourcecode;
	const struct guild_value *resources; /* dict name -> resource as written; or NULL */
	const struct guild_value *plugins;
	const char *python_requires;
	const struct guild_value *references;
	const struct guild_value *extra;
	const struct guild_value *profiles; /* dict name -> dict of flag values; or NULL */
	const struct guild_value *data;
};

/* A file that made the project what it is. */
struct guild_project_file {
	const char *path; /* absolute */
	const char *hash; /* MD5, 32 hex digits */
};

struct guild_project {
	struct guild_arena *arena;
	char *dir;        /* absolute directory */
	char *path;       /* absolute path of guild.yml; NULL for a bare script */
	char *script_dir; /* bare script: the directory its run reference names; else NULL */
	bool is_dvc;      /* path is that of a dvc.yaml */
	bool is_builtin;  /* guild's own: no directory, no file */
	char hash[65];    /* MD5 of the file, 32 hex digits */
	const char *pkg_name, *pkg_version; /* of an installed package; else NULL */
	struct guild_project_file *files;   /* guild.yml first, then what it includes and extends */
	size_t n_files;
	struct guild_model_def **models;
	size_t n_models;
	const struct guild_value *package; /* or NULL */
	const struct guild_value *data;
};

/* Loads DIR/guild.yml. GUILD_ENOTFOUND when there is none. Errors: "FILE:LINE:COLUMN: what". Unknown attributes are ignored as the
 * reference does. `world` may be NULL. */
int guild_project_load(const char *dir, const struct guild_project_world *world,
	struct guild_project **out, const struct guild_log *log, struct guild_error *err);
/* The same from text (fuzzing, tests). */
int guild_project_parse(struct guild_str text, const char *path,
	const struct guild_project_world *world, struct guild_project **out,
	const struct guild_log *log, struct guild_error *err);
void guild_project_free(struct guild_project *p);

/* Installed packages with a guild.yml: wheels that register models, and directories of the Python path. */
struct guild_package {
	char *name, *version; /* version "": nothing says it */
	char *dir;            /* of its guild.yml */
};
struct guild_packages {
	struct guild_package *v;
	size_t n, cap;
};
void guild_packages_find(const struct guild_project_world *world, struct guild_packages *out);
void guild_packages_fini(struct guild_packages *p);
int guild_package_load(const struct guild_package *package, const struct guild_project_world *world,
	struct guild_project **out, const struct guild_log *log, struct guild_error *err);

struct guild_model_def *guild_project_default_model(const struct guild_project *p);
struct guild_op_def *guild_model_default_op(const struct guild_model_def *m);
/* "[package/][model:]op" for display. */
void guild_op_fullname(const struct guild_op_def *op, struct guild_buf *out);

/* What OPERATION on the command line means (cli.md 1.1). `spec` NULL or "": the default operation. `project` and `world` may be NULL. When no
 * model operation matches, *script_project is a new project (caller frees): the installed package that has the operation, or one
 * anonymous operation for a script or executable path. */
int guild_op_find(struct guild_project *project, const char *spec, const char *cwd,
	const struct guild_project_world *world, struct guild_op_def **op,
	struct guild_project **script_project, struct guild_error *err);
/* The flag values of profiles, what a later one says over an earlier one: a dict in `a`. GUILD_ENOTFOUND for a name the operation does
 * not have. */
int guild_op_profile_values(const struct guild_op_def *op, const struct guild_strs *names,
	struct guild_arena *a, struct guild_value **out, struct guild_error *err);
/* Completes op->flags and op->flags_dest from its script (flags.md 5): the static parse, the cache, the script's own parser. */
struct guild_import_options {
	const char *cache_dir; /* or NULL */
	const char *python;
	bool ignore_cache;
	guild_search_fn *search; /* for `nb-replace`; NULL: patterns find nothing */
	char *const *words;      /* NAME=VALUE as typed: they choose Hydra's config groups */
	size_t n_words;
};
int guild_op_import_flags(struct guild_project *project, struct guild_op_def *op,
	const struct guild_import_options *opts, const struct guild_log *log,
	struct guild_error *err);

/* ---- what may be written in guild.yml ------------------------------------------------------------------------ */

/* A JSON Schema (draft 7) of guild.yml. */
struct guild_value *guild_project_schema(struct guild_arena *a);
/* The reference page of all attributes, Markdown. */
void guild_project_reference(struct guild_buf *out);

/* Something in a project's files that is not as it should be, though the project may load. */
struct guild_project_finding {
	const char *file; /* as messages name it */
	uint32_t line, column;
	const char *text;
	const char *hint; /* or NULL */
};
struct guild_project_findings {
	struct guild_project_finding *v; /* by file, line and column */
	size_t n, cap;
};
/* Looks through DIR/guild.yml and what it includes: unknown attributes and forms, flag types, resources, operations and optimizers that
 * are not there, and what stops the project from loading. Everything lives in `a`. GUILD_ENOTFOUND: there is no guild.yml. */
int guild_project_check(struct guild_arena *a, const char *dir,
	const struct guild_project_world *world, struct guild_project_findings *out,
	struct guild_error *err);

/* An R script: named so, and no other way to run it is given. */
bool guild_op_is_r(const struct guild_op_def *op);

/* How an operation is started (guildfile.md 4.1). */
enum guild_op_kind {
	GUILD_OP_PYTHON,
	GUILD_OP_EXEC,
	GUILD_OP_NOTEBOOK,
	GUILD_OP_R,
	GUILD_OP_STEPS,
};
struct guild_op_cmd {
	enum guild_op_kind kind;
	/* The command as runs record it, the reference's template (runs.md 3.4): "__flag_args__" stands for the flags,
	 * ${NAME} is unresolved: ${python_exe} -um guild.op_main MODULE ARGS -- __flag_args__ */
	struct guild_strs words;
	/* GUILD_OP_PYTHON only: */
	char *module;      /* [PATH/]MODULE as written */
	char *module_dir;  /* PATH, "" when there is none; relative to the source root */
	char *module_name; /* MODULE */
	/* Source file relative to the source root, NULL when it is not there. Also of notebooks and R scripts. */
	char *script;
	bool run_as_module;     /* a module of a package: python -m MODULE; else python SCRIPT */
	struct guild_strs args; /* base arguments, ${NAME} unresolved */
};
int guild_op_command(const struct guild_project *project, const struct guild_op_def *op,
	struct guild_op_cmd *out, const struct guild_log *log, struct guild_error *err);
void guild_op_cmd_fini(struct guild_op_cmd *c);
/* It has steps, and nothing that wins over them. */
bool guild_op_is_pipeline(const struct guild_op_def *op);
/* Splits [PATH/]MODULE and finds its file below root, first in the directories of `path` (relative to root or absolute; may be NULL);
 * used for commands read back from runs, too. Fills module…run_as_module. */
void guild_op_find_module(const char *root, const struct guild_strs *path, const char *main_word,
	struct guild_op_cmd *out);
/* `python-path` as seen from the source root: relative where it is below, else absolute. */
void guild_op_python_path(const struct guild_project *project, const struct guild_op_def *op,
	struct guild_strs *out);
/* Absolute directory source code is taken from (`sourcecode: root`). Caller frees. */
char *guild_op_source_root(const struct guild_project *project, const struct guild_op_def *op);

/* ---- resources and dependencies (resources.md 1, 2) ----------------------------------------------------------- */

enum guild_source_kind {
	GUILD_SOURCE_CONFIG,
	GUILD_SOURCE_DVCFILE,
	GUILD_SOURCE_DVCSTAGE,
	GUILD_SOURCE_FILE,
	GUILD_SOURCE_MODULE,
	GUILD_SOURCE_OPERATION,
	GUILD_SOURCE_URL,
};
struct guild_rename {
	const char *pattern, *replacement;
};
/* One source of a resource. Strings NULL: not set. */
struct guild_source {
	enum guild_source_kind kind;
	const char *spec; /* after the type: a path, a URL, operations, a module */
	const char *uri;  /* "file:data.csv"; of a URL the URL itself */
	const char *name; /* what people see: `name`, else `flag-name`, else the URI */
	const char *own_name, *flag_name;
	bool has_no_flag;                                           /* flag-name: no */
	const struct guild_value *select, *select_min, *select_max; /* lists of text, or NULL */
	bool unpack;
	const char *archive_type; /* attribute `type` */
	const char *sha256;
	struct guild_rename *renames;
	size_t n_renames;
	const char *target_path, *target_type; /* the source's own, else the resource's */
	bool has_own_target;                   /* target_path is the source's own */
	bool preserve_path, replace_existing, always_resolve, optional;
	bool warn_if_empty, fail_if_empty;
	const char *post_process;
	const struct guild_value *params; /* dict, or NULL */
	const char *help;
	bool always_pull;               /* dvcfile */
	const char *remote;             /* dvcfile */
	const struct guild_value *data; /* as written */
};
struct guild_resource {
	const char *name; /* what people see */
	const char *description;
	struct guild_source *sources;
	size_t n_sources;
	bool is_private;
	const struct guild_value *data; /* as written */
};
/* Reads a resource: a list of sources, or a mapping (a dependency as attribute op.deps of a run holds it, too). `name` NULL: inline. `shown` is
 * the name in messages; `file` (may be NULL) goes with line and column before them. Unknown attributes are warnings to `log`. */
int guild_resource_parse(struct guild_arena *a, const struct guild_value *data, const char *name,
	const char *shown, const char *file, struct guild_resource *out,
	const struct guild_log *log, struct guild_error *err);
/* The word before the colon of a source's URI: "file", "operation", … */
const char *guild_source_type(enum guild_source_kind kind);
/* The flag that chooses what the source is; NULL: none. Flags are looked up by this name first, then under every name the source
 * goes by: `flag-name`, `name`, else the URI and what follows its colon (resources.md 5). */
const char *guild_source_flag(const struct guild_source *s);
const struct guild_value *guild_source_flag_value(const struct guild_source *s,
	const struct guild_value *flags, const char **name);

/* ---- steps of pipelines (guildfile.md 8) ---------------------------------------------------------------------- */

enum { GUILD_STEPS_MAX = 100000, GUILD_STEPS_DEPTH_MAX = 50 };

/* Words of a step read as the arguments of `guild run`. */
struct guild_step_words {
	const char *op;                 /* OPERATION, or NULL */
	struct guild_value *flag_words; /* FLAG=VAL, list of text */
	struct guild_value *files;      /* batch files without the @, list of text */
	struct guild_value *options;    /* dict: key of the option -> list of texts, or true */
};
/* Reads such words; knows the options of `guild run`. Everything in `out` lives in `a`. */
typedef int guild_step_words_fn(struct guild_arena *a, char *const *words, size_t n,
	struct guild_step_words *out, struct guild_error *err);

/* One condition of `expect`: either `output`, or `file` with what else is asked of it. */
struct guild_step_check {
	const char *output;     /* pattern searched in the output, or NULL */
	const char *file;       /* glob below the run, or NULL */
	const char *compare_to; /* path relative to the run, ${ENV} unresolved; or NULL */
	const char *contains;   /* pattern, or NULL */
};
struct guild_step {
	const char *name;   /* as shown, and what `after` and NAME:FLAG mean */
	const char *link;   /* its name in the pipeline's run directory; unique */
	const char *op;     /* operation as written */
	const char *opspec; /* with the pipeline's model filled in */
	bool is_open; /* a flag with several values is in it: it stands for several operations */
	struct guild_value *options;    /* words for `guild run`, list of text: --label L … */
	struct guild_value *flag_words; /* FLAG=VAL as typed, list of text */
	struct guild_value *files;      /* batch files, list of text */
	struct guild_value *values;     /* dict: flags that are known as values */
	bool isolate_runs;
	bool needed;
	bool waits_for_all; /* for every step before it; else for `after` only */
	size_t *after;      /* positions */
	size_t n_after;
	struct guild_step_check *checks;
	size_t n_checks;
	const struct guild_value *at; /* for places in messages */
};
struct guild_steps {
	struct guild_step *v;
	size_t n;
	bool is_parallel; /* two steps may be ready at the same time */
};
struct guild_steps_request {
	const struct guild_value *steps; /* the list as written, or as the attribute holds it */
	const struct guild_value *flags; /* of the pipeline: dict */
	const char *model;               /* of the pipeline, "" for none */
	const char *label;               /* --label and --tag of the pipeline, for steps without */
	const struct guild_value *tags;  /* list of text, or NULL */
	const char *file;                /* for messages; NULL: no places */
	guild_step_words_fn *read_words;
	const struct guild_log *log;
};
/* Reads the steps of a pipeline: options merged, flags resolved, names and order checked. Everything lives in `a`. GUILD_EINVALID with
 * file, line and column. Cost: linear in the steps and the names in `after`. */
int guild_steps_read(struct guild_arena *a, const struct guild_steps_request *req,
	struct guild_steps *out, struct guild_error *err);

/* Goes through steps in an order in which they may run: take what is ready, tell what is finished. Linear, with a heap of what is ready. */
struct guild_steps_walk {
	const struct guild_steps *steps;
	size_t *n_missing; /* of `after` */
	size_t *first, *next,
		*edge_to; /* who waits for a step by name: lists of edges, from 1 on */
	size_t *ready;    /* heap of positions */
	size_t n_ready;
	size_t n_finished;
	size_t prefix; /* all steps before this one are finished */
	bool *is_finished;
};
void guild_steps_walk_init(struct guild_steps_walk *w, const struct guild_steps *steps);
void guild_steps_walk_fini(struct guild_steps_walk *w);
/* The first step (as written) that is ready and was not taken yet; false when there is none at the moment. */
bool guild_steps_walk_take(struct guild_steps_walk *w, size_t *i);
void guild_steps_walk_finish(struct guild_steps_walk *w, size_t i);

/* A pipeline as a drawing needs it: what waits for what, without edges that follow from others at barriers, and layers. */
struct guild_steps_edge {
	size_t from, to; /* `to` waits for `from` */
};
struct guild_steps_graph {
	struct guild_steps_edge *edges; /* by `to`, as written */
	size_t n_edges, cap;
	size_t *layers; /* of each step: 0 for what waits for nothing, else one more than the last it waits for */
	size_t n_layers;
};
void guild_steps_graph_init(struct guild_steps_graph *g, const struct guild_steps *steps);
void guild_steps_graph_fini(struct guild_steps_graph *g);

/* An operation that guild brings along (queue): 1 and a project of its own, 0: there is none of that name. */
int guild_builtin_find(const char *spec, struct guild_project **out, struct guild_op_def **op,
	struct guild_error *err);

/* ---- source code rules (guildfile.md 6) --------------------------------------------------------------------- */

struct guild_source_file {
	char *path; /* relative to the root */
	int64_t size;
};
struct guild_source_rule {
	char *text;   /* "exclude dir .*" */
	char *origin; /* "built in", "git", "guild.yml:4:18" */
};
enum guild_source_reason {
	GUILD_WHY_RULE,       /* `rule` decided */
	GUILD_WHY_NO_RULE,    /* no rule speaks of it */
	GUILD_WHY_IGNORED,    /* git; `detail` says by what: ".gitignore:3:*.log" */
	GUILD_WHY_TOO_LARGE,  /* past the size that `rule` allows */
	GUILD_WHY_TOO_MANY,   /* past the count that `rule` allows */
	GUILD_WHY_DEPENDENCY, /* 'requires' places it */
	GUILD_WHY_RUN,        /* the directory of a run */
	GUILD_WHY_LOOP,       /* a link to a directory above */
	GUILD_WHY_BROKEN_LINK,
	GUILD_WHY_UNREADABLE,
	GUILD_WHY_SPECIAL, /* a socket, a pipe, a device */
};
struct guild_source_decision {
	char *path; /* relative to the root */
	bool is_dir, is_taken;
	enum guild_source_reason reason;
	size_t rule;  /* index in `rules`, where `reason` speaks of one */
	char *detail; /* or NULL */
};
struct guild_source_selection {
	char *root; /* absolute */
	char *dest; /* relative to the run, "." */
	bool disabled;
	const char *why_disabled; /* constant text */
	struct guild_source_rule *rules;
	size_t n_rules;
	struct guild_source_file
		*files; /* copy order: files of a directory sorted, before its sub-directories */
	size_t n_files;
	/* With `explain`: everything that was looked at, in the order of --test-sourcecode; directories only where they are not entered. */
	struct guild_source_decision *decisions;
	size_t n_decisions;
	struct guild_strs left_out; /* files a size or count limit dropped: never silent */
	bool is_git;
};
/* Which files an operation copies into its runs. `explain` also enters directories of which no file can be taken, and says for every
 * file why; it is slower. GUILD_EINVALID: a rule in guild.yml cannot be read. */
int guild_source_select(const struct guild_project *project, const struct guild_op_def *op,
	bool explain, struct guild_source_selection *out, const struct guild_log *log,
	struct guild_error *err);
void guild_source_selection_fini(struct guild_source_selection *s);

/* ---- files of a run that are published (`publish: files`) ----------------------------------------------------- */

struct guild_publish_rules;
/* `root` is the run directory; `op` may be NULL: all files that are no links. */
int guild_publish_rules_new(const struct guild_op_def *op, const char *root,
	const struct guild_log *log, struct guild_publish_rules **out, struct guild_error *err);
/* A file by its path below the root; a link only where a rule includes it. */
bool guild_publish_rules_take(struct guild_publish_rules *p, const char *path, bool is_link);
void guild_publish_rules_free(struct guild_publish_rules *p);

#ifdef __cplusplus
}
#endif

#endif
