/* Which files an operation copies into its runs: its rules and where they are applied (guildfile.md 6). */
#include "source_rules.h"

#include <stdlib.h>
#include <string.h>

static bool is_python_op(const struct guild_op_def *op)
{
	if (op->exec) {
		char *first = guild_strndup(op->exec, strcspn(op->exec, " "));
		bool is_python = guild_starts(guild_path_basename(first), "python") ||
				 guild_streq(first, "${python_exe}");
		free(first);
		return is_python;
	}
	return !guild_op_is_r(op) && (guild_value_is_null(op->steps) || op->main);
}

/* `no`, plain or as `select`. */
static bool is_off(const struct guild_value *v)
{
	return source_spec_is_off(v && v->type == GUILD_DICT ? guild_value_get(v, "select") : v);
}

static int build_rules(const struct guild_op_def *op, const char *root, struct source_rules *rules,
	const struct guild_log *log, struct guild_error *err)
{
	const struct guild_value *of_model = op->model->sourcecode;
	bool model_off = is_off(of_model);
	if (is_off(op->sourcecode) || (model_off && !op->sourcecode)) {
		return source_rules_add_spec(rules, root,
			op->sourcecode ? op->sourcecode : of_model, log, err);
	}
	int rc = source_rules_add_base(rules, root, is_python_op(op), log, err);
	if (rc == 0 && !model_off) {
		rc = source_rules_add_spec(rules, root, of_model, log, err);
	}
	return rc ? rc : source_rules_add_spec(rules, root, op->sourcecode, log, err);
}

static void list_rules(const struct source_rules *rules, struct guild_source_selection *out)
{
	out->rules = guild_alloc((rules->n + 1) * sizeof *out->rules);
	for (size_t i = 0; i < rules->n; i++) {
		struct guild_buf line = {0};
		source_rule_describe(&rules->v[i], &line);
		out->rules[out->n_rules++] = (struct guild_source_rule){
			.text = guild_buf_take(&line), .origin = guild_strdup(rules->v[i].origin)};
	}
}

static const char *why_disabled(const struct guild_op_def *op, const struct source_rules *rules)
{
	if (!guild_value_is_null(op->steps) && !op->main && !op->exec) {
		return "steps copy their own";
	}
	if (guild_streq(getenv("NO_SOURCECODE"), "1")) {
		return "NO_SOURCECODE is set";
	}
	return source_rules_are_disabled(rules) ? "the last rule leaves everything" : NULL;
}

static int find_place(const struct guild_project *project, const struct guild_op_def *op,
	struct guild_source_selection *sel, struct guild_error *err)
{
	const char *dest = guild_value_text(guild_value_get(op->sourcecode, "dest"));
	dest = dest ? dest : guild_value_text(guild_value_get(op->model->sourcecode, "dest"));
	sel->root = guild_op_source_root(project, op);
	sel->dest = guild_path_normalize(dest ? dest : ".");
	return strcmp(sel->dest, ".") == 0 || guild_path_is_beneath(sel->dest)
		       ? 0
		       : guild_error_set(err, GUILD_EINVALID,
				 "sourcecode dest '%s' leads out of the run", sel->dest);
}

int guild_source_select(const struct guild_project *project, const struct guild_op_def *op,
	bool explain, struct guild_source_selection *out, const struct guild_log *log,
	struct guild_error *err)
{
	struct guild_source_selection sel = {0};
	struct source_rules rules = {0};
	struct guild_map dependencies = {0};
	int rc = find_place(project, op, &sel, err);
	rc = rc ? rc : build_rules(op, sel.root, &rules, log, err);
	list_rules(&rules, &sel);
	sel.is_git = rules.is_git;
	sel.why_disabled = why_disabled(op, &rules);
	sel.disabled = sel.why_disabled != NULL;
	if (rc == 0 && !sel.disabled) {
		source_dependencies(project, op, sel.root, &dependencies);
		rc = source_walk(&rules, &dependencies, explain, &sel, log, err);
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
	for (size_t i = 0; i < s->n_rules; i++) {
		free(s->rules[i].text);
		free(s->rules[i].origin);
	}
	for (size_t i = 0; i < s->n_decisions; i++) {
		free(s->decisions[i].path);
		free(s->decisions[i].detail);
	}
	free(s->files);
	free(s->rules);
	free(s->decisions);
	free(s->root);
	free(s->dest);
	guild_strs_fini(&s->left_out);
	*s = (struct guild_source_selection){0};
}
