/* The source code of an operation copied into its run, with manifest and digest (runs.md 3.6, 8). */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exec_private.h"

enum {
	/* Files up to this size are read once for copy and digests, as long as all of them together stay below the other. */
	SMALL_FILE_MAX = 256 << 10,
	KEPT_MAX = 32 << 20,
	CHUNK = 128 << 10,
};

struct copied {
	char *path; /* relative to the run */
	char *text; /* of small files, else NULL */
	size_t n;
};

struct snapshot {
	const struct guild_source_selection *sel;
	const struct guild_run *run;
	const struct guild_log *log;
	struct guild_snapshot *out;
	struct copied *files;
	size_t n_files;
	size_t kept;
	char *last_dir; /* made already */
};

static int make_dir_of(struct snapshot *s, const char *path, struct guild_error *err)
{
	char *dir = guild_path_dirname(path);
	int rc = 0;
	if (!guild_streq(dir, s->last_dir)) {
		rc = guild_mkdirs(dir, err);
		free(s->last_dir);
		s->last_dir = guild_strdup(dir);
	}
	free(dir);
	return rc;
}

/* Reads a small regular file whole: 1, or 0 when it is large or cannot be read this way. */
static int read_small(const char *path, char **text, size_t *n, mode_t *mode)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > SMALL_FILE_MAX) {
		if (fd >= 0) {
			close(fd);
		}
		return 0;
	}
	size_t cap = (size_t)st.st_size;
	char *buffer = guild_realloc(NULL, cap + 1);
	size_t at = 0;
	while (at < cap) {
		ssize_t got = read(fd, buffer + at, cap - at);
		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got <= 0) {
			break;
		}
		at += (size_t)got;
	}
	close(fd);
	*text = buffer;
	*n = at;
	*mode = st.st_mode;
	return 1;
}

static int write_new(const char *path, const char *text, size_t n, mode_t mode,
	struct guild_error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode & 0777);
	int rc = fd < 0 ? -errno : guild_fd_write_all(fd, text, n);
	if (fd >= 0) {
		struct stat st;
		/* the umask may have taken bits that the copy keeps */
		if (rc == 0 && fstat(fd, &st) == 0 && (st.st_mode & 07777) != (mode & 07777)) {
			rc = fchmod(fd, mode & 07777) ? -errno : 0;
		}
		if (close(fd) != 0 && rc == 0) {
			rc = -errno;
		}
	}
	return rc ? guild_error_errno(err, -rc, "cannot write '%s'", path) : 0;
}

static void add_line(struct snapshot *s, const char *run_path, const char *sha1,
	const char *project_path)
{
	struct guild_manifest_entry e = {
		.kind = 's', .path = run_path, .sha1 = sha1, .source = project_path};
	guild_manifest_format(&s->out->manifest, &e);
}

static int copy_one(struct snapshot *s, const char *path, struct guild_error *err)
{
	char *from = guild_path_join(s->sel->root, path);
	char *run_path = strcmp(s->sel->dest, ".") == 0 ? guild_strdup(path)
							: guild_path_join(s->sel->dest, path);
	char *to = guild_path_join(s->run->dir, run_path);
	struct copied file = {.path = guild_strdup(run_path)};
	char sha1[65];
	mode_t mode = 0;
	int rc = 0;
	if (access(from, R_OK) != 0) {
		/* One file that cannot be read, or has just gone, is no reason to refuse the run; it is listed. */
		guild_log(s->log, "warning",
			"source file '%s' cannot be read and is not copied: %s", path,
			strerror(errno));
		guild_strs_add(&s->out->left_out, path);
		free(file.path);
		file.path = NULL;
	} else {
		rc = make_dir_of(s, to, err);
		if (rc == 0 && read_small(from, &file.text, &file.n, &mode)) {
			rc = write_new(to, file.text, file.n, mode, err);
			guild_digest_bytes(GUILD_SHA1, file.text, file.n, sha1);
		} else if (rc == 0) {
			rc = guild_file_copy(from, to, err);
			rc = rc ? rc : guild_digest_file(GUILD_SHA1, to, sha1, err);
		}
		if (rc == 0) {
			add_line(s, run_path, sha1, path);
		}
		s->kept += file.n;
		if (s->kept > KEPT_MAX) {
			free(file.text);
			file.text = NULL;
		}
	}
	if (file.path) {
		s->files[s->n_files++] = file;
	}
	free(from);
	free(run_path);
	free(to);
	return rc;
}

static int by_path(const void *a, const void *b)
{
	const struct copied *x = a;
	const struct copied *y = b;
	return strcmp(x->path, y->path);
}

static int digest_file(struct guild_digest *d, const char *path, struct guild_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return guild_error_errno(err, errno, "cannot read '%s'", path);
	}
	char *chunk = guild_realloc(NULL, CHUNK);
	ssize_t n;
	do {
		n = read(fd, chunk, CHUNK);
		if (n > 0) {
			guild_digest_update(d, chunk, (size_t)n);
		}
	} while (n > 0 || (n < 0 && errno == EINTR));
	int rc = n < 0 ? guild_error_errno(err, errno, "cannot read '%s'", path) : 0;
	free(chunk);
	close(fd);
	return rc;
}

/* MD5 over paths and contents in the order of paths. */
static int make_digest(struct snapshot *s, struct guild_error *err)
{
	struct guild_digest *d = guild_digest_new(GUILD_MD5);
	char hex[65];
	int rc = 0;
	qsort(s->files, s->n_files, sizeof(*s->files), by_path);
	for (size_t i = 0; i < s->n_files && rc == 0; i++) {
		const struct copied *f = &s->files[i];
		guild_digest_update(d, f->path, strlen(f->path) + 1);
		if (f->text) {
			guild_digest_update(d, f->text, f->n);
		} else {
			char *path = guild_path_join(s->run->dir, f->path);
			rc = digest_file(d, path, err);
			free(path);
		}
		guild_digest_update(d, "", 1);
	}
	guild_digest_finish(d, hex);
	memcpy(s->out->digest, hex, sizeof(s->out->digest) - 1);
	return rc;
}

int guild_snapshot_make(const struct guild_source_selection *sel, const struct guild_run *run,
	const struct guild_log *log, struct guild_snapshot *out, struct guild_error *err)
{
	struct snapshot s = {.sel = sel, .run = run, .log = log, .out = out};
	size_t n = sel->disabled ? 0 : sel->n_files;
	int rc = 0;
	memset(out, 0, sizeof(*out));
	s.files = guild_alloc((n + 1) * sizeof(*s.files));
	for (size_t i = 0; i < n && rc == 0; i++) {
		rc = copy_one(&s, sel->files[i].path, err);
	}
	if (rc == 0 && s.n_files > 0) {
		rc = make_digest(&s, err);
	}
	for (size_t i = 0; i < sel->left_out.n; i++) {
		guild_strs_add(&out->left_out, sel->left_out.v[i]);
	}
	for (size_t i = 0; i < s.n_files; i++) {
		free(s.files[i].path);
		free(s.files[i].text);
	}
	free(s.files);
	free(s.last_dir);
	if (rc != 0) {
		guild_snapshot_fini(out);
	}
	return rc;
}

void guild_snapshot_fini(struct guild_snapshot *s)
{
	guild_buf_fini(&s->manifest);
	guild_strs_fini(&s->left_out);
	memset(s, 0, sizeof(*s));
}
