/*
 * R source: top-level assignments of literals, with the "#|" lines above them.
 *
 * What counts is what the documentation of the R package `guildai` says: an assignment by `=` or `<-` at the top level whose right
 * side is a literal, numeric, text, logical or complex; YAML in "#|" lines right above it describes the flag; only the first assignment of a
 * name is a flag. Vectors `c(…)` of literals and NULL are ours.
 */
#include <stdlib.h>
#include <string.h>

#include "code_flags.h"
#include "r_code.h"

enum r_kind {
	R_END,
	R_NEWLINE,
	R_SEMICOLON,
	R_NAME,
	R_NUMBER,
	R_TEXT,
	R_OPEN,
	R_CLOSE,
	R_OPERATOR
};

struct r_token {
	enum r_kind kind;
	size_t from, to;
};

enum { STATEMENT_MAX = 20000 }; /* tokens of a statement that may still be a literal */

struct r_scan {
	struct guild_str text;
	size_t at;
	struct r_token *tokens; /* of the statement */
	size_t n, cap;
	bool is_cut; /* the statement is longer than that */
	size_t error_at;
	const char *error;
};

/* ---- words ------------------------------------------------------------------------------------------------ */

static char at(const struct r_scan *s, size_t i)
{
	return i < s->text.n ? s->text.p[i] : 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' ||
	       c == '.' || (unsigned char)c >= 0x80;
}

static size_t line_end(const struct r_scan *s, size_t from)
{
	const char *nl = from < s->text.n ? memchr(s->text.p + from, '\n', s->text.n - from) : NULL;
	return nl ? (size_t)(nl - s->text.p) : s->text.n;
}

static void fail(struct r_scan *s, size_t where, const char *what)
{
	if (!s->error) {
		s->error = what;
		s->error_at = where;
	}
	s->at = s->text.n;
}

/* r"(…)", R"---[…]---": true when there is one, and it was passed. */
static bool skip_raw_text(struct r_scan *s)
{
	size_t i = s->at + 1;
	char quote = at(s, i);
	size_t dashes = 0;
	if (quote != '"' && quote != '\'') {
		return false;
	}
	while (at(s, i + 1 + dashes) == '-') {
		dashes++;
	}
	char open = at(s, i + 1 + dashes);
	char close = open == '(' ? ')' : open == '[' ? ']' : open == '{' ? '}' : 0;
	if (!close) {
		return false;
	}
	for (i += dashes + 2; i < s->text.n; i++) {
		size_t k = 0;
		while (at(s, i) == close && k < dashes && at(s, i + 1 + k) == '-') {
			k++;
		}
		if (at(s, i) == close && k == dashes && at(s, i + 1 + k) == quote) {
			s->at = i + k + 2;
			return true;
		}
	}
	fail(s, s->at, "a raw text is left open");
	return true;
}

static void skip_quoted(struct r_scan *s)
{
	char quote = at(s, s->at);
	size_t start = s->at++;
	while (s->at < s->text.n && at(s, s->at) != quote) {
		s->at += at(s, s->at) == '\\' && quote != '`' ? 2 : 1;
	}
	if (s->at >= s->text.n) {
		fail(s, start, "a text is left open");
	} else {
		s->at++;
	}
}

static void skip_number(struct r_scan *s)
{
	if (at(s, s->at) == '0' && (at(s, s->at + 1) | 0x20) == 'x') {
		s->at += 2;
		while ((at(s, s->at) && strchr("0123456789abcdefABCDEF.", at(s, s->at))) ||
			((at(s, s->at) | 0x20) == 'p') ||
			((at(s, s->at) == '+' || at(s, s->at) == '-') &&
				(at(s, s->at - 1) | 0x20) == 'p')) {
			s->at++;
		}
	} else {
		while (is_digit(at(s, s->at)) || at(s, s->at) == '.') {
			s->at++;
		}
		if ((at(s, s->at) | 0x20) == 'e') {
			s->at++;
			s->at += at(s, s->at) == '+' || at(s, s->at) == '-';
			while (is_digit(at(s, s->at))) {
				s->at++;
			}
		}
	}
	s->at += at(s, s->at) == 'L' || at(s, s->at) == 'i';
}

static void skip_operator(struct r_scan *s)
{
	static const char *const long_ones[] = {"<<-", "->>", ":::", "<-", "->",
		"<=", ">=", "==", "!=", "::", "|>", "&&", "||", "**"};
	if (at(s, s->at) == '%') {
		size_t end = line_end(s, s->at);
		const char *close = memchr(s->text.p + s->at + 1, '%', end - s->at - 1);
		if (!close) {
			fail(s, s->at, "an operator is left open");
		} else {
			s->at = (size_t)(close - s->text.p) + 1;
		}
		return;
	}
	struct guild_str rest = guild_str_n(s->text.p + s->at, s->text.n - s->at);
	for (size_t i = 0; i < GUILD_ARRAY_LEN(long_ones); i++) {
		if (guild_str_starts(rest, long_ones[i])) {
			s->at += strlen(long_ones[i]);
			return;
		}
	}
	s->at++;
}

static struct r_token next_token(struct r_scan *s)
{
	for (;;) {
		char c = at(s, s->at);
		if (s->at < s->text.n && (c == ' ' || c == '\t' || c == '\r' || c == '\f')) {
			s->at++;
		} else if (c == '#') {
			s->at = line_end(s, s->at);
		} else {
			break;
		}
	}
	struct r_token t = {.from = s->at};
	char c = at(s, s->at);
	char after = at(s, s->at + 1);
	if (s->at >= s->text.n) {
		t.kind = R_END;
	} else if (c == '\n' || c == ';') {
		t.kind = c == ';' ? R_SEMICOLON : R_NEWLINE;
		s->at++;
	} else if ((c | 0x20) == 'r' && skip_raw_text(s)) {
		t.kind = R_TEXT;
	} else if (is_digit(c) || (c == '.' && is_digit(after))) {
		t.kind = R_NUMBER;
		skip_number(s);
	} else if (is_name_char(c)) {
		t.kind = R_NAME;
		while (is_name_char(at(s, s->at))) {
			s->at++;
		}
	} else if (c == '"' || c == '\'' || c == '`') {
		t.kind = c == '`' ? R_NAME : R_TEXT;
		skip_quoted(s);
	} else if (strchr("([{", c) && c) {
		t.kind = R_OPEN;
		s->at++;
	} else if (strchr(")]}", c) && c) {
		t.kind = R_CLOSE;
		s->at++;
	} else {
		t.kind = R_OPERATOR;
		skip_operator(s);
	}
	t.to = s->at;
	return t;
}

static struct guild_str token_text(const struct r_scan *s, const struct r_token *t)
{
	return guild_str_n(s->text.p + t->from, t->to - t->from);
}

static bool token_is(const struct r_scan *s, const struct r_token *t, const char *text)
{
	return guild_str_eqz(token_text(s, t), text);
}

/* ---- statements ----------------------------------------------------------------------------------------------- */

/* What stands before an operand, on this line or the next. */
static bool wants_operand(const struct r_scan *s, const struct r_token *t)
{
	static const char *const words[] = {"else", "repeat", "in", "function"};
	for (size_t i = 0; t->kind == R_NAME && i < GUILD_ARRAY_LEN(words); i++) {
		if (token_is(s, t, words[i])) {
			return true;
		}
	}
	return t->kind == R_OPERATOR;
}

static bool opens_condition(const struct r_scan *s, const struct r_token *t)
{
	return token_is(s, t, "if") || token_is(s, t, "for") || token_is(s, t, "while") ||
	       token_is(s, t, "function") || token_is(s, t, "\\");
}

/* Reads one statement into s->tokens; false at the end of the text. */
static bool next_statement(struct r_scan *s)
{
	size_t depth = 0;
	size_t condition_depth = 0; /* of the bracket after if, for, while, function; 0: none */
	bool is_open = false;
	bool is_condition_next = false;
	s->n = 0;
	s->is_cut = false;
	for (;;) {
		struct r_token t = next_token(s);
		bool is_end = t.kind == R_NEWLINE || t.kind == R_SEMICOLON;
		if (t.kind == R_END) {
			return s->n > 0;
		}
		if (is_end && depth == 0 && (t.kind == R_SEMICOLON || !is_open)) {
			if (s->n > 0) {
				return true;
			}
			continue;
		}
		if (is_end) {
			continue;
		}
		is_open = wants_operand(s, &t);
		if (t.kind == R_OPEN) {
			depth++;
			condition_depth = is_condition_next ? depth : condition_depth;
		} else if (t.kind == R_CLOSE) {
			is_open = depth > 0 && depth == condition_depth;
			condition_depth = is_open ? 0 : condition_depth;
			depth -= depth > 0;
		}
		is_condition_next = opens_condition(s, &t);
		is_open |= is_condition_next;
		if (s->n < STATEMENT_MAX) {
			s->tokens =
				guild_grow_array(s->tokens, &s->cap, s->n + 1, sizeof *s->tokens);
			s->tokens[s->n++] = t;
		} else {
			s->is_cut = true;
		}
	}
}

/* ---- assignments --------------------------------------------------------------------------------------------------- */

static const char *name_of(struct guild_arena *a, const struct r_scan *s, const struct r_token *t)
{
	struct guild_str text = token_text(s, t);
	if (t->kind == R_TEXT || text.p[0] == '`') {
		return text.n > 2 && !memchr(text.p, '\\', text.n)
			       ? guild_arena_strndup(a, text.p + 1, text.n - 2)
			       : NULL;
	}
	return guild_arena_strndup(a, text.p, text.n);
}

/* The YAML of the "#|" lines right above a statement, unless they are the script's own. */
static const struct guild_value *annotation_above(struct guild_arena *a, struct guild_str text,
	size_t statement, size_t front_end)
{
	struct guild_span lines = guild_r_lines_above(text, statement);
	struct guild_buf yaml = {0};
	struct guild_value *v = NULL;
	if (lines.from == lines.to || lines.to <= front_end) {
		return NULL;
	}
	guild_r_pipe_yaml(guild_str_n(text.p + lines.from, lines.to - lines.from), &yaml);
	int rc = guild_yaml_parse(a, guild_buf_str(&yaml), NULL, GUILD_YAML_NUMBERS, &v, NULL);
	guild_buf_fini(&yaml);
	return rc == 0 && v && v->type == GUILD_DICT ? v : NULL;
}

static void read_statement(struct guild_arena *a, struct r_scan *s, struct guild_map *assigned,
	const struct guild_value *annotated, struct code_flags *out)
{
	struct code_flag f = {0};
	const struct r_token *t = s->tokens;
	if (s->is_cut || s->n < 3 || (t[0].kind != R_NAME && t[0].kind != R_TEXT) ||
		!(token_is(s, &t[1], "<-") || token_is(s, &t[1], "="))) {
		return;
	}
	f.name = name_of(a, s, &t[0]);
	if (!f.name || guild_map_has(assigned, f.name)) {
		return;
	}
	f.from = t[2].from;
	f.to = t[s->n - 1].to;
	struct guild_str text = guild_str_n(s->text.p + f.from, f.to - f.from);
	if (!guild_r_read_literal(a, text, &f)) {
		return;
	}
	guild_map_put(assigned, f.name, s);
	f.annotated = annotated;
	*guild_code_flags_add(out) = f;
}

int guild_r_code_flags(struct guild_arena *a, struct guild_str text, const char *name,
	struct code_flags *out, struct guild_error *err)
{
	struct r_scan s = {.text = text};
	struct guild_map assigned = {0};
	size_t front_end = guild_r_front_lines(text).to;
	while (next_statement(&s)) {
		read_statement(a, &s, &assigned,
			annotation_above(a, text, s.tokens[0].from, front_end), out);
	}
	int rc = 0;
	if (s.error) {
		size_t line = 1;
		for (size_t i = 0; i < s.error_at; i++) {
			line += text.p[i] == '\n';
		}
		rc = guild_error_set(err, GUILD_EINVALID, "%s:%zu: %s", name, line, s.error);
	}
	guild_map_fini(&assigned);
	free(s.tokens);
	return rc;
}
