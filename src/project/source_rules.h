/* Rules that choose source code (guildfile.md 6). Private to the room. */
#ifndef GUILD_SOURCE_RULES_H
#define GUILD_SOURCE_RULES_H

#include "project_private.h"

enum rule_type { RULE_ANY, RULE_DIR, RULE_TEXT, RULE_BINARY, RULE_GIT };

struct source_rule {
	bool include;
	enum rule_type type;
	struct guild_strs patterns;
	const char *containing; /* RULE_DIR: only directories that hold this file; constant */
	int64_t size_below;     /* 0: any */
	int64_t max_matches;    /* 0: any */
	int64_t n_matches;
	char *origin;
};

struct source_rules {
	struct source_rule *v;
	size_t n, cap;
	struct guild_map ignored; /* git: ignored files, relative to the root */
	bool is_git;
};

void source_rules_fini(struct source_rules *s);
/* Adds an empty rule that comes from `origin`. */
struct source_rule *source_rules_add(struct source_rules *s, bool include, enum rule_type type,
	const char *origin);
/* The same with one pattern. */
struct source_rule *source_rules_add_pattern(struct source_rules *s, bool include,
	enum rule_type type, const char *pattern, const char *origin);
/* Directories that hold the file `marker` (a constant) are left. */
void source_rules_leave_dirs_with(struct source_rules *s, const char *marker, const char *origin);
/* The rules every operation starts with; reads git when root lies in a work tree. */
int source_rules_add_base(struct source_rules *s, const char *root, bool is_python,
	const struct guild_log *log, struct guild_error *err);
/* The rules where root lies in a git work tree: 1, or 0 when git does not know it. */
int source_rules_add_git(struct source_rules *s, const char *root, const struct guild_log *log,
	struct guild_error *err);
/* Which line of which file makes git leave each of `paths` (NULL: it is .guildignore's). `out` is as long. */
void source_git_explain(const char *root, const struct guild_strs *paths, char **out);
/* The rules of a `sourcecode` value (model's or operation's). */
int source_rules_add_spec(struct source_rules *s, const char *root, const struct guild_value *spec,
	const struct guild_log *log, struct guild_error *err);
/* True for `no` and for an empty list. */
bool source_spec_is_off(const struct guild_value *spec);
/* The line that --test-sourcecode shows. */
void source_rule_describe(const struct source_rule *rule, struct guild_buf *out);
/* Does one of its patterns match this path? Nothing but patterns is looked at. */
bool source_rule_matches(const struct source_rule *rule, const char *rel);
/* The rule that file decisions start with: the last that leaves everything, or 0. */
size_t source_rules_first(const struct source_rules *s);
/* True when the rules end in an `exclude *` with nothing after it. */
bool source_rules_are_disabled(const struct source_rules *s);
/* False when no file below this directory can be taken. `full`: limits that are reached count as the end of their rule. */
bool source_rules_reach(const struct source_rules *s, const char *rel_dir, bool is_full);

/* True when the file looks like text: extension, then its first bytes. */
bool source_is_text(const char *path);

/* Fills files, decisions and left_out of `out`, whose root is set. */
int source_walk(struct source_rules *rules, const struct guild_map *dependencies, bool explain,
	struct guild_source_selection *out, const struct guild_log *log, struct guild_error *err);

/* The files below root that `requires` places (paths relative to root). */
void source_dependencies(const struct guild_project *project, const struct guild_op_def *op,
	const char *root, struct guild_map *out);

#endif
