/*
 * guild explain [OPERATION] [FLAG=VAL]...: what would make a new run differ from the earlier run that is most like it.
 */

#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "run_cmd.h"

static const struct guild_opt opts[] = {
	{.names = "-a --all", .help = "Show every difference, not only the first."},
	{.names = "--run",
		.value = "RUN",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_RUN,
		.help = "Compare with RUN instead of the earlier run that differs least."},
	{0},
};
static const struct guild_opt *const tables[] = {opts, guild_json_opts, NULL};

static const struct guild_arg positional[] = {
	{.name = "OPERATION", .complete = GUILD_COMPLETE_OPERATION, .help = "As for guild run."},
	{.name = "FLAG",
		.many = true,
		.complete = GUILD_COMPLETE_OPERATION,
		.help = "FLAG=VAL, as for guild run."},
	{0},
};

struct explanation {
	struct guild_ctx *ctx;
	struct guild_run_cmd *c;
	struct guild_exec_op x;
	struct guild_exec_now *now;
	struct guild_runs runs;
	const struct guild_run *best; /* or NULL: there is no earlier run */
	struct guild_differences differences;
	const char *stale_step, *why_stale; /* of a pipeline that is the same itself */
};

/* ---- finding -------------------------------------------------------------------------------------------------------- */

static int find_best(struct explanation *e, struct guild_error *err)
{
	for (size_t i = 0; i < e->runs.n; i++) {
		struct guild_differences d = {0};
		/* One that is no better than the best so far needs no counting to its end. */
		size_t max = e->best ? e->differences.n : 0;
		int rc = guild_exec_differences(e->now, &e->runs.v[i], max, &d, err);
		if (rc != 0) {
			guild_differences_fini(&d);
			return rc;
		}
		if (!e->best || d.n < e->differences.n) {
			guild_differences_fini(&e->differences);
			e->differences = d;
			e->best = &e->runs.v[i];
		} else {
			guild_differences_fini(&d);
		}
		if (e->differences.n == 0) {
			return 0;
		}
	}
	return 0;
}

static int find_given(struct explanation *e, const char *spec, struct guild_error *err)
{
	char *dir = guild_home_runs_dir(&e->ctx->home, false);
	e->runs.v = guild_grow_array(NULL, &e->runs.cap, 1, sizeof(*e->runs.v));
	memset(e->runs.v, 0, sizeof(*e->runs.v));
	int rc = guild_store_find_prefix(dir, spec, &e->runs.v[0], err);
	e->runs.n = rc == 0;
	free(dir);
	return rc;
}

static int find(struct explanation *e, const char *given, struct guild_error *err)
{
	guild_run_cmd_exec_op(e->c, &e->x);
	e->now = guild_exec_now_new(&e->x);
	int rc = given ? find_given(e, given, err)
		       : guild_exec_find_earlier(&e->c->world, &e->c->opref, e->c->is_batch,
				 guild_ctx_env(e->ctx, "GUILD_RUNS_PARENT"), &e->runs, err);
	rc = rc ? rc : find_best(e, err);
	if (rc == 0 && e->best && e->differences.n == 0) {
		(void)guild_run_cmd_step_is_stale(e->c, e->best, &e->stale_step, &e->why_stale);
	}
	return rc;
}

/* ---- text -------------------------------------------------------------------------------------------------------------- */

static void print_change(const struct guild_difference *d, const char *what)
{
	if (d->before && d->after) {
		printf("%s %s: %s -> %s\n", what, d->name, d->before, d->after);
	} else {
		printf("%s %s: %s%s\n", what, d->name, d->before ? "was " : "new: ",
			d->before  ? d->before
			: d->after ? d->after
				   : "");
	}
}

static void print_source(const struct explanation *e, const struct guild_difference *d)
{
	struct guild_buf diff = {0};
	printf("source %s %s\n", d->name,
		!d->before  ? "is new"
		: !d->after ? "is gone"
			    : "changed");
	guild_exec_source_diff(e->now, e->best, d, &diff);
	fputs(guild_buf_cstr(&diff), stdout);
	guild_buf_fini(&diff);
}

static void print_difference(const struct explanation *e, const struct guild_difference *d)
{
	switch (d->kind) {
	case GUILD_DIFFERENCE_SOURCE:
		print_source(e, d);
		break;
	case GUILD_DIFFERENCE_INPUT:
		printf("input %s %s\n", d->name,
			!d->before                                          ? "is new"
			: !d->after                                         ? "is gone"
			: strcmp(d->before, "?") == 0 || d->after[0] == '?' ? "may have changed"
									    : "changed");
		break;
	case GUILD_DIFFERENCE_STEPS:
		printf("steps changed\n");
		break;
	case GUILD_DIFFERENCE_PYTHON:
		print_change(d, "python");
		break;
	default:
		print_change(d, guild_difference_kind_name(d->kind));
		break;
	}
}

static void print_text(const struct explanation *e, bool all)
{
	if (!e->best) {
		printf("there is no earlier run of %s\n", e->c->op_name);
		return;
	}
	if (e->differences.n == 0 && e->stale_step) {
		printf("step %s of run %.8s would be another run: %s\n", e->stale_step, e->best->id,
			e->why_stale);
		return;
	}
	if (e->differences.n == 0) {
		printf("nothing differs: run %.8s would be reused\n", e->best->id);
		return;
	}
	size_t n = all ? e->differences.n : 1;
	printf("differs from run %.8s:\n", e->best->id);
	for (size_t i = 0; i < n; i++) {
		print_difference(e, &e->differences.v[i]);
	}
	if (n < e->differences.n) {
		guild_log(&e->ctx->log, "note", "%zu more (--all shows them)",
			e->differences.n - n);
	}
}

/* ---- JSON -------------------------------------------------------------------------------------------------------------- */

static struct guild_value *text_or_null(struct guild_arena *a, const char *text)
{
	return text ? guild_value_string(a, text) : guild_value_null(a);
}

static void print_json(const struct explanation *e, bool all)
{
	struct guild_arena *a = e->ctx->arena;
	struct guild_value *v = guild_value_dict(a);
	struct guild_value *list = guild_value_list(a);
	size_t n = all || e->differences.n == 0 ? e->differences.n : 1;
	for (size_t i = 0; i < n; i++) {
		const struct guild_difference *d = &e->differences.v[i];
		struct guild_value *item = guild_value_dict(a);
		struct guild_buf diff = {0};
		guild_value_set(a, item, "kind",
			guild_value_string(a, guild_difference_kind_name(d->kind)));
		guild_value_set(a, item, "name", guild_value_string(a, d->name));
		guild_value_set(a, item, "before", text_or_null(a, d->before));
		guild_value_set(a, item, "after", text_or_null(a, d->after));
		if (d->kind == GUILD_DIFFERENCE_SOURCE) {
			guild_exec_source_diff(e->now, e->best, d, &diff);
			guild_value_set(a, item, "diff",
				guild_value_string(a, guild_buf_cstr(&diff)));
		}
		guild_buf_fini(&diff);
		guild_value_append(a, list, item);
	}
	guild_value_set(a, v, "operation", guild_value_string(a, e->c->op_name));
	guild_value_set(a, v, "run", text_or_null(a, e->best ? e->best->id : NULL));
	guild_value_set(a, v, "reused",
		guild_value_bool(a, e->best && e->differences.n == 0 && !e->stale_step));
	guild_value_set(a, v, "stale_step", text_or_null(a, e->stale_step));
	guild_value_set(a, v, "n_differences", guild_value_int(a, (int64_t)e->differences.n));
	guild_value_set(a, v, "differences", list);
	guild_cmd_print_json(v);
}

/* ---- the command --------------------------------------------------------------------------------------------------------- */

static int explain(struct guild_ctx *ctx, const struct guild_args *args, struct guild_run_cmd *c)
{
	struct explanation e = {.ctx = ctx, .c = c};
	struct guild_error err = {0};
	bool all = guild_args_flag(args, "all");
	int rc = guild_run_cmd_prepare(c, &err);
	rc = rc ? rc : guild_run_cmd_decide(c, &err);
	rc = rc ? rc : find(&e, guild_args_text(args, "run"), &err);
	if (rc == 0 && guild_args_flag(args, "json")) {
		print_json(&e, all);
	} else if (rc == 0) {
		print_text(&e, all);
	}
	guild_differences_fini(&e.differences);
	guild_exec_now_free(e.now);
	guild_runs_fini(&e.runs);
	return rc == 0 ? GUILD_EXIT_OK : guild_cmd_fail(ctx, &err);
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	const struct guild_strs *words = guild_args_words(args);
	struct guild_args run_args = {0};
	struct guild_error err = {0};
	/* The same words mean the same as for guild run. */
	int code = guild_args_parse(guild_cmd_find("run"), words->v, words->n, GUILD_ARGS_STRICT,
		&run_args, &err);
	if (code != GUILD_EXIT_OK) {
		guild_args_fini(&run_args);
		return guild_cmd_fail(ctx, &err);
	}
	struct guild_run_cmd c = {.ctx = ctx, .args = &run_args};
	code = explain(ctx, args, &c);
	guild_run_cmd_fini(&c);
	guild_args_fini(&run_args);
	return code;
}

const struct guild_cmd guild_cmd_explain = {
	.name = "explain",
	.group = GUILD_GROUP_RUN,
	.summary = "Show why a run would not be the same as an earlier one",
	.help = "Compares what a new run would be made of with the earlier run of the operation that differs least, and shows the first "
		"difference: a flag, a line of source code, an input, the interpreter, a package, or what guild.yml says of the "
		"operation. Where nothing differs, guild run --needed would not run it again.\n\n"
		"Examples:\n\n"
		"  guild explain train lr=0.2\n"
		"  guild explain train --all",
	.opts = tables,
	.args = positional,
	.needs = GUILD_NEEDS_HOME | GUILD_NEEDS_CONFIG,
	.run = run,
};
