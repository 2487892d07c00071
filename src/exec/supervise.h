/*
 * Parts of the supervisor: signals in, program out, pseudo terminals, capture. Private to exec.
 *
 * Everything here runs in one thread. Descriptors made here are closed on exec and never below 3, so that a program sees
 * 0, 1, 2 and what guild's own caller left open.
 */
#ifndef GUILD_EXEC_SUPERVISE_H
#define GUILD_EXEC_SUPERVISE_H

#include <guild/exec.h>

#include <poll.h>
#include <signal.h>

/* ---- troubles ------------------------------------------------------------------------------------------ */

/* What may go wrong on guild's side; each is said once per run. */
enum guild_trouble {
	GUILD_TROUBLE_ATTRS,
	GUILD_TROUBLE_DESCRIPTORS,
	GUILD_TROUBLE_ECHO,
	GUILD_TROUBLE_INDEX,
	GUILD_TROUBLE_LOCK,
	GUILD_TROUBLE_OUTPUT,
	GUILD_TROUBLE_SCALARS,
	GUILD_TROUBLE_SYSTEM,
};
struct guild_troubles {
	const struct guild_log *log;
	unsigned said;
};
/* Says it, unless this kind was said before. */
void guild_trouble(struct guild_troubles *t, enum guild_trouble kind, const char *fmt, ...)
	GUILD_PRINTF(3, 4);

/* ---- descriptors (descriptors.c) ------------------------------------------------------------------------- */

/* Takes a descriptor and returns one that is at least 3 and closed on exec: the same, or a copy. -1 stays -1. */
int guild_fd_private(int fd);
void guild_fd_close(int *fd); /* -1 is fine; sets -1 */
/* A pipe of private descriptors; 0 or -errno. */
int guild_fd_pipe(int out[2]);
void guild_fd_set_nonblocking(int fd);
/* Lets a pipe hold more, where the system can. */
void guild_fd_pipe_widen(int fd, int size_bytes);

/* Opened anew, so that not blocking is a property of our descriptor alone and not of everybody who shares the terminal or
 * pipe; -1 where the system cannot. */
int guild_fd_reopen_nonblocking(int fd);
/* True for a signal from the kernel (a key of the terminal, a hangup), false for one that a process sent. */
bool guild_signal_is_from_kernel(const siginfo_t *info);

/* ---- signals (signals.c) ------------------------------------------------------------------------------------ */

enum { GUILD_SIGNALS_MAX = 16 };

/* The dispositions and mask that guild was started with, which are the program's, and the pipe that signals come in by.
 * The handler needs the pipe in a global: one supervisor at a time in a process. */
struct guild_signals {
	struct {
		int number;
		struct sigaction before;
	} saved[GUILD_SIGNALS_MAX];
	size_t n;
	sigset_t mask_before;
	int read_fd;
	int write_fd;
};
struct guild_signal {
	int number;
	bool is_from_kernel;
	pid_t sender;
};
/* Installs the handlers with every signal blocked: what arrives until guild_signals_open waits. Signals that were ignored stay
 * so. `own_group`: the program gets a process group of its own, so that guild must pass stops on, too. */
int guild_signals_install(struct guild_signals *s, bool own_group, struct guild_error *err);
/* Lets signals in: call when the program was started. */
void guild_signals_open(struct guild_signals *s);
/* Puts everything back. */
void guild_signals_fini(struct guild_signals *s);
/* The next signal that came in; false when there is none. */
bool guild_signals_next(struct guild_signals *s, struct guild_signal *out);

/* ---- the program (program.c) ----------------------------------------------------------------------------------- */

struct guild_program_plan {
	char *const *argv;
	char *const *env;
	const char *cwd;
	int stdout_fd; /* becomes 1; -1: as guild's */
	int stderr_fd;
	bool own_group;
	const struct guild_signals *signals; /* what is given back to the program */
	struct guild_run_lock_plan *lock;    /* of the run it is the process of, or NULL */
};
struct guild_program {
	pid_t pid;   /* 0: ended, or never started */
	pid_t group; /* own process group, or 0 */
};
/* GUILD_ENOTFOUND, GUILD_EDENIED, or GUILD_EIO when the system has no process left. */
int guild_program_start(const struct guild_program_plan *plan, struct guild_program *out,
	struct guild_error *err);
/* True when the program has ended; *status as exit_status: its code, or minus a signal. */
bool guild_program_has_ended(struct guild_program *p, int *status);
/* Sends a signal to the program's group or, where it shares guild's, to the program and its descendants. */
void guild_program_signal(const struct guild_program *p, int number);
/* SIGKILL to the group and to every descendant. */
void guild_program_kill(const struct guild_program *p);

/* ---- pseudo terminals (pty.c) ------------------------------------------------------------------------------------- */

/* A terminal like `like_fd`, with its size and modes, but without output processing: bytes arrive as written. 0 or -errno. */
int guild_pty_open(int like_fd, int *master, int *slave);
/* Gives the pty the size of `like_fd`; true when it changed. */
bool guild_pty_copy_size(int like_fd, int master);

/* ---- echo (echo.c) ----------------------------------------------------------------------------------------------------- */

/* Writes to one of guild's own streams without ever blocking. */
struct guild_echo {
	int fd;       /* -1: nobody listens (any more) */
	bool owns_fd; /* opened anew, not blocking */
	bool is_socket;
	size_t chunk; /* the most that is written at once where a write could block; 0: no limit */
	struct guild_buf backlog;
	size_t backlog_done;
	struct guild_troubles *troubles;
};
void guild_echo_init(struct guild_echo *e, int fd, struct guild_troubles *troubles);
void guild_echo_fini(struct guild_echo *e);
/* Writes what fits now and keeps the rest. */
void guild_echo_put(struct guild_echo *e, const char *p, size_t n);
/* Writes more of what was kept: call when the descriptor can take it. */
void guild_echo_resume(struct guild_echo *e);
/* Bytes that wait. */
size_t guild_echo_pending(const struct guild_echo *e);
void guild_echo_drop(struct guild_echo *e);

/* ---- capture (capture.c) ------------------------------------------------------------------------------------------ */

enum {
	GUILD_CAPTURE_READ_BYTES = 512 << 10,
	GUILD_CAPTURE_BACKLOG_BYTES =
		1 << 20, /* what waits for a slow terminal after the program ended */
};

struct guild_stream {
	int fd; /* what the program writes comes out here; -1: not used, or at its end */
	bool is_stderr;
	bool is_pty;
	bool has_tail; /* the last byte was no line end */
	int n_full;    /* reads in a row that brought all a pipe holds */
	struct guild_echo echo;
};
struct guild_capture {
	struct guild_stream streams[2];
	int output_fd;
	int index_fd;
	int64_t n_lines;
	int64_t n_bytes;
	char *buffer;
	unsigned char *records;
	struct guild_output_scalars *scalars; /* borrowed, may be NULL */
	void (*on_output)(void *arg, bool is_stderr, const char *p, size_t n); /* may be NULL */
	void *on_output_arg;
	guild_output_scalar_fn *on_scalar;
	void *on_scalar_arg;
	int64_t batch_us; /* when the bytes in hand were read */
	struct guild_troubles *troubles;
};
/* Opens (and empties) output and output.index of the run. */
void guild_capture_open(struct guild_capture *c, const struct guild_run *run);
/* Reads once what stream `i` has and passes it on. False when nothing was there. At its end the stream's fd becomes -1. */
bool guild_capture_read(struct guild_capture *c, size_t i);
/* True when a stream can still bring something. */
bool guild_capture_is_open(const struct guild_capture *c);
/* Ends what is still open: streams, lines, the scalar reader, the files. Once or twice is the same. */
void guild_capture_close(struct guild_capture *c, bool durable);
void guild_capture_fini(struct guild_capture *c);

#endif
