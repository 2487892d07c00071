/* Plain tables: cells padded to the widest plus two blanks, cut at the terminal's edge. */

#include "cmd.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

void guild_table_init(struct guild_table *t, size_t n_cols, size_t indent)
{
	*t = (struct guild_table){.n_cols = n_cols, .indent = indent};
}

/* Control characters would break the row, or the terminal. */
static char *clean_cell(const char *text)
{
	char *cell = guild_strdup(text ? text : "");

	for (char *c = cell; *c; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f) {
			*c = ' ';
		}
	}
	return cell;
}

void guild_table_add(struct guild_table *t, const char *const *cells)
{
	size_t n = t->n_rows * t->n_cols;

	t->cells = guild_realloc(t->cells, (n + t->n_cols) * sizeof(*t->cells));
	for (size_t i = 0; i < t->n_cols; i++) {
		t->cells[n + i] = clean_cell(cells[i]);
	}
	t->n_rows++;
}

/* Length in bytes of one character; *width gets its columns. An invalid byte is one column. */
static size_t char_width(const char *p, size_t n, size_t *width)
{
	uint32_t cp;
	size_t len = guild_utf8_decode(p, n, &cp);

	*width = 1;
	if (len == 0) {
		return 1;
	}
	int w = utf8proc_charwidth((utf8proc_int32_t)cp);
	*width = w > 0 ? (size_t)w : 0;
	return len;
}

size_t guild_text_width(const char *text)
{
	size_t n = strlen(text), width = 0;

	for (size_t i = 0; i < n;) {
		size_t w;

		i += char_width(text + i, n - i, &w);
		width += w;
	}
	return width;
}

void guild_text_clip(struct guild_buf *line, size_t columns)
{
	size_t width = 0;

	for (size_t i = 0; i < line->n;) {
		size_t w;
		size_t len = char_width(line->p + i, line->n - i, &w);

		if (width + w > columns) {
			line->n = i;
			line->p[i] = '\0';
			return;
		}
		width += w;
		i += len;
	}
}

void guild_table_lines(const struct guild_table *t, int columns, struct guild_strs *out)
{
	size_t *widths = guild_alloc((t->n_cols + 1) * sizeof(*widths));
	struct guild_buf line = {0};

	for (size_t i = 0; i < t->n_rows * t->n_cols; i++) {
		size_t w = guild_text_width(t->cells[i]);

		if (widths[i % t->n_cols] < w) {
			widths[i % t->n_cols] = w;
		}
	}
	for (size_t r = 0; r < t->n_rows; r++) {
		guild_buf_reset(&line);
		guild_buf_printf(&line, "%*s", (int)t->indent, "");
		for (size_t c = 0; c < t->n_cols; c++) {
			const char *cell = t->cells[r * t->n_cols + c];

			guild_buf_puts(&line, cell);
			if (c + 1 < t->n_cols) {
				size_t pad = widths[c] + 2 - guild_text_width(cell);

				guild_buf_printf(&line, "%*s", (int)pad, "");
			}
		}
		if (columns > 0) {
			guild_text_clip(&line, (size_t)columns);
		}
		guild_strs_add(out, guild_buf_cstr(&line));
	}
	guild_buf_fini(&line);
	free(widths);
}

void guild_table_print(const struct guild_table *t, FILE *out, int columns)
{
	struct guild_strs lines = {0};

	guild_table_lines(t, columns, &lines);
	for (size_t i = 0; i < lines.n; i++) {
		fprintf(out, "%s\n", lines.v[i]);
	}
	guild_strs_fini(&lines);
}

void guild_table_fini(struct guild_table *t)
{
	for (size_t i = 0; i < t->n_rows * t->n_cols; i++) {
		free(t->cells[i]);
	}
	free(t->cells);
	*t = (struct guild_table){0};
}
