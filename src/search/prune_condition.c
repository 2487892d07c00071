/* Conditions of thresholds: "loss > 10", "'val loss' is nan". */

#include <string.h>

#include "prune.h"

static const struct {
	const char *text;
	enum prune_compare compare;
} compares[] = {
	{">=", PRUNE_AT_LEAST},
	{"<=", PRUNE_AT_MOST},
	{">", PRUNE_ABOVE},
	{"<", PRUNE_BELOW},
	{" is not finite", PRUNE_NOT_FINITE},
	{" is nan", PRUNE_NAN},
};

/* Where the comparison begins, outside quotes; SIZE_MAX: there is none. */
static size_t find_compare(struct guild_str s, size_t *which)
{
	char quote = '\0';
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (quote != '\0') {
			quote = c == quote ? '\0' : quote;
			continue;
		}
		quote = c == '\'' || c == '"' ? c : '\0';
		struct guild_str rest = guild_str_n(s.p + i, s.n - i);
		for (size_t k = 0; k < GUILD_ARRAY_LEN(compares); k++) {
			if (guild_str_starts(rest, compares[k].text)) {
				*which = k;
				return i;
			}
		}
	}
	return SIZE_MAX;
}

bool search_prune_is_condition(struct guild_str text)
{
	size_t which;
	return find_compare(text, &which) != SIZE_MAX;
}

int search_prune_condition_read(struct guild_arena *a, struct guild_str text,
	struct prune_condition *out, struct guild_error *err)
{
	size_t which = 0;
	size_t at = find_compare(text, &which);
	if (at == SIZE_MAX) {
		return guild_error_set(err, GUILD_EINVALID,
			"expected a condition such as 'loss > 10' or 'loss is nan', not '%.*s'",
			GUILD_STR_FMT(text));
	}
	struct guild_str key = guild_str_trim(guild_str_n(text.p, at));
	size_t after = at + strlen(compares[which].text);
	struct guild_str rest = guild_str_trim(guild_str_n(text.p + after, text.n - after));
	if (key.n >= 2 && (key.p[0] == '\'' || key.p[0] == '"') && key.p[key.n - 1] == key.p[0]) {
		key = guild_str_n(key.p + 1, key.n - 2);
	}
	if (key.n == 0) {
		return guild_error_set(err, GUILD_EINVALID, "'%.*s' compares no scalar",
			GUILD_STR_FMT(text));
	}
	*out = (struct prune_condition){
		.key = guild_arena_strndup(a, key.p, key.n), .compare = compares[which].compare};
	if (out->compare == PRUNE_NAN || out->compare == PRUNE_NOT_FINITE) {
		return rest.n == 0 ? 0
				   : guild_error_set(err, GUILD_EINVALID,
					     "'%.*s' is not understood after '%.*s'",
					     GUILD_STR_FMT(rest), (int)after, text.p);
	}
	if (!guild_parse_f64(rest.p, rest.n, &out->limit)) {
		return guild_error_set(err, GUILD_EINVALID,
			"expected a number after '%s', not '%.*s'", compares[which].text,
			GUILD_STR_FMT(rest));
	}
	return 0;
}
