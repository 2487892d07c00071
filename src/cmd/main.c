/* Entry point: global options, the command, its options, what it needs; then the command itself. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "cmds.h"
#include "complete.h"
#include "ctx.h"
#include "help.h"

#include "guild/version.h"

/* A file opened on a closed standard stream would receive what is printed. */
static void hold_standard_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) == -1 && errno == EBADF) {
			(void)open("/dev/null", fd == STDIN_FILENO ? O_RDONLY : O_WRONLY);
		}
	}
}

static int parse_failed(const struct guild_cmd *cmd, int code, const struct guild_error *err)
{
	if (err->code == GUILD_EUNSUPPORTED) {
		return guild_cmd_fail(NULL, err);
	}
	(void)guild_cmd_usage(NULL, cmd->name, "%s", err->text);
	return code;
}

/* GUILD_CMD_NOTIFY_PORT: a local program is told of commands that make or change runs: "cmd-enter guild.runs.delete". */
static void notify(const struct guild_ctx *ctx, const char *event, const struct guild_cmd *cmd)
{
	const char *text = guild_ctx_env(ctx, "GUILD_CMD_NOTIFY_PORT");
	bool changes = strcmp(cmd->group, GUILD_GROUP_CHANGE) == 0 || strcmp(cmd->name, "run") == 0;
	int64_t port;

	if (!text || !changes || !guild_parse_i64(text, strlen(text), &port) || port < 1 ||
		port > UINT16_MAX) {
		return;
	}
	char *message = guild_format("cmd-%s guild.%s", event, cmd->name);

	for (char *c = message + strlen("cmd-"); (c = strchr(c, ' '));) {
		if (c > message + strlen("cmd-") + strlen(event)) {
			*c = '.';
		}
		c++;
	}
	(void)guild_notify_port((uint16_t)port, message);
	free(message);
}

static int run_command(const struct guild_cmd *cmd, const struct guild_args *globals,
	const struct guild_args *args, char **environ_)
{
	struct guild_ctx ctx;
	struct guild_error err = {0};
	const struct guild_globals given = {
		.cwd = guild_args_text(globals, "C"),
		.home = guild_args_text(globals, "H"),
		.debug = guild_args_flag(globals, "debug"),
		.debug_listen = guild_args_text(globals, "debug-listen"),
	};
	int rc = guild_ctx_init(&ctx, environ_, &given, &err);

	if (rc == 0) {
		rc = guild_ctx_provide(&ctx, cmd->needs, &err);
	}
	pid_t pid = getpid();

	notify(&ctx, "enter", cmd);
	int code = rc == 0 ? cmd->run(&ctx, args) : guild_cmd_fail(&ctx, &err);

	if (getpid() == pid) { /* what went on in the background says nothing */
		notify(&ctx, code == GUILD_EXIT_OK ? "exit" : "error", cmd);
	}

	guild_ctx_fini(&ctx);
	return code;
}

static int dispatch(const struct guild_args *globals, char **argv, size_t n, char **environ_)
{
	struct guild_error err = {0};
	struct guild_args args;
	size_t taken;
	const struct guild_cmd *cmd = guild_cmd_resolve(argv, n, &taken, &err);

	if (!cmd) {
		int failed = guild_cmd_fail(NULL, &err);

		return err.code == GUILD_EUNSUPPORTED ? failed : GUILD_EXIT_USAGE;
	}
	int code = guild_args_parse(cmd, argv + taken, n - taken, GUILD_ARGS_STRICT, &args, &err);

	if (code != GUILD_EXIT_OK) {
		code = parse_failed(cmd, code, &err);
	} else if (args.help) {
		guild_help_print(environ_, cmd);
	} else {
		code = run_command(cmd, globals, &args, environ_);
	}
	guild_args_fini(&args);
	return code;
}

/* What could not be written is an error, except to a reader that went away. */
static int finish_output(int code)
{
	if (fflush(stdout) == 0 && !ferror(stdout)) {
		return code;
	}
	if (errno != EPIPE) {
		fprintf(stderr, "guild: cannot write to standard output: %s\n", strerror(errno));
	}
	return code == GUILD_EXIT_OK ? GUILD_EXIT_ERROR : code;
}

static int no_command(void)
{
	struct guild_buf out = {0};

	guild_help_text(NULL, GUILD_HELP_WIDTH, &out);
	fwrite(out.p, 1, out.n, stderr);
	guild_buf_fini(&out);
	return GUILD_EXIT_USAGE;
}

int main(int argc, char **argv)
{
	struct guild_args globals;
	struct guild_error err = {0};
	size_t n = argc > 0 ? (size_t)argc - 1 : 0;

	hold_standard_streams();
	if (getenv("_GUILD_COMPLETE")) {
		return guild_complete_main(environ);
	}
	/* A parent may have left it ignored; `guild runs | head` should end quietly. `guild run` ignores it itself. */
	signal(SIGPIPE, SIG_DFL);
	int code = guild_args_parse(&guild_program, argv + 1, n, GUILD_ARGS_STOP_AT_WORD, &globals,
		&err);

	if (code != GUILD_EXIT_OK) {
		code = parse_failed(&guild_program, code, &err);
	} else if (globals.help) {
		guild_help_print(environ, NULL);
	} else if (guild_args_flag(&globals, "version")) {
		puts("guild " GUILD_VERSION);
	} else if (globals.taken == n) {
		code = no_command();
	} else {
		code = dispatch(&globals, argv + 1 + globals.taken, n - globals.taken, environ);
	}
	guild_args_fini(&globals);
	return finish_output(code);
}
