/*
 * Scheduling: slots, queues, leases of GPUs. Knows exec, store. What is stored: docs/formats/queues.md.
 */
#ifndef GUILD_SCHED_H
#define GUILD_SCHED_H

#include <guild/exec.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- starting a staged run ------------------------------------------------------------------------------------------------ */

/* Variables by which a queue tells `guild run --start` what it has claimed for it: "ID TOKEN", and files of leases joined by ':'. */
#define GUILD_CLAIM_ENV "GUILD_QUEUE_CLAIM"
#define GUILD_LEASES_ENV "GUILD_QUEUE_LEASES"

/* A staged run is started by one process at a time, whoever starts it: queues, on this machine or another, or people. */
struct guild_claim {
	const struct guild_home *home;
	const struct guild_run *run;
	char *path, *token, *leases;
	bool is_of_queue;
	bool is_held; /* by the locks */
	int lock_fds[2];
};
/* Before anything of the run is changed. GUILD_EBUSY: somebody else starts it, or the queue that started this process lost it. Runs that are
 * not staged, or lie elsewhere, are claimed by nobody. */
int guild_claim_begin(struct guild_claim *c, const struct guild_home *home,
	const struct guild_run *run, char *const *env, struct guild_error *err);
/* When all is prepared, just before the program starts: the claim still holds. Nobody can take it, or a GPU of it, back until
 * guild_claim_started; the program's process keeps it so until it has become the program, even where this one is killed. */
int guild_claim_ready(struct guild_claim *c, struct guild_error *err);
/* When the program has its LOCK, or could not be started. */
void guild_claim_started(struct guild_claim *c);
/* After the run, or instead of it. */
void guild_claim_end(struct guild_claim *c);

/* ---- attributes of staged runs ------------------------------------------------------------------------------------------- */

#define GUILD_ATTR_PRIORITY "_priority" /* integer: higher ones are started first; 0 when missing */
#define GUILD_ATTR_AFTER "_after"       /* list of run ids that must be completed */

/* ---- queues ---------------------------------------------------------------------------------------------------------------- */

enum { GUILD_QUEUE_SLOTS_MAX = 4096 };

struct guild_queue_request {
	const struct guild_home *home;
	char *const *env;    /* of the runs */
	const char *program; /* absolute path of guild */
	const char *name;    /* NULL: after the machine */
	int64_t slots;       /* 0: as many as the GPUs take runs, else 1 */
	const char *gpus;    /* "all", "0-3", UUIDs: each run gets one of them; NULL: none */
	int64_t per_gpu;     /* runs on one GPU at once */
	double min_free_mb;
	/* As Guild AI 0.9.0's queue has it: the value of --gpus for every run; runs staged with another one are left alone. NULL: none. */
	const char *run_gpus;
	double poll_interval_s;
	bool run_once;
	bool wait_for_running;
	bool show_output; /* of the runs; else it is in the runs alone */
	bool is_plain;    /* says what 0.9.0's queue says, no more */
	/* What happens: "info", "warning", …; a time belongs before each line. */
	const struct guild_log *log;
};
/* Runs staged runs until it is told to end: by a signal, by `guild queue stop` or `drain`, or, with run_once, when none is left that could be
 * started. SIGTERM, SIGINT and SIGHUP: nothing more is started and what runs is waited for; a second one stops the runs. One call at a time
 * in a process. GUILD_EBUSY: a queue of that name is alive. GUILD_EINVALID, GUILD_ENOTFOUND: the GPUs. */
int guild_queue_run(const struct guild_queue_request *req, struct guild_error *err);

/* What a queue says of itself. */
struct guild_queue_info {
	char *name;
	bool is_live, is_here; /* its process; whether it is on this machine */
	char *host;
	int64_t pid;
	char *mode; /* "running", "paused", "draining", "stopping"; of a dead queue "dead" */
	int64_t slots;
	struct guild_value *state; /* dict: docs/formats/queues.md */
};
struct guild_queues {
	struct guild_arena *arena;
	struct guild_queue_info *v;
	size_t n, cap;
};
/* All queues of a home, by name; dead ones that left something to tell, too. */
int guild_queues_list(const struct guild_home *home, struct guild_queues *out,
	struct guild_error *err);
void guild_queues_fini(struct guild_queues *q);
enum guild_queue_order {
	GUILD_QUEUE_PAUSE,
	GUILD_QUEUE_RESUME,
	GUILD_QUEUE_DRAIN,
	GUILD_QUEUE_STOP,
	GUILD_QUEUE_RESIZE,
};
/* Tells a queue what to do, wherever it runs; `slots` of GUILD_QUEUE_RESIZE. */
int guild_queue_order(const struct guild_home *home, const char *name, enum guild_queue_order order,
	int64_t slots, struct guild_error *err);
/* Waits until a queue has ended; false after timeout_ms. */
bool guild_queue_wait_end(const struct guild_home *home, const char *name, int timeout_ms);

/* Staged runs in the order queues start them, with what each waits for: list of dicts {run, priority, after, waits}; `waits` is null where only
 * a slot is missing. Lives in `a`. */
int guild_queue_staged(const struct guild_home *home, char *const *env, struct guild_arena *a,
	struct guild_value **out, struct guild_error *err);

/* Claims the next staged run for another scheduler: 1 and *out (dict: run, token, dir, tags), 0: there is none. `leaves` says which runs are
 * passed over (may be NULL). */
struct guild_claim_request {
	const struct guild_home *home;
	char *const *env;
	const char *queue;
	pid_t owner; /* the process that answers for it */
	bool wait_for_running;
	bool (*leaves)(void *arg, const struct guild_run *run);
	void *arg;
};
int guild_queue_claim_next(const struct guild_claim_request *req, struct guild_arena *a,
	struct guild_value **out, struct guild_error *err);

/* A text as the files of claims and leases hold it: true when it is one, and then *out (may be NULL) is how it is written. */
bool guild_queue_record_check(struct guild_str text, struct guild_buf *out);

#ifdef __cplusplus
}
#endif

#endif
