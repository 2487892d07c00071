/* Scalars of a run in full: every value with its step (scalars.md 3). */

#include "collect_private.h"

#include <stdlib.h>
#include <string.h>

/* A series while it grows. */
struct growing {
	const char *prefix, *tag;
	struct guild_scalar_point *v;
	size_t n, cap;
	bool is_ordered; /* steps went up so far */
};

struct reading {
	struct guild_arena *arena;
	const struct guild_log *log;
	struct growing *v; /* of all directories */
	size_t n, cap;
	struct guild_map tags; /* of this directory: tag -> position + 1 */
	const char *prefix;
};

static struct growing *find_or_add(struct reading *r, struct guild_str tag)
{
	char *name = guild_strndup(tag.p, tag.n);
	size_t at = (size_t)(uintptr_t)guild_map_get(&r->tags, name);
	/* A tag that is no text could not be named by anybody. */
	bool is_text = strlen(name) == tag.n && guild_utf8_valid(tag.p, tag.n);
	if (at == 0 && is_text) {
		r->v = guild_grow_array(r->v, &r->cap, r->n + 1, sizeof(*r->v));
		r->v[r->n++] = (struct growing){.prefix = r->prefix,
			.tag = guild_arena_strdup(r->arena, name),
			.is_ordered = true};
		at = r->n;
		guild_map_put(&r->tags, name, (void *)(uintptr_t)at);
	}
	free(name);
	return at > 0 ? &r->v[at - 1] : NULL;
}

static int on_scalar(void *arg, const struct guild_event_scalar *s)
{
	struct growing *g = find_or_add(arg, s->tag);
	if (g) {
		g->is_ordered = g->is_ordered && (g->n == 0 || g->v[g->n - 1].step < s->step);
		g->v = guild_grow_array(g->v, &g->cap, g->n + 1, sizeof(*g->v));
		g->v[g->n++] = (struct guild_scalar_point){
			.step = s->step, .value = s->value, .wall_time = s->wall_time};
	}
	return 0;
}

static void read_dir(void *arg, const char *dir, const char *prefix, const struct guild_strs *files)
{
	struct reading *r = arg;
	r->prefix = guild_arena_strdup(r->arena, prefix);
	guild_event_dir_read(dir, files, on_scalar, r, r->log);
	guild_map_fini(&r->tags);
	r->tags = (struct guild_map){0};
}

/* ---- order -------------------------------------------------------------------------------------------------- */

struct placed {
	struct guild_scalar_point point;
	size_t at; /* when it was written */
};

static int by_step(const void *a, const void *b)
{
	const struct placed *x = a;
	const struct placed *y = b;
	if (x->point.step != y->point.step) {
		return x->point.step < y->point.step ? -1 : 1;
	}
	return x->at < y->at ? -1 : x->at > y->at;
}

static void put_in_order(struct growing *g)
{
	struct placed *all = guild_alloc((g->n + 1) * sizeof(*all));
	for (size_t i = 0; i < g->n; i++) {
		all[i] = (struct placed){g->v[i], i};
	}
	qsort(all, g->n, sizeof(*all), by_step);
	size_t n = 0;
	for (size_t i = 0; i < g->n; i++) {
		bool is_again = n > 0 && g->v[n - 1].step == all[i].point.step;
		g->v[is_again ? n - 1 : n] = all[i].point;
		n += !is_again;
	}
	g->n = n;
	free(all);
}

static int by_name(const void *a, const void *b)
{
	const struct guild_scalar_series *x = a;
	const struct guild_scalar_series *y = b;
	int order = strcmp(x->prefix, y->prefix);
	return order ? order : strcmp(x->tag, y->tag);
}

int guild_series_read(const struct guild_run *r, struct guild_arena *a, struct guild_series *out,
	const struct guild_log *log, struct guild_error *err)
{
	if (!guild_is_dir(r->dir)) {
		return guild_error_set(err, GUILD_ENOTFOUND, "run directory '%s' does not exist",
			r->dir);
	}
	struct reading reading = {.arena = a, .log = log};
	guild_event_dirs_walk(r->dir, read_dir, &reading);
	out->n = reading.n;
	out->v = guild_arena_alloc(a, (reading.n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < reading.n; i++) {
		struct growing *g = &reading.v[i];
		if (!g->is_ordered) {
			put_in_order(g);
		}
		struct guild_scalar_point *kept = guild_arena_alloc(a, (g->n + 1) * sizeof(*kept));
		memcpy(kept, g->v, g->n * sizeof(*kept));
		out->v[i] = (struct guild_scalar_series){g->prefix, g->tag, kept, g->n};
		free(g->v);
	}
	if (out->n > 0) {
		qsort(out->v, out->n, sizeof(*out->v), by_name);
	}
	free(reading.v);
	return 0;
}

/* ---- one by one ---------------------------------------------------------------------------------------------- */

struct telling {
	guild_scalar_each_fn *fn;
	void *arg;
	const struct guild_log *log;
	const char *prefix; /* "" where tags are keys */
	struct guild_buf key;
};

static int tell(void *arg, const struct guild_event_scalar *s)
{
	struct telling *t = arg;
	guild_buf_reset(&t->key);
	guild_buf_printf(&t->key, "%s%s%.*s", t->prefix, *t->prefix ? "#" : "",
		GUILD_STR_FMT(s->tag));
	t->fn(t->arg, guild_buf_cstr(&t->key), s->step, s->value);
	return 0;
}

static void tell_dir(void *arg, const char *dir, const char *prefix, const struct guild_strs *files)
{
	struct telling *t = arg;
	t->prefix = strcmp(prefix, ".guild") == 0 ? "" : prefix;
	guild_event_dir_read(dir, files, tell, t, t->log);
}

void guild_scalars_each(const struct guild_run *r, guild_scalar_each_fn *fn, void *arg,
	const struct guild_log *log)
{
	struct telling t = {.fn = fn, .arg = arg, .log = log};
	guild_event_dirs_walk(r->dir, tell_dir, &t);
	guild_buf_fini(&t.key);
}
