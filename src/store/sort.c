/* Runs in the order of expressions. */

#include <stdlib.h>
#include <string.h>

#include "query_private.h"

struct sort_key {
	struct guild_query *query;
	bool descends;
};
struct guild_sort {
	struct sort_key *v;
	size_t n, cap;
};

/* Where the key that begins at `at` ends: at a comma outside of brackets and quotes. */
static size_t key_end(struct guild_arena *a, struct guild_str text, size_t at)
{
	struct query_token t;
	int depth = 0;
	for (;;) {
		guild_query_next_token(a, text, at, false, &t);
		if (t.kind == TOKEN_END) {
			return text.n;
		}
		if (t.kind == TOKEN_SIGN) {
			depth += t.sign == '(' || t.sign == '[';
			depth -= t.sign == ')' || t.sign == ']';
			if (t.sign == ',' && depth <= 0) {
				return t.at;
			}
		}
		at = t.at + t.text.n;
	}
}

static int fail_empty(struct guild_str all, size_t at, struct guild_error *err)
{
	struct guild_buf text = {0};
	guild_buf_printf(&text, "sort expression, position %zu: expected a name or an expression",
		at + 1);
	guild_query_put_excerpt(&text, all, at);
	int rc = guild_error_set(err, GUILD_EINVALID, "%s", guild_buf_cstr(&text));
	guild_buf_fini(&text);
	return rc;
}

/* The key at [from, to) of the whole text. */
static int add_key(struct guild_sort *sort, struct guild_str all, size_t from, size_t to,
	const struct guild_query_options *options, struct guild_error *err)
{
	struct guild_str text = guild_str_n(all.p + from, to - from);
	struct sort_key key = {0};
	text = guild_str_trim(text);
	if (text.n > 0 && text.p[0] == '-') {
		key.descends = true;
		text = guild_str_trim(guild_str_n(text.p + 1, text.n - 1));
	}
	if (text.n == 0) {
		return fail_empty(all, to, err);
	}
	char *copy = guild_strndup(text.p, text.n);
	int rc = guild_query_parse(copy, options, &key.query, err);
	free(copy);
	if (rc == 0) {
		sort->v = guild_grow_array(sort->v, &sort->cap, sort->n + 1, sizeof(*sort->v));
		sort->v[sort->n++] = key;
	}
	return rc;
}

int guild_sort_parse(const char *text, const struct guild_query_options *options,
	struct guild_sort **out, struct guild_error *err)
{
	struct guild_sort *sort = guild_alloc(sizeof(*sort));
	struct guild_arena *a = guild_arena_new();
	struct guild_str all = guild_str(text);
	size_t at = 0;
	int rc = 0;
	while (rc == 0 && at <= all.n) {
		size_t end = key_end(a, all, at);
		rc = add_key(sort, all, at, end, options, err);
		at = end + 1;
	}
	guild_arena_free(a);
	if (rc != 0) {
		guild_sort_free(sort);
		return rc;
	}
	*out = sort;
	return 0;
}

void guild_sort_free(struct guild_sort *sort)
{
	if (sort == NULL) {
		return;
	}
	for (size_t i = 0; i < sort->n; i++) {
		guild_query_free(sort->v[i].query);
	}
	free(sort->v);
	free(sort);
}

const struct guild_value *guild_sort_keys(const struct guild_sort *sort,
	const struct guild_query_source *s, struct guild_arena *a)
{
	struct guild_value *keys = guild_value_list(a);
	for (size_t i = 0; i < sort->n; i++) {
		struct guild_value *key = guild_query_sort_key(sort->v[i].query, s, a);
		guild_value_append(a, keys, key != NULL ? key : guild_value_null(a));
	}
	return keys;
}

static int compare_keys(const struct guild_value *a, const struct guild_value *b, bool descends)
{
	bool has_a = a->type != GUILD_NULL && guild_col_value_sorts(a);
	bool has_b = b->type != GUILD_NULL && guild_col_value_sorts(b);
	if (!has_a || !has_b) {
		return (int)has_b - (int)has_a;
	}
	int order = guild_col_values_cmp(a, b);
	return descends ? -order : order;
}

int guild_sort_cmp(const struct guild_sort *sort, const struct guild_value *a,
	const struct guild_value *b)
{
	int order = 0;
	for (size_t i = 0; i < sort->n && order == 0; i++) {
		order = compare_keys(a->items[i], b->items[i], sort->v[i].descends);
	}
	return order;
}

struct place {
	const struct guild_sort *sort;
	const struct guild_value *keys;
	size_t index;
};

static int compare_places(const void *a, const void *b)
{
	const struct place *x = a;
	const struct place *y = b;
	int order = guild_sort_cmp(x->sort, x->keys, y->keys);
	return order != 0 ? order : (x->index > y->index) - (x->index < y->index);
}

size_t *guild_sort_runs(const struct guild_sort *sort, const struct guild_runs *runs,
	const struct guild_log *log)
{
	struct guild_arena *a = guild_arena_new();
	struct place *places = guild_alloc((runs->n + 1) * sizeof(*places));
	size_t *order = guild_alloc((runs->n + 1) * sizeof(*order));
	for (size_t i = 0; i < runs->n; i++) {
		struct guild_run_data *data = guild_run_data_new(&runs->v[i], log);
		struct guild_query_source source;
		guild_query_run_source(data, &source);
		places[i] = (struct place){
			.sort = sort, .keys = guild_sort_keys(sort, &source, a), .index = i};
		guild_run_data_free(data);
	}
	qsort(places, runs->n, sizeof(*places), compare_places);
	for (size_t i = 0; i < runs->n; i++) {
		order[i] = places[i].index;
	}
	free(places);
	guild_arena_free(a);
	return order;
}
