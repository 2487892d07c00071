/*
 * Time ranges: "today", "last 2 hours", "before 2026-11-21 10:00", "between yesterday and today". Local time, half open.
 *
 *   spec     := unit_range | op_range | last | explicit | datetime
 *   unit_range := today | yesterday | this UNIT | N UNIT ago
 *   op_range := (before | after) (unit_range | datetime)
 *   last     := last [N] UNIT
 *   explicit := between range and range      range := unit_range | op_range | datetime
 */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "guild/store.h"

enum { TEXT_MAX_BYTES = 1024 };
static const int64_t second_us = 1000000;

enum unit { UNIT_SECOND, UNIT_MINUTE, UNIT_HOUR, UNIT_DAY, UNIT_WEEK, UNIT_MONTH, UNIT_YEAR };

enum token_kind {
	TOKEN_END,
	TOKEN_WORD, /* one of `words` */
	TOKEN_UNIT,
	TOKEN_NUMBER,
	TOKEN_DATE,
	TOKEN_TIME,
	TOKEN_BAD,
};

enum word {
	WORD_TODAY,
	WORD_YESTERDAY,
	WORD_THIS,
	WORD_AGO,
	WORD_LAST,
	WORD_BEFORE,
	WORD_AFTER,
	WORD_BETWEEN,
	WORD_AND
};

static const char *const words[] = {
	[WORD_TODAY] = "today",
	[WORD_YESTERDAY] = "yesterday",
	[WORD_THIS] = "this",
	[WORD_AGO] = "ago",
	[WORD_LAST] = "last",
	[WORD_BEFORE] = "before",
	[WORD_AFTER] = "after",
	[WORD_BETWEEN] = "between",
	[WORD_AND] = "and",
};

static const struct {
	const char *text;
	enum unit unit;
} units[] = {
	{"minutes", UNIT_MINUTE},
	{"minute", UNIT_MINUTE},
	{"mins", UNIT_MINUTE},
	{"min", UNIT_MINUTE},
	{"hours", UNIT_HOUR},
	{"hour", UNIT_HOUR},
	{"hrs", UNIT_HOUR},
	{"hr", UNIT_HOUR},
	{"days", UNIT_DAY},
	{"day", UNIT_DAY},
	{"weeks", UNIT_WEEK},
	{"week", UNIT_WEEK},
	{"months", UNIT_MONTH},
	{"month", UNIT_MONTH},
	{"years", UNIT_YEAR},
	{"year", UNIT_YEAR},
};

struct token {
	enum token_kind kind;
	const char *at;
	size_t n;
	enum word word;
	enum unit unit;
	int number;
	int date[3]; /* year (0: the current one), month, day */
	int time[3]; /* hour, minute, second (-1: none) */
};

struct parser {
	const char *text, *at;
	struct token now;
	int64_t now_us;
	struct tm today; /* local time of now */
	struct guild_error *err;
};

struct range {
	int64_t start, end;
	bool is_point; /* a date or time, as opposed to a stretch: between A and B ends at B */
};

/* ---- tokens ------------------------------------------------------------------------------------ */

/* Digits at p, at most `max` of them; the rest of a longer number is not ours. */
static size_t digits(const char *p, size_t max, int *value)
{
	size_t n = strspn(p, "0123456789");
	if (n == 0 || n > max) {
		return 0;
	}
	*value = 0;
	for (size_t i = 0; i < n; i++) {
		*value = *value * 10 + (p[i] - '0');
	}
	return n;
}

static size_t lex_date(const char *p, int date[3])
{
	int parts[3];
	size_t n = 0;
	size_t count = 0;
	while (count < 3) {
		size_t k = digits(p + n, count == 0 ? 4 : 2, &parts[count]);
		if (k == 0) {
			return 0;
		}
		n += k;
		count++;
		if (p[n] != '-') {
			break;
		}
		n++;
	}
	if (count < 2 || p[n - 1] == '-') {
		return 0;
	}
	size_t first = strcspn(p, "-");
	if (count == 3 && first != 2 && first != 4) {
		return 0;
	}
	date[0] = count == 3 ? parts[0] : 0;
	date[1] = parts[count - 2];
	date[2] = parts[count - 1];
	return n;
}

static size_t lex_time(const char *p, int clock[3])
{
	size_t n = digits(p, 2, &clock[0]);
	if (n == 0 || p[n] != ':') {
		return 0;
	}
	size_t k = digits(p + n + 1, 2, &clock[1]);
	if (k != 2) {
		return 0;
	}
	n += 1 + k;
	clock[2] = -1;
	if (p[n] == ':' && digits(p + n + 1, 2, &clock[2]) == 2) {
		n += 3;
	}
	return n;
}

/* A word ends where its letters do: numbers may touch it, other letters may not. */
static void lex_word(struct token *t)
{
	size_t n = 0;
	while (isalpha((unsigned char)t->at[n])) {
		n++;
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(words); i++) {
		if (strlen(words[i]) == n && strncasecmp(t->at, words[i], n) == 0) {
			t->kind = TOKEN_WORD;
			t->word = (enum word)i;
		}
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(units); i++) {
		if (strlen(units[i].text) == n && strncasecmp(t->at, units[i].text, n) == 0) {
			t->kind = TOKEN_UNIT;
			t->unit = units[i].unit;
		}
	}
	t->n = t->kind == TOKEN_BAD ? strcspn(t->at, " \t\n") : n;
}

static void next(struct parser *p)
{
	while (isspace((unsigned char)*p->at)) {
		p->at++;
	}
	struct token *t = &p->now;
	*t = (struct token){.at = p->at, .n = 1, .kind = TOKEN_BAD};
	if (*p->at == '\0') {
		t->kind = TOKEN_END;
		t->n = 0;
	} else if ((t->n = lex_date(p->at, t->date)) > 0) {
		t->kind = TOKEN_DATE;
	} else if ((t->n = lex_time(p->at, t->time)) > 0) {
		t->kind = TOKEN_TIME;
	} else if ((t->n = digits(p->at, 6, &t->number)) > 0) {
		t->kind = TOKEN_NUMBER;
	}
	if (t->kind == TOKEN_BAD) {
		lex_word(t);
	}
	p->at += t->n;
}

static int unexpected(struct parser *p)
{
	const struct token *t = &p->now;
	if (t->kind == TOKEN_END) {
		guild_error_set(p->err, GUILD_EINVALID, "invalid RANGE: unexpected end of '%s'",
			p->text);
	} else {
		guild_error_set(p->err, GUILD_EINVALID,
			"invalid RANGE: unexpected '%.*s' at position %zu", (int)t->n, t->at,
			(size_t)(t->at - p->text));
	}
	guild_error_hint(p->err, "try 'guild runs list --help' for help with time ranges");
	return GUILD_EINVALID;
}

static bool is_word(const struct parser *p, enum word word)
{
	return p->now.kind == TOKEN_WORD && p->now.word == word;
}

/* ---- calendar ----------------------------------------------------------------------------------- */

/* Local fields, also out of their range, as an instant. */
static int64_t instant(struct tm fields)
{
	fields.tm_isdst = -1;
	int64_t us;
	if (__builtin_mul_overflow((int64_t)mktime(&fields), second_us, &us)) {
		return fields.tm_year < 0 ? INT64_MIN : INT64_MAX;
	}
	return us;
}

/* Start of the calendar unit that holds now, moved by `shift` units. */
static int64_t unit_start(const struct parser *p, enum unit unit, int shift)
{
	struct tm t = p->today;
	t.tm_sec = 0;
	if (unit == UNIT_MINUTE) {
		return p->now_us / (60 * second_us) * (60 * second_us) +
		       (int64_t)shift * 60 * second_us;
	}
	t.tm_min = 0;
	if (unit == UNIT_HOUR) {
		/* An hour is an hour, also where clocks are moved. */
		int64_t into = (int64_t)p->today.tm_min * 60 + p->today.tm_sec;
		int64_t now_s = p->now_us / second_us;
		return (now_s - into + (int64_t)shift * 3600) * second_us;
	}
	t.tm_hour = 0;
	switch (unit) {
	case UNIT_WEEK:
		t.tm_mday += 7 * shift - (t.tm_wday + 6) % 7;
		break;
	case UNIT_MONTH:
		t.tm_mday = 1;
		t.tm_mon += shift;
		break;
	case UNIT_YEAR:
		t.tm_mday = 1;
		t.tm_mon = 0;
		t.tm_year += shift;
		break;
	default:
		t.tm_mday += shift;
	}
	return instant(t);
}

static struct range unit_range(const struct parser *p, enum unit unit, int back)
{
	return (struct range){
		.start = unit_start(p, unit, -back),
		.end = unit_start(p, unit, 1 - back),
	};
}

static int days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return days[month - 1] + (month == 2 && is_leap ? 1 : 0);
}

/* Now minus n units: the same clock time, the last day of a month where the day does not exist. */
static int64_t before_now(const struct parser *p, enum unit unit, int n)
{
	static const int64_t seconds[] = {[UNIT_SECOND] = 1,
		[UNIT_MINUTE] = 60,
		[UNIT_HOUR] = 3600,
		[UNIT_DAY] = 86400,
		[UNIT_WEEK] = 7 * 86400};
	if (unit != UNIT_MONTH && unit != UNIT_YEAR) {
		return p->now_us - n * seconds[unit] * second_us;
	}
	struct tm t = p->today;
	int months = t.tm_year * 12 + t.tm_mon - n * (unit == UNIT_YEAR ? 12 : 1);
	t.tm_year = months >= 0 ? months / 12 : -((11 - months) / 12);
	t.tm_mon = months - t.tm_year * 12;
	int last = days_in_month(t.tm_year + 1900, t.tm_mon + 1);
	t.tm_mday = t.tm_mday > last ? last : t.tm_mday;
	return instant(t);
}

/* ---- grammar ------------------------------------------------------------------------------------- */

static int no_such(struct parser *p, const char *what)
{
	return guild_error_set(p->err, GUILD_EINVALID, "invalid RANGE: '%.*s' is not a %s",
		(int)p->now.n, p->now.at, what);
}

static bool is_date(const int date[3], int year)
{
	return year >= 1 && date[1] >= 1 && date[1] <= 12 && date[2] >= 1 &&
	       date[2] <= days_in_month(year, date[1]);
}

static int parse_datetime(struct parser *p, struct range *out)
{
	struct tm t = p->today;
	t.tm_hour = t.tm_min = t.tm_sec = 0;
	enum unit unit = UNIT_DAY;
	if (p->now.kind == TOKEN_DATE) {
		int year = p->now.date[0];
		if (year == 0) {
			year = p->today.tm_year + 1900;
		} else if (year < 100) {
			year += (p->today.tm_year + 1900) / 100 * 100;
		}
		if (!is_date(p->now.date, year)) {
			return no_such(p, "date");
		}
		t.tm_year = year - 1900;
		t.tm_mon = p->now.date[1] - 1;
		t.tm_mday = p->now.date[2];
		next(p);
	}
	if (p->now.kind == TOKEN_TIME) {
		const int *clock = p->now.time;
		if (clock[0] > 23 || clock[1] > 59 || clock[2] > 59) {
			return no_such(p, "time of day");
		}
		t.tm_hour = clock[0];
		t.tm_min = clock[1];
		t.tm_sec = clock[2] < 0 ? 0 : clock[2];
		unit = clock[2] < 0 ? UNIT_MINUTE : UNIT_SECOND;
		next(p);
	}
	out->is_point = true;
	out->start = instant(t);
	if (unit == UNIT_DAY) {
		t.tm_mday++;
		out->end = instant(t);
	} else {
		out->end = out->start + (unit == UNIT_MINUTE ? 60 : 1) * second_us;
	}
	return 0;
}

/* today | yesterday | this UNIT | N UNIT ago | datetime */
static int parse_plain(struct parser *p, struct range *out)
{
	*out = (struct range){0};
	if (is_word(p, WORD_TODAY) || is_word(p, WORD_YESTERDAY)) {
		*out = unit_range(p, UNIT_DAY, p->now.word == WORD_YESTERDAY ? 1 : 0);
		next(p);
		return 0;
	}
	if (is_word(p, WORD_THIS)) {
		next(p);
		if (p->now.kind != TOKEN_UNIT) {
			return unexpected(p);
		}
		*out = unit_range(p, p->now.unit, 0);
		next(p);
		return 0;
	}
	if (p->now.kind == TOKEN_NUMBER) {
		int back = p->now.number;
		next(p);
		if (p->now.kind != TOKEN_UNIT) {
			return unexpected(p);
		}
		enum unit unit = p->now.unit;
		next(p);
		if (!is_word(p, WORD_AGO)) {
			return unexpected(p);
		}
		*out = unit_range(p, unit, back);
		next(p);
		return 0;
	}
	if (p->now.kind == TOKEN_DATE || p->now.kind == TOKEN_TIME) {
		return parse_datetime(p, out);
	}
	return unexpected(p);
}

static int parse_range(struct parser *p, struct range *out)
{
	bool is_before = is_word(p, WORD_BEFORE);
	bool is_after = is_word(p, WORD_AFTER);
	if (is_before || is_after) {
		next(p);
	}
	int rc = parse_plain(p, out);
	if (rc == 0 && is_before) {
		*out = (struct range){.start = INT64_MIN, .end = out->start};
	} else if (rc == 0 && is_after) {
		*out = (struct range){
			.start = out->is_point ? out->start : out->end, .end = INT64_MAX};
	}
	return rc;
}

static int parse_last(struct parser *p, struct range *out)
{
	int n = 1;
	next(p);
	if (p->now.kind == TOKEN_NUMBER) {
		n = p->now.number;
		next(p);
	}
	if (p->now.kind != TOKEN_UNIT) {
		return unexpected(p);
	}
	*out = (struct range){.start = before_now(p, p->now.unit, n), .end = INT64_MAX};
	next(p);
	return 0;
}

static int parse_between(struct parser *p, struct range *out)
{
	struct range a;
	struct range b;
	next(p);
	int rc = parse_range(p, &a);
	if (rc == 0 && !is_word(p, WORD_AND)) {
		rc = unexpected(p);
	}
	if (rc == 0) {
		next(p);
		rc = parse_range(p, &b);
	}
	if (rc == 0) {
		int64_t end_a = a.is_point ? a.start : a.end;
		int64_t end_b = b.is_point ? b.start : b.end;
		*out = (struct range){
			.start = a.start < b.start ? a.start : b.start,
			.end = end_a > end_b ? end_a : end_b,
		};
	}
	return rc;
}

int guild_time_range_parse(const char *text, int64_t now_us, int64_t *start_us, int64_t *end_us,
	struct guild_error *err)
{
	struct parser p = {.text = text, .at = text, .now_us = now_us, .err = err};
	if (strlen(text) > TEXT_MAX_BYTES) {
		return guild_error_set(err, GUILD_ELIMIT, "invalid RANGE: longer than %d bytes",
			TEXT_MAX_BYTES);
	}
	time_t now = (time_t)(now_us / second_us);
	localtime_r(&now, &p.today);
	struct range range = {0};
	int rc;
	next(&p);
	if (is_word(&p, WORD_LAST)) {
		rc = parse_last(&p, &range);
	} else if (is_word(&p, WORD_BETWEEN)) {
		rc = parse_between(&p, &range);
	} else {
		rc = parse_range(&p, &range);
	}
	if (rc == 0 && p.now.kind != TOKEN_END) {
		rc = unexpected(&p);
	}
	if (rc == 0) {
		*start_us = range.start;
		*end_us = range.end;
	}
	return rc;
}
