/* A batch that runs: what its files tell each other. Private to exec. */
#ifndef GUILD_EXEC_BATCH_ENGINE_H
#define GUILD_EXEC_BATCH_ENGINE_H

#include "batch.h"

enum { BATCH_EXIT_INTERRUPTED = -16 };

struct batch {
	struct guild_run *run;
	const struct guild_batch_request *req;
	const struct guild_exec_start *start;
	const struct guild_batch_hooks *hooks;
	struct guild_arena *a;
	struct guild_trial_maker maker;
	struct guild_trials trials;
	size_t n_waiting_from;       /* no trial before it is waiting */
	struct guild_trial **active; /* that run, here or elsewhere */
	size_t n_active, active_cap;
	size_t n_ended, n_failed, n_pruned, n_earlier;
	struct guild_batch_workers workers;
	bool is_parallel;
	struct guild_batch_output output;
	struct guild_log log; /* of the hooks */
	struct guild_batch_signals signals;
	bool fail_on_error, stage_trials;
	bool has_more; /* the hooks may have another trial */
	int exit_status;
	bool is_over;      /* nothing more is started */
	int passed_signal; /* to what runs; 0: none */
	int64_t kill_us;
	int64_t synced_us; /* --durable: when trials were last made safe from a loss of power */
};

/* ---- what trials tell (batch_ends.c) ---- */

void batch_end_by_signal(struct batch *b, int number);
void batch_say(struct batch *b, const char *level, const char *fmt, ...) GUILD_PRINTF(3, 4);
void batch_say_for_hooks(void *arg, const char *level, const char *text);
void batch_show_progress(struct batch *b, const struct guild_trial *changed,
	const struct guild_batch_end *end);
void batch_set_active(struct batch *b, struct guild_trial *t, enum guild_trial_state state);
void batch_sync(struct batch *b, bool is_end);
void batch_trial_ended(struct batch *b, struct guild_trial *t, struct guild_batch_end *end);
void batch_note_failure(struct batch *b, const struct guild_trial *t, int status, const char *why);
bool batch_watches(void *arg, const char *key);
const char *batch_seen(void *arg, struct guild_trial *t, const char *key, int64_t step,
	double value);
void batch_run_here(struct batch *b, struct guild_trial *t);
void batch_log_of_worker(void *arg, struct guild_trial *t, const char *level, const char *text);
void batch_take_elsewhere(struct batch *b, struct guild_trial *t);
void batch_ended_in_worker(void *arg, struct guild_trial *t, const struct guild_worker_result *r);

#endif
