/* Names, attributes and assignment. */

#include <stdlib.h>
#include <string.h>

#include "python_eval.h"

static bool is_builtin_name(struct guild_str name)
{
	static const char *const names[] = {"Exception", "ImportError", "KeyError",
		"NotImplementedError", "RuntimeError", "TypeError", "ValueError", "__import__",
		"abs", "all", "any", "bool", "bytes", "callable", "classmethod", "complex", "dict",
		"dir", "enumerate", "eval", "exec", "exit", "filter", "float", "format",
		"frozenset", "getattr", "globals", "hasattr", "hash", "id", "input", "int",
		"isinstance", "issubclass", "iter", "len", "list", "locals", "map", "max", "min",
		"next", "object", "open", "ord", "pow", "print", "property", "quit", "range",
		"repr", "reversed", "round", "set", "setattr", "slice", "sorted", "staticmethod",
		"str", "sum", "super", "tuple", "type", "vars", "zip"};
	size_t low = 0;
	size_t high = GUILD_ARRAY_LEN(names);
	while (low < high) {
		size_t middle = (low + high) / 2;
		size_t n = strlen(names[middle]);
		int order = memcmp(name.p, names[middle], name.n < n ? name.n : n);
		if (order == 0 && name.n == n) {
			return true;
		}
		if (order < 0 || (order == 0 && name.n < n)) {
			high = middle;
		} else {
			low = middle + 1;
		}
	}
	return false;
}

struct pv *guild_py_lookup(struct py *py, struct guild_str name)
{
	struct py_frame *frame = py->frame;
	for (struct py_scope *s = frame->scope; s; s = guild_py_scope_up(s)) {
		struct pv *v = guild_py_scope_own(s, name);
		if (v) {
			return v->kind == PV_IMPORT ? guild_py_force(py, v) : v;
		}
	}
	for (size_t i = frame->module->n_stars; i-- > 0;) {
		struct pv *v = guild_py_module_get(py, frame->module->stars[i], name);
		if (v) {
			return v;
		}
	}
	if (name.n > 0 && is_builtin_name(name)) {
		return guild_py_symbol(py,
			guild_arena_format(py->arena, "builtins.%.*s", GUILD_STR_FMT(name)));
	}
	return py->unknown;
}

bool guild_py_same(const struct pv *a, const struct pv *b)
{
	return a == b || guild_py_equal(a, b) == 1;
}

void guild_py_assign_name(struct py *py, struct guild_str name, struct pv *v)
{
	struct py_frame *frame = py->frame;
	struct py_scope *scope = frame->scope;
	if (guild_py_scope_is_declared(scope, name)) {
		for (scope = guild_py_scope_up(scope);
			scope && guild_py_scope_up(scope) && !guild_py_scope_own(scope, name);) {
			scope = guild_py_scope_up(scope);
		}
		scope = scope ? scope : frame->module->globals;
	}
	if (py->uncertain > frame->uncertain_at) {
		/* Perhaps this statement never runs. */
		struct pv *old = guild_py_scope_own(scope, name);
		if (old && !guild_py_same(old, v)) {
			v = v->kind == PV_PARSER ? v : guild_py_unknown_from(py, old, v);
			if (v->kind == PV_PARSER) {
				guild_py_undecided(py, "the parser depends on a condition");
			}
		}
	}
	guild_py_scope_set(py, scope, name, v);
}

/* ---- attributes ---- */

struct pv *guild_py_class_attribute(struct pv *cls, struct guild_str name, struct pv **from)
{
	if (!cls || cls->kind != PV_CLASS || cls->activations > PY_SAME_FUNCTION_LIMIT) {
		return NULL;
	}
	struct pv *own = guild_py_scope_own(cls->attrs, name);
	if (own) {
		*from = cls;
		return own;
	}
	cls->activations++; /* a class that is its own base */
	struct pv *found = NULL;
	for (size_t i = 0; i < cls->n && !found; i++) {
		found = guild_py_class_attribute(cls->items[i], name, from);
	}
	cls->activations--;
	return found;
}

/* A function found in a class, as seen through an instance (or the class, when `self` is a class). */
static struct pv *bind(struct py *py, struct pv *found, struct pv *self, struct pv *from)
{
	bool is_class = self->kind == PV_CLASS;
	if (found->kind == PV_DECORATOR && found->target) {
		if (guild_str_eqz(found->s, "staticmethod")) {
			return found->target;
		}
		if (guild_str_eqz(found->s, "property")) {
			if (is_class) {
				return py->unknown;
			}
			struct py_call call = {.src = py->frame->src};
			return guild_py_run_function(py, found->target, self, from, &call);
		}
		if (!guild_str_eqz(found->s, "classmethod")) {
			return found;
		}
		found = found->target;
		self = is_class ? self : self->cls;
		is_class = false;
	}
	if (found->kind != PV_FUNCTION || is_class) {
		return found;
	}
	struct pv *bound = guild_py_new(py, PV_BOUND);
	bound->self = self;
	bound->target = found;
	bound->cls = from;
	return bound;
}

static struct pv *path_attribute(struct py *py, struct pv *path, struct guild_str name)
{
	char *text = guild_strndup(path->s.p, path->s.n);
	char *made = NULL;
	enum pv_kind kind = PV_STR;
	const char *base = guild_path_basename(text);
	const char *ext = guild_path_ext(base);
	if (guild_str_eqz(name, "parent")) {
		made = guild_path_dirname(text);
		kind = PV_PATH;
		if (!*made) {
			free(made);
			made = guild_strdup(".");
		}
	} else if (guild_str_eqz(name, "name")) {
		made = guild_strdup(base);
	} else if (guild_str_eqz(name, "suffix")) {
		made = guild_strdup(ext);
	} else if (guild_str_eqz(name, "stem")) {
		made = guild_strndup(base, strlen(base) - strlen(ext));
	}
	struct pv *v = NULL;
	if (made) {
		v = guild_py_strz(py, made);
		v->kind = kind;
	}
	free(made);
	free(text);
	return v ? v : guild_py_method(py, path, name);
}

static struct pv *class_value_attribute(struct py *py, struct pv *cls, struct guild_str name)
{
	struct pv *from = NULL;
	struct pv *found = guild_py_class_attribute(cls, name, &from);
	if (found) {
		return bind(py, found, cls, from);
	}
	if (guild_str_eqz(name, "__name__") || guild_str_eqz(name, "__qualname__")) {
		return guild_py_str(py, cls->s);
	}
	if (guild_str_eqz(name, "__members__")) {
		struct pv *dict = guild_py_new(py, PV_DICT);
		struct pv **items;
		size_t n;
		if (guild_py_iterate(py, cls, &items, &n)) {
			for (size_t i = 0; i < n; i++) {
				guild_py_dict_set(py, dict, guild_py_str(py, items[i]->s),
					items[i]);
			}
			return dict;
		}
	}
	if (guild_str_eqz(name, "__init__")) {
		return guild_py_method(py, cls, name);
	}
	return guild_py_method(py, cls, name);
}

static struct pv *super_attribute(struct py *py, struct pv *v, struct guild_str name)
{
	for (size_t i = 0; v->cls && i < v->cls->n; i++) {
		struct pv *from = NULL;
		struct pv *found = guild_py_class_attribute(v->cls->items[i], name, &from);
		if (found) {
			return bind(py, found, v->self, from);
		}
	}
	return v->self->kind == PV_PARSER ? guild_py_method(py, v->self, name) : py->unknown;
}

static struct pv *instance_attribute(struct py *py, struct pv *object, struct guild_str name)
{
	struct pv *own = guild_py_scope_own(object->attrs, name);
	if (own) {
		return own;
	}
	struct pv *from = NULL;
	struct pv *found = guild_py_class_attribute(object->cls, name, &from);
	if (found) {
		return bind(py, found, object, from);
	}
	if (guild_str_eqz(name, "__class__") && object->cls) {
		return object->cls;
	}
	return object->kind == PV_INSTANCE ? py->unknown : guild_py_method(py, object, name);
}

struct pv *guild_py_attribute(struct py *py, struct pv *object, struct guild_str name)
{
	switch (object->kind) {
	case PV_UNKNOWN:
		return object;
	case PV_MODULE: {
		struct pv *v = guild_py_module_get(py, object->module, name);
		return v ? v : py->unknown;
	}
	case PV_SYMBOL: {
		const char *dotted = guild_arena_format(py->arena, "%.*s.%.*s",
			GUILD_STR_FMT(object->s), GUILD_STR_FMT(name));
		struct pv *v = guild_py_symbol_value(py, guild_str(dotted));
		return v ? v : guild_py_symbol(py, dotted);
	}
	case PV_CLASS:
		return class_value_attribute(py, object, name);
	case PV_SUPER:
		return super_attribute(py, object, name);
	case PV_ENUM:
		if (guild_str_eqz(name, "value")) {
			return object->target;
		}
		if (guild_str_eqz(name, "name")) {
			return guild_py_str(py, object->s);
		}
		return instance_attribute(py, object, name);
	case PV_PATH:
		return path_attribute(py, object, name);
	case PV_FUNCTION:
		if (guild_str_eqz(name, "__name__")) {
			return guild_py_str(py, object->s);
		}
		return instance_attribute(py, object, name);
	case PV_INSTANCE:
	case PV_PARSER:
	case PV_SUBPARSERS:
	case PV_COMMAND:
		return instance_attribute(py, object, name);
	case PV_NAMESPACE: {
		struct pv *own = guild_py_scope_own(object->attrs, name);
		return own ? own : guild_py_namespace_get(py, object, name);
	}
	default: {
		struct pv *own = guild_py_scope_own(object->attrs, name);
		return own ? own : guild_py_method(py, object, name);
	}
	}
}

/* ---- assignment ---- */

static void assign_attribute(struct py *py, uint32_t target, struct pv *v)
{
	struct py_source *src = py->frame->src;
	struct pv *object = guild_py_eval(py, guild_py_child(src, target, PYF_object));
	struct guild_str name = guild_py_text(src, guild_py_child(src, target, PYF_attribute));
	switch (object->kind) {
	case PV_MODULE:
		guild_py_scope_set(py, object->module->globals, name, v);
		return;
	case PV_INSTANCE:
	case PV_CLASS:
	case PV_FUNCTION:
	case PV_PARSER:
	case PV_NAMESPACE:
	case PV_COMMAND:
		break;
	default:
		return;
	}
	if (!object->attrs) {
		object->attrs = guild_py_scope_new(py, NULL);
	}
	struct pv *old = guild_py_scope_own(object->attrs, name);
	if (py->uncertain > py->frame->uncertain_at && old && !guild_py_same(old, v)) {
		v = guild_py_unknown_from(py, old, v);
	}
	guild_py_scope_set(py, object->attrs, name, v);
}

static void assign_subscript(struct py *py, uint32_t target, struct pv *v)
{
	struct py_source *src = py->frame->src;
	struct pv *object = guild_py_eval(py, guild_py_child(src, target, PYF_value));
	struct pv *key = guild_py_eval(py, guild_py_child(src, target, PYF_subscript));
	bool is_certain = py->uncertain <= py->frame->uncertain_at;
	if (guild_py_is_symbol(object, "builtins.globals()")) {
		if (guild_py_is_text(key)) {
			guild_py_scope_set(py, py->frame->module->globals, key->s,
				is_certain ? v : py->unknown);
		}
		return;
	}
	if (object->kind == PV_DICT && guild_py_is_const(key)) {
		guild_py_dict_set(py, object, key, is_certain ? v : py->unknown);
	} else if (object->kind == PV_LIST && key->kind == PV_INT && key->i < (int64_t)object->n &&
		   key->i >= -(int64_t)object->n) {
		size_t at = (size_t)(key->i < 0 ? key->i + (int64_t)object->n : key->i);
		object->items[at] = is_certain ? v : py->unknown;
	} else if (object->kind == PV_DICT || object->kind == PV_LIST) {
		object->kind = PV_UNKNOWN;
	}
}

static void assign_pattern(struct py *py, uint32_t target, struct pv *v)
{
	struct py_source *src = py->frame->src;
	struct pv **items = NULL;
	size_t n = 0;
	size_t n_targets = 0;
	bool has_star = false;
	for (uint32_t c = guild_py_first(src, target); c; c = guild_py_next(src, c)) {
		n_targets++;
		has_star |= guild_py_kind(src, c) == PY_list_splat_pattern;
	}
	bool is_known = guild_py_iterate(py, v, &items, &n) &&
			(has_star ? n + 1 >= n_targets : n == n_targets);
	size_t i = 0;
	for (uint32_t c = guild_py_first(src, target); c; c = guild_py_next(src, c)) {
		if (guild_py_kind(src, c) == PY_list_splat_pattern) {
			struct pv *rest = is_known ? guild_py_new(py, PV_LIST) : py->unknown;
			for (size_t k = n + 1 - n_targets; is_known && k > 0; k--) {
				guild_py_append(py, rest, items[i++]);
			}
			guild_py_assign(py, guild_py_first(src, c), rest);
		} else {
			guild_py_assign(py, c,
				is_known ? items[i++] : guild_py_unknown_from(py, v, NULL));
		}
	}
}

void guild_py_assign(struct py *py, uint32_t target, struct pv *v)
{
	struct py_source *src = py->frame->src;
	if (py->depth > PY_DEPTH_LIMIT) {
		return;
	}
	py->depth++;
	switch (guild_py_kind(src, target)) {
	case PY_identifier:
		guild_py_assign_name(py, guild_py_text(src, target), v);
		break;
	case PY_attribute:
		assign_attribute(py, target, v);
		break;
	case PY_subscript:
		assign_subscript(py, target, v);
		break;
	case PY_pattern_list:
	case PY_tuple_pattern:
	case PY_list_pattern:
	case PY_tuple:
	case PY_list:
	case PY_expression_list:
		assign_pattern(py, target, v);
		break;
	case PY_as_pattern_target:
	case PY_parenthesized_expression:
		guild_py_assign(py, guild_py_first(src, target), v);
		break;
	default:
		break;
	}
	py->depth--;
}
