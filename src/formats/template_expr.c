/* Expressions of templates: read and evaluated in one go. */

#include "template.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ARGS = 8, MAX_DEPTH = 100 };

struct expr {
	struct template_state *t;
	const char *p, *end;
	uint32_t line;
	size_t depth;
	int rc; /* the first failure */
};
typedef const struct guild_value *value;

static value fail(struct expr *e, const char *what)
{
	if (e->rc == 0) {
		e->rc = template_fail(e->t, e->line, "%s at '%.*s'", what,
			(int)(e->end - e->p < 40 ? e->end - e->p : 40), e->p);
	}
	e->p = e->end;
	return NULL;
}

/* A value that was made. */
static value keep(struct expr *e, value v)
{
	if (e->rc == 0) {
		e->rc = template_keep(e->t, e->line, v);
	}
	return e->rc == 0 ? v : NULL;
}

static void skip(struct expr *e)
{
	while (e->p < e->end && strchr(" \t\r\n", *e->p)) {
		e->p++;
	}
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Takes an operator or keyword. */
static bool take(struct expr *e, const char *what)
{
	size_t n = strlen(what);
	skip(e);
	if ((size_t)(e->end - e->p) < n || memcmp(e->p, what, n) != 0) {
		return false;
	}
	if (is_word(what[0]) && e->p + n < e->end && is_word(e->p[n])) {
		return false;
	}
	e->p += n;
	return true;
}

static struct guild_str take_name(struct expr *e)
{
	skip(e);
	const char *from = e->p;
	if (from < e->end && !isdigit((unsigned char)*from)) {
		while (e->p < e->end && is_word(*e->p)) {
			e->p++;
		}
	}
	return guild_str_n(from, (size_t)(e->p - from));
}

static value ternary(struct expr *e);

/* ---- literals -------------------------------------------------------------------------------------------- */

static value text_literal(struct expr *e, char quote)
{
	struct guild_buf text = {0};
	while (e->p < e->end && *e->p != quote) {
		char c = *e->p++;
		if (c == '\\' && e->p < e->end) {
			c = *e->p++;
			c = c == 'n' ? '\n' : c == 't' ? '\t' : c;
		}
		guild_buf_putc(&text, c);
	}
	value v = guild_value_string_n(e->t->a, guild_buf_cstr(&text), text.n);
	guild_buf_fini(&text);
	if (e->p >= e->end) {
		return fail(e, "a text is not closed");
	}
	e->p++;
	return v;
}

static value number_literal(struct expr *e)
{
	const char *from = e->p;
	int64_t i;
	double f;
	while (e->p < e->end &&
		(is_word(*e->p) || *e->p == '.' ||
			((*e->p == '-' || *e->p == '+') && (e->p[-1] == 'e' || e->p[-1] == 'E')))) {
		e->p++;
	}
	size_t n = (size_t)(e->p - from);
	if (guild_parse_i64(from, n, &i)) {
		return guild_value_int(e->t->a, i);
	}
	return guild_parse_f64(from, n, &f) ? guild_value_float(e->t->a, f)
					    : fail(e, "a number cannot be read");
}

static value list_literal(struct expr *e, char close)
{
	struct guild_value *list = guild_value_list(e->t->a);
	const char text[] = {close, '\0'};
	while (e->rc == 0 && !take(e, text)) {
		value v = ternary(e);
		guild_value_append(e->t->a, list,
			v ? (struct guild_value *)(uintptr_t)v : guild_value_null(e->t->a));
		if (!take(e, ",") && e->rc == 0) {
			return take(e, text) ? list : fail(e, "expected ','");
		}
	}
	return list;
}

static value dict_literal(struct expr *e)
{
	struct guild_value *dict = guild_value_dict(e->t->a);
	while (e->rc == 0 && !take(e, "}")) {
		value key = ternary(e);
		if (!guild_value_text(key) || !take(e, ":")) {
			return fail(e, "expected 'KEY': VALUE");
		}
		value v = ternary(e);
		guild_value_set(e->t->a, dict, guild_value_text(key),
			v ? (struct guild_value *)(uintptr_t)v : guild_value_null(e->t->a));
		if (!take(e, ",") && e->rc == 0) {
			return take(e, "}") ? dict : fail(e, "expected ','");
		}
	}
	return dict;
}

static value lookup(struct expr *e, struct guild_str name)
{
	for (const struct template_name *n = e->t->names; n; n = n->next) {
		if (guild_str_eqz(name, n->name)) {
			return n->value;
		}
	}
	char *key = guild_strndup(name.p, name.n);
	value v = guild_value_get(e->t->vars, key);
	free(key);
	return v;
}

static value named(struct expr *e)
{
	static const struct {
		const char *name;
		int what;
	} constants[] = {
		{"true", 1}, {"True", 1}, {"false", 0}, {"False", 0}, {"none", -1}, {"None", -1}};
	struct guild_str name = take_name(e);
	if (name.n == 0) {
		return fail(e, "expected a value");
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(constants); i++) {
		if (guild_str_eqz(name, constants[i].name)) {
			return constants[i].what < 0 ? guild_value_null(e->t->a)
						     : guild_value_bool(e->t->a, constants[i].what);
		}
	}
	return lookup(e, name);
}

static value primary(struct expr *e)
{
	skip(e);
	if (e->p >= e->end) {
		return fail(e, "expected a value");
	}
	char c = *e->p;
	if (c == '"' || c == '\'') {
		e->p++;
		return text_literal(e, c);
	}
	if (isdigit((unsigned char)c)) {
		return number_literal(e);
	}
	if (take(e, "[")) {
		return keep(e, list_literal(e, ']'));
	}
	if (take(e, "{")) {
		return keep(e, dict_literal(e));
	}
	if (take(e, "(")) {
		value v = ternary(e);
		return take(e, ")") ? v : fail(e, "expected ')'");
	}
	return named(e);
}

/* ---- what follows a value --------------------------------------------------------------------------------- */

static value item_of(struct expr *e, value v, value key)
{
	if (v && v->type == GUILD_DICT && guild_value_text(key)) {
		return guild_value_get(v, guild_value_text(key));
	}
	if (v && v->type == GUILD_LIST && key && key->type == GUILD_INT) {
		int64_t i = key->i < 0 ? key->i + (int64_t)v->n : key->i;
		return i >= 0 && i < (int64_t)v->n ? v->items[i] : NULL;
	}
	(void)e;
	return NULL;
}

static size_t take_args(struct expr *e, value *args)
{
	size_t n = 0;
	while (e->rc == 0 && !take(e, ")")) {
		const char *from = e->p;
		struct guild_str name = take_name(e); /* name=value: the name is not needed */
		if (name.n == 0 || !take(e, "=") || (e->p < e->end && *e->p == '=')) {
			e->p = from;
		}
		value v = ternary(e);
		if (n == MAX_ARGS) {
			(void)fail(e, "too many arguments");
			return n;
		}
		args[n++] = v;
		if (!take(e, ",") && e->rc == 0) {
			if (!take(e, ")")) {
				(void)fail(e, "expected ')'");
			}
			return n;
		}
	}
	return n;
}

static value dict_part(struct expr *e, value dict, bool keys, bool values)
{
	struct guild_value *list = guild_value_list(e->t->a);
	for (size_t i = 0; dict && dict->type == GUILD_DICT && i < dict->n; i++) {
		struct guild_value *item = guild_value_list(e->t->a);
		guild_value_append(e->t->a, item, dict->pairs[i].key);
		guild_value_append(e->t->a, item, dict->pairs[i].value);
		guild_value_append(e->t->a, list,
			keys && values ? item
			: keys         ? dict->pairs[i].key
				       : dict->pairs[i].value);
	}
	return list;
}

static value method(struct expr *e, value v, struct guild_str name)
{
	value args[MAX_ARGS] = {NULL};
	size_t n = take_args(e, args);
	if (guild_str_eqz(name, "items")) {
		return dict_part(e, v, true, true);
	}
	if (guild_str_eqz(name, "keys")) {
		return dict_part(e, v, true, false);
	}
	if (guild_str_eqz(name, "values")) {
		return dict_part(e, v, false, true);
	}
	if (guild_str_eqz(name, "get") && n > 0) {
		value found = item_of(e, v, args[0]);
		return found ? found : args[1];
	}
	return fail(e, "only items(), keys(), values() and get() can be called");
}

static value postfix(struct expr *e)
{
	value v = primary(e);
	while (e->rc == 0) {
		if (e->p < e->end && *e->p == '.') {
			e->p++;
			struct guild_str name = take_name(e);
			if (e->p < e->end && *e->p == '(') {
				e->p++;
				v = method(e, v, name);
			} else {
				v = item_of(e, v, guild_value_string_n(e->t->a, name.p, name.n));
			}
		} else if (take(e, "[")) {
			value key = ternary(e);
			v = take(e, "]") ? item_of(e, v, key) : fail(e, "expected ']'");
		} else {
			break;
		}
	}
	return v;
}

static value filtered(struct expr *e)
{
	bool is_negative = take(e, "-");
	value v = postfix(e);
	if (is_negative && guild_value_is_number(v)) {
		v = v->type == GUILD_INT ? guild_value_int(e->t->a, -v->i)
					 : guild_value_float(e->t->a, -v->f);
	}
	while (e->rc == 0 && take(e, "|")) {
		value args[MAX_ARGS] = {NULL};
		struct guild_str name = take_name(e);
		char *key = guild_strndup(name.p, name.n);
		size_t n = e->p < e->end && *e->p == '(' ? (e->p++, take_args(e, args)) : 0;
		value out = NULL;
		if (e->rc == 0) {
			e->rc = template_filter(e->t, e->line, key, v, args, n, &out);
		}
		bool is_new = out != v;
		for (size_t i = 0; i < n; i++) {
			is_new = is_new && out != args[i];
		}
		v = is_new ? keep(e, out) : out;
		free(key);
	}
	return v;
}

/* ---- operators ------------------------------------------------------------------------------------------------- */

static value arithmetic(struct expr *e, char op, value x, value y)
{
	double a = guild_value_as_f64(x);
	double b = guild_value_as_f64(y);
	bool are_ints = x && y && x->type == GUILD_INT && y->type == GUILD_INT;
	int64_t i = 0;
	if (op == '+' && guild_value_text(x) && guild_value_text(y)) {
		op = '~';
	}
	if (op == '~') {
		struct guild_buf text = {0};
		template_text(x, &text);
		template_text(y, &text);
		value v = guild_value_string_n(e->t->a, guild_buf_cstr(&text), text.n);
		guild_buf_fini(&text);
		return keep(e, v);
	}
	if (!guild_value_is_number(x) || !guild_value_is_number(y)) {
		return fail(e, "only numbers can be reckoned with");
	}
	if ((op == '/' || op == 'i' || op == '%') && b == 0) {
		return fail(e, "division by zero");
	}
	if (are_ints && ((op == '+' && !__builtin_add_overflow(x->i, y->i, &i)) ||
				(op == '-' && !__builtin_sub_overflow(x->i, y->i, &i)) ||
				(op == '*' && !__builtin_mul_overflow(x->i, y->i, &i)))) {
		return guild_value_int(e->t->a, i);
	}
	double f = op == '+'   ? a + b
		   : op == '-' ? a - b
		   : op == '*' ? a * b
		   : op == '/' ? a / b
		   : op == 'i' ? floor(a / b)
			       : a - b * floor(a / b);
	if (are_ints && (op == 'i' || op == '%') && fabs(f) < 9e15) {
		return guild_value_int(e->t->a, (int64_t)f);
	}
	return guild_value_float(e->t->a, f);
}

static value product(struct expr *e)
{
	value v = filtered(e);
	while (e->rc == 0) {
		skip(e);
		char op = take(e, "//")  ? 'i'
			  : take(e, "*") ? '*'
			  : take(e, "/") ? '/'
			  : take(e, "%") ? '%'
					 : '\0';
		if (!op) {
			break;
		}
		v = arithmetic(e, op, v, filtered(e));
	}
	return v;
}

static value sum(struct expr *e)
{
	value v = product(e);
	while (e->rc == 0) {
		char op = take(e, "+") ? '+' : take(e, "-") ? '-' : take(e, "~") ? '~' : '\0';
		if (!op) {
			break;
		}
		v = arithmetic(e, op, v, product(e));
	}
	return v;
}

static bool contains(value list, value v)
{
	if (guild_value_text(list) && guild_value_text(v)) {
		return strstr(guild_value_text(list), guild_value_text(v)) != NULL;
	}
	for (size_t i = 0; list && v && i < list->n; i++) {
		if ((list->type == GUILD_LIST && guild_value_eq(list->items[i], v)) ||
			(list->type == GUILD_DICT && guild_value_eq(list->pairs[i].key, v))) {
			return true;
		}
	}
	return false;
}

static bool is_equal(value x, value y)
{
	return x && y ? guild_value_eq(x, y) : guild_value_is_null(x) && guild_value_is_null(y);
}

static value test(struct expr *e, value v)
{
	bool is_not = take(e, "not");
	struct guild_str name = take_name(e);
	bool is;
	if (guild_str_eqz(name, "defined")) {
		is = v != NULL;
	} else if (guild_str_eqz(name, "undefined")) {
		is = v == NULL;
	} else if (guild_str_eqz(name, "none")) {
		is = v && v->type == GUILD_NULL;
	} else if (guild_str_eqz(name, "string")) {
		is = guild_value_text(v) != NULL;
	} else if (guild_str_eqz(name, "number")) {
		is = guild_value_is_number(v);
	} else if (guild_str_eqz(name, "mapping")) {
		is = v && v->type == GUILD_DICT;
	} else {
		return fail(e, "this test is not known");
	}
	return guild_value_bool(e->t->a, is != is_not);
}

static value comparison(struct expr *e)
{
	static const char *const ops[] = {"==", "!=", "<=", ">=", "<", ">"};
	value v = sum(e);
	for (size_t i = 0; i < GUILD_ARRAY_LEN(ops) && e->rc == 0; i++) {
		if (!take(e, ops[i])) {
			continue;
		}
		value y = sum(e);
		int c = i >= 2 && v && y ? template_compare(v, y) : 0;
		bool is = i == 0   ? is_equal(v, y)
			  : i == 1 ? !is_equal(v, y)
			  : i == 2 ? v && y && c <= 0
			  : i == 3 ? v && y && c >= 0
			  : i == 4 ? c < 0
				   : c > 0;
		return guild_value_bool(e->t->a, is);
	}
	if (e->rc == 0 && take(e, "is")) {
		return test(e, v);
	}
	if (e->rc == 0 && take(e, "in")) {
		return guild_value_bool(e->t->a, contains(sum(e), v));
	}
	const char *at = e->p;
	if (e->rc == 0 && take(e, "not")) {
		if (take(e, "in")) {
			return guild_value_bool(e->t->a, !contains(sum(e), v));
		}
		e->p = at;
	}
	return v;
}

static value negation(struct expr *e)
{
	bool is_not = false;
	while (take(e, "not")) {
		is_not = !is_not;
	}
	value v = comparison(e);
	return is_not ? guild_value_bool(e->t->a, !guild_value_truthy(v)) : v;
}

static value conjunction(struct expr *e)
{
	value v = negation(e);
	while (e->rc == 0 && take(e, "and")) {
		value y = negation(e);
		v = guild_value_truthy(v) ? y : v;
	}
	return v;
}

static value disjunction(struct expr *e)
{
	value v = conjunction(e);
	while (e->rc == 0 && take(e, "or")) {
		value y = conjunction(e);
		v = guild_value_truthy(v) ? v : y;
	}
	return v;
}

static value ternary(struct expr *e)
{
	if (++e->depth > MAX_DEPTH) {
		return fail(e, "too many brackets");
	}
	value v = disjunction(e);
	if (e->rc == 0 && take(e, "if")) {
		value condition = disjunction(e);
		value other = take(e, "else") ? ternary(e) : NULL;
		v = guild_value_truthy(condition) ? v : other;
	}
	e->depth--;
	return v;
}

int template_eval(struct template_state *t, struct guild_str text, uint32_t line,
	const struct guild_value **out)
{
	struct expr e = {.t = t, .p = text.p, .end = text.p + text.n, .line = line};
	value v = ternary(&e);
	skip(&e);
	if (e.rc == 0 && e.p < e.end) {
		(void)fail(&e, "what is this");
	}
	if (e.rc == 0) {
		*out = v;
	}
	return e.rc;
}
