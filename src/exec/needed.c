/* --needed: runs that did the same already (runs.md 5). */

#include <stdlib.h>
#include <string.h>

#include "exec_private.h"

static bool same_opref(const struct guild_opref *a, const struct guild_opref *b)
{
	return strcmp(a->pkg_type, b->pkg_type) == 0 && strcmp(a->pkg_name, b->pkg_name) == 0 &&
	       strcmp(a->version, b->version) == 0 && strcmp(a->model, b->model) == 0 &&
	       strcmp(a->op, b->op) == 0;
}

/* As the attribute reads back: what a file cannot hold makes no difference. */
static bool same_flags(const struct guild_run *run, struct guild_arena *a,
	const struct guild_value *flags)
{
	const struct guild_value *recorded = guild_run_attr(run, a, "flags");
	return recorded ? guild_value_eq(recorded, flags) : flags->n == 0;
}

static bool same_batch(const struct guild_run *run, struct guild_arena *a,
	const struct guild_opref *opref, const struct guild_value *flags)
{
	char *dir = guild_path_join(run->guild_dir, "proto");
	struct guild_run proto = {0};
	bool is_same = guild_run_open(dir, &proto, NULL) == 0 && same_opref(&proto.opref, opref) &&
		       same_flags(&proto, a, flags);
	guild_run_fini(&proto);
	free(dir);
	return is_same;
}

static bool matches(const struct guild_run *run, const struct guild_opref *opref,
	const struct guild_value *flags, bool is_batch)
{
	struct guild_arena *a = guild_arena_new();
	bool is_same = is_batch ? strcmp(run->opref.pkg_type, "builtin") == 0 &&
					  strcmp(run->opref.op, "+") == 0 &&
					  same_batch(run, a, opref, flags)
				: same_opref(&run->opref, opref) && same_flags(run, a, flags);
	guild_arena_free(a);
	if (!is_same) {
		return false;
	}
	enum guild_run_status status = guild_run_status(run, NULL);
	return status != GUILD_RUN_PENDING && status != GUILD_RUN_ERROR;
}

int guild_exec_find_equal(const struct guild_exec_world *world, const struct guild_opref *opref,
	const struct guild_value *flags, bool is_batch, struct guild_runs *out,
	struct guild_error *err)
{
	struct guild_run_filter all = {0};
	struct guild_runs runs = {0};
	char *dir = guild_home_runs_dir(world->home, false);
	int rc = guild_store_list(dir, &all, guild_env_get(world->env, "GUILD_RUNS_PARENT"), &runs,
		NULL, err);
	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < runs.n && rc == 0; i++) {
		if (matches(&runs.v[i], opref, flags, is_batch)) {
			out->v = guild_grow_array(out->v, &out->cap, out->n + 1, sizeof(*out->v));
			out->v[out->n++] = runs.v[i];
			memset(&runs.v[i], 0, sizeof(runs.v[i]));
		}
	}
	guild_runs_fini(&runs);
	free(dir);
	return rc;
}
