/* Escapes of bytes that are not UTF-8. Python keeps such a byte B as the code point U+DC00+B, and writes that as an escape
 * into YAML and JSON (a file name or environment value of another encoding). Neither libyaml nor yyjson takes half a
 * surrogate pair, so these escapes are replaced before parsing. */

#include "formats_private.h"

#include <string.h>

enum { ESCAPE_LEN = 6 }; /* \uDCE9 */

static int hex_value(char c)
{
	const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = c ? strchr(digits, c) : NULL;
	return at ? (int)(at - digits) & 15 : -1;
}

/* The code unit of "\uXXXX" at p, or -1. */
static int read_escape(const char *p, size_t n)
{
	int unit = 0;
	if (n < ESCAPE_LEN || p[0] != '\\' || p[1] != 'u') {
		return -1;
	}
	for (size_t i = 2; i < ESCAPE_LEN; i++) {
		int digit = hex_value(p[i]);
		if (digit < 0) {
			return -1;
		}
		unit = unit * 16 + digit;
	}
	return unit;
}

static bool is_byte_unit(int unit)
{
	return unit >= 0xDC80 && unit <= 0xDCFF;
}

static bool may_hold_escape(struct guild_str s)
{
	const char *p = s.p;
	size_t n = s.n;
	while (n >= ESCAPE_LEN) {
		const char *at = memchr(p, '\\', n);
		if (!at) {
			return false;
		}
		n -= (size_t)(at - p);
		p = at;
		if (is_byte_unit(read_escape(p, n))) {
			return true;
		}
		p++;
		n--;
	}
	return false;
}

/* Copies s with every unescaped \uDC80..\uDCFF replaced by what `put` writes. */
static bool replace(struct guild_str s, struct guild_buf *out, void (*put)(struct guild_buf *, int))
{
	if (!may_hold_escape(s)) {
		return false;
	}
	bool after_high = false;
	for (size_t i = 0; i < s.n;) {
		int unit = read_escape(s.p + i, s.n - i);
		size_t used = s.p[i] == '\\' && i + 1 < s.n ? 2 : 1;
		if (unit >= 0) {
			used = ESCAPE_LEN;
		}
		if (is_byte_unit(unit) && !after_high) {
			put(out, unit);
		} else {
			guild_buf_append(out, s.p + i, used);
		}
		after_high = unit >= 0xD800 && unit < 0xDC00;
		i += used;
	}
	return true;
}

static void put_byte(struct guild_buf *out, int unit)
{
	guild_buf_putc(out, (char)(unit & 0xFF));
}

bool guild_lone_escapes_to_bytes(struct guild_str s, struct guild_buf *out)
{
	return replace(s, out, put_byte);
}

/* libyaml reads any code point but no single byte: a private one stands for it until the scalar is read. */
enum { STAND_IN = 0x10FE00 };

static void put_stand_in(struct guild_buf *out, int unit)
{
	char text[4];
	guild_buf_append(out, text, guild_utf8_encode(STAND_IN + (uint32_t)(unit & 0xFF), text));
}

bool guild_lone_escapes_to_stand_ins(struct guild_str s, struct guild_buf *out)
{
	return replace(s, out, put_stand_in);
}

void guild_lone_restore(struct guild_str s, bool is_escape, struct guild_buf *out)
{
	for (size_t i = 0; i < s.n;) {
		uint32_t cp = 0;
		size_t used = guild_utf8_decode_lossless(s.p + i, s.n - i, &cp);
		if (cp < STAND_IN + 0x80 || cp > STAND_IN + 0xFF) {
			guild_buf_append(out, s.p + i, used);
		} else if (is_escape) {
			guild_buf_putc(out, (char)(cp & 0xFF));
		} else {
			guild_buf_printf(out, "\\uDC%02X", cp & 0xFF);
		}
		i += used;
	}
}
