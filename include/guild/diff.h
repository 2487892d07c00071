/*
 * What differs: texts, values, packages, files and series of two runs; columns and effects of flags over many. Knows store, collect, run, formats.
 */
#ifndef GUILD_DIFF_H
#define GUILD_DIFF_H

#include <guild/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- packages ---------------------------------------------------------------------------------------- */

struct guild_installed_package {
	const char *key;     /* what is compared: lower case, '-' for '_' and '.' */
	const char *name;    /* as it was written */
	const char *version; /* or the place it came from */
};
struct guild_installed { /* sorted by key */
	struct guild_installed_package *v;
	size_t n;
};
/* The packages of attribute pip_freeze: "NAME==VERSION", "NAME @ PLACE", "-e PLACE#egg=NAME". NULL and what is no list: none. */
void guild_installed_read(struct guild_arena *a, const struct guild_value *freeze,
	struct guild_installed *out);
/* Order of two versions as far as their releases, pre-releases and post-releases tell (PEP 440). */
int guild_package_version_cmp(const char *a, const char *b);

/* Whether guild itself writes an attribute of that name; the others are an operation's own. */
bool guild_diff_is_core_attr(const char *name);

/* ---- many runs ------------------------------------------------------------------------------------------ */

/* guild compare --changed: leaves out the columns that are the same in every row, but "run", and adds those attributes that are not:
 * source code, commit, host, user, interpreter, processor, attributes of the operation's own, inputs and packages. */
void guild_compare_keep_changed(const struct guild_runs *runs, struct guild_compare_table *t,
	const struct guild_log *log);

/* ---- lines ------------------------------------------------------------------------------------------------ */

/* A unified diff of two texts, with three lines around each change; nothing is appended for equal texts. */
void guild_line_diff(struct guild_str a, struct guild_str b, const char *a_name, const char *b_name,
	struct guild_buf *out);

#ifdef __cplusplus
}
#endif

#endif
