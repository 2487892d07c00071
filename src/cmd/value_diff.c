/* What differs between two values, for people. */

#include "value_diff.h"

#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 16 };

struct printer {
	struct guild_buf *out;
	bool color;
	size_t n_lines;
};

static void put_line(struct printer *p, size_t depth, char mark, const char *key,
	const struct guild_value *old, const struct guild_value *new)
{
	const char *style = mark == '-' ? "\033[31m" : mark == '+' ? "\033[32m" : "\033[33m";

	guild_buf_printf(p->out, "%s%*s%c ", p->color ? style : "", (int)(2 * depth), "", mark);
	if (key) {
		guild_buf_printf(p->out, "%s:", key);
	}
	for (int i = 0; i < 2; i++) {
		const struct guild_value *v = i == 0 ? old : new;

		if (v) {
			guild_buf_puts(p->out, i == 1 && old ? " -> " : key ? " " : "");
			guild_yaml_dump_flow(p->out, v);
		}
	}
	guild_buf_printf(p->out, "%s\n", p->color ? "\033[0m" : "");
	p->n_lines++;
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
static bool diff_lists(struct printer *p, size_t depth, const char *key,
	const struct guild_value *old, const struct guild_value *new)
{
	bool has_lines = false;

	for (int side = 0; side < 2; side++) {
		const struct guild_value *from = side == 0 ? old : new;
		const struct guild_value *other = side == 0 ? new : old;

		for (size_t i = 0; i < from->n; i++) {
			if (list_has(other, from->items[i])) {
				continue;
			}
			if (!has_lines) {
				put_line(p, depth, '~', key, NULL, NULL);
				has_lines = true;
			}
			put_line(p, depth + 1, side == 0 ? '-' : '+', NULL,
				side == 0 ? from->items[i] : NULL,
				side == 0 ? NULL : from->items[i]);
		}
	}
	return has_lines;
}

static void diff_dicts(struct printer *p, size_t depth, const struct guild_value *old,
	const struct guild_value *new);

static void diff_pair(struct printer *p, size_t depth, const char *key,
	const struct guild_value *old, const struct guild_value *new)
{
	if (guild_value_eq(old, new)) {
		return;
	}
	bool both_dicts = old->type == GUILD_DICT && new->type == GUILD_DICT;
	bool both_lists = old->type == GUILD_LIST && new->type == GUILD_LIST;

	if (both_dicts && depth < DEPTH_MAX) {
		put_line(p, depth, '~', key, NULL, NULL);
		diff_dicts(p, depth + 1, old, new);
	} else if (!both_lists || !diff_lists(p, depth, key, old, new)) {
		put_line(p, depth, '~', key, old, new);
	}
}

static void add_keys(struct guild_strs *keys, const struct guild_value *dict)
{
	for (size_t i = 0; dict && dict->type == GUILD_DICT && i < dict->n; i++) {
		const char *key = guild_value_text(dict->pairs[i].key);

		if (key && !guild_strs_has(keys, key)) {
			guild_strs_add(keys, key);
		}
	}
}

static void diff_dicts(struct printer *p, size_t depth, const struct guild_value *old,
	const struct guild_value *new)
{
	struct guild_strs keys = {0};

	add_keys(&keys, old);
	add_keys(&keys, new);
	guild_strs_sort(&keys);
	for (size_t i = 0; i < keys.n; i++) {
		const struct guild_value *a = guild_value_get(old, keys.v[i]);
		const struct guild_value *b = guild_value_get(new, keys.v[i]);

		if (a && b) {
			diff_pair(p, depth, keys.v[i], a, b);
		} else {
			put_line(p, depth, a ? '-' : '+', keys.v[i], a, b);
		}
	}
	guild_strs_fini(&keys);
}

size_t guild_value_diff(struct guild_buf *out, const struct guild_value *old,
	const struct guild_value *new, bool color)
{
	struct printer p = {.out = out, .color = color};

	diff_dicts(&p, 0, old, new);
	return p.n_lines;
}
