/* Hydra's override grammar (1.1 and later): KEY=VALUE with values of any nesting. */
#include "flags_private.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Words that the grammar reads as another type, and numbers. */
static bool is_plain(const char *text)
{
	static const char *const words[] = {"null", "true", "false", "nan", "inf", NULL};
	size_t n = strlen(text);
	for (size_t i = 0; words[i]; i++) {
		if (strcasecmp(text, words[i]) == 0) {
			return false;
		}
	}
	bool is_letter = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z');
	return n > 0 && (is_letter || *text == '_' || *text == '/') &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_/.-") ==
		       n;
}

/* In quotes, only a quote and the backslashes right before one (or before the end) are escaped. */
static void put_quoted(struct guild_buf *out, const char *text)
{
	guild_buf_putc(out, '\'');
	for (const char *p = text; *p;) {
		size_t n = strspn(p, "\\");
		bool is_before_quote = p[n] == '\'' || p[n] == 0;
		for (size_t i = 0; i < n * (is_before_quote ? 2 : 1); i++) {
			guild_buf_putc(out, '\\');
		}
		p += n;
		if (*p == '\'') {
			guild_buf_puts(out, "\\'");
			p++;
		} else if (*p) {
			guild_buf_putc(out, *p++);
		}
	}
	guild_buf_putc(out, '\'');
}

/* Keys cannot be quoted; some characters can be escaped. */
static bool put_key(struct guild_buf *out, const struct guild_value *key)
{
	struct guild_buf text = {0};
	guild_value_py_str(&text, key);
	bool fits = text.n > 0;
	for (const char *p = guild_buf_cstr(&text); fits && *p; p++) {
		if (strchr("\\()[]{}:=, \t", *p)) {
			guild_buf_putc(out, '\\');
		} else if ((unsigned char)*p < 33 || (unsigned char)*p > 126 ||
			   strchr("'\"`~&;#<>!^", *p)) {
			fits = false;
		}
		guild_buf_putc(out, *p);
	}
	/* A text that would come back as a number or truth value. */
	if (key->type == GUILD_STRING && !is_plain(guild_buf_cstr(&text)) &&
		!strpbrk(guild_buf_cstr(&text), " :=,()[]{}\\$%*@+|?")) {
		fits = false;
	}
	guild_buf_fini(&text);
	return fits;
}

static bool put_value(struct guild_buf *out, const struct guild_value *v)
{
	bool fits = true;
	switch (v->type) {
	case GUILD_STRING:
		if (is_plain(v->s.p)) {
			guild_buf_append(out, v->s.p, v->s.n);
		} else {
			put_quoted(out, v->s.p);
		}
		return true;
	case GUILD_LIST:
		guild_buf_putc(out, '[');
		for (size_t i = 0; i < v->n; i++) {
			guild_buf_puts(out, i ? "," : "");
			fits = put_value(out, v->items[i]) && fits;
		}
		guild_buf_putc(out, ']');
		return fits;
	case GUILD_DICT:
		guild_buf_putc(out, '{');
		for (size_t i = 0; i < v->n; i++) {
			guild_buf_puts(out, i ? "," : "");
			fits = put_key(out, v->pairs[i].key) && fits;
			guild_buf_putc(out, ':');
			fits = put_value(out, v->pairs[i].value) && fits;
		}
		guild_buf_putc(out, '}');
		return fits;
	case GUILD_NULL:
		guild_buf_puts(out, "null");
		return true;
	case GUILD_BOOL:
		guild_buf_puts(out, v->b ? "true" : "false");
		return true;
	default:
		guild_value_py_repr(out, v); /* numbers: 1e-05, inf, nan */
		return true;
	}
}

bool guild_hydra_override(struct guild_buf *out, const char *key, const struct guild_value *v)
{
	guild_buf_printf(out, "%s=", key);
	return put_value(out, v);
}

/* "a.b" below `file`. */
static void put_in_file(struct guild_arena *a, struct guild_value *file, const char *key,
	const struct guild_value *v)
{
	struct guild_strs parts = {0};
	guild_strs_split(&parts, key, '.');
	for (size_t i = 0; i + 1 < parts.n; i++) {
		struct guild_value *next = guild_value_get(file, parts.v[i]);
		if (!next || next->type != GUILD_DICT) {
			next = guild_value_dict(a);
			guild_value_set(a, file, parts.v[i], next);
		}
		file = next;
	}
	guild_value_set(a, file, parts.v[parts.n - 1], guild_value_copy(a, v));
	guild_strs_fini(&parts);
}

static void put_arg(struct guild_arena *a, const char *name, const struct guild_value *v,
	const struct guild_value *attrs, struct guild_strs *out, struct guild_value **file)
{
	const char *own = guild_value_text(guild_value_get(attrs, "arg-name"));
	const struct guild_value *arg_split = guild_value_get(attrs, "arg-split");
	const struct guild_value *imported = guild_value_get(attrs, "imported");
	bool is_same = imported ? guild_value_eq(v, imported) : guild_value_is_null(v);
	if (guild_value_truthy(guild_value_get(attrs, "arg-skip")) ||
		(is_same && !guild_value_truthy(guild_value_get(attrs, "typed")))) {
		return;
	}
	const char *key = own ? own : name;
	bool can_be_in_file = !strpbrk(key, "+~@/");
	v = guild_flag_split(a, v, arg_split);
	struct guild_buf word = {0};
	bool fits = guild_hydra_override(&word, key, v) && word.n <= GUILD_HYDRA_WORD_MAX;
	if (fits || !can_be_in_file) {
		guild_strs_take(out, guild_buf_take(&word));
	} else {
		*file = *file ? *file : guild_value_dict(a);
		put_in_file(a, *file, key, v);
	}
	guild_buf_fini(&word);
}

void guild_hydra_args(struct guild_arena *a, const struct guild_value *flags,
	const struct guild_value *cmd_flags, struct guild_strs *out, struct guild_value **file)
{
	*file = NULL;
	struct guild_value *sorted = flags && flags->type == GUILD_DICT ? guild_value_copy(a, flags)
									: guild_value_dict(a);
	guild_value_sort_keys(sorted);
	for (size_t i = 0; i < sorted->n; i++) {
		const char *name = guild_value_text(sorted->pairs[i].key);
		if (name) {
			put_arg(a, name, sorted->pairs[i].value, guild_value_get(cmd_flags, name),
				out, file);
		}
	}
}
