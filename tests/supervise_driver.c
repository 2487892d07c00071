/* Supervises one command in a run directory of its own, for tests/test_supervise.py:
 *   supervise_driver RUN_DIR [OPTION...] -- COMMAND [ARG...]
 * What guild would say goes to --log FILE, the result as JSON to --result FILE. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guild/exec.h"

extern char **environ;

static void write_log(void *arg, const char *level, const char *text)
{
	FILE *f = arg;
	fprintf(f, "%s: %s\n", level, text);
	fflush(f);
}

static int stop_on_scalar(void *arg, const struct guild_output_scalar *s)
{
	const double *limit = arg;
	return s->value > *limit ? 7 : 0;
}

static void open_run(const char *dir, struct guild_run *run)
{
	struct guild_error err = {0};
	if (guild_run_open(dir, run, NULL) == 0) {
		return;
	}
	guild_run_fini(run);
	struct guild_opref opref = {.pkg_type = "test", .pkg_name = "", .version = "", .model = "", .op = "x"};
	if (guild_run_create(dir, run, &err) != 0 || guild_run_write_opref(run, &opref, false, &err) != 0) {
		fprintf(stderr, "supervise_driver: %s\n", err.text);
		exit(2);
	}
}

static void write_result(const char *path, int rc, const struct guild_supervise_result *r,
	const struct guild_error *err)
{
	FILE *f = fopen(path, "w");
	if (f == NULL) {
		exit(2);
	}
	fprintf(f,
		"{\"rc\": %d, \"exit_status\": %d, \"interrupted\": %s, \"stopped_early\": %s, \"stop_reason\": %d, "
		"\"forwarded_signal\": %d, \"started\": %lld, \"stopped\": %lld, \"output_bytes\": %lld, "
		"\"error\": \"%s\"}\n",
		rc, r->exit_status, r->interrupted ? "true" : "false", r->stopped_early ? "true" : "false",
		r->stop_reason, r->forwarded_signal, (long long)r->started_us, (long long)r->stopped_us,
		(long long)r->output_bytes, err->text);
	fclose(f);
}

struct options {
	const char *run_dir;
	const char *result;
	FILE *log;
	bool wants_scalars;
	double limit;
};

/* Returns where the command begins. */
static int read_options(int argc, char **argv, struct guild_supervise_request *req, struct options *o)
{
	int i = 2;
	for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
		const char *name = argv[i];
		if (strcmp(name, "--quiet") == 0) {
			req->quiet = true;
		} else if (strcmp(name, "--no-capture") == 0) {
			req->capture = false;
		} else if (strcmp(name, "--merge") == 0) {
			req->merge_streams = true;
		} else if (strcmp(name, "--no-pty") == 0) {
			req->no_pty = true;
		} else if (strcmp(name, "--durable") == 0) {
			req->durable = true;
		} else if (strcmp(name, "--scalars") == 0) {
			o->wants_scalars = true;
		} else if (strcmp(name, "--sample") == 0) {
			req->sample_system = true;
		} else if (i + 1 == argc) {
			break;
		} else if (strcmp(name, "--stop-above") == 0) {
			o->wants_scalars = true;
			o->limit = atof(argv[++i]);
			req->on_scalar = stop_on_scalar;
			req->arg = &o->limit;
		} else if (strcmp(name, "--cwd") == 0) {
			req->cwd = argv[++i];
		} else if (strcmp(name, "--stop-after-s") == 0) {
			req->stop_after_min = atof(argv[++i]) / 60;
		} else if (strcmp(name, "--kill-ms") == 0) {
			req->stop_after_kill_ms = atoi(argv[++i]);
		} else if (strcmp(name, "--grace-ms") == 0) {
			req->interrupt_grace_ms = atoi(argv[++i]);
		} else if (strcmp(name, "--drain-ms") == 0) {
			req->drain_ms = atoi(argv[++i]);
		} else if (strcmp(name, "--result") == 0) {
			o->result = argv[++i];
		} else if (strcmp(name, "--log") == 0) {
			o->log = fopen(argv[++i], "we");
		} else {
			fprintf(stderr, "supervise_driver: what is '%s'?\n", name);
			exit(2);
		}
	}
	return i + 1;
}

int main(int argc, char **argv)
{
	struct options o = {.log = stderr};
	struct guild_supervise_request req = {.env = environ, .capture = true, .stdout_fd = 1, .stderr_fd = 2};
	int command = argc > 1 ? read_options(argc, argv, &req, &o) : argc;
	if (command >= argc || o.log == NULL) {
		fputs("usage: supervise_driver RUN_DIR [OPTION...] -- COMMAND [ARG...]\n", stderr);
		return 2;
	}
	struct guild_run run = {0};
	open_run(argv[1], &run);
	struct guild_log log = {.emit = write_log, .arg = o.log};
	struct guild_error err = {0};
	req.run = &run;
	req.argv = argv + command;
	req.log = &log;
	if (o.wants_scalars && guild_output_scalars_new(NULL, false, NULL, &req.scalars, &log, &err) != 0) {
		fprintf(stderr, "supervise_driver: %s\n", err.text);
		return 2;
	}
	struct guild_supervise_result result = {0};
	int rc = guild_supervise(&req, &result, &err);
	if (o.result != NULL) {
		write_result(o.result, rc, &result, &err);
	}
	guild_output_scalars_free(req.scalars);
	guild_run_fini(&run);
	if (o.log != stderr) {
		fclose(o.log);
	}
	return result.exit_status & 0xff;
}
