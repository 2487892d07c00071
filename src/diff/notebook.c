/* Notebooks cell by cell: what was typed, and what came of it. How often a cell was executed does not count. */

#include "notebook.h"

#include <stdlib.h>
#include <string.h>

#include "sequence.h"

enum { CELL_DISTANCE_MAX = 2000, CELL_ALIKE_PERCENT = 30, CELL_LOOK_MAX = 50 };

struct cell {
	const char *type, *id;
	struct guild_str source, outputs; /* outputs as lines of text */
};
struct cells {
	struct cell *v;
	size_t n;
};

struct differ {
	struct guild_arena *a;
	struct cells old, new;
	struct guild_notebook_diff *out;
};

/* ---- reading ------------------------------------------------------------------------------------------------- */

/* A text, or its lines. */
static void put_text(struct guild_buf *out, const struct guild_value *v)
{
	if (guild_value_text(v)) {
		guild_buf_append(out, v->s.p, v->s.n);
	}
	for (size_t i = 0; v && v->type == GUILD_LIST && i < v->n; i++) {
		if (guild_value_text(v->items[i])) {
			guild_buf_append(out, v->items[i]->s.p, v->items[i]->s.n);
		}
	}
}

static void end_line(struct guild_buf *out)
{
	if (out->n > 0 && out->p[out->n - 1] != '\n') {
		guild_buf_putc(out, '\n');
	}
}

static struct guild_str keep(struct guild_arena *a, struct guild_buf *b)
{
	struct guild_str s = {guild_arena_strndup(a, guild_buf_cstr(b), b->n), b->n};

	guild_buf_fini(b);
	return s;
}

/* Texts as they are; what is none by its size and hash. */
static void put_data(struct guild_buf *out, const struct guild_value *data)
{
	for (size_t i = 0; data && data->type == GUILD_DICT && i < data->n; i++) {
		const char *type = guild_value_text(data->pairs[i].key);
		struct guild_buf text = {0};
		char hex[65];

		put_text(&text, data->pairs[i].value);
		if (type && guild_starts(type, "text/")) {
			guild_buf_append(out, guild_buf_cstr(&text), text.n);
			end_line(out);
		} else if (type) {
			if (text.n == 0) {
				guild_json_dump(&text, data->pairs[i].value, GUILD_JSON_SORT);
			}
			guild_digest_bytes(GUILD_SHA1, guild_buf_cstr(&text), text.n, hex);
			guild_buf_printf(out, "<%s, %zu bytes encoded, SHA-1 %.12s>\n", type,
				text.n, hex);
		}
		guild_buf_fini(&text);
	}
}

static void put_output(struct guild_buf *out, const struct guild_value *output)
{
	const char *type = guild_value_text(guild_value_get(output, "output_type"));

	if (!type) {
		return;
	}
	put_text(out, guild_value_get(output, "text"));
	end_line(out);
	put_data(out, guild_value_get(output, "data"));
	if (strcmp(type, "error") == 0 || strcmp(type, "pyerr") == 0) {
		put_text(out, guild_value_get(output, "ename"));
		guild_buf_puts(out, ": ");
		put_text(out, guild_value_get(output, "evalue"));
		end_line(out);
	}
}

static void read_cell(struct guild_arena *a, const struct guild_value *v, struct cell *out)
{
	const struct guild_value *source = guild_value_get(v, "source");
	const struct guild_value *outputs = guild_value_get(v, "outputs");
	const char *type = guild_value_text(guild_value_get(v, "cell_type"));
	struct guild_buf text = {0}, shown = {0};

	put_text(&text, source ? source : guild_value_get(v, "input"));
	for (size_t i = 0; outputs && outputs->type == GUILD_LIST && i < outputs->n; i++) {
		put_output(&shown, outputs->items[i]);
	}
	*out = (struct cell){
		.type = type ? type : "raw",
		.id = guild_value_text(guild_value_get(v, "id")),
		.source = keep(a, &text),
		.outputs = keep(a, &shown),
	};
}

/* Format 3 had sheets. */
static const struct guild_value *list_cells(const struct guild_value *notebook)
{
	const struct guild_value *cells = guild_value_get(notebook, "cells");
	const struct guild_value *sheets = guild_value_get(notebook, "worksheets");

	if (!cells && sheets && sheets->type == GUILD_LIST && sheets->n > 0) {
		cells = guild_value_get(sheets->items[0], "cells");
	}
	return cells && cells->type == GUILD_LIST ? cells : NULL;
}

static int read_notebook(struct guild_arena *a, struct guild_str text, struct cells *out,
	const struct guild_value **metadata, struct guild_error *err)
{
	struct guild_value *notebook = NULL;

	if (text.n == 0) {
		return 0; /* a side that is not there */
	}
	int rc = guild_json_parse(a, text, "notebook", &notebook, err);
	const struct guild_value *cells = rc == 0 ? list_cells(notebook) : NULL;

	if (rc == 0 && !cells) {
		rc = guild_error_set(err, GUILD_EINVALID, "no cells");
	}
	if (rc != 0) {
		return rc;
	}
	*metadata = guild_value_get(notebook, "metadata");
	out->n = cells->n;
	out->v = guild_arena_alloc(a, (cells->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < cells->n; i++) {
		read_cell(a, cells->items[i], &out->v[i]);
	}
	return 0;
}

/* ---- comparing ------------------------------------------------------------------------------------------------- */

static void add(struct differ *d, enum guild_cell_change_kind kind, size_t old, size_t new,
	struct guild_str old_text, struct guild_str new_text)
{
	struct guild_notebook_diff *out = d->out;

	out->v = guild_grow_array(out->v, &out->cap, out->n + 1, sizeof(*out->v));
	out->v[out->n++] = (struct guild_cell_change){
		.kind = kind,
		.type = new ? d->new.v[new - 1].type : d->old.v[old - 1].type,
		.old_cell = old,
		.new_cell = new,
		.old_text = old_text,
		.new_text = new_text,
	};
}

/* Cells old and new (from 1, 0: none) are one. */
static void add_pair(struct differ *d, size_t old, size_t new)
{
	const struct cell none = {0};
	const struct cell *a = old ? &d->old.v[old - 1] : &none;
	const struct cell *b = new ? &d->new.v[new - 1] : &none;

	if (!old || !new) {
		add(d, old ? GUILD_CELL_REMOVED : GUILD_CELL_ADDED, old, new, a->source, b->source);
	} else if (!guild_str_eq(a->source, b->source)) {
		add(d, GUILD_CELL_SOURCE, old, new, a->source, b->source);
	}
	if (old && new && !guild_str_eq(a->outputs, b->outputs)) {
		add(d, GUILD_CELL_OUTPUTS, old, new, a->outputs, b->outputs);
	}
}

/* How well a cell fits another: one id is enough, else what they say counts. 0: not at all. */
static unsigned fit(const struct cell *a, const struct cell *b)
{
	if (strcmp(a->type, b->type) != 0) {
		return 0;
	}
	if (a->id && b->id && strcmp(a->id, b->id) == 0) {
		return 100;
	}
	unsigned alike = guild_words_alike(a->source, b->source);

	return alike >= CELL_ALIKE_PERCENT ? alike : 0;
}

/* The cell of new cells [from, to) that fits best; `to`: none. */
static size_t find_fit(const struct differ *d, size_t old, size_t from, size_t to)
{
	unsigned best = 0;
	size_t found = to;

	to = to - from > CELL_LOOK_MAX ? from + CELL_LOOK_MAX : to;
	for (size_t j = from; j < to && best < 100; j++) {
		unsigned by = fit(&d->old.v[old], &d->new.v[j]);

		if (by > best) {
			best = by;
			found = j;
		}
	}
	return found;
}

static void pair_changed(struct differ *d, const struct guild_text_change *c)
{
	size_t next = c->new_from, end = c->new_from + c->new_n;
	bool is_one = c->old_n == 1 && c->new_n == 1 &&
		      strcmp(d->old.v[c->old_from].type, d->new.v[next].type) == 0;

	for (size_t i = c->old_from; i < c->old_from + c->old_n; i++) {
		size_t j = is_one ? next : find_fit(d, i, next, end);

		if (j == end) {
			add_pair(d, i + 1, 0);
			continue;
		}
		for (; next < j; next++) {
			add_pair(d, 0, next + 1);
		}
		add_pair(d, i + 1, ++next);
	}
	for (; next < end; next++) {
		add_pair(d, 0, next + 1);
	}
}

static struct guild_pieces pieces_of(struct guild_arena *a, const struct cells *cells)
{
	struct guild_pieces p = {0};

	for (size_t i = 0; i < cells->n; i++) {
		struct guild_buf key = {0};

		guild_buf_puts(&key, cells->v[i].type);
		guild_buf_putc(&key, '\0');
		guild_buf_append(&key, cells->v[i].source.p, cells->v[i].source.n);
		struct guild_str kept = keep(a, &key);

		guild_pieces_add(&p, kept.p, kept.n);
	}
	return p;
}

static void pair_all(struct differ *d)
{
	struct guild_pieces a = pieces_of(d->a, &d->old), b = pieces_of(d->a, &d->new);
	struct guild_text_changes changes = {0};
	size_t old = 0, new = 0;

	(void)guild_sequence_diff(&a, &b, CELL_DISTANCE_MAX, &changes);
	for (size_t i = 0; i <= changes.n; i++) {
		size_t until = i < changes.n ? changes.v[i].old_from : d->old.n;

		for (; old < until; old++, new ++) {
			add_pair(d, old + 1, new + 1);
		}
		if (i < changes.n) {
			pair_changed(d, &changes.v[i]);
			old += changes.v[i].old_n;
			new += changes.v[i].new_n;
		}
	}
	free(changes.v);
	free(a.v);
	free(b.v);
}

int guild_notebook_diff(struct guild_arena *a, struct guild_str old, struct guild_str new_,
	struct guild_notebook_diff *out, struct guild_error *err)
{
	struct differ d = {.a = a, .out = out};
	const struct guild_value *x = NULL, *y = NULL;
	int rc = read_notebook(a, old, &d.old, &x, err);

	rc = rc ? rc : read_notebook(a, new_, &d.new, &y, err);
	*out = (struct guild_notebook_diff){0};
	if (rc == 0) {
		pair_all(&d);
		if (x && y) {
			guild_value_changes(a, x, y, &out->metadata);
		}
	}
	return rc;
}

void guild_notebook_diff_fini(struct guild_notebook_diff *d)
{
	free(d->v);
	guild_value_changes_fini(&d->metadata);
	*d = (struct guild_notebook_diff){0};
}
