/* guild models: the models of the current project (cli.md 1.4, 3.6). */

#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "op_help.h"

static const struct guild_opt opts[] = {
	{.names = "-a --all", .help = "Names starting with '_' too."},
	{.names = "-i --installed",
		.help = "Models of installed packages, not of the current project."},
	{.names = "-v --verbose", .help = "Source, operations and the whole description."},
	{0},
};
static const struct guild_opt *const tables[] = {opts, guild_json_opts, NULL};
static const struct guild_arg filter_args[] = {
	{.name = "FILTER",
		.many = true,
		.help = "Only models with FILTER in their name or description, whatever the case; with "
			"several all must be there."},
	{0},
};

static bool is_shown(const struct guild_args *args, const struct guild_model_def *m)
{
	return guild_op_filters_match(guild_args_words(args), m->name, m->description) &&
	       (m->name[0] != '_' || guild_args_flag(args, "all"));
}

/* "[PACKAGE/]MODEL" */
static char *full_name(const struct guild_model_def *m)
{
	return guild_format("%s%s%s", m->package ? m->package : "", m->package ? "/" : "", m->name);
}

static struct guild_value *model_json(struct guild_arena *a, const struct guild_project *p,
	const struct guild_model_def *m)
{
	struct guild_value *item = guild_value_dict(a), *ops = guild_value_list(a);

	char *name = full_name(m);
	guild_value_set(a, item, "name", guild_value_string(a, name));
	free(name);
	guild_value_set(a, item, "description",
		m->description ? guild_value_string(a, m->description) : guild_value_null(a));
	guild_value_set(a, item, "default", guild_value_bool(a, m->is_default));
	guild_value_set(a, item, "source", guild_value_string(a, p->path));
	for (size_t i = 0; i < m->n_ops; i++) {
		guild_value_append(a, ops, guild_value_string(a, m->ops[i]->name));
	}
	guild_value_set(a, item, "operations", ops);
	return item;
}

static void print_details(const struct guild_ctx *ctx, const struct guild_project *p,
	const struct guild_model_def *m)
{
	char *source = guild_path_compress_user(p->path, ctx->user_home);
	const char *rest = m->description ? m->description : "";

	printf("  source: %s\n  operations: ", source);
	for (size_t i = 0; i < m->n_ops; i++) {
		printf("%s%s", i > 0 ? ", " : "", m->ops[i]->name);
	}
	putchar('\n');
	rest += strcspn(rest, "\n");
	for (const char *line = rest; *line;) {
		size_t n = strcspn(line, "\n");

		if (n > 0) {
			printf("  %.*s\n", (int)n, line);
		}
		line += n + (line[n] == '\n');
	}
	free(source);
}

/* A model with the project it is of. */
struct listed {
	const struct guild_model_def *model;
	const struct guild_project *project;
};

static void print_table(const struct guild_ctx *ctx, const struct guild_args *args,
	const struct listed *models, size_t n)
{
	struct guild_table table;
	struct guild_strs lines = {0};

	guild_table_init(&table, 2, 0);
	for (size_t i = 0; i < n; i++) {
		struct guild_str first = guild_op_first_line(models[i].model->description);
		char *text = guild_strndup(first.p, first.n);
		char *name = full_name(models[i].model);

		guild_table_add(&table, (const char *[]){name, text});
		free(name);
		free(text);
	}
	guild_table_lines(&table, ctx->columns, &lines);
	for (size_t i = 0; i < n; i++) {
		printf("%s\n", lines.v[i]);
		if (guild_args_flag(args, "verbose")) {
			print_details(ctx, models[i].project, models[i].model);
		}
	}
	guild_strs_fini(&lines);
	guild_table_fini(&table);
}

static int cmp_models(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;
	int c = strcmp(x->model->package ? x->model->package : "",
		y->model->package ? y->model->package : "");

	return c ? c : strcmp(x->model->name, y->model->name);
}

static struct listed *list_models(const struct guild_args *args, const struct guild_op_projects *p,
	size_t *n)
{
	struct listed *models = NULL;
	size_t cap = 0;

	*n = 0;
	for (size_t k = 0; k < p->n; k++) {
		for (size_t i = 0; i < p->v[k]->n_models; i++) {
			/* A table has no place for what has no name. */
			bool has_name = p->v[k]->models[i]->name[0];

			if ((has_name || guild_args_flag(args, "json")) &&
				is_shown(args, p->v[k]->models[i])) {
				models = guild_grow_array(models, &cap, *n + 1, sizeof(*models));
				models[(*n)++] = (struct listed){p->v[k]->models[i], p->v[k]};
			}
		}
	}
	return models;
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_error err = {0};
	struct guild_op_projects projects = {0};
	size_t n = 0;

	if (guild_op_load_projects(ctx, guild_args_flag(args, "installed"), &projects, &err) != 0) {
		return guild_cmd_fail(ctx, &err);
	}
	struct listed *models = list_models(args, &projects, &n);

	if (n > 0) {
		qsort(models, n, sizeof(*models), cmp_models);
	}
	if (guild_args_flag(args, "json")) {
		struct guild_value *list = guild_value_list(ctx->arena);

		for (size_t i = 0; i < n; i++) {
			guild_value_append(ctx->arena, list,
				model_json(ctx->arena, models[i].project, models[i].model));
		}
		guild_cmd_print_json(list);
	} else {
		print_table(ctx, args, models, n);
	}
	free(models);
	guild_op_projects_fini(&projects);
	return GUILD_EXIT_OK;
}

const struct guild_cmd guild_cmd_models = {
	.name = "models",
	.group = GUILD_GROUP_PROJECT,
	.summary = "List models of the current project",
	.help = "Examples:\n\n"
		"  guild models\n"
		"  guild models -v",
	.opts = tables,
	.args = filter_args,
	.needs = GUILD_NEEDS_HOME,
	.run = run,
};
