/* The steps of a pipeline: what each runs, with which options, under which name (guildfile.md 8). */
#include "steps.h"

#include <stdlib.h>
#include <string.h>

#include "attributes.h"

/* Attributes that are options of `guild run`, in the order in which they are passed on. */
enum option_kind { OPTION_FLAG, OPTION_TEXT, OPTION_LIST };
static const struct {
	const char *attribute;
	const char *key; /* of the option */
	enum option_kind kind;
	bool has_refs; /* ${FLAG} of the pipeline is resolved */
} options[] = {
	{"additional-deps", "dep", OPTION_LIST, false},
	{"batch-label", "batch-label", OPTION_TEXT, false},
	{"batch-tags", "batch-tag", OPTION_LIST, false},
	{"break", "break", OPTION_LIST, false},
	{"break-on-error", "break-on-error", OPTION_FLAG, false},
	{"fail-on-trial-error", "fail-on-trial-error", OPTION_FLAG, false},
	{"force-flags", "force-flags", OPTION_FLAG, false},
	{"gpus", "gpus", OPTION_TEXT, true},
	{"label", "label", OPTION_TEXT, true},
	{"max-trials", "max-trials", OPTION_TEXT, false},
	{"maximize", "maximize", OPTION_TEXT, false},
	{"minimize", "minimize", OPTION_TEXT, false},
	{"needed", "needed", OPTION_FLAG, false},
	{"no-gpus", "no-gpus", OPTION_FLAG, false},
	{"opt-flags", "opt-flag", OPTION_LIST, false},
	{"optimize", "optimize", OPTION_FLAG, false},
	{"optimizer", "optimizer", OPTION_TEXT, false},
	{"random-seed", "random-seed", OPTION_TEXT, false},
	{"remote", "remote", OPTION_TEXT, false},
	{"stop-after", "stop-after", OPTION_TEXT, false},
	{"tags", "tag", OPTION_LIST, true},
};
int steps_fail(const struct steps_reader *r, const struct guild_value *at, const char *fmt, ...)
{
	va_list args;
	char text[GUILD_ERROR_TEXT_MAX / 2];
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (r->req->file && at && at->line) {
		return guild_error_set(r->err, GUILD_EINVALID, "%s:%u:%u: %s",
			at->file ? at->file : r->req->file, at->line, at->column, text);
	}
	return guild_error_set(r->err, GUILD_EINVALID, "%s", text);
}

/* ---- operation and name -------------------------------------------------------------------------------- */

static bool is_script(const char *op)
{
	static const char *const ends[] = {".py", ".ipynb", ".R", ".qmd"};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(ends); i++) {
		if (guild_ends(op, ends[i])) {
			return true;
		}
	}
	return false;
}

/* An operation without a model is one of the pipeline's. */
static const char *full_opspec(struct steps_reader *r, const char *op)
{
	const char *name = *op == ':' ? op + 1 : op;
	if (!*r->req->model || strpbrk(name, ":/") || is_script(name)) {
		return name;
	}
	return guild_arena_format(r->a, "%s:%s", r->req->model, name);
}

static const char *scalar_text(struct steps_reader *r, const struct guild_value *v)
{
	struct guild_buf b = {0};
	if (guild_value_text(v)) {
		return guild_value_text(v);
	}
	guild_value_py_str(&b, v);
	const char *text = guild_arena_strdup(r->a, guild_buf_cstr(&b));
	guild_buf_fini(&b);
	return text;
}

static int read_name(struct steps_reader *r, const struct guild_value *data,
	struct guild_step *step)
{
	const struct guild_value *v = guild_value_get(data, "name");
	step->name = step->op;
	if (guild_value_is_null(v)) {
		return 0;
	}
	if (v->type == GUILD_LIST || v->type == GUILD_DICT || !*scalar_text(r, v)) {
		return steps_fail(r, v, "the name of a step must be text");
	}
	step->name = scalar_text(r, v);
	return 0;
}

/* ---- options ---------------------------------------------------------------------------------------------- */

static void add_word(struct steps_reader *r, struct guild_step *step, const char *text)
{
	guild_value_append(r->a, step->options, guild_value_string(r->a, text));
}

static void add_option(struct steps_reader *r, struct guild_step *step, size_t i, const char *value)
{
	add_word(r, step, guild_arena_format(r->a, "--%s", options[i].key));
	if (value) {
		add_word(r, step, options[i].has_refs ? steps_resolve_text(r, value) : value);
	}
}

/* What the step's own attribute says, where it says something; else what `run` says; else, for labels and tags, the pipeline. */
static const struct guild_value *option_value(struct steps_reader *r,
	const struct guild_value *data, const struct guild_step_words *words, size_t i)
{
	const struct guild_value *own = guild_value_get(data, options[i].attribute);
	if (guild_value_truthy(own)) {
		return own;
	}
	const struct guild_value *typed = guild_value_get(words->options, options[i].key);
	if (typed) {
		return typed;
	}
	if (strcmp(options[i].key, "label") == 0 && r->req->label) {
		return guild_value_string(r->a, r->req->label);
	}
	return strcmp(options[i].key, "tag") == 0 ? r->req->tags : NULL;
}

static int read_option(struct steps_reader *r, const struct guild_value *v, size_t i,
	struct guild_step *step)
{
	if (!guild_value_truthy(v)) {
		return 0;
	}
	if (v->type == GUILD_DICT) {
		return steps_fail(r, v, "'%s' of a step must be text, not a mapping",
			options[i].attribute);
	}
	if (options[i].kind == OPTION_FLAG) {
		if (strcmp(options[i].key, "needed") == 0) {
			step->needed = true;
		}
		add_option(r, step, i, NULL);
		return 0;
	}
	size_t n = v->type == GUILD_LIST ? v->n : 1;
	/* The last one of an option that is given once. */
	size_t from = options[i].kind == OPTION_TEXT ? n - 1 : 0;
	for (size_t k = from; k < n; k++) {
		const struct guild_value *item = v->type == GUILD_LIST ? v->items[k] : v;
		if (item->type == GUILD_LIST || item->type == GUILD_DICT) {
			return steps_fail(r, item, "'%s' of a step must be text",
				options[i].attribute);
		}
		add_option(r, step, i, scalar_text(r, item));
	}
	return 0;
}

static bool is_step_option(const char *key)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(options); i++) {
		if (strcmp(options[i].key, key) == 0) {
			return true;
		}
	}
	return false;
}

static int read_options(struct steps_reader *r, const struct guild_value *data,
	const struct guild_step_words *words, struct guild_step *step)
{
	step->options = guild_value_list(r->a);
	for (size_t i = 0; i < words->options->n; i++) {
		const char *key = guild_value_text(words->options->pairs[i].key);
		if (!is_step_option(key)) {
			guild_log(r->req->log, "warning",
				"step '%s': option --%s is ignored in the run of a step", step->op,
				key);
		}
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(options); i++) {
		int rc = read_option(r, option_value(r, data, words, i), i, step);
		if (rc != 0) {
			return rc;
		}
	}
	return 0;
}

/* ---- checks -------------------------------------------------------------------------------------------------- */

static int read_check(struct steps_reader *r, const struct guild_value *v,
	struct guild_step_check *out)
{
	const struct {
		const char *key;
		const char **out;
	} parts[] = {
		{"output", &out->output},
		{"file", &out->file},
		{"compare-to", &out->compare_to},
		{"contains", &out->contains},
	};
	if (v->type != GUILD_DICT) {
		return steps_fail(r, v,
			"an item of 'expect' must be 'output: PATTERN' or 'file: FILE'");
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(parts); i++) {
		const struct guild_value *part = guild_value_get(v, parts[i].key);
		if (guild_value_is_null(part)) {
			continue;
		}
		if (part->type == GUILD_LIST || part->type == GUILD_DICT) {
			return steps_fail(r, part, "'%s' must be text", parts[i].key);
		}
		*parts[i].out = scalar_text(r, part);
	}
	return 0;
}

static int read_checks(struct steps_reader *r, const struct guild_value *data,
	struct guild_step *step)
{
	const struct guild_value *v = guild_value_get(data, "expect");
	if (guild_value_is_null(v)) {
		return 0;
	}
	size_t n = v->type == GUILD_LIST ? v->n : 1;
	step->checks = guild_arena_alloc(r->a, (n + 1) * sizeof(*step->checks));
	for (size_t i = 0; i < n; i++) {
		const struct guild_value *item = v->type == GUILD_LIST ? v->items[i] : v;
		struct guild_step_check *check = &step->checks[step->n_checks];
		int rc = read_check(r, item, check);
		if (rc != 0) {
			return rc;
		}
		if (check->output || check->file) {
			step->n_checks++;
		} else {
			guild_log(r->req->log, "warning",
				"step '%s': a check without 'output' and 'file' is ignored",
				step->name);
		}
	}
	return 0;
}

/* ---- one step ---------------------------------------------------------------------------------------------------- */

static int read_words(struct steps_reader *r, const struct guild_value *at, const char *run,
	struct guild_step_words *out)
{
	struct guild_strs words = {0};
	int rc = guild_shlex_split(run, &words, r->err);
	rc = rc ? rc : r->req->read_words(r->a, words.v, words.n, out, r->err);
	guild_strs_fini(&words);
	if (rc != 0) {
		char *why = guild_strdup(r->err ? r->err->text : "");
		rc = steps_fail(r, at, "invalid run of a step, '%s': %s", run, why);
		free(why);
	}
	return rc;
}

static void warn_unknown(struct steps_reader *r, const struct guild_value *data)
{
	for (size_t i = 0; i < data->n; i++) {
		const struct guild_value *key = data->pairs[i].key;
		const char *name = guild_value_text(key);
		bool is_unknown =
			r->req->file && name && !project_attribute(&project_kind_step, name);
		const char *near =
			is_unknown ? project_nearest_attribute(&project_kind_step, name) : NULL;
		if (near) {
			guild_log(r->req->log, "warning",
				"%s:%u:%u: unknown attribute '%s' of a step (did you mean '%s'?)",
				key->file ? key->file : r->req->file, key->line, key->column, name,
				near);
		}
	}
}

/* "${model}:train": a batch of the pipeline chooses among operations. What a list or a search function stands for is known trial by trial. */
static const char *resolve_op(struct steps_reader *r, struct guild_step *step, const char *op)
{
	struct guild_arena *a = r->a;
	for (const char *p = strstr(op, "${"); p; p = strstr(p + 2, "${")) {
		const char *name = guild_arena_strndup(a, p + 2, strcspn(p + 2, "}"));
		const struct guild_value *flag = guild_value_get(r->req->flags, name);
		step->is_open =
			step->is_open || (flag && (flag->type == GUILD_LIST ||
							  guild_flag_is_function(a, flag, NULL)));
	}
	return step->is_open ? op : steps_resolve_text(r, op);
}

static int read_step(struct steps_reader *r, const struct guild_value *v, struct guild_step *step)
{
	struct guild_step_words words = {0};
	const struct guild_value *data = v->type == GUILD_DICT ? v : NULL;
	const struct guild_value *run = data ? guild_value_get(data, "run") : v;
	const struct guild_value *isolate = guild_value_get(data, "isolate-runs");
	step->at = v;
	if (!data && v->type != GUILD_STRING) {
		return steps_fail(r, v, "a step must be text or a mapping, not %s",
			guild_type_name(v->type));
	}
	if (!guild_value_text(run) || !*guild_value_text(run)) {
		return steps_fail(r, v, "a step must say what to 'run'");
	}
	int rc = read_words(r, run, guild_value_text(run), &words);
	if (rc != 0) {
		return rc;
	}
	const char *other = guild_value_text(guild_value_get(data, "opspec"));
	step->op = other ? other : words.op ? resolve_op(r, step, words.op) : NULL;
	if (!step->op) {
		return steps_fail(r, run, "'%s' names no operation to run", guild_value_text(run));
	}
	step->opspec = full_opspec(r, step->op);
	step->isolate_runs = guild_value_is_null(isolate) || guild_value_truthy(isolate);
	step->files = words.files;
	if (data) {
		warn_unknown(r, data);
	}
	rc = read_name(r, data, step);
	rc = rc ? rc : read_options(r, data, &words, step);
	rc = rc ? rc : steps_read_flags(r, data, &words, step);
	return rc ? rc : read_checks(r, data, step);
}

/* ---- links ------------------------------------------------------------------------------------------------------------ */

/* As Guild AI 0.9.0 names them: "_2", "_3" for a name that is taken. `taken` counts, so that many equal names stay cheap. */
static const char *link_name(struct steps_reader *r, struct guild_map *taken, const char *name)
{
	char *base = guild_arena_strdup(r->a, name);
	for (char *p = base; *p; p++) {
		*p = strchr(" :/\\", *p) ? '-' : *p;
	}
	const char *link = base;
	size_t *count = guild_map_get(taken, base);
	if (!count) {
		count = guild_arena_alloc(r->a, sizeof(*count));
		*count = 1;
		guild_map_put(taken, base, count);
		return link;
	}
	do {
		link = guild_arena_format(r->a, "%s_%zu", base, ++*count);
	} while (guild_map_has(taken, link));
	size_t *own = guild_arena_alloc(r->a, sizeof(*own));
	*own = 1;
	guild_map_put(taken, link, own);
	return link;
}

/* ---- public --------------------------------------------------------------------------------------------------------------- */

static int read_all(struct steps_reader *r, const struct guild_value *list, struct guild_steps *out)
{
	struct guild_map taken = {0};
	int rc = 0;
	for (size_t i = 0; i < list->n && rc == 0; i++) {
		struct guild_step *step = &out->v[i];
		rc = read_step(r, list->items[i], step);
		if (rc == 0) {
			step->link = link_name(r, &taken, step->name);
			out->n++;
		}
	}
	guild_map_fini(&taken);
	return rc ? rc : steps_read_order(r, list, out);
}

int guild_steps_read(struct guild_arena *a, const struct guild_steps_request *req,
	struct guild_steps *out, struct guild_error *err)
{
	struct guild_error none = {0};
	struct steps_reader r = {.a = a, .req = req, .err = err ? err : &none};
	struct guild_steps steps = {0};
	const struct guild_value *list = req->steps;
	if (!list || list->type != GUILD_LIST) {
		return steps_fail(&r, list, "'steps' must be a list");
	}
	if (list->n > GUILD_STEPS_MAX) {
		return guild_error_set(err, GUILD_ELIMIT, "a pipeline has at most %d steps",
			GUILD_STEPS_MAX);
	}
	steps.v = guild_arena_alloc(a, (list->n + 1) * sizeof(*steps.v));
	steps_list_targets(&r);
	int rc = read_all(&r, list, &steps);
	guild_map_fini(&r.targets);
	if (rc == 0) {
		*out = steps;
	}
	return rc;
}
