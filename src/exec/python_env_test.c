/* Which interpreter is chosen. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "exec_private.h"

/* An executable script. */
static void write_program(const char *dir, const char *name, const char *text)
{
	char *path = guild_path_join(dir, name);
	char *up = guild_path_dirname(path);
	assert_int_equal(guild_mkdirs(up, NULL), 0);
	assert_int_equal(guild_file_write(path, text, strlen(text), false, NULL), 0);
	assert_int_equal(chmod(path, 0755), 0);
	free(path);
	free(up);
}

static void write_text(const char *dir, const char *name, const char *text)
{
	char *path = guild_path_join(dir, name);
	char *up = guild_path_dirname(path);
	assert_int_equal(guild_mkdirs(up, NULL), 0);
	assert_int_equal(guild_file_write(path, text, strlen(text), false, NULL), 0);
	free(path);
	free(up);
}

/* A binary, which is what a link of an environment leads to; scripts are taken for those of version managers. */
static void link_real(const char *dir, const char *name)
{
	char *path = guild_path_join(dir, name);
	char *up = guild_path_dirname(path);
	assert_int_equal(guild_mkdirs(up, NULL), 0);
	char *real = guild_find_program("true");
	assert_int_equal(guild_file_copy(real, path, NULL), 0);
	free(real);
	free(path);
	free(up);
}

static const struct {
	const char *env[6]; /* @ stands for the folder of the case */
	const char *expected;
} cases[] = {
	{{"GUILD_PYTHON_EXE=@/named/python", "GUILD_PYTHON=@/a/python3", "PATH=@/a"},
		"named/python"},
	{{"GUILD_PYTHON=@/named/python", "PATH=@/a"}, "named/python"},
	{{"GUILD_PYTHON=python3", "PATH=@/a"}, "a/python3"},
	{{"VIRTUAL_ENV=@/venv", "PATH=@/a"}, "venv/bin/python"},
	{{"CONDA_PREFIX=@/conda", "PATH=@/a"}, "conda/bin/python"},
	{{"VIRTUAL_ENV=@/venv", "CONDA_PREFIX=@/conda", "PATH=@/venv/bin:@/conda/bin"},
		"venv/bin/python"},
	{{"VIRTUAL_ENV=@/venv", "CONDA_PREFIX=@/conda", "PATH=@/conda/bin:@/venv/bin"},
		"conda/bin/python"},
	{{"VIRTUAL_ENV=@/not/there", "PATH=@/none:@/a"}, "a/python3"},
	{{"PATH=@/only-python"}, "only-python/python"},
	{{"PATH=@/pyenv/shims:@/a"}, "pyenv/versions/3.9.1/bin/python3"},
	{{"PATH=@/pyenv/shims:@/a", "PYENV_VERSION=3.8.0:3.9.1"},
		"pyenv/versions/3.8.0/bin/python3"},
	{{"PATH=@/pyenv/shims:@/a", "PYENV_VERSION=system"}, "a/python3"},
	{{"PATH=@/manager:@/a"}, "a/python3"},
};

static void chooses(void **state)
{
	char *dir = guild_tmp_dir("guild-python", NULL);
	static const char *const binaries[] = {"named/python", "a/python3", "venv/bin/python",
		"conda/bin/python", "only-python/python", "pyenv/versions/3.9.1/bin/python3",
		"pyenv/versions/3.8.0/bin/python3"};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(binaries); i++) {
		link_real(dir, binaries[i]);
	}
	write_program(dir, "pyenv/shims/python3", "#!/bin/sh\nexit 1\n");
	write_text(dir, "pyenv/version", "3.9.1\n");
	char *asked = guild_format("#!/bin/sh\necho %s/a/python3\n", dir);
	write_program(dir, "manager/python3", asked);
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_strs env = {0};
		struct guild_python py = {0};
		for (size_t k = 0; cases[i].env[k]; k++) {
			struct guild_buf b = {0};
			for (const char *p = cases[i].env[k]; *p; p++) {
				if (*p == '@') {
					guild_buf_puts(&b, dir);
				} else {
					guild_buf_putc(&b, *p);
				}
			}
			guild_strs_take(&env, guild_buf_take(&b));
		}
		char *expected = guild_path_join(dir, cases[i].expected);
		assert_int_equal(guild_python_find(env.v, "/", NULL, &py, NULL), 0);
		if (strcmp(py.exe, expected) != 0) {
			fail_msg("case %zu: %s", i, py.exe);
		}
		free(expected);
		guild_python_fini(&py);
		guild_strs_fini(&env);
	}
	guild_rmtree(dir, NULL);
	free(asked);
	free(dir);
}

static void the_version_of_a_project_counts(void **state)
{
	char *dir = guild_tmp_dir("guild-python", NULL);
	struct guild_strs env = {0};
	struct guild_python py = {0};
	link_real(dir, "pyenv/versions/3.7.7/bin/python3");
	write_program(dir, "pyenv/shims/python3", "#!/bin/sh\nexit 1\n");
	write_text(dir, "project/.python-version", "3.7.7\n");
	write_text(dir, "project/deep/x", "");
	guild_strs_addf(&env, "PATH=%s/pyenv/shims", dir);
	char *cwd = guild_path_join(dir, "project/deep");
	assert_int_equal(guild_python_find(env.v, cwd, NULL, &py, NULL), 0);
	assert_true(guild_ends(py.exe, "/versions/3.7.7/bin/python3"));
	guild_python_fini(&py);
	guild_strs_fini(&env);
	guild_rmtree(dir, NULL);
	free(cwd);
	free(dir);
}

static void says_what_is_missing(void **state)
{
	char *none[] = {"PATH=/nowhere", NULL};
	char *wrong[] = {"PATH=/bin", "GUILD_PYTHON_EXE=/not/there", NULL};
	struct guild_python py;
	struct guild_error err = {0};
	assert_int_equal(guild_python_find(none, "/", NULL, &py, &err), GUILD_ENOTFOUND);
	assert_non_null(strstr(err.hint, "GUILD_PYTHON_EXE"));
	assert_int_equal(guild_python_find(wrong, "/", NULL, &py, &err), GUILD_ENOTFOUND);
	assert_non_null(strstr(err.text, "/not/there"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chooses),
		cmocka_unit_test(the_version_of_a_project_counts),
		cmocka_unit_test(says_what_is_missing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
