/* JSON text to values over yyjson, and back in the layout of Python's json.dumps. */

#include "formats_private.h"

#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

enum { JSON_MAX_DEPTH = 1000 };

struct loader {
	struct guild_arena *arena;
	struct guild_error *err;
};

/* A number beyond 64 bits, or one that a double holds only as infinity. */
static struct guild_value *load_raw_number(struct guild_arena *a, const char *text, size_t n)
{
	if (memchr(text, '.', n) || memchr(text, 'e', n) || memchr(text, 'E', n)) {
		double f = 0.0;
		(void)guild_parse_f64(text, n, &f);
		return guild_value_float(a, f);
	}
	struct guild_value *v = guild_value_int(a, 0);
	v->s = guild_str_n(guild_arena_strndup(a, text, n), n);
	return v;
}

static int load(struct loader *l, yyjson_val *from, unsigned depth, struct guild_value **out);

static int load_list(struct loader *l, yyjson_val *from, unsigned depth, struct guild_value **out)
{
	struct guild_value *list = guild_value_list(l->arena);
	yyjson_arr_iter it = yyjson_arr_iter_with(from);
	yyjson_val *item;
	while ((item = yyjson_arr_iter_next(&it)) != NULL) {
		struct guild_value *v = NULL;
		int rc = load(l, item, depth + 1, &v);
		if (rc < 0) {
			return rc;
		}
		guild_value_append(l->arena, list, v);
	}
	*out = list;
	return 0;
}

static int load_dict(struct loader *l, yyjson_val *from, unsigned depth, struct guild_value **out)
{
	struct guild_value *dict = guild_value_dict(l->arena);
	struct guild_key_index ix = {0};
	yyjson_obj_iter it = yyjson_obj_iter_with(from);
	yyjson_val *key;
	int rc = 0;
	while (rc == 0 && (key = yyjson_obj_iter_next(&it)) != NULL) {
		struct guild_value *v = NULL;
		rc = load(l, yyjson_obj_iter_get_val(key), depth + 1, &v);
		if (rc == 0) {
			struct guild_value *name = guild_value_string_n(l->arena,
				yyjson_get_str(key), yyjson_get_len(key));
			guild_value_put(l->arena, dict, &ix, name, v);
		}
	}
	guild_key_index_fini(&ix);
	if (rc == 0) {
		*out = dict;
	}
	return rc;
}

static int load(struct loader *l, yyjson_val *from, unsigned depth, struct guild_value **out)
{
	struct guild_arena *a = l->arena;
	if (depth > JSON_MAX_DEPTH) {
		return guild_error_set(l->err, GUILD_ELIMIT, "nested deeper than %d",
			JSON_MAX_DEPTH);
	}
	switch (yyjson_get_type(from)) {
	case YYJSON_TYPE_BOOL:
		*out = guild_value_bool(a, yyjson_get_bool(from));
		return 0;
	case YYJSON_TYPE_NUM:
		*out = yyjson_is_real(from) ? guild_value_float(a, yyjson_get_real(from))
					    : guild_value_int(a, yyjson_get_sint(from));
		if (yyjson_is_uint(from) && yyjson_get_uint(from) > INT64_MAX) {
			(*out)->s = guild_str(guild_arena_format(a, "%llu",
				(unsigned long long)yyjson_get_uint(from)));
		}
		return 0;
	case YYJSON_TYPE_RAW:
		*out = load_raw_number(a, yyjson_get_raw(from), yyjson_get_len(from));
		return 0;
	case YYJSON_TYPE_STR:
		*out = guild_value_string_n(a, yyjson_get_str(from), yyjson_get_len(from));
		return 0;
	case YYJSON_TYPE_ARR:
		return load_list(l, from, depth, out);
	case YYJSON_TYPE_OBJ:
		return load_dict(l, from, depth, out);
	default:
		*out = guild_value_null(a);
		return 0;
	}
}

static int fail_read(struct guild_error *err, struct guild_str text, const char *name,
	const yyjson_read_err *why)
{
	size_t line = 1;
	size_t column = 1;
	for (size_t i = 0; i < why->pos && i < text.n; i++) {
		column++;
		if (text.p[i] == '\n') {
			line++;
			column = 1;
		}
	}
	if (!name) {
		return guild_error_set(err, GUILD_EINVALID, "%s (line %zu, column %zu)", why->msg,
			line, column);
	}
	return guild_error_set(err, GUILD_EINVALID, "%s:%zu:%zu: %s", name, line, column, why->msg);
}

int guild_json_parse(struct guild_arena *a, struct guild_str text, const char *name,
	struct guild_value **out, struct guild_error *err)
{
	yyjson_read_err why = {0};
	struct guild_buf bytes = {0};
	if (guild_lone_escapes_to_bytes(text, &bytes)) {
		text = guild_buf_str(&bytes);
	}
	yyjson_doc *doc = yyjson_read_opts((char *)(uintptr_t)(text.p ? text.p : ""), text.n,
		YYJSON_READ_ALLOW_INF_AND_NAN | YYJSON_READ_BIGNUM_AS_RAW |
			YYJSON_READ_ALLOW_INVALID_UNICODE,
		NULL, &why);
	struct loader l = {a, err};
	struct guild_value *v = NULL;
	int rc = doc ? 0 : fail_read(err, text, name, &why);
	guild_buf_fini(&bytes);
	if (rc < 0) {
		return rc;
	}
	rc = load(&l, yyjson_doc_get_root(doc), 0, &v);
	yyjson_doc_free(doc);
	if (rc < 0) {
		return name ? guild_error_wrap(err, "%s", name) : rc;
	}
	*out = v;
	return 0;
}

/* ---- writing ---- */

static void put_string(struct guild_buf *out, struct guild_str s)
{
	static const char escapes[32] = {
		['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
	guild_buf_putc(out, '"');
	for (size_t i = 0; i < s.n;) {
		uint32_t cp = 0;
		i += guild_utf8_decode_lossless(s.p + i, s.n - i, &cp);
		if (cp == '"' || cp == '\\') {
			guild_buf_putc(out, '\\');
			guild_buf_putc(out, (char)cp);
		} else if (cp < 0x20 && escapes[cp]) {
			guild_buf_putc(out, '\\');
			guild_buf_putc(out, escapes[cp]);
		} else if (cp >= 0x20 && cp < 0x7F) {
			guild_buf_putc(out, (char)cp);
		} else if (cp >= 0x10000) {
			guild_buf_printf(out, "\\u%04x\\u%04x", 0xD800 + ((cp - 0x10000) >> 10),
				0xDC00 + (cp & 0x3FF));
		} else {
			guild_buf_printf(out, "\\u%04x", cp);
		}
	}
	guild_buf_putc(out, '"');
}

static void put_float(struct guild_buf *out, double f, unsigned options)
{
	if (f - f == 0.0) {
		char text[GUILD_F64_MAX];
		guild_buf_append(out, text, guild_f64_repr(f, text));
	} else if (options & GUILD_JSON_STRICT) {
		guild_buf_puts(out, "null");
	} else if (f != f) {
		guild_buf_puts(out, "NaN");
	} else {
		guild_buf_puts(out, f < 0 ? "-Infinity" : "Infinity");
	}
}

/* The text of a scalar, without quotes for what has none in JSON. */
static void put_scalar(struct guild_buf *out, const struct guild_value *v, unsigned options)
{
	switch (v->type) {
	case GUILD_NULL:
		guild_buf_puts(out, "null");
		break;
	case GUILD_BOOL:
		guild_buf_puts(out, v->b ? "true" : "false");
		break;
	case GUILD_FLOAT:
		put_float(out, v->f, options);
		break;
	case GUILD_STRING:
	case GUILD_DATE:
		put_string(out, v->s);
		break;
	default:
		guild_value_py_repr(out, v);
		break;
	}
}

/* Keys are strings in JSON. */
static void put_key(struct guild_buf *out, const struct guild_value *key)
{
	if (key->type == GUILD_STRING || key->type == GUILD_DATE) {
		put_string(out, key->s);
		return;
	}
	guild_buf_putc(out, '"');
	put_scalar(out, key, GUILD_JSON_COMPACT);
	guild_buf_putc(out, '"');
}

static void put_separator(struct guild_buf *out, bool is_first, unsigned options, size_t depth)
{
	if (!(options & GUILD_JSON_INDENT)) {
		guild_buf_puts(out, is_first ? "" : ", ");
		return;
	}
	guild_buf_puts(out, is_first ? "\n" : ",\n");
	for (size_t i = 0; i < depth; i++) {
		guild_buf_puts(out, "  ");
	}
}

static void put_value(struct guild_buf *out, const struct guild_value *v, unsigned options,
	size_t depth)
{
	if (v->type != GUILD_LIST && v->type != GUILD_DICT) {
		put_scalar(out, v, options);
		return;
	}
	bool is_list = v->type == GUILD_LIST;
	guild_buf_putc(out, is_list ? '[' : '{');
	struct guild_value sorted = *v;
	if (!is_list && options & GUILD_JSON_SORT && v->n > 1) {
		sorted.pairs = guild_alloc(v->n * sizeof *sorted.pairs);
		memcpy(sorted.pairs, v->pairs, v->n * sizeof *sorted.pairs);
		guild_value_sort_keys(&sorted);
	}
	for (size_t i = 0; i < v->n; i++) {
		put_separator(out, i == 0, options, depth + 1);
		if (!is_list) {
			put_key(out, sorted.pairs[i].key);
			guild_buf_puts(out, ": ");
		}
		put_value(out, is_list ? v->items[i] : sorted.pairs[i].value, options, depth + 1);
	}
	if (sorted.pairs != v->pairs) {
		free(sorted.pairs);
	}
	if (options & GUILD_JSON_INDENT && v->n > 0) {
		put_separator(out, true, options, depth);
	}
	guild_buf_putc(out, is_list ? ']' : '}');
}

void guild_json_dump(struct guild_buf *out, const struct guild_value *v, unsigned options)
{
	static const struct guild_value null = {.type = GUILD_NULL};
	put_value(out, v ? v : &null, options, 0);
}
