/* Growing buffers, string lists, string maps. */
#include <guild/base.h>

#include <stdlib.h>
#include <string.h>

enum { BUF_DEFAULT_MAX = 1 << 30 };

static size_t buf_max(const struct guild_buf *b)
{
	return b->max ? b->max : BUF_DEFAULT_MAX;
}

void guild_buf_fini(struct guild_buf *b)
{
	free(b->p);
	b->p = NULL;
	b->n = b->cap = 0;
}

void guild_buf_reset(struct guild_buf *b)
{
	b->n = 0;
	if (b->p) {
		b->p[0] = 0;
	}
}

void guild_buf_reserve(struct guild_buf *b, size_t extra)
{
	size_t need;
	bool overflow = __builtin_add_overflow(b->n, extra, &need);
	guild_assert(!overflow && need <= buf_max(b));
	b->p = guild_grow_array(b->p, &b->cap, need + 1, 1);
	b->p[b->n] = 0;
}

void guild_buf_append(struct guild_buf *b, const void *p, size_t n)
{
	guild_buf_reserve(b, n);
	if (n) {
		memcpy(b->p + b->n, p, n);
	}
	b->n += n;
	b->p[b->n] = 0;
}

int guild_buf_try_append(struct guild_buf *b, const void *p, size_t n)
{
	size_t need;
	if (__builtin_add_overflow(b->n, n, &need) || need > buf_max(b)) {
		return GUILD_ELIMIT;
	}
	guild_buf_append(b, p, n);
	return 0;
}

void guild_buf_puts(struct guild_buf *b, const char *s)
{
	guild_buf_append(b, s, strlen(s));
}

void guild_buf_putc(struct guild_buf *b, char c)
{
	guild_buf_append(b, &c, 1);
}

void guild_buf_printf(struct guild_buf *b, const char *fmt, ...)
{
	va_list args, again;
	va_start(args, fmt);
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	guild_assert(n >= 0);
	guild_buf_reserve(b, (size_t)n);
	vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
	va_end(again);
	b->n += (size_t)n;
}

char *guild_buf_take(struct guild_buf *b)
{
	guild_buf_reserve(b, 0);
	char *p = b->p;
	b->p = NULL;
	b->n = b->cap = 0;
	return p;
}

const char *guild_buf_cstr(const struct guild_buf *b)
{
	return b->p ? b->p : "";
}

struct guild_str guild_buf_str(const struct guild_buf *b)
{
	return guild_str_n(guild_buf_cstr(b), b->n);
}

/* ---- lists of strings ---- */

void guild_strs_fini(struct guild_strs *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->v[i]);
	}
	free(s->v);
	*s = (struct guild_strs){0};
}

void guild_strs_take(struct guild_strs *s, char *z)
{
	s->v = guild_grow_array(s->v, &s->cap, s->n + 2, sizeof *s->v);
	s->v[s->n++] = z;
	s->v[s->n] = NULL;
}

void guild_strs_add(struct guild_strs *s, const char *z)
{
	guild_strs_take(s, guild_strdup(z));
}

void guild_strs_add_n(struct guild_strs *s, const char *p, size_t n)
{
	guild_strs_take(s, guild_strndup(p, n));
}

void guild_strs_addf(struct guild_strs *s, const char *fmt, ...)
{
	va_list args, again;
	va_start(args, fmt);
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	guild_assert(n >= 0);
	char *z = guild_realloc(NULL, (size_t)n + 1);
	vsnprintf(z, (size_t)n + 1, fmt, again);
	va_end(again);
	guild_strs_take(s, z);
}

bool guild_strs_has(const struct guild_strs *s, const char *z)
{
	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(s->v[i], z) == 0) {
			return true;
		}
	}
	return false;
}

static int compare_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int compare_natural(const void *a, const void *b)
{
	return guild_natural_cmp(*(char *const *)a, *(char *const *)b);
}

void guild_strs_sort(struct guild_strs *s)
{
	if (s->n > 1) {
		qsort(s->v, s->n, sizeof *s->v, compare_bytes);
	}
}

void guild_strs_sort_natural(struct guild_strs *s)
{
	if (s->n > 1) {
		qsort(s->v, s->n, sizeof *s->v, compare_natural);
	}
}

void guild_strs_split(struct guild_strs *s, const char *text, char sep)
{
	for (;;) {
		const char *end = strchr(text, sep);
		if (!end) {
			guild_strs_add(s, text);
			return;
		}
		guild_strs_add_n(s, text, (size_t)(end - text));
		text = end + 1;
	}
}

char *guild_strs_join(const struct guild_strs *s, const char *sep)
{
	struct guild_buf b = {0};
	for (size_t i = 0; i < s->n; i++) {
		if (i) {
			guild_buf_puts(&b, sep);
		}
		guild_buf_puts(&b, s->v[i]);
	}
	return guild_buf_take(&b);
}

/* ---- maps: open addressing over an insertion-ordered array; slot 0 is empty, else index + 1 ---- */

static uint64_t hash_key(const char *key)
{
	uint64_t h = 1469598103934665603u; /* FNV-1a */
	for (; *key; key++) {
		h = (h ^ (unsigned char)*key) * 1099511628211u;
	}
	return h;
}

static uint32_t *find_slot(const struct guild_map *m, const char *key)
{
	size_t mask = m->n_slots - 1;
	for (size_t i = hash_key(key) & mask;; i = (i + 1) & mask) {
		uint32_t at = m->slots[i];
		if (!at || strcmp(m->entries[at - 1].key, key) == 0) {
			return &m->slots[i];
		}
	}
}

static void grow_slots(struct guild_map *m)
{
	free(m->slots);
	m->n_slots = m->n_slots ? m->n_slots * 2 : 16;
	m->slots = guild_alloc(m->n_slots * sizeof *m->slots);
	for (size_t i = 0; i < m->n; i++) {
		*find_slot(m, m->entries[i].key) = (uint32_t)(i + 1);
	}
}

void guild_map_fini(struct guild_map *m)
{
	for (size_t i = 0; i < m->n; i++) {
		free(m->entries[i].key);
	}
	free(m->entries);
	free(m->slots);
	*m = (struct guild_map){0};
}

void *guild_map_get(const struct guild_map *m, const char *key)
{
	uint32_t at = m->n ? *find_slot(m, key) : 0;
	return at ? m->entries[at - 1].value : NULL;
}

bool guild_map_has(const struct guild_map *m, const char *key)
{
	return m->n && *find_slot(m, key);
}

void guild_map_put(struct guild_map *m, const char *key, void *value)
{
	if ((m->n + 1) * 2 > m->n_slots) {
		grow_slots(m);
	}
	uint32_t *slot = find_slot(m, key);
	if (*slot) {
		m->entries[*slot - 1].value = value;
		return;
	}
	m->entries = guild_grow_array(m->entries, &m->cap, m->n + 1, sizeof *m->entries);
	m->entries[m->n++] = (struct guild_map_entry){.key = guild_strdup(key), .value = value};
	*slot = (uint32_t)m->n;
}
