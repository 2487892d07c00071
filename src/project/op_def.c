/* One operation of a project file (guildfile.md 4). */
#include "attributes.h"

#include <string.h>

static void read_texts(const struct project_reader *r, const struct guild_value *data,
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
		{"python-requires", &op->python_requires},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(texts); i++) {
		*texts[i].out = project_text(r, data, texts[i].key);
	}
	if (!op->python_requires) {
		op->python_requires = op->model->python_requires;
	}
}

static void read_bools(const struct guild_value *data, struct guild_op_def *op)
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
		const struct guild_value *v = guild_value_get(data, bools[i].key);
		if (guild_value_is_null(v)) {
			continue;
		}
		*bools[i].out = guild_value_truthy(v);
		if (bools[i].given) {
			*bools[i].given = true;
		}
	}
}

/* The model's profiles with the operation's own over them. */
static int read_profiles(struct project_reader *r, struct guild_op_def *op)
{
	struct guild_value *own = guild_value_get(op->data, "profiles");
	struct guild_value *all = NULL;
	op->profiles = guild_value_is_null(own) ? op->model->profiles : own;
	if (guild_value_is_null(own) || !op->model->profiles) {
		return 0;
	}
	struct guild_value *of_model = guild_value_get(op->model->data, "profiles");
	int rc = project_merge(r, own, of_model, &all);
	op->profiles = all;
	return rc;
}

/* Each is a mapping, or left empty. */
static int check_profiles(const struct project_reader *r, const struct guild_op_def *op)
{
	for (size_t i = 0; op->profiles && i < op->profiles->n; i++) {
		const struct guild_value *key = op->profiles->pairs[i].key;
		const struct guild_value *v = op->profiles->pairs[i].value;
		if (key->type != GUILD_STRING) {
			return project_fail(r, key,
				"a profile's name must be text, not %s (quote it)",
				guild_type_name(key->type));
		}
		if (v->type != GUILD_DICT && v->type != GUILD_NULL) {
			return project_fail(r, v,
				"profile '%s' must be a mapping of flags to values, not %s",
				key->s.p, guild_type_name(v->type));
		}
	}
	return 0;
}

static int read_collections(struct project_reader *r, const struct guild_value *data,
	struct guild_op_def *op)
{
	const struct {
		const char *key;
		const struct guild_value **out;
	} lists[] = {
		{"flags-import-skip", &op->flags_import_skip},
		{"tags", &op->tags},
		{"compare", &op->compare},
		{"python-path", &op->python_path},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(lists); i++) {
		int rc = project_read_list(r, data, lists[i].key, lists[i].out);
		if (rc) {
			return rc;
		}
	}
	op->alerts = project_said(data, "alerts");
	op->env = project_said(data, "env");
	op->prune = project_said(data, "prune");
	op->publish = project_said(data, "publish");
	op->run_attrs = project_said(data, "run-attrs");
	op->sourcecode = project_said(data, "sourcecode");
	op->plugins = guild_value_get(data, "plugins");
	op->env_secrets = guild_value_get(data, "env-secrets");
	op->steps = guild_value_get(data, "steps");
	int rc = read_profiles(r, op);
	return rc ? rc : check_profiles(r, op);
}

static int read_flags(struct project_reader *r, const struct guild_value *data,
	struct guild_op_def *op)
{
	const struct guild_value *flags = project_said(data, "flags");
	int rc = 0;
	if (flags) {
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
			"'flags-import' must be yes, all, no or a list of flag names, not %s",
			import->type == GUILD_STRING ? import->s.p : guild_type_name(import->type));
	}
	op->flags_import = import;
	return 0;
}

/* NULL = default patterns, [] = off, else a list of patterns and {NAME: PATTERN}. */
static int read_output_scalars(struct project_reader *r, const struct guild_value *data,
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
static int read_optimizers(struct project_reader *r, const struct guild_value *data,
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
	} else {
		all = many;
	}
	op->optimizers = all;
	return 0;
}

static void read_requires(const struct project_reader *r, const struct guild_value *data,
	struct guild_op_def *op)
{
	struct guild_value *v = guild_value_get(data, "requires");
	if (guild_value_is_null(v)) {
		return;
	}
	struct guild_value *list = v;
	if (v->type != GUILD_LIST) {
		list = guild_value_list(r->arena);
		guild_value_append(r->arena, list, v);
	}
	op->requires = list;
}

static int read_objective(struct project_reader *r, const struct guild_value *data,
	struct guild_op_def *op)
{
	const struct guild_value *v = guild_value_get(data, "objective");
	if (guild_value_is_null(v)) {
		return 0;
	}
	bool is_pair = v->type == GUILD_DICT && v->n == 1 &&
		       (guild_value_text(guild_value_get(v, "minimize")) ||
			       guild_value_text(guild_value_get(v, "maximize")));
	if (v->type == GUILD_DICT && !is_pair) {
		return project_fail(r, v,
			"'objective' must be a column, 'minimize: COLUMN' or 'maximize: COLUMN'");
	}
	op->objective = v;
	return 0;
}

static int read_max_trials(struct project_reader *r, const struct guild_value *data,
	struct guild_op_def *op)
{
	const struct guild_value *v = guild_value_get(data, "default-max-trials");
	if (guild_value_is_null(v)) {
		return 0;
	}
	if (v->i < 1) {
		return project_fail(r, v, "'default-max-trials' must be a whole number from 1 on");
	}
	op->default_max_trials = v->i;
	return 0;
}

int project_read_op(struct project_reader *r, struct guild_model_def *model, const char *name,
	const struct guild_value *data, struct guild_op_def **out)
{
	static int (*const readers[])(struct project_reader *, const struct guild_value *,
		struct guild_op_def *) = {
		read_collections,
		read_flags,
		read_output_scalars,
		read_optimizers,
		read_objective,
		read_max_trials,
	};
	struct guild_op_def *op = guild_arena_alloc(r->arena, sizeof *op);
	op->name = name;
	op->model = model;
	op->pip_freeze = true;
	op->data = data;
	int rc = project_check_attributes(r, &project_kind_operation, data,
		guild_arena_format(r->arena, "operation '%s'", name));
	if (rc) {
		return rc;
	}
	read_texts(r, data, op);
	read_bools(data, op);
	read_requires(r, data, op);
	for (size_t i = 0; rc == 0 && i < GUILD_ARRAY_LEN(readers); i++) {
		rc = readers[i](r, data, op);
	}
	*out = op;
	return rc;
}
