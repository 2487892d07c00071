/* Files to compare, by name. */

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "guild/diff.h"

enum { DEPTH_MAX = 200 };

void guild_file_set_fini(struct guild_file_set *s)
{
	free(s->v);
	*s = (struct guild_file_set){0};
}

void guild_file_set_add(struct guild_arena *a, struct guild_file_set *s, const char *name,
	const char *path)
{
	s->v = guild_grow_array(s->v, &s->cap, s->n + 1, sizeof(*s->v));
	s->v[s->n++] = (struct guild_file_set_entry){
		.name = guild_arena_strdup(a, name), .path = guild_arena_strdup(a, path)};
}

static int by_name(const void *x, const void *y)
{
	const struct guild_file_set_entry *a = x, *b = y;

	return strcmp(a->name, b->name);
}

void guild_file_set_sort(struct guild_file_set *s)
{
	size_t kept = 0;

	if (s->n > 1) {
		qsort(s->v, s->n, sizeof(*s->v), by_name);
	}
	for (size_t i = 0; i < s->n; i++) {
		if (kept == 0 || strcmp(s->v[kept - 1].name, s->v[i].name) != 0) {
			s->v[kept++] = s->v[i];
		}
	}
	s->n = kept;
}

/* ---- below a directory ----------------------------------------------------------------------------------- */

struct walk {
	struct guild_arena *a;
	struct guild_file_set *out;
	struct guild_error *err;
};

static int walk(const struct walk *w, const char *path, const char *name, int depth)
{
	struct guild_strs names = {0};
	struct stat st;
	int rc = 0;

	if (lstat(path, &st) != 0) {
		return 0;
	}
	if (!S_ISDIR(st.st_mode)) {
		if (S_ISREG(st.st_mode) || S_ISLNK(st.st_mode)) {
			guild_file_set_add(w->a, w->out, name, path);
		}
		return 0;
	}
	if (depth > DEPTH_MAX) {
		return guild_error_set(w->err, GUILD_EINVALID,
			"directories are nested more than %d deep (%s)", DEPTH_MAX, path);
	}
	rc = guild_dir_list(path, &names, w->err);
	for (size_t i = 0; i < names.n && rc == 0; i++) {
		bool is_left_out = depth == 0 && (strcmp(names.v[i], ".guild") == 0 ||
							 strcmp(names.v[i], ".git") == 0);
		char *below = guild_path_join(path, names.v[i]);
		char *shown = *name ? guild_path_join(name, names.v[i]) : guild_strdup(names.v[i]);

		rc = is_left_out ? 0 : walk(w, below, shown, depth + 1);
		free(below);
		free(shown);
	}
	guild_strs_fini(&names);
	return rc;
}

int guild_file_set_walk(struct guild_arena *a, const char *root, const char *prefix,
	struct guild_file_set *out, struct guild_error *err)
{
	struct walk w = {a, out, err};
	/* A link that was named is followed. */
	char *real = guild_path_real(root);
	int rc = walk(&w, real, prefix, 0);

	free(real);
	guild_file_set_sort(out);
	return rc;
}

/* ---- of a run ----------------------------------------------------------------------------------------------- */

int guild_file_set_source(struct guild_arena *a, const struct guild_run *r, const char *dir,
	struct guild_file_set *out, struct guild_error *err)
{
	struct guild_manifest m = {0};
	char *below = guild_path_rel(dir, r->dir);
	int rc = guild_manifest_read(r, a, &m, NULL, err);

	for (size_t i = 0; i < m.n && rc == 0; i++) {
		if (m.v[i].kind == 's' && guild_path_is_beneath(m.v[i].path)) {
			const char *name = m.v[i].path;
			size_t n = strlen(below);

			if (guild_starts(name, below) && name[n] == '/') {
				name += n + 1;
			}
			char *path = guild_path_join(r->dir, m.v[i].path);

			guild_file_set_add(a, out, name, path);
			free(path);
		}
	}
	/* Guild AI's older releases wrote no manifest, but kept source code apart. */
	bool is_apart = strcmp(below, ".") != 0;

	free(below);
	guild_file_set_sort(out);
	return rc || out->n > 0 || !is_apart ? rc : guild_file_set_walk(a, dir, "", out, err);
}

int guild_file_set_generated(struct guild_arena *a, const struct guild_run *r,
	struct guild_file_set *out, struct guild_error *err)
{
	struct guild_manifest m = {0};
	struct guild_map given = {0};
	size_t kept = 0;
	int rc = guild_manifest_read(r, a, &m, NULL, err);

	rc = rc ? rc : guild_file_set_walk(a, r->dir, "", out, err);
	for (size_t i = 0; i < m.n; i++) {
		guild_map_put(&given, m.v[i].path, (void *)"");
	}
	for (size_t i = 0; i < out->n; i++) {
		const char *base = guild_path_basename(out->v[i].name);

		if (!guild_map_has(&given, out->v[i].name) && !strstr(base, "tfevents")) {
			out->v[kept++] = out->v[i];
		}
	}
	out->n = kept;
	guild_map_fini(&given);
	return rc;
}
