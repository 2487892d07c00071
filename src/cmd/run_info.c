/* What is known of one run, as one document. */

#include "run_info.h"

#include <stdlib.h>
#include <string.h>

struct builder {
	const struct guild_ctx *ctx;
	const struct guild_run *run;
	struct guild_arena *arena;
	struct guild_value *info;
	unsigned parts;
};

static void put(struct builder *b, const char *name, struct guild_value *value)
{
	guild_value_set(b->arena, b->info, name, value);
}

/* A raw attribute, NULL where there is none; damage is said. */
static struct guild_value *read_attr(const struct builder *b, const char *name)
{
	struct guild_value *value = NULL;
	struct guild_error err = {0};
	int rc = guild_run_attr_read(b->run, b->arena, name, &value, &err);

	if (rc < 0) {
		guild_log(&b->ctx->log, "warning", "%s", err.text);
	}
	return rc == 1 && !guild_value_is_null(value) ? value : NULL;
}

static struct guild_value *attr_of(const struct builder *b, const char *name, enum guild_type type)
{
	struct guild_value *value = read_attr(b, name);

	if (value && value->type == type) {
		return value;
	}
	return type == GUILD_LIST ? guild_value_list(b->arena) : guild_value_dict(b->arena);
}

/* ---- attributes ---------------------------------------------------------------------------------------- */

static void put_core_attrs(struct builder *b)
{
	for (size_t i = 0; guild_run_info_attrs[i]; i++) {
		const char *name = guild_run_info_attrs[i];
		struct guild_value *raw = NULL;

		if (strcmp(name, "exit_status") == 0 || strcmp(name, "vcs_commit") == 0) {
			raw = read_attr(b, name);
		}
		if (!raw) {
			char *text = guild_run_formatted_attr(b->ctx, b->run, name);
			int64_t pid;

			raw = guild_value_string(b->arena, text);
			if (strcmp(name, "pid") == 0 && guild_parse_i64(text, strlen(text), &pid)) {
				raw = guild_value_int(b->arena, pid);
			}
			free(text);
		}
		put(b, name, raw);
	}
}

/* What the user recorded. */
static void put_custom_attrs(struct builder *b)
{
	struct guild_strs names = {0};

	(void)guild_run_attr_names(b->run, &names, NULL);
	for (size_t i = 0; i < names.n; i++) {
		if (guild_run_attr_is_custom(names.v[i])) {
			struct guild_value *value = read_attr(b, names.v[i]);

			put(b, names.v[i], value ? value : guild_value_string(b->arena, ""));
		}
	}
	guild_strs_fini(&names);
}

/* Why a trial was stopped is worth knowing, though the record is the core's own. */
static void put_pruned(struct builder *b)
{
	struct guild_value *why = read_attr(b, "_pruned");

	if (why) {
		put(b, "pruned", why);
	}
}

static void put_private_attrs(struct builder *b)
{
	struct guild_buf opref = {0};

	guild_opref_format(&b->run->opref, &opref);
	put(b, "opref", guild_value_string_n(b->arena, opref.p, opref.n));
	put(b, "op", attr_of(b, "op", GUILD_DICT));
	guild_buf_fini(&opref);
}

static void put_own_attrs(struct builder *b)
{
	put_core_attrs(b);
	put_custom_attrs(b);
	put_pruned(b);
	if (b->parts & GUILD_INFO_PRIVATE) {
		put_private_attrs(b);
	}
}

/* What a batch runs, as a document of its own: what copying a batch from elsewhere needs. */
static void put_proto(struct builder *b)
{
	char *dir = guild_path_join(b->run->guild_dir, "proto");
	struct guild_run proto = {0};

	if (guild_run_open(dir, &proto, NULL) == 0) {
		struct builder of_proto = *b;

		of_proto.run = &proto;
		of_proto.info = guild_value_dict(b->arena);
		put_own_attrs(&of_proto);
		put(b, "proto-run", of_proto.info);
	}
	guild_run_fini(&proto);
	free(dir);
}

static void put_flags(struct builder *b)
{
	put(b, "flags", attr_of(b, "flags", GUILD_DICT));
	if (!guild_run_is_batch(b->run)) {
		return;
	}
	char *dir = guild_path_join(b->run->guild_dir, "proto");
	struct guild_run proto = {0};

	if (guild_run_open(dir, &proto, NULL) == 0) {
		struct builder of_proto = *b;

		of_proto.run = &proto;
		put(b, "proto-flags", attr_of(&of_proto, "flags", GUILD_DICT));
	}
	guild_run_fini(&proto);
	free(dir);
}

/* ---- scalars --------------------------------------------------------------------------------------------- */

static struct guild_value *value_and_number(struct guild_arena *a, double value, int64_t number)
{
	struct guild_value *pair = guild_value_list(a);

	guild_value_append(a, pair, guild_value_float(a, value));
	guild_value_append(a, pair, guild_value_int(a, number));
	return pair;
}

/* Means and sums have no step; the count of values stands in its place, as in Guild AI 0.9.0. */
static struct guild_value *all_values(struct guild_arena *a, const struct guild_scalar_summary *s)
{
	struct guild_value *all = guild_value_dict(a);
	double mean = s->count > 0 ? s->total / (double)s->count : 0;

	guild_value_set(a, all, "first", value_and_number(a, s->first, s->first_step));
	guild_value_set(a, all, "last", value_and_number(a, s->last, s->last_step));
	guild_value_set(a, all, "min", value_and_number(a, s->min, s->min_step));
	guild_value_set(a, all, "max", value_and_number(a, s->max, s->max_step));
	guild_value_set(a, all, "avg", value_and_number(a, mean, s->count));
	guild_value_set(a, all, "total", value_and_number(a, s->total, s->count));
	return all;
}

static void put_scalars(struct builder *b)
{
	bool all = b->parts & GUILD_INFO_ALL_SCALARS;
	struct guild_value *shown = guild_value_dict(b->arena);
	struct guild_scalars scalars = {0};
	struct guild_error err = {0};

	if (guild_scalars_read(b->run, b->arena, &scalars, &b->ctx->log, &err) != 0) {
		guild_log(&b->ctx->log, "warning", "%s", err.text);
	}
	for (size_t i = 0; i < scalars.n; i++) {
		const struct guild_scalar_summary *s = &scalars.v[i];
		struct guild_buf key = {0};

		guild_scalar_key(s, &key);
		/* The same key at the root and in .guild: the first one counts, as everywhere. */
		if ((all || !guild_scalar_is_system(s)) &&
			!guild_value_get(shown, guild_buf_cstr(&key))) {
			guild_value_set(b->arena, shown, guild_buf_cstr(&key),
				all ? all_values(b->arena, s)
				    : value_and_number(b->arena, s->last, s->last_step));
		}
		guild_buf_fini(&key);
	}
	put(b, "scalars", shown);
}

/* ---- on request ------------------------------------------------------------------------------------------- */

static void put_comments(struct builder *b)
{
	static const char *const texts[] = {"user", "host"};
	const struct guild_value *comments = attr_of(b, "comments", GUILD_LIST);
	struct guild_value *list = guild_value_list(b->arena);

	for (size_t i = 0; i < comments->n; i++) {
		struct guild_value *item = guild_value_dict(b->arena);
		const struct guild_value *time = guild_value_get(comments->items[i], "time");
		const char *body = guild_value_text(guild_value_get(comments->items[i], "body"));
		char when[GUILD_TIME_MAX] = "";

		for (size_t j = 0; j < GUILD_ARRAY_LEN(texts); j++) {
			const char *text =
				guild_value_text(guild_value_get(comments->items[i], texts[j]));

			guild_value_set(b->arena, item, texts[j],
				guild_value_string(b->arena, text ? text : ""));
		}
		if (time && time->type == GUILD_INT) {
			guild_time_format(time->i, false, when);
		}
		guild_value_set(b->arena, item, "time", guild_value_string(b->arena, when));
		guild_value_set(b->arena, item, "body",
			guild_value_string(b->arena, body ? body : ""));
		guild_value_append(b->arena, list, item);
	}
	put(b, "comments", list);
}

static void put_manifest(struct builder *b)
{
	static const struct {
		char kind;
		const char *name;
	} kinds[] = {{'s', "sourcecode"}, {'d', "dependencies"}, {'i', "internal"}};
	struct guild_value *files = guild_value_dict(b->arena);
	struct guild_manifest manifest = {0};
	struct guild_error err = {0};
	size_t n_bad = 0;

	if (guild_manifest_read(b->run, b->arena, &manifest, &n_bad, &err) != 0) {
		guild_log(&b->ctx->log, "warning", "%s", err.text);
	} else if (n_bad > 0) {
		guild_log(&b->ctx->log, "warning",
			"%zu line(s) of the manifest of run %.*s cannot be read", n_bad,
			GUILD_RUN_SHORT_LEN, b->run->id);
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(kinds); i++) {
		struct guild_strs paths = {0};

		for (size_t j = 0; j < manifest.n; j++) {
			if (manifest.v[j].kind == kinds[i].kind) {
				guild_strs_add(&paths, manifest.v[j].path);
			}
		}
		if (paths.n > 0) {
			guild_strs_sort(&paths);
			guild_value_set(b->arena, files, kinds[i].name,
				guild_value_strs(b->arena, &paths));
		}
		guild_strs_fini(&paths);
	}
	put(b, "manifest", files);
}

static void put_checkpoints(struct builder *b)
{
	struct guild_value *list = guild_value_list(b->arena);
	struct guild_checkpoint *found = NULL;
	struct guild_error err = {0};
	size_t n = 0;

	if (guild_run_checkpoints(b->run, &found, &n, &err) != 0) {
		guild_log(&b->ctx->log, "warning", "%s", err.text);
	}
	for (size_t i = 0; i < n; i++) {
		guild_value_append(b->arena, list, guild_checkpoint_json(b->arena, &found[i]));
	}
	guild_checkpoints_free(found, n);
	put(b, "checkpoints", list);
}

struct guild_value *guild_run_info(const struct guild_ctx *ctx, const struct guild_run *r,
	unsigned parts)
{
	struct builder b = {
		.ctx = ctx,
		.run = r,
		.arena = ctx->arena,
		.info = guild_value_dict(ctx->arena),
		.parts = parts,
	};

	put_own_attrs(&b);
	put(&b, "tags", attr_of(&b, "tags", GUILD_LIST));
	put_flags(&b);
	put_scalars(&b);
	if (parts & GUILD_INFO_COMMENTS) {
		put_comments(&b);
	}
	if (parts & GUILD_INFO_ENV) {
		put(&b, "environment", attr_of(&b, "env", GUILD_DICT));
	}
	if (parts & GUILD_INFO_MANIFEST) {
		put_manifest(&b);
	}
	if (parts & GUILD_INFO_DEPS) {
		put(&b, "dependencies", attr_of(&b, "deps", GUILD_DICT));
	}
	if (parts & GUILD_INFO_PLUGINS) {
		put(&b, "plugins", attr_of(&b, "plugins", GUILD_LIST));
	}
	if (parts & GUILD_INFO_CHECKPOINTS) {
		put_checkpoints(&b);
	}
	if ((parts & GUILD_INFO_PRIVATE) && guild_run_is_batch(r)) {
		put_proto(&b);
	}
	return b.info;
}
