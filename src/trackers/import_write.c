/* Writes an imported run: all of it into a folder of its own beside the runs, which then gets its name by one rename. */

#include "trackers_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STAGING_PREFIX ".import-"

/* RUNS/.import-HOST.PID: nobody takes it for a run, and the next import knows whether its maker lives. */
static char *staging_name(const struct import *imp, long pid)
{
	char *host = guild_hostname();
	char *name = guild_format(STAGING_PREFIX "%s.%ld", host, pid);
	char *path = guild_path_join(imp->req->runs_dir, name);
	free(name);
	free(host);
	return path;
}

void guild_import_clean_stale(struct import *imp)
{
	struct guild_strs names = {0};
	char *host = guild_hostname();
	char *prefix = guild_format(STAGING_PREFIX "%s.", host);
	if (!imp->req->preview && guild_dir_list(imp->req->runs_dir, &names, NULL) == 0) {
		for (size_t i = 0; i < names.n; i++) {
			const char *name = names.v[i];
			int64_t pid;
			size_t n = strlen(prefix);
			if (guild_starts(name, prefix) &&
				guild_parse_i64(name + n, strlen(name + n), &pid) &&
				(pid == getpid() || !guild_pid_alive((pid_t)pid))) {
				char *path = guild_path_join(imp->req->runs_dir, name);
				guild_rmtree(path, NULL);
				free(path);
			}
		}
	}
	guild_strs_fini(&names);
	free(prefix);
	free(host);
}

void guild_import_clean(struct import *imp)
{
	if (imp->staging != NULL) {
		guild_rmtree(imp->staging, NULL);
		free(imp->staging);
		imp->staging = NULL;
	}
}

static char *staged_dir(struct import_run *r)
{
	struct import *imp = r->imp;
	if (imp->staging == NULL) {
		imp->staging = staging_name(imp, (long)getpid());
	}
	return guild_path_join(imp->staging, r->id);
}

void guild_import_unstage(struct import_run *r)
{
	if (r->imp->staging != NULL) {
		char *dir = staged_dir(r);
		if (guild_file_exists(dir)) {
			guild_rmtree(dir, NULL);
		}
		free(dir);
	}
}

static char *events_path(const struct import_run *r, const char *dir, const struct import_events *e)
{
	long long seconds =
		e->first_wall > 0 && e->first_wall < 1e10 ? (long long)e->first_wall : 0;
	return guild_format("%s/%s/events.out.tfevents.%010lld.%s.0", dir, e->dir, seconds,
		r->imp->req->kind);
}

static int append_events(struct import_run *r, const char *dir, struct import_events *e,
	struct guild_error *err)
{
	char *path = events_path(r, dir, e);
	char *parent = guild_path_dirname(path);
	int rc = guild_mkdirs(parent, err);
	int fd = -1;
	if (rc == 0) {
		fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
		int failure = fd < 0 ? -errno : guild_fd_write_all(fd, e->bytes.p, e->bytes.n);
		if (fd >= 0 && close(fd) != 0 && failure == 0) {
			failure = -errno;
		}
		if (failure != 0) {
			rc = guild_error_errno(err, -failure, "cannot write '%s'", path);
		}
	}
	e->is_spooled = true;
	guild_buf_reset(&e->bytes);
	free(parent);
	free(path);
	return rc;
}

int guild_import_spool(struct import_run *r, struct import_events *e, struct guild_error *err)
{
	char *dir = staged_dir(r);
	int rc = append_events(r, dir, e, err);
	free(dir);
	return rc;
}

/* Nobody reads the folder yet, so plain files will do. */
static int write_new(const char *path, struct guild_str text, struct guild_error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	int rc = fd < 0 ? -errno : guild_fd_write_all(fd, text.p, text.n);
	if (fd >= 0 && close(fd) != 0 && rc == 0) {
		rc = -errno;
	}
	return rc == 0 ? 0 : guild_error_errno(err, -rc, "cannot write '%s'", path);
}

static int write_attrs(const struct guild_run *run, const struct guild_value *attrs,
	struct guild_error *err)
{
	struct guild_buf text = {0};
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < attrs->n; i++) {
		char *path = guild_format("%s/attrs/%s", run->guild_dir,
			guild_value_text(attrs->pairs[i].key));
		guild_buf_reset(&text);
		guild_yaml_dump(&text, attrs->pairs[i].value, true);
		guild_buf_putc(&text, '\n');
		rc = write_new(path, guild_buf_str(&text), err);
		free(path);
	}
	guild_buf_fini(&text);
	return rc;
}

static int write_output(const struct import_run *r, const struct guild_run *run,
	struct guild_error *err)
{
	if (r->output.n == 0) {
		return 0;
	}
	char *path = guild_path_join(run->guild_dir, "output");
	char *index = guild_path_join(run->guild_dir, "output.index");
	int rc = write_new(path, guild_buf_str(&r->output), err);
	if (rc == 0) {
		rc = write_new(index, guild_buf_str(&r->output_index), err);
	}
	free(index);
	free(path);
	return rc;
}

/* A copy keeps the time of its original: checkpoints are told apart by it. */
static void copy_times(const char *from, const char *to)
{
	struct stat st;
	if (stat(from, &st) == 0) {
		struct timespec times[2] = {st.st_atim, st.st_mtim};
		(void)utimensat(AT_FDCWD, to, times, 0);
	}
}

static int write_files(const struct import_run *r, const char *dir, struct guild_error *err)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < r->n_files; i++) {
		const struct import_file *f = &r->files[i];
		char *path = guild_path_join(dir, f->to);
		char *parent = guild_path_dirname(path);
		rc = guild_mkdirs(parent, err);
		if (rc == 0 && f->from == NULL) {
			rc = write_new(path, f->text, err);
		} else if (rc == 0) {
			rc = guild_file_copy(f->from, path, err);
			copy_times(f->from, path);
		}
		free(parent);
		free(path);
	}
	return rc;
}

/* The old run goes to the trash, whence it can be brought back. */
static int set_aside(const struct import_run *r, const char *target, struct guild_error *err)
{
	char *to = guild_path_join(r->imp->req->trash_dir, r->id);
	int rc = guild_mkdirs(r->imp->req->trash_dir, err);
	for (unsigned i = 1; rc == 0 && guild_file_exists(to); i++) {
		free(to);
		to = guild_format("%s/%s_%08x", r->imp->req->trash_dir, r->id, i);
	}
	if (rc == 0 && rename(target, to) != 0) {
		rc = guild_error_errno(err, errno, "cannot move '%s' to the trash", target);
	}
	free(to);
	return rc;
}

static int publish(const struct import_run *r, const char *dir, bool replace,
	struct guild_error *err)
{
	const struct guild_import_request *req = r->imp->req;
	const char *parent = r->is_deleted ? req->trash_dir : req->runs_dir;
	char *target = guild_path_join(parent, r->id);
	int rc = guild_mkdirs(parent, err);
	if (rc == 0 && replace) {
		char *old = guild_path_join(req->runs_dir, r->id);
		rc = set_aside(r, old, err);
		free(old);
	}
	if (rc == 0 && rename(dir, target) != 0) {
		rc = guild_error_errno(err, errno, "cannot make '%s'", target);
	}
	free(target);
	return rc;
}

int guild_import_write(struct import_run *r, const struct guild_value *attrs, bool replace,
	struct guild_error *err)
{
	char *dir = staged_dir(r);
	struct guild_run run = {0};
	struct guild_opref opref = {
		(char *)"import", r->imp->root, (char *)"", (char *)r->model, (char *)r->op};
	int rc = guild_run_create(dir, &run, err);
	if (rc == 0) {
		rc = write_attrs(&run, attrs, err);
	}
	for (size_t i = 0; rc == 0 && i < r->n_events; i++) {
		if (r->events[i].bytes.n > 0) {
			rc = append_events(r, dir, &r->events[i], err);
		}
	}
	if (rc == 0) {
		rc = write_output(r, &run, err);
	}
	if (rc == 0) {
		rc = write_files(r, dir, err);
	}
	if (rc == 0) {
		struct guild_buf text = {0};
		char *path = guild_path_join(run.guild_dir, "opref");
		guild_opref_format(&opref, &text);
		rc = write_new(path, guild_buf_str(&text), err);
		free(path);
		guild_buf_fini(&text);
	}
	if (rc == 0) {
		rc = publish(r, dir, replace, err);
	}
	guild_run_fini(&run);
	free(dir);
	return rc;
}
