/* Planning a merge: where the files of a run go in its project, and what stands in the way. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tree.h"

enum { GIT_TIMEOUT_MS = 60000, GIT_MAX = 256 << 20 };

static const struct {
	const char *text, *code;
} reasons[] = {
	[GUILD_MERGE_COPY] = {"copied", ""},
	[GUILD_MERGE_UNCHANGED] = {"unchanged", "u"},
	[GUILD_MERGE_NON_PROJECT_FILE] = {"non-project file", "?"},
	[GUILD_MERGE_NON_PROJECT_DEPENDENCY] = {"non-project dependency", "npd"},
	[GUILD_MERGE_SKIPPED_DEPENDENCY] = {"skipped dependency", "d"},
	[GUILD_MERGE_SKIPPED_SOURCECODE] = {"skipped source code", "s"},
	[GUILD_MERGE_EXCLUDED] = {"excluded", "x"},
};

const char *guild_merge_reason_text(enum guild_merge_reason reason)
{
	return reasons[reason].text;
}

const char *guild_merge_reason_code(enum guild_merge_reason reason)
{
	return reasons[reason].code;
}

void guild_merge_plan_fini(struct guild_merge_plan *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->v[i].run_path);
		free(p->v[i].target_path);
	}
	free(p->v);
	free(p->target_dir);
	guild_run_fini(&p->run);
	guild_strs_fini(&p->replaced);
	guild_strs_fini(&p->unstaged);
	*p = (struct guild_merge_plan){0};
}

/* ---- where they go --------------------------------------------------------------------------------------- */

/* The project path of a manifest entry; NULL: it is none of the project's. Borrowed from the entry. */
static const char *project_path(const struct guild_manifest_entry *e)
{
	const char *path = e->source;
	if (e->kind == 'd') {
		path = guild_starts(path, "file:") && !e->subpath ? path + strlen("file:") : NULL;
	} else if (e->kind != 's') {
		path = NULL;
	}
	return path && guild_path_is_beneath(path) ? path : NULL;
}

static bool is_excluded(const struct guild_merge_request *req, const char *target)
{
	for (size_t i = 0; req->exclude && i < req->exclude->n; i++) {
		if (guild_fnmatch(req->exclude->v[i], target)) {
			return true;
		}
	}
	return false;
}

static enum guild_merge_reason decide(const struct guild_merge_request *req,
	const struct guild_merge_plan *plan, const struct guild_manifest_entry *e,
	const struct guild_merge_file *f)
{
	if (e && e->kind == 's' && req->skip_sourcecode) {
		return GUILD_MERGE_SKIPPED_SOURCECODE;
	}
	if (e && e->kind == 'd' && (req->skip_deps || req->sourcecode_only)) {
		return GUILD_MERGE_SKIPPED_DEPENDENCY;
	}
	if (!f->target_path) {
		return e && e->kind == 'd' ? GUILD_MERGE_NON_PROJECT_DEPENDENCY
					   : GUILD_MERGE_NON_PROJECT_FILE;
	}
	if (!e && (!req->all || req->sourcecode_only)) {
		return GUILD_MERGE_NON_PROJECT_FILE;
	}
	if (is_excluded(req, f->target_path)) {
		return GUILD_MERGE_EXCLUDED;
	}
	char *from = guild_path_join(plan->run.dir, f->run_path);
	char *to = guild_path_join(plan->target_dir, f->target_path);
	bool is_same = guild_file_has_same_content(from, to);
	free(from);
	free(to);
	return is_same ? GUILD_MERGE_UNCHANGED : GUILD_MERGE_COPY;
}

static void add_file(const struct guild_merge_request *req, struct guild_merge_plan *plan,
	size_t *cap, const struct guild_manifest_entry *e, const char *run_path)
{
	struct guild_merge_file f = {.type = e ? e->kind : 'o', .run_path = guild_strdup(run_path)};
	f.target_path = guild_strdup(e ? project_path(e) : run_path);
	f.reason = decide(req, plan, e, &f);
	plan->v = guild_grow_array(plan->v, cap, plan->n + 1, sizeof(*plan->v));
	plan->v[plan->n++] = f;
}

/* Of two files for one place the one that is no source code goes there, as it is what the run really used; the other one leaves the
 * plan, as in 0.9.0. */
static void drop_doubles(struct guild_merge_plan *plan)
{
	struct guild_map taken = {0};
	for (int round = 0; round < 2; round++) {
		size_t n = 0;
		for (size_t i = 0; i < plan->n; i++) {
			struct guild_merge_file *f = &plan->v[i];
			bool is_meant = (f->type == 's') == (round == 1) &&
					(f->reason == GUILD_MERGE_COPY ||
						f->reason == GUILD_MERGE_UNCHANGED);
			if (is_meant && guild_map_has(&taken, f->target_path)) {
				free(f->run_path);
				free(f->target_path);
				continue;
			}
			if (is_meant) {
				guild_map_put(&taken, f->target_path, plan);
			}
			plan->v[n++] = *f;
		}
		plan->n = n;
	}
	guild_map_fini(&taken);
}

static int plan_files(const struct guild_merge_request *req, struct guild_merge_plan *plan,
	struct guild_error *err)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_manifest manifest = {0};
	struct guild_map entries = {0};
	size_t cap = 0;
	char *path = guild_path_join(plan->run.guild_dir, "manifest");
	int rc = guild_is_file(path)
			 ? guild_manifest_read(&plan->run, a, &manifest, NULL, err)
			 : guild_error_set(err, GUILD_ENOTFOUND,
				   "run %.8s has no manifest: what its files are cannot "
				   "be told",
				   plan->run.id);
	for (size_t i = 0; i < manifest.n; i++) {
		guild_map_put(&entries, manifest.v[i].path, &manifest.v[i]);
	}
	struct guild_tree files = {0};
	rc = rc ? rc : guild_tree_list(plan->run.dir, true, &files, err);
	for (size_t i = 0; i < files.n; i++) {
		const char *name = files.v[i].path;
		/* Whatever is called .guild… is Guild's own. */
		if (files.v[i].type == 'f' && !guild_starts(name, ".guild")) {
			add_file(req, plan, &cap, guild_map_get(&entries, name), name);
		}
	}
	drop_doubles(plan);
	for (size_t i = 0; i < plan->n; i++) {
		plan->n_copy += plan->v[i].reason == GUILD_MERGE_COPY;
	}
	guild_tree_fini(&files);
	guild_map_fini(&entries);
	guild_arena_free(a);
	free(path);
	return rc;
}

/* ---- what stands in the way ---------------------------------------------------------------------------------- */

/* The NUL-terminated names that a git command prints, as keys; false: git or the work tree is not there. */
static int git_names(const char *git, const char *dir, const char *const *args,
	struct guild_map *out, bool *is_tree, struct guild_error *err)
{
	const char *argv[12] = {git ? git : "git", "--no-optional-locks"};
	static int mark;
	for (size_t i = 0; args[i]; i++) {
		argv[i + 2] = args[i];
	}
	struct guild_proc_result r = {0};
	int rc = guild_proc_run(argv, dir, NULL, GIT_MAX, GIT_TIMEOUT_MS, &r, err);
	*is_tree = rc == 0 && r.exit_status == 0;
	if (rc == GUILD_ENOTFOUND) {
		rc = 0; /* no git: nothing is tracked */
	} else if (rc == 0 && r.out.n >= GIT_MAX) {
		rc = guild_error_set(err, GUILD_ELIMIT, "git has too many files in '%s'", dir);
	}
	const char *end = r.out.p ? r.out.p + r.out.n : NULL;
	for (const char *p = r.out.p; *is_tree && p < end; p += strlen(p) + 1) {
		guild_map_put(out, p, &mark);
	}
	guild_proc_result_fini(&r);
	return rc;
}

struct git_state {
	struct guild_map tracked, changed, untracked;
	bool is_tree;
};

static int read_git(const char *git, const char *dir, struct git_state *out,
	struct guild_error *err)
{
	static const char *const tracked[] = {"ls-files", "-z", NULL};
	static const char *const changed[] = {
		"diff", "--name-only", "--relative", "--no-ext-diff", "-z", NULL};
	static const char *const untracked[] = {
		"ls-files", "-z", "--others", "--exclude-standard", NULL};
	bool is_tree = false;
	int rc = git_names(git, dir, tracked, &out->tracked, &out->is_tree, err);
	if (rc == 0 && out->is_tree) {
		rc = git_names(git, dir, changed, &out->changed, &is_tree, err);
		rc = rc ? rc : git_names(git, dir, untracked, &out->untracked, &is_tree, err);
	}
	return rc;
}

static void find_obstacles(struct guild_merge_plan *plan, const struct git_state *git,
	bool no_replace)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct guild_merge_file *f = &plan->v[i];
		struct stat st;
		char *to = guild_path_join(plan->target_dir, f->target_path ? f->target_path : "");
		bool is_there = f->reason == GUILD_MERGE_COPY && lstat(to, &st) == 0;
		free(to);
		if (!is_there) {
			continue;
		}
		if (!no_replace && (guild_map_has(&git->changed, f->target_path) ||
					   guild_map_has(&git->untracked, f->target_path))) {
			guild_strs_add(&plan->unstaged, f->target_path);
		} else if (no_replace || S_ISDIR(st.st_mode) ||
			   !guild_map_has(&git->tracked, f->target_path)) {
			guild_strs_add(&plan->replaced, f->target_path);
		}
	}
	guild_strs_sort(&plan->replaced);
	guild_strs_sort(&plan->unstaged);
}

static int check_obstacles(const struct guild_merge_request *req, struct guild_merge_plan *plan,
	struct guild_error *err)
{
	struct git_state git = {0};
	int rc = 0;
	if (req->replace || plan->n_copy == 0 || !guild_is_dir(plan->target_dir)) {
		return 0;
	}
	if (!req->no_replace) {
		rc = read_git(req->git, plan->target_dir, &git, err);
	}
	if (rc == 0) {
		find_obstacles(plan, &git, req->no_replace);
	}
	guild_map_fini(&git.tracked);
	guild_map_fini(&git.changed);
	guild_map_fini(&git.untracked);
	return rc;
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

static int check_project(const struct guild_merge_request *req, struct guild_error *err)
{
	char *project = guild_run_project_dir(req->run);
	char *real_project = project ? guild_path_real(project) : NULL;
	char *here = guild_path_real(req->cwd);
	int rc = 0;
	if (!project) {
		rc = guild_error_set(err, GUILD_EINVALID, "run %.8s is not from a project",
			req->run->id);
		guild_error_hint(err, "name the directory to copy to with --target-dir");
	} else if (strcmp(real_project, here) != 0) {
		rc = guild_error_set(err, GUILD_EINVALID, "run %.8s is from another project (%s)",
			req->run->id, project);
		guild_error_hint(err,
			"use '--target-dir .' to copy to this directory all the same");
	}
	free(here);
	free(real_project);
	free(project);
	return rc;
}

int guild_store_merge_plan(const struct guild_merge_request *req, struct guild_merge_plan *out,
	struct guild_error *err)
{
	struct guild_merge_plan plan = {0};
	int rc = req->target_dir ? 0 : check_project(req, err);
	rc = rc ? rc : guild_run_open(req->run->dir, &plan.run, err);
	if (rc == 0) {
		plan.target_dir = req->target_dir ? guild_path_abs(req->target_dir, req->cwd)
						  : guild_strdup(req->cwd);
		rc = plan_files(req, &plan, err);
		rc = rc ? rc : check_obstacles(req, &plan, err);
	}
	if (rc != 0) {
		guild_merge_plan_fini(&plan);
	} else {
		*out = plan;
	}
	return rc;
}
