/* What projects may be composed from: the user's Python path. Private to cmd/. */
#ifndef GUILD_CMD_PROJECT_WORLD_H
#define GUILD_CMD_PROJECT_WORLD_H

#include "cmd.h"

#include "guild/project.h"

/* PYTHONPATH, then the directories of packages of the user's interpreter, which is looked for when they are first asked for. Lives
 * as long as the command. */
const struct guild_project_world *guild_op_world(const struct guild_ctx *ctx);

#endif
