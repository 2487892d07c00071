/* guild open: a run's directory, file or output in another program (cli.md 1.2). */

#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "run_path.h"

static const struct guild_opt opts[] = {
	{.names = "-p --path",
		.value = "PATH",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_RUN_FILE,
		.excludes = "output",
		.help = "Open PATH, relative to the run, instead of the run directory."},
	{.names = "-s --sourcecode",
		.excludes = "output",
		.help = "Open the source code, or PATH relative to it."},
	{.names = "-O --output", .help = "Open the run's output."},
	{.names = "-c --cmd",
		.value = "CMD",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_COMMAND,
		.excludes = "shell shell-cmd",
		.help = "Open with CMD; the path is put behind its arguments."},
	{.names = "--shell",
		.excludes = "shell-cmd",
		.help = "Start a shell (SHELL, or bash) in the directory."},
	{.names = "--shell-cmd",
		.value = "CMD",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_COMMAND,
		.help = "Start CMD in the directory."},
	{0},
};
static const struct guild_opt *const tables[] = {opts, guild_filter_opts, guild_status_opts, NULL};
static const struct guild_arg run_args[] = {
	{.name = "RUN",
		.complete = GUILD_COMPLETE_RUN,
		.help = "Run by index or id; the latest when omitted."},
	{0},
};

/* A shell where the path is. */
static int open_shell(const struct guild_ctx *ctx, const struct guild_args *args, const char *path,
	int *status, struct guild_error *err)
{
	const char *command = guild_args_text(args, "shell-cmd");
	const char *shell = guild_ctx_env(ctx, "SHELL");
	char *dir = guild_is_dir(path) ? guild_strdup(path) : guild_path_dirname(path);

	if (!command) {
		command = shell && *shell ? shell : "bash";
		guild_log(&ctx->log, "note",
			"Running a shell in %s\nType 'exit' and press Enter to leave it", dir);
	}
	int rc = guild_cmd_run_foreground(ctx, command, NULL, dir, status, err);

	if (rc == 0 && guild_args_flag(args, "shell")) {
		*status = 0; /* what the last command of a session returned is nobody's failure */
	}
	free(dir);
	return rc;
}

static int open_path(const struct guild_ctx *ctx, const struct guild_args *args, const char *path,
	struct guild_error *err)
{
	const char *command = guild_args_text(args, "cmd");
	int status = 0;
	int rc;

	if (guild_args_flag(args, "shell") || guild_args_given(args, "shell-cmd")) {
		rc = open_shell(ctx, args, path, &status, err);
		command = "the shell command";
	} else {
		command = command ? command : GUILD_DEFAULT_OPENER;
		rc = guild_cmd_run_foreground(ctx, command, path, NULL, &status, err);
	}
	if (rc == 0 && status != 0) {
		rc = guild_error_set(err, GUILD_EIO, "'%s' failed with exit code %d", command,
			status);
	}
	return rc;
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_error err = {0};
	struct guild_run r = {0};
	char *path = NULL;
	bool output = guild_args_flag(args, "output");
	int code = GUILD_EXIT_OK;
	int rc = guild_cmd_select_run(ctx, args, &r, &err);

	if (rc == 0) {
		rc = guild_run_path(&r, output ? ".guild/output" : guild_args_text(args, "path"),
			guild_args_flag(args, "sourcecode"), &path, &err);
	}
	if (rc == 0) {
		rc = open_path(ctx, args, path, &err);
	}
	if (rc != 0) {
		code = guild_cmd_fail(ctx, &err);
	}
	free(path);
	guild_run_fini(&r);
	return code;
}

const struct guild_cmd guild_cmd_open = {
	.name = "open",
	.group = GUILD_GROUP_LOOK,
	.summary = "Open a run's directory, file or output in another program",
	.help = "The program is " GUILD_DEFAULT_OPENER " unless --cmd names another.\n\n"
		"Examples:\n\n"
		"  guild open\n"
		"  guild open 2 -p plot.png\n"
		"  guild open -s -c 'code -n'\n"
		"  guild open --shell",
	.opts = tables,
	.args = run_args,
	.needs = GUILD_NEEDS_HOME,
	.run = run,
};
