/* How a value looks in a table. Private to cmd/. */
#ifndef GUILD_CMD_CELL_H
#define GUILD_CMD_CELL_H

#include "cmd.h"

/* Appends one line: floats cut (not rounded) to 6 decimals, booleans as yes and no, nothing for NULL and null. */
void guild_cell_text(struct guild_buf *out, const struct guild_value *v);

#endif
