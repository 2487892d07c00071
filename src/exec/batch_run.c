/*
 * Executes a batch: trials as its hooks tell, in this process one after another, or several at once in others (batches.md 4,
 * docs/design/search.md).
 */

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "batch_engine.h"

enum {
	WAIT_MS = 1000,
	POLL_ELSEWHERE_MS = 250,
	KILL_AFTER_MS = 30000, /* a signal that was passed on */
};

/* ---- trials start ------------------------------------------------------------------------------------------------------- */

/* What becomes of a trial that is reached and is not as it was. */
static bool is_ours(struct batch *b, struct guild_trial *t)
{
	guild_run_settle_start(&t->run);
	enum guild_run_status status = guild_run_status(&t->run, NULL);
	if (status == GUILD_RUN_PENDING ||
		(t->is_again && status != GUILD_RUN_RUNNING && status != GUILD_RUN_STAGED)) {
		return true;
	}
	batch_say(b, "INFO", "Skipping %s because its status is %s", t->run.id,
		guild_run_status_name(status));
	if (status == GUILD_RUN_RUNNING) {
		batch_set_active(b, t, GUILD_TRIAL_ELSEWHERE);
	} else {
		struct guild_batch_end end = {
			.exit_status = (int)guild_run_attr_i64(&t->run, "exit_status", 0)};
		batch_trial_ended(b, t, &end);
	}
	return false;
}

static void start_trial(struct batch *b, struct guild_trial *t)
{
	struct guild_error err = {0};
	if (!is_ours(b, t)) {
		return;
	}
	char *text = guild_trial_text(t);
	batch_say(b, "INFO", "%s trial %s: %s", b->stage_trials ? "Staging" : "Running", t->run.id,
		text);
	free(text);
	if (b->stage_trials) {
		t->state = GUILD_TRIAL_ENDED;
		if (guild_trial_stage(&t->run, t->shown.flags, b->start, b->a, &err) != 0) {
			batch_note_failure(b, t, 1, err.text);
		}
		return;
	}
	batch_set_active(b, t, GUILD_TRIAL_RUNNING);
	if (!b->is_parallel) {
		batch_show_progress(b, t, NULL);
		batch_run_here(b, t);
		return;
	}
	int rc = guild_batch_workers_give(&b->workers, t, &err);
	if (rc != 0) {
		struct guild_batch_end end = {.exit_status = 1};
		batch_note_failure(b, t, 1, err.text);
		b->is_over = true;
		b->exit_status = 1;
		batch_trial_ended(b, t, &end);
		return;
	}
	batch_show_progress(b, t, NULL);
}

/* 1: *out is new; 0: there are no more. */
static int make_trial(struct batch *b, struct guild_trial **out, struct guild_error *err)
{
	const struct guild_value *flags = NULL;
	struct guild_run run = {0};
	int rc = b->hooks->next(b->hooks->arg, b->a, &flags, err);
	if (rc <= 0) {
		b->has_more = false;
		return rc;
	}
	rc = guild_trial_make(&b->maker, flags, &run, err);
	if (rc != 0) {
		return rc;
	}
	*out = guild_trials_add(&b->trials, &run, flags);
	if (b->hooks->made) {
		b->hooks->made(b->hooks->arg, &(*out)->shown);
	}
	return 1;
}

/* Ctrl-C while thousands are made. */
static int make_all(struct batch *b, struct guild_error *err)
{
	struct guild_trial *t;
	int rc = 1;
	while (rc == 1 && !guild_batch_signals_came()) {
		rc = make_trial(b, &t, err);
	}
	return rc < 0 ? rc : 0;
}

static struct guild_trial *next_waiting(struct batch *b)
{
	while (b->n_waiting_from < b->trials.n) {
		struct guild_trial *t = b->trials.v[b->n_waiting_from];
		if (t->state == GUILD_TRIAL_WAITING) {
			return t;
		}
		b->n_waiting_from++;
	}
	return NULL;
}

/* ---- the loop -------------------------------------------------------------------------------------------------------------- */

static size_t look_elsewhere(struct batch *b)
{
	size_t n = 0;
	/* From the end on: one that has ended has its place taken by the last. */
	for (size_t i = b->n_active; i > 0; i--) {
		struct guild_trial *t = b->active[i - 1];
		if (t->state != GUILD_TRIAL_ELSEWHERE) {
			continue;
		}
		if (guild_run_status(&t->run, NULL) == GUILD_RUN_RUNNING) {
			n++;
			continue;
		}
		batch_take_elsewhere(b, t);
	}
	return n;
}

/* Once gently, twice at once: the workers' supervisors know both. */
static void take_signal(struct batch *b)
{
	int number = guild_batch_signals_take();
	if (number == 0) {
		return;
	}
	if (!b->is_over) {
		batch_end_by_signal(b, number);
	}
	if (guild_batch_workers_busy(&b->workers) == 0) {
		return;
	}
	if (b->passed_signal == 0) {
		b->kill_us = guild_monotonic_us() + (int64_t)KILL_AFTER_MS * 1000;
		guild_log(b->start->world->log, "note",
			"waiting for %zu trial%s to end (Ctrl-C again kills)",
			guild_batch_workers_busy(&b->workers),
			guild_batch_workers_busy(&b->workers) == 1 ? "" : "s");
	}
	b->passed_signal = number;
	guild_batch_workers_signal(&b->workers, number);
}

static int fill_slots(struct batch *b, size_t n_elsewhere, struct guild_error *err)
{
	while (!b->is_over && !guild_batch_signals_came() &&
		guild_batch_workers_busy(&b->workers) + n_elsewhere < b->workers.max) {
		struct guild_trial *t = next_waiting(b);
		int rc = t ? 1 : b->has_more ? make_trial(b, &t, err) : 0;
		if (rc <= 0) {
			return rc;
		}
		start_trial(b, t);
		n_elsewhere += t->state == GUILD_TRIAL_ELSEWHERE;
	}
	return 0;
}

/* Where no other trial can be made, those that run come to their end first. */
static int run_trials(struct batch *b, struct guild_error *err)
{
	int64_t shown_us = 0;
	int failed = 0;
	for (;;) {
		take_signal(b);
		if (guild_batch_signals_take_stop()) {
			guild_batch_workers_suspend(&b->workers);
		}
		size_t n_elsewhere = look_elsewhere(b);
		int rc = fill_slots(b, n_elsewhere, err);
		if (rc < 0) {
			failed = rc;
			b->is_over = true;
			if (guild_batch_workers_busy(&b->workers) > 0) {
				batch_say(b, "ERROR", "No more trials are started: %s",
					err ? err->text : "an error");
			}
		}
		n_elsewhere = look_elsewhere(b);
		bool may_start = !b->is_over && (b->has_more || next_waiting(b));
		bool is_busy = guild_batch_workers_busy(&b->workers) > 0;
		if (!is_busy && !may_start && (n_elsewhere == 0 || b->is_over)) {
			return failed;
		}
		if (is_busy || n_elsewhere > 0) {
			guild_batch_workers_wait(&b->workers,
				n_elsewhere ? POLL_ELSEWHERE_MS : WAIT_MS);
		}
		int64_t now = guild_monotonic_us();
		if (b->kill_us && now >= b->kill_us) {
			b->kill_us = 0;
			guild_batch_workers_kill_programs(&b->workers);
		}
		if (now - shown_us >= (int64_t)WAIT_MS * 1000) {
			shown_us = now;
			batch_show_progress(b, NULL, NULL);
		}
	}
}

/* ---- what is there from before ------------------------------------------------------------------------------------------- */

static void tell_old(struct batch *b, struct guild_trial *t)
{
	if (t->state != GUILD_TRIAL_ENDED) {
		if (t->state == GUILD_TRIAL_ELSEWHERE) {
			batch_set_active(b, t, GUILD_TRIAL_ELSEWHERE);
		}
		if (b->hooks->is_there) {
			b->hooks->is_there(b->hooks->arg, &t->shown);
		}
		return;
	}
	struct guild_batch_end end = {.status = guild_run_status(&t->run, NULL),
		.exit_status = (int)guild_run_attr_i64(&t->run, "exit_status", 0),
		.is_pruned = guild_run_attr(&t->run, b->a, "_pruned") != NULL,
		.is_old = true,
		.is_earlier = t->is_earlier};
	if (t->is_earlier) {
		b->n_earlier++;
	} else {
		b->n_ended++;
		b->n_failed += end.status == GUILD_RUN_ERROR;
		b->n_pruned += end.is_pruned;
	}
	if (b->hooks->ended) {
		b->hooks->ended(b->hooks->arg, &t->shown, &end);
	}
}

/* A batch that had come to its end is run anew, as Guild AI 0.9.0 does; one that had not goes on. Attribute _round tells where the
 * trials of the present turn begin. */
static int find_old(struct batch *b, bool was_complete, struct guild_error *err)
{
	const struct guild_run_options *o = b->start->options;
	int64_t since_us = guild_run_attr_i64(b->run, "_round", 0);
	int rc = 0;
	if (was_complete && !o->retry_failed && o->max_trials == 0) {
		since_us = guild_run_timestamp();
		rc = guild_batch_put(b->run, b->start, "_round", guild_value_int(b->a, since_us),
			err);
	}
	rc = rc ? rc : guild_trials_find(b->run, since_us, o->retry_failed, b->a, &b->trials, err);
	for (size_t i = 0; i < b->trials.n && rc == 0; i++) {
		tell_old(b, b->trials.v[i]);
	}
	return rc;
}

/* ---- the batch -------------------------------------------------------------------------------------------------------------- */

static int finish(struct batch *b, struct guild_supervise_result *result, struct guild_error *err)
{
	const struct guild_value *record = guild_run_attr(b->run, b->a, "op");
	bool is_interim = guild_value_truthy(guild_value_get(record, "delete-on-success"));
	guild_batch_workers_fini(&b->workers);
	batch_sync(b, true);
	if (b->hooks->finish) {
		b->hooks->finish(b->hooks->arg);
	}
	result->exit_status = b->exit_status;
	result->interrupted = b->exit_status == BATCH_EXIT_INTERRUPTED;
	result->stopped_us = guild_run_timestamp();
	guild_batch_output_close(&b->output);
	int rc = guild_batch_put(b->run, b->start, "exit_status",
		guild_value_int(b->a, b->exit_status), err);
	rc = rc ? rc
		: guild_batch_put(b->run, b->start, "stopped",
			  guild_value_int(b->a, result->stopped_us), err);
	rc = rc ? rc : guild_run_unlock(b->run, err);
	if (rc == 0 && is_interim && b->exit_status == 0 && !b->start->options->keep_batch) {
		rc = guild_delete_interim(b->run, b->start, err);
	}
	return rc;
}

static int prepare(struct batch *b, bool *was_complete, struct guild_error *err)
{
	const struct guild_run_options *o = b->start->options;
	int rc = 0;
	*was_complete = false;
	if (!b->start->is_new) {
		enum guild_run_status status = guild_run_status(b->run, NULL);
		if (status == GUILD_RUN_RUNNING) {
			return guild_error_set(err, GUILD_EBUSY, "batch %.8s is running",
				b->run->id);
		}
		*was_complete = status == GUILD_RUN_COMPLETED;
		rc = guild_batch_update_proto(b->run, b->start, b->a, err);
		if (rc == 0 && o->max_trials > 0) {
			rc = guild_batch_put(b->run, b->start, "max_trials",
				guild_value_int(b->a, o->max_trials), err);
		}
	}
	b->fail_on_error =
		o->fail_on_trial_error ||
		guild_value_truthy(guild_value_get(guild_run_attr(b->run, b->a, "run_params"),
			"fail_on_trial_error"));
	b->stage_trials =
		o->stage_trials || guild_value_truthy(guild_run_attr(b->run, b->a, "stage_trials"));
	rc = rc ? rc : guild_trial_maker_init(&b->maker, b->run, b->start, err);
	rc = rc ? rc : guild_batch_write_start(b->run, b->start, b->a, err);
	return rc;
}

/* As asked for now, else as it was when the batch was made. */
static size_t jobs_of(const struct batch *b)
{
	const struct guild_value *params = guild_run_attr(b->run, b->a, "run_params");
	double jobs = (double)b->start->options->jobs;
	if (jobs == 0) {
		jobs = guild_value_as_f64(guild_value_get(params, "jobs"));
	}
	return jobs >= 1 ? (size_t)(jobs < GUILD_BATCH_JOBS_MAX ? jobs : GUILD_BATCH_JOBS_MAX) : 1;
}

static int run_batch(struct batch *b, bool was_complete, struct guild_error *err)
{
	int rc = b->hooks->begin ? b->hooks->begin(b->hooks->arg, &b->log, err) : 0;
	if (rc == 0 && !b->start->is_new) {
		rc = find_old(b, was_complete, err);
	}
	if (rc == 0 && b->hooks->all_at_once) {
		rc = make_all(b, err);
	}
	rc = rc ? rc : run_trials(b, err);
	return rc;
}

int guild_batch_run(struct guild_run *run, const struct guild_batch_request *req,
	struct guild_supervise_result *result, struct guild_error *err)
{
	struct batch b = {.run = run,
		.req = req,
		.start = req->start,
		.hooks = req->hooks,
		.a = guild_arena_new(),
		.has_more = true,
		.log = {.emit = batch_say_for_hooks, .arg = &b},
		.output = {.output_fd = -1, .index_fd = -1}};
	bool was_complete;
	memset(result, 0, sizeof(*result));
	guild_batch_signals_catch(&b.signals);
	int rc = prepare(&b, &was_complete, err);
	b.synced_us = guild_monotonic_us();
	if (rc == 0) {
		b.workers = (struct guild_batch_workers){.max = jobs_of(&b),
			.start = req->start,
			.signals = &b.signals,
			.cmd_dir = run->dir,
			.watches = req->hooks->seen != NULL,
			.arg = &b,
			.wants = batch_watches,
			.seen = batch_seen,
			.log = batch_log_of_worker,
			.ended = batch_ended_in_worker};
		b.is_parallel = b.workers.max > 1;
		guild_batch_signals_are_for_workers(b.is_parallel);
		guild_batch_output_open(&b.output, run, req->start->serial,
			guild_batch_scalars(run, req->start, b.a));
		rc = run_batch(&b, was_complete, err);
		if (rc != 0) {
			b.exit_status = 1;
		}
		int number = guild_batch_signals_take();
		if (number && !b.is_over) {
			batch_end_by_signal(&b, number);
		}
		struct guild_error end_err = {0};
		int end_rc = finish(&b, result, &end_err);
		if (rc == 0 && end_rc != 0) {
			rc = end_rc;
			if (err) {
				*err = end_err;
			}
		}
	}
	guild_batch_signals_release(&b.signals);
	guild_trials_fini(&b.trials);
	free(b.active);
	guild_trial_maker_fini(&b.maker);
	guild_arena_free(b.a);
	return rc;
}
