/* Sources of type config: a configuration file with the flags written into it (resources.md 3.5, flags.md 8). */

#include <stdlib.h>
#include <string.h>

#include "resolve.h"

static const struct guild_value *cmd_flags(struct guild_resolving *r)
{
	const struct guild_value *op = guild_run_attr(r->req->run, r->arena, "op");
	return guild_value_get(guild_value_get(op, "op-cmd"), "cmd-flags");
}

/* What the source says, then the flags, by the key they have in the file. Flags that are null leave what is there. */
static struct guild_value *settings(struct guild_resolving *r)
{
	struct guild_arena *a = r->arena;
	struct guild_value *out =
		r->source->params ? guild_value_copy(a, r->source->params) : guild_value_dict(a);
	const struct guild_value *attrs = cmd_flags(r);
	const struct guild_value *flags = r->req->flags;
	for (size_t i = 0; flags && i < flags->n; i++) {
		const char *name = guild_value_text(flags->pairs[i].key);
		if (!name || guild_value_is_null(flags->pairs[i].value)) {
			continue;
		}
		const struct guild_value *attr = guild_value_get(attrs, name);
		const char *key = guild_value_text(guild_value_get(attr, "arg-name"));
		const struct guild_value *v = guild_flag_split(a, flags->pairs[i].value,
			guild_value_get(attr, "arg-split"));
		guild_value_set(a, out, key ? key : name, guild_value_copy(a, v));
	}
	return out;
}

/* RUN/.guild/generated/<eight random digits>/NAME. In the arena. */
static const char *generated_path(struct guild_resolving *r, const char *name)
{
	uint32_t random;
	guild_random_bytes(&random, sizeof(random));
	return guild_arena_format(r->arena, "%s/generated/%08x/%s", r->req->run->guild_dir, random,
		name);
}

static int write_file(const char *path, const struct guild_buf *text, bool durable,
	struct guild_error *err)
{
	char *dir = guild_path_dirname(path);
	int rc = guild_mkdirs(dir, err);
	rc = rc ? rc : guild_file_write(path, guild_buf_cstr(text), text->n, durable, err);
	free(dir);
	return rc;
}

/* Keys of params are text, as dotted keys are. */
static int check_params(const struct guild_resolving *r, struct guild_error *err)
{
	const struct guild_value *params = r->source->params;
	for (size_t i = 0; params && i < params->n; i++) {
		if (!guild_value_text(params->pairs[i].key)) {
			return guild_error_set(err, GUILD_EINVALID,
				"a key of 'params' must be text, not %s",
				guild_type_name(params->pairs[i].key->type));
		}
	}
	return 0;
}

static int generate(struct guild_resolving *r, const char *path, enum guild_config_format format,
	const char **out, struct guild_error *err)
{
	struct guild_buf text = {0};
	struct guild_buf edited = {0};
	int rc = check_params(r, err);
	rc = rc ? rc : guild_file_read(path, GUILD_YAML_MAX_BYTES, &text, err);
	rc = rc ? rc
		: guild_config_edit(format, guild_buf_str(&text), path, settings(r), &edited, err);
	if (rc == 0) {
		*out = generated_path(r, guild_path_basename(path));
		rc = write_file(*out, &edited, r->req->durable, err);
	}
	guild_buf_fini(&text);
	guild_buf_fini(&edited);
	return rc;
}

int guild_resolve_config(struct guild_resolving *r, struct guild_error *err)
{
	const char *path = NULL;
	const char *location = NULL;
	const char *made = NULL;
	bool is_given = false;
	enum guild_config_format format;
	int rc = guild_resolve_find_path(r, &path, &location, &is_given, err);
	if (rc != 0) {
		return rc;
	}
	if (guild_is_dir(path) || !guild_config_format_of(path, &format)) {
		guild_error_set(err, GUILD_EUNSUPPORTED,
			"'%s' is of a type that flags cannot be written to", path);
		guild_error_hint(err, "types are .yml, .yaml, .json, .ini, .cfg and .toml");
		return GUILD_EUNSUPPORTED;
	}
	r->origin = path;
	r->chosen = is_given ? guild_value_text(r->flag) : NULL;
	made = path;
	if (!r->is_only_looking) {
		rc = generate(r, path, format, &made, err);
	}
	if (rc == 0) {
		char *rel = guild_path_rel(path, location);
		guild_found_add(r, made, rel)->is_generated = made != path;
		free(rel);
	}
	return rc;
}
