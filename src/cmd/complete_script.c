/* The completion scripts, kept as files of their own and embedded by the build. */

#include <string.h>

#include "complete.h"

extern const char guild_completion_bash[];
extern const char guild_completion_zsh[];
extern const char guild_completion_fish[];

const char *guild_complete_script(const char *shell)
{
	if (strcmp(shell, "bash") == 0) {
		return guild_completion_bash;
	}
	if (strcmp(shell, "zsh") == 0) {
		return guild_completion_zsh;
	}
	return strcmp(shell, "fish") == 0 ? guild_completion_fish : NULL;
}
