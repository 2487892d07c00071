/* Flags that are module globals: literals assigned in the first column; and what a configurator takes. */

#include <stdlib.h>
#include <string.h>

#include "detect_private.h"

/* ---- literals by their look, as the reference judges them ---- */

static bool is_namespace_call(struct py_source *src, uint32_t node)
{
	if (guild_py_kind(src, node) != PY_call) {
		return false;
	}
	uint32_t function = guild_py_child(src, node, PYF_function);
	enum py_kind kind = guild_py_kind(src, function);
	return (kind == PY_identifier || kind == PY_attribute) &&
	       guild_str_ends(guild_py_text(src, function), "SimpleNamespace");
}

static bool is_literal(struct py_source *src, uint32_t node, unsigned depth);

static bool are_literals(struct py_source *src, uint32_t node, unsigned depth)
{
	for (uint32_t c = guild_py_first(src, node); c; c = guild_py_next(src, c)) {
		enum py_kind kind = guild_py_kind(src, c);
		bool ok =
			kind == PY_pair
				? is_literal(src, guild_py_child(src, c, PYF_key), depth) &&
					  is_literal(src, guild_py_child(src, c, PYF_value), depth)
			: kind == PY_keyword_argument
				? is_literal(src, guild_py_child(src, c, PYF_value), depth)
				: is_literal(src, c, depth);
		if (!ok) {
			return false;
		}
	}
	return true;
}

bool guild_py_is_literal(struct py_source *src, uint32_t node)
{
	return is_literal(src, node, 0);
}

static bool is_literal(struct py_source *src, uint32_t node, unsigned depth)
{
	if (depth > 100) {
		return false;
	}
	switch (guild_py_kind(src, node)) {
	case PY_integer:
	case PY_float: {
		struct guild_str text = guild_py_text(src, node);
		return text.n > 0 && (text.p[text.n - 1] | 0x20) != 'j';
	}
	case PY_true:
	case PY_false:
	case PY_none:
		return true;
	case PY_string: {
		struct guild_str text = guild_py_text(src, guild_py_first(src, node));
		return !guild_py_is_fstring(src, node) &&
		       (text.n == 0 || (text.p[0] | 0x20) != 'b') &&
		       (text.n < 2 || (text.p[1] | 0x20) != 'b');
	}
	case PY_concatenated_string:
	case PY_list:
	case PY_dictionary:
		return are_literals(src, node, depth + 1);
	case PY_parenthesized_expression:
		return is_literal(src, guild_py_first(src, node), depth + 1);
	case PY_unary_operator: {
		struct guild_str op = guild_py_text(src, guild_py_child(src, node, PYF_operator));
		enum py_kind kind = guild_py_kind(src, guild_py_child(src, node, PYF_argument));
		return op.n == 1 && op.p[0] != '~' && (kind == PY_integer || kind == PY_float);
	}
	case PY_call:
		return is_namespace_call(src, node) &&
		       are_literals(src, guild_py_child(src, node, PYF_arguments), depth + 1);
	default:
		return false;
	}
}

/* ---- assignments ---- */

static void add_global(struct detect *d, const char *name, struct pv *v)
{
	if (guild_flag_defs_get(d->defs, name)) {
		return; /* the first assignment wins */
	}
	struct guild_value *value = guild_py_to_value(d->arena, v);
	if (!value) {
		return;
	}
	struct guild_flag_def *f =
		guild_flag_defs_add(d->arena, d->defs, guild_arena_strdup(d->arena, name));
	switch (value->type) {
	case GUILD_STRING:
		f->type = "string";
		f->def = value;
		break;
	case GUILD_BOOL:
		f->type = "boolean";
		f->def = value;
		break;
	case GUILD_INT:
	case GUILD_FLOAT:
		f->type = "number";
		f->def = value;
		break;
	case GUILD_LIST:
		f->arg_split = guild_value_bool(d->arena, true);
		f->def = guild_detect_joined(d, value, true);
		break;
	default:
		break;
	}
}

typedef bool visit_fn(struct detect *d, struct py_source *src, struct guild_str name,
	uint32_t value, void *arg);

/* Visits every plain name assigned a literal in the first column; chained assignments from the left. */
static void visit_assignments(struct detect *d, struct py_source *src, visit_fn *visit, void *arg)
{
	for (uint32_t s = guild_py_first(src, PY_ROOT); s; s = guild_py_next(src, s)) {
		uint32_t a = guild_py_first(src, s);
		if (guild_py_kind(src, s) != PY_expression_statement ||
			!guild_py_in_first_column(src, s) ||
			guild_py_kind(src, a) != PY_assignment ||
			guild_py_child(src, a, PYF_type)) {
			continue;
		}
		uint32_t value = guild_py_child(src, a, PYF_right);
		while (guild_py_kind(src, value) == PY_assignment) {
			value = guild_py_child(src, value, PYF_right);
		}
		if (!is_literal(src, value, 0)) {
			continue;
		}
		for (uint32_t t = a; guild_py_kind(src, t) == PY_assignment;
			t = guild_py_child(src, t, PYF_right)) {
			uint32_t left = guild_py_child(src, t, PYF_left);
			left = guild_py_unwrap(src, left);
			if (guild_py_kind(src, left) == PY_tuple_pattern &&
				!guild_py_next(src, guild_py_first(src, left))) {
				left = guild_py_first(src, left); /* (x) = 1 */
			}
			if (guild_py_kind(src, left) == PY_identifier &&
				!visit(d, src, guild_py_text(src, left), value, arg)) {
				return;
			}
		}
	}
}

static bool add_visited(struct detect *d, struct py_source *src, struct guild_str name,
	uint32_t value, void *arg)
{
	(void)arg;
	value = guild_py_unwrap(src, value);
	enum py_kind kind = guild_py_kind(src, value);
	if (!guild_str_starts(name, "_") && kind != PY_dictionary && kind != PY_call) {
		add_global(d, guild_arena_strndup(d->arena, name.p, name.n),
			guild_py_eval(d->py, value));
	}
	return true;
}

/* ---- one mapping: global:NAME, dict:NAME, namespace:NAME ---- */

struct wanted {
	const char *name;
	uint32_t value;
};

static bool find_visited(struct detect *d, struct py_source *src, struct guild_str name,
	uint32_t value, void *arg)
{
	(void)d;
	struct wanted *w = arg;
	value = guild_py_unwrap(src, value);
	enum py_kind kind = guild_py_kind(src, value);
	if (guild_str_eqz(name, w->name) && (kind == PY_dictionary || kind == PY_call)) {
		w->value = value;
		return false;
	}
	return true;
}

static void add_member(struct detect *d, struct py_source *src, const char *prefix,
	struct guild_str key, uint32_t value, unsigned depth);

static void add_members(struct detect *d, struct py_source *src, const char *prefix, uint32_t node,
	unsigned depth)
{
	bool is_call = guild_py_kind(src, node) == PY_call;
	uint32_t of = is_call ? guild_py_child(src, node, PYF_arguments) : node;
	for (uint32_t c = guild_py_first(src, of); c && depth < 50; c = guild_py_next(src, c)) {
		if (guild_py_kind(src, c) == PY_keyword_argument) {
			add_member(d, src, prefix,
				guild_py_text(src, guild_py_child(src, c, PYF_name)),
				guild_py_child(src, c, PYF_value), depth);
		} else if (guild_py_kind(src, c) == PY_pair) {
			struct pv *key = guild_py_eval(d->py, guild_py_child(src, c, PYF_key));
			if (guild_py_is_text(key)) {
				add_member(d, src, prefix, key->s,
					guild_py_child(src, c, PYF_value), depth);
			}
		}
	}
}

static void add_member(struct detect *d, struct py_source *src, const char *prefix,
	struct guild_str key, uint32_t value, unsigned depth)
{
	const char *name = guild_arena_format(d->arena, "%s%.*s", prefix, GUILD_STR_FMT(key));
	value = guild_py_unwrap(src, value);
	enum py_kind kind = guild_py_kind(src, value);
	if (kind == PY_dictionary || kind == PY_call) {
		add_members(d, src, guild_arena_format(d->arena, "%s.", name), value, depth + 1);
	} else if (name[0] != '_') {
		add_global(d, name, guild_py_eval(d->py, value));
	}
}

void guild_detect_globals(struct detect *d, struct py_source *src, const char *flags_dest)
{
	const char *colon = strchr(flags_dest, ':');
	if (!colon) {
		visit_assignments(d, src, add_visited, NULL);
		return;
	}
	struct wanted w = {.name = colon + 1};
	visit_assignments(d, src, find_visited, &w);
	if (w.value) {
		add_members(d, src, "", w.value, 0);
	} else if (!strchr(w.name, '.')) {
		guild_log(d->log, "warning",
			"no flags found for '%s': '%s' is assigned no literal mapping or SimpleNamespace in %s",
			flags_dest, w.name, guild_py_path(src));
	}
}

/* ---- configurators ---- */

static bool is_taken_over(const struct pv *v)
{
	return v->kind == PV_BOOL || v->kind == PV_INT || v->kind == PV_FLOAT || v->kind == PV_STR;
}

static void snapshot_globals(struct py *py)
{
	struct py_scope *globals = py->modules[0]->globals;
	struct pv *dict = guild_py_new(py, PV_DICT);
	for (size_t i = 0; i < guild_py_scope_count(globals); i++) {
		struct guild_str name;
		struct pv *v = guild_py_scope_at(globals, i, &name);
		if (v && !guild_str_starts(name, "_") && is_taken_over(v)) {
			guild_py_dict_set(py, dict, guild_py_str(py, name), v);
		}
	}
	if (dict->n > 0) {
		guild_py_event(py, PY_LIB_CONFIGURATOR, dict, NULL);
		py->has_stopped = true;
	}
}

static bool is_in_main(struct py *py)
{
	return py->frame->module == py->modules[0] && !py->frame->function;
}

void guild_py_maybe_inline_configurator(struct py *py, uint32_t loop)
{
	struct py_source *src = py->frame->src;
	if (!is_in_main(py) || py->uncertain > 0) {
		return;
	}
	struct guild_str over = guild_py_text(src, guild_py_child(src, loop, PYF_right));
	struct guild_str body = guild_py_text(src, guild_py_child(src, loop, PYF_body));
	bool reads_arguments = over.n > 0 && memmem(over.p, over.n, "sys.argv", 8);
	if (reads_arguments && body.n > 0 && memmem(body.p, body.n, "globals()[", 10)) {
		snapshot_globals(py);
	}
}

void guild_py_maybe_configurator(struct py *py, const struct py_call *call)
{
	if (!is_in_main(py) || py->uncertain > 0 || call->src != py->modules[0]->src) {
		return;
	}
	struct guild_str text = guild_py_text(call->src, call->node);
	const char *open = memmem(text.p, text.n, "open(", 5);
	const char *quote = open ? open + 5 : NULL;
	if (!quote || (*quote != '\'' && *quote != '"')) {
		return;
	}
	const char *end = memchr(quote + 1, *quote, text.n - (size_t)(quote + 1 - text.p));
	if (!end) {
		return;
	}
	const char *name = guild_arena_strndup(py->arena, quote + 1, (size_t)(end - quote) - 1);
	for (size_t i = 0; i < py->roots.n; i++) {
		char *path = guild_path_join(py->roots.v[i], name);
		struct guild_buf body = {0};
		bool reads_arguments =
			guild_is_file(path) &&
			guild_file_read(path, GUILD_PY_MAX_BYTES, &body, NULL) == 0 && body.n > 0 &&
			memmem(body.p, body.n, "sys.argv", 8) != NULL;
		guild_py_depend(py, guild_is_file(path) ? PY_DEP_FILE : PY_DEP_ABSENT, path);
		guild_buf_fini(&body);
		free(path);
		if (reads_arguments) {
			snapshot_globals(py);
			return;
		}
	}
}

static struct guild_value *python_booleans(struct guild_arena *a)
{
	struct guild_value *dict = guild_value_dict(a);
	dict->pairs = guild_arena_alloc(a, 2 * sizeof *dict->pairs);
	for (size_t i = 0; i < 2; i++) {
		dict->pairs[i].key = guild_value_bool(a, i == 0);
		dict->pairs[i].value = guild_value_string(a, i == 0 ? "True" : "False");
	}
	dict->n = dict->cap = 2;
	return dict;
}

void guild_detect_configurator(struct detect *d, const struct py_event *event)
{
	static const char *const types[] = {
		[PV_BOOL] = "boolean", [PV_INT] = "int", [PV_FLOAT] = "float", [PV_STR] = "string"};
	const struct pv *dict = event->target;
	for (size_t i = 0; i < dict->n; i++) {
		const struct pv *v = dict->items[i];
		const char *name =
			guild_arena_strndup(d->arena, dict->keys[i]->s.p, dict->keys[i]->s.n);
		struct guild_flag_def *f = guild_detect_flag(d, name);
		f->def = guild_py_to_value(d->arena, v);
		f->type = types[v->kind];
		if (v->kind == PV_BOOL) {
			f->arg_encoding = python_booleans(d->arena);
		}
	}
}
