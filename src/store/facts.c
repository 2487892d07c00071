/* What the index knows of a run: attributes, scalars, and the run itself. */

#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "index.h"

enum { OPREF_WORDS = 5 };

static uint64_t sum_of(struct guild_str part, const char *name)
{
	size_t skip = sizeof(uint64_t); /* the sum itself */
	uint64_t seed = XXH3_64bits(name, strlen(name));
	return XXH3_64bits_withSeed(part.p + skip, part.n - skip, seed);
}

void guild_facts_seal(struct guild_buf *part, const char *name, uint64_t sign)
{
	struct facts_head head = {.sign = sign};
	memcpy(part->p, &head, sizeof(head));
	head.sum = sum_of(guild_buf_str(part), name);
	memcpy(part->p, &head, sizeof(head));
}

bool guild_facts_is_sealed(struct guild_str part, const char *name)
{
	struct facts_head head;
	if (part.n < sizeof(head)) {
		return false;
	}
	memcpy(&head, part.p, sizeof(head));
	return head.sum == sum_of(part, name);
}

struct guild_run_facts *guild_facts_join(struct guild_arena *a, struct guild_str attrs,
	struct guild_str tree)
{
	size_t size = sizeof(struct guild_run_facts) + attrs.n + tree.n;
	struct guild_run_facts *f = a != NULL ? guild_arena_alloc(a, size) : guild_alloc(size);
	f->n_attrs = (uint32_t)attrs.n;
	f->n_tree = (uint32_t)tree.n;
	if (attrs.n > 0) {
		memcpy(f->bytes, attrs.p, attrs.n);
	}
	if (tree.n > 0) {
		memcpy(f->bytes + attrs.n, tree.p, tree.n);
	}
	return f;
}

struct guild_run_facts *guild_facts_copy(const struct guild_run_facts *f)
{
	return f == NULL ? NULL
			 : guild_facts_join(NULL, guild_str_n(f->bytes, f->n_attrs),
				   guild_str_n(f->bytes + f->n_attrs, f->n_tree));
}

/* ---- attributes ------------------------------------------------------------------------------------- */

/* The reader stands behind the head. */
static struct facts_reader open_attrs(struct guild_str attrs, struct attrs_head *head)
{
	struct facts_reader r = {attrs.p, attrs.p + attrs.n, false};
	guild_facts_get(&r, head, sizeof(*head));
	return r;
}

static struct guild_str attrs_of(const struct guild_run_facts *f)
{
	return guild_str_n(f->bytes, f->n_attrs);
}

void guild_facts_run(struct guild_str attrs, const char *dir, struct guild_run *out)
{
	struct attrs_head head;
	struct facts_reader r = open_attrs(attrs, &head);
	*out = (struct guild_run){0};
	char **words[OPREF_WORDS] = {&out->opref.pkg_type, &out->opref.pkg_name,
		&out->opref.version, &out->opref.model, &out->opref.op};
	for (size_t i = 0; i < OPREF_WORDS; i++) {
		*words[i] = guild_strdup(guild_facts_get_text(&r));
	}
	out->dir = guild_strdup(dir);
	out->guild_dir = guild_path_join(dir, ".guild");
	out->id = guild_strdup(guild_path_basename(dir));
}

void guild_facts_get_head(const struct guild_run_facts *f, struct attrs_head *out)
{
	(void)open_attrs(attrs_of(f), out);
}

const char *guild_facts_display_name(const struct guild_run_facts *f)
{
	struct attrs_head head;
	struct facts_reader r = open_attrs(attrs_of(f), &head);
	for (size_t i = 0; i < OPREF_WORDS; i++) {
		(void)guild_facts_get_text(&r);
	}
	return guild_facts_get_text(&r);
}

enum guild_fact guild_facts_attr(const struct guild_run_facts *f, struct guild_arena *a,
	const char *name, struct guild_value **out)
{
	struct attrs_head head;
	struct facts_reader r = open_attrs(attrs_of(f), &head);
	size_t n_texts = OPREF_WORDS + 1 + (size_t)head.n_checks;
	for (size_t i = 0; i < n_texts; i++) {
		(void)guild_facts_get_text(&r);
	}
	for (size_t i = 0; i < head.n_attrs && !r.is_bad; i++) {
		uint8_t kind;
		uint32_t size;
		const char *found = guild_facts_get_text(&r);
		guild_facts_get(&r, &kind, sizeof(kind));
		guild_facts_get(&r, &size, sizeof(size));
		if (r.is_bad || size > (size_t)(r.end - r.p)) {
			break;
		}
		if (strcmp(found, name) != 0) {
			r.p += size;
			continue;
		}
		*out = kind == GUILD_FACT_VALUE ? guild_facts_get_value(&r, a) : NULL;
		return *out != NULL ? GUILD_FACT_VALUE : GUILD_FACT_ASK;
	}
	return r.is_bad ? GUILD_FACT_ASK : GUILD_FACT_NONE;
}

/* ---- scalars ------------------------------------------------------------------------------------------ */

bool guild_facts_has_scalars(const struct guild_run_facts *f)
{
	return f->n_tree > 0;
}

static void get_scalar(struct facts_reader *r, struct guild_scalar_summary *s)
{
	struct tree_scalar raw;
	guild_facts_get(r, &raw, sizeof(raw));
	*s = (struct guild_scalar_summary){
		.first = raw.first,
		.last = raw.last,
		.min = raw.min,
		.max = raw.max,
		.total = raw.total,
		.first_step = raw.first_step,
		.last_step = raw.last_step,
		.min_step = raw.min_step,
		.max_step = raw.max_step,
		.count = raw.count,
	};
	s->prefix = guild_facts_get_text(r);
	s->tag = guild_facts_get_text(r);
}

void guild_facts_scalars(const struct guild_run_facts *f, struct guild_arena *a,
	struct guild_scalars *out)
{
	struct facts_reader r = {f->bytes + f->n_attrs, f->bytes + f->n_attrs + f->n_tree, false};
	struct tree_head head;
	uint8_t kind;
	guild_facts_get(&r, &head, sizeof(head));
	for (size_t i = 0; i < head.n_checks && !r.is_bad; i++) {
		guild_facts_get(&r, &kind, sizeof(kind));
		(void)guild_facts_get_text(&r);
	}
	size_t n_max = (size_t)(r.end - r.p) / sizeof(struct tree_scalar);
	size_t n = head.n_scalars < n_max ? head.n_scalars : n_max;
	out->v = guild_arena_alloc(a, (n + 1) * sizeof(*out->v));
	for (out->n = 0; out->n < n && !r.is_bad; out->n++) {
		get_scalar(&r, &out->v[out->n]);
	}
}

/* ---- checks ------------------------------------------------------------------------------------------- */

static void sign_attr(const struct index_place *p, const char *name, const char *attr,
	struct index_sign *sign)
{
	char path[512];
	int n = snprintf(path, sizeof(path), ".guild/attrs/%s", attr);
	if (n > 0 && (size_t)n < sizeof(path)) {
		guild_index_sign(p, name, path, INDEX_CHECK_FILE, sign);
	}
}

void guild_facts_sign_attrs(const struct index_place *p, const char *name,
	const struct guild_strs *attrs, struct index_sign *sign)
{
	for (size_t i = 0; i < attrs->n; i++) {
		sign_attr(p, name, attrs->v[i], sign);
	}
}

bool guild_facts_attrs_current(const struct index_place *p, const char *name,
	struct guild_str bytes, uint64_t order)
{
	struct attrs_head head;
	if (!guild_facts_is_sealed(bytes, name)) {
		return false;
	}
	struct facts_reader r = open_attrs(bytes, &head);
	struct index_sign sign = {.hash = order};
	for (size_t i = 0; i < OPREF_WORDS + 1; i++) {
		(void)guild_facts_get_text(&r);
	}
	for (size_t i = 0; i < head.n_checks; i++) {
		sign_attr(p, name, guild_facts_get_text(&r), &sign);
	}
	return !r.is_bad && sign.hash == head.head.sign;
}

bool guild_facts_tree_current(const struct index_place *p, const char *name, struct guild_str bytes,
	uint64_t order)
{
	struct facts_reader r = {bytes.p, bytes.p + bytes.n, false};
	struct tree_head head;
	struct index_sign sign = {.hash = order};
	if (!guild_facts_is_sealed(bytes, name)) {
		return false;
	}
	guild_facts_get(&r, &head, sizeof(head));
	for (size_t i = 0; i < head.n_checks && !r.is_bad; i++) {
		uint8_t kind;
		guild_facts_get(&r, &kind, sizeof(kind));
		const char *path = guild_facts_get_text(&r);
		guild_index_sign(p, name, path, (enum index_check_kind)kind, &sign);
	}
	return !r.is_bad && sign.hash == head.head.sign;
}
