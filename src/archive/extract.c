/* Unpacking chosen members into an empty directory, and looking through an archive without unpacking. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "read.h"

static int make_dirs(struct guild_unpacking *u, struct guild_error *err)
{
	for (size_t i = 0; i < u->dirs.n; i++) {
		const char *base = guild_path_basename(u->dirs.v[i]);
		int at = guild_beneath_parent(&u->staging, u->dirs.v[i], true);
		struct stat st;
		bool is_made = at >= 0 &&
			       (mkdirat(at, base, 0777) == 0 ||
				       (errno == EEXIST &&
					       fstatat(at, base, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
					       S_ISDIR(st.st_mode)));
		if (!is_made) {
			return guild_error_errno(err, errno ? errno : EEXIST,
				"cannot make '%s' of archive '%s'", u->dirs.v[i], u->name);
		}
	}
	return 0;
}

int guild_archive_extract(const struct guild_archive_extract_request *req, struct guild_error *err)
{
	struct stat archive;
	if (stat(req->path, &archive) != 0) {
		return guild_error_errno(err, errno, "cannot read '%s'", req->path);
	}
	struct guild_archive_request inner = {.path = req->path,
		.dir = req->dir,
		.kind = req->kind,
		.max_bytes = req->max_bytes,
		.on_progress = req->on_progress,
		.arg = req->progress_arg,
		.log = req->log};
	struct guild_unpacking u = {.req = &inner,
		.ext = req,
		.name = guild_path_basename(req->path),
		.limit = guild_archive_limit(&inner, archive.st_size),
		.archive_bytes = archive.st_size,
		.staging = {-1, -1, NULL},
		.target = {-1, -1, NULL}};
	int rc = guild_beneath_init(&u.staging, req->dir, err);
	rc = rc ? rc : guild_archive_read(&u, err);
	rc = rc ? rc : make_dirs(&u, err);
	guild_beneath_fini(&u.staging);
	guild_strs_fini(&u.dirs);
	guild_strs_fini(&u.files);
	guild_strs_fini(&u.members);
	return rc;
}

/* ---- looking through --------------------------------------------------------------------------------------- */

struct scan {
	const struct guild_archive_scan_request *req;
	struct guild_archive_stream s;
	int64_t limit, seen, archive_bytes;
	struct guild_error *err;
};

static int give_zeros(struct scan *s, int64_t n)
{
	static const char zeros[4096];
	int rc = 0;
	while (n > 0 && rc == 0) {
		size_t part = n < (int64_t)sizeof(zeros) ? (size_t)n : sizeof(zeros);
		rc = s->req->on_data(s->req->arg, zeros, part, s->err);
		n -= (int64_t)part;
	}
	return rc;
}

static int scan_content(struct scan *s, int64_t size)
{
	int64_t end = 0;
	for (;;) {
		const void *p = NULL;
		size_t n = 0;
		int64_t offset = 0;
		int rc = guild_archive_stream_block(&s->s, &p, &n, &offset, s->err);
		if (rc < 0) {
			return rc;
		}
		int64_t to = rc == 0 ? (size > end ? size : end) : offset;
		if (to < end || to - end > s->limit - s->seen ||
			(int64_t)n > s->limit - s->seen - (to - end)) {
			return guild_error_set(s->err, GUILD_ELIMIT,
				"archive '%s' holds more than %lld bytes", s->s.name,
				(long long)s->limit);
		}
		s->seen += to - end + (int64_t)n;
		int given = give_zeros(s, to - end); /* the holes of a sparse file */
		if (given == 0 && rc != 0) {
			given = s->req->on_data(s->req->arg, p, n, s->err);
		}
		if (given != 0 || rc == 0) {
			return given;
		}
		end = to + (int64_t)n;
		if (s->req->on_progress &&
			s->req->on_progress(s->req->progress_arg, guild_archive_stream_done(&s->s),
				s->archive_bytes) != 0) {
			return guild_error_set(s->err, GUILD_ECANCELLED, "cancelled");
		}
	}
}

static int scan_member(struct scan *s)
{
	const char *written = guild_archive_stream_written_name(&s->s);
	char *name = written ? guild_member_name(written) : NULL;
	if (!name) {
		return guild_error_set(s->err, GUILD_EINVALID,
			"'%s' in archive '%s' leads out of its directory", written ? written : "",
			s->s.name);
	}
	const char *written_link = s->s.lib.hardlink(s->s.entry);
	char *other = written_link ? guild_member_name(written_link) : NULL;
	if (written_link && !other) {
		free(name);
		return guild_error_set(s->err, GUILD_EINVALID,
			"'%s' in archive '%s' links to a file outside of the archive", written,
			s->s.name);
	}
	unsigned type = s->s.lib.filetype(s->s.entry) & MEMBER_MASK;
	struct guild_archive_member m = {.name = name,
		.type = other                 ? 'h'
			: type == MEMBER_FILE ? 'f'
			: type == MEMBER_DIR  ? 'd'
			: type == MEMBER_LINK ? 'l'
					      : '?',
		.mode = s->s.lib.perm(s->s.entry) & 0777,
		.size = s->s.lib.size_is_set(s->s.entry) ? s->s.lib.size(s->s.entry) : -1};
	m.link = other ? other : m.type == 'l' ? s->s.lib.symlink(s->s.entry) : NULL;
	int rc = *name ? s->req->on_member(s->req->arg, &m, s->err) : 0;
	if (rc > 0) {
		rc = m.type == 'f' ? scan_content(s, m.size) : 0;
		rc = rc == 0 && s->req->on_end ? s->req->on_end(s->req->arg, s->err) : rc;
	}
	free(other);
	free(name);
	return rc;
}

int guild_archive_scan(const struct guild_archive_scan_request *req, struct guild_error *err)
{
	struct scan s = {.req = req, .err = err, .archive_bytes = guild_file_size(req->path)};
	const struct guild_archive_request limits = {.max_bytes = req->max_bytes};
	s.limit = guild_archive_limit(&limits, s.archive_bytes);
	int rc = guild_archive_stream_open(&s.s, req->path, req->kind, err);
	size_t n = 0;
	while (rc == 0 && (rc = guild_archive_stream_next(&s.s, err)) > 0) {
		rc = n++ == GUILD_ARCHIVE_MAX_MEMBERS
			     ? guild_error_set(err, GUILD_ELIMIT,
				       "archive '%s' has more than %d members", s.s.name,
				       GUILD_ARCHIVE_MAX_MEMBERS)
			     : scan_member(&s);
		if (rc != 0) {
			break;
		}
	}
	guild_archive_stream_close(&s.s);
	return rc;
}
