/* Writes Parquet files: rows are gathered column by column and written as row groups (docs/formats/parquet.md). */
#include "parquet_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char magic[] = {'P', 'A', 'R', '1'};

struct guild_parquet {
	struct guild_sink to;
	struct parquet_column *cols;
	size_t n_cols;
	size_t n_rows; /* gathered */
	size_t bytes;  /* gathered */
	int64_t offset;
	int64_t n_rows_written;
	struct guild_buf groups; /* of the footer */
	size_t n_groups;
	int failed; /* what went wrong first, and is said again */
	struct guild_error err;
};

static void put_valid(struct guild_buf *out, struct guild_str s)
{
	for (size_t i = 0; i < s.n;) {
		uint32_t cp;
		size_t n = guild_utf8_decode(s.p + i, s.n - i, &cp);
		guild_buf_append(out, n > 0 ? s.p + i : "\xEF\xBF\xBD", n > 0 ? n : 3);
		i += n > 0 ? n : 1;
	}
}

struct guild_parquet *guild_parquet_new(const struct guild_parquet_column *cols, size_t n_cols,
	const struct guild_sink *to)
{
	struct guild_parquet *w = guild_alloc(sizeof *w);
	w->to = *to;
	w->n_cols = n_cols;
	w->cols = guild_alloc((n_cols + 1) * sizeof *w->cols);
	for (size_t i = 0; i < n_cols; i++) {
		struct guild_buf name = {0};
		put_valid(&name, guild_str(cols[i].name));
		w->cols[i].name = guild_buf_take(&name);
		w->cols[i].type = cols[i].type;
	}
	return w;
}

static void fini_column(struct parquet_column *c)
{
	guild_buf_fini(&c->values);
	guild_buf_fini(&c->present);
	free(c->name);
}

void guild_parquet_free(struct guild_parquet *w)
{
	if (w == NULL) {
		return;
	}
	for (size_t i = 0; i < w->n_cols; i++) {
		fini_column(&w->cols[i]);
	}
	guild_buf_fini(&w->groups);
	free(w->cols);
	free(w);
}

/* ---- values ---- */

static struct parquet_column *take_place(struct guild_parquet *w, size_t col)
{
	struct parquet_column *c = &w->cols[col];
	guild_assert(col < w->n_cols && c->present.n == w->n_rows);
	guild_buf_putc(&c->present, 1);
	c->n_values++;
	return c;
}

static void put_le64(struct guild_parquet *w, struct guild_buf *out, uint64_t v)
{
	char bytes[8];
	for (size_t i = 0; i < sizeof bytes; i++) {
		bytes[i] = (char)(v >> (8 * i));
	}
	guild_buf_append(out, bytes, sizeof bytes);
	w->bytes += sizeof bytes;
}

void guild_parquet_bool(struct guild_parquet *w, size_t col, bool v)
{
	struct parquet_column *c = take_place(w, col);
	guild_assert(c->type == GUILD_PARQUET_BOOL);
	guild_buf_putc(&c->values, v);
	w->bytes++;
}

void guild_parquet_int(struct guild_parquet *w, size_t col, int64_t v)
{
	struct parquet_column *c = take_place(w, col);
	guild_assert(c->type == GUILD_PARQUET_INT || c->type == GUILD_PARQUET_TIME);
	put_le64(w, &c->values, (uint64_t)v);
	c->low_int = !c->has_range || v < c->low_int ? v : c->low_int;
	c->high_int = !c->has_range || v > c->high_int ? v : c->high_int;
	c->has_range = true;
}

void guild_parquet_float(struct guild_parquet *w, size_t col, double v)
{
	struct parquet_column *c = take_place(w, col);
	uint64_t bits;
	guild_assert(c->type == GUILD_PARQUET_FLOAT);
	memcpy(&bits, &v, sizeof bits);
	put_le64(w, &c->values, bits);
	c->has_nan = c->has_nan || isnan(v);
	c->low = !c->has_range || v < c->low ? v : c->low;
	c->high = !c->has_range || v > c->high ? v : c->high;
	c->has_range = true;
}

void guild_parquet_text(struct guild_parquet *w, size_t col, struct guild_str v)
{
	struct parquet_column *c = take_place(w, col);
	struct guild_buf valid = {0};
	guild_assert(c->type == GUILD_PARQUET_TEXT);
	if (v.n > GUILD_PARQUET_TEXT_MAX) {
		w->failed = guild_error_set(&w->err, GUILD_ELIMIT,
			"a text of column '%s' is longer than %d bytes", c->name,
			GUILD_PARQUET_TEXT_MAX);
		return;
	}
	if (!guild_utf8_valid(v.p, v.n)) {
		put_valid(&valid, v);
		v = guild_buf_str(&valid);
	}
	for (int shift = 0; shift < 32; shift += 8) {
		guild_buf_putc(&c->values, (char)(v.n >> shift));
	}
	guild_buf_append(&c->values, v.p, v.n);
	w->bytes += sizeof(uint32_t) + v.n;
	guild_buf_fini(&valid);
}

static void put_as_text(struct guild_parquet *w, size_t col, const struct guild_value *v)
{
	struct guild_buf text = {0};
	if (v->type == GUILD_LIST || v->type == GUILD_DICT) {
		guild_json_dump(&text, v, GUILD_JSON_COMPACT);
	} else {
		guild_value_py_str(&text, v);
	}
	guild_parquet_text(w, col, guild_buf_str(&text));
	guild_buf_fini(&text);
}

static bool is_whole(const struct guild_value *v)
{
	return v->type == GUILD_INT && v->s.n == 0;
}

void guild_parquet_value(struct guild_parquet *w, size_t col, const struct guild_value *v)
{
	if (guild_value_is_null(v)) {
		return;
	}
	switch (w->cols[col].type) {
	case GUILD_PARQUET_TEXT:
		put_as_text(w, col, v);
		break;
	case GUILD_PARQUET_BOOL:
		if (v->type == GUILD_BOOL) {
			guild_parquet_bool(w, col, v->b);
		}
		break;
	case GUILD_PARQUET_FLOAT:
		if (guild_value_is_number(v)) {
			guild_parquet_float(w, col, guild_value_as_f64(v));
		}
		break;
	default:
		if (is_whole(v)) {
			guild_parquet_int(w, col, v->i);
		}
		break;
	}
}

enum guild_parquet_type guild_parquet_type_with(enum guild_parquet_type so_far, bool seen,
	const struct guild_value *v)
{
	enum guild_parquet_type type = GUILD_PARQUET_TEXT;
	if (guild_value_is_null(v)) {
		return so_far;
	}
	if (v->type == GUILD_BOOL) {
		type = GUILD_PARQUET_BOOL;
	} else if (v->type == GUILD_FLOAT) {
		type = GUILD_PARQUET_FLOAT;
	} else if (is_whole(v)) {
		type = GUILD_PARQUET_INT;
	}
	if (!seen || type == so_far) {
		return type;
	}
	bool are_numbers = (type == GUILD_PARQUET_INT && so_far == GUILD_PARQUET_FLOAT) ||
			   (type == GUILD_PARQUET_FLOAT && so_far == GUILD_PARQUET_INT);
	return are_numbers ? GUILD_PARQUET_FLOAT : GUILD_PARQUET_TEXT;
}

/* ---- row groups ---- */

static int put_bytes(struct guild_parquet *w, const void *p, size_t n)
{
	if (w->failed == 0) {
		w->failed = guild_sink_write(&w->to, p, n, &w->err);
		w->offset += (int64_t)n;
	}
	return w->failed;
}

static void empty_column(struct parquet_column *c)
{
	guild_buf_reset(&c->values);
	guild_buf_reset(&c->present);
	c->n_values = 0;
	c->has_range = c->has_nan = false;
}

static int write_group(struct guild_parquet *w)
{
	struct guild_buf page = {0};
	struct thrift t = {.out = &w->groups};
	int64_t plain_bytes = 0;
	int64_t start = w->offset;
	guild_thrift_begin(&t, 0);
	guild_thrift_list(&t, 1, THRIFT_STRUCT, w->n_cols);
	for (size_t i = 0; i < w->n_cols && w->failed == 0; i++) {
		struct parquet_chunk chunk = {.offset = w->offset};
		guild_buf_reset(&page);
		guild_parquet_page(&w->cols[i], w->n_rows, &page, &chunk);
		guild_parquet_put_chunk(&t, &w->cols[i], &chunk);
		plain_bytes += chunk.plain_bytes;
		empty_column(&w->cols[i]);
		put_bytes(w, page.p, page.n);
	}
	guild_thrift_i64(&t, 2, plain_bytes);
	guild_thrift_i64(&t, 3, (int64_t)w->n_rows);
	guild_thrift_i64(&t, 5, start);
	guild_thrift_i64(&t, 6, w->offset - start);
	guild_thrift_end(&t);
	guild_buf_fini(&page);
	w->n_groups++;
	w->n_rows_written += (int64_t)w->n_rows;
	w->n_rows = w->bytes = 0;
	return w->failed;
}

static int start_file(struct guild_parquet *w)
{
	return w->offset == 0 ? put_bytes(w, magic, sizeof magic) : w->failed;
}

static int fail(const struct guild_parquet *w, struct guild_error *err)
{
	if (err != NULL && w->failed != 0) {
		*err = w->err;
	}
	return w->failed;
}

int guild_parquet_end_row(struct guild_parquet *w, struct guild_error *err)
{
	w->n_rows++;
	for (size_t i = 0; i < w->n_cols; i++) {
		if (w->cols[i].present.n < w->n_rows) {
			guild_buf_putc(&w->cols[i].present, 0);
		}
	}
	w->bytes += w->n_cols;
	if (w->failed == 0 && w->bytes >= GUILD_PARQUET_GROUP_BYTES && start_file(w) == 0) {
		write_group(w);
	}
	return fail(w, err);
}

int guild_parquet_finish(struct guild_parquet *w, struct guild_error *err)
{
	struct guild_buf footer = {0};
	if (start_file(w) == 0 && w->n_rows > 0) {
		write_group(w);
	}
	guild_parquet_put_footer(&footer, w->cols, w->n_cols, w->n_rows_written,
		guild_buf_str(&w->groups), w->n_groups);
	for (size_t i = 0, n = footer.n; i < sizeof(uint32_t); i++) {
		guild_buf_putc(&footer, (char)(n >> (8 * i)));
	}
	guild_buf_append(&footer, magic, sizeof magic);
	put_bytes(w, footer.p, footer.n);
	guild_buf_fini(&footer);
	return fail(w, err);
}
