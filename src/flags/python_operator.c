/* Operators over known values: arithmetic, comparison, subscripts. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "python_eval.h"

enum { REPEAT_BYTES_LIMIT = 1 << 20 };

static bool is_small_int(const struct pv *v)
{
	return (v->kind == PV_INT && v->s.n == 0) || v->kind == PV_BOOL;
}

static int64_t int_of(const struct pv *v)
{
	return v->kind == PV_BOOL ? v->b : v->i;
}

/* Python's floor division and modulo. */
static int64_t floor_div(int64_t a, int64_t b)
{
	int64_t q = a / b;
	return a % b != 0 && (a < 0) != (b < 0) ? q - 1 : q;
}

static struct pv *power(struct py *py, int64_t base, int64_t exponent)
{
	if (exponent < 0) {
		return base == 0 ? py->unknown
				 : guild_py_float(py, pow((double)base, (double)exponent));
	}
	int64_t result = 1;
	for (; exponent > 0; exponent--) {
		if (base == 0 || base == 1 || (base == -1 && exponent % 2 == 0)) {
			return guild_py_int(py, base == 0 ? 0 : result);
		}
		if (__builtin_mul_overflow(result, base, &result)) {
			return py->unknown;
		}
	}
	return guild_py_int(py, result);
}

static struct pv *int_arithmetic(struct py *py, const char *op, int64_t a, int64_t b)
{
	int64_t r = 0;
	bool overflow = false;
	switch (op[0]) {
	case '+':
		overflow = __builtin_add_overflow(a, b, &r);
		break;
	case '-':
		overflow = __builtin_sub_overflow(a, b, &r);
		break;
	case '*':
		if (op[1] == '*') {
			return power(py, a, b);
		}
		overflow = __builtin_mul_overflow(a, b, &r);
		break;
	case '/':
	case '%':
		if (b == 0 || (a == INT64_MIN && b == -1)) {
			return py->unknown;
		}
		if (op[0] == '/' && op[1] != '/') {
			return guild_py_float(py, (double)a / (double)b);
		}
		r = op[0] == '/' ? floor_div(a, b) : a - floor_div(a, b) * b;
		break;
	case '&':
		r = a & b;
		break;
	case '|':
		r = a | b;
		break;
	case '^':
		r = a ^ b;
		break;
	case '<':
		if (b < 0 || b > 62 || a > (INT64_MAX >> b) || a < (INT64_MIN >> b)) {
			return py->unknown;
		}
		r = a * (INT64_C(1) << b);
		break;
	case '>':
		if (b < 0) {
			return py->unknown;
		}
		r = b > 62 ? (a < 0 ? -1 : 0) : floor_div(a, INT64_C(1) << b);
		break;
	default:
		return py->unknown;
	}
	return overflow ? py->unknown : guild_py_int(py, r);
}

static struct pv *float_arithmetic(struct py *py, const char *op, double a, double b)
{
	switch (op[0]) {
	case '+':
		return guild_py_float(py, a + b);
	case '-':
		return guild_py_float(py, a - b);
	case '*':
		if (op[1] != '*') {
			return guild_py_float(py, a * b);
		}
		return a < 0 || (a == 0 && b < 0) ? py->unknown : guild_py_float(py, pow(a, b));
	case '/':
		if (b == 0) {
			return py->unknown;
		}
		return guild_py_float(py, op[1] == '/' ? floor(a / b) : a / b);
	case '%': {
		if (b == 0) {
			return py->unknown;
		}
		double r = fmod(a, b);
		return guild_py_float(py, r != 0 && (r < 0) != (b < 0) ? r + b : r);
	}
	default:
		return py->unknown;
	}
}

static struct pv *concatenate(struct py *py, const struct pv *a, const struct pv *b)
{
	if (a->kind == PV_STR || a->kind == PV_BYTES) {
		if (a->s.n + b->s.n > REPEAT_BYTES_LIMIT) {
			return py->unknown;
		}
		struct pv *v = guild_py_new(py, a->kind);
		char *p = guild_arena_alloc(py->arena, a->s.n + b->s.n + 1);
		memcpy(p, a->s.p, a->s.n);
		memcpy(p + a->s.n, b->s.p, b->s.n);
		v->s = guild_str_n(p, a->s.n + b->s.n);
		return v;
	}
	struct pv *list = guild_py_new(py, a->kind);
	for (size_t i = 0; i < a->n; i++) {
		guild_py_append(py, list, a->items[i]);
	}
	for (size_t i = 0; i < b->n; i++) {
		guild_py_append(py, list, b->items[i]);
	}
	return list;
}

static struct pv *repeat(struct py *py, const struct pv *v, int64_t count)
{
	count = count < 0 ? 0 : count;
	struct pv *out = guild_py_new(py, v->kind);
	if (v->kind == PV_STR) {
		if (v->s.n > 0 && count > (int64_t)(REPEAT_BYTES_LIMIT / v->s.n)) {
			return py->unknown;
		}
		char *p = guild_arena_alloc(py->arena, v->s.n * (size_t)count + 1);
		for (int64_t i = 0; v->s.n > 0 && i < count; i++) {
			memcpy(p + (size_t)i * v->s.n, v->s.p, v->s.n);
		}
		out->s = guild_str_n(p, v->s.n * (size_t)count);
		return out;
	}
	if (v->n > 0 && count > (int64_t)(PY_ITEMS_LIMIT / v->n)) {
		return py->unknown;
	}
	for (int64_t i = 0; v->n > 0 && i < count; i++) {
		for (size_t k = 0; k < v->n; k++) {
			guild_py_append(py, out, v->items[k]);
		}
	}
	return out;
}

static bool is_repeatable(const struct pv *v)
{
	return v->kind == PV_STR || v->kind == PV_LIST || v->kind == PV_TUPLE;
}

static struct pv *join_path(struct py *py, const struct pv *a, const struct pv *b)
{
	char *joined = guild_path_join(guild_arena_strndup(py->arena, a->s.p, a->s.n),
		guild_arena_strndup(py->arena, b->s.p, b->s.n));
	char *normal =
		guild_str_eqz(a->s, ".") ? guild_strndup(b->s.p, b->s.n) : guild_strdup(joined);
	struct pv *v = guild_py_strz(py, normal);
	v->kind = PV_PATH;
	free(joined);
	free(normal);
	return v;
}

static struct pv *union_of(struct py *py, struct pv *a, struct pv *b)
{
	struct pv *g = guild_py_new(py, PV_GENERIC);
	g->target = guild_py_symbol(py, "typing.Union");
	struct pv *items = guild_py_new(py, PV_TUPLE);
	guild_py_append(py, items, a);
	guild_py_append(py, items, b);
	g->items = items->items;
	g->n = items->n;
	return g;
}

static bool is_type(const struct pv *v)
{
	return v->kind == PV_CLASS || v->kind == PV_GENERIC || v->kind == PV_NONE ||
	       (v->kind == PV_SYMBOL &&
		       (guild_str_starts(v->s, "builtins.") || guild_str_starts(v->s, "typing.")));
}

struct pv *guild_py_binary(struct py *py, struct guild_str text, struct pv *a, struct pv *b)
{
	char op[4] = {0};
	memcpy(op, text.p, text.n < 3 ? text.n : 3);
	if (guild_py_is_number(a) && guild_py_is_number(b)) {
		if (is_small_int(a) && is_small_int(b)) {
			return int_arithmetic(py, op, int_of(a), int_of(b));
		}
		return a->s.n > 0 || b->s.n > 0
			       ? py->unknown
			       : float_arithmetic(py, op, guild_py_number(a), guild_py_number(b));
	}
	if (op[0] == '+' && a->kind == b->kind && (is_repeatable(a) || a->kind == PV_BYTES)) {
		return concatenate(py, a, b);
	}
	if (op[0] == '*' && op[1] == '\0' && is_repeatable(a) && is_small_int(b)) {
		return repeat(py, a, int_of(b));
	}
	if (op[0] == '*' && op[1] == '\0' && is_repeatable(b) && is_small_int(a)) {
		return repeat(py, b, int_of(a));
	}
	if (op[0] == '%' && a->kind == PV_STR) {
		return guild_py_percent(py, a->s, b);
	}
	if (op[0] == '/' && op[1] == '\0' && a->kind == PV_PATH &&
		(b->kind == PV_STR || b->kind == PV_PATH)) {
		return join_path(py, a, b);
	}
	if (op[0] == '|' && is_type(a) && is_type(b)) {
		return union_of(py, a, b);
	}
	if (op[0] == '|' && a->kind == PV_DICT && b->kind == PV_DICT) {
		struct pv *dict = guild_py_new(py, PV_DICT);
		for (size_t i = 0; i < a->n; i++) {
			guild_py_dict_set(py, dict, a->keys[i], a->items[i]);
		}
		for (size_t i = 0; i < b->n; i++) {
			guild_py_dict_set(py, dict, b->keys[i], b->items[i]);
		}
		return dict;
	}
	return guild_py_unknown_from(py, a, b);
}

/* ---- comparison ---- */

static struct pv *truth_value(struct py *py, int truth, bool negate)
{
	return truth < 0 ? py->unknown : guild_py_bool(py, (truth == 1) != negate);
}

static int contains(struct py *py, struct pv *item, struct pv *in)
{
	if (in->kind == PV_STR && item->kind == PV_STR) {
		return in->s.n >= item->s.n &&
		       (item->s.n == 0 || memmem(in->s.p, in->s.n, item->s.p, item->s.n) != NULL);
	}
	struct pv **items;
	size_t n;
	if (in->kind == PV_STR || !guild_py_iterate(py, in, &items, &n)) {
		return -1;
	}
	int result = 0;
	for (size_t i = 0; i < n; i++) {
		int one = guild_py_equal(items[i], item);
		if (one == 1) {
			return 1;
		}
		result = one < 0 ? -1 : result;
	}
	return result;
}

static int order(const struct pv *a, const struct pv *b, bool *is_known)
{
	*is_known = true;
	if (guild_py_is_number(a) && guild_py_is_number(b)) {
		if (is_small_int(a) && is_small_int(b)) {
			return (int_of(a) > int_of(b)) - (int_of(a) < int_of(b));
		}
		double x = guild_py_number(a);
		double y = guild_py_number(b);
		*is_known = !isnan(x) && !isnan(y);
		return (x > y) - (x < y);
	}
	if (a->kind == PV_STR && b->kind == PV_STR) {
		size_t n = a->s.n < b->s.n ? a->s.n : b->s.n;
		int c = n > 0 ? memcmp(a->s.p, b->s.p, n) : 0;
		return c ? c : (a->s.n > b->s.n) - (a->s.n < b->s.n);
	}
	if (a->kind == b->kind && (a->kind == PV_TUPLE || a->kind == PV_LIST)) {
		for (size_t i = 0; i < a->n && i < b->n; i++) {
			int c = order(a->items[i], b->items[i], is_known);
			if (c != 0 || !*is_known) {
				return c;
			}
		}
		return (a->n > b->n) - (a->n < b->n);
	}
	*is_known = false;
	return 0;
}

struct pv *guild_py_compare(struct py *py, struct guild_str op, struct pv *a, struct pv *b)
{
	if (guild_str_starts(op, "is")) {
		bool negate = op.n > 2;
		bool is_single = a->kind == PV_NONE || a->kind == PV_BOOL || b->kind == PV_NONE ||
				 b->kind == PV_BOOL || a->kind == PV_ENUM || b->kind == PV_ENUM;
		int same = a == b && a->kind != PV_UNKNOWN ? 1
			   : is_single                     ? guild_py_equal(a, b)
							   : -1;
		if (same == 1 && a->kind != b->kind) {
			same = 0; /* 1 is not True */
		}
		return truth_value(py, same, negate);
	}
	if (op.n >= 2 && guild_str_ends(op, "in")) {
		return truth_value(py, contains(py, a, b), op.n > 2);
	}
	if (guild_str_eqz(op, "==") || guild_str_eqz(op, "!=")) {
		return truth_value(py, guild_py_equal(a, b), op.p[0] == '!');
	}
	bool is_known;
	int c = order(a, b, &is_known);
	if (!is_known) {
		return guild_py_unknown_from(py, a, b);
	}
	bool with_equal = op.n == 2;
	bool result = op.p[0] == '<' ? c < 0 : c > 0;
	return guild_py_bool(py, result || (with_equal && c == 0));
}

/* ---- subscripts ---- */

static bool is_indexable(const struct pv *v)
{
	return v->kind == PV_LIST || v->kind == PV_TUPLE;
}

static bool is_ascii(struct guild_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] >= 0x80) {
			return false;
		}
	}
	return true;
}

struct pv *guild_py_subscript(struct py *py, struct pv *v, struct pv *key)
{
	if (guild_py_is_symbol(v, "os.environ") && guild_py_is_text(key)) {
		const char *name = guild_arena_strndup(py->arena, key->s.p, key->s.n);
		const char *value = guild_py_environment(py, name);
		return value ? guild_py_strz(py, value) : py->unknown;
	}
	if (v->kind == PV_DICT && guild_py_is_const(key)) {
		struct pv *item = guild_py_dict_get(v, key);
		return item ? item : py->unknown;
	}
	bool is_text = v->kind == PV_STR && is_ascii(v->s);
	size_t n = is_text ? v->s.n : v->n;
	if (!(is_text || is_indexable(v)) || !is_small_int(key)) {
		return guild_py_unknown_from(py, v, key);
	}
	int64_t i = int_of(key);
	i = i < 0 ? i + (int64_t)n : i;
	if (i < 0 || i >= (int64_t)n) {
		return py->unknown;
	}
	return is_text ? guild_py_str(py, guild_str_n(v->s.p + i, 1)) : v->items[i];
}

static int64_t slice_bound(const struct pv *v, int64_t n, int64_t missing, bool is_backward)
{
	if (v->kind == PV_NONE) {
		return missing;
	}
	int64_t i = int_of(v);
	i = i < 0 ? i + n : i;
	int64_t low = is_backward ? -1 : 0;
	int64_t high = is_backward ? n - 1 : n;
	return i < low ? low : i > high ? high : i;
}

struct pv *guild_py_slice(struct py *py, struct pv *v, struct pv *start, struct pv *stop,
	struct pv *step)
{
	bool is_text = v->kind == PV_STR && is_ascii(v->s);
	const struct pv *parts[3] = {start, stop, step};
	for (size_t i = 0; i < 3; i++) {
		if (parts[i]->kind != PV_NONE && !is_small_int(parts[i])) {
			return py->unknown;
		}
	}
	int64_t by = step->kind == PV_NONE ? 1 : int_of(step);
	if (!(is_text || is_indexable(v)) || by == 0 || by > PY_ITEMS_LIMIT ||
		by < -PY_ITEMS_LIMIT) {
		return guild_py_unknown_from(py, v, NULL);
	}
	int64_t n = (int64_t)(is_text ? v->s.n : v->n);
	int64_t from = slice_bound(start, n, by > 0 ? 0 : n - 1, by < 0);
	int64_t to = slice_bound(stop, n, by > 0 ? n : -1, by < 0);
	if (is_text) {
		struct guild_buf buf = {0};
		for (int64_t i = from; by > 0 ? i < to : i > to; i += by) {
			guild_buf_putc(&buf, v->s.p[i]);
		}
		struct pv *out = guild_py_str(py, guild_buf_str(&buf));
		guild_buf_fini(&buf);
		return out;
	}
	struct pv *out = guild_py_new(py, v->kind);
	for (int64_t i = from; by > 0 ? i < to : i > to; i += by) {
		guild_py_append(py, out, v->items[i]);
	}
	return out;
}
