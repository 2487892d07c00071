/* Descriptors that stay guild's own: never 0, 1 or 2, and closed on exec. */

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "supervise.h"

enum { FIRST_PRIVATE_FD = 3 };

int guild_fd_private(int fd)
{
	if (fd < 0 || fd >= FIRST_PRIVATE_FD) {
		return fd;
	}
	/* Guild was started with a standard stream closed: the number must stay free for the program's. */
	int moved = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_PRIVATE_FD);
	int errnum = errno;
	close(fd);
	errno = errnum;
	return moved;
}

void guild_fd_close(int *fd)
{
	if (*fd >= 0) {
		close(*fd);
	}
	*fd = -1;
}

int guild_fd_pipe(int out[2])
{
	int fds[2];
	if (pipe(fds) != 0) {
		return -errno;
	}
	for (int i = 0; i < 2; i++) {
		fcntl(fds[i], F_SETFD, FD_CLOEXEC);
		fds[i] = guild_fd_private(fds[i]);
	}
	if (fds[0] < 0 || fds[1] < 0) {
		int errnum = errno;
		guild_fd_close(&fds[0]);
		guild_fd_close(&fds[1]);
		return -errnum;
	}
	out[0] = fds[0];
	out[1] = fds[1];
	return 0;
}

void guild_fd_set_nonblocking(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}
