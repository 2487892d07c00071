/* Work of the table in the terminal that must not hold up its keys. Private to cmd/. */
#ifndef GUILD_CMD_TUI_WORKER_H
#define GUILD_CMD_TUI_WORKER_H

#include <stdatomic.h>

#include <guild/base.h>

/* One piece of work, embedded first in a struct of its own kind. `work` runs on the thread; `finish` on the thread of the keys, also
 * for what was cancelled, and releases the job. */
struct guild_tui_job {
	void (*work)(struct guild_tui_job *job);
	void (*finish)(struct guild_tui_job *job);
	void *app;             /* for `finish` */
	atomic_bool cancelled; /* `work` looks at it where it can */
	struct guild_tui_job *next;
};

/* A thread that does jobs one after another. */
struct guild_tui_worker;
/* A byte is written to `notify_fd` when a job is done. */
int guild_tui_worker_new(int notify_fd, struct guild_tui_worker **out, struct guild_error *err);
void guild_tui_worker_post(struct guild_tui_worker *w, struct guild_tui_job *take_job);
/* A job that is done, or NULL. Call its `finish`. */
struct guild_tui_job *guild_tui_worker_take_done(struct guild_tui_worker *w);
bool guild_tui_worker_is_busy(struct guild_tui_worker *w);
/* Cancels what it has to do. */
void guild_tui_worker_cancel(struct guild_tui_worker *w);
/* Waits for its end: what it was doing is finished (`finish` is called), too. NULL is fine. */
void guild_tui_worker_free(struct guild_tui_worker *w);

#endif
