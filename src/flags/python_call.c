/* Calls: arguments, functions and classes of the script. */

#include <stdlib.h>
#include <string.h>

#include "python_eval.h"

/* ---- arguments ---- */

void guild_py_call_add(struct py *py, struct py_call *call, struct pv *v)
{
	if (call->n_pos == call->cap_pos) {
		size_t cap = call->cap_pos ? call->cap_pos * 2 : 4;
		struct pv **pos = guild_arena_alloc(py->arena, cap * sizeof(struct pv *));
		if (call->n_pos > 0) {
			memcpy(pos, call->pos, call->n_pos * sizeof(struct pv *));
		}
		call->pos = pos;
		call->cap_pos = cap;
	}
	call->pos[call->n_pos++] = v;
}

void guild_py_call_add_kw(struct py *py, struct py_call *call, struct guild_str name, struct pv *v)
{
	if (call->n_kw == call->cap_kw) {
		size_t cap = call->cap_kw ? call->cap_kw * 2 : 4;
		struct py_keyword *kw = guild_arena_alloc(py->arena, cap * sizeof *kw);
		if (call->n_kw > 0) {
			memcpy(kw, call->kw, call->n_kw * sizeof *kw);
		}
		call->kw = kw;
		call->cap_kw = cap;
	}
	call->kw[call->n_kw++] = (struct py_keyword){name, v};
}

struct pv *guild_py_kw(const struct py_call *call, const char *name)
{
	for (size_t i = 0; i < call->n_kw; i++) {
		if (guild_str_eqz(call->kw[i].name, name)) {
			return call->kw[i].value;
		}
	}
	return NULL;
}

struct pv *guild_py_arg(const struct py_call *call, size_t i, const char *name)
{
	return i < call->n_pos ? call->pos[i] : guild_py_kw(call, name);
}

static void add_splat(struct py *py, struct py_call *call, struct pv *v)
{
	struct pv **items;
	size_t n;
	if (!guild_py_iterate(py, v, &items, &n)) {
		call->has_unknown = true;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		guild_py_call_add(py, call, items[i]);
	}
}

static void add_keywords(struct py *py, struct py_call *call, struct pv *v)
{
	if (v->kind != PV_DICT) {
		call->has_unknown = true;
		return;
	}
	for (size_t i = 0; i < v->n; i++) {
		if (guild_py_is_text(v->keys[i])) {
			guild_py_call_add_kw(py, call, v->keys[i]->s, v->items[i]);
		}
	}
}

static struct py_call *read_arguments(struct py *py, uint32_t node)
{
	struct py_source *src = py->frame->src;
	struct py_call *call = guild_arena_alloc(py->arena, sizeof *call);
	call->src = src;
	call->node = node;
	uint32_t arguments = guild_py_child(src, node, PYF_arguments);
	if (guild_py_kind(src, arguments) == PY_generator_expression) {
		guild_py_call_add(py, call, guild_py_eval(py, arguments));
		return call;
	}
	for (uint32_t c = guild_py_first(src, arguments); c; c = guild_py_next(src, c)) {
		switch (guild_py_kind(src, c)) {
		case PY_keyword_argument:
			guild_py_call_add_kw(py, call,
				guild_py_text(src, guild_py_child(src, c, PYF_name)),
				guild_py_eval(py, guild_py_child(src, c, PYF_value)));
			break;
		case PY_list_splat:
			add_splat(py, call, guild_py_eval(py, guild_py_first(src, c)));
			break;
		case PY_dictionary_splat:
			add_keywords(py, call, guild_py_eval(py, guild_py_first(src, c)));
			break;
		default:
			guild_py_call_add(py, call, guild_py_eval(py, c));
			break;
		}
	}
	return call;
}

/* ---- functions ---- */

struct binder { /* arguments being handed to parameters */
	const struct py_call *call;
	struct pv *self;
	size_t next;     /* positional argument to be taken */
	uint64_t taken;  /* keywords that were taken, the first 64 */
	bool after_star; /* only keywords from here on */
};

static struct pv *take_keyword(struct binder *b, struct guild_str name)
{
	for (size_t i = 0; i < b->call->n_kw; i++) {
		if (guild_str_eq(b->call->kw[i].name, name)) {
			b->taken |= i < 64 ? UINT64_C(1) << i : 0;
			return b->call->kw[i].value;
		}
	}
	return NULL;
}

static struct pv *take_argument(struct binder *b, struct guild_str name)
{
	if (!b->after_star) {
		if (b->self) {
			struct pv *self = b->self;
			b->self = NULL;
			return self;
		}
		if (b->next < b->call->n_pos) {
			return b->call->pos[b->next++];
		}
	}
	return take_keyword(b, name);
}

static struct pv *rest_of_positional(struct py *py, struct binder *b)
{
	struct pv *rest = guild_py_new(py, b->call->has_unknown ? PV_UNKNOWN : PV_TUPLE);
	if (b->self) {
		guild_py_append(py, rest, b->self);
		b->self = NULL;
	}
	while (b->next < b->call->n_pos) {
		guild_py_append(py, rest, b->call->pos[b->next++]);
	}
	return rest;
}

static struct pv *rest_of_keywords(struct py *py, struct binder *b)
{
	struct pv *rest = guild_py_new(py, b->call->has_unknown ? PV_UNKNOWN : PV_DICT);
	for (size_t i = 0; i < b->call->n_kw && rest->kind == PV_DICT; i++) {
		if (i >= 64 || !(b->taken & UINT64_C(1) << i)) {
			guild_py_dict_set(py, rest, guild_py_str(py, b->call->kw[i].name),
				b->call->kw[i].value);
		}
	}
	return rest;
}

/* Binds one parameter in the new scope; the frame is still the function's own, so that defaults see its names. */
static void bind_parameter(struct py *py, struct binder *b, struct py_scope *scope, uint32_t node)
{
	struct py_source *src = py->frame->src;
	enum py_kind kind = guild_py_kind(src, node);
	uint32_t name_node = node;
	uint32_t value_node = 0;
	if (kind == PY_typed_parameter) {
		name_node = guild_py_first(src, node);
		kind = guild_py_kind(src, name_node);
	}
	if (kind == PY_default_parameter || kind == PY_typed_default_parameter) {
		name_node = guild_py_child(src, node, PYF_name);
		value_node = guild_py_child(src, node, PYF_value);
	}
	if (kind == PY_list_splat_pattern) {
		struct guild_str name = guild_py_text(src, guild_py_first(src, name_node));
		guild_py_scope_set(py, scope, name, rest_of_positional(py, b));
		b->after_star = true;
		return;
	}
	if (kind == PY_dictionary_splat_pattern) {
		struct guild_str name = guild_py_text(src, guild_py_first(src, name_node));
		guild_py_scope_set(py, scope, name, rest_of_keywords(py, b));
		return;
	}
	if (kind == PY_keyword_separator) {
		b->after_star = true;
		return;
	}
	if (guild_py_kind(src, name_node) != PY_identifier) {
		return;
	}
	struct guild_str name = guild_py_text(src, name_node);
	struct pv *v = take_argument(b, name);
	if (!v) {
		v = b->call->has_unknown || !value_node ? py->unknown
							: guild_py_eval(py, value_node);
	}
	guild_py_scope_set(py, scope, name, v);
}

static bool contains_yield(struct py_source *src, uint32_t body)
{
	struct guild_str text = guild_py_text(src, body);
	return text.n > 5 && memmem(text.p, text.n, "yield", 5) != NULL;
}

struct pv *guild_py_run_function(struct py *py, struct pv *function, struct pv *self,
	struct pv *cls, struct py_call *call)
{
	if (function->activations >= PY_SAME_FUNCTION_LIMIT || py->depth > PY_DEPTH_LIMIT) {
		guild_py_escape(py, call);
		return py->unknown;
	}
	struct py_source *src = function->src;
	cls = cls ? cls : function->cls;
	struct py_frame frame = {
		.up = py->frame,
		.module = function->module,
		.src = src,
		.scope = function->scope,
		.function = function,
		.self_class = cls,
		.self = self || !cls || call->n_pos == 0 ? self : call->pos[0],
		.uncertain_at = py->uncertain,
	};
	struct binder binder = {.call = call, .self = self};
	struct py_scope *scope = guild_py_scope_new(py, function->scope);
	py->frame = &frame;
	function->activations++;
	uint32_t parameters = guild_py_child(src, function->node, PYF_parameters);
	for (uint32_t c = guild_py_first(src, parameters); c; c = guild_py_next(src, c)) {
		bind_parameter(py, &binder, scope, c);
	}
	frame.scope = scope;
	uint32_t body = guild_py_child(src, function->node, PYF_body);
	struct pv *result = NULL;
	if (guild_py_kind(src, function->node) == PY_lambda) {
		result = guild_py_eval(py, body);
	} else {
		enum py_flow flow = guild_py_exec_block(py, body);
		result = frame.result;
		if (result && result->kind != PV_NONE && flow == PY_NEXT) {
			/* Falls off the end, or an earlier return happened. */
			result = result->kind == PV_PARSER ? result : py->unknown;
		}
		if (contains_yield(src, body)) {
			result = py->unknown;
		}
	}
	function->activations--;
	py->frame = frame.up;
	return result ? result : py->none;
}

/* ---- classes ---- */

static bool is_enum_base(const struct pv *v)
{
	return v->kind == PV_SYMBOL &&
	       (guild_str_eqz(v->s, "enum.Enum") || guild_str_eqz(v->s, "enum.IntEnum") ||
		       guild_str_eqz(v->s, "enum.StrEnum") || guild_str_eqz(v->s, "enum.Flag") ||
		       guild_str_eqz(v->s, "enum.IntFlag"));
}

bool guild_py_is_subclass(const struct pv *cls, const char *dotted)
{
	if (!cls || cls->kind != PV_CLASS || cls->activations > PY_SAME_FUNCTION_LIMIT) {
		return guild_py_is_symbol(cls, dotted);
	}
	for (size_t i = 0; i < cls->n; i++) {
		struct pv *base =
			cls->items[i]->kind == PV_GENERIC ? cls->items[i]->target : cls->items[i];
		if (base != cls && guild_py_is_subclass(base, dotted)) {
			return true;
		}
	}
	return false;
}

bool guild_py_is_enum(const struct pv *cls)
{
	if (!cls || cls->kind != PV_CLASS) {
		return false;
	}
	for (size_t i = 0; i < cls->n; i++) {
		if (is_enum_base(cls->items[i]) ||
			(cls->items[i] != cls && guild_py_is_enum(cls->items[i]))) {
			return true;
		}
	}
	return false;
}

/* Assigned names of an enum class become its members. */
static void make_members(struct py *py, struct pv *cls)
{
	int64_t automatic = 0;
	bool is_text = guild_py_is_subclass(cls, "enum.StrEnum");
	size_t n = guild_py_scope_count(cls->attrs);
	for (size_t i = 0; i < n; i++) {
		struct guild_str name;
		struct pv *v = guild_py_scope_at(cls->attrs, i, &name);
		if (!v || v->kind == PV_FUNCTION || v->kind == PV_DECORATOR ||
			v->kind == PV_CLASS || guild_str_starts(name, "_")) {
			continue;
		}
		struct pv *member = guild_py_new(py, PV_ENUM);
		if (guild_py_is_symbol(v, "enum.auto()")) {
			v = guild_py_int(py, ++automatic);
			if (is_text) {
				char *lower = guild_strndup(name.p, name.n);
				for (char *p = lower; *p; p++) {
					*p = *p >= 'A' && *p <= 'Z' ? (char)(*p | 0x20) : *p;
				}
				v = guild_py_strz(py, lower);
				free(lower);
			}
		} else if (v->kind == PV_INT) {
			automatic = v->i;
		}
		member->target = v;
		member->s = name;
		member->cls = cls;
		guild_py_scope_set(py, cls->attrs, name, member);
	}
}

struct pv *guild_py_new_class(struct py *py, uint32_t node)
{
	struct py_source *src = py->frame->src;
	struct pv *cls = guild_py_new(py, PV_CLASS);
	cls->src = src;
	cls->node = node;
	cls->s = guild_py_text(src, guild_py_child(src, node, PYF_name));
	cls->module = py->frame->module;
	cls->attrs = guild_py_scope_new(py, py->frame->scope);
	uint32_t bases = guild_py_child(src, node, PYF_superclasses);
	for (uint32_t c = guild_py_first(src, bases); c; c = guild_py_next(src, c)) {
		if (guild_py_kind(src, c) != PY_keyword_argument) {
			struct pv *base = guild_py_eval(py, c);
			if (base->kind == PV_CLASS && base->decorator) {
				cls->decorator = base->decorator;
			}
			guild_py_append(py, cls, base);
		}
	}
	struct py_frame frame = *py->frame;
	frame.up = py->frame;
	frame.scope = cls->attrs;
	frame.is_class_body = true;
	frame.class_value = cls;
	py->frame = &frame;
	guild_py_exec_block(py, guild_py_child(src, node, PYF_body));
	py->frame = frame.up;
	if (guild_py_is_enum(cls)) {
		make_members(py, cls);
	}
	return cls;
}

static struct pv *find_member(struct py *py, struct pv *cls, struct pv *value)
{
	struct pv **items;
	size_t n;
	if (guild_py_iterate(py, cls, &items, &n)) {
		for (size_t i = 0; i < n; i++) {
			if (guild_py_equal(items[i]->target, value) == 1) {
				return items[i];
			}
		}
	}
	return py->unknown;
}

/* An instance whose class keeps data (a dataclass, a named tuple): the arguments and defaults by name. */
static void fill_fields(struct py *py, struct pv *object, struct pv *cls, struct py_call *call,
	size_t *next)
{
	for (size_t i = 0; i < cls->n; i++) {
		if (cls->items[i]->kind == PV_CLASS && cls->items[i] != cls) {
			fill_fields(py, object, cls->items[i], call, next);
		}
	}
	for (size_t i = 0; i < cls->n_fields; i++) {
		const struct py_class_field *field = &cls->fields[i];
		const char *name = guild_arena_strndup(py->arena, field->name.p, field->name.n);
		struct pv *v = guild_py_arg(call, (*next)++, name);
		v = v                                                 ? v
		    : field->value && guild_py_is_const(field->value) ? field->value
								      : py->unknown;
		guild_py_scope_set(py, object->attrs, field->name, v);
	}
}

static struct pv *instantiate(struct py *py, struct pv *cls, struct py_call *call)
{
	if (guild_py_is_enum(cls)) {
		return call->n_pos == 1 ? find_member(py, cls, call->pos[0]) : py->unknown;
	}
	struct pv *object = guild_py_lib_instance(py, cls, call);
	if (!object) {
		object = guild_py_new(py, PV_INSTANCE);
	}
	object->cls = cls;
	object->attrs = guild_py_scope_new(py, NULL);
	struct pv *from = NULL;
	struct pv *init = guild_py_class_attribute(cls, guild_str("__init__"), &from);
	if (init && init->kind == PV_FUNCTION) {
		guild_py_run_function(py, init, object, from, call);
	} else if (object->kind == PV_INSTANCE && cls->n_fields > 0) {
		size_t next = 0;
		fill_fields(py, object, cls, call, &next);
	} else if (object->kind == PV_PARSER) {
		struct pv *method = guild_py_method(py, object, guild_str("__init__"));
		guild_py_invoke(py, method, call);
	}
	return object;
}

/* ---- calling ---- */

struct pv *guild_py_escape(struct py *py, struct py_call *call)
{
	struct pv *parser = NULL;
	bool is_volatile = false;
	for (size_t i = 0; i < call->n_pos + call->n_kw; i++) {
		struct pv *v = i < call->n_pos ? call->pos[i] : call->kw[i - call->n_pos].value;
		if (v->kind == PV_PARSER || v->kind == PV_SUBPARSERS) {
			guild_py_lib_escaped(py, v);
			parser = parser ? parser : v->kind == PV_PARSER ? v : NULL;
		}
		if ((v->kind == PV_LIST || v->kind == PV_DICT) && call->n_pos + call->n_kw <= 2) {
			struct pv **items = v->items;
			for (size_t k = 0; k < v->n; k++) {
				if (items[k]->kind == PV_PARSER) {
					guild_py_lib_escaped(py, items[k]);
				}
			}
		}
		is_volatile |= v->is_volatile;
	}
	/* Functions that extend a parser mostly give it back. */
	return parser ? parser : is_volatile ? py->volatile_unknown : py->unknown;
}

static struct pv *call_partial(struct py *py, struct pv *partial, struct py_call *call)
{
	struct py_call *both = guild_arena_alloc(py->arena, sizeof *both);
	both->src = call->src;
	both->node = call->node;
	both->has_unknown = call->has_unknown || partial->call->has_unknown;
	for (size_t i = 0; i < partial->call->n_pos; i++) {
		guild_py_call_add(py, both, partial->call->pos[i]);
	}
	for (size_t i = 0; i < call->n_pos; i++) {
		guild_py_call_add(py, both, call->pos[i]);
	}
	for (size_t i = 0; i < call->n_kw; i++) {
		guild_py_call_add_kw(py, both, call->kw[i].name, call->kw[i].value);
	}
	for (size_t i = 0; i < partial->call->n_kw; i++) {
		const struct py_keyword *kw = &partial->call->kw[i];
		guild_py_call_add_kw(py, both, kw->name, kw->value);
	}
	return guild_py_invoke(py, partial->target, both);
}

static struct pv *call_instance(struct py *py, struct pv *object, struct py_call *call)
{
	struct pv *from = NULL;
	struct pv *method = guild_py_class_attribute(object->cls, guild_str("__call__"), &from);
	if (method && method->kind == PV_FUNCTION) {
		return guild_py_run_function(py, method, object, from, call);
	}
	return guild_py_escape(py, call);
}

struct pv *guild_py_invoke(struct py *py, struct pv *callee, struct py_call *call)
{
	if (py->depth > PY_DEPTH_LIMIT) {
		return py->unknown;
	}
	struct pv *v = NULL;
	py->depth++;
	switch (callee->kind) {
	case PV_FUNCTION:
		v = guild_py_run_function(py, callee, NULL, NULL, call);
		break;
	case PV_BOUND:
		v = guild_py_run_function(py, callee->target, callee->self, callee->cls, call);
		break;
	case PV_CLASS:
		v = instantiate(py, callee, call);
		break;
	case PV_INSTANCE:
		v = call_instance(py, callee, call);
		break;
	case PV_PARTIAL:
		v = call_partial(py, callee, call);
		break;
	case PV_SYMBOL:
		v = guild_py_lib_symbol(py, callee->s, call);
		v = v ? v : guild_py_call_symbol(py, callee->s, call);
		break;
	case PV_METHOD:
		v = guild_py_lib_method(py, callee->self, callee->s, call);
		v = v ? v : guild_py_call_method(py, callee->self, callee->s, call);
		break;
	case PV_OPTION:
	case PV_COMMAND:
	case PV_DECORATOR:
	case PV_PARSER:
	case PV_NAMESPACE:
		v = guild_py_lib_method(py, callee, guild_str("__call__"), call);
		break;
	default:
		if (callee->is_volatile) {
			guild_py_escape(py, call);
			v = py->volatile_unknown;
		}
		break;
	}
	py->depth--;
	return v ? v : guild_py_escape(py, call);
}

/* super() and super(C, self) */
static struct pv *eval_super(struct py *py, const struct py_call *call)
{
	struct pv *v = guild_py_new(py, PV_SUPER);
	v->cls = call->n_pos > 0 ? call->pos[0] : py->frame->self_class;
	v->self = call->n_pos > 1 ? call->pos[1] : py->frame->self;
	return v->cls && v->self && v->cls->kind == PV_CLASS ? v : py->unknown;
}

struct pv *guild_py_eval_call(struct py *py, uint32_t node)
{
	struct py_source *src = py->frame->src;
	struct pv *callee = guild_py_eval(py, guild_py_child(src, node, PYF_function));
	struct py_call *call = read_arguments(py, node);
	if (py->has_stopped) {
		return py->unknown;
	}
	if (guild_py_is_symbol(callee, "builtins.super")) {
		return eval_super(py, call);
	}
	return guild_py_invoke(py, callee, call);
}
