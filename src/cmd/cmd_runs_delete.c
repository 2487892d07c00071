/* guild runs delete, restore, purge: moving runs to the trash, back, and away for good (cli.md 1.3). */

#include <stdlib.h>
#include <string.h>

#include "cmd.h"

static const struct guild_opt delete_opts[] = {
	{.names = "-p --permanent",
		.help = "Do not keep the runs in the trash. This cannot be undone."},
	{0},
};
static const struct guild_opt *const delete_tables[] = {
	delete_opts, guild_yes_opts, guild_filter_opts, guild_status_opts, guild_remote_opts, NULL};
static const struct guild_opt *const trash_tables[] = {
	guild_yes_opts, guild_filter_opts, guild_status_opts, guild_remote_opts, NULL};

static const struct guild_arg run_args[] = {
	{.name = "RUN",
		.many = true,
		.complete = GUILD_COMPLETE_RUN,
		.help = "Runs by index, range of indexes (2:5) or id; those of the current project that "
			"pass the filters when omitted."},
	{0},
};
static const struct guild_arg deleted_args[] = {
	{.name = "RUN",
		.many = true,
		.complete = GUILD_COMPLETE_DELETED_RUN,
		.help = "Deleted runs by index or range of indexes as 'guild runs --deleted' shows them, or "
			"by id."},
	{0},
};

/* What one of the three commands says and does. */
struct action {
	const char *nothing;  /* printed when there is no run */
	const char *heading;  /* over the preview */
	const char *question; /* "%zu" is the count */
	bool default_yes;
	const char *done; /* "Deleted" */
	const char *undo; /* what a terminal is told after it, or NULL */
	int (*act)(const struct guild_ctx *ctx, const struct guild_run *r, struct guild_error *err);
};

enum { STOP_GRACE_MS = 30000 };

/* A run that still writes would come back where it was. What a remote executes writes there: only its record here goes. */
static int stop_and_delete(const struct guild_ctx *ctx, const struct guild_run *r, bool permanent,
	struct guild_error *err)
{
	char *remote = NULL;
	int rc = 0;

	if (guild_run_status(r, &remote) == GUILD_RUN_RUNNING && !remote) {
		rc = guild_store_stop(r, STOP_GRACE_MS, &ctx->log, err);
	}
	free(remote);
	return rc == 0 ? guild_store_delete(&ctx->home, r, permanent, &ctx->log, err) : rc;
}

static int act_delete(const struct guild_ctx *ctx, const struct guild_run *r,
	struct guild_error *err)
{
	return stop_and_delete(ctx, r, false, err);
}

static int act_delete_permanently(const struct guild_ctx *ctx, const struct guild_run *r,
	struct guild_error *err)
{
	return stop_and_delete(ctx, r, true, err);
}

static int act_restore(const struct guild_ctx *ctx, const struct guild_run *r,
	struct guild_error *err)
{
	return guild_store_restore(&ctx->home, r, &ctx->log, err);
}

static int act_purge(const struct guild_ctx *ctx, const struct guild_run *r,
	struct guild_error *err)
{
	return guild_store_delete(&ctx->home, r, true, &ctx->log, err);
}

static const struct action delete_action = {
	.nothing = "Nothing to delete.",
	.heading = "These runs will be deleted:",
	.question = "Delete %zu run(s)?",
	.default_yes = true,
	.done = "Deleted",
	.undo = "'guild runs restore' brings deleted runs back.",
	.act = act_delete,
};
static const struct action permanent_action = {
	.nothing = "Nothing to delete.",
	.heading = "These runs will be deleted for good:",
	.question = "Permanently delete %zu run(s)?",
	.done = "Permanently deleted",
	.act = act_delete_permanently,
};
static const struct action restore_action = {
	.nothing = "Nothing to restore.",
	.heading = "These runs will be restored:",
	.question = "Restore %zu run(s)?",
	.default_yes = true,
	.done = "Restored",
	.act = act_restore,
};
static const struct action purge_action = {
	.nothing = "Nothing to purge.",
	.heading = "These runs will be deleted for good:",
	.question = "Permanently delete %zu run(s)?",
	.done = "Permanently deleted",
	.act = act_purge,
};

/* The question with its count filled in. */
static char *question_text(const char *format, size_t n)
{
	const char *at = strstr(format, "%zu");

	return guild_format("%.*s%zu%s", (int)(at - format), format, n, at + 3);
}

/* A running run is stopped before it goes; that is asked for separately. */
static int confirm_running(const struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_runs *runs)
{
	struct guild_runs live = {0};
	int code = GUILD_EXIT_OK;

	for (size_t i = 0; i < runs->n; i++) {
		if (guild_run_status(&runs->v[i], NULL) == GUILD_RUN_RUNNING) {
			live.v = guild_grow_array(live.v, &live.cap, live.n + 1, sizeof(*live.v));
			live.v[live.n++] = runs->v[i];
		}
	}
	if (live.n > 0) {
		code = guild_cmd_confirm_runs(ctx, args, &live,
			"These runs are still running and will be stopped first:",
			"Really delete these runs?", false);
	}
	free(live.v); /* the runs in it are borrowed */
	return code;
}

static int act_on_all(struct guild_ctx *ctx, const struct action *action,
	const struct guild_runs *runs)
{
	struct guild_progress progress;
	size_t n_done = 0;
	int code = GUILD_EXIT_OK;

	guild_progress_start(&progress, ctx, action->done, (int64_t)runs->n);
	for (size_t i = 0; i < runs->n; i++) {
		struct guild_error err = {0};

		if (action->act(ctx, &runs->v[i], &err) == 0) {
			n_done++;
		} else {
			guild_progress_end(&progress);
			code = guild_cmd_fail(ctx, &err);
		}
		guild_progress_add(&progress, 1);
	}
	guild_progress_end(&progress);
	guild_log(&ctx->log, "note", "%s %zu run(s)", action->done, n_done);
	if (n_done > 0 && action->undo && ctx->stderr_tty) {
		guild_log(&ctx->log, "note", "%s", action->undo);
	}
	return code;
}

/* What an interrupted one left: there may be no run to act on any more. */
static void sweep(const struct guild_ctx *ctx)
{
	for (int deleted = 0; deleted < 2; deleted++) {
		char *dir = guild_home_runs_dir(&ctx->home, deleted != 0);

		guild_store_sweep(dir);
		free(dir);
	}
}

static int run_action(struct guild_ctx *ctx, const struct guild_args *args,
	const struct action *action, unsigned select)
{
	struct guild_error err = {0};
	struct guild_runs runs = {0};
	int code;

	sweep(ctx);
	if (guild_cmd_select_runs(ctx, args, guild_args_words(args), NULL, select, &runs, &err) !=
		0) {
		code = guild_cmd_fail(ctx, &err);
	} else if (runs.n == 0) {
		guild_log(&ctx->log, "note", "%s", action->nothing);
		code = GUILD_EXIT_OK;
	} else {
		char *question = question_text(action->question, runs.n);

		code = guild_cmd_confirm_runs(ctx, args, &runs, action->heading, question,
			action->default_yes);
		free(question);
		if (code == GUILD_EXIT_OK && !(select & GUILD_SELECT_DELETED)) {
			code = confirm_running(ctx, args, &runs);
		}
		if (code == GUILD_EXIT_OK) {
			code = act_on_all(ctx, action, &runs);
		}
	}
	guild_runs_fini(&runs);
	return code;
}

static int run_delete(struct guild_ctx *ctx, const struct guild_args *args)
{
	bool permanent = guild_args_flag(args, "permanent");

	return run_action(ctx, args, permanent ? &permanent_action : &delete_action,
		GUILD_SELECT_PROJECT);
}

static int run_restore(struct guild_ctx *ctx, const struct guild_args *args)
{
	return run_action(ctx, args, &restore_action, GUILD_SELECT_DELETED);
}

static int run_purge(struct guild_ctx *ctx, const struct guild_args *args)
{
	return run_action(ctx, args, &purge_action, GUILD_SELECT_DELETED | GUILD_SELECT_PROJECT);
}

const struct guild_cmd guild_cmd_runs_delete = {
	.name = "runs delete",
	.aliases = "runs rm",
	.group = GUILD_GROUP_CHANGE,
	.summary = "Move runs to the trash",
	.help = "Deleted runs can be listed with 'guild runs --deleted' and brought back with "
		"'guild runs restore', unless --permanent was given. A run that is still running is "
		"stopped first.\n\n"
		"Without RUN the runs of the project in the current directory that pass the filters are "
		"meant; ':' means all runs. The runs are shown and you are asked, unless --yes is "
		"given.\n\n"
		"Examples:\n\n"
		"  guild runs delete 3 5\n"
		"  guild runs rm --error --started 'before today'\n"
		"  guild runs rm -p -Fl scratch",
	.opts = delete_tables,
	.args = run_args,
	.needs = GUILD_NEEDS_HOME,
	.run = run_delete,
};

const struct guild_cmd guild_cmd_runs_restore = {
	.name = "runs restore",
	.group = GUILD_GROUP_CHANGE,
	.summary = "Bring deleted runs back",
	.help = "Without RUN all deleted runs that pass the filters are restored.\n\n"
		"Examples:\n\n"
		"  guild runs restore 1\n"
		"  guild runs restore -Fo train",
	.opts = trash_tables,
	.args = deleted_args,
	.needs = GUILD_NEEDS_HOME,
	.run = run_restore,
};

const struct guild_cmd guild_cmd_runs_purge = {
	.name = "runs purge",
	.group = GUILD_GROUP_CHANGE,
	.summary = "Delete runs in the trash for good",
	.help = "Without RUN the deleted runs of the project in the current directory that pass the "
		"filters are meant; ':' means all. This cannot be undone.\n\n"
		"Examples:\n\n"
		"  guild runs purge\n"
		"  guild runs purge -Fs 'before 30 days ago'",
	.opts = trash_tables,
	.args = deleted_args,
	.needs = GUILD_NEEDS_HOME,
	.run = run_purge,
};
