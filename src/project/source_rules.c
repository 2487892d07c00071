/* Source code rules: the built-in ones, git's, those of guild.yml. */
#include "source_rules.h"

#include <stdlib.h>
#include <string.h>

enum {
	DEFAULT_FILE_SIZE = 1048576,
	DEFAULT_FILE_COUNT = 100,
	GIT_LIST_MAX = 64 << 20,
	GIT_TIMEOUT_MS = 60000
};

void source_rules_fini(struct source_rules *s)
{
	for (size_t i = 0; i < s->n; i++) {
		guild_strs_fini(&s->v[i].patterns);
	}
	free(s->v);
	guild_map_fini(&s->ignored);
	*s = (struct source_rules){0};
}

struct source_rule *source_rules_add(struct source_rules *s, bool include, enum rule_type type)
{
	s->v = guild_grow_array(s->v, &s->cap, s->n + 1, sizeof *s->v);
	struct source_rule *rule = &s->v[s->n++];
	*rule = (struct source_rule){.include = include, .type = type};
	return rule;
}

static struct source_rule *add_pattern(struct source_rules *s, bool include, enum rule_type type,
	const char *pattern)
{
	struct source_rule *rule = source_rules_add(s, include, type);
	guild_strs_add(&rule->patterns, pattern);
	return rule;
}

static void exclude_dirs_with(struct source_rules *s, const char *marker)
{
	add_pattern(s, false, RULE_DIR, "*")->containing = marker;
}

static int64_t limit_from_env(const char *name, int64_t missing)
{
	const char *text = getenv(name);
	int64_t v;
	return text && guild_parse_i64(text, strlen(text), &v) && v >= 0 ? v : missing;
}

static void add_plain_base(struct source_rules *s, bool is_python)
{
	add_pattern(s, false, RULE_DIR, ".*");
	exclude_dirs_with(s, ".guild-nocopy");
	struct source_rule *text = add_pattern(s, true, RULE_TEXT, "*");
	text->size_below =
		limit_from_env("MAX_DEFAULT_SOURCECODE_FILE_SIZE", DEFAULT_FILE_SIZE) + 1;
	text->max_matches = limit_from_env("MAX_DEFAULT_SOURCECODE_COUNT", DEFAULT_FILE_COUNT);
	if (is_python) {
		add_pattern(s, false, RULE_DIR, "__pycache__");
		exclude_dirs_with(s, "bin/activate");
		exclude_dirs_with(s, "Scripts/activate");
		add_pattern(s, false, RULE_DIR, "build");
		add_pattern(s, false, RULE_DIR, "dist");
		add_pattern(s, false, RULE_DIR, "*.egg-info");
	}
}

/* ---- git ---- */

static bool is_in_work_tree(const char *root)
{
	if (getenv("GIT_DIR")) {
		return true;
	}
	char *dir = guild_strdup(root);
	bool found = false;
	while (!found) {
		char *git = guild_path_join(dir, ".git");
		found = guild_file_exists(git);
		free(git);
		if (strcmp(dir, "/") == 0) {
			break;
		}
		char *up = guild_path_dirname(dir);
		free(dir);
		dir = up;
	}
	free(dir);
	return found;
}

/* Patterns of .guildignore as "-x PATTERN" arguments. */
static size_t add_guildignore(const char *root, struct guild_strs *argv)
{
	char *path = guild_path_join(root, ".guildignore");
	struct guild_buf text = {0};
	struct guild_strs lines = {0};
	size_t n = 0;
	if (guild_file_read(path, 1 << 20, &text, NULL) == 0) {
		guild_strs_split(&lines, guild_buf_cstr(&text), '\n');
	}
	for (size_t i = 0; i < lines.n; i++) {
		struct guild_str line = guild_str_trim(guild_str(lines.v[i]));
		if (line.n && line.p[0] != '#') {
			guild_strs_add(argv, "-x");
			guild_strs_add_n(argv, line.p, line.n);
			n++;
		}
	}
	guild_strs_fini(&lines);
	guild_buf_fini(&text);
	free(path);
	return n;
}

/* Runs git and files its NUL-separated paths: directories (ending in '/') into the rule, files into the map. */
static int collect_ignored(struct source_rules *s, struct guild_strs *argv, const char *root,
	struct source_rule *dirs, bool *is_repo, struct guild_error *err)
{
	struct guild_proc_result r = {0};
	int rc = guild_proc_run((const char *const *)argv->v, root, NULL, GIT_LIST_MAX,
		GIT_TIMEOUT_MS, &r, err);
	if (rc) {
		return rc;
	}
	*is_repo = r.exit_status == 0;
	for (size_t at = 0; *is_repo && at < r.out.n;) {
		char *path = r.out.p + at;
		size_t n = strlen(path);
		at += n + 1;
		if (n && path[n - 1] == '/') {
			guild_strs_add_n(&dirs->patterns, path, n - 1);
		} else {
			guild_map_put(&s->ignored, path, s);
		}
	}
	guild_proc_result_fini(&r);
	return 0;
}

/* Files git ignores; the tracked ones among them stay in unless .guildignore names them. */
static int add_git_base(struct source_rules *s, const char *root, bool *is_repo,
	struct guild_error *err)
{
	struct guild_strs argv = {0}, tracked = {0};
	const char *const words[] = {
		"git", "ls-files", "-z", "-io", "--directory", "--exclude-standard"};
	const char *const tracked_words[] = {"git", "ls-files", "-z", "-ic"};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(words); i++) {
		guild_strs_add(&argv, words[i]);
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(tracked_words); i++) {
		guild_strs_add(&tracked, tracked_words[i]);
	}
	add_guildignore(root, &argv);
	size_t n_own = add_guildignore(root, &tracked);
	add_pattern(s, false, RULE_DIR, ".guild");
	exclude_dirs_with(s, ".guild-nocopy");
	struct source_rule *dirs = add_pattern(s, false, RULE_DIR, ".git");
	int rc = collect_ignored(s, &argv, root, dirs, is_repo, err);
	if (rc == 0 && *is_repo && n_own) {
		rc = collect_ignored(s, &tracked, root, dirs, is_repo, err);
	}
	source_rules_add(s, true, RULE_GIT);
	struct source_rule *own = add_pattern(s, false, RULE_ANY, ".git*");
	guild_strs_add(&own->patterns, ".guildignore");
	guild_strs_fini(&argv);
	guild_strs_fini(&tracked);
	return rc;
}

int source_rules_add_base(struct source_rules *s, const char *root, bool is_python,
	const struct guild_log *log, struct guild_error *err)
{
	if (is_in_work_tree(root)) {
		bool is_repo = false;
		int rc = add_git_base(s, root, &is_repo, err);
		if (rc && rc != GUILD_ENOTFOUND) {
			return rc;
		}
		if (rc == GUILD_ENOTFOUND && !guild_streq(getenv("NO_WARN_GIT_MISSING"), "1")) {
			guild_log(log, "warning",
				"git is not installed: what it ignores in '%s' cannot be told",
				root);
		}
		if (is_repo) {
			s->is_git = true;
			return 0;
		}
		source_rules_fini(s);
	}
	add_plain_base(s, is_python);
	return 0;
}

/* ---- guild.yml ---- */

struct spec_reader {
	struct source_rules *rules;
	const char *root, *file;
	const struct guild_log *log;
	struct guild_error *err;
};

static int spec_fail(const struct spec_reader *r, const struct guild_value *at, const char *what)
{
	return guild_error_set(r->err, GUILD_EINVALID, "%s:%u:%u: %s", r->file, at->line,
		at->column, what);
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
		return add_patterns(r, source_rules_add(r->rules, include != NULL, RULE_ANY), v);
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
		int rc = add_patterns(r, source_rules_add(r->rules, include != NULL, kinds[i].type),
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

static int add_select(const struct spec_reader *r, const struct guild_value *v)
{
	if (guild_value_is_null(v)) {
		return 0;
	}
	if ((v->type == GUILD_BOOL && !v->b) || (v->type == GUILD_LIST && v->n == 0)) {
		add_pattern(r->rules, false, RULE_ANY, "*");
		return 0;
	}
	if (v->type == GUILD_DICT) {
		return add_rule_map(r, v);
	}
	if (v->type != GUILD_STRING && v->type != GUILD_LIST) {
		return spec_fail(r, v, "source code is chosen by a pattern, a list or a mapping");
	}
	if (v->type == GUILD_STRING || !holds_mapping(v)) {
		add_pattern(r->rules, false, RULE_ANY, "*");
	}
	size_t n = v->type == GUILD_LIST ? v->n : 1;
	for (size_t i = 0; i < n; i++) {
		const struct guild_value *item = v->type == GUILD_LIST ? v->items[i] : v;
		int rc =
			item->type == GUILD_DICT
				? add_rule_map(r, item)
				: add_patterns(r, source_rules_add(r->rules, true, RULE_ANY), item);
		if (rc) {
			return rc;
		}
	}
	return 0;
}

int source_rules_add_spec(struct source_rules *s, const char *root, const struct guild_value *spec,
	const char *file, const struct guild_log *log, struct guild_error *err)
{
	struct spec_reader r = {.rules = s, .root = root, .file = file, .log = log, .err = err};
	if (guild_value_is_null(spec) || spec->type != GUILD_DICT ||
		guild_value_get(spec, "include") || guild_value_get(spec, "exclude")) {
		return add_select(&r, spec);
	}
	static const char *const known[] = {"dest", "digest", "root", "select", NULL};
	for (size_t i = 0; i < spec->n; i++) {
		const char *key = guild_value_text(spec->pairs[i].key);
		bool is_known = false;
		for (size_t k = 0; key && known[k]; k++) {
			is_known = is_known || strcmp(key, known[k]) == 0;
		}
		if (!is_known) {
			guild_log(log, "warning",
				"%s:%u:%u: unknown attribute '%s' of sourcecode is ignored", file,
				spec->pairs[i].key->line, spec->pairs[i].key->column,
				key ? key : "?");
		}
	}
	return add_select(&r, guild_value_get(spec, "select"));
}

/* ---- showing ---- */

void source_rule_describe(const struct source_rule *rule, struct guild_buf *out)
{
	if (rule->type == RULE_GIT) {
		guild_buf_puts(out, "gitignore + guildignore patterns");
		return;
	}
	static const char *const types[] = {"", "dir ", "text ", "binary "};
	char *patterns = guild_strs_join(&rule->patterns, ", ");
	guild_buf_printf(out, "%s %s%s", rule->include ? "include" : "exclude", types[rule->type],
		patterns);
	free(patterns);
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

bool source_rules_are_disabled(const struct source_rules *s)
{
	for (size_t i = s->n; i-- > 0;) {
		const struct source_rule *rule = &s->v[i];
		if (rule->include) {
			return false;
		}
		if (rule->type == RULE_ANY && rule->patterns.n == 1 &&
			strcmp(rule->patterns.v[0], "*") == 0) {
			return true;
		}
	}
	return false;
}
