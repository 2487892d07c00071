/* Flag definitions: the list of them, reading them from a project file, completing them from a script. */

#include "flags_private.h"

#include <stdlib.h>
#include <string.h>

struct guild_flag_def *guild_flag_defs_add(struct guild_arena *a, struct guild_flag_defs *d,
	const char *name)
{
	if (d->n == d->cap) {
		size_t cap = d->cap ? d->cap * 2 : 8;
		struct guild_flag_def *grown = guild_arena_alloc(a, cap * sizeof *grown);
		if (d->n > 0) {
			memcpy(grown, d->v, d->n * sizeof *grown);
		}
		d->v = grown;
		d->cap = cap;
	}
	struct guild_flag_def *def = &d->v[d->n++];
	*def = (struct guild_flag_def){.name = guild_arena_strdup(a, name)};
	return def;
}

struct guild_flag_def *guild_flag_defs_get(const struct guild_flag_defs *d, const char *name)
{
	for (size_t i = 0; i < d->n; i++) {
		if (strcmp(d->v[i].name, name) == 0) {
			return &d->v[i];
		}
	}
	return NULL;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct guild_flag_def *)a)->name,
		((const struct guild_flag_def *)b)->name);
}

void guild_flag_defs_sort(struct guild_flag_defs *d)
{
	if (d->n > 1) {
		qsort(d->v, d->n, sizeof *d->v, compare_names);
	}
}

/* ---- reading ---- */

struct def_reader {
	struct guild_arena *arena;
	const char *file;
	struct guild_error *err;
};

static int fail(struct def_reader *r, const struct guild_value *at, const char *what,
	const char *name)
{
	return guild_error_set(r->err, GUILD_EINVALID, "%s:%u:%u: %s '%s'",
		at->file  ? at->file
		: r->file ? r->file
			  : "flags",
		at->line, at->column, what, name);
}

static const char *text_of(struct def_reader *r, const struct guild_value *v)
{
	if (guild_value_is_null(v)) {
		return NULL;
	}
	struct guild_buf text = {0};
	guild_value_py_str(&text, v);
	const char *copy = guild_arena_strndup(r->arena, guild_buf_cstr(&text), text.n);
	guild_buf_fini(&text);
	return copy;
}

static int read_choice(struct def_reader *r, const struct guild_value *v, const char *flag,
	struct guild_flag_choice *out)
{
	if (v->type == GUILD_LIST) {
		return fail(r, v, "expected a value or a mapping as a choice of flag", flag);
	}
	if (v->type != GUILD_DICT) {
		*out = (struct guild_flag_choice){.value = v};
		return 0;
	}
	const struct guild_value *value = guild_value_get(v, "value");
	const struct guild_value *flags = guild_value_get(v, "flags");
	if (!value) {
		return fail(r, v, "a choice without 'value' of flag", flag);
	}
	if (!guild_value_is_null(flags) && flags->type != GUILD_DICT) {
		return fail(r, flags, "expected a mapping of flags in a choice of flag", flag);
	}
	*out = (struct guild_flag_choice){
		.value = value,
		.description = text_of(r, guild_value_get(v, "description")),
		.alias = text_of(r, guild_value_get(v, "alias")),
		.flags = guild_value_is_null(flags) ? NULL : flags,
	};
	return 0;
}

static int read_choices(struct def_reader *r, const struct guild_value *v,
	struct guild_flag_def *def)
{
	if (guild_value_is_null(v)) {
		return 0;
	}
	if (v->type != GUILD_LIST) {
		return fail(r, v, "expected a list as choices of flag", def->name);
	}
	def->choices = guild_arena_alloc(r->arena, (v->n + 1) * sizeof *def->choices);
	for (size_t i = 0; i < v->n; i++) {
		int rc = read_choice(r, v->items[i], def->name, &def->choices[i]);
		if (rc < 0) {
			return rc;
		}
	}
	def->n_choices = v->n;
	return 0;
}

static int read_encoding(struct def_reader *r, const struct guild_value *v, const char *flag,
	const struct guild_value **out)
{
	if (guild_value_is_null(v)) {
		return 0;
	}
	if (v->type != GUILD_DICT) {
		return fail(r, v, "expected a mapping of values to text as the encoding of flag",
			flag);
	}
	*out = v;
	return 0;
}

static const struct guild_value *unless_null(const struct guild_value *v)
{
	return guild_value_is_null(v) ? NULL : v;
}

/* Returns 1 for an attribute that is not known. */
static int read_attr(struct def_reader *r, struct guild_flag_def *def, const char *name,
	const struct guild_value *v)
{
	const struct {
		const char *name;
		const char **text;
	} texts[] = {
		{"description", &def->description},
		{"type", &def->type},
		{"alias", &def->alias},
		{"distribution", &def->distribution},
		{"arg-name", &def->arg_name},
		{"env-name", &def->env_name},
		{"null-label", &def->null_label},
	};
	const struct {
		const char *name;
		const struct guild_value **value;
	} values[] = {
		{"default", &def->def},
		{"min", &def->min},
		{"max", &def->max},
		{"arg-switch", &def->arg_switch},
		{"arg-split", &def->arg_split},
		{"nb-replace", &def->nb_replace},
	};
	const struct {
		const char *name;
		bool *value;
		bool *is_set;
	} claims[] = {
		{"required", &def->required, &def->has_required},
		{"allow-other", &def->allow_other, &def->has_allow_other},
		{"arg-skip", &def->arg_skip, &def->has_arg_skip},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(texts); i++) {
		if (strcmp(name, texts[i].name) == 0) {
			*texts[i].text = text_of(r, v);
			return 0;
		}
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(values); i++) {
		if (strcmp(name, values[i].name) == 0) {
			*values[i].value = unless_null(v);
			return 0;
		}
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(claims); i++) {
		if (strcmp(name, claims[i].name) == 0) {
			*claims[i].value = guild_value_truthy(v);
			*claims[i].is_set = !guild_value_is_null(v);
			return 0;
		}
	}
	if (strcmp(name, "choices") == 0) {
		return read_choices(r, v, def);
	}
	if (strcmp(name, "arg-encoding") == 0) {
		return read_encoding(r, v, def->name, &def->arg_encoding);
	}
	if (strcmp(name, "env-encoding") == 0) {
		return read_encoding(r, v, def->name, &def->env_encoding);
	}
	return 1;
}

static int read_attrs(struct def_reader *r, struct guild_flag_def *def,
	const struct guild_value *attrs)
{
	struct guild_value *extra = NULL;
	for (size_t i = 0; i < attrs->n; i++) {
		struct guild_value *v = attrs->pairs[i].value;
		const char *name = text_of(r, attrs->pairs[i].key);
		int rc = read_attr(r, def, name ? name : "null", v);
		if (rc < 0) {
			return rc;
		}
		if (rc > 0) {
			extra = extra ? extra : guild_value_dict(r->arena);
			guild_value_set(r->arena, extra, name ? name : "null", v);
		}
	}
	def->extra = extra;
	return 0;
}

static int read_def(struct def_reader *r, const struct guild_pair *pair,
	struct guild_flag_defs *out)
{
	const char *name = guild_value_text(pair->key);
	if (!name) {
		const char *shown = text_of(r, pair->key);
		int rc = fail(r, pair->key, "expected text as the name of a flag, got",
			shown ? shown : "null");
		guild_error_hint(r->err, "put it in quotes");
		return rc;
	}
	const struct guild_value *v = pair->value;
	if (v->type == GUILD_DATE) {
		int rc = fail(r, v, "a date cannot be the default of flag", name);
		guild_error_hint(r->err, "put it in quotes");
		return rc;
	}
	struct guild_flag_def *def = guild_flag_defs_add(r->arena, out, name);
	if (v->type == GUILD_DICT) {
		return read_attrs(r, def, v);
	}
	def->def = unless_null(v);
	return 0;
}

int guild_flag_defs_parse(struct guild_arena *a, const struct guild_value *flags, const char *file,
	struct guild_flag_defs *out, struct guild_error *err)
{
	struct def_reader r = {a, file, err};
	struct guild_flag_defs defs = {0};
	if (guild_value_is_null(flags)) {
		return 0;
	}
	if (flags->type != GUILD_DICT) {
		return guild_error_set(err, GUILD_EINVALID,
			"%s:%u:%u: expected a mapping of flags, got %s",
			flags->file ? flags->file
			: file      ? file
				    : "flags",
			flags->line, flags->column, guild_type_name(flags->type));
	}
	for (size_t i = 0; i < flags->n; i++) {
		int rc = read_def(&r, &flags->pairs[i], &defs);
		if (rc < 0) {
			return rc;
		}
	}
	guild_flag_defs_sort(&defs);
	*out = defs;
	return 0;
}

/* ---- merging ---- */

#define FILL(field)                              \
	do {                                     \
		if (!to->field) {                \
			to->field = from->field; \
		}                                \
	} while (0)

static void fill(struct guild_flag_def *to, const struct guild_flag_def *from)
{
	FILL(description);
	FILL(def);
	FILL(type);
	FILL(alias);
	FILL(min);
	FILL(max);
	FILL(distribution);
	FILL(arg_name);
	FILL(arg_switch);
	FILL(arg_split);
	FILL(arg_encoding);
	FILL(env_name);
	FILL(env_encoding);
	FILL(null_label);
	FILL(nb_replace);
	FILL(extra);
	FILL(source_module);
	FILL(imported);
	if (!to->has_required) {
		to->required = from->required;
		to->has_required = from->has_required;
	}
	if (!to->has_allow_other) {
		to->allow_other = from->allow_other;
		to->has_allow_other = from->has_allow_other;
	}
	if (!to->has_arg_skip) {
		to->arg_skip = from->arg_skip;
		to->has_arg_skip = from->has_arg_skip;
	}
	if (to->n_choices == 0) {
		to->choices = from->choices;
		to->n_choices = from->n_choices;
	}
}

#undef FILL

void guild_flag_defs_merge(struct guild_arena *a, struct guild_flag_defs *defs,
	const struct guild_flag_defs *imported, bool add_missing)
{
	size_t n_own = defs->n;
	for (size_t i = 0; i < imported->n; i++) {
		const struct guild_flag_def *from = &imported->v[i];
		bool is_found = false;
		for (size_t j = 0; j < n_own; j++) {
			struct guild_flag_def *to = &defs->v[j];
			if (strcmp(to->name, from->name) == 0 ||
				guild_streq(to->arg_name, from->name)) {
				fill(to, from);
				is_found = true;
			}
		}
		if (!is_found && add_missing) {
			struct guild_flag_def *added = guild_flag_defs_add(a, defs, from->name);
			const char *name = added->name;
			*added = *from;
			added->name = name;
		}
	}
	guild_flag_defs_sort(defs);
}
