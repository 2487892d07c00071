/* Files that say themselves what operation they are: notebooks, R scripts, Quarto documents (flags.md 9 to 11). */

#include <stdlib.h>
#include <string.h>

#include "project_private.h"

enum document { DOCUMENT_NONE, DOCUMENT_NOTEBOOK, DOCUMENT_R, DOCUMENT_QUARTO };

static enum document document_of(const char *path)
{
	const char *ext = guild_path_ext(path);
	return strcmp(ext, ".ipynb") == 0  ? DOCUMENT_NOTEBOOK
	       : project_is_r_script(path) ? DOCUMENT_R
	       : strcmp(ext, ".qmd") == 0  ? DOCUMENT_QUARTO
					   : DOCUMENT_NONE;
}

bool project_is_document(const char *path)
{
	return document_of(path) != DOCUMENT_NONE;
}

/* ---- front matter ------------------------------------------------------------------------------------------ */

static int read_r_front(struct project_reader *r, struct guild_str text, struct guild_value **out)
{
	struct guild_flag_defs unused = {0};
	*out = NULL;
	return guild_r_script_flags(r->arena, text, r->file, out, &unused, NULL, r->err);
}

static struct guild_str next_line(struct guild_str text, size_t *at)
{
	const char *nl = *at < text.n ? memchr(text.p + *at, '\n', text.n - *at) : NULL;
	size_t end = nl ? (size_t)(nl - text.p) : text.n;
	struct guild_str line = guild_str_n(text.p + *at, end - *at);
	*at = end + 1;
	return line;
}

static bool is_fence(struct guild_str line)
{
	struct guild_str trimmed = guild_str_trim(line);
	return guild_str_eqz(trimmed, "---") && line.n > 0 && line.p[0] == '-';
}

/* YAML between two lines "---". */
static int read_quarto_front(struct project_reader *r, struct guild_str text,
	struct guild_value **out)
{
	size_t at = guild_str_starts(text, "\xEF\xBB\xBF") ? 3 : 0;
	struct guild_value *v = NULL;
	if (!is_fence(next_line(text, &at))) {
		guild_error_set(r->err, GUILD_EINVALID,
			"%s:1: no front matter: the first line is not '---'", r->file);
		guild_error_hint(r->err,
			"start the document with its title between two lines '---'");
		return GUILD_EINVALID;
	}
	/* The empty first line keeps the numbers of lines. */
	struct guild_buf yaml = {0};
	guild_buf_putc(&yaml, '\n');
	bool is_closed = false;
	while (at < text.n && !is_closed) {
		struct guild_str line = next_line(text, &at);
		is_closed = is_fence(line);
		if (!is_closed) {
			guild_buf_append(&yaml, line.p, line.n);
			guild_buf_putc(&yaml, '\n');
		}
	}
	int rc = 0;
	if (!is_closed) {
		guild_log(r->log, "warning", "%s: the front matter is not closed by a line '---'",
			r->file);
	}
	rc = guild_yaml_parse(r->arena, guild_buf_str(&yaml), r->file, GUILD_YAML_NUMBERS, &v,
		r->err);
	guild_buf_fini(&yaml);
	if (rc == 0 && v->type != GUILD_DICT && v->type != GUILD_NULL) {
		rc = guild_error_set(r->err, GUILD_EINVALID, "%s: the front matter is no mapping",
			r->file);
	}
	*out = rc == 0 && v->type == GUILD_DICT ? v : NULL;
	return rc;
}

/* ---- from front matter to operation ------------------------------------------------------------------------------ */

static void quoted_word(struct guild_buf *out, const char *word)
{
	guild_buf_putc(out, ' ');
	guild_shlex_quote(out, word);
}

/* `params` are the flags; Quarto reads their values from a file. */
static void describe_quarto(struct guild_arena *a, struct guild_value *op, const char *file)
{
	const struct guild_value *params = guild_value_get(op, "params");
	struct guild_buf exec = {0};
	guild_buf_puts(&exec, "quarto render");
	quoted_word(&exec, file);
	if (params && params->type == GUILD_DICT && params->n > 0) {
		char *stem = guild_strndup(file, strlen(file) - strlen(guild_path_ext(file)));
		char *values = guild_format("%s-flags.yml", stem);
		struct guild_value *flags = guild_value_dict(a);
		for (size_t i = 0; i < params->n; i++) {
			const char *name = guild_value_text(params->pairs[i].key);
			struct guild_value *def = guild_value_dict(a);
			guild_value_set(a, def, "default", params->pairs[i].value);
			if (name) {
				guild_value_set(a, flags, name, def);
			}
		}
		guild_buf_puts(&exec, " --execute-params");
		quoted_word(&exec, values);
		guild_value_set(a, op, "flags", flags);
		guild_value_set(a, op, "flags-dest",
			guild_value_string(a, guild_arena_format(a, "config:%s", values)));
		guild_value_set(a, op, "flags-import", guild_value_bool(a, false));
		free(values);
		free(stem);
	}
	guild_buf_puts(&exec, " --to all,json");
	guild_value_unset(op, "params");
	guild_value_set(a, op, "exec", guild_value_string(a, guild_buf_cstr(&exec)));
	guild_buf_fini(&exec);
}

/* `flags-dest: ./flags.yml` is a config file; `./flags.R` another R file. */
static void describe_r(struct guild_arena *a, struct guild_value *op)
{
	const char *dest = guild_value_text(guild_value_get(op, "flags-dest"));
	if (dest && !guild_starts(dest, "config:")) {
		char *path = guild_path_normalize(dest);
		const char *ext = guild_path_ext(path);
		bool is_config = strcmp(ext, ".yml") == 0 || strcmp(ext, ".yaml") == 0 ||
				 strcmp(ext, ".json") == 0;
		guild_value_set(a, op, "flags-dest",
			guild_value_string(a,
				guild_arena_format(a, "%s%s", is_config ? "config:" : "", path)));
		free(path);
	}
	if (!guild_value_get(op, "flags-import")) {
		guild_value_set(a, op, "flags-import", guild_value_bool(a, true));
	}
}

static int describe(struct project_reader *r, enum document kind, const char *path,
	struct guild_value **out)
{
	struct guild_arena *a = r->arena;
	struct guild_value *front = NULL;
	const char *file = guild_path_basename(path);
	struct guild_buf text = {0};
	int rc = guild_file_read(path, kind == DOCUMENT_NOTEBOOK ? 0 : PROJECT_MAX_BYTES, &text,
		r->err);
	if (rc == 0 && kind == DOCUMENT_R) {
		rc = read_r_front(r, guild_buf_str(&text), &front);
	} else if (rc == 0 && kind == DOCUMENT_QUARTO) {
		rc = read_quarto_front(r, guild_buf_str(&text), &front);
	}
	guild_buf_fini(&text);
	if (rc != 0) {
		return rc;
	}
	struct guild_value *op = front ? front : guild_value_dict(a);
	if (kind == DOCUMENT_QUARTO) {
		describe_quarto(a, op, file);
	} else if (kind == DOCUMENT_R) {
		describe_r(a, op);
	} else {
		struct guild_buf words = {0};
		char *here = guild_format("./%s", file);
		guild_shlex_quote(&words, here);
		guild_value_set(a, op, "notebook", guild_value_string(a, guild_buf_cstr(&words)));
		guild_value_set(a, op, "flags-import", guild_value_bool(a, true));
		guild_buf_fini(&words);
		free(here);
	}
	*out = op;
	return 0;
}

/* ---- the project -------------------------------------------------------------------------------------------------------- */

/* The folder of the document is the project; its name is as seen from the working directory where it is beneath that. */
static struct guild_project *new_project(const char *path, const char *cwd, const char **name)
{
	struct guild_project *p = guild_alloc(sizeof *p);
	char *rel = guild_path_rel(path, cwd);
	bool is_beneath = guild_path_is_beneath(rel);
	p->arena = guild_arena_new();
	p->dir = guild_path_dirname(path);
	p->script_dir = is_beneath ? guild_strdup(cwd) : guild_strdup(p->dir);
	*name = guild_arena_strdup(p->arena, is_beneath ? rel : guild_path_basename(path));
	free(rel);
	return p;
}

/* The file of parameters is a dependency only where the project has one; else the run makes it. */
static int read_requires(struct project_reader *r, enum document kind, struct guild_op_def *op)
{
	const char *dest = op->flags_dest;
	const char *file = dest && guild_starts(dest, "config:") ? dest + strlen("config:") : NULL;
	char *path = file ? guild_path_join(r->project->dir, file) : NULL;
	bool is_made = kind == DOCUMENT_QUARTO && path && !guild_is_file(path);
	op->flags_dest = is_made ? NULL : dest;
	int rc = project_read_requires(r);
	op->flags_dest = dest;
	free(path);
	return rc;
}

int project_from_document(const char *path, const char *cwd, const struct guild_log *log,
	struct guild_project **out, struct guild_op_def **op, struct guild_error *err)
{
	const char *name;
	struct guild_value *data = NULL;
	struct guild_project *p = new_project(path, cwd, &name);
	struct guild_model_def *model = guild_arena_alloc(p->arena, sizeof *model);
	struct project_reader r = {.project = p,
		.arena = p->arena,
		.file = guild_path_basename(path),
		.log = log,
		.err = err};
	model->name = "";
	model->data = guild_value_dict(p->arena);
	model->ops = guild_arena_alloc(p->arena, sizeof *model->ops);
	const char **locations = guild_arena_alloc(p->arena, sizeof *locations);
	locations[model->n_locations++] = guild_arena_strdup(p->arena, p->dir);
	model->locations = locations;
	p->models = guild_arena_alloc(p->arena, sizeof *p->models);
	p->models[p->n_models++] = model;
	enum document kind = document_of(path);
	int rc = describe(&r, kind, path, &data);
	rc = rc ? rc : project_read_op(&r, model, name, data, &model->ops[0]);
	if (rc == 0) {
		model->n_ops = 1;
		*op = model->ops[0];
		(*op)->r_script = kind == DOCUMENT_R
					  ? guild_arena_strdup(p->arena, guild_path_basename(path))
					  : NULL;
		rc = read_requires(&r, kind, *op);
	}
	if (rc != 0) {
		guild_project_free(p);
		return rc;
	}
	*out = p;
	return 0;
}
