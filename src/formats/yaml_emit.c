/* Values to YAML, byte for byte as PyYAML's safe_dump lays them out. */

#include "yaml_emit.h"

#include <stdlib.h>
#include <string.h>

enum { INDENT = 2, WIDTH = 80, SIMPLE_KEY_MAX = 128, ESCAPED_KEY_MAX = 1000 };

void guild_yaml_write_line_break(struct emitter *e)
{
	guild_buf_putc(e->out, '\n');
	e->at_space = true;
	e->at_indention = true;
	e->column = 0;
}

void guild_yaml_write_indent(struct emitter *e)
{
	size_t indent = e->indent > 0 ? (size_t)e->indent : 0;
	if (!e->at_indention || e->column > indent || (e->column == indent && !e->at_space)) {
		guild_yaml_write_line_break(e);
	}
	if (e->column < indent) {
		e->at_space = true;
		while (e->column < indent) {
			guild_buf_putc(e->out, ' ');
			e->column++;
		}
	}
}

void guild_yaml_write_indicator(struct emitter *e, const char *text, bool needs_space,
	bool is_space, bool is_indention)
{
	if (needs_space && !e->at_space) {
		guild_buf_putc(e->out, ' ');
		e->column++;
	}
	guild_buf_puts(e->out, text);
	e->column += strlen(text);
	e->at_space = is_space;
	e->at_indention = e->at_indention && is_indention;
}

static int deeper(int indent, bool is_flow)
{
	if (indent < 0) {
		return is_flow ? INDENT : 0;
	}
	return indent + INDENT;
}

static void write_scalar(struct emitter *e, const struct guild_value *v)
{
	struct guild_buf scratch = {0};
	struct scalar s;
	int indent = e->indent;
	guild_yaml_scalar_init(&s, e, v, &scratch);
	e->indent = deeper(indent, true);
	guild_yaml_write_scalar(e, &s);
	e->indent = indent;
	guild_buf_fini(&scratch);
}

static bool is_simple_key(const struct emitter *e, const struct guild_value *key)
{
	struct guild_buf scratch = {0};
	struct scalar s;
	guild_yaml_scalar_init(&s, e, key, &scratch);
	/* A reader looks for the ':' of such a key within 1024 characters; an escape may take ten. */
	size_t length = strlen(s.tag) + s.n_chars;
	bool is_simple = s.text.n > 0 && !s.is_multiline && length < SIMPLE_KEY_MAX &&
			 s.n_escaped < ESCAPED_KEY_MAX;
	guild_buf_fini(&scratch);
	return is_simple;
}

/* ---- order of keys ---- */

static int compare_pairs(const void *a, const void *b)
{
	const struct guild_value *x = ((const struct guild_pair *)a)->key;
	const struct guild_value *y = ((const struct guild_pair *)b)->key;
	if (x->type == GUILD_STRING || x->type == GUILD_DATE) {
		size_t n = x->s.n < y->s.n ? x->s.n : y->s.n;
		int order = n ? memcmp(x->s.p, y->s.p, n) : 0;
		return order ? order : (x->s.n > y->s.n) - (x->s.n < y->s.n);
	}
	if (x->type == GUILD_INT && y->type == GUILD_INT && !x->s.n && !y->s.n) {
		return (x->i > y->i) - (x->i < y->i);
	}
	double fx = guild_value_as_f64(x);
	double fy = guild_value_as_f64(y);
	return (fx > fy) - (fx < fy);
}

/* Python refuses to order keys of unlike types, and they stay as they are. */
static bool can_sort(const struct guild_value *dict)
{
	for (size_t i = 0; i < dict->n; i++) {
		enum guild_type t = dict->pairs[i].key->type;
		enum guild_type first = dict->pairs[0].key->type;
		bool is_alike = t == GUILD_STRING || t == GUILD_DATE
					? t == first
					: first != GUILD_STRING && first != GUILD_DATE;
		if (t == GUILD_NULL || !is_alike) {
			return false;
		}
	}
	return dict->n > 1;
}

/* A sorted copy the caller frees, or NULL: the order is as it is. */
static struct guild_pair *sorted_pairs(const struct emitter *e, const struct guild_value *dict)
{
	if (!e->sort_keys || !can_sort(dict)) {
		return NULL;
	}
	struct guild_pair *copy = guild_alloc(dict->n * sizeof *copy);
	memcpy(copy, dict->pairs, dict->n * sizeof *copy);
	qsort(copy, dict->n, sizeof *copy, compare_pairs);
	return copy;
}

/* ---- collections ---- */

static void write_node(struct emitter *e, const struct guild_value *v, bool is_mapping,
	bool is_key);

static void write_flow_break(struct emitter *e)
{
	if (e->column > e->width) {
		guild_yaml_write_indent(e);
	}
}

static void write_flow_sequence(struct emitter *e, const struct guild_value *v)
{
	guild_yaml_write_indicator(e, "[", true, true, false);
	e->flow_level++;
	e->indent = deeper(e->indent, true);
	for (size_t i = 0; i < v->n; i++) {
		if (i > 0) {
			guild_yaml_write_indicator(e, ",", false, false, false);
		}
		write_flow_break(e);
		write_node(e, v->items[i], false, false);
	}
	e->flow_level--;
	guild_yaml_write_indicator(e, "]", false, false, false);
}

static void write_flow_pair(struct emitter *e, const struct guild_pair *pair)
{
	write_flow_break(e);
	if (is_simple_key(e, pair->key)) {
		write_node(e, pair->key, true, true);
		guild_yaml_write_indicator(e, ":", false, false, false);
	} else {
		guild_yaml_write_indicator(e, "?", true, false, false);
		write_node(e, pair->key, true, false);
		write_flow_break(e);
		guild_yaml_write_indicator(e, ":", true, false, false);
	}
	write_node(e, pair->value, true, false);
}

static void write_flow_mapping(struct emitter *e, const struct guild_value *v)
{
	struct guild_pair *sorted = sorted_pairs(e, v);
	guild_yaml_write_indicator(e, "{", true, true, false);
	e->flow_level++;
	e->indent = deeper(e->indent, true);
	for (size_t i = 0; i < v->n; i++) {
		if (i > 0) {
			guild_yaml_write_indicator(e, ",", false, false, false);
		}
		write_flow_pair(e, sorted ? &sorted[i] : &v->pairs[i]);
	}
	e->flow_level--;
	guild_yaml_write_indicator(e, "}", false, false, false);
	free(sorted);
}

static void write_block_sequence(struct emitter *e, const struct guild_value *v, bool is_mapping)
{
	bool is_indentless = is_mapping && !e->at_indention;
	if (!is_indentless || e->indent < 0) {
		e->indent = deeper(e->indent, false);
	}
	for (size_t i = 0; i < v->n; i++) {
		guild_yaml_write_indent(e);
		guild_yaml_write_indicator(e, "-", true, false, true);
		write_node(e, v->items[i], false, false);
	}
}

static void write_block_pair(struct emitter *e, const struct guild_pair *pair)
{
	guild_yaml_write_indent(e);
	if (is_simple_key(e, pair->key)) {
		write_node(e, pair->key, true, true);
		guild_yaml_write_indicator(e, ":", false, false, false);
	} else {
		guild_yaml_write_indicator(e, "?", true, false, true);
		write_node(e, pair->key, true, false);
		guild_yaml_write_indent(e);
		guild_yaml_write_indicator(e, ":", true, false, true);
	}
	write_node(e, pair->value, true, false);
}

static void write_block_mapping(struct emitter *e, const struct guild_value *v)
{
	struct guild_pair *sorted = sorted_pairs(e, v);
	e->indent = deeper(e->indent, false);
	for (size_t i = 0; i < v->n; i++) {
		write_block_pair(e, sorted ? &sorted[i] : &v->pairs[i]);
	}
	free(sorted);
}

/* `is_mapping`: the node is a key or value of a mapping; `is_key`: it stands before a ':' on one line. */
static void write_node(struct emitter *e, const struct guild_value *v, bool is_mapping, bool is_key)
{
	bool was_key = e->is_key;
	int indent = e->indent;
	bool is_flow = e->flow_level > 0 || e->is_flow || v->n == 0;
	e->is_key = is_key;
	if (v->type == GUILD_LIST && is_flow) {
		write_flow_sequence(e, v);
	} else if (v->type == GUILD_LIST) {
		write_block_sequence(e, v, is_mapping);
	} else if (v->type == GUILD_DICT && is_flow) {
		write_flow_mapping(e, v);
	} else if (v->type == GUILD_DICT) {
		write_block_mapping(e, v);
	} else {
		write_scalar(e, v);
	}
	e->indent = indent;
	e->is_key = was_key;
}

static void dump(struct emitter *e, const struct guild_value *v)
{
	static const struct guild_value null = {.type = GUILD_NULL};
	e->indent = -1;
	e->at_space = true;
	e->at_indention = true;
	write_node(e, v ? v : &null, false, false);
}

void guild_yaml_dump(struct guild_buf *out, const struct guild_value *v, bool sort_keys)
{
	struct emitter e = {
		.out = out, .width = WIDTH, .sort_keys = sort_keys, .quote_yes_no = true};
	dump(&e, v);
}

void guild_yaml_dump_flow(struct guild_buf *out, const struct guild_value *v)
{
	struct emitter e = {.out = out, .width = SIZE_MAX / 2, .sort_keys = true, .is_flow = true};
	dump(&e, v);
}
