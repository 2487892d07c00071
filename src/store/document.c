/* A run as one document: what programs, the viewer among them, are given (docs/formats/api.md). */

#include <stdlib.h>
#include <string.h>

#include "store_private.h"

struct document {
	const struct guild_run *run;
	const struct guild_log *log;
	struct guild_arena *arena;
	struct guild_value *doc;
	unsigned version;
};

static void put(struct document *d, const char *key, struct guild_value *value)
{
	guild_value_set(d->arena, d->doc, key, value);
}

static void put_text(struct document *d, const char *key, const char *text)
{
	put(d, key, guild_value_string(d->arena, text));
}

static void put_taken(struct document *d, const char *key, char *take)
{
	put_text(d, key, take);
	free(take);
}

/* NULL where there is none; damage is said. */
static struct guild_value *read_attr(const struct document *d, const char *name)
{
	struct guild_value *value = NULL;
	struct guild_error err = {0};
	int rc = guild_run_attr_read(d->run, d->arena, name, &value, &err);

	if (rc < 0) {
		guild_log(d->log, "warning", "%s", err.text);
	}
	return rc == 1 && !guild_value_is_null(value) ? value : NULL;
}

/* What is not of the type that readers count on is left empty. */
static struct guild_value *attr_of(const struct document *d, const char *name, enum guild_type type)
{
	struct guild_value *value = read_attr(d, name);

	if (value && value->type == type) {
		return value;
	}
	return type == GUILD_LIST ? guild_value_list(d->arena) : guild_value_dict(d->arena);
}

static void put_attr_text(struct document *d, const char *key, const char *name)
{
	const struct guild_value *value = read_attr(d, name);
	struct guild_buf text = {0};

	if (value) {
		guild_value_py_str(&text, value);
	}
	put(d, key, guild_value_string_n(d->arena, guild_buf_cstr(&text), text.n));
	guild_buf_fini(&text);
}

/* ---- times ----------------------------------------------------------------------------------------------------- */

static void put_time(struct document *d, const char *name)
{
	const struct guild_value *raw = read_attr(d, name);
	bool is_known = raw && raw->type == GUILD_INT && raw->s.n == 0;
	char text[GUILD_TIME_MAX] = "";

	if (d->version != 1) {
		put(d, name,
			is_known ? guild_value_int(d->arena, raw->i) : guild_value_null(d->arena));
		return;
	}
	if (is_known) {
		guild_time_format(raw->i, false, text);
	}
	put_text(d, name, text);
}

static void put_duration(struct document *d)
{
	int64_t started = guild_run_attr_i64(d->run, "started", INT64_MIN);
	int64_t stopped = guild_run_attr_i64(d->run, "stopped", INT64_MIN);
	char text[GUILD_TIME_MAX] = "";
	int64_t us;

	if (guild_run_status(d->run, NULL) == GUILD_RUN_RUNNING) {
		stopped = guild_now_us();
	}
	if (started != INT64_MIN && stopped != INT64_MIN &&
		!__builtin_sub_overflow(stopped, started, &us)) {
		guild_duration_format(us, text);
	}
	put_text(d, "time", text);
}

/* ---- parts ------------------------------------------------------------------------------------------------------- */

static void put_tags(struct document *d)
{
	struct guild_value *tags = attr_of(d, "tags", GUILD_LIST);
	struct guild_buf text = {0};

	if (d->version != 1) {
		put(d, "tags", tags);
		return;
	}
	for (size_t i = 0; i < tags->n; i++) {
		guild_buf_puts(&text, i > 0 ? ", " : "");
		guild_value_py_str(&text, tags->items[i]);
	}
	put(d, "tags", guild_value_string_n(d->arena, guild_buf_cstr(&text), text.n));
	guild_buf_fini(&text);
}

static void put_other_attrs(struct document *d)
{
	struct guild_value *others = guild_value_dict(d->arena);
	struct guild_strs names = {0};

	(void)guild_run_attr_names(d->run, &names, NULL);
	for (size_t i = 0; i < names.n; i++) {
		if (guild_run_attr_is_custom(names.v[i])) {
			struct guild_value *value = read_attr(d, names.v[i]);

			guild_value_set(d->arena, others, names.v[i],
				value ? value : guild_value_null(d->arena));
		}
	}
	guild_strs_fini(&names);
	put(d, "otherAttrs", others);
}

/* The entry of a run among those one dependency was resolved from. */
static struct guild_value *dep_of_run(struct document *d, struct guild_value *deps, size_t first,
	const char *id)
{
	bool is_there;
	char short_id[GUILD_RUN_SHORT_LEN + 1];

	snprintf(short_id, sizeof(short_id), "%s", id);
	for (size_t i = first; i < deps->n; i++) {
		if (guild_streq(guild_value_text(guild_value_get(deps->items[i], "run")),
			    short_id)) {
			return deps->items[i];
		}
	}
	struct guild_value *item = guild_value_dict(d->arena);
	char *operation = guild_run_neighbour_operation(d->run, id, &is_there);

	guild_value_set(d->arena, item, "run", guild_value_string(d->arena, short_id));
	guild_value_set(d->arena, item, "operation", guild_value_string(d->arena, operation));
	guild_value_set(d->arena, item, "paths", guild_value_list(d->arena));
	guild_value_append(d->arena, deps, item);
	free(operation);
	return item;
}

static void add_dep_path(struct document *d, struct guild_value *deps, size_t first,
	const char *recorded)
{
	char *path = guild_path_abs(recorded, d->run->dir);
	const char *rest = "";
	char *id = guild_run_of_path(d->run, path, &rest);

	if (id && strcmp(id, d->run->id) != 0) {
		struct guild_value *item = dep_of_run(d, deps, first, id);

		guild_value_append(d->arena, guild_value_get(item, "paths"),
			guild_value_string(d->arena, rest));
	}
	free(id);
	free(path);
}

/* The files that came from other runs. A source is {config, paths, uri}, before 0.9 a list of paths. */
static void put_deps(struct document *d)
{
	const struct guild_value *recorded = attr_of(d, "deps", GUILD_DICT);
	struct guild_value *deps = guild_value_list(d->arena);

	for (size_t i = 0; i < recorded->n; i++) {
		const struct guild_value *sources = recorded->pairs[i].value;
		size_t n = sources->type == GUILD_DICT ? sources->n : 1;
		size_t first = deps->n;

		for (size_t j = 0; j < n; j++) {
			const struct guild_value *source =
				sources->type == GUILD_DICT ? sources->pairs[j].value : sources;
			const struct guild_value *paths = guild_value_get(source, "paths");

			paths = paths ? paths : source;
			for (size_t k = 0; paths->type == GUILD_LIST && k < paths->n; k++) {
				const char *path = guild_value_text(paths->items[k]);

				if (path) {
					add_dep_path(d, deps, first, path);
				}
			}
		}
	}
	put(d, "deps", deps);
}

static void put_sourcecode(struct document *d)
{
	struct guild_value *item = guild_value_dict(d->arena);
	struct guild_manifest manifest = {0};
	struct guild_strs paths = {0};
	struct guild_error err = {0};
	char *root = guild_run_sourcecode_root(d->run);

	if (guild_manifest_read(d->run, d->arena, &manifest, NULL, &err) != 0) {
		guild_log(d->log, "warning", "%s", err.text);
	}
	for (size_t i = 0; i < manifest.n; i++) {
		if (manifest.v[i].kind == 's') {
			guild_strs_add(&paths, manifest.v[i].path);
		}
	}
	guild_strs_sort(&paths);
	guild_value_set(d->arena, item, "root", guild_value_string(d->arena, root));
	guild_value_set(d->arena, item, "files", guild_value_strs(d->arena, &paths));
	put(d, "sourcecode", item);
	guild_strs_fini(&paths);
	free(root);
}

static void put_opref(struct document *d)
{
	const struct guild_opref *ref = &d->run->opref;
	const struct {
		const char *key, *text;
	} parts[] = {
		{"pkgType", ref->pkg_type},
		{"pkgName", ref->pkg_name},
		{"pkgVersion", ref->version},
		{"modelName", ref->model},
		{"opName", ref->op},
	};
	struct guild_value *item = guild_value_dict(d->arena);

	for (size_t i = 0; i < GUILD_ARRAY_LEN(parts); i++) {
		guild_value_set(d->arena, item, parts[i].key,
			guild_value_string(d->arena, parts[i].text ? parts[i].text : ""));
	}
	put(d, "opRef", item);
}

static struct guild_value *scalar(struct document *d, const struct guild_scalar_summary *s)
{
	bool old = d->version == 1;
	const struct {
		const char *value_key, *step_key;
		double value;
		int64_t step;
	} parts[] = {
		{old ? "first_val" : "firstVal", old ? "first_step" : "firstStep", s->first,
			s->first_step},
		{old ? "last_val" : "lastVal", old ? "last_step" : "lastStep", s->last,
			s->last_step},
		{old ? "min_val" : "minVal", old ? "min_step" : "minStep", s->min, s->min_step},
		{old ? "max_val" : "maxVal", old ? "max_step" : "maxStep", s->max, s->max_step},
	};
	struct guild_arena *a = d->arena;
	struct guild_value *item = guild_value_dict(a);
	double mean = s->count > 0 ? s->total / (double)s->count : 0;

	guild_value_set(a, item, "run", guild_value_string(a, d->run->id));
	guild_value_set(a, item, "prefix", guild_value_string(a, s->prefix));
	guild_value_set(a, item, "tag", guild_value_string(a, s->tag));
	for (size_t i = 0; i < GUILD_ARRAY_LEN(parts); i++) {
		guild_value_set(a, item, parts[i].value_key, guild_value_float(a, parts[i].value));
		guild_value_set(a, item, parts[i].step_key, guild_value_int(a, parts[i].step));
	}
	guild_value_set(a, item, old ? "avg_val" : "avgVal", guild_value_float(a, mean));
	guild_value_set(a, item, "total", guild_value_float(a, s->total));
	guild_value_set(a, item, "count", guild_value_int(a, s->count));
	return item;
}

static void put_scalars(struct document *d)
{
	struct guild_value *list = guild_value_list(d->arena);
	struct guild_scalars scalars = {0};
	struct guild_error err = {0};

	if (guild_scalars_read(d->run, d->arena, &scalars, d->log, &err) != 0) {
		guild_log(d->log, "warning", "%s", err.text);
		scalars.n = 0;
	}
	for (size_t i = 0; i < scalars.n; i++) {
		guild_value_append(d->arena, list, scalar(d, &scalars.v[i]));
	}
	put(d, "scalars", list);
}

static void put_status(struct document *d)
{
	char *remote = NULL;

	put_text(d, "status", guild_run_status_name(guild_run_status(d->run, &remote)));
	free(remote);
	struct guild_value *code = read_attr(d, "exit_status");

	put(d, "exitStatus", code ? code : guild_value_string(d->arena, ""));
}

struct guild_value *guild_run_document(const struct guild_run *r, struct guild_arena *a,
	unsigned version, const struct guild_log *log)
{
	struct document d = {
		.run = r,
		.log = log,
		.arena = a,
		.doc = guild_value_dict(a),
		.version = version,
	};

	put_text(&d, "id", r->id);
	put(&d, "shortId", guild_value_string_n(a, r->id, strnlen(r->id, GUILD_RUN_SHORT_LEN)));
	put_text(&d, "dir", r->dir);
	put_taken(&d, "operation", guild_run_display_name(r));
	put_time(&d, "started");
	put_time(&d, "stopped");
	if (version == 1) {
		put_duration(&d);
	}
	put_attr_text(&d, "label", "label");
	put_tags(&d);
	put(&d, "comments", attr_of(&d, "comments", GUILD_LIST));
	put_status(&d);
	put_taken(&d, "command", guild_run_command(r));
	put_other_attrs(&d);
	put(&d, "flags", attr_of(&d, "flags", GUILD_DICT));
	put(&d, "env", attr_of(&d, "env", GUILD_DICT));
	put_deps(&d);
	put(&d, "files", guild_run_files(r, a, version));
	put_sourcecode(&d);
	put_taken(&d, "projectDir", guild_run_project_dir(r));
	put_opref(&d);
	put(&d, "marked", guild_value_bool(a, guild_value_truthy(read_attr(&d, "marked"))));
	put_scalars(&d);
	return d.doc;
}
