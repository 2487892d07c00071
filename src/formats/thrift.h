/* Thrift's compact protocol, as much as a Parquet footer is made of. Private to formats/. */
#ifndef GUILD_FORMATS_THRIFT_H
#define GUILD_FORMATS_THRIFT_H

#include <guild/formats.h>

enum { THRIFT_MAX_DEPTH = 16 };
enum thrift_type {
	THRIFT_TRUE = 1,
	THRIFT_FALSE = 2,
	THRIFT_I32 = 5,
	THRIFT_I64 = 6,
	THRIFT_BINARY = 8,
	THRIFT_LIST = 9,
	THRIFT_STRUCT = 12,
};
/* Appends to `out`; fields of a struct in rising order. */
struct thrift {
	struct guild_buf *out;
	int depth;
	int last_field[THRIFT_MAX_DEPTH];
};

/* Where a field is 0 the struct is an item of a list, or the whole. */
void guild_thrift_begin(struct thrift *t, int field);
void guild_thrift_end(struct thrift *t);
void guild_thrift_bool(struct thrift *t, int field, bool v);
void guild_thrift_i32(struct thrift *t, int field, int32_t v);
void guild_thrift_i64(struct thrift *t, int field, int64_t v);
void guild_thrift_binary(struct thrift *t, int field, struct guild_str v);
/* The items follow. */
void guild_thrift_list(struct thrift *t, int field, enum thrift_type of, size_t n);
void guild_thrift_item_i32(struct thrift *t, int32_t v);
void guild_thrift_item_binary(struct thrift *t, struct guild_str v);

void guild_varint(struct guild_buf *out, uint64_t v);

#endif
