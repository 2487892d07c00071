/* Values of YAML files changed in place. */

#include "config_private.h"
#include "yaml_tree.h"

#include <stdlib.h>
#include <string.h>

struct editing {
	struct guild_arena *a;
	struct guild_str text;
	struct guild_buf *out;
};

static size_t line_end(struct guild_str text, size_t at)
{
	while (at < text.n && text.p[at] != '\n') {
		at++;
	}
	return at > 0 && at < text.n && text.p[at - 1] == '\r' ? at - 1 : at;
}

/* The value on one line; an anchor stays, as others may name it. */
static void put_value(struct guild_buf *out, const struct guild_yaml_node *old,
	const struct guild_value *v)
{
	if (old->anchor) {
		guild_buf_printf(out, "&%s ", old->anchor);
	}
	guild_yaml_dump_flow(out, v);
}

/* ---- values that are there ---------------------------------------------------------------------------------- */

/* "k:  # why" and the lines of a block below it: the value goes behind the colon, the comment stays. */
static int replace_block(struct editing *e, const struct guild_yaml_node *key,
	const struct guild_yaml_node *old, const struct guild_value *v)
{
	size_t colon = key->to;
	while (colon < old->from && e->text.p[colon] != ':') {
		colon++;
	}
	size_t eol = line_end(e->text, colon);
	if (colon >= old->from || eol > old->from) {
		return GUILD_EDIT_CANNOT;
	}
	struct guild_buf with = {0};
	guild_buf_putc(&with, ' ');
	put_value(&with, old, v);
	if (!old->anchor && !old->has_tag) {
		guild_buf_append(&with, e->text.p + colon + 1, eol - colon - 1);
	}
	size_t to = old->to;
	while (to > old->from && (e->text.p[to - 1] == '\n' || e->text.p[to - 1] == '\r')) {
		to--; /* of a block scalar that ends the block */
	}
	guild_splice(e->out, e->text, colon + 1, to, guild_buf_str(&with));
	guild_buf_fini(&with);
	return 0;
}

static int replace(struct editing *e, const struct guild_yaml_node *key,
	const struct guild_yaml_node *old, const struct guild_value *v)
{
	bool is_collection = old->kind == GUILD_YAML_SEQUENCE || old->kind == GUILD_YAML_MAPPING;
	if (is_collection && !old->is_flow) {
		return replace_block(e, key, old, v);
	}
	struct guild_buf with = {0};
	if (old->from == old->to) {
		guild_buf_putc(&with, ' ');
	}
	put_value(&with, old, v);
	if (old->is_literal && old->to > 0 && e->text.p[old->to - 1] == '\n') {
		guild_buf_putc(&with, '\n');
	}
	guild_splice(e->out, e->text, old->from, old->to, guild_buf_str(&with));
	guild_buf_fini(&with);
	return 0;
}

/* ---- values that are new -------------------------------------------------------------------------------------- */

static struct guild_value *pair_of(struct editing *e, const struct guild_change *c, size_t depth)
{
	struct guild_value *pair = guild_value_dict(e->a);
	guild_value_set(e->a, pair, c->keys[depth], guild_change_nest(e->a, c, depth + 1));
	return pair;
}

/* Lines of block style behind `column` blanks, each but the first after a line end. */
static void put_lines(struct guild_buf *out, const struct guild_value *pair, size_t column)
{
	struct guild_buf lines = {0};
	guild_yaml_dump(&lines, pair, false);
	guild_buf_printf(out, "%*s", (int)column, "");
	for (size_t i = 0; i < lines.n; i++) {
		guild_buf_putc(out, lines.p[i]);
		if (lines.p[i] == '\n') {
			guild_buf_printf(out, "%*s", (int)column, "");
		}
	}
	guild_buf_fini(&lines);
}

static void insert_block(struct editing *e, const struct guild_yaml_node *map,
	const struct guild_value *pair)
{
	struct guild_buf with = {0};
	size_t at = map->to;
	bool is_at_line = at > 0 && e->text.p[at - 1] == '\n'; /* after a block scalar */
	if (!is_at_line) {
		at = line_end(e->text, at);
		guild_buf_putc(&with, '\n');
	}
	put_lines(&with, pair, map->children[0]->column);
	if (is_at_line) {
		guild_buf_putc(&with, '\n');
	}
	guild_splice(e->out, e->text, at, at, guild_buf_str(&with));
	guild_buf_fini(&with);
}

static int insert_flow(struct editing *e, const struct guild_yaml_node *map,
	const struct guild_value *pair)
{
	const char *open = memchr(e->text.p + map->from, '{', map->to - map->from);
	if (!open) {
		return GUILD_EDIT_CANNOT;
	}
	struct guild_buf with = {0};
	struct guild_buf flow = {0};
	size_t at = map->n ? map->to : (size_t)(open + 1 - e->text.p);
	if (map->n) {
		at = map->children[map->n - 1]->to;
		guild_buf_puts(&with, ", ");
	}
	guild_yaml_dump_flow(&flow, pair);
	guild_buf_append(&with, flow.p + 1, flow.n - 2); /* without its braces */
	guild_splice(e->out, e->text, at, at, guild_buf_str(&with));
	guild_buf_fini(&with);
	guild_buf_fini(&flow);
	return 0;
}

/* A document of nothing but comments. */
static void append(struct editing *e, const struct guild_value *pair)
{
	guild_buf_append(e->out, e->text.p, e->text.n);
	if (e->text.n > 0 && e->text.p[e->text.n - 1] != '\n') {
		guild_buf_putc(e->out, '\n');
	}
	put_lines(e->out, pair, 0);
	guild_buf_putc(e->out, '\n');
}

static int change(struct editing *e, struct guild_yaml_node *root, const struct guild_change *c)
{
	struct guild_yaml_node *map = root;
	for (size_t depth = 0; root && map->kind == GUILD_YAML_MAPPING; depth++) {
		struct guild_yaml_node *key = NULL;
		struct guild_yaml_node *value = guild_yaml_tree_get(map, c->keys[depth], &key);
		if (!value && map->is_flow) {
			return insert_flow(e, map, pair_of(e, c, depth));
		}
		if (!value && map->n > 0) {
			insert_block(e, map, pair_of(e, c, depth));
			return 0;
		}
		if (!value) {
			break;
		}
		if (depth + 1 == c->n) {
			return replace(e, key, value, c->value);
		}
		if (value->kind == GUILD_YAML_ALIAS) {
			return (int)(depth + 1);
		}
		if (value->kind != GUILD_YAML_MAPPING) {
			/* Nothing, so far: a mapping takes its place. */
			return value->kind == GUILD_YAML_SCALAR ? (int)(depth + 1)
								: GUILD_EDIT_CANNOT;
		}
		map = value;
	}
	bool is_empty = !root || (root->kind == GUILD_YAML_SCALAR && root->from == root->to);
	if (is_empty) {
		append(e, pair_of(e, c, 0));
	}
	return is_empty ? 0 : GUILD_EDIT_CANNOT;
}

int guild_yaml_edit(struct guild_str text, const struct guild_change *c, struct guild_buf *out)
{
	struct editing e = {.a = guild_arena_new(), .text = text, .out = out};
	struct guild_yaml_node *root = NULL;
	int rc = guild_yaml_tree(e.a, text, &root) ? change(&e, root, c) : GUILD_EDIT_CANNOT;
	guild_arena_free(e.a);
	return rc;
}
