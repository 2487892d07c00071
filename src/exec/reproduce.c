/*
 * Repeating a run and telling, level by level, whether everything was as it was (docs/reproducibility.md). The new run is made and
 * executed by the calls that make any run.
 */

#include "reproduce.h"

#include <stdlib.h>
#include <string.h>

enum { SUMMARY_MAX = GUILD_ERROR_TEXT_MAX + 256 };

/* ---- names -------------------------------------------------------------------------------------------------------- */

static const char *const level_names[] = {
	"source", "flags", "environment", "inputs", "exit", "outputs", "metrics", "runtime"};

const char *guild_reproduce_level_name(enum guild_reproduce_level l)
{
	return level_names[l];
}

int guild_reproduce_level_parse(const char *name)
{
	for (int i = 0; i < GUILD_REPRODUCE_LEVELS; i++) {
		if (strcmp(level_names[i], name) == 0) {
			return i;
		}
	}
	return -1;
}

const char *guild_reproduce_verdict_name(enum guild_reproduce_verdict v)
{
	static const char *const names[] = {"skipped", "same", "differs", "unknown", "noted"};
	return names[v];
}

bool guild_reproduction_holds(const struct guild_reproduction *r, unsigned deciding, bool strict)
{
	for (int i = 0; i < GUILD_REPRODUCE_LEVELS; i++) {
		enum guild_reproduce_verdict v = r->levels[i].verdict;
		bool is_bad = v == GUILD_REPRODUCE_DIFFERS || v == GUILD_REPRODUCE_SKIPPED ||
			      (strict && v == GUILD_REPRODUCE_UNKNOWN);
		if ((deciding & 1U << i) && is_bad) {
			return false;
		}
	}
	return true;
}

/* ---- findings ------------------------------------------------------------------------------------------------------ */

struct guild_reproduce_check *guild_reproduce_check_of(struct guild_reproducing *p,
	enum guild_reproduce_level l)
{
	return &p->result.levels[l];
}

void guild_reproduce_conclude(struct guild_reproducing *p, enum guild_reproduce_level l,
	enum guild_reproduce_verdict v, const char *fmt, ...)
{
	char line[SUMMARY_MAX];
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	p->result.levels[l].verdict = v;
	p->result.levels[l].summary = guild_arena_strdup(p->a, line);
}

static void add(struct guild_reproducing *p, enum guild_reproduce_level l,
	const struct guild_reproduce_finding *f)
{
	struct guild_reproduce_check *c = &p->result.levels[l];
	c->v = guild_grow_array(c->v, &c->cap, c->n + 1, sizeof(*c->v));
	c->v[c->n++] = (struct guild_reproduce_finding){
		.name = guild_arena_strdup(p->a, f->name),
		.what = guild_arena_strdup(p->a, f->what),
		.before = f->before ? guild_arena_strdup(p->a, f->before) : NULL,
		.after = f->after ? guild_arena_strdup(p->a, f->after) : NULL,
		.is_note = f->is_note,
	};
}

void guild_reproduce_find(struct guild_reproducing *p, enum guild_reproduce_level l,
	const char *name, const char *what, const char *before, const char *after)
{
	add(p, l, &(struct guild_reproduce_finding){name, what, before, after, false});
}

void guild_reproduce_note(struct guild_reproducing *p, enum guild_reproduce_level l,
	const char *name, const char *what, const char *before, const char *after)
{
	add(p, l, &(struct guild_reproduce_finding){name, what, before, after, true});
}

size_t guild_reproduce_count(const struct guild_reproduce_check *c)
{
	size_t n = 0;
	for (size_t i = 0; i < c->n; i++) {
		n += !c->v[i].is_note;
	}
	return n;
}

/* ---- before it runs -------------------------------------------------------------------------------------------------- */

static int check_run(const struct guild_run *run, struct guild_error *err)
{
	struct guild_arena *a = guild_arena_new();
	enum guild_run_status status = guild_run_status(run, NULL);
	const char *what = guild_run_is_batch(run)           ? "is a batch"
			   : guild_run_attr(run, a, "steps") ? "is a pipeline"
							     : NULL;
	int rc = 0;
	if (what) {
		rc = guild_error_set(err, GUILD_EINVALID,
			"run %.8s %s and cannot be reproduced itself", run->id, what);
		guild_error_hint(err, "reproduce its runs one by one");
	} else if (status == GUILD_RUN_RUNNING || status == GUILD_RUN_PENDING ||
		   status == GUILD_RUN_STAGED) {
		rc = guild_error_set(err, GUILD_EINVALID,
			"run %.8s is %s: there is nothing yet to compare with", run->id,
			guild_run_status_name(status));
	}
	guild_arena_free(a);
	return rc;
}

static int read_records(struct guild_reproducing *p, struct guild_error *err)
{
	const struct guild_run *run = p->req->run;
	struct guild_value *flags = NULL;
	int rc = guild_run_attr_read(run, p->a, "op", &p->record, err);
	if (rc == 0 || (rc > 0 && p->record->type != GUILD_DICT)) {
		return guild_error_set(err, GUILD_EINVALID,
			"run %.8s cannot be reproduced: it has no record of its operation",
			run->id);
	}
	rc = rc < 0 ? rc : guild_run_attr_read(run, p->a, "flags", &flags, err);
	if (rc < 0) {
		return rc;
	}
	bool is_dict = rc > 0 && flags->type == GUILD_DICT;
	p->flags = p->req->working ? p->req->working->flags
		   : is_dict       ? flags
				   : guild_value_dict(p->a);
	p->user_flags = guild_run_attr(run, p->a, "user_flags");
	return 0;
}

/* Relative paths mean what they meant then, where that directory is still there. */
static void set_world(struct guild_reproducing *p)
{
	const struct guild_value *then = guild_run_attr(p->req->run, p->a, "env");
	const char *dir = guild_value_text(guild_value_get(then, "CMD_DIR"));
	p->world = *p->req->world;
	for (char *const *e = p->world.env; *e; e++) {
		guild_strs_add(&p->env, *e);
	}
	p->world.env = p->env.v;
	if (dir && guild_path_is_abs(dir) && guild_is_dir(dir)) {
		p->world.cwd = dir;
		p->world.cmd_dir = dir;
	}
	p->repeat.run = p->req->run;
}

int guild_reproduce_new(const struct guild_reproduce_request *req, struct guild_reproducing **out,
	struct guild_error *err)
{
	struct guild_reproducing *p = guild_alloc(sizeof(*p));
	p->req = req;
	p->a = guild_arena_new();
	int rc = guild_reproduce_check_tolerances(req, err);
	rc = rc ? rc : check_run(req->run, err);
	rc = rc ? rc : read_records(p, err);
	if (rc == 0) {
		set_world(p);
	}
	rc = rc ? rc : guild_reproduce_check_source(p, err);
	rc = rc ? rc : guild_reproduce_check_flags(p, err);
	rc = rc ? rc : guild_reproduce_plan_env(p, err);
	rc = rc ? rc : guild_reproduce_check_inputs(p, err);
	if (rc != 0) {
		guild_reproduce_free(p);
		return rc;
	}
	*out = p;
	return 0;
}

bool guild_reproduce_can_run(const struct guild_reproducing *p)
{
	const struct guild_reproduce_check *levels = p->result.levels;
	return p->req->force ||
	       (levels[GUILD_REPRODUCE_SOURCE].verdict != GUILD_REPRODUCE_DIFFERS &&
		       levels[GUILD_REPRODUCE_INPUTS].verdict != GUILD_REPRODUCE_DIFFERS);
}

const struct guild_reproduction *guild_reproduce_result(const struct guild_reproducing *p)
{
	return &p->result;
}

void guild_reproduce_free(struct guild_reproducing *p)
{
	if (p) {
		for (size_t i = 0; i < GUILD_REPRODUCE_LEVELS; i++) {
			free(p->result.levels[i].v);
		}
		guild_strs_fini(&p->env);
		guild_strs_fini(&p->packages);
		guild_python_fini(&p->python);
		free(p->interpreter);
		guild_run_fini(&p->made);
		guild_arena_free(p->a);
		free(p);
	}
}

/* ---- the new run --------------------------------------------------------------------------------------------------------- */

/* The options of the earlier run, but for those that place a run. */
static const struct guild_value *run_params(struct guild_reproducing *p)
{
	static const char *const ours[] = {"label", "pidfile", "run_dir", "run_id"};
	const struct guild_value *then = guild_run_attr(p->req->run, p->a, "run_params");
	struct guild_value *v = then && then->type == GUILD_DICT ? guild_value_copy(p->a, then)
								 : guild_value_dict(p->a);
	for (size_t i = 0; i < GUILD_ARRAY_LEN(ours); i++) {
		if (guild_value_get(v, ours[i])) {
			guild_value_set(p->a, v, ours[i], guild_value_null(p->a));
		}
	}
	if (guild_value_get(v, "tags")) {
		guild_value_set(p->a, v, "tags", guild_value_strs(p->a, &p->req->tags));
	}
	return v;
}

/* --dep of the earlier run, which today's definition does not know. */
static void add_deps(struct guild_reproducing *p, const struct guild_value *params,
	struct guild_strs *out)
{
	const struct guild_value *list = guild_value_get(params, "additional_deps");
	for (size_t i = 0; p->req->working && list && list->type == GUILD_LIST && i < list->n;
		i++) {
		const char *path = guild_value_text(list->items[i]);
		if (path) {
			guild_strs_add(out, path);
		}
	}
}

static void make_options(struct guild_reproducing *p, struct guild_run_options *out)
{
	struct guild_value *attrs = guild_value_dict(p->a);
	const char *label =
		guild_arena_format(p->a, "reproduces %.8s ${default_label}", p->req->run->id);
	guild_value_set(p->a, attrs, "reproduces", guild_value_string(p->a, p->req->run->id));
	*out = (struct guild_run_options){
		.label = p->req->label ? p->req->label : label,
		.tags = p->req->tags,
		.extra_attrs = attrs,
		.run_params = run_params(p),
		.keep_run = true,
		.quiet = p->req->quiet,
		.no_pty = p->req->no_pty,
		.force_sourcecode = p->req->working != NULL,
	};
	add_deps(p, out->run_params, &out->deps);
}

static int stage(struct guild_reproducing *p, const struct guild_run_options *options,
	struct guild_error *err)
{
	struct guild_exec_op x = {.opref = p->req->run->opref,
		.flags = p->flags,
		.user_flags = p->user_flags ? p->user_flags : guild_value_dict(p->a),
		.record = p->record};
	if (p->req->working) {
		x = *p->req->working;
	}
	x.proto = p->req->run;
	x.repeat = &p->repeat;
	x.options = options;
	x.world = &p->world;
	bool is_unmet = false;
	p->repeat.is_unmet = &is_unmet;
	int rc = guild_exec_stage(&x, false, &p->made, err);
	p->repeat.is_unmet = NULL;
	if (rc != 0 && is_unmet) {
		guild_reproduce_conclude(p, GUILD_REPRODUCE_INPUTS, GUILD_REPRODUCE_DIFFERS, "%s",
			err->text);
	}
	return rc != 0 && is_unmet ? 1 : rc;
}

static void conclude_exit(struct guild_reproducing *p, int now)
{
	const enum guild_reproduce_level l = GUILD_REPRODUCE_EXIT;
	int64_t then = guild_run_attr_i64(p->req->run, "exit_status", INT64_MIN);
	if (p->result.is_stopped) {
		guild_reproduce_conclude(p, l, GUILD_REPRODUCE_DIFFERS, "it was stopped");
	} else if (then == INT64_MIN) {
		guild_reproduce_conclude(p, l, GUILD_REPRODUCE_UNKNOWN, "%d", now);
	} else if (then == now) {
		guild_reproduce_conclude(p, l, GUILD_REPRODUCE_SAME, "%d", now);
	} else {
		guild_reproduce_conclude(p, l, GUILD_REPRODUCE_DIFFERS, "%lld became %d",
			(long long)then, now);
	}
}

static int execute(struct guild_reproducing *p, const struct guild_run_options *options,
	struct guild_error *err)
{
	struct guild_supervise_result result = {0};
	struct guild_exec_start start = {
		.options = options, .world = &p->world, .is_new = true, .serial = p->req->serial};
	int rc = guild_exec_run(&p->made, &start, &result, err);
	p->result.exit_status = result.exit_status;
	p->result.is_stopped = result.interrupted || result.forwarded_signal != 0;
	if (rc != 0 && result.exit_status != 0) {
		guild_reproduce_conclude(p, GUILD_REPRODUCE_EXIT, GUILD_REPRODUCE_DIFFERS, "%s",
			err->text);
		return 0;
	}
	if (rc == 0) {
		conclude_exit(p, result.exit_status);
	}
	return rc;
}

/* ---- after it ran ---------------------------------------------------------------------------------------------------------- */

static int64_t duration_us(const struct guild_run *run)
{
	int64_t started = guild_run_attr_i64(run, "started", -1);
	int64_t stopped = guild_run_attr_i64(run, "stopped", -1);
	return started >= 0 && stopped >= started ? stopped - started : -1;
}

static void conclude_runtime(struct guild_reproducing *p)
{
	const enum guild_reproduce_level l = GUILD_REPRODUCE_RUNTIME;
	int64_t then = duration_us(p->req->run);
	int64_t now = duration_us(&p->made);
	if (then <= 0 || now < 0) {
		guild_reproduce_conclude(p, l, GUILD_REPRODUCE_UNKNOWN,
			"the run has no record of when it started and ended");
		return;
	}
	double ratio = (double)now / (double)then;
	double max = p->req->max_slowdown;
	guild_reproduce_conclude(p, l,
		!(max > 0)    ? GUILD_REPRODUCE_NOTED
		: ratio > max ? GUILD_REPRODUCE_DIFFERS
			      : GUILD_REPRODUCE_SAME,
		"%.2f s, then %.2f s (%.2f times)", (double)then / 1e6, (double)now / 1e6, ratio);
}

static int compare(struct guild_reproducing *p, struct guild_error *err)
{
	bool has_ended_alike =
		p->result.levels[GUILD_REPRODUCE_EXIT].verdict != GUILD_REPRODUCE_DIFFERS;
	if (p->result.is_stopped || (!has_ended_alike && !p->req->force)) {
		return 0;
	}
	int rc = guild_reproduce_check_outputs(p, err);
	rc = rc ? rc : guild_reproduce_check_metrics(p, err);
	if (rc == 0) {
		conclude_runtime(p);
	}
	return rc;
}

int guild_reproduce_run(struct guild_reproducing *p, struct guild_error *err)
{
	struct guild_run_options options;
	bool is_made = p->how == GUILD_REPRODUCE_ENV_CURRENT || p->how == GUILD_REPRODUCE_ENV_NONE;
	if (!is_made && !guild_reproduce_make_env(p)) {
		return 0;
	}
	make_options(p, &options);
	int rc = stage(p, &options, err);
	if (rc == 0) {
		p->result.run_id = p->made.id;
		p->result.run_dir = p->made.dir;
		rc = guild_reproduce_verify_inputs(p, err);
		rc = rc ? rc : execute(p, &options, err);
		rc = rc ? rc : compare(p, err);
	}
	guild_strs_fini(&options.deps);
	return rc < 0 ? rc : 0;
}
