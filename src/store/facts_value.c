/* Values as bytes, for the index: a type, then what it holds. Numbers are the machine's own: an index never leaves it. */

#include <string.h>

#include "index.h"

enum { DEPTH_MAX = GUILD_YAML_MAX_DEPTH + 1, BIG_INT = 0x40 };

void guild_facts_get(struct facts_reader *r, void *out, size_t n)
{
	if (r->is_bad || (size_t)(r->end - r->p) < n) {
		r->is_bad = true;
		memset(out, 0, n);
		return;
	}
	memcpy(out, r->p, n);
	r->p += n;
}

const char *guild_facts_get_text(struct facts_reader *r)
{
	const char *text = r->p;
	const char *end = r->is_bad ? NULL : memchr(text, '\0', (size_t)(r->end - text));
	if (end == NULL) {
		r->is_bad = true;
		return "";
	}
	r->p = end + 1;
	return text;
}

static void put_string(struct guild_buf *out, struct guild_str s)
{
	uint32_t n = (uint32_t)s.n;
	guild_buf_append(out, &n, sizeof(n));
	guild_buf_append(out, s.p, s.n);
	guild_buf_putc(out, '\0');
}

void guild_facts_put_value(struct guild_buf *out, const struct guild_value *v)
{
	bool is_big = v->type == GUILD_INT && v->s.n > 0;
	uint32_t n = (uint32_t)v->n;
	guild_buf_putc(out, (char)(is_big ? BIG_INT : (int)v->type));
	switch (v->type) {
	case GUILD_NULL:
		break;
	case GUILD_BOOL:
		guild_buf_putc(out, (char)v->b);
		break;
	case GUILD_INT:
		if (is_big) {
			put_string(out, v->s);
		} else {
			guild_buf_append(out, &v->i, sizeof(v->i));
		}
		break;
	case GUILD_FLOAT:
		guild_buf_append(out, &v->f, sizeof(v->f));
		break;
	case GUILD_STRING:
	case GUILD_DATE:
		put_string(out, v->s);
		break;
	case GUILD_LIST:
		guild_buf_append(out, &n, sizeof(n));
		for (size_t i = 0; i < v->n; i++) {
			guild_facts_put_value(out, v->items[i]);
		}
		break;
	case GUILD_DICT:
		guild_buf_append(out, &n, sizeof(n));
		for (size_t i = 0; i < v->n; i++) {
			guild_facts_put_value(out, v->pairs[i].key);
			guild_facts_put_value(out, v->pairs[i].value);
		}
		break;
	}
}

static struct guild_str get_string(struct facts_reader *r)
{
	uint32_t n;
	guild_facts_get(r, &n, sizeof(n));
	if (r->is_bad || (size_t)(r->end - r->p) <= n || r->p[n] != '\0') {
		r->is_bad = true;
		return guild_str("");
	}
	struct guild_str s = guild_str_n(r->p, n);
	r->p += n + 1;
	return s;
}

static struct guild_value *get_value(struct facts_reader *r, struct guild_arena *a, int depth);

/* How many items follow; each takes a byte at least. */
static size_t get_count(struct facts_reader *r)
{
	uint32_t n;
	guild_facts_get(r, &n, sizeof(n));
	if (n > (size_t)(r->end - r->p)) {
		r->is_bad = true;
	}
	return r->is_bad ? 0 : n;
}

static void get_list(struct facts_reader *r, struct guild_arena *a, struct guild_value *v,
	int depth)
{
	size_t n = get_count(r);
	v->items = guild_arena_alloc(a, (n + 1) * sizeof(*v->items));
	v->cap = n;
	for (; v->n < n && !r->is_bad; v->n++) {
		v->items[v->n] = get_value(r, a, depth);
	}
}

static void get_dict(struct facts_reader *r, struct guild_arena *a, struct guild_value *v,
	int depth)
{
	size_t n = get_count(r);
	v->pairs = guild_arena_alloc(a, (n + 1) * sizeof(*v->pairs));
	v->cap = n;
	for (; v->n < n && !r->is_bad; v->n++) {
		v->pairs[v->n].key = get_value(r, a, depth);
		v->pairs[v->n].value = get_value(r, a, depth);
	}
}

/* Never NULL; a null where the bytes are bad. */
static struct guild_value *get_value(struct facts_reader *r, struct guild_arena *a, int depth)
{
	struct guild_value *v = guild_value_null(a);
	uint8_t type;
	uint8_t b;
	guild_facts_get(r, &type, sizeof(type));
	r->is_bad |= depth > DEPTH_MAX;
	if (r->is_bad) {
		return v;
	}
	v->type = type == BIG_INT ? GUILD_INT : (enum guild_type)type;
	switch (type) {
	case GUILD_NULL:
		break;
	case GUILD_BOOL:
		guild_facts_get(r, &b, sizeof(b));
		v->b = b != 0;
		break;
	case GUILD_INT:
		guild_facts_get(r, &v->i, sizeof(v->i));
		break;
	case GUILD_FLOAT:
		guild_facts_get(r, &v->f, sizeof(v->f));
		break;
	case BIG_INT:
	case GUILD_STRING:
	case GUILD_DATE:
		v->s = get_string(r);
		break;
	case GUILD_LIST:
		get_list(r, a, v, depth + 1);
		break;
	case GUILD_DICT:
		get_dict(r, a, v, depth + 1);
		break;
	default:
		v->type = GUILD_NULL;
		r->is_bad = true;
	}
	return v;
}

struct guild_value *guild_facts_get_value(struct facts_reader *r, struct guild_arena *a)
{
	struct guild_value *v = get_value(r, a, 0);
	return r->is_bad ? NULL : v;
}
