/* The runs of a directory, newest first. */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store_private.h"

struct candidate {
	struct guild_run run;
	int64_t timestamp; /* INT64_MIN: unknown */
	bool is_damaged;
};

struct candidates {
	struct candidate *v;
	size_t n, cap;
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
	return strcmp(x->run.id, y->run.id);
}

/* Names of the runs that are linked from a parent run and lie in runs_dir itself. */
static int list_linked(const char *runs_dir, const char *parent, struct guild_strs *names,
	struct guild_error *err)
{
	char *dir = guild_path_join(runs_dir, parent);
	char *root = guild_path_real(runs_dir);
	struct guild_strs all = {0};
	int rc = guild_dir_list(dir, &all, err);
	for (size_t i = 0; rc == 0 && i < all.n; i++) {
		char *path = guild_path_join(dir, all.v[i]);
		char *real = guild_path_real(path);
		char *real_dir = guild_path_dirname(real);
		const char *name = guild_path_basename(real);
		if (strcmp(real_dir, root) == 0 && !guild_strs_has(names, name)) {
			guild_strs_add(names, name);
		}
		free(real_dir);
		free(real);
		free(path);
	}
	guild_strs_fini(&all);
	free(root);
	free(dir);
	return rc;
}

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

/* Drops the names that do not begin so; dot names are runs on their way in or out. */
static void keep_prefix(struct guild_strs *names, const char *prefix)
{
	size_t n = 0;
	for (size_t i = 0; i < names->n; i++) {
		char *name = names->v[i];
		if (name[0] != '.' && guild_starts(name, prefix)) {
			names->v[n++] = name;
		} else {
			free(name);
		}
	}
	names->n = n;
}

static void consider(struct candidates *found, const char *dir,
	const struct guild_run_filter *filter, const struct guild_filter_plan *plan,
	const struct guild_log *log)
{
	struct candidate c = {.timestamp = INT64_MIN};
	struct guild_error err = {0};
	int rc = guild_run_open(dir, &c.run, &err);
	if (rc == 0 && filter->accepts && !filter->accepts(filter->accepts_arg, &c.run)) {
		guild_run_fini(&c.run);
		return;
	}
	if (rc == 0 || rc == GUILD_EINVALID) {
		c.is_damaged = rc != 0;
		c.timestamp = guild_run_started(&c.run, log);
	}
	bool takes = (rc == 0 || rc == GUILD_EINVALID) &&
		     guild_filter_plan_passes(plan, &c.run, c.timestamp);
	if (rc != 0 && rc != GUILD_ENOTFOUND) {
		guild_log(log, "warning", "run %.8s is damaged: %s", c.run.id, err.text);
	}
	if (!takes) {
		guild_run_fini(&c.run);
		return;
	}
	found->v = guild_grow_array(found->v, &found->cap, found->n + 1, sizeof(*found->v));
	found->v[found->n++] = c;
}

int guild_store_list(const char *runs_dir, const struct guild_run_filter *filter,
	const char *parent, struct guild_runs *out, const struct guild_log *log,
	struct guild_error *err)
{
	static const struct guild_run_filter everything;
	struct guild_filter_plan *plan = NULL;
	struct guild_strs names = {0};
	struct candidates found = {0};
	filter = filter != NULL ? filter : &everything;
	int rc = guild_filter_plan_new(filter, log, &plan, err);
	if (rc != 0) {
		return rc;
	}
	rc = parent != NULL && parent[0] != '\0' ? list_linked(runs_dir, parent, &names, err)
						 : guild_dir_list(runs_dir, &names, err);
	if (rc == GUILD_ENOTFOUND) {
		rc = 0; /* a home without runs yet */
	}
	keep_prefix(&names, filter->id_prefix != NULL ? filter->id_prefix : "");
	if (filter->look_until_us != 0) {
		guild_store_sort_touched(runs_dir, &names);
	}
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		if (i >= GUILD_HASTY_RUNS && filter->look_until_us != 0 &&
			guild_monotonic_us() > filter->look_until_us) {
			break;
		}
		char *dir = guild_path_join(runs_dir, names.v[i]);
		consider(&found, dir, filter, plan, log);
		free(dir);
	}
	if (found.n > 1) {
		qsort(found.v, found.n, sizeof(*found.v), compare);
	}
	*out = (struct guild_runs){0};
	for (size_t i = 0; i < found.n; i++) {
		guild_runs_add(out, found.v[i].run);
	}
	free(found.v);
	guild_strs_fini(&names);
	if (rc == 0) {
		guild_filter_plan_report(plan);
	}
	guild_filter_plan_free(plan);
	return rc;
}
