/* INI files as Python's configparser reads them. */

#include "config_private.h"

#include <stdlib.h>
#include <string.h>

enum { INTERPOLATION_DEPTH = 10, INTERPOLATED_MAX = 1 << 20, INI_MAX_BYTES = 64 << 20 };

/* ---- lines -------------------------------------------------------------------------------------------- */

struct scanner {
	struct guild_arena *a;
	struct guild_str text;
	const char *name;
	struct guild_error *err;
	struct guild_ini *ini;
	size_t at; /* the next line */
	uint32_t line;
	size_t indent;                   /* of the last option or header */
	struct guild_ini_option *option; /* that further lines belong to, or NULL */
	struct guild_buf value;          /* its lines so far */
	size_t n_empty;                  /* empty lines after them */
};

static int fail(const struct scanner *s, size_t column, const char *what)
{
	if (!s->name) {
		return guild_error_set(s->err, GUILD_EINVALID, "%s (line %u)", what, s->line);
	}
	return guild_error_set(s->err, GUILD_EINVALID, "%s:%u:%zu: %s", s->name, s->line,
		column + 1, what);
}

static struct guild_str next_line(struct scanner *s)
{
	struct guild_str line = {s->text.p + s->at, 0};
	size_t left = s->text.n - s->at;
	while (line.n < left && line.p[line.n] != '\n' && line.p[line.n] != '\r') {
		line.n++;
	}
	s->at += line.n;
	if (s->at < s->text.n) {
		s->at += s->text.p[s->at] == '\r' && s->at + 1 < s->text.n &&
					 s->text.p[s->at + 1] == '\n'
				 ? 2
				 : 1;
	}
	s->line++;
	return line;
}

/* Closes the option whose lines were read. */
static void end_option(struct scanner *s)
{
	if (s->option) {
		s->option->raw = guild_arena_strndup(s->a, guild_buf_cstr(&s->value), s->value.n);
	}
	s->option = NULL;
	s->n_empty = 0;
	guild_buf_reset(&s->value);
}

/* ---- sections and options ---------------------------------------------------------------------------------- */

static struct guild_ini_section *find_section(struct guild_ini *ini, const char *name)
{
	for (size_t i = 0; i < ini->n; i++) {
		if (strcmp(ini->sections[i].name, name) == 0) {
			return &ini->sections[i];
		}
	}
	return NULL;
}

static int add_section(struct scanner *s, struct guild_str line, struct guild_str value,
	size_t column)
{
	/* Greedy, as the reference: a ']' within the name is part of it. */
	const char *end = memrchr(value.p, ']', value.n);
	if (!end || end == value.p + 1) {
		return fail(s, column, "a section without a name");
	}
	const char *name = guild_arena_strndup(s->a, value.p + 1, (size_t)(end - value.p - 1));
	if (strcmp(name, "DEFAULT") != 0 && find_section(s->ini, name)) {
		return fail(s, column, "a section of this name was there before");
	}
	end_option(s);
	struct guild_ini *ini = s->ini;
	ini->sections =
		guild_grow_array(ini->sections, &ini->cap, ini->n + 1, sizeof *ini->sections);
	ini->sections[ini->n++] = (struct guild_ini_section){
		.name = name, .header_end = (size_t)(line.p + line.n - s->text.p)};
	return 0;
}

static bool has_option(const struct guild_ini *ini, const char *section, const char *key)
{
	for (size_t i = 0; i < ini->n; i++) {
		const struct guild_ini_section *other = &ini->sections[i];
		for (size_t j = 0; strcmp(other->name, section) == 0 && j < other->n; j++) {
			if (strcmp(other->options[j].key, key) == 0) {
				return true;
			}
		}
	}
	return false;
}

static int add_option(struct scanner *s, struct guild_str value, size_t column)
{
	if (s->ini->n == 0) {
		return fail(s, column, "expected a section ('[name]') before the first value");
	}
	size_t n_key = 0;
	while (n_key < value.n && value.p[n_key] != '=' && value.p[n_key] != ':') {
		n_key++;
	}
	if (n_key == value.n) {
		return fail(s, column, "expected 'name = value'");
	}
	struct guild_str key = guild_str_trim(guild_str_n(value.p, n_key));
	struct guild_str rest =
		guild_str_trim(guild_str_n(value.p + n_key + 1, value.n - n_key - 1));
	if (key.n == 0) {
		return fail(s, column, "a value without a name");
	}
	end_option(s);
	char *name = guild_arena_strndup(s->a, key.p, key.n);
	for (char *c = name; *c; c++) {
		*c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
	}
	struct guild_ini_section *section = &s->ini->sections[s->ini->n - 1];
	if (has_option(s->ini, section->name, name)) {
		return fail(s, column, "a value of this name was there before");
	}
	size_t end = (size_t)(value.p + value.n - s->text.p);
	section->options = guild_grow_array(section->options, &section->cap, section->n + 1,
		sizeof *section->options);
	section->options[section->n++] = (struct guild_ini_option){.key = name,
		.indent = column,
		.key_end = (size_t)(key.p + key.n - s->text.p),
		.value_start = rest.n ? (size_t)(rest.p - s->text.p) : end,
		.value_end = end,
		.line = s->line};
	s->option = &section->options[section->n - 1];
	guild_buf_append(&s->value, rest.p, rest.n);
	return 0;
}

static void add_to_value(struct scanner *s, struct guild_str value)
{
	for (; s->n_empty > 0; s->n_empty--) {
		guild_buf_putc(&s->value, '\n');
	}
	guild_buf_putc(&s->value, '\n');
	guild_buf_append(&s->value, value.p, value.n);
	s->option->value_end = (size_t)(value.p + value.n - s->text.p);
}

static int read_line(struct scanner *s, struct guild_str line)
{
	struct guild_str value = guild_str_trim(line);
	size_t column = (size_t)(value.p - line.p);
	if (value.n == 0) {
		s->n_empty += s->option != NULL;
		return 0;
	}
	if (*value.p == '#' || *value.p == ';') {
		return 0;
	}
	if (s->option && column > s->indent) {
		add_to_value(s, value);
		return 0;
	}
	s->indent = column;
	return *value.p == '[' && memchr(value.p, ']', value.n)
		       ? add_section(s, line, value, column)
		       : add_option(s, value, column);
}

int guild_ini_scan(struct guild_arena *a, struct guild_str text, const char *name,
	struct guild_ini *out, struct guild_error *err)
{
	struct guild_ini ini = {0};
	struct scanner s = {.a = a, .text = text, .name = name, .err = err, .ini = &ini};
	int rc = 0;
	if (text.n > INI_MAX_BYTES) {
		return guild_error_set(err, GUILD_ELIMIT, "%s: larger than %d MiB",
			name ? name : "INI", INI_MAX_BYTES >> 20);
	}
	if (guild_str_starts(text, "\xEF\xBB\xBF")) {
		s.at = 3;
	}
	while (rc == 0 && s.at < text.n) {
		struct guild_str line = next_line(&s);
		/* A NUL or a broken character cannot go through as text. */
		rc = memchr(line.p, 0, line.n) || !guild_utf8_valid(line.p, line.n)
			     ? fail(&s, 0, "not text in UTF-8")
			     : read_line(&s, line);
	}
	end_option(&s);
	guild_buf_fini(&s.value);
	if (rc == 0) {
		*out = ini;
	} else {
		guild_ini_fini(&ini);
	}
	return rc;
}

void guild_ini_fini(struct guild_ini *ini)
{
	for (size_t i = 0; i < ini->n; i++) {
		free(ini->sections[i].options);
	}
	free(ini->sections);
	*ini = (struct guild_ini){0};
}

/* ---- values ------------------------------------------------------------------------------------------------ */

static bool is_integer(struct guild_str s)
{
	size_t i = s.n > 0 && (*s.p == '-' || *s.p == '+');
	size_t n_digits = 0;
	for (; i < s.n; i++) {
		bool is_digit = s.p[i] >= '0' && s.p[i] <= '9';
		bool is_joint = s.p[i] == '_' && n_digits > 0 && s.p[i - 1] != '_' && i + 1 < s.n;
		if (!is_digit && !is_joint) {
			return false;
		}
		n_digits += is_digit;
	}
	return n_digits > 0;
}

static struct guild_value *integer(struct guild_arena *a, struct guild_str s)
{
	struct guild_buf digits = {0};
	bool is_negative = *s.p == '-';
	int64_t i = 0;
	for (size_t k = 0; k < s.n; k++) {
		bool is_digit = s.p[k] >= '0' && s.p[k] <= '9';
		if (is_digit && (digits.n > 0 || s.p[k] != '0')) {
			guild_buf_putc(&digits, s.p[k]);
		}
	}
	if (digits.n == 0) {
		guild_buf_putc(&digits, '0');
	}
	char *text = guild_arena_format(a, "%s%s",
		is_negative && strcmp(digits.p, "0") != 0 ? "-" : "", digits.p);
	guild_buf_fini(&digits);
	bool fits = guild_parse_i64(text, strlen(text), &i);
	struct guild_value *v = guild_value_int(a, i);
	if (!fits) {
		v->i = 0;
		v->s = guild_str(text);
	}
	return v;
}

static bool is_word(struct guild_str s, const char *word)
{
	return s.n == strlen(word) && guild_contains_nocase(s, guild_str(word));
}

struct guild_value *guild_ini_value(struct guild_arena *a, struct guild_str s)
{
	static const char *const on[] = {"yes", "true", "on"};
	static const char *const off[] = {"no", "false", "off"};
	double f = 0.0;
	if (is_integer(s)) {
		return integer(a, s);
	}
	if (guild_parse_f64(s.p, s.n, &f)) {
		return guild_value_float(a, f);
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(on); i++) {
		if (is_word(s, on[i]) || is_word(s, off[i])) {
			return guild_value_bool(a, is_word(s, on[i]));
		}
	}
	return guild_value_string_n(a, s.p, s.n);
}

/* ---- interpolation --------------------------------------------------------------------------------------------- */

static const char *find_raw(const struct guild_ini *ini, const char *section, const char *key)
{
	const char *found = NULL;
	for (size_t i = 0; i < ini->n; i++) {
		const struct guild_ini_section *s = &ini->sections[i];
		bool is_own = strcmp(s->name, section) == 0;
		if (!is_own && (found || strcmp(s->name, "DEFAULT") != 0)) {
			continue;
		}
		for (size_t j = 0; j < s->n; j++) {
			if (strcmp(s->options[j].key, key) == 0) {
				found = s->options[j].raw;
			}
		}
		if (is_own && found && strcmp(section, "DEFAULT") != 0) {
			break;
		}
	}
	return found;
}

/* "%%" and "%(name)s"; false for anything else after '%', an unknown name, or too deep. */
static bool interpolate(const struct guild_ini *ini, const char *section, const char *raw,
	unsigned depth, struct guild_buf *out)
{
	for (const char *c = raw; *c; c++) {
		if (*c != '%') {
			guild_buf_putc(out, *c);
			continue;
		}
		if (*++c == '%') {
			guild_buf_putc(out, '%');
			continue;
		}
		const char *end = *c == '(' ? strchr(c, ')') : NULL;
		if (!end || end[1] != 's' || depth == INTERPOLATION_DEPTH) {
			return false;
		}
		char *key = guild_strndup(c + 1, (size_t)(end - c - 1));
		for (char *k = key; *k; k++) {
			*k = *k >= 'A' && *k <= 'Z' ? (char)(*k - 'A' + 'a') : *k;
		}
		const char *value = find_raw(ini, section, key);
		free(key);
		if (!value || out->n > INTERPOLATED_MAX ||
			!interpolate(ini, section, value, depth + 1, out)) {
			return false;
		}
		c = end + 1;
	}
	return true;
}

static void set_option(struct guild_arena *a, const struct guild_ini *ini, const char *section,
	const struct guild_ini_option *option, struct guild_value *dict)
{
	if (guild_value_get(dict, option->key)) {
		return; /* the section's own */
	}
	struct guild_buf text = {0};
	struct guild_str value = guild_str(option->raw);
	if (interpolate(ini, section, option->raw, 0, &text)) {
		value = guild_buf_str(&text);
	}
	struct guild_value *v = guild_ini_value(a, value);
	v->line = option->line;
	v->column = (uint32_t)option->indent + 1;
	guild_value_set(a, dict, option->key, v);
	guild_buf_fini(&text);
}

/* DEFAULT's options as seen from a section: what they interpolate may be the section's own. */
static void set_defaults(struct guild_arena *a, const struct guild_ini *ini, const char *section,
	struct guild_value *dict)
{
	for (size_t i = 0; i < ini->n; i++) {
		const struct guild_ini_section *s = &ini->sections[i];
		for (size_t j = 0; strcmp(s->name, "DEFAULT") == 0 && j < s->n; j++) {
			set_option(a, ini, section, &s->options[j], dict);
		}
	}
}

int guild_ini_parse(struct guild_arena *a, struct guild_str text, const char *name,
	struct guild_value **out, struct guild_error *err)
{
	struct guild_ini ini = {0};
	int rc = guild_ini_scan(a, text, name, &ini, err);
	if (rc != 0) {
		return rc;
	}
	struct guild_value *dict = guild_value_dict(a);
	set_defaults(a, &ini, "DEFAULT", dict);
	for (size_t i = 0; i < ini.n; i++) {
		const struct guild_ini_section *s = &ini.sections[i];
		if (strcmp(s->name, "DEFAULT") == 0) {
			continue;
		}
		struct guild_value *section = guild_value_dict(a);
		for (size_t j = 0; j < s->n; j++) {
			set_option(a, &ini, s->name, &s->options[j], section);
		}
		set_defaults(a, &ini, s->name, section);
		guild_value_set(a, dict, s->name, section);
	}
	guild_ini_fini(&ini);
	*out = dict;
	return 0;
}
