/* The flags of a batch as what is searched. Private to search. */
#ifndef GUILD_SEARCH_FLAG_SPACE_H
#define GUILD_SEARCH_FLAG_SPACE_H

#include "sampler.h"

/* When a flag is searched: another flag has one of these values. */
struct flag_condition {
	const char *flag;                 /* NULL: always */
	const struct guild_value *values; /* list */
};
/* `when` of a flag: {NAME: VALUE or [VALUES]}, "NAME=VALUE" or "NAME=[VALUES]". NULL: always. */
int search_condition_read(struct guild_arena *a, const char *name, const struct guild_value *when,
	struct flag_condition *out, struct guild_error *err);
bool search_condition_holds(const struct flag_condition *c, const struct guild_value *value);

/* The dimension that a value asks for: a list, or a function's text (not one of lists). `initial` may lie outside of it. */
int search_function_dim(struct guild_arena *a, const char *name, const struct guild_value *v,
	struct guild_dim *out, struct guild_error *err);

/* One value as numpy 1 and scikit-optimize 0.8 draw it, which Guild AI 0.9.0 uses (batches.md 3.2). */
double search_draw(struct guild_mt19937 *mt, const struct guild_dim *d);
/* What they take from the generator before they draw. */
void search_draw_skip(struct guild_mt19937 *mt);

#endif
