/* Sources that DVC knows: dvcfile, a file of the project or what `dvc pull` brings; dvcstage, files of a run of a stage. */

#include <stdlib.h>
#include <string.h>

#include "resolve.h"

enum { PULL_OUTPUT_MAX = 4 << 20, CONFIG_MAX = 1 << 20 };

/* ---- the repository --------------------------------------------------------------------------------------------- */

/* A DVC repository and the file in it. Strings in the arena. */
struct dvc_file {
	const char *root; /* directory that holds .dvc/ */
	const char *rel;  /* of the file below it */
	const char *work; /* the run's own small repository, which `dvc pull` fills */
};

static const char *keep(struct guild_resolving *r, char *take)
{
	const char *kept = guild_arena_strdup(r->arena, take);
	free(take);
	return kept;
}

static int find_root(struct guild_resolving *r, const char *path, struct dvc_file *out,
	struct guild_error *err)
{
	char *dir = guild_path_dirname(path);
	while (*dir && strcmp(dir, "/") != 0) {
		char *config = guild_path_join(dir, ".dvc/config");
		bool is_root = guild_is_file(config);
		free(config);
		if (is_root) {
			out->root = keep(r, dir);
			out->rel = keep(r, guild_path_rel(path, out->root));
			out->work = guild_arena_format(r->arena, "%s/dvc", r->req->run->guild_dir);
			return 0;
		}
		char *up = guild_path_dirname(dir);
		free(dir);
		dir = up;
	}
	free(dir);
	return guild_error_set(err, GUILD_ENOTFOUND,
		"there is no '%s' in the project, and no DVC repository that could have it",
		r->spec);
}

/* ---- configuration ----------------------------------------------------------------------------------------------- */

/* `key = value` of one line; false for anything else. */
static bool split_setting(struct guild_str line, struct guild_str *key, struct guild_str *value)
{
	const char *eq = line.n ? memchr(line.p, '=', line.n) : NULL;
	if (!eq) {
		return false;
	}
	*key = guild_str_trim(guild_str_n(line.p, (size_t)(eq - line.p)));
	*value = guild_str_trim(guild_str_n(eq + 1, line.n - (size_t)(eq - line.p) - 1));
	return true;
}

static bool is_relative_path(struct guild_str value)
{
	return value.n > 0 && value.p[0] != '/' && value.p[0] != '~' && value.p[0] != '"' &&
	       value.p[0] != '\'' && !memmem(value.p, value.n, "://", 3);
}

/* DVC takes paths in a configuration relative to its file, and the copy lies elsewhere. How the cache is linked is left out: what is
 * pulled must be a file of its own. */
static void put_line(const struct dvc_file *f, struct guild_str line, struct guild_buf *out)
{
	struct guild_str key;
	struct guild_str value;
	bool is_setting = split_setting(line, &key, &value);
	if (is_setting && (guild_str_eqz(key, "type") || guild_str_eqz(key, "no_scm") ||
				  guild_str_eqz(key, "autostage"))) {
		return;
	}
	if (is_setting && (guild_str_eqz(key, "url") || guild_str_eqz(key, "dir")) &&
		is_relative_path(value)) {
		char *text = guild_strndup(value.p, value.n);
		char *joined = guild_path_join3(f->root, ".dvc", text);
		char *path = guild_path_normalize(joined);
		guild_buf_printf(out, "    %.*s = %s\n", GUILD_STR_FMT(key), path);
		free(text);
		free(joined);
		free(path);
		return;
	}
	guild_buf_append(out, line.p, line.n);
	guild_buf_putc(out, '\n');
}

/* One configuration file of the repository for the copy. `core` and `cache` are added to the local one: no Git, the repository's cache. */
static int copy_config(const struct dvc_file *f, const char *name, bool is_local, bool *sets_cache,
	struct guild_error *err)
{
	char *from = guild_path_join3(f->root, ".dvc", name);
	char *to = guild_path_join3(f->work, ".dvc", name);
	struct guild_buf text = {0};
	struct guild_buf out = {0};
	bool has_core = false;
	int rc = guild_file_read(from, CONFIG_MAX, &text, err);
	rc = rc == GUILD_ENOTFOUND ? 0 : rc;
	struct guild_strs lines = {0};
	guild_strs_split(&lines, guild_buf_cstr(&text), '\n');
	bool in_cache = false;
	for (size_t i = 0; i < lines.n; i++) {
		struct guild_str line = guild_str(lines.v[i]);
		struct guild_str bare = guild_str_trim(line);
		struct guild_str key;
		struct guild_str value;
		in_cache = bare.n && bare.p[0] == '[' ? guild_str_eqz(bare, "[cache]") : in_cache;
		*sets_cache = *sets_cache || (in_cache && split_setting(bare, &key, &value) &&
						     guild_str_eqz(key, "dir"));
		put_line(f, line, &out);
		if (is_local && guild_str_eqz(bare, "[core]")) {
			has_core = true;
			guild_buf_puts(&out, "    no_scm = true\n");
		}
	}
	if (is_local && !has_core) {
		guild_buf_puts(&out, "[core]\n    no_scm = true\n");
	}
	if (is_local && !*sets_cache) {
		guild_buf_printf(&out, "[cache]\n    dir = %s/.dvc/cache\n", f->root);
	}
	rc = rc ? rc : guild_file_write(to, guild_buf_cstr(&out), out.n, false, err);
	guild_strs_fini(&lines);
	guild_buf_fini(&text);
	guild_buf_fini(&out);
	free(from);
	free(to);
	return rc;
}

/* ---- pulling -------------------------------------------------------------------------------------------------------- */

/* Copies a file of the repository to its place in the copy; 0 when it is not there, 1 when it is. */
static int copy_pointer(const struct dvc_file *f, const char *rel, struct guild_error *err)
{
	char *from = guild_path_join(f->root, rel);
	char *to = guild_path_join(f->work, rel);
	char *up = guild_path_dirname(to);
	int rc = 0;
	if (guild_is_file(from)) {
		rc = guild_mkdirs(up, err);
		rc = rc ? rc : guild_file_copy(from, to, err);
		rc = rc ? rc : 1;
	}
	free(from);
	free(to);
	free(up);
	return rc;
}

/* What tells DVC about the file: NAME.dvc of it or of a directory above it, else the pipeline that makes it. */
static int copy_pointers(struct guild_resolving *r, const struct dvc_file *f,
	struct guild_error *err)
{
	char *rel = guild_strdup(f->rel);
	int rc = 0;
	while (*rel && rc == 0) {
		char *pointer = guild_format("%s.dvc", rel);
		char *up = guild_path_dirname(rel);
		rc = copy_pointer(f, pointer, err);
		free(pointer);
		free(rel);
		rel = up;
	}
	free(rel);
	static const char *const pipeline[] = {"dvc.yaml", "dvc.lock", "params.yaml"};
	char *dir = guild_path_dirname(f->rel);
	bool is_known = rc > 0;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(pipeline) && rc >= 0 && !is_known; i++) {
		char *name = *dir ? guild_path_join(dir, pipeline[i]) : guild_strdup(pipeline[i]);
		rc = copy_pointer(f, name, err);
		free(name);
	}
	bool has_lock = rc >= 0 && !is_known && guild_is_dir(f->work);
	char *lock = guild_path_join3(f->work, dir, "dvc.lock");
	has_lock = has_lock && guild_is_file(lock);
	free(lock);
	free(dir);
	if (rc >= 0 && !is_known && !has_lock) {
		return guild_error_set(err, GUILD_ENOTFOUND,
			"there is no '%s' in the project, and no '%s.dvc' that could tell DVC about it",
			r->spec, f->rel);
	}
	return rc < 0 ? rc : 0;
}

static int run_pull(struct guild_resolving *r, const struct dvc_file *f, struct guild_error *err)
{
	const char *argv[] = {"dvc", "pull", f->rel, r->source->remote ? "--remote" : NULL,
		r->source->remote, NULL};
	struct guild_proc_result done = {0};
	guild_log(r->req->world->log, "info", "Fetching %s with DVC", r->spec);
	int rc = guild_proc_run(argv, f->work, r->req->world->env, PULL_OUTPUT_MAX, 0, &done, err);
	if (rc == GUILD_ENOTFOUND) {
		guild_error_set(err, rc,
			"'%s' is not in the project, and there is no program 'dvc' "
			"that could fetch it",
			r->spec);
		guild_error_hint(err,
			"install DVC ('pip install dvc'), or put the file into the project");
	} else if (rc == 0 && done.exit_status != 0) {
		struct guild_str said = guild_str_trim(guild_buf_str(&done.err));
		rc = guild_error_set(err, GUILD_EIO, "'dvc pull %s' failed (exit %d)%s%.*s", f->rel,
			done.exit_status, said.n ? ": " : "", (int)(said.n < 700 ? said.n : 700),
			said.p ? said.p : "");
	}
	guild_proc_result_fini(&done);
	return rc;
}

static int pull(struct guild_resolving *r, const char *path, struct guild_error *err)
{
	struct dvc_file f = {0};
	bool sets_cache = false;
	int rc = find_root(r, path, &f, err);
	if (rc != 0) {
		return rc;
	}
	char *dvc_dir = guild_path_join(f.work, ".dvc");
	rc = guild_rmtree(f.work, err);
	rc = rc ? rc : guild_mkdirs(dvc_dir, err);
	rc = rc ? rc : copy_config(&f, "config", false, &sets_cache, err);
	rc = rc ? rc : copy_config(&f, "config.local", true, &sets_cache, err);
	rc = rc ? rc : copy_pointers(r, &f, err);
	rc = rc ? rc : run_pull(r, &f, err);
	free(dvc_dir);
	const char *pulled = keep(r, guild_path_join(f.work, f.rel));
	if (rc == 0 && !guild_file_exists(pulled)) {
		rc = guild_error_set(err, GUILD_ENOTFOUND, "'dvc pull' did not bring '%s'",
			r->spec);
	}
	rc = rc ? rc
		: guild_resolve_content(r, pulled, f.work, guild_resolve_work_dir(r, path), err);
	for (size_t i = 0; i < r->n_found && rc == 0; i++) {
		r->found[i].is_generated = guild_starts(r->found[i].path, f.work);
		r->found[i].uri = r->source->uri;
	}
	return rc;
}

int guild_resolve_dvcfile(struct guild_resolving *r, struct guild_error *err)
{
	const char *path = NULL;
	const char *location = NULL;
	bool is_given = false;
	struct guild_error why = {0};
	int rc = guild_resolve_find_path(r, &path, &location, &is_given, &why);
	if (rc == 0 && (is_given || !r->source->always_pull)) {
		return guild_resolve_content(r, path, location, guild_resolve_work_dir(r, path),
			err);
	}
	if (r->is_only_looking) {
		return guild_error_set(err, GUILD_ENOTFOUND, "%s", why.text);
	}
	if (rc != 0) {
		path = keep(r, guild_path_abs(r->spec, r->dirs[0]));
	}
	return pull(r, path, err);
}

/* ---- stages ----------------------------------------------------------------------------------------------------------- */

/* What runs of stages are executed by in 0.9.0, with the stage as its last argument. */
static const char stage_module[] = "guild.plugins.dvc_stage_main";

static bool runs_stage(const struct guild_run *run, const char *stage)
{
	struct guild_arena *a = guild_arena_new();
	const struct guild_value *op = guild_run_attr(run, a, "op");
	const struct guild_value *words =
		guild_value_get(guild_value_get(op, "op-cmd"), "cmd-args");
	const char *last = NULL;
	bool is_stage = false;
	for (size_t i = 0; words && words->type == GUILD_LIST && i < words->n; i++) {
		const char *word = guild_value_text(words->items[i]);
		if (!word || strcmp(word, "--") == 0) {
			break;
		}
		is_stage = is_stage || strcmp(word, stage_module) == 0;
		last = word;
	}
	is_stage = is_stage && strcmp(last, stage) == 0;
	guild_arena_free(a);
	return is_stage;
}

/* The stage's own operation, or one that was imported from it: both go by its name. */
static bool accepts(void *arg, const struct guild_run *run)
{
	const char *stage = arg;
	return strcmp(run->opref.op, stage) == 0 && runs_stage(run, stage);
}

int guild_resolve_dvcstage(struct guild_resolving *r, struct guild_error *err)
{
	const char *value = guild_value_text(r->flag);
	struct guild_run run = {0};
	int rc = guild_choose_run_by(r->req->world, accepts, (void *)r->spec, value, &run);
	if (rc != 0) {
		return guild_error_set(err, GUILD_ENOTFOUND,
			"there is no suitable run of DVC stage '%s'", r->spec);
	}
	guild_log(r->req->world->log, "info", "Using run %s for %s", run.id, r->source->name);
	r->chosen = guild_arena_strdup(r->arena, run.id);
	r->run_id = r->chosen;
	rc = guild_resolve_run_files(r, &run, err);
	guild_run_fini(&run);
	return rc;
}
