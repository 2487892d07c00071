/* guild run --needed: is there a run that this one would only repeat? (cli.md 1.1, Semantics) */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run_cmd.h"
#include "run_steps.h"

/* ---- steps of a pipeline's earlier run ------------------------------------------------------------------------ */

/* The run a step's link leads to: among the runs, or in the trash, where batches and interim runs go that ended well. */
static int open_step(const struct guild_run_cmd *c, const struct guild_run *pipeline,
	const char *link, struct guild_run *out)
{
	enum { TARGET_MAX = 4096 };
	char target[TARGET_MAX];
	char *path = guild_path_join(pipeline->dir, link);
	char *trash = guild_home_runs_dir(&c->ctx->home, true);
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	int rc = guild_run_open(path, out, NULL);
	if (rc != 0 && n > 0) {
		target[n] = 0;
		char *deleted = guild_path_join(trash, guild_path_basename(target));
		guild_run_fini(out);
		rc = guild_run_open(deleted, out, NULL);
		free(deleted);
	}
	free(path);
	free(trash);
	return rc;
}

static struct guild_op_def *find_definition(const struct guild_run_cmd *c,
	const struct guild_opref *ref)
{
	const struct guild_project *p = c->op_project;
	for (size_t i = 0; i < p->n_models; i++) {
		const struct guild_model_def *m = p->models[i];
		for (size_t k = 0; strcmp(m->name, ref->model) == 0 && k < m->n_ops; k++) {
			if (strcmp(m->ops[k]->name, ref->op) == 0) {
				return m->ops[k];
			}
		}
	}
	return NULL;
}

/* A default that is another one now would be the flag's value. */
static const struct guild_flag_def *find_new_default(const struct guild_op_def *op,
	const struct guild_value *flags, const struct guild_value *user_flags)
{
	for (size_t i = 0; i < op->flags.n; i++) {
		const struct guild_flag_def *def = &op->flags.v[i];
		const struct guild_value *value = guild_value_get(flags, def->name);
		bool is_null = guild_value_is_null(def->def);
		if (!guild_value_get(user_flags, def->name) && !is_null &&
			!(value && guild_value_eq(value, def->def))) {
			return def;
		}
	}
	return NULL;
}

static const char *difference_text(struct guild_arena *a, const struct guild_difference *d)
{
	return guild_arena_format(a, "%s %s", guild_difference_kind_name(d->kind), d->name);
}

/* Why a step's run is not what would be made now; NULL: it is. */
static const char *why_stale(struct guild_run_cmd *c, struct guild_run *run)
{
	struct guild_arena *a = c->ctx->arena;
	struct guild_run proto = {0};
	struct guild_run_options options = {0};
	struct guild_differences d = {0};
	struct guild_error err = {0};
	char *dir = guild_path_join(run->guild_dir, "proto");
	const struct guild_run *of = guild_run_open(dir, &proto, NULL) == 0 ? &proto : run;
	const char *why = NULL;
	struct guild_op_def *op = find_definition(c, &of->opref);
	if (guild_run_attr_i64(run, "exit_status", -1) != 0) {
		why = "it did not end well";
	} else if (!op || guild_op_is_pipeline(op)) {
		why = "it cannot be told whether it would be the same";
	} else {
		struct guild_import_options import = {.cache_dir = c->flags_cache_dir,
			.python = c->world.python ? c->world.python->exe : NULL};
		const struct guild_value *flags = guild_run_attr(of, a, "flags");
		const struct guild_value *typed = guild_run_attr(of, a, "user_flags");
		struct guild_exec_op x = {.project = c->op_project,
			.op = op,
			.opref = of->opref,
			.flags = flags ? flags : guild_value_dict(a),
			.options = &options,
			.world = &c->world};
		(void)guild_op_import_flags(c->op_project, op, &import, NULL, &err);
		const struct guild_flag_def *def = find_new_default(op, x.flags, typed);
		struct guild_exec_now *now = guild_exec_now_new(&x);
		if (def) {
			why = guild_arena_format(a, "flag %s", def->name);
		} else if (guild_exec_differences(now, run, 1, &d, &err) != 0) {
			why = guild_arena_strdup(a, err.text);
		} else if (d.n > 0) {
			why = difference_text(a, &d.v[0]);
		}
		guild_differences_fini(&d);
		guild_exec_now_free(now);
	}
	guild_run_fini(&proto);
	free(dir);
	return why;
}

bool guild_run_cmd_step_is_stale(struct guild_run_cmd *c, const struct guild_run *pipeline,
	const char **step, const char **why)
{
	struct guild_steps steps;
	struct guild_error err = {0};
	if (!c->op || !guild_op_is_pipeline(c->op) || c->is_batch) {
		return false;
	}
	struct guild_pipeline_words words = {
		.project = c->op_project, .op = c->op, .flags = c->flags};
	*step = c->op->name;
	*why = "its steps cannot be read";
	if (guild_run_read_steps(c->ctx, &words, &steps, &err) != 0) {
		return true;
	}
	for (size_t i = 0; i < steps.n; i++) {
		struct guild_run run = {0};
		*step = steps.v[i].name;
		*why = open_step(c, pipeline, steps.v[i].link, &run) == 0 ? why_stale(c, &run)
									  : "it has no run";
		guild_run_fini(&run);
		if (*why) {
			return true;
		}
	}
	*step = NULL;
	return false;
}

/* ---- the run itself ------------------------------------------------------------------------------------------------ */

static bool restart_is_done(const struct guild_run_cmd *c)
{
	const struct guild_value *recorded = guild_run_attr(&c->run, c->ctx->arena, "flags");
	enum guild_run_status status = guild_run_status(&c->run, NULL);
	return status != GUILD_RUN_PENDING && status != GUILD_RUN_ERROR &&
	       status != GUILD_RUN_STAGED && recorded && guild_value_eq(recorded, c->flags);
}

static void print_equal_runs(const struct guild_run_cmd *c, const struct guild_runs *runs)
{
	struct guild_table table;
	guild_table_init(&table, 5, 2);
	for (size_t i = 0; i < runs->n; i++) {
		struct guild_run_row row;
		guild_run_row_init(&row, c->ctx, &runs->v[i], 0);
		guild_table_add(&table, (const char *[]){row.id_text, row.operation, row.started,
						row.status, row.label});
		guild_run_row_fini(&row);
	}
	printf("Skipping because the following runs match this operation (--needed specified):\n");
	guild_table_print(&table, stdout, c->ctx->columns);
	guild_table_fini(&table);
}

/* Runs of a pipeline count only where all their steps do. */
static void leave_out_stale(struct guild_run_cmd *c, struct guild_runs *runs)
{
	size_t n = 0;
	const char *step, *why;
	for (size_t i = 0; i < runs->n; i++) {
		if (guild_run_cmd_step_is_stale(c, &runs->v[i], &step, &why)) {
			guild_run_fini(&runs->v[i]);
		} else {
			runs->v[n++] = runs->v[i];
		}
	}
	runs->n = n;
}

bool guild_run_cmd_is_done(struct guild_run_cmd *c, int *code)
{
	if (!guild_args_flag(c->args, "needed")) {
		return false;
	}
	*code = GUILD_EXIT_OK;
	if (c->is_restart) {
		bool is_done = !c->is_batch && restart_is_done(c);
		if (is_done) {
			printf("Skipping run because flags have not changed (--needed specified)\n");
		}
		return is_done;
	}
	struct guild_runs runs = {0};
	struct guild_error err = {0};
	struct guild_exec_op x;
	guild_run_cmd_exec_op(c, &x);
	/* A step's own world is its siblings; what it may repeat is any run. */
	const char *parent = c->is_step ? NULL : guild_ctx_env(c->ctx, "GUILD_RUNS_PARENT");
	if (guild_exec_find_equal(&x, c->is_batch, parent, &runs, &err) != 0) {
		*code = guild_cmd_fail(c->ctx, &err);
		return true;
	}
	leave_out_stale(c, &runs);
	bool is_done = runs.n > 0;
	if (is_done) {
		guild_run_cmd_tell_reused(c, runs.v[0].id);
		print_equal_runs(c, &runs);
	}
	guild_runs_fini(&runs);
	return is_done;
}
