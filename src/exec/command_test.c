/* What is executed for a recorded command. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exec_private.h"

/* A project with one script, one package and one script in a folder; half of it is also in the run. */
struct world {
	struct guild_arena *arena;
	char *dir, *project, *run;
};

static void write_file(const char *dir, const char *name)
{
	char *path = guild_path_join(dir, name);
	char *up = guild_path_dirname(path);
	assert_int_equal(guild_mkdirs(up, NULL), 0);
	assert_int_equal(guild_file_write(path, "", 0, false, NULL), 0);
	free(path);
	free(up);
}

static int set_up(void **state)
{
	static const char *const files[] = {"train.py", "pkg/__init__.py", "pkg/mod.py",
		"tool/__main__.py", "sub/deep.py", "only_here.py"};
	struct world *w = guild_alloc(sizeof(*w));
	w->arena = guild_arena_new();
	w->dir = guild_tmp_dir("guild-command", NULL);
	w->project = guild_path_join(w->dir, "project");
	w->run = guild_path_join(w->dir, "run");
	for (size_t i = 0; i < GUILD_ARRAY_LEN(files); i++) {
		write_file(w->project, files[i]);
		if (strcmp(files[i], "only_here.py") != 0) {
			write_file(w->run, files[i]);
			char *in_src = guild_path_join("src", files[i]);
			write_file(w->run, in_src);
			free(in_src);
		}
	}
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	guild_rmtree(w->dir, NULL);
	guild_arena_free(w->arena);
	free(w->dir);
	free(w->project);
	free(w->run);
	free(w);
	return 0;
}

static const struct guild_value *yaml(struct world *w, const char *text)
{
	struct guild_value *v = NULL;
	assert_int_equal(guild_yaml_parse(w->arena, guild_str(text), NULL, GUILD_YAML_NUMBERS, &v,
				 NULL),
		0);
	return v;
}

struct made {
	char *argv;
	char *python_path;
	int rc;
	struct guild_error err;
};

static struct made make(struct world *w, const char *op, const char *flags, const char *dest)
{
	struct guild_command_request req = {.op = yaml(w, op),
		.flags = yaml(w, flags),
		.python = "/py",
		.project_dir = w->project,
		.source_root = w->project,
		.source_dest = dest,
		.run_dir = w->run,
		.home = w->dir};
	struct guild_command c = {0};
	struct made m = {0};
	m.rc = guild_command_make(&req, &c, &m.err);
	m.argv = guild_strs_join(&c.argv, "|");
	m.python_path = guild_strdup(c.python_path);
	guild_command_fini(&c);
	return m;
}

static void made_fini(struct made *m)
{
	free(m->argv);
	free(m->python_path);
}

#define PY "'${python_exe}', '-um', guild.op_main, "

static const struct {
	const char *cmd_args;
	const char *more; /* of op-cmd */
	const char *flags;
	const char *dest;
	const char *argv;        /* @ stands for the project */
	const char *python_path; /* or NULL */
} cases[] = {
	{PY "train, __flag_args__", "", "{lr: 0.1, n: 3}", ".", "/py|-u|train.py|--lr|0.1|--n|3",
		NULL},
	{PY "train, '--', __flag_args__", "", "{lr: 0.1}", ".", "/py|-u|train.py|--lr|0.1", NULL},
	{PY "train, a, '--z', '${n}', '--', __flag_args__", "", "{n: 3}", ".",
		"/py|-u|train.py|a|--z|3|--n|3", NULL},
	{PY "train, '--', x, '--', __flag_args__", "", "{n: 3}", ".", "/py|-u|train.py|--|x|--n|3",
		NULL},
	{"echo, \"${a\\nb}\"", "", "{}", ".", "echo|${a\nb}", NULL},
	{PY "train, __flag_args__", "", "{}", "src", "/py|-u|src/train.py", NULL},
	{PY "sub/deep, __flag_args__", "", "{}", ".", "/py|-u|sub/deep.py", NULL},
	{PY "pkg.mod, __flag_args__", "", "{n: 1}", ".", "/py|-um|pkg.mod|--n|1", NULL},
	{PY "tool, __flag_args__", "", "{}", ".", "/py|-um|tool", NULL},
	{PY "src/pkg.mod, __flag_args__", "", "{}", ".", "/py|-um|pkg.mod", "src"},
	{PY "json.tool, __flag_args__", "", "{}", ".", "/py|-um|json.tool", NULL},
	{PY "only_here, __flag_args__", "", "{}", ".", "/py|-u|@/only_here.py", NULL},
	{PY "train, __flag_args__", "flags-dest: none, ", "{n: 1}", ".", "/py|-u|train.py", NULL},
	{PY "train, __flag_args__", "flags-dest: 'args:click', ", "{n: 1}", ".",
		"/py|-u|train.py|--n|1", NULL},
	{"sh, '-c', 'echo ${x} ${project_dir}', __flag_args__, '--w=${x}'", "", "{x: yes}", ".",
		"sh|-c|echo 1 @|--x|1|--w=1", NULL},
	{"'${python_exe}', x.py", "", "{x: 1}", ".", "/py|x.py", NULL},
	{"echo, '\\${x}', $x, '${'", "", "{x: 1}", ".", "echo|${x}|$x|${", NULL},
};

static void makes_commands(void **state)
{
	struct world *w = *state;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		char *op = guild_format("{op-cmd: {%s cmd-args: [%s]}}", cases[i].more,
			cases[i].cmd_args);
		struct made m = make(w, op, cases[i].flags, cases[i].dest);
		struct guild_buf expected = {0};
		for (const char *p = cases[i].argv; *p; p++) {
			if (*p == '@') {
				guild_buf_puts(&expected, w->project);
			} else {
				guild_buf_putc(&expected, *p);
			}
		}
		assert_int_equal(m.rc, 0);
		assert_string_equal(m.argv, guild_buf_cstr(&expected));
		assert_true(guild_streq(m.python_path, cases[i].python_path));
		guild_buf_fini(&expected);
		made_fini(&m);
		free(op);
	}
}

static const struct {
	const char *more; /* of op-cmd */
	const char *module;
	const char *flags;
	const char *argv; /* after the shim's path; without the shim, all of it */
} by_globals[] = {
	{"flags-dest: globals, ", "train", "{n: 3, lr: 1.0e-05, s: '1', t: '--', u: null}",
		"globals|--lr=1.0e-05|--n=3|--s='1'|--t=--|--|train.py|x"},
	{"flags-dest: 'dict:cfg', ", "pkg.mod", "{a.b: [1, x]}",
		"dict:cfg|--a.b=[1, x]|--|-m|pkg.mod|x"},
	{"flags-dest: 'namespace:c', cmd-flags: {n: {arg-split: yes}}, ", "train", "{n: 1 two}",
		"namespace:c|--n=1|--n=two|--|train.py|x"},
	{"flags-dest: globals, cmd-flags: {n: {arg-split: yes}, b: {arg-switch: yes}}, ", "train",
		"{n: 1 two, b: true}", "globals|--b|--n=[1, two]|--|train.py|x"},
	{"flags-dest: globals, ", "train", "{u: null}", "/py|-u|train.py|x"},
};

static void sets_globals(void **state)
{
	struct world *w = *state;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(by_globals); i++) {
		char *op =
			guild_format("{op-cmd: {%s cmd-args: [" PY "%s, x, '--', __flag_args__]}}",
				by_globals[i].more, by_globals[i].module);
		struct made m = make(w, op, by_globals[i].flags, ".");
		assert_int_equal(m.rc, 0);
		const char *shim = strstr(m.argv, "guild_main.py|");
		const char *argv = shim ? shim + strlen("guild_main.py|") : m.argv;
		assert_string_equal(argv, by_globals[i].argv);
		made_fini(&m);
		free(op);
	}
}

static const struct {
	const char *op;
	int rc;
	const char *text;
} refused[] = {
	{"{}", GUILD_EINVALID, "no command"},
	{"{op-cmd: {cmd-args: []}}", GUILD_EINVALID, "no command"},
	{"{op-cmd: {cmd-args: [[a]]}}", GUILD_EINVALID, "word 1"},
	{"{op-cmd: {cmd-args: [__flag_args__]}}", GUILD_EINVALID, "names no program"},
	{"{op-cmd: {cmd-args: ['', x]}}", GUILD_EINVALID, "names no program"},
	{"{op-cmd: {cmd-args: [echo, \"a\\0b\"]}}", GUILD_EINVALID, "word 2"},
	{"{op-cmd: {cmd-args: [echo, '${nope}']}}", GUILD_EINVALID, "${nope}"},
	{"{op-cmd: {cmd-args: ['${python_exe}', '-um', guild.op_main]}}", GUILD_EINVALID,
		"no module"},
	{"{op-cmd: {cmd-args: [" PY "guild.plugins.nbexec]}}", GUILD_EINVALID, "no notebook"},
};

static void refuses(void **state)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(refused); i++) {
		struct made m = make(*state, refused[i].op, "{}", ".");
		assert_int_equal(m.rc, refused[i].rc);
		assert_non_null(strstr(m.err.text, refused[i].text));
		assert_string_equal(m.argv, "");
		made_fini(&m);
	}
}

static void carries_what_optimizers_import(void **state)
{
	(void)state;
	char *cache = guild_tmp_dir("guild-carried", NULL);
	for (int again = 0; again < 2; again++) {
		char *path = NULL;
		assert_int_equal(guild_batch_python_path(cache, &path, NULL), 0);
		char *init = guild_path_join(path, "guild/__init__.py");
		char *util = guild_path_join(path, "guild/batch_util.py");
		assert_true(guild_file_size(init) > 0 && guild_file_size(util) > 1000);
		free(init);
		free(util);
		free(path);
	}
	assert_int_equal(guild_rmtree(cache, NULL), 0);
	free(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(makes_commands),
		cmocka_unit_test(sets_globals), cmocka_unit_test(refuses),
		cmocka_unit_test(carries_what_optimizers_import)};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
