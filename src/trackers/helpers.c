/* What several importers need: times and places as the tools write them. */

#include "trackers_private.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- times ------------------------------------------------------------------------------------------------- */

/* Takes n digits off the text. */
static bool take_digits(struct guild_str *s, size_t n, int *out)
{
	int64_t v;
	if (s->n < n || !isdigit((unsigned char)s->p[0]) || !guild_parse_i64(s->p, n, &v)) {
		return false;
	}
	*out = (int)v;
	s->p += n;
	s->n -= n;
	return true;
}

static bool take_char(struct guild_str *s, const char *any)
{
	if (s->n == 0 || strchr(any, *s->p) == NULL || *s->p == '\0') {
		return false;
	}
	s->p++;
	s->n--;
	return true;
}

static int64_t take_fraction(struct guild_str *s)
{
	int64_t us = 0;
	int64_t unit = 100000;
	if (take_char(s, ".,")) {
		for (; s->n > 0 && isdigit((unsigned char)*s->p); s->p++, s->n--) {
			us += (*s->p - '0') * unit;
			unit /= 10;
		}
	}
	return us;
}

/* "Z", "+02:00", "+0200"; nothing is UTC. */
static bool take_offset(struct guild_str *s, int64_t *seconds)
{
	int hours;
	int minutes = 0;
	*seconds = 0;
	if (s->n == 0 || take_char(s, "Zz")) {
		return true;
	}
	bool is_west = *s->p == '-';
	if (!take_char(s, "+-") || !take_digits(s, 2, &hours)) {
		return false;
	}
	(void)take_char(s, ":");
	if (s->n > 0 && !take_digits(s, 2, &minutes)) {
		return false;
	}
	*seconds = (is_west ? -1 : 1) * (int64_t)(hours * 3600 + minutes * 60);
	return true;
}

static bool parse_iso(struct guild_str s, int64_t *us)
{
	struct tm tm = {0};
	int64_t fraction = 0;
	int64_t offset;
	if (!take_digits(&s, 4, &tm.tm_year) || !take_char(&s, "-") ||
		!take_digits(&s, 2, &tm.tm_mon) || !take_char(&s, "-") ||
		!take_digits(&s, 2, &tm.tm_mday)) {
		return false;
	}
	if (take_char(&s, "T ")) {
		if (!take_digits(&s, 2, &tm.tm_hour) || !take_char(&s, ":") ||
			!take_digits(&s, 2, &tm.tm_min)) {
			return false;
		}
		if (take_char(&s, ":") && !take_digits(&s, 2, &tm.tm_sec)) {
			return false;
		}
		fraction = take_fraction(&s);
		(void)take_char(&s, " ");
	}
	if (!take_offset(&s, &offset) || s.n > 0 || tm.tm_mon < 1 || tm.tm_mon > 12 ||
		tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_hour > 23 || tm.tm_min > 59 ||
		tm.tm_sec > 60) {
		return false;
	}
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	*us = ((int64_t)timegm(&tm) - offset) * 1000000 + fraction;
	return true;
}

bool guild_import_parse_time(struct guild_str text, int64_t *us)
{
	double n;
	struct guild_str s = guild_str_trim(text);
	if (parse_iso(s, us)) {
		return true;
	}
	if (s.n == 0 || !isdigit((unsigned char)*s.p) || !guild_parse_f64(s.p, s.n, &n)) {
		return false;
	}
	/* Seconds end in the year 5138, and milliseconds and microseconds begin in 1973. */
	double scale = n < 1e11 ? 1e6 : n < 1e14 ? 1e3 : 1;
	if (n * scale > 9e18) {
		return false;
	}
	*us = (int64_t)(n * scale);
	return true;
}

/* ---- places ------------------------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = strchr(digits, tolower((unsigned char)c));
	return c != '\0' && at != NULL ? (int)(at - digits) : -1;
}

static char *unescape(const char *text)
{
	struct guild_buf out = {0};
	for (; *text != '\0'; text++) {
		int high = *text == '%' ? hex_digit(text[1]) : -1;
		int low = high >= 0 ? hex_digit(text[2]) : -1;
		if (low >= 0 && (high | low) != 0) {
			guild_buf_putc(&out, (char)(high << 4 | low));
			text += 2;
		} else {
			guild_buf_putc(&out, *text);
		}
	}
	return guild_buf_take(&out);
}

char *guild_import_uri_path(const char *uri, const char *base)
{
	char *path;
	if (guild_starts(uri, "file://")) {
		const char *rest = uri + strlen("file://");
		if (guild_starts(rest, "localhost/")) {
			rest += strlen("localhost");
		}
		path = *rest == '/' ? unescape(rest) : NULL;
	} else if (guild_starts(uri, "file:")) {
		path = unescape(uri + strlen("file:"));
	} else {
		path = strstr(uri, "://") == NULL ? guild_strdup(uri) : NULL;
	}
	if (path != NULL && base != NULL && *path != '/') {
		char *whole = guild_path_join(base, path);
		free(path);
		path = whole;
	}
	return path;
}
