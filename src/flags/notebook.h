/* Notebooks as text: cells and the place of their source in the file. Private to the room. */
#ifndef GUILD_NOTEBOOK_H
#define GUILD_NOTEBOOK_H

#include "guild/base.h"

/* ---- python_cell.c ---- */

/* Blanks out what IPython adds to Python (magics, shell commands, help), length and lines kept. False: the cell is of
 * another language. */
bool guild_py_mask_cell(struct guild_buf *text);

/* ---- notebook_text.c ---- */

enum {
	GUILD_NOTEBOOK_MAX_BYTES = 256 << 20,
	GUILD_NOTEBOOK_MAX_CELLS = 100000,
};

/* One JSON string of a cell's source: a line of it, or all. */
struct notebook_piece {
	size_t start, end; /* in the file, quotes included */
	struct guild_buf text;
	bool is_changed;
};
struct notebook_cell {
	struct notebook_piece *pieces;
	size_t n, cap;
	bool is_code;
};
struct notebook {
	struct guild_str file; /* borrowed */
	struct notebook_cell *cells;
	size_t n, cap;
	char *language; /* "python" where the file does not say */
};

/* Finds the cells. `name` is for messages. GUILD_EINVALID: not JSON, or no notebook of format 4. */
int guild_notebook_parse(struct guild_str file, const char *name, struct notebook *out,
	struct guild_error *err);
void guild_notebook_fini(struct notebook *nb);
void guild_notebook_cell_source(const struct notebook_cell *cell, struct guild_buf *out);
/* Replaces bytes [from, to) of the cell's source. */
void guild_notebook_cell_edit(struct notebook_cell *cell, size_t from, size_t to,
	struct guild_str by);
/* The file with its changed pieces; every other byte is as it was. */
void guild_notebook_print(const struct notebook *nb, struct guild_buf *out);

#endif
