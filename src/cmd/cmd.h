/*
 * Commands: one descriptor each, one table of all; the parser, --help, completion, man page and reference come from it.
 */
#ifndef GUILD_CMD_H
#define GUILD_CMD_H

#include <guild/base.h>
#include <guild/formats.h>
#include <guild/store.h>

/* Exit codes (cli.md 4.5). */
enum {
	GUILD_EXIT_OK = 0,
	GUILD_EXIT_ERROR = 1,
	GUILD_EXIT_USAGE = 2,
	GUILD_EXIT_TEST = 3,
	GUILD_EXIT_DECLINED = 4
};

enum guild_opt_kind {
	GUILD_OPT_FLAG,  /* no value */
	GUILD_OPT_COUNT, /* no value, counted */
	GUILD_OPT_TEXT,  /* one value, last wins */
	GUILD_OPT_LIST,  /* value, may be repeated */
	GUILD_OPT_INT,   /* integer from `min` on */
	GUILD_OPT_NUMBER,
	GUILD_OPT_LATER, /* known, but this version cannot do it: says so, exit 1 */
};

/* How completion answers for a value; files by extension list etc. */
enum guild_complete {
	GUILD_COMPLETE_NONE,
	GUILD_COMPLETE_FILE,
	GUILD_COMPLETE_DIR,
	GUILD_COMPLETE_RUN,
	GUILD_COMPLETE_DELETED_RUN,
	GUILD_COMPLETE_OPERATION, /* operations and scripts, then flags */
	GUILD_COMPLETE_MODEL,
	GUILD_COMPLETE_OP_NAME, /* operations of existing runs (-Fo) */
	GUILD_COMPLETE_LABEL,
	GUILD_COMPLETE_TAG,
	GUILD_COMPLETE_DIGEST,
	GUILD_COMPLETE_ATTR,
	GUILD_COMPLETE_RUN_FILE,
	GUILD_COMPLETE_COMMAND,
	GUILD_COMPLETE_COMMENT_INDEX,
	GUILD_COMPLETE_CHOICES, /* `choices` of the option */
	GUILD_COMPLETE_COLUMN,
	GUILD_COMPLETE_PROFILE, /* of the operation typed so far */
	GUILD_COMPLETE_FILTER,  /* names within an expression */
	GUILD_COMPLETE_OPTIMIZER,
	GUILD_COMPLETE_OPTIMIZER_FLAG, /* of the optimizer typed so far */
};

struct guild_opt {
	/* "-l --label", any number, blank-separated. The last long one without its dashes is the key; where there is none the last
	 * short one. "!--no-x" switches the flag off; on and off count as one option, the last one given wins. */
	const char *names;
	const char *value; /* metavariable, NULL for flags */
	const char *help;  /* one sentence; with \n\n for more paragraphs */
	enum guild_opt_kind kind;
	enum guild_complete complete;
	const char *choices; /* "bash|zsh|fish" or NULL */
	int64_t min;         /* GUILD_OPT_INT */
	bool hidden;
	const char *
		excludes; /* keys this one cannot be used with, blank-separated: usage error naming both */
};

/* Positional arguments of a command. */
struct guild_arg {
	const char *name; /* "RUN", "OPERATION" */
	bool required;
	bool many; /* takes all that follow */
	enum guild_complete complete;
	const char *help;
};

/* What main prepares before the function is called. */
enum guild_needs {
	GUILD_NEEDS_NOTHING = 0,
	GUILD_NEEDS_HOME = 1,   /* ctx->home; a missing directory named by GUILD_HOME is made */
	GUILD_NEEDS_CONFIG = 2, /* ctx->config; implies the home */
};

#define GUILD_GROUP_RUN "Run and follow"
#define GUILD_GROUP_LOOK "Look at runs"
#define GUILD_GROUP_CHANGE "Change runs"
#define GUILD_GROUP_PROJECT "Projects"
#define GUILD_GROUP_SETUP "Set up"

struct guild_ctx;
struct guild_args;

/* Lives in src/cmd/cmd_NAME.c as `const struct guild_cmd guild_cmd_NAME`; one line in cmds.h puts it into the table. */
struct guild_cmd {
	const char *name; /* full: "runs delete" */
	const char *
		aliases; /* other full names, comma-separated: "runs rm", "runs label", "ops"; or NULL */
	const char *group;   /* heading in `guild --help`: one of GUILD_GROUP_… */
	const char *summary; /* one line, imperative, no full stop: "List runs" */
	/* Paragraphs for --help, the man page and the reference, separated by empty lines and wrapped on output; a line that starts with
	 * two blanks is kept as it is (examples); a line ending in ':' alone in its paragraph is a heading ("Examples:"). */
	const char *help;
	const struct guild_opt *const
		*opts; /* NULL-terminated list of option tables, each ended by names == NULL */
	const struct guild_arg *args; /* ended by name == NULL; NULL: none */
	unsigned needs;
	bool hidden;
	int (*run)(struct guild_ctx *ctx, const struct guild_args *args);
};

/* Everything a command may know of the world: nothing else is global. */
struct guild_ctx {
	char **environ_;
	char *cwd;                /* Guild cwd: -C or the process's */
	char *user_home;          /* $HOME */
	const char *debug_listen; /* -D: [HOST:]PORT, or NULL */
	char *home_option;        /* -H as given (~ expanded), or NULL */
	struct guild_home home;
	struct guild_arena *arena;  /* lives as long as the command */
	struct guild_value *config; /* user configuration */
	struct guild_log log;       /* prints "WARNING: …" etc. on stderr */
	bool debug;
	int log_level; /* 10 debug, 20 info, 30 warning, 40 error: --debug or LOG_LEVEL */
	bool stdout_tty, stderr_tty, color_out, color_err;
	int columns; /* width of the terminal (or COLUMNS), 0: standard output is none */
	int64_t now_us;
	int64_t look_until_us; /* of filters that commands make; 0: without haste */
	char *program;         /* absolute path of this program, for restarting itself */
	/* Takes the progress of long work instead of standard error, on the thread that works, in percent; or NULL. */
	void (*show_progress)(void *arg, int percent);
	void *show_progress_arg;
};
/* Value of a variable in ctx->environ_, or NULL. */
const char *guild_ctx_env(const struct guild_ctx *ctx, const char *name);

/* ---- parsed options -------------------------------------------------------------------------------------- */

bool guild_args_has(const struct guild_args *a,
	const char *key); /* the command has such an option */
bool guild_args_flag(const struct guild_args *a, const char *key); /* key: "label", "yes" */
bool guild_args_given(const struct guild_args *a, const char *key);
size_t guild_args_count(const struct guild_args *a, const char *key);
const char *guild_args_text(const struct guild_args *a, const char *key); /* NULL when not given */
const struct guild_strs *guild_args_list(const struct guild_args *a,
	const char *key); /* never NULL */
int64_t guild_args_int(const struct guild_args *a, const char *key, int64_t missing);
double guild_args_number(const struct guild_args *a, const char *key, double missing);
/* The command that was parsed. */
const struct guild_cmd *guild_args_cmd(const struct guild_args *a);
/* Positional words. */
const struct guild_strs *guild_args_words(const struct guild_args *a);

/* ---- the table -------------------------------------------------------------------------------------------- */

extern const struct guild_cmd *const guild_cmds[]; /* sorted by name, NULL-terminated */
const struct guild_cmd *guild_cmd_find(const char
		*full_name); /* by name or alias; NULL when there is none */

/* Option tables shared by commands (cli.md 2.2, 2.3). */
extern const struct guild_opt guild_filter_opts[]; /* <F> */
extern const struct guild_opt guild_status_opts[]; /* <S> */
extern const struct guild_opt guild_yes_opts[];    /* -y --yes */
extern const struct guild_opt guild_json_opts[];   /* --json */
extern const struct guild_opt guild_remote_opts[]; /* <R>, hidden: a later version */

/* ---- helpers for commands ------------------------------------------------------------------------------------ */

/* Appends the text of a message. What a terminal would obey is made visible: names and values in it come from files of others. */
void guild_cmd_put_visible(struct guild_buf *out, const char *text);
/* Prints "guild: TEXT" and the hint on stderr; returns the exit code (GUILD_EXIT_ERROR). */
int guild_cmd_fail(const struct guild_ctx *ctx, const struct guild_error *err);
int guild_cmd_failf(const struct guild_ctx *ctx, const char *fmt, ...) GUILD_PRINTF(2, 3);
int guild_cmd_usage(const struct guild_ctx *ctx, const char *cmd, const char *fmt, ...)
	GUILD_PRINTF(3, 4); /* exit 2 */
/* `run` of a command that only heads others: its help on stderr, exit 2. */
int guild_cmd_run_group(struct guild_ctx *ctx, const struct guild_args *args);
/* Asks on stderr; answers: 1 yes, 0 no, -1 end of file or Ctrl-C (callers exit 1). */
int guild_cmd_confirm(const struct guild_ctx *ctx, const char *question, bool default_yes);
/* Fills a filter from the parsed <F> and <S> options. */
int guild_cmd_filter(const struct guild_ctx *ctx, const struct guild_args *args,
	struct guild_run_filter *out, struct guild_error *err);
/* The keys of option --sort; *out is NULL when it was not given. */
int guild_cmd_sort(const struct guild_ctx *ctx, const struct guild_args *args,
	struct guild_sort **out, struct guild_error *err);
/* Sorts runs by option --sort and leaves no more than --limit of them. */
int guild_cmd_order_runs(const struct guild_ctx *ctx, const struct guild_args *args,
	struct guild_runs *runs, struct guild_error *err);
/* True when any of the <F> and <S> options was given. */
bool guild_cmd_has_filters(const struct guild_args *args);
/* Shows `heading` and the runs (cli.md 1.3) on stderr and asks, unless --yes was given. 0: go on; else the exit code. */
int guild_cmd_confirm_runs(const struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_runs *runs, const char *heading, const char *question, bool default_yes);
enum guild_select_flags {
	GUILD_SELECT_DELETED = 1, /* runs in the trash */
	GUILD_SELECT_REPEATS = 2, /* keep runs whose argument is given twice */
	GUILD_SELECT_PROJECT =
		4, /* without RUN words: only runs of the current project (what is hard to undo) */
	GUILD_SELECT_FACTS = 8, /* attributes and scalars of the runs will be asked for */
};
/* guild_store_list with a progress bar. */
int guild_cmd_list(const struct guild_ctx *ctx, const char *runs_dir,
	const struct guild_run_filter *filter, const char *parent, struct guild_runs *out,
	struct guild_error *err);
/* Lists by filter, selects by RUN words; `default_spec` NULL: all, "1": the latest (no run at all is GUILD_ENOTFOUND then). */
int guild_cmd_select_runs(struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_strs *words, const char *default_spec, unsigned flags,
	struct guild_runs *out, struct guild_error *err);
/* Does `change` to every run, several at a time: it may touch nothing that another run's could. Returns what failed for the first run that
 * did; runs behind it may be changed or not. */
typedef int guild_change_run_fn(const void *arg, const struct guild_run *r,
	struct guild_error *err);
int guild_cmd_change_runs(const struct guild_ctx *ctx, const struct guild_runs *runs,
	guild_change_run_fn *change, const void *arg, struct guild_error *err);
/* The same, handing on every run as it is found (struct guild_run_filter, on_run). Only without words. */
typedef void guild_cmd_run_fn(void *arg, const struct guild_run *run, size_t serial);
int guild_cmd_stream_runs(struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_strs *words, const char *default_spec, unsigned flags,
	guild_cmd_run_fn *on_run, void *arg, struct guild_runs *out, struct guild_error *err);
/* For commands of one run: words[0] or the latest that passes the filters; an argument that means several is GUILD_EINVALID. */
int guild_cmd_select_run(struct guild_ctx *ctx, const struct guild_args *args,
	struct guild_run *out, struct guild_error *err);
/* Prints a value as JSON on stdout: one line. */
void guild_cmd_print_json(const struct guild_value *v);
/* Adds the names of a comma-separated list (NULL: none), without blanks around them and without empty ones. */
void guild_cmd_split_names(const char *text, struct guild_strs *out);
/* Takes batches out of a list. */
void guild_cmd_drop_batches(struct guild_runs *runs);

/* Runs a shell-quoted command on this terminal, `last_arg` (may be NULL) appended, in `cwd` (NULL: here); *status: exit code or minus the signal. */
int guild_cmd_run_foreground(const struct guild_ctx *ctx, const char *command, const char *last_arg,
	const char *cwd, int *status, struct guild_error *err);
/* The program that opens a file with whatever the desktop opens it with. */
#ifdef __APPLE__
#define GUILD_DEFAULT_OPENER "open"
#else
#define GUILD_DEFAULT_OPENER "xdg-open"
#endif
const char *guild_cmd_pager(const struct guild_ctx *ctx); /* PAGER, or less */
/* Has the user edit `text` in VISUAL, EDITOR or /usr/bin/editor; `suffix` (".md") helps the editor. */
int guild_cmd_edit_text(const struct guild_ctx *ctx, const char *text, const char *suffix,
	struct guild_buf *out, struct guild_error *err);

/* Plain table (cli.md 3.1): cells padded to the widest plus two blanks; clipped to the terminal's width. */
struct guild_table {
	char **cells; /* row major, owned */
	size_t n_rows, n_cols;
	size_t indent;
};
void guild_table_init(struct guild_table *t, size_t n_cols, size_t indent);
void guild_table_add(struct guild_table *t, const char *const *cells);
void guild_table_print(const struct guild_table *t, FILE *out, int columns);
/* The rows as lines, for listings with something between them. */
void guild_table_lines(const struct guild_table *t, int columns, struct guild_strs *out);
void guild_table_fini(struct guild_table *t);
size_t guild_text_width(const char *text); /* in terminal columns */
void guild_text_clip(struct guild_buf *line, size_t columns);

/* The row of a run in listings: "[1:22abed97]", operation, started, status, label (cli.md 3.2). `index` 0: "[22abed97]". */
struct guild_run_row {
	char *id_text, *operation, *started, *status, *label;
};
void guild_run_row_init(struct guild_run_row *row, const struct guild_ctx *ctx,
	const struct guild_run *r, size_t index);
void guild_run_row_fini(struct guild_run_row *row);

/* A run's attribute as text for people (`runs info`, `runs -v`, `select --attr`): command duration exit_status from id
 * index label marked model op_name operation pid pkg_name run_dir short_id sourcecode_digest started status
 * stopped vcs_commit. NULL: no such one. The caller frees. */
char *guild_run_formatted_attr(const struct guild_ctx *ctx, const struct guild_run *r,
	const char *name);
/* The attributes that `runs -v` and `runs info` start with, in order; NULL-terminated. */
extern const char *const guild_run_info_attrs[];
/* The comments of a run under its row, each line indented by `indent` blanks more; "[1] " before each head with `numbered`. */
void guild_run_comments_print(const struct guild_run *r, size_t indent, bool numbered, FILE *out);

/* Progress bar on stderr; silent off a terminal and before one second has passed. */
struct guild_progress {
	const struct guild_ctx *ctx;
	const char *what;
	int64_t total, done, started_us, shown_us;
	bool shown;
};
void guild_progress_start(struct guild_progress *p, const struct guild_ctx *ctx, const char *what,
	int64_t total);
void guild_progress_add(struct guild_progress *p, int64_t n);
/* For rooms that tell how far they are: on_progress of a request, with the progress as its argument. */
void guild_progress_report(void *progress, size_t done, size_t total);
void guild_progress_end(struct guild_progress *p);

#endif
