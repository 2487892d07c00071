/* One operation of a project file (guildfile.md 4). */
#include "project_private.h"

#include <string.h>

static const char *const op_attributes[] = {
	"can-stage-trials",
	"compare",
	"default",
	"default-flag-arg-skip",
	"default-max-trials",
	"delete-on-success",
	"description",
	"env",
	"env-secrets",
	"exec",
	"flag-encoder",
	"flags",
	"flags-dest",
	"flags-import",
	"flags-import-skip",
	"handle-keyboard-interrupt",
	"label",
	"main",
	"notebook",
	"objective",
	"optimizer",
	"optimizers",
	"output-scalars",
	"pip-freeze",
	"plugins",
	"publish",
	"python-path",
	"python-requires",
	"requires",
	"run-attrs",
	"sourcecode",
	"steps",
	"stoppable",
	"tags",
	NULL,
};

static int read_texts(const struct project_reader *r, const struct guild_value *data,
	struct guild_op_def *op)
{
	const struct {
		const char *key;
		const char **out;
	} texts[] = {
		{"description", &op->description},
		{"main", &op->main},
		{"exec", &op->exec},
		{"notebook", &op->notebook},
		{"flags-dest", &op->flags_dest},
		{"flag-encoder", &op->flag_encoder},
		{"label", &op->label},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(texts); i++) {
		int rc = project_read_text(r, data, texts[i].key, texts[i].out);
		if (rc) {
			return rc;
		}
	}
	/* A version spec such as 3.8 reads as a number. */
	const struct guild_value *v = guild_value_get(data, "python-requires");
	if (guild_value_is_null(v)) {
		v = guild_value_get(op->model->data, "python-requires");
	}
	if (!guild_value_is_null(v)) {
		struct guild_buf text = {0};
		guild_value_py_str(&text, v);
		op->python_requires = guild_arena_strdup(r->arena, guild_buf_cstr(&text));
		guild_buf_fini(&text);
	}
	return 0;
}

static int read_bools(const struct project_reader *r, const struct guild_value *data,
	struct guild_op_def *op)
{
	const struct {
		const char *key;
		bool *out, *given;
	} bools[] = {
		{"default", &op->is_default, NULL},
		{"default-flag-arg-skip", &op->default_flag_arg_skip, NULL},
		{"pip-freeze", &op->pip_freeze, &op->has_pip_freeze},
		{"stoppable", &op->stoppable, NULL},
		{"handle-keyboard-interrupt", &op->handle_keyboard_interrupt, NULL},
		{"delete-on-success", &op->delete_on_success, NULL},
		{"can-stage-trials", &op->can_stage_trials, NULL},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(bools); i++) {
		int rc = project_read_bool(r, data, bools[i].key, bools[i].out, bools[i].given);
		if (rc) {
			return rc;
		}
	}
	return 0;
}

static int read_collections(const struct project_reader *r, const struct guild_value *data,
	struct guild_op_def *op)
{
	const struct {
		const char *key;
		const struct guild_value **out;
		bool is_list;
	} parts[] = {
		{"flags-import-skip", &op->flags_import_skip, true},
		{"tags", &op->tags, true},
		{"compare", &op->compare, true},
		{"python-path", &op->python_path, true},
		{"env", &op->env, false},
		{"publish", &op->publish, false},
		{"run-attrs", &op->run_attrs, false},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(parts); i++) {
		int rc = parts[i].is_list ? project_read_list(r, data, parts[i].key, parts[i].out)
					  : project_read_dict(r, data, parts[i].key, parts[i].out);
		if (rc) {
			return rc;
		}
	}
	op->plugins = guild_value_get(data, "plugins");
	op->env_secrets = guild_value_get(data, "env-secrets");
	op->steps = guild_value_get(data, "steps");
	if (!guild_value_is_null(op->steps) && op->steps->type != GUILD_LIST) {
		return project_fail(r, op->steps, "'steps' must be a list, not %s",
			guild_type_name(op->steps->type));
	}
	return 0;
}

static int read_flags(const struct project_reader *r, const struct guild_value *data,
	struct guild_op_def *op)
{
	const struct guild_value *flags = NULL;
	int rc = project_read_dict(r, data, "flags", &flags);
	if (rc == 0 && flags) {
		rc = guild_flag_defs_parse(r->arena, flags, r->file, &op->flags, r->err);
	}
	for (size_t i = 0; rc == 0 && i < op->flags.n; i++) {
		if (!op->flags.v[i].has_arg_skip) {
			op->flags.v[i].arg_skip = op->default_flag_arg_skip;
		}
	}
	const struct guild_value *import = guild_value_get(data, "flags-import");
	if (rc || guild_value_is_null(import)) {
		return rc;
	}
	if (import->type == GUILD_STRING && strcmp(import->s.p, "all") == 0) {
		import = guild_value_bool(r->arena, true);
	}
	if (import->type != GUILD_BOOL && import->type != GUILD_LIST) {
		return project_fail(r, import,
			"'flags-import' must be yes, all, no or a list of flag names");
	}
	op->flags_import = import;
	return 0;
}

/* NULL = default patterns, [] = off, else a list of patterns and {NAME: PATTERN}. */
static int read_output_scalars(const struct project_reader *r, const struct guild_value *data,
	struct guild_op_def *op)
{
	struct guild_value *v = guild_value_get(data, "output-scalars");
	if (guild_value_is_null(v)) {
		return 0;
	}
	struct guild_value *list = guild_value_list(r->arena);
	if (v->type == GUILD_STRING || v->type == GUILD_DICT) {
		guild_value_append(r->arena, list, v);
	} else if (v->type == GUILD_LIST) {
		list = v;
	} else if (v->type != GUILD_BOOL || v->b) {
		return project_fail(r, v,
			"'output-scalars' must be a pattern, a mapping, a list of them, or no");
	}
	for (size_t i = 0; i < list->n; i++) {
		enum guild_type t = list->items[i]->type;
		if (t != GUILD_STRING && t != GUILD_DICT) {
			return project_fail(r, list->items[i],
				"an item of 'output-scalars' must be a pattern or "
				"NAME: PATTERN, not %s",
				guild_type_name(t));
		}
	}
	op->output_scalars = list;
	return 0;
}

/* `optimizer: X` and `optimizers: …` as one mapping NAME -> attributes (guildfile.md 7). */
static int read_optimizers(const struct project_reader *r, const struct guild_value *data,
	struct guild_op_def *op)
{
	struct guild_value *one = guild_value_get(data, "optimizer");
	struct guild_value *many = guild_value_get(data, "optimizers");
	if (guild_value_is_null(one) && guild_value_is_null(many)) {
		return 0;
	}
	if (!guild_value_is_null(one) && !guild_value_is_null(many)) {
		return project_fail(r, one, "operation '%s' has both 'optimizer' and 'optimizers'",
			op->name);
	}
	struct guild_value *all = guild_value_dict(r->arena);
	if (!guild_value_is_null(one)) {
		const struct guild_value *named =
			one->type == GUILD_DICT ? guild_value_get(one, "algorithm") : one;
		const char *name = guild_value_text(named);
		if (!name) {
			return project_fail(r, one, "'optimizer' must name an 'algorithm'");
		}
		guild_value_set(r->arena, all, name,
			one->type == GUILD_DICT ? one : guild_value_dict(r->arena));
	} else if (many->type == GUILD_LIST) {
		for (size_t i = 0; i < many->n; i++) {
			const char *name = guild_value_text(many->items[i]);
			if (!name) {
				return project_fail(r, many->items[i],
					"an optimizer's name must be text");
			}
			guild_value_set(r->arena, all, name, guild_value_dict(r->arena));
		}
	} else if (many->type == GUILD_DICT) {
		all = many;
	} else {
		return project_fail(r, many, "'optimizers' must be a list of names or a mapping");
	}
	op->optimizers = all;
	return 0;
}

static int read_sourcecode(const struct project_reader *r, const struct guild_value *data,
	struct guild_op_def *op)
{
	struct guild_value *v = guild_value_get(data, "sourcecode");
	if (guild_value_is_null(v)) {
		return 0;
	}
	if (v->type == GUILD_DICT || v->type == GUILD_LIST || v->type == GUILD_STRING ||
		(v->type == GUILD_BOOL && !v->b)) {
		op->sourcecode = v;
		return 0;
	}
	return project_fail(r, v, "'sourcecode' must be a pattern, a list, a mapping, or no");
}

static int read_requires(const struct project_reader *r, const struct guild_value *data,
	struct guild_op_def *op)
{
	struct guild_value *v = guild_value_get(data, "requires");
	if (guild_value_is_null(v)) {
		return 0;
	}
	if (v->type != GUILD_STRING && v->type != GUILD_DICT && v->type != GUILD_LIST) {
		return project_fail(r, v, "'requires' must be text, a mapping or a list");
	}
	struct guild_value *list = guild_value_list(r->arena);
	if (v->type == GUILD_LIST) {
		list = v;
	} else {
		guild_value_append(r->arena, list, v);
	}
	op->requires = list;
	return 0;
}

static int read_objective(const struct project_reader *r, const struct guild_value *data,
	struct guild_op_def *op)
{
	const struct guild_value *v = guild_value_get(data, "objective");
	if (guild_value_is_null(v)) {
		return 0;
	}
	bool is_pair = v->type == GUILD_DICT && v->n == 1 &&
		       (guild_value_text(guild_value_get(v, "minimize")) ||
			       guild_value_text(guild_value_get(v, "maximize")));
	if (v->type != GUILD_STRING && !is_pair) {
		return project_fail(r, v,
			"'objective' must be a column, 'minimize: COLUMN' or 'maximize: COLUMN'");
	}
	op->objective = v;
	return 0;
}

static int read_max_trials(const struct project_reader *r, const struct guild_value *data,
	struct guild_op_def *op)
{
	const struct guild_value *v = guild_value_get(data, "default-max-trials");
	if (guild_value_is_null(v)) {
		return 0;
	}
	if (v->type != GUILD_INT || v->i < 1) {
		return project_fail(r, v, "'default-max-trials' must be a whole number from 1 on");
	}
	op->default_max_trials = v->i;
	return 0;
}

int project_read_op(const struct project_reader *r, struct guild_model_def *model, const char *name,
	const struct guild_value *data, struct guild_op_def **out)
{
	static int (*const readers[])(const struct project_reader *, const struct guild_value *,
		struct guild_op_def *) = {
		read_texts,
		read_bools,
		read_collections,
		read_flags,
		read_output_scalars,
		read_optimizers,
		read_sourcecode,
		read_requires,
		read_objective,
		read_max_trials,
	};
	struct guild_op_def *op = guild_arena_alloc(r->arena, sizeof *op);
	op->name = name;
	op->model = model;
	op->pip_freeze = true;
	op->data = data;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(readers); i++) {
		int rc = readers[i](r, data, op);
		if (rc) {
			return rc;
		}
	}
	project_check_names(r, data, guild_arena_format(r->arena, "operation '%s'", name),
		op_attributes);
	*out = op;
	return 0;
}
