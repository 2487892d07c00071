/* Tables of values: CSV, JSON, and which format is whose. */
#include "grid_private.h"

static void csv_row(struct guild_buf *out, const struct guild_grid *g, size_t row)
{
	struct guild_buf cell = {0};
	for (size_t j = 0; j < g->n_cols; j++) {
		guild_buf_reset(&cell);
		if (!guild_value_is_null(g->rows[row][j])) {
			guild_value_py_str(&cell, g->rows[row][j]);
		}
		guild_buf_puts(out, j > 0 ? "," : "");
		guild_csv_field(out, guild_buf_str(&cell));
	}
	guild_buf_putc(out, '\n');
	guild_buf_fini(&cell);
}

/* Rows that are written as text at the same time: a part is one thread's. */
enum { PART_ROWS = 512, PARTS = 16 };
struct csv_parts {
	const struct guild_grid *g;
	size_t first; /* row */
	struct guild_buf texts[PARTS];
};

static void csv_part(void *arg, unsigned thread, size_t from, size_t to)
{
	(void)thread;
	struct csv_parts *p = arg;
	for (size_t i = from; i < to; i++) {
		size_t row = p->first + i * PART_ROWS;
		size_t end = row + PART_ROWS < p->g->n_rows ? row + PART_ROWS : p->g->n_rows;
		guild_buf_reset(&p->texts[i]);
		for (; row < end; row++) {
			csv_row(&p->texts[i], p->g, row);
		}
	}
}

static int write_csv(const struct guild_grid *g, const struct guild_sink *to,
	struct guild_error *err)
{
	struct csv_parts p = {.g = g};
	struct guild_buf out = {0};
	int rc = 0;
	for (size_t j = 0; j < g->n_cols && g->n_rows > 0; j++) {
		guild_buf_puts(&out, j > 0 ? "," : "");
		guild_csv_field(&out, guild_str(g->headers[j]));
	}
	guild_buf_puts(&out, g->n_rows > 0 ? "\n" : "");
	for (; p.first < g->n_rows && rc == 0; p.first += PARTS * PART_ROWS) {
		size_t n = (g->n_rows - p.first + PART_ROWS - 1) / PART_ROWS;
		n = n < PARTS ? n : PARTS;
		guild_parallel(n, 1, csv_part, &p);
		for (size_t i = 0; i < n && rc == 0; i++) {
			guild_buf_append(&out, p.texts[i].p, p.texts[i].n);
			rc = guild_sink_flush(to, &out, false, err);
		}
	}
	rc = rc == 0 ? guild_sink_flush(to, &out, true, err) : rc;
	for (size_t i = 0; i < PARTS; i++) {
		guild_buf_fini(&p.texts[i]);
	}
	guild_buf_fini(&out);
	return rc;
}

static void json_row(struct guild_buf *out, const struct guild_grid *g, size_t row)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *item = guild_value_dict(a);
	if (g->ids != NULL) {
		guild_value_set(a, item, "id", guild_value_string(a, g->ids[row]));
	}
	for (size_t j = 0; j < g->n_cols; j++) {
		const struct guild_value *v = g->rows[row][j];
		guild_value_set(a, item, g->headers[j],
			v != NULL ? guild_value_copy(a, v) : guild_value_null(a));
	}
	guild_json_dump(out, item, GUILD_JSON_COMPACT);
	guild_arena_free(a);
}

static int write_json(const struct guild_grid *g, const struct guild_sink *to,
	struct guild_error *err)
{
	struct guild_buf out = {0};
	int rc = 0;
	guild_buf_putc(&out, '[');
	for (size_t i = 0; i < g->n_rows && rc == 0; i++) {
		guild_buf_puts(&out, i > 0 ? ", " : "");
		json_row(&out, g, i);
		rc = guild_sink_flush(to, &out, false, err);
	}
	guild_buf_puts(&out, "]\n");
	rc = rc == 0 ? guild_sink_flush(to, &out, true, err) : rc;
	guild_buf_fini(&out);
	return rc;
}

bool guild_grid_is_numeric(const struct guild_grid *g, size_t col)
{
	bool any = false;
	for (size_t i = 0; i < g->n_rows; i++) {
		const struct guild_value *v = g->rows[i][col];
		if (!guild_value_is_null(v) && !guild_value_is_number(v)) {
			return false;
		}
		any = any || !guild_value_is_null(v);
	}
	return any;
}

int guild_grid_write(const struct guild_grid *g, enum guild_grid_format format,
	const struct guild_sink *to, struct guild_error *err)
{
	static int (*const writers[])(const struct guild_grid *, const struct guild_sink *,
		struct guild_error *) = {
		[GUILD_GRID_CSV] = write_csv,
		[GUILD_GRID_JSON] = write_json,
		[GUILD_GRID_MARKDOWN] = guild_grid_write_markdown,
		[GUILD_GRID_HTML] = guild_grid_write_html,
		[GUILD_GRID_PARQUET] = guild_grid_write_parquet,
	};
	return writers[format](g, to, err);
}
