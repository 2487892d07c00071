/* Stopping the process of a run and what it started. */

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guild/store.h"

enum { CHILDREN_WAIT_MS = 5000, RECORD_WAIT_MS = 2000, POLL_MS = 20, STAT_MAX_BYTES = 4096 };

/* A process, by a descriptor that stays with it even when its number is used again; by number alone (fd -1) where the kernel
 * knows no such descriptors. */
struct target {
	pid_t pid;
	int fd;
};
struct targets {
	struct target *v;
	size_t n;
};

/* False when there is no such process. */
static bool target_open(struct target *t, pid_t pid)
{
	*t = (struct target){.pid = pid, .fd = (int)syscall(SYS_pidfd_open, pid, 0U)};
	return t->fd >= 0 || errno != ESRCH;
}

static int target_signal(const struct target *t, int signal)
{
	return t->fd >= 0 ? (int)syscall(SYS_pidfd_send_signal, t->fd, signal, NULL, 0U)
			  : kill(t->pid, signal);
}

/* Gone, or dead and waiting for its parent. */
static bool is_over(pid_t pid)
{
	char *path = guild_format("/proc/%d/stat", (int)pid);
	struct guild_buf text = {0};
	const char *name_end = NULL;
	if (guild_file_read(path, STAT_MAX_BYTES, &text, NULL) == 0) {
		name_end = strrchr(guild_buf_cstr(&text), ')');
	}
	bool over = name_end == NULL || strncmp(name_end, ") Z", 3) == 0;
	guild_buf_fini(&text);
	free(path);
	return over;
}

/* Waits for the end of one process; false when it is still there after timeout_ms. */
static bool target_wait(const struct target *t, int timeout_ms)
{
	if (t->fd >= 0) {
		struct pollfd p = {.fd = t->fd, .events = POLLIN};
		return poll(&p, 1, timeout_ms) > 0;
	}
	int64_t deadline = guild_monotonic_us() + (int64_t)timeout_ms * 1000;
	while (!is_over(t->pid)) {
		if (guild_monotonic_us() >= deadline) {
			return false;
		}
		poll(NULL, 0, POLL_MS);
	}
	return true;
}

static void targets_init(struct targets *t, pid_t pid)
{
	pid_t *pids = NULL;
	size_t n = 0;
	if (guild_proc_descendants(pid, &pids, &n) != 0) {
		n = 0;
	}
	*t = (struct targets){.v = guild_alloc((n + 1) * sizeof(*t->v))};
	for (size_t i = 0; i < n; i++) {
		t->n += target_open(&t->v[t->n], pids[i]);
	}
	free(pids);
}

static void targets_fini(struct targets *t)
{
	for (size_t i = 0; i < t->n; i++) {
		if (t->v[i].fd >= 0) {
			close(t->v[i].fd);
		}
	}
	free(t->v);
	*t = (struct targets){0};
}

static void signal_all(const struct targets *t, int signal)
{
	for (size_t i = 0; i < t->n; i++) {
		target_signal(&t->v[i], signal);
	}
}

/* True once all have ended; gives up after timeout_ms. */
static bool wait_all(const struct targets *t, int timeout_ms)
{
	int64_t deadline = guild_monotonic_us() + (int64_t)timeout_ms * 1000;
	for (size_t i = 0; i < t->n; i++) {
		int64_t left_ms = (deadline - guild_monotonic_us()) / 1000;
		if (!target_wait(&t->v[i], left_ms > 0 ? (int)left_ms : 0)) {
			return false;
		}
	}
	return true;
}

static int min_int(int a, int b)
{
	return a < b ? a : b;
}

static int stop_tree(pid_t pid, int grace_ms, const struct guild_run *r, struct guild_error *err)
{
	struct targets own = {.v = guild_alloc(sizeof(*own.v))};
	struct targets children = {0};
	int rc = 0;
	if (!target_open(&own.v[0], pid)) {
		goto out; /* it has just ended */
	}
	own.n = 1;
	/* What the process started is found while the process is there to name it. */
	targets_init(&children, pid);
	if (target_signal(&own.v[0], SIGTERM) != 0 && errno != ESRCH) {
		rc = guild_error_errno(err, errno, "cannot stop run %.8s (pid %d)", r->id,
			(int)pid);
		goto out;
	}
	if (grace_ms == 0) {
		goto out;
	}
	int first_ms = min_int(grace_ms, CHILDREN_WAIT_MS);
	if (wait_all(&own, first_ms) && wait_all(&children, first_ms)) {
		goto out;
	}
	signal_all(&children, SIGTERM);
	int rest_ms = grace_ms - first_ms;
	if (!wait_all(&own, rest_ms)) {
		signal_all(&own, SIGKILL);
	}
	if (!wait_all(&children, rest_ms)) {
		signal_all(&children, SIGKILL);
	}
	if (!wait_all(&own, CHILDREN_WAIT_MS) || !wait_all(&children, CHILDREN_WAIT_MS)) {
		rc = guild_error_set(err, GUILD_EBUSY, "run %.8s does not end (pid %d)", r->id,
			(int)pid);
	}
out:
	targets_fini(&children);
	targets_fini(&own);
	return rc;
}

/* The supervisor records the end and then removes LOCK; whoever looks after the stop should see how the run ended. */
static void wait_for_record(const struct guild_run *r, pid_t pid, int timeout_ms)
{
	int64_t deadline = guild_monotonic_us() + (int64_t)timeout_ms * 1000;
	while (guild_run_lock_pid(r) == pid && guild_monotonic_us() < deadline) {
		poll(NULL, 0, POLL_MS);
	}
}

int guild_store_stop(const struct guild_run *r, int grace_ms, const struct guild_log *log,
	struct guild_error *err)
{
	char *remote = NULL;
	char *host = NULL;
	pid_t pid = -1;
	int rc = 0;
	enum guild_run_status status = guild_run_status(r, &remote);
	enum guild_run_process process = guild_run_find_process(r, &pid, &host);
	if (remote != NULL) {
		rc = guild_error_set(err, GUILD_EUNSUPPORTED, "run %.8s is running on remote '%s'",
			r->id, remote);
		guild_error_hint(err, "use --remote %s to stop it there", remote);
	} else if (status != GUILD_RUN_RUNNING) {
		rc = 0;
	} else if (process == GUILD_PROCESS_AWAY) {
		rc = guild_error_set(err, GUILD_EUNSUPPORTED,
			"run %.8s is running on %s: stop it there", r->id,
			host != NULL ? host : "another machine");
	} else if (process != GUILD_PROCESS_NONE) {
		guild_log(log, "info", "Stopping %s (pid %d)", r->id, (int)pid);
		/* Only operations that are `stoppable` care. */
		(void)guild_run_set_marker(r, GUILD_RUN_STOPPED, true, NULL);
		rc = stop_tree(pid, grace_ms, r, err);
		wait_for_record(r, pid, min_int(grace_ms, RECORD_WAIT_MS));
	}
	free(host);
	free(remote);
	return rc;
}
