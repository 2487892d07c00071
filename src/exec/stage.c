/* Makes the directory of a run: records, source code, dependencies (runs.md 5, steps 2-4). */

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "stage.h"

/* ---- small questions --------------------------------------------------------------------------------------- */

static bool env_is_on(char *const *env, const char *name)
{
	return guild_streq(guild_env_get(env, name), "1");
}

/* The run whose source code is taken over, or NULL. */
static const struct guild_run *source_run(const struct guild_exec_op *x)
{
	return x->options->force_sourcecode ? NULL : x->proto;
}

int64_t guild_stage_seed(const struct guild_exec_op *x)
{
	if (x->options->has_random_seed) {
		return x->options->random_seed;
	}
	if (x->proto) {
		int64_t inherited = guild_run_attr_i64(x->proto, "random_seed", -1);
		if (inherited >= 0) {
			return inherited;
		}
	}
	uint32_t seed;
	guild_random_bytes(&seed, sizeof(seed));
	return seed;
}

char *guild_stage_dir(const struct guild_exec_op *x, struct guild_error *err)
{
	if (x->options->run_dir) {
		return guild_strdup(x->options->run_dir);
	}
	char id[GUILD_RUN_ID_LEN + 1];
	const char *name = x->options->run_id;
	if (name && (!guild_path_is_beneath(name) || strchr(name, '/'))) {
		guild_error_set(err, GUILD_EINVALID, "'%s' cannot be the id of a run", name);
		return NULL;
	}
	if (!name) {
		guild_run_new_id(id);
		name = id;
	}
	char *runs = guild_home_runs_dir(x->world->home, false);
	char *dir = guild_path_join(runs, name);
	free(runs);
	if (guild_run_is_run(dir)) {
		guild_error_set(err, GUILD_EEXISTS, "there is a run '%s' already", name);
		free(dir);
		return NULL;
	}
	return dir;
}

void guild_source_place(const struct guild_value *record, struct guild_source_place *out)
{
	const struct guild_value *env =
		guild_value_get(guild_value_get(record, "op-cmd"), "cmd-env");
	const struct guild_value *sourcecode = guild_value_get(record, "sourcecode");
	const char *dir = guild_value_text(guild_value_get(env, "PROJECT_DIR"));
	const char *root = guild_value_text(guild_value_get(sourcecode, "root"));
	const char *dest = guild_value_text(guild_value_get(sourcecode, "dest"));
	if (!dest) {
		/* before 0.9 */
		dest = guild_value_text(guild_value_get(record, "sourcecode-root"));
	}
	out->project_dir = dir && *dir ? dir : NULL;
	out->root = out->project_dir ? guild_path_abs(root ? root : ".", dir) : NULL;
	out->dest = dest ? dest : ".";
}

void guild_source_place_fini(struct guild_source_place *p)
{
	free(p->root);
	p->root = NULL;
}

char *guild_opref_spec(const struct guild_opref *ref)
{
	if (strcmp(ref->pkg_type, "script") == 0) {
		return guild_path_join(ref->pkg_name, ref->op);
	}
	return ref->model[0] ? guild_format("%s:%s", ref->model, ref->op) : guild_strdup(ref->op);
}

/* The command as it will be executed; there is no run directory yet. `sel` is NULL where another run's copy is taken over. */
static int make_command(const struct guild_exec_op *x, const struct guild_value *record,
	const struct guild_source_selection *sel, struct guild_command *out,
	struct guild_error *err)
{
	struct guild_source_place place;
	guild_source_place(record, &place);
	struct guild_command_request req = {
		.op = record,
		.flags = x->flags,
		.python = x->world->python ? x->world->python->exe : NULL,
		.project_dir = place.project_dir,
		.source_root = place.root,
		.source_dest = place.dest,
		.run_dir = sel ? NULL : source_run(x)->dir,
		.selection = sel,
		.debug_sourcecode = x->options->debug_sourcecode,
		.home = x->world->home->path,
		.program = x->world->program,
		.log = x->world->log,
	};
	int rc = guild_command_make(&req, out, err);
	guild_source_place_fini(&place);
	return rc;
}

int guild_command_in_run(const struct guild_exec_world *world, const char *debug_sourcecode,
	const struct guild_value *record, const struct guild_value *flags,
	const struct guild_source_place *place, const struct guild_run *run,
	struct guild_command *out, struct guild_error *err)
{
	struct guild_command_request req = {
		.op = record,
		.flags = flags,
		.python = world->python ? world->python->exe : NULL,
		.project_dir = place->project_dir,
		.source_root = place->root,
		.source_dest = place->dest,
		.run_dir = run->dir,
		.debug_sourcecode = debug_sourcecode,
		.home = world->home->path,
		.program = world->program,
		.log = world->log,
	};
	return guild_command_make(&req, out, err);
}

/* ---- git, beside everything else ------------------------------------------------------------------------------ */

/* git takes longer than all the rest of staging, so it is asked while files are copied. */
struct vcs_job {
	pthread_t thread;
	bool is_started;
	const char *dir;
	struct guild_vcs_state state;
	struct guild_error err;
	int rc;
};

static void *read_vcs(void *arg)
{
	struct vcs_job *job = arg;
	job->rc = guild_vcs_read(job->dir, true, &job->state, &job->err);
	return NULL;
}

static void vcs_start(struct vcs_job *job, const struct guild_exec_op *x)
{
	if (!x->project || source_run(x) || env_is_on(x->world->env, "NO_VCS_COMMIT")) {
		return;
	}
	job->dir = x->project->dir;
	char *root = guild_git_root(job->dir);
	if (root) {
		job->is_started = pthread_create(&job->thread, NULL, read_vcs, job) == 0;
		if (!job->is_started) {
			read_vcs(job);
		}
	}
	free(root);
}

static void vcs_join(struct vcs_job *job)
{
	if (job->is_started) {
		pthread_join(job->thread, NULL);
		job->is_started = false;
	}
}

static int write_diff(const struct vcs_job *job, const struct guild_run *run,
	struct guild_error *err)
{
	struct guild_buf text = {0};
	/* git apply skips what comes before the first "diff --git" */
	guild_buf_printf(&text, "# uncommitted changes against %s\n", job->state.head);
	guild_buf_append(&text, job->state.diff.p, job->state.diff.n);
	int rc = guild_new_file(run, "vcs.diff", text.p, text.n, 0666, err);
	guild_buf_fini(&text);
	return rc;
}

static int vcs_write(struct vcs_job *job, const struct guild_exec_op *x,
	const struct guild_run *run, struct guild_arena *a, struct guild_error *err)
{
	vcs_join(job);
	if (job->rc != 0) {
		if (job->rc != GUILD_ENOTFOUND ||
			!env_is_on(x->world->env, "NO_WARN_GIT_MISSING")) {
			guild_log(x->world->log, "warning",
				"the commit of '%s' is not recorded: %s", job->dir, job->err.text);
		}
		return 0;
	}
	int rc = 0;
	if (job->state.commit) {
		const char *commit = guild_arena_format(a, "git:%s%s", job->state.commit,
			job->state.dirty ? "*" : "");
		rc = guild_new_attr(run, "vcs_commit", guild_value_string(a, commit), err);
	}
	if (rc == 0 && job->state.diff.n > 0) {
		rc = write_diff(job, run, err);
	} else if (rc == 0 && job->state.diff_too_large) {
		const char *why = guild_arena_format(a, "larger than %d bytes", GUILD_VCS_DIFF_MAX);
		guild_log(x->world->log, "warning", "uncommitted changes are not saved: %s", why);
		rc = guild_new_attr(run, "vcs_diff_left_out", guild_value_string(a, why), err);
	}
	return rc;
}

/* ---- source code ------------------------------------------------------------------------------------------------ */

static int write_snapshot(const struct guild_snapshot *snap, const struct guild_run *run,
	struct guild_arena *a, struct guild_error *err)
{
	int rc = guild_new_attr(run, "sourcecode_digest",
		snap->digest[0] ? guild_value_string(a, snap->digest) : guild_value_null(a), err);
	if (rc == 0 && snap->left_out.n > 0) {
		rc = guild_new_attr(run, "_sourcecode_left_out",
			guild_value_strs(a, &snap->left_out), err);
	}
	return rc;
}

static int copy_project_source(const struct guild_exec_op *x,
	const struct guild_source_selection *sel, const struct guild_run *run,
	struct guild_arena *a, struct guild_buf *manifest, struct guild_error *err)
{
	struct guild_snapshot snap = {0};
	int rc = guild_snapshot_make(sel, run, x->world->log, &snap, err);
	rc = rc ? rc : write_snapshot(&snap, run, a, err);
	if (rc == 0) {
		guild_buf_append(manifest, snap.manifest.p, snap.manifest.n);
	}
	guild_snapshot_fini(&snap);
	return rc;
}

/* --proto: what the other run lists as its source code. */
static int copy_run_source(const struct guild_run *from, const struct guild_run *run,
	struct guild_arena *a, struct guild_buf *manifest, struct guild_error *err)
{
	static const char *const names[] = {"sourcecode_digest", "_sourcecode_left_out"};
	struct guild_manifest m = {0};
	int rc = guild_manifest_read(from, a, &m, NULL, err);
	for (size_t i = 0; i < m.n && rc == 0; i++) {
		if (m.v[i].kind != 's' || !guild_path_is_beneath(m.v[i].path)) {
			continue;
		}
		char *source = guild_run_source_path(from, m.v[i].path);
		char *target = guild_path_join(run->dir, m.v[i].path);
		char *dir = guild_path_dirname(target);
		rc = guild_mkdirs(dir, err);
		rc = rc ? rc : guild_file_copy(source, target, err);
		guild_manifest_format(manifest, &m.v[i]);
		free(source);
		free(target);
		free(dir);
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(names) && rc == 0; i++) {
		const struct guild_value *v = guild_run_attr(from, a, names[i]);
		rc = v ? guild_new_attr(run, names[i], v, err) : 0;
	}
	return rc;
}

/* ---- filling a run directory --------------------------------------------------------------------------------------- */

static const struct guild_value *all_tags(struct guild_arena *a, const struct guild_exec_op *x)
{
	struct guild_value *list = guild_value_strs(a, &x->options->tags);
	const struct guild_value *more = x->op ? x->op->tags : NULL;
	for (size_t i = 0; more && i < more->n; i++) {
		guild_value_append(a, list, more->items[i]);
	}
	return list;
}

static const char *render_label(const struct guild_stage_request *req)
{
	const char *text = guild_value_text(guild_value_get(req->record, "label-template"));
	struct guild_buf b = {0};
	guild_flag_render_label(&b, text ? text : "${default_label}", req->x->flags, NULL,
		req->x->world->log);
	const char *label = guild_arena_strdup(req->arena, guild_buf_cstr(&b));
	guild_buf_fini(&b);
	return label;
}

static int write_records(const struct guild_stage_request *req, const struct guild_strs *argv,
	struct guild_run *run, struct guild_error *err)
{
	const struct guild_exec_op *x = req->x;
	struct guild_new_run n = {
		.world = x->world,
		.id = req->id,
		.argv = argv,
		.label = render_label(req),
		.tags = all_tags(req->arena, x),
		.comment = x->options->comment,
		.trials = x->trials,
		.flags = x->flags,
		.user_flags = x->user_flags,
		.run_params = x->options->run_params,
		.record = req->record,
		.steps = x->op && guild_op_is_pipeline(x->op) ? x->op->steps : NULL,
		.run_attrs = x->op ? x->op->run_attrs : NULL,
		.extra_attrs = x->options->extra_attrs,
		.random_seed = guild_stage_seed(x),
		.copied_from = source_run(x),
	};
	if (!source_run(x) || x->repeat) {
		n.platform = guild_platform_record(req->arena, x->world->python, x->world->env);
		n.plugins = guild_op_plugins(req->arena, x->op, x->world->env);
	}
	return guild_new_run_write(&n, run, req->arena, err);
}

/* --run-dir may name the directory of an earlier run: it stops being a run, and its records give way to the new ones. */
static int clear_old_run(const char *dir, struct guild_error *err)
{
	struct guild_run old = {0};
	struct guild_strs names = {0};
	if (!guild_run_is_run(dir)) {
		return 0;
	}
	int rc = guild_run_open(dir, &old, NULL) == GUILD_ENOTFOUND
			 ? 0
			 : guild_run_attr_names(&old, &names, err);
	char *opref = guild_path_join(old.guild_dir, "opref");
	rc = rc ? rc : guild_file_remove(opref, err);
	for (size_t i = 0; i < names.n && rc == 0; i++) {
		if (strcmp(names.v[i], "id") != 0 && strcmp(names.v[i], "initialized") != 0) {
			rc = guild_run_attr_remove(&old, names.v[i], err);
		}
	}
	free(opref);
	guild_strs_fini(&names);
	guild_run_fini(&old);
	return rc;
}

/* What a variable cannot be set to is known before anything is made. */
static int check_env(const struct guild_exec_op *x, const struct guild_value *record,
	struct guild_error *err)
{
	struct guild_strs env = {0};
	int rc = guild_env_of_op(record, x->flags, &env, err);
	guild_strs_fini(&env);
	return rc;
}

int guild_stage_fill(const struct guild_stage_request *req, struct guild_run *run,
	struct guild_error *err)
{
	const struct guild_exec_op *x = req->x;
	struct guild_command command = {0};
	struct guild_buf manifest = {0};
	const struct guild_value *deps = guild_value_get(req->record, "deps");
	struct vcs_job vcs = {0};
	struct guild_source_selection sel = {0};
	const struct guild_run *from = source_run(x);
	vcs_start(&vcs, x);
	int rc = from ? 0 : guild_source_select(x->project, x->op, false, &sel, x->world->log, err);
	rc = rc ? rc : make_command(x, req->record, from ? NULL : &sel, &command, err);
	rc = rc ? rc : check_env(x, req->record, err);
	rc = rc ? rc : clear_old_run(req->dir, err);
	rc = rc ? rc : guild_run_create(req->dir, run, err);
	rc = rc ? rc : write_records(req, &command.argv, run, err);
	if (rc == 0) {
		rc = from ? copy_run_source(from, run, req->arena, &manifest, err)
			  : copy_project_source(x, &sel, run, req->arena, &manifest, err);
	}
	if (rc == 0 && !req->without_deps && (!deps || deps->n == 0)) {
		rc = guild_new_attr(run, "deps", guild_value_dict(req->arena), err);
	}
	rc = rc ? rc : guild_new_file(run, "manifest", manifest.p, manifest.n, 0666, err);
	if (rc == 0) {
		rc = vcs_write(&vcs, x, run, req->arena, err);
	}
	vcs_join(&vcs);
	guild_vcs_fini(&vcs.state);
	guild_command_fini(&command);
	guild_source_selection_fini(&sel);
	guild_buf_fini(&manifest);
	return rc;
}

/* ---- a whole run ------------------------------------------------------------------------------------------------------ */

int guild_stage_write_env(const struct guild_exec_op *x, const struct guild_opref *opref,
	const struct guild_value *record, const struct guild_run *run, struct guild_error *err)
{
	struct guild_strs env = {0};
	struct guild_buf text = {0};
	struct guild_source_place place;
	struct guild_command command = {0};
	char *name = guild_opref_spec(opref);
	guild_source_place(record, &place);
	/* The variables its command needs; a batch is executed by guild itself. */
	int rc = guild_run_is_batch(run)
			 ? 0
			 : guild_command_in_run(x->world, x->options->debug_sourcecode, record,
				   x->flags, &place, run, &command, err);
	struct guild_env_request req = {.base = x->world->env,
		.log_level = x->world->log_level,
		.op = record,
		.flags = x->flags,
		.python_path = command.python_path,
		.gpus = x->options->gpus,
		.no_gpus = x->options->no_gpus,
		.op_name = name,
		.home = x->world->home->path,
		.source_dest = place.dest,
		.cmd_dir = x->world->cmd_dir,
		.run = run,
		.more = command.env};
	rc = rc ? rc : guild_env_make(&req, &env, err);
	if (rc == 0) {
		guild_env_shell(&env, &text);
		/* secrets are in it, since the program needs them */
		rc = guild_new_file(run, "ENV", text.p, text.n, 0600, err);
	}
	guild_command_fini(&command);
	guild_source_place_fini(&place);
	guild_strs_fini(&env);
	guild_buf_fini(&text);
	free(name);
	return rc;
}

/* What a staged run has besides its marker. */
/* A run that is started by hand finds its flags where guild would have put them. */
static int apply_source_flags(const struct guild_exec_op *x, const struct guild_value *record,
	const struct guild_run *run, struct guild_error *err)
{
	struct guild_source_place place;
	guild_source_place(record, &place);
	struct guild_source_flags_request req = {
		.op = record,
		.flags = x->flags,
		.source_root = place.root,
		.source_dest = place.dest,
		.run = run,
		.debug_sourcecode = x->options->debug_sourcecode,
		.log = x->world->log,
	};
	int rc = guild_run_is_batch(run) ? 0 : guild_source_flags_apply(&req, err);
	guild_source_place_fini(&place);
	return rc;
}

static int write_staged(const struct guild_exec_op *x, const struct guild_opref *opref,
	const struct guild_value *record, struct guild_run *run, struct guild_error *err)
{
	struct guild_arena *a = guild_arena_new();
	int rc = apply_source_flags(x, record, run, err);
	rc = rc ? rc : guild_stage_write_env(x, opref, record, run, err);
	rc = rc ? rc
		: guild_new_attr(run, "started", guild_value_int(a, guild_run_timestamp()), err);
	guild_arena_free(a);
	return rc;
}

int guild_stage_publish(const struct guild_exec_op *x, const struct guild_opref *opref,
	const struct guild_value *record, bool staged, struct guild_run *run,
	struct guild_error *err)
{
	int rc = guild_run_set_marker(run, staged ? "STAGED" : "PENDING", true, err);
	if (rc == 0 && staged) {
		rc = write_staged(x, opref, record, run, err);
	}
	return rc ? rc : guild_run_write_opref(run, opref, x->options->durable, err);
}

/* Places that messages name: of the Guild file the operation was just read from. */
static const char *guild_file(const struct guild_exec_op *x)
{
	bool is_here =
		x->project && x->project->path && guild_streq(x->project->dir, x->world->cwd);
	return is_here      ? guild_path_basename(x->project->path)
	       : x->project ? x->project->path
			    : NULL;
}

/* Dependencies may take hours to arrive: meanwhile the run is there and pending, and one whose guild was killed can be restarted. */
static int publish_and_resolve(const struct guild_exec_op *x, const struct guild_value *record,
	bool staged, struct guild_run *run, struct guild_error *err)
{
	struct guild_deps_request req = {.world = x->world,
		.run = run,
		.flags = x->flags,
		.file = x->record ? NULL : guild_file(x),
		.repeat = x->repeat,
		.force = x->options->force_deps,
		.is_staging = staged,
		.durable = x->options->durable};
	int rc = guild_stage_publish(x, &x->opref, record, false, run, err);
	rc = rc ? rc : guild_deps_resolve(&req, guild_value_get(record, "deps"), err);
	if (rc == 0 && staged) {
		rc = write_staged(x, &x->opref, record, run, err);
		rc = rc ? rc : guild_run_set_marker(run, "STAGED", true, err);
		rc = rc ? rc : guild_run_set_marker(run, "PENDING", false, err);
	}
	if (rc != 0) {
		(void)guild_run_set_marker(run, "PENDING", false, NULL);
	}
	return rc;
}

int guild_exec_stage(const struct guild_exec_op *x, bool staged, struct guild_run *out,
	struct guild_error *err)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *record = NULL;
	char *dir = guild_stage_dir(x, err);
	bool was_there = dir && guild_file_exists(dir);
	memset(out, 0, sizeof(*out));
	int rc = dir ? guild_op_record(a, x, &record, err) : (err ? err->code : GUILD_EINVALID);
	if (rc == 0) {
		struct guild_stage_request req = {.x = x, .dir = dir, .record = record, .arena = a};
		rc = guild_stage_fill(&req, out, err);
		const struct guild_value *deps = guild_value_get(record, "deps");
		bool has_deps = deps && deps->n > 0;
		if (rc == 0) {
			rc = has_deps ? publish_and_resolve(x, record, staged, out, err)
				      : guild_stage_publish(x, &x->opref, record, staged, out, err);
		}
		if (rc != 0 && out->dir && !was_there) {
			(void)guild_rmtree(out->dir, NULL);
		}
	}
	if (rc != 0) {
		guild_run_fini(out);
	}
	free(dir);
	guild_arena_free(a);
	return rc;
}

int guild_exec_command(const struct guild_exec_op *x, struct guild_strs *argv,
	struct guild_strs *op_env, struct guild_error *err)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *record = NULL;
	struct guild_command command = {0};
	struct guild_source_selection sel = {0};
	bool from_run = source_run(x) != NULL;
	int rc = guild_op_record(a, x, &record, err);
	if (rc == 0 && argv && !from_run) {
		rc = guild_source_select(x->project, x->op, false, &sel, x->world->log, err);
	}
	if (rc == 0 && argv) {
		rc = make_command(x, record, from_run ? NULL : &sel, &command, err);
	}
	if (rc == 0 && argv) {
		*argv = command.argv;
		memset(&command.argv, 0, sizeof(command.argv));
	}
	if (rc == 0 && op_env) {
		rc = guild_env_of_op(record, x->flags, op_env, err);
		guild_strs_sort(op_env);
	}
	guild_command_fini(&command);
	guild_source_selection_fini(&sel);
	guild_arena_free(a);
	return rc;
}
