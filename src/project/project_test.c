/* guild.yml and OPERATION words, by tables of text and what must come of it. */
#include <guild/project.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct guild_project *parse(const char *text)
{
	struct guild_project *p = NULL;
	struct guild_error err = {0};
	if (guild_project_parse(guild_str(text), "guild.yml", NULL, &p, NULL, &err)) {
		fail_msg("%s", err.text);
	}
	return p;
}

static void test_errors_name_the_place(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"- model: m\n  operations:\n    train: 3\n",
			"guild.yml:3:12: operation 'train' must be text or a mapping, not int"},
		{"- model: m\n- model: m\n", "guild.yml:2:3: model 'm' is defined twice"},
		{"- foo: m\n",
			"guild.yml:1:3: an item must have one of: config, include, model, package"},
		{"- model: m\n  config: c\n",
			"guild.yml:1:3: an item is either 'model' or 'config', not both"},
		{"- model: 3\n", "guild.yml:1:10: the name of a model must be text, not int"},
		{"train:\n  main: [a]\n",
			"guild.yml:2:9: 'main' must be text ([PATH/]MODULE [ARG]...), not list"},
		{"train:\n  flags: 3\n", "guild.yml:2:10: 'flags' must be a mapping, not int"},
		{"1:\n  main: a\n",
			"guild.yml:1:1: an operation's name must be text, not int (quote it)"},
		{"train:\n  output-scalars: 3\n",
			"guild.yml:2:19: 'output-scalars' must be a pattern, a mapping, a list of them, or no, not int"},
		{"train:\n  optimizer: gp\n  optimizers: [gp]\n",
			"guild.yml:2:14: operation 'train' has both 'optimizer' and 'optimizers'"},
		{"train:\n  default-max-trials: 0\n",
			"guild.yml:2:23: 'default-max-trials' must be a whole number from 1 on"},
		{"- model: m\n  extends: x\n",
			"guild.yml:2:12: there is no model or config 'x' to extend"},
		{"text",
			"guild.yml:1:1: the file must hold a mapping of operations or a list, not string"},
		{"- package: a\n- package: b\n",
			"guild.yml:2:3: a second package; a file holds at most one"},
		{"train:\n  flags-import: 3\n",
			"guild.yml:2:17: 'flags-import' must be yes, all, no or a list of flag names, not int"},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_project *p = NULL;
		struct guild_error err = {0};
		int rc = guild_project_parse(guild_str(cases[i].text), "guild.yml", NULL, &p, NULL,
			&err);
		assert_true(rc == GUILD_EINVALID || rc == GUILD_EUNSUPPORTED);
		assert_string_equal(err.text, cases[i].message);
		assert_null(p);
	}
}

static void count_warning(void *arg, const char *level, const char *text)
{
	struct guild_buf *b = arg;
	guild_buf_printf(b, "%s: %s\n", level, text);
}

static void test_misspelt_attributes_are_told(void **state)
{
	struct guild_buf told = {0};
	struct guild_log log = {.emit = count_warning, .arg = &told};
	struct guild_project *p = NULL;
	const char *text = "train:\n  main: a\n  flgas:\n    x: 1\n  mine: free\n";
	assert_int_equal(guild_project_parse(guild_str(text), "guild.yml", NULL, &p, &log, NULL),
		0);
	assert_string_equal(guild_buf_cstr(&told),
		"warning: guild.yml:3:3: unknown attribute 'flgas' of operation 'train' (did you mean 'flags'?)\n");
	guild_project_free(p);
	guild_buf_fini(&told);
}

static void test_attributes(void **state)
{
	struct guild_project *p = parse(
		"- model: m\n"
		"  operation-defaults: {label: x, tags: base}\n"
		"  operations:\n"
		"    b: train2 --x 1\n"
		"    a:\n"
		"      exec: run ${flag_args}\n"
		"      tags: '[t1, t2]'\n"
		"      output-scalars: {loss: 'l (\\value)'}\n"
		"      flags: {lr: 0.1}\n"
		"      default-flag-arg-skip: yes\n"
		"    c: {output-scalars: no, optimizers: [gp, random], python-requires: 3.8}\n");
	assert_int_equal(p->n_models, 1);
	struct guild_model_def *m = p->models[0];
	assert_int_equal(m->n_ops, 3);
	struct guild_op_def *a = m->ops[0], *b = m->ops[1], *c = m->ops[2];
	assert_string_equal(a->exec, "run ${flag_args}");
	assert_int_equal(a->tags->n, 2);
	assert_string_equal(a->label, "x");
	assert_int_equal(a->output_scalars->n, 1);
	assert_true(a->flags.n == 1 && a->flags.v[0].arg_skip);
	assert_string_equal(b->main, "train2 --x 1");
	assert_int_equal(b->tags->n, 1);
	assert_null(b->output_scalars);
	assert_int_equal(c->output_scalars->n, 0);
	assert_int_equal(c->optimizers->n, 2);
	assert_string_equal(c->python_requires, "3.8");
	assert_null(guild_model_default_op(m));
	guild_project_free(p);
	p = parse("");
	assert_int_equal(p->n_models, 0);
	guild_project_free(p);
}

static void test_finding_operations(void **state)
{
	static const char file[] = "- model: mlp\n"
				   "  operations: {train: t, _hidden: h}\n"
				   "- model: cnn\n"
				   "  default: yes\n"
				   "  operations: {train: t, eval: {main: e, default: yes}}\n"
				   "- operations: {prep: p}\n";
	static const struct {
		const char *spec, *found; /* full name, or NULL: not found */
	} cases[] = {
		{NULL, "cnn:eval"},
		{"train", "cnn:train"},
		{":train", "cnn:train"},
		{"mlp:train", "mlp:train"},
		{"ml:train", "mlp:train"},
		{"prep", "prep"},
		{":prep", "prep"},
		{"mlp:nope", NULL},
		{"nope", NULL},
		{"a:b:c", NULL},
		{"mlp:", NULL},
		{"n:train", "cnn:train"},
		{"mlp:_hidden", "mlp:_hidden"},
	};
	struct guild_project *p = parse(file);
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_op_def *op = NULL;
		struct guild_project *script = NULL;
		struct guild_error err = {0};
		int rc = guild_op_find(p, cases[i].spec, "/nonexistent", NULL, &op, &script, &err);
		if (!cases[i].found) {
			assert_true(rc < 0 && err.text[0]);
			continue;
		}
		struct guild_buf name = {0};
		assert_int_equal(rc, 0);
		guild_op_fullname(op, &name);
		assert_string_equal(name.p, cases[i].found);
		guild_buf_fini(&name);
	}
	struct guild_op_def *op = NULL;
	struct guild_project *script = NULL;
	struct guild_error err = {0};
	assert_int_equal(guild_op_find(p, "trian", "/nonexistent", NULL, &op, &script, &err),
		GUILD_ENOTFOUND);
	assert_non_null(strstr(err.hint, "'train'"));
	guild_project_free(p);
}

static void write_file(const char *dir, const char *name, const char *text, struct guild_error *err)
{
	char *path = guild_path_join(dir, name), *up = guild_path_dirname(path);
	assert_int_equal(guild_mkdirs(up, err), 0);
	assert_int_equal(guild_file_write(path, text, strlen(text), false, err), 0);
	free(up);
	free(path);
}

static void test_scripts(void **state)
{
	struct guild_error err = {0};
	char *dir = guild_tmp_dir("guild-project-", &err), *sub = guild_path_join(dir, "sub");
	write_file(dir, "train.py", "x = 1\n", &err);
	write_file(dir, "sub/other.py", "x = 1\n", &err);
	write_file(dir, "notes.txt", "x\n", &err);
	static const struct {
		const char *from, *spec, *op, *main, *opref_dir, *project_dir;
	} cases[] = {
		{"", "train.py", "train.py", "train", "", ""},
		{"", "./train.py", "train.py", "train", "", ""},
		{"", "sub/other.py", "other.py", "sub/other", "sub", ""},
		{"sub", "../train.py", "train.py", "train", "", ""},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		char *cwd =
			cases[i].from[0] ? guild_path_join(dir, cases[i].from) : guild_strdup(dir);
		char *opref_dir = cases[i].opref_dir[0] ? guild_path_join(dir, cases[i].opref_dir)
							: guild_strdup(dir);
		struct guild_op_def *op = NULL;
		struct guild_project *p = NULL;
		assert_int_equal(guild_op_find(NULL, cases[i].spec, cwd, NULL, &op, &p, &err), 0);
		assert_string_equal(op->name, cases[i].op);
		assert_string_equal(op->main, cases[i].main);
		assert_string_equal(p->script_dir, opref_dir);
		assert_string_equal(p->dir, dir);
		guild_project_free(p);
		free(cwd);
		free(opref_dir);
	}
	struct guild_op_def *op = NULL;
	struct guild_project *p = NULL;
	/* Nothing of a system directory is copied for a program in it. */
	assert_int_equal(guild_op_find(NULL, "/bin/true", dir, NULL, &op, &p, &err), 0);
	assert_true(op->sourcecode && op->sourcecode->type == GUILD_BOOL);
	guild_project_free(p);
	p = NULL;
	assert_int_equal(guild_op_find(NULL, "notes.txt", dir, NULL, &op, &p, &err),
		GUILD_EINVALID);
	assert_int_equal(guild_op_find(NULL, "sub", dir, NULL, &op, &p, &err), GUILD_EINVALID);
	assert_int_equal(guild_op_find(NULL, "none.py", dir, NULL, &op, &p, &err), GUILD_ENOTFOUND);
	assert_int_equal(guild_rmtree(dir, &err), 0);
	free(sub);
	free(dir);
}

static void check_command(const char *yaml, const char *template, const char *script,
	bool as_module)
{
	struct guild_error err = {0};
	struct guild_project *p = parse(yaml);
	struct guild_op_cmd cmd;
	char *dir = guild_tmp_dir("guild-project-", &err);
	write_file(dir, "train.py", "", &err);
	write_file(dir, "src/deep.py", "", &err);
	write_file(dir, "pkg/sub.py", "", &err);
	write_file(dir, "app/__main__.py", "", &err);
	free(p->dir);
	p->dir = dir;
	assert_int_equal(guild_op_command(p, p->models[0]->ops[0], &cmd, NULL, &err), 0);
	char *words = guild_strs_join(&cmd.words, " ");
	assert_string_equal(words, template);
	assert_true(guild_streq(cmd.script, script));
	assert_int_equal(cmd.run_as_module, as_module);
	free(words);
	guild_op_cmd_fini(&cmd);
	assert_int_equal(guild_rmtree(dir, &err), 0);
	guild_project_free(p);
}

static void test_commands(void **state)
{
	static const char start[] = "${python_exe} -um guild.op_main ";
	static const struct {
		const char *yaml, *rest, *script;
		bool as_module;
	} cases[] = {
		{"train: {}", "train -- __flag_args__", "train.py", false},
		{"o: {main: src/deep --a 1}", "src/deep --a 1 -- __flag_args__", "src/deep.py",
			false},
		{"o: {main: pkg.sub}", "pkg.sub -- __flag_args__", "pkg/sub.py", true},
		{"o: {main: app}", "app -- __flag_args__", "app/__main__.py", true},
		{"o: {main: none}", "none -- __flag_args__", NULL, true},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		char *template = guild_format("%s%s", start, cases[i].rest);
		check_command(cases[i].yaml, template, cases[i].script, cases[i].as_module);
		free(template);
	}
	check_command("o: {exec: 'sh run.sh ${flag_args} ${lr}'}", "sh run.sh __flag_args__ ${lr}",
		NULL, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors_name_the_place),
		cmocka_unit_test(test_misspelt_attributes_are_told),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_finding_operations),
		cmocka_unit_test(test_scripts),
		cmocka_unit_test(test_commands),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
