/* guild compare: flags, scalars and attributes of runs side by side (cli.md 3.5, query.md 4). */

#include "compare_table.h"
#include "grid_output.h"
#include "tui.h"

/* What --baseline and --fail-if leave nothing to: they print no table of runs. */
#define NO_TABLE                                                                              \
	"group-by min max cols strict-cols extra-cols skip-op-cols skip-core skip-unchanged " \
	"changed table csv md html parquet tool print-scalars"

static const struct guild_opt opts[] = {
	{.names = "--min",
		.value = "COL",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_COLUMN,
		.excludes = "max",
		.help = "Sort by column COL, lowest first. COL is the heading of a column."},
	{.names = "--max",
		.value = "COL",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_COLUMN,
		.help = "Sort by column COL, highest first."},
	{.names = "--sort",
		.value = "EXPR",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_FILTER,
		.help = "Sort by EXPR, lowest first, or by -EXPR, highest first; several are separated by "
			"commas: 'lr, -max(acc)'."},
	{.names = "--by-objective",
		.excludes = "min max sort group-by changed print-scalars baseline fail-if",
		.help = "Sort by what the batch of the runs was to minimize or maximize, best first, and "
			"show that column, too. Without RUN and filters: the trials of the newest run's "
			"batch."},
	{.names = "--group-by",
		.value = "FLAGS",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_FILTER,
		.excludes =
			"sort extra-cols skip-op-cols skip-core skip-unchanged changed print-scalars",
		.help = "Show one row for all runs that agree in FLAGS, a comma-separated list: how many "
			"they are, and mean, standard deviation, lowest and highest value of each scalar, "
			"or of the columns asked for. --min and --max take such a column: 'loss mean'."},
	{.names = "-n --top --limit",
		.value = "N",
		.kind = GUILD_OPT_INT,
		.min = 1,
		.help = "Show only the first N runs."},
	{.names = "-e --extra-cols", .help = "Show the source code digest, too."},
	{.names = "-s --all-scalars", .help = "Show scalars of the system (sys/), too."},
	{.names = "-c --cols",
		.value = "COLS",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_COLUMN,
		.excludes = "strict-cols",
		.help = "Add columns: a comma-separated list of column specs."},
	{.names = "-cc --strict-cols",
		.value = "COLS",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_COLUMN,
		.help = "Show these columns and the run only."},
	{.names = "-p --skip-op-cols", .help = "Leave out the columns of the operation."},
	{.names = "-r --skip-core", .help = "Leave out the core columns except the run."},
	{.names = "-u --skip-unchanged",
		.help = "Leave out columns that have the same value in all runs."},
	{.names = "--changed",
		.help = "Show only what differs between the runs, and more of it: source code, commit, host, "
			"interpreter, inputs and packages, too."},
	{.names = "-t --table",
		.excludes = "csv md html parquet tool json",
		.help = "Print a table."},
	{.names = "--csv",
		.value = "PATH",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_FILE,
		.excludes = "md html parquet tool json",
		.help = "Write CSV with full precision to PATH, or to standard output for '-'."},
	{.names = "--md",
		.value = "PATH",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_FILE,
		.excludes = "html parquet tool json",
		.help = "Write a Markdown table, as GitHub and GitLab show it, to PATH or '-'."},
	{.names = "--html",
		.value = "PATH",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_FILE,
		.excludes = "parquet tool json",
		.help = "Write a page to PATH or '-': a table to sort and filter, in one file that loads "
			"nothing."},
	{.names = "--parquet",
		.value = "PATH",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_FILE,
		.excludes = "tool json",
		.help = "Write Parquet to PATH or '-': numbers, booleans, texts and times as such."},
	{.names = "--tool",
		.value = "TOOL",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_CHOICES,
		.choices = "hiplot",
		.excludes = "json",
		.help = "Show the runs in TOOL, which the Python environment has. Variable HIPLOT_HTML "
			"names a file for the page of hiplot, which is not opened then."},
	{.names = "--baseline",
		.value = "RUN",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_RUN,
		.excludes = NO_TABLE,
		.help = "Measure the runs by RUN: an index or id, tag:TAG, label:TEXT or marked (the newest "
			"such run), max:EXPR or min:EXPR (the completed run with the highest or lowest "
			"value)."},
	{.names = "--fail-if",
		.value = "EXPR",
		.kind = GUILD_OPT_LIST,
		.complete = GUILD_COMPLETE_FILTER,
		.excludes = NO_TABLE,
		.help = "Exit with 1 if EXPR holds for a run, or cannot be told of it: 'acc < base - 0.01', "
			"where base is the same figure of the baseline, 'last(loss) > 1.1 * base', 'time > "
			"base.time + 10m'. May be repeated."},
	{.names = "--format",
		.value = "FORMAT",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_CHOICES,
		.choices = "text|markdown|junit|json",
		.help = "How --baseline and --fail-if report: text, markdown for a comment, junit for test "
			"reports, json."},
	{.names = "-o --output",
		.value = "PATH",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_FILE,
		.help = "Write the report to PATH instead of standard output."},
	{.names = "--include-batch", .help = "Show batch runs, too."},
	{.names = "--print-scalars", .help = "Print all scalars of each run."},
	{0},
};
static const struct guild_opt *const tables[] = {
	opts, guild_json_opts, guild_filter_opts, guild_status_opts, NULL};
static const struct guild_arg run_args[] = {
	{.name = "RUN",
		.many = true,
		.complete = GUILD_COMPLETE_RUN,
		.help = "Runs by index, range of indexes (2:5) or id; all when omitted. A batch alone, or "
			"several, stand for their trials."},
	{0},
};

/* Options that name a file, and what is written to it. */
static const struct {
	const char *key;
	enum guild_grid_format format;
	struct guild_grid (*grid)(const struct guild_compare_table *, const struct guild_runs *);
} outputs[] = {
	{"csv", GUILD_GRID_CSV, NULL},
	{"md", GUILD_GRID_MARKDOWN, guild_compare_grid_for_people},
	{"html", GUILD_GRID_HTML, guild_compare_grid_for_people},
	{"parquet", GUILD_GRID_PARQUET, guild_compare_grid_with_times},
};

static int print_table(const struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_runs *runs, const struct guild_compare_table *t, struct guild_error *err)
{
	bool is_grouped = guild_args_given(args, "group-by");
	struct guild_grid grid = guild_compare_grid(t);

	for (size_t i = 0; i < GUILD_ARRAY_LEN(outputs); i++) {
		const char *path = guild_args_text(args, outputs[i].key);

		if (path) {
			/* A group is no run: nothing is known of it but its row. */
			if (!is_grouped && outputs[i].grid) {
				grid = outputs[i].grid(t, runs);
			}
			return guild_cmd_write_grid(ctx, &grid, outputs[i].format, path, err);
		}
	}
	if (guild_args_given(args, "tool")) {
		return guild_compare_hiplot(ctx, &grid, err);
	}
	if (guild_args_flag(args, "json")) {
		grid = is_grouped ? grid : guild_compare_grid_with_ids(t, runs);
		return guild_cmd_write_grid(ctx, &grid, GUILD_GRID_JSON, "-", err);
	}
	if (t->n_rows > 0) {
		grid = is_grouped ? grid : guild_compare_grid_for_people(t, runs);
		guild_cmd_print_grid(ctx, &grid);
	}
	return 0;
}

static int compare(struct guild_ctx *ctx, const struct guild_args *args, struct guild_runs *runs,
	struct guild_error *err)
{
	struct guild_compare_table table = {0};
	int rc = guild_compare_load(ctx, args, runs, &table, err);

	if (rc == 0) {
		rc = print_table(ctx, args, runs, &table, err);
	}
	guild_compare_table_fini(&table);
	return rc;
}

/* ---- the table in the terminal ------------------------------------------------------------------------------ */

/* Every option that asks for another shape of the table. */
static bool has_shape(const struct guild_args *args)
{
	static const char *const shapes[] = {
		"table", "csv", "md", "html", "parquet", "json", "tool", "print-scalars"};

	for (size_t i = 0; i < GUILD_ARRAY_LEN(shapes); i++) {
		if (guild_args_given(args, shapes[i])) {
			return true;
		}
	}
	return false;
}

static int load_rows(void *arg, struct guild_ctx *ctx, struct guild_runs *runs,
	struct guild_compare_table *table, struct guild_error *err)
{
	return guild_compare_load(ctx, arg, runs, table, err);
}

static int show(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_tui_source source = {
		.load = load_rows,
		.arg = (void *)(uintptr_t)args,
		.are_groups = guild_args_given(args, "group-by"),
		.query_syntax = (unsigned)guild_args_int(args, "filter-syntax", 2),
	};

	return guild_tui(ctx, &source);
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_error err = {0};
	struct guild_runs runs = {0};

	if (guild_compare_is_gate(args)) {
		int failed = guild_compare_gate(ctx, args, &err);

		return failed == 0 ? GUILD_EXIT_OK : guild_cmd_fail(ctx, &err);
	}
	if (guild_args_given(args, "format") || guild_args_given(args, "output")) {
		return guild_cmd_failf(ctx, "--format and --output need --baseline or --fail-if");
	}
	if (guild_tui_fits(ctx) && !has_shape(args)) {
		return show(ctx, args);
	}
	int rc = 0;

	if (guild_args_flag(args, "print-scalars")) {
		rc = guild_cmd_select_runs(ctx, args, guild_args_words(args), NULL,
			GUILD_SELECT_REPEATS | GUILD_SELECT_FACTS, &runs, &err);
		if (rc == 0) {
			guild_compare_print_scalars(ctx, &runs);
		}
	} else {
		rc = compare(ctx, args, &runs, &err);
	}
	guild_runs_fini(&runs);
	return rc == 0 ? GUILD_EXIT_OK : guild_cmd_fail(ctx, &err);
}

const struct guild_cmd guild_cmd_compare = {
	.name = "compare",
	.group = GUILD_GROUP_LOOK,
	.summary = "Compare flags, scalars and attributes of runs",
	.help = "One row a run. The columns are the run's core attributes, then those the operation "
		"names under 'compare' in the project file (else its flags and scalars), then those "
		"asked for with --cols.\n\n"
		"A column spec is the name of a scalar ('loss', its last value; 'min loss', 'max acc', "
		"'first', 'avg', 'total', 'count'; 'loss step' is the step of the last value), "
		"'=NAME' for a flag, '.NAME' for an attribute; 'SPEC as NAME' sets the heading.\n\n"
		"A table shows numbers with at most 6 decimals, as do Markdown and HTML; CSV, JSON and "
		"Parquet have them in full.\n\n"
		"On a terminal the table fills the screen and is walked through with the arrow keys: "
		"sorted, searched, filtered, live; '?' tells its keys. With --table, or where standard "
		"output is no terminal, it is printed.\n\n"
		"With --fail-if runs are tested, in continuous integration, say: against fixed limits, or "
		"against another run with --baseline. A value that is missing, or no number, fails. The "
		"exit code is 0 when all runs pass.\n\n"
		"With --group-by runs that differ in nothing but a seed, say, become one row.\n\n"
		"Examples:\n\n"
		"  guild compare --group-by lr,act --min 'loss mean'\n"
		"  guild compare --table --max acc --top 5\n"
		"  guild compare --by-objective --top 10\n"
		"  guild compare -Fo train -cc '=lr, min loss as best, .label'\n"
		"  guild compare --changed 1:5\n"
		"  guild compare --csv results.csv\n"
		"  guild compare --html results.html -Fo train\n"
		"  guild compare --tool hiplot\n"
		"  guild compare 1 --baseline tag:release --fail-if 'acc < base - 0.01'\n"
		"  guild compare --fail-if 'loss > 0.5' --format junit -o report.xml",
	.opts = tables,
	.args = run_args,
	.needs = GUILD_NEEDS_HOME,
	.run = run,
};
