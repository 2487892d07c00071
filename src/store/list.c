/* The runs of a directory, newest first. */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "list_private.h"

/* More runs than this are opened by several threads. */
enum { OPENINGS_WORTH_A_THREAD = 32 };

struct candidate {
	struct guild_run run;
	struct list_entry *entry; /* instead of `run`, which is then still to be opened; or NULL */
	const char *id;
	int64_t timestamp; /* INT64_MIN: unknown */
	size_t serial;
	bool is_damaged;
};

struct candidates {
	struct candidate *v;
	size_t n, cap;
	const struct guild_run_filter *filter;
	size_t n_handed_on;
};

void guild_runs_add(struct guild_runs *runs, struct guild_run run)
{
	runs->v = guild_grow_array(runs->v, &runs->cap, runs->n + 1, sizeof(*runs->v));
	runs->v[runs->n++] = run;
}

void guild_runs_fini(struct guild_runs *r)
{
	for (size_t i = 0; i < r->n; i++) {
		guild_run_fini(&r->v[i]);
	}
	free(r->v);
	free(r->serials);
	*r = (struct guild_runs){0};
}

int64_t guild_run_started(const struct guild_run *r, const struct guild_log *log)
{
	static const char *const names[] = {"started", "initialized"};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(names); i++) {
		int64_t time = guild_run_attr_i64(r, names[i], INT64_MIN);
		if (time != INT64_MIN) {
			return time;
		}
		struct guild_arena *a = guild_arena_new();
		struct guild_value *value = NULL;
		struct guild_error err = {0};
		if (guild_run_attr_read(r, a, names[i], &value, &err) < 0) {
			guild_log(log, "warning", "%s", err.text);
		}
		guild_arena_free(a);
	}
	return INT64_MIN;
}

/* Newest first; then unknown times; then damaged runs. Ids break ties, so that two listings agree. */
static int compare(const void *a, const void *b)
{
	const struct candidate *x = a;
	const struct candidate *y = b;
	if (x->is_damaged != y->is_damaged) {
		return x->is_damaged ? 1 : -1;
	}
	if (x->timestamp != y->timestamp) {
		return x->timestamp < y->timestamp ? 1 : -1;
	}
	return strcmp(x->id, y->id);
}

/* ---- in haste ----------------------------------------------------------------------------------------- */

struct touched {
	char *name;
	struct timespec at;
};

static int compare_touched(const void *a, const void *b)
{
	const struct touched *x = a;
	const struct touched *y = b;
	if (x->at.tv_sec != y->at.tv_sec) {
		return x->at.tv_sec < y->at.tv_sec ? 1 : -1;
	}
	if (x->at.tv_nsec != y->at.tv_nsec) {
		return x->at.tv_nsec < y->at.tv_nsec ? 1 : -1;
	}
	return strcmp(x->name, y->name);
}

void guild_store_sort_touched(const char *runs_dir, struct guild_strs *names)
{
	int dir = open(runs_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct touched *all = guild_alloc((names->n + 1) * sizeof(*all));
	for (size_t i = 0; i < names->n; i++) {
		struct stat st;
		all[i].name = names->v[i];
		if (dir >= 0 && fstatat(dir, names->v[i], &st, 0) == 0) {
			all[i].at = st.st_mtim;
		}
	}
	qsort(all, names->n, sizeof(*all), compare_touched);
	for (size_t i = 0; i < names->n; i++) {
		names->v[i] = all[i].name;
	}
	free(all);
	if (dir >= 0) {
		close(dir);
	}
}

static void add(struct candidates *found, struct candidate c)
{
	found->v = guild_grow_array(found->v, &found->cap, found->n + 1, sizeof(*found->v));
	found->v[found->n++] = c;
}

/* Returns the run's serial. */
static size_t hand_on(struct candidates *found, struct guild_run *run)
{
	const struct guild_run_filter *f = found->filter;
	size_t serial = found->n_handed_on++;
	if (f->on_run != NULL) {
		f->on_run(f->on_run_arg, run, serial);
	}
	/* They are the listing's. */
	run->facts = f->on_run == NULL && f->with_facts ? guild_facts_copy(run->facts) : NULL;
	return serial;
}

/* Takes over the run. */
static void add_run(void *arg, struct guild_run *run, int64_t timestamp, bool is_damaged)
{
	struct candidates *found = arg;
	size_t serial = hand_on(found, run);
	add(found, (struct candidate){.run = *run,
			   .id = run->id,
			   .timestamp = timestamp,
			   .serial = serial,
			   .is_damaged = is_damaged});
	*run = (struct guild_run){0};
}

static void consider(struct listing *l, const struct list_entry *e, struct candidates *found)
{
	struct guild_run run = {0};
	bool is_damaged;
	int64_t timestamp;
	if (!guild_listing_open(l, e, &run, &is_damaged, &timestamp)) {
		return;
	}
	const struct guild_run_filter *f = l->filter;
	if (f->accepts == NULL || f->accepts(f->accepts_arg, &run)) {
		struct guild_run_data *data = guild_run_data_new(&run, l->log);
		bool passes = guild_filter_plan_passes(l->plan, data, timestamp);
		guild_run_data_free(data);
		if (passes) {
			add_run(found, &run, timestamp, is_damaged);
		}
	}
	guild_run_fini(&run);
}

static void list_hastily(struct listing *l, struct candidates *found)
{
	struct guild_strs names = {0};
	for (size_t i = 0; i < l->n; i++) {
		guild_strs_add(&names, l->v[i].name);
	}
	guild_store_sort_touched(l->place.dir, &names);
	for (size_t i = 0; i < names.n; i++) {
		if (i >= GUILD_HASTY_RUNS && guild_monotonic_us() > l->filter->look_until_us) {
			break;
		}
		consider(l, &(struct list_entry){.name = names.v[i]}, found);
	}
	guild_strs_fini(&names);
}

/* ---- by time alone ------------------------------------------------------------------------------------- */

static void list_by_time(struct listing *l, struct candidates *found)
{
	for (size_t i = 0; i < l->n; i++) {
		struct list_entry *e = &l->v[i];
		if (e->state == ENTRY_ASK) {
			consider(l, e, found);
		} else if (e->state != ENTRY_NO_RUN &&
			   guild_filter_plan_time_passes(l->plan, e->timestamp)) {
			add(found, (struct candidate){
					   .entry = e, .id = e->name, .timestamp = e->timestamp});
		}
	}
}

struct opening {
	const struct listing *l;
	struct candidate *v;
};

static void open_part(void *arg, unsigned thread, size_t from, size_t to)
{
	(void)thread;
	const struct opening *o = arg;
	for (size_t i = from; i < to; i++) {
		struct candidate *c = &o->v[i];
		if (c->entry == NULL) {
			continue;
		}
		if (c->entry->state == ENTRY_OPENED) {
			c->run = c->entry->run;
			c->entry->run = (struct guild_run){0};
			continue;
		}
		char *dir = guild_path_join(o->l->place.dir, c->entry->name);
		if (guild_run_open(dir, &c->run, NULL) != 0) {
			guild_run_fini(&c->run); /* gone since it was seen */
		}
		free(dir);
	}
}

/* ---- the listing ----------------------------------------------------------------------------------------- */

static void put_out(const struct listing *l, struct candidates *found, struct guild_runs *out)
{
	size_t limit = l->filter->limit;
	size_t n = limit > 0 && limit < found->n ? limit : found->n;
	if (found->n > 1) {
		qsort(found->v, found->n, sizeof(*found->v), compare);
	}
	guild_parallel(n, OPENINGS_WORTH_A_THREAD, open_part, &(struct opening){l, found->v});
	out->n_more = found->n - n;
	if (l->filter->on_run != NULL) {
		out->serials = guild_alloc((n + 1) * sizeof(*out->serials));
	}
	for (size_t i = 0; i < found->n; i++) {
		struct candidate *c = &found->v[i];
		if (i >= n || c->run.dir == NULL) {
			guild_run_fini(&c->run);
			continue;
		}
		if (c->entry != NULL) { /* opened just now */
			c->serial = hand_on(found, &c->run);
		}
		if (out->serials != NULL) {
			out->serials[out->n] = c->serial;
		}
		guild_runs_add(out, c->run);
	}
}

static int list(struct listing *l, const char *parent, struct guild_runs *out,
	struct guild_error *err)
{
	struct candidates found = {.filter = l->filter};
	bool is_hasty = l->filter->look_until_us != 0;
	if (l->filter->index_path != NULL && !is_hasty) {
		l->index = guild_index_open(l->filter->index_path);
	}
	int rc = guild_listing_load(l, parent, err);
	if (rc == 0 && is_hasty) {
		list_hastily(l, &found);
	} else if (rc == 0 && (!l->filter->with_facts || l->filter->limit > 0) &&
		   guild_filter_plan_needs(l->plan) == GUILD_FILTER_NEEDS_TIME) {
		list_by_time(l, &found);
	} else if (rc == 0) {
		guild_listing_each(l, add_run, &found);
	}
	put_out(l, &found, out);
	free(found.v);
	guild_listing_fini(l);
	guild_index_close(l->index);
	return rc;
}

int guild_store_list(const char *runs_dir, const struct guild_run_filter *filter,
	const char *parent, struct guild_runs *out, const struct guild_log *log,
	struct guild_error *err)
{
	static const struct guild_run_filter everything;
	struct guild_filter_plan *plan = NULL;
	filter = filter != NULL ? filter : &everything;
	int rc = guild_filter_plan_new(filter, log, &plan, err);
	if (rc != 0) {
		return rc;
	}
	*out = (struct guild_runs){0};
	char *dir = guild_path_abs(runs_dir, NULL);
	struct listing l = {
		.filter = filter,
		.plan = plan,
		.log = log,
		.place.dir = dir,
		.now_us = guild_now_us(),
	};
	rc = list(&l, parent, out, err);
	if (rc == 0) {
		guild_filter_plan_report(plan);
	}
	guild_filter_plan_free(plan);
	free(dir);
	return rc;
}
