/* The flags of a batch as a space, and points of it as the flags of a trial. */

#include "flag_space.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ITEMS_MAX = 64 };
enum place { PLACE_NONE, PLACE_BUSY, PLACE_DONE };

/* A flag while the space is made. */
struct candidate {
	const char *name;
	const struct guild_value *value;
	bool is_searched;
	struct flag_condition condition;
	enum place place;
	size_t position; /* in the space's list of flags; SIZE_MAX: it is fixed */
};
struct maker {
	struct guild_arena *a;
	const struct guild_flag_space_request *req;
	struct candidate *v;
	size_t n;
	size_t dims_cap;
	struct guild_flag_space *out;
	struct guild_error *err;
};

static struct candidate *find(struct maker *m, const char *name)
{
	for (size_t i = 0; i < m->n; i++) {
		if (strcmp(m->v[i].name, name) == 0) {
			return &m->v[i];
		}
	}
	return NULL;
}

static int fail_unknown_parent(struct maker *m, const struct candidate *c)
{
	const char **names = guild_alloc((m->n + 1) * sizeof(*names));
	for (size_t i = 0; i < m->n; i++) {
		names[i] = m->v[i].name;
	}
	guild_error_set(m->err, GUILD_EINVALID, "'when' of flag '%s' names '%s', which is no flag",
		c->name, c->condition.flag);
	const char *near = guild_nearest(c->condition.flag, names);
	if (near) {
		guild_error_hint(m->err, "did you mean '%s'?", near);
	}
	free(names);
	return GUILD_EINVALID;
}

/* ---- dimensions ---------------------------------------------------------------------------------------------------- */

static struct guild_dim *add_dim(struct maker *m, const struct guild_dim *d)
{
	struct guild_space *s = &m->out->space;
	if (s->n == m->dims_cap) {
		size_t cap = m->dims_cap ? 2 * m->dims_cap : 16;
		struct guild_dim *more = guild_arena_alloc(m->a, cap * sizeof(*more));
		if (s->n > 0) {
			memcpy(more, s->v, s->n * sizeof(*more));
		}
		s->v = more;
		m->dims_cap = cap;
	}
	s->v[s->n] = *d;
	return &s->v[s->n++];
}

/* Equal values count once; in what random search draws from they stay, as each is drawn. */
static void drop_repeats(struct maker *m, struct guild_dim *d)
{
	const struct guild_value **kept =
		guild_arena_alloc(m->a, (d->n_choices + 1) * sizeof(*kept));
	size_t n = 0;
	for (size_t i = 0; i < d->n_choices; i++) {
		bool is_new = true;
		for (size_t k = 0; k < n && is_new; k++) {
			is_new = kept[k]->type != d->choices[i]->type ||
				 !guild_value_eq(kept[k], d->choices[i]);
		}
		if (is_new) {
			kept[n++] = d->choices[i];
		}
	}
	d->choices = kept;
	d->n_choices = n;
}

static int read_dim(struct maker *m, const char *name, const struct guild_value *v,
	struct guild_dim *d)
{
	int rc = search_function_dim(m->a, name, v, d, m->err);
	if (rc != 0) {
		return rc;
	}
	if (d->kind == GUILD_DIM_CATEGORICAL && d->n_choices > GUILD_DIM_CHOICES_MAX) {
		return guild_error_set(m->err, GUILD_ELIMIT, "flag '%s' has more than %d values",
			name, GUILD_DIM_CHOICES_MAX);
	}
	if (d->kind == GUILD_DIM_CATEGORICAL && !m->req->keeps_repeats) {
		drop_repeats(m, d);
	}
	if (d->initial && !m->req->keeps_repeats && isnan(search_dim_point(d, d->initial))) {
		return guild_error_set(m->err, GUILD_EINVALID,
			"the initial value of '%s' is outside of what is searched", name);
	}
	return 0;
}

/* Dimension `parent` has one of the condition's values. False: it never has. */
static bool hang_on(struct maker *m, const struct flag_condition *c, size_t parent,
	struct guild_dim *d)
{
	const struct guild_dim *p = &m->out->space.v[parent];
	double *when = guild_arena_alloc(m->a, (c->values->n + 1) * sizeof(*when));
	size_t n = 0;
	for (size_t i = 0; i < c->values->n; i++) {
		double x = search_dim_point(p, c->values->items[i]);
		if (!isnan(x)) {
			when[n++] = x;
		}
	}
	d->parent = parent;
	d->when = when;
	d->n_when = n;
	return n > 0;
}

static void hang_on_length(struct maker *m, size_t length, size_t at_least, struct guild_dim *d)
{
	const struct guild_dim *p = &m->out->space.v[length];
	size_t high = (size_t)p->high;
	double *when = guild_arena_alloc(m->a, (high + 1) * sizeof(*when));
	d->parent = length;
	d->n_when = 0;
	for (size_t k = at_least; k <= high; k++) {
		when[d->n_when++] = (double)k;
	}
	d->when = when;
}

/* A list: its length, unless that is fixed, and its items. */
static int add_list(struct maker *m, struct guild_search_flag *f, const struct guild_value *args,
	const struct guild_dim *hung)
{
	int64_t low = args->items[1]->i;
	int64_t high = args->items[2]->i;
	struct guild_dim item;
	if (low < 1 || high < low || high > ITEMS_MAX) {
		return guild_error_set(m->err, GUILD_EINVALID,
			"flag '%s': a list can have from 1 to %d items, and no fewer at most than at least",
			f->name, ITEMS_MAX);
	}
	int rc = read_dim(m, f->name, args->items[0], &item);
	if (rc != 0) {
		return rc;
	}
	item.initial = NULL;
	f->n_items = (size_t)high;
	f->has_length = low < high;
	size_t first = m->out->space.n;
	if (f->has_length) {
		struct guild_dim length = *hung;
		length.name = guild_arena_format(m->a, "%s[length]", f->name);
		length.kind = GUILD_DIM_INT;
		length.low = (double)low;
		length.high = (double)high;
		add_dim(m, &length);
	}
	for (size_t i = 0; i < f->n_items; i++) {
		struct guild_dim d = item;
		d.name = guild_arena_format(m->a, "%s[%zu]", f->name, i + 1);
		d.parent = hung->parent;
		d.when = hung->when;
		d.n_when = hung->n_when;
		if (f->has_length) {
			hang_on_length(m, first, i + 1 > (size_t)low ? i + 1 : (size_t)low, &d);
		}
		add_dim(m, &d);
	}
	return 0;
}

static int add_flag(struct maker *m, struct candidate *c, const struct guild_dim *hung)
{
	struct guild_flag_function f;
	struct guild_flag_space *out = m->out;
	struct guild_search_flag *flag = &out->v[out->n];
	*flag = (struct guild_search_flag){.name = c->name,
		.dim = out->space.n,
		.arg_split =
			guild_value_get(guild_value_get(m->req->cmd_flags, c->name), "arg-split")};
	int rc = 0;
	if (guild_flag_is_function(m->a, c->value, &f) &&
		guild_streq(f.name, GUILD_FLAG_LIST_SEARCH)) {
		rc = add_list(m, flag, f.args, hung);
	} else {
		struct guild_dim d;
		rc = read_dim(m, c->name, c->value, &d);
		if (rc == 0) {
			d.parent = hung->parent;
			d.when = hung->when;
			d.n_when = hung->n_when;
			add_dim(m, &d);
		}
	}
	if (rc == 0) {
		c->position = out->n++;
	}
	return rc;
}

/* ---- order: what a flag hangs on comes before it -------------------------------------------------------------------- */

static void fix(struct maker *m, const struct candidate *c, const struct guild_value *v)
{
	guild_value_set(m->a, m->out->fixed, c->name,
		v ? guild_value_copy(m->a, v) : guild_value_null(m->a));
}

static int place(struct maker *m, struct candidate *c);

/* 1: it is searched, below `hung`; 0: it never is. */
static int resolve_condition(struct maker *m, struct candidate *c, struct guild_dim *hung)
{
	struct candidate *parent = c->condition.flag ? find(m, c->condition.flag) : NULL;
	if (!c->condition.flag) {
		return 1;
	}
	if (!parent) {
		return fail_unknown_parent(m, c);
	}
	int rc = place(m, parent);
	if (rc != 0) {
		return rc;
	}
	if (parent->position == SIZE_MAX) {
		return search_condition_holds(&c->condition,
			guild_value_get(m->out->fixed, parent->name));
	}
	const struct guild_search_flag *f = &m->out->v[parent->position];
	if (f->n_items > 0) {
		return guild_error_set(m->err, GUILD_EINVALID,
			"flag '%s' cannot hang on '%s', which is a list", c->name, parent->name);
	}
	return hang_on(m, &c->condition, f->dim, hung);
}

static int place(struct maker *m, struct candidate *c)
{
	struct guild_dim hung = {.parent = GUILD_DIM_ALWAYS};
	if (c->place == PLACE_DONE) {
		return 0;
	}
	if (c->place == PLACE_BUSY) {
		return guild_error_set(m->err, GUILD_EINVALID,
			"flag '%s' hangs on itself by 'when'", c->name);
	}
	c->place = PLACE_BUSY;
	int rc = 0;
	if (!c->is_searched) {
		fix(m, c, c->value);
	} else {
		rc = resolve_condition(m, c, &hung);
		if (rc == 1) {
			rc = add_flag(m, c, &hung);
		} else if (rc == 0) {
			fix(m, c, NULL);
		}
	}
	c->place = PLACE_DONE;
	return rc;
}

static int read_candidates(struct maker *m)
{
	struct guild_value *sorted = guild_value_copy(m->a, m->req->flags);
	guild_value_sort_keys(sorted);
	m->v = guild_arena_alloc(m->a, (sorted->n + 1) * sizeof(*m->v));
	for (size_t i = 0; i < sorted->n; i++) {
		const char *name = guild_value_text(sorted->pairs[i].key);
		struct candidate *c = &m->v[m->n++];
		*c = (struct candidate){.name = name ? name : "",
			.value = sorted->pairs[i].value,
			.position = SIZE_MAX};
		c->is_searched = c->value->type == GUILD_LIST ||
				 guild_flag_is_function(m->a, c->value, NULL);
		const struct guild_value *when =
			guild_value_get(guild_value_get(m->req->extra, c->name), "when");
		int rc = when ? search_condition_read(m->a, c->name, when, &c->condition, m->err)
			      : 0;
		if (rc != 0) {
			return rc;
		}
	}
	return 0;
}

int guild_flag_space_make(struct guild_arena *a, const struct guild_flag_space_request *req,
	struct guild_flag_space *out, struct guild_error *err)
{
	struct guild_flag_space made = {.fixed = guild_value_dict(a)};
	struct maker m = {.a = a, .req = req, .out = &made, .err = err};
	int rc = read_candidates(&m);
	made.v = guild_arena_alloc(a, (m.n + 1) * sizeof(*made.v));
	for (size_t i = 0; i < m.n && rc == 0; i++) {
		rc = place(&m, &m.v[i]);
	}
	if (rc == 0 && made.space.n > 0) {
		rc = guild_space_check(&made.space, err);
	}
	if (rc == 0) {
		*out = made;
	}
	return rc;
}

/* ---- points ---------------------------------------------------------------------------------------------------------- */

static struct guild_value *dim_value(struct guild_arena *a, const struct guild_dim *d, double x)
{
	if (d->kind == GUILD_DIM_CATEGORICAL) {
		return guild_value_copy(a, d->choices[(size_t)x]);
	}
	return d->kind == GUILD_DIM_INT ? guild_value_int(a, (int64_t)x) : guild_value_float(a, x);
}

/* What the program gets as several values is one text for it. */
static struct guild_value *list_value(struct guild_arena *a, const struct guild_flag_space *fs,
	const struct guild_search_flag *f, const double *x)
{
	struct guild_value *list = guild_value_list(a);
	for (size_t i = 0; i < f->n_items; i++) {
		size_t dim = f->dim + f->has_length + i;
		if (!isnan(x[dim])) {
			guild_value_append(a, list, dim_value(a, &fs->space.v[dim], x[dim]));
		}
	}
	if (list->n == 0) {
		return guild_value_null(a);
	}
	if (!guild_value_truthy(f->arg_split)) {
		return list;
	}
	struct guild_buf text = {0};
	guild_flag_arg_text(&text, list, f->arg_split);
	struct guild_value *v = guild_value_string_n(a, guild_buf_cstr(&text), text.n);
	guild_buf_fini(&text);
	return v;
}

struct guild_value *guild_flag_space_values(struct guild_arena *a,
	const struct guild_flag_space *fs, const double *x)
{
	struct guild_value *values = guild_value_copy(a, fs->fixed);
	for (size_t i = 0; i < fs->n; i++) {
		const struct guild_search_flag *f = &fs->v[i];
		struct guild_value *v = f->n_items > 0 ? list_value(a, fs, f, x)
					: isnan(x[f->dim])
						? guild_value_null(a)
						: dim_value(a, &fs->space.v[f->dim], x[f->dim]);
		guild_value_set(a, values, f->name, v);
	}
	guild_value_sort_keys(values);
	return values;
}

static bool list_point(struct guild_arena *a, const struct guild_flag_space *fs,
	const struct guild_search_flag *f, const struct guild_value *v, double *x)
{
	const struct guild_value *list =
		guild_value_truthy(f->arg_split) ? guild_flag_split(a, v, f->arg_split) : v;
	size_t n = list->type == GUILD_LIST ? list->n : 1;
	if (f->has_length) {
		struct guild_value *length = guild_value_int(a, (int64_t)n);
		x[f->dim] = search_dim_point(&fs->space.v[f->dim], length);
	}
	if ((f->has_length && isnan(x[f->dim])) || n > f->n_items ||
		(!f->has_length && n != f->n_items)) {
		return false;
	}
	for (size_t i = 0; i < f->n_items; i++) {
		size_t dim = f->dim + f->has_length + i;
		const struct guild_value *item =
			list->type == GUILD_LIST && i < n ? list->items[i] : list;
		x[dim] = i < n ? search_dim_point(&fs->space.v[dim], item) : NAN;
		if (i < n && isnan(x[dim])) {
			return false;
		}
	}
	return true;
}

bool guild_flag_space_point(struct guild_arena *a, const struct guild_flag_space *fs,
	const struct guild_value *flags, double *x)
{
	for (size_t i = 0; i < fs->n; i++) {
		const struct guild_search_flag *f = &fs->v[i];
		size_t n_dims = f->n_items > 0 ? f->n_items + f->has_length : 1;
		const struct guild_value *v = guild_value_get(flags, f->name);
		if (!search_is_active(&fs->space, f->dim, x)) {
			for (size_t k = 0; k < n_dims; k++) {
				x[f->dim + k] = NAN;
			}
			continue;
		}
		if (!v) {
			return false;
		}
		if (f->n_items > 0 ? !list_point(a, fs, f, v, x)
				   : isnan(x[f->dim] = search_dim_point(&fs->space.v[f->dim], v))) {
			return false;
		}
	}
	return true;
}
