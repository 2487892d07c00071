/* What the files of this room share and nobody else needs. */
#ifndef GUILD_FORMATS_PRIVATE_H
#define GUILD_FORMATS_PRIVATE_H

#include "guild/formats.h"

/* Keys of one dict while it is being built: finds an equal key (as Python's ==) in constant time. */
struct guild_key_index {
	uint32_t *slots; /* position + 1 in the dict's pairs; 0 is free */
	size_t n_slots;
	size_t n_used;
};
void guild_key_index_fini(struct guild_key_index *ix);
/* Sets or replaces a key of any type; the first key and its place are kept, as in Python. */
void guild_value_put(struct guild_arena *a, struct guild_value *dict, struct guild_key_index *ix,
	struct guild_value *key, struct guild_value *value);

/* What a plain scalar means under YAML 1.1. */
enum guild_plain_kind {
	GUILD_PLAIN_STRING,
	GUILD_PLAIN_NULL,
	GUILD_PLAIN_BOOL,
	GUILD_PLAIN_INT,
	GUILD_PLAIN_FLOAT,
	GUILD_PLAIN_TIMESTAMP,
	GUILD_PLAIN_MERGE, /* << */
	GUILD_PLAIN_VALUE, /* = */
};
enum guild_plain_kind guild_yaml_plain_kind(struct guild_str s, unsigned options);
/* Makes the value of a scalar of that kind; NULL when the text looks like one but is none (a month 13, `0b_`). MERGE and
 * VALUE give NULL. */
struct guild_value *guild_yaml_make_scalar(struct guild_arena *a, enum guild_plain_kind kind,
	struct guild_str s);

/* Appends one code point of text that may not be UTF-8: a byte that belongs to none reads as U+DC80..U+DCFF, as Python's
 * surrogateescape does. Returns the bytes consumed. */
size_t guild_utf8_decode_lossless(const char *p, size_t n, uint32_t *cp);

/* Replace the escapes \uDC80..\uDCFF, which stand for single bytes. False, and nothing written, where there are none. In YAML a
 * stand-in is written; guild_lone_restore turns stand-ins of one scalar into bytes (`is_escape`: it was double-quoted) or
 * back into the text they were. */
bool guild_lone_escapes_to_bytes(struct guild_str s, struct guild_buf *out);
bool guild_lone_escapes_to_stand_ins(struct guild_str s, struct guild_buf *out);
void guild_lone_restore(struct guild_str s, bool is_escape, struct guild_buf *out);

/* Decimal text of digits in base 2, 8, 10 or 16, or of base-60 groups; NULL past the limit of digits. */
char *guild_bigint_decimal(struct guild_arena *a, const char *digits, size_t n, unsigned base);
char *guild_bigint_sexagesimal(struct guild_arena *a, const char *groups, size_t n);

#endif
