/* Optimizer tpe: a tree-structured Parzen estimator over all dimensions at once. J. Bergstra, R. Bardenet, Y. Bengio, B. Kegl, "Algorithms for hyper-parameter
 * optimization", NIPS 2011; S. Falkner, A. Klein, F. Hutter, "BOHB", ICML 2018 (several dimensions in one kernel); S. Watanabe, arXiv:2304.11127 (2023). */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "parzen.h"
#include "sobol.h"

/* So many of the rest are taken into account one for one, from the best on; of what is left, so many by chance. */
enum { NEAR_MAX = 100, FAR_MAX = 100, GOOD_MAX = 25 };

struct tpe {
	struct search_sobol *sobol;
	size_t random_starts, candidates;
	double gamma;
};

static int open_tpe(const struct sampler_setup *setup, void **state, struct guild_error *err)
{
	int64_t candidates = search_flag_i64(setup->flags, "candidates");
	double gamma = search_flag_f64(setup->flags, "gamma");
	if (!(gamma > 0 && gamma < 1)) {
		return guild_error_set(err, GUILD_EINVALID, "'gamma' must be between 0 and 1");
	}
	if (candidates < 1 || candidates > 100000) {
		return guild_error_set(err, GUILD_EINVALID,
			"'candidates' must be between 1 and 100000");
	}
	struct tpe *t = guild_alloc(sizeof(*t));
	struct guild_mt19937 mt;
	guild_mt19937_seed_2(&mt, setup->seed, UINT64_MAX);
	t->sobol = search_sobol_new(setup->space->n, &mt);
	t->random_starts = (size_t)search_flag_i64(setup->flags, "random-starts");
	t->candidates = (size_t)candidates;
	t->gamma = gamma;
	*state = t;
	return 0;
}

static void close_tpe(void *state)
{
	struct tpe *t = state;
	search_sobol_free(t->sobol);
	free(t);
}

/* ---- good and bad ---------------------------------------------------------------------------------------------------- */

enum { GOOD, NEAR, FAR };

/* A class for each told point; of equal ones the first told is better. */
static uint8_t *rank(const double *y, size_t n, size_t n_good, size_t n_near)
{
	uint8_t *class = guild_alloc(n + 1);
	double *sorted = guild_alloc((n + 1) * sizeof(*sorted));
	memcpy(sorted, y, n * sizeof(*y));
	double last_good = search_kth(sorted, n, n_good - 1);
	double last_near = search_kth(sorted, n, n_good + n_near - 1);
	size_t good_below = 0;
	size_t near_below = 0;
	for (size_t i = 0; i < n; i++) {
		good_below += y[i] < last_good;
		near_below += y[i] < last_near;
	}
	size_t good_ties = n_good - good_below;
	size_t near_ties = n_good + n_near - near_below;
	for (size_t i = 0; i < n; i++) {
		class[i] = y[i] < last_near ? NEAR : FAR;
		if (y[i] == last_near && near_ties > 0) {
			class[i] = NEAR;
			near_ties--;
		}
		if (y[i] < last_good) {
			class[i] = GOOD;
		} else if (y[i] == last_good && good_ties > 0) {
			class[i] = GOOD;
			good_ties--;
		}
	}
	free(sorted);
	return class;
}

static size_t count_good(const struct tpe *t, size_t n)
{
	size_t good = (size_t)ceil(t->gamma * (double)n);
	return good > GOOD_MAX ? GOOD_MAX : good;
}

/* Points that are tried now count as bad, so that others are not put beside them. */
static void add_pending(struct search_parzen *bad, const struct search_history *h, size_t max)
{
	size_t n = 0;
	for (size_t i = h->n; i > 0 && n < max; i--) {
		if (h->v[i - 1].state == SEARCH_PENDING) {
			search_parzen_add(bad, h->v[i - 1].x, 1);
			n++;
		}
	}
}

static void split(const struct tpe *t, const struct search_history *h, const double *y,
	struct guild_mt19937 *mt, struct search_parzen **good, struct search_parzen **bad)
{
	size_t n = h->n_told;
	size_t n_good = count_good(t, n);
	size_t n_near = n - n_good <= NEAR_MAX + FAR_MAX ? n - n_good : NEAR_MAX;
	size_t n_far = n - n_good - n_near;
	size_t *far = guild_alloc((n_far + 1) * sizeof(*far));
	uint8_t *class = rank(y, n, n_good, n_near);
	size_t at = 0;
	*good = search_parzen_new(h->space, n_good);
	*bad = search_parzen_new(h->space, n_near + FAR_MAX + NEAR_MAX);
	for (size_t i = 0; i < n; i++) {
		if (class[i] == FAR) {
			far[at++] = h->told[i];
		} else {
			search_parzen_add(class[i] == GOOD ? *good : *bad, h->v[h->told[i]].x, 1);
		}
	}
	for (size_t k = 0; n_far > 0 && k < FAR_MAX; k++) {
		/* One of each of as many parts, so that old and new ones have their share. */
		size_t from = k * n_far / FAR_MAX;
		size_t to = (k + 1) * n_far / FAR_MAX;
		size_t pick = from + guild_mt19937_below(mt, (uint32_t)(to - from));
		search_parzen_add(*bad, h->v[far[pick]].x, (double)(to - from));
	}
	add_pending(*bad, h, NEAR_MAX);
	free(far);
	free(class);
	search_parzen_fit(*good);
	search_parzen_fit(*bad);
}

static int suggest(void *state, const struct search_history *h, const double *y,
	struct guild_mt19937 *mt, double *x, struct guild_error *err)
{
	(void)err;
	const struct tpe *t = state;
	struct search_parzen *good = NULL;
	struct search_parzen *bad = NULL;
	if (h->n_told < t->random_starts || h->n_complete == 0) {
		search_sobol_point(t->sobol, h->n, x);
		search_from_unit(h->space, x, x);
		return 0;
	}
	split(t, h, y, mt, &good, &bad);
	double *c = guild_alloc(h->space->n * sizeof(*c));
	double best = -INFINITY;
	for (size_t k = 0; k < t->candidates; k++) {
		search_parzen_draw(good, mt, c);
		double gain = search_parzen_log(good, c) - search_parzen_log(bad, c);
		if (k == 0 || gain > best) {
			best = gain;
			memcpy(x, c, h->space->n * sizeof(*c));
		}
	}
	free(c);
	search_parzen_free(good);
	search_parzen_free(bad);
	return 0;
}

static const struct guild_optimizer_flag flags[] = {
	{"random-starts", "10", NULL, "points that fill the space evenly before it learns"},
	{"candidates", "24", NULL, "points drawn for each suggestion, of which the best is taken"},
	{"gamma", "0.15", NULL, "the share of the points that counts as good; never more than 25"},
};

const struct sampler_class search_tpe = {
	.info = {.name = "tpe",
		.aliases = "",
		.help = "Tree-structured Parzen estimator: robust, fast with any number of trials.",
		.flags = flags,
		.n_flags = GUILD_ARRAY_LEN(flags)},
	.open = open_tpe,
	.suggest = suggest,
	.close = close_tpe,
};
