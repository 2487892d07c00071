/* guild checkpoints: saved models in a run, with step and size. */

#include <stdlib.h>

#include "cmd.h"
#include "run_info.h"

static const struct guild_opt *const tables[] = {
	guild_json_opts, guild_filter_opts, guild_status_opts, NULL};
static const struct guild_arg run_args[] = {
	{.name = "RUN",
		.complete = GUILD_COMPLETE_RUN,
		.help = "Run by index or id; the latest when omitted."},
	{0},
};

static void print_table(const struct guild_ctx *ctx, const struct guild_checkpoint *v, size_t n)
{
	struct guild_table table;

	guild_table_init(&table, 5, 0);
	for (size_t i = 0; i < n; i++) {
		char *step = v[i].step >= 0 ? guild_format("step %lld", (long long)v[i].step)
					    : guild_strdup("");
		char *size = guild_size_text(v[i].size_bytes);
		char when[GUILD_TIME_MAX];

		guild_time_format(v[i].mtime_us, false, when);
		guild_table_add(&table,
			(const char *[]){v[i].path, v[i].framework, step, size, when});
		free(step);
		free(size);
	}
	guild_table_print(&table, stdout, ctx->columns);
	guild_table_fini(&table);
}

struct guild_value *guild_checkpoint_json(struct guild_arena *a, const struct guild_checkpoint *c)
{
	struct guild_value *item = guild_value_dict(a);

	guild_value_set(a, item, "path", guild_value_string(a, c->path));
	guild_value_set(a, item, "framework", guild_value_string(a, c->framework));
	guild_value_set(a, item, "step",
		c->step >= 0 ? guild_value_int(a, c->step) : guild_value_null(a));
	guild_value_set(a, item, "size", guild_value_int(a, c->size_bytes));
	guild_value_set(a, item, "mtime", guild_value_int(a, c->mtime_us));
	return item;
}

static void print_json(struct guild_arena *a, const struct guild_checkpoint *v, size_t n)
{
	struct guild_value *list = guild_value_list(a);

	for (size_t i = 0; i < n; i++) {
		guild_value_append(a, list, guild_checkpoint_json(a, &v[i]));
	}
	guild_cmd_print_json(list);
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_error err = {0};
	struct guild_run r = {0};
	struct guild_checkpoint *found = NULL;
	size_t n = 0;
	int code = GUILD_EXIT_OK;

	if (guild_cmd_select_run(ctx, args, &r, &err) != 0 ||
		guild_run_checkpoints(&r, &found, &n, &err) != 0) {
		code = guild_cmd_fail(ctx, &err);
	} else if (guild_args_flag(args, "json")) {
		print_json(ctx->arena, found, n);
	} else {
		print_table(ctx, found, n);
	}
	guild_checkpoints_free(found, n);
	guild_run_fini(&r);
	return code;
}

const struct guild_cmd guild_cmd_checkpoints = {
	.name = "checkpoints",
	.group = GUILD_GROUP_LOOK,
	.summary = "List model checkpoints in a run",
	.help = "Recognises what the common frameworks save, by name and content: file or directory, "
		"framework, training step where the name tells it, size and time.\n\n"
		"Examples:\n\n"
		"  guild checkpoints\n"
		"  guild checkpoints 3 --json",
	.opts = tables,
	.args = run_args,
	.needs = GUILD_NEEDS_HOME,
	.run = run,
};
