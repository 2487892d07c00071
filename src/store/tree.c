/* The files of one run: listed and copied. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tree.h"

enum { MAX_DEPTH = 128, CHUNK = 128 << 10 };

bool guild_tree_is_volatile(const char *path)
{
	return strcmp(path, ".guild/LOCK") == 0 || strcmp(path, ".guild/LOCK.info") == 0;
}

/* ---- walking -------------------------------------------------------------------------------------------- */

struct walk;
typedef int visit_fn(struct walk *w, const char *rel, const char *path, const struct stat *st);
struct walk {
	const char *root;
	bool follow;
	visit_fn *visit; /* a directory before what is in it */
	visit_fn *leave; /* a directory after it; may be NULL */
	void *arg;
	struct {
		dev_t dev;
		ino_t ino;
	} above[MAX_DEPTH];
	size_t depth;
	const struct guild_log *log;
	struct guild_error *err;
};

static bool is_above(const struct walk *w, const struct stat *st)
{
	for (size_t i = 0; i < w->depth; i++) {
		if (w->above[i].dev == st->st_dev && w->above[i].ino == st->st_ino) {
			return true;
		}
	}
	return false;
}

static int walk(struct walk *w, const char *rel);

static int walk_dir(struct walk *w, const char *rel, const char *path, const struct stat *st)
{
	struct guild_strs names = {0};
	if (w->depth == MAX_DEPTH) {
		return guild_error_set(w->err, GUILD_ELIMIT,
			"'%s' is more than %d directories deep", path, MAX_DEPTH);
	}
	w->above[w->depth].dev = st->st_dev;
	w->above[w->depth++].ino = st->st_ino;
	int rc = guild_dir_list(path, &names, w->err);
	for (size_t i = 0; i < names.n && rc == 0; i++) {
		char *below = *rel ? guild_path_join(rel, names.v[i]) : guild_strdup(names.v[i]);
		rc = guild_tree_is_volatile(below) ? 0 : walk(w, below);
		free(below);
	}
	w->depth--;
	guild_strs_fini(&names);
	return rc;
}

static int walk_file(struct walk *w, const char *rel, const char *path)
{
	struct stat st;
	struct stat through;
	if (lstat(path, &st) != 0) {
		/* A run that is running removes files of its own. */
		return errno == ENOENT && *rel
			       ? 0
			       : guild_error_errno(w->err, errno, "cannot read '%s'", path);
	}
	if (w->follow && S_ISLNK(st.st_mode)) {
		if (stat(path, &through) == 0 && !is_above(w, &through)) {
			st = through;
		} else {
			guild_log(w->log, "warning",
				"link '%s' stays a link: it leads nowhere, or in a circle", path);
		}
	}
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode) && !S_ISLNK(st.st_mode)) {
		guild_log(w->log, "warning", "'%s' is left out: it is a pipe, socket or device",
			path);
		return 0;
	}
	int rc = w->visit(w, rel, path, &st);
	if (rc == 0 && S_ISDIR(st.st_mode)) {
		rc = walk_dir(w, rel, path, &st);
		rc = rc == 0 && w->leave ? w->leave(w, rel, path, &st) : rc;
	}
	return rc;
}

static int walk(struct walk *w, const char *rel)
{
	char *path = *rel ? guild_path_join(w->root, rel) : guild_strdup(w->root);
	int rc = walk_file(w, rel, path);
	free(path);
	return rc;
}

/* ---- lists --------------------------------------------------------------------------------------------------- */

static char type_of(const struct stat *st)
{
	return S_ISDIR(st->st_mode) ? 'd' : S_ISLNK(st->st_mode) ? 'l' : 'f';
}

static int list_file(struct walk *w, const char *rel, const char *path, const struct stat *st)
{
	struct guild_tree *t = w->arg;
	(void)path;
	if (!*rel) {
		return 0;
	}
	t->v = guild_grow_array(t->v, &t->cap, t->n + 1, sizeof(*t->v));
	t->v[t->n++] = (struct guild_tree_file){.path = guild_strdup(rel),
		.type = type_of(st),
		.size = st->st_size,
		.mtime = st->st_mtim};
	t->bytes += S_ISREG(st->st_mode) ? st->st_size : 0;
	return 0;
}

static int compare_paths(const void *a, const void *b)
{
	const struct guild_tree_file *x = a;
	const struct guild_tree_file *y = b;
	return strcmp(x->path, y->path);
}

int guild_tree_list(const char *dir, bool follow, struct guild_tree *out, struct guild_error *err)
{
	struct guild_tree t = {.dir = guild_strdup(dir)};
	struct walk w = {.root = dir, .follow = follow, .visit = list_file, .arg = &t, .err = err};
	int rc = walk(&w, "");
	if (rc != 0) {
		guild_tree_fini(&t);
		return rc;
	}
	if (t.n > 1) {
		qsort(t.v, t.n, sizeof(*t.v), compare_paths);
	}
	*out = t;
	return 0;
}

void guild_tree_fini(struct guild_tree *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->v[i].path);
	}
	free(t->v);
	free(t->dir);
	*t = (struct guild_tree){0};
}

struct guild_tree_file *guild_tree_find(const struct guild_tree *t, const char *path)
{
	const struct guild_tree_file key = {.path = (char *)(uintptr_t)path};
	return t->n > 0 ? bsearch(&key, t->v, t->n, sizeof(*t->v), compare_paths) : NULL;
}

/* ---- copies ---------------------------------------------------------------------------------------------------- */

static void keep_times(const char *path, const struct stat *st)
{
	const struct timespec times[2] = {st->st_atim, st->st_mtim};
	(void)utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
}

static int copy_link(const char *from, const char *to, struct guild_error *err)
{
	char target[PATH_MAX];
	ssize_t n = readlink(from, target, sizeof(target) - 1);
	if (n >= 0) {
		target[n] = '\0';
	}
	return n >= 0 && symlink(target, to) == 0
		       ? 0
		       : guild_error_errno(err, errno, "cannot copy link '%s'", from);
}

static int copy_content(struct walk *w, const char *path, const char *to, const struct stat *st)
{
	const struct guild_tree_copying *c = w->arg;
	struct guild_error why = {0};
	int rc = guild_file_copy(path, to, &why);
	if (rc == GUILD_ENOTFOUND && !guild_file_exists(path)) {
		return 0; /* a run that is running removed it */
	}
	if (rc != 0) {
		if (w->err) {
			*w->err = why;
		}
		return rc;
	}
	keep_times(to, st);
	if (c->on_bytes) {
		c->on_bytes(c->arg, st->st_size);
	}
	return 0;
}

static int copy_one(struct walk *w, const char *rel, const char *path, const struct stat *st)
{
	const struct guild_tree_copying *c = w->arg;
	char *to = *rel ? guild_path_join(c->to, rel) : guild_strdup(c->to);
	int rc = 0;
	if (S_ISDIR(st->st_mode)) {
		/* Writable until it is full. */
		if (mkdir(to, (st->st_mode & 0777) | 0700) != 0) {
			rc = guild_error_errno(w->err, errno, "cannot make '%s'", to);
		}
	} else if (S_ISLNK(st->st_mode)) {
		rc = copy_link(path, to, w->err);
		if (rc == 0) {
			keep_times(to, st);
		}
	} else {
		rc = copy_content(w, path, to, st);
	}
	free(to);
	return rc;
}

static int leave_copy(struct walk *w, const char *rel, const char *path, const struct stat *st)
{
	const struct guild_tree_copying *c = w->arg;
	char *to = *rel ? guild_path_join(c->to, rel) : guild_strdup(c->to);
	int rc = chmod(to, st->st_mode & 07777) == 0
			 ? 0
			 : guild_error_errno(w->err, errno, "cannot set the mode of '%s'", to);
	(void)path;
	keep_times(to, st);
	free(to);
	return rc;
}

int guild_run_tree_copy(const struct guild_tree_copying *c, struct guild_error *err)
{
	struct walk w = {.root = c->from,
		.follow = c->follow,
		.visit = copy_one,
		.leave = leave_copy,
		.arg = (void *)(uintptr_t)c,
		.log = c->log,
		.err = err};
	return walk(&w, "");
}
