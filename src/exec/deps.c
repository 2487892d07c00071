/*
 * Files an operation requires: `file:` sources and --dep PATH, copied or linked into the run (resources.md 3.1, 4.2). Every other
 * kind of dependency is refused: a run without its inputs would be worse than no run.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exec_private.h"

static const char *const later_sources[] = {
	"url", "operation", "module", "config", "dvcfile", "dvcstage", NULL};
static const char *const later_attributes[] = {"select", "select-min", "select-max", "rename",
	"post-process", "sha256", "preserve-path", "replace-existing", "always-resolve", "type",
	"flag-name", "params", NULL};
static const char *const archive_ends[] = {
	".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".gz", NULL};

/* ---- reading what is required ------------------------------------------------------------------------------- */

static int refuse(const char *what, const char *name, struct guild_error *err)
{
	guild_error_set(err, GUILD_EUNSUPPORTED,
		"the operation requires '%s': this version of guild cannot resolve %s yet", name,
		what);
	guild_error_hint(err, "'file:' dependencies work");
	return GUILD_EUNSUPPORTED;
}

static int check_source(const struct guild_value *source, struct guild_error *err)
{
	if (source->type != GUILD_DICT) {
		return guild_error_set(err, GUILD_EINVALID,
			"invalid source of a dependency: expected text or a mapping");
	}
	for (size_t i = 0; later_sources[i]; i++) {
		const char *value = guild_value_text(guild_value_get(source, later_sources[i]));
		if (value) {
			char *what = guild_format("'%s' sources", later_sources[i]);
			char *name = guild_format("%s:%s", later_sources[i], value);
			int rc = refuse(what, name, err);
			free(what);
			free(name);
			return rc;
		}
	}
	const char *file = guild_value_text(guild_value_get(source, "file"));
	if (!file) {
		return guild_error_set(err, GUILD_EINVALID,
			"invalid source of a dependency: 'file' is missing");
	}
	for (size_t i = 0; later_attributes[i]; i++) {
		if (!guild_value_is_null(guild_value_get(source, later_attributes[i]))) {
			char *what = guild_format("'%s' of a source", later_attributes[i]);
			int rc = refuse(what, file, err);
			free(what);
			return rc;
		}
	}
	const struct guild_value *unpack = guild_value_get(source, "unpack");
	bool is_kept_packed = unpack && !guild_value_is_null(unpack) && !guild_value_truthy(unpack);
	for (size_t i = 0; archive_ends[i] && !is_kept_packed; i++) {
		if (guild_ends(file, archive_ends[i])) {
			return refuse("archives (unless 'unpack: no')", file, err);
		}
	}
	return 0;
}

static const char *source_name(struct guild_arena *a, const struct guild_value *source)
{
	const char *name = guild_value_text(guild_value_get(source, "name"));
	return name ? name
		    : guild_arena_format(a, "file:%s",
			      guild_value_text(guild_value_get(source, "file")));
}

/* A source as the record keeps it: a mapping. */
static struct guild_value *source_of(struct guild_arena *a, const struct guild_value *item)
{
	const char *text = guild_value_text(item);
	if (!text) {
		return guild_value_copy(a, item);
	}
	struct guild_value *source = guild_value_dict(a);
	guild_value_set(a, source, "file",
		guild_value_string(a, guild_starts(text, "file:") ? text + strlen("file:") : text));
	return source;
}

static int add_dep(struct guild_arena *a, const char *location, const struct guild_value *item,
	struct guild_value *list, struct guild_error *err)
{
	const char *text = guild_value_text(item);
	if (text && !guild_starts(text, "file:")) {
		return refuse("named resources", text, err);
	}
	const char *resource = guild_value_text(guild_value_get(item, "resource"));
	if (resource) {
		return refuse("named resources", resource, err);
	}
	struct guild_value *dep = guild_value_dict(a);
	struct guild_value *sources = guild_value_list(a);
	const struct guild_value *many = guild_value_get(item, "sources");
	const char *name = many ? guild_value_text(guild_value_get(item, "name")) : NULL;
	if (many && many->type != GUILD_LIST) {
		return guild_error_set(err, GUILD_EINVALID,
			"'sources' of a dependency must be a list");
	}
	struct guild_buf joined = {0};
	int rc = 0;
	for (size_t i = 0; i < (many ? many->n : 1) && rc == 0; i++) {
		struct guild_value *source = source_of(a, many ? many->items[i] : item);
		rc = check_source(source, err);
		if (rc == 0) {
			guild_value_append(a, sources, source);
			guild_buf_printf(&joined, "%s%s", i ? "," : "", source_name(a, source));
		}
	}
	if (rc == 0) {
		guild_value_set(a, dep, "location", guild_value_string(a, location));
		guild_value_set(a, dep, "name",
			guild_value_string(a, name ? name : guild_buf_cstr(&joined)));
		guild_value_set(a, dep, "sources", sources);
		static const char *const kept[] = {"target-path", "target-type"};
		for (size_t i = 0; many && i < GUILD_ARRAY_LEN(kept); i++) {
			struct guild_value *value = guild_value_get(item, kept[i]);
			if (value) {
				guild_value_set(a, dep, kept[i], value);
			}
		}
		guild_value_append(a, list, dep);
	}
	guild_buf_fini(&joined);
	return rc;
}

int guild_deps_record(struct guild_arena *a, const struct guild_value *requires,
	const char *location, const struct guild_strs *more, struct guild_value **out,
	struct guild_error *err)
{
	struct guild_value *list = guild_value_list(a);
	for (size_t i = 0; requires && i < requires->n; i++) {
		int rc = add_dep(a, location, requires->items[i], list, err);
		if (rc != 0) {
			return rc;
		}
	}
	for (size_t i = 0; more && i < more->n; i++) {
		struct guild_value *dep = guild_value_dict(a);
		struct guild_value *source = guild_value_dict(a);
		struct guild_value *sources = guild_value_list(a);
		guild_value_set(a, source, "file", guild_value_string(a, more->v[i]));
		int rc = strstr(more->v[i], "://") ? refuse("URLs", more->v[i], err)
						   : check_source(source, err);
		if (rc != 0) {
			return rc;
		}
		guild_value_append(a, sources, source);
		guild_value_set(a, dep, "location", guild_value_string(a, "."));
		guild_value_set(a, dep, "name", guild_value_string(a, more->v[i]));
		guild_value_set(a, dep, "sources", sources);
		guild_value_set(a, dep, "target-type", guild_value_string(a, "link"));
		guild_value_append(a, list, dep);
	}
	*out = list;
	return 0;
}

/* ---- placing --------------------------------------------------------------------------------------------------- */

struct placing {
	const struct guild_deps_request *req;
	struct guild_arena *a;
	const struct guild_value *dep;
	const struct guild_value *source;
	const char *name; /* of the source */
};

static bool look_up(void *arg, const char *name, struct guild_buf *out)
{
	const struct guild_value *value = guild_value_get(arg, name);
	if (value) {
		guild_flag_env_value(out, value, NULL);
	}
	return value != NULL;
}

static const char *attribute(const struct placing *p, const char *key)
{
	const char *text = guild_value_text(guild_value_get(p->source, key));
	return text ? text : guild_value_text(guild_value_get(p->dep, key));
}

static int link_relative(const char *from, const char *to, struct guild_error *err)
{
	char *dir = guild_path_dirname(to);
	char *rel = guild_path_rel(from, dir);
	int rc = symlink(rel, to) ? guild_error_errno(err, errno, "cannot link '%s'", to) : 0;
	free(dir);
	free(rel);
	return rc;
}

/* The manifest line of a placed dependency. */
static int add_line(const struct placing *p, const char *path, const char *target, const char *file,
	struct guild_buf *manifest, struct guild_error *err)
{
	char sha1[65] = "-";
	int rc = guild_is_dir(path) ? 0 : guild_digest_file(GUILD_SHA1, path, sha1, err);
	if (rc == 0) {
		char *project_path = guild_path_normalize(file);
		struct guild_manifest_entry e = {.kind = 'd',
			.path = target,
			.sha1 = sha1,
			.source = guild_arena_format(p->a, "file:%s", project_path)};
		guild_manifest_format(manifest, &e);
		free(project_path);
	}
	return rc;
}

/* Copies or links the file below the run; one that is there already (source code, often) stays. */
static int place(const struct placing *p, const char *path, const char *file,
	struct guild_buf *manifest, struct guild_error *err)
{
	const char *dir = attribute(p, "target-path");
	const char *kind = attribute(p, "target-type");
	bool is_link = kind && strcmp(kind, "link") == 0;
	if (dir && guild_path_is_abs(dir)) {
		return guild_error_set(err, GUILD_EINVALID,
			"invalid target-path '%s': it must be relative", dir);
	}
	if (kind && !is_link && strcmp(kind, "copy") != 0) {
		return guild_error_set(err, GUILD_EINVALID,
			"invalid target-type '%s': expected 'link' or 'copy'", kind);
	}
	char *target = dir ? guild_path_join(dir, guild_path_basename(path))
			   : guild_strdup(guild_path_basename(path));
	char *normal = guild_path_normalize(target);
	char *to = guild_path_join(p->req->run->dir, normal);
	char *up = guild_path_dirname(to);
	struct stat st;
	int rc = guild_path_is_beneath(normal)
			 ? 0
			 : guild_error_set(err, GUILD_EINVALID,
				   "target-path '%s' leads out of the run", dir ? dir : "");
	if (rc == 0 && lstat(to, &st) == 0) {
		guild_log(p->req->log, "warning", "%s already exists, skipping %s", to,
			is_link ? "link" : "copy");
	} else if (rc == 0) {
		rc = guild_mkdirs(up, err);
		rc = rc        ? rc
		     : is_link ? link_relative(path, to, err)
			       : guild_tree_copy(path, to, err);
		rc = rc ? rc : add_line(p, path, normal, file, manifest, err);
	}
	free(target);
	free(normal);
	free(to);
	free(up);
	return rc;
}

static int resolve_source(const struct placing *p, struct guild_buf *manifest,
	struct guild_value *done, struct guild_error *err)
{
	const char *written = guild_value_text(guild_value_get(p->source, "file"));
	const char *location = guild_value_text(guild_value_get(p->dep, "location"));
	struct guild_buf file = {0};
	char *dir = guild_path_abs(location ? location : ".", p->req->cwd);
	int rc = written ? guild_refs_resolve(written, look_up, (void *)p->req->flags, &file, err)
			 : guild_error_set(err, GUILD_EUNSUPPORTED,
				   "only 'file:' dependencies can be resolved");
	char *path = guild_path_abs(guild_buf_cstr(&file), dir);
	if (rc == 0 && !guild_file_exists(path)) {
		rc = guild_error_set(err, GUILD_ENOTFOUND, "cannot find source file '%s'",
			guild_buf_cstr(&file));
	}
	rc = rc ? rc : place(p, path, guild_buf_cstr(&file), manifest, err);
	if (rc == 0) {
		struct guild_value *record = guild_value_dict(p->a);
		struct guild_value *paths = guild_value_list(p->a);
		char *rel = guild_path_rel(path, p->req->run->dir);
		guild_value_append(p->a, paths, guild_value_string(p->a, rel));
		guild_value_set(p->a, record, "paths", paths);
		guild_value_set(p->a, record, "uri",
			guild_value_string(p->a, guild_arena_format(p->a, "file:%s", written)));
		guild_value_set(p->a, done, p->name, record);
		free(rel);
	}
	free(path);
	free(dir);
	guild_buf_fini(&file);
	return rc;
}

/* An optional source, or --force-deps: the failure is told and the run goes on. */
static bool is_forgiven(const struct placing *p, const struct guild_error *why)
{
	if (guild_value_truthy(guild_value_get(p->source, "optional"))) {
		guild_log(p->req->log, "info",
			"could not resolve %s - skipping because it is optional", p->name);
		return true;
	}
	if (p->req->force) {
		guild_log(p->req->log, "warning", "a dependency was not met: %s", why->text);
		return true;
	}
	return false;
}

int guild_deps_resolve(const struct guild_deps_request *req, struct guild_arena *a,
	const struct guild_value *deps, struct guild_value *resolved, struct guild_buf *manifest,
	struct guild_error *err)
{
	for (size_t i = 0; deps && i < deps->n; i++) {
		const struct guild_value *dep = deps->items[i];
		const struct guild_value *sources = guild_value_get(dep, "sources");
		const char *name = guild_value_text(guild_value_get(dep, "name"));
		if (!name || !sources) {
			return guild_error_set(err, GUILD_EINVALID,
				"invalid operation configuration: dependency %zu", i + 1);
		}
		struct guild_value *done = guild_value_get(resolved, name);
		if (!done) {
			done = guild_value_dict(a);
		}
		bool is_told = false;
		for (size_t k = 0; k < sources->n; k++) {
			struct placing p = {
				.req = req, .a = a, .dep = dep, .source = sources->items[k]};
			p.name = source_name(a, p.source);
			if (guild_value_get(done, p.name)) {
				continue;
			}
			if (!is_told) {
				guild_log(req->log, "info", "Resolving %s", name);
				is_told = true;
			}
			struct guild_error why = {0};
			int rc = check_source(p.source, &why);
			rc = rc ? rc : resolve_source(&p, manifest, done, &why);
			if (rc == 0) {
				guild_value_set(a, resolved, name, done);
			} else if (rc == GUILD_EUNSUPPORTED || !is_forgiven(&p, &why)) {
				return guild_error_set(err, rc, "a dependency was not met: %s",
					why.text);
			}
		}
	}
	return 0;
}
