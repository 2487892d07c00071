/* Text typed on the command line to values. */

#include "flags_private.h"

#include <string.h>

static struct guild_value *read_yaml(struct guild_arena *a, const char *text, unsigned options)
{
	struct guild_value *v = NULL;
	return guild_yaml_parse(a, guild_str(text), NULL, options, &v, NULL) < 0 ? NULL : v;
}

/* `[…]*N`: the list N times. NULL when it is no such thing. */
static int repeat_list(struct guild_arena *a, const char *text, unsigned options,
	struct guild_value **out, struct guild_error *err)
{
	const char *star = strrchr(text, '*');
	if (!star) {
		return 0;
	}
	struct guild_str list_text = guild_str_trim(guild_str_n(text, (size_t)(star - text)));
	struct guild_str count_text = guild_str_trim(guild_str(star + 1));
	int64_t count = 0;
	if (!guild_str_starts(list_text, "[") || !guild_str_ends(list_text, "]") ||
		!guild_parse_i64(count_text.p, count_text.n, &count) || count < 0) {
		return 0;
	}
	struct guild_value *once =
		read_yaml(a, guild_arena_strndup(a, list_text.p, list_text.n), options);
	if (!once || once->type != GUILD_LIST) {
		return 0;
	}
	if (once->n > 0 && count > (int64_t)(GUILD_FLAG_SEQUENCE_MAX / once->n)) {
		return guild_error_set(err, GUILD_ELIMIT, "'%s' makes more than %d values", text,
			GUILD_FLAG_SEQUENCE_MAX);
	}
	struct guild_value *list = guild_value_list(a);
	for (int64_t i = 0; once->n > 0 && i < count; i++) {
		for (size_t j = 0; j < once->n; j++) {
			guild_value_append(a, list, once->items[j]);
		}
	}
	*out = list;
	return 1;
}

/* Text and paths are taken as typed. Brackets make a list of texts (a batch), quotes around it all come off. */
static int decode_text(struct guild_arena *a, const char *text, struct guild_value **out,
	struct guild_error *err)
{
	struct guild_value *as_typed = guild_value_string(a, text);
	*out = as_typed;
	if (*text == '\'' || *text == '"') {
		struct guild_value *v = read_yaml(a, text, GUILD_YAML_PLAIN);
		*out = v && v->type == GUILD_STRING ? v : as_typed;
	} else if (*text == '[' && !guild_flag_is_function(a, as_typed, NULL)) {
		int rc = repeat_list(a, text, GUILD_YAML_STRINGS, out, err);
		if (rc != 0) {
			return rc < 0 ? rc : 0;
		}
		struct guild_value *v = read_yaml(a, text, GUILD_YAML_STRINGS);
		*out = v && v->type == GUILD_LIST ? v : as_typed;
	}
	return 0;
}

/* What the declared type makes of the text, or NULL: then it is guessed. */
static struct guild_value *decode_typed(struct guild_arena *a, const char *text,
	enum guild_flag_type type)
{
	struct guild_value *v = NULL;
	switch (type) {
	case GUILD_FLAG_INT:
		return guild_flag_parse_int(a, guild_str(text));
	case GUILD_FLAG_FLOAT:
		return guild_flag_parse_float(a, guild_str(text));
	case GUILD_FLAG_NUMBER:
		v = guild_flag_parse_int(a, guild_str(text));
		return v ? v : guild_flag_parse_float(a, guild_str(text));
	default:
		return NULL;
	}
}

/* `1_000` and `1:30` are numbers to Python or YAML but hardly to those who type them. */
static bool is_odd_number(const struct guild_value *v, const char *text)
{
	return guild_value_is_number(v) && strpbrk(text, "_:") && !strstr(text, "!!");
}

static int decode_guessed(struct guild_arena *a, const char *text, struct guild_value **out,
	const struct guild_log *log, struct guild_error *err)
{
	struct guild_value *v = guild_flag_parse_int(a, guild_str(text));
	if (!v) {
		v = guild_flag_parse_float(a, guild_str(text));
	}
	if (v) {
		*out = v;
		return 0;
	}
	int rc = guild_flag_expand_sequence(a, guild_str(text), out, log, err);
	if (rc != 0) {
		return rc < 0 ? rc : 0;
	}
	struct guild_value *as_typed = guild_value_string(a, text);
	if (guild_flag_is_function(a, as_typed, NULL)) {
		*out = as_typed;
		return 0;
	}
	rc = repeat_list(a, text, GUILD_YAML_NUMBERS, out, err);
	if (rc != 0) {
		return rc < 0 ? rc : 0;
	}
	v = read_yaml(a, text, GUILD_YAML_NUMBERS);
	*out = v ? v : as_typed;
	return 0;
}

int guild_flag_decode(struct guild_arena *a, const char *text, const struct guild_flag_def *def,
	struct guild_value **out, const struct guild_log *log, struct guild_error *err)
{
	enum guild_flag_type type = guild_flag_type(def);
	struct guild_value *v = NULL;
	if (*text == 0) {
		*out = guild_value_string(a, "");
		return 0;
	}
	int rc = 0;
	if (guild_flag_type_is_text(type)) {
		rc = decode_text(a, text, &v, err);
	} else {
		v = decode_typed(a, text, type);
		if (v) {
			*out = v;
			return 0;
		}
		rc = decode_guessed(a, text, &v, log, err);
	}
	if (rc < 0) {
		return rc;
	}
	if (type == GUILD_FLAG_BOOLEAN && guild_value_is_number(v)) {
		v = guild_value_bool(a, guild_value_truthy(v));
	}
	*out = is_odd_number(v, text) ? guild_value_string(a, text) : v;
	return 0;
}
