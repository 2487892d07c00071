/* The user's Python path, for projects that name packages. */

#include "project_world.h"

#include <stdlib.h>
#include <string.h>

#include "guild/exec.h"
#include "guild/search.h"

struct world {
	struct guild_project_world offered;
	const struct guild_ctx *ctx;
	const char *const *dirs; /* NULL: not asked yet */
};

static void add_python_path(const struct guild_ctx *ctx, struct guild_strs *dirs)
{
	const char *path = guild_ctx_env(ctx, "PYTHONPATH");
	struct guild_strs parts = {0};

	if (path && *path) {
		guild_strs_split(&parts, path, ':');
	}
	for (size_t i = 0; i < parts.n; i++) {
		guild_strs_take(dirs, guild_path_abs(parts.v[i], ctx->cwd));
	}
	guild_strs_fini(&parts);
}

static void add_site_dirs(const struct guild_ctx *ctx, struct guild_strs *dirs)
{
	struct guild_python python = {0};
	char *cache = guild_path_join(ctx->home.path, "cache/flags");

	if (guild_python_find(ctx->environ_, ctx->cwd, cache, &python, NULL) == 0) {
		for (size_t i = 0; i < python.site_dirs.n; i++) {
			guild_strs_add(dirs, python.site_dirs.v[i]);
		}
	}
	guild_python_fini(&python);
	free(cache);
}

static const char *const *python_path(void *arg)
{
	struct world *w = arg;

	if (!w->dirs) {
		struct guild_arena *a = w->ctx->arena;
		struct guild_strs dirs = {0};

		add_python_path(w->ctx, &dirs);
		add_site_dirs(w->ctx, &dirs);
		const char **copy = guild_arena_alloc(a, (dirs.n + 1) * sizeof(*copy));
		for (size_t i = 0; i < dirs.n; i++) {
			copy[i] = guild_arena_strdup(a, dirs.v[i]);
		}
		guild_strs_fini(&dirs);
		w->dirs = copy;
	}
	return w->dirs;
}

static int check_alert(void *arg, const struct guild_value *rule, struct guild_error *err)
{
	struct world *w = arg;
	struct guild_value *plain = NULL;

	return guild_alerts_read(w->ctx->arena, rule, &plain, err);
}

static int check_prune(void *arg, const struct guild_value *rules, struct guild_error *err)
{
	struct world *w = arg;
	struct guild_value *plain = NULL;

	return guild_prune_read(w->ctx->arena, rules, &plain, err);
}

const struct guild_project_world *guild_op_world(const struct guild_ctx *ctx)
{
	struct world *w = guild_arena_alloc(ctx->arena, sizeof(*w));

	w->ctx = ctx;
	const char *plain = guild_ctx_env(ctx, "NO_PATCH_YAML");

	w->offered = (struct guild_project_world){
		.python_path = python_path,
		.check_alert = check_alert,
		.check_prune = check_prune,
		.arg = w,
		.plain_numbers = plain && strcmp(plain, "1") == 0,
	};
	return &w->offered;
}
