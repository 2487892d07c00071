/* Values of the evaluator: making them, asking them, turning them into text and into what JSON holds. */

#include <math.h>
#include <string.h>

#include "python_eval.h"

struct pv *guild_py_new(struct py *py, enum pv_kind kind)
{
	struct pv *v = guild_arena_alloc(py->arena, sizeof *v);
	v->kind = kind;
	return v;
}

void guild_py_begin(struct py *py, struct guild_arena *a)
{
	py->arena = a;
	py->unknown = guild_py_new(py, PV_UNKNOWN);
	py->volatile_unknown = guild_py_new(py, PV_UNKNOWN);
	py->volatile_unknown->is_volatile = true;
	py->none = guild_py_new(py, PV_NONE);
	py->yes = guild_py_new(py, PV_BOOL);
	py->yes->b = true;
	py->no = guild_py_new(py, PV_BOOL);
}

struct pv *guild_py_str(struct py *py, struct guild_str s)
{
	struct pv *v = guild_py_new(py, PV_STR);
	v->s = guild_str_n(guild_arena_strndup(py->arena, s.n ? s.p : "", s.n), s.n);
	return v;
}

struct pv *guild_py_strz(struct py *py, const char *z)
{
	return guild_py_str(py, guild_str(z));
}

struct pv *guild_py_int(struct py *py, int64_t i)
{
	struct pv *v = guild_py_new(py, PV_INT);
	v->i = i;
	return v;
}

struct pv *guild_py_float(struct py *py, double f)
{
	struct pv *v = guild_py_new(py, PV_FLOAT);
	v->f = f;
	return v;
}

struct pv *guild_py_bool(struct py *py, bool b)
{
	return b ? py->yes : py->no;
}

struct pv *guild_py_symbol(struct py *py, const char *dotted)
{
	struct pv *v = guild_py_strz(py, dotted);
	v->kind = PV_SYMBOL;
	return v;
}

struct pv *guild_py_method(struct py *py, struct pv *self, struct guild_str name)
{
	struct pv *v = guild_py_new(py, PV_METHOD);
	v->self = self;
	v->s = name;
	return v;
}

void guild_py_append(struct py *py, struct pv *list, struct pv *item)
{
	if (list->n >= PY_ITEMS_LIMIT) {
		list->kind = PV_UNKNOWN;
		return;
	}
	if (list->n == list->cap) {
		size_t cap = list->cap ? list->cap * 2 : 8;
		struct pv **items = guild_arena_alloc(py->arena, cap * sizeof(struct pv *));
		if (list->n > 0) {
			memcpy(items, list->items, list->n * sizeof(struct pv *));
		}
		list->items = items;
		if (list->kind == PV_DICT) {
			struct pv **keys = guild_arena_alloc(py->arena, cap * sizeof(struct pv *));
			if (list->n > 0) {
				memcpy(keys, list->keys, list->n * sizeof(struct pv *));
			}
			list->keys = keys;
		}
		list->cap = cap;
	}
	list->items[list->n++] = item;
}

bool guild_py_is_symbol(const struct pv *v, const char *dotted)
{
	return v && v->kind == PV_SYMBOL && guild_str_eqz(v->s, dotted);
}

bool guild_py_is_text(const struct pv *v)
{
	return v && v->kind == PV_STR;
}

bool guild_py_is_number(const struct pv *v)
{
	return v->kind == PV_INT || v->kind == PV_FLOAT || v->kind == PV_BOOL;
}

double guild_py_number(const struct pv *v)
{
	if (v->kind == PV_FLOAT) {
		return v->f;
	}
	if (v->kind == PV_BOOL) {
		return v->b;
	}
	double big;
	if (v->s.n > 0 && guild_parse_f64(v->s.p, v->s.n, &big)) {
		return big;
	}
	return (double)v->i;
}

static bool is_sequence(const struct pv *v)
{
	return v->kind == PV_LIST || v->kind == PV_TUPLE || v->kind == PV_SET;
}

bool guild_py_is_const(const struct pv *v)
{
	if (!v) {
		return false;
	}
	if (is_sequence(v) || v->kind == PV_DICT) {
		for (size_t i = 0; i < v->n; i++) {
			if (!guild_py_is_const(v->items[i]) ||
				(v->kind == PV_DICT && !guild_py_is_const(v->keys[i]))) {
				return false;
			}
		}
		return true;
	}
	return v->kind == PV_NONE || guild_py_is_number(v) || v->kind == PV_STR ||
	       v->kind == PV_BYTES || v->kind == PV_PATH;
}

int guild_py_truth(const struct pv *v)
{
	switch (v->kind) {
	case PV_NONE:
		return 0;
	case PV_BOOL:
		return v->b;
	case PV_INT:
		return v->s.n > 0 || v->i != 0;
	case PV_FLOAT:
		return v->f != 0;
	case PV_STR:
	case PV_BYTES:
		return v->s.n > 0;
	case PV_LIST:
	case PV_TUPLE:
	case PV_SET:
	case PV_DICT:
		return v->n > 0;
	case PV_UNKNOWN:
	case PV_SYMBOL:
	case PV_INSTANCE:
		return -1;
	default:
		return 1;
	}
}

static int equal_items(const struct pv *a, const struct pv *b)
{
	if (a->n != b->n) {
		return 0;
	}
	int result = 1;
	for (size_t i = 0; i < a->n; i++) {
		int one = guild_py_equal(a->items[i], b->items[i]);
		if (one == 0) {
			return 0;
		}
		result = one < 0 ? -1 : result;
	}
	return result;
}

static int equal_dicts(const struct pv *a, const struct pv *b)
{
	if (a->n != b->n) {
		return 0;
	}
	int result = 1;
	for (size_t i = 0; i < a->n; i++) {
		const struct pv *other = guild_py_dict_get(b, a->keys[i]);
		int one = other ? guild_py_equal(a->items[i], other) : 0;
		if (one == 0) {
			return 0;
		}
		result = one < 0 ? -1 : result;
	}
	return result;
}

int guild_py_equal(const struct pv *a, const struct pv *b)
{
	if (a == b && a->kind != PV_UNKNOWN && a->kind != PV_FLOAT) {
		return 1;
	}
	if (a->kind == PV_SYMBOL && b->kind == PV_SYMBOL && guild_str_eq(a->s, b->s)) {
		return 1;
	}
	if (a->kind == PV_ENUM && b->kind == PV_ENUM) {
		return a->cls == b->cls && guild_str_eq(a->s, b->s);
	}
	bool known_a = guild_py_is_const(a);
	bool known_b = guild_py_is_const(b);
	if (!known_a || !known_b) {
		/* None is nothing but None; the rest may have an __eq__ of its own. */
		bool is_none = (a->kind == PV_NONE && b->kind > PV_NONE && b->kind != PV_SYMBOL) ||
			       (b->kind == PV_NONE && a->kind > PV_NONE && a->kind != PV_SYMBOL);
		return is_none ? 0 : -1;
	}
	if (guild_py_is_number(a) && guild_py_is_number(b)) {
		if (a->kind == PV_INT && b->kind == PV_INT && a->s.n == 0 && b->s.n == 0) {
			return a->i == b->i;
		}
		if (a->s.n > 0 && b->s.n > 0) {
			return guild_str_eq(a->s, b->s);
		}
		return guild_py_number(a) == guild_py_number(b);
	}
	if (a->kind != b->kind) {
		return 0;
	}
	switch (a->kind) {
	case PV_NONE:
		return 1;
	case PV_STR:
	case PV_BYTES:
	case PV_PATH:
		return guild_str_eq(a->s, b->s);
	case PV_DICT:
		return equal_dicts(a, b);
	case PV_SET:
		return a->n == b->n ? -1 : 0;
	default:
		return equal_items(a, b);
	}
}

struct pv *guild_py_dict_get(const struct pv *dict, const struct pv *key)
{
	for (size_t i = dict->n; i-- > 0;) {
		if (guild_py_equal(dict->keys[i], key) == 1) {
			return dict->items[i];
		}
	}
	return NULL;
}

struct pv *guild_py_dict_getz(const struct pv *dict, const char *key)
{
	struct pv text = {.kind = PV_STR, .s = guild_str(key)};
	return guild_py_dict_get(dict, &text);
}

void guild_py_dict_set(struct py *py, struct pv *dict, struct pv *key, struct pv *value)
{
	/* Large tables are literals without repeated keys; reading finds the last one anyway. */
	for (size_t i = 0; i < dict->n && dict->n <= PY_UNIQUE_KEYS_LIMIT; i++) {
		if (guild_py_equal(dict->keys[i], key) == 1) {
			dict->items[i] = value;
			return;
		}
	}
	size_t before = dict->n;
	guild_py_append(py, dict, value);
	if (dict->n > before) {
		dict->keys[before] = key;
	}
}

/* ---- text ---- */

static void put_string_repr(struct guild_str s, struct guild_buf *out)
{
	bool has_single = s.n > 0 && memchr(s.p, '\'', s.n);
	bool has_double = s.n > 0 && memchr(s.p, '"', s.n);
	char quote = has_single && !has_double ? '"' : '\'';
	guild_buf_putc(out, quote);
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c == (unsigned char)quote || c == '\\') {
			guild_buf_putc(out, '\\');
			guild_buf_putc(out, (char)c);
		} else if (c == '\n') {
			guild_buf_puts(out, "\\n");
		} else if (c == '\r') {
			guild_buf_puts(out, "\\r");
		} else if (c == '\t') {
			guild_buf_puts(out, "\\t");
		} else if (c < 0x20 || c == 0x7f) {
			guild_buf_printf(out, "\\x%02x", c);
		} else {
			guild_buf_putc(out, (char)c);
		}
	}
	guild_buf_putc(out, quote);
}

static bool put_items(struct py *py, const struct pv *v, struct guild_buf *out)
{
	for (size_t i = 0; i < v->n; i++) {
		if (i > 0) {
			guild_buf_puts(out, ", ");
		}
		if (v->kind == PV_DICT) {
			if (!guild_py_to_repr(py, v->keys[i], out)) {
				return false;
			}
			guild_buf_puts(out, ": ");
		}
		if (!guild_py_to_repr(py, v->items[i], out)) {
			return false;
		}
	}
	return true;
}

static bool put_container(struct py *py, const struct pv *v, struct guild_buf *out)
{
	if (v->kind == PV_SET && v->n != 1) {
		/* The order of a set is Python's own secret. */
		if (v->n == 0) {
			guild_buf_puts(out, "set()");
		}
		return v->n == 0;
	}
	const char *open = v->kind == PV_LIST ? "[" : v->kind == PV_TUPLE ? "(" : "{";
	const char *close = v->kind == PV_LIST    ? "]"
			    : v->kind != PV_TUPLE ? "}"
			    : v->n == 1           ? ",)"
						  : ")";
	guild_buf_puts(out, open);
	if (!put_items(py, v, out)) {
		return false;
	}
	guild_buf_puts(out, close);
	return true;
}

bool guild_py_to_repr(struct py *py, const struct pv *v, struct guild_buf *out)
{
	char number[GUILD_F64_MAX];
	switch (v->kind) {
	case PV_NONE:
		guild_buf_puts(out, "None");
		return true;
	case PV_BOOL:
		guild_buf_puts(out, v->b ? "True" : "False");
		return true;
	case PV_INT:
		if (v->s.n > 0) {
			guild_buf_append(out, v->s.p, v->s.n);
		} else {
			guild_buf_printf(out, "%lld", (long long)v->i);
		}
		return true;
	case PV_FLOAT:
		guild_buf_append(out, number, guild_f64_repr(v->f, number));
		return true;
	case PV_STR:
		put_string_repr(v->s, out);
		return true;
	case PV_BYTES:
		guild_buf_putc(out, 'b');
		put_string_repr(v->s, out);
		return true;
	case PV_PATH:
		guild_buf_puts(out, "PosixPath(");
		put_string_repr(v->s, out);
		guild_buf_putc(out, ')');
		return true;
	case PV_LIST:
	case PV_TUPLE:
	case PV_SET:
	case PV_DICT:
		return put_container(py, v, out);
	default:
		return false;
	}
}

/* str() of an enum member: of the script's own __str__ nothing is known, of the common kinds all. */
static bool put_enum(struct py *py, const struct pv *v, struct guild_buf *out)
{
	struct pv *from = NULL;
	if (guild_py_class_attribute(v->cls, guild_str("__str__"), &from)) {
		return false;
	}
	for (size_t i = 0; i < v->cls->n; i++) {
		const struct pv *base = v->cls->items[i];
		if (guild_py_is_symbol(base, "enum.StrEnum")) {
			return guild_py_to_str(py, v->target, out);
		}
		if (guild_py_is_symbol(base, "enum.IntEnum") ||
			guild_py_is_symbol(base, "enum.IntFlag")) {
			return false; /* differs between Python 3.10 and 3.11 */
		}
	}
	guild_buf_printf(out, "%.*s.%.*s", GUILD_STR_FMT(v->cls->s), GUILD_STR_FMT(v->s));
	return true;
}

bool guild_py_to_str(struct py *py, const struct pv *v, struct guild_buf *out)
{
	if (v->kind == PV_STR || v->kind == PV_PATH) {
		guild_buf_append(out, v->s.p, v->s.n);
		return true;
	}
	if (v->kind == PV_ENUM) {
		return put_enum(py, v, out);
	}
	return guild_py_to_repr(py, v, out);
}

/* ---- JSON ---- */

struct guild_value *guild_py_to_value(struct guild_arena *a, const struct pv *v)
{
	switch (v->kind) {
	case PV_NONE:
		return guild_value_null(a);
	case PV_BOOL:
		return guild_value_bool(a, v->b);
	case PV_INT: {
		struct guild_value *out = guild_value_int(a, v->i);
		if (v->s.n > 0) {
			out->s = guild_str_n(guild_arena_strndup(a, v->s.p, v->s.n), v->s.n);
		}
		return out;
	}
	case PV_FLOAT:
		return guild_value_float(a, v->f);
	case PV_STR:
		return guild_value_string_n(a, v->s.p, v->s.n);
	case PV_ENUM:
		/* str and int enumerations serialise as their value. */
		for (size_t i = 0; i < v->cls->n; i++) {
			const struct pv *base = v->cls->items[i];
			if (guild_py_is_symbol(base, "builtins.str") ||
				guild_py_is_symbol(base, "enum.StrEnum") ||
				guild_py_is_symbol(base, "builtins.int") ||
				guild_py_is_symbol(base, "enum.IntEnum")) {
				return guild_py_to_value(a, v->target);
			}
		}
		return NULL;
	case PV_LIST:
	case PV_TUPLE: {
		struct guild_value *list = guild_value_list(a);
		for (size_t i = 0; i < v->n; i++) {
			struct guild_value *item = guild_py_to_value(a, v->items[i]);
			if (!item) {
				return NULL;
			}
			guild_value_append(a, list, item);
		}
		return list;
	}
	case PV_DICT: {
		struct guild_value *dict = guild_value_dict(a);
		for (size_t i = 0; i < v->n; i++) {
			struct guild_value *item = guild_py_to_value(a, v->items[i]);
			if (!item || !guild_py_is_text(v->keys[i])) {
				return NULL;
			}
			guild_value_set(a, dict,
				guild_arena_strndup(a, v->keys[i]->s.p, v->keys[i]->s.n), item);
		}
		return dict;
	}
	default:
		return NULL;
	}
}

struct pv *guild_py_from_value(struct py *py, const struct guild_value *v)
{
	switch (v ? v->type : GUILD_NULL) {
	case GUILD_NULL:
		return py->none;
	case GUILD_BOOL:
		return guild_py_bool(py, v->b);
	case GUILD_INT: {
		struct pv *out = guild_py_int(py, v->i);
		out->s = v->s;
		return out;
	}
	case GUILD_FLOAT:
		return guild_py_float(py, v->f);
	case GUILD_STRING:
	case GUILD_DATE:
		return guild_py_str(py, v->s);
	case GUILD_LIST:
	case GUILD_DICT:
		break;
	}
	bool is_dict = v->type == GUILD_DICT;
	struct pv *out = guild_py_new(py, is_dict ? PV_DICT : PV_LIST);
	for (size_t i = 0; i < v->n; i++) {
		struct pv *item =
			guild_py_from_value(py, is_dict ? v->pairs[i].value : v->items[i]);
		if (is_dict) {
			guild_py_dict_set(py, out, guild_py_from_value(py, v->pairs[i].key), item);
		} else {
			guild_py_append(py, out, item);
		}
	}
	return out;
}

bool guild_py_iterate(struct py *py, struct pv *v, struct pv ***items, size_t *n)
{
	if (is_sequence(v)) {
		*items = v->items;
		*n = v->n;
		return true;
	}
	if (v->kind == PV_DICT) {
		*items = v->keys;
		*n = v->n;
		return true;
	}
	struct pv *list = guild_py_new(py, PV_LIST);
	if (v->kind == PV_STR) {
		for (size_t i = 0; i < v->s.n;) {
			uint32_t cp;
			size_t k = guild_utf8_decode(v->s.p + i, v->s.n - i, &cp);
			k = k ? k : 1;
			guild_py_append(py, list, guild_py_str(py, guild_str_n(v->s.p + i, k)));
			i += k;
		}
	} else if (v->kind == PV_CLASS) {
		for (size_t i = 0; i < guild_py_scope_count(v->attrs); i++) {
			struct guild_str name;
			struct pv *member = guild_py_scope_at(v->attrs, i, &name);
			if (member && member->kind == PV_ENUM) {
				guild_py_append(py, list, member);
			}
		}
		if (list->n == 0) {
			return false;
		}
	} else {
		return false;
	}
	*items = list->items;
	*n = list->n;
	return true;
}
