/* Executes a run from its own records: the one way for new runs, staged runs, restarts and trials (runs.md 5, steps 5-8). */

#include <stdlib.h>
#include <string.h>

#include "alerts.h"
#include "pipeline.h"
#include "stage.h"
#include "watch.h"

struct execution {
	struct guild_run *run;
	const struct guild_exec_start *start;
	struct guild_arena *a;
	struct guild_value *record;
	const struct guild_value *flags;
	const struct guild_value *params; /* as stored, or NULL */
	struct guild_source_place place;
	struct guild_command command;
	struct guild_strs env;
};

static bool env_is_on(const struct guild_strs *env, const char *name)
{
	return guild_streq(guild_env_get(env->v, name), "1");
}

/* ---- reading ----------------------------------------------------------------------------------------------- */

static int read_records(struct execution *e, struct guild_error *err)
{
	struct guild_value *flags = NULL;
	int rc = guild_run_attr_read(e->run, e->a, "op", &e->record, err);
	if (rc == 0 || (rc > 0 && e->record->type != GUILD_DICT)) {
		return guild_error_set(err, GUILD_EINVALID,
			"run %.8s cannot be started: missing op configuration", e->run->id);
	}
	if (rc > 0 && !e->start->flags) {
		rc = guild_run_attr_read(e->run, e->a, "flags", &flags, err);
	}
	if (rc < 0) {
		return rc;
	}
	e->flags = e->start->flags ? e->start->flags : flags ? flags : guild_value_dict(e->a);
	e->params = guild_run_attr(e->run, e->a, "run_params");
	guild_source_place(e->record, &e->place);
	return 0;
}

static int check_is_free(const struct guild_run *run, struct guild_error *err)
{
	guild_run_settle_start(run);
	if (guild_run_status(run, NULL) == GUILD_RUN_RUNNING) {
		return guild_error_set(err, GUILD_EBUSY, "run %.8s is running", run->id);
	}
	return 0;
}

/* ---- preparing ----------------------------------------------------------------------------------------------- */

/* Trials get their dependencies when they start; a restart resolves what is missing, and what is always resolved. */
static int resolve_deps(struct execution *e, struct guild_error *err)
{
	const struct guild_value *deps = guild_value_get(e->record, "deps");
	const struct guild_value *recorded = guild_run_attr(e->run, e->a, "deps");
	bool has_record = recorded && recorded->type == GUILD_DICT;
	if (has_record && (e->start->is_new || !deps || deps->n == 0)) {
		return 0;
	}
	struct guild_deps_request req = {.world = e->start->world,
		.run = e->run,
		.flags = e->flags,
		.force = e->start->options->force_deps,
		.durable = e->start->options->durable};
	return guild_deps_resolve(&req, deps, err);
}

/* ---- the command ------------------------------------------------------------------------------------------------- */

static bool is_pipeline(const struct execution *e)
{
	return e->command.argv.n == 2 && strcmp(e->command.argv.v[1], "run-steps") == 0;
}

/* guild run-steps is told how many steps may run at once. */
static void set_jobs(struct execution *e)
{
	if (e->start->options->jobs > 0 && is_pipeline(e)) {
		guild_strs_addf(&e->command.argv, "--jobs=%lld",
			(long long)e->start->options->jobs);
	}
}

/* The program of an optimizer finds `guild.batch_util`, and the guild that started it. */
static int add_batch_env(struct execution *e, struct guild_error *err)
{
	const struct guild_exec_world *world = e->start->world;
	char *dir = NULL;
	if (!guild_run_is_batch(e->run)) {
		return 0;
	}
	char *cache = guild_path_join(world->home->path, "cache");
	int rc = guild_batch_python_path(cache, &dir, err);
	free(cache);
	if (rc != 0) {
		return rc;
	}
	const char *lists[] = {dir, e->command.python_path};
	char *joined = guild_path_list_join(lists, GUILD_ARRAY_LEN(lists));
	free(e->command.python_path);
	e->command.python_path = joined;
	guild_strs_addf(&e->command.env, "GUILD_PROGRAM=%s",
		world->program ? world->program : "guild");
	free(dir);
	return 0;
}

static int make_env(struct execution *e, struct guild_error *err)
{
	const struct guild_exec_world *world = e->start->world;
	const struct guild_run_options *o = e->start->options;
	const char *gpus = o->gpus ? o->gpus : guild_value_text(guild_value_get(e->params, "gpus"));
	bool no_gpus = o->no_gpus ||
		       (!o->gpus && guild_value_truthy(guild_value_get(e->params, "no_gpus")));
	int rc = add_batch_env(e, err);
	if (rc != 0) {
		return rc;
	}
	char *name = guild_opref_spec(&e->run->opref);
	struct guild_env_request req = {.base = world->env,
		.log_level = world->log_level,
		.op = e->record,
		.flags = e->flags,
		.python_path = e->command.python_path,
		.gpus = gpus,
		.no_gpus = no_gpus,
		.op_name = name,
		.home = world->home->path,
		.source_dest = e->place.dest,
		.cmd_dir = world->cmd_dir,
		.run = e->run,
		.more = e->command.env,
		.log = world->log};
	rc = guild_env_make(&req, &e->env, err);
	free(name);
	return rc;
}

static int write_env(const struct execution *e, struct guild_error *err)
{
	const struct guild_value *v =
		guild_env_record(e->a, &e->env, guild_value_get(e->record, "env-secrets"));
	return guild_run_attr_write(e->run, "env", v, e->start->options->durable, err);
}

bool guild_packages_wanted(const struct guild_value *record, const struct guild_exec_world *world)
{
	const struct guild_value *wanted = guild_value_get(record, "pip-freeze");
	bool is_off = wanted && !guild_value_truthy(wanted);
	return world->python && !is_off &&
	       !guild_streq(guild_env_get(world->env, "NO_PIP_FREEZE"), "1");
}

/* Python operations list their packages, unless told not to. */
static int write_packages(const struct execution *e, struct guild_error *err)
{
	const struct guild_exec_world *world = e->start->world;
	if (e->start->has_packages || !e->command.is_python ||
		env_is_on(&e->env, "NO_PIP_FREEZE") || !guild_packages_wanted(e->record, world)) {
		return 0;
	}
	struct guild_strs packages = {0};
	char *cache = guild_path_join(world->home->path, "cache");
	int rc = guild_python_packages(world->python, cache, &packages, err);
	if (rc == 0) {
		rc = guild_run_attr_write(e->run, "pip_freeze", guild_value_strs(e->a, &packages),
			e->start->options->durable, err);
	}
	free(cache);
	guild_strs_fini(&packages);
	return rc;
}

/* Flags that are literals of a notebook or script, put into the run's copy. */
static int apply_source_flags(struct execution *e, bool is_restart, struct guild_error *err)
{
	struct guild_source_flags_request req = {
		.op = e->record,
		.flags = e->flags,
		.source_root = e->place.root,
		.source_dest = e->place.dest,
		.run = e->run,
		.debug_sourcecode = e->start->options->debug_sourcecode,
		.is_fresh = is_restart && e->start->op,
		.log = e->start->world->log,
	};
	return guild_source_flags_apply(&req, err);
}

static int write_generated(const char *path, const char *text, struct guild_error *err)
{
	char *dir = guild_path_dirname(path);
	int rc = guild_mkdirs(dir, err);
	rc = rc ? rc : guild_file_write(path, text, strlen(text), false, err);
	free(dir);
	return rc;
}

static int prepare(struct execution *e, bool is_restart, struct guild_error *err)
{
	int rc = read_records(e, err);
	if (rc == 0 && is_restart) {
		rc = guild_restart_update(e->run, e->start, e->a, e->record, e->flags, err);
	}
	rc = rc ? rc : resolve_deps(e, err);
	rc = rc ? rc : guild_dvc_prepare_run(e->record, e->run, err);
	/* What there is to say of the command of a new run was said when it was staged. */
	struct guild_exec_world world = *e->start->world;
	world.log = is_restart ? world.log : NULL;
	rc = rc ? rc
		: guild_command_in_run(&world, e->start->options->debug_sourcecode, e->record,
			  e->flags, &e->place, e->run, &e->command, err);
	rc = rc ? rc : apply_source_flags(e, is_restart, err);
	if (rc == 0 && is_restart && is_pipeline(e) &&
		guild_run_attr_i64(e->run, "exit_status", -1) == 0) {
		rc = guild_pipeline_forget(e->run, err);
	}
	if (rc == 0 && e->command.hydra_file) {
		char *file = guild_path_join(e->run->dir, GUILD_HYDRA_FILE);
		rc = write_generated(file, e->command.hydra_file, err);
		free(file);
	}
	rc = rc ? rc : guild_debug_command(e->start->world, e->start->options, &e->command, err);
	if (rc == 0) {
		set_jobs(e);
	}
	rc = rc ? rc : make_env(e, err);
	rc = rc ? rc
		: guild_write_command(e->run, &e->command.argv, false, e->start->options->durable,
			  err);
	rc = rc ? rc : write_env(e, err);
	rc = rc ? rc : write_packages(e, err);
	return rc;
}

/* ---- executing --------------------------------------------------------------------------------------------------- */

static int ms_of(const struct guild_strs *env, const char *name)
{
	const char *text = guild_env_get(env->v, name);
	double seconds;
	if (!text || !guild_parse_f64(text, strlen(text), &seconds) || !(seconds > 0) ||
		seconds > 1e6) {
		return 0;
	}
	return (int)(seconds * 1000);
}

static double stop_after(const struct execution *e)
{
	if (e->start->options->stop_after_min > 0) {
		return e->start->options->stop_after_min;
	}
	const struct guild_value *stored = guild_value_get(e->params, "stop_after");
	return guild_value_is_number(stored) ? guild_value_as_f64(stored) : 0;
}

/* An automatic rule has a name of its own; a pattern is its own name. */
static bool names_automatic_rule(const struct guild_value *report)
{
	for (size_t i = 0; report && i < report->n; i++) {
		const char *rule = guild_value_text(report->pairs[i].key);
		if (rule && strspn(rule, "abcdefghijklmnopqrstuvwxyz-_") == strlen(rule)) {
			return true;
		}
	}
	return false;
}

/* Which rules found scalars in the output, where it was not said which to use. */
static void write_scalar_rules(const struct execution *e,
	const struct guild_output_scalars *scalars)
{
	const struct guild_value *report = guild_output_scalars_report(scalars, e->a);
	if (names_automatic_rule(report)) {
		/* The run's fate is recorded already; a note that cannot be written changes nothing. */
		(void)guild_run_attr_write(e->run, "_scalar_rules", report, false, NULL);
	}
}

static int supervise(struct execution *e, struct guild_supervise_result *result,
	struct guild_error *err)
{
	const struct guild_run_options *o = e->start->options;
	struct guild_output_scalars *scalars = NULL;
	bool is_script = strcmp(e->run->opref.pkg_type, "script") == 0;
	int rc = guild_output_scalars_new(guild_value_get(e->record, "output-scalars"), is_script,
		e->flags, &scalars, e->start->world->log, err);
	if (rc != 0) {
		return rc;
	}
	struct guild_alerts *alerts = NULL;
	struct guild_alerts_request watch = {
		.run = e->run,
		.rules = guild_value_get(e->record, "alerts"),
		.flags = e->flags,
		.env = e->env.v,
		.durable = o->durable,
		.on_output = e->start->on_output,
		.on_output_arg = e->start->on_output_arg,
		.log = e->start->world->log,
	};
	struct guild_supervise_request req = {
		.run = e->run,
		.argv = e->command.argv.v,
		.env = e->env.v,
		.cwd = e->run->dir,
		.quiet = o->quiet,
		.capture = !env_is_on(&e->env, "NO_RUN_OUTPUT"),
		.merge_streams = env_is_on(&e->env, "SYNC_RUN_OUTPUT"),
		.no_pty = o->no_pty,
		.durable = o->durable,
		.stdout_fd = 1,
		.stderr_fd = 2,
		.stop_after_min = stop_after(e),
		.stop_after_kill_ms = ms_of(&e->env, "STOP_AFTER_KILL_DELAY"),
		.scalars = scalars,
		.event_serial = e->start->serial,
		.sample_system = true,
		.stop_is_success = guild_value_truthy(guild_value_get(e->record, "stoppable")),
		.on_output = e->start->on_output,
		.on_output_arg = e->start->on_output_arg,
		.on_started = e->start->on_started,
		.on_started_arg = e->start->on_ready_arg,
		.log = e->start->world->log,
	};
	struct guild_watched_run watched = {0};
	rc = guild_alerts_new(&watch, &alerts, err);
	if (rc == 0) {
		guild_alerts_attach(alerts, &req);
		guild_watch_attach(&watched, e->start->watch, &req);
		rc = guild_supervise(&req, result, err);
		guild_watch_detach(&watched);
	}
	if (rc == 0) {
		write_scalar_rules(e, scalars);
	}
	guild_alerts_free(alerts);
	guild_output_scalars_free(scalars);
	return rc;
}

/* ---- the end ----------------------------------------------------------------------------------------------------------- */

int guild_delete_interim(const struct guild_run *run, const struct guild_exec_start *start,
	struct guild_error *err)
{
	char *runs = guild_home_runs_dir(start->world->home, false);
	char *expected = guild_path_join(runs, run->id);
	int rc = 0;
	if (strcmp(expected, run->dir) == 0) {
		rc = guild_store_delete(start->world->home, run, false, start->world->log, err);
	}
	free(runs);
	free(expected);
	return rc;
}

static int finish(const struct execution *e, const struct guild_supervise_result *result,
	struct guild_error *err)
{
	bool is_interim = guild_value_truthy(guild_value_get(e->record, "delete-on-success"));
	if (!is_interim || result->exit_status != 0 || e->start->options->keep_run) {
		return 0;
	}
	char *name = guild_run_display_name(e->run);
	guild_log(e->start->world->log, "info",
		"Deleting interim run %s ('%s' is configured for deletion on success)", e->run->id,
		name);
	free(name);
	return guild_delete_interim(e->run, e->start, err);
}

int guild_exec_run(struct guild_run *run, const struct guild_exec_start *start,
	struct guild_supervise_result *result, struct guild_error *err)
{
	struct execution e = {.run = run, .start = start, .a = guild_arena_new()};
	memset(result, 0, sizeof(*result));
	int rc = start->is_new ? 0 : check_is_free(run, err);
	rc = rc || start->is_new ? rc : guild_store_unshare(run->dir, err);
	rc = rc ? rc : prepare(&e, !start->is_new, err);
	rc = rc || !start->on_ready ? rc : start->on_ready(start->on_ready_arg, err);
	rc = rc ? rc : supervise(&e, result, err);
	if (result->exit_status != 0) {
		/* A program that could not be started never got its LOCK. */
		guild_run_set_marker(run, "STAGED", false, NULL);
		guild_run_set_marker(run, "PENDING", false, NULL);
	}
	rc = rc ? rc : finish(&e, result, err);
	guild_command_fini(&e.command);
	guild_strs_fini(&e.env);
	guild_source_place_fini(&e.place);
	guild_arena_free(e.a);
	return rc;
}
