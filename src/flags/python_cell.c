/* Notebook cells: what IPython adds to Python is blanked out, so that the rest can be parsed where it stands. */

#include <string.h>

#include "notebook.h"

/* Cell magics whose body is Python of the same name space. */
static const char *const python_magics[] = {"capture", "prun", "time", "timeit"};

struct scan {
	char *p;
	size_t n;
	size_t at;
	unsigned depth; /* open brackets */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\f';
}

static size_t line_end(const struct scan *s, size_t at)
{
	const char *nl = memchr(s->p + at, '\n', s->n - at);
	return nl ? (size_t)(nl - s->p) : s->n;
}

/* Where a line that goes on after a backslash ends. */
static size_t logical_end(const struct scan *s, size_t at)
{
	size_t end = line_end(s, at);
	while (end > at && end < s->n && s->p[end - 1] == '\\') {
		end = line_end(s, end + 1);
	}
	return end;
}

/* A statement of the same length that does nothing: a block must not become empty. */
static void blank(struct scan *s, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		if (s->p[i] != '\n') {
			s->p[i] = ' ';
		}
	}
	if (to > from) {
		s->p[from] = '0';
	}
}

/* "x = %magic" and "x = !command": the magic is not Python, whatever else the line is. */
static bool assigns_magic(const struct scan *s, size_t at, size_t end)
{
	const char *equals = memchr(s->p + at, '=', end - at);
	if (!equals) {
		return false;
	}
	for (const char *p = s->p + at; p < equals; p++) {
		if (strchr("'\"#(", *p)) {
			return false;
		}
	}
	size_t i = (size_t)(equals - s->p) + 1;
	while (i < end && is_blank(s->p[i])) {
		i++;
	}
	return i < end && (s->p[i] == '!' || s->p[i] == '%');
}

/* "name?" and "name??": help on a name. */
static bool asks_help(const struct scan *s, size_t at, size_t end)
{
	while (end > at && (is_blank(s->p[end - 1]) || s->p[end - 1] == '\r')) {
		end--;
	}
	return end > at && s->p[end - 1] == '?' && !memchr(s->p + at, '#', end - at);
}

/* At the start of a statement line: blanks it out when it is IPython's. */
static void check_line(struct scan *s)
{
	size_t at = s->at;
	while (at < s->n && is_blank(s->p[at])) {
		at++;
	}
	size_t end = line_end(s, at);
	if (at >= end) {
		return;
	}
	bool is_magic = strchr("%!?,;/", s->p[at]) != NULL;
	if (is_magic || assigns_magic(s, at, end)) {
		blank(s, at, logical_end(s, at));
	} else if (asks_help(s, at, end)) {
		blank(s, at, end);
	}
}

/* Past a string literal whose quote is at s->at. */
static void skip_string(struct scan *s)
{
	char quote = s->p[s->at];
	bool is_long = s->n - s->at >= 3 && s->p[s->at + 1] == quote && s->p[s->at + 2] == quote;
	s->at += is_long ? 3 : 1;
	while (s->at < s->n) {
		char c = s->p[s->at];
		if (c == '\\') {
			s->at += 2;
			continue;
		}
		if (!is_long && c == '\n') {
			return; /* left open */
		}
		if (c == quote && (!is_long || (s->n - s->at >= 3 && s->p[s->at + 1] == quote &&
						       s->p[s->at + 2] == quote))) {
			s->at += is_long ? 3 : 1;
			return;
		}
		s->at++;
	}
	s->at = s->n;
}

static void scan_char(struct scan *s)
{
	char c = s->p[s->at];
	switch (c) {
	case '"':
	case '\'':
		skip_string(s);
		return;
	case '#':
		s->at = line_end(s, s->at);
		return;
	case '\\':
		s->at += 2; /* a line that goes on is no new statement */
		return;
	case '(':
	case '[':
	case '{':
		s->depth++;
		break;
	case ')':
	case ']':
	case '}':
		s->depth -= s->depth > 0;
		break;
	default:
		break;
	}
	s->at++;
	if (c == '\n' && s->depth == 0) {
		check_line(s);
	}
}

/* "%%name": 1 for a body of Python (the line is blanked out), 0 for something else, -1 where there is none. */
static int cell_magic(struct scan *s)
{
	size_t at = 0;
	while (at < s->n && (is_blank(s->p[at]) || s->p[at] == '\n' || s->p[at] == '\r')) {
		at++;
	}
	if (s->n - at < 2 || s->p[at] != '%' || s->p[at + 1] != '%') {
		return -1;
	}
	size_t end = line_end(s, at);
	size_t n = 0;
	while (at + 2 + n < end && strchr(" \t\r", s->p[at + 2 + n]) == NULL) {
		n++;
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(python_magics); i++) {
		if (guild_str_eqz(guild_str_n(s->p + at + 2, n), python_magics[i])) {
			blank(s, at, end);
			return 1;
		}
	}
	return 0;
}

bool guild_py_mask_cell(struct guild_buf *text)
{
	struct scan s = {.p = text->p, .n = text->n};
	if (text->n == 0) {
		return true;
	}
	if (memchr(text->p, 0, text->n) || cell_magic(&s) == 0) {
		return false;
	}
	for (size_t i = 0; i < text->n; i++) {
		if (text->p[i] == '\r') {
			text->p[i] = ' '; /* places must stay what they are */
		}
	}
	check_line(&s);
	while (s.at < s.n) {
		scan_char(&s);
	}
	return true;
}
