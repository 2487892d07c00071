/* Copying files and trees: reflink where the file system can, plain bytes elsewhere. */
#include <guild/base.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/fs.h>
#include <sys/ioctl.h>
#endif

enum { COPY_CHUNK = 128 << 10 };

static bool try_reflink(int from, int to)
{
#ifdef FICLONE
	return ioctl(to, FICLONE, from) == 0;
#else
	(void)from;
	(void)to;
	return false;
#endif
}

static int copy_bytes(int from, int to)
{
	char *chunk = guild_realloc(NULL, COPY_CHUNK);
	int rc = 0;
	for (;;) {
		ssize_t n = read(from, chunk, COPY_CHUNK);
		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			rc = n < 0 ? -errno : 0;
			break;
		}
		rc = guild_fd_write_all(to, chunk, (size_t)n);
		if (rc) {
			break;
		}
	}
	free(chunk);
	return rc;
}

int guild_file_copy(const char *from, const char *to, struct guild_error *err)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	if (in < 0) {
		return guild_error_errno(err, errno, "cannot read '%s'", from);
	}
	struct stat st;
	int rc = fstat(in, &st) ? -errno : 0;
	if (rc == 0 && !S_ISREG(st.st_mode)) {
		close(in);
		return guild_error_set(err, GUILD_EINVALID, "'%s' is not a regular file", from);
	}
	int out = rc ? -1 : open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (rc == 0 && out < 0) {
		rc = -errno;
	}
	if (rc == 0 && st.st_size > 0 && !try_reflink(in, out)) {
		rc = copy_bytes(in, out);
	}
	if (rc == 0 && fchmod(out, st.st_mode & 07777)) {
		rc = -errno;
	}
	close(in);
	if (out >= 0 && close(out) && rc == 0) {
		rc = -errno;
	}
	return rc ? guild_error_errno(err, -rc, "cannot copy '%s' to '%s'", from, to) : 0;
}

static int copy_link(const char *from, const char *to, size_t size_hint, struct guild_error *err)
{
	size_t cap = size_hint + 256;
	char *target = guild_alloc(cap + 1);
	ssize_t n = readlink(from, target, cap);
	int rc = 0;
	if (n < 0 || (size_t)n == cap || symlink(target, to)) {
		rc = guild_error_errno(err,
			n < 0   ? errno
			: errno ? errno
				: ENAMETOOLONG,
			"cannot copy link '%s'", from);
	}
	free(target);
	return rc;
}

static int copy_dir(const char *from, const char *to, mode_t mode, struct guild_error *err)
{
	struct guild_strs names = {0};
	int rc = guild_dir_list(from, &names, err);
	if (rc == 0) {
		rc = guild_mkdirs(to, err);
	}
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		char *a = guild_path_join(from, names.v[i]), *b = guild_path_join(to, names.v[i]);
		rc = guild_tree_copy(a, b, err);
		free(a);
		free(b);
	}
	guild_strs_fini(&names);
	if (rc == 0 && chmod(to, mode & 07777)) {
		rc = guild_error_errno(err, errno, "cannot set the mode of '%s'", to);
	}
	return rc;
}

int guild_tree_copy(const char *from, const char *to, struct guild_error *err)
{
	struct stat st;
	if (lstat(from, &st)) {
		return guild_error_errno(err, errno, "cannot read '%s'", from);
	}
	if (S_ISLNK(st.st_mode)) {
		return copy_link(from, to, (size_t)st.st_size, err);
	}
	if (S_ISDIR(st.st_mode)) {
		return copy_dir(from, to, st.st_mode, err);
	}
	return guild_file_copy(from, to, err);
}
