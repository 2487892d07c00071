/* Parquet files, read back by a reader of its own that knows nothing of the writer. */
#include <guild/formats.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <cmocka.h>

/* ---- Thrift's compact protocol as values: a struct is a list by field number ---- */

enum { MAX_FIELD = 16 };
struct reader {
	const unsigned char *p, *end;
};

static uint64_t read_varint(struct reader *r)
{
	uint64_t v = 0;
	for (int shift = 0;; shift += 7) {
		assert_true(r->p < r->end && shift < 64);
		v |= (uint64_t)(*r->p & 0x7F) << shift;
		if (!(*r->p++ & 0x80)) {
			return v;
		}
	}
}

static int64_t read_zigzag(struct reader *r)
{
	uint64_t v = read_varint(r);
	return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

static struct guild_value *read_struct(struct guild_arena *a, struct reader *r);

static struct guild_value *read_item(struct guild_arena *a, struct reader *r, int type)
{
	if (type == 1 || type == 2) {
		return guild_value_bool(a, type == 1);
	}
	if (type >= 4 && type <= 6) {
		return guild_value_int(a, read_zigzag(r));
	}
	if (type == 8) {
		size_t n = read_varint(r);
		assert_true(n <= (size_t)(r->end - r->p));
		r->p += n;
		return guild_value_string_n(a, (const char *)r->p - n, n);
	}
	if (type == 12) {
		return read_struct(a, r);
	}
	assert_int_equal(type, 9);
	int head = *r->p++;
	size_t n = head >> 4 == 15 ? read_varint(r) : (size_t)head >> 4;
	struct guild_value *list = guild_value_list(a);
	for (size_t i = 0; i < n; i++) {
		guild_value_append(a, list, read_item(a, r, head & 15));
	}
	return list;
}

static struct guild_value *read_struct(struct guild_arena *a, struct reader *r)
{
	struct guild_value *fields = guild_value_list(a);
	for (int i = 0; i <= MAX_FIELD; i++) {
		guild_value_append(a, fields, guild_value_null(a));
	}
	for (int field = 0; *r->p != 0;) {
		int head = *r->p++;
		field = head >> 4 ? field + (head >> 4) : (int)read_zigzag(r);
		assert_in_range(field, 1, MAX_FIELD);
		fields->items[field] = read_item(a, r, head & 15);
	}
	r->p++;
	return fields;
}

static struct guild_value *at(const struct guild_value *v, size_t i)
{
	assert_int_equal(v->type, GUILD_LIST);
	assert_true(i < v->n);
	return v->items[i];
}

/* ---- files ---- */

struct file {
	struct guild_arena *a;
	struct guild_buf bytes;
	struct guild_value *footer;
};

static uint32_t le32(const char *p)
{
	uint32_t v = 0;
	for (size_t i = 0; i < 4; i++) {
		v |= (uint32_t)(unsigned char)p[i] << (8 * i);
	}
	return v;
}

static uint64_t le64(const char *p)
{
	return le32(p) | (uint64_t)le32(p + 4) << 32;
}

static void read_footer(struct file *f)
{
	const struct guild_buf *b = &f->bytes;
	assert_true(b->n > 12);
	assert_memory_equal(b->p, "PAR1", 4);
	assert_memory_equal(b->p + b->n - 4, "PAR1", 4);
	uint32_t n = le32(b->p + b->n - 8);
	assert_true(n < b->n - 12);
	struct reader r = {
		.p = (const unsigned char *)b->p + b->n - 8 - n,
		.end = (const unsigned char *)b->p + b->n - 8,
	};
	f->footer = read_struct(f->a, &r);
	assert_ptr_equal(r.p, r.end);
}

/* Definition levels of bit width 1. */
static void read_levels(const char *p, size_t n, char *present, size_t n_rows)
{
	struct reader r = {.p = (const unsigned char *)p, .end = (const unsigned char *)p + n};
	for (size_t i = 0; i < n_rows;) {
		uint64_t head = read_varint(&r);
		if (head & 1) {
			for (uint64_t j = 0; j < (head >> 1) * 8; j++) {
				if (i < n_rows) {
					present[i++] = (char)(r.p[j / 8] >> (j % 8) & 1);
				}
			}
			r.p += head >> 1;
		} else {
			assert_true(head >> 1 <= n_rows - i);
			memset(present + i, *r.p++, head >> 1);
			i += head >> 1;
		}
	}
	assert_ptr_equal(r.p, r.end);
}

/* A column of a row group: which rows have a value, and the values' bytes. */
static void read_chunk(struct file *f, size_t group, size_t col, char *present,
	struct guild_buf *values)
{
	const struct guild_value *chunk = at(at(at(at(f->footer, 4), group), 1), col);
	const struct guild_value *meta = at(chunk, 3);
	size_t from = (size_t)at(meta, 9)->i;
	struct reader r = {
		.p = (const unsigned char *)f->bytes.p + from,
		.end = (const unsigned char *)f->bytes.p + f->bytes.n,
	};
	const struct guild_value *head = read_struct(f->a, &r);
	size_t plain = (size_t)at(head, 2)->i;
	size_t size = (size_t)at(head, 3)->i;
	assert_int_equal(r.p + size - ((const unsigned char *)f->bytes.p + from), at(meta, 7)->i);
	assert_int_equal((int32_t)crc32(0, r.p, (uInt)size), at(head, 4)->i);
	assert_int_equal(at(at(head, 5), 1)->i, at(meta, 5)->i);
	struct guild_buf body = {0};
	if (at(meta, 4)->i == 0) {
		assert_int_equal(size, plain);
		guild_buf_append(&body, r.p, size);
	} else {
		z_stream z = {.next_in = (Bytef *)r.p, .avail_in = (uInt)size};
		assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
		guild_buf_reserve(&body, plain);
		z.next_out = (Bytef *)body.p;
		z.avail_out = (uInt)plain;
		assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
		body.n = plain - z.avail_out;
		assert_int_equal(body.n, plain);
		inflateEnd(&z);
	}
	uint32_t n_levels = le32(body.p);
	read_levels(body.p + 4, n_levels, present, (size_t)at(meta, 5)->i);
	guild_buf_append(values, body.p + 4 + n_levels, body.n - 4 - n_levels);
	guild_buf_fini(&body);
}

/* ---- tests ---- */

static void test_all_types(void **state)
{
	static const struct guild_parquet_column cols[] = {
		{"b", GUILD_PARQUET_BOOL},
		{"i", GUILD_PARQUET_INT},
		{"f", GUILD_PARQUET_FLOAT},
		{"t", GUILD_PARQUET_TEXT},
		{"at", GUILD_PARQUET_TIME},
		{"nothing", GUILD_PARQUET_INT},
	};
	struct file f = {.a = guild_arena_new()};
	struct guild_sink to = guild_buf_sink(&f.bytes);
	struct guild_parquet *w = guild_parquet_new(cols, GUILD_ARRAY_LEN(cols), &to);
	for (int i = 0; i < 3; i++) {
		guild_parquet_bool(w, 0, i != 1);
		if (i != 1) {
			guild_parquet_int(w, 1, i == 0 ? INT64_MIN : 7);
			guild_parquet_text(w, 3, guild_str(i == 0 ? "h\xc3\xa9" : "bad\xff"));
		}
		guild_parquet_float(w, 2, i == 0 ? -0.5 : i == 1 ? NAN : 1e300);
		guild_parquet_int(w, 4, 1000000 * i);
		assert_int_equal(guild_parquet_end_row(w, NULL), 0);
	}
	assert_int_equal(guild_parquet_finish(w, NULL), 0);
	guild_parquet_free(w);
	read_footer(&f);
	assert_int_equal(at(f.footer, 3)->i, 3);
	static const int physical[] = {0, 2, 5, 6, 2, 2};
	const struct guild_value *schema = at(f.footer, 2);
	assert_int_equal(at(at(schema, 0), 5)->i, 6);
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cols); i++) {
		assert_int_equal(at(at(schema, i + 1), 1)->i, physical[i]);
		assert_int_equal(at(at(schema, i + 1), 3)->i, 1);
		assert_string_equal(guild_value_text(at(at(schema, i + 1), 4)), cols[i].name);
	}
	char present[8];
	struct guild_buf v = {0};
	read_chunk(&f, 0, 0, present, &v);
	assert_int_equal(v.n, 1);
	assert_int_equal(v.p[0], 5);
	guild_buf_reset(&v);
	read_chunk(&f, 0, 1, present, &v);
	assert_memory_equal(present, "\1\0\1", 3);
	assert_int_equal(v.n, 16);
	assert_true((int64_t)le64(v.p) == INT64_MIN && le64(v.p + 8) == 7);
	guild_buf_reset(&v);
	read_chunk(&f, 0, 3, present, &v);
	assert_memory_equal(v.p, "\3\0\0\0h\xc3\xa9\6\0\0\0bad\xEF\xBF\xBD", 17);
	guild_buf_reset(&v);
	read_chunk(&f, 0, 5, present, &v);
	assert_memory_equal(present, "\0\0\0", 3);
	assert_int_equal(v.n, 0);
	guild_buf_fini(&v);
	/* Limits: of whole numbers, and none where a NaN is. */
	const struct guild_value *chunks = at(at(at(f.footer, 4), 0), 1);
	const struct guild_value *whole = at(at(at(chunks, 1), 3), 12);
	assert_int_equal(at(whole, 3)->i, 1);
	assert_true((int64_t)le64(at(whole, 6)->s.p) == INT64_MIN);
	assert_true(le64(at(whole, 5)->s.p) == 7);
	assert_int_equal(at(at(at(at(chunks, 2), 3), 12), 5)->type, GUILD_NULL);
	guild_buf_fini(&f.bytes);
	guild_arena_free(f.a);
}

/* Presence of every pattern comes back, and row groups follow each other. */
static void test_groups_and_levels(void **state)
{
	enum { ROWS = 500000, WIDTH = 200 };
	static const struct guild_parquet_column cols[] = {
		{"t", GUILD_PARQUET_TEXT}, {"i", GUILD_PARQUET_INT}};
	struct file f = {.a = guild_arena_new()};
	struct guild_sink to = guild_buf_sink(&f.bytes);
	struct guild_parquet *w = guild_parquet_new(cols, GUILD_ARRAY_LEN(cols), &to);
	char *wanted = guild_alloc(ROWS);
	char *present = guild_alloc(ROWS);
	char text[WIDTH];
	memset(text, 'x', sizeof text);
	uint32_t random = 1;
	for (size_t i = 0, left = 0, value = 0; i < ROWS; i++, left--) {
		if (left == 0) {
			random = random * 1664525 + 1013904223;
			left = 1 + (random >> 20) % (random >> 8 & 1 ? 4 : 100);
			value = random >> 16 & 1;
		}
		wanted[i] = (char)value;
		guild_parquet_text(w, 0, guild_str_n(text, sizeof text));
		if (value) {
			guild_parquet_int(w, 1, (int64_t)i);
		}
		assert_int_equal(guild_parquet_end_row(w, NULL), 0);
	}
	assert_int_equal(guild_parquet_finish(w, NULL), 0);
	guild_parquet_free(w);
	read_footer(&f);
	size_t n_groups = at(f.footer, 4)->n;
	assert_in_range(n_groups, 3, 4);
	struct guild_buf v = {0};
	size_t n = 0;
	for (size_t g = 0; g < n_groups; g++) {
		size_t rows = (size_t)at(at(at(f.footer, 4), g), 3)->i;
		size_t k = 0;
		guild_buf_reset(&v);
		assert_true(rows <= ROWS - n);
		read_chunk(&f, g, 1, present + n, &v);
		for (size_t i = n; i < n + rows; i++) {
			k += wanted[i] && le64(v.p + k) == i ? 8 : 0;
		}
		assert_int_equal(k, v.n);
		n += rows;
	}
	assert_int_equal(n, ROWS);
	assert_memory_equal(present, wanted, ROWS);
	free(wanted);
	free(present);
	guild_buf_fini(&v);
	guild_buf_fini(&f.bytes);
	guild_arena_free(f.a);
}

static void test_values_of_any_type(void **state)
{
	struct guild_arena *a = guild_arena_new();
	const struct guild_value *one = guild_value_int(a, 1);
	const struct guild_value *half = guild_value_float(a, 0.5);
	const struct guild_value *yes = guild_value_bool(a, true);
	static const enum guild_parquet_type none = GUILD_PARQUET_TEXT;
	assert_int_equal(guild_parquet_type_with(none, false, one), GUILD_PARQUET_INT);
	assert_int_equal(guild_parquet_type_with(GUILD_PARQUET_INT, true, NULL), GUILD_PARQUET_INT);
	assert_int_equal(guild_parquet_type_with(GUILD_PARQUET_INT, true, half),
		GUILD_PARQUET_FLOAT);
	assert_int_equal(guild_parquet_type_with(GUILD_PARQUET_FLOAT, true, one),
		GUILD_PARQUET_FLOAT);
	assert_int_equal(guild_parquet_type_with(GUILD_PARQUET_INT, true, yes), GUILD_PARQUET_TEXT);
	assert_int_equal(guild_parquet_type_with(none, true, one), GUILD_PARQUET_TEXT);
	guild_arena_free(a);
}

static void test_too_long_a_text(void **state)
{
	static const struct guild_parquet_column cols[] = {{"t", GUILD_PARQUET_TEXT}};
	struct guild_buf out = {0};
	struct guild_error err = {0};
	struct guild_sink to = guild_buf_sink(&out);
	struct guild_parquet *w = guild_parquet_new(cols, 1, &to);
	guild_parquet_text(w, 0, guild_str_n("x", GUILD_PARQUET_TEXT_MAX + 1ul));
	assert_int_equal(guild_parquet_end_row(w, &err), GUILD_ELIMIT);
	assert_int_equal(guild_parquet_finish(w, &err), GUILD_ELIMIT);
	assert_int_equal(out.n, 0);
	guild_parquet_free(w);
	guild_buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_types),
		cmocka_unit_test(test_groups_and_levels),
		cmocka_unit_test(test_values_of_any_type),
		cmocka_unit_test(test_too_long_a_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
