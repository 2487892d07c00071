/* Programs in front of the user: their editor, a pager, an opener. */

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd.h"

enum { EDITED_MAX = 16 << 20 };

static const char *editor_command(const struct guild_ctx *ctx)
{
	static const char *const names[] = {"VISUAL", "EDITOR"};

	for (size_t i = 0; i < GUILD_ARRAY_LEN(names); i++) {
		const char *text = guild_ctx_env(ctx, names[i]);

		if (text && *text) {
			return text;
		}
	}
	return "/usr/bin/editor";
}

const char *guild_cmd_pager(const struct guild_ctx *ctx)
{
	const char *pager = guild_ctx_env(ctx, "PAGER");

	return pager && *pager ? pager : "less -R";
}

/* Runs argv on this terminal to its end; its exit code, or minus the signal. */
static int run_foreground(char *const *argv, char *const *env, const char *cwd, int *status,
	struct guild_error *err)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int wait_status;

	posix_spawn_file_actions_init(&actions);
	if (cwd) {
		posix_spawn_file_actions_addchdir_np(&actions, cwd);
	}
	int rc = posix_spawnp(&pid, argv[0], &actions, NULL, argv, env);

	posix_spawn_file_actions_destroy(&actions);
	if (rc != 0) {
		return guild_error_errno(err, rc, "cannot start '%s'", argv[0]);
	}
	/* Ctrl-C is for the program in front. */
	struct sigaction ignore = {.sa_handler = SIG_IGN}, old;

	sigemptyset(&ignore.sa_mask);
	sigaction(SIGINT, &ignore, &old);
	while (waitpid(pid, &wait_status, 0) < 0 && errno == EINTR) {
	}
	sigaction(SIGINT, &old, NULL);
	*status = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -WTERMSIG(wait_status);
	return 0;
}

int guild_cmd_run_foreground(const struct guild_ctx *ctx, const char *command, const char *last_arg,
	const char *cwd, int *status, struct guild_error *err)
{
	struct guild_strs argv = {0};
	int rc = guild_shlex_split(command, &argv, err);

	if (rc == 0 && argv.n == 0) {
		rc = guild_error_set(err, GUILD_EINVALID, "empty command");
	}
	if (rc == 0) {
		if (last_arg) {
			guild_strs_add(&argv, last_arg);
		}
		fflush(stdout);
		rc = run_foreground(argv.v, ctx->environ_, cwd, status, err);
	}
	guild_strs_fini(&argv);
	return rc;
}

int guild_cmd_edit_text(const struct guild_ctx *ctx, const char *text, const char *suffix,
	struct guild_buf *out, struct guild_error *err)
{
	const char *command = editor_command(ctx);
	char *dir = guild_tmp_dir("guild-edit-", err);
	int status = 0;

	if (!dir) {
		return err ? err->code : GUILD_EIO;
	}
	char *name = guild_format("text%s", suffix);
	char *path = guild_path_join(dir, name);
	int rc = guild_file_write(path, text, strlen(text), false, err);

	if (rc == 0) {
		rc = guild_cmd_run_foreground(ctx, command, path, NULL, &status, err);
	}
	if (rc == 0 && status != 0) {
		rc = guild_error_set(err, GUILD_ECANCELLED, "the editor '%s' failed", command);
	}
	if (rc == 0) {
		rc = guild_file_read(path, EDITED_MAX, out, err);
	}
	(void)guild_rmtree(dir, NULL);
	free(name);
	free(path);
	free(dir);
	return rc;
}
