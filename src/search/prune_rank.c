/* Two heaps that meet at a border: what is below a rank of numbers that keep coming. */

#include <stdlib.h>

#include "prune.h"

/* `sign` 1: the greatest is first, -1: the smallest. */
static void push(double **v, size_t *n, size_t *cap, double x, double sign)
{
	*v = guild_grow_array(*v, cap, *n + 1, sizeof(**v));
	double *h = *v;
	size_t i = (*n)++;
	while (i > 0 && sign * x > sign * h[(i - 1) / 2]) {
		h[i] = h[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	h[i] = x;
}

static double pop(double *h, size_t *n, double sign)
{
	double first = h[0];
	double x = h[--*n];
	size_t i = 0;
	for (size_t child = 1; child < *n; child = 2 * i + 1) {
		if (child + 1 < *n && sign * h[child + 1] > sign * h[child]) {
			child++;
		}
		if (sign * h[child] <= sign * x) {
			break;
		}
		h[i] = h[child];
		i = child;
	}
	h[i] = x;
	return first;
}

void search_rank_add(struct prune_rank *r, double v)
{
	if (r->n_low > 0 && v < r->low[0]) {
		push(&r->low, &r->n_low, &r->cap_low, v, 1);
	} else {
		push(&r->high, &r->n_high, &r->cap_high, v, -1);
	}
}

void search_rank_split(struct prune_rank *r, size_t n)
{
	while (r->n_low > n) {
		push(&r->high, &r->n_high, &r->cap_high, pop(r->low, &r->n_low, 1), -1);
	}
	while (r->n_low < n && r->n_high > 0) {
		push(&r->low, &r->n_low, &r->cap_low, pop(r->high, &r->n_high, -1), 1);
	}
}

void search_rank_fini(struct prune_rank *r)
{
	free(r->low);
	free(r->high);
	*r = (struct prune_rank){0};
}
