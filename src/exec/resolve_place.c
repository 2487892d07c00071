/* Placing what a source resolved to: its name and directory in the run, copying, linking, the manifest line (resources.md 4.2). */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "resolve.h"

enum { WATCHED_MIN = 64 << 20, WATCH_US = 100000 };

/* Who wrote a target in this pass. */
struct placed {
	const char *path; /* where it came from */
	const char *source;
	const char *resource;
};

struct guild_placing {
	const struct guild_deps_request *req;
	struct guild_arena *arena;
	struct guild_map placed;   /* target -> struct placed */
	struct guild_map recorded; /* manifest lines that are there */
	char *real_dir;            /* of the run, links resolved */
	char *cache_dir;
	char *temporary; /* what is copied is complete before it gets its name */
	char *manifest;
};

struct guild_placing *guild_placing_new(const struct guild_deps_request *req, struct guild_arena *a)
{
	struct guild_placing *p = guild_alloc(sizeof(*p));
	struct guild_manifest manifest = {0};
	p->req = req;
	p->arena = a;
	p->real_dir = guild_path_real(req->run->dir);
	p->cache_dir = guild_path_join(req->world->home->path, "cache");
	p->temporary = guild_path_join(req->run->guild_dir, "resolving");
	p->manifest = guild_path_join(req->run->guild_dir, "manifest");
	if (guild_manifest_read(req->run, a, &manifest, NULL, NULL) == 0) {
		for (size_t i = 0; i < manifest.n; i++) {
			struct guild_buf line = {0};
			guild_manifest_format(&line, &manifest.v[i]);
			guild_map_put(&p->recorded, guild_buf_cstr(&line), p);
			guild_buf_fini(&line);
		}
	}
	return p;
}

void guild_placing_free(struct guild_placing *p)
{
	if (p) {
		/* what a guild that was killed left */
		(void)guild_rmtree(p->temporary, NULL);
		guild_map_fini(&p->placed);
		guild_map_fini(&p->recorded);
		free(p->real_dir);
		free(p->cache_dir);
		free(p->temporary);
		free(p->manifest);
		free(p);
	}
}

/* ---- names ---------------------------------------------------------------------------------------------------- */

static bool look_up(void *arg, const char *name, struct guild_buf *out)
{
	const struct guild_value *value = guild_value_get(arg, name);
	if (value) {
		guild_flag_env_value(out, value, NULL);
	}
	return value != NULL;
}

/* One rename; *out is empty when it changes nothing. */
static int apply_rename(const struct guild_resolving *r, const struct guild_rename *spec,
	const char *name, struct guild_buf *out, struct guild_error *err)
{
	struct guild_regex *re = NULL;
	struct guild_buf pattern = {0};
	struct guild_buf replacement = {0};
	void *flags = (void *)r->req->flags;
	int rc = guild_refs_resolve(spec->pattern, look_up, flags, &pattern, err);
	rc = rc ? rc : guild_refs_resolve(spec->replacement, look_up, flags, &replacement, err);
	rc = rc ? rc : guild_regex_new(guild_buf_cstr(&pattern), &re, err);
	rc = rc ? rc
		: guild_regex_replace_first(re, guild_buf_cstr(&replacement), guild_str(name), out,
			  err);
	if (rc != 0) {
		guild_error_wrap(err, "cannot rename '%s' by '%s' -> '%s'", name, spec->pattern,
			spec->replacement);
	} else if (guild_str_eqz(guild_buf_str(out), name)) {
		guild_buf_reset(out);
	}
	guild_regex_free(re);
	guild_buf_fini(&pattern);
	guild_buf_fini(&replacement);
	return rc;
}

static int target_name(const struct guild_resolving *r, const char *path, struct guild_buf *out,
	struct guild_error *err)
{
	const char *name = guild_path_basename(path);
	int rc = 0;
	for (size_t i = 0; i < r->source->n_renames && rc == 0 && out->n == 0; i++) {
		rc = apply_rename(r, &r->source->renames[i], name, out, err);
	}
	if (rc == 0 && out->n == 0) {
		guild_buf_puts(out, name);
	}
	return rc;
}

static int target_dir(const struct guild_resolving *r, const struct guild_found *f,
	struct guild_buf *out, struct guild_error *err)
{
	const struct guild_source *s = r->source;
	if (s->preserve_path) {
		if (s->target_path) {
			guild_log(r->req->world->log, "warning",
				"target-path '%s' is not used: %s has preserve-path",
				s->target_path, s->name);
		}
		char *dir = guild_path_dirname(f->rel);
		guild_buf_puts(out, dir);
		free(dir);
		return 0;
	}
	if (s->target_path && guild_path_is_abs(s->target_path)) {
		return guild_error_set(err, GUILD_EINVALID, "target-path '%s' must be relative",
			s->target_path);
	}
	guild_buf_puts(out, s->target_path ? s->target_path : "");
	return 0;
}

/* The target relative to the run; the caller frees. NULL on failure. */
static char *target_of(const struct guild_resolving *r, const struct guild_found *f,
	struct guild_error *err)
{
	struct guild_buf name = {0};
	struct guild_buf dir = {0};
	char *target = NULL;
	if (f->target ||
		(target_dir(r, f, &dir, err) == 0 && target_name(r, f->path, &name, err) == 0)) {
		char *joined =
			f->target ? guild_strdup(f->target)
				  : guild_path_join(guild_buf_cstr(&dir), guild_buf_cstr(&name));
		target = guild_path_normalize(joined);
		bool is_ours = strcmp(target, ".guild") == 0 || guild_starts(target, ".guild/");
		if (!guild_path_is_beneath(target) || strcmp(target, ".") == 0 || is_ours) {
			guild_error_set(err, GUILD_EINVALID,
				is_ours ? "'%s' would be written among guild's own records"
					: "'%s' would be written outside of the run",
				joined);
			free(target);
			target = NULL;
		}
		free(joined);
	}
	guild_buf_fini(&name);
	guild_buf_fini(&dir);
	return target;
}

/* A linked directory in the way would lead out of the run. */
static int check_parent(const struct guild_placing *p, const char *up, const char *target,
	struct guild_error *err)
{
	char *real = guild_path_real(up);
	size_t n = strlen(p->real_dir);
	bool is_below = strncmp(real, p->real_dir, n) == 0 && (real[n] == '/' || !real[n]);
	free(real);
	return is_below ? 0
			: guild_error_set(err, GUILD_EINVALID,
				  "'%s' would be written through a link that leads out of the run",
				  target);
}

/* ---- copying ------------------------------------------------------------------------------------------------------- */

struct watch {
	const struct guild_exec_world *world;
	const char *name;
	int64_t done, total, last_us;
};

static void on_copied(void *arg, int64_t more)
{
	struct watch *w = arg;
	int64_t now = guild_monotonic_us();
	w->done += more;
	if (now - w->last_us > WATCH_US) {
		w->last_us = now;
		w->world->on_progress(w->world->progress_arg, w->name,
			w->done < w->total ? w->done : w->total - 1, w->total);
	}
}

static int64_t tree_size(const char *path, int depth)
{
	struct stat st;
	struct guild_strs names = {0};
	int64_t size = 0;
	if (lstat(path, &st) != 0 || !S_ISDIR(st.st_mode) || depth > 100) {
		return lstat(path, &st) == 0 && S_ISREG(st.st_mode) ? st.st_size : 0;
	}
	(void)guild_dir_list(path, &names, NULL);
	for (size_t i = 0; i < names.n; i++) {
		char *below = guild_path_join(path, names.v[i]);
		size += tree_size(below, depth + 1);
		free(below);
	}
	guild_strs_fini(&names);
	return size;
}

/* A link at the top is followed; links in a tree stay links. The copy appears complete or not at all. */
static int copy(const struct guild_placing *p, const char *from, const char *to,
	struct guild_error *err)
{
	const struct guild_exec_world *world = p->req->world;
	char *real = guild_path_real(from);
	size_t n = strlen(real);
	int rc = guild_rmtree(p->temporary, err);
	if (rc == 0 && strncmp(p->real_dir, real, n) == 0 &&
		(p->real_dir[n] == '/' || !p->real_dir[n])) {
		rc = guild_error_set(err, GUILD_EINVALID,
			"'%s' holds the run itself and cannot be copied into it", from);
		guild_error_hint(err,
			"name what is needed with 'select', or use 'target-type: link'");
	}
	struct watch w = {.world = world, .name = guild_path_basename(to)};
	if (rc == 0 && world->on_progress) {
		w.total = tree_size(real, 0);
		w.last_us = guild_monotonic_us();
	}
	if (rc == 0) {
		bool is_watched = w.total >= WATCHED_MIN;
		rc = guild_tree_copy_watched(real, p->temporary, is_watched ? on_copied : NULL, &w,
			err);
		if (is_watched) {
			world->on_progress(world->progress_arg, w.name, w.total, w.total);
		}
	}
	if (rc == 0 && rename(p->temporary, to) != 0) {
		rc = guild_error_errno(err, errno, "cannot write '%s'", to);
	}
	if (rc != 0) {
		(void)guild_rmtree(p->temporary, NULL);
	}
	free(real);
	return rc;
}

static int make_link(const char *from, const char *to, struct guild_error *err)
{
	char *dir = guild_path_dirname(to);
	char *real_dir = guild_path_real(dir);
	char *rel = guild_path_rel(from, real_dir);
	int rc = symlink(rel, to) ? guild_error_errno(err, errno, "cannot link '%s'", to) : 0;
	free(dir);
	free(real_dir);
	free(rel);
	return rc;
}

/* Made in the run for this source alone: in its root, or by DVC. A config file stays where it was written, as in 0.9.0. */
static bool is_moved(const struct guild_placing *p, const struct guild_found *f)
{
	char *dir = guild_path_dirname(f->path);
	char *dvc = guild_path_join(p->req->run->guild_dir, "dvc/");
	bool is = f->is_generated &&
		  (strcmp(dir, p->req->run->dir) == 0 || guild_starts(f->path, dvc));
	free(dir);
	free(dvc);
	return is;
}

static const char *way_of(const struct guild_placing *p, const struct guild_resolving *r,
	const struct guild_found *f)
{
	if (f->target) {
		return "copy";
	}
	return is_moved(p, f)                                ? "rename"
	       : guild_streq(r->source->target_type, "link") ? "link"
							     : "copy";
}

static int write_target(const struct guild_placing *p, const char *way, const struct guild_found *f,
	const char *to, struct guild_error *err)
{
	if (strcmp(way, "rename") == 0) {
		return rename(f->path, to)
			       ? guild_error_errno(err, errno, "cannot rename '%s'", f->path)
			       : 0;
	}
	return strcmp(way, "link") == 0 ? make_link(f->path, to, err) : copy(p, f->path, to, err);
}

/* ---- records ---------------------------------------------------------------------------------------------------------- */

/* Written before the target gets its name: a target without a line would count as made by the program. */
static int add_line(struct guild_placing *p, const struct guild_resolving *r,
	const struct guild_found *f, const char *target, struct guild_error *err)
{
	char sha1[65] = "-";
	int64_t size;
	int rc = guild_is_dir(f->path)
			 ? 0
			 : guild_content_sha1(f->path, p->cache_dir, sha1, &size, err);
	if (rc != 0) {
		return rc;
	}
	struct guild_buf line = {0};
	struct guild_manifest_entry e = {.kind = 'd',
		.path = target,
		.sha1 = sha1,
		.source = f->uri ? f->uri : r->source->uri,
		.subpath = f->subpath};
	guild_manifest_format(&line, &e);
	if (guild_map_has(&p->recorded, line.p)) {
		guild_buf_fini(&line);
		return 0;
	}
	guild_map_put(&p->recorded, line.p, p);
	int fd = open(p->manifest, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	rc = fd < 0 ? -errno : guild_fd_write_all(fd, line.p, line.n);
	if (fd >= 0 && close(fd) != 0 && rc == 0) {
		rc = -errno;
	}
	guild_buf_fini(&line);
	return rc ? guild_error_errno(err, -rc, "cannot write '%s'", p->manifest) : 0;
}

/* The target is there. Two sources that mean different things by one name are a mistake; anything else stays as it is. */
static int keep_existing(const struct guild_placing *p, const struct guild_resolving *r,
	const struct guild_found *f, const char *way, const char *target, const char *to,
	struct guild_error *err)
{
	const struct placed *other = guild_map_get(&p->placed, target);
	if (other && strcmp(other->path, f->path) != 0) {
		char mine[41] = "";
		char theirs[41] = " ";
		int64_t size;
		(void)guild_content_sha1(f->path, p->cache_dir, mine, &size, NULL);
		(void)guild_content_sha1(other->path, p->cache_dir, theirs, &size, NULL);
		if (strcmp(mine, theirs) != 0) {
			guild_error_set(err, GUILD_EEXISTS,
				"'%s' would be written by '%s' of resource '%s', too", target,
				other->source, other->resource);
			guild_error_hint(err,
				"set 'target-path', 'rename' or 'replace-existing' of one of them");
			return GUILD_EEXISTS;
		}
	}
	guild_log(r->req->world->log, "warning", "%s already exists, skipping %s", to, way);
	return 0;
}

int guild_placing_put(struct guild_placing *p, const struct guild_resolving *r,
	const struct guild_found *f, struct guild_value *targets, struct guild_error *err)
{
	char *target = target_of(r, f, err);
	if (!target) {
		return err->code;
	}
	char *to = guild_path_join(p->req->run->dir, target);
	char *up = guild_path_dirname(to);
	const char *way = way_of(p, r, f);
	struct stat st;
	int rc = check_parent(p, up, target, err);
	bool is_there = rc == 0 && lstat(to, &st) == 0;
	if (rc == 0 && is_there && !r->source->replace_existing) {
		rc = keep_existing(p, r, f, way, target, to, err);
	} else if (rc == 0) {
		rc = guild_mkdirs(up, err);
		rc = rc ? rc : add_line(p, r, f, target, err);
		rc = rc || !is_there ? rc : guild_rmtree(to, err);
		rc = rc ? rc : write_target(p, way, f, to, err);
		struct placed *mine = guild_arena_alloc(p->arena, sizeof(*mine));
		*mine = (struct placed){f->path, r->source->name, r->resource->name};
		guild_map_put(&p->placed, target, mine);
		guild_value_append(p->arena, targets, guild_value_string(p->arena, target));
	}
	free(target);
	free(to);
	free(up);
	return rc;
}
