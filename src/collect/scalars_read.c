/* Summaries of every event file under a run (scalars.md 3). */
#include "collect_private.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xxhash.h>

enum { DEPTH_MAX = 200 };

struct entry {
	struct guild_scalar_summary summary;
	size_t n_tag; /* bytes of its tag */
};

/* The summaries of one directory, found by tag. */
struct table {
	struct entry *v;
	size_t n, cap;
	uint32_t *slots; /* position + 1 */
	size_t n_slots;
	size_t last; /* files repeat a tag, or cycle through a few */
};

/* A directory on the way down, to notice links that lead back up. */
struct level {
	const struct level *parent;
	dev_t dev;
	ino_t ino;
	int depth;
};

struct walk {
	struct guild_arena *arena;
	const struct guild_log *log;
	struct guild_scalar_summary *v; /* of all directories */
	size_t n, cap;
};

struct dir_walk {
	guild_event_dir_fn *fn;
	void *arg;
	guild_scalars_seen_fn *seen; /* or NULL */
	void *seen_arg;
};

static void tell(const struct dir_walk *w, char kind, const char *dir, const char *name)
{
	if (w->seen != NULL) {
		char *path = dir[0] != '\0' ? guild_path_join(dir, name) : guild_strdup(name);
		w->seen(w->seen_arg, kind, path);
		free(path);
	}
}

static bool is_tag(const struct entry *e, struct guild_str tag)
{
	return e->n_tag == tag.n && memcmp(e->summary.tag, tag.p, tag.n) == 0;
}

/* A tag that is no text could not be named by anybody. */
static bool is_text(struct guild_str tag)
{
	return memchr(tag.p, 0, tag.n) == NULL && guild_utf8_valid(tag.p, tag.n);
}

static void grow_slots(struct table *t)
{
	t->n_slots = t->n_slots ? t->n_slots * 2 : 64;
	free(t->slots);
	t->slots = guild_alloc(t->n_slots * sizeof(*t->slots));
	for (size_t i = 0; i < t->n; i++) {
		size_t at = XXH3_64bits(t->v[i].summary.tag, t->v[i].n_tag) & (t->n_slots - 1);
		while (t->slots[at] != 0) {
			at = (at + 1) & (t->n_slots - 1);
		}
		t->slots[at] = (uint32_t)i + 1;
	}
}

/* The summary of a tag, made empty (count 0) when it is new; NULL for a tag that is no text. */
static struct guild_scalar_summary *find_or_add(struct walk *w, struct table *t,
	struct guild_str tag)
{
	const size_t likely[] = {t->last, t->last + 1, 0};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(likely); i++) {
		if (likely[i] < t->n && is_tag(&t->v[likely[i]], tag)) {
			t->last = likely[i];
			return &t->v[t->last].summary;
		}
	}
	if (2 * t->n >= t->n_slots) {
		grow_slots(t);
	}
	size_t at = XXH3_64bits(tag.p, tag.n) & (t->n_slots - 1);
	for (; t->slots[at] != 0; at = (at + 1) & (t->n_slots - 1)) {
		size_t i = t->slots[at] - 1;
		if (is_tag(&t->v[i], tag)) {
			t->last = i;
			return &t->v[i].summary;
		}
	}
	if (!is_text(tag)) {
		return NULL;
	}
	t->v = guild_grow_array(t->v, &t->cap, t->n + 1, sizeof(*t->v));
	t->slots[at] = (uint32_t)t->n + 1;
	t->last = t->n;
	t->v[t->n] = (struct entry){
		.summary.tag = guild_arena_strndup(w->arena, tag.p, tag.n), .n_tag = tag.n};
	return &t->v[t->n++].summary;
}

static void add_value(struct guild_scalar_summary *s, double v, int64_t step)
{
	if (s->count == 0) {
		s->first = s->last = s->min = s->max = v;
		s->first_step = s->last_step = s->min_step = s->max_step = step;
	}
	if (step < s->first_step) {
		s->first = v;
		s->first_step = step;
	}
	if (step >= s->last_step) {
		s->last = v;
		s->last_step = step;
	}
	if (v < s->min) {
		s->min = v;
		s->min_step = step;
	}
	if (v > s->max) {
		s->max = v;
		s->max_step = step;
	}
	s->total += v;
	s->count++;
}

struct file_reader {
	struct walk *walk;
	struct table *table;
};

static int on_scalar(void *arg, const struct guild_event_scalar *s)
{
	const struct file_reader *r = arg;
	struct guild_scalar_summary *summary = find_or_add(r->walk, r->table, s->tag);
	if (summary != NULL) {
		add_value(summary, s->value, s->step);
	}
	return 0;
}

void guild_event_dir_read(const char *dir, const struct guild_strs *files, guild_event_fn *fn,
	void *arg, const struct guild_log *log)
{
	for (size_t i = 0; i < files->n; i++) {
		struct guild_error err = {0};
		enum guild_event_end end;
		char *path = guild_path_join(dir, files->v[i]);
		if (guild_event_file_read(path, fn, arg, &end, &err) != 0) {
			guild_log(log, "warning", "%s", err.text);
		} else if (end == GUILD_EVENT_END_CORRUPT) {
			guild_log(log, "warning", "event file '%s' is damaged, its rest is ignored",
				path);
		}
		free(path);
	}
}

static void read_files(void *arg, const char *dir, const char *prefix,
	const struct guild_strs *files)
{
	struct walk *w = arg;
	struct table t = {0};
	struct file_reader reader = {w, &t};
	guild_event_dir_read(dir, files, on_scalar, &reader, w->log);
	const char *kept = t.n > 0 ? guild_arena_strdup(w->arena, prefix) : NULL;
	w->v = guild_grow_array(w->v, &w->cap, w->n + t.n, sizeof(*w->v));
	for (size_t i = 0; i < t.n; i++) {
		t.v[i].summary.prefix = kept;
		w->v[w->n++] = t.v[i].summary;
	}
	free(t.v);
	free(t.slots);
}

/* The kind of an entry, asked of the file system only where the directory does not say. */
static unsigned char entry_type(int dir_fd, const struct dirent *e)
{
	struct stat st;
	if (e->d_type != DT_UNKNOWN) {
		return e->d_type;
	}
	if (fstatat(dir_fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
		return DT_UNKNOWN;
	}
	return S_ISDIR(st.st_mode) ? DT_DIR : S_ISLNK(st.st_mode) ? DT_LNK : DT_REG;
}

/* Event files and directories to visit of one directory. A linked directory is visited only when it is a run. */
static bool list_dir(const struct dir_walk *w, const char *dir, const char *prefix,
	struct guild_strs *files, struct guild_strs *dirs)
{
	DIR *d = opendir(dir);
	if (d == NULL) {
		return false;
	}
	bool has_events = false;
	struct dirent *e;
	while ((e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) {
			continue;
		}
		unsigned char type = entry_type(dirfd(d), e);
		bool is_dir = type == DT_DIR;
		if (type == DT_LNK) {
			char *path = guild_path_join(dir, e->d_name);
			is_dir = guild_is_dir(path);
			if (is_dir && guild_run_is_run(path)) {
				guild_strs_add(dirs, e->d_name);
			} else {
				tell(w, 'l', prefix, e->d_name);
			}
			free(path);
		} else if (is_dir) {
			guild_strs_add(dirs, e->d_name);
		}
		if (!is_dir && strstr(e->d_name, "tfevents") != NULL) {
			guild_strs_add(files, e->d_name);
			has_events |= strstr(e->d_name, ".tfevents.") != NULL;
		}
	}
	closedir(d);
	return has_events;
}

static bool is_seen(const struct level *level, dev_t dev, ino_t ino)
{
	for (; level; level = level->parent) {
		if (level->dev == dev && level->ino == ino) {
			return true;
		}
	}
	return false;
}

static void walk_dir(const struct dir_walk *w, const char *dir, const char *prefix,
	const struct level *parent)
{
	struct stat st;
	int depth = parent ? parent->depth + 1 : 0;
	if (depth > DEPTH_MAX || stat(dir, &st) != 0 || is_seen(parent, st.st_dev, st.st_ino)) {
		return;
	}
	struct level level = {parent, st.st_dev, st.st_ino, depth};
	struct guild_strs files = {0};
	struct guild_strs dirs = {0};
	tell(w, 'd', "", prefix[0] != '\0' ? prefix : ".");
	if (list_dir(w, dir, prefix, &files, &dirs)) {
		guild_strs_sort(&files);
		for (size_t i = 0; i < files.n; i++) {
			tell(w, 'f', prefix, files.v[i]);
		}
		w->fn(w->arg, dir, prefix, &files);
	}
	for (size_t i = 0; i < dirs.n; i++) {
		char *path = guild_path_join(dir, dirs.v[i]);
		char *below =
			prefix[0] ? guild_path_join(prefix, dirs.v[i]) : guild_strdup(dirs.v[i]);
		walk_dir(w, path, below, &level);
		free(path);
		free(below);
	}
	guild_strs_fini(&files);
	guild_strs_fini(&dirs);
}

void guild_event_dirs_walk(const char *run_dir, guild_event_dir_fn *fn, void *arg)
{
	struct dir_walk w = {.fn = fn, .arg = arg};
	walk_dir(&w, run_dir, "", NULL);
}

static int compare(const void *a, const void *b)
{
	const struct guild_scalar_summary *x = a;
	const struct guild_scalar_summary *y = b;
	int order = strcmp(x->prefix, y->prefix);
	return order != 0 ? order : strcmp(x->tag, y->tag);
}

int guild_scalars_read(const struct guild_run *r, struct guild_arena *a, struct guild_scalars *out,
	const struct guild_log *log, struct guild_error *err)
{
	return guild_scalars_read_watched(r, a, out, NULL, NULL, log, err);
}

int guild_scalars_read_watched(const struct guild_run *r, struct guild_arena *a,
	struct guild_scalars *out, guild_scalars_seen_fn *seen, void *arg,
	const struct guild_log *log, struct guild_error *err)
{
	if (!guild_is_dir(r->dir)) {
		return guild_error_set(err, GUILD_ENOTFOUND, "run directory '%s' does not exist",
			r->dir);
	}
	struct walk w = {.arena = a, .log = log};
	const struct dir_walk dirs = {read_files, &w, seen, arg};
	walk_dir(&dirs, r->dir, "", NULL);
	out->n = w.n;
	out->v = guild_arena_alloc(a, (w.n + 1) * sizeof(*out->v));
	if (w.n > 0) {
		qsort(w.v, w.n, sizeof(*w.v), compare);
		memcpy(out->v, w.v, w.n * sizeof(*w.v));
	}
	free(w.v);
	return 0;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* SQL's `text LIKE prefix || '%'`, as the reference asks its index: any case, '%' and '_' wild. */
static bool is_like(const char *text, struct guild_str prefix)
{
	if (prefix.n == 0) {
		return true;
	}
	struct guild_str rest = {prefix.p + 1, prefix.n - 1};
	if (*prefix.p == '%') {
		for (; !is_like(text, rest); text++) {
			if (*text == 0) {
				return false;
			}
		}
		return true;
	}
	return *text && (*prefix.p == '_' || lower(*prefix.p) == lower(*text)) &&
	       is_like(text + 1, rest);
}

const struct guild_scalar_summary *guild_scalars_find(const struct guild_scalars *s,
	const char *key)
{
	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(s->v[i].tag, key) == 0) {
			return &s->v[i];
		}
	}
	const char *hash = strchr(key, '#');
	if (hash == NULL) {
		return NULL;
	}
	struct guild_str prefix = {key, (size_t)(hash - key)};
	const struct guild_scalar_summary *alike = NULL;
	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(s->v[i].tag, hash + 1) != 0) {
			continue;
		}
		if (guild_str_eqz(prefix, s->v[i].prefix)) {
			return &s->v[i];
		}
		if (alike == NULL && is_like(s->v[i].prefix, prefix)) {
			alike = &s->v[i];
		}
	}
	return alike;
}

void guild_scalar_key(const struct guild_scalar_summary *s, struct guild_buf *out)
{
	if (s->prefix[0] && strcmp(s->prefix, ".guild") != 0) {
		guild_buf_puts(out, s->prefix);
		guild_buf_putc(out, '#');
	}
	guild_buf_puts(out, s->tag);
}

bool guild_scalar_is_system(const struct guild_scalar_summary *s)
{
	return guild_starts(s->tag, "sys/");
}
