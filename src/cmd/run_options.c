/* The options of guild run: what shapes a run, and attribute run_params (runs.md 3.3). */

#include <stdlib.h>
#include <string.h>

#include "run_cmd.h"

#include <guild/sched.h>

enum param_kind {
	PARAM_FLAG,
	PARAM_TEXT,
	PARAM_LIST,
	PARAM_JOINED, /* a list of columns as one text */
	PARAM_INT,
	PARAM_NUMBER,
	PARAM_FALSE,
	PARAM_NULL
};

/* Every option by the name the reference gives it. FALSE and NULL: options this version does not have. */
static const struct {
	const char *name;
	enum param_kind kind;
	const char *key;
} params[] = {
	{"additional_deps", PARAM_LIST, "dep"},
	{"background", PARAM_FLAG, "background"},
	{"batch_comment", PARAM_TEXT, "batch-comment"},
	{"batch_label", PARAM_TEXT, "batch-label"},
	{"batch_tags", PARAM_LIST, "batch-tag"},
	{"break_", PARAM_LIST, "break"},
	{"break_on_error", PARAM_FLAG, "break-on-error"},
	{"comment", PARAM_TEXT, "comment"},
	{"debug_sourcecode", PARAM_TEXT, "debug-sourcecode"},
	{"edit_batch_comment", PARAM_FLAG, "edit-batch-comment"},
	{"edit_comment", PARAM_FLAG, "edit-comment"},
	{"edit_flags", PARAM_FLAG, "edit-flags"},
	{"fail_on_trial_error", PARAM_FLAG, "fail-on-trial-error"},
	{"force_deps", PARAM_FLAG, "force-deps"},
	{"force_flags", PARAM_FLAG, "force-flags"},
	{"force_sourcecode", PARAM_FLAG, "force-sourcecode"},
	{"gpus", PARAM_TEXT, "gpus"},
	{"help_model", PARAM_FLAG, "help-model"},
	{"help_op", PARAM_FLAG, "help-op"},
	{"keep_batch", PARAM_FLAG, "keep-batch"},
	{"keep_run", PARAM_FLAG, "keep-run"},
	{"label", PARAM_TEXT, "label"},
	{"max_trials", PARAM_INT, "max-trials"},
	{"maximize", PARAM_JOINED, "maximize"},
	{"minimize", PARAM_JOINED, "minimize"},
	{"needed", PARAM_FLAG, "needed"},
	{"no_gpus", PARAM_FLAG, "no-gpus"},
	{"no_wait", PARAM_FALSE, NULL},
	{"opt_flags", PARAM_LIST, "opt-flag"},
	{"optimize", PARAM_FLAG, "optimize"},
	{"optimizer", PARAM_TEXT, "optimizer"},
	{"pidfile", PARAM_TEXT, "pidfile"},
	{"print_cmd", PARAM_FLAG, "print-cmd"},
	{"print_env", PARAM_FLAG, "print-env"},
	{"print_trials", PARAM_FLAG, "print-trials"},
	{"proto", PARAM_TEXT, "proto"},
	{"quiet", PARAM_FLAG, "quiet"},
	{"random_seed", PARAM_INT, "random-seed"},
	{"remote", PARAM_NULL, NULL},
	{"restart", PARAM_TEXT, "restart"},
	{"run_dir", PARAM_TEXT, "run-dir"},
	{"run_id", PARAM_TEXT, "run-id"},
	{"save_trials", PARAM_TEXT, "save-trials"},
	{"stage", PARAM_FLAG, "stage"},
	{"stage_trials", PARAM_FLAG, "stage-trials"},
	{"stop_after", PARAM_NUMBER, "stop-after"},
	{"tags", PARAM_LIST, "tag"},
	{"test_flags", PARAM_FLAG, "test-flags"},
	{"test_output_scalars", PARAM_TEXT, "test-output-scalars"},
	{"test_sourcecode", PARAM_FLAG, "test-sourcecode"},
	{"yes", PARAM_FLAG, "yes"},
};

/* A whole number stays one: 5, not 5.0. */
static struct guild_value *number_value(struct guild_arena *a, const char *text)
{
	int64_t whole;
	double number;
	if (text && guild_parse_i64(text, strlen(text), &whole)) {
		return guild_value_int(a, whole);
	}
	return text && guild_parse_f64(text, strlen(text), &number) ? guild_value_float(a, number)
								    : guild_value_null(a);
}

static struct guild_value *joined_value(struct guild_arena *a, const struct guild_strs *list)
{
	if (list->n == 0) {
		return guild_value_null(a);
	}
	char *text = guild_strs_join(list, ",");
	struct guild_value *v = guild_value_string(a, text);
	free(text);
	return v;
}

static struct guild_value *param_value(const struct guild_run_cmd *c, enum param_kind kind,
	const char *key)
{
	struct guild_arena *a = c->ctx->arena;
	switch (kind) {
	case PARAM_FLAG:
		return guild_value_bool(a, guild_args_flag(c->args, key));
	case PARAM_TEXT:
		return guild_value_string(a, guild_args_text(c->args, key));
	case PARAM_LIST:
		return guild_value_strs(a, guild_args_list(c->args, key));
	case PARAM_JOINED:
		return joined_value(a, guild_args_list(c->args, key));
	case PARAM_INT:
		return guild_args_given(c->args, key)
			       ? guild_value_int(a, guild_args_int(c->args, key, 0))
			       : guild_value_null(a);
	case PARAM_NUMBER:
		return number_value(a, guild_args_text(c->args, key));
	case PARAM_FALSE:
		return guild_value_bool(a, false);
	default:
		return guild_value_null(a);
	}
}

static struct guild_value *run_params(const struct guild_run_cmd *c)
{
	struct guild_arena *a = c->ctx->arena;
	struct guild_value *v = guild_value_dict(a);
	struct guild_value *flags = guild_value_list(a);
	for (size_t i = 0; i < GUILD_ARRAY_LEN(params); i++) {
		guild_value_set(a, v, params[i].name,
			param_value(c, params[i].kind, params[i].key));
	}
	for (size_t i = 0; i < c->n_flag_words; i++) {
		guild_value_append(a, flags, guild_value_string(a, c->flag_words[i]));
	}
	guild_run_cmd_add_step_words(c, flags);
	guild_value_set(a, v, "flags", flags);
	if (c->profiles->n > 0) {
		guild_value_set(a, v, "profiles", guild_value_strs(a, c->profiles));
	}
	if (guild_args_given(c->args, "jobs")) {
		guild_value_set(a, v, "jobs",
			guild_value_int(a, guild_args_int(c->args, "jobs", 0)));
	}
	guild_value_set(a, v, "opspec", guild_value_string(a, c->spec));
	return v;
}

/* "train.py lr=[…] -O gp": --optimize takes no value, and a word that is no flag but an optimizer's name can mean nothing else. */
static void take_optimizer(struct guild_run_cmd *c)
{
	char **words = guild_arena_alloc(c->ctx->arena, (c->n_flag_words + 1) * sizeof(*words));
	size_t n = 0;
	for (size_t i = 0; i < c->n_flag_words; i++) {
		if (!c->optimizer && guild_optimizer_find(c->flag_words[i])) {
			c->optimizer = c->flag_words[i];
		} else {
			words[n++] = c->flag_words[i];
		}
	}
	c->flag_words = words;
	c->n_flag_words = n;
}

/* A first word with '=', or a batch file, is no operation: the default one is meant. */
static void split_words(struct guild_run_cmd *c)
{
	const struct guild_strs *words = guild_args_words(c->args);
	bool has_op = words->n > 0 && !strchr(words->v[0], '=') && words->v[0][0] != '@';
	c->spec = has_op ? words->v[0] : NULL;
	c->flag_words = words->v + has_op;
	c->n_flag_words = words->n - has_op;
	c->optimizer = guild_args_text(c->args, "optimizer");
	if (guild_args_flag(c->args, "optimize")) {
		take_optimizer(c);
	}
}

/* --priority and --after: what queues look at. */
static int read_queue_attrs(struct guild_run_cmd *c, struct guild_value *attrs,
	struct guild_error *err)
{
	struct guild_arena *a = c->ctx->arena;
	const char *priority = guild_args_text(c->args, "priority");
	const struct guild_strs *after = guild_args_list(c->args, "after");
	struct guild_value *ids = guild_value_list(a);
	int64_t number;
	if ((priority || after->n > 0) && !guild_args_flag(c->args, "stage")) {
		guild_error_set(err, GUILD_EINVALID, "--%s needs --stage",
			priority ? "priority" : "after");
		guild_error_hint(err, "queues start staged runs: 'guild queue'");
		return GUILD_EINVALID;
	}
	if (priority && !guild_parse_i64(priority, strlen(priority), &number)) {
		return guild_error_set(err, GUILD_EINVALID,
			"invalid value '%s' for --priority: expected a whole number", priority);
	}
	if (priority) {
		guild_value_set(a, attrs, GUILD_ATTR_PRIORITY, guild_value_int(a, number));
	}
	for (size_t i = 0; i < after->n; i++) {
		struct guild_run run = {0};
		int rc = guild_run_cmd_open_spec(c, after->v[i], &run, err);
		if (rc != 0) {
			return rc;
		}
		guild_value_append(a, ids, guild_value_string(a, run.id));
		guild_run_fini(&run);
	}
	if (after->n > 0) {
		guild_value_set(a, attrs, GUILD_ATTR_AFTER, ids);
	}
	return 0;
}

/* --attr NAME=VALUE: values are decoded as flags are. */
static int read_attrs(struct guild_run_cmd *c, struct guild_error *err)
{
	struct guild_arena *a = c->ctx->arena;
	const struct guild_strs *words = guild_args_list(c->args, "attr");
	struct guild_value *attrs = guild_value_dict(a);
	for (size_t i = 0; i < words->n; i++) {
		const char *eq = strchr(words->v[i], '=');
		if (!eq || eq == words->v[i]) {
			return guild_error_set(err, GUILD_EINVALID,
				"invalid attribute '%s': expected NAME=VALUE", words->v[i]);
		}
		const char *name = guild_arena_strndup(a, words->v[i], (size_t)(eq - words->v[i]));
		struct guild_value *value;
		if (guild_exec_attr_is_reserved(name) || strchr(name, '/') || name[0] == '.') {
			return guild_error_set(err, GUILD_EINVALID,
				"attribute '%s' cannot be set: the name is reserved", name);
		}
		int rc = guild_flag_decode(a, eq + 1, NULL, &value, &c->ctx->log, err);
		if (rc != 0) {
			return rc;
		}
		guild_value_set(a, attrs, name, value);
	}
	int rc = read_queue_attrs(c, attrs, err);
	c->options.extra_attrs = attrs->n > 0 ? attrs : NULL;
	return rc;
}

static char *absolute_paths(const struct guild_run_cmd *c, const char *list)
{
	struct guild_strs parts = {0};
	struct guild_strs all = {0};
	guild_strs_split(&parts, list, ':');
	for (size_t i = 0; i < parts.n; i++) {
		char *expanded = guild_path_expand_user(parts.v[i], c->ctx->user_home);
		guild_strs_take(&all, guild_path_abs(expanded, c->ctx->cwd));
		free(expanded);
	}
	char *joined = guild_strs_join(&all, ":");
	guild_strs_fini(&parts);
	guild_strs_fini(&all);
	return joined;
}

static void read_paths(struct guild_run_cmd *c)
{
	const char *dir = guild_args_text(c->args, "run-dir");
	const char *debug = guild_args_text(c->args, "debug-sourcecode");
	if (dir) {
		char *expanded = guild_path_expand_user(dir, c->ctx->user_home);
		c->run_dir = guild_path_abs(expanded, c->ctx->cwd);
		free(expanded);
	}
	if (debug) {
		c->debug_sourcecode = absolute_paths(c, debug);
	}
	c->options.run_dir = c->run_dir;
	c->options.debug_sourcecode = c->debug_sourcecode;
}

static void show_progress(void *arg, const char *what, int64_t done, int64_t total)
{
	struct guild_run_cmd *c = arg;
	if (!c->progress.what || !guild_streq(c->progress.what, what)) {
		guild_progress_start(&c->progress, c->ctx, what, total);
	}
	c->progress.total = total;
	guild_progress_add(&c->progress, done - c->progress.done);
	if (total > 0 && done >= total) {
		guild_progress_end(&c->progress);
		c->progress.what = NULL;
	}
}

#define DEBUG_LEVEL "10" /* of Python's logging: what LOG_LEVEL counts by */

void guild_run_cmd_read_world(struct guild_run_cmd *c)
{
	struct guild_ctx *ctx = c->ctx;
	struct guild_error none = {0};
	c->cache_dir = guild_path_join(ctx->home.path, "cache");
	c->flags_cache_dir = guild_path_join(c->cache_dir, "flags");
	/* Only Python operations need one; they say so when there is none. */
	bool has_python =
		guild_python_find(ctx->environ_, ctx->cwd, c->cache_dir, &c->python, &none) == 0;
	c->world = (struct guild_exec_world){
		.home = &ctx->home,
		.python = has_python ? &c->python : NULL,
		.env = ctx->environ_,
		.cwd = ctx->cwd,
		.cmd_dir = ctx->cwd,
		.program = ctx->program,
		.log_level = ctx->debug ? DEBUG_LEVEL : NULL,
		.log = &ctx->log,
		.on_progress = show_progress,
		.progress_arg = c,
	};
}

static const struct guild_value *alert_texts(const struct guild_run_cmd *c)
{
	const struct guild_strs *texts = guild_args_list(c->args, "alert");
	return texts->n > 0 ? guild_value_strs(c->ctx->arena, texts) : NULL;
}

int guild_run_cmd_read_options(struct guild_run_cmd *c, struct guild_error *err)
{
	const struct guild_args *args = c->args;
	split_words(c);
	c->profiles = guild_args_list(args, "profile");
	c->options = (struct guild_run_options){
		.label = guild_args_text(args, "label"),
		.tags = *guild_args_list(args, "tag"),
		.comment = guild_args_text(args, "comment"),
		.run_id = guild_args_text(args, "run-id"),
		.gpus = guild_args_text(args, "gpus"),
		.no_gpus = guild_args_flag(args, "no-gpus"),
		.has_random_seed = guild_args_given(args, "random-seed"),
		.random_seed = guild_args_int(args, "random-seed", 0),
		.deps = *guild_args_list(args, "dep"),
		.breaks = *guild_args_list(args, "break"),
		.break_on_error = guild_args_flag(args, "break-on-error"),
		.debug_listen = c->ctx->debug_listen,
		.force_deps = guild_args_flag(args, "force-deps"),
		.force_sourcecode = guild_args_flag(args, "force-sourcecode"),
		.keep_run = guild_args_flag(args, "keep-run"),
		.quiet = guild_args_flag(args, "quiet"),
		.no_pty = guild_args_flag(args, "no-pty"),
		.durable = guild_args_flag(args, "durable"),
		.stop_after_min = guild_args_number(args, "stop-after", 0),
		.alerts = alert_texts(c),
		.run_params = run_params(c),
		.max_trials = guild_args_int(args, "max-trials", 0),
		.batch_label = guild_args_text(args, "batch-label"),
		.batch_tags = *guild_args_list(args, "batch-tag"),
		.batch_comment = guild_args_text(args, "batch-comment"),
		.keep_batch = guild_args_flag(args, "keep-batch"),
		.fail_on_trial_error = guild_args_flag(args, "fail-on-trial-error"),
		.stage_trials = guild_args_flag(args, "stage-trials"),
		.retry_failed = guild_args_given(args, "retry"),
		.jobs = guild_args_int(args, "jobs", 0),
	};
	if (guild_args_given(args, "stop-after") && !(c->options.stop_after_min > 0)) {
		return guild_error_set(err, GUILD_EINVALID,
			"--stop-after needs a number of minutes above 0");
	}
	struct guild_value *rules = NULL;
	if (guild_alerts_read(c->ctx->arena, c->options.alerts, &rules, err) != 0) {
		return guild_error_wrap(err, "--alert");
	}
	read_paths(c);
	guild_run_cmd_read_world(c);
	return read_attrs(c, err);
}

void guild_run_cmd_fini(struct guild_run_cmd *c)
{
	guild_project_free(c->project);
	guild_project_free(c->script);
	guild_project_free(c->of_run);
	guild_project_free(c->search_script);
	if (c->run.dir) {
		guild_run_fini(&c->run);
	}
	guild_python_fini(&c->python);
	guild_run_cmd_unlock_step(c);
	free(c->op_name);
	free(c->cache_dir);
	free(c->flags_cache_dir);
	free(c->run_dir);
	free(c->debug_sourcecode);
}
