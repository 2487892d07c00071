/* The flags of guild run: from the script, the command line, batch files and an earlier run. */

#include <stdlib.h>
#include <string.h>

#include "run_cmd.h"

int guild_run_cmd_import_flags(struct guild_run_cmd *c, bool ignore_cache, struct guild_error *err)
{
	if (!c->op) {
		return 0;
	}
	const char *no_cache = guild_ctx_env(c->ctx, "NO_IMPORT_FLAGS_CACHE");
	struct guild_import_options opts = {
		.cache_dir = c->flags_cache_dir,
		.python = c->world.python ? c->world.python->exe : NULL,
		.search = guild_regex_find,
		.words = c->flag_words,
		.n_words = c->n_flag_words,
		.ignore_cache = ignore_cache || (no_cache && strcmp(no_cache, "1") == 0),
	};
	return guild_op_import_flags(c->op_project, c->op, &opts, &c->ctx->log, err);
}

/* ---- what the user typed --------------------------------------------------------------------------------------- */

static int read_batch_files(struct guild_run_cmd *c, const struct guild_strs *files,
	struct guild_value **rows, struct guild_error *err)
{
	struct guild_arena *a = c->ctx->arena;
	struct guild_value *all = guild_value_list(a);
	for (size_t i = 0; i < files->n; i++) {
		struct guild_value *some = NULL;
		char *expanded = guild_path_expand_user(files->v[i], c->ctx->user_home);
		char *path = guild_path_abs(expanded, c->ctx->cwd);
		int rc = guild_flag_batch_read(a, path, &some, err);
		free(expanded);
		free(path);
		if (rc != 0) {
			return rc;
		}
		for (size_t k = 0; k < some->n; k++) {
			guild_value_append(a, all, some->items[k]);
		}
	}
	*rows = files->n > 0 ? all : NULL;
	return 0;
}

/* One row in all is no batch: its values are as if typed, and what was typed wins. */
static void merge_single_row(struct guild_run_cmd *c, struct guild_value *rows,
	struct guild_value *user)
{
	const struct guild_value *row = rows->items[0];
	for (size_t i = 0; i < row->n; i++) {
		const char *name = guild_value_text(row->pairs[i].key);
		if (name && !guild_value_get(user, name)) {
			guild_value_set(c->ctx->arena, user, name, row->pairs[i].value);
		}
	}
}

/* Flags that a pipeline gives its step as values. */
static void add_step_values(struct guild_run_cmd *c, struct guild_value *user)
{
	for (size_t i = 0; i < c->step_values->n; i++) {
		guild_value_set(c->ctx->arena, user, guild_value_text(c->step_values->pairs[i].key),
			c->step_values->pairs[i].value);
	}
}

/* What profiles say, where nothing was typed. */
static int add_profiles(struct guild_run_cmd *c, struct guild_value *user, struct guild_error *err)
{
	struct guild_value *values = NULL;
	if (c->profiles->n == 0) {
		return 0;
	}
	if (!c->op) {
		return guild_error_set(err, GUILD_ENOTFOUND,
			"the definition of '%s' is not there: its profiles are not known",
			c->op_name);
	}
	int rc = guild_op_profile_values(c->op, c->profiles, c->ctx->arena, &values, err);
	for (size_t i = 0; rc == 0 && i < values->n; i++) {
		const char *name = guild_value_text(values->pairs[i].key);
		if (!guild_value_get(user, name)) {
			guild_value_set(c->ctx->arena, user, name, values->pairs[i].value);
		}
	}
	return rc;
}

bool guild_run_cmd_has_values(const struct guild_run_cmd *c)
{
	return c->n_flag_words > 0 || c->profiles->n > 0;
}

static int parse_words(struct guild_run_cmd *c, const struct guild_flag_defs *defs, bool force,
	struct guild_error *err)
{
	struct guild_flag_args parsed = {0};
	struct guild_value *rows = NULL;
	int rc = guild_flag_args_parse(c->ctx->arena, c->flag_words, c->n_flag_words, defs, force,
		&parsed, &c->ctx->log, err);
	rc = rc ? rc : read_batch_files(c, &parsed.batch_files, &rows, err);
	rc = rc ? rc : add_profiles(c, parsed.values, err);
	if (rc == 0 && c->step_values) {
		add_step_values(c, parsed.values);
	}
	if (rc == 0 && rows && rows->n == 1) {
		merge_single_row(c, rows, parsed.values);
		rows = NULL;
	}
	c->user_flags = parsed.values ? parsed.values : guild_value_dict(c->ctx->arena);
	c->rows = rows;
	guild_flag_args_fini(&parsed);
	return rc;
}

/* ---- effective values ---------------------------------------------------------------------------------------------- */

/* Flags of the earlier run, where the user typed nothing. */
static const struct guild_value *with_recorded(struct guild_run_cmd *c,
	const struct guild_value *recorded)
{
	struct guild_arena *a = c->ctx->arena;
	struct guild_value *all = guild_value_copy(a, recorded);
	for (size_t i = 0; i < c->user_flags->n; i++) {
		guild_value_set(a, all, guild_value_text(c->user_flags->pairs[i].key),
			c->user_flags->pairs[i].value);
	}
	guild_value_sort_keys(all);
	return all;
}

static const struct guild_value *recorded_flags(struct guild_run_cmd *c)
{
	char *dir = c->is_batch_restart ? guild_path_join(c->run.guild_dir, "proto")
					: guild_strdup(c->run.dir);
	struct guild_run run = {0};
	const struct guild_value *flags = NULL;
	if (guild_run_open(dir, &run, NULL) == 0) {
		flags = guild_run_attr(&run, c->ctx->arena, "flags");
	}
	if (c->is_batch_restart && run.dir) {
		c->rows = guild_run_attr(&run, c->ctx->arena, "trials");
	}
	guild_run_fini(&run);
	free(dir);
	return flags && flags->type == GUILD_DICT ? flags : guild_value_dict(c->ctx->arena);
}

/* Does the value pass the definition's checks only as it is? A recorded value was checked when it was new. */
static int resolve_typed(struct guild_run_cmd *c, const struct guild_flag_defs *defs, bool force,
	struct guild_error *err)
{
	struct guild_value *flags = NULL;
	const struct guild_value *given = c->user_flags;
	if (c->is_restart || c->is_proto) {
		given = with_recorded(c, recorded_flags(c));
	}
	int rc = guild_flags_resolve(c->ctx->arena, defs, given, c->op_name, c->ctx->cwd,
		force || c->rows, &flags, &c->ctx->log, err);
	if (rc == 0 && c->op) {
		guild_exec_choose_runs(&c->world, c->op, c->ctx->arena, flags,
			(struct guild_value *)c->user_flags);
	}
	c->flags = flags;
	return rc;
}

int guild_run_cmd_resolve_flags(struct guild_run_cmd *c, struct guild_error *err)
{
	static const struct guild_flag_defs none;
	const struct guild_flag_defs *defs = c->op ? &c->op->flags : &none;
	/* An earlier run whose operation is gone takes any flag: there is nothing to check against. */
	bool force = guild_args_flag(c->args, "force-flags") || !c->op;
	int rc = parse_words(c, defs, force, err);
	if (rc != 0) {
		return rc;
	}
	if (c->is_restart && !guild_run_cmd_has_values(c)) {
		c->flags = recorded_flags(c);
		return 0;
	}
	return resolve_typed(c, defs, force, err);
}

void guild_run_cmd_exec_op(const struct guild_run_cmd *c, struct guild_exec_op *out)
{
	*out = (struct guild_exec_op){
		.project = c->op_project,
		.op = c->op,
		.opref = c->opref,
		.flags = c->flags,
		.user_flags = c->user_flags,
		.trials = c->rows,
		.record = c->record,
		.proto = c->is_proto ? &c->run : NULL,
		.options = &c->options,
		.world = &c->world,
		.batch = c->is_batch ? &c->search.batch : NULL,
	};
}
