/* Sources that are archives: unpacked into the resource cache, members selected (resources.md 4.3). */

#include <stdlib.h>
#include <string.h>

#include "guild/archive.h"
#include "resolve.h"

struct watch {
	const struct guild_exec_world *world;
	const char *name;
};

static int on_unpacked(void *arg, int64_t done, int64_t total)
{
	const struct watch *w = arg;
	if (total > 0) {
		w->world->on_progress(w->world->progress_arg, w->name,
			done < total ? done : total - 1, total);
	}
	return 0;
}

static int unpack(struct guild_resolving *r, const char *path, const char *work_dir,
	enum guild_archive_kind kind, struct guild_strs *members, struct guild_error *err)
{
	const struct guild_exec_world *world = r->req->world;
	struct watch w = {world, guild_path_basename(path)};
	struct guild_archive_request req = {.path = path,
		.dir = work_dir,
		.kind = kind,
		.max_bytes = guild_archive_max_bytes(guild_env_get(world->env, "GUILD_UNPACK_MAX")),
		.is_list_enough = r->source->post_process != NULL,
		.on_progress = world->on_progress ? on_unpacked : NULL,
		.arg = &w,
		.log = world->log};
	int rc = guild_archive_unpack(&req, members, err);
	if (world->on_progress) {
		world->on_progress(world->progress_arg, w.name, 1, 1);
	}
	return rc;
}

/* The first part of every path, each once; what guild keeps for itself is none. */
static void top_level(const struct guild_strs *members, struct guild_strs *out)
{
	struct guild_map seen = {0};
	static int mark;
	for (size_t i = 0; i < members->n; i++) {
		char *top = guild_strndup(members->v[i], strcspn(members->v[i], "/"));
		if (!guild_starts(top, ".guild") && !guild_map_has(&seen, top)) {
			guild_map_put(&seen, top, &mark);
			guild_strs_add(out, top);
		}
		free(top);
	}
	guild_map_fini(&seen);
	guild_strs_sort(out);
}

static int add_members(struct guild_resolving *r, const char *work_dir, struct guild_strs *members,
	struct guild_error *err)
{
	size_t first = r->n_found;
	int rc = 0;
	if (guild_resolve_selects(r->source)) {
		guild_strs_sort(members);
		rc = guild_resolve_select(r, work_dir, members, "", err);
	} else {
		struct guild_strs tops = {0};
		top_level(members, &tops);
		for (size_t i = 0; i < tops.n; i++) {
			char *path = guild_path_join(work_dir, tops.v[i]);
			guild_found_add(r, path, tops.v[i]);
			free(path);
		}
		guild_strs_fini(&tops);
	}
	for (size_t i = first; i < r->n_found && rc == 0; i++) {
		r->found[i].subpath = r->found[i].rel;
	}
	return rc;
}

int guild_resolve_archive(struct guild_resolving *r, const char *path, const char *work_dir,
	struct guild_error *err)
{
	enum guild_archive_kind kind = GUILD_ARCHIVE_NONE;
	struct guild_strs members = {0};
	int rc = guild_archive_kind(path, r->source->archive_type, &kind, err);
	if (rc != 0 || kind == GUILD_ARCHIVE_NONE) {
		return rc;
	}
	rc = unpack(r, path, work_dir, kind, &members, err);
	rc = rc ? rc : add_members(r, work_dir, &members, err);
	guild_strs_fini(&members);
	return rc ? rc : 1;
}
