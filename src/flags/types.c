/* Declared types, and numbers as Python reads them. */

#include "flags_private.h"

#include <string.h>

static const struct {
	const char *name;
	enum guild_flag_type type;
} types[] = {
	{"auto", GUILD_FLAG_AUTO},
	{"boolean", GUILD_FLAG_BOOLEAN},
	{"existing-path", GUILD_FLAG_EXISTING_PATH},
	{"float", GUILD_FLAG_FLOAT},
	{"int", GUILD_FLAG_INT},
	{"number", GUILD_FLAG_NUMBER},
	{"path", GUILD_FLAG_PATH},
	{"string", GUILD_FLAG_STRING},
};

enum guild_flag_type guild_flag_type(const struct guild_flag_def *def)
{
	for (size_t i = 0; def && def->type && i < GUILD_ARRAY_LEN(types); i++) {
		if (strcmp(types[i].name, def->type) == 0) {
			return types[i].type;
		}
	}
	return GUILD_FLAG_AUTO;
}

bool guild_flag_type_is_known(const char *type)
{
	for (size_t i = 0; type && i < GUILD_ARRAY_LEN(types); i++) {
		if (strcmp(types[i].name, type) == 0) {
			return true;
		}
	}
	return !type;
}

bool guild_flag_type_is_text(enum guild_flag_type type)
{
	return type == GUILD_FLAG_STRING || type == GUILD_FLAG_PATH ||
	       type == GUILD_FLAG_EXISTING_PATH;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A copy without '_'; false when one does not stand between two digits. */
static bool drop_underscores(struct guild_arena *a, struct guild_str s, struct guild_str *out)
{
	char *copy = guild_arena_alloc(a, s.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '_') {
			copy[n++] = s.p[i];
		} else if (i == 0 || i + 1 == s.n || !is_digit(s.p[i - 1]) ||
			   !is_digit(s.p[i + 1])) {
			return false;
		}
	}
	*out = guild_str_n(copy, n);
	return true;
}

struct guild_value *guild_flag_parse_int(struct guild_arena *a, struct guild_str text)
{
	struct guild_str s;
	if (!drop_underscores(a, guild_str_trim(text), &s) || s.n == 0) {
		return NULL;
	}
	bool is_negative = s.p[0] == '-';
	if (is_negative || s.p[0] == '+') {
		s = guild_str_n(s.p + 1, s.n - 1);
	}
	for (size_t i = 0; i < s.n; i++) {
		if (!is_digit(s.p[i])) {
			return NULL;
		}
	}
	while (s.n > 1 && s.p[0] == '0') {
		s = guild_str_n(s.p + 1, s.n - 1);
	}
	if (s.n == 0) {
		return NULL;
	}
	/* Without leading zeros YAML reads the digits as Python does, of any length. */
	char *digits = guild_arena_format(a, "%s%.*s", is_negative ? "-" : "", GUILD_STR_FMT(s));
	struct guild_value *v = guild_yaml_resolve(a, guild_str(digits), GUILD_YAML_PLAIN);
	return v->type == GUILD_INT ? v : NULL;
}

struct guild_value *guild_flag_parse_float(struct guild_arena *a, struct guild_str text)
{
	struct guild_str s;
	double f = 0.0;
	if (!drop_underscores(a, guild_str_trim(text), &s) || !guild_parse_f64(s.p, s.n, &f)) {
		return NULL;
	}
	return guild_value_float(a, f);
}
