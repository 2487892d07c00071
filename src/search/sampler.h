/* What optimizers are made of: history, targets, units. Private to search. */
#ifndef GUILD_SEARCH_SAMPLER_H
#define GUILD_SEARCH_SAMPLER_H

#include <guild/search.h>

/* ---- what was tried ------------------------------------------------------------------------------------------ */

enum search_state { SEARCH_PENDING, SEARCH_COMPLETE, SEARCH_FAILED, SEARCH_PRUNED };
struct search_point {
	enum search_state state;
	const double *x;  /* space->n */
	const double *y;  /* n_objectives, each to be made small; NaN where there is none */
	double violation; /* sum of the constraints above 0 */
};
/* In the order of asks and additions, which no tell changes. */
struct search_history {
	const struct guild_space *space;
	size_t n_objectives;
	const struct search_point *v;
	size_t n;
	size_t n_complete;
	const size_t
		*told; /* positions in v in the order they were told: all that are not pending */
	size_t n_told;
};

/* ---- one optimizer -------------------------------------------------------------------------------------------- */

struct sampler_setup {
	const struct guild_space *space;
	size_t n_objectives;
	const struct guild_value
		*flags; /* dict with every flag of the optimizer, defaults filled in */
	uint64_t seed;
};
struct sampler_class {
	struct guild_optimizer_info info;
	bool takes_several; /* objectives; else it is given one made of them (ParEGO) */
	bool is_blind;      /* to results: targets may be missing */
	/* May be NULL: no state. */
	int (*open)(const struct sampler_setup *setup, void **state, struct guild_error *err);
	/* A new point. `mt` is seeded by the search's seed and the number of points there are, so that what is suggested follows from the history alone. `y`: one target
	 * for each of h->told, small is good, finite: see search_targets. What is not searched may be anything. */
	int (*suggest)(void *state, const struct search_history *h, const double *y,
		struct guild_mt19937 *mt, double *x, struct guild_error *err);
	void (*close)(void *state);
};
extern const struct sampler_class *const search_samplers[]; /* sorted, NULL at the end */
extern const struct sampler_class search_auto;
extern const struct sampler_class search_cmaes;
extern const struct sampler_class search_forest;
extern const struct sampler_class search_gbrt;
extern const struct sampler_class search_gp;
extern const struct sampler_class search_nsga2;
extern const struct sampler_class search_qmc;
extern const struct sampler_class search_random;
extern const struct sampler_class search_tpe;

/* One number to be made small for each told point: failed ones get what is worse than the worst, pruned ones their last value but not better than
 * the median of the complete ones, infeasible ones come after all feasible ones by their violation. Several objectives are made one by an
 * augmented Chebyshev norm with weights drawn from mt (J. Knowles, "ParEGO", IEEE TEVC 10 (2006)). All 0 without a complete point. */
void search_targets(const struct search_history *h, struct guild_mt19937 *mt, double *y);

/* The k-th smallest (from 0) of n finite numbers, in linear time; they are reordered. */
double search_kth(double *v, size_t n, size_t k);

/* ---- units ------------------------------------------------------------------------------------------------------- */

/* A point as numbers in [0, 1]: REAL and INT on their scale (INT: the middle of one of high-low+1 equal parts), choice i of n as (i + 0.5) / n,
 * what is not searched as 0.5. */
void search_to_unit(const struct guild_space *s, const double *x, double *u);
/* The other way, clamped; what is not searched becomes NaN. */
void search_from_unit(const struct guild_space *s, const double *u, double *x);
double search_dim_to_unit(const struct guild_dim *d, double x);
double search_dim_from_unit(const struct guild_dim *d, double u);
/* A value in the form of points, NaN: the dimension has no such value. */
double search_dim_point(const struct guild_dim *d, const struct guild_value *v);
/* Puts NaN where a dimension is not searched. */
void search_mask(const struct guild_space *s, double *x);
/* Combinations of values, conditions or not: guild_space_size or more. */
double search_grid_size(const struct guild_space *s);
bool search_is_active(const struct guild_space *s, size_t dim, const double *x);

/* ---- flags --------------------------------------------------------------------------------------------------------- */

/* Every flag of an optimizer with its default. */
struct guild_value *search_default_flags(struct guild_arena *a,
	const struct guild_optimizer_info *info);
double search_flag_f64(const struct guild_value *flags, const char *name);
int64_t search_flag_i64(const struct guild_value *flags, const char *name);
const char *search_flag_text(const struct guild_value *flags, const char *name);

#endif
