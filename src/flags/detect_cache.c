/*
 * What was found is kept as JSON, one file a script text and request. An entry holds what it depends on beside the text:
 * other files (by content), files that must stay absent, variables of the environment, folders (by time) for what a
 * failed question depends on. A damaged or outdated entry is as good as none.
 */

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "detect_private.h"

enum {
	ENTRY_BYTES_MAX = 16 << 20,
	RETRY_S = 600, /* a script that could not be asked is asked again after this */
};

static void add_part(struct guild_buf *key, const char *text)
{
	guild_buf_puts(key, text ? text : "");
	guild_buf_putc(key, '\0');
}

char *guild_detect_cache_path(const struct guild_detect_request *req, const char *script,
	struct guild_str text)
{
	struct guild_buf key = {0};
	char hash[33];
	guild_buf_printf(&key, "%d", GUILD_DETECT_VERSION);
	add_part(&key, script);
	add_part(&key, req->flags_dest);
	add_part(&key, req->module);
	add_part(&key, req->python);
	add_part(&key, req->cwd);
	for (size_t i = 0; i < req->n_base_args; i++) {
		add_part(&key, req->base_args[i]);
	}
	guild_buf_putc(&key, '\0');
	guild_buf_append(&key, text.p, text.n);
	guild_fast_hash(guild_buf_cstr(&key), key.n, hash);
	guild_buf_fini(&key);
	return guild_format("%s/%s.json", req->cache_dir, hash);
}

/* ---- dependencies ---- */

static bool file_hash(const char *path, char out[33])
{
	struct guild_buf text = {0};
	bool ok =
		guild_is_file(path) && guild_file_read(path, GUILD_PY_MAX_BYTES, &text, NULL) == 0;
	if (ok) {
		guild_fast_hash(guild_buf_cstr(&text), text.n, out);
	}
	guild_buf_fini(&text);
	return ok;
}

/* What is remembered of one dependency, as text; NULL for "not there". */
static const char *state_of(struct guild_arena *a, enum py_dependency_kind kind, const char *name)
{
	char hash[33];
	struct stat st;
	switch (kind) {
	case PY_DEP_FILE:
		return file_hash(name, hash) ? guild_arena_strdup(a, hash) : NULL;
	case PY_DEP_ABSENT:
		return guild_file_exists(name) ? "there" : NULL;
	case PY_DEP_ENV:
		return getenv(name);
	case PY_DEP_FOLDER:
		return stat(name, &st) == 0
			       ? guild_arena_format(a, "%lld.%09ld", (long long)st.st_mtim.tv_sec,
					 st.st_mtim.tv_nsec)
			       : NULL;
	}
	return NULL;
}

static const char *const kind_names[] = {
	[PY_DEP_FILE] = "file",
	[PY_DEP_ABSENT] = "absent",
	[PY_DEP_ENV] = "env",
	[PY_DEP_FOLDER] = "folder",
};

static bool is_unchanged(struct guild_arena *a, const struct guild_value *dep)
{
	if (dep->type != GUILD_LIST || dep->n != 3) {
		return false;
	}
	const char *kind = guild_value_text(dep->items[0]);
	const char *name = guild_value_text(dep->items[1]);
	for (size_t i = 0; kind && name && i < GUILD_ARRAY_LEN(kind_names); i++) {
		if (strcmp(kind, kind_names[i]) == 0) {
			const char *now = state_of(a, (enum py_dependency_kind)i, name);
			return guild_streq(now, guild_value_text(dep->items[2]));
		}
	}
	return false;
}

/* ---- reading ---- */

static bool read_choices(struct guild_arena *a, const struct guild_value *v,
	struct guild_flag_def *f)
{
	if (v->type != GUILD_LIST) {
		return false;
	}
	f->choices = guild_arena_alloc(a, (v->n + 1) * sizeof *f->choices);
	f->n_choices = v->n;
	for (size_t i = 0; i < v->n; i++) {
		f->choices[i].value = v->items[i];
	}
	return true;
}

/* A list of pairs, as JSON keys would lose their type. */
static const struct guild_value *read_encoding(struct guild_arena *a, const struct guild_value *v)
{
	if (v->type != GUILD_LIST) {
		return NULL;
	}
	struct guild_value *dict = guild_value_dict(a);
	dict->pairs = guild_arena_alloc(a, (v->n + 1) * sizeof *dict->pairs);
	for (size_t i = 0; i < v->n; i++) {
		if (v->items[i]->type != GUILD_LIST || v->items[i]->n != 2) {
			return NULL;
		}
		dict->pairs[i] = (struct guild_pair){v->items[i]->items[0], v->items[i]->items[1]};
	}
	dict->n = dict->cap = v->n;
	return dict;
}

static bool read_flag(struct detection *d, const struct guild_value *v)
{
	const char *name = guild_value_text(guild_value_get(v, "name"));
	if (!name) {
		return false;
	}
	struct guild_flag_def *f = guild_flag_defs_add(d->arena, &d->flags, name);
	f->description = guild_value_text(guild_value_get(v, "description"));
	f->def = guild_value_get(v, "default");
	f->type = guild_value_text(guild_value_get(v, "type"));
	f->required = f->has_required = guild_value_truthy(guild_value_get(v, "required"));
	f->arg_name = guild_value_text(guild_value_get(v, "arg-name"));
	f->arg_switch = guild_value_get(v, "arg-switch");
	f->arg_split = guild_value_get(v, "arg-split");
	const struct guild_value *encoding = guild_value_get(v, "arg-encoding");
	const struct guild_value *choices = guild_value_get(v, "choices");
	f->arg_encoding = encoding ? read_encoding(d->arena, encoding) : NULL;
	return (!choices || read_choices(d->arena, choices, f)) && (!encoding || f->arg_encoding);
}

static bool read_entry(struct detection *d, const struct guild_value *v)
{
	static const char *const libraries[] = {"argparse", "click", "absl", "typer", "fire",
		"dataclass", "configurator", "globals", "none"};
	const struct guild_value *deps = guild_value_get(v, "depends");
	const struct guild_value *flags = guild_value_get(v, "flags");
	const struct guild_value *warnings = guild_value_get(v, "warnings");
	const struct guild_value *until = guild_value_get(v, "until");
	const char *library = guild_value_text(guild_value_get(v, "library"));
	d->flags_dest = guild_value_text(guild_value_get(v, "flags-dest"));
	d->asked = guild_value_truthy(guild_value_get(v, "asked"));
	if (!deps || deps->type != GUILD_LIST || !flags || flags->type != GUILD_LIST || !warnings ||
		warnings->type != GUILD_LIST || !library || !d->flags_dest) {
		return false;
	}
	if (until && (until->type != GUILD_INT || until->i < guild_now_us() / 1000000)) {
		return false;
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(libraries); i++) {
		d->library = strcmp(library, libraries[i]) == 0 ? libraries[i] : d->library;
	}
	for (size_t i = 0; i < deps->n; i++) {
		if (!is_unchanged(d->arena, deps->items[i])) {
			return false;
		}
	}
	for (size_t i = 0; i < flags->n; i++) {
		if (!read_flag(d, flags->items[i])) {
			return false;
		}
	}
	for (size_t i = 0; i < warnings->n; i++) {
		const char *text = guild_value_text(warnings->items[i]);
		guild_log(d->log, "warning", "%s", text ? text : "");
	}
	return d->library != NULL;
}

bool guild_detect_cache_read(const char *path, struct detection *d)
{
	struct guild_buf text = {0};
	struct guild_value *v = NULL;
	bool ok = guild_file_read(path, ENTRY_BYTES_MAX, &text, NULL) == 0 &&
		  guild_json_parse(d->arena, guild_buf_str(&text), path, &v, NULL) == 0 &&
		  read_entry(d, v);
	if (!ok) {
		d->flags = (struct guild_flag_defs){0};
		d->library = d->flags_dest = NULL;
		d->asked = false;
	}
	guild_buf_fini(&text);
	return ok;
}

/* ---- writing ---- */

static void set(struct guild_arena *a, struct guild_value *dict, const char *key,
	const struct guild_value *v)
{
	if (v) {
		guild_value_set(a, dict, key, guild_value_copy(a, v));
	}
}

static void set_text(struct guild_arena *a, struct guild_value *dict, const char *key,
	const char *text)
{
	if (text) {
		guild_value_set(a, dict, key, guild_value_string(a, text));
	}
}

static struct guild_value *flag_value(struct guild_arena *a, const struct guild_flag_def *f)
{
	struct guild_value *v = guild_value_dict(a);
	set_text(a, v, "name", f->name);
	set_text(a, v, "description", f->description);
	set(a, v, "default", f->def);
	set_text(a, v, "type", f->type);
	if (f->required) {
		guild_value_set(a, v, "required", guild_value_bool(a, true));
	}
	set_text(a, v, "arg-name", f->arg_name);
	set(a, v, "arg-switch", f->arg_switch);
	set(a, v, "arg-split", f->arg_split);
	if (f->choices) {
		struct guild_value *list = guild_value_list(a);
		for (size_t i = 0; i < f->n_choices; i++) {
			guild_value_append(a, list, guild_value_copy(a, f->choices[i].value));
		}
		guild_value_set(a, v, "choices", list);
	}
	if (f->arg_encoding) {
		struct guild_value *pairs = guild_value_list(a);
		for (size_t i = 0; i < f->arg_encoding->n; i++) {
			struct guild_value *pair = guild_value_list(a);
			guild_value_append(a, pair, f->arg_encoding->pairs[i].key);
			guild_value_append(a, pair, f->arg_encoding->pairs[i].value);
			guild_value_append(a, pairs, pair);
		}
		guild_value_set(a, v, "arg-encoding", pairs);
	}
	return v;
}

static struct guild_value *deps_value(struct guild_arena *a, const struct detection *d)
{
	struct guild_value *deps = guild_value_list(a);
	for (size_t i = 0; i < d->n_deps; i++) {
		struct guild_value *dep = guild_value_list(a);
		guild_value_append(a, dep, guild_value_string(a, kind_names[d->deps[i].kind]));
		guild_value_append(a, dep, guild_value_string(a, d->deps[i].name));
		guild_value_append(a, dep,
			guild_value_string(a, state_of(a, d->deps[i].kind, d->deps[i].name)));
		guild_value_append(a, deps, dep);
	}
	return deps;
}

void guild_detect_cache_write(const char *path, const struct detection *d,
	const struct guild_strs *warnings)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *v = guild_value_dict(a);
	struct guild_buf text = {0};
	set_text(a, v, "script", d->script);
	set_text(a, v, "flags-dest", d->flags_dest);
	set_text(a, v, "library", d->library);
	guild_value_set(a, v, "asked", guild_value_bool(a, d->asked));
	if (d->ask_failure) {
		guild_value_set(a, v, "until",
			guild_value_int(a, guild_now_us() / 1000000 + RETRY_S));
	}
	guild_value_set(a, v, "depends", deps_value(a, d));
	guild_value_set(a, v, "warnings", guild_value_strs(a, warnings));
	struct guild_value *flags = guild_value_list(a);
	for (size_t i = 0; i < d->flags.n; i++) {
		guild_value_append(a, flags, flag_value(a, &d->flags.v[i]));
	}
	guild_value_set(a, v, "flags", flags);
	guild_json_dump(&text, v, GUILD_JSON_COMPACT);
	if (guild_mkdirs(d->req->cache_dir, NULL) == 0) {
		(void)guild_file_write(path, guild_buf_cstr(&text), text.n, false, NULL);
	}
	guild_buf_fini(&text);
	guild_arena_free(a);
}
