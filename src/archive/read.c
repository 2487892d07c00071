/* Reading the members of one archive into a staging directory. */

#include "read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_BITS = 0777, OWNER_BITS = 0600, PLAIN_BITS = 0644 };

struct reading {
	struct guild_unpacking *u;
	struct guild_archive_stream s;
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
		int rc = guild_archive_stream_block(&r->s, &p, &n, &offset, r->err);
		if (rc < 0) {
			return rc;
		}
		if (rc == 0) {
			break;
		}
		if (offset > u->limit || (int64_t)n > u->limit - offset ||
			u->written > u->limit - offset - (int64_t)n) {
			return fail_limit(r);
		}
		if (lseek(fd, offset, SEEK_SET) < 0 || guild_fd_write_all(fd, p, n) != 0) {
			return fail_write(r, name);
		}
		end = offset + (int64_t)n;
		int64_t done = guild_archive_stream_done(&r->s);
		if (u->req->on_progress &&
			u->req->on_progress(u->req->arg, done, u->archive_bytes) != 0) {
			return guild_error_set(r->err, GUILD_ECANCELLED, "cancelled");
		}
	}
	/* A sparse file may end in a hole. */
	if (r->s.lib.size_is_set(r->s.entry) && r->s.lib.size(r->s.entry) > end) {
		end = r->s.lib.size(r->s.entry);
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
	unsigned mode = r->s.lib.perm(r->s.entry) & FILE_BITS;
	(void)unlinkat(at, base, 0); /* the last of two members of one name counts */
	int fd = openat(at, base, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		mode ? mode | OWNER_BITS : PLAIN_BITS);
	if (fd < 0) {
		return fail_write(r, name);
	}
	int rc = copy_blocks(r, fd, name);
	if (rc == 0 && r->s.lib.mtime_is_set(r->s.entry)) {
		struct timespec times[2] = {{.tv_nsec = UTIME_NOW},
			{.tv_sec = r->s.lib.mtime(r->s.entry),
				.tv_nsec = r->s.lib.mtime_nsec(r->s.entry)}};
		(void)futimens(fd, times);
	}
	if (r->u->ext && mode && rc == 0) {
		(void)fchmod(fd, mode);
	}
	if (close(fd) != 0 && rc == 0) {
		rc = fail_write(r, name);
	}
	return rc;
}

static int read_symlink(struct reading *r, const char *name)
{
	const char *to = r->s.lib.symlink(r->s.entry);
	bool may_leave =
		r->u->ext && r->u->ext->may_leave && r->u->ext->may_leave(r->u->ext->arg, name);
	if (!to || !*to || (!may_leave && !guild_member_link_is_safe(name, to))) {
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
	const char *text = guild_archive_stream_written_name(&r->s);
	guild_buf_puts(written, text ? text : "");
	return text ? guild_member_name(text) : NULL;
}

static int read_member(struct reading *r, const char *name)
{
	struct guild_unpacking *u = r->u;
	const char *link = r->s.lib.hardlink(r->s.entry);
	unsigned type = link ? MEMBER_FILE : r->s.lib.filetype(r->s.entry) & MEMBER_MASK;
	if (type != MEMBER_FILE && type != MEMBER_LINK && type != MEMBER_DIR) {
		return refuse(r, name, "is a device, pipe or socket");
	}
	if (u->ext && u->ext->wants && !u->ext->wants(u->ext->arg, name)) {
		return 0;
	}
	guild_strs_add(&u->members, name);
	if (type == MEMBER_DIR) {
		guild_strs_add(&u->dirs, name);
		return 0;
	}
	if (!u->ext && is_in_place(u, name, type)) {
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
		int rc = guild_archive_stream_next(&r->s, r->err);
		if (rc <= 0) {
			return rc;
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

int guild_archive_read(struct guild_unpacking *u, struct guild_error *err)
{
	struct reading r = {.u = u, .err = err};
	int rc = guild_archive_stream_open(&r.s, u->req->path, u->req->kind, err);
	rc = rc ? rc : read_members(&r);
	guild_archive_stream_close(&r.s);
	return rc;
}
