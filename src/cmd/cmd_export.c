/* guild export: runs to a directory or an archive (cli.md 1.3). */

#include "export_to.h"
#include "move_cmd.h"

#include <stdlib.h>
#include <string.h>

static const struct guild_opt opts[] = {
	{.names = "-m --move",
		.help = "Move the runs: each is removed here when its copy is whole and was compared."},
	{.names = "-r --copy-resources",
		.help = "Copy what links in the runs lead to, in place of the links."},
	{0},
};
static const struct guild_opt *const tables[] = {opts, guild_export_to_opts, guild_move_opts,
	guild_json_opts, guild_yes_opts, guild_filter_opts, guild_status_opts, NULL};
static const struct guild_arg words[] = {
	{.name = "LOCATION",
		.required = true,
		.complete = GUILD_COMPLETE_FILE,
		.help = "Directory, or archive: NAME.zip, .tar, .tar.gz, .tar.zst, .tar.xz or .tar.bz2."},
	{.name = "RUN",
		.many = true,
		.complete = GUILD_COMPLETE_RUN,
		.help = "Runs by index, range of indexes (2:5) or id; all that pass the filters when "
			"omitted."},
	{0},
};

static int export_runs(struct guild_ctx *ctx, const struct guild_args *args, const char *location,
	struct guild_runs *runs)
{
	bool move = guild_args_flag(args, "move");
	char *expanded = guild_path_expand_user(location, ctx->user_home);
	char *path = guild_path_abs(expanded, ctx->cwd);
	char *heading =
		guild_format("These runs will be %s to '%s':", move ? "moved" : "copied", location);
	int code = guild_cmd_confirm_runs(ctx, args, runs, heading, "Continue?", true);

	code = code ? code : guild_cmd_confirm_resources(ctx, args);
	if (code == GUILD_EXIT_OK) {
		struct guild_move_request req = {.runs = runs,
			.path = path,
			.move = move,
			.copy_resources = guild_args_flag(args, "copy-resources")};
		const struct guild_move_action action = {.done = "Exported",
			.preposition = "to",
			.list_key = "exported",
			.shown = location,
			.act = guild_store_export};

		code = guild_cmd_move(ctx, args, &action, &req);
	}
	free(heading);
	free(path);
	free(expanded);
	return code;
}

/* What an interrupted one left, here and there: there may be no run to export any more. */
static void sweep(const struct guild_ctx *ctx, const char *runs_dir, const char *location)
{
	char *expanded = guild_path_expand_user(location, ctx->user_home);
	char *path = guild_path_abs(expanded, ctx->cwd);
	char *parent = guild_path_dirname(path);

	guild_store_sweep(runs_dir);
	guild_store_sweep(guild_is_dir(path) ? path : parent);
	free(parent);
	free(path);
	free(expanded);
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_error err = {0};
	struct guild_runs runs = {0};
	const struct guild_strs *words_given = guild_args_words(args);
	const struct guild_strs specs = {.v = words_given->v + 1, .n = words_given->n - 1};
	char *dir = guild_home_runs_dir(&ctx->home, false);
	int code = GUILD_EXIT_OK;

	sweep(ctx, dir, words_given->v[0]);
	if (guild_cmd_select_runs(ctx, args, &specs, NULL, 0, &runs, &err) != 0) {
		code = guild_cmd_fail(ctx, &err);
	} else if (runs.n == 0) {
		guild_log(&ctx->log, "note", "Nothing to export.");
	} else if (guild_args_given(args, "to")) {
		code = guild_cmd_export_to(ctx, args, &runs);
	} else {
		code = export_runs(ctx, args, guild_args_words(args)->v[0], &runs);
	}
	guild_runs_fini(&runs);
	free(dir);
	return code;
}

const struct guild_cmd guild_cmd_export = {
	.name = "export",
	.aliases = "runs export",
	.group = GUILD_GROUP_CHANGE,
	.summary = "Copy or move runs to a directory or an archive",
	.help = "LOCATION is a directory, which is made, or an archive, by its name. Runs are added to "
		"what is there; ones that are there already and are the same are passed over. When one "
		"is there and differs, nothing is done: say --replace or --skip-differing.\n\n"
		"A run is there as a whole or not at all, and an archive is replaced when the new one is "
		"whole, whatever interrupts. The same command then goes on.\n\n"
		"'guild runs --archive LOCATION' lists what is there, 'guild import LOCATION' brings it "
		"back. See docs/guide/moving-runs.md.\n\n"
		"With --to the runs are written as another tool reads them: experiments of MLflow, a log "
		"folder of TensorBoard, or tables. See docs/guide/importing.md.\n\n"
		"Examples:\n\n"
		"  guild export backup\n"
		"  guild export best.zip 1 5 7\n"
		"  guild export --move old.tar.zst --started 'before 90 days ago'\n"
		"  guild export --to mlflow mlruns -Fo train\n"
		"  guild export --to parquet tables",
	.opts = tables,
	.args = words,
	.needs = GUILD_NEEDS_HOME,
	.run = run,
};
