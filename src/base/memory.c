/* Allocation that aborts when there is none, and arenas. */
#include <guild/base.h>

#include <stdlib.h>
#include <string.h>

GUILD_NORETURN static void out_of_memory(size_t n)
{
	fprintf(stderr, "guild: out of memory (%zu bytes)\n", n);
	abort();
}

void *guild_alloc(size_t n)
{
	void *p = calloc(1, n ? n : 1);
	if (!p) {
		out_of_memory(n);
	}
	return p;
}

void *guild_realloc(void *p, size_t n)
{
	void *q = realloc(p, n ? n : 1);
	if (!q) {
		out_of_memory(n);
	}
	return q;
}

void *guild_grow_array(void *p, size_t *cap, size_t need, size_t item_size)
{
	if (need <= *cap) {
		return p;
	}
	size_t want = *cap < 8 ? 8 : *cap + *cap / 2;
	if (want < need) {
		want = need;
	}
	size_t bytes;
	if (__builtin_mul_overflow(want, item_size, &bytes)) {
		out_of_memory(SIZE_MAX);
	}
	*cap = want;
	return guild_realloc(p, bytes);
}

char *guild_strndup(const char *p, size_t n)
{
	char *z = guild_realloc(NULL, n + 1);
	if (n) {
		memcpy(z, p, n);
	}
	z[n] = 0;
	return z;
}

char *guild_strdup(const char *s)
{
	return s ? guild_strndup(s, strlen(s)) : NULL;
}

static char *format_into(struct guild_arena *a, const char *fmt, va_list args)
{
	va_list again;
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, fmt, args);
	guild_assert(n >= 0);
	size_t size = (size_t)n + 1;
	char *z = a ? guild_arena_alloc(a, size) : guild_realloc(NULL, size);
	vsnprintf(z, size, fmt, again);
	va_end(again);
	return z;
}

char *guild_format(const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	char *z = format_into(NULL, fmt, args);
	va_end(args);
	return z;
}

/* ---- arena: a list of blocks; big requests get a block of their own ---- */

enum { ARENA_BLOCK = 16 << 10, ARENA_ALIGN = 16 };

struct block {
	struct block *next;
	size_t used, size;
	_Alignas(16) unsigned char data[];
};

struct guild_arena {
	struct block *head;
	size_t next_size;
};

struct guild_arena *guild_arena_new(void)
{
	struct guild_arena *a = guild_alloc(sizeof *a);
	a->next_size = ARENA_BLOCK / 8;
	return a;
}

void guild_arena_free(struct guild_arena *a)
{
	if (!a) {
		return;
	}
	for (struct block *b = a->head, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	free(a);
}

static struct block *new_block(struct guild_arena *a, size_t need)
{
	size_t size = a->next_size;
	if (size < need) {
		size = need;
	}
	if (a->next_size < 1 << 20) {
		a->next_size *= 2;
	}
	struct block *b = guild_realloc(NULL, sizeof *b + size);
	b->next = a->head;
	b->used = 0;
	b->size = size;
	a->head = b;
	return b;
}

void *guild_arena_alloc(struct guild_arena *a, size_t n)
{
	size_t need;
	if (__builtin_add_overflow(n, (size_t)ARENA_ALIGN - 1, &need)) {
		out_of_memory(n);
	}
	need &= ~(size_t)(ARENA_ALIGN - 1);
	if (!need) {
		need = ARENA_ALIGN;
	}
	struct block *b = a->head;
	if (!b || b->size - b->used < need) {
		b = new_block(a, need);
	}
	void *p = b->data + b->used;
	b->used += need;
	memset(p, 0, need);
	return p;
}

char *guild_arena_strndup(struct guild_arena *a, const char *p, size_t n)
{
	char *z = guild_arena_alloc(a, n + 1);
	if (n) {
		memcpy(z, p, n);
	}
	return z;
}

char *guild_arena_strdup(struct guild_arena *a, const char *s)
{
	return s ? guild_arena_strndup(a, s, strlen(s)) : NULL;
}

char *guild_arena_format(struct guild_arena *a, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	char *z = format_into(a, fmt, args);
	va_end(args);
	return z;
}
