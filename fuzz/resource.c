/* Resources as a run's record may hold them: whatever they say, they are read or refused, and patterns and renames keep their limits. */
#include <string.h>

#include <guild/collect.h>
#include <guild/project.h>

#include "fuzz.h"

static void use_patterns(const struct guild_value *patterns)
{
	for (size_t i = 0; patterns && i < patterns->n && i < 4; i++) {
		struct guild_regex *re = NULL;
		struct guild_error err = {0};
		if (guild_regex_new(patterns->items[i]->s.p, &re, &err) != 0) {
			guild_assert(err.text[0] && !re);
			continue;
		}
		struct guild_str group = {0};
		struct guild_str text = guild_str("data/model-12.pt");
		if (guild_regex_full_match(re, text, &group) && group.p) {
			guild_assert(group.p >= text.p && group.p + group.n <= text.p + text.n);
		}
		guild_regex_free(re);
	}
}

static void use_rename(const struct guild_rename *rename)
{
	struct guild_regex *re = NULL;
	struct guild_buf out = {0};
	if (guild_regex_new(rename->pattern, &re, NULL) == 0) {
		int rc = guild_regex_replace_first(re, rename->replacement,
			guild_str("model-12.pt"), &out, NULL);
		guild_assert(rc == 0 || rc == GUILD_EINVALID || rc == GUILD_ELIMIT);
	}
	guild_buf_fini(&out);
	guild_regex_free(re);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *value = NULL;
	struct guild_resource resource;
	struct guild_error err = {0};
	if (guild_yaml_parse(a, guild_str_n((const char *)data, size), "r", GUILD_YAML_NUMBERS,
		    &value, NULL) == 0) {
		int rc = guild_resource_parse(a, value, NULL, NULL, "r", &resource, NULL, &err);
		guild_assert(rc == 0 || err.text[0]);
		for (size_t i = 0; rc == 0 && i < resource.n_sources; i++) {
			const struct guild_source *s = &resource.sources[i];
			const char *name = NULL;
			guild_assert(resource.name && s->name && s->uri && s->spec);
			guild_assert(guild_source_type(s->kind));
			(void)guild_source_flag_value(s, value, &name);
			use_patterns(s->select);
			use_patterns(s->select_max);
			for (size_t k = 0; k < s->n_renames; k++) {
				guild_assert(s->renames[k].pattern && s->renames[k].replacement);
				use_rename(&s->renames[k]);
			}
		}
	}
	guild_arena_free(a);
	return 0;
}
