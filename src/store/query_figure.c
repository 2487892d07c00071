/* Filter expressions: names, figures of scalars, functions. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "query_parser.h"

/* ---- figures of scalars, functions ------------------------------------------------------------------- */

static const struct {
	const char *name;
	enum guild_col_qualifier qualifier;
} qualifiers[] = {
	{"last", GUILD_COL_LAST},
	{"first", GUILD_COL_FIRST},
	{"min", GUILD_COL_MIN},
	{"max", GUILD_COL_MAX},
	{"avg", GUILD_COL_AVG},
	{"total", GUILD_COL_TOTAL},
	{"count", GUILD_COL_COUNT},
};
static const struct {
	const char *name;
	double (*call)(double);
} functions[] = {{"abs", fabs}, {"exp", exp}, {"log", log}, {"sqrt", sqrt}};
static const char *const function_names[] = {"abs", "at", "avg", "count", "exp", "first", "last",
	"log", "max", "min", "now", "sqrt", "step", "total", NULL};

static bool find_qualifier(struct guild_str word, enum guild_col_qualifier *out)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(qualifiers); i++) {
		if (guild_str_eqz(word, qualifiers[i].name)) {
			*out = qualifiers[i].qualifier;
			return true;
		}
	}
	return false;
}

static bool has_step(enum guild_col_qualifier q)
{
	return q != GUILD_COL_AVG && q != GUILD_COL_TOTAL && q != GUILD_COL_COUNT;
}

/* The name of a scalar, where nothing else can be. */
static int parse_scalar_name(struct query_parser *p, struct query_name **out)
{
	if (p->now.kind != TOKEN_NAME && p->now.kind != TOKEN_QUOTED) {
		return guild_query_expected(p, "the name of a scalar");
	}
	if (guild_query_at_base(p)) {
		return guild_query_fail_at(p, p->now.at,
			"the baseline stands before its figure, as in base.min(loss)");
	}
	*out = guild_query_name_of(p, &p->now, true);
	guild_query_advance(p);
	return 0;
}

static struct query_node *new_summary(struct query_parser *p, size_t at, struct query_name *name,
	enum guild_col_qualifier qualifier)
{
	struct query_node *node = guild_query_new_node(p, QUERY_SUMMARY, at);
	node->name = name;
	node->qualifier = qualifier;
	return node;
}

static int step_of(struct query_parser *p, struct query_node *summary)
{
	if (!has_step(summary->qualifier)) {
		return guild_query_fail_at(p, summary->at,
			"averages, totals and counts have no step");
	}
	summary->is_step = true;
	return 0;
}

/* min loss, min loss step; or within brackets. */
static int parse_qualified(struct query_parser *p, struct query_node **out)
{
	size_t at = p->now.at;
	enum guild_col_qualifier qualifier = GUILD_COL_LAST;
	struct query_name *name = NULL;
	if (p->now.kind == TOKEN_NAME && find_qualifier(p->now.text, &qualifier)) {
		guild_query_advance(p);
	}
	bool brackets = guild_query_at_sign(p, '(');
	if (brackets) {
		guild_query_advance(p);
	}
	int rc = parse_scalar_name(p, &name);
	if (rc == 0 && brackets) {
		rc = guild_query_expect_sign(p, ')', "')'");
	}
	if (rc == 0) {
		*out = new_summary(p, at, name, qualifier);
		if (guild_query_at_word(p, "step")) {
			guild_query_advance(p);
			rc = step_of(p, *out);
		}
	}
	return rc;
}

static int parse_step_call(struct query_parser *p, struct query_node **out)
{
	guild_query_advance(p);
	guild_query_advance(p);
	bool is_figure = p->now.kind == TOKEN_NAME &&
			 (p->next.kind == TOKEN_NAME || p->next.kind == TOKEN_QUOTED ||
				 (p->next.kind == TOKEN_SIGN && p->next.sign == '('));
	int rc;
	if (is_figure) {
		rc = parse_qualified(p, out);
	} else {
		struct query_name *name = NULL;
		size_t at = p->now.at;
		rc = parse_scalar_name(p, &name);
		*out = rc == 0 ? new_summary(p, at, name, GUILD_COL_LAST) : NULL;
	}
	rc = rc == 0 ? step_of(p, *out) : rc;
	return rc == 0 ? guild_query_expect_sign(p, ')', "')'") : rc;
}

static struct query_node *new_at(struct query_parser *p, size_t at, struct query_name *name,
	struct query_node *step)
{
	struct query_node *node = guild_query_new_node(p, QUERY_AT, at);
	node->name = name;
	node->left = step;
	return node;
}

/* A figure at a step of the figure that the comparison is about, which is this one, would go round in circles. */
static int parse_step(struct query_parser *p,
	int (*parse)(struct query_parser *, struct query_node **), struct query_node **out)
{
	size_t first_bare = p->n_bare;
	int rc = parse(p, out);
	if (rc == 0 && p->n_bare > first_bare) {
		rc = guild_query_fail_at(p, p->bare[first_bare]->at,
			"a step is no place for 'base' alone: write base.NAME or base(EXPR)");
	}
	return rc;
}

static int parse_at_call(struct query_parser *p, struct query_node **out)
{
	size_t at = p->now.at;
	struct query_name *name = NULL;
	struct query_node *step = NULL;
	guild_query_advance(p);
	guild_query_advance(p);
	int rc = parse_scalar_name(p, &name);
	rc = rc == 0 ? guild_query_expect_sign(p, ',', "',' and a step") : rc;
	rc = rc == 0 ? parse_step(p, guild_query_parse_sum, &step) : rc;
	rc = rc == 0 ? guild_query_expect_sign(p, ')', "')'") : rc;
	*out = rc == 0 ? new_at(p, at, name, step) : NULL;
	return rc;
}

static int parse_number_call(struct query_parser *p, size_t function, struct query_node **out)
{
	struct query_node *node = guild_query_new_node(p, QUERY_CALL, p->now.at);
	node->text = functions[function].name;
	node->call = functions[function].call;
	guild_query_advance(p);
	guild_query_advance(p);
	int rc = guild_query_parse_sum(p, &node->left);
	*out = node;
	return rc == 0 ? guild_query_expect_sign(p, ')', "')'") : rc;
}

static int unknown_function(struct query_parser *p)
{
	char *word = guild_strndup(p->now.text.p, p->now.text.n);
	const char *nearest = guild_nearest(word, function_names);
	char *text = nearest != NULL
			     ? guild_format("there is no function '%s' (did you mean '%s'?)", word,
				       nearest)
			     : guild_format("there is no function '%s'", word);
	int rc = guild_query_fail_at(p, p->now.at, text);
	free(text);
	free(word);
	return rc;
}

static int parse_call(struct query_parser *p, struct query_node **out)
{
	enum guild_col_qualifier qualifier;
	if (find_qualifier(p->now.text, &qualifier)) {
		return parse_qualified(p, out);
	}
	if (guild_query_at_word(p, "step")) {
		return parse_step_call(p, out);
	}
	if (guild_query_at_word(p, "at")) {
		return parse_at_call(p, out);
	}
	if (guild_query_at_word(p, "now")) {
		*out = guild_query_new_node(p, QUERY_NOW, p->now.at);
		guild_query_advance(p);
		guild_query_advance(p);
		return guild_query_expect_sign(p, ')', "')'");
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(functions); i++) {
		if (guild_query_at_word(p, functions[i].name)) {
			return parse_number_call(p, i, out);
		}
	}
	return unknown_function(p);
}

int guild_query_parse_name(struct query_parser *p, struct query_node **out)
{
	if (guild_query_at_base(p)) {
		return guild_query_parse_base(p, out);
	}
	enum guild_col_qualifier qualifier;
	const struct query_token name = p->now;
	bool is_call = p->next.kind == TOKEN_SIGN && p->next.sign == '(';
	bool is_figure = (p->next.kind == TOKEN_NAME || p->next.kind == TOKEN_QUOTED) &&
			 find_qualifier(name.text, &qualifier);
	if (is_call || is_figure) {
		p->q->is_extended = true;
		return is_call ? parse_call(p, out) : parse_qualified(p, out);
	}
	guild_query_advance(p);
	if (guild_query_at_word(p, "step")) {
		guild_query_advance(p);
		p->q->is_extended = true;
		*out = new_summary(p, name.at, guild_query_name_of(p, &name, true), GUILD_COL_LAST);
		(*out)->is_step = true;
		return 0;
	}
	if (guild_query_at_word(p, "at")) {
		struct query_node *step = NULL;
		guild_query_advance(p);
		p->q->is_extended = true;
		int rc = parse_step(p, guild_query_parse_signed, &step);
		*out = rc == 0 ? new_at(p, name.at, guild_query_name_of(p, &name, true), step)
			       : NULL;
		return rc;
	}
	if (guild_str_eqz(name.text, "now") && !p->is_old) {
		*out = guild_query_new_node(p, QUERY_NOW, name.at);
		(*out)->text = "now";
		return 0;
	}
	*out = guild_query_new_node(p, QUERY_REF, name.at);
	(*out)->name = guild_query_name_of(p, &name, false);
	(*out)->text = guild_arena_strndup(p->q->arena, name.text.p, name.text.n);
	return 0;
}
