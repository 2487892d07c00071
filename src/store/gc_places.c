/* What could go of caches, of the trash, of what was killed, and of batches. */

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gc.h"

/* ---- caches -------------------------------------------------------------------------------------------------- */

static void consider_cache(const struct guild_gc_request *req, const struct guild_gc_links *links,
	const char *path, const char *what, struct guild_gc_plan *out)
{
	int64_t used = guild_gc_last_use_us(path, true);
	int64_t age = req->now_us - used;
	if (used == 0 || age < req->cache_older_us || guild_gc_links_lead_to(links, path)) {
		return;
	}
	char *text = guild_gc_age_text(age);
	guild_gc_add(out, GUILD_GC_CACHE, guild_strdup(path),
		guild_format("%s, not used for %s", what, text));
	free(text);
}

static bool has_database(const struct guild_strs *names)
{
	for (size_t i = 0; i < names->n; i++) {
		if (strstr(names->v[i], ".db") != NULL) {
			return true;
		}
	}
	return false;
}

/* Each entry of HOME/cache/WHAT by itself; a database and its journals only together. */
void guild_gc_find_cache(const struct guild_gc_request *req, const struct guild_gc_links *links,
	struct guild_gc_plan *out)
{
	char *cache = guild_path_join(req->home->path, "cache");
	struct guild_strs kinds = {0};
	(void)guild_dir_list(cache, &kinds, NULL);
	for (size_t i = 0; i < kinds.n; i++) {
		char *dir = guild_path_join(cache, kinds.v[i]);
		struct guild_strs names = {0};
		bool is_dir = guild_dir_list(dir, &names, NULL) == 0;
		bool is_whole = !is_dir || has_database(&names);
		if (is_whole) {
			consider_cache(req, links, dir, kinds.v[i], out);
		}
		for (size_t k = 0; !is_whole && k < names.n; k++) {
			char *path = guild_path_join(dir, names.v[k]);
			consider_cache(req, links, path, kinds.v[i], out);
			free(path);
		}
		guild_strs_fini(&names);
		free(dir);
	}
	guild_strs_fini(&kinds);
	free(cache);
}

/* ---- the trash ---------------------------------------------------------------------------------------------- */

/* Moving a directory changes its ctime, on the file systems we know; so does any later change of it, which only makes it younger. */
static int64_t deleted_us(const char *dir)
{
	struct stat st;
	return lstat(dir, &st) == 0
		       ? (int64_t)st.st_ctim.tv_sec * 1000000 + st.st_ctim.tv_nsec / 1000
		       : INT64_MAX;
}

void guild_gc_find_trash(const struct guild_gc_request *req, struct guild_gc_plan *out)
{
	char *trash = guild_home_runs_dir(req->home, true);
	struct guild_strs names = {0};
	(void)guild_dir_list(trash, &names, NULL);
	for (size_t i = 0; i < names.n; i++) {
		char *dir = guild_path_join(trash, names.v[i]);
		int64_t age = req->now_us - deleted_us(dir);
		if (guild_run_is_run(dir) && age >= req->trash_older_us) {
			char *text = guild_gc_age_text(age);
			guild_gc_add(out, GUILD_GC_TRASH, dir,
				guild_format("deleted %s ago", text));
			free(text);
		} else {
			free(dir);
		}
	}
	guild_strs_fini(&names);
	free(trash);
}

/* ---- leftovers ------------------------------------------------------------------------------------------------- */

/* What others in this room call what is not whole yet, or not any more. */
static bool is_temporary(const char *name)
{
	static const char *const prefixes[] = {".moving-", ".deleting-", ".guild-moving-", ".tmp-"};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(prefixes); i++) {
		if (guild_starts(name, prefixes[i])) {
			return true;
		}
	}
	return false;
}

/* A run that was never finished making: its records are there, but nothing says what it is. */
static bool is_half_made(const char *dir)
{
	char *attrs = guild_path_join(dir, ".guild/attrs");
	char *opref = guild_path_join(dir, ".guild/opref");
	bool is = guild_is_dir(attrs) && !guild_file_exists(opref);
	free(opref);
	free(attrs);
	return is;
}

static void consider_leftover(const struct guild_gc_request *req, const char *path,
	const char *what, struct guild_gc_plan *out)
{
	int64_t age = req->now_us - guild_gc_last_use_us(path, false);
	if (age >= req->leftover_older_us) {
		char *text = guild_gc_age_text(age);
		guild_gc_add(out, GUILD_GC_LEFTOVER, guild_strdup(path),
			guild_format("%s, untouched for %s", what, text));
		free(text);
	}
}

/* Temporary files beside attributes, in .guild and in the run. */
static void look_into_run(const struct guild_gc_request *req, const char *dir,
	struct guild_gc_plan *out)
{
	static const char *const places[] = {"", ".guild", ".guild/attrs"};
	struct guild_run r = {0};
	bool is_live = guild_run_open(dir, &r, NULL) == 0 &&
		       guild_run_status(&r, NULL) == GUILD_RUN_RUNNING;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(places) && !is_live; i++) {
		char *place = places[i][0] ? guild_path_join(dir, places[i]) : guild_strdup(dir);
		struct guild_strs names = {0};
		(void)guild_dir_list(place, &names, NULL);
		for (size_t k = 0; k < names.n; k++) {
			char *path = guild_path_join(place, names.v[k]);
			/* In the run's own directory such names may be the program's. */
			bool is_ours = i > 0 ? guild_starts(names.v[k], ".tmp-")
					     : guild_starts(names.v[k], ".guild-moving-");
			if (is_ours) {
				consider_leftover(req, path,
					"temporary file of a write that was cut", out);
			}
			free(path);
		}
		guild_strs_fini(&names);
		free(place);
	}
	guild_run_fini(&r);
}

void guild_gc_find_leftovers(const struct guild_gc_request *req, struct guild_gc_plan *out)
{
	for (int deleted = 0; deleted < 2; deleted++) {
		char *runs = guild_home_runs_dir(req->home, deleted);
		struct guild_strs names = {0};
		(void)guild_dir_list(runs, &names, NULL);
		for (size_t i = 0; i < names.n; i++) {
			char *path = guild_path_join(runs, names.v[i]);
			if (is_temporary(names.v[i])) {
				consider_leftover(req, path, "a move or removal that was cut", out);
			} else if (is_half_made(path)) {
				consider_leftover(req, path, "a run that was never finished making",
					out);
			} else if (!deleted) {
				look_into_run(req, path, out);
			}
			free(path);
		}
		guild_strs_fini(&names);
		free(runs);
	}
}

/* ---- batches ---------------------------------------------------------------------------------------------------- */

struct trials {
	struct guild_strs gone; /* paths of links whose trial is nowhere */
	size_t n_links;
};

/* A link of a batch leads to a run beside it. What is in the trash can come back. */
static void look_at_link(const struct guild_gc_request *req, const char *path, struct trials *out)
{
	char target[4096];
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	if (n <= 0) {
		return;
	}
	target[n] = '\0';
	char *runs = guild_home_runs_dir(req->home, false);
	char *trash = guild_home_runs_dir(req->home, true);
	char *dir = guild_path_dirname(path);
	char *from = guild_path_abs(target, dir);
	char *parent = guild_path_dirname(from);
	char *real_parent = guild_path_real(parent);
	char *real_runs = guild_path_real(runs);
	if (strcmp(real_parent, real_runs) == 0) {
		char *deleted = guild_path_join(trash, guild_path_basename(from));
		out->n_links++;
		if (!guild_file_exists(path) && !guild_file_exists(deleted)) {
			guild_strs_add(&out->gone, path);
		}
		free(deleted);
	}
	free(real_runs);
	free(real_parent);
	free(parent);
	free(from);
	free(dir);
	free(trash);
	free(runs);
}

static void look_at_batch(const struct guild_gc_request *req, const struct guild_run *r,
	struct guild_gc_plan *out)
{
	struct guild_strs names = {0};
	struct trials trials = {0};
	(void)guild_dir_list(r->dir, &names, NULL);
	for (size_t i = 0; i < names.n; i++) {
		char *path = guild_path_join(r->dir, names.v[i]);
		look_at_link(req, path, &trials);
		free(path);
	}
	if (trials.n_links > 0 && trials.gone.n == trials.n_links) {
		char *why = guild_format("none of its %zu trial%s is left", trials.n_links,
			trials.n_links == 1 ? "" : "s");
		guild_gc_add(out, GUILD_GC_BATCH, guild_strdup(r->dir), why)->run_dir =
			guild_strdup(r->dir);
	} else {
		for (size_t i = 0; i < trials.gone.n; i++) {
			guild_gc_add(out, GUILD_GC_LINK, guild_strdup(trials.gone.v[i]),
				guild_strdup("its trial is gone"))
				->run_dir = guild_strdup(r->dir);
		}
	}
	guild_strs_fini(&trials.gone);
	guild_strs_fini(&names);
}

void guild_gc_find_batches(const struct guild_gc_request *req, struct guild_gc_plan *out)
{
	char *runs = guild_home_runs_dir(req->home, false);
	struct guild_strs names = {0};
	(void)guild_dir_list(runs, &names, NULL);
	for (size_t i = 0; i < names.n; i++) {
		char *dir = guild_path_join(runs, names.v[i]);
		struct guild_run r = {0};
		if (guild_run_open(dir, &r, NULL) == 0 && guild_run_is_batch(&r)) {
			enum guild_run_status status = guild_run_status(&r, NULL);
			if (status != GUILD_RUN_RUNNING && status != GUILD_RUN_PENDING &&
				status != GUILD_RUN_STAGED) {
				look_at_batch(req, &r, out);
			}
		}
		guild_run_fini(&r);
		free(dir);
	}
	guild_strs_fini(&names);
	free(runs);
}
