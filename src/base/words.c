/* Shell words and locale-independent numbers. */
#include <guild/base.h>

#include <errno.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* One word from p on; false at an open quote. Follows Python's shlex in POSIX mode with whitespace_split. */
static bool split_word(const char **at, struct guild_buf *word)
{
	const char *p = *at;
	while (*p && !strchr(" \t\r\n", *p)) {
		if (*p == '\'') {
			const char *end = strchr(++p, '\'');
			if (!end) {
				return false;
			}
			guild_buf_append(word, p, (size_t)(end - p));
			p = end + 1;
		} else if (*p == '"') {
			for (p++; *p != '"'; p++) {
				if (*p == '\\' && (p[1] == '"' || p[1] == '\\')) {
					p++;
				}
				if (!*p) {
					return false;
				}
				guild_buf_putc(word, *p);
			}
			p++;
		} else {
			if (*p == '\\' && !*++p) {
				return false;
			}
			guild_buf_putc(word, *p++);
		}
	}
	*at = p;
	return true;
}

int guild_shlex_split(const char *text, struct guild_strs *out, struct guild_error *err)
{
	struct guild_strs words = {0};
	const char *p = text;
	for (;;) {
		p += strspn(p, " \t\r\n");
		if (!*p) {
			break;
		}
		struct guild_buf word = {0};
		if (!split_word(&p, &word)) {
			guild_buf_fini(&word);
			guild_strs_fini(&words);
			return guild_error_set(err, GUILD_EINVALID,
				"quote or escape left open in '%s'", text);
		}
		guild_strs_take(&words, guild_buf_take(&word));
	}
	for (size_t i = 0; i < words.n; i++) {
		guild_strs_take(out, words.v[i]);
	}
	free(words.v);
	return 0;
}

void guild_shlex_quote(struct guild_buf *out, const char *word)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "@%+=:,./-_";
	if (*word && strspn(word, safe) == strlen(word)) {
		guild_buf_puts(out, word);
		return;
	}
	guild_buf_putc(out, '\'');
	for (; *word; word++) {
		if (*word == '\'') {
			guild_buf_puts(out, "'\"'\"'");
		} else {
			guild_buf_putc(out, *word);
		}
	}
	guild_buf_putc(out, '\'');
}

bool guild_parse_i64(const char *p, size_t n, int64_t *out)
{
	size_t i = 0;
	bool negative = n && p[0] == '-';
	if (n && (p[0] == '-' || p[0] == '+')) {
		i++;
	}
	if (i == n) {
		return false;
	}
	int64_t v = 0;
	for (; i < n; i++) {
		if (p[i] < '0' || p[i] > '9') {
			return false;
		}
		int digit = p[i] - '0';
		if (__builtin_mul_overflow(v, (int64_t)10, &v) ||
			__builtin_add_overflow(v, (int64_t)(negative ? -digit : digit), &v)) {
			return false;
		}
	}
	*out = v;
	return true;
}

/* strtod speaks the process's locale; guild never calls setlocale, but an embedding program may. */
static locale_t locale;
static pthread_once_t locale_once = PTHREAD_ONCE_INIT;

static void make_locale(void)
{
	locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static locale_t c_locale(void)
{
	pthread_once(&locale_once, make_locale);
	return locale;
}

bool guild_parse_f64(const char *p, size_t n, double *out)
{
	enum { TEXT_MAX = 400 };
	char text[TEXT_MAX];
	if (n == 0 || n >= sizeof text || strchr(" \t\r\n\v\f", p[0]) || memchr(p, 'x', n) ||
		memchr(p, 'X', n) || memchr(p, '(', n) || memchr(p, 0, n)) {
		return false;
	}
	memcpy(text, p, n);
	text[n] = 0;
	char *end;
	double v = strtod_l(text, &end, c_locale());
	if (*end) {
		return false;
	}
	*out = v;
	return true;
}

enum { ALL_DIGITS = 17 }; /* always tell a double from its neighbours */

/* The next decimal of as many digits. */
static void count_up(char *digits, int *exponent)
{
	size_t at = strlen(digits);
	bool up = true;
	while (up && at > 0) {
		at--;
		up = digits[at] == '9';
		digits[at] = up ? '0' : (char)(digits[at] + 1);
	}
	if (up) {
		digits[0] = '1';
		(*exponent)++;
	}
}

/* The first n of 17 correctly rounded digits, rounded: false where the rest is exactly half, of which the 17 may be an image only. */
static bool round_digits(const char all[ALL_DIGITS + 1], int n, char digits[20], int *exponent)
{
	if (strcmp(all + n, n == ALL_DIGITS - 1 ? "5" : "50") == 0) {
		return false;
	}
	memcpy(digits, all, (size_t)n);
	digits[n] = 0;
	if (all[n] >= '5') {
		count_up(digits, exponent);
	}
	return true;
}

/* Reads "%.*e" apart. */
static int split_digits(double v, int precision, char digits[20])
{
	char text[GUILD_F64_MAX];
	int n = 0;
	snprintf(text, sizeof text, "%.*e", precision, v);
	const char *p = text;
	for (; *p && *p != 'e'; p++) {
		if (*p >= '0' && *p <= '9') {
			digits[n++] = *p;
		}
	}
	digits[n] = 0;
	return (int)strtol(p + 1, NULL, 10);
}

static bool reads_back(const char *digits, int exponent, double v)
{
	char text[GUILD_F64_MAX];
	double back;
	int n = snprintf(text, sizeof text, "%c.%se%d", digits[0], digits + 1, exponent);
	return guild_parse_f64(text, (size_t)n, &back) && back == v;
}

/* Digits and exponent of the shortest decimal that reads back as v (v finite, above zero). */
static int shortest_digits(double v, char digits[20], int *exponent)
{
	char all[20] = {0};
	bool is_found = false;
	int whole = split_digits(v, ALL_DIGITS - 1, all);
	/* What 15 digits or fewer say comes back as those 15, with zeros behind; that does not hold for subnormal numbers. */
	for (int n = v < DBL_MIN ? 1 : DBL_DIG; n < ALL_DIGITS && !is_found; n++) {
		*exponent = whole;
		if (n < DBL_DIG || !round_digits(all, n, digits, exponent)) {
			*exponent = split_digits(v, n - 1, digits);
		}
		is_found = reads_back(digits, *exponent, v);
	}
	/* Below a power of two numbers lie closer: of 16 digits the nearest may be too low, and the next still be the number's. */
	int power;
	if (!is_found && frexp(v, &power) == 0.5) {
		count_up(digits, exponent);
		is_found = reads_back(digits, *exponent, v);
	}
	if (!is_found) {
		memcpy(digits, all, sizeof(all));
		*exponent = whole;
	}
	int n = (int)strlen(digits);
	while (n > 1 && digits[n - 1] == '0') {
		n--;
	}
	digits[n] = 0;
	return n;
}

size_t guild_f64_repr(double v, char out[GUILD_F64_MAX])
{
	struct guild_buf b = {0};
	if (isnan(v)) {
		guild_buf_puts(&b, "nan");
	} else if (isinf(v)) {
		guild_buf_puts(&b, v < 0 ? "-inf" : "inf");
	} else if (v == 0) {
		guild_buf_puts(&b, signbit(v) ? "-0.0" : "0.0");
	} else {
		char digits[20];
		int e, n = shortest_digits(fabs(v), digits, &e);
		if (v < 0) {
			guild_buf_putc(&b, '-');
		}
		if (e < -4 || e >= 16) {
			guild_buf_putc(&b, digits[0]);
			if (n > 1) {
				guild_buf_printf(&b, ".%s", digits + 1);
			}
			guild_buf_printf(&b, "e%c%02d", e < 0 ? '-' : '+', abs(e));
		} else if (e < 0) {
			guild_buf_printf(&b, "0.%.*s%s", -e - 1, "0000", digits);
		} else if (n > e + 1) {
			guild_buf_printf(&b, "%.*s.%s", e + 1, digits, digits + e + 1);
		} else {
			guild_buf_printf(&b, "%s%.*s.0", digits, e + 1 - n, "0000000000000000");
		}
	}
	guild_assert(b.n < GUILD_F64_MAX);
	memcpy(out, b.p, b.n + 1);
	size_t n = b.n;
	guild_buf_fini(&b);
	return n;
}
