/* The interpreter an operation asks for with python-requires (guildfile.md 4). */

#include <stdlib.h>
#include <string.h>

#include "run_cmd.h"
#include "version_spec.h"

enum { NEWEST_MINOR = 30, OLDEST_MINOR = 4 };

/* As guild_python_find, with the program named: python3.9. */
static int find_named(const struct guild_run_cmd *c, const char *name, struct guild_python *out)
{
	struct guild_strs env = {0};
	struct guild_error none = {0};
	for (char **e = c->ctx->environ_; *e; e++) {
		if (!guild_starts(*e, "GUILD_PYTHON_EXE=")) {
			guild_strs_add(&env, *e);
		}
	}
	guild_strs_addf(&env, "GUILD_PYTHON_EXE=%s", name);
	int rc = guild_python_find(env.v, c->ctx->cwd, c->cache_dir, out, &none);
	guild_strs_fini(&env);
	return rc;
}

/* 1: found and taken, 0: it is none such, negative: the requirement cannot be read. */
static int try_named(struct guild_run_cmd *c, const char *name, const char *spec,
	struct guild_error *err)
{
	struct guild_python py = {0};
	if (find_named(c, name, &py) != 0) {
		return 0;
	}
	int rc = py.version[0] ? guild_version_matches(py.version, spec, err) : 0;
	if (rc == 1) {
		guild_python_fini(&c->python);
		c->python = py;
		c->world.python = &c->python;
	} else {
		guild_python_fini(&py);
	}
	return rc;
}

/* Interpreters of a version manager, the newest first: DIR/VERSION/bin/python3. */
static int try_managed(struct guild_run_cmd *c, const char *dir, const char *spec,
	struct guild_error *err)
{
	struct guild_strs versions = {0};
	int rc = 0;
	(void)guild_dir_list(dir, &versions, NULL);
	guild_strs_sort_natural(&versions);
	for (size_t i = versions.n; rc == 0 && i-- > 0;) {
		char *version = guild_path_join(dir, versions.v[i]);
		char *exe = guild_path_join3(version, "bin", "python3");
		rc = guild_is_executable(exe) ? try_named(c, exe, spec, err) : 0;
		free(version);
		free(exe);
	}
	guild_strs_fini(&versions);
	return rc;
}

/* What is installed and not on PATH, or there only as a program that starts another version. */
static int try_managers(struct guild_run_cmd *c, const char *spec, struct guild_error *err)
{
	static const struct {
		const char *variable, *below_variable, *below_home;
	} managers[] = {
		{"PYENV_ROOT", "versions", ".pyenv/versions"},
		{"UV_PYTHON_INSTALL_DIR", ".", ".local/share/uv/python"},
		{"MISE_DATA_DIR", "installs/python", ".local/share/mise/installs/python"},
		{"ASDF_DATA_DIR", "installs/python", ".asdf/installs/python"},
	};
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < GUILD_ARRAY_LEN(managers); i++) {
		const char *root = guild_ctx_env(c->ctx, managers[i].variable);
		char *dir = root && *root
				    ? guild_path_join(root, managers[i].below_variable)
				    : guild_path_join(c->ctx->user_home ? c->ctx->user_home : "/",
					      managers[i].below_home);
		rc = try_managed(c, dir, spec, err);
		free(dir);
	}
	return rc;
}

/* Nobody means 3.8.0 alone by `3.8` or `==3.8`: it is read as `==3.8.*`, which is what interpreters named python3.8 are. */
static char *any_patch(const char *spec)
{
	struct guild_strs clauses = {0}, out = {0};
	guild_strs_split(&clauses, spec, ',');
	for (size_t i = 0; i < clauses.n; i++) {
		struct guild_str clause = guild_str_trim(guild_str(clauses.v[i]));
		char *text = guild_strndup(clause.n ? clause.p : "", clause.n);
		const char *version = text + strspn(text, "=! ");
		size_t n_dots = 0;
		for (const char *p = version; *p; p++) {
			n_dots += *p == '.';
		}
		bool is_short = *version >= '0' && *version <= '9' && n_dots < 2 &&
				!strchr(version, '*') && !guild_starts(text, "===");
		guild_strs_addf(&out, "%s%s%s", is_short && version == text ? "==" : "", text,
			is_short ? ".*" : "");
		free(text);
	}
	char *joined = guild_strs_join(&out, ",");
	guild_strs_fini(&clauses);
	guild_strs_fini(&out);
	return joined;
}

static int find_python(struct guild_run_cmd *c, const char *spec, struct guild_error *err)
{
	int rc = c->world.python && c->python.version[0]
			 ? guild_version_matches(c->python.version, spec, err)
			 : 0;
	for (int minor = NEWEST_MINOR; rc == 0 && minor >= OLDEST_MINOR; minor--) {
		char name[32];
		snprintf(name, sizeof(name), "python3.%d", minor);
		rc = try_named(c, name, spec, err);
	}
	return rc ? rc : try_managers(c, spec, err);
}

int guild_run_cmd_require_python(struct guild_run_cmd *c, const char *spec, struct guild_error *err)
{
	if (!spec || !*spec) {
		return 0;
	}
	char *wanted = any_patch(spec);
	int rc = find_python(c, wanted, err);
	free(wanted);
	if (rc < 0) {
		return guild_error_wrap(err, "python-requires");
	}
	if (rc == 0) {
		guild_error_set(err, GUILD_ENOTFOUND,
			"cannot find a Python interpreter for requirement '%s'", spec);
		guild_error_hint(err,
			"put one on PATH as python3.N, install it with pyenv or uv, or name it in "
			"GUILD_PYTHON_EXE");
		return GUILD_ENOTFOUND;
	}
	return 0;
}
