/* The order of steps: names in `after`, cycles. */
#include "steps.h"

#include <stdlib.h>
#include <string.h>

/* ---- after ------------------------------------------------------------------------------------------------ */

enum { NAMED_TWICE = GUILD_STEPS_MAX + 1 };

/* Names -> position + 1; a name that several steps have is marked. */
static void list_names(const struct steps_reader *r, const struct guild_steps *steps,
	struct guild_map *names)
{
	for (size_t i = 0; i < steps->n; i++) {
		size_t *at = guild_map_get(names, steps->v[i].name);
		if (at) {
			*at = NAMED_TWICE;
		} else {
			at = guild_arena_alloc(r->a, sizeof(*at));
			*at = i + 1;
			guild_map_put(names, steps->v[i].name, at);
		}
	}
}

static const char *nearest_name(const struct guild_map *names, const char *word)
{
	const char **list = guild_alloc((names->n + 1) * sizeof(*list));
	for (size_t i = 0; i < names->n; i++) {
		list[i] = names->entries[i].key;
	}
	const char *found = guild_nearest(word, list);
	free(list);
	return found;
}

static int read_name(struct steps_reader *r, const struct guild_map *names,
	const struct guild_value *v, struct guild_step *step)
{
	const char *name = guild_value_text(v);
	if (!name) {
		return steps_fail(r, v, "'after' must be names of steps");
	}
	const size_t *at = guild_map_get(names, name);
	if (!at) {
		const char *near = nearest_name(names, name);
		return steps_fail(r, v, "'after' names no step: '%s'%s%s%s", name,
			near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
	}
	if (*at == NAMED_TWICE) {
		return steps_fail(r, v,
			"'after' names several steps: '%s' (give them a 'name' each)", name);
	}
	step->after[step->n_after++] = *at - 1;
	return 0;
}

static int read_after(struct steps_reader *r, const struct guild_map *names,
	const struct guild_value *data, struct guild_step *step)
{
	const struct guild_value *v = guild_value_get(data, "after");
	/* `after:` with nothing behind it is null: nothing is waited for. */
	step->waits_for_all = !v;
	if (!v || v->type == GUILD_NULL) {
		return 0;
	}
	size_t n = v->type == GUILD_LIST ? v->n : 1;
	step->after = guild_arena_alloc(r->a, (n + 1) * sizeof(*step->after));
	int rc = 0;
	for (size_t i = 0; i < n && rc == 0; i++) {
		rc = read_name(r, names, v->type == GUILD_LIST ? v->items[i] : v, step);
	}
	return rc;
}

/* ---- cycles ------------------------------------------------------------------------------------------------- */

/* A step that `i` waits for and that can never run. */
static size_t stuck_before(const struct guild_steps_walk *w, size_t i)
{
	const struct guild_step *step = &w->steps->v[i];
	for (size_t k = 0; k < step->n_after; k++) {
		if (!w->is_finished[step->after[k]]) {
			return step->after[k];
		}
	}
	return w->prefix;
}

static int fail_cycle(struct steps_reader *r, const struct guild_steps_walk *w)
{
	enum { SHOWN_MAX = 10 };
	size_t at = w->prefix;
	/* After as many steps back as there are, one is on the cycle. */
	for (size_t i = 0; i < w->steps->n; i++) {
		at = stuck_before(w, at);
	}
	struct guild_buf names = {0};
	size_t i = at;
	size_t shown = 0;
	do {
		guild_buf_printf(&names, "'%s' waits for ", w->steps->v[i].name);
		i = stuck_before(w, i);
	} while (i != at && ++shown < SHOWN_MAX);
	guild_buf_printf(&names, "%s'%s'", i == at ? "" : "... ", w->steps->v[at].name);
	int rc = steps_fail(r, w->steps->v[at].at, "cycle in steps: %s", guild_buf_cstr(&names));
	guild_buf_fini(&names);
	return rc;
}

static int check_order(struct steps_reader *r, struct guild_steps *steps)
{
	struct guild_steps_walk w;
	size_t i;
	guild_steps_walk_init(&w, steps);
	steps->is_parallel = w.n_ready > 1;
	while (guild_steps_walk_take(&w, &i)) {
		guild_steps_walk_finish(&w, i);
		steps->is_parallel |= w.n_ready > 1;
	}
	int rc = w.n_finished < steps->n ? fail_cycle(r, &w) : 0;
	guild_steps_walk_fini(&w);
	return rc;
}

int steps_read_order(struct steps_reader *r, const struct guild_value *list,
	struct guild_steps *steps)
{
	struct guild_map names = {0};
	int rc = 0;
	list_names(r, steps, &names);
	for (size_t i = 0; i < list->n && rc == 0; i++) {
		const struct guild_value *v = list->items[i];
		rc = read_after(r, &names, v->type == GUILD_DICT ? v : NULL, &steps->v[i]);
	}
	guild_map_fini(&names);
	return rc ? rc : check_order(r, steps);
}
