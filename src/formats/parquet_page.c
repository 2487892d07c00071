/* A column of a row group as one Parquet data page. */
#include "parquet_private.h"

#include <string.h>
#include <zlib.h>

enum {
	GROUP = 8,      /* levels are packed by the byte */
	GZIP_LEVEL = 3, /* 6 takes three times as long for files smaller by a twentieth */
	GZIP_WINDOW = 15 + 16,
	WORTH_PACKING = 64, /* bytes */
	DATA_PAGE = 0,
};

/* How many groups of eight from `at` are all alike (*value), or, where none is, how many are mixed (*value is -1). */
static size_t count_groups(const char *present, size_t n, size_t at, int *value)
{
	size_t count = 0;
	*value = -2;
	for (; at + GROUP <= n; at += GROUP, count++) {
		bool is_same = memcmp(present + at, present + at + 1, GROUP - 1) == 0;
		int now = is_same ? present[at] : -1;
		if (*value != -2 && now != *value) {
			break;
		}
		*value = now;
	}
	return count;
}

static char pack_bits(const char *bits, size_t n)
{
	unsigned byte = 0;
	for (size_t i = 0; i < n; i++) {
		byte |= (unsigned)(bits[i] != 0) << i;
	}
	return (char)byte;
}

void guild_parquet_levels(struct guild_buf *out, const char *present, size_t n)
{
	for (size_t at = 0; at < n;) {
		int value;
		size_t groups = count_groups(present, n, at, &value);
		if (groups == 0 || value == -1) { /* bits; the last of them may be short */
			groups = groups > 0 ? groups : 1;
			guild_varint(out, groups << 1 | 1);
			for (size_t i = 0; i < groups; i++, at += GROUP) {
				guild_buf_putc(out,
					pack_bits(present + at, n - at < GROUP ? n - at : GROUP));
			}
			continue;
		}
		guild_varint(out, groups * GROUP << 1);
		guild_buf_putc(out, (char)value);
		at += groups * GROUP;
	}
}

static void put_le32(struct guild_buf *out, uint32_t v)
{
	for (int shift = 0; shift < 32; shift += 8) {
		guild_buf_putc(out, (char)(v >> shift));
	}
}

static void put_plain(struct guild_buf *out, const struct parquet_column *c, size_t n_rows)
{
	struct guild_buf levels = {0};
	guild_parquet_levels(&levels, guild_buf_cstr(&c->present), n_rows);
	put_le32(out, (uint32_t)levels.n);
	guild_buf_append(out, guild_buf_cstr(&levels), levels.n);
	guild_buf_fini(&levels);
	if (c->type != GUILD_PARQUET_BOOL) {
		guild_buf_append(out, guild_buf_cstr(&c->values), c->values.n);
		return;
	}
	for (size_t i = 0; i < c->values.n; i += GROUP) {
		size_t n = c->values.n - i;
		guild_buf_putc(out, pack_bits(c->values.p + i, n < GROUP ? n : GROUP));
	}
}

/* False: nothing is gained. */
static bool pack(const struct guild_buf *plain, struct guild_buf *out)
{
	z_stream z = {0};
	if (plain->n < WORTH_PACKING || deflateInit2(&z, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW,
						MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
		return false;
	}
	guild_buf_reserve(out, plain->n);
	z.next_in = (Bytef *)plain->p;
	z.avail_in = (uInt)plain->n;
	z.next_out = (Bytef *)out->p;
	z.avail_out = (uInt)plain->n;
	bool is_smaller = deflate(&z, Z_FINISH) == Z_STREAM_END;
	out->n = is_smaller ? plain->n - z.avail_out : 0;
	deflateEnd(&z);
	return is_smaller;
}

void guild_parquet_page(const struct parquet_column *c, size_t n_rows, struct guild_buf *page,
	struct parquet_chunk *out)
{
	struct guild_buf plain = {0};
	struct guild_buf packed = {0};
	put_plain(&plain, c, n_rows);
	bool is_packed = pack(&plain, &packed);
	const struct guild_buf *body = is_packed ? &packed : &plain;
	size_t start = page->n;
	struct thrift t = {.out = page};
	guild_thrift_begin(&t, 0);
	guild_thrift_i32(&t, 1, DATA_PAGE);
	guild_thrift_i32(&t, 2, (int32_t)plain.n);
	guild_thrift_i32(&t, 3, (int32_t)body->n);
	uLong crc = crc32(0, (const Bytef *)guild_buf_cstr(body), (uInt)body->n);
	guild_thrift_i32(&t, 4, (int32_t)(uint32_t)crc);
	guild_thrift_begin(&t, 5);
	guild_thrift_i32(&t, 1, (int32_t)n_rows);
	guild_thrift_i32(&t, 2, PARQUET_PLAIN);
	guild_thrift_i32(&t, 3, PARQUET_RLE); /* definition levels */
	guild_thrift_i32(&t, 4, PARQUET_RLE); /* repetition levels, of which there are none */
	guild_thrift_end(&t);
	guild_thrift_end(&t);
	size_t header = page->n - start;
	guild_buf_append(page, guild_buf_cstr(body), body->n);
	out->codec = is_packed ? PARQUET_GZIP : PARQUET_UNCOMPRESSED;
	out->n_rows = (int64_t)n_rows;
	out->plain_bytes = (int64_t)(header + plain.n);
	out->bytes = (int64_t)(header + body->n);
	guild_buf_fini(&plain);
	guild_buf_fini(&packed);
}
