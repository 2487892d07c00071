/*
 * Equal files of runs in the trash, kept once: hard links. Nothing runs there. A run gets copies of its own back before it leaves the
 * trash, and before it is started: .guild/links lists what is linked, with the times that the files had.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gc.h"

enum {
	SMALLEST_BYTES = 4096, /* of less, a link saves nothing */
	DEPTH_MAX = 200,
	CHUNK_BYTES = 1 << 16,
	LIST_MAX_BYTES = 64 << 20,
};
#define LINKS_FILE "links"

struct twin {
	char *path;
	char *run_dir;
	struct stat st;
	char hash[65];
};
struct twins {
	struct twin *v;
	size_t n, cap;
};

/* ---- finding them -------------------------------------------------------------------------------------------- */

static void gather(struct twins *t, const char *run_dir, const char *dir, int depth)
{
	struct guild_strs names = {0};
	(void)guild_dir_list(dir, &names, NULL);
	for (size_t i = 0; i < names.n; i++) {
		char *path = guild_path_join(dir, names.v[i]);
		struct stat st;
		bool is_there = lstat(path, &st) == 0 && strchr(path, '\n') == NULL;
		if (is_there && S_ISDIR(st.st_mode) && depth < DEPTH_MAX) {
			gather(t, run_dir, path, depth + 1);
		} else if (is_there && S_ISREG(st.st_mode) && st.st_size >= SMALLEST_BYTES) {
			t->v = guild_grow_array(t->v, &t->cap, t->n + 1, sizeof(*t->v));
			t->v[t->n++] = (struct twin){.path = guild_strdup(path),
				.run_dir = guild_strdup(run_dir),
				.st = st};
		}
		free(path);
	}
	guild_strs_fini(&names);
}

/* What links must have in common besides the content. */
static int compare_kind(const struct twin *x, const struct twin *y)
{
	const uint64_t a[] = {
		(uint64_t)x->st.st_size, x->st.st_mode, x->st.st_uid, x->st.st_gid, x->st.st_dev};
	const uint64_t b[] = {
		(uint64_t)y->st.st_size, y->st.st_mode, y->st.st_uid, y->st.st_gid, y->st.st_dev};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(a); i++) {
		if (a[i] != b[i]) {
			return a[i] < b[i] ? -1 : 1;
		}
	}
	return 0;
}

static int by_kind(const void *a, const void *b)
{
	const struct twin *x = a;
	const struct twin *y = b;
	int order = compare_kind(x, y);
	return order ? order : strcmp(x->path, y->path);
}

static int by_hash(const void *a, const void *b)
{
	const struct twin *x = a;
	const struct twin *y = b;
	int order = strcmp(x->hash, y->hash);
	return order ? order : strcmp(x->path, y->path);
}

/* Files of one kind: equal ones become items. */
static void compare_contents(struct twin *v, size_t n, struct guild_gc_plan *out)
{
	for (size_t i = 0; i < n; i++) {
		if (guild_digest_file(GUILD_SHA256, v[i].path, v[i].hash, NULL) != 0) {
			v[i].hash[0] = '\0';
		}
	}
	qsort(v, n, sizeof(*v), by_hash);
	for (size_t i = 0; i < n;) {
		size_t first = i;
		for (i++; i < n && strcmp(v[first].hash, v[i].hash) == 0; i++) {
			if (v[i].hash[0] == '\0' || v[i].st.st_ino == v[first].st.st_ino) {
				continue;
			}
			struct guild_gc_item *item =
				guild_gc_add(out, GUILD_GC_DUPLICATE, guild_strdup(v[i].path),
					guild_format("is equal to %s", v[first].path));
			item->run_dir = guild_strdup(v[i].run_dir);
			item->same_as = guild_strdup(v[first].path);
			/* A file that has further names keeps its bytes. */
			item->bytes = v[i].st.st_nlink == 1 ? (int64_t)v[i].st.st_blocks * 512 : 0;
		}
	}
}

void guild_gc_find_duplicates(const struct guild_gc_request *req, struct guild_gc_plan *out)
{
	char *trash = guild_home_runs_dir(req->home, true);
	struct guild_strs names = {0};
	struct twins t = {0};
	(void)guild_dir_list(trash, &names, NULL);
	for (size_t i = 0; i < names.n; i++) {
		char *dir = guild_path_join(trash, names.v[i]);
		struct guild_run r = {0};
		if (guild_run_open(dir, &r, NULL) == 0 &&
			guild_run_status(&r, NULL) != GUILD_RUN_RUNNING) {
			gather(&t, dir, dir, 0);
		}
		guild_run_fini(&r);
		free(dir);
	}
	if (t.n > 1) {
		qsort(t.v, t.n, sizeof(*t.v), by_kind);
	}
	for (size_t i = 0; i < t.n;) {
		size_t first = i;
		while (i < t.n && compare_kind(&t.v[first], &t.v[i]) == 0) {
			i++;
		}
		if (i - first > 1) {
			compare_contents(t.v + first, i - first, out);
		}
	}
	for (size_t i = 0; i < t.n; i++) {
		free(t.v[i].path);
		free(t.v[i].run_dir);
	}
	free(t.v);
	guild_strs_fini(&names);
	free(trash);
}

/* ---- linking --------------------------------------------------------------------------------------------------- */

static bool are_equal(const char *a, const char *b)
{
	FILE *f = fopen(a, "rbe");
	FILE *g = fopen(b, "rbe");
	bool are = f && g;
	char x[CHUNK_BYTES];
	char y[CHUNK_BYTES];
	while (are) {
		size_t n = fread(x, 1, sizeof(x), f);
		are = fread(y, 1, sizeof(y), g) == n && memcmp(x, y, n) == 0;
		if (n < sizeof(x)) {
			are = are && !ferror(f) && !ferror(g);
			break;
		}
	}
	if (f) {
		fclose(f);
	}
	if (g) {
		fclose(g);
	}
	return are;
}

/* The run a file of the trash is of: TRASH/ID. */
static char *run_of(const struct guild_home *home, const char *path)
{
	char *trash = guild_home_runs_dir(home, true);
	size_t n = strlen(trash);
	char *dir = NULL;
	if (strncmp(path, trash, n) == 0 && path[n] == '/') {
		dir = guild_strndup(path, n + 1 + strcspn(path + n + 1, "/"));
	}
	free(trash);
	return dir;
}

/* Adds a line "NANOSECONDS PATH" before the file gets its link, so that a cut leaves one line too many at worst. */
static int list_file(const char *run_dir, const char *path, const struct stat *st,
	struct guild_error *err)
{
	char *file = guild_path_join3(run_dir, ".guild", LINKS_FILE);
	struct guild_buf text = {0};
	int rc = guild_file_read(file, LIST_MAX_BYTES, &text, err);
	if (rc == GUILD_ENOTFOUND) {
		rc = 0;
	}
	if (rc == 0) {
		int64_t ns = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
		guild_buf_printf(&text, "%lld %s\n", (long long)ns, path + strlen(run_dir) + 1);
		rc = guild_file_write(file, text.p, text.n, false, err);
	}
	guild_buf_fini(&text);
	free(file);
	return rc;
}

static int put_link(const char *from, const char *path, struct guild_error *err)
{
	char *dir = guild_path_dirname(path);
	char *tmp = guild_format("%s/.tmp-link-%s", dir, guild_path_basename(path));
	int rc = 0;
	(void)unlink(tmp);
	if (link(from, tmp) != 0 || rename(tmp, path) != 0) {
		rc = guild_error_errno(err, errno, "cannot link '%s'", path);
		(void)unlink(tmp);
	}
	free(tmp);
	free(dir);
	return rc;
}

int guild_gc_link_duplicate(const struct guild_home *home, const struct guild_gc_item *item,
	struct guild_error *err)
{
	struct stat a = {0};
	struct stat b = {0};
	char *of_other = run_of(home, item->same_as);
	int rc = 0;
	if (!of_other || lstat(item->path, &a) != 0 || lstat(item->same_as, &b) != 0 ||
		!S_ISREG(a.st_mode) || !S_ISREG(b.st_mode) || a.st_mode != b.st_mode ||
		!are_equal(item->path, item->same_as)) {
		rc = guild_error_set(err, GUILD_EEXISTS, "'%s' changed since", item->path);
	}
	rc = rc ? rc : list_file(of_other, item->same_as, &b, err);
	rc = rc ? rc : list_file(item->run_dir, item->path, &a, err);
	rc = rc ? rc : put_link(item->same_as, item->path, err);
	free(of_other);
	return rc;
}

/* ---- taking it back ----------------------------------------------------------------------------------------------- */

/* A copy with the time the file had; the other names keep the old content, whatever is written from now on. */
static int copy_back(const char *path, int64_t ns, struct guild_error *err)
{
	char *dir = guild_path_dirname(path);
	char *tmp = guild_format("%s/.tmp-copy-%s", dir, guild_path_basename(path));
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
		{.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)}};
	(void)unlink(tmp);
	int rc = guild_file_copy(path, tmp, err);
	if (rc == 0 && (utimensat(AT_FDCWD, tmp, times, 0) != 0 || rename(tmp, path) != 0)) {
		rc = guild_error_errno(err, errno, "cannot replace '%s'", path);
	}
	if (rc != 0) {
		(void)unlink(tmp);
	}
	free(tmp);
	free(dir);
	return rc;
}

static int unshare_line(const char *run_dir, struct guild_str line, struct guild_error *err)
{
	const char *blank = memchr(line.p, ' ', line.n);
	int64_t ns;
	struct stat st;
	int rc = 0;
	if (!blank || !guild_parse_i64(line.p, (size_t)(blank - line.p), &ns)) {
		return 0;
	}
	char *rel = guild_strndup(blank + 1, line.n - (size_t)(blank + 1 - line.p));
	char *path = guild_path_join(run_dir, rel);
	if (guild_path_is_beneath(rel) && lstat(path, &st) == 0 && S_ISREG(st.st_mode) &&
		st.st_nlink > 1) {
		rc = copy_back(path, ns, err);
	}
	free(path);
	free(rel);
	return rc;
}

int guild_store_unshare(const char *run_dir, struct guild_error *err)
{
	char *file = guild_path_join3(run_dir, ".guild", LINKS_FILE);
	struct guild_buf text = {0};
	int rc = guild_file_read(file, LIST_MAX_BYTES, &text, err);
	for (size_t at = 0; rc == 0 && at < text.n;) {
		const char *end = memchr(text.p + at, '\n', text.n - at);
		size_t n = end ? (size_t)(end - text.p) - at : text.n - at;
		rc = unshare_line(run_dir, guild_str_n(text.p + at, n), err);
		at += n + 1;
	}
	rc = rc == GUILD_ENOTFOUND ? 0 : rc ? rc : guild_file_remove(file, err);
	guild_buf_fini(&text);
	free(file);
	return rc;
}
