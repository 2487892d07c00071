/* Level outputs of a reproduction: the files that both programs made, bit by bit. */

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reproduce.h"
#include "resolve.h"

enum { DEPTH_MAX = 200, LINK_MAX = 4096 };

/* What programs leave besides their results; scalars in event files are compared as metrics. */
static const char *const usual_ignored[] = {
	"*.pyc",
	"*__pycache__/*",
	"*.ipynb_checkpoints/*",
	"*.tfevents.*",
};

/* Files below a run that its program made, by path. */
struct made_files {
	const struct guild_reproducing *p;
	const struct guild_run *run;
	struct guild_map given; /* source code, inputs */
	struct guild_strs paths;
	size_t n_ignored;
};

static bool is_ignored(const struct guild_reproducing *p, const char *rel)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(usual_ignored); i++) {
		if (guild_fnmatch(usual_ignored[i], rel)) {
			return true;
		}
	}
	for (size_t i = 0; i < p->req->ignored.n; i++) {
		if (guild_fnmatch(p->req->ignored.v[i], rel) ||
			guild_fnmatch(p->req->ignored.v[i], guild_path_basename(rel))) {
			return true;
		}
	}
	return false;
}

static int walk(struct made_files *f, const char *rel, int depth, struct guild_error *err)
{
	char *dir = *rel ? guild_path_join(f->run->dir, rel) : guild_strdup(f->run->dir);
	struct guild_strs names = {0};
	int rc = depth > DEPTH_MAX
			 ? guild_error_set(err, GUILD_ELIMIT, "'%s' is nested too deeply", dir)
			 : guild_dir_list(dir, &names, err);
	for (size_t i = 0; i < names.n && rc == 0; i++) {
		struct stat st;
		char *below = *rel ? guild_path_join(rel, names.v[i]) : guild_strdup(names.v[i]);
		char *path = guild_path_join(dir, names.v[i]);
		bool is_ours = depth == 0 && guild_starts(names.v[i], ".guild");
		if (is_ours || guild_map_has(&f->given, below) || lstat(path, &st) != 0) {
			/* no output */
		} else if (S_ISDIR(st.st_mode)) {
			rc = walk(f, below, depth + 1, err);
		} else if (is_ignored(f->p, below)) {
			f->n_ignored++;
		} else {
			guild_strs_add(&f->paths, below);
		}
		free(below);
		free(path);
	}
	guild_strs_fini(&names);
	free(dir);
	return rc;
}

static int list(struct made_files *f, struct guild_error *err)
{
	struct guild_manifest m = {0};
	int rc = guild_manifest_read(f->run, f->p->a, &m, NULL, err);
	for (size_t i = 0; i < m.n; i++) {
		guild_map_put(&f->given, m.v[i].path, f);
	}
	return rc ? rc : walk(f, "", 0, err);
}

static void made_files_fini(struct made_files *f)
{
	guild_map_fini(&f->given);
	guild_strs_fini(&f->paths);
}

/* A file's hash, or where a link leads; NULL: it cannot be read. */
static const char *content(const struct guild_reproducing *p, const struct guild_run *run,
	const char *rel, const char *cache)
{
	struct stat st;
	char sha1[41];
	char target[LINK_MAX];
	int64_t size;
	const char *text = NULL;
	char *path = guild_path_join(run->dir, rel);
	if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode)) {
		ssize_t n = readlink(path, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = '\0';
		text = n > 0 ? guild_arena_format(p->a, "link to %s", target) : NULL;
	} else if (guild_content_sha1(path, cache, sha1, &size, NULL) == 0) {
		text = guild_arena_strdup(p->a, sha1);
	}
	free(path);
	return text;
}

/* Both lists are sorted. Returns how many files there are in either. */
static size_t compare(struct guild_reproducing *p, struct made_files *a, struct made_files *b)
{
	const enum guild_reproduce_level l = GUILD_REPRODUCE_OUTPUTS;
	char *cache = guild_path_join(p->world.home->path, "cache");
	size_t n = 0;
	for (size_t i = 0, k = 0; i < a->paths.n || k < b->paths.n;) {
		int order = i == a->paths.n   ? 1
			    : k == b->paths.n ? -1
					      : strcmp(a->paths.v[i], b->paths.v[k]);
		if (order < 0) {
			guild_reproduce_find(p, l, a->paths.v[i], "was not made again", NULL, NULL);
		} else if (order > 0) {
			guild_reproduce_find(p, l, b->paths.v[k], "is new", NULL, NULL);
		} else {
			const char *x = content(p, a->run, a->paths.v[i], cache);
			const char *y = content(p, b->run, b->paths.v[k], cache);
			if (!x || !y || strcmp(x, y) != 0) {
				guild_reproduce_find(p, l, a->paths.v[i],
					x && y ? "changed" : "cannot be read", x, y);
			}
		}
		i += order <= 0;
		k += order >= 0;
		n++;
	}
	free(cache);
	return n;
}

int guild_reproduce_check_outputs(struct guild_reproducing *p, struct guild_error *err)
{
	const enum guild_reproduce_level l = GUILD_REPRODUCE_OUTPUTS;
	struct made_files a = {.p = p, .run = p->req->run};
	struct made_files b = {.p = p, .run = &p->made};
	int rc = list(&a, err);
	rc = rc ? rc : list(&b, err);
	if (rc == 0) {
		guild_strs_sort(&a.paths);
		guild_strs_sort(&b.paths);
		size_t total = compare(p, &a, &b);
		size_t n = guild_reproduce_count(guild_reproduce_check_of(p, l));
		const char *plural = total == 1 ? "" : "s";
		const char *more = a.n_ignored > 0 ? guild_arena_format(p->a, ", %zu not compared",
							     a.n_ignored)
						   : "";
		if (n > 0) {
			guild_reproduce_conclude(p, l, GUILD_REPRODUCE_DIFFERS,
				"%zu of %zu file%s%s", n, total, plural, more);
		} else {
			guild_reproduce_conclude(p, l, GUILD_REPRODUCE_SAME, "%zu file%s%s", total,
				plural, more);
		}
	}
	made_files_fini(&a);
	made_files_fini(&b);
	return rc;
}
