/* Which trials a grid batch has (batches.md 3.1). */

#include <stdlib.h>
#include <string.h>

#include "exec_private.h"

/* Operation defaults < row of a batch file < what the user typed. */
static struct guild_value *merge_row(struct guild_arena *a, const struct guild_value *flags,
	const struct guild_value *user_flags, const struct guild_value *row)
{
	struct guild_value *merged = guild_value_copy(a, flags);
	for (size_t i = 0; row && i < row->n; i++) {
		const char *name = guild_value_text(row->pairs[i].key);
		if (name && !guild_value_get(user_flags, name)) {
			guild_value_set(a, merged, name, row->pairs[i].value);
		}
	}
	guild_value_sort_keys(merged);
	return merged;
}

static int compare_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a;
	uint32_t y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

struct guild_value *guild_batch_sample(struct guild_arena *a, struct guild_value *all,
	int64_t max_trials, uint64_t seed)
{
	if (max_trials <= 0 || (uint64_t)max_trials >= all->n) {
		return all;
	}
	uint32_t k = (uint32_t)max_trials;
	struct guild_mt19937 mt;
	struct guild_value *chosen = guild_value_list(a);
	uint32_t *at = guild_alloc(((size_t)k + 1) * sizeof(*at));
	guild_mt19937_seed(&mt, seed);
	guild_mt19937_sample(&mt, (uint32_t)all->n, k, at);
	qsort(at, k, sizeof(*at), compare_u32);
	for (uint32_t i = 0; i < k; i++) {
		guild_value_append(a, chosen, all->items[at[i]]);
	}
	free(at);
	return chosen;
}

int guild_batch_trials(struct guild_arena *a, const struct guild_value *flags,
	const struct guild_value *user_flags, const struct guild_value *rows, int64_t max_trials,
	uint64_t seed, struct guild_value **out, struct guild_error *err)
{
	struct guild_value *all = guild_value_list(a);
	size_t n_rows = rows && rows->type == GUILD_LIST ? rows->n : 1;
	for (size_t i = 0; i < n_rows; i++) {
		const struct guild_value *row =
			rows && rows->type == GUILD_LIST ? rows->items[i] : NULL;
		struct guild_value *some = NULL;
		int rc = guild_flag_expand(a, merge_row(a, flags, user_flags, row),
			GUILD_BATCH_MAX_TRIALS - all->n, &some, err);
		if (rc != 0) {
			return rc;
		}
		for (size_t k = 0; k < some->n; k++) {
			guild_value_append(a, all, some->items[k]);
		}
	}
	*out = guild_batch_sample(a, all, max_trials, seed);
	return 0;
}
