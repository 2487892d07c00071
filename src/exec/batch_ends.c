/* What trials of a batch tell while they run and when they end: messages, progress, results. */

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "batch_engine.h"

enum {
	LOST_MAX = 3, /* times that a trial is started anew because its supervisor was killed */
	SYNC_EVERY_MS = 1000,
};

void batch_end_by_signal(struct batch *b, int number)
{
	b->exit_status = number == SIGINT ? BATCH_EXIT_INTERRUPTED : -number;
	b->is_over = true;
}

/* ---- messages ------------------------------------------------------------------------------------------------------ */

/* On standard error and in the batch's own output, worded as Guild AI's log lines. */
void batch_say(struct batch *b, const char *level, const char *fmt, ...)
{
	char text[GUILD_ERROR_TEXT_MAX];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	char *line = guild_format("%s: [guild] %s", level, text);
	char *stored = guild_format("%s\n", line);
	guild_log(b->start->world->log, "info", "%s", line);
	(void)guild_batch_output_put(&b->output, true, stored, strlen(stored));
	free(line);
	free(stored);
}

void batch_say_for_hooks(void *arg, const char *level, const char *text)
{
	batch_say(arg,
		strcmp(level, "warning") == 0 ? "WARNING"
		: strcmp(level, "error") == 0 ? "ERROR"
					      : "INFO",
		"%s", text);
}

void batch_show_progress(struct batch *b, const struct guild_trial *changed,
	const struct guild_batch_end *end)
{
	if (!b->req->on_progress) {
		return;
	}
	struct guild_batch_trial *running = guild_alloc((b->n_active + 1) * sizeof(*running));
	int64_t *since = guild_alloc((b->n_active + 1) * sizeof(*since));
	for (size_t i = 0; i < b->n_active; i++) {
		running[i] = b->active[i]->shown;
		since[i] = b->active[i]->begun_us;
	}
	const struct guild_batch_progress p = {.n_trials = b->trials.n - b->n_earlier,
		.n_planned = b->hooks->n_planned,
		.n_jobs = b->workers.max,
		.n_done = b->n_ended,
		.n_failed = b->n_failed,
		.n_pruned = b->n_pruned,
		.n_running = b->n_active,
		.running = running,
		.started_us = since,
		.changed = changed ? &changed->shown : NULL,
		.end = end,
		.summary = b->hooks->summary ? b->hooks->summary(b->hooks->arg) : NULL,
		.is_stopping = b->is_over};
	b->req->on_progress(b->req->progress_arg, &p);
	free(running);
	free(since);
}

void batch_set_active(struct batch *b, struct guild_trial *t, enum guild_trial_state state)
{
	if (t->state != GUILD_TRIAL_RUNNING && t->begun_us == 0) {
		t->begun_us = guild_monotonic_us();
	}
	for (size_t i = 0; i < b->n_active; i++) {
		if (b->active[i] == t) {
			t->state = state;
			return;
		}
	}
	t->state = state;
	b->active = guild_grow_array(b->active, &b->active_cap, b->n_active + 1,
		sizeof(struct guild_trial *));
	b->active[b->n_active++] = t;
}

static void set_ended(struct batch *b, struct guild_trial *t)
{
	t->state = GUILD_TRIAL_ENDED;
	for (size_t i = 0; i < b->n_active; i++) {
		if (b->active[i] == t) {
			b->active[i] = b->active[--b->n_active];
			return;
		}
	}
}

/* ---- trials end ------------------------------------------------------------------------------------------------------ */

/* One sync for all trials of a second, instead of some fifteen for each. */
void batch_sync(struct batch *b, bool is_end)
{
	int64_t now = guild_monotonic_us();
	bool is_due = is_end || now - b->synced_us >= (int64_t)SYNC_EVERY_MS * 1000;
	if (b->start->options->durable && is_due) {
		int rc = guild_sync_file_system(b->run->dir);
		if (rc != 0) {
			batch_say(b, "WARNING", "trials may not survive a loss of power: %s",
				strerror(-rc));
		}
		b->synced_us = guild_monotonic_us();
	}
}

void batch_trial_ended(struct batch *b, struct guild_trial *t, struct guild_batch_end *end)
{
	end->status = guild_run_status(&t->run, NULL);
	set_ended(b, t);
	batch_sync(b, false);
	b->n_ended++;
	b->n_failed += end->status == GUILD_RUN_ERROR;
	b->n_pruned += end->is_pruned;
	if (b->hooks->ended) {
		b->hooks->ended(b->hooks->arg, &t->shown, end);
	}
	if (b->is_parallel) {
		const char *summary = b->hooks->summary ? b->hooks->summary(b->hooks->arg) : NULL;
		batch_say(b, "INFO", "Trial %s %s%s%s", t->run.id,
			end->is_pruned ? "pruned" : guild_run_status_name(end->status),
			summary ? ": " : "", summary ? summary : "");
	}
	batch_show_progress(b, t, end);
}

void batch_note_failure(struct batch *b, const struct guild_trial *t, int status, const char *why)
{
	batch_say(b, "ERROR", "Trial %s exited with an error: (%d) %s", t->run.id, status, why);
	if (b->fail_on_error && !b->is_over) {
		b->exit_status = status;
		b->is_over = true;
	}
}

static void take_result(struct batch *b, struct guild_trial *t,
	const struct guild_supervise_result *result, int rc, const char *text)
{
	struct guild_batch_end end = {.exit_status = result->exit_status,
		.is_pruned = result->stop_reason == GUILD_STOP_PRUNED};
	if (result->interrupted && !b->is_over) {
		batch_end_by_signal(b, SIGINT);
	} else if (result->forwarded_signal && !b->is_over) {
		batch_end_by_signal(b, result->forwarded_signal);
	} else if (rc != 0 && rc != GUILD_ECANCELLED) {
		batch_note_failure(b, t, result->exit_status ? result->exit_status : 1, text);
	} else if (result->exit_status != 0 && !result->stopped_early && !b->passed_signal) {
		batch_note_failure(b, t, result->exit_status, "see its output for details");
	}
	batch_trial_ended(b, t, &end);
}

/* ---- trials run -------------------------------------------------------------------------------------------------------- */

bool batch_watches(void *arg, const char *key)
{
	struct batch *b = arg;
	return b->hooks->watches && b->hooks->watches(b->hooks->arg, key);
}

const char *batch_seen(void *arg, struct guild_trial *t, const char *key, int64_t step,
	double value)
{
	struct batch *b = arg;
	const char *why = b->hooks->seen(b->hooks->arg, &t->shown, key, step, value);
	if (why) {
		batch_say(b, "INFO", "Stopping trial %s: %s", t->run.id, why);
	}
	return why;
}

/* A trial in this process. */
struct here {
	struct batch *b;
	struct guild_trial *t;
};

static bool watches_here(void *arg, const char *key)
{
	return batch_watches(((struct here *)arg)->b, key);
}

static bool seen_here(void *arg, const char *key, int64_t step, double value)
{
	struct here *here = arg;
	return batch_seen(here->b, here->t, key, step, value) != NULL;
}

/* A signal came while it was prepared: what would run now is not wanted any more. */
static int is_wanted(void *arg, struct guild_error *err)
{
	(void)arg;
	return guild_batch_signals_came() ? guild_error_set(err, GUILD_ECANCELLED, "interrupted")
					  : 0;
}

void batch_run_here(struct batch *b, struct guild_trial *t)
{
	struct here here = {.b = b, .t = t};
	const struct guild_scalar_watch watch = {
		.arg = &here, .watches = watches_here, .seen = seen_here};
	struct guild_exec_world world = *b->start->world;
	struct guild_run_options options = *b->start->options;
	struct guild_exec_start start = {.options = &options,
		.world = &world,
		.is_new = !t->is_again,
		.serial = (unsigned)t->shown.number,
		.has_packages = true,
		.on_ready = is_wanted,
		.on_output = guild_batch_output_put,
		.on_output_arg = &b->output,
		.watch = b->hooks->seen ? &watch : NULL};
	struct guild_supervise_result result = {0};
	struct guild_error err = {0};
	world.cmd_dir = b->run->dir;
	options.durable = false; /* batch_sync */
	int rc = guild_exec_run(&t->run, &start, &result, &err);
	take_result(b, t, &result, rc, err.text);
}

void batch_log_of_worker(void *arg, struct guild_trial *t, const char *level, const char *text)
{
	struct batch *b = arg;
	guild_log(b->start->world->log, level, "trial %.8s: %s", t->run.id, text);
}

/* Nobody recorded how it ended: it is as if it had not run. Not for ever: it may be what brings its supervisor down. */
static void take_lost(struct batch *b, struct guild_trial *t)
{
	struct guild_batch_end end = {.exit_status = -SIGKILL};
	t->n_lost++;
	if (t->n_lost <= LOST_MAX && !b->is_over) {
		batch_say(b, "WARNING",
			"Trial %s was killed together with its supervisor: it is started again",
			t->run.id);
		set_ended(b, t);
		t->state = GUILD_TRIAL_WAITING;
		t->is_again = true;
		b->n_waiting_from =
			t->shown.number < b->n_waiting_from ? t->shown.number : b->n_waiting_from;
		return;
	}
	/* A signal that comes before its program runs ends the supervisor, too: the trial stays as it was. */
	if (!b->passed_signal) {
		batch_note_failure(b, t, -SIGKILL, "its supervisor was killed");
	}
	batch_trial_ended(b, t, &end);
}

/* It ran without us, and has ended. */
void batch_take_elsewhere(struct batch *b, struct guild_trial *t)
{
	int64_t exit_status = guild_run_attr_i64(&t->run, "exit_status", INT64_MIN);
	struct guild_batch_end end = {.exit_status = (int)exit_status};
	if (exit_status == INT64_MIN) {
		take_lost(b, t);
	} else {
		batch_trial_ended(b, t, &end);
	}
}

void batch_ended_in_worker(void *arg, struct guild_trial *t, const struct guild_worker_result *r)
{
	struct batch *b = arg;
	if (r) {
		take_result(b, t, &r->result, r->rc, r->text);
		return;
	}
	guild_run_settle_start(&t->run);
	if (guild_run_status(&t->run, NULL) == GUILD_RUN_RUNNING) {
		/* Its program goes on without us. */
		batch_set_active(b, t, GUILD_TRIAL_ELSEWHERE);
	} else {
		batch_take_elsewhere(b, t);
	}
}
