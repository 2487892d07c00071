/* guild sys: what this machine has. */

#include "cmd.h"

static const struct guild_opt *const tables[] = {guild_json_opts, NULL};

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_value *info = guild_system_info(ctx->arena);

	if (guild_args_flag(args, "json")) {
		guild_cmd_print_json(info);
	} else {
		struct guild_buf text = {0};

		guild_yaml_dump(&text, info, false);
		printf("%s\n", guild_buf_cstr(&text));
		guild_buf_fini(&text);
	}
	return GUILD_EXIT_OK;
}

const struct guild_cmd guild_cmd_sys = {
	.name = "sys",
	.group = GUILD_GROUP_SETUP,
	.summary = "Show processors, memory, GPUs and limits of this machine",
	.help = "What is shown here is what the system figures of runs (tags sys/...) are measured "
		"against.\n\n"
		"'guild sys shutdown-timer' and 'guild sys s3-sync' are services for rented machines.\n\n"
		"Examples:\n\n"
		"  guild sys\n"
		"  guild sys --json",
	.opts = tables,
	.run = run,
};
