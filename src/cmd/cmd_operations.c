/* guild operations: what can be run here (cli.md 1.4, 3.6). */

#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "op_help.h"

static const struct guild_opt opts[] = {
	{.names = "-a --all", .help = "Names starting with '_' too."},
	{.names = "-i --installed",
		.help = "Operations of installed packages, not of the current project."},
	{.names = "-v --verbose", .help = "What each operation runs, and its flags."},
	{0},
};
static const struct guild_opt *const tables[] = {opts, guild_json_opts, NULL};
static const struct guild_arg filter_args[] = {
	{.name = "FILTER",
		.many = true,
		.help = "Only operations with FILTER in their name or description, whatever the case; "
			"with several all must be there."},
	{0},
};

static bool is_shown(const struct guild_args *args, const struct guild_op_def *op)
{
	struct guild_buf name = {0};
	bool hidden = op->name[0] == '_' || (op->model && op->model->name[0] == '_');

	guild_op_fullname(op, &name);
	bool match = guild_op_filters_match(guild_args_words(args), guild_buf_cstr(&name),
		op->description);

	guild_buf_fini(&name);
	return match && (!hidden || guild_args_flag(args, "all"));
}

/* An operation with the project it is of. */
struct listed {
	struct guild_op_def *op;
	struct guild_project *project;
};

static struct listed *list_ops(const struct guild_args *args, const struct guild_op_projects *p,
	size_t *n)
{
	struct listed *ops = NULL;
	size_t cap = 0;

	*n = 0;
	for (size_t k = 0; k < p->n; k++) {
		for (size_t m = 0; m < p->v[k]->n_models; m++) {
			const struct guild_model_def *model = p->v[k]->models[m];

			for (size_t i = 0; i < model->n_ops; i++) {
				if (is_shown(args, model->ops[i])) {
					ops = guild_grow_array(ops, &cap, *n + 1, sizeof(*ops));
					ops[(*n)++] = (struct listed){model->ops[i], p->v[k]};
				}
			}
		}
	}
	return ops;
}

/* By package, model, then name. */
static int cmp_ops(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;
	int c = strcmp(x->project->pkg_name ? x->project->pkg_name : "",
		y->project->pkg_name ? y->project->pkg_name : "");

	c = c ? c : strcmp(x->op->model->name, y->op->model->name);
	return c ? c : strcmp(x->op->name, y->op->name);
}

static void print_details(const struct guild_op_def *op)
{
	printf("  main: %s\n", guild_op_main(op));
	if (op->flags.n > 0) {
		puts("  flags:");
	}
	for (size_t i = 0; i < op->flags.n; i++) {
		struct guild_buf text = {0};

		guild_op_flag_summary(&op->flags.v[i], &text);
		printf("    %s:%s%s\n", op->flags.v[i].name, text.n > 0 ? " " : "",
			guild_buf_cstr(&text));
		guild_buf_fini(&text);
	}
}

static void print_table(const struct guild_ctx *ctx, const struct guild_args *args,
	const struct listed *ops, size_t n)
{
	struct guild_table table;
	struct guild_strs lines = {0};

	guild_table_init(&table, 2, 0);
	for (size_t i = 0; i < n; i++) {
		struct guild_str first = guild_op_first_line(ops[i].op->description);
		char *text = guild_strndup(first.p, first.n);
		struct guild_buf name = {0};

		guild_op_fullname(ops[i].op, &name);
		guild_table_add(&table, (const char *[]){guild_buf_cstr(&name), text});
		guild_buf_fini(&name);
		free(text);
	}
	guild_table_lines(&table, ctx->columns, &lines);
	for (size_t i = 0; i < n; i++) {
		printf("%s\n", lines.v[i]);
		if (guild_args_flag(args, "verbose")) {
			print_details(ops[i].op);
		}
	}
	guild_strs_fini(&lines);
	guild_table_fini(&table);
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_error err = {0};
	struct guild_op_projects projects = {0};
	struct listed *ops = NULL;
	size_t n = 0;

	if (guild_op_load_projects(ctx, guild_args_flag(args, "installed"), &projects, &err) != 0) {
		return guild_cmd_fail(ctx, &err);
	}
	ops = list_ops(args, &projects, &n);
	if (n > 0) {
		qsort(ops, n, sizeof(*ops), cmp_ops);
	}
	for (size_t i = 0; i < n; i++) {
		if (guild_args_flag(args, "verbose") || guild_args_flag(args, "json")) {
			guild_op_complete_flags(ctx, ops[i].project, ops[i].op);
		}
	}
	if (guild_args_flag(args, "json")) {
		struct guild_value *list = guild_value_list(ctx->arena);

		for (size_t i = 0; i < n; i++) {
			guild_value_append(ctx->arena, list, guild_op_json(ctx->arena, ops[i].op));
		}
		guild_cmd_print_json(list);
	} else {
		print_table(ctx, args, ops, n);
	}
	free(ops);
	guild_op_projects_fini(&projects);
	return GUILD_EXIT_OK;
}

const struct guild_cmd guild_cmd_operations = {
	.name = "operations",
	.aliases = "ops",
	.group = GUILD_GROUP_PROJECT,
	.summary = "List operations that can be run here",
	.help = "Lists the operations of the guild.yml in the current directory. A script needs none: "
		"'guild run train.py' runs it as it is.\n\n"
		"Examples:\n\n"
		"  guild operations\n"
		"  guild ops -v train",
	.opts = tables,
	.args = filter_args,
	.needs = GUILD_NEEDS_HOME,
	.run = run,
};
