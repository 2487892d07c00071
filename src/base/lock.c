/* Locks between processes: a file that is there while somebody holds it. */

#include "guild/base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* The holder removes the file before it lets go, so what was locked may be a file that has no name any more. */
static bool is_still_named(int fd, const char *path)
{
	struct stat held;
	struct stat named;

	return fstat(fd, &held) == 0 && stat(path, &named) == 0 && held.st_dev == named.st_dev &&
	       held.st_ino == named.st_ino;
}

static int lock_fd(int fd, bool may_wait)
{
	int rc;

	do {
		rc = flock(fd, may_wait ? LOCK_EX : LOCK_EX | LOCK_NB);
	} while (rc != 0 && errno == EINTR);
	return rc == 0 ? 0 : errno;
}

int guild_lock_take(struct guild_lock *lock, const char *path, bool may_wait,
	struct guild_error *err)
{
	for (;;) {
		int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);

		if (fd < 0) {
			return guild_error_errno(err, errno, "cannot open '%s'", path);
		}
		int errnum = lock_fd(fd, may_wait);

		if (errnum != 0) {
			close(fd);
			return errnum == EWOULDBLOCK
				       ? guild_error_set(err, GUILD_EBUSY,
						 "'%s' is held by another process", path)
				       : guild_error_errno(err, errnum, "cannot lock '%s'", path);
		}
		if (is_still_named(fd, path)) {
			*lock = (struct guild_lock){.path = guild_strdup(path), .fd = fd};
			return 0;
		}
		close(fd);
	}
}

void guild_lock_release(struct guild_lock *lock)
{
	if (!lock->path) {
		return;
	}
	(void)unlink(lock->path);
	close(lock->fd);
	free(lock->path);
	*lock = (struct guild_lock){0};
}
