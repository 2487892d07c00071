/* Installed packages with models in them, and operations found there (guildfile.md 10, packages.md 4). */
#include "project_private.h"

#include <stdlib.h>
#include <string.h>

enum { PACKAGE_MAX_RECORD = 8 << 20 };

/* ---- what is installed ---- */

static void add_package(struct guild_packages *out, const char *name, const char *version,
	const char *dir)
{
	for (size_t i = 0; i < out->n; i++) {
		/* The first on the path is the one Python would take. */
		if (strcmp(out->v[i].name, name) == 0 || strcmp(out->v[i].dir, dir) == 0) {
			return;
		}
	}
	out->v = guild_grow_array(out->v, &out->cap, out->n + 1, sizeof *out->v);
	out->v[out->n++] = (struct guild_package){.name = guild_strdup(name),
		.version = guild_strdup(version),
		.dir = guild_strdup(dir)};
}

static bool has_models(const char *info_dir)
{
	char *path = guild_path_join(info_dir, "entry_points.txt");
	struct guild_buf text = {0};
	bool has = guild_file_read(path, PACKAGE_MAX_RECORD, &text, NULL) == 0 &&
		   strstr(guild_buf_cstr(&text), "[guild.models]");
	guild_buf_fini(&text);
	free(path);
	return has;
}

/* The directory of the first guild.yml that RECORD lists. */
static char *recorded_dir(const char *site, const char *info_dir)
{
	char *path = guild_path_join(info_dir, "RECORD");
	struct guild_buf text = {0};
	struct guild_strs lines = {0};
	char *dir = NULL;
	if (guild_file_read(path, PACKAGE_MAX_RECORD, &text, NULL) == 0) {
		guild_strs_split(&lines, guild_buf_cstr(&text), '\n');
	}
	for (size_t i = 0; !dir && i < lines.n; i++) {
		lines.v[i][strcspn(lines.v[i], ",")] = 0;
		if (strcmp(guild_path_basename(lines.v[i]), "guild.yml") == 0) {
			char *up = guild_path_dirname(lines.v[i]);
			dir = guild_path_abs(up, site);
			free(up);
		}
	}
	guild_strs_fini(&lines);
	guild_buf_fini(&text);
	free(path);
	return dir;
}

/* NAME-VERSION.dist-info of a wheel that registers models. */
static void add_distribution(struct guild_packages *out, const char *site, const char *entry)
{
	char *info = guild_path_join(site, entry);
	char *dir = has_models(info) ? recorded_dir(site, info) : NULL;
	const char *dash = strchr(entry, '-');
	if (dir && dash) {
		/* The directory's path is the name that people type: dist-info has '_' for every '-'. */
		char *name = guild_strndup(entry, (size_t)(dash - entry));
		char *version = guild_strndup(dash + 1, strlen(dash + 1) - strlen(".dist-info"));
		char *metadata = guild_path_join(info, "METADATA");
		struct guild_buf text = {0};
		if (guild_file_read(metadata, PACKAGE_MAX_RECORD, &text, NULL) == 0) {
			const char *at = strstr(guild_buf_cstr(&text), "\nName: ");
			at = at ? at + strlen("\nName: ") : NULL;
			free(at ? name : NULL);
			name = at ? guild_strndup(at, strcspn(at, "\r\n")) : name;
		}
		add_package(out, name, version, dir);
		guild_buf_fini(&text);
		free(metadata);
		free(version);
		free(name);
	}
	free(dir);
	free(info);
}

/* A directory with a guild.yml: a package that nothing registered. */
static void add_directory(struct guild_packages *out, const char *parent, const char *entry,
	const char *prefix)
{
	char *dir = guild_path_join(parent, entry);
	char *file = guild_path_join(dir, "guild.yml");
	if (guild_is_file(file)) {
		char *name = guild_format("%s%s", prefix, entry);
		add_package(out, name, "", dir);
		free(name);
	}
	free(file);
	free(dir);
}

static void add_directories(struct guild_packages *out, const char *parent, const char *prefix)
{
	struct guild_strs names = {0};
	(void)guild_dir_list(parent, &names, NULL);
	for (size_t i = 0; i < names.n; i++) {
		add_directory(out, parent, names.v[i], prefix);
	}
	guild_strs_fini(&names);
}

void guild_packages_find(const struct guild_project_world *world, struct guild_packages *out)
{
	const char *const *dirs =
		world && world->python_path ? world->python_path(world->arg) : NULL;
	for (size_t i = 0; dirs && dirs[i]; i++) {
		struct guild_strs names = {0};
		(void)guild_dir_list(dirs[i], &names, NULL);
		for (size_t k = 0; k < names.n; k++) {
			if (guild_ends(names.v[k], ".dist-info")) {
				add_distribution(out, dirs[i], names.v[k]);
			}
		}
		guild_strs_fini(&names);
		add_directories(out, dirs[i], "");
		char *gpkg = guild_path_join(dirs[i], "gpkg");
		add_directories(out, gpkg, "gpkg.");
		free(gpkg);
	}
}

void guild_packages_fini(struct guild_packages *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->v[i].name);
		free(p->v[i].version);
		free(p->v[i].dir);
	}
	free(p->v);
	*p = (struct guild_packages){0};
}

int guild_package_load(const struct guild_package *package, const struct guild_project_world *world,
	struct guild_project **out, const struct guild_log *log, struct guild_error *err)
{
	int rc = guild_project_load(package->dir, world, out, log, err);
	if (rc) {
		return rc;
	}
	struct guild_project *p = *out;
	p->pkg_name = guild_arena_strdup(p->arena, package->name);
	const char *version = package->version;
	struct guild_buf written = {0};
	if (!version[0] && !guild_value_is_null(guild_value_get(p->package, "version"))) {
		guild_value_py_str(&written, guild_value_get(p->package, "version"));
		version = guild_buf_cstr(&written);
	}
	p->pkg_version = guild_arena_strdup(p->arena, version);
	guild_buf_fini(&written);
	for (size_t i = 0; i < p->n_models; i++) {
		p->models[i]->package = p->pkg_name;
	}
	return 0;
}

/* ---- finding operations ---- */

struct search {
	const struct guild_project_world *world;
	char *package, *model; /* NULL: not named */
	const char *op;
	struct guild_project *found;
	struct guild_op_def *found_op;
	struct guild_strs names; /* of all that match as well as the best */
	bool is_exact;
};

/* Exact names beat those that only hold the text. */
static void consider(struct search *s, struct guild_project *p, struct guild_op_def *op,
	bool is_exact)
{
	struct guild_buf name = {0};
	if (is_exact && !s->is_exact) {
		guild_strs_fini(&s->names);
	} else if (s->is_exact && !is_exact) {
		return;
	}
	s->is_exact = is_exact;
	guild_op_fullname(op, &name);
	guild_strs_add(&s->names, guild_buf_cstr(&name));
	guild_buf_fini(&name);
	s->found = p;
	s->found_op = op;
}

static struct guild_op_def *op_named(const struct guild_model_def *m, const char *name)
{
	for (size_t i = 0; m && i < m->n_ops; i++) {
		if (strcmp(m->ops[i]->name, name) == 0) {
			return m->ops[i];
		}
	}
	return NULL;
}

static void look_into(struct search *s, struct guild_project *p)
{
	const struct guild_model_def *default_model = guild_project_default_model(p);
	for (size_t i = 0; i < p->n_models; i++) {
		const struct guild_model_def *m = p->models[i];
		struct guild_op_def *op = op_named(m, s->op);
		bool is_named = s->model && m->name[0] && strstr(m->name, s->model);
		if (op && is_named) {
			consider(s, p, op, strcmp(m->name, s->model) == 0);
		} else if (op && !s->model && (!m->name[0] || m == default_model)) {
			consider(s, p, op, !m->name[0] || s->package);
		}
	}
}

static bool is_wanted(const struct search *s, const struct guild_packages *all, size_t i)
{
	if (!s->package) {
		return true;
	}
	for (size_t k = 0; k < all->n; k++) {
		if (strcmp(all->v[k].name, s->package) == 0) {
			return k == i;
		}
	}
	return strstr(all->v[i].name, s->package) != NULL;
}

static int fail_several(struct search *s, const char *spec, struct guild_error *err)
{
	guild_strs_sort(&s->names);
	char *list = guild_strs_join(&s->names, "\n  ");
	int rc = guild_error_set(err, GUILD_EINVALID,
		"several operations of packages match '%s':\n  %s", spec, list);
	guild_error_hint(err, "give one of these names in full");
	free(list);
	return rc;
}

static void split_spec(struct search *s, const char *spec)
{
	const char *colon = strchr(spec, ':');
	size_t n = colon ? (size_t)(colon - spec) : strlen(spec);
	const char *slash = memrchr(spec, '/', n);
	const char *rest = slash ? slash + 1 : spec;
	s->package = slash ? guild_strndup(spec, (size_t)(slash - spec)) : NULL;
	s->model = colon && colon > rest ? guild_strndup(rest, (size_t)(colon - rest)) : NULL;
	s->op = colon ? colon + 1 : rest;
}

int project_find_installed(const char *spec, const struct guild_project_world *world,
	struct guild_op_def **op, struct guild_project **project, struct guild_error *err)
{
	struct search s = {.world = world};
	struct guild_packages packages = {0};
	split_spec(&s, spec);
	guild_packages_find(world, &packages);
	struct guild_project **loaded = guild_alloc((packages.n + 1) * sizeof *loaded);
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < packages.n; i++) {
		if (!is_wanted(&s, &packages, i)) {
			continue;
		}
		struct guild_error bad = {0};
		if (guild_package_load(&packages.v[i], world, &loaded[i], NULL, &bad) == 0) {
			look_into(&s, loaded[i]);
		} else if (s.package && strcmp(s.package, packages.v[i].name) == 0) {
			rc = guild_error_set(err, bad.code, "%s", bad.text);
		}
	}
	if (rc == 0 && s.names.n > 1) {
		rc = fail_several(&s, spec, err);
	}
	if (rc == 0 && s.found) {
		*op = s.found_op;
		*project = s.found;
		rc = 1;
	}
	for (size_t i = 0; i < packages.n; i++) {
		if (rc != 1 || loaded[i] != s.found) {
			guild_project_free(loaded[i]);
		}
	}
	free(loaded);
	free(s.package);
	free(s.model);
	guild_strs_fini(&s.names);
	guild_packages_fini(&packages);
	return rc;
}
