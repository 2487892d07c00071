/* RUN arguments: indexes, slices and id prefixes over a listing. */

#include <stdlib.h>
#include <string.h>

#include "store_private.h"

/* Positions chosen so far. */
struct chosen {
	size_t *v;
	size_t n, cap;
	bool dedup;
};

static void choose(struct chosen *c, size_t position)
{
	for (size_t i = 0; c->dedup && i < c->n; i++) {
		if (c->v[i] == position) {
			return;
		}
	}
	c->v = guild_grow_array(c->v, &c->cap, c->n + 1, sizeof(*c->v));
	c->v[c->n++] = position;
}

/* Digits only; false for anything else, also for what no listing can be as long as. */
static bool parse_index(const char *p, size_t n, int64_t *out)
{
	return n > 0 && strspn(p, "0123456789") >= n && guild_parse_i64(p, n, out);
}

/* "N", "[START]:[END]" as a 1-based inclusive stretch of the n candidates; false when it is neither, or reaches outside. */
static bool parse_slice(const char *arg, size_t n, int64_t *start, int64_t *end)
{
	const char *colon = strchr(arg, ':');
	if (colon == NULL) {
		if (!parse_index(arg, strlen(arg), start)) {
			return false;
		}
		*end = *start;
		return *start >= 1 && (uint64_t)*start <= n;
	}
	*start = 1;
	*end = (int64_t)n;
	bool has_start = colon != arg;
	bool has_end = colon[1] != '\0';
	if (has_start && !parse_index(arg, (size_t)(colon - arg), start)) {
		return false;
	}
	if (has_end && !parse_index(colon + 1, strlen(colon + 1), end)) {
		return false;
	}
	if (!has_start && !has_end) {
		return true; /* all, also of none */
	}
	return *start >= 1 && *start <= *end && (uint64_t)*end <= n;
}

static int ambiguous(const struct guild_runs *runs, const char *arg, struct guild_error *err)
{
	struct guild_buf text = {0};
	guild_buf_printf(&text, "'%s' matches multiple runs:", arg);
	for (size_t i = 0; i < runs->n && text.n < GUILD_ERROR_TEXT_MAX - 64; i++) {
		if (guild_starts(runs->v[i].id, arg)) {
			guild_buf_printf(&text, "\n  %.8s", runs->v[i].id);
		}
	}
	guild_error_set(err, GUILD_EINVALID, "%s", text.p);
	guild_buf_fini(&text);
	return GUILD_EINVALID;
}

static int not_found(const char *arg, struct guild_error *err)
{
	guild_error_set(err, GUILD_ENOTFOUND, "could not find a run matching '%s'", arg);
	guild_error_hint(err, "try 'guild runs list' for a list");
	return GUILD_ENOTFOUND;
}

static int choose_prefix(const struct guild_runs *runs, const char *arg, struct chosen *c,
	struct guild_error *err)
{
	size_t found = 0;
	size_t n_found = 0;
	for (size_t i = 0; arg[0] != '\0' && i < runs->n; i++) {
		if (guild_starts(runs->v[i].id, arg)) {
			found = i;
			n_found++;
			if (strcmp(runs->v[i].id, arg) == 0) {
				n_found = 1;
				break;
			}
		}
	}
	if (n_found == 0) {
		return not_found(arg, err);
	}
	if (n_found > 1) {
		return ambiguous(runs, arg, err);
	}
	choose(c, found);
	return 0;
}

int guild_store_select(const struct guild_runs *candidates, char *const *args, size_t n_args,
	bool dedup, size_t **out, size_t *n_out, struct guild_error *err)
{
	/* One argument means no run twice. */
	struct chosen c = {.dedup = dedup && n_args > 1};
	int rc = 0;
	for (size_t i = 0; i < n_args && rc == 0; i++) {
		int64_t start;
		int64_t end;
		if (!parse_slice(args[i], candidates->n, &start, &end)) {
			rc = choose_prefix(candidates, args[i], &c, err);
			continue;
		}
		for (int64_t at = start; at <= end; at++) {
			choose(&c, (size_t)(at - 1));
		}
	}
	if (rc != 0) {
		free(c.v);
		return rc;
	}
	*out = c.v;
	*n_out = c.n;
	return 0;
}
