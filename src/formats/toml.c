/* TOML 1.0: tables, arrays and the rules of who may add to what. Python's tomllib is the judge. */

#include "toml_private.h"

#include <stdlib.h>
#include <string.h>

enum { TOML_MAX_BYTES = 64 << 20 };

struct document {
	struct guild_toml_reader r;
	struct guild_toml_node *root;
	struct guild_toml_node *section; /* whose lines are read */
	unsigned serial;                 /* of that section */
};

static int read_value(struct document *d, struct guild_toml_node **out);

static struct guild_toml_node *node(struct guild_value *v)
{
	return (struct guild_toml_node *)v;
}

/* A value with room for what is known of it. */
static struct guild_toml_node *make_node(struct document *d, const struct guild_value *v)
{
	struct guild_toml_node *n = guild_arena_alloc(d->r.a, sizeof *n);
	n->v = *v;
	return n;
}

static struct guild_toml_node *make_table(struct document *d)
{
	return make_node(d, guild_value_dict(d->r.a));
}

/* ---- tables ------------------------------------------------------------------------------------------------ */

/* What a step on the way to a table leads to: of an array of tables its last one. NULL: no table. */
static struct guild_toml_node *enter(struct guild_value *v)
{
	if (v->type == GUILD_LIST && node(v)->is_tables && v->n > 0) {
		v = v->items[v->n - 1];
	}
	return v->type == GUILD_DICT ? node(v) : NULL;
}

/* Nothing may be added to a table whose dotted keys stood in an earlier section. */
static bool is_closed(const struct document *d, const struct guild_toml_node *t)
{
	return t->is_header || (t->is_dotted && t->serial != d->serial);
}

static const char *part(const struct guild_value *key, size_t i)
{
	return guild_value_text(key->items[i]);
}

/* A key that holds NUL cannot be a C string; nobody has such. */
static bool is_plain_key(const struct guild_value *key)
{
	for (size_t i = 0; i < key->n; i++) {
		if (memchr(key->items[i]->s.p, 0, key->items[i]->s.n)) {
			return false;
		}
	}
	return true;
}

static int walk_header(struct document *d, const struct guild_value *key,
	struct guild_toml_node **out)
{
	struct guild_toml_node *t = d->root;
	for (size_t i = 0; i + 1 < key->n; i++) {
		struct guild_value *next = guild_value_get(&t->v, part(key, i));
		struct guild_toml_node *made = next ? enter(next) : make_table(d);
		if (!made || made->is_frozen) {
			return guild_toml_fail(&d->r, "this is no table that can be added to");
		}
		if (!next) {
			guild_value_set(d->r.a, &t->v, part(key, i), &made->v);
		}
		t = made;
	}
	*out = t;
	return 0;
}

static int open_table(struct document *d, const struct guild_value *key)
{
	struct guild_toml_node *parent = NULL;
	const char *last = part(key, key->n - 1);
	int rc = walk_header(d, key, &parent);
	if (rc != 0) {
		return rc;
	}
	struct guild_value *v = guild_value_get(&parent->v, last);
	struct guild_toml_node *t = v && v->type == GUILD_DICT ? node(v) : NULL;
	if (v && (!t || t->is_frozen || t->is_header || t->is_dotted)) {
		return guild_toml_fail(&d->r, "a table or value of this name was there before");
	}
	if (!t) {
		t = make_table(d);
		guild_value_set(d->r.a, &parent->v, last, &t->v);
	}
	t->is_header = true;
	d->section = t;
	return 0;
}

static int open_array_table(struct document *d, const struct guild_value *key)
{
	struct guild_toml_node *parent = NULL;
	const char *last = part(key, key->n - 1);
	int rc = walk_header(d, key, &parent);
	if (rc != 0) {
		return rc;
	}
	struct guild_value *v = guild_value_get(&parent->v, last);
	if (v && (v->type != GUILD_LIST || !node(v)->is_tables)) {
		return guild_toml_fail(&d->r, "this is no array of tables");
	}
	if (!v) {
		v = &make_node(d, guild_value_list(d->r.a))->v;
		node(v)->is_tables = true;
		guild_value_set(d->r.a, &parent->v, last, v);
	}
	d->section = make_table(d);
	d->section->is_header = true;
	guild_value_append(d->r.a, v, &d->section->v);
	return 0;
}

static int read_header(struct document *d)
{
	struct guild_toml_reader *r = &d->r;
	bool is_array = guild_toml_starts(r, "[[");
	struct guild_value *key = guild_value_list(r->a);
	r->at += is_array ? 2 : 1;
	int rc = guild_toml_key(r, key);
	if (rc != 0) {
		return rc;
	}
	if (!guild_toml_starts(r, is_array ? "]]" : "]")) {
		return guild_toml_fail(r, is_array ? "expected ']]'" : "expected ']'");
	}
	if (!is_plain_key(key)) {
		return guild_toml_fail(r, "a key with a NUL");
	}
	d->serial++;
	rc = is_array ? open_array_table(d, key) : open_table(d, key);
	r->at += is_array ? 2 : 1;
	return rc;
}

/* ---- keys with values ------------------------------------------------------------------------------------------ */

/* The table that a dotted key in `base` puts its value into. */
static int walk_dotted(struct document *d, struct guild_toml_node *base,
	const struct guild_value *key, struct guild_toml_node **out)
{
	struct guild_toml_node *t = base;
	struct guild_value *path = guild_value_list(d->r.a);
	for (size_t i = 0; i + 1 < key->n; i++) {
		struct guild_value *next = guild_value_get(&t->v, part(key, i));
		struct guild_toml_node *made = next ? enter(next) : make_table(d);
		if (!made || made->is_frozen || (next && is_closed(d, made)) ||
			(next && next->type == GUILD_LIST)) {
			return guild_toml_fail(&d->r, "this is no table that can be added to");
		}
		guild_value_append(d->r.a, path, key->items[i]);
		if (!next) {
			guild_value_set(d->r.a, &t->v, part(key, i), &made->v);
		}
		if (!made->is_dotted) {
			made->is_dotted = true;
			made->serial = d->serial;
			made->section = base;
			made->path = guild_value_copy(d->r.a, path);
		}
		t = made;
	}
	*out = t;
	return 0;
}

static int read_pair(struct document *d, struct guild_toml_node *base)
{
	struct guild_toml_reader *r = &d->r;
	struct guild_value *key = guild_value_list(r->a);
	struct guild_toml_node *t = NULL;
	struct guild_toml_node *v = NULL;
	size_t key_at = r->at;
	int rc = guild_toml_key(r, key);
	if (rc == 0 && guild_toml_peek(r) != '=') {
		rc = guild_toml_fail(r, "expected '=' after a key");
	}
	if (rc != 0) {
		return rc;
	}
	r->at++;
	guild_toml_skip_blanks(r);
	size_t value_at = r->at;
	rc = read_value(d, &v);
	if (rc != 0) {
		return rc;
	}
	size_t end = r->at;
	r->at = key_at; /* where a mistake is */
	if (!is_plain_key(key)) {
		return guild_toml_fail(r, "a key with a NUL");
	}
	rc = walk_dotted(d, base, key, &t);
	if (rc == 0 && guild_value_get(&t->v, part(key, key->n - 1))) {
		rc = guild_toml_fail(r, "a value of this name was there before");
	}
	r->at = end;
	if (rc == 0) {
		v->from = value_at;
		v->to = end;
		guild_value_set(r->a, &t->v, part(key, key->n - 1), &v->v);
	}
	return rc;
}

/* ---- values ------------------------------------------------------------------------------------------------------ */

static int read_array(struct document *d, struct guild_toml_node **out)
{
	struct guild_toml_reader *r = &d->r;
	struct guild_toml_node *list = make_node(d, guild_value_list(r->a));
	int rc = 0;
	r->at++;
	while ((rc = guild_toml_skip_lines(r)) == 0 && guild_toml_peek(r) != ']') {
		struct guild_toml_node *item = NULL;
		rc = read_value(d, &item);
		if (rc != 0) {
			return rc;
		}
		guild_value_append(r->a, &list->v, &item->v);
		rc = guild_toml_skip_lines(r);
		if (rc != 0) {
			return rc;
		}
		if (guild_toml_peek(r) == ',') {
			r->at++;
		} else if (guild_toml_peek(r) != ']') {
			return guild_toml_fail(r, "expected ',' or ']' in an array");
		}
	}
	r->at++;
	list->is_frozen = true;
	*out = list;
	return rc;
}

/* No more can be added to a table once its braces are closed, nor to what dotted keys made in it. */
static void freeze(struct guild_toml_node *t)
{
	t->is_frozen = true;
	for (size_t i = 0; i < t->v.n; i++) {
		struct guild_value *v = t->v.pairs[i].value;
		if (v->type == GUILD_DICT && !node(v)->is_frozen) {
			freeze(node(v));
		}
	}
}

static int read_inline_table(struct document *d, struct guild_toml_node **out)
{
	struct guild_toml_reader *r = &d->r;
	struct guild_toml_node *table = make_table(d);
	int rc = 0;
	r->at++;
	table->is_inline = true;
	guild_toml_skip_blanks(r);
	while (guild_toml_peek(r) != '}' || table->v.n > 0) {
		rc = read_pair(d, table);
		if (rc != 0) {
			return rc;
		}
		guild_toml_skip_blanks(r);
		if (guild_toml_peek(r) == '}') {
			break;
		}
		if (guild_toml_peek(r) != ',') {
			return guild_toml_fail(r, "expected ',' or '}' in an inline table");
		}
		r->at++;
		guild_toml_skip_blanks(r);
	}
	r->at++;
	freeze(table);
	*out = table;
	return 0;
}

static int read_nested(struct document *d, struct guild_toml_node **out)
{
	if (d->r.depth == GUILD_TOML_MAX_DEPTH) {
		(void)guild_toml_fail(&d->r, "nested too deeply");
		if (d->r.err) {
			d->r.err->code = GUILD_ELIMIT;
		}
		return GUILD_ELIMIT;
	}
	d->r.depth++;
	int rc = guild_toml_peek(&d->r) == '[' ? read_array(d, out) : read_inline_table(d, out);
	d->r.depth--;
	return rc;
}

static int read_value(struct document *d, struct guild_toml_node **out)
{
	struct guild_value *v = NULL;
	char c = guild_toml_peek(&d->r);
	if (c == '[' || c == '{') {
		return read_nested(d, out);
	}
	int rc = c == '"' || c == '\'' ? guild_toml_string(&d->r, &v) : guild_toml_bare(&d->r, &v);
	if (rc == 0) {
		*out = make_node(d, v);
	}
	return rc;
}

/* ---- the document ---------------------------------------------------------------------------------------------------- */

static int read_line(struct document *d)
{
	struct guild_toml_reader *r = &d->r;
	int rc = guild_toml_peek(r) == '[' ? read_header(d) : read_pair(d, d->section);
	if (rc != 0) {
		return rc;
	}
	/* To the end of the line: blanks and a comment. */
	size_t from = r->at;
	rc = guild_toml_skip_lines(r);
	size_t eol = from;
	while (eol < r->text.n && r->text.p[eol] != '\n') {
		eol++;
	}
	if (rc == 0 && r->at < eol) {
		return guild_toml_fail(r, "expected the end of the line");
	}
	d->section->insert_at =
		eol > 0 && eol < r->text.n && r->text.p[eol - 1] == '\r' ? eol - 1 : eol;
	return rc;
}

int guild_toml_scan(struct guild_arena *a, struct guild_str text, const char *name,
	struct guild_toml_node **out, struct guild_error *err)
{
	struct document d = {.r = {.a = a, .text = text, .name = name, .err = err}};
	if (text.n > TOML_MAX_BYTES) {
		return guild_error_set(err, GUILD_ELIMIT, "%s: larger than %d MiB",
			name ? name : "TOML", TOML_MAX_BYTES >> 20);
	}
	if (!guild_utf8_valid(text.p, text.n) || memchr(text.n ? text.p : "", 0, text.n)) {
		return guild_toml_fail(&d.r, "not text in UTF-8");
	}
	d.root = d.section = make_table(&d);
	d.root->is_header = true;
	int rc = guild_toml_skip_lines(&d.r);
	while (rc == 0 && d.r.at < text.n) {
		rc = read_line(&d);
	}
	if (rc == 0) {
		*out = d.root;
	}
	return rc;
}

int guild_toml_parse(struct guild_arena *a, struct guild_str text, const char *name,
	struct guild_value **out, struct guild_error *err)
{
	struct guild_toml_node *root = NULL;
	int rc = guild_toml_scan(a, text, name, &root, err);
	if (rc == 0) {
		*out = &root->v;
	}
	return rc;
}
