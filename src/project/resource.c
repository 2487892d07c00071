/* Resources: reading sources and their attributes from a Guild file or from a run's record (resources.md 1). */

#include <string.h>

#include "attributes.h"

struct reader {
	struct guild_arena *arena;
	const char *shown; /* of the resource */
	const char *file;
	const struct guild_log *log;
	struct guild_error *err;
	const struct guild_value *resource; /* mapping, or NULL */
};

static const char *const types[] = {
	[GUILD_SOURCE_CONFIG] = "config",
	[GUILD_SOURCE_DVCFILE] = "dvcfile",
	[GUILD_SOURCE_DVCSTAGE] = "dvcstage",
	[GUILD_SOURCE_FILE] = "file",
	[GUILD_SOURCE_MODULE] = "module",
	[GUILD_SOURCE_OPERATION] = "operation",
	[GUILD_SOURCE_URL] = "url",
};

const char *guild_source_type(enum guild_source_kind kind)
{
	return types[kind];
}

/* ---- messages --------------------------------------------------------------------------------------------- */

static const char *place(const struct reader *r, const struct guild_value *at)
{
	if (!r->file) {
		return "";
	}
	return at && at->line
		       ? guild_arena_format(r->arena, "%s:%u:%u: ", r->file, at->line, at->column)
		       : guild_arena_format(r->arena, "%s: ", r->file);
}

static int fail(const struct reader *r, const struct guild_value *at, const char *fmt, ...)
	GUILD_PRINTF(3, 4);

static int fail(const struct reader *r, const struct guild_value *at, const char *fmt, ...)
{
	char text[GUILD_ERROR_TEXT_MAX / 2];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return guild_error_set(r->err, GUILD_EINVALID, "%s%s", place(r, at), text);
}

/* ---- attributes --------------------------------------------------------------------------------------------- */

/* A scalar as text: a number where a name belongs is fine. */
static int read_text(const struct reader *r, const struct guild_value *map, const char *key,
	const char **out)
{
	const struct guild_value *v = guild_value_get(map, key);
	if (guild_value_is_null(v)) {
		return 0;
	}
	if (v->type == GUILD_LIST || v->type == GUILD_DICT) {
		return fail(r, v, "'%s' of resource '%s' must be text, not %s", key, r->shown,
			guild_type_name(v->type));
	}
	struct guild_buf text = {0};
	guild_value_py_str(&text, v);
	*out = guild_arena_strdup(r->arena, guild_buf_cstr(&text));
	guild_buf_fini(&text);
	return 0;
}

static void read_claim(const struct guild_value *map, const char *key, bool *out)
{
	const struct guild_value *v = guild_value_get(map, key);
	if (!guild_value_is_null(v)) {
		*out = guild_value_truthy(v);
	}
}

/* A pattern or a list of them. */
static int read_patterns(const struct reader *r, const struct guild_value *map, const char *key,
	const struct guild_value **out)
{
	struct guild_value *v = guild_value_get(map, key);
	if (!guild_value_truthy(v)) {
		return 0;
	}
	if (v->type == GUILD_STRING) {
		struct guild_value *list = guild_value_list(r->arena);
		guild_value_append(r->arena, list, v);
		*out = list;
		return 0;
	}
	for (size_t i = 0; v->type == GUILD_LIST && i < v->n; i++) {
		if (!guild_value_text(v->items[i])) {
			return fail(r, v->items[i], "'%s' of resource '%s' must hold text, not %s",
				key, r->shown, guild_type_name(v->items[i]->type));
		}
	}
	if (v->type != GUILD_LIST) {
		return fail(r, v, "'%s' of resource '%s' must be a pattern or a list, not %s", key,
			r->shown, guild_type_name(v->type));
	}
	*out = v;
	return 0;
}

/* target-path, and `path` as it was called once. */
static int read_target_path(const struct reader *r, const struct guild_value *map, const char **out)
{
	const char *now = NULL;
	const char *once = NULL;
	int rc = read_text(r, map, "target-path", &now);
	rc = rc ? rc : read_text(r, map, "path", &once);
	if (now && once) {
		guild_log(r->log, "warning",
			"%sboth 'target-path' and 'path' of resource '%s': 'path' is not used",
			place(r, guild_value_get(map, "path")), r->shown);
	}
	if (rc == 0 && (now || once)) {
		*out = now ? now : once;
	}
	return rc;
}

/* ---- rename -------------------------------------------------------------------------------------------------- */

static int read_rename_text(const struct reader *r, const struct guild_value *v,
	struct guild_rename *out)
{
	struct guild_strs words = {0};
	int rc = guild_shlex_split(v->s.p, &words, NULL);
	if (rc != 0 || words.n == 0 || words.n > 2) {
		rc = fail(r, v,
			"'rename' of resource '%s' is '%s': expected 'PATTERN NAME' or 'NAME'",
			r->shown, v->s.p);
	} else {
		out->pattern = guild_arena_strdup(r->arena, words.n == 2 ? words.v[0] : ".*");
		out->replacement = guild_arena_strdup(r->arena, words.v[words.n - 1]);
	}
	guild_strs_fini(&words);
	return rc;
}

static int read_rename(const struct reader *r, const struct guild_value *v,
	struct guild_rename *out)
{
	if (v->type == GUILD_STRING) {
		return read_rename_text(r, v, out);
	}
	if (v->type != GUILD_DICT) {
		return fail(r, v, "'rename' of resource '%s' must be text or a mapping, not %s",
			r->shown, guild_type_name(v->type));
	}
	int rc = read_text(r, v, "pattern", &out->pattern);
	rc = rc ? rc : read_text(r, v, "repl", &out->replacement);
	if (rc == 0 && (!out->pattern || !out->replacement)) {
		rc = fail(r, v, "'rename' of resource '%s' needs 'pattern' and 'repl'", r->shown);
	}
	return rc;
}

static int read_renames(const struct reader *r, const struct guild_value *map,
	struct guild_source *s)
{
	const struct guild_value *v = guild_value_get(map, "rename");
	if (!guild_value_truthy(v)) {
		return 0;
	}
	s->n_renames = v->type == GUILD_LIST ? v->n : 1;
	s->renames = guild_arena_alloc(r->arena, s->n_renames * sizeof(*s->renames));
	int rc = 0;
	for (size_t i = 0; i < s->n_renames && rc == 0; i++) {
		rc = read_rename(r, v->type == GUILD_LIST ? v->items[i] : v, &s->renames[i]);
	}
	return rc;
}

/* ---- sources ---------------------------------------------------------------------------------------------------- */

/* Which of the types the mapping names. */
static int read_kind(const struct reader *r, const struct guild_value *map, struct guild_source *s)
{
	const char *found = NULL;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(types); i++) {
		if (guild_value_is_null(guild_value_get(map, types[i]))) {
			continue;
		}
		if (found) {
			return fail(r, map, "a source of resource '%s' has both '%s' and '%s'",
				r->shown, found, types[i]);
		}
		found = types[i];
		s->kind = (enum guild_source_kind)i;
	}
	if (!found) {
		return fail(r, map,
			"a source of resource '%s' needs one of: config, dvcfile, dvcstage, file, "
			"module, operation, url",
			r->shown);
	}
	int rc = read_text(r, map, found, &s->spec);
	if (rc == 0) {
		s->uri = s->kind == GUILD_SOURCE_URL
				 ? s->spec
				 : guild_arena_format(r->arena, "%s:%s", found, s->spec);
	}
	return rc;
}

static void warn_unknown(const struct reader *r, const struct guild_value *map,
	const struct guild_source *s)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct guild_value *key = map->pairs[i].key;
		const char *name = guild_value_text(key);
		if (!name || !project_attribute(&project_kind_source, name)) {
			const char *nearest =
				name ? project_nearest_attribute(&project_kind_source, name) : NULL;
			guild_log(r->log, "warning",
				"%sunexpected source attribute '%s' in resource '%s'%s%s%s",
				place(r, key), name ? name : "?", s->uri,
				nearest ? " (did you mean '" : "", nearest ? nearest : "",
				nearest ? "'?)" : "");
		}
	}
}

/* A string is short for a file; one of another type may be written with its type, as runs' URIs are. */
static const struct guild_value *source_mapping(const struct reader *r,
	const struct guild_value *item)
{
	struct guild_value *map = guild_value_dict(r->arena);
	const char *text = item->s.p;
	map->file = item->file;
	map->line = item->line;
	map->column = item->column;
	guild_value_set(r->arena, map, "file",
		guild_value_string(r->arena,
			guild_starts(text, "file:") ? text + strlen("file:") : text));
	return map;
}

static int read_target(const struct reader *r, const struct guild_value *map,
	struct guild_source *s)
{
	int rc = read_target_path(r, r->resource, &s->target_path);
	const char *own = NULL;
	rc = rc ? rc : read_target_path(r, map, &own);
	if (own) {
		s->target_path = own;
		s->has_own_target = true;
	}
	rc = rc ? rc : read_text(r, r->resource, "target-type", &s->target_type);
	rc = rc ? rc : read_text(r, map, "target-type", &s->target_type);
	if (rc == 0 && s->target_type && strcmp(s->target_type, "link") != 0 &&
		strcmp(s->target_type, "copy") != 0) {
		const struct guild_value *at = guild_value_get(map, "target-type");
		rc = fail(r, at ? at : guild_value_get(r->resource, "target-type"),
			"target-type '%s' in resource '%s': expected 'link' or 'copy'",
			s->target_type, r->shown);
	}
	return rc;
}

static int read_flag_name(const struct reader *r, const struct guild_value *map,
	struct guild_source *s)
{
	const struct guild_value *v = guild_value_get(map, "flag-name");
	if (v && v->type == GUILD_BOOL) {
		s->has_no_flag = !v->b;
		return 0;
	}
	return read_text(r, map, "flag-name", &s->flag_name);
}

static int read_texts(const struct reader *r, const struct guild_value *map, struct guild_source *s)
{
	const struct {
		const char *key;
		const char **out;
	} texts[] = {
		{"name", &s->own_name},
		{"type", &s->archive_type},
		{"sha256", &s->sha256},
		{"post-process", &s->post_process},
		{"help", &s->help},
		{"remote", &s->remote},
	};
	int rc = 0;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(texts) && rc == 0; i++) {
		rc = read_text(r, map, texts[i].key, texts[i].out);
	}
	return rc;
}

static int read_params(const struct reader *r, const struct guild_value *map,
	struct guild_source *s)
{
	const struct guild_value *v = guild_value_get(map, "params");
	if (!guild_value_is_null(v) && v->type != GUILD_DICT) {
		return fail(r, v, "'params' of resource '%s' must be a mapping, not %s", r->shown,
			guild_type_name(v->type));
	}
	s->params = guild_value_is_null(v) ? NULL : v;
	return 0;
}

static int read_source(const struct reader *r, const struct guild_value *item,
	struct guild_source *s)
{
	const struct guild_value *map = item;
	if (item->type == GUILD_STRING) {
		map = source_mapping(r, item);
	} else if (item->type != GUILD_DICT) {
		return fail(r, item, "a source of resource '%s' must be text or a mapping, not %s",
			r->shown, guild_type_name(item->type));
	}
	*s = (struct guild_source){.data = item, .unpack = true, .warn_if_empty = true};
	int rc = read_kind(r, map, s);
	rc = rc ? rc : read_texts(r, map, s);
	rc = rc ? rc : read_flag_name(r, map, s);
	rc = rc ? rc : read_patterns(r, map, "select", &s->select);
	rc = rc ? rc : read_patterns(r, map, "select-min", &s->select_min);
	rc = rc ? rc : read_patterns(r, map, "select-max", &s->select_max);
	rc = rc ? rc : read_renames(r, map, s);
	rc = rc ? rc : read_target(r, map, s);
	rc = rc ? rc : read_params(r, map, s);
	if (rc != 0) {
		return rc;
	}
	read_claim(r->resource, "default-unpack", &s->unpack);
	read_claim(map, "unpack", &s->unpack);
	read_claim(map, "preserve-path", &s->preserve_path);
	read_claim(map, "replace-existing", &s->replace_existing);
	read_claim(map, "always-resolve", &s->always_resolve);
	read_claim(map, "optional", &s->optional);
	read_claim(map, "warn-if-empty", &s->warn_if_empty);
	read_claim(map, "fail-if-empty", &s->fail_if_empty);
	read_claim(map, "always-pull", &s->always_pull);
	s->name = s->own_name ? s->own_name : s->flag_name ? s->flag_name : s->uri;
	warn_unknown(r, map, s);
	return 0;
}

/* ---- resources --------------------------------------------------------------------------------------------------- */

static const char *joined_names(const struct reader *r, const struct guild_resource *resource)
{
	struct guild_buf text = {0};
	for (size_t i = 0; i < resource->n_sources; i++) {
		guild_buf_printf(&text, "%s%s", i ? "," : "", resource->sources[i].name);
	}
	const char *name = text.n > 0 ? guild_arena_strdup(r->arena, text.p) : "resource";
	guild_buf_fini(&text);
	return name;
}

int guild_resource_parse(struct guild_arena *a, const struct guild_value *data, const char *name,
	const char *shown, const char *file, struct guild_resource *out,
	const struct guild_log *log, struct guild_error *err)
{
	struct reader r = {.arena = a,
		.shown = shown ? shown : "<inline>",
		.file = file,
		.log = log,
		.err = err,
		.resource = data->type == GUILD_DICT ? data : NULL};
	struct guild_resource resource = {.data = data, .name = name};
	const struct guild_value *sources = r.resource ? guild_value_get(data, "sources") : data;
	int rc = 0;
	if (!r.resource && data->type != GUILD_LIST) {
		return fail(&r, data, "resource '%s' must be a list or a mapping, not %s", r.shown,
			guild_type_name(data->type));
	}
	if (guild_value_is_null(sources)) {
		sources = guild_value_list(a);
	} else if (sources->type != GUILD_LIST) {
		return fail(&r, sources, "'sources' of resource '%s' must be a list, not %s",
			r.shown, guild_type_name(sources->type));
	}
	if (r.resource) {
		rc = name ? 0 : read_text(&r, data, "name", &resource.name);
		rc = rc ? rc : read_text(&r, data, "description", &resource.description);
		read_claim(data, "private", &resource.is_private);
	}
	resource.sources = guild_arena_alloc(a, (sources->n + 1) * sizeof(*resource.sources));
	for (size_t i = 0; i < sources->n && rc == 0; i++) {
		rc = read_source(&r, sources->items[i], &resource.sources[i]);
		resource.n_sources += rc == 0;
	}
	if (rc == 0) {
		resource.name = resource.name ? resource.name : joined_names(&r, &resource);
		*out = resource;
	}
	return rc;
}

/* ---- flags ------------------------------------------------------------------------------------------------------------ */

const char *guild_source_flag(const struct guild_source *s)
{
	bool is_run = s->kind == GUILD_SOURCE_OPERATION || s->kind == GUILD_SOURCE_DVCSTAGE;
	if (s->flag_name && (s->kind == GUILD_SOURCE_FILE || is_run)) {
		return s->flag_name;
	}
	if (!is_run || s->has_no_flag) {
		return NULL;
	}
	return s->name;
}

const struct guild_value *guild_source_flag_value(const struct guild_source *s,
	const struct guild_value *flags, const char **name)
{
	const char *const names[] = {s->flag_name, s->own_name, s->uri, s->spec};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(names); i++) {
		const struct guild_value *v = names[i] ? guild_value_get(flags, names[i]) : NULL;
		if (v) {
			*name = names[i];
			return v;
		}
		/* A source with a name of its own does not go by its URI. */
		if (i == 1 && (s->flag_name || s->own_name)) {
			return NULL;
		}
	}
	return NULL;
}
