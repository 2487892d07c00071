/* $include: a section completed from sections of other models, configs and operations (guildfile.md 5.3). */
#include "project_private.h"

#include <stdlib.h>
#include <string.h>

/* One section being expanded. What was included once is not included again: that ends cycles, too. */
struct expansion {
	struct project_reader *r;
	const struct project_item *item; /* whose section it is */
	const char *section;
	struct guild_map seen; /* references */
	unsigned depth;
};

/* NAME[#ATTRS] or MODEL:OP[#ATTRS] */
struct reference {
	char *name;
	char *op;                /* or NULL */
	struct guild_strs attrs; /* empty: all */
	bool has_attrs;
};

static int expand(struct expansion *e, struct guild_value *data, struct guild_value **out);

static void reference_fini(struct reference *ref)
{
	free(ref->name);
	free(ref->op);
	guild_strs_fini(&ref->attrs);
}

static void parse_reference(const char *text, struct reference *ref)
{
	const char *hash = strchr(text, '#');
	size_t n = hash ? (size_t)(hash - text) : strlen(text);
	const char *colon = memchr(text, ':', n);
	*ref = (struct reference){.has_attrs = hash != NULL};
	ref->name = guild_strndup(text, colon ? (size_t)(colon - text) : n);
	ref->op = colon ? guild_strndup(colon + 1, n - (size_t)(colon + 1 - text)) : NULL;
	struct guild_strs words = {0};
	if (hash) {
		guild_strs_split(&words, hash + 1, ',');
	}
	for (size_t i = 0; i < words.n; i++) {
		struct guild_str word = guild_str_trim(guild_str(words.v[i]));
		if (word.n > 0) {
			guild_strs_add_n(&ref->attrs, word.p, word.n);
		}
	}
	guild_strs_fini(&words);
}

/* The section of an item or of one of its operations: 1 found (*out NULL where it has none), 0 there is no such thing. */
static int find_section(const struct expansion *e, const struct guild_value *data,
	const struct reference *ref, struct guild_value **out)
{
	const struct guild_value *from = data;
	if (ref->op) {
		from = guild_value_get(guild_value_get(data, "operations"), ref->op);
		if (!from) {
			return 0;
		}
	}
	*out = guild_value_get(from, e->section);
	return 1;
}

/* As written first; what an item only inherits is found, too. */
static int find_in_file(struct expansion *e, const struct project_file *f,
	const struct reference *ref, struct guild_value **out)
{
	struct project_item *item = project_find_item(f, ref->name);
	int rc = item ? find_section(e, item->data, ref, out) : 0;
	if (item && (rc == 0 || !*out) && !item->is_open) {
		struct guild_value *inherited = NULL;
		int extended = project_extend_item(e->r, item);
		if (extended < 0) {
			return extended;
		}
		int found = find_section(e, item->merged, ref, &inherited);
		if (found) {
			*out = inherited;
			rc = found;
		}
	}
	return rc;
}

static int find_target(struct expansion *e, const struct guild_value *at,
	const struct reference *ref, struct guild_value **out)
{
	*out = NULL;
	int rc = find_in_file(e, e->item->file, ref, out);
	for (size_t i = 0; rc == 0 && i < e->item->n_packages; i++) {
		rc = find_in_file(e, e->item->packages[i], ref, out);
	}
	if (rc) {
		return rc < 0 ? rc : 0;
	}
	rc = project_fail(e->r, at, "'$include' of %s: there is no '%s'", e->section, at->s.p);
	guild_error_hint(e->r->err,
		"expected NAME or NAME#%s of a model or config, or MODEL:OPERATION", "ATTR,ATTR");
	return rc;
}

static struct guild_value *only_named(struct expansion *e, struct guild_value *data,
	const struct guild_strs *names)
{
	struct guild_value *some = guild_value_dict_like(e->r->arena, data);
	for (size_t i = 0; i < data->n; i++) {
		const char *key = guild_value_text(data->pairs[i].key);
		if (key && guild_strs_has(names, key)) {
			guild_value_add_pair(e->r->arena, some, data->pairs[i].key,
				data->pairs[i].value);
		}
	}
	return some;
}

/* Puts what one reference names below what `all` has so far: the later reference wins. */
static int include_one(struct expansion *e, struct guild_value *at, struct guild_value **all)
{
	const char *text = guild_value_text(at);
	struct guild_value *found = NULL;
	struct reference ref;
	if (!text) {
		return project_fail(e->r, at, "'$include' takes names, not %s",
			guild_type_name(at->type));
	}
	if (guild_map_has(&e->seen, text)) {
		return 0;
	}
	guild_map_put(&e->seen, text, at);
	parse_reference(text, &ref);
	int rc = find_target(e, at, &ref, &found);
	if (rc == 0 && found && found->type != GUILD_DICT && found->type != GUILD_NULL) {
		rc = project_fail(e->r, found, "'%s' must be a mapping, not %s", e->section,
			guild_type_name(found->type));
	}
	if (rc == 0 && found && found->type == GUILD_DICT) {
		rc = expand(e, found, &found);
		if (rc == 0 && ref.has_attrs) {
			found = only_named(e, found, &ref.attrs);
		}
		rc = rc ? rc : project_merge(e->r, found, *all, all);
	}
	reference_fini(&ref);
	return rc;
}

static struct guild_value *without_include(struct expansion *e, struct guild_value *data)
{
	struct guild_value *own = guild_value_dict_like(e->r->arena, data);
	for (size_t i = 0; i < data->n; i++) {
		const char *key = guild_value_text(data->pairs[i].key);
		if (!key || strcmp(key, "$include") != 0) {
			guild_value_add_pair(e->r->arena, own, data->pairs[i].key,
				data->pairs[i].value);
		}
	}
	return own;
}

static int expand(struct expansion *e, struct guild_value *data, struct guild_value **out)
{
	struct guild_value *include = guild_value_get(data, "$include");
	if (!include) {
		*out = data;
		return 0;
	}
	if (e->depth == PROJECT_MAX_PARENTS) {
		return project_fail_limit(e->r, include,
			"more than %d sections include one another", PROJECT_MAX_PARENTS);
	}
	const struct guild_value *refs = NULL;
	struct guild_value *all = guild_value_dict_like(e->r->arena, data);
	int rc = project_as_list(e->r, include, "$include", &refs);
	e->depth++;
	for (size_t i = 0; rc == 0 && i < refs->n; i++) {
		rc = include_one(e, refs->items[i], &all);
	}
	e->depth--;
	return rc ? rc : project_merge(e->r, without_include(e, data), all, out);
}

int project_expand_section(struct project_reader *r, const struct project_item *item,
	const char *section, struct guild_value *data, struct guild_value **out)
{
	struct expansion e = {.r = r, .item = item, .section = section};
	*out = data;
	if (!data || data->type != GUILD_DICT) {
		return 0;
	}
	int rc = expand(&e, data, out);
	guild_map_fini(&e.seen);
	return rc;
}
