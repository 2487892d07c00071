/* guild tensorflow inspect: what is in a checkpoint, graph or saved model, by the user's TensorFlow (cli.md 1.5). */

#include <stdlib.h>

#include "cmd.h"
#include "python_tool.h"

static const struct guild_opt opts[] = {
	{.names = "--tensor-name",
		.value = "NAME",
		.kind = GUILD_OPT_TEXT,
		.help = "Show this tensor (or node of a graph), and its value."},
	{.names = "--all-tensors", .help = "Show the values of all tensors."},
	{.names = "--all-tensor-names", .help = "Show names only."},
	{0},
};
static const struct guild_opt *const tables[] = {opts, guild_json_opts, NULL};
static const struct guild_arg path_args[] = {
	{.name = "PATH",
		.required = true,
		.complete = GUILD_COMPLETE_FILE,
		.help = "A checkpoint (its .index file, or the name without it), a graph (.pb, .pbtxt), or the "
			"directory of a saved model or of checkpoints."},
	{0},
};

static bool is_there(const char *path)
{
	char *index = guild_format("%s.index", path);
	bool found = guild_file_exists(path) || guild_file_exists(index);

	free(index);
	return found;
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	static const char *const flags[] = {"all-tensors", "all-tensor-names", "json"};
	char *expanded = guild_path_expand_user(guild_args_words(args)->v[0], ctx->user_home);
	char *path = guild_path_abs(expanded, ctx->cwd);
	struct guild_strs words = {0};
	int code;

	guild_strs_add(&words, path);
	if (guild_args_given(args, "tensor-name")) {
		guild_strs_add(&words, "--tensor-name");
		guild_strs_add(&words, guild_args_text(args, "tensor-name"));
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(flags); i++) {
		if (guild_args_flag(args, flags[i])) {
			guild_strs_addf(&words, "--%s", flags[i]);
		}
	}
	if (is_there(path)) {
		code = guild_cmd_run_python_tool(ctx, GUILD_TOOL_TENSORFLOW, &words);
	} else {
		code = guild_cmd_failf(ctx, "%s does not exist", path);
	}
	guild_strs_fini(&words);
	free(path);
	free(expanded);
	return code;
}

const struct guild_cmd guild_cmd_tensorflow = {
	.name = "tensorflow",
	.group = GUILD_GROUP_LOOK,
	.summary = "Tools for files of TensorFlow",
	.run = guild_cmd_run_group,
};

const struct guild_cmd guild_cmd_tensorflow_inspect = {
	.name = "tensorflow inspect",
	.group = GUILD_GROUP_LOOK,
	.summary = "Show the tensors of a TensorFlow checkpoint or graph",
	.help = "A checkpoint's tensors are shown with type and shape, a graph's nodes with operation and inputs. "
		"TensorFlow is the user's: that of GUILD_PYTHON_EXE, the active environment, or python3.\n\n"
		"Examples:\n\n"
		"  guild tensorflow inspect $(guild select --path)/model.ckpt\n"
		"  guild tensorflow inspect model.ckpt --tensor-name dense/kernel",
	.opts = tables,
	.args = path_args,
	.needs = GUILD_NEEDS_HOME,
	.run = run,
};
