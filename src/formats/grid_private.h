/* Writers of tables. Private to grid*.c. */
#ifndef GUILD_FORMATS_GRID_PRIVATE_H
#define GUILD_FORMATS_GRID_PRIVATE_H

#include <guild/formats.h>

int guild_grid_write_markdown(const struct guild_grid *g, const struct guild_sink *to,
	struct guild_error *err);
int guild_grid_write_html(const struct guild_grid *g, const struct guild_sink *to,
	struct guild_error *err);
int guild_grid_write_parquet(const struct guild_grid *g, const struct guild_sink *to,
	struct guild_error *err);
/* Whether a column has numbers and nothing else. */
bool guild_grid_is_numeric(const struct guild_grid *g, size_t col);

#endif
