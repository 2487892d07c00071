/* guild queue: starts staged runs, several at once, on the GPUs it leases. */

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "queue_cmd.h"

enum { DEFAULT_POLL_S = 10, MOST_PER_GPU = 64 };

static const struct guild_opt opts[] = {
	{.names = "-j --jobs",
		.value = "N",
		.kind = GUILD_OPT_INT,
		.min = 1,
		.help = "Runs at once; with --gpus as many as these take when omitted, else 1."},
	{.names = "--gpus",
		.value = "DEVICES",
		.kind = GUILD_OPT_TEXT,
		.help = "Give each run one of these GPUs: numbers and ranges (0-3,6), UUIDs, or 'all'."},
	{.names = "--per-gpu",
		.value = "K",
		.kind = GUILD_OPT_INT,
		.min = 1,
		.help = "Runs on one GPU at once (1)."},
	{.names = "--min-free-gpu-memory",
		.value = "MB",
		.kind = GUILD_OPT_NUMBER,
		.help = "Use a GPU only while it has so much free memory, whoever takes the rest."},
	{.names = "--run-once", .help = "End when no staged run is left that could be started."},
	{.names = "--poll-interval",
		.value = "SECONDS",
		.kind = GUILD_OPT_NUMBER,
		.help = "Seconds between two looks through all runs (10); new ones on this machine are seen at once."},
	{.names = "--name",
		.value = "NAME",
		.kind = GUILD_OPT_TEXT,
		.help = "Name of the queue; that of the machine when omitted."},
	{.names = "-b --background",
		.help = "Go to the background; what happens is written to GUILD_HOME/log/queue-NAME."},
	{0},
};
static const struct guild_opt *const tables[] = {opts, NULL};

struct log_file {
	int fd;
};

/* A line with its time, as one write. */
static void say(void *arg, const char *level, const char *text)
{
	const struct log_file *to = arg;
	struct guild_buf line = {0};
	char when[GUILD_TIME_MAX];
	guild_time_format(guild_now_us(), false, when);
	guild_buf_printf(&line, "%s %s", when, strcmp(level, "warning") == 0 ? "WARNING: " : "");
	guild_cmd_put_visible(&line, text);
	guild_buf_putc(&line, '\n');
	(void)guild_fd_write_all(to->fd, line.p, line.n);
	guild_buf_fini(&line);
}

static char *log_path(const struct guild_ctx *ctx, const char *name)
{
	char *dir = guild_path_join(ctx->home.path, "log");
	char *file = guild_format("queue-%s", name);
	char *path = guild_path_join(dir, file);
	(void)guild_mkdirs(dir, NULL);
	free(file);
	free(dir);
	return path;
}

static int run_here(const struct guild_ctx *ctx, struct guild_queue_request *req, int fd)
{
	struct log_file to = {.fd = fd};
	struct guild_log log = {.emit = say, .arg = &to};
	struct guild_error err = {0};
	req->log = &log;
	int rc = guild_queue_run(req, &err);
	req->log = NULL;
	if (rc != 0) {
		guild_log(&log, "warning", "%s", err.text);
		return fd == STDERR_FILENO ? guild_cmd_fail(ctx, &err) : GUILD_EXIT_ERROR;
	}
	return GUILD_EXIT_OK;
}

static int run_in_background(const struct guild_ctx *ctx, struct guild_queue_request *req,
	const char *name)
{
	struct guild_error err = {0};
	struct guild_daemon daemon = {0};
	char *path = log_path(ctx, name);
	char *pidfile = guild_format("%s.pid", path);
	int code = GUILD_EXIT_OK;
	fflush(stdout);
	fflush(stderr);
	int rc = guild_exec_daemonize(pidfile, ctx->cwd, &daemon, &err);
	if (rc < 0) {
		code = guild_cmd_fail(ctx, &err);
	} else if (rc > 0) {
		guild_log(&ctx->log, "note",
			"Queue started in background (pid %d); what happens is in '%s'",
			(int)daemon.pid, path);
	} else {
		int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
		code = run_here(ctx, req, fd >= 0 ? fd : STDERR_FILENO);
	}
	if (rc >= 0) {
		guild_exec_daemon_end(&daemon);
	}
	free(pidfile);
	free(path);
	return code;
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	char *host = guild_hostname();
	const char *name = guild_args_text(args, "name");
	struct guild_queue_request req = {.home = &ctx->home,
		.env = ctx->environ_,
		.program = ctx->program,
		.name = name,
		.slots = guild_args_int(args, "jobs", 0),
		.gpus = guild_args_text(args, "gpus"),
		.per_gpu = guild_args_int(args, "per-gpu", 1),
		.min_free_mb = guild_args_number(args, "min-free-gpu-memory", 0),
		.poll_interval_s = guild_args_number(args, "poll-interval", DEFAULT_POLL_S),
		.run_once = guild_args_flag(args, "run-once")};
	const char *cmd = guild_args_cmd(args)->name;
	int code;
	if (guild_args_words(args)->n > 0) {
		code = guild_cmd_usage(ctx, cmd, "there is no 'guild queue %s'",
			guild_args_words(args)->v[0]);
	} else if (req.slots > GUILD_QUEUE_SLOTS_MAX) {
		code = guild_cmd_usage(ctx, cmd, "--jobs must be at most %d",
			GUILD_QUEUE_SLOTS_MAX);
	} else if (!req.gpus && (guild_args_given(args, "per-gpu") ||
					guild_args_given(args, "min-free-gpu-memory"))) {
		code = guild_cmd_usage(ctx, cmd, "--per-gpu and --min-free-gpu-memory need --gpus");
	} else if (req.per_gpu > MOST_PER_GPU) {
		code = guild_cmd_usage(ctx, cmd, "--per-gpu must be at most %d", MOST_PER_GPU);
	} else if (!(req.min_free_mb >= 0) ||
		   !(req.poll_interval_s > 0 && req.poll_interval_s <= 86400)) {
		code = guild_cmd_usage(ctx, cmd,
			"--min-free-gpu-memory must not be negative, and --poll-interval between 0 and 86400");
	} else if (guild_args_flag(args, "background")) {
		code = run_in_background(ctx, &req, name ? name : *host ? host : "queue");
	} else {
		code = run_here(ctx, &req, STDERR_FILENO);
	}
	free(host);
	return code;
}

const struct guild_cmd guild_cmd_queue = {
	.name = "queue",
	.group = GUILD_GROUP_RUN,
	.summary = "Run staged runs",
	.help = "Starts runs that 'guild run --stage' prepared, as many at once as it has slots. Several queues, on several machines, "
		"may work on one Guild home on a shared file system: each run is started once. With --gpus each run gets a GPU "
		"(CUDA_VISIBLE_DEVICES) that no other queue gives away meanwhile.\n\n"
		"Runs of a higher --priority are started first, then those that were staged first; a run with --after waits for "
		"others to be completed. Ctrl-C starts nothing more and waits for what runs; a second one stops it.\n\n"
		"Examples:\n\n"
		"  guild queue -j 4\n"
		"  guild queue --gpus all --per-gpu 2 -b\n"
		"  guild queue --gpus 0-3 --min-free-gpu-memory 20000 --run-once\n"
		"  guild run train lr=0.1 --stage --priority 5",
	.opts = tables,
	.needs = GUILD_NEEDS_HOME,
	.run = run,
};
