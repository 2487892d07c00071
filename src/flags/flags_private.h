/* What the files of this room share and nobody else needs. */
#ifndef GUILD_FLAGS_PRIVATE_H
#define GUILD_FLAGS_PRIVATE_H

#include "guild/flags.h"

/* The types a flag can be declared with; AUTO is also every unknown one. */
enum guild_flag_type {
	GUILD_FLAG_AUTO,
	GUILD_FLAG_STRING,
	GUILD_FLAG_INT,
	GUILD_FLAG_FLOAT,
	GUILD_FLAG_NUMBER,
	GUILD_FLAG_BOOLEAN,
	GUILD_FLAG_PATH,
	GUILD_FLAG_EXISTING_PATH,
};
/* `def` may be NULL. */
enum guild_flag_type guild_flag_type(const struct guild_flag_def *def);
/* Whether the type's name is one of those above; NULL is. */
bool guild_flag_type_is_known(const char *type);
/* Text and paths: what is typed is what is meant. */
bool guild_flag_type_is_text(enum guild_flag_type type);

/* Python's int() and float() over text: blanks around, signs, single '_' between digits. NULL where they refuse. */
struct guild_value *guild_flag_parse_int(struct guild_arena *a, struct guild_str text);
struct guild_value *guild_flag_parse_float(struct guild_arena *a, struct guild_str text);

/* NAME[ARG:ARG] split: false when the whole text is no such thing. The name may be empty. */
bool guild_flag_split_function(struct guild_str text, struct guild_str *name,
	struct guild_str *args);
/* Makes the values of range, linspace, logspace and geomspace. 1: *out set, 0: no such function, negative: bad arguments. */
int guild_flag_expand_sequence(struct guild_arena *a, struct guild_str text,
	struct guild_value **out, const struct guild_log *log, struct guild_error *err);
enum { GUILD_FLAG_SEQUENCE_MAX = 1000000 };

/* The parts of a value by its `arg-split` (true, "shlex", or a separator whose empty parts are dropped). */
int guild_flag_split_parts(struct guild_strs *out, const char *text,
	const struct guild_value *arg_split, struct guild_error *err);
void guild_flag_join_parts(struct guild_buf *out, const struct guild_strs *parts,
	const struct guild_value *arg_split);

/* As in labels: floats cut to 5 decimals, existing long paths shortened. */
void guild_flag_format_short(struct guild_buf *out, const struct guild_value *v);

#endif
