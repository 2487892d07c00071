/* A YAML document as a tree of places in its text. Private to formats/. */
#ifndef GUILD_FORMATS_YAML_TREE_H
#define GUILD_FORMATS_YAML_TREE_H

#include "formats_private.h"

enum guild_yaml_kind {
	GUILD_YAML_SCALAR,
	GUILD_YAML_SEQUENCE,
	GUILD_YAML_MAPPING,
	GUILD_YAML_ALIAS
};

struct guild_yaml_node {
	enum guild_yaml_kind kind;
	size_t from, to;    /* bytes; of a block collection `to` is where its last leaf ends */
	size_t column;      /* of `from`, in characters */
	const char *anchor; /* or NULL */
	bool has_tag;
	bool is_flow;
	bool is_literal;       /* a block scalar: `to` is after its line end */
	bool is_text;          /* a scalar that reads as a string */
	struct guild_str text; /* of a scalar */
	size_t n, cap;         /* children; of a mapping keys and values by turns */
	struct guild_yaml_node **children;
};

/* NULL in *out for a document without a node. False when the text cannot be read, or is not UTF-8, or too large. */
bool guild_yaml_tree(struct guild_arena *a, struct guild_str text, struct guild_yaml_node **out);
/* The value of a key that is written in this mapping, the last of several, and the key; NULL where there is none. */
struct guild_yaml_node *guild_yaml_tree_get(const struct guild_yaml_node *map, const char *key,
	struct guild_yaml_node **key_node);

#endif
