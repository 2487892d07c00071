/* Tables of values on their way out: to a file, standard output or the terminal. Private to cmd/. */
#ifndef GUILD_CMD_GRID_OUTPUT_H
#define GUILD_CMD_GRID_OUTPUT_H

#include "cmd.h"

/* Writes to PATH, saying afterwards how many rows it got, or to standard output for "-". */
int guild_cmd_write_grid(const struct guild_ctx *ctx, const struct guild_grid *g,
	enum guild_grid_format format, const char *path, struct guild_error *err);
/* Writes to the file PATH, and says nothing. */
int guild_cmd_save_grid(const struct guild_grid *g, enum guild_grid_format format, const char *path,
	struct guild_error *err);
/* Writes bytes to PATH, or to standard output for "-". */
int guild_cmd_write_bytes(struct guild_str bytes, const char *path, struct guild_error *err);
/* Appends the table as plain text; `columns` 0: as wide as it is. */
void guild_cmd_put_grid(struct guild_buf *out, const struct guild_grid *g, int columns);
/* Prints for people, as wide as the terminal. */
void guild_cmd_print_grid(const struct guild_ctx *ctx, const struct guild_grid *g);

#endif
