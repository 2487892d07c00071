/* Optimizer cmaes: CMA-ES with restarts of doubled population (A. Auger, N. Hansen, "A restart CMA evolution strategy with increasing population size", CEC 2005).
 * Whole numbers keep a chance to move (after R. Hamano, S. Saito, M. Nomura, S. Shirakawa, "CMA-ES with margin", GECCO 2022); choices have independent
 * chances that move towards the good ones.
 *
 * Points belong to generations by their number alone, whoever chose them. So a search goes on from its history. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cma.h"
#include "sampler.h"
#include "sobol.h"

enum { POPULATION_MAX = 10000 };

/* What follows from all generations before the point numbered `next`. */
struct chain {
	size_t next, population, n_restarts;
	struct search_cma *cma; /* NULL: nothing was told yet */
	double *chances;        /* of each choice of each categorical dimension */
	double best;
	size_t n_stale; /* generations that did not improve it */
};
struct cmaes {
	const struct guild_space *space;
	uint64_t seed;
	double sigma;
	size_t population;
	size_t *numbers; /* dimensions that have an axis */
	size_t n_numbers;
	size_t *chances_at; /* of a categorical dimension, in chances */
	size_t n_chances;
	struct search_linalg la;
	struct search_sobol *sobol;
	struct chain done; /* where all points were told */
};

static void find_dims(struct cmaes *s)
{
	size_t n = s->space->n;
	s->numbers = guild_alloc((n + 1) * sizeof(*s->numbers));
	s->chances_at = guild_alloc((n + 1) * sizeof(*s->chances_at));
	for (size_t i = 0; i < n; i++) {
		const struct guild_dim *d = &s->space->v[i];
		if (d->kind == GUILD_DIM_CATEGORICAL) {
			s->chances_at[i] = s->n_chances;
			s->n_chances += d->n_choices;
		} else if (d->high > d->low) {
			s->numbers[s->n_numbers++] = i;
		}
	}
}

static void reset_chances(const struct cmaes *s, double *chances)
{
	for (size_t i = 0; i < s->space->n; i++) {
		const struct guild_dim *d = &s->space->v[i];
		for (size_t k = 0; d->kind == GUILD_DIM_CATEGORICAL && k < d->n_choices; k++) {
			chances[s->chances_at[i] + k] = 1 / (double)d->n_choices;
		}
	}
}

static void close_cmaes(void *state)
{
	struct cmaes *s = state;
	search_sobol_free(s->sobol);
	search_cma_free(s->done.cma);
	free(s->done.chances);
	free(s->numbers);
	free(s->chances_at);
	free(s);
}

static int open_cmaes(const struct sampler_setup *setup, void **state, struct guild_error *err)
{
	double sigma = search_flag_f64(setup->flags, "sigma");
	int64_t population = search_flag_i64(setup->flags, "population-size");
	if (!(sigma > 0 && sigma <= 1)) {
		return guild_error_set(err, GUILD_EINVALID, "'sigma' must be above 0, at most 1");
	}
	if (population > POPULATION_MAX) {
		return guild_error_set(err, GUILD_EINVALID, "'population-size' must be at most %d",
			POPULATION_MAX);
	}
	struct cmaes *s = guild_alloc(sizeof(*s));
	struct guild_mt19937 mt;
	guild_mt19937_seed_2(&mt, setup->seed, UINT64_MAX);
	s->space = setup->space;
	s->seed = setup->seed;
	s->sigma = sigma;
	s->sobol = search_sobol_new(setup->space->n, &mt);
	find_dims(s);
	double n = fmax((double)s->n_numbers, 1);
	s->population = population > 0 ? (size_t)population : (size_t)(4 + floor(3 * log(n)));
	s->population = s->population < 4 ? 4 : s->population;
	s->done.population = s->population;
	s->done.best = INFINITY;
	s->done.chances = guild_alloc((s->n_chances + 1) * sizeof(double));
	reset_chances(s, s->done.chances);
	int rc = s->n_numbers <= CMA_FULL_MAX ? search_linalg_load(&s->la, err) : 0;
	if (rc != 0) {
		close_cmaes(s);
		return rc;
	}
	*state = s;
	return 0;
}

/* ---- generations ---------------------------------------------------------------------------------------------------- */

/* How good a point is: by class, then by y. */
struct scored {
	int class;
	double y;
	size_t i;
};

static int compare_scored(const void *a, const void *b)
{
	const struct scored *x = a;
	const struct scored *y = b;
	if (x->class != y->class) {
		return x->class < y->class ? -1 : 1;
	}
	if (x->y != y->y) {
		return x->y < y->y ? -1 : 1;
	}
	return x->i < y->i ? -1 : x->i > y->i;
}

/* Unlike targets this does not change with what is told later. */
static struct scored score_of(const struct search_history *h, const double *targets, size_t i)
{
	enum { GOOD, PRUNED, VIOLATED, FAILED };
	const struct search_point *p = &h->v[i];
	struct scored s = {.class = FAILED, .i = i};
	if (p->state == SEARCH_FAILED) {
		return s;
	}
	s.class = p->violation > 0 ? VIOLATED : p->state == SEARCH_PRUNED ? PRUNED : GOOD;
	if (s.class == VIOLATED) {
		s.y = p->violation;
	} else if (targets) {
		s.y = targets[i];
	} else {
		s.y = isnan(p->y[0]) ? INFINITY : p->y[0];
	}
	return s;
}

/* The points of the chain's next generation that were told, the best first. */
static size_t gather(const struct chain *c, const struct search_history *h, const double *targets,
	struct scored *v)
{
	size_t n = 0;
	for (size_t i = c->next; i < c->next + c->population; i++) {
		if (h->v[i].state != SEARCH_PENDING) {
			v[n++] = score_of(h, targets, i);
		}
	}
	qsort(v, n, sizeof(*v), compare_scored);
	return n;
}

static void axes_of(const struct cmaes *s, const struct chain *c, const double *x, double *u)
{
	for (size_t k = 0; k < s->n_numbers; k++) {
		size_t i = s->numbers[k];
		bool is_there = !isnan(x[i]);
		/* What was not searched says nothing. */
		u[k] = is_there ? search_dim_to_unit(&s->space->v[i], x[i])
		       : c->cma ? search_cma_mean(c->cma)[k]
				: 0.5;
	}
}

static void move_chances(const struct cmaes *s, struct chain *c, const struct search_history *h,
	const struct scored *v, size_t n)
{
	const double rate = 0.3;
	size_t n_good = (n + 1) / 2;
	for (size_t i = 0; i < s->space->n; i++) {
		const struct guild_dim *d = &s->space->v[i];
		double *chances = &c->chances[s->chances_at[i]];
		for (size_t k = 0; d->kind == GUILD_DIM_CATEGORICAL && k < n_good; k++) {
			double x = h->v[v[k].i].x[i];
			double share = isnan(x) ? 0 : rate / (double)n_good;
			for (size_t j = 0; j < d->n_choices; j++) {
				chances[j] *= 1 - share;
			}
			if (!isnan(x)) {
				chances[(size_t)x] += share;
			}
		}
	}
}

static void restart(const struct cmaes *s, struct chain *c)
{
	struct guild_mt19937 mt;
	double *mean = guild_alloc((s->n_numbers + 1) * sizeof(*mean));
	c->n_restarts++;
	guild_mt19937_seed_2(&mt, s->seed, UINT64_MAX - c->n_restarts);
	for (size_t k = 0; k < s->n_numbers; k++) {
		mean[k] = guild_mt19937_unit(&mt);
	}
	search_cma_free(c->cma);
	c->cma = search_cma_new(s->n_numbers, mean, s->sigma);
	c->population *= c->population * 2 <= POPULATION_MAX ? 2 : 1;
	c->best = INFINITY;
	c->n_stale = 0;
	reset_chances(s, c->chances);
	free(mean);
}

static bool is_over(const struct cmaes *s, const struct chain *c)
{
	size_t patience = 10 + 30 * (s->n_numbers + 1) / c->population;
	return c->n_stale > patience ||
	       (s->n_numbers > 0 &&
		       (search_cma_width(c->cma) < 1e-7 || search_cma_condition(c->cma) > 1e7));
}

static void learn(const struct cmaes *s, struct chain *c, const struct search_history *h,
	const struct scored *v, size_t n)
{
	size_t n_axes = s->n_numbers;
	double *x = guild_alloc((n * n_axes + 1) * sizeof(*x));
	for (size_t k = 0; k < n; k++) {
		axes_of(s, c, h->v[v[k].i].x, &x[k * n_axes]);
	}
	move_chances(s, c, h, v, n);
	if (!c->cma) {
		/* From the middle of the better half. */
		size_t n_good = (n + 1) / 2;
		double *mean = guild_alloc((n_axes + 1) * sizeof(*mean));
		for (size_t k = 0; k < n_good * n_axes; k++) {
			mean[k % n_axes] += x[k] / (double)n_good;
		}
		c->cma = search_cma_new(n_axes, mean, s->sigma);
		free(mean);
	} else if (n_axes > 0) {
		search_cma_update(c->cma, &s->la, x, n);
	}
	free(x);
	if (v[0].class == 0 && v[0].y < c->best) {
		c->best = v[0].y;
		c->n_stale = 0;
	} else {
		c->n_stale++;
	}
	if (is_over(s, c)) {
		restart(s, c);
	}
}

/* Over the next generation: at least half of it must have been told to learn from it. */
static void advance(const struct cmaes *s, struct chain *c, const struct search_history *h,
	const double *targets)
{
	struct scored *v = guild_alloc(c->population * sizeof(*v));
	size_t n = gather(c, h, targets, v);
	size_t from = c->next + c->population;
	if (n >= 2 && 2 * n >= c->population && (c->cma || v[0].class == 0)) {
		learn(s, c, h, v, n);
	}
	c->next = from;
	free(v);
}

static bool is_told(const struct chain *c, const struct search_history *h)
{
	for (size_t i = c->next; i < c->next + c->population; i++) {
		if (h->v[i].state == SEARCH_PENDING) {
			return false;
		}
	}
	return true;
}

/* ---- drawing ------------------------------------------------------------------------------------------------------------- */

static double reflect(double u)
{
	u = fabs(fmod(u, 2));
	return u > 1 ? 2 - u : u;
}

/* A whole number leaves its part of the axis, of width `part`, with a few percent of all draws at least. */
static double keep_moving(const struct guild_dim *d, struct guild_mt19937 *mt, double u, double sd)
{
	double x = search_dim_from_unit(d, reflect(u));
	double part = search_dim_to_unit(d, x + 0.5) - search_dim_to_unit(d, x - 0.5);
	double least = 0.25 * part;
	return sd < least ? u + sqrt(least * least - sd * sd) * guild_mt19937_normal(mt) : u;
}

static double draw_choice(const struct guild_dim *d, struct guild_mt19937 *mt,
	const double *chances)
{
	const double free_share = 0.1;
	double rest = guild_mt19937_unit(mt);
	if (rest < free_share) {
		return search_dim_from_unit(d, rest / free_share);
	}
	rest = (rest - free_share) / (1 - free_share);
	size_t k = 0;
	while (k + 1 < d->n_choices && rest >= chances[k]) {
		rest -= chances[k++];
	}
	return (double)k;
}

static void draw(const struct cmaes *s, const struct chain *c, struct guild_mt19937 *mt, double *x)
{
	double *u = guild_alloc((s->n_numbers + 1) * sizeof(*u));
	search_cma_draw(c->cma, mt, u);
	for (size_t i = 0; i < s->space->n; i++) {
		const struct guild_dim *d = &s->space->v[i];
		x[i] = d->kind == GUILD_DIM_CATEGORICAL
			       ? draw_choice(d, mt, &c->chances[s->chances_at[i]])
			       : d->low;
	}
	for (size_t k = 0; k < s->n_numbers; k++) {
		const struct guild_dim *d = &s->space->v[s->numbers[k]];
		if (d->kind == GUILD_DIM_INT) {
			u[k] = keep_moving(d, mt, u[k], search_cma_deviation(c->cma, k));
		}
		x[s->numbers[k]] = search_dim_from_unit(d, reflect(u[k]));
	}
	free(u);
}

static double *targets_by_point(const struct search_history *h, const double *y)
{
	double *targets = guild_alloc((h->n + 1) * sizeof(*targets));
	for (size_t i = 0; i < h->n_told; i++) {
		targets[h->told[i]] = y[i];
	}
	return targets;
}

static int suggest(void *state, const struct search_history *h, const double *y,
	struct guild_mt19937 *mt, double *x, struct guild_error *err)
{
	(void)err;
	struct cmaes *s = state;
	/* Several objectives are weighted anew at each ask: all generations are gone through again. */
	double *targets = h->n_objectives > 1 ? targets_by_point(h, y) : NULL;
	struct chain *c = &s->done;
	while (!targets && c->next + c->population <= h->n && is_told(c, h)) {
		advance(s, c, h, NULL);
	}
	struct chain now = s->done;
	now.cma = c->cma ? search_cma_copy(c->cma) : NULL;
	now.chances = guild_alloc((s->n_chances + 1) * sizeof(double));
	memcpy(now.chances, c->chances, s->n_chances * sizeof(double));
	while (now.next + now.population <= h->n) {
		advance(s, &now, h, targets);
	}
	if (now.cma) {
		draw(s, &now, mt, x);
	} else {
		search_sobol_point(s->sobol, h->n, x);
		search_from_unit(h->space, x, x);
	}
	search_cma_free(now.cma);
	free(now.chances);
	free(targets);
	return 0;
}

static const struct guild_optimizer_flag flags[] = {
	{"population-size", NULL, NULL,
		"points of a generation; by default 4 + 3 ln(dimensions), doubled at each restart"},
	{"sigma", "0.17", NULL, "how wide it searches at first, as a share of each range"},
};

const struct sampler_class search_cmaes = {
	.info = {.name = "cmaes",
		.aliases = "cma-es cma",
		.help = "CMA-ES: for numbers that depend on each other, and many trials.",
		.flags = flags,
		.n_flags = GUILD_ARRAY_LEN(flags)},
	.open = open_cmaes,
	.suggest = suggest,
	.close = close_cmaes,
};
