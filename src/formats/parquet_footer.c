/* What a Parquet file says of itself: schema, row groups, columns (parquet.thrift of Apache Parquet). */
#include "parquet_private.h"

#include <guild/version.h>

#include <string.h>

enum {
	FORMAT_VERSION = 1,
	NO_CONVERTED = -1,
	OPTIONAL = 1,
	LOGICAL_STRING = 1,
	LOGICAL_TIME = 8,
	MICROS = 2
};

static const struct {
	int32_t physical, converted;
} types[] = {
	[GUILD_PARQUET_BOOL] = {.physical = 0, .converted = NO_CONVERTED},
	[GUILD_PARQUET_INT] = {.physical = 2, .converted = NO_CONVERTED},
	[GUILD_PARQUET_FLOAT] = {.physical = 5, .converted = NO_CONVERTED},
	[GUILD_PARQUET_TEXT] = {.physical = 6, .converted = 0},
	[GUILD_PARQUET_TIME] = {.physical = 2, .converted = 10},
};

static void put_logical_type(struct thrift *t, enum guild_parquet_type type)
{
	guild_thrift_begin(t, 10);
	if (type == GUILD_PARQUET_TEXT) {
		guild_thrift_begin(t, LOGICAL_STRING);
	} else {
		guild_thrift_begin(t, LOGICAL_TIME);
		guild_thrift_bool(t, 1, true); /* UTC */
		guild_thrift_begin(t, 2);
		guild_thrift_begin(t, MICROS);
		guild_thrift_end(t);
		guild_thrift_end(t);
	}
	guild_thrift_end(t);
	guild_thrift_end(t);
}

static void put_schema(struct thrift *t, const struct parquet_column *cols, size_t n_cols)
{
	guild_thrift_list(t, 2, THRIFT_STRUCT, n_cols + 1);
	guild_thrift_begin(t, 0);
	guild_thrift_binary(t, 4, guild_str("schema"));
	guild_thrift_i32(t, 5, (int32_t)n_cols);
	guild_thrift_end(t);
	for (size_t i = 0; i < n_cols; i++) {
		enum guild_parquet_type type = cols[i].type;
		guild_thrift_begin(t, 0);
		guild_thrift_i32(t, 1, types[type].physical);
		guild_thrift_i32(t, 3, OPTIONAL);
		guild_thrift_binary(t, 4, guild_str(cols[i].name));
		if (types[type].converted != NO_CONVERTED) {
			guild_thrift_i32(t, 6, types[type].converted);
			put_logical_type(t, type);
		}
		guild_thrift_end(t);
	}
}

void guild_parquet_put_footer(struct guild_buf *out, const struct parquet_column *cols,
	size_t n_cols, int64_t n_rows, struct guild_str groups, size_t n_groups)
{
	struct thrift t = {.out = out};
	guild_thrift_begin(&t, 0);
	guild_thrift_i32(&t, 1, FORMAT_VERSION);
	put_schema(&t, cols, n_cols);
	guild_thrift_i64(&t, 3, n_rows);
	guild_thrift_list(&t, 4, THRIFT_STRUCT, n_groups);
	guild_buf_append(out, groups.p, groups.n);
	guild_thrift_binary(&t, 6, guild_str("guild version " GUILD_VERSION));
	/* How minima and maxima are ordered: as their type is. Without it readers do not trust them. */
	guild_thrift_list(&t, 7, THRIFT_STRUCT, n_cols);
	for (size_t i = 0; i < n_cols; i++) {
		guild_thrift_begin(&t, 0);
		guild_thrift_begin(&t, 1);
		guild_thrift_end(&t);
		guild_thrift_end(&t);
	}
	guild_thrift_end(&t);
}

/* A limit of a column in plain encoding. -0.0 is below 0.0, and readers disagree on it: a lowest zero is written as the one, a highest
 * as the other. */
static void put_limit(struct thrift *t, int field, const struct parquet_column *c, int64_t whole,
	double real, double zero)
{
	uint64_t bits = (uint64_t)whole;
	char bytes[8];
	if (c->type == GUILD_PARQUET_FLOAT) {
		real = real == 0 ? zero : real;
		memcpy(&bits, &real, sizeof bits);
	}
	for (size_t i = 0; i < sizeof bytes; i++) {
		bytes[i] = (char)(bits >> (8 * i));
	}
	guild_thrift_binary(t, field, guild_str_n(bytes, sizeof bytes));
}

static void put_statistics(struct thrift *t, const struct parquet_column *c, int64_t n_rows)
{
	guild_thrift_begin(t, 12);
	guild_thrift_i64(t, 3, n_rows - (int64_t)c->n_values);
	if (c->has_range && !c->has_nan) {
		put_limit(t, 5, c, c->high_int, c->high, 0.0);
		put_limit(t, 6, c, c->low_int, c->low, -0.0);
	}
	guild_thrift_end(t);
}

void guild_parquet_put_chunk(struct thrift *t, const struct parquet_column *c,
	const struct parquet_chunk *chunk)
{
	guild_thrift_begin(t, 0);
	guild_thrift_i64(t, 2, chunk->offset);
	guild_thrift_begin(t, 3);
	guild_thrift_i32(t, 1, types[c->type].physical);
	guild_thrift_list(t, 2, THRIFT_I32, 2);
	guild_thrift_item_i32(t, PARQUET_PLAIN);
	guild_thrift_item_i32(t, PARQUET_RLE);
	guild_thrift_list(t, 3, THRIFT_BINARY, 1);
	guild_thrift_item_binary(t, guild_str(c->name));
	guild_thrift_i32(t, 4, (int32_t)chunk->codec);
	guild_thrift_i64(t, 5, chunk->n_rows);
	guild_thrift_i64(t, 6, chunk->plain_bytes);
	guild_thrift_i64(t, 7, chunk->bytes);
	guild_thrift_i64(t, 9, chunk->offset);
	put_statistics(t, c, chunk->n_rows);
	guild_thrift_end(t);
	guild_thrift_end(t);
}
