/* The value type that every format reads into and writes from. */

#include "formats_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static struct guild_value *new_value(struct guild_arena *a, enum guild_type type)
{
	struct guild_value *v = guild_arena_alloc(a, sizeof *v);
	v->type = type;
	return v;
}

struct guild_value *guild_value_null(struct guild_arena *a)
{
	return new_value(a, GUILD_NULL);
}

struct guild_value *guild_value_bool(struct guild_arena *a, bool b)
{
	struct guild_value *v = new_value(a, GUILD_BOOL);
	v->b = b;
	return v;
}

struct guild_value *guild_value_int(struct guild_arena *a, int64_t i)
{
	struct guild_value *v = new_value(a, GUILD_INT);
	v->i = i;
	return v;
}

struct guild_value *guild_value_float(struct guild_arena *a, double f)
{
	struct guild_value *v = new_value(a, GUILD_FLOAT);
	v->f = f;
	return v;
}

struct guild_value *guild_value_string_n(struct guild_arena *a, const char *p, size_t n)
{
	struct guild_value *v = new_value(a, GUILD_STRING);
	v->s = guild_str_n(guild_arena_strndup(a, p, n), n);
	return v;
}

struct guild_value *guild_value_string(struct guild_arena *a, const char *z)
{
	return z ? guild_value_string_n(a, z, strlen(z)) : guild_value_null(a);
}

struct guild_value *guild_value_list(struct guild_arena *a)
{
	return new_value(a, GUILD_LIST);
}

struct guild_value *guild_value_dict(struct guild_arena *a)
{
	return new_value(a, GUILD_DICT);
}

struct guild_value *guild_value_strs(struct guild_arena *a, const struct guild_strs *s)
{
	struct guild_value *list = guild_value_list(a);
	for (size_t i = 0; i < s->n; i++) {
		guild_value_append(a, list, guild_value_string(a, s->v[i]));
	}
	return list;
}

/* An arena gives nothing back, so growth doubles and leaves the old array behind. */
static void *grow(struct guild_arena *a, void *old, size_t n, size_t *cap, size_t item_size)
{
	if (n < *cap) {
		return old;
	}
	size_t wanted = *cap ? *cap * 2 : 4;
	size_t bytes = 0;
	guild_assert(!__builtin_mul_overflow(wanted, item_size, &bytes));
	void *grown = guild_arena_alloc(a, bytes);
	if (n > 0) {
		memcpy(grown, old, n * item_size);
	}
	*cap = wanted;
	return grown;
}

void guild_value_append(struct guild_arena *a, struct guild_value *list, struct guild_value *v)
{
	guild_assert(list->type == GUILD_LIST);
	list->items = grow(a, list->items, list->n, &list->cap, sizeof *list->items);
	list->items[list->n++] = v;
}

static void append_pair(struct guild_arena *a, struct guild_value *dict, struct guild_value *key,
	struct guild_value *value)
{
	dict->pairs = grow(a, dict->pairs, dict->n, &dict->cap, sizeof *dict->pairs);
	dict->pairs[dict->n++] = (struct guild_pair){key, value};
}

void guild_value_add_pair(struct guild_arena *a, struct guild_value *dict, struct guild_value *key,
	struct guild_value *v)
{
	guild_assert(dict->type == GUILD_DICT);
	append_pair(a, dict, key, v);
}

struct guild_value *guild_value_dict_like(struct guild_arena *a, const struct guild_value *at)
{
	struct guild_value *dict = guild_value_dict(a);
	dict->file = at->file;
	dict->line = at->line;
	dict->column = at->column;
	return dict;
}

static struct guild_pair *find_pair(const struct guild_value *dict, const char *key)
{
	if (!dict || dict->type != GUILD_DICT) {
		return NULL;
	}
	for (size_t i = 0; i < dict->n; i++) {
		const struct guild_value *k = dict->pairs[i].key;
		if (k->type == GUILD_STRING && guild_str_eqz(k->s, key)) {
			return &dict->pairs[i];
		}
	}
	return NULL;
}

void guild_value_set(struct guild_arena *a, struct guild_value *dict, const char *key,
	struct guild_value *v)
{
	guild_assert(dict->type == GUILD_DICT);
	struct guild_pair *pair = find_pair(dict, key);
	if (pair) {
		pair->value = v;
	} else {
		append_pair(a, dict, guild_value_string(a, key), v);
	}
}

void guild_value_unset(struct guild_value *dict, const char *key)
{
	struct guild_pair *pair = find_pair(dict, key);
	if (pair) {
		size_t after = dict->n - (size_t)(pair - dict->pairs) - 1;
		memmove(pair, pair + 1, after * sizeof *pair);
		dict->n--;
	}
}

struct guild_value *guild_value_get(const struct guild_value *dict, const char *key)
{
	struct guild_pair *pair = find_pair(dict, key);
	return pair ? pair->value : NULL;
}

struct guild_value *guild_value_copy(struct guild_arena *a, const struct guild_value *v)
{
	if (!v) {
		return NULL;
	}
	struct guild_value *copy = new_value(a, v->type);
	*copy = *v;
	copy->items = NULL;
	copy->n = 0;
	copy->cap = 0;
	if (v->s.p) {
		copy->s.p = guild_arena_strndup(a, v->s.p, v->s.n);
	}
	for (size_t i = 0; i < v->n; i++) {
		if (v->type == GUILD_LIST) {
			guild_value_append(a, copy, guild_value_copy(a, v->items[i]));
		} else {
			append_pair(a, copy, guild_value_copy(a, v->pairs[i].key),
				guild_value_copy(a, v->pairs[i].value));
		}
	}
	return copy;
}

static int compare_str(struct guild_str a, struct guild_str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;
	return order ? order : (a.n > b.n) - (a.n < b.n);
}

static int compare_keys(const void *a, const void *b)
{
	const struct guild_pair *x = a;
	const struct guild_pair *y = b;
	if (x->key->type == GUILD_STRING && y->key->type == GUILD_STRING) {
		return compare_str(x->key->s, y->key->s);
	}
	struct guild_buf tx = {0};
	struct guild_buf ty = {0};
	guild_value_py_str(&tx, x->key);
	guild_value_py_str(&ty, y->key);
	int order = compare_str(guild_buf_str(&tx), guild_buf_str(&ty));
	guild_buf_fini(&tx);
	guild_buf_fini(&ty);
	return order;
}

void guild_value_sort_keys(struct guild_value *dict)
{
	if (dict->type == GUILD_DICT && dict->n > 1) {
		qsort(dict->pairs, dict->n, sizeof *dict->pairs, compare_keys);
	}
}

static bool is_big(const struct guild_value *v)
{
	return v->type == GUILD_INT && v->s.n > 0;
}

static bool is_numeric(const struct guild_value *v)
{
	return v->type == GUILD_INT || v->type == GUILD_FLOAT || v->type == GUILD_BOOL;
}

/* True when f is a whole number that fits; 2^63 as a double is the first that does not. */
static bool f64_as_i64(double f, int64_t *out)
{
	if (!(f >= -0x1p63 && f < 0x1p63) || f != trunc(f)) {
		return false;
	}
	*out = (int64_t)f;
	return true;
}

static bool numbers_eq(const struct guild_value *a, const struct guild_value *b)
{
	if (is_big(a) || is_big(b)) {
		if (a->type == GUILD_FLOAT || b->type == GUILD_FLOAT) {
			return guild_value_as_f64(a) == guild_value_as_f64(b);
		}
		return is_big(a) && is_big(b) && guild_str_eq(a->s, b->s);
	}
	if (a->type == GUILD_FLOAT && b->type == GUILD_FLOAT) {
		return a->f == b->f;
	}
	if (a->type == GUILD_FLOAT || b->type == GUILD_FLOAT) {
		const struct guild_value *f = a->type == GUILD_FLOAT ? a : b;
		const struct guild_value *i = f == a ? b : a;
		int64_t whole = 0;
		return f64_as_i64(f->f, &whole) && whole == (i->type == GUILD_BOOL ? i->b : i->i);
	}
	int64_t x = a->type == GUILD_BOOL ? a->b : a->i;
	int64_t y = b->type == GUILD_BOOL ? b->b : b->i;
	return x == y;
}

static bool dicts_eq(const struct guild_value *a, const struct guild_value *b)
{
	for (size_t i = 0; i < a->n; i++) {
		/* Mostly both were written in the same order. */
		size_t found = b->n;
		if (guild_value_eq(a->pairs[i].key, b->pairs[i].key)) {
			found = i;
		}
		for (size_t j = 0; found == b->n && j < b->n; j++) {
			if (guild_value_eq(a->pairs[i].key, b->pairs[j].key)) {
				found = j;
				break;
			}
		}
		if (found == b->n || !guild_value_eq(a->pairs[i].value, b->pairs[found].value)) {
			return false;
		}
	}
	return true;
}

bool guild_value_eq(const struct guild_value *a, const struct guild_value *b)
{
	if (guild_value_is_null(a) || guild_value_is_null(b)) {
		return guild_value_is_null(a) && guild_value_is_null(b);
	}
	if (is_numeric(a) && is_numeric(b)) {
		return numbers_eq(a, b);
	}
	if (a->type != b->type) {
		return false;
	}
	if (a->type == GUILD_LIST || a->type == GUILD_DICT) {
		if (a->n != b->n) {
			return false;
		}
		if (a->type == GUILD_DICT) {
			return dicts_eq(a, b);
		}
		for (size_t i = 0; i < a->n; i++) {
			if (!guild_value_eq(a->items[i], b->items[i])) {
				return false;
			}
		}
		return true;
	}
	return guild_str_eq(a->s, b->s);
}

bool guild_value_truthy(const struct guild_value *v)
{
	if (!v) {
		return false;
	}
	switch (v->type) {
	case GUILD_NULL:
		return false;
	case GUILD_BOOL:
		return v->b;
	case GUILD_INT:
		return v->i != 0 || is_big(v);
	case GUILD_FLOAT:
		return v->f != 0.0;
	case GUILD_STRING:
		return v->s.n > 0;
	case GUILD_DATE:
		return true;
	case GUILD_LIST:
	case GUILD_DICT:
		return v->n > 0;
	}
	return false;
}

bool guild_value_is_null(const struct guild_value *v)
{
	return !v || v->type == GUILD_NULL;
}

bool guild_value_is_number(const struct guild_value *v)
{
	return v && (v->type == GUILD_INT || v->type == GUILD_FLOAT);
}

double guild_value_as_f64(const struct guild_value *v)
{
	double f = NAN;
	if (!v) {
		return f;
	}
	switch (v->type) {
	case GUILD_BOOL:
		return v->b ? 1.0 : 0.0;
	case GUILD_INT:
		if (is_big(v)) {
			/* Beyond what a double holds anyway. */
			f = v->s.p[0] == '-' ? -INFINITY : INFINITY;
			(void)guild_parse_f64(v->s.p, v->s.n, &f);
			return f;
		}
		return (double)v->i;
	case GUILD_FLOAT:
		return v->f;
	default:
		return f;
	}
}

const char *guild_value_text(const struct guild_value *v)
{
	return v && v->type == GUILD_STRING ? v->s.p : NULL;
}

int guild_value_error_at(const struct guild_value *at, struct guild_error *err)
{
	if (at && at->line > 0 && at->file) {
		return guild_error_wrap(err, "%s:%u:%u", at->file, at->line, at->column);
	}
	return err ? err->code : GUILD_EINVALID;
}

int guild_value_fail(const struct guild_value *at, struct guild_error *err, const char *fmt, ...)
{
	va_list ap;
	char text[GUILD_ERROR_TEXT_MAX];
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	guild_error_set(err, GUILD_EINVALID, "%s", text);
	return guild_value_error_at(at, err);
}

const char *guild_type_name(enum guild_type t)
{
	static const char *const names[] = {
		[GUILD_NULL] = "null",
		[GUILD_BOOL] = "boolean",
		[GUILD_INT] = "int",
		[GUILD_FLOAT] = "float",
		[GUILD_STRING] = "string",
		[GUILD_DATE] = "date",
		[GUILD_LIST] = "list",
		[GUILD_DICT] = "mapping",
	};
	return (size_t)t < GUILD_ARRAY_LEN(names) ? names[t] : "unknown";
}

/* ---- dicts with keys of any type ---- */

/* Equal values have equal hashes: 1, 1.0 and true are one key. */
static uint64_t hash_key(const struct guild_value *k)
{
	int64_t whole = 0;
	if (is_numeric(k) && !is_big(k)) {
		if (k->type != GUILD_FLOAT) {
			whole = k->type == GUILD_BOOL ? k->b : k->i;
		} else if (!f64_as_i64(k->f, &whole)) {
			return XXH3_64bits(&k->f, sizeof k->f);
		}
		return XXH3_64bits(&whole, sizeof whole);
	}
	if (is_big(k)) {
		double f = guild_value_as_f64(k);
		return XXH3_64bits(&f, sizeof f);
	}
	return k->s.n > 0 ? XXH3_64bits(k->s.p, k->s.n) : 0;
}

void guild_key_index_fini(struct guild_key_index *ix)
{
	free(ix->slots);
	*ix = (struct guild_key_index){0};
}

static void index_insert(struct guild_key_index *ix, const struct guild_value *dict,
	size_t position)
{
	size_t mask = ix->n_slots - 1;
	size_t slot = (size_t)hash_key(dict->pairs[position].key) & mask;
	while (ix->slots[slot]) {
		slot = (slot + 1) & mask;
	}
	ix->slots[slot] = (uint32_t)position + 1;
	ix->n_used++;
}

static void index_grow(struct guild_key_index *ix, const struct guild_value *dict)
{
	if (ix->n_used * 2 < ix->n_slots) {
		return;
	}
	size_t n_slots = ix->n_slots ? ix->n_slots * 2 : 64;
	free(ix->slots);
	ix->slots = guild_alloc(n_slots * sizeof *ix->slots);
	ix->n_slots = n_slots;
	ix->n_used = 0;
	for (size_t i = 0; i < dict->n; i++) {
		index_insert(ix, dict, i);
	}
}

enum { LINEAR_KEYS = 16 }; /* below it comparing each key is cheaper than hashing */

void guild_value_put(struct guild_arena *a, struct guild_value *dict, struct guild_key_index *ix,
	struct guild_value *key, struct guild_value *value)
{
	if (dict->n < LINEAR_KEYS) {
		for (size_t i = 0; i < dict->n; i++) {
			if (guild_value_eq(dict->pairs[i].key, key)) {
				dict->pairs[i].value = value;
				return;
			}
		}
		append_pair(a, dict, key, value);
		return;
	}
	index_grow(ix, dict);
	size_t mask = ix->n_slots - 1;
	for (size_t slot = (size_t)hash_key(key) & mask; ix->slots[slot];
		slot = (slot + 1) & mask) {
		struct guild_pair *pair = &dict->pairs[ix->slots[slot] - 1];
		if (guild_value_eq(pair->key, key)) {
			pair->value = value;
			return;
		}
	}
	append_pair(a, dict, key, value);
	index_insert(ix, dict, dict->n - 1);
}
