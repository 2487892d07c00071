/* Which files an operation copies into its runs: the walk over the project (guildfile.md 6.3). */
#include "source_rules.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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
	size_t cap;
	bool told_count;
};

/* A pattern without '/' looks at the name, one with '/' at the path from the root. */
static bool pattern_matches(const char *pattern, const char *rel)
{
	const char *subject = strchr(pattern, '/') ? rel : guild_path_basename(rel);
	return guild_fnmatch(pattern[0] == '/' ? pattern + 1 : pattern, subject);
}

static bool any_pattern(const struct source_rule *rule, const char *rel)
{
	for (size_t i = 0; i < rule->patterns.n; i++) {
		if (pattern_matches(rule->patterns.v[i], rel)) {
			return true;
		}
	}
	return false;
}

static bool dir_holds(const char *full, const char *name)
{
	char *path = guild_path_join(full, name);
	bool there = guild_file_exists(path);
	free(path);
	return there;
}

/* git's directories are exact paths; others are patterns on names or paths. */
static bool dir_is_pruned(const struct source_rules *rules, const char *full, const char *rel)
{
	/* A run is never source code, wherever its Guild home is. */
	bool pruned = dir_holds(full, ".guild/opref");
	for (size_t i = 0; i < rules->n; i++) {
		const struct source_rule *rule = &rules->v[i];
		if (rule->type == RULE_DIR && pruned == rule->include && any_pattern(rule, rel) &&
			(!rule->containing || dir_holds(full, rule->containing))) {
			pruned = !rule->include;
		}
	}
	return pruned;
}

enum verdict { VERDICT_OUT, VERDICT_IN, VERDICT_TOO_BIG, VERDICT_TOO_MANY };

static bool type_matches(const struct source_rule *rule, const char *full)
{
	return (rule->type != RULE_TEXT && rule->type != RULE_BINARY) ||
	       source_is_text(full) == (rule->type == RULE_TEXT);
}

/* The last rule that matches decides; a limit that alone kept the file out is told. */
static enum verdict judge_file(struct walk *w, const char *full, const char *rel, int64_t size)
{
	enum verdict verdict = VERDICT_OUT;
	for (size_t i = 0; i < w->rules->n; i++) {
		struct source_rule *rule = &w->rules->v[i];
		if (rule->type == RULE_DIR) {
			continue;
		}
		if (rule->type == RULE_GIT) {
			verdict = guild_map_has(&w->rules->ignored, rel) ? VERDICT_OUT : VERDICT_IN;
			continue;
		}
		if (!any_pattern(rule, rel) || !type_matches(rule, full)) {
			continue;
		}
		if (rule->max_matches && rule->n_matches >= rule->max_matches) {
			verdict = verdict == VERDICT_OUT ? VERDICT_TOO_MANY : verdict;
		} else if (rule->size_below && size >= rule->size_below) {
			verdict = verdict == VERDICT_OUT ? VERDICT_TOO_BIG : verdict;
		} else {
			rule->n_matches++;
			verdict = rule->include ? VERDICT_IN : VERDICT_OUT;
		}
	}
	return verdict;
}

static void leave_out(struct walk *w, const char *rel, enum verdict verdict)
{
	guild_strs_add(&w->out->left_out, rel);
	if (verdict == VERDICT_TOO_BIG) {
		guild_log(w->log, "warning",
			"source file '%s' is too large to be copied by default; "
			"'sourcecode' in guild.yml can include it",
			rel);
	} else if (!w->told_count) {
		w->told_count = true;
		guild_log(w->log, "warning",
			"more source files than the default limit: the rest is not copied; "
			"'sourcecode' in guild.yml decides which are");
	}
}

static void visit_file(struct walk *w, const char *full, const char *rel, int64_t size)
{
	enum verdict verdict =
		guild_map_has(w->dependencies, rel) ? VERDICT_OUT : judge_file(w, full, rel, size);
	struct guild_source_selection *out = w->out;
	if (verdict == VERDICT_IN) {
		out->files =
			guild_grow_array(out->files, &w->cap, out->n_files + 1, sizeof *out->files);
		out->files[out->n_files++] =
			(struct guild_source_file){.path = guild_strdup(rel), .size = size};
		return;
	}
	guild_strs_add(&out->skipped, rel);
	if (verdict != VERDICT_OUT) {
		leave_out(w, rel, verdict);
	}
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

/* Files of a directory first, then its sub-directories; what was pruned is told in the same order. */
static int visit_dir(struct walk *w, const char *full, const char *rel, const struct visited *up,
	struct guild_error *err)
{
	struct guild_strs names = {0}, dirs = {0};
	int rc = guild_dir_list(full, &names, rel[0] ? NULL : err);
	if (rc && rel[0]) {
		guild_log(w->log, "warning",
			"source directory '%s' cannot be read and is not copied", rel);
		return 0;
	}
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		char *path = guild_path_join(full, names.v[i]),
		     *below = guild_path_join(rel, names.v[i]);
		struct stat st;
		if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
			if (dir_is_pruned(w->rules, path, below)) {
				guild_strs_addf(&w->out->skipped, "%s/", below);
			} else if (!leads_back(up, &st)) {
				guild_strs_add(&dirs, below);
			}
		}
		free(path);
		free(below);
	}
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		char *path = guild_path_join(full, names.v[i]),
		     *below = guild_path_join(rel, names.v[i]);
		struct stat st;
		if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
			visit_file(w, path, below, (int64_t)st.st_size);
		}
		free(path);
		free(below);
	}
	for (size_t i = 0; rc == 0 && i < dirs.n; i++) {
		char *path = guild_path_join(w->out->root, dirs.v[i]);
		struct stat st;
		if (stat(path, &st) == 0) {
			struct visited here = {.dev = st.st_dev, .ino = st.st_ino, .up = up};
			rc = visit_dir(w, path, dirs.v[i], &here, err);
		}
		free(path);
	}
	guild_strs_fini(&names);
	guild_strs_fini(&dirs);
	return rc;
}

/* Files of the project that are dependencies are placed by their own rules, not as source code. */
static void find_dependencies(const struct guild_op_def *op, struct guild_map *out)
{
	for (size_t i = 0; op->deps && i < op->deps->n; i++) {
		const struct guild_value *sources = guild_value_get(op->deps->items[i], "sources");
		for (size_t k = 0; sources && k < sources->n; k++) {
			const struct guild_value *source = sources->items[k];
			const char *text = guild_value_text(source);
			if (text && guild_starts(text, "file:")) {
				text += strlen("file:");
			} else if (!text) {
				text = guild_value_text(guild_value_get(source, "file"));
			}
			if (!text) {
				text = guild_value_text(guild_value_get(source, "config"));
			}
			if (text) {
				char *path = guild_path_normalize(text);
				guild_map_put(out, path, out);
				free(path);
			}
		}
	}
}

static bool is_python_op(const struct guild_op_def *op)
{
	if (op->exec) {
		const char *name = op->exec;
		size_t n = strcspn(name, " ");
		char *first = guild_strndup(name, n);
		bool is_python = guild_starts(guild_path_basename(first), "python") ||
				 guild_streq(first, "${python_exe}");
		free(first);
		return is_python;
	}
	return guild_value_is_null(op->steps) || op->main;
}

static bool is_off(const struct guild_value *v)
{
	return v && ((v->type == GUILD_BOOL && !v->b) || (v->type == GUILD_LIST && v->n == 0));
}

static int build_rules(const struct guild_project *project, const struct guild_op_def *op,
	const char *root, struct source_rules *rules, const struct guild_log *log,
	struct guild_error *err)
{
	const char *file = project->path ? guild_path_basename(project->path) : "guild.yml";
	bool model_off = is_off(op->model->sourcecode), op_off = is_off(op->sourcecode);
	if (op_off || (model_off && !op->sourcecode)) {
		struct source_rule *none = source_rules_add(rules, false, RULE_ANY);
		guild_strs_add(&none->patterns, "*");
		return 0;
	}
	int rc = source_rules_add_base(rules, root, is_python_op(op), log, err);
	if (rc == 0 && !model_off) {
		rc = source_rules_add_spec(rules, root, op->model->sourcecode, file, log, err);
	}
	return rc ? rc : source_rules_add_spec(rules, root, op->sourcecode, file, log, err);
}

int guild_source_select(const struct guild_project *project, const struct guild_op_def *op,
	struct guild_source_selection *out, const struct guild_log *log, struct guild_error *err)
{
	struct guild_source_selection sel = {.root = guild_op_source_root(project, op)};
	struct source_rules rules = {0};
	struct guild_map dependencies = {0};
	const char *dest = guild_value_text(guild_value_get(op->sourcecode, "dest"));
	dest = dest ? dest : guild_value_text(guild_value_get(op->model->sourcecode, "dest"));
	sel.dest = guild_strdup(dest ? dest : ".");
	bool is_pipeline = !guild_value_is_null(op->steps) && !op->main && !op->exec;
	int rc = strcmp(sel.dest, ".") == 0 || guild_path_is_beneath(sel.dest)
			 ? 0
			 : guild_error_set(err, GUILD_EINVALID,
				   "sourcecode dest '%s' leads out of the run", sel.dest);
	rc = rc ? rc : build_rules(project, op, sel.root, &rules, log, err);
	for (size_t i = 0; rc == 0 && i < rules.n; i++) {
		struct guild_buf line = {0};
		source_rule_describe(&rules.v[i], &line);
		guild_strs_take(&sel.rules, guild_buf_take(&line));
	}
	sel.is_git = rules.is_git;
	sel.disabled = is_pipeline || source_rules_are_disabled(&rules) ||
		       guild_streq(getenv("NO_SOURCECODE"), "1");
	if (rc == 0 && !sel.disabled) {
		struct walk w = {
			.rules = &rules, .out = &sel, .dependencies = &dependencies, .log = log};
		struct stat st;
		find_dependencies(op, &dependencies);
		struct visited top = {0};
		if (stat(sel.root, &st) == 0) {
			top = (struct visited){.dev = st.st_dev, .ino = st.st_ino};
		}
		rc = visit_dir(&w, sel.root, "", &top, err);
	}
	source_rules_fini(&rules);
	guild_map_fini(&dependencies);
	if (rc) {
		guild_source_selection_fini(&sel);
		return rc;
	}
	*out = sel;
	return 0;
}

void guild_source_selection_fini(struct guild_source_selection *s)
{
	for (size_t i = 0; i < s->n_files; i++) {
		free(s->files[i].path);
	}
	free(s->files);
	free(s->root);
	free(s->dest);
	guild_strs_fini(&s->rules);
	guild_strs_fini(&s->skipped);
	guild_strs_fini(&s->left_out);
	*s = (struct guild_source_selection){0};
}
