/* Paths inside a run as commands take them. Private to cmd/. */
#ifndef GUILD_CMD_RUN_PATH_H
#define GUILD_CMD_RUN_PATH_H

#include "cmd.h"

/* Full path of `path` (NULL: the directory itself) under the run, or under its source code. It must be relative, stay inside and
 * exist. The caller frees *out. */
int guild_run_path(const struct guild_run *r, const char *path, bool sourcecode, char **out,
	struct guild_error *err);

#endif
