/* The parser of filter expressions. Private to query_parse.c, query_parser.c and query_figure.c. */
#ifndef GUILD_STORE_QUERY_PARSER_H
#define GUILD_STORE_QUERY_PARSER_H

#include "query_private.h"

enum { QUERY_MAX_BARE = 64 };
struct query_parser {
	struct guild_query *q;
	struct guild_str text;
	struct query_token now, next;
	bool is_old;
	bool has_base, in_base;
	struct query_node *bare[QUERY_MAX_BARE]; /* `base` alone whose figure is not known yet */
	size_t n_bare;
	int depth, n_terms;
	size_t cap_names;
	struct guild_error *err;
};

/* What is wrong at a place of the text: its line and a caret under it follow. */
int guild_query_fail_at(struct query_parser *p, size_t at, const char *what);
/* "expected WHAT, not ..." at the current token. */
int guild_query_expected(struct query_parser *p, const char *what);
/* One bracket (or the like) deeper; the caller takes p->depth back. */
int guild_query_deeper(struct query_parser *p);
/* One operator more: trees lean to one side, as deep as a chain is long. */
int guild_query_more(struct query_parser *p);

/* The token after the one at hand. */
void guild_query_look_ahead(struct query_parser *p, size_t at, bool after_operand);
void guild_query_advance(struct query_parser *p);
bool guild_query_at_sign(const struct query_parser *p, char sign);
bool guild_query_at_word(const struct query_parser *p, const char *word);
/* Takes the sign, or says that WHAT was expected. */
int guild_query_expect_sign(struct query_parser *p, char sign, const char *what);
struct query_node *guild_query_new_node(struct query_parser *p, enum query_kind kind, size_t at);
/* The name of a token; `scalar` where nothing but a scalar is meant. */
struct query_name *guild_query_name_of(struct query_parser *p, const struct query_token *t,
	bool scalar);

/* Whether the name at hand is of the baseline, and base, base.NAME or base(EXPR) itself. */
bool guild_query_at_base(const struct query_parser *p);
int guild_query_parse_base(struct query_parser *p, struct query_node **out);
/* What the `base` of a comparison, from the given one on, stands for. */
int guild_query_resolve_base(struct query_parser *p, const struct query_node *compare, size_t from);
/* Fails at a `base` that nothing is known of. */
int guild_query_check_base(struct query_parser *p);

int guild_query_parse_sum(struct query_parser *p, struct query_node **out);
int guild_query_parse_signed(struct query_parser *p, struct query_node **out);
/* A name and what may follow it. */
int guild_query_parse_name(struct query_parser *p, struct query_node **out);

#endif
