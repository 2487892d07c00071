/* How a single file is recognised as a checkpoint. */
#ifndef GUILD_RUN_CHECKPOINTS_H
#define GUILD_RUN_CHECKPOINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether the name is worth opening the file for. */
bool guild_checkpoint_is_candidate(const char *name);
/* The framework of a file by its name and first bytes, or NULL when it is no checkpoint. */
const char *guild_checkpoint_framework(const char *name, const char *head, size_t n);
/* The step or epoch in a name: "model-epoch=3-step=1200.ckpt" is 1200, "weights.05-0.34.h5" is 5; -1: none. */
int64_t guild_checkpoint_step(const char *name);

#endif
