/* Runs in an archive, listed without unpacking it: what listings read is kept in the cache folder. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <utime.h>

#include "move.h"

enum { KEEP_SECONDS = 7 * 24 * 3600 };

/* Everything in .guild but what can be large, and event files wherever they are: attributes, status, prototypes of batches, scalars. */
static bool is_read_by_listings(void *arg, const char *name)
{
	const char *rest = strchr(name, '/');
	(void)arg;
	if (!rest) {
		return false;
	}
	const char *base = guild_path_basename(name);
	if (strstr(base, "tfevents")) {
		return true;
	}
	return guild_starts(rest, "/.guild/") && strcmp(rest, "/.guild/output") != 0 &&
	       strcmp(rest, "/.guild/output.index") != 0 &&
	       !guild_starts(rest, "/.guild/sourcecode/") &&
	       !guild_starts(rest, "/.guild/generated/") &&
	       !guild_starts(rest, "/.guild/job-packages/") && !guild_tree_is_volatile(rest + 1);
}

/* Event files are read only, wherever a link leads; what would be written to is in .guild. */
static bool may_lead_out(void *arg, const char *name)
{
	(void)arg;
	return strstr(name, "/.guild/") == NULL;
}

/* One name for one state of one file. */
static char *cache_key(const char *path)
{
	struct stat st;
	char hash[33];
	if (stat(path, &st) != 0) {
		return NULL;
	}
	char *text =
		guild_format("%s\n%lld %lld %lld %lld.%09ld %lld.%09ld", path, (long long)st.st_dev,
			(long long)st.st_ino, (long long)st.st_size, (long long)st.st_mtim.tv_sec,
			st.st_mtim.tv_nsec, (long long)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
	guild_fast_hash(text, strlen(text), hash);
	free(text);
	return guild_strdup(hash);
}

/* Those that nobody asked for since a week. */
static void drop_old(const char *cache)
{
	struct guild_strs names = {0};
	(void)guild_dir_list(cache, &names, NULL);
	for (size_t i = 0; i < names.n; i++) {
		char *path = guild_path_join(cache, names.v[i]);
		struct stat st;
		if (names.v[i][0] != '.' && lstat(path, &st) == 0 &&
			st.st_mtime < time(NULL) - KEEP_SECONDS) {
			(void)guild_rmtree(path, NULL);
		}
		free(path);
	}
	guild_strs_fini(&names);
}

static int unpack(const struct guild_run_place *p, const char *to, int64_t max_bytes,
	const struct guild_move_watch *watch, const struct guild_log *log, struct guild_error *err)
{
	struct guild_move_told t = {.watch = watch};
	struct guild_archive_extract_request req = {.path = p->path,
		.dir = to,
		.max_bytes = max_bytes,
		.wants = is_read_by_listings,
		.may_leave = may_lead_out,
		.on_progress = guild_move_archive_progress,
		.progress_arg = &t,
		.log = log};
	if (watch && watch->on_phase) {
		watch->on_phase(watch->arg, "Reading archive", guild_file_size(p->path));
	}
	int rc = guild_archive_kind(p->path, NULL, &req.kind, err);
	rc = rc ? rc : guild_mkdirs(to, err);
	return rc ? rc : guild_archive_extract(&req, err);
}

/* In the cache, where that can be written. */
static int read_archive(const struct guild_home *home, struct guild_run_place *p, int64_t max_bytes,
	const struct guild_move_watch *watch, const struct guild_log *log, struct guild_error *err)
{
	struct guild_staging staging = {.fd = -1};
	char *cache = guild_path_join(home->path, "cache/archives");
	char *key = cache_key(p->path);
	char *kept = key ? guild_path_join(cache, key) : NULL;
	int rc = 0;
	guild_staging_sweep(cache);
	if (!kept) {
		rc = guild_error_errno(err, errno, "cannot read '%s'", p->path);
	} else if (guild_is_dir(kept)) {
		(void)utime(kept, NULL);
		p->runs_dir = guild_strdup(kept);
	} else if (guild_staging_open(&staging, cache, NULL) == 0) {
		char *new_dir = guild_path_join(staging.path, "runs");
		drop_old(cache);
		rc = unpack(p, new_dir, max_bytes, watch, log, err);
		/* Another process may have been faster. */
		if (rc == 0 && rename(new_dir, kept) != 0 && !guild_is_dir(kept)) {
			rc = guild_error_errno(err, errno, "cannot write '%s'", kept);
		}
		p->runs_dir = guild_strdup(kept);
		free(new_dir);
	} else {
		p->own_dir = guild_tmp_dir("guild-archive-", err);
		rc = p->own_dir ? unpack(p, p->own_dir, max_bytes, watch, log, err) : GUILD_EIO;
		p->runs_dir = guild_strdup(p->own_dir);
	}
	guild_staging_close(&staging);
	free(kept);
	free(key);
	free(cache);
	return rc;
}

int guild_run_place_open(const struct guild_home *home, const char *path, int64_t max_bytes,
	const struct guild_move_watch *watch, const struct guild_log *log,
	struct guild_run_place *out, struct guild_error *err)
{
	struct guild_run_place p = {.path = guild_path_abs(path, NULL)};
	enum guild_archive_kind kind = GUILD_ARCHIVE_NONE;
	int rc = 0;
	if (guild_is_dir(p.path)) {
		p.runs_dir = guild_strdup(p.path);
	} else if (!guild_file_exists(p.path)) {
		rc = guild_error_set(err, GUILD_ENOTFOUND, "%s does not exist", path);
	} else if (guild_file_size(p.path) == 0) {
		rc = guild_error_set(err, GUILD_EINVALID, "'%s' is empty, no archive", path);
	} else {
		(void)guild_archive_kind(p.path, NULL, &kind, NULL);
		p.is_archive = kind == GUILD_ARCHIVE_ZIP || kind == GUILD_ARCHIVE_TAR;
		rc = p.is_archive
			     ? read_archive(home, &p, max_bytes, watch, log, err)
			     : guild_error_set(err, GUILD_EINVALID,
				       "'%s' is neither a directory nor an archive (.zip, .tar, "
				       ".tar.gz, .tar.zst, ...)",
				       path);
	}
	if (rc != 0) {
		guild_run_place_close(&p);
	} else {
		*out = p;
	}
	return rc;
}

void guild_run_place_close(struct guild_run_place *p)
{
	if (p->own_dir) {
		(void)guild_rmtree(p->own_dir, NULL);
	}
	free(p->path);
	free(p->runs_dir);
	free(p->own_dir);
	*p = (struct guild_run_place){0};
}
