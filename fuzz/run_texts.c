/* The small texts of a run and of the command line: references, time ranges, shell words. */
#include "fuzz.h"

#include <guild/store.h>

#include <stdlib.h>
#include <string.h>

/* A reference that was read is written so that it reads back the same. */
static void check_opref(const char *text)
{
	struct guild_opref once = {0};
	struct guild_opref twice = {0};
	struct guild_buf line = {0};
	if (guild_opref_parse(text, &once, NULL) == 0) {
		guild_opref_format(&once, &line);
		guild_assert(guild_opref_parse(guild_buf_cstr(&line), &twice, NULL) == 0);
		guild_assert(strcmp(once.pkg_type, twice.pkg_type) == 0);
		guild_assert(strcmp(once.pkg_name, twice.pkg_name) == 0);
		guild_assert(strcmp(once.version, twice.version) == 0);
		guild_assert(strcmp(once.model, twice.model) == 0);
		guild_assert(strcmp(once.op, twice.op) == 0);
	}
	guild_opref_fini(&once);
	guild_opref_fini(&twice);
	guild_buf_fini(&line);
}

static void check_range(const char *text)
{
	const int64_t now_us = 1700000000000000;
	int64_t start_us = 0;
	int64_t end_us = 0;
	struct guild_error err = {0};
	int code = guild_time_range_parse(text, now_us, &start_us, &end_us, &err);
	guild_assert(code == 0 ? start_us <= end_us : err.code == code && err.text[0] != '\0');
}

/* Words that were split are quoted so that they split the same. */
static void check_words(const char *text)
{
	struct guild_strs words = {0};
	struct guild_strs again = {0};
	struct guild_buf line = {0};
	if (guild_shlex_split(text, &words, NULL) == 0) {
		for (size_t i = 0; i < words.n; i++) {
			if (i > 0) {
				guild_buf_putc(&line, ' ');
			}
			guild_shlex_quote(&line, words.v[i]);
		}
		guild_assert(guild_shlex_split(guild_buf_cstr(&line), &again, NULL) == 0);
		guild_assert(again.n == words.n);
		for (size_t i = 0; i < words.n; i++) {
			guild_assert(strcmp(words.v[i], again.v[i]) == 0);
		}
	}
	guild_strs_fini(&words);
	guild_strs_fini(&again);
	guild_buf_fini(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = guild_strndup((const char *)data, size);
	check_opref(text);
	check_range(text);
	check_words(text);
	free(text);
	return 0;
}
