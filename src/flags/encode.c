/* Values to the text people see and type: previews, labels, step arguments. */

#include "flags_private.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_quoted(struct guild_str s)
{
	return s.n > 1 && (s.p[0] == '\'' || s.p[0] == '"') && s.p[s.n - 1] == s.p[0];
}

/* Single quotes; double ones where the text holds single quotes and nothing that double ones would change. */
static void put_quoted(struct guild_buf *out, struct guild_str s)
{
	bool has_single = s.n > 0 && memchr(s.p, '\'', s.n);
	bool has_other = s.n > 0 && (memchr(s.p, '"', s.n) || memchr(s.p, '\\', s.n));
	char quote = has_single && !has_other ? '"' : '\'';
	guild_buf_putc(out, quote);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == quote) {
			guild_buf_putc(out, quote);
		}
		guild_buf_putc(out, s.p[i]);
	}
	guild_buf_putc(out, quote);
}

static bool has_any(struct guild_str s, const char *chars)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] && strchr(chars, s.p[i])) {
			return true;
		}
	}
	return false;
}

/* Whether a text between braces reads as itself: `a:b` does, `a,b` and `a]` do not. */
static bool reads_back(const struct guild_value *v, struct guild_str text)
{
	if (!has_any(text, ":?,[]{}")) {
		return true;
	}
	struct guild_arena *a = guild_arena_new();
	struct guild_buf b = {0};
	struct guild_value *read = NULL;
	guild_buf_printf(&b, "{%.*s: %.*s}", GUILD_STR_FMT(text), GUILD_STR_FMT(text));
	bool is_same = guild_yaml_parse(a, guild_buf_str(&b), NULL, GUILD_YAML_NUMBERS, &read,
			       NULL) == 0 &&
		       read->type == GUILD_DICT && read->n == 1 &&
		       guild_value_eq(read->pairs[0].key, v) &&
		       guild_value_eq(read->pairs[0].value, v);
	guild_buf_fini(&b);
	guild_arena_free(a);
	return is_same;
}

static void encode_item(struct guild_buf *out, const struct guild_value *v)
{
	struct guild_buf text = {0};
	guild_flag_encode(&text, v);
	struct guild_str s = guild_buf_str(&text);
	if (v->type == GUILD_STRING && !is_quoted(s) && !reads_back(v, s)) {
		put_quoted(out, s);
	} else {
		guild_buf_append(out, text.p, text.n);
	}
	guild_buf_fini(&text);
}

static void encode_list(struct guild_buf *out, const struct guild_value *v)
{
	guild_buf_putc(out, '[');
	for (size_t i = 0; i < v->n; i++) {
		guild_buf_puts(out, i ? ", " : "");
		encode_item(out, v->items[i]);
	}
	guild_buf_putc(out, ']');
}

static void encode_dict(struct guild_buf *out, const struct guild_value *v)
{
	struct guild_value sorted = *v;
	sorted.pairs = guild_alloc((v->n + 1) * sizeof *sorted.pairs);
	if (v->n > 0) {
		memcpy(sorted.pairs, v->pairs, v->n * sizeof *sorted.pairs);
	}
	guild_value_sort_keys(&sorted);
	guild_buf_putc(out, '{');
	for (size_t i = 0; i < v->n; i++) {
		guild_buf_puts(out, i ? ", " : "");
		encode_item(out, sorted.pairs[i].key);
		guild_buf_puts(out, ": ");
		encode_item(out, sorted.pairs[i].value);
	}
	guild_buf_putc(out, '}');
	free(sorted.pairs);
}

/* Letters of other alphabets, not the invisible and the directing ones. */
static bool is_letter_like(uint32_t cp)
{
	return cp > 0xA0 && !(cp >= 0x2000 && cp <= 0x206F) && !(cp >= 0xD800 && cp <= 0xF8FF) &&
	       cp != 0xFEFF && cp < 0xE0000;
}

/* YAML escapes everything outside ASCII; people want to read their own letters. Tries the text with those letters replaced:
 * what is plain or single-quoted then is so with the letters too. */
static bool encode_letters(struct guild_buf *out, struct guild_str s)
{
	bool is_done = false;
	bool has_letters = false;
	struct guild_buf text = {0};
	struct guild_buf shown = {0};
	for (size_t i = 0; i < s.n; i++) {
		uint32_t cp = 0;
		size_t used = guild_utf8_decode(s.p + i, s.n - i, &cp);
		if (used < 2) {
			guild_buf_putc(&text, s.p[i]);
			continue;
		}
		if (!is_letter_like(cp)) {
			has_letters = false;
			break;
		}
		guild_buf_puts(&text, "xx");
		has_letters = true;
		i += used - 1;
	}
	if (has_letters) {
		struct guild_value v = {.type = GUILD_STRING, .s = guild_buf_str(&text)};
		guild_yaml_dump_flow(&shown, &v);
		bool is_plain = guild_str_eq(guild_buf_str(&shown), guild_buf_str(&text));
		is_done = is_plain || shown.p[0] == '\'';
		if (is_plain) {
			guild_buf_append(out, s.p, s.n);
		} else if (is_done) {
			put_quoted(out, s);
		}
	}
	guild_buf_fini(&text);
	guild_buf_fini(&shown);
	return is_done;
}

void guild_flag_encode(struct guild_buf *out, const struct guild_value *v)
{
	if (v && v->type == GUILD_STRING && encode_letters(out, v->s)) {
		return;
	}
	if (v && v->type == GUILD_BOOL) {
		guild_buf_puts(out, v->b ? "yes" : "no");
	} else if (v && v->type == GUILD_LIST) {
		encode_list(out, v);
	} else if (v && v->type == GUILD_DICT) {
		encode_dict(out, v);
	} else {
		guild_yaml_dump_flow(out, v);
	}
}

/* Text with blanks is quoted, so that a label or a command line stays readable. */
static void put_formatted(struct guild_buf *out, struct guild_str s, bool is_text)
{
	if (is_text && !is_quoted(s) && has_any(s, " ")) {
		put_quoted(out, s);
	} else {
		guild_buf_append(out, s.p, s.n);
	}
}

void guild_flag_format(struct guild_buf *out, const struct guild_value *v)
{
	struct guild_buf text = {0};
	guild_flag_encode(&text, v);
	put_formatted(out, guild_buf_str(&text), v && v->type == GUILD_STRING);
	guild_buf_fini(&text);
}

/* ---- labels ---- */

enum { LABEL_DECIMALS = 5, LABEL_PATH_MAX = 20 };

/* Cuts, never rounds: 0.99999999 must not look like 1. */
static void put_cut_float(struct guild_buf *out, struct guild_str s)
{
	const char *dot = s.n > 0 ? memchr(s.p, '.', s.n) : NULL;
	size_t head = dot ? (size_t)(dot - s.p) + 1 : s.n;
	size_t end = head;
	while (end < s.n && s.p[end] >= '0' && s.p[end] <= '9') {
		end++;
	}
	size_t decimals = end - head > LABEL_DECIMALS ? LABEL_DECIMALS : end - head;
	guild_buf_append(out, s.p, head + decimals);
	guild_buf_append(out, s.p + end, s.n - end);
}

static size_t count_chars(const char *s)
{
	size_t n = 0;
	for (; *s; s++) {
		n += ((unsigned char)*s & 0xC0) != 0x80;
	}
	return n;
}

/* FIRST/…/LAST with as many parts from both ends, in turn, as fit. Caller frees; NULL when it gets no shorter. */
static char *shorten_path(const char *path)
{
	struct guild_strs parts = {0};
	guild_strs_split(&parts, path, '/');
	while (parts.n > 1 && parts.v[parts.n - 1][0] == 0) {
		free(parts.v[--parts.n]);
		parts.v[parts.n] = NULL;
	}
	char *best = NULL;
	size_t left = 1;
	size_t right = 1;
	size_t n_named_left = parts.n > 0 && parts.v[0][0] ? 1 : 0;
	while (left + right < parts.n) {
		struct guild_buf text = {0};
		for (size_t i = 0; i < left; i++) {
			guild_buf_printf(&text, "%s/", parts.v[i]);
		}
		guild_buf_puts(&text, "…");
		for (size_t i = parts.n - right; i < parts.n; i++) {
			guild_buf_printf(&text, "/%s", parts.v[i]);
		}
		if (best && count_chars(text.p) > LABEL_PATH_MAX) {
			guild_buf_fini(&text);
			break;
		}
		free(best);
		best = guild_buf_take(&text);
		if (n_named_left < right) {
			left++;
			n_named_left++;
		} else {
			right++;
		}
	}
	guild_strs_fini(&parts);
	if (best && count_chars(best) >= count_chars(path)) {
		free(best);
		best = NULL;
	}
	return best;
}

void guild_flag_format_short(struct guild_buf *out, const struct guild_value *v)
{
	const char *path = guild_value_text(v);
	if (path && count_chars(path) > LABEL_PATH_MAX && access(path, F_OK) == 0) {
		char *shorter = shorten_path(path);
		if (shorter) {
			put_formatted(out, guild_str(shorter), true);
			free(shorter);
			return;
		}
	}
	if (v && v->type == GUILD_FLOAT) {
		struct guild_buf text = {0};
		guild_flag_encode(&text, v);
		put_cut_float(out, guild_buf_str(&text));
		guild_buf_fini(&text);
		return;
	}
	guild_flag_format(out, v);
}

void guild_flag_default_label(struct guild_buf *out, const struct guild_value *flags)
{
	if (!flags || flags->type != GUILD_DICT || flags->n == 0) {
		return;
	}
	struct guild_value sorted = *flags;
	sorted.pairs = guild_alloc(flags->n * sizeof *sorted.pairs);
	memcpy(sorted.pairs, flags->pairs, flags->n * sizeof *sorted.pairs);
	guild_value_sort_keys(&sorted);
	bool is_first = true;
	for (size_t i = 0; i < flags->n; i++) {
		if (guild_value_is_null(sorted.pairs[i].value)) {
			continue;
		}
		guild_buf_puts(out, is_first ? "" : " ");
		is_first = false;
		guild_value_py_str(out, sorted.pairs[i].key);
		guild_buf_putc(out, '=');
		guild_flag_format_short(out, sorted.pairs[i].value);
	}
	free(sorted.pairs);
}
