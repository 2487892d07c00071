/* guild importance [RUN]...: which flags matter. */

#include <stdlib.h>
#include <string.h>

#include <guild/plot.h>

#include "objective.h"

static const struct guild_opt opts[] = {
	{.names = "-f --flags",
		.value = "FLAGS",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_COLUMN,
		.help = "Ask about these flags alone, a comma-separated list; without it about all that "
			"differ between the runs."},
	{.names = "-p --pairs",
		.value = "N",
		.kind = GUILD_OPT_INT,
		.min = 1,
		.help = "Show the N pairs of flags that explain most together, beyond what each of them "
			"explains."},
	{.names = "--csv", .excludes = "json", .help = "Print comma-separated values."},
	{.names = "--json", .help = "Print JSON."},
	{0},
};
static const struct guild_opt *const tables[] = {
	opts, guild_objective_opts, guild_filter_opts, guild_status_opts, NULL};
static const struct guild_arg run_args[] = {
	{.name = "RUN",
		.many = true,
		.complete = GUILD_COMPLETE_RUN,
		.help = "Runs by index, range of indexes (2:5) or id; a batch stands for its trials."},
	{0},
};

enum { BAR_WIDTH = 30 };

static double number(const struct guild_value *dict, const char *key)
{
	return guild_value_as_f64(guild_value_get(dict, key));
}

static const char *pair_name(struct guild_arena *a, const struct guild_value *pair)
{
	const struct guild_value *names = guild_value_get(pair, "flags");

	return guild_arena_format(a, "%s, %s", guild_value_text(names->items[0]),
		guild_value_text(names->items[1]));
}

static void print_table(const struct guild_ctx *ctx, const struct guild_value *found)
{
	const struct guild_value *flags = guild_value_get(found, "importance");
	const struct guild_value *pairs = guild_value_get(found, "pairs");
	struct guild_table table;
	char bar[BAR_WIDTH + 1];

	guild_table_init(&table, 4, 0);
	guild_table_add(&table, (const char *[]){"flag", "importance", "share", ""});
	for (size_t i = 0; i < flags->n; i++) {
		const struct guild_value *f = flags->items[i];
		size_t n = (size_t)(number(f, "importance") * BAR_WIDTH + 0.5);

		memset(bar, '#', sizeof(bar));
		bar[n < BAR_WIDTH ? n : BAR_WIDTH] = '\0';
		guild_table_add(&table,
			(const char *[]){guild_value_text(guild_value_get(f, "flag")),
				guild_arena_format(ctx->arena, "%.1f %%",
					100 * number(f, "importance")),
				guild_arena_format(ctx->arena, "%.1f %%", 100 * number(f, "share")),
				bar});
	}
	for (size_t i = 0; i < pairs->n; i++) {
		guild_table_add(&table, (const char *[]){pair_name(ctx->arena, pairs->items[i]), "",
						guild_arena_format(ctx->arena, "%.1f %%",
							100 * number(pairs->items[i], "share")),
						""});
	}
	guild_table_print(&table, stdout, ctx->columns);
	guild_table_fini(&table);
}

static void print_csv(const struct guild_ctx *ctx, const struct guild_value *found)
{
	const struct guild_value *flags = guild_value_get(found, "importance");
	const struct guild_value *pairs = guild_value_get(found, "pairs");
	struct guild_buf b = {0};

	guild_buf_puts(&b, "flag,importance,share,deviation\n");
	for (size_t i = 0; i < flags->n; i++) {
		const struct guild_value *f = flags->items[i];

		guild_csv_field(&b, guild_value_get(f, "flag")->s);
		guild_buf_printf(&b, ",%.6f,%.6f,%.6f\n", number(f, "importance"),
			number(f, "share"), number(f, "deviation"));
	}
	for (size_t i = 0; i < pairs->n; i++) {
		guild_csv_field(&b, guild_str(pair_name(ctx->arena, pairs->items[i])));
		guild_buf_printf(&b, ",,%.6f,\n", number(pairs->items[i], "share"));
	}
	fwrite(b.p, 1, b.n, stdout);
	guild_buf_fini(&b);
}

/* What a program wants of it, without the runs. */
static void print_json(struct guild_ctx *ctx, const struct guild_value *found, size_t n_runs)
{
	static const char *const keys[] = {"objective", "importance", "pairs", "notes"};
	struct guild_value *out = guild_value_dict(ctx->arena);

	for (size_t i = 0; i < GUILD_ARRAY_LEN(keys); i++) {
		guild_value_set(ctx->arena, out, keys[i], guild_value_get(found, keys[i]));
	}
	guild_value_set(ctx->arena, out, "runs", guild_value_int(ctx->arena, (int64_t)n_runs));
	guild_cmd_print_json(out);
}

static int find(struct guild_ctx *ctx, const struct guild_args *args,
	struct guild_cmd_trials *trials, const struct guild_strs *flags, struct guild_value **out,
	struct guild_error *err)
{
	struct guild_plot *p = NULL;
	struct guild_objective objective;
	const struct guild_run *batch = trials->has_batch ? &trials->batch : NULL;

	guild_cmd_objective(ctx, args, batch, &objective);
	struct guild_plot_request req = {.kind = GUILD_PLOT_IMPORTANCE,
		.objective = objective.spec,
		.maximize = objective.maximize,
		.search = batch ? guild_store_batch_flags(batch, ctx->arena) : NULL,
		.flags = flags,
		.n_pairs = (size_t)guild_args_int(args, "pairs", 0),
		.log = &ctx->log};
	int rc = guild_plot_new(&req, &p, err);

	for (size_t i = 0; rc == 0 && i < trials->runs.n; i++) {
		guild_plot_add(p, &trials->runs.v[i]);
	}
	rc = rc ? rc : guild_plot_end(p, NULL, trials->runs.n, err);
	for (size_t i = 0; rc == 0 && i < guild_plot_notes(p)->n; i++) {
		guild_log(&ctx->log, "note", "%s", guild_plot_notes(p)->v[i]);
	}
	*out = rc == 0 ? guild_plot_json(p, ctx->arena) : NULL;
	guild_plot_free(p);
	return rc;
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_error err = {0};
	struct guild_cmd_trials trials = {0};
	struct guild_strs flags = {0};
	struct guild_value *found = NULL;

	guild_cmd_split_names(guild_args_text(args, "flags"), &flags);
	int rc = guild_cmd_select_trials(ctx, args, &trials, &err);

	rc = rc ? rc : find(ctx, args, &trials, &flags, &found, &err);
	if (rc == 0 && guild_args_flag(args, "json")) {
		print_json(ctx, found, trials.runs.n);
	} else if (rc == 0 && guild_args_flag(args, "csv")) {
		print_csv(ctx, found);
	} else if (rc == 0) {
		print_table(ctx, found);
	}
	guild_strs_fini(&flags);
	guild_cmd_trials_fini(&trials);
	return rc == 0 ? GUILD_EXIT_OK : guild_cmd_fail(ctx, &err);
}

const struct guild_cmd guild_cmd_importance = {
	.name = "importance",
	.group = GUILD_GROUP_LOOK,
	.summary = "Show which flags matter for the objective",
	.help = "Says how much of the differences in the objective each flag explains, by functional "
		"ANOVA over a random forest. Runs are chosen as by 'guild plot': those that are named or "
		"pass the filters; else the trials of the newest run's batch, or all runs of its "
		"operation.\n\n"
		"'importance' is a flag's part of what single flags explain, in all 100 %; 'share' is its "
		"part of all differences. What is missing there is in pairs of flags (--pairs), in more "
		"of them together, or chance. It tells what mattered within the values that were tried.\n\n"
		"Examples:\n\n"
		"  guild importance\n"
		"  guild importance 8f3c0a12 --pairs 5\n"
		"  guild importance -Fo train --maximize 'max acc'\n"
		"  guild importance --json | jq '.importance[0].flag'\n"
		"  guild plot --kind importance -o importance.svg",
	.opts = tables,
	.args = run_args,
	.needs = GUILD_NEEDS_HOME,
	.run = run,
};
