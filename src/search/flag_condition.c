/* Flags that are searched only where another one has certain values: attribute `when` of a flag in guild.yml. */

#include <string.h>

#include "flag_space.h"

static int take(struct guild_arena *a, const char *flag, struct guild_value *values,
	struct flag_condition *out)
{
	struct guild_value *list = values;
	if (values->type != GUILD_LIST) {
		list = guild_value_list(a);
		guild_value_append(a, list, values);
	}
	*out = (struct flag_condition){.flag = flag, .values = list};
	return 0;
}

int search_condition_read(struct guild_arena *a, const char *name, const struct guild_value *when,
	struct flag_condition *out, struct guild_error *err)
{
	const char *text = guild_value_text(when);
	const char *eq = text ? strchr(text, '=') : NULL;
	struct guild_value *v = NULL;
	*out = (struct flag_condition){0};
	if (guild_value_is_null(when)) {
		return 0;
	}
	if (when->type == GUILD_DICT && when->n == 1 && guild_value_text(when->pairs[0].key)) {
		return take(a, guild_value_text(when->pairs[0].key), when->pairs[0].value, out);
	}
	if (eq && eq > text && guild_flag_decode(a, eq + 1, NULL, &v, NULL, NULL) == 0) {
		struct guild_str flag = guild_str_trim(guild_str_n(text, (size_t)(eq - text)));
		return take(a, guild_arena_strndup(a, flag.p, flag.n), v, out);
	}
	guild_error_set(err, GUILD_EINVALID,
		"'when' of flag '%s' is to name one other flag and its values", name);
	guild_error_hint(err,
		"for instance 'when: {optimizer: sgd}' or 'when: optimizer=[sgd, rmsprop]'");
	return GUILD_EINVALID;
}

bool search_condition_holds(const struct flag_condition *c, const struct guild_value *value)
{
	for (size_t i = 0; c->flag && i < c->values->n; i++) {
		if (value && guild_value_eq(c->values->items[i], value)) {
			return true;
		}
	}
	return !c->flag;
}
