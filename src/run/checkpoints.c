/* Checkpoints of the common frameworks, found by name and, where a name is not enough, by the first bytes. */

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkpoints.h"
#include "run_private.h"

enum { DEPTH_MAX = 32, ENTRIES_MAX = 200000, HEAD_BYTES = 256 << 10 };

struct walk {
	struct guild_checkpoint *v;
	size_t n, cap;
	size_t n_entries;
};

/* One directory being looked at. */
struct folder {
	const char *path;     /* on disk */
	const char *relative; /* to the run, "" for the run itself */
	struct guild_strs names;
	size_t depth;
};

static int64_t mtime_us(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000000 + st->st_mtim.tv_nsec / 1000;
}

static char *join_relative(const char *relative, const char *name)
{
	return relative[0] == '\0' ? guild_strdup(name) : guild_path_join(relative, name);
}

static struct guild_checkpoint *add(struct walk *w, const char *relative, const char *name,
	const char *framework)
{
	w->v = guild_grow_array(w->v, &w->cap, w->n + 1, sizeof(*w->v));
	struct guild_checkpoint *c = &w->v[w->n++];
	*c = (struct guild_checkpoint){
		.path = join_relative(relative, name),
		.framework = framework,
		.step = guild_checkpoint_step(name),
	};
	return c;
}

static void add_file_figures(struct guild_checkpoint *c, const char *path)
{
	struct stat st;
	if (stat(path, &st) != 0) {
		return;
	}
	c->size_bytes += (int64_t)st.st_size;
	int64_t changed = mtime_us(&st);
	if (changed > c->mtime_us) {
		c->mtime_us = changed;
	}
}

static void add_tree_figures(struct walk *w, struct guild_checkpoint *c, const char *dir,
	size_t depth)
{
	struct guild_strs names = {0};
	if (depth <= DEPTH_MAX && guild_dir_list(dir, &names, NULL) == 0) {
		for (size_t i = 0; i < names.n && w->n_entries < ENTRIES_MAX; i++) {
			w->n_entries++;
			char *path = guild_path_join(dir, names.v[i]);
			struct stat st;
			if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
				add_tree_figures(w, c, path, depth + 1);
			} else {
				add_file_figures(c, path);
			}
			free(path);
		}
	}
	guild_strs_fini(&names);
}

/* ---- directories that are one checkpoint ----------------------------------------------------- */

static bool has(const struct folder *f, const char *name)
{
	return guild_strs_has(&f->names, name);
}

static bool is_hugging_face(const struct folder *f, const char *name)
{
	static const char *const parts[] = {"trainer_state.json", "model.safetensors",
		"model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json",
		"adapter_model.safetensors", "adapter_model.bin", "tf_model.h5",
		"flax_model.msgpack"};
	static const char prefix[] = "checkpoint-";
	size_t n = strlen(prefix);
	if (!guild_starts(name, prefix) || name[n] == '\0' ||
		strspn(name + n, "0123456789") != strlen(name + n)) {
		return false;
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(parts); i++) {
		if (has(f, parts[i])) {
			return true;
		}
	}
	return false;
}

/* The framework of a directory that is a checkpoint as a whole, or NULL. */
static const char *folder_framework(const struct folder *f, const char *name)
{
	if (has(f, "saved_model.pb") || has(f, "saved_model.pbtxt")) {
		return "tensorflow";
	}
	if (has(f, "_CHECKPOINT_METADATA") || has(f, "_METADATA") || has(f, "ocdbt.process_0")) {
		return strstr(name, ".orbax-checkpoint-tmp") == NULL ? "orbax" : NULL;
	}
	if (is_hugging_face(f, name)) {
		return "huggingface";
	}
	return NULL;
}

/* ---- files ------------------------------------------------------------------------------------ */

static size_t read_head(const char *path, char *head, size_t max)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		return 0;
	}
	size_t n = 0;
	while (n < max) {
		ssize_t got = read(fd, head + n, max - n);
		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got <= 0) {
			break;
		}
		n += (size_t)got;
	}
	close(fd);
	return n;
}

/* "model-00002-of-00003.safetensors": true for any but the first part, which stands for all. */
static bool split_shard(const char *name, struct guild_str *stem, int64_t *number,
	const char **tail)
{
	const char *of = strstr(name, "-of-");
	if (of == NULL) {
		return false;
	}
	const char *start = of;
	while (start > name && isdigit((unsigned char)start[-1])) {
		start--;
	}
	const char *end = of + 4;
	while (isdigit((unsigned char)*end)) {
		end++;
	}
	if (start == of || end == of + 4 || !guild_parse_i64(start, (size_t)(of - start), number)) {
		return false;
	}
	*stem = guild_str_n(name, (size_t)(start - name));
	*tail = of;
	return true;
}

static void add_shards(const struct folder *f, struct guild_checkpoint *c, const char *name)
{
	struct guild_str stem;
	const char *tail;
	int64_t number;
	if (!split_shard(name, &stem, &number, &tail)) {
		return;
	}
	for (size_t i = 0; i < f->names.n; i++) {
		struct guild_str other_stem;
		const char *other_tail;
		int64_t other;
		if (strcmp(f->names.v[i], name) != 0 &&
			split_shard(f->names.v[i], &other_stem, &other, &other_tail) &&
			guild_str_eq(stem, other_stem) && strcmp(tail, other_tail) == 0) {
			char *path = guild_path_join(f->path, f->names.v[i]);
			add_file_figures(c, path);
			free(path);
		}
	}
}

static bool is_later_shard(const char *name)
{
	struct guild_str stem;
	const char *tail;
	int64_t number;
	return split_shard(name, &stem, &number, &tail) && number > 1;
}

/* TensorFlow keeps PREFIX.index beside PREFIX.data-00000-of-00001; what one loads is PREFIX. */
static bool add_tensorflow(struct walk *w, const struct folder *f, const char *name)
{
	if (!guild_ends(name, ".index")) {
		return false;
	}
	char *prefix = guild_strndup(name, strlen(name) - strlen(".index"));
	char *data = guild_format("%s.data-", prefix);
	struct guild_checkpoint *c = NULL;
	for (size_t i = 0; i < f->names.n; i++) {
		if (!guild_starts(f->names.v[i], data)) {
			continue;
		}
		if (c == NULL) {
			c = add(w, f->relative, prefix, "tensorflow");
			char *index = guild_path_join(f->path, name);
			add_file_figures(c, index);
			free(index);
		}
		char *path = guild_path_join(f->path, f->names.v[i]);
		add_file_figures(c, path);
		free(path);
	}
	free(data);
	free(prefix);
	return c != NULL;
}

static void look_at_file(struct walk *w, const struct folder *f, const char *name, char *head)
{
	if (add_tensorflow(w, f, name) || !guild_checkpoint_is_candidate(name) ||
		is_later_shard(name)) {
		return;
	}
	char *path = guild_path_join(f->path, name);
	if (guild_is_file(path)) {
		size_t n = read_head(path, head, HEAD_BYTES);
		const char *framework = guild_checkpoint_framework(name, head, n);
		if (framework != NULL) {
			struct guild_checkpoint *c = add(w, f->relative, name, framework);
			add_file_figures(c, path);
			add_shards(f, c, name);
		}
	}
	free(path);
}

static void look_at_folder(struct walk *w, const char *path, const char *relative, size_t depth,
	char *head)
{
	struct folder f = {.path = path, .relative = relative, .depth = depth};
	if (guild_dir_list(path, &f.names, NULL) != 0) {
		goto out;
	}
	const char *framework =
		depth > 0 ? folder_framework(&f, guild_path_basename(relative)) : NULL;
	if (framework != NULL) {
		char *parent = guild_path_dirname(relative);
		struct guild_checkpoint *c =
			add(w, parent, guild_path_basename(relative), framework);
		add_tree_figures(w, c, path, depth);
		free(parent);
		goto out;
	}
	for (size_t i = 0; i < f.names.n && w->n_entries < ENTRIES_MAX; i++) {
		const char *name = f.names.v[i];
		w->n_entries++;
		if (strcmp(name, ".guild") == 0) {
			continue;
		}
		char *child = guild_path_join(path, name);
		struct stat st;
		/* Links to directories lead to other runs and to data, not to what this run made. */
		if (lstat(child, &st) != 0) {
			free(child);
			continue;
		}
		if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX) {
			char *child_relative = join_relative(relative, name);
			look_at_folder(w, child, child_relative, depth + 1, head);
			free(child_relative);
		} else if (!S_ISDIR(st.st_mode)) {
			look_at_file(w, &f, name, head);
		}
		free(child);
	}
out:
	guild_strs_fini(&f.names);
}

/* ---- the files of one ------------------------------------------------------------------------ */

static bool is_other_shard(const char *first, const char *path)
{
	struct guild_str stem, other_stem;
	const char *tail, *other_tail;
	int64_t number, other;
	const char *slash = strrchr(first, '/');
	size_t n_dir = slash ? (size_t)(slash + 1 - first) : 0;
	return strncmp(first, path, n_dir) == 0 && strchr(path + n_dir, '/') == NULL &&
	       split_shard(first + n_dir, &stem, &number, &tail) &&
	       split_shard(path + n_dir, &other_stem, &other, &other_tail) &&
	       guild_str_eq(stem, other_stem) && strcmp(tail, other_tail) == 0;
}

bool guild_checkpoint_holds(const struct guild_checkpoint *c, const char *path)
{
	size_t n = strlen(c->path);
	if (strncmp(path, c->path, n) != 0) {
		return is_other_shard(c->path, path);
	}
	const char *rest = path + n;
	bool is_part = strcmp(c->framework, "tensorflow") == 0 &&
		       (strcmp(rest, ".index") == 0 || guild_starts(rest, ".data-"));
	return *rest == '\0' || *rest == '/' || is_part || is_other_shard(c->path, path);
}

int guild_run_checkpoint_remove(const struct guild_run *r, const struct guild_checkpoint *c,
	struct guild_error *err)
{
	char *path = guild_path_join(r->dir, c->path);
	char *folder = guild_path_dirname(c->path);
	char *dir = guild_path_join(r->dir, folder);
	struct guild_strs names = {0};
	struct stat st;
	int rc = 0;
	if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		rc = guild_rmtree(path, err);
	} else {
		rc = guild_dir_list(dir, &names, err);
	}
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		char *below = join_relative(folder, names.v[i]);
		char *full = guild_path_join(r->dir, below);
		if (guild_checkpoint_holds(c, below) && lstat(full, &st) == 0 &&
			!S_ISDIR(st.st_mode)) {
			rc = guild_file_remove(full, err);
		}
		free(full);
		free(below);
	}
	guild_strs_fini(&names);
	free(dir);
	free(folder);
	free(path);
	return rc;
}

static int compare(const void *a, const void *b)
{
	const struct guild_checkpoint *x = a;
	const struct guild_checkpoint *y = b;
	return guild_natural_cmp(x->path, y->path);
}

int guild_run_checkpoints(const struct guild_run *r, struct guild_checkpoint **out, size_t *n,
	struct guild_error *err)
{
	if (!guild_is_dir(r->dir)) {
		return guild_error_set(err, GUILD_ENOTFOUND, "'%s' does not exist", r->dir);
	}
	struct walk w = {0};
	char *head = guild_alloc(HEAD_BYTES);
	look_at_folder(&w, r->dir, "", 0, head);
	free(head);
	if (w.n > 1) {
		qsort(w.v, w.n, sizeof(*w.v), compare);
	}
	*out = w.v;
	*n = w.n;
	return 0;
}

void guild_checkpoints_free(struct guild_checkpoint *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(v[i].path);
	}
	free(v);
}
