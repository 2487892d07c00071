/* Choosing points by a model: what random starts, candidates and steps are. */

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "acquire.h"

enum acquire_kind { ACQUIRE_EI, ACQUIRE_LCB, ACQUIRE_PI };
struct acquire_request {
	const struct search_history *history;
	const struct tree_data
		*data;   /* the rows of the told points in the order of history->told come first */
	const double *y; /* of the rows, small is good */
	size_t n_told;
	enum acquire_kind kind;
	double kappa, xi;
	/* Mean and standard deviation at n rows. */
	void (*predict)(const void *model, const double *rows, size_t n, double *mean, double *std);
	const void *model;
	struct guild_mt19937 *mt;
};
enum { N_EVEN = 2000, N_NEAR = 800, N_BEST = 10, N_STARTS = 8, N_STEPS = 8, N_SPREAD = 64 };

/* ---- flags --------------------------------------------------------------------------------------------------------- */

static const double RANDOM_SHARE = 0.08;

const struct guild_optimizer_flag acquire_flags[] = {
	{"acq-func", "EI", "EI LCB PI",
		"what makes a point promising: expected improvement, lower confidence bound, "
		"probability of improvement"},
	{"kappa", "1.96", NULL, "LCB: standard deviations below the mean"},
	{"prev-trials", "batch", "batch operation sourcecode", "runs to learn from at the start"},
	{"random-starts", "3", NULL, "trials before the model is asked"},
	{"xi", "0.05", NULL, "EI, PI: improvement that counts, in standard deviations"},
};
_Static_assert(GUILD_ARRAY_LEN(acquire_flags) == ACQUIRE_N_FLAGS, "flags");

int acquire_open(const struct sampler_setup *setup, void **state, struct guild_error *err)
{
	static const char *const numbers[] = {"kappa", "random-starts", "xi"};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(numbers); i++) {
		double value = search_flag_f64(setup->flags, numbers[i]);
		if (!(value >= 0) || isinf(value)) {
			return guild_error_set(err, GUILD_EINVALID,
				"optimizer flag '%s' needs a number that is not negative",
				numbers[i]);
		}
	}
	const char *kind = search_flag_text(setup->flags, "acq-func");
	if (!kind ||
		(strcmp(kind, "EI") != 0 && strcmp(kind, "LCB") != 0 && strcmp(kind, "PI") != 0)) {
		return guild_error_set(err, GUILD_EINVALID,
			"optimizer flag 'acq-func' is one of EI, LCB, PI");
	}
	/* They live as long as the search. */
	*state = (void *)(uintptr_t)setup->flags;
	return 0;
}

static void read_flags(struct acquire_request *r, const struct guild_value *flags)
{
	const char *kind = search_flag_text(flags, "acq-func");
	r->kind = kind && strcmp(kind, "LCB") == 0  ? ACQUIRE_LCB
		  : kind && strcmp(kind, "PI") == 0 ? ACQUIRE_PI
						    : ACQUIRE_EI;
	r->kappa = search_flag_f64(flags, "kappa");
	r->xi = search_flag_f64(flags, "xi");
}

/* Random starts, and now and then later: what the model has wrong is found out so (SMAC interleaves them). */
static bool is_random(const struct search_history *h, const struct guild_value *flags,
	struct guild_mt19937 *mt)
{
	bool is_start =
		h->n_complete == 0 || h->n < (size_t)search_flag_i64(flags, "random-starts");
	return guild_mt19937_unit(mt) < RANDOM_SHARE || is_start;
}

/* ---- random starts ------------------------------------------------------------------------------------------------ */

static void draw_units(size_t n, struct guild_mt19937 *mt, double *u)
{
	for (size_t i = 0; i < n; i++) {
		u[i] = guild_mt19937_unit(mt);
	}
}

/* Choices are apart by one or not at all. */
static double distance(const struct guild_space *s, const double *x, const double *z)
{
	double sum = 0;
	for (size_t i = 0; i < s->n; i++) {
		if (isnan(x[i]) || isnan(z[i])) {
			sum += isnan(x[i]) != isnan(z[i]);
		} else if (s->v[i].kind == GUILD_DIM_CATEGORICAL) {
			sum += x[i] != z[i];
		} else {
			double diff = search_dim_to_unit(&s->v[i], x[i]) -
				      search_dim_to_unit(&s->v[i], z[i]);
			sum += diff * diff;
		}
	}
	return sum;
}

/* A point far from all others: the farthest of some drawn evenly. */
static void spread(const struct search_history *h, struct guild_mt19937 *mt, double *x)
{
	const struct guild_space *s = h->space;
	double *u = guild_alloc(2 * s->n * sizeof(*u));
	double *tried = u + s->n;
	double best = -1;
	for (size_t k = 0; k < (h->n > 0 ? N_SPREAD : 1); k++) {
		draw_units(s->n, mt, u);
		search_from_unit(s, u, tried);
		double nearest = INFINITY;
		/* The latest ones are enough: it is asked for early. */
		for (size_t i = h->n > 256 ? h->n - 256 : 0; i < h->n; i++) {
			nearest = fmin(nearest, distance(s, tried, h->v[i].x));
		}
		if (nearest > best) {
			best = nearest;
			memcpy(x, tried, s->n * sizeof(*x));
		}
	}
	free(u);
}

/* ---- rows and targets ------------------------------------------------------------------------------------------------ */

struct ranked {
	double y;
	size_t at;
};

static int compare_ranked(const void *a, const void *b)
{
	const struct ranked *x = a;
	const struct ranked *y = b;
	return x->y < y->y ? -1 : x->y > y->y ? 1 : (x->at > y->at) - (x->at < y->at);
}

/* The quantile of the standard normal distribution: P. J. Acklam's rational approximation, relative error below 1.2e-9. */
static double normal_quantile(double p)
{
	static const double a[] = {-3.969683028665376e+01, 2.209460984245205e+02,
		-2.759285104469687e+02, 1.383577518672690e+02, -3.066479806614716e+01,
		2.506628277459239e+00};
	static const double b[] = {-5.447609879822406e+01, 1.615858368580409e+02,
		-1.556989798598866e+02, 6.680131188771972e+01, -1.328068155288572e+01};
	static const double c[] = {-7.784894002430293e-03, -3.223964580411365e-01,
		-2.400758277161838e+00, -2.549732539343734e+00, 4.374664141464968e+00,
		2.938163982698783e+00};
	static const double d[] = {7.784695709041462e-03, 3.224671290700398e-01,
		2.445134137142996e+00, 3.754408661907416e+00};
	double q = fmin(p, 1 - p);
	if (q < 0.02425) {
		q = sqrt(-2 * log(q));
		double tail =
			(((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q + c[5]) /
			((((d[0] * q + d[1]) * q + d[2]) * q + d[3]) * q + 1);
		return p < 0.5 ? tail : -tail;
	}
	q = p - 0.5;
	double r = q * q;
	return (((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r + a[5]) * q /
	       (((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r + 1);
}

static void make_normal(const double *targets, size_t n, double *y)
{
	struct ranked *ranked = guild_alloc((n + 1) * sizeof(*ranked));
	for (size_t i = 0; i < n; i++) {
		ranked[i] = (struct ranked){targets[i], i};
	}
	qsort(ranked, n, sizeof(*ranked), compare_ranked);
	for (size_t i = 0; i < n;) {
		size_t end = i + 1;
		while (end < n && ranked[end].y <= ranked[i].y) {
			end++;
		}
		/* Equal ones share their mean rank. */
		double rank = (double)(i + end) / 2;
		for (; i < end; i++) {
			y[ranked[i].at] = normal_quantile(rank / (double)n);
		}
	}
	free(ranked);
}

/* Told and pending points as rows, with targets: pending ones get the mean (the liar of Ginsbourger et al. 2010), and all of them are made normal by their ranks, so
 * that neither outliers nor the objective's scale matter. y has room for n_told and the pending ones. */
static void fill_rows(const struct search_history *h, const double *targets, struct tree_data *data,
	double **y)
{
	size_t n = h->n_told;
	tree_data_init(data, h->space, h->n);
	*y = guild_alloc((h->n + 1) * sizeof(**y));
	make_normal(targets, h->n_told, *y);
	for (size_t i = 0; i < h->n_told; i++) {
		tree_data_row(data, h->space, h->v[h->told[i]].x, data->x + i * data->n_dims);
	}
	for (size_t i = 0; i < h->n; i++) {
		if (h->v[i].state == SEARCH_PENDING) {
			tree_data_row(data, h->space, h->v[i].x, data->x + n * data->n_dims);
			(*y)[n++] = 0;
		}
	}
	data->n = n;
}

/* ---- candidates ------------------------------------------------------------------------------------------------------------ */

/* Points whose worth was told by the model. */
struct pool {
	double *u, *x, *rows; /* n_dims each */
	double *mean, *std, *worth;
	size_t n, cap;
};

struct chooser {
	const struct acquire_request *r;
	const struct guild_space *space;
	struct pool pool;
	double best;     /* the lowest mean at a point that was told */
	double middle;   /* of the means there, at least as high as any good one */
	uint64_t *tried; /* hashes of the points of a finite space, sorted; NULL: infinite */
	size_t n_tried;
};

static void pool_init(struct pool *p, size_t cap, size_t n_dims)
{
	*p = (struct pool){.cap = cap};
	p->u = guild_alloc(3 * cap * n_dims * sizeof(*p->u));
	p->x = p->u + cap * n_dims;
	p->rows = p->x + cap * n_dims;
	p->mean = guild_alloc(3 * cap * sizeof(*p->mean));
	p->std = p->mean + cap;
	p->worth = p->std + cap;
}

static void pool_fini(struct pool *p)
{
	free(p->u);
	free(p->mean);
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

static uint64_t hash_row(const struct chooser *c, const double *row)
{
	return XXH3_64bits(row, c->space->n * sizeof(*row));
}

static void find_tried(struct chooser *c)
{
	const struct tree_data *d = c->r->data;
	if (isinf(guild_space_size(c->space))) {
		return;
	}
	c->tried = guild_alloc((d->n + 1) * sizeof(*c->tried));
	for (size_t i = 0; i < d->n; i++) {
		c->tried[i] = hash_row(c, d->x + i * d->n_dims);
	}
	c->n_tried = d->n;
	qsort(c->tried, c->n_tried, sizeof(*c->tried), compare_u64);
}

static bool was_tried(const struct chooser *c, const double *row)
{
	uint64_t hash = c->tried ? hash_row(c, row) : 0;
	return c->tried &&
	       bsearch(&hash, c->tried, c->n_tried, sizeof(*c->tried), compare_u64) != NULL;
}

/* The logarithm of the expected improvement: far from what is known the improvement itself is 0 everywhere. */
static double log_ei(double gain, double std)
{
	double z = gain / std;
	if (z > -5) {
		double density = exp(-z * z / 2) * 0.39894228040143267794;
		return log(std * (z * erfc(-z * 0.70710678118654752440) / 2 + density));
	}
	return log(std) - z * z / 2 - 0.91893853320467274178 - 2 * log(-z);
}

static double worth_of(const struct chooser *c, double mean, double std)
{
	const struct acquire_request *r = c->r;
	double gain = c->best - r->xi - mean;
	std = fmax(std, 1e-6);
	if (r->kind == ACQUIRE_LCB) {
		return r->kappa * std - mean;
	}
	return r->kind == ACQUIRE_PI ? gain / std : log_ei(gain, std);
}

/* Adds u; what is in it is moved to where the space has a point. */
static double *pool_add(struct chooser *c)
{
	return c->pool.u + c->pool.n++ * c->space->n;
}

/* Below 1 near points that are being tried: trees do not see how near they are, and would send all parallel trials to one place. */
static double apart(const struct chooser *c, const double *row)
{
	const struct tree_data *d = c->r->data;
	double radius = 0.1 * sqrt((double)d->n_dims);
	double nearest = radius * radius;
	for (size_t i = c->r->n_told; i < d->n; i++) {
		const double *other = d->x + i * d->n_dims;
		double sum = 0;
		for (size_t k = 0; k < d->n_dims && sum < nearest; k++) {
			double diff = row[k] - other[k];
			sum += d->n_values[k] > 0 ? (diff != 0) * 0.25 : diff * diff;
		}
		nearest = fmin(nearest, sum);
	}
	return sqrt(nearest) / radius;
}

static void rate_pool(struct chooser *c, size_t from)
{
	struct pool *p = &c->pool;
	size_t n_dims = c->space->n;
	for (size_t i = from; i < p->n; i++) {
		search_from_unit(c->space, p->u + i * n_dims, p->x + i * n_dims);
		tree_data_row(c->r->data, c->space, p->x + i * n_dims, p->rows + i * n_dims);
	}
	c->r->predict(c->r->model, p->rows + from * n_dims, p->n - from, p->mean + from,
		p->std + from);
	for (size_t i = from; i < p->n; i++) {
		bool is_new = !was_tried(c, p->rows + i * n_dims);
		double far = c->r->data->n > c->r->n_told ? apart(c, p->rows + i * n_dims) : 1;
		/* Near one, what is expected there is what the other one will find. */
		p->worth[i] =
			is_new ? worth_of(c, p->mean[i] + (1 - far) * (c->middle - p->mean[i]),
					 fmax(far, 1e-3) * p->std[i])
			       : -INFINITY;
	}
}

/* ---- points near others -------------------------------------------------------------------------------------------------------- */

/* One dimension is moved always, others rarely; numbers by steps of any size. */
static void move_units(const struct chooser *c, const double *from, double *u)
{
	struct guild_mt19937 *mt = c->r->mt;
	size_t n = c->space->n;
	size_t always = guild_mt19937_below(mt, (uint32_t)n);
	double scale = 0.3 * exp(-4 * guild_mt19937_unit(mt));
	double others = guild_mt19937_unit(mt);
	memcpy(u, from, n * sizeof(*u));
	for (size_t i = 0; i < n; i++) {
		const struct guild_dim *d = &c->space->v[i];
		if (i != always && guild_mt19937_unit(mt) > others * others) {
			continue;
		}
		if (d->kind == GUILD_DIM_CATEGORICAL) {
			/* Rather another one, if the only move. */
			u[i] = i == always || guild_mt19937_unit(mt) < 0.3 ? guild_mt19937_unit(mt)
									   : u[i];
			continue;
		}
		double step = scale;
		if (d->kind == GUILD_DIM_INT && i == always) {
			step = fmax(scale, 1.0 / (d->high - d->low + 1));
		}
		double moved = u[i] + step * guild_mt19937_normal(mt);
		u[i] = moved < 0 ? fmin(-moved, 1) : moved > 1 ? fmax(2 - moved, 0) : moved;
	}
}

/* The units of a point that was told; what is not searched may be anything. */
static void told_units(const struct chooser *c, size_t at, double *u)
{
	const struct search_history *h = c->r->history;
	const double *x = h->v[h->told[at]].x;
	search_to_unit(c->space, x, u);
	for (size_t i = 0; i < c->space->n; i++) {
		u[i] = isnan(x[i]) ? guild_mt19937_unit(c->r->mt) : u[i];
	}
}

static void sort_best(const double *worth, size_t n, struct ranked *out)
{
	for (size_t i = 0; i < n; i++) {
		out[i] = (struct ranked){-worth[i], i};
	}
	qsort(out, n, sizeof(*out), compare_ranked);
}

static void add_near_best(struct chooser *c)
{
	size_t n_told = c->r->n_told;
	size_t n_best = n_told < N_BEST ? n_told : N_BEST;
	struct ranked *told = guild_alloc((n_told + 1) * sizeof(*told));
	double *u = guild_alloc(c->space->n * sizeof(*u));
	for (size_t i = 0; i < n_told; i++) {
		told[i] = (struct ranked){c->r->y[i], i};
	}
	qsort(told, n_told, sizeof(*told), compare_ranked);
	for (size_t k = 0; k < n_best; k++) {
		/* Half of them near the very best. */
		size_t n = k == 0 ? N_NEAR / 2 : N_NEAR / 2 / (n_best - 1); /* n_best > 1 then */
		told_units(c, told[k].at, u);
		for (size_t i = 0; i < n; i++) {
			move_units(c, u, pool_add(c));
		}
	}
	free(u);
	free(told);
}

/* From the most promising points on, to the best of some neighbours as long as one is better. */
static void climb(struct chooser *c, size_t n_neighbours)
{
	struct pool *p = &c->pool;
	size_t n_dims = c->space->n;
	size_t at[N_STARTS];
	size_t n = p->n < N_STARTS ? p->n : N_STARTS;
	struct ranked *ranked = guild_alloc((p->n + 1) * sizeof(*ranked));
	sort_best(p->worth, p->n, ranked);
	for (size_t k = 0; k < n; k++) {
		at[k] = ranked[k].at;
	}
	free(ranked);
	for (size_t step = 0; step < N_STEPS && n > 0; step++) {
		size_t from = p->n;
		for (size_t k = 0; k < n; k++) {
			for (size_t i = 0; i < n_neighbours; i++) {
				double *u = pool_add(c);
				move_units(c, p->u + at[k] * n_dims, u);
			}
		}
		rate_pool(c, from);
		size_t left = 0;
		for (size_t k = 0; k < n; k++) {
			size_t best = at[k];
			for (size_t i = 0; i < n_neighbours; i++) {
				size_t near = from + k * n_neighbours + i;
				best = p->worth[near] > p->worth[best] ? near : best;
			}
			if (best != at[k]) {
				at[left++] = best;
			}
		}
		n = left;
	}
}

/* By points drawn evenly and steps from those that look best. Points that were tried are not taken in a finite space. */
static void choose(const struct acquire_request *r, double *x)
{
	struct chooser c = {.r = r, .space = r->history->space, .best = INFINITY};
	size_t n_dims = c.space->n;
	size_t n_neighbours = 2 * n_dims < 8 ? 8 : 2 * n_dims > 40 ? 40 : 2 * n_dims;
	double *told = guild_alloc(2 * (r->n_told + 1) * sizeof(*told));
	pool_init(&c.pool, N_EVEN + N_NEAR + N_STARTS * N_STEPS * n_neighbours, n_dims);
	find_tried(&c);
	r->predict(r->model, r->data->x, r->n_told, told, told + r->n_told);
	for (size_t i = 0; i < r->n_told; i++) {
		c.best = fmin(c.best, told[i]);
		c.middle += told[i] / (double)r->n_told;
	}
	for (size_t i = 0; i < N_EVEN; i++) {
		draw_units(n_dims, r->mt, pool_add(&c));
	}
	add_near_best(&c);
	rate_pool(&c, 0);
	climb(&c, n_neighbours);
	size_t best = 0;
	for (size_t i = 1; i < c.pool.n; i++) {
		best = c.pool.worth[i] > c.pool.worth[best] ? i : best;
	}
	memcpy(x, c.pool.x + best * n_dims, n_dims * sizeof(*x));
	pool_fini(&c.pool);
	free(c.tried);
	free(told);
}

int acquire_suggest(const struct acquire_model *class, const struct guild_value *flags,
	const struct search_history *h, const double *targets, struct guild_mt19937 *mt, double *x)
{
	struct tree_data data;
	double *y = NULL;
	if (is_random(h, flags, mt)) {
		spread(h, mt, x);
		return 0;
	}
	void *model = guild_alloc(class->size);
	fill_rows(h, targets, &data, &y);
	class->fit(model, &data, y, mt);
	struct acquire_request r = {
		.history = h,
		.data = &data,
		.y = y,
		.n_told = h->n_told,
		.predict = class->predict,
		.model = model,
		.mt = mt,
	};
	read_flags(&r, flags);
	choose(&r, x);
	class->fini(model);
	free(model);
	free(y);
	tree_data_fini(&data);
	return 0;
}
