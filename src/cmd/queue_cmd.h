/* guild queue. Private to cmd/. */
#ifndef GUILD_CMD_QUEUE_CMD_H
#define GUILD_CMD_QUEUE_CMD_H

#include <stdlib.h>

#include "cmd.h"

#include <guild/sched.h>

#endif
