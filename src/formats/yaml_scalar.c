/* Scalars of YAML: which style a text may have, and writing it with folds. */

#include "yaml_emit.h"

#include <string.h>

/* ---- what a text contains ---- */

static bool is_break(uint32_t cp)
{
	return cp == '\n' || cp == 0x85 || cp == 0x2028 || cp == 0x2029;
}

static bool is_blank_or_end(uint32_t cp)
{
	return cp == 0 || cp == ' ' || cp == '\t' || cp == '\r' || is_break(cp);
}

static bool is_one_of(uint32_t cp, const char *set)
{
	return cp > 0 && cp < 0x80 && strchr(set, (int)cp) != NULL;
}

/* What the look at each character finds out. */
struct findings {
	bool block_indicators, flow_indicators; /* would read as structure */
	bool line_breaks, special_characters;
	bool leading_space, leading_break, trailing_space, trailing_break;
	bool break_space, space_break; /* a blank after a line break, and the other way round */
};

static void find_indicators(struct findings *f, uint32_t cp, bool is_first, bool after_blank,
	bool before_blank)
{
	if (is_first) {
		if (is_one_of(cp, "#,[]{}&*!|>'\"%@`") || (cp == '-' && before_blank)) {
			f->flow_indicators = true;
			f->block_indicators = true;
		}
		if (cp == '?' || cp == ':') {
			f->flow_indicators = true;
			f->block_indicators = f->block_indicators || before_blank;
		}
		return;
	}
	if (is_one_of(cp, ",?[]{}")) {
		f->flow_indicators = true;
	}
	if (cp == ':') {
		f->flow_indicators = true;
		f->block_indicators = f->block_indicators || before_blank;
	}
	if (cp == '#' && after_blank) {
		f->flow_indicators = true;
		f->block_indicators = true;
	}
}

/* Where blanks and line breaks meet each other and the ends. */
static void find_blanks(struct findings *f, uint32_t cp, uint32_t before, bool is_first,
	bool is_last)
{
	if (cp == ' ') {
		f->leading_space = f->leading_space || is_first;
		f->trailing_space = f->trailing_space || is_last;
		f->break_space = f->break_space || (!is_first && is_break(before));
	} else if (is_break(cp)) {
		f->leading_break = f->leading_break || is_first;
		f->trailing_break = f->trailing_break || is_last;
		f->space_break = f->space_break || (!is_first && before == ' ');
	}
}

static uint32_t peek(struct guild_str s, size_t i)
{
	uint32_t cp = 0;
	if (i < s.n) {
		guild_utf8_decode_lossless(s.p + i, s.n - i, &cp);
	}
	return cp;
}

static size_t escaped_width(uint32_t cp)
{
	if (cp >= 0x20 && cp <= 0x7E) {
		return 1;
	}
	return cp > 0xFFFF ? 10 : cp > 0xFF ? 6 : 4;
}

static struct findings look_at(struct guild_str s, size_t *n_chars, size_t *n_escaped)
{
	struct findings f = {0};
	uint32_t before = 0;
	*n_chars = 0;
	*n_escaped = 0;
	if (guild_str_starts(s, "---") || guild_str_starts(s, "...")) {
		f.block_indicators = true;
		f.flow_indicators = true;
	}
	for (size_t i = 0; i < s.n;) {
		uint32_t cp = 0;
		bool is_first = i == 0;
		i += guild_utf8_decode_lossless(s.p + i, s.n - i, &cp);
		bool is_last = i == s.n;
		find_indicators(&f, cp, is_first, is_blank_or_end(before),
			is_last || is_blank_or_end(peek(s, i)));
		find_blanks(&f, cp, before, is_first, is_last);
		f.line_breaks = f.line_breaks || is_break(cp);
		/* Nothing outside ASCII is written as it is. */
		f.special_characters =
			f.special_characters || !(cp == '\n' || (cp >= 0x20 && cp <= 0x7E));
		before = cp;
		(*n_chars)++;
		*n_escaped += escaped_width(cp);
	}
	return f;
}

static void analyze(struct scalar *s, bool is_one_line)
{
	if (s->text.n == 0) {
		s->allow_block_plain = true;
		s->allow_single = true;
		return;
	}
	struct findings f = look_at(s->text, &s->n_chars, &s->n_escaped);
	bool ends_hurt = f.leading_space || f.leading_break || f.trailing_space || f.trailing_break;
	s->is_multiline = f.line_breaks;
	s->allow_single = !f.break_space && !f.space_break && !f.special_characters &&
			  !(is_one_line && f.line_breaks);
	bool allow_plain = s->allow_single && !ends_hurt && !f.line_breaks;
	s->allow_flow_plain = allow_plain && !f.flow_indicators;
	s->allow_block_plain = allow_plain && !f.block_indicators;
}

/* ---- values to scalars ---- */

/* YAML floats have a dot: 1e-05 is 1.0e-05. */
static void put_float(struct guild_buf *out, double f)
{
	if (f != f) {
		guild_buf_puts(out, ".nan");
		return;
	}
	if (f - f != 0.0) {
		guild_buf_puts(out, f < 0 ? "-.inf" : ".inf");
		return;
	}
	char text[GUILD_F64_MAX];
	size_t n = guild_f64_repr(f, text);
	const char *e = memchr(text, 'e', n);
	if (e && !memchr(text, '.', n)) {
		guild_buf_append(out, text, (size_t)(e - text));
		guild_buf_puts(out, ".0");
		guild_buf_puts(out, e);
	} else {
		guild_buf_append(out, text, n);
	}
}

static bool is_yes_no(struct guild_str s)
{
	return s.n == 1 && is_one_of((unsigned char)s.p[0], "yYnN");
}

void guild_yaml_scalar_init(struct scalar *s, const struct emitter *e, const struct guild_value *v,
	struct guild_buf *scratch)
{
	static const char *const tags[] = {
		[GUILD_NULL] = "!!null",
		[GUILD_BOOL] = "!!bool",
		[GUILD_INT] = "!!int",
		[GUILD_FLOAT] = "!!float",
		[GUILD_STRING] = "!!str",
		[GUILD_DATE] = "!!timestamp",
	};
	*s = (struct scalar){.tag = tags[v->type], .is_implicit = true};
	guild_buf_reset(scratch);
	switch (v->type) {
	case GUILD_STRING:
		s->is_string = true;
		s->text = v->s;
		s->is_implicit =
			guild_yaml_plain_kind(v->s, GUILD_YAML_NUMBERS) == GUILD_PLAIN_STRING &&
			!(e->quote_yes_no && is_yes_no(v->s));
		break;
	case GUILD_DATE:
		s->text = v->s;
		break;
	case GUILD_NULL:
		s->text = guild_str("null");
		break;
	case GUILD_BOOL:
		s->text = guild_str(v->b ? "true" : "false");
		break;
	case GUILD_FLOAT:
		put_float(scratch, v->f);
		s->text = guild_buf_str(scratch);
		break;
	default:
		guild_value_py_str(scratch, v);
		s->text = guild_buf_str(scratch);
		break;
	}
	analyze(s, e->is_flow);
}

/* ---- writing ---- */

static void put(struct emitter *e, const char *p, size_t n)
{
	guild_buf_append(e->out, p, n);
	e->column += n;
}

static void write_plain(struct emitter *e, struct guild_str s)
{
	if (s.n > 0 && !e->at_space) {
		put(e, " ", 1);
	}
	e->at_space = false;
	e->at_indention = false;
	for (size_t i = 0; i < s.n;) {
		size_t start = i;
		while (i < s.n && s.p[i] != ' ') {
			i++;
		}
		put(e, s.p + start, i - start);
		start = i;
		while (i < s.n && s.p[i] == ' ') {
			i++;
		}
		if (i == start + 1 && e->column > e->width && !e->is_key) {
			guild_yaml_write_indent(e);
			e->at_space = false;
			e->at_indention = false;
		} else {
			put(e, s.p + start, i - start);
		}
	}
}

/* A run of line breaks: the first is doubled, since a single one would be read as a blank. */
static size_t write_breaks(struct emitter *e, struct guild_str s, size_t i)
{
	guild_yaml_write_line_break(e);
	while (i < s.n && s.p[i] == '\n') {
		guild_yaml_write_line_break(e);
		i++;
	}
	guild_yaml_write_indent(e);
	return i;
}

static void write_single_quoted(struct emitter *e, struct guild_str s)
{
	guild_yaml_write_indicator(e, "'", true, false, false);
	for (size_t i = 0; i < s.n;) {
		size_t start = i;
		if (s.p[i] == ' ') {
			while (i < s.n && s.p[i] == ' ') {
				i++;
			}
			bool is_inside = start != 0 && i != s.n;
			if (i == start + 1 && e->column > e->width && !e->is_key && is_inside) {
				guild_yaml_write_indent(e);
			} else {
				put(e, s.p + start, i - start);
			}
		} else if (s.p[i] == '\n') {
			i = write_breaks(e, s, i);
		} else if (s.p[i] == '\'') {
			put(e, "''", 2);
			i++;
		} else {
			while (i < s.n && s.p[i] != ' ' && s.p[i] != '\n' && s.p[i] != '\'') {
				i++;
			}
			put(e, s.p + start, i - start);
		}
	}
	guild_yaml_write_indicator(e, "'", false, false, false);
}

static void write_escape(struct emitter *e, uint32_t cp)
{
	static const struct {
		uint32_t cp;
		const char *text;
	} names[] = {{0, "\\0"}, {7, "\\a"}, {8, "\\b"}, {9, "\\t"}, {10, "\\n"}, {11, "\\v"},
		{12, "\\f"}, {13, "\\r"}, {27, "\\e"}, {'"', "\\\""}, {'\\', "\\\\"}, {0x85, "\\N"},
		{0xA0, "\\_"}, {0x2028, "\\L"}, {0x2029, "\\P"}};
	char text[16];
	int n = 0;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(names); i++) {
		if (names[i].cp == cp) {
			put(e, names[i].text, strlen(names[i].text));
			return;
		}
	}
	if (cp <= 0xFF) {
		n = snprintf(text, sizeof text, "\\x%02X", cp);
	} else if (cp <= 0xFFFF) {
		n = snprintf(text, sizeof text, "\\u%04X", cp);
	} else {
		n = snprintf(text, sizeof text, "\\U%08X", cp);
	}
	put(e, text, (size_t)n);
}

/* A backslash ends the line; a blank at the start of the next one needs another. */
static void fold_double_quoted(struct emitter *e, bool next_is_space)
{
	put(e, "\\", 1);
	guild_yaml_write_indent(e);
	e->at_space = false;
	e->at_indention = false;
	if (next_is_space) {
		put(e, "\\", 1);
	}
}

/* `start` is where the plain characters begin that are not written yet; a fold may come before a blank or after an
 * escape, never right at either end of the text. */
static void write_double_quoted(struct emitter *e, struct guild_str s)
{
	size_t start = 0;
	guild_yaml_write_indicator(e, "\"", true, false, false);
	for (size_t i = 0; i < s.n;) {
		uint32_t cp = 0;
		size_t at = i;
		size_t used = guild_utf8_decode_lossless(s.p + i, s.n - i, &cp);
		bool is_escaped = cp == '"' || cp == '\\' || cp < 0x20 || cp > 0x7E;
		if (is_escaped) {
			put(e, s.p + start, at - start);
			write_escape(e, cp);
			start = at + used;
		}
		i += used;
		bool may_fold = at > 0 && i < s.n && (cp == ' ' || start >= at);
		size_t pending = start < at ? at - start : 0;
		size_t shift = start > at ? 1 : 0; /* an escape counts back one character */
		if (may_fold && !e->is_key && e->column + pending > e->width + shift) {
			put(e, s.p + start, pending);
			if (start < at) {
				start = at;
			}
			fold_double_quoted(e, s.p[start] == ' ');
		}
	}
	put(e, s.p + start, s.n - start);
	guild_yaml_write_indicator(e, "\"", false, false, false);
}

void guild_yaml_write_scalar(struct emitter *e, const struct scalar *s)
{
	bool allow_plain = e->flow_level > 0 ? s->allow_flow_plain : s->allow_block_plain;
	bool fits_key = !(e->is_key && s->is_multiline);
	if (s->is_implicit && fits_key && allow_plain) {
		write_plain(e, s->text);
		return;
	}
	if (!s->is_string) {
		/* Quoted, it would be read as a string. */
		guild_yaml_write_indicator(e, s->tag, true, false, false);
	}
	if (s->allow_single && fits_key) {
		write_single_quoted(e, s->text);
	} else {
		write_double_quoted(e, s->text);
	}
}
