/* Values of JSON files changed in place. The text is known to be JSON. */

#include "config_private.h"

#include <stdlib.h>
#include <string.h>

struct object {
	size_t open;      /* after the '{' */
	size_t last_end;  /* of the last value; `open` when there is none */
	size_t first_key; /* its offset */
	bool has_members;
	/* The member that was looked for: of several the last, as readers take it. */
	bool is_found;
	size_t value_start, value_end;
};

static size_t skip_blanks(struct guild_str s, size_t i)
{
	while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\n' || s.p[i] == '\r')) {
		i++;
	}
	return i;
}

static size_t skip_string(struct guild_str s, size_t i)
{
	for (i++; i < s.n && s.p[i] != '"'; i++) {
		i += s.p[i] == '\\';
	}
	return i < s.n ? i + 1 : s.n;
}

static size_t skip_value(struct guild_str s, size_t i)
{
	size_t depth = 0;
	while (i < s.n) {
		char c = s.p[i];
		if (c == '"') {
			i = skip_string(s, i);
		} else if (c == '{' || c == '[') {
			depth++;
			i++;
		} else if ((c == '}' || c == ']') && depth > 0) {
			depth--;
			i++;
		} else if (depth == 0) {
			size_t start = i;
			while (i < s.n && !strchr(",}] \t\r\n", s.p[i])) {
				i++;
			}
			return i > start ? i : s.n;
		} else {
			i++;
			continue;
		}
		if (depth == 0) {
			return i;
		}
	}
	return s.n;
}

static bool is_key(struct guild_str s, size_t from, size_t to, const char *key)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *v = NULL;
	bool is_it = guild_json_parse(a, guild_str_n(s.p + from, to - from), NULL, &v, NULL) == 0 &&
		     v->type == GUILD_STRING && guild_str_eqz(v->s, key);
	guild_arena_free(a);
	return is_it;
}

/* Reads the members of the object at `i`; false when there is none. */
static bool read_object(struct guild_str s, size_t i, const char *key, struct object *o)
{
	*o = (struct object){0};
	if (i >= s.n || s.p[i] != '{') {
		return false;
	}
	o->open = o->last_end = i + 1;
	for (i = skip_blanks(s, i + 1); i < s.n && s.p[i] == '"'; i = skip_blanks(s, i + 1)) {
		size_t key_end = skip_string(s, i);
		size_t colon = skip_blanks(s, key_end);
		size_t start = skip_blanks(s, colon + 1);
		size_t end = skip_value(s, start);
		if (!o->has_members) {
			o->first_key = i;
			o->has_members = true;
		}
		if (is_key(s, i, key_end, key)) {
			o->is_found = true;
			o->value_start = start;
			o->value_end = end;
		}
		o->last_end = end;
		i = skip_blanks(s, end);
		if (i >= s.n || s.p[i] != ',') {
			break;
		}
	}
	return true;
}

/* What stands between members: a line end and blanks, or one blank. */
static void put_gap(struct guild_str s, const struct object *o, struct guild_buf *out)
{
	size_t from = o->first_key;
	while (from > 0 && (s.p[from - 1] == ' ' || s.p[from - 1] == '\t')) {
		from--;
	}
	if (from > 0 && s.p[from - 1] == '\n') {
		guild_buf_putc(out, '\n');
		guild_buf_append(out, s.p + from, o->first_key - from);
	} else {
		guild_buf_putc(out, ' ');
	}
}

static void add_member(struct guild_str s, const struct object *o, const char *key,
	const struct guild_value *v, struct guild_arena *a, struct guild_buf *out)
{
	struct guild_buf with = {0};
	if (o->has_members) {
		guild_buf_putc(&with, ',');
		put_gap(s, o, &with);
	}
	guild_json_dump(&with, guild_value_string(a, key), GUILD_JSON_COMPACT);
	guild_buf_puts(&with, ": ");
	guild_json_dump(&with, v, GUILD_JSON_COMPACT);
	guild_splice(out, s, o->last_end, o->last_end, guild_buf_str(&with));
	guild_buf_fini(&with);
}

int guild_json_edit(struct guild_str s, const struct guild_change *c, struct guild_buf *out)
{
	size_t at = skip_blanks(s, guild_str_starts(s, "\xEF\xBB\xBF") ? 3 : 0);
	struct object o = {0};
	size_t depth = 0;
	for (; depth < c->n; depth++) {
		if (!read_object(s, at, c->keys[depth], &o)) {
			return GUILD_EDIT_CANNOT;
		}
		if (!o.is_found) {
			break;
		}
		at = o.value_start;
	}
	struct guild_arena *a = guild_arena_new();
	if (depth < c->n) {
		add_member(s, &o, c->keys[depth], guild_change_nest(a, c, depth + 1), a, out);
	} else {
		struct guild_buf with = {0};
		guild_json_dump(&with, c->value, GUILD_JSON_COMPACT);
		guild_splice(out, s, o.value_start, o.value_end, guild_buf_str(&with));
		guild_buf_fini(&with);
	}
	guild_arena_free(a);
	return 0;
}
