/* Whether two copies of a run are the same, in directories or in an archive. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tree.h"

enum { CHUNK = 128 << 10 };

bool guild_file_has_same_content(const char *a, const char *b)
{
	struct stat sa;
	struct stat sb;
	int fa = open(a, O_RDONLY | O_CLOEXEC);
	int fb = open(b, O_RDONLY | O_CLOEXEC);
	bool is_same = fa >= 0 && fb >= 0 && fstat(fa, &sa) == 0 && fstat(fb, &sb) == 0 &&
		       S_ISREG(sa.st_mode) && S_ISREG(sb.st_mode) && sa.st_size == sb.st_size;
	char *left = is_same ? guild_realloc(NULL, CHUNK) : NULL;
	char *right = is_same ? guild_realloc(NULL, CHUNK) : NULL;
	for (off_t at = 0; is_same && at < sa.st_size;) {
		ssize_t n = pread(fa, left, CHUNK, at);
		is_same = n > 0 && pread(fb, right, (size_t)n, at) == n &&
			  memcmp(left, right, (size_t)n) == 0;
		at += n;
	}
	if (fa >= 0) {
		close(fa);
	}
	if (fb >= 0) {
		close(fb);
	}
	free(left);
	free(right);
	return is_same;
}

static bool leads_to(const char *path, const char *target)
{
	char text[PATH_MAX];
	ssize_t n = readlink(path, text, sizeof(text) - 1);
	return n >= 0 && (size_t)n == strlen(target) && memcmp(text, target, (size_t)n) == 0;
}

static bool has_same_target(const char *a, const char *b)
{
	char text[PATH_MAX];
	ssize_t n = readlink(a, text, sizeof(text) - 1);
	if (n < 0) {
		return false;
	}
	text[n] = '\0';
	return leads_to(b, text);
}

static bool is_same_file(const struct guild_tree *a, const struct guild_tree *b, size_t i,
	bool quick)
{
	const struct guild_tree_file *x = &a->v[i];
	const struct guild_tree_file *y = &b->v[i];
	if (x->type == 'd') {
		return true;
	}
	if (x->type == 'f' && x->size != y->size) {
		return false;
	}
	if (quick && x->type == 'f' && x->mtime.tv_sec == y->mtime.tv_sec &&
		x->mtime.tv_nsec == y->mtime.tv_nsec) {
		return true;
	}
	char *left = guild_path_join(a->dir, x->path);
	char *right = guild_path_join(b->dir, y->path);
	bool is_same = x->type == 'f' ? guild_file_has_same_content(left, right)
				      : has_same_target(left, right);
	free(left);
	free(right);
	return is_same;
}

int guild_tree_compare(const char *a, const char *b, bool follow, bool quick, char **why,
	struct guild_error *err)
{
	struct guild_tree left = {0};
	struct guild_tree right = {0};
	const char *differing = NULL;
	int rc = guild_tree_list(a, follow, &left, err);
	rc = rc ? rc : guild_tree_list(b, follow, &right, err);
	for (size_t i = 0; rc == 0 && !differing && (i < left.n || i < right.n); i++) {
		const char *x = i < left.n ? left.v[i].path : NULL;
		const char *y = i < right.n ? right.v[i].path : NULL;
		if (!x || !y) {
			differing = x ? x : y;
		} else if (strcmp(x, y) != 0) {
			differing = strcmp(x, y) < 0 ? x : y;
		} else if (left.v[i].type != right.v[i].type ||
			   !is_same_file(&left, &right, i, quick)) {
			differing = x;
		}
	}
	if (rc == 0 && why && differing) {
		*why = guild_strdup(differing);
	}
	rc = rc == 0 ? differing == NULL : rc;
	guild_tree_fini(&left);
	guild_tree_fini(&right);
	return rc;
}

/* ---- archives --------------------------------------------------------------------------------------------------- */

struct comparing {
	struct guild_map by_id;
	struct guild_archived_run *run; /* of the member */
	struct guild_tree_file *file;
	int fd;
	char *chunk;
	bool links_copied;
};

static void differ(struct guild_archived_run *r, const char *path)
{
	if (r->is_same) {
		r->is_same = false;
		r->why = guild_strdup(path);
	}
}

/* Zip files of Guild AI 0.9.0 have no links: the content is there, or an empty directory. */
static bool is_link_written_as(const char *path, char type)
{
	return type == 'f' ? guild_is_file(path) : type == 'd' && guild_is_dir(path);
}

/* Another name of a member that came before: that one was compared. */
static bool is_same_as_other(const struct comparing *c, const char *full, const char *other)
{
	const char *rest = other ? strchr(other, '/') : NULL;
	char *id = rest ? guild_strndup(other, (size_t)(rest - other)) : NULL;
	const struct guild_archived_run *r = id ? guild_map_get(&c->by_id, id) : NULL;
	char *path = r && r->is_there && r->is_same ? guild_path_join(r->tree.dir, rest + 1) : NULL;
	bool is_same = path && guild_file_has_same_content(full, path);
	free(path);
	free(id);
	return is_same;
}

/* --copy-resources has put in the place of a link what it led to. */
static bool is_copy_of_target(struct guild_archived_run *r, struct guild_tree_file *f,
	const char *full, const char *link)
{
	struct stat st;
	char *dir = guild_path_dirname(full);
	char *target = guild_path_join(dir, link);
	bool is_same =
		lstat(full, &st) == 0 &&
		(S_ISDIR(st.st_mode)
				? guild_is_dir(target) && guild_tree_compare(full, target, true,
								  false, NULL, NULL) > 0
				: S_ISREG(st.st_mode) && guild_file_has_same_content(full, target));
	size_t n = strlen(f->path);
	for (struct guild_tree_file *below = f + 1;
		is_same && below < r->tree.v + r->tree.n && strncmp(below->path, f->path, n) == 0;
		below++) {
		below->is_matched = below->is_matched || below->path[n] == '/';
	}
	free(target);
	free(dir);
	return is_same;
}

/* 1: its content is wanted, 0: it has been judged. */
static int judge(struct comparing *c, const struct guild_archive_member *m, const char *path)
{
	struct guild_archived_run *r = c->run;
	struct guild_tree_file *f = guild_tree_find(&r->tree, path);
	if (!f) {
		differ(r, path);
		return 0;
	}
	char *full = guild_path_join(r->tree.dir, path);
	bool is_file = m->type == 'f' &&
		       (f->type == 'f' || (f->type == 'l' && is_link_written_as(full, 'f')));
	bool is_same = is_file || (m->type == 'd' && f->type == 'd') ||
		       (m->type == 'd' && f->type == 'l' && is_link_written_as(full, 'd')) ||
		       (m->type == 'l' && f->type == 'l' && m->link && leads_to(full, m->link)) ||
		       (m->type == 'l' && c->links_copied && m->link &&
			       is_copy_of_target(r, f, full, m->link)) ||
		       (m->type == 'h' && f->type == 'f' && is_same_as_other(c, full, m->link));
	f->is_matched = true;
	int rc = 0;
	if (!is_same || (is_file && f->type == 'f' && m->size >= 0 && m->size != f->size)) {
		differ(r, path);
	} else if (is_file) {
		c->fd = open(full, O_RDONLY | O_CLOEXEC);
		c->file = f;
		rc = c->fd >= 0;
		if (!rc) {
			differ(r, path);
		}
	}
	free(full);
	return rc;
}

static int on_member(void *arg, const struct guild_archive_member *m, struct guild_error *err)
{
	struct comparing *c = arg;
	const char *rest = strchr(m->name, '/');
	(void)err;
	char *id = rest ? guild_strndup(m->name, (size_t)(rest - m->name)) : guild_strdup(m->name);
	c->run = guild_map_get(&c->by_id, id);
	free(id);
	if (!c->run || (rest && guild_tree_is_volatile(rest + 1))) {
		return 0;
	}
	if (!c->run->is_there) {
		c->run->is_there = c->run->is_same = true;
	}
	return rest && c->run->is_same ? judge(c, m, rest + 1) : 0;
}

static int on_data(void *arg, const void *p, size_t n, struct guild_error *err)
{
	struct comparing *c = arg;
	(void)err;
	for (size_t at = 0; c->run->is_same && at < n;) {
		size_t want = n - at < CHUNK ? n - at : CHUNK;
		ssize_t got = read(c->fd, c->chunk, want);
		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got <= 0 || memcmp(c->chunk, (const char *)p + at, (size_t)got) != 0) {
			differ(c->run, c->file->path);
			break;
		}
		at += (size_t)got;
	}
	return 0;
}

static int on_end(void *arg, struct guild_error *err)
{
	struct comparing *c = arg;
	char more;
	(void)err;
	if (c->fd >= 0) {
		if (read(c->fd, &more, 1) != 0) {
			differ(c->run, c->file->path);
		}
		close(c->fd);
		c->fd = -1;
	}
	return 0;
}

/* What the archive does not have; directories go without saying where something is in them. */
static void judge_rest(struct guild_archived_run *r)
{
	for (size_t i = 0; r->is_there && r->is_same && i < r->tree.n; i++) {
		const struct guild_tree_file *f = &r->tree.v[i];
		size_t len = strlen(f->path);
		bool has_more = f->type == 'd' && i + 1 < r->tree.n &&
				strncmp(r->tree.v[i + 1].path, f->path, len) == 0;
		if (!f->is_matched && !has_more) {
			differ(r, f->path);
		}
	}
}

int guild_archive_compare(const char *path, bool follow, bool links_copied,
	struct guild_archived_run *runs, size_t n, guild_archive_progress_fn *on_progress,
	void *arg, struct guild_error *err)
{
	struct comparing c = {
		.fd = -1, .chunk = guild_realloc(NULL, CHUNK), .links_copied = links_copied};
	struct guild_archive_scan_request req = {.path = path,
		.max_bytes = INT64_MAX, /* nothing of it is kept */
		.on_member = on_member,
		.on_data = on_data,
		.on_end = on_end,
		.arg = &c,
		.on_progress = on_progress,
		.progress_arg = arg};
	int rc = guild_archive_kind(path, NULL, &req.kind, err);
	for (size_t i = 0; i < n && rc == 0; i++) {
		runs[i].is_there = runs[i].is_same = false;
		runs[i].why = NULL;
		rc = guild_tree_list(runs[i].dir, follow, &runs[i].tree, err);
		guild_map_put(&c.by_id, runs[i].id, &runs[i]);
	}
	rc = rc ? rc : guild_archive_scan(&req, err);
	for (size_t i = 0; i < n; i++) {
		judge_rest(&runs[i]);
		guild_tree_fini(&runs[i].tree);
	}
	if (c.fd >= 0) {
		close(c.fd);
	}
	guild_map_fini(&c.by_id);
	free(c.chunk);
	return rc;
}
