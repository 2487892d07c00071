/* guild compare --baseline, --fail-if: runs measured by another one and by conditions. */

#include <stdlib.h>
#include <string.h>

#include "compare_table.h"
#include "gate_report.h"
#include "grid_output.h"

bool guild_compare_is_gate(const struct guild_args *args)
{
	return guild_args_given(args, "baseline") || guild_args_given(args, "fail-if");
}

/* ---- runs ------------------------------------------------------------------------------------------------- */

/* All runs there are, whatever the filters say. */
static int list_all(const struct guild_ctx *ctx, struct guild_runs *out, struct guild_error *err)
{
	char *runs_dir = guild_home_runs_dir(&ctx->home, false);
	char *index_path = guild_store_index_path(&ctx->home, false, ctx->environ_);
	struct guild_run_filter filter = {.index_path = index_path, .with_facts = true};
	int rc = guild_cmd_list(ctx, runs_dir, &filter, NULL, out, err);

	free(index_path);
	free(runs_dir);
	return rc;
}

static bool is_best_rule(const char *spec)
{
	return guild_starts(spec, "max:") || guild_starts(spec, "min:");
}

/* By rule: what a run is tagged or labelled as holds whatever else is filtered; the best is that of the runs that are meant. */
static int find_by_rule(struct guild_ctx *ctx, const struct guild_args *args, const char *spec,
	const struct guild_runs *tested, struct guild_runs *candidates, size_t *found,
	struct guild_error *err)
{
	static const struct guild_strs no_words;
	bool is_explicit = guild_args_words(args)->n > 0;
	int rc = is_best_rule(spec) ? guild_cmd_select_runs(ctx, args, &no_words, NULL,
					      GUILD_SELECT_FACTS, candidates, err)
				    : list_all(ctx, candidates, err);

	return rc == 0 ? guild_store_find_baseline(candidates, is_explicit ? tested : NULL, spec,
				 found, &ctx->log, err)
		       : rc;
}

/* By index or id: an id also names a run that the filters leave out. */
static int find_by_name(struct guild_ctx *ctx, const struct guild_args *args, const char *spec,
	struct guild_runs *candidates, struct guild_error *err)
{
	struct guild_strs words = {0};

	guild_strs_add(&words, spec);
	int rc =
		guild_cmd_select_runs(ctx, args, &words, NULL, GUILD_SELECT_FACTS, candidates, err);

	guild_strs_fini(&words);
	if (rc == 0 && candidates->n != 1) {
		rc = guild_error_set(err, GUILD_EINVALID, "'%s' is not one run", spec);
	} else if (rc != 0 && guild_cmd_has_filters(args)) {
		char *runs_dir = guild_home_runs_dir(&ctx->home, false);
		struct guild_run r = {0};

		if (guild_store_find_prefix(runs_dir, spec, &r, NULL) == 0) {
			candidates->v = guild_alloc(sizeof(*candidates->v));
			candidates->v[0] = r;
			candidates->n = candidates->cap = 1;
			rc = 0;
		}
		free(runs_dir);
	}
	return rc;
}

/* The baseline is candidates->v[*found]. */
static int find_baseline(struct guild_ctx *ctx, const struct guild_args *args, const char *spec,
	const struct guild_runs *tested, struct guild_runs *candidates, size_t *found,
	struct guild_error *err)
{
	int rc;

	*found = 0;
	if (guild_store_is_baseline_rule(spec)) {
		rc = find_by_rule(ctx, args, spec, tested, candidates, found, err);
	} else {
		rc = find_by_name(ctx, args, spec, candidates, err);
	}
	return rc == 0 ? 0 : guild_error_wrap(err, "--baseline");
}

/* Takes out the baseline and, unless they are asked for, batches. */
static void leave_out(struct guild_runs *runs, const struct guild_run *baseline, bool batches)
{
	size_t n = 0;

	for (size_t i = 0; i < runs->n; i++) {
		struct guild_run *r = &runs->v[i];
		bool is_out = (baseline && strcmp(r->id, baseline->id) == 0) ||
			      (!batches && guild_run_is_batch(r));

		if (is_out) {
			guild_run_fini(r);
		} else {
			runs->v[n++] = *r;
		}
	}
	runs->n = n;
}

/* ---- output ------------------------------------------------------------------------------------------------ */

static void put_text(struct guild_buf *out, const struct guild_gate *g, int columns)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_grid grid = guild_gate_grid(a, g);

	if (g->baseline) {
		guild_buf_printf(out, "baseline %.*s ", GUILD_RUN_SHORT_LEN, g->baseline->id);
		guild_gate_put_run(out, g->baseline);
		guild_buf_puts(out, "\n\n");
	}
	guild_cmd_put_grid(out, &grid, columns);
	guild_buf_putc(out, '\n');
	guild_gate_put_summary(out, g);
	guild_buf_putc(out, '\n');
	guild_arena_free(a);
}

static const char *format_of(const struct guild_args *args)
{
	const char *format = guild_args_text(args, "format");

	if (guild_args_flag(args, "json")) {
		return "json";
	}
	return format ? format : "text";
}

static int print_report(const struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_gate *g, struct guild_error *err)
{
	static const struct {
		const char *name;
		void (*put)(struct guild_buf *, const struct guild_gate *);
	} formats[] = {
		{"json", guild_gate_put_json},
		{"junit", guild_gate_put_junit},
		{"markdown", guild_gate_put_markdown},
	};
	const char *path = guild_args_text(args, "output");
	bool is_file = path && strcmp(path, "-") != 0;
	struct guild_buf out = {0};

	for (size_t i = 0; i < GUILD_ARRAY_LEN(formats); i++) {
		if (strcmp(formats[i].name, format_of(args)) == 0) {
			formats[i].put(&out, g);
		}
	}
	if (out.n == 0) {
		put_text(&out, g, is_file ? 0 : ctx->columns);
	}
	int rc = guild_cmd_write_bytes(guild_buf_str(&out), is_file ? path : "-", err);

	guild_buf_fini(&out);
	return rc;
}

/* One line a reason, where the report is for a program. */
static void say_reasons(const struct guild_ctx *ctx, const struct guild_gate *g)
{
	for (size_t i = 0; i < g->n_runs; i++) {
		for (size_t j = 0; j < g->n_conditions; j++) {
			const struct guild_gate_check *check = &g->runs[i].checks[j];
			struct guild_buf reason = {0};

			if (check->verdict != GUILD_QUERY_NO) {
				guild_gate_put_reason(&reason, check);
				guild_log(&ctx->log, "note", "run %.*s fails '%s': %s",
					GUILD_RUN_SHORT_LEN, g->runs[i].run->id, g->conditions[j],
					guild_buf_cstr(&reason));
			}
			guild_buf_fini(&reason);
		}
	}
}

static int report(const struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_gate *g, struct guild_error *err)
{
	int rc = print_report(ctx, args, g, err);

	if (rc != 0 || g->n_failed == 0) {
		return rc;
	}
	if (strcmp(format_of(args), "text") != 0 || guild_args_given(args, "output")) {
		say_reasons(ctx, g);
	}
	struct guild_buf summary = {0};

	guild_gate_put_summary(&summary, g);
	rc = guild_error_set(err, GUILD_EINVALID, "%s", guild_buf_cstr(&summary));
	guild_buf_fini(&summary);
	return rc;
}

static int judge(struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_run *baseline, struct guild_runs *runs, struct guild_error *err)
{
	struct guild_gate gate = {0};
	struct guild_gate_request req = {
		.baseline = baseline,
		.conditions = guild_args_list(args, "fail-if"),
		.all_scalars = guild_args_flag(args, "all-scalars"),
	};

	leave_out(runs, baseline, guild_args_flag(args, "include-batch"));
	int rc = guild_cmd_order_runs(ctx, args, runs, err);

	if (rc == 0 && runs->n == 0) { /* nothing tested is nothing passed */
		return guild_error_set(err, GUILD_ENOTFOUND,
			baseline ? "no matching runs but the baseline" : "no matching runs");
	}
	rc = rc == 0 ? guild_store_gate(runs, &req, &gate, &ctx->log, err) : rc;
	if (rc != 0) {
		return guild_error_wrap(err, "--fail-if");
	}
	rc = report(ctx, args, &gate, err);
	guild_gate_fini(&gate);
	return rc;
}

int guild_compare_gate(struct guild_ctx *ctx, const struct guild_args *args,
	struct guild_error *err)
{
	const char *spec = guild_args_text(args, "baseline");
	struct guild_runs runs = {0};
	struct guild_runs candidates = {0};
	size_t found = 0;
	int rc = guild_cmd_select_runs(ctx, args, guild_args_words(args), NULL, GUILD_SELECT_FACTS,
		&runs, err);

	if (rc == 0 && spec) {
		rc = find_baseline(ctx, args, spec, &runs, &candidates, &found, err);
	}
	if (rc == 0) {
		rc = judge(ctx, args, spec ? &candidates.v[found] : NULL, &runs, err);
	}
	guild_runs_fini(&runs);
	guild_runs_fini(&candidates);
	return rc;
}
