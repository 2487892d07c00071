/* Is what guild run is asked for a batch, of which kind, and with which trials (batches.md 1-3)? */

#include <stdlib.h>
#include <string.h>

#include "project_world.h"
#include "run_cmd.h"

/* ---- what is asked for -------------------------------------------------------------------------------------------- */

static bool has_list(const struct guild_value *flags)
{
	for (size_t i = 0; i < flags->n; i++) {
		if (flags->pairs[i].value->type == GUILD_LIST) {
			return true;
		}
	}
	return false;
}

static bool has_function(struct guild_run_cmd *c)
{
	for (size_t i = 0; i < c->flags->n; i++) {
		if (guild_flag_is_function(c->ctx->arena, c->flags->pairs[i].value, NULL)) {
			return true;
		}
	}
	return false;
}

/* -Fo FLAG=VAL, for a builtin optimizer. */
static int add_typed_flags(struct guild_run_cmd *c, struct guild_value *flags,
	struct guild_error *err)
{
	struct guild_arena *a = c->ctx->arena;
	const struct guild_strs *words = guild_args_list(c->args, "opt-flag");
	for (size_t i = 0; i < words->n; i++) {
		const char *eq = strchr(words->v[i], '=');
		struct guild_value *v = NULL;
		if (!eq || eq == words->v[i]) {
			return guild_error_set(err, GUILD_EINVALID,
				"invalid optimizer flag '%s': expected FLAG=VAL", words->v[i]);
		}
		int rc = guild_flag_decode(a, eq + 1, NULL, &v, &c->ctx->log, err);
		if (rc != 0) {
			return rc;
		}
		guild_value_set(a, flags,
			guild_arena_strndup(a, words->v[i], (size_t)(eq - words->v[i])), v);
	}
	return 0;
}

/* ---- operations that are optimizers ----------------------------------------------------------------------------------- */

/* An operation of the Guild file comes before what is built in: the name is the user's. */
static struct guild_op_def *find_own_op(const struct guild_run_cmd *c, const char *spec)
{
	const struct guild_project *p = c->op_project;
	for (size_t i = 0; p && p->path && i < p->n_models; i++) {
		const struct guild_model_def *m = p->models[i];
		for (size_t k = 0; k < m->n_ops; k++) {
			struct guild_buf full = {0};
			guild_op_fullname(m->ops[k], &full);
			bool is_it = guild_streq(guild_buf_cstr(&full), spec) ||
				     (m == c->op->model && strcmp(m->ops[k]->name, spec) == 0);
			guild_buf_fini(&full);
			if (is_it) {
				return m->ops[k];
			}
		}
	}
	return NULL;
}

static int program_flags(struct guild_run_cmd *c, struct guild_op_def *op,
	const struct guild_value *given, const char *name, struct guild_error *err)
{
	struct guild_arena *a = c->ctx->arena;
	const struct guild_strs *words = guild_args_list(c->args, "opt-flag");
	struct guild_import_options import = {.cache_dir = c->flags_cache_dir,
		.python = c->world.python ? c->world.python->exe : NULL,
		.search = guild_regex_find,
		.words = words->v,
		.n_words = words->n};
	struct guild_flag_args typed = {0};
	struct guild_value *flags = NULL;
	bool force = guild_args_flag(c->args, "force-flags");
	int rc = guild_op_import_flags(c->search_project, op, &import, &c->ctx->log, err);
	rc = rc ? rc
		: guild_flag_args_parse(a, words->v, words->n, &op->flags, force, &typed,
			  &c->ctx->log, err);
	struct guild_value *user = typed.values ? typed.values : guild_value_dict(a);
	struct guild_value *all = guild_value_copy(a, user);
	for (size_t i = 0; i < given->n; i++) {
		const char *flag = guild_value_text(given->pairs[i].key);
		if (!guild_value_get(user, flag)) {
			guild_value_set(a, all, flag, given->pairs[i].value);
		}
	}
	rc = rc ? rc
		: guild_flags_resolve(a, &op->flags, all, name, c->ctx->cwd, force, &flags,
			  &c->ctx->log, err);
	c->search.batch.flags = flags;
	c->search.batch.user_flags = user;
	guild_flag_args_fini(&typed);
	return rc;
}

static void set_opref(struct guild_run_cmd *c, const struct guild_op_def *op)
{
	const struct guild_project *p = c->search_project;
	struct guild_opref ref = {.pkg_type = "guildfile",
		.pkg_name = p->path,
		.version = (char *)p->hash,
		.model = (char *)op->model->name,
		.op = (char *)op->name};
	if (p->pkg_name) {
		ref.pkg_type = "package";
		ref.pkg_name = (char *)p->pkg_name;
		ref.version = (char *)p->pkg_version;
	} else if (!p->path) {
		ref = (struct guild_opref){.pkg_type = "script",
			.pkg_name = p->script_dir,
			.version = "",
			.model = "",
			.op = (char *)op->name};
	}
	c->search_program.opref = ref;
}

static int take_program(struct guild_run_cmd *c, struct guild_op_def *op,
	const struct guild_value *given, struct guild_error *err)
{
	struct guild_buf name = {0};
	guild_op_fullname(op, &name);
	c->search = (struct guild_search_op){.kind = GUILD_SEARCH_PROGRAM,
		.shown = guild_arena_strdup(c->ctx->arena, guild_buf_cstr(&name))};
	guild_buf_fini(&name);
	int rc = program_flags(c, op, given, c->search.shown, err);
	if (rc == 0 && guild_op_is_pipeline(op)) {
		rc = guild_error_set(err, GUILD_EINVALID, "'%s' is a pipeline and no optimizer",
			c->search.shown);
	}
	c->search_program = (struct guild_exec_op){.project = c->search_project,
		.op = op,
		.flags = c->search.batch.flags,
		.user_flags = c->search.batch.user_flags,
		.world = &c->world};
	set_opref(c, op);
	c->search.batch.program = &c->search_program;
	c->search.batch.max_trials =
		c->options.max_trials ? c->options.max_trials : op->default_max_trials;
	if (rc == 0 && c->options.stage_trials && !op->can_stage_trials) {
		rc = guild_error_set(err, GUILD_EINVALID,
			"operation '%s' does not support --stage-trials", c->search.shown);
	}
	return rc;
}

static int fail_unknown(const char *spec, struct guild_error *err)
{
	const char *names[64] = {"+"};
	for (size_t i = 0; i + 2 < GUILD_ARRAY_LEN(names) && guild_optimizer_at(i); i++) {
		names[i + 1] = guild_optimizer_at(i)->name;
	}
	guild_error_set(err, GUILD_ENOTFOUND, "there is no optimizer and no operation '%s'", spec);
	const char *near = guild_nearest(spec, names);
	if (near) {
		guild_error_hint(err, "did you mean '%s'?", near);
	} else {
		guild_error_hint(err, "'guild optimizer list' shows the optimizers");
	}
	return GUILD_ENOTFOUND;
}

static int find_named(struct guild_run_cmd *c, const char *spec, const struct guild_value *given,
	struct guild_error *err)
{
	struct guild_op_def *op = c->op ? find_own_op(c, spec) : NULL;
	struct guild_project *script = NULL;
	c->search_project = c->op_project;
	if (op) {
		return take_program(c, op, given, err);
	}
	int rc = add_typed_flags(c, (struct guild_value *)(uintptr_t)given, err);
	rc = rc ? rc
		: guild_search_builtin(c->ctx->arena, spec, given, c->options.max_trials,
			  &c->search, err);
	if (rc != GUILD_ENOTFOUND) {
		return rc;
	}
	struct guild_error none = {0};
	if (guild_op_find(c->op_project, spec, c->ctx->cwd, guild_op_world(c->ctx), &op, &script,
		    &none) != 0) {
		return fail_unknown(spec, err);
	}
	c->search_script = script;
	c->search_project = script ? script : c->op_project;
	return take_program(c, op, given, err);
}

static int find_optimizer(struct guild_run_cmd *c, struct guild_error *err)
{
	const char *spec;
	struct guild_value *given = NULL;
	int rc = guild_search_pick(c->ctx->arena, c->op ? c->op->optimizers : NULL, c->optimizer,
		&spec, &given, err);
	return rc ? rc : find_named(c, spec, given, err);
}

/* ---- objectives ------------------------------------------------------------------------------------------------------------ */

static void add_goal(struct guild_run_cmd *c, const char *text, bool maximize,
	struct guild_value *out)
{
	struct guild_strs parts = {0};
	guild_cmd_split_names(text, &parts);
	for (size_t i = 0; i < parts.n; i++) {
		guild_value_append(c->ctx->arena, out,
			guild_value_string(c->ctx->arena,
				guild_arena_format(c->ctx->arena, "%s%s", maximize ? "-" : "",
					parts.v[i])));
	}
	guild_strs_fini(&parts);
}

/* As guild.yml has it: COLUMN, {minimize: COLUMN}, {maximize: COLUMN}, or a list of these. */
static void add_written_goal(struct guild_run_cmd *c, const struct guild_value *v,
	struct guild_value *out)
{
	if (v && v->type == GUILD_LIST) {
		for (size_t i = 0; i < v->n; i++) {
			add_written_goal(c, v->items[i], out);
		}
		return;
	}
	const char *minimize = guild_value_text(v);
	const char *maximize = NULL;
	if (v && v->type == GUILD_DICT) {
		minimize = guild_value_text(guild_value_get(v, "minimize"));
		maximize = guild_value_text(guild_value_get(v, "maximize"));
	}
	if (minimize || maximize) {
		add_goal(c, minimize ? minimize : maximize, !minimize, out);
	}
}

static int find_goals(struct guild_run_cmd *c, struct guild_error *err)
{
	struct guild_arena *a = c->ctx->arena;
	struct guild_value *goals = guild_value_list(a);
	const struct guild_strs *minimize = guild_args_list(c->args, "minimize");
	const struct guild_strs *maximize = guild_args_list(c->args, "maximize");
	const struct guild_strs *constraints = guild_args_list(c->args, "constraint");
	for (size_t i = 0; i < minimize->n; i++) {
		add_goal(c, minimize->v[i], false, goals);
	}
	for (size_t i = 0; i < maximize->n; i++) {
		add_goal(c, maximize->v[i], true, goals);
	}
	if (goals->n == 0 && c->op) {
		add_written_goal(c, c->op->objective, goals);
	}
	if (goals->n == 0) {
		guild_value_append(a, goals, guild_value_string(a, "loss"));
	}
	c->search.batch.objectives = goals;
	c->search.batch.constraints = constraints->n > 0 ? guild_value_strs(a, constraints) : NULL;
	return guild_search_check_goals(goals, c->search.batch.constraints, err);
}

/* ---- trials ------------------------------------------------------------------------------------------------------------------- */

static void find_seed(struct guild_run_cmd *c)
{
	uint32_t seed;
	if (c->options.has_random_seed) {
		return;
	}
	guild_random_bytes(&seed, sizeof(seed));
	int64_t recorded = c->is_restart ? guild_run_attr_i64(&c->run, "random_seed", -1) : -1;
	c->options.random_seed = recorded >= 0 ? recorded : seed;
	c->options.has_random_seed = true;
}

/* What the definition, or the record of the earlier run, says of flags beyond their values. */
static void find_flag_notes(struct guild_run_cmd *c, const struct guild_value **extra,
	const struct guild_value **cmd_flags)
{
	struct guild_arena *a = c->ctx->arena;
	const struct guild_value *record = c->record;
	if (c->op && !record) {
		struct guild_value *all = guild_value_dict(a);
		for (size_t i = 0; i < c->op->flags.n; i++) {
			const struct guild_flag_def *def = &c->op->flags.v[i];
			if (def->extra) {
				guild_value_set(a, all, def->name, guild_value_copy(a, def->extra));
			}
		}
		*extra = all;
		*cmd_flags = guild_flag_cmd_flags(a, &c->op->flags);
		return;
	}
	if (!record && c->is_batch_restart) {
		struct guild_run proto = {0};
		char *dir = guild_path_join(c->run.guild_dir, "proto");
		if (guild_run_open(dir, &proto, NULL) == 0) {
			record = guild_run_attr(&proto, a, "op");
		}
		guild_run_fini(&proto);
		free(dir);
	}
	*extra = guild_value_get(record, "flags-extra");
	*cmd_flags = guild_value_get(guild_value_get(record, "op-cmd"), "cmd-flags");
}

static int make_trials(struct guild_run_cmd *c, struct guild_error *err)
{
	struct guild_arena *a = c->ctx->arena;
	const struct guild_value *extra = NULL;
	const struct guild_value *cmd_flags = NULL;
	struct guild_value *trials = NULL;
	struct guild_flag_space fs;
	int64_t max = c->search.batch.max_trials;
	uint64_t seed = (uint64_t)c->options.random_seed;
	find_flag_notes(c, &extra, &cmd_flags);
	if (c->search.kind == GUILD_SEARCH_PROGRAM) {
		return 0;
	}
	if (c->search.kind == GUILD_SEARCH_GRID) {
		const struct guild_grid_request req = {.flags = c->flags,
			.user_flags = c->user_flags,
			.rows = c->rows,
			.extra = extra,
			.max_trials = max,
			.seed = seed};
		int rc = guild_search_grid_trials(a, &req, &trials, err);
		c->trials = trials;
		return rc;
	}
	int rc = guild_search_space(a, c->flags, extra, cmd_flags, c->search.kind, &fs, err);
	if (rc == 0 && c->search.kind == GUILD_SEARCH_RANDOM) {
		rc = guild_search_random_trials(a, &fs, (size_t)max, seed, &trials);
		c->trials = trials;
	}
	return rc;
}

/* An optimizer knows the next trial when the one before has ended. */
static int check_sequential(const struct guild_run_cmd *c, struct guild_error *err)
{
	static const char *const refused[] = {
		"print-cmd", "print-trials", "save-trials", "stage-trials"};
	bool is_sequential = c->search.kind == GUILD_SEARCH_SEQUENTIAL;
	bool is_program = c->search.kind == GUILD_SEARCH_PROGRAM;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(refused); i++) {
		bool may_stage = is_program && strcmp(refused[i], "stage-trials") == 0;
		if ((is_sequential || is_program) && !may_stage &&
			guild_args_given(c->args, refused[i])) {
			return guild_error_set(err, GUILD_EINVALID,
				"optimizer '%s' does not support --%s: it chooses a trial when those before have ended",
				c->search.shown, refused[i]);
		}
	}
	if ((is_sequential || is_program || c->search.kind == GUILD_SEARCH_RANDOM) && c->rows) {
		return guild_error_set(err, GUILD_EINVALID,
			"a batch file lists the trials: optimizer '%s' cannot be used with it",
			c->search.shown);
	}
	return 0;
}

/* ---- all of it ------------------------------------------------------------------------------------------------------------------ */

static int find_kind(struct guild_run_cmd *c, struct guild_error *err)
{
	if (c->is_batch_restart) {
		int64_t asked = c->options.max_trials;
		int rc = guild_search_of_run(c->ctx->arena, &c->run, &c->search, err);
		if (rc == 0 && asked > 0) {
			c->search.batch.max_trials = asked;
		}
		return rc;
	}
	bool is_named =
		guild_args_given(c->args, "optimizer") || guild_args_flag(c->args, "optimize");
	if (is_named) {
		return find_optimizer(c, err);
	}
	return find_named(c, !c->rows && has_function(c) ? "random" : "+",
		guild_value_dict(c->ctx->arena), err);
}

static bool is_new_batch(struct guild_run_cmd *c)
{
	return guild_args_given(c->args, "optimizer") || guild_args_flag(c->args, "optimize") ||
	       c->rows || has_list(c->flags) || has_function(c);
}

/* Optimizers search what the definition tells of flags that were not typed. */
static void encode_flags(struct guild_run_cmd *c)
{
	bool is_encoder = c->search.kind == GUILD_SEARCH_RANDOM ||
			  c->search.kind == GUILD_SEARCH_SEQUENTIAL ||
			  (c->search_program.op && c->search_program.op->flag_encoder);
	if (is_encoder && c->op && !c->is_restart && !c->is_proto && !c->is_encoded) {
		c->flags = guild_search_encode_flags(c->ctx->arena, &c->op->flags, c->flags,
			c->user_flags);
		c->is_encoded = true;
	}
}

static int refuse_without_batch(struct guild_run_cmd *c, struct guild_error *err)
{
	const struct guild_strs *opt_flags = guild_args_list(c->args, "opt-flag");
	if (opt_flags->n > 0) {
		return guild_error_set(err, GUILD_EINVALID,
			"invalid optimizer flag %s: no optimizer specified", opt_flags->v[0]);
	}
	if (guild_args_given(c->args, "max-trials")) {
		guild_log(&c->ctx->log, "warning", "not a batch run - ignoring --max-trials");
		c->options.max_trials = 0;
	}
	return 0;
}

int guild_run_cmd_find_trials(struct guild_run_cmd *c, struct guild_error *err)
{
	c->is_batch = c->is_batch_restart || (!c->is_restart && is_new_batch(c));
	if (c->is_restart && !c->is_batch_restart && (has_list(c->user_flags) || c->rows)) {
		return guild_error_set(err, GUILD_EINVALID,
			"run %.8s is no batch: a flag can have one value", c->run.id);
	}
	if (!c->is_batch) {
		return refuse_without_batch(c, err);
	}
	find_seed(c);
	int rc = find_kind(c, err);
	rc = rc ? rc : check_sequential(c, err);
	rc = rc ? rc : find_goals(c, err);
	if (rc == 0) {
		encode_flags(c);
		rc = make_trials(c, err);
	}
	return rc;
}
