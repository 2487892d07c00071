/* String literals of Python source: prefixes, quotes, escapes. */

#include <string.h>

#include "python_tree.h"

static struct guild_str prefix_of(struct py_source *s, uint32_t node)
{
	struct guild_str start = guild_py_text(s, guild_py_first(s, node));
	size_t n = 0;
	while (n < start.n && start.p[n] != '"' && start.p[n] != '\'') {
		n++;
	}
	return guild_str_n(start.p, n);
}

static bool prefix_has(struct guild_str prefix, char lower)
{
	for (size_t i = 0; i < prefix.n; i++) {
		if ((prefix.p[i] | 0x20) == lower) {
			return true;
		}
	}
	return false;
}

bool guild_py_is_fstring(struct py_source *s, uint32_t node)
{
	struct guild_str prefix = prefix_of(s, node);
	return prefix_has(prefix, 'f') || prefix_has(prefix, 't');
}

bool guild_py_string_is_raw(struct py_source *s, uint32_t node)
{
	return prefix_has(prefix_of(s, node), 'r');
}

/* Reads up to `max` digits of a base; `count` tells how many there were. */
static uint32_t read_digits(const char *p, size_t n, unsigned base, size_t max, size_t *count)
{
	uint32_t value = 0;
	size_t i = 0;
	for (; i < n && i < max; i++) {
		char c = p[i];
		unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0')
				 : (c | 0x20) >= 'a' && (c | 0x20) <= 'f'
					 ? (unsigned)((c | 0x20) - 'a') + 10
					 : base;
		if (digit >= base) {
			break;
		}
		value = value * base + digit;
	}
	*count = i;
	return value;
}

static bool put_code_point(struct guild_buf *out, uint32_t cp)
{
	if (cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff)) {
		return false;
	}
	char utf8[4];
	guild_buf_append(out, utf8, guild_utf8_encode(cp, utf8));
	return true;
}

/* One escape at p (a backslash). Sets the bytes it takes; false for what we cannot hold. */
static bool put_escape(const char *p, size_t n, bool bytes, size_t *taken, struct guild_buf *out)
{
	static const char simple[] = "\\'\"abfnrtv";
	static const char meaning[] = "\\'\"\a\b\f\n\r\t\v";
	if (n < 2) {
		guild_buf_putc(out, '\\');
		*taken = 1;
		return true;
	}
	char c = p[1];
	const char *found = strchr(simple, c);
	size_t count = 0;
	*taken = 2;
	if (c == '\n') {
		return true;
	}
	if (found) {
		guild_buf_putc(out, meaning[found - simple]);
		return true;
	}
	if (c >= '0' && c <= '7') {
		uint32_t value = read_digits(p + 1, n - 1, 8, 3, &count);
		*taken = 1 + count;
		return put_code_point(out, value);
	}
	size_t wanted = c == 'x' ? 2 : bytes ? 0 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
	if (wanted > 0) {
		uint32_t value = read_digits(p + 2, n - 2, 16, wanted, &count);
		*taken = 2 + count;
		return count == wanted && put_code_point(out, value);
	}
	if (c == 'N' && !bytes) {
		return false;
	}
	guild_buf_append(out, p, 2);
	return true;
}

bool guild_py_content_value(struct py_source *s, uint32_t node, bool raw, bool bytes,
	struct guild_buf *out)
{
	struct guild_str text = guild_py_text(s, node);
	if (raw) {
		guild_buf_append(out, text.p, text.n);
		return true;
	}
	size_t i = 0;
	while (i < text.n) {
		const char *slash = memchr(text.p + i, '\\', text.n - i);
		size_t plain = slash ? (size_t)(slash - text.p) - i : text.n - i;
		guild_buf_append(out, text.p + i, plain);
		i += plain;
		if (slash) {
			size_t taken;
			if (!put_escape(text.p + i, text.n - i, bytes, &taken, out)) {
				return false;
			}
			i += taken;
		}
	}
	return true;
}

bool guild_py_string_value(struct py_source *s, uint32_t node, struct guild_buf *out,
	bool *is_bytes)
{
	struct guild_str prefix = prefix_of(s, node);
	bool raw = prefix_has(prefix, 'r');
	bool bytes = prefix_has(prefix, 'b');
	if (prefix_has(prefix, 'f') || prefix_has(prefix, 't')) {
		return false;
	}
	for (uint32_t c = guild_py_first(s, node); c; c = guild_py_next(s, c)) {
		if (guild_py_kind(s, c) == PY_string_content &&
			!guild_py_content_value(s, c, raw, bytes, out)) {
			return false;
		}
	}
	*is_bytes = bytes;
	return true;
}
