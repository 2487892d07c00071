/* Moving runs: what is common to directories and archives. */

#include "move.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void guild_move_result_fini(struct guild_move_result *r)
{
	guild_strs_fini(&r->moved);
	guild_strs_fini(&r->same);
	guild_strs_fini(&r->differing);
}

void guild_store_sweep(const char *runs_dir)
{
	guild_staging_sweep(runs_dir);
}

/* ---- telling ------------------------------------------------------------------------------------------- */

void guild_move_phase(const struct guild_move_request *req, const char *what, int64_t total)
{
	if (req->watch.on_phase) {
		req->watch.on_phase(req->watch.arg, what, total);
	}
}

void guild_move_bytes(void *watch, int64_t more)
{
	const struct guild_move_watch *w = watch;
	if (w->on_bytes) {
		w->on_bytes(w->arg, more);
	}
}

int guild_move_archive_progress(void *told, int64_t done_bytes, int64_t total_bytes)
{
	struct guild_move_told *t = told;
	(void)total_bytes;
	if (t->watch && t->watch->on_bytes && done_bytes > t->bytes) {
		t->watch->on_bytes(t->watch->arg, done_bytes - t->bytes);
		t->bytes = done_bytes;
	}
	return 0;
}

void guild_move_say(const struct guild_move_request *req, const char *what,
	const struct guild_run *r)
{
	if (req->watch.on_run) {
		req->watch.on_run(req->watch.arg, what, r);
	}
}

/* ---- before --------------------------------------------------------------------------------------------- */

static bool is_running(const struct guild_run *r)
{
	char *remote = NULL;
	bool is = guild_run_status(r, &remote) == GUILD_RUN_RUNNING && !remote;
	free(remote);
	return is;
}

int guild_move_check(const struct guild_move_request *req, struct guild_error *err)
{
	for (size_t i = 0; i < req->runs->n; i++) {
		const struct guild_run *r = &req->runs->v[i];
		if (!is_running(r)) {
			continue;
		}
		if (req->move) {
			guild_error_set(err, GUILD_EBUSY, "run %.8s is running and cannot be moved",
				r->id);
			guild_error_hint(err, "stop it, or leave it out with --not-running");
			return GUILD_EBUSY;
		}
		guild_log(req->log, "warning",
			"run %.8s is running: its copy has what it has written so far", r->id);
	}
	return 0;
}

bool guild_move_is_due(const struct guild_moving *m, size_t i)
{
	return m->states[i] == GUILD_MOVE_NEW ||
	       (m->states[i] == GUILD_MOVE_DIFFERS && m->req->conflict == GUILD_MOVE_REPLACE);
}

int guild_move_judge(struct guild_moving *m, const char *where)
{
	for (size_t i = 0; i < m->req->runs->n; i++) {
		const char *id = m->req->runs->v[i].id;
		if (m->states[i] == GUILD_MOVE_DIFFERS) {
			guild_strs_add(&m->result->differing, id);
		}
	}
	size_t n = m->result->differing.n;
	if (n == 0 || m->req->conflict != GUILD_MOVE_REFUSE) {
		return 0;
	}
	const char *first = m->result->differing.v[0];
	return n == 1 ? guild_error_set(m->err, GUILD_EEXISTS,
				"run %.8s is in '%s' already and differs there", first, where)
		      : guild_error_set(m->err, GUILD_EEXISTS,
				"run %.8s and %zu more are in '%s' already and differ there", first,
				n - 1, where);
}

int64_t guild_move_size(const struct guild_moving *m)
{
	int64_t bytes = 0;
	for (size_t i = 0; i < m->req->runs->n; i++) {
		struct guild_tree t = {0};
		if (guild_move_is_due(m, i) && guild_tree_list(m->req->runs->v[i].dir,
						       m->req->copy_resources, &t, NULL) == 0) {
			bytes += t.bytes;
		}
		guild_tree_fini(&t);
	}
	return bytes;
}

/* ---- after ----------------------------------------------------------------------------------------------- */

int guild_move_remove(struct guild_moving *m, size_t i)
{
	const struct guild_run *r = &m->req->runs->v[i];
	if (m->req->to_trash) {
		guild_move_say(m->req, "trash", r);
	}
	return guild_store_delete(m->req->home, r, !m->req->to_trash, m->req->log, m->err);
}

int guild_move_sync(const char *path, struct guild_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return guild_error_errno(err, errno, "cannot open '%s'", path);
	}
#ifdef __linux__
	int rc = syncfs(fd);
#else
	int rc = 0;
	sync();
#endif
	int errnum = errno;
	close(fd);
	return rc == 0 ? 0 : guild_error_errno(err, errnum, "cannot write '%s' to disk", path);
}

int guild_move_place(const char *from, const char *to, struct guild_error *err)
{
	if (rename(from, to) == 0) {
		return 0;
	}
	if (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR) {
		return guild_error_set(err, GUILD_EEXISTS, "'%s' appeared meanwhile", to);
	}
	return guild_error_errno(err, errno, "cannot move '%s' to '%s'", from, to);
}

int guild_move_replace(const struct guild_home *home, const char *from, const char *to,
	const struct guild_log *log, struct guild_error *err)
{
	int rc = 0;
	if (home) {
		struct guild_run old = {
			.dir = guild_strdup(to), .id = guild_strdup(guild_path_basename(to))};
		rc = guild_store_delete(home, &old, false, log, err);
		free(old.dir);
		free(old.id);
		return rc ? rc : guild_move_place(from, to, err);
	}
#ifdef RENAME_EXCHANGE
	/* The old one is then in the staging directory, and goes with it. */
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_EXCHANGE) == 0) {
		return 0;
	}
#endif
	char *dir = guild_path_dirname(to);
	char *aside_dir = guild_path_join(dir, ".guild-replaced");
	char *aside = guild_path_join(aside_dir, guild_path_basename(to));
	rc = guild_mkdirs(aside_dir, err);
	(void)guild_rmtree(aside, NULL);
	rc = rc ? rc : guild_move_place(to, aside, err);
	rc = rc ? rc : guild_move_place(from, to, err);
	if (rc == 0) {
		(void)guild_rmtree(aside_dir, NULL);
	}
	free(aside);
	free(aside_dir);
	free(dir);
	return rc;
}

/* ---- the two ways -------------------------------------------------------------------------------------------- */

static int export_to(const struct guild_move_request *req, struct guild_move_result *result,
	struct guild_error *err)
{
	enum guild_archive_kind kind = GUILD_ARCHIVE_NONE;
	int rc = guild_move_check(req, err);
	rc = rc ? rc : guild_archive_kind(req->path, NULL, &kind, err);
	if (rc != 0) {
		return rc;
	}
	if (guild_is_dir(req->path)) {
		kind = GUILD_ARCHIVE_NONE;
	} else if (kind == GUILD_ARCHIVE_NONE && guild_file_exists(req->path)) {
		return guild_error_set(err, GUILD_EINVALID,
			"'%s' is a file, not a directory or archive", req->path);
	}
	return kind == GUILD_ARCHIVE_NONE ? guild_move_to_dir(req, req->path, false, result, err)
					  : guild_move_to_archive(req, result, err);
}

/* An archive that a link leads to is replaced there, and the link stays. */
int guild_store_export(const struct guild_move_request *req, struct guild_move_result *result,
	struct guild_error *err)
{
	struct guild_move_request there = *req;
	struct stat st;
	bool is_link = lstat(req->path, &st) == 0 && S_ISLNK(st.st_mode);
	char *real = is_link ? guild_path_real(req->path) : NULL;
	there.path = real ? real : req->path;
	int rc = export_to(&there, result, err);
	free(real);
	return rc;
}

int guild_store_import(const struct guild_move_request *req, struct guild_move_result *result,
	struct guild_error *err)
{
	if (guild_is_dir(req->path)) {
		char *runs = guild_home_runs_dir(req->home, false);
		int rc = guild_move_check(req, err);
		rc = rc ? rc : guild_move_to_dir(req, runs, true, result, err);
		free(runs);
		return rc;
	}
	if (req->move) {
		return guild_error_set(err, GUILD_EUNSUPPORTED,
			"runs cannot be moved out of an archive, only copied");
	}
	return guild_move_from_archive(req, result, err);
}
