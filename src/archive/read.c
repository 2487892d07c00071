/* Reading the members of one archive into a staging directory. */

#include "read.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK_SIZE = 128 << 10, FILE_BITS = 0777, OWNER_BITS = 0600, PLAIN_BITS = 0644 };

struct reading {
	struct guild_unpacking *u;
	struct guild_libarchive lib;
	void *archive;
	void *entry;
	struct guild_error *err;
};

static int refuse(struct reading *r, const char *name, const char *what)
{
	return guild_error_set(r->err, GUILD_EINVALID, "'%s' in archive '%s' %s", name, r->u->name,
		what);
}

static int fail_write(struct reading *r, const char *name)
{
	if (errno == ELOOP || errno == ENOTDIR) {
		return refuse(r, name, "is below a file or link of another member");
	}
	return guild_error_errno(r->err, errno, "cannot write '%s' of archive '%s'", name,
		r->u->name);
}

static int fail_read(struct reading *r)
{
	const char *why = r->lib.error_string(r->archive);
	return guild_error_set(r->err, GUILD_EINVALID, "cannot unpack '%s': %s", r->u->name,
		why ? why : "it is damaged");
}

static int fail_limit(struct reading *r)
{
	guild_error_set(r->err, GUILD_ELIMIT, "archive '%s' holds more than %lld bytes", r->u->name,
		(long long)r->u->limit);
	guild_error_hint(r->err,
		"if that is right, set GUILD_UNPACK_MAX to what it may hold (20G)");
	return GUILD_ELIMIT;
}

/* ---- one file -------------------------------------------------------------------------------------- */

static int copy_blocks(struct reading *r, int fd, const char *name)
{
	struct guild_unpacking *u = r->u;
	int64_t end = 0;
	for (;;) {
		const void *p = NULL;
		size_t n = 0;
		int64_t offset = 0;
		int rc = r->lib.read_block(r->archive, &p, &n, &offset);
		if (rc == ARCHIVE_EOF) {
			break;
		}
		if (rc < ARCHIVE_WARN || offset < 0) {
			return fail_read(r);
		}
		if (offset > u->limit || (int64_t)n > u->limit - offset ||
			u->written > u->limit - offset - (int64_t)n) {
			return fail_limit(r);
		}
		if (lseek(fd, offset, SEEK_SET) < 0 || guild_fd_write_all(fd, p, n) != 0) {
			return fail_write(r, name);
		}
		end = offset + (int64_t)n;
		int64_t done = r->lib.filter_bytes(r->archive, -1);
		if (u->req->on_progress &&
			u->req->on_progress(u->req->arg, done, u->archive_bytes) != 0) {
			return guild_error_set(r->err, GUILD_ECANCELLED, "cancelled");
		}
	}
	/* A sparse file may end in a hole. */
	if (r->lib.size_is_set(r->entry) && r->lib.size(r->entry) > end) {
		end = r->lib.size(r->entry);
		if (end > u->limit - u->written) {
			return fail_limit(r);
		}
		if (ftruncate(fd, end) != 0) {
			return fail_write(r, name);
		}
	}
	u->written += end;
	return 0;
}

static int read_file(struct reading *r, const char *name)
{
	const char *base = guild_path_basename(name);
	int at = guild_beneath_parent(&r->u->staging, name, true);
	if (at < 0) {
		return fail_write(r, name);
	}
	unsigned mode = r->lib.perm(r->entry) & FILE_BITS;
	(void)unlinkat(at, base, 0); /* the last of two members of one name counts */
	int fd = openat(at, base, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		mode ? mode | OWNER_BITS : PLAIN_BITS);
	if (fd < 0) {
		return fail_write(r, name);
	}
	int rc = copy_blocks(r, fd, name);
	if (rc == 0 && r->lib.mtime_is_set(r->entry)) {
		struct timespec times[2] = {
			{.tv_nsec = UTIME_NOW}, {.tv_sec = r->lib.mtime(r->entry)}};
		(void)futimens(fd, times);
	}
	if (close(fd) != 0 && rc == 0) {
		rc = fail_write(r, name);
	}
	return rc;
}

static int read_symlink(struct reading *r, const char *name)
{
	const char *to = r->lib.symlink(r->entry);
	if (!to || !guild_member_link_is_safe(name, to)) {
		return refuse(r, name, "links to a file outside of the archive");
	}
	int at = guild_beneath_parent(&r->u->staging, name, true);
	if (at < 0) {
		return fail_write(r, name);
	}
	(void)unlinkat(at, guild_path_basename(name), 0);
	return symlinkat(to, at, guild_path_basename(name)) == 0 ? 0 : fail_write(r, name);
}

/* The other name of an earlier member, which was read now or is in place from before. */
static int read_hard_link(struct reading *r, const char *name, const char *written)
{
	struct guild_unpacking *u = r->u;
	char *to = guild_member_name(written);
	if (!to || !*to || strcmp(to, name) == 0) {
		free(to);
		return refuse(r, name, "links to a file outside of the archive");
	}
	struct guild_beneath *places[] = {&u->staging, &u->target};
	int rc = -1;
	/* The parents are opened one after the other: each call may close what the one before returned. */
	for (size_t i = 0; i < GUILD_ARRAY_LEN(places) && rc != 0; i++) {
		int from = guild_beneath_parent(places[i], to, false);
		from = from < 0 ? -1 : fcntl(from, F_DUPFD_CLOEXEC, 0);
		int at = from < 0 ? -1 : guild_beneath_parent(&u->staging, name, true);
		if (at >= 0) {
			(void)unlinkat(at, guild_path_basename(name), 0);
			rc = linkat(from, guild_path_basename(to), at, guild_path_basename(name),
				0);
		}
		if (from >= 0) {
			close(from);
		}
	}
	free(to);
	return rc == 0 ? 0 : refuse(r, name, "links to a member that is not there");
}

/* ---- members ------------------------------------------------------------------------------------------ */

/* Unpacked since the archive last changed. */
static bool is_in_place(struct guild_unpacking *u, const char *name, unsigned type)
{
	struct stat st;
	int at = guild_beneath_parent(&u->target, name, false);
	return at >= 0 && fstatat(at, guild_path_basename(name), &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       (st.st_mode & S_IFMT) == type &&
	       (st.st_ctim.tv_sec > u->changed.tv_sec ||
		       (st.st_ctim.tv_sec == u->changed.tv_sec &&
			       st.st_ctim.tv_nsec > u->changed.tv_nsec));
}

/* A single packed file has the name of the archive without ".gz". */
static char *gzip_name(const char *archive)
{
	size_t n = strlen(archive);
	return n > 3 && guild_ends(archive, ".gz") ? guild_strndup(archive, n - 3)
						   : guild_format("%s.unpacked", archive);
}

static char *name_of(struct reading *r, struct guild_buf *written)
{
	if (r->u->req->kind == GUILD_ARCHIVE_GZIP) {
		return gzip_name(r->u->name);
	}
	const char *text = r->lib.pathname(r->entry);
	if (!text) {
		text = r->lib.pathname_utf8(r->entry);
	}
	guild_buf_puts(written, text ? text : "");
	return text ? guild_member_name(text) : NULL;
}

static int read_member(struct reading *r, const char *name)
{
	struct guild_unpacking *u = r->u;
	const char *link = r->lib.hardlink(r->entry);
	unsigned type = link ? MEMBER_FILE : r->lib.filetype(r->entry) & MEMBER_MASK;
	if (type != MEMBER_FILE && type != MEMBER_LINK && type != MEMBER_DIR) {
		return refuse(r, name, "is a device, pipe or socket");
	}
	guild_strs_add(&u->members, name);
	if (type == MEMBER_DIR) {
		guild_strs_add(&u->dirs, name);
		return 0;
	}
	if (is_in_place(u, name, type)) {
		return 0;
	}
	guild_strs_add(&u->files, name);
	return link                  ? read_hard_link(r, name, link)
	       : type == MEMBER_LINK ? read_symlink(r, name)
				     : read_file(r, name);
}

static int read_members(struct reading *r)
{
	for (;;) {
		int rc = r->lib.next_header(r->archive, &r->entry);
		if (rc == ARCHIVE_EOF) {
			return 0;
		}
		if (rc < ARCHIVE_WARN) {
			return fail_read(r);
		}
		if (r->u->members.n == GUILD_ARCHIVE_MAX_MEMBERS) {
			return guild_error_set(r->err, GUILD_ELIMIT,
				"archive '%s' has more than %d members", r->u->name,
				GUILD_ARCHIVE_MAX_MEMBERS);
		}
		struct guild_buf written = {0};
		char *name = name_of(r, &written);
		if (!name) {
			rc = refuse(r, guild_buf_cstr(&written), "leads out of its directory");
		} else if (guild_starts(name, ".guild-cache-")) {
			guild_log(r->u->req->log, "warning",
				"'%s' in archive '%s' is left out: guild keeps such names for "
				"itself",
				name, r->u->name);
			rc = 0;
		} else {
			rc = *name ? read_member(r, name) : 0;
		}
		free(name);
		guild_buf_fini(&written);
		if (rc != 0) {
			return rc;
		}
	}
}

static int read_archive(struct reading *r)
{
	int fd = open(r->u->req->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return guild_error_errno(r->err, errno, "cannot read '%s'", r->u->req->path);
	}
	int rc = guild_libarchive_support(&r->lib, r->archive, r->u->req->kind, r->err);
	if (rc == 0) {
		rc = r->lib.open_fd(r->archive, fd, BLOCK_SIZE) == ARCHIVE_OK ? read_members(r)
									      : fail_read(r);
	}
	close(fd);
	return rc;
}

int guild_archive_read(struct guild_unpacking *u, struct guild_error *err)
{
	struct reading r = {.u = u, .err = err};
	int rc = guild_libarchive_load(&r.lib, err);
	if (rc != 0) {
		return rc;
	}
	/* libarchive gives names in the encoding of the locale; in "C" those beyond ASCII would be lost. */
	locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	locale_t before = utf8 ? uselocale(utf8) : (locale_t)0;
	r.archive = r.lib.read_new();
	guild_assert(r.archive);
	rc = read_archive(&r);
	r.lib.read_free(r.archive);
	if (utf8) {
		uselocale(before);
		freelocale(utf8);
	}
	return rc;
}
