/* What git leaves out, and why (guildfile.md 6.2). */
#include "source_rules.h"

#include <stdlib.h>
#include <string.h>

enum { GIT_LIST_MAX = 64 << 20, GIT_TIMEOUT_MS = 60000, EXPLAINED_AT_ONCE = 500 };

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
static void add_guildignore(const char *root, struct guild_strs *argv)
{
	char *path = guild_path_join(root, ".guildignore");
	struct guild_buf text = {0};
	struct guild_strs lines = {0};
	if (guild_file_read(path, 1 << 20, &text, NULL) == 0) {
		guild_strs_split(&lines, guild_buf_cstr(&text), '\n');
	}
	for (size_t i = 0; i < lines.n; i++) {
		struct guild_str line = guild_str_trim(guild_str(lines.v[i]));
		if (line.n && line.p[0] != '#') {
			guild_strs_add(argv, "-x");
			guild_strs_add_n(argv, line.p, line.n);
		}
	}
	guild_strs_fini(&lines);
	guild_buf_fini(&text);
	free(path);
}

/* git marks directories with a '/', but not links to them. */
static void add_ignored(struct source_rules *s, const char *root, struct source_rule *dirs,
	const char *path, size_t n)
{
	bool is_marked = n && path[n - 1] == '/';
	char *full = guild_path_join(root, path);
	if (is_marked || guild_is_dir(full)) {
		guild_strs_add_n(&dirs->patterns, path, n - is_marked);
	} else {
		guild_map_put(&s->ignored, path, s);
	}
	free(full);
}

/* Runs git and files its NUL-separated paths: directories (ending in '/') into the rule, files into the map. */
static int collect_ignored(struct source_rules *s, bool is_tracked, const char *root,
	struct source_rule *dirs, bool *is_repo, struct guild_error *err)
{
	struct guild_strs argv = {0};
	const char *const words[] = {"git", "ls-files", "-z", is_tracked ? "-ic" : "-io"};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(words); i++) {
		guild_strs_add(&argv, words[i]);
	}
	size_t n_plain = argv.n;
	add_guildignore(root, &argv);
	if (is_tracked && argv.n == n_plain) {
		guild_strs_fini(&argv);
		return 0;
	}
	if (!is_tracked) {
		guild_strs_add(&argv, "--exclude-standard");
		/* A directory that is ignored whole is one line, however many files it holds. */
		guild_strs_add(&argv, "--directory");
	}
	struct guild_proc_result r = {0};
	int rc = guild_proc_run((const char *const *)argv.v, root, NULL, GIT_LIST_MAX,
		GIT_TIMEOUT_MS, &r, err);
	guild_strs_fini(&argv);
	if (rc) {
		return rc;
	}
	*is_repo = r.exit_status == 0;
	for (size_t at = 0; *is_repo && at < r.out.n;) {
		char *path = r.out.p + at;
		size_t n = strlen(path);
		at += n + 1;
		add_ignored(s, root, dirs, path, n);
	}
	guild_proc_result_fini(&r);
	return 0;
}

/* Untracked files that are ignored, then tracked ones that .guildignore names: what .gitignore says is, for git, about untracked
 * files only. */
static int add_git_base(struct source_rules *s, const char *root, bool *is_repo,
	struct guild_error *err)
{
	static const char built_in[] = "built in", git[] = "git";
	source_rules_add_pattern(s, false, RULE_DIR, ".guild", built_in);
	source_rules_leave_dirs_with(s, ".guild-nocopy", built_in);
	struct source_rule *dirs = source_rules_add_pattern(s, false, RULE_DIR, ".git", git);
	int rc = collect_ignored(s, false, root, dirs, is_repo, err);
	if (rc == 0 && *is_repo) {
		rc = collect_ignored(s, true, root, dirs, is_repo, err);
	}
	source_rules_add(s, true, RULE_GIT, git);
	struct source_rule *own = source_rules_add_pattern(s, false, RULE_ANY, ".git*", built_in);
	guild_strs_add(&own->patterns, ".guildignore");
	return rc;
}

int source_rules_add_git(struct source_rules *s, const char *root, const struct guild_log *log,
	struct guild_error *err)
{
	bool is_repo = false;
	if (!is_in_work_tree(root)) {
		return 0;
	}
	int rc = add_git_base(s, root, &is_repo, err);
	if (rc == GUILD_ENOTFOUND && !guild_streq(getenv("NO_WARN_GIT_MISSING"), "1")) {
		guild_log(log, "warning",
			"git is not installed: what it ignores in '%s' cannot be told", root);
	}
	s->is_git = rc == 0 && is_repo;
	if (!s->is_git) {
		source_rules_fini(s);
	}
	return s->is_git ? 1 : rc == GUILD_ENOTFOUND ? 0 : rc;
}

/* ---- why ------------------------------------------------------------------------------------------------------ */

/* With -n check-ignore prints one line for each path, SOURCE:LINE:PATTERN<tab>PATH; "::" where it knows no pattern. */
static void read_reasons(const char *text, size_t from, size_t to, char **out)
{
	for (size_t i = from; i < to && *text; i++) {
		size_t n = strcspn(text, "\n");
		char *line = guild_strndup(text, n);
		char *tab = strrchr(line, '\t');
		/* A pattern that takes a file back is not what leaves it. */
		if (tab && line[0] != ':' && !strstr(line, ":!")) {
			*tab = 0;
			out[i] = guild_strdup(line);
		}
		free(line);
		text += n + (text[n] == '\n');
	}
}

static void explain_some(const char *root, const struct guild_strs *paths, size_t from, size_t to,
	char **out)
{
	struct guild_strs argv = {0};
	const char *const words[] = {"git", "check-ignore", "--no-index", "-v", "-n", "--"};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(words); i++) {
		guild_strs_add(&argv, words[i]);
	}
	for (size_t i = from; i < to; i++) {
		guild_strs_add(&argv, paths->v[i]);
	}
	struct guild_proc_result r = {0};
	if (guild_proc_run((const char *const *)argv.v, root, NULL, GIT_LIST_MAX, GIT_TIMEOUT_MS,
		    &r, NULL) == 0) {
		read_reasons(guild_buf_cstr(&r.out), from, to, out);
	}
	guild_proc_result_fini(&r);
	guild_strs_fini(&argv);
}

void source_git_explain(const char *root, const struct guild_strs *paths, char **out)
{
	for (size_t i = 0; i < paths->n; i += EXPLAINED_AT_ONCE) {
		size_t to = paths->n - i > EXPLAINED_AT_ONCE ? i + EXPLAINED_AT_ONCE : paths->n;
		explain_some(root, paths, i, to, out);
	}
}
