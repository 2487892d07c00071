/* Runs that a new run would only repeat (--needed), and those it can be held against (guild explain). */

#include <stdlib.h>
#include <string.h>

#include "exec_private.h"

/* The version of a Guild file says only that something in it changed. */
static bool same_op(const struct guild_opref *a, const struct guild_opref *b)
{
	return strcmp(a->op, b->op) == 0 && strcmp(a->model, b->model) == 0 &&
	       strcmp(a->pkg_type, b->pkg_type) == 0 && strcmp(a->pkg_name, b->pkg_name) == 0;
}

static bool is_batch_of(const struct guild_run *run, const struct guild_opref *opref)
{
	char *dir = guild_path_join(run->guild_dir, "proto");
	struct guild_run proto = {0};
	bool is_same = guild_run_open(dir, &proto, NULL) == 0 && same_op(&proto.opref, opref);
	guild_run_fini(&proto);
	free(dir);
	return is_same;
}

static void keep(struct guild_runs *out, struct guild_run *run)
{
	out->v = guild_grow_array(out->v, &out->cap, out->n + 1, sizeof(*out->v));
	out->v[out->n++] = *run;
	memset(run, 0, sizeof(*run));
}

int guild_exec_find_earlier(const struct guild_exec_world *world, const struct guild_opref *opref,
	bool is_batch, const char *parent, struct guild_runs *out, struct guild_error *err)
{
	char *index_path = guild_store_index_path(world->home, false, world->env);
	struct guild_run_filter all = {.index_path = index_path};
	struct guild_runs runs = {0};
	char *dir = guild_home_runs_dir(world->home, false);
	int rc = guild_store_list(dir, &all, parent, &runs, NULL, err);
	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < runs.n && rc == 0; i++) {
		struct guild_run *run = &runs.v[i];
		if (!(is_batch ? is_batch_of(run, opref) : same_op(&run->opref, opref))) {
			continue;
		}
		enum guild_run_status status = guild_run_status(run, NULL);
		if (status != GUILD_RUN_PENDING && status != GUILD_RUN_ERROR) {
			keep(out, run);
		}
	}
	guild_runs_fini(&runs);
	free(index_path);
	free(dir);
	return rc;
}

/* Whether a batch's trials were chosen as this one's would be: by the same optimizer with the same flags, as many, for the same end. */
static bool is_same_search(const struct guild_batch_op *op, const struct guild_run *batch)
{
	struct guild_arena *a = guild_arena_new();
	const struct guild_value *flags = guild_run_attr(batch, a, "flags");
	const struct guild_value *first =
		op->objectives && op->objectives->n > 0 ? op->objectives->items[0] : NULL;
	const struct guild_value *recorded = guild_run_attr(batch, a, "objective");
	bool is_same = op->program ? same_op(&batch->opref, &op->program->opref)
				   : guild_streq(batch->opref.model, op->model) &&
					     guild_streq(batch->opref.op, op->name);
	is_same = is_same && guild_run_attr_i64(batch, "max_trials", 0) == op->max_trials;
	if (op->flags && op->flags->n > 0) {
		is_same = is_same && flags && guild_value_eq(flags, op->flags) && first &&
			  recorded && guild_value_eq(recorded, first);
	}
	guild_arena_free(a);
	return is_same;
}

int guild_exec_find_equal(const struct guild_exec_op *x, bool is_batch, const char *parent,
	struct guild_runs *out, struct guild_error *err)
{
	struct guild_runs runs = {0};
	struct guild_exec_now *now = guild_exec_now_new(x);
	memset(out, 0, sizeof(*out));
	int rc = guild_exec_find_earlier(x->world, &x->opref, is_batch, parent, &runs, err);
	for (size_t i = 0; i < runs.n && rc == 0; i++) {
		struct guild_differences d = {0};
		if (is_batch && x->batch && !is_same_search(x->batch, &runs.v[i])) {
			continue;
		}
		rc = guild_exec_differences(now, &runs.v[i], 1, &d, err);
		if (rc == 0 && d.n == 0) {
			keep(out, &runs.v[i]);
		}
		guild_differences_fini(&d);
	}
	guild_runs_fini(&runs);
	guild_exec_now_free(now);
	return rc;
}
