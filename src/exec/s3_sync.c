/* guild sys s3-sync: keeps a bucket like the run directories, by the program aws. */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "service.h"
#include "supervise.h"

enum { CHUNK = 4096, LINE_MAX_BYTES = 4096, STOP_POLL_MS = 100 };

int guild_s3_uri_check(const char *uri, struct guild_error *err)
{
	const char *bucket = guild_starts(uri, "s3://") ? uri + 5 : "";

	if (*bucket && *bucket != '/') {
		return 0;
	}
	return guild_error_set(err, GUILD_EINVALID, "invalid URI '%s': expected s3://BUCKET[/PATH]",
		uri);
}

/* What the program prints, line by line. */
static void log_lines(struct guild_service *s, struct guild_buf *pending, bool is_end)
{
	char *line = pending->p;
	size_t left = pending->n;

	while (left > 0) {
		char *end = memchr(line, '\n', left);
		size_t n = end ? (size_t)(end - line) : left;

		if (!end && !is_end && left < LINE_MAX_BYTES) {
			break;
		}
		guild_service_say(s, "%.*s", (int)n, line);
		line += n + (end ? 1 : 0);
		left -= n + (end ? 1 : 0);
	}
	if (left > 0) {
		memmove(pending->p, line, left);
	}
	pending->n = left;
}

/* Reads what is there within STOP_POLL_MS; false at the end. */
static bool read_output(int fd, struct guild_buf *pending)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char chunk[CHUNK];

	if (poll(&p, 1, STOP_POLL_MS) <= 0) {
		return true;
	}
	ssize_t n = read(fd, chunk, sizeof(chunk));

	if (n > 0) {
		guild_buf_append(pending, chunk, (size_t)n);
	}
	return n > 0 || (n < 0 && errno == EINTR);
}

/* Follows the program to its end, or until the service shall stop. */
static int follow(struct guild_service *s, struct guild_program *program, int fd)
{
	struct guild_buf pending = {0};
	bool goes_on = true;
	int status = 0;

	while (goes_on && guild_service_wait(s, 0)) {
		goes_on = read_output(fd, &pending);
		log_lines(s, &pending, !goes_on);
	}
	guild_buf_fini(&pending);
	if (s->is_stopped) {
		guild_program_kill(program);
	}
	while (!guild_program_has_ended(program, &status)) {
		if (!guild_service_wait(s, STOP_POLL_MS)) {
			guild_program_kill(program);
			poll(NULL, 0, STOP_POLL_MS);
		}
	}
	return status;
}

static int run_aws(struct guild_service *s, const struct guild_s3_sync *sync, const char *runs_dir,
	const char *target, int *status, struct guild_error *err)
{
	char *const argv[] = {(char *)"aws", (char *)"s3", (char *)"sync", (char *)"--delete",
		(char *)"--no-progress", (char *)runs_dir, (char *)target, NULL};
	struct guild_program program = {0};
	struct guild_signals given = {.n = 0};
	int fds[2];
	int rc = guild_fd_pipe(fds);

	given.mask_before = s->signals_before; /* aws shall hear what this service waits for */

	if (rc != 0) {
		return guild_error_errno(err, -rc, "cannot start aws");
	}
	const struct guild_program_plan plan = {
		.argv = argv,
		.env = sync->env,
		.cwd = "/",
		.stdout_fd = fds[1],
		.stderr_fd = fds[1],
		.own_group = true,
		.signals = &given,
	};
	rc = guild_program_start(&plan, &program, err);
	guild_fd_close(&fds[1]);
	if (rc == 0) {
		*status = follow(s, &program, fds[0]);
	}
	guild_fd_close(&fds[0]);
	return rc;
}

/* A folder that is not there (a disk that is not mounted) must not empty the bucket. */
static int sync_once(struct guild_service *s, const struct guild_s3_sync *sync, const char *target,
	struct guild_error *err)
{
	char *runs_dir = guild_home_runs_dir(sync->home, false);
	int status = 0;
	int rc = 0;

	if (!guild_is_dir(runs_dir)) {
		guild_service_say(s, "%s does not exist: nothing is synchronized", runs_dir);
	} else {
		guild_service_say(s, "Sync started");
		rc = run_aws(s, sync, runs_dir, target, &status, err);
		if (rc == 0 && status != 0 && !s->is_stopped) {
			guild_service_say(s, "aws failed with exit code %d", status);
		}
		guild_service_say(s, "Sync stopped");
	}
	free(runs_dir);
	return rc;
}

static int keep_in_sync(struct guild_service *s, void *arg, struct guild_error *err)
{
	const struct guild_s3_sync *sync = arg;
	size_t n = strlen(sync->uri);
	char *base = guild_strndup(sync->uri, guild_ends(sync->uri, "/") ? n - 1 : n);
	char *target = guild_format("%s/runs/", base);
	int rc;

	guild_service_say(s, "Synchronizing %s with the runs in %s", sync->uri, sync->home->path);
	do {
		rc = sync_once(s, sync, target, err);
	} while (rc == 0 && guild_service_wait(s, sync->interval_s * 1000));
	free(target);
	free(base);
	return rc;
}

int guild_s3_sync_start(const struct guild_s3_sync *sync, struct guild_error *err)
{
	struct guild_s3_sync copy = *sync;
	const struct guild_service_plan plan = {
		.home = sync->home,
		.name = GUILD_S3_SYNC,
		.title = "S3 sync service",
		.foreground = sync->foreground,
		.log_max_bytes = sync->log_max_bytes,
		.log_backups = sync->log_backups,
		.log = sync->log,
		.body = keep_in_sync,
		.arg = &copy,
	};
	char *aws;
	int rc = guild_s3_uri_check(sync->uri, err);

	if (rc != 0) {
		return rc;
	}
	aws = guild_find_program("aws");
	if (!aws) {
		guild_error_set(err, GUILD_ENOTFOUND, "the program 'aws' is not on PATH");
		guild_error_hint(err, "install the AWS command line interface");
		return GUILD_ENOTFOUND;
	}
	free(aws);
	return guild_service_start(&plan, err);
}
