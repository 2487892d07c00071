/* Time ranges, seen from Saturday 2026-11-21 14:35:20.5 in Berlin. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "guild/store.h"

static const int64_t now_us = 1795268120500000;

static const char *show(int64_t us, char out[GUILD_TIME_MAX])
{
	if (us == INT64_MIN || us == INT64_MAX) {
		snprintf(out, GUILD_TIME_MAX, "%s", us == INT64_MIN ? "ever" : "open");
	} else {
		guild_time_format(us, false, out);
	}
	return out;
}

static const struct {
	const char *text, *start, *end;
} cases[] = {
	{"today", "2026-11-21 00:00:00", "2026-11-22 00:00:00"},
	{" Yesterday ", "2026-11-20 00:00:00", "2026-11-21 00:00:00"},
	{"this minute", "2026-11-21 14:35:00", "2026-11-21 14:36:00"},
	{"this hr", "2026-11-21 14:00:00", "2026-11-21 15:00:00"},
	{"this week", "2026-11-16 00:00:00", "2026-11-23 00:00:00"},
	{"this month", "2026-11-01 00:00:00", "2026-12-01 00:00:00"},
	{"this year", "2026-01-01 00:00:00", "2027-01-01 00:00:00"},
	{"1 hour ago", "2026-11-21 13:00:00", "2026-11-21 14:00:00"},
	{"2days ago", "2026-11-19 00:00:00", "2026-11-20 00:00:00"},
	{"1 week ago", "2026-11-09 00:00:00", "2026-11-16 00:00:00"},
	{"9 months ago", "2026-02-01 00:00:00", "2026-03-01 00:00:00"},
	{"11 months ago", "2025-12-01 00:00:00", "2026-01-01 00:00:00"},
	{"2 years ago", "2024-01-01 00:00:00", "2025-01-01 00:00:00"},
	{"0 days ago", "2026-11-21 00:00:00", "2026-11-22 00:00:00"},
	{"27 days ago", "2026-10-25 00:00:00", "2026-10-26 00:00:00"}, /* a day of 25 hours */
	{"last hour", "2026-11-21 13:35:20", "open"},
	{"LAST 3hours", "2026-11-21 11:35:20", "open"},
	{"last 90 minutes", "2026-11-21 13:05:20", "open"},
	{"last day", "2026-11-20 14:35:20", "open"},
	{"last week", "2026-11-14 14:35:20", "open"},
	{"last 9 months", "2026-02-21 14:35:20", "open"},
	{"last 11 months", "2025-12-21 14:35:20", "open"},
	{"last year", "2025-11-21 14:35:20", "open"},
	{"before today", "ever", "2026-11-21 00:00:00"},
	{"before 2026-11-3", "ever", "2026-11-03 00:00:00"},
	{"after yesterday", "2026-11-21 00:00:00", "open"},
	{"after 11-3", "2026-11-03 00:00:00", "open"},
	{"after 12:30", "2026-11-21 12:30:00", "open"},
	{"2026-2-3", "2026-02-03 00:00:00", "2026-02-04 00:00:00"},
	{"25-12-31", "2025-12-31 00:00:00", "2026-01-01 00:00:00"},
	{"2-28", "2026-02-28 00:00:00", "2026-03-01 00:00:00"},
	{"2024-02-29", "2024-02-29 00:00:00", "2024-03-01 00:00:00"},
	{"9:05", "2026-11-21 09:05:00", "2026-11-21 09:06:00"},
	{"9:05:07", "2026-11-21 09:05:07", "2026-11-21 09:05:08"},
	{"2026-03-04 23:59", "2026-03-04 23:59:00", "2026-03-05 00:00:00"},
	{"between 2026-1-1 and 2026-1-5", "2026-01-01 00:00:00", "2026-01-05 00:00:00"},
	{"between yesterday and today", "2026-11-20 00:00:00", "2026-11-22 00:00:00"},
	{"between today and yesterday", "2026-11-20 00:00:00", "2026-11-22 00:00:00"},
	{"between 9:00 and 10:30", "2026-11-21 09:00:00", "2026-11-21 10:30:00"},
	{"between after yesterday and 12-1", "2026-11-21 00:00:00", "open"},
	{"between before 1-1 and 2-1", "ever", "2026-02-01 00:00:00"},
};

static void test_ranges(void **state)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		int64_t start = 0;
		int64_t end = 0;
		struct guild_error err = {0};
		char a[GUILD_TIME_MAX];
		char b[GUILD_TIME_MAX];
		int rc = guild_time_range_parse(cases[i].text, now_us, &start, &end, &err);
		if (rc != 0 || strcmp(show(start, a), cases[i].start) != 0 ||
			strcmp(show(end, b), cases[i].end) != 0) {
			fail_msg("'%s': %s .. %s %s", cases[i].text, show(start, a), show(end, b),
				err.text);
		}
	}
}

static void test_end_of_month(void **state)
{
	/* 2026-03-31 12:00 in Berlin: February has no 31st. */
	int64_t start;
	int64_t end;
	char text[GUILD_TIME_MAX];
	assert_int_equal(guild_time_range_parse("last month", 1774951200000000, &start, &end, NULL),
		0);
	assert_string_equal(show(start, text), "2026-02-28 12:00:00");
}

static const struct {
	const char *text, *message;
} bad[] = {
	{"", "invalid RANGE: unexpected end of ''"},
	{"bad", "invalid RANGE: unexpected 'bad' at position 0"},
	{"this bad", "invalid RANGE: unexpected 'bad' at position 5"},
	{"thisweek", "invalid RANGE: unexpected 'thisweek' at position 0"},
	{"2 days", "invalid RANGE: unexpected end of '2 days'"},
	{"last", "invalid RANGE: unexpected end of 'last'"},
	{"last 2", "invalid RANGE: unexpected end of 'last 2'"},
	{"before after today", "invalid RANGE: unexpected 'after' at position 7"},
	{"13-1", "invalid RANGE: '13-1' is not a date"},
	{"2026-2-29", "invalid RANGE: '2026-2-29' is not a date"},
	{"25:00", "invalid RANGE: '25:00' is not a time of day"},
	{"today yesterday", "invalid RANGE: unexpected 'yesterday' at position 6"},
	{"between 1-1 and", "invalid RANGE: unexpected end of 'between 1-1 and'"},
	{"between 1-1 or 2-1", "invalid RANGE: unexpected 'or' at position 12"},
	{"2026/11/21", "invalid RANGE: unexpected '/11/21' at position 4"},
	{"1234567 days ago", "invalid RANGE: unexpected '1234567' at position 0"},
	{"12:30 1-2", "invalid RANGE: unexpected '1-2' at position 6"},
};

static void test_errors(void **state)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(bad); i++) {
		int64_t start = 1;
		int64_t end = 2;
		struct guild_error err = {0};
		int rc = guild_time_range_parse(bad[i].text, now_us, &start, &end, &err);
		assert_int_equal(rc, GUILD_EINVALID);
		assert_string_equal(err.text, bad[i].message);
		assert_int_equal(start, 1);
		assert_int_equal(end, 2);
	}
}

static void test_far_away(void **state)
{
	int64_t start;
	int64_t end;
	assert_int_equal(guild_time_range_parse("last 999999 years", now_us, &start, &end, NULL),
		0);
	assert_true(start < now_us);
	assert_int_equal(guild_time_range_parse("999999 weeks ago", now_us, &start, &end, NULL), 0);
	assert_true(start < end);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_end_of_month),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_far_away),
	};
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
