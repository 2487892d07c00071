/* Runs one text after the other through the readers and writers of src/formats, for tests/test_formats_judge.py.
 *
 * Standard input holds records "OP LENGTH\n" and LENGTH bytes; each answer is "LENGTH\n" and its bytes. */

#include "guild/formats.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_RECORD = 16 << 20 };

/* A text in which unlike values never look alike. */
static void describe(struct guild_buf *out, const struct guild_value *v)
{
	switch (v->type) {
	case GUILD_STRING:
		guild_buf_puts(out, "str:");
		guild_value_py_repr(out, v);
		break;
	case GUILD_DATE:
		guild_buf_puts(out, "date:");
		guild_value_py_str(out, v);
		break;
	case GUILD_LIST:
		guild_buf_puts(out, "[");
		for (size_t i = 0; i < v->n; i++) {
			guild_buf_puts(out, i ? "," : "");
			describe(out, v->items[i]);
		}
		guild_buf_puts(out, "]");
		break;
	case GUILD_DICT:
		guild_buf_puts(out, "{");
		for (size_t i = 0; i < v->n; i++) {
			guild_buf_puts(out, i ? "," : "");
			describe(out, v->pairs[i].key);
			guild_buf_puts(out, "=");
			describe(out, v->pairs[i].value);
		}
		guild_buf_puts(out, "}");
		break;
	default:
		guild_value_py_repr(out, v);
		break;
	}
}

static int parse(struct guild_arena *a, const char *op, struct guild_str text,
	struct guild_value **v, struct guild_error *err)
{
	if (guild_starts(op, "json")) {
		return guild_json_parse(a, text, NULL, v, err);
	}
	if (guild_starts(op, "csv")) {
		return guild_csv_parse(a, text, v, err);
	}
	if (guild_starts(op, "ini") || guild_starts(op, "toml")) {
		return guild_config_parse(a,
			*op == 'i' ? GUILD_CONFIG_INI : GUILD_CONFIG_TOML, text, NULL, v, err);
	}
	return guild_yaml_parse(a, text, NULL,
		guild_ends(op, "-numbers") ? GUILD_YAML_NUMBERS : GUILD_YAML_PLAIN, v, err);
}

/* "edit.EXTENSION": the first line of the text is the settings as JSON, the others are the file. */
static void edit(struct guild_buf *out, const char *op, struct guild_str text)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_error err = {0};
	struct guild_value *settings = NULL;
	enum guild_config_format format = GUILD_CONFIG_YAML;
	const char *end = memchr(text.p, '\n', text.n);
	size_t n = end ? (size_t)(end - text.p) : text.n;
	struct guild_str file = {end ? end + 1 : "", end ? text.n - n - 1 : 0};
	if (!guild_config_format_of(op, &format) ||
		guild_json_parse(a, guild_str_n(text.p, n), NULL, &settings, &err) != 0 ||
		guild_config_edit(format, file, "f", settings, out, &err) != 0) {
		guild_buf_printf(out, "error:%s", err.text);
	}
	guild_arena_free(a);
}

/* OP is FORMAT-HOW: yaml-describe, yaml-describe-numbers, json-block, json-flow, json-unsorted, json-json, json-repr, … */
static void answer(struct guild_buf *out, const char *op, struct guild_str text)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_error err = {0};
	struct guild_value *v = NULL;
	if (parse(a, op, text, &v, &err) < 0) {
		guild_buf_printf(out, "error:%s", err.text);
	} else if (strstr(op, "-block")) {
		guild_yaml_dump(out, v, true);
	} else if (strstr(op, "-unsorted")) {
		guild_yaml_dump(out, v, false);
	} else if (strstr(op, "-flow")) {
		guild_yaml_dump_flow(out, v);
	} else if (strstr(op, "-json")) {
		guild_json_dump(out, v, GUILD_JSON_COMPACT);
	} else if (strstr(op, "-indented")) {
		guild_json_dump(out, v, GUILD_JSON_INDENT | GUILD_JSON_SORT);
	} else if (strstr(op, "-repr")) {
		guild_value_py_repr(out, v);
	} else {
		describe(out, v);
	}
	guild_arena_free(a);
}

int main(void)
{
	char op[64];
	size_t n = 0;
	while (scanf("%63s %zu", op, &n) == 2 && n <= MAX_RECORD && getchar() == '\n') {
		char *text = guild_alloc(n + 1);
		struct guild_buf out = {0};
		if (fread(text, 1, n, stdin) != n) {
			free(text);
			return 1;
		}
		if (guild_starts(op, "edit.")) {
			edit(&out, op, guild_str_n(text, n));
		} else {
			answer(&out, op, guild_str_n(text, n));
		}
		printf("%zu\n", out.n);
		fwrite(guild_buf_cstr(&out), 1, out.n, stdout);
		guild_buf_fini(&out);
		free(text);
	}
	return 0;
}
