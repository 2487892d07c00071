/* Mending what verifying found: whatever is taken from a run stays beside it. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verify.h"

enum { TRIES = 1000 };

/* .guild/damaged/PATH, or PATH.2 and so on: nothing that was kept before is lost. */
static int kept_path(const struct guild_finding *f, char **out, struct guild_error *err)
{
	size_t n = strlen(f->run_dir);
	const char *rel = strncmp(f->path, f->run_dir, n) == 0 && f->path[n] == '/'
				  ? f->path + n + 1
				  : guild_path_basename(f->path);
	rel = guild_starts(rel, ".guild/") ? rel + strlen(".guild/") : rel;
	char *base = guild_format("%s/.guild/" GUILD_DAMAGED_DIR "/%s", f->run_dir, rel);
	char *dir = guild_path_dirname(base);
	int rc = guild_mkdirs(dir, err);
	for (int i = 1; rc == 0 && i < TRIES; i++) {
		char *path = i == 1 ? guild_strdup(base) : guild_format("%s.%d", base, i);
		if (!guild_file_exists(path)) {
			*out = path;
			break;
		}
		free(path);
	}
	if (rc == 0 && *out == NULL) {
		rc = guild_error_set(err, GUILD_EEXISTS, "'%s' exists already", base);
	}
	free(dir);
	free(base);
	return rc;
}

/* The whole file is copied before it is cut. */
static int cut(const struct guild_finding *f, struct guild_error *err)
{
	char *kept = NULL;
	int64_t size = guild_file_size(f->path);
	if (size < f->good_bytes) {
		return guild_error_set(err, GUILD_EEXISTS, "'%s' changed since", f->path);
	}
	int rc = kept_path(f, &kept, err);
	rc = rc ? rc : guild_file_copy(f->path, kept, err);
	if (rc == 0 && truncate(f->path, f->good_bytes) != 0) {
		rc = guild_error_errno(err, errno, "cannot cut '%s'", f->path);
	}
	free(kept);
	return rc;
}

static int set_aside(const struct guild_finding *f, struct guild_error *err)
{
	char *kept = NULL;
	int rc = kept_path(f, &kept, err);
	if (rc == 0 && rename(f->path, kept) != 0) {
		rc = guild_error_errno(err, errno, "cannot move '%s'", f->path);
	}
	free(kept);
	return rc;
}

int guild_store_mend(const struct guild_finding *f, struct guild_error *err)
{
	struct guild_run r = {0};
	bool is_live = f->run_dir && guild_run_open(f->run_dir, &r, NULL) == 0 &&
		       guild_run_status(&r, NULL) == GUILD_RUN_RUNNING;
	guild_run_fini(&r);
	if (is_live) {
		return guild_error_set(err, GUILD_EBUSY, "run %.8s is running by now",
			guild_path_basename(f->run_dir));
	}
	switch (f->repair) {
	case GUILD_REPAIR_CUT:
		return cut(f, err);
	case GUILD_REPAIR_ASIDE:
		return set_aside(f, err);
	case GUILD_REPAIR_REMOVE:
		return guild_file_remove(f->path, err);
	default:
		return guild_error_set(err, GUILD_EUNSUPPORTED, "'%s' cannot be mended", f->path);
	}
}
