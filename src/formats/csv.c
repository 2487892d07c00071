/* CSV as Python's csv module reads and writes it by default (RFC 4180 with lenient quotes). */

#include "formats_private.h"

#include <string.h>

struct csv_reader {
	struct guild_arena *arena;
	struct guild_str text;
	size_t i;
	struct guild_buf cell;
};

static bool at_line_end(const struct csv_reader *r)
{
	return r->i == r->text.n || r->text.p[r->i] == '\n' || r->text.p[r->i] == '\r';
}

/* The part between quotes; a doubled quote is one. Returns false when the text ends inside. */
static bool read_quoted(struct csv_reader *r)
{
	r->i++;
	while (r->i < r->text.n) {
		char c = r->text.p[r->i++];
		if (c != '"') {
			guild_buf_putc(&r->cell, c);
		} else if (r->i < r->text.n && r->text.p[r->i] == '"') {
			guild_buf_putc(&r->cell, '"');
			r->i++;
		} else {
			return true;
		}
	}
	return false;
}

/* Quotes count at the start of a cell only. */
static bool read_cell(struct csv_reader *r)
{
	guild_buf_reset(&r->cell);
	if (!at_line_end(r) && r->text.p[r->i] == '"' && !read_quoted(r)) {
		return false;
	}
	while (!at_line_end(r) && r->text.p[r->i] != ',') {
		guild_buf_putc(&r->cell, r->text.p[r->i++]);
	}
	return true;
}

static void skip_line_end(struct csv_reader *r)
{
	if (r->i < r->text.n && r->text.p[r->i] == '\r') {
		r->i++;
	}
	if (r->i < r->text.n && r->text.p[r->i] == '\n') {
		r->i++;
	}
}

int guild_csv_parse(struct guild_arena *a, struct guild_str text, struct guild_value **rows,
	struct guild_error *err)
{
	struct csv_reader r = {.arena = a, .text = text};
	struct guild_value *list = guild_value_list(a);
	struct guild_value *row = NULL;
	size_t line = 1;
	int rc = 0;
	while (rc == 0 && r.i < text.n) {
		if (!row && at_line_end(&r)) {
			skip_line_end(&r);
			line++;
			continue;
		}
		if (!row) {
			row = guild_value_list(a);
			row->line = (uint32_t)line;
		}
		size_t start = r.i;
		if (!read_cell(&r)) {
			size_t column = 1;
			for (size_t i = start; i > 0 && text.p[i - 1] != '\n'; i--) {
				column++;
			}
			rc = guild_error_set(err, GUILD_EINVALID,
				"line %zu, column %zu: the quote that begins here is not closed",
				line, column);
			break;
		}
		for (size_t i = start; i < r.i; i++) {
			line += text.p[i] == '\n';
		}
		guild_value_append(a, row,
			guild_value_string_n(a, guild_buf_cstr(&r.cell), r.cell.n));
		if (!at_line_end(&r)) {
			r.i++; /* the comma; at the end of the text an empty cell follows */
			if (!at_line_end(&r)) {
				continue;
			}
			guild_value_append(a, row, guild_value_string(a, ""));
		}
		guild_value_append(a, list, row);
		row = NULL;
		skip_line_end(&r);
		line++;
	}
	guild_buf_fini(&r.cell);
	if (rc == 0) {
		*rows = list;
	}
	return rc;
}

void guild_csv_field(struct guild_buf *out, struct guild_str text)
{
	bool needs_quotes = false;
	for (size_t i = 0; i < text.n; i++) {
		needs_quotes = needs_quotes || strchr(",\"\r\n", text.p[i]) != NULL;
	}
	if (!needs_quotes) {
		guild_buf_append(out, text.p, text.n);
		return;
	}
	guild_buf_putc(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"') {
			guild_buf_putc(out, '"');
		}
		guild_buf_putc(out, text.p[i]);
	}
	guild_buf_putc(out, '"');
}
