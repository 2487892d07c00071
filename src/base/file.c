/* Files and directories. */
#include <guild/base.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_DEFAULT_MAX = 1 << 30, READ_CHUNK = 64 << 10 };

bool guild_file_exists(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0;
}

bool guild_is_file(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

bool guild_is_dir(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool guild_is_executable(const char *path)
{
	return guild_is_file(path) && access(path, X_OK) == 0;
}

int64_t guild_file_size(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 ? (int64_t)st.st_size : -1;
}

int guild_file_read(const char *path, size_t max, struct guild_buf *out, struct guild_error *err)
{
	size_t limit = max ? max : FILE_DEFAULT_MAX;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return guild_error_errno(err, errno, "cannot read '%s'", path);
	}
	struct stat st;
	size_t hint = fstat(fd, &st) == 0 && st.st_size > 0 ? (size_t)st.st_size : 0;
	size_t start = out->n;
	int rc = 0;
	for (;;) {
		size_t got = out->n - start;
		size_t chunk = hint > got ? hint - got + 1 : READ_CHUNK;
		if (chunk > limit - got + 1) {
			chunk = limit - got + 1;
		}
		guild_buf_reserve(out, chunk);
		ssize_t n = read(fd, out->p + out->n, chunk);
		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			rc = guild_error_errno(err, errno, "cannot read '%s'", path);
			break;
		}
		out->n += (size_t)n;
		out->p[out->n] = 0;
		if (out->n - start > limit) {
			rc = guild_error_set(err, GUILD_ELIMIT, "'%s' is larger than %zu bytes",
				path, limit);
			break;
		}
		if (n == 0) {
			break;
		}
	}
	close(fd);
	return rc;
}

int guild_fd_write_all(int fd, const void *p, size_t n)
{
	const char *at = p;
	while (n) {
		ssize_t k = write(fd, at, n);
		if (k < 0 && errno == EINTR) {
			continue;
		}
		if (k < 0) {
			return -errno;
		}
		at += k;
		n -= (size_t)k;
	}
	return 0;
}

int guild_sync_file_system(const char *path)
{
	int rc = 0;
#ifdef __linux__
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rc = fd < 0 || syncfs(fd) != 0 ? -errno : 0;
	if (fd >= 0) {
		close(fd);
	}
#else
	(void)path;
	sync();
#endif
	return rc;
}

static int fsync_dir_of(const char *path)
{
	char *dir = guild_path_dirname(path);
	int fd = open(dir[0] ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(dir);
	if (fd < 0) {
		return -errno;
	}
	int rc = fsync(fd) ? -errno : 0;
	close(fd);
	return rc;
}

static int write_tmp_and_rename(const char *tmp, const char *path, const void *p, size_t n,
	bool durable, struct guild_error *err)
{
	int fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0) {
		return guild_error_errno(err, errno, "cannot write '%s'", path);
	}
	int rc = guild_fd_write_all(fd, p, n);
	if (rc == 0 && durable && fsync(fd)) {
		rc = -errno;
	}
	if (close(fd) && rc == 0) {
		rc = -errno;
	}
	if (rc == 0 && rename(tmp, path)) {
		rc = -errno;
	}
	if (rc == 0 && durable) {
		rc = fsync_dir_of(path);
	}
	if (rc) {
		unlink(tmp);
		return guild_error_errno(err, -rc, "cannot write '%s'", path);
	}
	return 0;
}

int guild_file_write_via(const char *path, const char *tmp_dir, const void *p, size_t n,
	bool durable, struct guild_error *err)
{
	uint64_t r;
	guild_random_bytes(&r, sizeof r);
	char *tmp = guild_format("%s/.tmp-%s-%016llx", tmp_dir, guild_path_basename(path),
		(unsigned long long)r);
	int rc = write_tmp_and_rename(tmp, path, p, n, durable, err);
	free(tmp);
	return rc;
}

int guild_file_write(const char *path, const void *p, size_t n, bool durable,
	struct guild_error *err)
{
	char *dir = guild_path_dirname(path);
	int rc = guild_file_write_via(path, dir[0] ? dir : ".", p, n, durable, err);
	free(dir);
	return rc;
}

int guild_file_touch(const char *path, struct guild_error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0) {
		return guild_error_errno(err, errno, "cannot create '%s'", path);
	}
	close(fd);
	return 0;
}

int guild_file_remove(const char *path, struct guild_error *err)
{
	if (unlink(path) && errno != ENOENT) {
		return guild_error_errno(err, errno, "cannot remove '%s'", path);
	}
	return 0;
}

int guild_mkdirs(const char *path, struct guild_error *err)
{
	if (mkdir(path, 0777) == 0) {
		return 0;
	}
	if (errno == EEXIST && guild_is_dir(path)) {
		return 0;
	}
	if (errno != ENOENT) {
		return guild_error_errno(err, errno, "cannot create directory '%s'", path);
	}
	char *up = guild_path_dirname(path);
	int rc = up[0] && strcmp(up, path)
			 ? guild_mkdirs(up, err)
			 : guild_error_errno(err, ENOENT, "cannot create directory '%s'", path);
	free(up);
	if (rc == 0 && mkdir(path, 0777) && errno != EEXIST) {
		rc = guild_error_errno(err, errno, "cannot create directory '%s'", path);
	}
	return rc;
}

static void keep_first(int *first, int errnum)
{
	if (*first == 0) {
		*first = errnum;
	}
}

/* Works on descriptors so that a directory swapped for a link in between is not followed. */
static void remove_at(int at, const char *name, int *first)
{
	if (unlinkat(at, name, 0) == 0 || errno == ENOENT) {
		return;
	}
	if (errno != EISDIR && errno != EPERM) {
		keep_first(first, errno);
		return;
	}
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		keep_first(first, errno);
		if (fd >= 0) {
			close(fd);
		}
		return;
	}
	for (struct dirent *e; (e = readdir(d));) {
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..")) {
			remove_at(dirfd(d), e->d_name, first);
		}
	}
	closedir(d);
	if (unlinkat(at, name, AT_REMOVEDIR) && errno != ENOENT) {
		keep_first(first, errno);
	}
}

int guild_rmtree(const char *path, struct guild_error *err)
{
	int first = 0;
	remove_at(AT_FDCWD, path, &first);
	return first ? guild_error_errno(err, first, "cannot remove '%s'", path) : 0;
}

int guild_dir_list(const char *path, struct guild_strs *names, struct guild_error *err)
{
	DIR *d = opendir(path);
	if (!d) {
		return guild_error_errno(err, errno, "cannot list '%s'", path);
	}
	struct guild_strs found = {0};
	int errnum;
	for (;;) {
		errno = 0;
		struct dirent *e = readdir(d);
		errnum = errno;
		if (!e) {
			break;
		}
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..")) {
			guild_strs_add(&found, e->d_name);
		}
	}
	closedir(d);
	if (errnum) {
		guild_strs_fini(&found);
		return guild_error_errno(err, errnum, "cannot list '%s'", path);
	}
	guild_strs_sort(&found);
	for (size_t i = 0; i < found.n; i++) {
		guild_strs_take(names, found.v[i]);
	}
	free(found.v);
	return 0;
}

char *guild_tmp_dir(const char *prefix, struct guild_error *err)
{
	const char *tmp = getenv("TMPDIR");
	char *path = guild_format("%s/%sXXXXXX", tmp && *tmp ? tmp : "/tmp", prefix);
	if (!mkdtemp(path)) {
		guild_error_errno(err, errno, "cannot create a temporary directory '%s'", path);
		free(path);
		return NULL;
	}
	return path;
}
