/* Sources of type module: nothing but the check that a Python module can be imported (resources.md 3.4). */

#include <stdlib.h>
#include <string.h>

#include "resolve.h"

enum { IMPORT_TIMEOUT_MS = 120000, IMPORT_OUTPUT_MAX = 1 << 20 };

/* The last line that says anything: Python's "ModuleNotFoundError: No module named 'x'". */
static struct guild_str last_line(struct guild_str text)
{
	text = guild_str_trim(text);
	for (size_t i = text.n; i > 0; i--) {
		if (text.p[i - 1] == '\n') {
			return guild_str_n(text.p + i, text.n - i);
		}
	}
	return text;
}

/* In the interpreter of the operation, since that is where it will be imported (0.9.0 asked its own). */
int guild_resolve_module(struct guild_resolving *r, struct guild_error *err)
{
	const struct guild_exec_world *world = r->req->world;
	r->may_be_empty = true;
	if (r->is_only_looking) {
		return 0;
	}
	if (!world->python) {
		return guild_error_set(err, GUILD_ENOTFOUND,
			"there is no Python to import '%s' with", r->spec);
	}
	static const char program[] = "import importlib, sys; importlib.import_module(sys.argv[1])";
	const char *const argv[] = {world->python->exe, "-c", program, r->spec, NULL};
	struct guild_proc_result done = {0};
	int rc = guild_proc_run(argv, r->dirs[0] && guild_is_dir(r->dirs[0]) ? r->dirs[0] : NULL,
		world->env, IMPORT_OUTPUT_MAX, IMPORT_TIMEOUT_MS, &done, err);
	if (rc == 0 && done.exit_status != 0) {
		struct guild_str why = last_line(guild_buf_str(&done.err));
		rc = guild_error_set(err, GUILD_ENOTFOUND, "module '%s' cannot be imported: %.*s",
			r->spec, GUILD_STR_FMT(why));
	}
	guild_proc_result_fini(&done);
	return rc;
}
