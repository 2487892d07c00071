/* Python programs that guild carries and writes to the cache when they are wanted: the import shim, the notebook runner. */

#include <guild/exec.h>

#include <stdlib.h>
#include <string.h>

#include "exec_private.h"

/* Made by scripts/embed.py from python/. */
extern const char guild_dask_py[];
extern const char guild_debug_py[];
extern const char guild_debugger_py[];
extern const char guild_main_py[];
extern const char guild_shim_py[];
extern const char guild_yaml_py[];
extern const char guild_notebook_py[];
extern const char guild_shell_py[];
extern const char guild_tensorflow_py[];
extern const char guild_batch_init_py[];
extern const char guild_batch_util_py[];

struct carried_file {
	const char *name;
	const char *text;
};

/* The one that is executed comes last: where it is, the others are. */
static const struct carried_file shim_files[] = {
	{"guild_debug.py", guild_debug_py},
	{"guild_debugger.py", guild_debugger_py},
	{"guild_yaml.py", guild_yaml_py},
	{"guild_shim.py", guild_shim_py},
	{"guild_main.py", guild_main_py},
};
static const struct carried_file notebook_files[] = {
	{"guild_notebook.py", guild_notebook_py},
};

static const struct carried_file batch_files[] = {
	{"guild/__init__.py", guild_batch_init_py},
	{"guild/batch_util.py", guild_batch_util_py},
};

static const struct carried_file tool_files[] = {
	[GUILD_TOOL_DASK] = {"guild_dask.py", guild_dask_py},
	[GUILD_TOOL_SHELL] = {"guild_shell.py", guild_shell_py},
	[GUILD_TOOL_TENSORFLOW] = {"guild_tensorflow.py", guild_tensorflow_py},
};

/* Another content is another folder: a running older guild keeps its own. */
static char *folder_of(const char *cache_dir, const char *name, const struct carried_file *files,
	size_t n)
{
	struct guild_buf all = {0};
	for (size_t i = 0; i < n; i++) {
		guild_buf_append(&all, files[i].text, strlen(files[i].text) + 1);
	}
	char hash[33];
	guild_fast_hash(all.p, all.n, hash);
	guild_buf_fini(&all);
	return guild_path_join3(cache_dir, name, hash);
}

static int put_files(const char *cache_dir, const char *name, const struct carried_file *files,
	size_t n_files, char **path, struct guild_error *err)
{
	char *dir = folder_of(cache_dir, name, files, n_files);
	char *file = NULL;
	int rc = 0;
	for (size_t i = 0; i < n_files && rc == 0; i++) {
		size_t n = strlen(files[i].text);
		free(file);
		file = guild_path_join(dir, files[i].name);
		if (guild_file_size(file) != (int64_t)n) {
			char *folder = guild_path_dirname(file);
			rc = guild_mkdirs(folder, err);
			free(folder);
			rc = rc ? rc : guild_file_write(file, files[i].text, n, false, err);
		}
	}
	free(dir);
	if (rc != 0) {
		free(file);
		return rc;
	}
	*path = file;
	return 0;
}

int guild_shim_path(const char *cache_dir, char **path, struct guild_error *err)
{
	return put_files(cache_dir, "shim", shim_files, GUILD_ARRAY_LEN(shim_files), path, err);
}

int guild_debugger_path(const char *cache_dir, char **path, struct guild_error *err)
{
	char *shim = NULL;
	int rc = guild_shim_path(cache_dir, &shim, err);
	if (rc == 0) {
		char *dir = guild_path_dirname(shim);
		*path = guild_path_join(dir, "guild_debug.py");
		free(dir);
	}
	free(shim);
	return rc;
}

int guild_batch_python_path(const char *cache_dir, char **path, struct guild_error *err)
{
	char *file = NULL;
	int rc = put_files(cache_dir, "batch", batch_files, GUILD_ARRAY_LEN(batch_files), &file,
		err);
	if (rc == 0) {
		char *package = guild_path_dirname(file);
		*path = guild_path_dirname(package);
		free(package);
	}
	free(file);
	return rc;
}

int guild_notebook_runner_path(const char *cache_dir, char **path, struct guild_error *err)
{
	return put_files(cache_dir, "notebook", notebook_files, GUILD_ARRAY_LEN(notebook_files),
		path, err);
}

int guild_python_tool_path(const char *cache_dir, enum guild_python_tool tool, char **path,
	struct guild_error *err)
{
	return put_files(cache_dir, "tools", &tool_files[tool], 1, path, err);
}
