/* guild check --strict: what in a project's files is not as it should be, whether or not it can be loaded. */
#include "attributes.h"

#include <stdlib.h>
#include <string.h>

enum { PROJECT_MAX_FINDINGS = 1000 };

/* Operations that are always there to search with. */
static const char *const optimizers[] = {"+", "auto", "bayesian", "cmaes", "forest", "gaussian",
	"gbrt", "gp", "nsga2", "qmc", "random", "skopt:forest", "skopt:gbrt", "skopt:gp",
	"skopt:random", "tpe", NULL};

struct checker {
	struct guild_arena *arena;
	const char *dir;
	struct guild_project_findings *out;
	const struct project_reader *reader;
	const struct guild_project *project; /* NULL: it cannot be loaded */
	const struct guild_project_world *world;
};

/* ---- findings ---- */

static void add(struct checker *c, struct guild_project_finding f)
{
	if (c->out->n == PROJECT_MAX_FINDINGS) {
		return;
	}
	for (size_t i = 0; i < c->out->n; i++) {
		const struct guild_project_finding *old = &c->out->v[i];
		/* What is wrong with a value is said once. */
		bool is_same_place = old->line == f.line && old->column == f.column;
		if (is_same_place && guild_streq(old->file, f.file) &&
			(f.line > 0 || strcmp(old->text, f.text) == 0)) {
			return;
		}
	}
	if (c->out->n == c->out->cap) {
		size_t cap = c->out->cap ? c->out->cap * 2 : 16;
		struct guild_project_finding *grown =
			guild_arena_alloc(c->arena, cap * sizeof *grown);
		for (size_t i = 0; i < c->out->n; i++) {
			grown[i] = c->out->v[i];
		}
		c->out->v = grown;
		c->out->cap = cap;
	}
	c->out->v[c->out->n++] = f;
}

GUILD_PRINTF(4, 5)
static void found(struct checker *c, const struct guild_value *at, const char *nearest,
	const char *fmt, ...)
{
	char text[GUILD_ERROR_TEXT_MAX / 2];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	const char *file = at->file ? at->file : c->reader->file;
	add(c, (struct guild_project_finding){
		       .file = guild_arena_strdup(c->arena, file),
		       .line = at->line,
		       .column = at->column,
		       .text = guild_arena_strdup(c->arena, text),
		       .hint = nearest ? guild_arena_format(c->arena, "did you mean '%s'?", nearest)
				       : NULL,
	       });
}

/* "FILE:LINE:COLUMN: WHAT" as errors have it. */
static void found_error(struct checker *c, const struct guild_error *err)
{
	struct guild_project_finding f = {.file = "guild.yml", .text = err->text};
	const char *colon = strstr(err->text, ": ");
	size_t n = colon ? (size_t)(colon - err->text) : 0;
	int64_t place[2] = {0, 0};
	for (size_t i = 2; i > 0 && n > 0; i--) {
		const char *last = memrchr(err->text, ':', n);
		size_t digits = last ? n - (size_t)(last + 1 - err->text) : 0;
		if (!last || !guild_parse_i64(last + 1, digits, &place[i - 1])) {
			break;
		}
		n = (size_t)(last - err->text);
	}
	if (place[0] > 0) {
		f.file = guild_arena_strndup(c->arena, err->text, n);
		f.line = (uint32_t)place[0];
		f.column = (uint32_t)place[1];
		f.text = colon + 2;
	}
	f.text = guild_arena_strdup(c->arena, f.text);
	f.hint = err->hint[0] ? guild_arena_strdup(c->arena, err->hint) : NULL;
	add(c, f);
}

static int compare_findings(const void *a, const void *b)
{
	const struct guild_project_finding *x = a, *y = b;
	int order = strcmp(x->file, y->file);
	if (order == 0) {
		order = (x->line > y->line) - (x->line < y->line);
	}
	return order ? order : (x->column > y->column) - (x->column < y->column);
}

/* ---- attributes ---- */

static void check_value(struct checker *c, const struct project_attribute *a,
	const struct guild_value *v, const char *name);

/* What a parameter will put in cannot be judged as it is written. */
static bool is_open_text(const struct guild_value *v)
{
	const char *text = guild_value_text(v);
	return text && (strstr(text, "{{") || strstr(text, "${"));
}

static void check_mapping(struct checker *c, const struct project_kind *kind,
	const struct guild_value *map, const char *what)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct guild_value *key = map->pairs[i].key;
		const char *name = guild_value_text(key);
		if (!name) {
			found(c, key, NULL, "a name in %s must be text, not %s (quote it)", what,
				guild_type_name(key->type));
			continue;
		}
		const struct project_attribute *a = project_attribute(kind, name);
		if (!a && !kind->is_open) {
			found(c, key, project_nearest_attribute(kind, name),
				"unknown attribute '%s' of %s", name, what);
		} else if (a) {
			check_value(c, a, map->pairs[i].value, name);
		}
	}
}

/* `name` NULL: an item of a list. */
static void check_kind(struct checker *c, const struct project_kind *kind,
	const struct guild_value *v, const char *name)
{
	struct guild_buf what = {0};
	guild_buf_printf(&what, strchr("aeiou", kind->name[0]) ? "an %s" : "a %s", kind->name);
	if (name) {
		guild_buf_reset(&what);
		guild_buf_printf(&what, "%s '%s'", kind->name, name);
	}
	if (v->type == GUILD_DICT) {
		check_mapping(c, kind, v, guild_buf_cstr(&what));
	} else if (kind == &project_kind_resource && v->type == GUILD_LIST) {
		for (size_t i = 0; i < v->n; i++) {
			check_kind(c, &project_kind_source, v->items[i], NULL);
		}
	} else if (!is_open_text(v) &&
		   (v->type == GUILD_NULL ? kind->forms != FORM_ANY
					  : !project_form_fits(kind->forms, v))) {
		found(c, v, NULL, "%s cannot be %s", guild_buf_cstr(&what),
			guild_type_name(v->type));
	}
	guild_buf_fini(&what);
}

static void check_names(struct checker *c, const struct project_kind *kind,
	const struct guild_value *map)
{
	for (size_t i = 0; i < map->n; i++) {
		const char *name = guild_value_text(map->pairs[i].key);
		if (name && strcmp(name, "$include") == 0 && kind->has_include) {
			continue;
		}
		if (name) {
			check_kind(c, kind, map->pairs[i].value, name);
		} else {
			found(c, map->pairs[i].key, NULL,
				"the name of a %s must be text, not %s (quote it)", kind->name,
				guild_type_name(map->pairs[i].key->type));
		}
	}
}

static void check_word(struct checker *c, const struct project_attribute *a,
	const struct guild_value *v)
{
	const char *text = guild_value_text(v);
	for (size_t i = 0; text && a->words[i]; i++) {
		if (strcmp(a->words[i], text) == 0) {
			return;
		}
	}
	if (text && !is_open_text(v)) {
		found(c, v, guild_nearest(text, a->words), "unknown %s '%s'",
			strcmp(a->name, "type") == 0 ? "type" : a->name, text);
	}
}

static void check_value(struct checker *c, const struct project_attribute *a,
	const struct guild_value *v, const char *name)
{
	if (!project_form_fits(a->forms, v)) {
		struct guild_buf expected = {0};
		project_form_text(a, &expected);
		if (!is_open_text(v)) {
			found(c, v, NULL, "'%s' must be %s, not %s", name,
				guild_buf_cstr(&expected), guild_type_name(v->type));
		}
		guild_buf_fini(&expected);
		return;
	}
	if (a->words && v->type == GUILD_STRING) {
		check_word(c, a, v);
	}
	for (size_t i = 0; v->type == GUILD_LIST && i < v->n; i++) {
		if (a->items) {
			check_kind(c, a->items, v->items[i], NULL);
		} else if (a->words) {
			check_word(c, a, v->items[i]);
		}
	}
	if (v->type == GUILD_DICT && a->map) {
		check_mapping(c, a->map, v, a->map->name);
	} else if (v->type == GUILD_DICT && a->names) {
		check_names(c, a->names, v);
	}
}

/* ---- what names refer to ---- */

static const char *nearest_of(const struct guild_value *map, const char *name)
{
	if (!map || map->type != GUILD_DICT) {
		return NULL;
	}
	const char **names = guild_alloc((map->n + 1) * sizeof *names);
	size_t n = 0;
	for (size_t i = 0; i < map->n; i++) {
		const char *key = guild_value_text(map->pairs[i].key);
		if (key) {
			names[n++] = key;
		}
	}
	const char *nearest = guild_nearest(name, names);
	free(names);
	return nearest;
}

static const struct guild_model_def *model_named(const struct guild_project *p, const char *name)
{
	for (size_t i = 0; i < p->n_models; i++) {
		if (strcmp(p->models[i]->name, name) == 0) {
			return p->models[i];
		}
	}
	return NULL;
}

/* NAME, or MODEL:NAME of the same file. Those of packages are not looked for. */
static void check_resource(struct checker *c, const struct guild_op_def *op,
	const struct guild_value *ref)
{
	const char *text = guild_value_text(ref);
	const char *colon = text ? strchr(text, ':') : NULL;
	const struct guild_model_def *m = op->model;
	if (!text || is_open_text(ref) || strchr(text, '/')) {
		return;
	}
	if (colon) {
		char *name = guild_strndup(text, (size_t)(colon - text));
		m = model_named(c->project, name);
		if (!m) {
			found(c, ref, NULL, "operation '%s' requires '%s': there is no model '%s'",
				op->name, text, name);
		}
		free(name);
	}
	const char *name = colon ? colon + 1 : text;
	if (m && !guild_value_get(m->resources, name)) {
		found(c, ref, nearest_of(m->resources, name),
			"operation '%s' requires '%s': there is no such resource", op->name, text);
	}
}

static const char *nearest_op(const struct guild_project *p, const char *name)
{
	struct guild_strs names = {0};
	for (size_t m = 0; m < p->n_models; m++) {
		for (size_t i = 0; i < p->models[m]->n_ops; i++) {
			guild_strs_add(&names, p->models[m]->ops[i]->name);
		}
	}
	const char *nearest =
		names.n > 0 ? guild_nearest(name, (const char *const *)names.v) : NULL;
	for (size_t m = 0; nearest && m < p->n_models; m++) {
		for (size_t i = 0; i < p->models[m]->n_ops; i++) {
			if (strcmp(p->models[m]->ops[i]->name, nearest) == 0) {
				nearest = p->models[m]->ops[i]->name;
			}
		}
	}
	guild_strs_fini(&names);
	return nearest;
}

/* Whether `guild run` would find it, from a pipeline or batch of `model`. */
static bool is_operation(struct checker *c, const struct guild_model_def *model, const char *spec)
{
	struct guild_op_def *op = NULL;
	struct guild_project *other = NULL;
	for (size_t i = 0; i < model->n_ops; i++) {
		if (strcmp(model->ops[i]->name, spec) == 0) {
			return true;
		}
	}
	bool is_there = guild_op_find((struct guild_project *)c->project, spec, c->dir,
				c->reader->world, &op, &other, NULL) == 0;
	guild_project_free(other);
	return is_there;
}

/* The operation of a step is the first word of its run; what an option comes before is not looked at. */
static void check_step(struct checker *c, const struct guild_op_def *op,
	const struct guild_value *step)
{
	const struct guild_value *run =
		step->type == GUILD_DICT ? guild_value_get(step, "run") : step;
	const char *text = guild_value_text(run);
	struct guild_strs words = {0};
	if (step->type == GUILD_DICT && guild_value_is_null(run)) {
		found(c, step, NULL, "a step of operation '%s' has no 'run'", op->name);
		return;
	}
	if (text && !is_open_text(run) && guild_shlex_split(text, &words, NULL) == 0 &&
		words.n > 0) {
		const char *spec = words.v[0];
		if (!strchr("-@+", spec[0]) && !strchr(spec, '=') &&
			!is_operation(c, op->model, spec)) {
			found(c, run, nearest_op(c->project, spec),
				"a step of operation '%s' runs '%s': there is no such operation",
				op->name, spec);
		}
	}
	guild_strs_fini(&words);
}

static void check_optimizers(struct checker *c, const struct guild_op_def *op)
{
	for (size_t i = 0; op->optimizers && i < op->optimizers->n; i++) {
		const struct guild_value *key = op->optimizers->pairs[i].key;
		const struct guild_value *v = op->optimizers->pairs[i].value;
		const struct guild_value *named =
			v->type == GUILD_DICT ? guild_value_get(v, "algorithm") : v;
		named = guild_value_is_null(named) ? key : named;
		const char *name = guild_value_text(named);
		bool is_known = !name || is_open_text(named);
		for (size_t k = 0; !is_known && optimizers[k]; k++) {
			is_known = strcmp(optimizers[k], name) == 0;
		}
		if (!is_known && !is_operation(c, op->model, name)) {
			const char *nearest = guild_nearest(name, optimizers);
			found(c, named->line ? named : v,
				nearest ? nearest : nearest_op(c->project, name),
				"optimizer '%s' of operation '%s' is not there", name, op->name);
		}
	}
}

static void check_profiles(struct checker *c, const struct guild_op_def *op)
{
	for (size_t i = 0; op->profiles && i < op->profiles->n; i++) {
		const struct guild_value *v = op->profiles->pairs[i].value;
		bool is_own = guild_value_get(guild_value_get(op->data, "profiles"),
				      op->profiles->pairs[i].key->s.p) != NULL;
		for (size_t k = 0; is_own && !op->flags_import && v->type == GUILD_DICT && k < v->n;
			k++) {
			const char *name = guild_value_text(v->pairs[k].key);
			if (name && op->flags.n > 0 && !guild_flag_defs_get(&op->flags, name)) {
				found(c, v->pairs[k].key, NULL,
					"profile '%s' sets '%s': operation '%s' has no such flag",
					op->profiles->pairs[i].key->s.p, name, op->name);
			}
		}
	}
}

static void check_alerts(struct checker *c, const struct guild_op_def *op)
{
	const struct guild_value *all = op->alerts;
	bool is_list = all && all->type == GUILD_LIST;
	for (size_t i = 0; all && c->world && c->world->check_alert && i < (is_list ? all->n : 1);
		i++) {
		struct guild_error err = {0};
		const struct guild_value *rule = is_list ? all->items[i] : all;
		if (c->world->check_alert(c->world->arg, rule, &err) != 0) {
			found_error(c, &err);
		}
	}
}

static void check_prune(struct checker *c, const struct guild_op_def *op)
{
	struct guild_error err = {0};
	if (op->prune && c->world && c->world->check_prune &&
		c->world->check_prune(c->world->arg, op->prune, &err) != 0) {
		found_error(c, &err);
	}
}

static void check_operation(struct checker *c, const struct guild_op_def *op)
{
	for (size_t i = 0; op->requires && i < op->requires->n; i++) {
		const struct guild_value *dep = op->requires->items[i];
		check_resource(c, op,
			dep->type == GUILD_DICT ? guild_value_get(dep, "resource") : dep);
	}
	for (size_t i = 0; op->steps && op->steps->type == GUILD_LIST && i < op->steps->n; i++) {
		check_step(c, op, op->steps->items[i]);
	}
	check_optimizers(c, op);
	check_profiles(c, op);
	check_alerts(c, op);
	check_prune(c, op);
}

/* ---- a project ---- */

static const struct project_kind *kind_of(const struct project_item *item)
{
	return !item->is_model ? &project_kind_config
	       : item->name[0] ? &project_kind_model
			       : &project_kind_anonymous;
}

/* What is written in the files, and parents of configs that no model extends. */
static void check_items(struct checker *c, struct project_reader *r)
{
	for (size_t i = 0; r->own && i < r->own->n_items; i++) {
		struct project_item *item = r->own->items[i];
		char *what = item->name[0]
				     ? guild_format("%s '%s'", kind_of(item)->name, item->name)
				     : guild_strdup("the anonymous model");
		check_mapping(c, kind_of(item), item->data, what);
		free(what);
		if (!item->is_open && project_extend_item(r, item) < 0) {
			found_error(c, r->err);
			item->merged = NULL;
		}
	}
	if (r->own && r->own->package) {
		check_mapping(c, &project_kind_package, r->own->package, "the package");
	}
}

static void check_references(struct checker *c)
{
	for (size_t m = 0; c->project && m < c->project->n_models; m++) {
		for (size_t i = 0; i < c->project->models[m]->n_ops; i++) {
			check_operation(c, c->project->models[m]->ops[i]);
		}
	}
}

int guild_project_check(struct guild_arena *a, const char *dir,
	const struct guild_project_world *world, struct guild_project_findings *out,
	struct guild_error *err)
{
	struct guild_error bad = {0};
	struct guild_project *project = NULL;
	struct project_reader r = {0};
	struct checker c = {.arena = a, .dir = dir, .out = out, .reader = &r, .world = world};
	int rc = guild_project_load(dir, world, &project, NULL, &bad);
	if (rc == GUILD_ENOTFOUND) {
		return guild_error_set(err, rc, "%s", bad.text);
	}
	*out = (struct guild_project_findings){0};
	if (rc) {
		found_error(&c, &bad);
	}
	c.project = project;
	struct guild_project *items = NULL;
	struct guild_error unread = {0};
	if (project_open(dir, world, &items, &r, &unread) == 0) {
		check_items(&c, &r);
		/* A resource that is not there keeps a project from loading, not from being looked at. */
		if (!project && project_make_models(&r) == 0) {
			c.project = items;
		}
	}
	check_references(&c);
	project_close(items, &r);
	guild_project_free(project);
	if (out->n > 1) {
		qsort(out->v, out->n, sizeof *out->v, compare_findings);
	}
	return 0;
}
