/* guild run in parts: options, what is to be run, preview, tests, execution. Private to cmd/. */
#ifndef GUILD_CMD_RUN_CMD_H
#define GUILD_CMD_RUN_CMD_H

#include "cmd.h"

#include <guild/exec.h>
#include <guild/search.h>

struct guild_run_cmd {
	struct guild_ctx *ctx;
	const struct guild_args *args;
	struct guild_run_options options;
	struct guild_exec_world world;
	struct guild_python python;
	struct guild_progress progress; /* of a copy or download; `what` NULL: none goes on */
	char *cache_dir;
	char *flags_cache_dir;
	char *run_dir;          /* --run-dir, absolute */
	char *debug_sourcecode; /* absolute paths */

	const struct guild_strs *profiles; /* of --profile; borrowed */
	const char *spec;                  /* OPERATION as typed, or NULL */
	char *const *flag_words;           /* borrowed from args */
	size_t n_flag_words;
	const char *optimizer;            /* named by --optimizer or after --optimize, or NULL */
	struct guild_project *project;    /* guild.yml here, or NULL */
	struct guild_project *script;     /* a bare script's */
	struct guild_project *of_run;     /* the one a restarted or copied run came from */
	struct guild_project *op_project; /* whose `op` is; borrowed from the above */
	struct guild_op_def *op;          /* NULL: a run's own records say it all */
	char *op_name;                    /* for people: "m:train" */
	struct guild_opref opref;         /* borrowed strings; of the operation */

	bool is_step;                          /* --step */
	int step_fd;                           /* its file, locked */
	const struct guild_value *step_values; /* dict, or NULL */

	struct guild_run run; /* --restart or --proto; dir NULL: none */
	bool is_restart, is_proto, is_batch_restart;
	const struct guild_value *record; /* --proto: attribute op */

	const struct guild_value *user_flags; /* dict */
	const struct guild_value *rows;       /* batch files: list, or NULL */
	const struct guild_value *flags;      /* dict */
	bool is_batch;
	int64_t random_seed;
	struct guild_search_op search;        /* of a batch: what makes its trials */
	struct guild_exec_op search_program;  /* GUILD_SEARCH_PROGRAM */
	struct guild_project *search_project; /* whose operation that is; borrowed */
	struct guild_project *search_script;  /* a bare script's, or a package's */
	bool is_encoded;                      /* flags are what is searched */
	const struct guild_value
		*trials; /* of a batch where they are known before it starts, list; else NULL */
};

/* Flag values come from the command line, not all from the earlier run or the definition. */
bool guild_run_cmd_has_values(const struct guild_run_cmd *c);
/* Every option as the tables in cmd_run.c name it, in the form of attribute run_params (runs.md 3.3), and what shapes the run. */
/* Pruning rules: those typed, else those of the operation. */
int guild_run_cmd_read_prune(struct guild_run_cmd *c, struct guild_error *err);
/* Where it turned out that there is no batch. */
void guild_run_cmd_drop_prune(struct guild_run_cmd *c);
int guild_run_cmd_read_options(struct guild_run_cmd *c, struct guild_error *err);
/* The world alone: for who needs no options of guild run. */
void guild_run_cmd_read_world(struct guild_run_cmd *c);
void guild_run_cmd_fini(struct guild_run_cmd *c);

/* Finds the operation and, with --restart or --proto, the run. */
int guild_run_cmd_find(struct guild_run_cmd *c, struct guild_error *err);
/* Takes an interpreter that fulfils `spec` (NULL: any will do). */
int guild_run_cmd_require_python(struct guild_run_cmd *c, const char *spec,
	struct guild_error *err);
/* Reads flags of the script where the operation asks for it. */
int guild_run_cmd_import_flags(struct guild_run_cmd *c, bool ignore_cache, struct guild_error *err);
/* Typed and default values, batch files, trials. */
int guild_run_cmd_resolve_flags(struct guild_run_cmd *c, struct guild_error *err);
/* Decides whether it is a batch, and which trials it has; after flags were edited, again. */
int guild_run_cmd_find_trials(struct guild_run_cmd *c, struct guild_error *err);
/* --step FILE: waits until nobody else is at this step, and reads the values in its file. */
int guild_run_cmd_lock_step(struct guild_run_cmd *c, struct guild_error *err);
void guild_run_cmd_unlock_step(struct guild_run_cmd *c);
/* Its values as words, for attribute run_params. */
void guild_run_cmd_add_step_words(const struct guild_run_cmd *c, struct guild_value *words);
/* Tells the pipeline which run there is already. */
void guild_run_cmd_tell_reused(const struct guild_run_cmd *c, const char *run_id);
/* A pipeline must be one that can be run. */
int guild_run_cmd_check_steps(struct guild_run_cmd *c, struct guild_error *err);
/* The run of a RUN word, as --restart has it. */
int guild_run_cmd_open_spec(struct guild_run_cmd *c, const char *spec, struct guild_run *out,
	struct guild_error *err);
/* What execution needs to know. */
void guild_run_cmd_exec_op(const struct guild_run_cmd *c, struct guild_exec_op *out);

/* 0: go on; else the exit code is in *code and nothing is run. */
bool guild_run_cmd_help(struct guild_run_cmd *c, int *code);
bool guild_run_cmd_test(struct guild_run_cmd *c, int *code);
/* --test-sourcecode, with --verbose and --json. */
int guild_run_cmd_test_source(struct guild_run_cmd *c, struct guild_error *err);
bool guild_run_cmd_print(struct guild_run_cmd *c, int *code);
/* --edit-flags and --edit-comment. */
int guild_run_cmd_edit(struct guild_run_cmd *c, struct guild_error *err);
/* A pipeline's earlier run one of whose steps would be another one now: which, and why. */
bool guild_run_cmd_step_is_stale(struct guild_run_cmd *c, const struct guild_run *pipeline,
	const char **step, const char **why);
/* Options, operation, flags, trials: all that comes before something is shown, asked or made. */
int guild_run_cmd_prepare(struct guild_run_cmd *c, struct guild_error *err);
int guild_run_cmd_decide(struct guild_run_cmd *c, struct guild_error *err);
/* --needed: true when there is nothing to do. */
bool guild_run_cmd_is_done(struct guild_run_cmd *c, int *code);
/* Asks, unless --yes: 0 go on, else 1 and the exit code. */
bool guild_run_cmd_ask(struct guild_run_cmd *c, int *code);
/* Stages and executes; the exit code. */
int guild_run_cmd_start(struct guild_run_cmd *c);

#endif
