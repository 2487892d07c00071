/* The end of guild run: the run is made and executed. */

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "batch_display.h"
#include "run_cmd.h"

#include <guild/sched.h>

enum { EXIT_SIGNAL_BASE = 128, EXIT_NOT_FOUND = 127, EXIT_NOT_EXECUTABLE = 126 };

/* The operation's own code; a shell's 128 + N for one that a signal ended. */
static int exit_code(const struct guild_supervise_result *result)
{
	if (result->interrupted && !result->stopped_by_user) {
		return EXIT_SIGNAL_BASE + SIGINT;
	}
	return result->exit_status >= 0 ? result->exit_status
					: EXIT_SIGNAL_BASE - result->exit_status;
}

static void note_run_dir(const struct guild_run_cmd *c)
{
	const char *quiet = guild_ctx_env(c->ctx, "NO_WARN_RUNDIR");
	if (c->run_dir && !(quiet && strcmp(quiet, "1") == 0)) {
		guild_log(&c->ctx->log, "note",
			"Run directory is '%s' (results will not be visible to Guild)", c->run_dir);
	}
}

/* ---- staging --------------------------------------------------------------------------------------------------- */

static void add_command(const struct guild_run *run, struct guild_buf *b)
{
	struct guild_arena *a = guild_arena_new();
	const struct guild_value *cmd = guild_run_attr(run, a, "cmd");
	for (size_t i = 0; cmd && cmd->type == GUILD_LIST && i < cmd->n; i++) {
		guild_buf_putc(b, ' ');
		guild_shlex_quote(b,
			guild_value_text(cmd->items[i]) ? guild_value_text(cmd->items[i]) : "");
	}
	guild_arena_free(a);
}

static void tell_staged(const struct guild_run_cmd *c, const struct guild_run *run)
{
	if (c->options.quiet) {
		return;
	}
	char *name = guild_run_display_name(run);
	if (c->run_dir) {
		struct guild_buf b = {0};
		struct guild_buf dir = {0};
		add_command(run, &b);
		guild_shlex_quote(&dir, run->dir);
		printf("%s staged in '%s'\n", name, run->dir);
		printf("To start the operation, use \"(cd %s && source .guild/ENV &&%s)\"\n",
			guild_buf_cstr(&dir), guild_buf_cstr(&b));
		guild_buf_fini(&b);
		guild_buf_fini(&dir);
	} else {
		printf("%s staged as %s\n", name, run->id);
		printf("To start the operation, use 'guild run --start %s'\n", run->id);
	}
	free(name);
}

static int make_run(struct guild_run_cmd *c, bool staged, struct guild_run *out,
	struct guild_error *err)
{
	struct guild_exec_op x;
	guild_run_cmd_exec_op(c, &x);
	note_run_dir(c);
	return c->is_batch ? guild_batch_stage(&x, staged, out, err)
			   : guild_exec_stage(&x, staged, out, err);
}

/* ---- executing ---------------------------------------------------------------------------------------------------- */

/* Hooks over a list of trials, or over an optimizer. */
struct trials {
	struct guild_trial_list *list;
	struct guild_search_batch *search;
	struct guild_batch_hooks hooks;
};

static int find_hooks(struct guild_run_cmd *c, const struct guild_run *run, struct trials *t,
	struct guild_error *err)
{
	if (c->search.kind == GUILD_SEARCH_SEQUENTIAL) {
		return guild_search_batch_new(run, &c->world, &t->search, &t->hooks, err);
	}
	t->list = guild_trial_list_new(c->trials, &t->hooks);
	return 0;
}

/* A batch that is there may be told to make more trials. */
static int update_batch(const struct guild_run_cmd *c, const struct guild_run *run,
	struct guild_error *err)
{
	if (!c->is_restart || c->options.max_trials == 0) {
		return 0;
	}
	return guild_run_attr_write(run, "max_trials",
		guild_value_int(c->ctx->arena, c->options.max_trials), c->options.durable, err);
}

static int execute_batch(struct guild_run_cmd *c, struct guild_run *run,
	const struct guild_exec_start *start, struct guild_supervise_result *result,
	struct guild_error *err)
{
	struct trials trials = {0};
	struct guild_batch_hooks hooks;
	struct guild_pruning *pruning = NULL;
	struct guild_batch_display display;
	struct guild_exec_world world = *start->world;
	struct guild_exec_start shown = *start;
	int rc = update_batch(c, run, err);
	if (rc == 0 && c->search.kind == GUILD_SEARCH_PROGRAM) {
		return guild_exec_run(run, start, result, err);
	}
	/* One after another they show their own output. */
	guild_batch_display_init(&display, c->ctx, c->options.jobs > 1 && !c->options.quiet);
	world.log = &display.log;
	shown.world = &world;
	const struct guild_batch_request req = {.start = &shown,
		.hooks = &hooks,
		.on_progress = guild_batch_display_update,
		.progress_arg = &display};
	rc = rc ? rc : find_hooks(c, run, &trials, err);
	rc = rc ? rc
		: guild_prune_batch(run, c->options.prune, &trials.hooks, &hooks, &pruning, err);
	rc = rc ? rc : guild_batch_run(run, &req, result, err);
	guild_batch_display_fini(&display);
	guild_pruning_free(pruning);
	guild_trial_list_free(trials.list);
	guild_search_batch_free(trials.search);
	return rc;
}

static int is_ready(void *arg, struct guild_error *err)
{
	return guild_claim_ready(arg, err);
}

static void is_started(void *arg)
{
	guild_claim_started(arg);
}

static int execute(struct guild_run_cmd *c, struct guild_run *run)
{
	struct guild_supervise_result result = {0};
	struct guild_error err = {0};
	struct guild_exec_start start = {
		.options = &c->options, .world = &c->world, .is_new = !c->is_restart};
	if (c->is_restart && guild_run_cmd_has_values(c)) {
		start.flags = c->flags;
		start.user_flags = c->user_flags;
	}
	if (c->is_restart && c->options.force_sourcecode) {
		start.project = c->op_project;
		start.op = c->op;
	}
	/* What was printed comes before what the operation prints. */
	fflush(stdout);
	struct guild_claim claim = {0};
	int rc = 0;
	if (c->is_restart) {
		rc = guild_claim_begin(&claim, &c->ctx->home, run, c->ctx->environ_, &err);
		if (!c->is_batch || c->search.kind == GUILD_SEARCH_PROGRAM) {
			start.on_ready = is_ready;
			start.on_started = is_started;
		}
		start.on_ready_arg = &claim;
	}
	if (rc == 0 && c->is_batch) {
		rc = guild_claim_ready(&claim, &err);
		guild_claim_started(&claim);
	}
	if (rc != 0) {
		guild_claim_end(&claim);
		return guild_cmd_fail(c->ctx, &err);
	}
	rc = c->is_batch ? execute_batch(c, run, &start, &result, &err)
			 : guild_exec_run(run, &start, &result, &err);
	guild_claim_end(&claim);
	if (rc != 0) {
		int code = guild_cmd_fail(c->ctx, &err);
		bool was_tried = result.exit_status == EXIT_NOT_FOUND ||
				 result.exit_status == EXIT_NOT_EXECUTABLE;
		return was_tried ? result.exit_status : code;
	}
	return exit_code(&result);
}

static char *default_pidfile(const struct guild_ctx *ctx, struct guild_error *err)
{
	const char *dir = guild_ctx_env(ctx, "TMPDIR");
	char *path = guild_format("%s/guild-pid-XXXXXX", dir && *dir ? dir : "/tmp");
	int fd = mkstemp(path);
	if (fd < 0) {
		guild_error_set(err, GUILD_EIO, "cannot make a pid file '%s'", path);
		free(path);
		return NULL;
	}
	close(fd);
	return path;
}

static int execute_in_background(struct guild_run_cmd *c, struct guild_run *run)
{
	const char *given = guild_args_text(c->args, "pidfile");
	struct guild_error err = {0};
	struct guild_daemon daemon = {0};
	char *pidfile = given ? guild_path_abs(given, c->ctx->cwd) : default_pidfile(c->ctx, &err);
	if (!pidfile) {
		return guild_cmd_fail(c->ctx, &err);
	}
	fflush(stdout);
	fflush(stderr);
	int code;
	int rc = guild_exec_daemonize(pidfile, c->ctx->cwd, &daemon, &err);
	if (rc < 0) {
		code = guild_cmd_fail(c->ctx, &err);
	} else if (rc > 0) {
		guild_log(&c->ctx->log, "note", "%s started in background as %s (pidfile %s)",
			c->op_name, run->id, pidfile);
		code = GUILD_EXIT_OK;
	} else {
		c->options.quiet = true;
		code = execute(c, run);
	}
	if (rc >= 0) {
		guild_exec_daemon_end(&daemon);
	}
	free(pidfile);
	return code;
}

int guild_run_cmd_start(struct guild_run_cmd *c)
{
	struct guild_error err = {0};
	struct guild_run made = {0};
	struct guild_run *run = c->is_restart ? &c->run : &made;
	bool staged = guild_args_flag(c->args, "stage");
	bool in_background =
		guild_args_flag(c->args, "background") || guild_args_given(c->args, "pidfile");
	int code = GUILD_EXIT_OK;
	if (c->is_restart && staged) {
		return guild_cmd_failf(c->ctx, "--stage cannot be used with --restart");
	}
	if (!c->is_restart && make_run(c, staged, &made, &err) != 0) {
		return guild_cmd_fail(c->ctx, &err);
	}
	if (staged) {
		tell_staged(c, run);
	} else {
		code = in_background ? execute_in_background(c, run) : execute(c, run);
	}
	if (made.dir) {
		guild_run_fini(&made);
	}
	return code;
}
