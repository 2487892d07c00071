/* Hangs a struct guild_scalar_watch on the supervisor, beside the alerts. Private to exec. */
#ifndef GUILD_EXEC_WATCH_H
#define GUILD_EXEC_WATCH_H

#include <guild/exec.h>

struct alert_events;
struct guild_watched_run {
	const struct guild_scalar_watch *watch; /* NULL: nothing is watched */
	struct guild_supervise_request before;  /* what the supervisor called until then */
	struct alert_events *events;
	bool is_to_stop;
};
/* `w` and `watch` outlive the supervision. */
void guild_watch_attach(struct guild_watched_run *w, const struct guild_scalar_watch *watch,
	struct guild_supervise_request *req);
void guild_watch_detach(struct guild_watched_run *w);

#endif
