/* Names and their values: a hash table in the evaluator's arena, insertion order kept. */

#include <string.h>

#include "python_eval.h"

struct entry {
	struct guild_str name;
	uint32_t hash;
	bool is_declared; /* global or nonlocal: assignments go up */
	struct pv *value; /* NULL: only declared */
};

struct py_scope {
	struct py_scope *up;
	struct entry *entries;
	size_t n, cap;
	uint32_t *slots; /* index + 1 */
	size_t n_slots;
};

static uint32_t hash_of(struct guild_str name)
{
	uint32_t h = 2166136261u;
	for (size_t i = 0; i < name.n; i++) {
		h = (h ^ (unsigned char)name.p[i]) * 16777619u;
	}
	return h;
}

struct py_scope *guild_py_scope_new(struct py *py, struct py_scope *up)
{
	struct py_scope *s = guild_arena_alloc(py->arena, sizeof *s);
	s->up = up;
	return s;
}

struct py_scope *guild_py_scope_up(const struct py_scope *s)
{
	return s->up;
}

static struct entry *find(const struct py_scope *s, struct guild_str name, uint32_t hash)
{
	if (!s || s->n_slots == 0) {
		return NULL;
	}
	for (size_t i = hash & (s->n_slots - 1); s->slots[i]; i = (i + 1) & (s->n_slots - 1)) {
		struct entry *e = &s->entries[s->slots[i] - 1];
		if (e->hash == hash && guild_str_eq(e->name, name)) {
			return e;
		}
	}
	return NULL;
}

static void insert_slot(struct py_scope *s, size_t index)
{
	size_t i = s->entries[index].hash & (s->n_slots - 1);
	while (s->slots[i]) {
		i = (i + 1) & (s->n_slots - 1);
	}
	s->slots[i] = (uint32_t)index + 1;
}

static void grow(struct py *py, struct py_scope *s)
{
	size_t cap = s->cap ? s->cap * 2 : 8;
	struct entry *entries = guild_arena_alloc(py->arena, cap * sizeof *entries);
	if (s->n > 0) {
		memcpy(entries, s->entries, s->n * sizeof *entries);
	}
	s->entries = entries;
	s->cap = cap;
	s->n_slots = cap * 2;
	s->slots = guild_arena_alloc(py->arena, s->n_slots * sizeof *s->slots);
	for (size_t i = 0; i < s->n; i++) {
		insert_slot(s, i);
	}
}

static struct entry *find_or_add(struct py *py, struct py_scope *s, struct guild_str name)
{
	uint32_t hash = hash_of(name);
	struct entry *e = find(s, name, hash);
	if (e) {
		return e;
	}
	if (s->n == s->cap) {
		grow(py, s);
	}
	e = &s->entries[s->n];
	*e = (struct entry){.name = name, .hash = hash};
	insert_slot(s, s->n++);
	return e;
}

struct pv *guild_py_scope_own(const struct py_scope *s, struct guild_str name)
{
	struct entry *e = find(s, name, hash_of(name));
	return e ? e->value : NULL;
}

void guild_py_scope_set(struct py *py, struct py_scope *s, struct guild_str name, struct pv *v)
{
	find_or_add(py, s, name)->value = v;
}

void guild_py_scope_declare(struct py *py, struct py_scope *s, struct guild_str name)
{
	find_or_add(py, s, name)->is_declared = true;
}

bool guild_py_scope_is_declared(const struct py_scope *s, struct guild_str name)
{
	struct entry *e = find(s, name, hash_of(name));
	return e && e->is_declared;
}

size_t guild_py_scope_count(const struct py_scope *s)
{
	return s ? s->n : 0;
}

struct pv *guild_py_scope_at(const struct py_scope *s, size_t i, struct guild_str *name)
{
	*name = s->entries[i].name;
	return s->entries[i].value;
}
