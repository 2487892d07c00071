/* A search over lines of JSON: docs/formats/ask-tell.md. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sampler.h"

struct guild_ask_tell {
	struct guild_arena *arena;
	const char *optimizer;
	struct guild_optimizer_options options;
	bool has_direction;
	struct guild_optimizer *search; /* NULL: the space is not given yet */
	struct guild_arena *space_arena;
	struct guild_space space;
	struct guild_buf line; /* what came of the next one */
	bool is_too_long;      /* the rest of it is passed over */
	uint64_t n_lines;
};

/* One line of the other side while it is answered. */
struct request {
	struct guild_ask_tell *t;
	struct guild_arena *a; /* as long as the request */
	const struct guild_value *v;
	const struct guild_sink *to;
	struct guild_error err;      /* what is wrong with it */
	struct guild_error *out_err; /* what is wrong with `to` */
	int out_rc;
};

/* ---- answers -------------------------------------------------------------------------------------------------------- */

static void answer(struct request *r, const struct guild_value *v)
{
	struct guild_buf text = {0};
	guild_json_dump(&text, v, GUILD_JSON_STRICT);
	guild_buf_putc(&text, '\n');
	if (r->out_rc == 0) {
		r->out_rc = guild_sink_write(r->to, text.p, text.n, r->out_err);
	}
	guild_buf_fini(&text);
}

static void answer_error(struct request *r)
{
	struct guild_value *v = guild_value_dict(r->a);
	guild_value_set(r->a, v, "error", guild_value_string(r->a, r->err.text));
	if (*r->err.hint) {
		guild_value_set(r->a, v, "hint", guild_value_string(r->a, r->err.hint));
	}
	guild_value_set(r->a, v, "line", guild_value_int(r->a, (int64_t)r->t->n_lines));
	answer(r, v);
}

static struct guild_value *point_value(struct request *r, uint64_t id, const double *x)
{
	struct guild_value *v = guild_value_dict(r->a);
	guild_value_set(r->a, v, "id", guild_value_int(r->a, (int64_t)id));
	guild_value_set(r->a, v, "params", guild_space_values(r->a, &r->t->space, x));
	return v;
}

/* With its value, or its values where there are several objectives. */
static void add_values(struct request *r, struct guild_value *v, const double *y)
{
	size_t n = r->t->options.n_objectives;
	struct guild_value *list = guild_value_list(r->a);
	for (size_t k = 0; k < n; k++) {
		guild_value_append(r->a, list, guild_value_float(r->a, y[k]));
	}
	guild_value_set(r->a, v, n == 1 ? "value" : "values", n == 1 ? list->items[0] : list);
}

/* ---- the parts of requests ----------------------------------------------------------------------------------------------- */

static int fail(struct request *r, const char *text)
{
	return guild_error_set(&r->err, GUILD_EINVALID, "%s", text);
}

static int read_count(struct request *r, const char *key, int64_t most, int64_t *out)
{
	const struct guild_value *v = guild_value_get(r->v, key);
	if (v->type != GUILD_INT || v->i < 1 || v->i > most || v->s.n > 0) {
		return most == 1 ? guild_error_set(&r->err, GUILD_EINVALID, "'%s' takes 1", key)
				 : guild_error_set(&r->err, GUILD_EINVALID,
					   "'%s' needs a whole number from 1 to %lld", key,
					   (long long)most);
	}
	*out = v->i;
	return 0;
}

/* null is what other programs make of NaN. */
static int read_number(struct request *r, const struct guild_value *v, const char *key, double *out)
{
	if (!guild_value_is_null(v) && !guild_value_is_number(v)) {
		return guild_error_set(&r->err, GUILD_EINVALID, "'%s' needs numbers, not a %s", key,
			guild_type_name(v->type));
	}
	*out = guild_value_is_null(v) ? NAN : guild_value_as_f64(v);
	return 0;
}

static int read_numbers(struct request *r, const struct guild_value *list, const char *key,
	double **out)
{
	if (list->type != GUILD_LIST) {
		return guild_error_set(&r->err, GUILD_EINVALID, "'%s' needs a list of numbers",
			key);
	}
	double *v = guild_arena_alloc(r->a, (list->n + 1) * sizeof(*v));
	int rc = 0;
	for (size_t i = 0; i < list->n && rc == 0; i++) {
		rc = read_number(r, list->items[i], key, &v[i]);
	}
	*out = v;
	return rc;
}

static int read_values(struct request *r, struct guild_outcome *out)
{
	const struct guild_value *value = guild_value_get(r->v, "value");
	const struct guild_value *values = guild_value_get(r->v, "values");
	size_t n = r->t->options.n_objectives;
	double *y = NULL;
	int rc = 0;
	if (value && values) {
		return fail(r, "either 'value' or 'values'");
	}
	if (value) {
		y = guild_arena_alloc(r->a, sizeof(*y));
		rc = read_number(r, value, "value", y);
	} else if (values) {
		rc = read_numbers(r, values, "values", &y);
	}
	if (rc == 0 && (value || values) && n != (value ? 1 : values->n)) {
		return guild_error_set(&r->err, GUILD_EINVALID,
			"this search has %zu objective%s: 'value%s' needs as many", n,
			n == 1 ? "" : "s", value ? "" : "s");
	}
	out->values = y;
	return rc;
}

/* *is_there is false where the request says nothing of an outcome. */
static int read_outcome(struct request *r, struct guild_outcome *out, bool *is_there)
{
	static const char *const states[] = {
		[GUILD_OUTCOME_COMPLETE] = "complete",
		[GUILD_OUTCOME_FAILED] = "failed",
		[GUILD_OUTCOME_PRUNED] = "pruned",
	};
	const struct guild_value *state = guild_value_get(r->v, "state");
	const struct guild_value *constraints = guild_value_get(r->v, "constraints");
	*out = (struct guild_outcome){.state = GUILD_OUTCOME_COMPLETE};
	int rc = read_values(r, out);
	*is_there = state || out->values;
	if (rc == 0 && constraints) {
		double *c = NULL;
		rc = read_numbers(r, constraints, "constraints", &c);
		out->constraints = c;
		out->n_constraints = constraints->n;
	}
	if (rc != 0 || !state) {
		return rc;
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(states); i++) {
		if (guild_streq(guild_value_text(state), states[i])) {
			out->state = (enum guild_outcome_state)i;
			bool needs_value = out->state == GUILD_OUTCOME_COMPLETE && !out->values;
			return needs_value ? fail(r, "a complete trial needs its value") : 0;
		}
	}
	return fail(r, "'state' is complete, failed or pruned");
}

/* What guild_space_point does not say: which value is wrong. */
static int fail_point(struct request *r, const struct guild_value *params, double *x)
{
	const struct guild_space *s = &r->t->space;
	for (size_t i = 0; i < s->n; i++) {
		const struct guild_value *v = guild_value_get(params, s->v[i].name);
		bool is_active = search_is_active(s, i, x);
		x[i] = v && is_active ? search_dim_point(&s->v[i], v) : NAN;
		if (is_active && isnan(x[i])) {
			return guild_error_set(&r->err, GUILD_EINVALID,
				v ? "the value of '%s' is outside of the space"
				  : "there is no value of '%s'",
				s->v[i].name);
		}
	}
	return fail(r, "the point is not in the space");
}

/* ---- requests --------------------------------------------------------------------------------------------------------------- */

static int read_directions(struct request *r, struct guild_optimizer_options *options)
{
	const struct guild_value *list = guild_value_get(r->v, "directions");
	if (!list) {
		return 0;
	}
	if (r->t->has_direction) {
		return fail(r, "the direction is given as an option already");
	}
	if (list->type != GUILD_LIST || list->n == 0 || list->n > GUILD_OBJECTIVES_MAX) {
		return guild_error_set(&r->err, GUILD_EINVALID,
			"'directions' needs a list of 1 to %d", GUILD_OBJECTIVES_MAX);
	}
	options->n_objectives = list->n;
	for (size_t k = 0; k < list->n; k++) {
		const char *text = guild_value_text(list->items[k]);
		options->maximize[k] = guild_streq(text, "maximize");
		if (!options->maximize[k] && !guild_streq(text, "minimize")) {
			return fail(r, "'directions' are minimize or maximize");
		}
	}
	return 0;
}

static int take_space(struct request *r)
{
	struct guild_ask_tell *t = r->t;
	struct guild_optimizer_options options = t->options;
	struct guild_space space = {0};
	if (t->search) {
		return guild_error_set(&r->err, GUILD_EEXISTS, "the space was given before");
	}
	int rc = read_directions(r, &options);
	struct guild_arena *a = guild_arena_new();
	if (rc == 0) {
		/* The line it was read from goes. */
		struct guild_value *list = guild_value_copy(a, guild_value_get(r->v, "space"));
		rc = guild_space_read(a, list, &space, &r->err);
	}
	rc = rc ? rc : guild_optimizer_new(t->optimizer, &space, &options, &t->search, &r->err);
	if (rc != 0) {
		guild_arena_free(a);
		return rc;
	}
	t->space_arena = a;
	t->space = space;
	t->options = options;
	return 0;
}

static int take_ask(struct request *r)
{
	struct guild_ask_tell *t = r->t;
	int64_t n = 0;
	int rc = read_count(r, "ask", GUILD_ASK_TELL_ASK_MAX, &n);
	double *x = guild_alloc(t->space.n * sizeof(*x));
	for (int64_t k = 0; rc == 0 && k < n && r->out_rc == 0; k++) {
		struct guild_arena *kept = r->a;
		uint64_t id = 0;
		rc = guild_optimizer_ask(t->search, x, &id, &r->err);
		if (rc == 0) {
			r->a = guild_arena_new();
			answer(r, point_value(r, id, x));
			guild_arena_free(r->a);
			r->a = kept;
		}
	}
	free(x);
	return rc;
}

static int take_tell(struct request *r)
{
	const struct guild_value *id = guild_value_get(r->v, "tell");
	struct guild_outcome outcome;
	bool is_there = false;
	if (id->type != GUILD_INT || id->i < 0 || id->s.n > 0) {
		return fail(r, "'tell' needs the id of a point");
	}
	int rc = read_outcome(r, &outcome, &is_there);
	if (rc == 0 && !is_there) {
		rc = fail(r, "'tell' needs a 'value' or a 'state'");
	}
	return rc ? rc : guild_optimizer_tell(r->t->search, (uint64_t)id->i, &outcome, &r->err);
}

static int take_add(struct request *r)
{
	struct guild_ask_tell *t = r->t;
	const struct guild_value *params = guild_value_get(r->v, "add");
	double *x = guild_arena_alloc(r->a, t->space.n * sizeof(*x));
	struct guild_outcome outcome;
	bool is_there = false;
	uint64_t id = 0;
	if (params->type != GUILD_DICT) {
		return fail(r, "'add' needs the values of a point by name");
	}
	int rc = read_outcome(r, &outcome, &is_there);
	if (rc == 0 && !guild_space_point(&t->space, params, x)) {
		rc = fail_point(r, params, x);
	}
	rc = rc ? rc : guild_optimizer_add(t->search, x, is_there ? &outcome : NULL, &id, &r->err);
	if (rc == 0) {
		answer(r, point_value(r, id, x));
	}
	return rc;
}

static int take_best(struct request *r)
{
	struct guild_ask_tell *t = r->t;
	double *x = guild_arena_alloc(r->a, t->space.n * sizeof(*x));
	double y[GUILD_OBJECTIVES_MAX] = {0};
	uint64_t id = 0;
	int64_t n = 0;
	int rc = read_count(r, "best", 1, &n);
	if (rc == 0 && !guild_optimizer_best(t->search, x, y, &id)) {
		rc = guild_error_set(&r->err, GUILD_ENOTFOUND, "no trial is complete");
	}
	if (rc == 0) {
		struct guild_value *v = point_value(r, id, x);
		add_values(r, v, y);
		answer(r, v);
	}
	return rc;
}

static int take_front(struct request *r)
{
	struct guild_ask_tell *t = r->t;
	int64_t n = 0;
	int rc = read_count(r, "front", 1, &n);
	if (rc != 0) {
		return rc;
	}
	size_t n_front = guild_optimizer_front(t->search, NULL, 0);
	uint64_t *ids = guild_arena_alloc(r->a, (n_front + 1) * sizeof(*ids));
	struct guild_value *list = guild_value_list(r->a);
	(void)guild_optimizer_front(t->search, ids, n_front);
	for (size_t i = 0; i < n_front; i++) {
		double y[GUILD_OBJECTIVES_MAX] = {0};
		struct guild_value *v =
			point_value(r, ids[i], guild_optimizer_point(t->search, ids[i]));
		(void)guild_optimizer_values(t->search, ids[i], y);
		add_values(r, v, y);
		guild_value_append(r->a, list, v);
	}
	struct guild_value *v = guild_value_dict(r->a);
	guild_value_set(r->a, v, "front", list);
	answer(r, v);
	return 0;
}

/* Comes back as it is: who reads it knows that all before it were taken. */
static int take_sync(struct request *r)
{
	struct guild_value *v = guild_value_dict(r->a);
	guild_value_set(r->a, v, "sync", guild_value_copy(r->a, guild_value_get(r->v, "sync")));
	answer(r, v);
	return 0;
}

enum { KEYS_MAX = 6 };
struct request_kind {
	const char
		*keys[KEYS_MAX]; /* what it is known by, then what it may have; NULL at the end */
	int (*take)(struct request *r);
};
static const struct request_kind kinds[] = {
	{{"space", "directions"}, take_space},
	{{"ask"}, take_ask},
	{{"tell", "value", "values", "state", "constraints"}, take_tell},
	{{"add", "value", "values", "state", "constraints"}, take_add},
	{{"best"}, take_best},
	{{"front"}, take_front},
	{{"sync"}, take_sync},
};

/* ---- lines -------------------------------------------------------------------------------------------------------------------- */

static const struct request_kind *find_kind(const struct guild_value *v)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(kinds); i++) {
		if (guild_value_get(v, kinds[i].keys[0])) {
			return &kinds[i];
		}
	}
	return NULL;
}

static int fail_key(struct request *r, const char *key, const char *const *known)
{
	const char *near = key ? guild_nearest(key, known) : NULL;
	guild_error_set(&r->err, GUILD_EINVALID, "unknown key '%s'", key ? key : "");
	if (near) {
		guild_error_hint(&r->err, "did you mean '%s'?", near);
	}
	return GUILD_EINVALID;
}

static int fail_kind(struct request *r)
{
	const char *known[GUILD_ARRAY_LEN(kinds) + 1] = {0};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(kinds); i++) {
		known[i] = kinds[i].keys[0];
	}
	if (r->v->n == 0) {
		return fail(r, "a request has one of space, ask, tell, add, best, front, sync");
	}
	return fail_key(r, guild_value_text(r->v->pairs[0].key), known);
}

static int check_keys(struct request *r, const struct request_kind *kind)
{
	for (size_t i = 0; i < r->v->n; i++) {
		const char *key = guild_value_text(r->v->pairs[i].key);
		bool is_known = false;
		for (size_t k = 0; kind->keys[k]; k++) {
			is_known = is_known || guild_streq(key, kind->keys[k]);
		}
		if (!is_known) {
			return fail_key(r, key, kind->keys);
		}
	}
	return 0;
}

static int take(struct request *r, struct guild_str line)
{
	struct guild_value *v = NULL;
	int rc = guild_json_parse(r->a, line, NULL, &v, &r->err);
	if (rc != 0) {
		return guild_error_wrap(&r->err, "no JSON");
	}
	if (v->type != GUILD_DICT) {
		return fail(r, "a request is a JSON object");
	}
	r->v = v;
	const struct request_kind *kind = find_kind(v);
	if (!kind) {
		return fail_kind(r);
	}
	rc = check_keys(r, kind);
	if (rc == 0 && !r->t->search && kind->take != take_space && kind->take != take_sync) {
		rc = fail(r, "the space comes first: {\"space\": [...]}");
	}
	return rc ? rc : kind->take(r);
}

static bool is_blank(struct guild_str line)
{
	for (size_t i = 0; i < line.n; i++) {
		if (!strchr(" \t\r", line.p[i]) || line.p[i] == '\0') {
			return false;
		}
	}
	return true;
}

/* Answers the line that is in the buffer, which is empty then. */
static int take_line(struct guild_ask_tell *t, const struct guild_sink *to, struct guild_error *err)
{
	struct request r = {.t = t, .to = to, .out_err = err};
	struct guild_str line = guild_buf_str(&t->line);
	int rc = 0;
	t->n_lines++;
	r.a = guild_arena_new();
	if (t->is_too_long) {
		rc = guild_error_set(&r.err, GUILD_ELIMIT, "a line of more than %d bytes",
			GUILD_ASK_TELL_LINE_MAX);
	} else if (!is_blank(line)) {
		rc = take(&r, line);
	}
	if (rc != 0) {
		answer_error(&r);
	}
	guild_arena_free(r.a);
	guild_buf_reset(&t->line);
	t->is_too_long = false;
	return r.out_rc;
}

int guild_ask_tell_feed(struct guild_ask_tell *t, const char *p, size_t n,
	const struct guild_sink *to, struct guild_error *err)
{
	const char *end = p + n;
	int rc = 0;
	while (p < end && rc == 0) {
		const char *feed = memchr(p, '\n', (size_t)(end - p));
		size_t len = feed ? (size_t)(feed - p) : (size_t)(end - p);
		t->is_too_long = t->is_too_long || t->line.n + len > GUILD_ASK_TELL_LINE_MAX;
		if (!t->is_too_long) {
			guild_buf_append(&t->line, p, len);
		}
		if (feed) {
			rc = take_line(t, to, err);
		}
		p += len + (feed != NULL);
	}
	return rc;
}

int guild_ask_tell_end(struct guild_ask_tell *t, const struct guild_sink *to,
	struct guild_error *err)
{
	return t->line.n > 0 || t->is_too_long ? take_line(t, to, err) : 0;
}

/* ---- making --------------------------------------------------------------------------------------------------------------------- */

int guild_ask_tell_new(const struct guild_ask_tell_options *options, struct guild_ask_tell **out,
	struct guild_error *err)
{
	const char *name = options->optimizer ? options->optimizer : "auto";
	int rc = guild_optimizer_check(name, options->flags, err);
	if (rc != 0) {
		return rc;
	}
	struct guild_ask_tell *t = guild_alloc(sizeof(*t));
	t->arena = guild_arena_new();
	t->optimizer = guild_arena_strdup(t->arena, name);
	t->has_direction = options->has_direction;
	t->options = (struct guild_optimizer_options){.seed = options->seed,
		.n_objectives = 1,
		.maximize = {options->has_direction && options->maximize},
		.flags = options->flags ? guild_value_copy(t->arena, options->flags) : NULL};
	*out = t;
	return 0;
}

void guild_ask_tell_free(struct guild_ask_tell *t)
{
	if (!t) {
		return;
	}
	guild_optimizer_free(t->search);
	guild_buf_fini(&t->line);
	guild_arena_free(t->space_arena);
	guild_arena_free(t->arena);
	free(t);
}
