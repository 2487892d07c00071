/* Executes a grid batch: makes its trials, then runs them one after another in this process (batches.md 4). */

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "batch.h"

enum { EXIT_INTERRUPTED = -16 };

struct batch {
	struct guild_run *run;
	const struct guild_exec_start *start;
	struct guild_arena *a;
	struct guild_trial_maker maker;
	struct guild_runs trials;
	struct guild_value *flags; /* of each trial, list */
	struct guild_batch_output output;
	bool fail_on_error;
	bool stage_trials;
	int exit_status;
	bool is_over;
};

/* ---- signals between trials ------------------------------------------------------------------------------------- */

/* During a trial the supervisor has its own handlers; in between, a signal must end the batch with its end recorded. Handlers
 * can reach nothing but a global. */
static volatile sig_atomic_t caught_signal;

static const int ending_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};

static void on_signal(int number)
{
	/* A reader of our messages that went away ends nothing. Not ignored, since trials would inherit that. */
	if (number != SIGPIPE) {
		caught_signal = number;
	}
}

static void catch_signals(struct sigaction before[])
{
	struct sigaction act = {.sa_handler = on_signal};
	sigemptyset(&act.sa_mask);
	caught_signal = 0;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(ending_signals); i++) {
		sigaction(ending_signals[i], NULL, &before[i]);
		if (before[i].sa_handler != SIG_IGN) {
			sigaction(ending_signals[i], &act, NULL);
		}
	}
}

static void release_signals(const struct sigaction before[])
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(ending_signals); i++) {
		sigaction(ending_signals[i], &before[i], NULL);
	}
}

static void end_by_signal(struct batch *b, int number)
{
	b->exit_status = number == SIGINT ? EXIT_INTERRUPTED : -number;
	b->is_over = true;
}

/* ---- messages ------------------------------------------------------------------------------------------------------ */

/* On standard error and in the batch's own output, worded as Guild AI's log lines. */
static void say(struct batch *b, const char *level, const char *fmt, ...) GUILD_PRINTF(3, 4);

static void say(struct batch *b, const char *level, const char *fmt, ...)
{
	char text[GUILD_ERROR_TEXT_MAX];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	char *line = guild_format("%s: [guild] %s", level, text);
	char *stored = guild_format("%s\n", line);
	guild_log(b->start->world->log, "info", "%s", line);
	guild_batch_output_put(&b->output, true, stored, strlen(stored));
	free(line);
	free(stored);
}

/* "train.py (epochs=1, lr=0.1)" */
static char *trial_text(const struct guild_run *trial, const struct guild_value *flags)
{
	struct guild_buf b = {0};
	char *name = guild_run_display_name(trial);
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

/* ---- preparing ------------------------------------------------------------------------------------------------------ */

static int put_attr(const struct batch *b, const struct guild_run *run, const char *name,
	const struct guild_value *v, struct guild_error *err)
{
	return guild_run_attr_write(run, name, v, b->start->options->durable, err);
}

/* A restart may bring new flags: they are the prototype's from now on. */
static int update_proto(struct batch *b, struct guild_error *err)
{
	const struct guild_exec_start *s = b->start;
	char *dir = guild_path_join(b->run->guild_dir, "proto");
	struct guild_run proto = {0};
	int rc = guild_run_open(dir, &proto, err);
	if (rc == 0) {
		struct guild_value *op = guild_run_attr(&proto, b->a, "op");
		const struct guild_value *flags =
			s->flags ? s->flags : guild_run_attr(&proto, b->a, "flags");
		rc = op && flags ? guild_restart_update(&proto, s, b->a, op, flags, err)
				 : guild_error_set(err, GUILD_EINVALID,
					   "the prototype of batch %.8s is damaged", b->run->id);
	}
	guild_run_fini(&proto);
	free(dir);
	return rc;
}

static int write_start(struct batch *b, struct guild_error *err)
{
	const struct guild_exec_world *world = b->start->world;
	const struct guild_value *record = guild_run_attr(b->run, b->a, "op");
	struct guild_strs argv = {0};
	struct guild_strs env = {0};
	struct guild_env_request req = {.base = world->env,
		.log_level = world->log_level,
		.op = record,
		.flags = guild_value_dict(b->a),
		.op_name = "+",
		.home = world->home->path,
		.source_dest = ".",
		.cmd_dir = world->cmd_dir,
		.run = b->run};
	guild_batch_argv(world, b->run, &argv);
	int rc = guild_write_command(b->run, &argv, false, b->start->options->durable, err);
	rc = rc ? rc : guild_env_make(&req, &env, err);
	rc = rc ? rc : put_attr(b, b->run, "env", guild_env_record(b->a, &env, NULL), err);
	rc = rc ? rc : guild_run_attr_remove(b->run, "exit_status", err);
	rc = rc ? rc : guild_run_attr_remove(b->run, "stopped", err);
	rc = rc ? rc : guild_run_lock(b->run, getpid(), err);
	rc = rc ? rc : guild_run_set_marker(b->run, "STAGED", false, err);
	rc = rc ? rc : guild_run_set_marker(b->run, "PENDING", false, err);
	rc = rc ? rc
		: put_attr(b, b->run, "started", guild_value_int(b->a, guild_run_timestamp()), err);
	guild_strs_fini(&argv);
	guild_strs_fini(&env);
	return rc;
}

static bool stored_param(const struct batch *b, const char *name)
{
	return guild_value_truthy(guild_value_get(guild_run_attr(b->run, b->a, "run_params"),
		name));
}

static int make_trials(struct batch *b, struct guild_error *err)
{
	const struct guild_run *proto = &b->maker.proto;
	const struct guild_value *flags = guild_run_attr(proto, b->a, "flags");
	const struct guild_value *user_flags = guild_run_attr(proto, b->a, "user_flags");
	const struct guild_value *rows = guild_run_attr(proto, b->a, "trials");
	int64_t seed = guild_run_attr_i64(b->run, "random_seed", 0);
	int64_t max_trials = guild_run_attr_i64(b->run, "max_trials", 0);
	if (!flags || flags->type != GUILD_DICT) {
		return guild_error_set(err, GUILD_EINVALID,
			"the prototype of batch %.8s has no flags", b->run->id);
	}
	int rc = guild_batch_trials(b->a, flags, user_flags, rows, max_trials, (uint64_t)seed,
		&b->flags, err);
	for (size_t i = 0; rc == 0 && i < b->flags->n && !caught_signal; i++) {
		struct guild_run trial = {0};
		rc = guild_trial_make(&b->maker, b->flags->items[i], &trial, err);
		if (rc == 0) {
			b->trials.v = guild_grow_array(b->trials.v, &b->trials.cap, b->trials.n + 1,
				sizeof(*b->trials.v));
			b->trials.v[b->trials.n++] = trial;
		}
	}
	return rc;
}

/* ---- trials -------------------------------------------------------------------------------------------------------------- */

static int stage_trial(struct batch *b, struct guild_run *trial, const struct guild_value *flags,
	struct guild_error *err)
{
	const struct guild_value *record = guild_run_attr(trial, b->a, "op");
	struct guild_exec_op x = {.opref = trial->opref,
		.flags = flags,
		.options = b->start->options,
		.world = b->start->world};
	int rc = guild_stage_write_env(&x, &trial->opref, record, trial, err);
	rc = rc ? rc : guild_run_set_marker(trial, "STAGED", true, err);
	rc = rc ? rc : guild_run_set_marker(trial, "PENDING", false, err);
	return rc;
}

static void note_failure(struct batch *b, const struct guild_run *trial, int status,
	const char *why)
{
	say(b, "ERROR", "Trial %s exited with an error: (%d) %s", trial->id, status, why);
	if (b->fail_on_error) {
		b->exit_status = status;
		b->is_over = true;
	}
}

static void run_trial(struct batch *b, size_t i)
{
	struct guild_run *trial = &b->trials.v[i];
	struct guild_exec_world world = *b->start->world;
	struct guild_exec_start start = {.options = b->start->options,
		.world = &world,
		.is_new = true,
		.serial = (unsigned)i,
		.has_packages = true,
		.on_output = guild_batch_output_put,
		.on_output_arg = &b->output};
	struct guild_supervise_result result = {0};
	struct guild_error err = {0};
	world.cmd_dir = b->run->dir;
	int rc = guild_exec_run(trial, &start, &result, &err);
	if (result.interrupted) {
		end_by_signal(b, SIGINT);
	} else if (result.forwarded_signal) {
		end_by_signal(b, result.forwarded_signal);
	} else if (rc != 0) {
		note_failure(b, trial, result.exit_status ? result.exit_status : 1, err.text);
	} else if (result.exit_status != 0) {
		note_failure(b, trial, result.exit_status, "see its output for details");
	}
}

static void take_trial(struct batch *b, size_t i)
{
	struct guild_run *trial = &b->trials.v[i];
	const struct guild_value *flags = b->flags->items[i];
	enum guild_run_status status = guild_run_status(trial, NULL);
	if (status != GUILD_RUN_PENDING) {
		say(b, "INFO", "Skipping %s because its status is %s", trial->id,
			guild_run_status_name(status));
		return;
	}
	char *text = trial_text(trial, flags);
	say(b, "INFO", "%s trial %s: %s", b->stage_trials ? "Staging" : "Running", trial->id, text);
	free(text);
	if (b->stage_trials) {
		struct guild_error err = {0};
		if (stage_trial(b, trial, flags, &err) != 0) {
			note_failure(b, trial, 1, err.text);
		}
	} else {
		run_trial(b, i);
	}
}

/* ---- the batch -------------------------------------------------------------------------------------------------------------- */

static int finish(struct batch *b, struct guild_supervise_result *result, struct guild_error *err)
{
	const struct guild_value *record = guild_run_attr(b->run, b->a, "op");
	bool is_interim = guild_value_truthy(guild_value_get(record, "delete-on-success"));
	result->exit_status = b->exit_status;
	result->interrupted = b->exit_status == EXIT_INTERRUPTED;
	result->stopped_us = guild_run_timestamp();
	guild_batch_output_close(&b->output);
	int rc = put_attr(b, b->run, "exit_status", guild_value_int(b->a, b->exit_status), err);
	rc = rc ? rc
		: put_attr(b, b->run, "stopped", guild_value_int(b->a, result->stopped_us), err);
	rc = rc ? rc : guild_run_unlock(b->run, err);
	if (rc == 0 && is_interim && b->exit_status == 0 && !b->start->options->keep_batch) {
		rc = guild_delete_interim(b->run, b->start, err);
	}
	return rc;
}

static int prepare(struct batch *b, struct guild_error *err)
{
	int rc = 0;
	if (!b->start->is_new) {
		if (guild_run_status(b->run, NULL) == GUILD_RUN_RUNNING) {
			return guild_error_set(err, GUILD_EBUSY, "batch %.8s is running",
				b->run->id);
		}
		rc = update_proto(b, err);
	}
	b->fail_on_error =
		b->start->options->fail_on_trial_error || stored_param(b, "fail_on_trial_error");
	b->stage_trials = b->start->options->stage_trials ||
			  guild_value_truthy(guild_run_attr(b->run, b->a, "stage_trials"));
	rc = rc ? rc : guild_trial_maker_init(&b->maker, b->run, b->start, err);
	rc = rc ? rc : write_start(b, err);
	return rc;
}

/* Reads the scalars of what the trials print, as 0.9.0's batches have them; NULL when that is off. */
static struct guild_output_scalars *new_scalars(const struct batch *b)
{
	const struct guild_value *record = guild_run_attr(b->run, b->a, "op");
	struct guild_output_scalars *scalars = NULL;
	(void)guild_output_scalars_new(guild_value_get(record, "output-scalars"), false, NULL,
		&scalars, b->start->world->log, NULL);
	return scalars;
}

int guild_batch_run(struct guild_run *run, const struct guild_exec_start *start,
	struct guild_supervise_result *result, struct guild_error *err)
{
	struct batch b = {.run = run,
		.start = start,
		.a = guild_arena_new(),
		.output = {.output_fd = -1, .index_fd = -1}};
	struct sigaction before[GUILD_ARRAY_LEN(ending_signals)];
	memset(result, 0, sizeof(*result));
	catch_signals(before);
	int rc = prepare(&b, err);
	if (rc == 0) {
		guild_batch_output_open(&b.output, run, start->serial, new_scalars(&b));
		rc = make_trials(&b, err);
		if (rc != 0) {
			b.exit_status = 1;
			b.is_over = true;
		}
		for (size_t i = 0; i < b.trials.n && !b.is_over && !caught_signal; i++) {
			take_trial(&b, i);
		}
		if (caught_signal && !b.is_over) {
			end_by_signal(&b, caught_signal);
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
	release_signals(before);
	guild_runs_fini(&b.trials);
	guild_trial_maker_fini(&b.maker);
	guild_arena_free(b.a);
	return rc;
}
