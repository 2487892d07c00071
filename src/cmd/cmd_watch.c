/* guild watch: follows the output of a run until it ends (cli.md 1.2). */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"

enum { POLL_MS = 200, CHUNK = 1 << 16, PID_FILE_MAX = 64, SIGNAL_BASE = 128 };

static const struct guild_opt opts[] = {
	{.names = "-p --pid",
		.value = "PID",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_FILE,
		.excludes =
			"operation label unlabeled marked unmarked tag comment started digest filter",
		.help = "Watch the run of a process: its id, or a file that holds it (as --pidfile of "
			"'guild run' writes)."},
	{.names = "-e --exit-status",
		.help = "End with the exit code of the run (128 + N after signal N, 1 when none is known), "
			"instead of 0."},
	{0},
};
static const struct guild_opt *const tables[] = {opts, guild_filter_opts, guild_remote_opts, NULL};
static const struct guild_arg run_args[] = {
	{.name = "RUN",
		.complete = GUILD_COMPLETE_RUN,
		.help = "Run by index or id; the latest running one when omitted."},
	{0},
};

/* ---- which run ---------------------------------------------------------------------------------------- */

static void take_run(struct guild_runs *runs, size_t at, struct guild_run *out)
{
	*out = runs->v[at];
	runs->v[at] = (struct guild_run){0};
}

static int find_running(struct guild_ctx *ctx, const struct guild_args *args, struct guild_run *out,
	struct guild_error *err)
{
	struct guild_runs runs = {0};
	int rc = guild_cmd_select_runs(ctx, args, guild_args_words(args), NULL, 0, &runs, err);
	size_t at = 0;

	while (rc == 0 && at < runs.n && guild_run_status(&runs.v[at], NULL) != GUILD_RUN_RUNNING) {
		at++;
	}
	if (rc == 0 && at == runs.n) {
		rc = guild_error_set(err, GUILD_ENOTFOUND, "nothing to watch");
		guild_error_hint(err, "'guild watch RUN' shows the output of any run");
	} else if (rc == 0) {
		take_run(&runs, at, out);
	}
	guild_runs_fini(&runs);
	return rc;
}

static int read_pid(const char *text, pid_t *pid, struct guild_error *err)
{
	struct guild_buf file = {0};
	struct guild_str s = guild_str(text);
	int64_t number;
	int rc = 0;

	if (!guild_parse_i64(s.p, s.n, &number)) {
		rc = guild_file_read(text, PID_FILE_MAX, &file, err);
		s = guild_str_trim(guild_buf_str(&file));
	}
	if (rc == 0 && (!guild_parse_i64(s.p, s.n, &number) || number <= 0 || number > INT32_MAX)) {
		rc = guild_error_set(err, GUILD_EINVALID, "'%s' holds no process id", text);
	}
	if (rc == 0) {
		*pid = (pid_t)number;
	}
	guild_buf_fini(&file);
	return rc;
}

/* Whether the run's program is the process, or was started by it: a pid file holds the process of guild. */
static bool is_run_of(const struct guild_run *r, pid_t pid, const pid_t *below, size_t n)
{
	pid_t own = guild_run_lock_pid(r);
	bool found = own == pid;

	for (size_t i = 0; i < n && !found; i++) {
		found = own == below[i];
	}
	return found && guild_run_status(r, NULL) == GUILD_RUN_RUNNING;
}

static int find_by_pid(struct guild_ctx *ctx, const struct guild_args *args, struct guild_run *out,
	struct guild_error *err)
{
	const char *text = guild_args_text(args, "pid");
	struct guild_runs runs = {0};
	pid_t *below = NULL;
	size_t n_below = 0;
	size_t at = 0;
	pid_t pid = 0;
	int rc = read_pid(text, &pid, err);

	if (rc == 0) {
		rc = guild_cmd_select_runs(ctx, args, guild_args_words(args), NULL, 0, &runs, err);
	}
	if (rc == 0) {
		if (guild_proc_descendants(pid, &below, &n_below) != 0) {
			n_below = 0;
		}
		while (at < runs.n && !is_run_of(&runs.v[at], pid, below, n_below)) {
			at++;
		}
	}
	if (rc == 0 && at == runs.n) {
		rc = guild_error_set(err, GUILD_ENOTFOUND, "cannot find run for pid %d", (int)pid);
	} else if (rc == 0) {
		take_run(&runs, at, out);
	}
	free(below);
	guild_runs_fini(&runs);
	return rc;
}

/* ---- following -------------------------------------------------------------------------------------------- */

/* Waits up to timeout_ms for Ctrl-C, which is blocked while watching. */
static bool is_interrupted(int timeout_ms)
{
	struct timespec timeout = {.tv_nsec = (long)timeout_ms * 1000000};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	return sigtimedwait(&set, NULL, &timeout) == SIGINT;
}

struct follower {
	char *path;
	char *chunk;
	int64_t at;     /* bytes shown so far */
	bool is_closed; /* nobody reads what is printed */
	bool is_interrupted;
};

/* Prints what is new. A file that became shorter was started anew. */
static int show_new(struct follower *f, struct guild_error *err)
{
	int fd = open(f->path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int rc = 0;

	if (fd < 0) {
		return errno == ENOENT ? 0 : guild_error_errno(err, errno, "%s", f->path);
	}
	if (fstat(fd, &st) == 0 && st.st_size < f->at) {
		f->at = 0;
	}
	while (!f->is_interrupted && !f->is_closed) {
		ssize_t n = pread(fd, f->chunk, CHUNK, (off_t)f->at);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			rc = guild_error_errno(err, errno, "%s", f->path);
		}
		if (n <= 0) {
			break;
		}
		f->is_closed = guild_fd_write_all(STDOUT_FILENO, f->chunk, (size_t)n) != 0;
		f->at += n;
		f->is_interrupted = is_interrupted(0);
	}
	close(fd);
	return rc;
}

static int follow(const struct guild_run *r, bool *interrupted, struct guild_error *err)
{
	struct follower f = {
		.path = guild_path_join(r->guild_dir, "output"),
		.chunk = guild_alloc(CHUNK),
	};
	int rc = 0;

	while (rc == 0 && !f.is_interrupted && !f.is_closed) {
		/* The status is asked for first: what was written before the end is shown before the end is said. */
		bool running = guild_run_status(r, NULL) == GUILD_RUN_RUNNING;

		rc = show_new(&f, err);
		if (!running) {
			break;
		}
		f.is_interrupted = f.is_interrupted || is_interrupted(POLL_MS);
	}
	*interrupted = f.is_interrupted;
	free(f.chunk);
	free(f.path);
	return rc;
}

static int watch(struct guild_ctx *ctx, const struct guild_run *r, struct guild_error *err)
{
	const char *silent = guild_ctx_env(ctx, "NO_WATCHING_MSG");
	bool interrupted = false;
	sigset_t block, old;
	bool quiet = silent && strcmp(silent, "1") == 0;

	if (!quiet) {
		guild_log(&ctx->log, "note", "Watching run %s", r->id);
	}
	fflush(stdout);
	sigemptyset(&block);
	sigaddset(&block, SIGINT);
	sigprocmask(SIG_BLOCK, &block, &old);
	int rc = follow(r, &interrupted, err);

	sigprocmask(SIG_SETMASK, &old, NULL);
	enum guild_run_status status = guild_run_status(r, NULL);

	if (rc == 0 && interrupted) {
		guild_log(&ctx->log, "note", "Stopped watching %s%s", r->id,
			status == GUILD_RUN_RUNNING ? " (still running)" : "");
	} else if (rc == 0 && !quiet && status != GUILD_RUN_RUNNING) {
		guild_log(&ctx->log, "note", "Run %s stopped with a status of '%s'", r->id,
			guild_run_status_name(status));
	}
	return rc;
}

/* What a shell would have seen of the run's program. */
static int exit_code(const struct guild_run *r)
{
	int64_t status = guild_run_attr_i64(r, "exit_status", GUILD_EXIT_ERROR);

	if (status < 0) {
		status = status > -SIGNAL_BASE ? SIGNAL_BASE - status : GUILD_EXIT_ERROR;
	}
	return status <= UINT8_MAX ? (int)status : GUILD_EXIT_ERROR;
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_error err = {0};
	struct guild_run r = {0};
	int code = GUILD_EXIT_OK;
	bool named = guild_args_words(args)->n > 0;
	int rc;

	if (guild_args_given(args, "pid")) {
		rc = named ? guild_error_set(&err, GUILD_EINVALID,
				     "--pid and RUN cannot both be specified")
			   : find_by_pid(ctx, args, &r, &err);
	} else {
		rc = named ? guild_cmd_select_run(ctx, args, &r, &err)
			   : find_running(ctx, args, &r, &err);
	}
	if (rc == 0) {
		rc = watch(ctx, &r, &err);
	}
	if (rc == 0 && guild_args_flag(args, "exit-status") &&
		guild_run_status(&r, NULL) != GUILD_RUN_RUNNING) {
		code = exit_code(&r);
	}
	guild_run_fini(&r);
	return rc == 0 ? code : guild_cmd_fail(ctx, &err);
}

const struct guild_cmd guild_cmd_watch = {
	.name = "watch",
	.group = GUILD_GROUP_LOOK,
	.summary = "Follow the output of a run",
	.help = "Prints what the run has written to its output so far, then what it writes, until it "
		"ends. Ctrl-C ends the watching, not the run. The output of a run that has ended is "
		"printed.\n\n"
		"Examples:\n\n"
		"  guild watch\n"
		"  guild watch 1 --exit-status && guild export good 1\n"
		"  guild run train.py -b --pidfile job.pid && guild watch -p job.pid",
	.opts = tables,
	.args = run_args,
	.needs = GUILD_NEEDS_HOME,
	.run = run,
};
