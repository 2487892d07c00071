/* A search: history, asks and tells around a sampler. */

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "sampler.h"

enum { SPREAD_TRIES = 64, ENUMERATE_MAX = 1 << 20 };

struct guild_optimizer {
	struct guild_arena *arena;
	const struct sampler_class *class;
	void *state;
	struct guild_space space;
	struct guild_optimizer_options options;
	struct search_point *points;
	size_t n, cap;
	size_t *told;
	size_t n_told, told_cap, n_complete;
	double *targets;
	size_t targets_cap;
	bool has_targets;      /* of what was told so far */
	struct guild_map seen; /* hashes of points */
	double size;           /* how many points there are */
};

/* ---- making ------------------------------------------------------------------------------------------------------- */

static const struct sampler_class *find_class(const char *name)
{
	const struct guild_optimizer_info *info = guild_optimizer_find(name);
	for (size_t i = 0; info && search_samplers[i]; i++) {
		if (&search_samplers[i]->info == info) {
			return search_samplers[i];
		}
	}
	return NULL;
}

static int fail_unknown(const char *name, struct guild_error *err)
{
	const char *names[64] = {0};
	for (size_t i = 0; i + 1 < GUILD_ARRAY_LEN(names) && guild_optimizer_at(i); i++) {
		names[i] = guild_optimizer_at(i)->name;
	}
	guild_error_set(err, GUILD_ENOTFOUND, "there is no optimizer '%s'", name);
	const char *near = guild_nearest(name, names);
	if (near) {
		guild_error_hint(err, "did you mean '%s'?", near);
	}
	return GUILD_ENOTFOUND;
}

static const struct guild_optimizer_flag *find_flag(const struct guild_optimizer_info *info,
	const char *name)
{
	for (size_t i = 0; i < info->n_flags; i++) {
		if (strcmp(info->flags[i].name, name) == 0) {
			return &info->flags[i];
		}
	}
	return NULL;
}

static int fail_flag(const struct guild_optimizer_info *info, const char *name,
	struct guild_error *err)
{
	const char **names = guild_alloc((info->n_flags + 1) * sizeof(*names));
	for (size_t i = 0; i < info->n_flags; i++) {
		names[i] = info->flags[i].name;
	}
	guild_error_set(err, GUILD_EINVALID, "optimizer '%s' has no flag '%s'", info->name, name);
	const char *near = guild_nearest(name, names);
	if (near) {
		guild_error_hint(err, "did you mean '%s'?", near);
	}
	free(names);
	return GUILD_EINVALID;
}

static int check_flags(const struct guild_optimizer_info *info, const struct guild_value *given,
	struct guild_error *err)
{
	for (size_t i = 0; given && given->type == GUILD_DICT && i < given->n; i++) {
		const char *name = guild_value_text(given->pairs[i].key);
		if (!name || !find_flag(info, name)) {
			return fail_flag(info, name ? name : "", err);
		}
	}
	return 0;
}

int guild_optimizer_check(const char *name, const struct guild_value *flags,
	struct guild_error *err)
{
	const struct guild_optimizer_info *info = guild_optimizer_find(name);
	return info ? check_flags(info, flags, err) : fail_unknown(name, err);
}

/* Every flag of the optimizer: what was given, else its default. */
static int fill_flags(struct guild_optimizer *o, const struct guild_value *given,
	struct guild_value **out, struct guild_error *err)
{
	const struct guild_optimizer_info *info = &o->class->info;
	struct guild_value *flags = search_default_flags(o->arena, info);
	int rc = check_flags(info, given, err);
	for (size_t i = 0; rc == 0 && given && given->type == GUILD_DICT && i < given->n; i++) {
		const char *name = guild_value_text(given->pairs[i].key);
		guild_value_set(o->arena, flags, name,
			guild_value_copy(o->arena, given->pairs[i].value));
	}
	*out = flags;
	return rc;
}

static void copy_space(struct guild_optimizer *o, const struct guild_space *space)
{
	struct guild_arena *a = o->arena;
	o->space.n = space->n;
	o->space.v = guild_arena_alloc(a, (space->n + 1) * sizeof(*o->space.v));
	for (size_t i = 0; i < space->n; i++) {
		struct guild_dim *d = &o->space.v[i];
		*d = space->v[i];
		d->name = guild_arena_strdup(a, d->name);
		d->initial = d->initial ? guild_value_copy(a, d->initial) : NULL;
		const struct guild_value **choices =
			guild_arena_alloc(a, (d->n_choices + 1) * sizeof(*choices));
		for (size_t k = 0; k < d->n_choices; k++) {
			choices[k] = guild_value_copy(a, d->choices[k]);
		}
		d->choices = choices;
		double *when = guild_arena_alloc(a, (d->n_when + 1) * sizeof(*when));
		if (d->n_when > 0) {
			memcpy(when, space->v[i].when, d->n_when * sizeof(*when));
		}
		d->when = when;
	}
}

int guild_optimizer_new(const char *name, const struct guild_space *space,
	const struct guild_optimizer_options *options, struct guild_optimizer **out,
	struct guild_error *err)
{
	const struct sampler_class *class = find_class(name);
	if (!class) {
		return fail_unknown(name, err);
	}
	int rc = guild_space_check(space, err);
	if (rc == 0 && options->n_objectives > GUILD_OBJECTIVES_MAX) {
		rc = guild_error_set(err, GUILD_ELIMIT, "more than %d objectives",
			GUILD_OBJECTIVES_MAX);
	}
	if (rc != 0) {
		return rc;
	}
	struct guild_optimizer *o = guild_alloc(sizeof(*o));
	o->arena = guild_arena_new();
	o->class = class;
	o->options = *options;
	o->options.n_objectives = options->n_objectives ? options->n_objectives : 1;
	copy_space(o, space);
	o->size = guild_space_size(space);
	struct guild_value *flags = NULL;
	rc = fill_flags(o, options->flags, &flags, err);
	o->options.flags = flags;
	if (rc == 0 && class->open) {
		struct sampler_setup setup = {.space = &o->space,
			.n_objectives = o->options.n_objectives,
			.flags = flags,
			.seed = options->seed};
		rc = class->open(&setup, &o->state, err);
	}
	if (rc != 0) {
		guild_optimizer_free(o);
		return rc;
	}
	*out = o;
	return 0;
}

void guild_optimizer_free(struct guild_optimizer *o)
{
	if (!o) {
		return;
	}
	if (o->class->close && o->state) {
		o->class->close(o->state);
	}
	guild_map_fini(&o->seen);
	guild_arena_free(o->arena);
	free(o->points);
	free(o->told);
	free(o->targets);
	free(o);
}

/* ---- points seen --------------------------------------------------------------------------------------------------- */

struct point_key {
	char text[33];
};

static struct point_key key_of(const struct guild_optimizer *o, const double *x)
{
	struct point_key key;
	double clean[64] = {0};
	double *v =
		o->space.n <= GUILD_ARRAY_LEN(clean) ? clean : guild_alloc(o->space.n * sizeof(*v));
	for (size_t i = 0; i < o->space.n; i++) {
		v[i] = isnan(x[i]) ? INFINITY : x[i] + 0.0;
	}
	XXH128_hash_t hash = XXH3_128bits(v, o->space.n * sizeof(*v));
	snprintf(key.text, sizeof(key.text), "%016llx%016llx", (unsigned long long)hash.high64,
		(unsigned long long)hash.low64);
	if (v != clean) {
		free(v);
	}
	return key;
}

static bool was_seen(const struct guild_optimizer *o, const double *x)
{
	return guild_map_has(&o->seen, key_of(o, x).text);
}

/* The next unseen point of a small finite space from a random one on, over all combinations of values. */
static bool take_next_unseen(struct guild_optimizer *o, struct guild_mt19937 *mt, double *x)
{
	size_t size = (size_t)search_grid_size(&o->space);
	size_t start = guild_mt19937_below(mt, (uint32_t)size);
	for (size_t k = 0; k < size; k++) {
		size_t rest = (start + k) % size;
		for (size_t i = 0; i < o->space.n; i++) {
			const struct guild_dim *d = &o->space.v[i];
			size_t count = d->kind == GUILD_DIM_CATEGORICAL
					       ? d->n_choices
					       : (size_t)(d->high - d->low) + 1;
			x[i] = (double)(rest % count) +
			       (d->kind == GUILD_DIM_CATEGORICAL ? 0 : d->low);
			rest /= count;
		}
		search_mask(&o->space, x);
		if (!was_seen(o, x)) {
			return true;
		}
	}
	return false;
}

/* A point that was there already is moved in one or more dimensions, ever more of them. */
static void make_unseen(struct guild_optimizer *o, struct guild_mt19937 *mt, double *x)
{
	size_t n = o->space.n;
	if ((double)o->seen.n >= o->size) {
		return;
	}
	double *y = guild_alloc(n * sizeof(*y));
	for (size_t k = 0; was_seen(o, x); k++) {
		if (k == SPREAD_TRIES) {
			if (search_grid_size(&o->space) <= ENUMERATE_MAX &&
				take_next_unseen(o, mt, y)) {
				memcpy(x, y, n * sizeof(*x));
			}
			break;
		}
		memcpy(y, x, n * sizeof(*y));
		for (size_t moved = 0; moved <= k * n / SPREAD_TRIES; moved++) {
			size_t i = guild_mt19937_below(mt, (uint32_t)n);
			y[i] = search_dim_from_unit(&o->space.v[i], guild_mt19937_unit(mt));
		}
		/* What became active needs a value. */
		for (size_t i = 0; i < n; i++) {
			if (isnan(y[i]) && search_is_active(&o->space, i, y)) {
				y[i] = search_dim_from_unit(&o->space.v[i], guild_mt19937_unit(mt));
			}
		}
		search_mask(&o->space, y);
		if (!was_seen(o, y)) {
			memcpy(x, y, n * sizeof(*x));
		}
	}
	free(y);
}

/* ---- asking ------------------------------------------------------------------------------------------------------------ */

static uint64_t add_point(struct guild_optimizer *o, const double *x)
{
	size_t n = o->space.n;
	double *copy = guild_arena_alloc(o->arena, n * sizeof(*copy));
	memcpy(copy, x, n * sizeof(*copy));
	o->points = guild_grow_array(o->points, &o->cap, o->n + 1, sizeof(*o->points));
	o->points[o->n] = (struct search_point){.state = SEARCH_PENDING, .x = copy};
	guild_map_put(&o->seen, key_of(o, x).text, o);
	return o->n++;
}

static void apply_initial(struct guild_optimizer *o, double *x)
{
	for (size_t i = 0; i < o->space.n; i++) {
		const struct guild_dim *d = &o->space.v[i];
		if (d->initial && search_is_active(&o->space, i, x)) {
			x[i] = search_dim_point(d, d->initial);
		}
	}
}

static void history(const struct guild_optimizer *o, struct search_history *h)
{
	*h = (struct search_history){.space = &o->space,
		.n_objectives = o->options.n_objectives,
		.v = o->points,
		.n = o->n,
		.n_complete = o->n_complete,
		.told = o->told,
		.n_told = o->n_told};
}

/* Several objectives have new targets with every ask; one has them with every tell. */
static void find_targets(struct guild_optimizer *o, const struct search_history *h,
	struct guild_mt19937 *mt)
{
	if ((o->has_targets || o->class->is_blind) && h->n_objectives == 1) {
		return;
	}
	o->targets =
		guild_grow_array(o->targets, &o->targets_cap, o->n_told + 1, sizeof(*o->targets));
	search_targets(h, mt, o->targets);
	o->has_targets = true;
}

int guild_optimizer_ask(struct guild_optimizer *o, double *x, uint64_t *id, struct guild_error *err)
{
	struct guild_mt19937 mt;
	struct search_history h;
	double *point = guild_alloc(o->space.n * sizeof(*point));
	guild_mt19937_seed_2(&mt, o->options.seed, o->n);
	history(o, &h);
	find_targets(o, &h, &mt);
	int rc = o->class->suggest(o->state, &h, o->targets, &mt, point, err);
	if (rc == 0) {
		if (o->n == 0) {
			apply_initial(o, point);
		}
		search_mask(&o->space, point);
		make_unseen(o, &mt, point);
		memcpy(x, point, o->space.n * sizeof(*x));
		*id = add_point(o, point);
	}
	free(point);
	return rc;
}

/* ---- telling -------------------------------------------------------------------------------------------------------------- */

static void take_outcome(struct guild_optimizer *o, struct search_point *p,
	const struct guild_outcome *outcome)
{
	static const enum search_state states[] = {
		[GUILD_OUTCOME_COMPLETE] = SEARCH_COMPLETE,
		[GUILD_OUTCOME_FAILED] = SEARCH_FAILED,
		[GUILD_OUTCOME_PRUNED] = SEARCH_PRUNED,
	};
	size_t n = o->options.n_objectives;
	double *y = guild_arena_alloc(o->arena, n * sizeof(*y));
	p->state = states[outcome->state];
	for (size_t k = 0; k < n; k++) {
		y[k] = outcome->values ? outcome->values[k] : NAN;
		y[k] = o->options.maximize[k] ? -y[k] : y[k];
		if (!isfinite(y[k])) {
			y[k] = NAN;
			p->state = p->state == SEARCH_COMPLETE ? SEARCH_FAILED : p->state;
		}
	}
	for (size_t k = 0; k < outcome->n_constraints; k++) {
		double c = outcome->constraints[k];
		p->violation += isnan(c) ? 1 : fmin(fmax(c, 0), 1e300);
	}
	p->y = y;
}

static int tell(struct guild_optimizer *o, uint64_t id, const struct guild_outcome *outcome,
	struct guild_error *err)
{
	if (id >= o->n) {
		return guild_error_set(err, GUILD_ENOTFOUND, "there is no trial %llu",
			(unsigned long long)id);
	}
	struct search_point *p = &o->points[id];
	if (p->state != SEARCH_PENDING) {
		return guild_error_set(err, GUILD_EEXISTS, "trial %llu was told before",
			(unsigned long long)id);
	}
	take_outcome(o, p, outcome);
	o->told = guild_grow_array(o->told, &o->told_cap, o->n_told + 1, sizeof(*o->told));
	o->told[o->n_told++] = (size_t)id;
	o->n_complete += p->state == SEARCH_COMPLETE;
	o->has_targets = false;
	return 0;
}

int guild_optimizer_tell(struct guild_optimizer *o, uint64_t id,
	const struct guild_outcome *outcome, struct guild_error *err)
{
	return tell(o, id, outcome, err);
}

static bool is_in_space(const struct guild_optimizer *o, const double *x)
{
	for (size_t i = 0; i < o->space.n; i++) {
		const struct guild_dim *d = &o->space.v[i];
		if (!search_is_active(&o->space, i, x)) {
			if (!isnan(x[i])) {
				return false;
			}
			continue;
		}
		bool is_category = d->kind == GUILD_DIM_CATEGORICAL;
		double low = is_category ? 0 : d->low;
		double high = is_category ? (double)d->n_choices - 1 : d->high;
		bool is_whole = d->kind == GUILD_DIM_REAL || x[i] == floor(x[i]);
		if (!(x[i] >= low && x[i] <= high) || !is_whole) {
			return false;
		}
	}
	return true;
}

int guild_optimizer_add(struct guild_optimizer *o, const double *x,
	const struct guild_outcome *outcome, uint64_t *id, struct guild_error *err)
{
	if (!is_in_space(o, x)) {
		return guild_error_set(err, GUILD_EINVALID, "the point is not in the space");
	}
	uint64_t new_id = add_point(o, x);
	if (id) {
		*id = new_id;
	}
	return outcome ? tell(o, new_id, outcome, err) : 0;
}

/* ---- the best --------------------------------------------------------------------------------------------------------------- */

static bool beats(const struct guild_optimizer *o, const struct search_point *p,
	const struct search_point *q)
{
	bool is_better = false;
	if (p->violation != q->violation) {
		return p->violation < q->violation;
	}
	for (size_t k = 0; k < o->options.n_objectives; k++) {
		if (p->y[k] > q->y[k]) {
			return false;
		}
		is_better = is_better || p->y[k] < q->y[k];
	}
	return is_better;
}

/* Values as they were told. */
static void unflip(const struct guild_optimizer *o, const struct search_point *p, double *values)
{
	for (size_t k = 0; k < o->options.n_objectives; k++) {
		values[k] = o->options.maximize[k] ? -p->y[k] : p->y[k];
	}
}

bool guild_optimizer_best(const struct guild_optimizer *o, double *x, double *values, uint64_t *id)
{
	size_t best = SIZE_MAX;
	for (size_t i = 0; i < o->n; i++) {
		const struct search_point *p = &o->points[i];
		if (p->state != SEARCH_COMPLETE) {
			continue;
		}
		const struct search_point *q = best == SIZE_MAX ? NULL : &o->points[best];
		bool is_better =
			!q || p->violation < q->violation ||
			(p->violation == q->violation &&
				(p->y[0] < q->y[0] || (p->y[0] == q->y[0] && beats(o, p, q))));
		if (is_better) {
			best = i;
		}
	}
	if (best == SIZE_MAX) {
		return false;
	}
	if (x) {
		memcpy(x, o->points[best].x, o->space.n * sizeof(*x));
	}
	if (values) {
		unflip(o, &o->points[best], values);
	}
	if (id) {
		*id = best;
	}
	return true;
}

struct ranked {
	const struct search_point *p;
	size_t id, n_objectives;
};

static int compare_goals(const struct ranked *x, const struct ranked *y)
{
	if (x->p->violation != y->p->violation) {
		return x->p->violation < y->p->violation ? -1 : 1;
	}
	for (size_t k = 0; k < x->n_objectives; k++) {
		if (x->p->y[k] != y->p->y[k]) {
			return x->p->y[k] < y->p->y[k] ? -1 : 1;
		}
	}
	return 0;
}

static int compare_ranked(const void *a, const void *b)
{
	const struct ranked *x = a;
	const struct ranked *y = b;
	int by_goals = compare_goals(x, y);
	return by_goals ? by_goals : x->id < y->id ? -1 : x->id > y->id;
}

static int compare_ids(const void *a, const void *b)
{
	size_t x = *(const size_t *)a;
	size_t y = *(const size_t *)b;
	return x < y ? -1 : x > y;
}

/* In this order none is beaten by a later one; of two objectives, or one, the last of the front is the one to beat. */
size_t guild_optimizer_front(const struct guild_optimizer *o, uint64_t *ids, size_t max)
{
	struct ranked *v = guild_alloc((o->n_complete + 1) * sizeof(*v));
	size_t *front = guild_alloc((o->n_complete + 1) * sizeof(*front));
	size_t *different = guild_alloc((o->n_complete + 1) * sizeof(*different));
	size_t n_all = 0;
	size_t n = 0;
	size_t n_different = 0;
	bool is_beaten = false;
	for (size_t i = 0; i < o->n; i++) {
		if (o->points[i].state == SEARCH_COMPLETE) {
			v[n_all++] = (struct ranked){.p = &o->points[i],
				.id = i,
				.n_objectives = o->options.n_objectives};
		}
	}
	qsort(v, n_all, sizeof(*v), compare_ranked);
	for (size_t i = 0; i < n_all; i++) {
		if (i == 0 || compare_goals(&v[i - 1], &v[i]) != 0) {
			is_beaten = false;
			size_t first = o->options.n_objectives <= 2 && n_different > 0
					       ? n_different - 1
					       : 0;
			for (size_t k = first; k < n_different && !is_beaten; k++) {
				is_beaten = beats(o, &o->points[different[k]], v[i].p);
			}
			if (!is_beaten) {
				different[n_different++] = v[i].id;
			}
		}
		if (!is_beaten) {
			front[n++] = v[i].id;
		}
	}
	qsort(front, n, sizeof(*front), compare_ids);
	for (size_t k = 0; k < n && k < max; k++) {
		ids[k] = front[k];
	}
	free(v);
	free(front);
	free(different);
	return n;
}

const double *guild_optimizer_point(const struct guild_optimizer *o, uint64_t id)
{
	return id < o->n ? o->points[id].x : NULL;
}

bool guild_optimizer_values(const struct guild_optimizer *o, uint64_t id, double *values)
{
	if (id >= o->n || o->points[id].state != SEARCH_COMPLETE) {
		return false;
	}
	unflip(o, &o->points[id], values);
	return true;
}
