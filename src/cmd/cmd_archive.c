/* guild archive: runs into an archive, and from here to the trash. */

#include "move_cmd.h"

#include "guild/archive.h"

#include <stdlib.h>
#include <string.h>

static const struct guild_opt opts[] = {
	{.names = "-o --output",
		.value = "FILE",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_FILE,
		.help = "The archive: NAME.tar.zst, .zip, .tar, .tar.gz, .tar.xz or .tar.bz2. Required."},
	{0},
};
static const struct guild_opt *const tables[] = {opts, guild_move_opts, guild_json_opts,
	guild_yes_opts, guild_filter_opts, guild_status_opts, NULL};
static const struct guild_arg words[] = {
	{.name = "RUN",
		.many = true,
		.complete = GUILD_COMPLETE_RUN,
		.help = "Runs by index, range of indexes (2:5) or id; those of the current project that "
			"pass the filters when omitted."},
	{0},
};

static int archive_runs(struct guild_ctx *ctx, const struct guild_args *args, const char *output,
	struct guild_runs *runs)
{
	char *expanded = guild_path_expand_user(output, ctx->user_home);
	char *path = guild_path_abs(expanded, ctx->cwd);
	char *heading = guild_format("These runs will be put into '%s' and then deleted:", output);
	int code = guild_cmd_confirm_runs(ctx, args, runs, heading, "Continue?", true);

	if (code == GUILD_EXIT_OK) {
		struct guild_move_request req = {
			.runs = runs, .path = path, .move = true, .to_trash = true};
		const struct guild_move_action action = {.done = "Archived",
			.preposition = "in",
			.list_key = "archived",
			.shown = output,
			.act = guild_store_export};

		code = guild_cmd_move(ctx, args, &action, &req);
	}
	if (code == GUILD_EXIT_OK && !guild_args_flag(args, "json")) {
		guild_log(&ctx->log, "note",
			"They are in the trash, too: 'guild runs restore' brings them back, 'guild runs "
			"purge' frees their space.");
	}
	free(heading);
	free(path);
	free(expanded);
	return code;
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_error err = {0};
	struct guild_runs runs = {0};
	const char *output = guild_args_text(args, "output");
	int code = GUILD_EXIT_OK;

	if (!output) {
		return guild_cmd_usage(ctx, "archive", "missing option '--output'");
	}
	if (!guild_archive_is_writable(output)) {
		guild_error_set(&err, GUILD_EINVALID, "'%s' is no name of an archive", output);
		guild_error_hint(&err,
			"names end in .tar.zst, .zip, .tar, .tar.gz, .tar.xz or .tar.bz2");
		return guild_cmd_fail(ctx, &err);
	}
	char *runs_dir = guild_home_runs_dir(&ctx->home, false);

	guild_store_sweep(runs_dir);
	free(runs_dir);
	if (guild_cmd_select_runs(ctx, args, guild_args_words(args), NULL, GUILD_SELECT_PROJECT,
		    &runs, &err) != 0) {
		code = guild_cmd_fail(ctx, &err);
	} else if (runs.n == 0) {
		guild_log(&ctx->log, "note", "Nothing to archive.");
	} else {
		code = archive_runs(ctx, args, output, &runs);
	}
	guild_runs_fini(&runs);
	return code;
}

const struct guild_cmd guild_cmd_archive = {
	.name = "archive",
	.aliases = "runs archive",
	.group = GUILD_GROUP_CHANGE,
	.summary = "Put runs away into an archive",
	.help = "The runs are added to the archive, read back from it and compared, and only then deleted "
		"here, into the trash. 'guild runs --archive FILE' lists what is in an archive, 'guild "
		"import FILE' brings it back.\n\n"
		"Without RUN the runs of the project in the current directory that pass the filters are "
		"meant; ':' means all runs.\n\n"
		"Examples:\n\n"
		"  guild archive -o old.tar.zst --started 'before 90 days ago'\n"
		"  guild archive -o failed.zip --error --yes",
	.opts = tables,
	.args = words,
	.needs = GUILD_NEEDS_HOME,
	.run = run,
};
