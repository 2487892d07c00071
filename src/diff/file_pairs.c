/* Files of two sets that differ. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guild/diff.h"

enum { BLOCK = 1 << 16, RENAME_PAIRS_MAX = 100000 };

char guild_file_status_letter(enum guild_file_status s)
{
	return "ADMR"[s];
}

const char *guild_file_status_name(enum guild_file_status s)
{
	static const char *const names[] = {"added", "removed", "changed", "renamed"};

	return names[s];
}

const char *guild_file_kind_name(enum guild_file_kind k)
{
	static const char *const names[] = {"text", "binary", "image", "notebook", "link", "large"};

	return names[k];
}

void guild_file_diffs_fini(struct guild_file_diffs *d)
{
	for (size_t i = 0; i < d->n; i++) {
		guild_file_diff_close(&d->v[i]);
	}
	free(d->v);
	*d = (struct guild_file_diffs){0};
}

/* ---- sides ------------------------------------------------------------------------------------------------- */

/* A link to a file is that file; any other link is what it points to. */
static struct guild_file_side make_side(struct guild_arena *a, const char *path)
{
	struct guild_file_side side = {.path = path};
	struct stat st, target;

	if (!path || lstat(path, &st) != 0) {
		return side;
	}
	bool is_link = S_ISLNK(st.st_mode);

	if (is_link && stat(path, &target) == 0 && S_ISREG(target.st_mode)) {
		st = target;
		is_link = false;
	}
	side.mode = st.st_mode;
	side.size = st.st_size;
	if (is_link) {
		char text[4096];
		ssize_t n = readlink(path, text, sizeof(text));

		n = n < 0 ? 0 : n;
		side.text = guild_str_n(guild_arena_strndup(a, text, (size_t)n), (size_t)n);
		side.size = n;
	}
	return side;
}

static ssize_t read_block(int fd, char *p)
{
	size_t got = 0;

	while (got < BLOCK) {
		ssize_t n = read(fd, p + got, BLOCK - got);

		if (n < 0 && errno != EINTR) {
			return -1;
		}
		if (n == 0) {
			break;
		}
		got += n > 0 ? (size_t)n : 0;
	}
	return (ssize_t)got;
}

/* 1: the bytes are the same, 0: not, -1: one of the files cannot be read. */
static int same_bytes(const char *x, const char *y, const struct guild_log *log)
{
	int fds[2] = {open(x, O_RDONLY | O_CLOEXEC), open(y, O_RDONLY | O_CLOEXEC)};
	char *blocks = guild_alloc((size_t)2 * BLOCK);
	ssize_t n = 1, m = 1;

	if (fds[0] < 0 || fds[1] < 0) {
		guild_log(log, "warning", "cannot read '%s': %s", fds[0] < 0 ? x : y,
			strerror(errno));
		n = -1;
	}
	while (n > 0) {
		n = read_block(fds[0], blocks);
		m = read_block(fds[1], blocks + BLOCK);
		if (n != m || (n > 0 && memcmp(blocks, blocks + BLOCK, (size_t)n) != 0)) {
			break;
		}
	}
	for (int i = 0; i < 2; i++) {
		if (fds[i] >= 0) {
			close(fds[i]);
		}
	}
	free(blocks);
	return n < 0 || m < 0 ? -1 : n == 0 && m == 0;
}

static bool is_same_inode(const char *x, const char *y)
{
	struct stat a, b;

	return stat(x, &a) == 0 && stat(y, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static bool same_content(const struct guild_file_side *a, const struct guild_file_side *b,
	const struct guild_log *log)
{
	if (S_ISLNK(a->mode) || S_ISLNK(b->mode)) {
		return S_ISLNK(a->mode) == S_ISLNK(b->mode) && guild_str_eq(a->text, b->text);
	}
	return a->size == b->size &&
	       (is_same_inode(a->path, b->path) || same_bytes(a->path, b->path, log) == 1);
}

/* git knows files that can be executed, and files that cannot. */
static bool same_mode(const struct guild_file_side *a, const struct guild_file_side *b)
{
	return (a->mode & S_IXUSR) == (b->mode & S_IXUSR);
}

/* ---- pairs -------------------------------------------------------------------------------------------------- */

static struct guild_file_diff *add(struct guild_file_diffs *out, enum guild_file_status status,
	const char *name, struct guild_file_side old, struct guild_file_side new)
{
	out->v = guild_grow_array(out->v, &out->cap, out->n + 1, sizeof(*out->v));
	out->v[out->n] = (struct guild_file_diff){
		.name = name, .old_name = name, .status = status, .old = old, .new_ = new};
	return &out->v[out->n++];
}

static bool is_rename(const struct guild_file_diff *from, const struct guild_file_diff *to)
{
	return from->status == GUILD_FILE_REMOVED && from->old.size > 0 &&
	       from->old.size == to->new_.size && same_content(&from->old, &to->new_, NULL);
}

static void find_renames(struct guild_file_diffs *d, const struct guild_log *log)
{
	size_t *gone = guild_alloc((d->n + 1) * sizeof(*gone));
	size_t kept = 0, n_added = 0, n_gone = 0;

	for (size_t i = 0; i < d->n; i++) {
		n_added += d->v[i].status == GUILD_FILE_ADDED;
		if (d->v[i].status == GUILD_FILE_REMOVED) {
			gone[n_gone++] = i;
		}
	}
	if (n_added > 0 && n_gone > RENAME_PAIRS_MAX / n_added) {
		guild_log(log, "note",
			"%zu files are new and %zu are gone: too many to see which were renamed",
			n_added, n_gone);
		n_gone = 0;
	}
	for (size_t i = 0; i < d->n; i++) {
		struct guild_file_diff *to = &d->v[i];

		for (size_t j = 0; j < n_gone && to->status == GUILD_FILE_ADDED; j++) {
			struct guild_file_diff *from = &d->v[gone[j]];

			if (is_rename(from, to)) {
				to->status = GUILD_FILE_RENAMED;
				to->old = from->old;
				to->old_name = from->name;
				from->old_name = NULL; /* taken */
				from->status = GUILD_FILE_RENAMED;
			}
		}
	}
	free(gone);
	for (size_t i = 0; i < d->n; i++) {
		if (d->v[i].old_name) {
			d->v[kept++] = d->v[i];
		}
	}
	d->n = kept;
}

void guild_file_sets_diff(struct guild_arena *a, const struct guild_file_set *old,
	const struct guild_file_set *new_, struct guild_file_diffs *out,
	const struct guild_log *log)
{
	size_t i = 0, j = 0;

	while (i < old->n || j < new_->n) {
		int order = i == old->n    ? 1
			    : j == new_->n ? -1
					   : strcmp(old->v[i].name, new_->v[j].name);
		const struct guild_file_set_entry *x = order <= 0 ? &old->v[i++] : NULL;
		const struct guild_file_set_entry *y = order >= 0 ? &new_->v[j++] : NULL;
		struct guild_file_side from = make_side(a, x ? x->path : NULL);
		struct guild_file_side to = make_side(a, y ? y->path : NULL);

		/* A file that is named but gone is not there. */
		if (!from.mode && !to.mode) {
			continue;
		}
		if (!from.mode) {
			add(out, GUILD_FILE_ADDED, y->name, (struct guild_file_side){0}, to);
		} else if (!to.mode) {
			add(out, GUILD_FILE_REMOVED, x->name, from, (struct guild_file_side){0});
		} else if (!same_content(&from, &to, log) || !same_mode(&from, &to)) {
			add(out, GUILD_FILE_CHANGED, x->name, from, to);
		}
	}
	find_renames(out, log);
}
