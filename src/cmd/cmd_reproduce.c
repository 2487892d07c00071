/* guild reproduce [RUN|ARCHIVE]...: run it again, and tell level by level whether everything was as it was (docs/reproducibility.md). */

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "reproduce_cmd.h"

enum { EXIT_SIGNAL_BASE = 128 };

static const struct guild_opt opts[] = {
	{.names = "-w --working",
		.help = "Run the project's source code as it is today instead of the recorded one: a regression test. Then inputs, exit, "
			"outputs and metrics decide. The project is that of the current directory where it has the operation, else "
			"the run's own."},
	{.names = "--env",
		.value = "KIND",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_CHOICES,
		.choices = "uv|venv|current|none",
		.help = "Where the packages come from: 'uv' or 'venv' install the recorded ones in an environment of their own (kept "
			"for the next time), 'current' takes those that are installed and compares them with the record, 'none' does "
			"not compare. The default is uv where it is installed, else venv; with --working it is current."},
	{.names = "--tol",
		.value = "TOLERANCE",
		.kind = GUILD_OPT_LIST,
		.help = "How far metrics may be apart, relative to the larger value where that is above 1; 1e-6 when omitted. METRIC=NUMBER is "
			"for one metric, '*' allowed; 'inf' does not compare it. May be repeated."},
	{.names = "--final", .help = "Compare only the last value of each metric, not every step."},
	{.names = "--ignore",
		.value = "PATTERN",
		.kind = GUILD_OPT_LIST,
		.help = "Do not compare output files whose path or name fits PATTERN. May be repeated."},
	{.names = "--max-slowdown",
		.value = "TIMES",
		.kind = GUILD_OPT_NUMBER,
		.help = "Fail when the run takes more than TIMES as long as it took."},
	{.names = "--level",
		.value = "LEVEL",
		.kind = GUILD_OPT_LIST,
		.help = "Only LEVEL decides, one of source, flags, environment, inputs, exit, outputs, metrics and runtime; the "
			"others are told. May be repeated."},
	{.names = "--strict", .help = "Fail where the run has no record to compare with, too."},
	{.names = "--force",
		.help = "Go on where source code or inputs are not what they were, or the program ends otherwise."},
	{.names = "-l --label",
		.value = "LABEL",
		.kind = GUILD_OPT_TEXT,
		.help = "Label of the new run; 'reproduces ID' and its flags when omitted."},
	{.names = "-t --tag",
		.value = "TAG",
		.kind = GUILD_OPT_LIST,
		.complete = GUILD_COMPLETE_TAG,
		.help = "Add TAG to the new run. May be repeated."},
	{.names = "--discard", .help = "Remove the new run when it reproduced the earlier one."},
	{.names = "-p --preview --dry-run",
		.help = "Show what can be told without running, and run nothing."},
	{.names = "-q --quiet", .help = "Do not show the output of the program."},
	{.names = "--no-pty",
		.help = "Give the program pipes even where guild's own output is a terminal."},
	{0},
};
static const struct guild_opt *const tables[] = {opts, guild_yes_opts, guild_json_opts, NULL};

static const struct guild_arg positional[] = {
	{.name = "RUN",
		.many = true,
		.complete = GUILD_COMPLETE_RUN,
		.help = "Runs by index or id, the latest when omitted; a run directory; or an archive or directory of runs that guild "
			"export wrote, with runs of it after it. Of a batch or pipeline its runs are meant."},
	{0},
};

/* ---- options ---------------------------------------------------------------------------------------------------------- */

struct reproduce_cmd {
	struct guild_ctx *ctx;
	const struct guild_args *args;
	struct guild_reproduce_request common;
	unsigned deciding;
	bool is_strict, is_preview;
	struct guild_value *reports; /* of --json */
	unsigned n_executed;
};

static void read_env(struct reproduce_cmd *c)
{
	static const char *const names[] = {"auto", "uv", "venv", "current", "none"};
	const char *given = guild_args_text(c->args, "env");
	c->common.env = guild_args_flag(c->args, "working") ? GUILD_REPRODUCE_ENV_CURRENT
							    : GUILD_REPRODUCE_ENV_AUTO;
	for (size_t i = 0; given && i < GUILD_ARRAY_LEN(names); i++) {
		if (strcmp(names[i], given) == 0) {
			c->common.env = (enum guild_reproduce_env)i;
		}
	}
}

/* A number alone is for all metrics, METRIC=NUMBER for one. */
static int read_tolerances(struct reproduce_cmd *c, struct guild_error *err)
{
	const struct guild_strs *given = guild_args_list(c->args, "tol");
	c->common.tolerance = -1;
	for (size_t i = 0; i < given->n; i++) {
		double number;
		if (strchr(given->v[i], '=')) {
			guild_strs_add(&c->common.tolerances, given->v[i]);
		} else if (guild_parse_f64(given->v[i], strlen(given->v[i]), &number) &&
			   number >= 0) {
			c->common.tolerance = number;
		} else {
			guild_error_set(err, GUILD_EINVALID, "invalid tolerance '%s'", given->v[i]);
			guild_error_hint(err, "give a number from 0 on (1e-6), or METRIC=NUMBER");
			return GUILD_EINVALID;
		}
	}
	return 0;
}

static int read_levels(struct reproduce_cmd *c, struct guild_error *err)
{
	const struct guild_strs *given = guild_args_list(c->args, "level");
	bool is_working = guild_args_flag(c->args, "working");
	c->deciding = is_working ? 1U << GUILD_REPRODUCE_INPUTS | 1U << GUILD_REPRODUCE_EXIT |
					   1U << GUILD_REPRODUCE_OUTPUTS |
					   1U << GUILD_REPRODUCE_METRICS |
					   1U << GUILD_REPRODUCE_RUNTIME
				 : (1U << GUILD_REPRODUCE_LEVELS) - 1;
	c->deciding = given->n > 0 ? 0 : c->deciding;
	for (size_t i = 0; i < given->n; i++) {
		int level = guild_reproduce_level_parse(given->v[i]);
		if (level < 0) {
			guild_error_set(err, GUILD_EINVALID, "there is no level '%s'", given->v[i]);
			guild_error_hint(err,
				"levels are source, flags, environment, inputs, exit, "
				"outputs, metrics and runtime");
			return GUILD_EINVALID;
		}
		c->deciding |= 1U << level;
	}
	return 0;
}

static int read_options(struct reproduce_cmd *c, struct guild_error *err)
{
	const struct guild_args *args = c->args;
	double slowdown = guild_args_number(args, "max-slowdown", 0);
	c->is_strict = guild_args_flag(args, "strict");
	c->is_preview = guild_args_flag(args, "dry-run");
	c->reports = guild_args_flag(args, "json") ? guild_value_list(c->ctx->arena) : NULL;
	c->common.ignored = *guild_args_list(args, "ignore");
	c->common.tags = *guild_args_list(args, "tag");
	c->common.label = guild_args_text(args, "label");
	c->common.final_only = guild_args_flag(args, "final");
	c->common.force = guild_args_flag(args, "force");
	c->common.no_pty = guild_args_flag(args, "no-pty");
	c->common.max_slowdown = slowdown;
	/* JSON is alone on standard output. */
	c->common.quiet = guild_args_flag(args, "quiet") || c->reports;
	if (guild_args_given(args, "max-slowdown") && !(slowdown > 0)) {
		return guild_error_set(err, GUILD_EINVALID,
			"--max-slowdown needs a number above 0");
	}
	read_env(c);
	int rc = read_levels(c, err);
	return rc ? rc : read_tolerances(c, err);
}

/* ---- one run ------------------------------------------------------------------------------------------------------------ */

/* Today's operation with the flags of the run: what guild run --proto RUN --force-sourcecode would make. */
static int find_working(struct guild_run_cmd *r, const struct guild_run *run,
	struct guild_exec_op *x, struct guild_error *err)
{
	int rc = guild_run_cmd_prepare(r, err);
	rc = rc ? rc : guild_run_cmd_decide(r, err);
	if (rc == 0 && (!r->op || r->is_batch)) {
		rc = guild_error_set(err, GUILD_ENOTFOUND,
			"cannot find the definition of the operation of run %.8s", run->id);
	}
	if (rc == 0) {
		guild_run_cmd_exec_op(r, x);
		x->record = NULL;
	}
	return rc;
}

static int parse_run_args(const struct guild_run *run, const char *spec, struct guild_args *out,
	struct guild_error *err)
{
	struct guild_strs words = {0};
	guild_strs_add(&words, "--proto");
	guild_strs_add(&words, run->dir);
	guild_strs_add(&words, "--force-sourcecode");
	guild_strs_add(&words, "-y");
	if (spec) {
		guild_strs_add(&words, spec);
	}
	int code = guild_args_parse(guild_cmd_find("run"), words.v, words.n, GUILD_ARGS_STRICT, out,
		err);
	guild_strs_fini(&words);
	return code == GUILD_EXIT_OK ? 0 : GUILD_EINVALID;
}

/* What the operation is called in the project of the current directory; NULL: it is the run's own project, or has no such one. */
static char *find_spec_here(const struct guild_ctx *ctx, const struct guild_run *run)
{
	const struct guild_opref *ref = &run->opref;
	char *dir = guild_run_project_dir(run);
	char *spec = NULL;
	bool is_elsewhere = dir && strcmp(dir, ctx->cwd) != 0;
	if (is_elsewhere && strcmp(ref->pkg_type, "script") == 0) {
		char *path = guild_path_join(ctx->cwd, ref->op);
		spec = guild_is_file(path) ? guild_strdup(ref->op) : NULL;
		free(path);
	} else if (is_elsewhere && strcmp(ref->pkg_type, "guildfile") == 0) {
		char *path = guild_path_join(ctx->cwd, guild_path_basename(ref->pkg_name));
		spec = !guild_is_file(path) ? NULL
		       : ref->model[0]      ? guild_format("%s:%s", ref->model, ref->op)
					    : guild_strdup(ref->op);
		free(path);
	}
	free(dir);
	return spec;
}

/* True when the new run is gone. */
static bool discard(const struct reproduce_cmd *c, const struct guild_reproduction *result)
{
	struct guild_run made = {0};
	struct guild_error err = {0};
	bool is_wanted = guild_args_flag(c->args, "discard") && result->run_dir &&
			 !result->is_stopped &&
			 guild_reproduction_holds(result, c->deciding, c->is_strict);
	bool is_gone = false;
	if (is_wanted && guild_run_open(result->run_dir, &made, NULL) == 0) {
		is_gone = guild_store_delete(&c->ctx->home, &made, true, &c->ctx->log, &err) == 0;
		if (!is_gone) {
			guild_log(&c->ctx->log, "warning", "%s", err.text);
		}
	}
	guild_run_fini(&made);
	return is_gone;
}

/* What could be told beforehand is no failure of a preview when it is still to be made. */
static int exit_code(const struct guild_reproduce_report *r)
{
	if (r->result->is_stopped) {
		return EXIT_SIGNAL_BASE + SIGINT;
	}
	if (!r->is_preview) {
		return guild_reproduction_holds(r->result, r->deciding, r->is_strict)
			       ? GUILD_EXIT_OK
			       : GUILD_EXIT_ERROR;
	}
	for (int l = 0; l < GUILD_REPRODUCE_LEVELS; l++) {
		if ((r->deciding & 1U << l) &&
			r->result->levels[l].verdict == GUILD_REPRODUCE_DIFFERS) {
			return GUILD_EXIT_ERROR;
		}
	}
	return GUILD_EXIT_OK;
}

static int report(struct reproduce_cmd *c, const struct guild_run *run,
	const struct guild_reproduction *result)
{
	struct guild_reproduce_report r = {.run = run,
		.result = result,
		.deciding = c->deciding,
		.is_strict = c->is_strict,
		.is_preview = c->is_preview,
		.is_discarded = !c->is_preview && discard(c, result)};
	if (c->reports) {
		guild_value_append(c->ctx->arena, c->reports,
			guild_reproduce_json(c->ctx->arena, &r));
	} else {
		guild_reproduce_print(c->ctx, &r);
		fflush(stdout);
	}
	return exit_code(&r);
}

/* What stopped guild itself: told on standard error, and in the JSON in the place of the levels. */
static int fail(struct reproduce_cmd *c, const struct guild_run *run, const struct guild_error *err)
{
	if (c->reports) {
		struct guild_arena *a = c->ctx->arena;
		struct guild_value *v = guild_value_dict(a);
		guild_value_set(a, v, "run", guild_value_string(a, run->id));
		guild_value_set(a, v, "verdict", guild_value_string(a, "error"));
		guild_value_set(a, v, "error", guild_value_string(a, err->text));
		guild_value_append(a, c->reports, v);
	}
	return guild_cmd_fail(c->ctx, err);
}

static int reproduce(struct reproduce_cmd *c, const struct guild_run *run,
	const struct guild_exec_world *world, const struct guild_exec_op *working)
{
	struct guild_reproduce_request req = c->common;
	struct guild_reproducing *p = NULL;
	struct guild_error err = {0};
	req.run = run;
	req.world = world;
	req.working = working;
	req.serial = c->n_executed;
	int rc = guild_reproduce_new(&req, &p, &err);
	if (rc == 0 && !c->is_preview && guild_reproduce_can_run(p)) {
		c->n_executed++;
		fflush(stdout);
		rc = guild_reproduce_run(p, &err);
	}
	int code = rc == 0 ? report(c, run, guild_reproduce_result(p)) : fail(c, run, &err);
	guild_reproduce_free(p);
	return code;
}

static int reproduce_working(struct reproduce_cmd *c, const struct guild_run *run, const char *spec)
{
	struct guild_args run_args = {0};
	struct guild_error err = {0};
	struct guild_run_cmd r = {.ctx = c->ctx, .args = &run_args};
	struct guild_exec_op x = {0};
	int rc = parse_run_args(run, spec, &run_args, &err);
	rc = rc ? rc : find_working(&r, run, &x, &err);
	int code = rc == 0 ? reproduce(c, run, &r.world, &x) : fail(c, run, &err);
	guild_run_cmd_fini(&r);
	guild_args_fini(&run_args);
	return code;
}

static int reproduce_one(struct reproduce_cmd *c, const struct guild_run *run)
{
	int code;
	if (guild_args_flag(c->args, "working")) {
		char *spec = find_spec_here(c->ctx, run);
		code = reproduce_working(c, run, spec);
		free(spec);
	} else {
		struct guild_args none = {0};
		struct guild_run_cmd r = {.ctx = c->ctx, .args = &none};
		guild_run_cmd_read_world(&r);
		code = reproduce(c, run, &r.world, NULL);
		guild_run_cmd_fini(&r);
	}
	return code;
}

/* ---- the command ----------------------------------------------------------------------------------------------------------- */

static void print_json(struct reproduce_cmd *c, int code)
{
	struct guild_arena *a = c->ctx->arena;
	struct guild_value *v = guild_value_dict(a);
	const char *verdict = c->is_preview                       ? "not run"
			      : code == GUILD_EXIT_OK             ? "reproduced"
			      : code == EXIT_SIGNAL_BASE + SIGINT ? "stopped"
								  : "not reproduced";
	guild_value_set(a, v, "verdict", guild_value_string(a, verdict));
	guild_value_set(a, v, "runs", c->reports);
	guild_cmd_print_json(v);
}

static int reproduce_all(struct reproduce_cmd *c, const struct guild_runs *runs)
{
	int code = GUILD_EXIT_OK;
	if (!c->is_preview) {
		code = guild_cmd_confirm_runs(c->ctx, c->args, runs,
			"You are about to run again, and compare with what was:", "Continue?",
			true);
		if (code != GUILD_EXIT_OK) {
			return code == GUILD_EXIT_DECLINED ? GUILD_EXIT_OK : code;
		}
	}
	for (size_t i = 0; i < runs->n && code != EXIT_SIGNAL_BASE + SIGINT; i++) {
		int one = reproduce_one(c, &runs->v[i]);
		code = one != GUILD_EXIT_OK ? one : code;
	}
	if (c->reports) {
		print_json(c, code);
	}
	return code;
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct reproduce_cmd c = {.ctx = ctx, .args = args};
	struct guild_reproduce_runs runs = {0};
	struct guild_error err = {0};
	int rc = read_options(&c, &err);
	rc = rc ? rc : guild_reproduce_find_runs(ctx, args, &runs, &err);
	int code = rc == 0 ? reproduce_all(&c, &runs.runs) : guild_cmd_fail(ctx, &err);
	guild_reproduce_runs_fini(&runs);
	guild_strs_fini(&c.common.tolerances);
	return code;
}

const struct guild_cmd guild_cmd_reproduce = {
	.name = "reproduce",
	.group = GUILD_GROUP_RUN,
	.summary = "Run a run again and tell whether it is the same",
	.help = "Makes an environment of the packages a run was recorded with, takes its source code, inputs, flags and seed, runs it, and says "
		"for each level whether it is the same: source, flags, environment, inputs, exit, outputs (bit by bit), metrics (step by "
		"step, within a tolerance) and runtime. The new run is kept, labelled, with attribute 'reproduces'. The exit code is 1 "
		"where a level differs.\n\n"
		"Source code and inputs are checked against their recorded hashes first. An input that changed or is gone where it came "
		"from is taken from the run, where that still has it as it was. docs/reproducibility.md says what each level means.\n\n"
		"Examples:\n\n"
		"  guild reproduce 4f0e\n"
		"  guild reproduce 4f0e --env current --tol 1e-3\n"
		"  guild reproduce 4f0e --tol loss=1e-4 --tol 'time*=inf' --ignore '*.log'\n"
		"  guild reproduce paper.zip\n"
		"  guild reproduce 4f0e --working --discard\n"
		"  guild reproduce 4f0e --preview --json",
	.opts = tables,
	.args = positional,
	.needs = GUILD_NEEDS_HOME | GUILD_NEEDS_CONFIG,
	.run = run,
};
