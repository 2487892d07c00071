/* Minima of smooth functions in a box. Private to search. */
#ifndef GUILD_SEARCH_LBFGSB_H
#define GUILD_SEARCH_LBFGSB_H

#include <stddef.h>

/* The value at x and its gradient. Not finite: x is no good. */
typedef double search_smooth_fn(void *arg, const double *x, double *gradient);

struct search_descent {
	search_smooth_fn *function;
	void *arg;
	size_t n;
	const double *low, *high;
	size_t max_calls;         /* of the function */
	double gradient_below;    /* stop when no component of the projected gradient is larger */
	double improvement_below; /* stop when a step gains less, relative to the value */
};
/* From x, which is moved into the box, downhill; returns the value found, x holds its place. Never worse than the start unless that is not
 * finite. */
double search_descend(const struct search_descent *d, double *x);

#endif
