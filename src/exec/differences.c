/*
 * What differs between an operation as it is now and a run of it. A run's own records say what it was made of: attribute op, flags,
 * hashes in the manifest, resolved inputs, interpreter and packages. The text of guild.yml does not count: what it says about the
 * operation is in the record.
 */

#include <stdlib.h>
#include <string.h>

#include <guild/diff.h>

#include "stage.h"

enum { SHOWN_MAX = 200, DIFF_TEXT_MAX = 4 << 20 };

struct source_file {
	const char *path; /* relative to the source root */
	char sha1[65];
};

struct guild_exec_now {
	const struct guild_exec_op *x;
	struct guild_arena *a;
	struct guild_value *record;
	struct source_file *files;
	size_t n_files;
	char *root;
	bool has_files;
	struct guild_inputs inputs;
	bool has_inputs;
	struct guild_map packages; /* name -> its line */
	bool has_packages;
};

/* A list of differences being made. */
struct finder {
	struct guild_exec_now *now;
	const struct guild_run *run; /* or the prototype of a batch */
	struct guild_differences *out;
	size_t max;
	struct guild_error *err;
};

const char *guild_difference_kind_name(enum guild_difference_kind kind)
{
	static const char *const names[] = {
		"operation", "flag", "source", "input", "python", "package", "steps"};
	return names[kind];
}

void guild_differences_fini(struct guild_differences *d)
{
	free(d->v);
	*d = (struct guild_differences){0};
}

static bool is_full(const struct finder *f)
{
	return f->max > 0 && f->out->n >= f->max;
}

static void add(struct finder *f, enum guild_difference_kind kind, const char *name,
	const char *before, const char *after)
{
	if (!is_full(f)) {
		f->out->v = guild_grow_array(f->out->v, &f->out->cap, f->out->n + 1,
			sizeof(*f->out->v));
		f->out->v[f->out->n++] = (struct guild_difference){.kind = kind,
			.name = guild_arena_strdup(f->now->a, name),
			.before = before ? guild_arena_strdup(f->now->a, before) : NULL,
			.after = after ? guild_arena_strdup(f->now->a, after) : NULL};
	}
}

static const char *shown(struct finder *f, const struct guild_value *v)
{
	struct guild_buf b = {0};
	if (!v) {
		return NULL;
	}
	guild_flag_encode(&b, v);
	const char *text = guild_arena_strndup(f->now->a, guild_buf_cstr(&b),
		b.n < SHOWN_MAX ? b.n : SHOWN_MAX);
	guild_buf_fini(&b);
	return text;
}

static bool same_value(const struct guild_value *a, const struct guild_value *b)
{
	return guild_value_is_null(a) ? guild_value_is_null(b)
				      : !guild_value_is_null(b) && guild_value_eq(a, b);
}

/* Every key of either mapping. `is_left_out` may be NULL. */
static void compare_dicts(struct finder *f, enum guild_difference_kind kind, const char *prefix,
	const struct guild_value *before, const struct guild_value *after,
	bool (*is_left_out)(const char *key, const struct guild_value *a,
		const struct guild_value *b))
{
	const struct guild_value *sides[] = {before, after};
	for (size_t s = 0; s < 2; s++) {
		for (size_t i = 0; sides[s] && sides[s]->type == GUILD_DICT && i < sides[s]->n;
			i++) {
			const char *key = guild_value_text(sides[s]->pairs[i].key);
			const struct guild_value *a = guild_value_get(before, key ? key : "");
			const struct guild_value *b = guild_value_get(after, key ? key : "");
			/* Those of both sides were seen in the first round. */
			bool is_seen = s == 1 && a;
			if (!key || is_seen || same_value(a, b) ||
				(is_left_out && is_left_out(key, a, b))) {
				continue;
			}
			char *name = guild_format("%s%s", prefix, key);
			add(f, kind, name, shown(f, a), shown(f, b));
			free(name);
		}
	}
}

/* ---- the operation -------------------------------------------------------------------------------------------- */

static int need_record(struct finder *f)
{
	struct guild_exec_now *now = f->now;
	return now->record ? 0 : guild_op_record(now->a, now->x, &now->record, f->err);
}

/* What tells of the machine or the reference, not of the operation. */
static bool is_surroundings(const char *key, const struct guild_value *a,
	const struct guild_value *b)
{
	static const char *const names[] = {"GUILD_PLUGINS", "PYTHONPATH", "CUDA_VISIBLE_DEVICES"};
	(void)a;
	(void)b;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(names); i++) {
		if (strcmp(key, names[i]) == 0) {
			return true;
		}
	}
	return false;
}

/* Dependencies as they are defined: `config` says which flag values chose their sources, which flags and inputs tell. */
static const struct guild_value *definitions(struct guild_arena *a, const struct guild_value *deps)
{
	struct guild_value *list = guild_value_list(a);
	for (size_t i = 0; deps && deps->type == GUILD_LIST && i < deps->n; i++) {
		struct guild_value *dep = guild_value_copy(a, deps->items[i]);
		if (dep->type == GUILD_DICT) {
			guild_value_unset(dep, "config");
		}
		guild_value_append(a, list, dep);
	}
	return list;
}

static int compare_operation(struct finder *f)
{
	static const char *const parts[] = {
		"env-secrets", "output-scalars", "python-requires", "sourcecode"};
	static const char *const cmd_parts[] = {"cmd-args", "cmd-flags", "flags-dest"};
	int rc = need_record(f);
	if (rc != 0) {
		return rc;
	}
	const struct guild_value *before = guild_run_attr(f->run, f->now->a, "op");
	const struct guild_value *after = f->now->record;
	const struct guild_value *cmd_before = guild_value_get(before, "op-cmd");
	const struct guild_value *cmd_after = guild_value_get(after, "op-cmd");
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cmd_parts); i++) {
		const struct guild_value *a = guild_value_get(cmd_before, cmd_parts[i]);
		const struct guild_value *b = guild_value_get(cmd_after, cmd_parts[i]);
		if (!same_value(a, b)) {
			add(f, GUILD_DIFFERENCE_OPERATION, cmd_parts[i], shown(f, a), shown(f, b));
		}
	}
	compare_dicts(f, GUILD_DIFFERENCE_OPERATION, "env ", guild_value_get(cmd_before, "cmd-env"),
		guild_value_get(cmd_after, "cmd-env"), is_surroundings);
	const struct guild_value *deps_before =
		definitions(f->now->a, guild_value_get(before, "deps"));
	const struct guild_value *deps_after =
		definitions(f->now->a, guild_value_get(after, "deps"));
	if (!same_value(deps_before, deps_after)) {
		add(f, GUILD_DIFFERENCE_OPERATION, "deps", shown(f, deps_before),
			shown(f, deps_after));
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(parts); i++) {
		const struct guild_value *a = guild_value_get(before, parts[i]);
		const struct guild_value *b = guild_value_get(after, parts[i]);
		if (!same_value(a, b)) {
			add(f, GUILD_DIFFERENCE_OPERATION, parts[i], shown(f, a), shown(f, b));
		}
	}
	return 0;
}

/* ---- flags ------------------------------------------------------------------------------------------------------ */

static bool is_run_id(const struct guild_value *v)
{
	const char *text = guild_value_text(v);
	return text && strlen(text) == GUILD_RUN_ID_LEN &&
	       strspn(text, "0123456789abcdef") == GUILD_RUN_ID_LEN;
}

/* Which run an input came from is told by the content of the input. */
static bool names_runs(const char *key, const struct guild_value *a, const struct guild_value *b)
{
	(void)key;
	return is_run_id(a) && is_run_id(b);
}

static void compare_flags(struct finder *f)
{
	compare_dicts(f, GUILD_DIFFERENCE_FLAG, "", guild_run_attr(f->run, f->now->a, "flags"),
		f->now->x->flags, names_runs);
}

/* ---- source code ---------------------------------------------------------------------------------------------------- */

static int hash_project(struct guild_exec_now *now, struct guild_error *err)
{
	struct guild_source_selection sel = {0};
	int rc = guild_source_select(now->x->project, now->x->op, false, &sel, NULL, err);
	if (rc != 0) {
		return rc;
	}
	size_t n = sel.disabled ? 0 : sel.n_files;
	now->root = guild_strdup(sel.root);
	now->files = guild_arena_alloc(now->a, (n + 1) * sizeof(*now->files));
	for (size_t i = 0; i < n; i++) {
		struct source_file *file = &now->files[now->n_files];
		char *path = guild_path_join(sel.root, sel.files[i].path);
		bool is_guild_file = guild_streq(path, now->x->project->path);
		if (!is_guild_file && guild_digest_file(GUILD_SHA1, path, file->sha1, NULL) == 0) {
			file->path = guild_arena_strdup(now->a, sel.files[i].path);
			now->n_files++;
		}
		free(path);
	}
	guild_source_selection_fini(&sel);
	return 0;
}

/* --proto: the files of that run. */
static int take_proto(struct guild_exec_now *now, struct guild_error *err)
{
	struct guild_manifest m = {0};
	int rc = guild_manifest_read(now->x->proto, now->a, &m, NULL, err);
	now->files = guild_arena_alloc(now->a, (m.n + 1) * sizeof(*now->files));
	for (size_t i = 0; i < m.n; i++) {
		if (m.v[i].kind == 's' && strlen(m.v[i].sha1) < sizeof(now->files->sha1)) {
			struct source_file *file = &now->files[now->n_files++];
			file->path = m.v[i].source;
			memcpy(file->sha1, m.v[i].sha1, strlen(m.v[i].sha1) + 1);
		}
	}
	now->root = guild_strdup(now->x->proto->dir);
	return rc;
}

static bool is_own_guild_file(const struct guild_exec_now *now, const char *path)
{
	const struct guild_project *p = now->x->project;
	char *full = p && p->path && now->root ? guild_path_join(now->root, path) : NULL;
	bool is_it = full && strcmp(full, p->path) == 0;
	free(full);
	return is_it;
}

static int compare_source(struct finder *f)
{
	struct guild_exec_now *now = f->now;
	struct guild_manifest m = {0};
	struct guild_map before = {0};
	int rc = 0;
	if (!now->has_files) {
		bool from_proto = now->x->proto && !now->x->options->force_sourcecode;
		rc = from_proto ? take_proto(now, f->err) : hash_project(now, f->err);
		now->has_files = rc == 0;
	}
	rc = rc ? rc : guild_manifest_read(f->run, now->a, &m, NULL, f->err);
	for (size_t i = 0; i < m.n; i++) {
		if (m.v[i].kind == 's' && !is_own_guild_file(now, m.v[i].source)) {
			guild_map_put(&before, m.v[i].source, &m.v[i]);
		}
	}
	for (size_t i = 0; i < now->n_files && rc == 0 && !is_full(f); i++) {
		const struct guild_manifest_entry *e = guild_map_get(&before, now->files[i].path);
		if (!e || strcmp(e->sha1, now->files[i].sha1) != 0) {
			add(f, GUILD_DIFFERENCE_SOURCE, now->files[i].path, e ? e->sha1 : NULL,
				now->files[i].sha1);
		}
		guild_map_put(&before, now->files[i].path, NULL);
	}
	for (size_t i = 0; i < before.n && rc == 0 && !is_full(f); i++) {
		const struct guild_manifest_entry *e = before.entries[i].value;
		if (e) {
			add(f, GUILD_DIFFERENCE_SOURCE, e->source, e->sha1, NULL);
		}
	}
	guild_map_fini(&before);
	return rc;
}

void guild_exec_source_diff(const struct guild_exec_now *now, const struct guild_run *run,
	const struct guild_difference *d, struct guild_buf *out)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_manifest m = {0};
	struct guild_buf before = {0}, after = {0};
	const char *copy = NULL;
	(void)guild_manifest_read(run, a, &m, NULL, NULL);
	for (size_t i = 0; i < m.n; i++) {
		bool is_it = m.v[i].kind == 's' && strcmp(m.v[i].source, d->name) == 0;
		copy = is_it && guild_path_is_beneath(m.v[i].path) ? m.v[i].path : copy;
	}
	char *old_path = guild_path_join(run->dir, copy ? copy : d->name);
	char *new_path = guild_path_join(now->root ? now->root : ".", d->name);
	if (d->before) {
		(void)guild_file_read(old_path, DIFF_TEXT_MAX, &before, NULL);
	}
	if (d->after) {
		(void)guild_file_read(new_path, DIFF_TEXT_MAX, &after, NULL);
	}
	bool is_text = !(before.n && memchr(before.p, 0, before.n)) &&
		       !(after.n && memchr(after.p, 0, after.n));
	if (is_text) {
		char *old_name = guild_format("%.8s/%s", run->id, d->name);
		guild_line_diff(guild_buf_str(&before), guild_buf_str(&after), old_name, d->name,
			out);
		free(old_name);
	}
	free(old_path);
	free(new_path);
	guild_buf_fini(&before);
	guild_buf_fini(&after);
	guild_arena_free(a);
}

/* ---- inputs --------------------------------------------------------------------------------------------------------- */

/* Content where both know it; else the run it came from. What nobody can tell counts as changed. */
static bool same_input(const struct guild_input *a, const struct guild_input *b)
{
	if (a->sha1[0] && b->sha1[0]) {
		return strcmp(a->sha1, b->sha1) == 0;
	}
	return a->run_id && b->run_id && strcmp(a->run_id, b->run_id) == 0;
}

static const char *input_text(const struct guild_input *i)
{
	return !i ? NULL : i->sha1[0] ? i->sha1 : i->run_id ? i->run_id : "?";
}

static int compare_inputs(struct finder *f)
{
	struct guild_exec_now *now = f->now;
	struct guild_inputs before = {0};
	int rc = 0;
	if (!now->has_inputs) {
		rc = guild_exec_inputs(now->x, now->a, &now->inputs, f->err);
		now->has_inputs = rc == 0;
	}
	if (rc != 0 || (now->inputs.n == 0 && !guild_run_attr(f->run, now->a, "deps"))) {
		return rc;
	}
	rc = guild_run_inputs(f->run, now->a, &before, f->err);
	for (size_t i = 0; i < now->inputs.n && rc == 0; i++) {
		const struct guild_input *b = &now->inputs.v[i];
		const struct guild_input *a = guild_inputs_find(&before, b);
		if (!a || !same_input(a, b)) {
			add(f, GUILD_DIFFERENCE_INPUT, b->source, input_text(a), input_text(b));
		}
	}
	for (size_t i = 0; i < before.n && rc == 0; i++) {
		if (!guild_inputs_find(&now->inputs, &before.v[i])) {
			add(f, GUILD_DIFFERENCE_INPUT, before.v[i].source, input_text(&before.v[i]),
				NULL);
		}
	}
	return rc;
}

/* ---- Python ------------------------------------------------------------------------------------------------------------ */

static const char *package_name(struct guild_arena *a, const char *line)
{
	/* "-e git+https://…#egg=NAME" and "NAME @ URL" are told apart by their whole text. */
	const char *equals = strstr(line, "==");
	return equals ? guild_arena_strndup(a, line, (size_t)(equals - line)) : line;
}

static void add_package(struct guild_arena *a, struct guild_map *to, const char *line)
{
	const char *kept = guild_arena_strdup(a, line);
	guild_map_put(to, package_name(a, kept), (void *)kept);
}

static int need_packages(struct finder *f)
{
	struct guild_exec_now *now = f->now;
	const struct guild_exec_world *world = now->x->world;
	struct guild_strs lines = {0};
	if (now->has_packages) {
		return 0;
	}
	char *cache = guild_path_join(world->home->path, "cache");
	int rc = guild_python_packages(world->python, cache, &lines, f->err);
	for (size_t i = 0; i < lines.n; i++) {
		add_package(now->a, &now->packages, lines.v[i]);
	}
	free(cache);
	guild_strs_fini(&lines);
	now->has_packages = rc == 0;
	return rc;
}

static const char *version_of(const char *line)
{
	const char *equals = line ? strstr(line, "==") : NULL;
	return equals ? equals + 2 : line;
}

static int compare_packages(struct finder *f)
{
	const struct guild_value *list = guild_run_attr(f->run, f->now->a, "pip_freeze");
	struct guild_map before = {0};
	if (!list || list->type != GUILD_LIST ||
		!guild_packages_wanted(f->now->record, f->now->x->world)) {
		return 0;
	}
	int rc = need_packages(f);
	for (size_t i = 0; i < list->n; i++) {
		if (guild_value_text(list->items[i])) {
			add_package(f->now->a, &before, guild_value_text(list->items[i]));
		}
	}
	const struct guild_map *sides[] = {&before, &f->now->packages};
	for (size_t s = 0; s < 2 && rc == 0; s++) {
		for (size_t i = 0; i < sides[s]->n; i++) {
			const char *name = sides[s]->entries[i].key;
			const char *a = guild_map_get(&before, name);
			const char *b = guild_map_get(&f->now->packages, name);
			if (!guild_streq(a, b) && !(s == 1 && a)) {
				add(f, GUILD_DIFFERENCE_PACKAGE, name, version_of(a),
					version_of(b));
			}
		}
	}
	guild_map_fini(&before);
	return rc;
}

static int compare_python(struct finder *f)
{
	struct guild_arena *a = f->now->a;
	const struct guild_python *python = f->now->x->world->python;
	const struct guild_value *words =
		guild_value_get(guild_value_get(f->now->record, "op-cmd"), "cmd-args");
	const char *program = words && words->n > 0 ? guild_value_text(words->items[0]) : NULL;
	if (!python || !guild_streq(program, "${python_exe}")) {
		return 0;
	}
	const struct guild_value *cmd = guild_run_attr(f->run, a, "cmd");
	const char *exe = cmd && cmd->type == GUILD_LIST && cmd->n > 0
				  ? guild_value_text(cmd->items[0])
				  : NULL;
	const char *version =
		guild_value_text(guild_value_get(guild_run_attr(f->run, a, "platform"),
			"python_version"));
	if (exe && strcmp(exe, python->exe) != 0) {
		add(f, GUILD_DIFFERENCE_PYTHON, "interpreter", exe, python->exe);
	}
	if (version && python->full_version[0] && strcmp(version, python->full_version) != 0 &&
		strcmp(version, python->version) != 0) {
		add(f, GUILD_DIFFERENCE_PYTHON, "version", version, python->version);
	}
	return is_full(f) ? 0 : compare_packages(f);
}

/* ---- pipelines ------------------------------------------------------------------------------------------------------------ */

static void compare_steps(struct finder *f)
{
	const struct guild_op_def *op = f->now->x->op;
	const struct guild_value *before = guild_run_attr(f->run, f->now->a, "steps");
	const struct guild_value *after = op && guild_op_is_pipeline(op) ? op->steps : NULL;
	if (after && !same_value(before, after)) {
		add(f, GUILD_DIFFERENCE_STEPS, "steps", NULL, NULL);
	}
}

/* ---- public -------------------------------------------------------------------------------------------------------------------- */

struct guild_exec_now *guild_exec_now_new(const struct guild_exec_op *x)
{
	struct guild_exec_now *now = guild_alloc(sizeof(*now));
	now->x = x;
	now->a = guild_arena_new();
	/* --proto of an operation that is gone: its record is all there is. */
	now->record = (struct guild_value *)x->record;
	return now;
}

void guild_exec_now_free(struct guild_exec_now *now)
{
	if (now) {
		guild_map_fini(&now->packages);
		guild_arena_free(now->a);
		free(now->root);
		free(now);
	}
}

static int find_all(struct finder *f)
{
	compare_flags(f);
	int rc = is_full(f) ? 0 : compare_operation(f);
	if (rc == 0 && !is_full(f)) {
		compare_steps(f);
	}
	rc = rc || is_full(f) ? rc : compare_source(f);
	/* A prototype has no inputs of its own: its trials resolve them. */
	bool is_proto = guild_streq(guild_path_basename(f->run->dir), "proto");
	rc = rc || is_full(f) || is_proto ? rc : compare_inputs(f);
	return rc || is_full(f) ? rc : compare_python(f);
}

static int compare_kinds(const void *a, const void *b)
{
	const struct guild_difference *x = a, *y = b;
	return x->kind != y->kind ? (x->kind < y->kind ? -1 : 1) : strcmp(x->name, y->name);
}

int guild_exec_differences(struct guild_exec_now *now, const struct guild_run *run, size_t max,
	struct guild_differences *out, struct guild_error *err)
{
	struct guild_run proto = {0};
	struct finder f = {.now = now, .run = run, .out = out, .max = max, .err = err};
	int rc = 0;
	if (guild_run_is_batch(run)) {
		char *dir = guild_path_join(run->guild_dir, "proto");
		rc = guild_run_open(dir, &proto, err);
		f.run = &proto;
		free(dir);
	}
	rc = rc ? rc : find_all(&f);
	if (out->n > 1) {
		qsort(out->v, out->n, sizeof(*out->v), compare_kinds);
	}
	guild_run_fini(&proto);
	return rc;
}
