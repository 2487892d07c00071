/* Copies to guild's own streams: unchanged, at once, and never blocking, so that signals and the other stream are served
 * while a terminal is slow or stopped. */

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "supervise.h"

/* Where a descriptor may block and cannot be opened anew, a write this small does not once poll says that there is room. */
enum { PIPE_CHUNK_BYTES = 4096, TERMINAL_CHUNK_BYTES = 256 };

void guild_echo_init(struct guild_echo *e, int fd, struct guild_troubles *troubles)
{
	*e = (struct guild_echo){.fd = fd, .troubles = troubles};
	struct stat st;
	if (fd < 0 || fstat(fd, &st) != 0) {
		e->fd = -1;
		return;
	}
	e->is_socket = S_ISSOCK(st.st_mode);
	bool is_terminal = S_ISCHR(st.st_mode) && isatty(fd);
	bool can_block = is_terminal || S_ISFIFO(st.st_mode);
	if (!can_block || (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0) {
		return;
	}
	int own = guild_fd_reopen_nonblocking(fd);
	if (own >= 0) {
		e->fd = own;
		e->owns_fd = true;
	} else {
		e->chunk = is_terminal ? TERMINAL_CHUNK_BYTES : PIPE_CHUNK_BYTES;
	}
}

void guild_echo_fini(struct guild_echo *e)
{
	if (e->owns_fd) {
		guild_fd_close(&e->fd);
	}
	guild_buf_fini(&e->backlog);
	*e = (struct guild_echo){.fd = -1};
}

size_t guild_echo_pending(const struct guild_echo *e)
{
	return e->backlog.n - e->backlog_done;
}

void guild_echo_drop(struct guild_echo *e)
{
	guild_buf_reset(&e->backlog);
	e->backlog_done = 0;
	if (e->owns_fd) {
		guild_fd_close(&e->fd);
		e->owns_fd = false;
	}
	e->fd = -1;
}

static ssize_t write_once(const struct guild_echo *e, const char *p, size_t n)
{
	if (e->is_socket) {
		return send(e->fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	}
	if (e->chunk > 0) {
		struct pollfd ready = {.fd = e->fd, .events = POLLOUT};
		if (poll(&ready, 1, 0) == 0) {
			errno = EAGAIN;
			return -1;
		}
		n = n < e->chunk ? n : e->chunk;
	}
	return write(e->fd, p, n);
}

/* How many of the bytes are done with: written, or not to be had any more. */
static size_t write_some(struct guild_echo *e, const char *p, size_t n)
{
	size_t done = 0;
	while (done < n && e->fd >= 0) {
		ssize_t k = write_once(e, p + done, n - done);
		if (k >= 0) {
			done += (size_t)k;
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			return done;
		} else if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG) {
			/* Guild's stdout is a file on a full disk: there may be room again later. */
			guild_trouble(e->troubles, GUILD_TROUBLE_ECHO,
				"output could not be copied: the disk of guild's own output is full");
			return n;
		} else if (errno != EINTR) {
			/* The reader or the terminal went away: nobody is there to be told. */
			guild_echo_drop(e);
		}
	}
	return n;
}

void guild_echo_put(struct guild_echo *e, const char *p, size_t n)
{
	if (e->fd < 0) {
		return;
	}
	size_t done = guild_echo_pending(e) == 0 ? write_some(e, p, n) : 0;
	if (e->fd >= 0 && done < n) {
		guild_buf_append(&e->backlog, p + done, n - done);
	}
}

void guild_echo_resume(struct guild_echo *e)
{
	size_t n = guild_echo_pending(e);
	if (n == 0) {
		return;
	}
	size_t done = write_some(e, e->backlog.p + e->backlog_done, n);
	if (e->fd < 0) {
		return;
	}
	e->backlog_done += done;
	if (guild_echo_pending(e) == 0) {
		guild_buf_reset(&e->backlog);
		e->backlog_done = 0;
	}
}
