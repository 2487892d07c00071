/*
 * Column specs: "min loss as best, =lr, .label".
 *
 *   cols   := col { ',' col }
 *   col    := ( scalar | attr | flag ) { 'as' name }
 *   scalar := [min | max | first | last | avg | total | count] term ['step'] | 'scalar:' term ['step']
 *   attr   := '.' term | 'attr:' term
 *   flag   := '=' UNQUOTED | 'flag:' UNQUOTED
 */

#include <stdlib.h>
#include <string.h>

#include "store_private.h"

enum { SPEC_MAX_BYTES = 64 << 10 };

enum token_kind {
	TOKEN_END,
	TOKEN_SCALAR_PREFIX,
	TOKEN_ATTR_PREFIX,
	TOKEN_FLAG_PREFIX,
	TOKEN_DOT,
	TOKEN_COMMA,
	TOKEN_EQUALS,
	TOKEN_UNQUOTED,
	TOKEN_QUOTED,
	TOKEN_QUALIFIER,
	TOKEN_STEP,
	TOKEN_AS,
	TOKEN_SELECT,
	TOKEN_BAD,
};

struct token {
	enum token_kind kind;
	struct guild_str text; /* as written */
	size_t at;
	enum guild_col_qualifier qualifier;
};

struct parser {
	const char *text;
	size_t n, at;
	struct token now;
	struct guild_arena *arena;
	struct guild_error *err;
};

static const struct {
	const char *word;
	enum token_kind kind;
	enum guild_col_qualifier qualifier;
} reserved[] = {
	{"select", TOKEN_SELECT, 0},
	{"min", TOKEN_QUALIFIER, GUILD_COL_MIN},
	{"max", TOKEN_QUALIFIER, GUILD_COL_MAX},
	{"first", TOKEN_QUALIFIER, GUILD_COL_FIRST},
	{"last", TOKEN_QUALIFIER, GUILD_COL_LAST},
	{"avg", TOKEN_QUALIFIER, GUILD_COL_AVG},
	{"total", TOKEN_QUALIFIER, GUILD_COL_TOTAL},
	{"count", TOKEN_QUALIFIER, GUILD_COL_COUNT},
	{"step", TOKEN_STEP, 0},
	{"as", TOKEN_AS, 0},
};

static const struct {
	const char *text;
	enum token_kind kind;
} marks[] = {
	{"scalar:", TOKEN_SCALAR_PREFIX},
	{"attr:", TOKEN_ATTR_PREFIX},
	{"flag:", TOKEN_FLAG_PREFIX},
	{".", TOKEN_DOT},
	{",", TOKEN_COMMA},
	{"=", TOKEN_EQUALS},
};

/* Length of a quoted text at p, quotes included; 0 when it is not closed. */
static size_t quoted_length(const char *p, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		if (p[i] == '\\') {
			i++;
		} else if (p[i] == p[0]) {
			return i + 1;
		}
	}
	return 0;
}

static void lex_word(struct parser *p, const char *at, size_t rest)
{
	size_t n = 1;
	while (n < rest && strchr(" ,\n", at[n]) == NULL) {
		n++;
	}
	p->now.kind = TOKEN_UNQUOTED;
	p->now.text = guild_str_n(at, n);
	for (size_t i = 0; i < GUILD_ARRAY_LEN(reserved); i++) {
		if (guild_str_eqz(p->now.text, reserved[i].word)) {
			p->now.kind = reserved[i].kind;
			p->now.qualifier = reserved[i].qualifier;
		}
	}
}

static void next(struct parser *p)
{
	while (p->at < p->n && strchr(" \t\n", p->text[p->at]) != NULL) {
		p->at++;
	}
	const char *at = p->text + p->at;
	size_t rest = p->n - p->at;
	p->now = (struct token){.kind = TOKEN_END, .at = p->at};
	if (rest == 0) {
		return;
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(marks); i++) {
		if (guild_str_starts(guild_str_n(at, rest), marks[i].text)) {
			p->now.kind = marks[i].kind;
			p->now.text = guild_str_n(at, strlen(marks[i].text));
			p->at += p->now.text.n;
			return;
		}
	}
	if (at[0] == '\'' || at[0] == '"') {
		size_t n = quoted_length(at, rest);
		p->now.kind = n > 0 ? TOKEN_QUOTED : TOKEN_BAD;
		p->now.text = guild_str_n(at, n > 0 ? n : 1);
	} else {
		lex_word(p, at, rest);
	}
	p->at += p->now.text.n;
}

static const char scalar_name[] = "the name of a scalar";
static const char col_end[] = "'as NAME', ',' or the end";

static int expected(struct parser *p, const char *what)
{
	const struct token *t = &p->now;
	struct guild_buf text = {0};
	guild_buf_printf(&text, "position %zu: ", t->at + 1);
	if (t->kind == TOKEN_END) {
		guild_buf_printf(&text, "expected %s, but the text ends here", what);
	} else if (t->kind == TOKEN_BAD) {
		guild_buf_puts(&text, "the text that begins here has no closing quote");
	} else {
		size_t shown = t->text.n < QUERY_EXCERPT_WIDTH ? t->text.n : QUERY_EXCERPT_WIDTH;
		const char *quote = t->kind == TOKEN_QUOTED ? "" : "'";
		guild_buf_printf(&text, "expected %s, not %s%.*s%s", what, quote, (int)shown,
			t->text.p, quote);
	}
	struct guild_str all = guild_str_n(p->text, p->n);
	if (guild_str_trim(all).n > 0) {
		guild_query_put_excerpt(&text, all, t->at);
	}
	int rc = guild_error_set(p->err, GUILD_EINVALID, "%s", guild_buf_cstr(&text));
	guild_buf_fini(&text);
	return rc;
}

static const char *take_text(struct parser *p)
{
	const char *text = NULL;
	if (p->now.kind == TOKEN_QUOTED) {
		struct guild_value *value = NULL;
		if (guild_yaml_parse(p->arena, p->now.text, NULL, GUILD_YAML_PLAIN, &value, NULL) !=
				0 ||
			(text = guild_value_text(value)) == NULL) {
			return NULL;
		}
	} else {
		text = guild_arena_strndup(p->arena, p->now.text.p, p->now.text.n);
	}
	next(p);
	return text;
}

static int parse_term(struct parser *p, bool may_be_quoted, const char *what, const char **key)
{
	bool fits = p->now.kind == TOKEN_UNQUOTED || (may_be_quoted && p->now.kind == TOKEN_QUOTED);
	*key = fits ? take_text(p) : NULL;
	return *key != NULL ? 0 : expected(p, what);
}

static int parse_name(struct parser *p, const char **name)
{
	switch (p->now.kind) {
	case TOKEN_UNQUOTED:
	case TOKEN_QUOTED:
	case TOKEN_QUALIFIER:
	case TOKEN_STEP:
		*name = take_text(p);
		return *name != NULL ? 0 : expected(p, "a name in quotes that can be read");
	default:
		return expected(p, "a name");
	}
}

static int parse_scalar(struct parser *p, struct guild_col *col)
{
	const char *what = "the name of a scalar, .ATTR or =FLAG";
	col->kind = GUILD_COL_SCALAR;
	if (p->now.kind == TOKEN_QUALIFIER) {
		col->qualified = true;
		col->qualifier = p->now.qualifier;
		what = scalar_name;
		next(p);
	} else if (p->now.kind == TOKEN_SCALAR_PREFIX) {
		what = scalar_name;
		next(p);
	}
	int rc = parse_term(p, true, what, &col->key);
	if (rc == 0 && p->now.kind == TOKEN_STEP) {
		/* Guild AI 0.9.0 accepts the step of a mean and crashes when it reads it. */
		if (col->qualifier == GUILD_COL_AVG || col->qualifier == GUILD_COL_TOTAL ||
			col->qualifier == GUILD_COL_COUNT) {
			return expected(p, col_end);
		}
		col->step = true;
		next(p);
	}
	return rc;
}

/* What a table shows where no name was given; the qualifier is not in it. */
static const char *default_header(struct guild_arena *a, const struct guild_col *col)
{
	if (col->kind != GUILD_COL_SCALAR) {
		return col->key;
	}
	char *text = guild_arena_strdup(a, col->key);
	for (char *c = text; *c != '\0'; c++) {
		*c = *c == '#' ? ' ' : *c;
	}
	struct guild_str key = guild_str_trim(guild_str(text));
	return guild_arena_format(a, "%.*s%s", GUILD_STR_FMT(key), col->step ? " step" : "");
}

static int parse_col(struct parser *p, struct guild_col *col)
{
	int rc;
	switch (p->now.kind) {
	case TOKEN_DOT:
	case TOKEN_ATTR_PREFIX:
		col->kind = GUILD_COL_ATTR;
		next(p);
		rc = parse_term(p, true, "the name of an attribute", &col->key);
		break;
	case TOKEN_EQUALS:
	case TOKEN_FLAG_PREFIX:
		col->kind = GUILD_COL_FLAG;
		next(p);
		rc = parse_term(p, false, "the name of a flag, without quotes", &col->key);
		break;
	default:
		rc = parse_scalar(p, col);
	}
	if (rc == 0) {
		col->header = default_header(p->arena, col);
	}
	while (rc == 0 && p->now.kind == TOKEN_AS) {
		next(p);
		rc = parse_name(p, &col->header);
	}
	return rc;
}

int guild_cols_parse(struct guild_arena *a, const char *text, struct guild_cols *out,
	struct guild_error *err)
{
	struct parser p = {.text = text, .n = strlen(text), .arena = a, .err = err};
	if (p.n > SPEC_MAX_BYTES) {
		return guild_error_set(err, GUILD_ELIMIT, "column spec is longer than %d bytes",
			SPEC_MAX_BYTES);
	}
	struct guild_col *cols = NULL;
	size_t n = 0;
	size_t cap = 0;
	int rc;
	next(&p);
	for (;;) {
		struct guild_col col = {0};
		rc = parse_col(&p, &col);
		if (rc != 0) {
			break;
		}
		cols = guild_grow_array(cols, &cap, n + 1, sizeof(*cols));
		cols[n++] = col;
		if (p.now.kind == TOKEN_END) {
			break;
		}
		if (p.now.kind != TOKEN_COMMA) {
			rc = expected(&p, col_end);
			break;
		}
		next(&p);
	}
	if (rc == 0) {
		out->v = guild_arena_alloc(a, n * sizeof(*cols));
		memcpy(out->v, cols, n * sizeof(*cols));
		out->n = n;
	}
	free(cols);
	return rc;
}
