/* Sources of type file: files and directories of the project (resources.md 3.1). */

#include <stdlib.h>
#include <string.h>

#include "resolve.h"

struct guild_found *guild_found_add(struct guild_resolving *r, const char *path, const char *rel)
{
	if (r->n_found == r->cap_found) {
		size_t cap = r->cap_found ? r->cap_found * 2 : 8;
		struct guild_found *grown = guild_arena_alloc(r->arena, cap * sizeof(*grown));
		if (r->n_found > 0) {
			memcpy(grown, r->found, r->n_found * sizeof(*grown));
		}
		r->found = grown;
		r->cap_found = cap;
	}
	struct guild_found *f = &r->found[r->n_found++];
	*f = (struct guild_found){.path = guild_arena_strdup(r->arena, path),
		.rel = guild_arena_strdup(r->arena, rel)};
	return f;
}

static const char *keep(struct guild_resolving *r, char *take)
{
	const char *kept = guild_arena_strdup(r->arena, take);
	free(take);
	return kept;
}

/* A value under the path alone is recorded but does not choose, as in 0.9.0. */
static const char *chosen_path(const struct guild_resolving *r)
{
	return r->flag_name && strcmp(r->flag_name, r->source->spec) != 0
		       ? guild_value_text(r->flag)
		       : NULL;
}

int guild_resolve_find_path(struct guild_resolving *r, const char **path, const char **location,
	bool *is_given, struct guild_error *err)
{
	const char *given = chosen_path(r);
	*is_given = given != NULL;
	if (given) {
		const char *cwd = r->req->world->cwd;
		const char *found = keep(r, guild_path_abs(given, cwd));
		if (!guild_file_exists(found)) {
			return guild_error_set(err, GUILD_ENOTFOUND, "'%s' does not exist", given);
		}
		guild_log(r->req->world->log, "info", "Using %s for %s", given, r->source->name);
		*path = found;
		*location = cwd;
		return 0;
	}
	for (size_t i = 0; r->dirs[i]; i++) {
		const char *found = keep(r, guild_path_abs(r->spec, r->dirs[i]));
		if (guild_file_exists(found)) {
			*path = found;
			*location = r->dirs[i];
			return 0;
		}
	}
	return guild_error_set(err, GUILD_ENOTFOUND, "cannot find '%s' in '%s'", r->spec,
		r->dirs[0] ? r->dirs[0] : ".");
}

/* What the manifest says a file of the project is. */
static const char *file_uri(struct guild_resolving *r, const char *rel)
{
	return guild_arena_format(r->arena, "file:%s", rel);
}

static int check_sum(struct guild_resolving *r, const char *path, struct guild_error *err)
{
	if (!r->source->sha256) {
		return 0;
	}
	char actual[65];
	char *cache = guild_path_join(r->req->world->home->path, "cache");
	int rc = guild_content_sha256(path, cache, actual, err);
	free(cache);
	if (rc == 0 && strcasecmp(actual, r->source->sha256) != 0) {
		rc = guild_error_set(err, GUILD_EINVALID,
			"'%s' has another sha256 than it should (expected %s, got %s)", path,
			r->source->sha256, actual);
	}
	return rc;
}

static int resolve_dir(struct guild_resolving *r, const char *path, const char *rel,
	struct guild_error *err)
{
	if (r->source->sha256) {
		guild_log(r->req->world->log, "warning",
			"'%s' is a directory: its sha256 is not checked", path);
	}
	if (!guild_resolve_selects(r->source)) {
		guild_found_add(r, path, rel)->uri = file_uri(r, rel);
		return 0;
	}
	struct guild_strs paths = {0};
	int rc = guild_resolve_walk(path, &paths, err);
	rc = rc ? rc : guild_resolve_select(r, path, &paths, strcmp(rel, ".") == 0 ? "" : rel, err);
	for (size_t i = 0; i < r->n_found && rc == 0; i++) {
		r->found[i].uri = file_uri(r, r->found[i].rel);
	}
	guild_strs_fini(&paths);
	return rc;
}

int guild_resolve_content(struct guild_resolving *r, const char *path, const char *location,
	const char *work_dir, struct guild_error *err)
{
	const char *rel = keep(r, guild_path_rel(path, location));
	if (guild_is_dir(path)) {
		return resolve_dir(r, path, rel, err);
	}
	int rc = check_sum(r, path, err);
	r->origin = path;
	if (rc == 0 && r->source->unpack && !r->is_only_looking) {
		rc = guild_resolve_archive(r, path, work_dir, err);
	}
	if (rc == 0) {
		struct guild_found *f = guild_found_add(r, path, rel);
		f->subpath = r->source->kind == GUILD_SOURCE_URL ? f->rel : NULL;
	}
	for (size_t i = 0; i < r->n_found && rc >= 0; i++) {
		bool is_file = r->source->kind == GUILD_SOURCE_FILE ||
			       r->source->kind == GUILD_SOURCE_DVCFILE;
		r->found[i].uri = is_file ? file_uri(r, rel) : NULL;
	}
	if (rc >= 0 && r->source->post_process && !r->is_only_looking) {
		rc = guild_resolve_post_process(r, path, work_dir, err);
	}
	return rc < 0 ? rc : 0;
}

bool guild_resolve_is_given(const struct guild_resolving *r)
{
	return chosen_path(r) != NULL;
}

int guild_resolve_given(struct guild_resolving *r, struct guild_error *err)
{
	const char *path = NULL;
	const char *location = NULL;
	bool is_given = false;
	int rc = guild_resolve_find_path(r, &path, &location, &is_given, err);
	if (rc == 0) {
		const char *rel = keep(r, guild_path_rel(path, location));
		guild_found_add(r, path, rel)->uri = file_uri(r, rel);
		r->chosen = guild_value_text(r->flag);
	}
	return rc;
}

int guild_resolve_file(struct guild_resolving *r, struct guild_error *err)
{
	const char *path = NULL;
	const char *location = NULL;
	bool is_given = false;
	if (guild_resolve_is_given(r)) {
		return guild_resolve_given(r, err);
	}
	int rc = guild_resolve_find_path(r, &path, &location, &is_given, err);
	if (rc != 0) {
		return rc;
	}
	return guild_resolve_content(r, path, location, guild_resolve_work_dir(r, path), err);
}
