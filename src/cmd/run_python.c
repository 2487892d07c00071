/* The interpreter an operation asks for with python-requires (guildfile.md 4). */

#include <stdlib.h>
#include <string.h>

#include "run_cmd.h"
#include "version_spec.h"

/* 1: found and taken, 0: it is none such, negative: the requirement cannot be read. */
static int try_named(struct guild_run_cmd *c, const char *name, const char *spec,
	struct guild_error *err)
{
	struct guild_python py = {0};
	if (guild_python_find_named(c->ctx->environ_, c->ctx->cwd, name, c->cache_dir, &py, NULL) !=
		0) {
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
	struct guild_strs names = {0};
	if (rc == 0) {
		guild_python_installed(c->ctx->environ_, &names);
	}
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		rc = try_named(c, names.v[i], spec, err);
	}
	guild_strs_fini(&names);
	return rc;
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
