/* guild run: run an operation or a script (cli.md 1.1). */

#include <stdlib.h>
#include <string.h>

#include "run_cmd.h"

static const struct guild_opt run_opts[] = {
	{.names = "-l --label",
		.value = "LABEL",
		.kind = GUILD_OPT_TEXT,
		.help = "Label of the run; ${FLAG} stands for a flag's value, ${default_label} for the usual label."},
	{.names = "-t --tag",
		.value = "TAG",
		.kind = GUILD_OPT_LIST,
		.complete = GUILD_COMPLETE_TAG,
		.help = "Add TAG to the run. May be repeated."},
	{.names = "--profile",
		.value = "NAME",
		.kind = GUILD_OPT_LIST,
		.complete = GUILD_COMPLETE_PROFILE,
		.help = "Take the flag values of a profile that guild.yml defines; flags typed here win. May be "
			"repeated: a later one wins."},
	{.names = "-c --comment",
		.value = "TEXT",
		.kind = GUILD_OPT_TEXT,
		.help = "Comment on the run."},
	{.names = "-ec --edit-comment",
		.excludes = "remote",
		.help = "Write the comment in an editor."},
	{.names = "-e --edit-flags",
		.excludes = "remote",
		.help = "Change flags in an editor before the run starts."},
	{.names = "-d --run-dir",
		.value = "DIR",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_DIR,
		.help = "Use DIR as the run directory; listings do not show such a run."},
	{.names = "--stage",
		.excludes = "background pidfile",
		.help = "Prepare the run and do not start it."},
	{.names = "--priority",
		.value = "N",
		.kind = GUILD_OPT_TEXT,
		.help = "With --stage: queues start runs of a higher priority first; 0 when omitted."},
	{.names = "--after",
		.value = "RUN",
		.kind = GUILD_OPT_LIST,
		.complete = GUILD_COMPLETE_RUN,
		.help = "With --stage: queues start the run only when RUN is completed. May be repeated."},
	{.names = "--start --restart",
		.value = "RUN",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_RUN,
		.help = "Start RUN, staged or finished, in its own directory."},
	{.names = "--proto",
		.value = "RUN",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_RUN,
		.help = "Make a new run with the operation, flags and source code of RUN."},
	{.names = "--force-sourcecode",
		.help = "With --restart or --proto: copy the project's source code again."},
	{.names = "--gpus",
		.value = "DEVICES",
		.kind = GUILD_OPT_TEXT,
		.help = "Let the operation see only these GPUs."},
	{.names = "--no-gpus", .excludes = "gpus", .help = "Let the operation see no GPU."},
	{.names = "--random-seed",
		.value = "N",
		.kind = GUILD_OPT_INT,
		.min = 0,
		.help = "Seed recorded with the run; it also draws the trials of --max-trials."},
	{.names = "--debug-sourcecode",
		.value = "PATH",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_DIR,
		.help = "Run the source code in PATH (several separated by ':') instead of the copy."},
	{.names = "-D --dep",
		.value = "PATH",
		.kind = GUILD_OPT_LIST,
		.complete = GUILD_COMPLETE_FILE,
		.help = "Link PATH into the run. May be repeated."},
	{.names = "--attr",
		.value = "NAME=VALUE",
		.kind = GUILD_OPT_LIST,
		.help = "Record an attribute of your own. May be repeated."},
	{.names = "-f --force-flags", .help = "Accept any flag and value."},
	{.names = "--force-deps", .help = "Run even where a dependency is not met."},
	{.names = "--stop-after",
		.value = "MINUTES",
		.kind = GUILD_OPT_NUMBER,
		.help = "Stop the operation after MINUTES."},
	{.names = "--alert",
		.value = "RULE",
		.kind = GUILD_OPT_LIST,
		.help = "Watch the run: 'loss is nan: stop', 'no output for 5 min: tag stalled' "
			"(docs/guide/alerts.md). May be repeated."},
	{.names = "--needed", .help = "Run only if no run with these flags exists."},
	{.names = "-b --background", .excludes = "remote", .help = "Run in the background."},
	{.names = "--pidfile",
		.value = "FILE",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_FILE,
		.excludes = "remote",
		.help = "Run in the background with the process id in FILE."},
	{.names = "-j --jobs",
		.value = "N",
		.kind = GUILD_OPT_INT,
		.min = 1,
		.help = "Run at most N trials of a batch at once, one when omitted; of a pipeline at most N steps, as many "
			"as there are processors when omitted."},
	{.names = "--keep-run",
		.help = "Keep a run whose operation is configured to be deleted on success."},
	{.names = "--break",
		.value = "LOCATION",
		.kind = GUILD_OPT_LIST,
		.excludes = "remote",
		.help = "Stop a Python operation in its debugger at LOCATION: LINE, FILE:LINE, FUNCTION or MODULE.FUNCTION. "
			"May be repeated."},
	{.names = "--break-on-error",
		.excludes = "remote",
		.help = "Enter the debugger when a Python operation fails."},
	{.names = "-q --quiet", .help = "Do not show the output of the operation."},
	{.names = "--no-pty",
		.help = "Give the operation pipes even where guild's own output is a terminal."},
	{.names = "--durable", .help = "Write records so that they survive a loss of power."},
	{.names = "-y --yes", .help = "Do not ask."},
	{.names = "-r --remote",
		.value = "REMOTE",
		.kind = GUILD_OPT_LATER,
		.hidden = true,
		.help = "Run on REMOTE."},
	{.names = "-n --no-wait",
		.kind = GUILD_OPT_LATER,
		.hidden = true,
		.help = "Do not wait for a remote run."},
	{.names = "--run-id",
		.value = "ID",
		.kind = GUILD_OPT_TEXT,
		.hidden = true,
		.help = "Use ID as the run's id."},
	{.names = "--step",
		.value = "FILE",
		.kind = GUILD_OPT_TEXT,
		.hidden = true,
		.help = "The run is a step of a pipeline: FILE holds values of flags and is locked while it runs."},
	{0},
};

static const struct guild_opt batch_opts[] = {
	{.names = "-m --trials --max-trials",
		.value = "N",
		.kind = GUILD_OPT_INT,
		.min = 1,
		.help = "At most N trials of a batch, drawn by chance."},
	{.names = "-bl --batch-label",
		.value = "LABEL",
		.kind = GUILD_OPT_TEXT,
		.help = "Label of the batch run."},
	{.names = "-bt --batch-tag",
		.value = "TAG",
		.kind = GUILD_OPT_LIST,
		.help = "Add TAG to the batch run. May be repeated."},
	{.names = "-bc --batch-comment",
		.value = "TEXT",
		.kind = GUILD_OPT_TEXT,
		.help = "Comment on the batch run."},
	{.names = "-ebc --edit-batch-comment",
		.help = "Write the comment on the batch run in an editor."},
	{.names = "-o --optimizer",
		.value = "NAME",
		.kind = GUILD_OPT_TEXT,
		.excludes = "optimize",
		.complete = GUILD_COMPLETE_OPTIMIZER,
		.help = "Search with the optimizer NAME: one of those in guild.yml, of 'guild optimizer list', or an operation."},
	{.names = "-O --optimize",
		.help = "Search with the operation's default optimizer, or 'auto'. The name of another one may "
			"follow: -O gp is -o gp."},
	{.names = "-Fo --opt-flag",
		.value = "FLAG=VAL",
		.kind = GUILD_OPT_LIST,
		.complete = GUILD_COMPLETE_OPTIMIZER_FLAG,
		.help = "Flag of the optimizer. May be repeated."},
	{.names = "-N --minimize",
		.value = "COLUMN",
		.kind = GUILD_OPT_LIST,
		.complete = GUILD_COMPLETE_COLUMN,
		.help = "Scalar that an optimizer makes small; recorded with the batch. Several, separated by ',' or by repeating the option, are several objectives."},
	{.names = "-X --maximize",
		.value = "COLUMN",
		.kind = GUILD_OPT_LIST,
		.complete = GUILD_COMPLETE_COLUMN,
		.help = "Scalar that an optimizer makes large; as --minimize."},
	{.names = "--constraint",
		.value = "CONDITION",
		.kind = GUILD_OPT_LIST,
		.help = "What must hold for a trial to count as good: 'latency <= 20', 'min acc >= 0.9'. May be repeated."},
	{.names = "--retry",
		.value = "WHICH",
		.kind = GUILD_OPT_TEXT,
		.choices = "failed",
		.help = "With --restart of a batch: run the trials again that failed ('failed')."},
	{.names = "--prune",
		.value = "RULE",
		.kind = GUILD_OPT_LIST,
		.help = "Stop hopeless trials of a batch early: median, 'percentile 25', asha, hyperband, 'patience 10', 'loss > 10'; "
			"no for none (docs/guide/pruning.md). May be repeated."},
	{.names = "--stage-trials",
		.excludes = "print-trials",
		.help = "Prepare the trials and do not start them."},
	{.names = "--fail-on-trial-error", .help = "End the batch at the first trial that fails."},
	{.names = "--keep-batch", .help = "Keep the batch run when all went well."},
	{.names = "--save-trials",
		.value = "PATH",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_FILE,
		.help = "Write the trials to PATH (.csv or .json) and run nothing."},
	{0},
};

static const struct guild_opt test_opts[] = {
	{.names = "-h --help-op", .help = "Show help on the operation."},
	{.names = "--help-model", .help = "Show help on the operation's model."},
	{.names = "--print-cmd",
		.excludes = "print-env",
		.help = "Print the command that would be executed."},
	{.names = "--print-env", .help = "Print the variables that the operation would get."},
	{.names = "--print-trials", .help = "Print the trials of the batch."},
	{.names = "--test-flags", .help = "Show how flags are configured."},
	{.names = "--test-sourcecode", .help = "Show which source code would be copied."},
	{.names = "-v --verbose",
		.help = "With --test-sourcecode: say for every file by which rule it is copied or not."},
	{.names = "--json", .help = "With --test-sourcecode: the same as JSON."},
	{.names = "--test-output-scalars",
		.value = "FILE",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_FILE,
		.help = "Show which scalars would be read from FILE ('-': standard input)."},
	{0},
};

static const struct guild_opt *const tables[] = {run_opts, batch_opts, test_opts, NULL};

static const struct guild_arg positional[] = {
	{.name = "OPERATION",
		.complete = GUILD_COMPLETE_OPERATION,
		.help = "An operation of guild.yml ([MODEL:]NAME), a script, or a program; the default operation when omitted."},
	{.name = "FLAG",
		.many = true,
		.complete = GUILD_COMPLETE_OPERATION,
		.help = "FLAG=VAL sets a flag; a list ([1,2,3]) makes one trial for each value; @FILE takes trials from a "
			"CSV, JSON or YAML file."},
	{0},
};

static bool refuses_restart(const struct guild_run_cmd *c, struct guild_error *err)
{
	static const char *const refused[] = {"help-model", "help-op", "proto", "run-dir",
		"test-output-scalars", "test-sourcecode", "test-flags"};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(refused); i++) {
		if (guild_args_given(c->args, refused[i])) {
			guild_error_set(err, GUILD_EINVALID, "--%s cannot be used with --restart",
				refused[i]);
			return true;
		}
	}
	const struct guild_strs *words = guild_args_words(c->args);
	if (words->n > 0 && !strchr(words->v[0], '=') && words->v[0][0] != '@') {
		guild_error_set(err, GUILD_EINVALID, "OPERATION cannot be used with --restart");
		return true;
	}
	return false;
}

static int refuse(const struct guild_run_cmd *c, struct guild_error *err)
{
	if (guild_args_given(c->args, "restart") && refuses_restart(c, err)) {
		return GUILD_EINVALID;
	}
	return 0;
}

int guild_run_cmd_prepare(struct guild_run_cmd *c, struct guild_error *err)
{
	int rc = refuse(c, err);
	rc = rc ? rc : guild_run_cmd_lock_step(c, err);
	rc = rc ? rc : guild_run_cmd_read_options(c, err);
	return rc ? rc : guild_run_cmd_find(c, err);
}

/* Rules that cannot be read are said before anything is asked or made. */
static int check_alerts(const struct guild_run_cmd *c, struct guild_error *err)
{
	struct guild_value *rules = NULL;
	return guild_alerts_read(c->ctx->arena, c->op ? c->op->alerts : NULL, &rules, err);
}

/* Flags, and everything that looks at them before something is made. */
int guild_run_cmd_decide(struct guild_run_cmd *c, struct guild_error *err)
{
	int rc = check_alerts(c, err);
	rc = rc ? rc : guild_run_cmd_read_prune(c, err);
	rc = rc ? rc : guild_run_cmd_import_flags(c, false, err);
	rc = rc ? rc : guild_run_cmd_resolve_flags(c, err);
	rc = rc ? rc : guild_run_cmd_edit(c, err);
	rc = rc ? rc : guild_run_cmd_find_trials(c, err);
	guild_run_cmd_drop_prune(c);
	return rc ? rc : guild_run_cmd_check_steps(c, err);
}

/* What 0.9.0 needs before its first R script. A success: scripts that set up a machine call it. */
static bool is_needless(const struct guild_args *args)
{
	const struct guild_strs *words = guild_args_words(args);
	if (words->n == 0 || strcmp(words->v[0], "r-script:init") != 0) {
		return false;
	}
	puts("R needs no preparation: guild reads the flags of R scripts itself.\n"
	     "Run a script with 'guild run FILE.R'.");
	return true;
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	if (is_needless(args)) {
		return GUILD_EXIT_OK;
	}
	struct guild_run_cmd c = {.ctx = ctx, .args = args};
	struct guild_error err = {0};
	int code = GUILD_EXIT_OK;
	if (guild_run_cmd_prepare(&c, &err) != 0) {
		code = guild_cmd_fail(ctx, &err);
	} else if (guild_run_cmd_help(&c, &code) || guild_run_cmd_test(&c, &code)) {
		/* that was all */
	} else if (guild_run_cmd_decide(&c, &err) != 0) {
		code = err.code == GUILD_ECANCELLED ? GUILD_EXIT_ERROR : guild_cmd_fail(ctx, &err);
	} else if (!guild_run_cmd_print(&c, &code) && !guild_run_cmd_is_done(&c, &code) &&
		   !guild_run_cmd_ask(&c, &code)) {
		code = guild_run_cmd_start(&c);
	}
	guild_run_cmd_fini(&c);
	return code;
}

const struct guild_cmd guild_cmd_run = {
	.name = "run",
	.group = GUILD_GROUP_RUN,
	.summary = "Run an operation or a script",
	.help = "Runs OPERATION and records it: its flags, source code, environment, output and scalars. Without a guild.yml, "
		"name a script: its flags are found in the script itself.\n\n"
		"Several values for a flag make a batch, one trial for each combination.\n\n"
		"Examples:\n\n"
		"  guild run train.py lr=0.1 epochs=5\n"
		"  guild run train lr=[0.1,0.01] batch-size=[32,64]\n"
		"  guild run train lr=[0.1,0.01,0.001] --prune median\n"
		"  guild run train @trials.csv\n"
		"  guild run --restart 4f0e\n"
		"  guild run train --print-cmd",
	.opts = tables,
	.args = positional,
	.needs = GUILD_NEEDS_HOME | GUILD_NEEDS_CONFIG,
	.run = run,
};
