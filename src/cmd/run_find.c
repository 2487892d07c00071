/* What guild run is to run: an operation, a script, or a run again (cli.md 1.1, Semantics). */

#include <stdlib.h>
#include <string.h>

#include "project_world.h"
#include "guild/version.h"
#include "run_cmd.h"

/* Longer numbers are starts of ids. */
enum { MAX_INDEX_DIGITS = 4 };

/* ---- operations ------------------------------------------------------------------------------------------- */

static int load_project(struct guild_run_cmd *c, const char *dir, struct guild_project **out,
	struct guild_error *err)
{
	int rc = guild_project_load(dir, guild_op_world(c->ctx), out, &c->ctx->log, err);
	return rc == GUILD_ENOTFOUND ? 0 : rc;
}

static void set_op(struct guild_run_cmd *c, struct guild_project *project, struct guild_op_def *op)
{
	struct guild_buf name = {0};
	c->op_project = project;
	c->op = op;
	c->opref = (struct guild_opref){.pkg_type = project->is_dvc ? "import" : "guildfile",
		.pkg_name = project->path,
		.version = project->hash,
		.model = (char *)op->model->name,
		.op = (char *)op->name};
	if (project->pkg_name) {
		c->opref.pkg_type = "package";
		c->opref.pkg_name = (char *)project->pkg_name;
		c->opref.version = (char *)project->pkg_version;
	} else if (project->is_builtin) {
		c->opref.pkg_type = "builtin";
		c->opref.pkg_name = "guildai";
		c->opref.version = GUILD_VERSION;
	} else if (!project->path) {
		c->opref = (struct guild_opref){.pkg_type = "script",
			.pkg_name = project->script_dir,
			.version = "",
			.model = "",
			.op = (char *)op->name};
	}
	guild_op_fullname(op, &name);
	free(c->op_name);
	c->op_name = guild_buf_take(&name);
}

/* 0.9.0 executes it inside itself at every start, to change its own Python code. */
static void note_patch_file(const struct guild_run_cmd *c)
{
	char *path = guild_path_join(c->ctx->cwd, "guild_patch.py");
	if (guild_is_file(path)) {
		guild_log(&c->ctx->log, "warning",
			"guild_patch.py is not loaded: it changes the Python code of Guild AI, "
			"which this program does not have");
	}
	free(path);
}

static int find_op(struct guild_run_cmd *c, struct guild_error *err)
{
	struct guild_op_def *op = NULL;
	int rc = load_project(c, c->ctx->cwd, &c->project, err);
	note_patch_file(c);
	rc = rc ? rc
		: guild_op_find(c->project, c->spec, c->ctx->cwd, guild_op_world(c->ctx), &op,
			  &c->script, err);
	if (rc == GUILD_ENOTFOUND) {
		/* What the project does not have, guild may bring along. */
		struct guild_error none = {0};
		rc = guild_builtin_find(c->spec, &c->script, &op, &none) == 1 ? 0 : rc;
	}
	if (rc == 0) {
		set_op(c, c->script ? c->script : c->project, op);
	}
	return rc;
}

/* ---- runs ----------------------------------------------------------------------------------------------------- */

/* A short number is the index that guild runs shows. Taken for the start of an id, as 0.9.0 does, it would restart another run
 * than the one that was meant. 1: found, 0: no index, or none of that many runs. */
static int find_by_index(struct guild_run_cmd *c, const char *runs_dir, const char *index_path,
	const char *spec, struct guild_error *err)
{
	size_t n = strlen(spec);
	if (n == 0 || n > MAX_INDEX_DIGITS || spec[0] == '0' || strspn(spec, "0123456789") != n) {
		return 0;
	}
	struct guild_runs all = {0};
	size_t index = (size_t)strtoul(spec, NULL, 10);
	struct guild_run_filter filter = {.index_path = index_path, .limit = index};
	int rc = guild_store_list(runs_dir, &filter, guild_ctx_env(c->ctx, "GUILD_RUNS_PARENT"),
		&all, &c->ctx->log, err);
	if (rc == 0 && index <= all.n) {
		c->run = all.v[index - 1];
		all.v[index - 1] = (struct guild_run){0};
		rc = 1;
	}
	guild_runs_fini(&all);
	return rc;
}

static int find_run(struct guild_run_cmd *c, const char *spec, struct guild_error *err)
{
	char *runs_dir = guild_home_runs_dir(&c->ctx->home, false);
	char *index_path = guild_store_index_path(&c->ctx->home, false, c->ctx->environ_);
	int rc = find_by_index(c, runs_dir, index_path, spec, err);
	if (rc == 0) {
		rc = guild_store_find_spec(runs_dir, index_path, spec, c->ctx->cwd, &c->run, err);
	}
	free(index_path);
	free(runs_dir);
	return rc < 0 ? rc : 0;
}

int guild_run_cmd_open_spec(struct guild_run_cmd *c, const char *spec, struct guild_run *out,
	struct guild_error *err)
{
	struct guild_run before = c->run;
	c->run = (struct guild_run){0};
	int rc = find_run(c, spec, err);
	*out = c->run;
	c->run = before;
	return rc;
}

static bool same_op(const struct guild_opref *ref, const struct guild_op_def *op)
{
	return strcmp(ref->model, op->model->name) == 0 && strcmp(ref->op, op->name) == 0;
}

/* The project that a run's operation is defined in; NULL where it is no more. */
static int load_project_of(struct guild_run_cmd *c, const struct guild_opref *ref,
	struct guild_project **out, struct guild_error *err)
{
	struct guild_packages packages = {0};
	int rc = 0;
	*out = NULL;
	if (strcmp(ref->pkg_type, "guildfile") == 0) {
		char *dir = guild_path_dirname(ref->pkg_name);
		rc = load_project(c, dir, out, err);
		free(dir);
	} else if (strcmp(ref->pkg_type, "package") == 0) {
		guild_packages_find(guild_op_world(c->ctx), &packages);
	}
	for (size_t i = 0; rc == 0 && !*out && i < packages.n; i++) {
		if (strcmp(packages.v[i].name, ref->pkg_name) == 0) {
			rc = guild_package_load(&packages.v[i], guild_op_world(c->ctx), out,
				&c->ctx->log, err);
		}
	}
	guild_packages_fini(&packages);
	return rc;
}

/* The definition of a run's operation, where its project is still there. Sets nothing when it is not. */
static int find_op_of_run(struct guild_run_cmd *c, const struct guild_opref *ref,
	struct guild_error *err)
{
	if (strcmp(ref->pkg_type, "script") == 0) {
		struct guild_op_def *op = NULL;
		char *path = guild_path_join(ref->pkg_name, ref->op);
		/* The working directory of then is not recorded in the reference, but in the command's environment. */
		const struct guild_value *record = guild_run_attr(&c->run, c->ctx->arena, "op");
		const struct guild_value *env =
			guild_value_get(guild_value_get(record, "op-cmd"), "cmd-env");
		const char *dir = guild_value_text(guild_value_get(env, "PROJECT_DIR"));
		int rc = guild_file_exists(path)
				 ? guild_op_find(NULL, path, dir && *dir ? dir : ref->pkg_name,
					   NULL, &op, &c->of_run, err)
				 : 0;
		free(path);
		if (rc == 0 && op) {
			set_op(c, c->of_run, op);
		}
		return rc;
	}
	if (strcmp(ref->pkg_type, "import") == 0 && strcmp(ref->model, "dvc.yaml") == 0) {
		struct guild_op_def *op = NULL;
		char *dir = guild_path_dirname(ref->pkg_name);
		char *spec = guild_format("dvc.yaml:%s", ref->op);
		int rc = guild_file_exists(ref->pkg_name)
				 ? guild_op_find(NULL, spec, dir, NULL, &op, &c->of_run, err)
				 : 0;
		free(dir);
		free(spec);
		if (rc == 0 && op) {
			set_op(c, c->of_run, op);
		}
		return rc;
	}
	int rc = load_project_of(c, ref, &c->of_run, err);
	for (size_t i = 0; rc == 0 && c->of_run && i < c->of_run->n_models; i++) {
		for (size_t k = 0; k < c->of_run->models[i]->n_ops; k++) {
			if (same_op(ref, c->of_run->models[i]->ops[k])) {
				set_op(c, c->of_run, c->of_run->models[i]->ops[k]);
			}
		}
	}
	return rc;
}

/* The run whose flags count: a batch's prototype. */
static int open_proto(struct guild_run_cmd *c, struct guild_run *out, struct guild_error *err)
{
	char *dir = guild_path_join(c->run.guild_dir, "proto");
	int rc = guild_run_open(dir, out, err);
	free(dir);
	return rc;
}

/* A queue has an empty prototype. */
static bool has_trials(const struct guild_run *run)
{
	char *proto = guild_path_join(run->guild_dir, "proto");
	bool has = guild_run_is_run(proto);
	free(proto);
	return has;
}

static int find_definition(struct guild_run_cmd *c, struct guild_error *err)
{
	struct guild_run proto = {0};
	int rc = 0;
	c->is_batch_restart = has_trials(&c->run);
	if (c->is_batch_restart) {
		rc = open_proto(c, &proto, err);
	}
	rc = rc ? rc : find_op_of_run(c, c->is_batch_restart ? &proto.opref : &c->run.opref, err);
	if (proto.dir) {
		guild_run_fini(&proto);
	}
	if (rc == 0 && !c->op && (guild_run_cmd_has_values(c) || c->options.force_sourcecode)) {
		guild_error_set(err, GUILD_ENOTFOUND,
			"cannot find the definition of the operation of run %.8s", c->run.id);
		guild_error_hint(err, "without flags and --force-sourcecode it is not needed");
		return GUILD_ENOTFOUND;
	}
	return rc;
}

static int find_restart(struct guild_run_cmd *c, struct guild_error *err)
{
	c->is_restart = true;
	int rc = find_run(c, guild_args_text(c->args, "restart"), err);
	if (rc == 0 && (guild_run_cmd_has_values(c) || c->options.force_sourcecode)) {
		rc = find_definition(c, err);
	} else if (rc == 0) {
		c->is_batch_restart = has_trials(&c->run);
	}
	if (rc == 0 && !c->op_name) {
		c->op_name = guild_run_display_name(&c->run);
	}
	return rc;
}

static int find_proto(struct guild_run_cmd *c, struct guild_error *err)
{
	c->is_proto = true;
	int rc = find_run(c, guild_args_text(c->args, "proto"), err);
	if (rc == 0 && guild_run_is_batch(&c->run)) {
		/* Its own prototype is what the new run is like. */
		struct guild_run proto = {0};
		rc = open_proto(c, &proto, err);
		guild_run_fini(&c->run);
		c->run = proto;
	}
	if (rc == 0) {
		rc = c->spec ? find_op(c, err) : find_op_of_run(c, &c->run.opref, err);
	}
	if (rc != 0 || c->spec) {
		return rc;
	}
	int found = guild_run_attr_read(&c->run, c->ctx->arena, "op",
		(struct guild_value **)&c->record, err);
	if (found < 0) {
		return found;
	}
	if (found == 0) {
		return guild_error_set(err, GUILD_EINVALID,
			"run %.8s cannot be a prototype: missing op configuration", c->run.id);
	}
	if (!c->op && c->options.force_sourcecode) {
		return guild_error_set(err, GUILD_ENOTFOUND, "cannot find the project of run %.8s",
			c->run.id);
	}
	c->opref = c->run.opref;
	if (!c->op_name) {
		c->op_name = guild_run_display_name(&c->run);
	}
	return 0;
}

/* The operation's definition knows, else the record of the run. */
static const char *python_requires(struct guild_run_cmd *c)
{
	if (c->op) {
		return c->op->python_requires;
	}
	const struct guild_value *record =
		c->run.dir ? guild_run_attr(&c->run, c->ctx->arena, "op") : NULL;
	return guild_value_text(guild_value_get(record, "python-requires"));
}

int guild_run_cmd_find(struct guild_run_cmd *c, struct guild_error *err)
{
	int rc;
	if (guild_args_given(c->args, "restart")) {
		rc = find_restart(c, err);
	} else {
		rc = guild_args_given(c->args, "proto") ? find_proto(c, err) : find_op(c, err);
	}
	return rc ? rc : guild_run_cmd_require_python(c, python_requires(c), err);
}
