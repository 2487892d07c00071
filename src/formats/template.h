/* Text templates: what their parts share. Private to formats/. */
#ifndef GUILD_FORMATS_TEMPLATE_H
#define GUILD_FORMATS_TEMPLATE_H

#include "guild/formats.h"

struct template_name {
	const char *name;
	const struct guild_value *value;
	struct template_name *next; /* the one that was there before */
};
struct template_state {
	struct guild_arena *a;
	const struct guild_value *vars;
	struct template_name *names; /* of loops and set, innermost first */
	const struct guild_template_env *env;
	const char *file; /* of the text that is being rendered */
	size_t depth;
	size_t turns;
	size_t kept; /* bytes of what was made and is still there */
	struct guild_buf *out;
	struct guild_error *err;
};

/* "FILE:LINE: what" */
int template_fail(struct template_state *t, uint32_t line, const char *fmt, ...) GUILD_PRINTF(3, 4);
/* Counts a value that was made; GUILD_ELIMIT where it or all of them are too large. */
int template_keep(struct template_state *t, uint32_t line, const struct guild_value *v);
/* The value of an expression; *out NULL: undefined. */
int template_eval(struct template_state *t, struct guild_str text, uint32_t line,
	const struct guild_value **out);
/* A filter by its name. */
int template_filter(struct template_state *t, uint32_t line, const char *name,
	const struct guild_value *v, const struct guild_value *const *args, size_t n,
	const struct guild_value **out);
/* As it is printed: undefined and null are empty here, unlike Jinja's None. */
void template_text(const struct guild_value *v, struct guild_buf *out);
int template_compare(const struct guild_value *x, const struct guild_value *y);

#endif
