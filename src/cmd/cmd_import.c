/* guild import: runs from elsewhere into this Guild home (cli.md 1.3). */

#include "import_from.h"

static const struct guild_opt *const tables[] = {
	guild_import_from_opts, guild_json_opts, guild_yes_opts, NULL};
static const struct guild_arg words[] = {
	{.name = "PATH",
		.required = true,
		.complete = GUILD_COMPLETE_FILE,
		.help = "Where the runs are."},
	{0},
};

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	if (!guild_args_given(args, "from")) {
		return guild_cmd_usage(ctx, "import", "missing option '--from'");
	}
	return guild_cmd_import_from(ctx, args);
}

const struct guild_cmd guild_cmd_import = {
	.name = "import",
	.aliases = "runs import",
	.group = GUILD_GROUP_CHANGE,
	.summary = "Import runs",
	.help = "With --from the runs of another tracker become runs here, with their parameters as flags, "
		"their metrics with steps and times as scalars, their tags, notes and files. The other "
		"tool's store is only read. An import can be repeated: what is here already and has not "
		"changed is passed over. See docs/guide/importing.md for what becomes what.\n\n"
		"Examples:\n\n"
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
