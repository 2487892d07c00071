/* Label templates: ${NAME|FILTER|FILTER}. */

#include "flags_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct render {
	struct guild_arena *arena;
	const struct guild_value *flags;
	const char *label;
	const struct guild_log *log;
};

/* ---- the % filter: one conversion as in Python's % operator ---- */

struct conversion {
	char flags[8];
	int width, precision; /* -1: none */
	char kind;
	struct guild_str before, after;
};

enum { CONVERSION_MAX = 1000 }; /* width and precision */

static const char *parse_count(const char *p, const char *end, int *out)
{
	int n = 0;
	for (; p < end && *p >= '0' && *p <= '9'; p++) {
		n = n < CONVERSION_MAX ? n * 10 + (*p - '0') : n;
	}
	*out = n < CONVERSION_MAX ? n : CONVERSION_MAX;
	return p;
}

/* Exactly one conversion, with text around it. */
static bool parse_conversion(struct guild_str spec, struct conversion *c)
{
	const char *end = spec.p + spec.n;
	const char *p = memchr(spec.p, '%', spec.n);
	*c = (struct conversion){.width = -1, .precision = -1};
	if (!p) {
		return false;
	}
	c->before = guild_str_n(spec.p, (size_t)(p - spec.p));
	size_t n = 0;
	for (p++; p < end && *p && strchr("#0- +", *p); p++) {
		if (n + 1 < sizeof c->flags) {
			c->flags[n++] = *p;
		}
	}
	if (p < end && *p >= '0' && *p <= '9') {
		p = parse_count(p, end, &c->width);
	}
	if (p < end && *p == '.') {
		p = parse_count(p + 1, end, &c->precision);
	}
	if (p == end || !*p || !strchr("diufFeEgGxXosr", *p)) {
		return false;
	}
	c->kind = *p++;
	c->after = guild_str_n(p, (size_t)(end - p));
	return p == end || !memchr(p, '%', (size_t)(end - p));
}

/* Flags, width and precision go through printf as one checked format. */
static void put_padded(struct guild_buf *out, const struct conversion *c, const char *text)
{
	int length = (int)strlen(text);
	if (c->precision >= 0 && c->precision < length) {
		length = c->precision;
	}
	int width = c->width > 0 ? c->width : 0;
	if (strchr(c->flags, '-')) {
		guild_buf_printf(out, "%-*.*s", width, length, text);
	} else {
		guild_buf_printf(out, "%*.*s", width, length, text);
	}
}

static void put_number(struct guild_buf *out, const struct conversion *c,
	const struct guild_value *v)
{
	char format[32];
	char text[CONVERSION_MAX + 400];
	bool is_float = strchr("fFeEgG", c->kind) != NULL;
	int width = c->width < 0 ? 0 : c->width;
	char flags[sizeof c->flags];
	memcpy(flags, c->flags, sizeof flags);
	/* printf fills infinities with blanks, Python with zeros; nobody asks for either. */
	if (is_float) {
		(void)snprintf(format, sizeof format, "%%%s*.*%c", flags, c->kind);
		(void)snprintf(text, sizeof text, format, width,
			c->precision < 0 ? 6 : c->precision, guild_value_as_f64(v));
	} else {
		char kind = c->kind == 'u' || c->kind == 'i' ? 'd' : c->kind;
		long long whole =
			v->type == GUILD_INT ? (long long)v->i : (long long)guild_value_as_f64(v);
		bool is_negative = whole < 0 && kind != 'd';
		(void)snprintf(format, sizeof format, "%s%%%s*.*ll%c", is_negative ? "-" : "",
			flags, kind);
		(void)snprintf(text, sizeof text, format, width, c->precision,
			is_negative ? -whole : whole);
	}
	guild_buf_puts(out, text);
}

static bool can_be_whole(const struct guild_value *v)
{
	double f = guild_value_as_f64(v);
	return (v->type == GUILD_INT && v->s.n == 0) || v->type == GUILD_BOOL ||
	       (v->type == GUILD_FLOAT && fabs(f) < 0x1p63);
}

/* Python's "%…" % v, or NULL where it would refuse. */
static struct guild_value *apply_format(struct guild_arena *a, struct guild_str spec,
	const struct guild_value *v)
{
	struct conversion c;
	if (!parse_conversion(spec, &c)) {
		return NULL;
	}
	bool is_text = c.kind == 's' || c.kind == 'r';
	bool is_float = strchr("fFeEgG", c.kind) != NULL;
	bool is_number = guild_value_is_number(v) || v->type == GUILD_BOOL;
	bool is_big = v->type == GUILD_INT && v->s.n > 0;
	if (!is_text && (!is_number || (!is_float && !is_big && !can_be_whole(v)))) {
		return NULL;
	}
	struct guild_buf out = {0};
	guild_buf_append(&out, c.before.p, c.before.n);
	if (is_text || (is_big && !is_float)) {
		struct guild_buf text = {0};
		if (c.kind == 'r') {
			guild_value_py_repr(&text, v);
		} else {
			guild_value_py_str(&text, v);
		}
		put_padded(&out, &c, guild_buf_cstr(&text));
		guild_buf_fini(&text);
	} else {
		put_number(&out, &c, v);
	}
	guild_buf_append(&out, c.after.p, c.after.n);
	struct guild_value *result = guild_value_string_n(a, guild_buf_cstr(&out), out.n);
	guild_buf_fini(&out);
	return result;
}

/* ---- the other filters ---- */

static struct guild_value *apply_basename(struct guild_arena *a, const struct guild_value *v)
{
	struct guild_str s = v->s;
	while (s.n > 1 && s.p[s.n - 1] == '/') {
		s.n--;
	}
	const char *copy = guild_arena_strndup(a, s.p, s.n);
	return guild_value_string(a, guild_path_basename(copy));
}

static struct guild_value *apply_unquote(struct guild_arena *a, const struct guild_value *v)
{
	struct guild_str s = v->s;
	if (s.n > 1 && (s.p[0] == '\'' || s.p[0] == '"') && s.p[s.n - 1] == s.p[0]) {
		s = guild_str_n(s.p + 1, s.n - 2);
	}
	return guild_value_string_n(a, s.p, s.n);
}

static const struct guild_value *apply_filter(struct render *r, struct guild_str filter,
	const struct guild_value *v)
{
	bool is_missing = guild_value_is_null(v);
	bool is_text = v && v->type == GUILD_STRING;
	if (guild_str_starts(filter, "%")) {
		const struct guild_value *formatted =
			is_missing ? NULL : apply_format(r->arena, filter, v);
		return formatted ? formatted : v;
	}
	if (guild_str_eqz(filter, "default") || guild_str_starts(filter, "default:")) {
		size_t skip = strlen("default:");
		const char *text = filter.n > skip ? filter.p + skip : "";
		return is_missing ? guild_value_string_n(r->arena, text,
					    filter.n > skip ? filter.n - skip : 0)
				  : v;
	}
	if (guild_str_eqz(filter, "basename")) {
		return is_text ? apply_basename(r->arena, v) : v;
	}
	if (guild_str_eqz(filter, "unquote")) {
		return is_text ? apply_unquote(r->arena, v) : v;
	}
	guild_log(r->log, "warning", "unknown filter '%.*s' in a label", GUILD_STR_FMT(filter));
	return guild_value_string(r->arena, "#error#");
}

static const struct guild_value *look_up(struct render *r, struct guild_str name, bool *is_label)
{
	*is_label = guild_str_eqz(name, "default_label");
	if (*is_label) {
		struct guild_buf text = {0};
		guild_flag_default_label(&text, r->flags);
		struct guild_value *v =
			guild_value_string_n(r->arena, guild_buf_cstr(&text), text.n);
		guild_buf_fini(&text);
		return v;
	}
	if (r->label && guild_str_eqz(name, "label")) {
		*is_label = true;
		return guild_value_string(r->arena, r->label);
	}
	return guild_value_get(r->flags, guild_arena_strndup(r->arena, name.p, name.n));
}

/* NAME|FILTER|… between the braces. What went through a filter is shown as it is. */
static void render_reference(struct render *r, struct guild_buf *out, struct guild_str inner)
{
	const char *bar = inner.n > 0 ? memchr(inner.p, '|', inner.n) : NULL;
	struct guild_str name = guild_str_n(inner.p, bar ? (size_t)(bar - inner.p) : inner.n);
	bool is_plain = false;
	const struct guild_value *v = look_up(r, name, &is_plain);
	while (bar) {
		const char *start = bar + 1;
		size_t left = (size_t)(inner.p + inner.n - start);
		bar = left > 0 ? memchr(start, '|', left) : NULL;
		v = apply_filter(r, guild_str_n(start, bar ? (size_t)(bar - start) : left), v);
		is_plain = true;
	}
	if (guild_value_is_null(v)) {
		return;
	}
	if (is_plain) {
		guild_value_py_str(out, v);
	} else {
		guild_flag_format_short(out, v);
	}
}

void guild_flag_render_label(struct guild_buf *out, const char *template_text,
	const struct guild_value *flags, const char *label, const struct guild_log *log)
{
	struct render r = {guild_arena_new(), flags, label, log};
	const char *p = template_text;
	while (*p) {
		const char *open = strstr(p, "${");
		const char *close = open ? strchr(open, '}') : NULL;
		if (!close) {
			guild_buf_puts(out, p);
			break;
		}
		guild_buf_append(out, p, (size_t)(open - p));
		render_reference(&r, out, guild_str_n(open + 2, (size_t)(close - open) - 2));
		p = close + 1;
	}
	guild_arena_free(r.arena);
}
