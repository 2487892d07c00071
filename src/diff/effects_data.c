/* The runs of guild explain-diff as a table: flags that vary, metrics that vary. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "effects.h"

struct reader {
	struct guild_effects_data *out;
	const struct guild_effects_request *req;
	const struct guild_log *log;
	struct guild_map flags;   /* name -> values by run */
	struct guild_map metrics; /* name -> doubles by run */
	struct guild_map operations, sourcecodes;
	size_t n_all;
};

/* ---- reading ------------------------------------------------------------------------------------------------ */

static void read_flags(struct reader *r, struct guild_run_data *data, size_t row)
{
	struct guild_arena *a = r->out->a;
	const struct guild_value *flags = guild_run_data_flags(data);

	for (size_t i = 0; i < flags->n; i++) {
		const char *name = guild_value_text(flags->pairs[i].key);
		const struct guild_value *value = flags->pairs[i].value;

		if (!name || guild_value_is_null(value)) {
			continue;
		}
		const struct guild_value **values = guild_map_get(&r->flags, name);

		if (!values) {
			values = guild_arena_alloc(a, r->n_all * sizeof(*values));
			guild_map_put(&r->flags, name, values);
		}
		values[row] = guild_value_copy(a, value);
	}
}

static void put_metric(struct reader *r, const char *name, double value, size_t row)
{
	double *values = guild_map_get(&r->metrics, name);

	if (!values) {
		values = guild_arena_alloc(r->out->a, r->n_all * sizeof(*values));
		for (size_t i = 0; i < r->n_all; i++) {
			values[i] = NAN;
		}
		guild_map_put(&r->metrics, name, values);
	}
	if (isfinite(value)) {
		values[row] = value;
	} else {
		r->out->n_not_finite++;
	}
}

static void read_all_scalars(struct reader *r, struct guild_run_data *data, size_t row)
{
	const struct guild_scalars *s = guild_run_data_scalars(data);
	struct guild_map seen = {0};

	for (size_t i = 0; i < s->n; i++) {
		struct guild_buf key = {0};

		guild_scalar_key(&s->v[i], &key);
		bool is_shown = r->req->all_scalars || !guild_scalar_is_system(&s->v[i]);

		if (is_shown && !guild_map_has(&seen, guild_buf_cstr(&key))) {
			guild_map_put(&seen, guild_buf_cstr(&key), NULL);
			put_metric(r, guild_buf_cstr(&key), s->v[i].last, row);
		}
		guild_buf_fini(&key);
	}
	guild_map_fini(&seen);
}

static void read_metrics(struct reader *r, struct guild_run_data *data, size_t row)
{
	const struct guild_cols *cols = r->req->metrics;

	if (!cols || cols->n == 0) {
		read_all_scalars(r, data, row);
	}
	for (size_t i = 0; cols && i < cols->n; i++) {
		const struct guild_value *v = guild_run_data_col(data, &cols->v[i]);

		if (guild_value_is_number(v)) {
			put_metric(r, cols->v[i].header, guild_value_as_f64(v), row);
		}
	}
}

static void read_run(struct reader *r, const struct guild_run *run, size_t row)
{
	struct guild_run_data *data = guild_run_data_new(run, r->log);
	const char *operation = guild_value_text(guild_run_data_attr(data, "operation"));
	const char *digest = guild_value_text(guild_run_data_attr(data, "sourcecode_digest"));

	guild_map_put(&r->operations, operation ? operation : "", NULL);
	if (digest) {
		guild_map_put(&r->sourcecodes, digest, NULL);
	}
	read_flags(r, data, row);
	read_metrics(r, data, row);
	guild_run_data_free(data);
}

/* ---- flags ---------------------------------------------------------------------------------------------------- */

struct labelled {
	const struct guild_value *v;
	struct guild_str text;
	size_t row;
};

/* Numbers by size, then the rest by text; what is not set last. */
static int compare(const void *x, const void *y)
{
	const struct labelled *a = x, *b = y;

	if (!a->v || !b->v) {
		return !a->v - !b->v;
	}
	bool a_number = guild_value_is_number(a->v), b_number = guild_value_is_number(b->v);

	if (a_number && b_number) {
		double p = guild_value_as_f64(a->v), q = guild_value_as_f64(b->v);

		return isnan(p) || isnan(q) ? isnan(p) - isnan(q) : (p > q) - (p < q);
	}
	return a_number != b_number ? (a_number ? -1 : 1) : strcmp(a->text.p, b->text.p);
}

static void fill_column(struct guild_effects_data *d, struct guild_flag_column *c)
{
	struct labelled *all = guild_alloc((d->n + 1) * sizeof(*all));
	struct guild_buf text = {0};

	c->is_numeric = true;
	c->labels = guild_arena_alloc(d->a, (d->n + 1) * sizeof(*c->labels));
	c->label_of = guild_arena_alloc(d->a, (d->n + 1) * sizeof(*c->label_of));
	for (size_t i = 0; i < d->n; i++) {
		const struct guild_value *v = c->values[i];

		guild_buf_reset(&text);
		if (v) {
			guild_yaml_dump_flow(&text, v);
			c->is_numeric &=
				guild_value_is_number(v) && isfinite(guild_value_as_f64(v));
		}
		c->has_unset |= !v;
		all[i] = (struct labelled){
			v, {guild_arena_strndup(d->a, guild_buf_cstr(&text), text.n), text.n}, i};
	}
	if (d->n > 1) {
		qsort(all, d->n, sizeof(*all), compare);
	}
	for (size_t i = 0; i < d->n; i++) {
		if (i == 0 || compare(&all[i - 1], &all[i]) != 0) {
			c->labels[c->n_labels++] = all[i].v;
		}
		c->label_of[all[i].row] = c->n_labels - 1;
	}
	guild_buf_fini(&text);
	free(all);
}

static void keep_flags(struct reader *r)
{
	struct guild_effects_data *d = r->out;
	struct guild_strs names = {0};

	for (size_t i = 0; i < r->flags.n; i++) {
		guild_strs_add(&names, r->flags.entries[i].key);
	}
	guild_strs_sort(&names);
	d->flags = guild_arena_alloc(d->a, (names.n + 1) * sizeof(*d->flags));
	for (size_t i = 0; i < names.n; i++) {
		struct guild_flag_column c = {.name = guild_arena_strdup(d->a, names.v[i]),
			.values = guild_map_get(&r->flags, names.v[i])};

		fill_column(d, &c);
		if (c.n_labels > 1) {
			d->flags[d->n_flags++] = c;
		}
	}
	guild_strs_fini(&names);
}

/* ---- metrics ---------------------------------------------------------------------------------------------------- */

static bool varies(const double *v, size_t n)
{
	double first = NAN;

	for (size_t i = 0; i < n; i++) {
		if (!isnan(v[i]) && !isnan(first) && v[i] != first) {
			return true;
		}
		first = isnan(first) ? v[i] : first;
	}
	return false;
}

static void keep_metrics(struct reader *r)
{
	struct guild_effects_data *d = r->out;
	bool is_asked = r->req->metrics && r->req->metrics->n > 0;
	struct guild_strs names = {0};

	for (size_t i = 0; i < r->metrics.n; i++) {
		guild_strs_add(&names, r->metrics.entries[i].key);
	}
	if (!is_asked) {
		guild_strs_sort(&names);
	}
	d->metrics = guild_arena_alloc(d->a, (names.n + 1) * sizeof(*d->metrics));
	for (size_t i = 0; i < names.n; i++) {
		double *values = guild_map_get(&r->metrics, names.v[i]);

		if (varies(values, d->n)) {
			d->metrics[d->n_metrics++] = (struct guild_metric_column){
				guild_arena_strdup(d->a, names.v[i]), values};
		}
	}
	guild_strs_fini(&names);
}

void guild_effects_data_read(struct guild_arena *a, const struct guild_runs *runs,
	const struct guild_effects_request *req, struct guild_effects_data *out,
	const struct guild_log *log)
{
	struct reader r = {.out = out, .req = req, .log = log, .n_all = runs->n + 1};

	*out = (struct guild_effects_data){.a = a};
	for (size_t i = 0; i < runs->n; i++) {
		if (!guild_run_is_batch(&runs->v[i])) {
			read_run(&r, &runs->v[i], out->n++);
		}
	}
	keep_flags(&r);
	keep_metrics(&r);
	out->n_operations = r.operations.n;
	out->n_sourcecodes = r.sourcecodes.n;
	guild_map_fini(&r.flags);
	guild_map_fini(&r.metrics);
	guild_map_fini(&r.operations);
	guild_map_fini(&r.sourcecodes);
}
