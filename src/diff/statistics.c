/* Ranks, correlations, confidence intervals, associations. */

#include "statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct ranked {
	double v;
	size_t at;
};

static int by_value(const void *x, const void *y)
{
	const struct ranked *a = x, *b = y;

	return (a->v > b->v) - (a->v < b->v);
}

void guild_stat_ranks(const double *v, size_t n, double *ranks)
{
	struct ranked *r = guild_alloc((n + 1) * sizeof(*r));

	for (size_t i = 0; i < n; i++) {
		r[i] = (struct ranked){v[i], i};
	}
	if (n > 1) {
		qsort(r, n, sizeof(*r), by_value);
	}
	for (size_t i = 0; i < n;) {
		size_t j = i;

		while (j < n && r[j].v == r[i].v) {
			j++;
		}
		for (size_t k = i; k < j; k++) {
			ranks[r[k].at] = (double)(i + j + 1) / 2;
		}
		i = j;
	}
	free(r);
}

double guild_stat_mean(const double *v, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		sum += v[i];
	}
	return n > 0 ? sum / (double)n : NAN;
}

double guild_stat_variance(const double *v, size_t n)
{
	double mean = guild_stat_mean(v, n), sum = 0;

	for (size_t i = 0; i < n; i++) {
		sum += (v[i] - mean) * (v[i] - mean);
	}
	return n > 1 ? sum / (double)(n - 1) : NAN;
}

double guild_stat_correlation(const double *x, const double *y, size_t n)
{
	double mx = guild_stat_mean(x, n), my = guild_stat_mean(y, n);
	double xx = 0, yy = 0, xy = 0;

	for (size_t i = 0; i < n; i++) {
		xx += (x[i] - mx) * (x[i] - mx);
		yy += (y[i] - my) * (y[i] - my);
		xy += (x[i] - mx) * (y[i] - my);
	}
	if (n < 2 || xx == 0 || yy == 0) {
		return NAN;
	}
	double r = xy / (sqrt(xx) * sqrt(yy));

	return fmax(-1, fmin(1, r));
}

/* ---- Student's t -------------------------------------------------------------------------------------------- */

/* The continued fraction of the incomplete beta function, by Lentz's method (Abramowitz and Stegun 26.5.8). */
static double beta_fraction(double a, double b, double x)
{
	const double tiny = 1e-300;
	double c = 1, d = 1 - (a + b) * x / (a + 1);

	d = 1 / (fabs(d) < tiny ? tiny : d);
	double value = d;

	for (int m = 1; m < 500; m++) {
		double steps[] = {m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
			-(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))};
		double before = value;

		for (int i = 0; i < 2; i++) {
			d = 1 + steps[i] * d;
			c = 1 + steps[i] / c;
			d = 1 / (fabs(d) < tiny ? tiny : d);
			c = fabs(c) < tiny ? tiny : c;
			value *= c * d;
		}
		if (fabs(value - before) <= 1e-16 * fabs(value)) {
			break;
		}
	}
	return value;
}

/* The regularised incomplete beta function. */
static double beta_share(double a, double b, double x)
{
	if (x <= 0 || x >= 1) {
		return x <= 0 ? 0 : 1;
	}
	double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));

	return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a
					 : 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double guild_stat_t_limit(double p, double degrees)
{
	double low = 0, high = 1;

	/* |t| exceeds x with probability I(degrees / (degrees + x * x)). */
	while (beta_share(degrees / 2, 0.5, degrees / (degrees + high * high)) > p && high < 1e12) {
		high *= 2;
	}
	for (int i = 0; i < 200; i++) {
		double x = (low + high) / 2;

		if (beta_share(degrees / 2, 0.5, degrees / (degrees + x * x)) > p) {
			low = x;
		} else {
			high = x;
		}
	}
	return high;
}

bool guild_stat_welch(const double *a, size_t n_a, const double *b, size_t n_b, double *low,
	double *high)
{
	if (n_a < 2 || n_b < 2) {
		return false;
	}
	double by = guild_stat_mean(b, n_b) - guild_stat_mean(a, n_a);
	double x = guild_stat_variance(a, n_a) / (double)n_a;
	double y = guild_stat_variance(b, n_b) / (double)n_b;

	if (!(x + y > 0)) {
		return false;
	}
	double degrees =
		(x + y) * (x + y) / (x * x / (double)(n_a - 1) + y * y / (double)(n_b - 1));
	double half = guild_stat_t_limit(0.05, degrees) * sqrt(x + y);

	*low = by - half;
	*high = by + half;
	return true;
}

/* ---- associations --------------------------------------------------------------------------------------------- */

static double *count_labels(const size_t *labels, size_t n_labels, size_t n)
{
	double *counts = guild_alloc((n_labels + 1) * sizeof(*counts));

	for (size_t i = 0; i < n; i++) {
		counts[labels[i]]++;
	}
	return counts;
}

struct label_pair {
	size_t a, b;
};

static int by_labels(const void *x, const void *y)
{
	const struct label_pair *p = x, *q = y;

	return p->a != q->a ? (p->a > q->a) - (p->a < q->a) : (p->b > q->b) - (p->b < q->b);
}

/* Chi squared of two labellings: the sum of O^2 / E over the pairs of labels that occur, less n. There may be as many labels as runs,
 * and no room for all of their pairs. */
static double chi_squared(const size_t *a, size_t n_labels_a, const size_t *b, size_t n_labels_b,
	size_t n)
{
	double *rows = count_labels(a, n_labels_a, n);
	double *cols = count_labels(b, n_labels_b, n);
	struct label_pair *pairs = guild_alloc((n + 1) * sizeof(*pairs));
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		pairs[i] = (struct label_pair){a[i], b[i]};
	}
	if (n > 1) {
		qsort(pairs, n, sizeof(*pairs), by_labels);
	}
	for (size_t i = 0; i < n;) {
		size_t j = i;

		while (j < n && by_labels(&pairs[i], &pairs[j]) == 0) {
			j++;
		}
		double seen = (double)(j - i);

		sum += seen * seen * (double)n / (rows[pairs[i].a] * cols[pairs[i].b]);
		i = j;
	}
	free(rows);
	free(cols);
	free(pairs);
	return sum - (double)n;
}

double guild_stat_labels_alike(const size_t *a, size_t n_labels_a, const size_t *b,
	size_t n_labels_b, size_t n)
{
	double r = (double)n_labels_a, k = (double)n_labels_b, total = (double)n;

	if (n < 2) {
		return 0;
	}
	double chi2 = chi_squared(a, n_labels_a, b, n_labels_b, n);
	double phi2 = fmax(0, chi2 / total - (k - 1) * (r - 1) / (total - 1));
	double fair_r = r - (r - 1) * (r - 1) / (total - 1);
	double fair_k = k - (k - 1) * (k - 1) / (total - 1);
	double least = fmin(fair_r, fair_k) - 1;

	return least > 1e-9 ? fmin(1, sqrt(phi2 / least)) : 0;
}

/* The sum over groups of (sum of y)^2 / n. */
static double between(const size_t *labels, size_t n_labels, const double *y, size_t n,
	double *sums, const double *counts)
{
	double total = 0;

	memset(sums, 0, n_labels * sizeof(*sums));
	for (size_t i = 0; i < n; i++) {
		sums[labels[i]] += y[i];
	}
	for (size_t g = 0; g < n_labels; g++) {
		total += counts[g] > 0 ? sums[g] * sums[g] / counts[g] : 0;
	}
	return total;
}

double guild_stat_labels_tell(const size_t *labels, size_t n_labels, const double *ranks, size_t n)
{
	double *counts = count_labels(labels, n_labels, n);
	double *sums = guild_alloc((n_labels + 1) * sizeof(*sums));
	double total = (double)n, mean = guild_stat_mean(ranks, n);
	double all = guild_stat_variance(ranks, n) * (total - 1);
	double groups = between(labels, n_labels, ranks, n, sums, counts) - total * mean * mean;

	free(counts);
	free(sums);
	if (n <= n_labels || !(all > 0)) {
		return 0;
	}
	double eta2 = groups / all;
	double epsilon2 = 1 - (1 - eta2) * (total - 1) / (total - (double)n_labels);

	return sqrt(fmax(0, fmin(1, epsilon2)));
}

/* ---- permutations ------------------------------------------------------------------------------------------------ */

/* S. Vigna's splitmix64. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15U);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
	return z ^ (z >> 31);
}

static void shuffle(double *v, size_t n, uint64_t *state)
{
	for (size_t i = n; i > 1; i--) {
		/* The high half of the product: no bias that could be seen for counts of runs. */
		size_t j = (size_t)(((unsigned __int128)next_random(state) * i) >> 64);
		double t = v[i - 1];

		v[i - 1] = v[j];
		v[j] = t;
	}
}

static void shuffle_blocks(double *v, size_t n, const struct guild_stat_permutations *by,
	uint64_t *state)
{
	size_t at = 0;

	for (size_t i = 0; i < by->n_blocks; i++) {
		shuffle(v + at, by->blocks[i], state);
		at += by->blocks[i];
	}
	if (by->n_blocks == 0) {
		shuffle(v, n, state);
	}
}

/* Around the mean of each block, so that differences are not lost to rounding. The caller frees. */
static double *center(const double *v, size_t n, const struct guild_stat_permutations *by)
{
	double *out = guild_alloc((n + 1) * sizeof(*out));
	size_t n_blocks = by->n_blocks > 0 ? by->n_blocks : 1;
	size_t from = 0;

	for (size_t b = 0; b < n_blocks; b++) {
		size_t size = by->n_blocks > 0 ? by->blocks[b] : n;
		double mean = guild_stat_mean(v + from, size);

		for (size_t i = from; i < from + size; i++) {
			out[i] = v[i] - mean;
		}
		from += size;
	}
	return out;
}

typedef double statistic_fn(const void *arg, const double *y, size_t n);

static double permute(statistic_fn *statistic, const void *arg, const double *y, size_t n,
	const struct guild_stat_permutations *by)
{
	double *order = guild_alloc((n + 1) * sizeof(*order));
	double seen = statistic(arg, y, n);
	/* What differs by rounding alone is as large. */
	double limit = seen - 1e-9 * fabs(seen);
	uint64_t state = by->seed;
	size_t n_large = 0, done = 0;

	memcpy(order, y, n * sizeof(*order));
	while (done < by->n && n_large < GUILD_STAT_ENOUGH) {
		shuffle_blocks(order, n, by, &state);
		n_large += statistic(arg, order, n) >= limit;
		done++;
	}
	free(order);
	return n_large < GUILD_STAT_ENOUGH ? (double)(n_large + 1) / (double)(done + 1)
					   : (double)n_large / (double)done;
}

static double correlate(const void *arg, const double *y, size_t n)
{
	const double *x = arg;
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		sum += x[i] * y[i];
	}
	return fabs(sum);
}

double guild_stat_p_correlation(const double *x_ranks, const double *y_ranks, size_t n,
	const struct guild_stat_permutations *by)
{
	double *x = center(x_ranks, n, by);
	double *y = center(y_ranks, n, by);
	double p = permute(correlate, x, y, n, by);

	free(x);
	free(y);
	return p;
}

struct grouped {
	const size_t *labels;
	size_t n_labels;
	double *sums;
	const double *counts;
};

static double spread(const void *arg, const double *y, size_t n)
{
	const struct grouped *g = arg;

	return between(g->labels, g->n_labels, y, n, g->sums, g->counts);
}

double guild_stat_p_groups(const size_t *labels, size_t n_labels, const double *y, size_t n,
	const struct guild_stat_permutations *by)
{
	double *counts = count_labels(labels, n_labels, n);
	double *centered = center(y, n, by);
	struct grouped g = {labels, n_labels, guild_alloc((n_labels + 1) * sizeof(double)), counts};

	double p = permute(spread, &g, centered, n, by);

	free(counts);
	free(centered);
	free(g.sums);
	return p;
}

/* ---- many p-values ------------------------------------------------------------------------------------------------ */

void guild_stat_adjust(const double *p, size_t n, double *q)
{
	struct ranked *r = guild_alloc((n + 1) * sizeof(*r));
	size_t m = 0;
	double least = 1;

	for (size_t i = 0; i < n; i++) {
		q[i] = NAN;
		if (!isnan(p[i])) {
			r[m++] = (struct ranked){p[i], i};
		}
	}
	if (m > 1) {
		qsort(r, m, sizeof(*r), by_value);
	}
	for (size_t i = m; i > 0; i--) {
		least = fmin(least, r[i - 1].v * (double)m / (double)i);
		q[r[i - 1].at] = least;
	}
	free(r);
}
