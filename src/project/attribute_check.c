/* Looking attributes up in their table, and whether a value has a form it takes. */
#include "attributes.h"

#include <stdlib.h>
#include <string.h>

const struct project_attribute *project_attribute(const struct project_kind *kind, const char *name)
{
	for (const struct project_attribute *a = kind->attributes; a->name; a++) {
		if (strcmp(a->name, name) == 0) {
			return a;
		}
	}
	return NULL;
}

const char *project_nearest_attribute(const struct project_kind *kind, const char *name)
{
	const char *names[64];
	size_t n = 0;
	for (const struct project_attribute *a = kind->attributes; a->name; a++) {
		guild_assert(n + 1 < GUILD_ARRAY_LEN(names));
		names[n++] = a->name;
	}
	names[n] = NULL;
	return guild_nearest(name, names);
}

bool project_form_fits(unsigned forms, const struct guild_value *v)
{
	switch (v->type) {
	case GUILD_NULL:
		return true;
	case GUILD_BOOL:
		return forms & FORM_BOOL || (forms & FORM_NO && !v->b);
	case GUILD_INT:
		return forms & FORM_INT || (forms & FORM_YES) == FORM_YES;
	case GUILD_FLOAT:
		return forms & FORM_FLOAT;
	case GUILD_STRING:
		return forms & FORM_TEXT;
	case GUILD_DATE:
		return forms == FORM_ANY;
	case GUILD_LIST:
		return forms & FORM_LIST;
	case GUILD_DICT:
		return forms & FORM_MAP;
	}
	return false;
}

void project_form_text(const struct project_attribute *attribute, struct guild_buf *out)
{
	static const struct {
		unsigned forms;
		const char *text;
	} names[] = {
		{FORM_TEXT, "text"},
		{FORM_NUMBER, "a number"},
		{FORM_INT, "a whole number"},
		{FORM_LIST, "a list"},
		{FORM_MAP, "a mapping"},
		{FORM_BOOL, "yes or no"},
		{FORM_NO, "no"},
	};
	const char *parts[GUILD_ARRAY_LEN(names)];
	size_t n = 0;
	unsigned left = attribute->forms;
	if (attribute->takes || (left & FORM_ANY) == FORM_ANY) {
		guild_buf_puts(out, attribute->takes ? attribute->takes : "any value");
		return;
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(names); i++) {
		if ((left & names[i].forms) == names[i].forms) {
			parts[n++] = names[i].text;
			left &= ~names[i].forms;
		}
	}
	for (size_t i = 0; i < n; i++) {
		guild_buf_printf(out, "%s%s", i == 0 ? "" : i + 1 < n ? ", " : " or ", parts[i]);
	}
}

static void warn_unknown(const struct project_reader *r, const struct project_kind *kind,
	const struct guild_value *key, const char *what)
{
	const char *nearest = project_nearest_attribute(kind, key->s.p);
	if (nearest && !kind->is_open) {
		guild_log(r->log, "warning",
			"%s:%u:%u: unknown attribute '%s' of %s (did you mean '%s'?)",
			key->file ? key->file : r->file, key->line, key->column, key->s.p, what,
			nearest);
	}
}

int project_check_attributes(const struct project_reader *r, const struct project_kind *kind,
	const struct guild_value *map, const char *what)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct guild_value *key = map->pairs[i].key;
		const struct guild_value *v = map->pairs[i].value;
		const char *name = guild_value_text(key);
		const struct project_attribute *a = name ? project_attribute(kind, name) : NULL;
		if (name && !a) {
			warn_unknown(r, kind, key, what);
		}
		if (!a || project_form_fits(a->forms, v)) {
			continue;
		}
		struct guild_buf expected = {0};
		project_form_text(a, &expected);
		int rc = project_fail(r, v, "'%s' must be %s, not %s", name,
			guild_buf_cstr(&expected), guild_type_name(v->type));
		guild_buf_fini(&expected);
		return rc;
	}
	return 0;
}
