/* Which interpreters there are on this machine besides the active one. */

#include <stdlib.h>
#include <string.h>

#include "exec_private.h"

enum { NEWEST_MINOR = 30, OLDEST_MINOR = 4 };

/* Interpreters of a version manager, the newest first: DIR/VERSION/bin/python3. */
static void add_managed(const char *dir, struct guild_strs *out)
{
	struct guild_strs versions = {0};
	(void)guild_dir_list(dir, &versions, NULL);
	guild_strs_sort_natural(&versions);
	for (size_t i = versions.n; i-- > 0;) {
		char *version = guild_path_join(dir, versions.v[i]);
		char *exe = guild_path_join3(version, "bin", "python3");
		if (guild_is_executable(exe)) {
			guild_strs_add(out, exe);
		}
		free(version);
		free(exe);
	}
	guild_strs_fini(&versions);
}

/* What is installed and not on PATH, or there only as a program that starts another version. */
void guild_python_installed(char *const *env, struct guild_strs *out)
{
	static const struct {
		const char *variable, *below_variable, *below_home;
	} managers[] = {
		{"PYENV_ROOT", "versions", ".pyenv/versions"},
		{"UV_PYTHON_INSTALL_DIR", ".", ".local/share/uv/python"},
		{"MISE_DATA_DIR", "installs/python", ".local/share/mise/installs/python"},
		{"ASDF_DATA_DIR", "installs/python", ".asdf/installs/python"},
	};
	const char *home = guild_env_get(env, "HOME");
	for (int minor = NEWEST_MINOR; minor >= OLDEST_MINOR; minor--) {
		guild_strs_addf(out, "python3.%d", minor);
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(managers); i++) {
		const char *root = guild_env_get(env, managers[i].variable);
		char *dir = root && *root ? guild_path_join(root, managers[i].below_variable)
					  : guild_path_join(home && *home ? home : "/",
						    managers[i].below_home);
		add_managed(dir, out);
		free(dir);
	}
}

int guild_python_find_named(char *const *env, const char *cwd, const char *name,
	const char *cache_dir, struct guild_python *out, struct guild_error *err)
{
	struct guild_strs with_name = {0};
	for (char *const *e = env; *e; e++) {
		if (!guild_starts(*e, "GUILD_PYTHON_EXE=")) {
			guild_strs_add(&with_name, *e);
		}
	}
	guild_strs_addf(&with_name, "GUILD_PYTHON_EXE=%s", name);
	int rc = guild_python_find(with_name.v, cwd, cache_dir, out, err);
	guild_strs_fini(&with_name);
	return rc;
}
