/* guild optimizer batch, trial: what the program of an optimizer asks of guild while it runs (docs/guide/custom-optimizers.md). */

#include <stdlib.h>
#include <string.h>

#include "cmd.h"

#include "guild/exec.h"

static int open_batch(const struct guild_ctx *ctx, const struct guild_args *args,
	struct guild_run *out, struct guild_error *err)
{
	const char *given = guild_args_text(args, "batch");
	const char *dir = given ? given : guild_ctx_env(ctx, "RUN_DIR");
	if (!dir || !*dir) {
		return guild_error_set(err, GUILD_EINVALID,
			"this is for the program of an optimizer: there is no RUN_DIR");
	}
	char *path = guild_path_join(ctx->cwd, dir);
	int rc = guild_run_open(path, out, err);
	if (rc == 0 && !guild_run_is_batch(out)) {
		rc = guild_error_set(err, GUILD_EINVALID, "run %.8s is no batch", out->id);
	}
	free(path);
	return rc;
}

/* ---- what is known ------------------------------------------------------------------------------------------------------- */

static struct guild_value *run_value(struct guild_arena *a, const struct guild_run *r)
{
	struct guild_value *v = guild_value_dict(a);
	struct guild_value *attrs = guild_value_dict(a);
	struct guild_strs names = {0};
	struct guild_buf opref = {0};
	(void)guild_run_attr_names(r, &names, NULL);
	for (size_t i = 0; i < names.n; i++) {
		struct guild_value *attr = guild_run_attr(r, a, names.v[i]);
		if (attr) {
			guild_value_set(a, attrs, names.v[i], attr);
		}
	}
	guild_opref_format(&r->opref, &opref);
	guild_value_set(a, v, "id", guild_value_string(a, r->id));
	guild_value_set(a, v, "dir", guild_value_string(a, r->dir));
	guild_value_set(a, v, "opref", guild_value_string(a, guild_buf_cstr(&opref)));
	guild_value_set(a, v, "attrs", attrs);
	guild_buf_fini(&opref);
	guild_strs_fini(&names);
	return v;
}

/* A run as a trial: its flags, its status, and the values of columns. */
static struct guild_value *trial_value(const struct guild_ctx *ctx, const struct guild_run *r,
	const struct guild_cols *cols, bool with_attrs)
{
	struct guild_arena *a = ctx->arena;
	struct guild_value *v = with_attrs ? run_value(a, r) : guild_value_dict(a);
	struct guild_value *values = guild_value_list(a);
	struct guild_run_data *data = guild_run_data_new(r, &ctx->log);
	const struct guild_value *flags = guild_run_data_flags(data);
	for (size_t i = 0; i < cols->n; i++) {
		const struct guild_value *value = guild_run_data_col(data, &cols->v[i]);
		guild_value_append(a, values,
			value ? guild_value_copy(a, value) : guild_value_null(a));
	}
	guild_value_set(a, v, "id", guild_value_string(a, r->id));
	guild_value_set(a, v, "dir", guild_value_string(a, r->dir));
	guild_value_set(a, v, "status",
		guild_value_string(a, guild_run_status_name(guild_run_status(r, NULL))));
	guild_value_set(a, v, "flags", flags ? guild_value_copy(a, flags) : guild_value_dict(a));
	guild_value_set(a, v, "values", values);
	guild_run_data_free(data);
	return v;
}

/* Which runs count as trials from before: --prev-trials. Those of the batch are linked from it, and no others are opened. */
struct kin {
	struct guild_run proto;
	const char *id; /* only this one, or NULL */
	char *name;
	const char *digest;
	struct guild_arena *arena;
	bool by_operation, by_sourcecode;
};

static bool is_kin(void *arg, const struct guild_run *r)
{
	const struct kin *k = arg;
	bool is_it = !guild_run_is_batch(r) && (!k->id || strcmp(k->id, r->id) == 0);
	if (is_it && k->by_operation) {
		char *name = guild_run_display_name(r);
		is_it = guild_streq(name, k->name);
		free(name);
	} else if (is_it && k->by_sourcecode) {
		const char *digest =
			guild_value_text(guild_run_attr(r, k->arena, "sourcecode_digest"));
		is_it = digest && guild_streq(digest, k->digest);
	}
	return is_it;
}

static int list_trials(const struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_run *batch, struct guild_runs *out, struct guild_error *err)
{
	const char *which = guild_args_text(args, "prev-trials");
	struct kin kin = {.id = guild_args_text(args, "trial"),
		.arena = ctx->arena,
		.by_operation = guild_streq(which, "operation"),
		.by_sourcecode = guild_streq(which, "sourcecode")};
	bool by_batch = !kin.by_operation && !kin.by_sourcecode;
	const struct guild_run_filter filter = {
		.accepts = is_kin, .accepts_arg = &kin, .id_prefix = kin.id};
	char *runs_dir = guild_path_dirname(batch->dir);
	char *proto = guild_path_join(batch->guild_dir, "proto");
	int rc = guild_run_open(proto, &kin.proto, err);
	if (rc == 0) {
		kin.name = guild_run_display_name(&kin.proto);
		kin.digest = guild_value_text(guild_run_attr(&kin.proto, ctx->arena,
			"sourcecode_digest"));
		rc = guild_store_list(runs_dir, &filter,
			by_batch ? guild_path_basename(batch->dir) : NULL, out, &ctx->log, err);
	}
	guild_run_fini(&kin.proto);
	free(kin.name);
	free(proto);
	free(runs_dir);
	return rc;
}

static int batch_value(const struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_run *batch, struct guild_value **out, struct guild_error *err)
{
	struct guild_arena *a = ctx->arena;
	const struct guild_strs *specs = guild_args_list(args, "column");
	struct guild_value *v = run_value(a, batch);
	struct guild_value *trials = guild_value_list(a);
	struct guild_run proto = {0};
	struct guild_runs runs = {0};
	struct guild_cols cols = {.v = guild_arena_alloc(a, (specs->n + 1) * sizeof(*cols.v))};
	int rc = 0;
	for (size_t i = 0; i < specs->n && rc == 0; i++) {
		struct guild_cols one = {0};
		rc = guild_cols_parse(a, specs->v[i], &one, err);
		if (rc == 0 && one.n != 1) {
			rc = guild_error_set(err, GUILD_EINVALID, "'%s' is not one column",
				specs->v[i]);
		}
		if (rc == 0) {
			cols.v[cols.n++] = one.v[0];
		}
	}
	char *dir = guild_path_join(batch->guild_dir, "proto");
	rc = rc ? rc : guild_run_open(dir, &proto, err);
	rc = rc ? rc : list_trials(ctx, args, batch, &runs, err);
	if (rc == 0) {
		guild_value_set(a, v, "proto", run_value(a, &proto));
		/* Listed from the latest on. */
		for (size_t i = runs.n; i > 0; i--) {
			guild_value_append(a, trials,
				trial_value(ctx, &runs.v[i - 1], &cols,
					guild_args_given(args, "trial")));
		}
		guild_value_set(a, v, "trials", trials);
		*out = v;
	}
	guild_runs_fini(&runs);
	guild_run_fini(&proto);
	free(dir);
	return rc;
}

static const struct guild_opt batch_opts[] = {
	{.names = "--batch",
		.value = "DIR",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_DIR,
		.help = "Run directory of the batch (RUN_DIR)."},
	{.names = "-c --column",
		.value = "COL",
		.kind = GUILD_OPT_LIST,
		.complete = GUILD_COMPLETE_COLUMN,
		.help = "Column whose value is wanted of each trial, as for 'guild compare'."},
	{.names = "--trial",
		.value = "ID",
		.kind = GUILD_OPT_TEXT,
		.help = "Only this trial, with its attributes."},
	{.names = "--prev-trials",
		.value = "WHICH",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_CHOICES,
		.choices = "batch|operation|sourcecode",
		.help = "Runs that count as trials: those of the batch (batch), of the same operation, with the same source "
			"code."},
	{0},
};
static const struct guild_opt *const batch_tables[] = {batch_opts, NULL};

static int run_batch(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_run batch = {0};
	struct guild_value *v = NULL;
	struct guild_error err = {0};
	int rc = open_batch(ctx, args, &batch, &err);
	rc = rc ? rc : batch_value(ctx, args, &batch, &v, &err);
	if (rc == 0) {
		guild_cmd_print_json(v);
	}
	guild_run_fini(&batch);
	return rc == 0 ? GUILD_EXIT_OK : guild_cmd_fail(ctx, &err);
}

const struct guild_cmd guild_cmd_optimizer_batch = {
	.name = "optimizer batch",
	.group = GUILD_GROUP_RUN,
	.summary = "Show a batch to the program of its optimizer, as JSON",
	.help = "For programs that run as an optimizer: the batch's attributes, those of its prototype (what trials are "
		"made from), and its trials, oldest first, with their flags, status and the values of columns.\n\n"
		"Examples:\n\n"
		"  guild optimizer batch -c loss\n"
		"  guild optimizer batch -c 'min val#loss' | jq '.trials[].values[0]'",
	.opts = batch_tables,
	.needs = GUILD_NEEDS_HOME,
	.run = run_batch,
};

/* ---- new trials ----------------------------------------------------------------------------------------------------------- */

static const struct guild_arg trial_args[] = {
	{.name = "FLAGS",
		.required = true,
		.many = true,
		.help = "Flags of a trial, a JSON object."},
	{0},
};
static const struct guild_opt trial_opts[] = {
	{.names = "--batch",
		.value = "DIR",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_DIR,
		.help = "Run directory of the batch (RUN_DIR)."},
	{.names = "--stage", .help = "Stage them for a queue instead."},
	{0},
};
static const struct guild_opt *const trial_tables[] = {trial_opts, NULL};

static int make_trial(const struct guild_ctx *ctx, const struct guild_run *batch,
	const struct guild_exec_start *start, const char *text, struct guild_error *err)
{
	struct guild_value *flags = NULL;
	struct guild_run trial = {0};
	int rc = guild_json_parse(ctx->arena, guild_str(text), "FLAGS", &flags, err);
	if (rc == 0 && flags->type != GUILD_DICT) {
		rc = guild_error_set(err, GUILD_EINVALID, "FLAGS: a JSON object is wanted");
	}
	rc = rc ? rc : guild_batch_add_trial(batch, start, flags, &trial, err);
	if (rc == 0) {
		puts(trial.id);
		guild_run_fini(&trial);
	}
	return rc;
}

static int run_trial(struct guild_ctx *ctx, const struct guild_args *args)
{
	const struct guild_strs *words = guild_args_words(args);
	const struct guild_run_options options = {.stage_trials = guild_args_flag(args, "stage")};
	struct guild_python python = {0};
	struct guild_run batch = {0};
	struct guild_error err = {0};
	char *cache = guild_path_join(ctx->home.path, "cache");
	/* Only Python operations need one. */
	bool has_python = guild_python_find(ctx->environ_, ctx->cwd, cache, &python, NULL) == 0;
	const struct guild_exec_world world = {.home = &ctx->home,
		.python = has_python ? &python : NULL,
		.env = ctx->environ_,
		.cwd = ctx->cwd,
		.cmd_dir = ctx->cwd,
		.program = ctx->program,
		.log = &ctx->log};
	const struct guild_exec_start start = {.world = &world, .options = &options};
	int rc = open_batch(ctx, args, &batch, &err);
	for (size_t i = 0; i < words->n && rc == 0; i++) {
		rc = make_trial(ctx, &batch, &start, words->v[i], &err);
	}
	guild_run_fini(&batch);
	guild_python_fini(&python);
	free(cache);
	return rc == 0 ? GUILD_EXIT_OK : guild_cmd_fail(ctx, &err);
}

const struct guild_cmd guild_cmd_optimizer_trial = {
	.name = "optimizer trial",
	.group = GUILD_GROUP_RUN,
	.summary = "Make trials of a batch, for the program of its optimizer",
	.help = "Each trial is a pending run with the flags that are given, linked from the batch; its id is printed. "
		"'guild run --start ID -y' runs it.\n\n"
		"Example:\n\n"
		"  guild optimizer trial '{\"lr\": 0.1, \"layers\": 2}'",
	.opts = trial_tables,
	.args = trial_args,
	.needs = GUILD_NEEDS_HOME,
	.run = run_trial,
};
