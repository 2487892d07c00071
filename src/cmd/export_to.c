/* guild export --to: runs as the store of another tool. */

#include "export_to.h"

#include <guild/trackers.h>

#include <stdlib.h>
#include <string.h>

const struct guild_opt guild_export_to_opts[] = {
	{.names = "--to",
		.value = "KIND",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_CHOICES,
		.choices = "csv|mlflow|parquet|tensorboard",
		.excludes = "move copy-resources",
		.help = "Write what another tool reads: mlflow (its store of folders), tensorboard (a log "
			"folder), csv or parquet (tables; LOCATION is a folder of two, or the file of one "
			"row a run)."},
	{0},
};

struct telling {
	struct guild_ctx *ctx;
	struct guild_progress progress;
	struct guild_value *list; /* --json, else NULL */
};

static int on_run(void *arg, const struct guild_exported *run)
{
	struct telling *t = arg;
	if (t->list != NULL) {
		struct guild_arena *a = t->ctx->arena;
		struct guild_value *v = guild_value_dict(a);
		guild_value_set(a, v, "id", guild_value_string(a, run->run->id));
		guild_value_set(a, v, "new", guild_value_bool(a, run->is_new));
		guild_value_set(a, v, "place", guild_value_string(a, run->place));
		guild_value_set(a, v, "values", guild_value_int(a, (int64_t)run->n_values));
		guild_value_set(a, v, "files", guild_value_int(a, (int64_t)run->n_files));
		guild_value_set(a, v, "left_out", guild_value_int(a, (int64_t)run->n_left_out));
		guild_value_append(a, t->list, v);
	}
	guild_progress_add(&t->progress, 1);
	return 0;
}

static void tell(const struct telling *t, const struct guild_export_request *req,
	const struct guild_export_summary *sum, const char *shown)
{
	struct guild_ctx *ctx = t->ctx;
	if (t->list != NULL) {
		struct guild_arena *a = ctx->arena;
		struct guild_value *v = guild_value_dict(a);
		guild_value_set(a, v, "to", guild_value_string(a, req->kind));
		guild_value_set(a, v, "path", guild_value_string(a, shown));
		guild_value_set(a, v, "exported", guild_value_int(a, (int64_t)sum->n_new));
		guild_value_set(a, v, "same", guild_value_int(a, (int64_t)sum->n_same));
		guild_value_set(a, v, "kept", guild_value_int(a, (int64_t)sum->n_kept));
		guild_value_set(a, v, "runs", t->list);
		guild_cmd_print_json(v);
		return;
	}
	guild_log(&ctx->log, "note", "Exported %zu run(s) to %s for %s: %llu value(s)", sum->n_new,
		shown, req->kind, (unsigned long long)sum->n_values);
	if (sum->n_same > 0) {
		guild_log(&ctx->log, "note", "%zu run(s) were there already and are the same",
			sum->n_same);
	}
	if (sum->n_kept > 0) {
		guild_log(&ctx->log, "note",
			"%zu run(s) were there already, differ, and were left as they are",
			sum->n_kept);
	}
	if (sum->n_left_out > 0) {
		guild_log(&ctx->log, "note",
			"%llu file(s) were left out: links that lead out of their run, or no files",
			(unsigned long long)sum->n_left_out);
	}
}

int guild_cmd_export_to(struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_runs *runs)
{
	const char *shown = guild_args_words(args)->v[0];
	char *expanded = guild_path_expand_user(shown, ctx->user_home);
	char *path = guild_path_abs(expanded, ctx->cwd);
	struct guild_error err = {0};
	struct guild_export_summary sum = {0};
	struct telling t = {.ctx = ctx};
	struct guild_export_request req = {
		.kind = guild_args_text(args, "to"),
		.path = path,
		.runs = runs,
		.replace = guild_args_flag(args, "replace"),
		.keep_differing = guild_args_flag(args, "skip-differing"),
		.on_run = on_run,
		.arg = &t,
	};
	char *heading = guild_format("These runs will be written to '%s' for %s:", shown, req.kind);
	int code = guild_cmd_confirm_runs(ctx, args, runs, heading, "Continue?", true);
	if (code == GUILD_EXIT_OK) {
		t.list = guild_args_flag(args, "json") ? guild_value_list(ctx->arena) : NULL;
		guild_progress_start(&t.progress, ctx, "Exporting", (int64_t)runs->n);
		int rc = guild_export(&req, &sum, &ctx->log, &err);
		guild_progress_end(&t.progress);
		if (rc == 0) {
			tell(&t, &req, &sum, shown);
		} else {
			code = guild_cmd_fail(ctx, &err);
		}
	}
	free(heading);
	free(path);
	free(expanded);
	return code;
}
