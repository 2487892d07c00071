/* From what the user typed to the flags of a run: defaults, types, checks, choices (flags.md 1). */

#include "flags_private.h"

#include <stdlib.h>
#include <string.h>

struct resolver {
	struct guild_arena *arena;
	const struct guild_flag_defs *defs;
	const struct guild_value *user;
	const char *op_name;
	const char *cwd;
	bool force;
	struct guild_value *values;
	const struct guild_log *log;
	struct guild_error *err;
};

static const struct guild_value *value_of(const struct resolver *r,
	const struct guild_flag_def *def)
{
	return guild_value_get(r->values, def->name);
}

static bool user_set(const struct resolver *r, const char *name)
{
	return guild_value_get(r->user, name) != NULL;
}

static struct guild_value *plain(const struct guild_value *v, struct guild_arena *a)
{
	/* Values are shared, never changed in place. */
	return v ? (struct guild_value *)(uintptr_t)v : guild_value_null(a);
}

/* ---- unknown names ---- */

static void hint_names(const struct resolver *r, const char *name)
{
	size_t n = 0;
	const char **names = guild_alloc((2 * r->defs->n + 1) * sizeof *names);
	for (size_t i = 0; i < r->defs->n; i++) {
		names[n++] = r->defs->v[i].name;
		if (r->defs->v[i].alias) {
			names[n++] = r->defs->v[i].alias;
		}
	}
	const char *near = guild_nearest(name, names);
	if (near) {
		guild_error_hint(r->err, "did you mean '%s'? (--force-flags skips this check)",
			near);
	} else {
		guild_error_hint(r->err,
			"'guild run %s --help-op' lists its flags; --force-flags skips this check",
			r->op_name ? r->op_name : "OPERATION");
	}
	free(names);
}

static int check_names(const struct resolver *r)
{
	for (size_t i = 0; r->user && i < r->user->n; i++) {
		const char *name = guild_value_text(r->user->pairs[i].key);
		if (!guild_flag_defs_get(r->defs, name)) {
			int rc = guild_error_set(r->err, GUILD_EINVALID, "unknown flag '%s' for %s",
				name, r->op_name && *r->op_name ? r->op_name : "the operation");
			hint_names(r, name);
			return rc;
		}
	}
	return 0;
}

/* ---- defaults and types ---- */

static int fill_and_coerce(struct resolver *r)
{
	for (size_t i = 0; i < r->defs->n; i++) {
		const struct guild_flag_def *def = &r->defs->v[i];
		const struct guild_value *given = guild_value_get(r->user, def->name);
		struct guild_value *v = plain(given ? given : def->def, r->arena);
		struct guild_value *converted = NULL;
		if (v->type != GUILD_NULL && !guild_flag_type_is_known(def->type)) {
			guild_log(r->log, "warning",
				"unknown type '%s' of flag '%s': its values stay as they are",
				def->type, def->name);
		}
		int rc = guild_flag_coerce(r->arena, v, def, r->cwd, &converted, r->err);
		if (rc < 0 && !r->force) {
			return rc;
		}
		guild_value_set(r->arena, r->values, def->name, rc < 0 ? v : converted);
	}
	for (size_t i = 0; r->user && i < r->user->n; i++) {
		const char *name = guild_value_text(r->user->pairs[i].key);
		if (!guild_flag_defs_get(r->defs, name)) {
			guild_value_set(r->arena, r->values, name, r->user->pairs[i].value);
		}
	}
	return 0;
}

/* ---- choices ---- */

static const struct guild_flag_choice *find_choice(const struct guild_flag_def *def,
	const struct guild_value *v, bool by_alias)
{
	for (size_t i = 0; i < def->n_choices; i++) {
		const struct guild_flag_choice *c = &def->choices[i];
		const char *text = guild_value_text(v);
		if (by_alias ? (text && guild_streq(c->alias, text))
			     : guild_value_eq(c->value, v)) {
			return c;
		}
	}
	return NULL;
}

static const struct guild_flag_choice *choice_of(const struct guild_flag_def *def,
	const struct guild_value *v)
{
	const struct guild_flag_choice *c = find_choice(def, v, false);
	return c ? c : find_choice(def, v, true);
}

static void rename_choice(struct resolver *r, const struct guild_flag_def *def)
{
	const struct guild_value *v = value_of(r, def);
	if (v->type == GUILD_LIST) {
		struct guild_value *list = guild_value_list(r->arena);
		for (size_t i = 0; i < v->n; i++) {
			const struct guild_flag_choice *c = choice_of(def, v->items[i]);
			const struct guild_value *item = c && c->alias ? c->value : v->items[i];
			guild_value_append(r->arena, list, plain(item, r->arena));
		}
		guild_value_set(r->arena, r->values, def->name, list);
		return;
	}
	const struct guild_flag_choice *c = find_choice(def, v, true);
	if (c && !find_choice(def, v, false)) {
		guild_value_set(r->arena, r->values, def->name, plain(c->value, r->arena));
	}
}

/* Flags that a chosen value brings along, unless the user set them. */
static int apply_choice(struct resolver *r, const struct guild_flag_def *def)
{
	const struct guild_flag_choice *c = choice_of(def, value_of(r, def));
	for (size_t i = 0; c && c->flags && i < c->flags->n; i++) {
		const char *name = guild_value_text(c->flags->pairs[i].key);
		struct guild_value *v = c->flags->pairs[i].value;
		if (!name || user_set(r, name)) {
			continue;
		}
		const struct guild_flag_def *other = guild_flag_defs_get(r->defs, name);
		if (other) {
			int rc = guild_flag_coerce(r->arena, v, other, r->cwd, &v, r->err);
			if (rc < 0 && !r->force) {
				return rc;
			}
		}
		guild_value_set(r->arena, r->values, name, v);
	}
	return 0;
}

static int refuse_choice(const struct resolver *r, const struct guild_flag_def *def,
	const struct guild_value *v)
{
	struct guild_buf text = {0};
	size_t width = 0;
	for (size_t pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < def->n_choices; i++) {
			struct guild_buf shown = {0};
			const char *description = def->choices[i].description;
			guild_flag_encode(&shown, def->choices[i].value);
			if (pass == 0 && shown.n > width) {
				width = shown.n;
			} else if (pass == 1) {
				guild_buf_printf(&text, "\n  %-*s%s%s",
					description ? (int)width : 0, shown.p,
					description ? "  " : "", description ? description : "");
			}
			guild_buf_fini(&shown);
		}
	}
	struct guild_buf shown = {0};
	guild_flag_encode(&shown, v);
	int rc = guild_error_set(r->err, GUILD_EINVALID,
		"invalid value %s for '%s': expected one of%s", guild_buf_cstr(&shown), def->name,
		guild_buf_cstr(&text));
	guild_buf_fini(&shown);
	guild_buf_fini(&text);
	return rc;
}

/* ---- checks of one value ---- */

static int compare(const struct guild_value *a, const struct guild_value *b, int *order)
{
	bool are_numbers = (guild_value_is_number(a) || a->type == GUILD_BOOL) &&
			   (guild_value_is_number(b) || b->type == GUILD_BOOL);
	if (are_numbers) {
		double x = guild_value_as_f64(a);
		double y = guild_value_as_f64(b);
		*order = (x > y) - (x < y);
		return 0;
	}
	if (a->type == b->type && (a->type == GUILD_STRING || a->type == GUILD_DATE)) {
		*order = strcmp(a->s.p, b->s.p);
		return 0;
	}
	return -1;
}

static int refuse_range(const struct resolver *r, const struct guild_flag_def *def,
	const struct guild_value *v, const struct guild_value *limit, const char *what)
{
	struct guild_buf shown = {0};
	struct guild_buf bound = {0};
	guild_flag_encode(&shown, v);
	guild_flag_encode(&bound, limit);
	int rc = guild_error_set(r->err, GUILD_EINVALID, "invalid value %s for '%s': %s %s",
		guild_buf_cstr(&shown), def->name, what, guild_buf_cstr(&bound));
	guild_buf_fini(&shown);
	guild_buf_fini(&bound);
	return rc;
}

static int check_limit(const struct resolver *r, const struct guild_flag_def *def,
	const struct guild_value *v, const struct guild_value *limit, bool is_min)
{
	int order = 0;
	if (!limit) {
		return 0;
	}
	if (compare(v, limit, &order) < 0) {
		return refuse_range(r, def, v, limit,
			is_min ? "it cannot be compared with the minimum"
			       : "it cannot be compared with the maximum");
	}
	if (is_min ? order < 0 : order > 0) {
		return refuse_range(r, def, v, limit,
			is_min ? "less than the minimum" : "greater than the maximum");
	}
	return 0;
}

static int check_value(const struct resolver *r, const struct guild_flag_def *def,
	const struct guild_value *v)
{
	if (v->type == GUILD_LIST) {
		for (size_t i = 0; i < v->n; i++) {
			int rc = check_value(r, def, v->items[i]);
			if (rc < 0) {
				return rc;
			}
		}
		return 0;
	}
	if (v->type == GUILD_NULL || guild_flag_is_function(r->arena, v, NULL)) {
		return 0;
	}
	if (def->n_choices > 0 && !def->allow_other && guild_value_truthy(v) &&
		!choice_of(def, v)) {
		return refuse_choice(r, def, v);
	}
	if (guild_flag_type(def) == GUILD_FLAG_EXISTING_PATH && v->s.n > 0 &&
		!guild_file_exists(v->s.p)) {
		return guild_error_set(r->err, GUILD_ENOTFOUND,
			"invalid value for '%s': %s does not exist", def->name, v->s.p);
	}
	int rc = check_limit(r, def, v, def->min, true);
	return rc < 0 ? rc : check_limit(r, def, v, def->max, false);
}

/* ---- required flags ---- */

static int check_required(const struct resolver *r)
{
	struct guild_buf missing = {0};
	size_t width = 0;
	for (size_t pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < r->defs->n; i++) {
			const struct guild_flag_def *def = &r->defs->v[i];
			const struct guild_value *v = value_of(r, def);
			bool is_empty =
				v->type == GUILD_NULL || (v->type == GUILD_STRING && v->s.n == 0);
			if (!def->required || !is_empty) {
				continue;
			}
			size_t n = strlen(def->name);
			if (pass == 0 && n > width) {
				width = n;
			} else if (pass == 1) {
				guild_buf_printf(&missing, "\n  %-*s%s%s",
					def->description ? (int)width : 0, def->name,
					def->description ? "  " : "",
					def->description ? def->description : "");
			}
		}
	}
	if (missing.n == 0) {
		return 0;
	}
	int rc = guild_error_set(r->err, GUILD_EINVALID, "%s needs a value for%s",
		r->op_name && *r->op_name ? r->op_name : "the operation", missing.p);
	guild_error_hint(r->err, "give each of them as NAME=VALUE");
	guild_buf_fini(&missing);
	return rc;
}

/* ---- all of it ---- */

static int run_checks(const struct resolver *r)
{
	for (size_t i = 0; i < r->defs->n; i++) {
		int rc = check_value(r, &r->defs->v[i], value_of(r, &r->defs->v[i]));
		if (rc < 0) {
			return rc;
		}
	}
	return check_required(r);
}

int guild_flags_resolve(struct guild_arena *a, const struct guild_flag_defs *defs,
	const struct guild_value *user, const char *op_name, const char *cwd, bool force,
	struct guild_value **out, const struct guild_log *log, struct guild_error *err)
{
	struct resolver r = {a, defs, user, op_name, cwd, force, guild_value_dict(a), log, err};
	int rc = force ? 0 : check_names(&r);
	if (rc == 0) {
		rc = fill_and_coerce(&r);
	}
	for (size_t i = 0; rc == 0 && i < defs->n; i++) {
		rename_choice(&r, &defs->v[i]);
	}
	if (rc == 0 && !force) {
		rc = run_checks(&r);
	}
	for (size_t i = 0; rc == 0 && i < defs->n; i++) {
		rc = apply_choice(&r, &defs->v[i]);
	}
	if (rc < 0) {
		return rc;
	}
	guild_value_sort_keys(r.values);
	*out = r.values;
	return 0;
}
