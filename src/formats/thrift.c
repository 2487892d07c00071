/* Thrift's compact protocol (thrift-compact-protocol.md of Apache Thrift). */
#include "thrift.h"

enum { SHORT_FIELD_STEP = 15, SHORT_LIST = 15, TYPE_BITS = 4 };

void guild_varint(struct guild_buf *out, uint64_t v)
{
	while (v >= 0x80) {
		guild_buf_putc(out, (char)(v | 0x80));
		v >>= 7;
	}
	guild_buf_putc(out, (char)v);
}

static void put_zigzag(struct guild_buf *out, int64_t v)
{
	uint64_t twice = (uint64_t)v << 1;
	guild_varint(out, v < 0 ? ~twice : twice);
}

static void put_field(struct thrift *t, int field, enum thrift_type type)
{
	int step = field - t->last_field[t->depth - 1];
	guild_assert(field > 0 && step > 0);
	if (step <= SHORT_FIELD_STEP) {
		guild_buf_putc(t->out, (char)(step << TYPE_BITS | (int)type));
	} else {
		guild_buf_putc(t->out, (char)type);
		put_zigzag(t->out, field);
	}
	t->last_field[t->depth - 1] = field;
}

void guild_thrift_begin(struct thrift *t, int field)
{
	if (field > 0) {
		put_field(t, field, THRIFT_STRUCT);
	}
	guild_assert(t->depth < THRIFT_MAX_DEPTH);
	t->last_field[t->depth++] = 0;
}

void guild_thrift_end(struct thrift *t)
{
	guild_buf_putc(t->out, 0);
	t->depth--;
}

void guild_thrift_bool(struct thrift *t, int field, bool v)
{
	put_field(t, field, v ? THRIFT_TRUE : THRIFT_FALSE);
}

void guild_thrift_i32(struct thrift *t, int field, int32_t v)
{
	put_field(t, field, THRIFT_I32);
	put_zigzag(t->out, v);
}

void guild_thrift_i64(struct thrift *t, int field, int64_t v)
{
	put_field(t, field, THRIFT_I64);
	put_zigzag(t->out, v);
}

void guild_thrift_binary(struct thrift *t, int field, struct guild_str v)
{
	put_field(t, field, THRIFT_BINARY);
	guild_thrift_item_binary(t, v);
}

void guild_thrift_list(struct thrift *t, int field, enum thrift_type of, size_t n)
{
	put_field(t, field, THRIFT_LIST);
	if (n < SHORT_LIST) {
		guild_buf_putc(t->out, (char)(n << TYPE_BITS | of));
	} else {
		guild_buf_putc(t->out, (char)(SHORT_LIST << TYPE_BITS | of));
		guild_varint(t->out, n);
	}
}

void guild_thrift_item_i32(struct thrift *t, int32_t v)
{
	put_zigzag(t->out, v);
}

void guild_thrift_item_binary(struct thrift *t, struct guild_str v)
{
	guild_varint(t->out, v.n);
	guild_buf_append(t->out, v.p, v.n);
}
