/* The run that others are measured by, found by a rule. */

#include <stdlib.h>
#include <string.h>

#include "store_private.h"

/* Whether a run fits what stands behind the colon. */
typedef bool fits_fn(struct guild_run_data *d, const char *text);

static bool has_tag(struct guild_run_data *d, const char *text)
{
	const struct guild_value *tags = guild_run_data_attr(d, "tags");
	for (size_t i = 0; tags != NULL && tags->type == GUILD_LIST && i < tags->n; i++) {
		if (guild_streq(guild_value_text(tags->items[i]), text)) {
			return true;
		}
	}
	return false;
}

static bool has_label(struct guild_run_data *d, const char *text)
{
	const struct guild_value *label = guild_run_data_attr(d, "label");
	return label != NULL && guild_streq(guild_value_text(label), text);
}

static bool is_marked(struct guild_run_data *d, const char *text)
{
	(void)text;
	return guild_value_truthy(guild_run_data_attr(d, "marked"));
}

static const struct rule {
	const char *prefix;
	fits_fn *fits;    /* the newest that fits; or: */
	const char *sort; /* what comes before the expression to sort by */
} rules[] = {
	{"tag:", has_tag, NULL},
	{"label:", has_label, NULL},
	{"marked", is_marked, NULL},
	{"max:", NULL, "-"},
	{"min:", NULL, ""},
};

static const struct rule *find_rule(const char *text)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(rules); i++) {
		bool is_whole = !guild_ends(rules[i].prefix, ":");
		if (is_whole ? strcmp(text, rules[i].prefix) == 0
			     : guild_starts(text, rules[i].prefix)) {
			return &rules[i];
		}
	}
	return NULL;
}

bool guild_store_is_baseline_rule(const char *text)
{
	return find_rule(text) != NULL;
}

/* What is searched: runs, but those in `but` and batches. */
struct candidates {
	const struct guild_runs *runs;
	struct guild_map but; /* ids */
	const struct guild_log *log;
};

static bool is_candidate(const struct candidates *c, const struct guild_run *r)
{
	return !guild_map_has(&c->but, r->id) && !guild_run_facts_is_batch(r);
}

static bool find_first(const struct candidates *c, const struct rule *rule, const char *text,
	size_t *found)
{
	bool is_found = false;
	for (size_t i = 0; i < c->runs->n && !is_found; i++) {
		const struct guild_run *r = &c->runs->v[i];
		if (!is_candidate(c, r)) {
			continue;
		}
		struct guild_run_data *data = guild_run_data_new(r, c->log);
		is_found = rule->fits(data, text);
		guild_run_data_free(data);
		*found = is_found ? i : *found;
	}
	return is_found;
}

static bool find_best(const struct candidates *c, const struct guild_sort *sort, size_t *found)
{
	struct guild_arena *a = guild_arena_new();
	const struct guild_value *best = NULL;
	for (size_t i = 0; i < c->runs->n; i++) {
		const struct guild_run *r = &c->runs->v[i];
		struct guild_run_data *data = guild_run_data_new(r, c->log);
		if (is_candidate(c, r) && guild_run_data_status(data) == GUILD_RUN_COMPLETED) {
			struct guild_query_source source;
			guild_query_run_source(data, &source);
			const struct guild_value *keys = guild_sort_keys(sort, &source, a);
			if (guild_col_value_sorts(keys->items[0]) &&
				!guild_value_is_null(keys->items[0]) &&
				(best == NULL || guild_sort_cmp(sort, keys, best) < 0)) {
				best = keys;
				*found = i;
			}
		}
		guild_run_data_free(data);
	}
	bool is_found = best != NULL;
	guild_arena_free(a);
	return is_found;
}

static int find(const struct candidates *c, const struct rule *rule, const char *text,
	size_t *found, struct guild_error *err)
{
	const char *rest = text + strlen(rule->prefix);
	bool is_found;
	if (rule->fits != NULL) {
		is_found = find_first(c, rule, rest, found);
	} else {
		struct guild_sort *sort = NULL;
		char *order = guild_format("%s%s", rule->sort, rest);
		int rc = guild_sort_parse(order, NULL, &sort, err);
		free(order);
		if (rc != 0) {
			return rc;
		}
		is_found = find_best(c, sort, found);
		guild_sort_free(sort);
	}
	return is_found ? 0 : guild_error_set(err, GUILD_ENOTFOUND, "no other run is '%s'", text);
}

int guild_store_find_baseline(const struct guild_runs *candidates, const struct guild_runs *but,
	const char *text, size_t *found, const struct guild_log *log, struct guild_error *err)
{
	struct candidates c = {.runs = candidates, .log = log};
	const struct rule *rule = find_rule(text);
	guild_assert(rule != NULL);
	for (size_t i = 0; but != NULL && i < but->n; i++) {
		guild_map_put(&c.but, but->v[i].id, NULL);
	}
	int rc = find(&c, rule, text, found, err);
	guild_map_fini(&c.but);
	return rc;
}
