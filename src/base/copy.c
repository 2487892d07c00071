/* Copying files and trees: reflink where the file system can, else within the kernel, else plain bytes. */
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

enum { COPY_CHUNK = 128 << 10, COPY_RANGE = 64 << 20 };

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

struct copying {
	guild_copied_fn *on_copied; /* or NULL */
	void *arg;
	struct guild_error *err;
};

static void tell(const struct copying *c, int64_t n)
{
	if (c->on_copied && n > 0) {
		c->on_copied(c->arg, n);
	}
}

/* Within the kernel; 1 when the file systems cannot do that and nothing was copied. */
static int copy_range(const struct copying *c, int from, int to)
{
#ifdef __linux__
	for (bool is_first = true;; is_first = false) {
		ssize_t n = copy_file_range(from, NULL, to, NULL, COPY_RANGE, 0);
		if (n < 0 && errno == EINTR) {
			continue;
		}
		/* Some file systems (/proc among them) say 0 where there is something to read. */
		if (n <= 0 && is_first) {
			return 1;
		}
		if (n <= 0) {
			return n < 0 ? -errno : 0;
		}
		tell(c, n);
	}
#else
	return 1;
#endif
}

static int copy_bytes(const struct copying *c, int from, int to)
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
		tell(c, n);
	}
	free(chunk);
	return rc;
}

static int copy_file(const struct copying *c, const char *from, const char *to)
{
	struct guild_error *err = c->err;
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
	if (rc == 0 && st.st_size > 0 && try_reflink(in, out)) {
		tell(c, st.st_size);
	} else if (rc == 0 && st.st_size > 0) {
		rc = copy_range(c, in, out);
		rc = rc > 0 ? copy_bytes(c, in, out) : rc;
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

static int copy_tree(const struct copying *c, const char *from, const char *to);

static int copy_dir(const struct copying *c, const char *from, const char *to, mode_t mode)
{
	struct guild_strs names = {0};
	int rc = guild_dir_list(from, &names, c->err);
	if (rc == 0) {
		rc = guild_mkdirs(to, c->err);
	}
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		char *a = guild_path_join(from, names.v[i]), *b = guild_path_join(to, names.v[i]);
		rc = copy_tree(c, a, b);
		free(a);
		free(b);
	}
	guild_strs_fini(&names);
	if (rc == 0 && chmod(to, mode & 07777)) {
		rc = guild_error_errno(c->err, errno, "cannot set the mode of '%s'", to);
	}
	return rc;
}

static int copy_tree(const struct copying *c, const char *from, const char *to)
{
	struct stat st;
	if (lstat(from, &st)) {
		return guild_error_errno(c->err, errno, "cannot read '%s'", from);
	}
	if (S_ISLNK(st.st_mode)) {
		return copy_link(from, to, (size_t)st.st_size, c->err);
	}
	return S_ISDIR(st.st_mode) ? copy_dir(c, from, to, st.st_mode) : copy_file(c, from, to);
}

int guild_file_copy(const char *from, const char *to, struct guild_error *err)
{
	const struct copying c = {.err = err};
	return copy_file(&c, from, to);
}

int guild_tree_copy(const char *from, const char *to, struct guild_error *err)
{
	const struct copying c = {.err = err};
	return copy_tree(&c, from, to);
}

int guild_tree_copy_watched(const char *from, const char *to, guild_copied_fn *on_copied, void *arg,
	struct guild_error *err)
{
	const struct copying c = {.on_copied = on_copied, .arg = arg, .err = err};
	return copy_tree(&c, from, to);
}
