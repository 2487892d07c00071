/* Going on in the background, with the process id in a locked file. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "supervise.h"

/* Opens and locks the file. One that its last owner removed meanwhile is no lock for anybody else: try again. */
static int lock_pidfile(const char *path, int *out, struct guild_error *err)
{
	for (;;) {
		int fd = guild_fd_private(open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666));
		if (fd < 0) {
			return guild_error_errno(err, errno, "cannot write '%s'", path);
		}
		if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
			int errnum = errno;
			close(fd);
			if (errnum == EWOULDBLOCK) {
				return guild_error_set(err, GUILD_EBUSY,
					"pid file '%s' is in use by a running process", path);
			}
			return guild_error_errno(err, errnum, "cannot lock '%s'", path);
		}
		struct stat held;
		struct stat named;
		if (fstat(fd, &held) == 0 && stat(path, &named) == 0 &&
			held.st_ino == named.st_ino && held.st_dev == named.st_dev) {
			*out = fd;
			return 0;
		}
		close(fd);
	}
}

static int write_pid(int fd)
{
	char *text = guild_format("%d", (int)getpid());
	int rc = ftruncate(fd, 0) == 0 ? guild_fd_write_all(fd, text, strlen(text)) : -errno;
	free(text);
	return rc;
}

static void leave_streams(void)
{
	int fd = open("/dev/null", O_RDWR);
	for (int to = STDIN_FILENO; to <= STDERR_FILENO; to++) {
		dup2(fd, to);
	}
	if (fd > STDERR_FILENO) {
		close(fd);
	}
}

struct report {
	pid_t pid;
	int errnum;
};

/* In the second child: becomes the daemon and says so. */
static void become_daemon(struct guild_daemon *d, const char *cwd, int report_fd)
{
	struct report report;
	memset(&report, 0, sizeof(report));
	report.pid = getpid();
	if (chdir(cwd) != 0) {
		report.errnum = errno;
	} else {
		leave_streams();
		report.errnum = -write_pid(d->lock_fd);
	}
	int rc = guild_fd_write_all(report_fd, &report, sizeof(report));
	if (report.errnum != 0 || rc != 0) {
		_exit(1);
	}
	d->pid = report.pid;
}

/* Two forks: the daemon leads no session, so no terminal it opens becomes its own; and it is nobody's child here. True in
 * the daemon; false in the caller, with what was reported. */
static bool fork_twice(struct guild_daemon *d, const char *cwd, const int pipe_fds[2],
	struct report *report)
{
	pid_t child = fork();
	if (child == 0) {
		setsid();
		pid_t grandchild = fork();
		if (grandchild != 0) {
			_exit(grandchild < 0);
		}
		become_daemon(d, cwd, pipe_fds[1]);
		return true;
	}
	*report = (struct report){.pid = -1, .errnum = errno};
	close(pipe_fds[1]);
	ssize_t n = -1;
	while (child > 0 && (n = read(pipe_fds[0], report, sizeof(*report))) < 0 &&
		errno == EINTR) {
	}
	if (child > 0 && n != (ssize_t)sizeof(*report)) {
		*report = (struct report){.pid = -1, .errnum = EAGAIN};
	}
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR) {
	}
	return false;
}

int guild_exec_daemonize(const char *pidfile, const char *cwd, struct guild_daemon *out,
	struct guild_error *err)
{
	struct guild_daemon d = {.lock_fd = -1};
	int rc = lock_pidfile(pidfile, &d.lock_fd, err);
	if (rc != 0) {
		return rc;
	}
	int pipe_fds[2];
	rc = guild_fd_pipe(pipe_fds);
	if (rc != 0) {
		close(d.lock_fd);
		unlink(pidfile);
		return guild_error_errno(err, -rc, "cannot go to the background");
	}
	d.pidfile = guild_path_abs(pidfile, NULL);
	struct report report = {0};
	if (fork_twice(&d, cwd, pipe_fds, &report)) {
		close(pipe_fds[0]);
		close(pipe_fds[1]);
		*out = d;
		return 0;
	}
	close(pipe_fds[0]);
	/* The daemon shares this open file, and with it the lock. */
	guild_fd_close(&d.lock_fd);
	if (report.errnum != 0) {
		unlink(d.pidfile);
		free(d.pidfile);
		return guild_error_errno(err, report.errnum, "cannot go to the background");
	}
	d.pid = report.pid;
	*out = d;
	return 1;
}

int guild_exec_hold_pidfile(const char *pidfile, struct guild_daemon *out, struct guild_error *err)
{
	struct guild_daemon d = {.lock_fd = -1, .pid = getpid()};
	int rc = lock_pidfile(pidfile, &d.lock_fd, err);
	if (rc != 0) {
		return rc;
	}
	d.pidfile = guild_path_abs(pidfile, NULL);
	rc = write_pid(d.lock_fd);
	if (rc != 0) {
		guild_exec_daemon_end(&d);
		return guild_error_errno(err, -rc, "cannot write '%s'", pidfile);
	}
	*out = d;
	return 0;
}

void guild_exec_daemon_end(struct guild_daemon *d)
{
	if (d->lock_fd >= 0) {
		unlink(d->pidfile);
		guild_fd_close(&d->lock_fd);
	}
	free(d->pidfile);
	d->pidfile = NULL;
}
