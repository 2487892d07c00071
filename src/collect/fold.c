/* Output as text: escape sequences out, carriage returns and backspaces applied. */
#include "collect_private.h"

#include <stdlib.h>
#include <string.h>

enum { ESC = 0x1b, BEL = 7 };

/* An escape sequence at p: its length, and for a control sequence its last byte and first number. */
struct escape {
	size_t n;
	char final; /* 0: not a control sequence */
	size_t number;
};

static struct escape read_control_sequence(const char *p, size_t n)
{
	struct escape e = {2, 0, 0};
	while (e.n < n && p[e.n] >= 0x30 && p[e.n] <= 0x3f) {
		if (p[e.n] >= '0' && p[e.n] <= '9' && e.number < GUILD_LINE_MAX) {
			e.number = e.number * 10 + (size_t)(p[e.n] - '0');
		}
		e.n++;
	}
	while (e.n < n && p[e.n] >= 0x20 && p[e.n] <= 0x2f) {
		e.n++;
	}
	if (e.n < n && p[e.n] >= 0x40 && p[e.n] <= 0x7e) {
		e.final = p[e.n++];
	}
	return e;
}

static struct escape read_escape(const char *p, size_t n)
{
	struct escape e = {1, 0, 0};
	if (n < 2) {
		return e;
	}
	if (p[1] == '[') {
		return read_control_sequence(p, n);
	}
	if (strchr("]PX^_", p[1]) && p[1]) { /* a string, up to BEL or ESC \ */
		for (e.n = 2; e.n < n; e.n++) {
			if (p[e.n] == BEL) {
				e.n++;
				return e;
			}
			if (p[e.n] == ESC) {
				e.n += e.n + 1 < n && p[e.n + 1] == '\\' ? 2 : 0;
				return e;
			}
		}
		return e;
	}
	while (e.n < n && p[e.n] >= 0x20 && p[e.n] <= 0x2f) {
		e.n++;
	}
	e.n += e.n < n && p[e.n] >= 0x30 && p[e.n] <= 0x7e;
	return e;
}

/* A line of a terminal: one code point a cell. */
struct screen {
	uint32_t *cells;
	size_t n, cap;
	size_t at;
};

static void put_cell(struct screen *s, uint32_t cp)
{
	if (s->at >= GUILD_LINE_MAX) {
		return;
	}
	s->cells = guild_grow_array(s->cells, &s->cap, s->at + 1, sizeof(*s->cells));
	for (; s->n < s->at; s->n++) {
		s->cells[s->n] = ' ';
	}
	s->cells[s->at++] = cp;
	s->n = s->at > s->n ? s->at : s->n;
}

static void apply_escape(struct screen *s, const struct escape *e)
{
	size_t count = e->number > 0 ? e->number : 1;
	switch (e->final) {
	case 'K': /* erase to the end, from the start, or all */
		if (e->number == 0) {
			s->n = s->at < s->n ? s->at : s->n;
		} else if (e->number == 1) {
			for (size_t i = 0; i <= s->at && i < s->n; i++) {
				s->cells[i] = ' ';
			}
		} else {
			s->n = 0;
		}
		break;
	case 'C':
		s->at += count;
		break;
	case 'D':
		s->at -= count < s->at ? count : s->at;
		break;
	case 'G':
		s->at = count - 1;
		break;
	default:
		break;
	}
}

void guild_output_fold_line(struct guild_str line, struct guild_buf *out)
{
	struct screen s = {0};
	for (size_t i = 0; i < line.n;) {
		unsigned char c = (unsigned char)line.p[i];
		if (c == ESC) {
			struct escape e = read_escape(line.p + i, line.n - i);
			apply_escape(&s, &e);
			i += e.n;
			continue;
		}
		uint32_t cp;
		size_t n = guild_utf8_decode(line.p + i, line.n - i, &cp);
		i += n > 0 ? n : 1;
		if (c == '\r') {
			s.at = 0;
		} else if (c == '\b') {
			s.at -= s.at > 0;
		} else if (n > 0 && cp >= '\t') {
			put_cell(&s, cp);
		}
	}
	for (size_t i = 0; i < s.n; i++) {
		char utf8[4];
		guild_buf_append(out, utf8, guild_utf8_encode(s.cells[i], utf8));
	}
	free(s.cells);
}

/* Appends the text of a stretch without carriage returns. A backspace takes a character back. */
static void clean_stretch(struct guild_str raw, struct guild_buf *out)
{
	size_t start = out->n;
	for (size_t i = 0; i < raw.n;) {
		unsigned char c = (unsigned char)raw.p[i];
		if (c == ESC) {
			i += read_escape(raw.p + i, raw.n - i).n;
			continue;
		}
		uint32_t cp;
		size_t n = guild_utf8_decode(raw.p + i, raw.n - i, &cp);
		if (n > 0 && cp >= '\t') {
			guild_buf_append(out, raw.p + i, n);
		} else if (c == '\b' && out->n > start) {
			do {
				out->n--;
			} while (out->n > start && (out->p[out->n] & 0xc0) == 0x80);
		}
		i += n > 0 ? n : 1;
	}
	size_t n = guild_line_trimmed(guild_buf_cstr(out) + start, out->n - start);
	out->n = start + n;
	if (out->p) {
		out->p[out->n] = 0;
	}
}

/* Not as a terminal would show it: a shorter text over a longer one would make numbers nobody printed ("0.5" over "0.31" is
 * "0.51"). The last redraw that shows anything counts. */
void guild_line_clean(struct guild_str raw, struct guild_buf *out)
{
	guild_buf_reset(out);
	size_t end = raw.n < GUILD_LINE_MAX ? raw.n : GUILD_LINE_MAX;
	while (end > 0 && out->n == 0) {
		const char *cr = memrchr(raw.p, '\r', end);
		size_t start = cr ? (size_t)(cr - raw.p) + 1 : 0;
		clean_stretch((struct guild_str){raw.p + start, end - start}, out);
		end = cr ? (size_t)(cr - raw.p) : 0;
	}
}
