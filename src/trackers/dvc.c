/* DVC: folders of DVCLive, and the experiments of a repository as the user's dvc and git know them. */

#include "dvc.h"

#include <stdlib.h>
#include <string.h>

enum { SHOW_MAX = 256 << 20, HISTORY_MAX = 1 << 30, MESSAGE_MAX = 300 };

/* ---- running git and dvc -------------------------------------------------------------------------------------- */

static int ask(struct import *imp, const char *const *argv, size_t max, struct guild_buf *out,
	struct guild_error *err)
{
	struct guild_proc_result done = {0};
	int rc = guild_proc_run(argv, imp->root, imp->req->environ_, max, 0, &done, err);
	if (rc == GUILD_ENOTFOUND) {
		guild_error_set(err, rc,
			"experiments of DVC are read by %s, which is not installed", argv[0]);
		guild_error_hint(err, "a folder of DVCLive can be imported without it");
	} else if (rc == 0 && done.exit_status != 0) {
		struct guild_str said = guild_str_trim(guild_buf_str(&done.err));
		rc = guild_error_set(err, GUILD_EIO, "'%s %s' failed: %.*s", argv[0], argv[1],
			said.n > MESSAGE_MAX ? MESSAGE_MAX : (int)said.n, said.p);
	} else if (rc == 0) {
		guild_buf_append(out, done.out.p, done.out.n);
	}
	guild_proc_result_fini(&done);
	return rc;
}

/* ---- one experiment ------------------------------------------------------------------------------------------- */

struct repo {
	struct import *imp;
	char *cache; /* DVC's, or NULL */
};

/* One table is whole: its metric is named by where it lies. */
static void end_table(struct dvc_run *d, struct guild_str path, const struct guild_buf *table)
{
	static const char folder[] = "plots/metrics/";
	char *name = guild_strndup(path.p, path.n);
	char *at = strstr(name, folder);
	if (at != NULL && guild_ends(at, ".tsv")) {
		at += strlen(folder);
		at[strlen(at) - strlen(".tsv")] = '\0';
		guild_dvc_take_table(d, at, guild_buf_str(table));
	}
	free(name);
}

/* Tables of DVCLive that the commit holds: "REV:PATH\0LINE" for each of their lines, in order. */
static void take_history(struct dvc_run *d, struct guild_str text)
{
	struct guild_buf table = {0};
	struct guild_str current = {0};
	while (text.n > 0) {
		const char *nul = memchr(text.p, '\0', text.n);
		const char *end = memchr(text.p, '\n', text.n);
		if (nul == NULL || (end != NULL && end < nul)) {
			break;
		}
		struct guild_str path = {text.p, (size_t)(nul - text.p)};
		const char *line = nul + 1;
		size_t left = text.n - path.n - 1;
		end = memchr(line, '\n', left);
		size_t n = end != NULL ? (size_t)(end - line) : left;
		if (!guild_str_eq(path, current)) {
			end_table(d, current, &table);
			guild_buf_reset(&table);
			current = path;
		}
		guild_buf_append(&table, line, n);
		guild_buf_putc(&table, '\n');
		text.p = line + n + (end != NULL);
		text.n = left - n - (end != NULL);
	}
	end_table(d, current, &table);
	guild_buf_fini(&table);
}

static void read_history(struct repo *repo, struct dvc_run *d, const char *rev)
{
	const char *const argv[] = {"git", "grep", "-a", "-z", "--no-color", "--full-name", "-e",
		"", rev, "--", ":(glob)**/plots/metrics/**/*.tsv", NULL};
	struct guild_buf text = {0};
	/* Exit code 1: the commit has none. */
	if (ask(repo->imp, argv, HISTORY_MAX, &text, NULL) == 0) {
		take_history(d, guild_buf_str(&text));
	}
	guild_buf_fini(&text);
}

/* The file of a digest in the cache: files/md5/ab/cdef… since DVC 3, ab/cdef… before; NULL: not there. */
static char *cached_path(const struct repo *repo, const char *hash)
{
	if (repo->cache == NULL || hash == NULL || strlen(hash) < 32 ||
		strspn(hash, "0123456789abcdef") < 32) {
		return NULL;
	}
	for (int layout = 0; layout < 2; layout++) {
		char *path = layout == 0 ? guild_format("%s/files/md5/%.2s/%s", repo->cache, hash,
						   hash + 2)
					 : guild_format("%s/%.2s/%s", repo->cache, hash, hash + 2);
		if (guild_is_file(path)) {
			return path;
		}
		free(path);
	}
	return NULL;
}

/* A folder in the cache is a list: [{"md5": …, "relpath": …}]. */
static void take_cached_folder(const struct repo *repo, struct import_run *r, const char *list_path,
	const char *to)
{
	struct guild_buf text = {0};
	struct guild_value *list = NULL;
	if (guild_file_read(list_path, IMPORT_TEXT_MAX, &text, NULL) == 0 &&
		guild_json_parse(r->a, guild_buf_str(&text), list_path, &list, NULL) == 0 &&
		list->type == GUILD_LIST) {
		for (size_t i = 0; i < list->n; i++) {
			const char *name =
				guild_value_text(guild_value_get(list->items[i], "relpath"));
			char *path = cached_path(repo,
				guild_value_text(guild_value_get(list->items[i], "md5")));
			if (name != NULL && path != NULL) {
				guild_import_file(r, path,
					guild_arena_format(r->a, "%s/%s", to, name));
			} else {
				r->n_left_out++;
			}
			free(path);
		}
	}
	guild_buf_fini(&text);
}

/* {"out.txt": {"hash": …}} */
static void take_outs(const struct repo *repo, struct import_run *r, const struct guild_value *outs)
{
	for (size_t i = 0; outs != NULL && outs->type == GUILD_DICT && i < outs->n; i++) {
		const char *name = guild_value_text(outs->pairs[i].key);
		const char *hash = guild_value_text(guild_value_get(outs->pairs[i].value, "hash"));
		char *path = cached_path(repo, hash);
		if (name != NULL && path != NULL && guild_ends(hash, ".dir")) {
			take_cached_folder(repo, r, path, name);
		} else if (name != NULL && path != NULL) {
			guild_import_file(r, path, name);
		}
		free(path);
	}
}

/* {"params.yaml": {"data": {...}}}; the files of DVCLive, which repeat what the others say, come last. */
static void take_params(struct dvc_run *d, const struct guild_value *params)
{
	for (int live = 0; live < 2; live++) {
		for (size_t i = 0; params != NULL && params->type == GUILD_DICT && i < params->n;
			i++) {
			const char *file = guild_value_text(params->pairs[i].key);
			bool is_live = file != NULL && strstr(file, "dvclive/") != NULL;
			if (file != NULL && is_live == (live == 1)) {
				guild_dvc_take_params(d, file,
					guild_value_get(params->pairs[i].value, "data"));
			}
		}
	}
}

static void take_metrics(struct dvc_run *d, const struct guild_value *metrics)
{
	for (size_t i = 0; metrics != NULL && metrics->type == GUILD_DICT && i < metrics->n; i++) {
		const char *file = guild_value_text(metrics->pairs[i].key);
		const struct guild_value *data = guild_value_get(metrics->pairs[i].value, "data");
		if (file != NULL && data != NULL) {
			/* DVCLive nests "train/acc"; others write their own mappings. */
			bool is_live = strstr(file, "dvclive") != NULL;
			guild_dvc_take_metrics(d, data, is_live ? "/" : ".");
		}
	}
}

static bool has_metrics(const struct guild_value *data)
{
	const struct guild_value *metrics = guild_value_get(data, "metrics");
	for (size_t i = 0; metrics != NULL && metrics->type == GUILD_DICT && i < metrics->n; i++) {
		if (guild_value_get(metrics->pairs[i].value, "data") != NULL) {
			return true;
		}
	}
	return false;
}

static int import_rev(struct repo *repo, const struct guild_value *rev, const char *baseline,
	const struct guild_value *executor, struct guild_error *err)
{
	struct import *imp = repo->imp;
	const struct guild_value *data = guild_value_get(rev, "data");
	const char *sha = guild_value_text(guild_value_get(rev, "rev"));
	const char *name = guild_value_text(guild_value_get(rev, "name"));
	const char *time = guild_value_text(guild_value_get(data, "timestamp"));
	const char *state = guild_value_text(guild_value_get(executor, "state"));
	struct dvc_run d;
	/* A commit has its name for good, wherever the repository lies. */
	struct import_run *r = guild_import_run_new(imp, sha);
	guild_dvc_run_init(&d, r);
	r->op = imp->req->operation != NULL
			? imp->req->operation
			: guild_arena_strdup(r->a, guild_path_basename(imp->root));
	r->label = guild_arena_strdup(r->a, name);
	if (time != NULL) {
		(void)guild_import_parse_time(guild_str(time), &r->started_us);
	}
	guild_value_set(r->a, r->attrs, "vcs_commit",
		guild_value_string(r->a, guild_arena_format(r->a, "git:%s", sha)));
	guild_import_about_text(r, "baseline", baseline);
	if (state == NULL || strcmp(state, "success") == 0) {
		r->has_exit_status = true;
	} else {
		guild_import_status(r, state);
	}
	take_params(&d, guild_value_get(data, "params"));
	read_history(repo, &d, sha);
	take_metrics(&d, guild_value_get(data, "metrics"));
	take_outs(repo, r, guild_value_get(data, "outs"));
	guild_dvc_run_fini(&d);
	return guild_import_run_end(r, err);
}

/* The list of `dvc exp show --json`: baselines, each with its experiments; the workspace is no commit yet. */
static int import_shown(struct repo *repo, const struct guild_value *shown, struct guild_error *err)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && shown->type == GUILD_LIST && i < shown->n; i++) {
		const struct guild_value *base = shown->items[i];
		const char *sha = guild_value_text(guild_value_get(base, "rev"));
		const struct guild_value *list = guild_value_get(base, "experiments");
		if (sha == NULL || strcmp(sha, "workspace") == 0) {
			continue;
		}
		if (has_metrics(guild_value_get(base, "data"))) {
			rc = import_rev(repo, base, NULL, NULL, err);
		}
		for (size_t j = 0;
			rc == 0 && list != NULL && list->type == GUILD_LIST && j < list->n; j++) {
			const struct guild_value *revs = guild_value_get(list->items[j], "revs");
			/* The first is the result; others are its checkpoints. */
			if (revs != NULL && revs->type == GUILD_LIST && revs->n > 0 &&
				guild_value_text(guild_value_get(revs->items[0], "rev")) != NULL) {
				rc = import_rev(repo, revs->items[0], sha,
					guild_value_get(list->items[j], "executor"), err);
			}
		}
	}
	return rc;
}

static int import_repo(struct import *imp, struct guild_error *err)
{
	const char *dvc = imp->req->dvc != NULL ? imp->req->dvc : "dvc";
	const char *const show[] = {dvc, "exp", "show", "--json", "--all-commits", NULL};
	const char *const cache[] = {dvc, "cache", "dir", NULL};
	struct repo repo = {.imp = imp};
	struct guild_arena *a = guild_arena_new();
	struct guild_buf text = {0};
	struct guild_value *shown = NULL;
	if (ask(imp, cache, 64 << 10, &text, NULL) == 0) {
		struct guild_str line = guild_str_trim(guild_buf_str(&text));
		char *path = guild_strndup(line.p, line.n);
		repo.cache = guild_path_abs(path, imp->root);
		free(path);
	}
	guild_buf_reset(&text);
	int rc = ask(imp, show, SHOW_MAX, &text, err);
	if (rc == 0) {
		rc = guild_json_parse(a, guild_buf_str(&text), "dvc exp show", &shown, err);
	}
	if (rc == 0) {
		rc = import_shown(&repo, shown, err);
	}
	free(repo.cache);
	guild_buf_fini(&text);
	guild_arena_free(a);
	return rc;
}

/* ---- folders of DVCLive ---------------------------------------------------------------------------------------- */

static int import_live(struct import *imp, const char *dir, struct guild_error *err)
{
	struct import_run *r = guild_import_run_new(imp, dir);
	struct guild_error why = {0};
	struct dvc_run d;
	char *parent = guild_path_dirname(dir);
	guild_dvc_run_init(&d, r);
	r->op = imp->req->operation != NULL ? imp->req->operation
					    : guild_arena_strdup(r->a, guild_path_basename(parent));
	r->label = guild_arena_strdup(r->a, guild_path_basename(dir));
	r->has_exit_status = true; /* nothing says how it ended */
	int rc = guild_dvc_read_live_folder(&d, dir, &why);
	guild_dvc_run_fini(&d);
	free(parent);
	return rc != 0 ? guild_import_run_damaged(imp, r, dir, &why, err)
		       : guild_import_run_end(r, err);
}

/* The folder itself, its "dvclive", or those of the folders in it. */
static int each_live(struct import *imp, size_t *n, bool only_count, struct guild_error *err)
{
	struct guild_strs dirs = {0};
	struct guild_strs names = {0};
	int rc = 0;
	if (guild_dvc_is_live_folder(imp->root)) {
		guild_strs_add(&dirs, imp->root);
	} else if (guild_dir_list(imp->root, &names, NULL) == 0) {
		for (size_t i = 0; i < names.n; i++) {
			char *path = guild_path_join(imp->root, names.v[i]);
			char *below = guild_path_join(path, "dvclive");
			if (guild_dvc_is_live_folder(path)) {
				guild_strs_add(&dirs, path);
			} else if (guild_dvc_is_live_folder(below)) {
				guild_strs_add(&dirs, below);
			}
			free(below);
			free(path);
		}
	}
	*n = dirs.n;
	for (size_t i = 0; rc == 0 && !only_count && i < dirs.n; i++) {
		rc = import_live(imp, dirs.v[i], err);
	}
	guild_strs_fini(&names);
	guild_strs_fini(&dirs);
	return rc;
}

static bool is_repo(const char *dir)
{
	char *path = guild_path_join(dir, ".dvc");
	bool is = guild_is_dir(path);
	free(path);
	return is;
}

static int count(struct import *imp, size_t *n, struct guild_error *err)
{
	if (is_repo(imp->root)) {
		return 0; /* only dvc knows */
	}
	int rc = each_live(imp, n, true, err);
	if (rc == 0 && *n == 0) {
		rc = guild_error_set(err, GUILD_EINVALID,
			"'%s' is neither a repository of DVC (.dvc) nor a folder of DVCLive",
			imp->root);
	}
	return rc;
}

static int import(struct import *imp, struct guild_error *err)
{
	size_t n = 0;
	return is_repo(imp->root) ? import_repo(imp, err) : each_live(imp, &n, false, err);
}

const struct import_source guild_import_dvc = {
	.kind = "dvc",
	.what = "repository of DVC",
	.count = count,
	.import = import,
};
