/* Tables of values in Markdown, as GitHub and GitLab read it (GitHub Flavored Markdown, "Tables (extension)"). */
#include "grid_private.h"

#include <string.h>

static bool is_word(struct guild_str s, size_t at)
{
	unsigned char c = at < s.n ? (unsigned char)s.p[at] : ' ';
	return c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

/* Within a word '_' is a letter, and most names have one. */
static bool is_special(struct guild_str s, size_t at)
{
	if (s.p[at] == '_') {
		return at == 0 || !is_word(s, at - 1) || !is_word(s, at + 1);
	}
	return memchr("\\`*[]|~$", s.p[at], 8) != NULL;
}

void guild_markdown_text(struct guild_buf *out, struct guild_str text)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		if (c == '<' || c == '>' || c == '&') {
			guild_html_text(out, guild_str_n(&c, 1));
		} else if ((unsigned char)c < ' ') {
			guild_buf_putc(out, ' ');
		} else {
			guild_buf_puts(out, is_special(text, i) ? "\\" : "");
			guild_buf_putc(out, c);
		}
	}
}

static void put_heading(struct guild_buf *out, const struct guild_grid *g)
{
	for (size_t j = 0; j < g->n_cols; j++) {
		guild_buf_puts(out, j > 0 ? " | " : "| ");
		guild_markdown_text(out, guild_str(g->headers[j]));
	}
	guild_buf_puts(out, " |\n");
	for (size_t j = 0; j < g->n_cols; j++) {
		guild_buf_puts(out, j > 0 ? " | " : "| ");
		guild_buf_puts(out, guild_grid_is_numeric(g, j) ? "---:" : "---");
	}
	guild_buf_puts(out, " |\n");
}

static void put_row(struct guild_buf *out, const struct guild_grid *g, size_t row)
{
	struct guild_buf cell = {0};
	for (size_t j = 0; j < g->n_cols; j++) {
		guild_buf_reset(&cell);
		guild_cell_text(&cell, g->rows[row][j]);
		guild_buf_puts(out, j > 0 ? " | " : "| ");
		guild_markdown_text(out, guild_buf_str(&cell));
	}
	guild_buf_puts(out, " |\n");
	guild_buf_fini(&cell);
}

int guild_grid_write_markdown(const struct guild_grid *g, const struct guild_sink *to,
	struct guild_error *err)
{
	struct guild_buf out = {0};
	int rc = 0;
	if (g->n_cols == 0) {
		return 0;
	}
	put_heading(&out, g);
	for (size_t i = 0; i < g->n_rows && rc == 0; i++) {
		put_row(&out, g, i);
		rc = guild_sink_flush(to, &out, false, err);
	}
	rc = rc == 0 ? guild_sink_flush(to, &out, true, err) : rc;
	guild_buf_fini(&out);
	return rc;
}
