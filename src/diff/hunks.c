/* Unified diffs as text, plain for programs or coloured for people. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "paint.h"

enum { HEADING_MAX = 80 };

/* ---- paint ------------------------------------------------------------------------------------------------ */

void guild_paint_text(struct guild_buf *out, struct guild_str text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if ((c < 0x20 && c != '\t' && c != '\n') || c == 0x7f) {
			guild_buf_printf(out, "^%c", c ^ 0x40);
		} else {
			guild_buf_putc(out, (char)c);
		}
	}
}

void guild_paint_line(struct guild_buf *out, const struct guild_patch_style *style,
	const char *paint, const char *fmt, ...)
{
	va_list args;
	char *line = NULL;

	va_start(args, fmt);
	int n = vasprintf(&line, fmt, args);

	va_end(args);
	guild_assert(n >= 0);
	if (style->color) {
		guild_buf_puts(out, paint);
		guild_paint_text(out, guild_str(line));
		guild_buf_puts(out, GUILD_PAINT_END);
	} else {
		guild_buf_puts(out, line);
	}
	guild_buf_putc(out, '\n');
	free(line);
}

/* ---- lines ------------------------------------------------------------------------------------------------ */

/* Spans of words, used up line by line. */
struct marks {
	const struct guild_word_spans *spans;
	size_t next;
};

static void put_marked(struct guild_buf *out, struct guild_str line, const char *paint,
	struct marks *marks)
{
	const char *at = line.p, *end = line.p + line.n;

	while (marks->spans && marks->next < marks->spans->n) {
		struct guild_str span = marks->spans->v[marks->next];

		if (span.p < at || span.p >= end) {
			break;
		}
		guild_paint_text(out, guild_str_n(at, (size_t)(span.p - at)));
		guild_buf_puts(out, GUILD_PAINT_MARK);
		guild_paint_text(out, span);
		guild_buf_printf(out, "%s%s", GUILD_PAINT_END, paint);
		at = span.p + span.n;
		marks->next++;
	}
	guild_paint_text(out, guild_str_n(at, (size_t)(end - at)));
}

static void put_line(struct guild_buf *out, const struct guild_patch_style *style, char mark,
	struct guild_str line, struct marks *marks)
{
	bool has_end = line.n > 0 && line.p[line.n - 1] == '\n';
	struct guild_str text = {line.p, line.n - (has_end ? 1 : 0)};
	const char *paint = mark == '-' ? GUILD_PAINT_OLD : mark == '+' ? GUILD_PAINT_NEW : "";

	if (style->color) {
		guild_buf_printf(out, "%s%c", paint, mark);
		put_marked(out, text, paint, marks);
		guild_buf_puts(out, *paint ? GUILD_PAINT_END "\n" : "\n");
	} else {
		guild_buf_putc(out, mark);
		guild_buf_append(out, text.p, text.n);
		guild_buf_putc(out, '\n');
	}
	if (!has_end) {
		guild_buf_puts(out, "\\ No newline at end of file\n");
	}
}

static void put_change(struct guild_buf *out, const struct guild_patch_style *style,
	const struct guild_text_diff *d, size_t change)
{
	const struct guild_text_change *c = &d->changes[change];
	struct guild_word_spans old = {0}, new = {0};

	if (style->color) {
		guild_text_changed_words(d, change, &old, &new);
	}
	struct marks old_marks = {&old, 0}, new_marks = {&new, 0};

	for (size_t i = 0; i < c->old_n; i++) {
		put_line(out, style, '-', d->old_lines[c->old_from + i], &old_marks);
	}
	for (size_t i = 0; i < c->new_n; i++) {
		put_line(out, style, '+', d->new_lines[c->new_from + i], &new_marks);
	}
	guild_word_spans_fini(&old);
	guild_word_spans_fini(&new);
}

/* ---- hunks ------------------------------------------------------------------------------------------------- */

static void put_range(struct guild_buf *out, char mark, size_t from, size_t n)
{
	guild_buf_printf(out, "%c%zu", mark, n ? from + 1 : from);
	if (n != 1) {
		guild_buf_printf(out, ",%zu", n);
	}
}

/* What a hunk is in: the last line above it that begins a function, say. */
struct heading {
	struct guild_str line;
	size_t seen; /* lines of the old text that were looked at */
};

static bool begins_something(struct guild_str line)
{
	char c = line.n > 0 ? line.p[0] : 0;

	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}

static void find_heading(const struct guild_text_diff *d, size_t from, struct heading *h)
{
	size_t i = from;

	while (i > h->seen && !begins_something(d->old_lines[i - 1])) {
		i--;
	}
	if (i > h->seen) {
		struct guild_str line = d->old_lines[i - 1];

		line.n = line.n < HEADING_MAX ? line.n : HEADING_MAX;
		while (line.n > 0 && ((unsigned char)line.p[line.n - 1] <= ' ' ||
					     !guild_utf8_valid(line.p, line.n))) {
			line.n--;
		}
		h->line = line;
	}
	h->seen = from > h->seen ? from : h->seen;
}

static void put_head(struct guild_buf *out, const struct guild_patch_style *style,
	const struct guild_hunk *h, struct guild_str in)
{
	guild_buf_puts(out, style->color ? GUILD_PAINT_HUNK "@@ " : "@@ ");
	put_range(out, '-', h->old_from, h->old_n);
	guild_buf_putc(out, ' ');
	put_range(out, '+', h->new_from, h->new_n);
	guild_buf_puts(out, style->color ? " @@" GUILD_PAINT_END : " @@");
	if (in.n > 0) {
		guild_buf_putc(out, ' ');
		if (style->color) {
			guild_paint_text(out, in);
		} else {
			guild_buf_append(out, in.p, in.n);
		}
	}
	guild_buf_putc(out, '\n');
}

void guild_text_hunks(const struct guild_text_diff *d, const struct guild_patch_style *style,
	struct guild_buf *out)
{
	struct guild_hunk h = {0};
	struct marks none = {0};
	struct heading heading = {0};

	while (guild_text_next_hunk(d, style->context, &h)) {
		size_t line = h.old_from;

		find_heading(d, h.old_from, &heading);
		put_head(out, style, &h, heading.line);
		for (size_t i = h.first; i < h.first + h.n; i++) {
			for (; line < d->changes[i].old_from; line++) {
				put_line(out, style, ' ', d->old_lines[line], &none);
			}
			put_change(out, style, d, i);
			line += d->changes[i].old_n;
		}
		for (; line < h.old_from + h.old_n; line++) {
			put_line(out, style, ' ', d->old_lines[line], &none);
		}
	}
}

void guild_line_diff(struct guild_str a, struct guild_str b, const char *a_name, const char *b_name,
	struct guild_buf *out)
{
	static const struct guild_patch_style plain = {.context = GUILD_PATCH_CONTEXT};
	struct guild_text_diff d;

	guild_text_diff(a, b, &d);
	if (d.n > 0) {
		guild_buf_printf(out, "--- %s\n+++ %s\n", a_name, b_name);
		guild_text_hunks(&d, &plain, out);
	}
	guild_text_diff_fini(&d);
}
