/* The table of commands and how words find their command in it. */

#include "cmds.h"

#include <stdlib.h>
#include <string.h>

#define DECLARE(id) extern const struct guild_cmd guild_cmd_##id;
GUILD_CMDS(DECLARE)

#define ROW(id) &guild_cmd_##id,
const struct guild_cmd *const guild_cmds[] = {GUILD_CMDS(ROW) NULL};

const char *const guild_later_cmds[] = {
	"install",
	"package",
	"packages",
	"pull",
	"push",
	"remote",
	"remotes",
	"runs pull",
	"runs push",
	"sync",
	"tensorboard",
	"uninstall",
	"view",
	NULL,
};

bool guild_cmd_next_name(const struct guild_cmd *cmd, size_t *pos, struct guild_str *name)
{
	if (*pos == 0) {
		*name = guild_str(cmd->name);
		*pos = 1;
		return true;
	}
	if (!cmd->aliases) {
		return false;
	}
	const char *p = cmd->aliases + *pos - 1;

	p += strspn(p, ", ");
	*name = guild_str_trim(guild_str_n(p, strcspn(p, ",")));
	*pos = (size_t)(p + strcspn(p, ",") - cmd->aliases) + 1;
	return name->n > 0;
}

const struct guild_cmd *guild_cmd_find(const char *full_name)
{
	for (size_t i = 0; guild_cmds[i]; i++) {
		struct guild_str name;
		size_t pos = 0;

		while (guild_cmd_next_name(guild_cmds[i], &pos, &name)) {
			if (guild_str_eqz(name, full_name)) {
				return guild_cmds[i];
			}
		}
	}
	return NULL;
}

static bool is_below(struct guild_str name, const char *group)
{
	size_t n = strlen(group);

	return name.n > n && guild_str_starts(name, group) && name.p[n] == ' ';
}

bool guild_cmd_is_group(const char *group)
{
	for (size_t i = 0; guild_cmds[i]; i++) {
		struct guild_str name;
		size_t pos = 0;

		while (guild_cmd_next_name(guild_cmds[i], &pos, &name)) {
			if (is_below(name, group)) {
				return true;
			}
		}
	}
	return false;
}

static bool is_later(const char *name)
{
	for (size_t i = 0; guild_later_cmds[i]; i++) {
		if (strcmp(guild_later_cmds[i], name) == 0) {
			return true;
		}
	}
	return false;
}

/* Says that there is no command `full`; offers the nearest of the same group (`group` "" for the top). */
static void set_unknown(const char *full, const char *group, struct guild_error *err)
{
	struct guild_strs names = {0};

	for (size_t i = 0; guild_cmds[i]; i++) {
		struct guild_str name;
		size_t pos = 0;

		while (!guild_cmds[i]->hidden && guild_cmd_next_name(guild_cmds[i], &pos, &name)) {
			bool same = *group ? is_below(name, group) : !memchr(name.p, ' ', name.n);

			if (same) {
				guild_strs_add_n(&names, name.p, name.n);
			}
		}
	}
	const char *near = names.n ? guild_nearest(full, (const char *const *)names.v) : NULL;

	if (near) {
		guild_error_set(err, GUILD_EINVALID,
			"unrecognized command '%s' (did you mean '%s'?)", full, near);
	} else {
		guild_error_set(err, GUILD_EINVALID, "unrecognized command '%s'", full);
	}
	guild_error_hint(err,
		*group ? "try 'guild %s --help' for its commands"
		       : "try 'guild%s --help' for a list of commands",
		group);
	guild_strs_fini(&names);
}

static int check_later(const char *name, struct guild_error *err)
{
	if (strcmp(name, "search") == 0) {
		guild_error_set(err, GUILD_EUNSUPPORTED,
			"'search' asked for packages; the index it asked answers no searches any more");
		guild_error_hint(err, "'guild runs search' finds runs by text");
		return GUILD_EUNSUPPORTED;
	}
	if (!is_later(name)) {
		return 0;
	}
	return guild_error_set(err, GUILD_EUNSUPPORTED, "this version does not have '%s' yet",
		name);
}

/* The command that the words before the first option name, as many of them as can be. */
const struct guild_cmd *guild_cmd_resolve(char *const *argv, size_t n, size_t *taken,
	struct guild_error *err)
{
	const struct guild_cmd *cmd = guild_cmd_find(argv[0]);
	char *full = guild_strdup(argv[0]);
	bool failed = check_later(full, err) != 0;

	*taken = 1;
	for (size_t i = 1; i < n && !failed && argv[i][0] != '-'; i++) {
		char *longer = guild_format("%s %s", full, argv[i]);
		const struct guild_cmd *below = guild_cmd_find(longer);

		if (below || guild_cmd_is_group(longer)) {
			cmd = below;
			*taken = i + 1;
			free(full);
			full = longer;
			continue;
		}
		if (check_later(longer, err) != 0) {
			failed = true;
		} else if (guild_cmd_is_group(full)) {
			set_unknown(longer, full, err);
			failed = true;
		}
		free(longer);
		break;
	}
	if (!failed && !cmd) {
		set_unknown(full, "", err);
	}
	free(full);
	return failed ? NULL : cmd;
}
