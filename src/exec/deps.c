/* Attribute op.deps: what an operation requires, with what its flags say the sources are (resources.md 5, 6). */

#include <string.h>

#include "resolve.h"

/* `config` of a dependency: the flags that choose its sources, with their values. NULL: there are none. */
static struct guild_value *config_of(struct guild_arena *a, const struct guild_resource *resource,
	const struct guild_value *flags)
{
	struct guild_value *config = NULL;
	for (size_t i = 0; i < resource->n_sources; i++) {
		const char *name = NULL;
		const struct guild_value *value =
			guild_source_flag_value(&resource->sources[i], flags, &name);
		if (value) {
			config = config ? config : guild_value_dict(a);
			guild_value_set(a, config, name, guild_value_copy(a, value));
		}
	}
	return config;
}

/* --dep PATH or URL. */
static struct guild_value *added_dep(struct guild_arena *a, const char *text)
{
	bool is_url = guild_starts(text, "http://") || guild_starts(text, "https://");
	struct guild_value *dep = guild_value_dict(a);
	struct guild_value *source = guild_value_dict(a);
	struct guild_value *sources = guild_value_list(a);
	guild_value_set(a, source, is_url ? "url" : "file", guild_value_string(a, text));
	guild_value_append(a, sources, source);
	guild_value_set(a, dep, "location", guild_value_string(a, "."));
	guild_value_set(a, dep, "name", guild_value_string(a, text));
	guild_value_set(a, dep, "sources", sources);
	guild_value_set(a, dep, "target-type", guild_value_string(a, "link"));
	return dep;
}

int guild_deps_record(struct guild_arena *a, const struct guild_value *deps,
	const struct guild_value *flags, const struct guild_strs *more, struct guild_value **out,
	struct guild_error *err)
{
	struct guild_value *list = guild_value_list(a);
	for (size_t i = 0; deps && i < deps->n; i++) {
		struct guild_resource resource;
		struct guild_value *dep = guild_value_copy(a, deps->items[i]);
		int rc = guild_resource_parse(a, dep, NULL, NULL, NULL, &resource, NULL, err);
		if (rc != 0) {
			return rc;
		}
		struct guild_value *config = config_of(a, &resource, flags);
		if (config) {
			guild_value_set(a, dep, "config", config);
		}
		guild_value_append(a, list, dep);
	}
	for (size_t i = 0; more && i < more->n; i++) {
		guild_value_append(a, list, added_dep(a, more->v[i]));
	}
	*out = list;
	return 0;
}

bool guild_deps_follow_flags(struct guild_arena *a, const struct guild_value *deps,
	const struct guild_value *flags)
{
	bool has_changed = false;
	for (size_t i = 0; deps && deps->type == GUILD_LIST && i < deps->n; i++) {
		struct guild_value *config = guild_value_get(deps->items[i], "config");
		for (size_t k = 0; config && config->type == GUILD_DICT && k < config->n; k++) {
			const char *name = guild_value_text(config->pairs[k].key);
			const struct guild_value *now = name ? guild_value_get(flags, name) : NULL;
			if (now && !guild_value_eq(now, config->pairs[k].value)) {
				guild_value_set(a, config, name, guild_value_copy(a, now));
				has_changed = true;
			}
		}
	}
	return has_changed;
}
