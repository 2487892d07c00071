/* guild help: the models, operations and flags of a project (cli.md 1.4). */

#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "help.h"
#include "op_help.h"
#include "project_world.h"

static const struct guild_opt opts[] = {
	{.names = "--markdown", .help = "Print Markdown."},
	{.names = "--package-description",
		.kind = GUILD_OPT_LATER,
		.hidden = true,
		.help = "Print the description of the package."},
	{.names = "--base-heading-level",
		.value = "N",
		.kind = GUILD_OPT_INT,
		.min = 1,
		.help = "Level of the first Markdown heading (1)."},
	{.names = "--title",
		.value = "TEXT",
		.kind = GUILD_OPT_TEXT,
		.help = "Title of the Markdown page."},
	{.names = "-n --no-pager", .help = "Do not use a pager."},
	{0},
};
static const struct guild_opt *const tables[] = {opts, guild_json_opts, NULL};
static const struct guild_arg path_args[] = {
	{.name = "PATH|PACKAGE",
		.complete = GUILD_COMPLETE_DIR,
		.help = "Project directory, guild.yml, or an installed package; the current directory when "
			"omitted."},
	{0},
};

/* ---- text ------------------------------------------------------------------------------------------------ */

struct writer {
	struct guild_buf *out;
	bool markdown;
	int64_t level; /* of the first heading */
	const char *title;
};

static void heading(struct writer *w, int depth, const char *text)
{
	if (!w->markdown) {
		guild_buf_printf(w->out, "%*s%s\n\n", depth * 2, "", text);
		return;
	}
	for (int64_t i = 0; i < w->level + depth; i++) {
		guild_buf_putc(w->out, '#');
	}
	guild_buf_printf(w->out, " %s\n\n", text);
}

static void paragraph(struct writer *w, size_t indent, const char *text)
{
	size_t at = w->markdown ? 0 : indent;

	guild_help_wrap(w->out, guild_str(text), at, 0, GUILD_HELP_WIDTH);
	guild_buf_putc(w->out, '\n');
}

/* A description keeps its paragraphs. */
static void description(struct writer *w, size_t indent, const char *text)
{
	while (text && *text) {
		const char *end = strstr(text, "\n\n");
		char *part = guild_strndup(text, end ? (size_t)(end - text) : strlen(text));

		paragraph(w, indent, part);
		free(part);
		text = end ? end + strspn(end, "\n") : NULL;
	}
}

static void flags(struct writer *w, size_t indent, const struct guild_flag_defs *defs)
{
	if (defs->n == 0) {
		return;
	}
	if (!w->markdown) {
		guild_buf_printf(w->out, "%*sFlags:\n", (int)indent, "");
		guild_op_flags_help(defs, indent + 2, GUILD_HELP_WIDTH, w->out);
		guild_buf_putc(w->out, '\n');
		return;
	}
	for (size_t i = 0; i < defs->n; i++) {
		struct guild_buf text = {0};

		guild_op_flag_summary(&defs->v[i], &text);
		guild_buf_printf(w->out, "- `%s`%s%s\n", defs->v[i].name, text.n > 0 ? ": " : "",
			guild_buf_cstr(&text));
		guild_buf_fini(&text);
	}
	guild_buf_putc(w->out, '\n');
}

static void model(struct guild_ctx *ctx, struct writer *w, struct guild_project *p,
	struct guild_model_def *m)
{
	heading(w, 2, m->name[0] ? m->name : "(without a name)");
	description(w, 4, m->description);
	for (size_t i = 0; i < m->n_ops; i++) {
		struct guild_op_def *op = m->ops[i];

		if (op->name[0] == '_') {
			continue;
		}
		guild_op_complete_flags(ctx, p, op);
		struct guild_buf name = {0};

		guild_op_fullname(op, &name);
		heading(w, 3, guild_buf_cstr(&name));
		guild_buf_fini(&name);
		description(w, 8, op->description);
		flags(w, 8, &op->flags);
	}
}

static void page(struct guild_ctx *ctx, struct writer *w, struct guild_project *p)
{
	char *dir = guild_path_compress_user(p->dir, ctx->user_home);
	char *intro = guild_format(
		p->pkg_name
			? "Operations of the package %s. Run one with 'guild run OPERATION', "
			  "set its flags with FLAG=VALUE arguments."
			: "Operations of the project in %s. Run one with 'guild run OPERATION', "
			  "set its flags with FLAG=VALUE arguments.",
		p->pkg_name ? p->pkg_name : dir);

	heading(w, 0, w->title);
	paragraph(w, 2, intro);
	for (size_t i = 0; i < p->n_models; i++) {
		if (p->models[i]->name[0] != '_') {
			model(ctx, w, p, p->models[i]);
		}
	}
	free(intro);
	free(dir);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------- */

static struct guild_value *model_json(struct guild_ctx *ctx, struct guild_project *p,
	struct guild_model_def *m)
{
	struct guild_arena *a = ctx->arena;
	struct guild_value *item = guild_value_dict(a), *ops = guild_value_list(a);

	for (size_t i = 0; i < m->n_ops; i++) {
		if (m->ops[i]->name[0] != '_') {
			guild_op_complete_flags(ctx, p, m->ops[i]);
			guild_value_append(a, ops, guild_op_json(a, m->ops[i]));
		}
	}
	guild_value_set(a, item, "name", guild_value_string(a, m->name));
	guild_value_set(a, item, "description", guild_value_string(a, m->description));
	guild_value_set(a, item, "operations", ops);
	return item;
}

static void print_json(struct guild_ctx *ctx, struct guild_project *p)
{
	struct guild_arena *a = ctx->arena;
	struct guild_value *doc = guild_value_dict(a), *models = guild_value_list(a);

	for (size_t i = 0; i < p->n_models; i++) {
		if (p->models[i]->name[0] != '_') {
			guild_value_append(a, models, model_json(ctx, p, p->models[i]));
		}
	}
	guild_value_set(a, doc, "dir", guild_value_string(a, p->dir));
	guild_value_set(a, doc, "package", guild_value_string(a, p->pkg_name));
	guild_value_set(a, doc, "models", models);
	guild_cmd_print_json(doc);
}

/* ---- command ------------------------------------------------------------------------------------------------ */

/* In a pager where that helps, else plainly. */
static int show(const struct guild_ctx *ctx, const struct guild_buf *text, bool paged,
	struct guild_error *err)
{
	if (!paged) {
		fwrite(text->p, 1, text->n, stdout);
		return 0;
	}
	char *dir = guild_tmp_dir("guild-help-", err);
	int status;

	if (!dir) {
		return err->code;
	}
	char *path = guild_path_join(dir, "help");
	int rc = guild_file_write(path, text->p, text->n, false, err);

	if (rc == 0) {
		rc = guild_cmd_run_foreground(ctx, guild_cmd_pager(ctx), path, NULL, &status, err);
	}
	(void)guild_rmtree(dir, NULL);
	free(path);
	free(dir);
	return rc;
}

/* GUILD_ENOTFOUND, err untouched: no installed package has that name. */
static int load_package(const struct guild_ctx *ctx, const char *name, struct guild_project **out,
	struct guild_error *err)
{
	struct guild_packages packages = {0};
	int rc = GUILD_ENOTFOUND;

	guild_packages_find(guild_op_world(ctx), &packages);
	for (size_t i = 0; i < packages.n && rc == GUILD_ENOTFOUND; i++) {
		if (strcmp(packages.v[i].name, name) == 0) {
			rc = guild_package_load(&packages.v[i], guild_op_world(ctx), out, &ctx->log,
				err);
		}
	}
	guild_packages_fini(&packages);
	return rc;
}

static int load(const struct guild_ctx *ctx, const struct guild_args *args,
	struct guild_project **out, struct guild_error *err)
{
	const struct guild_strs *words = guild_args_words(args);
	char *dir = guild_path_abs(words->n > 0 ? words->v[0] : ".", ctx->cwd);

	if (guild_is_file(dir)) {
		char *parent = guild_path_dirname(dir);

		free(dir);
		dir = parent;
	}
	int rc = guild_project_load(dir, guild_op_world(ctx), out, &ctx->log, err);

	if (rc == GUILD_ENOTFOUND && words->n > 0 && !guild_file_exists(dir)) {
		rc = load_package(ctx, words->v[0], out, err);
	}
	if (rc == GUILD_ENOTFOUND) {
		rc = words->n > 0
			     ? guild_error_set(err, rc,
				       guild_is_dir(dir)
					       ? "there is no guild.yml in '%s'"
					       : "'%s' is no directory and no installed package",
				       words->v[0])
			     : guild_error_set(err, rc,
				       "the current directory does not contain a Guild file "
				       "(guild.yml)");
		guild_error_hint(err, "try 'guild --help' for help on commands");
	}
	free(dir);
	return rc;
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_error err = {0};
	struct guild_project *project = NULL;
	struct guild_buf text = {0};
	const char *title = guild_args_text(args, "title");
	struct writer w = {
		.out = &text,
		.markdown = guild_args_flag(args, "markdown"),
		.level = guild_args_int(args, "base-heading-level", 1),
		.title = title ? title : "Guild AI Help",
	};
	int code = GUILD_EXIT_OK;

	if (load(ctx, args, &project, &err) != 0) {
		return guild_cmd_fail(ctx, &err);
	}
	if (guild_args_flag(args, "json")) {
		print_json(ctx, project);
		guild_project_free(project);
		return code;
	}
	page(ctx, &w, project);
	bool paged = ctx->stdout_tty && !w.markdown && !guild_args_flag(args, "no-pager");

	if (show(ctx, &text, paged, &err) != 0) {
		code = guild_cmd_fail(ctx, &err);
	}
	guild_buf_fini(&text);
	guild_project_free(project);
	return code;
}

const struct guild_cmd guild_cmd_help = {
	.name = "help",
	.group = GUILD_GROUP_PROJECT,
	.summary = "Show the models, operations and flags of a project",
	.help = "For help on a command use 'guild COMMAND --help'.\n\n"
		"Examples:\n\n"
		"  guild help\n"
		"  guild help ../other -n\n"
		"  guild help --markdown > OPERATIONS.md",
	.opts = tables,
	.args = path_args,
	.needs = GUILD_NEEDS_HOME,
	.run = run,
};
