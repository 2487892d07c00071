/* Goes through the dependencies of a run, source by source: skip, find, place, record (resources.md 6). */

#include <stdlib.h>
#include <string.h>

#include "resolve.h"

static guild_resolve_fn *const resolvers[] = {
	[GUILD_SOURCE_CONFIG] = guild_resolve_config,
	[GUILD_SOURCE_DVCFILE] = guild_resolve_dvcfile,
	[GUILD_SOURCE_DVCSTAGE] = guild_resolve_dvcstage,
	[GUILD_SOURCE_FILE] = guild_resolve_file,
	[GUILD_SOURCE_MODULE] = guild_resolve_module,
	[GUILD_SOURCE_OPERATION] = guild_resolve_operation,
	[GUILD_SOURCE_URL] = guild_resolve_url,
};

struct pass {
	const struct guild_deps_request *req;
	struct guild_arena *a;
	struct guild_placing *placing;
	struct guild_value *deps;   /* attribute deps */
	struct guild_value *inputs; /* attribute _resolved */
	struct guild_map done;      /* sources of this pass: "RESOURCE\nSOURCE" -> data */
	char *cache_dir;
	bool is_told; /* that the resource is being resolved */
};

/* ---- one source ------------------------------------------------------------------------------------------------ */

static bool look_up(void *arg, const char *name, struct guild_buf *out)
{
	const struct guild_value *value = guild_value_get(arg, name);
	if (value) {
		guild_flag_env_value(out, value, NULL);
	}
	return value != NULL;
}

/* Flags are referred to in paths, URLs and which runs are meant; not in names of modules and stages. */
static int resolve_spec(struct guild_resolving *r, struct guild_error *err)
{
	struct guild_buf text = {0};
	if (r->source->kind == GUILD_SOURCE_MODULE) {
		r->spec = r->source->spec;
		return 0;
	}
	int rc = guild_refs_resolve(r->source->spec, look_up, (void *)r->req->flags, &text, err);
	r->spec = guild_arena_strdup(r->arena, guild_buf_cstr(&text));
	guild_buf_fini(&text);
	return rc;
}

/* The project's directory, then those of its packages; absolute. */
static const char *const *locations(struct guild_arena *a, const struct guild_value *dep,
	const char *cwd)
{
	const struct guild_value *more = guild_value_get(dep, "parent-locations");
	size_t n = more && more->type == GUILD_LIST ? more->n : 0;
	const char **dirs = guild_arena_alloc(a, (n + 2) * sizeof(*dirs));
	for (size_t i = 0; i <= n; i++) {
		const char *text = guild_value_text(i == 0 ? guild_value_get(dep, "location")
							   : more->items[i - 1]);
		char *dir = guild_path_abs(text ? text : ".", cwd);
		dirs[i] = guild_arena_strdup(a, dir);
		free(dir);
	}
	return dirs;
}

static void find_flag(struct guild_resolving *r, const struct guild_value *dep)
{
	const char *name = NULL;
	const struct guild_value *v = guild_source_flag_value(r->source, r->req->flags, &name);
	if (!v) {
		v = guild_source_flag_value(r->source, guild_value_get(dep, "config"), &name);
	}
	if (!guild_value_is_null(v)) {
		r->flag = v;
		r->flag_name = name;
	}
}

static int find_source(struct guild_resolving *r, const struct guild_value *dep,
	struct guild_error *err)
{
	r->dirs = locations(r->arena, dep, r->req->world->cwd);
	find_flag(r, dep);
	int rc = resolve_spec(r, err);
	return rc ? rc : resolvers[r->source->kind](r, err);
}

static int check_empty(const struct guild_resolving *r, struct guild_error *err)
{
	if (r->n_found > 0 || r->may_be_empty) {
		return 0;
	}
	if (r->source->fail_if_empty) {
		return guild_error_set(err, GUILD_ENOTFOUND, "nothing resolved for %s",
			r->source->name);
	}
	if (r->source->warn_if_empty) {
		guild_log(r->req->world->log, "warning", "nothing resolved for %s",
			r->source->name);
	}
	return 0;
}

/* ---- records ------------------------------------------------------------------------------------------------------ */

/* What the source is, as one hash: that of the one file it is, else of a list of paths and hashes. */
static int source_digest(const struct guild_resolving *r, const char *cache_dir, char out[41],
	int64_t *size, struct guild_error *err)
{
	bool is_one_file = r->n_found == 1 && r->source->kind == GUILD_SOURCE_FILE &&
			   !guild_resolve_selects(r->source);
	const char *one = r->origin ? r->origin : is_one_file ? r->found[0].path : NULL;
	if (one) {
		return guild_content_sha1(one, cache_dir, out, size, err);
	}
	struct guild_digest *d = guild_digest_new(GUILD_SHA1);
	int rc = 0;
	*size = 0;
	for (size_t i = 0; i < r->n_found && rc == 0; i++) {
		char hex[41];
		int64_t more = 0;
		rc = guild_content_sha1(r->found[i].path, cache_dir, hex, &more, err);
		if (rc == 0) {
			guild_digest_update(d, r->found[i].rel, strlen(r->found[i].rel) + 1);
			guild_digest_update(d, hex, strlen(hex));
			guild_digest_update(d, "\n", 1);
			*size += more;
		}
	}
	char hex[65];
	guild_digest_finish(d, hex);
	if (rc == 0) {
		memcpy(out, hex, 41);
	}
	return rc;
}

static void put_text(struct guild_arena *a, struct guild_value *map, const char *key,
	const char *text)
{
	if (text) {
		guild_value_set(a, map, key, guild_value_string(a, text));
	}
}

static bool is_entry_of(const struct guild_value *entry, const struct guild_resolving *r)
{
	return guild_streq(guild_value_text(guild_value_get(entry, "resource")),
		       r->resource->name) &&
	       guild_streq(guild_value_text(guild_value_get(entry, "source")), r->source->name);
}

static void record_input(struct pass *p, const struct guild_resolving *r, const char *sha1,
	int64_t size, struct guild_value *targets)
{
	struct guild_value *entry = guild_value_dict(p->a);
	put_text(p->a, entry, "resource", r->resource->name);
	put_text(p->a, entry, "source", r->source->name);
	put_text(p->a, entry, "uri", r->source->uri);
	put_text(p->a, entry, "run", r->run_id);
	put_text(p->a, entry, "sha1", sha1);
	guild_value_set(p->a, entry, "size", guild_value_int(p->a, size));
	guild_value_set(p->a, entry, "targets", targets);
	for (size_t i = 0; r->source->always_resolve && i < p->inputs->n; i++) {
		if (is_entry_of(p->inputs->items[i], r)) {
			p->inputs->items[i] = entry;
			return;
		}
	}
	guild_value_append(p->a, p->inputs, entry);
}

static void record_dep(struct pass *p, const struct guild_resolving *r, struct guild_value *done)
{
	struct guild_value *entry = guild_value_dict(p->a);
	struct guild_value *paths = guild_value_list(p->a);
	for (size_t i = 0; i < r->n_found; i++) {
		char *rel = guild_path_rel(r->found[i].path, p->req->run->dir);
		guild_value_append(p->a, paths, guild_value_string(p->a, rel));
		free(rel);
	}
	if (r->chosen) {
		guild_value_set(p->a, entry, "config", guild_value_string(p->a, r->chosen));
	} else if (r->flag) {
		guild_value_set(p->a, entry, "config", guild_value_copy(p->a, r->flag));
	}
	guild_value_set(p->a, entry, "paths", paths);
	put_text(p->a, entry, "uri", r->source->uri);
	guild_value_set(p->a, done, r->source->name, entry);
}

/* After every source: whoever is killed goes on from here. */
static int write_records(const struct pass *p, struct guild_error *err)
{
	int rc = guild_run_attr_write(p->req->run, "_resolved", p->inputs, p->req->durable, err);
	return rc ? rc : guild_run_attr_write(p->req->run, "deps", p->deps, p->req->durable, err);
}

/* ---- the pass ------------------------------------------------------------------------------------------------------ */

static const char *source_key(struct pass *p, const struct guild_resource *resource,
	const struct guild_source *source)
{
	return guild_arena_format(p->a, "%s\n%s", resource->name, source->name);
}

/* A restart may choose another file or run by a flag. */
static bool is_chosen_anew(const struct pass *p, const struct guild_source *source,
	const struct guild_value *entry)
{
	const char *name = NULL;
	const char *now = guild_value_text(guild_source_flag_value(source, p->req->flags, &name));
	const char *then = guild_value_text(guild_value_get(entry, "config"));
	return now && then && strcmp(now, then) != 0;
}

/* Resolved by an earlier start, or the same thing asked for twice. Another source of that name is resolved, too (0.9.0 passed it over). */
static bool is_resolved(struct pass *p, const struct guild_resource *resource,
	const struct guild_source *source, const struct guild_value *done)
{
	const struct guild_value *entry = guild_value_get(done, source->name);
	if (source->always_resolve || !entry || is_chosen_anew(p, source, entry)) {
		return false;
	}
	const char *key = source_key(p, resource, source);
	const struct guild_value *same = guild_map_get(&p->done, key);
	return !same || guild_value_eq(same, source->data);
}

/* The input of the run that is repeated, where it comes from that run's own copy; else NULL. */
static const struct guild_input *find_copy(const struct pass *p,
	const struct guild_resource *resource, const struct guild_source *source)
{
	const struct guild_inputs *all = p->req->repeat ? &p->req->repeat->copies : NULL;
	for (size_t i = 0; all && i < all->n; i++) {
		if (guild_streq(all->v[i].resource, resource->name) &&
			guild_streq(all->v[i].source, source->name)) {
			return &all->v[i];
		}
	}
	return NULL;
}

static void take_copy(const struct pass *p, struct guild_resolving *r, const struct guild_input *in)
{
	for (size_t i = 0; in->targets[i]; i++) {
		char *path = guild_path_join(p->req->repeat->run->dir, in->targets[i]);
		struct guild_found *f = guild_found_add(r, path, in->targets[i]);
		f->target = in->targets[i];
		free(path);
	}
	r->may_be_empty = true;
	r->run_id = in->run_id;
	r->chosen = in->run_id;
}

/* What an earlier start placed for a source that is chosen anew gives way. */
static int clear_targets(struct pass *p, const struct guild_resolving *r,
	const struct guild_value *done, struct guild_error *err)
{
	const struct guild_value *old = guild_value_get(done, r->source->name);
	int rc = 0;
	if (!old || guild_map_has(&p->done, source_key(p, r->resource, r->source)) ||
		!is_chosen_anew(p, r->source, old)) {
		return 0;
	}
	for (size_t i = 0; i < p->inputs->n; i++) {
		struct guild_value *entry = p->inputs->items[i];
		const struct guild_value *targets = guild_value_get(entry, "targets");
		if (!is_entry_of(entry, r)) {
			continue;
		}
		for (size_t k = 0; targets && k < targets->n && rc == 0; k++) {
			const char *target = guild_value_text(targets->items[k]);
			if (target && guild_path_is_beneath(target)) {
				char *path = guild_path_join(p->req->run->dir, target);
				rc = guild_rmtree(path, err);
				free(path);
			}
		}
		memmove(&p->inputs->items[i], &p->inputs->items[i + 1],
			(p->inputs->n - i - 1) * sizeof(*p->inputs->items));
		p->inputs->n--;
		i--;
	}
	return rc;
}

static int resolve_source(struct pass *p, const struct guild_value *dep,
	const struct guild_resource *resource, const struct guild_source *source,
	struct guild_value *done, struct guild_error *err)
{
	struct guild_resolving r = {
		.req = p->req, .arena = p->a, .resource = resource, .source = source};
	struct guild_value *targets = guild_value_list(p->a);
	const struct guild_input *kept = find_copy(p, resource, source);
	int rc = 0;
	if (kept) {
		take_copy(p, &r, kept);
	} else {
		rc = find_source(&r, dep, err);
	}
	rc = rc ? rc : check_empty(&r, err);
	/* before placing: what was made for the run is moved */
	char sha1[41];
	int64_t size = 0;
	rc = rc ? rc : source_digest(&r, p->cache_dir, sha1, &size, err);
	if (rc == 0 && kept && kept->sha1[0]) {
		/* of the whole archive or config file, which a copy of its parts does not tell */
		snprintf(sha1, sizeof(sha1), "%s", kept->sha1);
	}
	rc = rc ? rc : clear_targets(p, &r, done, err);
	for (size_t i = 0; i < r.n_found && rc == 0; i++) {
		rc = guild_placing_put(p->placing, &r, &r.found[i], targets, err);
	}
	if (rc == 0) {
		record_input(p, &r, sha1, size, targets);
		record_dep(p, &r, done);
		guild_map_put(&p->done, source_key(p, resource, source), (void *)source->data);
		rc = write_records(p, err);
	}
	return rc;
}

static int not_met(const struct pass *p, const struct guild_resource *resource,
	const struct guild_source *source, const struct guild_error *why, struct guild_error *err)
{
	const struct guild_value *at = source->data;
	guild_error_set(err, why->code,
		"a dependency was not met: cannot resolve '%s' of resource '%s': %s", source->name,
		resource->name, why->text);
	if (p->req->file && at->line) {
		guild_error_where(err, "%s:%u:%u", at->file ? at->file : p->req->file, at->line,
			at->column);
	}
	if (source->help) {
		guild_error_hint(err, "%s", source->help);
	} else if (why->hint[0]) {
		guild_error_hint(err, "%s", why->hint);
	}
	return why->code;
}

static int take_source(struct pass *p, const struct guild_value *dep,
	const struct guild_resource *resource, const struct guild_source *source,
	struct guild_value *done, struct guild_error *err)
{
	const struct guild_log *log = p->req->world->log;
	if (is_resolved(p, resource, source, done)) {
		return 0;
	}
	if (!p->is_told) {
		guild_log(log, "info", "Resolving %s", resource->name);
		p->is_told = true;
	}
	bool waits =
		source->kind == GUILD_SOURCE_OPERATION || source->kind == GUILD_SOURCE_DVCSTAGE;
	if (p->req->is_staging && waits) {
		guild_log(log, "info", "%s will be resolved when the run starts", source->name);
		return 0;
	}
	struct guild_error why = {0};
	int rc = resolve_source(p, dep, resource, source, done, &why);
	if (rc == 0) {
		return 0;
	}
	if (source->optional) {
		guild_log(log, "info", "%s is optional and could not be resolved: %s", source->name,
			why.text);
		return 0;
	}
	rc = not_met(p, resource, source, &why, err);
	if (p->req->repeat && p->req->repeat->is_unmet) {
		*p->req->repeat->is_unmet = true;
	}
	if (p->req->force) {
		guild_log(log, "warning", "%s", err->text);
		return 0;
	}
	return rc;
}

static int take_dep(struct pass *p, const struct guild_value *dep, struct guild_error *err)
{
	struct guild_resource resource;
	int rc = guild_resource_parse(p->a, dep, NULL,
		guild_value_text(guild_value_get(dep, "name")), NULL, &resource, NULL, err);
	if (rc != 0) {
		return guild_error_wrap(err, "the record of the operation");
	}
	struct guild_value *done = guild_value_get(p->deps, resource.name);
	if (!done || done->type != GUILD_DICT) {
		done = guild_value_dict(p->a);
		guild_value_set(p->a, p->deps, resource.name, done);
	}
	p->is_told = false;
	for (size_t i = 0; i < resource.n_sources && rc == 0; i++) {
		rc = take_source(p, dep, &resource, &resource.sources[i], done, err);
	}
	return rc;
}

int guild_deps_resolve(const struct guild_deps_request *req, const struct guild_value *deps,
	struct guild_error *err)
{
	struct guild_error own = {0};
	struct pass p = {.req = req, .a = guild_arena_new()};
	struct guild_value *recorded = guild_run_attr(req->run, p.a, "deps");
	struct guild_value *inputs = guild_run_attr(req->run, p.a, "_resolved");
	err = err ? err : &own;
	p.deps = recorded && recorded->type == GUILD_DICT ? recorded : guild_value_dict(p.a);
	p.inputs = inputs && inputs->type == GUILD_LIST ? inputs : guild_value_list(p.a);
	p.placing = guild_placing_new(req, p.a);
	p.cache_dir = guild_path_join(req->world->home->path, "cache");
	int rc = 0;
	for (size_t i = 0; deps && deps->type == GUILD_LIST && i < deps->n && rc == 0; i++) {
		rc = take_dep(&p, deps->items[i], err);
	}
	if (rc == 0) {
		rc = guild_run_attr_write(req->run, "deps", p.deps, req->durable, err);
	}
	char *dvc = guild_path_join(req->run->guild_dir, "dvc"); /* what `dvc pull` worked in */
	(void)guild_rmtree(dvc, NULL);
	free(dvc);
	guild_placing_free(p.placing);
	guild_map_fini(&p.done);
	free(p.cache_dir);
	guild_arena_free(p.a);
	return rc;
}

/* ---- looking only ---------------------------------------------------------------------------------------------------- */

int guild_deps_look(const struct guild_deps_request *req, const struct guild_value *dep,
	const struct guild_resource *resource, const struct guild_source *source,
	struct guild_arena *a, struct guild_input *out)
{
	struct guild_resolving r = {.req = req,
		.arena = a,
		.resource = resource,
		.source = source,
		.is_only_looking = true};
	char *cache_dir = guild_path_join(req->world->home->path, "cache");
	char sha1[41] = "";
	int64_t size = -1;
	int rc = find_source(&r, dep, NULL);
	rc = rc ? rc : source_digest(&r, cache_dir, sha1, &size, NULL);
	*out = (struct guild_input){.resource = resource->name,
		.source = source->name,
		.uri = source->uri,
		.sha1 = guild_arena_strdup(a, rc ? "" : sha1),
		.size_bytes = rc ? -1 : size,
		.run_id = r.run_id,
		.targets = guild_arena_alloc(a, sizeof(char *))};
	free(cache_dir);
	return rc;
}
