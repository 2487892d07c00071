/* The objective between the runs, interpolated. */

#include "plot_private.h"

#include <math.h>
#include <stdlib.h>

/* Runs that lie as near to each other as this are one point: ten thousand runs cost no more than this many. */
enum { BINS = 64 };

struct sample {
	double x, y, sum, weight;
};

static size_t bin_of(double at)
{
	return (size_t)fmin(fmax(at * BINS, 0), BINS - 1);
}

/* Points with an objective, in units of the axes' spans. */
static size_t collect(const struct guild_plot *p, const struct plot_axis *x,
	const struct plot_axis *y, struct sample *bins)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++) {
		/* What a pruned trial came to is not what its flags come to. */
		if (isnan(x->v[i]) || isnan(y->v[i]) || isnan(plot_contender(p, i))) {
			continue;
		}
		double at_x = plot_axis_place(x, x->v[i]);
		double at_y = plot_axis_place(y, y->v[i]);
		struct sample *s = &bins[bin_of(at_y) * BINS + bin_of(at_x)];

		s->x += at_x;
		s->y += at_y;
		s->sum += fmin(fmax(p->objective.v[i], p->objective.low), p->objective.high);
		s->weight++;
	}
	for (size_t i = 0; i < (size_t)BINS * BINS; i++) {
		if (bins[i].weight > 0) {
			bins[n] = bins[i];
			bins[n].x /= bins[i].weight;
			bins[n].y /= bins[i].weight;
			bins[n++].sum /= bins[i].weight;
		}
	}
	return n;
}

/* The centre of the category that a place on the axis belongs to. */
static double snap(const struct plot_axis *axis, double at)
{
	if (axis->kind != PLOT_CATEGORIES) {
		return at;
	}
	double n = (double)axis->n_categories;

	return (fmin(floor(at * n), n - 1) + 0.5) / n;
}

/* Mean of the runs weighted by a Gaussian of their distance (Nadaraya and Watson 1964), which no single noisy run can bend far. Where
 * none is near, the nearest still counts: weights are relative to it. */
static double estimate(const struct sample *v, size_t n, double x, double y, double width)
{
	double nearest = INFINITY;
	double sum = 0;
	double weight = 0;

	for (size_t i = 0; i < n; i++) {
		double dx = v[i].x - x;
		double dy = v[i].y - y;

		nearest = fmin(nearest, dx * dx + dy * dy);
	}
	/* Wider where runs are few. */
	double scale = 2 * (width * width + nearest / 2);
	for (size_t i = 0; i < n; i++) {
		double dx = v[i].x - x;
		double dy = v[i].y - y;
		double w = v[i].weight * exp((nearest - dx * dx - dy * dy) / scale);

		sum += w * v[i].sum;
		weight += w;
	}
	return sum / weight;
}

double *plot_field(const struct guild_plot *p, const struct plot_axis *x, const struct plot_axis *y,
	size_t n_x, size_t n_y, struct guild_arena *a)
{
	double *field = guild_arena_alloc(a, n_x * n_y * sizeof(*field));
	struct sample *bins = guild_alloc((size_t)BINS * BINS * sizeof(*bins));
	size_t n = collect(p, x, y, bins);
	double width = fmax(0.02, 0.35 / sqrt((double)n));

	for (size_t j = 0; n > 0 && j < n_y; j++) {
		for (size_t i = 0; i < n_x; i++) {
			double at_x = snap(x, (double)i / (double)(n_x - 1));
			double at_y = snap(y, (double)j / (double)(n_y - 1));

			field[j * n_x + i] = estimate(bins, n, at_x, at_y, width);
		}
	}
	free(bins);
	return field;
}
