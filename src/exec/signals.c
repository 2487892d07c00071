/* Signals of the supervisor: a handler that only writes to a pipe, and the program's own dispositions kept aside. */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "supervise.h"

/* A handler gets no argument: this is the one variable that has to be global. */
static volatile sig_atomic_t handler_fd = -1;

static void on_signal(int number, siginfo_t *info, void *context)
{
	(void)context;
	int errnum = errno;
	struct guild_signal s;
	memset(&s, 0, sizeof(s));
	s.number = number;
	s.is_from_kernel = guild_signal_is_from_kernel(info);
	s.sender = info->si_pid;
	/* A full pipe means that thousands wait to be read: one less is no loss. */
	ssize_t n = write((int)handler_fd, &s, sizeof(s));
	(void)n;
	errno = errnum;
}

static void set_disposition(struct guild_signals *s, int number, void (*ignore)(int))
{
	struct sigaction before;
	if (sigaction(number, NULL, &before) != 0) {
		return;
	}
	/* nohup and background jobs of sh ignore signals on purpose; but the end of a child is only seen when it is not ignored. */
	if (before.sa_handler == SIG_IGN && number != SIGCHLD) {
		return;
	}
	struct sigaction now = {.sa_flags = SA_RESTART};
	sigfillset(&now.sa_mask);
	if (ignore != NULL) {
		now.sa_handler = ignore;
	} else {
		now.sa_flags |= SA_SIGINFO | (number == SIGCHLD ? SA_NOCLDSTOP : 0);
		now.sa_sigaction = on_signal;
	}
	guild_assert(s->n < GUILD_SIGNALS_MAX);
	s->saved[s->n].number = number;
	s->saved[s->n].before = before;
	s->n++;
	sigaction(number, &now, NULL);
}

int guild_signals_install(struct guild_signals *s, bool own_group, struct guild_error *err)
{
	static const int handled[] = {
		SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH};
	/* SIGPIPE: a reader that went away; SIGXFSZ: output that reached the file size limit. Both come back as errors. */
	static const int ignored[] = {SIGPIPE, SIGXFSZ};
	*s = (struct guild_signals){.read_fd = -1, .write_fd = -1};
	int fds[2];
	int rc = guild_fd_pipe(fds);
	if (rc != 0) {
		return guild_error_errno(err, -rc, "cannot make a pipe for signals");
	}
	s->read_fd = fds[0];
	s->write_fd = fds[1];
	guild_fd_set_nonblocking(s->read_fd);
	guild_fd_set_nonblocking(s->write_fd);
	handler_fd = s->write_fd;
	sigset_t all;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &s->mask_before);
	for (size_t i = 0; i < GUILD_ARRAY_LEN(handled); i++) {
		set_disposition(s, handled[i], NULL);
	}
	if (own_group) {
		set_disposition(s, SIGTSTP, NULL);
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(ignored); i++) {
		set_disposition(s, ignored[i], SIG_IGN);
	}
	return 0;
}

void guild_signals_open(struct guild_signals *s)
{
	sigset_t mask = s->mask_before;
	sigdelset(&mask, SIGCHLD);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
}

void guild_signals_fini(struct guild_signals *s)
{
	if (s->read_fd < 0) {
		return;
	}
	sigset_t all;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	for (size_t i = 0; i < s->n; i++) {
		sigaction(s->saved[i].number, &s->saved[i].before, NULL);
	}
	/* What came too late for the program is meant for guild itself. */
	struct guild_signal late;
	while (guild_signals_next(s, &late)) {
		if (late.number == SIGINT || late.number == SIGTERM || late.number == SIGHUP) {
			raise(late.number);
		}
	}
	handler_fd = -1;
	guild_fd_close(&s->read_fd);
	guild_fd_close(&s->write_fd);
	pthread_sigmask(SIG_SETMASK, &s->mask_before, NULL);
}

bool guild_signals_next(struct guild_signals *s, struct guild_signal *out)
{
	return read(s->read_fd, out, sizeof(*out)) == (ssize_t)sizeof(*out);
}
