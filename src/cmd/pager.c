/* Long output through a pager. */

#include "pager.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* F: leave when it fits the screen, R: colours, X: leave it on the screen. */
#define LESS_OPTIONS "LESS=FRX"

static void copy_env(const struct guild_ctx *ctx, struct guild_strs *env)
{
	for (size_t i = 0; ctx->environ_[i]; i++) {
		guild_strs_add(env, ctx->environ_[i]);
	}
	if (!guild_ctx_env(ctx, "LESS")) {
		guild_strs_add(env, LESS_OPTIONS);
	}
}

static pid_t spawn(const struct guild_ctx *ctx, int fds[2])
{
	struct guild_strs argv = {0}, env = {0};
	posix_spawn_file_actions_t actions;
	pid_t pid = 0;

	if (guild_shlex_split(guild_cmd_pager(ctx), &argv, NULL) == 0 && argv.n > 0) {
		copy_env(ctx, &env);
		posix_spawn_file_actions_init(&actions);
		posix_spawn_file_actions_adddup2(&actions, fds[0], STDIN_FILENO);
		if (posix_spawnp(&pid, argv.v[0], &actions, NULL, argv.v, env.v) != 0) {
			pid = 0;
		}
		posix_spawn_file_actions_destroy(&actions);
	}
	guild_strs_fini(&argv);
	guild_strs_fini(&env);
	return pid;
}

void guild_pager_start(const struct guild_ctx *ctx, bool wanted, struct guild_pager *p)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	int fds[2];

	*p = (struct guild_pager){.out = stdout};
	if (!wanted || !ctx->stdout_tty || pipe2(fds, O_CLOEXEC) != 0) {
		return;
	}
	fflush(stdout);
	p->pid = spawn(ctx, fds);
	close(fds[0]);
	FILE *out = p->pid ? fdopen(fds[1], "w") : NULL;

	if (!out) {
		close(fds[1]);
		return;
	}
	p->out = out;
	/* Who leaves the pager early has seen enough; Ctrl-C is for the pager. */
	sigemptyset(&ignore.sa_mask);
	sigaction(SIGPIPE, &ignore, &p->old_pipe);
	sigaction(SIGINT, &ignore, &p->old_int);
}

void guild_pager_end(struct guild_pager *p)
{
	int status;

	if (p->out == stdout) {
		return;
	}
	fclose(p->out);
	while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR) {
	}
	sigaction(SIGPIPE, &p->old_pipe, NULL);
	sigaction(SIGINT, &p->old_int, NULL);
}
