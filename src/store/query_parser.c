/* What the parts of the parser share: its place in the text, errors with the place, nodes and names. */

#include <stdlib.h>
#include <string.h>

#include "query_parser.h"

/* ---- errors ------------------------------------------------------------------------------------------- */

static size_t count_code_points(const char *p, size_t n)
{
	size_t count = 0;
	for (size_t i = 0; i < n; i++) {
		count += (p[i] & 0xc0) != 0x80;
	}
	return count;
}

void guild_query_put_excerpt(struct guild_buf *out, struct guild_str text, size_t at)
{
	size_t start = at;
	size_t end = at;
	while (start > 0 && text.p[start - 1] != '\n' && at - start < QUERY_EXCERPT_WIDTH) {
		start--;
	}
	while (end < text.n && text.p[end] != '\n' && end - start < 2 * QUERY_EXCERPT_WIDTH) {
		end++;
	}
	while (start < at && (text.p[start] & 0xc0) == 0x80) {
		start++;
	}
	while (end > at && end < text.n && (text.p[end] & 0xc0) == 0x80) {
		end--;
	}
	guild_buf_puts(out, "\n  ");
	for (size_t i = start; i < end; i++) {
		guild_buf_putc(out, (unsigned char)text.p[i] < ' ' ? ' ' : text.p[i]);
	}
	guild_buf_printf(out, "\n  %*s^", (int)count_code_points(text.p + start, at - start), "");
}

int guild_query_fail_at(struct query_parser *p, size_t at, const char *what)
{
	struct guild_buf excerpt = {0};
	guild_query_put_excerpt(&excerpt, p->text, at);
	guild_error_set(p->err, GUILD_EINVALID, "filter expression, position %zu: %s%s", at + 1,
		what, guild_buf_cstr(&excerpt));
	guild_buf_fini(&excerpt);
	return GUILD_EINVALID;
}

int guild_query_expected(struct query_parser *p, const char *what)
{
	const struct query_token *t = &p->now;
	char *text;
	if (t->kind == TOKEN_END) {
		text = guild_format("expected %s, but the expression ends here", what);
	} else if (t->kind == TOKEN_BAD && t->is_open) {
		text = guild_format("the text that begins here has no closing quote");
	} else if (t->kind == TOKEN_BAD && t->text.n > 1) {
		text = guild_format("text with an unknown escape");
	} else {
		size_t shown = t->text.n < QUERY_EXCERPT_WIDTH ? t->text.n : QUERY_EXCERPT_WIDTH;
		text = guild_format("expected %s, not '%.*s'", what, (int)shown, t->text.p);
	}
	int rc = guild_query_fail_at(p, t->at, text);
	free(text);
	return rc;
}

int guild_query_deeper(struct query_parser *p)
{
	if (++p->depth > QUERY_MAX_DEPTH) {
		return guild_error_set(p->err, GUILD_ELIMIT,
			"filter expression is nested deeper than %d levels", QUERY_MAX_DEPTH);
	}
	return 0;
}

int guild_query_more(struct query_parser *p)
{
	if (++p->n_terms > QUERY_MAX_TERMS) {
		return guild_error_set(p->err, GUILD_ELIMIT,
			"filter expression has more than %d operators", QUERY_MAX_TERMS);
	}
	return 0;
}

/* ---- tokens and nodes --------------------------------------------------------------------------------- */

static bool ends_operand(const struct query_token *t)
{
	switch (t->kind) {
	case TOKEN_NAME:
	case TOKEN_QUOTED:
	case TOKEN_NUMBER:
	case TOKEN_WORD:
	case TOKEN_DURATION:
	case TOKEN_DATE:
	case TOKEN_CONSTANT:
		return true;
	default:
		return t->kind == TOKEN_SIGN && (t->sign == ')' || t->sign == ']');
	}
}

/* base*1.1, base-0.01: nobody means a name. */
static void cut_base(struct query_token *t)
{
	static const char word[] = "base";
	size_t n = sizeof(word) - 1;
	if (t->kind == TOKEN_NAME && guild_str_starts(t->text, word) && t->text.n > n &&
		strchr("*/%+-", t->text.p[n]) != NULL) {
		t->text.n = n;
	}
}

void guild_query_look_ahead(struct query_parser *p, size_t at, bool after_operand)
{
	guild_query_next_token(p->q->arena, p->text, at, after_operand, &p->next);
	if (p->has_base) {
		cut_base(&p->next);
	}
}

void guild_query_advance(struct query_parser *p)
{
	p->now = p->next;
	if (p->now.kind != TOKEN_END) {
		guild_query_look_ahead(p, p->now.at + p->now.text.n, ends_operand(&p->now));
	}
}

bool guild_query_at_sign(const struct query_parser *p, char sign)
{
	return p->now.kind == TOKEN_SIGN && p->now.sign == sign;
}

bool guild_query_at_word(const struct query_parser *p, const char *word)
{
	return p->now.kind == TOKEN_NAME && guild_str_eqz(p->now.text, word);
}

int guild_query_expect_sign(struct query_parser *p, char sign, const char *what)
{
	if (!guild_query_at_sign(p, sign)) {
		return guild_query_expected(p, what);
	}
	guild_query_advance(p);
	return 0;
}

struct query_node *guild_query_new_node(struct query_parser *p, enum query_kind kind, size_t at)
{
	struct query_node *node = guild_arena_alloc(p->q->arena, sizeof(*node));
	node->kind = kind;
	node->at = at;
	return node;
}

static struct query_name *intern(struct query_parser *p, enum query_space space, const char *text)
{
	struct guild_query *q = p->q;
	for (size_t i = 0; i < q->n_names; i++) {
		if (q->names[i]->space == space && strcmp(q->names[i]->name, text) == 0) {
			return q->names[i];
		}
	}
	struct query_name *name = guild_arena_alloc(q->arena, sizeof(*name));
	name->space = space;
	name->name = text;
	q->names = guild_grow_array(q->names, &p->cap_names, q->n_names + 1, sizeof(*q->names));
	q->names[q->n_names++] = name;
	return name;
}

struct query_name *guild_query_name_of(struct query_parser *p, const struct query_token *t,
	bool scalar)
{
	static const char *const prefixes[] = {"", "attr:", "flag:", "scalar:"};
	struct guild_arena *a = p->q->arena;
	enum query_space space = scalar ? SPACE_SCALAR : SPACE_ANY;
	if (t->kind == TOKEN_QUOTED) {
		return intern(p, space, guild_arena_strdup(a, guild_value_text(t->value)));
	}
	const char *text = guild_arena_strndup(a, t->text.p, t->text.n);
	for (enum query_space s = SPACE_ATTR; s <= SPACE_SCALAR; s++) {
		size_t n = strlen(prefixes[s]);
		if (guild_starts(text, prefixes[s]) && text[n] != '\0' &&
			(!scalar || s == SPACE_SCALAR)) {
			const char *name = t->value != NULL ? guild_value_text(t->value) : text + n;
			p->q->is_extended |= t->value != NULL;
			return intern(p, s, guild_arena_strdup(a, name));
		}
	}
	return intern(p, space, text);
}
