/* Runs into an archive and out of one. */

#include "move.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is there -------------------------------------------------------------------------------------- */

/* Compares the archive with the directories of runs: dirs[i] NULL leaves one out. */
static int compare(struct guild_moving *m, const char *archive, char *const *dirs,
	bool links_copied, struct guild_archived_run **out)
{
	size_t n = 0;
	struct guild_move_told t = {.watch = &m->req->watch};
	struct guild_archived_run *v = guild_alloc((m->req->runs->n + 1) * sizeof(*v));
	for (size_t i = 0; i < m->req->runs->n; i++) {
		if (dirs[i]) {
			v[n++] = (struct guild_archived_run){
				.id = m->req->runs->v[i].id, .dir = dirs[i]};
		}
	}
	guild_move_phase(m->req, "Comparing", guild_file_size(archive));
	int rc = n == 0 ? 0
			: guild_archive_compare(archive, m->req->copy_resources, links_copied, v, n,
				  guild_move_archive_progress, &t, m->err);
	*out = v;
	return rc;
}

static void free_compared(struct guild_archived_run *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(v[i].why);
	}
	free(v);
}

static int find_states(struct guild_moving *m, const char *archive)
{
	size_t n = m->req->runs->n;
	struct guild_archived_run *v = NULL;
	char **dirs = guild_alloc((n + 1) * sizeof(*dirs));
	for (size_t i = 0; i < n; i++) {
		dirs[i] = m->req->runs->v[i].dir;
	}
	int rc = compare(m, archive, dirs, false, &v);
	for (size_t i = 0; i < n && rc == 0; i++) {
		m->states[i] = !v[i].is_there ? GUILD_MOVE_NEW
			       : v[i].is_same ? GUILD_MOVE_SAME
					      : GUILD_MOVE_DIFFERS;
	}
	free_compared(v, n);
	free(dirs);
	return rc;
}

/* ---- into one --------------------------------------------------------------------------------------------- */

static char *root_of(const char *name)
{
	return guild_strndup(name, strcspn(name, "/"));
}

/* Members of the old archive that stay: of all runs but those that are replaced. */
static bool stays(void *arg, const char *name)
{
	const struct guild_map *replaced = arg;
	char *root = root_of(name);
	bool is = !guild_map_has(replaced, root);
	free(root);
	return is;
}

static bool is_left_out(void *arg, const char *path)
{
	(void)arg;
	return guild_tree_is_volatile(path);
}

static int on_written(void *arg, int64_t more)
{
	guild_move_bytes(arg, more);
	return 0;
}

static int take_old(struct guild_moving *m, struct guild_archive_writer *w)
{
	struct guild_map replaced = {0};
	enum guild_archive_kind kind;
	int rc = guild_archive_kind(m->req->path, NULL, &kind, m->err);
	for (size_t i = 0; i < m->req->runs->n; i++) {
		if (guild_move_is_due(m, i)) {
			guild_map_put(&replaced, m->req->runs->v[i].id, m);
		}
	}
	if (rc == 0 && guild_file_size(m->req->path) > 0) {
		rc = guild_archive_add_members(w, m->req->path, kind, stays, &replaced, on_written,
			(void *)(uintptr_t)&m->req->watch, m->err);
	}
	guild_map_fini(&replaced);
	return rc;
}

static int add_run(struct guild_moving *m, struct guild_archive_writer *w, size_t i)
{
	const struct guild_run *r = &m->req->runs->v[i];
	const struct guild_archive_tree tree = {.dir = r->dir,
		.prefix = r->id,
		.follow_links = m->req->copy_resources,
		.leaves_out = is_left_out,
		.on_written = on_written,
		.written_arg = (void *)(uintptr_t)&m->req->watch,
		.log = m->req->log};
	guild_move_say(m->req, m->req->move ? "move" : "copy", r);
	return guild_archive_add_tree(w, &tree, m->err);
}

static int write_archive(struct guild_moving *m, const char *path)
{
	struct guild_archive_writer *w = NULL;
	int rc = guild_archive_create(path, m->req->path, &w, m->err);
	if (rc == 0) {
		int64_t old = guild_file_size(m->req->path);
		guild_move_phase(m->req, "Writing archive",
			guild_move_size(m) + (old > 0 ? old : 0));
		rc = take_old(m, w);
	}
	for (size_t i = 0; i < m->req->runs->n && rc == 0; i++) {
		rc = guild_move_is_due(m, i) ? add_run(m, w, i) : 0;
	}
	if (rc != 0) {
		guild_archive_abandon(w);
		return rc;
	}
	return guild_archive_finish(w, m->err);
}

/* Everything that will be removed here is read back from there. */
static int verify(struct guild_moving *m, const char *archive)
{
	size_t n = m->req->runs->n;
	struct guild_archived_run *v = NULL;
	char **dirs = guild_alloc((n + 1) * sizeof(*dirs));
	for (size_t i = 0; i < n; i++) {
		dirs[i] = guild_move_is_due(m, i) ? m->req->runs->v[i].dir : NULL;
	}
	int rc = compare(m, archive, dirs, false, &v);
	for (size_t i = 0; i < n && rc == 0 && v[i].id; i++) {
		if (!v[i].is_same) {
			rc = guild_error_set(m->err, GUILD_EIO,
				"run %.8s changed while it was archived, or cannot be read back (%s)",
				v[i].id, v[i].why ? v[i].why : "nothing of it is there");
		}
	}
	free_compared(v, n);
	free(dirs);
	return rc;
}

/* The new archive is for the eyes of those that the old one was for. */
static int keep_mode(struct guild_moving *m, const char *path)
{
	struct stat old;
	return stat(m->req->path, &old) != 0 || chmod(path, old.st_mode & 0777) == 0
		       ? 0
		       : guild_error_errno(m->err, errno, "cannot set the mode of '%s'", path);
}

static int replace_archive(struct guild_moving *m, const char *dir)
{
	struct guild_staging staging = {.fd = -1};
	int rc = guild_staging_open(&staging, dir, m->err);
	if (rc != 0) {
		return rc;
	}
	char *path = guild_path_join(staging.path, guild_path_basename(m->req->path));
	rc = write_archive(m, path);
	rc = rc ? rc : keep_mode(m, path);
	rc = rc == 0 && m->req->move ? verify(m, path) : rc;
	rc = rc ? rc : guild_move_place(path, m->req->path, m->err);
	rc = rc == 0 && m->req->move ? guild_move_sync(dir, m->err) : rc;
	guild_staging_close(&staging);
	free(path);
	return rc;
}

static int finish(struct guild_moving *m)
{
	int rc = 0;
	for (size_t i = 0; i < m->req->runs->n && rc == 0; i++) {
		const struct guild_run *r = &m->req->runs->v[i];
		if (guild_move_is_due(m, i)) {
			guild_strs_add(&m->result->moved, r->id);
		} else if (m->states[i] == GUILD_MOVE_SAME) {
			guild_move_say(m->req, "same", r);
			guild_strs_add(&m->result->same, r->id);
		} else {
			guild_move_say(m->req, "differs", r);
			continue;
		}
		rc = m->req->move ? guild_move_remove(m, i) : 0;
	}
	return rc;
}

/* One writer at a time: of two that replaced the archive one would lose its runs. */
int guild_move_to_archive(const struct guild_move_request *req, struct guild_move_result *result,
	struct guild_error *err)
{
	struct guild_moving m = {.req = req,
		.result = result,
		.err = err,
		.states = guild_alloc((req->runs->n + 1) * sizeof(*m.states))};
	struct guild_lock lock = {0};
	char *dir = guild_path_dirname(req->path);
	char *lock_path =
		guild_format("%s/.guild-moving-%s.lock", dir, guild_path_basename(req->path));
	bool is_due = false;
	int rc = guild_mkdirs(dir, err);
	rc = rc ? rc : guild_lock_take(&lock, lock_path, true, err);
	if (rc == 0) {
		guild_staging_sweep(dir);
		rc = guild_file_size(req->path) > 0 ? find_states(&m, req->path) : 0;
	}
	rc = rc ? rc : guild_move_judge(&m, req->path);
	for (size_t i = 0; i < req->runs->n; i++) {
		is_due = is_due || guild_move_is_due(&m, i);
	}
	rc = rc == 0 && is_due ? replace_archive(&m, dir) : rc;
	rc = rc ? rc : finish(&m);
	guild_lock_release(&lock);
	free(lock_path);
	free(dir);
	free(m.states);
	return rc;
}

/* ---- out of one ------------------------------------------------------------------------------------------------- */

/* The runs that are to come out. */
static bool is_wanted(void *arg, const char *name)
{
	const struct guild_map *wanted = arg;
	const char *rest = strchr(name, '/');
	char *root = root_of(name);
	bool is = guild_map_has(wanted, root) && !(rest && guild_tree_is_volatile(rest + 1));
	free(root);
	return is;
}

/* Links of a run may lead to data outside of it. What Guild itself writes to is in .guild, and stays there. */
static bool may_lead_out(void *arg, const char *name)
{
	const char *rest = strchr(name, '/');
	(void)arg;
	return rest && strcmp(rest, "/.guild") != 0 && !guild_starts(rest, "/.guild/");
}

static int extract(struct guild_moving *m, const char *to)
{
	struct guild_map wanted = {0};
	struct guild_move_told t = {.watch = &m->req->watch};
	struct guild_archive_extract_request req = {.path = m->req->path,
		.dir = to,
		.max_bytes = m->req->max_bytes,
		.wants = is_wanted,
		.may_leave = may_lead_out,
		.arg = &wanted,
		.on_progress = guild_move_archive_progress,
		.progress_arg = &t,
		.log = m->req->log};
	int rc = guild_archive_kind(req.path, NULL, &req.kind, m->err);
	for (size_t i = 0; i < m->req->runs->n; i++) {
		if (guild_move_is_due(m, i)) {
			guild_map_put(&wanted, m->req->runs->v[i].id, m);
		}
	}
	guild_move_phase(m->req, "Unpacking", guild_file_size(req.path));
	rc = rc ? rc : guild_archive_extract(&req, m->err);
	guild_map_fini(&wanted);
	return rc;
}

/* A directory of its own with an opref of its own, reached through no link. */
static int check_run(struct guild_moving *m, const char *dir, const char *id)
{
	static const char *const parts[] = {"", ".guild", ".guild/opref"};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(parts); i++) {
		struct stat st;
		char *path = guild_path_join(dir, parts[i]);
		bool is_right = lstat(path, &st) == 0 &&
				(i < 2 ? S_ISDIR(st.st_mode) : S_ISREG(st.st_mode));
		free(path);
		if (!is_right) {
			return guild_error_set(m->err, GUILD_EINVALID,
				"'%s' in archive '%s' is no run", id, m->req->path);
		}
	}
	return 0;
}

/* --copy-resources: links are replaced by what they lead to, in a copy of the copy. */
static int copy_resources(struct guild_moving *m, const char *dir, struct guild_error *err)
{
	char *plain = guild_format("%s.plain", dir);
	const struct guild_tree_copying c = {
		.from = dir, .to = plain, .follow = true, .log = m->req->log};
	int rc = guild_run_tree_copy(&c, err);
	rc = rc ? rc : guild_rmtree(dir, err);
	rc = rc ? rc : guild_move_place(plain, dir, err);
	free(plain);
	return rc;
}

static int place_run(struct guild_moving *m, const char *staging, const char *runs, size_t i)
{
	const struct guild_run *r = &m->req->runs->v[i];
	char *from = guild_path_join(staging, r->id);
	char *to = guild_path_join(runs, r->id);
	int rc = 0;
	guild_move_say(m->req, "copy", r);
	if (m->states[i] == GUILD_MOVE_DIFFERS) {
		rc = guild_move_replace(m->req->home, from, to, m->req->log, m->err);
	} else {
		rc = guild_move_place(from, to, m->err);
	}
	if (rc == 0) {
		guild_strs_add(&m->result->moved, r->id);
	}
	free(to);
	free(from);
	return rc;
}

static int unpack(struct guild_moving *m, const char *runs)
{
	struct guild_staging staging = {.fd = -1};
	size_t n = m->req->runs->n;
	int rc = guild_staging_open(&staging, runs, m->err);
	rc = rc ? rc : extract(m, staging.path);
	for (size_t i = 0; i < n && rc == 0; i++) {
		if (guild_move_is_due(m, i)) {
			char *dir = guild_path_join(staging.path, m->req->runs->v[i].id);
			rc = check_run(m, dir, m->req->runs->v[i].id);
			if (rc == 0 && m->req->copy_resources) {
				rc = copy_resources(m, dir, m->err);
			}
			free(dir);
		}
	}
	for (size_t i = 0; i < n && rc == 0; i++) {
		rc = guild_move_is_due(m, i) ? place_run(m, staging.path, runs, i) : 0;
	}
	guild_staging_close(&staging);
	return rc;
}

/* Runs that are in the home already are compared with what the archive has of them. */
static int find_existing(struct guild_moving *m, const char *runs)
{
	size_t n = m->req->runs->n;
	size_t n_there = 0;
	struct guild_archived_run *v = NULL;
	char **dirs = guild_alloc((n + 1) * sizeof(*dirs));
	for (size_t i = 0; i < n; i++) {
		char *dir = guild_path_join(runs, m->req->runs->v[i].id);
		struct stat st;
		if (lstat(dir, &st) == 0) {
			dirs[i] = dir;
			n_there++;
		} else {
			free(dir);
		}
	}
	int rc = n_there > 0 ? compare(m, m->req->path, dirs, m->req->copy_resources, &v) : 0;
	for (size_t i = 0, at = 0; i < n && rc == 0; i++) {
		if (dirs[i]) {
			m->states[i] = v[at++].is_same ? GUILD_MOVE_SAME : GUILD_MOVE_DIFFERS;
		}
	}
	if (v) {
		free_compared(v, n);
	}
	for (size_t i = 0; i < n; i++) {
		free(dirs[i]);
	}
	free(dirs);
	return rc;
}

int guild_move_from_archive(const struct guild_move_request *req, struct guild_move_result *result,
	struct guild_error *err)
{
	struct guild_moving m = {.req = req,
		.result = result,
		.err = err,
		.states = guild_alloc((req->runs->n + 1) * sizeof(*m.states))};
	char *runs = guild_home_runs_dir(req->home, false);
	bool is_due = false;
	int rc = find_existing(&m, runs);
	rc = rc ? rc : guild_move_judge(&m, runs);
	guild_staging_sweep(runs);
	for (size_t i = 0; i < req->runs->n; i++) {
		is_due = is_due || guild_move_is_due(&m, i);
	}
	rc = rc == 0 && is_due ? unpack(&m, runs) : rc;
	for (size_t i = 0; i < req->runs->n && rc == 0; i++) {
		if (!guild_move_is_due(&m, i)) {
			bool is_same = m.states[i] == GUILD_MOVE_SAME;
			guild_move_say(req, is_same ? "same" : "differs", &req->runs->v[i]);
			if (is_same) {
				guild_strs_add(&result->same, req->runs->v[i].id);
			}
		}
	}
	free(runs);
	free(m.states);
	return rc;
}
