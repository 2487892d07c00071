/* A bare script or program as an operation (flags.md 9). */
#include "source_rules.h"

#include <stdlib.h>
#include <string.h>

/* The project of a script: the working directory when the script is beneath it, else the script's own directory. */
static char *project_dir_of(const char *script, const char *cwd)
{
	char *rel = guild_path_rel(script, cwd);
	char *dir = guild_path_is_beneath(rel) ? guild_strdup(cwd) : guild_path_dirname(script);
	free(rel);
	return dir;
}

static char *exec_words(const char *path)
{
	struct guild_buf b = {0};
	guild_shlex_quote(&b, path);
	return guild_buf_take(&b);
}

/* "sub/train.py" below dir -> main "sub/train", quoted as a shell word. */
static char *main_words(const char *script, const char *dir)
{
	char *rel = guild_path_rel(script, dir);
	rel[strlen(rel) - strlen(guild_path_ext(rel))] = 0;
	char *words = exec_words(rel);
	free(rel);
	return words;
}

/* A program from elsewhere is no project: of its directory (/usr/bin, say) only a script itself is worth a copy. */
static struct guild_value *foreign_source(struct guild_arena *a, const char *path)
{
	if (!source_is_text(path)) {
		return guild_value_bool(a, false);
	}
	return guild_value_string(a, guild_arena_format(a, "/%s", guild_path_basename(path)));
}

static struct guild_project *new_project(const char *script, const char *cwd, bool is_python,
	struct guild_op_def **out)
{
	struct guild_project *p = guild_alloc(sizeof *p);
	p->arena = guild_arena_new();
	p->dir = project_dir_of(script, cwd);
	struct guild_model_def *model = guild_arena_alloc(p->arena, sizeof *model);
	struct guild_op_def *op = guild_arena_alloc(p->arena, sizeof *op);
	char *rel = guild_path_rel(script, p->dir);
	char *words;
	model->name = "";
	op->model = model;
	op->data = model->data = guild_value_dict(p->arena);
	op->pip_freeze = true;
	if (is_python) {
		p->script_dir = guild_path_dirname(script);
		op->name = guild_arena_strdup(p->arena, guild_path_basename(script));
		words = main_words(script, p->dir);
		op->main = guild_arena_strdup(p->arena, words);
		op->flags_import = guild_value_bool(p->arena, true);
	} else {
		p->script_dir = guild_strdup(p->dir);
		op->name = guild_arena_strdup(p->arena, rel);
		words = exec_words(script);
		op->exec = guild_arena_strdup(p->arena, words);
		if (strcmp(p->dir, cwd) != 0) {
			op->sourcecode = foreign_source(p->arena, script);
		}
	}
	free(words);
	free(rel);
	p->models = guild_arena_alloc(p->arena, sizeof *p->models);
	model->ops = guild_arena_alloc(p->arena, sizeof *model->ops);
	p->models[p->n_models++] = model;
	model->ops[model->n_ops++] = op;
	*out = op;
	return p;
}

int project_from_script(const char *spec, const char *cwd, struct guild_project **out,
	struct guild_op_def **op, struct guild_error *err)
{
	char *path = guild_path_abs(spec, cwd);
	const char *ext = guild_path_ext(path);
	bool is_python = strcmp(ext, ".py") == 0;
	int rc = 0;
	if (!guild_file_exists(path)) {
		rc = guild_error_set(err, GUILD_ENOTFOUND, "cannot find '%s'", spec);
	}
	if (rc == 0 && guild_is_dir(path)) {
		rc = guild_error_set(err, GUILD_EINVALID, "cannot run '%s': it is a directory",
			spec);
		guild_error_hint(err, "name a script or an executable file");
	} else if (rc == 0 && project_is_document(path)) {
		rc = project_from_document(path, cwd, NULL, out, op, err);
		free(path);
		return rc;
	} else if (rc == 0 && !is_python && !guild_is_executable(path)) {
		rc = guild_error_set(err, GUILD_EINVALID,
			"cannot run '%s': it is not an executable file", spec);
		guild_error_hint(err, "make it executable with 'chmod +x %s'", spec);
	}
	if (rc == 0) {
		*out = new_project(path, cwd, is_python, op);
	}
	free(path);
	return rc;
}
