/* Values of INI files changed in place, and whole files written. */

#include "config_private.h"

#include <stdlib.h>
#include <string.h>

void guild_ini_put(struct guild_buf *out, const struct guild_value *v, size_t indent)
{
	struct guild_buf text = {0};
	guild_value_py_str(&text, v);
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\n') {
			guild_buf_printf(out, "\n%*s\t", (int)indent, "");
		} else {
			guild_buf_puts(out, text.p[i] == '%' ? "%" : "");
			guild_buf_putc(out, text.p[i]);
		}
	}
	guild_buf_fini(&text);
}

/* ---- whole files ------------------------------------------------------------------------------------------ */

static void put_option(struct guild_buf *out, const struct guild_pair *pair)
{
	guild_value_py_str(out, pair->key);
	guild_buf_puts(out, " = ");
	guild_ini_put(out, pair->value, 0);
	guild_buf_putc(out, '\n');
}

void guild_ini_dump(struct guild_buf *out, const struct guild_value *v)
{
	bool has_defaults = false;
	for (size_t i = 0; i < v->n; i++) {
		if (v->pairs[i].value->type != GUILD_DICT) {
			guild_buf_puts(out, has_defaults ? "" : "[DEFAULT]\n");
			has_defaults = true;
			put_option(out, &v->pairs[i]);
		}
	}
	for (size_t i = 0; i < v->n; i++) {
		const struct guild_value *section = v->pairs[i].value;
		if (section->type != GUILD_DICT) {
			continue;
		}
		guild_buf_puts(out, out->n > 0 ? "\n[" : "[");
		guild_value_py_str(out, v->pairs[i].key);
		guild_buf_puts(out, "]\n");
		for (size_t j = 0; j < section->n; j++) {
			put_option(out, &section->pairs[j]);
		}
	}
}

/* ---- one change ------------------------------------------------------------------------------------------- */

static const char *newline_of(struct guild_str text)
{
	const char *at = memchr(text.p, '\n', text.n);
	return at && at > text.p && at[-1] == '\r' ? "\r\n" : "\n";
}

/* The options of a section, last part first: DEFAULT may come in several. */
static const struct guild_ini_section *last_section(const struct guild_ini *ini, const char *name)
{
	for (size_t i = ini->n; i > 0; i--) {
		if (strcmp(ini->sections[i - 1].name, name) == 0) {
			return &ini->sections[i - 1];
		}
	}
	return NULL;
}

static const struct guild_ini_option *find_option(const struct guild_ini *ini, const char *section,
	const char *key)
{
	for (size_t i = 0; i < ini->n; i++) {
		const struct guild_ini_section *s = &ini->sections[i];
		for (size_t j = 0; strcmp(s->name, section) == 0 && j < s->n; j++) {
			if (strcmp(s->options[j].key, key) == 0) {
				return &s->options[j];
			}
		}
	}
	return NULL;
}

static void replace(struct guild_str text, const struct guild_ini_option *o,
	const struct guild_value *v, struct guild_buf *out)
{
	struct guild_buf with = {0};
	/* "name =" ends at the sign. */
	if (o->value_start == o->value_end && text.p[o->value_start - 1] != ' ') {
		guild_buf_putc(&with, ' ');
	}
	guild_ini_put(&with, v, o->indent);
	guild_splice(out, text, o->value_start, o->value_end, guild_buf_str(&with));
	guild_buf_fini(&with);
}

/* "key = value" as the option before writes it. */
static void put_line(struct guild_str text, const struct guild_ini_option *like, const char *key,
	const struct guild_value *v, struct guild_buf *out)
{
	size_t indent = like ? like->indent : 0;
	guild_buf_printf(out, "%*s%s", (int)indent, "", key);
	if (like && like->value_start < like->value_end) {
		guild_buf_append(out, text.p + like->key_end, like->value_start - like->key_end);
	} else {
		guild_buf_puts(out, " = ");
	}
	guild_ini_put(out, v, indent);
}

static void insert(struct guild_str text, const struct guild_ini_section *s, const char *key,
	const struct guild_value *v, struct guild_buf *out)
{
	const struct guild_ini_option *last = s->n > 0 ? &s->options[s->n - 1] : NULL;
	size_t at = last ? last->value_end : s->header_end;
	struct guild_buf with = {0};
	guild_buf_puts(&with, newline_of(text));
	put_line(text, last, key, v, &with);
	guild_splice(out, text, at, at, guild_buf_str(&with));
	guild_buf_fini(&with);
}

static void add_section(struct guild_str text, const char *name, const char *key,
	const struct guild_value *v, struct guild_buf *out)
{
	const char *end = newline_of(text);
	bool is_default = strcmp(name, "DEFAULT") == 0;
	bool is_open = text.n > 0 && text.p[text.n - 1] != '\n';
	struct guild_buf with = {0};
	if (!is_default && text.n > 0) {
		guild_buf_printf(&with, "%s%s", is_open ? end : "", end);
	}
	guild_buf_printf(&with, "[%s]%s", name, end);
	put_line(text, NULL, key, v, &with);
	guild_buf_printf(&with, "%s%s", end, is_default && text.n > 0 ? end : "");
	size_t at = is_default ? (guild_str_starts(text, "\xEF\xBB\xBF") ? 3 : 0) : text.n;
	guild_splice(out, text, at, at, guild_buf_str(&with));
	guild_buf_fini(&with);
}

int guild_ini_edit(struct guild_str text, const struct guild_change *c, struct guild_buf *out)
{
	bool is_section = c->n == 1 && c->value->type == GUILD_DICT;
	if (c->n > 2 || (is_section && c->value->n == 0)) {
		return GUILD_EDIT_CANNOT;
	}
	struct guild_arena *a = guild_arena_new();
	struct guild_ini ini = {0};
	const char *section = c->n == 2 || is_section ? c->keys[0] : "DEFAULT";
	/* A new section: its first value now, the others when it is looked at again. */
	const char *key = is_section ? guild_value_text(c->value->pairs[0].key) : c->keys[c->n - 1];
	const struct guild_value *v = is_section ? c->value->pairs[0].value : c->value;
	int rc = key && guild_ini_scan(a, text, NULL, &ini, NULL) == 0 ? 0 : GUILD_EDIT_CANNOT;
	if (rc == 0) {
		const struct guild_ini_option *option = find_option(&ini, section, key);
		const struct guild_ini_section *at = last_section(&ini, section);
		if (option) {
			replace(text, option, v, out);
		} else if (at) {
			insert(text, at, key, v, out);
		} else {
			add_section(text, section, key, v, out);
		}
		guild_ini_fini(&ini);
	}
	guild_arena_free(a);
	return rc;
}
