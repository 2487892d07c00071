/* Housekeeping: what could go, and letting it go. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gc.h"

enum { DEPTH_MAX = 200 };

static const char *const kind_names[] = {
	[GUILD_GC_CACHE] = "cache",
	[GUILD_GC_TRASH] = "trash",
	[GUILD_GC_LEFTOVER] = "leftover",
	[GUILD_GC_LINK] = "link",
	[GUILD_GC_BATCH] = "batch",
	[GUILD_GC_CHECKPOINT] = "checkpoint",
	[GUILD_GC_DUPLICATE] = "duplicate",
};

const char *guild_gc_kind_name(enum guild_gc_kind kind)
{
	return kind_names[kind];
}

/* ---- items --------------------------------------------------------------------------------------------------- */

struct guild_gc_item *guild_gc_add(struct guild_gc_plan *p, enum guild_gc_kind kind,
	char *take_path, char *take_why)
{
	p->v = guild_grow_array(p->v, &p->cap, p->n + 1, sizeof(*p->v));
	struct guild_gc_item *item = &p->v[p->n++];
	*item = (struct guild_gc_item){.kind = kind, .path = take_path, .why = take_why};
	if (kind != GUILD_GC_CHECKPOINT && kind != GUILD_GC_DUPLICATE) {
		struct guild_disk_use use;
		guild_disk_tree(item->path, false, &use);
		item->bytes = use.total;
	}
	return item;
}

void guild_gc_plan_fini(struct guild_gc_plan *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->v[i].path);
		free(p->v[i].why);
		free(p->v[i].run_dir);
		free(p->v[i].same_as);
	}
	free(p->v);
	*p = (struct guild_gc_plan){0};
}

/* ---- times --------------------------------------------------------------------------------------------------- */

static int64_t later(const struct timespec *a, int64_t us)
{
	int64_t t = (int64_t)a->tv_sec * 1000000 + a->tv_nsec / 1000;
	return t > us ? t : us;
}

static int64_t last_use(const char *path, bool or_read, int depth)
{
	struct stat st;
	struct guild_strs names = {0};
	if (lstat(path, &st) != 0) {
		return 0;
	}
	int64_t us = later(&st.st_mtim, 0);
	if (!S_ISDIR(st.st_mode)) {
		/* Looking into a directory counts as reading it: only files tell. */
		return or_read ? later(&st.st_atim, us) : us;
	}
	if (depth < DEPTH_MAX && guild_dir_list(path, &names, NULL) == 0) {
		for (size_t i = 0; i < names.n; i++) {
			char *below = guild_path_join(path, names.v[i]);
			int64_t t = last_use(below, or_read, depth + 1);
			us = t > us ? t : us;
			free(below);
		}
	}
	guild_strs_fini(&names);
	return us;
}

int64_t guild_gc_last_use_us(const char *path, bool or_read)
{
	return last_use(path, or_read, 0);
}

char *guild_gc_age_text(int64_t us)
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
	int64_t seconds = us > 0 ? us / 1000000 : 0;
	size_t i = 0;
	while (i + 1 < GUILD_ARRAY_LEN(units) && seconds < units[i].seconds) {
		i++;
	}
	int64_t n = seconds / units[i].seconds;
	return guild_format("%lld %s%s", (long long)n, units[i].name, n == 1 ? "" : "s");
}

/* ---- where links lead ------------------------------------------------------------------------------------------ */

static void read_links(const char *dir, struct guild_gc_links *out, int depth)
{
	struct guild_strs names = {0};
	(void)guild_dir_list(dir, &names, NULL);
	for (size_t i = 0; i < names.n; i++) {
		char *path = guild_path_join(dir, names.v[i]);
		struct stat st;
		if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode)) {
			guild_strs_take(&out->targets, guild_path_real(path));
		} else if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX) {
			read_links(path, out, depth + 1);
		}
		free(path);
	}
	guild_strs_fini(&names);
}

void guild_gc_links_read(const struct guild_gc_request *req, struct guild_gc_links *out)
{
	char *dirs[] = {
		guild_home_runs_dir(req->home, false), guild_home_runs_dir(req->home, true)};
	struct guild_strs names[2] = {{0}, {0}};
	size_t done = 0;
	(void)guild_dir_list(dirs[0], &names[0], NULL);
	(void)guild_dir_list(dirs[1], &names[1], NULL);
	for (size_t d = 0; d < 2; d++) {
		for (size_t i = 0; i < names[d].n; i++) {
			char *path = guild_path_join(dirs[d], names[d].v[i]);
			read_links(path, out, 0);
			free(path);
			done++;
			if (req->on_progress) {
				req->on_progress(req->progress_arg, done, names[0].n + names[1].n);
			}
		}
		guild_strs_fini(&names[d]);
		free(dirs[d]);
	}
	guild_strs_sort(&out->targets);
}

void guild_gc_links_fini(struct guild_gc_links *links)
{
	guild_strs_fini(&links->targets);
}

size_t guild_gc_links_from(const struct guild_gc_links *links, const char *text)
{
	size_t low = 0;
	size_t high = links->targets.n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(links->targets.v[middle], text) < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

bool guild_gc_links_lead_to(const struct guild_gc_links *links, const char *path)
{
	char *real = guild_path_real(path);
	char *below = guild_format("%s/", real);
	size_t same = guild_gc_links_from(links, real);
	size_t first = guild_gc_links_from(links, below);
	const struct guild_strs *t = &links->targets;
	bool leads = (same < t->n && strcmp(t->v[same], real) == 0) ||
		     (first < t->n && guild_starts(t->v[first], below));
	free(below);
	free(real);
	return leads;
}

/* ---- the plan -------------------------------------------------------------------------------------------------- */

static bool wants(const struct guild_gc_request *req, enum guild_gc_kind kind)
{
	return (req->kinds & 1U << kind) != 0;
}

int guild_gc_plan_make(const struct guild_gc_request *req, struct guild_gc_plan *out,
	struct guild_error *err)
{
	struct guild_gc_links links = {0};
	*out = (struct guild_gc_plan){0};
	if (wants(req, GUILD_GC_CHECKPOINT) && req->n_keep == 0) {
		return guild_error_set(err, GUILD_EINVALID,
			"no rule says which checkpoints to keep");
	}
	if (wants(req, GUILD_GC_CACHE) || wants(req, GUILD_GC_CHECKPOINT)) {
		guild_gc_links_read(req, &links);
	}
	if (wants(req, GUILD_GC_CACHE)) {
		guild_gc_find_cache(req, &links, out);
	}
	if (wants(req, GUILD_GC_TRASH)) {
		guild_gc_find_trash(req, out);
	}
	if (wants(req, GUILD_GC_LEFTOVER)) {
		guild_gc_find_leftovers(req, out);
	}
	if (wants(req, GUILD_GC_BATCH)) {
		guild_gc_find_batches(req, out);
	}
	if (wants(req, GUILD_GC_CHECKPOINT)) {
		guild_gc_find_checkpoints(req, &links, out);
	}
	if (wants(req, GUILD_GC_DUPLICATE)) {
		guild_gc_find_duplicates(req, out);
	}
	guild_gc_links_fini(&links);
	return 0;
}

/* ---- doing it ---------------------------------------------------------------------------------------------------- */

static int check_is_over(const char *run_dir, struct guild_error *err)
{
	struct guild_run r = {0};
	int rc = guild_run_open(run_dir, &r, err);
	if (rc == 0 && guild_run_status(&r, NULL) == GUILD_RUN_RUNNING) {
		rc = guild_error_set(err, GUILD_EBUSY, "run %.8s is running by now", r.id);
	}
	guild_run_fini(&r);
	return rc;
}

static int to_trash(const struct guild_home *home, const char *run_dir, const struct guild_log *log,
	struct guild_error *err)
{
	struct guild_run r = {0};
	int rc = guild_run_open(run_dir, &r, err);
	rc = rc ? rc : guild_store_delete(home, &r, false, log, err);
	guild_run_fini(&r);
	return rc;
}

/* Whoever makes or takes apart a directory here keeps it locked meanwhile (staging.c). */
static bool is_held(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	bool is = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
	if (fd >= 0) {
		close(fd);
	}
	return is;
}

/* What a reader could meet half removed gets another name first. */
static int remove_tree(const char *path, struct guild_error *err)
{
	if (is_held(path)) {
		return guild_error_set(err, GUILD_EBUSY, "'%s' is in use", path);
	}
	char *dir = guild_path_dirname(path);
	char *doomed = guild_format("%s/.deleting-%s", dir, guild_path_basename(path));
	bool is_moved = guild_path_basename(path)[0] != '.' && rename(path, doomed) == 0;
	int rc = guild_rmtree(is_moved ? doomed : path, err);
	free(doomed);
	free(dir);
	return rc;
}

int guild_gc_do(const struct guild_home *home, const struct guild_gc_item *item,
	const struct guild_log *log, struct guild_error *err)
{
	int rc = item->run_dir ? check_is_over(item->run_dir, err) : 0;
	if (rc != 0) {
		return rc;
	}
	switch (item->kind) {
	case GUILD_GC_BATCH:
		return to_trash(home, item->run_dir, log, err);
	case GUILD_GC_CHECKPOINT:
		return guild_gc_remove_checkpoint(item, err);
	case GUILD_GC_DUPLICATE:
		return guild_gc_link_duplicate(home, item, err);
	case GUILD_GC_LINK:
		/* A trial that is back by now has its link back, too. */
		return guild_file_exists(item->path) ? 0 : guild_file_remove(item->path, err);
	default:
		return remove_tree(item->path, err);
	}
}
