/* Attribute `op`: what a restart needs to know of an operation, as Guild AI 0.9.0 writes it (runs.md 3.4). */

#include <stdlib.h>
#include <string.h>

#include "exec_private.h"

static struct guild_value *text_or_null(struct guild_arena *a, const char *text)
{
	return text ? guild_value_string(a, text) : guild_value_null(a);
}

/* ---- plugins ------------------------------------------------------------------------------------------ */

static bool has_nvidia_smi(char *const *env)
{
	const char *path = guild_env_get(env, "PATH");
	struct guild_strs dirs = {0};
	bool found = false;
	guild_strs_split(&dirs, path ? path : "", ':');
	for (size_t i = 0; i < dirs.n && !found; i++) {
		char *file = guild_path_join(dirs.v[i], "nvidia-smi");
		found = guild_is_executable(file);
		free(file);
	}
	guild_strs_fini(&dirs);
	return found;
}

static bool names_gpu(const struct guild_value *plugins)
{
	static const char *const names[] = {"gpu", "all", "summary", NULL};
	for (size_t i = 0; names[i]; i++) {
		const struct guild_value *v = plugins;
		if (guild_streq(guild_value_text(v), names[i])) {
			return true;
		}
		for (size_t k = 0; v && v->type == GUILD_LIST && k < v->n; k++) {
			if (guild_streq(guild_value_text(v->items[k]), names[i])) {
				return true;
			}
		}
	}
	return false;
}

/* As 0.9.0 has it: exec is Python's only where it names the interpreter of guild's choice. */
static bool is_python_op(const struct guild_op_def *op)
{
	if (op->exec) {
		size_t n = strcspn(op->exec, " \t");
		return n == strlen("${python_exe}") && strncmp(op->exec, "${python_exe}", n) == 0;
	}
	/* The reference runs pipelines in Python, too. */
	return !guild_op_is_r(op);
}

/* `op` NULL: a batch, which the reference runs in Python. */
struct guild_value *guild_op_plugins(struct guild_arena *a, const struct guild_op_def *op,
	char *const *env)
{
	struct guild_value *list = guild_value_list(a);
	const struct guild_value *asked = op ? (op->plugins        ? op->plugins
						       : op->model ? op->model->plugins
								   : NULL)
					     : NULL;
	bool has_gpu = names_gpu(asked) || has_nvidia_smi(env);
	const char *const names[] = {"cpu", "disk", has_gpu ? "gpu" : NULL, "memory", "perf",
		!op || is_python_op(op) ? "python_script" : NULL};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(names); i++) {
		if (names[i]) {
			guild_value_append(a, list, guild_value_string(a, names[i]));
		}
	}
	return list;
}

const char *guild_op_plugin_names(struct guild_arena *a, const struct guild_op_def *op,
	char *const *env)
{
	const struct guild_value *list = guild_op_plugins(a, op, env);
	struct guild_buf b = {0};
	for (size_t i = 0; i < list->n; i++) {
		guild_buf_printf(&b, "%s%s", i ? "," : "", guild_value_text(list->items[i]));
	}
	const char *names = guild_arena_strdup(a, guild_buf_cstr(&b));
	guild_buf_fini(&b);
	return names;
}

/* ---- command -------------------------------------------------------------------------------------------- */

static const char *source_setting(const struct guild_op_def *op, const char *key)
{
	const char *text = guild_value_text(guild_value_get(op->sourcecode, key));
	return text ? text : guild_value_text(guild_value_get(op->model->sourcecode, key));
}

/* The operation's own PYTHONPATH, its python-path as it is in the run, the source code, what there was. NULL: nothing to say. */
static char *python_path(const struct guild_exec_op *x, const char *own)
{
	const char *dest = source_setting(x->op, "dest");
	const char *debug = x->options->debug_sourcecode;
	struct guild_strs dirs = {0}, copies = {0};
	dest = dest ? dest : ".";
	guild_op_python_path(x->project, x->op, &dirs);
	for (size_t i = 0; i < dirs.n; i++) {
		guild_strs_take(&copies, strcmp(dest, ".") == 0 ? guild_strdup(dirs.v[i])
								: guild_path_join(dest, dirs.v[i]));
	}
	char *joined = guild_strs_join(&copies, ":"), *path = NULL;
	if (is_python_op(x->op) || dirs.n > 0) {
		const char *lists[] = {own, joined, debug ? debug : dest,
			guild_env_get(x->world->env, "PYTHONPATH")};
		path = guild_path_list_join(lists, GUILD_ARRAY_LEN(lists));
	}
	free(joined);
	guild_strs_fini(&dirs);
	guild_strs_fini(&copies);
	return path;
}

static struct guild_value *cmd_env(struct guild_arena *a, const struct guild_exec_op *x,
	const char *flags_dest)
{
	const struct guild_op_def *op = x->op;
	struct guild_value *env = op->env ? guild_value_copy(a, op->env) : guild_value_dict(a);
	if (x->options->no_gpus || x->options->gpus) {
		const char *gpus = x->options->no_gpus ? "" : x->options->gpus;
		guild_value_set(a, env, "CUDA_VISIBLE_DEVICES", guild_value_string(a, gpus));
	}
	if (flags_dest) {
		guild_value_set(a, env, "FLAGS_DEST", guild_value_string(a, flags_dest));
	}
	guild_value_set(a, env, "GUILD_PLUGINS",
		guild_value_string(a, guild_op_plugin_names(a, op, x->world->env)));
	if (op->handle_keyboard_interrupt) {
		guild_value_set(a, env, "HANDLE_KEYBOARD_INTERRUPT", guild_value_string(a, "1"));
	}
	guild_value_set(a, env, "PROJECT_DIR", guild_value_string(a, x->project->dir));
	char *path = python_path(x, guild_value_text(guild_value_get(env, "PYTHONPATH")));
	if (path) {
		guild_value_set(a, env, "PYTHONPATH", guild_value_string(a, path));
		free(path);
	}
	return env;
}

/* What was typed is passed even where the program has that value anyway: another group may have been chosen besides. */
static void mark_typed(struct guild_arena *a, struct guild_value *cmd_flags,
	const struct guild_value *typed)
{
	for (size_t i = 0; typed && typed->type == GUILD_DICT && i < typed->n; i++) {
		const char *name = guild_value_text(typed->pairs[i].key);
		struct guild_value *attrs = name ? guild_value_get(cmd_flags, name) : NULL;
		if (guild_value_get(attrs, "imported")) {
			guild_value_set(a, attrs, "typed", guild_value_bool(a, true));
		}
	}
}

static int op_cmd(struct guild_arena *a, const struct guild_exec_op *x, struct guild_value **out,
	struct guild_error *err)
{
	struct guild_op_cmd cmd;
	int rc = guild_op_command(x->project, x->op, &cmd, x->world->log, err);
	if (rc == 0) {
		struct guild_value *v = guild_value_dict(a);
		struct guild_value *flags = guild_flag_cmd_flags(a, &x->op->flags);
		/* An operation that names no destination passes arguments, and only Python operations are told so. */
		const char *dest = x->op->flags_dest ? x->op->flags_dest : "args";
		bool tells_dest = cmd.kind == GUILD_OP_PYTHON || x->op->flags_dest;
		guild_value_set(a, v, "cmd-args", guild_value_strs(a, &cmd.words));
		guild_value_set(a, v, "cmd-env", cmd_env(a, x, tells_dest ? dest : NULL));
		mark_typed(a, flags, x->user_flags);
		if (flags && flags->n > 0) {
			guild_value_set(a, v, "cmd-flags", flags);
		}
		guild_value_set(a, v, "flags-dest", guild_value_string(a, dest));
		*out = v;
	}
	guild_op_cmd_fini(&cmd);
	return rc;
}

/* ---- the record ------------------------------------------------------------------------------------------- */

static void add_flag_notes(struct guild_arena *a, const struct guild_flag_defs *defs,
	struct guild_value *record)
{
	struct guild_value *labels = guild_value_dict(a);
	struct guild_value *extra = guild_value_dict(a);
	for (size_t i = 0; i < defs->n; i++) {
		const struct guild_flag_def *def = &defs->v[i];
		if (def->null_label) {
			guild_value_set(a, labels, def->name,
				guild_value_string(a, def->null_label));
		}
		bool has_extra = def->extra && def->extra->n > 0;
		struct guild_value *own =
			has_extra ? guild_value_copy(a, def->extra) : guild_value_dict(a);
		if (def->nb_replace) {
			guild_value_set(a, own, "nb-replace", guild_value_copy(a, def->nb_replace));
		}
		if (own->n > 0) {
			guild_value_set(a, extra, def->name, own);
		}
	}
	guild_value_set(a, record, "flag-null-labels", labels);
	guild_value_set(a, record, "flags-extra", extra);
}

/* --label, else the tags before the default label, else what the operation says. */
static const char *label_template(struct guild_arena *a, const struct guild_exec_op *x)
{
	const struct guild_run_options *o = x->options;
	if (o->label && *o->label) {
		return o->label;
	}
	if (o->tags.n > 0) {
		char *tags = guild_strs_join(&o->tags, " ");
		const char *text = guild_arena_format(a, "%s ${default_label}", tags);
		free(tags);
		return text;
	}
	return x->op ? x->op->label : NULL;
}

int guild_record_alerts(struct guild_arena *a, struct guild_value *record,
	const struct guild_value *more, struct guild_error *err)
{
	struct guild_value *before = NULL;
	struct guild_value *added = NULL;
	int rc = guild_alerts_read(a, guild_value_get(record, "alerts"), &before, err);
	rc = rc ? rc : guild_alerts_read(a, more, &added, err);
	for (size_t i = 0; rc == 0 && i < added->n; i++) {
		bool is_new = true;
		for (size_t k = 0; k < before->n; k++) {
			is_new = is_new && !guild_value_eq(before->items[k], added->items[i]);
		}
		if (is_new) {
			guild_value_append(a, before, added->items[i]);
		}
	}
	if (rc == 0 && before->n > 0) {
		guild_value_set(a, record, "alerts", before);
	}
	return rc;
}

void guild_record_prune(struct guild_arena *a, struct guild_value *record,
	const struct guild_run_options *options)
{
	if (options->prune && options->prune->n > 0) {
		guild_value_set(a, record, "prune", guild_value_copy(a, options->prune));
	} else if (options->prune) {
		guild_value_unset(record, "prune");
	}
}

int guild_op_record(struct guild_arena *a, const struct guild_exec_op *x, struct guild_value **out,
	struct guild_error *err)
{
	const char *label = label_template(a, x);
	if (x->record) {
		*out = guild_value_copy(a, x->record);
		if (label) {
			guild_value_set(a, *out, "label-template", guild_value_string(a, label));
		}
		guild_record_prune(a, *out, x->options);
		return guild_record_alerts(a, *out, x->options->alerts, err);
	}
	const struct guild_op_def *op = x->op;
	struct guild_value *v = guild_value_dict(a);
	struct guild_value *deps;
	struct guild_value *cmd;
	int rc = guild_deps_record(a, op->deps, x->flags, &x->options->deps, &deps, err);
	rc = rc ? rc : op_cmd(a, x, &cmd, err);
	if (rc != 0) {
		return rc;
	}
	const char *dest = source_setting(op, "dest");
	const char *root = source_setting(op, "root");
	struct guild_value *sourcecode = guild_value_dict(a);
	guild_value_set(a, sourcecode, "dest", guild_value_string(a, dest ? dest : "."));
	if (root) {
		guild_value_set(a, sourcecode, "root", guild_value_string(a, root));
	}
	guild_value_set(a, v, "delete-on-success",
		guild_value_bool(a, op->delete_on_success && !x->options->keep_run));
	guild_value_set(a, v, "deps", deps);
	add_flag_notes(a, &op->flags, v);
	guild_value_set(a, v, "label-template", text_or_null(a, label));
	guild_value_set(a, v, "op-cmd", cmd);
	guild_value_set(a, v, "output-scalars",
		op->output_scalars ? guild_value_copy(a, op->output_scalars) : guild_value_null(a));
	guild_value_set(a, v, "python-requires", text_or_null(a, op->python_requires));
	guild_value_set(a, v, "sourcecode", sourcecode);
	/* Ours: a restart has no operation definition to ask for these. */
	if (op->has_pip_freeze && !op->pip_freeze) {
		guild_value_set(a, v, "pip-freeze", guild_value_bool(a, false));
	}
	if (op->python_path && op->python_path->n > 0) {
		struct guild_strs path = {0};
		guild_op_python_path(x->project, op, &path);
		guild_value_set(a, v, "python-path", guild_value_strs(a, &path));
		guild_strs_fini(&path);
	}
	if (op->stoppable) {
		guild_value_set(a, v, "stoppable", guild_value_bool(a, true));
	}
	if (!guild_value_is_null(op->env_secrets)) {
		guild_value_set(a, v, "env-secrets", guild_value_copy(a, op->env_secrets));
	}
	*out = v;
	guild_record_prune(a, v, x->options);
	rc = guild_record_alerts(a, v, op->alerts, err);
	return rc ? rc : guild_record_alerts(a, v, x->options->alerts, err);
}
