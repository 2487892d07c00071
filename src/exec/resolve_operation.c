/* Sources of type operation: files of another run (resources.md 3.3). */

#include <stdlib.h>
#include <string.h>

#include "resolve.h"

/* ---- which runs fit ------------------------------------------------------------------------------------------- */

/* One alternative of a SPEC: [[PACKAGE/]MODEL:]OPERATION. */
struct wanted {
	char *package; /* or NULL */
	struct guild_regex *model, *op;
};
struct wanted_list {
	struct wanted *v;
	size_t n;
};

static void wanted_fini(struct wanted_list *w)
{
	for (size_t i = 0; i < w->n; i++) {
		free(w->v[i].package);
		guild_regex_free(w->v[i].model);
		guild_regex_free(w->v[i].op);
	}
	free(w->v);
}

static int parse_wanted(const char *text, struct wanted *out, struct guild_error *err)
{
	const char *colon = strrchr(text, ':');
	const char *op = colon ? colon + 1 : text;
	int rc = 0;
	if (colon) {
		char *model = guild_strndup(text, (size_t)(colon - text));
		char *slash = strchr(model, '/');
		if (slash) {
			out->package = guild_strndup(model, (size_t)(slash - model));
		}
		const char *name = slash ? slash + 1 : model;
		rc = *name ? guild_regex_new(name, &out->model, err) : 0;
		free(model);
	}
	rc = rc ? rc : guild_regex_new(op, &out->op, err);
	return rc ? guild_error_wrap(err, "'%s' is no pattern of operations", text) : 0;
}

static int parse_spec(const char *spec, struct wanted_list *out, struct guild_error *err)
{
	struct guild_strs parts = {0};
	guild_strs_split(&parts, spec, ',');
	out->v = guild_alloc((parts.n + 1) * sizeof(*out->v));
	int rc = 0;
	for (size_t i = 0; i < parts.n && rc == 0; i++) {
		struct guild_str part = guild_str_trim(guild_str(parts.v[i]));
		char *text = guild_strndup(part.p ? part.p : "", part.n);
		if (part.n > 0) {
			rc = parse_wanted(text, &out->v[out->n++], err);
		}
		free(text);
	}
	guild_strs_fini(&parts);
	return rc;
}

static bool fits(const struct wanted *w, const struct guild_run *run)
{
	const struct guild_opref *ref = &run->opref;
	bool is_package = strcmp(ref->pkg_type, "package") == 0;
	return (!w->package || (is_package && strcmp(w->package, ref->pkg_name) == 0)) &&
	       (!w->model || guild_regex_full_match(w->model, guild_str(ref->model), NULL)) &&
	       guild_regex_full_match(w->op, guild_str(ref->op), NULL);
}

static bool accepts(void *arg, const struct guild_run *run)
{
	const struct wanted_list *w = arg;
	for (size_t i = 0; i < w->n; i++) {
		if (fits(&w->v[i], run)) {
			return true;
		}
	}
	return false;
}

/* ---- choosing --------------------------------------------------------------------------------------------------- */

static bool is_whole_id(const char *text)
{
	return strlen(text) == GUILD_RUN_ID_LEN &&
	       strspn(text, "0123456789abcdef") == GUILD_RUN_ID_LEN;
}

static int open_run(const char *dir, struct guild_run *out)
{
	int rc = guild_run_open(dir, out, NULL);
	if (rc != 0) {
		guild_run_fini(out);
		*out = (struct guild_run){0};
	}
	return rc;
}

/* The first marked run, else the newest. */
static size_t preferred(const struct guild_runs *runs)
{
	struct guild_arena *a = guild_arena_new();
	size_t best = 0;
	for (size_t i = 0; i < runs->n; i++) {
		if (guild_value_truthy(guild_run_attr(&runs->v[i], a, "marked"))) {
			best = i;
			break;
		}
	}
	guild_arena_free(a);
	return best;
}

static int choose_accepted(const struct guild_exec_world *world,
	bool (*takes)(void *arg, const struct guild_run *run), void *arg, const char *prefix,
	bool with_staged, struct guild_run *out, struct guild_error *err)
{
	struct guild_runs runs = {0};
	char *runs_dir = guild_home_runs_dir(world->home, false);
	char *index_path = guild_store_index_path(world->home, false, world->env);
	struct guild_run_filter filter = {.index_path = index_path,
		.statuses = 1U << GUILD_RUN_COMPLETED | 1U << GUILD_RUN_RUNNING |
			    1U << GUILD_RUN_TERMINATED | (with_staged ? 1U << GUILD_RUN_STAGED : 0),
		.id_prefix = prefix,
		.accepts = takes,
		.accepts_arg = arg};
	int rc = guild_store_list(runs_dir, &filter, guild_env_get(world->env, "GUILD_RUNS_PARENT"),
		&runs, NULL, err);
	if (rc == 0 && runs.n == 0) {
		rc = GUILD_ENOTFOUND;
	} else if (rc == 0) {
		size_t at = preferred(&runs);
		*out = runs.v[at];
		runs.v[at] = (struct guild_run){0};
	}
	guild_runs_fini(&runs);
	free(index_path);
	free(runs_dir);
	return rc;
}

static int choose_listed(const struct guild_exec_world *world, const char *spec, const char *prefix,
	bool with_staged, struct guild_run *out, struct guild_error *err)
{
	struct wanted_list wanted = {0};
	int rc = parse_spec(spec, &wanted, err);
	rc = rc ? rc : choose_accepted(world, accepts, &wanted, prefix, with_staged, out, err);
	if (rc == GUILD_ENOTFOUND) {
		guild_error_set(err, rc, "there is no suitable run of '%s'%s%s", spec,
			prefix ? " with an id that starts with " : "", prefix ? prefix : "");
	}
	wanted_fini(&wanted);
	return rc;
}

int guild_choose_run_by(const struct guild_exec_world *world,
	bool (*takes)(void *arg, const struct guild_run *run), void *arg, const char *value,
	struct guild_run *out)
{
	return choose_accepted(world, takes, arg, value, false, out, NULL);
}

int guild_choose_run(const struct guild_exec_world *world, const char *spec, const char *value,
	bool with_staged, struct guild_run *out, struct guild_error *err)
{
	if (value && *value && strchr(value, '/')) {
		char *dir = guild_path_abs(value, world->cwd);
		int rc = open_run(dir, out);
		free(dir);
		return rc ? guild_error_set(err, GUILD_ENOTFOUND, "'%s' is not a run", value) : 0;
	}
	if (value && is_whole_id(value)) {
		char *runs_dir = guild_home_runs_dir(world->home, false);
		char *dir = guild_path_join(runs_dir, value);
		int rc = open_run(dir, out);
		free(runs_dir);
		free(dir);
		return rc ? guild_error_set(err, GUILD_ENOTFOUND, "there is no run %s", value) : 0;
	}
	return choose_listed(world, spec, value && *value ? value : NULL, with_staged, out, err);
}

/* ---- its files ------------------------------------------------------------------------------------------------------ */

struct run_files {
	const struct guild_run *run;
	struct guild_map given; /* manifest paths: not made by the program */
	bool takes_deps, takes_all;
};

/* True when there is something at or below the path that the program made. */
static bool has_generated(const struct run_files *f, const char *rel, int depth)
{
	char *path = guild_path_join(f->run->dir, rel);
	struct guild_strs names = {0};
	bool has = false;
	if (guild_map_has(&f->given, rel)) {
		has = false;
	} else if (!guild_is_dir(path) || depth > 100) {
		has = guild_file_exists(path);
	} else if (guild_dir_list(path, &names, NULL) == 0) {
		for (size_t i = 0; i < names.n && !has; i++) {
			char *below = guild_path_join(rel, names.v[i]);
			has = has_generated(f, below, depth + 1);
			free(below);
		}
	}
	guild_strs_fini(&names);
	free(path);
	return has;
}

static int load_given(struct run_files *f, struct guild_arena *a, struct guild_error *err)
{
	struct guild_manifest manifest = {0};
	int rc = guild_manifest_read(f->run, a, &manifest, NULL, err);
	for (size_t i = 0; i < manifest.n; i++) {
		if (!f->takes_all && !(f->takes_deps && manifest.v[i].kind == 'd')) {
			guild_map_put(&f->given, manifest.v[i].path, f);
		}
	}
	return rc;
}

static int add_generated(struct guild_resolving *r, const struct run_files *f,
	struct guild_error *err)
{
	struct guild_strs names = {0};
	int rc = guild_dir_list(f->run->dir, &names, err);
	for (size_t i = 0; i < names.n; i++) {
		if (!guild_starts(names.v[i], ".guild") && has_generated(f, names.v[i], 0)) {
			char *path = guild_path_join(f->run->dir, names.v[i]);
			guild_found_add(r, path, names.v[i]);
			free(path);
		}
	}
	guild_strs_fini(&names);
	return rc;
}

static int add_selected(struct guild_resolving *r, const struct guild_run *run,
	struct guild_error *err)
{
	struct guild_strs all = {0};
	struct guild_strs paths = {0};
	int rc = guild_resolve_walk(run->dir, &all, err);
	for (size_t i = 0; i < all.n; i++) {
		if (!guild_starts(all.v[i], ".guild")) {
			guild_strs_add(&paths, all.v[i]);
		}
	}
	rc = rc ? rc : guild_resolve_select(r, run->dir, &paths, "", err);
	guild_strs_fini(&all);
	guild_strs_fini(&paths);
	return rc;
}

int guild_resolve_run_files(struct guild_resolving *r, const struct guild_run *run,
	struct guild_error *err)
{
	if (guild_resolve_selects(r->source)) {
		return add_selected(r, run, err);
	}
	const char *legacy = guild_env_get(r->req->world->env, "GUILD_LEGACY_OPDEP_SELECT");
	struct run_files f = {.run = run,
		.takes_deps = guild_streq(legacy, "1"),
		.takes_all = guild_streq(legacy, "2")};
	int rc = load_given(&f, r->arena, err);
	rc = rc ? rc : add_generated(r, &f, err);
	guild_map_fini(&f.given);
	return rc;
}

/* A directory that is no run is taken as one would be: everything in it. */
static int use_dir(struct guild_resolving *r, const char *value, struct guild_error *err)
{
	char *dir = guild_path_abs(value, r->req->world->cwd);
	struct guild_run plain = {.dir = dir};
	struct run_files f = {.run = &plain};
	int rc = guild_resolve_selects(r->source) ? add_selected(r, &plain, err)
						  : add_generated(r, &f, err);
	r->chosen = guild_arena_strdup(r->arena, value);
	guild_log(r->req->world->log, "info", "Using %s for %s", value, r->source->name);
	free(dir);
	return rc;
}

int guild_resolve_operation(struct guild_resolving *r, struct guild_error *err)
{
	const char *value = guild_value_text(r->flag);
	struct guild_run run = {0};
	if (value && strchr(value, '/')) {
		char *dir = guild_path_abs(value, r->req->world->cwd);
		bool is_plain = guild_is_dir(dir) && !guild_run_is_run(dir);
		free(dir);
		if (is_plain) {
			return use_dir(r, value, err);
		}
	}
	int rc = guild_choose_run(r->req->world, r->spec, value, false, &run, err);
	if (rc == 0) {
		bool is_path = value && strchr(value, '/');
		guild_log(r->req->world->log, "info", "Using run %s for %s", run.id,
			r->source->name);
		r->chosen = guild_arena_strdup(r->arena, is_path ? value : run.id);
		r->run_id = guild_arena_strdup(r->arena, run.id);
		rc = guild_resolve_run_files(r, &run, err);
	}
	guild_run_fini(&run);
	return rc;
}
