/* What the files of this room share. */
#ifndef GUILD_RUN_PRIVATE_H
#define GUILD_RUN_PRIVATE_H

#include <stdlib.h>

#include "guild/run.h"

/* Path of a file in the run's .guild; the caller frees. */
char *guild_run_file(const struct guild_run *r, const char *name);

#endif
