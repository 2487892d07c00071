/* What export, import and archive share: options, progress, what is said. */

#include "move_cmd.h"

#include "guild/archive.h"

#include <stdlib.h>
#include <string.h>

enum { LISTED = 20 }; /* runs that an error names */

const struct guild_opt guild_move_opts[] = {
	{.names = "--replace",
		.excludes = "skip-differing",
		.help = "Replace runs that are there already and differ."},
	{.names = "--skip-differing",
		.help = "Leave runs that are there already and differ as they are, there and here."},
	{0},
};

/* ---- places -------------------------------------------------------------------------------------------- */

int64_t guild_cmd_unpack_max(const struct guild_ctx *ctx)
{
	return guild_archive_max_bytes(guild_ctx_env(ctx, "GUILD_UNPACK_MAX"));
}

/* ---- progress ------------------------------------------------------------------------------------------------ */

struct watching {
	const struct guild_ctx *ctx;
	struct guild_progress progress;
	bool is_quiet;
	const char *where;
};

static void on_phase(void *arg, const char *what, int64_t total)
{
	struct watching *w = arg;

	guild_progress_end(&w->progress);
	guild_progress_start(&w->progress, w->ctx, what, total > 0 ? total : 0);
}

static void on_bytes(void *arg, int64_t more)
{
	guild_progress_add(&((struct watching *)arg)->progress, more);
}

static void on_run(void *arg, const char *what, const struct guild_run *r)
{
	struct watching *w = arg;
	const struct guild_log *log = &w->ctx->log;

	if (w->is_quiet) {
		return;
	}
	guild_progress_end(&w->progress);
	if (strcmp(what, "copy") == 0) {
		guild_log(log, "note", "Copying %s", r->id);
	} else if (strcmp(what, "move") == 0) {
		guild_log(log, "note", "Moving %s", r->id);
	} else if (strcmp(what, "same") == 0) {
		guild_log(log, "warning", "%s/%s exists and is the same, skipping", w->where,
			r->id);
	} else if (strcmp(what, "differs") == 0) {
		guild_log(log, "warning", "%s/%s exists and differs, skipping", w->where, r->id);
	}
}

static void watch(struct watching *w, struct guild_move_watch *out)
{
	guild_progress_start(&w->progress, w->ctx, "", 0);
	*out = (struct guild_move_watch){
		.on_phase = on_phase, .on_bytes = on_bytes, .on_run = on_run, .arg = w};
}

int guild_cmd_open_place(struct guild_ctx *ctx, const char *path, struct guild_run_place *out,
	struct guild_error *err)
{
	struct watching w = {.ctx = ctx};
	struct guild_move_watch how;
	char *expanded = guild_path_expand_user(path, ctx->user_home);
	char *full = guild_path_abs(expanded, ctx->cwd);

	watch(&w, &how);
	int rc = guild_run_place_open(&ctx->home, full, guild_cmd_unpack_max(ctx), &how, &ctx->log,
		out, err);

	guild_progress_end(&w.progress);
	free(full);
	free(expanded);
	return rc;
}

/* ---- doing ----------------------------------------------------------------------------------------------------- */

int guild_cmd_confirm_resources(const struct guild_ctx *ctx, const struct guild_args *args)
{
	if (!guild_args_flag(args, "copy-resources") || guild_args_flag(args, "yes")) {
		return GUILD_EXIT_OK;
	}
	int answer = guild_cmd_confirm(ctx,
		"Each copy will hold its own copy of the files that its links lead to. Really copy "
		"them?",
		false);

	return answer > 0 ? GUILD_EXIT_OK : answer < 0 ? GUILD_EXIT_ERROR : GUILD_EXIT_DECLINED;
}

static void print_json(const struct guild_move_action *action, const struct guild_move_request *req,
	const struct guild_move_result *result)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *v = guild_value_dict(a);

	guild_value_set(a, v, "location", guild_value_string(a, req->path));
	guild_value_set(a, v, action->list_key, guild_value_strs(a, &result->moved));
	guild_value_set(a, v, "same", guild_value_strs(a, &result->same));
	guild_value_set(a, v, "differing", guild_value_strs(a, &result->differing));
	guild_cmd_print_json(v);
	guild_arena_free(a);
}

static int fail(const struct guild_ctx *ctx, enum guild_move_conflict conflict,
	const struct guild_move_result *result, struct guild_error *err)
{
	if (err->code == GUILD_EEXISTS && conflict == GUILD_MOVE_REFUSE &&
		result->differing.n > 0) {
		struct guild_buf text = {0};

		guild_buf_printf(&text, "%s:", err->text);
		for (size_t i = 0; i < result->differing.n && i < LISTED; i++) {
			guild_buf_printf(&text, "\n  %s", result->differing.v[i]);
		}
		if (result->differing.n > LISTED) {
			guild_buf_puts(&text, "\n  ...");
		}
		guild_buf_puts(&text, "\nNothing was changed.");
		guild_error_set(err, GUILD_EEXISTS, "%s", guild_buf_cstr(&text));
		guild_error_hint(err,
			"--skip-differing leaves them as they are, --replace replaces "
			"them; RUN arguments and filters choose others");
		guild_buf_fini(&text);
	}
	return guild_cmd_fail(ctx, err);
}

int guild_cmd_move(struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_move_action *action, struct guild_move_request *req)
{
	struct guild_error err = {0};
	struct guild_move_result result = {0};
	struct watching w = {.ctx = ctx, .is_quiet = guild_args_flag(args, "json")};
	int code = GUILD_EXIT_OK;

	watch(&w, &req->watch);
	w.where = action->list_key[0] == 'i' ? "runs" : action->shown;
	req->home = &ctx->home;
	req->log = &ctx->log;
	req->max_bytes = guild_cmd_unpack_max(ctx);
	req->conflict = guild_args_flag(args, "replace")          ? GUILD_MOVE_REPLACE
			: guild_args_flag(args, "skip-differing") ? GUILD_MOVE_LEAVE
								  : GUILD_MOVE_REFUSE;
	int rc = action->act(req, &result, &err);

	guild_progress_end(&w.progress);
	if (rc != 0) {
		code = fail(ctx, req->conflict, &result, &err);
	} else if (w.is_quiet) {
		print_json(action, req, &result);
	} else {
		guild_log(&ctx->log, "note", "%s %zu run(s) %s %s", action->done, result.moved.n,
			action->preposition, action->shown);
	}
	guild_move_result_fini(&result);
	return code;
}
