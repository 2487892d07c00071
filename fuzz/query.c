/* Filter expressions: what is read is printed, reads back as the same, and gives an answer. */
#include "fuzz.h"

#include <guild/store.h>

#include <stdlib.h>
#include <string.h>

static const struct guild_value *value(void *arg, const char *name)
{
	static const struct guild_value one = {.type = GUILD_INT, .i = 1};
	(void)arg;
	return strlen(name) % 2 ? &one : NULL;
}

static bool time_us(void *arg, const char *name, int64_t *us)
{
	(void)arg;
	*us = (int64_t)strlen(name) << 50;
	return true;
}

static const struct guild_scalar_summary *scalar(void *arg, const char *key)
{
	static const struct guild_scalar_summary s = {
		.prefix = "", .tag = "loss", .last = 0.5, .count = 1};
	(void)arg;
	return strlen(key) % 3 ? &s : NULL;
}

static bool scalar_at(void *arg, const char *key, int64_t step, double *out)
{
	(void)arg;
	*out = (double)step;
	return key[0] != 'x';
}

enum { WITH_BASE = 4 };

static char *print(const char *text, unsigned syntax, bool *holds, int *code)
{
	const struct guild_query_options options = {
		.syntax = syntax & 3, .now_us = INT64_C(1) << 50, .has_base = syntax & WITH_BASE};
	const struct guild_query_source base = {.attr = value,
		.attr_us = time_us,
		.flag = value,
		.scalar = scalar,
		.scalar_at = scalar_at};
	const struct guild_query_source source = {.base = &base,
		.attr = value,
		.attr_us = time_us,
		.flag = value,
		.scalar = scalar,
		.scalar_at = scalar_at};
	struct guild_query *q = NULL;
	struct guild_error err = {0};
	struct guild_buf out = {0};
	*code = guild_query_parse(text, &options, &q, &err);
	guild_assert(*code == 0 || (err.code == *code && err.text[0] != '\0'));
	if (*code != 0) {
		return NULL;
	}
	*holds = guild_query_holds(q, &source);
	enum guild_query_verdict verdict = guild_query_verdict(q, &source);
	/* What needs no missing value says the same, asked strictly. */
	guild_assert(verdict == GUILD_QUERY_MISSING || *holds == (verdict == GUILD_QUERY_YES));
	struct guild_arena *a = guild_arena_new();
	struct guild_query_figure *figures = NULL;
	for (size_t i = guild_query_figures(q, &source, a, &figures); i-- > 0;) {
		guild_assert(figures[i].of_run || figures[i].of_base);
	}
	guild_arena_free(a);
	guild_query_print(q, &out);
	guild_query_free(q);
	return guild_buf_take(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = guild_strndup((const char *)data, size);
	static const unsigned syntaxes[] = {1, 2, 2 | WITH_BASE};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(syntaxes); i++) {
		unsigned syntax = syntaxes[i];
		bool holds = false;
		bool holds_again = false;
		int code = 0;
		char *printed = print(text, syntax, &holds, &code);
		char *again = printed != NULL ? print(printed, syntax, &holds_again, &code) : NULL;
		if (again != NULL) {
			guild_assert(strcmp(printed, again) == 0);
			guild_assert(holds == holds_again);
		}
		/* Brackets make it longer and deeper: only limits may refuse it then. */
		guild_assert(printed == NULL || again != NULL || code == GUILD_ELIMIT);
		free(printed);
		free(again);
	}
	free(text);
	return 0;
}
