/* Literals assigned at the top level of program text, and where they stand: what notebooks and R scripts share. Private to the room. */
#ifndef GUILD_CODE_FLAGS_H
#define GUILD_CODE_FLAGS_H

#include "guild/flags.h"

struct code_flag {
	const char *name;
	size_t from, to; /* bytes of the literal */
	struct guild_value *value;
	const char *type;                    /* of a flag definition, or NULL */
	const struct guild_value *annotated; /* dict of flag attributes written above it, or NULL */
	bool is_integer;                     /* R: 1L */
	bool is_complex;                     /* R: 1+2i; the value is its text */
};
struct code_flags {
	struct code_flag *v;
	size_t n, cap;
};
void guild_code_flags_fini(struct code_flags *f);
struct code_flag *guild_code_flags_add(struct code_flags *f);

/* Literals of one piece of Python, IPython's additions allowed. GUILD_EINVALID: a syntax error. Values live in the arena. */
int guild_python_code_flags(struct guild_arena *a, struct guild_str text, const char *name,
	struct code_flags *out, struct guild_error *err);
/* One literal alone; NULL when it is none. */
struct guild_value *guild_python_literal_value(struct guild_arena *a, struct guild_str text);
/* The type of a flag with this value: string, boolean, number; NULL for others. */
const char *guild_python_type(const struct guild_value *v);
/* A value as Python source. */
void guild_python_put_literal(struct guild_buf *out, const struct guild_value *v);

/* R: the first assignment of each name. GUILD_EINVALID: an open text. */
int guild_r_code_flags(struct guild_arena *a, struct guild_str text, const char *name,
	struct code_flags *out, struct guild_error *err);
/* A value as R source, for the place of `at`; a literal of several lines stays that long. */
void guild_r_put_literal(struct guild_buf *out, const struct guild_value *v,
	const struct code_flag *at, struct guild_str old);

/* The definition of a flag as the code has it: default and type, lists split into arguments. */
void guild_code_flag_define(struct guild_arena *a, const struct code_flag *f,
	struct guild_flag_defs *defs);
/* The value of a flag as code has it: text of an arg-split flag is a list again. */
const struct guild_value *guild_code_flag_value(struct guild_arena *a, const struct guild_value *v,
	const struct guild_value *cmd_flag);
/* The literal says this already, type included: then it stays as it is written. */
bool guild_code_flag_says(const struct code_flag *f, const struct guild_value *v);

#endif
