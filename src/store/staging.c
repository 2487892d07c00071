/* Places where what is on its way in or out is made complete, or taken apart, unseen. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "staging.h"

enum { TRIES = 16, STALE_SECONDS = 7 * 24 * 3600 };

/* What is in a directory of that name belongs to no listing: its runs are one level too deep, for Guild AI 0.9.0, too. */
static const char prefix[] = ".guild-moving-";

/* The owner holds a lock on the directory, which the system drops when the process ends. Where locks do not work, age decides. */
static bool is_abandoned(int fd)
{
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		return true;
	}
	struct stat st;
	return errno != EWOULDBLOCK && fstat(fd, &st) == 0 &&
	       st.st_mtime < time(NULL) - STALE_SECONDS;
}

void guild_staging_sweep(const char *parent)
{
	struct guild_strs names = {0};
	(void)guild_dir_list(parent, &names, NULL);
	for (size_t i = 0; i < names.n; i++) {
		if (!guild_starts(names.v[i], prefix)) {
			continue;
		}
		char *path = guild_path_join(parent, names.v[i]);
		int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0 && is_abandoned(fd)) {
			(void)guild_rmtree(path, NULL);
		}
		if (fd >= 0) {
			close(fd);
		}
		free(path);
	}
	guild_strs_fini(&names);
}

int guild_staging_open(struct guild_staging *s, const char *parent, struct guild_error *err)
{
	*s = (struct guild_staging){.fd = -1};
	int rc = guild_mkdirs(parent, err);
	if (rc != 0) {
		return rc;
	}
	for (int i = 0; i < TRIES; i++) {
		unsigned char raw[4];
		guild_random_bytes(raw, sizeof(raw));
		char *path = guild_format("%s/%s%02x%02x%02x%02x", parent, prefix, raw[0], raw[1],
			raw[2], raw[3]);
		if (mkdir(path, 0777) != 0) {
			int errnum = errno;
			free(path);
			if (errnum == EEXIST) {
				continue;
			}
			return guild_error_errno(err, errnum, "cannot write in '%s'", parent);
		}
		int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		struct stat held;
		struct stat named;
		/* Another process may sweep it before it is locked. */
		if (fd >= 0 && (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) &&
			fstat(fd, &held) == 0 && stat(path, &named) == 0 &&
			held.st_ino == named.st_ino) {
			*s = (struct guild_staging){.path = path, .fd = fd};
			return 0;
		}
		if (fd >= 0) {
			close(fd);
		}
		free(path);
	}
	return guild_error_set(err, GUILD_EIO, "cannot make a temporary directory in '%s'", parent);
}

void guild_staging_close(struct guild_staging *s)
{
	if (s->path) {
		(void)guild_rmtree(s->path, NULL);
	}
	if (s->path && s->fd >= 0) {
		close(s->fd);
	}
	free(s->path);
	*s = (struct guild_staging){.fd = -1};
}
