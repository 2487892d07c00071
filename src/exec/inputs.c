/* Inputs of runs: what was resolved for one, what would be resolved for the next; which runs dependencies mean. */

#include <stdlib.h>
#include <string.h>

#include "resolve.h"

/* ---- of a run --------------------------------------------------------------------------------------------------- */

static const char *text_of(const struct guild_value *map, const char *key, const char *missing)
{
	const char *text = guild_value_text(guild_value_get(map, key));
	return text ? text : missing;
}

static const char **texts_of(struct guild_arena *a, const struct guild_value *list)
{
	size_t n = list && list->type == GUILD_LIST ? list->n : 0;
	const char **texts = guild_arena_alloc(a, (n + 1) * sizeof(*texts));
	size_t n_texts = 0;
	for (size_t i = 0; i < n; i++) {
		const char *text = guild_value_text(list->items[i]);
		if (text) {
			texts[n_texts++] = text;
		}
	}
	return texts;
}

static void read_entries(struct guild_arena *a, const struct guild_value *list,
	struct guild_inputs *out)
{
	out->v = guild_arena_alloc(a, (list->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < list->n; i++) {
		const struct guild_value *entry = list->items[i];
		const struct guild_value *size = guild_value_get(entry, "size");
		if (entry->type != GUILD_DICT) {
			continue;
		}
		out->v[out->n++] = (struct guild_input){
			.resource = text_of(entry, "resource", ""),
			.source = text_of(entry, "source", ""),
			.uri = text_of(entry, "uri", ""),
			.sha1 = text_of(entry, "sha1", ""),
			.size_bytes = size && size->type == GUILD_INT ? size->i : -1,
			.run_id = guild_value_text(guild_value_get(entry, "run")),
			.targets = texts_of(a, guild_value_get(entry, "targets")),
		};
	}
}

/* 0.9.0 has the hashes of files in its manifest, by URI. */
static void read_foreign_source(struct guild_arena *a, const struct guild_manifest *manifest,
	const char *resource, const char *source, const struct guild_value *entry,
	struct guild_input *out)
{
	const char *uri = text_of(entry, "uri", "");
	size_t n = 0;
	*out = (struct guild_input){
		.resource = resource, .source = source, .uri = uri, .sha1 = "", .size_bytes = -1};
	out->targets = guild_arena_alloc(a, (manifest->n + 1) * sizeof(*out->targets));
	for (size_t i = 0; i < manifest->n; i++) {
		if (manifest->v[i].kind == 'd' && strcmp(manifest->v[i].source, uri) == 0) {
			out->targets[n++] = manifest->v[i].path;
			out->sha1 = n == 1 && guild_starts(uri, "file:") &&
						    strcmp(manifest->v[i].sha1, "-") != 0
					    ? manifest->v[i].sha1
					    : "";
		}
	}
	const char *chosen = text_of(entry, "config", NULL);
	bool is_id =
		chosen && strlen(chosen) == GUILD_RUN_ID_LEN && guild_starts(uri, "operation:");
	out->run_id = is_id ? chosen : NULL;
}

static int read_foreign(const struct guild_run *run, struct guild_arena *a,
	struct guild_inputs *out, struct guild_error *err)
{
	const struct guild_value *deps = guild_run_attr(run, a, "deps");
	struct guild_manifest manifest = {0};
	size_t n = 0;
	int rc = guild_manifest_read(run, a, &manifest, NULL, err);
	for (size_t i = 0; deps && deps->type == GUILD_DICT && i < deps->n; i++) {
		n += deps->pairs[i].value->n;
	}
	out->v = guild_arena_alloc(a, (n + 1) * sizeof(*out->v));
	for (size_t i = 0; n > 0 && i < deps->n; i++) {
		const struct guild_value *sources = deps->pairs[i].value;
		const char *resource = guild_value_text(deps->pairs[i].key);
		for (size_t k = 0; sources->type == GUILD_DICT && k < sources->n; k++) {
			const char *source = guild_value_text(sources->pairs[k].key);
			read_foreign_source(a, &manifest, resource ? resource : "",
				source ? source : "", sources->pairs[k].value, &out->v[out->n++]);
		}
	}
	return rc;
}

int guild_run_inputs(const struct guild_run *run, struct guild_arena *a, struct guild_inputs *out,
	struct guild_error *err)
{
	struct guild_value *list = NULL;
	*out = (struct guild_inputs){0};
	int found = guild_run_attr_read(run, a, "_resolved", &list, err);
	if (found < 0) {
		return found;
	}
	if (found == 0 || list->type != GUILD_LIST) {
		return read_foreign(run, a, out, err);
	}
	read_entries(a, list, out);
	return 0;
}

const struct guild_input *guild_inputs_find(const struct guild_inputs *all,
	const struct guild_input *like)
{
	for (size_t i = 0; i < all->n; i++) {
		if (strcmp(all->v[i].resource, like->resource) == 0 &&
			strcmp(all->v[i].source, like->source) == 0) {
			return &all->v[i];
		}
	}
	return NULL;
}

/* ---- as they are now ------------------------------------------------------------------------------------------------ */

int guild_exec_inputs(const struct guild_exec_op *x, struct guild_arena *a,
	struct guild_inputs *out, struct guild_error *err)
{
	static const struct guild_run nowhere = {.dir = (char *)"/"};
	struct guild_exec_world world = *x->world;
	const struct guild_deps_request req = {.world = &world, .run = &nowhere, .flags = x->flags};
	struct guild_value *deps = NULL;
	size_t n = 0;
	world.log = NULL;
	*out = (struct guild_inputs){0};
	int rc = x->record ? 0
			   : guild_deps_record(a, x->op->deps, x->flags, &x->options->deps, &deps,
				     err);
	deps = x->record ? guild_value_get(x->record, "deps") : deps;
	for (size_t i = 0; rc == 0 && deps && i < deps->n; i++) {
		struct guild_resource resource;
		rc = guild_resource_parse(a, deps->items[i], NULL, NULL, NULL, &resource, NULL,
			err);
		if (rc != 0) {
			break;
		}
		struct guild_input *v =
			guild_arena_alloc(a, (n + resource.n_sources + 1) * sizeof(*v));
		if (n > 0) {
			memcpy(v, out->v, n * sizeof(*v));
		}
		out->v = v;
		for (size_t k = 0; k < resource.n_sources; k++) {
			/* What cannot be resolved is told by its empty hash. */
			(void)guild_deps_look(&req, deps->items[i], &resource, &resource.sources[k],
				a, &out->v[n++]);
		}
		out->n = n;
	}
	return rc;
}

/* ---- which runs are meant --------------------------------------------------------------------------------------------- */

/* The full id for a value; NULL: leave it. */
static struct guild_value *complete(const struct guild_exec_world *world,
	const struct guild_log *log, const struct guild_source *s, struct guild_arena *a,
	const struct guild_value *value)
{
	const char *text = guild_value_text(value);
	struct guild_run run = {0};
	if (!guild_value_is_null(value) && (!text || strchr(text, '/'))) {
		return NULL;
	}
	int rc = s->kind == GUILD_SOURCE_DVCSTAGE
			 ? guild_choose_stage_run(world, s->spec, text, &run)
			 : guild_choose_run(world, s->spec, text, true, &run, NULL);
	if (rc != 0) {
		if (!s->optional) {
			guild_log(log, "warning",
				"there is no suitable run for dependency '%s'%s%s", s->name,
				text ? ": " : "", text ? text : "");
		}
		return NULL;
	}
	struct guild_value *id = guild_value_string(a, run.id);
	guild_run_fini(&run);
	return id;
}

static void complete_flag(const struct guild_exec_world *world, const struct guild_source *s,
	struct guild_arena *a, struct guild_value *flags, bool fills)
{
	const char *name = NULL;
	const struct guild_value *value = guild_source_flag_value(s, flags, &name);
	if (!value || (!fills && guild_value_is_null(value))) {
		return;
	}
	/* What the user typed is told with the flags that came of it. */
	const struct guild_log *log = fills ? world->log : NULL;
	struct guild_value *done = NULL;
	if (value->type == GUILD_LIST) {
		done = guild_value_list(a);
		for (size_t i = 0; i < value->n; i++) {
			struct guild_value *id = complete(world, log, s, a, value->items[i]);
			guild_value_append(a, done, id ? id : value->items[i]);
		}
	} else {
		done = complete(world, log, s, a, value);
	}
	if (done) {
		guild_value_set(a, flags, name, done);
	}
}

void guild_exec_choose_runs(const struct guild_exec_world *world, const struct guild_op_def *op,
	struct guild_arena *a, struct guild_value *flags, struct guild_value *user_flags)
{
	for (size_t i = 0; op->deps && i < op->deps->n; i++) {
		struct guild_resource resource;
		if (guild_resource_parse(a, op->deps->items[i], NULL, NULL, NULL, &resource, NULL,
			    NULL) != 0) {
			continue;
		}
		for (size_t k = 0; k < resource.n_sources; k++) {
			const struct guild_source *s = &resource.sources[k];
			if (s->kind != GUILD_SOURCE_OPERATION && s->kind != GUILD_SOURCE_DVCSTAGE) {
				continue;
			}
			complete_flag(world, s, a, flags, true);
			if (user_flags) {
				complete_flag(world, s, a, user_flags, false);
			}
		}
	}
}
