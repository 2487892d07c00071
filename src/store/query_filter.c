/* A filter expression over a listing: which runs pass, and what is worth saying afterwards. */

#include <stdlib.h>
#include <string.h>

#include "query_private.h"

/* Runs whose names are remembered, to propose one. */
enum { NAMES_FROM_RUNS_MAX = 32, NAMES_MAX = 10000 };

struct guild_query_filter {
	struct guild_query *query;
	struct guild_query
		*old; /* the same as 0.9.0 reads it, where that may select other runs; or NULL */
	size_t n_runs, n_passed, n_old_passed;
	bool differs;
	struct guild_map names[3]; /* by guild_col_kind: of the first runs that lacked a name */
	size_t n_named;
};

int guild_query_filter_new(const struct guild_run_filter *filter, struct guild_query_filter **out,
	struct guild_error *err)
{
	struct guild_query_filter *f = guild_alloc(sizeof(*f));
	struct guild_query_options options = {.syntax = filter->syntax, .now_us = filter->now_us};
	int rc = guild_query_parse(filter->expression, &options, &f->query, err);
	if (rc != 0) {
		free(f);
		return rc;
	}
	/* Nobody was used to what 0.9.0 cannot read. */
	bool may_differ = f->query->is_mixed || f->query->compares_times;
	if (filter->syntax != QUERY_SYNTAX_OLD && may_differ && !f->query->is_extended) {
		options.syntax = QUERY_SYNTAX_OLD;
		(void)guild_query_parse(filter->expression, &options, &f->old, NULL);
	}
	*out = f;
	return 0;
}

void guild_query_filter_free(struct guild_query_filter *f)
{
	if (f != NULL) {
		guild_query_free(f->query);
		guild_query_free(f->old);
		for (size_t i = 0; i < GUILD_ARRAY_LEN(f->names); i++) {
			guild_map_fini(&f->names[i]);
		}
		free(f);
	}
}

static bool is_missed(const struct query_name *n)
{
	return n->was_asked && !n->was_found && !n->may_miss;
}

static void remember(void *to, enum guild_col_kind kind, const char *name)
{
	struct guild_map *names = ((struct guild_query_filter *)to)->names;
	if (names[kind].n < NAMES_MAX && !guild_map_has(&names[kind], name)) {
		guild_map_put(&names[kind], name, NULL);
	}
}

static void remember_names(struct guild_query_filter *f, const struct guild_query_source *s)
{
	bool is_any_missed = false;
	for (size_t i = 0; i < f->query->n_names; i++) {
		is_any_missed |= is_missed(f->query->names[i]);
	}
	if (is_any_missed && f->n_named < NAMES_FROM_RUNS_MAX) {
		f->n_named++;
		s->names(s->arg, remember, f);
	}
}

bool guild_query_filter_passes(struct guild_query_filter *f, struct guild_run_data *d)
{
	struct guild_query_source source;
	guild_query_run_source(d, &source);
	bool passes = guild_query_holds(f->query, &source);
	f->n_runs++;
	f->n_passed += passes;
	if (f->old != NULL) {
		bool passes_old = guild_query_holds(f->old, &source);
		f->n_old_passed += passes_old;
		f->differs |= passes != passes_old;
	}
	remember_names(f, &source);
	return passes;
}

/* ---- notes ---------------------------------------------------------------------------------------------- */

/* Attributes that a run may well lack. */
static const char *const known_attrs[] = {"comments", "exit_status", "from", "host", "id",
	"initialized", "label", "marked", "model", "objective", "op", "operation", "pip_freeze",
	"random_seed", "run", "short_id", "sourcecode", "sourcecode_digest", "started", "status",
	"stopped", "tags", "time", "user", "vcs_commit", NULL};

static bool is_known_attr(const char *name)
{
	for (size_t i = 0; known_attrs[i] != NULL; i++) {
		if (strcmp(known_attrs[i], name) == 0) {
			return true;
		}
	}
	return false;
}

static const char *nearest(const struct guild_query_filter *f, const struct query_name *n)
{
	static const enum query_space spaces[] = {
		[GUILD_COL_SCALAR] = SPACE_SCALAR, [GUILD_COL_FLAG] = SPACE_FLAG};
	const struct guild_map *scalars = &f->names[GUILD_COL_SCALAR];
	const struct guild_map *flags = &f->names[GUILD_COL_FLAG];
	size_t max = scalars->n + flags->n + GUILD_ARRAY_LEN(known_attrs);
	const char **all = guild_alloc(max * sizeof(*all));
	size_t n_all = 0;
	for (size_t kind = 0; kind < GUILD_ARRAY_LEN(spaces); kind++) {
		bool fits = n->space == SPACE_ANY || n->space == spaces[kind];
		for (size_t i = 0; fits && i < f->names[kind].n; i++) {
			all[n_all++] = f->names[kind].entries[i].key;
		}
	}
	for (size_t i = 0; n->space <= SPACE_ATTR && known_attrs[i] != NULL; i++) {
		all[n_all++] = known_attrs[i];
	}
	const char *found = guild_nearest(n->name, all);
	free(all);
	return found;
}

static void report_name(const struct guild_query_filter *f, const struct query_name *n,
	const struct guild_log *log)
{
	static const char *const kinds[] = {
		"flag, scalar or attribute", "attribute", "flag", "scalar"};
	if (!is_missed(n) || (n->space <= SPACE_ATTR && is_known_attr(n->name))) {
		return;
	}
	const char *near = nearest(f, n);
	if (near != NULL && strcmp(near, n->name) != 0) {
		guild_log(log, "note", "no run has a %s '%s' (did you mean '%s'?)", kinds[n->space],
			n->name, near);
	} else if (strpbrk(n->name, "*/+-") != NULL) {
		guild_log(log, "note", "no run has a %s '%s' (operators after a name need a blank)",
			kinds[n->space], n->name);
	} else {
		guild_log(log, "note", "no run has a %s '%s'", kinds[n->space], n->name);
	}
}

void guild_query_filter_report(const struct guild_query_filter *f, const struct guild_log *log)
{
	for (size_t i = 0; i < f->query->n_names; i++) {
		report_name(f, f->query->names[i], log);
	}
	if (!f->differs) {
		return;
	}
	struct guild_buf old = {0};
	guild_query_print(f->old, &old);
	guild_log(log, "note",
		"Guild AI 0.9.0 reads this filter as %s%s, and selects %zu run(s), not %zu; with "
		"--filter-syntax 1 so does this version",
		guild_buf_cstr(&old), f->query->is_mixed ? "" : " with times as texts",
		f->n_old_passed, f->n_passed);
	guild_buf_fini(&old);
}
