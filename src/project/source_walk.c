/* The walk over the project that chooses source code (guildfile.md 6.3). */
#include "source_rules.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Names kept of files that a limit leaves out; past them only directories with a rule of their own are entered. */
enum { LEFT_OUT_MAX = 1000, WARNINGS_MAX = 20 };

struct visited { /* directories from the root down, against links that lead back */
	dev_t dev;
	ino_t ino;
	const struct visited *up;
};

struct walk {
	struct source_rules *rules;
	struct guild_source_selection *out;
	const struct guild_map *dependencies;
	const struct guild_log *log;
	bool explain;
	size_t first_rule; /* for files: what comes before never decides */
	size_t cap, decisions_cap;
	size_t n_too_many;  /* files past the count */
	size_t n_too_large; /* files past the size */
};

/* What is decided about one path. */
struct verdict {
	bool is_taken;
	enum guild_source_reason reason;
	size_t rule;
};

static void explain(struct walk *w, const char *rel, bool is_dir, struct verdict v)
{
	struct guild_source_selection *out = w->out;
	if (!w->explain) {
		return;
	}
	out->decisions = guild_grow_array(out->decisions, &w->decisions_cap, out->n_decisions + 1,
		sizeof *out->decisions);
	out->decisions[out->n_decisions++] = (struct guild_source_decision){
		.path = guild_strdup(rel),
		.is_dir = is_dir,
		.is_taken = v.is_taken,
		.reason = v.reason,
		.rule = v.rule,
	};
}

/* ---- directories ------------------------------------------------------------------------------------------ */

static bool dir_holds(const char *full, const char *name)
{
	char *path = guild_path_join(full, name);
	bool there = guild_file_exists(path);
	free(path);
	return there;
}

static bool leads_back(const struct visited *up, const struct stat *st)
{
	for (; up; up = up->up) {
		if (up->dev == st->st_dev && up->ino == st->st_ino) {
			return true;
		}
	}
	return false;
}

/* The last rule for directories that matches decides; is_taken: the directory is entered. */
static struct verdict judge_dir(const struct walk *w, const char *full, const char *rel,
	const struct visited *up, const struct stat *st)
{
	struct verdict v = {.is_taken = true, .reason = GUILD_WHY_NO_RULE};
	/* A run is never source code, wherever its Guild home is. */
	if (dir_holds(full, ".guild/opref")) {
		v = (struct verdict){.reason = GUILD_WHY_RUN};
	}
	for (size_t i = 0; i < w->rules->n; i++) {
		const struct source_rule *rule = &w->rules->v[i];
		if (rule->type == RULE_DIR && v.is_taken != rule->include &&
			source_rule_matches(rule, rel) &&
			(!rule->containing || dir_holds(full, rule->containing))) {
			v = (struct verdict){
				.is_taken = rule->include, .reason = GUILD_WHY_RULE, .rule = i};
		}
	}
	if (v.is_taken && leads_back(up, st)) {
		v = (struct verdict){.reason = GUILD_WHY_LOOP};
	}
	return v;
}

/* ---- files -------------------------------------------------------------------------------------------------- */

static bool type_matches(const struct source_rule *rule, const char *full)
{
	return (rule->type != RULE_TEXT && rule->type != RULE_BINARY) ||
	       source_is_text(full) == (rule->type == RULE_TEXT);
}

/* A count that was reached long ago: nobody needs to know what kind of file it would have been. */
static bool is_spent(const struct walk *w, const struct source_rule *rule)
{
	return !w->explain && rule->max_matches && rule->n_matches >= rule->max_matches &&
	       w->out->left_out.n >= LEFT_OUT_MAX;
}

/* The last rule that matches decides; a limit that alone kept the file out is told. */
static struct verdict judge_file(struct walk *w, const char *full, const char *rel, int64_t size)
{
	struct verdict v = {.reason = GUILD_WHY_NO_RULE};
	if (guild_map_has(w->dependencies, rel)) {
		return (struct verdict){.reason = GUILD_WHY_DEPENDENCY};
	}
	for (size_t i = w->first_rule; i < w->rules->n; i++) {
		struct source_rule *rule = &w->rules->v[i];
		if (rule->type == RULE_DIR) {
			continue;
		}
		if (rule->type == RULE_GIT) {
			bool is_ignored = guild_map_has(&w->rules->ignored, rel);
			v = (struct verdict){.is_taken = !is_ignored,
				.reason = is_ignored ? GUILD_WHY_IGNORED : GUILD_WHY_RULE,
				.rule = i};
			continue;
		}
		if (is_spent(w, rule) || !source_rule_matches(rule, rel) ||
			!type_matches(rule, full)) {
			continue;
		}
		enum guild_source_reason limit = GUILD_WHY_RULE;
		if (rule->max_matches && rule->n_matches >= rule->max_matches) {
			limit = GUILD_WHY_TOO_MANY;
		} else if (rule->size_below && size >= rule->size_below) {
			limit = GUILD_WHY_TOO_LARGE;
		}
		if (limit == GUILD_WHY_RULE) {
			rule->n_matches++;
			v = (struct verdict){
				.is_taken = rule->include, .reason = GUILD_WHY_RULE, .rule = i};
		} else if (!v.is_taken) {
			v = (struct verdict){.reason = limit, .rule = i};
		}
	}
	return v;
}

static void leave_out(struct walk *w, const char *rel, enum guild_source_reason limit)
{
	if (w->out->left_out.n < LEFT_OUT_MAX) {
		guild_strs_add(&w->out->left_out, rel);
	}
	if (limit == GUILD_WHY_TOO_MANY) {
		w->n_too_many++;
	} else if (++w->n_too_large <= WARNINGS_MAX) {
		guild_log(w->log, "warning",
			"source file '%s' is too large to be copied by default; "
			"'sourcecode' in guild.yml can include it",
			rel);
	}
}

static void visit_file(struct walk *w, const char *full, const char *rel, const struct stat *st)
{
	struct verdict v = judge_file(w, full, rel, (int64_t)st->st_size);
	struct guild_source_selection *out = w->out;
	if (v.is_taken) {
		out->files =
			guild_grow_array(out->files, &w->cap, out->n_files + 1, sizeof *out->files);
		out->files[out->n_files++] = (struct guild_source_file){
			.path = guild_strdup(rel), .size = (int64_t)st->st_size};
	}
	if (v.reason == GUILD_WHY_TOO_LARGE || v.reason == GUILD_WHY_TOO_MANY) {
		leave_out(w, rel, v.reason);
	}
	explain(w, rel, false, v);
}

/* ---- the walk ------------------------------------------------------------------------------------------------- */

struct entry {
	char *rel;
	struct stat st;
	bool is_missing; /* a link that leads nowhere */
};

/* What is in a directory, by name; -1 when it cannot be read. */
static int read_entries(const struct walk *w, const char *rel, struct entry **out, size_t *n,
	struct guild_error *err)
{
	char *full = guild_path_join(w->out->root, rel);
	struct guild_strs names = {0};
	int rc = guild_dir_list(full, &names, err);
	struct entry *v = guild_alloc((names.n + 1) * sizeof *v);
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		char *path = guild_path_join(full, names.v[i]);
		v[i].rel = guild_path_join(rel, names.v[i]);
		v[i].is_missing = stat(path, &v[i].st) != 0;
		free(path);
	}
	*out = v;
	*n = rc == 0 ? names.n : 0;
	guild_strs_fini(&names);
	free(full);
	return rc;
}

static int visit_dir(struct walk *w, const char *rel, const struct visited *up,
	struct guild_error *err);

/* Is the directory entered? */
static bool enter(struct walk *w, const struct entry *e, const struct visited *up)
{
	char *full = guild_path_join(w->out->root, e->rel);
	struct verdict v = judge_dir(w, full, e->rel, up, &e->st);
	free(full);
	if (!v.is_taken) {
		explain(w, e->rel, true, v);
		return false;
	}
	return true;
}

/* Asked when its turn comes: a limit may have been reached since. */
static bool can_matter(const struct walk *w, const char *rel)
{
	return w->explain || source_rules_reach(w->rules, rel, w->out->left_out.n >= LEFT_OUT_MAX);
}

static void visit_entry(struct walk *w, const struct entry *e)
{
	if (e->is_missing) {
		explain(w, e->rel, false, (struct verdict){.reason = GUILD_WHY_BROKEN_LINK});
	} else if (S_ISREG(e->st.st_mode)) {
		char *full = guild_path_join(w->out->root, e->rel);
		visit_file(w, full, e->rel, &e->st);
		free(full);
	} else if (!S_ISDIR(e->st.st_mode)) {
		explain(w, e->rel, false, (struct verdict){.reason = GUILD_WHY_SPECIAL});
	}
}

/* Files of a directory first, then its sub-directories; what was pruned is told in the same order. */
static int visit_dir(struct walk *w, const char *rel, const struct visited *up,
	struct guild_error *err)
{
	struct entry *entries = NULL;
	size_t n = 0;
	int rc = read_entries(w, rel, &entries, &n, rel[0] ? NULL : err);
	if (rc && rel[0]) {
		guild_log(w->log, "warning",
			"source directory '%s' cannot be read and is not copied", rel);
		explain(w, rel, true, (struct verdict){.reason = GUILD_WHY_UNREADABLE});
		rc = 0;
	}
	bool *is_entered = guild_alloc(n + 1);
	for (size_t i = 0; i < n; i++) {
		is_entered[i] = !entries[i].is_missing && S_ISDIR(entries[i].st.st_mode) &&
				enter(w, &entries[i], up);
	}
	for (size_t i = 0; i < n; i++) {
		visit_entry(w, &entries[i]);
	}
	for (size_t i = 0; rc == 0 && i < n; i++) {
		if (is_entered[i] && can_matter(w, entries[i].rel)) {
			struct visited here = {
				.dev = entries[i].st.st_dev, .ino = entries[i].st.st_ino, .up = up};
			rc = visit_dir(w, entries[i].rel, &here, err);
		}
	}
	for (size_t i = 0; i < n; i++) {
		free(entries[i].rel);
	}
	free(entries);
	free(is_entered);
	return rc;
}

/* Asks git, for what git leaves, which pattern does. */
static void explain_ignored(const struct walk *w)
{
	struct guild_source_selection *out = w->out;
	struct guild_strs paths = {0};
	size_t *of = guild_alloc((out->n_decisions + 1) * sizeof *of);
	for (size_t i = 0; i < out->n_decisions; i++) {
		struct guild_source_decision *d = &out->decisions[i];
		bool is_git_dir = d->is_dir && d->reason == GUILD_WHY_RULE &&
				  strcmp(w->rules->v[d->rule].origin, "git") == 0 &&
				  strcmp(guild_path_basename(d->path), ".git") != 0;
		if (is_git_dir || d->reason == GUILD_WHY_IGNORED) {
			d->reason = GUILD_WHY_IGNORED;
			of[paths.n] = i;
			guild_strs_add(&paths, d->path);
		}
	}
	char **lines = guild_alloc((paths.n + 1) * sizeof *lines);
	source_git_explain(out->root, &paths, lines);
	for (size_t i = 0; i < paths.n; i++) {
		out->decisions[of[i]].detail = lines[i] ? lines[i] : guild_strdup(".guildignore");
	}
	free(lines);
	free(of);
	guild_strs_fini(&paths);
}

static void tell_limits(const struct walk *w)
{
	if (w->n_too_large > WARNINGS_MAX) {
		guild_log(w->log, "warning", "%zu more source files are too large to be copied",
			w->n_too_large - WARNINGS_MAX);
	}
	for (size_t i = 0; w->n_too_many && i < w->rules->n; i++) {
		const struct source_rule *rule = &w->rules->v[i];
		if (rule->max_matches && rule->n_matches >= rule->max_matches) {
			guild_log(w->log, "warning",
				"only the first %lld source files are copied by default and %zu%s are not; "
				"'sourcecode' in guild.yml decides which are",
				(long long)rule->max_matches, w->n_too_many,
				w->n_too_many >= LEFT_OUT_MAX && !w->explain ? " or more" : "");
		}
	}
}

int source_walk(struct source_rules *rules, const struct guild_map *dependencies, bool explain_all,
	struct guild_source_selection *out, const struct guild_log *log, struct guild_error *err)
{
	struct walk w = {.rules = rules,
		.out = out,
		.dependencies = dependencies,
		.log = log,
		.explain = explain_all,
		.first_rule = source_rules_first(rules)};
	struct stat st;
	if (stat(out->root, &st) != 0 || !S_ISDIR(st.st_mode)) {
		return guild_error_set(err, GUILD_ENOTFOUND,
			"source code root '%s' is no directory", out->root);
	}
	struct visited top = {.dev = st.st_dev, .ino = st.st_ino};
	int rc = visit_dir(&w, "", &top, err);
	if (rc == 0) {
		tell_limits(&w);
	}
	if (rc == 0 && explain_all && rules->is_git) {
		explain_ignored(&w);
	}
	return rc;
}
