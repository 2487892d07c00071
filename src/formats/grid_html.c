/* Tables of values as a page: sorted by a click, filtered by typing, light or dark as the reader's system is. */
#include "grid_private.h"

#include <string.h>

extern const char guild_grid_page_css[], guild_grid_page_js[];

static const char *entity(char c)
{
	switch (c) {
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '&':
		return "&amp;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

/* Bytes that are no UTF-8 and control characters, which HTML does not allow, are shown as U+FFFD. */
void guild_html_text(struct guild_buf *out, struct guild_str text)
{
	for (size_t i = 0; i < text.n;) {
		uint32_t cp = 0;
		size_t n = guild_utf8_decode(text.p + i, text.n - i, &cp);
		const char *escaped = n == 1 ? entity(text.p[i]) : NULL;
		bool is_control = cp < ' ' && cp != '\t' && cp != '\n' && cp != '\r';
		if (n == 0 || is_control || (cp >= 0x7F && cp < 0xA0)) {
			guild_buf_puts(out, "\xEF\xBF\xBD");
		} else if (escaped != NULL) {
			guild_buf_puts(out, escaped);
		} else {
			guild_buf_append(out, text.p + i, n);
		}
		i += n > 0 ? n : 1;
	}
}

/* A number in full where the cell shows less of it: what is sorted by, and shown under the pointer. */
static void put_number(struct guild_buf *out, const struct guild_value *v, struct guild_str cell)
{
	struct guild_buf full = {0};
	guild_value_py_str(&full, v);
	if (!guild_str_eq(guild_buf_str(&full), cell)) {
		guild_buf_printf(out, " title=\"%s\"", guild_buf_cstr(&full));
	}
	guild_buf_fini(&full);
}

static void put_cell(struct guild_buf *out, const struct guild_value *v, bool is_numeric)
{
	struct guild_buf cell = {0};
	guild_cell_text(&cell, v);
	guild_buf_puts(out, "<td");
	if (is_numeric && !guild_value_is_null(v)) {
		put_number(out, v, guild_buf_str(&cell));
	}
	guild_buf_putc(out, '>');
	guild_html_text(out, guild_buf_str(&cell));
	guild_buf_fini(&cell);
}

static void put_head(struct guild_buf *out, const struct guild_grid *g)
{
	const char *title = g->title != NULL ? g->title : "Runs";
	guild_buf_puts(out,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		"style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
	guild_html_text(out, guild_str(title));
	guild_buf_printf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<h1>",
		guild_grid_page_css);
	guild_html_text(out, guild_str(title));
	guild_buf_printf(out,
		"</h1>\n<p><input id=\"filter\" type=\"search\" placeholder=\"Filter\" "
		"aria-label=\"Filter rows\" hidden> <span id=\"count\">%zu</span> of %zu rows</p>\n",
		g->n_rows, g->n_rows);
}

static void put_headings(struct guild_buf *out, const struct guild_grid *g, bool *is_numeric)
{
	guild_buf_puts(out, "<div id=\"scroll\"><table>\n<thead><tr>");
	for (size_t j = 0; j < g->n_cols; j++) {
		is_numeric[j] = guild_grid_is_numeric(g, j);
		guild_buf_puts(out,
			is_numeric[j] ? "<th scope=\"col\" class=\"n\">" : "<th scope=\"col\">");
		guild_html_text(out, guild_str(g->headers[j]));
	}
	guild_buf_puts(out, "</thead>\n<tbody>\n");
}

int guild_grid_write_html(const struct guild_grid *g, const struct guild_sink *to,
	struct guild_error *err)
{
	struct guild_arena *a = guild_arena_new();
	bool *is_numeric = guild_arena_alloc(a, (g->n_cols + 1) * sizeof *is_numeric);
	struct guild_buf out = {0};
	int rc = 0;
	put_head(&out, g);
	put_headings(&out, g, is_numeric);
	for (size_t i = 0; i < g->n_rows && rc == 0; i++) {
		guild_buf_puts(&out, "<tr>");
		for (size_t j = 0; j < g->n_cols; j++) {
			put_cell(&out, g->rows[i][j], is_numeric[j]);
		}
		guild_buf_putc(&out, '\n');
		rc = guild_sink_flush(to, &out, false, err);
	}
	guild_buf_printf(&out,
		"</tbody>\n</table></div>\n<script>\n%s</script>\n</body>\n</html>\n",
		guild_grid_page_js);
	rc = rc == 0 ? guild_sink_flush(to, &out, true, err) : rc;
	guild_buf_fini(&out);
	guild_arena_free(a);
	return rc;
}
