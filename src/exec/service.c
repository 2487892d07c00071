/* Services of guild: a process in the background with its id in HOME/proc/NAME and what it says in HOME/log/NAME. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "service.h"
#include "supervise.h"

enum { PID_TEXT_MAX = 32, STOP_WAIT_MS = 10000, STOP_POLL_MS = 20 };

static char *service_path(const struct guild_home *home, const char *dir, const char *name)
{
	return guild_path_join3(home->path, dir, name);
}

/* ---- is it running? ---------------------------------------------------------------------------------------------- */

/* Its process keeps the file locked: a number alone may be another process's by now. */
static bool is_locked(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool locked = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;

	guild_fd_close(&fd);
	return locked;
}

pid_t guild_service_pid(const struct guild_home *home, const char *name)
{
	char *path = service_path(home, "proc", name);
	struct guild_buf text = {0};
	int64_t pid = 0;

	if (is_locked(path) && guild_file_read(path, PID_TEXT_MAX, &text, NULL) == 0) {
		struct guild_str number = guild_str_trim(guild_buf_str(&text));

		if (!guild_parse_i64(number.p, number.n, &pid) || !guild_pid_alive((pid_t)pid)) {
			pid = 0;
		}
	}
	guild_buf_fini(&text);
	free(path);
	return (pid_t)pid;
}

static void sleep_ms(int ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

	nanosleep(&t, NULL);
}

int guild_service_stop(const struct guild_home *home, const char *name, pid_t *pid,
	struct guild_error *err)
{
	*pid = guild_service_pid(home, name);
	if (*pid == 0) {
		return 0;
	}
	if (kill(*pid, SIGTERM) != 0 && errno != ESRCH) {
		return guild_error_errno(err, errno, "cannot stop process %ld", (long)*pid);
	}
	for (int waited = 0; waited < STOP_WAIT_MS; waited += STOP_POLL_MS) {
		if (guild_service_pid(home, name) != *pid) {
			return 1;
		}
		sleep_ms(STOP_POLL_MS);
	}
	return guild_error_set(err, GUILD_EBUSY, "process %ld does not end", (long)*pid);
}

/* ---- what it says -------------------------------------------------------------------------------------------------- */

/* NAME becomes NAME.1, NAME.1 becomes NAME.2 …; what would be one too many goes. */
static void rotate(const char *path, int64_t backups)
{
	for (int64_t i = backups; i > 0; i--) {
		char *to = guild_format("%s.%lld", path, (long long)i);
		char *from = i > 1 ? guild_format("%s.%lld", path, (long long)i - 1)
				   : guild_strdup(path);

		(void)rename(from, to);
		free(from);
		free(to);
	}
	if (backups == 0) {
		(void)unlink(path);
	}
}

static void write_log(const struct guild_service *s, const char *text)
{
	const struct guild_service_plan *plan = s->plan;
	char *path = service_path(plan->home, "log", plan->name);
	char when[GUILD_TIME_MAX];
	struct guild_buf line = {0};

	if (plan->log_max_bytes > 0 && guild_file_size(path) >= plan->log_max_bytes) {
		rotate(path, plan->log_backups);
	}
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);

	guild_time_format(guild_now_us(), false, when);
	guild_buf_printf(&line, "%s %s\n", when, text);
	if (fd >= 0) {
		(void)guild_fd_write_all(fd, line.p, line.n); /* there is nobody to tell */
	}
	guild_fd_close(&fd);
	guild_buf_fini(&line);
	free(path);
}

void guild_service_say(struct guild_service *s, const char *fmt, ...)
{
	struct guild_buf text = {0};
	char part[GUILD_ERROR_TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(part, sizeof(part), fmt, args);
	va_end(args);
	guild_buf_puts(&text, part);
	write_log(s, guild_buf_cstr(&text));
	if (s->plan->foreground) {
		guild_log(s->plan->log, "info", "%s", guild_buf_cstr(&text));
	}
	guild_buf_fini(&text);
}

/* ---- running ---------------------------------------------------------------------------------------------------------- */

static void stop_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
}

bool guild_service_wait(struct guild_service *s, int64_t ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
	sigset_t set;
	int number;

	stop_signals(&set);
	do {
		number = s->is_stopped ? SIGTERM : sigtimedwait(&set, NULL, &t);
	} while (number < 0 && errno == EINTR);
	s->is_stopped = number > 0;
	return !s->is_stopped;
}

static int run(struct guild_service *s, struct guild_error *err)
{
	sigset_t set, before;

	stop_signals(&set);
	sigprocmask(SIG_BLOCK, &set, &before);
	s->signals_before = before;
	guild_service_say(s, "%s started", s->plan->title);
	int rc = s->plan->body(s, s->plan->arg, err);

	if (rc != 0) {
		guild_service_say(s, "%s failed: %s", s->plan->title, err->text);
	}
	guild_service_say(s, "%s stopped", s->plan->title);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
}

static int make_dirs(const struct guild_home *home, struct guild_error *err)
{
	static const char *const names[] = {"proc", "log"};
	int rc = 0;

	for (size_t i = 0; i < GUILD_ARRAY_LEN(names) && rc == 0; i++) {
		char *dir = guild_path_join(home->path, names[i]);

		rc = guild_mkdirs(dir, err);
		free(dir);
	}
	return rc;
}

int guild_service_start(const struct guild_service_plan *plan, struct guild_error *err)
{
	struct guild_service service = {.plan = plan};
	struct guild_daemon daemon = {.lock_fd = -1};
	struct guild_error none = {0};
	char *pidfile = service_path(plan->home, "proc", plan->name);
	int rc = make_dirs(plan->home, err);

	err = err ? err : &none;
	if (rc == 0) {
		rc = plan->foreground ? guild_exec_hold_pidfile(pidfile, &daemon, err)
				      : guild_exec_daemonize(pidfile, "/", &daemon, err);
	}
	if (rc == GUILD_EBUSY) {
		guild_error_set(err, GUILD_EBUSY, "%s is already running", plan->title);
		guild_error_hint(err,
			"'guild sys %s status' shows it, 'guild sys %s stop' stops it", plan->name,
			plan->name);
	}
	bool is_service = rc == 0;

	if (is_service) {
		rc = run(&service, err);
	}
	if (rc >= 0 || is_service) {
		guild_exec_daemon_end(&daemon);
	}
	free(pidfile);
	return rc;
}
