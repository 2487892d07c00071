/* Optimizer nsga2: K. Deb, A. Pratap, S. Agarwal, T. Meyarivan, "A fast and elitist multiobjective genetic algorithm: NSGA-II", IEEE TEVC 6 (2002); simulated binary
 * crossover and polynomial mutation: K. Deb, R. B. Agrawal, Complex Systems 9 (1995). */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sampler.h"
#include "sobol.h"

enum { POPULATION_MAX = 10000 };

struct member {
	size_t i; /* in the history */
	size_t rank;
	double crowding;
};
struct nsga2 {
	struct search_sobol *sobol;
	size_t size;
	double crossover;
	/* The population after so many generations, all of whose points were told. */
	size_t n_done;
	struct member *done;
	size_t n_members;
};

static int open_nsga2(const struct sampler_setup *setup, void **state, struct guild_error *err)
{
	double given = search_flag_f64(setup->flags, "population-size");
	double size = !isnan(given) ? given : setup->n_objectives > 1 ? 50 : 20;
	double crossover = search_flag_f64(setup->flags, "crossover");
	if (!(size >= 2 && size <= POPULATION_MAX)) {
		return guild_error_set(err, GUILD_EINVALID,
			"'population-size' must be between 2 and %d", POPULATION_MAX);
	}
	if (!(crossover >= 0 && crossover <= 1)) {
		return guild_error_set(err, GUILD_EINVALID, "'crossover' must be between 0 and 1");
	}
	struct nsga2 *s = guild_alloc(sizeof(*s));
	struct guild_mt19937 mt;
	guild_mt19937_seed_2(&mt, setup->seed, UINT64_MAX);
	s->sobol = search_sobol_new(setup->space->n, &mt);
	s->size = (size_t)size;
	s->crossover = crossover;
	s->done = guild_alloc(s->size * sizeof(*s->done));
	*state = s;
	return 0;
}

static void close_nsga2(void *state)
{
	struct nsga2 *s = state;
	search_sobol_free(s->sobol);
	free(s->done);
	free(s);
}

/* ---- selection -------------------------------------------------------------------------------------------------------- */

/* Constraints first, then domination. */
static bool beats(const struct search_history *h, size_t a, size_t b)
{
	const struct search_point *p = &h->v[a];
	const struct search_point *q = &h->v[b];
	bool is_better = false;
	if (p->violation > 0 || q->violation > 0) {
		return p->violation < q->violation;
	}
	for (size_t k = 0; k < h->n_objectives; k++) {
		if (p->y[k] > q->y[k]) {
			return false;
		}
		is_better = is_better || p->y[k] < q->y[k];
	}
	return is_better;
}

/* Ranks: 0 is beaten by none, 1 by those of rank 0 alone, ... */
static void find_ranks(const struct search_history *h, struct member *v, size_t n)
{
	size_t *beaten = guild_alloc((n + 1) * sizeof(*beaten));
	bool *is_ranked = guild_alloc(n + 1);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < n; k++) {
			beaten[i] += beats(h, v[k].i, v[i].i);
		}
	}
	size_t n_ranked = 0;
	for (size_t rank = 0; n_ranked < n; rank++) {
		for (size_t i = 0; i < n; i++) {
			if (!is_ranked[i] && beaten[i] == 0) {
				v[i].rank = rank;
			} else if (!is_ranked[i]) {
				v[i].rank = SIZE_MAX;
			}
		}
		for (size_t i = 0; i < n; i++) {
			if (is_ranked[i] || v[i].rank != rank) {
				continue;
			}
			is_ranked[i] = true;
			n_ranked++;
			for (size_t k = 0; k < n; k++) {
				beaten[k] -= !is_ranked[k] && beats(h, v[i].i, v[k].i);
			}
		}
	}
	free(beaten);
	free(is_ranked);
}

struct along {
	double y;
	size_t rank, member;
};

static int compare_along(const void *a, const void *b)
{
	const struct along *x = a;
	const struct along *y = b;
	if (x->rank != y->rank) {
		return x->rank < y->rank ? -1 : 1;
	}
	if (x->y != y->y) {
		return x->y < y->y ? -1 : 1;
	}
	return x->member < y->member ? -1 : x->member > y->member;
}

/* How far the neighbours in the same rank are apart, over all objectives. */
static void find_crowding(const struct search_history *h, struct member *v, size_t n)
{
	struct along *order = guild_alloc((n + 1) * sizeof(*order));
	for (size_t i = 0; i < n; i++) {
		v[i].crowding = 0;
	}
	for (size_t k = 0; k < h->n_objectives; k++) {
		for (size_t i = 0; i < n; i++) {
			order[i] = (struct along){h->v[v[i].i].y[k], v[i].rank, i};
		}
		qsort(order, n, sizeof(*order), compare_along);
		for (size_t from = 0, to = 0; from < n; from = to) {
			while (to < n && order[to].rank == order[from].rank) {
				to++;
			}
			double width = order[to - 1].y - order[from].y;
			v[order[from].member].crowding = INFINITY;
			v[order[to - 1].member].crowding = INFINITY;
			for (size_t i = from + 1; i + 1 < to && width > 0; i++) {
				v[order[i].member].crowding +=
					(order[i + 1].y - order[i - 1].y) / width;
			}
		}
	}
	free(order);
}

static int compare_members(const void *a, const void *b)
{
	const struct member *x = a;
	const struct member *y = b;
	if (x->rank != y->rank) {
		return x->rank < y->rank ? -1 : 1;
	}
	if (x->crowding != y->crowding) {
		return x->crowding > y->crowding ? -1 : 1;
	}
	return x->i < y->i ? -1 : x->i > y->i;
}

/* The best of the population and one more generation. */
static size_t next_population(const struct nsga2 *s, const struct search_history *h, size_t from,
	struct member *v, size_t n)
{
	for (size_t i = from; i < from + s->size; i++) {
		if (h->v[i].state == SEARCH_COMPLETE) {
			v[n++] = (struct member){.i = i};
		}
	}
	find_ranks(h, v, n);
	find_crowding(h, v, n);
	qsort(v, n, sizeof(*v), compare_members);
	return n < s->size ? n : s->size;
}

static bool is_told(const struct nsga2 *s, const struct search_history *h, size_t from)
{
	for (size_t i = from; i < from + s->size; i++) {
		if (h->v[i].state == SEARCH_PENDING) {
			return false;
		}
	}
	return true;
}

/* The parents of the next point: the best of all generations before its own. v has room for two populations. */
static size_t find_parents(struct nsga2 *s, const struct search_history *h, struct member *v)
{
	size_t n = s->n_members;
	bool is_final = true;
	memcpy(v, s->done, n * sizeof(*v));
	for (size_t g = s->n_done; (g + 1) * s->size <= h->n; g++) {
		is_final = is_final && is_told(s, h, g * s->size);
		n = next_population(s, h, g * s->size, v, n);
		if (is_final) {
			memcpy(s->done, v, n * sizeof(*v));
			s->n_members = n;
			s->n_done = g + 1;
		}
	}
	return n;
}

/* ---- variation ------------------------------------------------------------------------------------------------------------ */

static const double *tournament(const struct search_history *h, struct guild_mt19937 *mt,
	const struct member *v, size_t n)
{
	/* They are in order, the best first. */
	size_t a = guild_mt19937_below(mt, (uint32_t)n);
	size_t b = guild_mt19937_below(mt, (uint32_t)n);
	return h->v[v[a < b ? a : b].i].x;
}

static double cross(struct guild_mt19937 *mt, double a, double b)
{
	const double eta = 15;
	double u = guild_mt19937_unit(mt);
	double beta = u < 0.5 ? pow(2 * u, 1 / (eta + 1)) : pow(1 / (2 - 2 * u), 1 / (eta + 1));
	beta = guild_mt19937_unit(mt) < 0.5 ? beta : -beta;
	return fmin(fmax(0.5 * (a + b) + 0.5 * beta * (a - b), 0), 1);
}

static double mutate(struct guild_mt19937 *mt, double x)
{
	const double eta = 20;
	double u = guild_mt19937_unit(mt);
	double step;
	if (u < 0.5) {
		step = pow(2 * u + (1 - 2 * u) * pow(1 - x, eta + 1), 1 / (eta + 1)) - 1;
	} else {
		step = 1 - pow(2 - 2 * u + (2 * u - 1) * pow(x, eta + 1), 1 / (eta + 1));
	}
	return fmin(fmax(x + step, 0), 1);
}

static double inherit(const struct guild_dim *d, struct guild_mt19937 *mt, double a, double b,
	bool is_crossed)
{
	if (isnan(a) || isnan(b)) {
		double x = isnan(a) ? b : a;
		return isnan(x) ? search_dim_from_unit(d, guild_mt19937_unit(mt)) : x;
	}
	if (!is_crossed || guild_mt19937_unit(mt) < 0.5) {
		return a;
	}
	if (d->kind == GUILD_DIM_CATEGORICAL) {
		return b;
	}
	double u = cross(mt, search_dim_to_unit(d, a), search_dim_to_unit(d, b));
	return search_dim_from_unit(d, u);
}

static double change(const struct guild_dim *d, struct guild_mt19937 *mt, double x)
{
	if (d->kind == GUILD_DIM_CATEGORICAL) {
		return search_dim_from_unit(d, guild_mt19937_unit(mt));
	}
	double u = search_dim_to_unit(d, x);
	double to = search_dim_from_unit(d, mutate(mt, u));
	if (d->kind == GUILD_DIM_INT && to == x) {
		/* A step too small for whole numbers. */
		to = guild_mt19937_unit(mt) < 0.5 ? x - 1 : x + 1;
		to = fmin(fmax(to, d->low), d->high);
	}
	return to;
}

static void make_child(const struct nsga2 *s, const struct search_history *h,
	struct guild_mt19937 *mt, const struct member *v, size_t n, double *x)
{
	const struct guild_space *space = h->space;
	const double *a = tournament(h, mt, v, n);
	const double *b = tournament(h, mt, v, n);
	bool is_crossed = guild_mt19937_unit(mt) < s->crossover;
	for (size_t i = 0; i < space->n; i++) {
		x[i] = inherit(&space->v[i], mt, a[i], b[i], is_crossed);
	}
	size_t sure = is_crossed ? SIZE_MAX : guild_mt19937_below(mt, (uint32_t)space->n);
	for (size_t i = 0; i < space->n; i++) {
		if (guild_mt19937_unit(mt) * (double)space->n < 1 || i == sure) {
			x[i] = change(&space->v[i], mt, x[i]);
		}
	}
}

static int suggest(void *state, const struct search_history *h, const double *y,
	struct guild_mt19937 *mt, double *x, struct guild_error *err)
{
	(void)y;
	(void)err;
	struct nsga2 *s = state;
	struct member *v = guild_alloc(2 * s->size * sizeof(*v));
	size_t n = find_parents(s, h, v);
	if (n == 0) {
		search_sobol_point(s->sobol, h->n, x);
		search_from_unit(h->space, x, x);
	} else {
		make_child(s, h, mt, v, n, x);
	}
	free(v);
	return 0;
}

static const struct guild_optimizer_flag flags[] = {
	{"population-size", NULL, NULL,
		"points of a generation; by default 20, with several objectives 50"},
	{"crossover", "0.9", NULL, "the chance that a point has two parents"},
};

const struct sampler_class search_nsga2 = {
	.info = {.name = "nsga2",
		.aliases = "nsga",
		.help = "NSGA-II, a genetic algorithm for several objectives and constraints.",
		.flags = flags,
		.n_flags = GUILD_ARRAY_LEN(flags)},
	.takes_several = true,
	.open = open_nsga2,
	.suggest = suggest,
	.close = close_nsga2,
};
