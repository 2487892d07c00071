/* What a search makes small or large, and what must hold: column specs read from runs (batches.md 3.4). */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "batch_search.h"

static int read_col(struct guild_arena *a, const char *text, const char *what,
	struct search_goal *out, struct guild_error *err)
{
	struct guild_cols cols;
	int rc = guild_cols_parse(a, text, &cols, err);
	if (rc != 0) {
		return guild_error_wrap(err, "%s", what);
	}
	if (cols.n != 1 || cols.v[0].kind != GUILD_COL_SCALAR) {
		return guild_error_set(err, GUILD_EINVALID, "%s '%s' is not one scalar", what,
			text);
	}
	out->col = cols.v[0];
	out->col.step = false;
	out->text = guild_arena_strdup(a, text);
	return 0;
}

static int read_objective(struct guild_arena *a, const char *text, struct search_goal *out,
	struct guild_error *err)
{
	*out = (struct search_goal){.maximize = *text == '-'};
	return read_col(a, text + (*text == '-'), "objective", out, err);
}

/* COLUMN <= NUMBER or COLUMN >= NUMBER. */
static int read_constraint(struct guild_arena *a, const char *text, struct search_goal *out,
	struct guild_error *err)
{
	const char *op = strpbrk(text, "<>");
	const char *number = op ? op + 1 + (op[1] == '=') : "";
	struct guild_str limit = guild_str_trim(guild_str(number));
	*out = (struct search_goal){.is_at_least = op && *op == '>'};
	if (!op || op == text || !guild_parse_f64(limit.p, limit.n, &out->limit) ||
		!isfinite(out->limit)) {
		guild_error_set(err, GUILD_EINVALID, "constraint '%s' is not COLUMN <= NUMBER",
			text);
		guild_error_hint(err, "for instance 'latency <= 20' or 'min acc >= 0.9'");
		return GUILD_EINVALID;
	}
	struct guild_str col = guild_str_trim(guild_str_n(text, (size_t)(op - text)));
	return read_col(a, guild_arena_strndup(a, col.p, col.n), "constraint", out, err);
}

int search_goals_read(struct guild_arena *a, const struct guild_value *objectives,
	const struct guild_value *constraints, struct search_goals *out, struct guild_error *err)
{
	struct search_goals g = {0};
	size_t n = objectives ? objectives->n : 0;
	size_t n_constraints = constraints && constraints->type == GUILD_LIST ? constraints->n : 0;
	int rc = n > GUILD_OBJECTIVES_MAX ? guild_error_set(err, GUILD_ELIMIT,
						    "more than %d objectives", GUILD_OBJECTIVES_MAX)
					  : 0;
	for (size_t i = 0; i < n && rc == 0; i++) {
		const char *text = guild_value_text(objectives->items[i]);
		rc = read_objective(a, text ? text : "", &g.objectives[g.n_objectives++], err);
	}
	if (rc == 0 && n == 0) {
		rc = read_objective(a, "loss", &g.objectives[g.n_objectives++], err);
	}
	g.constraints = guild_arena_alloc(a, (n_constraints + 1) * sizeof(*g.constraints));
	for (size_t i = 0; i < n_constraints && rc == 0; i++) {
		const char *text = guild_value_text(constraints->items[i]);
		rc = read_constraint(a, text ? text : "", &g.constraints[g.n_constraints++], err);
	}
	if (rc == 0) {
		*out = g;
	}
	return rc;
}

static double value_of(struct guild_run_data *data, const struct search_goal *g)
{
	const struct guild_value *v = guild_run_data_col(data, &g->col);
	return v && guild_value_is_number(v) ? guild_value_as_f64(v) : NAN;
}

bool search_goals_values(const struct search_goals *g, const struct guild_run *run,
	const struct guild_log *log, double *objectives, double *constraints)
{
	struct guild_run_data *data = guild_run_data_new(run, log);
	bool has_all = true;
	for (size_t i = 0; i < g->n_objectives; i++) {
		objectives[i] = value_of(data, &g->objectives[i]);
		has_all = has_all && isfinite(objectives[i]);
	}
	for (size_t i = 0; i < g->n_constraints; i++) {
		double v = value_of(data, &g->constraints[i]);
		constraints[i] = g->constraints[i].is_at_least ? g->constraints[i].limit - v
							       : v - g->constraints[i].limit;
	}
	guild_run_data_free(data);
	return has_all;
}

void search_scalars_text(const struct guild_run *run, const struct guild_log *log,
	struct guild_buf *out)
{
	struct guild_run_data *data = guild_run_data_new(run, log);
	const struct guild_scalars *all = guild_run_data_scalars(data);
	size_t n = 0;
	for (size_t i = 0; i < all->n; i++) {
		if (!guild_scalar_is_system(&all->v[i])) {
			guild_buf_puts(out, n++ ? ", " : "");
			guild_scalar_key(&all->v[i], out);
		}
	}
	guild_run_data_free(data);
}

int guild_search_check_goals(const struct guild_value *objectives,
	const struct guild_value *constraints, struct guild_error *err)
{
	struct guild_arena *a = guild_arena_new();
	struct search_goals goals;
	int rc = search_goals_read(a, objectives, constraints, &goals, err);
	guild_arena_free(a);
	return rc;
}
