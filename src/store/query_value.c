/* Operators over values, as Python has them; what Python refuses is false, or undefined. */

#include <math.h>
#include <string.h>

#include "query_private.h"

enum { US_PER_S = 1000000 };
/* Beyond it doubles of seconds do not fit microseconds. */
#define SECONDS_MAX 9e12

static bool is_plain_number(const struct guild_value *v)
{
	return v != NULL && (guild_value_is_number(v) || v->type == GUILD_BOOL);
}

bool guild_query_number(const struct query_value *v, double *out)
{
	if (v->kind == VALUE_NUMBER || v->kind == VALUE_DURATION) {
		*out = v->number;
		return true;
	}
	if (v->kind == VALUE_PLAIN && is_plain_number(v->plain)) {
		*out = guild_value_as_f64(v->plain);
		return true;
	}
	return false;
}

bool guild_query_text(const struct query_value *v, struct guild_buf *out)
{
	if (v->kind == VALUE_NUMBER) {
		struct guild_value number = {.type = GUILD_FLOAT, .f = v->number};
		guild_value_py_str(out, &number);
		return true;
	}
	if (guild_value_is_null(v->plain)) {
		return false;
	}
	guild_value_py_str(out, v->plain);
	return true;
}

bool guild_query_truth(const struct query_value *v)
{
	switch (v->kind) {
	case VALUE_PLAIN:
		return guild_value_truthy(v->plain);
	case VALUE_NUMBER:
	case VALUE_DURATION:
		return v->number != 0; /* NaN is true, as in Python */
	default:
		return v->kind == VALUE_TIME;
	}
}

/* ---- order --------------------------------------------------------------------------------------------- */

enum order { ORDER_LESS = -1, ORDER_EQUAL = 0, ORDER_MORE = 1, ORDER_NONE = 2, ORDER_UNEQUAL = 3 };

static enum order order_numbers(double a, double b)
{
	return isnan(a) || isnan(b) ? ORDER_UNEQUAL : (enum order)((a > b) - (a < b));
}

static enum order order_plain(const struct guild_value *a, const struct guild_value *b);

static enum order order_lists(const struct guild_value *a, const struct guild_value *b)
{
	for (size_t i = 0; i < a->n && i < b->n; i++) {
		if (!guild_value_eq(a->items[i], b->items[i])) {
			return order_plain(a->items[i], b->items[i]);
		}
	}
	return (enum order)((a->n > b->n) - (a->n < b->n));
}

static enum order order_plain(const struct guild_value *a, const struct guild_value *b)
{
	if (guild_value_is_null(a) || guild_value_is_null(b)) {
		return guild_value_is_null(a) && guild_value_is_null(b) ? ORDER_EQUAL
									: ORDER_UNEQUAL;
	}
	if (guild_value_eq(a, b)) {
		return ORDER_EQUAL;
	}
	if (a->type == GUILD_INT && b->type == GUILD_INT && a->s.n == 0 && b->s.n == 0) {
		return a->i < b->i ? ORDER_LESS : ORDER_MORE;
	}
	if (is_plain_number(a) && is_plain_number(b)) {
		enum order order = order_numbers(guild_value_as_f64(a), guild_value_as_f64(b));
		return order == ORDER_EQUAL ? ORDER_UNEQUAL : order;
	}
	if (a->type == GUILD_LIST && b->type == GUILD_LIST) {
		return order_lists(a, b);
	}
	bool are_texts = a->type == b->type && (a->type == GUILD_STRING || a->type == GUILD_DATE);
	if (!are_texts) {
		return ORDER_UNEQUAL;
	}
	size_t n = a->s.n < b->s.n ? a->s.n : b->s.n;
	int order = n > 0 ? memcmp(a->s.p, b->s.p, n) : 0;
	order = order != 0 ? order : (a->s.n > b->s.n) - (a->s.n < b->s.n);
	return order < 0 ? ORDER_LESS : ORDER_MORE;
}

static int64_t to_second(int64_t us)
{
	return us - ((us % US_PER_S) + US_PER_S) % US_PER_S;
}

/* Listings show whole seconds: a time that is compared with a text is cut to them. */
static enum order order_time(const struct query_value *a, const struct query_value *b,
	bool for_equality)
{
	if (b->kind == VALUE_TIME) {
		return (enum order)((a->us > b->us) - (a->us < b->us));
	}
	const struct query_node *c = b->constant;
	if (c != NULL && c->has_range) {
		int64_t t = to_second(a->us);
		if (for_equality && t >= c->start_us && t < c->end_us) {
			return ORDER_EQUAL;
		}
		return (enum order)((t > c->start_us) - (t < c->start_us));
	}
	return b->kind == VALUE_PLAIN ? order_plain(a->plain, b->plain) : ORDER_UNEQUAL;
}

static enum order order_duration(const struct query_value *a, const struct query_value *b)
{
	double number;
	if (guild_query_number(b, &number)) {
		return order_numbers(a->number, number);
	}
	if (b->constant != NULL && b->constant->has_seconds) {
		return order_numbers(floor(a->number), b->constant->seconds);
	}
	return b->kind == VALUE_PLAIN ? order_plain(a->plain, b->plain) : ORDER_UNEQUAL;
}

static enum order flip(enum order o)
{
	return o == ORDER_LESS ? ORDER_MORE : o == ORDER_MORE ? ORDER_LESS : o;
}

static enum order order_values(const struct query_value *a, const struct query_value *b,
	bool for_equality)
{
	double x;
	double y;
	if (a->kind == VALUE_UNDEFINED || b->kind == VALUE_UNDEFINED) {
		return a->kind == b->kind ? ORDER_EQUAL : ORDER_UNEQUAL;
	}
	if (a->kind == VALUE_TIME) {
		return order_time(a, b, for_equality);
	}
	if (b->kind == VALUE_TIME) {
		return flip(order_time(b, a, for_equality));
	}
	if (a->kind == VALUE_DURATION) {
		return order_duration(a, b);
	}
	if (b->kind == VALUE_DURATION) {
		return flip(order_duration(b, a));
	}
	if (a->kind == VALUE_PLAIN && b->kind == VALUE_PLAIN) {
		return order_plain(a->plain, b->plain);
	}
	if (guild_query_number(a, &x) && guild_query_number(b, &y)) {
		return order_numbers(x, y);
	}
	return ORDER_UNEQUAL;
}

bool guild_query_compare(enum query_op op, const struct query_value *a, const struct query_value *b)
{
	enum order order = order_values(a, b, op == OP_EQ || op == OP_NE);
	bool are_defined = a->kind != VALUE_UNDEFINED && b->kind != VALUE_UNDEFINED;
	switch (op) {
	case OP_EQ:
		return order == ORDER_EQUAL;
	case OP_NE:
		return order != ORDER_EQUAL;
	case OP_LT:
		return order == ORDER_LESS;
	case OP_LE:
		return are_defined && (order == ORDER_LESS || order == ORDER_EQUAL);
	case OP_GT:
		return order == ORDER_MORE;
	default:
		return are_defined && (order == ORDER_MORE || order == ORDER_EQUAL);
	}
}

/* ---- membership ------------------------------------------------------------------------------------------ */

static bool list_has(const struct guild_value *list, const struct query_value *v)
{
	for (size_t i = 0; i < list->n; i++) {
		bool is_null = guild_value_is_null(list->items[i]);
		struct query_value item = {
			.kind = is_null ? VALUE_UNDEFINED : VALUE_PLAIN,
			.plain = list->items[i],
		};
		if (guild_query_compare(OP_EQ, v, &item)) {
			return true;
		}
	}
	return false;
}

bool guild_query_is_in(const struct query_value *v, const struct query_value *list)
{
	return list->kind == VALUE_PLAIN && list->plain->type == GUILD_LIST &&
	       list_has(list->plain, v);
}

bool guild_query_contains(const struct query_value *v, const struct query_value *wanted)
{
	if (!guild_query_truth(v)) {
		return false;
	}
	if (v->kind == VALUE_PLAIN && v->plain->type == GUILD_LIST) {
		return list_has(v->plain, wanted);
	}
	struct guild_buf text = {0};
	struct guild_buf part = {0};
	bool has = guild_query_text(v, &text);
	if (!guild_query_text(wanted, &part)) {
		guild_buf_puts(&part, "None");
	}
	has = has && guild_contains_nocase(guild_buf_str(&text), guild_buf_str(&part));
	guild_buf_fini(&text);
	guild_buf_fini(&part);
	return has;
}

/* ---- arithmetic --------------------------------------------------------------------------------------------- */

static const struct query_value undefined = {.kind = VALUE_UNDEFINED};

static struct query_value number_of(double number, bool is_duration)
{
	return (struct query_value){
		.kind = is_duration ? VALUE_DURATION : VALUE_NUMBER, .number = number};
}

static struct query_value shift(int64_t us, double seconds)
{
	struct query_value v = {.kind = VALUE_TIME};
	if (!(fabs(seconds) < SECONDS_MAX) ||
		__builtin_add_overflow(us, (int64_t)(seconds * US_PER_S), &v.us)) {
		return undefined;
	}
	return v;
}

static struct query_value arith_times(char sign, const struct query_value *a,
	const struct query_value *b)
{
	double seconds;
	if (sign == '-' && a->kind == VALUE_TIME && b->kind == VALUE_TIME) {
		return number_of(((double)a->us - (double)b->us) / US_PER_S, true);
	}
	if (a->kind == VALUE_TIME && guild_query_number(b, &seconds) &&
		(sign == '+' || sign == '-')) {
		return shift(a->us, sign == '-' ? -seconds : seconds);
	}
	if (b->kind == VALUE_TIME && guild_query_number(a, &seconds) && sign == '+') {
		return shift(b->us, seconds);
	}
	return undefined;
}

struct query_value guild_query_arith(char sign, const struct query_value *a,
	const struct query_value *b)
{
	double x;
	double y;
	if (a->kind == VALUE_TIME || b->kind == VALUE_TIME) {
		return arith_times(sign, a, b);
	}
	if (!guild_query_number(a, &x) || !guild_query_number(b, &y)) {
		return undefined;
	}
	bool lasts = a->kind == VALUE_DURATION || b->kind == VALUE_DURATION;
	switch (sign) {
	case '+':
		return number_of(x + y, lasts);
	case '-':
		return number_of(x - y, lasts);
	case '*':
		return number_of(x * y, lasts);
	case '/':
		return y == 0 ? undefined : number_of(x / y, lasts && b->kind != VALUE_DURATION);
	default:
		/* The sign of the divisor, as in Python. */
		return y == 0 ? undefined : number_of(x - y * floor(x / y), lasts);
	}
}
