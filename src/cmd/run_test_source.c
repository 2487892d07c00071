/* guild run --test-sourcecode (guildfile.md 6.3): the rules, what is copied and what is not, and with --verbose why. */

#include <stdlib.h>
#include <string.h>

#include "run_cmd.h"

static const char *const reasons[] = {
	[GUILD_WHY_RULE] = "rule",
	[GUILD_WHY_NO_RULE] = "no-rule",
	[GUILD_WHY_IGNORED] = "git-ignored",
	[GUILD_WHY_TOO_LARGE] = "too-large",
	[GUILD_WHY_TOO_MANY] = "too-many",
	[GUILD_WHY_DEPENDENCY] = "dependency",
	[GUILD_WHY_RUN] = "run",
	[GUILD_WHY_LOOP] = "loop",
	[GUILD_WHY_BROKEN_LINK] = "broken-link",
	[GUILD_WHY_UNREADABLE] = "unreadable",
	[GUILD_WHY_SPECIAL] = "special-file",
};

static bool has_rule(const struct guild_source_decision *d)
{
	return d->reason == GUILD_WHY_RULE || d->reason == GUILD_WHY_TOO_LARGE ||
	       d->reason == GUILD_WHY_TOO_MANY;
}

/* Paths are shown as seen from here. */
static char *shown_path(const struct guild_run_cmd *c, const struct guild_source_selection *sel,
	const struct guild_source_decision *d)
{
	char *full = guild_path_join(sel->root, d->path);
	char *rel = guild_path_rel(full, c->ctx->cwd);
	char *text = guild_format("%s%s", rel, d->is_dir ? "/" : "");
	free(full);
	free(rel);
	return text;
}

static char *shown_root(const struct guild_run_cmd *c, const struct guild_source_selection *sel)
{
	char *rel = guild_path_rel(sel->root, c->ctx->cwd);
	char *text = strcmp(rel, ".") == 0 ? guild_strdup("the current directory")
					   : guild_format("'%s'", rel);
	free(rel);
	return text;
}

/* ---- as the reference prints it ----------------------------------------------------------------------------- */

static void print_decisions(const struct guild_run_cmd *c, const struct guild_source_selection *sel,
	bool is_taken)
{
	for (size_t i = 0; i < sel->n_decisions; i++) {
		if (sel->decisions[i].is_taken == is_taken) {
			char *path = shown_path(c, sel, &sel->decisions[i]);
			printf("  %s\n", path);
			free(path);
		}
	}
}

static void print_plain(const struct guild_run_cmd *c, const struct guild_source_selection *sel)
{
	for (size_t i = 0; i < sel->n_rules; i++) {
		printf("%s  %s\n", i ? "" : "Rules:\n", sel->rules[i].text);
	}
	if (sel->disabled) {
		printf("Source code copy disabled\n");
		return;
	}
	printf("Selected for copy:\n");
	print_decisions(c, sel, true);
	printf("Skipped:\n");
	print_decisions(c, sel, false);
}

/* ---- with reasons ------------------------------------------------------------------------------------------------ */

static char *why(const struct guild_source_selection *sel, const struct guild_source_decision *d)
{
	const struct guild_source_rule *rule = has_rule(d) ? &sel->rules[d->rule] : NULL;
	switch (d->reason) {
	case GUILD_WHY_RULE:
		return guild_format("rule %zu: %s (%s)", d->rule + 1, rule->text, rule->origin);
	case GUILD_WHY_TOO_LARGE:
		return guild_format("too large for rule %zu: %s (%s)", d->rule + 1, rule->text,
			rule->origin);
	case GUILD_WHY_TOO_MANY:
		return guild_format("too many for rule %zu: %s (%s)", d->rule + 1, rule->text,
			rule->origin);
	case GUILD_WHY_IGNORED:
		return guild_format("git ignores it: %s", d->detail ? d->detail : "?");
	case GUILD_WHY_DEPENDENCY:
		return guild_strdup("a dependency: 'requires' places it");
	case GUILD_WHY_RUN:
		return guild_strdup("the directory of a run");
	case GUILD_WHY_LOOP:
		return guild_strdup("a link to a directory above");
	case GUILD_WHY_BROKEN_LINK:
		return guild_strdup("a link that leads nowhere");
	case GUILD_WHY_UNREADABLE:
		return guild_strdup("cannot be read");
	case GUILD_WHY_SPECIAL:
		return guild_strdup("no regular file");
	default:
		return guild_strdup("no rule includes it");
	}
}

static void print_rules(const struct guild_source_selection *sel)
{
	struct guild_table table;
	guild_table_init(&table, 3, 2);
	for (size_t i = 0; i < sel->n_rules; i++) {
		char number[24];
		snprintf(number, sizeof(number), "%zu", i + 1);
		guild_table_add(&table,
			(const char *[]){number, sel->rules[i].text, sel->rules[i].origin});
	}
	printf("Rules, the last that matches decides:\n");
	guild_table_print(&table, stdout, 0);
	guild_table_fini(&table);
}

static void print_verbose(const struct guild_run_cmd *c, const struct guild_source_selection *sel)
{
	struct guild_table table;
	size_t n_taken = 0;
	print_rules(sel);
	if (sel->disabled) {
		printf("Source code copy disabled: %s\n", sel->why_disabled);
		return;
	}
	guild_table_init(&table, 3, 2);
	for (size_t i = 0; i < sel->n_decisions; i++) {
		const struct guild_source_decision *d = &sel->decisions[i];
		char *path = shown_path(c, sel, d), *reason = why(sel, d);
		guild_table_add(&table,
			(const char *[]){d->is_taken ? "copied" : "left", path, reason});
		n_taken += d->is_taken;
		free(path);
		free(reason);
	}
	printf("Files:\n");
	guild_table_print(&table, stdout, 0);
	guild_table_fini(&table);
	printf("%zu copied to '%s' of the run, %zu left\n", n_taken, sel->dest,
		sel->n_decisions - n_taken);
}

/* ---- JSON ---------------------------------------------------------------------------------------------------------- */

static struct guild_value *decision_json(struct guild_arena *a,
	const struct guild_source_decision *d)
{
	struct guild_value *v = guild_value_dict(a);
	guild_value_set(a, v, "path", guild_value_string(a, d->path));
	guild_value_set(a, v, "dir", guild_value_bool(a, d->is_dir));
	guild_value_set(a, v, "copied", guild_value_bool(a, d->is_taken));
	guild_value_set(a, v, "reason", guild_value_string(a, reasons[d->reason]));
	guild_value_set(a, v, "rule",
		has_rule(d) ? guild_value_int(a, (int64_t)d->rule + 1) : guild_value_null(a));
	guild_value_set(a, v, "detail",
		d->detail ? guild_value_string(a, d->detail) : guild_value_null(a));
	return v;
}

static void print_json(struct guild_run_cmd *c, const struct guild_source_selection *sel)
{
	struct guild_arena *a = c->ctx->arena;
	struct guild_value *all = guild_value_dict(a), *rules = guild_value_list(a),
			   *files = guild_value_list(a);
	for (size_t i = 0; i < sel->n_rules; i++) {
		struct guild_value *rule = guild_value_dict(a);
		guild_value_set(a, rule, "text", guild_value_string(a, sel->rules[i].text));
		guild_value_set(a, rule, "origin", guild_value_string(a, sel->rules[i].origin));
		guild_value_append(a, rules, rule);
	}
	for (size_t i = 0; i < sel->n_decisions; i++) {
		guild_value_append(a, files, decision_json(a, &sel->decisions[i]));
	}
	guild_value_set(a, all, "root", guild_value_string(a, sel->root));
	guild_value_set(a, all, "dest", guild_value_string(a, sel->dest));
	guild_value_set(a, all, "git", guild_value_bool(a, sel->is_git));
	guild_value_set(a, all, "disabled", guild_value_bool(a, sel->disabled));
	guild_value_set(a, all, "why_disabled",
		sel->disabled ? guild_value_string(a, sel->why_disabled) : guild_value_null(a));
	guild_value_set(a, all, "rules", rules);
	guild_value_set(a, all, "files", files);
	guild_cmd_print_json(all);
}

int guild_run_cmd_test_source(struct guild_run_cmd *c, struct guild_error *err)
{
	struct guild_source_selection sel = {0};
	int rc = guild_source_select(c->op_project, c->op, true, &sel, &c->ctx->log, err);
	if (rc != 0) {
		return rc;
	}
	if (guild_args_flag(c->args, "json")) {
		print_json(c, &sel);
	} else {
		char *root = shown_root(c, &sel);
		printf("Copying from %s\n", root);
		if (guild_args_flag(c->args, "verbose")) {
			print_verbose(c, &sel);
		} else {
			print_plain(c, &sel);
		}
		free(root);
	}
	guild_source_selection_fini(&sel);
	return 0;
}
