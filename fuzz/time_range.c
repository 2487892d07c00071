/* Time ranges: an answer or a reason, the same in any case of letters, nothing written on failure. */
#include "fuzz.h"

#include <guild/store.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const int64_t now_us = INT64_C(1764000000000000);
	char *text = guild_strndup((const char *)data, size);
	struct guild_error err = {0};
	int64_t start = 1;
	int64_t end = 2;
	int code = guild_time_range_parse(text, now_us, &start, &end, &err);
	guild_assert(code == 0 || (err.code == code && err.text[0] != '\0'));
	guild_assert(code == 0 || (start == 1 && end == 2));
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
