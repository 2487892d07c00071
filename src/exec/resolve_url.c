/* Sources of type url: downloaded into the resource cache once (resources.md 3.2). */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "guild/net.h"
#include "resolve.h"

struct watch {
	const struct guild_exec_world *world;
	const char *name;
};

static int on_received(void *arg, int64_t done, int64_t total)
{
	const struct watch *w = arg;
	if (total > 0) {
		w->world->on_progress(w->world->progress_arg, w->name,
			done < total ? done : total - 1, total);
	}
	return 0;
}

/* A digest that was computed before is not computed again; a file with another one is fetched anew. */
static bool is_verified(struct guild_resolving *r, const char *path)
{
	char actual[65];
	char *cache = guild_path_join(r->req->world->home->path, "cache");
	bool is_good = guild_content_sha256(path, cache, actual, NULL) == 0 &&
		       strcasecmp(actual, r->source->sha256) == 0;
	free(cache);
	return is_good;
}

static int download(struct guild_resolving *r, const char *path, struct guild_error *err)
{
	const struct guild_exec_world *world = r->req->world;
	struct watch w = {world, guild_path_basename(path)};
	struct guild_net_request req = {.url = r->spec,
		.path = path,
		.sha256 = r->source->sha256,
		.stall_s = guild_net_stall_s(guild_env_get(world->env, "GUILD_DOWNLOAD_TIMEOUT")),
		.on_progress = world->on_progress ? on_received : NULL,
		.arg = &w,
		.log = world->log};
	bool is_new = false;
	if (req.sha256 && guild_is_file(path) && is_verified(r, path)) {
		req.sha256 = NULL;
	}
	int rc = guild_net_download(&req, &is_new, err);
	if (world->on_progress) {
		world->on_progress(world->progress_arg, w.name, 1, 1);
	}
	if (rc == 0 && !is_new) {
		guild_log(world->log, "info", "Using cached file %s", path);
	}
	return rc;
}

int guild_resolve_url(struct guild_resolving *r, struct guild_error *err)
{
	char *taken = NULL;
	if (guild_resolve_is_given(r)) {
		return guild_resolve_given(r, err);
	}
	/* With the flags in it: two URLs are two files (0.9.0 took the URL as written). */
	int rc = guild_net_cache_path(guild_resolve_cache_dir(r), r->spec, &taken, err);
	if (rc != 0) {
		return rc;
	}
	const char *path = guild_arena_strdup(r->arena, taken);
	free(taken);
	taken = guild_path_dirname(path);
	const char *dir = guild_arena_strdup(r->arena, taken);
	free(taken);
	if (r->is_only_looking && !guild_is_file(path)) {
		return guild_error_set(err, GUILD_ENOTFOUND, "'%s' is not downloaded", r->spec);
	}
	rc = r->is_only_looking ? 0 : download(r, path, err);
	return rc ? rc : guild_resolve_content(r, path, dir, dir, err);
}
