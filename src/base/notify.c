/* Telling a local program what happens. */

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <guild/base.h>

enum { WAIT_MS = 500 };

/* Whether the connection is there within WAIT_MS: nobody shall wait for a listener that hangs. */
static bool is_connected(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	int failed = 0;
	socklen_t n = sizeof(failed);

	return poll(&p, 1, WAIT_MS) == 1 &&
	       getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &n) == 0 && failed == 0;
}

bool guild_notify_port(uint16_t port, const char *text)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	size_t n = strlen(text);
	bool is_told = false;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd >= 0) {
		(void)connect(fd, (const struct sockaddr *)&to, sizeof(to));
		is_told = is_connected(fd) && send(fd, text, n, MSG_NOSIGNAL) == (ssize_t)n;
		close(fd);
	}
	return is_told;
}
