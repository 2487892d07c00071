/* guild diff with a tool: pairs of paths, one after the other (query.md 5). */

#include <stdlib.h>
#include <string.h>

#include "diff_cmd.h"
#include "diff_tool.h"
#include "run_path.h"

/* ---- showing a pair ------------------------------------------------------------------------------------ */

static int run_tool(const struct guild_diff_cmd *d, const char *command, const char *first,
	const char *second, struct guild_error *err)
{
	struct guild_buf text = {0};
	int status;

	/* What the tool says by its exit code is only that there are differences. */
	guild_buf_printf(&text, "%s ", command);
	guild_shlex_quote(&text, first);
	int rc =
		guild_cmd_run_foreground(d->ctx, guild_buf_cstr(&text), second, NULL, &status, err);

	guild_buf_fini(&text);
	return rc;
}

static int show(const struct guild_diff_cmd *d, const char *what, const char *first,
	const char *second, struct guild_error *err)
{
	char *tool = guild_diff_tool(d->ctx, guild_args_text(d->args, "cmd"), first);
	/* The user configuration may name tools for some kinds of files only. */
	int rc = tool ? run_tool(d, tool, first, second, err)
		      : guild_diff_builtin_pair(d, what, first, second, err);

	free(tool);
	return rc;
}

static int show_paths(const struct guild_diff_cmd *d, const char *first, const char *second,
	struct guild_error *err)
{
	if (!guild_file_exists(first) && !guild_file_exists(second)) {
		return guild_error_set(err, GUILD_ENOTFOUND, "neither %s nor %s exists", first,
			second);
	}
	return show(d, NULL, first, second, err);
}

/* An attribute (NULL: all) of both runs. */
static int show_attr(const struct guild_diff_cmd *d, const char *name, const char *option,
	struct guild_error *err)
{
	char *paths[2];

	for (size_t i = 0; i < 2; i++) {
		char *attrs = guild_path_join(d->runs[i]->guild_dir, "attrs");

		paths[i] = name ? guild_path_join(attrs, name) : guild_strdup(attrs);
		free(attrs);
	}
	int rc = show(d, option, paths[0], paths[1], err);

	free(paths[0]);
	free(paths[1]);
	return rc;
}

/* ---- which pairs ------------------------------------------------------------------------------------------ */

int guild_diff_check_path(const char *path, struct guild_error *err)
{
	char *plain = guild_path_normalize(path);
	bool fine = strcmp(plain, ".") == 0 || guild_path_is_beneath(plain);

	free(plain);
	return fine ? 0
		    : guild_error_set(err, GUILD_EINVALID,
			      "PATH must be relative and stay inside the run (%s)", path);
}

/* The roots themselves, or each PATH below them. */
static int show_below(const struct guild_diff_cmd *d, const char *first, const char *second,
	struct guild_error *err)
{
	const struct guild_strs *paths = guild_args_list(d->args, "path");
	int rc = paths->n == 0 ? show_paths(d, first, second, err) : 0;

	for (size_t i = 0; rc == 0 && i < paths->n; i++) {
		char *a = guild_path_join(first, paths->v[i]);
		char *b = guild_path_join(second, paths->v[i]);

		rc = guild_diff_check_path(paths->v[i], err);
		if (rc == 0) {
			rc = show_paths(d, a, b, err);
		}
		free(a);
		free(b);
	}
	return rc;
}

static int show_output(const struct guild_diff_cmd *d, struct guild_error *err)
{
	char *first = guild_path_join(d->runs[0]->guild_dir, "output");
	char *second = guild_path_join(d->runs[1]->guild_dir, "output");
	int rc = show_paths(d, first, second, err);

	free(first);
	free(second);
	return rc;
}

static int show_sourcecode(const struct guild_diff_cmd *d, struct guild_error *err)
{
	char *first = NULL;
	char *second = NULL;
	int rc = guild_run_path(d->runs[0], NULL, true, &first, err);

	if (rc == 0) {
		rc = guild_run_path(d->runs[1], NULL, true, &second, err);
	}
	if (rc == 0) {
		rc = show_below(d, first, second, err);
	}
	free(first);
	free(second);
	return rc;
}

static int show_attrs(const struct guild_diff_cmd *d, bool *any, struct guild_error *err)
{
	static const char *const parts[] = {"env", "flags", "deps"};
	bool all = guild_args_flag(d->args, "attrs");
	int rc = all ? show_attr(d, NULL, "attrs", err) : 0;

	*any = all;
	for (size_t i = 0; rc == 0 && i < GUILD_ARRAY_LEN(parts); i++) {
		if (!guild_args_flag(d->args, parts[i])) {
			continue;
		}
		*any = true;
		if (all) {
			guild_log(&d->ctx->log, "warning",
				"ignoring --%s (already included in --attrs)", parts[i]);
		} else {
			rc = show_attr(d, parts[i], parts[i], err);
		}
	}
	return rc;
}

static int pair_runs(const struct guild_diff_cmd *d, struct guild_error *err)
{
	bool any = false;
	int rc = show_attrs(d, &any, err);

	if (rc == 0 && guild_args_flag(d->args, "output")) {
		any = true;
		rc = show_output(d, err);
	}
	if (rc == 0 && guild_args_flag(d->args, "sourcecode")) {
		return show_sourcecode(d, err);
	}
	if (rc == 0 && (!any || guild_args_list(d->args, "path")->n > 0)) {
		rc = show_below(d, d->runs[0]->dir, d->runs[1]->dir, err);
	}
	return rc;
}

/* ---- a run and a directory ---------------------------------------------------------------------------------- */

int guild_diff_working_dir(const struct guild_ctx *ctx, const struct guild_run *r, char **out,
	struct guild_error *err)
{
	const struct guild_value *op = guild_run_attr(r, ctx->arena, "op");
	const char *root =
		guild_value_text(guild_value_get(guild_value_get(op, "sourcecode"), "root"));
	char *project = guild_run_project_dir(r);

	if (!project) {
		return guild_error_set(err, GUILD_ENOTFOUND,
			"run %.*s has no project directory to compare it with", GUILD_RUN_SHORT_LEN,
			r->id);
	}
	char *joined = guild_path_join(project, root ? root : ".");

	*out = guild_path_normalize(joined);
	free(joined);
	free(project);
	return 0;
}

static int pair_dir(const struct guild_diff_cmd *d, struct guild_error *err)
{
	static const char *const ignored[] = {"output", "env", "flags", "attrs", "deps"};
	const char *dir = guild_args_text(d->args, "dir");
	char *first = NULL;
	char *second = dir ? guild_path_expand_user(dir, d->ctx->user_home) : NULL;
	int rc = 0;

	for (size_t i = 0; i < GUILD_ARRAY_LEN(ignored); i++) {
		if (guild_args_flag(d->args, ignored[i])) {
			guild_log(&d->ctx->log, "warning",
				"ignoring --%s (a directory has nothing to compare it with)",
				ignored[i]);
		}
	}
	if (dir) {
		first = guild_strdup(d->runs[0]->dir);
		if (guild_args_flag(d->args, "sourcecode")) {
			free(first);
			first = NULL;
			rc = guild_run_path(d->runs[0], NULL, true, &first, err);
		}
	} else {
		rc = guild_run_path(d->runs[0], NULL, true, &first, err);
		if (rc == 0) {
			rc = guild_diff_working_dir(d->ctx, d->runs[0], &second, err);
		}
	}
	if (rc == 0) {
		rc = show_below(d, first, second, err);
	}
	free(first);
	free(second);
	return rc;
}

int guild_diff_with_tool(const struct guild_diff_cmd *d, struct guild_error *err)
{
	return d->runs[1] ? pair_runs(d, err) : pair_dir(d, err);
}
