/* Unpacking as a whole: one process at a time, everything or nothing, with the list of members that Guild AI 0.9.0 keeps. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "read.h"

struct places {
	char *list;    /* .guild-cache-NAME.unpacked */
	char *lock;    /* .guild-cache-NAME.lock */
	char *staging; /* .guild-cache-NAME.new */
};

static void places_init(struct places *p, const struct guild_archive_request *req)
{
	const char *name = guild_path_basename(req->path);
	p->list = guild_format("%s/.guild-cache-%s.unpacked", req->dir, name);
	p->lock = guild_format("%s/.guild-cache-%s.lock", req->dir, name);
	p->staging = guild_format("%s/.guild-cache-%s.new", req->dir, name);
}

static void places_fini(struct places *p)
{
	free(p->list);
	free(p->lock);
	free(p->staging);
}

/* ---- the list ---------------------------------------------------------------------------------------- */

static bool is_older(struct timespec a, struct timespec b)
{
	return a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec < b.tv_nsec);
}

/* The change of the inode counts, too: a file that was moved here may be older than what it replaces. */
static struct timespec last_change(const struct stat *st)
{
	return is_older(st->st_mtim, st->st_ctim) ? st->st_ctim : st->st_mtim;
}

/* Appends the members that the list names; false, with nothing appended, when it cannot be believed. */
static bool read_list(const struct guild_archive_request *req, const char *path,
	const struct stat *archive, struct guild_strs *members)
{
	struct guild_buf text = {0};
	struct guild_strs names = {0};
	struct stat st;
	/* Clocks of files tick slowly: a list of the archive's own moment may be of the archive before. */
	bool is_good = stat(path, &st) == 0 && is_older(last_change(archive), st.st_mtim) &&
		       guild_file_read(path, 0, &text, NULL) == 0;
	if (is_good && text.n > 0) {
		guild_strs_split(&names, text.p, '\n');
	}
	for (size_t i = 0; i < names.n && is_good; i++) {
		char *member = guild_path_join(req->dir, names.v[i]);
		is_good = !*names.v[i] || (guild_path_is_beneath(names.v[i]) &&
						  (req->is_list_enough || lstat(member, &st) == 0));
		free(member);
	}
	for (size_t i = 0; i < names.n && is_good; i++) {
		if (*names.v[i]) {
			guild_strs_add(members, names.v[i]);
		}
	}
	guild_strs_fini(&names);
	guild_buf_fini(&text);
	return is_good;
}

/* Directories that only the names of other members imply, each once, before the members. */
static void list_members(const struct guild_unpacking *u, struct guild_strs *out)
{
	struct guild_map seen = {0};
	static int mark;
	for (size_t i = 0; i < u->dirs.n; i++) {
		guild_map_put(&seen, u->dirs.v[i], &mark);
	}
	for (size_t i = 0; i < u->members.n; i++) {
		char *dir = guild_path_dirname(u->members.v[i]);
		if (*dir && !guild_map_has(&seen, dir)) {
			guild_map_put(&seen, dir, &mark);
			guild_strs_add(out, dir);
		}
		free(dir);
	}
	struct guild_map named = {0};
	for (size_t i = 0; i < u->members.n; i++) {
		if (!guild_map_has(&named, u->members.v[i])) {
			guild_map_put(&named, u->members.v[i], &mark);
			guild_strs_add(out, u->members.v[i]);
		}
	}
	guild_map_fini(&named);
	guild_map_fini(&seen);
}

static int write_list(const char *path, const struct guild_strs *members, struct guild_error *err)
{
	char *text = guild_strs_join(members, "\n");
	int rc = guild_file_write(path, text, strlen(text), false, err);
	free(text);
	return rc;
}

/* ---- putting in place ----------------------------------------------------------------------------------- */

static int fail_place(const struct guild_unpacking *u, const char *name, struct guild_error *err)
{
	return guild_error_errno(err, errno, "cannot write '%s' of archive '%s'", name, u->name);
}

static int place_dir(struct guild_unpacking *u, const char *name, struct guild_error *err)
{
	int at = guild_beneath_parent(&u->target, name, true);
	bool is_made =
		at >= 0 && (mkdirat(at, guild_path_basename(name), 0777) == 0 || errno == EEXIST);
	return is_made ? 0 : fail_place(u, name, err);
}

static int place_file(struct guild_unpacking *u, const char *name, struct guild_error *err)
{
	const char *base = guild_path_basename(name);
	int from = guild_beneath_parent(&u->staging, name, false);
	int to = from < 0 ? -1 : guild_beneath_parent(&u->target, name, true);
	if (to >= 0 && renameat(from, base, to, base) == 0) {
		/* Where both are names of one file, rename leaves both. */
		(void)unlinkat(from, base, 0);
		return 0;
	}
	/* One name twice in an archive: the first move took it. */
	struct stat st;
	bool is_moved =
		errno == ENOENT && to >= 0 && fstatat(to, base, &st, AT_SYMLINK_NOFOLLOW) == 0;
	return is_moved ? 0 : fail_place(u, name, err);
}

static int place_all(struct guild_unpacking *u, struct guild_error *err)
{
	int rc = 0;
	for (size_t i = 0; i < u->dirs.n && rc == 0; i++) {
		rc = place_dir(u, u->dirs.v[i], err);
	}
	for (size_t i = 0; i < u->files.n && rc == 0; i++) {
		rc = place_file(u, u->files.v[i], err);
	}
	return rc;
}

/* ---- the whole -------------------------------------------------------------------------------------------- */

int64_t guild_archive_limit(const struct guild_archive_request *req, int64_t archive_bytes)
{
	if (req->max_bytes > 0) {
		return req->max_bytes;
	}
	int64_t limit = 0;
	if (__builtin_mul_overflow(archive_bytes, (int64_t)GUILD_ARCHIVE_MAX_RATIO, &limit)) {
		return INT64_MAX;
	}
	return limit > GUILD_ARCHIVE_SMALL ? limit : GUILD_ARCHIVE_SMALL;
}

static int unpack(const struct guild_archive_request *req, const struct places *p,
	const struct stat *archive, struct guild_strs *members, struct guild_error *err)
{
	struct guild_unpacking u = {.req = req,
		.name = guild_path_basename(req->path),
		.limit = guild_archive_limit(req, archive->st_size),
		.archive_bytes = archive->st_size,
		.changed = last_change(archive),
		.staging = {-1, -1, NULL},
		.target = {-1, -1, NULL}};
	struct guild_strs all = {0};
	int rc = guild_rmtree(p->staging, err); /* of a process that was killed */
	rc = rc ? rc : guild_mkdirs(p->staging, err);
	rc = rc ? rc : guild_beneath_init(&u.staging, p->staging, err);
	rc = rc ? rc : guild_beneath_init(&u.target, req->dir, err);
	if (rc == 0) {
		guild_log(req->log, "info", "Unpacking %s", req->path);
		rc = guild_archive_read(&u, err);
	}
	rc = rc ? rc : place_all(&u, err);
	if (rc == 0) {
		list_members(&u, &all);
		rc = write_list(p->list, &all, err);
	}
	for (size_t i = 0; i < all.n && rc == 0; i++) {
		guild_strs_add(members, all.v[i]);
	}
	guild_beneath_fini(&u.staging);
	guild_beneath_fini(&u.target);
	(void)guild_rmtree(p->staging, NULL);
	guild_strs_fini(&all);
	guild_strs_fini(&u.dirs);
	guild_strs_fini(&u.files);
	guild_strs_fini(&u.members);
	return rc;
}

int guild_archive_unpack(const struct guild_archive_request *req, struct guild_strs *members,
	struct guild_error *err)
{
	struct guild_lock lock = {0};
	struct places p;
	struct stat archive;
	if (stat(req->path, &archive) != 0) {
		return guild_error_errno(err, errno, "cannot read '%s'", req->path);
	}
	places_init(&p, req);
	bool had_dir = guild_is_dir(req->dir);
	int rc = 0;
	if (!read_list(req, p.list, &archive, members)) {
		rc = guild_mkdirs(req->dir, err);
		rc = rc ? rc : guild_lock_take(&lock, p.lock, true, err);
		if (rc == 0 && !read_list(req, p.list, &archive, members)) {
			rc = unpack(req, &p, &archive, members, err);
		}
		guild_lock_release(&lock);
		if (rc != 0 && !had_dir) {
			(void)rmdir(req->dir);
		}
	}
	places_fini(&p);
	return rc;
}
