/* What commands say about operations and flags. */

#include "op_help.h"

#include <stdlib.h>
#include <string.h>

#include "help.h"
#include "project_world.h"

#include "guild/exec.h"

struct guild_str guild_op_first_line(const char *description)
{
	const char *text = description ? description : "";

	return guild_str_trim(guild_str_n(text, strcspn(text, "\n")));
}

/* What follows the first line. */
static struct guild_str other_lines(const char *description)
{
	const char *text = description ? description : "";

	text += strcspn(text, "\n");
	return guild_str_trim(guild_str(text));
}

/* ---- flags --------------------------------------------------------------------------------------------- */

void guild_op_flag_summary(const struct guild_flag_def *f, struct guild_buf *out)
{
	struct guild_str line = guild_op_first_line(f->description);
	bool has_default = !guild_value_is_null(f->def);
	const char *sep = line.n > 0 ? " " : "";

	guild_buf_append(out, line.p, line.n);
	if (has_default) {
		guild_buf_printf(out, "%s(default is ", sep);
		guild_flag_format(out, f->def);
		guild_buf_putc(out, ')');
	} else if (f->required) {
		guild_buf_printf(out, "%s(required)", sep);
	} else if (f->null_label) {
		guild_buf_printf(out, "%s(default is %s)", sep, f->null_label);
	}
}

static bool choices_have_text(const struct guild_flag_def *f)
{
	for (size_t i = 0; i < f->n_choices; i++) {
		if (f->choices[i].description) {
			return true;
		}
	}
	return false;
}

static void choice_name(const struct guild_flag_choice *c, struct guild_buf *out)
{
	if (c->alias) {
		guild_buf_puts(out, c->alias);
	} else {
		guild_flag_encode(out, c->value);
	}
}

static void choice_rows(const struct guild_flag_def *f, size_t indent, size_t width,
	struct guild_buf *out)
{
	size_t widest = 0;

	for (size_t pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < f->n_choices; i++) {
			struct guild_buf name = {0};

			choice_name(&f->choices[i], &name);
			size_t n = guild_text_width(guild_buf_cstr(&name));

			if (pass == 0) {
				widest = n > widest ? n : widest;
			} else {
				guild_buf_printf(out, "%*s%s", (int)indent, "",
					guild_buf_cstr(&name));
				guild_help_wrap(out, guild_str(f->choices[i].description),
					indent + widest + 2, indent + n, width);
			}
			guild_buf_fini(&name);
		}
	}
}

/* `in_line`: the cursor is at `indent` already, in the line of a flag of which nothing else is said. */
static void choices_help(const struct guild_flag_def *f, size_t indent, bool in_line, size_t width,
	struct guild_buf *out)
{
	struct guild_buf list = {0};

	if (!in_line) {
		guild_buf_printf(out, "%*s\n%*s", (int)indent, "", (int)indent, "");
	}
	if (choices_have_text(f)) {
		guild_buf_puts(out, "Choices:\n");
		choice_rows(f, indent + 2, width, out);
		return;
	}
	for (size_t i = 0; i < f->n_choices; i++) {
		guild_buf_puts(&list, i > 0 ? ", " : "");
		choice_name(&f->choices[i], &list);
	}
	guild_buf_puts(out, "Choices: ");
	guild_help_wrap(out, guild_buf_str(&list), indent + 10, indent + 9, width);
	guild_buf_fini(&list);
}

void guild_op_flags_help(const struct guild_flag_defs *flags, size_t indent, size_t width,
	struct guild_buf *out)
{
	struct guild_buf summary = {0};
	size_t widest = 0;

	for (size_t i = 0; i < flags->n; i++) {
		size_t n = guild_text_width(flags->v[i].name);

		widest = n > widest ? n : widest;
	}
	for (size_t i = 0; i < flags->n; i++) {
		const struct guild_flag_def *f = &flags->v[i];
		struct guild_str more = other_lines(f->description);
		size_t column = indent + widest + 2;

		guild_buf_reset(&summary);
		guild_op_flag_summary(f, &summary);
		guild_buf_printf(out, "%*s%s", (int)indent, "", f->name);
		bool only_choices = summary.n == 0 && more.n == 0 && f->n_choices > 0;
		if (only_choices) {
			guild_buf_printf(out, "%*s",
				(int)(column - indent - guild_text_width(f->name)), "");
		} else {
			guild_help_wrap(out, guild_buf_str(&summary), column,
				indent + guild_text_width(f->name), width);
		}
		if (more.n > 0) {
			guild_buf_printf(out, "%*s\n", (int)column, "");
			guild_help_wrap(out, more, column, 0, width);
		}
		if (f->n_choices > 0) {
			choices_help(f, column, only_choices, width, out);
		}
		if ((more.n > 0 || f->n_choices > 0) && i + 1 < flags->n) {
			guild_buf_putc(out, '\n');
		}
	}
	guild_buf_fini(&summary);
}

/* ---- projects ---------------------------------------------------------------------------------------------- */

int guild_op_load_project(struct guild_ctx *ctx, struct guild_project **out,
	struct guild_error *err)
{
	struct guild_error ignored = {0};
	struct guild_error *e = err ? err : &ignored;
	int rc = guild_project_load(ctx->cwd, guild_op_world(ctx), out, &ctx->log, e);

	if (rc == GUILD_ENOTFOUND) {
		*out = NULL;
		return 0;
	}
	return rc;
}

static void add_project(struct guild_op_projects *out, struct guild_project *project)
{
	out->v = guild_grow_array(out->v, &out->cap, out->n + 1, sizeof(struct guild_project *));
	out->v[out->n++] = project;
}

int guild_op_load_projects(struct guild_ctx *ctx, bool installed, struct guild_op_projects *out,
	struct guild_error *err)
{
	struct guild_project *project = NULL;
	struct guild_packages packages = {0};
	int rc = installed ? 0 : guild_op_load_project(ctx, &project, err);

	if (rc != 0 || project) {
		if (project) {
			add_project(out, project);
		}
		return rc;
	}
	guild_packages_find(guild_op_world(ctx), &packages);
	for (size_t i = 0; i < packages.n; i++) {
		struct guild_error bad = {0};

		if (guild_package_load(&packages.v[i], guild_op_world(ctx), &project, &ctx->log,
			    &bad) == 0) {
			add_project(out, project);
		} else {
			guild_log(&ctx->log, "warning", "package '%s' is left out: %s",
				packages.v[i].name, bad.text);
		}
	}
	guild_packages_fini(&packages);
	return 0;
}

void guild_op_projects_fini(struct guild_op_projects *p)
{
	for (size_t i = 0; i < p->n; i++) {
		guild_project_free(p->v[i]);
	}
	free(p->v);
	*p = (struct guild_op_projects){0};
}

void guild_op_complete_flags(struct guild_ctx *ctx, struct guild_project *project,
	struct guild_op_def *op)
{
	char *cache = guild_path_join(ctx->home.path, "cache/flags");
	struct guild_python python = {0};
	struct guild_error err = {0};
	struct guild_import_options options = {.cache_dir = cache, .search = guild_regex_find};

	if (guild_python_find(ctx->environ_, ctx->cwd, cache, &python, NULL) == 0) {
		options.python = python.exe;
	}
	if (guild_op_import_flags(project, op, &options, &ctx->log, &err) != 0) {
		guild_log(&ctx->log, "warning", "%s", err.text);
	}
	guild_python_fini(&python);
	free(cache);
}

bool guild_op_filters_match(const struct guild_strs *filters, const char *name,
	const char *description)
{
	for (size_t i = 0; i < filters->n; i++) {
		struct guild_str word = guild_str(filters->v[i]);

		if (!guild_contains_nocase(guild_str(name), word) &&
			!guild_contains_nocase(guild_str(description), word)) {
			return false;
		}
	}
	return true;
}

const char *guild_op_main(const struct guild_op_def *op)
{
	if (op->main) {
		return op->main;
	}
	if (op->exec) {
		return op->exec;
	}
	if (op->notebook) {
		return op->notebook;
	}
	return op->steps ? "steps" : "";
}

/* ---- JSON --------------------------------------------------------------------------------------------------- */

static struct guild_value *text_or_null(struct guild_arena *a, const char *text)
{
	return text ? guild_value_string(a, text) : guild_value_null(a);
}

static struct guild_value *flag_json(struct guild_arena *a, const struct guild_flag_def *f)
{
	struct guild_value *item = guild_value_dict(a);
	struct guild_value *choices = guild_value_list(a);

	guild_value_set(a, item, "default",
		f->def ? guild_value_copy(a, f->def) : guild_value_null(a));
	guild_value_set(a, item, "description", text_or_null(a, f->description));
	guild_value_set(a, item, "type", text_or_null(a, f->type));
	guild_value_set(a, item, "required", guild_value_bool(a, f->required));
	for (size_t i = 0; i < f->n_choices; i++) {
		struct guild_value *choice = guild_value_dict(a);

		guild_value_set(a, choice, "value",
			f->choices[i].value ? guild_value_copy(a, f->choices[i].value)
					    : guild_value_null(a));
		guild_value_set(a, choice, "alias", text_or_null(a, f->choices[i].alias));
		guild_value_set(a, choice, "description",
			text_or_null(a, f->choices[i].description));
		guild_value_append(a, choices, choice);
	}
	guild_value_set(a, item, "choices", choices);
	return item;
}

struct guild_value *guild_op_json(struct guild_arena *a, const struct guild_op_def *op)
{
	struct guild_value *item = guild_value_dict(a), *flags = guild_value_dict(a);
	struct guild_buf name = {0};

	guild_op_fullname(op, &name);
	guild_value_set(a, item, "fullname", guild_value_string_n(a, name.p, name.n));
	guild_value_set(a, item, "name", guild_value_string(a, op->name));
	guild_value_set(a, item, "model", guild_value_string(a, op->model ? op->model->name : ""));
	guild_value_set(a, item, "description", text_or_null(a, op->description));
	guild_value_set(a, item, "default", guild_value_bool(a, op->is_default));
	guild_value_set(a, item, "main", text_or_null(a, op->main));
	guild_value_set(a, item, "exec", text_or_null(a, op->exec));
	for (size_t i = 0; i < op->flags.n; i++) {
		guild_value_set(a, flags, op->flags.v[i].name, flag_json(a, &op->flags.v[i]));
	}
	guild_value_set(a, item, "flags", flags);
	guild_buf_fini(&name);
	return item;
}
