/* What the supervisor asks of Linux alone. */

#include <fcntl.h>
#include <stdio.h>

#include "supervise.h"

int guild_fd_reopen_nonblocking(int fd)
{
	char path[32];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return guild_fd_private(open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

void guild_fd_pipe_widen(int fd, int size_bytes)
{
	(void)fcntl(fd, F_SETPIPE_SZ,
		size_bytes); /* refused past the limit of the user: it stays as it is */
}

bool guild_signal_is_from_kernel(const siginfo_t *info)
{
	return info->si_code == SI_KERNEL;
}
