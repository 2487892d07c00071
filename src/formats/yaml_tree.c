/* A YAML document as a tree of places in its text, from libyaml's marks. */

#include "yaml_tree.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

/* Offsets of characters are kept, 4 bytes each; larger files are written anew. */
enum { TREE_MAX_BYTES = 4 << 20, TREE_MAX_DEPTH = GUILD_YAML_MAX_DEPTH };

struct builder {
	struct guild_arena *a;
	yaml_parser_t parser;
	uint32_t *offsets; /* byte of each character; libyaml counts characters */
	size_t n_offsets;
	unsigned depth;
};

static size_t offset_of(const struct builder *b, yaml_mark_t mark)
{
	return b->offsets[mark.index < b->n_offsets ? mark.index : b->n_offsets - 1];
}

/* The byte order mark is no character for libyaml. */
static void count_offsets(struct builder *b, struct guild_str text)
{
	size_t i = guild_str_starts(text, "\xEF\xBB\xBF") ? 3 : 0;
	b->offsets = guild_alloc((text.n + 2) * sizeof *b->offsets);
	for (; i < text.n; i++) {
		if (((unsigned char)text.p[i] & 0xC0) != 0x80) {
			b->offsets[b->n_offsets++] = (uint32_t)i;
		}
	}
	b->offsets[b->n_offsets++] = (uint32_t)text.n;
}

static bool is_string(const yaml_event_t *e, struct guild_str text)
{
	const char *tag = (const char *)e->data.scalar.tag;
	if (tag) {
		return strcmp(tag, "!") == 0 || strcmp(tag, "tag:yaml.org,2002:str") == 0;
	}
	return e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE ||
	       guild_yaml_plain_kind(text, GUILD_YAML_PLAIN) == GUILD_PLAIN_STRING;
}

static struct guild_yaml_node *new_node(struct builder *b, const yaml_event_t *e)
{
	struct guild_yaml_node *n = guild_arena_alloc(b->a, sizeof *n);
	const yaml_char_t *anchor = NULL;
	n->from = offset_of(b, e->start_mark);
	n->to = offset_of(b, e->end_mark);
	n->column = e->start_mark.column;
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		n->kind = GUILD_YAML_SCALAR;
		anchor = e->data.scalar.anchor;
		n->has_tag = e->data.scalar.tag != NULL;
		n->text = guild_str_n(guild_arena_strndup(b->a, (const char *)e->data.scalar.value,
					      e->data.scalar.length),
			e->data.scalar.length);
		n->is_literal = e->data.scalar.style == YAML_LITERAL_SCALAR_STYLE ||
				e->data.scalar.style == YAML_FOLDED_SCALAR_STYLE;
		n->is_text = is_string(e, n->text);
		break;
	case YAML_SEQUENCE_START_EVENT:
		n->kind = GUILD_YAML_SEQUENCE;
		anchor = e->data.sequence_start.anchor;
		n->has_tag = e->data.sequence_start.tag != NULL;
		n->is_flow = e->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
		break;
	case YAML_MAPPING_START_EVENT:
		n->kind = GUILD_YAML_MAPPING;
		anchor = e->data.mapping_start.anchor;
		n->has_tag = e->data.mapping_start.tag != NULL;
		n->is_flow = e->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
		break;
	default:
		n->kind = GUILD_YAML_ALIAS;
		break;
	}
	n->anchor = guild_arena_strdup(b->a, (const char *)anchor);
	return n;
}

static void add_child(struct builder *b, struct guild_yaml_node *n, struct guild_yaml_node *child)
{
	if (n->n == n->cap) {
		size_t cap = n->cap ? 2 * n->cap : 8;
		struct guild_yaml_node **more = guild_arena_alloc(b->a, cap * sizeof(*more));
		if (n->n > 0) {
			memcpy(more, n->children, n->n * sizeof(*more));
		}
		n->children = more;
		n->cap = cap;
	}
	n->children[n->n++] = child;
}

/* Reads nodes until a collection or the document ends. */
static bool read_into(struct builder *b, struct guild_yaml_node *parent)
{
	for (;;) {
		yaml_event_t e;
		if (!yaml_parser_parse(&b->parser, &e)) {
			return false;
		}
		yaml_event_type_t type = e.type;
		bool is_end = type == YAML_SEQUENCE_END_EVENT || type == YAML_MAPPING_END_EVENT ||
			      type == YAML_STREAM_END_EVENT;
		if (is_end && parent->is_flow) {
			parent->to = offset_of(b, e.end_mark);
		}
		struct guild_yaml_node *n = NULL;
		if (type == YAML_SCALAR_EVENT || type == YAML_ALIAS_EVENT ||
			type == YAML_SEQUENCE_START_EVENT || type == YAML_MAPPING_START_EVENT) {
			n = new_node(b, &e);
			add_child(b, parent, n);
		}
		yaml_event_delete(&e);
		if (is_end) {
			break;
		}
		if (n && type != YAML_SCALAR_EVENT && type != YAML_ALIAS_EVENT) {
			bool is_read = b->depth < TREE_MAX_DEPTH;
			b->depth++;
			is_read = is_read && read_into(b, n);
			b->depth--;
			if (!is_read) {
				return false;
			}
		}
	}
	if (!parent->is_flow && parent->n > 0) {
		parent->to = parent->children[parent->n - 1]->to;
	}
	return true;
}

bool guild_yaml_tree(struct guild_arena *a, struct guild_str text, struct guild_yaml_node **out)
{
	struct builder b = {.a = a};
	struct guild_yaml_node top = {.kind = GUILD_YAML_SEQUENCE};
	if (text.n > TREE_MAX_BYTES || !guild_utf8_valid(text.p, text.n) ||
		!yaml_parser_initialize(&b.parser)) {
		return false;
	}
	count_offsets(&b, text);
	yaml_parser_set_input_string(&b.parser, (const unsigned char *)(text.p ? text.p : ""),
		text.n);
	bool is_good = read_into(&b, &top) && top.n <= 1;
	yaml_parser_delete(&b.parser);
	free(b.offsets);
	if (is_good) {
		*out = top.n ? top.children[0] : NULL;
	}
	return is_good;
}

struct guild_yaml_node *guild_yaml_tree_get(const struct guild_yaml_node *map, const char *key,
	struct guild_yaml_node **key_node)
{
	struct guild_yaml_node *found = NULL;
	for (size_t i = 0; i + 1 < map->n; i += 2) {
		struct guild_yaml_node *k = map->children[i];
		if (k->kind == GUILD_YAML_SCALAR && k->is_text && guild_str_eqz(k->text, key)) {
			*key_node = k;
			found = map->children[i + 1];
		}
	}
	return found;
}
