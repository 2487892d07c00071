/* What differs between two mappings. */

#include <stdlib.h>
#include <string.h>

#include "guild/diff.h"

enum { DEPTH_MAX = 16 };

struct finder {
	struct guild_arena *a;
	struct guild_value_changes *out;
};

void guild_value_changes_fini(struct guild_value_changes *c)
{
	free(c->v);
	*c = (struct guild_value_changes){0};
}

static void add(const struct finder *f, const char *name, const struct guild_value *old,
	const struct guild_value *new)
{
	struct guild_value_changes *out = f->out;

	out->v = guild_grow_array(out->v, &out->cap, out->n + 1, sizeof(*out->v));
	out->v[out->n++] = (struct guild_value_change){.name = name, .old = old, .new_ = new};
}

static bool list_has(const struct guild_value *list, const struct guild_value *item)
{
	for (size_t i = 0; i < list->n; i++) {
		if (guild_value_eq(list->items[i], item)) {
			return true;
		}
	}
	return false;
}

/* Items that only one of the lists has; false when they differ in order or number alone. */
static bool diff_lists(const struct finder *f, const char *name, const struct guild_value *old,
	const struct guild_value *new)
{
	const char *item = guild_arena_format(f->a, "%s[]", name);
	size_t before = f->out->n;

	for (size_t i = 0; i < old->n; i++) {
		if (!list_has(new, old->items[i])) {
			add(f, item, old->items[i], NULL);
		}
	}
	for (size_t i = 0; i < new->n; i++) {
		if (!list_has(old, new->items[i])) {
			add(f, item, NULL, new->items[i]);
		}
	}
	return f->out->n > before;
}

static void diff_dicts(const struct finder *f, const char *prefix, const struct guild_value *old,
	const struct guild_value *new, int depth);

static void diff_pair(const struct finder *f, const char *name, const struct guild_value *old,
	const struct guild_value *new, int depth)
{
	if (!old || !new) {
		add(f, name, old, new);
	} else if (guild_value_eq(old, new)) {
		return;
	} else if (old->type == GUILD_DICT && new->type == GUILD_DICT && depth < DEPTH_MAX) {
		diff_dicts(f, name, old, new, depth + 1);
	} else if (old->type != GUILD_LIST || new->type != GUILD_LIST ||
		   !diff_lists(f, name, old, new)) {
		add(f, name, old, new);
	}
}

static void add_keys(struct guild_strs *keys, const struct guild_value *dict,
	const struct guild_value *but)
{
	for (size_t i = 0; dict && dict->type == GUILD_DICT && i < dict->n; i++) {
		const char *key = guild_value_text(dict->pairs[i].key);

		if (key && !guild_value_get(but, key)) {
			guild_strs_add(keys, key);
		}
	}
}

static void diff_dicts(const struct finder *f, const char *prefix, const struct guild_value *old,
	const struct guild_value *new, int depth)
{
	struct guild_strs keys = {0};

	add_keys(&keys, old, NULL);
	add_keys(&keys, new, old);
	guild_strs_sort(&keys);
	for (size_t i = 0; i < keys.n; i++) {
		const char *name = *prefix ? guild_arena_format(f->a, "%s.%s", prefix, keys.v[i])
					   : guild_arena_strdup(f->a, keys.v[i]);

		diff_pair(f, name, guild_value_get(old, keys.v[i]), guild_value_get(new, keys.v[i]),
			depth);
	}
	guild_strs_fini(&keys);
}

void guild_value_changes(struct guild_arena *a, const struct guild_value *old,
	const struct guild_value *new_, struct guild_value_changes *out)
{
	struct finder f = {a, out};

	diff_dicts(&f, "", old, new_, 0);
}
