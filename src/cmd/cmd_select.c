/* guild select: ids (or one attribute, or the directory) of runs, for scripts (cli.md 1.2, query.md 6). */

#include <stdlib.h>
#include <string.h>

#include "cmd.h"

#define NUM_INDEX "num_index"

static const struct guild_opt opts[] = {
	{.names = "-A --all",
		.help = "Select all runs that pass the filters, not only the latest."},
	{.names = "-min --min",
		.value = "COL",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_COLUMN,
		.excludes = "max",
		.help = "Select the run with the lowest value of COL. Runs without a value do not count."},
	{.names = "-max --max",
		.value = "COL",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_COLUMN,
		.help = "Select the run with the highest value of COL."},
	{.names = "--sort",
		.value = "EXPR",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_FILTER,
		.excludes = "min max",
		.help = "Select the first run by EXPR, lowest first, or by -EXPR, highest first: '-max(acc), "
			"time'."},
	{.names = "-n --limit",
		.value = "N",
		.kind = GUILD_OPT_INT,
		.min = 1,
		.excludes = "min max",
		.help = "Select the first N runs."},
	{.names = "-s --short-id",
		.excludes = "attr",
		.help = "Print the first 8 digits of the id."},
	{.names = "-a --attr",
		.value = "ATTR",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_ATTR,
		.help = "Print attribute ATTR of the run instead of its id."},
	{.names = "-p --path --dir", .help = "Print the run directory."},
	{0},
};
static const struct guild_opt *const tables[] = {
	opts, guild_json_opts, guild_filter_opts, guild_status_opts, guild_remote_opts, NULL};
static const struct guild_arg run_args[] = {
	{.name = "RUN",
		.many = true,
		.complete = GUILD_COMPLETE_RUN,
		.help = "Runs by index, range of indexes (2:5) or id; the latest when omitted."},
	{0},
};

/* ---- the best run ----------------------------------------------------------------------------------- */

static int parse_col(struct guild_arena *a, const char *spec, struct guild_col *out,
	struct guild_error *err)
{
	struct guild_cols cols = {0};
	int rc = guild_cols_parse(a, spec, &cols, err);

	if (rc == 0 && cols.n != 1) {
		rc = guild_error_set(err, GUILD_EINVALID, "only one column can be given");
	}
	if (rc != 0) {
		guild_error_wrap(err, "invalid col spec '%s'", spec);
		return rc;
	}
	*out = cols.v[0];
	return 0;
}

/* Leaves only the run with the lowest or highest value. */
static int keep_best(const struct guild_ctx *ctx, const struct guild_args *args,
	struct guild_runs *runs, struct guild_error *err)
{
	const char *min = guild_args_text(args, "min");
	const char *spec = min ? min : guild_args_text(args, "max");
	struct guild_col col = {0};
	size_t best = 0;
	int rc = parse_col(ctx->arena, spec, &col, err);

	if (rc == 0) {
		rc = guild_store_find_best(runs, &col, min != NULL, &best, &ctx->log, err);
	}
	for (size_t i = 0; rc == 0 && i < runs->n; i++) {
		if (i != best) {
			guild_run_fini(&runs->v[i]);
		}
	}
	if (rc == 0) {
		runs->v[0] = runs->v[best];
		runs->n = 1;
	}
	return rc;
}

static int select_runs(struct guild_ctx *ctx, const struct guild_args *args,
	struct guild_runs *runs, struct guild_error *err)
{
	const struct guild_strs *words = guild_args_words(args);
	bool best = guild_args_given(args, "min") || guild_args_given(args, "max");
	bool sorts = guild_args_given(args, "sort") || guild_args_given(args, "limit");
	bool is_one =
		!guild_args_flag(args, "all") && !guild_args_given(args, "limit") && words->n == 0;
	bool all = guild_args_flag(args, "all") || best || sorts;
	int rc = guild_cmd_select_runs(ctx, args, words, all ? NULL : "1",
		GUILD_SELECT_REPEATS | (all ? GUILD_SELECT_FACTS : 0), runs, err);

	if (rc == 0 && runs->n == 0) {
		rc = guild_error_set(err, GUILD_ENOTFOUND, "no matching runs");
	}
	if (rc == 0 && sorts) {
		rc = guild_cmd_order_runs(ctx, args, runs, err);
		while (rc == 0 && is_one && runs->n > 1) {
			guild_run_fini(&runs->v[--runs->n]);
		}
	} else if (rc == 0 && best) {
		rc = keep_best(ctx, args, runs, err);
	} else if (rc == 0 && !all && words->n == 1 && runs->n > 1) {
		struct guild_buf ids = {0};

		for (size_t i = 0; i < runs->n && ids.n < GUILD_ERROR_TEXT_MAX / 2; i++) {
			guild_buf_printf(&ids, "\n  %.*s", GUILD_RUN_SHORT_LEN, runs->v[i].id);
		}
		rc = guild_error_set(err, GUILD_EINVALID, "'%s' matches multiple runs:%s",
			words->v[0], guild_buf_cstr(&ids));
		guild_error_hint(err, "use --all to select them all");
		guild_buf_fini(&ids);
	}
	return rc;
}

/* ---- printing ----------------------------------------------------------------------------------------- */

/* Positions in `guild runs`, 1-based, by id. */
static int list_indexes(const struct guild_ctx *ctx, struct guild_map *out, struct guild_error *err)
{
	struct guild_runs runs = {0};
	char *dir = guild_home_runs_dir(&ctx->home, false);
	char *index_path = guild_store_index_path(&ctx->home, false, ctx->environ_);
	const struct guild_run_filter filter = {.index_path = index_path};
	int rc = guild_store_list(dir, &filter, guild_ctx_env(ctx, "GUILD_RUNS_PARENT"), &runs,
		NULL, err);

	for (size_t i = 0; rc == 0 && i < runs.n; i++) {
		guild_map_put(out, runs.v[i].id, (void *)(uintptr_t)(i + 1));
	}
	guild_runs_fini(&runs);
	free(index_path);
	free(dir);
	return rc;
}

/* The attribute as people see it, else as YAML. */
static int attr_text(const struct guild_ctx *ctx, const struct guild_run *r, const char *name,
	const struct guild_map *indexes, char **out, struct guild_error *err)
{
	if (strcmp(name, NUM_INDEX) == 0) {
		size_t index = (size_t)(uintptr_t)guild_map_get(indexes, r->id);

		*out = index > 0 ? guild_format("[%zu]", index) : guild_strdup("[?]");
		return 0;
	}
	*out = guild_run_formatted_attr(ctx, r, name);
	if (*out) {
		return 0;
	}
	struct guild_value *value = NULL;
	int rc = guild_run_attr_read(r, ctx->arena, name, &value, err);

	if (rc == 1) {
		struct guild_buf text = {0};

		guild_yaml_dump(&text, value, true);
		*out = guild_buf_take(&text);
		return 0;
	}
	return rc < 0 ? rc
		      : guild_error_set(err, GUILD_ENOTFOUND, "no such run attribute '%s'", name);
}

static int run_text(const struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_run *r, const struct guild_map *indexes, char **out,
	struct guild_error *err)
{
	const char *attr = guild_args_text(args, "attr");

	if (attr) {
		return attr_text(ctx, r, attr, indexes, out, err);
	}
	if (guild_args_flag(args, "short-id")) {
		*out = guild_format("%.*s", GUILD_RUN_SHORT_LEN, r->id);
	} else {
		*out = guild_strdup(guild_args_flag(args, "dir") ? r->dir : r->id);
	}
	return 0;
}

static int print_runs(const struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_runs *runs, struct guild_error *err)
{
	struct guild_value *list = guild_value_list(ctx->arena);
	bool json = guild_args_flag(args, "json");
	struct guild_map indexes = {0};
	int rc = guild_streq(guild_args_text(args, "attr"), NUM_INDEX)
			 ? list_indexes(ctx, &indexes, err)
			 : 0;

	for (size_t i = 0; i < runs->n && rc == 0; i++) {
		char *text = NULL;

		rc = run_text(ctx, args, &runs->v[i], &indexes, &text, err);
		if (rc == 0 && json) {
			guild_value_append(ctx->arena, list, guild_value_string(ctx->arena, text));
		} else if (rc == 0) {
			printf("%s\n", text);
		}
		free(text);
	}
	if (rc == 0 && json) {
		guild_cmd_print_json(list);
	}
	guild_map_fini(&indexes);
	return rc;
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_error err = {0};
	struct guild_runs runs = {0};
	int rc = select_runs(ctx, args, &runs, &err);

	if (rc == 0) {
		rc = print_runs(ctx, args, &runs, &err);
	}
	guild_runs_fini(&runs);
	return rc == 0 ? GUILD_EXIT_OK : guild_cmd_fail(ctx, &err);
}

const struct guild_cmd guild_cmd_select = {
	.name = "select",
	.group = GUILD_GROUP_LOOK,
	.summary = "Print ids of runs, for scripts",
	.help = "Prints the id of the latest run that passes the filters, of the runs named, or with "
		"--min and --max of the best one. COL is a column spec as for 'guild compare --cols': "
		"'loss' is the last value of a scalar, 'min loss' its lowest, '=lr' a flag, '.label' "
		"an attribute. With --sort it is the first run in that order; --limit selects more than "
		"one.\n\n"
		"Examples:\n\n"
		"  guild select --max acc\n"
		"  guild select --sort '-max(acc), time' -n 3\n"
		"  guild cat -p model.json $(guild select -Fo train --min loss)\n"
		"  guild select 3 --attr flags\n"
		"  cd $(guild select --dir)",
	.opts = tables,
	.args = run_args,
	.needs = GUILD_NEEDS_HOME,
	.run = run,
};
