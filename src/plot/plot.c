/* Collecting what a plot shows of its runs. */

#include "plot_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MANY = 2000 };

static const struct plot_kind *const kinds[] = {
	[GUILD_PLOT_PARALLEL] = &plot_parallel,
	[GUILD_PLOT_SLICE] = &plot_slice,
	[GUILD_PLOT_CONTOUR] = &plot_contour,
	[GUILD_PLOT_HISTORY] = &plot_history,
	[GUILD_PLOT_SCATTER] = &plot_scatter,
	[GUILD_PLOT_SCALARS] = &plot_scalars,
	[GUILD_PLOT_IMPORTANCE] = &plot_importance,
};

const struct plot_kind *plot_kind_of(enum guild_plot_kind kind)
{
	return kinds[kind];
}

const char *guild_plot_kind_name(enum guild_plot_kind kind)
{
	return kinds[kind]->name;
}

bool guild_plot_kind_parse(const char *name, enum guild_plot_kind *out)
{
	for (size_t i = 0; i < GUILD_PLOT_KINDS; i++) {
		if (strcmp(kinds[i]->name, name) == 0) {
			*out = (enum guild_plot_kind)i;
			return true;
		}
	}
	return false;
}

/* ---- the request ---------------------------------------------------------------------------------------------- */

static int parse_column(struct guild_plot *p, const char *spec, struct guild_col *out,
	struct guild_error *err)
{
	struct guild_cols cols = {0};
	int rc = guild_cols_parse(p->arena, spec, &cols, err);

	if (rc == 0 && cols.n != 1) {
		rc = guild_error_set(err, GUILD_EINVALID, "one column is needed, not %zu", cols.n);
	}
	if (rc != 0) {
		return guild_error_wrap(err, "column '%s'", spec);
	}
	*out = cols.v[0];
	/* A table says 'acc' for 'min acc'; an axis says which. */
	if (out->qualified && guild_streq(out->header, out->key)) {
		out->header = spec;
	}
	return 0;
}

static int parse_columns(struct guild_plot *p, struct guild_error *err)
{
	const char *objective = p->req.objective ? p->req.objective : "loss";
	int rc = parse_column(p, objective, &p->objective_col, err);

	if (rc == 0 && p->req.kind == GUILD_PLOT_SCATTER) {
		if (!p->req.x) {
			return guild_error_set(err, GUILD_EINVALID,
				"a scatter plot needs the column for its x axis");
		}
		rc = parse_column(p, p->req.x, &p->x_col, err);
		rc = rc ? rc : parse_column(p, p->req.y ? p->req.y : objective, &p->y_col, err);
	}
	return rc;
}

int guild_plot_new(const struct guild_plot_request *req, struct guild_plot **out,
	struct guild_error *err)
{
	struct guild_plot *p = guild_alloc(sizeof(*p));

	p->req = *req;
	p->arena = guild_arena_new();
	p->best = SIZE_MAX;
	int rc = parse_columns(p, err);

	for (size_t i = 0; rc == 0 && req->scalars && i < req->scalars->n; i++) {
		guild_strs_add(&p->scalars, req->scalars->v[i]);
	}
	if (rc == 0 && p->scalars.n == 0) {
		guild_strs_add(&p->scalars, p->objective_col.key);
	}
	if (rc != 0) {
		guild_plot_free(p);
		return rc;
	}
	*out = p;
	return 0;
}

void guild_plot_free(struct guild_plot *p)
{
	if (!p) {
		return;
	}
	guild_strs_fini(&p->scalars);
	guild_strs_fini(&p->notes);
	guild_map_fini(&p->scalar_names);
	guild_map_fini(&p->flag_names);
	guild_arena_free(p->arena);
	free(p->trials);
	free(p);
}

const struct guild_strs *guild_plot_notes(const struct guild_plot *p)
{
	return &p->notes;
}

/* ---- runs ------------------------------------------------------------------------------------------------------- */

/* How long a run took is drawn as a number of seconds, not as text. */
static const struct guild_value *copy_column(struct guild_plot *p, struct guild_run_data *data,
	const struct guild_col *col)
{
	int64_t us;

	if (col->kind == GUILD_COL_ATTR && guild_streq(col->key, "time")) {
		return guild_run_data_time(data, "time", &us)
			       ? guild_value_float(p->arena, (double)us / 1e6)
			       : NULL;
	}
	const struct guild_value *v = guild_run_data_col(data, col);

	return v ? guild_value_copy(p->arena, v) : NULL;
}

static void learn_names(struct guild_plot *p, struct guild_run_data *data,
	const struct guild_value *flags)
{
	const struct guild_scalars *scalars = guild_run_data_scalars(data);

	for (size_t i = 0; i < flags->n; i++) {
		const char *name = guild_value_text(flags->pairs[i].key);

		if (name && !guild_map_has(&p->flag_names, name)) {
			guild_map_put(&p->flag_names, name, NULL);
		}
	}
	for (size_t i = 0; i < scalars->n; i++) {
		struct guild_buf key = {0};

		if (!guild_scalar_is_system(&scalars->v[i])) {
			guild_scalar_key(&scalars->v[i], &key);
			guild_map_put(&p->scalar_names, guild_buf_cstr(&key), NULL);
		}
		guild_buf_fini(&key);
	}
}

static bool is_series(const struct guild_scalar_series *s, const char *key)
{
	struct guild_scalar_summary summary = {.prefix = s->prefix, .tag = s->tag};
	struct guild_buf full = {0};

	guild_scalar_key(&summary, &full);
	bool is = strcmp(guild_buf_cstr(&full), key) == 0 || strcmp(s->tag, key) == 0;

	guild_buf_fini(&full);
	return is;
}

/* The curves of a run. Damage was said when its scalars were read. */
static void add_lines(struct guild_plot *p, struct plot_trial *t, const struct guild_run *run)
{
	struct guild_arena *scratch = guild_arena_new();
	struct guild_series all = {0};

	t->lines = guild_arena_alloc(p->arena, p->scalars.n * sizeof(*t->lines));
	if (guild_series_read(run, scratch, &all, NULL, NULL) != 0) {
		all.n = 0;
	}
	for (size_t k = 0; k < p->scalars.n; k++) {
		size_t i = 0;

		while (i < all.n && !is_series(&all.v[i], p->scalars.v[k])) {
			i++;
		}
		if (i < all.n) {
			size_t size = all.v[i].n * sizeof(*t->lines[k].v);

			t->lines[k].n = all.v[i].n;
			t->lines[k].v = guild_arena_alloc(p->arena, size + 1);
			memcpy(t->lines[k].v, all.v[i].v, size);
		}
	}
	guild_arena_free(scratch);
}

static enum plot_fate fate_of(struct guild_run_data *data, enum guild_run_status status)
{
	switch (status) {
	case GUILD_RUN_COMPLETED:
		return PLOT_COMPLETED;
	case GUILD_RUN_ERROR:
		return PLOT_FAILED;
	case GUILD_RUN_TERMINATED:
		return guild_run_data_attr(data, "_pruned") ? PLOT_PRUNED : PLOT_STOPPED;
	default:
		return PLOT_UNFINISHED;
	}
}

void guild_plot_add(struct guild_plot *p, const struct guild_run *run)
{
	struct guild_run_data *data = guild_run_data_new(run, p->req.log);
	const struct guild_value *flags = guild_run_data_flags(data);
	const char *label = guild_value_text(guild_run_data_attr(data, "label"));
	const char *status = guild_value_text(guild_run_data_attr(data, "status"));
	int known = status ? guild_run_status_parse(status) : -1;
	struct plot_trial t = {
		.id = guild_arena_strdup(p->arena, run->id),
		.label = label ? guild_arena_strdup(p->arena, label) : NULL,
		.status = known < 0 ? GUILD_RUN_ERROR : (enum guild_run_status)known,
		.flags = guild_value_copy(p->arena, flags),
		.objective = copy_column(p, data, &p->objective_col),
	};

	t.fate = fate_of(data, t.status);
	learn_names(p, data, flags);
	if (p->req.kind == GUILD_PLOT_SCATTER) {
		t.x = copy_column(p, data, &p->x_col);
		t.y = copy_column(p, data, &p->y_col);
	} else if (p->req.kind == GUILD_PLOT_SCALARS) {
		add_lines(p, &t, run);
	}
	p->trials = guild_grow_array(p->trials, &p->cap, p->n + 1, sizeof(*p->trials));
	p->trials[p->n++] = t;
	guild_run_data_free(data);
}

/* ---- all together ------------------------------------------------------------------------------------------------ */

static void put_in_order(struct guild_plot *p, const size_t *order, size_t n)
{
	struct plot_trial *sorted = guild_alloc((n + 1) * sizeof(*sorted));

	guild_assert(n <= p->n);
	for (size_t i = 0; i < n; i++) {
		sorted[n - 1 - i] = p->trials[order ? order[i] : i];
	}
	free(p->trials);
	p->trials = sorted;
	p->n = n;
	p->cap = n + 1;
}

static bool has(const struct guild_strs *names, const char *name)
{
	return names && name && guild_strs_has(names, name);
}

enum plot_scale_kind plot_wanted_scale(const struct guild_plot *p, const char *name)
{
	if (has(p->req.log_axes, name)) {
		return PLOT_LOG;
	}
	return has(p->req.linear_axes, name) ? PLOT_LINEAR : PLOT_CATEGORIES;
}

bool plot_is_better(const struct guild_plot *p, double a, double b)
{
	if (isnan(a) || isnan(b)) {
		return !isnan(a) && isnan(b);
	}
	return p->req.maximize ? a > b : a < b;
}

double plot_contender(const struct guild_plot *p, size_t trial)
{
	return p->trials[trial].fate == PLOT_PRUNED ? NAN : p->objective.v[trial];
}

static const struct guild_value **values_of(struct guild_plot *p, size_t offset)
{
	const struct guild_value **v = guild_arena_alloc(p->arena, (p->n + 1) * sizeof(*v));

	for (size_t i = 0; i < p->n; i++) {
		memcpy(&v[i], (const char *)&p->trials[i] + offset, sizeof(v[i]));
	}
	return v;
}

static void note_left_out(struct guild_plot *p, size_t n, const char *what)
{
	if (n > 0) {
		guild_strs_addf(&p->notes, "%zu of %zu runs left out: no value of %s", n, p->n,
			what);
	}
}

/* The objective's axis, of values that are numbers. */
static void make_objective(struct guild_plot *p)
{
	const struct guild_value **v = values_of(p, offsetof(struct plot_trial, objective));
	const char *name = p->objective_col.header;
	double best = NAN;

	for (size_t i = 0; i < p->n; i++) {
		v[i] = v[i] && guild_value_is_number(v[i]) ? v[i] : NULL;
	}
	plot_axis_init(&p->objective, p->arena, name, v, p->n, plot_wanted_scale(p, name));
	p->n_valued = p->objective.n_set;
	for (size_t i = 0; i < p->n; i++) {
		double candidate = plot_contender(p, i);

		if (plot_is_better(p, candidate, best)) {
			p->best = i;
			best = candidate;
		}
	}
	/* Importance is of all values and draws none. */
	if (p->req.kind != GUILD_PLOT_IMPORTANCE) {
		plot_axis_leave_outliers(&p->objective, !p->req.maximize);
	}
	if (p->objective.n_beyond > 0) {
		char text[PLOT_TICK_TEXT];

		plot_short_text(plot_axis_number(&p->objective,
					p->req.maximize ? p->objective.low : p->objective.high),
			text);
		guild_strs_addf(&p->notes,
			"%zu value%s of %s beyond %s drawn at the edge, far from the others",
			p->objective.n_beyond, p->objective.n_beyond == 1 ? "" : "s", name, text);
	}
}

/* What a person can choose from. */
static void hint_names(const struct guild_map *names, const char *what, struct guild_error *err)
{
	struct guild_strs sorted = {0};

	for (size_t i = 0; i < names->n; i++) {
		guild_strs_add(&sorted, names->entries[i].key);
	}
	guild_strs_sort_natural(&sorted);
	char *list = guild_strs_join(&sorted, ", ");

	if (sorted.n == 0) {
		guild_error_hint(err, "the runs have no %s", what);
	} else {
		guild_error_hint(err, "their %s are: %.400s", what, list);
	}
	free(list);
	guild_strs_fini(&sorted);
}

static int check_objective(const struct guild_plot *p, struct guild_error *err)
{
	if (p->n_valued > 0) {
		return 0;
	}
	guild_error_set(err, GUILD_ENOTFOUND, "no value of %s in %s%zu run%s",
		p->objective_col.header, p->n == 1 ? "" : "any of ", p->n, p->n == 1 ? "" : "s");
	hint_names(&p->scalar_names, "scalars", err);
	return GUILD_ENOTFOUND;
}

static int check_lines(struct guild_plot *p, struct guild_error *err)
{
	for (size_t k = 0; k < p->scalars.n; k++) {
		size_t n = 0;

		for (size_t i = 0; i < p->n; i++) {
			n += p->trials[i].lines[k].n > 0;
		}
		if (n == 0) {
			guild_error_set(err, GUILD_ENOTFOUND, "no run has scalar '%s'",
				p->scalars.v[k]);
			hint_names(&p->scalar_names, "scalars", err);
			return GUILD_ENOTFOUND;
		}
		note_left_out(p, p->n - n, p->scalars.v[k]);
	}
	return 0;
}

static int make_scatter(struct guild_plot *p, struct guild_error *err)
{
	struct plot_axis *axes[] = {&p->x, &p->y};
	const struct guild_col *cols[] = {&p->x_col, &p->y_col};
	const size_t offsets[] = {offsetof(struct plot_trial, x), offsetof(struct plot_trial, y)};
	size_t missing = 0;

	for (size_t i = 0; i < 2; i++) {
		plot_axis_init(axes[i], p->arena, cols[i]->header, values_of(p, offsets[i]), p->n,
			plot_wanted_scale(p, cols[i]->header));
		if (axes[i]->n_set == 0) {
			guild_error_set(err, GUILD_ENOTFOUND, "no run has a value of %s",
				cols[i]->header);
			hint_names(cols[i]->kind == GUILD_COL_FLAG ? &p->flag_names
								   : &p->scalar_names,
				cols[i]->kind == GUILD_COL_FLAG ? "flags" : "scalars", err);
			return GUILD_ENOTFOUND;
		}
	}
	for (size_t i = 0; i < p->n; i++) {
		missing += isnan(p->x.v[i]) || isnan(p->y.v[i]);
	}
	note_left_out(p, missing, "both columns");
	return 0;
}

int guild_plot_end(struct guild_plot *p, const size_t *order, size_t n, struct guild_error *err)
{
	const struct plot_kind *kind = kinds[p->req.kind];
	int rc = 0;

	put_in_order(p, order, n);
	if (p->n == 0) {
		return guild_error_set(err, GUILD_ENOTFOUND, "no matching runs");
	}
	make_objective(p);
	if (p->req.kind == GUILD_PLOT_SCALARS) {
		(void)plot_choose_flags(p, NULL); /* for names of lines: there may be none */
		guild_strs_fini(&p->notes);
		return check_lines(p, err);
	}
	if (p->req.kind == GUILD_PLOT_SCATTER) {
		return make_scatter(p, err);
	}
	rc = check_objective(p, err);
	if (rc == 0 && kind->prepare) {
		rc = kind->prepare(p, err);
	}
	if (rc == 0 && p->req.kind != GUILD_PLOT_HISTORY) {
		note_left_out(p, p->n - p->n_valued, p->objective_col.header);
	}
	return rc;
}

/* ---- for the kinds ------------------------------------------------------------------------------------------------- */

double plot_rank(const struct guild_plot *p, size_t trial)
{
	double at = plot_axis_place(&p->objective, p->objective.v[trial]);

	return p->req.maximize ? 1 - at : at;
}

struct ranked {
	double worse; /* the larger the worse */
	size_t trial;
};

static int order_ranked(const void *a, const void *b)
{
	const struct ranked *x = a;
	const struct ranked *y = b;

	if (x->worse != y->worse) {
		return x->worse > y->worse ? -1 : 1;
	}
	return (x->trial > y->trial) - (x->trial < y->trial);
}

size_t *plot_worst_first(const struct guild_plot *p, struct guild_arena *a, size_t *n)
{
	struct ranked *ranked = guild_alloc((p->n + 1) * sizeof(*ranked));
	size_t *out = guild_arena_alloc(a, (p->n + 1) * sizeof(*out));
	size_t found = 0;

	for (size_t i = 0; i < p->n; i++) {
		double v = p->objective.v[i];

		if (!isnan(v)) {
			ranked[found++] = (struct ranked){p->req.maximize ? -v : v, i};
		}
	}
	qsort(ranked, found, sizeof(*ranked), order_ranked);
	for (size_t i = 0; i < found; i++) {
		out[i] = ranked[i].trial;
	}
	free(ranked);
	*n = found;
	return out;
}

const char *plot_trial_title(const struct guild_plot *p, size_t trial, struct guild_arena *a)
{
	const struct plot_trial *t = &p->trials[trial];
	struct guild_buf out = {0};

	guild_buf_printf(&out, "%zu: %.*s %s", trial + 1, GUILD_RUN_SHORT_LEN, t->id,
		t->fate == PLOT_PRUNED ? "pruned" : guild_run_status_name(t->status));
	if (t->objective) {
		guild_buf_printf(&out, "\n%s: ", p->objective_col.header);
		guild_cell_text(&out, t->objective);
	}
	/* Ten thousand long texts would be most of a file. */
	for (size_t i = 0; p->n <= MANY && i < p->n_flags; i++) {
		if (!isnan(p->flags[i].v[trial])) {
			guild_buf_printf(&out, "\n%s: %s", p->flags[i].name,
				plot_axis_text(&p->flags[i], p->flags[i].v[trial], a));
		}
	}
	const char *title = guild_arena_strndup(a, guild_buf_cstr(&out), out.n);

	guild_buf_fini(&out);
	return title;
}
