/* Source code rules: what they are made of, the built-in ones, which paths they can reach. */
#include "source_rules.h"

#include <stdlib.h>
#include <string.h>

enum { DEFAULT_FILE_SIZE = 1048576, DEFAULT_FILE_COUNT = 100 };

static const char built_in[] = "built in";

void source_rules_fini(struct source_rules *s)
{
	for (size_t i = 0; i < s->n; i++) {
		guild_strs_fini(&s->v[i].patterns);
		free(s->v[i].origin);
	}
	free(s->v);
	guild_map_fini(&s->ignored);
	*s = (struct source_rules){0};
}

struct source_rule *source_rules_add(struct source_rules *s, bool include, enum rule_type type,
	const char *origin)
{
	s->v = guild_grow_array(s->v, &s->cap, s->n + 1, sizeof *s->v);
	struct source_rule *rule = &s->v[s->n++];
	*rule = (struct source_rule){
		.include = include, .type = type, .origin = guild_strdup(origin)};
	return rule;
}

struct source_rule *source_rules_add_pattern(struct source_rules *s, bool include,
	enum rule_type type, const char *pattern, const char *origin)
{
	struct source_rule *rule = source_rules_add(s, include, type, origin);
	guild_strs_add(&rule->patterns, pattern);
	return rule;
}

void source_rules_leave_dirs_with(struct source_rules *s, const char *marker, const char *origin)
{
	source_rules_add_pattern(s, false, RULE_DIR, "*", origin)->containing = marker;
}

/* ---- the rules every operation starts with, outside git -------------------------------------------------- */

static int64_t limit_from_env(const char *name, int64_t missing)
{
	const char *text = getenv(name);
	int64_t v;
	return text && guild_parse_i64(text, strlen(text), &v) && v >= 0 && v < INT64_MAX ? v
											  : missing;
}

static void add_plain_base(struct source_rules *s, bool is_python)
{
	source_rules_add_pattern(s, false, RULE_DIR, ".*", built_in);
	source_rules_leave_dirs_with(s, ".guild-nocopy", built_in);
	struct source_rule *text = source_rules_add_pattern(s, true, RULE_TEXT, "*", built_in);
	text->size_below =
		limit_from_env("MAX_DEFAULT_SOURCECODE_FILE_SIZE", DEFAULT_FILE_SIZE) + 1;
	text->max_matches = limit_from_env("MAX_DEFAULT_SOURCECODE_COUNT", DEFAULT_FILE_COUNT);
	if (is_python) {
		source_rules_add_pattern(s, false, RULE_DIR, "__pycache__", built_in);
		source_rules_leave_dirs_with(s, "bin/activate", built_in);
		source_rules_leave_dirs_with(s, "Scripts/activate", built_in);
		source_rules_add_pattern(s, false, RULE_DIR, "build", built_in);
		source_rules_add_pattern(s, false, RULE_DIR, "dist", built_in);
		source_rules_add_pattern(s, false, RULE_DIR, "*.egg-info", built_in);
	}
}

int source_rules_add_base(struct source_rules *s, const char *root, bool is_python,
	const struct guild_log *log, struct guild_error *err)
{
	int rc = source_rules_add_git(s, root, log, err);
	if (rc == 0) {
		add_plain_base(s, is_python);
	}
	return rc < 0 ? rc : 0;
}

/* ---- matching ------------------------------------------------------------------------------------------------ */

/* A pattern without '/' looks at the name, one with '/' at the path from the root. */
static bool pattern_matches(const char *pattern, const char *rel)
{
	const char *subject = strchr(pattern, '/') ? rel : guild_path_basename(rel);
	return guild_fnmatch(pattern[0] == '/' ? pattern + 1 : pattern, subject);
}

bool source_rule_matches(const struct source_rule *rule, const char *rel)
{
	for (size_t i = 0; i < rule->patterns.n; i++) {
		if (pattern_matches(rule->patterns.v[i], rel)) {
			return true;
		}
	}
	return false;
}

/* A lone star matches every file below; so does PATH, slash, star where PATH matches the directory or one above it. */
static bool matches_all_below(const char *pattern, const char *rel_dir)
{
	if (strcmp(pattern, "*") == 0) {
		return true;
	}
	if (!guild_ends(pattern, "/*")) {
		return false;
	}
	pattern += pattern[0] == '/';
	size_t n = strlen(pattern);
	if (n < 3) {
		return n == 1;
	}
	char *head = guild_strndup(pattern, n - 2), *dir = guild_strdup(rel_dir);
	bool matches = false;
	while (!matches && dir[0]) {
		matches = guild_fnmatch(head, dir);
		char *up = guild_path_dirname(dir);
		free(dir);
		dir = up;
	}
	free(head);
	free(dir);
	return matches;
}

/* Could the pattern match a path that starts with this directory? */
static bool may_match_below(const char *pattern, const char *rel_dir)
{
	if (!strchr(pattern, '/')) {
		return true;
	}
	pattern += pattern[0] == '/';
	size_t n = strcspn(pattern, "*?["), n_dir = strlen(rel_dir);
	if (strncmp(pattern, rel_dir, n < n_dir ? n : n_dir) != 0) {
		return false;
	}
	return n <= n_dir || pattern[n_dir] == '/';
}

bool source_rules_reach(const struct source_rules *s, const char *rel_dir, bool is_full)
{
	for (size_t i = s->n; i-- > 0;) {
		const struct source_rule *rule = &s->v[i];
		bool is_spent =
			is_full && rule->max_matches && rule->n_matches >= rule->max_matches;
		if (rule->type == RULE_GIT) {
			return true;
		}
		for (size_t k = 0; rule->type != RULE_DIR && k < rule->patterns.n; k++) {
			const char *pattern = rule->patterns.v[k];
			if (rule->include && !is_spent && may_match_below(pattern, rel_dir)) {
				return true;
			}
			if (!rule->include && rule->type == RULE_ANY &&
				matches_all_below(pattern, rel_dir)) {
				return false;
			}
		}
	}
	return false;
}

static bool leaves_everything(const struct source_rule *rule)
{
	return !rule->include && rule->type == RULE_ANY && rule->patterns.n == 1 &&
	       strcmp(rule->patterns.v[0], "*") == 0;
}

size_t source_rules_first(const struct source_rules *s)
{
	size_t first = s->n;
	while (first > 0 && !leaves_everything(&s->v[first - 1])) {
		first--;
	}
	return first ? first - 1 : 0;
}

bool source_rules_are_disabled(const struct source_rules *s)
{
	for (size_t i = s->n; i-- > 0;) {
		if (s->v[i].include) {
			return false;
		}
		if (leaves_everything(&s->v[i])) {
			return true;
		}
	}
	return false;
}

/* ---- showing ---------------------------------------------------------------------------------------------------- */

/* A pattern with a blank is quoted, so that the list can be read. */
static void put_pattern(struct guild_buf *out, const char *pattern)
{
	if (strpbrk(pattern, " \t\n,")) {
		guild_shlex_quote(out, pattern);
	} else {
		guild_buf_puts(out, pattern);
	}
}

void source_rule_describe(const struct source_rule *rule, struct guild_buf *out)
{
	if (rule->type == RULE_GIT) {
		guild_buf_puts(out, "gitignore + guildignore patterns");
		return;
	}
	static const char *const types[] = {"", "dir ", "text ", "binary "};
	guild_buf_printf(out, "%s %s", rule->include ? "include" : "exclude", types[rule->type]);
	for (size_t i = 0; i < rule->patterns.n; i++) {
		guild_buf_puts(out, i ? ", " : "");
		put_pattern(out, rule->patterns.v[i]);
	}
	if (rule->containing) {
		guild_buf_printf(out, " containing %s", rule->containing);
	}
	if (rule->size_below) {
		guild_buf_printf(out, " size < %lld", (long long)rule->size_below);
	}
	if (rule->max_matches) {
		guild_buf_printf(out, ", max match %lld", (long long)rule->max_matches);
	}
}
