/*
 * What runs take on the disk, by kind of file.
 *
 * A file with several names is counted once: within a run, within a group of runs, within all. What only the file system knows to be shared
 * (reflinks, compression) cannot be seen from here.
 */

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store_private.h"

enum { DEPTH_MAX = 200, RUNS_WORTH_A_THREAD = 64, BLOCK_BYTES = 512, INODE_KEY_MAX = 40 };

/* A file that has other names, here or elsewhere. */
struct shared_file {
	dev_t dev;
	ino_t ino;
	int64_t bytes;
	enum guild_disk_kind kind;
	size_t group;
	nlink_t n_names, n_seen; /* all there are; those of this run */
};
struct shared_files {
	struct shared_file *v;
	size_t n, cap;
	struct guild_map by_inode; /* position + 1 */
};

/* A file whose kind only checkpoints can tell. */
struct other_file {
	char *path;
	int64_t bytes;
	size_t shared; /* position + 1 among shared files; 0: it has one name */
};

struct walk {
	const struct guild_map *manifest; /* path -> kind + 1; NULL: no run */
	bool is_apparent;
	struct guild_disk_use *use;
	struct shared_files *shared;
	struct other_file *others;
	size_t n_others, cap_others;
};

static const char *const kind_names[] = {
	[GUILD_DISK_SOURCE] = "source",
	[GUILD_DISK_DEPENDENCIES] = "dependencies",
	[GUILD_DISK_CHECKPOINTS] = "checkpoints",
	[GUILD_DISK_EVENTS] = "events",
	[GUILD_DISK_OUTPUT] = "output",
	[GUILD_DISK_OTHER] = "other",
};

const char *guild_disk_kind_name(enum guild_disk_kind kind)
{
	return kind_names[kind];
}

/* ---- kinds ---------------------------------------------------------------------------------------------- */

/* By its path in the run, else as the directory it is in. */
static enum guild_disk_kind kind_of(const struct walk *w, const char *path, const char *name,
	enum guild_disk_kind of_dir)
{
	const void *said = w->manifest ? guild_map_get(w->manifest, path) : NULL;
	if (said) {
		return (enum guild_disk_kind)((uintptr_t)said - 1);
	}
	if (strstr(name, ".tfevents.") != NULL) {
		return GUILD_DISK_EVENTS;
	}
	if (strcmp(path, ".guild/output") == 0 || strcmp(path, ".guild/output.index") == 0) {
		return GUILD_DISK_OUTPUT;
	}
	return of_dir;
}

static void read_manifest(const struct guild_run *r, struct guild_map *out)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_manifest m = {0};
	(void)guild_manifest_read(r, a, &m, NULL, NULL);
	for (size_t i = 0; i < m.n; i++) {
		enum guild_disk_kind kind =
			m.v[i].kind == 's' ? GUILD_DISK_SOURCE : GUILD_DISK_DEPENDENCIES;
		/* A kind, not a place: 0 is "not there". */
		guild_map_put(out, m.v[i].path, (void *)((uintptr_t)kind + 1));
	}
	guild_arena_free(a);
}

/* ---- one tree --------------------------------------------------------------------------------------------- */

static void add_bytes(struct guild_disk_use *use, enum guild_disk_kind kind, int64_t bytes)
{
	use->bytes[kind] += bytes;
	use->total += bytes;
}

/* Position + 1 of a file with several names; 0 and *is_known when one of them was counted. */
static size_t add_shared(struct walk *w, const struct stat *st, enum guild_disk_kind kind,
	int64_t bytes, bool *is_known)
{
	struct shared_files *s = w->shared;
	char key[INODE_KEY_MAX];
	snprintf(key, sizeof(key), "%llx:%llx", (unsigned long long)st->st_dev,
		(unsigned long long)st->st_ino);
	size_t at = (size_t)(uintptr_t)guild_map_get(&s->by_inode, key);
	if (at > 0) {
		s->v[at - 1].n_seen++;
		*is_known = true;
		return 0;
	}
	s->v = guild_grow_array(s->v, &s->cap, s->n + 1, sizeof(*s->v));
	s->v[s->n++] = (struct shared_file){.dev = st->st_dev,
		.ino = st->st_ino,
		.bytes = bytes,
		.kind = kind,
		.n_names = st->st_nlink,
		.n_seen = 1};
	guild_map_put(&s->by_inode, key, (void *)(uintptr_t)s->n);
	return s->n;
}

static int64_t bytes_of(const struct stat *st, bool is_apparent)
{
	return is_apparent ? (int64_t)st->st_size : (int64_t)st->st_blocks * BLOCK_BYTES;
}

static void add_file(struct walk *w, const struct stat *st, const char *path,
	enum guild_disk_kind kind)
{
	int64_t bytes = bytes_of(st, w->is_apparent);
	bool is_known = false;
	size_t shared = 0;
	if (st->st_nlink > 1 && !S_ISDIR(st->st_mode)) {
		shared = add_shared(w, st, kind, bytes, &is_known);
	}
	if (is_known) {
		return;
	}
	w->use->files += !S_ISDIR(st->st_mode);
	add_bytes(w->use, kind, bytes);
	if (w->manifest && kind == GUILD_DISK_OTHER && S_ISREG(st->st_mode) &&
		!guild_starts(path, ".guild/")) {
		w->others = guild_grow_array(w->others, &w->cap_others, w->n_others + 1,
			sizeof(*w->others));
		w->others[w->n_others++] = (struct other_file){guild_strdup(path), bytes, shared};
	}
}

static void walk_dir(struct walk *w, int parent_fd, const char *name, const char *path,
	enum guild_disk_kind kind, int depth)
{
	int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;
	if (d == NULL) {
		if (fd >= 0) {
			close(fd);
		}
		return;
	}
	while ((e = readdir(d)) != NULL) {
		struct stat st;
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
			fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
			continue;
		}
		char *below =
			path[0] ? guild_format("%s/%s", path, e->d_name) : guild_strdup(e->d_name);
		enum guild_disk_kind of_it = kind_of(w, below, e->d_name, kind);
		add_file(w, &st, below, of_it);
		if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX) {
			walk_dir(w, dirfd(d), e->d_name, below, of_it, depth + 1);
		}
		free(below);
	}
	closedir(d);
}

static void walk_tree(struct walk *w, const char *dir)
{
	struct stat st;
	if (lstat(dir, &st) != 0) {
		return;
	}
	add_file(w, &st, "", GUILD_DISK_OTHER);
	if (S_ISDIR(st.st_mode)) {
		walk_dir(w, AT_FDCWD, dir, "", GUILD_DISK_OTHER, 0);
	}
}

/* What has names outside of this. */
static void add_outside(struct guild_disk_use *use, const struct shared_files *shared)
{
	for (size_t i = 0; i < shared->n; i++) {
		const struct shared_file *s = &shared->v[i];
		use->shared += s->n_seen < s->n_names ? s->bytes : 0;
	}
}

static void measure_tree(const char *path, bool is_apparent, struct guild_disk_use *use,
	struct shared_files *shared)
{
	struct walk w = {.is_apparent = is_apparent, .use = use, .shared = shared};
	*use = (struct guild_disk_use){0};
	walk_tree(&w, path);
	add_outside(use, shared);
}

static void shared_files_fini(struct shared_files *s)
{
	guild_map_fini(&s->by_inode);
	free(s->v);
}

void guild_disk_tree(const char *path, bool is_apparent, struct guild_disk_use *out)
{
	struct shared_files shared = {0};
	measure_tree(path, is_apparent, out, &shared);
	shared_files_fini(&shared);
}

/* ---- one run ------------------------------------------------------------------------------------------------ */

static void find_checkpoints(struct walk *w, const struct guild_run *r)
{
	struct guild_checkpoint *found = NULL;
	size_t n = 0;
	if (w->n_others == 0 || guild_run_checkpoints(r, &found, &n, NULL) != 0) {
		return;
	}
	for (size_t i = 0; n > 0 && i < w->n_others; i++) {
		for (size_t k = 0; k < n; k++) {
			struct other_file *f = &w->others[i];
			if (guild_checkpoint_holds(&found[k], f->path)) {
				w->use->bytes[GUILD_DISK_OTHER] -= f->bytes;
				w->use->bytes[GUILD_DISK_CHECKPOINTS] += f->bytes;
				if (f->shared > 0) {
					w->shared->v[f->shared - 1].kind = GUILD_DISK_CHECKPOINTS;
				}
				break;
			}
		}
	}
	guild_checkpoints_free(found, n);
}

static void measure_run(const struct guild_run *r, bool is_apparent, struct guild_disk_use *use,
	struct shared_files *shared)
{
	struct guild_map manifest = {0};
	struct walk w = {
		.manifest = &manifest, .is_apparent = is_apparent, .use = use, .shared = shared};
	read_manifest(r, &manifest);
	walk_tree(&w, r->dir);
	find_checkpoints(&w, r);
	add_outside(use, shared);
	for (size_t i = 0; i < w.n_others; i++) {
		free(w.others[i].path);
	}
	free(w.others);
	guild_map_fini(&manifest);
}

/* ---- many runs ------------------------------------------------------------------------------------------------ */

struct job {
	const struct guild_disk_request *req;
	struct guild_disk_use *uses;
	struct shared_files *shared; /* of each run */
	size_t n_done;               /* by all threads */
};

static void measure_part(void *arg, unsigned thread, size_t from, size_t to)
{
	struct job *job = arg;
	const struct guild_disk_request *req = job->req;
	for (size_t i = from; i < to; i++) {
		measure_run(&req->runs->v[i], req->is_apparent, &job->uses[i], &job->shared[i]);
		size_t done = __atomic_add_fetch(&job->n_done, 1, __ATOMIC_RELAXED);
		if (thread == 0 && req->on_progress) {
			req->on_progress(req->progress_arg, done, req->runs->n);
		}
	}
}

static int compare_shared(const void *a, const void *b)
{
	const struct shared_file *x = a;
	const struct shared_file *y = b;
	if (x->group != y->group) {
		return x->group < y->group ? -1 : 1;
	}
	if (x->dev != y->dev) {
		return x->dev < y->dev ? -1 : 1;
	}
	return (x->ino > y->ino) - (x->ino < y->ino);
}

static void add_use(struct guild_disk_use *to, const struct guild_disk_use *from)
{
	for (size_t k = 0; k < GUILD_DISK_KINDS; k++) {
		to->bytes[k] += from->bytes[k];
	}
	to->total += from->total;
	to->files += from->files;
	to->runs += from->runs;
}

/* Takes over `from`. */
static void gather(struct shared_files *all, struct shared_files *from, size_t group)
{
	for (size_t i = 0; i < from->n; i++) {
		all->v = guild_grow_array(all->v, &all->cap, all->n + 1, sizeof(*all->v));
		all->v[all->n] = from->v[i];
		all->v[all->n++].group = group;
	}
	shared_files_fini(from);
}

/* Files that several runs of a group have were added with each of them: all but one go. What has further names stays shared. */
static void share(struct shared_file *v, size_t n, struct guild_disk_use *groups)
{
	if (n > 1) {
		qsort(v, n, sizeof(*v), compare_shared);
	}
	for (size_t i = 0; i < n;) {
		struct guild_disk_use *use = &groups[v[i].group];
		nlink_t seen = 0;
		size_t first = i;
		for (; i < n && compare_shared(&v[first], &v[i]) == 0; i++) {
			seen += v[i].n_seen;
			if (i > first) {
				add_bytes(use, v[i].kind, -v[i].bytes);
				use->files--;
			}
		}
		use->shared += seen < v[first].n_names ? v[first].bytes : 0;
	}
}

void guild_disk_measure(const struct guild_disk_request *req, struct guild_disk_use *uses,
	struct guild_disk_use *groups, struct guild_disk_use *total)
{
	size_t n = req->runs->n;
	struct job job = {.req = req, .uses = uses};
	struct shared_files all = {0};
	job.shared = guild_alloc((n ? n : 1) * sizeof(*job.shared));
	memset(uses, 0, n * sizeof(*uses));
	memset(groups, 0, req->n_groups * sizeof(*groups));
	*total = (struct guild_disk_use){0};
	guild_parallel(n, RUNS_WORTH_A_THREAD, measure_part, &job);
	for (size_t i = 0; i < n; i++) {
		uses[i].runs = 1;
		add_use(&groups[req->group[i]], &uses[i]);
		add_use(total, &uses[i]);
		gather(&all, &job.shared[i], req->group[i]);
	}
	share(all.v, all.n, groups);
	for (size_t i = 0; i < all.n; i++) {
		all.v[i].group = 0;
	}
	share(all.v, all.n, total);
	free(all.v);
	free(job.shared);
}

void guild_disk_parts(const char *dir, const char *const *names, size_t n, bool is_apparent,
	struct guild_disk_use *uses, struct guild_disk_use *total)
{
	struct shared_files all = {0};
	struct guild_strs entries = {0};
	struct stat st;
	memset(uses, 0, n * sizeof(*uses));
	*total = (struct guild_disk_use){0};
	if (lstat(dir, &st) == 0) {
		add_bytes(total, GUILD_DISK_OTHER, bytes_of(&st, is_apparent));
	}
	(void)guild_dir_list(dir, &entries, NULL);
	for (size_t i = 0; i < entries.n; i++) {
		struct guild_disk_use use;
		struct shared_files shared = {0};
		char *path = guild_path_join(dir, entries.v[i]);
		measure_tree(path, is_apparent, &use, &shared);
		add_use(total, &use);
		gather(&all, &shared, 0);
		for (size_t k = 0; k < n; k++) {
			uses[k] = strcmp(names[k], entries.v[i]) == 0 ? use : uses[k];
		}
		free(path);
	}
	share(all.v, all.n, total);
	guild_strs_fini(&entries);
	free(all.v);
}
