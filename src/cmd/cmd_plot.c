/* guild plot [RUN]...: charts of runs as SVG and PNG. */

#include <stdlib.h>
#include <string.h>

#include <guild/plot.h>

#include "grid_output.h"
#include "objective.h"

static const struct guild_opt opts[] = {
	{.names = "-k --kind",
		.value = "KIND",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_CHOICES,
		.choices = "parallel|slice|contour|history|scatter|scalars|importance",
		.help = "What to draw; parallel when omitted."},
	{.names = "-f --flags",
		.value = "FLAGS",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_COLUMN,
		.help = "Show these flags, a comma-separated list, in this order; without it those that "
			"differ between the runs."},
	{.names = "-x --x",
		.value = "COL",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_COLUMN,
		.help = "Column of the horizontal axis of a scatter plot: '=lr', '.time', 'max acc'."},
	{.names = "-y --y",
		.value = "COL",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_COLUMN,
		.help = "Column of its vertical axis; the objective when omitted."},
	{.names = "-s --scalar",
		.value = "KEY",
		.kind = GUILD_OPT_LIST,
		.complete = GUILD_COMPLETE_COLUMN,
		.help = "Scalar whose curves are drawn by kind scalars; that of the objective when "
			"omitted. May be repeated."},
	{.names = "--log",
		.value = "NAMES",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_COLUMN,
		.help = "Logarithmic axes for these flags or columns, a comma-separated list. Without it "
			"an axis is logarithmic where the batch searched so, or where values of several "
			"orders of magnitude lie more evenly so."},
	{.names = "--linear",
		.value = "NAMES",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_COLUMN,
		.help = "Linear axes for these."},
	{.names = "-o --output",
		.value = "FILE",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_FILE,
		.help = "Write to FILE, SVG or PNG by its extension; '-' is SVG on standard output. "
			"Without it plot-KIND.svg in the current directory."},
	{.names = "--size",
		.value = "WxH",
		.kind = GUILD_OPT_TEXT,
		.help = "Width and height: 1200x640."},
	{.names = "--scale",
		.value = "N",
		.kind = GUILD_OPT_NUMBER,
		.excludes = "dpi",
		.help = "Pixels of a PNG for each unit of its size: 2 is for screens with small pixels "
			"and for print."},
	{.names = "--dpi",
		.value = "N",
		.kind = GUILD_OPT_NUMBER,
		.help = "The same as pixels for an inch, of which 96 are scale 1."},
	{.names = "--title",
		.value = "TEXT",
		.kind = GUILD_OPT_TEXT,
		.help = "Title of the chart."},
	{.names = "--dark", .help = "Light on dark."},
	{.names = "--json",
		.help = "Print what the chart shows as JSON; a file is written with --output only."},
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

/* ---- what is asked for ------------------------------------------------------------------------------------------ */

struct plot_cmd {
	struct guild_plot_request req;
	struct guild_plot_style style;
	enum guild_plot_format format;
	char *path; /* NULL: no file is wanted */
	struct guild_strs flags, log_axes, linear_axes;
	struct guild_cmd_trials trials;
	struct guild_objective objective;
};

static void plot_cmd_fini(struct plot_cmd *c)
{
	free(c->path);
	guild_strs_fini(&c->flags);
	guild_strs_fini(&c->log_axes);
	guild_strs_fini(&c->linear_axes);
	guild_cmd_trials_fini(&c->trials);
}

static int read_size(const char *text, struct guild_plot_style *out, struct guild_error *err)
{
	const char *x = text ? strchr(text, 'x') : NULL;
	int64_t w = 0;
	int64_t h = 0;

	if (!text) {
		return 0;
	}
	if (!x || !guild_parse_i64(text, (size_t)(x - text), &w) ||
		!guild_parse_i64(x + 1, strlen(x + 1), &h)) {
		return guild_error_set(err, GUILD_EINVALID,
			"--size is WIDTHxHEIGHT, like 1200x640, not '%s'", text);
	}
	if (w < GUILD_PLOT_SIZE_MIN || h < GUILD_PLOT_SIZE_MIN || w > GUILD_PLOT_SIZE_MAX ||
		h > GUILD_PLOT_SIZE_MAX) {
		return guild_error_set(err, GUILD_ELIMIT, "--size %s is out of range: %d to %d",
			text, GUILD_PLOT_SIZE_MIN, GUILD_PLOT_SIZE_MAX);
	}
	out->width = (int)w;
	out->height = (int)h;
	return 0;
}

/* NULL for "-". */
static int read_path(const struct guild_args *args, struct plot_cmd *c, struct guild_error *err)
{
	const char *path = guild_args_text(args, "output");

	if (!path) {
		if (!guild_args_flag(args, "json")) {
			c->path = guild_format("plot-%s.svg", guild_plot_kind_name(c->req.kind));
		}
		return 0;
	}
	const char *ext = guild_path_ext(path);

	if (strcmp(path, "-") == 0 && guild_args_flag(args, "json")) {
		return guild_error_set(err, GUILD_EINVALID,
			"--json and --output - both write to standard output");
	}
	if (strcmp(ext, ".png") == 0 || strcmp(ext, ".PNG") == 0) {
		c->format = GUILD_PLOT_PNG;
	} else if (strcmp(path, "-") != 0 && strcmp(ext, ".svg") != 0 && strcmp(ext, ".SVG") != 0) {
		guild_error_set(err, GUILD_EINVALID,
			"--output: no format is known by the name '%s'", path);
		guild_error_hint(err, "end it in .svg or .png");
		return GUILD_EINVALID;
	}
	c->path = guild_strdup(path);
	return 0;
}

static int read_scale(const struct guild_args *args, struct plot_cmd *c, struct guild_error *err)
{
	const char *key = guild_args_given(args, "dpi") ? "dpi" : "scale";
	double scale = guild_args_number(args, key, 1) / (guild_args_given(args, "dpi") ? 96 : 1);

	if (!(scale > 0)) {
		return guild_error_set(err, GUILD_EINVALID, "--%s must be above 0", key);
	}
	if (guild_args_given(args, key) && c->format != GUILD_PLOT_PNG) {
		return guild_error_set(err, GUILD_EINVALID, "--%s is for PNG files", key);
	}
	c->style.scale = scale;
	return 0;
}

/* Options that only one kind has. */
static int check_options(const struct guild_args *args, enum guild_plot_kind kind,
	struct guild_error *err)
{
	static const struct {
		const char *key;
		enum guild_plot_kind kind;
	} own[] = {{"x", GUILD_PLOT_SCATTER}, {"y", GUILD_PLOT_SCATTER},
		{"scalar", GUILD_PLOT_SCALARS}};

	for (size_t i = 0; i < GUILD_ARRAY_LEN(own); i++) {
		if (guild_args_given(args, own[i].key) && kind != own[i].kind) {
			return guild_error_set(err, GUILD_EINVALID, "--%s is for --kind %s",
				own[i].key, guild_plot_kind_name(own[i].kind));
		}
	}
	if (kind == GUILD_PLOT_SCATTER && !guild_args_given(args, "x")) {
		return guild_error_set(err, GUILD_EINVALID, "--kind scatter needs --x");
	}
	return 0;
}

static int read_options(const struct guild_args *args, struct plot_cmd *c, struct guild_error *err)
{
	const char *kind = guild_args_text(args, "kind");

	if (kind && !guild_plot_kind_parse(kind, &c->req.kind)) {
		return guild_error_set(err, GUILD_EINVALID, "no kind '%s'", kind);
	}
	guild_cmd_split_names(guild_args_text(args, "flags"), &c->flags);
	guild_cmd_split_names(guild_args_text(args, "log"), &c->log_axes);
	guild_cmd_split_names(guild_args_text(args, "linear"), &c->linear_axes);
	c->req.flags = &c->flags;
	c->req.log_axes = &c->log_axes;
	c->req.linear_axes = &c->linear_axes;
	c->req.x = guild_args_text(args, "x");
	c->req.y = guild_args_text(args, "y");
	c->req.scalars = guild_args_list(args, "scalar");
	c->style.title = guild_args_text(args, "title");
	c->style.is_dark = guild_args_flag(args, "dark");
	int rc = check_options(args, c->req.kind, err);

	rc = rc ? rc : read_size(guild_args_text(args, "size"), &c->style, err);
	rc = rc ? rc : read_path(args, c, err);
	return rc ? rc : read_scale(args, c, err);
}

/* ---- doing it ---------------------------------------------------------------------------------------------------- */

static int write_chart(const struct guild_ctx *ctx, const struct plot_cmd *c,
	const struct guild_plot *p, bool is_quiet, struct guild_error *err)
{
	struct guild_buf bytes = {0};
	struct guild_sink to = guild_buf_sink(&bytes);
	char *path =
		strcmp(c->path, "-") == 0 ? guild_strdup("-") : guild_path_abs(c->path, ctx->cwd);
	int rc = guild_plot_draw(p, &c->style, c->format, &to, err);

	rc = rc ? rc : guild_cmd_write_bytes(guild_buf_str(&bytes), path, err);
	if (rc == 0 && !is_quiet && strcmp(path, "-") != 0) {
		printf("%s\n", c->path);
	}
	free(path);
	guild_buf_fini(&bytes);
	return rc;
}

static int plot(struct guild_ctx *ctx, const struct guild_args *args, struct plot_cmd *c,
	struct guild_error *err)
{
	struct guild_plot *p = NULL;
	bool is_json = guild_args_flag(args, "json");
	int rc = guild_cmd_select_trials(ctx, args, &c->trials, err);

	if (rc != 0) {
		return rc;
	}
	const struct guild_run *batch = c->trials.has_batch ? &c->trials.batch : NULL;

	guild_cmd_objective(ctx, args, batch, &c->objective);
	c->req.objective = c->objective.spec;
	c->req.maximize = c->objective.maximize;
	c->req.search = batch ? guild_store_batch_flags(batch, ctx->arena) : NULL;
	c->req.log = &ctx->log;
	rc = guild_plot_new(&c->req, &p, err);
	for (size_t i = 0; rc == 0 && i < c->trials.runs.n; i++) {
		guild_plot_add(p, &c->trials.runs.v[i]);
	}
	rc = rc ? rc : guild_plot_end(p, NULL, c->trials.runs.n, err);
	for (size_t i = 0; rc == 0 && i < guild_plot_notes(p)->n; i++) {
		guild_log(&ctx->log, "note", "%s", guild_plot_notes(p)->v[i]);
	}
	if (rc == 0 && c->path) {
		rc = write_chart(ctx, c, p, is_json, err);
	}
	if (rc == 0 && is_json) {
		guild_cmd_print_json(guild_plot_json(p, ctx->arena));
	}
	guild_plot_free(p);
	return rc;
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_error err = {0};
	struct plot_cmd c = {0};
	int rc = read_options(args, &c, &err);

	rc = rc ? rc : plot(ctx, args, &c, &err);
	plot_cmd_fini(&c);
	return rc == 0 ? GUILD_EXIT_OK : guild_cmd_fail(ctx, &err);
}

const struct guild_cmd guild_cmd_plot = {
	.name = "plot",
	.group = GUILD_GROUP_LOOK,
	.summary = "Draw charts of runs as SVG or PNG",
	.help = "Draws the runs that are named or pass the filters; without either, the trials of the "
		"newest run's batch, or, where it is in none, all runs of its operation. Runs are judged "
		"by the objective of their batch, else by the last loss.\n\n"
		"Kinds:\n\n"
		"  parallel    an axis for each flag and the objective, a line for each run\n"
		"  slice       for each flag the objective over its values\n"
		"  contour     the objective over two flags, interpolated between the runs\n"
		"  history     the objective of each trial, and the best so far\n"
		"  scatter     two columns, --x and --y\n"
		"  scalars     a scalar over steps, a line for each run\n"
		"  importance  how much of the objective each flag explains\n\n"
		"A column spec is as for 'guild compare --cols': 'loss', 'min loss', '=lr' for a flag, "
		"'.time' for an attribute, here in seconds. Runs without a value of the objective are left out, and "
		"counted below the chart.\n\n"
		"SVG needs no other program or library, keeps text as text, and shows in a browser what "
		"each mark stands for; PNG needs Cairo.\n\n"
		"Examples:\n\n"
		"  guild plot\n"
		"  guild plot --kind history -o history.png --scale 2\n"
		"  guild plot 8f3c0a12 --kind contour --flags lr,dropout\n"
		"  guild plot -Fo train --kind slice --maximize 'max acc'\n"
		"  guild plot --kind scatter --x .time --y acc\n"
		"  guild plot 1:5 --kind scalars --scalar loss --scalar acc\n"
		"  guild plot --kind parallel --json | jq .best",
	.opts = tables,
	.args = run_args,
	.needs = GUILD_NEEDS_HOME,
	.run = run,
};
