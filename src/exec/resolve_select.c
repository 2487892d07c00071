/* Which of the files of a directory or archive a source means: select, select-min, select-max (resources.md 4.1). */

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "resolve.h"

enum { WALK_MAX = 4 << 20, WALK_DEPTH = 100 };

bool guild_resolve_selects(const struct guild_source *s)
{
	return s->select || s->select_min || s->select_max;
}

/* ---- walking ------------------------------------------------------------------------------------------------ */

struct visited {
	dev_t dev;
	ino_t ino;
	const struct visited *up;
};

static bool is_above(const struct visited *v, const struct stat *st)
{
	for (; v; v = v->up) {
		if (v->dev == st->st_dev && v->ino == st->st_ino) {
			return true;
		}
	}
	return false;
}

/* Links to directories are followed, but never in a circle. A Guild home in the project, and guild's part of a run, are nobody's
 * data. */
static int walk(const char *root, const char *rel, const struct visited *up, int depth,
	struct guild_strs *out, struct guild_error *err)
{
	struct guild_strs names = {0};
	char *dir = *rel ? guild_path_join(root, rel) : guild_strdup(root);
	int rc = depth > WALK_DEPTH || out->n > WALK_MAX
			 ? guild_error_set(err, GUILD_ELIMIT, "'%s' holds too much to select from",
				   root)
			 : guild_dir_list(dir, &names, err);
	for (size_t i = 0; i < names.n && rc == 0; i++) {
		char *below = *rel ? guild_path_join(rel, names.v[i]) : guild_strdup(names.v[i]);
		char *path = guild_path_join(dir, names.v[i]);
		struct stat st;
		bool is_there = strcmp(names.v[i], ".guild") != 0 && stat(path, &st) == 0;
		bool is_dir = is_there && S_ISDIR(st.st_mode);
		if (is_there && !(is_dir && is_above(up, &st))) {
			guild_strs_add(out, below);
		}
		if (is_dir && !is_above(up, &st)) {
			struct visited here = {.dev = st.st_dev, .ino = st.st_ino, .up = up};
			rc = walk(root, below, &here, depth + 1, out, err);
		}
		free(below);
		free(path);
	}
	guild_strs_fini(&names);
	free(dir);
	return rc;
}

int guild_resolve_walk(const char *root, struct guild_strs *out, struct guild_error *err)
{
	struct stat st;
	if (stat(root, &st) != 0) {
		return guild_error_errno(err, errno, "cannot read '%s'", root);
	}
	struct visited here = {.dev = st.st_dev, .ino = st.st_ino};
	int rc = walk(root, "", &here, 0, out, err);
	guild_strs_sort(out);
	return rc;
}

/* ---- selecting ------------------------------------------------------------------------------------------------- */

struct selection {
	const struct guild_strs *paths;
	bool *is_taken;
	const struct guild_log *log;
	const char *name; /* of the source */
};

/* A pattern that is none selects nothing, as in 0.9.0. */
static struct guild_regex *compile(const struct selection *s, const struct guild_value *pattern)
{
	struct guild_regex *re = NULL;
	struct guild_error why = {0};
	if (guild_regex_new(pattern->s.p, &re, &why) != 0) {
		guild_log(s->log, "warning", "'%s' of %s selects nothing: %s", pattern->s.p,
			s->name, why.text);
	}
	return re;
}

static void take_all(struct selection *s, const struct guild_value *patterns)
{
	for (size_t i = 0; patterns && i < patterns->n; i++) {
		struct guild_regex *re = compile(s, patterns->items[i]);
		for (size_t k = 0; re && k < s->paths->n; k++) {
			if (!s->is_taken[k]) {
				s->is_taken[k] =
					guild_regex_full_match(re, guild_str(s->paths->v[k]), NULL);
			}
		}
		guild_regex_free(re);
	}
}

/* The path whose first group is the lowest number, or (sign -1) the highest; the first of equals. */
static void take_best(struct selection *s, const struct guild_value *patterns, double sign)
{
	for (size_t i = 0; patterns && i < patterns->n; i++) {
		struct guild_regex *re = compile(s, patterns->items[i]);
		size_t best = SIZE_MAX;
		double best_value = 0;
		for (size_t k = 0; re && k < s->paths->n; k++) {
			struct guild_str group = {0};
			double value;
			if (guild_regex_full_match(re, guild_str(s->paths->v[k]), &group) &&
				group.p && guild_python_float(group, &value) && !isnan(value) &&
				(best == SIZE_MAX || sign * value < sign * best_value)) {
				best = k;
				best_value = value;
			}
		}
		if (best != SIZE_MAX) {
			s->is_taken[best] = true;
		}
		guild_regex_free(re);
	}
}

int guild_resolve_select(struct guild_resolving *r, const char *root,
	const struct guild_strs *paths, const char *rel_prefix, struct guild_error *err)
{
	struct selection s = {.paths = paths,
		.is_taken = guild_alloc(paths->n + 1),
		.log = r->req->world->log,
		.name = r->source->name};
	(void)err;
	take_all(&s, r->source->select);
	take_best(&s, r->source->select_min, 1);
	take_best(&s, r->source->select_max, -1);
	for (size_t i = 0; i < paths->n; i++) {
		if (s.is_taken[i]) {
			char *path = guild_path_join(root, paths->v[i]);
			char *rel = *rel_prefix ? guild_path_join(rel_prefix, paths->v[i])
						: guild_strdup(paths->v[i]);
			guild_found_add(r, path, rel);
			free(path);
			free(rel);
		}
	}
	free(s.is_taken);
	return 0;
}
