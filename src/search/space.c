/* Search spaces: reading, checking, points and their values. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sampler.h"

/* ---- checking ---------------------------------------------------------------------------------------------------- */

static int check_range(const struct guild_dim *d, struct guild_error *err)
{
	const double exact = 0x1p53;
	if (!isfinite(d->low) || !isfinite(d->high)) {
		return guild_error_set(err, GUILD_EINVALID, "'%s' needs a finite low and high",
			d->name);
	}
	if (d->low > d->high) {
		return guild_error_set(err, GUILD_EINVALID, "'%s': low %.17g is above high %.17g",
			d->name, d->low, d->high);
	}
	if (!isfinite(d->high - d->low)) {
		return guild_error_set(err, GUILD_EINVALID, "'%s': low and high are too far apart",
			d->name);
	}
	if (d->log && d->low <= 0) {
		return guild_error_set(err, GUILD_EINVALID,
			"'%s': a logarithmic scale needs a low above 0, not %.17g", d->name,
			d->low);
	}
	if (d->kind == GUILD_DIM_INT && (d->low != floor(d->low) || d->high != floor(d->high) ||
						fabs(d->low) > exact || fabs(d->high) > exact)) {
		return guild_error_set(err, GUILD_EINVALID,
			"'%s' needs whole numbers as low and high", d->name);
	}
	return 0;
}

static int check_choices(const struct guild_dim *d, struct guild_error *err)
{
	if (d->n_choices == 0) {
		return guild_error_set(err, GUILD_EINVALID, "'%s' has no choices", d->name);
	}
	if (d->n_choices > GUILD_DIM_CHOICES_MAX) {
		return guild_error_set(err, GUILD_ELIMIT, "'%s' has more than %d choices", d->name,
			GUILD_DIM_CHOICES_MAX);
	}
	return 0;
}

static int check_parent(const struct guild_space *s, size_t i, struct guild_error *err)
{
	const struct guild_dim *d = &s->v[i];
	if (d->parent != GUILD_DIM_ALWAYS && (d->parent >= i || d->n_when == 0)) {
		return guild_error_set(err, GUILD_EINVALID,
			"'%s' can only hang on a dimension before it", d->name);
	}
	return 0;
}

int guild_space_check(const struct guild_space *s, struct guild_error *err)
{
	struct guild_map names = {0};
	int rc = 0;
	if (s->n == 0) {
		return guild_error_set(err, GUILD_EINVALID, "there is nothing to search");
	}
	if (s->n > GUILD_SPACE_DIMS_MAX) {
		return guild_error_set(err, GUILD_ELIMIT, "more than %d dimensions",
			GUILD_SPACE_DIMS_MAX);
	}
	for (size_t i = 0; i < s->n && rc == 0; i++) {
		const struct guild_dim *d = &s->v[i];
		if (guild_map_has(&names, d->name)) {
			rc = guild_error_set(err, GUILD_EINVALID, "'%s' is there twice", d->name);
			break;
		}
		guild_map_put(&names, d->name, &names);
		rc = d->kind == GUILD_DIM_CATEGORICAL ? check_choices(d, err) : check_range(d, err);
		rc = rc ? rc : check_parent(s, i, err);
	}
	guild_map_fini(&names);
	return rc;
}

static double dim_size(const struct guild_dim *d)
{
	return d->kind == GUILD_DIM_CATEGORICAL ? (double)d->n_choices
	       : d->kind == GUILD_DIM_INT       ? d->high - d->low + 1
	       : d->low == d->high              ? 1
						: INFINITY;
}

/* A dimension and one of the values it hangs on. */
struct branch {
	double value;
	size_t dim;
};

static int compare_branches(const void *a, const void *b)
{
	const struct branch *x = a;
	const struct branch *y = b;
	if (x->value != y->value) {
		return x->value < y->value ? -1 : 1;
	}
	return x->dim < y->dim ? -1 : x->dim > y->dim;
}

/* How many combinations there are of a dimension with all that hangs on it; counts[] of those is known. */
static double count_below(const struct guild_space *s, size_t dim, const double *counts)
{
	double sum = dim_size(&s->v[dim]);
	size_t n = 0;
	for (size_t i = dim + 1; i < s->n; i++) {
		n += s->v[i].parent == dim ? s->v[i].n_when : 0;
	}
	if (n == 0 || isinf(sum)) {
		return sum;
	}
	struct branch *v = guild_alloc(n * sizeof(*v));
	n = 0;
	for (size_t i = dim + 1; i < s->n; i++) {
		for (size_t k = 0; s->v[i].parent == dim && k < s->v[i].n_when; k++) {
			v[n++] = (struct branch){.value = s->v[i].when[k], .dim = i};
		}
	}
	qsort(v, n, sizeof(*v), compare_branches);
	for (size_t i = 0, next = 0; i < n; i = next) {
		double product = 1;
		for (next = i; next < n && v[next].value == v[i].value; next++) {
			bool is_again = next > i && v[next].dim == v[next - 1].dim;
			product *= is_again ? 1 : counts[v[next].dim];
		}
		sum += product - 1;
	}
	free(v);
	return sum;
}

double guild_space_size(const struct guild_space *s)
{
	double *counts = guild_alloc((s->n + 1) * sizeof(*counts));
	double size = 1;
	for (size_t i = s->n; i > 0; i--) {
		counts[i - 1] = count_below(s, i - 1, counts);
		size *= s->v[i - 1].parent == GUILD_DIM_ALWAYS ? counts[i - 1] : 1;
	}
	free(counts);
	return size;
}

double search_grid_size(const struct guild_space *s)
{
	double size = 1;
	for (size_t i = 0; i < s->n; i++) {
		size *= dim_size(&s->v[i]);
	}
	return size;
}

/* ---- points and values ---------------------------------------------------------------------------------------------- */

static struct guild_value *dim_value(struct guild_arena *a, const struct guild_dim *d, double x)
{
	if (d->kind == GUILD_DIM_CATEGORICAL) {
		return guild_value_copy(a, d->choices[(size_t)x]);
	}
	return d->kind == GUILD_DIM_INT ? guild_value_int(a, (int64_t)x) : guild_value_float(a, x);
}

struct guild_value *guild_space_values(struct guild_arena *a, const struct guild_space *s,
	const double *x)
{
	struct guild_value *values = guild_value_dict(a);
	for (size_t i = 0; i < s->n; i++) {
		if (!isnan(x[i])) {
			guild_value_set(a, values, s->v[i].name, dim_value(a, &s->v[i], x[i]));
		}
	}
	return values;
}

double search_dim_point(const struct guild_dim *d, const struct guild_value *v)
{
	if (d->kind == GUILD_DIM_CATEGORICAL) {
		for (size_t i = 0; i < d->n_choices; i++) {
			/* 1 == true, and a choice may be any of them: the same type first. */
			if (d->choices[i]->type == v->type && guild_value_eq(d->choices[i], v)) {
				return (double)i;
			}
		}
		for (size_t i = 0; i < d->n_choices; i++) {
			if (guild_value_eq(d->choices[i], v)) {
				return (double)i;
			}
		}
		return NAN;
	}
	if (!guild_value_is_number(v)) {
		return NAN;
	}
	double x = guild_value_as_f64(v);
	bool fits = x >= d->low && x <= d->high && (d->kind == GUILD_DIM_REAL || x == floor(x));
	return fits ? x : NAN;
}

bool guild_space_point(const struct guild_space *s, const struct guild_value *values, double *x)
{
	for (size_t i = 0; i < s->n; i++) {
		if (!search_is_active(s, i, x)) {
			x[i] = NAN;
			continue;
		}
		const struct guild_value *v = guild_value_get(values, s->v[i].name);
		x[i] = v ? search_dim_point(&s->v[i], v) : NAN;
		if (isnan(x[i])) {
			return false;
		}
	}
	return true;
}

bool search_is_active(const struct guild_space *s, size_t dim, const double *x)
{
	const struct guild_dim *d = &s->v[dim];
	if (d->parent == GUILD_DIM_ALWAYS) {
		return true;
	}
	for (size_t i = 0; i < d->n_when; i++) {
		if (d->when[i] == x[d->parent]) {
			return true;
		}
	}
	return false;
}

void search_mask(const struct guild_space *s, double *x)
{
	for (size_t i = 0; i < s->n; i++) {
		if (!search_is_active(s, i, x)) {
			x[i] = NAN;
		}
	}
}

/* ---- units -------------------------------------------------------------------------------------------------------------- */

double search_dim_to_unit(const struct guild_dim *d, double x)
{
	if (isnan(x)) {
		return 0.5;
	}
	if (d->kind == GUILD_DIM_CATEGORICAL) {
		return (x + 0.5) / (double)d->n_choices;
	}
	/* Half a step on both sides, so that every whole number has the same share. */
	double half = d->kind == GUILD_DIM_INT ? 0.5 : 0;
	double low = d->low - half;
	double high = d->high + half;
	if (d->log) {
		low = log(low);
		high = log(high);
		x = log(x);
	}
	return high > low ? fmin(fmax((x - low) / (high - low), 0), 1) : 0.5;
}

double search_dim_from_unit(const struct guild_dim *d, double u)
{
	u = fmin(fmax(u, 0), 1);
	if (d->kind == GUILD_DIM_CATEGORICAL) {
		return fmin(floor(u * (double)d->n_choices), (double)d->n_choices - 1);
	}
	double half = d->kind == GUILD_DIM_INT ? 0.5 : 0;
	double low = d->low - half;
	double high = d->high + half;
	double x = d->log ? exp(log(low) + u * (log(high) - log(low))) : low + u * (high - low);
	if (d->kind == GUILD_DIM_INT) {
		x = floor(x + 0.5);
	}
	return fmin(fmax(x, d->low), d->high);
}

void search_to_unit(const struct guild_space *s, const double *x, double *u)
{
	for (size_t i = 0; i < s->n; i++) {
		u[i] = search_dim_to_unit(&s->v[i], x[i]);
	}
}

void search_from_unit(const struct guild_space *s, const double *u, double *x)
{
	for (size_t i = 0; i < s->n; i++) {
		x[i] = search_dim_from_unit(&s->v[i], u[i]);
	}
	search_mask(s, x);
}

/* ---- reading --------------------------------------------------------------------------------------------------------------- */

static int read_bound(const struct guild_value *spec, const char *name, const char *key,
	double *out, struct guild_error *err)
{
	const struct guild_value *v = guild_value_get(spec, key);
	if (!v || !guild_value_is_number(v)) {
		return guild_error_set(err, GUILD_EINVALID, "'%s' needs a number as '%s'", name,
			key);
	}
	*out = guild_value_as_f64(v);
	return 0;
}

static int check_keys(const struct guild_value *spec, const char *name, struct guild_error *err)
{
	static const char *const keys[] = {
		"choices", "high", "initial", "log", "low", "name", "type", "when", NULL};
	for (size_t i = 0; i < spec->n; i++) {
		const char *key = guild_value_text(spec->pairs[i].key);
		bool is_known = false;
		for (size_t k = 0; keys[k]; k++) {
			is_known = is_known || guild_streq(key, keys[k]);
		}
		if (!is_known) {
			guild_error_set(err, GUILD_EINVALID, "'%s' has an unknown key '%s'", name,
				key ? key : "");
			const char *near = key ? guild_nearest(key, keys) : NULL;
			if (near) {
				guild_error_hint(err, "did you mean '%s'?", near);
			}
			return GUILD_EINVALID;
		}
	}
	return 0;
}

static int read_choices(struct guild_arena *a, const struct guild_value *spec, struct guild_dim *d,
	struct guild_error *err)
{
	const struct guild_value *list = guild_value_get(spec, "choices");
	if (!list || list->type != GUILD_LIST) {
		return guild_error_set(err, GUILD_EINVALID, "'%s' needs a list as 'choices'",
			d->name);
	}
	if (list->n > GUILD_DIM_CHOICES_MAX) {
		return guild_error_set(err, GUILD_ELIMIT, "'%s' has more than %d choices", d->name,
			GUILD_DIM_CHOICES_MAX);
	}
	const struct guild_value **choices = guild_arena_alloc(a, (list->n + 1) * sizeof(*choices));
	for (size_t i = 0; i < list->n; i++) {
		choices[i] = guild_value_copy(a, list->items[i]);
	}
	d->choices = choices;
	d->n_choices = list->n;
	return 0;
}

static int read_when(struct guild_arena *a, const struct guild_value *when,
	const struct guild_space *s, size_t n, struct guild_dim *d, struct guild_error *err)
{
	if (when->type != GUILD_DICT || when->n != 1) {
		return guild_error_set(err, GUILD_EINVALID,
			"'%s' needs {NAME: VALUE} as 'when', with one name", d->name);
	}
	const char *name = guild_value_text(when->pairs[0].key);
	const struct guild_value *given = when->pairs[0].value;
	for (size_t i = 0; i < n; i++) {
		if (guild_streq(s->v[i].name, name)) {
			d->parent = i;
		}
	}
	if (d->parent == GUILD_DIM_ALWAYS) {
		return guild_error_set(err, GUILD_EINVALID,
			"'%s' hangs on '%s', which is not a dimension before it", d->name,
			name ? name : "");
	}
	size_t n_values = given->type == GUILD_LIST ? given->n : 1;
	double *values = guild_arena_alloc(a, (n_values + 1) * sizeof(*values));
	for (size_t i = 0; i < n_values; i++) {
		values[i] = search_dim_point(&s->v[d->parent],
			given->type == GUILD_LIST ? given->items[i] : given);
		if (isnan(values[i])) {
			return guild_error_set(err, GUILD_EINVALID,
				"'%s': value %zu of 'when' is none of '%s'", d->name, i + 1, name);
		}
	}
	d->when = values;
	d->n_when = n_values;
	return 0;
}

static int read_dim(struct guild_arena *a, const struct guild_value *spec,
	const struct guild_space *s, size_t i, struct guild_dim *d, struct guild_error *err)
{
	*d = (struct guild_dim){.parent = GUILD_DIM_ALWAYS};
	const char *name = guild_value_text(guild_value_get(spec, "name"));
	const char *type = guild_value_text(guild_value_get(spec, "type"));
	if (!name || !*name) {
		return guild_error_set(err, GUILD_EINVALID, "dimension %zu has no name", i + 1);
	}
	d->name = guild_arena_strdup(a, name);
	int rc = check_keys(spec, name, err);
	if (rc != 0) {
		return rc;
	}
	if (guild_streq(type, "categorical")) {
		d->kind = GUILD_DIM_CATEGORICAL;
		rc = read_choices(a, spec, d, err);
	} else if (guild_streq(type, "float") || guild_streq(type, "int")) {
		d->kind = *type == 'f' ? GUILD_DIM_REAL : GUILD_DIM_INT;
		d->log = guild_value_truthy(guild_value_get(spec, "log"));
		rc = read_bound(spec, name, "low", &d->low, err);
		rc = rc ? rc : read_bound(spec, name, "high", &d->high, err);
	} else {
		return guild_error_set(err, GUILD_EINVALID,
			"'%s' needs a type: float, int or categorical", name);
	}
	const struct guild_value *initial = guild_value_get(spec, "initial");
	const struct guild_value *when = guild_value_get(spec, "when");
	if (rc == 0 && initial && !guild_value_is_null(initial)) {
		d->initial = guild_value_copy(a, initial);
		if (isnan(search_dim_point(d, initial))) {
			rc = guild_error_set(err, GUILD_EINVALID,
				"'%s': the initial value is outside of what is searched", name);
		}
	}
	if (rc == 0 && when && !guild_value_is_null(when)) {
		rc = read_when(a, when, s, i, d, err);
	}
	return rc;
}

int guild_space_read(struct guild_arena *a, const struct guild_value *list, struct guild_space *out,
	struct guild_error *err)
{
	if (!list || list->type != GUILD_LIST) {
		return guild_error_set(err, GUILD_EINVALID, "a space is a list of dimensions");
	}
	if (list->n > GUILD_SPACE_DIMS_MAX) {
		return guild_error_set(err, GUILD_ELIMIT, "more than %d dimensions",
			GUILD_SPACE_DIMS_MAX);
	}
	struct guild_space s = {
		.v = guild_arena_alloc(a, (list->n + 1) * sizeof(*s.v)), .n = list->n};
	for (size_t i = 0; i < s.n; i++) {
		if (list->items[i]->type != GUILD_DICT) {
			return guild_error_set(err, GUILD_EINVALID, "dimension %zu is no mapping",
				i + 1);
		}
		int rc = read_dim(a, list->items[i], &s, i, &s.v[i], err);
		if (rc != 0) {
			return rc;
		}
	}
	int rc = guild_space_check(&s, err);
	if (rc == 0) {
		*out = s;
	}
	return rc;
}
