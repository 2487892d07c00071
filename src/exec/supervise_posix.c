/* What the supervisor does without where the system is not Linux. */

#include "supervise.h"

int guild_fd_reopen_nonblocking(int fd)
{
	(void)fd; /* /dev/fd/N is a dup there: not blocking would be everybody's */
	return -1;
}

void guild_fd_pipe_widen(int fd, int size_bytes)
{
	(void)fd;
	(void)size_bytes;
}

bool guild_signal_is_from_kernel(const siginfo_t *info)
{
	return info->si_pid == 0;
}
