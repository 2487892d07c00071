/* Points of a space as features of a Gaussian process. */

#include "gp_space.h"

#include <math.h>
#include <stdlib.h>

/* The ranks of choices that are different numbers; equal numbers of other types share one. */
static double *find_ranks(const struct guild_dim *d)
{
	size_t n = d->n_choices;
	if (d->kind != GUILD_DIM_CATEGORICAL || n < 3) {
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		if (!guild_value_is_number(d->choices[i])) {
			return NULL;
		}
	}
	double *rank = guild_alloc(n * sizeof(*rank));
	for (size_t i = 0; i < n; i++) {
		double x = guild_value_as_f64(d->choices[i]);
		size_t below = 0;
		for (size_t k = 0; k < n; k++) {
			below += guild_value_as_f64(d->choices[k]) < x;
		}
		rank[i] = (double)below / (double)(n - 1);
	}
	return rank;
}

void gp_features_init(struct gp_features *f, const struct guild_space *s)
{
	*f = (struct gp_features){0};
	f->is_category = guild_alloc(2 * s->n + 1);
	f->dim = guild_alloc((2 * s->n + 1) * sizeof(*f->dim));
	f->rank = guild_alloc((s->n + 1) * sizeof(*f->rank));
	for (size_t i = 0; i < s->n; i++) {
		f->rank[i] = find_ranks(&s->v[i]);
		if (f->rank[i]) {
			f->dim[f->n++] = i;
		}
		f->is_category[f->n] = s->v[i].kind == GUILD_DIM_CATEGORICAL;
		f->dim[f->n++] = i;
	}
}

void gp_features_fini(struct gp_features *f, const struct guild_space *s)
{
	for (size_t i = 0; f->rank && i < s->n; i++) {
		free(f->rank[i]);
	}
	free(f->rank);
	free(f->is_category);
	free(f->dim);
	*f = (struct gp_features){0};
}

void gp_encode(const struct gp_features *f, const struct guild_space *s, const double *x,
	double *out, size_t stride)
{
	for (size_t k = 0; k < f->n; k++) {
		const struct guild_dim *d = &s->v[f->dim[k]];
		double at = x[f->dim[k]];
		if (f->is_category[k]) {
			out[k * stride] = isnan(at) ? -1 : at;
		} else if (f->rank[f->dim[k]]) {
			out[k * stride] = isnan(at) ? 0.5 : f->rank[f->dim[k]][(size_t)at];
		} else {
			out[k * stride] = search_dim_to_unit(d, at);
		}
	}
}
