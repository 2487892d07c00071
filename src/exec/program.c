/* Starting the program as if its caller had: same dispositions, same mask, no shell; signalling and killing it. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "supervise.h"

/* What the child tells when it cannot become the program. */
struct start_failure {
	int errnum;
	int is_directory; /* the working directory is what failed */
};

struct start {
	const struct guild_program_plan *plan;
	char *const *paths; /* where to look, in order; NULL-terminated */
	int report_fd;      /* -1: nobody listens */
};

static struct guild_str search_path(char *const *env)
{
	for (; env != NULL && *env != NULL; env++) {
		if (guild_starts(*env, "PATH=")) {
			return guild_str(*env + strlen("PATH="));
		}
	}
	return guild_str("/usr/bin:/bin");
}

/* The files that a name may mean. Relative ones are resolved in the program's working directory. */
static void list_candidates(const char *name, char *const *env, struct guild_strs *out)
{
	if (strchr(name, '/') != NULL) {
		guild_strs_add(out, name);
		return;
	}
	struct guild_str rest = search_path(env);
	for (;;) {
		const char *colon = rest.n > 0 ? memchr(rest.p, ':', rest.n) : NULL;
		size_t n = colon != NULL ? (size_t)(colon - rest.p) : rest.n;
		guild_strs_addf(out, "%.*s%s%s", (int)n, rest.p, n > 0 ? "/" : "./", name);
		if (colon == NULL) {
			return;
		}
		rest = guild_str_n(colon + 1, rest.n - n - 1);
	}
}

/* Between vfork and exec only calls that are safe after it. Handlers of whoever uses this library must not run here. */
static void restore_signals(const struct guild_signals *s)
{
	for (int number = 1; number < NSIG; number++) {
		struct sigaction now;
		if (sigaction(number, NULL, &now) == 0 && now.sa_handler != SIG_DFL &&
			now.sa_handler != SIG_IGN) {
			now = (struct sigaction){.sa_handler = SIG_DFL};
			sigaction(number, &now, NULL);
		}
	}
	for (size_t i = 0; i < s->n; i++) {
		struct sigaction before = s->saved[i].before;
		if (before.sa_handler != SIG_IGN) {
			before = (struct sigaction){.sa_handler = SIG_DFL};
		}
		sigaction(s->saved[i].number, &before, NULL);
	}
	pthread_sigmask(SIG_SETMASK, &s->mask_before, NULL);
}

/* As execvp: the first file that can be executed; a file that must not be is remembered. */
static int try_candidates(const struct start *start)
{
	int errnum = ENOENT;
	for (char *const *path = start->paths; *path != NULL; path++) {
		execve(*path, start->plan->argv, start->plan->env);
		if (errno == EACCES) {
			errnum = EACCES;
		} else if (errno != ENOENT && errno != ENOTDIR) {
			return errno;
		}
	}
	return errnum;
}

static GUILD_NORETURN void become_program(const struct start *start)
{
	const struct guild_program_plan *plan = start->plan;
	struct start_failure failure = {0};
	if (plan->own_group) {
		setpgid(0, 0);
	}
	if (plan->lock != NULL) {
		guild_run_lock_self(plan->lock);
	}
	if (plan->cwd != NULL && chdir(plan->cwd) != 0) {
		failure = (struct start_failure){.errnum = errno, .is_directory = 1};
	} else {
		if (plan->stdout_fd >= 0) {
			dup2(plan->stdout_fd, STDOUT_FILENO);
		}
		if (plan->stderr_fd >= 0) {
			dup2(plan->stderr_fd, STDERR_FILENO);
		}
		restore_signals(plan->signals);
		failure.errnum = try_candidates(start);
	}
	if (plan->lock != NULL && plan->lock->is_locked) {
		guild_run_unlock_self(plan->lock);
	}
	if (start->report_fd >= 0) {
		ssize_t n = write(start->report_fd, &failure, sizeof(failure));
		(void)n;
	}
	_exit(failure.errnum == ENOENT ? 127 : 126);
}

/* vfork: the cost of a start must not grow with the memory of the process that uses this library; posix_spawn cannot give
 * an ignored signal back. */
static pid_t start_child(const struct start *start)
{
	pid_t pid = vfork(); /* NOLINT(clang-analyzer-security.insecureAPI.vfork) */
	if (pid == 0) {
		become_program(start); /* NOLINT(clang-analyzer-unix.Vfork) */
	}
	return pid;
}

static int explain(const struct guild_program_plan *plan, struct start_failure failure,
	struct guild_error *err)
{
	const char *name = plan->argv[0];
	if (failure.is_directory) {
		return guild_error_errno(err, failure.errnum, "cannot start '%s' in '%s'", name,
			plan->cwd);
	}
	if (failure.errnum == ENOENT) {
		bool is_there = strchr(name, '/') != NULL && guild_is_file(name);
		return guild_error_set(err, GUILD_ENOTFOUND,
			is_there
				? "cannot start '%s': the interpreter it names in its first line does not exist"
				: "cannot start '%s': there is no such program",
			name);
	}
	guild_error_set(err, GUILD_EDENIED, "cannot start '%s': %s", name,
		strerror(failure.errnum));
	if (failure.errnum == ENOEXEC) {
		guild_error_hint(err, "a script needs a first line like '#!/bin/sh'");
	}
	return GUILD_EDENIED;
}

int guild_program_start(const struct guild_program_plan *plan, struct guild_program *out,
	struct guild_error *err)
{
	struct guild_strs candidates = {0};
	list_candidates(plan->argv[0], plan->env, &candidates);
	int report[2] = {-1, -1};
	/* Without a descriptor left for it, the exit code has to tell. */
	guild_fd_pipe(report);
	struct start start = {.plan = plan, .paths = candidates.v, .report_fd = report[1]};
	pid_t pid = start_child(&start);
	int errnum = errno;
	guild_fd_close(&report[1]);
	struct start_failure failure = {0};
	ssize_t n = 0;
	if (pid > 0 && report[0] >= 0) {
		do {
			n = read(report[0], &failure, sizeof(failure));
		} while (n < 0 && errno == EINTR);
	}
	guild_fd_close(&report[0]);
	guild_strs_fini(&candidates);
	if (pid < 0) {
		return guild_error_set(err, GUILD_EIO, "cannot start '%s': %s", plan->argv[0],
			strerror(errnum));
	}
	if (n == (ssize_t)sizeof(failure)) {
		waitpid(pid, NULL, 0);
		return explain(plan, failure, err);
	}
	*out = (struct guild_program){.pid = pid, .group = plan->own_group ? pid : 0};
	return 0;
}

bool guild_program_has_ended(struct guild_program *p, int *status)
{
	int raw = 0;
	pid_t pid;
	do {
		pid = waitpid(p->pid, &raw, WNOHANG);
	} while (pid < 0 && errno == EINTR);
	if (pid == 0) {
		return false;
	}
	/* When somebody else in this process took the status, nobody can tell it: count it as a failure. */
	*status = pid < 0 ? 1 : WIFSIGNALED(raw) ? -WTERMSIG(raw) : WEXITSTATUS(raw);
	p->pid = 0;
	return true;
}

static void signal_tree(pid_t root, int number)
{
	pid_t *pids = NULL;
	size_t n = 0;
	guild_proc_descendants(root, &pids, &n);
	kill(root, number);
	for (size_t i = 0; i < n; i++) {
		kill(pids[i], number);
	}
	free(pids);
}

void guild_program_signal(const struct guild_program *p, int number)
{
	if (p->pid == 0) {
		return;
	}
	if (p->group != 0) {
		kill(-p->group, number);
	} else {
		signal_tree(p->pid, number);
	}
}

void guild_program_kill(const struct guild_program *p)
{
	if (p->pid == 0) {
		return;
	}
	/* Stopped first, so that the tree cannot grow while it is cut down. */
	signal_tree(p->pid, SIGSTOP);
	signal_tree(p->pid, SIGKILL);
	if (p->group != 0) {
		kill(-p->group, SIGKILL);
	}
}
