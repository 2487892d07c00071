/* YAML 1.1 text to values, over libyaml's events, with PyYAML's safe_load as the judge. */

#include "formats_private.h"

#include <string.h>
#include <yaml.h>

#define TAG "tag:yaml.org,2002:"

/* What an anchor names. Aliases share the value; `size` counts its nodes as if every alias were written out. */
struct anchor {
	struct guild_value *value; /* NULL while it is being read */
	size_t size;
};

struct reader {
	yaml_parser_t parser;
	struct guild_arena *arena;
	const char *name; /* or NULL */
	unsigned options;
	struct guild_map anchors;
	size_t n_nodes; /* with aliases written out */
	unsigned depth;
	bool has_stand_ins;
	struct guild_buf scratch;
	struct guild_error *err;
};

static int fail(struct reader *r, int code, yaml_mark_t at, const char *what)
{
	if (!r->name) {
		return guild_error_set(r->err, code, "%s (line %zu, column %zu)", what, at.line + 1,
			at.column + 1);
	}
	return guild_error_set(r->err, code, "%s:%zu:%zu: %s", r->name, at.line + 1, at.column + 1,
		what);
}

static int fail_parser(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;
	const char *problem = p->problem ? p->problem : "not readable as YAML";
	if (p->error == YAML_READER_ERROR) {
		return fail(r, GUILD_EINVALID, p->mark, problem);
	}
	if (!p->context || p->context_mark.line == p->problem_mark.line) {
		return fail(r, GUILD_EINVALID, p->problem_mark, problem);
	}
	char what[256];
	(void)snprintf(what, sizeof what, "%s (%s that starts at line %zu)", problem, p->context,
		p->context_mark.line + 1);
	return fail(r, GUILD_EINVALID, p->problem_mark, what);
}

static int next_event(struct reader *r, yaml_event_t *event)
{
	return yaml_parser_parse(&r->parser, event) ? 0 : fail_parser(r);
}

static int read_node(struct reader *r, yaml_event_t *event, struct guild_value **out,
	bool *is_merge);

static struct guild_value *place(const struct reader *r, struct guild_value *v, yaml_mark_t at)
{
	if (v->line == 0) {
		v->file = r->name;
		v->line = (uint32_t)at.line + 1;
		v->column = (uint32_t)at.column + 1;
	}
	return v;
}

static int count_nodes(struct reader *r, size_t n, yaml_mark_t at)
{
	r->n_nodes += n;
	return r->n_nodes > GUILD_YAML_MAX_NODES
		       ? fail(r, GUILD_ELIMIT, at, "too many values (aliases count each time)")
		       : 0;
}

/* ---- anchors ---- */

static int open_anchor(struct reader *r, const yaml_char_t *name, yaml_mark_t at,
	struct anchor **out)
{
	*out = NULL;
	if (!name) {
		return 0;
	}
	const char *key = (const char *)name;
	if (guild_map_has(&r->anchors, key)) {
		return fail(r, GUILD_EINVALID, at, "an anchor of this name was set before");
	}
	*out = guild_arena_alloc(r->arena, sizeof **out);
	guild_map_put(&r->anchors, key, *out);
	return 0;
}

static int read_alias(struct reader *r, const yaml_event_t *event, struct guild_value **out)
{
	const struct anchor *anchor =
		guild_map_get(&r->anchors, (const char *)event->data.alias.anchor);
	if (!anchor) {
		return fail(r, GUILD_EINVALID, event->start_mark,
			"alias of an anchor that is not set");
	}
	if (!anchor->value) {
		return fail(r, GUILD_EINVALID, event->start_mark, "alias inside its own anchor");
	}
	*out = anchor->value;
	return count_nodes(r, anchor->size, event->start_mark);
}

/* ---- scalars ---- */

static enum guild_plain_kind kind_of_tag(const char *tag, bool *is_known)
{
	static const struct {
		const char *tag;
		enum guild_plain_kind kind;
	} kinds[] = {
		{TAG "str", GUILD_PLAIN_STRING},
		{TAG "null", GUILD_PLAIN_NULL},
		{TAG "bool", GUILD_PLAIN_BOOL},
		{TAG "int", GUILD_PLAIN_INT},
		{TAG "float", GUILD_PLAIN_FLOAT},
		{TAG "timestamp", GUILD_PLAIN_TIMESTAMP},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(kinds); i++) {
		if (strcmp(kinds[i].tag, tag) == 0) {
			*is_known = true;
			return kinds[i].kind;
		}
	}
	*is_known = false;
	return GUILD_PLAIN_STRING;
}

/* !!int, !!float … on any text: it must read as that. */
static int read_tagged(struct reader *r, const yaml_event_t *event, struct guild_str text,
	struct guild_value **out)
{
	bool is_known = false;
	const char *tag = (const char *)event->data.scalar.tag;
	enum guild_plain_kind wanted = kind_of_tag(tag, &is_known);
	if (!is_known) {
		return fail(r, GUILD_EINVALID, event->start_mark, "a tag that is not supported");
	}
	enum guild_plain_kind found = guild_yaml_plain_kind(text, r->options);
	struct guild_value *v = NULL;
	if (wanted == GUILD_PLAIN_STRING || wanted == GUILD_PLAIN_NULL || wanted == found) {
		v = guild_yaml_make_scalar(r->arena, wanted, text);
	} else if (wanted == GUILD_PLAIN_FLOAT && found == GUILD_PLAIN_INT) {
		struct guild_value *whole = guild_yaml_make_scalar(r->arena, found, text);
		v = whole ? guild_value_float(r->arena, guild_value_as_f64(whole)) : NULL;
	}
	if (!v) {
		return fail(r, GUILD_EINVALID, event->start_mark,
			"a value that does not fit its tag");
	}
	*out = v;
	return 0;
}

static int read_scalar(struct reader *r, const yaml_event_t *event, struct guild_value **out,
	bool *is_merge)
{
	struct guild_str text = {(const char *)event->data.scalar.value, event->data.scalar.length};
	if (r->has_stand_ins) {
		guild_buf_reset(&r->scratch);
		guild_lone_restore(text,
			event->data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE, &r->scratch);
		text = guild_buf_str(&r->scratch);
	}
	const char *tag = (const char *)event->data.scalar.tag;
	bool is_plain = event->data.scalar.plain_implicit || (tag && strcmp(tag, "!") == 0);
	if (!is_plain && !event->data.scalar.quoted_implicit) {
		return read_tagged(r, event, text, out);
	}
	bool is_typed = is_plain && !(r->options & GUILD_YAML_STRINGS);
	enum guild_plain_kind kind =
		is_typed ? guild_yaml_plain_kind(text, r->options) : GUILD_PLAIN_STRING;
	/* These two mean something as keys only; the caller that reads a key takes is_merge. */
	bool is_key = is_merge != NULL;
	if (kind == GUILD_PLAIN_MERGE || kind == GUILD_PLAIN_VALUE) {
		if (!is_key) {
			return fail(r, GUILD_EINVALID, event->start_mark,
				kind == GUILD_PLAIN_MERGE ? "'<<' as a value must be quoted"
							  : "'=' as a value must be quoted");
		}
		*is_merge = kind == GUILD_PLAIN_MERGE;
	}
	*out = guild_yaml_make_scalar(r->arena, kind, text);
	if (!*out) {
		*out = guild_value_string_n(r->arena, text.p, text.n);
	}
	return 0;
}

/* ---- collections ---- */

static bool is_plain_tag(const yaml_char_t *tag, const char *expected)
{
	return !tag || strcmp((const char *)tag, "!") == 0 ||
	       strcmp((const char *)tag, expected) == 0;
}

static int read_sequence(struct reader *r, const yaml_event_t *start, struct guild_value **out)
{
	if (!is_plain_tag(start->data.sequence_start.tag, TAG "seq")) {
		return fail(r, GUILD_EINVALID, start->start_mark, "a tag that is not supported");
	}
	struct guild_value *list = guild_value_list(r->arena);
	for (;;) {
		yaml_event_t event;
		int rc = next_event(r, &event);
		if (rc < 0) {
			return rc;
		}
		if (event.type == YAML_SEQUENCE_END_EVENT) {
			yaml_event_delete(&event);
			*out = list;
			return 0;
		}
		struct guild_value *item = NULL;
		rc = read_node(r, &event, &item, NULL);
		if (rc < 0) {
			return rc;
		}
		guild_value_append(r->arena, list, item);
	}
}

/* A mapping as written, before merging. */
struct pairs {
	struct guild_value *merges; /* list of dicts, in the order they apply */
	struct guild_value *own;    /* key, value, key, value, … */
};

static int add_merge(struct reader *r, struct pairs *pairs, struct guild_value *v, yaml_mark_t at)
{
	if (v->type == GUILD_DICT) {
		guild_value_append(r->arena, pairs->merges, v);
		return 0;
	}
	bool is_good = v->type == GUILD_LIST;
	for (size_t i = 0; is_good && i < v->n; i++) {
		is_good = v->items[i]->type == GUILD_DICT;
	}
	if (!is_good) {
		return fail(r, GUILD_EINVALID, at, "'<<' takes a mapping or a list of mappings");
	}
	/* The first of a list wins, so the last is put in first. */
	for (size_t i = v->n; i > 0; i--) {
		guild_value_append(r->arena, pairs->merges, v->items[i - 1]);
	}
	return 0;
}

static int read_pair(struct reader *r, yaml_event_t *key_event, struct pairs *pairs)
{
	yaml_mark_t key_mark = key_event->start_mark;
	struct guild_value *key = NULL;
	struct guild_value *value = NULL;
	bool is_merge = false;
	int rc = read_node(r, key_event, &key, &is_merge);
	if (rc < 0) {
		return rc;
	}
	if (key->type == GUILD_LIST || key->type == GUILD_DICT) {
		return fail(r, GUILD_EINVALID, key_mark, "a list or mapping cannot be a key");
	}
	yaml_event_t event;
	rc = next_event(r, &event);
	if (rc < 0) {
		return rc;
	}
	yaml_mark_t value_mark = event.start_mark;
	rc = read_node(r, &event, &value, NULL);
	if (rc < 0) {
		return rc;
	}
	if (is_merge) {
		return add_merge(r, pairs, value, value_mark);
	}
	guild_value_append(r->arena, pairs->own, key);
	guild_value_append(r->arena, pairs->own, value);
	return 0;
}

/* Merged keys come first; what the mapping says itself wins. */
static struct guild_value *join_pairs(struct reader *r, const struct pairs *pairs)
{
	struct guild_key_index ix = {0};
	struct guild_value *dict = guild_value_dict(r->arena);
	for (size_t i = 0; i < pairs->merges->n; i++) {
		const struct guild_value *from = pairs->merges->items[i];
		for (size_t j = 0; j < from->n; j++) {
			guild_value_put(r->arena, dict, &ix, from->pairs[j].key,
				from->pairs[j].value);
		}
	}
	for (size_t i = 0; i < pairs->own->n; i += 2) {
		guild_value_put(r->arena, dict, &ix, pairs->own->items[i],
			pairs->own->items[i + 1]);
	}
	guild_key_index_fini(&ix);
	return dict;
}

static int read_mapping(struct reader *r, const yaml_event_t *start, struct guild_value **out)
{
	if (!is_plain_tag(start->data.mapping_start.tag, TAG "map")) {
		return fail(r, GUILD_EINVALID, start->start_mark, "a tag that is not supported");
	}
	struct pairs pairs = {guild_value_list(r->arena), guild_value_list(r->arena)};
	for (;;) {
		yaml_event_t event;
		int rc = next_event(r, &event);
		if (rc < 0) {
			return rc;
		}
		if (event.type == YAML_MAPPING_END_EVENT) {
			yaml_event_delete(&event);
			*out = join_pairs(r, &pairs);
			return 0;
		}
		rc = read_pair(r, &event, &pairs);
		if (rc < 0) {
			return rc;
		}
	}
}

static const yaml_char_t *event_anchor(const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return event->data.scalar.anchor;
	case YAML_SEQUENCE_START_EVENT:
		return event->data.sequence_start.anchor;
	case YAML_MAPPING_START_EVENT:
		return event->data.mapping_start.anchor;
	default:
		return NULL;
	}
}

static int read_collection(struct reader *r, const yaml_event_t *event, struct guild_value **out)
{
	if (r->depth == GUILD_YAML_MAX_DEPTH) {
		return fail(r, GUILD_ELIMIT, event->start_mark, "nested too deeply");
	}
	r->depth++;
	int rc = event->type == YAML_SEQUENCE_START_EVENT ? read_sequence(r, event, out)
							  : read_mapping(r, event, out);
	r->depth--;
	return rc;
}

/* Reads the node that `event` starts and releases the event. `is_merge` is not NULL for keys. */
static int read_node(struct reader *r, yaml_event_t *event, struct guild_value **out,
	bool *is_merge)
{
	yaml_mark_t at = event->start_mark;
	size_t nodes_before = r->n_nodes;
	struct anchor *anchor = NULL;
	int rc = 0;
	if (event->type == YAML_ALIAS_EVENT) {
		rc = read_alias(r, event, out);
		goto out;
	}
	rc = open_anchor(r, event_anchor(event), at, &anchor);
	if (rc == 0) {
		rc = count_nodes(r, 1, at);
	}
	if (rc == 0) {
		rc = event->type == YAML_SCALAR_EVENT ? read_scalar(r, event, out, is_merge)
						      : read_collection(r, event, out);
	}
	if (rc == 0) {
		place(r, *out, at);
		if (anchor) {
			*anchor = (struct anchor){*out, r->n_nodes - nodes_before};
		}
	}
out:
	yaml_event_delete(event);
	return rc;
}

/* Skips stream start and document start; the value is null where there is no document. */
static int read_document(struct reader *r, struct guild_value **out)
{
	struct guild_value *v = NULL;
	bool is_done = false;
	while (!is_done) {
		yaml_event_t event;
		int rc = next_event(r, &event);
		if (rc < 0) {
			return rc;
		}
		yaml_mark_t at = event.start_mark;
		switch (event.type) {
		case YAML_STREAM_START_EVENT:
		case YAML_DOCUMENT_END_EVENT:
			yaml_event_delete(&event);
			break;
		case YAML_DOCUMENT_START_EVENT:
			yaml_event_delete(&event);
			if (v) {
				return fail(r, GUILD_EINVALID, at, "only one document is expected");
			}
			break;
		case YAML_STREAM_END_EVENT:
			yaml_event_delete(&event);
			is_done = true;
			break;
		default:
			rc = read_node(r, &event, &v, NULL);
			if (rc < 0) {
				return rc;
			}
		}
	}
	*out = v ? v : guild_value_null(r->arena);
	return 0;
}

int guild_yaml_parse(struct guild_arena *a, struct guild_str text, const char *name,
	unsigned options, struct guild_value **out, struct guild_error *err)
{
	struct reader r = {.arena = a, .options = options, .err = err};
	if (text.n > GUILD_YAML_MAX_BYTES) {
		return guild_error_set(err, GUILD_ELIMIT, "%s: larger than %d MiB",
			name ? name : "YAML", GUILD_YAML_MAX_BYTES >> 20);
	}
	if (!yaml_parser_initialize(&r.parser)) {
		return guild_error_set(err, GUILD_ELIMIT, "no memory for the YAML parser");
	}
	r.name = name ? guild_arena_strdup(a, name) : NULL;
	struct guild_buf changed = {0};
	if (guild_lone_escapes_to_stand_ins(text, &changed)) {
		r.has_stand_ins = true;
		text = guild_buf_str(&changed);
	}
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)(text.p ? text.p : ""),
		text.n);
	struct guild_value *v = NULL;
	int rc = read_document(&r, &v);
	yaml_parser_delete(&r.parser);
	guild_map_fini(&r.anchors);
	guild_buf_fini(&r.scratch);
	guild_buf_fini(&changed);
	if (rc == 0) {
		*out = v;
	}
	return rc;
}

int guild_yaml_parse_file(struct guild_arena *a, const char *path, unsigned options,
	struct guild_value **out, struct guild_error *err)
{
	struct guild_buf text = {0};
	int rc = guild_file_read(path, GUILD_YAML_MAX_BYTES, &text, err);
	if (rc == 0) {
		rc = guild_yaml_parse(a, guild_buf_str(&text), path, options, out, err);
	}
	guild_buf_fini(&text);
	return rc;
}
