/* Comparing versions of dotted numbers. */

#include "version_spec.h"

#include <string.h>

enum { PARTS_MAX = 8 };

struct version {
	int64_t part[PARTS_MAX];
	size_t n;
	bool wildcard; /* ends in ".*" */
};

static bool parse_version(struct guild_str text, struct version *out)
{
	size_t at = 0;

	*out = (struct version){0};
	for (;;) {
		size_t start = at;

		while (at < text.n && text.p[at] != '.') {
			at++;
		}
		if (at == text.n && at == start + 1 && text.p[start] == '*' && out->n > 0) {
			out->wildcard = true;
			return true;
		}
		if (out->n == PARTS_MAX || at == start || text.p[start] == '-' ||
			text.p[start] == '+' ||
			!guild_parse_i64(text.p + start, at - start, &out->part[out->n])) {
			return false;
		}
		out->n++;
		if (at == text.n) {
			return true;
		}
		at++;
	}
}

/* Missing parts are 0; only the first `n` are looked at. */
static int compare(const struct version *a, const struct version *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (a->part[i] != b->part[i]) {
			return a->part[i] < b->part[i] ? -1 : 1;
		}
	}
	return 0;
}

static const char *const operators[] = {"~=", "==", "!=", ">=", "<=", ">", "<", ""};

static bool holds(const char *op, const struct version *have, const struct version *want)
{
	size_t n = want->wildcard ? want->n : PARTS_MAX;
	int c = compare(have, want, n);

	switch (op[0]) {
	case '~':
		return c >= 0 && compare(have, want, want->n - 1) == 0;
	case '!':
		return c != 0;
	case '>':
		return op[1] ? c >= 0 : c > 0;
	case '<':
		return op[1] ? c <= 0 : c < 0;
	default:
		return c == 0;
	}
}

/* One clause: 1, 0, or -1 when it cannot be read. */
static int clause_matches(const struct version *have, struct guild_str clause)
{
	struct version want;
	size_t i = 0;

	clause = guild_str_trim(clause);
	while (!guild_str_starts(clause, operators[i])) {
		i++;
	}
	const char *op = operators[i];
	struct guild_str text =
		guild_str_trim(guild_str_n(clause.p + strlen(op), clause.n - strlen(op)));

	if (!parse_version(text, &want)) {
		return -1;
	}
	if ((want.wildcard && strcmp(op, "==") != 0 && strcmp(op, "!=") != 0) ||
		(op[0] == '~' && want.n < 2)) {
		return -1;
	}
	return holds(op, have, &want);
}

int guild_version_matches(const char *version, const char *spec, struct guild_error *err)
{
	struct version have;
	bool all = true;

	guild_assert(parse_version(guild_str(version), &have));
	for (const char *p = spec;;) {
		size_t n = strcspn(p, ",");
		int match = clause_matches(&have, guild_str_n(p, n));

		if (match < 0) {
			return guild_error_set(err, GUILD_EINVALID,
				"invalid version requirement '%s' (expected something like '>=1.0,<2')",
				spec);
		}
		all = all && match;
		if (!p[n]) {
			return all;
		}
		p += n + 1;
	}
}
