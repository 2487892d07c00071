/* Trials that are known before the first one starts: a grid, a sample of it, the rows of a file. */

#include <stdlib.h>

#include <guild/search.h>

struct guild_trial_list {
	const struct guild_value *trials;
	size_t at;
	struct guild_map there; /* flags as text -> how many the batch has of them */
};

static char *key_of(const struct guild_value *flags)
{
	struct guild_buf b = {0};
	guild_json_dump(&b, flags, GUILD_JSON_SORT);
	return guild_buf_take(&b);
}

static void count(struct guild_trial_list *l, const struct guild_batch_trial *trial)
{
	char *key = key_of(trial->flags);
	size_t *n = guild_map_get(&l->there, key);
	if (!n) {
		n = guild_alloc(sizeof(*n));
		guild_map_put(&l->there, key, n);
	}
	++*n;
	free(key);
}

static void is_there(void *arg, const struct guild_batch_trial *trial)
{
	count(arg, trial);
}

static void ended(void *arg, const struct guild_batch_trial *trial,
	const struct guild_batch_end *end)
{
	if (end->is_old && !end->is_earlier) {
		count(arg, trial);
	}
}

static int next(void *arg, struct guild_arena *a, const struct guild_value **flags,
	struct guild_error *err)
{
	struct guild_trial_list *l = arg;
	(void)a;
	(void)err;
	while (l->at < l->trials->n) {
		const struct guild_value *v = l->trials->items[l->at++];
		char *key = key_of(v);
		size_t *n = guild_map_get(&l->there, key);
		bool is_known = n && *n > 0;
		if (is_known) {
			--*n;
		}
		free(key);
		if (!is_known) {
			*flags = v;
			return 1;
		}
	}
	return 0;
}

struct guild_trial_list *guild_trial_list_new(const struct guild_value *trials,
	struct guild_batch_hooks *hooks)
{
	struct guild_trial_list *l = guild_alloc(sizeof(*l));
	l->trials = trials;
	*hooks = (struct guild_batch_hooks){
		.arg = l, .is_there = is_there, .next = next, .all_at_once = true, .ended = ended};
	return l;
}

void guild_trial_list_free(struct guild_trial_list *l)
{
	if (!l) {
		return;
	}
	for (size_t i = 0; i < l->there.n; i++) {
		free(l->there.entries[i].value);
	}
	guild_map_fini(&l->there);
	free(l);
}
