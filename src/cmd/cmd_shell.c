/* guild shell: the user's Python with what guild knows of runs (docs/guide/shell.md). */

#include <stdlib.h>

#include "cmd.h"
#include "python_tool.h"

static const struct guild_opt opts[] = {
	{.names = "-c --command",
		.value = "CODE",
		.kind = GUILD_OPT_TEXT,
		.help = "Execute CODE and end."},
	{0},
};
static const struct guild_opt *const tables[] = {opts, NULL};

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_strs words = {0};

	guild_strs_add(&words, ctx->program);
	guild_strs_add(&words, ctx->home.path);
	if (guild_args_given(args, "command")) {
		guild_strs_add(&words, guild_args_text(args, "command"));
	}
	int code = guild_cmd_run_python_tool(ctx, GUILD_TOOL_SHELL, &words);

	guild_strs_fini(&words);
	return code;
}

const struct guild_cmd guild_cmd_shell = {
	.name = "shell",
	.group = GUILD_GROUP_LOOK,
	.summary = "Start Python with functions that know the runs",
	.help = "runs(), run(ID), scalars(), flags() and compare() answer with tables: pandas.DataFrame where "
		"pandas is installed, else lists of dicts. They take what the commands take: "
		"runs(\"2:5\"), runs(operations=\"train\", completed=True), scalars(filter=\"loss < 0.1\"). "
		"guild(\"COMMAND\", ...) calls any command.\n\n"
		"Python is that of operations: GUILD_PYTHON_EXE, the active environment, or python3. Nothing is "
		"installed. IPython is used where it is there. Code on standard input is executed.\n\n"
		"Examples:\n\n"
		"  guild shell\n"
		"  guild shell -c 'print(run(1).flags)'\n"
		"  guild shell < report.py",
	.opts = tables,
	.needs = GUILD_NEEDS_HOME,
	.run = run,
};
