/*
 * Tokens of a filter expression.
 *
 * What Guild AI 0.9.0 reads as one token is one here: a name goes on to a blank, comma, bracket or comparison sign, so that
 * "batch-size", "sys/cpu" and "sub#loss" are names, and operators after a name need a blank. Durations, dates and signs are ours;
 * 0.9.0 reads no expression that has them.
 */

#include <math.h>
#include <string.h>
#include <strings.h>

#include "query_private.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
}

static bool ends_name(char c)
{
	return strchr(" \t\r\n,<>!=()[]", c) != NULL; /* NUL, too */
}

static size_t count_digits(const char *p, size_t n)
{
	size_t i = 0;
	while (i < n && is_digit(p[i])) {
		i++;
	}
	return i;
}

/* -?\.?\d+(\.\d+)?(e[+-]?\d+)? */
static size_t number_length(const char *p, size_t n)
{
	size_t i = n > 0 && p[0] == '-';
	i += i < n && p[i] == '.';
	size_t digits = count_digits(p + i, n - i);
	if (digits == 0) {
		return 0;
	}
	i += digits;
	digits = i < n && p[i] == '.' ? count_digits(p + i + 1, n - i - 1) : 0;
	i += digits > 0 ? digits + 1 : 0;
	if (i < n && (p[i] == 'e' || p[i] == 'E')) {
		size_t sign = i + 1 < n && (p[i + 1] == '+' || p[i + 1] == '-');
		digits = count_digits(p + i + 1 + sign, n - i - 1 - sign);
		i += digits > 0 ? 1 + sign + digits : 0;
	}
	return i;
}

/* N digits with `least` to `most` of them; false when there are others. */
static bool take_digits(const char *p, size_t n, size_t *at, size_t least, size_t most)
{
	size_t digits = *at < n ? count_digits(p + *at, n - *at) : 0;
	*at += digits;
	return digits >= least && digits <= most;
}

/* YYYY-M-D, then maybe H:MM or H:MM:SS after a blank or T. */
static size_t date_length(const char *p, size_t n)
{
	size_t i = 0;
	if (!take_digits(p, n, &i, 4, 4) || i >= n || p[i++] != '-' ||
		!take_digits(p, n, &i, 1, 2) || i >= n || p[i++] != '-' ||
		!take_digits(p, n, &i, 1, 2)) {
		return 0;
	}
	size_t end = i;
	if (i < n && (p[i] == ' ' || p[i] == 'T')) {
		i++;
		if (take_digits(p, n, &i, 1, 2) && i < n && p[i++] == ':' &&
			take_digits(p, n, &i, 2, 2)) {
			end = i;
			if (i < n && p[i++] == ':' && take_digits(p, n, &i, 2, 2)) {
				end = i;
			}
		}
	}
	return end < n && !ends_name(p[end]) ? 0 : end;
}

static const struct {
	const char *unit;
	double seconds;
} units[] = {
	{"s", 1},
	{"m", 60},
	{"min", 60},
	{"h", 3600},
	{"hr", 3600},
	{"d", 86400},
	{"w", 604800},
};

static size_t unit_length(const char *p, size_t n, double *seconds)
{
	size_t letters = 0;
	while (letters < n && (is_letter(p[letters]) || is_digit(p[letters]))) {
		letters++;
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(units); i++) {
		if (guild_str_eqz(guild_str_n(p, letters), units[i].unit)) {
			*seconds = units[i].seconds;
			return letters;
		}
	}
	return 0;
}

static void lex_number(struct guild_arena *a, const char *p, size_t n, struct query_token *out)
{
	size_t size = date_length(p, n);
	if (size > 0) {
		out->kind = TOKEN_DATE;
		out->text = guild_str_n(p, size);
		return;
	}
	size = number_length(p, n);
	double unit = 0;
	size_t letters = unit_length(p + size, n - size, &unit);
	double number = 0;
	if (letters > 0 && guild_parse_f64(p, size, &number) && isfinite(number * unit)) {
		out->kind = TOKEN_DURATION;
		out->seconds = number * unit;
		out->text = guild_str_n(p, size + letters);
		return;
	}
	if (size < n && is_letter(p[size]) && is_digit(p[0])) {
		out->kind = TOKEN_WORD;
		while (size < n && (is_letter(p[size]) || is_digit(p[size]))) {
			size++;
		}
		out->text = guild_str_n(p, size);
		return;
	}
	out->kind = TOKEN_NUMBER;
	out->text = guild_str_n(p, size);
	out->value = guild_yaml_resolve(a, out->text, GUILD_YAML_NUMBERS);
}

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

static const struct guild_value *unquote(struct guild_arena *a, struct guild_str quoted)
{
	struct guild_value *value = NULL;
	if (guild_yaml_parse(a, quoted, NULL, GUILD_YAML_PLAIN, &value, NULL) != 0 ||
		value->type != GUILD_STRING) {
		return NULL;
	}
	return value;
}

static void lex_quoted(struct guild_arena *a, const char *p, size_t n, struct query_token *out)
{
	size_t size = quoted_length(p, n);
	out->kind = TOKEN_BAD;
	out->is_open = size == 0;
	out->text = guild_str_n(p, size > 0 ? size : 1);
	if (size > 0 && (out->value = unquote(a, out->text)) != NULL) {
		out->kind = TOKEN_QUOTED;
	}
}

static const struct {
	const char *word;
	enum query_token_kind kind;
} keywords[] = {
	{"and", TOKEN_AND},
	{"or", TOKEN_OR},
	{"not", TOKEN_NOT},
	{"is", TOKEN_IS},
	{"in", TOKEN_IN},
	{"contains", TOKEN_CONTAINS},
	{"true", TOKEN_CONSTANT},
	{"false", TOKEN_CONSTANT},
	{"undefined", TOKEN_CONSTANT},
};

static enum query_token_kind keyword(struct guild_str word)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(keywords); i++) {
		if (word.n == strlen(keywords[i].word) &&
			strncasecmp(word.p, keywords[i].word, word.n) == 0) {
			return keywords[i].kind;
		}
	}
	return TOKEN_NAME;
}

static size_t name_length(const char *p, size_t n)
{
	size_t i = 1;
	/* now-2d: nobody means a name. */
	if (n > 4 && memcmp(p, "now", 3) == 0 && (p[3] == '-' || p[3] == '+') && is_digit(p[4])) {
		return 3;
	}
	while (i < n && !ends_name(p[i])) {
		i++;
	}
	return i;
}

/* flag:'two words' is one name: the text is what is before the quote, the value the name. */
static bool lex_quoted_name(struct guild_arena *a, const char *p, size_t n, struct query_token *out)
{
	static const char *const prefixes[] = {"attr:", "flag:", "scalar:"};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(prefixes); i++) {
		size_t at = strlen(prefixes[i]);
		if (n > at && memcmp(p, prefixes[i], at) == 0 && (p[at] == '\'' || p[at] == '"')) {
			lex_quoted(a, p + at, n - at, out);
			out->text = guild_str_n(p, at + out->text.n);
			out->kind = out->kind == TOKEN_QUOTED ? TOKEN_NAME : TOKEN_BAD;
			return true;
		}
	}
	return false;
}

static void lex_name(struct guild_arena *a, const char *p, size_t n, struct query_token *out)
{
	if (lex_quoted_name(a, p, n, out)) {
		return;
	}
	out->text = guild_str_n(p, name_length(p, n));
	out->kind = keyword(out->text);
	if (out->kind == TOKEN_CONSTANT) {
		char c = out->text.p[0];
		out->value = c == 't' || c == 'T'   ? guild_value_bool(a, true)
			     : c == 'f' || c == 'F' ? guild_value_bool(a, false)
						    : NULL;
	}
}

static const struct {
	const char *text;
	enum query_token_kind kind;
	enum query_op op;
} operators[] = {
	/* Longer ones first. */
	{"=~", TOKEN_MATCH, OP_EQ},
	{"!~", TOKEN_MATCH, OP_NE},
	{"==", TOKEN_COMPARE, OP_EQ},
	{"!=", TOKEN_COMPARE, OP_NE},
	{"<>", TOKEN_COMPARE, OP_NE},
	{"<=", TOKEN_COMPARE, OP_LE},
	{">=", TOKEN_COMPARE, OP_GE},
	{"=", TOKEN_COMPARE, OP_EQ},
	{"<", TOKEN_COMPARE, OP_LT},
	{">", TOKEN_COMPARE, OP_GT},
};

static void lex_operator(const char *p, size_t n, struct query_token *out)
{
	out->kind = TOKEN_BAD;
	out->text = guild_str_n(p, 1);
	for (size_t i = 0; i < GUILD_ARRAY_LEN(operators); i++) {
		if (guild_str_starts(guild_str_n(p, n), operators[i].text)) {
			out->kind = operators[i].kind;
			out->op = operators[i].op;
			out->text = guild_str_n(p, strlen(operators[i].text));
			return;
		}
	}
	if (p[0] != '\0' && strchr("()[],+-*/%", p[0]) != NULL) {
		out->kind = TOKEN_SIGN;
		out->sign = p[0];
		return;
	}
	uint32_t cp;
	size_t size = guild_utf8_decode(p, n, &cp);
	out->text.n = size > 0 ? size : 1;
}

void guild_query_next_token(struct guild_arena *a, struct guild_str text, size_t at,
	bool after_operand, struct query_token *out)
{
	while (at < text.n && strchr(" \t\r\n", text.p[at]) != NULL && text.p[at] != '\0') {
		at++;
	}
	*out = (struct query_token){.kind = TOKEN_END, .at = at};
	const char *p = text.p + at;
	size_t n = text.n - at;
	if (n == 0) {
		return;
	}
	bool signed_number = (p[0] == '-' || p[0] == '.') && number_length(p, n) > 0;
	if (is_digit(p[0]) || (signed_number && (!after_operand || p[0] == '.'))) {
		lex_number(a, p, n, out);
	} else if (p[0] == '\'' || p[0] == '"') {
		lex_quoted(a, p, n, out);
	} else if (is_letter(p[0])) {
		lex_name(a, p, n, out);
	} else {
		lex_operator(p, n, out);
	}
}

bool guild_query_is_plain_name(const char *name)
{
	size_t n = strlen(name);
	return n > 0 && is_letter(name[0]) && name_length(name, n) == n &&
	       keyword(guild_str_n(name, n)) == TOKEN_NAME && guild_utf8_valid(name, n);
}
