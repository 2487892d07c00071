/* Moving runs from one directory to another. */

#include "move.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct target {
	const char *dir;
	bool is_home; /* the runs of the Guild home: what is replaced there goes to the trash */
	struct guild_staging staging;
};

static bool is_there(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0;
}

static int find_states(struct guild_moving *m, const char *dir)
{
	int rc = 0;
	guild_move_phase(m->req, "Comparing", (int64_t)m->req->runs->n);
	for (size_t i = 0; i < m->req->runs->n && rc >= 0; i++) {
		const struct guild_run *r = &m->req->runs->v[i];
		char *to = guild_path_join(dir, r->id);
		rc = 1;
		if (is_there(to)) {
			rc = guild_tree_compare(r->dir, to, m->req->copy_resources, !m->req->move,
				NULL, m->err);
			m->states[i] = rc > 0 ? GUILD_MOVE_SAME : GUILD_MOVE_DIFFERS;
		}
		guild_move_bytes((void *)(uintptr_t)&m->req->watch, 1);
		free(to);
	}
	return rc < 0 ? rc : 0;
}

static int place(struct guild_moving *m, const struct target *t, size_t i, const char *from,
	const char *to)
{
	return m->states[i] == GUILD_MOVE_DIFFERS
		       ? guild_move_replace(t->is_home ? m->req->home : NULL, from, to, m->req->log,
				 m->err)
		       : guild_move_place(from, to, m->err);
}

static int verify(struct guild_moving *m, const char *from, const char *to)
{
	char *why = NULL;
	int rc = guild_tree_compare(from, to, m->req->copy_resources, false, &why, m->err);
	if (rc == 0) {
		rc = guild_error_set(m->err, GUILD_EIO, "'%s' changed while '%s' was copied",
			why ? why : "a file", from);
	}
	free(why);
	return rc < 0 ? rc : guild_move_sync(to, m->err);
}

static int copy_run(struct guild_moving *m, struct target *t, size_t i, const char *to)
{
	const struct guild_run *r = &m->req->runs->v[i];
	int rc = t->staging.path ? 0 : guild_staging_open(&t->staging, t->dir, m->err);
	if (rc != 0) {
		return rc;
	}
	char *copy = guild_path_join(t->staging.path, r->id);
	const struct guild_tree_copying c = {.from = r->dir,
		.to = copy,
		.follow = m->req->copy_resources,
		.on_bytes = guild_move_bytes,
		.arg = (void *)(uintptr_t)&m->req->watch,
		.log = m->req->log};
	rc = guild_run_tree_copy(&c, m->err);
	rc = rc == 0 && m->req->move ? verify(m, r->dir, copy) : rc;
	rc = rc ? rc : place(m, t, i, copy, to);
	(void)guild_rmtree(copy, NULL); /* what was replaced, or half of a copy */
	free(copy);
	return rc == 0 && m->req->move ? guild_move_remove(m, i) : rc;
}

static int move_run(struct guild_moving *m, struct target *t, size_t i)
{
	const struct guild_run *r = &m->req->runs->v[i];
	char *to = guild_path_join(t->dir, r->id);
	int rc;
	guild_move_say(m->req, m->req->move ? "move" : "copy", r);
	/* Within one file system a run moves in one step. */
	bool may_rename = m->req->move && !m->req->copy_resources && !m->req->to_trash &&
			  m->states[i] == GUILD_MOVE_NEW;
	if (may_rename && rename(r->dir, to) == 0) {
		rc = 0;
	} else if (may_rename && errno != EXDEV) {
		rc = guild_error_errno(m->err, errno, "cannot move '%s' to '%s'", r->dir, to);
	} else {
		rc = copy_run(m, t, i, to);
	}
	free(to);
	if (rc == 0) {
		guild_strs_add(&m->result->moved, r->id);
	}
	return rc;
}

static int act(struct guild_moving *m, struct target *t, size_t i)
{
	const struct guild_run *r = &m->req->runs->v[i];
	if (guild_move_is_due(m, i)) {
		return move_run(m, t, i);
	}
	guild_move_say(m->req, m->states[i] == GUILD_MOVE_SAME ? "same" : "differs", r);
	if (m->states[i] == GUILD_MOVE_SAME) {
		guild_strs_add(&m->result->same, r->id);
		return m->req->move ? guild_move_remove(m, i) : 0;
	}
	return 0;
}

/* Runs that lie in the directory they would go to. */
static int check_place(const struct guild_move_request *req, const char *dir,
	struct guild_error *err)
{
	char *real = guild_path_real(dir);
	int rc = 0;
	for (size_t i = 0; i < req->runs->n && rc == 0; i++) {
		char *run = guild_path_real(req->runs->v[i].dir);
		char *parent = guild_path_dirname(run);
		size_t n = strlen(run);
		bool is_inside = strncmp(real, run, n) == 0 && (real[n] == '/' || real[n] == '\0');
		if (is_inside || strcmp(parent, real) == 0) {
			rc = guild_error_set(err, GUILD_EINVALID, "the runs are in '%s' already",
				dir);
		}
		free(parent);
		free(run);
	}
	free(real);
	return rc;
}

static int mark_dir(const char *dir, struct guild_error *err)
{
	char *path = guild_path_join(dir, ".guild-nocopy");
	int rc = guild_mkdirs(dir, err);
	rc = rc == 0 && !guild_file_exists(path) ? guild_file_touch(path, err) : rc;
	free(path);
	return rc;
}

int guild_move_to_dir(const struct guild_move_request *req, const char *dir, bool is_home,
	struct guild_move_result *result, struct guild_error *err)
{
	struct target t = {.dir = dir, .is_home = is_home, .staging = {.fd = -1}};
	struct guild_moving m = {.req = req,
		.result = result,
		.err = err,
		.states = guild_alloc((req->runs->n + 1) * sizeof(*m.states))};
	int rc = check_place(req, dir, err);
	rc = rc ? rc : find_states(&m, dir);
	rc = rc ? rc : guild_move_judge(&m, dir);
	if (rc == 0) {
		rc = is_home ? guild_mkdirs(dir, err) : mark_dir(dir, err);
		guild_staging_sweep(dir);
	}
	if (rc == 0) {
		guild_move_phase(req, req->move ? "Moving" : "Copying", guild_move_size(&m));
	}
	for (size_t i = 0; i < req->runs->n && rc == 0; i++) {
		rc = act(&m, &t, i);
	}
	guild_staging_close(&t.staging);
	free(m.states);
	return rc;
}
