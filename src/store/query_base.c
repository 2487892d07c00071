/*
 * Expressions about two runs: `base` is the other one.
 *
 *   base.acc, base.min(loss), base(max(acc) - 0.01)   a figure, or more, of the baseline
 *   acc < base - 0.01                                 alone: the figure that the comparison is about, of the baseline
 */

#include <stdlib.h>
#include <string.h>

#include "query_parser.h"

static const char word[] = "base";
enum { WORD_LEN = sizeof(word) - 1 };

bool guild_query_at_base(const struct query_parser *p)
{
	const struct guild_str name = p->now.text;
	if (!p->has_base || p->now.kind != TOKEN_NAME || !guild_str_starts(name, word)) {
		return false;
	}
	if (name.n == WORD_LEN || name.p[WORD_LEN] != '.') {
		return name.n == WORD_LEN;
	}
	/* What follows the dot must be a name by itself, and not of the baseline again. */
	char *rest = guild_strndup(name.p + WORD_LEN + 1, name.n - WORD_LEN - 1);
	bool is_again = guild_starts(rest, word) &&
			(rest[WORD_LEN] == '\0' || strchr("*/%+-.", rest[WORD_LEN]) != NULL);
	bool is_name = guild_query_is_plain_name(rest) && !is_again;
	free(rest);
	return is_name;
}

static int parse_inside(struct query_parser *p, struct query_node *node)
{
	bool is_call = guild_query_at_word(p, word);
	p->in_base = true;
	if (!is_call) { /* the rest of the word is what it would be without it */
		p->now.text =
			guild_str_n(p->now.text.p + WORD_LEN + 1, p->now.text.n - WORD_LEN - 1);
		p->now.at += WORD_LEN + 1;
		return guild_query_parse_name(p, &node->left);
	}
	guild_query_advance(p);
	guild_query_advance(p);
	int rc = guild_query_parse_sum(p, &node->left);
	return rc == 0 ? guild_query_expect_sign(p, ')', "')'") : rc;
}

int guild_query_parse_base(struct query_parser *p, struct query_node **out)
{
	struct query_node *node = guild_query_new_node(p, QUERY_BASE, p->now.at);
	bool is_call = p->next.kind == TOKEN_SIGN && p->next.sign == '(';
	p->q->is_extended = true;
	*out = node;
	if (p->in_base) {
		return guild_query_fail_at(p, p->now.at, "this is of the baseline already");
	}
	if (guild_query_at_word(p, word) && !is_call) {
		if (p->n_bare == QUERY_MAX_BARE) {
			return guild_error_set(p->err, GUILD_ELIMIT,
				"filter expression has 'base' more than %d times", QUERY_MAX_BARE);
		}
		p->bare[p->n_bare++] = node;
		guild_query_advance(p);
		return 0;
	}
	int rc = guild_query_deeper(p);
	rc = rc == 0 ? parse_inside(p, node) : rc;
	p->in_base = false;
	p->depth--;
	return rc;
}

/* ---- base alone ----------------------------------------------------------------------------------------- */

struct search {
	const struct query_node *figure;
	bool has_several;
};

static bool is_same_figure(const struct query_node *a, const struct query_node *b)
{
	struct guild_buf x = {0};
	struct guild_buf y = {0};
	guild_query_print_node(a, &x);
	guild_query_print_node(b, &y);
	bool same = guild_str_eq(guild_buf_str(&x), guild_buf_str(&y));
	guild_buf_fini(&x);
	guild_buf_fini(&y);
	return same;
}

static void note_figure(void *to, const struct query_node *node, bool of_base)
{
	struct search *s = to;
	if (of_base) {
		return;
	}
	s->has_several |= s->figure != NULL && !is_same_figure(s->figure, node);
	s->figure = s->figure != NULL ? s->figure : node;
}

int guild_query_resolve_base(struct query_parser *p, const struct query_node *compare, size_t from)
{
	struct search s = {0};
	if (p->n_bare <= from) {
		return 0;
	}
	guild_query_each_figure(compare->left, false, note_figure, &s);
	guild_query_each_figure(compare->right, false, note_figure, &s);
	if (s.has_several) {
		return guild_query_fail_at(p, p->bare[from]->at,
			"the comparison is about several figures: write which one, base.NAME or "
			"base(EXPR)");
	}
	if (s.figure == NULL) {
		return guild_query_fail_at(p, p->bare[from]->at,
			"the comparison has no figure of the run: write which one, base.NAME or "
			"base(EXPR)");
	}
	while (p->n_bare > from) {
		struct query_node *figure = guild_query_new_node(p, s.figure->kind, s.figure->at);
		*figure = *s.figure;
		p->bare[--p->n_bare]->left = figure;
	}
	return 0;
}

int guild_query_check_base(struct query_parser *p)
{
	return p->n_bare == 0 ? 0
			      : guild_query_fail_at(p, p->bare[0]->at,
					"'base' alone stands in comparisons, as in 'acc < base': "
					"elsewhere write base.NAME or base(EXPR)");
}

/* ---- figures ---------------------------------------------------------------------------------------------- */

void guild_query_each_figure(const struct query_node *node, bool of_base,
	guild_query_figure_fn *each, void *to)
{
	if (node == NULL) {
		return;
	}
	if (node->kind == QUERY_REF || node->kind == QUERY_SUMMARY || node->kind == QUERY_AT) {
		each(to, node, of_base);
		return;
	}
	guild_query_each_figure(node->left, of_base || node->kind == QUERY_BASE, each, to);
	guild_query_each_figure(node->right, of_base, each, to);
}

struct listing {
	const struct guild_query *q;
	const struct guild_query_source *s;
	struct guild_arena *a;
	struct guild_query_figure *v;
	size_t n, cap;
};

static const struct guild_value *value_of(const struct listing *l, const struct query_node *node,
	const struct guild_query_source *s)
{
	if (s == NULL) {
		return NULL;
	}
	struct query_value v = guild_query_eval(l->q, node, s, EVAL_SCALARS);
	return guild_query_shown_value(&v, l->a);
}

static void list_figure(void *to, const struct query_node *node, bool of_base)
{
	struct listing *l = to;
	struct guild_buf text = {0};
	guild_query_print_node(node, &text);
	size_t i = 0;
	while (i < l->n && !guild_str_eqz(guild_buf_str(&text), l->v[i].text)) {
		i++;
	}
	if (i == l->n) {
		l->v = guild_grow_array(l->v, &l->cap, l->n + 1, sizeof(*l->v));
		l->v[l->n++] = (struct guild_query_figure){
			.text = guild_arena_strndup(l->a, guild_buf_cstr(&text), text.n),
			.value = value_of(l, node, l->s),
			.base = value_of(l, node, l->s->base),
		};
	}
	guild_buf_fini(&text);
	l->v[i].of_run |= !of_base;
	l->v[i].of_base |= of_base;
}

size_t guild_query_figures(const struct guild_query *q, const struct guild_query_source *s,
	struct guild_arena *a, struct guild_query_figure **out)
{
	struct listing l = {.q = q, .s = s, .a = a};
	guild_query_each_figure(q->root, false, list_figure, &l);
	*out = guild_arena_alloc(a, (l.n + 1) * sizeof(**out));
	if (l.n > 0) {
		memcpy(*out, l.v, l.n * sizeof(**out));
	}
	free(l.v);
	return l.n;
}
