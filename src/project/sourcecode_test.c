/* Source code rules over real trees; expected lines were printed by Guild AI 0.9.0 for the same trees. */
#include "source_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static const char *const tree[] = {".hid/a.py", "data/x.bin", "nc/.guild-nocopy", "nc/a.py",
	"run.sh", "sub/train.py", "train.py", "venv/bin/activate", "venv/a.py",
	"home/runs/1/.guild/opref", "home/runs/1/train.py", "x.egg-info/a.txt"};

static char *make_tree(void)
{
	struct guild_error err = {0};
	char *dir = guild_tmp_dir("guild-source-", &err);
	for (size_t i = 0; i < GUILD_ARRAY_LEN(tree); i++) {
		char *path = guild_path_join(dir, tree[i]), *up = guild_path_dirname(path);
		assert_int_equal(guild_mkdirs(up, &err), 0);
		assert_int_equal(guild_file_write(path, "x\n", 2, false, &err), 0);
		free(up);
		free(path);
	}
	return dir;
}

static struct guild_source_selection select_how(const char *dir, const char *yaml, bool explain)
{
	struct guild_project *p = NULL;
	struct guild_error err = {0};
	struct guild_source_selection sel = {0};
	char *path = guild_path_join(dir, "guild.yml");
	if (guild_project_parse(guild_str(yaml), path, NULL, &p, NULL, &err) ||
		guild_source_select(p, p->models[0]->ops[0], explain, &sel, NULL, &err)) {
		fail_msg("%s", err.text);
	}
	free(path);
	guild_project_free(p);
	return sel;
}

static struct guild_source_selection select_by(const char *dir, const char *yaml)
{
	return select_how(dir, yaml, false);
}

static char *joined_files(const struct guild_source_selection *sel)
{
	struct guild_strs names = {0};
	for (size_t i = 0; i < sel->n_files; i++) {
		guild_strs_add(&names, sel->files[i].path);
	}
	char *text = guild_strs_join(&names, " ");
	guild_strs_fini(&names);
	return text;
}

static void test_rules(void **state)
{
	static const struct {
		const char *yaml, *files;
	} cases[] = {
		{"o: {main: train}", "run.sh train.py sub/train.py"},
		{"o: {main: train, sourcecode: '*.py'}", "train.py sub/train.py"},
		{"o: {main: train, sourcecode: ['*.py', data]}",
			"train.py data/x.bin sub/train.py"},
		{"o: {main: train, sourcecode: [{exclude: data}, {exclude: {dir: [sub, x]}}, '*.bin']}",
			"run.sh train.py data/x.bin"},
		{"o: {main: train, sourcecode: {root: sub}}", "train.py"},
		{"o: {main: train, sourcecode: [{exclude: '/train.py'}]}", "run.sh sub/train.py"},
		{"o: {main: train, sourcecode: no}", ""},
		{"o: {exec: ./run.sh}",
			"run.sh train.py sub/train.py venv/a.py venv/bin/activate x.egg-info/a.txt"},
		{"o: {main: train, requires: 'file:run.sh'}", "train.py sub/train.py"},
		{"- model: m\n  sourcecode: no\n  operations: {o: {main: t, sourcecode: '*.sh'}}",
			"run.sh"},
		{"- model: m\n  sourcecode: no\n  operations: {o: {main: t}}", ""},
	};
	char *dir = make_tree();
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_source_selection sel = select_by(dir, cases[i].yaml);
		char *files = joined_files(&sel);
		assert_string_equal(files, cases[i].files);
		free(files);
		guild_source_selection_fini(&sel);
	}
	assert_int_equal(guild_rmtree(dir, NULL), 0);
	free(dir);
}

/* "RULE (ORIGIN)" of every rule from `first` on. */
static char *joined_rules(const struct guild_source_selection *sel, size_t first)
{
	struct guild_strs lines = {0};
	for (size_t i = first; i < sel->n_rules; i++) {
		guild_strs_addf(&lines, "%s (%s)", sel->rules[i].text,
			guild_path_basename(sel->rules[i].origin));
	}
	char *text = guild_strs_join(&lines, "|");
	guild_strs_fini(&lines);
	return text;
}

/* What is not taken, with the number of the rule or minus the reason. */
static char *joined_skipped(const struct guild_source_selection *sel)
{
	struct guild_strs words = {0};
	for (size_t i = 0; i < sel->n_decisions; i++) {
		const struct guild_source_decision *d = &sel->decisions[i];
		if (!d->is_taken) {
			guild_strs_addf(&words, "%s%s:%d", d->path, d->is_dir ? "/" : "",
				d->reason == GUILD_WHY_RULE ? (int)d->rule : -(int)d->reason);
		}
	}
	char *text = guild_strs_join(&words, " ");
	guild_strs_fini(&words);
	return text;
}

static void test_rules_are_shown(void **state)
{
	char *dir = make_tree();
	struct guild_source_selection sel = select_how(dir,
		"o: {main: t, sourcecode: [{exclude: {text: [a, b c]}}, '*.x']}", true);
	char *rules = joined_rules(&sel, 0), *skipped = joined_skipped(&sel);
	assert_string_equal(rules,
		"exclude dir .* (built in)|exclude dir * containing .guild-nocopy (built in)|"
		"include text * size < 1048577, max match 100 (built in)|"
		"exclude dir __pycache__ (built in)|"
		"exclude dir * containing bin/activate (built in)|"
		"exclude dir * containing Scripts/activate (built in)|"
		"exclude dir build (built in)|exclude dir dist (built in)|"
		"exclude dir *.egg-info (built in)|exclude text a, 'b c' (guild.yml:1:44)|"
		"include *.x (guild.yml:1:56)");
	assert_string_equal(skipped,
		".hid/:0 nc/:1 venv/:4 x.egg-info/:8 data/x.bin:-1 home/runs/1/:-6");
	free(rules);
	free(skipped);
	guild_source_selection_fini(&sel);
	assert_int_equal(guild_rmtree(dir, NULL), 0);
	free(dir);
}

/* Directories that no file can be taken from are not entered; the places of rules tell which. */
static void test_directories_that_cannot_matter(void **state)
{
	static const struct {
		const char *spec, *dir;
		bool is_entered;
	} cases[] = {
		{"[{exclude: data}]", "data", false},
		{"[{exclude: data}, '*.bin']", "data", true},
		{"[{exclude: data}, 'sub/*.bin']", "data", false},
		{"[{exclude: data}, 'd*/x.bin']", "data", true},
		{"[{exclude: data}, '/data/x']", "data", true},
		{"[{exclude: 'd*/*'}]", "data", false},
		{"[{exclude: {text: 'data/*'}}]", "data", true},
		{"sub", "data", false},
		{"sub", "sub", true},
		{"subtle/x", "sub", false},
		{"home/runs", "home", true},
		{"'*.py'", "data", true},
	};
	char *dir = make_tree();
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_arena *a = guild_arena_new();
		struct source_rules rules = {0};
		struct guild_value *spec = NULL;
		assert_int_equal(guild_yaml_parse(a, guild_str(cases[i].spec), "x", 0, &spec, NULL),
			0);
		source_rules_add_pattern(&rules, true, RULE_TEXT, "*", "built in");
		assert_int_equal(source_rules_add_spec(&rules, dir, spec, NULL, NULL), 0);
		assert_int_equal(source_rules_reach(&rules, cases[i].dir, false),
			cases[i].is_entered);
		source_rules_fini(&rules);
		guild_arena_free(a);
	}
	assert_int_equal(guild_rmtree(dir, NULL), 0);
	free(dir);
}

static void test_limits_are_told(void **state)
{
	char *dir = make_tree();
	setenv("MAX_DEFAULT_SOURCECODE_COUNT", "2", 1);
	struct guild_source_selection sel = select_by(dir, "o: {main: train}");
	unsetenv("MAX_DEFAULT_SOURCECODE_COUNT");
	assert_int_equal(sel.n_files, 2);
	assert_int_equal(sel.left_out.n, 1);
	assert_string_equal(sel.left_out.v[0], "sub/train.py");
	guild_source_selection_fini(&sel);
	setenv("MAX_DEFAULT_SOURCECODE_FILE_SIZE", "1", 1);
	sel = select_by(dir, "o: {main: train}");
	unsetenv("MAX_DEFAULT_SOURCECODE_FILE_SIZE");
	assert_int_equal(sel.n_files, 0);
	assert_int_equal(sel.left_out.n, 3);
	guild_source_selection_fini(&sel);
	assert_int_equal(guild_rmtree(dir, NULL), 0);
	free(dir);
}

static void test_git_decides(void **state)
{
	char *dir = make_tree();
	struct guild_error err = {0};
	struct guild_proc_result r = {0};
	const char *const init[] = {"git", "init", "-q", ".", NULL};
	const char *const add[] = {"git", "add", "-f", "venv/a.py", "home/runs/1/.guild/opref",
		"home/runs/1/train.py", NULL};
	char *ignore = guild_path_join(dir, ".gitignore"),
	     *own = guild_path_join(dir, ".guildignore");
	assert_int_equal(guild_proc_run(init, dir, NULL, 1000, 0, &r, &err), 0);
	assert_int_equal(r.exit_status, 0);
	guild_proc_result_fini(&r);
	assert_int_equal(guild_file_write(ignore, "sub/\n*.egg-info\nvenv/*\n", 23, false, &err),
		0);
	assert_int_equal(guild_file_write(own, "# mine\nrun.sh\n", 14, false, &err), 0);
	assert_int_equal(guild_proc_run(add, dir, NULL, 1000, 0, &r, &err), 0);
	assert_int_equal(r.exit_status, 0);
	guild_proc_result_fini(&r);
	struct guild_source_selection sel = select_by(dir, "o: {main: train}");
	char *files = joined_files(&sel);
	/* What is tracked comes although .gitignore matches it, unless .guildignore names it; so do new files that are not ignored. */
	assert_string_equal(files, "train.py .hid/a.py data/x.bin venv/a.py");
	assert_true(sel.is_git);
	free(files);
	guild_source_selection_fini(&sel);
	assert_int_equal(guild_rmtree(dir, &err), 0);
	free(ignore);
	free(own);
	free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_rules_are_shown),
		cmocka_unit_test(test_directories_that_cannot_matter),
		cmocka_unit_test(test_limits_are_told),
		cmocka_unit_test(test_git_decides),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
