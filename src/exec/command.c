/*
 * What is really executed for an operation's recorded command (attribute op).
 *
 * The record keeps Guild AI's template, `${python_exe} -um guild.op_main MODULE ARGS -- __flag_args__`, so that 0.9.0 can restart
 * the run. Its runner is not needed here: the script is executed as a user would type it, and only flags that go into module
 * globals need the shim in between.
 */

#include <stdlib.h>
#include <string.h>

#include "exec_private.h"

#define FLAG_ARGS "__flag_args__"

struct words {
	const struct guild_command_request *req;
	const struct guild_value *cmd_flags;
	struct guild_command *command; /* that is made */
};

/* Flags by their value as in the environment, and the few names of our own. */
static bool look_up(void *arg, const char *name, struct guild_buf *out)
{
	const struct words *w = arg;
	const struct guild_value *value = guild_value_get(w->req->flags, name);
	if (value) {
		guild_flag_env_value(out, value, guild_value_get(w->cmd_flags, name));
		return true;
	}
	if (strcmp(name, "python_exe") == 0 || strcmp(name, "guild_python_exe") == 0) {
		guild_buf_puts(out, w->req->python ? w->req->python : "python");
		return true;
	}
	if (strcmp(name, "project_dir") == 0) {
		guild_buf_puts(out, w->req->project_dir ? w->req->project_dir : "");
		return true;
	}
	return false;
}

static int add_word(const struct words *w, const char *word, struct guild_strs *out,
	struct guild_error *err)
{
	struct guild_buf b = {0};
	int rc = guild_refs_resolve(word, look_up, (void *)w, &b, err);
	if (rc == 0) {
		guild_strs_take(out, guild_buf_take(&b));
	} else {
		guild_buf_fini(&b);
		guild_error_wrap(err, "cannot make the command");
	}
	return rc;
}

/* Overrides; what has no spelling among words is one more configuration, which comes last. */
static void add_hydra_args(const struct words *w, struct guild_strs *out)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *file = NULL;
	guild_hydra_args(a, w->req->flags, w->cmd_flags, out, &file);
	if (file) {
		struct guild_buf text = {0};
		guild_buf_puts(&text, "# @package _global_\n");
		guild_yaml_dump(&text, file, true);
		guild_buf_putc(&text, '\n');
		free(w->command->hydra_file);
		w->command->hydra_file = guild_buf_take(&text);
		/* Overrides must stand together: an option between them ends them. */
		guild_strs_add(out, "+guild=flags");
		guild_strs_add(out, "--config-dir=" GUILD_HYDRA_DIR);
	}
	guild_arena_free(a);
}

/* Words [from, to) of the template; `flag_args` says whether flags are wanted there. */
static int add_words(const struct words *w, const struct guild_value *words, size_t from, size_t to,
	bool flag_args, struct guild_strs *out, struct guild_error *err)
{
	const char *dest = guild_value_text(guild_value_get(guild_value_get(w->req->op, "op-cmd"),
		"flags-dest"));
	for (size_t i = from; i < to; i++) {
		const char *word = guild_value_text(words->items[i]);
		if (!word || strlen(word) != words->items[i]->s.n) { /* a NUL is inside */
			return guild_error_set(err, GUILD_EINVALID,
				"invalid operation command: word %zu is no text", i + 1);
		}
		if (strcmp(word, FLAG_ARGS) == 0) {
			if (flag_args && guild_streq(dest, "hydra")) {
				add_hydra_args(w, out);
			} else if (flag_args) {
				guild_flag_cmd_args(out, w->req->flags, w->cmd_flags,
					dest ? dest : "args", out, w->req->log);
			}
			continue;
		}
		int rc = add_word(w, word, out, err);
		if (rc != 0) {
			return rc;
		}
	}
	return 0;
}

static bool word_is(const struct guild_value *words, size_t i, const char *text)
{
	const char *word = i < words->n ? guild_value_text(words->items[i]) : NULL;
	return word && strcmp(word, text) == 0;
}

/* ---- Python operations --------------------------------------------------------------------------------- */

enum flags_dest { DEST_ARGS, DEST_GLOBALS, DEST_NONE };

static enum flags_dest dest_kind(const char *dest)
{
	if (!dest || strcmp(dest, "args") == 0 || guild_starts(dest, "args:") ||
		strcmp(dest, "hydra") == 0) {
		return DEST_ARGS;
	}
	if (strcmp(dest, "globals") == 0 || guild_starts(dest, "global:") ||
		guild_starts(dest, "dict:") || guild_starts(dest, "namespace:")) {
		return DEST_GLOBALS;
	}
	return DEST_NONE; /* config:FILE, too: a dependency has written it */
}

static bool is_selected(const struct guild_source_selection *sel, const char *path)
{
	for (size_t i = 0; sel && !sel->disabled && path && i < sel->n_files; i++) {
		if (strcmp(sel->files[i].path, path) == 0) {
			return true;
		}
	}
	return false;
}

/* `python-path` of the operation, relative to the source root or absolute. */
static void python_path(const struct guild_command_request *req, struct guild_strs *out)
{
	const struct guild_value *list = guild_value_get(req->op, "python-path");
	for (size_t i = 0; list && list->type == GUILD_LIST && i < list->n; i++) {
		if (guild_value_text(list->items[i])) {
			guild_strs_add(out, guild_value_text(list->items[i]));
		}
	}
}

/* Its directories that were not copied are used where they are; the others are in the recorded PYTHONPATH. */
static void add_uncopied_path(const struct guild_command_request *req, struct guild_command *out)
{
	struct guild_strs path = {0}, more = {0};
	python_path(req, &path);
	for (size_t i = 0; req->run_dir && req->source_root && i < path.n; i++) {
		char *copy = guild_path_join3(req->run_dir, req->source_dest, path.v[i]);
		if (!guild_is_dir(copy)) {
			guild_strs_take(&more, guild_path_join(req->source_root, path.v[i]));
		}
		free(copy);
	}
	if (more.n > 0) {
		char *dirs = guild_strs_join(&more, ":");
		const char *lists[] = {out->python_path, dirs};
		char *joined = guild_path_list_join(lists, GUILD_ARRAY_LEN(lists));
		free(out->python_path);
		out->python_path = joined;
		free(dirs);
	}
	guild_strs_fini(&path);
	guild_strs_fini(&more);
}

/* The source file: the copy in the run where there is one, else in the project. *root is where it was found; NULL: in the run. */
static void find_source(const struct guild_command_request *req, const struct guild_strs *path,
	const char *main_word, struct guild_op_cmd *out, char **root)
{
	struct guild_strs debug = {0};
	*root = NULL;
	if (req->debug_sourcecode) {
		guild_strs_split(&debug, req->debug_sourcecode, ':');
	}
	for (size_t i = 0; i < debug.n && !out->script; i++) {
		guild_op_cmd_fini(out);
		guild_op_find_module(debug.v[i], path, main_word, out);
		if (out->script) {
			*root = guild_strdup(debug.v[i]);
		}
	}
	guild_strs_fini(&debug);
	if (*root) {
		return;
	}
	if (req->run_dir) {
		char *copy = guild_path_join(req->run_dir, req->source_dest);
		guild_op_cmd_fini(out);
		guild_op_find_module(copy, path, main_word, out);
		free(copy);
		if (out->script) {
			return;
		}
	}
	guild_op_cmd_fini(out);
	guild_op_find_module(req->source_root ? req->source_root : ".", path, main_word, out);
	if (!is_selected(req->selection, out->script)) {
		*root = guild_strdup(req->source_root ? req->source_root : ".");
	}
}

/* Where the script is, as seen from the run directory: `train.py`, `src/train.py`, or absolute. */
static char *script_word(const struct guild_command_request *req, const struct guild_op_cmd *found,
	const char *root)
{
	if (root) {
		return guild_path_join(root, found->script);
	}
	return strcmp(req->source_dest, ".") == 0
		       ? guild_strdup(found->script)
		       : guild_path_join(req->source_dest, found->script);
}

/* A module is found along the path; what a script's own directory gives it, a module needs told. */
static void add_module_path(const struct guild_command_request *req,
	const struct guild_op_cmd *found, const char *root, struct guild_command *out)
{
	if (found->module_dir[0]) {
		char *dir = guild_path_join(root ? root : req->source_dest, found->module_dir);
		out->python_path = guild_path_normalize(dir);
		free(dir);
	} else if (root && found->script) {
		out->python_path = guild_strdup(root);
	}
}

static int fail_without_python(struct guild_error *err)
{
	guild_error_set(err, GUILD_ENOTFOUND, "cannot find a Python interpreter on PATH");
	guild_error_hint(err,
		"activate an environment, or name the interpreter in GUILD_PYTHON_EXE");
	return GUILD_ENOTFOUND;
}

static int python_command(const struct words *w, const struct guild_value *words,
	struct guild_command *out, struct guild_error *err)
{
	const struct guild_command_request *req = w->req;
	const char *dest =
		guild_value_text(guild_value_get(guild_value_get(req->op, "op-cmd"), "flags-dest"));
	enum flags_dest kind = dest_kind(dest);
	if (!req->python) {
		return fail_without_python(err);
	}
	if (words->n < 4) {
		return guild_error_set(err, GUILD_EINVALID,
			"invalid operation command: no module is named");
	}
	struct guild_strs module = {0}, path = {0};
	struct guild_op_cmd found = {0};
	char *root = NULL;
	int rc = add_word(w,
		guild_value_text(words->items[3]) ? guild_value_text(words->items[3]) : "", &module,
		err);
	if (rc != 0) {
		goto done;
	}
	python_path(req, &path);
	find_source(req, &path, module.v[0], &found, &root);
	out->is_python = true;
	guild_strs_add(&out->argv, req->python);
	bool as_module = found.run_as_module || !found.script;
	char *target = as_module ? guild_strdup(found.module_name) : script_word(req, &found, root);
	if (as_module) {
		add_module_path(req, &found, root, out);
	}
	if (kind == DEST_GLOBALS) {
		rc = guild_shim_command(req, dest, as_module, target, w->cmd_flags, out, err);
	} else {
		guild_strs_add(&out->argv, as_module ? "-um" : "-u");
		guild_strs_add(&out->argv, target);
	}
	free(target);
	/* The "--" before the flags parted them from the arguments for the reference's runner only. */
	for (size_t i = 4; i < words->n && rc == 0; i++) {
		if (!(word_is(words, i, "--") && word_is(words, i + 1, FLAG_ARGS))) {
			rc = add_words(w, words, i, i + 1, kind == DEST_ARGS, &out->argv, err);
		}
	}
done:
	free(root);
	guild_strs_fini(&module);
	guild_strs_fini(&path);
	guild_op_cmd_fini(&found);
	return rc;
}

/* ---- notebooks ----------------------------------------------------------------------------------------------- */

/* The runner gets the notebook in the run's own directory; flags are in its cells by then. */
/* The scheduler of Dask is a program of ours for the user's interpreter. */
static int dask_command(const struct words *w, const struct guild_value *words,
	struct guild_command *out, struct guild_error *err)
{
	char *cache = guild_path_join(w->req->home, "cache");
	char *tool = NULL;
	int rc = w->req->python ? guild_python_tool_path(cache, GUILD_TOOL_DASK, &tool, err)
				: fail_without_python(err);
	if (rc == 0) {
		out->is_python = true;
		out->is_wrapped = true;
		guild_strs_add(&out->argv, w->req->python);
		guild_strs_add(&out->argv, "-u");
		guild_strs_add(&out->argv, tool);
		guild_strs_addf(&out->env, "GUILD_PROGRAM=%s",
			w->req->program ? w->req->program : "guild");
		rc = add_words(w, words, 3, words->n, true, &out->argv, err);
	}
	free(tool);
	free(cache);
	return rc;
}

static int notebook_command(const struct words *w, const struct guild_value *words,
	struct guild_command *out, struct guild_error *err)
{
	char *cache = guild_path_join(w->req->home, "cache");
	char *runner = NULL;
	struct guild_strs path = {0};
	int rc = words->n > 4 ? 0
			      : guild_error_set(err, GUILD_EINVALID,
					"invalid operation command: no notebook is named");
	if (rc == 0) {
		rc = w->req->python ? guild_notebook_runner_path(cache, &runner, err)
				    : fail_without_python(err);
	}
	rc = rc ? rc : add_word(w, guild_notebook_word(w->req->op), &path, err);
	if (rc == 0) {
		out->is_python = true;
		out->is_wrapped = true;
		guild_strs_add(&out->argv, w->req->python);
		guild_strs_add(&out->argv, "-u");
		guild_strs_add(&out->argv, runner);
		guild_strs_add(&out->argv, guild_path_basename(path.v[0]));
	}
	for (size_t i = 5; i < words->n && rc == 0; i++) {
		if (!word_is(words, i, "--") && !word_is(words, i, FLAG_ARGS)) {
			rc = add_words(w, words, i, i + 1, false, &out->argv, err);
		}
	}
	guild_strs_fini(&path);
	free(runner);
	free(cache);
	return rc;
}

/* ---- public ----------------------------------------------------------------------------------------------- */

int guild_command_make(const struct guild_command_request *req, struct guild_command *out,
	struct guild_error *err)
{
	const struct guild_value *op_cmd = guild_value_get(req->op, "op-cmd");
	const struct guild_value *words = guild_value_get(op_cmd, "cmd-args");
	struct words w = {
		.req = req, .cmd_flags = guild_value_get(op_cmd, "cmd-flags"), .command = out};
	memset(out, 0, sizeof(*out));
	if (!words || words->type != GUILD_LIST || words->n == 0) {
		return guild_error_set(err, GUILD_EINVALID,
			"invalid operation configuration: no command");
	}
	if (word_is(words, 1, "-um") && word_is(words, 2, "guild.steps_main")) {
		guild_strs_add(&out->argv, req->program ? req->program : "guild");
		guild_strs_add(&out->argv, "run-steps");
		return 0;
	}
	if (word_is(words, 1, "-um") && word_is(words, 2, "guild.plugins.queue_main")) {
		guild_strs_add(&out->argv, req->program ? req->program : "guild");
		guild_strs_add(&out->argv, "run-queue");
		return add_words(&w, words, 3, words->n, true, &out->argv, err);
	}
	if (word_is(words, 1, "-um") && word_is(words, 2, "guild.plugins.dask_scheduler_main")) {
		return dask_command(&w, words, out, err);
	}
	const char *stage = guild_dvc_stage(req->op, NULL);
	if (stage) {
		const char *const dvc[] = {"dvc", "repro", "--single-item", stage, "--quiet"};
		for (size_t i = 0; i < GUILD_ARRAY_LEN(dvc); i++) {
			guild_strs_add(&out->argv, dvc[i]);
		}
		return 0;
	}
	bool is_module = word_is(words, 1, "-um");
	int rc = guild_source_flags_check(req, err);
	if (rc != 0) {
		return rc;
	}
	if (is_module && word_is(words, 2, "guild.op_main") &&
		!word_is(words, 3, "guild.plugins.nbexec")) {
		rc = python_command(&w, words, out, err);
	} else if (guild_notebook_word(req->op)) {
		rc = notebook_command(&w, words, out, err);
	} else {
		out->is_python = word_is(words, 0, "${python_exe}");
		rc = add_words(&w, words, 0, words->n, true, &out->argv, err);
		if (rc == 0 && (out->argv.n == 0 || !out->argv.v[0][0])) {
			rc = guild_error_set(err, GUILD_EINVALID,
				"invalid operation command: it names no program");
		}
	}
	if (rc == 0) {
		add_uncopied_path(req, out);
	} else {
		guild_command_fini(out);
	}
	return rc;
}

void guild_command_fini(struct guild_command *c)
{
	guild_strs_fini(&c->argv);
	guild_strs_fini(&c->env);
	free(c->python_path);
	free(c->hydra_file);
	memset(c, 0, sizeof(*c));
}
