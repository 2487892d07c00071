/* Values of TOML files changed in place, and whole files written. */

#include "config_private.h"

#include <stdlib.h>
#include <string.h>

/* ---- writing ----------------------------------------------------------------------------------------------- */

bool guild_toml_can_hold(const struct guild_value *v)
{
	for (size_t i = 0; i < v->n && (v->type == GUILD_LIST || v->type == GUILD_DICT); i++) {
		if (!guild_toml_can_hold(v->type == GUILD_LIST ? v->items[i] : v->pairs[i].value)) {
			return false;
		}
	}
	return v->type != GUILD_NULL;
}

static void put_string(struct guild_buf *out, struct guild_str s)
{
	static const char escapes[32] = {
		['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
	guild_buf_putc(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c == '"' || c == '\\') {
			guild_buf_putc(out, '\\');
			guild_buf_putc(out, (char)c);
		} else if (c < 0x20 && escapes[c]) {
			guild_buf_printf(out, "\\%c", escapes[c]);
		} else if (c < 0x20 || c == 0x7F) {
			guild_buf_printf(out, "\\u%04X", c);
		} else {
			guild_buf_putc(out, (char)c);
		}
	}
	guild_buf_putc(out, '"');
}

void guild_toml_put_key(struct guild_buf *out, struct guild_str key)
{
	bool is_bare = key.n > 0;
	for (size_t i = 0; i < key.n && is_bare; i++) {
		char c = key.p[i];
		is_bare = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			  (c >= '0' && c <= '9') || c == '_' || c == '-';
	}
	if (is_bare) {
		guild_buf_append(out, key.p, key.n);
	} else {
		put_string(out, key);
	}
}

static void put_pair_key(struct guild_buf *out, const struct guild_value *key)
{
	struct guild_buf text = {0};
	guild_value_py_str(&text, key); /* text, whatever it was */
	guild_toml_put_key(out, guild_buf_str(&text));
	guild_buf_fini(&text);
}

static void put_float(struct guild_buf *out, double f)
{
	char text[GUILD_F64_MAX];
	guild_buf_append(out, text, guild_f64_repr(f, text));
}

void guild_toml_put(struct guild_buf *out, const struct guild_value *v)
{
	switch (v->type) {
	case GUILD_BOOL:
		guild_buf_puts(out, v->b ? "true" : "false");
		break;
	case GUILD_FLOAT:
		put_float(out, v->f);
		break;
	case GUILD_STRING:
		put_string(out, v->s);
		break;
	case GUILD_LIST:
		guild_buf_putc(out, '[');
		for (size_t i = 0; i < v->n; i++) {
			guild_buf_puts(out, i ? ", " : "");
			guild_toml_put(out, v->items[i]);
		}
		guild_buf_putc(out, ']');
		break;
	case GUILD_DICT:
		guild_buf_putc(out, '{');
		for (size_t i = 0; i < v->n; i++) {
			guild_buf_puts(out, i ? ", " : " ");
			put_pair_key(out, v->pairs[i].key);
			guild_buf_puts(out, " = ");
			guild_toml_put(out, v->pairs[i].value);
		}
		guild_buf_puts(out, v->n ? " }" : "}");
		break;
	default: /* integers and dates are written as Python writes them */
		guild_value_py_str(out, v);
		break;
	}
}

static void dump_table(struct guild_buf *out, const struct guild_value *v, struct guild_buf *path)
{
	for (size_t i = 0; i < v->n; i++) {
		if (v->pairs[i].value->type != GUILD_DICT) {
			put_pair_key(out, v->pairs[i].key);
			guild_buf_puts(out, " = ");
			guild_toml_put(out, v->pairs[i].value);
			guild_buf_putc(out, '\n');
		}
	}
	for (size_t i = 0; i < v->n; i++) {
		if (v->pairs[i].value->type == GUILD_DICT) {
			size_t n = path->n;
			guild_buf_puts(path, n ? "." : "");
			put_pair_key(path, v->pairs[i].key);
			guild_buf_printf(out, "%s[%s]\n", out->n ? "\n" : "", guild_buf_cstr(path));
			dump_table(out, v->pairs[i].value, path);
			path->n = n;
			path->p[n] = '\0';
		}
	}
}

void guild_toml_dump(struct guild_buf *out, const struct guild_value *v)
{
	struct guild_buf path = {0};
	guild_buf_puts(&path, "");
	guild_buf_reserve(&path, 1);
	dump_table(out, v, &path);
	guild_buf_fini(&path);
}

/* ---- one change ------------------------------------------------------------------------------------------------ */

struct place {
	struct guild_str text;
	const struct guild_change *c;
	size_t depth;                  /* keys that are there */
	struct guild_toml_node *table; /* that the next key goes into */
	struct guild_buf *out;
};

static void put_keys(struct guild_buf *out, const struct guild_change *c, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		guild_buf_puts(out, i > from ? "." : "");
		guild_toml_put_key(out, guild_str(c->keys[i]));
	}
}

static void put_pair(struct guild_buf *out, const struct place *p, size_t from)
{
	put_keys(out, p->c, from, p->c->n);
	guild_buf_puts(out, " = ");
	guild_toml_put(out, p->c->value);
}

static void insert_inline(const struct place *p)
{
	struct guild_buf with = {0};
	size_t at = p->table->to - 1; /* the brace */
	while (at > p->table->from && (p->text.p[at - 1] == ' ' || p->text.p[at - 1] == '\t')) {
		at--;
	}
	guild_buf_puts(&with, p->table->v.n ? ", " : " ");
	put_pair(&with, p, p->depth);
	guild_buf_puts(&with, at + 1 == p->table->to ? " " : "");
	guild_splice(p->out, p->text, at, at, guild_buf_str(&with));
	guild_buf_fini(&with);
}

/* After the last line of the section; `skip` keys of the path are in its header. */
static void insert_line(const struct place *p, size_t at, size_t skip)
{
	struct guild_buf with = {0};
	bool is_top = at == 0;
	guild_buf_puts(&with, is_top ? "" : "\n");
	put_pair(&with, p, skip);
	if (is_top) {
		guild_buf_puts(&with, p->text.n > 0 && p->text.p[0] != '\n' && p->text.p[0] != '\r'
					      ? "\n\n"
					      : "\n");
	}
	guild_splice(p->out, p->text, at, at, guild_buf_str(&with));
	guild_buf_fini(&with);
}

static void append_section(const struct place *p)
{
	size_t n = p->text.n;
	guild_buf_append(p->out, p->text.p, n);
	guild_buf_puts(p->out, n > 0 && p->text.p[n - 1] != '\n' ? "\n\n" : n > 0 ? "\n" : "");
	guild_buf_putc(p->out, '[');
	put_keys(p->out, p->c, 0, p->c->n - 1);
	guild_buf_puts(p->out, "]\n");
	put_pair(p->out, p, p->c->n - 1);
	guild_buf_putc(p->out, '\n');
}

static int insert(const struct place *p)
{
	const struct guild_toml_node *t = p->table;
	if (t->is_inline) {
		insert_inline(p);
	} else if (t->is_frozen) {
		return GUILD_EDIT_CANNOT; /* dotted keys within braces */
	} else if (t->is_dotted) {
		if (t->section->is_inline) {
			return GUILD_EDIT_CANNOT;
		}
		insert_line(p, t->section->insert_at, p->depth - t->path->n);
	} else if (t->is_header && p->depth + 1 == p->c->n) {
		insert_line(p, t->insert_at, p->depth);
	} else {
		append_section(p);
	}
	return 0;
}

static int change(struct guild_arena *a, struct place *p)
{
	struct guild_toml_node *root = NULL;
	if (guild_toml_scan(a, p->text, NULL, &root, NULL) != 0) {
		return GUILD_EDIT_CANNOT;
	}
	struct guild_toml_node *at = root;
	for (p->depth = 0; p->depth < p->c->n; p->depth++) {
		struct guild_value *next = at->v.type == GUILD_DICT
						   ? guild_value_get(&at->v, p->c->keys[p->depth])
						   : NULL;
		if (!next) {
			p->table = at;
			return at->v.type == GUILD_DICT ? insert(p) : GUILD_EDIT_CANNOT;
		}
		at = (struct guild_toml_node *)next;
	}
	if (at->to == 0) {
		return GUILD_EDIT_CANNOT; /* a table with a header of its own */
	}
	struct guild_buf with = {0};
	guild_toml_put(&with, p->c->value);
	guild_splice(p->out, p->text, at->from, at->to, guild_buf_str(&with));
	guild_buf_fini(&with);
	return 0;
}

int guild_toml_edit(struct guild_str text, const struct guild_change *c, struct guild_buf *out)
{
	struct guild_arena *a = guild_arena_new();
	struct place p = {.text = text, .c = c, .out = out};
	int rc = change(a, &p);
	guild_arena_free(a);
	return rc;
}
