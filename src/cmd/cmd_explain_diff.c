/* guild explain-diff: which flag changes go with which metric changes. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <guild/diff.h>

#include "cmd.h"

enum { MATCHED_SHOWN = 5, VALUE_SHOWN = 24 };

static const struct guild_opt opts[] = {
	{.names = "-m --metric",
		.value = "COL",
		.kind = GUILD_OPT_LIST,
		.complete = GUILD_COMPLETE_COLUMN,
		.help = "Look at COL, a column spec such as 'loss' or 'min loss', instead of the last "
			"value of every scalar. May be repeated."},
	{.names = "--all-scalars", .help = "Look at scalars of the system (sys/), too."},
	{.names = "--permutations",
		.value = "N",
		.kind = GUILD_OPT_INT,
		.min = 99,
		.help = "Draw up to N orders for a p-value; 9999 unless told otherwise."},
	{.names = "--seed",
		.value = "N",
		.kind = GUILD_OPT_INT,
		.help = "Draw other orders. The same seed, 0 unless told otherwise, gives the same answer."},
	{0},
};
static const struct guild_opt *const tables[] = {
	opts, guild_json_opts, guild_filter_opts, guild_status_opts, NULL};
static const struct guild_arg run_args[] = {
	{.name = "RUN",
		.many = true,
		.complete = GUILD_COMPLETE_RUN,
		.help = "Runs by index, range of indexes (2:5) or id; all when omitted."},
	{0},
};

/* ---- text ----------------------------------------------------------------------------------------------------- */

static const char *number(struct guild_arena *a, double v)
{
	return guild_arena_format(a, "%.4g", v);
}

static const char *signed_number(struct guild_arena *a, double v)
{
	return guild_arena_format(a, "%+.4g", v);
}

static const char *value_text(struct guild_arena *a, const struct guild_value *v)
{
	struct guild_buf text = {0}, shown = {0};

	if (!v) {
		return "(not set)";
	}
	guild_yaml_dump_flow(&text, v);
	guild_cmd_put_visible(&shown, guild_buf_cstr(&text));
	guild_text_clip(&shown, VALUE_SHOWN);
	const char *kept = guild_arena_strndup(a, guild_buf_cstr(&shown), shown.n);

	guild_buf_fini(&text);
	guild_buf_fini(&shown);
	return kept;
}

static const char *effect_text(struct guild_arena *a, const struct guild_effect *e)
{
	const char *ends = guild_arena_format(a, "%s -> %s: %s", value_text(a, e->low),
		value_text(a, e->high), signed_number(a, e->high_mean - e->low_mean));

	if (e->n_values < 2) {
		return "-";
	}
	if (e->has_interval) {
		return guild_arena_format(a, "%s (95%% %s .. %s)", ends,
			signed_number(a, e->interval_low), signed_number(a, e->interval_high));
	}
	return ends;
}

static bool is_claimed(const struct guild_effect *e)
{
	return e->n >= GUILD_EFFECTS_RUNS_FEW && !isnan(e->p);
}

static double smaller(double a, double b)
{
	return isnan(b) || a < b ? a : b;
}

static const char *evidence(struct guild_arena *a, const struct guild_effect *e)
{
	double p = smaller(e->p, e->p_matched), q = smaller(e->q, e->q_matched);
	const char *text = !is_claimed(e) ? "too few runs to tell"
			   : q < 0.01     ? "strong"
			   : q < 0.05     ? "some"
			   : p < 0.05     ? "weak: may be chance among so many"
					  : "none";

	if (e->n_pairs == 0) {
		return text;
	}
	size_t most = e->n_pairs_up > e->n_pairs_down ? e->n_pairs_up : e->n_pairs_down;

	return guild_arena_format(a, "%s; %zu of %zu matched pairs %s", text, most, e->n_pairs,
		e->n_pairs_up >= e->n_pairs_down ? "rise" : "fall");
}

static void print_effects(const struct guild_ctx *ctx, const struct guild_effects *f)
{
	static const char *const heads[] = {"metric", "flag", "runs", "rank corr.",
		"difference of means", "p", "p matched", "evidence"};
	struct guild_arena *a = ctx->arena;
	struct guild_table t;

	guild_table_init(&t, GUILD_ARRAY_LEN(heads), 0);
	guild_table_add(&t, heads);
	for (size_t i = 0; i < f->n; i++) {
		const struct guild_effect *e = &f->v[i];
		const char *cells[] = {
			e->metric,
			e->flag,
			guild_arena_format(a, "%zu", e->n),
			isnan(e->rank_correlation)
				? ""
				: guild_arena_format(a, "%+.2f", e->rank_correlation),
			effect_text(a, e),
			isnan(e->p) ? "-" : number(a, e->p),
			isnan(e->p_matched) ? "-" : number(a, e->p_matched),
			evidence(a, e),
		};

		guild_table_add(&t, cells);
	}
	guild_table_print(&t, stdout, ctx->columns);
	guild_table_fini(&t);
}

static int by_pairs(const void *x, const void *y)
{
	const struct guild_matched_change *a = x, *b = y;

	return (a->n < b->n) - (a->n > b->n);
}

static void add_matched(const struct guild_ctx *ctx, const struct guild_effect *e,
	struct guild_table *t)
{
	struct guild_arena *a = ctx->arena;
	struct guild_matched_change *m = guild_arena_alloc(a, (e->n_matched + 1) * sizeof(*m));
	size_t n = e->n_matched < MATCHED_SHOWN ? e->n_matched : MATCHED_SHOWN;

	memcpy(m, e->matched, e->n_matched * sizeof(*m));
	if (e->n_matched > n) {
		/* Not many fit: those with the most pairs. */
		qsort(m, e->n_matched, sizeof(*m), by_pairs);
	}
	for (size_t i = 0; i < n; i++) {
		const char *cells[] = {
			e->metric,
			e->flag,
			guild_arena_format(a, "%s -> %s", value_text(a, m[i].from),
				value_text(a, m[i].to)),
			guild_arena_format(a, "%zu", m[i].n),
			signed_number(a, m[i].mean),
			m[i].n == 1
				? ""
				: guild_arena_format(a, "%s .. %s", signed_number(a, m[i].least),
					  signed_number(a, m[i].most)),
		};

		guild_table_add(t, cells);
	}
	if (e->n_matched > n) {
		const char *cells[] = {e->metric, e->flag,
			guild_arena_format(a, "%zu more (--json has them)", e->n_matched - n), "",
			"", ""};

		guild_table_add(t, cells);
	}
}

static void print_matched(const struct guild_ctx *ctx, const struct guild_effects *f)
{
	static const char *const heads[] = {"metric", "flag", "change", "pairs", "mean", "range"};
	struct guild_table t;

	guild_table_init(&t, GUILD_ARRAY_LEN(heads), 0);
	guild_table_add(&t, heads);
	for (size_t i = 0; i < f->n; i++) {
		add_matched(ctx, &f->v[i], &t);
	}
	if (t.n_rows > 1) {
		printf("\nmatched pairs: runs that differ in this flag only\n");
		guild_table_print(&t, stdout, ctx->columns);
	}
	guild_table_fini(&t);
}

static void warn(const struct guild_ctx *ctx, const struct guild_effects *f)
{
	const struct guild_log *log = &ctx->log;

	for (size_t i = 0; i < f->n_confounded; i++) {
		const struct guild_confounded *c = &f->confounded[i];

		guild_log(log, "warning",
			"%s and %s vary together (%.2f of 1): which of them matters cannot be told, but by matched pairs",
			c->a, c->b, c->alike);
	}
	if (f->n_runs < GUILD_EFFECTS_RUNS_FEW) {
		guild_log(log, "warning", "%zu runs are few: differences may be chance", f->n_runs);
	}
	if (f->n_operations > 1) {
		guild_log(log, "warning", "the runs are of %zu operations: choose one with -Fo",
			f->n_operations);
	}
	if (f->n_sourcecodes > 1) {
		guild_log(log, "warning",
			"the runs have %zu versions of the source code, which may matter more than flags",
			f->n_sourcecodes);
	}
	if (f->n_not_finite > 0) {
		guild_log(log, "warning", "%zu value(s) that are NaN or infinite are left out",
			f->n_not_finite);
	}
}

static void print_text(const struct guild_ctx *ctx, const struct guild_effects *f)
{
	printf("%zu runs, %zu flag%s and %zu metric%s vary\n\n", f->n_runs, f->n_flags,
		f->n_flags == 1 ? "" : "s", f->n_metrics, f->n_metrics == 1 ? "" : "s");
	print_effects(ctx, f);
	print_matched(ctx, f);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------ */

static struct guild_value *count(struct guild_arena *a, size_t n)
{
	return guild_value_int(a, (int64_t)n);
}

static struct guild_value *maybe(struct guild_arena *a, double v)
{
	return isnan(v) ? guild_value_null(a) : guild_value_float(a, v);
}

static struct guild_value *copy(struct guild_arena *a, const struct guild_value *v)
{
	return v ? guild_value_copy(a, v) : guild_value_null(a);
}

static struct guild_value *matched_json(struct guild_arena *a, const struct guild_effect *e)
{
	struct guild_value *list = guild_value_list(a);

	for (size_t i = 0; i < e->n_matched; i++) {
		const struct guild_matched_change *m = &e->matched[i];
		struct guild_value *v = guild_value_dict(a);

		guild_value_set(a, v, "from", copy(a, m->from));
		guild_value_set(a, v, "to", copy(a, m->to));
		guild_value_set(a, v, "pairs", count(a, m->n));
		guild_value_set(a, v, "up", count(a, m->n_up));
		guild_value_set(a, v, "down", count(a, m->n_down));
		guild_value_set(a, v, "mean", guild_value_float(a, m->mean));
		guild_value_set(a, v, "min", guild_value_float(a, m->least));
		guild_value_set(a, v, "max", guild_value_float(a, m->most));
		guild_value_append(a, list, v);
	}
	return list;
}

static struct guild_value *effect_json(struct guild_arena *a, const struct guild_effect *e)
{
	struct guild_value *v = guild_value_dict(a);
	struct guild_value *interval = guild_value_null(a);

	if (e->has_interval) {
		interval = guild_value_list(a);
		guild_value_append(a, interval, guild_value_float(a, e->interval_low));
		guild_value_append(a, interval, guild_value_float(a, e->interval_high));
	}
	guild_value_set(a, v, "flag", guild_value_string(a, e->flag));
	guild_value_set(a, v, "metric", guild_value_string(a, e->metric));
	guild_value_set(a, v, "numeric", guild_value_bool(a, e->is_numeric));
	guild_value_set(a, v, "runs", count(a, e->n));
	guild_value_set(a, v, "values", count(a, e->n_values));
	guild_value_set(a, v, "rank_correlation", maybe(a, e->rank_correlation));
	guild_value_set(a, v, "standardized_slope", maybe(a, e->slope));
	guild_value_set(a, v, "from", copy(a, e->low));
	guild_value_set(a, v, "to", copy(a, e->high));
	guild_value_set(a, v, "from_mean", maybe(a, e->low_mean));
	guild_value_set(a, v, "to_mean", maybe(a, e->high_mean));
	guild_value_set(a, v, "from_runs", count(a, e->n_low));
	guild_value_set(a, v, "to_runs", count(a, e->n_high));
	guild_value_set(a, v, "difference", maybe(a, e->high_mean - e->low_mean));
	guild_value_set(a, v, "interval_95", interval);
	guild_value_set(a, v, "p", maybe(a, e->p));
	guild_value_set(a, v, "q", maybe(a, e->q));
	guild_value_set(a, v, "too_few_runs", guild_value_bool(a, !is_claimed(e)));
	guild_value_set(a, v, "p_matched", maybe(a, e->p_matched));
	guild_value_set(a, v, "q_matched", maybe(a, e->q_matched));
	guild_value_set(a, v, "matched_pairs", count(a, e->n_pairs));
	guild_value_set(a, v, "matched_up", count(a, e->n_pairs_up));
	guild_value_set(a, v, "matched_down", count(a, e->n_pairs_down));
	guild_value_set(a, v, "matched", matched_json(a, e));
	return v;
}

static void print_json(const struct guild_ctx *ctx, const struct guild_effects *f)
{
	struct guild_arena *a = ctx->arena;
	struct guild_value *v = guild_value_dict(a);
	struct guild_value *effects = guild_value_list(a);
	struct guild_value *confounded = guild_value_list(a);

	for (size_t i = 0; i < f->n; i++) {
		guild_value_append(a, effects, effect_json(a, &f->v[i]));
	}
	for (size_t i = 0; i < f->n_confounded; i++) {
		const struct guild_confounded *c = &f->confounded[i];
		struct guild_value *item = guild_value_dict(a);
		struct guild_value *flags = guild_value_list(a);

		guild_value_append(a, flags, guild_value_string(a, c->a));
		guild_value_append(a, flags, guild_value_string(a, c->b));
		guild_value_set(a, item, "flags", flags);
		guild_value_set(a, item, "alike", guild_value_float(a, c->alike));
		guild_value_append(a, confounded, item);
	}
	guild_value_set(a, v, "runs", count(a, f->n_runs));
	guild_value_set(a, v, "operations", count(a, f->n_operations));
	guild_value_set(a, v, "sourcecodes", count(a, f->n_sourcecodes));
	guild_value_set(a, v, "not_finite", count(a, f->n_not_finite));
	guild_value_set(a, v, "confounded", confounded);
	guild_value_set(a, v, "effects", effects);
	guild_cmd_print_json(v);
}

/* ---- the command ------------------------------------------------------------------------------------------------- */

static void show_step(void *arg, size_t done, size_t total)
{
	struct guild_progress *p = arg;

	(void)done;
	p->total = (int64_t)total;
	guild_progress_add(p, 1);
}

static int parse_metrics(const struct guild_ctx *ctx, const struct guild_args *args,
	struct guild_cols *out, struct guild_error *err)
{
	char *joined = guild_strs_join(guild_args_list(args, "metric"), ",");
	int rc = *joined ? guild_cols_parse(ctx->arena, joined, out, err) : 0;

	free(joined);
	return rc ? guild_error_wrap(err, "--metric") : 0;
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_error err = {0};
	struct guild_runs runs = {0};
	struct guild_cols metrics = {0};
	struct guild_effects found;
	struct guild_progress progress;
	struct guild_effects_request req = {
		.metrics = &metrics,
		.all_scalars = guild_args_flag(args, "all-scalars"),
		.n_permutations = (size_t)guild_args_int(args, "permutations", 0),
		.seed = (uint64_t)guild_args_int(args, "seed", 0),
		.on_step = show_step,
		.arg = &progress,
	};
	int rc = parse_metrics(ctx, args, &metrics, &err);

	rc = rc ? rc
		: guild_cmd_select_runs(ctx, args, guild_args_words(args), NULL, GUILD_SELECT_FACTS,
			  &runs, &err);
	if (rc == 0) {
		guild_progress_start(&progress, ctx, "Comparing", 1);
		rc = guild_effects_find(ctx->arena, &runs, &req, &found, &ctx->log, &err);
		guild_progress_end(&progress);
	}
	if (rc == 0 && guild_args_flag(args, "json")) {
		print_json(ctx, &found);
	} else if (rc == 0) {
		print_text(ctx, &found);
		warn(ctx, &found);
	}
	guild_runs_fini(&runs);
	return rc == 0 ? GUILD_EXIT_OK : guild_cmd_fail(ctx, &err);
}

const struct guild_cmd guild_cmd_explain_diff = {
	.name = "explain-diff",
	.group = GUILD_GROUP_LOOK,
	.summary = "Show which flag changes go with which metric changes",
	.help = "Looks at every flag that varies among the runs, and at the last value of every scalar. For flags "
		"with numbers the rank correlation is shown and the difference between the lowest and the "
		"highest value; for others the difference between the values with the lowest and the highest "
		"mean, with a 95% interval where there are two values. 'p' is how often runs that are shuffled "
		"show as much, 'p matched' the same among runs that agree in all other flags. What is called evidence takes into account how many pairs of flag and metric "
		"were looked at; below 8 runs nothing is claimed.\n\n"
		"Runs that differ in one flag only are the best evidence there is: they are listed as matched "
		"pairs. Flags that vary together are named, as their effects cannot be told apart.\n\n"
		"Examples:\n\n"
		"  guild explain-diff -Fo train\n"
		"  guild explain-diff 1:40 --metric 'min loss' --metric acc\n"
		"  guild explain-diff --started 'last week' --json",
	.opts = tables,
	.args = run_args,
	.needs = GUILD_NEEDS_HOME,
	.run = run,
};
