/* guild cat: bytes of a file of a run, or of its output (cli.md 1.2). */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "run_path.h"

enum { CHUNK = 1 << 16 };

static const struct guild_opt opts[] = {
	{.names = "-p --path",
		.value = "PATH",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_RUN_FILE,
		.help = "File to print, relative to the run."},
	{.names = "-s --sourcecode", .help = "PATH is relative to the run's source code."},
	{.names = "-O --output", .help = "Print what the run has written to its output."},
	{.names = "-pa --page", .help = "Show it in a pager (PAGER, or less)."},
	{0},
};
static const struct guild_opt *const tables[] = {
	opts, guild_filter_opts, guild_status_opts, guild_remote_opts, NULL};
static const struct guild_arg run_args[] = {
	{.name = "RUN",
		.complete = GUILD_COMPLETE_RUN,
		.help = "Run by index or id; the latest when omitted."},
	{0},
};

static int print_file(const char *path, struct guild_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *chunk;
	ssize_t n = 0;
	int rc = 0;

	if (fd < 0) {
		return guild_error_errno(err, errno, "%s", path);
	}
	chunk = guild_alloc(CHUNK);
	fflush(stdout);
	while (rc == 0 && ((n = read(fd, chunk, CHUNK)) > 0 || (n < 0 && errno == EINTR))) {
		rc = n > 0 ? guild_fd_write_all(STDOUT_FILENO, chunk, (size_t)n) : 0;
	}
	if (rc != 0) {
		rc = guild_error_errno(err, -rc, "cannot write to standard output");
	} else if (n < 0) {
		rc = guild_error_errno(err, errno, "%s", path);
	}
	free(chunk);
	close(fd);
	return rc;
}

static int find_file(const struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_run *r, char **path, struct guild_error *err)
{
	bool sourcecode = guild_args_flag(args, "sourcecode");
	const char *given = guild_args_text(args, "path");

	if (guild_args_flag(args, "output")) {
		if (given || sourcecode) {
			guild_log(&ctx->log, "warning",
				"--output is printed, other options are ignored");
		}
		*path = guild_path_join(r->guild_dir, "output");
		if (!guild_file_exists(*path)) {
			return guild_error_set(err, GUILD_ENOTFOUND, "run %.*s has no output",
				GUILD_RUN_SHORT_LEN, r->id);
		}
		return 0;
	}
	int rc = guild_run_path(r, given, sourcecode, path, err);

	if (rc == 0 && guild_is_dir(*path)) {
		rc = guild_error_set(err, GUILD_EINVALID, "%s is a directory", *path);
	}
	return rc;
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_error err = {0};
	struct guild_run r = {0};
	char *path = NULL;
	int code = GUILD_EXIT_OK;
	int rc, status;

	if (!guild_args_given(args, "path") && !guild_args_flag(args, "output")) {
		(void)guild_cmd_usage(ctx, "cat",
			"-p / --path is required unless --output is specified");
		return GUILD_EXIT_ERROR;
	}
	rc = guild_cmd_select_run(ctx, args, &r, &err);
	if (rc == 0) {
		rc = find_file(ctx, args, &r, &path, &err);
	}
	if (rc == 0 && guild_args_flag(args, "page") && ctx->stdout_tty) {
		rc = guild_cmd_run_foreground(ctx, guild_cmd_pager(ctx), path, NULL, &status, &err);
	} else if (rc == 0) {
		rc = print_file(path, &err);
	}
	if (rc != 0) {
		code = guild_cmd_fail(ctx, &err);
	}
	free(path);
	guild_run_fini(&r);
	return code;
}

const struct guild_cmd guild_cmd_cat = {
	.name = "cat",
	.group = GUILD_GROUP_LOOK,
	.summary = "Print a file of a run, or its output",
	.help = "The bytes are printed as they are.\n\n"
		"Examples:\n\n"
		"  guild cat --output\n"
		"  guild cat 2 -p results.json\n"
		"  guild cat -s -p train.py",
	.opts = tables,
	.args = run_args,
	.needs = GUILD_NEEDS_HOME,
	.run = run,
};
