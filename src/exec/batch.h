/* What the files of grid batches tell each other. */
#ifndef GUILD_EXEC_BATCH_H
#define GUILD_EXEC_BATCH_H

#include <signal.h>

#include "stage.h"

/* The command that would run the batch again: its attribute cmd. */
void guild_batch_argv(const struct guild_exec_world *world, const struct guild_run *batch,
	struct guild_strs *out);

/* ---- trials ---- */

/* The prototype held in memory, so that a trial is written without reading anything. */
struct guild_trial_file {
	char *path; /* relative to the run */
	mode_t mode;
	struct guild_buf text;
	char *source; /* files too large to keep: copied from here */
};
struct guild_trial_maker {
	struct guild_arena *arena;
	const struct guild_exec_start *start;
	const struct guild_run *batch;
	struct guild_run proto;
	struct guild_trial_file *files;
	size_t n_files, cap;
	struct guild_strs dirs; /* parents first */
	const char *label_template;
	const struct guild_value *op; /* attribute op where trials differ in it, or NULL */
};
int guild_trial_maker_init(struct guild_trial_maker *m, const struct guild_run *batch,
	const struct guild_exec_start *start, struct guild_error *err);
void guild_trial_maker_fini(struct guild_trial_maker *m);
/* Makes one trial, pending, and links it from the batch. */
int guild_trial_make(struct guild_trial_maker *m, const struct guild_value *flags,
	struct guild_run *out, struct guild_error *err);
/* A trial that waits is staged instead: for a queue. */
int guild_trial_stage(struct guild_run *trial, const struct guild_value *flags,
	const struct guild_exec_start *start, struct guild_arena *a, struct guild_error *err);

/* ---- the batch's own output ---- */

/* Files output and output.index of the batch: its messages and what its trials print; the scalars in it are its own, too. */
struct guild_batch_output {
	int output_fd;
	int index_fd;
	bool has_tail[2]; /* a line of that stream that has not ended yet */
	const struct guild_run *batch;
	unsigned serial;                      /* of the event file */
	struct guild_output_scalars *scalars; /* NULL: none are read */
	struct guild_event_writer *events;    /* NULL: none was found yet */
};
/* `scalars` (may be NULL) is taken over. */
void guild_batch_output_open(struct guild_batch_output *o, const struct guild_run *batch,
	unsigned serial, struct guild_output_scalars *scalars);
/* Returns 0: nothing that is printed stops a trial. */
int guild_batch_output_put(void *output, bool is_stderr, const char *p, size_t n);
void guild_batch_output_close(struct guild_batch_output *o);

/* ---- records of a batch that starts (batch_prepare.c) ---- */

int guild_batch_put(const struct guild_run *run, const struct guild_exec_start *start,
	const char *name, const struct guild_value *v, struct guild_error *err);
/* A restart may bring new flags: they are the prototype's from now on. */
int guild_batch_update_proto(const struct guild_run *batch, const struct guild_exec_start *s,
	struct guild_arena *a, struct guild_error *err);
/* Its command, environment and LOCK. */
int guild_batch_write_start(const struct guild_run *batch, const struct guild_exec_start *start,
	struct guild_arena *a, struct guild_error *err);
/* Reads the scalars of what the trials print, as 0.9.0's batches have them; NULL when that is off. */
struct guild_output_scalars *guild_batch_scalars(const struct guild_run *batch,
	const struct guild_exec_start *start, struct guild_arena *a);

/* ---- signals (batch_signals.c) ---- */

/* During a trial in this process the supervisor has its own handlers; else a signal must end the batch with its end recorded. */
enum { GUILD_BATCH_SIGNALS = 6 };
struct guild_batch_signals {
	struct sigaction before[GUILD_BATCH_SIGNALS];
	sigset_t mask; /* of the process before */
};
void guild_batch_signals_catch(struct guild_batch_signals *s);
void guild_batch_signals_release(const struct guild_batch_signals *s);
/* Without workers nothing looks for signals while a trial's inputs are fetched in this process: a second one ends it at once, and
 * SIGTSTP stops it as if it were not caught. */
void guild_batch_signals_are_for_workers(bool are);
/* SIGTSTP came; the second forgets it. */
bool guild_batch_signals_stop_came(void);
bool guild_batch_signals_take_stop(void);
/* The signal that came last, 0: none; forgets it. */
int guild_batch_signals_take(void);
bool guild_batch_signals_came(void);

/* ---- trials of a batch (batch_trial.c) ---- */

enum guild_trial_state {
	GUILD_TRIAL_WAITING,
	GUILD_TRIAL_RUNNING,
	GUILD_TRIAL_ELSEWHERE, /* somebody else runs it: a batch that was killed, a person */
	GUILD_TRIAL_ENDED,
};
struct guild_trial {
	struct guild_run run;
	struct guild_batch_trial shown; /* what the hooks see of it */
	enum guild_trial_state state;
	bool is_again;    /* it was started before, and is to be started anew */
	bool is_earlier;  /* of an earlier round */
	unsigned n_lost;  /* how often this process saw it end without a record of its end */
	int64_t begun_us; /* guild_monotonic_us() */
};
struct guild_trials {
	struct guild_trial **v;
	size_t n, cap;
};
/* Takes `run` over. `flags` lives in the batch's arena. */
struct guild_trial *guild_trials_add(struct guild_trials *t, struct guild_run *run,
	const struct guild_value *flags);
void guild_trials_fini(struct guild_trials *t);
/* Those that are linked from the batch, oldest first. Of those started since `since_us` what a batch left half is to be started again;
 * with `retry_failed`, what failed, too. Those before are of an earlier round. */
int guild_trials_find(const struct guild_run *batch, int64_t since_us, bool retry_failed,
	struct guild_arena *a, struct guild_trials *out, struct guild_error *err);
/* "train.py (epochs=1, lr=0.1)"; caller frees. */
char *guild_trial_text(const struct guild_trial *t);

/* ---- processes that run trials (batch_workers.c) ---- */

/* A process that runs one trial after another, as it is told over a socket. */
struct guild_batch_worker {
	pid_t pid;
	int fd;
	struct guild_trial *trial; /* that it runs, or NULL */
};
struct guild_worker_result {
	int rc; /* of guild_exec_run */
	struct guild_supervise_result result;
	char text[GUILD_ERROR_TEXT_MAX];
};
struct guild_batch_workers {
	struct guild_batch_worker *v;
	size_t n, max;
	const struct guild_exec_start *start;
	const struct guild_batch_signals *signals;
	const char *cmd_dir;
	bool watches; /* scalars are asked for */
	void *arg;
	/* In the batch's process. */
	bool (*wants)(void *arg, const char *key);
	const char *(*seen)(void *arg, struct guild_trial *t, const char *key, int64_t step,
		double value);
	void (*log)(void *arg, struct guild_trial *t, const char *level, const char *text);
	/* `r` is NULL when the worker itself was killed. */
	void (*ended)(void *arg, struct guild_trial *t, const struct guild_worker_result *r);
};
/* Whether a trial can be given to one. */
bool guild_batch_workers_have_room(const struct guild_batch_workers *w);
size_t guild_batch_workers_busy(const struct guild_batch_workers *w);
int guild_batch_workers_give(struct guild_batch_workers *w, struct guild_trial *t,
	struct guild_error *err);
/* Waits for messages or a signal, and serves them. */
void guild_batch_workers_wait(struct guild_batch_workers *w, int timeout_ms);
/* Sends a signal to those that run a trial: they pass it on. */
void guild_batch_workers_signal(struct guild_batch_workers *w, int number);
/* SIGKILL for the programs they run. */
void guild_batch_workers_kill_programs(struct guild_batch_workers *w);
/* Stops those that run a trial and their programs, and this process; all go on when it is continued. */
void guild_batch_workers_suspend(struct guild_batch_workers *w);
/* Idle ones end; waits for them. */
void guild_batch_workers_fini(struct guild_batch_workers *w);

#endif
