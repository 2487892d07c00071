/* Which files of a run an operation's `publish: files` chooses: the rules of source code, over the files of a run. */

#include <stdlib.h>
#include <string.h>

#include "source_rules.h"

struct guild_publish_rules {
	struct source_rules rules;
	char *root;
	bool is_off;
};

int guild_publish_rules_new(const struct guild_op_def *op, const char *root,
	const struct guild_log *log, struct guild_publish_rules **out, struct guild_error *err)
{
	const struct guild_value *spec = op ? guild_value_get(op->publish, "files") : NULL;
	struct guild_publish_rules *p = guild_alloc(sizeof(*p));
	p->root = guild_strdup(root);
	p->is_off = spec && spec->type == GUILD_BOOL && !spec->b;
	int rc = guild_value_is_null(spec) || spec->type == GUILD_BOOL
			 ? 0
			 : source_rules_add_spec(&p->rules, root, spec, log, err);
	if (rc != 0) {
		guild_publish_rules_free(p);
		return rc;
	}
	*out = p;
	return 0;
}

void guild_publish_rules_free(struct guild_publish_rules *p)
{
	if (p) {
		source_rules_fini(&p->rules);
		free(p->root);
		free(p);
	}
}

static bool matches_dir(const struct source_rule *rule, const char *path)
{
	bool is = false;
	for (const char *p = strchr(path, '/'); p && !is; p = strchr(p + 1, '/')) {
		char *dir = guild_strndup(path, (size_t)(p - path));
		is = source_rule_matches(rule, dir);
		free(dir);
	}
	return is;
}

static bool matches(const struct guild_publish_rules *p, const struct source_rule *rule,
	const char *path)
{
	if (rule->type == RULE_DIR) {
		return !rule->containing && matches_dir(rule, path);
	}
	if (!source_rule_matches(rule, path)) {
		return false;
	}
	char *full = guild_path_join(p->root, path);
	bool is = rule->type == RULE_TEXT     ? source_is_text(full)
		  : rule->type == RULE_BINARY ? !source_is_text(full)
					      : rule->type == RULE_ANY;
	if (is && rule->size_below > 0) {
		is = guild_file_size(full) < rule->size_below;
	}
	free(full);
	return is;
}

bool guild_publish_rules_take(struct guild_publish_rules *p, const char *path, bool is_link)
{
	bool is_taken = !is_link && !p->is_off;
	for (size_t i = 0; i < p->rules.n && !p->is_off; i++) {
		if (matches(p, &p->rules.v[i], path)) {
			is_taken = p->rules.v[i].include;
		}
	}
	return is_taken;
}
