/* Rules that choose source code (guildfile.md 6). */
#ifndef GUILD_SOURCE_RULES_H
#define GUILD_SOURCE_RULES_H

#include "project_private.h"

enum rule_type { RULE_ANY, RULE_DIR, RULE_TEXT, RULE_BINARY, RULE_GIT };

struct source_rule {
	bool include;
	enum rule_type type;
	struct guild_strs patterns;
	const char *
		containing; /* RULE_DIR: only directories that hold this file; constant or pattern-owned */
	int64_t size_below;  /* 0: any */
	int64_t max_matches; /* 0: any */
	int64_t n_matches;
};

struct source_rules {
	struct source_rule *v;
	size_t n, cap;
	struct guild_map ignored; /* git: ignored files, relative to the root */
	bool is_git;
};

void source_rules_fini(struct source_rules *s);
/* Adds an empty rule. */
struct source_rule *source_rules_add(struct source_rules *s, bool include, enum rule_type type);
/* The rules every operation starts with; reads git when root lies in a work tree. */
int source_rules_add_base(struct source_rules *s, const char *root, bool is_python,
	const struct guild_log *log, struct guild_error *err);
/* The rules of a `sourcecode` value (model's or operation's). */
int source_rules_add_spec(struct source_rules *s, const char *root, const struct guild_value *spec,
	const char *file, const struct guild_log *log, struct guild_error *err);
/* The line that --test-sourcecode shows. */
void source_rule_describe(const struct source_rule *rule, struct guild_buf *out);
/* True when the rules end in an `exclude *` with nothing after it. */
bool source_rules_are_disabled(const struct source_rules *s);

/* True when the file looks like text: extension, then its first bytes. */
bool source_is_text(const char *path);

#endif
