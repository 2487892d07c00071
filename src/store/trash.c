/* Moving runs between runs and trash, and removing them for good. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guild/store.h"

enum { BACKUP_TRIES = 16 };

/* A name beside `path` that nothing has: PATH_xxxxxxxx. */
static char *backup_name(const char *path)
{
	for (int i = 0; i < BACKUP_TRIES; i++) {
		unsigned char raw[4];
		guild_random_bytes(raw, sizeof(raw));
		char *name =
			guild_format("%s_%02x%02x%02x%02x", path, raw[0], raw[1], raw[2], raw[3]);
		if (!guild_file_exists(name)) {
			return name;
		}
		free(name);
	}
	return NULL;
}

static int set_aside(const char *target, const struct guild_log *log, struct guild_error *err)
{
	char *backup = backup_name(target);
	int rc = 0;
	if (backup == NULL || rename(target, backup) != 0) {
		rc = guild_error_errno(err, errno, "cannot move '%s' out of the way", target);
	} else {
		guild_log(log, "warning", "'%s' exists already and was moved to '%s'", target,
			backup);
	}
	free(backup);
	return rc;
}

/* To another file system: a complete copy appears under its name before the original goes. */
static int move_by_copy(const char *from, const char *to, struct guild_error *err)
{
	char *dir = guild_path_dirname(to);
	char *partial = guild_format("%s/.moving-%s", dir, guild_path_basename(to));
	guild_rmtree(partial, NULL);
	int rc = guild_tree_copy(from, partial, err);
	if (rc == 0 && rename(partial, to) != 0) {
		rc = guild_error_errno(err, errno, "cannot move '%s' to '%s'", from, to);
	}
	if (rc == 0) {
		rc = guild_rmtree(from, err);
	} else {
		guild_rmtree(partial, NULL);
	}
	free(partial);
	free(dir);
	return rc;
}

static int move_run(const struct guild_run *r, const char *to_dir, const struct guild_log *log,
	struct guild_error *err)
{
	if (!guild_file_exists(r->dir)) {
		return guild_error_set(err, GUILD_ENOTFOUND, "run %.8s is no longer there", r->id);
	}
	char *target = guild_path_join(to_dir, r->id);
	int rc = guild_mkdirs(to_dir, err);
	if (rc == 0 && guild_file_exists(target)) {
		rc = set_aside(target, log, err);
	}
	if (rc == 0 && rename(r->dir, target) != 0) {
		rc = errno == EXDEV ? move_by_copy(r->dir, target, err)
				    : guild_error_errno(err, errno, "cannot move '%s' to '%s'",
					      r->dir, target);
	}
	free(target);
	return rc;
}

/* The run leaves the listing in one step; a removal that is cut short leaves no half of a run in it. */
static int remove_run(const struct guild_run *r, struct guild_error *err)
{
	char *parent = guild_path_dirname(r->dir);
	char *doomed = guild_format("%s/.deleting-%s", parent, r->id);
	guild_rmtree(doomed, NULL);
	int rc;
	if (rename(r->dir, doomed) == 0) {
		rc = guild_rmtree(doomed, err);
	} else if (errno == ENOENT) {
		rc = guild_error_set(err, GUILD_ENOTFOUND, "run %.8s is no longer there", r->id);
	} else {
		rc = guild_error_errno(err, errno, "cannot remove '%s'", r->dir);
	}
	free(doomed);
	free(parent);
	return rc;
}

int guild_store_delete(const struct guild_home *h, const struct guild_run *r, bool permanent,
	const struct guild_log *log, struct guild_error *err)
{
	if (permanent) {
		return remove_run(r, err);
	}
	char *trash = guild_home_runs_dir(h, true);
	int rc = move_run(r, trash, log, err);
	free(trash);
	return rc;
}

int guild_store_restore(const struct guild_home *h, const struct guild_run *r,
	const struct guild_log *log, struct guild_error *err)
{
	char *runs = guild_home_runs_dir(h, false);
	int rc = move_run(r, runs, log, err);
	free(runs);
	return rc;
}
