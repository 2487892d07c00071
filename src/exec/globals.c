/* Scripts whose flags are module globals: the command with the import shim in between. */

#include <stdlib.h>

#include "exec_private.h"

/* The words of one flag, "--NAME" alone or with its values, as the shim reads them: values may look like options. */
static void add_flag(const struct guild_strs *words, struct guild_strs *out)
{
	if (words->n == 1) {
		guild_strs_add(out, words->v[0]);
	}
	for (size_t i = 1; i < words->n; i++) {
		guild_strs_addf(out, "%s=%s", words->v[0], words->v[i]);
	}
}

static void add_flags(const struct guild_command_request *req, const char *flags_dest,
	const struct guild_value *cmd_flags, struct guild_strs *out)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *flags = guild_value_copy(a, req->flags);
	guild_value_sort_keys(flags);
	for (size_t i = 0; i < flags->n; i++) {
		struct guild_value one = {.type = GUILD_DICT, .n = 1, .pairs = flags->pairs + i};
		struct guild_strs words = {0};
		guild_flag_cmd_args(&words, &one, cmd_flags, flags_dest, NULL, req->log);
		add_flag(&words, out);
		guild_strs_fini(&words);
	}
	guild_arena_free(a);
}

int guild_shim_command(const struct guild_command_request *req, const char *flags_dest,
	bool as_module, const char *target, const struct guild_value *cmd_flags,
	struct guild_command *out, struct guild_error *err)
{
	struct guild_strs flags = {0};
	add_flags(req, flags_dest, cmd_flags, &flags);
	if (flags.n == 0) {
		guild_strs_add(&out->argv, as_module ? "-um" : "-u");
		guild_strs_add(&out->argv, target);
		return 0;
	}
	char *cache = guild_path_join(req->home, "cache");
	char *path = NULL;
	int rc = guild_shim_path(cache, &path, err);
	if (rc == 0) {
		guild_strs_add(&out->argv, "-u");
		guild_strs_take(&out->argv, path);
		guild_strs_add(&out->argv, flags_dest);
		for (size_t i = 0; i < flags.n; i++) {
			guild_strs_add(&out->argv, flags.v[i]);
		}
		guild_strs_add(&out->argv, "--");
		if (as_module) {
			guild_strs_add(&out->argv, "-m");
		}
		guild_strs_add(&out->argv, target);
	}
	free(cache);
	guild_strs_fini(&flags);
	return rc;
}
