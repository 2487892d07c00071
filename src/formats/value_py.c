/* Values as Python prints them: what flags become on a command line, and what people see. */

#include "formats_private.h"

#include <utf8proc.h>

size_t guild_utf8_decode_lossless(const char *p, size_t n, uint32_t *cp)
{
	size_t used = guild_utf8_decode(p, n, cp);
	if (used == 0) {
		*cp = 0xDC00u + (unsigned char)*p;
		return 1;
	}
	return used;
}

/* Python's str.isprintable for one code point. */
static bool is_printable(uint32_t cp)
{
	if (cp < 0x7F) {
		return cp >= 0x20;
	}
	switch (utf8proc_category((utf8proc_int32_t)cp)) {
	case UTF8PROC_CATEGORY_CN:
	case UTF8PROC_CATEGORY_CC:
	case UTF8PROC_CATEGORY_CF:
	case UTF8PROC_CATEGORY_CS:
	case UTF8PROC_CATEGORY_CO:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
	case UTF8PROC_CATEGORY_ZS:
		return false;
	default:
		return true;
	}
}

static bool has_byte(struct guild_str s, char c)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == c) {
			return true;
		}
	}
	return false;
}

static void repr_char(struct guild_buf *out, uint32_t cp, const char *p, size_t n, char quote)
{
	if (cp == (unsigned char)quote || cp == '\\') {
		guild_buf_putc(out, '\\');
		guild_buf_putc(out, (char)cp);
	} else if (cp == '\n') {
		guild_buf_puts(out, "\\n");
	} else if (cp == '\r') {
		guild_buf_puts(out, "\\r");
	} else if (cp == '\t') {
		guild_buf_puts(out, "\\t");
	} else if (is_printable(cp)) {
		guild_buf_append(out, p, n);
	} else if (cp <= 0xFF) {
		guild_buf_printf(out, "\\x%02x", cp);
	} else if (cp <= 0xFFFF) {
		guild_buf_printf(out, "\\u%04x", cp);
	} else {
		guild_buf_printf(out, "\\U%08x", cp);
	}
}

static void repr_text(struct guild_buf *out, struct guild_str s)
{
	char quote = has_byte(s, '\'') && !has_byte(s, '"') ? '"' : '\'';
	guild_buf_putc(out, quote);
	size_t i = 0;
	while (i < s.n) {
		uint32_t cp = 0;
		size_t used = guild_utf8_decode_lossless(s.p + i, s.n - i, &cp);
		repr_char(out, cp, s.p + i, used, quote);
		i += used;
	}
	guild_buf_putc(out, quote);
}

static void repr_float(struct guild_buf *out, double f)
{
	char text[GUILD_F64_MAX];
	size_t n = guild_f64_repr(f, text);
	guild_buf_append(out, text, n);
}

void guild_value_py_repr(struct guild_buf *out, const struct guild_value *v)
{
	if (!v) {
		guild_buf_puts(out, "None");
		return;
	}
	switch (v->type) {
	case GUILD_NULL:
		guild_buf_puts(out, "None");
		break;
	case GUILD_BOOL:
		guild_buf_puts(out, v->b ? "True" : "False");
		break;
	case GUILD_INT:
		if (v->s.n > 0) {
			guild_buf_append(out, v->s.p, v->s.n);
		} else {
			guild_buf_printf(out, "%lld", (long long)v->i);
		}
		break;
	case GUILD_FLOAT:
		repr_float(out, v->f);
		break;
	case GUILD_STRING:
	case GUILD_DATE:
		repr_text(out, v->s);
		break;
	case GUILD_LIST:
		guild_buf_putc(out, '[');
		for (size_t i = 0; i < v->n; i++) {
			guild_buf_puts(out, i ? ", " : "");
			guild_value_py_repr(out, v->items[i]);
		}
		guild_buf_putc(out, ']');
		break;
	case GUILD_DICT:
		guild_buf_putc(out, '{');
		for (size_t i = 0; i < v->n; i++) {
			guild_buf_puts(out, i ? ", " : "");
			guild_value_py_repr(out, v->pairs[i].key);
			guild_buf_puts(out, ": ");
			guild_value_py_repr(out, v->pairs[i].value);
		}
		guild_buf_putc(out, '}');
		break;
	}
}

void guild_value_py_str(struct guild_buf *out, const struct guild_value *v)
{
	if (v && (v->type == GUILD_STRING || v->type == GUILD_DATE)) {
		guild_buf_append(out, v->s.p, v->s.n);
	} else {
		guild_value_py_repr(out, v);
	}
}
