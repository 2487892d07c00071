/* What services of guild share. Private to exec/. */
#ifndef GUILD_EXEC_SERVICE_H
#define GUILD_EXEC_SERVICE_H

#include "guild/exec.h"

#include <signal.h>

struct guild_service;
struct guild_service_plan {
	const struct guild_home *home;
	const char *name;  /* "shutdown-timer" */
	const char *title; /* "Shutdown timer" */
	bool foreground;
	int64_t log_max_bytes;       /* the log is put aside past it; 0: never */
	int64_t log_backups;         /* and so many are kept */
	const struct guild_log *log; /* what a service in the foreground says */
	/* Works until guild_service_wait says no. */
	int (*body)(struct guild_service *s, void *arg, struct guild_error *err);
	void *arg;
};
struct guild_service {
	const struct guild_service_plan *plan;
	bool is_stopped;
	sigset_t signals_before;
};

/* 1 in the process that asked when the service runs in the background; 0 when the service has ended (in its own process, or in the
 * foreground). GUILD_EBUSY: it is running already. */
int guild_service_start(const struct guild_service_plan *plan, struct guild_error *err);
/* A line in the log, with the time. */
void guild_service_say(struct guild_service *s, const char *fmt, ...) GUILD_PRINTF(2, 3);
/* Sleeps; false as soon as somebody wants the service to stop. */
bool guild_service_wait(struct guild_service *s, int64_t ms);

#endif
