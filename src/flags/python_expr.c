/* Evaluating expressions. */

#include <string.h>

#include "python_eval.h"

struct pv *guild_py_unknown_from(struct py *py, const struct pv *a, const struct pv *b)
{
	bool is_volatile = (a && a->is_volatile) || (b && b->is_volatile);
	return is_volatile ? py->volatile_unknown : py->unknown;
}

/* ---- literals ---- */

static struct pv *eval_integer(struct py *py, struct guild_str text)
{
	char digits[512];
	size_t n = 0;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '_') {
			continue;
		}
		if (n + 1 >= sizeof digits) {
			return py->unknown;
		}
		digits[n++] = text.p[i];
	}
	if (n > 0 && (digits[n - 1] | 0x20) == 'j') {
		return py->unknown;
	}
	unsigned base = 10;
	size_t at = 0;
	if (n > 2 && digits[0] == '0') {
		char c = (char)(digits[1] | 0x20);
		base = c == 'x' ? 16 : c == 'o' ? 8 : c == 'b' ? 2 : 10;
		at = base != 10 ? 2 : 0;
	}
	int64_t value = 0;
	for (size_t i = at; i < n; i++) {
		int c = digits[i] | 0x20;
		int digit = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
						   : 99;
		if (digit >= (int)base) {
			return py->unknown;
		}
		if (__builtin_mul_overflow(value, (int64_t)base, &value) ||
			__builtin_add_overflow(value, digit, &value)) {
			if (base != 10) {
				return py->unknown;
			}
			struct pv *big = guild_py_str(py, guild_str_n(digits, n));
			big->kind = PV_INT;
			return big;
		}
	}
	return guild_py_int(py, value);
}

static struct pv *eval_float(struct py *py, struct guild_str text)
{
	char digits[512];
	size_t n = 0;
	for (size_t i = 0; i < text.n && n < sizeof digits; i++) {
		if (text.p[i] != '_') {
			digits[n++] = text.p[i];
		}
	}
	double f;
	return guild_parse_f64(digits, n, &f) ? guild_py_float(py, f) : py->unknown;
}

static bool put_interpolation(struct py *py, uint32_t node, struct guild_buf *out,
	struct pv **culprit)
{
	struct py_source *src = py->frame->src;
	struct pv *v = guild_py_eval(py, guild_py_child(src, node, PYF_expression));
	*culprit = v;
	uint32_t spec_node = guild_py_child(src, node, PYF_format_specifier);
	if (spec_node && guild_py_first(src, spec_node)) {
		return false; /* a computed specification */
	}
	struct guild_str spec = spec_node ? guild_py_text(src, spec_node) : guild_str("");
	if (spec.n > 0) { /* its colon */
		spec.p++;
		spec.n--;
	}
	struct guild_str text = guild_py_text(src, node);
	if (spec.n == 0 && text.n > 2 &&
		guild_str_ends(guild_str_trim(guild_str_n(text.p, text.n - 1)), "=")) {
		return false; /* f"{x=}" */
	}
	uint32_t conversion = guild_py_child(src, node, PYF_type_conversion);
	struct guild_str letter = guild_py_text(src, conversion);
	return guild_py_format_value(py, v, spec, letter.n > 1 ? letter.p[1] : '\0', out);
}

/* Appends the value of a string node, f-strings included. */
static bool put_string(struct py *py, uint32_t node, struct guild_buf *out, bool *is_bytes,
	struct pv **culprit)
{
	struct py_source *src = py->frame->src;
	if (!guild_py_is_fstring(src, node)) {
		return guild_py_string_value(src, node, out, is_bytes);
	}
	bool raw = guild_py_string_is_raw(src, node);
	for (uint32_t c = guild_py_first(src, node); c; c = guild_py_next(src, c)) {
		enum py_kind kind = guild_py_kind(src, c);
		if (kind == PY_interpolation) {
			if (!put_interpolation(py, c, out, culprit)) {
				return false;
			}
		} else if (kind == PY_string_content) {
			size_t before = out->n;
			if (!guild_py_content_value(src, c, raw, false, out)) {
				return false;
			}
			/* "{{" and "}}" stand for one brace each. */
			size_t to = before;
			for (size_t i = before; i < out->n; i++) {
				out->p[to++] = out->p[i];
				if ((out->p[i] == '{' || out->p[i] == '}') && i + 1 < out->n &&
					out->p[i + 1] == out->p[i]) {
					i++;
				}
			}
			out->n = to;
			if (out->p) {
				out->p[to] = '\0';
			}
		}
	}
	return true;
}

static struct pv *eval_string(struct py *py, uint32_t node, bool is_concatenated)
{
	struct py_source *src = py->frame->src;
	struct guild_buf buf = {0};
	bool is_bytes = false;
	struct pv *culprit = NULL;
	bool ok = true;
	if (is_concatenated) {
		for (uint32_t c = guild_py_first(src, node); c && ok; c = guild_py_next(src, c)) {
			ok = guild_py_kind(src, c) != PY_string ||
			     put_string(py, c, &buf, &is_bytes, &culprit);
		}
	} else {
		ok = put_string(py, node, &buf, &is_bytes, &culprit);
	}
	struct pv *v = guild_py_unknown_from(py, culprit, NULL);
	if (ok) {
		v = guild_py_str(py, guild_buf_str(&buf));
		v->kind = is_bytes ? PV_BYTES : PV_STR;
	}
	guild_buf_fini(&buf);
	return v;
}

static void append_splat(struct py *py, struct pv *list, struct pv *from)
{
	struct pv **items;
	size_t n;
	if (guild_py_iterate(py, from, &items, &n)) {
		for (size_t i = 0; i < n; i++) {
			guild_py_append(py, list, items[i]);
		}
	} else {
		list->kind = PV_UNKNOWN;
	}
}

static struct pv *eval_items(struct py *py, uint32_t node, enum pv_kind kind)
{
	struct py_source *src = py->frame->src;
	struct pv *list = guild_py_new(py, kind);
	for (uint32_t c = guild_py_first(src, node); c; c = guild_py_next(src, c)) {
		if (guild_py_kind(src, c) == PY_list_splat) {
			append_splat(py, list, guild_py_eval(py, guild_py_first(src, c)));
		} else {
			guild_py_append(py, list, guild_py_eval(py, c));
		}
	}
	return list;
}

static struct pv *eval_dictionary(struct py *py, uint32_t node)
{
	struct py_source *src = py->frame->src;
	struct pv *dict = guild_py_new(py, PV_DICT);
	for (uint32_t c = guild_py_first(src, node); c; c = guild_py_next(src, c)) {
		if (guild_py_kind(src, c) == PY_pair) {
			struct pv *key = guild_py_eval(py, guild_py_child(src, c, PYF_key));
			guild_py_dict_set(py, dict, key,
				guild_py_eval(py, guild_py_child(src, c, PYF_value)));
			continue;
		}
		struct pv *more = guild_py_eval(py, guild_py_first(src, c));
		if (more->kind != PV_DICT) {
			return guild_py_unknown_from(py, more, NULL);
		}
		for (size_t i = 0; i < more->n; i++) {
			guild_py_dict_set(py, dict, more->keys[i], more->items[i]);
		}
	}
	return dict;
}

/* ---- comprehensions ---- */

static bool comprehend(struct py *py, uint32_t node, uint32_t clause, struct pv *into)
{
	struct py_source *src = py->frame->src;
	while (clause && guild_py_kind(src, clause) != PY_for_in_clause &&
		guild_py_kind(src, clause) != PY_if_clause) {
		clause = guild_py_next(src, clause);
	}
	if (!clause) {
		uint32_t body = guild_py_child(src, node, PYF_body);
		if (into->kind == PV_DICT) {
			struct pv *key = guild_py_eval(py, guild_py_child(src, body, PYF_key));
			guild_py_dict_set(py, into, key,
				guild_py_eval(py, guild_py_child(src, body, PYF_value)));
		} else {
			guild_py_append(py, into, guild_py_eval(py, body));
		}
		return !py->gave_up;
	}
	uint32_t rest = guild_py_next(src, clause);
	if (guild_py_kind(src, clause) == PY_if_clause) {
		int truth = guild_py_truth(guild_py_eval(py, guild_py_first(src, clause)));
		return truth < 0 ? false : truth == 0 || comprehend(py, node, rest, into);
	}
	struct pv **items;
	size_t n;
	struct pv *over = guild_py_eval(py, guild_py_child(src, clause, PYF_right));
	if (!guild_py_iterate(py, over, &items, &n) || n > PY_LOOP_LIMIT) {
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		guild_py_assign(py, guild_py_child(src, clause, PYF_left), items[i]);
		if (!comprehend(py, node, rest, into)) {
			return false;
		}
	}
	return true;
}

static struct pv *eval_comprehension(struct py *py, uint32_t node, enum pv_kind kind)
{
	struct py_source *src = py->frame->src;
	struct py_scope *outer = py->frame->scope;
	unsigned uncertain = py->frame->uncertain_at;
	py->frame->scope = guild_py_scope_new(py, outer);
	py->frame->uncertain_at = py->uncertain;
	struct pv *into = guild_py_new(py, kind);
	bool ok = comprehend(py, node, guild_py_first(src, node), into);
	py->frame->scope = outer;
	py->frame->uncertain_at = uncertain;
	return ok ? into : py->unknown;
}

/* ---- operators ---- */

static struct pv *eval_boolean(struct py *py, uint32_t node)
{
	struct py_source *src = py->frame->src;
	bool is_and =
		guild_str_eqz(guild_py_text(src, guild_py_child(src, node, PYF_operator)), "and");
	struct pv *left = guild_py_eval(py, guild_py_child(src, node, PYF_left));
	int truth = guild_py_truth(left);
	if (truth >= 0) {
		return truth == (is_and ? 1 : 0)
			       ? guild_py_eval(py, guild_py_child(src, node, PYF_right))
			       : left;
	}
	py->uncertain++;
	struct pv *right = guild_py_eval(py, guild_py_child(src, node, PYF_right));
	py->uncertain--;
	if (is_and && guild_py_truth(right) == 0) {
		return py
			->no; /* false whatever the left says: right where only the truth is asked */
	}
	return guild_py_unknown_from(py, left, right);
}

static struct pv *eval_comparison(struct py *py, uint32_t node)
{
	struct py_source *src = py->frame->src;
	struct pv *left = NULL;
	struct guild_str op = guild_str("");
	struct pv *result = py->yes;
	for (uint32_t c = guild_py_first(src, node); c; c = guild_py_next(src, c)) {
		if (guild_py_kind(src, c) == PY_token) {
			op = guild_py_text(src, c);
			continue;
		}
		struct pv *right = guild_py_eval(py, c);
		if (left) {
			result = guild_py_compare(py, op, left, right);
			if (guild_py_truth(result) != 1) {
				return result;
			}
		}
		left = right;
	}
	return result;
}

static struct pv *eval_unary(struct py *py, uint32_t node)
{
	struct py_source *src = py->frame->src;
	struct guild_str op = guild_py_text(src, guild_py_child(src, node, PYF_operator));
	struct pv *v = guild_py_eval(py, guild_py_child(src, node, PYF_argument));
	if (!guild_py_is_number(v)) {
		return guild_py_unknown_from(py, v, NULL);
	}
	if (op.p[0] == '~') {
		return v->kind == PV_FLOAT || v->s.n > 0
			       ? py->unknown
			       : guild_py_int(py, ~(v->kind == PV_BOOL ? v->b : v->i));
	}
	bool minus = op.p[0] == '-';
	if (v->kind == PV_FLOAT) {
		return minus ? guild_py_float(py, -v->f) : v;
	}
	if (v->s.n > 0) {
		if (!minus) {
			return v;
		}
		const char *text = v->s.p[0] == '-' ? v->s.p + 1
						    : guild_arena_format(py->arena, "-%.*s",
							      GUILD_STR_FMT(v->s));
		struct pv *big = guild_py_strz(py, text);
		big->kind = PV_INT;
		return big;
	}
	int64_t i = v->kind == PV_BOOL ? v->b : v->i;
	return i == INT64_MIN ? py->unknown : guild_py_int(py, minus ? -i : i);
}

static struct pv *eval_conditional(struct py *py, uint32_t node)
{
	struct py_source *src = py->frame->src;
	int truth = guild_py_truth(guild_py_eval(py, guild_py_nth(src, node, 1)));
	if (truth >= 0) {
		return guild_py_eval(py, guild_py_nth(src, node, truth ? 0 : 2));
	}
	py->uncertain++;
	struct pv *a = guild_py_eval(py, guild_py_nth(src, node, 0));
	struct pv *b = guild_py_eval(py, guild_py_nth(src, node, 2));
	py->uncertain--;
	return guild_py_same(a, b) ? a : guild_py_unknown_from(py, a, b);
}

/* The parts of a slice by its colons, which the tree does not keep. */
static struct pv *eval_slice(struct py *py, struct pv *object, uint32_t node)
{
	struct py_source *src = py->frame->src;
	struct pv *parts[3] = {py->none, py->none, py->none};
	size_t part = 0;
	uint32_t at = guild_py_node(src, node)->start;
	uint32_t end = guild_py_node(src, node)->end;
	struct guild_str text = guild_py_source_text(src);
	uint32_t child = guild_py_first(src, node);
	while (at < end && part < 3) {
		if (child && at == guild_py_node(src, child)->start) {
			parts[part] = guild_py_eval(py, child);
			at = guild_py_node(src, child)->end;
			child = guild_py_next(src, child);
		} else {
			part += text.p[at] == ':';
			at++;
		}
	}
	return guild_py_slice(py, object, parts[0], parts[1], parts[2]);
}

static struct pv *make_generic(struct py *py, struct pv *of, struct pv *args)
{
	struct pv *g = guild_py_new(py, PV_GENERIC);
	g->target = of;
	g->items = args->items;
	g->n = g->cap = args->n;
	return g;
}

static bool is_generic(const struct pv *v)
{
	return v->kind == PV_CLASS || v->kind == PV_GENERIC ||
	       (v->kind == PV_SYMBOL &&
		       (guild_str_starts(v->s, "typing") || guild_str_starts(v->s, "builtins.") ||
			       guild_str_starts(v->s, "collections.") ||
			       guild_str_starts(v->s, "tyro.")));
}

static struct pv *eval_subscript(struct py *py, uint32_t node)
{
	struct py_source *src = py->frame->src;
	struct pv *object = guild_py_eval(py, guild_py_child(src, node, PYF_value));
	struct pv *keys = guild_py_new(py, PV_TUPLE);
	for (uint32_t c = guild_py_first(src, node); c; c = guild_py_next(src, c)) {
		if (guild_py_node(src, c)->field != PYF_subscript) {
			continue;
		}
		if (guild_py_kind(src, c) == PY_slice) {
			return eval_slice(py, object, c);
		}
		guild_py_append(py, keys, guild_py_eval(py, c));
	}
	if (is_generic(object)) {
		if (keys->n == 1 && keys->items[0]->kind == PV_TUPLE) {
			keys = keys->items[0];
		}
		if (object->kind == PV_CLASS && keys->n == 1 && guild_py_is_text(keys->items[0])) {
			return guild_py_attribute(py, object, keys->items[0]->s); /* Enum["NAME"] */
		}
		return make_generic(py, object, keys);
	}
	return guild_py_subscript(py, object, keys->n == 1 ? keys->items[0] : keys);
}

/* `Optional[int]` and `a | b` where the grammar knows it reads a type. */
static struct pv *eval_generic_type(struct py *py, uint32_t node)
{
	struct py_source *src = py->frame->src;
	struct pv *of = guild_py_eval(py, guild_py_first(src, node));
	uint32_t parameters = guild_py_next(src, guild_py_first(src, node));
	return make_generic(py, of, eval_items(py, parameters, PV_TUPLE));
}

static struct pv *eval_kind(struct py *py, uint32_t node)
{
	struct py_source *src = py->frame->src;
	switch (guild_py_kind(src, node)) {
	case PY_identifier:
		return guild_py_lookup(py, guild_py_text(src, node));
	case PY_none:
		return py->none;
	case PY_true:
		return py->yes;
	case PY_false:
		return py->no;
	case PY_ellipsis:
		return guild_py_new(py, PV_ELLIPSIS);
	case PY_integer:
		return eval_integer(py, guild_py_text(src, node));
	case PY_float:
		return eval_float(py, guild_py_text(src, node));
	case PY_string:
		return eval_string(py, node, false);
	case PY_concatenated_string:
		return eval_string(py, node, true);
	case PY_parenthesized_expression:
	case PY_await:
	case PY_type:
		return guild_py_eval(py, guild_py_first(src, node));
	case PY_list:
		return eval_items(py, node, PV_LIST);
	case PY_tuple:
	case PY_expression_list:
		return eval_items(py, node, PV_TUPLE);
	case PY_set:
		return eval_items(py, node, PV_SET);
	case PY_dictionary:
		return eval_dictionary(py, node);
	case PY_list_comprehension:
	case PY_generator_expression:
		return eval_comprehension(py, node, PV_LIST);
	case PY_set_comprehension:
		return eval_comprehension(py, node, PV_SET);
	case PY_dictionary_comprehension:
		return eval_comprehension(py, node, PV_DICT);
	case PY_boolean_operator:
		return eval_boolean(py, node);
	case PY_comparison_operator:
		return eval_comparison(py, node);
	case PY_not_operator: {
		struct pv *v = guild_py_eval(py, guild_py_child(src, node, PYF_argument));
		int truth = guild_py_truth(v);
		return truth < 0 ? guild_py_unknown_from(py, v, NULL) : guild_py_bool(py, !truth);
	}
	case PY_unary_operator:
		return eval_unary(py, node);
	case PY_binary_operator: {
		struct pv *left = guild_py_eval(py, guild_py_child(src, node, PYF_left));
		struct pv *right = guild_py_eval(py, guild_py_child(src, node, PYF_right));
		struct guild_str op = guild_py_text(src, guild_py_child(src, node, PYF_operator));
		return guild_py_binary(py, op, left, right);
	}
	case PY_union_type:
		return make_generic(py, guild_py_symbol(py, "typing.Union"),
			eval_items(py, node, PV_TUPLE));
	case PY_generic_type:
		return eval_generic_type(py, node);
	case PY_conditional_expression:
		return eval_conditional(py, node);
	case PY_attribute:
		return guild_py_attribute(py,
			guild_py_eval(py, guild_py_child(src, node, PYF_object)),
			guild_py_text(src, guild_py_child(src, node, PYF_attribute)));
	case PY_member_type:
		return guild_py_attribute(py, guild_py_eval(py, guild_py_first(src, node)),
			guild_py_text(src, guild_py_next(src, guild_py_first(src, node))));
	case PY_subscript:
		return eval_subscript(py, node);
	case PY_call:
		return guild_py_eval_call(py, node);
	case PY_named_expression: {
		struct pv *v = guild_py_eval(py, guild_py_child(src, node, PYF_value));
		guild_py_assign(py, guild_py_child(src, node, PYF_name), v);
		return v;
	}
	case PY_lambda: {
		struct pv *f = guild_py_new(py, PV_FUNCTION);
		f->src = src;
		f->node = node;
		f->scope = py->frame->scope;
		f->module = py->frame->module;
		f->s = guild_str("<lambda>");
		return f;
	}
	case PY_assignment: /* the right side of a chained assignment */
		return guild_py_eval(py, guild_py_child(src, node, PYF_right));
	default:
		return py->unknown;
	}
}

struct pv *guild_py_eval(struct py *py, uint32_t node)
{
	if (!node || py->has_stopped) {
		return py->unknown;
	}
	if (py->depth > PY_DEPTH_LIMIT) {
		return py->unknown;
	}
	if (++py->steps > PY_STEP_LIMIT) {
		py->gave_up = true;
		return py->unknown;
	}
	py->depth++;
	struct pv *v = eval_kind(py, node);
	py->depth--;
	return v;
}
