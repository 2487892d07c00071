/* Optimizer gp: a Gaussian process says where it is worth looking.
 *
 * The frame is that of D. R. Jones, M. Schonlau, W. J. Welch, "Efficient Global Optimization of Expensive Black-Box Functions", J. Global
 * Optimization 13 (1998). Hyperparameters are fitted when certain numbers of points were told, each fit starting where the one before ended:
 * a chain that follows from the history alone, so that a search that is told again goes on as it would have. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gp.h"
#include "gp_region.h"
#include "gp_space.h"
#include "gp_warp.h"
#include "sobol.h"

enum {
	FIT_MAX = 300,   /* points hyperparameters are fitted to */
	MODEL_MAX = 800, /* points that predictions are made from */
	PENDING_MAX = 200,
	LOCAL_MAX = 200, /* points of a region */
	MANY_DIMS = 12,
	HOPELESS = 20, /* a loss so far behind is not worth a fit every time */
	MARGIN_DIMS = 4,
	MARGIN_STEPS = 6,
	FIRST_FIT = 3,
	BEST_MAX = 5,
	/* Models: bit 0, with parts; bit 1, of targets that are warped. */
	WITH_PARTS = 1,
	WARPED = 2,
	MODELS = 4,
};

enum gp_choice { CHOOSE_EI, CHOOSE_PI, CHOOSE_LCB, CHOOSE_HEDGE };

struct gp_state {
	struct search_linalg la;
	const struct guild_space *space;
	struct gp_features features;
	enum gp_choice choice;
	double kappa, xi, noise;
	size_t n_first;
	uint64_t seed;
	/* The chain: what was fitted to the first n_fitted points that were told. */
	size_t n_fitted;
	double *hyper[MODELS];
	double loss[MODELS]; /* INFINITY: not used */
	double lambda;
	double skill; /* how far left-out targets go with what the likeliest model says: 1 is all */
	struct search_sobol *start;
};

/* ---- opening ------------------------------------------------------------------------------------------------------------ */

static const struct {
	const char *name;
	enum gp_choice choice;
} choices[] = {
	{"EI", CHOOSE_EI},
	{"EIps", CHOOSE_EI},
	{"LCB", CHOOSE_LCB},
	{"PI", CHOOSE_PI},
	{"PIps", CHOOSE_PI},
	{"gp_hedge", CHOOSE_HEDGE},
};

static int read_choice(const struct guild_value *flags, enum gp_choice *out,
	struct guild_error *err)
{
	const char *text = search_flag_text(flags, "acq-func");
	for (size_t i = 0; text && i < GUILD_ARRAY_LEN(choices); i++) {
		if (strcmp(choices[i].name, text) == 0) {
			*out = choices[i].choice;
			return 0;
		}
	}
	guild_error_set(err, GUILD_EINVALID, "flag 'acq-func' of optimizer 'gp' cannot be '%s'",
		text ? text : "null");
	guild_error_hint(err, "it is one of EI, EIps, LCB, PI, PIps, gp_hedge");
	return GUILD_EINVALID;
}

static int read_number(const struct guild_value *flags, const char *name, double low, double *out,
	struct guild_error *err)
{
	double x = search_flag_f64(flags, name);
	if (!isfinite(x) || x < low) {
		return guild_error_set(err, GUILD_EINVALID,
			"flag '%s' of optimizer 'gp' needs a number, at least %g", name, low);
	}
	*out = x;
	return 0;
}

static int read_flags(struct gp_state *s, const struct guild_value *flags, struct guild_error *err)
{
	double random_starts = 0;
	const char *noise = search_flag_text(flags, "noise");
	int rc = read_choice(flags, &s->choice, err);
	rc = rc ? rc : read_number(flags, "random-starts", 0, &random_starts, err);
	rc = rc ? rc : read_number(flags, "kappa", 0, &s->kappa, err);
	rc = rc ? rc : read_number(flags, "xi", 0, &s->xi, err);
	s->noise = -1;
	if (!noise || strcmp(noise, "gaussian") != 0) {
		rc = rc ? rc : read_number(flags, "noise", 0, &s->noise, err);
	}
	/* Three say too little of more than one dimension. */
	double enough = fmin(4 + (double)s->space->n, 10);
	s->n_first = (size_t)fmin(fmax(random_starts, enough), 1e6);
	return rc;
}

static void close_gp(void *state)
{
	struct gp_state *s = state;
	if (s) {
		gp_features_fini(&s->features, s->space);
		for (size_t k = 0; k < MODELS; k++) {
			free(s->hyper[k]);
		}
		search_sobol_free(s->start);
		free(s);
	}
}

static int open_gp(const struct sampler_setup *setup, void **state, struct guild_error *err)
{
	struct guild_mt19937 mt;
	struct gp_state *s = guild_alloc(sizeof(*s));
	s->space = setup->space;
	s->seed = setup->seed;
	int rc = read_flags(s, setup->flags, err);
	rc = rc ? rc : search_linalg_load(&s->la, err);
	if (rc != 0) {
		free(s);
		return rc;
	}
	gp_features_init(&s->features, s->space);
	guild_mt19937_seed(&mt, setup->seed);
	s->start = search_sobol_new(s->space->n, &mt);
	for (size_t k = 0; k < MODELS; k++) {
		s->hyper[k] = guild_alloc((2 * s->features.n + 4) * sizeof(double));
	}
	*state = s;
	return 0;
}

/* ---- which points ---------------------------------------------------------------------------------------------------------- */

struct ranked {
	double y;
	size_t at;
};

static int compare_ranked(const void *a, const void *b)
{
	const struct ranked *p = a;
	const struct ranked *q = b;
	if (p->y != q->y) {
		return p->y < q->y ? -1 : 1;
	}
	return p->at < q->at ? -1 : p->at > q->at;
}

/* Of the first n that were told, at most `max`: two in five the best, two the newest, the rest by chance. Ascending positions in `told`. */
static size_t choose_points(size_t n, const double *y, size_t max, size_t *out)
{
	struct guild_mt19937 mt;
	if (n <= max) {
		for (size_t i = 0; i < n; i++) {
			out[i] = i;
		}
		return n;
	}
	struct ranked *rank = guild_alloc(n * sizeof(*rank));
	bool *is_taken = guild_alloc(n);
	size_t left = max;
	for (size_t i = 0; i < n; i++) {
		rank[i] = (struct ranked){y[i], i};
	}
	qsort(rank, n, sizeof(*rank), compare_ranked);
	for (size_t i = 0; i < 2 * max / 5; i++, left--) {
		is_taken[rank[i].at] = true;
	}
	for (size_t i = n; left > max / 5 && i-- > 0;) {
		left -= !is_taken[i];
		is_taken[i] = true;
	}
	guild_mt19937_seed(&mt, n);
	while (left > 0) {
		size_t i = guild_mt19937_below(&mt, (uint32_t)n);
		left -= !is_taken[i];
		is_taken[i] = true;
	}
	size_t k = 0;
	for (size_t i = 0; i < n; i++) {
		if (is_taken[i]) {
			out[k++] = i;
		}
	}
	free(rank);
	free(is_taken);
	return k;
}

/* Chosen points as data of a model. */
struct gp_chosen {
	struct gp_data data;
	size_t *at; /* in h->told */
	double *x, *y, *raw;
};

/* Takes over c->at, m positions. */
static void fill(const struct gp_state *s, const struct search_history *h, size_t m,
	const double *y, struct gp_chosen *c)
{
	c->x = guild_alloc((m + 1) * s->features.n * sizeof(*c->x));
	c->y = guild_alloc(2 * (m + 1) * sizeof(*c->y));
	c->raw = c->y + m;
	for (size_t i = 0; i < m; i++) {
		gp_encode(&s->features, s->space, h->v[h->told[c->at[i]]].x, c->x + i, m);
		c->raw[i] = y[c->at[i]];
	}
	c->data = (struct gp_data){.n = m,
		.n_features = s->features.n,
		.is_category = s->features.is_category,
		.x = c->x,
		.y = c->y,
		.noise = -1};
}

static void choose(const struct gp_state *s, const struct search_history *h, size_t n,
	const double *y, size_t max, struct gp_chosen *c)
{
	c->at = guild_alloc((n + 1) * sizeof(*c->at));
	size_t m = choose_points(n, y, max, c->at);
	fill(s, h, m, y, c);
}

static void drop(struct gp_chosen *c)
{
	free(c->at);
	free(c->x);
	free(c->y);
}

/* Makes the data what model k is of; returns the logarithm of the slopes of the targets. */
static double prepare(const struct gp_state *s, struct gp_chosen *c, size_t k)
{
	double log_slope;
	double lambda = k & WARPED ? s->lambda : 1;
	double scale = gp_warp(lambda, c->data.n, c->raw, c->y, &log_slope);
	if (s->noise >= 0) {
		c->data.noise = fmin(s->noise * scale * scale, 1);
	}
	c->data.is_additive = k & WITH_PARTS;
	return log_slope;
}

/* Parts of one feature are the whole; a known noise is in units of the targets as they are. */
static bool is_used(const struct gp_state *s, size_t k)
{
	return !(k & WITH_PARTS && s->features.n < 2) &&
	       !(k & WARPED && (s->noise >= 0 || s->lambda > 0.95));
}

/* ---- fitting ---------------------------------------------------------------------------------------------------------------- */

static size_t next_fit(size_t n)
{
	return n == 0 ? FIRST_FIT : n + (n < 20 ? 1 : n / 10);
}

/* From where it was, and now and then from the start. */
static double fit_one(struct gp_state *s, struct gp_chosen *c, double *hyper, bool is_fresh)
{
	size_t n = gp_n_hyper(&c->data);
	struct gp_work *w = gp_work_new(&s->la, &c->data);
	double *fresh = guild_alloc(n * sizeof(*fresh));
	size_t calls = c->data.n <= 100 ? 30 : 15;
	double loss = INFINITY;
	if (!is_fresh) {
		loss = gp_fit(w, hyper, calls);
	}
	if (!isfinite(loss)) {
		gp_default_hyper(&c->data, fresh);
		loss = gp_fit(w, fresh, 2 * calls);
		memcpy(hyper, fresh, n * sizeof(*fresh));
	}
	free(fresh);
	gp_work_free(w);
	return loss;
}

static double correlation(size_t n, const double *a, const double *b)
{
	double mean_a = 0;
	double mean_b = 0;
	double aa = 0;
	double bb = 0;
	double ab = 0;
	for (size_t i = 0; i < n; i++) {
		mean_a += a[i] / (double)n;
		mean_b += b[i] / (double)n;
	}
	for (size_t i = 0; i < n; i++) {
		aa += (a[i] - mean_a) * (a[i] - mean_a);
		bb += (b[i] - mean_b) * (b[i] - mean_b);
		ab += (a[i] - mean_a) * (b[i] - mean_b);
	}
	return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : 0;
}

static double find_skill(const struct gp_state *s, struct gp_chosen *c)
{
	size_t best = 0;
	double skill = 0;
	for (size_t k = 1; k < MODELS; k++) {
		best = s->loss[k] < s->loss[best] ? k : best;
	}
	(void)prepare(s, c, best);
	struct gp *g = gp_new(&s->la, &c->data, s->hyper[best], 0);
	if (g) {
		double *mean = guild_alloc(2 * c->data.n * sizeof(*mean));
		gp_leave_one_out(g, mean, mean + c->data.n);
		skill = correlation(c->data.n, mean, c->y);
		free(mean);
	}
	gp_free(g);
	return skill;
}

static double least_loss(const struct gp_state *s)
{
	double least = INFINITY;
	for (size_t k = 0; k < MODELS && s->n_fitted > 0; k++) {
		least = fmin(least, s->loss[k]);
	}
	return least;
}

static void fit(struct gp_state *s, const struct search_history *h, size_t n, const double *y)
{
	struct gp_chosen c;
	bool is_fresh = s->n_fitted == 0 || n < 20 || n / 40 != s->n_fitted / 40;
	double least = least_loss(s);
	choose(s, h, n, y, FIT_MAX, &c);
	s->lambda = gp_warp_fit(c.data.n, c.raw);
	for (size_t k = 0; k < MODELS; k++) {
		bool was_used = s->n_fitted > 0 && isfinite(s->loss[k]);
		bool is_hopeless = was_used && !is_fresh && s->loss[k] > least + HOPELESS;
		s->loss[k] = is_hopeless ? s->loss[k] : INFINITY;
		if (is_used(s, k) && !is_hopeless) {
			double log_slope = prepare(s, &c, k);
			s->loss[k] = fit_one(s, &c, s->hyper[k], is_fresh || !was_used) - log_slope;
		}
	}
	s->skill = find_skill(s, &c);
	s->n_fitted = n;
	drop(&c);
}

/* By chance, in proportion to what the models explain: a wrong one that seems right does not have every trial. */
static size_t draw_model(const struct gp_state *s, struct guild_mt19937 *mt)
{
	const double temperature = 2;
	double weight[MODELS] = {0};
	double least = least_loss(s);
	double sum = 0;
	for (size_t k = 0; k < MODELS && isfinite(least); k++) {
		weight[k] = exp((least - s->loss[k]) / temperature);
		sum += weight[k];
	}
	double left = sum * guild_mt19937_unit(mt);
	for (size_t k = 0; k < MODELS && isfinite(least); k++) {
		left -= weight[k];
		if (left < 0) {
			return k;
		}
	}
	return 0;
}

/* Follows the chain to the last fit before what is known. */
static void follow_chain(struct gp_state *s, const struct search_history *h)
{
	struct guild_mt19937 unused;
	double *y = NULL;
	if (h->n_objectives > 1) {
		return;
	}
	while (next_fit(s->n_fitted) <= h->n_told) {
		struct search_history before = *h;
		before.n_told = next_fit(s->n_fitted);
		y = y ? y : guild_alloc((h->n_told + 1) * sizeof(*y));
		search_targets(&before, &unused, y);
		fit(s, &before, before.n_told, y);
	}
	free(y);
}

/* ---- asking ------------------------------------------------------------------------------------------------------------------ */

static void take_start(const struct gp_state *s, const struct search_history *h, double *x)
{
	double *u = guild_alloc(s->space->n * sizeof(*u));
	search_sobol_point(s->start, h->n, u);
	search_from_unit(s->space, u, x);
	free(u);
}

static void add_pending(struct gp_state *s, const struct search_history *h, struct gp *g)
{
	double *f = guild_alloc(s->features.n * sizeof(*f));
	double mean;
	double deviation;
	for (size_t i = h->n; i-- > 0 && g->n < g->cap;) {
		if (h->v[i].state == SEARCH_PENDING) {
			gp_encode(&s->features, s->space, h->v[i].x, f, 1);
			gp_predict(g, f, &mean, &deviation, NULL, NULL);
			(void)gp_append(g, f, mean);
		}
	}
	free(f);
}

static struct gp_promise choose_promise(const struct gp_state *s, struct guild_mt19937 *mt,
	double best)
{
	static const enum gp_acquisition kinds[] = {
		[CHOOSE_EI] = GP_EI, [CHOOSE_PI] = GP_PI, [CHOOSE_LCB] = GP_LCB};
	struct gp_promise p = {.kind = GP_EI, .best = best, .xi = s->xi, .kappa = s->kappa};
	if (s->choice != CHOOSE_HEDGE) {
		p.kind = kinds[s->choice];
	} else {
		double u = guild_mt19937_unit(mt);
		p.kind = u < 0.1 ? GP_PI : u < 0.2 ? GP_LCB : GP_EI;
	}
	return p;
}

/* Means at the points themselves: what is seen less what is taken for noise. */
static double rank_points(const struct gp *g, const struct gp_chosen *c,
	const struct search_history *h, size_t *best, size_t *n_best)
{
	size_t n = c->data.n;
	struct ranked *rank = guild_alloc(n * sizeof(*rank));
	for (size_t i = 0; i < n; i++) {
		rank[i] = (struct ranked){g->y[i] - g->noise * g->alpha[i], i};
	}
	qsort(rank, n, sizeof(*rank), compare_ranked);
	*n_best = n < BEST_MAX ? n : BEST_MAX;
	for (size_t k = 0; k < *n_best; k++) {
		best[k] = h->told[c->at[rank[k].at]];
	}
	double least = rank[0].y;
	free(rank);
	return least;
}

/* What a model promises most, looked for around the best of its points within `width`. */
static bool take_promising(struct gp_state *s, const struct search_history *h,
	const struct gp_chosen *c, const double *hyper, double width, struct guild_mt19937 *mt,
	double *x)
{
	size_t best[BEST_MAX];
	struct gp_quest q = {.features = &s->features, .history = h, .best = best, .width = width};
	q.model = gp_new(&s->la, &c->data, hyper, PENDING_MAX);
	if (!q.model) {
		return false;
	}
	double least = rank_points(q.model, c, h, best, &q.n_best);
	add_pending(s, h, q.model);
	q.promise = choose_promise(s, mt, least);
	/* Every corner is far from all that is known: of many dimensions nothing else would be seen for long. */
	double early = 1 - (double)h->n_told / (MARGIN_STEPS * (double)s->space->n);
	q.margin = s->space->n >= MARGIN_DIMS && width >= 1 ? 0.08 * fmax(early, 0) : 0;
	bool is_large = c->data.n > 200;
	q.n_candidates = is_large ? 300 : 500;
	q.n_starts = is_large ? 3 : 5;
	q.max_calls = is_large ? 20 : 40;
	gp_seek(&q, mt, x);
	gp_free(q.model);
	return true;
}

static bool take_global(struct gp_state *s, const struct search_history *h, const double *y,
	struct guild_mt19937 *mt, double *x)
{
	struct gp_chosen c;
	choose(s, h, h->n_told, y, MODEL_MAX, &c);
	size_t k = draw_model(s, mt);
	(void)prepare(s, &c, k);
	bool is_found = take_promising(s, h, &c, s->hyper[k], 1, mt, x);
	drop(&c);
	return is_found;
}

/* A model of what is near the best alone: functions may look like noise from afar. */
static bool take_local(struct gp_state *s, const struct search_history *h, const double *y,
	const struct gp_region *region, struct guild_mt19937 *mt, double *x)
{
	struct gp_chosen c;
	double *hyper = guild_alloc((2 * s->features.n + 4) * sizeof(*hyper));
	double log_slope;
	c.at = guild_alloc((h->n_told + 1) * sizeof(*c.at));
	size_t m = gp_region_points(h, region, 10 + 2 * s->features.n, LOCAL_MAX, c.at);
	fill(s, h, m, y, &c);
	(void)gp_warp(gp_warp_fit(m, c.raw), m, c.raw, c.y, &log_slope);
	struct gp_work *w = gp_work_new(&s->la, &c.data);
	gp_default_hyper(&c.data, hyper);
	(void)gp_fit(w, hyper, 30);
	bool is_found = take_promising(s, h, &c, hyper, region->width, mt, x);
	gp_work_free(w);
	free(hyper);
	drop(&c);
	return is_found;
}

/* Where the model of all says little, there are many dimensions, or nothing better was found for long. */
static bool is_for_local(const struct gp_state *s, const struct gp_region *r,
	struct guild_mt19937 *mt)
{
	size_t d = s->space->n;
	bool is_unsure = s->skill < GP_SKILL_MIN || d >= MANY_DIMS || r->n_stale >= 8 + d;
	return is_unsure && guild_mt19937_unit(mt) < 0.5;
}

static int suggest(void *state, const struct search_history *h, const double *y,
	struct guild_mt19937 *mt, double *x, struct guild_error *err)
{
	struct gp_state *s = state;
	struct gp_region region;
	struct guild_mt19937 own;
	(void)err;
	(void)mt;
	/* By the number of points, not of asks: points of an earlier process are added, not asked for. */
	guild_mt19937_seed_2(&own, s->seed, h->n);
	follow_chain(s, h);
	if (h->n < s->n_first || h->n_complete == 0 || h->n_told < FIRST_FIT) {
		take_start(s, h, x);
		return 0;
	}
	if (h->n_objectives > 1) {
		s->n_fitted = 0;
		fit(s, h, h->n_told, y);
	}
	gp_region_find(h, y, s->n_first, &region);
	bool is_found = is_for_local(s, &region, &own) ? take_local(s, h, y, &region, &own, x)
						       : take_global(s, h, y, &own, x);
	if (!is_found) {
		take_start(s, h, x);
	}
	return 0;
}

double gp_skill(void *state, const struct search_history *h)
{
	struct gp_state *s = state;
	follow_chain(s, h);
	return s->n_fitted > 0 ? s->skill : 1;
}

static const struct guild_optimizer_flag flags[] = {
	{"acq-func", "gp_hedge", "EI EIps LCB PI PIps gp_hedge",
		"what makes a point promising: expected improvement, lower confidence bound, "
		"probability of improvement, or a mixture of them"},
	{"kappa", "1.96", NULL, "LCB: standard deviations below the mean"},
	{"noise", "gaussian", NULL, "variance of the objective's noise; gaussian: it is learnt"},
	{"prev-trials", "batch", "batch operation sourcecode", "runs to learn from at the start"},
	{"random-starts", "3", NULL, "trials before the model is asked, at least"},
	{"xi", "0.05", NULL, "EI, PI: improvement that counts, in standard deviations"},
};

const struct sampler_class search_gp = {
	.info = {.name = "gp",
		.aliases = "skopt:gp bayesian gaussian",
		.help = "Gaussian process: the fewest trials on smooth functions of up to some dozens of flags.",
		.flags = flags,
		.n_flags = GUILD_ARRAY_LEN(flags)},
	.open = open_gp,
	.suggest = suggest,
	.close = close_gp,
};
