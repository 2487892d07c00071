/* guild runs info: what is known of one run (cli.md 1.2, 3.3). One document is built; people get it as text, programs as JSON. */

#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "run_against.h"
#include "run_info.h"

static const struct guild_opt opts[] = {
	{.names = "-c --comments", .help = "Show comments."},
	{.names = "-e --env", .help = "Show the environment."},
	{.names = "-d --deps", .help = "Show resolved dependencies."},
	{.names = "-m --manifest", .help = "Show the files the run was given."},
	{.names = "-p --plugins", .help = "Show plugins."},
	{.names = "-s --all-scalars",
		.help = "Show scalars of the system, too, and first, lowest, highest, average and "
			"total values."},
	{.names = "--against",
		.value = "RUN",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_RUN,
		.help = "Show only what differs from RUN, and what shaped the runs: source code, host, "
			"platform and packages, too."},
	{.names = "--checkpoints", .help = "Show model checkpoints."},
	{.names = "--yaml", .excludes = "json against", .help = "Print YAML."},
	{.names = "--private-attrs", .hidden = true, .help = "Show what restarting needs."},
	{0},
};
static const struct guild_opt *const tables[] = {
	opts, guild_json_opts, guild_filter_opts, guild_status_opts, guild_remote_opts, NULL};
static const struct guild_arg run_args[] = {
	{.name = "RUN",
		.complete = GUILD_COMPLETE_RUN,
		.help = "Run by index or id; the latest when omitted."},
	{0},
};

static unsigned wanted_parts(const struct guild_args *args)
{
	static const struct {
		const char *option;
		unsigned part;
	} parts[] = {
		{"comments", GUILD_INFO_COMMENTS},
		{"env", GUILD_INFO_ENV},
		{"deps", GUILD_INFO_DEPS},
		{"manifest", GUILD_INFO_MANIFEST},
		{"plugins", GUILD_INFO_PLUGINS},
		{"all-scalars", GUILD_INFO_ALL_SCALARS},
		{"checkpoints", GUILD_INFO_CHECKPOINTS},
		{"private-attrs", GUILD_INFO_PRIVATE},
	};
	unsigned wanted = 0;

	for (size_t i = 0; i < GUILD_ARRAY_LEN(parts); i++) {
		wanted |= guild_args_flag(args, parts[i].option) ? parts[i].part : 0;
	}
	return wanted;
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_error err = {0};
	struct guild_run r = {0};
	int code = GUILD_EXIT_OK;

	if (guild_cmd_select_run(ctx, args, &r, &err) != 0) {
		code = guild_cmd_fail(ctx, &err);
	} else if (guild_args_given(args, "against")) {
		if (guild_run_print_against(ctx, args, &r, guild_args_text(args, "against"),
			    wanted_parts(args), &err) != 0) {
			code = guild_cmd_fail(ctx, &err);
		}
	} else {
		struct guild_value *info = guild_run_info(ctx, &r, wanted_parts(args));

		if (guild_args_flag(args, "json")) {
			guild_cmd_print_json(info);
		} else {
			struct guild_buf text = {0};

			if (guild_args_flag(args, "yaml")) {
				guild_yaml_dump(&text, info, false);
				guild_buf_putc(&text, '\n');
			} else {
				guild_run_info_text(&text, info);
			}
			fwrite(guild_buf_cstr(&text), 1, text.n, stdout);
			guild_buf_fini(&text);
		}
	}
	guild_run_fini(&r);
	return code;
}

const struct guild_cmd guild_cmd_runs_info = {
	.name = "runs info",
	.group = GUILD_GROUP_LOOK,
	.summary = "Show details of a run",
	.help = "Attributes, tags, flags and the last value of each scalar are shown; options add "
		"more.\n\n"
		"Examples:\n\n"
		"  guild runs info\n"
		"  guild runs info 3 --env --deps\n"
		"  guild runs info 1 --against 2\n"
		"  guild runs info 22abed97 --json\n"
		"  guild runs info --yaml > run.yml",
	.opts = tables,
	.args = run_args,
	.needs = GUILD_NEEDS_HOME,
	.run = run,
};
