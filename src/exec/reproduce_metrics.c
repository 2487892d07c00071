/* Level metrics of a reproduction: every scalar of both runs, step by step, within a tolerance. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reproduce.h"

#define USUAL_TOLERANCE 1e-6

/* ---- tolerances ----------------------------------------------------------------------------------------------------- */

/* "loss=1e-3", "time*=inf" */
static bool parse_tolerance(const char *text, size_t *n_name, double *out)
{
	const char *equals = strrchr(text, '=');
	*n_name = equals ? (size_t)(equals - text) : 0;
	return *n_name > 0 && guild_parse_f64(equals + 1, strlen(equals + 1), out) && *out >= 0;
}

int guild_reproduce_check_tolerances(const struct guild_reproduce_request *req,
	struct guild_error *err)
{
	for (size_t i = 0; i < req->tolerances.n; i++) {
		size_t n;
		double value;
		if (!parse_tolerance(req->tolerances.v[i], &n, &value)) {
			guild_error_set(err, GUILD_EINVALID, "invalid tolerance '%s'",
				req->tolerances.v[i]);
			guild_error_hint(err, "give a number from 0 on (1e-6), or METRIC=NUMBER");
			return GUILD_EINVALID;
		}
	}
	return 0;
}

static double tolerance_of(const struct guild_reproduce_request *req, const char *key)
{
	double found = req->tolerance >= 0 ? req->tolerance : USUAL_TOLERANCE;
	for (size_t i = 0; i < req->tolerances.n; i++) {
		size_t n;
		double value;
		if (parse_tolerance(req->tolerances.v[i], &n, &value)) {
			char *pattern = guild_strndup(req->tolerances.v[i], n);
			found = guild_fnmatch(pattern, key) ? value : found;
			free(pattern);
		}
	}
	return found;
}

/* How far apart two values are, in units of the larger one where that is above 1. */
static double distance(double a, double b)
{
	if (isnan(a) || isnan(b)) {
		return isnan(a) && isnan(b) ? 0 : INFINITY;
	}
	if (isinf(a) || isinf(b)) {
		return a == b ? 0 : INFINITY;
	}
	return fabs(a - b) / fmax(1, fmax(fabs(a), fabs(b)));
}

/* ---- one scalar -------------------------------------------------------------------------------------------------------- */

struct worst {
	double distance, before, after;
	int64_t step;
	size_t n_different, n_missing, n_new, n_compared;
};

static void compare_point(struct worst *w, double tolerance, const struct guild_scalar_point *a,
	const struct guild_scalar_point *b)
{
	double d = distance(a->value, b->value);
	w->n_compared++;
	if (d > tolerance) {
		w->n_different++;
	}
	if (d > w->distance) {
		w->distance = d;
		w->before = a->value;
		w->after = b->value;
		w->step = a->step;
	}
}

static struct worst compare_series(const struct guild_scalar_series *a,
	const struct guild_scalar_series *b, bool final_only, double tolerance)
{
	struct worst w = {0};
	if (final_only) {
		compare_point(&w, tolerance, &a->v[a->n - 1], &b->v[b->n - 1]);
		return w;
	}
	for (size_t i = 0, k = 0; i < a->n || k < b->n;) {
		bool has_both = i < a->n && k < b->n;
		if (has_both && a->v[i].step == b->v[k].step) {
			compare_point(&w, tolerance, &a->v[i++], &b->v[k++]);
		} else if (k == b->n || (i < a->n && a->v[i].step < b->v[k].step)) {
			w.n_missing++;
			i++;
		} else {
			w.n_new++;
			k++;
		}
	}
	return w;
}

static const char *number(struct guild_arena *a, double v)
{
	/* Event files hold single precision: more digits would say nothing. */
	double single = (double)(float)v;
	char text[GUILD_F64_MAX];
	if (single == v) {
		return guild_arena_format(a, "%.9g", v);
	}
	guild_f64_repr(v, text);
	return guild_arena_strdup(a, text);
}

static void tell(struct guild_reproducing *p, const char *key, const struct worst *w)
{
	const enum guild_reproduce_level l = GUILD_REPRODUCE_METRICS;
	struct guild_arena *a = p->a;
	if (w->n_missing + w->n_new > 0) {
		size_t before = w->n_compared + w->n_missing;
		size_t after = w->n_compared + w->n_new;
		guild_reproduce_find(p, l, key, "has values at other steps",
			guild_arena_format(a, "%zu value%s", before, before == 1 ? "" : "s"),
			guild_arena_format(a, "%zu value%s", after, after == 1 ? "" : "s"));
	}
	if (w->n_different > 0) {
		const char *what =
			guild_arena_format(a, "differs at %zu of %zu steps, most at step %lld",
				w->n_different, w->n_compared, (long long)w->step);
		guild_reproduce_find(p, l, key, what, number(a, w->before), number(a, w->after));
	}
}

/* ---- all of them ------------------------------------------------------------------------------------------------------- */

static const char *key_of(struct guild_arena *a, const struct guild_scalar_series *s)
{
	struct guild_scalar_summary like = {.prefix = s->prefix, .tag = s->tag};
	struct guild_buf b = {0};
	guild_scalar_key(&like, &b);
	const char *key = guild_arena_strdup(a, guild_buf_cstr(&b));
	guild_buf_fini(&b);
	return key;
}

static const struct guild_scalar_series *find_exactly(const struct guild_series *all,
	const struct guild_scalar_series *like)
{
	for (size_t i = 0; i < all->n; i++) {
		if (strcmp(all->v[i].prefix, like->prefix) == 0 &&
			strcmp(all->v[i].tag, like->tag) == 0) {
			return &all->v[i];
		}
	}
	return NULL;
}

/* The one scalar of that tag whose directory the other run does not have; NULL: none, or several. */
static const struct guild_scalar_series *find_alone(const struct guild_series *all,
	const struct guild_series *others, const char *tag)
{
	const struct guild_scalar_series *found = NULL;
	for (size_t i = 0; i < all->n; i++) {
		if (strcmp(all->v[i].tag, tag) == 0 && !find_exactly(others, &all->v[i])) {
			if (found) {
				return NULL;
			}
			found = &all->v[i];
		}
	}
	return found;
}

/* The same scalar of the other run. Programs name directories of event files by the time of day: what is alone in each is the same. */
static const struct guild_scalar_series *find_like(const struct guild_series *others,
	const struct guild_series *mine, const struct guild_scalar_series *like)
{
	const struct guild_scalar_series *found = find_exactly(others, like);
	if (!found && find_alone(mine, others, like->tag) == like) {
		found = find_alone(others, mine, like->tag);
	}
	return found;
}

static bool is_compared(const struct guild_reproducing *p, const struct guild_scalar_series *s,
	const char *key)
{
	struct guild_scalar_summary like = {.prefix = s->prefix, .tag = s->tag};
	return s->n > 0 && !guild_scalar_is_system(&like) && !isinf(tolerance_of(p->req, key));
}

struct counts {
	size_t n_scalars, n_values;
};

static void compare_all(struct guild_reproducing *p, const struct guild_series *then,
	const struct guild_series *now, struct counts *n)
{
	const enum guild_reproduce_level l = GUILD_REPRODUCE_METRICS;
	for (size_t i = 0; i < then->n; i++) {
		const struct guild_scalar_series *a = &then->v[i];
		const struct guild_scalar_series *b = find_like(now, then, a);
		const char *key = key_of(p->a, a);
		if (!is_compared(p, a, key)) {
			continue;
		}
		n->n_scalars++;
		if (!b || b->n == 0) {
			guild_reproduce_find(p, l, key, "was not written again", NULL, NULL);
			continue;
		}
		struct worst w =
			compare_series(a, b, p->req->final_only, tolerance_of(p->req, key));
		n->n_values += w.n_compared;
		tell(p, key, &w);
	}
	for (size_t i = 0; i < now->n; i++) {
		const char *key = key_of(p->a, &now->v[i]);
		if (is_compared(p, &now->v[i], key) && !find_like(then, now, &now->v[i])) {
			n->n_scalars++;
			guild_reproduce_find(p, l, key, "is new", NULL, NULL);
		}
	}
}

int guild_reproduce_check_metrics(struct guild_reproducing *p, struct guild_error *err)
{
	const enum guild_reproduce_level l = GUILD_REPRODUCE_METRICS;
	struct guild_series then = {0};
	struct guild_series now = {0};
	struct counts n = {0};
	int rc = guild_series_read(p->req->run, p->a, &then, p->world.log, err);
	rc = rc ? rc : guild_series_read(&p->made, p->a, &now, p->world.log, err);
	if (rc != 0) {
		return rc;
	}
	compare_all(p, &then, &now, &n);
	if (guild_reproduce_count(guild_reproduce_check_of(p, l)) > 0) {
		guild_reproduce_conclude(p, l, GUILD_REPRODUCE_DIFFERS, "%zu scalar%s, %zu value%s",
			n.n_scalars, n.n_scalars == 1 ? "" : "s", n.n_values,
			n.n_values == 1 ? "" : "s");
	} else if (n.n_scalars == 0) {
		guild_reproduce_conclude(p, l, GUILD_REPRODUCE_UNKNOWN, "the run has no scalars");
	} else {
		guild_reproduce_conclude(p, l, GUILD_REPRODUCE_SAME,
			"%zu scalar%s, %zu value%s within %s", n.n_scalars,
			n.n_scalars == 1 ? "" : "s", n.n_values, n.n_values == 1 ? "" : "s",
			p->req->tolerances.n > 0
				? "their tolerances"
				: number(p->a, p->req->tolerance >= 0 ? p->req->tolerance
								      : USUAL_TOLERANCE));
	}
	return 0;
}
