/* Conditions that runs must not meet, beside a baseline. */

#include <stdlib.h>
#include <string.h>

#include "store_private.h"

struct gate {
	const struct guild_gate_request *req;
	const struct guild_log *log;
	struct guild_arena *arena;
	struct guild_query **queries;
	size_t n;
	struct guild_run_data *base_data;
	struct guild_query_source base;
};

static int parse_conditions(struct gate *g, struct guild_error *err)
{
	const struct guild_query_options options = {
		.has_base = g->req->baseline != NULL, .now_us = g->req->now_us};
	for (; g->n < g->req->conditions->n; g->n++) {
		const char *text = g->req->conditions->v[g->n];
		struct guild_str trimmed = guild_str_trim(guild_str(text));
		if (trimmed.n == 0) {
			return guild_error_set(err, GUILD_EINVALID, "the condition is empty");
		}
		int rc = guild_query_parse(text, &options, &g->queries[g->n], err);
		if (rc != 0) {
			return rc;
		}
	}
	return 0;
}

/* Without a baseline `base` is a word as any other, and the condition would not say what it seems to. */
static int check_baseline(const struct gate *g, struct guild_error *err)
{
	const struct guild_query_options options = {.has_base = true, .now_us = g->req->now_us};
	for (size_t i = 0; g->req->baseline == NULL && i < g->n; i++) {
		struct guild_query *q = NULL;
		const char *text = g->req->conditions->v[i];
		struct guild_buf with = {0};
		struct guild_buf without = {0};
		bool is_read = guild_query_parse(text, &options, &q, NULL) == 0;
		if (is_read) {
			guild_query_print(q, &with);
		}
		guild_query_print(g->queries[i], &without);
		bool same = is_read && guild_str_eq(guild_buf_str(&with), guild_buf_str(&without));
		guild_query_free(q);
		guild_buf_fini(&with);
		guild_buf_fini(&without);
		if (!same) {
			return guild_error_set(err, GUILD_EINVALID,
				"'%s' speaks of a baseline, and none is given", text);
		}
	}
	return 0;
}

/* ---- scalars, where nothing is asked --------------------------------------------------------------------- */

static struct guild_query_figure *figure_of(struct gate *g, struct guild_gate_check *check,
	const char *tag)
{
	for (size_t i = 0; i < check->n_figures; i++) {
		if (strcmp(check->figures[i].text, tag) == 0) {
			return &check->figures[i];
		}
	}
	struct guild_query_figure *f = &check->figures[check->n_figures++];
	f->text = guild_arena_strdup(g->arena, tag);
	return f;
}

static void add_scalars(struct gate *g, struct guild_gate_check *check, struct guild_run_data *data,
	bool of_base)
{
	const struct guild_scalars *scalars = guild_run_data_scalars(data);
	for (size_t i = 0; i < scalars->n; i++) {
		const struct guild_scalar_summary *s = &scalars->v[i];
		if (!g->req->all_scalars && guild_scalar_is_system(s)) {
			continue;
		}
		struct guild_query_figure *f = figure_of(g, check, s->tag);
		const struct guild_value **value = of_base ? &f->base : &f->value;
		/* Of several prefixes the first one counts, as everywhere. */
		*value = *value != NULL ? *value : guild_value_float(g->arena, s->last);
		f->of_base |= of_base;
		f->of_run |= !of_base;
	}
}

static void list_scalars(struct gate *g, struct guild_gate_check *check,
	struct guild_run_data *data)
{
	size_t n = guild_run_data_scalars(data)->n;
	n += g->base_data != NULL ? guild_run_data_scalars(g->base_data)->n : 0;
	check->figures = guild_arena_alloc(g->arena, (n + 1) * sizeof(*check->figures));
	add_scalars(g, check, data, false);
	if (g->base_data != NULL) {
		add_scalars(g, check, g->base_data, true);
	}
}

/* ---- runs ---------------------------------------------------------------------------------------------------- */

static void check_run(struct gate *g, struct guild_gate_run *out)
{
	struct guild_run_data *data = guild_run_data_new(out->run, g->log);
	struct guild_query_source source;
	guild_query_run_source(data, &source);
	source.base = g->base_data != NULL ? &g->base : NULL;
	out->checks = guild_arena_alloc(g->arena, (g->n + 1) * sizeof(*out->checks));
	out->passes = true;
	for (size_t i = 0; i < g->n; i++) {
		struct guild_gate_check *check = &out->checks[i];
		check->verdict = guild_query_verdict(g->queries[i], &source);
		check->n_figures =
			guild_query_figures(g->queries[i], &source, g->arena, &check->figures);
		out->passes = out->passes && check->verdict == GUILD_QUERY_NO;
	}
	if (g->n == 0) {
		list_scalars(g, &out->checks[0], data);
	}
	guild_run_data_free(data);
}

static void check_runs(struct gate *g, const struct guild_runs *runs, struct guild_gate *out)
{
	out->runs = guild_arena_alloc(g->arena, (runs->n + 1) * sizeof(*out->runs));
	for (size_t i = 0; i < runs->n; i++) {
		struct guild_gate_run *r = &out->runs[out->n_runs++];
		r->run = &runs->v[i];
		check_run(g, r);
		out->n_failed += !r->passes;
	}
	out->n_conditions = g->n;
	out->conditions = guild_arena_alloc(g->arena, (g->n + 1) * sizeof(*out->conditions));
	for (size_t i = 0; i < g->n; i++) {
		out->conditions[i] = guild_arena_strdup(g->arena, g->req->conditions->v[i]);
	}
}

int guild_store_gate(const struct guild_runs *runs, const struct guild_gate_request *req,
	struct guild_gate *out, const struct guild_log *log, struct guild_error *err)
{
	struct gate g = {.req = req, .log = log, .arena = guild_arena_new()};
	*out = (struct guild_gate){.arena = g.arena, .baseline = req->baseline};
	g.queries = guild_alloc((req->conditions->n + 1) * sizeof(struct guild_query *));
	if (req->baseline != NULL) {
		g.base_data = guild_run_data_new(req->baseline, log);
		guild_query_run_source(g.base_data, &g.base);
	}
	int rc = parse_conditions(&g, err);
	rc = rc == 0 ? check_baseline(&g, err) : rc;
	if (rc == 0) {
		check_runs(&g, runs, out);
	} else {
		guild_gate_fini(out);
	}
	for (size_t i = 0; i < req->conditions->n; i++) {
		guild_query_free(g.queries[i]);
	}
	free(g.queries);
	guild_run_data_free(g.base_data);
	return rc;
}

void guild_gate_fini(struct guild_gate *g)
{
	guild_arena_free(g->arena);
	*g = (struct guild_gate){0};
}
