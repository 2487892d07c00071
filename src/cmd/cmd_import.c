/* guild import: runs from elsewhere into this Guild home (cli.md 1.3). */

#include "import_from.h"
#include "move_cmd.h"

static const struct guild_opt *const tables[] = {guild_import_archive_opts, guild_move_opts,
	guild_import_from_opts, guild_json_opts, guild_yes_opts, guild_filter_opts,
	guild_status_opts, NULL};
static const struct guild_arg words[] = {
	{.name = "PATH",
		.required = true,
		.complete = GUILD_COMPLETE_FILE,
		.help = "Directory or archive (.zip, .tar, .tar.gz, .tar.zst, ...) of exported runs; with --from, where the other tracker's runs are."},
	{.name = "RUN",
		.many = true,
		.complete = GUILD_COMPLETE_RUN,
		.help = "Runs by index or range of indexes as 'guild runs --archive PATH' shows them, or by "
			"id; all that pass the filters when omitted."},
	{0},
};

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	if (guild_args_given(args, "from")) {
		return guild_cmd_import_from(ctx, args);
	}
	if (guild_args_flag(args, "dry-run")) {
		return guild_cmd_usage(ctx, "import",
			"'--preview' cannot be used without '--from'");
	}
	return guild_cmd_import_archive(ctx, args);
}

const struct guild_cmd guild_cmd_import = {
	.name = "import",
	.aliases = "runs import",
	.group = GUILD_GROUP_CHANGE,
	.summary = "Import runs",
	.help = "Runs of a directory or archive that 'guild export' made become runs here. Ones that are "
		"here already and are the same are passed over. When one is here and differs, nothing is "
		"done: say --replace (the one that is here goes to the trash) or --skip-differing. Nothing "
		"comes out of a damaged archive. See docs/guide/moving-runs.md.\n\n"
		"With --from the runs of another tracker become runs here, with their parameters as flags, "
		"their metrics with steps and times as scalars, their tags, notes and files. The other "
		"tool's store is only read. An import can be repeated: what is here already and has not "
		"changed is passed over. See docs/guide/importing.md for what becomes what.\n\n"
		"Examples:\n\n"
		"  guild import backup\n"
		"  guild import best.zip 1:3\n"
		"  guild import old.tar.zst -Fo train --yes\n"
		"  guild import --from mlflow mlruns\n"
		"  guild import --from mlflow sqlite:///mlflow.db\n"
		"  guild import --from tensorboard logs --preview\n"
		"  guild import --from wandb-offline wandb -y\n"
		"  guild import --from csv results.csv --metric-col loss --metric-col acc",
	.opts = tables,
	.args = words,
	.needs = GUILD_NEEDS_HOME,
	.run = run,
};
