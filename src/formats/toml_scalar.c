/* Keys, strings, numbers and dates of TOML 1.0. */

#include "toml_private.h"

#include <stdlib.h>
#include <string.h>

int guild_toml_fail(const struct guild_toml_reader *r, const char *what)
{
	size_t line = 1;
	size_t start = 0;
	for (size_t i = 0; i < r->at && i < r->text.n; i++) {
		if (r->text.p[i] == '\n') {
			line++;
			start = i + 1;
		}
	}
	if (!r->name) {
		return guild_error_set(r->err, GUILD_EINVALID, "%s (line %zu, column %zu)", what,
			line, r->at - start + 1);
	}
	return guild_error_set(r->err, GUILD_EINVALID, "%s:%zu:%zu: %s", r->name, line,
		r->at - start + 1, what);
}

char guild_toml_peek(const struct guild_toml_reader *r)
{
	return r->at < r->text.n ? r->text.p[r->at] : '\0';
}

bool guild_toml_starts(const struct guild_toml_reader *r, const char *s)
{
	return guild_str_starts(guild_str_n(r->text.p + r->at, r->text.n - r->at), s);
}

void guild_toml_skip_blanks(struct guild_toml_reader *r)
{
	while (guild_toml_peek(r) == ' ' || guild_toml_peek(r) == '\t') {
		r->at++;
	}
}

static bool is_control(char c)
{
	return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7F;
}

static bool skip_newline(struct guild_toml_reader *r)
{
	size_t n = guild_toml_starts(r, "\r\n") ? 2 : guild_toml_peek(r) == '\n' ? 1 : 0;
	r->at += n;
	return n > 0;
}

static int skip_comment(struct guild_toml_reader *r)
{
	if (guild_toml_peek(r) != '#') {
		return 0;
	}
	while (r->at < r->text.n && guild_toml_peek(r) != '\n' && !guild_toml_starts(r, "\r\n")) {
		if (is_control(guild_toml_peek(r))) {
			return guild_toml_fail(r, "a control character in a comment");
		}
		r->at++;
	}
	return 0;
}

int guild_toml_skip_lines(struct guild_toml_reader *r)
{
	int rc = 0;
	do {
		guild_toml_skip_blanks(r);
		rc = skip_comment(r);
	} while (rc == 0 && skip_newline(r));
	return rc;
}

/* ---- strings ------------------------------------------------------------------------------------------------ */

static int hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

static int read_code_point(struct guild_toml_reader *r, size_t n_digits, struct guild_buf *out)
{
	uint32_t cp = 0;
	char bytes[4];
	for (size_t i = 0; i < n_digits; i++) {
		int digit = hex_digit(guild_toml_peek(r));
		if (digit < 0) {
			return guild_toml_fail(r, "expected a hexadecimal digit");
		}
		cp = cp << 4 | (uint32_t)digit;
		r->at++;
	}
	if (cp > 0x10FFFF || (cp >= 0xD800 && cp < 0xE000)) {
		return guild_toml_fail(r, "not a Unicode character");
	}
	guild_buf_append(out, bytes, guild_utf8_encode(cp, bytes));
	return 0;
}

/* A line end behind a backslash takes the blanks and line ends that follow with it. */
static int skip_folded(struct guild_toml_reader *r)
{
	guild_toml_skip_blanks(r);
	if (!skip_newline(r)) {
		return guild_toml_fail(r, "an escape that is not known");
	}
	do {
		guild_toml_skip_blanks(r);
	} while (skip_newline(r));
	return 0;
}

static int read_escape(struct guild_toml_reader *r, bool is_multiline, struct guild_buf *out)
{
	static const char from[] = "btnfr\"\\";
	static const char to[] = "\b\t\n\f\r\"\\";
	char c = guild_toml_peek(r);
	const char *known = c ? strchr(from, c) : NULL;
	if (known) {
		r->at++;
		guild_buf_putc(out, to[known - from]);
		return 0;
	}
	if (c == 'u' || c == 'U') {
		r->at++;
		return read_code_point(r, c == 'u' ? 4 : 8, out);
	}
	return is_multiline ? skip_folded(r) : guild_toml_fail(r, "an escape that is not known");
}

/* At three quotes: they end the string, but up to two before them belong to it. */
static size_t closing(const struct guild_toml_reader *r, char quote)
{
	size_t n = 0;
	while (r->at + n < r->text.n && r->text.p[r->at + n] == quote && n < 5) {
		n++;
	}
	return n >= 3 ? n : 0;
}

static int read_text(struct guild_toml_reader *r, char quote, bool is_multiline,
	struct guild_buf *out)
{
	for (;;) {
		char c = guild_toml_peek(r);
		size_t n = is_multiline ? closing(r, quote) : c == quote;
		if (n > 0 && r->at < r->text.n) {
			for (size_t i = 3; is_multiline && i < n; i++) {
				guild_buf_putc(out, quote);
			}
			r->at += n;
			return 0;
		}
		if (r->at >= r->text.n) {
			return guild_toml_fail(r, "a string that does not end");
		}
		if (is_multiline && skip_newline(r)) {
			guild_buf_putc(out, '\n');
			continue;
		}
		if (is_control(c)) {
			return guild_toml_fail(r, c == '\n'
							  ? "a string that does not end on its line"
							  : "a control character in a string");
		}
		r->at++;
		if (c == '\\' && quote == '"') {
			int rc = read_escape(r, is_multiline, out);
			if (rc != 0) {
				return rc;
			}
		} else {
			guild_buf_putc(out, c);
		}
	}
}

int guild_toml_string(struct guild_toml_reader *r, struct guild_value **out)
{
	struct guild_buf text = {0};
	char quote = guild_toml_peek(r);
	bool is_multiline = guild_toml_starts(r, "\"\"\"") || guild_toml_starts(r, "'''");
	r->at += is_multiline ? 3 : 1;
	if (is_multiline) {
		(void)skip_newline(r);
	}
	int rc = read_text(r, quote, is_multiline, &text);
	if (rc == 0) {
		*out = guild_value_string_n(r->a, guild_buf_cstr(&text), text.n);
	}
	guild_buf_fini(&text);
	return rc;
}

/* ---- keys ------------------------------------------------------------------------------------------------------ */

static bool is_key_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-';
}

static int read_key_part(struct guild_toml_reader *r, struct guild_value **out)
{
	char c = guild_toml_peek(r);
	size_t from = r->at;
	if (c == '"' || c == '\'') {
		if (guild_toml_starts(r, "\"\"\"") || guild_toml_starts(r, "'''")) {
			return guild_toml_fail(r, "a key cannot be a text of several lines");
		}
		return guild_toml_string(r, out);
	}
	while (is_key_char(guild_toml_peek(r))) {
		r->at++;
	}
	if (r->at == from) {
		return guild_toml_fail(r, "expected a key");
	}
	*out = guild_value_string_n(r->a, r->text.p + from, r->at - from);
	return 0;
}

int guild_toml_key(struct guild_toml_reader *r, struct guild_value *out)
{
	for (;;) {
		struct guild_value *part = NULL;
		guild_toml_skip_blanks(r);
		int rc = read_key_part(r, &part);
		if (rc != 0) {
			return rc;
		}
		if (out->n == GUILD_TOML_MAX_DEPTH) {
			return guild_toml_fail(r, "a key of too many parts");
		}
		guild_value_append(r->a, out, part);
		guild_toml_skip_blanks(r);
		if (guild_toml_peek(r) != '.') {
			return 0;
		}
		r->at++;
	}
}

/* ---- dates and times ---------------------------------------------------------------------------------------------- */

/* Reads a pattern: '9' is a digit, all else itself. */
static bool fits(struct guild_str s, const char *pattern)
{
	for (size_t i = 0; pattern[i]; i++) {
		bool is_good = i < s.n && (pattern[i] == '9' ? s.p[i] >= '0' && s.p[i] <= '9'
							     : s.p[i] == pattern[i]);
		if (!is_good) {
			return false;
		}
	}
	return true;
}

static int two(const char *p)
{
	return (p[0] - '0') * 10 + p[1] - '0';
}

static bool is_date(struct guild_str s)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	if (!fits(s, "9999-99-99")) {
		return false;
	}
	int year = two(s.p) * 100 + two(s.p + 2);
	int month = two(s.p + 5);
	int day = two(s.p + 8);
	bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	return year > 0 && month >= 1 && month <= 12 && day >= 1 &&
	       day <= days[month - 1] + (month == 2 && is_leap);
}

static bool is_time(struct guild_str s)
{
	return fits(s, "99:99:99") && two(s.p) < 24 && two(s.p + 3) < 60 && two(s.p + 6) < 60;
}

/* The time in Python's form: six digits of a fraction, or none. */
static size_t put_time(struct guild_buf *out, struct guild_str s)
{
	size_t n = strlen("99:99:99");
	guild_buf_append(out, s.p, n);
	if (n + 1 >= s.n || s.p[n] != '.' || !fits(guild_str_n(s.p + n + 1, s.n - n - 1), "9")) {
		return n;
	}
	char digits[] = "000000";
	size_t i = n + 1;
	for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++) {
		if (i - n - 1 < 6) {
			digits[i - n - 1] = s.p[i];
		}
	}
	if (strcmp(digits, "000000") != 0) {
		guild_buf_printf(out, ".%s", digits);
	}
	return i;
}

/* Appends the offset in Python's form; how many bytes it takes, 0 for none. */
static size_t put_offset(struct guild_buf *out, struct guild_str s)
{
	if (s.n > 0 && (*s.p == 'Z' || *s.p == 'z')) {
		guild_buf_puts(out, "+00:00");
		return 1;
	}
	bool is_offset = fits(s, "+99:99") || fits(s, "-99:99");
	if (!is_offset || two(s.p + 1) > 23 || two(s.p + 4) > 59) {
		return 0;
	}
	bool is_zero = fits(s, "-00:00");
	guild_buf_printf(out, "%c%.5s", is_zero ? '+' : *s.p, s.p + 1);
	return 6;
}

/* How much of the text is a date or time; its Python form goes to `out`. 0: none. */
static size_t read_date(struct guild_str s, struct guild_buf *out)
{
	size_t n = strlen("9999-99-99");
	if (is_time(s)) {
		return put_time(out, s);
	}
	if (!is_date(s)) {
		return 0;
	}
	guild_buf_append(out, s.p, n);
	struct guild_str rest = guild_str_n(s.p + n, s.n - n);
	bool has_time = rest.n > 1 && strchr("Tt ", *rest.p) &&
			is_time(guild_str_n(rest.p + 1, rest.n - 1));
	if (!has_time) {
		return n;
	}
	guild_buf_putc(out, ' ');
	n += 1 + put_time(out, guild_str_n(rest.p + 1, rest.n - 1));
	return n + put_offset(out, guild_str_n(s.p + n, s.n - n));
}

/* ---- numbers -------------------------------------------------------------------------------------------------------- */

/* Digits of a base with single '_' between them. */
static size_t digits_of(struct guild_str s, unsigned base)
{
	size_t n = 0;
	while (n < s.n) {
		int digit = hex_digit(s.p[n]);
		bool is_joint = s.p[n] == '_' && n > 0 && s.p[n - 1] != '_' && n + 1 < s.n &&
				hex_digit(s.p[n + 1]) >= 0 && hex_digit(s.p[n + 1]) < (int)base;
		if (!is_joint && (digit < 0 || digit >= (int)base)) {
			break;
		}
		n++;
	}
	return n;
}

static char *without_joints(struct guild_arena *a, struct guild_str s)
{
	char *copy = guild_arena_strndup(a, s.p, s.n);
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (copy[i] != '_') {
			copy[n++] = copy[i];
		}
	}
	copy[n] = '\0';
	return copy;
}

static struct guild_value *make_integer(struct guild_arena *a, const char *decimal)
{
	int64_t i = 0;
	bool is_plain = guild_parse_i64(decimal, strlen(decimal), &i);
	struct guild_value *v = guild_value_int(a, is_plain ? i : 0);
	if (!is_plain) {
		v->s = guild_str(guild_arena_strdup(a, decimal));
	}
	return v;
}

static struct guild_value *read_based(struct guild_arena *a, struct guild_str s, size_t *n)
{
	static const struct {
		const char *prefix;
		unsigned base;
	} bases[] = {{"0x", 16}, {"0o", 8}, {"0b", 2}};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(bases); i++) {
		struct guild_str rest = {s.p + 2, s.n > 2 ? s.n - 2 : 0};
		size_t n_digits =
			guild_str_starts(s, bases[i].prefix) ? digits_of(rest, bases[i].base) : 0;
		if (n_digits > 0) {
			char *digits = without_joints(a, guild_str_n(rest.p, n_digits));
			char *decimal =
				guild_bigint_decimal(a, digits, strlen(digits), bases[i].base);
			*n = 2 + n_digits;
			return decimal ? make_integer(a, decimal) : NULL;
		}
	}
	return NULL;
}

/* The parts of a decimal number; false when there is none. */
static bool is_decimal(struct guild_str s, size_t *n, bool *is_float)
{
	size_t i = s.n > 0 && (*s.p == '+' || *s.p == '-');
	size_t whole = digits_of(guild_str_n(s.p + i, s.n - i), 10);
	if (whole == 0 || (whole > 1 && s.p[i] == '0')) {
		return false;
	}
	i += whole;
	*is_float = false;
	if (i + 1 < s.n && s.p[i] == '.') {
		size_t fraction = digits_of(guild_str_n(s.p + i + 1, s.n - i - 1), 10);
		*is_float = fraction > 0;
		i += fraction ? fraction + 1 : 0;
	}
	if (i + 1 < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
		size_t sign = s.p[i + 1] == '+' || s.p[i + 1] == '-';
		size_t exponent =
			digits_of(guild_str_n(s.p + i + 1 + sign, s.n - i - 1 - sign), 10);
		*is_float = *is_float || exponent > 0;
		i += exponent ? 1 + sign + exponent : 0;
	}
	*n = i;
	return true;
}

static struct guild_value *read_decimal(struct guild_arena *a, struct guild_str s, size_t *n)
{
	bool is_float = false;
	double f = 0.0;
	if (!is_decimal(s, n, &is_float)) {
		return NULL;
	}
	char *text = without_joints(a, guild_str_n(s.p, *n));
	text += *text == '+';
	if (!is_float) {
		return make_integer(a, strcmp(text, "-0") == 0 ? "0" : text);
	}
	(void)guild_parse_f64(text, strlen(text), &f);
	return guild_value_float(a, f);
}

static struct guild_value *read_word(struct guild_arena *a, struct guild_str s, size_t *n)
{
	static const struct {
		const char *word;
		double f;
		int b;
	} words[] = {{"true", 0.0, 1}, {"false", 0.0, 0}, {"inf", __builtin_inf(), -1},
		{"+inf", __builtin_inf(), -1}, {"-inf", -__builtin_inf(), -1},
		{"nan", __builtin_nan(""), -1}, {"+nan", __builtin_nan(""), -1},
		{"-nan", __builtin_nan(""), -1}};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(words); i++) {
		if (guild_str_starts(s, words[i].word)) {
			*n = strlen(words[i].word);
			return words[i].b >= 0 ? guild_value_bool(a, words[i].b)
					       : guild_value_float(a, words[i].f);
		}
	}
	return NULL;
}

int guild_toml_bare(struct guild_toml_reader *r, struct guild_value **out)
{
	struct guild_str s = guild_str_n(r->text.p + r->at, r->text.n - r->at);
	struct guild_buf date = {0};
	size_t n = read_date(s, &date);
	struct guild_value *v = NULL;
	if (n > 0) {
		v = guild_value_string_n(r->a, date.p, date.n);
		v->type = GUILD_DATE;
	}
	guild_buf_fini(&date);
	v = v ? v : read_word(r->a, s, &n);
	v = v ? v : read_based(r->a, s, &n);
	v = v ? v : read_decimal(r->a, s, &n);
	if (!v) {
		return guild_toml_fail(r, "expected a value");
	}
	r->at += n;
	*out = v;
	return 0;
}
