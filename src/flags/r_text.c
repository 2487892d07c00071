/* R literals read and written, and the YAML in "#|" lines. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "r_code.h"

enum { R_INT_MAX = 2147483647, VECTOR_MAX = 10000 };

/* ---- lines ------------------------------------------------------------------------------------------------- */

static size_t line_start(struct guild_str text, size_t at)
{
	while (at > 0 && text.p[at - 1] != '\n') {
		at--;
	}
	return at;
}

static struct guild_str line_at(struct guild_str text, size_t at)
{
	const char *nl = at < text.n ? memchr(text.p + at, '\n', text.n - at) : NULL;
	return guild_str_n(text.p + at, nl ? (size_t)(nl - text.p) - at : text.n - at);
}

static bool is_pipe_line(struct guild_str line)
{
	return guild_str_starts(guild_str_trim(line), "#|");
}

struct guild_span guild_r_lines_above(struct guild_str text, size_t at)
{
	size_t to = line_start(text, at);
	size_t from = to;
	while (from > 0) {
		size_t above = line_start(text, from - 1);
		if (!is_pipe_line(line_at(text, above))) {
			break;
		}
		from = above;
	}
	return (struct guild_span){from, to};
}

struct guild_span guild_r_front_lines(struct guild_str text)
{
	size_t at = 0;
	bool has_comment = false;
	struct guild_str line = line_at(text, 0);
	while (at < text.n && !is_pipe_line(line)) {
		struct guild_str trimmed = guild_str_trim(line);
		if (trimmed.n > 0 && trimmed.p[0] != '#') {
			return (struct guild_span){0, 0};
		}
		has_comment |= trimmed.n > 0 && !guild_str_starts(trimmed, "#!");
		at += line.n + 1;
		line = at < text.n ? line_at(text, at) : (struct guild_str){0};
	}
	size_t from = at;
	while (at < text.n && is_pipe_line(line)) {
		at += line.n + 1;
		line = at < text.n ? line_at(text, at) : (struct guild_str){0};
	}
	/* Below other comments, lines right above code are about that code. */
	struct guild_str next = guild_str_trim(line);
	bool is_for_code = has_comment && next.n > 0 && next.p[0] != '#';
	if (from >= text.n || is_for_code) {
		return (struct guild_span){0, 0};
	}
	return (struct guild_span){from, at < text.n ? at : text.n};
}

void guild_r_pipe_yaml(struct guild_str lines, struct guild_buf *out)
{
	for (size_t at = 0; at < lines.n;) {
		struct guild_str line = line_at(lines, at);
		const char *bar = memchr(line.p, '|', line.n);
		size_t from = bar ? (size_t)(bar - line.p) + 1 : line.n;
		size_t n = line.n;
		n -= n > from && line.p[n - 1] == '\r';
		from += from < n && line.p[from] == ' ';
		guild_buf_append(out, line.p + from, n - from);
		guild_buf_putc(out, '\n');
		at += line.n + 1;
	}
}

/* ---- reading -------------------------------------------------------------------------------------------------- */

struct reader {
	struct guild_arena *a;
	struct guild_str text;
	size_t at;
	struct code_flag *f;
};

static char look(struct reader *r)
{
	while (r->at < r->text.n) {
		char c = r->text.p[r->at];
		if (c == '#') {
			r->at += line_at(r->text, r->at).n;
		} else if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
			r->at++;
		} else {
			return c;
		}
	}
	return 0;
}

static bool take(struct reader *r, char c)
{
	bool is_there = look(r) == c && c;
	r->at += is_there;
	return is_there;
}

/* Digits of a number as R writes them, without sign. */
static struct guild_str scan_number(struct reader *r)
{
	size_t from = r->at;
	const char *p = r->text.p;
	bool is_hex = r->text.n - from > 1 && p[from] == '0' && (p[from + 1] | 0x20) == 'x';
	const char *digits = is_hex ? "0123456789abcdefABCDEFx.X" : "0123456789.";
	while (r->at < r->text.n && p[r->at] && strchr(digits, p[r->at])) {
		r->at++;
	}
	char exponent = is_hex ? 'p' : 'e';
	if (r->at > from && r->at < r->text.n && (p[r->at] | 0x20) == exponent) {
		r->at++;
		r->at += r->at < r->text.n && (p[r->at] == '+' || p[r->at] == '-');
		while (r->at < r->text.n && p[r->at] >= '0' && p[r->at] <= '9') {
			r->at++;
		}
	}
	return guild_str_n(p + from, r->at - from);
}

static bool number_value(struct guild_str digits, double *out)
{
	if (digits.n > 1 && (digits.p[1] | 0x20) == 'x') {
		char *copy = guild_strndup(digits.p, digits.n);
		uint64_t v = 0;
		bool is_good = digits.n > 2 && digits.n <= 18;
		for (size_t i = 2; is_good && i < digits.n; i++) {
			const char *hex = "0123456789abcdef";
			const char *found = strchr(hex,
				copy[i] >= 'A' && copy[i] <= 'F' ? copy[i] + 32 : copy[i]);
			is_good = found && *found;
			v = v * 16 + (is_good ? (uint64_t)(found - hex) : 0);
		}
		free(copy);
		*out = (double)v;
		return is_good;
	}
	struct guild_str d = digits;
	/* "5." and ".5" are numbers to R, too. */
	return d.n > 0 && guild_parse_f64(d.p, d.n, out);
}

/* [-+]NUMBER[L], or NUMBER[-+]NUMBERi as text. */
static struct guild_value *read_number(struct reader *r)
{
	bool is_negative = false;
	size_t start = r->at;
	double v;
	while (look(r) == '-' || look(r) == '+') {
		is_negative ^= look(r) == '-';
		r->at++;
	}
	(void)look(r);
	size_t from = r->at;
	if (!number_value(scan_number(r), &v) || r->at == from) {
		return NULL;
	}
	v = is_negative ? -v : v;
	char suffix = r->at < r->text.n ? r->text.p[r->at] : 0;
	if (suffix == 'L') {
		r->at++;
		r->f->is_integer = true;
		return v == trunc(v) && fabs(v) <= R_INT_MAX ? guild_value_int(r->a, (int64_t)v)
							     : NULL;
	}
	bool is_complex = suffix == 'i';
	r->at += is_complex;
	if (!is_complex && (look(r) == '+' || look(r) == '-')) {
		double imaginary;
		r->at++;
		(void)look(r);
		if (!number_value(scan_number(r), &imaginary) || !take(r, 'i')) {
			return NULL;
		}
		is_complex = true;
	}
	if (!is_complex) {
		return guild_value_float(r->a, v);
	}
	struct guild_buf text = {0};
	r->f->is_complex = true;
	struct reader again = {.text = guild_str_n(r->text.p + start, r->at - start)};
	while (look(&again)) {
		guild_buf_putc(&text, again.text.p[again.at++]);
	}
	struct guild_value *value = guild_value_string_n(r->a, guild_buf_cstr(&text), text.n);
	guild_buf_fini(&text);
	return value;
}

static void put_code_point(struct guild_buf *out, uint32_t cp)
{
	char utf8[4];
	guild_buf_append(out, utf8, guild_utf8_encode(cp, utf8));
}

/* \n, \x41, \u{1F600}, \101 …; r->at is after the backslash. False for what R refuses. */
static bool read_escape(struct reader *r, struct guild_buf *out)
{
	static const char letters[] = "abfnrtv0\\\"'`";
	static const char meant[] = "\a\b\f\n\r\t\v\0\\\"'`";
	char c = r->at < r->text.n ? r->text.p[r->at++] : 0;
	size_t max = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : c >= '1' && c <= '7' ? 3 : 0;
	if (max == 0) {
		const char *found = c && c != '0' ? strchr(letters, c) : NULL;
		if (found) {
			guild_buf_putc(out, meant[found - letters]);
		}
		return found != NULL;
	}
	unsigned base = max == 3 ? 8 : 16;
	bool is_braced = (c == 'u' || c == 'U') && r->at < r->text.n && r->text.p[r->at] == '{';
	r->at += is_braced;
	r->at -= base == 8;
	uint32_t cp = 0;
	size_t n = 0;
	for (; n < max && r->at < r->text.n; n++, r->at++) {
		const char *hex = "0123456789abcdef";
		char d = r->text.p[r->at];
		const char *found = d ? strchr(hex, d >= 'A' && d <= 'F' ? d + 32 : d) : NULL;
		if (!found || (unsigned)(found - hex) >= base) {
			break;
		}
		cp = cp * base + (uint32_t)(found - hex);
	}
	if (is_braced) {
		is_braced = r->at < r->text.n && r->text.p[r->at] == '}';
		r->at += is_braced;
		if (!is_braced) {
			return false;
		}
	}
	if (n == 0 || cp == 0 || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff) ||
		(cp > 0x7f && (c == 'x' || base == 8))) {
		return false;
	}
	put_code_point(out, cp);
	return true;
}

static struct guild_value *read_raw_text(struct reader *r)
{
	size_t i = r->at + 1;
	char quote = r->text.p[i++];
	size_t dashes = 0;
	while (i + dashes < r->text.n && r->text.p[i + dashes] == '-') {
		dashes++;
	}
	/* The scanner has seen its end: quote, dashes and bracket on both sides. */
	size_t from = i + dashes + 1;
	size_t to = from;
	char open = from <= r->text.n ? r->text.p[from - 1] : 0;
	char close = open == '(' ? ')' : open == '[' ? ']' : '}';
	for (;; to++) {
		if (to + dashes + 1 >= r->text.n) {
			return NULL;
		}
		size_t k = 0;
		while (r->text.p[to] == close && k < dashes && r->text.p[to + 1 + k] == '-') {
			k++;
		}
		if (r->text.p[to] == close && k == dashes && r->text.p[to + 1 + k] == quote) {
			break;
		}
	}
	r->at = to + dashes + 2;
	return guild_value_string_n(r->a, r->text.p + from, to - from);
}

static struct guild_value *read_text(struct reader *r)
{
	struct guild_buf out = {0};
	char quote = r->text.p[r->at++];
	bool is_good = true;
	while (is_good && r->at < r->text.n && r->text.p[r->at] != quote) {
		char c = r->text.p[r->at++];
		if (c == '\\') {
			is_good = read_escape(r, &out);
		} else {
			guild_buf_putc(&out, c);
		}
	}
	is_good = is_good && r->at < r->text.n && guild_utf8_valid(guild_buf_cstr(&out), out.n);
	r->at++;
	struct guild_value *v =
		is_good ? guild_value_string_n(r->a, guild_buf_cstr(&out), out.n) : NULL;
	guild_buf_fini(&out);
	return v;
}

static bool take_word(struct reader *r, const char *word)
{
	size_t n = strlen(word);
	struct guild_str rest = guild_str_n(r->text.p + r->at, r->text.n - r->at);
	if (!guild_str_starts(rest, word)) {
		return false;
	}
	char next = rest.n > n ? rest.p[n] : 0;
	if (next == '_' || next == '.' || (next >= '0' && next <= '9') ||
		((next | 0x20) >= 'a' && (next | 0x20) <= 'z') || (unsigned char)next >= 0x80) {
		return false;
	}
	r->at += n;
	return true;
}

static struct guild_value *read_scalar(struct reader *r)
{
	char c = look(r);
	bool is_raw = (c | 0x20) == 'r' && r->at + 1 < r->text.n &&
		      (r->text.p[r->at + 1] == '"' || r->text.p[r->at + 1] == '\'');
	if (is_raw) {
		return read_raw_text(r);
	}
	if (c == '"' || c == '\'') {
		return read_text(r);
	}
	if (take_word(r, "TRUE")) {
		return guild_value_bool(r->a, true);
	}
	if (take_word(r, "FALSE")) {
		return guild_value_bool(r->a, false);
	}
	if (take_word(r, "NULL")) {
		return guild_value_null(r->a);
	}
	return c && strchr("+-.0123456789", c) ? read_number(r) : NULL;
}

static struct guild_value *read_vector(struct reader *r)
{
	struct guild_value *list = guild_value_list(r->a);
	if (take(r, ')')) {
		return NULL; /* c() is NULL by another name */
	}
	do {
		struct guild_value *item = list->n < VECTOR_MAX ? read_scalar(r) : NULL;
		if (!item || item->type == GUILD_NULL || r->f->is_complex) {
			return NULL;
		}
		guild_value_append(r->a, list, item);
	} while (take(r, ','));
	return take(r, ')') ? list : NULL;
}

static const char *type_of(const struct code_flag *f)
{
	switch (f->value->type) {
	case GUILD_BOOL:
		return "boolean";
	case GUILD_INT:
		return "int";
	case GUILD_FLOAT:
		return "float";
	case GUILD_STRING:
		return "string";
	default:
		return NULL;
	}
}

bool guild_r_read_literal(struct guild_arena *a, struct guild_str text, struct code_flag *f)
{
	struct reader r = {.a = a, .text = text, .f = f};
	struct guild_value *v;
	/* As it is written below in place of a literal of several lines. */
	bool is_bracketed = memchr(text.p, '\n', text.n) && take(&r, '(');
	if (look(&r) == 'c' && take_word(&r, "c")) {
		v = take(&r, '(') ? read_vector(&r) : NULL;
	} else {
		v = read_scalar(&r);
	}
	if (!v || (is_bracketed && !take(&r, ')')) || look(&r) != 0) {
		return false;
	}
	f->value = v;
	f->type = type_of(f);
	return true;
}

/* ---- writing ------------------------------------------------------------------------------------------------------- */

static void put_text(struct guild_buf *out, struct guild_str s)
{
	guild_buf_putc(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c == '"' || c == '\\') {
			guild_buf_putc(out, '\\');
			guild_buf_putc(out, (char)c);
		} else if (c == '\n' || c == '\t' || c == '\r') {
			guild_buf_puts(out, c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r");
		} else if (c < 0x20 || c == 0x7f) {
			guild_buf_printf(out, "\\x%02x", c);
		} else {
			guild_buf_putc(out, (char)c);
		}
	}
	guild_buf_putc(out, '"');
}

static void put_number(struct guild_buf *out, double v)
{
	char text[GUILD_F64_MAX];
	if (v != v) {
		guild_buf_puts(out, "NaN");
	} else if (v - v != 0) {
		guild_buf_puts(out, v > 0 ? "Inf" : "-Inf");
	} else {
		size_t n = guild_f64_repr(v, text);
		n -= n > 2 && memcmp(text + n - 2, ".0", 2) == 0 ? 2 : 0;
		guild_buf_append(out, text, n);
	}
}

static void put_value(struct guild_buf *out, const struct guild_value *v,
	const struct code_flag *at)
{
	switch (v->type) {
	case GUILD_NULL:
		guild_buf_puts(out, "NULL");
		break;
	case GUILD_BOOL:
		guild_buf_puts(out, v->b ? "TRUE" : "FALSE");
		break;
	case GUILD_INT:
		guild_value_py_str(out, v);
		if (at->is_integer && v->s.n == 0 && v->i >= -R_INT_MAX && v->i <= R_INT_MAX) {
			guild_buf_putc(out, 'L');
		}
		break;
	case GUILD_FLOAT:
		put_number(out, v->f);
		break;
	case GUILD_LIST:
	case GUILD_DICT:
		guild_buf_puts(out, v->type == GUILD_LIST ? "c(" : "list(");
		for (size_t i = 0; i < v->n; i++) {
			guild_buf_puts(out, i ? ", " : "");
			if (v->type == GUILD_DICT) {
				struct guild_buf key = {0};
				guild_value_py_str(&key, v->pairs[i].key);
				put_text(out, guild_buf_str(&key));
				guild_buf_puts(out, " = ");
				guild_buf_fini(&key);
			}
			put_value(out, v->type == GUILD_LIST ? v->items[i] : v->pairs[i].value, at);
		}
		guild_buf_putc(out, ')');
		break;
	default: {
		struct code_flag f = {0};
		struct guild_arena *a = guild_arena_new();
		if (at->is_complex && v->s.n > 0 && guild_r_read_literal(a, v->s, &f)) {
			guild_buf_append(out, v->s.p, v->s.n); /* 1+2i stays a number */
		} else {
			put_text(out, v->s);
		}
		guild_arena_free(a);
	}
	}
}

void guild_r_put_literal(struct guild_buf *out, const struct guild_value *v,
	const struct code_flag *at, struct guild_str old)
{
	size_t lines = 0;
	for (size_t i = 0; i < old.n; i++) {
		lines += old.p[i] == '\n';
	}
	/* As many lines as before: what R says about later ones stays true. In brackets, line ends mean nothing. */
	guild_buf_puts(out, lines ? "(" : "");
	put_value(out, v, at);
	for (size_t i = 0; i < lines; i++) {
		guild_buf_putc(out, '\n');
	}
	guild_buf_puts(out, lines ? ")" : "");
}
