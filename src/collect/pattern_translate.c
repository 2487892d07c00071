/*
 * Python's `re` syntax (3.11, str patterns) written out for PCRE2. Every construct is parsed and emitted again, so
 * what Python refuses is refused and nothing PCRE2 alone knows (verbs, \Q, \h, recursion) gets through. Groups are
 * numbered in the output; their names are kept beside it.
 */
#include "collect_private.h"

#include <stdlib.h>
#include <string.h>

enum { PATTERN_MAX_DEPTH = 200, PATTERN_MAX_GROUPS = 1000, REPEAT_MAX = 65535 };

enum { FLAG_I = 1, FLAG_M = 2, FLAG_S = 4, FLAG_X = 8, FLAG_A = 16, FLAG_U = 32 };

/* What the last item was, as far as a quantifier cares. */
enum item { ITEM_NONE, ITEM_PLAIN, ITEM_REPEAT };

struct translator {
	const char *p; /* the whole pattern */
	size_t n;
	size_t at;
	unsigned flags;
	size_t n_groups;
	bool closed[PATTERN_MAX_GROUPS + 1];
	struct guild_strs *names; /* of groups 1.., "" for a group without */
	struct guild_buf *out;
	struct guild_error *err;
	int depth;
	size_t flags_end; /* length of out while it holds nothing but global flags */
};

static int fail_at(struct translator *t, size_t at, const char *what)
{
	return guild_error_set(t->err, GUILD_EINVALID, "%s at position %zu", what, at);
}

static bool at_end(const struct translator *t)
{
	return t->at >= t->n;
}

static bool looking_at(const struct translator *t, const char *z)
{
	size_t n = strlen(z);
	return t->n - t->at >= n && memcmp(t->p + t->at, z, n) == 0;
}

static bool accept(struct translator *t, char c)
{
	if (!at_end(t) && t->p[t->at] == c) {
		t->at++;
		return true;
	}
	return false;
}

static int digit_of(char c, unsigned base)
{
	int d = c >= '0' && c <= '9'   ? c - '0'
		: c >= 'a' && c <= 'f' ? c - 'a' + 10
		: c >= 'A' && c <= 'F' ? c - 'A' + 10
				       : 99;
	return d < (int)base ? d : -1;
}

static bool is_word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

static void emit_literal(struct translator *t, uint32_t cp)
{
	if (cp >= 0x80) {
		char utf8[4];
		guild_buf_append(t->out, utf8, guild_utf8_encode(cp, utf8));
	} else if (cp < 0x20 || cp == 0x7f) {
		guild_buf_printf(t->out, "\\x{%x}", cp);
	} else {
		if (!is_word_char((char)cp)) {
			guild_buf_putc(t->out, '\\');
		}
		guild_buf_putc(t->out, (char)cp);
	}
}

/* Members of the shorthand classes where PCRE2's differ from Python's: white space always (Python counts U+001C to
 * U+001F and not U+180E), digits and words under the ASCII flag. */
static const struct {
	char letter;
	bool ascii;
	const char *members;
} shorthands[] = {
	{'s', false,
		"\\x09-\\x0d\\x1c-\\x20\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}"
		"\\x{202f}\\x{205f}\\x{3000}"},
	{'S', false,
		"\\x00-\\x08\\x0e-\\x1b!-\\x{84}\\x{86}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}"
		"\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}"
		"\\x{3001}-\\x{10ffff}"},
	{'s', true, "\\x09-\\x0d\\x20"},
	{'S', true, "\\x00-\\x08\\x0e-\\x1f!-\\x{10ffff}"},
	{'d', true, "0-9"},
	{'D', true, "\\x00-\\/:-\\x{10ffff}"},
	{'w', true, "0-9A-Z_a-z"},
	{'W', true, "\\x00-\\/:-@\\[-\\^`\\{-\\x{10ffff}"},
};

static void emit_shorthand(struct translator *t, char letter, bool in_class)
{
	bool ascii = (t->flags & FLAG_A) != 0;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(shorthands); i++) {
		if (shorthands[i].letter == letter && shorthands[i].ascii == ascii) {
			guild_buf_printf(t->out, in_class ? "%s" : "[%s]", shorthands[i].members);
			return;
		}
	}
	guild_buf_printf(t->out, "\\%c", letter);
}

/* Reads exactly n hexadecimal digits. */
static bool read_hex(struct translator *t, size_t n, uint32_t *cp)
{
	*cp = 0;
	for (size_t i = 0; i < n; i++) {
		int d = at_end(t) ? -1 : digit_of(t->p[t->at], 16);
		if (d < 0) {
			return false;
		}
		*cp = *cp * 16 + (uint32_t)d;
		t->at++;
	}
	return *cp <= 0x10ffff && (*cp < 0xd800 || *cp > 0xdfff);
}

/* Up to `max` octal digits. */
static uint32_t read_octal(struct translator *t, size_t max)
{
	uint32_t v = 0;
	for (size_t i = 0; i < max && !at_end(t) && digit_of(t->p[t->at], 8) >= 0; i++) {
		v = v * 8 + (uint32_t)digit_of(t->p[t->at++], 8);
	}
	return v;
}

/* The escapes that stand for one character, the letter after the backslash taken: 1 and *cp, 0 for another escape, or an
 * error. */
static int read_char_escape(struct translator *t, size_t start, char c, uint32_t *cp)
{
	static const char letters[] = "abfnrtv";
	static const char values[] = "\a\b\f\n\r\t\v";
	const char *found = c ? strchr(letters, c) : NULL;
	if (found) {
		*cp = (unsigned char)values[found - letters];
		return 1;
	}
	if (c == 'x' || c == 'u' || c == 'U') {
		if (!read_hex(t, c == 'x' ? 2 : c == 'u' ? 4 : 8, cp)) {
			return fail_at(t, start, "incomplete or bad character escape");
		}
		return 1;
	}
	if (c == '0') {
		*cp = read_octal(t, 2);
		return 1;
	}
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '1' && c <= '9')) {
		return 0;
	}
	t->at--;
	size_t size = guild_utf8_decode(t->p + t->at, t->n - t->at, cp);
	t->at += size;
	return 1;
}

static int check_group(struct translator *t, size_t start, size_t group)
{
	if (group == 0 || group > t->n_groups) {
		return fail_at(t, start, "invalid group reference");
	}
	if (!t->closed[group]) {
		return fail_at(t, start, "cannot refer to an open group");
	}
	return 0;
}

/* \1 .. \99, or three octal digits. The first digit is taken. */
static int translate_digits(struct translator *t, size_t start, char first)
{
	const char *p = t->p + t->at;
	size_t left = t->n - t->at;
	if (left >= 2 && digit_of(first, 8) >= 0 && digit_of(p[0], 8) >= 0 &&
		digit_of(p[1], 8) >= 0) {
		t->at--;
		uint32_t cp = read_octal(t, 3);
		if (cp > 0377) {
			return fail_at(t, start, "octal escape value outside of range 0-0o377");
		}
		emit_literal(t, cp);
		return 0;
	}
	size_t group = (size_t)(first - '0');
	if (left >= 1 && digit_of(p[0], 10) >= 0) {
		group = group * 10 + (size_t)digit_of(p[0], 10);
		t->at++;
	}
	int rc = check_group(t, start, group);
	if (rc == 0) {
		guild_buf_printf(t->out, "\\g{%zu}", group);
	}
	return rc;
}

static void emit_boundary(struct translator *t, char letter)
{
	if (!(t->flags & FLAG_A)) {
		guild_buf_printf(t->out, "\\%c", letter);
		return;
	}
	guild_buf_puts(t->out,
		letter == 'b'
			? "(?:(?<=[0-9A-Z_a-z])(?![0-9A-Z_a-z])|(?<![0-9A-Z_a-z])(?=[0-9A-Z_a-z]))"
			: "(?:(?<=[0-9A-Z_a-z])(?=[0-9A-Z_a-z])|(?<![0-9A-Z_a-z])(?![0-9A-Z_a-z]))");
}

/* A backslash outside a class; it is taken. */
static int translate_escape(struct translator *t, enum item *item)
{
	size_t start = t->at - 1;
	if (at_end(t)) {
		return fail_at(t, start, "bad escape (end of pattern)");
	}
	char c = t->p[t->at++];
	*item = ITEM_PLAIN;
	if (c == 'A' || c == 'Z') {
		guild_buf_puts(t->out, c == 'A' ? "\\A" : "\\z");
		*item = ITEM_NONE;
		return 0;
	}
	if (c == 'b' || c == 'B') {
		emit_boundary(t, c);
		*item = ITEM_NONE;
		return 0;
	}
	if (c && strchr("dDsSwW", c)) {
		emit_shorthand(t, c, false);
		return 0;
	}
	if (c >= '1' && c <= '9') {
		return translate_digits(t, start, c);
	}
	uint32_t cp;
	int rc = read_char_escape(t, start, c, &cp);
	if (rc == 1) {
		emit_literal(t, cp);
		return 0;
	}
	return rc < 0 ? rc : fail_at(t, start, "bad escape");
}

/* One member of a class: 1 with *cp for a character, 0 for a shorthand (already emitted). */
static int translate_class_member(struct translator *t, uint32_t *cp)
{
	size_t start = t->at;
	if (!accept(t, '\\')) {
		t->at += guild_utf8_decode(t->p + t->at, t->n - t->at, cp);
		return 1;
	}
	if (at_end(t)) {
		return fail_at(t, start, "unterminated character set");
	}
	char c = t->p[t->at++];
	if (c && strchr("dDsSwW", c)) {
		emit_shorthand(t, c, true);
		return 0;
	}
	if (digit_of(c, 8) >= 0) {
		t->at--;
		*cp = read_octal(t, 3);
		return *cp > 0377 ? fail_at(t, start, "octal escape value outside of range 0-0o377")
				  : 1;
	}
	int rc = read_char_escape(t, start, c, cp);
	return rc != 0 ? rc : fail_at(t, start, "bad escape");
}

/* A character class; its '[' is taken. */
static int translate_class(struct translator *t)
{
	size_t start = t->at - 1;
	guild_buf_putc(t->out, '[');
	if (accept(t, '^')) {
		guild_buf_putc(t->out, '^');
	}
	for (bool first = true; first || !accept(t, ']'); first = false) {
		if (at_end(t)) {
			return fail_at(t, start, "unterminated character set");
		}
		size_t member_at = t->at;
		uint32_t low = 0;
		int rc = translate_class_member(t, &low);
		if (rc < 0) {
			return rc;
		}
		bool is_range = looking_at(t, "-") && t->at + 1 < t->n && t->p[t->at + 1] != ']';
		if (is_range && rc == 0) {
			return fail_at(t, member_at, "bad character range");
		}
		if (rc == 1) {
			emit_literal(t, low);
		}
		if (!is_range) {
			continue;
		}
		t->at++;
		guild_buf_putc(t->out, '-');
		uint32_t high = 0;
		rc = translate_class_member(t, &high);
		if (rc <= 0 || high < low) {
			return rc < 0 ? rc : fail_at(t, member_at, "bad character range");
		}
		emit_literal(t, high);
	}
	guild_buf_putc(t->out, ']');
	return 0;
}

static bool read_number(struct translator *t, size_t *out)
{
	size_t start = t->at;
	*out = 0;
	while (!at_end(t) && digit_of(t->p[t->at], 10) >= 0) {
		*out = *out > REPEAT_MAX ? *out : *out * 10 + (size_t)digit_of(t->p[t->at], 10);
		t->at++;
	}
	return t->at > start;
}

/* {m}, {m,}, {,n}, {m,n}; the '{' is taken. 0 when it is a plain brace (then nothing else is taken). */
static int translate_braces(struct translator *t, struct guild_buf *quantifier)
{
	size_t start = t->at;
	size_t low;
	size_t high;
	if (looking_at(t, "}")) {
		return 0;
	}
	bool has_low = read_number(t, &low);
	bool has_comma = accept(t, ',');
	bool has_high = has_comma && read_number(t, &high);
	if (!accept(t, '}')) {
		t->at = start;
		return 0;
	}
	if ((has_low && low > REPEAT_MAX) || (has_high && high > REPEAT_MAX)) {
		return fail_at(t, start, "the repetition number is too large");
	}
	if (has_high && high < low) {
		return fail_at(t, start, "min repeat greater than max repeat");
	}
	guild_buf_printf(quantifier, "{%zu", low);
	if (has_comma) {
		guild_buf_putc(quantifier, ',');
	}
	if (has_high) {
		guild_buf_printf(quantifier, "%zu", high);
	}
	guild_buf_putc(quantifier, '}');
	return 1;
}

/* A quantifier whose first character `c` is taken; a brace that is none is a literal. */
static int translate_quantifier(struct translator *t, char c, enum item *item)
{
	size_t start = t->at - 1;
	struct guild_buf quantifier = {0};
	int rc = 1;
	if (c == '{') {
		rc = translate_braces(t, &quantifier);
	} else {
		guild_buf_putc(&quantifier, c);
	}
	if (rc == 0) {
		emit_literal(t, '{');
		*item = ITEM_PLAIN;
	} else if (rc > 0 && *item != ITEM_PLAIN) {
		rc = fail_at(t, start,
			*item == ITEM_NONE ? "nothing to repeat" : "multiple repeat");
	} else if (rc > 0) {
		guild_buf_append(t->out, quantifier.p, quantifier.n);
		if (accept(t, '?')) {
			guild_buf_putc(t->out, '?');
		} else if (accept(t, '+')) {
			guild_buf_putc(t->out, '+');
		}
		*item = ITEM_REPEAT;
	}
	guild_buf_fini(&quantifier);
	return rc < 0 ? rc : 0;
}

/* A group name up to `end`, which is taken. */
static int read_name(struct translator *t, char end, struct guild_str *name)
{
	size_t start = t->at;
	const char *stop = memchr(t->p + start, end, t->n - start);
	if (stop == NULL) {
		return fail_at(t, start, "unterminated group name");
	}
	*name = (struct guild_str){t->p + start, (size_t)(stop - t->p) - start};
	t->at = start + name->n + 1;
	for (size_t i = 0; i < name->n; i++) {
		bool is_high = (unsigned char)name->p[i] >= 0x80;
		bool is_digit = digit_of(name->p[i], 10) >= 0;
		if (!is_high && (!is_word_char(name->p[i]) || (i == 0 && is_digit))) {
			return fail_at(t, start, "bad character in group name");
		}
	}
	return name->n > 0 ? 0 : fail_at(t, start, "missing group name");
}

/* The number of a group by name, 0 when there is none. */
static size_t find_group(const struct translator *t, struct guild_str name)
{
	for (size_t i = 0; i < t->names->n; i++) {
		if (guild_str_eqz(name, t->names->v[i])) {
			return i + 1;
		}
	}
	return 0;
}

static int translate_alternatives(struct translator *t);

/* The inside of a parenthesis up to and with its ')', under its own flags. */
static int translate_rest_of_group(struct translator *t, size_t start, unsigned flags)
{
	unsigned outer = t->flags;
	t->flags = flags;
	int rc = translate_alternatives(t);
	t->flags = outer;
	if (rc == 0 && !accept(t, ')')) {
		rc = fail_at(t, start, "missing ), unterminated subpattern");
	}
	if (rc == 0) {
		guild_buf_putc(t->out, ')');
	}
	return rc;
}

static int translate_capture(struct translator *t, size_t start, struct guild_str name)
{
	if (t->n_groups >= PATTERN_MAX_GROUPS) {
		return fail_at(t, start, "too many groups");
	}
	if (name.n > 0 && find_group(t, name) != 0) {
		return fail_at(t, start, "redefinition of group name");
	}
	size_t group = ++t->n_groups;
	guild_strs_add_n(t->names, name.p, name.n);
	guild_buf_putc(t->out, '(');
	int rc = translate_rest_of_group(t, start, t->flags);
	t->closed[group] = true;
	return rc;
}

/* (?(1)yes|no), (?(name)yes|no); "(?(" is taken. */
static int translate_conditional(struct translator *t, size_t start)
{
	struct guild_str name = {0};
	size_t group;
	size_t at = t->at;
	if (read_number(t, &group) && accept(t, ')')) {
		if (group == 0 || group > PATTERN_MAX_GROUPS) {
			return fail_at(t, at, "invalid group reference");
		}
	} else {
		t->at = at;
		int rc = read_name(t, ')', &name);
		if (rc != 0) {
			return rc;
		}
		group = find_group(t, name);
	}
	if (group == 0 || group > t->n_groups) {
		return fail_at(t, at, "unknown group in a condition");
	}
	guild_buf_printf(t->out, "(?(%zu)", group);
	return translate_rest_of_group(t, start, t->flags);
}

static unsigned flag_of(char c)
{
	switch (c) {
	case 'i':
		return FLAG_I;
	case 'm':
		return FLAG_M;
	case 's':
		return FLAG_S;
	case 'x':
		return FLAG_X;
	case 'a':
		return FLAG_A;
	case 'u':
		return FLAG_U;
	default:
		return 0;
	}
}

static void emit_flags(struct translator *t, unsigned on, unsigned off)
{
	static const struct {
		unsigned flag;
		char letter;
	} known[] = {{FLAG_I, 'i'}, {FLAG_M, 'm'}, {FLAG_S, 's'}};
	guild_buf_puts(t->out, "(?");
	for (size_t i = 0; i < GUILD_ARRAY_LEN(known); i++) {
		if (on & known[i].flag) {
			guild_buf_putc(t->out, known[i].letter);
		}
	}
	if (off & (FLAG_I | FLAG_M | FLAG_S)) {
		guild_buf_putc(t->out, '-');
		for (size_t i = 0; i < GUILD_ARRAY_LEN(known); i++) {
			if (off & known[i].flag) {
				guild_buf_putc(t->out, known[i].letter);
			}
		}
	}
}

static unsigned read_flags(struct translator *t)
{
	unsigned flags = 0;
	while (!at_end(t) && flag_of(t->p[t->at]) != 0) {
		flags |= flag_of(t->p[t->at++]);
	}
	return flags;
}

/* (?flags) at the start of the pattern, (?flags-flags:...) anywhere; "(?" is taken. */
static int translate_flags(struct translator *t, size_t start, enum item *item)
{
	unsigned on = read_flags(t);
	if (on && accept(t, ')')) {
		if (t->out->n != t->flags_end) {
			return fail_at(t, start, "global flags not at the start of the expression");
		}
		t->flags |= on;
		emit_flags(t, on, 0);
		guild_buf_putc(t->out, ')');
		t->flags_end = t->out->n;
		*item = ITEM_NONE;
		return 0;
	}
	unsigned off = 0;
	if (accept(t, '-')) {
		off = read_flags(t);
		if (off == 0 || (off & (FLAG_A | FLAG_U))) {
			return fail_at(t, start, "bad inline flags");
		}
	}
	if (!accept(t, ':') || (on & off) || (on & (FLAG_A | FLAG_U)) == (FLAG_A | FLAG_U)) {
		return fail_at(t, start, "unknown extension or bad inline flags");
	}
	unsigned flags = (t->flags | on) & ~off;
	flags = on & FLAG_U ? flags & ~(unsigned)FLAG_A : flags;
	emit_flags(t, on, off);
	guild_buf_putc(t->out, ':');
	return translate_rest_of_group(t, start, flags);
}

static int translate_named(struct translator *t, size_t start)
{
	struct guild_str name = {0};
	bool is_reference = looking_at(t, "=");
	if (!is_reference && !looking_at(t, "<")) {
		return fail_at(t, start, "unknown extension ?P");
	}
	t->at++;
	int rc = read_name(t, is_reference ? ')' : '>', &name);
	if (rc != 0 || !is_reference) {
		return rc != 0 ? rc : translate_capture(t, start, name);
	}
	size_t group = find_group(t, name);
	if (group == 0) {
		return fail_at(t, start, "unknown group name");
	}
	rc = check_group(t, start, group);
	if (rc == 0) {
		guild_buf_printf(t->out, "\\g{%zu}", group);
	}
	return rc;
}

/* Anything that starts with '(', which is taken. */
static int translate_group(struct translator *t, enum item *item)
{
	static const char *const plain[] = {"?:", "?=", "?!", "?<=", "?<!", "?>"};
	size_t start = t->at - 1;
	*item = ITEM_PLAIN;
	if (!looking_at(t, "?")) {
		return looking_at(t, "*") ? fail_at(t, t->at, "nothing to repeat")
					  : translate_capture(t, start, (struct guild_str){0});
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(plain); i++) {
		if (looking_at(t, plain[i])) {
			t->at += strlen(plain[i]);
			guild_buf_printf(t->out, "(%s", plain[i]);
			return translate_rest_of_group(t, start, t->flags);
		}
	}
	t->at++;
	if (accept(t, 'P')) {
		return translate_named(t, start);
	}
	if (accept(t, '(')) {
		return translate_conditional(t, start);
	}
	if (accept(t, '#')) {
		const char *stop = memchr(t->p + t->at, ')', t->n - t->at);
		if (stop == NULL) {
			return fail_at(t, start, "missing ), unterminated comment");
		}
		t->at = (size_t)(stop - t->p) + 1;
		return 1; /* nothing was emitted: the item before stays the last */
	}
	return translate_flags(t, start, item);
}

static bool skip_verbose(struct translator *t)
{
	char c = t->p[t->at];
	if (c == '#') {
		const char *stop = memchr(t->p + t->at, '\n', t->n - t->at);
		t->at = stop ? (size_t)(stop - t->p) + 1 : t->n;
		return true;
	}
	if (c == ' ' || (c >= '\t' && c <= '\r')) {
		t->at++;
		return true;
	}
	return false;
}

static int translate_item(struct translator *t, enum item *item)
{
	char c = t->p[t->at];
	if (c && strchr("*+?{", c)) {
		t->at++;
		return translate_quantifier(t, c, item);
	}
	if (c == '\\' || c == '[' || c == '(') {
		t->at++;
	}
	switch (c) {
	case '\\':
		return translate_escape(t, item);
	case '[':
		*item = ITEM_PLAIN;
		return translate_class(t);
	case '(': {
		enum item before = *item;
		int rc = translate_group(t, item);
		*item = rc == 1 ? before : *item;
		return rc < 0 ? rc : 0;
	}
	case '^':
	case '$':
		guild_buf_putc(t->out, c);
		*item = ITEM_NONE;
		t->at++;
		return 0;
	case '.':
		guild_buf_putc(t->out, c);
		*item = ITEM_PLAIN;
		t->at++;
		return 0;
	default: {
		uint32_t cp;
		t->at += guild_utf8_decode(t->p + t->at, t->n - t->at, &cp);
		emit_literal(t, cp);
		*item = ITEM_PLAIN;
		return 0;
	}
	}
}

static int translate_alternatives(struct translator *t)
{
	if (++t->depth > PATTERN_MAX_DEPTH) {
		return fail_at(t, t->at, "groups are nested too deeply");
	}
	enum item item = ITEM_NONE;
	while (!at_end(t) && t->p[t->at] != ')') {
		if ((t->flags & FLAG_X) && skip_verbose(t)) {
			continue;
		}
		if (accept(t, '|')) {
			guild_buf_putc(t->out, '|');
			item = ITEM_NONE;
			continue;
		}
		int rc = translate_item(t, &item);
		if (rc != 0) {
			return rc;
		}
	}
	t->depth--;
	return 0;
}

int guild_pattern_translate(struct guild_str pattern, struct guild_buf *out,
	struct guild_strs *names, struct guild_error *err)
{
	if (pattern.n > GUILD_PATTERN_MAX) {
		return guild_error_set(err, GUILD_ELIMIT, "longer than %d bytes",
			GUILD_PATTERN_MAX);
	}
	if (!guild_utf8_valid(pattern.p, pattern.n)) {
		return guild_error_set(err, GUILD_EINVALID, "not UTF-8");
	}
	struct translator t = {.p = pattern.p,
		.n = pattern.n,
		.names = names,
		.out = out,
		.err = err,
		.flags_end = out->n};
	int rc = translate_alternatives(&t);
	if (rc == 0 && !at_end(&t)) {
		rc = fail_at(&t, t.at, "unbalanced parenthesis");
	}
	return rc;
}
