/* guild run on pipelines: what the words of a step mean, and whether its steps can be run (guildfile.md 8). */

#include "run_steps.h"

#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "project_world.h"

/* ---- words ------------------------------------------------------------------------------------------------------ */

static void add_options(struct guild_arena *a, const struct guild_args *args,
	struct guild_value *out)
{
	for (size_t i = 0; i < args->n_slots; i++) {
		const struct guild_opt_slot *slot = &args->slots[i];
		if (slot->count == 0) {
			continue;
		}
		guild_value_set(a, out, slot->key,
			guild_opt_takes_value(slot->opt) ? guild_value_strs(a, &slot->values)
							 : guild_value_bool(a, slot->on));
	}
}

static int take_words(struct guild_arena *a, char *const *words, size_t n,
	struct guild_step_words *out, struct guild_error *err)
{
	for (size_t i = 0; i < n; i++) {
		const char *word = words[i];
		if (word[0] == '@' && word[1]) {
			guild_value_append(a, out->files, guild_value_string(a, word + 1));
		} else if (strchr(word, '=')) {
			guild_value_append(a, out->flag_words, guild_value_string(a, word));
		} else if (i == 0) {
			out->op = guild_arena_strdup(a, word);
		} else {
			return guild_error_set(err, GUILD_EINVALID,
				"unexpected argument '%s': expected FLAG=VAL", word);
		}
	}
	return 0;
}

static bool has_options(char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (words[i][0] == '-' && words[i][1]) {
			return true;
		}
	}
	return false;
}

int guild_run_read_words(struct guild_arena *a, char *const *words, size_t n,
	struct guild_step_words *out, struct guild_error *err)
{
	struct guild_args args = {0};
	*out = (struct guild_step_words){.flag_words = guild_value_list(a),
		.files = guild_value_list(a),
		.options = guild_value_dict(a)};
	if (!has_options(words, n)) {
		return take_words(a, words, n, out, err);
	}
	int rc = guild_args_parse(guild_cmd_find("run"), words, n, GUILD_ARGS_STRICT, &args, err)
			 ? GUILD_EINVALID
			 : 0;
	if (rc == 0 && args.help) {
		rc = guild_error_set(err, GUILD_EINVALID, "a step cannot have --help");
	}
	if (rc == 0) {
		add_options(a, &args, out->options);
		rc = take_words(a, args.words.v, args.words.n, out, err);
	}
	guild_args_fini(&args);
	return rc;
}

/* ---- operations ----------------------------------------------------------------------------------------------------- */

struct checker {
	struct guild_ctx *ctx;
	struct guild_arena *a;
	struct guild_project *project;
	const char *cwd;
	const char *file;
	const struct guild_import_options *import; /* or NULL */
	struct guild_map known; /* OPERATION -> its definition, or an empty one for scripts */
	struct guild_error *err;
};

static int fail_at(const struct checker *k, const struct guild_value *at)
{
	const char *file = at && at->file ? at->file : k->file;
	return at && at->line ? guild_error_wrap(k->err, "%s:%u:%u", file, at->line, at->column)
			      : k->err->code;
}

static int find_op(struct checker *k, const struct guild_value *at, const char *opspec,
	struct guild_op_def **out)
{
	static struct guild_op_def script;
	struct guild_project *script_project = NULL;
	struct guild_op_def *op = guild_map_get(&k->known, opspec);
	if (op) {
		*out = op;
		return 0;
	}
	int rc = guild_op_find(k->project, opspec, k->cwd, guild_op_world(k->ctx), &op,
		&script_project, k->err);
	if (rc != 0) {
		return fail_at(k, at);
	}
	*out = script_project ? &script : op;
	guild_map_put(&k->known, opspec, *out);
	guild_project_free(script_project);
	return 0;
}

/* ---- names of flags -------------------------------------------------------------------------------------------------------- */

static bool is_flag(const struct guild_op_def *op, const char *name)
{
	for (size_t i = 0; i < op->flags.n; i++) {
		if (strcmp(op->flags.v[i].name, name) == 0 ||
			guild_streq(op->flags.v[i].alias, name)) {
			return true;
		}
	}
	return false;
}

/* Flags of the script are found once for each operation. False: nobody can tell them now. */
static bool import_flags(struct checker *k, struct guild_op_def *op)
{
	static char imported[] = "imported", failed[] = "failed";
	char *key = guild_format("flags %p", (void *)op);
	const char *before = guild_map_get(&k->known, key);
	if (!before) {
		struct guild_error ignored = {0};
		int rc = guild_op_import_flags(k->project, op, k->import, NULL, &ignored);
		before = rc == 0 ? imported : failed;
		guild_map_put(&k->known, key, rc == 0 ? imported : failed);
	}
	free(key);
	return before == imported;
}

static bool has_option(const struct guild_step *step, const char *name)
{
	for (size_t i = 0; i < step->options->n; i++) {
		if (strcmp(guild_value_text(step->options->items[i]), name) == 0) {
			return true;
		}
	}
	return false;
}

static int fail_flag(struct checker *k, const struct guild_step *step,
	const struct guild_op_def *op, const char *name)
{
	const char **names = guild_alloc((op->flags.n + 1) * sizeof(*names));
	for (size_t i = 0; i < op->flags.n; i++) {
		names[i] = op->flags.v[i].name;
	}
	const char *near = guild_nearest(name, names);
	guild_error_set(k->err, GUILD_EINVALID, "unknown flag '%s' for %s%s%s%s", name,
		step->opspec, near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
	guild_error_hint(k->err, "'guild run %s --help-op' lists its flags", step->opspec);
	free(names);
	return fail_at(k, step->at);
}

/* A name that is no flag would end the pipeline when the step's turn comes. */
static int check_flags(struct checker *k, const struct guild_step *step, struct guild_op_def *op)
{
	bool has_flags = step->values->n > 0 || step->flag_words->n > 0;
	if (!k->import || !op->name || !has_flags || step->files->n > 0 ||
		has_option(step, "--force-flags") || !import_flags(k, op)) {
		return 0;
	}
	for (size_t i = 0; i < step->values->n; i++) {
		const char *name = guild_value_text(step->values->pairs[i].key);
		if (!is_flag(op, name)) {
			return fail_flag(k, step, op, name);
		}
	}
	for (size_t i = 0; i < step->flag_words->n; i++) {
		const char *word = guild_value_text(step->flag_words->items[i]);
		const char *name = guild_arena_strndup(k->a, word, strcspn(word, "="));
		if (!is_flag(op, name)) {
			return fail_flag(k, step, op, name);
		}
	}
	return 0;
}

/* ---- pipelines in pipelines --------------------------------------------------------------------------------------------- */

struct nesting {
	const struct guild_op_def *op;
	const struct nesting *outer;
	int depth;
};

static int check_nested(struct checker *k, const struct nesting *n);

static int fail_nesting(struct checker *k, const struct nesting *n, const struct guild_op_def *op,
	const struct guild_value *at)
{
	struct guild_buf names = {0};
	struct guild_buf name = {0};
	guild_op_fullname(op, &names);
	for (const struct nesting *i = n; i; i = i->outer) {
		struct guild_buf inner = {0};
		guild_buf_reset(&name);
		guild_op_fullname(i->op, &name);
		guild_buf_printf(&inner, "%s -> %s", guild_buf_cstr(&name), guild_buf_cstr(&names));
		guild_buf_fini(&names);
		names = inner;
		if (i->op == op) {
			break;
		}
	}
	guild_error_set(k->err, GUILD_EINVALID, "cycle in steps (%s)", guild_buf_cstr(&names));
	guild_buf_fini(&names);
	guild_buf_fini(&name);
	return fail_at(k, at);
}

static int enter(struct checker *k, const struct nesting *n, const struct guild_op_def *op,
	const struct guild_value *at)
{
	if (!guild_op_is_pipeline(op)) {
		return 0;
	}
	for (const struct nesting *i = n; i; i = i->outer) {
		if (i->op == op) {
			return fail_nesting(k, n, op, at);
		}
	}
	if (n->depth >= GUILD_STEPS_DEPTH_MAX) {
		guild_error_set(k->err, GUILD_ELIMIT, "pipelines are nested more than %d deep",
			GUILD_STEPS_DEPTH_MAX);
		return fail_at(k, at);
	}
	struct nesting inner = {.op = op, .outer = n, .depth = n->depth + 1};
	return check_nested(k, &inner);
}

/* The operation that a step names; what else is wrong with it is told when that pipeline is run. */
static const char *op_of_step(struct checker *k, const struct guild_value *v)
{
	const struct guild_value *run = v->type == GUILD_DICT ? guild_value_get(v, "run") : v;
	const char *other = guild_value_text(guild_value_get(v, "opspec"));
	struct guild_step_words words = {0};
	struct guild_strs list = {0};
	struct guild_error ignored = {0};
	if (guild_value_text(run) && guild_shlex_split(run->s.p, &list, NULL) == 0) {
		(void)guild_run_read_words(k->a, list.v, list.n, &words, &ignored);
	}
	guild_strs_fini(&list);
	return other ? other : words.op;
}

static int check_nested(struct checker *k, const struct nesting *n)
{
	const struct guild_value *steps = n->op->steps;
	const char *model = n->op->model ? n->op->model->name : "";
	char *seen = guild_format("nested %p", (const void *)n->op);
	int rc = 0;
	/* Looked at before, and no cycle went through it. */
	bool is_seen = guild_map_has(&k->known, seen);
	for (size_t i = 0; !is_seen && steps->type == GUILD_LIST && i < steps->n && rc == 0; i++) {
		struct guild_error ignored = {0};
		struct guild_op_def *op = NULL;
		const char *name = op_of_step(k, steps->items[i]);
		const char *spec = name && *model && !strpbrk(name, ":/")
					   ? guild_arena_format(k->a, "%s:%s", model, name)
					   : name;
		struct checker quiet = *k;
		quiet.err = &ignored;
		if (spec && find_op(&quiet, NULL, spec, &op) == 0) {
			k->known = quiet.known;
			rc = enter(k, n, op, steps->items[i]);
		}
	}
	if (rc == 0 && !is_seen) {
		guild_map_put(&k->known, seen, (void *)n->op);
	}
	free(seen);
	return rc;
}

/* ---- public ------------------------------------------------------------------------------------------------------------------ */

/* What the attributes of a step make of the options must be what `guild run` takes. */
static int check_options(const struct checker *k, const struct guild_step *step)
{
	struct guild_strs words = {0};
	struct guild_step_words read;
	if (step->options->n == 0) {
		return 0;
	}
	for (size_t i = 0; i < step->options->n; i++) {
		guild_strs_add(&words, guild_value_text(step->options->items[i]));
	}
	int rc = guild_run_read_words(k->a, words.v, words.n, &read, k->err);
	guild_strs_fini(&words);
	return rc ? fail_at(k, step->at) : 0;
}

static int check_steps(struct checker *k, const struct guild_op_def *pipeline,
	const struct guild_steps *steps)
{
	struct nesting top = {.op = pipeline};
	int rc = 0;
	for (size_t i = 0; i < steps->n && rc == 0; i++) {
		struct guild_op_def *op = NULL;
		rc = check_options(k, &steps->v[i]);
		if (rc == 0 && steps->v[i].is_open) {
			continue;
		}
		rc = rc ? rc : find_op(k, steps->v[i].at, steps->v[i].opspec, &op);
		rc = rc ? rc : check_flags(k, &steps->v[i], op);
		rc = rc ? rc : enter(k, &top, op, steps->v[i].at);
	}
	return rc;
}

int guild_run_read_steps(struct guild_ctx *ctx, const struct guild_pipeline_words *p,
	struct guild_steps *out, struct guild_error *err)
{
	const char *file = guild_streq(p->project->dir, ctx->cwd)
				   ? guild_path_basename(p->project->path)
				   : p->project->path;
	struct guild_steps_request req = {.steps = p->op->steps,
		.flags = p->flags,
		.model = p->op->model->name,
		.label = p->label,
		.tags = p->tags ? guild_value_strs(ctx->arena, p->tags) : NULL,
		.file = file,
		.read_words = guild_run_read_words,
		.log = &ctx->log};
	struct checker k = {.ctx = ctx,
		.a = ctx->arena,
		.project = p->project,
		.cwd = p->project->dir,
		.file = file,
		.import = p->import,
		.err = err};
	int rc = guild_steps_read(ctx->arena, &req, out, err);
	rc = rc ? rc : check_steps(&k, p->op, out);
	guild_map_fini(&k.known);
	return rc;
}

/* ---- of a run ---- */

static const char *text_of(const struct guild_value *dict, const char *key)
{
	const char *text = guild_value_text(guild_value_get(dict, key));
	return text && *text ? text : NULL;
}

int guild_run_read_own_steps(struct guild_ctx *ctx, const struct guild_run *run,
	struct guild_steps *out, struct guild_error *err)
{
	const struct guild_value *params = guild_run_attr(run, ctx->arena, "run_params");
	struct guild_value *steps = NULL, *flags = NULL;
	int rc = guild_run_attr_read(run, ctx->arena, "steps", &steps, err);
	if (rc >= 0) {
		rc = guild_run_attr_read(run, ctx->arena, "flags", &flags, err);
	}
	if (rc < 0) {
		return rc;
	}
	const struct guild_value *tags = guild_value_get(params, "tags");
	struct guild_steps_request req = {.steps = steps,
		.flags = flags,
		.model = run->opref.model,
		.label = text_of(params, "label"),
		.tags = guild_value_truthy(tags) ? tags : NULL,
		.read_words = guild_run_read_words};
	return guild_steps_read(ctx->arena, &req, out, err);
}
