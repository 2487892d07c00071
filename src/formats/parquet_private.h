/* The parts of a Parquet file. Private to parquet*.c. */
#ifndef GUILD_FORMATS_PARQUET_PRIVATE_H
#define GUILD_FORMATS_PARQUET_PRIVATE_H

#include "thrift.h"

/* Numbers of parquet.thrift. */
enum parquet_codec { PARQUET_UNCOMPRESSED = 0, PARQUET_GZIP = 2 };
enum parquet_encoding { PARQUET_PLAIN = 0, PARQUET_RLE = 3 };

/* A column of the row group that is being gathered. */
struct parquet_column {
	char *name;
	enum guild_parquet_type type;
	struct guild_buf values;  /* those that are, in plain encoding; booleans one a byte */
	struct guild_buf present; /* a byte a row: whether it has a value */
	size_t n_values;
	bool has_range; /* of int, float, time: lowest and highest are set */
	bool has_nan;   /* then there is no range */
	int64_t low_int, high_int;
	double low, high;
};

/* Where a column of a row group lies in the file. */
struct parquet_chunk {
	enum parquet_codec codec;
	int64_t offset, n_rows;
	int64_t plain_bytes, bytes; /* header included */
};

/* Appends the column's page, its header in front of it, and tells all of `out` but its offset. */
void guild_parquet_page(const struct parquet_column *c, size_t n_rows, struct guild_buf *page,
	struct parquet_chunk *out);
/* The element of a row group's list of columns. */
void guild_parquet_put_chunk(struct thrift *t, const struct parquet_column *c,
	const struct parquet_chunk *chunk);
/* The whole footer but its length and the magic; `groups` holds n_groups row groups. */
void guild_parquet_put_footer(struct guild_buf *out, const struct parquet_column *cols,
	size_t n_cols, int64_t n_rows, struct guild_str groups, size_t n_groups);
/* Definition levels of bit width 1: runs, and bits in groups of eight. */
void guild_parquet_levels(struct guild_buf *out, const char *present, size_t n);

#endif
