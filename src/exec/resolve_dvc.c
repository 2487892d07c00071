/* Sources that DVC knows: dvcfile, a file of the project or what `dvc pull` brings; dvcstage, files of a run of a stage. */

#include <stdlib.h>
#include <string.h>

#include "resolve.h"

enum { PULL_OUTPUT_MAX = 4 << 20 };

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

static int find_file(struct guild_resolving *r, const char *path, struct dvc_file *out,
	struct guild_error *err)
{
	char *dir = guild_path_dirname(path);
	char *root = guild_dvc_root(dir);
	free(dir);
	if (!root) {
		return guild_error_set(err, GUILD_ENOTFOUND,
			"there is no '%s' in the project, and no DVC repository that could have it",
			r->spec);
	}
	out->root = keep(r, root);
	out->rel = keep(r, guild_path_rel(path, out->root));
	out->work = guild_arena_format(r->arena, "%s/dvc", r->req->run->guild_dir);
	return 0;
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
	int rc = find_file(r, path, &f, err);
	if (rc != 0) {
		return rc;
	}
	rc = guild_rmtree(f.work, err);
	rc = rc ? rc : guild_dvc_copy_config(f.root, f.work, err);
	rc = rc ? rc : copy_pointers(r, &f, err);
	rc = rc ? rc : run_pull(r, &f, err);
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

static bool runs_stage(const struct guild_run *run, const char *stage)
{
	struct guild_arena *a = guild_arena_new();
	const char *noted = guild_value_text(guild_run_attr(run, a, "dvc-stage"));
	bool is_stage =
		guild_streq(noted ? noted : guild_dvc_stage(guild_run_attr(run, a, "op"), NULL),
			stage);
	guild_arena_free(a);
	return is_stage;
}

/* The stage's own operation, or one that was imported from it: both go by its name. */
static bool accepts(void *arg, const struct guild_run *run)
{
	const char *stage = arg;
	return strcmp(run->opref.op, stage) == 0 && runs_stage(run, stage);
}

int guild_choose_stage_run(const struct guild_exec_world *world, const char *stage,
	const char *value, struct guild_run *out)
{
	return guild_choose_run_by(world, accepts, (void *)stage, value, out);
}

int guild_resolve_dvcstage(struct guild_resolving *r, struct guild_error *err)
{
	const char *value = guild_value_text(r->flag);
	struct guild_run run = {0};
	int rc = guild_choose_stage_run(r->req->world, r->spec, value, &run);
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
