/*
 * The JSON text of a notebook: where the source of each cell stands, and that source changed in place.
 *
 * The file is parsed as JSON first, so the scanner here meets nothing but good JSON; what it cannot make sense of all the same
 * ends the scan with an error.
 */
#include <stdlib.h>
#include <string.h>

#include "guild/formats.h"
#include "notebook.h"

struct scanner {
	struct guild_str file;
	size_t at;
	struct notebook *nb;
	bool is_lost;
};

/* ---- JSON ------------------------------------------------------------------------------------------------ */

static char peek(struct scanner *s)
{
	while (s->at < s->file.n && strchr(" \t\r\n", s->file.p[s->at]) && s->file.p[s->at]) {
		s->at++;
	}
	return s->at < s->file.n ? s->file.p[s->at] : 0;
}

static bool take(struct scanner *s, char c)
{
	if (peek(s) != c) {
		s->is_lost = true;
		return false;
	}
	s->at++;
	return true;
}

/* The raw text between the quotes. */
static struct guild_str scan_string(struct scanner *s)
{
	if (!take(s, '"')) {
		return (struct guild_str){0};
	}
	size_t start = s->at;
	while (s->at < s->file.n && s->file.p[s->at] != '"') {
		s->at += s->file.p[s->at] == '\\' ? 2 : 1;
	}
	if (s->at >= s->file.n) {
		s->at = s->file.n;
		s->is_lost = true;
		return (struct guild_str){0};
	}
	return guild_str_n(s->file.p + start, s->at++ - start);
}

/* Past one value of any kind. Iterative: depth is not ours to choose. */
static void skip_value(struct scanner *s)
{
	size_t depth = 0;
	do {
		char c = peek(s);
		if (c == 0) {
			s->is_lost = true;
			return;
		}
		if (c == '"') {
			(void)scan_string(s);
		} else if (strchr("[{", c)) {
			depth++;
			s->at++;
		} else if (strchr("]}", c)) {
			if (depth == 0) {
				s->is_lost = true;
				return;
			}
			depth--;
			s->at++;
		} else if (strchr(",:", c)) {
			s->at++;
		} else {
			while (s->at < s->file.n && !strchr(",:]} \t\r\n", s->file.p[s->at])) {
				s->at++;
			}
		}
	} while (depth > 0 && !s->is_lost);
}

typedef void member_fn(struct scanner *s, struct guild_str key, void *arg);

static void scan_object(struct scanner *s, member_fn *member, void *arg)
{
	if (!take(s, '{') || peek(s) == '}') {
		s->at += !s->is_lost;
		return;
	}
	while (!s->is_lost) {
		struct guild_str key = scan_string(s);
		if (!s->is_lost && take(s, ':')) {
			member(s, key, arg);
		}
		if (s->is_lost || peek(s) != ',') {
			break;
		}
		s->at++;
	}
	(void)(s->is_lost || take(s, '}'));
}

static void scan_array(struct scanner *s, void (*item)(struct scanner *s, void *arg), void *arg)
{
	if (!take(s, '[') || peek(s) == ']') {
		s->at += !s->is_lost;
		return;
	}
	while (!s->is_lost) {
		item(s, arg);
		if (s->is_lost || peek(s) != ',') {
			break;
		}
		s->at++;
	}
	(void)(s->is_lost || take(s, ']'));
}

/* ---- text of JSON strings ---------------------------------------------------------------------------------- */

static bool read_hex4(const char *p, size_t n, uint32_t *out)
{
	*out = 0;
	for (size_t i = 0; i < 4; i++) {
		char c = i < n ? p[i] : 0;
		uint32_t digit = c >= '0' && c <= '9' ? (uint32_t)(c - '0')
				 : (c | 0x20) >= 'a' && (c | 0x20) <= 'f'
					 ? (uint32_t)((c | 0x20) - 'a') + 10
					 : 16;
		if (digit > 15) {
			return false;
		}
		*out = *out * 16 + digit;
	}
	return true;
}

/* Half a surrogate pair keeps its number in three bytes, as UTF-8 would have it if that were allowed. */
static void put_unit(struct guild_buf *out, uint32_t cp)
{
	char utf8[4];
	if (cp >= 0xd800 && cp <= 0xdfff) {
		guild_buf_putc(out, (char)(0xe0 | (cp >> 12)));
		guild_buf_putc(out, (char)(0x80 | ((cp >> 6) & 0x3f)));
		guild_buf_putc(out, (char)(0x80 | (cp & 0x3f)));
		return;
	}
	guild_buf_append(out, utf8, guild_utf8_encode(cp, utf8));
}

/* An escape at raw.p[i], which is a backslash; returns its length. */
static size_t decode_escape(struct guild_str raw, size_t i, struct guild_buf *out)
{
	static const char letters[] = "bfnrt";
	static const char meant[] = "\b\f\n\r\t";
	char c = i + 1 < raw.n ? raw.p[i + 1] : 0;
	uint32_t cp;
	if (c == 'u' && read_hex4(raw.p + i + 2, raw.n - i - 2, &cp)) {
		uint32_t low;
		bool is_pair = cp >= 0xd800 && cp < 0xdc00 && i + 8 <= raw.n &&
			       raw.p[i + 6] == '\\' && raw.p[i + 7] == 'u' &&
			       read_hex4(raw.p + i + 8, raw.n - i - 8, &low) && low >= 0xdc00 &&
			       low <= 0xdfff;
		put_unit(out, is_pair ? 0x10000 + ((cp - 0xd800) << 10) + (low - 0xdc00) : cp);
		return is_pair ? 12 : 6;
	}
	const char *found = c ? strchr(letters, c) : NULL;
	guild_buf_putc(out, found ? meant[found - letters] : c);
	return 2;
}

static void decode(struct guild_str raw, struct guild_buf *out)
{
	for (size_t i = 0; i < raw.n;) {
		if (raw.p[i] == '\\') {
			i += decode_escape(raw, i, out);
		} else {
			guild_buf_putc(out, raw.p[i++]);
		}
	}
}

static void encode(struct guild_str text, struct guild_buf *out)
{
	static const char special[] = "\"\\\b\f\n\r\t";
	static const char letters[] = "\"\\bfnrt";
	guild_buf_putc(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		const char *found = c ? strchr(special, c) : NULL;
		if (found) {
			guild_buf_putc(out, '\\');
			guild_buf_putc(out, letters[found - special]);
		} else if (c < 0x20) {
			guild_buf_printf(out, "\\u%04x", c);
		} else if (c == 0xed && i + 2 < text.n && (unsigned char)text.p[i + 1] >= 0xa0) {
			uint32_t cp = 0xd000 | ((uint32_t)(text.p[i + 1] & 0x3f) << 6) |
				      (uint32_t)(text.p[i + 2] & 0x3f);
			guild_buf_printf(out, "\\u%04x", cp);
			i += 2;
		} else {
			guild_buf_putc(out, (char)c);
		}
	}
	guild_buf_putc(out, '"');
}

/* ---- cells --------------------------------------------------------------------------------------------------- */

static void scan_piece(struct scanner *s, void *arg)
{
	struct notebook_cell *cell = arg;
	if (peek(s) != '"') {
		s->is_lost = true;
		return;
	}
	size_t start = s->at;
	struct guild_str raw = scan_string(s);
	if (s->is_lost) {
		return;
	}
	cell->pieces =
		guild_grow_array(cell->pieces, &cell->cap, cell->n + 1, sizeof *cell->pieces);
	struct notebook_piece *piece = &cell->pieces[cell->n++];
	*piece = (struct notebook_piece){.start = start, .end = s->at};
	decode(raw, &piece->text);
}

static void cell_fini(struct notebook_cell *cell)
{
	for (size_t i = 0; i < cell->n; i++) {
		guild_buf_fini(&cell->pieces[i].text);
	}
	free(cell->pieces);
	*cell = (struct notebook_cell){0};
}

static void scan_cell_member(struct scanner *s, struct guild_str key, void *arg)
{
	struct notebook_cell *cell = arg;
	if (guild_str_eqz(key, "cell_type") && peek(s) == '"') {
		cell->is_code = guild_str_eqz(scan_string(s), "code");
	} else if (guild_str_eqz(key, "source") && (peek(s) == '"' || peek(s) == '[')) {
		cell_fini(&(struct notebook_cell){.pieces = cell->pieces, .n = cell->n});
		cell->pieces = NULL;
		cell->n = cell->cap = 0;
		if (peek(s) == '"') {
			scan_piece(s, cell);
		} else {
			scan_array(s, scan_piece, cell);
		}
	} else {
		skip_value(s);
	}
}

static void scan_cell(struct scanner *s, void *arg)
{
	struct notebook *nb = arg;
	if (peek(s) != '{' || nb->n >= GUILD_NOTEBOOK_MAX_CELLS) {
		s->is_lost = true;
		return;
	}
	nb->cells = guild_grow_array(nb->cells, &nb->cap, nb->n + 1, sizeof *nb->cells);
	struct notebook_cell *cell = &nb->cells[nb->n++];
	*cell = (struct notebook_cell){0};
	scan_object(s, scan_cell_member, cell);
}

static void scan_notebook_member(struct scanner *s, struct guild_str key, void *arg)
{
	if (guild_str_eqz(key, "cells") && peek(s) == '[') {
		scan_array(s, scan_cell, arg);
	} else {
		skip_value(s);
	}
}

/* ---- public ------------------------------------------------------------------------------------------------------ */

static char *language_of(const struct guild_value *file)
{
	const struct guild_value *meta = guild_value_get(file, "metadata");
	const char *name =
		guild_value_text(guild_value_get(guild_value_get(meta, "kernelspec"), "language"));
	if (!name) {
		name = guild_value_text(guild_value_get(guild_value_get(meta, "language_info"),
			"name"));
	}
	return guild_strdup(name ? name : "python");
}

static int check_format(const struct guild_value *file, const char *name, struct guild_error *err)
{
	const struct guild_value *format = guild_value_get(file, "nbformat");
	const struct guild_value *cells = guild_value_get(file, "cells");
	if (cells && cells->type == GUILD_LIST) {
		return 0;
	}
	if (format && format->type == GUILD_INT && format->i < 4) {
		guild_error_set(err, GUILD_EINVALID, "%s: a notebook of format %lld", name,
			(long long)format->i);
		guild_error_hint(err,
			"upgrade it with 'jupyter nbconvert --to notebook --inplace'");
		return GUILD_EINVALID;
	}
	return guild_error_set(err, GUILD_EINVALID, "%s: not a notebook: it has no list of cells",
		name);
}

int guild_notebook_parse(struct guild_str file, const char *name, struct notebook *out,
	struct guild_error *err)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *value = NULL;
	*out = (struct notebook){.file = file};
	int rc = guild_json_parse(a, file, name, &value, err);
	rc = rc ? rc : check_format(value, name, err);
	if (rc == 0) {
		struct scanner s = {.file = file, .nb = out};
		s.at = guild_str_starts(file, "\xEF\xBB\xBF") ? 3 : 0;
		out->language = language_of(value);
		scan_object(&s, scan_notebook_member, out);
		if (s.is_lost) {
			rc = guild_error_set(err, GUILD_EINVALID,
				"%s: not a notebook: its cells cannot be read", name);
		}
	}
	guild_arena_free(a);
	if (rc != 0) {
		guild_notebook_fini(out);
	}
	return rc;
}

void guild_notebook_fini(struct notebook *nb)
{
	for (size_t i = 0; i < nb->n; i++) {
		cell_fini(&nb->cells[i]);
	}
	free(nb->cells);
	free(nb->language);
	*nb = (struct notebook){0};
}

void guild_notebook_cell_source(const struct notebook_cell *cell, struct guild_buf *out)
{
	for (size_t i = 0; i < cell->n; i++) {
		guild_buf_append(out, cell->pieces[i].text.p, cell->pieces[i].text.n);
	}
}

/* What is replaced goes from every piece it lies in; what replaces it goes to the first of them. */
void guild_notebook_cell_edit(struct notebook_cell *cell, size_t from, size_t to,
	struct guild_str by)
{
	size_t at = 0;
	bool is_placed = false;
	for (size_t i = 0; i < cell->n; i++) {
		struct notebook_piece *piece = &cell->pieces[i];
		size_t end = at + piece->text.n;
		bool is_last = i + 1 == cell->n;
		size_t size = piece->text.n;
		if (from < end || (is_last && !is_placed && from <= end)) {
			size_t a = from > at ? from - at : 0;
			size_t b = to < end ? to - at : size;
			if (is_placed && to <= at) {
				break;
			}
			struct guild_buf text = {0};
			guild_buf_append(&text, piece->text.p, a);
			if (!is_placed) {
				guild_buf_append(&text, by.p, by.n);
			}
			guild_buf_append(&text, piece->text.p + b, size - b);
			guild_buf_fini(&piece->text);
			piece->text = text;
			piece->is_changed = true;
			is_placed = true;
		}
		at = end;
	}
}

void guild_notebook_print(const struct notebook *nb, struct guild_buf *out)
{
	size_t at = 0;
	for (size_t i = 0; i < nb->n; i++) {
		for (size_t k = 0; k < nb->cells[i].n; k++) {
			const struct notebook_piece *piece = &nb->cells[i].pieces[k];
			if (!piece->is_changed) {
				continue;
			}
			guild_buf_append(out, nb->file.p + at, piece->start - at);
			encode(guild_buf_str(&piece->text), out);
			at = piece->end;
		}
	}
	guild_buf_append(out, nb->file.p + at, nb->file.n - at);
}
