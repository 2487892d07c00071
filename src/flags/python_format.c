/* Text from values as Python's format(), str.format() and the % operator make it. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "python_eval.h"

enum { WIDTH_LIMIT = 4096, PRECISION_LIMIT = 100 };

struct spec {
	char fill[4];
	size_t fill_n;
	char align, sign, type;
	bool alternate, zero, comma;
	int width, precision; /* -1: none */
};

static bool parse_number(struct guild_str s, size_t *at, int limit, int *out)
{
	int value = -1;
	while (*at < s.n && s.p[*at] >= '0' && s.p[*at] <= '9') {
		value = (value < 0 ? 0 : value) * 10 + (s.p[(*at)++] - '0');
		if (value > limit) {
			return false;
		}
	}
	*out = value;
	return true;
}

static bool parse_spec(struct guild_str s, struct spec *out)
{
	*out = (struct spec){.fill = " ", .fill_n = 1, .width = -1, .precision = -1};
	size_t i = 0;
	uint32_t cp;
	size_t k = s.n > 0 ? guild_utf8_decode(s.p, s.n, &cp) : 0;
	if (k > 0 && s.n > k && strchr("<>^=", s.p[k])) {
		memcpy(out->fill, s.p, k);
		out->fill_n = k;
		out->align = s.p[k];
		i = k + 1;
	} else if (s.n > 0 && strchr("<>^=", s.p[0])) {
		out->align = s.p[i++];
	}
	if (i < s.n && strchr("+- ", s.p[i])) {
		out->sign = s.p[i++];
	}
	if (i < s.n && s.p[i] == '#') {
		out->alternate = true;
		i++;
	}
	if (i < s.n && s.p[i] == '0') {
		out->zero = true;
		i++;
	}
	if (!parse_number(s, &i, WIDTH_LIMIT, &out->width)) {
		return false;
	}
	if (i < s.n && s.p[i] == ',') {
		out->comma = true;
		i++;
	}
	if (i < s.n && s.p[i] == '.') {
		i++;
		if (!parse_number(s, &i, PRECISION_LIMIT, &out->precision) || out->precision < 0) {
			return false;
		}
	}
	if (i < s.n) {
		out->type = s.p[i++];
	}
	return i == s.n && !out->alternate && !out->comma;
}

static size_t characters(struct guild_str s)
{
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	}
	return n;
}

static void put_fill(const struct spec *spec, size_t n, struct guild_buf *out)
{
	for (size_t i = 0; i < n; i++) {
		guild_buf_append(out, spec->fill, spec->fill_n);
	}
}

static void put_aligned(const struct spec *spec, struct guild_str text, bool is_number,
	struct guild_buf *out)
{
	size_t width = spec->width < 0 ? 0 : (size_t)spec->width;
	size_t n = characters(text);
	size_t pad = width > n ? width - n : 0;
	char align = spec->align ? spec->align : is_number ? '>' : '<';
	if (is_number && spec->zero && !spec->align) {
		align = '=';
	}
	if (align == '=') {
		if (text.n > 0 && strchr("+-", text.p[0])) {
			guild_buf_putc(out, text.p[0]);
			text.p++;
			text.n--;
		}
		struct spec zero = *spec;
		if (spec->zero) {
			zero.fill[0] = '0';
			zero.fill_n = 1;
		}
		put_fill(&zero, pad, out);
		guild_buf_append(out, text.p, text.n);
		return;
	}
	size_t left = align == '<' ? 0 : align == '>' ? pad : pad / 2;
	put_fill(spec, left, out);
	guild_buf_append(out, text.p, text.n);
	put_fill(spec, pad - left, out);
}

static bool put_number(const struct spec *spec, const struct pv *v, struct guild_buf *out)
{
	char type = spec->type;
	int precision = spec->precision;
	char format[16];
	if (v->s.n > 0) {
		return false;
	}
	if (v->kind != PV_FLOAT && (type == 0 || type == 'd') && precision < 0) {
		guild_buf_printf(out, "%s%lld", spec->sign == '+' && v->i >= 0 ? "+" : "",
			(long long)(v->kind == PV_BOOL ? v->b : v->i));
		return true;
	}
	if (v->kind == PV_INT && (type == 'x' || type == 'X' || type == 'o') && v->i >= 0) {
		guild_buf_printf(out,
			type == 'x'   ? "%llx"
			: type == 'X' ? "%llX"
				      : "%llo",
			(unsigned long long)v->i);
		return true;
	}
	if (!type || !strchr("eEfFgG%", type)) {
		return false;
	}
	double f = guild_py_number(v);
	if (!isfinite(f)) {
		return false;
	}
	bool is_percent = type == '%';
	snprintf(format, sizeof format, "%%%s.*%c", spec->sign == '+' ? "+" : "",
		is_percent ? 'f' : type);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	guild_buf_printf(out, format, precision < 0 ? 6 : precision, is_percent ? f * 100 : f);
#pragma GCC diagnostic pop
	if (is_percent) {
		guild_buf_putc(out, '%');
	}
	return true;
}

bool guild_py_format_value(struct py *py, const struct pv *v, struct guild_str text,
	char conversion, struct guild_buf *out)
{
	struct spec spec;
	if (!parse_spec(text, &spec)) {
		return false;
	}
	struct guild_buf plain = {0};
	bool is_number = guild_py_is_number(v) && v->kind != PV_BOOL && !conversion;
	bool ok;
	if (is_number && (spec.type || spec.sign || spec.precision >= 0)) {
		ok = put_number(&spec, v, &plain);
	} else if (spec.type && spec.type != 's') {
		ok = v->kind == PV_BOOL && put_number(&spec, v, &plain);
	} else {
		ok = conversion == 'r' || conversion == 'a' ? guild_py_to_repr(py, v, &plain)
							    : guild_py_to_str(py, v, &plain);
		if (ok && spec.precision >= 0 && !is_number && (size_t)spec.precision < plain.n) {
			ok = characters(guild_buf_str(&plain)) == plain.n;
			plain.n = (size_t)spec.precision;
		}
	}
	if (ok) {
		put_aligned(&spec, guild_buf_str(&plain), is_number, out);
	}
	guild_buf_fini(&plain);
	return ok;
}

/* ---- the % operator ---- */

/* One "%…" at s[*at] (after the percent sign). */
static bool put_percent_item(struct py *py, struct guild_str s, size_t *at, const struct pv *args,
	size_t *next, struct guild_buf *out)
{
	const struct pv *v = NULL;
	if (*at < s.n && s.p[*at] == '(') {
		const char *close = memchr(s.p + *at, ')', s.n - *at);
		if (!close || args->kind != PV_DICT) {
			return false;
		}
		struct pv key = {.kind = PV_STR,
			.s = guild_str_n(s.p + *at + 1, (size_t)(close - s.p) - *at - 1)};
		v = guild_py_dict_get(args, &key);
		*at = (size_t)(close - s.p) + 1;
	}
	struct guild_buf spec = {0};
	while (*at < s.n && strchr("-+ #0", s.p[*at])) {
		guild_buf_putc(&spec, s.p[*at] == '-' ? '<' : s.p[*at]);
		(*at)++;
	}
	while (*at < s.n && strchr("0123456789.", s.p[*at])) {
		guild_buf_putc(&spec, s.p[(*at)++]);
	}
	bool ok = false;
	if (*at < s.n) {
		char type = s.p[(*at)++];
		char conversion = type == 'r' || type == 'a' ? 'r' : '\0';
		if (!v && args->kind == PV_TUPLE) {
			v = *next < args->n ? args->items[(*next)++] : NULL;
		} else if (!v && args->kind != PV_DICT) {
			v = (*next)++ == 0 ? args : NULL;
		}
		bool is_text = type == 's' || conversion;
		if (v && !is_text && type != '%') {
			guild_buf_putc(&spec, type == 'i' || type == 'u' ? 'd' : type);
			ok = guild_py_is_number(v) && (type != 'd' || v->kind != PV_FLOAT);
		} else {
			ok = v != NULL;
		}
		struct guild_str text = guild_buf_str(&spec);
		ok = ok && guild_py_format_value(py, v, text, conversion, out);
	}
	guild_buf_fini(&spec);
	return ok;
}

struct pv *guild_py_percent(struct py *py, struct guild_str format, struct pv *args)
{
	struct guild_buf out = {0};
	bool ok = true;
	size_t next = 0;
	size_t i = 0;
	while (i < format.n && ok) {
		if (format.p[i] != '%') {
			guild_buf_putc(&out, format.p[i++]);
		} else if (i + 1 < format.n && format.p[i + 1] == '%') {
			guild_buf_putc(&out, '%');
			i += 2;
		} else {
			i++;
			ok = put_percent_item(py, format, &i, args, &next, &out);
		}
	}
	struct pv *v =
		ok ? guild_py_str(py, guild_buf_str(&out)) : guild_py_unknown_from(py, args, NULL);
	for (size_t k = 0; !ok && args->kind == PV_TUPLE && k < args->n; k++) {
		v = guild_py_unknown_from(py, v, args->items[k]);
	}
	guild_buf_fini(&out);
	return v;
}

/* ---- str.format ---- */

static struct pv *format_field(struct py *py, struct guild_str name, const struct py_call *call,
	size_t *next)
{
	size_t end = 0;
	while (end < name.n && name.p[end] != '.' && name.p[end] != '[') {
		end++;
	}
	struct guild_str head = guild_str_n(name.p, end);
	struct pv *v = NULL;
	int64_t index;
	if (head.n == 0) {
		v = *next < call->n_pos ? call->pos[(*next)++] : NULL;
	} else if (guild_parse_i64(head.p, head.n, &index)) {
		v = index >= 0 && (size_t)index < call->n_pos ? call->pos[index] : NULL;
	} else {
		v = guild_py_kw(call, guild_arena_strndup(py->arena, head.p, head.n));
	}
	if (!v || end == name.n) {
		return v;
	}
	if (name.p[end] != '.' || memchr(name.p + end + 1, '.', name.n - end - 1) ||
		memchr(name.p + end, '[', name.n - end)) {
		return NULL;
	}
	return guild_py_attribute(py, v, guild_str_n(name.p + end + 1, name.n - end - 1));
}

/* One "{…}"; s is what stands between the braces. */
static bool put_format_item(struct py *py, struct guild_str s, const struct py_call *call,
	size_t *next, struct guild_buf *out, struct pv **culprit)
{
	size_t colon = 0;
	while (colon < s.n && s.p[colon] != ':') {
		colon++;
	}
	struct guild_str spec =
		colon < s.n ? guild_str_n(s.p + colon + 1, s.n - colon - 1) : guild_str("");
	struct guild_str name = guild_str_n(s.p, colon);
	char conversion = '\0';
	if (name.n >= 2 && name.p[name.n - 2] == '!') {
		conversion = name.p[name.n - 1];
		name.n -= 2;
	}
	struct pv *v = format_field(py, name, call, next);
	if (!v || (spec.n > 0 && memchr(spec.p, '{', spec.n))) {
		return false;
	}
	*culprit = v;
	return guild_py_format_value(py, v, spec, conversion, out);
}

struct pv *guild_py_str_format(struct py *py, struct guild_str format, const struct py_call *call)
{
	struct guild_buf out = {0};
	bool ok = !call->has_unknown;
	size_t next = 0;
	struct pv *culprit = NULL;
	for (size_t i = 0; i < format.n && ok; i++) {
		char c = format.p[i];
		if ((c == '{' || c == '}') && i + 1 < format.n && format.p[i + 1] == c) {
			guild_buf_putc(&out, c);
			i++;
		} else if (c == '{') {
			const char *close = memchr(format.p + i, '}', format.n - i);
			ok = close != NULL;
			if (ok) {
				size_t end = (size_t)(close - format.p);
				ok = put_format_item(py, guild_str_n(format.p + i + 1, end - i - 1),
					call, &next, &out, &culprit);
				i = end;
			}
		} else {
			ok = c != '}';
			guild_buf_putc(&out, c);
		}
	}
	struct pv *v = ok ? guild_py_str(py, guild_buf_str(&out))
			  : guild_py_unknown_from(py, culprit, NULL);
	guild_buf_fini(&out);
	return v;
}
