/* Pseudo terminals: what the program sees as its terminal, without any change to its bytes. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "supervise.h"

enum { PTY_NAME_MAX = 128 };

static int open_slave(int master)
{
	char name[PTY_NAME_MAX];
	if (grantpt(master) != 0 || unlockpt(master) != 0 ||
		ptsname_r(master, name, sizeof(name)) != 0) {
		return -1;
	}
	return guild_fd_private(open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
}

int guild_pty_open(int like_fd, int *master, int *slave)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY);
	if (fd >= 0) {
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	}
	fd = guild_fd_private(fd);
	if (fd < 0) {
		return -errno;
	}
	int peer = open_slave(fd);
	if (peer < 0) {
		int errnum = errno;
		close(fd);
		return -errnum;
	}
	struct termios modes;
	if (tcgetattr(like_fd, &modes) == 0 || tcgetattr(peer, &modes) == 0) {
		modes.c_oflag &= ~(tcflag_t)OPOST;
		tcsetattr(peer, TCSANOW, &modes);
	}
	*master = fd;
	*slave = peer;
	guild_pty_copy_size(like_fd, fd);
	return 0;
}

bool guild_pty_copy_size(int like_fd, int master)
{
	struct winsize there;
	struct winsize here;
	if (ioctl(like_fd, TIOCGWINSZ, &there) != 0 || ioctl(master, TIOCGWINSZ, &here) != 0 ||
		memcmp(&there, &here, sizeof(here)) == 0) {
		return false;
	}
	return ioctl(master, TIOCSWINSZ, &there) == 0;
}
