/* Moving runs between runs and trash, and removing them for good. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "move.h"

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

/* The run leaves every listing in one step, also those of Guild AI 0.9.0; a removal that is cut short is finished by the next command
 * that sweeps. */
static int remove_run(const struct guild_run *r, struct guild_error *err)
{
	struct guild_staging staging = {.fd = -1};
	char *parent = guild_path_dirname(r->dir);
	if (!guild_is_dir(r->dir)) {
		free(parent);
		return guild_error_set(err, GUILD_ENOTFOUND, "run %.8s is no longer there", r->id);
	}
	int rc = guild_staging_open(&staging, parent, err);
	char *doomed = rc == 0 ? guild_path_join(staging.path, r->id) : NULL;
	if (rc == 0 && rename(r->dir, doomed) != 0) {
		rc = errno == ENOENT ? guild_error_set(err, GUILD_ENOTFOUND,
					       "run %.8s is no longer there", r->id)
				     : guild_error_errno(err, errno, "cannot remove '%s'", r->dir);
	}
	rc = rc ? rc : guild_rmtree(doomed, err);
	guild_staging_close(&staging);
	free(doomed);
	free(parent);
	return rc;
}

/* To another file system: a complete copy, read back and on disk, appears under its name before the original goes. */
static int move_by_copy(const struct guild_run *r, const char *to, const struct guild_log *log,
	struct guild_error *err)
{
	struct guild_staging staging = {.fd = -1};
	char *dir = guild_path_dirname(to);
	int rc = guild_staging_open(&staging, dir, err);
	if (rc == 0) {
		char *copy = guild_path_join(staging.path, r->id);
		char *why = NULL;
		const struct guild_tree_copying c = {.from = r->dir, .to = copy, .log = log};
		rc = guild_run_tree_copy(&c, err);
		if (rc == 0 && guild_tree_compare(r->dir, copy, false, false, &why, err) <= 0) {
			rc = guild_error_set(err, GUILD_EIO, "'%s' changed while '%s' was copied",
				why ? why : "a file", r->dir);
		}
		rc = rc ? rc : guild_move_sync(copy, err);
		rc = rc ? rc : guild_move_place(copy, to, err);
		free(why);
		free(copy);
	}
	guild_staging_close(&staging);
	free(dir);
	return rc ? rc : remove_run(r, err);
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
		rc = errno == EXDEV ? move_by_copy(r, target, log, err)
				    : guild_error_errno(err, errno, "cannot move '%s' to '%s'",
					      r->dir, target);
	}
	free(target);
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
	int rc = guild_store_unshare(r->dir, err);
	rc = rc ? rc : move_run(r, runs, log, err);
	free(runs);
	return rc;
}
