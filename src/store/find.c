/* One run by id prefix, path or operation. */

#include <stdlib.h>
#include <string.h>

#include "store_private.h"

static int not_found(const char *spec, struct guild_error *err)
{
	guild_error_set(err, GUILD_ENOTFOUND, "could not find a run matching '%s'", spec);
	guild_error_hint(err, "try 'guild runs list' for a list");
	return GUILD_ENOTFOUND;
}

/* Opens a run that was found by name; what is no run counts as not found. */
static int open_named(const char *runs_dir, const char *name, struct guild_run *out,
	struct guild_error *err)
{
	char *dir = guild_path_join(runs_dir, name);
	int rc = guild_run_open(dir, out, err);
	if (rc != 0) {
		guild_run_fini(out);
	}
	free(dir);
	return rc;
}

int guild_store_find_prefix(const char *runs_dir, const char *prefix, struct guild_run *out,
	struct guild_error *err)
{
	struct guild_strs names = {0};
	struct guild_strs found = {0};
	int rc = guild_dir_list(runs_dir, &names, err);
	if (rc != 0 && rc != GUILD_ENOTFOUND) {
		return rc;
	}
	for (size_t i = 0; prefix[0] != '\0' && prefix[0] != '.' && i < names.n; i++) {
		if (!guild_starts(names.v[i], prefix)) {
			continue;
		}
		char *dir = guild_path_join(runs_dir, names.v[i]);
		if (guild_run_is_run(dir)) {
			guild_strs_add(&found, names.v[i]);
		}
		free(dir);
		if (strcmp(names.v[i], prefix) == 0) {
			break; /* names are sorted: the whole name comes first */
		}
	}
	if (found.n == 0) {
		rc = not_found(prefix, err);
	} else if (found.n == 1 || strcmp(found.v[0], prefix) == 0) {
		rc = open_named(runs_dir, found.v[0], out, err);
	} else {
		struct guild_buf text = {0};
		for (size_t i = 0; i < found.n && text.n < GUILD_ERROR_TEXT_MAX - 128; i++) {
			guild_buf_printf(&text, "\n  %.8s", found.v[i]);
		}
		rc = guild_error_set(err, GUILD_EINVALID, "'%s' matches multiple runs:%s", prefix,
			guild_buf_cstr(&text));
		guild_buf_fini(&text);
	}
	guild_strs_fini(&found);
	guild_strs_fini(&names);
	return rc;
}

/* The marked run of an operation, else its latest: 0 when there is none, 1 when *out was set. */
static int find_operation(const char *runs_dir, const char *index_path, const char *spec,
	struct guild_run *out, struct guild_error *err)
{
	struct guild_run_filter filter = {
		.index_path = index_path,
		.statuses = 1U << GUILD_RUN_COMPLETED | 1U << GUILD_RUN_RUNNING |
			    1U << GUILD_RUN_TERMINATED,
	};
	struct guild_runs runs = {0};
	guild_strs_add(&filter.operations, spec);
	int rc = guild_store_list(runs_dir, &filter, NULL, &runs, NULL, err);
	guild_run_filter_fini(&filter);
	if (rc != 0 || runs.n == 0) {
		guild_runs_fini(&runs);
		return rc;
	}
	size_t at = 0;
	struct guild_arena *a = guild_arena_new();
	for (size_t i = 0; i < runs.n; i++) {
		if (guild_value_truthy(guild_run_attr(&runs.v[i], a, "marked"))) {
			at = i;
			break;
		}
	}
	guild_arena_free(a);
	*out = runs.v[at];
	runs.v[at] = (struct guild_run){0};
	guild_runs_fini(&runs);
	return 1;
}

int guild_store_find_spec(const char *runs_dir, const char *index_path, const char *spec,
	const char *cwd, struct guild_run *out, struct guild_error *err)
{
	if (guild_path_is_abs(spec) || spec[0] == '.') {
		char *dir = guild_path_abs(spec, cwd);
		int rc = guild_run_open(dir, out, err);
		if (rc != 0) {
			guild_run_fini(out);
		}
		free(dir);
		return rc;
	}
	int rc = spec[0] != '\0' ? find_operation(runs_dir, index_path, spec, out, err) : 0;
	if (rc != 0) {
		return rc < 0 ? rc : 0;
	}
	return guild_store_find_prefix(runs_dir, spec, out, err);
}
