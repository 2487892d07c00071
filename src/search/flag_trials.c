/* Trials that are known before the first one starts: random ones, and those of a grid, drawn as Guild AI 0.9.0 draws them (batches.md 3). */

#include <stdlib.h>
#include <string.h>

#include "flag_space.h"

int guild_search_random_trials(struct guild_arena *a, const struct guild_flag_space *fs, size_t n,
	uint64_t seed, struct guild_value **out)
{
	struct guild_mt19937 mt;
	struct guild_value *trials = guild_value_list(a);
	double *x = guild_alloc((fs->space.n + 1) * sizeof(*x));
	guild_mt19937_seed_32(&mt, (uint32_t)seed);
	search_draw_skip(&mt);
	for (size_t t = 0; t < n; t++) {
		for (size_t i = 0; i < fs->space.n; i++) {
			x[i] = search_draw(&mt, &fs->space.v[i]);
		}
		search_mask(&fs->space, x);
		struct guild_value *flags = guild_flag_space_values(a, fs, x);
		for (size_t i = 0; t == 0 && i < fs->n; i++) {
			const struct guild_dim *d = &fs->space.v[fs->v[i].dim];
			if (fs->v[i].n_items == 0 && d->initial &&
				x[fs->v[i].dim] == x[fs->v[i].dim]) {
				guild_value_set(a, flags, fs->v[i].name,
					guild_value_copy(a, d->initial));
			}
		}
		guild_value_append(a, trials, flags);
	}
	free(x);
	*out = trials;
	return 0;
}

/* ---- grids ------------------------------------------------------------------------------------------------------------ */

/* Functions within a grid: each is drawn for each trial, the first time it takes its initial value. */
static int draw_functions(struct guild_arena *a, struct guild_value *trial,
	struct guild_mt19937 *mt, struct guild_map *seen, struct guild_error *err)
{
	for (size_t i = 0; i < trial->n; i++) {
		const char *name = guild_value_text(trial->pairs[i].key);
		struct guild_dim d;
		if (!guild_flag_is_function(a, trial->pairs[i].value, NULL)) {
			continue;
		}
		int rc = search_function_dim(a, name, trial->pairs[i].value, &d, err);
		if (rc != 0) {
			return rc;
		}
		char *key = guild_format("%s=%s", name, guild_value_text(trial->pairs[i].value));
		bool is_first = !guild_map_has(seen, key);
		guild_map_put(seen, key, seen);
		free(key);
		search_draw_skip(mt);
		double x = search_draw(mt, &d);
		struct guild_space one = {.v = &d, .n = 1};
		struct guild_value *drawn = guild_value_get(guild_space_values(a, &one, &x), name);
		trial->pairs[i].value =
			is_first && d.initial ? guild_value_copy(a, d.initial) : drawn;
	}
	return 0;
}

/* A flag whose condition does not hold has no value, and trials that are the same then are one. */
static int apply_conditions(struct guild_arena *a, const struct guild_value *extra,
	const struct guild_value *lists, struct guild_value *trial, bool *has_changed,
	struct guild_error *err)
{
	for (size_t i = 0; extra && i < trial->n; i++) {
		const char *name = guild_value_text(trial->pairs[i].key);
		const struct guild_value *when =
			guild_value_get(guild_value_get(extra, name), "when");
		const struct guild_value *all = guild_value_get(lists, name);
		struct flag_condition c;
		if (!when || !all || all->type != GUILD_LIST) {
			continue;
		}
		int rc = search_condition_read(a, name, when, &c, err);
		if (rc != 0) {
			return rc;
		}
		if (!search_condition_holds(&c, guild_value_get(trial, c.flag))) {
			trial->pairs[i].value = guild_value_null(a);
			*has_changed = true;
		}
	}
	return 0;
}

static bool is_new(struct guild_map *seen, const struct guild_value *trial)
{
	struct guild_buf b = {0};
	guild_json_dump(&b, trial, GUILD_JSON_SORT);
	bool found = guild_map_has(seen, guild_buf_cstr(&b));
	if (!found) {
		guild_map_put(seen, guild_buf_cstr(&b), seen);
	}
	guild_buf_fini(&b);
	return !found;
}

int guild_search_grid_trials(struct guild_arena *a, const struct guild_grid_request *req,
	struct guild_value **out, struct guild_error *err)
{
	struct guild_value *all = NULL;
	struct guild_value *kept = guild_value_list(a);
	struct guild_map functions = {0};
	struct guild_map trials = {0};
	struct guild_mt19937 mt;
	guild_mt19937_seed_32(&mt, (uint32_t)req->seed);
	int rc = guild_batch_trials(a, req->flags, req->user_flags, req->rows, 0, req->seed, &all,
		err);
	for (size_t i = 0; rc == 0 && i < all->n; i++) {
		bool has_changed = false;
		rc = apply_conditions(a, req->extra, req->flags, all->items[i], &has_changed, err);
		rc = rc ? rc : draw_functions(a, all->items[i], &mt, &functions, err);
		if (rc == 0 && (!has_changed || is_new(&trials, all->items[i]))) {
			guild_value_append(a, kept, all->items[i]);
		}
	}
	guild_map_fini(&functions);
	guild_map_fini(&trials);
	if (rc == 0) {
		*out = guild_batch_sample(a, kept, req->max_trials, req->seed);
	}
	return rc;
}
