/* Which checkpoints of a run its rules keep. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gc.h"

/* ---- rules ---------------------------------------------------------------------------------------------------- */

/* What is better when it is lower, by its name. */
static bool is_lower_better(const char *scalar)
{
	static const char *const parts[] = {"loss", "err", "mse", "rmse", "mae", "perplexity",
		"ppl", "nll", "wer", "cer", "fid", "divergence", "cost", "time"};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(parts); i++) {
		if (guild_contains_nocase(guild_str(scalar), guild_str(parts[i]))) {
			return true;
		}
	}
	return false;
}

int guild_keep_parse(struct guild_arena *a, const char *text, struct guild_keep *out,
	struct guild_error *err)
{
	static const char *const kinds[] = {[GUILD_KEEP_LAST] = "last",
		[GUILD_KEEP_FIRST] = "first",
		[GUILD_KEEP_EVERY] = "every",
		[GUILD_KEEP_BEST] = "best"};
	struct guild_strs words = {0};
	struct guild_keep k = {0};
	size_t kind = 0;
	int rc = guild_shlex_split(text, &words, err);
	if (rc != 0) {
		return rc;
	}
	while (words.n > 0 && kind < GUILD_ARRAY_LEN(kinds) &&
		strcmp(words.v[0], kinds[kind]) != 0) {
		kind++;
	}
	bool is_good = words.n >= 2 && kind < GUILD_ARRAY_LEN(kinds) &&
		       guild_parse_i64(words.v[1], strlen(words.v[1]), &k.n) && k.n > 0;
	k.kind = (enum guild_keep_kind)kind;
	if (is_good && k.kind == GUILD_KEEP_BEST) {
		size_t at = words.n > 2 && strcmp(words.v[2], "by") == 0 ? 3 : 2;
		bool is_max = words.n > at + 1 && strcmp(words.v[at], "max") == 0;
		bool is_min = words.n > at + 1 && strcmp(words.v[at], "min") == 0;
		at += is_max || is_min;
		is_good = words.n == at + 1;
		if (is_good) {
			k.scalar = guild_arena_strdup(a, words.v[at]);
			k.is_lowest = is_min || (!is_max && is_lower_better(k.scalar));
		}
	} else {
		is_good = is_good && words.n == 2;
	}
	guild_strs_fini(&words);
	if (!is_good) {
		guild_error_set(err, GUILD_EINVALID, "'%s' does not say which checkpoints to keep",
			text);
		guild_error_hint(err,
			"rules are 'last N', 'first N', 'every N' (steps), 'best N by SCALAR', "
			"'best N by min SCALAR'");
		return GUILD_EINVALID;
	}
	*out = k;
	return 0;
}

/* ---- a scalar by step ---------------------------------------------------------------------------------------- */

struct series {
	const struct guild_scalar_point *v; /* sorted by step */
	size_t n;
	int64_t widest; /* gap between neighbours */
};

static void read_series(const struct guild_run *r, struct guild_arena *a, const char *key,
	struct series *out)
{
	struct guild_series all = {0};
	struct guild_scalars scalars = {0};
	(void)guild_series_read(r, a, &all, NULL, NULL);
	/* Which of them a name means is told by names alone. */
	scalars.v = guild_arena_alloc(a, (all.n + 1) * sizeof(*scalars.v));
	for (; scalars.n < all.n; scalars.n++) {
		scalars.v[scalars.n].prefix = all.v[scalars.n].prefix;
		scalars.v[scalars.n].tag = all.v[scalars.n].tag;
	}
	const struct guild_scalar_summary *found = guild_scalars_find(&scalars, key);
	if (found != NULL) {
		out->v = all.v[found - scalars.v].v;
		out->n = all.v[found - scalars.v].n;
	}
	for (size_t i = 1; i < out->n; i++) {
		int64_t gap = out->v[i].step - out->v[i - 1].step;
		out->widest = gap > out->widest ? gap : out->widest;
	}
}

/* The value at a step, or the last one before it. A step before the first value, or further behind the last than values are apart,
 * counts something else than the scalar's steps do: NaN. */
static double value_at(const struct series *s, int64_t step)
{
	size_t low = 0;
	size_t high = s->n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (s->v[middle].step <= step) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	if (low == 0 || step > s->v[s->n - 1].step + s->widest) {
		return NAN;
	}
	return s->v[low - 1].value;
}

/* ---- the checkpoints of a run ------------------------------------------------------------------------------------ */

struct candidate {
	const struct guild_checkpoint *checkpoint;
	double value;
	bool is_kept;
};
struct candidates {
	struct candidate *v;
	size_t n;
};

static int compare_age(const void *a, const void *b)
{
	const struct candidate *x = a;
	const struct candidate *y = b;
	int64_t p = x->checkpoint->step;
	int64_t q = y->checkpoint->step;
	if (p != q) {
		return p < q ? -1 : 1;
	}
	p = x->checkpoint->mtime_us;
	q = y->checkpoint->mtime_us;
	return (p > q) - (p < q);
}

static size_t count_of(const struct guild_keep *k, size_t n)
{
	return (uint64_t)k->n < n ? (size_t)k->n : n;
}

/* Candidates are in the order of their age. */
static void keep_ends(const struct guild_keep *k, struct candidates *c)
{
	size_t n = count_of(k, c->n);
	for (size_t i = 0; i < n; i++) {
		c->v[k->kind == GUILD_KEEP_FIRST ? i : c->n - 1 - i].is_kept = true;
	}
}

static void keep_every(const struct guild_keep *k, struct candidates *c)
{
	for (size_t i = 0; i < c->n; i++) {
		c->v[i].is_kept |= c->v[i].checkpoint->step % k->n == 0;
	}
}

/* What has no value cannot be judged, and is kept; of equals the later one is better. */
static void keep_best(const struct guild_run *r, const struct guild_keep *k, struct candidates *c)
{
	struct guild_arena *a = guild_arena_new();
	struct series s = {0};
	bool *taken = guild_alloc(c->n * sizeof(*taken));
	read_series(r, a, k->scalar, &s);
	for (size_t i = 0; i < c->n; i++) {
		c->v[i].value = value_at(&s, c->v[i].checkpoint->step);
		taken[i] = isnan(c->v[i].value);
		c->v[i].is_kept |= taken[i];
	}
	for (size_t n = count_of(k, c->n); n > 0; n--) {
		size_t best = SIZE_MAX;
		for (size_t i = 0; i < c->n; i++) {
			bool is_better = best == SIZE_MAX ||
					 (k->is_lowest ? c->v[i].value <= c->v[best].value
						       : c->v[i].value >= c->v[best].value);
			best = !taken[i] && is_better ? i : best;
		}
		if (best != SIZE_MAX) {
			taken[best] = true;
			c->v[best].is_kept = true;
		}
	}
	free(taken);
	guild_arena_free(a);
}

/* A step says where a checkpoint stands. One without is kept, unless none of them has one: then only time tells. */
static void apply(const struct guild_gc_request *req, const struct guild_run *r,
	struct candidates *all)
{
	struct candidates c = *all;
	qsort(c.v, c.n, sizeof(*c.v), compare_age);
	bool have_steps = c.v[c.n - 1].checkpoint->step >= 0;
	for (; have_steps && c.v->checkpoint->step < 0; c.v++, c.n--) {
		c.v->is_kept = true;
	}
	for (size_t i = 0; i < req->n_keep; i++) {
		const struct guild_keep *k = &req->keep[i];
		if (k->kind == GUILD_KEEP_LAST || k->kind == GUILD_KEEP_FIRST) {
			keep_ends(k, &c);
		} else if (have_steps && k->kind == GUILD_KEEP_EVERY) {
			keep_every(k, &c);
		} else if (have_steps) {
			keep_best(r, k, &c);
		} else {
			for (size_t n = 0; n < c.n; n++) {
				c.v[n].is_kept = true;
			}
		}
	}
}

/* Source code and inputs are no results, even where they are models; what links lead to is somebody's input. */
static bool is_needed(const struct guild_run *r, const struct guild_checkpoint *c,
	const struct guild_manifest *m, const struct guild_gc_links *links)
{
	char *path = guild_path_join(r->dir, c->path);
	bool is = guild_gc_links_lead_to(links, path);
	free(path);
	for (size_t i = 0; i < m->n && !is; i++) {
		size_t n_path = strlen(m->v[i].path);
		is = guild_checkpoint_holds(c, m->v[i].path) ||
		     (strncmp(c->path, m->v[i].path, n_path) == 0 && c->path[n_path] == '/');
	}
	/* Links to one file of several. */
	char *real = guild_path_real(r->dir);
	char *below = guild_format("%s/", real);
	size_t n = strlen(below);
	size_t at = guild_gc_links_from(links, below);
	for (; at < links->targets.n && guild_starts(links->targets.v[at], below) && !is; at++) {
		is = guild_checkpoint_holds(c, links->targets.v[at] + n);
	}
	free(below);
	free(real);
	return is;
}

static void look_at_run(const struct guild_gc_request *req, const struct guild_gc_links *links,
	const struct guild_run *r, struct guild_gc_plan *out)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_checkpoint *found = NULL;
	struct guild_manifest manifest = {0};
	struct candidates c = {0};
	size_t n = 0;
	if (guild_run_checkpoints(r, &found, &n, NULL) != 0 || n == 0 ||
		guild_manifest_read(r, a, &manifest, NULL, NULL) != 0) {
		goto out;
	}
	c.v = guild_alloc(n * sizeof(*c.v));
	for (size_t i = 0; i < n; i++) {
		if (!is_needed(r, &found[i], &manifest, links)) {
			c.v[c.n++] = (struct candidate){.checkpoint = &found[i], .value = NAN};
		}
	}
	if (c.n > 0) {
		apply(req, r, &c);
	}
	for (size_t i = 0; i < c.n; i++) {
		const struct guild_checkpoint *k = c.v[i].checkpoint;
		if (!c.v[i].is_kept) {
			char *why = k->step >= 0 ? guild_format("step %lld", (long long)k->step)
						 : guild_strdup("no step");
			struct guild_gc_item *item = guild_gc_add(out, GUILD_GC_CHECKPOINT,
				guild_path_join(r->dir, k->path), why);
			item->run_dir = guild_strdup(r->dir);
			item->framework = k->framework;
			item->bytes = k->size_bytes;
		}
	}
out:
	free(c.v);
	guild_checkpoints_free(found, n);
	guild_arena_free(a);
}

void guild_gc_find_checkpoints(const struct guild_gc_request *req,
	const struct guild_gc_links *links, struct guild_gc_plan *out)
{
	for (size_t i = 0; req->runs && i < req->runs->n; i++) {
		const struct guild_run *r = &req->runs->v[i];
		enum guild_run_status status = guild_run_status(r, NULL);
		struct guild_arena *a = guild_arena_new();
		bool is_marked = guild_value_truthy(guild_run_attr(r, a, "marked"));
		guild_arena_free(a);
		if (!is_marked && (status == GUILD_RUN_COMPLETED || status == GUILD_RUN_ERROR ||
					  status == GUILD_RUN_TERMINATED)) {
			look_at_run(req, links, r, out);
		}
		if (req->on_progress) {
			req->on_progress(req->progress_arg, i + 1, req->runs->n);
		}
	}
}

/* ---- letting one go ------------------------------------------------------------------------------------------------ */

/* Attribute _removed: the run says what it once had. */
static int note_removal(const struct guild_run *r, const struct guild_gc_item *item,
	const char *path, struct guild_error *err)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *list = guild_run_attr(r, a, "_removed");
	struct guild_value *entry = guild_value_dict(a);
	if (!list || list->type != GUILD_LIST) {
		list = guild_value_list(a);
	}
	guild_value_set(a, entry, "path", guild_value_string(a, path));
	guild_value_set(a, entry, "size", guild_value_int(a, item->bytes));
	guild_value_set(a, entry, "time", guild_value_int(a, guild_now_us()));
	guild_value_append(a, list, entry);
	int rc = guild_run_attr_write(r, "_removed", list, false, err);
	guild_arena_free(a);
	return rc;
}

int guild_gc_remove_checkpoint(const struct guild_gc_item *item, struct guild_error *err)
{
	struct guild_run r = {0};
	int rc = guild_run_open(item->run_dir, &r, err);
	if (rc == 0) {
		struct guild_checkpoint c = {
			.path = item->path + strlen(item->run_dir) + 1,
			.framework = item->framework,
		};
		rc = note_removal(&r, item, c.path, err);
		rc = rc ? rc : guild_run_checkpoint_remove(&r, &c, err);
	}
	guild_run_fini(&r);
	return rc;
}
