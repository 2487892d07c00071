/*
 * Evaluation of filter expressions over one run.
 *
 * Scalars cost most. A first pass takes values that would need them as unknown; where attributes and flags alone decide, nothing
 * else is read, wherever they stand in the expression. Only else a second pass reads scalars, from left to right.
 */

#include <math.h>
#include <string.h>

#include "query_private.h"

struct eval {
	const struct guild_query *q;
	const struct guild_query_source *s;
	bool may_read_scalars, is_strict;
};

static const struct query_value unknown = {.kind = VALUE_UNKNOWN};
static const struct query_value undefined = {.kind = VALUE_UNDEFINED};

static struct query_value value_of(const struct eval *e, const struct query_node *node);

static struct query_value plain(const struct guild_value *v)
{
	return guild_value_is_null(v) ? undefined
				      : (struct query_value){.kind = VALUE_PLAIN, .plain = v};
}

static struct query_value truth_value(bool truth)
{
	static const struct guild_value values[] = {
		{.type = GUILD_BOOL, .b = false},
		{.type = GUILD_BOOL, .b = true},
	};
	return (struct query_value){.kind = VALUE_PLAIN, .plain = &values[truth]};
}

static struct query_value number(double n)
{
	return (struct query_value){.kind = VALUE_NUMBER, .number = n};
}

/* ---- names ----------------------------------------------------------------------------------------------- */

static struct query_value attr_of(const struct eval *e, const struct query_name *n)
{
	struct query_value v = plain(e->s->attr(e->s->arg, n->name));
	int64_t us;
	if (v.kind == VALUE_UNDEFINED || e->q->is_old_times) {
		return v;
	}
	bool lasts = guild_query_is_duration_name(n);
	if ((lasts || guild_query_is_time_name(n)) && e->s->attr_us(e->s->arg, n->name, &us)) {
		v.kind = lasts ? VALUE_DURATION : VALUE_TIME;
		v.us = us;
		v.number = (double)us / 1e6;
	}
	return v;
}

static struct query_value note(struct query_name *n, struct query_value v)
{
	n->was_asked |= v.kind != VALUE_UNKNOWN;
	n->was_found |= v.kind > VALUE_UNDEFINED;
	return v;
}

static struct query_value summary_value(const struct guild_scalar_summary *s,
	enum guild_col_qualifier q)
{
	switch (q) {
	case GUILD_COL_MIN:
		return number(s->min);
	case GUILD_COL_MAX:
		return number(s->max);
	case GUILD_COL_FIRST:
		return number(s->first);
	case GUILD_COL_AVG:
		return s->count > 0 ? number(s->total / (double)s->count) : undefined;
	case GUILD_COL_TOTAL:
		return number(s->total);
	case GUILD_COL_COUNT:
		return number((double)s->count);
	default:
		return number(s->last);
	}
}

static struct query_value summary_step(const struct guild_scalar_summary *s,
	enum guild_col_qualifier q)
{
	int64_t step = q == GUILD_COL_MIN     ? s->min_step
		       : q == GUILD_COL_MAX   ? s->max_step
		       : q == GUILD_COL_FIRST ? s->first_step
					      : s->last_step;
	return number((double)step);
}

static struct query_value scalar_of(const struct eval *e, struct query_name *n,
	enum guild_col_qualifier q, bool is_step)
{
	if (!e->may_read_scalars) {
		return unknown;
	}
	const struct guild_scalar_summary *s = e->s->scalar(e->s->arg, n->name);
	if (s == NULL) {
		return undefined;
	}
	return is_step ? summary_step(s, q) : summary_value(s, q);
}

static struct query_value ref_value(const struct eval *e, struct query_name *n)
{
	struct query_value v = undefined;
	if (n->space == SPACE_ANY || n->space == SPACE_ATTR) {
		v = attr_of(e, n);
	}
	if (v.kind == VALUE_UNDEFINED && (n->space == SPACE_ANY || n->space == SPACE_FLAG)) {
		v = plain(e->s->flag(e->s->arg, n->name));
	}
	if (v.kind == VALUE_UNDEFINED && (n->space == SPACE_ANY || n->space == SPACE_SCALAR)) {
		v = scalar_of(e, n, GUILD_COL_LAST, false);
	}
	return note(n, v);
}

static struct query_value value_at(const struct eval *e, const struct query_node *node)
{
	struct query_value step = value_of(e, node->left);
	double at;
	double value;
	if (!e->may_read_scalars || step.kind == VALUE_UNKNOWN) {
		return unknown;
	}
	if (e->s->scalar(e->s->arg, node->name->name) == NULL) {
		return note(node->name, undefined);
	}
	(void)note(node->name, number(0));
	bool has_step = guild_query_number(&step, &at) && fabs(at) < 9e15 && at == floor(at);
	return has_step && e->s->scalar_at(e->s->arg, node->name->name, (int64_t)at, &value)
		       ? number(value)
		       : undefined;
}

static struct query_value base_value(const struct eval *e, const struct query_node *node)
{
	struct eval base = *e;
	base.s = e->s->base;
	return base.s != NULL ? value_of(&base, node->left) : undefined;
}

/* ---- operators --------------------------------------------------------------------------------------------- */

static struct query_value negative(struct query_value v)
{
	double n;
	if (v.kind == VALUE_UNKNOWN || !guild_query_number(&v, &n)) {
		return v.kind == VALUE_UNKNOWN ? v : undefined;
	}
	v.kind = v.kind == VALUE_DURATION ? VALUE_DURATION : VALUE_NUMBER;
	v.number = -n;
	v.plain = NULL;
	return v;
}

static struct query_value call(const struct query_node *node, struct query_value v)
{
	double n;
	if (v.kind == VALUE_UNKNOWN) {
		return v;
	}
	if (!guild_query_number(&v, &n)) {
		return undefined;
	}
	/* An absolute duration still is one. */
	bool lasts = v.kind == VALUE_DURATION && strcmp(node->text, "abs") == 0;
	return (struct query_value){
		.kind = lasts ? VALUE_DURATION : VALUE_NUMBER, .number = node->call(n)};
}

static struct query_value match(const struct query_node *node, const struct query_value *v)
{
	struct guild_buf text = {0};
	bool matches = v->kind != VALUE_UNDEFINED && guild_query_text(v, &text) &&
		       guild_regex_search(node->regex, guild_buf_str(&text));
	guild_buf_fini(&text);
	return truth_value(matches != node->is_negated);
}

/* What is undefined is neither nan nor anything else; what is no number is the word itself, or not. */
static struct query_value is_class(const struct query_node *node, const struct query_value *v)
{
	double n;
	bool is;
	if (v->kind == VALUE_UNDEFINED) {
		return truth_value(false);
	}
	if (guild_query_number(v, &n)) {
		is = node->text[0] == 'n'   ? isnan(n)
		     : node->text[0] == 'f' ? isfinite(n)
					    : isinf(n);
	} else {
		struct guild_buf text = {0};
		is = guild_query_text(v, &text) && guild_str_eqz(guild_buf_str(&text), node->text);
		guild_buf_fini(&text);
	}
	return truth_value(is != node->is_negated);
}

static bool is_absent(const struct query_value *v)
{
	return v->kind == VALUE_UNDEFINED && v->constant == NULL;
}

/* The word itself. */
static bool is_undefined_word(const struct query_value *v)
{
	return v->kind == VALUE_UNDEFINED && v->constant != NULL;
}

/* Asked strictly, an answer comes from values: not from their absence, nor from an order where there is none. */
static bool can_answer(const struct query_node *node, const struct query_value *a,
	const struct query_value *b)
{
	if (node->kind == QUERY_ARITH || node->kind == QUERY_CONTAINS) {
		return true;
	}
	bool is_order = node->kind == QUERY_COMPARE && node->op != OP_EQ && node->op != OP_NE;
	if (is_order) {
		return guild_query_compare(OP_LT, a, b) || guild_query_compare(OP_GE, a, b);
	}
	return is_undefined_word(a) || is_undefined_word(b) || (!is_absent(a) && !is_absent(b));
}

static struct query_value operate(const struct eval *e, const struct query_node *node)
{
	struct query_value a = value_of(e, node->left);
	if (a.kind == VALUE_UNKNOWN) {
		return a;
	}
	if (node->kind == QUERY_MATCH) {
		return e->is_strict && is_absent(&a) ? unknown : match(node, &a);
	}
	if (node->kind == QUERY_CLASS) {
		return e->is_strict && is_absent(&a) ? unknown : is_class(node, &a);
	}
	struct query_value b = value_of(e, node->right);
	if (b.kind == VALUE_UNKNOWN) {
		return b;
	}
	if (e->is_strict && !can_answer(node, &a, &b)) {
		return unknown;
	}
	switch (node->kind) {
	case QUERY_ARITH:
		return guild_query_arith(node->sign, &a, &b);
	case QUERY_IN:
		return truth_value(guild_query_is_in(&a, &b) != node->is_negated);
	case QUERY_CONTAINS:
		return truth_value(guild_query_contains(&a, &b) != node->is_negated);
	default:
		return truth_value(guild_query_compare(node->op, &a, &b));
	}
}

/* What decides decides, also where the other side is not known. */
static struct query_value both_or_one(const struct eval *e, const struct query_node *node)
{
	bool deciding = node->kind == QUERY_OR;
	struct query_value a = value_of(e, node->left);
	if (a.kind != VALUE_UNKNOWN && guild_query_truth(&a) == deciding) {
		return truth_value(deciding);
	}
	struct query_value b = value_of(e, node->right);
	if (b.kind != VALUE_UNKNOWN && guild_query_truth(&b) == deciding) {
		return truth_value(deciding);
	}
	bool is_known = a.kind != VALUE_UNKNOWN && b.kind != VALUE_UNKNOWN;
	return is_known ? truth_value(!deciding) : unknown;
}

static struct query_value value_of(const struct eval *e, const struct query_node *node)
{
	struct query_value v;
	switch (node->kind) {
	case QUERY_CONST:
		v = plain(node->value);
		v.constant = node;
		return v;
	case QUERY_DURATION:
		return (struct query_value){.kind = VALUE_DURATION, .number = node->seconds};
	case QUERY_NOW:
		return (struct query_value){.kind = VALUE_TIME, .us = e->q->now_us};
	case QUERY_REF:
		return ref_value(e, node->name);
	case QUERY_SUMMARY:
		return note(node->name, scalar_of(e, node->name, node->qualifier, node->is_step));
	case QUERY_AT:
		return value_at(e, node);
	case QUERY_CALL:
		return call(node, value_of(e, node->left));
	case QUERY_BASE:
		return base_value(e, node);
	case QUERY_NEGATE:
		return negative(value_of(e, node->left));
	case QUERY_NOT:
		v = value_of(e, node->left);
		return v.kind == VALUE_UNKNOWN ? v : truth_value(!guild_query_truth(&v));
	case QUERY_AND:
	case QUERY_OR:
		return both_or_one(e, node);
	default:
		return operate(e, node);
	}
}

struct query_value guild_query_eval(const struct guild_query *q, const struct query_node *node,
	const struct guild_query_source *s, unsigned flags)
{
	struct eval e = {
		.q = q,
		.s = s,
		.may_read_scalars = flags & EVAL_SCALARS,
		.is_strict = flags & EVAL_STRICT,
	};
	return value_of(&e, node);
}

static struct query_value evaluate(const struct guild_query *q, const struct guild_query_source *s)
{
	struct query_value v = guild_query_eval(q, q->root, s, 0);
	return v.kind == VALUE_UNKNOWN ? guild_query_eval(q, q->root, s, EVAL_SCALARS) : v;
}

bool guild_query_holds(const struct guild_query *q, const struct guild_query_source *s)
{
	if (q->root == NULL) {
		return true;
	}
	struct query_value v = evaluate(q, s);
	return guild_query_truth(&v);
}

enum guild_query_verdict guild_query_verdict(const struct guild_query *q,
	const struct guild_query_source *s)
{
	if (q->root == NULL) {
		return GUILD_QUERY_YES;
	}
	struct query_value v = guild_query_eval(q, q->root, s, EVAL_SCALARS | EVAL_STRICT);
	if (v.kind == VALUE_UNKNOWN) {
		return GUILD_QUERY_MISSING;
	}
	return guild_query_truth(&v) ? GUILD_QUERY_YES : GUILD_QUERY_NO;
}

const struct guild_value *guild_query_shown_value(const struct query_value *v,
	struct guild_arena *a)
{
	char text[GUILD_TIME_MAX];
	switch (v->kind) {
	case VALUE_PLAIN:
		return guild_value_copy(a, v->plain);
	case VALUE_NUMBER:
		return guild_value_float(a, v->number);
	case VALUE_TIME:
		guild_time_format(v->us, false, text);
		return guild_value_string(a, text);
	case VALUE_DURATION:
		if (!(fabs(v->number) < 9e12)) {
			return NULL;
		}
		guild_duration_format((int64_t)(v->number * 1e6), text);
		return guild_value_string(a, text);
	default:
		return NULL;
	}
}

const struct guild_value *guild_query_value(const struct guild_query *q,
	const struct guild_query_source *s, struct guild_arena *a)
{
	struct query_value v = q->root != NULL ? evaluate(q, s) : truth_value(true);
	return guild_query_shown_value(&v, a);
}

struct guild_value *guild_query_sort_key(const struct guild_query *q,
	const struct guild_query_source *s, struct guild_arena *a)
{
	struct query_value v = q->root != NULL ? evaluate(q, s) : undefined;
	switch (v.kind) {
	case VALUE_PLAIN:
		return guild_value_copy(a, v.plain);
	case VALUE_NUMBER:
	case VALUE_DURATION:
		return guild_value_float(a, v.number);
	case VALUE_TIME:
		return guild_value_int(a, v.us);
	default:
		return NULL;
	}
}
