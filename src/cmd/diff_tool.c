/* Which program shows differences. */

#define PCRE2_CODE_UNIT_WIDTH 8
#include "diff_tool.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

static bool regex_finds(const struct guild_ctx *ctx, const char *pattern, const char *text)
{
	int code;
	PCRE2_SIZE at;
	pcre2_code *regex = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, PCRE2_UTF,
		&code, &at, NULL);

	if (!regex) {
		guild_log(&ctx->log, "warning",
			"'%s' under diff command in the user configuration is no regular expression",
			pattern);
		return false;
	}
	pcre2_match_data *data = pcre2_match_data_create_from_pattern(regex, NULL);
	int rc = pcre2_match(regex, (PCRE2_SPTR)text, strlen(text), 0, 0, data, NULL);

	pcre2_match_data_free(data);
	pcre2_code_free(regex);
	return rc >= 0;
}

static const char *configured(const struct guild_ctx *ctx, const char *path)
{
	const struct guild_value *command =
		guild_value_get(guild_value_get(ctx->config, "diff"), "command");
	const char *ext = guild_path_ext(path);

	if (!command || command->type != GUILD_DICT) {
		return guild_value_text(command);
	}
	const char *found = guild_value_text(guild_value_get(command, ext));

	for (size_t i = 0; !found && *ext && i < command->n; i++) {
		const char *key = guild_value_text(command->pairs[i].key);

		if (key && strcmp(key, "default") != 0 && regex_finds(ctx, key, ext)) {
			found = guild_value_text(command->pairs[i].value);
		}
	}
	return found ? found : guild_value_text(guild_value_get(command, "default"));
}

char *guild_diff_tool(const struct guild_ctx *ctx, const char *option, const char *path)
{
	return guild_strdup(option ? option : configured(ctx, path));
}
