/* The state of one YAML text being written; shared by its structure (yaml_emit.c) and its scalars (yaml_scalar.c).
 *
 * The layout rules are those of PyYAML's safe_dump, which other programs compare byte for byte. */
#ifndef GUILD_YAML_EMIT_H
#define GUILD_YAML_EMIT_H

#include "formats_private.h"

struct emitter {
	struct guild_buf *out;
	size_t width;  /* fold after this column; a huge one never does */
	size_t column; /* in characters */
	int indent;    /* -1 outside every collection */
	unsigned flow_level;
	bool at_space;     /* the last thing written separates */
	bool at_indention; /* only indention and indicators on this line so far */
	bool is_key;       /* inside a simple key: nothing folds */
	bool is_flow;      /* every collection in flow style, all on one line */
	bool sort_keys;
	bool quote_yes_no; /* y and n are quoted */
};

/* A scalar's text and how it may be written. */
struct scalar {
	struct guild_str text;
	const char *tag;  /* short form: "!!str" */
	bool is_implicit; /* plain text would be read as this tag again */
	bool is_string;
	size_t n_chars;
	size_t n_escaped; /* characters when everything outside ASCII is an escape */
	bool is_multiline;
	bool allow_flow_plain, allow_block_plain, allow_single;
};

/* `scratch` holds the text of what is no string. */
void guild_yaml_scalar_init(struct scalar *s, const struct emitter *e, const struct guild_value *v,
	struct guild_buf *scratch);
void guild_yaml_write_scalar(struct emitter *e, const struct scalar *s);

void guild_yaml_write_indent(struct emitter *e);
void guild_yaml_write_line_break(struct emitter *e);
void guild_yaml_write_indicator(struct emitter *e, const char *text, bool needs_space,
	bool is_space, bool is_indention);

#endif
