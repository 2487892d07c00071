/* The trials of a batch: those made now, and those that are there from before. */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "batch.h"

struct guild_trial *guild_trials_add(struct guild_trials *t, struct guild_run *run,
	const struct guild_value *flags)
{
	struct guild_trial *trial = guild_alloc(sizeof(*trial));
	trial->run = *run;
	*run = (struct guild_run){0};
	trial->shown =
		(struct guild_batch_trial){.run = &trial->run, .flags = flags, .number = t->n};
	t->v = guild_grow_array(t->v, &t->cap, t->n + 1, sizeof(*t->v));
	t->v[t->n++] = trial;
	return trial;
}

void guild_trials_fini(struct guild_trials *t)
{
	for (size_t i = 0; i < t->n; i++) {
		guild_run_fini(&t->v[i]->run);
		free(t->v[i]);
	}
	free(t->v);
	*t = (struct guild_trials){0};
}

char *guild_trial_text(const struct guild_trial *t)
{
	const struct guild_value *flags = t->shown.flags;
	struct guild_buf b = {0};
	char *name = guild_run_display_name(&t->run);
	guild_buf_printf(&b, "%s (", name);
	bool is_first = true;
	for (size_t i = 0; i < flags->n; i++) {
		if (!guild_value_is_null(flags->pairs[i].value)) {
			guild_buf_printf(&b, "%s%s=", is_first ? "" : ", ",
				guild_value_text(flags->pairs[i].key));
			guild_flag_format(&b, flags->pairs[i].value);
			is_first = false;
		}
	}
	guild_buf_putc(&b, ')');
	free(name);
	return guild_buf_take(&b);
}

/* ---- from before ------------------------------------------------------------------------------------------------ */

static bool was_stopped_by_alert(const struct guild_run *run, struct guild_arena *a)
{
	const struct guild_value *events = guild_run_attr(run, a, "alerts");
	for (size_t i = 0; events && events->type == GUILD_LIST && i < events->n; i++) {
		const struct guild_value *action = guild_value_get(events->items[i], "action");
		for (size_t k = 0; action && action->type == GUILD_LIST && k < action->n; k++) {
			if (guild_streq(guild_value_text(action->items[k]), "stop")) {
				return true;
			}
		}
		if (guild_streq(guild_value_text(action), "stop")) {
			return true;
		}
	}
	return false;
}

/* Ctrl-C, a signal, a machine that went down: it was not brought to its end. What a rule stopped was. */
static bool is_half_done(const struct guild_run *run, struct guild_arena *a)
{
	enum guild_run_status status = guild_run_status(run, NULL);
	bool is_stopped = status == GUILD_RUN_TERMINATED ||
			  (status == GUILD_RUN_ERROR && !guild_run_attr(run, a, "exit_status"));
	return is_stopped && !guild_run_attr(run, a, "_pruned") && !was_stopped_by_alert(run, a);
}

static void set_state(struct guild_trial *t, bool retry_failed, struct guild_arena *a)
{
	enum guild_run_status status = guild_run_status(&t->run, NULL);
	if (status == GUILD_RUN_RUNNING) {
		t->state = GUILD_TRIAL_ELSEWHERE;
	} else if (status == GUILD_RUN_PENDING) {
		t->state = GUILD_TRIAL_WAITING;
	} else if (is_half_done(&t->run, a) || (retry_failed && status == GUILD_RUN_ERROR)) {
		t->state = GUILD_TRIAL_WAITING;
		t->is_again = true;
	} else {
		/* A staged one is in other hands. */
		t->state = GUILD_TRIAL_ENDED;
	}
}

struct found {
	struct guild_run run;
	int64_t started_us;
};

static int compare_found(const void *a, const void *b)
{
	const struct found *x = a;
	const struct found *y = b;
	if (x->started_us != y->started_us) {
		return x->started_us < y->started_us ? -1 : 1;
	}
	return strcmp(x->run.id, y->run.id);
}

/* The batch was killed while it made a trial: the opref, which makes it a run, comes last. A link to nothing is one to a trial that was
 * deleted, and may come back. */
static void remove_half_made(const struct guild_run *batch, const char *id, const char *dir)
{
	char *link = guild_path_join(batch->dir, id);
	if (guild_is_dir(dir) && !guild_run_is_run(dir) && guild_rmtree(dir, NULL) == 0) {
		(void)unlink(link);
	}
	free(link);
}

int guild_trials_find(const struct guild_run *batch, int64_t since_us, bool retry_failed,
	struct guild_arena *a, struct guild_trials *out, struct guild_error *err)
{
	struct guild_strs names = {0};
	struct found *found = NULL;
	size_t n = 0;
	int rc = guild_dir_list(batch->dir, &names, err);
	char *runs = guild_path_dirname(batch->dir);
	found = guild_alloc((names.n + 1) * sizeof(*found));
	for (size_t i = 0; i < names.n && rc == 0; i++) {
		if (strlen(names.v[i]) != GUILD_RUN_ID_LEN) {
			continue;
		}
		char *dir = guild_path_join(runs, names.v[i]);
		struct found *f = &found[n];
		if (guild_run_is_run(dir) && guild_run_open(dir, &f->run, NULL) == 0) {
			f->started_us = guild_run_attr_i64(&f->run, "started", 0);
			n++;
		} else {
			remove_half_made(batch, names.v[i], dir);
		}
		free(dir);
	}
	qsort(found, n, sizeof(*found), compare_found);
	for (size_t i = 0; i < n; i++) {
		const struct guild_value *flags = guild_run_attr(&found[i].run, a, "flags");
		struct guild_trial *t = guild_trials_add(out, &found[i].run,
			flags && flags->type == GUILD_DICT ? flags : guild_value_dict(a));
		t->is_earlier = found[i].started_us < since_us;
		if (t->is_earlier) {
			t->state = GUILD_TRIAL_ENDED;
		} else {
			set_state(t, retry_failed, a);
		}
	}
	free(found);
	free(runs);
	guild_strs_fini(&names);
	return rc;
}
