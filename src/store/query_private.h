/* Expressions over runs: tokens and trees. Private to query_*.c, sort.c and filter.c. */
#ifndef GUILD_STORE_QUERY_PRIVATE_H
#define GUILD_STORE_QUERY_PRIVATE_H

#include "store_private.h"

enum {
	QUERY_MAX_BYTES = 64 << 10,
	QUERY_MAX_DEPTH = 200,
	QUERY_MAX_TERMS = 2000,
	QUERY_SYNTAX_OLD = 1, /* as Guild AI 0.9.0 */
	QUERY_SYNTAX = 2,
};

/* ---- tokens (query_lex.c) ------------------------------------------------------------------------- */

enum query_token_kind {
	TOKEN_END,
	TOKEN_NAME,     /* lr, flag:batch-size, sub#loss */
	TOKEN_QUOTED,   /* 'text' */
	TOKEN_NUMBER,   /* 1e-3 */
	TOKEN_WORD,     /* what begins with a digit and is no number: part of an id */
	TOKEN_DURATION, /* 90s 15m 3h 2d 1w */
	TOKEN_DATE,     /* 2026-11-21 10:00 */
	TOKEN_COMPARE,  /* = == != <> < <= > >= */
	TOKEN_MATCH,    /* =~ !~ */
	TOKEN_SIGN,     /* ( ) [ ] , + - * / % */
	TOKEN_AND,
	TOKEN_OR,
	TOKEN_NOT,
	TOKEN_IS,
	TOKEN_IN,
	TOKEN_CONTAINS,
	TOKEN_CONSTANT, /* true, false, undefined */
	TOKEN_BAD,
};
enum query_op { OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE };
struct query_token {
	enum query_token_kind kind;
	struct guild_str text; /* as written */
	size_t at;
	enum query_op op;                /* TOKEN_COMPARE; TOKEN_MATCH: OP_EQ or OP_NE */
	char sign;                       /* TOKEN_SIGN */
	double seconds;                  /* TOKEN_DURATION */
	const struct guild_value *value; /* constants, quoted texts */
	bool is_open;                    /* TOKEN_BAD: a quote that is never closed */
};
/* The token at `at`, or after blanks. After an operand, a sign in front of a number is an operator. */
void guild_query_next_token(struct guild_arena *a, struct guild_str text, size_t at,
	bool after_operand, struct query_token *out);
/* Whether a name can be written without quotes. */
bool guild_query_is_plain_name(const char *name);

/* ---- trees (query_parse.c) -------------------------------------------------------------------------- */

enum query_kind {
	QUERY_CONST, /* value; NULL: undefined */
	QUERY_DURATION,
	QUERY_NOW,
	QUERY_REF,
	QUERY_SUMMARY, /* one figure of a scalar, or its step */
	QUERY_AT,      /* a scalar at a step */
	QUERY_CALL,    /* a function of numbers */
	QUERY_BASE,    /* left, of the baseline */
	QUERY_NEGATE,
	QUERY_ARITH,
	QUERY_COMPARE,
	QUERY_CLASS, /* is nan, is finite, is infinite */
	QUERY_MATCH,
	QUERY_IN,
	QUERY_CONTAINS,
	QUERY_NOT,
	QUERY_AND,
	QUERY_OR,
};
enum query_space { SPACE_ANY, SPACE_ATTR, SPACE_FLAG, SPACE_SCALAR };

/* A name of the expression, and what was seen of it. One for all uses of the name. */
struct query_name {
	enum query_space space;
	const char *name;
	bool may_miss;  /* only asked whether it is undefined */
	bool was_asked; /* of a run, completely */
	bool was_found;
};

struct query_node {
	enum query_kind kind;
	size_t at; /* place in the text */
	struct query_node *left, *right;
	bool is_negated;  /* not in, not contains, !~, is not nan */
	bool in_brackets; /* as written */
	enum query_op op; /* QUERY_COMPARE */
	char sign;        /* QUERY_ARITH */
	const char
		*text; /* QUERY_CONST: as written; QUERY_CALL: the function; QUERY_CLASS: nan, … */
	const struct guild_value *value;
	double seconds; /* QUERY_DURATION */
	struct query_name *name;
	enum guild_col_qualifier qualifier; /* QUERY_SUMMARY */
	bool is_step;                       /* QUERY_SUMMARY */
	struct guild_regex *regex;          /* QUERY_MATCH */
	double (*call)(double);             /* QUERY_CALL */
	/* QUERY_CONST compared with a time: the stretch it means; compared with a duration: seconds. */
	bool has_range, has_seconds;
	int64_t start_us, end_us;
};

struct guild_query {
	struct guild_arena *arena;
	struct query_node *root; /* NULL: an empty text, which holds for every run */
	struct query_name **names;
	size_t n_names;
	struct guild_regex **regexes;
	size_t n_regexes, cap_regexes;
	int64_t now_us;
	bool is_extended;    /* says what Guild AI 0.9.0 cannot read */
	bool is_mixed;       /* 0.9.0 would group it otherwise */
	bool compares_times; /* with a text that 0.9.0 compares as text */
	bool is_old_times;   /* times are texts */
};

/* A value at evaluation. */
enum query_value_kind {
	VALUE_UNKNOWN, /* would need scalars, and those were not to be read */
	VALUE_UNDEFINED,
	VALUE_PLAIN,
	VALUE_NUMBER,
	VALUE_TIME,
	VALUE_DURATION,
};
struct query_value {
	enum query_value_kind kind;
	double number; /* VALUE_NUMBER; VALUE_DURATION: seconds */
	int64_t us;    /* VALUE_TIME */
	const struct guild_value
		*plain; /* VALUE_PLAIN; text form of an attribute's time or duration */
	const struct query_node *constant; /* where it is one */
};
enum {
	EVAL_SCALARS = 1, /* may be read */
	EVAL_STRICT = 2,  /* what is asked of a missing value is unknown */
};
struct query_value guild_query_eval(const struct guild_query *q, const struct query_node *node,
	const struct guild_query_source *s, unsigned flags);
/* Operators over values (query_value.c); none of them is VALUE_UNKNOWN. */
bool guild_query_compare(enum query_op op, const struct query_value *a,
	const struct query_value *b);
struct query_value guild_query_arith(char sign, const struct query_value *a,
	const struct query_value *b);
bool guild_query_truth(const struct query_value *v);
bool guild_query_contains(const struct query_value *v, const struct query_value *wanted);
bool guild_query_is_in(const struct query_value *v, const struct query_value *list);
/* The text of a value; false where it has none. */
bool guild_query_text(const struct query_value *v, struct guild_buf *out);
bool guild_query_number(const struct query_value *v, double *out);
/* Places what a text means as time into the constants that times and durations are compared with. */
int guild_query_place_times(struct guild_query *q, struct query_node *compare, size_t *at,
	struct guild_error *err);
bool guild_query_is_time_name(const struct query_name *n);     /* started, stopped */
bool guild_query_is_duration_name(const struct query_name *n); /* time */

/* The value as it sorts: times and durations as numbers; NULL: undefined. */
struct guild_value *guild_query_sort_key(const struct guild_query *q,
	const struct guild_query_source *s, struct guild_arena *a);
/* Calls `each` for every figure: a name, or a figure of a scalar. */
typedef void guild_query_figure_fn(void *to, const struct query_node *node, bool of_base);
void guild_query_each_figure(const struct query_node *node, bool of_base,
	guild_query_figure_fn *each, void *to);
/* The value as it is shown; NULL: undefined. */
const struct guild_value *guild_query_shown_value(const struct query_value *v,
	struct guild_arena *a);
void guild_query_print_node(const struct query_node *node, struct guild_buf *out);

#endif
