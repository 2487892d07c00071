/* Time ranges: an answer or a reason, the same in any case of letters, nothing written on failure; and what was understood, written
 * as points in time, is understood as the same. */
#include "fuzz.h"

#include <guild/store.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { US_PER_S = 1000000 };

/* "2026-11-21 14:35:20", in UTC; false for what a date cannot say. */
static bool print_time(int64_t us, char out[GUILD_TIME_MAX])
{
	guild_time_format(us, true, out);
	return us % US_PER_S == 0 && strlen(out) == 19 && out[0] != '0' && out[0] != '-';
}

static char *print(int64_t start, int64_t end)
{
	char a[GUILD_TIME_MAX], b[GUILD_TIME_MAX];
	bool has_start = start != INT64_MIN;
	bool has_end = end != INT64_MAX;
	if ((has_start && !print_time(start, a)) || (has_end && !print_time(end, b)) ||
		(!has_start && !has_end) || (has_start && has_end && start > end)) {
		return NULL;
	}
	return !has_start ? guild_format("before %s", b)
	       : !has_end ? guild_format("after %s", a)
			  : guild_format("between %s and %s", a, b);
}

static void check_printed(int64_t start, int64_t end, int64_t now_us)
{
	char *printed = print(start, end);
	if (printed == NULL) {
		return;
	}
	int64_t again_start = 1;
	int64_t again_end = 2;
	int code = guild_time_range_parse(printed, now_us, &again_start, &again_end, NULL);
	guild_assert(code == 0 && again_start == start && again_end == end);
	free(printed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const int64_t now_us = INT64_C(1764000000000000);
	char *text = guild_strndup((const char *)data, size);
	struct guild_error err = {0};
	int64_t start = 1;
	int64_t end = 2;
	setenv("TZ", "UTC0", 1);
	tzset();
	int code = guild_time_range_parse(text, now_us, &start, &end, &err);
	guild_assert(code == 0 || (err.code == code && err.text[0] != '\0'));
	guild_assert(code == 0 || (start == 1 && end == 2));
	if (code == 0) {
		check_printed(start, end, now_us);
	}
	for (char *c = text; *c != '\0'; c++) {
		if (*c >= 'a' && *c <= 'z') {
			*c = (char)(*c - 'a' + 'A');
		}
	}
	int64_t upper_start = 1;
	int64_t upper_end = 2;
	int upper = guild_time_range_parse(text, now_us, &upper_start, &upper_end, NULL);
	guild_assert(upper == code && upper_start == start && upper_end == end);
	free(text);
	return 0;
}
