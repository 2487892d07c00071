/* Source code rules as guild.yml writes them (guildfile.md 6.1). */
#include "source_rules.h"

#include "attributes.h"

#include <stdlib.h>
#include <string.h>

struct spec_reader {
	struct source_rules *rules;
	const char *root;
	const struct guild_log *log;
	struct guild_error *err;
};

static int spec_fail(const struct spec_reader *r, const struct guild_value *at, const char *what)
{
	return guild_error_set(r->err, GUILD_EINVALID, "%s:%u:%u: %s",
		at->file ? at->file : "guild.yml", at->line, at->column, what);
}

/* A rule that stands where `at` is. */
static struct source_rule *add_rule(const struct spec_reader *r, bool include, enum rule_type type,
	const struct guild_value *at)
{
	char *origin =
		guild_format("%s:%u:%u", at->file ? at->file : "guild.yml", at->line, at->column);
	struct source_rule *rule = source_rules_add(r->rules, include, type, origin);
	free(origin);
	return rule;
}

static void leave_everything(const struct spec_reader *r, const struct guild_value *at)
{
	guild_strs_add(&add_rule(r, false, RULE_ANY, at)->patterns, "*");
}

/* An untyped pattern that names a directory stands for what is in it. */
static void add_expanded(const struct spec_reader *r, struct source_rule *rule, const char *pattern)
{
	char *path = guild_path_join(r->root, pattern);
	bool is_dir =
		rule->type == RULE_ANY && pattern[0] && strcmp(pattern, "*") && guild_is_dir(path);
	free(path);
	size_t n = strlen(pattern);
	while (n > 1 && pattern[n - 1] == '/') {
		n--;
	}
	if (is_dir) {
		guild_strs_addf(&rule->patterns, "%.*s/*", (int)n, pattern);
	} else {
		guild_strs_add(&rule->patterns, pattern);
	}
}

static int add_patterns(const struct spec_reader *r, struct source_rule *rule,
	const struct guild_value *v)
{
	if (v->type == GUILD_STRING) {
		add_expanded(r, rule, v->s.p);
		return 0;
	}
	if (v->type != GUILD_LIST) {
		return spec_fail(r, v, "expected a file pattern or a list of them");
	}
	for (size_t i = 0; i < v->n; i++) {
		if (v->items[i]->type != GUILD_STRING) {
			return spec_fail(r, v->items[i], "a file pattern must be text");
		}
		add_expanded(r, rule, v->items[i]->s.p);
	}
	return 0;
}

static int add_rule_map(const struct spec_reader *r, const struct guild_value *map)
{
	const struct guild_value *include = guild_value_get(map, "include");
	const struct guild_value *exclude = guild_value_get(map, "exclude");
	if (!include == !exclude) {
		return spec_fail(r, map, "a source code rule needs either 'include' or 'exclude'");
	}
	const struct guild_value *v = include ? include : exclude;
	if (v->type != GUILD_DICT) {
		return add_patterns(r, add_rule(r, include != NULL, RULE_ANY, v), v);
	}
	static const struct {
		const char *key;
		enum rule_type type;
	} kinds[] = {{"dir", RULE_DIR}, {"text", RULE_TEXT}, {"binary", RULE_BINARY}};
	size_t n_known = 0;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(kinds); i++) {
		const struct guild_value *patterns = guild_value_get(v, kinds[i].key);
		if (!patterns) {
			continue;
		}
		n_known++;
		int rc = add_patterns(r, add_rule(r, include != NULL, kinds[i].type, patterns),
			patterns);
		if (rc) {
			return rc;
		}
	}
	return n_known == v->n && v->n
		       ? 0
		       : spec_fail(r, v, "a typed rule is one of dir, text, binary");
}

static bool holds_mapping(const struct guild_value *list)
{
	for (size_t i = 0; i < list->n; i++) {
		if (list->items[i]->type == GUILD_DICT) {
			return true;
		}
	}
	return false;
}

bool source_spec_is_off(const struct guild_value *v)
{
	return v && ((v->type == GUILD_BOOL && !v->b) || (v->type == GUILD_LIST && v->n == 0));
}

static int add_select(const struct spec_reader *r, const struct guild_value *v)
{
	if (guild_value_is_null(v)) {
		return 0;
	}
	if (source_spec_is_off(v)) {
		leave_everything(r, v);
		return 0;
	}
	if (v->type == GUILD_DICT) {
		return add_rule_map(r, v);
	}
	if (v->type != GUILD_STRING && v->type != GUILD_LIST) {
		return spec_fail(r, v, "source code is chosen by a pattern, a list or a mapping");
	}
	if (v->type == GUILD_STRING || !holds_mapping(v)) {
		leave_everything(r, v);
	}
	size_t n = v->type == GUILD_LIST ? v->n : 1;
	for (size_t i = 0; i < n; i++) {
		const struct guild_value *item = v->type == GUILD_LIST ? v->items[i] : v;
		int rc = item->type == GUILD_DICT
				 ? add_rule_map(r, item)
				 : add_patterns(r, add_rule(r, true, RULE_ANY, item), item);
		if (rc) {
			return rc;
		}
	}
	return 0;
}

static void warn_unknown(const struct spec_reader *r, const struct guild_value *key)
{
	const char *name = guild_value_text(key);
	bool is_rule = guild_streq(name, "include") || guild_streq(name, "exclude");
	guild_log(r->log, "warning", "%s:%u:%u: unknown attribute '%s' of sourcecode is ignored%s",
		key->file ? key->file : "guild.yml", key->line, key->column, name ? name : "?",
		is_rule ? " (a rule is written in a list: '- exclude: …')" : "");
}

int source_rules_add_spec(struct source_rules *s, const char *root, const struct guild_value *spec,
	const struct guild_log *log, struct guild_error *err)
{
	struct spec_reader r = {.rules = s, .root = root, .log = log, .err = err};
	if (guild_value_is_null(spec) || spec->type != GUILD_DICT) {
		return add_select(&r, spec);
	}
	for (size_t i = 0; i < spec->n; i++) {
		const char *key = guild_value_text(spec->pairs[i].key);
		if (!key || !project_attribute(&project_kind_sourcecode, key)) {
			warn_unknown(&r, spec->pairs[i].key);
		}
	}
	return add_select(&r, guild_value_get(spec, "select"));
}
