/* Which runs guild reproduce is to repeat: RUN words, or an archive and RUN words in it. */

#include "move_cmd.h"
#include "reproduce_cmd.h"

#include <guild/archive.h>

#include <stdlib.h>
#include <string.h>

static void add_run(struct guild_runs *to, struct guild_run *take)
{
	to->v = guild_grow_array(to->v, &to->cap, to->n + 1, sizeof(*to->v));
	to->v[to->n++] = *take;
	*take = (struct guild_run){0};
}

/* ---- batches and pipelines ------------------------------------------------------------------------------------- */

static bool has_runs(const struct guild_run *run)
{
	struct guild_arena *a = guild_arena_new();
	bool has = guild_run_is_batch(run) || guild_run_attr(run, a, "steps");
	guild_arena_free(a);
	return has;
}

/* The run itself, or those that it started, in that order. */
static int expand(struct guild_run *take, struct guild_runs *out, int depth,
	struct guild_error *err)
{
	enum { DEPTH_MAX = 20 };
	struct guild_runs parts = {0};
	struct guild_run_filter all = {0};
	if (!has_runs(take) || depth > DEPTH_MAX) {
		add_run(out, take);
		return 0;
	}
	char *runs_dir = guild_path_dirname(take->dir);
	int rc = guild_store_list(runs_dir, &all, take->id, &parts, NULL, err);
	if (rc == 0 && parts.n == 0) {
		rc = guild_error_set(err, GUILD_ENOTFOUND,
			"the runs that %.8s started are not there", take->id);
	}
	for (size_t i = parts.n; i-- > 0 && rc == 0;) {
		rc = expand(&parts.v[i], out, depth + 1, err);
	}
	guild_runs_fini(&parts);
	guild_run_fini(take);
	*take = (struct guild_run){0};
	free(runs_dir);
	return rc;
}

static int expand_all(struct guild_runs *from, struct guild_runs *out, struct guild_error *err)
{
	int rc = 0;
	for (size_t i = 0; i < from->n && rc == 0; i++) {
		rc = expand(&from->v[i], out, 0, err);
	}
	guild_runs_fini(from);
	return rc;
}

/* ---- places ---------------------------------------------------------------------------------------------------------- */

/* Words that are paths: what holds a '/', and names of archives. */
static bool is_place(const char *word)
{
	enum guild_archive_kind kind = GUILD_ARCHIVE_NONE;
	return strchr(word, '/') || strcmp(word, ".") == 0 ||
	       (guild_archive_kind(word, NULL, &kind, NULL) == 0 && kind != GUILD_ARCHIVE_NONE);
}

/* Those of the runs in `dir` that the words name; all without words. */
static int select_in(const char *dir, char *const *words, size_t n_words, struct guild_runs *out,
	struct guild_error *err)
{
	struct guild_runs all = {0};
	struct guild_run_filter any = {0};
	size_t *picked = NULL;
	size_t n = 0;
	int rc = guild_store_list(dir, &any, NULL, &all, NULL, err);
	if (rc == 0 && all.n == 0) {
		rc = guild_error_set(err, GUILD_ENOTFOUND, "there are no runs in '%s'", dir);
	}
	if (rc == 0 && n_words > 0) {
		rc = guild_store_select(&all, words, n_words, true, &picked, &n, err);
	}
	for (size_t i = 0; i < n && rc == 0; i++) {
		add_run(out, &all.v[picked[i]]);
	}
	for (size_t i = all.n; i-- > 0 && rc == 0 && n_words == 0;) {
		add_run(out, &all.v[i]);
	}
	free(picked);
	guild_runs_fini(&all);
	return rc;
}

/* ---- archives --------------------------------------------------------------------------------------------------------- */

/* Steps and trials are found by links of their pipeline or batch, which a listing of an archive does not have: then all is unpacked. */
static bool has_parts(const struct guild_runs *runs)
{
	bool has = false;
	for (size_t i = 0; i < runs->n && !has; i++) {
		has = has_runs(&runs->v[i]);
	}
	return has;
}

static int open_unpacked(const struct guild_home *home, const struct guild_runs *chosen,
	struct guild_runs *out, struct guild_error *err)
{
	char *runs_dir = guild_home_runs_dir(home, false);
	int rc = 0;
	for (size_t i = 0; i < chosen->n && rc == 0; i++) {
		struct guild_run run = {0};
		char *dir = guild_path_join(runs_dir, chosen->v[i].id);
		rc = guild_run_open(dir, &run, err);
		if (rc == 0) {
			add_run(out, &run);
		} else {
			guild_run_fini(&run);
		}
		free(dir);
	}
	free(runs_dir);
	return rc;
}

/* Unpacks what is needed as a Guild home of its own, which goes away again. */
static int find_in_archive(struct guild_ctx *ctx, const struct guild_strs *words,
	struct guild_reproduce_runs *out, struct guild_runs *found, struct guild_error *err)
{
	struct guild_run_place place = {0};
	struct guild_runs chosen = {0};
	struct guild_runs all = {0};
	struct guild_move_result result = {0};
	int rc = guild_cmd_open_place(ctx, words->v[0], &place, err);
	rc = rc ? rc : select_in(place.runs_dir, words->v + 1, words->n - 1, &chosen, err);
	if (rc == 0 && has_parts(&chosen)) {
		rc = select_in(place.runs_dir, NULL, 0, &all, err);
	}
	out->unpacked = rc ? NULL : guild_tmp_dir("guild-reproduce", err);
	if (rc == 0 && out->unpacked) {
		const struct guild_home home = {.path = out->unpacked};
		const struct guild_move_request req = {.home = &home,
			.runs = all.n > 0 ? &all : &chosen,
			.path = place.path,
			.max_bytes = guild_cmd_unpack_max(ctx),
			.log = &ctx->log};
		rc = guild_store_import(&req, &result, err);
		rc = rc ? rc : open_unpacked(&home, &chosen, found, err);
	} else if (rc == 0) {
		rc = err->code;
	}
	guild_move_result_fini(&result);
	guild_runs_fini(&chosen);
	guild_runs_fini(&all);
	guild_run_place_close(&place);
	return rc;
}

static int find_in_place(struct guild_ctx *ctx, const struct guild_strs *words,
	struct guild_reproduce_runs *out, struct guild_runs *found, struct guild_error *err)
{
	char *expanded = guild_path_expand_user(words->v[0], ctx->user_home);
	char *path = guild_path_abs(expanded, ctx->cwd);
	struct guild_run run = {0};
	int rc = 0;
	if (guild_run_is_run(path)) {
		rc = guild_run_open(path, &run, err);
		if (rc == 0) {
			add_run(found, &run);
		} else {
			guild_run_fini(&run);
		}
	} else if (guild_is_dir(path)) {
		rc = select_in(path, words->v + 1, words->n - 1, found, err);
	} else if (guild_is_file(path)) {
		rc = find_in_archive(ctx, words, out, found, err);
	} else {
		rc = guild_error_set(err, GUILD_ENOTFOUND, "there is no run and no archive '%s'",
			words->v[0]);
	}
	free(expanded);
	free(path);
	return rc;
}

int guild_reproduce_find_runs(struct guild_ctx *ctx, const struct guild_args *args,
	struct guild_reproduce_runs *out, struct guild_error *err)
{
	const struct guild_strs *words = guild_args_words(args);
	struct guild_runs found = {0};
	int rc = words->n > 0 && is_place(words->v[0])
			 ? find_in_place(ctx, words, out, &found, err)
			 : guild_cmd_select_runs(ctx, args, words, "1", 0, &found, err);
	if (rc != 0) {
		guild_runs_fini(&found);
		return rc;
	}
	return expand_all(&found, &out->runs, err);
}

void guild_reproduce_runs_fini(struct guild_reproduce_runs *r)
{
	guild_runs_fini(&r->runs);
	if (r->unpacked) {
		(void)guild_rmtree(r->unpacked, NULL);
		free(r->unpacked);
	}
}
