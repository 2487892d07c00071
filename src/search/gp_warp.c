/* Targets made like those of a normal distribution. */

#include "gp_warp.h"

#include <guild/base.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 30 };

static int compare_f64(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static double yeo_johnson(double lambda, double z)
{
	if (z >= 0) {
		return fabs(lambda) < 1e-9 ? log1p(z) : expm1(lambda * log1p(z)) / lambda;
	}
	double mu = 2 - lambda;
	return fabs(mu) < 1e-9 ? -log1p(-z) : -expm1(mu * log1p(-z)) / mu;
}

/* Middle and a width that outliers do not change. */
static void find_scale(size_t n, const double *y, double *middle, double *width)
{
	double *sorted = guild_alloc(n * sizeof(*sorted));
	memcpy(sorted, y, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), compare_f64);
	*middle = sorted[n / 2];
	*width = (sorted[(3 * n) / 4] - sorted[n / 4]) / 1.35;
	if (!(*width > 1e-9 * (sorted[n - 1] - sorted[0]))) {
		*width = sorted[n - 1] - sorted[0];
	}
	if (!(*width > 1e-13 * fmax(fabs(sorted[0]), fabs(sorted[n - 1])))) {
		*width = 0; /* constant but for rounding */
	}
	free(sorted);
}

static void moments(size_t n, const double *z, double *mean, double *variance)
{
	double sum = 0;
	double square = 0;
	for (size_t i = 0; i < n; i++) {
		sum += z[i];
	}
	*mean = sum / (double)n;
	for (size_t i = 0; i < n; i++) {
		square += (z[i] - *mean) * (z[i] - *mean);
	}
	*variance = square / (double)n;
}

/* The logarithm of the likelihood as independent draws, but for a constant. */
static double likelihood(double lambda, size_t n, const double *z, double *work)
{
	double mean;
	double variance;
	double jacobian = 0;
	for (size_t i = 0; i < n; i++) {
		work[i] = yeo_johnson(lambda, z[i]);
		jacobian += (z[i] < 0 ? -1 : 1) * (lambda - 1) * log1p(fabs(z[i]));
	}
	moments(n, work, &mean, &variance);
	return jacobian - 0.5 * (double)n * log(variance + 1e-300);
}

double gp_warp_fit(size_t n, const double *y)
{
	const double golden = 0.61803398874989485;
	double low = -2;
	double high = 1;
	double middle;
	double width;
	if (n < 3) {
		return 1;
	}
	find_scale(n, y, &middle, &width);
	if (width <= 0) {
		return 1;
	}
	double *z = guild_alloc(2 * n * sizeof(*z));
	for (size_t i = 0; i < n; i++) {
		z[i] = (y[i] - middle) / width;
	}
	double a = high - golden * (high - low);
	double b = low + golden * (high - low);
	double at_a = likelihood(a, n, z, z + n);
	double at_b = likelihood(b, n, z, z + n);
	for (size_t k = 0; k < STEPS; k++) {
		if (at_a > at_b) {
			high = b;
			b = a;
			at_b = at_a;
			a = high - golden * (high - low);
			at_a = likelihood(a, n, z, z + n);
		} else {
			low = a;
			a = b;
			at_a = at_b;
			b = low + golden * (high - low);
			at_b = likelihood(b, n, z, z + n);
		}
	}
	free(z);
	return 0.5 * (low + high);
}

double gp_warp(double lambda, size_t n, const double *y, double *out, double *log_slope)
{
	double middle;
	double width;
	double mean;
	double variance;
	memset(out, 0, n * sizeof(*out));
	*log_slope = 0;
	find_scale(n, y, &middle, &width);
	if (width <= 0) {
		return 0;
	}
	for (size_t i = 0; i < n; i++) {
		double z = (y[i] - middle) / width;
		out[i] = yeo_johnson(lambda, z);
		*log_slope += (z < 0 ? -1 : 1) * (lambda - 1) * log1p(fabs(z));
	}
	moments(n, out, &mean, &variance);
	double scale = 1 / sqrt(variance);
	*log_slope += (double)n * log(scale / width);
	for (size_t i = 0; i < n; i++) {
		out[i] = (out[i] - mean) * scale;
	}
	return scale / width;
}
