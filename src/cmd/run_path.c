/* Paths inside a run: where its source code is, and nothing outside of it. */

#include "run_path.h"

#include <stdlib.h>
#include <string.h>

static char *source_dir(const struct guild_run *r)
{
	char *root = guild_run_sourcecode_root(r);
	char *joined = guild_path_join(r->dir, root);
	char *dir = guild_path_normalize(joined);

	free(root);
	free(joined);
	return dir;
}

int guild_run_path(const struct guild_run *r, const char *path, bool sourcecode, char **out,
	struct guild_error *err)
{
	if (path && guild_path_is_abs(path)) {
		return guild_error_set(err, GUILD_EINVALID, "PATH must be relative");
	}
	char *plain = guild_path_normalize(path ? path : ".");

	if (strcmp(plain, ".") != 0 && !guild_path_is_beneath(plain)) {
		free(plain);
		return guild_error_set(err, GUILD_EINVALID, "PATH must stay inside the run (%s)",
			path);
	}
	char *base = sourcecode ? source_dir(r) : guild_strdup(r->dir);
	char *full = strcmp(plain, ".") == 0 ? guild_strdup(base) : guild_path_join(base, plain);
	int rc = 0;

	if (guild_file_exists(full)) {
		*out = full;
	} else {
		rc = guild_error_set(err, GUILD_ENOTFOUND, "%s does not exist", full);
		free(full);
	}
	free(base);
	free(plain);
	return rc;
}
