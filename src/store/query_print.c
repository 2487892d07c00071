/* Filter expressions as text: brackets wherever a reader, or syntax 1, could take them otherwise. */

#include <math.h>
#include <string.h>

#include "query_private.h"

static bool needs_escape(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp <= 0xa0) || cp == 0x2028 || cp == 0x2029 ||
	       cp == 0xfeff || (cp >= 0xfffe && cp <= 0xffff);
}

static bool is_simple(const char *p, size_t n)
{
	for (size_t i = 0; i < n;) {
		uint32_t cp;
		size_t size = guild_utf8_decode(p + i, n - i, &cp);
		if (size == 0 || needs_escape(cp) || cp == '\'' || cp == '\\') {
			return false;
		}
		i += size;
	}
	return true;
}

static void put_quoted(struct guild_buf *out, const char *p, size_t n)
{
	if (is_simple(p, n)) {
		guild_buf_printf(out, "'%.*s'", (int)n, p);
		return;
	}
	guild_buf_putc(out, '"');
	for (size_t i = 0; i < n;) {
		uint32_t cp = (unsigned char)p[i];
		size_t size = guild_utf8_decode(p + i, n - i, &cp);
		size = size > 0 ? size : 1;
		if (cp == '"' || cp == '\\') {
			guild_buf_printf(out, "\\%c", (char)cp);
		} else if (needs_escape(cp)) {
			guild_buf_printf(out, "\\u%04x", cp);
		} else {
			guild_buf_append(out, p + i, size);
		}
		i += size;
	}
	guild_buf_putc(out, '"');
}

static void put_value(struct guild_buf *out, const struct guild_value *v)
{
	if (guild_value_is_null(v)) {
		guild_buf_puts(out, "undefined");
	} else if (v->type == GUILD_BOOL) {
		guild_buf_puts(out, v->b ? "true" : "false");
	} else if (v->type == GUILD_LIST) {
		guild_buf_putc(out, '[');
		for (size_t i = 0; i < v->n; i++) {
			guild_buf_puts(out, i > 0 ? ", " : "");
			put_value(out, v->items[i]);
		}
		guild_buf_putc(out, ']');
	} else if (v->type == GUILD_FLOAT && isinf(v->f)) {
		guild_buf_puts(out, v->f < 0 ? "-1e999" : "1e999");
	} else if (v->type == GUILD_INT || v->type == GUILD_FLOAT) {
		guild_value_py_str(out, v);
	} else {
		put_quoted(out, v->s.p, v->s.n);
	}
}

static void put_name(struct guild_buf *out, const struct query_name *n, bool is_scalar)
{
	static const char *const prefixes[] = {"", "attr:", "flag:", "scalar:"};
	if (n->space == SPACE_ANY) {
		guild_buf_puts(out, n->name); /* nothing else can be written so */
		return;
	}
	/* What would be read as a prefix of its own, or as the baseline, is quoted. */
	bool plain = guild_query_is_plain_name(n->name) && strchr(n->name, ':') == NULL &&
		     !(is_scalar && guild_starts(n->name, "base"));
	guild_buf_puts(out, is_scalar ? "" : prefixes[n->space]);
	if (plain) {
		guild_buf_puts(out, n->name);
	} else {
		put_quoted(out, n->name, strlen(n->name));
	}
}

static const char *qualifier_name(enum guild_col_qualifier q)
{
	static const char *const names[] = {
		[GUILD_COL_LAST] = "last",
		[GUILD_COL_MIN] = "min",
		[GUILD_COL_MAX] = "max",
		[GUILD_COL_FIRST] = "first",
		[GUILD_COL_AVG] = "avg",
		[GUILD_COL_TOTAL] = "total",
		[GUILD_COL_COUNT] = "count",
	};
	return names[q];
}

static void put_summary(struct guild_buf *out, const struct query_node *node)
{
	guild_buf_printf(out, "%s%s(", node->is_step ? "step(" : "",
		qualifier_name(node->qualifier));
	put_name(out, node->name, true);
	guild_buf_puts(out, node->is_step ? "))" : ")");
}

static bool is_sum_or_test(const struct query_node *node)
{
	return node->kind >= QUERY_ARITH || node->kind == QUERY_NEGATE;
}

static void put_in_brackets(struct guild_buf *out, const struct query_node *node, bool brackets)
{
	guild_buf_puts(out, brackets ? "(" : "");
	guild_query_print_node(node, out);
	guild_buf_puts(out, brackets ? ")" : "");
}

/* Operands of arithmetic and comparisons: in brackets unless they are one thing. */
static void put_operand(struct guild_buf *out, const struct query_node *node, bool as_name)
{
	put_in_brackets(out, node, is_sum_or_test(node) || as_name);
}

static void put_binary(struct guild_buf *out, const struct query_node *node, const char *op)
{
	/* A bare word would be read as a text there. */
	bool as_name = node->left->kind == QUERY_REF && node->right->kind == QUERY_REF &&
		       node->kind != QUERY_ARITH;
	put_operand(out, node->left, false);
	guild_buf_printf(out, " %s ", op);
	put_operand(out, node->right, as_name);
}

static const char *compare_sign(enum query_op op)
{
	static const char *const signs[] = {
		[OP_EQ] = "=",
		[OP_NE] = "!=",
		[OP_LT] = "<",
		[OP_LE] = "<=",
		[OP_GT] = ">",
		[OP_GE] = ">=",
	};
	return signs[op];
}

/* Sides of 'and' and 'or': chains of one kind stay flat on the side they lean to. */
static void put_side(struct guild_buf *out, const struct query_node *node, enum query_kind parent,
	bool is_left)
{
	bool is_chain = node->kind == QUERY_AND || node->kind == QUERY_OR;
	put_in_brackets(out, node, is_chain && !(node->kind == parent && is_left));
}

static void put_chain(struct guild_buf *out, const struct query_node *node)
{
	put_side(out, node->left, node->kind, true);
	guild_buf_puts(out, node->kind == QUERY_AND ? " and " : " or ");
	put_side(out, node->right, node->kind, false);
}

static void put_not(struct guild_buf *out, const struct query_node *node)
{
	bool brackets = node->left->kind == QUERY_AND || node->left->kind == QUERY_OR;

	guild_buf_puts(out, "not ");
	put_in_brackets(out, node->left, brackets);
}

static void put_duration(struct guild_buf *out, double seconds)
{
	char text[GUILD_F64_MAX];
	size_t n = guild_f64_repr(seconds, text);
	if (n > 2 && memcmp(text + n - 2, ".0", 2) == 0) {
		n -= 2;
	}
	guild_buf_printf(out, "%.*ss", (int)n, text);
}

void guild_query_print_node(const struct query_node *node, struct guild_buf *out)
{
	char sign[2] = {node->sign, '\0'};
	switch (node->kind) {
	case QUERY_CONST:
		put_value(out, node->value);
		break;
	case QUERY_DURATION:
		put_duration(out, node->seconds);
		break;
	case QUERY_NOW:
		guild_buf_puts(out, "now()");
		break;
	case QUERY_REF:
		put_name(out, node->name, false);
		break;
	case QUERY_SUMMARY:
		put_summary(out, node);
		break;
	case QUERY_AT:
		guild_buf_puts(out, "at(");
		put_name(out, node->name, true);
		guild_buf_puts(out, ", ");
		put_operand(out, node->left, false);
		guild_buf_putc(out, ')');
		break;
	case QUERY_CALL:
		guild_buf_printf(out, "%s(", node->text);
		put_operand(out, node->left, false);
		guild_buf_putc(out, ')');
		break;
	case QUERY_BASE:
		guild_buf_puts(out, "base(");
		put_operand(out, node->left, false);
		guild_buf_putc(out, ')');
		break;
	case QUERY_NEGATE:
		/* "-1" would be a number, "-2d" a duration, and syntax 1 takes a name in brackets for a text. */
		guild_buf_putc(out, '-');
		put_in_brackets(out, node->left,
			is_sum_or_test(node->left) || node->left->kind == QUERY_CONST ||
				node->left->kind == QUERY_DURATION);
		break;
	case QUERY_ARITH:
		put_binary(out, node, sign);
		break;
	case QUERY_COMPARE:
		put_binary(out, node, compare_sign(node->op));
		break;
	case QUERY_CLASS:
		put_operand(out, node->left, false);
		guild_buf_printf(out, " is %s%s", node->is_negated ? "not " : "", node->text);
		break;
	case QUERY_MATCH:
		put_operand(out, node->left, false);
		guild_buf_puts(out, node->is_negated ? " !~ " : " =~ ");
		put_value(out, node->value);
		break;
	case QUERY_IN:
		put_binary(out, node, node->is_negated ? "not in" : "in");
		break;
	case QUERY_CONTAINS:
		put_binary(out, node, node->is_negated ? "not contains" : "contains");
		break;
	case QUERY_NOT:
		put_not(out, node);
		break;
	case QUERY_AND:
	case QUERY_OR:
		put_chain(out, node);
		break;
	}
}

void guild_query_print(const struct guild_query *q, struct guild_buf *out)
{
	if (q->root != NULL) {
		guild_query_print_node(q->root, out);
	}
}
