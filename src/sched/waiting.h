/* Staged runs in the order in which they are started, and what each waits for. */
#ifndef GUILD_SCHED_WAITING_H
#define GUILD_SCHED_WAITING_H

#include "sched_private.h"

struct sched_waiting_run {
	struct guild_run run;
	int64_t started_us, priority;
	struct guild_strs after;
	char *gpus; /* that it was staged with, or NULL */
	bool no_gpus;
	char *said;       /* why it is left alone, as it was said last; or NULL */
	int64_t again_us; /* monotonic: not looked at before */
};
struct sched_waiting {
	struct sched_waiting_run *v; /* in order */
	size_t n, cap;
	struct guild_strs young; /* ids of runs that are being made */
};
void sched_waiting_fini(struct sched_waiting *w);
/* Looks through the whole home. */
int sched_waiting_scan(struct sched_waiting *w, const struct guild_home *home, char *const *env,
	struct guild_error *err);
/* Looks at the young ones; true when one is staged now. */
bool sched_waiting_look(struct sched_waiting *w, const struct guild_home *home);
void sched_waiting_remove(struct sched_waiting *w, size_t i);
/* Why a run cannot be started because of `--after`; NULL: it can. The caller frees. *is_final: it never will by itself. */
char *sched_waits_after(const struct guild_home *home, const struct sched_waiting_run *r,
	bool *is_final);
/* A run other than queues is running. */
bool sched_is_busy(const struct guild_home *home, char *const *env);

#endif
