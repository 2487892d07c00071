/* How an operation is started (guildfile.md 4.1). */
#include "project_private.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

char *guild_op_source_root(const struct guild_project *project, const struct guild_op_def *op)
{
	const char *root = guild_value_text(guild_value_get(op->sourcecode, "root"));
	if (!root) {
		root = guild_value_text(guild_value_get(op->model->sourcecode, "root"));
	}
	return guild_path_abs(root ? root : ".", project->dir);
}

static char *existing(const char *root, const char *dir, const char *module_path, const char *tail)
{
	char *below = guild_path_join(dir, module_path);
	char *rel = guild_format("%s%s", below, tail);
	char *full = guild_path_join(root, rel);
	bool is_there = guild_is_file(full);
	free(full);
	free(below);
	if (!is_there) {
		free(rel);
		return NULL;
	}
	return rel;
}

/* Looks in out->module_dir. */
static void find_script(const char *root, struct guild_op_cmd *out)
{
	/* A file whose own name holds a dot is itself before it is a module of a package. */
	out->script = existing(root, out->module_dir, out->module_name, ".py");
	out->run_as_module = !out->script;
	if (out->script) {
		return;
	}
	char *path = guild_strdup(out->module_name);
	for (char *p = path; *p; p++) {
		*p = *p == '.' ? '/' : *p;
	}
	out->script = existing(root, out->module_dir, path, ".py");
	if (!out->script) {
		out->script = existing(root, out->module_dir, path, "/__main__.py");
	}
	free(path);
}

void guild_op_find_module(const char *root, const struct guild_strs *path, const char *main_word,
	struct guild_op_cmd *out)
{
	const char *slash = strrchr(main_word, '/');
	char *own_dir = guild_path_dirname(main_word);
	out->module = guild_strdup(main_word);
	out->module_name = guild_strdup(slash ? slash + 1 : main_word);
	for (size_t i = 0; path && i < path->n && !out->script; i++) {
		free(out->module_dir);
		out->module_dir = guild_path_join(path->v[i], own_dir);
		find_script(root, out);
	}
	if (!out->script) {
		free(out->module_dir);
		out->module_dir = guild_strdup(own_dir);
		find_script(root, out);
	}
	free(own_dir);
}

void guild_op_python_path(const struct guild_project *project, const struct guild_op_def *op,
	struct guild_strs *out)
{
	char *root = guild_op_source_root(project, op);
	for (size_t i = 0; op->python_path && i < op->python_path->n; i++) {
		const char *text = guild_value_text(op->python_path->items[i]);
		if (!text) {
			continue;
		}
		char *full = guild_path_abs(text, project->dir);
		char *rel = guild_path_rel(full, root);
		bool is_below = strcmp(rel, ".") == 0 || guild_path_is_beneath(rel);
		guild_strs_add(out, is_below ? rel : full);
		free(full);
		free(rel);
	}
	free(root);
}

static int python_command(const struct guild_project *project, const struct guild_op_def *op,
	const char *spec, struct guild_op_cmd *out, struct guild_error *err)
{
	struct guild_strs words = {0};
	int rc = guild_shlex_split(spec, &words, err);
	if (rc == 0 && words.n == 0) {
		rc = guild_error_set(err, GUILD_EINVALID, "'main' of operation '%s' is empty",
			op->name);
	}
	if (rc == 0) {
		char *root = guild_op_source_root(project, op);
		struct guild_strs path = {0};
		guild_op_python_path(project, op, &path);
		guild_op_find_module(root, &path, words.v[0], out);
		guild_strs_fini(&path);
		free(root);
		const char *const start[] = {"${python_exe}", "-um", "guild.op_main"};
		for (size_t i = 0; i < GUILD_ARRAY_LEN(start); i++) {
			guild_strs_add(&out->words, start[i]);
		}
		for (size_t i = 0; i < words.n; i++) {
			guild_strs_add(&out->words, words.v[i]);
			if (i) {
				guild_strs_add(&out->args, words.v[i]);
			}
		}
		/* The reference separates flags from base arguments only for operations of a Guild file. */
		if (project->path) {
			guild_strs_add(&out->words, "--");
		}
		guild_strs_add(&out->words, "__flag_args__");
	}
	guild_strs_fini(&words);
	return rc;
}

static const char notebook_runner[] = "guild.plugins.nbexec";

bool project_is_notebook_main(const char *main_words)
{
	size_t n = strlen(notebook_runner);
	return strncmp(main_words, notebook_runner, n) == 0 &&
	       (main_words[n] == ' ' || main_words[n] == '\t');
}

/* PATH [--no-exec] [--html-no-input] */
static int notebook_command(const struct guild_op_def *op, const char *spec,
	struct guild_op_cmd *out, struct guild_error *err)
{
	static const char *const start[] = {
		"${python_exe}", "-um", "guild.op_main", notebook_runner};
	struct guild_strs words = {0};
	int rc = guild_shlex_split(spec, &words, err);
	if (rc == 0 && words.n == 0) {
		rc = guild_error_set(err, GUILD_EINVALID, "operation '%s' names no notebook",
			op->name);
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(start); i++) {
		guild_strs_add(&out->words, start[i]);
	}
	for (size_t i = 0; i < words.n && rc == 0; i++) {
		guild_strs_add(&out->words, words.v[i]);
	}
	if (rc == 0) {
		guild_strs_add(&out->words, "--");
		guild_strs_add(&out->words, "__flag_args__");
		out->script = guild_path_normalize(words.v[0]);
	}
	guild_strs_fini(&words);
	return rc;
}

bool project_is_r_script(const char *path)
{
	return strcasecmp(guild_path_ext(path), ".r") == 0;
}

bool guild_op_is_r(const struct guild_op_def *op)
{
	return !op->exec && !op->main && !op->notebook && guild_value_is_null(op->steps) &&
	       project_is_r_script(op->name);
}

/* As a person starts it; `echo: yes` shows the code, as R does where it reads from a terminal. */
static void r_command(const struct guild_op_def *op, struct guild_op_cmd *out)
{
	static const char *const echoing[] = {"R", "-q", "--no-save", "--no-restore", "-f"};
	const char *file = op->r_script ? op->r_script : op->name;
	if (guild_value_truthy(guild_value_get(op->data, "echo"))) {
		for (size_t i = 0; i < GUILD_ARRAY_LEN(echoing); i++) {
			guild_strs_add(&out->words, echoing[i]);
		}
	} else {
		guild_strs_add(&out->words, "Rscript");
	}
	guild_strs_add(&out->words, file);
	out->script = guild_strdup(file);
}

static int exec_command(const struct guild_op_def *op, struct guild_op_cmd *out,
	struct guild_error *err)
{
	int rc = guild_shlex_split(op->exec, &out->words, err);
	if (rc == 0 && out->words.n == 0) {
		rc = guild_error_set(err, GUILD_EINVALID, "'exec' of operation '%s' is empty",
			op->name);
	}
	for (size_t i = 0; i < out->words.n; i++) {
		if (strcmp(out->words.v[i], "${flag_args}") == 0) {
			free(out->words.v[i]);
			out->words.v[i] = guild_strdup("__flag_args__");
		}
	}
	return rc;
}

static void warn_ignored(const struct guild_log *log, const char *taken, const char *ignored,
	const char *op)
{
	guild_log(log, "warning", "operation '%s' has both '%s' and '%s': '%s' is ignored", op,
		taken, ignored, ignored);
}

/* The main of an operation that names none: its own name as a module. */
static char *main_from_name(const char *name)
{
	size_t n = strlen(name);
	char *module = guild_strndup(name, guild_ends(name, ".py") ? n - 3 : n);
	for (char *p = module; *p; p++) {
		*p = *p == '-' ? '_' : *p;
	}
	return module;
}

int guild_op_command(const struct guild_project *project, const struct guild_op_def *op,
	struct guild_op_cmd *out, const struct guild_log *log, struct guild_error *err)
{
	bool has_steps = !guild_value_is_null(op->steps);
	*out = (struct guild_op_cmd){0};
	if (op->exec) {
		if (op->main) {
			warn_ignored(log, "exec", "main", op->name);
		}
		if (has_steps) {
			warn_ignored(log, "exec", "steps", op->name);
		}
		out->kind = GUILD_OP_EXEC;
		return exec_command(op, out, err);
	}
	if (op->main || op->notebook) {
		const char *as = op->main ? "main" : "notebook";
		if (has_steps) {
			warn_ignored(log, as, "steps", op->name);
		}
		if (!op->main || project_is_notebook_main(op->main)) {
			out->kind = GUILD_OP_NOTEBOOK;
			return notebook_command(op,
				op->main ? op->main + strlen(notebook_runner) : op->notebook, out,
				err);
		}
		out->kind = GUILD_OP_PYTHON;
		return python_command(project, op, op->main, out, err);
	}
	if (has_steps) {
		static const char *const words[] = {
			"${guild_python_exe}", "-um", "guild.steps_main"};
		out->kind = GUILD_OP_STEPS;
		for (size_t i = 0; i < GUILD_ARRAY_LEN(words); i++) {
			guild_strs_add(&out->words, words[i]);
		}
		return 0;
	}
	if (guild_op_is_r(op)) {
		out->kind = GUILD_OP_R;
		r_command(op, out);
		return 0;
	}
	if (guild_ends(op->name, ".ipynb")) {
		struct guild_buf path = {0};
		guild_shlex_quote(&path, op->name);
		out->kind = GUILD_OP_NOTEBOOK;
		int rc = notebook_command(op, guild_buf_cstr(&path), out, err);
		guild_buf_fini(&path);
		return rc;
	}
	char *module = main_from_name(op->name);
	struct guild_buf words = {0};
	guild_shlex_quote(&words, module);
	out->kind = GUILD_OP_PYTHON;
	int rc = python_command(project, op, guild_buf_cstr(&words), out, err);
	guild_buf_fini(&words);
	free(module);
	return rc;
}

bool guild_op_is_pipeline(const struct guild_op_def *op)
{
	return !guild_value_is_null(op->steps) && !op->main && !op->exec;
}

void guild_op_cmd_fini(struct guild_op_cmd *c)
{
	guild_strs_fini(&c->words);
	guild_strs_fini(&c->args);
	free(c->module);
	free(c->module_dir);
	free(c->module_name);
	free(c->script);
	*c = (struct guild_op_cmd){0};
}
