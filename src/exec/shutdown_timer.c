/* guild sys shutdown-timer: turns the machine off when no run has been running for a while. */

#include <stdlib.h>
#include <string.h>

#include "service.h"

enum { LOOK_EVERY_MS = 30000, LOOKS_PER_TIMEOUT = 4, LOOK_AT_LEAST_MS = 50, COMMAND_MS = 60000 };

/* Whether a run of this Guild home is running now. */
static bool is_active(const struct guild_shutdown_timer *t)
{
	char *index_path = guild_store_index_path(t->home, false, t->env);
	struct guild_run_filter filter = {
		.statuses = 1U << GUILD_RUN_RUNNING, .index_path = index_path};
	struct guild_runs runs = {0};
	char *dir = guild_home_runs_dir(t->home, false);
	/* A store that cannot be read is no reason to turn the machine off. */
	bool active = guild_store_list(dir, &filter, NULL, &runs, NULL, NULL) != 0 || runs.n > 0;

	guild_runs_fini(&runs);
	free(index_path);
	free(dir);
	return active;
}

static int shut_down(struct guild_service *s, const struct guild_shutdown_timer *t,
	struct guild_error *err)
{
	char *when = guild_format("+%lld", (long long)t->grace_min);
	const char *const plain[] = {"shutdown", "-h", when, NULL};
	const char *const sudo[] = {"sudo", "-n", "shutdown", "-h", when, NULL};
	struct guild_proc_result result = {0};
	int rc = 0;

	guild_service_say(s, "no run for %g minute(s): %s in %lld minute(s)", t->timeout_min,
		t->dont_shutdown ? "the machine would be turned off" : "turning the machine off",
		(long long)t->grace_min);
	if (!t->dont_shutdown) {
		rc = guild_proc_run(t->as_root ? sudo : plain, "/", NULL, GUILD_ERROR_TEXT_MAX,
			COMMAND_MS, &result, err);
		if (rc == 0 && result.exit_status != 0) {
			struct guild_str text = guild_str_trim(guild_buf_str(&result.err));

			rc = guild_error_set(err, GUILD_EIO,
				"shutdown failed with exit code %d: %.*s", result.exit_status,
				GUILD_STR_FMT(text));
		}
		guild_proc_result_fini(&result);
	}
	free(when);
	return rc;
}

static int64_t interval_ms(const struct guild_shutdown_timer *t)
{
	double part = t->timeout_min * 60000 / LOOKS_PER_TIMEOUT;

	if (part >= LOOK_EVERY_MS) {
		return LOOK_EVERY_MS;
	}
	return part > LOOK_AT_LEAST_MS ? (int64_t)part : LOOK_AT_LEAST_MS;
}

static int watch(struct guild_service *s, void *arg, struct guild_error *err)
{
	const struct guild_shutdown_timer *t = arg;
	int64_t last_us = guild_monotonic_us();
	bool was_active = false;

	guild_service_say(s, "timeout %g minute(s)%s", t->timeout_min,
		t->dont_shutdown ? ", --dont-shutdown: the machine will not be turned off" : "");
	do {
		bool active = is_active(t);

		if (active != was_active) {
			guild_service_say(s, active ? "a run is running" : "no run is running");
		}
		was_active = active;
		if (active) {
			last_us = guild_monotonic_us();
		} else if ((double)(guild_monotonic_us() - last_us) >= t->timeout_min * 60e6) {
			return shut_down(s, t, err);
		}
	} while (guild_service_wait(s, interval_ms(t)));
	return 0;
}

int guild_shutdown_timer_start(const struct guild_shutdown_timer *t, struct guild_error *err)
{
	struct guild_shutdown_timer copy = *t;
	const struct guild_service_plan plan = {
		.home = t->home,
		.name = GUILD_SHUTDOWN_TIMER,
		.title = "Shutdown timer",
		.foreground = t->foreground,
		.log = t->log,
		.body = watch,
		.arg = &copy,
	};

	return guild_service_start(&plan, err);
}
