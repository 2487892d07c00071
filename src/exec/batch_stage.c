/* Makes the run of a batch, as Guild AI 0.9.0 stores it: the batch itself and its prototype (batches.md 4). */

#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "guild/version.h"

static const struct guild_batch_op grid = {.model = "", .name = "+", .module = "guild.batch_main"};

static const struct guild_batch_op *batch_of(const struct guild_exec_op *x)
{
	return x->batch ? x->batch : &grid;
}

static bool has_flags(const struct guild_batch_op *op)
{
	return op->flags && op->flags->n > 0;
}

static struct guild_value *batch_record(struct guild_arena *a, const struct guild_exec_op *x,
	const char *label)
{
	const struct guild_batch_op *op = batch_of(x);
	const char *const words[] = {"${guild_python_exe}", "-um", op->module};
	struct guild_value *v = guild_value_dict(a);
	struct guild_value *cmd = guild_value_dict(a);
	struct guild_value *args = guild_value_list(a);
	struct guild_value *env = guild_value_dict(a);
	struct guild_value *sourcecode = guild_value_dict(a);
	const char *lists[] = {".", guild_env_get(x->world->env, "PYTHONPATH")};
	char *path = guild_path_list_join(lists, GUILD_ARRAY_LEN(lists));
	for (size_t i = 0; i < GUILD_ARRAY_LEN(words); i++) {
		guild_value_append(a, args, guild_value_string(a, words[i]));
	}
	guild_value_set(a, env, "GUILD_PLUGINS",
		guild_value_string(a, guild_op_plugin_names(a, NULL, x->world->env)));
	guild_value_set(a, env, "NO_OP_INTERRUPTED_MSG", guild_value_string(a, "1"));
	guild_value_set(a, env, "PROJECT_DIR", guild_value_string(a, ""));
	guild_value_set(a, env, "PYTHONPATH", guild_value_string(a, path));
	guild_value_set(a, cmd, "cmd-args", args);
	guild_value_set(a, cmd, "cmd-env", env);
	if (has_flags(op)) {
		struct guild_value *cmd_flags = guild_value_dict(a);
		for (size_t i = 0; i < op->flags->n; i++) {
			guild_value_set(a, cmd_flags, guild_value_text(op->flags->pairs[i].key),
				guild_value_dict(a));
		}
		guild_value_set(a, cmd, "cmd-flags", cmd_flags);
	}
	guild_value_set(a, cmd, "flags-dest", guild_value_string(a, "args"));
	guild_value_set(a, sourcecode, "dest", guild_value_string(a, "."));
	guild_value_set(a, v, "delete-on-success",
		guild_value_bool(a, !op->is_kept && !x->options->keep_batch));
	guild_value_set(a, v, "deps", guild_value_list(a));
	guild_value_set(a, v, "flag-null-labels", guild_value_dict(a));
	guild_value_set(a, v, "flags-extra", guild_value_dict(a));
	guild_value_set(a, v, "label-template",
		label ? guild_value_string(a, label) : guild_value_null(a));
	guild_value_set(a, v, "op-cmd", cmd);
	guild_value_set(a, v, "output-scalars", guild_value_null(a));
	guild_value_set(a, v, "python-requires", guild_value_null(a));
	guild_value_set(a, v, "sourcecode", sourcecode);
	free(path);
	return v;
}

/* --batch-label, else the batch's tags. */
static const char *label_template(struct guild_arena *a, const struct guild_run_options *o)
{
	if ((o->batch_label && *o->batch_label) || o->batch_tags.n == 0) {
		return o->batch_label;
	}
	char *tags = guild_strs_join(&o->batch_tags, " ");
	const char *label = guild_arena_strdup(a, tags);
	free(tags);
	return label;
}

/* What it says of itself, else its flags. */
static const char *batch_label(struct guild_arena *a, const struct guild_exec_op *x)
{
	const char *text = label_template(a, x->options);
	if ((text && *text) || !has_flags(batch_of(x))) {
		return text;
	}
	struct guild_buf b = {0};
	guild_flag_default_label(&b, batch_of(x)->flags);
	text = guild_arena_strdup(a, guild_buf_cstr(&b));
	guild_buf_fini(&b);
	return text;
}

static const char *first_objective(const struct guild_batch_op *op)
{
	const struct guild_value *all = op->objectives;
	const char *text = all && all->n > 0 ? guild_value_text(all->items[0]) : NULL;
	return text ? text : "loss";
}

/* What 0.9.0 has no place for (docs/formats/batches.md). */
static int write_own_attrs(const struct guild_batch_op *op, const struct guild_run *run,
	struct guild_error *err)
{
	int rc = 0;
	if (op->objectives && op->objectives->n > 1) {
		rc = guild_new_attr(run, "_objectives", op->objectives, err);
	}
	if (rc == 0 && op->constraints && op->constraints->n > 0) {
		rc = guild_new_attr(run, "_constraints", op->constraints, err);
	}
	return rc;
}

/* The batch itself has no source code. */
static int write_batch(const struct guild_exec_op *x, const struct guild_value *record,
	int64_t seed, struct guild_run *run, struct guild_arena *a, struct guild_error *err)
{
	const struct guild_run_options *o = x->options;
	const struct guild_batch_op *op = batch_of(x);
	struct guild_strs argv = {0};
	guild_batch_argv(x->world, run, &argv);
	struct guild_new_run n = {
		.world = x->world,
		.argv = &argv,
		.label = batch_label(a, x),
		.tags = guild_value_strs(a, &o->batch_tags),
		.comment = o->batch_comment,
		.flags = op->flags ? op->flags : guild_value_dict(a),
		.user_flags = op->user_flags ? op->user_flags : guild_value_dict(a),
		.run_params = o->run_params,
		.record = record,
		.platform = guild_platform_record(a, x->world->python, x->world->env),
		.plugins = guild_op_plugins(a, NULL, x->world->env),
		.random_seed = seed,
		.max_trials = x->batch ? op->max_trials : o->max_trials,
		.objective = first_objective(op),
		.stage_trials = o->stage_trials,
	};
	int rc = guild_new_run_write(&n, run, a, err);
	rc = rc ? rc : guild_new_attr(run, "sourcecode_digest", guild_value_null(a), err);
	rc = rc ? rc : guild_new_attr(run, "deps", guild_value_dict(a), err);
	rc = rc ? rc : guild_new_file(run, "manifest", "", 0, 0666, err);
	rc = rc ? rc : write_own_attrs(op, run, err);
	guild_strs_fini(&argv);
	return rc;
}

/* An operation whose program makes the trials: a run of it as any other, and a batch besides. */
static int write_program(const struct guild_exec_op *x, int64_t seed, struct guild_value **record,
	struct guild_run *run, struct guild_arena *a, struct guild_error *err)
{
	const struct guild_batch_op *op = x->batch;
	struct guild_run_options options = {.label = label_template(a, x->options),
		.tags = x->options->batch_tags,
		.comment = x->options->batch_comment,
		.has_random_seed = true,
		.random_seed = seed,
		.run_params = x->options->run_params,
		.keep_run = x->options->keep_batch,
		.durable = x->options->durable};
	struct guild_exec_op program = *op->program;
	program.options = &options;
	int rc = guild_op_record(a, &program, record, err);
	if (rc == 0) {
		const char *dir = guild_arena_strdup(a, run->dir);
		struct guild_stage_request req = {
			.x = &program, .dir = dir, .record = *record, .arena = a};
		guild_run_fini(run);
		rc = guild_stage_fill(&req, run, err);
	}
	if (rc == 0 && op->max_trials > 0) {
		rc = guild_new_attr(run, "max_trials", guild_value_int(a, op->max_trials), err);
	}
	rc = rc ? rc
		: guild_new_attr(run, "objective", guild_value_string(a, first_objective(op)), err);
	if (rc == 0 && x->options->stage_trials) {
		rc = guild_new_attr(run, "stage_trials", guild_value_bool(a, true), err);
	}
	return rc ? rc : write_own_attrs(op, run, err);
}

void guild_batch_argv(const struct guild_exec_world *world, const struct guild_run *batch,
	struct guild_strs *out)
{
	guild_strs_add(out, world->program ? world->program : "guild");
	guild_strs_add(out, "run");
	guild_strs_add(out, "--restart");
	guild_strs_add(out, batch->id);
	guild_strs_add(out, "-y");
}

/* The run that trials are copied from. It stays pending for ever. */
static int write_proto(const struct guild_exec_op *x, const struct guild_run *batch,
	struct guild_arena *a, struct guild_error *err)
{
	struct guild_value *record = NULL;
	struct guild_run proto = {0};
	char *dir = guild_path_join(batch->guild_dir, "proto");
	int rc = guild_op_record(a, x, &record, err);
	if (rc == 0) {
		struct guild_stage_request req = {.x = x,
			.dir = dir,
			.id = "proto",
			.without_deps = true,
			.record = record,
			.arena = a};
		rc = guild_stage_fill(&req, &proto, err);
	}
	rc = rc ? rc : guild_run_set_marker(&proto, "PENDING", true, err);
	rc = rc ? rc : guild_run_write_opref(&proto, &x->opref, x->options->durable, err);
	guild_run_fini(&proto);
	free(dir);
	return rc;
}

int guild_batch_stage(const struct guild_exec_op *x, bool staged, struct guild_run *out,
	struct guild_error *err)
{
	struct guild_arena *a = guild_arena_new();
	char *dir = guild_stage_dir(x, err);
	bool was_there = dir && guild_file_exists(dir);
	/* Both get the same seed, drawn once. */
	struct guild_run_options options = *x->options;
	struct guild_exec_op same = *x;
	options.random_seed = guild_stage_seed(x);
	options.has_random_seed = true;
	same.options = &options;
	const struct guild_batch_op *op = batch_of(x);
	struct guild_value *record =
		op->program ? NULL : batch_record(a, x, label_template(a, x->options));
	struct guild_opref opref = {.pkg_type = "builtin",
		.pkg_name = "guildai",
		.version = GUILD_VERSION,
		.model = (char *)op->model,
		.op = (char *)op->name};
	memset(out, 0, sizeof(*out));
	if (op->program) {
		opref = op->program->opref;
	}
	int rc = dir ? guild_run_create(dir, out, err) : (err ? err->code : GUILD_EINVALID);
	rc = rc ? rc : write_proto(&same, out, a, err);
	if (rc == 0) {
		rc = op->program ? write_program(&same, options.random_seed, &record, out, a, err)
				 : write_batch(&same, record, options.random_seed, out, a, err);
	}
	if (rc == 0) {
		struct guild_exec_op batch = same;
		batch.flags = op->flags ? op->flags : guild_value_dict(a);
		rc = guild_stage_publish(&batch, &opref, record, staged, out, err);
	}
	if (rc != 0) {
		if (dir && !was_there) {
			(void)guild_rmtree(dir, NULL);
		}
		guild_run_fini(out);
	}
	free(dir);
	guild_arena_free(a);
	return rc;
}
