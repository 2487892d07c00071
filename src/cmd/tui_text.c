/* Texts of foreign runs, fitted into columns of a terminal. */

#include "tui_text.h"

#include <math.h>
#include <string.h>
#include <utf8proc.h>

enum { CHAR_MAX_BYTES = 4, MARKS_MAX = 4 };

/* One character as it is shown. */
struct shown {
	char bytes[CHAR_MAX_BYTES];
	size_t n;     /* 0: not shown at all */
	size_t width; /* 0: a mark on the character before */
};

static void show(struct shown *c, const char *p, size_t n, size_t width)
{
	memcpy(c->bytes, p, n);
	c->n = n;
	c->width = width;
}

static void show_unknown(struct shown *c, bool utf8)
{
	show(c, utf8 ? "\xef\xbf\xbd" : "?", utf8 ? 3 : 1, 1);
}

/* Takes one character; returns how many bytes it has. */
static size_t take_char(struct guild_str text, bool utf8, struct shown *c)
{
	uint32_t cp = 0;
	size_t n = guild_utf8_decode(text.p, text.n, &cp);

	if (n == 0) {
		show_unknown(c, utf8);
		return 1;
	}
	if (cp >= ' ' && cp < 0x7f) {
		show(c, text.p, 1, 1);
		return n;
	}
	if (cp == '\t' || cp == '\n' || cp == '\r') {
		show(c, " ", 1, 1);
		return n;
	}
	utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)cp);
	int width = utf8proc_charwidth((utf8proc_int32_t)cp);

	if (category == UTF8PROC_CATEGORY_CF) {
		show(c, "", 0, 0);
	} else if (category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_ZL ||
		   category == UTF8PROC_CATEGORY_ZP || category == UTF8PROC_CATEGORY_CS) {
		show_unknown(c, utf8);
	} else if (!utf8) {
		show(c, "??", width > 1 ? 2 : width > 0 ? 1 : 0, width > 0 ? (size_t)width : 0);
	} else {
		show(c, text.p, n, width > 0 ? (size_t)width : 0);
	}
	return n;
}

/* Walks over a text and keeps what a terminal can draw: no marks without a character, no heaps of them. */
struct walk {
	struct guild_str rest;
	bool utf8;
	size_t marks; /* that the last character may still get */
};

static bool next_char(struct walk *w, struct shown *c)
{
	while (w->rest.n > 0) {
		size_t n = take_char(w->rest, w->utf8, c);

		w->rest.p += n;
		w->rest.n -= n;
		if (c->width > 0) {
			w->marks = MARKS_MAX;
			return true;
		}
		if (c->n > 0 && w->marks > 0) {
			w->marks--;
			return true;
		}
	}
	return false;
}

size_t guild_tui_width(struct guild_str text, size_t limit, bool utf8)
{
	struct walk w = {.rest = text, .utf8 = utf8};
	struct shown c;
	size_t width = 0;

	while (width <= limit && next_char(&w, &c)) {
		width += c.width;
	}
	return width;
}

static void put_blanks(struct guild_buf *out, size_t n)
{
	for (; n > 0; n--) {
		guild_buf_putc(out, ' ');
	}
}

/* Appends whole characters of at most `width` columns; returns how many they take. */
static size_t put_chars(struct guild_buf *out, struct walk *w, size_t width)
{
	struct shown c;
	size_t used = 0;

	while (next_char(w, &c) && used + c.width <= width) {
		guild_buf_append(out, c.bytes, c.n);
		used += c.width;
	}
	return used;
}

void guild_tui_fit(struct guild_buf *out, struct guild_str text, size_t width, bool utf8)
{
	struct walk w = {.rest = text, .utf8 = utf8};
	size_t used = 0;

	if (width == 0) {
		return;
	}
	if (guild_tui_width(text, width, utf8) <= width) {
		used = put_chars(out, &w, width);
	} else {
		used = put_chars(out, &w, width - 1) + 1;
		guild_buf_puts(out, utf8 ? "\xe2\x80\xa6" : "~");
	}
	put_blanks(out, width - used);
}

void guild_tui_slice(struct guild_buf *out, struct guild_str text, size_t skip, size_t width,
	bool utf8)
{
	struct walk w = {.rest = text, .utf8 = utf8};
	struct shown c;
	size_t at = 0;

	while (next_char(&w, &c) && at < skip + width) {
		bool is_cut = at < skip && at + c.width > skip;

		if (is_cut) {
			put_blanks(out, at + c.width - skip);
		} else if (at >= skip && at + c.width <= skip + width) {
			guild_buf_append(out, c.bytes, c.n);
		}
		at += c.width;
	}
}

size_t guild_tui_break(struct guild_str text, size_t width, bool utf8)
{
	struct walk w = {.rest = text, .utf8 = utf8};
	struct shown c;
	size_t used = 0;
	size_t end = 0;

	while (next_char(&w, &c)) {
		used += c.width;
		if (used > width && end > 0) {
			return end;
		}
		end = text.n - w.rest.n;
	}
	return text.n;
}

/* ---- sparklines --------------------------------------------------------------------------------- */

static const char *const bars[] = {"\xe2\x96\x81", "\xe2\x96\x82", "\xe2\x96\x83", "\xe2\x96\x84",
	"\xe2\x96\x85", "\xe2\x96\x86", "\xe2\x96\x87", "\xe2\x96\x88"};
static const char *const ascii_bars[] = {"_", ".", ",", "-", "~", "=", "*", "#"};
enum { LEVELS = GUILD_ARRAY_LEN(bars) };

static void put_bar(struct guild_buf *out, double v, double low, double high, bool utf8)
{
	double level = (LEVELS - 1) / 2.0;

	if (isnan(v)) {
		guild_buf_putc(out, ' ');
		return;
	}
	if (v <= low) {
		level = low < high ? 0 : level;
	} else if (v >= high) {
		level = LEVELS - 1;
	} else {
		/* In halves: the difference of two finite values may be none. */
		level = (v / 2 - low / 2) / (high / 2 - low / 2) * (LEVELS - 1);
	}
	size_t bar = level >= 0 && level < LEVELS ? (size_t)(level + 0.5) : 0;

	guild_buf_puts(out, (utf8 ? bars : ascii_bars)[bar]);
}

/* Mean of the values that are numbers; NaN when none is. */
static double mean(const double *values, size_t n)
{
	double sum = 0;
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		if (!isnan(values[i])) {
			sum += values[i];
			count++;
		}
	}
	return count > 0 ? sum / (double)count : NAN;
}

/* The value of column `i` of `columns`. */
static double column_value(const double *values, size_t n, size_t columns, size_t i)
{
	size_t from = i * n / columns;
	size_t to = (i + 1) * n / columns;

	return mean(values + from, to - from);
}

void guild_tui_spark(struct guild_buf *out, const double *values, size_t n, size_t width, bool utf8)
{
	size_t columns = n < width ? n : width;
	double low = INFINITY;
	double high = -INFINITY;

	for (size_t i = 0; i < columns; i++) {
		double v = column_value(values, n, columns, i);

		if (isfinite(v)) {
			low = v < low ? v : low;
			high = v > high ? v : high;
		}
	}
	for (size_t i = 0; i < columns; i++) {
		put_bar(out, column_value(values, n, columns, i), low, high, utf8);
	}
	put_blanks(out, width - columns);
}
