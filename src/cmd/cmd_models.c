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

static struct guild_value *model_json(struct guild_arena *a, const struct guild_project *p,
	const struct guild_model_def *m)
{
	struct guild_value *item = guild_value_dict(a), *ops = guild_value_list(a);

	guild_value_set(a, item, "name", guild_value_string(a, m->name));
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

static void print_table(const struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_project *p)
{
	struct guild_table table;
	struct guild_strs lines = {0};
	size_t row = 0;

	guild_table_init(&table, 2, 0);
	for (size_t i = 0; i < p->n_models; i++) {
		if (is_shown(args, p->models[i])) {
			struct guild_str first = guild_op_first_line(p->models[i]->description);
			char *text = guild_strndup(first.p, first.n);

			guild_table_add(&table, (const char *[]){p->models[i]->name, text});
			free(text);
		}
	}
	guild_table_lines(&table, ctx->columns, &lines);
	for (size_t i = 0; i < p->n_models; i++) {
		if (!is_shown(args, p->models[i])) {
			continue;
		}
		printf("%s\n", lines.v[row++]);
		if (guild_args_flag(args, "verbose")) {
			print_details(ctx, p, p->models[i]);
		}
	}
	guild_strs_fini(&lines);
	guild_table_fini(&table);
}

static int cmp_models(const void *a, const void *b)
{
	return strcmp((*(struct guild_model_def *const *)a)->name,
		(*(struct guild_model_def *const *)b)->name);
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_error err = {0};
	struct guild_project *project = NULL;

	/* Packages come with a later version: there are no installed models to show. */
	if (!guild_args_flag(args, "installed") &&
		guild_op_load_project(ctx, &project, &err) != 0) {
		return guild_cmd_fail(ctx, &err);
	}
	if (project) {
		qsort(project->models, project->n_models, sizeof(*project->models), cmp_models);
	}
	if (guild_args_flag(args, "json")) {
		struct guild_value *list = guild_value_list(ctx->arena);

		for (size_t i = 0; project && i < project->n_models; i++) {
			if (is_shown(args, project->models[i])) {
				guild_value_append(ctx->arena, list,
					model_json(ctx->arena, project, project->models[i]));
			}
		}
		guild_cmd_print_json(list);
	} else if (project) {
		print_table(ctx, args, project);
	}
	guild_project_free(project);
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
	.run = run,
};
