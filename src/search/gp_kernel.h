/* The Matérn 5/2 kernel of one distance. Private to search. */
#ifndef GUILD_SEARCH_GP_KERNEL_H
#define GUILD_SEARCH_GP_KERNEL_H

#include <math.h>

/* Of a squared distance; *slope becomes -dk/d(r^2) * 2. */
static inline double gp_matern(double r2, double *slope)
{
	double q = sqrt(5 * r2);
	double e = exp(-q);
	*slope = 5.0 / 3 * (1 + q) * e;
	return (1 + q + q * q / 3) * e;
}

#endif
