/* What one flag's value asks to be searched: a list, a range, a logarithmic range (batches.md 2). */

#include <math.h>
#include <string.h>

#include "flag_space.h"

static int fail(const char *name, const struct guild_value *v, struct guild_error *err,
	const char *what)
{
	struct guild_buf text = {0};
	guild_flag_encode(&text, v);
	int rc = guild_error_set(err, GUILD_EINVALID, "%s=%s: %s", name, guild_buf_cstr(&text),
		what);
	guild_buf_fini(&text);
	return rc;
}

static bool is_whole(const struct guild_value *v)
{
	return v->type == GUILD_INT && v->s.n == 0;
}

static void take_choices(struct guild_arena *a, const struct guild_value *list, size_t n,
	struct guild_dim *d)
{
	const struct guild_value **choices = guild_arena_alloc(a, (n + 1) * sizeof(*choices));
	for (size_t i = 0; i < n; i++) {
		choices[i] = list->items[i];
	}
	d->kind = GUILD_DIM_CATEGORICAL;
	d->choices = choices;
	d->n_choices = n;
}

static int check_bounds(const char *name, const struct guild_value *v, const struct guild_dim *d,
	struct guild_error *err)
{
	if (!isfinite(d->low) || !isfinite(d->high)) {
		return fail(name, v, err, "both ends must be finite");
	}
	if (d->low > d->high) {
		return fail(name, v, err, "the range is empty: its low end is above its high end");
	}
	if (!isfinite(d->high - d->low)) {
		return fail(name, v, err, "its ends are too far apart");
	}
	if (d->log && d->low <= 0) {
		return fail(name, v, err, "a logarithmic range must begin above 0");
	}
	return 0;
}

static int uniform(struct guild_arena *a, const char *name, const struct guild_value *v,
	const struct guild_value *args, struct guild_dim *d, struct guild_error *err)
{
	const struct guild_value *low = args->items[0];
	const struct guild_value *high = args->items[1];
	if (!guild_value_is_number(low) || !guild_value_is_number(high)) {
		take_choices(a, args, 2, d);
		return 0;
	}
	d->kind = is_whole(low) && is_whole(high) ? GUILD_DIM_INT : GUILD_DIM_REAL;
	d->low = guild_value_as_f64(low);
	d->high = guild_value_as_f64(high);
	return check_bounds(name, v, d, err);
}

static int logarithmic(const char *name, const struct guild_value *v,
	const struct guild_value *args, enum guild_dim_kind kind, struct guild_dim *d,
	struct guild_error *err)
{
	const struct guild_value *low = args->items[0];
	const struct guild_value *high = args->items[1];
	if (!guild_value_is_number(low) || !guild_value_is_number(high)) {
		return fail(name, v, err, "both ends must be numbers");
	}
	if (kind == GUILD_DIM_INT && !(is_whole(low) && is_whole(high))) {
		return fail(name, v, err, "both ends must be whole numbers");
	}
	d->kind = kind;
	d->log = true;
	d->low = guild_value_as_f64(low);
	d->high = guild_value_as_f64(high);
	return check_bounds(name, v, d, err);
}

static int fail_function(const char *name, const char *function, struct guild_error *err)
{
	static const char *const names[] = {"geomspace", "linspace", "logint", "logspace",
		"loguniform", "range", "uniform", NULL};
	guild_error_set(err, GUILD_EINVALID, "unknown function '%s' used for flag '%s'", function,
		name);
	const char *near = guild_nearest(function, names);
	if (near) {
		guild_error_hint(err, "did you mean '%s'?", near);
	} else {
		guild_error_hint(err, "functions are uniform[LOW:HIGH], loguniform[LOW:HIGH], "
				      "logint[LOW:HIGH]");
	}
	return GUILD_EINVALID;
}

int search_function_dim(struct guild_arena *a, const char *name, const struct guild_value *v,
	struct guild_dim *out, struct guild_error *err)
{
	struct guild_flag_function f;
	struct guild_dim d = {.name = name, .parent = GUILD_DIM_ALWAYS};
	int rc;
	if (v->type == GUILD_LIST) {
		take_choices(a, v, v->n, &d);
		*out = d;
		return v->n > 0 ? 0 : fail(name, v, err, "the list has no values");
	}
	if (!guild_flag_is_function(a, v, &f)) {
		return fail(name, v, err, "this is no range and no list");
	}
	bool is_uniform = !*f.name || strcmp(f.name, "uniform") == 0;
	bool is_log = strcmp(f.name, "loguniform") == 0 || strcmp(f.name, "log-uniform") == 0;
	bool is_logint = strcmp(f.name, "logint") == 0;
	if (!is_uniform && !is_log && !is_logint) {
		return fail_function(name, f.name, err);
	}
	if (f.args->n < 2 || f.args->n > 3) {
		return fail(name, v, err, "expected LOW:HIGH or LOW:HIGH:INITIAL");
	}
	rc = is_uniform ? uniform(a, name, v, f.args, &d, err)
			: logarithmic(name, v, f.args, is_log ? GUILD_DIM_REAL : GUILD_DIM_INT, &d,
				  err);
	if (rc == 0) {
		d.initial = f.args->n == 3 ? f.args->items[2] : NULL;
		*out = d;
	}
	return rc;
}

/* ---- draws -------------------------------------------------------------------------------------------------------- */

/* Evenly among whole numbers from 0 to `last`: the smallest mask of ones that covers it, and what is too large is drawn again. */
static uint64_t masked(struct guild_mt19937 *mt, uint64_t last)
{
	uint64_t mask = last;
	for (unsigned shift = 1; shift < 64; shift *= 2) {
		mask |= mask >> shift;
	}
	for (;;) {
		uint64_t r = guild_mt19937_next(mt);
		if (mask > UINT32_MAX) {
			r = r << 32 | guild_mt19937_next(mt);
		}
		if ((r & mask) <= last) {
			return last == 0 ? 0 : r & mask;
		}
	}
}

void search_draw_skip(struct guild_mt19937 *mt)
{
	(void)masked(mt, INT32_MAX - 1);
}

double search_draw(struct guild_mt19937 *mt, const struct guild_dim *d)
{
	if (d->kind == GUILD_DIM_INT && !d->log) {
		double last = d->high - d->low;
		return last > 0 ? d->low + (double)masked(mt, (uint64_t)last) : d->low;
	}
	double u = guild_mt19937_unit(mt);
	if (d->kind == GUILD_DIM_CATEGORICAL) {
		double n = (double)d->n_choices;
		double i = 0;
		while (i + 1 < n && (i + 1) / n < u) {
			i++;
		}
		return i;
	}
	if (d->kind == GUILD_DIM_INT) {
		return search_dim_from_unit(d, u);
	}
	if (d->log) {
		double width = log10(d->high) - log10(d->low);
		double x = pow(10, log10(d->low) + nextafter(width, INFINITY) * u);
		return fmin(fmax(x, d->low), d->high);
	}
	return fmin(d->low + nextafter(d->high - d->low, INFINITY) * u, d->high);
}
