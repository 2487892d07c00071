/* Where a search is at home. */

#include "gp_region.h"

#include <math.h>
#include <stdlib.h>

static const double first_width = 0.8;
static const double least_width = 1.0 / 64;
static const double most_width = 1.6;

void gp_region_find(const struct search_history *h, const double *y, size_t n_start,
	struct gp_region *out)
{
	size_t n_good = 0;
	size_t n_bad = 0;
	size_t patience = h->space->n > 4 ? h->space->n : 4;
	*out = (struct gp_region){.width = first_width};
	for (size_t i = 0; i < h->n_told; i++) {
		bool is_better = i == 0 || y[i] < y[out->best];
		out->best = is_better ? i : out->best;
		out->n_stale = is_better ? 0 : out->n_stale + 1;
		if (i < n_start) {
			continue;
		}
		n_good = is_better ? n_good + 1 : 0;
		n_bad = is_better ? 0 : n_bad + 1;
		if (n_good == 3) {
			out->width = fmin(2 * out->width, most_width);
			n_good = 0;
		} else if (n_bad == patience) {
			out->width /= 2;
			n_bad = 0;
		}
		if (out->width < least_width) {
			out->width = first_width;
		}
	}
}

struct distance {
	double r;
	size_t at;
};

static int compare_distance(const void *a, const void *b)
{
	const struct distance *p = a;
	const struct distance *q = b;
	if (p->r != q->r) {
		return p->r < q->r ? -1 : 1;
	}
	return p->at < q->at ? -1 : p->at > q->at;
}

/* The largest difference of a number; another category is as far as the first width. */
static double distance_of(const struct guild_space *s, const double *x, const double *z)
{
	double most = 0;
	for (size_t i = 0; i < s->n; i++) {
		const struct guild_dim *d = &s->v[i];
		double gap = fabs(search_dim_to_unit(d, x[i]) - search_dim_to_unit(d, z[i]));
		if (d->kind == GUILD_DIM_CATEGORICAL) {
			gap = gap > 0 ? first_width / 2 : 0;
		}
		most = fmax(most, gap);
	}
	return most;
}

size_t gp_region_points(const struct search_history *h, const struct gp_region *r, size_t min,
	size_t max, size_t *out)
{
	struct distance *all = guild_alloc((h->n_told + 1) * sizeof(*all));
	const double *center = h->v[h->told[r->best]].x;
	size_t n = 0;
	for (size_t i = 0; i < h->n_told; i++) {
		all[i] = (struct distance){distance_of(h->space, h->v[h->told[i]].x, center), i};
	}
	qsort(all, h->n_told, sizeof(*all), compare_distance);
	while (n < h->n_told && n < max && (n < min || all[n].r <= 0.5 * r->width)) {
		out[n] = all[n].at;
		n++;
	}
	free(all);
	return n;
}
