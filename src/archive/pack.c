/* What goes into an archive: trees of files, and members of another archive. */

#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "beneath.h"
#include "stream.h"

enum { CHUNK = 256 << 10, MAX_DEPTH = 128 };

struct packing {
	struct guild_archive_writer *w;
	const struct guild_archive_tree *tree;
	char *chunk;
	struct {
		dev_t dev;
		ino_t ino;
	} above[MAX_DEPTH];
	size_t depth;
	struct guild_error *err;
};

static void describe(struct packing *p, const char *name, const struct stat *st, int64_t size)
{
	const struct guild_libarchive_writing *lib = &p->w->lib;
	lib->entry_free(p->w->entry);
	p->w->entry = lib->entry_new();
	guild_assert(p->w->entry);
	lib->set_pathname(p->w->entry, name);
	lib->set_mode(p->w->entry, st->st_mode & (S_IFMT | 0777));
	lib->set_size(p->w->entry, size);
	lib->set_mtime(p->w->entry, st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
}

static int told(const struct packing *p, int64_t n)
{
	return p->tree->on_written && p->tree->on_written(p->tree->written_arg, n) != 0
		       ? guild_error_set(p->err, GUILD_ECANCELLED, "cancelled")
		       : 0;
}

static int pack_content(struct packing *p, int fd, int64_t size, const char *path, const char *name)
{
	while (size > 0) {
		ssize_t n = read(fd, p->chunk, size < CHUNK ? (size_t)size : CHUNK);
		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			return guild_error_errno(p->err, errno, "cannot read '%s'", path);
		}
		if (n == 0) {
			return guild_error_set(p->err, GUILD_EBUSY,
				"'%s' became shorter while it was read", path);
		}
		int rc = guild_archive_put(p->w, p->chunk, (size_t)n, name, p->err);
		rc = rc ? rc : told(p, n);
		if (rc != 0) {
			return rc;
		}
		size -= n;
	}
	return 0;
}

static int pack_file(struct packing *p, const char *path, const char *name)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) != 0) {
		int rc = errno == ENOENT
				 ? 0 /* a run that is running removed it */
				 : guild_error_errno(p->err, errno, "cannot read '%s'", path);
		if (fd >= 0) {
			close(fd);
		}
		return rc;
	}
	describe(p, name, &st, st.st_size);
	int rc = guild_archive_begin(p->w, p->w->entry, name, p->err);
	rc = rc ? rc : pack_content(p, fd, st.st_size, path, name);
	rc = rc ? rc : guild_archive_end(p->w, name, p->err);
	close(fd);
	return rc;
}

static int pack_link(struct packing *p, const char *path, const char *name, const struct stat *st)
{
	char target[PATH_MAX];
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	if (n < 0) {
		return guild_error_errno(p->err, errno, "cannot read link '%s'", path);
	}
	target[n] = '\0';
	describe(p, name, st, 0);
	p->w->lib.set_symlink(p->w->entry, target);
	int rc = guild_archive_begin(p->w, p->w->entry, name, p->err);
	return rc ? rc : guild_archive_end(p->w, name, p->err);
}

static bool is_above(const struct packing *p, const struct stat *st)
{
	for (size_t i = 0; i < p->depth; i++) {
		if (p->above[i].dev == st->st_dev && p->above[i].ino == st->st_ino) {
			return true;
		}
	}
	return false;
}

static int pack(struct packing *p, const char *rel);

static int pack_dir(struct packing *p, const char *rel, const char *path, const char *name,
	const struct stat *st)
{
	struct guild_strs names = {0};
	char *slashed = guild_format("%s/", name);
	if (p->depth == MAX_DEPTH) {
		free(slashed);
		return guild_error_set(p->err, GUILD_ELIMIT,
			"'%s' is more than %d directories deep", path, MAX_DEPTH);
	}
	p->above[p->depth].dev = st->st_dev;
	p->above[p->depth++].ino = st->st_ino;
	describe(p, slashed, st, 0);
	int rc = guild_archive_begin(p->w, p->w->entry, name, p->err);
	rc = rc ? rc : guild_archive_end(p->w, name, p->err);
	rc = rc ? rc : guild_dir_list(path, &names, p->err);
	for (size_t i = 0; i < names.n && rc == 0; i++) {
		char *below = *rel ? guild_path_join(rel, names.v[i]) : guild_strdup(names.v[i]);
		rc = pack(p, below);
		free(below);
	}
	p->depth--;
	guild_strs_fini(&names);
	free(slashed);
	return rc;
}

/* What a link leads to, when that is what is wanted and can be written. */
static void look_through(const struct packing *p, const char *path, struct stat *st)
{
	struct stat through;
	if (!S_ISLNK(st->st_mode) || !p->tree->follow_links) {
		return;
	}
	if (stat(path, &through) == 0 && !is_above(p, &through)) {
		*st = through;
	} else {
		guild_log(p->tree->log, "warning", "link '%s' stays a link: it leads %s", path,
			errno == ENOENT ? "nowhere" : "in a circle");
	}
}

static int pack(struct packing *p, const char *rel)
{
	struct stat st;
	if (*rel && p->tree->leaves_out && p->tree->leaves_out(p->tree->arg, rel)) {
		return 0;
	}
	char *path = *rel ? guild_path_join(p->tree->dir, rel) : guild_strdup(p->tree->dir);
	char *name = *rel ? guild_path_join(p->tree->prefix, rel) : guild_strdup(p->tree->prefix);
	int rc = 0;
	errno = 0;
	if (lstat(path, &st) != 0) {
		/* A run that is running removes files of its own. */
		rc = errno == ENOENT && *rel
			     ? 0
			     : guild_error_errno(p->err, errno, "cannot read '%s'", path);
	} else {
		look_through(p, path, &st);
		if (S_ISLNK(st.st_mode)) {
			rc = pack_link(p, path, name, &st);
		} else if (S_ISDIR(st.st_mode)) {
			rc = pack_dir(p, rel, path, name, &st);
		} else if (S_ISREG(st.st_mode)) {
			rc = pack_file(p, path, name);
		} else {
			guild_log(p->tree->log, "warning",
				"'%s' is left out: it is a pipe, socket or device", path);
		}
	}
	free(name);
	free(path);
	return rc;
}

int guild_archive_add_tree(struct guild_archive_writer *w, const struct guild_archive_tree *tree,
	struct guild_error *err)
{
	struct packing p = {.w = w, .tree = tree, .err = err, .chunk = guild_realloc(NULL, CHUNK)};
	int rc = pack(&p, "");
	free(p.chunk);
	return rc;
}

/* ---- members of another archive ----------------------------------------------------------------------------- */

struct taking {
	struct guild_archive_writer *w;
	struct guild_archive_stream s;
	guild_archive_written_fn *on_written;
	void *written_arg;
	struct guild_error *err;
};

static int take_content(struct taking *t, const char *name)
{
	int64_t end = 0;
	static const char zeros[4096];
	for (;;) {
		const void *p = NULL;
		size_t n = 0;
		int64_t offset = 0;
		int rc = guild_archive_stream_block(&t->s, &p, &n, &offset, t->err);
		if (rc <= 0) {
			return rc;
		}
		while (end < offset && rc > 0) { /* the hole of a sparse file */
			size_t hole = offset - end < (int64_t)sizeof(zeros) ? (size_t)(offset - end)
									    : sizeof(zeros);
			rc = guild_archive_put(t->w, zeros, hole, name, t->err) ? -1 : 1;
			end += (int64_t)hole;
		}
		if (rc < 0 || guild_archive_put(t->w, p, n, name, t->err) != 0) {
			return t->err ? t->err->code : GUILD_EIO;
		}
		end = offset + (int64_t)n;
		if (t->on_written && t->on_written(t->written_arg, (int64_t)n) != 0) {
			return guild_error_set(t->err, GUILD_ECANCELLED, "cancelled");
		}
	}
}

static int take_members(struct taking *t, bool (*wants)(void *arg, const char *name), void *arg)
{
	int rc;
	while ((rc = guild_archive_stream_next(&t->s, t->err)) > 0) {
		const char *written = guild_archive_stream_written_name(&t->s);
		char *name = written ? guild_member_name(written) : NULL;
		rc = 0;
		if (!name) {
			rc = guild_error_set(t->err, GUILD_EINVALID,
				"'%s' in archive '%s' leads out of its directory",
				written ? written : "", t->s.name);
		} else if (*name && (!wants || wants(arg, name))) {
			rc = guild_archive_begin(t->w, t->s.entry, name, t->err);
			rc = rc ? rc : take_content(t, name);
			rc = rc ? rc : guild_archive_end(t->w, name, t->err);
		}
		free(name);
		if (rc != 0) {
			return rc;
		}
	}
	return rc;
}

int guild_archive_add_members(struct guild_archive_writer *w, const char *path,
	enum guild_archive_kind kind, bool (*wants)(void *arg, const char *name), void *arg,
	guild_archive_written_fn *on_written, void *written_arg, struct guild_error *err)
{
	struct guild_error own = {0};
	struct taking t = {.w = w,
		.on_written = on_written,
		.written_arg = written_arg,
		.err = err ? err : &own};
	int rc = guild_archive_stream_open(&t.s, path, kind, t.err);
	rc = rc ? rc : take_members(&t, wants, arg);
	guild_archive_stream_close(&t.s);
	return rc;
}
