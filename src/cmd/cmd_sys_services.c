/* guild sys shutdown-timer and s3-sync: start, stop, status (cli.md 1.5). */

#include <stdlib.h>
#include <string.h>

#include "cmd.h"

#include "guild/exec.h"

enum {
	DEFAULT_TIMEOUT_MIN = 60,
	DEFAULT_INTERVAL_S = 60,
	LEAST_INTERVAL_S = 5,
	DEFAULT_LOG_MB = 100,
	MOST_LOG_MB = 1 << 20,
	DEFAULT_BACKUPS = 5,
	MOST_BACKUPS = 1000,
	MOST_MINUTES = 1 << 20
};

/* ---- what all services have ---------------------------------------------------------------------------------------- */

static int tell_started(const struct guild_ctx *ctx, const char *title, const char *name)
{
	guild_log(&ctx->log, "note", "%s started (use 'guild sys %s stop' to stop it)", title,
		name);
	return GUILD_EXIT_OK;
}

static int stop(struct guild_ctx *ctx, const char *title, const char *name)
{
	struct guild_error err = {0};
	pid_t pid;
	int rc = guild_service_stop(&ctx->home, name, &pid, &err);

	if (rc < 0) {
		return guild_cmd_fail(ctx, &err);
	}
	if (rc == 0) {
		guild_log(&ctx->log, "note", "%s is not running", title);
	} else {
		guild_log(&ctx->log, "note", "Stopped %s (pid %ld)", title, (long)pid);
	}
	return GUILD_EXIT_OK;
}

static int status(struct guild_ctx *ctx, const struct guild_args *args, const char *title,
	const char *name)
{
	pid_t pid = guild_service_pid(&ctx->home, name);

	if (guild_args_flag(args, "json")) {
		struct guild_value *doc = guild_value_dict(ctx->arena);
		char *dir = guild_path_join(ctx->home.path, "log");
		char *path = guild_path_join(dir, name);

		guild_value_set(ctx->arena, doc, "running", guild_value_bool(ctx->arena, pid > 0));
		guild_value_set(ctx->arena, doc, "pid",
			pid > 0 ? guild_value_int(ctx->arena, pid) : guild_value_null(ctx->arena));
		guild_value_set(ctx->arena, doc, "log", guild_value_string(ctx->arena, path));
		guild_cmd_print_json(doc);
		free(path);
		free(dir);
	} else if (pid > 0) {
		printf("%s is running (pid %ld)\n", title, (long)pid);
	} else {
		printf("%s is not running\n", title);
	}
	return GUILD_EXIT_OK;
}

static const struct guild_opt *const status_tables[] = {guild_json_opts, NULL};

/* ---- shutdown timer -------------------------------------------------------------------------------------------------- */

#define TIMER_TITLE "Shutdown timer"

static const struct guild_opt timer_opts[] = {
	{.names = "-t --timeout",
		.value = "MINUTES",
		.kind = GUILD_OPT_NUMBER,
		.help = "Minutes without a running run after which the machine is turned off (60)."},
	{.names = "-g --grace-period",
		.value = "MINUTES",
		.kind = GUILD_OPT_INT,
		.min = 0,
		.help = "Minutes that 'shutdown' waits then (1)."},
	{.names = "-s --su", .help = "Call 'shutdown' by sudo, which must not ask for a password."},
	{.names = "-f --foreground", .help = "Stay in the foreground."},
	{.names = "-d --dont-shutdown",
		.help = "Do everything but turn the machine off, to try it out."},
	{0},
};
static const struct guild_opt *const timer_tables[] = {timer_opts, NULL};

static int run_timer_start(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_error err = {0};
	const struct guild_shutdown_timer timer = {
		.home = &ctx->home,
		.env = ctx->environ_,
		.timeout_min = guild_args_number(args, "timeout", DEFAULT_TIMEOUT_MIN),
		.grace_min = guild_args_int(args, "grace-period", 1),
		.as_root = guild_args_flag(args, "su"),
		.foreground = guild_args_flag(args, "foreground"),
		.dont_shutdown = guild_args_flag(args, "dont-shutdown"),
		.log = &ctx->log,
	};

	if (!(timer.timeout_min >= 0 && timer.timeout_min <= MOST_MINUTES) ||
		timer.grace_min > MOST_MINUTES) {
		return guild_cmd_usage(ctx, guild_args_cmd(args)->name,
			"minutes must be between 0 and %d", MOST_MINUTES);
	}
	fflush(stdout);
	int rc = guild_shutdown_timer_start(&timer, &err);

	if (rc < 0) {
		return guild_cmd_fail(ctx, &err);
	}
	return rc == 1 ? tell_started(ctx, TIMER_TITLE, GUILD_SHUTDOWN_TIMER) : GUILD_EXIT_OK;
}

static int run_timer_stop(struct guild_ctx *ctx, const struct guild_args *args)
{
	(void)args;
	return stop(ctx, TIMER_TITLE, GUILD_SHUTDOWN_TIMER);
}

static int run_timer_status(struct guild_ctx *ctx, const struct guild_args *args)
{
	return status(ctx, args, TIMER_TITLE, GUILD_SHUTDOWN_TIMER);
}

const struct guild_cmd guild_cmd_sys_shutdown_timer = {
	.name = "sys shutdown-timer",
	.group = GUILD_GROUP_SETUP,
	.summary = "Turn the machine off when no run is running",
	.help = "For rented machines. The log is GUILD_HOME/log/shutdown-timer.",
	.run = guild_cmd_run_group,
};

const struct guild_cmd guild_cmd_sys_shutdown_timer_start = {
	.name = "sys shutdown-timer start",
	.group = GUILD_GROUP_SETUP,
	.summary = "Start the shutdown timer",
	.help = "It looks twice a minute whether a run of this Guild home is running.\n\n"
		"Examples:\n\n"
		"  guild sys shutdown-timer start --timeout 30 --su\n"
		"  guild sys shutdown-timer start -t 1 --dont-shutdown --foreground",
	.opts = timer_tables,
	.needs = GUILD_NEEDS_HOME,
	.run = run_timer_start,
};

const struct guild_cmd guild_cmd_sys_shutdown_timer_stop = {
	.name = "sys shutdown-timer stop",
	.group = GUILD_GROUP_SETUP,
	.summary = "Stop the shutdown timer",
	.needs = GUILD_NEEDS_HOME,
	.run = run_timer_stop,
};

const struct guild_cmd guild_cmd_sys_shutdown_timer_status = {
	.name = "sys shutdown-timer status",
	.group = GUILD_GROUP_SETUP,
	.summary = "Say whether the shutdown timer is running",
	.opts = status_tables,
	.needs = GUILD_NEEDS_HOME,
	.run = run_timer_status,
};

/* ---- S3 sync ------------------------------------------------------------------------------------------------------------ */

#define SYNC_TITLE "S3 sync service"

static const struct guild_opt sync_opts[] = {
	{.names = "-i --sync-interval",
		.value = "SECONDS",
		.kind = GUILD_OPT_INT,
		.min = LEAST_INTERVAL_S,
		.help = "Seconds between two synchronizations (60)."},
	{.names = "-m --log-max-size",
		.value = "MB",
		.kind = GUILD_OPT_INT,
		.min = 1,
		.help = "Size of the log past which a new one is begun (100)."},
	{.names = "-b --log-backups",
		.value = "N",
		.kind = GUILD_OPT_INT,
		.min = 0,
		.help = "Old logs to keep (5)."},
	{.names = "-f --foreground", .help = "Stay in the foreground."},
	{0},
};
static const struct guild_opt *const sync_tables[] = {sync_opts, NULL};
static const struct guild_arg uri_args[] = {
	{.name = "URI", .required = true, .help = "Where the runs go: s3://BUCKET[/PATH]."},
	{0},
};

static int run_sync_start(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_error err = {0};
	int64_t log_mb = guild_args_int(args, "log-max-size", DEFAULT_LOG_MB);
	const struct guild_s3_sync sync = {
		.home = &ctx->home,
		.uri = guild_args_words(args)->v[0],
		.env = ctx->environ_,
		.interval_s = guild_args_int(args, "sync-interval", DEFAULT_INTERVAL_S),
		.log_max_bytes = log_mb <= MOST_LOG_MB ? log_mb << 20 : 0,
		.log_backups = guild_args_int(args, "log-backups", DEFAULT_BACKUPS),
		.foreground = guild_args_flag(args, "foreground"),
		.log = &ctx->log,
	};

	if (log_mb > MOST_LOG_MB || sync.log_backups > MOST_BACKUPS ||
		sync.interval_s > INT32_MAX) {
		return guild_cmd_usage(ctx, guild_args_cmd(args)->name,
			"--log-max-size must be at most %d, --log-backups at most %d, "
			"--sync-interval at most %d",
			MOST_LOG_MB, MOST_BACKUPS, INT32_MAX);
	}
	fflush(stdout);
	int rc = guild_s3_sync_start(&sync, &err);

	if (rc < 0) {
		return guild_cmd_fail(ctx, &err);
	}
	return rc == 1 ? tell_started(ctx, SYNC_TITLE, GUILD_S3_SYNC) : GUILD_EXIT_OK;
}

static int run_sync_stop(struct guild_ctx *ctx, const struct guild_args *args)
{
	(void)args;
	return stop(ctx, SYNC_TITLE, GUILD_S3_SYNC);
}

static int run_sync_status(struct guild_ctx *ctx, const struct guild_args *args)
{
	return status(ctx, args, SYNC_TITLE, GUILD_S3_SYNC);
}

const struct guild_cmd guild_cmd_sys_s3_sync = {
	.name = "sys s3-sync",
	.group = GUILD_GROUP_SETUP,
	.summary = "Keep a bucket like the runs of this machine",
	.help = "Calls the program 'aws' again and again. The log is GUILD_HOME/log/s3-sync.",
	.run = guild_cmd_run_group,
};

const struct guild_cmd guild_cmd_sys_s3_sync_start = {
	.name = "sys s3-sync start",
	.group = GUILD_GROUP_SETUP,
	.summary = "Start to keep a bucket like the runs of this machine",
	.help = "Runs 'aws s3 sync --delete GUILD_HOME/runs URI/runs/' again and again: what is deleted here is "
		"deleted there. While GUILD_HOME/runs does not exist nothing is synchronized. Credentials and "
		"region are those that aws finds (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, "
		"AWS_DEFAULT_REGION, ~/.aws).\n\n"
		"Examples:\n\n"
		"  guild sys s3-sync start s3://my-bucket/my-runs",
	.opts = sync_tables,
	.args = uri_args,
	.needs = GUILD_NEEDS_HOME,
	.run = run_sync_start,
};

const struct guild_cmd guild_cmd_sys_s3_sync_stop = {
	.name = "sys s3-sync stop",
	.group = GUILD_GROUP_SETUP,
	.summary = "Stop the synchronization with a bucket",
	.needs = GUILD_NEEDS_HOME,
	.run = run_sync_stop,
};

const struct guild_cmd guild_cmd_sys_s3_sync_status = {
	.name = "sys s3-sync status",
	.group = GUILD_GROUP_SETUP,
	.summary = "Say whether runs are synchronized with a bucket",
	.opts = status_tables,
	.needs = GUILD_NEEDS_HOME,
	.run = run_sync_status,
};
