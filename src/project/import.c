/* Completing an operation's flags from its script (flags.md 5). */
#include "project_private.h"

#include <stdlib.h>
#include <string.h>

static bool in_list(const struct guild_value *list, const char *name)
{
	for (size_t i = 0; list && i < list->n; i++) {
		if (guild_streq(guild_value_text(list->items[i]), name)) {
			return true;
		}
	}
	return false;
}

/* A flag of the project file that takes this imported one, by name or by arg-name. */
static bool is_defined(const struct guild_flag_defs *defs, const char *name)
{
	for (size_t i = 0; i < defs->n; i++) {
		if (strcmp(defs->v[i].name, name) == 0 || guild_streq(defs->v[i].arg_name, name)) {
			return true;
		}
	}
	return false;
}

/* What the project file lets in: only flags it defines, all, or those it lists. */
static void select_imported(struct guild_arena *a, const struct guild_op_def *op,
	const struct guild_flag_defs *found, struct guild_flag_defs *out)
{
	const struct guild_value *import = op->flags_import;
	for (size_t i = 0; i < found->n; i++) {
		const char *name = found->v[i].name;
		bool wanted =
			import ? (import->type == GUILD_LIST ? in_list(import, name) : import->b)
			       : is_defined(&op->flags, name);
		if (wanted && !in_list(op->flags_import_skip, name)) {
			*guild_flag_defs_add(a, out, name) = found->v[i];
		}
	}
}

static bool imports_nothing(const struct guild_op_def *op)
{
	const struct guild_value *v = op->flags_import;
	return v && ((v->type == GUILD_BOOL && !v->b) || (v->type == GUILD_LIST && v->n == 0));
}

static bool is_config_dest(const char *dest)
{
	return dest && guild_starts(dest, "config:");
}

static void take_imported(struct guild_project *project, struct guild_op_def *op,
	const struct guild_flag_defs *found)
{
	struct guild_flag_defs taken = {0};
	select_imported(project->arena, op, found, &taken);
	guild_flag_defs_merge(project->arena, &op->flags, &taken, op->flags_import != NULL);
	guild_flag_defs_sort(&op->flags);
}

/* Notebooks and R scripts are read each time: that is cheap. */
static int import_from_text(struct guild_project *project, struct guild_op_def *op,
	enum guild_op_kind kind, const char *path, guild_search_fn *search,
	const struct guild_log *log, struct guild_error *err)
{
	struct guild_buf text = {0};
	struct guild_flag_defs found = {0};
	const char *name = guild_path_basename(path);
	if (!guild_file_exists(path)) {
		guild_log(log, "warning", "flags cannot be imported: there is no '%s'", path);
		return 0;
	}
	int rc = guild_file_read(path, 0, &text, err);
	if (rc == 0 && kind == GUILD_OP_NOTEBOOK) {
		rc = guild_notebook_flags(project->arena, guild_buf_str(&text), name, &op->flags,
			search, &found, log, err);
	} else if (rc == 0) {
		rc = guild_r_script_flags(project->arena, guild_buf_str(&text), name, NULL, &found,
			log, err);
	}
	if (rc == 0) {
		take_imported(project, op, &found);
	}
	guild_buf_fini(&text);
	return rc;
}

/* The R file whose literals are the flags: the script, or the one that `flags-dest` names. */
static char *r_flags_file(const struct guild_op_def *op, const char *root, const char *script)
{
	const char *dest = op->flags_dest;
	return guild_path_join(root, dest && project_is_r_script(dest) ? dest : script);
}

/* A file that cannot be read is told again, as an error, when a run needs it. */
static void import_config(struct guild_project *project, struct guild_op_def *op,
	const struct guild_log *log)
{
	const char *file = op->flags_dest + strlen("config:");
	enum guild_config_format format;
	struct guild_buf text = {0};
	struct guild_error why = {0};
	struct guild_value *data = NULL;
	struct guild_flag_defs found = {0};
	if (imports_nothing(op) || !guild_config_format_of(file, &format)) {
		return;
	}
	char *path = guild_path_join(project->dir, file);
	int rc = guild_file_read(path, GUILD_YAML_MAX_BYTES, &text, &why);
	rc = rc ? rc
		: guild_config_parse(project->arena, format, guild_buf_str(&text), path, &data,
			  &why);
	if (rc == 0) {
		guild_flag_defs_of_config(project->arena, data, &found);
		take_imported(project, op, &found);
	} else {
		guild_log(log, "warning", "cannot import flags from %s: %s", file, why.text);
	}
	free(path);
	guild_buf_fini(&text);
}

/* Where a module is that the project's own source does not have: in a package that is extended. NULL: nowhere. */
static char *find_elsewhere(const struct guild_op_def *op, const char *module)
{
	char *script = NULL;
	for (size_t i = 1; !script && i < op->model->n_locations; i++) {
		struct guild_op_cmd found = {0};
		guild_op_find_module(op->model->locations[i], NULL, module, &found);
		script = found.script ? guild_path_join(op->model->locations[i], found.script)
				      : NULL;
		guild_op_cmd_fini(&found);
	}
	return script;
}

static int import_from_hydra(struct guild_project *project, struct guild_op_def *op,
	const struct guild_op_cmd *cmd, const char *script, const struct guild_import_options *opts,
	const struct guild_log *log, struct guild_error *err)
{
	struct guild_hydra_request req = {
		.script = script,
		.module = cmd->run_as_module ? cmd->module_name : NULL,
		.base_args = cmd->args.v,
		.n_base_args = cmd->args.n,
		.words = opts->words,
		.n_words = opts->n_words,
		.python = opts->python,
		.cwd = project->dir,
	};
	struct guild_flag_defs found = {0};
	int rc = guild_hydra_flags(project->arena, &req, &found, log, err);
	if (rc == 0) {
		take_imported(project, op, &found);
	}
	return rc;
}

static int import_from_script(struct guild_project *project, struct guild_op_def *op,
	const struct guild_import_options *opts, const struct guild_log *log,
	struct guild_error *err)
{
	if (is_config_dest(op->flags_dest)) {
		import_config(project, op, log);
		return 0;
	}
	if (op->exec) {
		return 0;
	}
	struct guild_op_cmd cmd;
	int rc = guild_op_command(project, op, &cmd, NULL, err);
	char *elsewhere = NULL;
	if (rc == 0 && cmd.kind == GUILD_OP_PYTHON && !cmd.script) {
		elsewhere = find_elsewhere(op, cmd.module);
	}
	if (rc || (!cmd.script && !elsewhere) || imports_nothing(op)) {
		free(elsewhere);
		guild_op_cmd_fini(&cmd);
		return rc == GUILD_EUNSUPPORTED ? 0 : rc;
	}
	char *root = guild_op_source_root(project, op);
	if (cmd.kind != GUILD_OP_PYTHON) {
		char *path = cmd.kind == GUILD_OP_R ? r_flags_file(op, root, cmd.script)
						    : guild_path_join(root, cmd.script);
		rc = import_from_text(project, op, cmd.kind, path, opts->search, log, err);
		if (cmd.kind == GUILD_OP_R && !op->flags_dest) {
			op->flags_dest = guild_arena_strdup(project->arena, cmd.script);
		}
		free(path);
		free(root);
		guild_op_cmd_fini(&cmd);
		return rc;
	}
	char *script = elsewhere ? elsewhere : guild_path_join(root, cmd.script);
	if (!op->flags_dest && guild_hydra_is_app(script)) {
		op->flags_dest = "hydra";
	}
	if (guild_streq(op->flags_dest, "hydra")) {
		rc = import_from_hydra(project, op, &cmd, script, opts, log, err);
		free(script);
		free(root);
		guild_op_cmd_fini(&cmd);
		return rc;
	}
	struct guild_detect_request req = {
		.script = script,
		.flags_dest = op->flags_dest,
		.base_args = cmd.args.v,
		.n_base_args = cmd.args.n,
		.module = cmd.run_as_module ? cmd.module_name : NULL,
		.python = opts->python,
		.cwd = project->dir,
		.cache_dir = opts->cache_dir,
		.ignore_cache = opts->ignore_cache,
	};
	struct guild_detected found = {0};
	rc = guild_flags_detect(project->arena, &req, &found, log, err);
	if (rc == 0) {
		take_imported(project, op, &found.flags);
		if (!op->flags_dest) {
			op->flags_dest = found.flags_dest;
		}
	}
	free(script);
	free(root);
	guild_op_cmd_fini(&cmd);
	return rc;
}

int guild_op_import_flags(struct guild_project *project, struct guild_op_def *op,
	const struct guild_import_options *opts, const struct guild_log *log,
	struct guild_error *err)
{
	int rc = import_from_script(project, op, opts, log, err);
	if (rc == 0) {
		project_add_dependency_flags(project, op, log);
	}
	return rc;
}
