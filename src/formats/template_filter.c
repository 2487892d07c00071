/* Filters of templates, and values as texts. */

#include "template.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef const struct guild_value *value;

void template_text(const struct guild_value *v, struct guild_buf *out)
{
	if (!guild_value_is_null(v)) {
		guild_value_py_str(out, v);
	}
}

int template_compare(const struct guild_value *x, const struct guild_value *y)
{
	if (guild_value_is_number(x) && guild_value_is_number(y)) {
		double a = guild_value_as_f64(x);
		double b = guild_value_as_f64(y);
		return (a > b) - (a < b);
	}
	struct guild_buf left = {0};
	struct guild_buf right = {0};
	template_text(x, &left);
	template_text(y, &right);
	int c = strcmp(guild_buf_cstr(&left), guild_buf_cstr(&right));
	guild_buf_fini(&left);
	guild_buf_fini(&right);
	return c;
}

struct call {
	struct guild_arena *a;
	value v;
	const value *args;
	size_t n;
};

static value text_value(struct guild_arena *a, struct guild_buf *take)
{
	value v = guild_value_string_n(a, guild_buf_cstr(take), take->n);
	guild_buf_fini(take);
	return v;
}

static value arg(const struct call *c, size_t i)
{
	return i < c->n ? c->args[i] : NULL;
}

static char *text_of(value v)
{
	struct guild_buf text = {0};
	template_text(v, &text);
	return guild_buf_take(&text);
}

static value f_default(const struct call *c)
{
	bool is_missing = !c->v || (guild_value_truthy(arg(c, 1)) && !guild_value_truthy(c->v));
	value other = arg(c, 0);
	return !is_missing ? c->v : other ? other : guild_value_string(c->a, "");
}

static value f_length(const struct call *c)
{
	size_t n = 0;
	if (guild_value_text(c->v)) {
		for (size_t i = 0; i < c->v->s.n; i++) {
			n += ((unsigned char)c->v->s.p[i] & 0xc0) != 0x80;
		}
	} else if (c->v && (c->v->type == GUILD_LIST || c->v->type == GUILD_DICT)) {
		n = c->v->n;
	}
	return guild_value_int(c->a, (int64_t)n);
}

/* ASCII only: other letters stay. */
static value change_case(const struct call *c, bool upper, bool first_only)
{
	char *text = text_of(c->v);
	for (char *p = text; *p; p++) {
		bool is_upper = upper && (!first_only || p == text);
		*p = (char)(is_upper ? toupper((unsigned char)*p) : tolower((unsigned char)*p));
	}
	value v = guild_value_string(c->a, text);
	free(text);
	return v;
}

static value f_upper(const struct call *c)
{
	return change_case(c, true, false);
}

static value f_lower(const struct call *c)
{
	return change_case(c, false, false);
}

static value f_capitalize(const struct call *c)
{
	return change_case(c, true, true);
}

static value f_trim(const struct call *c)
{
	char *text = text_of(c->v);
	struct guild_str s = guild_str_trim(guild_str(text));
	value v = guild_value_string_n(c->a, s.p, s.n);
	free(text);
	return v;
}

static value f_join(const struct call *c)
{
	struct guild_buf out = {0};
	for (size_t i = 0; c->v && c->v->type == GUILD_LIST && i < c->v->n &&
			   out.n <= GUILD_TEMPLATE_MAX_BYTES;
		i++) {
		if (i > 0) {
			template_text(arg(c, 0), &out);
		}
		template_text(c->v->items[i], &out);
	}
	return text_value(c->a, &out);
}

static value f_first(const struct call *c)
{
	return c->v && c->v->type == GUILD_LIST && c->v->n > 0 ? c->v->items[0] : NULL;
}

static value f_last(const struct call *c)
{
	return c->v && c->v->type == GUILD_LIST && c->v->n > 0 ? c->v->items[c->v->n - 1] : NULL;
}

static value f_replace(const struct call *c)
{
	char *text = text_of(c->v);
	char *from = text_of(arg(c, 0));
	char *to = text_of(arg(c, 1));
	struct guild_buf out = {0};
	size_t n = strlen(from);
	for (const char *p = text; *p && out.n <= GUILD_TEMPLATE_MAX_BYTES;) {
		if (n > 0 && guild_starts(p, from)) {
			guild_buf_puts(&out, to);
			p += n;
		} else {
			guild_buf_putc(&out, *p++);
		}
	}
	free(to);
	free(from);
	free(text);
	return text_value(c->a, &out);
}

/* A number, also from a text; NaN: it is none. */
static double number_of(value v)
{
	double f = guild_value_as_f64(v);
	const char *text = guild_value_text(v);
	if (text) {
		(void)guild_parse_f64(text, v->s.n, &f); /* else f stays NaN */
	}
	return f;
}

static value f_round(const struct call *c)
{
	double places = guild_value_is_number(arg(c, 0)) ? guild_value_as_f64(arg(c, 0)) : 0;
	double scale = pow(10, places);
	double f = number_of(c->v);
	return guild_value_float(c->a, isfinite(f * scale) ? rint(f * scale) / scale : f);
}

static value f_int(const struct call *c)
{
	double f = number_of(c->v);
	int64_t i = 0;
	if (guild_value_text(c->v) && guild_parse_i64(c->v->s.p, c->v->s.n, &i)) {
		return guild_value_int(c->a, i);
	}
	return guild_value_int(c->a, fabs(f) < 9e18 ? (int64_t)f : 0);
}

static value f_float(const struct call *c)
{
	double f = number_of(c->v);
	return guild_value_float(c->a, isnan(f) && !guild_value_is_number(c->v) ? 0 : f);
}

static value f_string(const struct call *c)
{
	struct guild_buf out = {0};
	template_text(c->v, &out);
	return text_value(c->a, &out);
}

static value f_list(const struct call *c)
{
	struct guild_value *list = guild_value_list(c->a);
	for (size_t i = 0; c->v && c->v->type == GUILD_DICT && i < c->v->n; i++) {
		guild_value_append(c->a, list, c->v->pairs[i].key);
	}
	return c->v && c->v->type == GUILD_LIST ? c->v : list;
}

static int compare_items(const void *a, const void *b)
{
	const struct guild_value *const *x = a;
	const struct guild_value *const *y = b;
	return template_compare(*x, *y);
}

static value f_sort(const struct call *c)
{
	struct guild_value *list = guild_value_list(c->a);
	value from = f_list(c);
	for (size_t i = 0; i < from->n; i++) {
		guild_value_append(c->a, list, from->items[i]);
	}
	if (list->n > 1) {
		qsort(list->items, list->n, sizeof(list->items[0]), compare_items);
	}
	return list;
}

static value f_reverse(const struct call *c)
{
	struct guild_value *list = guild_value_list(c->a);
	value from = f_list(c);
	for (size_t i = from->n; i > 0; i--) {
		guild_value_append(c->a, list, from->items[i - 1]);
	}
	return list;
}

static value f_tojson(const struct call *c)
{
	struct guild_buf out = {0};
	guild_json_dump(&out, c->v ? c->v : guild_value_null(c->a), GUILD_JSON_COMPACT);
	return text_value(c->a, &out);
}

static value f_escape(const struct call *c)
{
	static const struct {
		char c;
		const char *text;
	} marks[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&#34;"}, {'\'', "&#39;"}};
	char *text = text_of(c->v);
	struct guild_buf out = {0};
	for (const char *p = text; *p; p++) {
		size_t i = 0;
		while (i < GUILD_ARRAY_LEN(marks) && marks[i].c != *p) {
			i++;
		}
		if (i < GUILD_ARRAY_LEN(marks)) {
			guild_buf_puts(&out, marks[i].text);
		} else {
			guild_buf_putc(&out, *p);
		}
	}
	free(text);
	return text_value(c->a, &out);
}

static value f_same(const struct call *c)
{
	return c->v;
}

static const struct {
	const char *name;
	value (*call)(const struct call *c);
} filters[] = {
	{"capitalize", f_capitalize},
	{"count", f_length},
	{"d", f_default},
	{"default", f_default},
	{"e", f_escape},
	{"escape", f_escape},
	{"first", f_first},
	{"float", f_float},
	{"int", f_int},
	{"join", f_join},
	{"last", f_last},
	{"length", f_length},
	{"list", f_list},
	{"lower", f_lower},
	{"replace", f_replace},
	{"reverse", f_reverse},
	{"round", f_round},
	{"safe", f_same},
	{"sort", f_sort},
	{"string", f_string},
	{"tojson", f_tojson},
	{"trim", f_trim},
	{"upper", f_upper},
};

int template_filter(struct template_state *t, uint32_t line, const char *name,
	const struct guild_value *v, const struct guild_value *const *args, size_t n,
	const struct guild_value **out)
{
	const struct call c = {.a = t->a, .v = v, .args = args, .n = n};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(filters); i++) {
		if (strcmp(filters[i].name, name) == 0) {
			*out = filters[i].call(&c);
			return 0;
		}
	}
	if (t->env->filter && t->env->filter(t->env->arg, name, v, args, n, t->a, out) > 0) {
		return 0;
	}
	return template_fail(t, line, "filter '%s' is not known here", name);
}
