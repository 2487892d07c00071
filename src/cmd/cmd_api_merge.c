/* guild api merge: what `guild merge` would do or did, as the JSON of Guild AI 0.9.0 (docs/formats/api.md). */

#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "merge.h"

static const struct guild_opt *const tables[] = {guild_api_opts, guild_merge_opts, guild_yes_opts,
	guild_filter_opts, guild_status_opts, NULL};
static const struct guild_arg run_args[] = {
	{.name = "RUN",
		.complete = GUILD_COMPLETE_RUN,
		.help = "The run by index or id; the latest when omitted."},
	{0},
};

/* {"resp": KIND}, to which more is added. */
static struct guild_value *answer(struct guild_arena *a, const char *kind)
{
	struct guild_value *doc = guild_value_dict(a);

	guild_value_set(a, doc, "resp", guild_value_string(a, kind));
	return doc;
}

static struct guild_value *with_paths(struct guild_arena *a, const char *kind,
	const struct guild_strs *paths)
{
	struct guild_value *doc = answer(a, kind);

	guild_value_set(a, doc, "paths", guild_value_strs(a, paths));
	return doc;
}

static struct guild_value *run_json(const struct guild_ctx *ctx, const struct guild_run *r)
{
	static const char *const keys[] = {"id", "shortId", "dir", "operation", "started",
		"stopped", "label", "status", "projectDir", "opRef"};
	const struct guild_value *all = guild_run_document(r, ctx->arena, 1, &ctx->log);
	struct guild_value *doc = guild_value_dict(ctx->arena);

	for (size_t i = 0; i < GUILD_ARRAY_LEN(keys); i++) {
		guild_value_set(ctx->arena, doc, keys[i], guild_value_get(all, keys[i]));
	}
	return doc;
}

/* What 0.9.0 calls the parts of a file. */
static const struct guild_merge_keys keys_of_0_9 = {
	.type = "fileType",
	.run_path = "runPath",
	.target_path = "targetPath",
	.reason_text = guild_merge_reason_code,
};

static struct guild_value *preview_json(const struct guild_ctx *ctx,
	const struct guild_merge_plan *plan)
{
	struct guild_arena *a = ctx->arena;
	struct guild_value *doc = answer(a, "preview");

	guild_value_set(a, doc, "run", run_json(ctx, &plan->run));
	guild_value_set(a, doc, "targetDir", guild_value_string(a, plan->target_dir));
	guild_value_set(a, doc, "toCopy", guild_merge_files_json(a, plan, true, &keys_of_0_9));
	guild_value_set(a, doc, "toSkip", guild_merge_files_json(a, plan, false, &keys_of_0_9));
	return doc;
}

static int apply(const struct guild_ctx *ctx, const struct guild_merge_plan *plan,
	struct guild_value **out, struct guild_error *err)
{
	struct guild_arena *a = ctx->arena;
	struct guild_strs copied = {0};
	int rc = guild_store_merge_apply(plan, NULL, NULL, err);

	for (size_t i = 0; i < plan->n; i++) {
		if (plan->v[i].reason == GUILD_MERGE_COPY) {
			guild_strs_add(&copied, plan->v[i].target_path);
		}
	}
	guild_strs_sort(&copied);
	*out = answer(a, "ok");
	guild_value_set(a, *out, "copied", guild_value_strs(a, &copied));
	guild_strs_fini(&copied);
	return rc;
}

static int merge(struct guild_ctx *ctx, const struct guild_args *args, const struct guild_run *r,
	struct guild_value **out, struct guild_error *err)
{
	struct guild_merge_plan plan = {0};
	struct guild_merge_request req = guild_merge_request_of(ctx, args, r);
	int rc = guild_store_merge_plan(&req, &plan, err);

	if (rc != 0) {
		guild_merge_plan_fini(&plan);
		return rc;
	}
	if (plan.unstaged.n > 0) {
		*out = with_paths(ctx->arena, "unstaged-paths", &plan.unstaged);
	} else if (plan.replaced.n > 0) {
		*out = with_paths(ctx->arena, "replacement-paths", &plan.replaced);
	} else if (guild_args_flag(args, "preview")) {
		*out = preview_json(ctx, &plan);
	} else if (plan.n_copy == 0) {
		*out = answer(ctx->arena, "nothing-to-copy");
	} else {
		rc = apply(ctx, &plan, out, err);
	}
	guild_merge_plan_fini(&plan);
	return rc;
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_error err = {0};
	struct guild_value *out = NULL;
	struct guild_run r = {0};

	if (!guild_args_flag(args, "preview") && !guild_args_flag(args, "yes")) {
		return guild_cmd_failf(ctx, "this command does not ask: give --preview or --yes");
	}
	int rc = guild_cmd_select_run(ctx, args, &r, &err);

	rc = rc ? rc : merge(ctx, args, &r, &out, &err);
	if (rc != 0) {
		out = answer(ctx->arena, "other-error");
		guild_value_set(ctx->arena, out, "error", guild_value_string(ctx->arena, err.text));
	}
	guild_api_print(args, out);
	guild_run_fini(&r);
	return rc == 0 ? GUILD_EXIT_OK : guild_cmd_fail(ctx, &err);
}

const struct guild_cmd guild_cmd_api_merge = {
	.name = "api merge",
	.group = GUILD_GROUP_CHANGE,
	.summary = "Copy files of a run back to its project, as JSON",
	.help = "Takes the options of 'guild merge' and never asks: --preview says what would be done, --yes "
		"does it. The answer is an object whose 'resp' is preview, ok, nothing-to-copy, "
		"replacement-paths, unstaged-paths or other-error; with the last the exit code is 1.\n\n"
		"Examples:\n\n"
		"  guild api merge --preview -f\n"
		"  guild api merge 3 --yes",
	.opts = tables,
	.args = run_args,
	.needs = GUILD_NEEDS_CONFIG,
	.run = run,
};
