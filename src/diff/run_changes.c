/* What the records of two runs say differently. */

#include <stdlib.h>
#include <string.h>

#include "guild/diff.h"

/* Those of every run that tell how it came about; the others differ from run to run, or are shown as what they are. */
static bool is_telling(const char *name)
{
	static const char *const names[] = {"host", "user", "platform", "plugins", "vcs_commit",
		"exit_status", "objective", "steps"};

	for (size_t i = 0; i < GUILD_ARRAY_LEN(names); i++) {
		if (strcmp(name, names[i]) == 0) {
			return true;
		}
	}
	return guild_run_attr_is_custom(name);
}

static int read_attrs(struct guild_arena *a, const struct guild_run *r, bool all,
	struct guild_value **out, struct guild_error *err)
{
	struct guild_strs names = {0};
	int rc = guild_run_attr_names(r, &names, err);

	*out = guild_value_dict(a);
	for (size_t i = 0; rc >= 0 && i < names.n; i++) {
		struct guild_value *value = NULL;

		if (!all && !is_telling(names.v[i])) {
			continue;
		}
		rc = guild_run_attr_read(r, a, names.v[i], &value, err);
		if (rc == 1) {
			guild_value_set(a, *out, names.v[i], value);
		}
	}
	guild_strs_fini(&names);
	return rc < 0 ? rc : 0;
}

/* The hashes of the inputs that were resolved for a run, by path. */
static int read_inputs(struct guild_arena *a, const struct guild_run *r, struct guild_value **out,
	struct guild_error *err)
{
	struct guild_manifest m = {0};
	int rc = guild_manifest_read(r, a, &m, NULL, err);

	*out = guild_value_dict(a);
	for (size_t i = 0; i < m.n; i++) {
		if (m.v[i].kind == 'd' && strcmp(m.v[i].sha1, "-") != 0) {
			guild_value_set(a, *out, guild_arena_format(a, "SHA-1 of %s", m.v[i].path),
				guild_value_string(a, m.v[i].sha1));
		}
	}
	return rc;
}

static int read_part(struct guild_arena *a, const struct guild_run *r, enum guild_run_part part,
	struct guild_value **out, struct guild_error *err)
{
	static const char *const attrs[] = {[GUILD_PART_FLAGS] = "flags",
		[GUILD_PART_ENV] = "env",
		[GUILD_PART_TELLING_ENV] = "env",
		[GUILD_PART_DEPS] = "deps"};

	switch (part) {
	case GUILD_PART_INPUTS:
		return read_inputs(a, r, out, err);
	case GUILD_PART_TELLING:
	case GUILD_PART_ATTRS:
		return read_attrs(a, r, part == GUILD_PART_ATTRS, out, err);
	default:
		*out = NULL;
		int rc = guild_run_attr_read(r, a, attrs[part], out, err);

		return rc < 0 ? rc : 0;
	}
}

/* What guild itself gives each run differs without telling anything. */
static void drop_own_variables(struct guild_value *env)
{
	size_t kept = 0;

	for (size_t i = 0; env && env->type == GUILD_DICT && i < env->n; i++) {
		const char *name = guild_value_text(env->pairs[i].key);

		if (!name || (strcmp(name, "RUN_DIR") != 0 && strcmp(name, "RUN_ID") != 0 &&
				     !guild_starts(name, "FLAG_"))) {
			env->pairs[kept++] = env->pairs[i];
		}
	}
	if (env && env->type == GUILD_DICT) {
		env->n = kept;
	}
}

static void add_name(struct guild_arena *a, struct guild_value *dict, const struct guild_run *r)
{
	char *name = guild_run_display_name(r);

	guild_value_set(a, dict, "operation", guild_value_string(a, name));
	free(name);
}

int guild_run_changes(struct guild_arena *a, const struct guild_run *old,
	const struct guild_run *new_, enum guild_run_part part, struct guild_value_changes *out,
	struct guild_error *err)
{
	struct guild_value *x = NULL, *y = NULL;
	int rc = read_part(a, old, part, &x, err);

	rc = rc ? rc : read_part(a, new_, part, &y, err);
	if (rc == 0) {
		if (part == GUILD_PART_TELLING_ENV) {
			drop_own_variables(x);
			drop_own_variables(y);
		}
		if (part == GUILD_PART_TELLING) {
			add_name(a, x, old);
			add_name(a, y, new_);
		}
		guild_value_changes(a, x, y, out);
	}
	return rc;
}
