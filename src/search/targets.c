/* What samplers are to make small: one finite number for each point that was told. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sampler.h"

static void swap(double *a, double *b)
{
	double t = *a;
	*a = *b;
	*b = t;
}

/* C. A. R. Hoare, "Find", CACM 4 (1961). */
double search_kth(double *v, size_t n, size_t k)
{
	ptrdiff_t at = (ptrdiff_t)k;
	ptrdiff_t low = 0;
	ptrdiff_t high = (ptrdiff_t)n - 1;
	while (low < high) {
		double pivot = v[at];
		ptrdiff_t i = low;
		ptrdiff_t j = high;
		while (i <= j) {
			while (v[i] < pivot) {
				i++;
			}
			while (pivot < v[j]) {
				j--;
			}
			if (i <= j) {
				swap(&v[i++], &v[j--]);
			}
		}
		low = j < at ? i : low;
		high = at < i ? j : high;
	}
	return v[k];
}

static bool is_known(const struct search_history *h, const struct search_point *p)
{
	for (size_t k = 0; k < h->n_objectives; k++) {
		if (!isfinite(p->y[k])) {
			return false;
		}
	}
	return true;
}

/* Weights of a random direction in the simplex. */
static void draw_weights(struct guild_mt19937 *mt, size_t n, double *w)
{
	double sum = 0;
	for (size_t k = 0; k < n; k++) {
		w[k] = -log(1.0 - guild_mt19937_unit(mt));
		sum += w[k];
	}
	for (size_t k = 0; k < n; k++) {
		w[k] = sum > 0 ? w[k] / sum : 1.0 / (double)n;
	}
}

struct scales {
	double low[GUILD_OBJECTIVES_MAX], width[GUILD_OBJECTIVES_MAX], weight[GUILD_OBJECTIVES_MAX];
};

static void find_scales(const struct search_history *h, struct guild_mt19937 *mt, struct scales *s)
{
	for (size_t k = 0; k < h->n_objectives; k++) {
		double low = INFINITY;
		double high = -INFINITY;
		for (size_t i = 0; i < h->n_told; i++) {
			const struct search_point *p = &h->v[h->told[i]];
			if (p->state == SEARCH_COMPLETE) {
				low = fmin(low, p->y[k]);
				high = fmax(high, p->y[k]);
			}
		}
		s->low[k] = low;
		s->width[k] = high > low ? high - low : 1;
	}
	draw_weights(mt, h->n_objectives, s->weight);
}

/* Several objectives as one (Knowles 2006, equation 2). */
static double scalar_of(const struct search_history *h, const struct scales *s, const double *y)
{
	const double rho = 0.05;
	double most = -INFINITY;
	double sum = 0;
	if (h->n_objectives == 1) {
		return y[0];
	}
	for (size_t k = 0; k < h->n_objectives; k++) {
		double f = s->weight[k] * (y[k] - s->low[k]) / s->width[k];
		most = fmax(most, f);
		sum += f;
	}
	return most + rho * sum;
}

void search_targets(const struct search_history *h, struct guild_mt19937 *mt, double *y)
{
	struct scales scales = {0};
	double *known = guild_alloc((h->n_told + 1) * sizeof(*known));
	size_t n_known = 0;
	memset(y, 0, h->n_told * sizeof(*y));
	if (h->n_objectives > 1) {
		find_scales(h, mt, &scales);
	}
	for (size_t i = 0; i < h->n_told; i++) {
		const struct search_point *p = &h->v[h->told[i]];
		if (p->state == SEARCH_COMPLETE && p->violation <= 0) {
			y[i] = scalar_of(h, &scales, p->y);
			known[n_known++] = y[i];
		}
	}
	double least = n_known > 0 ? known[0] : 0;
	double worst = least;
	for (size_t i = 0; i < n_known; i++) {
		least = fmin(least, known[i]);
		worst = fmax(worst, known[i]);
	}
	double median = n_known > 0 ? search_kth(known, n_known, n_known / 2) : 0;
	double step = n_known > 0 && worst > least ? 0.1 * (worst - median) : 1;
	step = step > 0 ? step : 0.1 * (worst - least);
	step = step > 0 ? step : 1;
	for (size_t i = 0; i < h->n_told; i++) {
		const struct search_point *p = &h->v[h->told[i]];
		if (p->state == SEARCH_FAILED) {
			y[i] = n_known > 0 ? worst + step : 0;
		} else if (p->violation > 0) {
			/* Bounded, so that one point far outside does not hide the others. */
			y[i] = worst + step * (1 + p->violation / (1 + p->violation));
		} else if (p->state == SEARCH_PRUNED) {
			double last = is_known(h, p) ? scalar_of(h, &scales, p->y) : worst;
			y[i] = n_known > 0 ? fmin(fmax(last, median), worst + step) : 0;
		}
	}
	free(known);
}
