/* Limited-memory BFGS with bounds, by projection.
 *
 * As R. H. Byrd, P. Lu, J. Nocedal, C. Zhu, "A limited memory algorithm for bound constrained optimization", SIAM J. Sci. Comput. 16 (1995), but
 * with the active set of D. P. Bertsekas, "Projected Newton methods", SIAM J. Control Optim. 20 (1982) instead of the Cauchy point: variables
 * at a bound that the gradient pushes outwards stay, the others move by the two-loop recursion, and the path is bent at the bounds. */

#include "lbfgsb.h"

#include <guild/base.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { MEMORY = 8, LINE_TRIES = 20 };

struct descent {
	const struct search_descent *set;
	size_t n_calls;
	double *x, *g;         /* where we are */
	double *next, *next_g; /* where we try */
	double *direction;
	bool *is_held;
	double *s[MEMORY], *y[MEMORY]; /* steps, and how the gradient changed: newest last */
	size_t n_pairs;
	double *block;
};

static double call(struct descent *d, const double *x, double *g)
{
	d->n_calls++;
	return d->set->function(d->set->arg, x, g);
}

static void allocate(struct descent *d)
{
	size_t n = d->set->n;
	d->block = guild_alloc((n + 1) * (4 + 2 * MEMORY) * sizeof(*d->block));
	double *p = d->block;
	double **parts[] = {&d->g, &d->next, &d->next_g, &d->direction};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(parts); i++, p += n) {
		*parts[i] = p;
	}
	for (size_t k = 0; k < MEMORY; k++, p += 2 * n) {
		d->s[k] = p;
		d->y[k] = p + n;
	}
	d->is_held = guild_alloc(n + 1);
}

/* The largest component of the gradient that can be followed. */
static double find_held(struct descent *d)
{
	double most = 0;
	for (size_t i = 0; i < d->set->n; i++) {
		d->is_held[i] = (d->x[i] <= d->set->low[i] && d->g[i] > 0) ||
				(d->x[i] >= d->set->high[i] && d->g[i] < 0);
		if (!d->is_held[i]) {
			most = fmax(most, fabs(d->g[i]));
		}
	}
	return most;
}

static double dot_free(const struct descent *d, const double *a, const double *b)
{
	double sum = 0;
	for (size_t i = 0; i < d->set->n; i++) {
		sum += d->is_held[i] ? 0 : a[i] * b[i];
	}
	return sum;
}

static void add_scaled(const struct descent *d, double scale, const double *a, double *b)
{
	for (size_t i = 0; i < d->set->n; i++) {
		b[i] += d->is_held[i] ? 0 : scale * a[i];
	}
}

static void take_steepest(struct descent *d)
{
	for (size_t i = 0; i < d->set->n; i++) {
		d->direction[i] = d->is_held[i] ? 0 : -d->g[i];
	}
}

/* The two-loop recursion over the free variables; returns the slope along the direction. */
static double find_direction(struct descent *d)
{
	double a[MEMORY] = {0};
	double rho[MEMORY] = {0};
	double scale = 0;
	take_steepest(d);
	for (size_t k = d->n_pairs; k-- > 0;) {
		double sy = dot_free(d, d->s[k], d->y[k]);
		double yy = dot_free(d, d->y[k], d->y[k]);
		if (sy > 1e-12 * yy && yy > 0) {
			rho[k] = 1 / sy;
			a[k] = rho[k] * dot_free(d, d->s[k], d->direction);
			add_scaled(d, -a[k], d->y[k], d->direction);
			scale = scale > 0 ? scale : sy / yy;
		}
	}
	for (size_t i = 0; i < d->set->n && scale > 0; i++) {
		d->direction[i] *= scale;
	}
	for (size_t k = 0; k < d->n_pairs; k++) {
		if (rho[k] > 0) {
			double b = rho[k] * dot_free(d, d->y[k], d->direction);
			add_scaled(d, a[k] - b, d->s[k], d->direction);
		}
	}
	double slope = dot_free(d, d->g, d->direction);
	if (!(slope < 0) || scale <= 0) {
		take_steepest(d);
		slope = dot_free(d, d->g, d->direction);
		double length = sqrt(fmax(-slope, 0));
		double shrink = length > 1 ? 1 / length : 1;
		for (size_t i = 0; i < d->set->n; i++) {
			d->direction[i] *= shrink;
		}
		slope *= shrink;
	}
	return slope;
}

/* Tries ever shorter steps. False: nothing better was found. */
static bool search_line(struct descent *d, double slope, double value, double *next_value)
{
	const struct search_descent *set = d->set;
	double t = 1;
	for (size_t k = 0; k < LINE_TRIES && d->n_calls < set->max_calls; k++) {
		double expected = 0;
		bool has_moved = false;
		for (size_t i = 0; i < set->n; i++) {
			d->next[i] = fmin(fmax(d->x[i] + t * d->direction[i], set->low[i]),
				set->high[i]);
			expected += d->g[i] * (d->next[i] - d->x[i]);
			has_moved = has_moved || d->next[i] != d->x[i];
		}
		if (!has_moved) {
			return false;
		}
		*next_value = call(d, d->next, d->next_g);
		if (isfinite(*next_value) && *next_value <= value + 1e-4 * expected) {
			return true;
		}
		/* The minimum of the parabola through what is known. */
		double bend = *next_value - value - t * slope;
		double better = isfinite(bend) && bend > 0 ? -slope * t * t / (2 * bend) : 0.1 * t;
		t = fmin(fmax(better, 0.1 * t), 0.5 * t);
	}
	return false;
}

static void remember(struct descent *d)
{
	size_t n = d->set->n;
	double sy = 0;
	double yy = 0;
	double *s = d->s[0];
	double *y = d->y[0];
	if (d->n_pairs == MEMORY) {
		memmove(&d->s[0], &d->s[1], (MEMORY - 1) * sizeof(*d->s));
		memmove(&d->y[0], &d->y[1], (MEMORY - 1) * sizeof(*d->y));
		d->s[MEMORY - 1] = s;
		d->y[MEMORY - 1] = y;
		d->n_pairs--;
	}
	s = d->s[d->n_pairs];
	y = d->y[d->n_pairs];
	for (size_t i = 0; i < n; i++) {
		s[i] = d->next[i] - d->x[i];
		y[i] = d->next_g[i] - d->g[i];
		sy += s[i] * y[i];
		yy += y[i] * y[i];
	}
	d->n_pairs += sy > 1e-10 * yy;
	memcpy(d->x, d->next, n * sizeof(*d->x));
	memcpy(d->g, d->next_g, n * sizeof(*d->g));
}

double search_descend(const struct search_descent *set, double *x)
{
	struct descent d = {.set = set, .x = x};
	allocate(&d);
	for (size_t i = 0; i < set->n; i++) {
		x[i] = fmin(fmax(x[i], set->low[i]), set->high[i]);
	}
	double value = call(&d, x, d.g);
	while (isfinite(value) && d.n_calls < set->max_calls) {
		double next_value = value;
		if (find_held(&d) <= set->gradient_below) {
			break;
		}
		double slope = find_direction(&d);
		if (!search_line(&d, slope, value, &next_value)) {
			if (d.n_pairs == 0) {
				break;
			}
			d.n_pairs = 0; /* once more, straight down */
			continue;
		}
		double gain = value - next_value;
		remember(&d);
		value = next_value;
		if (gain <= set->improvement_below * fmax(fabs(value), 1)) {
			break;
		}
	}
	free(d.block);
	free(d.is_held);
	return value;
}
