/* guild diff: finds what differs in the parts that are asked for. */

#include <stdlib.h>
#include <string.h>

#include "diff_found.h"
#include "project_ops.h"
#include "project_world.h"
#include "run_path.h"

const char *const guild_diff_values_names[GUILD_VALUES] = {
	"flags", "attributes", "environment", "dependencies"};
const char *const guild_diff_files_names[GUILD_FILES] = {"output", "files", "paths", "source code"};

void guild_diff_found_fini(struct guild_diff_found *f)
{
	for (size_t i = 0; i < GUILD_VALUES; i++) {
		guild_value_changes_fini(&f->values[i]);
	}
	for (size_t i = 0; i < GUILD_FILES; i++) {
		guild_file_diffs_fini(&f->files[i]);
	}
	free(f->dir);
}

bool guild_diff_has_any(const struct guild_diff_found *f)
{
	size_t n = f->packages.n + f->scalars.n;

	for (size_t i = 0; i < GUILD_VALUES; i++) {
		n += f->values[i].n;
	}
	for (size_t i = 0; i < GUILD_FILES; i++) {
		n += f->files[i].n;
	}
	return n > 0;
}

/* ---- what is asked for ------------------------------------------------------------------------------------- */

static const struct {
	const char *option;
	unsigned part;
} part_options[] = {
	{"flags", GUILD_DIFF_FLAGS},
	{"env", GUILD_DIFF_ENV},
	{"deps", GUILD_DIFF_DEPS},
	{"packages", GUILD_DIFF_PACKAGES},
	{"attrs", GUILD_DIFF_ATTRS},
	{"scalars", GUILD_DIFF_SCALARS},
	{"output", GUILD_DIFF_OUTPUT},
	{"files", GUILD_DIFF_FILES},
	{"sourcecode", GUILD_DIFF_SOURCE},
};

static void drop_repeated(const struct guild_diff_cmd *d, unsigned *parts)
{
	static const unsigned in_attrs =
		GUILD_DIFF_FLAGS | GUILD_DIFF_ENV | GUILD_DIFF_DEPS | GUILD_DIFF_PACKAGES;

	for (size_t i = 0; i < GUILD_ARRAY_LEN(part_options); i++) {
		unsigned part = part_options[i].part;

		if ((*parts & GUILD_DIFF_ATTRS) && (*parts & part & in_attrs)) {
			guild_log(&d->ctx->log, "warning",
				"ignoring --%s (already included in --attrs)",
				part_options[i].option);
			*parts &= ~part;
		}
	}
}

/* A directory has neither flags nor output. */
static void drop_of_runs(const struct guild_diff_cmd *d, unsigned *parts)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(part_options); i++) {
		unsigned part = part_options[i].part;

		if ((*parts & part) && part != GUILD_DIFF_SOURCE) {
			guild_log(&d->ctx->log, "warning",
				"ignoring --%s (a directory has nothing to compare it with)",
				part_options[i].option);
			*parts &= ~part;
		}
	}
	if (guild_args_flag(d->args, "working")) {
		*parts |= GUILD_DIFF_SOURCE;
	} else if (!(*parts & GUILD_DIFF_SOURCE)) {
		*parts |= GUILD_DIFF_PATHS;
	}
}

static void choose_parts(const struct guild_diff_cmd *d, struct guild_diff_found *f)
{
	unsigned parts = 0;

	for (size_t i = 0; i < GUILD_ARRAY_LEN(part_options); i++) {
		parts |=
			guild_args_flag(d->args, part_options[i].option) ? part_options[i].part : 0;
	}
	f->is_patch = guild_args_flag(d->args, "patch");
	f->is_summary = guild_args_flag(d->args, "summary");
	if (d->runs[1]) {
		bool has_paths = guild_args_list(d->args, "path")->n > 0;

		parts |= has_paths && !(parts & GUILD_DIFF_SOURCE) ? GUILD_DIFF_PATHS : 0;
		parts |= parts == 0 && f->is_patch ? GUILD_DIFF_SOURCE : 0;
		f->is_overview = parts == 0;
		parts = parts ? parts : GUILD_DIFF_OVERVIEW;
		drop_repeated(d, &parts);
	} else {
		drop_of_runs(d, &parts);
	}
	f->parts = parts;
}

/* ---- values ---------------------------------------------------------------------------------------------------- */

int guild_diff_find_values(struct guild_diff_found *f, struct guild_error *err)
{
	const struct {
		unsigned part;
		enum guild_run_part of_run;
		enum guild_diff_values to;
	} parts[] = {
		{GUILD_DIFF_FLAGS, GUILD_PART_FLAGS, GUILD_VALUES_FLAGS},
		{GUILD_DIFF_ATTRS, GUILD_PART_ATTRS, GUILD_VALUES_ATTRS},
		{GUILD_DIFF_TELLING, GUILD_PART_TELLING, GUILD_VALUES_ATTRS},
		{GUILD_DIFF_ENV, f->is_overview ? GUILD_PART_TELLING_ENV : GUILD_PART_ENV,
			GUILD_VALUES_ENV},
		{GUILD_DIFF_DEPS, GUILD_PART_DEPS, GUILD_VALUES_DEPS},
		{GUILD_DIFF_DEPS | GUILD_DIFF_ATTRS, GUILD_PART_INPUTS, GUILD_VALUES_DEPS},
	};
	const struct guild_diff_cmd *d = f->cmd;
	int rc = 0;

	for (size_t i = 0; i < GUILD_ARRAY_LEN(parts) && rc == 0; i++) {
		if (f->parts & parts[i].part) {
			rc = guild_run_changes(d->ctx->arena, d->runs[0], d->runs[1],
				parts[i].of_run, &f->values[parts[i].to], err);
		}
	}
	if (rc == 0 && (f->parts & GUILD_DIFF_PACKAGES)) {
		struct guild_arena *a = d->ctx->arena;

		guild_package_changes(a, guild_run_attr(d->runs[0], a, "pip_freeze"),
			guild_run_attr(d->runs[1], a, "pip_freeze"), &f->packages);
	}
	if (rc == 0 && (f->parts & GUILD_DIFF_SCALARS)) {
		rc = guild_series_diffs(d->ctx->arena, d->runs[0], d->runs[1],
			guild_args_flag(d->args, "all-scalars"), &f->scalars, &d->ctx->log, err);
	}
	return rc;
}

/* ---- files ------------------------------------------------------------------------------------------------------ */

struct sets {
	struct guild_file_set old, new;
};

static void diff_sets(struct guild_diff_found *f, struct sets *s, enum guild_diff_files to)
{
	guild_file_sets_diff(f->cmd->ctx->arena, &s->old, &s->new, &f->files[to],
		&f->cmd->ctx->log);
	guild_file_set_fini(&s->old);
	guild_file_set_fini(&s->new);
	*s = (struct sets){0};
}

/* A run of Guild AI's older releases may have none. */
static char *source_dir(const struct guild_run *r)
{
	char *dir = NULL;

	return guild_run_path(r, NULL, true, &dir, NULL) == 0 ? dir : NULL;
}

static int add_source(const struct guild_diff_cmd *d, const struct guild_run *r,
	struct guild_file_set *out, struct guild_error *err)
{
	char *dir = source_dir(r);
	int rc = dir ? guild_file_set_source(d->ctx->arena, r, dir, out, err) : 0;

	free(dir);
	return rc;
}

/* PATH below both roots. */
static int add_path(const struct guild_diff_cmd *d, const char *path, const char *const roots[2],
	struct sets *s, struct guild_error *err)
{
	struct guild_file_set *sets[] = {&s->old, &s->new};
	char *plain = guild_path_normalize(path);
	bool is_root = strcmp(plain, ".") == 0;
	bool any = false;
	int rc = guild_diff_check_path(path, err);

	for (size_t i = 0; i < 2 && rc == 0; i++) {
		char *full = is_root ? guild_strdup(roots[i]) : guild_path_join(roots[i], plain);

		any |= guild_file_exists(full);
		rc = guild_file_set_walk(d->ctx->arena, full, is_root ? "" : plain, sets[i], err);
		free(full);
	}
	if (rc == 0 && !any) {
		rc = guild_error_set(err, GUILD_ENOTFOUND, "neither %s/%s nor %s/%s exists",
			roots[0], plain, roots[1], plain);
	}
	free(plain);
	return rc;
}

static int add_paths(const struct guild_diff_cmd *d, const char *first, const char *second,
	struct sets *s, struct guild_error *err)
{
	const struct guild_strs *paths = guild_args_list(d->args, "path");
	const char *const roots[] = {first, second};
	int rc = paths->n == 0 ? add_path(d, ".", roots, s, err) : 0;

	for (size_t i = 0; i < paths->n && rc == 0; i++) {
		rc = add_path(d, paths->v[i], roots, s, err);
	}
	return rc;
}

static int find_source(struct guild_diff_found *f, struct guild_error *err)
{
	const struct guild_diff_cmd *d = f->cmd;
	struct sets s = {0};
	int rc = 0;

	if (guild_args_list(d->args, "path")->n > 0) {
		char *first = source_dir(d->runs[0]);
		char *second = source_dir(d->runs[1]);

		rc = add_paths(d, first ? first : d->runs[0]->dir,
			second ? second : d->runs[1]->dir, &s, err);
		free(first);
		free(second);
	} else {
		rc = add_source(d, d->runs[0], &s.old, err);
		rc = rc ? rc : add_source(d, d->runs[1], &s.new, err);
	}
	diff_sets(f, &s, GUILD_FILES_SOURCE);
	return rc;
}

static void add_output(const struct guild_diff_cmd *d, const struct guild_run *r,
	struct guild_file_set *out)
{
	char *path = guild_path_join(r->guild_dir, "output");

	guild_file_set_add(d->ctx->arena, out, "output", path);
	free(path);
}

static int find_files(struct guild_diff_found *f, struct guild_error *err)
{
	const struct guild_diff_cmd *d = f->cmd;
	struct guild_arena *a = d->ctx->arena;
	struct sets s = {0};
	int rc = 0;

	if (f->parts & GUILD_DIFF_OUTPUT) {
		add_output(d, d->runs[0], &s.old);
		add_output(d, d->runs[1], &s.new);
		diff_sets(f, &s, GUILD_FILES_OUTPUT);
	}
	if (f->parts & GUILD_DIFF_FILES) {
		rc = guild_file_set_generated(a, d->runs[0], &s.old, err);
		rc = rc ? rc : guild_file_set_generated(a, d->runs[1], &s.new, err);
		diff_sets(f, &s, GUILD_FILES_MADE);
	}
	if (rc == 0 && (f->parts & GUILD_DIFF_PATHS)) {
		rc = add_paths(d, d->runs[0]->dir, d->runs[1]->dir, &s, err);
		diff_sets(f, &s, GUILD_FILES_PATHS);
	}
	if (rc == 0 && (f->parts & GUILD_DIFF_SOURCE)) {
		rc = find_source(f, err);
	}
	return rc;
}

/* ---- a run and a directory ------------------------------------------------------------------------------------ */

/* What the operation would copy into a run now. */
static void add_selected(const struct guild_diff_cmd *d, struct guild_file_set *out)
{
	const struct guild_run *r = d->runs[0];
	struct guild_project_ops ops = {.world = guild_op_world(d->ctx)};
	const struct guild_op_def *op = guild_project_ops_find(&ops, r);
	char *dir = guild_path_dirname(r->opref.pkg_name);
	const struct guild_project *project = op ? guild_map_get(&ops.projects, dir) : NULL;
	struct guild_source_selection sel = {0};

	if (project && guild_source_select(project, op, false, &sel, NULL, NULL) == 0) {
		for (size_t i = 0; i < sel.n_files && !sel.disabled; i++) {
			char *path = guild_path_join(sel.root, sel.files[i].path);

			guild_file_set_add(d->ctx->arena, out, sel.files[i].path, path);
			free(path);
		}
	}
	guild_source_selection_fini(&sel);
	guild_project_ops_fini(&ops);
	free(dir);
}

static int find_working(struct guild_diff_found *f, struct guild_error *err)
{
	const struct guild_diff_cmd *d = f->cmd;
	struct sets s = {0};
	int rc = guild_diff_working_dir(d->ctx, d->runs[0], &f->dir, err);

	if (rc == 0 && guild_args_list(d->args, "path")->n > 0) {
		char *first = source_dir(d->runs[0]);

		rc = add_paths(d, first ? first : d->runs[0]->dir, f->dir, &s, err);
		free(first);
	} else if (rc == 0) {
		rc = add_source(d, d->runs[0], &s.old, err);
		for (size_t i = 0; i < s.old.n && rc == 0; i++) {
			char *path = guild_path_join(f->dir, s.old.v[i].name);

			guild_file_set_add(d->ctx->arena, &s.new, s.old.v[i].name, path);
			free(path);
		}
		add_selected(d, &s.new);
		guild_file_set_sort(&s.new);
	}
	diff_sets(f, &s, GUILD_FILES_SOURCE);
	return rc;
}

static int find_dir(struct guild_diff_found *f, struct guild_error *err)
{
	const struct guild_diff_cmd *d = f->cmd;
	bool is_source = (f->parts & GUILD_DIFF_SOURCE) != 0;
	struct sets s = {0};
	char *first = is_source ? source_dir(d->runs[0]) : guild_strdup(d->runs[0]->dir);
	char *given = guild_path_expand_user(guild_args_text(d->args, "dir"), d->ctx->user_home);
	int rc = 0;

	f->dir = guild_path_abs(given, d->ctx->cwd);
	if (!guild_is_dir(f->dir)) {
		rc = guild_error_set(err, GUILD_ENOTFOUND, "directory '%s' does not exist", given);
	} else if (is_source && guild_args_list(d->args, "path")->n == 0) {
		rc = add_source(d, d->runs[0], &s.old, err);
		rc = rc ? rc : guild_file_set_walk(d->ctx->arena, f->dir, "", &s.new, err);
	} else {
		rc = add_paths(d, first ? first : d->runs[0]->dir, f->dir, &s, err);
	}
	diff_sets(f, &s, is_source ? GUILD_FILES_SOURCE : GUILD_FILES_PATHS);
	free(first);
	free(given);
	return rc;
}

int guild_diff_find_pair(struct guild_diff_found *f, const char *first, const char *second,
	struct guild_error *err)
{
	struct guild_arena *a = f->cmd->ctx->arena;
	const char *name =
		guild_is_dir(first) || guild_is_dir(second) ? "" : guild_path_basename(first);
	struct sets s = {0};
	int rc = guild_file_set_walk(a, first, name, &s.old, err);

	rc = rc ? rc : guild_file_set_walk(a, second, name, &s.new, err);
	diff_sets(f, &s, GUILD_FILES_PATHS);
	return rc;
}

/* ---- public ---------------------------------------------------------------------------------------------------- */

int guild_diff_find(const struct guild_diff_cmd *d, struct guild_diff_found *out,
	struct guild_error *err)
{
	*out = (struct guild_diff_found){.cmd = d};
	choose_parts(d, out);
	if (!d->runs[1]) {
		return guild_args_flag(d->args, "working") ? find_working(out, err)
							   : find_dir(out, err);
	}
	int rc = guild_diff_find_values(out, err);

	return rc ? rc : find_files(out, err);
}
