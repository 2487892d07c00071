/* Targets made like those of a normal distribution. Private to search. */
#ifndef GUILD_SEARCH_GP_WARP_H
#define GUILD_SEARCH_GP_WARP_H

#include <stddef.h>

/* The power of I.-K. Yeo, R. A. Johnson, "A new family of power transformations to improve normality or symmetry", Biometrika 87 (2000), that
 * makes y most likely; at most 1: what is bad is drawn together, never what is good. */
double gp_warp_fit(size_t n, const double *y);
/* Mean 0, variance 1 after it. Returns by what differences of y near the median are multiplied; *log_slope becomes the sum of the logarithms of
 * the slopes at each y. 0: y is constant, and so is out. */
double gp_warp(double lambda, size_t n, const double *y, double *out, double *log_slope);

#endif
