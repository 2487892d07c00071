/* Acquisition functions.
 *
 * The logarithm of the expected improvement as in S. Ament, S. Daulton, D. Eriksson, M. Balandat, E. Bakshy, "Unexpected Improvements to Expected
 * Improvement for Bayesian Optimization", NeurIPS 2023: it has a gradient where the improvement itself is 0 in floating point. */

#include "gp_acquire.h"

#include <math.h>
#include <stddef.h>

#define LOG_SQRT_2PI 0.91893853320467274178
#define SQRT_HALF_PI 1.25331413731550025121

/* Below this erfc is left for its series. */
static const double far_below = -30;

/* Phi(-t) / phi(t) for t > 0: Mills' ratio. */
static double mills(double t)
{
	if (t < -far_below) {
		return SQRT_HALF_PI * exp(0.5 * t * t) * erfc(t * M_SQRT1_2);
	}
	double s = 1 / (t * t);
	return (1 - s * (1 - 3 * s * (1 - 5 * s * (1 - 7 * s)))) / t;
}

double gp_log_normal_cdf(double z)
{
	if (z > -1) {
		return log(0.5 * erfc(-z * M_SQRT1_2));
	}
	return log(mills(-z)) - 0.5 * z * z - LOG_SQRT_2PI;
}

double gp_log_improvement(double z)
{
	if (z > -1) {
		double density = exp(-0.5 * z * z - LOG_SQRT_2PI);
		return log(density + z * 0.5 * erfc(-z * M_SQRT1_2));
	}
	double rest;
	if (z > far_below) {
		rest = log1p(z * mills(-z));
	} else {
		double s = 1 / (z * z);
		rest = log(s * (1 - 3 * s * (1 - 5 * s * (1 - 7 * s))));
	}
	return rest - 0.5 * z * z - LOG_SQRT_2PI;
}

double gp_promise(const struct gp_promise *p, double mean, double deviation, double *by_mean,
	double *by_deviation)
{
	double z = (p->best - mean) / deviation - p->xi;
	double value;
	double slope; /* by z */
	double density = -0.5 * z * z - LOG_SQRT_2PI;
	double direct = 0; /* by the deviation, at the same z */
	if (p->kind == GP_LCB) {
		if (by_mean && by_deviation) {
			*by_mean = -1;
			*by_deviation = p->kappa;
		}
		return p->kappa * deviation - mean;
	}
	if (p->kind == GP_PI) {
		value = gp_log_normal_cdf(z);
		slope = exp(density - value);
	} else {
		double log_h = gp_log_improvement(z);
		value = log(deviation) + log_h;
		slope = exp(gp_log_normal_cdf(z) - log_h);
		direct = 1 / deviation;
	}
	if (by_mean && by_deviation) {
		*by_mean = -slope / deviation;
		*by_deviation = direct - slope * (z + p->xi) / deviation;
	}
	return value;
}
