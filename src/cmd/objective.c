/* Choosing the trials of a batch, and its objective. */

#include "objective.h"

#include <stdlib.h>
#include <string.h>

const struct guild_opt guild_objective_opts[] = {
	{.names = "--objective",
		.value = "COL",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_COLUMN,
		.excludes = "minimize maximize",
		.help = "Judge runs by column COL, lowest first, or by -COL, highest first; without it "
			"as their batch does, else by the lowest loss."},
	{.names = "-N --minimize",
		.value = "COL",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_COLUMN,
		.excludes = "maximize",
		.help = "Judge runs by column COL, lowest first."},
	{.names = "-X --maximize",
		.value = "COL",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_COLUMN,
		.help = "Judge runs by column COL, highest first."},
	{0},
};

/* ---- the objective --------------------------------------------------------------------------------------------- */

static void read_signed(const char *text, struct guild_objective *out)
{
	out->maximize = *text == '-';
	out->spec = text + out->maximize;
}

/* NULL, too, where the command has no such option. */
static const char *option(const struct guild_args *args, const char *key)
{
	return guild_args_has(args, key) ? guild_args_text(args, key) : NULL;
}

void guild_cmd_objective(const struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_run *batch, struct guild_objective *out)
{
	const char *objective = option(args, "objective");
	const char *min = option(args, "minimize");
	const char *max = option(args, "maximize");

	*out = (struct guild_objective){.spec = "loss"};
	if (batch && !objective) {
		objective = guild_value_text(guild_run_attr(batch, ctx->arena, "objective"));
	}
	if (min || max) {
		*out = (struct guild_objective){.spec = min ? min : max, .maximize = max != NULL};
	} else if (objective && *objective) {
		read_signed(objective, out);
	}
}

bool guild_cmd_common_batch(const struct guild_ctx *ctx, const struct guild_runs *runs,
	struct guild_run *out)
{
	*out = (struct guild_run){0};
	if (runs->n == 0 || !guild_store_find_batch(&ctx->home, runs->v[0].id, out)) {
		return false;
	}
	for (size_t i = 1; i < runs->n; i++) {
		if (!guild_store_is_trial(out, runs->v[i].id)) {
			guild_run_fini(out);
			*out = (struct guild_run){0};
			return false;
		}
	}
	return true;
}

/* ---- which runs --------------------------------------------------------------------------------------------------- */

/* What listings ask of a run before they read more of it. */
struct wanted {
	struct guild_map ids;
	const struct guild_opref *op; /* of runs that are no batches; or NULL */
};

static bool is_wanted(void *arg, const struct guild_run *r)
{
	const struct wanted *w = arg;

	if (!w->op) {
		return guild_map_has(&w->ids, r->id);
	}
	return guild_streq(w->op->op, r->opref.op) && guild_streq(w->op->model, r->opref.model) &&
	       guild_streq(w->op->pkg_name, r->opref.pkg_name) && !guild_run_is_batch(r);
}

static int list_wanted(struct guild_ctx *ctx, struct wanted *w, size_t limit,
	struct guild_runs *out, struct guild_error *err)
{
	char *runs_dir = guild_home_runs_dir(&ctx->home, false);
	char *index_path = guild_store_index_path(&ctx->home, false, ctx->environ_);
	struct guild_run_filter filter = {
		.now_us = ctx->now_us,
		.index_path = index_path,
		.with_facts = w != NULL,
		.limit = limit,
		.accepts = w ? is_wanted : NULL,
		.accepts_arg = w,
	};
	int rc = guild_cmd_list(ctx, runs_dir, &filter, guild_ctx_env(ctx, "GUILD_RUNS_PARENT"),
		out, err);

	free(index_path);
	free(runs_dir);
	return rc;
}

static void want_trials(struct wanted *w, const struct guild_run *batch)
{
	struct guild_strs ids = {0};

	guild_store_trial_ids(batch, &ids);
	for (size_t i = 0; i < ids.n; i++) {
		guild_map_put(&w->ids, ids.v[i], NULL);
	}
	guild_strs_fini(&ids);
}

static int select_named(struct guild_ctx *ctx, const struct guild_args *args,
	struct guild_runs *out, struct guild_error *err)
{
	struct wanted wanted = {0};
	bool has_batches = false;
	int rc = guild_cmd_select_runs(ctx, args, guild_args_words(args), NULL, GUILD_SELECT_FACTS,
		out, err);

	for (size_t i = 0; rc == 0 && i < out->n; i++) {
		if (guild_run_is_batch(&out->v[i])) {
			has_batches = true;
			want_trials(&wanted, &out->v[i]);
		} else {
			guild_map_put(&wanted.ids, out->v[i].id, NULL);
		}
	}
	if (has_batches) {
		guild_runs_fini(out);
		*out = (struct guild_runs){0};
		rc = list_wanted(ctx, &wanted, 0, out, err);
	}
	guild_map_fini(&wanted.ids);
	return rc;
}

/* The newest run says what is meant: its batch, or its operation. */
static int select_newest(struct guild_ctx *ctx, struct guild_runs *out, struct guild_error *err)
{
	struct guild_runs newest = {0};
	struct guild_run batch = {0};
	struct wanted wanted = {0};
	int rc = list_wanted(ctx, NULL, 1, &newest, err);

	if (rc == 0 && newest.n == 0) {
		rc = guild_error_set(err, GUILD_ENOTFOUND, "no matching runs");
	}
	if (rc == 0) {
		if (guild_run_is_batch(&newest.v[0])) {
			want_trials(&wanted, &newest.v[0]);
		} else if (guild_store_find_batch(&ctx->home, newest.v[0].id, &batch)) {
			want_trials(&wanted, &batch);
		} else {
			wanted.op = &newest.v[0].opref;
		}
		rc = list_wanted(ctx, &wanted, 0, out, err);
	}
	guild_map_fini(&wanted.ids);
	guild_run_fini(&batch);
	guild_runs_fini(&newest);
	return rc;
}

int guild_cmd_select_trials(struct guild_ctx *ctx, const struct guild_args *args,
	struct guild_cmd_trials *out, struct guild_error *err)
{
	const struct guild_strs *words = guild_args_words(args);
	int rc;

	*out = (struct guild_cmd_trials){0};
	if (words->n > 0) {
		rc = select_named(ctx, args, &out->runs, err);
	} else if (guild_cmd_has_filters(args)) {
		rc = guild_cmd_select_runs(ctx, args, words, NULL, GUILD_SELECT_FACTS, &out->runs,
			err);
	} else {
		rc = select_newest(ctx, &out->runs, err);
	}
	guild_cmd_drop_batches(&out->runs);
	if (rc == 0 && out->runs.n == 0) {
		rc = guild_error_set(err, GUILD_ENOTFOUND, "no matching runs");
	}
	if (rc == 0) {
		out->has_batch = guild_cmd_common_batch(ctx, &out->runs, &out->batch);
	}
	return rc;
}

void guild_cmd_trials_fini(struct guild_cmd_trials *t)
{
	guild_runs_fini(&t->runs);
	guild_run_fini(&t->batch);
}
