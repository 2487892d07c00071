/* The man page and the command reference, made from the table of commands. Private to cmd/. */
#ifndef GUILD_CMD_DOCS_H
#define GUILD_CMD_DOCS_H

#include "cmd.h"

void guild_docs_man(struct guild_buf *out);       /* roff, for man(1) */
void guild_docs_reference(struct guild_buf *out); /* Markdown */

/* A help text cut into paragraphs: calls `heading`, `example` (lines kept as they are) or `text` for each, in order. */
struct guild_docs_writer {
	void (*heading)(struct guild_buf *out, struct guild_str text);
	void (*example)(struct guild_buf *out, struct guild_str text);
	void (*text)(struct guild_buf *out, struct guild_str text);
};
void guild_docs_paragraphs(const struct guild_docs_writer *w, const char *help,
	struct guild_buf *out);
/* The sentence of an option with what its choices are. */
void guild_docs_option_text(const struct guild_opt *opt, struct guild_buf *out);
/* Tables that are described once for all commands. */
bool guild_docs_is_common(const struct guild_opt *table);

#endif
