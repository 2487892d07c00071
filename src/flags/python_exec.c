/* Executing statements. */

#include <string.h>

#include "python_eval.h"

static enum py_flow exec_statement(struct py *py, uint32_t node);

/* Below, a flow that is not sure to happen is walked past: only what certainly ends a body ends it here. */
static enum py_flow settle(struct py *py, enum py_flow flow)
{
	return py->uncertain > py->frame->uncertain_at && flow != PY_STOP ? PY_NEXT : flow;
}

enum py_flow guild_py_exec_block(struct py *py, uint32_t block)
{
	struct py_source *src = py->frame->src;
	for (uint32_t c = guild_py_first(src, block); c; c = guild_py_next(src, c)) {
		enum py_flow flow = exec_statement(py, c);
		if (flow != PY_NEXT) {
			return flow;
		}
	}
	return PY_NEXT;
}

/* A body that may or may not run. */
static enum py_flow exec_uncertain(struct py *py, uint32_t block)
{
	py->uncertain++;
	enum py_flow flow = guild_py_exec_block(py, block);
	py->uncertain--;
	return flow == PY_STOP ? PY_STOP : PY_NEXT;
}

static enum py_flow exec_if(struct py *py, uint32_t node)
{
	struct py_source *src = py->frame->src;
	bool is_open = true; /* no branch was certainly taken yet */
	bool is_unsure = false;
	uint32_t part = node;
	uint32_t block = guild_py_child(src, node, PYF_consequence);
	uint32_t c = guild_py_first(src, node);
	while (is_open) {
		bool is_else = guild_py_kind(src, part) == PY_else_clause;
		int truth = is_else ? 1
				    : guild_py_truth(guild_py_eval(py,
					      guild_py_child(src, part, PYF_condition)));
		enum py_flow flow = PY_NEXT;
		if (truth == 1) {
			flow = is_unsure ? exec_uncertain(py, block)
					 : guild_py_exec_block(py, block);
			is_open = false;
		} else if (truth < 0) {
			flow = exec_uncertain(py, block);
			is_unsure = true;
		}
		if (flow != PY_NEXT) {
			return flow;
		}
		while (c && guild_py_node(src, c)->field != PYF_alternative) {
			c = guild_py_next(src, c);
		}
		if (!c) {
			break;
		}
		part = c;
		c = guild_py_next(src, c);
		block = guild_py_child(src, part,
			guild_py_kind(src, part) == PY_else_clause ? PYF_body : PYF_consequence);
	}
	return PY_NEXT;
}

static enum py_flow exec_for(struct py *py, uint32_t node)
{
	struct py_source *src = py->frame->src;
	uint32_t left = guild_py_child(src, node, PYF_left);
	uint32_t body = guild_py_child(src, node, PYF_body);
	guild_py_maybe_inline_configurator(py, node);
	struct pv *over = guild_py_eval(py, guild_py_child(src, node, PYF_right));
	struct pv **items;
	size_t n;
	if (!guild_py_iterate(py, over, &items, &n) || n > PY_LOOP_LIMIT) {
		py->uncertain++;
		guild_py_assign(py, left, guild_py_unknown_from(py, over, NULL));
		py->uncertain--;
		return exec_uncertain(py, body);
	}
	/* A body that grows its list must not run for ever. */
	struct pv *copy = guild_py_new(py, PV_LIST);
	for (size_t i = 0; i < n; i++) {
		guild_py_append(py, copy, items[i]);
	}
	for (size_t i = 0; i < copy->n && !py->gave_up; i++) {
		guild_py_assign(py, left, copy->items[i]);
		enum py_flow flow = guild_py_exec_block(py, body);
		if (flow == PY_BREAK) {
			return PY_NEXT;
		}
		if (flow != PY_NEXT && flow != PY_CONTINUE) {
			return flow;
		}
	}
	uint32_t other = guild_py_child(src, node, PYF_alternative);
	return other ? guild_py_exec_block(py, guild_py_child(src, other, PYF_body)) : PY_NEXT;
}

static enum py_flow exec_while(struct py *py, uint32_t node)
{
	struct py_source *src = py->frame->src;
	int truth = guild_py_truth(guild_py_eval(py, guild_py_child(src, node, PYF_condition)));
	if (truth == 0) {
		return PY_NEXT;
	}
	return exec_uncertain(py, guild_py_child(src, node, PYF_body));
}

/* Names a handler may leave with another value are not known afterwards, but for imports: whichever library is
 * there plays the same part. */
static void forget_handler_names(struct py *py, uint32_t block)
{
	struct py_source *src = py->frame->src;
	for (uint32_t c = guild_py_first(src, block); c; c = guild_py_next(src, c)) {
		uint32_t e = guild_py_first(src, c);
		if (guild_py_kind(src, c) != PY_expression_statement ||
			guild_py_kind(src, e) != PY_assignment) {
			continue;
		}
		uint32_t left = guild_py_child(src, e, PYF_left);
		if (guild_py_kind(src, left) != PY_identifier) {
			continue;
		}
		struct guild_str name = guild_py_text(src, left);
		struct pv *old = guild_py_scope_own(py->frame->scope, name);
		if (old && guild_py_is_const(old)) {
			struct pv *other = guild_py_eval(py, guild_py_child(src, e, PYF_right));
			if (!guild_py_same(old, other)) {
				guild_py_scope_set(py, py->frame->scope, name, py->unknown);
			}
		} else if (!old) {
			py->uncertain++;
			guild_py_assign_name(py, name,
				guild_py_eval(py, guild_py_child(src, e, PYF_right)));
			py->uncertain--;
		}
	}
}

static enum py_flow exec_try(struct py *py, uint32_t node)
{
	struct py_source *src = py->frame->src;
	enum py_flow flow = guild_py_exec_block(py, guild_py_child(src, node, PYF_body));
	bool has_raised = flow == PY_RAISE;
	for (uint32_t c = guild_py_first(src, node); c; c = guild_py_next(src, c)) {
		enum py_kind kind = guild_py_kind(src, c);
		if (kind == PY_except_clause || kind == PY_except_group_clause) {
			uint32_t block = guild_py_first(src, c);
			while (block && guild_py_kind(src, block) != PY_block) {
				block = guild_py_next(src, block);
			}
			if (has_raised) {
				enum py_flow handled = exec_uncertain(py, block);
				flow = handled == PY_STOP ? handled : PY_NEXT;
			} else if (flow != PY_STOP) {
				forget_handler_names(py, block);
			}
		} else if (kind == PY_else_clause && flow == PY_NEXT && !has_raised) {
			flow = guild_py_exec_block(py, guild_py_child(src, c, PYF_body));
		} else if (kind == PY_finally_clause && flow != PY_STOP) {
			enum py_flow last = guild_py_exec_block(py, guild_py_first(src, c));
			flow = last == PY_NEXT ? flow : last;
		}
	}
	return flow;
}

static enum py_flow exec_with(struct py *py, uint32_t node)
{
	struct py_source *src = py->frame->src;
	for (uint32_t clause = guild_py_first(src, node); clause;
		clause = guild_py_next(src, clause)) {
		if (guild_py_kind(src, clause) != PY_with_clause) {
			continue;
		}
		for (uint32_t item = guild_py_first(src, clause); item;
			item = guild_py_next(src, item)) {
			uint32_t value = guild_py_child(src, item, PYF_value);
			if (guild_py_kind(src, value) == PY_as_pattern) {
				struct pv *v = guild_py_eval(py, guild_py_first(src, value));
				guild_py_assign(py, guild_py_child(src, value, PYF_alias),
					v->kind == PV_INSTANCE ? v : py->unknown);
			} else {
				guild_py_eval(py, value);
			}
		}
	}
	return guild_py_exec_block(py, guild_py_child(src, node, PYF_body));
}

static enum py_flow exec_match(struct py *py, uint32_t node)
{
	struct py_source *src = py->frame->src;
	guild_py_eval(py, guild_py_child(src, node, PYF_subject));
	uint32_t body = guild_py_child(src, node, PYF_body);
	for (uint32_t c = guild_py_first(src, body); c; c = guild_py_next(src, c)) {
		if (guild_py_kind(src, c) == PY_case_clause) {
			enum py_flow flow =
				exec_uncertain(py, guild_py_child(src, c, PYF_consequence));
			if (flow != PY_NEXT) {
				return flow;
			}
		}
	}
	return PY_NEXT;
}

/* ---- imports ---- */

/* Name of an import item and what it is bound to; without `as` the alias is empty. */
static struct guild_str import_name(struct py_source *src, uint32_t item, struct guild_str *alias)
{
	*alias = guild_str("");
	if (guild_py_kind(src, item) == PY_aliased_import) {
		*alias = guild_py_text(src, guild_py_child(src, item, PYF_alias));
		return guild_py_text(src, guild_py_child(src, item, PYF_name));
	}
	return guild_py_text(src, item);
}

static void exec_import(struct py *py, uint32_t node)
{
	struct py_source *src = py->frame->src;
	for (uint32_t c = guild_py_first(src, node); c; c = guild_py_next(src, c)) {
		struct guild_str alias;
		struct guild_str name = import_name(src, c, &alias);
		if (alias.n > 0) {
			guild_py_assign_name(py, alias, guild_py_import(py, name, true));
			continue;
		}
		const char *dot = name.n > 0 ? memchr(name.p, '.', name.n) : NULL;
		struct guild_str first = dot ? guild_str_n(name.p, (size_t)(dot - name.p)) : name;
		guild_py_assign_name(py, first, guild_py_import(py, name, false));
	}
}

static void exec_import_from(struct py *py, uint32_t node)
{
	struct py_source *src = py->frame->src;
	uint32_t from = guild_py_child(src, node, PYF_module_name);
	struct guild_str module = guild_py_text(src, from);
	size_t dots = 0;
	if (guild_py_kind(src, from) == PY_relative_import) {
		module = guild_str("");
		for (uint32_t c = guild_py_first(src, from); c; c = guild_py_next(src, c)) {
			struct guild_str text = guild_py_text(src, c);
			if (guild_py_kind(src, c) == PY_import_prefix) {
				for (size_t i = 0; i < text.n; i++) {
					dots += text.p[i] == '.';
				}
			} else {
				module = text;
			}
		}
	}
	for (uint32_t c = guild_py_first(src, node); c; c = guild_py_next(src, c)) {
		if (guild_py_kind(src, c) == PY_wildcard_import) {
			guild_py_import_star(py, module, dots);
		} else if (guild_py_node(src, c)->field == PYF_name) {
			struct guild_str alias;
			struct guild_str name = import_name(src, c, &alias);
			struct pv *v = guild_py_import_from(py, module, dots, name);
			struct guild_str bound = alias.n > 0 ? alias : name;
			/* `try: from a import x / except: from b import x`: both stand for one thing. */
			struct pv *old = guild_py_scope_own(py->frame->scope, bound);
			if (!old || py->uncertain <= py->frame->uncertain_at) {
				guild_py_assign_name(py, bound, v);
			}
		}
	}
}

/* ---- definitions ---- */

static struct pv *make_function(struct py *py, uint32_t node)
{
	struct py_source *src = py->frame->src;
	struct pv *f = guild_py_new(py, PV_FUNCTION);
	f->src = src;
	f->node = node;
	f->scope = py->frame->scope;
	if (py->frame->is_class_body) {
		f->scope = guild_py_scope_up(f->scope);
		f->cls = py->frame->class_value;
	}
	f->module = py->frame->module;
	f->s = guild_py_text(src, guild_py_child(src, node, PYF_name));
	f->is_async = guild_str_starts(guild_py_text(src, node), "async");
	return f;
}

static struct pv *decorate(struct py *py, struct pv *v, struct pv *decorator)
{
	if (decorator->kind == PV_UNKNOWN) {
		return v; /* most decorators leave a function to be called as it was */
	}
	struct py_call *call = guild_arena_alloc(py->arena, sizeof *call);
	call->src = py->frame->src;
	guild_py_call_add(py, call, v);
	struct pv *out = guild_py_invoke(py, decorator, call);
	return out->kind == PV_UNKNOWN ? v : out;
}

static void exec_definition(struct py *py, uint32_t node, uint32_t decorated)
{
	struct py_source *src = py->frame->src;
	bool is_class = guild_py_kind(src, node) == PY_class_definition;
	struct pv *decorators = guild_py_new(py, PV_LIST);
	for (uint32_t c = guild_py_first(src, decorated); c; c = guild_py_next(src, c)) {
		if (guild_py_kind(src, c) == PY_decorator) {
			guild_py_append(py, decorators, guild_py_eval(py, guild_py_first(src, c)));
		}
	}
	struct pv *v = is_class ? guild_py_new_class(py, node) : make_function(py, node);
	for (size_t i = decorators->n; i-- > 0;) {
		v = decorate(py, v, decorators->items[i]);
	}
	guild_py_assign_name(py, guild_py_text(src, guild_py_child(src, node, PYF_name)), v);
}

/* ---- simple statements ---- */

static void note_field(struct py *py, uint32_t node, struct pv *value)
{
	struct py_source *src = py->frame->src;
	struct pv *cls = py->frame->class_value;
	uint32_t left = guild_py_child(src, node, PYF_left);
	if (guild_py_kind(src, left) != PY_identifier) {
		return;
	}
	struct guild_str name = guild_py_text(src, left);
	struct py_class_field field = {
		.name = name,
		.annotation = guild_py_child(src, node, PYF_type),
		.statement = node,
		.value = value,
	};
	if (cls->n_fields == cls->cap_fields) {
		size_t cap = cls->cap_fields ? cls->cap_fields * 2 : 16;
		struct py_class_field *fields = guild_arena_alloc(py->arena, cap * sizeof *fields);
		if (cls->n_fields > 0) {
			memcpy(fields, cls->fields, cls->n_fields * sizeof *fields);
		}
		cls->fields = fields;
		cls->cap_fields = cap;
	}
	cls->fields[cls->n_fields++] = field;
}

static void exec_assignment(struct py *py, uint32_t node)
{
	struct py_source *src = py->frame->src;
	uint32_t right = guild_py_child(src, node, PYF_right);
	bool is_annotated = guild_py_child(src, node, PYF_type) != 0;
	struct pv *v = NULL;
	if (right) {
		/* a = b = c: the tree nests to the right. */
		if (guild_py_kind(src, right) == PY_assignment) {
			exec_assignment(py, right);
			while (guild_py_kind(src, right) == PY_assignment) {
				right = guild_py_child(src, right, PYF_right);
			}
		}
		v = guild_py_eval(py, right);
		guild_py_assign(py, guild_py_child(src, node, PYF_left), v);
	}
	if (is_annotated && py->frame->is_class_body) {
		note_field(py, node, v);
	}
}

static void exec_augmented(struct py *py, uint32_t node)
{
	struct py_source *src = py->frame->src;
	uint32_t left = guild_py_child(src, node, PYF_left);
	struct pv *old = guild_py_eval(py, left);
	struct pv *more = guild_py_eval(py, guild_py_child(src, node, PYF_right));
	struct guild_str op = guild_py_text(src, guild_py_child(src, node, PYF_operator));
	op.n = op.n > 0 ? op.n - 1 : 0;
	struct pv *v = op.n > 0 ? guild_py_binary(py, op, old, more) : py->unknown;
	if (old->kind == PV_LIST && guild_str_eqz(op, "+")) {
		/* In place: other names of the list see it too. */
		bool is_certain = py->uncertain <= py->frame->uncertain_at;
		if (v->kind == PV_LIST && is_certain) {
			old->items = v->items;
			old->n = v->n;
			old->cap = v->cap;
		} else {
			old->kind = PV_UNKNOWN;
		}
		return;
	}
	guild_py_assign(py, left, v);
}

static enum py_flow exec_expression(struct py *py, uint32_t node)
{
	struct py_source *src = py->frame->src;
	enum py_kind kind = guild_py_kind(src, node);
	if (kind == PY_assignment) {
		exec_assignment(py, node);
		return PY_NEXT;
	}
	if (kind == PY_augmented_assignment) {
		exec_augmented(py, node);
		return PY_NEXT;
	}
	if (kind != PY_string) { /* documentation */
		guild_py_eval(py, node);
	}
	return PY_NEXT;
}

static void declare_names(struct py *py, uint32_t node)
{
	struct py_source *src = py->frame->src;
	if (!guild_py_scope_up(py->frame->scope)) {
		return;
	}
	for (uint32_t c = guild_py_first(src, node); c; c = guild_py_next(src, c)) {
		guild_py_scope_declare(py, py->frame->scope, guild_py_text(src, c));
	}
}

static enum py_flow exec_return(struct py *py, uint32_t node)
{
	struct py_source *src = py->frame->src;
	uint32_t value = guild_py_first(src, node);
	struct pv *v = value ? guild_py_eval(py, value) : py->none;
	struct pv *old = py->frame->result;
	bool is_certain = py->uncertain <= py->frame->uncertain_at;
	/* An early return that may not happen gives way to what certainly comes later, unless they differ. */
	if (old && !guild_py_same(old, v)) {
		v = v->kind == PV_UNKNOWN || old->kind == PV_NONE ? v
		    : v->kind == PV_NONE                          ? old
					 : guild_py_unknown_from(py, old, v);
	}
	py->frame->result = v;
	return is_certain ? PY_RETURN : PY_NEXT;
}

static enum py_flow exec_one(struct py *py, uint32_t node)
{
	struct py_source *src = py->frame->src;
	switch (guild_py_kind(src, node)) {
	case PY_expression_statement: {
		uint32_t first = guild_py_first(src, node);
		if (guild_py_next(src, first)) { /* a, b without brackets */
			for (; first; first = guild_py_next(src, first)) {
				guild_py_eval(py, first);
			}
			return PY_NEXT;
		}
		return exec_expression(py, first);
	}
	case PY_if_statement:
		return exec_if(py, node);
	case PY_for_statement:
		return exec_for(py, node);
	case PY_while_statement:
		return exec_while(py, node);
	case PY_try_statement:
		return exec_try(py, node);
	case PY_with_statement:
		return exec_with(py, node);
	case PY_match_statement:
		return exec_match(py, node);
	case PY_import_statement:
		exec_import(py, node);
		return PY_NEXT;
	case PY_import_from_statement:
		exec_import_from(py, node);
		return PY_NEXT;
	case PY_function_definition:
	case PY_class_definition:
		exec_definition(py, node, 0);
		return PY_NEXT;
	case PY_decorated_definition:
		exec_definition(py, guild_py_child(src, node, PYF_definition), node);
		return PY_NEXT;
	case PY_global_statement:
	case PY_nonlocal_statement:
		declare_names(py, node);
		return PY_NEXT;
	case PY_return_statement:
		return exec_return(py, node);
	case PY_break_statement:
		return settle(py, PY_BREAK);
	case PY_continue_statement:
		return settle(py, PY_CONTINUE);
	case PY_raise_statement:
		return settle(py, PY_RAISE);
	default:
		return PY_NEXT;
	}
}

static enum py_flow exec_statement(struct py *py, uint32_t node)
{
	if (py->depth > PY_DEPTH_LIMIT) {
		return PY_NEXT;
	}
	if (++py->steps > PY_STEP_LIMIT) {
		py->gave_up = true;
		return PY_STOP;
	}
	py->depth++;
	enum py_flow flow = exec_one(py, node);
	py->depth--;
	return py->has_stopped ? PY_STOP : flow;
}

void guild_py_run_module(struct py *py, struct py_module *m)
{
	struct py_frame frame = {
		.up = py->frame,
		.module = m,
		.src = m->src,
		.scope = m->globals,
		.uncertain_at = py->uncertain,
	};
	py->frame = &frame;
	guild_py_exec_block(py, PY_ROOT);
	py->frame = frame.up;
}
