/* Profiles: sets of flag values by name, of an operation and its model. */
#include "project_private.h"

#include <stdlib.h>
#include <string.h>

static int unknown_profile(const struct guild_op_def *op, const char *name, struct guild_error *err)
{
	size_t n = op->profiles ? op->profiles->n : 0;
	const char **names = guild_alloc((n + 1) * sizeof *names);
	struct guild_strs list = {0};
	for (size_t i = 0; i < n; i++) {
		const char *known = guild_value_text(op->profiles->pairs[i].key);
		if (known) {
			names[list.n] = known;
			guild_strs_add(&list, known);
		}
	}
	int rc = guild_error_set(err, GUILD_ENOTFOUND, "operation '%s' has no profile '%s'",
		op->name, name);
	const char *nearest = guild_nearest(name, names);
	if (nearest) {
		guild_error_hint(err, "did you mean '%s'?", nearest);
	} else if (list.n > 0) {
		char *all = guild_strs_join(&list, ", ");
		guild_error_hint(err, "it has: %s", all);
		free(all);
	}
	guild_strs_fini(&list);
	free(names);
	return rc;
}

int guild_op_profile_values(const struct guild_op_def *op, const struct guild_strs *names,
	struct guild_arena *a, struct guild_value **out, struct guild_error *err)
{
	struct guild_value *all = guild_value_dict(a);
	for (size_t i = 0; i < names->n; i++) {
		const struct guild_value *profile = guild_value_get(op->profiles, names->v[i]);
		if (!profile) {
			return unknown_profile(op, names->v[i], err);
		}
		for (size_t k = 0; profile->type == GUILD_DICT && k < profile->n; k++) {
			const char *flag = guild_value_text(profile->pairs[k].key);
			if (flag) {
				guild_value_set(a, all, flag,
					guild_value_copy(a, profile->pairs[k].value));
			}
		}
	}
	*out = all;
	return 0;
}
