/* Staged runs in the order in which they are started, and what each waits for. */

#include <stdlib.h>
#include <string.h>

#include "waiting.h"

static void fini_one(struct sched_waiting_run *r)
{
	guild_run_fini(&r->run);
	guild_strs_fini(&r->after);
	free(r->gpus);
	free(r->said);
}

void sched_waiting_fini(struct sched_waiting *w)
{
	for (size_t i = 0; i < w->n; i++) {
		fini_one(&w->v[i]);
	}
	free(w->v);
	guild_strs_fini(&w->young);
	*w = (struct sched_waiting){0};
}

void sched_waiting_remove(struct sched_waiting *w, size_t i)
{
	fini_one(&w->v[i]);
	memmove(&w->v[i], &w->v[i + 1], (w->n - i - 1) * sizeof(*w->v));
	w->n--;
}

static void read_attrs(struct sched_waiting_run *r)
{
	struct guild_arena *a = guild_arena_new();
	const struct guild_value *after = guild_run_attr(&r->run, a, GUILD_ATTR_AFTER);
	const struct guild_value *params = guild_run_attr(&r->run, a, "run_params");
	const char *gpus = guild_value_text(guild_value_get(params, "gpus"));
	int64_t initialized = guild_run_attr_i64(&r->run, "initialized", INT64_MAX);
	r->started_us = guild_run_attr_i64(&r->run, "started", initialized);
	r->priority = guild_run_attr_i64(&r->run, GUILD_ATTR_PRIORITY, 0);
	for (size_t i = 0; after && after->type == GUILD_LIST && i < after->n; i++) {
		if (guild_value_text(after->items[i])) {
			guild_strs_add(&r->after, guild_value_text(after->items[i]));
		}
	}
	r->gpus = gpus && *gpus ? guild_strdup(gpus) : NULL;
	r->no_gpus = guild_value_truthy(guild_value_get(params, "no_gpus"));
	guild_arena_free(a);
}

static bool comes_before(const struct sched_waiting_run *a, const struct sched_waiting_run *b)
{
	if (a->priority != b->priority) {
		return a->priority > b->priority;
	}
	if (a->started_us != b->started_us) {
		return a->started_us < b->started_us;
	}
	return strcmp(a->run.id, b->run.id) < 0;
}

/* Takes over *run, unless it is known already. */
static void add(struct sched_waiting *w, struct guild_run *run)
{
	for (size_t i = 0; i < w->n; i++) {
		if (strcmp(w->v[i].run.id, run->id) == 0) {
			guild_run_fini(run);
			*run = (struct guild_run){0};
			return;
		}
	}
	struct sched_waiting_run r = {.run = *run};
	*run = (struct guild_run){0};
	read_attrs(&r);
	size_t at = w->n;
	while (at > 0 && comes_before(&r, &w->v[at - 1])) {
		at--;
	}
	w->v = guild_grow_array(w->v, &w->cap, w->n + 1, sizeof(*w->v));
	memmove(&w->v[at + 1], &w->v[at], (w->n - at) * sizeof(*w->v));
	w->v[at] = r;
	w->n++;
}

int sched_waiting_scan(struct sched_waiting *w, const struct guild_home *home, char *const *env,
	struct guild_error *err)
{
	char *index = guild_store_index_path(home, false, env);
	char *dir = guild_home_runs_dir(home, false);
	struct guild_run_filter filter = {.statuses = 1U << GUILD_RUN_STAGED, .index_path = index};
	struct guild_runs runs = {0};
	int rc = guild_store_list(dir, &filter, NULL, &runs, NULL, err);
	if (rc == GUILD_ENOTFOUND) {
		rc = 0;
	}
	for (size_t i = runs.n; i > 0; i--) {
		add(w, &runs.v[i - 1]);
	}
	guild_runs_fini(&runs);
	free(dir);
	free(index);
	return rc;
}

bool sched_waiting_look(struct sched_waiting *w, const struct guild_home *home)
{
	char *runs = guild_home_runs_dir(home, false);
	struct guild_strs still = {0};
	bool is_new = false;
	for (size_t i = 0; i < w->young.n; i++) {
		char *dir = guild_path_join(runs, w->young.v[i]);
		struct guild_run run = {0};
		int rc = guild_is_dir(dir) ? guild_run_open(dir, &run, NULL) : GUILD_EINVALID;
		enum guild_run_status status =
			rc == 0 ? guild_run_status(&run, NULL) : GUILD_RUN_PENDING;
		if (rc == 0 && status == GUILD_RUN_STAGED) {
			add(w, &run);
			is_new = true;
		} else if (rc == GUILD_ENOTFOUND || (rc == 0 && status == GUILD_RUN_PENDING)) {
			guild_strs_add(&still, w->young.v[i]);
		}
		guild_run_fini(&run);
		free(dir);
	}
	guild_strs_fini(&w->young);
	w->young = still;
	free(runs);
	return is_new;
}

/* ---- conditions -------------------------------------------------------------------------------------------------------------- */

char *sched_waits_after(const struct guild_home *home, const struct sched_waiting_run *r,
	bool *is_final)
{
	char *runs = guild_home_runs_dir(home, false);
	char *why = NULL;
	*is_final = false;
	for (size_t i = 0; i < r->after.n && why == NULL; i++) {
		char *dir = guild_path_join(runs, r->after.v[i]);
		struct guild_run other = {0};
		if (guild_run_open(dir, &other, NULL) != 0) {
			why = guild_format("run %.8s, which must be completed before, is gone",
				r->after.v[i]);
			*is_final = true;
		} else {
			enum guild_run_status status = guild_run_status(&other, NULL);
			*is_final = status == GUILD_RUN_ERROR || status == GUILD_RUN_TERMINATED;
			if (*is_final) {
				why = guild_format(
					"run %.8s, which must be completed before, has status %s",
					other.id, guild_run_status_name(status));
			} else if (status != GUILD_RUN_COMPLETED) {
				why = guild_format("waits for run %.8s (%s)", other.id,
					guild_run_status_name(status));
			}
		}
		guild_run_fini(&other);
		free(dir);
	}
	free(runs);
	return why;
}

static bool is_no_queue(void *arg, const struct guild_run *r)
{
	(void)arg;
	return !(strcmp(r->opref.pkg_type, "builtin") == 0 &&
		 (strcmp(r->opref.op, "queue") == 0 || strcmp(r->opref.op, "scheduler") == 0));
}

bool sched_is_busy(const struct guild_home *home, char *const *env)
{
	char *index = guild_store_index_path(home, false, env);
	char *dir = guild_home_runs_dir(home, false);
	struct guild_run_filter filter = {
		.statuses = 1U << GUILD_RUN_RUNNING, .index_path = index, .accepts = is_no_queue};
	struct guild_runs runs = {0};
	(void)guild_store_list(dir, &filter, NULL, &runs, NULL, NULL);
	bool busy = runs.n > 0;
	guild_runs_fini(&runs);
	free(dir);
	free(index);
	return busy;
}

/* ---- for others ---------------------------------------------------------------------------------------------------------------- */

int guild_queue_staged(const struct guild_home *home, char *const *env, struct guild_arena *a,
	struct guild_value **out, struct guild_error *err)
{
	struct sched_waiting w = {0};
	int rc = sched_waiting_scan(&w, home, env, err);
	*out = guild_value_list(a);
	for (size_t i = 0; i < w.n && rc == 0; i++) {
		bool is_final;
		char *why = sched_waits_after(home, &w.v[i], &is_final);
		char *name = guild_run_display_name(&w.v[i].run);
		struct guild_value *v = guild_value_dict(a);
		guild_value_set(a, v, "run", guild_value_string(a, w.v[i].run.id));
		guild_value_set(a, v, "operation", guild_value_string(a, name));
		guild_value_set(a, v, "priority", guild_value_int(a, w.v[i].priority));
		guild_value_set(a, v, "after", guild_value_strs(a, &w.v[i].after));
		guild_value_set(a, v, "waits", guild_value_string(a, why));
		guild_value_append(a, *out, v);
		free(name);
		free(why);
	}
	sched_waiting_fini(&w);
	return rc;
}

static bool try_claim(const struct guild_claim_request *req, struct sched_waiting_run *r,
	struct guild_arena *a, struct guild_value **out)
{
	char token[SCHED_TOKEN_LEN + 1];
	int fd = -1;
	bool is_final;
	char *why = sched_waits_after(req->home, r, &is_final);
	bool is_left = why != NULL || (req->leaves && req->leaves(req->arg, &r->run));
	free(why);
	if (is_left ||
		sched_lock(req->home, SCHED_STATUS_LOCK, SCHED_LOCK_WAIT_MS, &fd, NULL) != 0) {
		return false;
	}
	sched_new_token(token);
	int rc = sched_claim_for(req->home, &r->run, req->queue, token, req->owner, NULL);
	sched_unlock(&fd);
	if (rc == 0) {
		struct guild_value *tags = guild_run_attr(&r->run, a, "tags");
		*out = guild_value_dict(a);
		guild_value_set(a, *out, "run", guild_value_string(a, r->run.id));
		guild_value_set(a, *out, "token", guild_value_string(a, token));
		guild_value_set(a, *out, "dir", guild_value_string(a, r->run.dir));
		guild_value_set(a, *out, "tags", tags ? tags : guild_value_list(a));
	}
	return rc == 0;
}

int guild_queue_claim_next(const struct guild_claim_request *req, struct guild_arena *a,
	struct guild_value **out, struct guild_error *err)
{
	struct sched_waiting w = {0};
	sched_recover(req->home, NULL);
	if (req->wait_for_running && sched_is_busy(req->home, req->env)) {
		return 0;
	}
	int rc = sched_waiting_scan(&w, req->home, req->env, err);
	for (size_t i = 0; i < w.n && rc == 0; i++) {
		rc = try_claim(req, &w.v[i], a, out) ? 1 : 0;
	}
	sched_waiting_fini(&w);
	return rc;
}
