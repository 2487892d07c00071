/*
 * guild graph [OPERATION] [FLAG=VAL]... | --run RUN: the steps of a pipeline and what waits for what.
 */

#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "graph_draw.h"
#include "run_cmd.h"
#include "run_steps.h"

static const struct guild_opt opts[] = {
	{.names = "--run",
		.value = "RUN",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_RUN,
		.help = "Draw the pipeline of RUN with the state of each step."},
	{.names = "--dot", .excludes = "svg json", .help = "Write DOT, the language of Graphviz."},
	{.names = "--svg", .excludes = "json", .help = "Write an SVG image."},
	{0},
};
static const struct guild_opt *const tables[] = {opts, guild_json_opts, NULL};

static const struct guild_arg positional[] = {
	{.name = "OPERATION",
		.complete = GUILD_COMPLETE_OPERATION,
		.help = "A pipeline, as for guild run."},
	{.name = "FLAG",
		.many = true,
		.complete = GUILD_COMPLETE_OPERATION,
		.help = "FLAG=VAL, as for guild run."},
	{0},
};

static void draw(const struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_drawing *d)
{
	struct guild_buf out = {0};
	if (guild_args_flag(args, "json")) {
		guild_cmd_print_json(guild_draw_json(d, ctx->arena));
	} else if (guild_args_flag(args, "svg")) {
		guild_draw_svg(d, &out);
	} else if (guild_args_flag(args, "dot")) {
		guild_draw_dot(d, &out);
	} else {
		guild_draw_text(d, ctx->color_out, &out);
	}
	fwrite(guild_buf_cstr(&out), 1, out.n, stdout);
	guild_buf_fini(&out);
}

/* ---- of a run ---------------------------------------------------------------------------------------------------- */

static int draw_run(struct guild_ctx *ctx, const struct guild_args *args, struct guild_error *err)
{
	struct guild_run run = {0};
	struct guild_steps steps = {0};
	struct guild_steps_graph graph = {0};
	struct guild_step_status *status = NULL;
	char *runs_dir = guild_home_runs_dir(&ctx->home, false);
	char *index_path = guild_store_index_path(&ctx->home, false, ctx->environ_);
	int rc = guild_args_words(args)->n > 0
			 ? guild_error_set(err, GUILD_EINVALID,
				   "OPERATION cannot be used with --run")
			 : guild_store_find_spec(runs_dir, index_path, guild_args_text(args, "run"),
				   ctx->cwd, &run, err);
	char *name = rc == 0 ? guild_run_display_name(&run) : NULL;
	if (rc == 0 && !guild_run_attr(&run, ctx->arena, "steps")) {
		rc = guild_error_set(err, GUILD_EINVALID, "run %.8s (%s) is no pipeline", run.id,
			name);
	}
	rc = rc ? rc : guild_run_read_own_steps(ctx, &run, &steps, err);
	if (rc == 0) {
		status = guild_alloc((steps.n + 1) * sizeof(*status));
		rc = guild_pipeline_status(&run, &steps, status, err);
	}
	if (rc == 0) {
		guild_steps_graph_init(&graph, &steps);
		struct guild_drawing d = {
			.title = name, .steps = &steps, .graph = &graph, .status = status};
		draw(ctx, args, &d);
		guild_steps_graph_fini(&graph);
	}
	if (status) {
		guild_pipeline_status_fini(status, steps.n);
	}
	free(status);
	free(name);
	free(index_path);
	free(runs_dir);
	guild_run_fini(&run);
	return rc;
}

/* ---- of an operation --------------------------------------------------------------------------------------------------- */

static int draw_op(struct guild_ctx *ctx, const struct guild_args *args, struct guild_run_cmd *c,
	struct guild_error *err)
{
	struct guild_steps steps = {0};
	struct guild_steps_graph graph = {0};
	int rc = guild_run_cmd_prepare(c, err);
	if (rc == 0 && !guild_op_is_pipeline(c->op)) {
		rc = guild_error_set(err, GUILD_EINVALID, "operation '%s' has no steps",
			c->op_name);
	}
	rc = rc ? rc : guild_run_cmd_resolve_flags(c, err);
	if (rc != 0) {
		return rc;
	}
	struct guild_pipeline_words words = {
		.project = c->op_project, .op = c->op, .flags = c->flags};
	rc = guild_run_read_steps(ctx, &words, &steps, err);
	if (rc == 0) {
		guild_steps_graph_init(&graph, &steps);
		struct guild_drawing d = {.title = c->op_name, .steps = &steps, .graph = &graph};
		draw(ctx, args, &d);
		guild_steps_graph_fini(&graph);
	}
	return rc;
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	const struct guild_strs *words = guild_args_words(args);
	struct guild_args run_args = {0};
	struct guild_error err = {0};
	if (guild_args_given(args, "run")) {
		return draw_run(ctx, args, &err) == 0 ? GUILD_EXIT_OK : guild_cmd_fail(ctx, &err);
	}
	/* The same words mean the same as for guild run. */
	int code = guild_args_parse(guild_cmd_find("run"), words->v, words->n, GUILD_ARGS_STRICT,
		&run_args, &err);
	struct guild_run_cmd c = {.ctx = ctx, .args = &run_args};
	if (code != GUILD_EXIT_OK || draw_op(ctx, args, &c, &err) != 0) {
		code = guild_cmd_fail(ctx, &err);
	}
	guild_run_cmd_fini(&c);
	guild_args_fini(&run_args);
	return code;
}

const struct guild_cmd guild_cmd_graph = {
	.name = "graph",
	.group = GUILD_GROUP_PROJECT,
	.summary = "Draw the steps of a pipeline",
	.help = "Shows the steps of a pipeline by layers: steps of one layer may run at the same time, a layer begins when what its steps "
		"wait for is done. With --run the state of each step of that run is shown.\n\n"
		"Examples:\n\n"
		"  guild graph prepare-and-train\n"
		"  guild graph prepare-and-train --svg > steps.svg\n"
		"  guild graph --run 4f0e",
	.opts = tables,
	.args = positional,
	.needs = GUILD_NEEDS_HOME | GUILD_NEEDS_CONFIG,
	.run = run,
};
