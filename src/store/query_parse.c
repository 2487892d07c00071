/*
 * Filter expressions: text to tree.
 *
 *   any     := all { 'or' all }             (syntax 1: 'and' and 'or' alike, grouping to the right)
 *   all     := no { 'and' no }
 *   no      := 'not' no | test
 *   test    := sum [ OP sum | '=~' TEXT | '!~' TEXT | 'is' ['not'] sum | ['not'] 'in' list | ['not'] 'contains' sum ]
 *   sum     := product { ('+' | '-') product }
 *   product := signed { ('*' | '/' | '%') signed }
 *   signed  := '-' signed | value
 *   value   := '(' any ')' | NUMBER | TEXT | DURATION | DATE | 'true' | 'false' | 'undefined' | list | figure
 *   figure  := NAME ['step' | 'at' signed] | QUALIFIER NAME ['step'] | FUNCTION '(' ... ')' | base (query_base.c)
 *
 * In "NAME OP WORD" the word is a text, as Guild AI 0.9.0 reads it; everywhere else a word names something of the run.
 */

#include <stdlib.h>
#include <string.h>

#include "query_parser.h"

static int parse_any(struct query_parser *p, struct query_node **out);

static struct query_node *new_pair(struct query_parser *p, enum query_kind kind,
	struct query_node *left, struct query_node *right)
{
	struct query_node *node = guild_query_new_node(p, kind, left->at);
	node->left = left;
	node->right = right;
	return node;
}

/* ---- constants --------------------------------------------------------------------------------------------- */

static const struct guild_value *text_value(struct query_parser *p, struct guild_str text)
{
	return guild_value_string_n(p->q->arena, text.p, text.n);
}

static int parse_list(struct query_parser *p, struct guild_value **out);

/* An item of a list: names are texts here. */
static int parse_item(struct query_parser *p, const struct guild_value **out)
{
	struct guild_value *list = NULL;
	switch (p->now.kind) {
	case TOKEN_NUMBER:
	case TOKEN_QUOTED:
		*out = p->now.value;
		break;
	case TOKEN_CONSTANT:
		*out = p->now.value != NULL ? p->now.value : guild_value_null(p->q->arena);
		break;
	case TOKEN_WORD:
	case TOKEN_DURATION:
	case TOKEN_DATE:
		p->q->is_extended = true;
		*out = text_value(p, p->now.text);
		break;
	case TOKEN_NAME:
		*out = text_value(p, p->now.text);
		break;
	default:
		if (guild_query_at_sign(p, '[')) {
			int rc = parse_list(p, &list);
			*out = list;
			return rc;
		}
		return guild_query_expected(p, "a value of the list");
	}
	guild_query_advance(p);
	return 0;
}

static int parse_list(struct query_parser *p, struct guild_value **out)
{
	struct guild_value *list = guild_value_list(p->q->arena);
	int rc = guild_query_deeper(p);
	guild_query_advance(p);
	p->q->is_extended |= guild_query_at_sign(p, ']');
	while (rc == 0 && !guild_query_at_sign(p, ']')) {
		const struct guild_value *item = NULL;
		rc = parse_item(p, &item);
		if (rc == 0) {
			guild_value_append(p->q->arena, list, guild_value_copy(p->q->arena, item));
			if (guild_query_at_sign(p, ',')) {
				guild_query_advance(p);
			} else if (!guild_query_at_sign(p, ']')) {
				rc = guild_query_expected(p, "',' or ']'");
			}
		}
	}
	p->depth--;
	*out = list;
	if (rc == 0) {
		guild_query_advance(p);
	}
	return rc;
}

static int parse_constant(struct query_parser *p, struct query_node **out)
{
	const struct query_token t = p->now;
	struct query_node *node = guild_query_new_node(p, QUERY_CONST, t.at);
	node->text = guild_arena_strndup(p->q->arena, t.text.p, t.text.n);
	node->value = t.value;
	if (t.kind == TOKEN_WORD || t.kind == TOKEN_DATE) {
		node->value = text_value(p, t.text);
		p->q->is_extended = true;
	} else if (t.kind == TOKEN_DURATION) {
		node->kind = QUERY_DURATION;
		node->seconds = t.seconds;
		p->q->is_extended = true;
	}
	*out = node;
	guild_query_advance(p);
	return 0;
}

/* ---- arithmetic ---------------------------------------------------------------------------------------------- */

static int parse_value(struct query_parser *p, struct query_node **out)
{
	switch (p->now.kind) {
	case TOKEN_NAME:
		return guild_query_parse_name(p, out);
	case TOKEN_NUMBER:
	case TOKEN_QUOTED:
	case TOKEN_WORD:
	case TOKEN_DURATION:
	case TOKEN_DATE:
	case TOKEN_CONSTANT:
		return parse_constant(p, out);
	default:
		break;
	}
	if (guild_query_at_sign(p, '[')) {
		struct guild_value *list = NULL;
		struct query_node *node = guild_query_new_node(p, QUERY_CONST, p->now.at);
		int rc = parse_list(p, &list);
		node->value = list;
		*out = node;
		return rc;
	}
	if (guild_query_at_sign(p, '(')) {
		int rc = guild_query_deeper(p);
		guild_query_advance(p);
		rc = rc == 0 ? parse_any(p, out) : rc;
		rc = rc == 0 ? guild_query_expect_sign(p, ')', "')', 'and' or 'or'") : rc;
		if (rc == 0) {
			(*out)->in_brackets = true;
		}
		p->depth--;
		return rc;
	}
	return guild_query_expected(p, "a name, a number, a text or '('");
}

int guild_query_parse_signed(struct query_parser *p, struct query_node **out)
{
	if (!guild_query_at_sign(p, '-')) {
		return parse_value(p, out);
	}
	struct query_node *node = guild_query_new_node(p, QUERY_NEGATE, p->now.at);
	int rc = guild_query_deeper(p);
	guild_query_advance(p);
	p->q->is_extended = true;
	rc = rc == 0 ? guild_query_parse_signed(p, &node->left) : rc;
	p->depth--;
	*out = node;
	return rc;
}

static int parse_arith(struct query_parser *p, const char *signs, struct query_node **out)
{
	bool is_sum = signs[0] == '+';
	int rc = is_sum ? parse_arith(p, "*/%", out) : guild_query_parse_signed(p, out);
	while (rc == 0 && p->now.kind == TOKEN_SIGN && strchr(signs, p->now.sign) != NULL) {
		char sign = p->now.sign;
		struct query_node *right = NULL;
		guild_query_advance(p);
		p->q->is_extended = true;
		rc = guild_query_more(p);
		rc = rc != 0  ? rc
		     : is_sum ? parse_arith(p, "*/%", &right)
			      : guild_query_parse_signed(p, &right);
		if (rc == 0) {
			*out = new_pair(p, QUERY_ARITH, *out, right);
			(*out)->sign = sign;
		}
	}
	return rc;
}

int guild_query_parse_sum(struct query_parser *p, struct query_node **out)
{
	return parse_arith(p, "+-", out);
}

/* ---- tests --------------------------------------------------------------------------------------------------- */

/* In "NAME OP WORD" the word is a text. */
static void read_as_text(struct query_parser *p, const struct query_node *left,
	struct query_node *node)
{
	bool is_now = node->kind == QUERY_NOW && node->text != NULL;
	if ((node->kind != QUERY_REF && !is_now) || node->in_brackets || left->kind != QUERY_REF ||
		(is_now && guild_query_is_time_name(left->name)) ||
		(!is_now && !p->is_old && node->name->space != SPACE_ANY)) {
		return;
	}
	node->kind = QUERY_CONST;
	node->value = guild_value_string(p->q->arena, node->text);
}

/* Ids are texts, also those that look like a number. */
static void read_as_id(struct query_parser *p, const struct query_node *left,
	struct query_node *node)
{
	static const char *const ids[] = {
		"id", "run", "short_id", "sourcecode", "sourcecode_digest", "vcs_commit", NULL};
	bool is_number = node->kind == QUERY_CONST && guild_value_is_number(node->value);
	if (p->is_old || !is_number || left->kind != QUERY_REF || left->name->space > SPACE_ATTR) {
		return;
	}
	for (size_t i = 0; ids[i] != NULL; i++) {
		if (strcmp(left->name->name, ids[i]) == 0) {
			node->value = guild_value_string(p->q->arena, node->text);
		}
	}
}

static int parse_compare(struct query_parser *p, struct query_node **out, enum query_op op,
	size_t first_bare)
{
	struct query_node *right = NULL;
	p->q->is_extended |= (*out)->kind != QUERY_REF;
	int rc = guild_query_parse_sum(p, &right);
	if (rc != 0) {
		return rc;
	}
	p->q->is_extended |= right->in_brackets;
	read_as_text(p, *out, right);
	read_as_id(p, *out, right);
	*out = new_pair(p, QUERY_COMPARE, *out, right);
	(*out)->op = op;
	rc = guild_query_resolve_base(p, *out, first_bare);
	if (rc != 0) {
		return rc;
	}
	size_t at = 0;
	struct guild_error err = {0};
	if (!p->is_old && guild_query_place_times(p->q, *out, &at, &err) != 0) {
		return guild_query_fail_at(p, at, err.text);
	}
	if (p->now.kind == TOKEN_COMPARE) {
		return guild_query_fail_at(p, p->now.at,
			"comparisons cannot be chained: write 'a < b and b < c'");
	}
	return 0;
}

/* nan is unequal to itself, and text in 0.9.0: what a number is has words of its own. NULL: no such word. */
static const char *class_word(const struct query_parser *p)
{
	static const char *const words[] = {"nan", "finite", "infinite"};
	for (size_t i = 0; !p->is_old && i < GUILD_ARRAY_LEN(words); i++) {
		if (guild_query_at_word(p, words[i])) {
			return words[i];
		}
	}
	return NULL;
}

static int parse_is(struct query_parser *p, struct query_node **out, size_t first_bare)
{
	guild_query_advance(p);
	bool is_not = p->now.kind == TOKEN_NOT;
	if (is_not) {
		guild_query_advance(p);
	}
	const char *word = class_word(p);
	if (word != NULL) {
		*out = new_pair(p, QUERY_CLASS, *out, NULL);
		(*out)->text = word;
		(*out)->is_negated = is_not;
		p->q->is_extended = true;
		guild_query_advance(p);
		return 0;
	}
	if ((*out)->kind == QUERY_REF && p->now.kind == TOKEN_CONSTANT && p->now.value == NULL) {
		(*out)->name->may_miss = true;
	}
	return parse_compare(p, out, is_not ? OP_NE : OP_EQ, first_bare);
}

static int parse_match(struct query_parser *p, struct query_node **out)
{
	bool negated = p->now.op == OP_NE;
	struct guild_query *q = p->q;
	guild_query_advance(p);
	q->is_extended = true;
	bool is_text = p->now.kind == TOKEN_QUOTED || p->now.kind == TOKEN_NAME ||
		       p->now.kind == TOKEN_WORD || p->now.kind == TOKEN_NUMBER;
	if (!is_text) {
		return guild_query_expected(p, "a regular expression in quotes");
	}
	struct query_node *node = new_pair(p, QUERY_MATCH, *out, NULL);
	node->is_negated = negated;
	node->value = p->now.kind == TOKEN_QUOTED ? p->now.value : text_value(p, p->now.text);
	struct guild_error err = {0};
	struct guild_regex *regex = NULL;
	if (guild_regex_new(guild_value_text(node->value), &regex, &err) != 0) {
		return guild_query_fail_at(p, p->now.at, err.text);
	}
	q->regexes = guild_grow_array(q->regexes, &q->cap_regexes, q->n_regexes + 1,
		sizeof(struct guild_regex *));
	q->regexes[q->n_regexes++] = regex;
	node->regex = regex;
	*out = node;
	guild_query_advance(p);
	return 0;
}

static int parse_in_or_contains(struct query_parser *p, struct query_node **out, bool negated)
{
	bool is_in = p->now.kind == TOKEN_IN;
	if (!is_in && p->now.kind != TOKEN_CONTAINS) {
		return guild_query_expected(p, "'in' or 'contains' after 'not'");
	}
	guild_query_advance(p);
	if (is_in && !guild_query_at_sign(p, '[')) {
		return guild_query_expected(p, "a list such as [a, b]");
	}
	struct query_node *right = NULL;
	p->q->is_extended |= (*out)->kind != QUERY_REF;
	int rc = is_in ? parse_value(p, &right) : guild_query_parse_sum(p, &right);
	if (rc != 0) {
		return rc;
	}
	read_as_text(p, *out, right);
	*out = new_pair(p, is_in ? QUERY_IN : QUERY_CONTAINS, *out, right);
	(*out)->is_negated = negated;
	return 0;
}

static int parse_test(struct query_parser *p, struct query_node **out)
{
	size_t first_bare = p->n_bare;
	int rc = guild_query_parse_sum(p, out);
	if (rc != 0) {
		return rc;
	}
	enum query_op op = p->now.op;
	switch (p->now.kind) {
	case TOKEN_COMPARE:
		p->q->is_extended |= p->now.text.n == 2 && p->now.text.p[0] == '=';
		guild_query_advance(p);
		return parse_compare(p, out, op, first_bare);
	case TOKEN_IS:
		return parse_is(p, out, first_bare);
	case TOKEN_MATCH:
		return parse_match(p, out);
	case TOKEN_NOT:
		guild_query_advance(p);
		return parse_in_or_contains(p, out, true);
	case TOKEN_IN:
	case TOKEN_CONTAINS:
		return parse_in_or_contains(p, out, false);
	default:
		break;
	}
	if (p->is_old && (*out)->kind == QUERY_REF && !(*out)->in_brackets) {
		(*out)->kind = QUERY_CONST;
		(*out)->value = guild_value_string(p->q->arena, (*out)->text);
	}
	return 0;
}

static int parse_no(struct query_parser *p, struct query_node **out)
{
	if (p->now.kind != TOKEN_NOT) {
		return parse_test(p, out);
	}
	struct query_node *node = guild_query_new_node(p, QUERY_NOT, p->now.at);
	int rc = guild_query_deeper(p);
	guild_query_advance(p);
	rc = rc == 0 ? parse_no(p, &node->left) : rc;
	p->depth--;
	*out = node;
	return rc;
}

static int parse_all(struct query_parser *p, struct query_node **out)
{
	int rc = parse_no(p, out);
	while (rc == 0 && p->now.kind == TOKEN_AND) {
		struct query_node *right = NULL;
		guild_query_advance(p);
		rc = guild_query_more(p);
		rc = rc == 0 ? parse_no(p, &right) : rc;
		*out = rc == 0 ? new_pair(p, QUERY_AND, *out, right) : NULL;
	}
	return rc;
}

static bool is_bare_and(const struct query_node *node)
{
	return node->kind == QUERY_AND && !node->in_brackets;
}

static int parse_new_any(struct query_parser *p, struct query_node **out)
{
	int rc = parse_all(p, out);
	bool saw_and = rc == 0 && is_bare_and(*out);
	while (rc == 0 && p->now.kind == TOKEN_OR) {
		struct query_node *right = NULL;
		p->q->is_mixed |= saw_and;
		guild_query_advance(p);
		rc = guild_query_more(p);
		rc = rc == 0 ? parse_all(p, &right) : rc;
		if (rc == 0) {
			saw_and |= is_bare_and(right);
			*out = new_pair(p, QUERY_OR, *out, right);
		}
	}
	return rc;
}

/* Operands and what stands between them, then grouped from the right. */
static int parse_old_any(struct query_parser *p, struct query_node **out)
{
	struct query_node **operands = NULL;
	enum query_kind *kinds = NULL;
	size_t n = 0;
	size_t cap = 0;
	size_t cap_kinds = 0;
	int rc;
	for (;;) {
		struct query_node *node = NULL;
		rc = parse_no(p, &node);
		operands = guild_grow_array(operands, &cap, n + 1, sizeof(*operands));
		kinds = guild_grow_array(kinds, &cap_kinds, n + 1, sizeof(*kinds));
		operands[n] = node;
		kinds[n++] = p->now.kind == TOKEN_AND ? QUERY_AND : QUERY_OR;
		if (rc != 0 || (p->now.kind != TOKEN_AND && p->now.kind != TOKEN_OR)) {
			break;
		}
		guild_query_advance(p);
		if ((rc = guild_query_more(p)) != 0) {
			break;
		}
	}
	struct query_node *group = rc == 0 ? operands[n - 1] : NULL;
	for (size_t i = n - 1; rc == 0 && i > 0; i--) {
		group = new_pair(p, kinds[i - 1], operands[i - 1], group);
	}
	*out = group;
	free(operands);
	free(kinds);
	return rc;
}

static int parse_any(struct query_parser *p, struct query_node **out)
{
	return p->is_old ? parse_old_any(p, out) : parse_new_any(p, out);
}

/* ---- public -------------------------------------------------------------------------------------------------- */

static int parse(struct query_parser *p)
{
	if (p->text.n > QUERY_MAX_BYTES) {
		return guild_error_set(p->err, GUILD_ELIMIT,
			"filter expression is longer than %d bytes", QUERY_MAX_BYTES);
	}
	if (!guild_utf8_valid(p->text.p, p->text.n)) {
		return guild_error_set(p->err, GUILD_EINVALID,
			"filter expression is not valid UTF-8");
	}
	guild_query_look_ahead(p, 0, false);
	guild_query_advance(p);
	if (p->now.kind == TOKEN_END) {
		return 0;
	}
	int rc = parse_any(p, &p->q->root);
	if (rc == 0 && p->now.kind != TOKEN_END) {
		rc = guild_query_expected(p, "'and', 'or' or the end");
	}
	return rc == 0 ? guild_query_check_base(p) : rc;
}

int guild_query_parse(const char *text, const struct guild_query_options *options,
	struct guild_query **out, struct guild_error *err)
{
	struct guild_query *q = guild_alloc(sizeof(*q));
	bool is_old = options != NULL && options->syntax == QUERY_SYNTAX_OLD;
	q->arena = guild_arena_new();
	q->is_old_times = is_old;
	q->now_us = options != NULL && options->now_us != 0 ? options->now_us : guild_now_us();
	struct query_parser p = {.q = q,
		.text = guild_str(text),
		.is_old = is_old,
		.has_base = options != NULL && options->has_base && !is_old,
		.err = err};
	int rc = parse(&p);
	if (rc != 0) {
		guild_query_free(q);
		return rc;
	}
	*out = q;
	return 0;
}

void guild_query_scalar_names(const struct guild_query *q, struct guild_strs *out)
{
	for (size_t i = 0; i < q->n_names; i++) {
		enum query_space space = q->names[i]->space;
		if ((space == SPACE_ANY || space == SPACE_SCALAR) &&
			!guild_strs_has(out, q->names[i]->name)) {
			guild_strs_add(out, q->names[i]->name);
		}
	}
}

void guild_query_free(struct guild_query *q)
{
	if (q == NULL) {
		return;
	}
	for (size_t i = 0; i < q->n_regexes; i++) {
		guild_regex_free(q->regexes[i]);
	}
	free(q->regexes);
	free(q->names);
	guild_arena_free(q->arena);
	free(q);
}
