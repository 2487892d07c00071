/* Attributes that every run has. */

#include <string.h>

#include "guild/diff.h"

bool guild_diff_is_core_attr(const char *name)
{
	static const char *const known[] = {"cmd", "comments", "compare", "deps", "env",
		"exit_status", "flags", "host", "id", "initialized", "label", "marked",
		"max_trials", "objective", "op", "pip_freeze", "platform", "plugins",
		"r_packages_loaded", "r_sys_info", "random_seed", "run_params", "sourcecode_digest",
		"stage_trials", "started", "steps", "stopped", "tags", "trials", "user",
		"user_flags", "vcs_commit"};

	for (size_t i = 0; i < GUILD_ARRAY_LEN(known); i++) {
		if (strcmp(name, known[i]) == 0) {
			return true;
		}
	}
	return name[0] == '_';
}
