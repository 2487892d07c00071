/* Notebooks cell by cell. Private to diff/. */
#ifndef GUILD_DIFF_NOTEBOOK_H
#define GUILD_DIFF_NOTEBOOK_H

#include "guild/diff.h"

enum guild_cell_change_kind {
	GUILD_CELL_ADDED,
	GUILD_CELL_REMOVED,
	GUILD_CELL_SOURCE,
	GUILD_CELL_OUTPUTS,
};
struct guild_cell_change {
	enum guild_cell_change_kind kind;
	const char *type;                    /* "code", "markdown", … */
	size_t old_cell, new_cell;           /* from 1; 0: there is none */
	struct guild_str old_text, new_text; /* what differs: source or outputs, as lines */
};
struct guild_notebook_diff {
	struct guild_cell_change *v;
	size_t n, cap;
	struct guild_value_changes metadata; /* of the notebook */
};
/* Everything lives in `a`, but for what guild_notebook_diff_fini frees. GUILD_EINVALID: one of them is no notebook of format 4 or 3. */
int guild_notebook_diff(struct guild_arena *a, struct guild_str old, struct guild_str new_,
	struct guild_notebook_diff *out, struct guild_error *err);
void guild_notebook_diff_fini(struct guild_notebook_diff *d);

#endif
