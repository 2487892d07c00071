/* What guild compare --fail-if says: reasons, a table, Markdown, JSON. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gate_report.h"

/* Enough to tell two figures apart, and no digits that come from 32 bits. */
#define NUMBER "%.6g"

void guild_gate_put_run(struct guild_buf *out, const struct guild_run *r)
{
	struct guild_arena *a = guild_arena_new();
	char *operation = guild_run_display_name(r);
	const struct guild_value *label = guild_run_attr(r, a, "label");

	guild_buf_puts(out, operation);
	if (guild_value_truthy(label)) {
		guild_buf_putc(out, ' ');
		guild_cell_text(out, label);
	}
	free(operation);
	guild_arena_free(a);
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

void guild_gate_put_summary(struct guild_buf *out, const struct guild_gate *g)
{
	if (g->n_failed > 0) {
		guild_buf_printf(out, "%zu of %zu run%s failed", g->n_failed, g->n_runs,
			plural(g->n_runs));
	} else if (g->n_conditions > 0) {
		guild_buf_printf(out, "%zu run%s passed", g->n_runs, plural(g->n_runs));
	} else {
		guild_buf_printf(out, "%zu run%s compared", g->n_runs, plural(g->n_runs));
	}
}

static void put_value(struct guild_buf *out, const struct guild_value *v)
{
	if (guild_value_is_null(v)) {
		guild_buf_puts(out, "missing");
	} else if (v->type == GUILD_FLOAT) {
		guild_buf_printf(out, NUMBER, v->f);
	} else {
		guild_cell_text(out, v);
	}
}

/* "acc is 0.85, base 0.9" */
static void put_figure(struct guild_buf *out, const struct guild_query_figure *f)
{
	guild_buf_printf(out, "%s%s is ", f->of_run ? "" : "base ", f->text);
	put_value(out, f->of_run ? f->value : f->base);
	if (f->of_run && f->of_base) {
		guild_buf_puts(out, ", base ");
		put_value(out, f->base);
	}
}

/* "loss*2" is a name: whoever wrote it wants to be told. */
static bool looks_like_a_sum(const struct guild_query_figure *f)
{
	return strpbrk(f->text, "*/+-%") != NULL && guild_value_is_null(f->value) &&
	       guild_value_is_null(f->base);
}

static bool is_missing(const struct guild_query_figure *f)
{
	return (f->of_run && guild_value_is_null(f->value)) ||
	       (f->of_base && guild_value_is_null(f->base));
}

void guild_gate_put_reason(struct guild_buf *out, const struct guild_gate_check *check)
{
	bool only_missing = false;
	size_t n = 0;

	for (size_t i = 0; i < check->n_figures && check->verdict == GUILD_QUERY_MISSING; i++) {
		only_missing = only_missing || is_missing(&check->figures[i]);
	}
	for (size_t i = 0; i < check->n_figures; i++) {
		if (!only_missing || is_missing(&check->figures[i])) {
			guild_buf_puts(out, n++ > 0 ? "; " : "");
			put_figure(out, &check->figures[i]);
			guild_buf_puts(out, looks_like_a_sum(&check->figures[i])
						    ? " (operators after a name need a blank)"
						    : "");
		}
	}
	if (check->verdict == GUILD_QUERY_MISSING && !only_missing) {
		guild_buf_puts(out, n > 0 ? ": no values to compare" : "no values to compare");
	}
	if (check->n_figures == 0 && check->verdict == GUILD_QUERY_YES) {
		guild_buf_puts(out, "the condition always holds");
	}
}

/* ---- the table ------------------------------------------------------------------------------------------- */

enum column { COL_RUN, COL_FIGURE, COL_BASE, COL_VALUE, COL_CHANGE, COL_CONDITION, COL_VERDICT };
static const char *headers[] = {"run", "figure", "base", "value", "change", "condition", "verdict"};
enum { N_COLS = GUILD_ARRAY_LEN(headers) };

/* Rounded as numbers are shown here: a table would cut the digits. */
static const struct guild_value *shown_number(struct guild_arena *a, const struct guild_value *v)
{
	if (guild_value_is_null(v) || v->type != GUILD_FLOAT || !isfinite(v->f)) {
		return v;
	}
	struct guild_buf text = {0};
	double rounded = v->f;

	guild_buf_printf(&text, NUMBER, v->f);
	(void)guild_parse_f64(text.p, text.n, &rounded);
	guild_buf_fini(&text);
	/* 90.0 and 90 are the same figure, and one is as good as the other. */
	return guild_value_float(a, rounded);
}

static bool change_of(const struct guild_query_figure *f, double *change)
{
	if (!guild_value_is_number(f->value) || !guild_value_is_number(f->base)) {
		return false;
	}
	*change = guild_value_as_f64(f->value) - guild_value_as_f64(f->base);
	return isfinite(*change);
}

static const struct guild_value *change_text(struct guild_arena *a,
	const struct guild_query_figure *f)
{
	double change;

	if (!f->value || !f->base || !change_of(f, &change)) {
		return NULL;
	}
	double base = fabs(guild_value_as_f64(f->base));
	struct guild_buf text = {0};

	guild_buf_printf(&text, change == 0 ? "0" : "%+.4g", change);
	if (base > 0 && change != 0) {
		guild_buf_printf(&text, " (%+.3g %%)", change / base * 100);
	}
	const struct guild_value *v = guild_value_string_n(a, text.p, text.n);

	guild_buf_fini(&text);
	return v;
}

static const char *verdict_word(enum guild_query_verdict v)
{
	static const char *const words[] = {
		[GUILD_QUERY_NO] = "pass",
		[GUILD_QUERY_YES] = "FAIL",
		[GUILD_QUERY_MISSING] = "FAIL: missing",
	};

	return words[v];
}

static const struct guild_value *run_text(struct guild_arena *a, const struct guild_run *r)
{
	struct guild_buf text = {0};

	guild_buf_printf(&text, "%.*s ", GUILD_RUN_SHORT_LEN, r->id);
	guild_gate_put_run(&text, r);
	const struct guild_value *v = guild_value_string_n(a, text.p, text.n);

	guild_buf_fini(&text);
	return v;
}

static const struct guild_value **add_row(struct guild_arena *a, struct guild_grid *g)
{
	const struct guild_value **row = guild_arena_alloc(a, N_COLS * sizeof(*row));

	g->rows[g->n_rows++] = row;
	return row;
}

/* A row a figure; what the condition says stands in the first of them. */
static void add_check(struct guild_arena *a, struct guild_grid *grid, const struct guild_gate *g,
	size_t condition, const struct guild_gate_run *r)
{
	const struct guild_gate_check *check = &r->checks[condition];
	size_t n = check->n_figures > 0 ? check->n_figures : 1;

	for (size_t i = 0; i < n; i++) {
		const struct guild_value **row = add_row(a, grid);

		if (i < check->n_figures) {
			const struct guild_query_figure *f = &check->figures[i];

			row[COL_FIGURE] = guild_value_string(a, f->text);
			row[COL_BASE] = shown_number(a, f->base);
			row[COL_VALUE] = shown_number(a, f->value);
			row[COL_CHANGE] = change_text(a, f);
		}
		if (i == 0) {
			row[COL_RUN] = run_text(a, r->run);
		}
		if (i == 0 && g->n_conditions > 0) {
			row[COL_CONDITION] = guild_value_string(a, g->conditions[condition]);
			row[COL_VERDICT] = guild_value_string(a, verdict_word(check->verdict));
		}
	}
}

static size_t count_checks(const struct guild_gate *g)
{
	return g->n_conditions > 0 ? g->n_conditions : 1;
}

static size_t count_rows(const struct guild_gate *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->n_runs; i++) {
		for (size_t j = 0; j < count_checks(g); j++) {
			n += g->runs[i].checks[j].n_figures + 1;
		}
	}
	return n;
}

struct guild_grid guild_gate_grid(struct guild_arena *a, const struct guild_gate *g)
{
	struct guild_grid grid = {
		.headers = headers,
		.n_cols = g->n_conditions > 0 ? N_COLS : COL_CONDITION,
		.rows = guild_arena_alloc(a, (count_rows(g) + 1) * sizeof(*grid.rows)),
	};

	for (size_t i = 0; i < g->n_runs; i++) {
		for (size_t j = 0; j < count_checks(g); j++) {
			add_check(a, &grid, g, j, &g->runs[i]);
		}
	}
	return grid;
}

/* ---- Markdown ---------------------------------------------------------------------------------------------- */

static void put_markdown_reasons(struct guild_buf *out, const struct guild_gate *g)
{
	struct guild_buf text = {0};

	for (size_t i = 0; i < g->n_runs; i++) {
		for (size_t j = 0; j < g->n_conditions; j++) {
			const struct guild_gate_check *check = &g->runs[i].checks[j];

			if (check->verdict == GUILD_QUERY_NO) {
				continue;
			}
			guild_buf_reset(&text);
			guild_buf_printf(&text, "%.*s: %s: ", GUILD_RUN_SHORT_LEN,
				g->runs[i].run->id, g->conditions[j]);
			guild_gate_put_reason(&text, check);
			guild_buf_puts(out, "- ");
			guild_markdown_text(out, guild_buf_str(&text));
			guild_buf_putc(out, '\n');
		}
	}
	guild_buf_puts(out, g->n_failed > 0 ? "\n" : "");
	guild_buf_fini(&text);
}

void guild_gate_put_markdown(struct guild_buf *out, const struct guild_gate *g)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_grid grid = guild_gate_grid(a, g);
	struct guild_sink to = guild_buf_sink(out);
	struct guild_buf text = {0};

	guild_buf_puts(out, "### ");
	guild_gate_put_summary(out, g);
	guild_buf_puts(out, "\n\n");
	put_markdown_reasons(out, g);
	if (g->baseline) {
		guild_gate_put_run(&text, g->baseline);
		guild_buf_printf(out, "Baseline: %.*s ", GUILD_RUN_SHORT_LEN, g->baseline->id);
		guild_markdown_text(out, guild_buf_str(&text));
		guild_buf_puts(out, "\n\n");
	}
	(void)guild_grid_write(&grid, GUILD_GRID_MARKDOWN, &to, NULL);
	guild_buf_fini(&text);
	guild_arena_free(a);
}

/* ---- JSON ---------------------------------------------------------------------------------------------------- */

static struct guild_value *copy_or_null(struct guild_arena *a, const struct guild_value *v)
{
	return v ? guild_value_copy(a, v) : guild_value_null(a);
}

static struct guild_value *figure_json(struct guild_arena *a, const struct guild_gate *g,
	const struct guild_query_figure *f)
{
	struct guild_value *item = guild_value_dict(a);
	double change;

	guild_value_set(a, item, "figure", guild_value_string(a, f->text));
	guild_value_set(a, item, "value", copy_or_null(a, f->value));
	if (g->baseline) {
		bool has_change = f->value && f->base && change_of(f, &change);

		guild_value_set(a, item, "base", copy_or_null(a, f->base));
		guild_value_set(a, item, "change",
			has_change ? guild_value_float(a, change) : guild_value_null(a));
	}
	return item;
}

static struct guild_value *check_json(struct guild_arena *a, const struct guild_gate *g,
	const struct guild_gate_check *check, const char *condition)
{
	static const char *const words[] = {
		[GUILD_QUERY_NO] = "pass",
		[GUILD_QUERY_YES] = "fail",
		[GUILD_QUERY_MISSING] = "missing",
	};
	struct guild_value *item = guild_value_dict(a);
	struct guild_value *figures = guild_value_list(a);
	struct guild_buf reason = {0};

	guild_value_set(a, item, "condition", guild_value_string(a, condition));
	if (condition) {
		guild_value_set(a, item, "verdict", guild_value_string(a, words[check->verdict]));
	}
	if (check->verdict != GUILD_QUERY_NO) {
		guild_gate_put_reason(&reason, check);
		guild_value_set(a, item, "reason", guild_value_string_n(a, reason.p, reason.n));
	}
	for (size_t i = 0; i < check->n_figures; i++) {
		guild_value_append(a, figures, figure_json(a, g, &check->figures[i]));
	}
	guild_value_set(a, item, "figures", figures);
	guild_buf_fini(&reason);
	return item;
}

static struct guild_value *run_json(struct guild_arena *a, const struct guild_run *r)
{
	struct guild_value *item = guild_value_dict(a);
	char *operation = guild_run_display_name(r);
	const struct guild_value *label = guild_run_attr(r, a, "label");

	guild_value_set(a, item, "id", guild_value_string(a, r->id));
	guild_value_set(a, item, "operation", guild_value_string(a, operation));
	guild_value_set(a, item, "label", copy_or_null(a, label));
	free(operation);
	return item;
}

void guild_gate_put_json(struct guild_buf *out, const struct guild_gate *g)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *all = guild_value_dict(a);
	struct guild_value *runs = guild_value_list(a);

	guild_value_set(a, all, "passed", guild_value_bool(a, g->n_failed == 0));
	guild_value_set(a, all, "baseline",
		g->baseline ? run_json(a, g->baseline) : guild_value_null(a));
	for (size_t i = 0; i < g->n_runs; i++) {
		struct guild_value *item = run_json(a, g->runs[i].run);
		struct guild_value *checks = guild_value_list(a);

		guild_value_set(a, item, "passed", guild_value_bool(a, g->runs[i].passes));
		for (size_t j = 0; j < count_checks(g); j++) {
			guild_value_append(a, checks,
				check_json(a, g, &g->runs[i].checks[j],
					j < g->n_conditions ? g->conditions[j] : NULL));
		}
		guild_value_set(a, item, "checks", checks);
		guild_value_append(a, runs, item);
	}
	guild_value_set(a, all, "runs", runs);
	guild_json_dump(out, all, GUILD_JSON_COMPACT);
	guild_buf_putc(out, '\n');
	guild_arena_free(a);
}
