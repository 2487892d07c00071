/* What the two files of the TOML reader share. */
#ifndef GUILD_FORMATS_TOML_PRIVATE_H
#define GUILD_FORMATS_TOML_PRIVATE_H

#include "config_private.h"

struct guild_toml_reader {
	struct guild_arena *a;
	struct guild_str text;
	size_t at;
	const char *name;
	struct guild_error *err;
	unsigned depth;
};

int guild_toml_fail(const struct guild_toml_reader *r, const char *what);
/* The next byte, 0 at the end (a NUL in the text is refused before). */
char guild_toml_peek(const struct guild_toml_reader *r);
bool guild_toml_starts(const struct guild_toml_reader *r, const char *s);
void guild_toml_skip_blanks(struct guild_toml_reader *r);
/* Blanks, comments and line ends. */
int guild_toml_skip_lines(struct guild_toml_reader *r);
/* A string of any of the four kinds, at its quote. */
int guild_toml_string(struct guild_toml_reader *r, struct guild_value **out);
/* A number, boolean, date or time. */
int guild_toml_bare(struct guild_toml_reader *r, struct guild_value **out);
/* One or more parts of a dotted key, appended to list `out`. */
int guild_toml_key(struct guild_toml_reader *r, struct guild_value *out);

#endif
