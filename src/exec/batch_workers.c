/*
 * Processes that run the trials of a batch, several at once.
 *
 * A worker is forked from the batch, so that what the batch has found out (the interpreter, its packages, the prototype) is there. It is in a process
 * group of its own: keys of the terminal reach the batch alone. One message a datagram; the two ends are the same program. Where
 * the batch is gone, a worker brings its trial to the end and ends, too.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "batch.h"

enum { KEY_MAX = 512, LEVEL_MAX = 16, DIR_MAX = 4096 };

enum message_kind { MESSAGE_JOB, MESSAGE_SCALAR, MESSAGE_ANSWER, MESSAGE_LOG, MESSAGE_ENDED };
struct message {
	enum message_kind kind;
	union {
		struct {
			bool is_new;
			char dir[DIR_MAX];
		} job;
		struct {
			int64_t step;
			double value;
			char key[KEY_MAX];
		} scalar;
		bool is_to_stop; /* MESSAGE_ANSWER */
		struct {
			char level[LEVEL_MAX];
			char text[GUILD_ERROR_TEXT_MAX];
		} log;
		struct guild_worker_result ended;
	};
};

static bool send_message(int fd, const struct message *m)
{
	ssize_t n;
	do {
		n = send(fd, m, sizeof(*m), MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(*m);
}

static bool receive(int fd, struct message *m, int flags)
{
	ssize_t n;
	do {
		n = recv(fd, m, sizeof(*m), flags);
	} while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(*m);
}

static void copy_text(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text);
}

/* ---- the worker ---------------------------------------------------------------------------------------------------- */

struct worker {
	const struct guild_batch_workers *shared;
	int fd;
	unsigned serial;
	struct guild_log log;
};

static void send_log(void *arg, const char *level, const char *text)
{
	struct worker *w = arg;
	struct message m = {.kind = MESSAGE_LOG};
	copy_text(m.log.level, sizeof(m.log.level), level);
	copy_text(m.log.text, sizeof(m.log.text), text);
	(void)send_message(w->fd, &m);
}

/* The keys that are watched follow from the rules, which do not change: the worker's copy can tell. */
static bool watches(void *arg, const char *key)
{
	struct worker *w = arg;
	return w->shared->wants(w->shared->arg, key) && strlen(key) < KEY_MAX;
}

static bool ask(void *arg, const char *key, int64_t step, double value)
{
	struct worker *w = arg;
	struct message m = {.kind = MESSAGE_SCALAR, .scalar = {.step = step, .value = value}};
	struct message answer = {0};
	copy_text(m.scalar.key, sizeof(m.scalar.key), key);
	return send_message(w->fd, &m) && receive(w->fd, &answer, 0) &&
	       answer.kind == MESSAGE_ANSWER && answer.is_to_stop;
}

static void run_job(struct worker *w, const struct message *job)
{
	struct guild_run run = {0};
	struct guild_error err = {0};
	struct guild_run_options options = *w->shared->start->options;
	struct guild_exec_world world = *w->shared->start->world;
	const struct guild_scalar_watch watch = {.arg = w, .watches = watches, .seen = ask};
	struct message m = {.kind = MESSAGE_ENDED};
	options.quiet = true;
	options.no_pty = true;
	options.durable = false; /* the batch syncs for all of them */
	world.cmd_dir = w->shared->cmd_dir;
	world.log = &w->log;
	struct guild_exec_start start = {.options = &options,
		.world = &world,
		.is_new = job->job.is_new,
		.serial = w->serial++,
		.has_packages = true,
		.watch = w->shared->watches ? &watch : NULL};
	m.ended.rc = guild_run_open(job->job.dir, &run, &err);
	m.ended.rc = m.ended.rc ? m.ended.rc : guild_exec_run(&run, &start, &m.ended.result, &err);
	copy_text(m.ended.text, sizeof(m.ended.text), err.text);
	guild_run_fini(&run);
	(void)send_message(w->fd, &m);
}

static void close_others(const struct guild_batch_workers *w)
{
	for (size_t i = 0; i < w->n; i++) {
		if (w->v[i].fd >= 0) {
			close(w->v[i].fd);
		}
	}
}

static _Noreturn void be_worker(const struct guild_batch_workers *shared, int fd)
{
	struct worker w = {.shared = shared, .fd = fd};
	struct message job;
	w.log = (struct guild_log){.emit = send_log, .arg = &w};
	setpgid(0, 0);
	close_others(shared);
	guild_batch_signals_release(shared->signals);
	int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null_fd >= 0) {
		dup2(null_fd, STDIN_FILENO);
		close(null_fd);
	}
	while (receive(fd, &job, 0) && job.kind == MESSAGE_JOB) {
		run_job(&w, &job);
	}
	/* Nothing of what the batch has buffered or open is this process's to finish. */
	_exit(0);
}

/* ---- the batch's side -------------------------------------------------------------------------------------------------- */

static int start_worker(struct guild_batch_workers *w, struct guild_error *err)
{
	int fds[2];
	if (!w->v) {
		w->v = guild_alloc(w->max * sizeof(*w->v));
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) {
		return guild_error_errno(err, errno, "cannot make a socket for a trial");
	}
	pid_t pid = fork();
	if (pid == 0) {
		close(fds[0]);
		be_worker(w, fds[1]);
	}
	close(fds[1]);
	if (pid < 0) {
		close(fds[0]);
		return guild_error_errno(err, errno, "cannot make a process for a trial");
	}
	setpgid(pid, pid);
	w->v[w->n++] = (struct guild_batch_worker){.pid = pid, .fd = fds[0]};
	return 0;
}

size_t guild_batch_workers_busy(const struct guild_batch_workers *w)
{
	size_t n = 0;
	for (size_t i = 0; i < w->n; i++) {
		n += w->v[i].trial != NULL;
	}
	return n;
}

bool guild_batch_workers_have_room(const struct guild_batch_workers *w)
{
	return guild_batch_workers_busy(w) < w->max;
}

int guild_batch_workers_give(struct guild_batch_workers *w, struct guild_trial *t,
	struct guild_error *err)
{
	struct guild_batch_worker *idle = NULL;
	struct message m = {.kind = MESSAGE_JOB, .job = {.is_new = !t->is_again}};
	if (strlen(t->run.dir) >= sizeof(m.job.dir)) {
		return guild_error_set(err, GUILD_ELIMIT, "the path '%s' is too long", t->run.dir);
	}
	copy_text(m.job.dir, sizeof(m.job.dir), t->run.dir);
	for (size_t i = 0; i < w->n && !idle; i++) {
		idle = w->v[i].trial ? NULL : &w->v[i];
	}
	if (!idle) {
		int rc = start_worker(w, err);
		if (rc != 0) {
			return rc;
		}
		idle = &w->v[w->n - 1];
	}
	if (!send_message(idle->fd, &m)) {
		return guild_error_errno(err, errno, "cannot tell a process its trial");
	}
	idle->trial = t;
	return 0;
}

static void bury(struct guild_batch_workers *w, size_t i)
{
	struct guild_trial *t = w->v[i].trial;
	close(w->v[i].fd);
	(void)waitpid(w->v[i].pid, NULL, 0);
	w->v[i] = w->v[--w->n];
	if (t) {
		w->ended(w->arg, t, NULL);
	}
}

static void take_message(struct guild_batch_workers *w, struct guild_batch_worker *from,
	const struct message *m)
{
	struct guild_trial *t = from->trial;
	struct message answer = {.kind = MESSAGE_ANSWER};
	switch (m->kind) {
	case MESSAGE_SCALAR:
		answer.is_to_stop =
			w->seen(w->arg, t, m->scalar.key, m->scalar.step, m->scalar.value) != NULL;
		(void)send_message(from->fd, &answer);
		break;
	case MESSAGE_LOG:
		w->log(w->arg, t, m->log.level, m->log.text);
		break;
	case MESSAGE_ENDED:
		from->trial = NULL;
		w->ended(w->arg, t, &m->ended);
		break;
	case MESSAGE_JOB:
	case MESSAGE_ANSWER:
		break;
	}
}

/* False: it is gone. */
static bool serve(struct guild_batch_workers *w, struct guild_batch_worker *from)
{
	struct message m;
	while (receive(from->fd, &m, MSG_DONTWAIT)) {
		take_message(w, from, &m);
	}
	return errno == EAGAIN || errno == EWOULDBLOCK;
}

void guild_batch_workers_wait(struct guild_batch_workers *w, int timeout_ms)
{
	struct pollfd *fds = guild_alloc((w->n + 1) * sizeof(*fds));
	struct timespec limit = {
		.tv_sec = timeout_ms / 1000, .tv_nsec = (long)(timeout_ms % 1000) * 1000000};
	sigset_t blocked;
	sigset_t before;
	for (size_t i = 0; i < w->n; i++) {
		fds[i] = (struct pollfd){.fd = w->v[i].fd, .events = POLLIN};
	}
	/* A signal between the look and the wait would be seen a second late. */
	sigfillset(&blocked);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	bool came = guild_batch_signals_came() || guild_batch_signals_stop_came();
	int n = came ? 0 : ppoll(fds, w->n, &limit, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
	/* From the end on: one that is gone has its place taken by the last. */
	for (size_t i = w->n; n > 0 && i > 0; i--) {
		if (fds[i - 1].revents == 0) {
			continue;
		}
		errno = 0;
		if (!serve(w, &w->v[i - 1])) {
			bury(w, i - 1);
		}
	}
	free(fds);
}

void guild_batch_workers_signal(struct guild_batch_workers *w, int number)
{
	for (size_t i = 0; i < w->n; i++) {
		if (w->v[i].trial) {
			kill(w->v[i].pid, number);
		}
	}
}

static void signal_programs(const struct guild_batch_workers *w, int number)
{
	for (size_t i = 0; i < w->n; i++) {
		pid_t *below = NULL;
		size_t n = 0;
		if (w->v[i].trial && guild_proc_descendants(w->v[i].pid, &below, &n) == 0) {
			for (size_t k = n; k > 0; k--) {
				kill(below[k - 1], number);
			}
		}
		free(below);
	}
}

void guild_batch_workers_kill_programs(struct guild_batch_workers *w)
{
	signal_programs(w, SIGKILL);
}

/* Not by SIGTSTP, which a worker that waits for an answer would see after the SIGCONT that follows. */
void guild_batch_workers_suspend(struct guild_batch_workers *w)
{
	guild_batch_workers_signal(w, SIGSTOP);
	signal_programs(w, SIGSTOP);
	raise(SIGSTOP);
	signal_programs(w, SIGCONT);
	guild_batch_workers_signal(w, SIGCONT);
}

void guild_batch_workers_fini(struct guild_batch_workers *w)
{
	for (size_t i = 0; i < w->n; i++) {
		close(w->v[i].fd);
	}
	for (size_t i = 0; i < w->n; i++) {
		(void)waitpid(w->v[i].pid, NULL, 0);
	}
	free(w->v);
	w->v = NULL;
	w->n = 0;
}
