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
static int try_minor(struct guild_run_cmd *c, int minor, const char *spec, struct guild_error *err)
{
	char name[32];
	struct guild_python py = {0};
	snprintf(name, sizeof(name), "python3.%d", minor);
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

int guild_run_cmd_require_python(struct guild_run_cmd *c, const char *spec, struct guild_error *err)
{
	if (!spec || !*spec) {
		return 0;
	}
	int rc = c->world.python && c->python.version[0]
			 ? guild_version_matches(c->python.version, spec, err)
			 : 0;
	for (int minor = NEWEST_MINOR; rc == 0 && minor >= OLDEST_MINOR; minor--) {
		rc = try_minor(c, minor, spec, err);
	}
	if (rc < 0) {
		return guild_error_wrap(err, "python-requires");
	}
	if (rc == 0) {
		guild_error_set(err, GUILD_ENOTFOUND,
			"cannot find a Python interpreter for requirement '%s'", spec);
		guild_error_hint(err,
			"put one on PATH as python3.N, or name it in GUILD_PYTHON_EXE");
		return GUILD_ENOTFOUND;
	}
	return 0;
}
