/* What a plain scalar means under YAML 1.1 as PyYAML reads it. */

#include "formats_private.h"

#include <stdlib.h>
#include <string.h>

/* A place in a scalar that is being matched; every take_* moves it on when it matches. */
struct scan {
	const char *p;
	const char *end;
};

static bool at_end(const struct scan *s)
{
	return s->p == s->end;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool take_char(struct scan *s, const char *any)
{
	if (s->p < s->end && *s->p && strchr(any, *s->p)) {
		s->p++;
		return true;
	}
	return false;
}

static size_t take_set(struct scan *s, const char *any)
{
	size_t n = 0;
	while (take_char(s, any)) {
		n++;
	}
	return n;
}

#define DIGITS "0123456789"
#define DIGITS_ "0123456789_"
#define HEX_ "0123456789abcdefABCDEF_"

static bool take_word(struct scan *s, const char *const *words)
{
	for (size_t i = 0; words[i]; i++) {
		if (guild_str_eqz(guild_str_n(s->p, (size_t)(s->end - s->p)), words[i])) {
			s->p = s->end;
			return true;
		}
	}
	return false;
}

/* One or more ":NN" groups, each at most 59. */
static bool take_sixties(struct scan *s)
{
	size_t n = 0;
	while (s->p < s->end && *s->p == ':') {
		s->p++;
		const char *start = s->p;
		size_t len = take_set(s, DIGITS);
		if (len == 0 || len > 2 || (len == 2 && *start > '5')) {
			return false;
		}
		n++;
	}
	return n > 0;
}

static bool match_int(struct scan s)
{
	take_char(&s, "-+");
	if (at_end(&s)) {
		return false;
	}
	if (*s.p == '0') {
		s.p++;
		if (at_end(&s)) {
			return true;
		}
		if (take_char(&s, "b")) {
			return take_set(&s, "01_") > 0 && at_end(&s);
		}
		if (take_char(&s, "x")) {
			return take_set(&s, HEX_) > 0 && at_end(&s);
		}
		return take_set(&s, "01234567_") > 0 && at_end(&s);
	}
	if (!is_digit(*s.p)) {
		return false;
	}
	take_set(&s, DIGITS_);
	return at_end(&s) || (take_sixties(&s) && at_end(&s));
}

/* Whether an exponent, if one is there, is well formed. */
static bool take_exponent(struct scan *s, bool needs_sign)
{
	if (!take_char(s, "eE")) {
		return true;
	}
	if (!take_char(s, "-+") && needs_sign) {
		return false;
	}
	return take_set(s, DIGITS) > 0;
}

static bool match_leading_dot(struct scan s, bool numbers)
{
	s.p++;
	if (s.p < s.end && *s.p == '_' && !numbers) {
		return false;
	}
	return take_set(&s, DIGITS_) > 0 && take_exponent(&s, true) && at_end(&s);
}

static bool match_float(struct scan s, bool numbers)
{
	static const char *const infinities[] = {".inf", ".Inf", ".INF", NULL};
	static const char *const nans[] = {".nan", ".NaN", ".NAN", NULL};
	if (at_end(&s)) {
		return false;
	}
	if (*s.p == '.' && (take_word(&s, nans) || match_leading_dot(s, numbers))) {
		return true;
	}
	take_char(&s, "-+");
	if (take_word(&s, infinities)) {
		return true;
	}
	if (at_end(&s) || !is_digit(*s.p)) {
		return false;
	}
	take_set(&s, DIGITS_);
	struct scan sixties = s;
	if (take_sixties(&sixties)) {
		s = sixties;
		return take_char(&s, ".") && (take_set(&s, DIGITS_), at_end(&s));
	}
	if (take_char(&s, ".")) {
		take_set(&s, DIGITS_);
		return take_exponent(&s, !numbers) && at_end(&s);
	}
	return numbers && !at_end(&s) && take_exponent(&s, false) && at_end(&s);
}

/* The parts of a timestamp, as written. */
struct stamp {
	int year, month, day, hour, minute, second, micro;
	bool has_time;
	bool has_zone;
	int zone_minutes;
};

static bool take_number(struct scan *s, size_t least, size_t most, int *out)
{
	int value = 0;
	size_t n = 0;
	while (n < most && s->p < s->end && is_digit(*s->p)) {
		value = value * 10 + (*s->p - '0');
		s->p++;
		n++;
	}
	*out = value;
	return n >= least;
}

static bool take_zone(struct scan *s, struct stamp *t)
{
	take_set(s, " \t");
	if (take_char(s, "Z")) {
		t->has_zone = true;
		return true;
	}
	int sign = s->p < s->end && *s->p == '-' ? -1 : 1;
	int hours = 0;
	int minutes = 0;
	if (!take_char(s, "-+") || !take_number(s, 1, 2, &hours)) {
		return false;
	}
	if (take_char(s, ":") && !take_number(s, 2, 2, &minutes)) {
		return false;
	}
	t->has_zone = true;
	t->zone_minutes = sign * (hours * 60 + minutes);
	return true;
}

static void take_fraction(struct scan *s, struct stamp *t)
{
	int scale = 100000;
	while (s->p < s->end && is_digit(*s->p)) {
		t->micro += (*s->p - '0') * scale;
		scale /= 10;
		s->p++;
	}
}

static bool match_timestamp(struct scan s, struct stamp *t)
{
	*t = (struct stamp){0};
	const char *start = s.p;
	if (!take_number(&s, 4, 4, &t->year) || !take_char(&s, "-") ||
		!take_number(&s, 1, 2, &t->month) || !take_char(&s, "-") ||
		!take_number(&s, 1, 2, &t->day)) {
		return false;
	}
	if (at_end(&s)) {
		return s.p - start == 10;
	}
	t->has_time = true;
	if (!take_char(&s, "Tt") && take_set(&s, " \t") == 0) {
		return false;
	}
	if (!take_number(&s, 1, 2, &t->hour) || !take_char(&s, ":") ||
		!take_number(&s, 2, 2, &t->minute) || !take_char(&s, ":") ||
		!take_number(&s, 2, 2, &t->second)) {
		return false;
	}
	if (take_char(&s, ".")) {
		take_fraction(&s, t);
	}
	return at_end(&s) || (take_zone(&s, t) && at_end(&s));
}

/* Words by what they start with; most texts of a document end here. */
static enum guild_plain_kind word_kind(struct scan s)
{
	static const char *const nulls[] = {"null", "Null", "NULL", NULL};
	static const char *const bools[] = {"yes", "Yes", "YES", "no", "No", "NO", "true", "True",
		"TRUE", "false", "False", "FALSE", "on", "On", "ON", "off", "Off", "OFF", NULL};
	enum { LONGEST_WORD = 5 };
	if (s.end - s.p > LONGEST_WORD) {
		return GUILD_PLAIN_STRING;
	}
	if (take_word(&s, nulls)) {
		return GUILD_PLAIN_NULL;
	}
	return take_word(&s, bools) ? GUILD_PLAIN_BOOL : GUILD_PLAIN_STRING;
}

enum guild_plain_kind guild_yaml_plain_kind(struct guild_str text, unsigned options)
{
	struct scan s = {text.p, text.p + text.n};
	struct stamp stamp;
	if (text.n == 0 || guild_str_eqz(text, "~")) {
		return GUILD_PLAIN_NULL;
	}
	if (strchr("nNyYtTfFoO", *s.p)) {
		return *s.p ? word_kind(s) : GUILD_PLAIN_STRING;
	}
	if (is_digit(*s.p) || *s.p == '+' || *s.p == '-' || *s.p == '.') {
		if (match_float(s, options & GUILD_YAML_NUMBERS)) {
			return GUILD_PLAIN_FLOAT;
		}
		if (match_int(s)) {
			return GUILD_PLAIN_INT;
		}
		return match_timestamp(s, &stamp) ? GUILD_PLAIN_TIMESTAMP : GUILD_PLAIN_STRING;
	}
	if (guild_str_eqz(text, "<<")) {
		return GUILD_PLAIN_MERGE;
	}
	return guild_str_eqz(text, "=") ? GUILD_PLAIN_VALUE : GUILD_PLAIN_STRING;
}

/* ---- values ---- */

/* A copy without '_' and with the sign taken off. */
static char *bare_digits(struct guild_arena *a, struct guild_str text, bool *is_negative, size_t *n)
{
	char *out = guild_arena_alloc(a, text.n + 1);
	size_t len = 0;
	*is_negative = text.n > 0 && text.p[0] == '-';
	for (size_t i = 0; i < text.n; i++) {
		bool is_sign = i == 0 && (text.p[0] == '-' || text.p[0] == '+');
		if (text.p[i] != '_' && !is_sign) {
			out[len++] = text.p[i];
		}
	}
	*n = len;
	return out;
}

static struct guild_value *int_from_decimal(struct guild_arena *a, const char *digits,
	bool negative)
{
	char *text = guild_arena_format(a, "%s%s", negative ? "-" : "", digits);
	int64_t small = 0;
	if (guild_parse_i64(text, strlen(text), &small)) {
		return guild_value_int(a, small);
	}
	struct guild_value *v = guild_value_int(a, 0);
	v->s = guild_str(text);
	return v;
}

static struct guild_value *make_int(struct guild_arena *a, struct guild_str text)
{
	bool negative = false;
	size_t n = 0;
	int64_t plain = 0;
	if (text.p[0] >= '1' && text.p[0] <= '9' && guild_parse_i64(text.p, text.n, &plain)) {
		return guild_value_int(a, plain);
	}
	char *digits = bare_digits(a, text, &negative, &n);
	char *decimal = NULL;
	if (n > 1 && digits[0] == '0') {
		if (digits[1] == 'b' || digits[1] == 'x') {
			decimal = guild_bigint_decimal(a, digits + 2, n - 2,
				digits[1] == 'b' ? 2 : 16);
		} else {
			decimal = guild_bigint_decimal(a, digits, n, 8);
		}
	} else if (memchr(digits, ':', n)) {
		decimal = guild_bigint_sexagesimal(a, digits, n);
	} else {
		decimal = guild_bigint_decimal(a, digits, n, 10);
	}
	return decimal ? int_from_decimal(a, decimal, negative) : NULL;
}

/* Groups of 60, the last one with a fraction. */
static bool parse_sixties(const char *p, size_t n, double *out)
{
	double value = 0.0;
	while (n > 0) {
		const char *colon = memchr(p, ':', n);
		size_t len = colon ? (size_t)(colon - p) : n;
		double part = 0.0;
		if (!guild_parse_f64(p, len, &part)) {
			return false;
		}
		value = value * 60.0 + part;
		p += len + (colon ? 1 : 0);
		n -= len + (colon ? 1 : 0);
	}
	*out = value;
	return true;
}

static struct guild_value *make_float(struct guild_arena *a, struct guild_str text)
{
	bool negative = false;
	size_t n = 0;
	char *digits = bare_digits(a, text, &negative, &n);
	double value = 0.0;
	bool is_good;
	if (digits[0] == '.' &&
		(digits[1] == 'i' || digits[1] == 'I' || digits[1] == 'n' || digits[1] == 'N')) {
		is_good = guild_parse_f64(digits + 1, n - 1, &value);
	} else {
		is_good = parse_sixties(digits, n, &value);
	}
	return is_good ? guild_value_float(a, negative ? -value : value) : NULL;
}

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static bool is_real_date(const struct stamp *t)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	if (t->year < 1 || t->month < 1 || t->month > 12 || t->day < 1) {
		return false;
	}
	int last = days[t->month - 1] + (t->month == 2 && is_leap(t->year));
	return t->day <= last && t->hour < 24 && t->minute < 60 && t->second < 60 &&
	       abs(t->zone_minutes) < 24 * 60;
}

/* The canonical text is what Python prints for date and datetime. */
static struct guild_value *make_timestamp(struct guild_arena *a, struct guild_str text)
{
	struct stamp t;
	struct scan s = {text.p, text.p + text.n};
	if (!match_timestamp(s, &t) || !is_real_date(&t)) {
		return NULL;
	}
	struct guild_buf out = {0};
	guild_buf_printf(&out, "%04d-%02d-%02d", t.year, t.month, t.day);
	if (t.has_time) {
		guild_buf_printf(&out, " %02d:%02d:%02d", t.hour, t.minute, t.second);
	}
	if (t.micro) {
		guild_buf_printf(&out, ".%06d", t.micro);
	}
	if (t.has_zone) {
		int minutes = abs(t.zone_minutes);
		guild_buf_printf(&out, "%c%02d:%02d", t.zone_minutes < 0 ? '-' : '+', minutes / 60,
			minutes % 60);
	}
	struct guild_value *v = guild_value_string_n(a, out.p, out.n);
	v->type = GUILD_DATE;
	guild_buf_fini(&out);
	return v;
}

struct guild_value *guild_yaml_make_scalar(struct guild_arena *a, enum guild_plain_kind kind,
	struct guild_str s)
{
	switch (kind) {
	case GUILD_PLAIN_STRING:
		return guild_value_string_n(a, s.p, s.n);
	case GUILD_PLAIN_NULL:
		return guild_value_null(a);
	case GUILD_PLAIN_BOOL:
		/* yes, true, on against no, false, off, in any case */
		return guild_value_bool(a,
			strchr("yYtT", s.p[0]) || s.p[1] == 'n' || s.p[1] == 'N');
	case GUILD_PLAIN_INT:
		return make_int(a, s);
	case GUILD_PLAIN_FLOAT:
		return make_float(a, s);
	case GUILD_PLAIN_TIMESTAMP:
		return make_timestamp(a, s);
	case GUILD_PLAIN_MERGE:
	case GUILD_PLAIN_VALUE:
		return NULL;
	}
	return NULL;
}

struct guild_value *guild_yaml_resolve(struct guild_arena *a, struct guild_str plain,
	unsigned options)
{
	struct guild_value *v =
		guild_yaml_make_scalar(a, guild_yaml_plain_kind(plain, options), plain);
	return v ? v : guild_value_string_n(a, plain.p, plain.n);
}
