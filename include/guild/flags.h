/*
 * Flags: definitions, values, search-space functions, arguments, and finding the flags of a script. Knows formats.
 */
#ifndef GUILD_FLAGS_H
#define GUILD_FLAGS_H

#include <guild/formats.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- definitions ---------------------------------------------------------------------------------- */

struct guild_flag_choice {
	const struct guild_value *value;
	const char *description;         /* or NULL */
	const char *alias;               /* or NULL */
	const struct guild_value *flags; /* dict of flags to set when chosen, or NULL */
};

/* One flag. NULL or zero means "not set"; everything lives in the definition's arena. */
struct guild_flag_def {
	const char *name;
	const char *description;
	const struct guild_value *def; /* default; NULL = null */
	const char *type; /* as written: string int float number boolean path existing-path auto */
	bool required, has_required;
	struct guild_flag_choice *choices;
	size_t n_choices;
	bool allow_other, has_allow_other;
	const char *alias;
	const struct guild_value *min, *max;
	const char *distribution;
	const char *arg_name;
	bool arg_skip, has_arg_skip;
	const struct guild_value *arg_switch;   /* value that turns --NAME on */
	const struct guild_value *arg_split;    /* true or separator string */
	const struct guild_value *arg_encoding; /* dict */
	const char *env_name;
	const struct guild_value *env_encoding; /* dict */
	const char *null_label;
	const struct guild_value *nb_replace;
	const struct guild_value *extra; /* dict of unknown attributes, or NULL */
	const char *source_module;       /* where detection found it (file path), or NULL */
	/* The value the program has without guild, where only other values are passed (Hydra); else NULL. */
	const struct guild_value *imported;
};

struct guild_flag_defs {
	struct guild_flag_def *v; /* sorted by name once finished */
	size_t n, cap;
};

struct guild_flag_def *guild_flag_defs_add(struct guild_arena *a, struct guild_flag_defs *d,
	const char *name);
struct guild_flag_def *guild_flag_defs_get(const struct guild_flag_defs *d, const char *name);
void guild_flag_defs_sort(struct guild_flag_defs *d);
/* A `flags:` mapping of a project file -> definitions (flags.md 1). Errors carry the value's line and column;
 * `file` names the file. */
int guild_flag_defs_parse(struct guild_arena *a, const struct guild_value *flags, const char *file,
	struct guild_flag_defs *out, struct guild_error *err);
/* Fills what `defs` leave unset from `imported` (flags.md 5: by name, or by arg-name). With `add_missing`, imported flags that
 * `defs` lack are added. */
void guild_flag_defs_merge(struct guild_arena *a, struct guild_flag_defs *defs,
	const struct guild_flag_defs *imported, bool add_missing);

/* ---- values (flags.md 2, 3) --------------------------------------------------------------------------- */

/* Text typed on the command line -> value, by declared type (`def` may be NULL: guessing). */
int guild_flag_decode(struct guild_arena *a, const char *text, const struct guild_flag_def *def,
	struct guild_value **out, const struct guild_log *log, struct guild_error *err);
/* 2.1: yes, no, null, lists, YAML flow scalars. */
void guild_flag_encode(struct guild_buf *out, const struct guild_value *v);
/* 2.1 format: encode, then single quotes where it holds blanks. */
void guild_flag_format(struct guild_buf *out, const struct guild_value *v);
/* Sorted "name=value" of non-null flags; floats cut to 5 decimals, existing long paths shortened. */
void guild_flag_default_label(struct guild_buf *out, const struct guild_value *flags);
/* Renders a label template: ${x}, ${x|default:V|basename|unquote|%.2f}, ${default_label}, ${label} (runs.md 7). */
void guild_flag_render_label(struct guild_buf *out, const char *template_text,
	const struct guild_value *flags, const char *label, const struct guild_log *log);
/* Coerces by 1.1. Lists item by item; null and search functions stay. `cwd` resolves relative paths. */
int guild_flag_coerce(struct guild_arena *a, const struct guild_value *v,
	const struct guild_flag_def *def, const char *cwd, struct guild_value **out,
	struct guild_error *err);

/* A search function kept as text, `uniform[1:10]` or `[0.1:0.9]`; or `[1:10]*[2:4]`, a list of two to four numbers, whose arguments are
 * the item (a function's text, or a list), the least and the greatest length. */
#define GUILD_FLAG_LIST_SEARCH "*"
struct guild_flag_function {
	const char *name;               /* "" for the anonymous one */
	const struct guild_value *args; /* list */
};
/* True when the text is a search function (not a sequence). `a.csv[1]`-like text with a tail is none. */
bool guild_flag_is_function(struct guild_arena *a, const struct guild_value *v,
	struct guild_flag_function *out);

struct guild_flag_args {               /* the words of a command line after the operation */
	struct guild_value *values;    /* dict name -> decoded value */
	struct guild_strs batch_files; /* @FILE words without the @ */
};
void guild_flag_args_fini(struct guild_flag_args *f);
/* NAME=VALUE and @FILE words -> values decoded by `defs` (aliases renamed). Words without '=' are GUILD_EINVALID. */
int guild_flag_args_parse(struct guild_arena *a, char *const *words, size_t n,
	const struct guild_flag_defs *defs, bool force, struct guild_flag_args *out,
	const struct guild_log *log, struct guild_error *err);
/* The whole pipeline of flags.md 1: defaults, coercion, unknown names, choices, ranges, required, choice flags.
 * `user` is what the user typed (decoded); out: every flag of the run, sorted by name, nulls kept. */
int guild_flags_resolve(struct guild_arena *a, const struct guild_flag_defs *defs,
	const struct guild_value *user, const char *op_name, const char *cwd, bool force,
	struct guild_value **out, const struct guild_log *log, struct guild_error *err);

/* Batch files (2.2): list of dicts. */
int guild_flag_batch_read(struct guild_arena *a, const char *path, struct guild_value **trials,
	struct guild_error *err);
/* The same over bytes; the extension of `name` says how to read them. */
int guild_flag_batch_parse(struct guild_arena *a, const char *name, struct guild_str text,
	struct guild_value **trials, struct guild_error *err);
/* Cartesian product of list values, names sorted, last varying fastest -> list of dicts. GUILD_ELIMIT past `max`. */
int guild_flag_expand(struct guild_arena *a, const struct guild_value *flags, size_t max,
	struct guild_value **trials, struct guild_error *err);

/* ---- arguments and environment (flags.md 7) ---------------------------------------------------------------- */

/* What a command needs to know of one flag; saved as op.op-cmd.cmd-flags (runs.md 3.4). */
struct guild_value *guild_flag_cmd_flags(struct guild_arena *a, const struct guild_flag_defs *defs);
/* Appends the arguments of all flags, in name order. `flags_dest` selects YAML or plain text; `cmd_flags` is the dict made
 * above; `before` are the command's words so far (a `--NAME` there shadows the flag: a warning). */
void guild_flag_cmd_args(struct guild_strs *out, const struct guild_value *flags,
	const struct guild_value *cmd_flags, const char *flags_dest,
	const struct guild_strs *before, const struct guild_log *log);
/* Appends "NAME=VALUE" for every flag. */
void guild_flag_env(struct guild_strs *out, const struct guild_value *flags,
	const struct guild_value *cmd_flags);
/* The text of a value as an argument, without regard to encodings: parts of a list are joined as `arg_split` (may be NULL) splits them. */
void guild_flag_arg_text(struct guild_buf *out, const struct guild_value *v,
	const struct guild_value *arg_split);
/* The environment encoding of one value. */
void guild_flag_env_value(struct guild_buf *out, const struct guild_value *v,
	const struct guild_value *cmd_flag);

/* ---- configuration files (flags.md 8) ------------------------------------------------------------------------ */

/* Flags for the leaves of a configuration file, named by dotted keys: text, numbers, booleans, null, and lists as one text that is split
 * again. Sorted. */
void guild_flag_defs_of_config(struct guild_arena *a, const struct guild_value *data,
	struct guild_flag_defs *out);
/* The value as such a file holds it: a text with `arg-split` is the list of its parts, decoded. */
const struct guild_value *guild_flag_split(struct guild_arena *a, const struct guild_value *v,
	const struct guild_value *arg_split);

/* ---- Hydra ------------------------------------------------------------------------------------------------------- */

/* Appends KEY=VALUE in Hydra's override grammar. False when a key within the value has no spelling there. */
bool guild_hydra_override(struct guild_buf *out, const char *key, const struct guild_value *v);
/* Appends an override for every flag whose value is not what the program has anyway. Those that are too large for a command line or
 * have no spelling go into `*file` (a YAML mapping; stays NULL where there are none). */
enum { GUILD_HYDRA_WORD_MAX = 100000 };
void guild_hydra_args(struct guild_arena *a, const struct guild_value *flags,
	const struct guild_value *cmd_flags, struct guild_strs *out, struct guild_value **file);

struct guild_hydra_request {
	const char *script;
	const char *module;     /* dotted name when run as a module of a package, else NULL */
	char *const *base_args; /* --config-name and --config-path are understood */
	size_t n_base_args;
	char *const *words; /* NAME=VALUE of the command line: they may choose config groups */
	size_t n_words;
	const char *python; /* NULL: never ask */
	const char *cwd;
};
/* The leaves of the configuration that @hydra.main names, and the groups of its defaults list. Composed from the files where that
 * can be done; else the script is asked with --cfg job; what remains is a warning. */
int guild_hydra_flags(struct guild_arena *a, const struct guild_hydra_request *req,
	struct guild_flag_defs *out, const struct guild_log *log, struct guild_error *err);
/* Has the script a function under @hydra.main? */
bool guild_hydra_is_app(const char *script);

/* ---- finding the flags of a script (flags.md 5) --------------------------------------------------------------- */

struct guild_detect_request {
	const char *script;     /* path of the source file */
	const char *flags_dest; /* NULL: detect */
	char *const *base_args; /* arguments the command gives the script besides flags */
	size_t n_base_args;
	const char *module; /* dotted name when run as a module of a package, else NULL */
	const char *python; /* interpreter for asking the script, NULL: never ask */
	const char *cwd;    /* where the script is run from when asked; its directory when NULL */
	const char *cache_dir; /* GUILD_HOME/cache/flags, NULL: no cache */
	bool ignore_cache;
	bool always_ask; /* ask the script even where its source says it all */
};
struct guild_detected {
	const char *flags_dest; /* args, args:click, globals, global:NAME, …: see flags.md 5.1, 6 */
	const char *
		library; /* "argparse", "click", "absl", "typer", "fire", "dataclass", "configurator", "globals" */
	bool asked; /* the script's own parser was asked */
	bool from_cache;
	struct guild_flag_defs flags;
};
/* Static first, by grammar; asks the script in a subprocess only when the parse cannot decide. Cached by content hash. A
 * script that cannot be parsed is an error with line and column; one that cannot be asked gives what the parse found and a
 * warning to `log`. */
int guild_flags_detect(struct guild_arena *a, const struct guild_detect_request *req,
	struct guild_detected *out, const struct guild_log *log, struct guild_error *err);

/* ---- notebooks (flags.md 10) --------------------------------------------------------------------------------------- */

/* Searches `text` for a pattern of Python's re: the number of groups, the whole match being the first, with their places (the
 * first `max` of them) in `groups`; 0 when there is no match; GUILD_EINVALID for no pattern. */
typedef int guild_search_fn(const char *pattern, struct guild_str text, struct guild_span *groups,
	size_t max, struct guild_error *err);

/* Flags from the code cells of a notebook (Python or R): top-level assignments of literals, the last one of a name; and the
 * `nb-replace` patterns of `defs` (may be NULL). Cells that cannot be read are warnings. GUILD_EINVALID: no notebook. */
int guild_notebook_flags(struct guild_arena *a, struct guild_str file, const char *name,
	const struct guild_flag_defs *defs, guild_search_fn *search, struct guild_flag_defs *out,
	const struct guild_log *log, struct guild_error *err);
/* The values of a run for a notebook. `patterns`: dict of flag name to `nb-replace`, or NULL. */
struct guild_notebook_values {
	const struct guild_value *flags, *cmd_flags, *patterns;
	guild_search_fn *search;
};
/* Appends the file with these values in its cells: patterns first, then assignments. Every byte that is no value stays. */
int guild_notebook_set_flags(struct guild_str file, const char *name,
	const struct guild_notebook_values *values, struct guild_buf *out,
	const struct guild_log *log, struct guild_error *err);

/* ---- R (flags.md 11) --------------------------------------------------------------------------------------------------- */

/* The operation that the first "#|" lines of a script describe (*front: dict or NULL; not asked for when `front` is NULL), and its
 * flags: top-level assignments of literals by = or <-, the first one of a name, with the attributes in "#|" lines above them. */
int guild_r_script_flags(struct guild_arena *a, struct guild_str text, const char *name,
	struct guild_value **front, struct guild_flag_defs *out, const struct guild_log *log,
	struct guild_error *err);
/* Appends the script with these values; it keeps its number of lines. */
int guild_r_script_set_flags(struct guild_str text, const char *name,
	const struct guild_value *flags, const struct guild_value *cmd_flags, struct guild_buf *out,
	struct guild_error *err);

#ifdef __cplusplus
}
#endif

#endif
