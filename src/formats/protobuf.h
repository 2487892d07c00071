/* The wire format of protobuf, inline for those who read millions of messages (guild_protobuf_next is the same as a function). */
#ifndef GUILD_FORMATS_PROTOBUF_H
#define GUILD_FORMATS_PROTOBUF_H

#include <string.h>

#include "guild/formats.h"

GUILD_INLINE uint64_t guild_load_le64(const char *p)
{
	unsigned char b[8];
	memcpy(b, p, sizeof(b));
	return (uint64_t)b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 | (uint64_t)b[3] << 24 |
	       (uint64_t)b[4] << 32 | (uint64_t)b[5] << 40 | (uint64_t)b[6] << 48 |
	       (uint64_t)b[7] << 56;
}

GUILD_INLINE uint64_t guild_load_le32(const char *p)
{
	unsigned char b[4];
	memcpy(b, p, sizeof(b));
	return (uint64_t)b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 | (uint64_t)b[3] << 24;
}

GUILD_INLINE uint64_t guild_load_le(const char *p, size_t n)
{
	return n == 8 ? guild_load_le64(p) : guild_load_le32(p);
}

GUILD_INLINE bool guild_protobuf_take_varint(struct guild_str *in, uint64_t *out)
{
	uint64_t v = 0;
	if (in->n > 0 && (unsigned char)*in->p < 0x80) {
		*out = (unsigned char)*in->p;
		in->p++;
		in->n--;
		return true;
	}
	for (size_t i = 0; i < in->n && i < 10; i++) {
		unsigned char c = (unsigned char)in->p[i];
		v |= (uint64_t)(c & 0x7f) << (7 * i);
		if (c < 0x80) {
			in->p += i + 1;
			in->n -= i + 1;
			*out = v;
			return true;
		}
	}
	return false;
}

GUILD_INLINE bool guild_protobuf_take_bytes(struct guild_str *in, uint64_t n, struct guild_str *out)
{
	if (n > in->n) {
		return false;
	}
	*out = (struct guild_str){in->p, (size_t)n};
	in->p += n;
	in->n -= (size_t)n;
	return true;
}

/* Takes one field off `in`: 1, 0 at the end, -1 for bytes that are no message. */
GUILD_INLINE int guild_protobuf_take(struct guild_str *in, struct guild_protobuf_field *f)
{
	if (in->n == 0) {
		return 0;
	}
	uint64_t key;
	if (!guild_protobuf_take_varint(in, &key) || key >> 3 == 0) {
		return -1;
	}
	f->number = key >> 3;
	f->wire = (unsigned)(key & 7);
	switch (f->wire) {
	case GUILD_WIRE_VARINT:
		return guild_protobuf_take_varint(in, &f->bits) ? 1 : -1;
	case GUILD_WIRE_BYTES: {
		uint64_t n;
		return guild_protobuf_take_varint(in, &n) &&
				       guild_protobuf_take_bytes(in, n, &f->bytes)
			       ? 1
			       : -1;
	}
	case GUILD_WIRE_FIXED64:
	case GUILD_WIRE_FIXED32: {
		size_t n = f->wire == GUILD_WIRE_FIXED64 ? 8 : 4;
		if (!guild_protobuf_take_bytes(in, n, &f->bytes)) {
			return -1;
		}
		f->bits = guild_load_le(f->bytes.p, n);
		return 1;
	}
	default: /* groups: nobody writes them here */
		return -1;
	}
}

#endif
