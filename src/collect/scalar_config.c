/* The attribute op.output-scalars: which patterns and rules are in force. */
#include "collect_private.h"

#include <stdlib.h>
#include <string.h>

void guild_scalar_config_add(struct scalar_config *c, const char *key, const char *text,
	const struct guild_log *log)
{
	struct guild_error err = {0};
	struct guild_pattern *pattern;
	if (guild_pattern_new(key, text, &pattern, &err) != 0) {
		guild_log(log, "warning", "%s", err.text);
		return;
	}
	const char *complaint = guild_pattern_complaint(pattern);
	if (complaint) {
		guild_log(log, "warning", "output-scalars pattern '%s' %s", text, complaint);
	}
	c->patterns =
		guild_grow_array(c->patterns, &c->cap, c->n + 1, sizeof(struct guild_pattern *));
	c->patterns[c->n++] = pattern;
}

static void add_mapping(struct scalar_config *c, const struct guild_value *map,
	const struct guild_log *log)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *sorted = guild_value_copy(a, map);
	guild_value_sort_keys(sorted);
	for (size_t i = 0; i < sorted->n; i++) {
		const char *text = guild_value_text(sorted->pairs[i].value);
		struct guild_buf key = {0};
		guild_value_py_str(&key, sorted->pairs[i].key);
		if (text) {
			guild_scalar_config_add(c, guild_buf_cstr(&key), text, log);
		} else {
			guild_log(log, "warning", "output-scalars '%s' is no pattern",
				guild_buf_cstr(&key));
		}
		guild_buf_fini(&key);
	}
	guild_arena_free(a);
}

static void add_item(struct scalar_config *c, const struct guild_value *item,
	const struct guild_log *log)
{
	const char *text = guild_value_text(item);
	if (text && strcmp(text, "auto") == 0) {
		c->has_automatic = true;
	} else if (text) {
		guild_scalar_config_add(c, NULL, text, log);
	} else if (item->type == GUILD_DICT) {
		add_mapping(c, item, log);
	} else {
		struct guild_buf shown = {0};
		guild_value_py_repr(&shown, item);
		guild_log(log, "warning",
			"output-scalars item %s is neither a pattern nor a mapping",
			guild_buf_cstr(&shown));
		guild_buf_fini(&shown);
	}
}

void guild_scalar_config_read(const struct guild_value *value, bool allow_auto,
	struct scalar_config *out, const struct guild_log *log)
{
	*out = (struct scalar_config){0};
	if (guild_value_is_null(value) || (value->type == GUILD_BOOL && value->b)) {
		out->has_default = true;
		out->has_automatic = allow_auto;
		return;
	}
	if (value->type == GUILD_LIST) {
		for (size_t i = 0; i < value->n; i++) {
			add_item(out, value->items[i], log);
		}
	} else if (value->type != GUILD_BOOL) {
		add_item(out, value, log);
	}
	/* Automatic rules go beyond the default patterns, not without them. */
	out->has_default = out->has_automatic && out->n == 0;
}

void guild_scalar_config_fini(struct scalar_config *c)
{
	for (size_t i = 0; i < c->n; i++) {
		guild_pattern_free(c->patterns[i]);
	}
	free(c->patterns);
	*c = (struct scalar_config){0};
}
