/* The operation of a batch: which optimizer was asked for, its flags, and how its run names it (batches.md 1, 4). */

#include <stdlib.h>
#include <string.h>

#include "batch_search.h"

enum { DEFAULT_MAX_TRIALS = 20 };

/* Names as Guild AI 0.9.0 has them; all other optimizers are guild's own. */
static const struct {
	const char *name, *model, *module;
} known[] = {
	{"+", "", "guild.batch_main"},
	{"forest", "skopt", "guild.plugins.skopt_forest_main"},
	{"gbrt", "skopt", "guild.plugins.skopt_gbrt_main"},
	{"gp", "skopt", "guild.plugins.skopt_gp_main"},
	{"random", "skopt", "guild.plugins.random_main"},
};

/* Of every search, whatever its optimizer: where its first points come from. */
static const struct guild_optimizer_flag prev_trials = {.name = "prev-trials",
	.default_text = "batch",
	.choices = "batch sourcecode operation",
	.help = "Runs that the search begins with."};

/* ---- which ---------------------------------------------------------------------------------------------------------- */

static int fail_without_default(const struct guild_value *optimizers, struct guild_error *err)
{
	struct guild_buf names = {0};
	for (size_t i = 0; i < optimizers->n; i++) {
		guild_buf_printf(&names, "%s%s", i ? ", " : "",
			guild_value_text(optimizers->pairs[i].key));
	}
	guild_error_set(err, GUILD_EINVALID, "the operation has no default optimizer");
	guild_error_hint(err, "name one of them with --optimizer: %s", guild_buf_cstr(&names));
	guild_buf_fini(&names);
	return GUILD_EINVALID;
}

static int default_optimizer(const struct guild_value *optimizers, const char **name,
	struct guild_error *err)
{
	if (!optimizers || optimizers->n == 0) {
		*name = guild_optimizer_find("auto") ? "auto" : "gp";
		return 0;
	}
	for (size_t i = 0; i < optimizers->n; i++) {
		bool is_default =
			guild_value_truthy(guild_value_get(optimizers->pairs[i].value, "default"));
		if (is_default || optimizers->n == 1) {
			*name = guild_value_text(optimizers->pairs[i].key);
			return 0;
		}
	}
	return fail_without_default(optimizers, err);
}

int guild_search_pick(struct guild_arena *a, const struct guild_value *optimizers, const char *name,
	const char **spec, struct guild_value **flags, struct guild_error *err)
{
	struct guild_value *given = guild_value_dict(a);
	int rc = name ? 0 : default_optimizer(optimizers, &name, err);
	if (rc != 0) {
		return rc;
	}
	const struct guild_value *attrs = optimizers ? guild_value_get(optimizers, name) : NULL;
	const char *algorithm = attrs && attrs->type == GUILD_DICT
					? guild_value_text(guild_value_get(attrs, "algorithm"))
				: attrs ? guild_value_text(attrs)
					: NULL;
	for (size_t i = 0; attrs && attrs->type == GUILD_DICT && i < attrs->n; i++) {
		const char *key = guild_value_text(attrs->pairs[i].key);
		if (key && strcmp(key, "algorithm") != 0 && strcmp(key, "default") != 0) {
			guild_value_set(a, given, key, attrs->pairs[i].value);
		}
	}
	*spec = algorithm ? algorithm : name;
	*flags = given;
	return 0;
}

static bool find_builtin(const char *spec, struct guild_search_op *out)
{
	const struct guild_optimizer_info *info = guild_optimizer_find(spec);
	if (!info && guild_starts(spec, "guild:")) {
		info = guild_optimizer_find(spec + strlen("guild:"));
	}
	if (!info && strcmp(spec, "+") != 0) {
		return false;
	}
	const char *name = info ? info->name : "+";
	*out = (struct guild_search_op){.optimizer = info,
		.kind = !info                         ? GUILD_SEARCH_GRID
			: strcmp(name, "random") == 0 ? GUILD_SEARCH_RANDOM
						      : GUILD_SEARCH_SEQUENTIAL};
	out->batch = (struct guild_batch_op){
		.model = "guild", .name = name, .is_kept = out->kind == GUILD_SEARCH_SEQUENTIAL};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(known); i++) {
		if (strcmp(known[i].name, name) == 0) {
			out->batch.model = known[i].model;
			out->batch.module = known[i].module;
		}
	}
	return true;
}

/* ---- flags ------------------------------------------------------------------------------------------------------------ */

static bool is_choice(const char *choices, const char *text)
{
	size_t n = text ? strlen(text) : 0;
	for (const char *p = choices; n > 0 && *p;) {
		size_t len = strcspn(p, " ");
		if (len == n && memcmp(p, text, n) == 0) {
			return true;
		}
		p += len + (p[len] == ' ');
	}
	return false;
}

static int fail_value(const struct guild_optimizer_flag *f, const struct guild_value *v,
	const char *expected, struct guild_error *err)
{
	struct guild_buf text = {0};
	guild_flag_encode(&text, v);
	guild_error_set(err, GUILD_EINVALID, "invalid value %s for '%s': expected %s",
		guild_buf_cstr(&text), f->name, expected);
	guild_buf_fini(&text);
	return GUILD_EINVALID;
}

/* A value takes the type of its default. */
static int check_flag(struct guild_arena *a, const struct guild_optimizer_flag *f,
	const struct guild_value *by_default, struct guild_value **v, struct guild_error *err)
{
	if (guild_value_is_null(*v)) {
		return 0;
	}
	if (by_default->type == GUILD_FLOAT || by_default->type == GUILD_INT) {
		bool is_whole = (*v)->type == GUILD_INT;
		if (!guild_value_is_number(*v) || (by_default->type == GUILD_INT && !is_whole)) {
			return fail_value(f, *v,
				by_default->type == GUILD_INT ? "a whole number" : "a number", err);
		}
		if (by_default->type == GUILD_FLOAT) {
			*v = guild_value_float(a, guild_value_as_f64(*v));
		}
	}
	if (f->choices && !guild_value_is_number(*v) &&
		!is_choice(f->choices, guild_value_text(*v))) {
		char *expected = guild_format("one of %s", f->choices);
		int rc = fail_value(f, *v, expected, err);
		free(expected);
		return rc;
	}
	return 0;
}

static int add_flag(struct guild_arena *a, const struct guild_optimizer_flag *f,
	const struct guild_value *given, struct guild_value *out, struct guild_error *err)
{
	struct guild_value *by_default = guild_value_null(a);
	if (f->default_text) {
		(void)guild_flag_decode(a, f->default_text, NULL, &by_default, NULL, NULL);
	}
	const struct guild_value *typed = guild_value_get(given, f->name);
	struct guild_value *v = typed ? guild_value_copy(a, typed) : by_default;
	int rc = check_flag(a, f, by_default, &v, err);
	guild_value_set(a, out, f->name, v);
	return rc;
}

static bool has_flag(const struct guild_optimizer_info *info, const char *name)
{
	for (size_t i = 0; i < info->n_flags; i++) {
		if (strcmp(info->flags[i].name, name) == 0) {
			return true;
		}
	}
	return false;
}

struct guild_value *search_own_flags(struct guild_arena *a, const struct guild_optimizer_info *info,
	const struct guild_value *flags)
{
	struct guild_value *own = guild_value_dict(a);
	for (size_t i = 0; flags && flags->type == GUILD_DICT && i < flags->n; i++) {
		const char *name = guild_value_text(flags->pairs[i].key);
		if (name && (has_flag(info, name) || strcmp(name, prev_trials.name) != 0)) {
			guild_value_set(a, own, name, flags->pairs[i].value);
		}
	}
	return own;
}

static int fill_flags(struct guild_arena *a, struct guild_search_op *op,
	const struct guild_value *given, struct guild_error *err)
{
	const struct guild_optimizer_info *info = op->optimizer;
	struct guild_value *all = guild_value_dict(a);
	int rc = 0;
	if (op->kind == GUILD_SEARCH_GRID && given->n > 0) {
		return guild_error_set(err, GUILD_EINVALID, "a grid has no flag '%s'",
			guild_value_text(given->pairs[0].key));
	}
	if (info) {
		const struct guild_value *own = op->kind == GUILD_SEARCH_SEQUENTIAL
							? search_own_flags(a, info, given)
							: given;
		rc = guild_optimizer_check(info->name, own, err);
	}
	for (size_t i = 0; info && i < info->n_flags && rc == 0; i++) {
		rc = add_flag(a, &info->flags[i], given, all, err);
	}
	if (rc == 0 && op->kind == GUILD_SEARCH_SEQUENTIAL && !has_flag(info, prev_trials.name)) {
		rc = add_flag(a, &prev_trials, given, all, err);
	}
	guild_value_sort_keys(all);
	op->batch.flags = all;
	return rc;
}

int guild_search_builtin(struct guild_arena *a, const char *spec, const struct guild_value *given,
	int64_t max_trials, struct guild_search_op *out, struct guild_error *err)
{
	struct guild_search_op op;
	if (!find_builtin(spec, &op)) {
		return guild_error_set(err, GUILD_ENOTFOUND, "there is no optimizer '%s'", spec);
	}
	if (!op.batch.module) {
		op.batch.module =
			guild_arena_format(a, "guild.plugins.search_%s_main", op.batch.name);
	}
	op.batch.max_trials =
		max_trials > 0 || op.kind == GUILD_SEARCH_GRID ? max_trials : DEFAULT_MAX_TRIALS;
	op.shown = *op.batch.model ? guild_arena_format(a, "%s:%s", op.batch.model, op.batch.name)
				   : op.batch.name;
	int rc = fill_flags(a, &op, given, err);
	if (rc == 0) {
		*out = op;
	}
	return rc;
}

int guild_search_of_run(struct guild_arena *a, const struct guild_run *batch,
	struct guild_search_op *out, struct guild_error *err)
{
	const struct guild_opref *ref = &batch->opref;
	if (strcmp(ref->pkg_type, "builtin") != 0) {
		*out = (struct guild_search_op){
			.kind = GUILD_SEARCH_PROGRAM, .shown = guild_arena_strdup(a, ref->op)};
		return 0;
	}
	const struct guild_value *flags = guild_run_attr(batch, a, "flags");
	int64_t max_trials = guild_run_attr_i64(batch, "max_trials", 0);
	if (!flags || flags->type != GUILD_DICT || strcmp(ref->op, "+") == 0) {
		flags = guild_value_dict(a);
	}
	int rc = guild_search_builtin(a, ref->op, flags, max_trials, out, err);
	return rc ? guild_error_wrap(err, "batch %.8s", batch->id) : 0;
}

/* ---- flags of the operation --------------------------------------------------------------------------------------------- */

static struct guild_value *encode_range(struct guild_arena *a, const struct guild_flag_def *def,
	const struct guild_value *v)
{
	struct guild_buf b = {0};
	const char *name = def->distribution ? def->distribution : "uniform";
	guild_buf_printf(&b, "%s[", strcmp(name, "log-uniform") == 0 ? "loguniform" : name);
	guild_flag_encode(&b, def->min);
	guild_buf_putc(&b, ':');
	guild_flag_encode(&b, def->max);
	if (!guild_value_is_null(v)) {
		guild_buf_putc(&b, ':');
		guild_flag_encode(&b, v);
	}
	guild_buf_putc(&b, ']');
	struct guild_value *text = guild_value_string_n(a, guild_buf_cstr(&b), b.n);
	guild_buf_fini(&b);
	return text;
}

struct guild_value *guild_search_encode_flags(struct guild_arena *a,
	const struct guild_flag_defs *defs, const struct guild_value *flags,
	const struct guild_value *user_flags)
{
	struct guild_value *all = guild_value_copy(a, flags);
	for (size_t i = 0; i < defs->n; i++) {
		const struct guild_flag_def *def = &defs->v[i];
		const struct guild_value *v = guild_value_get(flags, def->name);
		if (!v || guild_value_get(user_flags, def->name)) {
			continue;
		}
		if (def->n_choices > 0) {
			struct guild_value *list = guild_value_list(a);
			for (size_t k = 0; k < def->n_choices; k++) {
				guild_value_append(a, list,
					guild_value_copy(a, def->choices[k].value));
			}
			guild_value_set(a, all, def->name, list);
		} else if (def->min && def->max) {
			guild_value_set(a, all, def->name, encode_range(a, def, v));
		}
	}
	return all;
}
