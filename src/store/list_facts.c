/* Entries with what is in them: from the index where that is current, from the run directory where not, which the index then learns. */

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "list_private.h"

enum {
	FIRST_CHUNK = 32, /* shows whether scalars are asked for at all */
	CHUNK = 512,      /* bounds memory; one is judged while the next is looked at */
	CHECKS_WORTH_A_THREAD = 64,
};

struct item {
	struct list_entry *entry;
	struct guild_run_facts
		*facts; /* what the index has of it, then what is current; or NULL; borrowed */
	struct guild_run_facts *fresh; /* made of what was read anew, or NULL */
	struct guild_buf attrs, tree;  /* read anew, to be written */
};

struct chunk {
	struct listing *l;
	struct item *v;
	size_t n;
	struct guild_arena *facts; /* of all items, from the index */
	bool wants_tree;
	pthread_t checker;
	bool has_checker;
};

static int compare_ids(const void *a, const void *b)
{
	const struct list_entry *const *x = a;
	const struct list_entry *const *y = b;
	if ((*x)->id != (*y)->id) {
		return (*x)->id < (*y)->id ? -1 : 1;
	}
	return strcmp((*x)->name, (*y)->name);
}

/* ---- one chunk --------------------------------------------------------------------------------------- */

struct loader {
	struct chunk *chunk;
	size_t first; /* item of the first id */
};

static void on_facts(void *arg, size_t position, struct guild_str attrs, struct guild_str tree)
{
	struct loader *load = arg;
	struct item *item = &load->chunk->v[load->first + position];
	if (attrs.n > 0) {
		item->facts = guild_facts_join(load->chunk->facts, attrs,
			load->chunk->wants_tree ? tree : guild_str(""));
	}
}

static void load(struct chunk *c)
{
	int64_t *ids = guild_alloc((c->n + 1) * sizeof(*ids));
	struct loader loader = {.chunk = c};
	size_t n = 0;
	/* Entries that the index does not know come first. */
	for (size_t i = 0; i < c->n; i++) {
		if (c->v[i].entry->id == 0) {
			loader.first = i + 1;
		} else {
			ids[n++] = c->v[i].entry->id;
		}
	}
	guild_index_each_facts(c->l->index, ids, n, on_facts, &loader);
	free(ids);
}

static struct guild_str attrs_of(const struct guild_run_facts *f)
{
	return f != NULL ? guild_str_n(f->bytes, f->n_attrs) : guild_str("");
}

static struct guild_str tree_of(const struct guild_run_facts *f)
{
	return f != NULL ? guild_str_n(f->bytes + f->n_attrs, f->n_tree) : guild_str("");
}

static void read_parts(const struct chunk *c, struct item *item, bool has_attrs, bool has_tree)
{
	const struct listing *l = c->l;
	struct list_entry *e = item->entry;
	struct guild_run opened = {0};
	struct guild_run *run = &e->run;
	if (e->state != ENTRY_OPENED) {
		char *dir = guild_path_join(l->place.dir, e->name);
		int rc = guild_run_open(dir, &opened, NULL);
		free(dir);
		if (rc != 0) {
			guild_run_fini(&opened);
			return;
		}
		run = &opened;
	}
	if (!has_attrs) {
		guild_facts_read_attrs(&l->place, run, &e->order, l->now_us, &item->attrs);
		has_attrs = item->attrs.n > 0;
	}
	if (has_attrs && !has_tree) {
		guild_facts_read_tree(&l->place, run, &e->order, l->now_us, &item->tree);
	}
	guild_run_fini(&opened);
}

/* Leaves the facts that hold now; what had to be read for that is in the item's buffers, too. */
static void bring_up_to_date(const struct chunk *c, struct item *item)
{
	const struct listing *l = c->l;
	struct list_entry *e = item->entry;
	struct guild_str attrs = attrs_of(item->facts);
	struct guild_str tree = tree_of(item->facts);
	bool has_attrs =
		attrs.n > 0 && guild_facts_attrs_current(&l->place, e->name, attrs, e->order.hash);
	bool has_tree = !c->wants_tree || (tree.n > 0 && guild_facts_tree_current(&l->place,
								 e->name, tree, e->order.hash));
	if (has_attrs && has_tree) {
		return;
	}
	read_parts(c, item, has_attrs, has_tree);
	struct guild_str now_attrs = has_attrs ? attrs : guild_buf_str(&item->attrs);
	struct guild_str now_tree = c->wants_tree && has_tree ? tree : guild_buf_str(&item->tree);
	item->fresh = now_attrs.n > 0 ? guild_facts_join(NULL, now_attrs, now_tree) : NULL;
	item->facts = item->fresh;
}

static void check_part(void *arg, unsigned thread, size_t from, size_t to)
{
	(void)thread;
	const struct chunk *c = arg;
	for (size_t i = from; i < to; i++) {
		if (c->v[i].entry->state != ENTRY_ASK) {
			bring_up_to_date(c, &c->v[i]);
		}
	}
}

static void *check_all(void *arg)
{
	struct chunk *c = arg;
	guild_parallel(c->n, CHECKS_WORTH_A_THREAD, check_part, c);
	return NULL;
}

/* Looks at the file system beside the caller; finish_check waits for it. */
static void start_check(struct chunk *c)
{
	if (c->l->index == NULL || c->n == 0) {
		return;
	}
	load(c);
	c->has_checker = c->n > CHECKS_WORTH_A_THREAD && guild_parallel_threads() > 1 &&
			 pthread_create(&c->checker, NULL, check_all, c) == 0;
	if (!c->has_checker) {
		check_all(c);
	}
}

/* What was read goes into the index, where that is not being written to. */
static void store(struct chunk *c)
{
	struct guild_index *index = c->l->index;
	size_t n_new = 0;
	for (size_t i = 0; i < c->n; i++) {
		n_new += c->v[i].attrs.n > 0 || c->v[i].tree.n > 0;
	}
	if (n_new == 0 || !guild_index_begin(index)) {
		return;
	}
	for (size_t i = 0; i < c->n; i++) {
		struct item *item = &c->v[i];
		if (item->entry->id != 0) {
			guild_index_put_facts(index, item->entry->id, guild_buf_str(&item->attrs),
				guild_buf_str(&item->tree));
		}
	}
	guild_index_end(index);
}

/* ---- those that pass ----------------------------------------------------------------------------------- */

/* The run of an item; false: it is none any more. Borrows the item's facts. */
static bool make_run(const struct listing *l, struct item *item, struct guild_run *out,
	bool *is_damaged, int64_t *timestamp)
{
	struct list_entry *e = item->entry;
	*is_damaged = false;
	*timestamp = e->timestamp;
	if (e->state == ENTRY_OPENED) {
		*out = e->run;
		e->run = (struct guild_run){0};
	} else if (item->facts != NULL && e->state == ENTRY_KNOWN) {
		char *dir = guild_path_join(l->place.dir, e->name);
		guild_facts_run(attrs_of(item->facts), dir, out);
		free(dir);
	} else if (!guild_listing_open(l, e, out, is_damaged, timestamp)) {
		return false;
	}
	out->facts = item->facts;
	return true;
}

/* Whether scalars were asked for. */
static bool judge(struct listing *l, struct item *item, guild_listing_fn *fn, void *arg)
{
	struct guild_run run;
	bool is_damaged;
	int64_t timestamp;
	if (!make_run(l, item, &run, &is_damaged, &timestamp)) {
		return false;
	}
	const struct guild_run_filter *f = l->filter;
	bool passes = (f->accepts == NULL || f->accepts(f->accepts_arg, &run)) &&
		      guild_filter_plan_time_passes(l->plan, timestamp);
	bool asked = false;
	if (passes && guild_filter_plan_needs(l->plan) != GUILD_FILTER_NEEDS_TIME) {
		struct guild_run_data *data = guild_run_data_new(&run, l->log);
		passes = guild_filter_plan_passes(l->plan, data, timestamp);
		asked = guild_run_data_has_scalars(data);
		guild_run_data_free(data);
	}
	if (passes) {
		fn(arg, &run, timestamp, is_damaged);
	}
	run.facts = NULL;
	guild_run_fini(&run);
	return asked;
}

static void finish_check(struct chunk *c)
{
	if (c->has_checker) {
		pthread_join(c->checker, NULL);
		c->has_checker = false;
	}
	if (c->l->index != NULL && c->n > 0) {
		store(c);
	}
}

/* Whether scalars were asked for. */
static bool judge_all(struct chunk *c, guild_listing_fn *fn, void *arg)
{
	struct listing *l = c->l;
	bool asked = false;
	for (size_t i = 0; i < c->n; i++) {
		asked |= judge(l, &c->v[i], fn, arg);
		free(c->v[i].fresh);
		guild_buf_fini(&c->v[i].attrs);
		guild_buf_fini(&c->v[i].tree);
	}
	guild_arena_free(c->facts);
	c->facts = NULL;
	l->n_done += c->n;
	if (l->filter->on_progress != NULL) {
		l->filter->on_progress(l->filter->progress_arg, l->n_done, l->n);
	}
	return asked;
}

/* ---- all of them --------------------------------------------------------------------------------------- */

struct course {
	struct list_entry **order; /* as they lie in the index */
	size_t n, at;
	struct chunk chunks[2]; /* one is judged, the other looked at */
};

static void take_chunk(struct course *k, struct chunk *c, size_t most, bool wants_tree)
{
	c->n = k->n - k->at < most ? k->n - k->at : most;
	c->wants_tree = wants_tree;
	for (size_t i = 0; i < c->n; i++) {
		c->v[i] = (struct item){.entry = k->order[k->at + i]};
	}
	k->at += c->n;
	c->facts = guild_arena_new();
	start_check(c);
}

static void order_entries(struct listing *l, struct course *k)
{
	k->order = guild_alloc((l->n + 1) * sizeof(struct list_entry *));
	for (size_t i = 0; i < l->n; i++) {
		struct list_entry *e = &l->v[i];
		if (e->state != ENTRY_NO_RUN &&
			(e->state == ENTRY_ASK ||
				guild_filter_plan_time_passes(l->plan, e->timestamp))) {
			k->order[k->n++] = e;
		}
	}
	qsort(k->order, k->n, sizeof(struct list_entry *), compare_ids);
}

void guild_listing_each(struct listing *l, guild_listing_fn *fn, void *arg)
{
	struct course k = {0};
	bool may_ask = guild_filter_plan_needs(l->plan) == GUILD_FILTER_MAY_NEED_SCALARS;
	bool wants_tree = l->filter->with_facts;
	order_entries(l, &k);
	for (size_t i = 0; i < GUILD_ARRAY_LEN(k.chunks); i++) {
		k.chunks[i] = (struct chunk){.l = l, .v = guild_alloc(CHUNK * sizeof(struct item))};
	}
	if (may_ask && !wants_tree) {
		take_chunk(&k, &k.chunks[0], FIRST_CHUNK, false);
		finish_check(&k.chunks[0]);
		wants_tree = judge_all(&k.chunks[0], fn, arg);
	}
	size_t now = 0;
	take_chunk(&k, &k.chunks[now], CHUNK, wants_tree);
	while (k.chunks[now].n > 0) {
		struct chunk *next = &k.chunks[1 - now];
		finish_check(&k.chunks[now]);
		take_chunk(&k, next, CHUNK, wants_tree);
		wants_tree |= judge_all(&k.chunks[now], fn, arg);
		now = 1 - now;
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(k.chunks); i++) {
		guild_arena_free(k.chunks[i].facts);
		free(k.chunks[i].v);
	}
	free(k.order);
}
