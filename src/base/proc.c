/* Running helper programs and looking at processes. */
#include <guild/base.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/random.h>
#endif

char *guild_find_program(const char *name)
{
	if (strchr(name, '/')) {
		return guild_is_executable(name) ? guild_strdup(name) : NULL;
	}
	const char *path = getenv("PATH");
	struct guild_strs dirs = {0};
	guild_strs_split(&dirs, path && *path ? path : "/usr/local/bin:/usr/bin:/bin", ':');
	char *found = NULL;
	for (size_t i = 0; i < dirs.n && !found; i++) {
		char *full = guild_path_join(dirs.v[i][0] ? dirs.v[i] : ".", name);
		if (guild_is_executable(full)) {
			found = full;
		} else {
			free(full);
		}
	}
	guild_strs_fini(&dirs);
	return found;
}

/* Fills the buffer from fd; false at the end of the file. Past the limit bytes are read and dropped. */
static bool pump(int fd, struct guild_buf *out, size_t max)
{
	char chunk[16 << 10];
	ssize_t n = read(fd, chunk, sizeof chunk);
	if (n < 0) {
		return errno == EINTR || errno == EAGAIN;
	}
	size_t room = max > out->n ? max - out->n : 0;
	guild_buf_append(out, chunk, (size_t)n < room ? (size_t)n : room);
	return n > 0;
}

/* Reads both pipes to their ends. False when the time is over. */
static bool pump_both(int out_fd, int err_fd, struct guild_proc_result *r, size_t max,
	int timeout_ms)
{
	int64_t deadline = guild_monotonic_us() + (int64_t)timeout_ms * 1000;
	struct pollfd fds[2] = {{.fd = out_fd, .events = POLLIN}, {.fd = err_fd, .events = POLLIN}};
	while (fds[0].fd >= 0 || fds[1].fd >= 0) {
		int wait_ms = -1;
		if (timeout_ms > 0) {
			int64_t left = (deadline - guild_monotonic_us() + 999) / 1000;
			if (left <= 0) {
				return false;
			}
			wait_ms = (int)left;
		}
		if (poll(fds, 2, wait_ms) < 0 && errno != EINTR) {
			return false;
		}
		struct guild_buf *bufs[2] = {&r->out, &r->err};
		for (int i = 0; i < 2; i++) {
			if (fds[i].fd >= 0 && fds[i].revents && !pump(fds[i].fd, bufs[i], max)) {
				fds[i].fd = -1;
			}
			fds[i].revents = 0;
		}
	}
	return true;
}

static int wait_status(pid_t pid)
{
	int status;
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR) {
			return -1;
		}
	}
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int spawn_piped(const char *program, const char *const *argv, const char *cwd,
	char *const *env, int in_fd, int out_fd, int err_fd, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	if (in_fd >= 0) {
		posix_spawn_file_actions_adddup2(&actions, in_fd, 0);
	} else {
		posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	}
	posix_spawn_file_actions_adddup2(&actions, out_fd, 1);
	posix_spawn_file_actions_adddup2(&actions, err_fd, 2);
	if (cwd) {
		posix_spawn_file_actions_addchdir_np(&actions, cwd);
	}
	sigset_t none, defaults;
	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &defaults);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	int rc = posix_spawn(pid, program, &actions, &attr, (char *const *)(uintptr_t)argv,
		env ? env : environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return rc;
}

/* The end of a pipe from which `input`, which fits into one, is read; -1 when there is none. */
static int input_pipe(struct guild_str input)
{
	int ends[2];
	if (input.n > GUILD_PROC_INPUT_MAX || pipe2(ends, O_CLOEXEC) != 0) {
		return -1;
	}
	bool is_written = guild_fd_write_all(ends[1], input.p, input.n) == 0;
	close(ends[1]);
	if (!is_written) {
		close(ends[0]);
	}
	return is_written ? ends[0] : -1;
}

static int run_piped(const char *const *argv, const char *cwd, char *const *env, int in_fd,
	size_t max_output, int timeout_ms, struct guild_proc_result *out, struct guild_error *err)
{
	char *program = guild_find_program(argv[0]);
	if (!program) {
		return guild_error_set(err, GUILD_ENOTFOUND, "program '%s' is not installed",
			argv[0]);
	}
	int pipes[4] = {-1, -1, -1, -1};
	pid_t pid = -1;
	int rc = pipe2(pipes, O_CLOEXEC) || pipe2(pipes + 2, O_CLOEXEC) ? errno : 0;
	if (rc == 0) {
		rc = spawn_piped(program, argv, cwd, env, in_fd, pipes[1], pipes[3], &pid);
	}
	for (int i = 1; i < 4; i += 2) {
		if (pipes[i] >= 0) {
			close(pipes[i]);
		}
	}
	struct guild_proc_result r = {0};
	if (rc == 0) {
		bool in_time = pump_both(pipes[0], pipes[2], &r, max_output, timeout_ms);
		if (!in_time) {
			kill(pid, SIGKILL);
		}
		r.exit_status = wait_status(pid);
		rc = in_time ? 0
			     : guild_error_set(err, GUILD_ELIMIT,
				       "'%s' did not finish within %d ms", argv[0], timeout_ms);
	} else {
		rc = guild_error_errno(err, rc, "cannot run '%s'", argv[0]);
	}
	for (int i = 0; i < 4; i += 2) {
		if (pipes[i] >= 0) {
			close(pipes[i]);
		}
	}
	free(program);
	if (rc) {
		guild_proc_result_fini(&r);
	} else {
		*out = r;
	}
	return rc;
}

int guild_proc_run(const char *const *argv, const char *cwd, char *const *env, size_t max_output,
	int timeout_ms, struct guild_proc_result *out, struct guild_error *err)
{
	return run_piped(argv, cwd, env, -1, max_output, timeout_ms, out, err);
}

int guild_proc_run_input(const char *const *argv, const char *cwd, char *const *env,
	struct guild_str input, size_t max_output, int timeout_ms, struct guild_proc_result *out,
	struct guild_error *err)
{
	int in_fd = input_pipe(input);
	if (in_fd < 0) {
		return guild_error_set(err, GUILD_ELIMIT, "cannot pass %zu bytes to '%s'", input.n,
			argv[0]);
	}
	int rc = run_piped(argv, cwd, env, in_fd, max_output, timeout_ms, out, err);
	close(in_fd);
	return rc;
}

void guild_proc_result_fini(struct guild_proc_result *r)
{
	guild_buf_fini(&r->out);
	guild_buf_fini(&r->err);
}

bool guild_pid_alive(pid_t pid)
{
	return pid > 0 && (kill(pid, 0) == 0 || errno == EPERM);
}

char *guild_hostname(void)
{
	char name[256];
	if (gethostname(name, sizeof name)) {
		return guild_strdup("localhost");
	}
	name[sizeof name - 1] = 0;
	return guild_strdup(name);
}

void guild_random_bytes(void *p, size_t n)
{
	char *at = p;
#ifdef __linux__
	while (n) {
		ssize_t k = getrandom(at, n, 0);
		if (k < 0 && errno == EINTR) {
			continue;
		}
		if (k < 0) {
			break;
		}
		at += k;
		n -= (size_t)k;
	}
#endif
	if (n) {
		int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
		while (n && fd >= 0) {
			ssize_t k = read(fd, at, n);
			guild_assert(k > 0 || errno == EINTR);
			at += k > 0 ? k : 0;
			n -= k > 0 ? (size_t)k : 0;
		}
		guild_assert(fd >= 0);
		close(fd);
	}
}
