/* The supervisor: one loop over the program's streams, signals and timers, from the start of a program to its recorded end. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "supervise.h"

enum {
	EXIT_INTERRUPTED = -16,
	DRAIN_MS = 10000,
	INTERRUPT_GRACE_MS = 30000,
	INTERRUPT_MESSAGE_MS = 2000,
	STOP_KILL_MS = 30000,
	TICK_MS = 1000,
	COALESCE_MS =
		20, /* timeout(1) and some schedulers send a signal to the process and to its group */
	FINAL_READS_MAX =
		64, /* of each stream before the end is recorded: a surviving child may write for ever */
};

static const int64_t NEVER = INT64_MAX;

struct supervisor {
	const struct guild_supervise_request *req;
	struct guild_supervise_result *result;
	struct guild_troubles troubles;
	struct guild_signals signals;
	struct guild_program program;
	bool is_locked; /* the program has written its LOCK before it became the program */
	struct guild_capture capture;
	struct guild_event_writer *events;
	struct guild_sampler *sampler;
	bool own_group;
	bool has_ended; /* the program, and that is recorded */
	bool is_stopping;
	int last_signal;
	int64_t last_signal_us;
	/* All on the monotonic clock, in microseconds. */
	int64_t started_us;
	int64_t tick_at;
	int64_t sample_at;
	int64_t stop_at;
	int64_t kill_at;
	int64_t message_at;
	int64_t drain_until;
};

static int64_t ms_from(int64_t us, int ms, int otherwise_ms)
{
	return us + (int64_t)(ms > 0 ? ms : otherwise_ms) * 1000;
}

/* ---- attributes --------------------------------------------------------------------------------------------- */

static void write_attr(struct supervisor *s, const char *name, int64_t value)
{
	struct guild_error err = {0};
	struct guild_arena *a = guild_arena_new();
	if (guild_run_attr_write(s->req->run, name, guild_value_int(a, value), s->req->durable,
		    &err) != 0) {
		guild_trouble(&s->troubles, GUILD_TROUBLE_ATTRS,
			"the run could not be recorded: %s", err.text);
	}
	guild_arena_free(a);
}

static void record_start(struct supervisor *s)
{
	guild_run_attr_remove(s->req->run, "exit_status", NULL);
	guild_run_attr_remove(s->req->run, "stopped", NULL);
	guild_run_attr_remove(s->req->run, "_pruned", NULL);
	guild_run_attr_remove(s->req->run, "_stopped_status", NULL);
	guild_run_set_marker(s->req->run, GUILD_RUN_STOPPED, false, NULL);
	s->result->started_us = guild_run_timestamp();
	write_attr(s, "started", s->result->started_us);
}

static void record_end(struct supervisor *s)
{
	if (!guild_is_dir(s->req->run->guild_dir)) {
		guild_trouble(&s->troubles, GUILD_TROUBLE_ATTRS,
			"the run directory '%s' is gone: the end of the program is not recorded",
			s->req->run->dir);
		return;
	}
	write_attr(s, "exit_status", s->result->exit_status);
	write_attr(s, "stopped", s->result->stopped_us);
	struct guild_error err = {0};
	if (guild_run_unlock(s->req->run, &err) != 0) {
		guild_trouble(&s->troubles, GUILD_TROUBLE_LOCK, "%s", err.text);
	}
}

/* ---- stopping ----------------------------------------------------------------------------------------------- */

static void stop_program(struct supervisor *s, int reason)
{
	if (s->is_stopping || s->program.pid == 0) {
		return;
	}
	s->is_stopping = true;
	s->result->stopped_early = true;
	s->result->stop_reason = reason;
	int64_t now = guild_monotonic_us();
	s->kill_at = ms_from(now, s->req->stop_after_kill_ms, STOP_KILL_MS);
	guild_program_signal(&s->program, SIGTERM);
}

static bool is_set(char *const *env, const char *assignment)
{
	for (; env != NULL && *env != NULL; env++) {
		if (strcmp(*env, assignment) == 0) {
			return true;
		}
	}
	return false;
}

/* ---- scalars -------------------------------------------------------------------------------------------------- */

static void write_event(struct supervisor *s, const struct guild_output_scalar *found)
{
	if (s->events == NULL) {
		s->events =
			guild_event_writer_new(s->req->run->guild_dir, s->req->event_serial, "");
	}
	struct guild_error err = {0};
	struct guild_scalar value = {.tag = found->key, .value = (float)found->value};
	if (guild_event_writer_add(s->events, s->capture.batch_us, found->step, &value, 1, &err) !=
		0) {
		guild_trouble(&s->troubles, GUILD_TROUBLE_SCALARS, "scalars are lost: %s",
			err.text);
	}
}

static void take_scalar(void *arg, const struct guild_output_scalar *found)
{
	struct supervisor *s = arg;
	write_event(s, found);
	if (s->sampler != NULL && found->step >= 0) {
		guild_sampler_set_step(s->sampler, found->step);
	}
	if (s->req->on_scalar != NULL) {
		int reason = s->req->on_scalar(s->req->arg, found);
		if (reason != 0) {
			stop_program(s, reason);
		}
	}
}

static void take_output(void *arg, bool is_stderr, const char *p, size_t n)
{
	struct supervisor *s = arg;
	int reason = s->req->on_output(s->req->on_output_arg, is_stderr, p, n);
	if (reason != 0) {
		stop_program(s, reason);
	}
}

/* ---- system figures ------------------------------------------------------------------------------------------- */

static void start_sampler(struct supervisor *s)
{
	struct guild_error err = {0};
	if (guild_sampler_new(s->req->run, s->program.pid, &s->sampler, &err) != 0) {
		guild_trouble(&s->troubles, GUILD_TROUBLE_SYSTEM, "%s", err.text);
		return;
	}
	guild_sampler_listen(s->sampler, s->req->on_readings, s->req->arg);
	if (guild_sampler_tick(s->sampler, &err) != 0) {
		guild_trouble(&s->troubles, GUILD_TROUBLE_SYSTEM, "%s", err.text);
	}
}

static void finish_sampler(struct supervisor *s)
{
	struct guild_error err = {0};
	if (s->sampler != NULL && guild_sampler_finish(s->sampler, &err) != 0) {
		guild_trouble(&s->troubles, GUILD_TROUBLE_SYSTEM, "%s", err.text);
	}
	s->sampler = NULL;
}

/* ---- streams -------------------------------------------------------------------------------------------------- */

/* A pty where guild's own stream is a terminal, else a pipe. The program's end is in *child; without any, it gets guild's
 * own stream and nothing is captured. */
static void open_stream(struct supervisor *s, size_t i, int own_fd, int *child)
{
	struct guild_stream *stream = &s->capture.streams[i];
	int ends[2] = {-1, -1};
	int rc = -ENOTTY;
	if (!s->req->no_pty && isatty(own_fd)) {
		rc = guild_pty_open(own_fd, &ends[0], &ends[1]);
		stream->is_pty = rc == 0;
	}
	if (rc != 0) {
		rc = guild_fd_pipe(ends);
	}
	if (rc != 0) {
		guild_trouble(&s->troubles, GUILD_TROUBLE_DESCRIPTORS, "output is not captured: %s",
			strerror(-rc));
		*child = own_fd;
		return;
	}
	guild_fd_set_nonblocking(ends[0]);
	stream->fd = ends[0];
	*child = ends[1];
	guild_echo_init(&stream->echo, s->req->quiet ? -1 : own_fd, &s->troubles);
}

static void open_streams(struct supervisor *s, int child[2])
{
	const struct guild_supervise_request *req = s->req;
	for (size_t i = 0; i < 2; i++) {
		s->capture.streams[i] =
			(struct guild_stream){.fd = -1, .is_stderr = i == 1, .echo.fd = -1};
	}
	if (!req->capture) {
		child[0] = req->stdout_fd;
		child[1] = req->merge_streams ? req->stdout_fd : req->stderr_fd;
		return;
	}
	guild_capture_open(&s->capture, req->run);
	s->capture.scalars = req->scalars;
	s->capture.on_scalar = take_scalar;
	s->capture.on_scalar_arg = s;
	s->capture.on_output = req->on_output != NULL ? take_output : NULL;
	s->capture.on_output_arg = s;
	open_stream(s, 0, req->stdout_fd, &child[0]);
	if (req->merge_streams) {
		child[1] = child[0];
	} else {
		open_stream(s, 1, req->stderr_fd, &child[1]);
	}
}

static void close_child_ends(struct supervisor *s, int child[2])
{
	for (size_t i = 0; i < 2; i++) {
		if (s->capture.streams[i].fd >= 0) {
			guild_fd_close(&child[i]);
		}
	}
}

static int own_fd_of(const struct supervisor *s, size_t i)
{
	return i == 0 ? s->req->stdout_fd : s->req->stderr_fd;
}

static void copy_sizes(struct supervisor *s)
{
	bool has_changed = false;
	for (size_t i = 0; i < 2; i++) {
		const struct guild_stream *stream = &s->capture.streams[i];
		if (stream->fd >= 0 && stream->is_pty) {
			has_changed |= guild_pty_copy_size(own_fd_of(s, i), stream->fd);
		}
	}
	/* The kernel told the program before the pty had its new size; and one with a group of its own it did not tell. */
	if (has_changed || s->own_group) {
		guild_program_signal(&s->program, SIGWINCH);
	}
}

/* ---- signals -------------------------------------------------------------------------------------------------- */

/* In the foreground of a terminal the kernel sends the keys' signals to guild and the program alike. */
static bool shares_foreground(void)
{
	int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		return false;
	}
	bool shares = tcgetpgrp(fd) == getpgrp();
	close(fd);
	return shares;
}

static void interrupt(struct supervisor *s)
{
	int64_t now = guild_monotonic_us();
	if (s->result->interrupted) {
		guild_program_kill(&s->program);
		return;
	}
	s->result->interrupted = true;
	int64_t kill_at = ms_from(now, s->req->interrupt_grace_ms, INTERRUPT_GRACE_MS);
	s->kill_at = kill_at < s->kill_at ? kill_at : s->kill_at;
	if (!is_set(s->req->env, "NO_OP_INTERRUPTED_MSG=1")) {
		s->message_at = now + (int64_t)INTERRUPT_MESSAGE_MS * 1000;
	}
}

/* Stops guild as the shell that sent the signal expects; goes on here when it is continued. */
static void suspend(struct supervisor *s)
{
	guild_program_signal(&s->program, SIGTSTP);
	raise(SIGSTOP);
}

/* Whether the program has not got the signal yet. The kernel sends the keys' signals to the whole foreground, but a hangup to
 * the leader of the session alone. */
static bool must_pass_on(const struct supervisor *s, const struct guild_signal *sig)
{
	return s->own_group || !sig->is_from_kernel ||
	       (sig->number == SIGHUP && getsid(0) == getpid());
}

static void take_fatal_signal(struct supervisor *s, const struct guild_signal *sig)
{
	int64_t now = guild_monotonic_us();
	bool is_repeated = sig->number == s->last_signal &&
			   now - s->last_signal_us < (int64_t)COALESCE_MS * 1000;
	if (is_repeated) {
		return;
	}
	s->last_signal = sig->number;
	s->last_signal_us = now;
	if (sig->number == SIGTERM || sig->number == SIGHUP || sig->number == SIGQUIT) {
		s->result->forwarded_signal = sig->number;
	}
	if (s->program.pid == 0) {
		/* Only the rest of the output was waited for. */
		s->drain_until = now;
		guild_echo_drop(&s->capture.streams[0].echo);
		guild_echo_drop(&s->capture.streams[1].echo);
		return;
	}
	if (must_pass_on(s, sig)) {
		guild_program_signal(&s->program, sig->number);
	}
	if (sig->number == SIGINT) {
		interrupt(s);
	}
}

/* True when a child may have ended. */
static bool take_signals(struct supervisor *s)
{
	bool child_changed = false;
	struct guild_signal sig;
	while (guild_signals_next(&s->signals, &sig)) {
		switch (sig.number) {
		case SIGCHLD:
			child_changed = true;
			break;
		case SIGWINCH:
			copy_sizes(s);
			break;
		case SIGTSTP:
			suspend(s);
			break;
		case SIGCONT:
			if (s->own_group) {
				guild_program_signal(&s->program, SIGCONT);
			}
			copy_sizes(s);
			break;
		default:
			take_fatal_signal(s, &sig);
		}
	}
	return child_changed;
}

/* ---- the loop -------------------------------------------------------------------------------------------------- */

static int64_t next_deadline(const struct supervisor *s)
{
	const int64_t all[] = {
		s->tick_at, s->sample_at, s->stop_at, s->kill_at, s->message_at, s->drain_until};
	int64_t next = NEVER;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(all); i++) {
		next = all[i] < next ? all[i] : next;
	}
	return next;
}

static int timeout_ms(const struct supervisor *s)
{
	int64_t next = next_deadline(s);
	if (next == NEVER) {
		return -1;
	}
	int64_t left_ms = (next - guild_monotonic_us() + 999) / 1000;
	return left_ms < 0 ? 0 : left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

/* A slow terminal holds the program up, as it does without guild; but once the program has ended only others can fill the
 * streams, and what is in them is wanted on disk. */
static bool wants_to_read(const struct supervisor *s, const struct guild_stream *stream)
{
	size_t pending = guild_echo_pending(&stream->echo);
	return stream->fd >= 0 &&
	       (pending == 0 || (s->has_ended && pending < GUILD_CAPTURE_BACKLOG_BYTES));
}

/* Waits for something to happen and serves streams and echoes; signals and timers are the caller's. */
static void serve_streams(struct supervisor *s)
{
	struct pollfd fds[5] = {{.fd = s->signals.read_fd, .events = POLLIN}};
	for (size_t i = 0; i < 2; i++) {
		const struct guild_stream *stream = &s->capture.streams[i];
		fds[1 + i] = (struct pollfd){
			.fd = wants_to_read(s, stream) ? stream->fd : -1, .events = POLLIN};
		bool waits = guild_echo_pending(&stream->echo) > 0;
		fds[3 + i] = (struct pollfd){.fd = waits ? stream->echo.fd : -1, .events = POLLOUT};
	}
	if (poll(fds, GUILD_ARRAY_LEN(fds), timeout_ms(s)) <= 0) {
		return;
	}
	for (size_t i = 0; i < 2; i++) {
		if (fds[3 + i].revents != 0) {
			guild_echo_resume(&s->capture.streams[i].echo);
		}
		if (fds[1 + i].revents != 0) {
			guild_capture_read(&s->capture, i);
		}
	}
}

static void run_timers(struct supervisor *s)
{
	int64_t now = guild_monotonic_us();
	if (now >= s->tick_at) {
		s->tick_at = now + (int64_t)TICK_MS * 1000;
		int reason = s->req->on_tick(s->req->arg, now - s->started_us);
		if (reason != 0) {
			stop_program(s, reason);
		}
	}
	if (now >= s->sample_at) {
		while (s->sample_at <= now) {
			s->sample_at += (int64_t)GUILD_SAMPLE_INTERVAL_MS * 1000;
		}
		guild_run_lock_touch(s->req->run);
		struct guild_error err = {0};
		if (s->sampler != NULL && guild_sampler_tick(s->sampler, &err) != 0) {
			guild_trouble(&s->troubles, GUILD_TROUBLE_SYSTEM, "%s", err.text);
		}
	}
	if (now >= s->stop_at) {
		s->stop_at = NEVER;
		stop_program(s, 0);
	}
	if (now >= s->message_at) {
		s->message_at = NEVER;
		guild_log(s->req->log, "note",
			"waiting for the program to end (Ctrl-C again kills it)");
	}
	if (now >= s->kill_at) {
		s->kill_at = NEVER;
		guild_program_kill(&s->program);
	}
}

/* `guild stop` leaves a marker, as its signal goes to the program alone. */
static bool was_stopped(const struct supervisor *s)
{
	char *marker = guild_path_join(s->req->run->guild_dir, GUILD_RUN_STOPPED);
	bool by_command = guild_file_exists(marker);
	free(marker);
	return by_command || s->result->interrupted || s->result->stopped_early ||
	       s->result->forwarded_signal != 0;
}

static void take_end(struct supervisor *s, int status)
{
	s->result->stopped_us = guild_run_timestamp();
	s->result->exit_status = s->result->interrupted ? EXIT_INTERRUPTED : status;
	if (s->result->stop_reason == GUILD_STOP_ALERT ||
		s->result->stop_reason == GUILD_STOP_PRUNED) {
		if (s->result->exit_status >= 0) {
			s->result->exit_status = -SIGTERM;
		}
	} else if (s->req->stop_is_success && s->result->exit_status != 0 && was_stopped(s)) {
		write_attr(s, "_stopped_status", s->result->exit_status);
		s->result->exit_status = 0;
		s->result->stopped_by_user = true;
	}
	guild_run_set_marker(s->req->run, GUILD_RUN_STOPPED, false, NULL);
	s->has_ended = true;
	if (s->req->pid_out != NULL) {
		*s->req->pid_out = 0;
	}
	for (size_t i = 0; i < 2; i++) {
		int n = 0;
		while (n < FINAL_READS_MAX && guild_capture_read(&s->capture, i)) {
			n++;
		}
	}
	if (!guild_capture_is_open(&s->capture)) {
		guild_capture_close(&s->capture, s->req->durable);
	}
	if (s->req->on_tick != NULL) {
		s->req->on_tick(s->req->arg, guild_monotonic_us() - s->started_us);
	}
	record_end(s);
	s->stop_at = s->kill_at = s->message_at = s->tick_at = s->sample_at = NEVER;
	s->drain_until = ms_from(guild_monotonic_us(), s->req->drain_ms, DRAIN_MS);
}

static bool is_over(struct supervisor *s)
{
	if (!s->has_ended) {
		return false;
	}
	if (guild_monotonic_us() >= s->drain_until) {
		s->drain_until = NEVER;
		guild_capture_close(&s->capture, s->req->durable);
	}
	const struct guild_stream *streams = s->capture.streams;
	return !guild_capture_is_open(&s->capture) && guild_echo_pending(&streams[0].echo) == 0 &&
	       guild_echo_pending(&streams[1].echo) == 0;
}

static void run_loop(struct supervisor *s)
{
	bool child_changed = true;
	for (;;) {
		int status;
		if (child_changed && s->program.pid != 0 &&
			guild_program_has_ended(&s->program, &status)) {
			take_end(s, status);
		}
		if (is_over(s)) {
			return;
		}
		serve_streams(s);
		child_changed = take_signals(s);
		run_timers(s);
	}
}

/* ---- from start to end ------------------------------------------------------------------------------------------- */

static int start_program(struct supervisor *s, struct guild_error *err)
{
	const struct guild_supervise_request *req = s->req;
	int child[2] = {-1, -1};
	open_streams(s, child);
	int null_fd = -1;
	if (!req->capture && req->quiet) {
		null_fd = guild_fd_private(open("/dev/null", O_WRONLY | O_CLOEXEC));
		child[0] = child[1] = null_fd;
	}
	/* Where it cannot be planned, LOCK is written a moment later: see supervise_program. */
	struct guild_run_lock_plan lock;
	bool has_lock = guild_run_lock_plan(req->run, &lock, NULL) == 0;
	lock.dir_fd = guild_fd_private(lock.dir_fd);
	struct guild_program_plan plan = {
		.argv = req->argv,
		.env = req->env,
		.cwd = req->cwd != NULL ? req->cwd : req->run->dir,
		.stdout_fd = child[0],
		.stderr_fd = child[1],
		.own_group = s->own_group,
		.signals = &s->signals,
		.lock = has_lock ? &lock : NULL,
	};
	int rc = guild_program_start(&plan, &s->program, err);
	s->is_locked = lock.is_locked;
	guild_run_lock_plan_fini(&lock);
	close_child_ends(s, child);
	guild_fd_close(&null_fd);
	return rc;
}

static void set_timers(struct supervisor *s)
{
	const struct guild_supervise_request *req = s->req;
	int64_t now = guild_monotonic_us();
	s->started_us = now;
	s->tick_at = req->on_tick != NULL ? ms_from(now, TICK_MS, 0) : NEVER;
	s->sample_at = ms_from(now, GUILD_SAMPLE_INTERVAL_MS, 0);
	s->stop_at = req->stop_after_min > 0 ? now + (int64_t)(req->stop_after_min * 60e6) : NEVER;
	s->kill_at = s->message_at = s->drain_until = NEVER;
}

static void say_started(const struct supervisor *s)
{
	if (s->req->on_started != NULL) {
		s->req->on_started(s->req->on_started_arg);
	}
}

static void supervise_program(struct supervisor *s)
{
	struct guild_error err = {0};
	if (s->req->pid_out != NULL) {
		*s->req->pid_out = s->program.pid;
	}
	if (!s->is_locked && guild_run_lock(s->req->run, s->program.pid, &err) != 0) {
		guild_trouble(&s->troubles, GUILD_TROUBLE_LOCK, "%s", err.text);
	}
	say_started(s);
	/* Until LOCK tells that it runs, the markers tell that it has not yet: nobody sees a run that looks dead. */
	guild_run_set_marker(s->req->run, "STAGED", false, NULL);
	guild_run_set_marker(s->req->run, "PENDING", false, NULL);
	set_timers(s);
	guild_signals_open(&s->signals);
	if (s->req->sample_system) {
		start_sampler(s);
	}
	run_loop(s);
	finish_sampler(s);
}

static void finish(struct supervisor *s)
{
	if (s->req->capture) {
		guild_capture_close(&s->capture, s->req->durable);
		s->result->output_bytes = s->capture.n_bytes;
	}
	struct guild_error err = {0};
	if (s->events != NULL && guild_event_writer_close(s->events, &err) != 0) {
		guild_trouble(&s->troubles, GUILD_TROUBLE_SCALARS, "scalars are lost: %s",
			err.text);
	}
	guild_capture_fini(&s->capture);
	guild_signals_fini(&s->signals);
}

int guild_supervise(const struct guild_supervise_request *req, struct guild_supervise_result *out,
	struct guild_error *err)
{
	struct guild_supervise_result result = {0};
	struct supervisor s = {
		.req = req,
		.result = &result,
		.troubles.log = req->log,
		.capture = {.output_fd = -1, .index_fd = -1, .troubles = &s.troubles},
	};
	if (req->pid_out != NULL) {
		*req->pid_out = -1;
	}
	s.own_group = !shares_foreground();
	int rc = guild_signals_install(&s.signals, s.own_group, err);
	if (rc != 0) {
		return rc;
	}
	record_start(&s);
	rc = start_program(&s, err);
	if (rc == 0) {
		supervise_program(&s);
	} else {
		say_started(&s);
		result.exit_status = rc == GUILD_ENOTFOUND ? 127 : 126;
		result.stopped_us = guild_run_timestamp();
		record_end(&s);
	}
	finish(&s);
	*out = result;
	return rc;
}
